"""The published plan: whole units, every promise of the contract kept, and the money that flows between accounts.

The solver's amounts are rounded down to whole publish units; money is moved between accounts so that each still
pays for what it spends; what was cut is given back where every row allows it; rows that the rounding broke are
mended where a unit more or less elsewhere does it. All counting is in whole units and rationals.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from heapq import heapify, heappop, heappush
from math import ceil

from optimizer.exact import Cell, ExactBook, Key
from optimizer.gains import FELT, Gains, Served

ZERO = Fraction(0)
SNAP = 1e-5
"""A solver's amount this near (in units) to a whole unit is that unit."""
DONORS_TRIED = 30
NEGLIGIBLE = 1e-9
COUNTED_ELSEWHERE = (
    "attainment",
    "synergy_at_most_first_partner",
    "synergy_at_most_second_partner",
    "synergies_divide_second_partner",
    "budget",
    "minimum",
    "indivisible_at_least",
    "indivisible_at_most",
    "commitment_to_choice",
    "pin",
    "limit_on_attainment",
)
"""Rows that hold by construction here (bounds, flows, what g and m are computed from) or speak of g alone."""


@dataclass(frozen=True)
class Draft:
    """A solver's answer: money by cell, transfer and carry-over (floats)."""

    spending: Mapping[Cell, float]
    transfers: Mapping[tuple[int, int], float]
    carries: Mapping[tuple[str, int], float]


@dataclass(frozen=True)
class Plan:
    """Published money: by cell, by transfer (its number in the table, year) and by carry-over (account, year)."""

    spending: Mapping[Cell, Fraction]
    transfers: Mapping[tuple[int, int], Fraction]
    carries: Mapping[tuple[str, int], Fraction]

    def as_draft(self) -> Draft:
        """The plan as if a solver had answered it."""
        return Draft(
            {key: float(amount) for key, amount in self.spending.items()},
            {key: float(amount) for key, amount in self.transfers.items()},
            {key: float(amount) for key, amount in self.carries.items()},
        )


class Ground:
    """What rounding asks of a book, whatever the draft: the rows that units may break, by cell, and what units add."""

    def __init__(self, book: ExactBook) -> None:
        self.book = book
        self.unit = book.portfolio.settings.publish_unit
        self.served = Served(book)
        self.rows = [row for row in book.rows if row.key[0] not in COUNTED_ELSEWHERE]
        self.touching: dict[Cell, list[tuple[int, int]]] = defaultdict(list)
        """The rows of a cell, by their number, and its whole coefficient in each."""
        for number, row in enumerate(self.rows):
            for cell, coefficient in row.spend:
                self.touching[cell].append((number, coefficient))
        self.ends = [row.ends(self.unit) for row in self.rows]
        """The most and the least activity that each row allows."""
        self.low: dict[Cell, int] = {}
        self.high: dict[Cell, int] = {}
        """The least and most whole units of each cell; an indivisible one may also get nothing."""
        for name, year in book.pieces:
            programme = book.portfolio.programmes[name]
            most = int(programme.ceiling(year) // self.unit)
            self.high[name, year] = most
            self.low[name, year] = most if year in programme.pins else int(-(-programme.floor // self.unit))


def publish(ground: Ground, draft: Draft, is_to_be_kept: bool = False) -> Plan:
    """Round ``draft`` to whole units of the book's ``publish_unit``.

    What the draft leaves unspent is spent where it raises the score, unless the draft ``is_to_be_kept``: then no line
    gets more than the next whole unit.
    """
    return _Rounding(ground, draft, is_to_be_kept).plan()


class _Rounding:
    """Whole units of every cell and flow, moved one at a time."""

    def __init__(self, ground: Ground, draft: Draft, is_to_be_kept: bool) -> None:
        self.book, self.unit = ground.book, ground.unit
        self.draft = draft
        self.low, self.high = dict(ground.low), dict(ground.high)
        for (name, year), amount in draft.spending.items():
            programme = self.book.portfolio.programmes[name]
            if programme.indivisible and year not in programme.pins and amount < float(programme.floor) / 2:
                self.low[name, year] = self.high[name, year] = 0
        if is_to_be_kept:
            for cell, amount in draft.spending.items():
                self.high[cell] = max(self.low[cell], min(self.high[cell], ceil(amount / float(self.unit) - SNAP)))
        self.units = {cell: self._rounded_down(cell, amount) for cell, amount in draft.spending.items()}
        self.flows = _Flows(self.book, draft, self.unit, self.units)
        self.rows, self.touching, self.ends = ground.rows, ground.touching, ground.ends
        self.activity = [row.activity(self.units) for row in self.rows]
        self.gains = Gains(ground.served, self.units)

    def plan(self) -> Plan:
        self._mend(donors={})
        self._give_back([cell for cell, units in self.units.items() if self._is_cut(cell, units)])
        if self._anything_is_broken():
            self._mend(self._donors())
        while self._give_back(self.units):
            pass
        return Plan(
            {cell: units * self.unit for cell, units in self.units.items()},
            {key: units * self.unit for key, units in self.flows.transfers.items()},
            {key: units * self.unit for key, units in self.flows.carries.items()},
        )

    def _rounded_down(self, cell: Cell, amount: float) -> int:
        units = amount / float(self.unit)
        whole = round(units) if abs(units - round(units)) < SNAP else int(units // 1)
        return min(max(whole, self.low[cell]), self.high[cell])

    def _is_cut(self, cell: Cell, units: int) -> bool:
        return self.draft.spending[cell] / float(self.unit) > units + SNAP

    def _breaks(self, number: int, change: int) -> bool:
        """Whether ``change`` of a row's activity makes it worse than its bound."""
        sense, after = self.rows[number].sense, self.activity[number] + change
        most, least = self.ends[number]
        return (sense != ">=" and change > 0 and after > most) or (sense != "<=" and change < 0 and after < least)

    def _move(self, cells: Sequence[Cell], step: int) -> bool:
        """Add or take one unit of each cell where ranges, rows and accounts allow; says whether it did."""
        if any(not self.low[cell] <= self.units[cell] + step <= self.high[cell] for cell in cells):
            return False
        if step > 0 and any(self._is_out_of_money(cell) for cell in cells):
            return False
        changes: dict[int, int] = defaultdict(int)
        for cell in cells:
            for number, coefficient in self.touching[cell]:
                changes[number] += coefficient * step
        if any(self._breaks(number, change) for number, change in changes.items()):
            return False
        points = self.gains.change(cells, step)
        if self.gains.breaks_a_floor(points):
            return False
        paid: list[tuple[str, int]] = []
        for cell in cells:
            account = self.book.portfolio.programmes[cell[0]].account
            if step > 0 and not self.flows.pays_for_one_more(account, cell[1]):
                for payer, year in paid:
                    self.flows.spend(payer, year, -1)
                return False
            self.flows.spend(account, cell[1], step)
            paid.append((account, cell[1]))
        self.gains.moved(cells, step, points)
        for cell in cells:
            self.units[cell] += step
        for number, change in changes.items():
            self.activity[number] += change
        return True

    def _is_out_of_money(self, cell: Cell) -> bool:
        """Whether it is known already that nothing pays for a unit more."""
        return self.flows.is_used_up(self.book.portfolio.programmes[cell[0]].account, cell[1])

    def _move_with_years_beside(self, cell: Cell, step: int) -> bool:
        """Move a cell alone, or with later or earlier years of its programme, so that ramps hold."""
        name, year = cell
        later = [(name, t) for t in range(year, self.book.portfolio.settings.years) if (name, t) in self.units]
        earlier = [(name, t) for t in range(year, -1, -1) if (name, t) in self.units]
        runs = [later[:n] for n in range(1, len(later) + 1)] + [earlier[:n] for n in range(2, len(earlier) + 1)]
        return any(self._move(run, step) for run in [*runs, sorted({*later, *earlier})])

    def _give_back(self, cells: Iterable[Cell]) -> bool:
        """Add units where they raise the score most, one at a time; whether any was added.

        A unit that did not fit may fit once others are in: so it is asked again until none does.
        """
        is_any_added = False
        able = [cell for cell in cells if self.units[cell] < self.high[cell] and not self._is_out_of_money(cell)]
        queue = [(-self.gains.of(cell, 1), cell) for cell in able]
        queue = [entry for entry in queue if entry[0] < -FELT]
        heapify(queue)
        while queue:
            _, cell = heappop(queue)
            gain = 0.0 if self._is_out_of_money(cell) else self.gains.of(cell, 1)
            if gain <= FELT:
                continue
            if queue and -queue[0][0] > gain + FELT:
                heappush(queue, (-gain, cell))
            elif self._move([cell], 1):
                is_any_added = True
                if self.units[cell] < self.high[cell]:
                    heappush(queue, (-self.gains.of(cell, 1), cell))
        return is_any_added

    def _donors(self) -> dict[tuple[str, int], list[Cell]]:
        """By account and year, the cells that would miss a unit least, first."""
        found: dict[tuple[str, int], list[Cell]] = defaultdict(list)
        for cell in sorted(self.units, key=lambda cell: -self.gains.of(cell, -1)):
            found[self.book.portfolio.programmes[cell[0]].account, cell[1]].append(cell)
        return found

    def _mend(self, donors: Mapping[tuple[str, int], Sequence[Cell]]) -> None:
        """Move single units that bring a broken row back without breaking another.

        Where an account has nothing left for a unit more, one of its ``donors`` gives a unit.
        """
        for number, row in enumerate(self.rows):
            if not self._is_broken(number):
                continue
            for cell, coefficient in sorted(row.spend, key=lambda term: -abs(term[1])):
                if not self._is_broken(number):
                    break
                broken_below = row.sense != "<=" and self.activity[number] < self.ends[number][1]
                step = 1 if (coefficient > 0) == broken_below else -1
                if not self._move_with_years_beside(cell, step) and step > 0:
                    account = self.book.portfolio.programmes[cell[0]].account
                    self._move_with_donor(cell, donors.get((account, cell[1]), ()))
        for number in self.gains.shortfalls():
            self._lift(number, donors)

    def _lift(self, number: int, donors: Mapping[tuple[str, int], Sequence[Cell]]) -> None:
        """Add units that lift a floor of attainment which rounding has broken."""
        lifts = [(self.gains.lifts(number, cell), cell) for cell in self.units if self.units[cell] < self.high[cell]]
        for lift, cell in sorted(lifts, key=lambda pair: -pair[0]):
            if lift <= FELT or number not in self.gains.shortfalls():
                return
            if not self._move_with_years_beside(cell, 1):
                account = self.book.portfolio.programmes[cell[0]].account
                self._move_with_donor(cell, donors.get((account, cell[1]), ()))

    def _is_broken(self, number: int) -> bool:
        sense, activity = self.rows[number].sense, self.activity[number]
        most, least = self.ends[number]
        return (sense != ">=" and activity > most) or (sense != "<=" and activity < least)

    def _anything_is_broken(self) -> bool:
        return any(map(self._is_broken, range(len(self.rows)))) or bool(self.gains.shortfalls())

    def _move_with_donor(self, cell: Cell, donors: Sequence[Cell]) -> None:
        for donor in donors[:DONORS_TRIED]:
            if donor != cell and self._move([donor], -1):
                if self._move_with_years_beside(cell, 1):
                    return
                self._move([donor], 1)


class _Flows:
    """Transfers and carry-over in whole units; ``slack`` is what an account has left in a year."""

    def __init__(self, book: ExactBook, draft: Draft, unit: Fraction, spending: Mapping[Cell, int]) -> None:
        portfolio = book.portfolio
        self.exhausted: set[tuple[str, int]] = set()
        """Accounts and years that no route reaches, until money is freed somewhere."""
        self.transfers = {key: self._down(amount, unit) for key, amount in draft.transfers.items()}
        self.carries = {key: self._down(amount, unit) for key, amount in draft.carries.items()}
        self.ends: dict[Key, tuple[tuple[str, int], tuple[str, int]]] = {}
        self.ceilings: dict[Key, int] = {}
        for number, year in draft.transfers:
            transfer = portfolio.transfers[number]
            key: Key = ("f", number, year)
            self.ends[key] = ((transfer.from_account, year), (transfer.to_account, year))
            self.ceilings[key] = int(book.others[key] // unit)
        for account, year in draft.carries:
            key = ("v", account, year)
            self.ends[key] = ((account, year), (account, year + 1))
            self.ceilings[key] = int(book.others[key] // unit)
        self.edges_at: dict[tuple[str, int], list[Key]] = defaultdict(list)
        for key, (start, end) in self.ends.items():
            self.edges_at[start].append(key)
            self.edges_at[end].append(key)
        self.slack = {
            (account.id, year): int(amount // unit)
            for account in portfolio.accounts.values()
            for year, amount in enumerate(account.appropriation)
        }
        for (programme, year), units in spending.items():
            self.slack[portfolio.programmes[programme].account, year] -= units
        for key, (start, end) in self.ends.items():
            self._set(key, min(self._amount(key), self.ceilings[key]))
            self.slack[start] -= self._amount(key)
            self.slack[end] += self._amount(key)
        for node in self.slack:
            while self.slack[node] < 0 and self._route_one(node):
                pass

    @staticmethod
    def _down(amount: float, unit: Fraction) -> int:
        units = amount / float(unit)
        return round(units) if abs(units - round(units)) < SNAP else int(units // 1)

    def _amount(self, key: Key) -> int:
        return self.transfers[int(key[1]), int(key[2])] if key[0] == "f" else self.carries[str(key[1]), int(key[2])]

    def _set(self, key: Key, units: int) -> None:
        if key[0] == "f":
            self.transfers[int(key[1]), int(key[2])] = units
        else:
            self.carries[str(key[1]), int(key[2])] = units

    def pays_for_one_more(self, account: str, year: int) -> bool:
        """Whether an account has one unit left in a year, or can be sent one."""
        node = (account, year)
        if self.slack[node] > 0:
            return True
        if node not in self.exhausted and not self._route_one(node):
            self.exhausted.add(node)
        return self.slack[node] > 0

    def is_used_up(self, account: str, year: int) -> bool:
        """Whether an account has nothing left in a year and was found to be out of every route's reach."""
        return self.slack[account, year] <= 0 and (account, year) in self.exhausted

    def spend(self, account: str, year: int, units: int) -> None:
        """Take units from what an account has left; giving some back may open routes that were shut."""
        self.slack[account, year] -= units
        if units < 0:
            self.exhausted.clear()

    def _route_one(self, needy: tuple[str, int]) -> bool:
        """Send one unit to ``needy`` from the nearest account and year with money left, along free permissions."""
        came: dict[tuple[str, int], tuple[Key, int] | None] = {needy: None}
        queue = deque([needy])
        while queue:
            node = queue.popleft()
            if node != needy and self.slack[node] > 0:
                self._push_from(node, needy, came)
                return True
            for key in self.edges_at[node]:
                start, end = self.ends[key]
                if end == node and start not in came and self._amount(key) < self.ceilings[key]:
                    came[start] = (key, 1)
                    queue.append(start)
                elif start == node and end not in came and self._amount(key) > 0:
                    came[end] = (key, -1)
                    queue.append(end)
        return False

    def _push_from(
        self,
        giver: tuple[str, int],
        needy: tuple[str, int],
        came: dict[tuple[str, int], tuple[Key, int] | None],
    ) -> None:
        self.slack[giver] -= 1
        self.slack[needy] += 1
        node = giver
        while (step := came[node]) is not None:
            key, change = step
            self._set(key, self._amount(key) + change)
            start, end = self.ends[key]
            node = end if change > 0 else start
