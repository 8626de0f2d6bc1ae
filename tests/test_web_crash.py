"""kill -9 at any moment, on both databases: nothing acknowledged is lost, nothing is half there."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from crash import UPLOAD, Office, a_book, loop
from databases import fresh, postgres
from test_serve import ROOT

from optimizer import Stopped
from webui import journal
from webui.alone import alone_in
from webui.limits import Limits
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


def test_a_database_that_goes_and_comes_back(tmp_path, postgres):
    """While PostgreSQL is away pages say so; afterwards everything is there without a new start."""
    if "HAIBUN_TEST_POSTGRES" in os.environ:
        pytest.skip("somebody else's server is not stopped")
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
