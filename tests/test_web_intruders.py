"""An office on loopback, asked for every address of its own map by everybody who may not: nothing in, nothing told."""

from __future__ import annotations

import http.client
import json
import re
import socket
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field

import pytest
from crash import UPLOAD, a_book
from sqlalchemy import func, select
from test_web_attack import TOKEN, Server
from werkzeug.routing import Map

from webui import create_app, people
from webui.identity import OPEN_TO_ALL
from webui.people import ADMINISTRATOR, ROLES
from webui.rows import Entry
from webui.store import Store

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE")
SAFE = ("GET", "HEAD")
NAMES = ("himitsu", "hisoka")
"""What the project, its book, its scenario and its people are called; in no answer to somebody else."""
PEOPLE = {f"{NAMES[0]}-{role}": role for role in ROLES}
FORM = "application/x-www-form-urlencoded"


@dataclass
class Answer:
    """What came back."""

    status: int
    location: str
    text: str


@dataclass
class Intruder:
    """Somebody with a token, or with none, over a connection that is kept; forms carry a token of this site."""

    port: int
    token: str = ""
    form: str = ""
    headers: dict[str, str] = field(default_factory=lambda: {"X-Haibun": "x"})

    def __post_init__(self) -> None:
        self.line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        if self.token:
            self.headers["Authorization"] = f"Bearer {self.token}"

    def with_form(self) -> Intruder:
        """Look at the page of signing in, which everybody sees, and keep its cookie and the token of its form."""
        self.line.request("GET", "/sign-in")
        page = self.line.getresponse()
        self.headers["Cookie"] = page.headers["Set-Cookie"].split(";")[0]
        self.form = f"csrf_token={urllib.parse.quote(TOKEN.search(page.read().decode())[1])}"
        return self

    def ask(self, method: str, target: str, body: bytes | None = None, kind: str = FORM) -> Answer:
        """One request."""
        data = self.form.encode() if body is None and method not in SAFE else body
        self.line.request(method, target, data, {**self.headers, "Content-Type": kind})
        answer = self.line.getresponse()
        return Answer(answer.status, answer.headers.get("Location", ""), answer.read().decode("latin1"))


@dataclass
class Work:
    """A book of a project with everything that hangs on it: what stands for each part of an address."""

    book: str
    parts: dict[str, list[str]]

    def addresses(self, rule: str) -> list[str]:
        """A rule of the map with the ids of this work in it, for each name that a file may have."""
        names = self.parts["questions" if "<question_id>" in rule else "files"] if "<name>" in rule else [""]
        single = {"book_id": self.book, "number": "1", "filename": "site.css", "person_id": "1"}
        single |= {part: ids[0] for part, ids in self.parts.items() if part.endswith("_id")}
        return [re.sub(r"<(?:\w+:)?(\w+)>", lambda m, n=name: single.get(m[1], n), rule) for name in names]


@dataclass
class Office:
    """The server, its map, everybody's token, the work of one project, and the id of another's book."""

    server: Server
    map: Map
    tokens: Mapping[str, str]
    open: ExitStack
    ours: Work = field(init=False)
    theirs: str = field(init=False)

    def script(self, name: str) -> Intruder:
        """Somebody who keeps no cookie."""
        script = Intruder(self.server.port, self.tokens.get(name, ""))
        self.open.enter_context(closing(script.line))
        return script

    def intruder(self, name: str = "") -> Intruder:
        """Somebody who keeps the cookie and the form's token of a page."""
        return self.script(name).with_form()

    def rules(self) -> list[str]:
        """Every address that is not open to all."""
        return sorted({rule.rule for rule in self.map.iter_rules() if rule.endpoint not in OPEN_TO_ALL})

    def methods(self, address: str) -> set[str]:
        return set(self.map.bind("127.0.0.1").allowed_methods(address)) - {"OPTIONS"}

    def lines(self) -> int:
        """How many lines the journal has: every change writes one."""
        store = Store(self.server.home / "office")
        with store.session() as session:
            count = session.scalar(select(func.count()).select_from(Entry))
        store.close()
        return count


def uploaded(script: Intruder, name: str) -> str:
    """The id of a book that somebody uploads."""
    body = UPLOAD.replace(b"b.xlsx", f"{name}.xlsx".encode()) % a_book(len(name))
    made = script.ask("POST", "/api/v1/books", body, "multipart/form-data; boundary=x")
    assert made.status == 201, made.text
    return json.loads(made.text)["id"]


def worked(script: Intruder, name: str) -> Work:
    """Upload a book, save a scenario, which is a run, and ask a question."""
    book = uploaded(script, name)
    address = f"/api/v1/books/{book}"
    saved = json.loads(script.ask("POST", f"{address}/scenarios", f"name={name}&set=budget_factor=0.9".encode()).text)
    asked = json.loads(script.ask("POST", f"{address}/questions", b"kind=prices").text)
    until = time.monotonic() + 60
    while (question := json.loads(script.ask("GET", f"{address}/questions/{asked['id']}").text))["state"] != "done":
        assert time.monotonic() < until, question
        time.sleep(0.1)
    run = json.loads(script.ask("GET", f"{address}/runs").text)["runs"][0]["id"]
    ids = {"scenario_id": [saved["id"]], "question_id": [asked["id"]], "run_id": [run]}
    files = ["run.json", "report.html", "workbook"]
    return Work(book, {**ids, "files": files, "questions": [*question["answer"]["files"][:1], "answer.json"]})


@pytest.fixture(scope="module")
def office(tmp_path_factory) -> Iterator[Office]:
    """Two projects with a book each, and somebody of every role in the first."""
    home = tmp_path_factory.mktemp("office")
    store = Store(home / "office")
    for name, role in {**PEOPLE, "admin": ADMINISTRATOR, "other": "planner", "revoked": "planner"}.items():
        project = NAMES[0] if name in PEOPLE or name == "revoked" else "elsewhere"
        people.add(store, name, "", [role], project, "test")
    tokens = {name: people.new_token(store, name, "script", "test") for name in (*PEOPLE, "admin", "other", "revoked")}
    people.revoke_tokens(store, "revoked", "script", "test")
    store.close()
    server = Server(home, "--office", "--folder", str(home / "office"))
    site = create_app({"DATA_FOLDER": home / "map", "OFFICE": True})
    with ExitStack() as opened:
        found = Office(server, site.url_map, tokens, opened)
        found.ours = worked(found.script(f"{NAMES[0]}-planner"), NAMES[1])
        found.theirs = uploaded(found.script("other"), "other")
        yield found
    site.extensions["site"].close()
    assert server.end() == 0


def is_silent(answer: Answer) -> bool:
    """Whether no name and no traceback is told."""
    return not re.search("|".join((*NAMES, "Traceback")), answer.text + answer.location)


@pytest.mark.parametrize("name", ["", "revoked"])
def test_a_stranger_gets_nothing_by_any_address_or_method(office, name):
    """With the right ids, a form's token and the script's header: to the sign-in, or 401 or 405."""
    stranger, before, asked = office.intruder(name), office.lines(), 0
    for rule in office.rules():
        for address in office.ours.addresses(rule):
            for method in METHODS if not name else office.methods(address):
                answer = stranger.ask(method, address)
                is_away = answer.status == 302 and answer.location.startswith("/sign-in?back=/")
                assert is_away or answer.status in (401, 405), (method, address, answer)
                assert is_silent(answer), (method, address, answer)
                asked += 1
    assert asked > 60 and office.lines() == before


@pytest.mark.parametrize("name", ["other", "admin"])
def test_nobody_of_another_project_gets_anything_of_a_book(office, name):
    """404 to a planner of another project and to the administrator, by every address and method that there is."""
    intruder, before, asked = office.intruder(name), office.lines(), 0
    for rule in office.rules():
        for address in office.ours.addresses(rule) if "<book_id>" in rule else ():
            for method in office.methods(address):
                answer = intruder.ask(method, address)
                assert answer.status == 404 and is_silent(answer), (method, address, answer)
                asked += 1
    assert asked > 80 and office.lines() == before


def test_ids_of_another_project_are_none_under_a_book_of_ones_own(office):
    """404 for another's scenario, question and run in addresses and queries of one's own book; 403 for a signature."""
    intruder, before, asked = office.intruder("other"), office.lines(), 0
    mixed = Work(office.theirs, office.ours.parts)
    for rule in office.rules():
        for address in mixed.addresses(rule) if re.search("<(scenario|question|run)_id>", rule) else ():
            for method in office.methods(address):
                answer = intruder.ask(method, address)
                assert answer.status in (403, 404) and is_silent(answer), (method, address, answer)
                asked += 1
    assert asked > 30
    own, question = f"/books/{office.theirs}", office.ours.parts["question_id"][0]
    scenario = office.ours.parts["scenario_id"][0]
    for method, target, codes in (
        ("GET", f"{own}/both?yours={office.ours.book}", (404,)),
        ("POST", f"/api/v1{own}/questions?kind=compare&again={question}", (404, 422)),
        ("GET", f"/api/v1{own}/compare?s={scenario}&s=base", (404, 422)),
        ("GET", f"/api/v1{own}/answer?origin={scenario}", (404, 422)),
        ("GET", f"/api/v1{own}/answer?origin={NAMES[0][:4]}", (404, 422)),
    ):
        answer = intruder.ask(method, target)
        assert answer.status in codes and is_silent(answer), (target, answer)
    assert office.lines() == before


def role_for(rule: str) -> str:
    """Who may change something at an address of a book or upload one, as the page of the office says."""
    return {"assure": "assurer", "approve": "approver"}.get(rule.rpartition("/")[2], "planner")


@pytest.mark.parametrize("role", ROLES)
def test_a_role_changes_only_what_it_is_for(office, role):
    """403 for every change that is another role's, on pages and in the API; people are the administrator's."""
    intruder, before, asked = office.intruder(f"{NAMES[0]}-{role}"), office.lines(), 0
    for rule in office.rules():
        for address in office.ours.addresses(rule):
            for method in office.methods(address) - {*SAFE}:
                if re.search("^/(password|unit|sign-out)", rule) or (role_for(rule) == role and "people" not in rule):
                    continue
                assert intruder.ask(method, address).status == 403, (method, address)
                asked += 1
    assert asked > 5 and office.lines() == before


@pytest.mark.parametrize("name", [*PEOPLE, "admin"])
def test_no_change_comes_from_a_page_of_another_site(office, name):
    """400 from whoever may change it: pages without their token, the API without its header."""
    intruder, before, asked = office.intruder(name), office.lines(), 0
    intruder.form = "csrf_token=forged"
    del intruder.headers["X-Haibun"]
    for rule in {*office.rules(), "/sign-in", "/language"}:
        for address in office.ours.addresses(rule):
            for method in office.methods(address) - {*SAFE}:
                answer = intruder.ask(method, address)
                may = answer.status == 400 or (answer.status in (403, 404) and address.startswith("/api/"))
                assert may, (method, address, answer)
                asked += 1
    assert asked > 25 and office.lines() == before


def test_many_slow_callers_keep_nobody_waiting(office):
    """A hundred and twenty lines that never finish their head, or their body: others are answered meanwhile."""
    with ExitStack() as lines:
        for number in range(120):
            line = lines.enter_context(socket.create_connection(("127.0.0.1", office.server.port), timeout=10))
            long = b"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5000\r\n\r\nname="
            line.sendall(long if number % 2 else b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ")
        assert office.server.ask("GET", "/health").status == 200
        assert office.intruder(f"{NAMES[0]}-viewer").ask("GET", "/api/v1/books").status == 200
