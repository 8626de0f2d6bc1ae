"""The report as a workbook that a budget division keeps working in: live totals, native charts, print set-up.

No number is computed here: formulas repeat what the content already holds, and carry its value.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from optimizer.report.document import (
    COVER,
    Callout,
    Cell,
    Column,
    Document,
    Figure,
    Points,
    Quantity,
    Section,
    Table,
    decimals_of,
    exact_sum,
    quantity,
    tables_of,
)
from optimizer.report.figures import charts
from optimizer.report.figures.cells import Cells
from optimizer.report.figures.letters import lines_in, wide
from optimizer.report.figures.palette import CAUTION, GREY, HEAT, INK, PAPER, RULE
from optimizer.report.files.printing import LINE_HEIGHT, MOST_PRINTED, WIDEST_PAGE, Printing, is_cut, narrowed, notes_of
from optimizer.words import Words, say

FONTS = {"en": "Calibri", "ja": "Meiryo UI"}
"""Meiryo UI is on every Japanese Windows since Vista, whatever Office; ministries' slides are set in it, and its kana
are narrow. Where it is missing, as in LibreOffice on Linux, every Japanese name of a font is replaced alike: measured
at 10 points, digits by DejaVu Sans (6.4 points wide, Calibri's are 5.1) and Japanese by Noto Sans CJK (10 points).
Widths are reckoned for these, the widest."""
WIDEST = {"text": 50, "long": 84}
NARROWEST_NUMBER, NUMBER_WIDTH, MARGIN, MARGIN_OF_NUMBERS, GAP = 8, 12, 2, 1, 4
FEWEST_COLUMNS = 6
NEXT_LINE, HAND, SIGNED = 15, 34, 28
"""The height of a line of text below another, of a row that is filled in by hand, and the width of its cells."""
TITLE_SIZE = 11
LATIN_WORDS = re.compile("[!-~]+")
SUBTOTAL = "SUBTOTAL(9,"
"""Left as it is: sums around it skip a cell that is a subtotal and nothing else."""
PLAIN: Mapping[str, Any] = {"bold": False, "top": 0, "bottom": 4, "bottom_color": RULE}
"""A row that stands for those folded under it looks like one of them."""
WIDEST_CHART, CHART_ROW, PIXELS = 980, LINE_HEIGHT * 4 / 3, 7.2
"""In pixels: a chart, a row beside it, a letter's width."""
LONGEST_TEXT = 32_767
FIRST_LETTERS_OF_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
Place = tuple[int, int]


def excel(document: Document, language: str) -> bytes:
    """report.xlsx in ``language``."""
    import xlsxwriter  # noqa: PLC0415  (only a report needs it)

    target = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_format_properties": {"font_name": FONTS[language], "font_size": 10, "valign": "top"},
    }
    with xlsxwriter.Workbook(target, options) as book:
        book.set_properties({"title": document.title.into(language), "comments": document.fingerprint.into(language)})
        for section in (section for section in document.sections if section.blocks):
            _Sheet(book, document, section, language).write()
    return target.getvalue()


class _Sheet:
    """One section being written, block under block."""

    def __init__(self, book: Any, document: Document, section: Section, language: str) -> None:
        self.book, self.document, self.section, self.language = book, document, section, language
        self.formats: dict[tuple[tuple[str, object], ...], Any] = {}
        self.page = book.add_worksheet(_sheet_name(section.title.into(language)))
        self.tables = [table for block in section.blocks for table in tables_of(block)]
        widths = self._column_widths()
        aside = {sum(not column.page for column in table.columns) for table in self.tables}
        printed = len(widths) - (aside.pop() if len(aside) == 1 else 0)
        self.widths = narrowed(widths[:printed], self._shares()) + widths[printed:]
        self.printing = Printing(self.page, self.widths[:printed])
        self.across = self.printing.columns
        self.beside = int(self.across < printed and self.across > 2)
        self.row = self.heading_row = self.unprinted_row = 0

    def say(self, words: Words) -> str:
        """Words in the report's language."""
        return words.into(self.language)

    def format(self, **properties: object) -> Any:
        """A cell format, made once in a sheet; the library shares equal ones of several."""
        key = tuple(properties.items())
        if key not in self.formats:
            self.formats[key] = self.book.add_format(properties)
        return self.formats[key]

    def write(self) -> None:
        """Write every block and set up the printed page."""
        for position, width in enumerate(self.widths):
            self.page.set_column(position, position, width)
        self._head()
        top = self.row
        for block in self.section.blocks:
            if isinstance(block, Words):
                self._sentence(block)
            elif isinstance(block, Points | Callout):
                self._sentences(block)
            for table in tables_of(block):
                first = self._table(table)
                if isinstance(block, Figure) and block.kind in charts.EXCEL and table.rows:
                    self._charts(block, table, first)
        self._set_up(top)
        if self.section is self.document.sections[0]:
            self._contents()

    def _contents(self) -> None:
        """Links to the other sheets, below what is printed."""
        self._merged(self.say(say("Contents")), bold=True, font_size=TITLE_SIZE, font_color=INK)
        style = self.format(font_color=INK, underline=1)
        for section in (one for one in self.document.sections if one.blocks and one is not self.section):
            name = _sheet_name(self.say(section.title))
            self.page.write_url(self.row, 0, f"internal:{_quoted_name(name)}!A1", style, name)
            self.row += 1

    def _set_up(self, top: int) -> None:
        page, document = self.page, self.document
        is_cover = self.section.name == COVER
        below = (self.say(document.fingerprint), self.say(document.standing.state))
        self.printing.set_up(self.unprinted_row or self.row - 1, self.say(document.title), below, is_cover)
        if len(self.tables) == 1 and self.tables[0] in self.section.blocks:
            heading = self.heading_row
            page.freeze_panes(heading + 1, 1)
            page.repeat_rows(heading)
        else:
            page.freeze_panes(top, 0)

    def _column_widths(self) -> list[float]:
        widths = [0.0] * max((len(table.columns) for table in self.tables), default=1)
        for table in self.tables:
            for at, column in enumerate(table.columns):
                widths[at] = max(widths[at], self._width(table, at, column))
        while len(widths) < FEWEST_COLUMNS and sum(widths) + NUMBER_WIDTH <= WIDEST_PAGE:
            widths.append(NUMBER_WIDTH)
        return widths

    def _shares(self) -> dict[int, float]:
        """How much text of each column a printed row has: its share of scarce room; 0 of numbers, which keep theirs."""
        shares: dict[int, float] = {}
        for table in self.tables:
            rows = _stand_ins(table) or table.rows
            for at, column in enumerate(table.columns):
                text = sum(wide(self._text(row[at])) for row in rows) / max(1, len(rows))
                shares[at] = 0 if column.is_numeric or shares.get(at) == 0 else max(text, 1, shares.get(at, 1))
        return shares

    def _width(self, table: Table, position: int, column: Column) -> float:
        if column.is_numeric:
            cells = [row[position] for _, row in table.body()]
            numbers = [Fraction(cell) for cell in cells if isinstance(cell, Fraction | int)]
            ends = {min(numbers), max(numbers)} if numbers else set()
            if column.summed:
                given = table.numbers(position)
                ends |= {exact_sum(n for n in given if n < 0), exact_sum(n for n in given if n > 0)}
            texts = [cell for cell in cells if isinstance(cell, Words)]
            texts += [quantity(number, column.kind, column.decimals) for number in ends]
            found = max((wide(self._text(cell)) for cell in texts), default=0)
            words = max(map(len, LATIN_WORDS.findall(self.say(column.heading))), default=0)
            return max(NARROWEST_NUMBER, words + MARGIN, min(found + MARGIN_OF_NUMBERS, WIDEST["text"]))
        cells = [row[position] for row in (*table.rows, *_stand_ins(table))]
        found = max((wide(part) for cell in cells for part in self._text(cell).split("\n")), default=0)
        return min(max(found + MARGIN + bool(position), SIGNED if table.roomy else 10), WIDEST[column.kind])

    # Sentences

    def _head(self) -> None:
        state = self.say(say("[{state}]", state=self.document.standing.state))
        title, subtitle = self.say(self.document.title), self.say(self.document.subtitle)
        if self.section is self.document.sections[0]:
            self._merged(title, 0, bold=True, font_size=18, font_color=INK, text_wrap=True)
            self._merged(f"{subtitle}  {state}", 0, font_color=GREY, text_wrap=True)
            self._merged(self.say(self.document.message), bold=True, font_size=13, text_wrap=True)
        else:
            self._merged(self.say(self.section.title), bold=True, font_size=14, font_color=INK)
            self._merged(f"{title}  {subtitle}  {state}", 0, font_color=GREY, text_wrap=True)
        self.row += 1

    def _sentence(self, words: Words) -> None:
        self._merged(self.say(words), text_wrap=True)
        self.row += 1

    def _sentences(self, block: Points | Callout) -> None:
        look: dict[str, Any] = {"bg_color": CAUTION} if isinstance(block, Callout) else {}
        top = self.row
        self._merged(self.say(block.title), bold=True, font_color=INK, **look)
        for words in block.sentences:
            self._merged(
                "・" * (self.language == "ja") + "– " * (self.language == "en") + self.say(words),
                text_wrap=True,
                **look,
            )
        self.printing.keep(top, self.row)
        self.row += 1

    def _merged(self, text: str, first: int | None = None, **look: Any) -> None:
        """Text over the printed width, in a row high enough for it; sentences leave out a column that is repeated."""
        if first is None:
            first = self.beside if look.get("text_wrap") else 0
        room = sum(self.widths[first : self.across]) * 10 / look.get("font_size", 10)
        lines = lines_in(text, int(room)) if look.get("text_wrap") else 1
        self.printing.set_row(self.row, lines * LINE_HEIGHT * look.get("font_size", 10) / 10)
        style = self.format(valign="vcenter", **look, **_quoted(text))
        self.page.merge_range(self.row, first, self.row, self.across - 1, "", style)
        self.page.write_string(self.row, first, text[:LONGEST_TEXT], style)
        self.row += 1

    # Tables

    def _table(self, table: Table) -> int:
        """Write a table; returns the row of its first line."""
        page, top, last = self.page, self.row, len(table.columns) - 1
        if is_cut(table):
            self._notes(table)
        title = self.say(table.title)
        page.write_string(self.row, 0, title, self.format(bold=True, font_size=TITLE_SIZE, font_color=INK))
        if table.unit is not None:
            unit = self.say(say("Unit: {unit}", unit=table.unit))
            beside = wide(title) * TITLE_SIZE / 10 + wide(unit) + GAP
            self.row += beside > sum(self.widths[: last + 1])
            page.write_string(self.row, min(last, self.across - 1), unit, self.format(align="right", font_color=GREY))
        self.row += 1
        self.heading_row = self.row
        headings = [wide(self.say(column.heading)) / (self.widths[i] - 1) for i, column in enumerate(table.columns)]
        self.printing.set_row(self.row, max(1, *(math.ceil(lines * 1.15) for lines in headings)) * LINE_HEIGHT)
        for position, column in enumerate(table.columns):
            text = self.say(column.heading)
            page.write_string(self.row, position, text, self._heading(position, column, text))
        self.row += 1
        first = self.row
        self._body(table)
        final = self.row - 1
        if table.total:
            self._sums(table, table.total, _sum_of_rows(table, first, final), first, final)
        self.book.define_name(
            table.name, f"={self._quoted_sheet()}!{_area((self.heading_row, 0), (self.row - 1, last))}"
        )
        if table.filtered and table.rows:
            page.autofilter(self.heading_row, 0, final, last)
            if table.total and not table.folded:
                self._sums(table, (say("Rows shown"), *table.total[1:]), "SUBTOTAL(109,{})", first, final)
        if table.heat:
            self._heat(table, first, final)
        if is_cut(table):
            self.unprinted_row = first + MOST_PRINTED
        else:
            self._notes(table)
        self.printing.keep(top, self.row)
        self.row += 1
        return first

    def _body(self, table: Table) -> None:
        """The rows; those of a group can be folded under its name and sums."""
        looks: dict[tuple[str, int], Any] = {}
        depth = max((group.level for group in table.groups), default=0)
        body = list(table.body())
        if depth:
            self.page.outline_settings(True, symbols_below=False)
        folded = {"hidden": 1} if table.folded else {}
        for number, (level, row) in enumerate(body):
            if level:
                inside = next((n for n in range(number + 1, len(body)) if 0 < body[n][0] <= level), len(body))
                last = self.row + inside - number - 1
                lines = max(self._lines(at, self._text(c)) for at, c in enumerate(row) if not isinstance(c, Fraction))
                stands_for_rows = table.folded and level == depth
                self.printing.set_row(self.row, _height(lines), {"level": level - 1, "collapsed": int(stands_for_rows)})
                look = PLAIN if stands_for_rows else {"bg_color": PAPER} if level == 1 else {}
                sums = _sum_of_rows(table, self.row + 1, last) if table.folded else SUBTOTAL + "{})"
                self._sums(table, row, sums, self.row + 1, last, look)
                continue
            written = enumerate(zip(table.columns, row, strict=True))
            lines = max(self._cell(position, column, cell, looks) for position, (column, cell) in written)
            height = HAND if table.roomy else _height(lines)
            if height or depth:
                self.printing.set_row(self.row, height, {"level": depth, **folded})
            self.row += 1

    def _notes(self, table: Table) -> None:
        for note in notes_of(table):
            self._merged(self.say(note), text_wrap=True, font_color=GREY)

    def _heading(self, position: int, column: Column, text: str) -> Any:
        align = {"align": "right"} if column.is_numeric else {"align": "left", "indent": int(position > 0)}
        return self.format(
            **align, **_quoted(text), bold=True, text_wrap=True, valign="vcenter", font_color=INK, bg_color=PAPER,
            top=1, bottom=1, top_color=INK, bottom_color=INK,
        )  # fmt: skip

    def _cell(self, position: int, column: Column, cell: Cell, looks: dict[tuple[str, int], Any]) -> int:
        """Write a cell; returns how many lines it takes."""
        if cell is None or isinstance(cell, str) or (isinstance(cell, Words) and not isinstance(cell, Quantity)):
            text = self._text(cell)[:LONGEST_TEXT]
            key = (f"text {column.is_numeric} {position > 0}", int(text.startswith(FIRST_LETTERS_OF_FORMULAS)))
            if key not in looks:
                align = (
                    {"align": "right"}
                    if column.is_numeric
                    else {"text_wrap": True, "align": "left", "indent": int(position > 0)}
                )
                looks[key] = self.format(bottom=4, bottom_color=RULE, **align, **_quoted(text))
            self.page.write_string(self.row, position, text, looks[key])
            return self._lines(position, text)
        kind, decimals = (cell.kind, cell.decimals) if isinstance(cell, Quantity) else (column.kind, column.decimals)
        value = cell.value if isinstance(cell, Quantity) else cell
        if kind == "number":
            decimals = min(decimals, decimals_of(value))  # type: ignore[arg-type]
        side = "right" if column.is_numeric else "left"
        key = (f"{kind} {side} {position > 0}", decimals)
        if key not in looks:
            looks[key] = self.format(
                num_format=self._number_format(kind, decimals), align=side, bottom=4, bottom_color=RULE,
                indent=int(position > 0 and side == "left"),
            )  # fmt: skip
        look = looks[key]
        if column.is_derived:
            formula = _derived_formula(column, self.row, value)  # type: ignore[arg-type]
            self.page.write_formula(self.row, position, formula, look, float(value))
        else:
            self.page.write_number(self.row, position, float(value), look)
        return 1

    def _lines(self, position: int, text: str) -> int:
        """How many lines a text takes in a column of the table; all but its first column are indented."""
        return lines_in(text, int(self.widths[position]) - bool(position))

    def _sums(
        self,
        table: Table,
        cells: Sequence[Cell],
        formula: str,
        first: int,
        final: int,
        more: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        """A row of live sums over the rows from ``first`` to ``final``, each with the content's value."""
        look: dict[str, Any] = {"bold": True, "top": 1, "bottom": 1, "top_color": INK, "bottom_color": INK, **more}
        for at, (column, cell) in enumerate(zip(table.columns, cells, strict=True)):
            if cell is None:
                self.page.write_blank(self.row, at, None, self.format(**look))
            elif isinstance(cell, Words | str):
                text = self._text(cell)
                style = self.format(**look, **_quoted(text), text_wrap=True, align="left", indent=int(at > 0))
                self.page.write_string(self.row, at, text, style)
            else:
                sums = formula.format(_area((first, at), (final, at), fixed=False))
                if column.ratio:
                    sums = _derived_formula(column, self.row, cell)[1:]  # type: ignore[arg-type]
                elif _ends_within(cell, column.decimals) and not sums.startswith(SUBTOTAL):  # type: ignore[arg-type]
                    sums = f"ROUND({sums},{column.decimals})"
                style = self.format(**look, num_format=self._number_format(column.kind, column.decimals), align="right")
                self.page.write_formula(self.row, at, f"={sums}", style, float(cell))
        self.row += 1

    def _heat(self, table: Table, first: int, final: int) -> None:
        """Shares are coloured from nothing to the whole, columns of money each up to its largest amount."""
        scale: dict[str, Any] = {
            "type": "2_color_scale", "min_type": "num", "min_value": 0, "min_color": "#FFFFFF", "max_color": HEAT,
        }  # fmt: skip
        top: dict[str, dict[str, Any]] = {"share": {"max_type": "num", "max_value": 1}, "money": {"max_type": "max"}}
        for position, column in enumerate(table.columns):
            if column.kind in top and table.rows:
                self.page.conditional_format(first, position, final, position, scale | top[column.kind])

    def _text(self, cell: Cell) -> str:
        if cell is None:
            return ""
        return cell.into(self.language) if isinstance(cell, Words) else str(cell)

    def _number_format(self, kind: str, decimals: int) -> str:
        digits = "0" + "." * (decimals > 0) + "0" * decimals
        if kind in ("share", "rate"):
            digits += "%"
        else:
            digits = "#,##" + digits
        minus = '"△ "' if self.language == "ja" else '"−"'
        plus = '"+"' if kind in ("change", "rate") and self.language != "ja" else ""
        return f"{plus}{digits};{minus}{digits};{digits}"

    # Charts

    def _charts(self, figure: Figure, table: Table, first: int) -> None:
        """The charts of a figure, side by side under the table that they show; the first carries its message."""
        final, sheet = first + len(table.rows) - 1, self._quoted_sheet()

        def area(position: int) -> str:
            return f"={sheet}!{_area((first, position), (final, position))}"

        def heading(position: int) -> str:
            return f"={sheet}!{_area((first - 1, position), (first - 1, position))}"

        font = {"name": FONTS[self.language], "size": 10}
        cells = Cells(area, heading, font, self._number_format)
        message = self.say(figure.message)
        height, left = charts.HEIGHTS[figure.kind](figure), 0.0
        room = min(WIDEST_CHART, PIXELS * sum(self.widths[self.beside : self.across]))
        for number, (draw, share) in enumerate(charts.EXCEL[figure.kind]):
            chart = draw(self.book, figure, cells)
            title = message if number == 0 else self.say(say("Change, %"))
            chart.set_title({"name": _no_reference(title), "name_font": {**font, "size": 11}, "overlay": False})
            chart.set_size({"width": share * room, "height": height})
            described = message if number == 0 else f"{message} – {title}"
            self.page.insert_chart(
                self.row, self.beside, chart, {"description": described, "x_offset": left, "y_offset": 4}
            )
            left += share * room
        rows = math.ceil(height / CHART_ROW) + 1
        self.printing.keep(self.row, self.row + rows)
        self.row += rows

    def _quoted_sheet(self) -> str:
        return _quoted_name(str(self.page.get_name()))


def _stand_ins(table: Table) -> Sequence[tuple[Cell, ...]]:
    """The rows that stand for those folded under them."""
    depth = max((group.level for group in table.groups), default=0)
    return [group.cells for group in table.groups if table.folded and group.level == depth]


def _sum_of_rows(table: Table, first: int, final: int) -> str:
    """The sum of a column over lines of a sheet, seen or not, without the sums of groups among them."""
    return f'SUMIF({_area((first, table.key), (final, table.key))},"<>",{{}})' if table.groups else "SUM({})"


def _height(lines: int) -> int:
    return LINE_HEIGHT + (lines - 1) * NEXT_LINE


def _derived_formula(column: Column, row: int, value: Fraction) -> str:
    """The formula of a derived cell; rounded where its value is, so that it comes to that very number."""
    at: Callable[[int], str] = lambda position: _area((row, position), (row, position), fixed=False)  # noqa: E731
    if column.ratio:
        top, bottom = column.ratio
        return f'=IF({at(bottom)}=0,"",{at(top)}/{at(bottom)})'
    if column.across:
        first, last = column.across
        formula = f"SUM({_area((row, first), (row, last), fixed=False)})"
    else:
        more, less = column.less or (0, 0)
        formula = f"{at(more)}-{at(less)}"
    return f"=ROUND({formula},{column.decimals})" if _ends_within(value, column.decimals) else f"={formula}"


def _ends_within(value: Fraction, decimals: int) -> bool:
    """Whether so many decimals write a number in full."""
    scale: int = 10**decimals
    return (Fraction(value) * scale).denominator == 1


def _area(start: Place, end: Place, fixed: bool = True) -> str:
    first, last = _address(start, fixed), _address(end, fixed)
    return first if start == end else f"{first}:{last}"


def _address(place: Place, fixed: bool) -> str:
    row, column = place
    letters, column = "", column + 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"${letters}${row + 1}" if fixed else f"{letters}{row + 1}"


def _quoted(text: str) -> dict[str, bool]:
    """Text that a spreadsheet might take for a formula is marked as text for good."""
    return {"quote_prefix": True} if text.startswith(FIRST_LETTERS_OF_FORMULAS) else {}


def _quoted_name(sheet: str) -> str:
    """A sheet's name as formulas and links write it."""
    return "'" + sheet.replace("'", "''") + "'"


def _sheet_name(title: str) -> str:
    return "".join(letter for letter in title if letter not in "[]:*?/\\")[:31].strip("'")


def _no_reference(text: str) -> str:
    """Text for a chart's title, where a name such as ``Sheet1!A1`` would be taken for a cell."""
    return text.replace("!", "！")
