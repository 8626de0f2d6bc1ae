"""The first sheet of a workbook: how to fill it in, in both languages."""

from __future__ import annotations

from typing import Any

from optimizer import schema

INK = "#00417A"
TITLES = {"en": "How to fill this in", "ja": "記入方法"}


def write_front_page(book: Any, language: str) -> None:
    """Add the first sheet to an XlsxWriter workbook."""
    page = book.add_worksheet(TITLES[language])
    title = book.add_format({"bold": True, "font_size": 16, "font_color": INK})
    heading = book.add_format({"bold": True, "bg_color": INK, "font_color": "#FFFFFF", "border": 1})
    text = book.add_format({"text_wrap": True, "valign": "top"})
    page.set_column(0, 0, 22)
    page.set_column(1, 1, 18)
    page.set_column(2, 2, 16)
    page.set_column(3, 4, 62)
    page.write_string(0, 0, "Haibun 配分 — How to fill this in ／ 記入方法", title)
    row = 2
    for number, (english, japanese) in enumerate(schema.STEPS, 1):
        _fit_height(page, row, english, japanese)
        page.write_number(row, 2, number, text)
        page.write_string(row, 3, english, text)
        page.write_string(row, 4, japanese, text)
        row += 1
    row = _table_of_sheets(page, row + 1, (heading, text))
    for position, words in enumerate(("Example ／ 記入例", "", "", "English", "日本語")):
        page.write_string(row, position, words, heading)
    for sheet, english, japanese in schema.EXAMPLES:
        row += 1
        _fit_height(page, row, english, japanese)
        page.write_string(row, 0, schema.SHEETS[sheet].title(language), text)
        page.write_string(row, 3, english, text)
        page.write_string(row, 4, japanese, text)
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.set_footer("&L&A&R&P / &N")
    page.hide_gridlines(2)
    page.protect("", {"format_columns": True, "format_rows": True})


def _fit_height(page: Any, row: int, english: str, japanese: str) -> None:
    """Give a row the height that its wrapped texts need in columns 62 wide; nobody does it on opening."""
    lines = max(-(-len(english) // 60), -(-2 * len(japanese) // 60))
    page.set_row(row, 15.5 * lines)


def _table_of_sheets(page: Any, row: int, formats: tuple[Any, Any]) -> int:
    heading, text = formats
    titles = ("Sheet ／ シート", "", "Required ／ 必須", "What it holds", "内容")
    for position, words in enumerate(titles):
        page.write_string(row, position, words, heading)
    for sheet in schema.SHEETS.values():
        row += 1
        _fit_height(page, row, sheet.help, sheet.help_ja)
        page.write_string(row, 0, sheet.name, text)
        page.write_string(row, 1, sheet.ja, text)
        page.write_string(row, 2, "yes ／ はい" if sheet.needed else "no ／ いいえ", text)
        page.write_string(row, 3, sheet.help, text)
        page.write_string(row, 4, sheet.help_ja, text)
    return row + 2
