"""The book that uses everything, with cells changed and rows added, and the problems found at a cell."""

from __future__ import annotations

import copy
from typing import Any

import books
from support import raw_book

from optimizer import checks
from optimizer.errors import Problem

WHOLE = books.with_everything()


def check(raw: dict[str, Any]) -> checks.Checked:
    return checks.check(raw_book(raw))


def changed(sheet: str, row: int, **cells: Any) -> dict[str, Any]:
    """The whole book with some cells of one row (0 is the first) set; None blanks a cell."""
    raw = copy.deepcopy(dict(WHOLE))
    raw[sheet][row] |= {int(name[1:]) if name[1:].isdigit() else name: cell for name, cell in cells.items()}
    return raw


def added(sheet: str, **cells: Any) -> dict[str, Any]:
    """The whole book with one more row."""
    raw = copy.deepcopy(dict(WHOLE))
    raw[sheet].append(cells)
    return raw


def at(checked: checks.Checked, sheet: str, column: str, row: int) -> list[Problem]:
    """The problems at a data row's cell (0 is the first row)."""
    cell = checked.tables[sheet].cell(column, row + 2)
    assert cell, f"no column {column}"
    return [problem for problem in checked.problems if (problem.sheet, problem.cell) == (sheet, cell)]


def told(checked: checks.Checked, severity: str = "warning") -> str:
    return "\n".join(f"{p.sheet}!{p.cell} {p.problem}" for p in checked.problems if p.severity == severity)
