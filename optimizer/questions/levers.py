"""What each policy lever is worth, over all combinations of the levers.

A combination is the set of levers that are on; the walk over all of them flips one lever at a time. With at most
``MOST_EXACT`` levers every combination is solved, and the worths are exact averages over all orders in which the
levers could be adopted (Shapley values), so that they add up to all − none. With more levers, orders are drawn.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from optimizer import scenario
from optimizer.errors import InputProblems, NoPlan, WrongUsage
from optimizer.portfolio import Lever, Portfolio
from optimizer.questions.asking import Progress, silent
from optimizer.questions.shapley import (
    Asking,
    Averages,
    Combination,
    Scores,
    over_all_orders,
    over_drawn_orders,
    together,
)
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
    plan. ``error`` is the standard error of an estimated worth. Moves are those of programmes, largest first; what is
    ``opened`` is the money of programmes that exist only with the lever, summed over the horizon.
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
    opened_alone: float | None
    opened_last: float | None

    @property
    def moved(self) -> float | None:
        """Money that finds another programme when the lever joins all others, summed over the horizon."""
        if self.last is None:
            return None
        return max(
            sum(move.change for move in self.moves_last if move.change > 0),
            -sum(move.change for move in self.moves_last if move.change < 0),
        )

    @property
    def rate(self) -> float | None:
        """Points for a unit of the money that the lever opens by itself; None where it opens none."""
        return None if self.alone is None or not self.opened_alone else self.alone / self.opened_alone


@dataclass(frozen=True)
class Pair:
    """Points by which two levers help (or hinder) each other: see ``shapley.together``."""

    first: Lever
    second: Lever
    points: float


@dataclass(frozen=True)
class Levers:
    """The whole answer. ``orders`` counts the orders of adoption behind the worths (0: no order is feasible).

    Where the worths are estimated, ``drawn`` counts the orders that were drawn by ``seed``, and there are no ``pairs``.
    """

    portfolio: Portfolio
    scenario: str
    sets: Sequence[str]
    scores: Scores
    worths: Sequence[Worth]
    pairs: Sequence[Pair]
    orders: int
    drawn: int | None
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
    def best_buy(self) -> Worth | None:
        """The lever that adds most for the money that it opens, by itself; None where none adds anything for it."""
        return max(
            (worth for worth in self.worths if (worth.rate or 0.0) > 0), key=lambda w: w.rate or 0.0, default=None
        )

    @property
    def per(self) -> int:
        """The round amount of money by which rates read well: the best of them lies between 1 and 10 points."""
        best = self.best_buy
        return 10 ** max(0, math.ceil(-math.log10(best.rate))) if best and best.rate else 1

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
    is_exact = len(chosen) <= MOST_EXACT
    if is_exact:
        asking.score_all(progress or silent, processes)
        found = over_all_orders(asking.ids, asking.scores)
    else:
        asking.score_each(_ends(asking.ids), silent)
        found = over_drawn_orders(asking, orders, seed, progress or silent)
    steps = _steps(asking.ids, asking.scores)
    worths = [_worth(asking, lever, found, steps[lever.id]) for lever in chosen]
    worths.sort(key=lambda worth: -(worth.worth if worth.worth is not None else -math.inf))
    return Levers(
        portfolio=book.portfolio,
        scenario=name,
        sets=sets,
        scores=asking.scores,
        worths=worths,
        pairs=_pairs(chosen, asking.scores) if is_exact else [],
        orders=found.orders,
        drawn=found.drawn,
        seed=None if is_exact else seed,
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
        """Raises ``NoPlan`` too where the levers make rows exist that may not stand together."""
        switches = [f"lever:{ident}={'on' if ident in on else 'off'}" for ident in self.ids]
        try:
            return scenario.apply(self.book, self.name, [*self.sets, *switches]).portfolio
        except InputProblems as error:
            raise NoPlan(error.message) from None


def _ends(ids: Sequence[str]) -> list[Combination]:
    """None, all, each alone, and all but each."""
    everything = frozenset(ids)
    return [frozenset(), *(frozenset({i}) for i in ids), everything, *(everything - {i} for i in ids)]


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
        opened_alone=_opened(asking, nothing, frozenset({lever.id})),
        opened_last=_opened(asking, others, everything),
    )


def _moves(before: Mapping[str, float], after: Mapping[str, float]) -> list[Move]:
    """Lines that differ between two plans, the largest difference first."""
    if not before or not after:
        return []
    moves = [Move(key, after.get(key, 0.0) - before.get(key, 0.0)) for key in dict.fromkeys([*before, *after])]
    return sorted((m for m in moves if abs(m.change) > STILL), key=lambda move: (-abs(move.change), move.programme))


def _opened(asking: Asking, before: Combination, after: Combination) -> float | None:
    """Money of the programmes that only the second of two combinations has; None where it has no plan."""
    if asking.scores[after] is None:
        return None
    new = asking.stated(after).programmes.keys() - asking.stated(before).programmes.keys()
    return sum(asking.plan(after).get(programme, 0.0) for programme in new)


def _pairs(chosen: Sequence[Lever], scores: Scores) -> list[Pair]:
    """The pairs of levers, strongest first."""
    levers = {lever.id: lever for lever in chosen}
    pairs = [Pair(levers[i], levers[j], points) for (i, j), points in together(list(levers), scores).items()]
    return sorted(pairs, key=lambda pair: -abs(pair.points))
