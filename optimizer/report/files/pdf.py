"""The report, and the brief, on paper: tagged PDF/UA, with fonts, page numbers and drawn charts.

The PDF needs the extra ``pdf``; the page that it is printed from needs nothing.

No number is computed here.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from optimizer.collecting import uncollected
from optimizer.errors import WrongUsage
from optimizer.report.document import Cell, Column, Document, Figure, Section, Table, number_text, tables_of
from optimizer.report.figures.letters import broken, longest_word, wide
from optimizer.report.figures.picture import picture
from optimizer.report.files.html import content_of, template
from optimizer.report.files.printing import stretches_of
from optimizer.words import Words, say

VARIANT = "pdf/ua-1"
REPORT, BRIEF = "paper.html.j2", "brief.html.j2"
Line = tuple[str, tuple[Cell, ...]]
LONGEST_SHORT, LONGEST_WORD, MANY_COLUMNS = 16, 32, 9
"""In Latin letters: texts, and single words such as ids, that are kept in one line. Tables of more columns have smaller
letters."""
MOST_WHOLE = 24
"""Rows of a table that stays on one page; a chapter with a longer one begins a page, others share theirs."""
FEWEST_LAST = 3
"""Rows that a table's last page has at least."""
CAPTION, AROUND_UNIT = 1.15, 10.0
"""In em of a table's letters: an em of its caption's, and the words and room around its unit."""
CAPITAL, LATIN, PADDING, NARROWEST, NARROWEST_NAMES = 0.72, 0.58, 1.2, 7.0, 14.0
"""In em: Latin letters in the font of the page, what a cell has beside its text, and a column of broken texts."""


@dataclass(frozen=True)
class Room:
    """What a page has for a table, and for one of many columns, in em of its letters; and for a line of a heading."""

    table: float
    wide_table: float
    heading: int


ROOMS = {REPORT: Room(95.0, 108.0, 16), BRIEF: Room(72.0, 72.0, 12)}


def pdf(document: Document, language: str, name: str = REPORT) -> bytes:
    """report.pdf in ``language``. Raises ``WrongUsage`` as ``printed`` does."""
    return printed(paper(document, language, name))


def printed(page: str) -> bytes:
    """The PDF of a page. Raises ``WrongUsage`` where WeasyPrint, or a library it needs, is not installed."""
    weasyprint = _weasyprint()
    closed = weasyprint.URLFetcher(allowed_protocols=())
    with uncollected():
        return bytes(weasyprint.HTML(string=page, url_fetcher=closed).write_pdf(pdf_variant=VARIANT))


def load() -> None:
    """Load what prints, which takes as long as a small report. Raises ``WrongUsage`` as ``printed`` does."""
    _weasyprint()


def paper(document: Document, language: str, name: str = REPORT) -> str:
    """The page that is printed, in one language, without scripts."""
    content = content_of(document, language) | _Paper(language, ROOMS[name]).functions()
    return str(template(name, language).render(**content))


class _Paper:
    """What the template asks for in one language."""

    def __init__(self, language: str, room: Room) -> None:
        self.language, self.room = language, room

    def functions(self) -> dict[str, Any]:
        """What the template asks for, by name."""
        return {
            "many_columns": MANY_COLUMNS,
            "most_whole": MOST_WHOLE,
            "is_long": is_long,
            "still_of": self.still_of,
            "cell": self.cell,
            "stretches": self.stretches,
            "parts_of": parts_of,
            "looks_of": self.looks_of,
            "widths_of": self.widths_of,
            "heading": self.heading,
        }

    def still_of(self, figure: Figure) -> Any:
        """A figure's picture."""
        from markupsafe import Markup  # noqa: PLC0415  (only a report needs it)

        return Markup(picture(figure, self.language))  # noqa: S704  (the picture escapes its names)

    def cell(self, column: Column, cell: Cell) -> str:
        """A cell as it is read."""
        if isinstance(cell, Words):
            return cell.into(self.language)
        if cell is None or isinstance(cell, str):
            return cell or ""
        return number_text(cell, column.kind, column.decimals, self.language)  # type: ignore[arg-type]

    def columns_of(self, table: Table) -> list[int]:
        """The columns that paper has room for: what the names of groups tell is not told again."""
        told = table.grouped_by if any(group.level == 1 for group in table.groups) else ()
        return [number for number, column in enumerate(table.columns) if column.page and number not in told]

    def stretches(self, table: Table) -> list[list[int]]:
        """The columns that stand beside each other: all, or parts that paper has room for, each with the names."""
        shown, looks = self.columns_of(table), self.looks_of(table)
        natural = [self._natural_width(table, number) for number in shown]
        least = [
            width if looks[number] in ("n", "short") and place else min(width, NARROWEST_NAMES)
            for place, (number, width) in enumerate(zip(shown, natural, strict=True))
        ]
        begins = [1, *stretches_of(least, self.room.wide_table)]
        return [[*shown[:1], *shown[begin:end]] for begin, end in zip(begins, [*begins[1:], len(shown)], strict=True)]

    def heading(self, column: Column) -> tuple[str, ...]:
        """A heading in lines: those of numbers must not make their column wide."""
        heading = column.heading.into(self.language)
        return broken(heading, self.room.heading) if column.is_numeric else (heading,)

    def looks_of(self, table: Table) -> list[str]:
        """A class for each column: numbers, long texts, and short ones and ids, which are never broken."""
        looks = []
        for position, column in enumerate(table.columns):
            texts = [self.cell(column, row[position]) for row in table.rows]
            longest = max(map(wide, texts), default=0)
            is_kept = longest <= LONGEST_SHORT or (
                longest <= LONGEST_WORD and all(longest_word(text) == wide(text) for text in texts if text)
            )
            short = "short" if is_kept else ""
            looks.append("n" if column.is_numeric else "long" if column.kind == "long" else short)
        return looks

    def widths_of(self, table: Table, shown: Sequence[int]) -> list[float]:
        """The widths of columns that stand beside each other, in em; none where the page would have to find them.

        Given widths spare the search for them, which takes longer than all else. Numbers and short texts get what they
        need; long texts share the rest by what they usually need. A caption keeps in one line.
        """
        looks = self.looks_of(table)
        natural = [self._natural_width(table, number) for number in shown]
        breaks = [place for place, number in enumerate(shown) if looks[number] not in ("n", "short") or place == 0]
        kept = sum(width for place, width in enumerate(natural) if place not in breaks)
        free = (self.room.wide_table if len(shown) > MANY_COLUMNS else self.room.table) - kept
        usual = {place: self._usual_width(table, shown[place]) for place in breaks}
        widths = list(natural)
        for place in sorted(breaks, key=lambda place: natural[place] / usual[place]):
            widths[place] = min(natural[place], free * usual[place] / sum(usual.values()))
            free -= widths[place]
            del usual[place]
        wider = max(1.0, self._width_of_caption(table) / sum(widths))
        return [width * wider for width in widths] if table.rows and min(widths) >= min(NARROWEST, *natural) else []

    def _width_of_caption(self, table: Table) -> float:
        """What its title and unit take in one line, as far as the page has room."""
        unit = table.unit.into(self.language) if table.unit else ""
        return min(self.room.table, CAPTION * _em(table.title.into(self.language) + unit) + AROUND_UNIT)

    def _natural_width(self, table: Table, number: int) -> float:
        column = table.columns[number]
        rows = [cells for _, cells in table.body()] + ([table.total] if table.total else [])
        texts = [*self.heading(column), *(self.cell(column, cells[number]) for cells in rows)]
        return max(map(_em, texts)) + PADDING

    def _usual_width(self, table: Table, number: int) -> float:
        """The mean width of its texts."""
        texts = [self.cell(table.columns[number], row[number]) for row in table.rows]
        return max(NARROWEST, sum(map(_em, texts)) / max(1, len(texts)))


def _em(text: str) -> float:
    """How wide a text is, in em."""
    full, capital = wide(text) - len(text), sum(map(str.isupper, text))
    return full + capital * CAPITAL + (len(text) - full - capital) * LATIN


def is_long(section: Section) -> bool:
    """Whether a chapter has a table that may go on over several pages."""
    return any(len(table.rows) > MOST_WHOLE for block in section.on_paper for table in tables_of(block))


def parts_of(table: Table) -> list[tuple[str, list[Line]]]:
    """The rows in parts; a ``kept`` one is never broken: names of groups with their first row, the last with the total.

    A row is the name of its kind (blank, group1, group2, total) with its cells.
    """
    parts: list[tuple[str, list[Line]]] = []
    is_named = True
    for level, cells in table.body():
        if level and not (parts and is_named):
            parts.append(("kept", []))
        elif not parts or (not level and not is_named and parts[-1][0]):
            parts.append(("", []))
        parts[-1][1].append((f"group{level}" if level else "", cells))
        is_named = bool(level)
    kind, rows = parts.pop() if parts else ("", [])
    alone, last = ([], rows) if kind else (rows[:-FEWEST_LAST], rows[-FEWEST_LAST:])
    return [*parts, ("", alone), ("kept", [*last, *([("total", table.total)] if table.total else [])])]


def _weasyprint() -> Any:
    """WeasyPrint; what it prints where a library is missing is replaced by one sentence."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            import weasyprint  # noqa: PLC0415  (only a PDF needs it)
    except (ImportError, OSError) as error:
        raise WrongUsage(
            say(
                "report.pdf needs WeasyPrint and its libraries ({reason}). Install the extra: pip install "
                "'haibun[pdf]', and with it Pango and HarfBuzz (Debian: libpango-1.0-0 libpangoft2-1.0-0 "
                "libharfbuzz-subset0 fonts-noto-cjk). Without them, print report.html from a browser.",
                reason=error,
            )
        ) from None
    return weasyprint
