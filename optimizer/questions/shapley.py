"""What each of several changes of a book is worth in the company of the others: exact Shapley values.

A combination is the set of changes that are made; the walk over all of them makes or takes back one change at a time,
in one session. A worth is the average of what a change adds over all orders in which the changes could be made, so
that the worths add up to all − none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

from optimizer.errors import NoPlan
from optimizer.portfolio import Portfolio
from optimizer.questions.asking import Progress, silent
from optimizer.session import Session
from optimizer.solver import Options

MANY = 200_000
"""Lines times combinations above which a second process is worth starting (it takes a second)."""
Combination = frozenset[str]
Scores = Mapping[Combination, float | None]
"""Points of each combination that was solved; None where it has no plan."""
Stated = Callable[[Combination], Portfolio]
"""The active portfolio of a combination. Raises ``NoPlan`` for one that cannot be stated."""


class Asking:
    """One session that is asked for combinations of the changes ``ids``; each is solved once."""

    def __init__(self, book: Portfolio, options: Options | None, ids: Sequence[str], stated: Stated) -> None:
        self.session = Session(book, options)
        self.ids, self.stated = ids, stated
        self.scores: dict[Combination, float | None] = {}
        self.plans: dict[Combination, Mapping[str, float]] = {}

    def score_each(self, combinations: Iterable[Combination], progress: Progress) -> None:
        """Solve every combination that is not known yet."""
        wanted = [on for on in dict.fromkeys(combinations) if on not in self.scores]
        for number, on in enumerate(wanted):
            progress(number, len(wanted))
            self.score(on)
        progress(len(wanted), len(wanted))

    def score(self, on: Combination) -> None:
        """Solve one combination."""
        try:
            self.session.turn_to_portfolio(self.stated(on))
            self.scores[on] = self.session.score()
        except NoPlan:
            self.scores[on] = None

    def score_all(self, progress: Progress, processes: int) -> None:
        """Solve every combination; those changes that move the plan most flip most rarely.

        With two ``processes`` a second one solves half of the combinations where there are many.
        """
        steps = self._steps_from_none()
        ids = sorted(self.ids, key=lambda ident: steps[ident])
        book = self.session.book
        lines = len(book.programmes) * book.settings.years
        if processes < 2 or not ids or lines * 2 ** len(ids) < MANY:
            self.score_each(_walk(ids), progress)
            return
        there = Asking(book, self.session.options, self.ids, self.stated)
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as second:
            other_half = second.submit(_scored, there, [on | {ids[-1]} for on in _walk(ids[:-1])])
            self.score_each(_walk(ids[:-1]), progress)
            self.scores |= other_half.result()

    def _steps_from_none(self) -> dict[str, int]:
        """How many steps of the solver lie between no change and each change alone."""
        steps = {}
        for ident in self.ids:
            for on in (frozenset[str](), frozenset({ident})):
                self.score(on)
            steps[ident] = 0 if self.scores[frozenset({ident})] is None else self.session.pivots()
        return steps

    def plan(self, on: Combination) -> Mapping[str, float]:
        """Money by programme over the horizon in the best plan of a combination; nothing where it has none."""
        if self.scores[on] is None:
            return {}
        if on not in self.plans:
            self.session.turn_to_portfolio(self.stated(on))
            total: dict[str, float] = defaultdict(float)
            for (programme, _), amount in self.session.plan().items():
                total[programme] += amount
            self.plans[on] = total
        return self.plans[on]


def _walk(ids: Sequence[str]) -> Iterator[Combination]:
    """Every combination, neighbours differing in one change; the first changes flip most often."""
    on: Combination = frozenset()
    yield on
    for step in range(1, 2 ** len(ids)):
        on ^= {ids[(step & -step).bit_length() - 1]}
        yield on


def _scored(asking: Asking, combinations: Sequence[Combination]) -> Scores:
    """What a second process does: its own session, its half of the combinations."""
    asking.score_each(combinations, silent)
    return asking.scores


@dataclass(frozen=True)
class Averages:
    """Worths over some orders, and their standard errors where the orders were drawn."""

    worth: Mapping[str, float]
    error: Mapping[str, float]
    orders: int


def over_all_orders(ids: Sequence[str], scores: Scores) -> Averages:
    """The average step of each change over the orders whose every step has a plan.

    An order is a path from no change to all of them. A step from S to S + c lies on (paths to S) × (paths on from
    S + c) of them, so that no order is walked.
    """
    everything = frozenset(ids)
    by_size = sorted((on for on, score in scores.items() if score is not None), key=len)
    ways_to = _ways(frozenset(), by_size, lambda on: [on - {ident} for ident in on])
    ways_on = _ways(everything, by_size[::-1], lambda on: [on | {ident} for ident in everything - on])
    orders = ways_to.get(everything, 0)
    if not orders:
        return Averages({}, {}, 0)
    worth = dict.fromkeys(ids, 0.0)
    for on in by_size:
        for ident in everything - on:
            after = scores[on | {ident}]
            ways = ways_to[on] * ways_on.get(on | {ident}, 0)
            if after is not None and ways:
                worth[ident] += ways / orders * (after - (scores[on] or 0.0))
    return Averages(worth, {}, orders)


def _ways(
    start: Combination, ordered: Sequence[Combination], before: Callable[[Combination], list[Combination]]
) -> dict[Combination, int]:
    """How many paths lead from ``start`` to each combination that has a plan."""
    ways: dict[Combination, int] = {}
    for on in ordered:
        ways[on] = 1 if on == start else sum(ways.get(one, 0) for one in before(on))
    return ways
