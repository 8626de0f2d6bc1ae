"""A document as plain values in one language: the pictures and tables that a page of the cockpit shows."""

from __future__ import annotations

from typing import Any

from optimizer.report.converted import Converter
from optimizer.report.document import Cell, Column, Document, Figure, Table, number_text, tables_of
from optimizer.report.figures.picture import picture
from optimizer.words import Words


def shown(document: Document, language: str, money: Converter | None = None) -> list[dict[str, Any]]:
    """Its pictures, each with its tables, and its other tables, in the order of the page; the rest is in the report.

    Without ``money`` amounts stand in the workbook's unit.

    A block: ``title``, ``kind`` (of its figure, or table), ``picture`` (an SVG element, blank for tables), ``tables``.
    """
    blocks: list[dict[str, Any]] = []
    for section in document.sections:
        for block in map(money.block, section.on_the_page) if money else section.on_the_page:
            if isinstance(block, Figure):
                blocks.append(shown_figure(block, language))
            elif tables := tables_of(block):
                title = section.title.into(language)
                texts = [shown_table(table, language) for table in tables]
                if blocks and blocks[-1]["kind"] == "table" and blocks[-1]["title"] == title:
                    blocks[-1]["tables"] += texts
                else:
                    blocks.append({"title": title, "kind": "table", "picture": "", "tables": texts})
    return blocks


def shown_figure(figure: Figure, language: str) -> dict[str, Any]:
    """A figure by its message."""
    return {
        "title": figure.message.into(language),
        "kind": figure.kind,
        "subject": figure.subject.into(language),
        "picture": picture(figure, language),
        "tables": [shown_table(table, language) for table in figure.tables],
        "is_open": figure.is_open,
    }


def shown_table(table: Table, language: str) -> dict[str, Any]:
    """A table's texts: ``numbers`` tells which columns stand to the right."""
    places = [place for place, column in enumerate(table.columns) if column.page]
    columns = [table.columns[place] for place in places]

    def texts(row: tuple[Cell, ...]) -> list[str]:
        return [_text(column, row[place], language) for column, place in zip(columns, places, strict=True)]

    return {
        "title": table.title.into(language),
        "unit": table.unit.into(language) if table.unit else "",
        "note": table.note.into(language) if table.note else "",
        "columns": [column.heading.into(language) for column in columns],
        "numbers": [column.is_numeric for column in columns],
        "rows": [texts(row) for row in table.rows],
        "total": texts(table.total) if table.total else [],
    }


def _text(column: Column, cell: Cell, language: str) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Words):
        return cell.into(language)
    return cell if isinstance(cell, str) else number_text(cell, column.kind, column.decimals, language)  # type: ignore[arg-type]
