"""Tables → a formatted workbook: headings, notes, drop-downs, protection and print setup from the schema."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from optimizer import schema
from optimizer.schema import Column, Sheet
from optimizer.workbook.frontpage import write_front_page
from optimizer.workbook.tables import RawTables, letters_of

WRITTEN = datetime(1980, 1, 1)
"""What a file says of its making, in the words of its zip entries: the same tables are the same bytes on any day."""
ROWS_TO_FILL = 2_000
COLUMNS_TO_ADD = 30
LONGEST_TEXT = 32_767
LONGEST_LIST = 255
INK, PAPER, RULE = "#00417A", "#E3ECF5", "#9DB2C7"
WIDTHS = {"id": 22, "ref": 20, "word": 20, "text": 30, "refs": 22, "words": 22, "any": 24}
SETTINGS_ROWS: Sequence[Mapping[str | int, str | None]] = tuple(
    {"key": name, "value": None} for name in schema.SETTINGS
)


def write(path: Path, raw: RawTables, language: str = "en") -> None:
    """Write ``raw`` as a formatted workbook in ``language`` that reads back to the same tables."""
    Book(path, language).write(raw)


def write_template(path: Path, language: str = "ja", first_year: int = 2027, years: int = 5) -> None:
    """Write an empty workbook to fill in, with columns for ``years`` fiscal years from ``first_year``."""
    headings = range(first_year, first_year + years)
    Book(path, language).write({"Settings": SETTINGS_ROWS}, list(schema.SHEETS), headings)


class Book:
    """One workbook being written."""

    def __init__(self, path: Path, language: str) -> None:
        self.path, self.language = Path(path), language

    def write(self, raw: RawTables, sheets: Sequence[str] = (), years: Iterable[int] = ()) -> None:
        """Write the sheets that ``raw`` or ``sheets`` names, in the schema's order, and close the file."""
        import xlsxwriter  # noqa: PLC0415  (only writers need it)

        unknown = [name for name in raw if name not in schema.SHEETS]
        if unknown:
            raise ValueError(f"no such sheet: {unknown[0]}")
        names = [name for name in schema.SHEETS if name in raw or name in sheets]
        self.rows = {name: len(raw.get(name, ())) for name in names}
        content = BytesIO()
        with xlsxwriter.Workbook(content, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
            book.set_properties({"created": WRITTEN})
            self.formats = _formats(book)
            write_front_page(book, self.language)
            for name in names:
                self._sheet(book, schema.SHEETS[name], raw.get(name, ()), list(years))
        self.path.write_bytes(content.getvalue())

    def _sheet(self, book: Any, sheet: Sheet, rows: Sequence[Mapping[str | int, Any]], years: Sequence[int]) -> None:
        page = book.add_worksheet(sheet.title(self.language))
        columns: list[tuple[str | int, Column]] = list(sheet.columns.items())
        if sheet.years:
            found = sorted({key for row in rows for key in row if isinstance(key, int)} or years)
            columns += [(year, sheet.years) for year in found]
        known = {name for name, _ in columns}
        for key in {key for row in rows for key in row} - known:
            raise ValueError(f"no such column in {sheet.name}: {key}")
        page.set_column(0, len(columns) + COLUMNS_TO_ADD, 12, self.formats["any"])
        for position, (name, column) in enumerate(columns):
            self._heading(page, position, name, column, len(rows))
            data = self.formats[_format_of(column)]
            for number, row in enumerate(rows, 1):
                value = row.get(name)
                if value is None or value == "":
                    continue
                if isinstance(value, str | bool):
                    page.write_string(number, position, self._spelling(value, column), data)
                else:
                    page.write_number(number, position, float(value), data)
        if sheet.name == "Settings":
            self._settings(page, rows)
        _set_up_page(page)

    def _heading(self, page: Any, position: int, name: str | int, column: Column, rows: int) -> None:
        page.set_column(position, position, WIDTHS.get(column.kind, 14), self.formats[_format_of(column)])
        if isinstance(name, int):
            page.write_number(0, position, name, self.formats["year heading"])
        else:
            kind = "required heading" if column.required else "heading"
            page.write_string(0, position, column.title(self.language), self.formats[kind])
        page.write_comment(0, position, note_of(column), {"author": "Haibun", "x_scale": 2.4, "y_scale": 1.9})
        self._drop_down(page, 1, max(rows + 500, ROWS_TO_FILL), position, column)

    def _drop_down(self, page: Any, first: int, last: int, position: int, column: Column) -> None:
        rule: dict[str, Any] | None = None
        if words := _words_to_choose(column, self.language):
            rule = {"validate": "list", "source": words, "error_type": "stop"}
        elif column.kind == "ref":
            sheet = schema.SHEETS[column.refers[0]]
            end = max(self.rows.get(sheet.name, 0) + 500, ROWS_TO_FILL)
            if sheet.name in self.rows:
                source = f"='{sheet.title(self.language)}'!${letters_of(0)}$2:${letters_of(0)}${end + 1}"
                rule = {"validate": "list", "source": source, "error_type": "warning"}
        if rule:
            page.data_validation(first, position, last, position, rule | {"ignore_blank": True})

    def _settings(self, page: Any, rows: Sequence[Mapping[str | int, Any]]) -> None:
        for number, row in enumerate(rows, 1):
            setting = schema.SETTINGS.get(str(row.get("key")))
            if setting:
                page.write_comment(number, 0, note_of(setting), {"author": "Haibun", "x_scale": 2.4, "y_scale": 1.9})
                self._drop_down(page, number, number, 1, setting)

    def _spelling(self, value: str | bool, column: Column) -> str:
        if isinstance(value, bool):
            return _yes_or_no(value, self.language)
        if len(value) > LONGEST_TEXT:
            raise ValueError(f"longer than an Excel cell holds: {value[:40]}…")
        if self.language != "ja":
            return value
        if column.name == "key" and value in schema.SETTINGS:
            return schema.SETTINGS[value].ja
        if value in column.choices:
            return column.choices[value][0]
        return _yes_or_no(value == "yes", "ja") if column.kind == "yes_no" and value in ("yes", "no") else value


def note_of(column: Column) -> str:
    """The note on a heading: help, unit and what a blank means, in both languages."""
    english = [column.help, f"Unit: {column.unit}." if column.unit else ""]
    japanese = [column.help_ja, f"単位：{column.unit_ja}。" if column.unit_ja else ""]
    if column.required:
        english.append("Required.")
        japanese.append("必須。")
    elif column.blank:
        english.append(f"Blank: {column.blank}.")
        japanese.append(f"空欄：{column.blank_ja}。")
    return " ".join(filter(None, english)) + "\n\n" + "".join(filter(None, japanese))


def _words_to_choose(column: Column, language: str) -> list[str]:
    if column.kind == "yes_no":
        return ["はい", "いいえ"] if language == "ja" else ["yes", "no"]
    words = [others[0] if language == "ja" else name for name, others in column.choices.items()]
    return words if len(",".join(words)) <= LONGEST_LIST else []


def _yes_or_no(value: bool, language: str) -> str:
    if language == "ja":
        return "はい" if value else "いいえ"
    return "yes" if value else "no"


def _format_of(column: Column) -> str:
    if column.kind == "any":
        return "any"
    if column.kind not in ("number", "whole", "year", "year_or_all"):
        return "text"
    if column.kind != "number":
        return "whole"
    return "money" if column.unit.startswith("money") and "for one" not in column.unit else "number"


def _formats(book: Any) -> dict[str, Any]:
    heading = {"bold": True, "border": 1, "border_color": RULE, "text_wrap": True, "valign": "top"}
    data = {"locked": False, "valign": "top"}
    return {
        "required heading": book.add_format({**heading, "bg_color": INK, "font_color": "#FFFFFF"}),
        "heading": book.add_format({**heading, "bg_color": PAPER, "font_color": INK}),
        "year heading": book.add_format(
            {**heading, "bg_color": INK, "font_color": "#FFFFFF", "locked": False, "num_format": "0"}
        ),
        "text": book.add_format({**data, "num_format": "@"}),
        "any": book.add_format(data),
        "whole": book.add_format({**data, "num_format": "0"}),
        "number": book.add_format({**data, "num_format": "#,##0.0###########"}),
        "money": book.add_format({**data, "num_format": "#,##0.00##"}),
    }


def _set_up_page(page: Any) -> None:
    page.freeze_panes(1, 1)
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)
    page.set_footer("&L&A&R&P / &N")
    allowed = (
        "format_cells",
        "format_columns",
        "format_rows",
        "insert_rows",
        "delete_rows",
        "sort",
        "autofilter",
    )
    page.protect("", dict.fromkeys(allowed, True) | {"insert_columns": True, "objects": True})
