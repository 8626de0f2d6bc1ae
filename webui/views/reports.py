"""The report of a setting: chosen parts, a preview, and downloads. Every file belongs to one published run."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from flask import Blueprint, Response, abort, render_template, request

from optimizer import Standing, Words, say
from webui import evidence, papers
from webui.downloads import attached, to_keep_or_to_see
from webui.language import current
from webui.papers import OFFERED, PDF, REPORTS
from webui.rows import Book, Run
from webui.site import ask_desk, the_book, the_site
from webui.views.whatif import setting_of

page = Blueprint("reports", __name__)
PARTS: Mapping[str, tuple[Words, Words]] = {
    "report.xlsx": (say("Excel report"), say("Tables and charts, sheet by sheet; every table foots.")),
    "report.html": (say("Report as one page"), say("Figures and tables in both languages; opens without a network.")),
    PDF: (say("Report on paper (PDF)"), say("Tagged, with its fonts; who signed it and the run's hash on every page.")),
    "allocation.csv": (say("Allocation (CSV)"), say("A row for each programme and year, with verdict and reason.")),
    "flows.csv": (say("Accounts (CSV)"), say("Appropriation, transfers, carry-over, spent and lapsed.")),
    "transfers.csv": (say("Transfers (CSV)"), say("Money that moved between accounts.")),
    "run.json": (say("Facts of the run (JSON)"), say("Score, bound, versions, assumptions, warnings, hashes.")),
    "certificate.json": (say("Certificate (JSON)"), say("What haibun verify needs beside book and allocation.")),
    "book.xlsx": (say("The workbook"), say("Exactly as it was read.")),
}


@page.get("/books/<book_id>/report")
def show(book_id: str) -> str:
    """What can be taken home of the setting in the address, and who answers for it."""
    book = the_book(book_id)
    run, standing = standing_of(book)
    states = evidence.states_of(the_site().store, book.id)
    return render_template(
        "report.html", book=book, parts=parts(), setting=setting_of(book), run=run, standing=standing, states=states,
        here="reports",
    )  # fmt: skip


def standing_of(book: Book) -> tuple[Run | None, Standing]:
    """The run that was saved of this request's setting, if any, and who answers for it."""
    _, origin, sets = setting_of(book)
    run = evidence.run_of_setting(the_site().store, book, origin, sets)
    return run, evidence.standing_of(the_site().store, run) if run else Standing()


@page.get("/books/<book_id>/report.zip")
def as_zip(book_id: str) -> Response:
    """The chosen parts in one file; the whole run where none is named, which ``haibun verify`` takes."""
    return zip_of(the_book(book_id), request.args.getlist("part"))


def zip_of(book: Book, wanted: Sequence[str]) -> Response:
    """The wanted parts of the run of this request's setting, in one file.

    What belongs to the run is there as it was written; where the run is saved, its reports are there once more in
    ``signed/``, with everybody who has signed it until now.
    """
    run, folder = run_of(book)
    chosen = [part for part in wanted if part in parts()] or [part for part in PARTS if part != PDF]
    reports = [part for part in chosen if part in REPORTS]
    signed = papers.reports_of(run, reports) if run and reports else {}
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as package:
        for part in chosen:
            if part != PDF or run is None:
                package.writestr(part, papers.of_draft(folder, part))
        for name, data in signed.items():
            package.writestr(f"signed/{name}", data)
    return attached(content.getvalue(), "haibun_report.zip", "application/zip")


@page.get("/books/<book_id>/report/<name>")
def part(book_id: str, name: str) -> Response:
    """One part, to keep or (``?view``) to look at."""
    book = the_book(book_id)
    if name not in parts():
        abort(404)
    run, folder = run_of(book)
    return to_keep_or_to_see(papers.of_run(run, name) if run else papers.of_draft(folder, name), name)


def parts() -> Mapping[str, tuple[Words, Words]]:
    """What can be had: a PDF only where the program for it is installed."""
    return {name: words for name, words in PARTS.items() if name in OFFERED or name not in REPORTS}


def run_of(book: Book) -> tuple[Run | None, Path]:
    """The run that was saved of the setting in the address, or none, and its folder, published where it was not yet."""
    path, origin, sets = setting_of(book)
    store = the_site().store
    if run := evidence.run_of_setting(store, book, origin, sets):
        return run, store.run_folder(run.id)
    asked = json.dumps([book.sha256, origin, sets, current()])
    folder = store.report_folder(hashlib.sha256(asked.encode()).hexdigest()[:24])
    if not folder.exists():
        ask_desk("publish", path, origin, sets, folder, current())
    return None, folder
