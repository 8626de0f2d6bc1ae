"""People, what they may do, and how they are known again: passwords, browsers that signed in, tokens of scripts.

Of a password, a cookie or a token the database holds a hash alone. A name that nobody has is answered as slowly, and
slowed down as much, as one that somebody has.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from werkzeug.security import check_password_hash, generate_password_hash

from optimizer import HaibunError, WrongUsage, say
from webui import journal
from webui.rows import Attempt, Book, Member, Person, Project, SignedIn, Token, at
from webui.store import Store

ROLES = ("viewer", "planner", "assurer", "approver")
ADMINISTRATOR = "administrator"
METHOD = "scrypt:65536:8:2"
"""64 MB and a third of a second a password; one is reckoned at a time, so that attempts cannot fill the memory."""
SHORTEST_PASSWORD, LONGEST_PASSWORD, LONGEST_NAME = 8, 200, 64
COMMON = Path(__file__).parent / "common_passwords.txt"
OF_THIS_OFFICE = ("haibun", "配分")
FREE_ATTEMPTS, LONGEST_WAIT, FORGOTTEN_AFTER = 3, 60.0, 86_400.0
_one_at_a_time = threading.Lock()
_few_wait = threading.BoundedSemaphore(8)
_NOBODY = f"{METHOD}$nobody${'0' * 128}"
"""What the password of a name that nobody has is held against: as slow as any other, and never right."""


class TooSoon(HaibunError):
    """Too many failed attempts to sign in: wait."""

    exit_code = 1


@dataclass(frozen=True)
class Visitor:
    """Who asks: an account and its roles by project, or whoever sits at a computer that serves itself alone."""

    name: str
    id: str = ""
    is_administrator: bool = False
    is_local: bool = False
    roles: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def projects(self) -> Collection[str] | None:
        """The projects that list this person; None: all of them."""
        return None if self.is_local else self.roles.keys()

    def may_see(self, project_id: str) -> bool:
        """Whether the project lists this person."""
        return self.is_local or project_id in self.roles

    def may(self, role: str, project_id: str) -> bool:
        """Whether this person has a role in the project."""
        return self.is_local or role in self.roles.get(project_id, ())


ALONE = Visitor("local", is_local=True)


def as_compared(name: str) -> str:
    """A name as names are compared: width, case and spaces around it do not count."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def plain_name(name: str) -> str:
    """A name as it is compared; raises ``WrongUsage`` where it is none."""
    plain = as_compared(name)
    if not plain or len(plain) > LONGEST_NAME or not plain.isprintable() or set(plain) & set(" /\\@,"):
        raise WrongUsage(
            say("{name}: a name has 1 to 64 letters, no spaces, no slashes, commas or at signs.", name=name[:80])
        )
    return plain


def hashed(password: str, name: str) -> str:
    """The hash of a new password; raises ``WrongUsage`` where it is too easily guessed."""
    plain = unicodedata.normalize("NFC", password)
    if not SHORTEST_PASSWORD <= len(plain) <= LONGEST_PASSWORD:
        raise WrongUsage(
            say("A password has {least} to {most} letters.", least=SHORTEST_PASSWORD, most=LONGEST_PASSWORD)
        )
    easy = plain.casefold()
    of_words = easy.strip("0123456789!?.-_") in (name, *OF_THIS_OFFICE)
    if of_words or easy in COMMON.read_text("utf-8").splitlines() or name in easy or len(set(plain)) < 4:
        raise WrongUsage(say("This password is too easily guessed; choose another."))
    with _one_at_a_time:
        return generate_password_hash(plain, METHOD)


def digest(secret: str) -> str:
    """What the database holds of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


# -------------------------------------------------------------------------------------------------- accounts


def add(store: Store, name: str, password: str, roles: Collection[str], project: str, by: str) -> None:
    """Make an account with roles in a project, which is made where it is new; a blank password: the proxy's word."""
    name = plain_name(name)
    secret = hashed(password, name) if password else ""
    with store.session() as session:
        if session.scalar(select(Person).where(Person.name == name)):
            raise WrongUsage(say("{name} has an account already.", name=name))
        person = Person(name=name, password=secret, is_administrator=ADMINISTRATOR in roles)
        session.add(person)
        session.flush()
        journal.note(session, by, "account made", name)
        _give(session, person, roles, project, by)


@dataclass(frozen=True)
class Account:
    """Somebody as the administrator sees them: roles by the project's name, labels of tokens; never a secret."""

    id: str
    name: str
    created: str
    is_active: bool
    is_administrator: bool
    roles: Mapping[str, Sequence[str]]
    tokens: Sequence[str]


@dataclass(frozen=True)
class Listed:
    """A project, and how many people and workbooks it has."""

    name: str
    created: str
    people: int
    books: int


def accounts(store: Store) -> list[Account]:
    """Everybody who has, or had, an account; closed ones last."""
    with store.session() as session:
        people = session.scalars(select(Person).order_by(Person.is_active.desc(), Person.name)).all()
        names = {project.id: project.name for project in session.scalars(select(Project))}
        members = session.scalars(select(Member)).all()
        tokens = session.scalars(select(Token).order_by(Token.name)).all()
    found = []
    for person in people:
        roles: dict[str, list[str]] = {}
        for member in sorted((each for each in members if each.person_id == person.id), key=lambda m: m.role):
            roles.setdefault(names[member.project_id], []).append(member.role)
        labels = list(dict.fromkeys(token.name for token in tokens if token.person_id == person.id))
        facts = (person.id, person.name, person.created, person.is_active, person.is_administrator)
        found.append(Account(*facts, roles, labels))
    return found


def projects(store: Store) -> list[Listed]:
    """Every project by name."""
    with store.session() as session:
        members = dict.fromkeys((m.project_id, m.person_id) for m in session.scalars(select(Member)))
        people = Counter(project for project, _ in members)
        books = Counter(session.scalars(select(Book.project_id)))
        found = session.scalars(select(Project).order_by(Project.name)).all()
    return [Listed(each.name, each.created, people[each.id], books[each.id]) for each in found]


def give(
    store: Store, name: str, roles: Collection[str], project: str, by: str, seen: Collection[str] | None = None
) -> bool:
    """Give a person exactly these roles in a project; none takes the person out of it.

    False where the roles are no longer those that were ``seen``.
    """
    with store.session() as session:
        person = _person(session, name)
        held = select(Member.role).join(Project).where(Member.person_id == person.id, Project.name == project)
        if seen is not None and set(seen) != set(session.scalars(held)):
            return False
        if ADMINISTRATOR in roles:
            person.is_administrator = True
        _give(session, person, roles, project, by)
    return True


def _give(session: Session, person: Person, roles: Collection[str], project: str, by: str) -> None:
    found = session.scalar(select(Project).where(Project.name == project))
    if found is None:
        found = Project(name=project)
        session.add(found)
        session.flush()
        journal.note(session, by, "project made", project)
    session.execute(delete(Member).where(Member.person_id == person.id, Member.project_id == found.id))
    given = sorted(set(roles) - {ADMINISTRATOR})
    session.add_all(Member(project_id=found.id, person_id=person.id, role=role) for role in given)
    journal.note(session, by, "roles given", person.name, project=project, roles=sorted(roles))


def change_password(store: Store, name: str, password: str, by: str) -> None:
    """Set a password; every browser and script of the person has to sign in again."""
    secret = hashed(password, plain_name(name))
    with store.session() as session:
        person = _person(session, name)
        person.password = secret
        _forget(session, person)
        journal.note(session, by, "password set", person.name)


def change_own_password(store: Store, name: str, current: str, password: str) -> bool:
    """Set a password for whoever knows the one before; False for others. Raises ``TooSoon``, ``WrongUsage``."""
    if not check(store, name, current):
        return False
    change_password(store, name, password, name)
    return True


def disable(store: Store, name: str, by: str) -> None:
    """Close an account; what the person did stays."""
    with store.session() as session:
        person = _person(session, name)
        journal.note(session, by, "account closed", person.name)  # first: another who closes one waits here
        others = select(Person).where(Person.is_administrator, Person.is_active, Person.id != person.id)
        if person.is_administrator and person.is_active and session.scalar(others) is None:
            raise WrongUsage(say("{name} is the only administrator; make another one first.", name=person.name))
        person.is_active = person.is_administrator = False
        _forget(session, person)


def has_administrator(store: Store) -> bool:
    """Whether anybody looks after the accounts."""
    with store.session() as session:
        wanted = select(Person).where(Person.is_administrator, Person.is_active)
        return session.scalar(wanted) is not None


def _person(session: Session, name: str) -> Person:
    person = session.scalar(select(Person).where(Person.name == plain_name(name)).with_for_update())
    if person is None:
        raise WrongUsage(say("{name} has no account.", name=name))
    return person


def _forget(session: Session, person: Person) -> None:
    for kind in (SignedIn, Token):
        session.execute(delete(kind).where(kind.person_id == person.id))


# --------------------------------------------------------------------------------------------------- signing in


def check(store: Store, name: str, password: str) -> bool:
    """Whether it is the password of that name. Raises ``TooSoon`` while failed attempts slow the name down."""
    key = digest(as_compared(name))
    with store.session() as session:
        attempt = session.get(Attempt, key)
        left = _seconds_to_wait(attempt)
        if left > 0:
            raise TooSoon(say("Too many attempts. Wait {seconds} seconds, and try again.", seconds=int(left) + 1))
        person = session.scalar(select(Person).where(Person.name == as_compared(name), Person.is_active))
        secret = person.password if person and person.password else ""
    is_right = _matches(secret or _NOBODY, password) and bool(secret)
    with store.session() as session:
        session.execute(delete(Attempt).where(Attempt.last < time.time() - FORGOTTEN_AFTER))
        if is_right:
            session.execute(delete(Attempt).where(Attempt.id == key))
        else:
            journal.note(session, "", "sign-in failed", key[:16])  # first: two who fail at once are counted as two
            attempt = session.get(Attempt, key) or Attempt(id=key, failures=0, last=0.0)
            attempt.failures, attempt.last = attempt.failures + 1, time.time()
            session.add(attempt)
    return is_right


def _matches(secret: str, password: str) -> bool:
    """Raises ``TooSoon`` where many attempts wait already, so that they cannot keep every thread of the server."""
    if not _few_wait.acquire(blocking=False):
        raise TooSoon(say("Too many people are signing in. Try again in a few seconds."))
    try:
        with _one_at_a_time:
            return check_password_hash(secret, unicodedata.normalize("NFC", password))
    finally:
        _few_wait.release()


def _seconds_to_wait(attempt: Attempt | None) -> float:
    if attempt is None or attempt.failures < FREE_ATTEMPTS:
        return 0.0
    wait = min(LONGEST_WAIT, 2.0 ** (attempt.failures - FREE_ATTEMPTS + 1))
    return min(wait, attempt.last + wait - time.time())


def sign_in(store: Store, name: str) -> str:
    """Begin a browser's time; returns the secret that its cookie is to hold."""
    secret, moment = secrets.token_urlsafe(32), time.time()
    with store.session() as session:
        person = _person(session, name)
        session.add(SignedIn(id=digest(secret), person_id=person.id, begun=moment, seen=moment))
        journal.note(session, person.name, "signed in", person.name)
    return secret


def sign_out(store: Store, secret: str) -> None:
    """End a browser's time, here and not only in its cookie."""
    with store.session() as session:
        found = session.get(SignedIn, digest(secret))
        if found is not None:
            journal.note(session, session.get_one(Person, found.person_id).name, "signed out", found.person_id)
            session.delete(found)


@dataclass(frozen=True)
class SeenBrowser:
    """A browser that somebody is signed in from: since when, when it last asked for a page, and whether it is this one.

    Moments are of the store (UTC); the second is within half a minute.
    """

    begun: str
    seen: str
    is_this: bool


def browsers(store: Store, visitor: Visitor, secret: str, idle: float, total: float) -> list[SeenBrowser]:
    """Where a person is signed in within limits of time in seconds, the latest first; ``secret``: this browser's."""
    moment = time.time()
    with store.session() as session:
        wanted = select(SignedIn).where(
            SignedIn.person_id == visitor.id, SignedIn.begun >= moment - total, SignedIn.seen >= moment - idle
        )
        found = session.scalars(wanted.order_by(SignedIn.seen.desc())).all()
    return [SeenBrowser(at(each.begun), at(each.seen), each.id == digest(secret)) for each in found]


def sign_out_others(store: Store, name: str, password: str, secret: str) -> bool:
    """End every other browser's time for whoever knows the password; False for others. Raises ``TooSoon``."""
    if not check(store, name, password):
        return False
    with store.session() as session:
        person = _person(session, name)
        session.execute(delete(SignedIn).where(SignedIn.person_id == person.id, SignedIn.id != digest(secret)))
        journal.note(session, person.name, "signed out elsewhere", person.name)
    return True


def of_browser(store: Store, secret: str, idle: float, total: float) -> Visitor | None:
    """Who signed in with this cookie, within its limits of time in seconds."""
    moment = time.time()
    with store.session() as session:
        found = session.get(SignedIn, digest(secret))
        if found is None:
            return None
        if not (found.begun - 300 <= moment <= found.begun + total and moment <= found.seen + idle):
            session.delete(found)
            return None
        if moment > found.seen + 30:
            found.seen = moment
        return _visitor(session, session.get_one(Person, found.person_id))


def of_token(store: Store, token: str) -> Visitor | None:
    """Who a script with this token acts for."""
    with store.session() as session:
        found = session.get(Token, digest(token))
        return _visitor(session, session.get_one(Person, found.person_id)) if found else None


def of_name(store: Store, name: str) -> Visitor | None:
    """Who has this name, on the word of a proxy that is trusted."""
    with store.session() as session:
        found = session.scalar(select(Person).where(Person.name == as_compared(name)))
        return _visitor(session, found) if found else None


def _visitor(session: Session, person: Person) -> Visitor | None:
    if not person.is_active:
        return None
    roles: dict[str, set[str]] = {}
    for member in session.scalars(select(Member).where(Member.person_id == person.id)):
        roles.setdefault(member.project_id, set()).add(member.role)
    held = {project: frozenset(found) for project, found in roles.items()}
    return Visitor(person.name, person.id, person.is_administrator, roles=held)


def new_token(store: Store, name: str, label: str, by: str) -> str:
    """A token for a script of a person's; it is shown once."""
    token = f"haibun_{secrets.token_urlsafe(32)}"
    with store.session() as session:
        person = _person(session, name)
        session.add(Token(id=digest(token), person_id=person.id, name=label[:LONGEST_NAME]))
        journal.note(session, by, "token made", person.name, token=label[:LONGEST_NAME])
    return token


def revoke_tokens(store: Store, name: str, label: str, by: str) -> int:
    """Make a person's tokens of that label worthless; returns how many there were."""
    with store.session() as session:
        person = _person(session, name)
        found = session.scalars(select(Token).where(Token.person_id == person.id, Token.name == label)).all()
        for token in found:
            session.delete(token)
        journal.note(session, by, "token revoked", person.name, token=label)
        return len(found)
