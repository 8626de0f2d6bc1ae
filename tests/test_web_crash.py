"""kill -9 at any moment, on both databases: nothing acknowledged is lost, nothing is half there."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest
from crash import FORM, UPLOAD, Figures, Office, a_book, encoded, hold, loop, work
from databases import PROGRAMS, Server, fresh, postgres
from sqlalchemy import select
from test_serve import ROOT

from optimizer import Stopped
from webui import journal
from webui.alone import alone_in
from webui.limits import Limits
from webui.rows import Question
from webui.store import Store
from webui.workers import Crashed, Worker

__all__ = ["postgres"]


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_killed_server_has_lost_nothing(tmp_path, request, kind):
    """A few kills here; two hundred in tests/bench/run_crash.py."""
    url = fresh(request.getfixturevalue("postgres")) if kind == "postgres" else None
    figures = loop(tmp_path / "office", url, kills=4, seed=7)
    assert figures.kills == 4
    assert figures.books


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_a_question_whose_server_is_killed_is_marked_and_can_be_asked_again(tmp_path):
    """Neither the one that ran nor the one behind it hangs, and nothing of it goes on computing."""
    (tmp_path / "office").mkdir()
    office = Office(tmp_path / "office", None)
    data = (ROOT / "inputs" / "japan.xlsx").read_bytes()
    book = json.loads(office.ask("POST", "/api/v1/books", UPLOAD % data, "multipart/form-data; boundary=x")[1])["id"]
    questions = f"/api/v1/books/{book}/questions"

    def ask(kind: str) -> str:
        return json.loads(office.ask("POST", questions, encoded({"kind": kind}), FORM)[1])["id"]

    def state_of(ident: str) -> dict:
        return json.loads(office.ask("GET", f"{questions}/{ident}")[1])

    running, waiting = ask("levers"), ask("repair")
    until = time.monotonic() + 120
    while not state_of(running)["done"]:
        assert time.monotonic() < until
        time.sleep(0.1)
    assert state_of(waiting)["state"] == "waiting"
    family = psutil.Process(office.process.pid).children(recursive=True)
    office.kill()
    _, alive = psutil.wait_procs(family, timeout=60)
    assert alive == []
    office = Office(tmp_path / "office", None)
    for ident in (running, waiting):
        assert state_of(ident)["state"] == "interrupted"
        page = office.ask("GET", f"/books/{book}/questions/{ident}?lang=en")[1].decode()
        assert "Ask again" in page and 'id="progress"' not in page
        followed = office.ask("GET", f"/books/{book}/questions/{ident}/events")[1]
        assert b'"state": "interrupted"' in followed
    again = ask("repair")
    while state_of(again)["state"] in ("waiting", "running"):
        assert time.monotonic() < until + 120
        time.sleep(0.1)
    assert state_of(again)["state"] in ("done", "failed")
    office.kill()


def test_a_worker_that_the_system_killed_is_begun_anew():
    """As for want of memory: the task fails with a word for the log, the next one is answered."""
    worker = Worker(Limits(60, 60, 10_000))
    assert worker.ask("ready")
    worker._process.kill()
    worker._process.join()
    try:
        assert worker.ask("template", "en").startswith(b"PK")
    except (Crashed, Stopped):
        assert worker.ask("template", "en").startswith(b"PK")
    worker.close()


def test_a_full_disk_is_an_error_and_loses_nothing(tmp_path):
    """A process that may write no large file: the upload fails in words, what was there is there."""
    resource = pytest.importorskip("resource")
    (tmp_path / "office").mkdir()
    office = Office(tmp_path / "office", None)
    first = office.ask("POST", "/api/v1/books", UPLOAD % a_book(1), "multipart/form-data; boundary=x")
    assert first[0] == 201
    resource.prlimit(office.process.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
    second = office.ask("POST", "/api/v1/books", UPLOAD % a_book(2), "multipart/form-data; boundary=x")
    assert second[0] == 500 and b"Traceback" not in second[1]
    resource.prlimit(office.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    third = office.ask("POST", "/api/v1/books", UPLOAD % a_book(3), "multipart/form-data; boundary=x")
    assert third[0] == 201
    office.kill()
    store = Store(tmp_path / "office")
    assert len(store.books()) == 2
    store.close()


def test_connections_that_the_database_ends_are_made_anew(tmp_path, postgres):
    """The next request is answered as if nothing had been."""
    if "HAIBUN_TEST_POSTGRES" in os.environ:
        pytest.skip("somebody else's server is not disturbed")
    url = fresh(postgres)
    (tmp_path / "office").mkdir()
    office = Office(tmp_path / "office", url)
    store = Store(tmp_path / "office", url)
    with store.engine.connect() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid()"
        )
    store.close()
    assert office.ask("GET", "/health")[0] == 200
    assert office.ask("GET", "/api/v1/books")[0] == 200
    office.kill()


@pytest.mark.skipif(not PROGRAMS, reason="PostgreSQL is not installed")
@pytest.mark.parametrize("how", ["fast", "immediate"])
def test_a_database_that_is_stopped_and_started_while_people_work(how):
    """Meanwhile every request gets a page with a number; afterwards the same server works, and all is whole."""
    chance, figures = random.Random(1), Figures()
    with TemporaryDirectory() as data, TemporaryDirectory() as place, contextlib.ExitStack() as at_the_end:
        database, folder = Server(Path(data)), Path(place, "office")
        database.start()
        at_the_end.callback(database.stop)
        folder.mkdir()
        office = Office(folder, database.url)
        at_the_end.callback(office.kill)
        while not figures.scenarios:
            work(office, chance, figures)
        book = next(iter(figures.books))
        asked = office.ask("POST", f"/api/v1/books/{book}/questions", encoded({"kind": "frontier"}), FORM)
        question = json.loads(asked[1])["id"]
        figures.questions.add(question)
        followed: list[bytes] = []
        events = f"/books/{book}/questions/{question}/events"
        first = office.stream(events)
        reader = threading.Thread(target=lambda: followed.extend(follow(office, events, first.read())))
        reader.start()
        threads = [threading.Thread(target=work_on, args=(office, random.Random(n), figures)) for n in range(3)]
        for thread in threads:
            thread.start()
        database.stop(how)
        for target in ("/", f"/books/{book}", f"/books/{book}/runs", "/books/0000"):
            status, page = office.ask("GET", target)
            assert status == 503 and b"Traceback" not in page and b"psycopg" not in page
            assert re.search("照会番号：[0-9a-f]{8}", page.decode()), page
        status, page = office.ask("POST", f"/api/v1/books/{book}/scenarios", encoded({"name": "lost"}), FORM)
        assert status == 503 and len(json.loads(page)["number"]) == 8
        assert office.ask("GET", "/health")[0] == 503
        for thread in threads:
            thread.join()
        database.start()
        assert office.ask("GET", "/health")[0] == 200
        before = figures.saves.total()
        while figures.saves.total() == before:
            work(office, chance, figures)
        wait_for_questions(office, figures)
        reader.join()
        assert b'"state": "done"' in followed[-1], followed
        office.kill()
        hold(folder, database.url, figures)


def follow(office: Office, events: str, said: bytes) -> Iterator[bytes]:
    """What a browser is told that comes back whenever a stream ends, until the question has ended."""
    yield said
    while b'"done"' not in said and b'"failed"' not in said:
        said = office.stream(events).read()
        yield said


def work_on(office: Office, chance: random.Random, figures: Figures) -> None:
    """Some requests of a planner who does not mind errors."""
    for _ in range(8):
        work(office, chance, figures)


def wait_for_questions(office: Office, figures: Figures) -> None:
    """Until every question that was acknowledged has ended, by itself."""
    store = Store(office.folder, office.url)
    until = time.monotonic() + 120
    with contextlib.closing(store):
        open_ones = figures.questions
        while open_ones:
            assert time.monotonic() < until, open_ones
            time.sleep(0.2)
            with store.session() as session:
                states = {q.id: q.state for q in session.scalars(select(Question))}
            open_ones = {ident for ident in figures.questions if states[ident] in ("waiting", "running")}


def test_an_office_has_one_server(tmp_path):
    """A second one is wrong usage, in words; once the first has ended, however, the next may begin."""
    program = "import sys; from webui.alone import Path, alone_in; alone_in(Path(sys.argv[1])).__enter__()"
    with alone_in(tmp_path):
        done = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode and "Another server works" in done.stderr
    with alone_in(tmp_path):
        pass


def test_the_clock_may_go_back(tmp_path):
    """Moments of the journal may be out of order; its lines are not, and the audit passes."""
    store = Store(tmp_path)
    for moment in ("2027-04-01T00:00:00+00:00", "2026-04-01T00:00:00+00:00"):
        with store.session() as session, pytest.MonkeyPatch.context() as patch:
            patch.setattr(journal, "now", lambda moment=moment: moment)
            journal.note(session, "yamada", "did", "x")
    with store.session() as session:
        assert journal.faults(session) == []
    store.close()
