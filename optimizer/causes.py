"""What stopped each line of a published plan, and what a step of money more or less there does to the score.

All of it is read off the published amounts: rows without room by exact arithmetic, points by evaluating the plan
with the step taken and everything else as it stands. Nothing here rests on a solver's prices except the order in
which rules are named.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import chain
from math import ceil, inf

from optimizer.exact import Cell, ExactBook, Key, Row
from optimizer.gains import FELT, Gains, Served
from optimizer.plan import Plan
from optimizer.portfolio import Programme

ZERO = Fraction(0)
_Room = tuple[Key, dict[Cell, int], float, float]
"""A row's coefficients on cells, and how much its activity may rise and fall (in whole units times its scale)."""
_Giver = tuple[float, Cell, int]
"""Points that a line's last step adds a unit, the line, and the units that it can give."""

PINNED, MAXIMUM, HARM, MET, NO_GAIN = "pinned", "maximum", "harm", "met", "no gain"
RULES, BETTER, USED_UP, FREE, ROUNDING = "rules", "better", "used up", "free", "rounding"
HELD, LEFT_OUT = "held", "left out"


@dataclass(frozen=True)
class BetterUse:
    """A use that the money of a line could come from: of those worth no less, the one of least worth whose last step
    can be moved, or else the one that most can be moved from.

    Its last ``step`` (money) adds ``points``; the same step would add ``here`` points at the line, which is no more.
    """

    cell: Cell
    step: Fraction
    points: float
    here: float

    @property
    def is_as_good_here(self) -> bool:
        """Whether the step would add as much at the line."""
        return self.points - self.here <= FELT


@dataclass(frozen=True)
class Cause:
    """Why a line got no more.

    ``kind`` is one of the words above; ``rules`` are rows without room, the dearest first (``held``: without room for
    a step moved here from any use that is worth less). ``next_points`` is what a step more would add to the score and
    ``last_points`` what the last step adds (see ``Causes.step_of``); None where there is no such step, or where more
    than the line's own points depends on it.
    """

    kind: str
    rules: tuple[Key, ...] = ()
    better: BetterUse | None = None
    next_points: float | None = None
    last_points: float | None = None


class Causes:
    """The causes of all lines of one published plan."""

    def __init__(self, book: ExactBook, plan: Plan, multipliers: Mapping[Key, int]) -> None:
        self.book = book
        self.portfolio = book.portfolio
        self.plan = plan
        self.multipliers = multipliers
        self.unit = self.portfolio.settings.publish_unit
        self.units = {cell: int(amount // self.unit) for cell, amount in plan.spending.items()}
        self.gains = Gains(Served(book), self.units)
        self.most, self.least = self._ranges()
        self._points_found: dict[tuple[Cell, int], float] = {}
        self._givers_found: dict[tuple[str, int], list[_Giver]] = {}
        self.builders = {use.programme for use in self.portfolio.resource_uses if use.builds}

    def _ranges(self) -> tuple[dict[Cell, int], dict[Cell, int]]:
        """The whole publish units that each line may have at most, and must have at least."""
        most, least = {}, {}
        for programme in self.portfolio.programmes.values():
            high, low = int(programme.maximum // self.unit), int(-(-programme.floor // self.unit))
            for year in programme.years:
                cell, pin = (programme.id, year), programme.pins.get(year)
                most[cell] = high if pin is None else int(pin // self.unit)
                least[cell] = self.units[cell] if programme.indivisible or pin is not None else low
        return most, least

    def _points(self, cell: Cell, step: int) -> float:
        """Points of score that ``step`` units more in a cell add to the published plan."""
        if (cell, step) not in self._points_found:
            self._points_found[cell, step] = self.gains.of(cell, step)
        return self._points_found[cell, step]

    def _breaks_a_floor(self, cell: Cell, step: int) -> bool:
        return bool(self.gains.served.floors) and self.gains.breaks_a_floor(self.gains.change((cell,), step))

    @cached_property
    def step(self) -> int:
        """The usual step in publish units: one unit of money, or a publish unit where that is larger."""
        return max(1, ceil(1 / self.unit))

    def of(self, programme: Programme, year: int) -> Cause:
        """Why a programme got no more in a year (an offset)."""
        cell = programme.id, year
        if year in programme.pins:
            return Cause(PINNED)
        last = self.last_points(cell)
        room = self.room_to_ceiling(cell)
        if not room:
            return Cause(MAXIMUM, last_points=last)
        blockers = self.blockers.get(cell, [])
        rules = tuple(key for key in blockers if key[0] != "budget")
        if programme.id in self.builders:
            kind = RULES if rules else USED_UP if blockers else FREE
            return Cause(kind, rules or tuple(blockers))
        gain = self._points(cell, self._units_of_step(cell, more=True))
        return self._with_gain(cell, gain, last, rules, tuple(blockers))

    def _with_gain(
        self, cell: Cell, gain: float, last: float | None, rules: tuple[Key, ...], blockers: tuple[Key, ...]
    ) -> Cause:
        """A rule that has a price comes first: more here could take the place of something else, were it not there."""
        if any(self.multipliers.get(key) for key in rules):
            return Cause(RULES, rules, next_points=gain, last_points=last)
        if gain <= FELT:
            kind = HARM if gain < -FELT else MET if self._needs_are_met(cell) else NO_GAIN
            return Cause(kind, next_points=gain, last_points=last)
        if len(blockers) > len(rules):
            held, better = self._elsewhere(cell)
            if held and not rules:
                return Cause(HELD, held, next_points=gain, last_points=last)
            if better is not None:
                return Cause(BETTER, blockers, better, gain, last)
        spare = LEFT_OUT if self._is_left_out(cell) else ROUNDING
        kind = RULES if rules else USED_UP if blockers else spare
        return Cause(kind, rules or blockers, next_points=gain, last_points=last)

    def _is_left_out(self, cell: Cell) -> bool:
        """Whether a line is all or nothing, and gets nothing."""
        programme = self.portfolio.programmes[cell[0]]
        return programme.indivisible and not self.units[cell] and cell[1] not in programme.pins

    def room_to_ceiling(self, cell: Cell) -> int:
        """Whole publish units between a line and its maximum."""
        return max(0, self.most[cell] - self.units[cell])

    def room_to_floor(self, cell: Cell) -> int:
        """Whole publish units between a line and its minimum; an indivisible programme has none."""
        return max(0, self.units[cell] - self.least[cell])

    def last_points(self, cell: Cell) -> float | None:
        """What the last step of a line adds to the score; None where it has no whole step, or builds a resource."""
        step = self._units_of_step(cell, more=False)
        return -self._points(cell, -step) if step and cell[0] not in self.builders else None

    def step_of(self, cell: Cell, more: bool) -> Fraction:
        """The money that the points of a line speak of: the usual step, or what is left of the line's range.

        An indivisible programme begins with its minimum, and ends with it.
        """
        return self._units_of_step(cell, more) * self.unit

    def _units_of_step(self, cell: Cell, more: bool) -> int:
        if more:
            return min(self.room_to_ceiling(cell), max(self.step, self._units_to_begin(cell)))
        programme, step = self.portfolio.programmes[cell[0]], min(self.units[cell], self.step)
        is_too_little = programme.indivisible and (self.units[cell] - step) * self.unit < programme.floor
        return self.units[cell] if is_too_little and cell[1] not in programme.pins else step

    def _units_to_begin(self, cell: Cell) -> int:
        """The fewest units that a line can get more: one, or the minimum of an indivisible programme that has none."""
        floor = self.portfolio.programmes[cell[0]].floor
        return max(1, ceil(floor / self.unit)) if self._is_left_out(cell) else 1

    # Rows without room

    @cached_property
    def blockers(self) -> dict[Cell, list[Key]]:
        """For each cell the rows that leave no room for the fewest units more of it, the dearest first."""
        found: dict[Cell, list[tuple[float, Key]]] = defaultdict(list)
        fewest = {cell: self._units_to_begin(cell) for cell in self.units}
        for row, up, down in self._rooms:
            price = abs(self.multipliers.get(row.key, 0))
            for cell, coefficient in row.spend:
                change = coefficient * fewest[cell]
                if change > up or -change > down:
                    found[cell].append((-price * abs(coefficient) / row.scale, row.key))
        return {cell: [key for _, key in sorted(rows, key=lambda entry: entry[0])] for cell, rows in found.items()}

    @cached_property
    def _rooms(self) -> list[tuple[Row, float, float]]:
        """Each row on spending with how much its activity may rise and fall (in whole units times its scale)."""
        found: list[tuple[Row, float, float]] = []
        for row in self.book.rows:
            if row.key[0] in _NOT_BLOCKING:
                continue
            others = sum((c * self._flow(key) for key, c in row.others), ZERO) if row.others else ZERO
            (most, least), spent = row.ends(self.unit, others), row.activity(self.units)
            up = max(0, most - spent) if row.sense != ">=" else inf
            down = max(0, spent - least) if row.sense != "<=" else inf
            found.append((row, up, down))
        return found

    def _flow(self, key: Key) -> Fraction:
        if key[0] == "f":
            return self.plan.transfers[int(key[1]), int(key[2])]
        if key[0] == "v":
            return self.plan.carries[str(key[1]), int(key[2])]
        return ZERO

    # Needs

    def _needs_are_met(self, cell: Cell) -> bool:
        """Whether every need that more of this line would serve is met to the last point."""
        more = self.gains.change((cell,), 1)
        served = [at for at, points in more.items() if points > 0]
        return bool(served) and all(self.gains.delivered[at] >= self.gains.served.needs[at] - FELT for at in served)

    # The better use of the same money

    def _elsewhere(self, cell: Cell) -> tuple[tuple[Key, ...], BetterUse | None]:
        """The rows that hold back money from every use that is worth less than the line, and the better use.

        A builder among the uses says nothing: what it is worth is more than its own points. Nor does a step of money
        for what is all or nothing, a use that its own rules keep from giving, or less than a step that rounding left.
        """
        held: list[Key] | None = None
        nearest, most = None, 0
        whole = min(self.room_to_ceiling(cell), self.step)
        for giver, step in [] if self._is_left_out(cell) else self._steps_from(cell, whole):
            movable, stops = self._movable(giver, cell, step)
            if self._is_worth_less(giver, cell, step):
                if stops or movable == whole:
                    held = stops if held is None else [key for key in held if key in stops]
            elif movable > most and (movable == step or not self._is_worth_less(giver, cell, movable)):
                nearest, most = giver, movable
                if movable == step:
                    break
        return tuple(held or ()), self._use(nearest, cell, most) if nearest else None

    def _is_worth_less(self, giver: Cell, cell: Cell, step: int) -> bool:
        return -self._points(giver, -step) < self._points(cell, step) - FELT

    def _steps_from(self, cell: Cell, whole: int) -> Iterator[tuple[Cell, int]]:
        """The uses that a line's money could come from, the one of least worth first, and the units of their step."""
        for _, giver, available in self._givers(self.portfolio.programmes[cell[0]].account, cell[1]):
            if giver[0] != cell[0]:
                yield giver, min(whole, available)

    def _use(self, giver: Cell, cell: Cell, step: int) -> BetterUse:
        return BetterUse(giver, step * self.unit, -self._points(giver, -step), self._points(cell, step))

    def _movable(self, giver: Cell, cell: Cell, step: int) -> tuple[int, list[Key]]:
        """How many units up to ``step`` can be moved from one line to another, and the rows of the other that stop it.

        Appropriations are left out: transfers and carry-over move with the money.
        """
        most, stops = step, []
        for key, terms, up, down in chain(self._giving.get(giver, ()), self._taking.get(cell, ())):
            change = terms.get(cell, 0) - terms.get(giver, 0)
            room = up if change > 0 else down
            if change and room < step * abs(change):
                most = min(most, int(room // abs(change)))
                if cell in terms and key not in stops:
                    stops.append(key)
        return most, stops

    @cached_property
    def _giving(self) -> Mapping[Cell, list[_Room]]:
        """For each cell the rows that it would break by giving up the usual step."""
        return self._strained(-self.step)

    @cached_property
    def _taking(self) -> Mapping[Cell, list[_Room]]:
        """For each cell the rows that it would break by taking the usual step."""
        return self._strained(self.step)

    def _strained(self, step: int) -> Mapping[Cell, list[_Room]]:
        found: dict[Cell, list[_Room]] = defaultdict(list)
        for row, up, down in self._rooms:
            if row.key[0] == "budget":
                continue
            cells = [cell for cell, coefficient in row.spend if not -down <= step * coefficient <= up]
            if cells:
                entry = row.key, dict(row.spend), up, down
                for cell in cells:
                    found[cell].append(entry)
        return found

    def _givers(self, account: str, year: int) -> list[_Giver]:
        """The uses within reach of an account and year, the one that adds least a unit first."""
        if (account, year) not in self._givers_found:
            self._givers_found[account, year] = sorted(
                (points, giver, min(available, room))
                for place, room in self._within_reach(account, year).items()
                for points, giver, available in self._uses.get(place, [])
            )
        return self._givers_found[account, year]

    def _within_reach(self, account: str, year: int) -> Mapping[tuple[str, int], int]:
        """The accounts and years whose money can be moved here, and how many units of it.

        By one transfer or carry-over: less of what leaves, more of what comes in.
        """
        plan, ceilings = self.plan, self.book.others
        room: dict[tuple[str, int], Fraction] = defaultdict(Fraction)
        for number, transfer in enumerate(self.portfolio.transfers):
            moved = plan.transfers.get((number, year), ZERO)
            if account == transfer.from_account:
                room[transfer.to_account, year] += moved
            if account == transfer.to_account:
                room[transfer.from_account, year] += ceilings.get(("f", number, year), ZERO) - moved
        room[account, year + 1] += plan.carries.get((account, year), ZERO)
        before = plan.carries.get((account, year - 1), ZERO)
        room[account, year - 1] += ceilings.get(("v", account, year - 1), ZERO) - before
        units = {place: int(money // self.unit) for place, money in room.items() if money >= self.unit}
        return {**units, (account, year): self.step}

    @cached_property
    def _uses(self) -> dict[tuple[str, int], list[_Giver]]:
        """For each account and year the lines that can give something up: points a unit, line, units."""
        found: dict[tuple[str, int], list[_Giver]] = defaultdict(list)
        for programme in self.portfolio.programmes.values():
            for year in programme.years:
                cell = programme.id, year
                step = min(self.room_to_floor(cell), self.step)
                if step and programme.id not in self.builders and not self._breaks_a_floor(cell, -step):
                    found[programme.account, year].append((-self._points(cell, -step) / step, cell, step))
        return found


_NOT_BLOCKING = (
    "attainment",
    "synergy_at_most_first_partner",
    "synergy_at_most_second_partner",
    "synergies_divide_second_partner",
    "minimum",
    "indivisible_at_least",
    "indivisible_at_most",
    "commitment_to_choice",
    "pin",
    "limit_on_attainment",
)
"""Rows that are not on money alone; minimums and pins are read off the programme."""
