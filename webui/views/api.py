"""The API under /api/v1: what every page asks, for a planner's own scripts too. No cookie is needed.

A request that changes something carries the header ``X-Haibun``: a page of another site cannot send it.
"""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response, make_response, render_template, request
from werkzeug.exceptions import BadRequest

from optimizer import InputProblems, NoPlan
from webui.identity import project_for_new, visitor
from webui.language import current, shown_unit
from webui.rows import Book, new_id
from webui.site import ask_desk, ask_live, the_book, the_site
from webui.views import shapes
from webui.views.books import harmless, look_at
from webui.views.questions import begin, cancel_it, state_of_one
from webui.views.reports import zip_of
from webui.views.whatif import keep, setting_of

page = APIBlueprint("api", __name__, url_prefix="/api/v1", tag="Haibun")
SAFE = ("GET", "HEAD", "OPTIONS")


@page.before_request
def from_here_or_a_script() -> None:
    """Refuse a change that a page of another site might have sent."""
    if request.method not in SAFE and "X-Haibun" not in request.headers:
        raise BadRequest("A request that changes something carries the header X-Haibun.")


@page.get("/")
@page.doc(hide=True)
def guide() -> str:
    """The API on one page, made from the same document."""
    from flask import current_app  # noqa: PLC0415

    return render_template("api.html", spec=current_app.spec)  # type: ignore[attr-defined]


@page.get("/books")
@page.output(shapes.Books)
def books() -> dict[str, Any]:
    """Every workbook, the latest first."""
    return {"books": the_site().store.books(visitor().projects)}


@page.post("/books")
@page.input(shapes.Upload, location="files")
@page.output(shapes.Book, status_code=201)
def upload(files_data: dict[str, Any]) -> Book:
    """Upload a workbook."""
    file = files_data["file"]
    return look_at(Book(id=new_id(), filename=harmless(file.filename), project_id=project_for_new()), file.read())


@page.get("/books/<book_id>")
@page.output(shapes.Book)
def one_book(book_id: str) -> Book:
    """One workbook."""
    return the_book(book_id)


@page.get("/books/<book_id>/problems")
@page.output(shapes.Problems)
def problems(book_id: str) -> dict[str, Any]:
    """Every problem and warning of a workbook."""
    book = the_book(book_id)
    found = ask_desk("look", the_site().store.path_of(book.sha256), book.filename)
    return {"problems": [problem.as_dict(current()) for problem in found.problems]}


@page.get("/books/<book_id>/answer")
@page.input(shapes.AskedAnswer, location="query")
@page.output(shapes.PlanAnswer)
def answer(book_id: str, query_data: dict[str, Any]) -> Any:
    """The plan of a setting: ``detail=live`` before rounding and at once, else published and proved."""
    book = the_book(book_id)
    setting, unit = setting_of(book), shown_unit(book)
    try:
        if query_data["detail"] == "live":
            return ask_live("at_once", *setting, current(), unit)
        return ask_desk("in_full", *setting, current(), unit)
    except NoPlan as error:
        return {"status": "infeasible", "sentence": error.message.into(current())}
    except InputProblems as error:
        first = error.problems[0]
        return make_response({"error": f"{first.problem.into(current())} {first.fix.into(current())}"}, 422)


@page.get("/books/<book_id>/repairs")
@page.input(shapes.Setting, location="query")
@page.output(shapes.Ways)
def repairs(book_id: str, query_data: dict[str, Any]) -> Any:
    """Which rules collide in a setting without a plan, and the ways out."""
    return ask_desk("repairs", *setting_of(the_book(book_id)), current())


@page.get("/books/<book_id>/programmes")
@page.input(shapes.Setting, location="query")
@page.output(shapes.Programmes)
def programmes(book_id: str, query_data: dict[str, Any]) -> dict[str, Any]:
    """Every line of the published plan."""
    book = the_book(book_id)
    return {"programmes": ask_desk("programmes", *setting_of(book), current(), shown_unit(book))}


@page.get("/books/<book_id>/programme")
@page.input(shapes.OneLine, location="query")
@page.output(shapes.Programme)
def programme(book_id: str, query_data: dict[str, Any]) -> Any:
    """One line: years, ranked effects, and sentences that a second solve has confirmed."""
    book = the_book(book_id)
    return ask_desk("programme", *setting_of(book), query_data["id"], current(), shown_unit(book))


@page.post("/books/<book_id>/scenarios")
@page.input(shapes.Saving, location="form")
@page.output(shapes.Saved)
def save(book_id: str, form_data: dict[str, Any]) -> Any:
    """Publish a setting and save it under a name; 409 where the name is taken by what you have not seen."""
    return keep(the_book(book_id), form_data["name"], form_data["seen"])


@page.post("/books/<book_id>/questions")
@page.input(shapes.Asking, location="form")
@page.output(shapes.State, status_code=202)
def ask(book_id: str, form_data: dict[str, Any]) -> dict[str, Any]:
    """Ask a long question in the background."""
    return state_of_one(book_id, begin(the_book(book_id), form_data["kind"]).id)


@page.get("/books/<book_id>/questions/<question_id>")
@page.output(shapes.State)
def question(book_id: str, question_id: str) -> dict[str, Any]:
    """How far a question is, and its answer."""
    return state_of_one(book_id, question_id)


@page.delete("/books/<book_id>/questions/<question_id>")
@page.output(shapes.State)
def cancel(book_id: str, question_id: str) -> dict[str, Any]:
    """Cancel a question that waits or runs."""
    cancel_it(book_id, question_id)
    return state_of_one(book_id, question_id)


@page.get("/books/<book_id>/report.zip")
@page.input(shapes.Setting, location="query")
@page.doc(responses={200: "A run folder that haibun verify takes (zip)."})
def report(book_id: str, query_data: dict[str, Any]) -> Response:
    """The run folder of a setting."""
    return zip_of(the_book(book_id), [])
