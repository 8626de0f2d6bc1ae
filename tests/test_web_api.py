"""The API: a script uploads, solves, asks and downloads; the document says what there is."""

from __future__ import annotations

import time
from io import BytesIO

import pytest
from web import INPUTS, app, broken_book, reader

from optimizer import run

__all__ = ["app", "reader"]
HEADER = {"X-Haibun": "script", "Accept": "application/json", "Accept-Language": "en"}


@pytest.fixture(scope="module")
def client(app):
    """A script: no cookie, no token."""
    return app.test_client(use_cookies=False)


def upload(client, data: bytes, name: str = "book.xlsx"):
    return client.post("/api/v1/books", data={"file": (BytesIO(data), name)}, headers=HEADER)


@pytest.fixture(scope="module")
def book(client) -> str:
    return f"/api/v1/books/{upload(client, (INPUTS / 'minimal.xlsx').read_bytes()).json['id']}"


def test_a_script_uploads_solves_asks_and_downloads(client, book, tmp_path):
    """The whole story without a page."""
    assert client.get("/api/v1/books").json["books"]
    expected = run.solve_book(run.open_book(INPUTS / "minimal.xlsx"), sets=["budget_factor=0.9"])
    answer = client.get(f"{book}/answer?set=budget_factor=0.9&lang=en").json
    assert answer["figures"][0]["value"] == float(expected.proof.score)
    asked = client.post(f"{book}/questions", data={"kind": "prices", "set": "budget_factor=0.9"}, headers=HEADER)
    assert asked.status_code == 202
    while (state := client.get(f"{book}/questions/{asked.json['id']}").json)["state"] in ("waiting", "running"):
        time.sleep(0.1)
    assert state["answer"]["table"]
    assert client.get(f"{book}/report.zip").data.startswith(b"PK")


def test_a_broken_book_is_taken_and_its_problems_told(client):
    """201 with the number of errors; the problems as the command prints them."""
    made = upload(client, broken_book({("Programmes", "D3"): "n/a"}), "計画.xlsx")
    assert made.status_code == 201
    assert made.json["errors"] >= 1
    problems = client.get(f"/api/v1/books/{made.json['id']}/problems?lang=en").json["problems"]
    assert ("Programmes", "D3") in {(p["sheet"], p["cell"]) for p in problems}
    assert client.get(f"/api/v1/books/{made.json['id']}/answer").status_code == 404


def test_a_change_without_the_header_is_refused(client, book):
    """As a page of another site would send it."""
    assert client.post(f"{book}/questions", data={"kind": "prices"}).status_code == 400
    assert client.post("/api/v1/books", data={"file": (BytesIO(b"x"), "x.xlsx")}).status_code == 400


@pytest.mark.parametrize(
    ("address", "code"),
    [("/api/v1/books/none", 404), ("/api/v1/nothing", 404), ("{book}/programme", 422), ("{book}/answer?set=x", 422)],
)
def test_every_error_is_json_with_words(client, book, address, code):
    """No page, no traceback."""
    answer = client.get(address.format(book=book), headers=HEADER)
    assert answer.status_code == code
    assert answer.mimetype == "application/json"
    assert "Traceback" not in answer.text


def ways_of(spec):
    """Every request that the document describes."""
    return [way for ways in spec["paths"].values() for name, way in ways.items() if name in ("get", "post", "delete")]


WITHOUT_A_TWIN = {
    "static", "health.show", "books.both", "accounts.show", "accounts.give", "accounts.close",
    "accounts.revoke", "signing.ask_to_sign_in", "signing.sign_in", "signing.sign_out",
    "signing.ask_for_password", "signing.change_password", "signing.sign_out_others",
    "home.choose_language", "home.choose_unit",
}  # fmt: skip
"""Two books of two addresses; people, sign-in and passwords (scripts have a token); language and unit (asked for)."""
TWINS = {
    "/": "/api/v1/books",
    "/books/<book_id>": "/api/v1/books/<book_id>/answer",
    "/help": "/api/v1/help/<name>",
    "/books/<book_id>/questions/<question_id>/cancel": "/api/v1/books/<book_id>/questions/<question_id>",
}


def test_every_page_file_and_change_has_its_twin_in_the_document(app):
    """What the pages show, hand out and change, a script gets and changes at the same address under /api/v1."""
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint not in WITHOUT_A_TWIN]
    pages = [rule for rule in rules if not str(rule).startswith("/api/")]
    described = set(app.spec["paths"])
    wanted = {TWINS.get(str(rule), f"/api/v1{rule}") for rule in pages}
    wanted = {path.replace("<int:", "<").replace("<", "{").replace(">", "}") for path in wanted}
    assert len(pages) > 25
    assert wanted - described == set()
    assert {rule.endpoint for rule in app.url_map.iter_rules()} >= WITHOUT_A_TWIN


def test_a_script_asks_what_differs_follows_it_and_takes_a_run_home(client, book):
    """Scenarios of a saved and a written kind; events to the end; the files of a scenario and of its run."""
    saved = client.post(f"{book}/scenarios", data={"name": "less", "set": "budget_factor=0.8"}, headers=HEADER).json
    assert client.get(f"{book}/scenarios/{saved['id']}/run.json", buffered=True).json["set"] == ["budget_factor=0.8"]
    keys = [choice["key"] for choice in client.get(f"{book}/compare").json["choices"]]
    asked = client.post(f"{book}/compare?s={keys[0]}&s={keys[-1]}", headers=HEADER)
    assert asked.status_code == 202 and asked.json["kind"] == "compare"
    followed = client.get(f"{book}/questions/{asked.json['id']}/events")
    assert followed.mimetype == "text/event-stream" and '"state": "done"' in followed.text
    assert client.post(f"{book}/compare?s={keys[0]}", headers=HEADER).status_code == 422
    made = client.get(f"{book}/runs").json["runs"][0]
    assert made["name"] == "less" and made["state"] == "draft"
    folder = f"{book}/runs/{made['id']}"
    assert client.get(f"{folder}/decision.zip", buffered=True).data.startswith(b"PK")
    assert client.get(f"{folder}/report.xlsx", buffered=True).data.startswith(b"PK")
    assert client.get(f"{folder}/passwords.txt", headers=HEADER).status_code == 404


def test_help_is_read_as_text(client):
    """The guide to the workbook, in the language that is asked for."""
    english, japanese = (client.get(f"/api/v1/help/workbook?lang={language}").json for language in ("en", "ja"))
    assert english["name"] == "workbook" and english["text"].startswith("# ")
    assert english["text"] != japanese["text"]
    assert client.get("/api/v1/help/none", headers=HEADER).status_code == 404


def test_a_script_does_all_that_the_pages_do(client, book):
    """Controls, comparison, questions, report and runs; every file; the shapes are those of the document."""
    controls = client.get(f"{book}/controls?lang=en").json
    assert controls["total"]["items"] == ["budget_factor"]
    assert controls["period"] == "FY2027–FY2028"
    keys = [choice["key"] for choice in client.get(f"{book}/compare").json["choices"]]
    assert len(keys) >= 2
    beside = client.get(f"{book}/compare?s={keys[0]}&s={keys[1]}&lang=en").json
    assert len(beside["plans"]) == len(beside["chosen"]) == 2
    assert client.get(f"{book}/compare?s={keys[0]}", headers=HEADER).status_code == 422
    saved = client.post(f"{book}/scenarios", data={"name": "案", "set": "budget_factor=0.9"}, headers=HEADER).json
    assert saved["id"] in [scenario["id"] for scenario in client.get(book).json["scenarios"]]
    report = client.get(f"{book}/report?set=budget_factor=0.9").json
    assert report["run"] == client.get(f"{book}/runs").json["runs"][0]["id"]
    assert client.get(f"{book}/report").json["run"] is None
    for part in report["parts"]:
        assert client.get(f"{book}/report/{part['name']}?set=budget_factor=0.9", buffered=True).status_code == 200
    asked = client.get(f"{book}/questions").json
    assert {kind["kind"] for kind in asked["kinds"]} >= {"levers", "frontier", "prices", "ranges", "robust", "repair"}
    assert client.get("/api/v1/template.xlsx", buffered=True).data.startswith(b"PK")
    assert client.get(f"{book}/annotated.xlsx", buffered=True).data.startswith(b"PK")


def test_a_mended_workbook_takes_the_place_of_the_one_that_was_seen(client, book):
    """And stands beside it where somebody else was first."""
    data = (INPUTS / "minimal.xlsx").read_bytes()

    def replace(seen: str):
        form = {"file": (BytesIO(data), "mended.xlsx"), "seen": seen}
        return client.post(f"{book}/file", data=form, headers=HEADER).json

    there = client.get(book).json
    assert replace(there["sha256"])["id"] == there["id"]
    assert replace("0" * 64)["id"] != there["id"]
    assert client.get(book).json["filename"] == "mended.xlsx"


@pytest.mark.parametrize(
    ("path", "form"), [("questions", {}), ("questions", {"kind": "none"}), ("scenarios", {"name": ""})]
)
def test_what_a_script_leaves_out_is_named_in_the_shape_of_every_error(client, book, path, form):
    """Not in that of the library."""
    answer = client.post(f"{book}/{path}", data=form, headers=HEADER)
    assert answer.status_code == 422
    assert set(answer.json) == {"error", "cure", "number"}
    assert ("kind" if path == "questions" else "name") in answer.json["error"]


def test_another_method_is_told_which_there_are(client, book):
    """As HTTP wants it."""
    answer = client.put(f"{book}/answer", headers=HEADER)
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


def test_the_document_names_every_path_of_the_api(app, client):
    """OpenAPI 3, made from the code, with a description each; the guide lists the same."""
    spec = client.get("/api/v1/openapi.json").json
    paths = {path for path in spec["paths"] if path.startswith("/api/v1")}
    rules = [str(rule) for rule in app.url_map.iter_rules() if rule.endpoint.startswith("api.")]
    assert len(paths) == len({rule for rule in rules if rule != "/api/v1/"})
    assert spec["openapi"].startswith("3.")
    errors = {way["responses"]["default"]["content"]["application/json"]["schema"]["$ref"] for way in ways_of(spec)}
    assert errors == {"#/components/schemas/Error"}
    guide = client.get("/api/v1/", headers={"Accept-Language": "en"}).text
    assert all(path in guide for path in paths)
    assert "http://" not in guide.replace("http://localhost", "")
