"""Which cells may change, and how a change of each relaxes the rows of the model."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import highspy
import numpy as np

from optimizer.model import Grid, Model
from optimizer.model.limits import limit_in_money, pair_in, programmes_in, years_key, years_of
from optimizer.portfolio import Limit, Number, Portfolio, Programme, ScenarioItem
from optimizer.questions.repair.menu import NEGLIGIBLE, Change, Edit
from optimizer.words import name_of, say


def edits_of(written: Portfolio, active: Portfolio, built: Model) -> Iterator[Edit]:
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


def _limit_edits(portfolio: Portfolio, built: Model, replaced: set[str]) -> Iterator[Edit]:
    for limit in portfolio.limits.values():
        if limit.kind != "law" and limit.id not in replaced:
            yield _limit_edit(
                portfolio, built, limit, _change(portfolio, "Limits", "value", limit, limit.kind, limit.value)
            )


def _limit_edit(portfolio: Portfolio, built: Model, limit: Limit, change: Change) -> Edit:
    sign = 1 if limit.sense == "max" else -1
    is_part, is_open = limit.basis == "share" or limit.measure == "risk", limit.measure == "attainment"
    most = float(limit.value) if sign < 0 else max(1.0 - float(limit.value), 0.0) if is_part else highspy.kHighsInf
    in_units = limit.measure == "spend" and limit.basis == "amount"
    edit = Edit(change, sign, highspy.kHighsInf if is_open else most, in_units=in_units, is_signed=is_open)
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


def share_entries(built: Model, limit: Limit, amounts: Any) -> list[tuple[int, float]]:
    entries = []
    for years in years_of(limit, built.columns.years):
        row = _row_of_limit(built, limit, years)
        if row is not None:
            _, against = _parts_of_limit(built, limit, amounts, years)
            entries.append((row, -against if limit.sense == "max" else against))
    return entries


def needed_share(built: Model, limit: Limit, amounts: Any) -> float:
    """The value that a share or risk limit must have for given amounts to keep it in every year."""
    needed = [float(limit.value)]
    for years in years_of(limit, built.columns.years):
        if _row_of_limit(built, limit, years) is not None:
            counted, against = _parts_of_limit(built, limit, amounts, years)
            if against > NEGLIGIBLE:
                needed.append(counted / against)
    return max(needed) if limit.sense == "max" else min(needed)


def _account_edits(written: Portfolio, portfolio: Portfolio, built: Model) -> Iterator[Edit]:
    for account in portfolio.accounts.values():
        if account.kind != "law":
            before = written.accounts[account.id].appropriation
            for year in range(built.columns.years):
                column = portfolio.settings.first_year + year
                change = _change(portfolio, "Accounts", column, account, account.kind, before[year])
                factor = _factor(portfolio, "budget_factor", account.id, year)
                entries = [(row, value * factor) for row, value in _money_moves(portfolio, built, account.id, year)]
                rows, place = [built.row_of["budget", account.id, year]], (account.id, year)
                yield Edit(change, 1, highspy.kHighsInf, entries, rows, {place: factor}, in_units=True)
                if any(np.isfinite(built.row_lower[row]) for row, _ in entries):
                    less = [(row, -value) for row, value in entries]
                    yield Edit(change, -1, float(before[year]), less, rows, {place: -factor}, in_units=True)


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


def _resource_edits(written: Portfolio, portfolio: Portfolio, built: Model) -> Iterator[Edit]:
    for resource in portfolio.resources.values():
        before = written.resources[resource.id].available
        for year in range(built.columns.years):
            column = portfolio.settings.first_year + year
            change = _change(portfolio, "Resources", column, resource, "resource", before[year])
            row = built.row_of["resource", resource.id, year]
            entries = [(row, -_factor(portfolio, "resource_factor", resource.id, year))]
            yield Edit(change, 1, highspy.kHighsInf, entries, [row])


def _programme_edits(written: Programme, programme: Programme, portfolio: Portfolio, built: Model) -> Iterator[Edit]:
    rows: dict[str, list[int]] = defaultdict(list)
    for year in programme.years:
        for constraint in ("minimum", "indivisible_at_least", "ramp_up", "ramp_down"):
            row = built.row_of.get((constraint, programme.id, year))
            if row is not None:
                rows[constraint].append(row)
    floors = rows["minimum"] + rows["indivisible_at_least"]
    if floors and written.minimum:
        change = _change(portfolio, "Programmes", "minimum", programme, "programme", written.minimum)
        unit = portfolio.settings.publish_unit
        floor = Fraction(Grid(unit).up(programme.floor))
        most = float(floor - unit if programme.indivisible else floor)
        entries = [(row, 1.0) for row in floors]
        yield Edit(change, -1, most, entries, floors, start=floor, in_units=True)
    steps = rows["ramp_up"] + rows["ramp_down"]
    if programme.ramp is not None and steps:
        change = _change(portfolio, "Programmes", "ramp", programme, "programme", programme.ramp)
        entries = [(row, -float(programme.scale)) for row in steps]
        first = built.row_of.get(("ramp_down", programme.id, 0))
        deep = (programme.baseline or Fraction(0)) - Grid(portfolio.settings.publish_unit).down(programme.maximum)
        if first is None or deep <= programme.ramp * programme.scale:
            yield Edit(change, 1, highspy.kHighsInf, entries, steps)
        else:  # the first year asks for the maximum, and for less only once the ramp reaches from the baseline to it
            yield Edit(change, 1, highspy.kHighsInf, [entry for entry in entries if entry[0] != first], steps)
            start = Fraction(deep / programme.scale)
            yield Edit(change, 1, highspy.kHighsInf, entries, steps, start=start, is_last_resort=True)


def _transfer_edits(portfolio: Portfolio) -> Iterator[Edit]:
    for number, transfer in enumerate(portfolio.transfers):
        change = _change(portfolio, "Transfers", "max_share", transfer, "cabinet", transfer.max_share)
        ident = f"{transfer.from_account}→{transfer.to_account}"
        yield Edit(replace(change, id=ident), 1, 1.0 - float(transfer.max_share), transfer=number)


def _scenario_edits(item: ScenarioItem, written: Portfolio, portfolio: Portfolio, built: Model) -> Iterator[Edit]:
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
        yield Edit(change, 1, highspy.kHighsInf, [(row, -1.0) for row in rows], rows, in_units=True, is_pin=True)
        yield Edit(change, -1, float(value), [(row, 1.0) for row in rows], rows, in_units=True, is_pin=True)
    elif item.item in ("budget_factor", "resource_factor"):
        yield from _supply_edits(item, change, portfolio, built, value)
    else:
        neutral = Fraction(1)
        if item.item == "programme_maximum":
            neutral = written.programmes[item.target].maximum
        yield Edit(change, 1 if neutral > value else -1, abs(float(neutral - value)))


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
) -> Iterator[Edit]:
    """A factor on appropriations or resources; up to 1 where it speaks of an account whose kind is law."""
    is_money = item.item == "budget_factor"
    records: Any = portfolio.accounts if is_money else portfolio.resources
    named = [ident for ident in records if item.target in ("", ident)]
    years = [year for year in range(built.columns.years) if item.year in (None, year)]
    if not value:
        yield Edit(change, 1, 1.0)
        return
    moves: dict[int, float] = defaultdict(float)
    money: dict[tuple[str, int], float] = {}
    rows = []
    for ident in named:
        for year in years:
            record = records[ident]
            amount = float((record.appropriation if is_money else record.available)[year] / value)
            rows.append(built.row_of["budget" if is_money else "resource", ident, year])
            money |= {(ident, year): amount} if is_money else {}
            for row, move in _money_moves(portfolio, built, ident, year) if is_money else [(rows[-1], -1.0)]:
                moves[row] += move * amount
    law = is_money and any(portfolio.accounts[ident].kind == "law" for ident in named)
    most = max(1.0 - float(value), 0.0) if law else highspy.kHighsInf
    yield Edit(change, 1, most, list(moves.items()), rows, money)
