"""Long questions in the background: asked, followed, cancelled, interrupted, and taken home."""

from __future__ import annotations

import html
import json
import re
import time
from pathlib import Path

import psutil
import pytest
from books import minimal
from support import opened
from web import INPUTS, Reader, app, reader

from optimizer import QUESTIONS, Asked, Setting, answer, run
from webui import create_app
from webui.store import Question
from webui.views.questions import KINDS

__all__ = ["app", "reader"]
PATIENCE = 60.0


@pytest.fixture(scope="module")
def book(app) -> str:
    return Reader(app).upload((INPUTS / "minimal.xlsx").read_bytes()).request.path


@pytest.fixture(scope="module")
def japan(app) -> str:
    return Reader(app).post("/books/example").request.path


def ended(reader, address: str) -> dict:
    """The question once it has ended."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        found = reader.get(f"/api/v1{address}").json
        if found["state"] not in ("waiting", "running"):
            return found
        time.sleep(0.1)
    raise AssertionError(found)


def test_the_page_offers_every_question_that_the_program_answers(book, reader):
    """None is missing, none is too many, and each has its button."""
    assert list(KINDS) == list(QUESTIONS)
    page = reader.get(f"{book}/questions").text
    assert all(f'value="{kind}"' in page for kind in KINDS)


@pytest.mark.parametrize("kind", list(QUESTIONS))
@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_question_has_sentences_and_files(kind, language):
    """Asked of the minimal book, in each language."""
    asked = Asked(run.open_book(INPUTS / "minimal.xlsx"), "base", [], language)
    found = answer(kind, asked, lambda _done, _total: None)
    assert found.files
    shown = found.as_dict(language)
    assert kind == "levers" or shown["sentences"]
    assert all(bar["name"] for bar in shown["bars"])
    blocks = shown["blocks"]
    assert kind == "repair" or any(block["picture"].startswith("<svg") for block in blocks)
    for table in (table for block in blocks for table in block["tables"]):
        widths = {len(row) for row in [*table["rows"], table["numbers"], table["total"] or table["columns"]]}
        assert widths == {len(table["columns"])}


def test_repairs_have_their_picture_and_their_table():
    """A bar and its changes for each."""
    book = minimal()
    book["Programmes"][0]["minimum"] = book["Programmes"][0]["maximum"]
    found = answer("repair", Asked(opened(book), "base", ["budget_factor=0.1"], "ja"), lambda *_: None)
    numbers = [int(row["repair"]) for row in found.table()]
    assert len(found.bars) == max(numbers) > 0
    assert {row["sheet"] for row in found.table()} <= {"Limits", "Accounts", "Programmes", "Resources", "Scenarios"}
    assert all(bar.name.into("ja").startswith("修正案") for bar in found.bars)


@pytest.mark.parametrize("kind", ["prices", "ranges"])
def test_questions_tell_how_far_they_are(kind):
    """Steps done never go back, and at the end all of them are."""
    asked = Asked(run.open_book(INPUTS / "minimal.xlsx"), "office", [], "en")
    told: list[tuple[int, int]] = []
    answer(kind, asked, lambda done, total: told.append((done, total)))
    (total,) = {total for _, total in told}
    assert [done for done, _ in told] == list(range(total + 1))


def test_comparing_several_settings_is_one_work():
    """Two comparisons one after the other: the bar does not begin anew."""
    base, office = Setting("base", "base"), Setting("office", "office")
    less = Setting("less", "office", ("budget_factor=0.95",))
    asked = Asked(run.open_book(INPUTS / "minimal.xlsx"), "base", [], "en", (base, office, less))
    told: list[tuple[int, int]] = []
    found = answer("compare", asked, lambda done, total: told.append((done, total)))
    assert len({total for _, total in told}) == 1
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1][0] == told[-1][1]
    assert sum(block["kind"] == "waterfall" for block in found.as_dict("en")["blocks"]) == 2


def test_a_setting_is_held_against_the_workbook_as_written():
    """Each thing that was set has its bar, with its points; the bars come from the largest gain down."""
    asked = Asked(run.open_book(INPUTS / "japan.xlsx"), "practice_2026", ["budget_factor=0.95"], "en")
    found = answer("compare", asked, lambda _done, _total: None)
    assert len(found.bars) == 3
    assert [bar.value for bar in found.bars] == sorted((bar.value for bar in found.bars), reverse=True)
    assert found.bars[-1].name.into("ja").startswith("歳出予算額×0.95")
    assert {"compare.json", "report.html", "report.xlsx"} == set(found.files)


def test_the_page_of_a_comparison_asks_what_makes_the_difference(book, reader):
    """One question for the scenarios in the address, not asked twice while it runs; its waterfall stands on the page.

    Whoever compares others is not shown it, nor after the workbook was mended.
    """
    chosen = {"s": ["base", "office"]}
    page = reader.post(f"{book}/compare", **chosen)
    assert page.request.path == f"{book}/compare"
    again = reader.post(f"{book}/compare", **chosen)
    asked = set(re.findall(r"/questions/([0-9a-f]{16})", page.text + again.text))
    assert len(asked) == 1
    found = ended(reader, f"{book}/questions/{asked.pop()}")
    assert found["state"] == "done"
    (waterfall,) = (block for block in found["answer"]["blocks"] if block["kind"] == "waterfall")
    shown = reader.get(f"{book}/compare?s=base&s=office").text
    assert shown.count("<svg xmlns") == 2 and html.escape(waterfall["title"], quote=False) in html.unescape(shown)
    assert reader.get(f"{book}/compare?s=office&s=base").text.count("<svg xmlns") == 1
    assert "base / office" in reader.get(f"{book}/questions").text


def test_a_comparison_that_was_cancelled_is_asked_again_of_the_same_scenarios(book, reader):
    """Not of the workbook as written and the last of them."""
    page = reader.post(f"{book}/compare", s=["office", "base"])
    ident = re.search(r"/questions/([0-9a-f]{16})", page.text)[1]
    reader.post(f"{book}/questions/{ident}/cancel")
    assert f'name="again" value="{ident}"' in reader.get(f"{book}/questions/{ident}").text
    again = reader.post(f"{book}/questions", kind="compare", origin="base", again=ident)
    found = ended(reader, again.request.path)
    assert found["state"] == "done"
    assert any("office" in block["title"] for block in found["answer"]["blocks"] if block["kind"] == "waterfall")
    assert reader.post(f"{book}/questions", kind="compare", again="0000").status_code == 404


def test_an_answer_is_kept_with_its_table_and_downloads(book, reader):
    """Prices of the minimal book: as the command has them; nothing else of the folder can be had."""
    page = reader.post(f"{book}/questions?set=budget_factor=0.9", kind="prices")
    found = ended(reader, page.request.path)
    assert found["state"] == "done"
    assert found["answer"]["table"]
    expected = answer(
        "prices", Asked(run.open_book(INPUTS / "minimal.xlsx"), "base", ["budget_factor=0.9"], "en"), print
    )
    assert reader.get(f"{page.request.path}/prices.csv").data == expected.files["prices.csv"]
    assert reader.get(f"{page.request.path}/answer.json").status_code == 404
    shown = reader.get(page.request.path).text
    assert found["answer"]["sentences"][0] in shown
    assert "<svg" in shown and found["answer"]["blocks"][0]["title"] in shown
    japanese = reader.get(f"{page.request.path}?lang=ja").text
    assert "score_without" not in japanese and "数値（表）" in japanese


def test_a_report_is_looked_at_as_from_another_origin(book, reader):
    """Its own scripts run in a sandbox that may fetch nothing."""
    page = reader.post(f"{book}/questions", kind="frontier")
    assert ended(reader, page.request.path)["state"] == "done"
    report = reader.get(f"{page.request.path}/report.html?view=1")
    assert "sandbox" in report.headers["Content-Security-Policy"]
    assert "default-src 'none'" in report.headers["Content-Security-Policy"]
    assert "attachment" not in report.headers.get("Content-Disposition", "")


def test_events_say_the_state_of_now_to_whoever_comes_back(book, reader):
    """A stream of a finished question says so once, and ends."""
    page = reader.post(f"{book}/questions", kind="prices")
    ended(reader, page.request.path)
    for _ in range(2):
        stream = reader.get(f"{page.request.path}/events")
        assert stream.mimetype == "text/event-stream" and stream.headers["X-Accel-Buffering"] == "no"
        said = [json.loads(line[6:]) for line in stream.text.splitlines() if line.startswith("data: ")]
        assert said[-1]["state"] == "done"


def test_a_cancelled_question_ends_at_once_with_all_its_processes(japan, reader):
    """The state is kept, and nothing goes on computing."""
    page = reader.post(f"{japan}/questions", kind="levers")
    until = time.monotonic() + 2 * PATIENCE
    while reader.get(f"/api/v1{page.request.path}").json["done"] == 0 and time.monotonic() < until:
        time.sleep(0.05)
    before = descendants()
    reader.post(f"{page.request.path}/cancel")
    assert reader.get(f"/api/v1{page.request.path}").json["state"] == "cancelled"
    while len(descendants()) >= len(before):
        assert time.monotonic() < until
        time.sleep(0.1)
    assert reader.post(f"{page.request.path}/cancel").status_code == 200


def descendants() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def test_a_setting_without_a_plan_fails_in_words(book, reader):
    """The question says why there is no answer, in the reader's language."""
    impossible = "set=pin:clinics@2027=9.5&set=pin:grants@2027=7.5"
    page = reader.post(f"{book}/questions?{impossible}", kind="prices")
    assert ended(reader, page.request.path)["state"] == "failed"
    assert "No plan satisfies" in reader.get(page.request.path).text


def test_a_question_that_does_not_exist_is_refused(book, reader):
    """With a page, and nothing is stored."""
    assert reader.post(f"{book}/questions", kind="astrology").status_code == 422
    assert reader.get(f"{book}/questions/0000").status_code == 404


def test_a_restart_in_the_middle_marks_the_question(tmp_path: Path):
    """After a stop without warning the question is interrupted, and can be asked again."""
    site = create_app({"DATA_FOLDER": tmp_path})
    reader = Reader(site)
    book = reader.upload((INPUTS / "minimal.xlsx").read_bytes()).request.path
    with site.extensions["site"].store.session() as session:
        lost = Question(id="lost", book_id=book.split("/")[-1], kind="prices", origin="base", sets=[], state="running")
        session.add(lost)
    site.extensions["site"].close()
    again = create_app({"DATA_FOLDER": tmp_path})
    try:
        reader = Reader(again)
        assert reader.get(f"/api/v1{book}/questions/lost").json["state"] == "interrupted"
        assert "Ask again" in reader.get(f"{book}/questions/lost").text
    finally:
        again.extensions["site"].close()
