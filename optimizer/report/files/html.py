"""The report as one page that works without a network: both languages, interactive figures, a table for each.

No number is computed here.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from optimizer.report.document import (
    COVER,
    Beside,
    Block,
    Callout,
    Cell,
    Column,
    Document,
    Figure,
    Points,
    Table,
    number_text,
)
from optimizer.report.figures.drawing import drawing
from optimizer.report.figures.picture import picture
from optimizer.words import LANGUAGES, Name, Words, say

TEMPLATES = Path(__file__).parent / "templates"
MOST_BESIDE = 9
"""Columns that the page has room for, long texts among them."""
LEVEL = 5
"""Of packing: the last percent of size would take as long again."""
HTML_KINDS: Mapping[type[Any], str] = {
    Callout: "callout",
    Points: "points",
    Table: "table",
    Beside: "beside",
    Figure: "figure",
}


def html(document: Document, language: str) -> bytes:
    """report.html, opened in ``language``."""
    from markupsafe import Markup  # noqa: PLC0415  (only a report needs it)

    page = template("report.html.j2").render(
        **content_of(document, language),
        still_of=still_of,
        cell=cell_of,
        told_of=told_of,
        drawings=Markup(json_for_script(drawings_of(document))),  # noqa: S704  (escaped for a script by the function)
        plotly=packed_plotly(),
    )
    return str(page).encode()


@cache
def template(name: str, language: str | None = None) -> Any:
    """A template of this folder, made once; all is escaped. Its ``words`` are in one language (None: in both)."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415

    jinja = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    jinja.filters["words"] = both if language is None else lambda words: words.into(language)
    return jinja.get_template(name)


def content_of(document: Document, language: str) -> dict[str, Any]:
    """What a template needs to go through a document, on the screen or on paper."""
    return {
        "document": document,
        "cover": next((section for section in document.sections if section.name == COVER), None),
        "kind_of": kind_of,
        "columns_of": columns_of,
        "unit_of": lambda table: say("Unit: {unit}", unit=table.unit),
        "say": say,
        "language": language,
    }


def both(words: Words | str) -> Any:
    """Words in both languages, escaped; the page shows one of them."""
    from markupsafe import Markup, escape  # noqa: PLC0415

    if isinstance(words, str):
        return escape(words)
    english, japanese = (escape(words.into(language)) for language in LANGUAGES)
    if english == japanese:
        return english
    shown = f'<span lang="en">{english}</span><span lang="ja">{japanese}</span>'
    return Markup(shown)  # noqa: S704  (both halves were escaped above)


def still_of(figure: Figure) -> Any:
    """A figure's still picture in both languages."""
    from markupsafe import Markup  # noqa: PLC0415

    drawn = {language: picture(figure, language) for language in LANGUAGES}
    stills = "".join(f'<span lang="{language}">{svg}</span>' for language, svg in drawn.items())
    return Markup(stills)  # noqa: S704  (the picture escapes its names)


def cell_of(column: Column, cell: Cell) -> Any:
    """A cell's content."""
    if cell is None:
        return ""
    if isinstance(cell, Words | str):
        return both(cell)
    english, japanese = (number_text(cell, column.kind, column.decimals, language) for language in LANGUAGES)  # type: ignore[arg-type]
    return english if english == japanese else both(Name(english, japanese=japanese))


@cache
def packed_plotly() -> str:
    """The figures' script a third as long, which the page unpacks; packed once, the same in every report."""
    from plotly.offline import get_plotlyjs  # noqa: PLC0415

    return base64.b64encode(gzip.compress(get_plotlyjs().encode(), LEVEL, mtime=0)).decode()


def columns_of(table: Table) -> list[int]:
    """The columns that stand beside each other on the page."""
    told = told_of(table)
    return [number for number, column in enumerate(table.columns) if column.page and number not in told]


def told_of(table: Table) -> list[int]:
    """The long texts of a table of many columns: each row tells them below its name and numbers, over its width."""
    shown = [number for number, column in enumerate(table.columns) if column.page]
    return [n for n in shown[1:] if table.columns[n].kind == "long"] if len(shown) > MOST_BESIDE else []


def kind_of(block: Block) -> str:
    """The name of the template's macro for a block."""
    return HTML_KINDS.get(type(block), "sentence")


def drawings_of(document: Document) -> dict[str, dict[str, Any]]:
    """Every figure of the page, by language and name."""
    figures = [block for section in document.sections for block in section.on_the_page if isinstance(block, Figure)]
    return {language: {figure.name: drawing(figure, language) for figure in figures} for language in LANGUAGES}


def json_for_script(content: object) -> str:
    """JSON that can stand inside a script element: nothing in it can end the element or open a comment."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text
