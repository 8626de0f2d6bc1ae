"""What binds: every limit and resource with the value in force, what the plan reaches, and the room left."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property

from optimizer import fiscal
from optimizer.exact import Row
from optimizer.portfolio import Limit, Programme, Scope
from optimizer.proof import MULTIPLIER_SCALE
from optimizer.report import terms
from optimizer.report.document import ZERO, Cell, Column, Quantity, Table, exact_sum, quantity, table_of
from optimizer.results import Result, both
from optimizer.words import name_of, say

ONE = Fraction(1)
LEAST_MULTIPLIER = MULTIPLIER_SCALE // 10**9
"""A row that the optimum leans on has a multiplier above this."""
NEARLY = Fraction(1, 10_000)
"""A floor of attainment binds where it is met by less than this share of the need."""
RULES = {
    ("spend", "max"): say("spending, at most"),
    ("spend", "min"): say("spending, at least"),
    ("value", "max"): say("value, at most"),
    ("value", "min"): say("value, at least"),
    ("risk", "max"): say("average risk, at most"),
    ("risk", "min"): say("average risk, at least"),
    ("harm", "max"): say("points of harm, at most"),
    ("attainment", "min"): say("attainment, at least"),
}
BINDS, HAS_ROOM = say("binds"), say("has room")


class Rules:
    """The limits and resources of one result."""

    def __init__(self, result: Result, decimals: int) -> None:
        self.result, self.portfolio, self.decimals = result, result.portfolio, decimals
        self.horizon = range(self.portfolio.settings.years)
        self.first_year = self.portfolio.settings.first_year
        unit = self.portfolio.settings.publish_unit
        self.units = {cell: int(amount / unit) for cell, amount in result.plan.spending.items()}
        self.held: dict[Scope, list[Programme]] = {}
        self.rows: dict[str, list[Row]] = {}
        for row in result.book.rows:
            if str(row.key[0]).startswith("limit_on_"):
                self.rows.setdefault(str(row.key[1]), []).append(row)

    @cached_property
    def binding(self) -> list[tuple[Limit, list[int]]]:
        """The limits that bind, with the years in which they do (every year for a sum over the horizon)."""
        found = []
        for limit in self.portfolio.limits.values():
            years = [t for row in self.rows.get(limit.id, ()) if self._binds(limit, row) for t in self._years(row)]
            if years:
                found.append((limit, years))
        return found

    def limits(self) -> Table | None:
        """A row for each limit in force: its value, what is reached in each year, the least room, where it binds."""
        years = [fiscal.year_name(self.first_year + t) for t in self.horizon]
        columns = [
            Column(say("Limit")),
            Column(say("Kind")),
            Column(say("Measure")),
            Column(say("Value in force"), "number"),
            *(Column(say("Reached, {year}", year=year), "number") for year in years),
            *([Column(say("Reached, whole period"), "number")] if self._sums_years else []),
            Column(say("Least room left"), "number"),
            Column(say("State")),
        ]
        binding = {limit.id: years for limit, years in self.binding}
        rows: list[tuple[Cell, ...]] = []
        for limit in self.portfolio.limits.values():
            stated = self.rows.get(limit.id)
            if stated:
                rows.append(self._limit_row(limit, stated, binding.get(limit.id)))
        if not rows:
            return None
        note = say(
            "Shares are shares of the money or value that the limit names; room is the distance to the value in force. "
            "A limit binds where the best plan leans on it, or where no programme has room for one more publish unit. "
            "What each costs in points is in the price list, which “haibun report --with prices” adds."
        )
        return table_of("limits", say("Limits: value in force, reached, room"), columns, rows, note=note)

    @property
    def _sums_years(self) -> bool:
        """Whether some limit speaks of the sum over the horizon."""
        return any(row.key[-1] == "all" for stated in self.rows.values() for row in stated)

    def _limit_row(self, limit: Limit, stated: Sequence[Row], binding: list[int] | None) -> tuple[Cell, ...]:
        reached = {row.key[-1]: self._reached(limit, row) for row in stated}
        sign = 1 if limit.sense == "max" else -1
        room = min(sign * (limit.value - value) for value in reached.values())
        state = HAS_ROOM
        if binding:
            state = say("binds in {years}", years=fiscal.years_named(self.first_year, binding))
            if len(binding) == len(self.horizon):
                state = BINDS
        return (
            name_of(limit),
            terms.KINDS.get(limit.kind, limit.kind),
            RULES[limit.measure, limit.sense],
            self._shown(limit, limit.value),
            *(self._shown(limit, reached[t]) if t in reached else None for t in self.horizon),
            *([self._shown(limit, reached["all"]) if "all" in reached else None] if self._sums_years else []),
            self._shown(limit, room),
            state,
        )

    def _shown(self, limit: Limit, value: Fraction) -> Quantity:
        if limit.measure == "attainment" or limit.basis != "amount":
            return quantity(value, "share", 2)
        if limit.measure == "risk":
            return quantity(value, "points", 4)
        return quantity(value, "points" if limit.measure == "harm" else "money", self.decimals)

    def _years(self, row: Row) -> list[int]:
        year = row.key[-1]
        return [year] if isinstance(year, int) else list(self.horizon)

    def _reached(self, limit: Limit, row: Row) -> Fraction:
        years = self._years(row)
        if limit.measure == "attainment":
            met = exact_sum(c * self.result.attained.g[key[1], key[2], key[3]] for key, c in row.others)  # type: ignore[index]
            need = row.bound / limit.value if limit.value else self._need(row)
            return met / need if need else ZERO
        if limit.measure == "harm" or (limit.basis == "amount" and limit.measure != "risk"):
            return self._activity(row)
        inside = self._worth(limit, limit.scope, years)
        if limit.measure == "risk":
            return limit.value + self._activity(row) / inside if inside else ZERO
        whole = self._budget(limit, years) if limit.basis == "budget" else self._worth(limit, limit.of_scope, years)
        return inside / whole if whole else ZERO

    def _worth(self, limit: Limit, scope: Scope, years: Sequence[int]) -> Fraction:
        """Spending (for a limit on value: times leverage) of the programmes in a scope."""
        if scope not in self.held:
            self.held[scope] = [p for p in self.portfolio.programmes.values() if scope.holds(p)]
        units: dict[Fraction, int] = defaultdict(int)
        for programme in self.held[scope]:
            leverage = programme.leverage if limit.measure == "value" else ONE
            units[leverage] += sum(self.units.get((programme.id, t), 0) for t in years)
        return exact_sum(leverage * count for leverage, count in units.items()) * self.portfolio.settings.publish_unit

    def _budget(self, limit: Limit, years: Sequence[int]) -> Fraction:
        of = limit.of_scope
        return exact_sum(
            account.appropriation[t]
            for account in self.portfolio.accounts.values()
            if of.account in ("", account.id) and of.agency in ("", account.agency)
            for t in years
        )

    def _need(self, row: Row) -> Fraction:
        return exact_sum(c * self.portfolio.priorities[key[1], key[2]].need for key, c in row.others)  # type: ignore[index]

    def _activity(self, row: Row, sign: int = 0) -> Fraction:
        """What spending adds up to in a row; ``sign`` picks its positive or negative terms alone."""
        units = sum(c * self.units[cell] for cell, c in row.spend if not sign or c * sign > 0)
        return units * self.portfolio.settings.publish_unit / row.scale

    def _binds(self, limit: Limit, row: Row) -> bool:
        """Whether the optimum leans on the row, or the plan leaves no room for one more publish unit of some cell."""
        if abs(self.result.multipliers.get(row.key, 0)) > LEAST_MULTIPLIER:
            return True
        if limit.measure == "attainment":
            return self._reached(limit, row) - limit.value < NEARLY
        room = row.bound - self._activity(row) if row.sense != ">=" else self._activity(row) - row.bound
        return room < self._step(row)

    def _step(self, row: Row) -> Fraction:
        """The most that one publish unit moves a row."""
        largest = max((abs(c) for _, c in row.spend), default=0)
        return largest * self.portfolio.settings.publish_unit / row.scale

    def resources(self) -> Table | None:
        """A row for each resource and year: what there is, what is built, what is used."""
        columns = [
            Column(say("Resource")),
            Column(say("Unit")),
            Column(say("Fiscal year")),
            Column(say("Available"), "number", 2),
            Column(say("Built by programmes"), "number", 2),
            Column(say("Used"), "number", 2),
            Column(say("Left"), "number", 2),
            Column(say("State")),
        ]
        rows: list[tuple[Cell, ...]] = []
        for row in self.result.book.rows:
            if row.key[0] == "resource":
                rows.append(self._resource_row(row))
        return table_of("resources", say("Resources"), columns, rows) if rows else None

    def _resource_row(self, row: Row) -> tuple[Cell, ...]:
        resource, year = self.portfolio.resources[str(row.key[1])], int(row.key[2])
        used, built = self._activity(row, 1), -self._activity(row, -1)
        left = row.bound + built - used
        binds = abs(self.result.multipliers.get(row.key, 0)) > LEAST_MULTIPLIER or left < self._step(row)
        return (
            name_of(resource),
            both(resource.unit),
            fiscal.year_name(self.first_year + year),
            resource.available[year],
            built,
            used,
            left,
            BINDS if binds else HAS_ROOM,
        )
