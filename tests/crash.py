"""A server that is killed at any moment, again and again, while books, scenarios and questions come in.

What was acknowledged must be there afterwards, whole; what was not is there whole or not at all.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import http.client
import json
import multiprocessing
import os
import random
import subprocess
import sys
import threading
import time
import urllib.parse
from collections import Counter
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from types import ModuleType
from zipfile import ZIP_DEFLATED, ZipFile

from test_serve import ROOT, free_port

from optimizer.cli import main
from webui import evidence
from webui.rows import Book, Question, Run, Scenario
from webui.store import Store

SECONDS_TO_START, SECONDS_TO_LIVE = 60, 4.0
BEGUN = multiprocessing.get_context("forkserver" if os.name == "posix" else "spawn")
"""Servers begin with what is slow to load loaded already, so that most of a life is work."""
if os.name == "posix":
    BEGUN.set_forkserver_preload([__name__, "webui.app", "alembic.command", "waitress"])


@dataclass
class Figures:
    """What a loop did. ``scenarios`` holds the latest version that was acknowledged, and its score."""

    kills: int = 0
    asked: int = 0
    books: dict[str, str] = field(default_factory=dict)
    scenarios: dict[str, tuple[int, float]] = field(default_factory=dict)
    saves: Counter[str] = field(default_factory=Counter)
    questions: set[str] = field(default_factory=set)

    def __str__(self) -> str:
        return (
            f"{self.kills} kills, {self.asked} requests, acknowledged and found whole afterwards: "
            f"{len(self.books)} books, {self.saves.total()} saves of {len(self.scenarios)} scenarios, "
            f"{len(self.questions)} questions"
        )


class Office:
    """A server on a folder, started and killed."""

    def __init__(self, folder: Path, url: str | None, *options: str) -> None:
        self.folder, self.url, self.port = folder, url, free_port()
        database = ["--database", url] if url else []
        words = ["serve", "--port", str(self.port), "--folder", str(folder), *database, *options, "--quiet"]
        self.process = BEGUN.Process(target=haibun, args=(words, folder.parent / "server.log"))
        self.process.start()
        atexit.register(self.process.kill)  # lest a test that fails waits for it
        until = time.monotonic() + SECONDS_TO_START
        while self.ask("GET", "/health")[0] != 200:
            assert self.process.is_alive() and time.monotonic() < until, "the server did not start again"
            time.sleep(0.05)

    def ask(self, method: str, target: str, body: bytes = b"", kind: str = "", token: str = "") -> tuple[int, bytes]:
        """One request, of whoever has the token; (0, b"") where the server is gone."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            headers = {"X-Haibun": "test", "Content-Type": kind, "Authorization": f"Bearer {token}"}
            connection.request(method, target, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return 0, b""
        finally:
            connection.close()

    def stream(self, target: str) -> http.client.HTTPResponse:
        """A page that goes on while it is read; its beginning has arrived."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", target, headers={"X-Haibun": "test"})
        return connection.getresponse()

    def kill(self) -> None:
        """End it without a word."""
        self.process.kill()
        self.process.join()


def haibun(words: list[str], log: Path) -> None:
    """The command, in this process."""
    with log.open("a") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.modules["__main__"] = ModuleType("__main__")  # which its workers need not load again
    main(words)


def a_book(number: int, name: str = "minimal") -> bytes:
    """A book of inputs/ whose first text carries a number, so that no two are alike."""
    out = BytesIO()
    with ZipFile(ROOT / "inputs" / f"{name}.xlsx") as book, ZipFile(out, "w", ZIP_DEFLATED) as numbered:
        for part in book.namelist():
            data = book.read(part)
            if part == "xl/sharedStrings.xml":
                data = data.replace(b"<t>", b"<t>%d: " % number, 1)
            numbered.writestr(part, data)
    return out.getvalue()


def loop(
    folder: Path, url: str | None, kills: int, seed: int, longest: float = SECONDS_TO_LIVE, planners: int = 1
) -> Figures:
    """Planners work, and the server is killed, again and again; afterwards all is held against what was acknowledged.

    A life ends within ``longest`` seconds of its beginning (one of four) or of its first answer to a planner.
    """
    chance, figures = random.Random(seed), Figures()
    folder.mkdir(parents=True, exist_ok=True)
    for _ in range(kills):
        office = Office(folder, url)
        if not figures.books or chance.random() < 0.75:
            work(office, chance, figures)
        until = time.monotonic() + chance.uniform(0.0, longest)
        killer = subprocess.Popen(
            [sys.executable, "-c", "import os, sys, time; time.sleep(float(sys.argv[1])); os.kill(int(sys.argv[2]), 9)",
             str(until - time.monotonic()), str(office.process.pid)]
        )  # fmt: skip
        others = [threading.Thread(target=work_on, args=(office, chance, figures)) for _ in range(planners)]
        for planner in others:
            planner.start()
        for planner in others:
            planner.join()
        killer.wait()
        office.process.join()
        figures.kills += 1
    office = Office(folder, url)
    office.kill()
    hold(folder, url, figures)
    return figures


def work_on(office: Office, chance: random.Random, figures: Figures) -> None:
    """Work until the server is gone."""
    while office.process.is_alive():
        work(office, chance, figures)


def work(office: Office, chance: random.Random, figures: Figures) -> None:
    """One request of a planner: a new book, a scenario saved for the first time or again, or a question."""
    figures.asked += 1
    if not figures.books or chance.random() < 0.3:
        data = a_book(figures.asked)
        body = (
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="b.xlsx"\r\n\r\n' + data + b"\r\n--x--\r\n"
        )
        status, answer = office.ask("POST", "/api/v1/books", body, "multipart/form-data; boundary=x")
        if status == 201:
            figures.books[json.loads(answer)["id"]] = hashlib.sha256(data).hexdigest()
        return
    book = chance.choice(list(figures.books))
    if chance.random() < 0.7:
        save(office, book, f"scenario {chance.randrange(5)}", f"budget_factor={chance.uniform(0.8, 1.2):.3f}", figures)
        return
    status, answer = office.ask("POST", f"/api/v1/books/{book}/questions", encoded({"kind": "prices"}), FORM)
    if status == 202:
        figures.questions.add(json.loads(answer)["id"])


def save(office: Office, book: str, name: str, item: str, figures: Figures) -> None:
    """Save a scenario; where its name is taken, again as one who has seen what is there."""
    target, form = f"/api/v1/books/{book}/scenarios", {"name": name, "set": item}
    status, answer = office.ask("POST", target, encoded(form), FORM)
    if status == 409:
        form["seen"] = str(json.loads(answer)["version"])
        status, answer = office.ask("POST", target, encoded(form), FORM)
    if status == 200:
        saved = json.loads(answer)
        known = figures.scenarios.get(saved["id"], (0, 0.0))
        figures.scenarios[saved["id"]] = max(known, (saved["version"], saved["score"]))
        figures.saves[saved["id"]] += 1


UPLOAD = b'--x\r\nContent-Disposition: form-data; name="file"; filename="b.xlsx"\r\n\r\n%s\r\n--x--\r\n'
FORM = "application/x-www-form-urlencoded"


def encoded(form: dict[str, str]) -> bytes:
    return urllib.parse.urlencode(form).encode()


def hold(folder: Path, url: str | None, figures: Figures) -> None:
    """Everything acknowledged is there and whole, and so is everything else that a row names."""
    store = Store(folder, url)
    with contextlib.closing(store), store.session() as session:
        for ident, digest in figures.books.items():
            assert session.get_one(Book, ident).sha256 == digest
        for ident, (version, score) in figures.scenarios.items():
            scenario = session.get_one(Scenario, ident)
            assert scenario.version > version or (scenario.version, scenario.score) == (version, score)
            assert scenario.version >= figures.saves[ident]
        runs = Counter((run.book_id, run.name) for run in session.query(Run))
        for scenario in session.query(Scenario):
            assert runs[scenario.book_id, scenario.name] == scenario.version
        for book in session.query(Book):
            assert hashlib.sha256(store.path_of(book.sha256).read_bytes()).hexdigest() == book.sha256
        for scenario in session.query(Scenario):
            assert session.get_one(Run, scenario.run_id).score == scenario.score
        for ident in figures.questions:
            session.get_one(Question, ident)
        for question in session.query(Question):
            assert question.state in ("done", "failed", "interrupted"), question.state
            assert question.state != "done" or (store.answer_folder(question.id) / "answer.json").exists()
    store = Store(folder, url)
    with contextlib.closing(store):
        assert [str(fault) for fault in evidence.faults(store)] == []
