"""Help in both languages: the guide of the workbook and the page on an office server."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt
from web import app, reader

from optimizer import guide
from optimizer.schema import SHEETS
from webui.views.help import PAGES, rendered, source

__all__ = ["app", "reader"]


class Ids(HTMLParser):
    """What a page links to inside itself, and what is there."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.wanted: set[str] = set()
        self.there: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.there.add(found.get("id") or "")
        if tag == "a" and (found.get("href") or "").startswith("#"):
            self.wanted.add((found["href"] or "")[1:])


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("name", list(PAGES))
def test_a_page_of_help_is_there_in_the_readers_language(reader, name, language):
    """With a title, tables, and a list of contents that leads to its parts."""
    page = reader.get(f"/help/{name}?lang={language}")
    assert page.status_code == 200
    assert f"<h1>{rendered(source(name, language)).title}</h1>" in page.text
    assert page.text.count("<table") >= 3
    ids = Ids(page.text)
    assert len(ids.wanted) > 4 and ids.wanted <= ids.there


def test_every_sheet_of_the_workbook_has_its_part(reader):
    """The guide is that of the program itself, whatever the schema holds."""
    page = reader.get("/help").text
    assert all(f"{sheet.name} ({sheet.ja})" in page for sheet in SHEETS.values())
    assert rendered(guide("en")).title in page


def test_no_such_page_of_help_is_no_page(reader):
    """Nor a file beside those that are pages."""
    for name in ("../README", "README", "..%2fREADME.md"):
        assert reader.get(f"/help/{name}").status_code == 404


def test_html_in_markdown_stays_text():
    """Whatever a heading or a cell holds."""
    shown = rendered("# A\n\n## <script>b</script>\n\n<img src=x onerror=c>\n\n[d](javascript:e)")
    assert "<script" not in shown.html and "<img" not in shown.html and "href" not in shown.html


def test_the_end_of_a_japanese_line_is_no_space():
    """Unlike that of an English one."""
    assert "計画案" in rendered("# A\n\n計画\n   案\n").html
    assert "plan\nof" in rendered("# A\n\nplan\nof\n").html


def outline(text: str) -> list[str]:
    """Headings, rows, steps and commands of a page, without the words."""
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    kinds = ("heading_open", "tr_open", "list_item_open", "fence", "td_open")
    return [f"{token.tag} {token.content}" for token in tokens if token.type in kinds]


def test_the_page_on_an_office_says_the_same_in_both_languages():
    """Part by part, row by row, command by command; the same commands, files and tests are named."""
    english, japanese = source("office", "en"), source("office", "ja")
    assert outline(english) == outline(japanese)
    assert named(english) == named(japanese)


def named(text: str) -> set[str]:
    """Everything that a page writes as code."""
    parts = MarkdownIt("commonmark").enable("table").parse(text)
    return {child.content for part in parts for child in part.children or () if child.type == "code_inline"}
