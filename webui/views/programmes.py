"""Every line of a published plan."""

from __future__ import annotations

from flask import Blueprint, render_template

from webui.language import current, shown_unit
from webui.site import ask_desk, the_book
from webui.views.whatif import setting_of

page = Blueprint("programmes", __name__)


@page.get("/books/<book_id>/programmes")
def show(book_id: str) -> str:
    """The table of lines under the setting of the address."""
    book = the_book(book_id)
    rows = ask_desk("programmes", *setting_of(book), current(), shown_unit(book))
    families = list(dict.fromkeys((row["family_id"], row["family"]) for row in rows))
    regions = list(dict.fromkeys(row["region"] for row in rows))
    return render_template(
        "programmes.html", book=book, rows=rows, families=families, regions=regions, here="programmes"
    )
