"""Runs of a workbook: their state, who answers for them, and the decision file."""

from __future__ import annotations

from flask import Blueprint, Response, abort, redirect, render_template, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response as Answer

from webui import decision, evidence, papers
from webui.downloads import attached, to_keep_or_to_see
from webui.identity import visitor
from webui.papers import OFFERED
from webui.rows import Book, Run
from webui.site import ask_desk, the_book, the_site

page = Blueprint("runs", __name__)


@page.get("/books/<book_id>/runs")
def show(book_id: str) -> str:
    """Every run of a workbook, the latest first."""
    book = the_book(book_id)
    return render_template(
        "runs.html", book=book, runs=runs_of(book), states=evidence.STATES, reports=OFFERED, here="runs"
    )


def runs_of(book: Book) -> list[Run]:
    """Every run of a workbook, the latest first."""
    with the_site().store.session() as session:
        return list(session.scalars(select(Run).where(Run.book_id == book.id).order_by(Run.made.desc())))


@page.post("/books/<book_id>/runs/<run_id>/assure")
def assure(book_id: str, run_id: str) -> Answer:
    """Answer for having checked a run that somebody else made."""
    sign_off(book_id, run_id, "assured")
    return redirect(url_for("runs.show", book_id=book_id))


@page.post("/books/<book_id>/runs/<run_id>/approve")
def approve(book_id: str, run_id: str) -> Answer:
    """Approve a run that was assured, as a third person."""
    sign_off(book_id, run_id, "approved")
    return redirect(url_for("runs.show", book_id=book_id))


@page.get("/books/<book_id>/runs/<run_id>/<name>")
def report(book_id: str, run_id: str, name: str) -> Response:
    """A report of a run, with its state of now on every page, to keep or (``?view``) to look at."""
    run = _found(book_id, run_id)
    if name not in OFFERED:
        abort(404)
    return to_keep_or_to_see(papers.of_run(run, name), name)


@page.get("/books/<book_id>/runs/<run_id>/decision.zip")
def decision_zip(book_id: str, run_id: str) -> Response:
    """The decision file."""
    run = _found(book_id, run_id)
    store = the_site().store
    model = ask_desk("lp", store.run_folder(run.id) / "book.xlsx", run.origin, run.sets)
    reports = papers.reports_of(run, OFFERED)
    return attached(
        decision.decision_file(store, run, model, reports), f"haibun_decision_{run.id}.zip", "application/zip"
    )


def sign_off(book_id: str, run_id: str, kind: str) -> Run:
    """Have the visitor answer for a run; raises ``HaibunError`` where others must come first."""
    evidence.sign_off(the_site().store, _found(book_id, run_id).id, kind, visitor().name)
    return _found(book_id, run_id)


def _found(book_id: str, run_id: str) -> Run:
    with the_site().store.session() as session:
        run = session.get(Run, run_id)
        if run is None or run.book_id != book_id:
            abort(404)
        return run
