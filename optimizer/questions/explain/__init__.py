"""Why each line of a run got what it got: facts of the published plan, and numbers that a second solve confirmed."""

from __future__ import annotations

from optimizer.questions.explain.explainer import Explainer as Explainer
from optimizer.questions.explain.explainer import Explanation as Explanation
from optimizer.questions.explain.explainer import exactness_in_words as exactness_in_words
from optimizer.questions.explain.explainer import unspent_in_words as unspent_in_words
from optimizer.questions.explain.tables import explanations_as_dict as explanations_as_dict
