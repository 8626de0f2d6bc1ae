"""Two to four scenarios side by side: those of the workbook, and those that were saved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template, request

from optimizer import NoPlan, Words, say
from webui.language import current
from webui.rows import Book
from webui.site import ask_desk, the_book, the_site

page = Blueprint("compare", __name__)
FEWEST, MOST = 2, 4


@dataclass(frozen=True)
class Choice:
    """A plan that can be compared: its key in the address, its name, and its setting."""

    key: str
    name: str
    origin: str
    sets: list[str]


def choices_of(book: Book) -> list[Choice]:
    """The scenarios of the workbook, then the saved ones."""
    written = [Choice(name, name, name, []) for name in book.summary["scenarios"]]
    saved = [Choice(f"saved-{s.id}", s.name, s.origin, s.sets) for s in book.scenarios]
    return [*written, *saved]


@page.get("/books/<book_id>/compare")
def show(book_id: str) -> str:
    """The chosen plans (``s``, repeated), each beside the first."""
    book = the_book(book_id)
    choices = choices_of(book)
    chosen = [choice for key in dict.fromkeys(request.args.getlist("s")) for choice in choices if choice.key == key]
    if not chosen:
        chosen = choices[:1] + choices[-1:] if len(choices) < 3 else [choices[0], choices[2]]
    if not FEWEST <= len(chosen) <= MOST:
        return _page(book, choices, chosen, [], say("Choose two to four scenarios."))
    path = the_site().store.path_of(book.sha256)
    try:
        plans = ask_desk("beside", path, [(choice.origin, choice.sets) for choice in chosen], current())
    except NoPlan:
        return _page(book, choices, chosen, [], say("One of these scenarios has no plan; choose others."))
    return _page(book, choices, chosen, plans, None)


def _page(
    book: Book, choices: list[Choice], chosen: list[Choice], plans: list[dict[str, Any]], trouble: Words | None
) -> str:
    longest = max((bar["value"] for plan in plans for bar in plan["regions"]), default=1.0)
    return render_template(
        "compare.html",
        book=book,
        choices=choices,
        chosen=chosen,
        plans=plans,
        trouble=trouble,
        longest=longest or 1.0,
        here="compare",
    )
