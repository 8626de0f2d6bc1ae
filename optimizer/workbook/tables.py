"""The dataclasses that carry a workbook: as read (``RawBook``) and as parsed (``Table``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

# str, Fraction, bool, int, tuple[str, ...] or None, by the column's kind (see optimizer.schema)
type Value = Any
type RawTables = Mapping[str, Sequence[Mapping[str | int, str | int | float | None]]]


@dataclass(frozen=True, slots=True)
class NoValue:
    """A cell that shows no usable value: an Excel error such as #REF!, or a formula never calculated."""

    text: str
    formula: bool = False


@dataclass(frozen=True)
class RawSheet:
    """One sheet as read: ``rows[0]`` is row 1; a cell is a str, float, bool, date, time or ``NoValue``.

    ``merged`` is the first range of merged cells.
    """

    title: str
    rows: list[list[Any]]
    hidden: bool = False
    hidden_rows: bool = False
    hidden_columns: bool = False
    merged: str = ""


@dataclass(frozen=True)
class RawBook:
    """A workbook as read, not yet judged, with its bytes exactly as they were."""

    path: Path
    data: bytes = field(repr=False)
    sha256: str = ""
    sheets: tuple[RawSheet, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """One row: parsed values by canonical column name, amounts by fiscal year, and its Excel row number."""

    row: int
    values: Mapping[str, Value]
    years: Mapping[int, Fraction] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """One sheet, parsed. ``columns`` gives the Excel letters of the columns (and years) that the file has."""

    sheet: str
    title: str
    columns: Mapping[str | int, str] = field(default_factory=dict)
    records: tuple[Record, ...] = ()

    def cell(self, column: str | int, row: int) -> str:
        """The A1 address of a row's cell in ``column``; blank where the file has no such column."""
        letters = self.columns.get(column)
        return f"{letters}{row}" if letters else ""


type Tables = Mapping[str, Table]


def letters_of(index: int) -> str:
    """Excel's letters of the column at ``index`` (0 is A)."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
