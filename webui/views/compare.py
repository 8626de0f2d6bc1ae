"""Two to four scenarios side by side: those of the workbook, and those that were saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from optimizer import NoPlan, Words, WrongUsage, say
from webui.language import current, shown_unit, t
from webui.pace import seconds_of
from webui.rows import Book, Question
from webui.site import ask_desk, the_book, the_site
from webui.tasks import Named
from webui.views.questions import STATES, answer_of, latest_of, put

page = Blueprint("compare", __name__)
FEWEST, MOST = 2, 4


@dataclass(frozen=True)
class Choice:
    """A plan that can be compared: its key in the address, its name, and its setting."""

    key: str
    name: str
    origin: str
    sets: list[str]

    @property
    def setting(self) -> Named:
        """What is compared, as workers take it."""
        return self.name, self.origin, self.sets


def choices_of(book: Book) -> list[Choice]:
    """The scenarios of the workbook, then the saved ones; no two are called the same."""
    written = [Choice(name, name, name, []) for name in book.summary["scenarios"]]
    taken = {choice.name for choice in written}
    saved = [
        Choice(f"saved-{s.id}", t("{name} (saved)", name=s.name) if s.name in taken else s.name, s.origin, s.sets)
        for s in book.scenarios
    ]
    return [*written, *saved]


@page.get("/books/<book_id>/compare")
def show(book_id: str) -> str:
    """The chosen plans (``s``, repeated), each beside the first."""
    book = the_book(book_id)
    chosen = chosen_of(book)
    try:
        return _page(book, chosen, beside(book, chosen), None)
    except (WrongUsage, NoPlan) as trouble:
        return _page(book, chosen, {}, trouble.message)


def beside(book: Book, chosen: Sequence[Choice]) -> dict[str, Any]:
    """The plans of chosen scenarios side by side. Raises ``WrongUsage`` for too few or too many, and ``NoPlan``."""
    _not_too_many(chosen)
    path = the_site().store.path_of(book.sha256)
    try:
        found: dict[str, Any] = ask_desk(
            "beside", path, [choice.setting for choice in chosen], current(), shown_unit(book)
        )
    except NoPlan:
        raise NoPlan(say("One of these scenarios has no plan; choose others.")) from None
    return found


def _not_too_many(chosen: Sequence[Choice]) -> None:
    if not FEWEST <= len(chosen) <= MOST:
        raise WrongUsage(say("Choose two to four scenarios."))


@page.post("/books/<book_id>/compare")
def attribute(book_id: str) -> Answer:
    """Ask in the background which rows make the differences, and come back to the page."""
    book = the_book(book_id)
    ask_what_differs(book)
    return redirect(url_for("compare.show", book_id=book_id, s=[choice.key for choice in chosen_of(book)]))


def ask_what_differs(book: Book) -> Question:
    """The question of which rows make the differences between the scenarios of this request, asked once at a time."""
    chosen = chosen_of(book)
    _not_too_many(chosen)
    settings, last = [choice.setting for choice in chosen], chosen[-1]
    asked = latest_of(book, settings)
    if asked is None or asked.state not in ("waiting", "running"):
        asked = put(book, "compare", last.origin, last.sets, settings)
    return asked


def chosen_of(book: Book) -> list[Choice]:
    """What the address names; else the scenario as written and another one."""
    if not book.is_ready:
        abort(404)
    choices = choices_of(book)
    chosen = [choice for key in dict.fromkeys(request.values.getlist("s")) for choice in choices if choice.key == key]
    if not chosen:
        chosen = choices[:1] + choices[-1:] if len(choices) < 3 else [choices[0], choices[2]]
    return chosen


def _page(book: Book, chosen: list[Choice], found: dict[str, Any], trouble: Words | None) -> str:
    asked = latest_of(book, [choice.setting for choice in chosen]) if found else None
    return render_template(
        "compare.html",
        book=book,
        choices=choices_of(book),
        chosen=chosen,
        found=found,
        plans=found.get("plans", []),
        trouble=trouble,
        asked=asked,
        answer=answer_of(book, asked) if asked else None,
        states=STATES,
        seconds=seconds_of(book, found.get("combinations", 0)),
        here="compare",
    )
