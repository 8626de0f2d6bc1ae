"""Passwords and sessions: what is too common, how one is changed by whoever knows it, and which browser is then out."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from sqlalchemy import select
from test_web_people import PASSWORD, Browser, office

from optimizer import WrongUsage
from optimizer.cli import main
from webui import people
from webui.rows import Entry, Person

__all__ = ["office"]
NEW = "a new one 配分 17"


@pytest.fixture
def clerk(office) -> Browser:
    """Somebody whose password may be changed, signed in."""
    store = office.extensions["site"].store
    with store.session() as session:
        person = session.scalar(select(Person).where(Person.name == "clerk"))
    if person is None:
        people.add(store, "clerk", PASSWORD, ["viewer"], "main", "test")
    else:
        people.change_password(store, "clerk", PASSWORD, "test")
    return Browser(office, "clerk")


def test_signing_in_again_ends_the_session_before(clerk):
    """A cookie that somebody copied is worthless as soon as its browser has signed in anew."""
    copied = clerk.client.get_cookie("haibun").value
    assert clerk.sign_in("clerk").status_code == 302
    assert clerk.get("/").status_code == 200
    clerk.client.set_cookie("haibun", copied)
    assert clerk.get("/").status_code == 302


def test_a_password_is_changed_by_whoever_knows_it_and_every_other_browser_is_out(office, clerk):
    """The new one counts, the old one does not; tokens are worthless; the journal tells of it, not of the password."""
    other, store = Browser(office, "clerk"), clerk.store
    token = people.new_token(store, "clerk", "script", "test")
    assert clerk.post("/password", current=PASSWORD, new=NEW, again=NEW).status_code == 302
    assert clerk.get("/").status_code == 200
    assert other.get("/").status_code == 302
    assert people.of_token(store, token) is None
    assert not people.check(store, "clerk", PASSWORD) and people.check(store, "clerk", NEW)
    with store.session() as session:
        last = session.scalars(select(Entry).where(Entry.what == "password set").order_by(Entry.number)).all()[-1]
    assert (last.person, last.subject, last.detail) == ("clerk", "clerk", {})


def test_people_see_their_browsers_and_sign_the_others_out(office, clerk):
    """By the password of now alone; this browser stays, and other people's are not touched."""
    other, planner = Browser(office, "clerk"), Browser(office, "planner")
    page = clerk.get("/password").text
    assert page.count("this browser") == 1
    listed = page.count("<tr>")
    assert listed >= 3  # the headings, this one, the other one
    assert planner.get("/password").text.count("<tr>") == 2
    refused = clerk.post("/password/others", current="not the one")
    assert refused.status_code == 422 and "not right" in refused.text and other.get("/").status_code == 200
    assert clerk.post("/password/others", current=PASSWORD).status_code == 302
    assert (clerk.get("/").status_code, other.get("/").status_code, planner.get("/").status_code) == (200, 302, 200)
    assert clerk.get("/password").text.count("<tr>") == 2
    with clerk.store.session() as session:
        last = session.scalars(select(Entry).order_by(Entry.number)).all()[-1]
    assert (last.person, last.what) == ("clerk", "signed out elsewhere")


def test_signing_out_clears_what_the_browser_kept(clerk):
    """The header tells it to; ASVS 14.3.1."""
    assert clerk.post("/sign-out").headers["Clear-Site-Data"] == '"cache", "cookies", "storage"'


@pytest.mark.parametrize(
    ("current", "new", "again", "words"),
    [
        ("not the one", NEW, NEW, "not right"),
        (PASSWORD, NEW, NEW + "x", "differ"),
        (PASSWORD, "iloveyou", "iloveyou", "too easily guessed"),
        (PASSWORD, "short", "short", "8 to 200"),
    ],
)
def test_a_password_is_not_changed_by_others_or_into_one_that_is_guessed(clerk, current, new, again, words):
    """The page says why, and the password stays."""
    answer = clerk.post("/password", current=current, new=new, again=again)
    assert answer.status_code == 422 and words in answer.text
    assert clerk.get("/").status_code == 200


def test_a_stranger_sees_no_form_of_a_password(office):
    """The way in first."""
    assert Browser(office).get("/password").headers["Location"].startswith("/sign-in")


@pytest.mark.parametrize("password", ["Password1", "qwertyuiop", "1qaz2wsx", "Haibun2027!", "trustno1", "football"])
def test_the_commonest_passwords_are_refused(password):
    """Those of a list of four thousand, in any case, and the program's own name with a year."""
    with pytest.raises(WrongUsage, match="too easily guessed"):
        people.hashed(password, "yamada")


@pytest.mark.parametrize("proxy", ["proxy.example", "10.0.0.300", "10.0.0.1/24", ""])
def test_a_proxy_is_named_by_its_address(tmp_path, proxy):
    """A name, or a network that is none, would never be trusted without a word."""
    done = CliRunner().invoke(main, ["serve", "--proxy", proxy, "--folder", str(tmp_path), "--lang", "en"])
    assert done.exit_code == 2 and "takes an address" in done.output
