"""Changing a few cells of a user's own file and leaving everything else as it is."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from optimizer.errors import HaibunError
from optimizer.words import say


def write_cells(data: bytes, values: Mapping[tuple[str, str], float], out: Path) -> None:
    """Write a copy of the workbook ``data`` to ``out`` with the cells (sheet title, A1) set to ``values``."""
    book = opened_for_change(data)
    for (sheet, cell), value in values.items():
        book[sheet][cell] = value
    book.save(out)


def opened_for_change(data: bytes, **options: bool) -> Any:
    """The file as openpyxl opens it; raises ``HaibunError`` where it can be read but not written again."""
    from openpyxl import load_workbook  # noqa: PLC0415  (only changing a file needs it)

    try:
        return load_workbook(BytesIO(data), **options)
    except MemoryError:
        raise
    except Exception as error:  # openpyxl raises a dozen kinds
        reason = type(error).__name__
        raise HaibunError(
            say("The file cannot be changed ({reason}). Save it once in Excel, and try again.", reason=reason)
        ) from error
