"""The same model as most people would write it in PuLP: a variable at a time, a row at a time, `lpSum` for each row.

    build(portfolio)                            spending is the sum of its segments, written into every row
    build(portfolio, spending_columns=True)     spending has columns of its own: row by row the program's own model

It is what the program's building, handing over and first solve are compared with. It leaves nothing out of a book
without indivisible programmes and pins, and shares no line with optimizer.model.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import pulp

from optimizer.portfolio import Limit, Portfolio, Programme, Scope

Cell = tuple[str, int]


class Naive:
    """Variables in dictionaries, rows with `+=`."""

    def __init__(self, portfolio: Portfolio, spending_columns: bool) -> None:
        self.book = portfolio
        self.years = range(portfolio.settings.years)
        self.problem = pulp.LpProblem("naive", pulp.LpMaximize)
        self.cells = [(p, t) for p in portfolio.programmes.values() for t in p.years]
        self.y: dict[Cell, list[tuple[Any, float]]] = {(p.id, t): self._segments(p, t) for p, t in self.cells}
        self.x: dict[Cell, Any] = {}
        for p, t in self.cells:
            total = pulp.lpSum(y for y, _ in self.y[p.id, t])
            if spending_columns:
                self.x[p.id, t] = self.problem.add_variable(f"x_{p.id}_{t}", 0, float(p.maximum))
                self.problem += total == self.x[p.id, t]
            else:
                self.x[p.id, t] = total
        self.g = {(r, o, t): self._attained(r, o, t) for r, o in portfolio.priorities for t in self.years}
        self.m = {
            (s.id, t): self.problem.add_variable(f"m_{s.id}_{t}", 0, float(portfolio.programmes[s.programme_a].maximum))
            for s in portfolio.synergies.values()
            for t in self.years
            if (s.programme_a, t) in self.x and (s.programme_b, t) in self.x
            if (portfolio.programmes[s.programme_a].region, s.objective) in portfolio.priorities
        }
        self.f = {
            (i, t): self.problem.add_variable(
                f"f_{i}_{t}",
                0,
                float(transfer.max_share * portfolio.accounts[transfer.from_account].appropriation[t]),
            )
            for i, transfer in enumerate(portfolio.transfers)
            for t in self.years
        }
        self.v = {
            (a.id, t): self.problem.add_variable(f"v_{a.id}_{t}", 0, float(a.carry_over * a.appropriation[t]))
            for a in portfolio.accounts.values()
            if a.carry_over
            for t in self.years[:-1]
        }

    def _segments(self, p: Programme, t: int) -> list[tuple[Any, float]]:
        found, start = [], 0.0
        for number, segment in enumerate(p.curve):
            is_last = number == len(p.curve) - 1
            end = float(p.maximum if is_last else min(segment.up_to * p.scale, p.maximum))
            if end > start or not found:
                variable = self.problem.add_variable(f"y_{p.id}_{t}_{number}", 0, end - start)
                found.append((variable, float(segment.rate)))
            start = max(start, end)
        return found

    def _attained(self, r: str, o: str, t: int) -> list[tuple[Any, float]]:
        priority, found, start = self.book.priorities[r, o], [], 0.0
        for number, segment in enumerate(priority.curve):
            end = float(segment.up_to * priority.need)
            low = 0.0 if number else -self._harm(r, o, t)
            variable = self.problem.add_variable(f"g_{r}_{o}_{t}_{number}", low, end - start)
            found.append((variable, float(segment.rate)))
            start = end
        return found

    def _harm(self, r: str, o: str, t: int) -> float:
        if not hasattr(self, "_harms"):
            self._harms: dict[tuple[str, str, int], float] = defaultdict(float)
            for e in self.book.effects:
                p = self.book.programmes[e.programme]
                for year in self.years:
                    if e.score < 0 and year - e.lag in p.years:
                        self._harms[e.region, e.objective, year] -= float(e.score * p.maximum)
                    elif e.score < 0 and year < e.lag and 0 in p.years:
                        self._harms[e.region, e.objective, year] -= float(e.score * (p.baseline or 0))
        return self._harms[r, o, t]

    def write(self) -> pulp.LpProblem:
        """The objective and every row."""
        self._score()
        self._attainment()
        self._synergies()
        self._budget()
        for p in self.book.programmes.values():
            self._programme(p)
        self._resources()
        for limit in self.book.limits.values():
            self._limit(limit)
        return self.problem

    def _score(self) -> None:
        rate = 1 + float(self.book.settings.discount_rate)
        weight = {key: float(priority.weight) for key, priority in self.book.priorities.items()}
        full = sum(
            weight[r, o] * variable.upBound * slope / rate**t
            for (r, o, t), pieces in self.g.items()
            for variable, slope in pieces
        )
        self.problem += pulp.lpSum(
            100 * weight[r, o] * slope / rate**t / full * variable
            for (r, o, t), pieces in self.g.items()
            for variable, slope in pieces
        )

    def _attainment(self) -> None:
        effects = defaultdict(list)
        for e in self.book.effects:
            effects[e.region, e.objective].append((e.programme, e.lag, float(e.score)))
        bonus = defaultdict(list)
        for s in self.book.synergies.values():
            bonus[self.book.programmes[s.programme_a].region, s.objective].append((s.id, float(s.score)))
        for (r, o, t), pieces in self.g.items():
            good = pulp.lpSum(
                score * slope * y
                for p, lag, score in effects[r, o]
                if score > 0 and (p, t - lag) in self.y
                for y, slope in self.y[p, t - lag]
            )
            harm = pulp.lpSum(
                score * self.x[p, t - lag] for p, lag, score in effects[r, o] if score < 0 and (p, t - lag) in self.x
            )
            matched = pulp.lpSum(score * self.m[s, t] for s, score in bonus[r, o] if (s, t) in self.m)
            before = sum(self._before(p, score) for p, lag, score in effects[r, o] if t < lag)
            self.problem += pulp.lpSum(g for g, _ in pieces) <= good + harm + matched + before

    def _before(self, programme: str, score: float) -> float:
        p = self.book.programmes[programme]
        if 0 not in p.years or not p.baseline:
            return 0.0
        if score < 0:
            return score * float(p.baseline)
        total, start = 0.0, 0.0
        for number, segment in enumerate(p.curve):
            end = float(p.baseline if number == len(p.curve) - 1 else min(segment.up_to * p.scale, p.baseline))
            total += float(segment.rate) * max(end - start, 0.0)
            start = max(start, end)
        return score * total

    def _synergies(self) -> None:
        together = defaultdict(list)
        for (name, t), m in self.m.items():
            s = self.book.synergies[name]
            self.problem += m <= self.x[s.programme_a, t]
            self.problem += float(s.ratio) * m <= self.x[s.programme_b, t]
            if not s.shared:
                together[s.programme_b, s.objective, t].append(float(s.ratio) * m)
        for (b, _, t), members in together.items():
            if len(members) > 1:
                self.problem += pulp.lpSum(members) <= self.x[b, t]

    def _budget(self) -> None:
        spenders = defaultdict(list)
        for p, t in self.cells:
            spenders[p.account, t].append(self.x[p.id, t])
        for a in self.book.accounts.values():
            for t in self.years:
                out = [self.f[i, t] for i, row in enumerate(self.book.transfers) if row.from_account == a.id]
                into = [self.f[i, t] for i, row in enumerate(self.book.transfers) if row.to_account == a.id]
                carried = [self.v[a.id, t]] if (a.id, t) in self.v else []
                brought = [self.v[a.id, t - 1]] if (a.id, t - 1) in self.v else []
                left = pulp.lpSum([*spenders[a.id, t], *out, *carried])
                self.problem += left <= float(a.appropriation[t]) + pulp.lpSum([*into, *brought])

    def _programme(self, p: Programme) -> None:
        for t in p.years:
            here = self.x[p.id, t]
            if p.floor > 0:
                self.problem += here >= float(p.floor)
            if p.ramp is not None:
                step = float(p.ramp * p.scale)
                if t > p.first:
                    self.problem += here - self.x[p.id, t - 1] <= step
                    self.problem += self.x[p.id, t - 1] - here <= step
                elif t > 0:
                    self.problem += here <= step
                elif p.baseline is not None:
                    self.problem += here <= float(p.baseline) + step
                    self.problem += here >= min(float(p.baseline) - step, float(p.maximum))
            if p.commitment and t > p.first:
                self.problem += here >= self.x[p.id, t - 1]

    def _resources(self) -> None:
        users = defaultdict(list)
        for use in self.book.resource_uses:
            users[use.resource].append(use)
        for k in self.book.resources.values():
            for t in self.years:
                used = [
                    float(u.uses) * self.x[u.programme, t] for u in users[k.id] if u.uses and (u.programme, t) in self.x
                ]
                built = [
                    float(u.builds) * self.x[u.programme, s]
                    for u in users[k.id]
                    if u.builds
                    for s in range(0 if u.life is None else max(0, t - u.delay - u.life + 1), t - u.delay + 1)
                    if (u.programme, s) in self.x
                ]
                self.problem += pulp.lpSum(used) <= float(k.available[t]) + pulp.lpSum(built)

    def _limit(self, limit: Limit) -> None:
        groups: list[list[int]] = [[t] for t in self.years]
        if limit.year == "all":
            groups = [list(self.years)]
        elif limit.year is not None:
            groups = [[int(limit.year)]]
        for years in groups:
            sides = self._sides(limit, years)
            if sides is not None:
                left, right = sides
                self.problem += left <= right if limit.sense == "max" else left >= right

    def _sides(self, limit: Limit, years: list[int]) -> tuple[Any, Any] | None:
        value = float(limit.value)
        if limit.measure == "attainment":
            return self._attainment_sides(limit, years)
        cells = self._in_scope(limit.scope, years)
        if not cells:
            return None
        if limit.measure == "risk":
            return pulp.lpSum((float(p.risk) - value) * self.x[p.id, t] for p, t in cells), 0
        if limit.measure == "harm":
            harm: dict[str, float] = defaultdict(float)
            for e in self.book.effects:
                if e.score < 0 and self._counts(limit.scope, e.objective):
                    harm[e.programme] -= float(e.score)
            return pulp.lpSum(harm[p.id] * self.x[p.id, t] for p, t in cells if p.id in harm), value
        return self._money(limit, cells), value * self._whole(limit, years)

    def _attainment_sides(self, limit: Limit, years: list[int]) -> tuple[Any, Any] | None:
        pairs = [key for key in self.book.priorities if limit.scope.region in ("", key[0])]
        pairs = [key for key in pairs if self._counts(limit.scope, key[1])]
        weight = {key: float(self.book.priorities[key].weight) for key in pairs}
        need = sum(weight[key] * float(self.book.priorities[key].need) for key in pairs) * len(years)
        met = pulp.lpSum(weight[key] * g for key in pairs for t in years for g, _ in self.g[(*key, t)])
        return (met, float(limit.value) * need) if pairs else None

    def _whole(self, limit: Limit, years: list[int]) -> Any:
        """What the value of a limit on money is a share of."""
        if limit.basis == "share":
            return self._money(limit, self._in_scope(limit.of_scope, years))
        if limit.basis == "budget":
            of = limit.of_scope
            accounts = [
                a for a in self.book.accounts.values() if of.account in ("", a.id) and of.agency in ("", a.agency)
            ]
            return float(sum(a.appropriation[t] for a in accounts for t in years))
        return 1.0

    def _money(self, limit: Limit, cells: Iterable[tuple[Programme, int]]) -> Any:
        if limit.measure == "spend":
            return pulp.lpSum(self.x[p.id, t] for p, t in cells)
        return pulp.lpSum(float(p.leverage) * self.x[p.id, t] for p, t in cells)

    def _in_scope(self, scope: Scope, years: list[int]) -> list[tuple[Programme, int]]:
        inside = [p for p in self.book.programmes.values() if scope.holds(p)]
        return [(p, t) for p in inside for t in years if (p.id, t) in self.x]

    def _counts(self, scope: Scope, objective: str) -> bool:
        return scope.objective in ("", objective) and scope.freedom in ("", self.book.objectives[objective].freedom)


def build(portfolio: Portfolio, spending_columns: bool = False) -> pulp.LpProblem:
    """The whole model of an active portfolio, unrounded."""
    return Naive(portfolio, spending_columns).write()
