"""Changing a few cells of a user's own file and leaving everything else as it is."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path


def write_cells(data: bytes, values: Mapping[tuple[str, str], float], out: Path) -> None:
    """Write a copy of the workbook ``data`` to ``out`` with the cells (sheet title, A1) set to ``values``."""
    from openpyxl import load_workbook  # noqa: PLC0415  (only this needs it)

    book = load_workbook(BytesIO(data))
    for (sheet, cell), value in values.items():
        book[sheet][cell] = value
    book.save(out)
