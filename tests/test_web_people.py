"""The office: who gets in, what they see, and what they may change."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from io import BytesIO

import pytest
from click.testing import CliRunner
from sqlalchemy import select
from test_serve import ROOT
from web import INPUTS, TOKEN, broken_book

from optimizer import WrongUsage
from optimizer.cli import main
from webui import create_app, journal, people, security
from webui.identity import MOST_AT_ONCE
from webui.rows import Attempt, Entry, Person, SignedIn
from webui.sharing import Busy, FairLine
from webui.store import Store

PASSWORD = "correct horse 配分"  # noqa: S105  (of accounts that live as long as the test)
BOOK = (INPUTS / "minimal.xlsx").read_bytes()


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """An office with an administrator, two projects, and somebody of every role."""
    folder = tmp_path_factory.mktemp("office")
    store = Store(folder)
    secret = people.hashed(PASSWORD, "x")
    for name, roles, project in (
        ("admin", ["administrator"], "main"), ("planner", ["planner"], "main"), ("viewer", ["viewer"], "main"),
        ("assurer", ["assurer"], "main"), ("approver", ["approver"], "main"), ("other", ["planner"], "other"),
    ):  # fmt: skip
        people.add(store, name, "", roles, project, "test")
        with store.session() as session:
            session.scalar(select(Person).where(Person.name == name)).password = secret
    store.close()
    site = create_app({"DATA_FOLDER": folder, "OFFICE": True})
    yield site
    site.extensions["site"].close()


class Browser:
    """A browser that signs in."""

    def __init__(self, app, name: str = "") -> None:
        self.client, self.store = app.test_client(), app.extensions["site"].store
        if name:
            answer = self.sign_in(name)
            assert answer.status_code == 302, answer.text

    def token(self) -> str:
        return TOKEN.search(self.client.get("/sign-in", headers={"Accept-Language": "en"}).text)[1]

    def sign_in(self, name: str, password: str = PASSWORD, back: str = "/"):
        form = {"csrf_token": self.token(), "name": name, "password": password, "back": back}
        return self.client.post("/sign-in", data=form, headers={"Accept-Language": "en"})

    def get(self, address: str):
        return self.client.get(address, headers={"Accept-Language": "en"})

    def post(self, address: str, **form):
        return self.client.post(address, data={"csrf_token": self.token(), **form}, headers={"Accept-Language": "en"})

    def upload(self) -> str:
        answer = self.post("/books", file=(BytesIO(BOOK), "book.xlsx"))
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]


@pytest.fixture(scope="module")
def book(office) -> str:
    """The address of a planner's book."""
    return Browser(office, "planner").upload()


PAGES = ["/", "/template.xlsx", "{book}", "{book}/problems", "{book}/report.zip", "{book}/questions", "{book}/compare"]
API = ["/api/v1/books", "/api/v1{book}", "/api/v1{book}/answer", "/api/v1{book}/problems", "/api/v1/openapi.json"]


@pytest.mark.parametrize("address", PAGES)
def test_nobody_sees_a_page_without_signing_in(office, book, address):
    """Every page leads to the form, and back to where it was asked for."""
    answer = Browser(office).get(address.format(book=book))
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/sign-in?back=/")


@pytest.mark.parametrize("address", API)
def test_no_script_gets_an_answer_without_a_token(office, book, address):
    """401 in JSON, whatever it asks for."""
    client = office.test_client(use_cookies=False)
    for headers in (
        {},
        {"Authorization": "Bearer forged"},
        {"Authorization": "Basic YTpi"},
        {"X-Remote-User": "admin"},
    ):
        assert client.get(address.format(book=book), headers=headers).status_code in (401, 302)


@pytest.mark.parametrize("address", PAGES[2:] + API[1:4])
@pytest.mark.parametrize("name", ["other", "admin"])
def test_a_book_of_another_project_is_no_page(office, book, address, name):
    """404, as for one that does not exist; accounts are the administrator's, books are not."""
    answer = Browser(office, name).get(address.format(book=book))
    assert answer.status_code == 404
    assert "book.xlsx" not in Browser(office, name).get("/").text


def test_who_may_only_look_changes_nothing(office, book):
    """403 for a viewer, who sees the same pages, in a language and unit of the viewer's own."""
    viewer = Browser(office, "viewer")
    assert viewer.get(book).status_code == 200
    for choice in ({"language": "en"}, {"unit": "JPY million"}):
        assert viewer.post(f"/{next(iter(choice))}", **choice, back=book).headers["Location"] == book
    assert viewer.post(f"{book}/questions", kind="prices").status_code == 403
    assert viewer.post("/books", file=(BytesIO(BOOK), "book.xlsx")).status_code == 403
    changed = viewer.client.post(f"/api/v1{book}/scenarios", data={"name": "a"}, headers={"X-Haibun": "x"})
    assert changed.status_code == 403
    elsewhere = Browser(office, "other").client.post(f"/api/v1{book}/scenarios", headers={"X-Haibun": "x"})
    assert elsewhere.status_code == 404


def test_a_session_is_new_at_every_sign_in_and_ends_on_the_server(office):
    """A cookie from before is worth nothing afterwards, nor one that was stolen, after signing out."""
    browser = Browser(office, "planner")
    stolen = browser.client.get_cookie("haibun").value
    before = browser.store
    with before.session() as session:
        count = len(session.scalars(select(SignedIn)).all())
    browser.sign_in("planner")
    assert browser.client.get_cookie("haibun").value != stolen
    with before.session() as session:
        assert len(session.scalars(select(SignedIn)).all()) == count
    kept = browser.client.get_cookie("haibun").value
    assert browser.post("/sign-out").status_code == 302
    thief = office.test_client()
    thief.set_cookie("haibun", kept)
    assert thief.get("/").status_code == 302


@pytest.mark.parametrize(("column", "age"), [("seen", 31 * 60), ("begun", 11 * 3600), ("begun", -3600)])
def test_a_session_ends_by_itself(office, column, age):
    """After half an hour without a page, after ten hours, and where the clock has gone back before its beginning."""
    browser = Browser(office, "planner")
    assert browser.get("/").status_code == 200
    with browser.store.session() as session:
        for row in session.scalars(select(SignedIn)):
            setattr(row, column, time.time() - age)
    assert browser.get("/").status_code == 302


def test_failed_attempts_slow_a_name_down_whether_it_exists_or_not(office):
    """The fourth attempt waits, even with the right password; both names are told the same."""
    told = []
    for name in ("approver", "nobody"):
        browser = Browser(office)
        told.append(
            [
                re.sub(r"\d+ seconds", "n seconds", browser.sign_in(name, "wrong").text.split("<h1>")[1]).replace(
                    name, ""
                )
                for _ in range(4)
            ]
        )
        assert "Too many attempts" in told[-1][3]
        assert browser.sign_in(name, PASSWORD).status_code == 401
    assert [re.sub(r'value="[^"]*"', "", text) for text in told[0]] == [
        re.sub(r'value="[^"]*"', "", text) for text in told[1]
    ]
    with browser.store.session() as session:
        for attempt in session.scalars(select(Attempt)):
            session.delete(attempt)


def test_a_token_acts_for_its_person_until_it_is_revoked(office, book):
    """The same rules, without a cookie; closing the account ends it too."""
    store = office.extensions["site"].store
    token = people.new_token(store, "viewer", "nightly", "test")
    client, headers = office.test_client(use_cookies=False), {"Authorization": f"Bearer {token}", "X-Haibun": "x"}
    assert client.get(f"/api/v1{book}", headers=headers).status_code == 200
    assert client.post(f"/api/v1{book}/questions", data={"kind": "prices"}, headers=headers).status_code == 403
    assert people.revoke_tokens(store, "viewer", "nightly", "test") == 1
    assert client.get(f"/api/v1{book}", headers=headers).status_code == 401
    assert token not in (store.folder / "haibun.sqlite").read_bytes().decode("latin1")


def test_the_word_of_a_proxy_counts_from_its_address_alone(tmp_path):
    """A header that anybody can send is believed where it comes from the listed address, and nowhere else."""
    store = Store(tmp_path)
    people.add(store, "yamada", "", ["planner"], "main", "test")
    store.close()
    app = create_app(
        {
            "DATA_FOLDER": tmp_path,
            "OFFICE": True,
            "IDENTITY_HEADER": "X-Remote-User",
            "TRUSTED_PROXIES": ["10.0.0.0/30"],
        }
    )
    client = app.test_client(use_cookies=False)
    for address, name, code in (
        ("10.0.0.1", "yamada", 200), ("10.0.0.1", "nobody", 302), ("10.0.0.1", "", 302), ("10.0.0.9", "yamada", 302),
    ):  # fmt: skip
        answer = client.get("/", headers={"X-Remote-User": name}, environ_base={"REMOTE_ADDR": address})
        assert answer.status_code == code, (address, name)
    app.extensions["site"].close()


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_signing_in_leads_nowhere_else(office, back):
    """The address to come back to is one of this site."""
    assert Browser(office).sign_in("planner", back=back).headers["Location"] == "/"


def test_every_change_is_in_the_journal_and_no_password_is(office, book):
    """Who, what, on what; never a secret."""
    store = office.extensions["site"].store
    with store.session() as session:
        lines = list(session.scalars(select(Entry)))
        assert journal.faults(session) == []
    assert {"account made", "roles given", "signed in", "uploaded"} <= {line.what for line in lines}
    assert ("planner", book.split("/")[2]) in {(line.person, line.subject) for line in lines}
    assert PASSWORD not in str([line.detail for line in lines])


@pytest.mark.parametrize("password", ["short", "password", "aaaaaaaaaaaa", "yamada-2027", "x" * 500])
def test_a_password_that_is_guessed_easily_is_refused(password):
    """Too short, too common, one letter, one's own name, too long."""
    with pytest.raises(WrongUsage):
        people.hashed(password, "yamada")


@pytest.mark.parametrize("name", ["", " ", "a b", "a/b", "a@b", "\u202eevil", "x" * 65, "a\nb"])
def test_a_name_is_plain(name):
    """No spaces, slashes, commas, at signs, nothing invisible."""
    with pytest.raises(WrongUsage):
        people.plain_name(name)


def test_the_administrators_commands(tmp_path):
    """add, role, password, token, close: each says what it did; a second account of a name is refused."""

    def haibun(*words: str, typed: str = ""):
        return CliRunner().invoke(main, [*words, "--folder", str(tmp_path), "--lang", "en"], input=typed)

    assert haibun("user", "add", "Yamada", "--role", "planner", typed=PASSWORD + "\n").exit_code == 0
    assert haibun("user", "add", "yamada", "--role", "planner", typed=PASSWORD + "\n").exit_code == 2
    assert haibun("user", "add", "suzuki", "--role", "planner", typed="\n").exit_code == 2
    assert haibun("user", "add", "suzuki", typed=PASSWORD).exit_code == 2
    assert haibun("user", "role", "yamada", "--role", "assurer", "--project", "fy2027").exit_code == 0
    assert haibun("user", "password", "yamada", typed="another long one\n").exit_code == 0
    assert "haibun_" in haibun("user", "token", "yamada").output
    assert haibun("user", "close", "yamada").exit_code == 0
    assert haibun("user", "close", "nobody").exit_code == 2
    assert haibun("audit").exit_code == 0
    store = Store(tmp_path)
    assert not people.check(store, "yamada", "another long one")
    store.close()


def person_id(office, name: str) -> str:
    return next(each.id for each in people.accounts(office.extensions["site"].store) if each.name == name)


def test_the_administrators_page_shows_people_and_projects_and_no_secret(office, book):
    """Names, roles, labels of tokens; a name that looks like a tag stays text."""
    store = office.extensions["site"].store
    people.add(store, "<b>x</b>".replace("/", ""), "", ["viewer"], "main", "test")
    token = people.new_token(store, "viewer", "nightly", "test")
    page = Browser(office, "admin").get("/people").text
    assert "approver" in page and "nightly" in page and "other" in page
    assert token not in page and "scrypt" not in page and people.digest(token) not in page
    assert "<b>x" not in page and "&lt;b&gt;x" in page
    people.revoke_tokens(store, "viewer", "nightly", "test")


@pytest.mark.parametrize("name", ["planner", "viewer", "approver"])
def test_the_administrators_page_is_the_administrators(office, name):
    """403 for everybody else, whatever is asked for; nothing is changed."""
    browser = Browser(office, name)
    own = person_id(office, name)
    assert browser.get("/people").status_code == 403
    for action in ("roles", "close", "revoke"):
        form = {"project": "main", "role": "approver", "label": "script"}
        assert browser.post(f"/people/{own}/{action}", **form).status_code == 403
    assert "/people" not in browser.get("/").text


def test_the_administrator_gives_roles_closes_accounts_and_revokes_tokens(office):
    """By the functions of the command, with a line in the journal; at once for browsers and scripts."""
    store = office.extensions["site"].store
    people.add(store, "kato", "", ["viewer"], "main", "test")
    with store.session() as session:
        session.scalar(select(Person).where(Person.name == "kato")).password = people.hashed(PASSWORD, "x")
    token = people.new_token(store, "kato", "script", "test")
    kato, admin, ident = Browser(office, "kato"), Browser(office, "admin"), person_id(office, "kato")
    script, headers = office.test_client(use_cookies=False), {"Authorization": f"Bearer {token}"}

    def roles() -> list[str]:
        account = next(each for each in people.accounts(store) if each.name == "kato")
        return list(account.roles.get("main", []))

    form = {"project": "main", "role": ["viewer", "planner"], "seen": "viewer"}
    assert admin.post(f"/people/{ident}/roles", **form).status_code == 302
    assert roles() == ["planner", "viewer"]
    assert admin.post(f"/people/{ident}/roles", **(form | {"role": "approver"})).status_code == 409
    for wrong in ({"project": "none"}, {"role": "administrator"}, {"role": "root"}):
        assert admin.post(f"/people/{ident}/roles", **(form | {"seen": "planner,viewer"} | wrong)).status_code == 422
    assert roles() == ["planner", "viewer"]
    assert script.get("/api/v1/books", headers=headers).status_code == 200
    assert admin.post(f"/people/{ident}/revoke", label="script").status_code == 302
    assert script.get("/api/v1/books", headers=headers).status_code == 401
    assert kato.get("/").status_code == 200
    assert admin.post(f"/people/{ident}/close").status_code == 302
    assert kato.get("/").status_code == 302
    assert admin.post("/people/0000/close").status_code == 404
    with store.session() as session:
        lines = [(line.what, line.person) for line in session.scalars(select(Entry).where(Entry.subject == "kato"))]
    assert {("roles given", "admin"), ("token revoked", "admin"), ("account closed", "admin")} <= set(lines)


def test_the_last_administrator_cannot_be_closed(tmp_path):
    """By the command as by the page; once there are two, one can; of two who close each other at once, one stays."""
    store = Store(tmp_path)
    people.add(store, "a", "", ["administrator"], "main", "test")
    with pytest.raises(WrongUsage, match="only administrator"):
        people.disable(store, "a", "a")
    people.add(store, "b", "", ["administrator"], "main", "test")
    failed = []

    def close(name: str) -> None:
        try:
            people.disable(store, name, "test")
        except WrongUsage:
            failed.append(name)

    threads = [threading.Thread(target=close, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(failed) == 1 and people.has_administrator(store)
    store.close()


def test_one_computer_alone_has_no_page_of_people(tmp_path):
    """There is nobody to list."""
    app = create_app({"DATA_FOLDER": tmp_path})
    assert app.test_client().get("/people").status_code == 404
    app.extensions["site"].close()


def test_an_office_without_an_administrator_is_not_served(tmp_path):
    """Wrong usage, and how to make one; afterwards the same command serves."""
    program = "from optimizer.cli import entry; entry()"
    command = [sys.executable, "-c", program, "serve", "--host", "192.0.2.1", "--folder", str(tmp_path), "--lang", "en"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
    assert done.returncode == 2
    assert "haibun user add" in done.stderr
    assert not list(tmp_path.iterdir())


def test_whoever_asks_many_questions_waits_for_them_alone():
    """Two people: their questions alternate, whoever came first."""
    line = FairLine()
    for number in range(3):
        line.put("busy", f"busy {number}")
    line.put("modest", "modest 0")
    assert [line.take() for _ in range(4)] == ["busy 0", "modest 0", "busy 1", "busy 2"]


def test_a_person_has_so_many_questions_and_requests_at_a_time(office, book, monkeypatch):
    """The next one is refused with 429, for that person alone; it is taken once another has ended."""
    planner = Browser(office, "planner")
    monkeypatch.setattr("webui.views.questions.MOST_OPEN", 0)
    answer = planner.post(f"{book}/questions", kind="prices")
    assert answer.status_code == 429 and "Too many requests" in answer.text
    monkeypatch.setattr(office.extensions["busy"], "_most_of_one", 0)
    assert planner.get(book).status_code == 429
    monkeypatch.undo()
    assert planner.get(book).status_code == 200
    busy = Busy(MOST_AT_ONCE)
    assert [busy.begin("a") for _ in range(MOST_AT_ONCE + 1)] == [True] * MOST_AT_ONCE + [False]
    assert busy.begin("b")
    busy.end("a")
    assert busy.begin("a")


def test_over_tls_cookies_are_secure_and_browsers_are_told_to_stay(office):
    """Behind a proxy that holds the certificate; over plain HTTP on one computer neither is said."""
    client = office.test_client()
    answer = client.get("/sign-in", base_url="https://127.0.0.1")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-haibun=") and "Secure" in cookie and "HttpOnly" in cookie
    assert "Path=/" in cookie and "Domain" not in cookie
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    token = TOKEN.search(answer.text)[1]
    form = {"csrf_token": token, "name": "planner", "password": PASSWORD}
    assert client.post("/sign-in", data=form, base_url="https://127.0.0.1").status_code == 302
    assert client.get("/", base_url="https://127.0.0.1").status_code == 200
    plain = office.test_client().get("/sign-in")
    assert plain.headers["Set-Cookie"].startswith("haibun=") and "Secure" not in plain.headers["Set-Cookie"]
    assert "Strict-Transport-Security" not in plain.headers


def test_a_server_on_all_addresses_answers_to_its_own_names_alone():
    """Loopback, the computer's names and addresses; nothing that somebody else may choose."""
    names = security.names_of("0.0.0.0")  # noqa: S104  (nothing is listened on)
    assert {"127.0.0.1", "localhost"} <= set(names)
    assert "evil.example" not in names and "*" not in "".join(names)
    assert "[::1]" in security.names_of("::1")


def test_two_people_who_mend_one_book_at_a_time_lose_nothing(office):
    """The second is shown both versions; the first one's stays in its place."""
    first, second = Browser(office, "planner"), Browser(office, "planner")
    problems = first.post("/books", file=(BytesIO(broken_book({("Programmes", "D3"): "n/a"})), "計画.xlsx"))
    address = problems.headers["Location"].removesuffix("/problems")
    seen = re.search(r'name="seen" value="([0-9a-f]+)"', first.get(problems.headers["Location"]).text)[1]
    assert first.post(f"{address}/file", file=(BytesIO(BOOK), "first.xlsx"), seen=seen).headers["Location"] == address
    other = broken_book({("Settings", "B2"): "another"})
    answer = second.post(f"{address}/file", file=(BytesIO(other), "second.xlsx"), seen=seen)
    page = second.get(answer.headers["Location"]).text
    assert "Somebody else changed this first" in page and "first.xlsx" in page and "second.xlsx" in page
    assert "first.xlsx" in first.get("/").text
    assert Browser(office, "other").get(answer.headers["Location"]).status_code == 404


def test_many_attempts_at_once_cannot_keep_the_server(office, monkeypatch):
    """A few wait for their turn, the others are sent away at once."""
    monkeypatch.setattr(people, "_few_wait", threading.BoundedSemaphore(1))
    people._few_wait.acquire()
    answer = Browser(office).sign_in("viewer")
    assert answer.status_code == 401 and "Too many people" in answer.text


def test_a_name_is_known_in_any_width_and_case(office):
    """As typed with a Japanese keyboard."""
    assert Browser(office).sign_in(" Ｖｉｅｗｅｒ ").status_code == 302


@pytest.mark.parametrize("address", ["/", "/sign-in", "/api/v1/books", "/no-such-page"])
def test_an_office_answers_to_its_names_alone(office, address):
    """Another host name gets 400 in plain words, signed in or not."""
    for browser in (Browser(office), Browser(office, "planner")):
        answer = browser.client.get(address, headers={"Host": "evil.example"})
        assert answer.status_code == 400 and answer.mimetype == "text/plain"
