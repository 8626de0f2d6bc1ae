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
    for _ in range(300):
        state = client.get(f"{book}/questions/{asked.json['id']}").json
        if state["state"] == "done":
            break
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


def test_the_document_names_every_path_of_the_api(app, client):
    """OpenAPI 3, made from the code, with a description each; the guide lists the same."""
    spec = client.get("/api/v1/openapi.json").json
    paths = {path for path in spec["paths"] if path.startswith("/api/v1")}
    rules = [str(rule) for rule in app.url_map.iter_rules() if rule.endpoint.startswith("api.")]
    assert len(paths) == len({rule for rule in rules if rule != "/api/v1/"})
    assert spec["openapi"].startswith("3.")
    guide = client.get("/api/v1/", headers={"Accept-Language": "en"}).text
    assert all(path in guide for path in paths)
    assert "http://" not in guide.replace("http://localhost", "")
