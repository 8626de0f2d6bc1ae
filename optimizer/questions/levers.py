"""What each policy lever is worth, over all combinations of the levers.

A combination is the set of levers that are on; the walk over all of them flips one lever at a time. With at most
``MOST_EXACT`` levers every combination is solved, and the worths are exact averages over all orders in which the
levers could be adopted (Shapley values), so that they add up to all − none. With more levers, orders are drawn.
"""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from optimizer import scenario
from optimizer.errors import WrongUsage
from optimizer.portfolio import Lever, Portfolio
from optimizer.questions.asking import Progress, silent
from optimizer.questions.shapley import Asking, Averages, Combination, Scores, over_all_orders
from optimizer.run import OpenBook
from optimizer.solver import Options
from optimizer.words import say

MOST_EXACT = 12
"""Levers up to which all combinations are solved (4,096 of them)."""
ORDERS_DRAWN = 100
STILL = 1e-6
"""Money by which a line must move to be listed."""


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
    ids = tuple(lever.id for lever in chosen)
    asking = Asking(book.portfolio, options, ids, _Switched(book.portfolio, name, tuple(sets), ids))
    if len(chosen) <= MOST_EXACT:
        asking.score_all(progress or silent, processes)
        found = over_all_orders(asking.ids, asking.scores)
        seed_used = None
    else:
        drawn = _orders_drawn(asking.ids, orders, seed)
        asking.score_each([*_ends(asking.ids), *_prefixes(drawn)], progress or silent)
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


@dataclass(frozen=True)
class _Switched:
    """The book with the levers of a combination on and the other ``ids`` off."""

    book: Portfolio
    name: str
    sets: tuple[str, ...]
    ids: tuple[str, ...]

    def __call__(self, on: Combination) -> Portfolio:
        switches = [f"lever:{ident}={'on' if ident in on else 'off'}" for ident in self.ids]
        return scenario.apply(self.book, self.name, [*self.sets, *switches]).portfolio


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


def _over_drawn_orders(drawn: Sequence[Sequence[str]], scores: Scores) -> Averages:
    """The average step of each lever over the drawn pairs of orders that have a plan at every step."""
    steps = [_steps_of_order(order, scores) for order in drawn]
    pairs = [(one, other) for one, other in zip(steps[::2], steps[1::2], strict=True) if one and other]
    if not pairs:
        return Averages({}, {}, 0)
    worth, error = {}, {}
    for ident in drawn[0]:
        means = [(one[ident] + other[ident]) / 2 for one, other in pairs]
        worth[ident] = statistics.fmean(means)
        if len(means) > 1:
            error[ident] = statistics.stdev(means) / math.sqrt(len(means))
    return Averages(worth, error, 2 * len(pairs))


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


def _worth(asking: Asking, lever: Lever, found: Averages, steps: Sequence[float]) -> Worth:
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
