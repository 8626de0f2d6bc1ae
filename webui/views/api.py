"""The API under /api/v1: what every page shows, for a planner's own scripts too. No cookie is needed.

The twin of a page stands at the page's own path under /api/v1.

A request that changes something carries the header ``X-Haibun``: a page of another site cannot send it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apiflask import APIBlueprint
from apiflask.schemas import FileSchema
from flask import Response, abort, make_response, render_template, request
from werkzeug.exceptions import BadRequest

from optimizer import InputProblems, NoPlan
from webui.downloads import XLSX
from webui.identity import project_for_new, visitor
from webui.language import current, each_told, into, shown_unit
from webui.rows import Book, Run, new_id
from webui.site import ask_desk, ask_live, the_book, the_site
from webui.views import books as of_books
from webui.views import compare as of_compare
from webui.views import help as of_help
from webui.views import home, shapes
from webui.views import questions as of_questions
from webui.views import reports as of_reports
from webui.views import runs as of_runs
from webui.views import whatif as of_whatif
from webui.views.books import harmless, look_at
from webui.views.questions import begin, cancel_it, state_of_one
from webui.views.whatif import keep, mended, setting_of

page = APIBlueprint("api", __name__, url_prefix="/api/v1", tag="Haibun")
SAFE = ("GET", "HEAD", "OPTIONS")
ANY = "*/*"


def a_file[View: Callable[..., Any]](kind: str) -> Callable[[View], View]:
    """A request that is answered with a file of a media type."""
    return page.output(FileSchema(type="string", format="binary"), content_type=kind, description="The file.")


@page.before_request
def from_here_or_a_script() -> None:
    """Refuse a change that a page of another site might have sent."""
    if request.method not in SAFE and "X-Haibun" not in request.headers:
        raise BadRequest("A request that changes something carries the header X-Haibun.")


@page.record_once
def complete_the_document(state: Any) -> None:
    """Say in it that every error has the same shape, and that a form is needed where there is one."""

    @state.app.spec_processor  # type: ignore[untyped-decorator]
    def completed(spec: dict[str, Any]) -> dict[str, Any]:
        shape = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
        for ways in spec["paths"].values():
            for way in ways.values():
                if "responses" in way:
                    way["responses"]["default"] = {"description": "An error.", "content": shape}
                if "requestBody" in way:
                    way["requestBody"]["required"] = True
        return spec


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


@page.post("/books/example")
@page.output(shapes.Book, status_code=201)
def example() -> Book:
    """Take the real case of Japan."""
    return of_books.of_japan()


@page.get("/template.xlsx")
@a_file(XLSX)
def template() -> Response:
    """The empty workbook."""
    return home.template()


@page.get("/help/<name>")
@page.input(shapes.Reading, location="query")
@page.output(shapes.Help)
def help_page(name: str, query_data: dict[str, Any]) -> dict[str, str]:
    """A page of help as Markdown: workbook or office."""
    if name not in of_help.PAGES:
        abort(404)
    return {"name": name, "text": of_help.source(name, current())}


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


@page.post("/books/<book_id>/file")
@page.input(shapes.Replacing, location="form_and_files")
@page.output(shapes.Book)
def replace(book_id: str, form_and_files_data: dict[str, Any]) -> Book:
    """Upload a mended workbook in the place of one; under an id of its own where that is not the one ``seen``."""
    book, file = the_book(book_id), form_and_files_data["file"]
    book.filename = harmless(file.filename)
    return look_at(book, file.read(), form_and_files_data["seen"])


@page.get("/books/<book_id>/annotated.xlsx")
@a_file(XLSX)
def annotated(book_id: str) -> Response:
    """The workbook with each faulty cell marked."""
    return of_books.annotated(book_id)


@page.get("/books/<book_id>/controls")
@page.input(shapes.Setting, location="query")
@page.output(shapes.Controls)
def controls(book_id: str, query_data: dict[str, Any]) -> Any:
    """What can be moved on a workbook, and the items of a setting that each control stands for."""
    path, origin, _ = setting_of(the_book(book_id))
    return ask_desk("controls", path, origin, current())


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
        told = list(each_told(book, setting[2]).values())
        return {"status": "infeasible", "sentence": error.message.into(current()), "setting": told}
    except InputProblems as error:
        first = error.problems[0]
        return make_response({"error": f"{first.problem.into(current())} {first.fix.into(current())}"}, 422)


@page.get("/books/<book_id>/repairs")
@page.input(shapes.Setting, location="query")
@page.output(shapes.Ways)
def repairs(book_id: str, query_data: dict[str, Any]) -> Any:
    """Which rules collide in a setting without a plan, and the ways out."""
    return ask_desk("repairs", *setting_of(the_book(book_id)), current())


@page.post("/books/<book_id>/repairs/<int:number>")
@page.input(shapes.Setting, location="query")
@page.output(shapes.Book, status_code=201)
def repaired(book_id: str, number: int, query_data: dict[str, Any]) -> Book:
    """One of the ways out (counted from 1) as a workbook of its own."""
    return mended(the_book(book_id), number)


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


@page.get("/books/<book_id>/compare")
@page.input(shapes.Several, location="query")
@page.output(shapes.Comparison)
def compare(book_id: str, query_data: dict[str, Any]) -> dict[str, Any]:
    """Two to four scenarios side by side; without ``s`` the scenario as written and another one."""
    book = the_book(book_id)
    chosen = of_compare.chosen_of(book)
    return {"choices": of_compare.choices_of(book), "chosen": chosen, **of_compare.beside(book, chosen)}


@page.post("/books/<book_id>/compare")
@page.input(shapes.Several, location="query")
@page.output(shapes.State, status_code=202)
def attribute(book_id: str, query_data: dict[str, Any]) -> dict[str, Any]:
    """Ask in the background which rows make the differences between two to four scenarios."""
    return state_of_one(book_id, of_compare.ask_what_differs(the_book(book_id)).id)


@page.post("/books/<book_id>/scenarios")
@page.input(shapes.Saving, location="form")
@page.output(shapes.Saved)
def save(book_id: str, form_data: dict[str, Any]) -> Any:
    """Publish a setting and save it under a name; 409 where the name is taken by what you have not seen."""
    return keep(the_book(book_id), form_data["name"], form_data["seen"])


@page.get("/books/<book_id>/scenarios/<scenario_id>/<name>")
@a_file(ANY)
def file_of_scenario(book_id: str, scenario_id: str, name: str) -> Response:
    """One file of a saved scenario's run, such as run.json."""
    return of_whatif.download(book_id, scenario_id, name)


@page.get("/books/<book_id>/questions")
@page.output(shapes.Questions)
def questions(book_id: str) -> dict[str, Any]:
    """What can be asked of a workbook, and what was, the latest first."""
    asked = of_questions.asked_of(the_book(book_id))
    kinds = of_questions.KINDS.items()
    return {
        "kinds": [{"kind": kind, "title": into(title), "what": into(what)} for kind, (title, what) in kinds],
        "questions": [
            {name: getattr(each, name) for name in shapes.Asked().fields if name != "compared"}
            | {"compared": [setting[0] for setting in each.beside.get("settings", [])]}
            for each in asked
        ],
    }


@page.post("/books/<book_id>/questions")
@page.input(shapes.Asking, location="form")
@page.output(shapes.State, status_code=202)
def ask(book_id: str, form_data: dict[str, Any]) -> dict[str, Any]:
    """Ask a long question in the background."""
    return state_of_one(book_id, begin(the_book(book_id), form_data["kind"]).id)


@page.get("/books/<book_id>/questions/<question_id>")
@page.input(shapes.Reading, location="query")
@page.output(shapes.State)
def question(book_id: str, question_id: str, query_data: dict[str, Any]) -> dict[str, Any]:
    """How far a question is, and its answer."""
    return state_of_one(book_id, question_id)


@page.delete("/books/<book_id>/questions/<question_id>")
@page.output(shapes.State)
def cancel(book_id: str, question_id: str) -> dict[str, Any]:
    """Cancel a question that waits or runs."""
    cancel_it(book_id, question_id)
    return state_of_one(book_id, question_id)


@page.get("/books/<book_id>/questions/<question_id>/events")
@a_file("text/event-stream")
def events(book_id: str, question_id: str) -> Response:
    """How far a question is, whenever that changes (server-sent events); whoever comes back gets the state of now."""
    return of_questions.events(book_id, question_id)


@page.get("/books/<book_id>/questions/<question_id>/<name>")
@a_file(ANY)
def file_of_answer(book_id: str, question_id: str, name: str) -> Response:
    """A file of an answer, which ``answer.files`` names."""
    return of_questions.download(book_id, question_id, name)


@page.get("/books/<book_id>/report")
@page.input(shapes.Setting, location="query")
@page.output(shapes.Report)
def report(book_id: str, query_data: dict[str, Any]) -> dict[str, Any]:
    """What can be taken home of a setting, and who answers for it."""
    run, standing = of_reports.standing_of(the_book(book_id))
    parts = of_reports.parts().items()
    return {
        "run": run.id if run else None,
        "state": into(standing.state),
        "parts": [{"name": name, "title": into(title), "what": into(what)} for name, (title, what) in parts],
    }


@page.get("/books/<book_id>/report.zip")
@page.input(shapes.Setting, location="query")
@a_file("application/zip")
def whole_report(book_id: str, query_data: dict[str, Any]) -> Response:
    """The run folder of a setting, which ``haibun verify`` takes (zip)."""
    return of_reports.zip_of(the_book(book_id), [])


@page.get("/books/<book_id>/report/<name>")
@page.input(shapes.Setting, location="query")
@a_file(ANY)
def part(book_id: str, name: str, query_data: dict[str, Any]) -> Response:
    """One file of the report of a setting."""
    return of_reports.part(book_id, name)


@page.get("/books/<book_id>/runs")
@page.output(shapes.Runs)
def runs(book_id: str) -> dict[str, Any]:
    """Every run that was saved of a workbook, the latest first."""
    return {"runs": of_runs.runs_of(the_book(book_id))}


@page.post("/books/<book_id>/runs/<run_id>/assure")
@page.output(shapes.Run)
def assure(book_id: str, run_id: str) -> Run:
    """Answer for having checked a run that somebody else made."""
    return of_runs.sign_off(book_id, run_id, "assured")


@page.post("/books/<book_id>/runs/<run_id>/approve")
@page.output(shapes.Run)
def approve(book_id: str, run_id: str) -> Run:
    """Approve a run that was assured, as a third person."""
    return of_runs.sign_off(book_id, run_id, "approved")


@page.get("/books/<book_id>/runs/<run_id>/decision.zip")
@a_file("application/zip")
def decision_file(book_id: str, run_id: str) -> Response:
    """The decision file: the run, its model, reports, sign-offs and journal."""
    return of_runs.decision_zip(book_id, run_id)


@page.get("/books/<book_id>/runs/<run_id>/<name>")
@a_file(ANY)
def report_of_run(book_id: str, run_id: str, name: str) -> Response:
    """A report of a run with its state of now on every page."""
    return of_runs.report(book_id, run_id, name)
