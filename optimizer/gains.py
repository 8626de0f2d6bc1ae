"""What a unit of money more or less in one line does to the score, at amounts as they stand; in floats, quickly.

Prices of a solver are right at its optimum only: they are 0 where a need is met to the last point. Rounding needs to
know what a unit adds where a need has just fallen short of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from optimizer.exact import Cell, ExactBook, Key

At = tuple[str, str, int]
FELT = 1e-9
"""Points below which a gain or a shortfall does not count."""


@dataclass(frozen=True)
class _Group:
    """Synergies that share their second partner's money in a year: (first partner, ratio, score, pair) each."""

    partner: Cell
    members: tuple[tuple[Cell, float, float, At], ...]


class Gains:
    """Delivered points by pair, kept up to date while units move."""

    def __init__(self, book: ExactBook, units: Mapping[Cell, int]) -> None:
        self.unit = float(book.portfolio.settings.publish_unit)
        self.amounts = {cell: whole * self.unit for cell, whole in units.items()}
        self.segments = {
            at: (float(pair.worth), [(float(width), float(rate)) for width, rate in pair.segments])
            for at, pair in book.pairs.items()
        }
        self.curves = self._curves(book)
        self.delivered: dict[At, float] = {}
        self.serves: dict[Cell, list[tuple[At, float, float]]] = defaultdict(list)
        for row in book.rows:
            if row.key[0] == "attainment":
                self._read(row.key, float(row.bound), row)
        self.groups_of: dict[Cell, list[_Group]] = defaultdict(list)
        for group in self._groups(book):
            for cell in {group.partner, *(member[0] for member in group.members)}:
                self.groups_of[cell].append(group)
            for at, points in self._points(group, {}).items():
                self.delivered[at] += points
        self.valued: dict[At, float] = {}
        """What the delivered points of a pair score, where it has been asked since they last changed."""
        self.floors = self._floors(book)
        self.needs = {at: sum(width for width, _ in segments) for at, (_, segments) in self.segments.items()}
        self.short = [
            bound - sum(weight * self._met(at, self.delivered[at]) for at, weight in weights.items())
            for bound, weights in self.floors
        ]
        """By how much each floor of attainment falls short; below zero where there is room."""
        self.floors_at: dict[At, list[int]] = defaultdict(list)
        for number, (_, weights) in enumerate(self.floors):
            for at in weights:
                self.floors_at[at].append(number)

    def _read(self, key: Key, points: float, row: object) -> None:
        at: At = (str(key[1]), str(key[2]), int(key[3]))
        scale = row.scale  # type: ignore[attr-defined]
        for cell, coefficient in row.spend:  # type: ignore[attr-defined]
            straight = -coefficient / scale
            self.serves[cell].append((at, straight, 0.0))
            points += straight * self.amounts[cell]
        for cell, coefficient in row.curved:  # type: ignore[attr-defined]
            curved = -coefficient / scale
            self.serves[cell].append((at, 0.0, curved))
            points += curved * self._along(cell, self.amounts[cell])
        self.delivered[at] = points

    @staticmethod
    def _curves(book: ExactBook) -> dict[str, list[tuple[float, float]]]:
        found = {}
        for programme in book.portfolio.programmes.values():
            ends = [(float(s.up_to * programme.scale), float(s.rate)) for s in programme.curve]
            found[programme.id] = [*ends[:-1], (float("inf"), ends[-1][1])]
        return found

    def _along(self, cell: Cell, amount: float) -> float:
        counted = start = 0.0
        for end, rate in self.curves[cell[0]]:
            if amount <= end:
                return counted + rate * (amount - start)
            counted += rate * (end - start)
            start = end
        return counted

    def _groups(self, book: ExactBook) -> list[_Group]:
        together: dict[tuple[object, ...], list[tuple[Cell, float, float, At]]] = defaultdict(list)
        for key in book.others:
            if key[0] != "m":
                continue
            synergy, year = book.portfolio.synergies[str(key[1])], int(key[2])
            at = (book.portfolio.programmes[synergy.programme_a].region, synergy.objective, year)
            alone = synergy.id if synergy.shared else ""
            member = ((synergy.programme_a, year), float(synergy.ratio), float(synergy.score), at)
            together[synergy.programme_b, year, synergy.objective, alone].append(member)
        return [
            _Group((str(key[0]), int(str(key[1]))), tuple(sorted(members, key=self._worth_of_a_match)))
            for key, members in together.items()
        ]

    def _worth_of_a_match(self, member: tuple[Cell, float, float, At]) -> float:
        _, ratio, score, at = member
        worth, segments = self.segments[at]
        return -worth * segments[0][1] * score / ratio

    def _points(self, group: _Group, changed: Mapping[Cell, float]) -> dict[At, float]:
        """Points of a group's matched money; the dearest match first."""
        left = changed.get(group.partner, self.amounts[group.partner])
        points: dict[At, float] = defaultdict(float)
        for first, ratio, score, at in group.members:
            matched = min(changed.get(first, self.amounts[first]), left / ratio)
            points[at] += score * matched
            left -= ratio * matched
        return points

    def _floors(self, book: ExactBook) -> list[tuple[float, dict[At, float]]]:
        """Limits on attainment: the bound and the weight of each pair and year."""
        return [
            (float(row.bound), {(str(k[1]), str(k[2]), int(k[3])): float(c) for k, c in row.others})
            for row in book.rows
            if row.key[0] == "limit_on_attainment"
        ]

    def change(self, cells: Sequence[Cell], step: int) -> dict[At, float]:
        """By how much the delivered points of each pair change where each of ``cells`` moves by ``step`` units."""
        change: dict[At, float] = defaultdict(float)
        after = {cell: self.amounts[cell] + step * self.unit for cell in cells}
        groups: dict[int, _Group] = {}
        for cell in cells:
            more = self._along(cell, after[cell]) - self._along(cell, self.amounts[cell])
            for at, straight, curved in self.serves.get(cell, ()):
                change[at] += straight * step * self.unit + curved * more
            for group in self.groups_of.get(cell, ()):
                groups[id(group)] = group
        for group in groups.values():
            for at, points in self._points(group, after).items():
                change[at] += points
            for at, points in self._points(group, {}).items():
                change[at] -= points
        return change

    def _value(self, at: At, points: float) -> float:
        worth, segments = self.segments[at]
        value, left = 0.0, points
        for number, (width, rate) in enumerate(segments):
            part = min(left, width)
            value += rate * part
            left -= part
            if left <= 0 or (number == 0 and part < 0):
                break
        return worth * value

    def of(self, cell: Cell, step: int) -> float:
        """Points of score that ``step`` units more in a cell add."""
        return sum(
            self._value(at, self.delivered[at] + points) - self._value_now(at)
            for at, points in self.change((cell,), step).items()
            if points
        )

    def _value_now(self, at: At) -> float:
        if at not in self.valued:
            self.valued[at] = self._value(at, self.delivered[at])
        return self.valued[at]

    def _met(self, at: At, points: float) -> float:
        return min(points, self.needs[at])

    def shortfalls(self) -> list[int]:
        """The floors of attainment that do not hold."""
        return [number for number, short in enumerate(self.short) if short > FELT]

    def _short_after(self, number: int, change: Mapping[At, float]) -> float:
        """By how much a floor falls short once the delivered points have changed."""
        _, weights = self.floors[number]
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
        if not self.floors:
            return False
        return any(
            self._short_after(number, change) > max(self.short[number], 0.0) + FELT
            for number in self._floors_under(change)
        )

    def _floors_under(self, change: Mapping[At, float]) -> set[int]:
        return {number for at, points in change.items() if points for number in self.floors_at.get(at, ())}

    def moved(self, cells: Sequence[Cell], step: int, change: Mapping[At, float]) -> None:
        """Take note of a move that was made, and of the ``change`` of points that it made."""
        for number in self._floors_under(change):
            self.short[number] = self._short_after(number, change)
        for at, points in change.items():
            self.delivered[at] += points
            self.valued.pop(at, None)
        for cell in cells:
            self.amounts[cell] += step * self.unit
