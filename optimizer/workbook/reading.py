"""Excel → raw tables. Reading never judges, except a file that is no workbook."""

from __future__ import annotations

import hashlib
from io import BytesIO
from pathlib import Path
from typing import Any

from python_calamine import CalamineWorkbook

from optimizer import schema
from optimizer.collecting import uncollected
from optimizer.errors import InputProblems, Problem
from optimizer.words import Words, say
from optimizer.workbook.package import Package, Part, unpacked
from optimizer.workbook.refusal import SAVE_AS_XLSX, Refused
from optimizer.workbook.tables import RawBook, RawSheet


def read(path: Path) -> RawBook:
    """Read every sheet of the workbook at ``path``, hidden ones too.

    Raises ``InputProblems`` with one problem where the file is missing, broken, or no plain .xlsx workbook.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        reason = say("The file {path} cannot be read: {reason}.", path=path, reason=error.strerror or error)
        raise _no_workbook(path, reason, say("Check the name of the file, and close it in other programs.")) from None
    return read_bytes(data, path)


def read_bytes(data: bytes, path: Path) -> RawBook:
    """Read a workbook that is already in memory; ``path`` is what it is called."""
    try:
        package = unpacked(path, data)
        with uncollected():
            sheets = tuple(_sheets(package))
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except Refused as refused:
        raise _no_workbook(path, refused.problem, refused.fix) from None
    except BaseException as error:  # a broken file raises a dozen kinds, some of them outside Exception
        broken = say("The file is damaged or is not an Excel workbook ({reason}).", reason=type(error).__name__)
        raise _no_workbook(path, broken, SAVE_AS_XLSX) from error
    return RawBook(path, data, hashlib.sha256(data).hexdigest(), sheets)


def is_filled_in(path: Path) -> bool:
    """Whether there is a file at ``path`` that holds anything but an empty workbook to fill in."""
    if not path.is_file() or not path.stat().st_size:
        return False
    try:
        sheets = read(path).sheets
    except InputProblems:
        return True
    titles = {title: sheet.name for sheet in schema.SHEETS.values() for title in (sheet.name, sheet.ja)}
    tables = [(titles.get(sheet.title), sheet.rows[1:]) for sheet in sheets if sheet.title not in schema.EXTRA_SHEETS]
    return any(
        name is None or any(str(cell).strip() for row in rows for cell in (row[1:] if name == "Settings" else row))
        for name, rows in tables
    )


def _sheets(package: Package) -> list[RawSheet]:
    with CalamineWorkbook.from_filelike(BytesIO(package.data)) as book:
        return [
            RawSheet(
                part.title,
                _with_odd_cells(book.get_sheet_by_name(part.title).to_python(skip_empty_area=False), part),
                hidden=part.hidden,
                hidden_rows=part.hidden_rows,
                hidden_columns=part.hidden_columns,
                merged=part.merged,
            )
            for part in package.sheets
        ]


def _with_odd_cells(rows: list[list[Any]], part: Part) -> list[list[Any]]:
    width = max((column + 1 for _, column in part.odd), default=0)
    height = max((row + 1 for row, _ in part.odd), default=0)
    if part.odd:
        width = max(width, len(rows[0]) if rows else 0)
        rows += [[] for _ in range(height - len(rows))]
        for row in rows:
            row.extend([""] * (width - len(row)))
    for (row_index, column), value in part.odd.items():
        rows[row_index][column] = value
    return rows


def _no_workbook(path: Path, problem: Words, fix: Words) -> InputProblems:
    return InputProblems([Problem("", "", path.name, problem, fix)])
