"""A repair is shown only once its mended book was solved."""

from __future__ import annotations

from collections.abc import Sequence

from optimizer import scenario
from optimizer.conflict import Proofs
from optimizer.errors import CheckFailed, InputProblems, NoPlan
from optimizer.model import Model
from optimizer.portfolio import Portfolio
from optimizer.questions.repair.menu import Change, edited
from optimizer.session import Session


class Verifier:
    """Solves mended books one after the other, each stated anew and solved from the basis of the last.

    Their plans tell ``proofs`` what stands in the way of one for the book as it is.
    """

    def __init__(self, session: Session, name: str, sets: tuple[str, ...], proofs: Proofs) -> None:
        self.session, self.name, self.sets, self.proofs = session, name, sets, proofs

    def after(self, changes: Sequence[Change]) -> tuple[Portfolio, Portfolio, Model] | None:
        """The book with its cells changed, its scenario and its model; None where that is a problem of the input."""
        written = edited(self.session.book, changes)
        try:
            active = scenario.apply(written, self.name, self.sets).portfolio
            return written, active, self.session.turn_to_portfolio(active)
        except InputProblems:
            return None

    def score(self, changes: Sequence[Change]) -> float | None:
        """The best score of the book with its cells changed (in whole units); None where it has no plan."""
        if self.after(changes) is None:
            return None
        try:
            score = self.session.score()
        except (NoPlan, CheckFailed):
            return None
        self.proofs.know(self.session.solution().values)
        return score
