"""The content of a report for machines: every table as CSV, and what it says as JSON, in one zip.

No number is computed here; every one is written in full.
"""

from __future__ import annotations

import csv
import io
import zipfile
from typing import Any

from optimizer.report.document import Beside, Block, Callout, Cell, Document, Figure, Points, Quantity, Table, tables_of
from optimizer.run import json_bytes, number_in_full, plain
from optimizer.words import LANGUAGES, Words

BEGINNING_OF_TIME = (1980, 1, 1, 0, 0, 0)
"""Of every file inside, so that equal reports are equal zips."""


def bundle(document: Document, language: str) -> bytes:
    """tables.zip: ``report.json`` and a CSV for each table, its headings in ``language``."""
    files = {"report.json": json_bytes(_as_dict(document))}
    files |= {f"{table.name}.csv": _csv(table, language) for table in document.tables()}
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in files.items():
            package.writestr(zipfile.ZipInfo(name, BEGINNING_OF_TIME), content, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def _csv(table: Table, language: str) -> bytes:
    """The rows of a table, without sums; UTF-8 with a byte-order mark, so that Excel opens Japanese right."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([plain(column.heading.into(language)) for column in table.columns])
    writer.writerows([_cell(cell, language) for cell in row] for row in table.rows)
    return text.getvalue().encode("utf-8-sig")


def _cell(cell: Cell, language: str) -> object:
    if isinstance(cell, Quantity):
        return number_in_full(cell.value)
    if isinstance(cell, Words | str):
        return plain(cell.into(language) if isinstance(cell, Words) else cell)
    return "" if cell is None else number_in_full(cell)


def _as_dict(document: Document) -> dict[str, Any]:
    return {
        "title": _said(document.title),
        "message": _said(document.message),
        "subtitle": _said(document.subtitle),
        "fingerprint": _said(document.fingerprint),
        "state": _said(document.standing.state),
        "sections": [
            {
                "name": section.name,
                "title": _said(section.title),
                "blocks": [_block(block) for block in section.blocks],
            }
            for section in document.sections
            if section.blocks
        ],
        "tables": {table.name: _table(table) for table in document.tables()},
    }


def _said(words: Words | None) -> dict[str, str] | None:
    return None if words is None else {language: words.into(language) for language in LANGUAGES}


def _block(block: Block) -> dict[str, Any]:
    """A block's kind and words; its tables by name."""
    tables = [table.name for table in tables_of(block)]
    if isinstance(block, Figure):
        message, subject, source = (_said(words) for words in (block.message, block.subject, block.source))
        return {"kind": block.kind, "message": message, "subject": subject, "source": source, "tables": tables}
    if isinstance(block, Callout | Points):
        return {"kind": "sentences", "title": _said(block.title), "sentences": [_said(s) for s in block.sentences]}
    if isinstance(block, Table | Beside):
        return {"kind": "tables", "tables": tables}
    return {"kind": "sentences", "sentences": [_said(block)]}


def _table(table: Table) -> dict[str, Any]:
    """What the rows in the CSV are: headings, kinds, unit, note, totals, and the sums of groups."""
    return {
        "title": _said(table.title),
        "unit": _said(table.unit),
        "note": _said(table.note),
        "columns": [{"heading": _said(column.heading), "kind": column.kind} for column in table.columns],
        "rows": len(table.rows),
        "total": _sums(table.total),
        "groups": [{"level": g.level, "first": g.first, "last": g.last, "sums": _sums(g.cells)} for g in table.groups],
    }


def _sums(cells: tuple[Cell, ...]) -> list[Any]:
    """Numbers as text, in full, that nothing rounds them; names in both languages."""
    return [
        _said(cell) if isinstance(cell, Words) and not isinstance(cell, Quantity) else _cell(cell, "en") or None
        for cell in cells
    ]
