"""Long questions: asked in the background, followed by server-sent events, cancelled, read and taken home."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response as Answer

from optimizer import Words, WrongUsage, say
from webui.downloads import to_keep_or_to_see
from webui.identity import visitor
from webui.language import current, shown_unit
from webui.rows import Book, Question, new_id
from webui.site import the_book, the_site
from webui.store import AWAY, Store
from webui.tasks import Named
from webui.views.whatif import setting_of

page = Blueprint("questions", __name__)
LOOK_EVERY, WAIT_FOR_DATABASE, LONGEST_SILENCE = 0.4, 2.0, 5.0
LONGEST_FOLLOWED = 60.0
MOST_OPEN = 10
"""Questions of one person that may wait or run at a time."""
KINDS: Mapping[str, tuple[Words, Words]] = {
    "levers": (say("What is each policy lever worth?"), say("Every combination of the levers is solved.")),
    "compare": (
        say("What makes the difference from base?"),
        say("Every combination of what this setting changes is solved."),
    ),
    "robust": (
        say("Does the plan stand if effects turn out otherwise?"),
        say("The effects are drawn from their ranges 200 times, and each draw is solved."),
    ),
    "frontier": (say("What does more money buy?"), say("The best score at every budget, with the price of money.")),
    "freedoms": (say("What does one freedom cost the other?"), say("The weight slides from fear to want.")),
    "prices": (say("What does each rule cost?"), say("Each limit is lifted in turn, and the book solved again.")),
    "ranges": (
        say("How far can each line move?"),
        say("In every plan within a tenth of a point of the best; with three other plans nearly as good."),
    ),
    "repair": (say("What would mend a setting without a plan?"), say("The smallest conflict, and priced repairs.")),
}
STATES: Mapping[str, Words] = {
    "waiting": say("waiting"),
    "running": say("running"),
    "done": say("done"),
    "failed": say("failed"),
    "cancelled": say("cancelled"),
    "interrupted": say("interrupted"),
}
SHOWN_ELSEWHERE = ("answer.json",)


@page.get("/books/<book_id>/questions")
def show(book_id: str) -> str:
    """The questions that can be asked, and those that were."""
    book = the_book(book_id)
    asked, setting = asked_of(book), setting_of(book)
    return render_template(
        "questions.html", book=book, kinds=KINDS, asked=asked, states=STATES, here="questions", setting=setting
    )


def asked_of(book: Book) -> list[Question]:
    """Every question that was asked of a workbook, the latest first."""
    with the_site().store.session() as session:
        wanted = select(Question).where(Question.book_id == book.id).order_by(Question.created.desc())
        return list(session.scalars(wanted))


@page.post("/books/<book_id>/questions")
def ask(book_id: str) -> Answer:
    """Ask a question in the background and show how far it is."""
    question = begin(the_book(book_id), request.values.get("kind", ""))
    return redirect(url_for("questions.one", book_id=book_id, question_id=question.id))


def begin(book: Book, kind: str) -> Question:
    """Ask a question of the setting of this request, or one ``again`` that compared settings.

    Raises ``WrongUsage`` for an unknown one.
    """
    if kind not in KINDS:
        raise WrongUsage(say("There is no such question."))
    _, origin, sets = setting_of(book)
    earlier = request.values.get("again")
    beside = _found(the_site().store, book.id, earlier).beside["settings"] if earlier else []
    return put(book, kind, origin, sets, [(name, scenario, items) for name, scenario, items in beside])


def put(book: Book, kind: str, origin: str, sets: list[str], beside: Sequence[Named] = ()) -> Question:
    """Put a question into the line; ``beside`` are settings to compare."""
    site, person = the_site(), visitor().name
    if site.background.open_of(person) >= MOST_OPEN:
        abort(429)
    question = Question(id=new_id(), book_id=book.id, kind=kind, origin=origin, sets=sets, asked_by=person)
    if beside:
        question.beside = compared(book, beside)
    with site.store.session() as session:
        session.add(question)
    path = site.store.path_of(book.sha256)
    site.background.ask(person, question.id, path, kind, (origin, sets, current(), list(beside)))
    return question


def compared(book: Book, beside: Sequence[Named]) -> dict[str, Any]:
    """What a question keeps of the settings that it compares."""
    return {"sha256": book.sha256, "settings": [list(setting) for setting in beside]}


def latest_of(book: Book, beside: Sequence[Named]) -> Question | None:
    """The latest question that compared these settings of this workbook."""
    with the_site().store.session() as session:
        wanted = select(Question).where(Question.book_id == book.id, Question.kind == "compare")
        found = session.scalars(wanted.order_by(Question.created.desc(), Question.begun.desc()))
        return next((question for question in found if question.beside == compared(book, beside)), None)


@page.get("/books/<book_id>/questions/<question_id>")
def one(book_id: str, question_id: str) -> str:
    """One question: how far it is, or its answer."""
    book, question = the_book(book_id), _found(the_site().store, book_id, question_id)
    answer = answer_of(book, question)
    return render_template(
        "question.html", book=book, question=question, kinds=KINDS, states=STATES, answer=answer, here="questions"
    )


@page.post("/books/<book_id>/questions/<question_id>/cancel")
def cancel(book_id: str, question_id: str) -> Answer:
    """Cancel a question that waits or runs."""
    cancel_it(book_id, question_id)
    return redirect(url_for("questions.one", book_id=book_id, question_id=question_id))


def cancel_it(book_id: str, question_id: str) -> None:
    """Cancel a question; one that has ended stays as it is."""
    the_site().background.cancel(_found(the_site().store, book_id, question_id).id)


def state_of_one(book_id: str, question_id: str) -> dict[str, Any]:
    """State, and the answer where there is one."""
    book, question = the_book(book_id), _found(the_site().store, book_id, question_id)
    return _state_of(question) | {"id": question.id, "kind": question.kind, "answer": answer_of(book, question)}


@page.get("/books/<book_id>/questions/<question_id>/events")
def events(book_id: str, question_id: str) -> Response:
    """The state of a question whenever it changes; a reader that comes back gets the state of now.

    While nothing changes a comment says so now and then, lest a proxy takes the silence for the end. Who follows ends
    after a while and comes back by itself, so that it is asked again who that is; where many follow already, at once.
    """
    site, person = the_site(), visitor().id
    store, until = site.store, time.monotonic() + LONGEST_FOLLOWED
    _found(store, book_id, question_id)

    def followed() -> Iterator[str]:
        if not site.followers.begin(person):
            yield f"retry: 3000\n\ndata: {json.dumps(_state_of(_found(store, book_id, question_id)))}\n\n"
            return
        try:
            yield from changes()
        finally:
            site.followers.end(person)

    def changes() -> Iterator[str]:
        last, quiet = None, 0.0
        yield "retry: 1000\n\n"
        while time.monotonic() < until:
            try:
                question = _found(store, book_id, question_id)
            except AWAY:
                yield ": the database does not answer\n\n"
                time.sleep(WAIT_FOR_DATABASE)
                continue
            state = _state_of(question)
            if state != last:
                yield f"data: {json.dumps(state, ensure_ascii=False)}\n\n"
                last, quiet = state, 0.0
            elif quiet >= LONGEST_SILENCE:
                yield ": nothing new\n\n"
                quiet = 0.0
            if question.state not in ("waiting", "running"):
                return
            time.sleep(LOOK_EVERY)
            quiet += LOOK_EVERY

    at_once = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # the second is for nginx, which waits for more
    return Response(followed(), mimetype="text/event-stream", headers=at_once)


@page.get("/books/<book_id>/questions/<question_id>/<name>")
def download(book_id: str, question_id: str, name: str) -> Response:
    """A file of an answer; ``?view`` shows a report as a page of its own."""
    question = _found(the_site().store, book_id, question_id)
    if question.state != "done" or name not in question.message["files"]:
        abort(404)
    data = (the_site().store.answer_folder(question.id) / name).read_bytes()
    return to_keep_or_to_see(data, f"{question.kind}_{name}")


def _found(store: Store, book_id: str, question_id: str) -> Question:
    with store.session() as session:
        question = session.get(Question, question_id)
        if question is None or question.book_id != book_id:
            abort(404)
        return question


def _state_of(question: Question) -> dict[str, Any]:
    left = None
    if question.state == "running" and question.done and question.total:
        left = round((time.time() - question.begun) / question.done * (question.total - question.done))
    return {"state": question.state, "done": question.done, "total": question.total, "left": left}


def answer_of(book: Book, question: Question) -> dict[str, Any] | None:
    """Its answer in the reader's language and unit, where it has come; one from before there were units in its own."""
    if question.state != "done":
        return None
    content = json.loads((the_site().store.answer_folder(question.id) / "answer.json").read_bytes())
    said = content.get("units", {}).get(shown_unit(book), content)
    return {**said[current()], "table": content["table"], "files": question.message["files"]}
