"""How a sheet of the workbook is printed: A4 landscape, at 8 points or more; nothing is cut that a page can hold."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from optimizer.report.document import Table, quantity
from optimizer.words import Words, say

LINE_HEIGHT = 17
"""Of a row, in points, where nothing else is said."""
PAPER_WIDTH, PAPER_HEIGHT = 768, 508
"""In points: what a page holds at full size. Where letters must be smaller to be one page wide it holds more rows."""
WIDEST_PAGE, NARROWEST_TEXT = 142, 12
"""In letters: what A4 landscape holds at 8 points or more, in the widest of the fonts that may stand in for ours."""
DIGIT, BESIDE = 5.25, 3.75
"""In points: a letter of a column's width in the narrowest of the fonts that may stand in, and what a column adds."""
LONGEST_FOOTER = 120
MOST_PRINTED = 60
"""Rows of a list whose first rows matter most: two or three pages."""
FOLDED = say(
    "Each row stands for those folded under it, which the sign + beside it shows; what is folded is not printed."
)
ALL: dict[str, Any] = {"scale_with_doc": False}
HEADER, FOOTER = 0.33, 0.42
"""In inches, from the edge of the paper. Their second, empty lines need a little more than is left to the rows, so that
LibreOffice takes that room as it is: where it reckons it anew from its letters, it prints fewer pages than it counted,
and blank ones at the end."""


class Printing:
    """The pages of one sheet: what is kept whole, and what stands above and below it."""

    def __init__(self, page: Any, widths: Sequence[float]) -> None:
        self.page, self.widths = page, widths
        self.stretches = stretches_of(widths)
        first = widths[: self.columns]
        width = DIGIT * sum(first) + BESIDE * len(first)
        self.page_height = PAPER_HEIGHT * max(1.0, width / PAPER_WIDTH)
        self.heights: dict[int, float] = {}
        self.pieces: list[tuple[int, int]] = []

    @property
    def columns(self) -> int:
        """How many columns the first page across has: sentences and charts stand there."""
        return self.stretches[0] if self.stretches else len(self.widths)

    def set_row(self, row: int, height: float | None, options: dict[str, int] | None = None) -> None:
        """A row's height, and the level of its outline."""
        if height is not None:
            self.heights[row] = 0 if options and options.get("hidden") else height
        self.page.set_row(row, height, None, options)

    def keep(self, first: int, end: int) -> None:
        """Rows ``first`` to before ``end`` are one piece: a table with its title and note, or a chart."""
        self.pieces.append((first, end))

    def set_up(self, rows: int, above: str, below: tuple[str, str], is_one_page: bool) -> None:
        """Paper, margins, what stands above and below each page, and where pages begin."""
        page = self.page
        page.hide_gridlines(2)
        page.set_default_row(LINE_HEIGHT)
        page.set_landscape()
        page.set_paper(9)
        page.fit_to_pages(1 + len(self.stretches), int(is_one_page))
        page.print_area(0, 0, max(0, rows - 1), len(self.widths) - 1)
        page.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.6)
        page.set_header(f"&L&10{_plain(above)}\n&10 &R&10&A", ALL | {"margin": HEADER})
        page.set_footer(f"&L&10{_plain(below[0])}\n&3 &R&10{_plain(below[1])}   &P / &N", ALL | {"margin": FOOTER})
        if not is_one_page:
            page.set_h_pagebreaks(self.breaks())
        if self.stretches:
            page.set_v_pagebreaks(self.stretches)
            page.repeat_columns(0)
            page.print_across()

    def breaks(self) -> list[int]:
        """The rows that begin a page, so that no piece is cut that a page can hold, and none begins at its foot.

        One that fits but for the few lines above it stays below them. Where the pages of a longer piece end follows
        from the printer, so that what comes after it begins a new one.
        """
        found, top, has_flowed = list[int](), 0, False
        for first, end in self.pieces:
            is_long, above = self._height(first, end) > self.page_height, self._height(top, first)
            is_cut = above + self._height(first, end) > self.page_height
            if has_flowed or (is_cut and above > self.page_height / (2 if is_long else 4)):
                found.append(first)
                top = first
            has_flowed = is_long
        return found

    def _height(self, first: int, end: int) -> float:
        return sum(self.heights.get(row, LINE_HEIGHT) for row in range(first, end))


def is_cut(table: Table) -> bool:
    """Whether only the first rows are printed; the table must be the last of its sheet."""
    return table.ranked and len(table.rows) > MOST_PRINTED


def notes_of(table: Table) -> Iterator[Words]:
    """What is said below a table, or above one that is cut, so that it is printed."""
    if table.note is not None:
        yield table.note
    if table.folded:
        yield FOLDED
    if is_cut(table):
        printed, count = (quantity(Fraction(rows), "number", 0) for rows in (MOST_PRINTED, len(table.rows)))
        yield say(
            "The first {printed} of {count} rows are printed; this sheet holds all of them.",
            printed=printed,
            count=count,
        )


def narrowed(widths: list[float], shares: Mapping[int, float]) -> list[float]:
    """Widths that a printed page holds: numbers keep theirs, the widest texts are cut to their shares of the rest.

    Where that is not enough the sheet is printed on several pages across, each of which holds any of its columns beside
    the first.
    """
    cut, most = widths, max(shares.values(), default=1)
    for longest in range(int(sum(widths)), NARROWEST_TEXT, -1):
        if sum(cut) <= WIDEST_PAGE:
            break
        parts = {at: max(NARROWEST_TEXT, longest * share / most) for at, share in shares.items() if share}
        cut = [min(width, parts.get(at, width)) for at, width in enumerate(widths)]
    if sum(cut) <= WIDEST_PAGE:
        return cut
    return [*widths[:1], *(min(width, WIDEST_PAGE - widths[0]) for width in widths[1:])]


def stretches_of(widths: Sequence[float], widest: float = WIDEST_PAGE) -> list[int]:
    """The columns that begin a further page across, which repeats the first one; none where one page holds them all."""
    if sum(widths) <= widest:
        return []
    room, others = widest - widths[0], sum(widths) - widths[0]
    share = others / math.ceil(others / room)
    found, used = list[int](), 0.0
    for at, width in enumerate(widths[1:], 1):
        if used and (used + width / 2 > share or used + width > room):
            found.append(at)
            used = 0.0
        used += width
    return found


def _plain(text: str) -> str:
    """Text for a header or a footer, where & begins a command."""
    return text.replace("&", "&&")[:LONGEST_FOOTER]
