"""What a unit of money more or less in one line does to the score, at amounts as they stand; in floats, quickly.

Prices of a solver are right at its optimum only: they are 0 where a need is met to the last point. Rounding needs to
know what a unit adds where a need has just fallen short of it.
"""

from __future__ import annotations

from collections import ChainMap, defaultdict
from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import inf

from optimizer.exact import At, Cell, ExactBook, Pair, Row
from optimizer.matching import Member, Partner, divided, partners_of, weighed

FELT = 1e-9
"""Points below which a gain or a shortfall does not count."""


class Change(dict[At, float]):
    """By how much a move changes the delivered points of each need; ``given``: what the synergies that it touches then
    give, by their number in ``Gains.groups``."""

    def __init__(self) -> None:
        super().__init__()
        self.given: dict[int, dict[At, float]] = {}


class Served:
    """What money serves in a book, in floats, whatever the amounts: all that many ``Gains`` can share.

    Lists by pair, by cell and by group of synergies; coefficients in points a unit of money.
    """

    def __init__(self, book: ExactBook) -> None:
        self.unit = float(book.portfolio.settings.publish_unit)
        self.pairs = {
            at: Pair(float(pair.worth), 0.0, tuple((float(width), float(rate)) for width, rate in pair.segments))
            for at, pair in book.pairs.items()
        }
        self.needs = {at: sum(width for width, _ in pair.segments) for at, pair in self.pairs.items()}
        self.curves = self._curves(book)
        self.givers: list[tuple[At, float, list[tuple[Cell, float]], list[tuple[Cell, float]]]] = []
        """A pair, the points it has without money, and what a unit of money gives straight and along its curve."""
        self.by_cell: dict[Cell, list[tuple[At, float, float]]] = defaultdict(list)
        for row in book.rows:
            if row.key[0] == "attainment":
                self._read((str(row.key[1]), str(row.key[2]), int(row.key[3])), row)
        self.book_pairs = book.pairs
        self.groups = partners_of(book)
        self.in_floats = [[_in_floats(partner) for partner in together] for together in self.groups]
        self.alone = sum(len(partner.members) == 1 for together in self.groups for partner in together)
        """How many groups, the first, are a single synergy."""
        self.groups_of = self._groups_by_cell(book)
        self.floors = self._floors(book)
        self.floors_at: dict[At, list[int]] = defaultdict(list)
        for number, (_, weights) in enumerate(self.floors):
            for at in weights:
                self.floors_at[at].append(number)

    def _read(self, at: At, row: Row) -> None:
        straight = [(cell, -coefficient / row.scale) for cell, coefficient in row.spend]
        curved = [(cell, -coefficient / row.scale) for cell, coefficient in row.curved]
        self.givers.append((at, float(row.bound), straight, curved))
        for cell, points in straight:
            self.by_cell[cell].append((at, points, 0.0))
        for cell, points in curved:
            self.by_cell[cell].append((at, 0.0, points))

    @staticmethod
    def _curves(book: ExactBook) -> dict[str, list[tuple[float, float]]]:
        found = {}
        for programme in book.portfolio.programmes.values():
            ends = [(float(s.up_to * programme.scale), float(s.rate)) for s in programme.curve]
            found[programme.id] = [*ends[:-1], (float("inf"), ends[-1][1])]
        return found

    def _groups_by_cell(self, book: ExactBook) -> dict[Cell, set[int]]:
        """The groups that a cell's money is part of, and those that divide otherwise where its needs move."""
        found: dict[Cell, set[int]] = defaultdict(set)
        dividing_at: dict[At, set[int]] = defaultdict(set)
        for number, together in enumerate(self.in_floats):
            members = self.members(number)
            for cell in {partner.cell for partner in together} | {member.first for member in members}:
                found[cell].add(number)
            if number >= self.alone:
                for member in members:
                    dividing_at[member.at].add(number)
        if dividing_at:
            for cell in book.pieces:
                needs = {at for at, _, _ in self.by_cell.get(cell, ())}
                needs.update(member.at for number in found.get(cell, ()) for member in self.members(number))
                if reached := {number for at in needs for number in dividing_at.get(at, ())}:
                    found[cell] |= reached
        return found

    def members(self, number: int) -> list[Member[float]]:
        """The synergies of a group, partner by partner."""
        return [member for partner in self.in_floats[number] for member in partner.members]

    @staticmethod
    def _floors(book: ExactBook) -> list[tuple[float, dict[At, float]]]:
        """Limits on attainment: the bound and the weight of each pair and year."""
        return [
            (float(row.bound), {(str(k[1]), str(k[2]), int(k[3])): float(c) for k, c in row.others})
            for row in book.rows
            if row.key[0] == "limit_on_attainment"
        ]


class Gains:
    """Delivered points by pair, kept up to date while units move."""

    def __init__(self, served: Served, units: Mapping[Cell, int]) -> None:
        self.served = served
        self.unit, self.pairs = served.unit, served.pairs
        self.amounts = {cell: whole * self.unit for cell, whole in units.items()}
        self.counted = {cell: self._along(cell, amount) for cell, amount in self.amounts.items()}
        """Each cell's money at the rates of its curve."""
        self.delivered: dict[At, float] = {}
        for at, without_money, straight, curved in served.givers:
            points = without_money
            for cell, coefficient in straight:
                points += coefficient * self.amounts[cell]
            for cell, coefficient in curved:
                points += coefficient * self.counted[cell]
            self.delivered[at] = points
        self.given: list[dict[At, float]] = [{} for _ in served.groups]
        """The points that the matched money of each group gives."""
        for number in range(len(served.groups)):
            self.given[number] = self._points(number, self.amounts, {})
            for at, points in self.given[number].items():
                self.delivered[at] += points
        self.standing: dict[At, tuple[float, float, float]] = {}
        """See ``_stands``, where it has been asked since the delivered points of a pair last changed."""
        self.short = [
            bound - sum(weight * self._met(at, self.delivered[at]) for at, weight in weights.items())
            for bound, weights in served.floors
        ]
        """By how much each floor of attainment falls short; below zero where there is room."""

    def _along(self, cell: Cell, amount: float) -> float:
        counted = start = 0.0
        for end, rate in self.served.curves[cell[0]]:
            if amount <= end:
                return counted + rate * (amount - start)
            counted += rate * (end - start)
            start = end
        return counted

    def _points(self, number: int, amounts: Mapping[Cell, float], change: Mapping[At, float]) -> dict[At, float]:
        """What the matched money of a group gives at other ``amounts`` and after a ``change`` of points."""
        together = self.served.in_floats[number]
        if number < self.served.alone:
            (member,) = together[0].members
            return {member.at: member.score * member.room(amounts, amounts[together[0].cell])}
        members = self.served.members(number)
        given = self.given[number]
        state = {m.at: self.delivered[m.at] + change.get(m.at, 0.0) - given.get(m.at, 0.0) for m in members}
        if len(together) == 1:
            matched = divided(together, amounts, self.pairs, state)
        else:
            cells = [partner.cell for partner in together] + [member.first for member in members]
            spending = {cell: Fraction(amounts[cell]) for cell in cells}
            points = {at: Fraction(amount) for at, amount in state.items()}
            matched = [
                float(amount)
                for amount in weighed(self.served.groups[number], spending, self.served.book_pairs, points)
            ]
        found = dict.fromkeys(state, 0.0)
        for member, amount in zip(members, matched, strict=True):
            found[member.at] += member.score * amount
        return found

    def change(self, cells: Sequence[Cell], step: int) -> Change:
        """By how much the delivered points of each pair change where each of ``cells`` moves by ``step`` units."""
        change, money = Change(), step * self.unit
        for cell in cells:
            more = self._along(cell, self.amounts[cell] + money) - self.counted[cell]
            for at, straight, curved in self.served.by_cell.get(cell, ()):
                change[at] = change.get(at, 0.0) + straight * money + curved * more
        if groups := sorted({number for cell in cells for number in self.served.groups_of.get(cell, ())}):
            after = ChainMap({cell: self.amounts[cell] + money for cell in cells}, self.amounts)
            for number in groups:
                given = change.given[number] = self._points(number, after, change)
                for points, sign in ((given, 1), (self.given[number], -1)):
                    for at, amount in points.items():
                        change[at] = change.get(at, 0.0) + sign * amount
        return change

    def _value(self, at: At, points: float) -> float:
        pair = self.pairs[at]
        value, left = 0.0, points
        for number, (width, rate) in enumerate(pair.segments):
            part = min(left, width)
            value += rate * part
            left -= part
            if left <= 0 or (number == 0 and part < 0):
                break
        return pair.worth * value

    def of(self, cell: Cell, step: int) -> float:
        """Points of score that ``step`` units more in a cell add."""
        gained = 0.0
        for at, points in self.change((cell,), step).items():
            slope, down, up = self.standing.get(at) or self._stands(at)
            if down <= points <= up:
                gained += slope * points
            else:
                here = self.delivered[at]
                gained += self._value(at, here + points) - self._value(at, here)
        return gained

    def _stands(self, at: At) -> tuple[float, float, float]:
        """What a point more or less is worth at a need, and between which changes that holds."""
        here, pair = self.delivered[at], self.pairs[at]
        start, end = -inf, 0.0
        for width, rate in pair.segments:
            end += width
            if here <= end:
                found = pair.worth * rate, start - here, end - here
                break
            start = end
        else:
            found = 0.0, start - here, inf
        self.standing[at] = found
        return found

    def _met(self, at: At, points: float) -> float:
        return min(points, self.served.needs[at])

    def shortfalls(self) -> list[int]:
        """The floors of attainment that do not hold."""
        return [number for number, short in enumerate(self.short) if short > FELT]

    def _short_after(self, number: int, change: Mapping[At, float]) -> float:
        """By how much a floor falls short once the delivered points have changed."""
        _, weights = self.served.floors[number]
        lifted = sum(
            weights[at] * (self._met(at, self.delivered[at] + points) - self._met(at, self.delivered[at]))
            for at, points in change.items()
            if points and at in weights
        )
        return self.short[number] - lifted

    def lifts(self, number: int, cell: Cell) -> float:
        """By how much a unit more in a cell lifts a floor's attainment."""
        return self.short[number] - self._short_after(number, self.change((cell,), 1))

    def breaks_a_floor(self, change: Mapping[At, float]) -> bool:
        """Whether a change of delivered points would make a floor of attainment worse than its bound."""
        if not self.served.floors:
            return False
        return any(
            self._short_after(number, change) > max(self.short[number], 0.0) + FELT
            for number in self._floors_under(change)
        )

    def _floors_under(self, change: Mapping[At, float]) -> set[int]:
        return {number for at, points in change.items() if points for number in self.served.floors_at.get(at, ())}

    def moved(self, cells: Sequence[Cell], step: int, change: Change) -> None:
        """Take note of a move that was made, and of the ``change`` of points that it made."""
        for number in self._floors_under(change):
            self.short[number] = self._short_after(number, change)
        for at, points in change.items():
            self.delivered[at] += points
            self.standing.pop(at, None)
        for cell in cells:
            self.amounts[cell] += step * self.unit
            self.counted[cell] = self._along(cell, self.amounts[cell])
        for number, given in change.given.items():
            self.given[number] = given


def _in_floats(partner: Partner[Fraction]) -> Partner[float]:
    members = [Member(m.synergy, m.first, float(m.ratio), float(m.score), m.at) for m in partner.members]
    return Partner(partner.cell, members)
