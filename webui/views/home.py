"""The first page: the five steps with their state, the workbooks, the template, and the choice of language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as Answer

from optimizer import LANGUAGES, Words, say
from webui.downloads import XLSX, attached
from webui.identity import visitor
from webui.language import current
from webui.rows import Book
from webui.site import ask_desk, the_site

page = Blueprint("home", __name__)
LONGEST_UNIT = 40


@dataclass(frozen=True)
class Step:
    """One of the five steps: its name, what it gives, where it leads, and whether it is done."""

    name: Words
    what: Words
    link: str
    is_done: bool


@page.get("/")
def index() -> str:
    """The home page."""
    books = the_site().store.books(visitor().projects)
    return render_template("home.html", books=books, steps=steps_of(books))


def steps_of(books: Sequence[Book]) -> list[Step]:
    """The five steps; those that need a plan lead to the latest workbook that has one."""
    ready = next((book for book in books if book.is_ready), None)
    plan = url_for("whatif.show", book_id=ready.id) if ready else ""
    report = url_for("reports.show", book_id=ready.id) if ready else ""
    saved = any(book.scenarios for book in books)
    return [
        Step(
            say("Get the template"),
            say("An empty workbook with drop-downs, notes and units."),
            url_for("home.template"),
            bool(books),
        ),
        Step(
            say("Upload the workbook"),
            say("Every problem is shown with its cell and how to mend it."),
            "#upload",
            ready is not None,
        ),
        Step(say("Read the base plan"), say("The best allocation, proved."), plan, ready is not None),
        Step(say("Ask what if"), say("Move money, weights and levers; save what you find."), plan, saved),
        Step(say("Take the report home"), say("Excel, HTML, CSV and JSON."), report, saved),
    ]


@page.post("/language")
def choose_language() -> Answer:
    """Remember the reader's language and show the same page again."""
    chosen = request.form.get("language", "")
    if chosen in LANGUAGES:
        session["language"] = chosen
        session.permanent = True
    return redirect(a_page_of_this_site(request.form.get("back", "/")))


@page.post("/unit")
def choose_unit() -> Answer:
    """Remember the unit in which the reader wants to see money and show the same page again."""
    session["unit"] = request.form.get("unit", "")[:LONGEST_UNIT]
    session.permanent = True
    return redirect(a_page_of_this_site(request.form.get("back", "/")))


def a_page_of_this_site(address: str) -> str:
    """The address where it is one of this site, else the home page; browsers skip tabs and turn backslashes round."""
    plain = address.isprintable() and not set(address) & set("\\\t\r\n")
    return address if plain and address.startswith("/") and not address.startswith("//") else "/"


@page.get("/template.xlsx")
def template() -> Response:
    """The empty workbook in the reader's language."""
    name = "haibun_template.xlsx" if current() == "en" else "haibun_様式.xlsx"
    return attached(ask_desk("template", current()), name, XLSX)
