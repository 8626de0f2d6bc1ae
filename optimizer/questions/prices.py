"""What each limit, resource and appropriation costs or is worth: the price list of requirements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from optimizer import scenario
from optimizer.errors import NoPlan
from optimizer.live import Live
from optimizer.places import place_of
from optimizer.portfolio import Account, Limit, Portfolio, Resource
from optimizer.questions.asking import Asked, ask
from optimizer.run import OpenBook
from optimizer.solver import Options, is_mip
from optimizer.words import Words, name_of, say

TIGHT = 1e-7
KINDS: dict[str, Words] = {
    "limit": say("limit"),
    "resource": say("resource"),
    "appropriation": say("appropriation"),
}


@dataclass(frozen=True)
class Price:
    """One requirement: the score without it (for an appropriation, with one more unit of money) and the difference.

    ``per_unit`` is the score of one more unit of its bound at the margin, which holds while the bound moves from
    ``holds_from`` to ``holds_to``; None for requirements with several rows and for books with indivisible programmes.
    """

    row: int
    cell: str
    what: str
    id: str
    name: Words
    year: int | None
    kind: str
    binding: bool
    score_without: float
    price: float
    per_unit: float | None = None
    holds_from: float | None = None
    holds_to: float | None = None


def prices(
    book: OpenBook, name: str = scenario.BASE, sets: Sequence[str] = (), options: Options | None = None
) -> list[Price]:
    """Price every limit, resource and appropriation, dearest first. Raises ``NoPlan`` for an infeasible book.

    Every price is a re-solve: a limit or a resource is removed, an appropriation gets one more unit of money while
    transfer and carry-over ceilings stay as they are.
    """
    asked = ask(book, name, sets, options)
    return sorted(_Pricing(asked).all(), key=lambda price: -price.price)


class _Pricing:
    def __init__(self, asked: Asked) -> None:
        self.portfolio: Portfolio = asked.portfolio
        self.live: Live = asked.live
        self.model = asked.model
        self.best = self.live.score
        self.activity = self._activity()
        self.duals = self.live.prices()
        self.ranging: Any = None if is_mip(self.model) else self.live.highs.getRanging()[1]

    def all(self) -> list[Price]:
        groups: dict[tuple[str, str, int | None], list[int]] = defaultdict(list)
        for number, key in enumerate(self.model.keys):
            constraint, ident, last = str(key[0]), str(key[1]), key[-1]
            if constraint.startswith("limit_on"):
                groups["limit", ident, None].append(number)
            elif constraint == "resource":
                groups["resource", ident, None].append(number)
            elif constraint == "budget":
                groups["appropriation", ident, int(last)].append(number)
        return [self._price(what, ident, year, rows) for (what, ident, year), rows in groups.items()]

    def _activity(self) -> Any:
        model, values = self.model, self.live.values
        rows = np.repeat(np.arange(len(model.keys)), np.diff(model.starts))
        return np.bincount(rows, weights=model.coefficients * values[model.indices], minlength=len(model.keys))

    def _price(self, what: str, ident: str, year: int | None, rows: list[int]) -> Price:
        binding = [row for row in rows if self._is_tight(row)]
        score = self._score_without(what, rows, bool(binding))
        place = place_of(self.portfolio, self.model.keys[rows[0]])
        sheets: dict[str, Mapping[str, Limit | Resource | Account]] = {
            "limit": self.portfolio.limits,
            "resource": self.portfolio.resources,
            "appropriation": self.portfolio.accounts,
        }
        record = sheets[what][ident]
        per_unit, low, high = self._margin(rows)
        return Price(
            row=record.row,
            cell=place.cell,
            what=what,
            id=ident,
            name=name_of(record),
            year=None if year is None else self.portfolio.settings.first_year + year,
            kind=getattr(record, "kind", ""),
            binding=bool(binding),
            score_without=score,
            price=score - self.best,
            per_unit=per_unit,
            holds_from=low,
            holds_to=high,
        )

    def _is_tight(self, row: int) -> bool:
        model = self.model
        room = min(model.row_upper[row] - self.activity[row], self.activity[row] - model.row_lower[row])
        bounds = [abs(b) for b in (model.row_upper[row], model.row_lower[row]) if np.isfinite(b)]
        return bool(room <= TIGHT * max(1.0, *bounds))

    def _score_without(self, what: str, rows: list[int], is_binding: bool) -> float:
        """Re-solve without the rows; what does not bind costs nothing (exact for linear books)."""
        if not is_binding and not is_mip(self.model):
            return self.best
        try:
            if what == "appropriation":
                with self.live.changed(rows=self._with_one_more_unit(rows[0])):
                    return max(self.live.solve(), self.best)
            with self.live.without_rows(rows):
                return max(self.live.solve(), self.best)
        except NoPlan:  # pragma: no cover  (fewer rows never make a feasible book infeasible)
            return self.best

    def _with_one_more_unit(self, row: int) -> dict[int, tuple[float, float]]:
        """The rows that one more unit of an appropriation moves: the budget, and limits on shares of appropriations."""
        model, (_, account, year) = self.model, self.model.keys[row]
        moved = {row: (model.row_lower[row], model.row_upper[row] + 1.0)}
        for limit in self.portfolio.limits.values():
            of, agency = limit.of_scope, self.portfolio.accounts[str(account)].agency
            if limit.basis == "budget" and of.account in ("", account) and of.agency in ("", agency):
                for last in (year, "all"):
                    number = model.row_of.get(("limit_on_spending", limit.id, last))
                    if number is not None:
                        low, high, value = model.row_lower[number], model.row_upper[number], float(limit.value)
                        moved[number] = (low + value, high + value)
        return moved

    def _margin(self, rows: list[int]) -> tuple[float | None, float | None, float | None]:
        if self.ranging is None or len(rows) > 1:
            return None, None, None
        row = rows[0]
        return (
            float(self.duals[row]),
            float(self.ranging.row_bound_dn.value_[row]),
            float(self.ranging.row_bound_up.value_[row]),
        )
