"""What several tests need: a book from raw tables without a file, and a solved result from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from optimizer import checks, run
from optimizer.portfolio import portfolio_of
from optimizer.workbook import RawBook, RawSheet


def raw_book(raw: dict[str, list[dict[Any, Any]]]) -> RawBook:
    """Raw tables as if they had just been read from Excel, columns in the order of first use."""
    sheets = []
    for title, rows in ((title, rows) for title, rows in raw.items() if rows):
        columns = list(dict.fromkeys(column for row in rows for column in row))
        cells = [[as_cell(row.get(column)) for column in columns] for row in rows]
        sheets.append(RawSheet(title, [[as_cell(c) for c in columns], *cells]))
    return RawBook(Path("book.xlsx"), b"", "", tuple(sheets))


def as_cell(value: Any) -> Any:
    """A value as the reader hands it over: numbers are floats."""
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def opened(raw: dict[str, list[dict[Any, Any]]]) -> run.OpenBook:
    """The book behind raw tables; fails the test where they have a problem."""
    checked = checks.check(raw_book(raw))
    assert not checked.errors, [str(p.problem) for p in checked.errors]
    return run.OpenBook(b"", "", portfolio_of(checked), checked.warnings, checked.assumptions)
