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


class Server:
    """A PostgreSQL server with its data in ``folder``; it refuses to run as root, so root lends it a name."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.folder, self.url = folder, f"postgresql+psycopg://haibun@127.0.0.1:{self.port}/postgres"
        runs_as = ["runuser", "-u", "nobody", "--"] if os.name == "posix" and os.getuid() == 0 else []
        if runs_as:
            folder.chmod(0o755)
            shutil.chown(folder, "nobody")
        data, programs = folder / "data", PROGRAMS[0]
        quietly(folder, *runs_as, programs / "initdb", "-D", data, "-U", "haibun", "-A", "trust")
        self.control = [*runs_as, programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log"]

    def start(self) -> None:
        """Start it, on the port it always has."""
        options = f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories="
        quietly(self.folder, *self.control, "-o", options, "start")

    def stop(self, how: str = "immediate") -> None:
        """Stop it: ``immediate`` is as if its machine had lost power."""
        quietly(self.folder, *self.control, "-m", how, "stop")


@contextmanager
def postgres_in(folder: Path) -> Iterator[str]:
    """The URL of a server that is there until the end of the block."""
    server = Server(folder)
    server.start()
    try:
        yield server.url
    finally:
        server.stop()


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
