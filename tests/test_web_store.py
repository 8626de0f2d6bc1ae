"""The store on SQLite and on a real PostgreSQL: migrations, versions, the journal, what is on the disk."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from collections import namedtuple

import psutil
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from databases import fresh, postgres, store
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm.exc import StaleDataError
from test_serve import ROOT

from optimizer import HaibunError, WrongUsage
from webui import journal
from webui.rows import Book, JournalHead, Project, Row, Scenario
from webui.store import Store

__all__ = ["postgres", "store"]


def a_book(store: Store) -> str:
    """The id of a book that was put into the store."""
    with store.session() as session:
        book = Book(filename="計画.xlsx", sha256=store.keep(b"bytes"), errors=0, warnings=0, summary={"title": "計画"})
        session.add(book)
        session.flush()
        journal.note(session, "yamada", "uploaded", book.id, sha256=book.sha256)
        return book.id


def test_the_migrations_make_the_tables_that_the_program_expects(store):
    """Nothing to add, nothing left over."""
    with store.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Row.metadata)
    assert [difference for difference in differences if difference[0] != "remove_index"] == []


def test_a_store_of_the_first_version_is_brought_up_to_date(tmp_path):
    """Books from before there were projects belong to the one that is there; nothing is lost."""
    store = Store(tmp_path)
    book = a_book(store)
    store.close()
    with sqlite3.connect(tmp_path / "haibun.sqlite") as old:
        for name in ("sign_offs", "runs", "members", "signed_in", "tokens", "attempts", "journal", "journal_head"):
            old.execute(f"DROP TABLE {name}")
        old.execute("ALTER TABLE books RENAME TO newer")
        old.execute(
            "CREATE TABLE books (id VARCHAR PRIMARY KEY, filename VARCHAR NOT NULL, sha256 VARCHAR NOT NULL, errors"
            " INTEGER NOT NULL, warnings INTEGER NOT NULL, summary JSON NOT NULL, created VARCHAR NOT NULL, updated"
            " VARCHAR NOT NULL)"
        )
        old.execute(
            "INSERT INTO books SELECT id, filename, sha256, errors, warnings, summary, created, updated FROM newer"
        )
        old.execute("DROP TABLE newer")
        for name in ("people", "projects", "alembic_version"):
            old.execute(f"DROP TABLE {name}")
        for column in ("asked_by", "beside"):
            old.execute(f"ALTER TABLE questions DROP COLUMN {column}")
    old.close()
    store = Store(tmp_path)
    with store.session() as session:
        assert session.get_one(Book, book).filename == "計画.xlsx"
        assert session.get_one(Project, session.get_one(Book, book).project_id).name == "main"
    store.close()


KILLED_ON_THE_WAY = """
import os, sys
from pathlib import Path
from sqlalchemy import Engine, event
left = [int(sys.argv[1])]

@event.listens_for(Engine, "before_cursor_execute")
def count(*_arguments):
    left[0] -= 1
    if left[0] < 0:
        os._exit(9)

from webui.store import Store
Store(Path(sys.argv[2]), sys.argv[3] or None)
print("ready")
"""


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_first_start_that_was_killed_half_way_begins_again(tmp_path, request, kind):
    """After each so many statements; whatever was done is done, or was never there."""
    url = fresh(request.getfixturevalue("postgres")) if kind == "postgres" else None
    count, ended = 3, False
    while not ended:
        command = [sys.executable, "-c", KILLED_ON_THE_WAY, str(count), str(tmp_path), url or ""]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode in (0, 9), done.stderr
        ended, count = done.returncode == 0, count + 6
    assert count > 15
    store = Store(tmp_path, url)
    a_book(store)
    with store.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Row.metadata)
    assert [difference for difference in differences if difference[0] != "remove_index"] == []
    store.close()


def test_two_that_begin_at_once_make_one_store(tmp_path, postgres):
    """The server and a command, on an empty database: the second waits for the first."""
    for url in (None, fresh(postgres)):
        folder = tmp_path / str(url is None)
        command = [sys.executable, "-c", KILLED_ON_THE_WAY, "1000000", str(folder), url or ""]
        both = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(3)]
        assert [process.communicate() for process in both] == [(b"ready\n", b"")] * 3


def test_a_later_save_of_an_older_version_is_refused(store):
    """Two people change one scenario: the second is told."""
    book = a_book(store)
    with store.session() as session:
        session.add(Scenario(id="s", book_id=book, name="a", origin="base", sets=[], score=1.0, run_id="r"))
    with store.session() as session:
        seen = session.get_one(Scenario, "s")
    with store.session() as theirs:
        theirs.get_one(Scenario, "s").score = 2.0
    seen.score = 3.0
    with pytest.raises(StaleDataError), store.session() as mine:
        mine.merge(seen)


def test_a_block_that_raises_leaves_nothing(store):
    """Neither the change nor its line in the journal."""
    with pytest.raises(RuntimeError), store.session() as session:
        journal.note(session, "yamada", "did", "x")
        session.add(Project(name="half"))
        raise RuntimeError
    with store.session() as session:
        assert session.scalar(select(Project).where(Project.name == "half")) is None
        assert session.get_one(JournalHead, 1).number == 0


def test_references_hold(store):
    """A scenario of a book that does not exist is refused by the database itself."""
    with pytest.raises(DBAPIError), store.session() as session:
        session.add(Scenario(book_id="none", name="a", origin="base", sets=[], score=1.0, run_id="r"))


def test_lines_of_many_writers_make_one_chain(store):
    """Eight threads write at once: every line is there, each follows the one before."""

    def write(name: str) -> None:
        for number in range(10):
            with store.session() as session:
                journal.note(session, name, "counted", str(number), 数=number)

    threads = [threading.Thread(target=write, args=(f"writer {n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.session() as session:
        assert session.get_one(JournalHead, 1).number == 80
        assert journal.faults(session) == []


CHANGES = {
    "change": "UPDATE journal SET person = 'x'",
    "delete": "DELETE FROM journal",
    "replace or truncate": {
        "sqlite": "REPLACE INTO journal VALUES (1, 'a', 'b', 'c', 'd', '{}', 'e', 'f')",
        "postgresql": "TRUNCATE journal",
    },
}


@pytest.mark.parametrize("change", list(CHANGES))
def test_the_database_itself_refuses_to_change_the_journal(store, change):
    """Whoever holds the program's connection can add, and nothing else."""
    a_book(store)
    words = CHANGES[change]
    with pytest.raises(DBAPIError, match="journal_is_never_changed"), store.session() as session:
        session.execute(text(words if isinstance(words, str) else words[session.bind.dialect.name]))


def without_guard(session, table: str) -> None:
    """As somebody does who owns the database."""
    on = f" ON {table}" if session.bind.dialect.name == "postgresql" else ""
    for ending in ("", "_update", "_delete", "_truncate"):
        session.execute(text(f"DROP TRIGGER IF EXISTS {table}_is_never_changed{ending}{on}"))


@pytest.mark.parametrize(
    ("tampering", "words"),
    [
        ("UPDATE journal SET person = 'suzuki' WHERE number = 2", "2: changed"),
        ("DELETE FROM journal WHERE number = 2", "2: missing"),
        ("DELETE FROM journal WHERE number = 3", "3: the last line is missing"),
    ],
)
def test_a_journal_that_was_tampered_with_shows_where(store, tampering, words):
    """By somebody who took the triggers away: a line changed, cut out, or cut off."""
    for _ in range(3):
        a_book(store)
    with store.session() as session:
        without_guard(session, "journal")
        session.execute(text(tampering))
    with store.session() as session:
        assert any(words in fault for fault in journal.faults(session))


def test_sqlite_is_kept_whole(tmp_path):
    """WAL, full synchronisation, foreign keys."""
    store = Store(tmp_path)
    with store.engine.connect() as connection:
        found = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    store.close()
    assert found == ["wal", 2, 1]


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs"])
def test_sqlite_on_a_network_file_system_is_refused_with_the_reason(tmp_path, monkeypatch, kind):
    """The system says that the folder lies on a share; PostgreSQL may keep its files there all the same."""
    part = namedtuple("Part", "mountpoint fstype")
    monkeypatch.setattr(psutil, "disk_partitions", lambda all: [part("/", "ext4"), part(str(tmp_path), kind)])
    with pytest.raises(WrongUsage, match="network file system"):
        Store(tmp_path / "data")
    with pytest.raises(WrongUsage, match="network file system"):
        Store(tmp_path.parent / "elsewhere", f"sqlite:///{tmp_path}/office.sqlite")


def test_the_same_bytes_are_kept_once_and_never_changed(store):
    """By their hash."""
    first = store.keep(b"workbook")
    kept = store.path_of(first)
    before = kept.stat().st_mtime_ns
    assert store.keep(b"workbook") == first
    assert kept.read_bytes() == b"workbook" and kept.stat().st_mtime_ns == before
    assert [path.name for path in kept.parent.iterdir()] == [kept.name]


def test_a_run_that_no_row_names_is_set_aside_at_the_next_start(store):
    """Left by a server that was killed between the files and the row; a young one may still be at work."""
    for name in ("left", "young", "kept"):
        store.run_folder(name).mkdir()
    os.utime(store.run_folder("left"), (0, 0))
    os.utime(store.run_folder("kept"), (0, 0))
    book = a_book(store)
    with store.session() as session:
        session.add(Scenario(book_id=book, name="a", origin="base", sets=[], score=1.0, run_id="kept"))
    store.set_aside_unfinished()
    assert {path.name for path in (store.folder / "runs").iterdir()} == {"young", "kept"}
    assert (store.folder / "unfinished" / "left").exists()


@pytest.mark.parametrize(
    "url", ["postgresql+psycopg://nobody@127.0.0.1:1/none", "nonsense", "sqlite:////dev/null/x.sqlite", "mysql://x/y"]
)
def test_a_database_that_cannot_be_reached_is_told(tmp_path, url):
    """In a sentence, without a traceback."""
    with pytest.raises(HaibunError):
        Store(tmp_path, url)


def test_a_database_of_another_kind_is_refused(tmp_path):
    """By its name, whatever drivers are there."""
    with pytest.raises(WrongUsage, match=r"mysql: the database is SQLite or PostgreSQL\."):
        Store(tmp_path, "mysql://x:secret@y/z")


def test_a_damaged_database_is_told(tmp_path):
    """A file of something else."""
    (tmp_path / "haibun.sqlite").write_bytes(b"not a database at all" * 100)
    with pytest.raises(HaibunError, match="cannot be opened"):
        Store(tmp_path)
