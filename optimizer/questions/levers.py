"""What each policy lever is worth, over all combinations of the levers.

A combination is the set of levers that are on; the walk over all of them flips one lever at a time. With at most
``MOST_EXACT`` levers every combination is solved, and the worths are exact averages over all orders in which the
levers could be adopted (Shapley values), so that they add up to all − none. With more levers, orders are drawn.
"""

from __future__ import annotations

import math
import random
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

from optimizer import scenario
from optimizer.errors import NoPlan, WrongUsage
from optimizer.portfolio import Lever, Portfolio
from optimizer.run import OpenBook
from optimizer.session import Session
from optimizer.solver import Options
from optimizer.words import say

MOST_EXACT = 12
"""Levers up to which all combinations are solved (4,096 of them)."""
ORDERS_DRAWN = 100
STILL = 1e-6
"""Money by which a line must move to be listed."""
MANY = 200_000
"""Lines times combinations above which a second process is worth starting (it takes a second)."""
Combination = frozenset[str]
Scores = Mapping[Combination, float | None]
"""Points of each combination that was solved; None where it has no plan."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Move:
    """Money that a lever moves to (or from) a programme, summed over the horizon."""

    programme: str
    change: float


@dataclass(frozen=True)
class Worth:
    """One lever: points that it adds.

    ``worth``: averaged over orders of adoption; ``alone``: on where all others are off; ``last``: on where all others
    are on; ``least`` and ``most``: over the combinations of the others. None where a combination that it needs has no
    plan. ``error`` is the standard error of an estimated worth. Moves are those of programmes, largest first.
    """

    lever: Lever
    worth: float | None
    alone: float | None
    last: float | None
    least: float | None
    most: float | None
    error: float | None
    moves_alone: Sequence[Move]
    moves_last: Sequence[Move]

    @property
    def moved(self) -> float:
        """Money that finds another programme when the lever joins all others, summed over the horizon."""
        return max(
            sum(move.change for move in self.moves_last if move.change > 0),
            -sum(move.change for move in self.moves_last if move.change < 0),
        )


@dataclass(frozen=True)
class Pair:
    """Points by which two levers help (or hinder) each other: Shapley's interaction index."""

    first: Lever
    second: Lever
    points: float


@dataclass(frozen=True)
class Levers:
    """The whole answer. ``orders`` counts the orders of adoption behind the worths (0: no order is feasible)."""

    portfolio: Portfolio
    scenario: str
    sets: Sequence[str]
    scores: Scores
    worths: Sequence[Worth]
    pairs: Sequence[Pair]
    orders: int
    seed: int | None

    @property
    def none_on(self) -> float | None:
        """The score with every lever off."""
        return self.scores[frozenset()]

    @property
    def all_on(self) -> float | None:
        """The score with every lever on."""
        return self.scores[frozenset(worth.lever.id for worth in self.worths)]

    @property
    def infeasible(self) -> list[Combination]:
        """Combinations without a plan, the smallest first."""
        found = [levers for levers, score in self.scores.items() if score is None]
        return sorted(found, key=lambda levers: (len(levers), sorted(levers)))


def levers(
    book: OpenBook,
    name: str = scenario.BASE,
    sets: Sequence[str] = (),
    only: Sequence[str] = (),
    orders: int = ORDERS_DRAWN,
    seed: int = 0,
    options: Options | None = None,
    progress: Progress | None = None,
    processes: int = 1,
) -> Levers:
    """Value the levers under a scenario's other items; levers that ``sets`` name stay as they are set.

    ``only`` names the levers to value (blank: all); the others stay as the scenario has them. ``orders`` and ``seed``
    matter where there are more than ``MOST_EXACT``. With two ``processes`` a second one solves half of the
    combinations where there are many. Raises ``WrongUsage`` for a lever that does not exist.
    """
    chosen = _chosen(book.portfolio, name, sets, only)
    asking = _Asking(book.portfolio, options, name, sets, [lever.id for lever in chosen])
    if len(chosen) <= MOST_EXACT:
        asking.score_all(progress or _silent, processes)
        found = _over_all_orders(asking.ids, asking.scores)
        seed_used = None
    else:
        drawn = _orders_drawn(asking.ids, orders, seed)
        asking.score_each([*_ends(asking.ids), *_prefixes(drawn)], progress or _silent)
        found = _over_drawn_orders(drawn, asking.scores)
        seed_used = seed
    steps = _steps(asking.ids, asking.scores)
    worths = [_worth(asking, lever, found, steps[lever.id]) for lever in chosen]
    worths.sort(key=lambda worth: -(worth.worth if worth.worth is not None else -math.inf))
    return Levers(
        book.portfolio, name, sets, asking.scores, worths, _pairs(chosen, asking.scores), found.orders, seed_used
    )


def _chosen(portfolio: Portfolio, name: str, sets: Sequence[str], only: Sequence[str]) -> list[Lever]:
    """The levers to value, in the workbook's order."""
    active = scenario.apply(portfolio, name, sets).portfolio
    fixed = {item.target for item in active.scenario_items if item.item == "lever" and not item.row}
    for ident in only:
        if ident not in portfolio.levers:
            raise WrongUsage(scenario.unknown(say("lever"), ident, portfolio.levers))
        if ident in fixed:
            raise WrongUsage(say("{lever} cannot be both set and valued.", lever=ident))
    return [lever for lever in portfolio.levers.values() if lever.id not in fixed and (not only or lever.id in only)]


def _silent(done: int, total: int) -> None:
    """Tell nobody."""


class _Asking:
    """One session that is asked for combinations; each is solved once."""

    def __init__(
        self, book: Portfolio, options: Options | None, name: str, sets: Sequence[str], ids: Sequence[str]
    ) -> None:
        self.session = Session(book, options)
        self.name, self.sets, self.ids = name, tuple(sets), ids
        self.scores: dict[Combination, float | None] = {}
        self.plans: dict[Combination, Mapping[str, float]] = {}

    def turn_to(self, on: Combination) -> None:
        """Move the session to a combination."""
        switches = [f"lever:{ident}={'on' if ident in on else 'off'}" for ident in self.ids]
        self.session.turn_to([*self.sets, *switches], self.name)

    def score_each(self, combinations: Iterable[Combination], progress: Progress) -> None:
        """Solve every combination that is not known yet."""
        wanted = [on for on in dict.fromkeys(combinations) if on not in self.scores]
        for number, on in enumerate(wanted):
            progress(number, len(wanted))
            self.score(on)
        progress(len(wanted), len(wanted))

    def score(self, on: Combination) -> None:
        """Solve one combination."""
        self.turn_to(on)
        try:
            self.scores[on] = self.session.score()
        except NoPlan:
            self.scores[on] = None

    def score_all(self, progress: Progress, processes: int) -> None:
        """Solve every combination; those levers that move the plan most flip most rarely."""
        steps = self.steps_from_none()
        ids = sorted(self.ids, key=lambda ident: steps[ident])
        book = self.session.book
        lines = len(book.programmes) * book.settings.years
        if processes < 2 or not ids or lines * 2 ** len(ids) < MANY:
            self.score_each(_walk(ids), progress)
            return
        there = _Asking(book, self.session.options, self.name, self.sets, self.ids)
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as second:
            other_half = second.submit(_scored, there, [on | {ids[-1]} for on in _walk(ids[:-1])])
            self.score_each(_walk(ids[:-1]), progress)
            self.scores |= other_half.result()

    def steps_from_none(self) -> dict[str, int]:
        """How many steps of the solver lie between no lever and each lever alone."""
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
            self.turn_to(on)
            total: dict[str, float] = defaultdict(float)
            for (programme, _), amount in self.session.plan().items():
                total[programme] += amount
            self.plans[on] = total
        return self.plans[on]


def _walk(ids: Sequence[str]) -> Iterator[Combination]:
    """Every combination, neighbours differing in one lever; the first levers flip most often."""
    on: Combination = frozenset()
    yield on
    for step in range(1, 2 ** len(ids)):
        on ^= {ids[(step & -step).bit_length() - 1]}
        yield on


def _scored(asking: _Asking, combinations: Sequence[Combination]) -> Scores:
    """What a second process does: its own session, its half of the combinations."""
    asking.score_each(combinations, _silent)
    return asking.scores


# Worths


@dataclass(frozen=True)
class _Averages:
    """Worths over some orders of adoption, and their standard errors where the orders were drawn."""

    worth: Mapping[str, float]
    error: Mapping[str, float]
    orders: int


def _over_all_orders(ids: Sequence[str], scores: Scores) -> _Averages:
    """The average step of each lever over the orders of adoption whose every step has a plan.

    An order is a path from no lever to all of them. A step from S to S + l lies on (paths to S) × (paths on from
    S + l) of them, so that no order is walked.
    """
    everything = frozenset(ids)
    by_size = sorted((on for on, score in scores.items() if score is not None), key=len)
    ways_to = _ways(frozenset(), by_size, lambda on: [on - {ident} for ident in on])
    ways_on = _ways(everything, by_size[::-1], lambda on: [on | {ident} for ident in everything - on])
    orders = ways_to.get(everything, 0)
    if not orders:
        return _Averages({}, {}, 0)
    worth = dict.fromkeys(ids, 0.0)
    for on in by_size:
        for ident in everything - on:
            after = scores[on | {ident}]
            ways = ways_to[on] * ways_on.get(on | {ident}, 0)
            if after is not None and ways:
                worth[ident] += ways / orders * (after - (scores[on] or 0.0))
    return _Averages(worth, {}, orders)


def _ways(
    start: Combination, ordered: Sequence[Combination], before: Callable[[Combination], list[Combination]]
) -> dict[Combination, int]:
    """How many paths lead from ``start`` to each combination that has a plan."""
    ways: dict[Combination, int] = {}
    for on in ordered:
        ways[on] = 1 if on == start else sum(ways.get(one, 0) for one in before(on))
    return ways


def _orders_drawn(ids: Sequence[str], count: int, seed: int) -> list[list[str]]:
    """Orders of adoption, each followed by its reverse: what one overstates the other understates."""
    draw = random.Random(seed)  # noqa: S311  (a sample, not a secret)
    drawn: list[list[str]] = []
    for _ in range(max(2, (count + 1) // 2)):
        order = draw.sample(list(ids), len(ids))
        drawn += [order, order[::-1]]
    return drawn


def _ends(ids: Sequence[str]) -> list[Combination]:
    """None, all, each alone, and all but each."""
    everything = frozenset(ids)
    return [frozenset(), *(frozenset({i}) for i in ids), everything, *(everything - {i} for i in ids)]


def _prefixes(orders: Sequence[Sequence[str]]) -> Iterator[Combination]:
    for order in orders:
        for length in range(len(order) + 1):
            yield frozenset(order[:length])


def _over_drawn_orders(drawn: Sequence[Sequence[str]], scores: Scores) -> _Averages:
    """The average step of each lever over the drawn pairs of orders that have a plan at every step."""
    steps = [_steps_of_order(order, scores) for order in drawn]
    pairs = [(one, other) for one, other in zip(steps[::2], steps[1::2], strict=True) if one and other]
    if not pairs:
        return _Averages({}, {}, 0)
    worth, error = {}, {}
    for ident in drawn[0]:
        means = [(one[ident] + other[ident]) / 2 for one, other in pairs]
        worth[ident] = statistics.fmean(means)
        if len(means) > 1:
            error[ident] = statistics.stdev(means) / math.sqrt(len(means))
    return _Averages(worth, error, 2 * len(pairs))


def _steps_of_order(order: Sequence[str], scores: Scores) -> dict[str, float]:
    """What each lever adds when it joins in this order; nothing where a step has no plan."""
    steps, on = {}, frozenset[str]()
    for ident in order:
        step = _step(scores, on, ident)
        if step is None:
            return {}
        steps[ident], on = step, on | {ident}
    return steps


def _step(scores: Scores, on: Combination, ident: str) -> float | None:
    """What a lever adds to a combination; None where either was not solved or has no plan."""
    before, after = scores.get(on), scores.get(on | {ident})
    return None if before is None or after is None else after - before


def _steps(ids: Sequence[str], scores: Scores) -> dict[str, list[float]]:
    """What each lever adds to each combination of the others that was solved."""
    steps: dict[str, list[float]] = {ident: [] for ident in ids}
    for on in scores:
        for ident in ids:
            if ident not in on and (step := _step(scores, on, ident)) is not None:
                steps[ident].append(step)
    return steps


def _worth(asking: _Asking, lever: Lever, found: _Averages, steps: Sequence[float]) -> Worth:
    everything, nothing = frozenset(asking.ids), frozenset[str]()
    others = everything - {lever.id}
    return Worth(
        lever=lever,
        worth=found.worth.get(lever.id),
        alone=_step(asking.scores, nothing, lever.id),
        last=_step(asking.scores, others, lever.id),
        least=min(steps, default=None),
        most=max(steps, default=None),
        error=found.error.get(lever.id),
        moves_alone=_moves(asking.plan(nothing), asking.plan(frozenset({lever.id}))),
        moves_last=_moves(asking.plan(others), asking.plan(everything)),
    )


def _moves(before: Mapping[str, float], after: Mapping[str, float]) -> list[Move]:
    """Lines that differ between two plans, the largest difference first."""
    if not before or not after:
        return []
    moves = [Move(key, after.get(key, 0.0) - before.get(key, 0.0)) for key in dict.fromkeys([*before, *after])]
    return sorted((m for m in moves if abs(m.change) > STILL), key=lambda move: (-abs(move.change), move.programme))


def _pairs(chosen: Sequence[Lever], scores: Scores) -> list[Pair]:
    """Shapley's interaction index of each pair, strongest first; none unless every combination has a plan.

    Σ over combinations S of the others of |S|!·(n−|S|−2)!/(n−1)! · (v(S+i+j) − v(S+i) − v(S+j) + v(S))
    """
    count = len(chosen)
    if len(scores) < 2**count or None in scores.values():
        return []
    known = {on: score for on, score in scores.items() if score is not None}
    weight = [
        math.factorial(size) * math.factorial(count - size - 2) / math.factorial(count - 1) for size in range(count - 1)
    ]
    pairs = []
    for number, first in enumerate(chosen):
        for second in chosen[number + 1 :]:
            i, j = frozenset({first.id}), frozenset({second.id})
            points = sum(
                weight[len(on)] * (known[on | i | j] - known[on | i] - known[on | j] + known[on])
                for on in known
                if not on & (i | j)
            )
            pairs.append(Pair(first, second, points))
    return sorted(pairs, key=lambda pair: -abs(pair.points))
