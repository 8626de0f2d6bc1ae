"""The best score against money: pieces between chords and tangents, with a certified error.

All appropriations (or those of one account) are multiplied by a factor. Budgets, transfer and carry-over ceilings and
limits on shares of appropriations move with it in proportion, so that the best score is a concave function of the
factor: the chord between two solved points lies below it, and the tangents at them, which are the row prices of the
two solves, lie above it. Where the two are too far apart the score is solved at the point where the tangents meet.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import pairwise

import highspy
import numpy as np

from optimizer import model, scenario
from optimizer.errors import NoPlan, OutOfReach, WrongUsage
from optimizer.live import best_objective, filled
from optimizer.model import Model
from optimizer.model.columns import Floats
from optimizer.portfolio import Account, Portfolio, Programme
from optimizer.run import OpenBook, explained
from optimizer.session import Session
from optimizer.solver import Options
from optimizer.words import say

ERROR = 1e-4
"""The largest error of a piece, as a share of its score."""
EXACT = 1e-9
SMALL = 2000
"""Columns up to which pieces are made exact (to ``EXACT`` of the score)."""
MOST_EXACT_SOLVES = 400
DIGITS = 9
"""Decimals of a factor, so that a reader can set it as budget_factor and solve it again."""
AS_GOOD = 1e-7
LEAST_STEP = 1e-6
STEP = Fraction(1, 10)
"""Between the factors that are solved whatever the error, and whose plans are compared."""
NOTHING_FITS = say("No plan satisfies every row of the workbook.")
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Point:
    """The best score at a factor.

    ``marginal``: points for one more unit of undiscounted budget. ``error``: the most by which the score can lie
    away from the straight line to either neighbour; None where no bound is known.
    """

    factor: float
    budget: float
    score: float
    marginal: float
    error: float | None


@dataclass(frozen=True)
class Passage:
    """A programme that enters or leaves the plan as the factor rises from ``low`` to ``high``.

    One with a minimum (``from_minimum``) is never out: it rises above what it must get, or falls to it.
    """

    programme: str
    enters: bool
    from_minimum: bool
    low: float
    high: float


@dataclass(frozen=True)
class Frontier:
    """The whole answer, points by rising factor. ``account``: whose appropriation moves (None: every account's).

    With indivisible programmes the score jumps: the points are exact, and their errors say how far it can lie from a
    straight line between them.
    """

    portfolio: Portfolio
    scenario: str
    sets: Sequence[str]
    account: str | None
    points: Sequence[Point]
    passages: Sequence[Passage]
    solves: int
    has_indivisible: bool


@dataclass(frozen=True)
class LeastMoney:
    """The least factor, and the budget that it makes, at which a plan reaches a score."""

    score: float
    factor: float
    budget: float
    unit: str


def frontier(
    book: OpenBook,
    name: str = scenario.BASE,
    sets: Sequence[str] = (),
    *,
    low: float = 0.5,
    high: float = 1.5,
    account: str | None = None,
    error: float = ERROR,
    options: Options | None = None,
    progress: Progress | None = None,
) -> Frontier:
    """Trace the best score from factor ``low`` (or the least feasible one) to ``high``.

    Raises ``NoPlan`` where no factor between them has a plan, ``WrongUsage`` for an unknown account.
    """
    walk = _Walk(book, name, sets, account, options)
    first, last = walk.ends(low, high)
    walk.refine(first, last, error, progress or (lambda _done, _total: None))
    points = walk.points_with_indivisible() if walk.has_indivisible else walk.points()
    passages = walk.passages(first, last)
    return Frontier(walk.portfolio, name, sets, account, points, passages, len(walk.solved), walk.has_indivisible)


def least_money(
    book: OpenBook,
    score: float,
    name: str = scenario.BASE,
    sets: Sequence[str] = (),
    *,
    account: str | None = None,
    options: Options | None = None,
) -> LeastMoney:
    """The least budget at which a plan scores at least ``score`` points. Raises ``OutOfReach`` where none does."""
    walk = _Walk(book, name, sets, account, options)
    factor = walk.extreme_factor(0.0, highspy.kHighsInf, least=True, score=score)
    if factor is None:
        raise OutOfReach(say("No budget reaches {score} points: what binds then is not money.", score=f"{score:g}"))
    return LeastMoney(score, factor, walk.budget * factor, walk.portfolio.settings.unit)


@dataclass(frozen=True)
class _Solved:
    """A point of the frontier, the slope of a tangent there (points for one of factor), and the marginal."""

    factor: float
    score: float
    slope: float
    marginal: float

    def tangent(self, factor: float) -> float:
        return self.score + self.slope * (factor - self.factor)


@dataclass(frozen=True)
class _Moving:
    """The model without money, and what one of factor adds to the bounds of its rows and columns."""

    none: Model
    rows: Floats
    columns: Floats


@dataclass(frozen=True, order=True)
class _Piece:
    """What lies between two solved factors: how far apart chord and tangents are, where the tangents meet."""

    negative_error: float
    low: float
    high: float
    meet: float


class _Walk:
    """One scenario whose money is scaled in a live session; indivisible programmes may be divided."""

    def __init__(
        self, book: OpenBook, name: str, sets: Sequence[str], account: str | None, options: Options | None
    ) -> None:
        if account is not None and account not in book.portfolio.accounts:
            raise WrongUsage(scenario.unknown(say("account"), account, book.portfolio.accounts))
        self.book, self.account, self.options = book.portfolio, account, options or Options()
        self.portfolio = scenario.apply(book.portfolio, name, sets).portfolio
        self.has_indivisible = any(programme.indivisible for programme in self.portfolio.programmes.values())
        self.session = Session(book.portfolio, self.options, relaxed=True)
        self.solved: dict[float, _Solved] = {}
        self.errors: dict[float, float] = {}
        """The error of the piece that begins at a factor."""

        if not self.budget:
            raise WrongUsage(say("There is no money to scale."))

    @cached_property
    def budget(self) -> float:
        """The undiscounted money that is scaled, over the horizon, at factor 1."""
        accounts = [a for a in self.portfolio.accounts.values() if self.account in (None, a.id)]
        return float(sum((sum(a.appropriation, Fraction(0)) for a in accounts), Fraction(0)))

    def scaled(self, factor: float) -> Portfolio:
        """The portfolio with its money multiplied."""
        exact = Fraction(str(round(factor, DIGITS)))

        def times(account: Account) -> Account:
            if self.account not in (None, account.id):
                return account
            return replace(account, appropriation=tuple(amount * exact for amount in account.appropriation))

        accounts: Mapping[str, Account] = {key: times(account) for key, account in self.portfolio.accounts.items()}
        return self.portfolio.with_changes(accounts=accounts)

    # The rows that money moves

    @cached_property
    def moving(self) -> _Moving:
        """What one of factor adds to bounds of rows and columns."""
        none, one = model.build(self.scaled(0.0)), model.build(self.scaled(1.0))
        rows = _added(none.row_upper, one.row_upper) + _added(none.row_lower, one.row_lower)
        return _Moving(none, rows, _added(none.columns.upper, one.columns.upper))

    def extreme_factor(self, low: float, high: float, *, least: bool, score: float | None = None) -> float | None:
        """The least (or largest) factor between ``low`` and ``high`` that has a plan, of ``score`` points or more.

        One solve in which the factor is a column of its own. None where there is none.
        """
        moving = self.moving
        none = moving.none
        highs = filled(none, self.options)
        highs.addCol(-1.0 if least else 1.0, low, high, 0, np.empty(0, np.int32), np.empty(0))
        factor = none.columns.count
        highs.changeColsCost(factor, np.arange(factor, dtype=np.int32), np.zeros(factor))
        for row in np.flatnonzero(moving.rows).tolist():
            highs.changeCoeff(row, factor, -moving.rows[row])
        for column in np.flatnonzero(moving.columns).tolist():
            highs.changeColBounds(column, 0.0, highspy.kHighsInf)
            entries = np.array([column, factor], dtype=np.int32), np.array([1.0, -moving.columns[column]])
            highs.addRow(-highspy.kHighsInf, float(none.columns.upper[column]), 2, *entries)
        if score is not None:
            used = np.flatnonzero(none.columns.cost)
            highs.addRow(score, highspy.kHighsInf, len(used), used.astype(np.int32), none.columns.cost[used])
        try:
            found = best_objective(highs)
        except NoPlan:
            return None
        return -found if least else found

    def ends(self, low: float, high: float) -> tuple[float, float]:
        """The least and the largest factor between ``low`` and ``high`` that have a plan, to the last decimal inside.

        Raises ``NoPlan`` with the rows that collide where there is none.
        """
        ends = [low, high]
        for number, least in enumerate((True, False)):
            if self.best(ends[number]) is None:
                found = self.extreme_factor(low, high, least=least)
                if found is None:
                    built = model.build(self.scaled(high))
                    raise explained(NoPlan(NOTHING_FITS), self.scaled(high), built, self.options)
                ends[number] = _rounded(found, up=least)
        return ends[0], ends[1]

    # Solving at one factor

    def best(self, factor: float) -> float | None:
        """The best score at a factor, indivisible programmes whole; None where there is no plan."""
        session = self.whole if self.has_indivisible else self.session
        session.turn_to_portfolio(self.scaled(factor))
        try:
            return session.score()
        except NoPlan:
            return None

    @cached_property
    def whole(self) -> Session:
        """A session in which indivisible programmes are whole."""
        return Session(self.book, self.options)

    def solve(self, factor: float) -> _Solved:
        """The score and a tangent at a factor, from the multipliers of the rows and columns that money moves."""
        if factor not in self.solved:
            self.session.turn_to_portfolio(self.scaled(factor))
            score, slope = self.session.score(), self._slope()
            self.solved[factor] = _Solved(factor, score, slope, self._marginal(factor, score, slope))
        return self.solved[factor]

    def _slope(self) -> float:
        multipliers, reduced = self.session.solution().multipliers, self.session.reduced_costs()
        return float(multipliers @ self.moving.rows + np.maximum(reduced, 0.0) @ self.moving.columns)

    def _marginal(self, factor: float, score: float, slope: float) -> float:
        """Points for one more unit: by the tangent just above, where the score there bears it out."""
        step = max(1 / self.budget, LEAST_STEP)
        self.session.turn_to_portfolio(self.scaled(factor + step))
        try:
            gained = self.session.score() - score
        except NoPlan:
            return slope / self.budget
        above = self._slope()
        return (above if abs(gained - above * step) <= AS_GOOD else gained / step) / self.budget

    # Pieces

    def refine(self, first: float, last: float, error: float, progress: Progress) -> None:
        """Solve where chord and tangents are farthest apart, until every piece is within its error.

        From left to right, since a solve is quick where the last one lay near; where the model is small the widest
        pieces are then made exact.
        """
        self.errors = {}
        waiting = [self._piece(low, high) for low, high in pairwise([first, *tenths_between(first, last), last])]
        waiting.reverse()
        settled: list[_Piece] = []
        while waiting:
            piece = waiting.pop()
            if self._is_within(piece, error):
                settled.append(piece)
                continue
            progress(len(self.solved), len(self.solved) + len(waiting) + 1)
            waiting += [self._piece(piece.meet, piece.high), self._piece(piece.low, piece.meet)]
        heapq.heapify(settled)
        is_small = self.moving.none.columns.count <= SMALL
        while settled:
            piece = heapq.heappop(settled)
            if not is_small or len(self.solved) >= MOST_EXACT_SOLVES or self._is_within(piece, EXACT):
                self.errors[piece.low] = abs(piece.negative_error)
                continue
            for half in ((piece.low, piece.meet), (piece.meet, piece.high)):
                heapq.heappush(settled, self._piece(*half))

    def _is_within(self, piece: _Piece, error: float) -> bool:
        size = max(abs(self.solve(piece.low).score), 1.0)
        return -piece.negative_error <= error * size or not piece.low < piece.meet < piece.high

    def _piece(self, low: float, high: float) -> _Piece:
        """How far tangents and chord lie apart between two factors, and where the tangents meet."""
        left, right = self.solve(low), self.solve(high)
        bend = left.slope - right.slope
        if bend <= 0:
            return _Piece(0.0, low, high, low)
        meet = (right.score - left.score + left.slope * low - right.slope * high) / bend
        meet = min(max(meet, low), high)
        chord = left.score + (right.score - left.score) * (meet - low) / (high - low)
        return _Piece(min(chord - left.tangent(meet), 0.0), low, high, round(meet, DIGITS))

    def points(self) -> list[Point]:
        """Every solved point; each carries the larger error of the two pieces that it ends."""
        factors = sorted(self.solved)
        points = []
        for number, factor in enumerate(factors):
            beside = [self.errors[f] for f in factors[max(number - 1, 0) : number + 1] if f in self.errors]
            here = self.solved[factor]
            points.append(Point(factor, self.budget * factor, here.score, here.marginal, max(beside, default=0.0)))
        return points

    def points_with_indivisible(self) -> list[Point]:
        """The points with indivisible programmes whole.

        Between two of them no plan scores more than the relaxed frontier; and unless a floor grows with the money,
        none of the best plans scores less than the lower end.
        """
        points, grows = [], not self._has_floors_on_money()
        relaxed = [(point, self.best(point.factor)) for point in self.points()]
        known = [(point, score) for point, score in relaxed if score is not None]
        errors = []
        for (left, low), (right, high) in pairwise(known):
            above = max(left.score - low, right.score - high) + (left.error or 0.0)
            errors.append(max(above, high - low) if grows else None)
        for number, (point, score) in enumerate(known):
            beside = errors[max(number - 1, 0) : number + 1]
            worst = None if None in beside else max((e for e in beside if e is not None), default=0.0)
            points.append(replace(point, score=score, marginal=self._whole_marginal(point.factor, score), error=worst))
        return points

    def _whole_marginal(self, factor: float, score: float) -> float:
        step = max(1 / self.budget, LEAST_STEP)
        richer = self.best(factor + step)
        return 0.0 if richer is None else (richer - score) / step / self.budget

    def _has_floors_on_money(self) -> bool:
        return any(limit.basis == "budget" and limit.sense == "min" for limit in self.portfolio.limits.values())

    # What enters and leaves

    def passages(self, first: float, last: float) -> list[Passage]:
        """Programmes that get more than they must in one plan and not in the next, from ``first`` to ``last``."""
        factors = [first, *tenths_between(first, last), last]
        plans = [self._above_least(factor) for factor in factors]
        return [
            Passage(key, key in after, least > 0, low, high)
            for (low, before), (high, after) in pairwise(zip(factors, plans, strict=True))
            for key, least in self.least.items()
            if (key in before) != (key in after)
        ]

    @cached_property
    def least(self) -> Mapping[str, float]:
        """What each programme must get over the horizon."""
        programmes = self.portfolio.programmes.values()
        return {p.id: float(sum((_least(p, year) for year in p.years), Fraction(0))) for p in programmes}

    def _above_least(self, factor: float) -> set[str]:
        """The programmes that get more than they must, by half a publish unit at least."""
        session = self.whole if self.has_indivisible else self.session
        session.turn_to_portfolio(self.scaled(factor))
        total: dict[str, float] = defaultdict(float)
        for (programme, _), amount in session.plan().items():
            total[programme] += amount
        felt = float(self.portfolio.settings.publish_unit) / 2
        return {programme for programme, amount in total.items() if amount > self.least[programme] + felt}


def _least(programme: Programme, year: int) -> Fraction:
    """What a programme must get in a year; an indivisible one may get nothing."""
    if year in programme.pins:
        return Fraction(programme.pins[year])
    return Fraction(0 if programme.indivisible else programme.floor)


def tenths_between(first: float, last: float) -> list[float]:
    """The round factors at which every frontier has a point, today's among them."""
    tenths = [float(STEP * number) for number in range(1, math.ceil(last / STEP))]
    return [factor for factor in tenths if first < factor < last]


def _added(before: Floats, after: Floats) -> Floats:
    """After − before, 0 where both are infinite."""
    same = before == after
    return np.where(same, 0.0, np.where(same, 0.0, after) - np.where(same, 0.0, before))


def _rounded(factor: float, *, up: bool) -> float:
    """A factor to the last decimal that a reader can set, on the side that has a plan."""
    scale = 10**DIGITS
    return float((math.ceil(factor * scale) + 1 if up else math.floor(factor * scale) - 1) / scale)
