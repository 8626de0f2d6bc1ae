"""What each limit, resource and appropriation costs or is worth: the price list of requirements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from optimizer import scenario
from optimizer.errors import NoPlan
from optimizer.live import Live
from optimizer.model.limits import limit_in_money, pair_in
from optimizer.places import place_of
from optimizer.portfolio import Account, Limit, Portfolio, Resource
from optimizer.questions.asking import Asked, Progress, ask, silent
from optimizer.run import OpenBook
from optimizer.solver import Options, is_mip
from optimizer.words import Words, name_of, say

TIGHT = 1e-7
SAME = 1e-7
"""Points within which two scores count as the same."""
NARROWEST = 1e-3
"""The least move (of a bound, in its own unit) by which a price per unit is tried."""
FARTHEST = 1.0
"""How many times its own size a bound is moved at most to find where its price ends."""
STEPS = 20
SAME_SLOPE = 1e-7
KINDS: dict[str, Words] = {
    "limit": say("limit"),
    "resource": say("resource"),
    "appropriation": say("appropriation"),
}
LEGAL_KINDS: dict[str, Words] = {"law": say("law"), "cabinet": say("cabinet decision"), "preference": say("preference")}


@dataclass(frozen=True)
class Price:
    """One requirement: the score without it (for an appropriation, with one more unit of money) and the difference.

    Both are None where no plan is left: one more unit of money can break a floor on a share of appropriations.
    ``per_unit`` is what the score gains a unit at the margin: of a limit's value (for a limit on shares or risk, of
    money of room under it, in each year), of a resource in each year, of an appropriation. It holds while the bound
    changes by ``holds_from`` (at most 0) to ``holds_to``. None for books with indivisible programmes.
    """

    row: int
    cell: str
    what: str
    id: str
    name: Words
    year: int | None
    kind: str
    binding: bool
    score_without: float | None
    price: float | None
    per_unit: float | None = None
    holds_from: float | None = None
    holds_to: float | None = None
    has_indivisible: bool = False


def prices(
    book: OpenBook,
    name: str = scenario.BASE,
    sets: Sequence[str] = (),
    options: Options | None = None,
    progress: Progress = silent,
) -> list[Price]:
    """Price every limit, resource and appropriation, dearest first. Raises ``NoPlan`` for an infeasible book.

    Every price is a re-solve: a limit or a resource is removed, an appropriation gets one more unit of money while
    transfer and carry-over ceilings stay as they are.
    """
    found = _Pricing(ask(book, name, sets, options)).all(progress)
    return sorted(found, key=lambda price: (price.price is None, -(price.price or 0.0)))


class _Pricing:
    def __init__(self, asked: Asked) -> None:
        self.portfolio: Portfolio = asked.portfolio
        self.live: Live = asked.live
        self.model = asked.model
        self.best = self.live.score
        self.activity = self._activity()
        self.row_prices = self.live.prices()
        self.ranging: Any = None if is_mip(self.model) else self.live.highs.getRanging()[1]

    def all(self, progress: Progress) -> list[Price]:
        groups: dict[tuple[str, str, int | None], list[int]] = defaultdict(list)
        for number, key in enumerate(self.model.keys):
            constraint, ident, last = str(key[0]), str(key[1]), key[-1]
            if constraint.startswith("limit_on"):
                groups["limit", ident, None].append(number)
            elif constraint == "resource":
                groups["resource", ident, None].append(number)
            elif constraint == "budget":
                groups["appropriation", ident, int(last)].append(number)
        found = []
        for done, ((what, ident, year), rows) in enumerate(groups.items()):
            progress(done, len(groups))
            found.append(self._price(what, ident, year, rows))
        progress(len(groups), len(groups))
        return found

    def _activity(self) -> Any:
        model, values = self.model, self.live.values
        rows = np.repeat(np.arange(len(model.keys)), np.diff(model.starts))
        return np.bincount(rows, weights=model.coefficients * values[model.indices], minlength=len(model.keys))

    def _price(self, what: str, ident: str, year: int | None, rows: list[int]) -> Price:
        records: dict[str, Mapping[str, Limit | Resource | Account]] = {
            "limit": self.portfolio.limits,
            "resource": self.portfolio.resources,
            "appropriation": self.portfolio.accounts,
        }
        record = records[what][ident]
        moves = self._moves(record, rows)
        score = self._score_without(what, rows, moves)
        per_unit, low, high = self._margin(record, moves)
        return Price(
            row=record.row,
            cell=place_of(self.portfolio, self.model.keys[rows[0]]).cell,
            what=what,
            id=ident,
            name=name_of(record),
            year=None if year is None else self.portfolio.settings.first_year + year,
            kind=getattr(record, "kind", ""),
            binding=any(self._is_tight(row) for row in rows),
            score_without=score,
            price=None if score is None else score - self.best,
            per_unit=per_unit,
            holds_from=low,
            holds_to=high,
            has_indivisible=is_mip(self.model),
        )

    def _is_tight(self, row: int, room_needed: float = 0.0) -> bool:
        model = self.model
        room = min(model.row_upper[row] - self.activity[row], self.activity[row] - model.row_lower[row])
        bounds = [abs(b) for b in (model.row_upper[row], model.row_lower[row]) if np.isfinite(b)]
        return bool(room <= TIGHT * max(1.0, *bounds) + room_needed)

    def _score_without(self, what: str, rows: list[int], moves: Mapping[int, float]) -> float | None:
        """Re-solve without the rows; where none of them binds nothing changes (exact for linear books)."""
        if not is_mip(self.model) and not any(self._is_tight(row, abs(move)) for row, move in moves.items()):
            return self.best
        if what == "appropriation":
            return self._score_moved(moves, 1.0)
        with self.live.without_rows(rows):
            return max(self.live.solve(), self.best)

    def _score_moved(self, moves: Mapping[int, float], step: float) -> float | None:
        """The best score with the right sides moved by ``step`` times ``moves``; None where no plan is left."""
        model = self.model
        moved = {row: (model.row_lower[row] + m * step, model.row_upper[row] + m * step) for row, m in moves.items()}
        with self.live.changed(rows=moved):
            try:
                return self.live.solve()
            except NoPlan:
                return None

    def _moves(self, record: Limit | Resource | Account, rows: list[int]) -> dict[int, float]:
        """How far each row's right side moves for one more unit of a requirement."""
        if isinstance(record, Account):
            return self._with_one_more_unit(record, rows[0])
        if isinstance(record, Limit) and record.basis == "budget":
            return {row: float(self._appropriations(record, self.model.keys[row][-1])) for row in rows}
        if isinstance(record, Limit) and record.measure == "attainment":
            return {row: self._need(record, self.model.keys[row][-1]) for row in rows}
        return dict.fromkeys(rows, 1.0)

    def _appropriations(self, limit: Limit, last: str | int) -> Fraction:
        """The appropriations in a limit's of-scope, in the years of one of its rows."""
        columns = self.model.columns
        years = list(range(columns.years)) if last == "all" else [int(last)]
        whole = limit_in_money(self.portfolio, columns, limit, years)
        return whole / limit.value if limit.value else Fraction(0)

    def _need(self, limit: Limit, last: str | int) -> float:
        pairs = [p for p in self.model.columns.pairs if pair_in(limit.scope, self.portfolio, p.region, p.objective)]
        years = self.model.columns.years if last == "all" else 1
        return float(sum((p.weight * p.need for p in pairs), Fraction(0)) * years)

    def _with_one_more_unit(self, account: Account, row: int) -> dict[int, float]:
        """One more unit of an appropriation moves its budget and the limits on shares of appropriations."""
        year = self.model.keys[row][-1]
        moves = {row: 1.0}
        for limit in self.portfolio.limits.values():
            of = limit.of_scope
            if limit.basis == "budget" and of.account in ("", account.id) and of.agency in ("", account.agency):
                for last in (year, "all"):
                    number = self.model.row_of.get(("limit_on_spending", limit.id, last))
                    if number is not None:
                        moves[number] = float(limit.value)
        return moves

    # The price of one more unit, and how far it holds

    def _margin(
        self, record: Limit | Resource | Account, moves: Mapping[int, float]
    ) -> tuple[float | None, float | None, float | None]:
        """What the score gains a unit on the side that eases the requirement, and the changes over which it does.

        The score is a concave function of right sides, linear piece by piece: where it meets a chord between its
        ends, it is straight on the whole chord. What the re-solves do not bear out is left out.
        """
        moves = {row: move for row, move in moves.items() if move}
        if is_mip(self.model) or not moves:
            return None, None, None
        eases = -1.0 if isinstance(record, Limit) and record.sense == "min" else 1.0
        if not any(self._is_tight(row) for row in moves):
            return 0.0, 0.0 - self._slack(moves, -1.0), self._slack(moves, 1.0)
        slope, far, near = self._by_ranging(moves, eases) or self._by_search(moves, eases)
        if slope is None:
            return None, None, None
        return (slope, 0.0 - near, far) if eases > 0 else (slope, 0.0 - far, near)

    def _slack(self, moves: Mapping[int, float], side: float) -> float:
        """How far the bounds can move before they touch the plan."""
        model, least = self.model, FARTHEST * self._size(moves)
        for row, move in moves.items():
            bound = model.row_upper[row] if move * side < 0 else model.row_lower[row]
            if np.isfinite(bound):
                least = min(least, float(abs(bound - self.activity[row]) / abs(move)))
        return least

    def _by_ranging(self, moves: Mapping[int, float], eases: float) -> tuple[float, float, float] | None:
        """The piece on which the solver's basis stays the best, where a re-solve at each of its ends agrees."""
        if len(moves) > 1:
            return None
        ((row, move),) = moves.items()
        model, size = self.model, FARTHEST * self._size(moves)
        bound = model.row_upper[row] if np.isfinite(model.row_upper[row]) else model.row_lower[row]
        slope = float(self.row_prices[row] * move)
        ends = {1.0: self.ranging.row_bound_up.value_[row], -1.0: self.ranging.row_bound_dn.value_[row]}
        found = []
        for side in (eases, -eases):
            away = min(float((ends[side * np.sign(move)] - bound) / move * side), size)
            if away < NARROWEST * size:
                return None
            score = self._score_moved(moves, side * away)
            if score is None or abs(score - self.best - slope * side * away) > SAME:
                return None
            found.append(away)
        return slope, found[0], found[1]

    def _by_search(self, moves: Mapping[int, float], eases: float) -> tuple[float | None, float, float]:
        slope, other = self._slope(moves, eases), self._slope(moves, -eases)
        if slope is None:
            return None, 0.0, 0.0
        is_smooth = other is not None and abs(other - slope) <= SAME_SLOPE
        return slope, self._end(moves, slope, eases), self._end(moves, slope, -eases) if is_smooth else 0.0

    def _slope(self, moves: Mapping[int, float], side: float) -> float | None:
        """The slope of the score beside today's bounds, from the row prices of a solve that its score confirms."""
        step = NARROWEST * self._size(moves)
        for _ in range(4):
            score = self._score_moved(moves, side * step)
            if score is not None:
                prices = self.live.prices()
                slope = float(sum(move * prices[row] for row, move in moves.items()))
                if abs(score - self.best - slope * side * step) <= SAME:
                    return slope
            step /= 10
        return None

    def _end(self, moves: Mapping[int, float], slope: float, side: float) -> float:
        """How far the bounds can move to one side while the score changes by ``slope`` a unit."""
        away = FARTHEST * self._size(moves)
        for _ in range(STEPS):
            score = self._score_moved(moves, side * away)
            if score is None:
                away /= 2
                continue
            short = self.best + slope * side * away - score
            if short <= SAME:
                return away
            prices = self.live.prices()
            there = float(sum(move * prices[row] for row, move in moves.items()))
            if (slope - there) * side <= 0:
                return 0.0
            away -= short / ((slope - there) * side)
            if away <= 0:
                return 0.0
        return 0.0

    def _size(self, moves: Mapping[int, float]) -> float:
        """How large the bounds are, in units of the requirement."""
        model = self.model
        sizes = [
            abs(bound / move)
            for row, move in moves.items()
            for bound in (model.row_upper[row], model.row_lower[row])
            if np.isfinite(bound)
        ]
        return float(max(1.0, *sizes))
