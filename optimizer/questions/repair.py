"""The cheapest ways out of a book without a plan: edits of cells, each menu verified by solving the mended book."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import highspy
import numpy as np

from optimizer import model, scenario
from optimizer.conflict import smallest_conflict
from optimizer.errors import HaibunError, InputProblems, NoPlan, Place, WrongUsage
from optimizer.model import Model
from optimizer.model.limits import limit_in_money, pair_in, programmes_in, years_key, years_of
from optimizer.portfolio import Limit, Number, Portfolio, Programme, ScenarioItem
from optimizer.run import OpenBook, solve_book
from optimizer.solver import INFEASIBLE, Options, highs_lp, is_mip, silent_highs
from optimizer.words import Words, name_of, say
from optimizer.workbook import write_cells

WEIGHTS = {"preference": 1, "programme": 2, "resource": 3, "cabinet": 5}
"""What a relative change costs, by kind; law is never offered."""
MOST_REPAIRS = 5
SHARE_ROUNDS = 4
NEGLIGIBLE = 1e-9
WIDENINGS = (Fraction(0), Fraction(1, 10**6), Fraction(1, 10**4), Fraction(1, 100))
"""A change that rounding to publish units makes too small is widened by these parts of itself."""


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

    def cost(self, unit: Fraction) -> Fraction:
        """Relative change, weighted by kind."""
        return abs(self.after - self.before) / max(abs(self.before), unit) * WEIGHTS[self.kind]


@dataclass(frozen=True)
class Repair:
    """Changes that together make a plan possible, their cost, and the score of that plan (points)."""

    changes: tuple[Change, ...]
    cost: Fraction
    score: float


@dataclass(frozen=True)
class Menu:
    """Why no plan is possible, and the ways out, cheapest first. ``is_feasible``: there is nothing to mend."""

    is_feasible: bool
    conflict: tuple[Place, ...] = ()
    repairs: tuple[Repair, ...] = ()


@dataclass
class _Edit:
    """A cell that may change in one direction: ``sign`` +1 raises its value, -1 lowers it."""

    change: Change
    sign: int
    most: float
    entries: list[tuple[int, float]] = field(default_factory=list)
    """(model row, coefficient of the change in the row): how the change relaxes it."""
    share_of: Limit | None = None
    transfer: int | None = None


def repair(book: OpenBook, name: str = scenario.BASE, sets: Sequence[str] = (), options: Options | None = None) -> Menu:
    """Find a smallest conflict and up to five verified repairs of an infeasible book or scenario."""
    options = options or Options()
    portfolio = scenario.apply(book.portfolio, name, sets).portfolio
    built = model.build(portfolio, model.Grid(portfolio.settings.publish_unit))
    conflict = smallest_conflict(built, options)
    if not conflict:
        return Menu(is_feasible=True)
    edits = list(_edits(book.portfolio, portfolio, built, name, sets))
    finder = _Finder(book, portfolio, built, edits, name, tuple(sets), options)
    repairs = sorted(finder.repairs(), key=lambda found: found.cost)
    return Menu(False, tuple(conflict), tuple(repairs[:MOST_REPAIRS]))


class _Finder:
    """Elastic solves: the cheapest changes, then the cheapest without what earlier answers leaned on."""

    def __init__(
        self,
        book: OpenBook,
        portfolio: Portfolio,
        built: Model,
        edits: list[_Edit],
        name: str,
        sets: tuple[str, ...],
        options: Options,
    ) -> None:
        self.book, self.portfolio, self.built, self.edits = book, portfolio, built, edits
        self.name, self.sets, self.options = name, sets, options
        self.unit = portfolio.settings.publish_unit

    def repairs(self) -> Iterator[Repair]:
        """Each verified by solving the mended book."""
        seen: set[frozenset[tuple[str, str, Fraction]]] = set()
        waiting: list[frozenset[tuple[str, str]]] = [frozenset()]
        tried = set(waiting)
        found = 0
        while waiting and found < MOST_REPAIRS:
            forbidden = waiting.pop(0)
            changes = self._cheapest(forbidden)
            if not changes:
                continue
            ranked = sorted(changes, key=lambda change: -change.cost(self.unit))
            for cells in (
                frozenset((c.sheet, c.cell) for c in changes),
                *(frozenset({(c.sheet, c.cell)}) for c in ranked),
            ):
                if forbidden | cells not in tried:
                    tried.add(forbidden | cells)
                    waiting.append(forbidden | cells)
            verified = self._verified(changes)
            if verified is not None:
                key = frozenset((c.sheet, c.cell, c.after) for c in verified.changes)
                if key not in seen:
                    seen.add(key)
                    found += 1
                    yield verified

    def _cheapest(self, forbidden: frozenset[tuple[str, str]]) -> list[Change]:
        """The cheapest changes that do not touch forbidden cells; empty where there is none."""
        edits = [e for e in self.edits if (e.change.sheet, e.change.cell) not in forbidden and e.most > NEGLIGIBLE]
        spending = np.array([float(p.baseline or p.maximum / 2) for p in self.built.columns.programmes])
        amounts = spending[self.built.columns.cell_programme]
        sizes: Any = None
        for _ in range(SHARE_ROUNDS if any(e.share_of for e in edits) else 1):
            solved = self._solve(edits, amounts)
            if solved is None:
                return []
            sizes, amounts = solved
        changes = []
        for edit, size in zip(edits, sizes, strict=True):
            if size > NEGLIGIBLE * max(1.0, abs(float(edit.change.before))):
                amount = _needed_share(self.built, edit.share_of, amounts) if edit.share_of else None
                after = (
                    Fraction(amount) if amount is not None else edit.change.before + edit.sign * Fraction(float(size))
                )
                changes.append(replace(edit.change, after=after))
        return changes

    def _solve(self, edits: list[_Edit], amounts: Any) -> tuple[Any, Any] | None:
        built, count = self.built, self.built.columns.count
        lp = highs_lp(built)
        lp.col_cost_ = np.zeros(count)
        highs = silent_highs(self.options)
        if is_mip(built):
            highs.setOptionValue("presolve", "off")
        highs.passModel(lp)
        for edit in edits:
            base = max(abs(float(edit.change.before)), float(self.unit))
            entries = _share_entries(built, edit.share_of, amounts) if edit.share_of else edit.entries
            rows = np.array([row for row, _ in entries], dtype=np.int32)
            values = np.array([value for _, value in entries])
            highs.addCol(-WEIGHTS[edit.change.kind] / base, 0.0, edit.most, len(rows), rows, values)
        for number, edit in enumerate(edits):
            if edit.transfer is not None:
                self._free_transfer(highs, edit, count + number)
        highs.run()
        if highs.getModelStatus() in INFEASIBLE:
            return None
        values = np.array(highs.getSolution().col_value)
        columns = built.columns
        return values[count:], values[columns.first_x : columns.first_g]

    def _free_transfer(self, highs: Any, edit: _Edit, column: int) -> None:
        """A transfer's ceiling as a row, so that its share can grow."""
        columns = self.built.columns
        for number, (transfer, year) in enumerate(columns.transfers):
            if transfer == edit.transfer:
                flow = columns.first_f + number
                account = self.portfolio.accounts[self.portfolio.transfers[transfer].from_account]
                highs.changeColBounds(flow, 0.0, highspy.kHighsInf)
                pair = np.array([flow, column], dtype=np.int32)
                values = np.array([1.0, -float(account.appropriation[year])])
                highs.addRow(-highspy.kHighsInf, float(columns.upper[flow]), 2, pair, values)

    def _verified(self, changes: list[Change]) -> Repair | None:
        """Solve the mended book; a change that is too small once amounts are whole units is widened a little."""
        for widening in WIDENINGS:
            rounded = tuple(_outward(change, widening, self.unit) for change in changes)
            try:
                mended = replace(self.book, portfolio=edited(self.book.portfolio, rounded))
                result = solve_book(mended, self.name, self.sets, self.options)
            except (NoPlan, InputProblems):
                continue
            except HaibunError:
                return None
            cost = sum((change.cost(self.unit) for change in rounded), Fraction(0))
            return Repair(rounded, cost, float(result.proof.score))
        return None


def _outward(change: Change, widening: Fraction, unit: Fraction) -> Change:
    """The new value with few digits, on the far side of what is needed; money of appropriations in whole units."""
    after = change.after + (change.after - change.before) * widening
    size = max(abs(change.before), abs(after), Fraction(1, 10**6))
    quantum = Fraction(10) ** (math.floor(math.log10(size)) - 4)
    if change.canonical == "Accounts":
        quantum = max(quantum, unit) // unit * unit
    steps = after / quantum
    whole = math.ceil(steps - Fraction(1, 10**6)) if after > change.before else math.floor(steps + Fraction(1, 10**6))
    bounded = max(whole * quantum, Fraction(0)) if change.before >= 0 else whole * quantum
    return replace(change, after=bounded)


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


def apply(data: bytes, menu: Menu, number: int, out: Path) -> None:
    """Write the workbook with the cells of repair ``number`` (counted from 1) changed, and nothing else.

    Raises ``WrongUsage`` where there is no such repair.
    """
    if not 1 <= number <= len(menu.repairs):
        raise WrongUsage(say("There is no repair {number}; there are {count}.", number=number, count=len(menu.repairs)))
    write_cells(data, {(c.sheet, c.cell): float(c.after) for c in menu.repairs[number - 1].changes}, out)


# What may change, and how it relaxes the rows


def _edits(written: Portfolio, active: Portfolio, built: Model, name: str, sets: Sequence[str]) -> Iterator[_Edit]:
    """Every cell that may be offered: never a baseline, maximum, effect or need, never what is law."""
    items = [item for item in written.scenario_items if item.scenario == name]
    fixed = {text.partition("=")[0].replace("：", ":") for text in sets}
    replaced = {(item.item, item.target) for item in items} | {tuple(f.split("@")[0].split(":", 1)) for f in fixed}
    yield from _limit_edits(active, built, {target for kind, target in _pairs(replaced) if kind == "limit_value"})
    yield from _account_edits(written, active, built)
    yield from _resource_edits(written, active, built)
    for programme in active.programmes.values():
        yield from _programme_edits(written.programmes[programme.id], programme, active, built)
    yield from _transfer_edits(active)
    for item in items:
        yield from _scenario_edits(item, active, built, fixed)


def _pairs(names: set[Any]) -> Iterator[tuple[str, str]]:
    return ((pair[0], pair[1]) for pair in names if len(pair) == 2)


def _change(portfolio: Portfolio, sheet: str, column: str | int, record: Any, kind: str, value: Number) -> Change:
    table = portfolio.tables[sheet]
    ident = getattr(record, "id", "")
    return Change(
        table.title,
        table.cell(column, record.row),
        ident,
        name_of(record) if hasattr(record, "name") else say(""),
        kind,
        value,
        value,
        sheet,
        column,
        record.row,
    )


def _limit_edits(portfolio: Portfolio, built: Model, replaced: set[str]) -> Iterator[_Edit]:
    for limit in portfolio.limits.values():
        if limit.kind != "law" and limit.id not in replaced:
            change = _change(portfolio, "Limits", "value", limit, limit.kind, limit.value)
            if change.cell:
                yield _limit_edit(portfolio, built, limit, change)


def _limit_edit(portfolio: Portfolio, built: Model, limit: Limit, change: Change) -> _Edit:
    sign = 1 if limit.sense == "max" else -1
    is_part = limit.basis == "share" or limit.measure in ("risk", "attainment")
    most = float(limit.value) if sign < 0 else max(1.0 - float(limit.value), 0.0) if is_part else highspy.kHighsInf
    edit = _Edit(change, sign, most)
    if limit.basis == "share" or limit.measure == "risk":
        edit.share_of = limit
    else:
        for years in years_of(limit, built.columns.years):
            row = _row_of_limit(built, limit, years)
            if row is not None:
                edit.entries.append((row, -sign * _per_value(portfolio, built, limit, years)))
    return edit


def _row_of_limit(built: Model, limit: Limit, years: list[int]) -> int | None:
    name = {"spend": "spending"}.get(limit.measure, limit.measure)
    return built.row_of.get((f"limit_on_{name}", limit.id, years_key(limit, years)))


def _per_value(portfolio: Portfolio, built: Model, limit: Limit, years: list[int]) -> float:
    """How far the right side of a limit row moves for one unit of its value."""
    if limit.measure == "attainment":
        pairs = (p for p in built.columns.pairs if pair_in(limit.scope, portfolio, p.region, p.objective))
        return float(sum((p.weight * p.need for p in pairs), Fraction(0)) * len(years))
    if limit.basis == "budget":
        return float(limit_in_money(portfolio, built.columns, replace(limit, value=Fraction(1)), years))
    return 1.0


def _parts_of_limit(built: Model, limit: Limit, amounts: Any, years: list[int]) -> tuple[float, float]:
    """For a share or risk limit at given amounts: what is counted, and what it is counted against."""
    columns = built.columns
    inside, whole = programmes_in(limit.scope, columns), programmes_in(limit.of_scope, columns)
    at_years = np.isin(columns.cell_year, years)
    in_scope = inside[columns.cell_programme] & at_years
    if limit.measure == "risk":
        risk = np.array([float(p.risk) for p in columns.programmes])[columns.cell_programme]
        return float((risk * amounts)[in_scope].sum()), float(amounts[in_scope].sum())
    price = np.array([float(p.leverage) if limit.measure == "value" else 1.0 for p in columns.programmes])
    worth = price[columns.cell_programme] * amounts
    return float(worth[in_scope].sum()), float(worth[whole[columns.cell_programme] & at_years].sum())


def _share_entries(built: Model, limit: Limit, amounts: Any) -> list[tuple[int, float]]:
    entries = []
    for years in years_of(limit, built.columns.years):
        row = _row_of_limit(built, limit, years)
        if row is not None:
            _, against = _parts_of_limit(built, limit, amounts, years)
            entries.append((row, -against if limit.sense == "max" else against))
    return entries


def _needed_share(built: Model, limit: Limit, amounts: Any) -> float:
    """The value that a share or risk limit must have for given amounts to keep it in every year."""
    needed = [float(limit.value)]
    for years in years_of(limit, built.columns.years):
        if _row_of_limit(built, limit, years) is not None:
            counted, against = _parts_of_limit(built, limit, amounts, years)
            if against > NEGLIGIBLE:
                needed.append(counted / against)
    return max(needed) if limit.sense == "max" else min(needed)


def _account_edits(written: Portfolio, portfolio: Portfolio, built: Model) -> Iterator[_Edit]:
    for account in portfolio.accounts.values():
        if account.kind != "law":
            before = written.accounts[account.id].appropriation
            for year in range(built.columns.years):
                column = portfolio.settings.first_year + year
                change = _change(portfolio, "Accounts", column, account, account.kind, before[year])
                factor = account.appropriation[year] / before[year] if before[year] else Fraction(1)
                row = built.row_of["budget", account.id, year]
                yield _Edit(change, 1, highspy.kHighsInf, [(row, -float(factor))])


def _resource_edits(written: Portfolio, portfolio: Portfolio, built: Model) -> Iterator[_Edit]:
    for resource in portfolio.resources.values():
        before = written.resources[resource.id].available
        for year in range(built.columns.years):
            column = portfolio.settings.first_year + year
            change = _change(portfolio, "Resources", column, resource, "resource", before[year])
            factor = resource.available[year] / before[year] if before[year] else Fraction(1)
            row = built.row_of["resource", resource.id, year]
            yield _Edit(change, 1, highspy.kHighsInf, [(row, -float(factor))])


def _programme_edits(written: Programme, programme: Programme, portfolio: Portfolio, built: Model) -> Iterator[_Edit]:
    rows: dict[str, list[int]] = defaultdict(list)
    for year in programme.years:
        for constraint in ("minimum", "ramp_up", "ramp_down"):
            row = built.row_of.get((constraint, programme.id, year))
            if row is not None:
                rows[constraint].append(row)
    if rows["minimum"] and written.minimum:
        change = _change(portfolio, "Programmes", "minimum", programme, "programme", written.minimum)
        yield _Edit(change, -1, float(programme.floor), [(row, 1.0) for row in rows["minimum"]])
    if programme.ramp is not None and (rows["ramp_up"] or rows["ramp_down"]):
        change = _change(portfolio, "Programmes", "ramp", programme, "programme", programme.ramp)
        entries = [(row, -float(programme.scale)) for row in (*rows["ramp_up"], *rows["ramp_down"])]
        yield _Edit(change, 1, highspy.kHighsInf, entries)


def _transfer_edits(portfolio: Portfolio) -> Iterator[_Edit]:
    for number, transfer in enumerate(portfolio.transfers):
        change = _change(portfolio, "Transfers", "max_share", transfer, "cabinet", transfer.max_share)
        ident = f"{transfer.from_account}→{transfer.to_account}"
        yield _Edit(replace(change, id=ident), 1, 1.0 - float(transfer.max_share), transfer=number)


def _scenario_edits(item: ScenarioItem, portfolio: Portfolio, built: Model, fixed: set[str]) -> Iterator[_Edit]:
    """A scenario's own numbers: factors on money and resources, limit values, pins."""
    value = Fraction(item.value)
    table = portfolio.tables["Scenarios"]
    change = Change(
        table.title,
        table.cell("value", item.row),
        f"{item.scenario}: {item.item} {item.target}".strip(),
        say(""),
        "preference",
        value,
        value,
        "Scenarios",
        "value",
        item.row,
    )
    if f"{item.item}:{item.target}" in fixed:
        return
    if item.item == "limit_value" and item.target in portfolio.limits:
        limit = portfolio.limits[item.target]
        if limit.kind != "law":
            yield _limit_edit(portfolio, built, limit, change)
    elif item.item == "pin" and item.target in portfolio.programmes:
        rows = [
            built.row_of["pin", item.target, year]
            for year in portfolio.programmes[item.target].pins
            if item.year in (None, year)
        ]
        yield _Edit(change, 1, highspy.kHighsInf, [(row, -1.0) for row in rows])
        yield _Edit(change, -1, float(value), [(row, 1.0) for row in rows])
    elif item.item in ("budget_factor", "resource_factor") and value:
        kind = "budget" if item.item == "budget_factor" else "resource"
        records: Any = portfolio.accounts if kind == "budget" else portfolio.resources
        entries = [
            (built.row_of[kind, ident, year], -float(amount / value))
            for ident, record in records.items()
            for year, amount in enumerate(record.appropriation if kind == "budget" else record.available)
            if item.target in ("", ident) and item.year in (None, year)
        ]
        law = kind == "budget" and any(portfolio.accounts[i].kind == "law" for i in records if item.target in ("", i))
        yield _Edit(change, 1, max(1.0 - float(value), 0.0) if law else highspy.kHighsInf, entries)
