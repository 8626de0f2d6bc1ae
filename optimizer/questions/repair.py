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
from optimizer.conflict import Search, conflicting_rows, is_alone
from optimizer.errors import InputProblems, NoPlan, Place, WrongUsage
from optimizer.live import Live
from optimizer.model import Key, Model
from optimizer.model.limits import limit_in_money, pair_in, programmes_in, years_key, years_of
from optimizer.places import place_of
from optimizer.portfolio import Limit, Number, Portfolio, Programme, ScenarioItem
from optimizer.run import OpenBook
from optimizer.solver import INFEASIBLE, Options, highs_lp, is_mip, silent_highs
from optimizer.words import Words, name_of, say
from optimizer.workbook import write_cells

WEIGHTS = {"preference": 1, "programme": 2, "resource": 3, "cabinet": 5}
"""What a relative change costs, by kind; law is never offered."""
MOST_REPAIRS = 5
MOST_SEARCHES = 60
LARGE = 10_000
"""Model rows above which fewer ways are looked for, so that the answer comes within five cold solves."""
SEARCHES_IF_LARGE = 3
SHARE_ROUNDS = 4
HALVINGS = 12
NEGLIGIBLE = 1e-9
WIDENINGS = (Fraction(0), Fraction(1, 10**6), Fraction(1, 10**4), Fraction(1, 100))
"""A change that rounding to publish units makes too small is widened by these parts of itself."""
FROM_COMMAND_LINE = "--set"


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
    """A row of a conflict, with its legal kind where it has one."""

    kind: str = ""


@dataclass(frozen=True)
class Menu:
    """Why no plan is possible, and the ways out, cheapest first. ``is_feasible``: there is nothing to mend.

    ``is_alone``: without any one of the conflict's rows a plan exists; else other rows collide beside them.
    ``is_law_alone``: the conflict lies wholly in what may not be changed.
    """

    is_feasible: bool
    conflict: tuple[Colliding, ...] = ()
    repairs: tuple[Repair, ...] = ()
    is_alone: bool = True
    is_law_alone: bool = False


@dataclass
class _Edit:
    """A cell that may change in one direction: ``sign`` +1 raises its value, -1 lowers it, by at most ``most``.

    ``start`` is the value in force, from which the change counts (a scenario may have lowered a minimum).
    """

    change: Change
    sign: int
    most: float
    entries: list[tuple[int, float]] = field(default_factory=list)
    """(model row, coefficient of the change in the row): how the change relaxes it."""
    rows: list[int] = field(default_factory=list)
    """The model rows whose number stands in the cell."""
    share_of: Limit | None = None
    transfer: int | None = None
    start: Fraction | None = None
    in_units: bool = False
    """Whether the value is money that is published, so that only whole units count."""

    @property
    def cell(self) -> tuple[str, str]:
        return self.change.sheet, self.change.cell

    def value_after(self, size: Fraction) -> Fraction:
        """The cell's value once it has changed by ``size``."""
        return (self.change.before if self.start is None else self.start) + self.sign * size


def repair(book: OpenBook, name: str = scenario.BASE, sets: Sequence[str] = (), options: Options | None = None) -> Menu:
    """Find a smallest conflict and up to five verified repairs of an infeasible book or scenario."""
    options = options or Options()
    portfolio = scenario.apply(book.portfolio, name, sets).portfolio
    built = model.build(portfolio, model.Grid(portfolio.settings.publish_unit))
    conflict = conflicting_rows(built, options)
    if not conflict:
        return Menu(is_feasible=True)
    edits = [edit for edit in _edits(book.portfolio, portfolio, built) if edit.change.cell]
    verifier = _Verifier(book, name, tuple(sets), options)
    repairs = sorted(_Finder(portfolio, built, edits, verifier, options).repairs(), key=lambda found: found.cost)
    is_law_alone = False
    if not repairs:
        offered = {row for edit in edits for row in edit.rows}
        firm = conflicting_rows(built, options, lambda key: built.row_of[key] in offered)
        is_law_alone = not any(built.row_of[key] in offered for keys in firm for key in keys)
        conflict = firm if is_law_alone else conflict
    named, is_named_alone = _colliding(book, portfolio, conflict, name, tuple(sets), options)
    alone = is_named_alone and is_alone(built, conflict, options)
    return Menu(False, tuple(named), tuple(repairs[:MOST_REPAIRS]), alone, is_law_alone)


# Who collides, in the workbook's terms


def _colliding(
    book: OpenBook, portfolio: Portfolio, conflict: list[list[Key]], name: str, sets: tuple[str, ...], options: Options
) -> tuple[list[Colliding], bool]:
    """The places of a conflict; what a scenario (or --set) alone brings about is named by the scenario's row.

    And whether the book has a plan as soon as any one of the scenario rows so named is not there.
    """
    is_alone_too = True
    places = {(p.sheet, p.cell): p for keys in conflict for p in [_with_kind(portfolio, keys[0])]}
    rows = {key for keys in conflict for key in keys}
    for item in portfolio.scenario_items:
        if item.item == "pin" and item.row:
            continue
        reverted = _without(book.portfolio, portfolio, item, name, sets)
        if reverted is None or not _holds_together(reverted, rows, options):
            continue
        is_alone_too = is_alone_too and _holds_together(reverted, None, options)
        for keys in conflict:
            if _sets_the_number_of(item, keys[0]):
                place = place_of(portfolio, keys[0])
                places.pop((place.sheet, place.cell), None)
        place = _place_of_item(portfolio, item)
        places[place.sheet, place.cell or place.id] = place
    return list(places.values()), is_alone_too


def _with_kind(portfolio: Portfolio, key: Key) -> Colliding:
    place = place_of(portfolio, key)
    records: dict[str, Any] = {"budget": portfolio.accounts}
    record = records.get(str(key[0]), portfolio.limits).get(str(key[1]))
    return Colliding(place.sheet, place.cell, place.id, place.name, getattr(record, "kind", ""))


def _place_of_item(portfolio: Portfolio, item: ScenarioItem) -> Colliding:
    table, label = portfolio.tables["Scenarios"], f"{item.item}:{item.target}".strip(":")
    if item.row:
        return Colliding(table.title, table.cell("value", item.row), label, say("scenario {name}", name=item.scenario))
    return Colliding(FROM_COMMAND_LINE, "", label, say("given on the command line"))


def _without(
    written: Portfolio, active: Portfolio, item: ScenarioItem, name: str, sets: tuple[str, ...]
) -> Portfolio | None:
    """The active portfolio as it would be without one scenario row or --set item; None where that cannot be said."""
    if item.row:
        kept = [other for other in written.scenario_items if other.row != item.row]
        still = name if any(other.scenario == name for other in kept) else scenario.BASE
        arguments = written.with_changes(scenario_items=kept), still, sets
    else:
        number = [other for other in active.scenario_items if not other.row].index(item)
        arguments = written, name, (*sets[:number], *sets[number + 1 :])
    try:
        return scenario.apply(*arguments).portfolio
    except (InputProblems, WrongUsage):
        return None


def _holds_together(portfolio: Portfolio, rows: set[Key] | None, options: Options) -> bool:
    """Whether a plan keeps some rows (None: all) of a book."""
    built = model.build(portfolio, model.Grid(portfolio.settings.publish_unit))
    return Search(built, {n for n, key in enumerate(built.keys) if rows is None or key in rows}, options).is_feasible()


def _sets_the_number_of(item: ScenarioItem, key: Key) -> bool:
    """Whether a scenario item gives the number that a model row answers to."""
    constraint, first, last = str(key[0]), str(key[1]), key[-1]
    in_year = item.target in ("", first) and item.year in (None, last)
    return (
        (item.item == "budget_factor" and constraint == "budget" and in_year)
        or (item.item == "resource_factor" and constraint == "resource" and in_year)
        or (item.item == "limit_value" and constraint.startswith("limit_on") and item.target == first)
        or (item.item == "pin" and constraint == "pin" and in_year)
    )


class _Verifier:
    """Solves mended books: the first from scratch, the others from its basis, in the same live solver."""

    def __init__(self, book: OpenBook, name: str, sets: tuple[str, ...], options: Options) -> None:
        self.portfolio, self.name, self.sets, self.options = book.portfolio, name, sets, options
        self.live: Live | None = None

    def score(self, changes: Sequence[Change]) -> float | None:
        """The best score of the book with its cells changed (in whole units); None where it has no plan."""
        try:
            active = scenario.apply(edited(self.portfolio, changes), self.name, self.sets).portfolio
            built = model.build(active, model.Grid(active.settings.publish_unit))
            if self.live is not None:
                score = self._from_last_basis(self.live, built)
                if score is not None:
                    return score
            self.live = Live(built, self.options)
        except (NoPlan, InputProblems):
            return None
        return self.live.score

    @staticmethod
    def _from_last_basis(live: Live, built: Model) -> float | None:
        """Solve ``built`` as a change of the live model; None where it has other rows or columns."""
        old = live.model
        if old.columns.count != built.columns.count or not built.row_of.keys() <= old.row_of.keys():
            return None
        moved = np.flatnonzero(
            (old.columns.lower != built.columns.lower) | (old.columns.upper != built.columns.upper)
        ).tolist()
        columns = {c: (float(built.columns.lower[c]), float(built.columns.upper[c])) for c in moved}
        rows: dict[int, tuple[float, float]] = {}
        entries: dict[tuple[int, int], float] = {}
        for number, key in enumerate(old.keys):
            at = built.row_of.get(key)
            if at is None:
                rows[number] = (-highspy.kHighsInf, highspy.kHighsInf)
                continue
            bounds = float(built.row_lower[at]), float(built.row_upper[at])
            if bounds != (old.row_lower[number], old.row_upper[number]):
                rows[number] = bounds
            before, after = _row(old, number), _row(built, at)
            if not (np.array_equal(before[0], after[0]) and np.array_equal(before[1], after[1])):
                entries |= {(number, c): 0.0 for c in before[0].tolist()}
                entries |= {(number, c): v for c, v in zip(after[0].tolist(), after[1].tolist(), strict=True)}
        if not np.array_equal(old.columns.cost, built.columns.cost):
            return None
        with live.changed(rows, columns, entries):
            return live.solve()


def _row(built: Model, number: int) -> tuple[Any, Any]:
    part = slice(built.starts[number], built.starts[number + 1])
    return built.indices[part], built.coefficients[part]


class _Finder:
    """Elastic solves: the cheapest changes, then the cheapest without what earlier answers leaned on."""

    def __init__(
        self, portfolio: Portfolio, built: Model, edits: list[_Edit], verifier: _Verifier, options: Options
    ) -> None:
        self.portfolio, self.built, self.verifier = portfolio, built, verifier
        self.unit = portfolio.settings.publish_unit
        self.edits = [edit for edit in edits if edit.most > NEGLIGIBLE]
        self.single = [edit for edit in self.edits if not edit.entries and not edit.share_of and edit.transfer is None]
        self.single = [
            edit for edit in self.single if edit.change.canonical == "Scenarios" and math.isfinite(edit.most)
        ]
        self.elastic = _Elastic(built, [e for e in self.edits if e not in self.single], self.unit, options)

    def repairs(self) -> Iterator[Repair]:
        """Ways out of which none changes all the cells of another, each verified by solving the mended book."""
        found: list[Repair] = []
        for repair_ in self._candidates():
            if not any(other.cells <= repair_.cells for other in found):
                found = [other for other in found if not repair_.cells <= other.cells] + [repair_]
            if len(found) >= MOST_REPAIRS:
                break
        yield from found

    def _candidates(self) -> Iterator[Repair]:
        waiting: list[frozenset[tuple[str, str]]] = [frozenset()]
        tried = set(waiting)
        is_large = len(self.built.keys) > LARGE
        for _ in range(SEARCHES_IF_LARGE if is_large else MOST_SEARCHES):
            if not waiting:
                break
            forbidden = waiting.pop(0)
            sizes = self.elastic.cheapest(forbidden)
            if not sizes:
                continue
            changed = [edit for edit, _ in sizes]
            dearest_first = sorted(sizes, key=lambda pair: -float(pair[1]) * self.elastic.price(pair[0]))
            for cells in (frozenset(e.cell for e in changed), *(frozenset({e.cell}) for e, _ in dearest_first)):
                if forbidden | cells not in tried:
                    tried.add(forbidden | cells)
                    waiting.append(forbidden | cells)
            verified = self._verified(sizes)
            if verified is not None:
                yield verified
        for edit in self.single:
            verified = self._by_halving(edit)
            if verified is not None:
                yield verified

    def _verified(self, sizes: list[tuple[_Edit, Fraction]]) -> Repair | None:
        """Solve the mended book; a change that is too small once amounts are whole units is widened a little."""
        for widening in WIDENINGS:
            rounded = tuple(
                change
                for edit, size in sizes
                for change in [_outward(edit, edit.value_after(size * (1 + widening)), self.unit)]
                if change.after != change.before
            )
            score = self.verifier.score(rounded)
            if score is not None:
                return Repair(rounded, sum((change.cost(self.unit) for change in rounded), Fraction(0)), score)
        return None

    def _by_halving(self, edit: _Edit) -> Repair | None:
        """A scenario's number that the rows do not speak of: between today's value and no change, the nearest."""
        enough, least = Fraction(edit.most).limit_denominator(10**9), Fraction(0)
        if self.verifier.score([_outward(edit, edit.value_after(enough), self.unit)]) is None:
            return None
        for _ in range(HALVINGS // 3 if len(self.built.keys) > LARGE else HALVINGS):
            middle = (least + enough) / 2
            mends = self.verifier.score([_outward(edit, edit.value_after(middle), self.unit)]) is not None
            least, enough = (least, middle) if mends else (middle, enough)
        return self._verified([(edit, enough)])


class _Elastic:
    """The model with a column for each cell that may change, priced by kind, in one live solver."""

    def __init__(self, built: Model, edits: list[_Edit], unit: Fraction, options: Options) -> None:
        self.built, self.edits, self.unit = built, edits, unit
        self.first = built.columns.count
        lp = highs_lp(built)
        lp.col_cost_ = np.zeros(self.first)
        self.highs: Any = silent_highs(options)
        self.highs.setOptionValue("simplex_scale_strategy", 0)
        if is_mip(built):
            self.highs.setOptionValue("presolve", "off")
        self.highs.passModel(lp)
        self._let_pins_rise()
        for edit in edits:
            rows = np.array([row for row, _ in edit.entries], dtype=np.int32)
            values = np.array([value for _, value in edit.entries], dtype=np.float64)
            self.highs.addCol(-self.price(edit), 0.0, edit.most, len(rows), rows, values)
        for number, edit in enumerate(edits):
            if edit.transfer is not None:
                self._free_transfer(edit, self.first + number)
        self.shares = [(number, edit) for number, edit in enumerate(edits) if edit.share_of]
        self.today = self._today()

    def _let_pins_rise(self) -> None:
        """Columns as wide as any pin may become: how much is spent on a pinned line, its row alone says."""
        columns = self.built.columns
        for cell, (position, year) in enumerate(
            zip(columns.cell_programme.tolist(), columns.cell_year.tolist(), strict=True)
        ):
            if year in columns.programmes[position].pins:
                last = int(columns.cell_start[cell] + columns.cell_count[cell]) - 1
                for column in (last, columns.first_x + cell):
                    self.highs.changeColBounds(column, 0.0, highspy.kHighsInf)
                for column in columns.g_start.tolist():
                    self.highs.changeColBounds(column, -highspy.kHighsInf, float(columns.upper[column]))

    def price(self, edit: _Edit) -> float:
        """What a change of one costs."""
        return WEIGHTS[edit.change.kind] / max(abs(float(edit.change.before)), float(self.unit))

    def cheapest(self, forbidden: frozenset[tuple[str, str]]) -> list[tuple[_Edit, Fraction]]:
        """The cheapest changes that do not touch forbidden cells; empty where there is none.

        What a share is a share of moves with the plan: a few rounds, each with the amounts of the last one. Every
        round's answer mends the book; the later ones are cheaper.
        """
        for number, edit in enumerate(self.edits):
            most = highspy.kHighsInf if edit.share_of else edit.most  # in terms of amounts that are still a guess
            self.highs.changeColBounds(self.first + number, 0.0, 0.0 if edit.cell in forbidden else most)
        amounts = self.today
        sizes: Any = None
        for _ in range(1 if len(self.built.keys) > LARGE else SHARE_ROUNDS):
            self._set_shares(amounts)
            self.highs.clearSolver()  # from the last basis simplex was seen to wander for minutes
            self.highs.run()
            if self.highs.getModelStatus() in INFEASIBLE:
                return []
            values = np.array(self.highs.getSolution().col_value)
            amounts = values[self.built.columns.first_x : self.built.columns.first_g]
            before, sizes = sizes, values[self.first :]
            used = [n for n, _ in self.shares if sizes[n] > NEGLIGIBLE]
            if not used or (before is not None and np.allclose(before, sizes, rtol=1e-6)):
                break
        return [pair for number, edit in enumerate(self.edits) for pair in self._sized(edit, sizes[number], amounts)]

    def _sized(self, edit: _Edit, size: float, amounts: Any) -> Iterator[tuple[_Edit, Fraction]]:
        if size > NEGLIGIBLE * max(1.0, abs(float(edit.change.before))):
            if edit.share_of:
                size = abs(_needed_share(self.built, edit.share_of, amounts) - float(edit.share_of.value))
            yield edit, Fraction(size)

    def _today(self) -> Any:
        columns = self.built.columns
        return np.array([float(p.baseline or p.maximum / 2) for p in columns.programmes])[columns.cell_programme]

    def _set_shares(self, amounts: Any) -> None:
        for number, edit in self.shares:
            assert edit.share_of is not None  # noqa: S101  (for the type checker)
            for row, value in _share_entries(self.built, edit.share_of, amounts):
                self.highs.changeCoeff(row, self.first + number, value)

    def _free_transfer(self, edit: _Edit, column: int) -> None:
        """A transfer's ceiling as a row, so that its share can grow."""
        columns = self.built.columns
        portfolio = columns.portfolio
        for number, (transfer, year) in enumerate(columns.transfers):
            if transfer == edit.transfer:
                flow = columns.first_f + number
                account = portfolio.accounts[portfolio.transfers[transfer].from_account]
                self.highs.changeColBounds(flow, 0.0, highspy.kHighsInf)
                pair = np.array([flow, column], dtype=np.int32)
                values = np.array([1.0, -float(account.appropriation[year])])
                self.highs.addRow(-highspy.kHighsInf, float(columns.upper[flow]), 2, pair, values)


def _outward(edit: _Edit, after: Fraction, unit: Fraction) -> Change:
    """The new value with few digits, on the far side of what is needed; published money in whole units."""
    change = edit.change
    size = max(abs(change.before), abs(after), Fraction(1, 10**6))
    quantum = Fraction(10) ** (math.floor(math.log10(size)) - 4)
    if edit.in_units:
        quantum = max(quantum, unit) // unit * unit
    steps = after / quantum
    whole = math.ceil(steps - Fraction(1, 10**6)) if edit.sign > 0 else math.floor(steps + Fraction(1, 10**6))
    value = whole * quantum
    if math.isfinite(edit.most):
        furthest = edit.value_after(Fraction(edit.most).limit_denominator(10**9))
        value = min(value, furthest) if edit.sign > 0 else max(value, furthest)
    return replace(change, after=max(value, Fraction(0)))


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


def apply_repair(data: bytes, menu: Menu, number: int, out: Path) -> None:
    """Write the workbook with the cells of repair ``number`` (counted from 1) changed, and nothing else.

    Raises ``WrongUsage`` where there is no such repair.
    """
    if not 1 <= number <= len(menu.repairs):
        raise WrongUsage(say("There is no repair {number}; there are {count}.", number=number, count=len(menu.repairs)))
    write_cells(data, {(c.sheet, c.cell): float(c.after) for c in menu.repairs[number - 1].changes}, out)


# What may change, and how it relaxes the rows


def _edits(written: Portfolio, active: Portfolio, built: Model) -> Iterator[_Edit]:
    """Every cell that may be offered: never a baseline, maximum, effect or need, never what is law."""
    items = active.scenario_items
    yield from _limit_edits(active, built, {item.target for item in items if item.item == "limit_value"})
    yield from _account_edits(written, active, built)
    yield from _resource_edits(written, active, built)
    for programme in active.programmes.values():
        yield from _programme_edits(written.programmes[programme.id], programme, active, built)
    yield from _transfer_edits(active)
    for item in items:
        if item.row and item.item != "lever":
            yield from _scenario_edits(item, written, active, built)


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
            yield _limit_edit(
                portfolio, built, limit, _change(portfolio, "Limits", "value", limit, limit.kind, limit.value)
            )


def _limit_edit(portfolio: Portfolio, built: Model, limit: Limit, change: Change) -> _Edit:
    sign = 1 if limit.sense == "max" else -1
    is_part = limit.basis == "share" or limit.measure in ("risk", "attainment")
    most = float(limit.value) if sign < 0 else max(1.0 - float(limit.value), 0.0) if is_part else highspy.kHighsInf
    edit = _Edit(change, sign, most, in_units=limit.measure == "spend" and limit.basis == "amount")
    edit.share_of = limit if limit.basis == "share" or limit.measure == "risk" else None
    for years in years_of(limit, built.columns.years):
        row = _row_of_limit(built, limit, years)
        if row is not None:
            edit.rows.append(row)
            if edit.share_of is None:
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
                factor = _factor(portfolio, "budget_factor", account.id, year)
                entries = [(row, value * factor) for row, value in _money_moves(portfolio, built, account.id, year)]
                rows = [built.row_of["budget", account.id, year]]
                yield _Edit(change, 1, highspy.kHighsInf, entries, rows, in_units=True)


def _factor(portfolio: Portfolio, item: str, ident: str, year: int) -> float:
    """What a scenario multiplies an appropriation or a resource by."""
    return math.prod(
        float(row.value)
        for row in portfolio.scenario_items
        if row.item == item and row.target in ("", ident) and row.year in (None, year)
    )


def _money_moves(portfolio: Portfolio, built: Model, account_id: str, year: int) -> list[tuple[int, float]]:
    """How one more unit of an appropriation enters its budget and the limits on shares of appropriations."""
    moves = [(built.row_of["budget", account_id, year], -1.0)]
    agency = portfolio.accounts[account_id].agency
    for limit in portfolio.limits.values():
        of = limit.of_scope
        if limit.basis == "budget" and of.account in ("", account_id) and of.agency in ("", agency):
            rows = (built.row_of.get(("limit_on_spending", limit.id, last)) for last in (year, "all"))
            moves += [(row, -float(limit.value)) for row in rows if row is not None]
    return moves


def _resource_edits(written: Portfolio, portfolio: Portfolio, built: Model) -> Iterator[_Edit]:
    for resource in portfolio.resources.values():
        before = written.resources[resource.id].available
        for year in range(built.columns.years):
            column = portfolio.settings.first_year + year
            change = _change(portfolio, "Resources", column, resource, "resource", before[year])
            row = built.row_of["resource", resource.id, year]
            entries = [(row, -_factor(portfolio, "resource_factor", resource.id, year))]
            yield _Edit(change, 1, highspy.kHighsInf, entries, [row])


def _programme_edits(written: Programme, programme: Programme, portfolio: Portfolio, built: Model) -> Iterator[_Edit]:
    rows: dict[str, list[int]] = defaultdict(list)
    for year in programme.years:
        for constraint in ("minimum", "indivisible_at_least", "ramp_up", "ramp_down"):
            row = built.row_of.get((constraint, programme.id, year))
            if row is not None:
                rows[constraint].append(row)
    floors = rows["minimum"] + rows["indivisible_at_least"]
    if floors and written.minimum:
        change = _change(portfolio, "Programmes", "minimum", programme, "programme", written.minimum)
        kept = portfolio.settings.publish_unit if programme.indivisible else Fraction(0)
        most = float(programme.floor - kept)
        entries = [(row, 1.0) for row in floors]
        yield _Edit(change, -1, most, entries, floors, start=programme.floor, in_units=True)
    steps = rows["ramp_up"] + rows["ramp_down"]
    if programme.ramp is not None and steps:
        change = _change(portfolio, "Programmes", "ramp", programme, "programme", programme.ramp)
        entries = [(row, -float(programme.scale)) for row in steps]
        yield _Edit(change, 1, highspy.kHighsInf, entries, steps)


def _transfer_edits(portfolio: Portfolio) -> Iterator[_Edit]:
    for number, transfer in enumerate(portfolio.transfers):
        change = _change(portfolio, "Transfers", "max_share", transfer, "cabinet", transfer.max_share)
        ident = f"{transfer.from_account}→{transfer.to_account}"
        yield _Edit(replace(change, id=ident), 1, 1.0 - float(transfer.max_share), transfer=number)


def _scenario_edits(item: ScenarioItem, written: Portfolio, portfolio: Portfolio, built: Model) -> Iterator[_Edit]:
    """A scenario's own numbers: factors, limit values, maxima and pins."""
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
    if item.item == "limit_value":
        limit = portfolio.limits.get(item.target)
        if limit is not None and limit.kind != "law":
            yield _limit_edit(portfolio, built, limit, change)
    elif item.item == "pin":
        rows = _pin_rows(item, portfolio, built)
        yield _Edit(change, 1, highspy.kHighsInf, [(row, -1.0) for row in rows], rows, in_units=True)
        yield _Edit(change, -1, float(value), [(row, 1.0) for row in rows], rows, in_units=True)
    elif item.item in ("budget_factor", "resource_factor"):
        yield from _supply_edits(item, change, portfolio, built, value)
    else:
        neutral = Fraction(1)
        if item.item == "programme_maximum":
            neutral = written.programmes[item.target].maximum
        yield _Edit(change, 1 if neutral > value else -1, abs(float(neutral - value)))


def _pin_rows(item: ScenarioItem, portfolio: Portfolio, built: Model) -> list[int]:
    """The pinned years that an item governs: a pin with a year stands before one without."""
    programme = portfolio.programmes.get(item.target)
    by_year = {i.year for i in portfolio.scenario_items if i.item == "pin" and i.target == item.target}
    governed = [
        year
        for year in (programme.pins if programme else ())
        if item.year == year or (item.year is None and year not in by_year)
    ]
    return [built.row_of["pin", item.target, year] for year in governed]


def _supply_edits(
    item: ScenarioItem, change: Change, portfolio: Portfolio, built: Model, value: Fraction
) -> Iterator[_Edit]:
    """A factor on appropriations or resources; up to 1 where it speaks of an account whose kind is law."""
    is_money = item.item == "budget_factor"
    records: Any = portfolio.accounts if is_money else portfolio.resources
    named = [ident for ident in records if item.target in ("", ident)]
    years = [year for year in range(built.columns.years) if item.year in (None, year)]
    if not value:
        yield _Edit(change, 1, 1.0)
        return
    moves: dict[int, float] = defaultdict(float)
    rows = []
    for ident in named:
        for year in years:
            record = records[ident]
            amount = float((record.appropriation if is_money else record.available)[year] / value)
            rows.append(built.row_of["budget" if is_money else "resource", ident, year])
            for row, move in _money_moves(portfolio, built, ident, year) if is_money else [(rows[-1], -1.0)]:
                moves[row] += move * amount
    law = is_money and any(portfolio.accounts[ident].kind == "law" for ident in named)
    most = max(1.0 - float(value), 0.0) if law else highspy.kHighsInf
    yield _Edit(change, 1, most, list(moves.items()), rows)
