"""Help: how the workbook is filled in, made from the schema, and how an office server is set up and looked after."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from flask import Blueprint, abort, render_template
from markdown_it import MarkdownIt
from markupsafe import Markup

from optimizer import Words, guide, say
from webui.language import current

page = Blueprint("help", __name__)
FOLDER = Path(__file__).parents[1]
PAGES: Mapping[str, Words] = {"workbook": say("The workbook"), "office": say("An office server")}

FRAMES = {
    "<table>": '<div class="scroll" tabindex="0"><table class="list">',
    "</table>": "</table></div>",
    "<pre>": '<pre tabindex="0">',
}
"""What is wider than a page is moved sideways, by keyboard too."""

JOINED = re.compile(r"(?<=[^\x00-\x7f])\n *(?=[^\x00-\x7f])")
"""A line's end between two Japanese letters, which is no space."""


@dataclass(frozen=True)
class Written:
    """A page of help: its title, the headings to jump to (id, text), and what stands below the title."""

    title: str
    headings: tuple[tuple[str, str], ...]
    html: Markup


@page.get("/help")
@page.get("/help/<name>")
def show(name: str = "workbook") -> str:
    """A page of help in the reader's language."""
    if name not in PAGES:
        abort(404)
    return render_template("help.html", written=rendered(source(name, current())), pages=PAGES, name=name)


def source(name: str, language: str) -> str:
    """The Markdown of a page."""
    if name == "workbook":
        return guide(language)
    return (FOLDER / {"en": "OFFICE.md", "ja": "OFFICE.ja.md"}[language]).read_text(encoding="utf-8")


@lru_cache
def rendered(text: str) -> Written:
    """Markdown that begins with its title, as HTML; HTML inside it stays text."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(JOINED.sub("", text))
    headings = []
    for number, token in enumerate(tokens):
        if token.type == "heading_open" and token.tag == "h2":
            token.attrSet("id", f"part-{number}")
            headings.append((f"part-{number}", tokens[number + 1].content))
    html = markdown.renderer.render(tokens[3:], markdown.options, {})
    for plain, framed in FRAMES.items():
        html = html.replace(plain, framed)
    return Written(tokens[1].content, tuple(headings), Markup(html))  # noqa: S704  (made above, its HTML escaped)
