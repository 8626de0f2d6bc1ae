"""How a sheet of the workbook is printed: A4 landscape, one page wide; nothing is cut that a page can hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

LINE_HEIGHT = 17
"""Of a row, in points, where nothing else is said."""
PAPER_WIDTH, PAPER_HEIGHT = 768, 508
"""In points: what a page holds at full size. Where letters must be smaller to be one page wide it holds more rows."""
DIGIT, BESIDE = 5.25, 3.75
"""In points: a letter of a column's width in the narrowest of the fonts that may stand in, and what a column adds."""
LONGEST_FOOTER = 120
ALL = {"scale_with_doc": False}


class Printing:
    """The pages of one sheet: what is kept whole, and what stands above and below it."""

    def __init__(self, page: Any, widths: Sequence[float]) -> None:
        self.page, self.columns = page, len(widths)
        width = DIGIT * sum(widths) + BESIDE * len(widths)
        self.page_height = PAPER_HEIGHT * max(1.0, width / PAPER_WIDTH)
        self.heights: dict[int, float] = {}
        self.pieces: list[tuple[int, int]] = []

    def set_row(self, row: int, height: float | None, options: dict[str, int] | None = None) -> None:
        """A row's height, and the level of its outline."""
        if height is not None:
            self.heights[row] = height
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
        page.fit_to_pages(1, int(is_one_page))
        page.print_area(0, 0, max(0, rows - 1), self.columns - 1)
        page.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.6)
        page.set_header(f"&L&10{_plain(above)}&R&10&A", ALL)
        page.set_footer(f"&L&10{_plain(below[0])}&R&10{_plain(below[1])}   &P / &N", ALL)
        if not is_one_page:
            page.set_h_pagebreaks(self.breaks())

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


def _plain(text: str) -> str:
    """Text for a header or a footer, where & begins a command."""
    return text.replace("&", "&&")[:LONGEST_FOOTER]
