"""The what-if page and the answers it asks for; the address carries the whole setting."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.wrappers import Response as Answer

from optimizer import BASE, WrongUsage, say
from webui import evidence, papers
from webui.downloads import to_keep_or_to_see
from webui.identity import visitor
from webui.language import current, setting_told, t
from webui.pace import pace_of
from webui.rows import Book, Run, Scenario, new_id
from webui.site import ask_desk, the_book, the_site
from webui.views.books import look_at

page = Blueprint("whatif", __name__)
LONGEST_NAME = 80
DOWNLOADS = ("report.xlsx", "report.html", "allocation.csv", "flows.csv", "transfers.csv", "run.json")
Setting = tuple[Path, str, list[str]]


@page.get("/books/<book_id>")
def show(book_id: str) -> Answer | str:
    """The controls on the left, the answer on the right; a workbook with problems shows those instead."""
    book = the_book(book_id)
    if not book.is_ready:
        return redirect(url_for("books.problems", book_id=book.id))
    path, origin, _ = setting_of(book)
    controls = ask_desk("controls", path, origin, current())
    return render_template(
        "whatif.html", book=book, origin=origin, controls=controls, pace=pace_of(book), here="whatif"
    )


@page.post("/books/<book_id>/repairs/<int:number>")
def repaired(book_id: str, number: int) -> Answer:
    """The mended workbook as a workbook of its own, opened at the same setting."""
    book = the_book(book_id)
    _, origin, sets = setting_of(book)
    return redirect(url_for("whatif.show", book_id=mended(book, number).id, origin=origin, set=sets))


def mended(book: Book, number: int) -> Book:
    """The workbook with one of the ways out of this request's setting, kept beside it."""
    data = ask_desk("repaired", *setting_of(book), number)
    name = t("{name}_repaired.xlsx", name=Path(book.filename).stem)
    return look_at(Book(id=new_id(), filename=name, project_id=book.project_id), data)


def keep(book: Book, name: str, seen: str) -> Any:
    """Publish the setting of the request and save it under a name.

    A name that is taken is replaced only by one who has seen the scenario in its place (``seen``: its version).
    """
    path, origin, sets = setting_of(book)
    name = " ".join("".join(sign for sign in name if sign.isprintable() or sign.isspace()).split())[:LONGEST_NAME]
    if not name:
        raise WrongUsage(say("Give the scenario a name."))
    store, run_id = the_site().store, new_id()
    with store.session() as session:
        theirs = _named(session, book.id, name)
        if theirs is not None and seen != str(theirs.version):
            return _taken(book, theirs)
    score = ask_desk("publish", path, origin, sets, store.run_folder(run_id), current())
    try:
        with store.session() as session:
            session.get_one(Book, book.id, with_for_update=True)  # two who save one name come one after the other
            mine = _named(session, book.id, name)
            if mine is None:
                mine = Scenario(id=new_id(), book_id=book.id, name=name)
                session.add(mine)
            elif seen != str(mine.version):
                return _taken(book, mine)
            mine.origin, mine.sets, mine.score, mine.run_id = origin, sets, score, run_id
            run = Run(
                id=run_id, book_id=book.id, book_sha256=book.sha256, name=name, origin=origin, sets=sets, score=score
            )
            evidence.keep(session, store, run, visitor().name)
    except StaleDataError:
        abort(409)
    return {"id": mine.id, "name": name, "version": mine.version, "score": score}


@page.get("/books/<book_id>/scenarios/<scenario_id>/<name>")
def download(book_id: str, scenario_id: str, name: str) -> Response:
    """One file of a saved scenario's run."""
    scenario = next((s for s in the_book(book_id).scenarios if s.id == scenario_id), None)
    if scenario is None or name not in DOWNLOADS:
        abort(404)
    with the_site().store.session() as session:
        run = session.get(Run, scenario.run_id)
    folder = the_site().store.run_folder(scenario.run_id)
    data = papers.of_run(run, name) if run else papers.of_draft(folder, name)  # one from before there were runs
    return to_keep_or_to_see(data, f"{scenario.name}_{name}")


def setting_of(book: Book) -> Setting:
    """The workbook's file, the scenario to start from, and the items set on top, as the address has them."""
    if not book.is_ready:
        abort(404)
    origin = request.values.get("origin", BASE)
    return the_site().store.path_of(book.sha256), origin, request.values.getlist("set")


def _named(session: Session, book_id: str, name: str) -> Scenario | None:
    return session.scalar(select(Scenario).where(Scenario.book_id == book_id, Scenario.name == name))


def _taken(book: Book, theirs: Scenario) -> Response:
    """What was saved under the name: its score and its setting, so that nobody replaces what they have not seen."""
    said = say(
        "{name} was saved before, with {score} points. Replace it, or choose another name.",
        name=theirs.name,
        score=f"{theirs.score:.2f}",
    )
    error = f"{said.into(current())} {setting_told(book, theirs.origin, theirs.sets)}"
    return make_response({"error": error, "version": theirs.version, "sets": theirs.sets}, 409)
