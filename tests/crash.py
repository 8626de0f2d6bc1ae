"""A server that is killed at any moment, again and again, while books, scenarios and questions come in.

What was acknowledged must be there afterwards, whole; what was not is there whole or not at all.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import time
import urllib.parse
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import openpyxl
from test_serve import ROOT, free_port

from webui import evidence
from webui.rows import Book, Question, Run, Scenario
from webui.store import Store

PROGRAM = "from optimizer.cli import entry; entry()"
SECONDS_TO_START, SECONDS_TO_LIVE = 60, 4.0


@dataclass
class Figures:
    """What a loop did."""

    kills: int = 0
    asked: int = 0
    books: dict[str, str] = field(default_factory=dict)
    scenarios: dict[str, float] = field(default_factory=dict)
    questions: set[str] = field(default_factory=set)

    def __str__(self) -> str:
        return (
            f"{self.kills} kills, {self.asked} requests, acknowledged and found whole afterwards: "
            f"{len(self.books)} books, {len(self.scenarios)} scenarios, {len(self.questions)} questions"
        )


class Office:
    """A server on a folder, started and killed."""

    def __init__(self, folder: Path, url: str | None) -> None:
        self.folder, self.url, self.port = folder, url, free_port()
        database = ["--database", url] if url else []
        words = ["serve", "--port", str(self.port), "--folder", str(folder), *database, "--quiet"]
        with (folder.parent / "server.log").open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, *words], cwd=ROOT, stdout=log, stderr=log,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )  # fmt: skip
        until = time.monotonic() + SECONDS_TO_START
        while self.ask("GET", "/health")[0] != 200:
            assert self.process.poll() is None and time.monotonic() < until, "the server did not start again"
            time.sleep(0.05)

    def ask(self, method: str, target: str, body: bytes = b"", kind: str = "") -> tuple[int, bytes]:
        """One request; (0, b"") where the server is gone."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, target, body, {"X-Haibun": "test", "Content-Type": kind})
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
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def a_book(number: int) -> bytes:
    """The minimal book, no two alike."""
    book = openpyxl.load_workbook(ROOT / "inputs" / "minimal.xlsx")
    book["Settings"]["B2"].value = f"book {number}"
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def loop(folder: Path, url: str | None, kills: int, seed: int) -> Figures:
    """Work and kill; afterwards everything is held against what was acknowledged."""
    chance, figures = random.Random(seed), Figures()
    folder.mkdir(parents=True, exist_ok=True)
    for _ in range(kills):
        office = Office(folder, url)
        while not figures.books:
            work(office, chance, figures)
        until = time.monotonic() + chance.uniform(0.2, SECONDS_TO_LIVE)
        killer = subprocess.Popen(
            [sys.executable, "-c", "import os, sys, time; time.sleep(float(sys.argv[1])); os.kill(int(sys.argv[2]), 9)",
             str(until - time.monotonic()), str(office.process.pid)]
        )  # fmt: skip
        while office.process.poll() is None:
            work(office, chance, figures)
        killer.wait()
        office.process.wait()
        figures.kills += 1
    office = Office(folder, url)
    office.kill()
    hold(folder, url, figures)
    return figures


def work(office: Office, chance: random.Random, figures: Figures) -> None:
    """One request of a planner: a new book, a scenario saved, or a question."""
    figures.asked += 1
    if not figures.books or chance.random() < 0.4:
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
        form = {"name": f"scenario {figures.asked}", "set": f"budget_factor={chance.uniform(0.8, 1.2):.3f}"}
        status, answer = office.ask("POST", f"/api/v1/books/{book}/scenarios", encoded(form), FORM)
        if status == 200:
            figures.scenarios[json.loads(answer)["id"]] = json.loads(answer)["score"]
        return
    status, answer = office.ask("POST", f"/api/v1/books/{book}/questions", encoded({"kind": "prices"}), FORM)
    if status == 202:
        figures.questions.add(json.loads(answer)["id"])


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
        for ident, score in figures.scenarios.items():
            assert session.get_one(Scenario, ident).score == score
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
