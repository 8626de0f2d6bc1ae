"""The cockpit without a browser: pages, uploads, problems, errors and headers."""

from __future__ import annotations

import html
import re
import stat
import threading
import zipfile
from io import BytesIO

import openpyxl
import pytest
from bench import generate
from web import INPUTS, Reader, app, broken_book, reader

from optimizer import run, workbook
from webui.limits import Limits
from webui.papers import OFFERED
from webui.store import Book, Scenario, secret_key
from webui.views.books import harmless
from webui.workers import Crashed, Desk, Worker

__all__ = ["app", "reader"]


def test_the_first_page_needs_no_setup(reader):
    """Home opens on an empty store, with the five steps and the real case one click away."""
    page = reader.get("/")
    assert page.status_code == 200
    assert page.text.count('class="number"') == 5
    assert 'action="/books/example"' in page.text


@pytest.mark.parametrize(("language", "words"), [("ja", "5つの手順"), ("en", "Five steps"), ("fr", "5つの手順")])
def test_a_page_speaks_the_browsers_language(app, language, words):
    """Japanese and English by the browser; Japanese where it wants neither."""
    assert words in Reader(app, language).get("/").text


def test_the_readers_choice_of_language_stays(app):
    """The switch outlasts the request, and leads nowhere outside the site."""
    reader = Reader(app, "en")
    assert "5つの手順" in reader.post("/language", language="ja", back="/").text
    assert "5つの手順" in reader.get("/").text
    away = reader.client.post(
        "/language", data={"language": "ja", "back": "//evil.example/", "csrf_token": ""}, headers=reader.headers
    )
    assert "evil" not in away.headers.get("Location", "")


def test_a_change_needs_the_pages_token(reader):
    """A form from another site is refused with a page, not obeyed."""
    answer = reader.client.post("/books/example", headers=reader.headers)
    assert answer.status_code == 400
    assert "came from another site" in answer.text


def test_every_answer_allows_scripts_from_here_alone(reader):
    """Pages, files and errors carry the policy; no page holds a script of its own."""
    for address in ("/", "/static/site.css", "/no-such-page", "/template.xlsx"):
        answer = reader.get(address)
        assert "script-src 'self';" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "<script>" not in (answer.text if answer.mimetype == "text/html" else "")


def test_another_host_name_is_not_served(app):
    """An address that merely resolves to this computer gets nothing."""
    assert app.test_client().get("/", headers={"Host": "evil.example"}).status_code == 400


def test_a_good_book_goes_straight_to_its_plan(reader):
    """Upload leads to the book's own page."""
    answer = reader.upload((INPUTS / "minimal.xlsx").read_bytes(), "計画 2027.xlsx")
    assert answer.status_code == 200
    assert answer.request.path.startswith("/books/")
    assert "計画 2027.xlsx" in reader.get("/").text


def test_a_broken_book_shows_each_problem_with_cell_value_and_cure(reader):
    """The summary links to each problem; the annotated file marks the same cells; names are never tags."""
    data = broken_book({("Programmes", "D3"): "n/a", ("Programmes", "B2"): "<script>alert(1)</script>"})
    page = reader.upload(data)
    assert page.request.path.endswith("/problems")
    assert "There is a problem" in page.text
    found = reader.get("/api/v1" + page.request.path).json["problems"]
    errors = [problem for problem in found if problem["severity"] == "error"]
    assert {(p["sheet"], p["cell"]) for p in errors} >= {("Programmes", "D3"), ("Programmes", "B2")}
    for number in range(1, len(errors) + 1):
        assert f'href="#problem-{number}"' in page.text
        assert f'id="problem-{number}"' in page.text
    assert "<script>alert" not in page.text
    marked = reader.get(page.request.path.replace("/problems", "/annotated.xlsx"))
    assert openpyxl.load_workbook(BytesIO(marked.data))["Programmes"]["D3"].comment is not None


def test_a_mended_book_takes_the_place_of_the_broken_one(app, reader):
    """Re-upload keeps the id, and leads to the plan."""
    page = reader.upload(broken_book({("Programmes", "D3"): "n/a"}))
    book_id = page.request.path.split("/")[2]
    after = reader.upload((INPUTS / "minimal.xlsx").read_bytes(), to=f"/books/{book_id}/file")
    assert after.request.path == f"/books/{book_id}"
    with app.extensions["site"].store.session() as session:
        assert session.get(Book, book_id).errors == 0


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"", "empty.xlsx", "The file is empty"),
        (b"%PDF-1.7 nothing", "plan.pdf", "not an Excel workbook"),
        (b"PK\x03\x04 torn", "torn.xlsx", "damaged"),
    ],
)
def test_a_file_that_is_no_workbook_is_refused_in_words(reader, data, name, words):
    """Empty, of another kind, torn: a page with the cause, no traceback."""
    page = reader.upload(data, name)
    assert page.status_code == 200
    assert words in page.text
    assert "Traceback" not in page.text


def test_a_workbook_that_is_not_of_this_program_says_what_is_missing(reader):
    """A good .xlsx with other sheets lists the sheets that a plan needs."""
    out = BytesIO()
    openpyxl.Workbook().save(out)
    page = reader.upload(out.getvalue())
    assert "Programmes" in page.text
    assert "There is a problem" in page.text


def test_no_file_and_too_large_a_file_have_their_pages(reader):
    """422 and 413, each with what to do."""
    assert "No file was chosen" in reader.post("/books").text
    large = reader.client.post(
        "/books",
        input_stream=BytesIO(b"0" * 3_500_000),
        content_length=3_500_000,
        content_type="multipart/form-data; boundary=x",
        headers=reader.headers,
    )
    assert large.status_code == 413
    assert "up to 3 MB" in large.text


def test_three_hundred_problems_are_all_listed(reader):
    """Every one is on the page, with its link."""
    data = broken_book({("Effects", f"C{row}"): "n/a" for row in range(2, 302)})
    page = reader.upload(data)
    assert page.text.count('<tr id="problem-') >= 300


def test_a_page_that_does_not_exist_and_an_error_that_nobody_foresaw(app, reader):
    """404 says so; 500 gives a number and no traceback, in JSON too."""
    assert "There is no such page" in reader.get("/books/0000").text
    site = app.extensions["site"]
    good, site.desk = site.desk, BrokenDesk(Limits(1, 1, 1), 1)
    try:
        page = reader.get("/template.xlsx")
        assert page.status_code == 500
        assert "Number for the administrator" in page.text
        assert "secret detail" not in page.text
        as_json = reader.client.get("/template.xlsx", headers={"Accept": "application/json"})
        assert len(as_json.json["number"]) == 8
    finally:
        site.desk = good


class BrokenDesk(Desk):
    """A desk whose process has just failed."""

    def ask(self, person, task, *arguments):
        raise Crashed("secret detail")


def test_a_worker_is_ended_at_its_limits_and_begins_anew():
    """Time and memory; the next task has a fresh process."""
    worker = Worker(Limits(0.05, 60, 10_000))
    with pytest.raises(Exception, match="seconds and was stopped"):
        worker.ask("template", "en")
    worker.limits = Limits(60, 60, 1)
    with pytest.raises(Exception, match="MB and was stopped"):
        worker.ask("template", "en")
    worker.limits = Limits(60, 60, 10_000)
    assert worker.ask("template", "en").startswith(b"PK")
    worker.close()


def test_a_worker_that_could_not_be_started_is_started_at_the_next_question():
    """What hindered it once, here limits that no process can be given, does not hinder it for ever."""
    worker = Worker(threading.Lock())
    with pytest.raises(TypeError):
        worker.ask("ready")
    worker.limits = Limits(60, 60, 10_000)
    assert worker.ask("ready")
    worker.close()


def test_the_key_is_random_kept_and_only_the_owners(tmp_path):
    """Two starts share a key, two folders do not; nobody else reads it."""
    (tmp_path / "other").mkdir()
    key = secret_key(tmp_path)
    assert secret_key(tmp_path) == key != secret_key(tmp_path / "other")
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) & 0o077 == 0


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        (r"C:\Users\計画.xlsx", "計画.xlsx"),
        ("a\x00\nb<>.xlsx", "ab.xlsx"),
        ("", "book.xlsx"),
    ],
)
def test_a_file_name_is_made_harmless(name, kept):
    """No folder, no control character; Japanese stays."""
    assert harmless(name) == kept


@pytest.fixture(scope="module")
def book(app) -> str:
    """The address of the minimal book, uploaded."""
    return Reader(app).upload((INPUTS / "minimal.xlsx").read_bytes()).request.path


def test_an_answer_says_what_the_command_says(app, book, reader):
    """The published answer has the score of ``solve_book``; the live one that of the plan before rounding."""
    expected = run.solve_book(run.open_book(INPUTS / "minimal.xlsx"), sets=["budget_factor=0.9"])
    full = reader.get(f"/api/v1{book}/answer?set=budget_factor=0.9").json
    assert full["status"] == "published"
    assert full["figures"][0]["value"] == float(expected.proof.score)
    live = reader.get(f"/api/v1{book}/answer?set=budget_factor=0.9&detail=live").json
    assert live["status"] == "live"
    assert live["figures"][0]["value"] == pytest.approx(float(expected.proof.score), abs=0.05)


@pytest.mark.parametrize(
    ("query", "code", "words"),
    [
        ("set=lever:nope=on", 422, "nope"),
        ("set=budget_factor=abc", 422, "abc"),
        ("origin=nope", 422, "nope"),
    ],
)
def test_a_setting_that_does_not_exist_is_named(book, reader, query, code, words):
    """In JSON, with what is wrong."""
    answer = reader.client.get(f"/api/v1{book}/answer?{query}", headers={"Accept": "application/json"})
    assert answer.status_code == code
    assert words in answer.json["error"]


def test_a_saved_scenario_is_a_published_run(app, book, reader):
    """Its run folder verifies; its files download; its name may hold anything and is never a tag."""
    name = "<script>alert(1)</script> 緊縮"
    saved = save(reader, book, name, ["budget_factor=0.9"])
    assert saved.status_code == 200
    store = app.extensions["site"].store
    with store.session() as session:
        run_id = session.get(Scenario, saved.json["id"]).run_id
    assert run.verify(store.run_folder(run_id))
    assert reader.get(f"{book}/scenarios/{saved.json['id']}/report.xlsx").data.startswith(b"PK")
    assert reader.get(f"{book}/scenarios/{saved.json['id']}/secret.key").status_code == 404
    home = reader.get("/").text
    assert "緊縮" in home
    assert "<script>alert" not in home


def test_two_tabs_that_save_the_same_name_lose_nothing(book, reader):
    """The second is told of the first; it replaces it only once it has seen it."""
    first = save(reader, book, "two tabs", ["budget_factor=0.9"])
    second = save(reader, book, "two tabs", ["budget_factor=0.8"])
    assert second.status_code == 409
    assert second.json["sets"] == ["budget_factor=0.9"]
    assert "saved before" in second.json["error"]
    assert "changed by: Appropriations × 0.9 (all)" in second.json["error"]
    agreed = save(reader, book, "two tabs", ["budget_factor=0.8"], seen=second.json["version"])
    assert agreed.json["id"] == first.json["id"]
    assert agreed.json["version"] == first.json["version"] + 1


def save(reader, book, name, sets, seen=""):
    return reader.client.post(
        f"/api/v1{book}/scenarios",
        data={"name": name, "origin": "base", "set": sets, "seen": seen},
        headers={"X-Haibun": "test", "Accept": "application/json", **reader.headers},
    )


def test_a_setting_without_a_plan_names_the_rows_and_the_ways_out(book, reader):
    """And a way out becomes a workbook of its own, with a plan."""
    impossible = "set=pin:clinics@2027=9.5&set=pin:grants@2027=7.5"
    answer = reader.get(f"/api/v1{book}/answer?{impossible}").json
    assert answer["status"] == "infeasible"
    found = reader.get(f"/api/v1{book}/repairs?{impossible}").json
    (conflict,) = found["conflicts"]
    assert [text for place in conflict["places"] for text in place["sets"]] == [
        "pin:clinics@2027=9.5",
        "pin:grants@2027=7.5",
    ]
    assert "clinics" not in " ".join(place["name"] for place in conflict["places"])
    assert all(change["column"] for repair in found["repairs"] for change in repair["changes"])
    if found["repairs"]:
        mended = reader.post(f"{book}/repairs/1?{impossible}")
        assert mended.status_code == 200
        assert reader.get(f"/api/v1{mended.request.path}/answer?{impossible}").json["status"] == "published"


def test_every_collision_of_a_setting_is_named_and_what_there_is_to_know_of_its_ways_out(book, reader):
    """Two accounts that are overdrawn by themselves are two collisions, and one mended account is no way out."""
    separate = "set=pin:clinics=9.5&set=pin:grants=7.5&set=pin:training=4&set=budget_factor:DEF=0.5"
    found = reader.get(f"/api/v1{book}/repairs?{separate}&lang=en").json
    assert "2 collisions are separate" in found["title"]
    assert [conflict["title"][:12] for conflict in found["conflicts"]] == ["Collision 1:", "Collision 2:"]
    taken_back = [{text for place in conflict["places"] for text in place["sets"]} for conflict in found["conflicts"]]
    assert {"pin:clinics=9.5", "pin:grants=7.5"} in taken_back
    assert {"pin:training=4", "budget_factor:DEF=0.5"} in taken_back
    assert bool(found["outcome"]) == (len(found["repairs"]) < 2)


@pytest.mark.parametrize(
    ("language", "told"), [("en", "Clinics pinned at 3 hundred million yen"), ("ja", "「診療所」を3億円に固定")]
)
def test_what_was_set_is_told_by_names_on_every_page(app, book, language, told):
    """Ids are for programs: people read what each item says, as the reports tell it, and no scenario is called base."""
    reader = Reader(app, language)
    save(reader, book, f"pinned {language}", ["pin:clinics=3"])
    for page in ("questions", "programmes", "report"):
        shown = re.sub("<[^>]*>", " ", reader.get(f"{book}/{page}?set=pin:clinics=3").text)
        assert told in html.unescape(shown)
        assert "pin:clinics" not in shown
        assert language == "en" or "base" not in shown
    assert reader.get(f"/api/v1{book}/answer?set=pin:clinics=3&detail=live").json["setting"] == [told]


def test_every_line_is_listed_and_the_amounts_come_to_the_plan(book, reader):
    """The table, its JSON and the answer agree; a line says its years, effects and confirmed sentences."""
    rows = reader.get(f"/api/v1{book}/programmes").json["programmes"]
    answer = reader.get(f"/api/v1{book}/answer").json
    assert sum(row["amount"] for row in rows) == pytest.approx(answer["figures"][-1]["value"])
    page = reader.get(f"{book}/programmes").text
    assert all(f'data-id="{row["id"]}"' in page for row in rows)
    one = reader.get(f"/api/v1{book}/programme?id={rows[0]['id']}").json
    assert [year["year"] for year in one["years"]] == ["FY2027", "FY2028"]
    assert one["effects"]
    unknown = reader.client.get(f"/api/v1{book}/programme?id=clinic&lang=en", headers={"Accept": "application/json"})
    assert unknown.status_code == 422
    assert "did you mean clinics" in unknown.json["error"]


def test_the_report_of_a_setting_verifies_on_another_computer(book, reader, tmp_path):
    """All parts together are a run folder; chosen parts are what was chosen."""
    setting = "set=budget_factor=0.9"
    assert reader.get(f"{book}/report?{setting}").text.count('name="part"') == 6 + len(OFFERED)
    with zipfile.ZipFile(BytesIO(reader.get(f"{book}/report.zip?{setting}").data)) as package:
        package.extractall(tmp_path / "run")
    assert run.verify(tmp_path / "run")
    chosen = reader.get(f"{book}/report.zip?{setting}&part=run.json&part=../secret.key")
    assert zipfile.ZipFile(BytesIO(chosen.data)).namelist() == ["run.json"]
    assert reader.get(f"{book}/report/secret.key").status_code == 404
    assert b"haibun" in reader.get(f"{book}/report/report.html?view=1&{setting}").data.lower()


def test_scenarios_stand_side_by_side(reader):
    """Scores as the contract has them, changes against the first, and the rows that set them apart."""
    japan = reader.post("/books/example").request.path
    page = reader.get(f"{japan}/compare?s=base&s=practice_2026&s=all_proposals").text
    for score in ("53.72", "55.63", "59.54"):
        assert score in page
    assert "set to 0" in page and "practice_2026 55.6" in page
    assert "gains most" in page and page.count('<svg xmlns="http://www.w3.org/2000/svg"') == 1
    for region in ("Southeast Asia", "Africa"):
        assert re.search(rf'<th scope="row">[^<]*{region}', page)
    assert "Choose two to four scenarios." in reader.get(f"{japan}/compare?s=base").text
    assert "Lines that moved most" in page


def test_a_large_book_says_how_long_its_answer_will_take_before_it_is_asked(reader, tmp_path):
    """The page of the Japan case asks at once; that of a book ten times as large says its seconds first."""
    japan = reader.get(reader.post("/books/example").request.path)
    assert "Computing the base plan …</p>" in japan.text
    path = tmp_path / "large.xlsx"
    workbook.write(path, generate.sized("M"))
    page = reader.upload(path.read_bytes()).text
    seconds = int(re.search(r"Computing the base plan … about (\d+) seconds", page)[1])
    assert 5 <= seconds <= 60
