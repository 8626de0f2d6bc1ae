"""Workbooks: upload, problems cell by cell, the annotated copy, and the mended file in the same place."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from optimizer import Problem, WrongUsage, say
from webui import journal
from webui.downloads import XLSX, attached
from webui.identity import project_for_new, visitor
from webui.language import t
from webui.rows import Book, new_id
from webui.site import ask_desk, the_book, the_site

page = Blueprint("books", __name__)
LONGEST_NAME = 120
WIDEST_GRID, TALLEST_GRID = 8, 14
CASES = (Path(__file__).parents[1] / "cases" / "japan.xlsx", Path(__file__).parents[2] / "inputs" / "japan.xlsx")
"""Where the real case is: in an installed package, and in the source tree."""
_ADDRESS = re.compile(r"([A-Z]+)([0-9]+)")


@dataclass(frozen=True)
class Found:
    """One problem with its number on the page."""

    number: int
    problem: Problem


@dataclass(frozen=True)
class SheetProblems:
    """The problems of one sheet, and its faulty cells as a small grid."""

    title: str
    found: tuple[Found, ...]

    @property
    def columns(self) -> list[str]:
        """The letters of the columns that have a faulty cell."""
        letters = {letters for letters, _ in self._cells}
        return sorted(letters, key=lambda text: (len(text), text))[:WIDEST_GRID]

    @property
    def rows(self) -> list[int]:
        """The rows that have a faulty cell."""
        return sorted({row for _, row in self._cells})[:TALLEST_GRID]

    def at(self, letters: str, row: int) -> Found | None:
        """The first problem of a cell."""
        return self._cells.get((letters, row))

    @property
    def is_cut(self) -> bool:
        """Whether the grid leaves out faulty cells that the list has."""
        shown = {(letters, row) for letters in self.columns for row in self.rows}
        return not self._cells.keys() <= shown

    @property
    def _cells(self) -> dict[tuple[str, int], Found]:
        cells: dict[tuple[str, int], Found] = {}
        for found in self.found:
            match = _ADDRESS.fullmatch(found.problem.cell)
            if match:
                cells.setdefault((match[1], int(match[2])), found)
        return cells


def by_sheet(problems: Sequence[Problem]) -> list[SheetProblems]:
    """Problems sheet by sheet, errors before warnings, numbered as they stand on the page."""
    ordered = sorted(problems, key=lambda problem: problem.severity != "error")
    order = {problem.sheet: None for problem in ordered}
    ordered.sort(key=lambda problem: list(order).index(problem.sheet))
    numbered = [Found(number, problem) for number, problem in enumerate(ordered, 1)]
    return [SheetProblems(title, tuple(group)) for title, group in groupby(numbered, lambda f: f.problem.sheet)]


@page.post("/books")
def upload() -> Answer:
    """Take a workbook; a good one goes straight to its plan, another to its problems."""
    name, data = the_file()
    book = Book(id=new_id(), filename=name, project_id=project_for_new())
    return led_on(look_at(book, data))


@page.post("/books/example")
def example() -> Answer:
    """Take the real case of Japan."""
    return led_on(of_japan())


def of_japan() -> Book:
    """The real case of Japan as a workbook of the visitor's."""
    case = next(path for path in CASES if path.exists())
    return look_at(Book(id=new_id(), filename="japan.xlsx", project_id=project_for_new()), case.read_bytes())


@page.post("/books/<book_id>/file")
def replace(book_id: str) -> Answer:
    """Take a mended workbook in the place of the one before, or beside it where somebody else was first."""
    book = the_book(book_id)
    book.filename, data = the_file()
    kept = look_at(book, data, seen=request.form.get("seen", ""))
    if kept.id != book_id:
        return redirect(url_for("books.both", book_id=book_id, yours=kept.id))
    return led_on(kept)


@page.get("/books/<book_id>/both")
def both(book_id: str) -> str:
    """The two versions, where two people mended one workbook at a time."""
    theirs, yours = the_book(book_id), the_book(request.args.get("yours", ""))
    if theirs.project_id != yours.project_id:
        abort(404)
    return render_template("both.html", theirs=theirs, yours=yours)


@page.get("/books/<book_id>/problems")
def problems(book_id: str) -> str:
    """Every problem and warning of a workbook."""
    book = the_book(book_id)
    found = ask_desk("look", the_site().store.path_of(book.sha256), book.filename)
    sheets = by_sheet(found.problems)
    can_annotate = bool(found.problems) and all(problem.sheet or problem.cell for problem in found.problems)
    return render_template("problems.html", book=book, sheets=sheets, found=found, can_annotate=can_annotate)


@page.get("/books/<book_id>/annotated.xlsx")
def annotated(book_id: str) -> Response:
    """The user's own file with each faulty cell marked."""
    book = the_book(book_id)
    name = t("{name}_checked.xlsx", name=Path(book.filename).stem)
    return attached(ask_desk("annotated", the_site().store.path_of(book.sha256), book.filename), name, XLSX)


def the_file() -> tuple[str, bytes]:
    """The uploaded file: its name made harmless, its bytes. Raises ``WrongUsage`` where none was chosen."""
    file = request.files.get("file")
    if file is None or not file.filename:
        raise WrongUsage(say("No file was chosen. Choose an Excel workbook (.xlsx)."))
    return harmless(file.filename), file.read()


def harmless(name: str) -> str:
    """A file name without folders and control characters, letters of every script kept."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(letter for letter in last if letter.isprintable() and letter not in '<>:"|?*')
    stem, dot, ending = shown.rpartition(".")
    return (stem[:LONGEST_NAME] + dot + ending[:10] if dot else shown[:LONGEST_NAME]) or "book.xlsx"


def look_at(book: Book, data: bytes, seen: str = "") -> Book:
    """Keep the bytes, look at them, and save what was found.

    Where the workbook in its place is no longer the one that was ``seen`` (its hash), the new one is kept beside it.
    """
    store = the_site().store
    book.sha256 = store.keep(data)
    found = ask_desk("look", store.path_of(book.sha256), book.filename)
    book.errors, book.warnings = found.errors, found.warnings
    book.summary = found.summary
    with store.session() as session:
        there = session.get(Book, book.id, with_for_update=True)
        if there is not None and seen not in ("", there.sha256):
            facts = ("project_id", "filename", "sha256", "errors", "warnings", "summary")
            book = Book(id=new_id(), **{name: getattr(book, name) for name in facts})
        kept = session.merge(book)
        journal.note(session, visitor().name, "uploaded", kept.id, sha256=kept.sha256, filename=kept.filename)
        _ = kept.scenarios
    return kept


def led_on(book: Book) -> Answer:
    """On to the plan of a good workbook, or to the problems of another."""
    return redirect(url_for("books.problems" if book.errors else "whatif.show", book_id=book.id))
