"""What the cockpit keeps: workbooks, saved scenarios, runs and questions.

Rows are in a database (SQLite in the user's data folder unless a URL says otherwise); uploaded workbooks are kept as
they came in ``books/``, named by their hash, and run folders in ``runs/``, named by their id. Ids are random, so that
nothing in an address tells of another.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, ForeignKey, create_engine, event, select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, sessionmaker

SECONDS_TO_WAIT_FOR_A_LOCK = 30


def new_id() -> str:
    """A random id that fits into an address."""
    return secrets.token_hex(8)


def now() -> str:
    """The time of day in UTC, as text that sorts."""
    return datetime.now(UTC).isoformat(timespec="seconds")


class Row(DeclarativeBase):
    """Base of every table."""

    type_annotation_map = {dict[str, Any]: JSON, list[str]: JSON}  # noqa: RUF012  (SQLAlchemy reads it from the class)


class Book(Row):
    """A workbook: what it is called, the hash of its bytes, how many problems it has, and what is in it.

    ``summary`` is empty while the workbook has errors.
    """

    __tablename__ = "books"
    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
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

    ``state``: waiting, running, done, failed, cancelled or interrupted.
    """

    __tablename__ = "questions"
    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    book_id: Mapped[str] = mapped_column(ForeignKey("books.id"), index=True)
    kind: Mapped[str]
    origin: Mapped[str]
    sets: Mapped[list[str]]
    state: Mapped[str] = mapped_column(default="waiting")
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    message: Mapped[dict[str, Any]] = mapped_column(default=dict)
    begun: Mapped[float] = mapped_column(default=0.0)
    created: Mapped[str] = mapped_column(default=now)
    ended: Mapped[str] = mapped_column(default="")


class Store:
    """The database and the files beside it."""

    def __init__(self, folder: Path, url: str | None = None) -> None:
        self.folder = folder
        for name in ("books", "runs", "answers"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        self.engine = create_engine(url or f"sqlite:///{(folder / 'haibun.sqlite').as_posix()}")
        if self.engine.dialect.name == "sqlite":
            _keep_sqlite_whole(self.engine)
        Row.metadata.create_all(self.engine)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A transaction: committed at the end of the block, rolled back where the block raises."""
        with self._sessions.begin() as session:
            yield session

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    def keep(self, data: bytes) -> str:
        """Keep a workbook's bytes; returns their hash."""
        digest = hashlib.sha256(data).hexdigest()
        path = self.path_of(digest)
        if not path.exists():
            fresh = path.with_suffix(f".{new_id()}")
            fresh.write_bytes(data)
            fresh.replace(path)
        return digest

    def path_of(self, digest: str) -> Path:
        """Where the bytes with this hash are."""
        return self.folder / "books" / f"{digest}.xlsx"

    def run_folder(self, run_id: str) -> Path:
        """Where a run is."""
        return self.folder / "runs" / run_id

    def answer_folder(self, question_id: str) -> Path:
        """Where the answer to a question is."""
        return self.folder / "answers" / question_id

    def books(self) -> list[Book]:
        """Every workbook with its scenarios, the latest first."""
        with self.session() as session:
            found = session.scalars(select(Book).order_by(Book.updated.desc())).all()
            for book in found:
                _ = book.scenarios
            return list(found)


def _keep_sqlite_whole(engine: Engine) -> None:
    """Readers beside a writer (WAL), nothing acknowledged before it is on the disk, references that hold."""

    @event.listens_for(engine, "connect")
    def settings(connection: Any, _record: Any) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute(f"PRAGMA busy_timeout={SECONDS_TO_WAIT_FOR_A_LOCK * 1000}")


def secret_key(folder: Path) -> bytes:
    """The key that signs cookies: random, made at the first start, in a file that only its owner may read."""
    path = folder / "secret.key"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    key = secrets.token_bytes(32)
    with os.fdopen(handle, "wb") as file:
        file.write(key)
    return key
