"""How long answers take, roughly, by the size of a workbook: said before they are asked, on an ordinary computer."""

from __future__ import annotations

from collections.abc import Mapping

from webui.rows import Book

SECONDS_A_LINE: Mapping[str, float] = {"first": 0.0012, "live": 0.00015, "full": 0.001}
"""The first answer on a page, one while a control moves, one that is published; a line is a programme and year."""
SECONDS_A_COMBINATION = 0.000025
"""And line: from one combination to the next it is a few steps of the solver, and two processes share them."""


def pace_of(book: Book) -> dict[str, float]:
    """Seconds that each kind of answer on the what-if page will take; once it has measured them it knows better."""
    lines = book.summary.get("lines", 0)
    return {kind: round(each * lines, 2) for kind, each in SECONDS_A_LINE.items()}


def seconds_of(book: Book, combinations: int) -> int:
    """Whole seconds, at least one, that solving so many combinations of rows will take."""
    lines: int = book.summary.get("lines", 0)
    return max(1, round(SECONDS_A_COMBINATION * lines * combinations))
