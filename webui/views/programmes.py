"""Every line of a published plan, and one line with its reasons."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template, request

from webui.language import current
from webui.site import ask_desk, the_book
from webui.views.whatif import setting_of

page = Blueprint("programmes", __name__)


@page.get("/books/<book_id>/programmes")
def show(book_id: str) -> str:
    """The table of lines under the setting of the address."""
    book = the_book(book_id)
    rows = ask_desk("programmes", *setting_of(book), current())
    families = list(dict.fromkeys((row["family_id"], row["family"]) for row in rows))
    regions = list(dict.fromkeys(row["region"] for row in rows))
    return render_template(
        "programmes.html", book=book, rows=rows, families=families, regions=regions, here="programmes"
    )


@page.get("/books/<book_id>/programmes.json")
def as_json(book_id: str) -> Response:
    """The same for programs."""
    return make_response({"programmes": ask_desk("programmes", *setting_of(the_book(book_id)), current())})


@page.get("/books/<book_id>/programme.json")
def one(book_id: str) -> Response:
    """One line (``id``): years, ranked effects, and sentences that a second solve has confirmed."""
    ident = request.args.get("id", "")
    return make_response(ask_desk("programme", *setting_of(the_book(book_id)), ident, current()))
