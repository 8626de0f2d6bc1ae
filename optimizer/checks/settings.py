"""The Settings sheet: one setting a row, each by its own kind."""

from __future__ import annotations

from collections.abc import Mapping

from optimizer import schema
from optimizer.checks.cells import Fault, default_of, is_blank, shown, value_of
from optimizer.checks.findings import Assumption, Findings, is_slip, nearest, plainly
from optimizer.schema import Column
from optimizer.words import Name, say
from optimizer.workbook.tables import Record, Table, Value

ALL_SETTINGS = Name(", ".join(schema.SETTINGS), japanese="、".join(setting.ja for setting in schema.SETTINGS.values()))


def settings_of(table: Table, findings: Findings) -> tuple[Table, dict[str, Value]]:
    """The table with each value parsed, and every setting by key with the defaults filled in."""
    names = {plainly(title): s.name for s in schema.SETTINGS.values() for title in (s.name, s.ja)}
    rows: dict[str, Record] = {}
    unknown: list[tuple[str, Record]] = []
    for record in table.records:
        key = record.values["key"]
        if key is None:
            continue
        name = names.get(plainly(key))
        if name is None:
            unknown.append((key, record))
        elif name in rows:
            problem = say("The setting {key} is given twice, first in row {row}.", key=key, row=rows[name].row)
            findings.error(table.title, table.cell("key", record.row), key, problem, say("Delete one of the two rows."))
        else:
            rows[name] = record
    absent = [s for s in schema.SETTINGS.values() if s.name not in rows]
    _note_unknown(table, unknown, absent, findings)
    records, values = [], {}
    for setting in schema.SETTINGS.values():
        value = _setting(table, setting, rows.get(setting.name), findings)
        values[setting.name] = value
        if setting.name in rows and not is_blank(rows[setting.name].values["value"]):
            records.append(Record(rows[setting.name].row, {"key": setting.name, "value": value}))
    records.sort(key=lambda record: record.row)
    return Table(table.sheet, table.title, table.columns, tuple(records)), values


def _note_unknown(table: Table, unknown: list[tuple[str, Record]], absent: list[Column], findings: Findings) -> None:
    titles = [title for setting in absent for title in (setting.name, setting.ja)]
    for key, record in unknown:
        cell = table.cell("key", record.row)
        fix = say("The settings are {names}.", names=ALL_SETTINGS)
        if near := nearest(key, titles):
            problem = say("{found}: no such setting; did you mean {near}?", found=key, near=near)
            note = findings.error if is_slip(key, near) else findings.warn
            note(table.title, cell, key, problem, fix)
        else:
            problem = say("{found}: no such setting; it is ignored.", found=key)
            findings.warn(table.title, cell, key, problem, fix)


def _setting(table: Table, setting: Column, record: Record | None, findings: Findings) -> Value:
    raw = None if record is None else record.values["value"]
    cell = "" if record is None else table.cell("value", record.row)
    if is_blank(raw):
        if setting.required:
            problem = say("The setting {key} ({ja}) is missing.", key=setting.name, ja=setting.ja)
            fix = say("Fill it in: {help}", help=setting.about)
            findings.error(table.title, cell, "", problem, fix)
        elif setting.blank:
            rows = () if record is None else (record.row,)
            letters = str(table.columns.get("value", "")) if rows else ""
            findings.assumptions.append(Assumption(table.title, setting.name, setting.when_blank, rows, letters))
        return default_of(setting)
    try:
        return value_of(raw, setting)
    except Fault as fault:
        findings.error(table.title, cell, shown(raw), fault.problem, fault.fix)
        return None


def horizon_of(settings: Mapping[str, Value]) -> range:
    """The fiscal years of the plan; none where the settings do not say."""
    first, years = settings.get("first_year"), settings.get("years")
    return range(first, first + years) if first is not None and years is not None else range(0)
