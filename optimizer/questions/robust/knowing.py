"""What it would be worth to know some effects before the money is given: which of them a planner should have studied.

The value of knowing a group of effects (expected value of partial perfect information: Raiffa and Schlaifer, Applied
Statistical Decision Theory, 1961) is what a plan made for what they turn out to be scores beyond the plan that is best
for what all effects are on average, on average over what they may be. Here it is estimated by solving the book again at
``POINTS`` values of the group, the others at their means: the group's values are a Latin hypercube (McKay, Beckman and
Conover, Technometrics 21, 1979), so that each effect stands once in each part of its range. With the others at their
means a score that is linear in them is its own average; where needs are met in part of the draws it is not, so the
value is an estimate, given with the standard error of its mean. Knowing more is never worth less: effects are looked at
one by one only in the programmes whose effects together are worth most.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from optimizer.model.columns import Floats
from optimizer.portfolio import Effect, Portfolio
from optimizer.questions.robust.draws import Draws, Key
from optimizer.questions.robust.rules import rules_on_points, widened
from optimizer.questions.robust.scoring import Amounts, Scorer
from optimizer.solver import Options
from optimizer.sweep import Alone, Crew, Outcome, Variant, sweep

POINTS = 8
MOST_STUDIED = 100
"""Programmes whose effects are valued: those on whose effects most points hang."""
MOST_IN_FULL = 10
"""Programmes whose effects are valued one by one, and the length of each list."""
PROGRAMME, KIND, EFFECT = "programme", "instrument", "effect"
PLACES = 9
"""Decimals of points that decide a rank; the rest is the solver's noise."""
SUBJECTS = (PROGRAMME, KIND, EFFECT)
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Subject:
    """Effects that a study would make known together: positions among the active effects.

    ``what``: programme (all of its effects), instrument (all of its effects on one objective) or effect.
    """

    what: str
    name: Key
    effects: tuple[int, ...]


@dataclass(frozen=True)
class Knowledge:
    """What knowing a subject is worth (points) with the standard error, and the money that it would move on average.

    ``moved`` is over the horizon; None where the book has no plan at some value.
    """

    subject: Subject
    worth: float
    error: float
    moved: float | None


@dataclass(frozen=True)
class Study:
    """The values of knowing, the largest first among programmes, kinds and effects; ``solves`` counts re-solves."""

    programmes: Sequence[Knowledge]
    kinds: Sequence[Knowledge]
    effects: Sequence[Knowledge]
    points: int
    solves: int


def study(
    book: Portfolio,
    draws: Draws,
    scorer: Scorer,
    *,
    crew: Crew | None = None,
    options: Options | None = None,
    progress: Progress | None = None,
) -> Study | None:
    """Value the knowledge of each programme's effects, of each instrument on each objective, and of single effects.

    Effects that are drawn together can only be known together: then only kinds are valued. None where the book has no
    plan for what the effects are on average.
    """
    studying = _Studying(book, draws, scorer, crew, options)
    if studying.average is None:
        return None
    subjects = _by_kind(draws)
    if not _err_together(draws):
        subjects += studying.most_at_stake(_by_programme(draws))
    known = studying.valued(subjects, progress)
    programmes = [one.subject.name[0] for one in known if one.subject.what == PROGRAMME][:MOST_IN_FULL]
    singles = [] if _err_together(draws) else [one for one in _one_by_one(draws) if one.name[0] in programmes]
    known += studying.valued(singles, progress)
    foremost = [one for what in SUBJECTS for one in [k for k in known if k.subject.what == what][:MOST_IN_FULL]]
    found = studying.with_moves(foremost, progress)
    lists = {what: [one for one in found if one.subject.what == what] for what in SUBJECTS}
    return Study(lists[PROGRAMME], lists[KIND], lists[EFFECT], POINTS, studying.solves)


def expected_solves(draws: Draws) -> int:
    """How many re-solves a study takes at most."""
    kinds = len(_by_kind(draws))
    if _err_together(draws):
        return 1 + POINTS * (kinds + min(kinds, MOST_IN_FULL))
    programmes = _by_programme(draws)
    effects = sum(sorted((len(one.effects) for one in programmes), reverse=True)[:MOST_IN_FULL])
    listed = sum(min(count, MOST_IN_FULL) for count in (kinds, len(programmes), effects))
    return 1 + POINTS * (kinds + min(len(programmes), MOST_STUDIED) + effects + listed)


def _err_together(draws: Draws) -> bool:
    """Whether knowing one effect tells of another."""
    keys = [draws.keys[i] for i in _uncertain(draws)]
    return len(set(keys)) < len(keys)


def _uncertain(draws: Draws) -> list[int]:
    return np.flatnonzero(draws.low < draws.high).tolist()


def _by_programme(draws: Draws) -> list[Subject]:
    return _grouped(PROGRAMME, draws, lambda effect: (effect.programme,))


def _by_kind(draws: Draws) -> list[Subject]:
    """Effects by instrument and objective; a programme without an instrument is an instrument of its own."""
    programmes = draws.portfolio.programmes
    return _grouped(KIND, draws, lambda e: (programmes[e.programme].instrument or e.programme, e.objective))


def _one_by_one(draws: Draws) -> list[Subject]:
    found = [(draws.portfolio.effects[i], i) for i in _uncertain(draws)]
    return [Subject(EFFECT, (e.programme, e.objective, e.region), (i,)) for e, i in found]


def _grouped(what: str, draws: Draws, name_of: Callable[[Effect], Key]) -> list[Subject]:
    found: dict[Key, list[int]] = {}
    for i in _uncertain(draws):
        found.setdefault(name_of(draws.portfolio.effects[i]), []).append(i)
    return [Subject(what, name, tuple(effects)) for name, effects in found.items()]


class _Studying:
    """The book at what its effects are on average, solved again where some of them are known."""

    def __init__(
        self,
        book: Portfolio,
        draws: Draws,
        scorer: Scorer,
        crew: Crew | None,
        options: Options | None,
    ) -> None:
        means = draws.scores_by_row(draws.means)
        effects = [replace(e, score=means[e.row]) if e.row in means else e for e in book.effects]
        self.book = book.with_changes(effects=effects)
        self.draws, self.scorer = draws, scorer
        self.crew, self.options, self.solves = crew, options, 0
        (outcome,) = self._sweep([Variant(draws.scenario, tuple(draws.sets))], Alone(), True, None)
        self.average: Amounts | None = None
        if outcome.amounts is not None:
            self.average = {cell: Fraction(max(amount, 0.0)) for cell, amount in outcome.amounts.items()}

    def _sweep(
        self, variants: Sequence[Variant], crew: Crew | None, with_amounts: bool, progress: Progress | None
    ) -> list[Outcome]:
        before, self.solves = self.solves, self.solves + len(variants)

        def tell(done: int, total: int) -> None:
            if progress is not None:
                progress(before + done, before + total)

        return sweep(self.book, variants, crew, with_amounts=with_amounts, options=self.options, progress=tell)

    def most_at_stake(self, subjects: Sequence[Subject]) -> list[Subject]:
        """Those on whose effects most points hang, were each programme to spend its maximum."""
        scorer, programmes = self.scorer, self.draws.portfolio.programmes
        worth = np.zeros(len(scorer.rows))
        worth[scorer.segment_row[scorer.is_first]] = scorer.worth[scorer.is_first]
        reach = np.bincount(scorer.effect, weights=worth[scorer.row], minlength=len(self.draws.low))
        money = np.array([float(programmes[e.programme].maximum) for e in self.draws.portfolio.effects])
        stake = (self.draws.high - self.draws.low) * np.abs(self.draws.factor) * money * reach
        return sorted(subjects, key=lambda one: -stake[list(one.effects)].sum())[:MOST_STUDIED]

    def _points_of(self, subject: Subject) -> Floats:
        """Values of its effects, a row for each point: each effect once in each part of its range."""
        keys = [self.draws.keys[i] for i in subject.effects]
        places = {}
        for key in keys:
            stream = random.Random(f"{self.draws.seed}/study/{'/'.join(map(str, key))}")  # noqa: S311  (a sample)
            places[key] = stream.sample(range(POINTS), POINTS)
        quantiles = np.full((POINTS, len(self.draws.low)), 0.5)
        quantiles[:, list(subject.effects)] = (np.array([places[key] for key in keys]).T + 0.5) / POINTS
        return self.draws.at(quantiles)[:, list(subject.effects)]

    def _asked(self, subject: Subject) -> tuple[list[Variant], Floats]:
        """The book where a subject is known, at each point, and what the average plan scores there."""
        assert self.average is not None  # noqa: S101  (the caller asked)
        points = self._points_of(subject)
        values = np.tile(self.draws.means, (POINTS, 1))
        values[:, list(subject.effects)] = points
        rules = rules_on_points(self.scorer, self.average, values * self.draws.factor)
        kept = self.scorer.scores(self.average, values * self.draws.factor)
        rows = [self.draws.portfolio.effects[i].row for i in subject.effects]
        variants = [
            Variant(
                self.draws.scenario,
                widened(rules, n, self.draws.sets),
                dict(zip(rows, map(Fraction, point), strict=True)),
            )
            for n, point in enumerate(points.tolist())
        ]
        return variants, kept

    def valued(self, subjects: Sequence[Subject], progress: Progress | None) -> list[Knowledge]:
        """What knowing each subject is worth, the most first; those without a plan at some point are left out."""
        asked = [self._asked(subject) for subject in subjects]
        outcomes = iter(self._sweep([v for variants, _ in asked for v in variants], self.crew, False, progress))
        found = []
        for subject, (_, kept) in zip(subjects, asked, strict=True):
            scores = [next(outcomes).score for _ in range(POINTS)]
            if None not in scores:
                gains = np.array(scores, dtype=np.float64) - kept
                found.append(Knowledge(subject, float(gains.mean()), float(gains.std(ddof=1)) / POINTS**0.5, None))
        return sorted(found, key=lambda known: (-round(known.worth, PLACES), known.subject.name))

    def with_moves(self, found: Sequence[Knowledge], progress: Progress | None) -> list[Knowledge]:
        """The same with the money that knowing moves."""
        asked = [variant for known in found for variant in self._asked(known.subject)[0]]
        outcomes = iter(self._sweep(asked, self.crew, True, progress))
        return [replace(known, moved=self._moved([next(outcomes) for _ in range(POINTS)])) for known in found]

    def _moved(self, outcomes: Sequence[Outcome]) -> float | None:
        plans = [outcome.amounts for outcome in outcomes if outcome.amounts is not None]
        if not plans or self.average is None:
            return None
        changes = [[plan[cell] - float(amount) for cell, amount in self.average.items()] for plan in plans]
        return sum(max(sum(c for c in row if c > 0), -sum(c for c in row if c < 0)) for row in changes) / len(plans)
