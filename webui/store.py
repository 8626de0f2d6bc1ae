"""What the cockpit keeps: rows in a database, and files beside it.

Rows are in SQLite in the user's data folder unless a URL says otherwise; uploaded workbooks are kept as they came in
``books/``, named by their hash, and run folders in ``runs/``, named by their id. A row that tells of a file is written
once the file is on the disk: what a row names is there.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import NullPool, create_engine, event, inspect, make_url, select, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.orm import Session, sessionmaker

from optimizer import HaibunError, WrongUsage, say
from webui.rows import Book, Question, Run, Scenario, new_id, now

__all__ = ["Book", "Question", "Scenario", "Store", "new_id", "now", "secret_key"]

AWAY = (OperationalError, InterfaceError, NoConnection)
"""What is raised while the database does not answer."""
SECONDS_TO_WAIT_FOR_A_LOCK = 30
SECONDS_TO_CONNECT = 5
SECONDS_TO_FINISH = 3600
MIGRATIONS = Path(__file__).parent / "migrations"
NETWORK_FILE_SYSTEMS = (
    "nfs",
    "cifs",
    "smb",
    "afs",
    "ceph",
    "glusterfs",
    "fuse.sshfs",
    "fuse.gluster",
    "lustre",
    "webdav",
)


class Store:
    """The database and the files beside it."""

    def __init__(self, folder: Path, url: str | None = None) -> None:
        """Open the store.

        Raises ``WrongUsage`` where SQLite would lie on a network file system, and for a database of another kind than
        SQLite and PostgreSQL; ``HaibunError`` where the database cannot be reached or is damaged.
        """
        self.folder = folder
        for name in ("books", "runs", "reports", "answers"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        self.url = url or f"sqlite:///{(folder / 'haibun.sqlite').as_posix()}"
        try:
            parsed = make_url(self.url)
            if parsed.get_backend_name() not in ("sqlite", "postgresql"):
                raise WrongUsage(say("{kind}: the database is SQLite or PostgreSQL.", kind=parsed.drivername))
            if parsed.get_backend_name() == "sqlite":
                refuse_network(Path(parsed.database or folder).parent)
            bring_up_to_date(self.url)
        except ModuleNotFoundError:
            raise HaibunError(say("PostgreSQL needs its driver: pip install 'haibun[office]'.")) from None
        except SQLAlchemyError as error:
            raise cannot_open(error) from error
        self.engine = create_engine(self.url, pool_pre_ping=True, pool_size=10, max_overflow=30, **options_of(self.url))
        if self.engine.dialect.name == "sqlite":
            _keep_sqlite_whole(self.engine)
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
            fresh = path.with_name(f".{new_id()}")
            write_through(fresh, data)
            fresh.replace(path)
            flush_folder(path.parent)
        return digest

    def path_of(self, digest: str) -> Path:
        """Where the bytes with this hash are."""
        return self.folder / "books" / f"{digest}.xlsx"

    def run_folder(self, run_id: str) -> Path:
        """Where a run is."""
        return self.folder / "runs" / run_id

    def set_aside_unfinished(self) -> None:
        """Put run folders that no row names, left by a server that was killed, out of the way; called at a start."""
        with self.session() as session:
            named = {*session.scalars(select(Run.id)), *session.scalars(select(Scenario.run_id))}
        for folder in (self.folder / "runs").iterdir():
            if folder.name not in named and time.time() - folder.stat().st_mtime > SECONDS_TO_FINISH:
                (self.folder / "unfinished").mkdir(exist_ok=True)
                folder.replace(self.folder / "unfinished" / folder.name)

    def report_folder(self, key: str) -> Path:
        """Where the report of a setting is that nobody has saved."""
        return self.folder / "reports" / key

    def answer_folder(self, question_id: str) -> Path:
        """Where the answer to a question is."""
        return self.folder / "answers" / question_id

    def books(self, projects: Collection[str] | None = None) -> list[Book]:
        """Every workbook (of these projects) with its scenarios, the latest first."""
        wanted = select(Book).order_by(Book.updated.desc())
        if projects is not None:
            wanted = wanted.where(Book.project_id.in_(projects))
        with self.session() as session:
            found = session.scalars(wanted).all()
            for book in found:
                _ = book.scenarios
            return list(found)


def options_of(url: str) -> dict[str, Any]:
    """How long to wait for a server that does not answer at all."""
    return {"connect_args": {"connect_timeout": SECONDS_TO_CONNECT}} if url.startswith("postgresql") else {}


def bring_up_to_date(url: str) -> None:
    """Bring the tables of the database up to this program's, from whatever version they are.

    In one transaction: a server that is killed on the way, or begins beside another, finds all of it done, or nothing.
    """
    from alembic import command  # noqa: PLC0415  (slow to load)
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = create_engine(url, poolclass=NullPool, **options_of(url))
    if engine.dialect.name == "sqlite":
        _begin_as_writer(engine)
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(2027)"))
        config.attributes["connection"] = connection
        tables = inspect(connection).get_table_names()
        if "books" in tables and "alembic_version" not in tables:
            command.stamp(config, "0001")  # from before versions were counted
        command.upgrade(config, "head")
    engine.dispose()


def refuse_network(folder: Path) -> None:
    """SQLite cannot lock safely over a network; raises ``WrongUsage`` with the reason."""
    place = folder.resolve()
    parts = [part for part in psutil.disk_partitions(all=True) if place.is_relative_to(part.mountpoint)]
    kind = max(parts, key=lambda part: len(part.mountpoint)).fstype.lower() if parts else ""
    if kind.startswith(NETWORK_FILE_SYSTEMS) or str(place).startswith(("\\\\", "//")):
        words = say(
            "{folder} is on a network file system ({kind}), where SQLite can lose data.", folder=folder, kind=kind
        )
        cure = say("Choose a folder on this computer's own disk, or a PostgreSQL database.")
        raise WrongUsage(say("{problem} {cure}", problem=words, cure=cure))


def _keep_sqlite_whole(engine: Engine) -> None:
    """Readers beside a writer (WAL), nothing acknowledged before it is on the disk, references that hold.

    A line that replaces another meets the triggers that guard it, which SQLite leaves out by itself.
    """

    @event.listens_for(engine, "connect")
    def settings(connection: Any, _record: Any) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "recursive_triggers=ON"):
            connection.execute(f"PRAGMA {pragma}")

    _begin_as_writer(engine)


def cannot_open(error: SQLAlchemyError) -> HaibunError:
    """What is said where a database does not let itself be opened."""
    reason = str(getattr(error, "orig", None) or error).splitlines()[0]
    return HaibunError(say("The database cannot be opened: {reason}", reason=reason))


def _begin_as_writer(engine: Engine) -> None:
    """A transaction takes the right to write at its beginning, so that none fails half way because another was first.

    Changes of tables belong to it too, which Python's driver leaves out by itself.
    """

    @event.listens_for(engine, "connect")
    def settings(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout={SECONDS_TO_WAIT_FOR_A_LOCK * 1000}")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def write_through(path: Path, data: bytes) -> None:
    """Write a file that is on the disk, not only in the system's memory, when this returns."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def flush_folder(folder: Path) -> None:
    """Have a folder's names on the disk; Windows does so by itself."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


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
