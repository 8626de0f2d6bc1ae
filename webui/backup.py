"""A copy of everything while the office works, and back: the database as of one moment, then every file it names.

Files are never changed once a row names them, so whatever the copied database names is there when the files are copied
after it. SQLite is copied by its own backup, PostgreSQL by ``pg_dump`` (whose programs must be installed).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import zipfile
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import URL, create_engine, inspect, make_url
from sqlalchemy.exc import SQLAlchemyError

from optimizer import HaibunError, WrongUsage, say
from webui.rows import new_id
from webui.store import Store, cannot_open, flush_folder

FILES = ("books", "runs", "answers")
MANIFEST, SQLITE, POSTGRES = "manifest.json", "haibun.sqlite", "haibun.pgdump"


def backup(store: Store, out: Path) -> int:
    """Write everything into one zip, which appears whole or not at all; returns the number of files in it."""
    fresh = out.with_name(f".{out.name}.{new_id()}")
    hashes: dict[str, str] = {}
    fresh.touch(0o600)
    try:
        with TemporaryDirectory() as folder, zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED) as package:
            dump = _dumped(store, Path(folder))
            _add(package, dump, dump.name, hashes)
            for kind in FILES:
                for path in sorted((store.folder / kind).rglob("*")):
                    if path.is_file() and not path.name.startswith("."):
                        _add(package, path, path.relative_to(store.folder).as_posix(), hashes)
            key = store.folder / "secret.key"
            if key.exists():
                _add(package, key, key.name, hashes)
            package.writestr(MANIFEST, json.dumps(hashes, indent=1))
        fresh.replace(out)
        flush_folder(out.parent)
    finally:
        fresh.unlink(missing_ok=True)
    return len(hashes)


def restore(package_path: Path, folder: Path, url: str | None) -> int:
    """Put a backup into an empty folder (and an empty PostgreSQL database); returns the number of files.

    Raises ``WrongUsage`` where either holds something, ``HaibunError`` where the backup is not whole.
    """
    if folder.exists() and any(folder.iterdir()):
        raise WrongUsage(say("{folder} is not empty; a backup is restored into an empty folder.", folder=folder))
    try:
        return _restored(package_path, folder, url)
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise HaibunError(say("{file} is no whole backup ({error}).", file=package_path, error=error)) from None


def _restored(package_path: Path, folder: Path, url: str | None) -> int:
    with zipfile.ZipFile(package_path) as package:
        hashes = json.loads(package.read(MANIFEST))
        if (POSTGRES in hashes) != bool(url and not url.startswith("sqlite")):
            raise WrongUsage(say("The backup is of the other kind of database; give the matching --database."))
        if url:
            _refuse_used(url)
        for name, expected in hashes.items():
            target = (folder / name).resolve()
            if not target.is_relative_to(folder.resolve()):
                raise HaibunError(say("{file} of the backup leads out of it.", file=name))
            target.parent.mkdir(parents=True, exist_ok=True)
            with package.open(name) as source, target.open("wb") as file:
                shutil.copyfileobj(source, file)
            if _hash_of(target) != expected:
                raise HaibunError(say("{file} of the backup is damaged.", file=name))
    if (folder / "secret.key").exists():
        (folder / "secret.key").chmod(0o600)
    if url and POSTGRES in hashes:
        _run(url, "pg_restore", "--exit-on-error", "--single-transaction", "--no-owner", str(folder / POSTGRES))
        (folder / POSTGRES).unlink()
    elif url:
        shutil.move(folder / SQLITE, str(make_url(url).database))
    return len(hashes)


def _dumped(store: Store, folder: Path) -> Path:
    if store.engine.dialect.name == "sqlite":
        target = folder / SQLITE
        with (
            closing(sqlite3.connect(str(store.engine.url.database))) as source,
            closing(sqlite3.connect(target)) as copy,
        ):
            source.backup(copy)
        return target
    target = folder / POSTGRES
    _run(store.url, "pg_dump", "--format=custom", "--no-owner", f"--file={target}")
    return target


def _refuse_used(url: str) -> None:
    engine = create_engine(url)
    try:
        tables = inspect(engine).get_table_names()
    except SQLAlchemyError as error:
        raise cannot_open(error) from error
    finally:
        engine.dispose()
    if tables:
        raise WrongUsage(
            say("The database is not empty; a backup is restored into an empty one. Make one, and give its --database.")
        )


def _run(url: str, program: str, *arguments: str) -> None:
    """One of PostgreSQL's own programs on a database; others on this computer see its arguments, not the password."""
    found = shutil.which(program)
    if found is None:
        raise HaibunError(say("{program} is needed for this; install PostgreSQL's own programs.", program=program))
    parsed = make_url(url)
    secret = {"PGPASSWORD": str(parsed.password)} if parsed.password else {}
    place = URL.create("postgresql", parsed.username, None, parsed.host, parsed.port, parsed.database, parsed.query)
    command = [found, f"--dbname={place.render_as_string()}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **secret})  # noqa: S603
    if done.returncode:
        raise HaibunError(say("{program} failed: {reason}", program=program, reason=done.stderr.strip()[-300:]))


def _add(package: zipfile.ZipFile, path: Path, name: str, hashes: dict[str, str]) -> None:
    package.write(path, name)
    hashes[name] = _hash_of(path)


def _hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
