"""A monster of a workbook, or of a question, is stopped at each limit, and the page says which it was."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import psutil
import pytest
from hostile.books import Book
from test_serve import ROOT
from web import INPUTS, Reader

from optimizer import Stopped, problems_of
from webui import create_app, workers
from webui.limits import Limits
from webui.workers import Worker

MODEST = (INPUTS / "minimal.xlsx").read_bytes()


@pytest.fixture(scope="module")
def monster() -> bytes:
    """As many cells as a workbook may have, nearly each of them wrong."""
    book = Book()
    cells = b"".join(b'<c r="%c%%d" t="str"><v>no %c%%d</v></c>' % (letter, letter) for letter in b"ABCDEFGHIJ")
    rows = b"".join(b'<row r="%d">%s</row>' % (row, cells % ((row,) * 20)) for row in range(2_000, 66_000))
    return book.replace(book.sheet("Effects"), b"</sheetData>", rows + b"</sheetData>").data


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(600, 2, 10_000), "more than 2 seconds of the processor"),
        (Limits(600, 60, 150), "more than 150 MB"),
    ],
    ids=["processor", "memory"],
)
def test_a_monster_of_a_workbook_is_stopped_with_a_page_that_says_why(tmp_path, monster, limits, words):
    """503, the limit and a way on, in both languages' pages and in JSON; the next reader is served."""
    site = create_app({"DATA_FOLDER": tmp_path, "LIMITS_OF_A_TASK": limits})
    try:
        reader = Reader(site)
        assert reader.get("/template.xlsx").status_code == 200
        page = reader.upload(monster)
        assert page.status_code == 503, page.text
        assert words in page.text and "Use a smaller workbook" in page.text
        assert reader.upload(MODEST).status_code == 200
        assert len(reader.get("/api/v1/books").json["books"]) == 1
    finally:
        site.extensions["site"].close()


@pytest.mark.skipif(not hasattr(os, "nice"), reason="the system's own line of processes")
def test_a_slider_stands_before_a_page_and_a_page_before_a_question(tmp_path):
    """With more computations than processors, whoever holds a slider is served first."""
    site = create_app({"DATA_FOLDER": tmp_path}).extensions["site"]
    try:
        here = os.nice(0)
        lines = []
        for desk in (site.live, site.desk):
            assert desk.ask("somebody", "ready")
            lines.append(psutil.Process(desk.workers[0]._process.pid).nice())
        assert lines == [here, min(here + 5, 19)]
        assert site.background.limits.gives_way > site.desk.workers[0].limits.gives_way
    finally:
        site.close()


@pytest.mark.skipif(os.name != "posix", reason="the system's own limits")
def test_memory_that_runs_out_between_two_looks_is_told_too(tmp_path, monkeypatch, monster):
    """The system refuses the memory; Python or the reader of cells says so, and the next task has a fresh process."""
    path = tmp_path / "monster.xlsx"
    path.write_bytes(monster)
    monkeypatch.setattr(workers, "LOOK_EVERY", 600)
    worker = Worker(Limits(600, 60, 170))
    with pytest.raises(Stopped, match=r"more than 170 MB|where memory runs out"):
        worker.ask("look", path, "monster.xlsx")
    assert worker.ask("template", "en").startswith(b"PK")
    worker.close()


@pytest.mark.skipif(os.name != "posix", reason="the system's own limits")
@pytest.mark.parametrize(
    ("work", "seconds", "ended"),
    [("while True: pass", 1, "seconds of the processor"), ("bytearray(10**9)", 60, "MemoryError")],
    ids=["processor", "memory"],
)
def test_the_system_holds_a_process_without_the_server(work, seconds, ended):
    """Ended by the system, or refused the memory, though nobody looks."""
    limits = f"limits.Limits(60, {seconds}, 200)"
    program = f"from webui import limits\nlimits.SECONDS_BETWEEN_LOOKS = 0\n{limits}.fence()\n{work}"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended in done.stderr + str(Limits(60, seconds, 200).why_it_ended(done.returncode))


def test_a_question_that_needs_too_much_is_failed_in_words(tmp_path):
    """The seconds of all its processes count together; nothing goes on computing."""
    site = create_app({"DATA_FOLDER": tmp_path, "LIMITS_OF_A_QUESTION": Limits(600, 4, 10_000)})
    try:
        reader = Reader(site)
        book = reader.post("/books/example").request.path
        before = set(psutil.Process().children(recursive=True))
        page = reader.post(f"{book}/questions", kind="levers")
        until = time.monotonic() + 120
        while reader.get(f"/api/v1{page.request.path}").json["state"] in ("waiting", "running"):
            assert time.monotonic() < until
            time.sleep(0.1)
        assert "more than 4 seconds of the processor" in reader.get(page.request.path).text
        while not set(psutil.Process().children(recursive=True)) <= before:
            assert time.monotonic() < until
            time.sleep(0.1)
    finally:
        site.extensions["site"].close()


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_whoever_computes_ends_with_the_server(tmp_path, monster):
    """A server that is killed leaves no process behind that goes on with a monster."""
    path = tmp_path / "monster.xlsx"
    path.write_bytes(monster)
    program = (
        "from pathlib import Path\nfrom webui.limits import Limits\nfrom webui.workers import Worker\n"
        "if __name__ == '__main__':\n"
        "    worker = Worker(Limits(600, 600, 10_000))\n    worker.ask('ready')\n"
        f"    print(worker._process.pid, flush=True)\n    worker.ask('look', Path({str(path)!r}), 'monster.xlsx')\n"
    )
    (tmp_path / "program.py").write_text(program)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    server = subprocess.Popen([sys.executable, "program.py"], cwd=tmp_path, stdout=subprocess.PIPE, env=environment)
    worker = psutil.Process(int(server.stdout.readline()))
    time.sleep(0.3)
    assert worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE
    server.kill()
    server.wait()
    server.stdout.close()
    gone, _ = psutil.wait_procs([worker], timeout=60)
    assert gone


@pytest.fixture(scope="module")
def problems_of_the_monster(monster, tmp_path_factory):
    """Every problem of it."""
    path = tmp_path_factory.mktemp("monster") / "monster.xlsx"
    path.write_bytes(monster)
    return problems_of(path)


def test_the_monster_is_one(problems_of_the_monster):
    """It passes every look at its package: only the limits hold it."""
    assert len(problems_of_the_monster) > 10_000


def test_a_page_that_lists_the_first_problems_counts_all_of_them(tmp_path, monster, problems_of_the_monster):
    """What is left out of the list is in the count, and makes no count of warnings."""
    site = create_app({"DATA_FOLDER": tmp_path})
    try:
        errors = sum(problem.severity == "error" for problem in problems_of_the_monster)
        warnings = len(problems_of_the_monster) - errors
        page = Reader(site).upload(monster)
        assert f"{errors} problem(s) and {warnings} warning(s)" in page.text
    finally:
        site.extensions["site"].close()
