"""What is in the database: people and projects, workbooks, scenarios, runs, questions, the journal.

Ids are random, so that nothing in an address tells of another. Each change of these tables is a file in
``migrations/versions/``; a test holds the two together.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

MAIN_PROJECT = "main"
"""The project that is there from the beginning; on a single computer, the only one."""


def new_id() -> str:
    """A random id that fits into an address."""
    return secrets.token_hex(8)


def now() -> str:
    """The time of day in UTC, as text that sorts."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def at(seconds: float) -> str:
    """A moment that is kept as seconds of the system's clock, in the same form."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


class Row(DeclarativeBase):
    """Base of every table."""

    type_annotation_map = {dict[str, Any]: JSON, list[str]: JSON}  # noqa: RUF012  (SQLAlchemy reads it from the class)


class Project(Row):
    """What belongs together, and who may see it."""

    __tablename__ = "projects"
    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(unique=True)
    created: Mapped[str] = mapped_column(default=now)


class Person(Row):
    """Somebody with an account; ``password`` is a hash, blank for one who comes through a trusted proxy alone."""

    __tablename__ = "people"
    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(unique=True)
    password: Mapped[str] = mapped_column(default="")
    is_administrator: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)
    created: Mapped[str] = mapped_column(default=now)


class Member(Row):
    """A role of a person in a project: viewer, planner, assurer or approver."""

    __tablename__ = "members"
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True, index=True)
    role: Mapped[str] = mapped_column(primary_key=True)


class SignedIn(Row):
    """A browser that somebody signed in from; ``id`` is the hash of what its cookie holds."""

    __tablename__ = "signed_in"
    id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    begun: Mapped[float]
    seen: Mapped[float]


class Attempt(Row):
    """Failed attempts to sign in under a name, of a person or of nobody; ``id`` is the hash of the name."""

    __tablename__ = "attempts"
    id: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int]
    last: Mapped[float]


class Token(Row):
    """What a script signs in with; ``id`` is the hash of the token, which is shown once."""

    __tablename__ = "tokens"
    id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    name: Mapped[str]
    created: Mapped[str] = mapped_column(default=now)


class Book(Row):
    """A workbook: what it is called, the hash of its bytes, how many problems it has, and what is in it.

    ``summary`` is empty while the workbook has errors.
    """

    __tablename__ = "books"
    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id"), index=True, default=MAIN_PROJECT)
    filename: Mapped[str]
    sha256: Mapped[str]
    errors: Mapped[int]
    warnings: Mapped[int]
    summary: Mapped[dict[str, Any]]
    created: Mapped[str] = mapped_column(default=now)
    updated: Mapped[str] = mapped_column(default=now, onupdate=now)
    scenarios: Mapped[list[Scenario]] = relationship(back_populates="book", order_by="Scenario.created")

    @property
    def is_ready(self) -> bool:
        """Whether it can be planned with."""
        return self.errors == 0


class Scenario(Row):
    """A saved setting of the controls: the workbook's scenario it starts from, and the items set on top of it."""

    __tablename__ = "scenarios"
    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    book_id: Mapped[str] = mapped_column(ForeignKey("books.id"), index=True)
    name: Mapped[str]
    origin: Mapped[str]
    sets: Mapped[list[str]]
    score: Mapped[float]
    run_id: Mapped[str]
    version: Mapped[int] = mapped_column(default=1)
    created: Mapped[str] = mapped_column(default=now)
    updated: Mapped[str] = mapped_column(default=now, onupdate=now)
    book: Mapped[Book] = relationship(back_populates="scenarios")
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  (SQLAlchemy reads it from the class)


class Question(Row):
    """A question asked in the background: what was asked, how far it is, how it ended.

    ``state``: waiting, running, done, failed, cancelled or interrupted. ``beside``: where settings are compared, of
    which bytes (``sha256``) and what they are (``settings``: name, origin, sets).
    """

    __tablename__ = "questions"
    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    book_id: Mapped[str] = mapped_column(ForeignKey("books.id"), index=True)
    kind: Mapped[str]
    origin: Mapped[str]
    sets: Mapped[list[str]]
    beside: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[str] = mapped_column(default="waiting")
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    message: Mapped[dict[str, Any]] = mapped_column(default=dict)
    begun: Mapped[float] = mapped_column(default=0.0)
    created: Mapped[str] = mapped_column(default=now)
    ended: Mapped[str] = mapped_column(default="")
    asked_by: Mapped[str] = mapped_column(default="")


class Run(Row):
    """A published plan, never changed: of which bytes and setting, by whom, and the hash that its files are held to."""

    __tablename__ = "runs"
    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    book_id: Mapped[str] = mapped_column(ForeignKey("books.id"), index=True)
    book_sha256: Mapped[str]
    name: Mapped[str]
    origin: Mapped[str]
    sets: Mapped[list[str]]
    score: Mapped[float]
    sha256: Mapped[str]
    made_by: Mapped[str]
    made: Mapped[str] = mapped_column(default=now)
    sign_offs: Mapped[list[SignOff]] = relationship(order_by="SignOff.at", lazy="selectin")

    @property
    def state(self) -> str:
        """``draft``, ``assured`` or ``approved``."""
        kinds = {sign_off.kind for sign_off in self.sign_offs}
        return "approved" if "approved" in kinds else "assured" if "assured" in kinds else "draft"


class SignOff(Row):
    """Somebody answers for a run: ``kind`` is assured or approved; tied to the hash of what was looked at."""

    __tablename__ = "sign_offs"
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    person: Mapped[str]
    run_sha256: Mapped[str]
    at: Mapped[str] = mapped_column(default=now)


class Entry(Row):
    """One line of the journal; ``hash`` covers the line and the hash of the line before."""

    __tablename__ = "journal"
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[str]
    person: Mapped[str]
    what: Mapped[str]
    subject: Mapped[str] = mapped_column(index=True)
    detail: Mapped[dict[str, Any]]
    before: Mapped[str]
    hash: Mapped[str]


class JournalHead(Row):
    """The last line's number and hash, in one row that whoever writes the next line must hold."""

    __tablename__ = "journal_head"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int]
    hash: Mapped[str]
