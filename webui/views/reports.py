"""The report of a setting: chosen parts, a preview, and downloads. Every file belongs to one published run."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from flask import Blueprint, Response, abort, render_template, request

from optimizer import Words, say
from webui import evidence
from webui.downloads import attached
from webui.language import current
from webui.rows import Book
from webui.site import ask_desk, the_book, the_site
from webui.views.questions import file_of
from webui.views.whatif import setting_of

page = Blueprint("reports", __name__)
PARTS: Mapping[str, tuple[Words, Words]] = {
    "report.xlsx": (say("Excel report"), say("Tables and charts, sheet by sheet; every table foots.")),
    "report.html": (say("Report as one page"), say("Figures and tables in both languages; opens without a network.")),
    "allocation.csv": (say("Allocation (CSV)"), say("A row for each programme and year, with verdict and reason.")),
    "flows.csv": (say("Accounts (CSV)"), say("Appropriation, transfers, carry-over, spent and lapsed.")),
    "transfers.csv": (say("Transfers (CSV)"), say("Money that moved between accounts.")),
    "run.json": (say("Facts of the run (JSON)"), say("Score, bound, versions, assumptions, warnings, hashes.")),
    "certificate.json": (say("Certificate (JSON)"), say("What haibun verify needs beside book and allocation.")),
    "book.xlsx": (say("The workbook"), say("Exactly as it was read.")),
}


@page.get("/books/<book_id>/report")
def show(book_id: str) -> str:
    """What can be taken home of the setting in the address."""
    book = the_book(book_id)
    states = evidence.states_of(the_site().store, book.id)
    return render_template(
        "report.html", book=book, parts=PARTS, setting=setting_of(book), states=states, here="reports"
    )


@page.get("/books/<book_id>/report.zip")
def as_zip(book_id: str) -> Response:
    """The chosen parts in one file; all of them where none is named, which is a run that ``haibun verify`` takes."""
    return zip_of(the_book(book_id), request.args.getlist("part"))


def zip_of(book: Book, wanted: Sequence[str]) -> Response:
    """The wanted parts of the run of this request's setting, in one file."""
    folder = run_of(book)
    chosen = [part for part in wanted if part in PARTS] or list(PARTS)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as package:
        for part in chosen:
            package.write(folder / part, part)
    return attached(content.getvalue(), "haibun_report.zip", "application/zip")


@page.get("/books/<book_id>/report/<name>")
def part(book_id: str, name: str) -> Response:
    """One part, to keep or (``?view``) to look at."""
    book = the_book(book_id)
    if name not in PARTS:
        abort(404)
    return file_of(run_of(book) / name, name)


def run_of(book: Book) -> Path:
    """The run folder of the setting in the address, published where it was not before."""
    path, origin, sets = setting_of(book)
    asked = json.dumps([book.sha256, origin, sets, current()])
    folder = the_site().store.report_folder(hashlib.sha256(asked.encode()).hexdigest()[:24])
    if not folder.exists():
        ask_desk("publish", path, origin, sets, folder, current())
    return folder
