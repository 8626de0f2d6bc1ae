"""The book in rationals: every row and range of the contract, stated a second time and exactly.

This room shares no formula with ``model/``: it is written from the contract on its own, with the standard
library alone, so that the two check each other (a test compares them row by row). The plan is rounded and proved
against these rows. A *cell* is a (programme, year) pair; years are offsets. Money is in the workbook's unit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import lcm

from optimizer.collecting import uncollected
from optimizer.curves import WholeCurve, along_the_curve, in_whole_numbers
from optimizer.portfolio import Effect, Limit, Portfolio, Priority, Programme, Scope

ZERO, ONE = Fraction(0), Fraction(1)
Key = tuple[str | int, ...]
Cell = tuple[str, int]
At = tuple[str, str, int]
"""A region, an objective and a year: one need."""
WholeTerms = list[tuple[Cell, int]]
ROWS_OF_EFFECTS = (
    "attainment",
    "synergy_at_most_first_partner",
    "synergy_at_most_second_partner",
    "synergies_divide_second_partner",
)
ROWS_OF_PROGRAMMES = (
    "pin",
    "indivisible_at_least",
    "indivisible_at_most",
    "minimum",
    "ramp_up",
    "ramp_down",
    "commitment",
    "commitment_to_choice",
)
ROW_OF_MEASURE = {
    "spend": "limit_on_spending",
    "value": "limit_on_value",
    "risk": "limit_on_risk",
    "harm": "limit_on_harm",
    "attainment": "limit_on_attainment",
}


@dataclass(frozen=True, slots=True)
class Row:
    """(Σ spend·x + Σ curved·(x along the curve)) / scale + Σ others ≤, ≥ or = bound.

    Coefficients on spending are whole numbers over a common ``scale``: sums of them are fast and exact.
    ``curved`` terms count a cell's spending at the rates of its curve. ``others`` are keyed ("g", region,
    objective, year), ("m", synergy, year), ("f", transfer number, year), ("v", account, year), ("z", programme, year).
    """

    key: Key
    sense: str
    bound: Fraction
    scale: int
    spend: WholeTerms
    curved: WholeTerms
    others: list[tuple[Key, Fraction]]

    def activity(self, units: Mapping[Cell, int]) -> int:
        """Σ spend × units: the row's activity from spending, times ``scale`` and divided by the unit."""
        found = 0
        for cell, coefficient in self.spend:  # twice as fast as ``sum``, and asked for every row of every answer
            found += coefficient * units[cell]
        return found

    def ends(self, unit: Fraction, others: Fraction = ZERO) -> tuple[int, int]:
        """The activities (as above) next to the bound, at most it and at least it, where ``others`` count so much."""
        above, below = (self.bound - others if others else self.bound).as_integer_ratio()
        above, below = above * self.scale * unit.denominator, below * unit.numerator
        return above // below, -(-above // below)

    def breach(self, activity: Fraction) -> Fraction:
        """By how much ``activity`` (in the row's own unit) passes the bound; 0 where the row holds."""
        over = activity - self.bound if self.sense != ">=" else ZERO
        under = self.bound - activity if self.sense != "<=" else ZERO
        return max(over, under, ZERO)


@dataclass(frozen=True, slots=True)
class Pair[N: (float, Fraction)]:
    """A priority in one year: its weighted, discounted worth of a point and its segments (width, rate)."""

    worth: N
    deepest: N
    segments: tuple[tuple[N, N], ...]


@dataclass(frozen=True)
class ExactBook:
    """Everything a proof needs: curves, cells with their pieces, pairs, ranges of the other variables, and all rows."""

    portfolio: Portfolio
    curves: dict[str, WholeCurve]
    pieces: dict[Cell, list[tuple[Fraction, Fraction]]]
    pairs: dict[At, Pair[Fraction]]
    others: dict[Key, Fraction]
    rows: list[Row]


def state_exactly(portfolio: Portfolio, before: ExactBook | None = None) -> ExactBook:
    """State an active portfolio as written: no rounding to publish units.

    Where it has the very records of the book stated ``before`` in all that no money, limit or resource touches, what
    follows from these alone is taken over.
    """
    statement = _Statement(portfolio)
    kept = before if before is not None and _differ_in_money_alone(portfolio, before.portfolio) else None
    with uncollected():
        return ExactBook(
            portfolio=portfolio,
            curves=kept.curves if kept else {p.id: in_whole_numbers(p) for p in portfolio.programmes.values()},
            pieces=kept.pieces if kept else statement.pieces(),
            pairs=kept.pairs if kept else statement.pairs(),
            others=statement.ranges(),
            rows=list(statement.rows_kept(kept) if kept else statement.rows()),
        )


def _differ_in_money_alone(one: Portfolio, other: Portfolio) -> bool:
    """Whether at most accounts, transfers, limits, resources, and the unit of publishing, differ."""
    return (
        one.settings.years == other.settings.years
        and one.settings.discount_rate == other.settings.discount_rate
        and _are_the_same(one.effects, other.effects)
        and all(
            one_records.keys() == other_records.keys()
            and _are_the_same(list(one_records.values()), list(other_records.values()))
            for one_records, other_records in (
                (one.programmes, other.programmes),
                (one.objectives, other.objectives),
                (one.priorities, other.priorities),
                (one.synergies, other.synergies),
            )
        )
    )


def _are_the_same(one: Sequence[object], other: Sequence[object]) -> bool:
    return len(one) == len(other) and all(a is b for a, b in zip(one, other, strict=True))


class _Statement:
    """The rows of one book, constraint by constraint."""

    def __init__(self, portfolio: Portfolio) -> None:
        self.book = portfolio
        self.horizon = portfolio.settings.years
        self.by_account: dict[str, list[Programme]] = defaultdict(list)
        for programme in portfolio.programmes.values():
            self.by_account[programme.account].append(programme)
        self.matched = [
            (s, t)
            for s in portfolio.synergies.values()
            for t in range(self.horizon)
            if t in portfolio.programmes[s.programme_a].years
            and t in portfolio.programmes[s.programme_b].years
            and (portfolio.programmes[s.programme_a].region, s.objective) in portfolio.priorities
        ]

    def pieces(self) -> dict[Cell, list[tuple[Fraction, Fraction]]]:
        """For each cell its pieces (width, rate), cut at the maximum or the pin."""
        found: dict[Cell, list[tuple[Fraction, Fraction]]] = {}
        for p in self.book.programmes.values():
            usual = self._cut(p, p.maximum)
            for t in p.years:
                found[p.id, t] = self._cut(p, p.pins[t]) if t in p.pins else usual
        return found

    @staticmethod
    def _cut(p: Programme, ceiling: Fraction) -> list[tuple[Fraction, Fraction]]:
        ends = [segment.up_to * p.scale for segment in p.curve[:-1]]
        bounds = [ZERO, *(min(end, ceiling) for end in ends), ceiling]
        return [
            (high - low, segment.rate)
            for low, high, segment in zip(bounds, bounds[1:], p.curve, strict=False)
            if high > low
        ]

    def pairs(self) -> dict[At, Pair[Fraction]]:
        """Each priority in each year, with its worth in score points (so that they add up to at most 100)."""
        base = 1 + self.book.settings.discount_rate
        discount = [ONE / base**t for t in range(self.horizon)]
        whole = sum((p.weight * self._value(p) for p in self.book.priorities.values()), ZERO) * sum(discount)
        deepest = self._deepest()
        found = {}
        for (r, o), priority in self.book.priorities.items():
            segments = self._need_segments(priority)
            for t in range(self.horizon):
                worth = 100 * discount[t] * priority.weight / whole
                found[r, o, t] = Pair(worth, deepest.get((r, o, t), ZERO), segments)
        return found

    @staticmethod
    def _need_segments(priority: Priority) -> tuple[tuple[Fraction, Fraction], ...]:
        starts = [ZERO, *(segment.up_to for segment in priority.curve)]
        return tuple(
            ((segment.up_to - start) * priority.need, segment.rate)
            for start, segment in zip(starts, priority.curve, strict=False)
        )

    def _value(self, priority: Priority) -> Fraction:
        return sum((width * rate for width, rate in self._need_segments(priority)), ZERO)

    def _deepest(self) -> dict[At, Fraction]:
        """−h: the least g that all harm together can force."""
        least: dict[At, Fraction] = defaultdict(Fraction)
        for e in self.book.effects:
            if e.score < 0:
                p = self.book.programmes[e.programme]
                for t in range(self.horizon):
                    source = t - e.lag
                    if source < 0:
                        spent = p.baseline or ZERO if 0 in p.years else ZERO
                    else:
                        spent = p.ceiling(source) if source in p.years else ZERO
                    least[e.region, e.objective, t] += e.score * spent
        return least

    def ranges(self) -> dict[Key, Fraction]:
        """The upper ends of matched money, transfers, carry-over and choices; all begin at 0."""
        found: dict[Key, Fraction] = {}
        for s, t in self.matched:
            found["m", s.id, t] = self.book.programmes[s.programme_a].ceiling(t)
        for i, transfer in enumerate(self.book.transfers):
            for t in range(self.horizon):
                amount = self.book.accounts[transfer.from_account].appropriation[t]
                found["f", i, t] = transfer.max_share * amount
        for a in self.book.accounts.values():
            if a.carry_over:
                for t in range(self.horizon - 1):
                    found["v", a.id, t] = a.carry_over * a.appropriation[t]
        for p in self.book.programmes.values():
            if p.indivisible:
                for t in p.years:
                    if t not in p.pins:
                        found["z", p.id, t] = ONE
        return found

    def rows(self) -> Iterator[Row]:
        """Every row of the contract."""
        yield from self._attainment()
        yield from self._synergies()
        yield from self._budget()
        for p in self.book.programmes.values():
            yield from self._programme(p)
        yield from self._resources()
        for limit in self.book.limits.values():
            yield from self._limit(limit)

    def rows_kept(self, before: ExactBook) -> Iterator[Row]:
        """The same, those of effects, programmes and limits taken over from a book that has the same."""
        of_limits: dict[Key, list[Row]] = defaultdict(list)
        for row in before.rows:
            if row.key[0] in ROW_OF_MEASURE.values():
                of_limits[row.key[1:2]].append(row)
        yield from (row for row in before.rows if row.key[0] in ROWS_OF_EFFECTS)
        yield from self._budget()
        yield from (row for row in before.rows if row.key[0] in ROWS_OF_PROGRAMMES)
        yield from self._resources()
        for limit in self.book.limits.values():
            if limit is before.portfolio.limits.get(limit.id):
                yield from self._with_todays_money(limit, of_limits[limit.id,])
            else:
                yield from self._limit(limit)

    def _with_todays_money(self, limit: Limit, stated: list[Row]) -> Iterator[Row]:
        """Rows of a limit that differs in nothing, in a book that may differ in its appropriations."""
        if limit.basis != "budget":
            yield from stated
            return
        years = self._years(limit)
        for row in stated:
            yield replace(row, bound=self._right_side(limit, years[row.key[2]]))

    def _attainment(self) -> Iterator[Row]:
        effects: dict[tuple[str, str], list[Effect]] = {pair: [] for pair in self.book.priorities}
        for e in self.book.effects:
            if (e.region, e.objective) in effects:
                effects[e.region, e.objective].append(e)
        matched: dict[At, list[tuple[Key, Fraction]]] = defaultdict(list)
        for s, t in self.matched:
            region = self.book.programmes[s.programme_a].region
            matched[region, s.objective, t].append((("m", s.id, t), -s.score))
        for (r, o), found in effects.items():
            scale = lcm(*(e.score.denominator for e in found))
            taken = [(e, self.book.programmes[e.programme], -int(e.score * scale)) for e in found]
            for t in range(self.horizon):
                bound, spend, curved = ZERO, WholeTerms(), WholeTerms()
                for e, p, coefficient in taken:
                    source = t - e.lag
                    if source < 0:
                        bound += self._points_from_before(e, p)
                    elif source in p.years:
                        (curved if coefficient < 0 else spend).append(((p.id, source), coefficient))
                others = [(("g", r, o, t), ONE), *matched[r, o, t]]
                yield Row(("attainment", r, o, t), "<=", bound, scale, spend, curved, others)

    @staticmethod
    def _points_from_before(e: Effect, p: Programme) -> Fraction:
        """What the baseline gives in a year before the horizon."""
        if 0 not in p.years or not p.baseline:
            return ZERO
        return e.score * (along_the_curve(p.curve, p.scale, p.baseline) if e.score > 0 else p.baseline)

    def _synergies(self) -> Iterator[Row]:
        groups: dict[tuple[str, str, int], list[tuple[Key, Fraction]]] = defaultdict(list)
        for s, t in self.matched:
            m: Key = ("m", s.id, t)
            first, second = (
                ("synergy_at_most_first_partner", s.id, t),
                ("synergy_at_most_second_partner", s.id, t),
            )
            yield Row(first, "<=", ZERO, 1, [((s.programme_a, t), -1)], [], [(m, ONE)])
            yield Row(second, "<=", ZERO, 1, [((s.programme_b, t), -1)], [], [(m, s.ratio)])
            if not s.shared:
                groups[s.programme_b, s.objective, t].append((m, s.ratio))
        for (b, o, t), members in groups.items():
            if len(members) > 1:
                key = ("synergies_divide_second_partner", b, o, t)
                yield Row(key, "<=", ZERO, 1, [((b, t), -1)], [], members)

    def _budget(self) -> Iterator[Row]:
        for a in self.book.accounts.values():
            for t in range(self.horizon):
                spend = [((p.id, t), 1) for p in self.by_account[a.id] if t in p.years]
                others: list[tuple[Key, Fraction]] = []
                for i, transfer in enumerate(self.book.transfers):
                    sign = (transfer.from_account == a.id) - (transfer.to_account == a.id)
                    if sign:
                        others.append((("f", i, t), Fraction(sign)))
                if a.carry_over:
                    if t < self.horizon - 1:
                        others.append((("v", a.id, t), ONE))
                    if t > 0:
                        others.append((("v", a.id, t - 1), -ONE))
                yield Row(("budget", a.id, t), "<=", a.appropriation[t], 1, spend, [], others)

    def _programme(self, p: Programme) -> Iterator[Row]:
        step = None if p.ramp is None else p.ramp * p.scale
        for t in p.years:
            here, before = (p.id, t), (p.id, t - 1)
            if t in p.pins:
                yield Row(("pin", p.id, t), "=", p.pins[t], 1, [(here, 1)], [], [])
                continue
            if p.indivisible:
                z: Key = ("z", p.id, t)
                yield Row(("indivisible_at_least", p.id, t), ">=", ZERO, 1, [(here, 1)], [], [(z, -p.floor)])
                yield Row(("indivisible_at_most", p.id, t), "<=", ZERO, 1, [(here, 1)], [], [(z, -p.maximum)])
            elif p.floor > 0:
                yield Row(("minimum", p.id, t), ">=", p.floor, 1, [(here, 1)], [], [])
            if t - 1 in p.pins:
                continue
            if step is not None:
                yield from self._ramp(p, t, step)
            if p.commitment and t > p.first:
                yield Row(("commitment", p.id, t), "<=", ZERO, 1, [(before, 1), (here, -1)], [], [])
                if p.indivisible:
                    others: list[tuple[Key, Fraction]] = [(("z", p.id, t - 1), ONE), (("z", p.id, t), -ONE)]
                    yield Row(("commitment_to_choice", p.id, t), "<=", ZERO, 1, [], [], others)

    @staticmethod
    def _ramp(p: Programme, t: int, step: Fraction) -> Iterator[Row]:
        here, before = (p.id, t), (p.id, t - 1)
        if t > p.first:
            yield Row(("ramp_up", p.id, t), "<=", step, 1, [(here, 1), (before, -1)], [], [])
            yield Row(("ramp_down", p.id, t), "<=", step, 1, [(before, 1), (here, -1)], [], [])
        elif t > 0:
            yield Row(("ramp_up", p.id, t), "<=", step, 1, [(here, 1)], [], [])
        elif p.baseline is not None:
            yield Row(("ramp_up", p.id, t), "<=", p.baseline + step, 1, [(here, 1)], [], [])
            least = min(p.baseline - step, p.maximum)
            yield Row(("ramp_down", p.id, t), "<=", -least, 1, [(here, -1)], [], [])

    def _resources(self) -> Iterator[Row]:
        for k in self.book.resources.values():
            uses = [u for u in self.book.resource_uses if u.resource == k.id]
            for t in range(self.horizon):
                terms: dict[Cell, Fraction] = defaultdict(Fraction)
                for u in uses:
                    p = self.book.programmes[u.programme]
                    if u.uses and t in p.years:
                        terms[p.id, t] += u.uses
                    if u.builds:
                        latest = t - u.delay
                        earliest = 0 if u.life is None else latest - u.life + 1
                        for s in p.years:
                            if earliest <= s <= latest:
                                terms[p.id, s] -= u.builds
                scale = lcm(*(c.denominator for c in terms.values()))
                spend = [(cell, int(c * scale)) for cell, c in terms.items()]
                yield Row(("resource", k.id, t), "<=", k.available[t], scale, spend, [], [])

    def _limit(self, limit: Limit) -> Iterator[Row]:
        name, sense, groups = ROW_OF_MEASURE[limit.measure], "<=" if limit.sense == "max" else ">=", self._years(limit)
        if limit.measure == "attainment":
            for label, years in groups.items():
                bound, others = self._least_attainment(limit, years)
                if others:
                    yield Row((name, limit.id, label), sense, bound, 1, [], [], others)
            return
        inside = [p for p in self.book.programmes.values() if in_scope(p, limit.scope)]
        whole = [p for p in self.book.programmes.values() if in_scope(p, limit.of_scope)]
        counted, needs_whole = self._counted(limit, inside, whole), limit.basis == "share" and limit.sense == "max"
        scale = lcm(*(c.denominator for _, _, c in counted))
        scaled = [(p, running, int(c * scale)) for p, running, c in counted]
        for label, years in groups.items():
            if _any_runs(inside, years) and not (needs_whole and not _any_runs(whole, years)):
                spend = [((p, t), c) for p, running, c in scaled for t in years if t in running]
                yield Row((name, limit.id, label), sense, self._right_side(limit, years), scale, spend, [], [])

    def _years(self, limit: Limit) -> dict[str | int, list[int]]:
        """The years of each of a limit's rows, by the last part of its key."""
        if limit.year == "all":
            return {"all": list(range(self.horizon))}
        return {t: [t] for t in ([limit.year] if isinstance(limit.year, int) else range(self.horizon))}

    def _counted(
        self, limit: Limit, inside: list[Programme], whole: list[Programme]
    ) -> list[tuple[str, range, Fraction]]:
        """What a limit counts a unit of each programme's money as: (programme, its years, coefficient)."""
        if limit.measure == "risk":
            return [(p.id, p.years, p.risk - limit.value) for p in inside]
        if limit.measure == "harm":
            harm: dict[str, Fraction] = defaultdict(Fraction)
            for e in self.book.effects:
                if e.score < 0 and self._objective_counts(limit.scope, e.objective):
                    harm[e.programme] -= e.score
            return [(p.id, p.years, harm[p.id]) for p in inside if p.id in harm]
        share: dict[str, Fraction] = defaultdict(Fraction, dict.fromkeys((p.id for p in inside), ONE))
        if limit.basis == "share":
            for p in whole:
                share[p.id] -= limit.value
        by_value, programmes = limit.measure == "value", self.book.programmes
        counted = [(programmes[name], c) for name, c in share.items()]
        return [(p.id, p.years, c * p.leverage if by_value else c) for p, c in counted]

    def _right_side(self, limit: Limit, years: list[int]) -> Fraction:
        if limit.measure == "risk" or limit.basis == "share":
            return ZERO
        if limit.basis == "budget":
            of = limit.of_scope
            paying = [
                a for a in self.book.accounts.values() if of.account in ("", a.id) and of.agency in ("", a.agency)
            ]
            return limit.value * sum((a.appropriation[t] for a in paying for t in years), ZERO)
        return limit.value

    def _least_attainment(self, limit: Limit, years: list[int]) -> tuple[Fraction, list[tuple[Key, Fraction]]]:
        """The bound of an attainment limit, and the weight of each need that it speaks of."""
        bound, others = ZERO, list[tuple[Key, Fraction]]()
        for (r, o), priority in self.book.priorities.items():
            if limit.scope.region in ("", r) and self._objective_counts(limit.scope, o):
                others += [(("g", r, o, t), priority.weight) for t in years]
                bound += limit.value * priority.weight * priority.need * len(years)
        return bound, others

    def _objective_counts(self, scope: Scope, objective: str) -> bool:
        return scope.objective in ("", objective) and scope.freedom in (
            "",
            self.book.objectives[objective].freedom,
        )


def _any_runs(programmes: list[Programme], years: list[int]) -> bool:
    return any(t in p.years for p in programmes for t in years)


def in_scope(p: Programme, scope: Scope) -> bool:
    """Whether a programme lies in a scope: every column that is not blank must agree."""
    wanted = (
        (scope.programme, p.id),
        (scope.family, p.family),
        (scope.instrument, p.instrument),
        (scope.region, p.region),
        (scope.country, p.country),
        (scope.account, p.account),
        (scope.agency, p.agency),
    )
    if any(want and want != have for want, have in wanted):
        return False
    return (not scope.tag or scope.tag in p.tags) and (not scope.fragile or p.fragile)
