"""Raw sheets → parsed tables: which sheet and column is which, and every cell by its kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from optimizer import schema
from optimizer.checks.cells import Fault, default_of, identifier, is_blank, shown, value_of, year_of
from optimizer.checks.findings import Assumption, Findings, is_slip, nearest, plainly
from optimizer.checks.lookalikes import SHEETS_OF_AMOUNTS, is_total
from optimizer.schema import Column, Sheet
from optimizer.words import Words, say
from optimizer.workbook.tables import RawBook, RawSheet, Record, Table, Value, letters_of


def find_sheets(book: RawBook, findings: Findings) -> dict[str, RawSheet]:
    """The book's sheets by canonical name; unknown, repeated and missing ones are noted."""
    titles = {plainly(title): s.name for s in schema.SHEETS.values() for title in (s.name, s.ja)}
    extra = {plainly(title) for title in schema.EXTRA_SHEETS}
    found: dict[str, RawSheet] = {}
    unknown: list[RawSheet] = []
    for raw in book.sheets:
        name = titles.get(plainly(raw.title))
        if name is None:
            if plainly(raw.title) not in extra:
                unknown.append(raw)
        elif name in found:
            problem = say(
                "The sheets {first} and {second} are the same table.",
                first=found[name].title,
                second=raw.title,
            )
            findings.error(raw.title, "", raw.title, problem, say("Keep one of the two and delete the other."))
        elif schema.SHEETS[name].needed or any(not is_blank(cell) for row in raw.rows for cell in row):
            found[name] = raw
            _warn_of_hidden(raw, findings)
            _warn_of_merged(raw, findings)
    _note_unknown(unknown, found, findings)
    _note_missing(unknown, found, findings)
    return found


def _warn_of_hidden(raw: RawSheet, findings: Findings) -> None:
    fix = say("Unhide it to see what the plan is made from.")
    if raw.hidden:
        findings.warn(raw.title, "", raw.title, say("The sheet is hidden; it is read like the others."), fix)
    if raw.hidden_rows:
        problem = say("The sheet has hidden or filtered rows; they are read like the others.")
        findings.warn(raw.title, "", raw.title, problem, say("Unhide them to see what the plan is made from."))
    if raw.hidden_columns:
        problem = say("The sheet has hidden columns; they are read like the others.")
        findings.warn(raw.title, "", raw.title, problem, say("Unhide them to see what the plan is made from."))


def _warn_of_merged(raw: RawSheet, findings: Findings) -> None:
    if raw.merged:
        cell = raw.merged.split(":")[0]
        problem = say(
            "The cells {range} are merged: only the first is seen, but each is read by itself.", range=raw.merged
        )
        findings.warn(raw.title, cell, raw.merged, problem, say("Unmerge them, and fill in each cell."))


def _note_unknown(unknown: Iterable[RawSheet], found: Mapping[str, RawSheet], findings: Findings) -> None:
    for raw in unknown:
        near = _near_sheet(raw.title, found)
        if near:
            problem = say("{found}: no such sheet; did you mean {near}?", found=raw.title, near=near.name)
            fix = say("Rename the sheet to {name} ({ja}) if it is that table.", name=near.name, ja=near.ja)
            findings.warn(raw.title, "", raw.title, problem, fix)
        else:
            problem = say("The sheet {title} is not part of the workbook; it is ignored.", title=raw.title)
            findings.warn(raw.title, "", raw.title, problem, say("Nothing needs to be done if it is a note of yours."))


def _near_sheet(title: str, found: Mapping[str, RawSheet]) -> Sheet | None:
    names = {t: s for s in schema.SHEETS.values() if s.name not in found for t in (s.name, s.ja)}
    near = nearest(title, names, cutoff=0.75)
    return names[near] if near else None


def _note_missing(unknown: Iterable[RawSheet], found: Mapping[str, RawSheet], findings: Findings) -> None:
    for sheet in schema.SHEETS.values():
        if not sheet.needed or sheet.name in found:
            continue
        problem = say("The sheet {name} ({ja}) is missing.", name=sheet.name, ja=sheet.ja)
        fix = say("Add it: {help} `haibun template` writes every sheet with its headings.", help=sheet.about)
        if near := nearest(sheet.name, [raw.title for raw in unknown], cutoff=0.75):
            fix = say("Rename the sheet {near} if it is that table, or add the sheet.", near=near)
        findings.error(sheet.name, "", "", problem, fix)


class Headings:
    """The columns of one raw sheet: index by canonical name or year."""

    def __init__(self, raw: RawSheet, sheet: Sheet, findings: Findings) -> None:
        self.raw, self.sheet, self.findings = raw, sheet, findings
        self.index: dict[str | int, int] = {}
        self._texts: dict[str, set[str]] = {}
        unknown: list[tuple[int, str]] = []
        titles = {plainly(title): c.name for c in sheet.columns.values() for title in (c.name, c.ja)}
        for position, heading in enumerate(raw.rows[0] if raw.rows else []):
            if is_blank(heading):
                self._warn_of_data_without_heading(position)
                continue
            name = self._name(heading, titles)
            if name is None:
                unknown.append((position, shown(heading)))
            elif name in self.index:
                self._repeated(position, heading, name)
            else:
                self.index[name] = position
        self._note_unknown(unknown)
        self._note_missing(unknown)

    def _name(self, heading: Any, titles: Mapping[str, str]) -> str | int | None:
        if self.sheet.years and (year := year_of(heading)):
            return year
        return titles.get(plainly(shown(heading)))

    def _repeated(self, position: int, heading: Any, name: str | int) -> None:
        first = shown(self.raw.rows[0][self.index[name]])
        problem = say("The columns {first} and {second} are the same.", first=first, second=shown(heading))
        fix = say("Keep one of the two and delete the other.")
        self.findings.error(self.raw.title, f"{letters_of(position)}1", shown(heading), problem, fix)

    def _warn_of_data_without_heading(self, position: int) -> None:
        rows = (n for n, row in enumerate(self.raw.rows, 1) if position < len(row) and not is_blank(row[position]))
        row = next(rows, None)
        if row:
            value = shown(self.raw.rows[row - 1][position])
            problem = say("The column has no heading in row 1; it is ignored.")
            fix = say("Give the column a heading, or delete it.")
            self.findings.warn(self.raw.title, f"{letters_of(position)}{row}", value, problem, fix)

    def _note_unknown(self, unknown: Sequence[tuple[int, str]]) -> None:
        absent = [c for c in self.sheet.columns.values() if c.name not in self.index]
        for position, heading in unknown:
            cell = f"{letters_of(position)}1"
            titles = {t: c for c in absent for t in (c.name, c.ja)}
            near = nearest(heading, titles, cutoff=0.75)
            if near:
                problem = say("{found}: no such column; did you mean {near}?", found=heading, near=near)
                fix = say("Correct the heading, or give the column another name if it is a note of yours.")
                is_meant = titles[near].kind != "text" and is_slip(heading, near)
                note = self.findings.error if is_meant else self.findings.warn
                note(self.raw.title, cell, heading, problem, fix)
            else:
                problem = say("{found}: no such column; it is ignored.", found=heading)
                fix = say("Nothing needs to be done if it is a note of yours.")
                self.findings.warn(self.raw.title, cell, heading, problem, fix)

    def _note_missing(self, unknown: Sequence[tuple[int, str]]) -> None:
        for column in self.sheet.columns.values():
            if not column.required or column.name in self.index:
                continue
            problem = say("The column {name} ({ja}) is missing.", name=column.name, ja=column.ja)
            fix = say("Add it in row 1: {help}", help=column.about)
            if near := nearest(column.name, [heading for _, heading in unknown]):
                fix = say("Rename the column {near} if it is that one, or add the column.", near=near)
            self.findings.error(self.raw.title, "", "", problem, fix)

    def texts(self, column: str) -> set[str]:
        """Every content of a column, as ids are compared."""
        if column not in self._texts:
            place = slice(self.index[column], self.index[column] + 1) if column in self.index else slice(0)
            self._texts[column] = {identifier(shown(cell)) for row in self.raw.rows[1:] for cell in row[place]}
        return self._texts[column]

    @property
    def columns(self) -> dict[str | int, str]:
        """Excel's letters by canonical name or year."""
        return {name: letters_of(position) for name, position in self.index.items()}


def parse(headings: Headings, horizon: Sequence[int] = (), everything: Sequence[Headings] = ()) -> Table:
    """The table of one sheet; each faulty cell is noted and stands as None. ``everything``: the sheets of the book."""
    raw, sheet, findings = headings.raw, headings.sheet, headings.findings
    numbers, cells = _filled_rows(headings)
    if sheet.years and numbers:
        _check_year_columns(headings, horizon)
    if sheet.needed and not numbers:
        problem = say("The sheet has no rows.")
        findings.error(raw.title, "", "", problem, say("Fill in at least one row below the headings."))
    if numbers:
        numbers, cells = _without_totals(headings, numbers, cells, everything)
    columns = list(zip(*cells, strict=True)) if cells else []
    parsed: list[Sequence[Value]] = []
    for column in sheet.columns.values():
        position = headings.index.get(column.name)
        found = columns[position] if position is not None and columns else None
        parsed.append(_parse_column(headings, column, position, found, numbers))
    amounts = _parse_years(headings, sheet.years, columns, numbers, horizon) if sheet.years and columns else {}
    names = tuple(sheet.columns)
    records = tuple(
        Record(number, dict(zip(names, values, strict=True)), amounts.get(number, {}))
        for number, values in zip(numbers, zip(*parsed, strict=True), strict=True)
    )
    return Table(sheet.name, raw.title or sheet.name, headings.columns, records)


def _filled_rows(headings: Headings) -> tuple[list[int], list[list[Any]]]:
    """The rows that say something in a column of the schema; a note beside or below the table is no row."""
    ignored = set(range(len(headings.raw.rows[0]) if headings.raw.rows else 0)) - {*headings.index.values()}
    if any(c.required and c.name not in headings.index for c in headings.sheet.columns.values()):
        ignored = set()
    numbers, cells = [], []
    for number, row in enumerate(headings.raw.rows[1:], 2):
        seen = [cell for position, cell in enumerate(row) if position not in ignored] if ignored else row
        if (any(seen) and not all(map(is_blank, seen))) or 0.0 in seen:
            numbers.append(number)
            cells.append(row)
    return numbers, cells


def _is_named(name: str, sheet: Sheet, everything: Sequence[Headings]) -> bool:
    """Whether another sheet has an entry of this id: then it is no row of totals, whatever it is called."""
    own = next(iter(sheet.columns.values()))
    for headings in everything:
        key, *others = headings.sheet.columns.values()
        columns = [column for column in (key, *others) if sheet.name in column.refers]
        if headings.sheet.name in own.refers:
            columns.append(key)
        if any(identifier(name) in headings.texts(column.name) for column in columns):
            return True
    return False


def _without_totals(
    headings: Headings, numbers: list[int], cells: list[list[Any]], everything: Sequence[Headings]
) -> tuple[list[int], list[list[Any]]]:
    first = headings.index.get(next(iter(headings.sheet.columns)))
    if first is None or headings.sheet.name not in SHEETS_OF_AMOUNTS:
        return numbers, cells
    kept = []
    for place, (number, row) in enumerate(zip(numbers, cells, strict=True)):
        text = row[first]
        if isinstance(text, str) and is_total(text) and not _is_named(text, headings.sheet, everything):
            problem = say("This looks like a row of totals; it would be read as one more entry.")
            fix = say("Delete the row; totals are reckoned by the program.")
            cell = f"{letters_of(first)}{number}"
            headings.findings.error(headings.raw.title, cell, shown(row[first]), problem, fix)
        else:
            kept.append(place)
    return [numbers[place] for place in kept], [cells[place] for place in kept]


def _parse_column(
    headings: Headings,
    column: Column,
    position: int | None,
    found: Sequence[Any] | None,
    numbers: Sequence[int],
) -> Sequence[Value]:
    default = default_of(column)
    findings, raw = headings.findings, headings.raw
    if found is None or position is None:
        if column.blank and numbers:
            findings.assumptions.append(Assumption(raw.title, column.name, column.when_blank, tuple(numbers)))
        return [default] * len(numbers)
    letters = letters_of(position)
    values, faults, blanks = _values(found, column, default)
    if column.required:
        for place in blanks:
            problem = say("The cell is empty; {column} is required.", column=column.heading)
            findings.error(raw.title, f"{letters}{numbers[place]}", "", problem, _fill_in(column))
    elif blanks and column.blank:
        rows = tuple(numbers[place] for place in blanks)
        findings.assumptions.append(Assumption(raw.title, column.name, column.when_blank, rows, letters))
    for place, fault in findings.first(faults):
        findings.error(raw.title, f"{letters}{numbers[place]}", shown(found[place]), fault.problem, fault.fix)
    return values


def _fill_in(column: Column) -> Words:
    return say("Fill it in: {help}", help=column.about)


_BLANK = object()


def _values(
    found: Sequence[Any], column: Column, default: Value
) -> tuple[list[Value], list[tuple[int, Fault]], list[int]]:
    """Parsed values of a column; each different content is parsed once."""
    cache: dict[Any, Any] = {"": _BLANK, None: _BLANK}
    values: list[Value] = []
    faults: list[tuple[int, Fault]] = []
    blanks: list[int] = []
    for place, raw in enumerate(found):
        key = (raw,) if raw.__class__ is bool else raw  # True and 1.0 are one key, but not one content
        if key in cache:
            value = cache[key]
        else:
            value = cache[key] = _value_or_fault(raw, column)
        if value is _BLANK:
            blanks.append(place)
            value = default
        elif value.__class__ is Fault:
            faults.append((place, value))
            value = None
        values.append(value)
    return values, faults, blanks


def _value_or_fault(raw: Any, column: Column) -> Any:
    if is_blank(raw):
        return _BLANK
    try:
        return value_of(raw, column)
    except Fault as fault:
        return fault.with_traceback(None)  # which holds every frame it came through


def _check_year_columns(headings: Headings, horizon: Sequence[int]) -> None:
    raw, findings = headings.raw, headings.findings
    for year in horizon:
        if year not in headings.index:
            problem = say("The column of fiscal year {year} is missing.", year=year)
            fix = say("Add a column headed {year} with the amount of that year.", year=year)
            findings.error(raw.title, "", "", problem, fix)
    for name, position in headings.index.items():
        if isinstance(name, int) and horizon and name not in horizon:
            problem = say("Fiscal year {year} lies outside the horizon; the column is ignored.", year=name)
            fix = say("Nothing needs to be done, unless first_year or years in the settings is wrong.")
            findings.warn(raw.title, f"{letters_of(position)}1", str(name), problem, fix)


def _parse_years(
    headings: Headings, column: Column, columns: Sequence[Any], numbers: Sequence[int], horizon: Sequence[int]
) -> dict[int, dict[int, Fraction]]:
    amounts: dict[int, dict[int, Fraction]] = {number: {} for number in numbers}
    for year in [name for name in headings.index if isinstance(name, int) and (name in horizon or not horizon)]:
        position = headings.index[year]
        named = replace(column, name=str(year), ja=f"{year}年度", required=year in horizon)
        values = _parse_column(headings, named, position, columns[position], numbers)
        for number, value in zip(numbers, values, strict=True):
            if value is not None:
                amounts[number][year] = value
    return amounts
