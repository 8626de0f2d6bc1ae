"""A store on each database: SQLite always, and a real PostgreSQL where its programs are installed.

``HAIBUN_TEST_POSTGRES`` may name one that runs already, for example ``postgresql+psycopg://me@127.0.0.1/test``.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import create_engine, text

from webui.store import Store, new_id

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1:]


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL server of the tests' own, ended after them."""
    if named := os.environ.get("HAIBUN_TEST_POSTGRES"):
        yield named
        return
    if not PROGRAMS:
        pytest.skip("PostgreSQL is not installed")
    with TemporaryDirectory() as folder, postgres_in(Path(folder)) as url:
        yield url


@contextmanager
def postgres_in(folder: Path) -> Iterator[str]:
    """A PostgreSQL server with its data in ``folder``; it refuses to run as root, so root lends it a name."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    runs_as = ["runuser", "-u", "nobody", "--"] if os.name == "posix" and os.getuid() == 0 else []
    if runs_as:
        folder.chmod(0o755)
        shutil.chown(folder, "nobody")
    data = folder / "data"
    programs = PROGRAMS[0]
    quietly(folder, *runs_as, programs / "initdb", "-D", data, "-U", "haibun", "-A", "trust")
    options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories="
    control = [*runs_as, programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log"]
    quietly(folder, *control, "-o", options, "start")
    try:
        yield f"postgresql+psycopg://haibun@127.0.0.1:{port}/postgres"
    finally:
        quietly(folder, *control, "-m", "immediate", "stop")


def quietly(folder: Path, *command: object) -> None:
    subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL, cwd=folder)


def fresh(url: str) -> str:
    """A new, empty database on the server."""
    name = f"test_{new_id()}"
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return url.rsplit("/", 1)[0] + "/" + name


@pytest.fixture(params=["sqlite", "postgres"])
def store(request, tmp_path) -> Iterator[Store]:
    """An empty store on each database in turn."""
    url = fresh(request.getfixturevalue("postgres")) if request.param == "postgres" else None
    opened = Store(tmp_path, url)
    yield opened
    opened.close()
