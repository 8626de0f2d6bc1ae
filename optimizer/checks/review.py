"""A parsed book under review: look-ups that the checks share, and the way from a record to its cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from optimizer import schema
from optimizer.checks.cells import shown
from optimizer.checks.findings import Findings
from optimizer.words import Words, say
from optimizer.workbook.tables import RawSheet, Record, Table, Value

NOUNS = {
    "Regions": say("region"),
    "Countries": say("country"),
    "Objectives": say("objective"),
    "Priorities": say("pair of region and objective with a priority"),
    "Accounts": say("account"),
    "Programmes": say("programme"),
    "Curves": say("curve"),
    "Resources": say("resource"),
    "Limits": say("limit"),
    "Levers": say("lever"),
    "family": say("family"),
    "instrument": say("instrument"),
}


@dataclass
class Review:
    """The tables of one book, its settings and horizon, and the findings to write to."""

    tables: dict[str, Table]
    raws: Mapping[str, RawSheet]
    settings: Mapping[str, Value]
    horizon: range
    findings: Findings
    _ids: dict[str, dict[str, Record]] = field(default_factory=dict)

    def records(self, sheet: str) -> tuple[Record, ...]:
        """The rows of a sheet."""
        return self.tables[sheet].records

    def ids(self, sheet: str) -> Mapping[str, Record]:
        """The first row of each id that ``sheet`` defines."""
        if sheet not in self._ids:
            key = schema.SHEETS[sheet].key[0]
            rows = self._ids[sheet] = {}
            for record in self.records(sheet):
                if record.values[key] is not None:
                    rows.setdefault(record.values[key], record)
        return self._ids[sheet]

    def found(self, sheet: str, column: str | int, record: Record) -> str:
        """The content of a cell as the user wrote it."""
        letters = self.tables[sheet].columns.get(column)
        if letters is None:
            return ""
        index = 0
        for letter in letters:
            index = index * 26 + ord(letter) - 64
        row = self.raws[sheet].rows[record.row - 1]
        return shown(row[index - 1]) if index <= len(row) else ""

    def error(self, sheet: str, column: str | int, record: Record, problem: Words, fix: Words) -> None:
        """Note an error at the record's cell in ``column``."""
        table = self.tables[sheet]
        cell = table.cell(column, record.row)
        self.findings.error(table.title, cell, self.found(sheet, column, record), problem, fix)

    def warn(self, sheet: str, column: str | int, record: Record, problem: Words, fix: Words) -> None:
        """Note a warning at the record's cell in ``column``."""
        table = self.tables[sheet]
        cell = table.cell(column, record.row)
        self.findings.warn(table.title, cell, self.found(sheet, column, record), problem, fix)

    @cached_property
    def regions_of_programmes(self) -> Mapping[str, str]:
        """The region of each programme, its own or its country's; blank where neither says."""
        countries = self.ids("Countries")
        regions = {}
        for name, record in self.ids("Programmes").items():
            country = countries.get(record.values["country"] or "")
            regions[name] = record.values["region"] or (country.values["region"] if country else "") or ""
        return regions

    @cached_property
    def default_levers(self) -> Mapping[str, bool]:
        """Which levers are on unless a scenario says otherwise."""
        return {name: bool(record.values["default"]) for name, record in self.ids("Levers").items()}

    @cached_property
    def lever_settings(self) -> Mapping[str, Mapping[str, bool]]:
        """Which levers are on in each scenario, ``base`` first."""
        scenarios: dict[str, dict[str, bool]] = {schema.BASE: dict(self.default_levers)}
        for record in self.records("Scenarios"):
            values = record.values
            if values["scenario"] is None:
                continue
            levers = scenarios.setdefault(values["scenario"], dict(self.default_levers))
            if values["item"] == "lever" and isinstance(values["value"], bool):
                levers[values["target"]] = values["value"]
        return scenarios

    def years_of(self, programme: Record) -> range:
        """The years of a programme inside the horizon."""
        if not self.horizon:
            return range(0)
        start, end = programme.values["start"], programme.values["end"]
        first = self.horizon[0] if start is None else max(start, self.horizon[0])
        last = self.horizon[-1] if end is None else min(end, self.horizon[-1])
        return range(first, last + 1)


def is_on(record: Record, levers: Mapping[str, bool]) -> bool:
    """Whether a row exists while ``levers`` are set so; levers that do not exist count as off."""
    requires, unless = record.values["requires"] or (), record.values["unless"] or ()
    return all(levers.get(name) for name in requires) and not any(levers.get(name) for name in unless)


def can_meet(first: Record, second: Record) -> bool:
    """Whether some setting of the levers makes both rows exist."""
    needed = {*(first.values["requires"] or ()), *(second.values["requires"] or ())}
    barred = {*(first.values["unless"] or ()), *(second.values["unless"] or ())}
    return not needed & barred


def decimal(number: Fraction | int) -> str:
    """A number as a reader would write it."""
    return f"{float(number):.15g}"


def listed(names: Iterable[object], most: int = 5) -> str:
    """A few names, comma separated."""
    words = [str(name) for name in names]
    return ", ".join(words[:most]) + (", …" if len(words) > most else "")


def no_whole_unit(low: Fraction, high: Fraction, unit: Fraction) -> Words:
    """The sentence for a range that rounding to the publish unit leaves empty."""
    return say(
        "No multiple of the publish unit {unit} lies between the minimum {low} and the maximum {high}.",
        unit=decimal(unit),
        low=decimal(low),
        high=decimal(high),
    )
