"""What repairs are made of: cells that may change, changes of them, and the menu of ways out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from optimizer import schema
from optimizer.errors import Place
from optimizer.fiscal import year_name
from optimizer.portfolio import Limit, Portfolio
from optimizer.words import Name, Words, say

WEIGHTS = {"preference": 1, "programme": 2, "resource": 3, "cabinet": 5}
"""What a relative change costs, by kind; law is never offered."""
NEGLIGIBLE = 1e-9
FROM_COMMAND_LINE = "--set"
NOTHING_SAID = say("")


@dataclass(frozen=True)
class Change:
    """One cell: what stands there, what would stand there, and what that costs."""

    sheet: str
    cell: str
    id: str
    name: Words
    kind: str
    before: Fraction
    after: Fraction
    canonical: str
    column: str | int
    row: int

    @property
    def heading(self) -> Words:
        """The heading of the cell's column."""
        if isinstance(self.column, int):
            return year_name(self.column)
        column = schema.SHEETS[self.canonical].columns[self.column]
        return Name(column.title("en"), japanese=column.title("ja"))

    @property
    def before_in_words(self) -> str:
        """What stands there, with every digit."""
        return f"{float(self.before):,.15g}"

    @property
    def after_in_words(self) -> str:
        """What would stand there, with every digit."""
        return f"{float(self.after):,.15g}"

    def cost(self, unit: Fraction) -> Fraction:
        """Relative change, weighted by kind."""
        return abs(self.after - self.before) / max(abs(self.before), unit) * WEIGHTS[self.kind]


@dataclass(frozen=True)
class Repair:
    """Changes that together make a plan possible, their cost, and the best score (points) that they make possible."""

    changes: tuple[Change, ...]
    cost: Fraction
    score: float

    @property
    def cells(self) -> frozenset[tuple[str, str]]:
        """The cells that it changes."""
        return frozenset((change.sheet, change.cell) for change in self.changes)


@dataclass(frozen=True)
class Colliding(Place):
    """A row of a conflict: what it says, and its legal kind where it has one."""

    kind: str = ""
    rule: Words = NOTHING_SAID


@dataclass(frozen=True)
class Menu:
    """Why no plan is possible, and the ways out, cheapest first. ``is_feasible``: there is nothing to mend.

    ``conflicts`` share no rule; each is a set from which no row can be left out, and one row of each must give way.
    ``is_alone``: there is one, and without any one of its rows (an appropriation or resource in all its years) a plan
    exists; else other rows collide beside them. ``is_recurring``: a row's other years collide in the same way.
    ``is_law_alone``: the conflict lies wholly in what may not be changed. ``is_only``: there is one repair, and without
    a change of each of its cells no change of others makes a plan possible.
    """

    is_feasible: bool
    conflicts: tuple[tuple[Colliding, ...], ...] = ()
    repairs: tuple[Repair, ...] = ()
    is_alone: bool = True
    is_recurring: bool = False
    is_law_alone: bool = False
    is_only: bool = False

    @property
    def conflict(self) -> tuple[Colliding, ...]:
        """The first conflict."""
        return self.conflicts[0] if self.conflicts else ()


@dataclass
class Edit:
    """A cell that may change in one direction: ``sign`` +1 raises its value, -1 lowers it, by at most ``most``.

    ``start`` is the value from which the change counts, where that is not the cell's: a minimum in force in whole
    units, or a ramp that reaches from the baseline to the maximum.
    """

    change: Change
    sign: int
    most: float
    entries: list[tuple[int, float]] = field(default_factory=list)
    """(model row, coefficient of the change in the row): how the change relaxes it."""
    rows: list[int] = field(default_factory=list)
    """The model rows whose number stands in the cell."""
    money: dict[tuple[str, int], float] = field(default_factory=dict)
    """By account and year: how far the appropriation in force moves for a change of one."""
    share_of: Limit | None = None
    transfer: int | None = None
    start: Fraction | None = None
    in_units: bool = False
    """Whether the value is money that is published, so that only whole units count."""
    is_signed: bool = False
    """Whether the value may fall below 0, as what is attained does where harm outweighs good."""
    is_pin: bool = False
    """Whether the change has to be met exactly: more of it mends no better."""
    is_last_resort: bool = False
    """Whether it stands in for the other edit of its cell, and only where there is no way out with that."""

    @property
    def cell(self) -> tuple[str, str]:
        return self.change.sheet, self.change.cell

    def value_after(self, size: Fraction) -> Fraction:
        """The cell's value once it has changed by ``size``."""
        return (self.change.before if self.start is None else self.start) + self.sign * size


def edited(portfolio: Portfolio, changes: Sequence[Change]) -> Portfolio:
    """The portfolio as if the cells had been edited in the workbook."""
    first_year = portfolio.settings.first_year
    accounts, resources = dict(portfolio.accounts), dict(portfolio.resources)
    programmes, limits = dict(portfolio.programmes), dict(portfolio.limits)
    transfers, items = list(portfolio.transfers), list(portfolio.scenario_items)
    for change in changes:
        match change.canonical:
            case "Accounts":
                amounts = list(accounts[change.id].appropriation)
                amounts[int(change.column) - first_year] = change.after
                accounts[change.id] = replace(accounts[change.id], appropriation=tuple(amounts))
            case "Resources":
                amounts = list(resources[change.id].available)
                amounts[int(change.column) - first_year] = change.after
                resources[change.id] = replace(resources[change.id], available=tuple(amounts))
            case "Programmes":
                programmes[change.id] = replace(programmes[change.id], **{str(change.column): change.after})  # type: ignore[arg-type]
            case "Limits":
                limits[change.id] = replace(limits[change.id], value=change.after)
            case "Transfers":
                at = next(i for i, transfer in enumerate(transfers) if transfer.row == change.row)
                transfers[at] = replace(transfers[at], max_share=change.after)
            case "Scenarios":
                at = next(i for i, item in enumerate(items) if item.row == change.row)
                items[at] = replace(items[at], value=change.after)
    return portfolio.with_changes(
        accounts=accounts,
        resources=resources,
        programmes=programmes,
        limits=limits,
        transfers=transfers,
        scenario_items=items,
    )
