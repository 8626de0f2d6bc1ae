"""Proof of a published plan in exact arithmetic, with the standard library alone.

Three statements, each from the workbook's decimals: the plan keeps every row (or uses an allowance that rounding
permits); its score is so much; no plan whatever can score more than the bound (weak duality). The proof needs the
plan and one multiplier a row; where the multipliers came from does not matter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from optimizer.curves import WholeCurve, counted_along
from optimizer.exact import At, Cell, ExactBook, Key, Pair, Row
from optimizer.matching import matched_by
from optimizer.plan import Plan

ZERO = Fraction(0)
MULTIPLIER_SCALE = 10**18
"""Multipliers are whole numbers of 1/scale points a unit of the row."""
NEVER_BROKEN = (
    "budget",
    "minimum",
    "pin",
    "indivisible_at_least",
    "indivisible_at_most",
    "commitment_to_choice",
)

Multipliers = Mapping[Key, int]


@dataclass(frozen=True)
class Attained:
    """What a plan attains: g by (region, objective, year), m by (synergy, year), and the score, all exact."""

    g: Mapping[At, Fraction]
    matched: Mapping[tuple[str, int], Fraction]
    score: Fraction


@dataclass(frozen=True)
class Breach:
    """A row that a plan does not keep: by how much, and how much rounding may excuse (0: nothing)."""

    key: Key
    excess: Fraction
    allowance: Fraction

    @property
    def is_excused(self) -> bool:
        """Whether rounding to publish units explains it."""
        return self.excess <= self.allowance


@dataclass(frozen=True)
class Bound:
    """A score (points) that no plan exceeds, and the multipliers that show it."""

    points: Fraction
    multipliers: Multipliers


@dataclass(frozen=True)
class Proof:
    """Score, upper bound and gap (points, exact), with the allowances that rounding used."""

    score: Fraction
    bound: Fraction
    allowances: tuple[Breach, ...]
    attained: Attained

    @property
    def gap(self) -> Fraction:
        """Bound less score."""
        return self.bound - self.score


def attained_by(book: ExactBook, plan: Plan) -> Attained:
    """Compute m, g and the score from published spending.

    m is the largest that constraint 2 allows for the score; g = min(n, what constraint 1 gives); the segments of a
    priority's curve fill in order.
    """
    portfolio = book.portfolio
    straight, curved, scale = _counted_whole(book.curves, plan.spending)
    delivered: dict[At, Fraction] = {}
    for row in book.rows:
        if row.key[0] == "attainment":
            taken = sum(coefficient * straight[cell] for cell, coefficient in row.spend)
            taken += sum(coefficient * curved[cell] for cell, coefficient in row.curved)
            delivered[str(row.key[1]), str(row.key[2]), int(row.key[3])] = row.bound - Fraction(
                taken, row.scale * scale
            )
    matched = matched_by(book, plan.spending, delivered)
    for (name, year), amount in matched.items():
        synergy = portfolio.synergies[name]
        delivered[portfolio.programmes[synergy.programme_a].region, synergy.objective, year] += synergy.score * amount
    g, score = {}, ZERO
    for key, pair in book.pairs.items():
        g[key], value = _served(pair, delivered[key])
        score += pair.worth * value
    return Attained(g, matched, score)


def _counted_whole(
    stated: Mapping[str, WholeCurve], spending: Mapping[Cell, Fraction]
) -> tuple[dict[Cell, int], dict[Cell, int], int]:
    """Spending as it is and along its curve, both as whole numbers over a common scale."""
    money = lcm(*{amount.denominator for amount in spending.values()}, *{curve.money for curve in stated.values()})
    steepness = lcm(*{curve.steepness for curve in stated.values()})
    curves = {name: curve.to_scales(money, steepness) for name, curve in stated.items()}
    straight, curved = {}, {}
    for cell, amount in spending.items():
        above, below = amount.as_integer_ratio()
        whole = above * (money // below)
        straight[cell] = whole * steepness
        curved[cell] = counted_along(*curves[cell[0]], whole)
    return straight, curved, money * steepness


def _served(pair: Pair[Fraction], delivered: Fraction) -> tuple[Fraction, Fraction]:
    """What of delivered points a priority's curve has room for, and its value u; below zero at the first rate."""
    value, left = ZERO, delivered
    for width, rate in pair.segments:
        part = min(left, width)
        value += rate * part
        left -= part
        if left <= 0:
            break
    return delivered - left, value


def breaches_of(book: ExactBook, plan: Plan, attained: Attained) -> list[Breach]:
    """Every row and range that the plan does not keep, exactly, with what rounding may excuse."""
    found = [*_range_breaches(book, plan)]
    unit = book.portfolio.settings.publish_unit
    units = {cell: int(amount // unit) for cell, amount in plan.spending.items()}
    for row in book.rows:
        if row.key[0] in ("attainment", *_SYNERGY_ROWS):
            continue
        others = sum((c * _other(plan, attained, key) for key, c in row.others), ZERO) if row.others else ZERO
        spent = row.activity(units)
        if not _clearly_holds(row, spent, unit, others):
            excess = row.breach(spent * unit / row.scale + others)
            if excess > 0:
                found.append(Breach(row.key, excess, _allowance(book, row)))
    return found


def _clearly_holds(row: Row, spent: int, unit: Fraction, others: Fraction) -> bool:
    """Whether spent·unit / scale keeps the row, in whole numbers alone, which is quick."""
    above, below = (row.bound - others).as_integer_ratio() if others else row.bound.as_integer_ratio()
    over = spent * unit.numerator * below - above * unit.denominator * row.scale
    return over == 0 or (over < 0 and row.sense == "<=") or (over > 0 and row.sense == ">=")


_SYNERGY_ROWS = (
    "synergy_at_most_first_partner",
    "synergy_at_most_second_partner",
    "synergies_divide_second_partner",
)


def _other(plan: Plan, attained: Attained, key: Key) -> Fraction:
    match key:
        case ("g", str(region), str(objective), int(year)):
            return attained.g[region, objective, year]
        case ("f", int(number), int(year)):
            return plan.transfers[number, year]
        case ("v", str(account), int(year)):
            return plan.carries[account, year]
        case ("z", str(programme), int(year)):
            return Fraction(plan.spending[programme, year] > 0)
    raise KeyError(key)


def _range_breaches(book: ExactBook, plan: Plan) -> list[Breach]:
    unit = book.portfolio.settings.publish_unit
    money: dict[Key, tuple[Fraction, Fraction]] = {
        ("x", *cell): (amount, book.portfolio.programmes[cell[0]].ceiling(cell[1]))
        for cell, amount in plan.spending.items()
    }
    money |= {("f", *key): (amount, book.others["f", *key]) for key, amount in plan.transfers.items()}
    money |= {("v", *key): (amount, book.others["v", *key]) for key, amount in plan.carries.items()}
    found = []
    for key, (amount, ceiling) in money.items():
        above, below = amount.as_integer_ratio()
        is_whole = above * unit.denominator % (below * unit.numerator) == 0
        if not is_whole or above < 0 or above * ceiling.denominator > ceiling.numerator * below:
            found.append(Breach(key, max(-amount, amount - ceiling, amount % unit), ZERO))
    return found


def _allowance(book: ExactBook, row: Row) -> Fraction:
    """publish_unit × Σ of the largest coefficient on each spending; nothing for rows that are never broken."""
    portfolio, name = book.portfolio, str(row.key[0])
    if name in NEVER_BROKEN:
        return ZERO
    if name == "resource" and not any(u.builds for u in portfolio.resource_uses if u.resource == row.key[1]):
        return ZERO
    if name in ("limit_on_spending", "limit_on_value", "limit_on_harm"):
        limit = portfolio.limits[str(row.key[1])]
        if limit.sense == "max" and limit.basis == "amount":
            return ZERO
    if name == "limit_on_attainment":
        return portfolio.settings.publish_unit * _attainment_per_money(book, row)
    largest: dict[Cell, int] = defaultdict(int)
    for cell, coefficient in row.spend:
        largest[cell] += coefficient
    return portfolio.settings.publish_unit * sum(abs(c) for c in largest.values()) / row.scale


def _attainment_per_money(book: ExactBook, row: Row) -> Fraction:
    """What one unit of money in every cell can move an attainment row by, through constraints 1 and 2."""
    weight = dict(row.others)
    moved = ZERO
    for other in book.rows:
        if other.key[0] == "attainment" and (w := weight.get(("g", *other.key[1:]))):
            moved += w * sum(abs(c) for _, c in [*other.spend, *other.curved]) / other.scale
            for key, score in other.others:
                if key[0] == "m":
                    moved += w * abs(score) * (1 + 1 / book.portfolio.synergies[str(key[1])].ratio)
    return moved


def bound_by(book: ExactBook, prices: Mapping[Key, float]) -> Bound:
    """The bound that a solver's multipliers (points a unit of a row) show."""
    multipliers = scaled(prices)
    return Bound(bound_from(book, multipliers), multipliers)


def bound_from(book: ExactBook, multipliers: Multipliers, with_score: bool = True) -> Fraction:
    """An upper bound on the score (points) of every plan, by weak duality; multipliers of the wrong sign count as 0.

    bound = Σ multiplier·right side + Σ over columns of the most that the reduced cost gives in the column's range.
    Without the score (``with_score=False``) a bound below zero proves that no plan is feasible.
    """
    fixed, gained = _Tally(), _Tally()
    scale = lcm(*{row.scale for row in book.rows})
    straight: dict[Cell, int] = defaultdict(int)
    curved: dict[Cell, int] = defaultdict(int)
    others: dict[Key, Fraction | int] = defaultdict(int)
    for row in book.rows:
        multiplier = multipliers.get(row.key, 0)
        if (row.sense == "<=" and multiplier < 0) or (row.sense == ">=" and multiplier > 0) or not multiplier:
            continue
        above, below = row.bound.as_integer_ratio()
        fixed.add(multiplier * above, below)
        whole = multiplier * (scale // row.scale)
        for cell, coefficient in row.spend:
            straight[cell] += whole * coefficient
        for cell, coefficient in row.curved:
            curved[cell] += whole * coefficient
        for key, amount in row.others:
            others[key] += multiplier * (amount.numerator if amount.denominator == 1 else amount)
    for cell in straight.keys() | curved.keys():
        for width, rate in book.pieces[cell]:
            above, below = rate.as_integer_ratio()
            reduced = -above * curved[cell] - straight[cell] * below
            if reduced > 0:
                long, part = width.as_integer_ratio()
                gained.add(reduced * long, below * part)
    total = fixed.total() + gained.total() / scale
    for key, high in book.others.items():
        if others[key] < 0:
            total -= others[key] * high
    for at, pair in book.pairs.items():
        price, low = others["g", *at], pair.deepest
        for width, rate in pair.segments:
            margin = (MULTIPLIER_SCALE * pair.worth * rate if with_score else ZERO) - price
            total += max(margin * width, margin * low)
            low = ZERO
    return total / MULTIPLIER_SCALE


class _Tally:
    """An exact sum of many fractions, kept by denominator: adding one is adding whole numbers."""

    def __init__(self) -> None:
        self.above: dict[int, int] = defaultdict(int)

    def add(self, above: int, below: int) -> None:
        self.above[below] += above

    def total(self) -> Fraction:
        return sum((Fraction(above, below) for below, above in self.above.items()), ZERO)


def scaled(multipliers: Mapping[Key, float]) -> dict[Key, int]:
    """A solver's multipliers as whole numbers; those that vanish are left out."""
    whole = {key: round(value * MULTIPLIER_SCALE) for key, value in multipliers.items()}
    return {key: value for key, value in whole.items() if value}


def prove(book: ExactBook, plan: Plan, bound: Fraction) -> tuple[Proof, list[Breach]]:
    """Check a plan against every row and a bound; the list holds the breaches that nothing excuses (none if honest)."""
    attained = attained_by(book, plan)
    breaches = breaches_of(book, plan, attained)
    allowed = tuple(breach for breach in breaches if breach.is_excused)
    proof = Proof(attained.score, bound, allowed, attained)
    return proof, [breach for breach in breaches if not breach.is_excused]
