"""An office on each database where several people do one thing at a time, or one does what nobody expects."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from click.testing import CliRunner
from crash import FORM, UPLOAD, Office, encoded
from databases import fresh, postgres
from sqlalchemy import func, select, text
from test_serve import ROOT
from test_web_people import BOOK
from test_web_store import without_guard

from optimizer.cli import main
from webui import create_app, evidence, journal, people
from webui.limits import Limits
from webui.rows import Attempt, Book, Entry, Run, Scenario, SignOff
from webui.sharing import Turns
from webui.store import Store
from webui.workers import Desk, Worker

__all__ = ["postgres"]
PEOPLE = {
    "admin": ["administrator"], "planner": ["planner"], "assurer": ["assurer"], "second": ["assurer", "approver"],
    "approver": ["approver"], "third": ["approver"],
}  # fmt: skip


class Script:
    """Somebody who asks with a token."""

    def __init__(self, office, name: str) -> None:
        self.app, self.store = office, office.extensions["site"].store
        self.headers = {"Authorization": f"Bearer {people.new_token(self.store, name, 'script', 'test')}"}
        self.headers |= {"X-Haibun": "x", "Accept": "application/json", "Accept-Language": "en"}

    def ask(self, method: str, address: str, **options):
        client = self.app.test_client(use_cookies=False)
        return client.open(address, method=method, headers=self.headers, **options)

    def upload(self) -> str:
        body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="b.xlsx"\r\n\r\n%s\r\n--x--\r\n' % BOOK
        made = self.ask("POST", "/api/v1/books", data=body, content_type="multipart/form-data; boundary=x")
        assert made.status_code == 201, made.text
        return made.json["id"]

    def save(self, book: str, name: str, factor: str, seen: str = ""):
        form = {"name": name, "set": f"budget_factor={factor}", "seen": seen}
        return self.ask("POST", f"/api/v1/books/{book}/scenarios", data=form)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def office(request, tmp_path_factory) -> Iterator:
    """An office with two approvers and two assurers, on each database in turn."""
    folder = tmp_path_factory.mktemp("office")
    url = fresh(request.getfixturevalue("postgres")) if request.param == "postgres" else None
    store = Store(folder, url)
    for name, roles in PEOPLE.items():
        people.add(store, name, "", roles, "main", "test")
    people.add(store, "other", "", ["planner"], "other", "test")
    store.close()
    site = create_app({"DATA_FOLDER": folder, "DATABASE": url, "OFFICE": True, "WTF_CSRF_ENABLED": False})
    yield site
    site.extensions["site"].close()


@pytest.fixture
def store(office) -> Store:
    return office.extensions["site"].store


@pytest.fixture(scope="module")
def planner(office) -> Script:
    return Script(office, "planner")


@pytest.fixture(scope="module")
def book(planner) -> str:
    return planner.upload()


def at_once(*works: Callable[[], object]) -> list[object]:
    """What each gives back, all begun at one moment."""
    gate, found = threading.Barrier(len(works)), [None] * len(works)

    def run(place: int) -> None:
        gate.wait()
        found[place] = works[place]()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def is_whole(store: Store) -> None:
    """The journal, the runs and their signatures belong together."""
    assert [str(fault) for fault in evidence.faults(store)] == []


@pytest.mark.parametrize("number", range(3))
def test_of_two_who_sign_at_once_one_does(office, store, planner, book, number):
    """Both assurers at once, then both approvers: one signature each, one line of the journal, no error page."""
    saved = planner.save(book, f"signed {number}", "0.9")
    assert saved.status_code == 200, saved.text
    with store.session() as session:
        run = session.scalar(select(Run).where(Run.name == f"signed {number}"))
    address = f"/books/{book}/runs/{run.id}"
    for action, names in (("assure", ("assurer", "second")), ("approve", ("approver", "third"))):
        scripts = [Script(office, name) for name in names]
        target = f"{address}/{action}"
        answers = at_once(*(lambda s=script, t=target: s.ask("POST", t) for script in scripts))
        assert sorted(answer.status_code for answer in answers) in ([302, 409], [302, 422])
    with store.session() as session:
        assert session.scalar(select(func.count()).where(SignOff.run_id == run.id)) == 2
        assert session.scalar(select(func.count()).where(Entry.subject == run.id)) == 3
    is_whole(store)


def test_one_person_cannot_take_both_turns_at_once(office, store, planner, book):
    """Who may do either does one of them, however fast."""
    assert planner.save(book, "alone", "0.95").status_code == 200
    with store.session() as session:
        run = session.scalar(select(Run).where(Run.name == "alone"))
    second = Script(office, "second")
    address = f"/books/{book}/runs/{run.id}"
    at_once(*(lambda a=action: second.ask("POST", f"{address}/{a}") for action in ("assure", "approve") * 3))
    with store.session() as session:
        signed = session.scalars(select(SignOff).where(SignOff.run_id == run.id)).all()
    assert [sign.kind for sign in signed] == ["assured"]


def test_of_four_who_save_one_name_at_once_one_does(store, planner, book):
    """The others are shown that it is taken; saving over it with the version that was seen works once."""
    answers = at_once(*(lambda f=factor: planner.save(book, "the plan", f) for factor in ("0.9", "0.92", "0.94", "1")))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    again = at_once(*(lambda f=factor: planner.save(book, "the plan", f, "1") for factor in ("0.8", "0.82", "0.84")))
    assert sorted(answer.status_code for answer in again) == [200, 409, 409]
    with store.session() as session:
        (scenario,) = session.scalars(select(Scenario).where(Scenario.name == "the plan"))
        assert scenario.version == 2 and session.get_one(Run, scenario.run_id).score == scenario.score
    is_whole(store)


def test_the_same_bytes_in_two_projects_are_two_books(office, store):
    """Kept once, seen by those of each project alone, however they come."""
    here, there = Script(office, "planner"), Script(office, "other")
    found = at_once(*[here.upload, there.upload] * 3)
    for script, own, others in ((here, found[::2], found[1::2]), (there, found[1::2], found[::2])):
        assert all(script.ask("GET", f"/api/v1/books/{book}").status_code == 200 for book in own)
        assert all(script.ask("GET", f"/api/v1/books/{book}").status_code == 404 for book in others)
        listed = {each["id"] for each in script.ask("GET", "/api/v1/books").json["books"]}
        assert set(own) <= listed and not listed & set(others)
    with store.session() as session:
        digest = session.get_one(Book, found[0]).sha256
    assert not [path for path in store.path_of(digest).parent.iterdir() if path.name.startswith(".")]
    is_whole(store)


def test_a_token_is_worth_nothing_from_the_moment_it_is_revoked(office, store, book):
    """Requests before it are answered, requests after it are not, though they all come at once."""
    people.add(store, "temp", "", ["planner"], "main", "test")
    temp, ended, late = Script(office, "temp"), threading.Event(), []

    def ask() -> None:
        while True:
            after = ended.is_set()
            status = temp.ask("GET", f"/api/v1/books/{book}").status_code
            late.append((after, status))
            if after:
                return

    def revoke() -> None:
        people.revoke_tokens(store, "temp", "script", "test")
        ended.set()

    at_once(ask, ask, ask, revoke)
    assert {status for after, status in late if after} == {401}


def test_whoever_leaves_a_project_in_the_middle_sees_nothing_more(office, store, book):
    """From the next request on: no page, no answer, no file, no book in the list."""
    people.add(store, "leaver", "", ["planner"], "main", "test")
    leaver = Script(office, "leaver")
    assert leaver.save(book, "of the leaver", "0.9").status_code == 200
    people.give(store, "leaver", [], "main", "test")
    for address in ("", "/report", "/report/report.html", "/runs", "/compare"):
        assert leaver.ask("GET", f"/books/{book}{address}").status_code == 404
    assert leaver.ask("GET", f"/api/v1/books/{book}/answer").status_code == 404
    assert leaver.save(book, "of the leaver", "0.9", "1").status_code == 404
    assert leaver.ask("GET", "/api/v1/books").json["books"] == []


def test_failures_at_once_are_all_counted(office, store):
    """Of a name that nobody has: as many attempts as were made, and no error page."""

    def attempt() -> int:
        client = office.test_client()
        client.get("/sign-in")
        return client.post("/sign-in", data={"name": "nobody at all", "password": "wrong"}).status_code

    assert set(at_once(*[attempt] * 3)) == {401}
    with store.session() as session:
        key = people.digest(people.as_compared("nobody at all"))
        assert session.get_one(Attempt, key).failures == 3
        assert journal.faults(session) == []


NUL = ("%00", "a%00b", "%ED%A0%80", "%FF", "%F0%9D%9F%99", "%E2%80%AE", "'%3B--", "%25s%28x%29s")


@pytest.mark.parametrize("sign", NUL)
def test_no_letter_is_too_strange(office, planner, book, sign):
    """In an address, a name, a setting, a question, a sign-in: refused or kept as text, never an error of ours."""
    for method, address, form in (
        ("GET", f"/api/v1/books/{sign}", ""),
        ("GET", f"/books/{book}/questions/{sign}", ""),
        ("GET", f"/books/{book}/scenarios/{sign}/run.json", ""),
        ("GET", f"/books/{book}/runs/{sign}/report.html", ""),
        ("GET", f"/books/{book}/both?yours={sign}", ""),
        ("GET", f"/books/{book}/report?origin={sign}&set={sign}", ""),
        ("GET", f"/api/v1/books/{book}/programme?id={sign}", ""),
        ("GET", f"/api/v1/books?lang={sign}", ""),
        ("POST", f"/api/v1/books/{book}/scenarios", f"name={sign}&set=budget_factor=0.9"),
        ("POST", f"/api/v1/books/{book}/scenarios", f"name=a&seen={sign}&origin={sign}&set={sign}"),
        ("POST", f"/api/v1/books/{book}/questions", f"kind=prices&origin={sign}&set={sign}"),
        ("POST", f"/api/v1/books/{book}/questions", f"kind={sign}"),
        ("POST", f"/books/{book}/repairs/1?origin={sign}", f"set={sign}"),
        ("POST", f"/people/{sign}/close", ""),
        ("POST", "/sign-in", f"name={sign}&password={sign}"),
    ):
        answer = planner.ask(method, address, data=form, content_type=FORM)
        assert answer.status_code < 500, (method, address, form, answer.text)


@pytest.mark.parametrize("number", ["0", "99", "99999999999999999999", "-1"])
def test_no_number_is_too_large(planner, book, number):
    """Of a way out that does not exist."""
    impossible = "set=pin:clinics@2027=9.5&set=pin:grants@2027=7.5"
    answer = planner.ask("POST", f"/books/{book}/repairs/{number}?{impossible}")
    assert answer.status_code in (404, 422), answer.text


def test_a_huge_body_is_refused_before_it_is_read(planner, book):
    """JSON or a form; thousands of settings are one bad setting."""
    for kind in ("application/json", FORM, "text/plain", ""):
        answer = planner.ask("POST", f"/api/v1/books/{book}/scenarios", data=b"[" * 300_000, content_type=kind)
        assert answer.status_code == 413
    many = "&".join(["name=a", *(f"set=pin:clinics@2027={n}" for n in range(5_000))])
    answer = planner.ask("POST", f"/api/v1/books/{book}/scenarios", data=many, content_type=FORM)
    assert answer.status_code in (409, 422), answer.text
    deep = planner.ask("POST", f"/api/v1/books/{book}/scenarios", data=b"[" * 100_000, content_type="application/json")
    assert deep.status_code in (400, 422)


FORGERIES = {
    "a signature": "INSERT INTO sign_offs VALUES ('{run}', 'assured', 'assurer', '{hash}', '2027-01-01')",
    "a maker": "UPDATE runs SET made_by = 'assurer' WHERE id = '{run}'",
    "a score": "UPDATE runs SET score = 99.0 WHERE id = '{run}'",
    "a setting": "UPDATE runs SET origin = 'other' WHERE id = '{run}'",
    "a run away": "DELETE FROM runs WHERE id = '{run}'",
    "other bytes": "UPDATE books SET sha256 = '{hash}' WHERE id = '{book}'",
}


@pytest.mark.parametrize("forgery", list(FORGERIES))
def test_an_audit_finds_what_the_journal_does_not_tell(store, planner, book, forgery):
    """Even where the database's owner wrote it, and left the journal alone."""
    assert planner.save(book, f"with {forgery}", "0.9").status_code == 200
    with store.session() as session:
        run = session.scalar(select(Run).where(Run.name == f"with {forgery}"))
    is_whole(store)
    with pytest.raises(Undone), store.session() as session:
        without_guard(session, "runs")
        session.execute(text(FORGERIES[forgery].format(run=run.id, hash=run.sha256, book=book)))
        found = [str(fault) for fault in evidence.faults_of(evidence.seen_in(session), store)]
        assert any((book if forgery == "other bytes" else run.id) in fault for fault in found), found
        raise Undone
    is_whole(store)


class Undone(Exception):
    """Takes the forgery back."""


def test_an_audit_finds_a_workbook_whose_bytes_changed(store, planner):
    """By the command, with exit code 5; put back, it passes again."""
    book = planner.upload()
    with store.session() as session:
        path = store.path_of(session.get_one(Book, book).sha256)
    kept = path.read_bytes()
    path.write_bytes(kept + b" ")
    place = ["--folder", str(store.folder)]
    if not store.url.startswith("sqlite"):
        place += ["--database", store.url]
    done = CliRunner().invoke(main, ["audit", *place, "--lang", "en"])
    path.write_bytes(kept)
    assert done.exit_code == 5 and path.stem in done.output
    assert CliRunner().invoke(main, ["audit", *place]).exit_code == 0


def test_one_person_has_one_worker_and_takes_turns():
    """Somebody with many tasks holds one of two; of those who wait, who was served longest ago is next."""
    turns, order, gate = Turns(2), [], threading.Event()

    def work(person: str, has_begun: threading.Event, may_end: threading.Event) -> None:
        with turns.turn(person) as number:
            order.append((person, number))
            has_begun.set()
            may_end.wait(30)

    def begun(person: str, may_end: threading.Event) -> threading.Event:
        has_begun = threading.Event()
        threading.Thread(target=work, args=(person, has_begun, may_end), daemon=True).start()
        return has_begun

    first_ends, second_ends = threading.Event(), threading.Event()
    assert begun("greedy", first_ends).wait(30)
    again = [begun("greedy", gate) for _ in range(3)]
    assert begun("modest", second_ends).wait(30)
    third = begun("third", gate)
    assert not third.wait(0.2) and not any(event.is_set() for event in again)
    first_ends.set()
    assert third.wait(30)
    second_ends.set()
    until = time.monotonic() + 30
    while len(order) < 4 and time.monotonic() < until:
        time.sleep(0.01)
    gate.set()
    assert [person for person, _ in order[:4]] == ["greedy", "modest", "third", "greedy"]
    assert {number for _, number in order} == {0, 1}


def test_work_on_a_file_waits_for_what_has_it_open_while_others_go_by():
    """As long as there is patience, and unless that is at work on the same file."""
    turns, has_begun = Turns(2, patience=600), threading.Event()

    def on_the_first_file() -> int:
        has_begun.set()
        with turns.turn("second", "first file") as number:
            return number

    with turns.turn("first", "first file") as first, turns.turn("second", "second file") as second:
        assert (first, second) == (0, 1)
    with ThreadPoolExecutor(1) as beside:
        with turns.turn("first", "third file") as first:
            waits = beside.submit(on_the_first_file)
            assert first == 0
            assert has_begun.wait(30)
            for person in ("third", "fourth"):
                with turns.turn(person, "second file") as number:
                    assert number == 1 and not waits.done()
        assert waits.result(30) == 0
    with turns.turn("first", "third file") as first, turns.turn("second", "third file") as second:
        assert (first, second) == (0, 1)
    hasty = Turns(2, patience=0)
    with hasty.turn("first") as first, hasty.turn("second", "first file") as second:
        assert (first, second) == (0, 1)


def test_a_workbook_is_opened_by_one_worker():
    """Whoever asks; another workbook may go to the other."""
    desk = Desk(Limits(seconds=300, processor_seconds=300, megabytes=2000), 2)
    try:
        for person in ("one", "two", "three"):
            assert not desk.ask(person, "look", ROOT / "inputs" / "minimal.xlsx", "minimal.xlsx").errors
        assert [worker._process is not None for worker in desk.workers] == [True, False]
    finally:
        desk.close()


def test_a_monster_of_one_person_keeps_nobody_else_waiting(office, store, planner, book, monkeypatch):
    """While somebody's tasks hold a worker for long, another's page comes."""
    site, may_end = office.extensions["site"], threading.Event()
    real = Worker.ask

    def slow(worker: Worker, task: str, *arguments: object) -> object:
        if task == "template":
            may_end.wait(60)
        return real(worker, task, *arguments)

    monkeypatch.setattr(Worker, "ask", slow)
    greedy = [threading.Thread(target=site.desk.ask, args=("greedy", "template", "en")) for _ in range(6)]
    for thread in greedy:
        thread.start()
    assert planner.ask("GET", f"/books/{book}/problems").status_code == 200
    assert any(thread.is_alive() for thread in greedy)
    may_end.set()
    for thread in greedy:
        thread.join()


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_many_who_follow_a_question_keep_nobody_else_waiting(tmp_path):
    """Sixty streams of a question on a server of sixteen threads: other pages come, and each stream says the state."""
    (tmp_path / "office").mkdir()
    running = Office(tmp_path / "office", None)
    data = (ROOT / "inputs" / "japan.xlsx").read_bytes()
    made = running.ask("POST", "/api/v1/books", UPLOAD % data, "multipart/form-data; boundary=x")
    book = json.loads(made[1])["id"]
    asked = running.ask("POST", f"/api/v1/books/{book}/questions", encoded({"kind": "levers"}), FORM)
    events = f"/books/{book}/questions/{json.loads(asked[1])['id']}/events"
    lines = [socket.create_connection(("127.0.0.1", running.port)) for _ in range(60)]
    for line in lines:
        line.sendall(f"GET {events} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
    for line in lines:
        line.settimeout(30)
        said = b""
        while b"data: {" not in said:
            part = line.recv(65536)
            assert part, said
            said += part
    assert running.ask("GET", "/api/v1/books")[0] == 200
    assert json.loads(running.ask("GET", f"/api/v1{events.removesuffix('/events')}")[1])["state"] == "running"
    for line in lines:
        line.close()
    running.kill()
