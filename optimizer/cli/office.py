"""Verbs of the office server's administrator: accounts, backup and restore, and the audit of what was done."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING

import click

from optimizer.cli.options import common_options, main
from optimizer.cli.talking import Talker
from optimizer.errors import CheckFailed, WrongUsage
from optimizer.words import say

if TYPE_CHECKING:
    from webui.store import Store

ROLES = ("viewer", "planner", "assurer", "approver", "administrator")
BY = "command"


def place_options(command: Callable[..., None]) -> Callable[..., None]:
    """--folder and --database: where the office keeps its data."""
    folder = click.option(
        "--folder",
        type=click.Path(path_type=Path, file_okay=False),
        envvar="HAIBUN_FOLDER",
        help="Folder of the data (default: the user's own data folder; or HAIBUN_FOLDER).",
    )
    database = click.option(
        "--database",
        envvar="HAIBUN_DATABASE",
        help="URL of a PostgreSQL database (default: SQLite in the folder; or HAIBUN_DATABASE).",
    )
    return folder(database(command))


def with_store(command: Callable[..., None]) -> Callable[..., None]:
    """The options of the place, and the store opened there."""

    @place_options
    @wraps(command)
    def opened(talker: Talker, folder: Path | None, database: str | None, **options: object) -> None:
        with the_store(folder, database) as store:
            command(talker, store, **options)

    return opened


@contextmanager
def the_store(folder: Path | None, database: str | None) -> Iterator[Store]:
    """The office's store."""
    import webui  # noqa: PLC0415  (only the office needs it)

    store = webui.open_store(folder, database)
    try:
        yield store
    finally:
        store.close()


def new_password(talker: Talker) -> str:
    """A password typed twice on a terminal, or the first line that is piped in. Raises ``WrongUsage``."""
    if sys.stdin.isatty():
        first = getpass.getpass(say("Password:").into(talker.language) + " ")
        if first != getpass.getpass(say("Once more:").into(talker.language) + " "):
            raise WrongUsage(say("The two passwords differ."))
    else:
        first = sys.stdin.readline().rstrip("\r\n")
    if not first:
        raise WrongUsage(say("No password was given."))
    return first


@main.command()
@click.argument("action", type=click.Choice(("add", "role", "password", "close", "token", "revoke")))
@click.argument("name")
@click.option("--role", "roles", multiple=True, type=click.Choice(ROLES), help="What the person may do (add, role).")
@click.option("--project", default="main", show_default=True, help="The project that the roles are for.")
@click.option("--no-password", is_flag=True, help="Known by the word of the reverse proxy alone (add).")
@click.option("--label", default="script", show_default=True, help="What a token is called (token, revoke).")
@common_options
@with_store
def user(
    talker: Talker,
    store: Store,
    action: str,
    name: str,
    roles: Sequence[str],
    project: str,
    no_password: bool,
    label: str,
) -> None:
    """Accounts: make one, give roles, set a password, close it; make or revoke the token of a script.

    A password is asked for twice, or read from standard input.

    Example: haibun user add yamada --role planner
    """
    from webui import people  # noqa: PLC0415

    if action == "add":
        if not roles:
            raise WrongUsage(say("Say with --role what {name} may do.", name=name))
        people.add(store, name, "" if no_password else new_password(talker), roles, project, BY)
        talker.tell(say("{name} may sign in as {roles}.", name=name, roles=", ".join(roles)))
    elif action == "role":
        people.give(store, name, roles, project, BY)
        given = ", ".join(roles)
        talker.tell(say("{name} has these roles in {project}: {roles}.", name=name, project=project, roles=given))
    elif action == "password":
        people.change_password(store, name, new_password(talker), BY)
        talker.tell(say("The password of {name} is set.", name=name))
    elif action == "close":
        people.disable(store, name, BY)
        talker.tell(say("The account of {name} is closed.", name=name))
    elif action == "token":
        made = people.new_token(store, name, label, BY)
        talker.answer({"token": made})
        talker.say_always(say("The token, shown only now: {token}", token=made))
    else:
        talker.tell(say("{count} token(s) revoked.", count=people.revoke_tokens(store, name, label, BY)))


@main.command()
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@common_options
@with_store
def backup(talker: Talker, store: Store, out: Path) -> None:
    """Copy the whole office into one file while it works.

    Example: haibun backup /backup/haibun.zip
    """
    from webui import backup as backing_up  # noqa: PLC0415

    talker.tell(say("{count} files are in {file}.", count=backing_up.backup(store, out), file=out))


@main.command()
@click.argument("package", type=click.Path(path_type=Path, dir_okay=False))
@place_options
@common_options
def restore(talker: Talker, package: Path, folder: Path | None, database: str | None) -> None:
    """Put a backup into an empty folder (and an empty PostgreSQL database).

    Example: haibun restore /backup/haibun.zip --folder /srv/haibun
    """
    import webui  # noqa: PLC0415  (only the office needs it)
    from webui import backup as backing_up  # noqa: PLC0415

    count = backing_up.restore(package, folder or webui.default_folder(), database)
    talker.tell(say("{count} files are restored.", count=count))


@main.command()
@click.option("--mark", default="", help="NUMBER:HASH that an earlier audit gave: the line must still be there.")
@common_options
@with_store
def audit(talker: Talker, store: Store, mark: str) -> None:
    """Check the journal line by line, and every run's files against it.

    Example: haibun audit
    """
    from webui import evidence, journal  # noqa: PLC0415

    faults = evidence.faults(store, mark)
    with store.session() as session:
        last = journal.mark_of(session)
    talker.answer({"faults": [words.into(talker.language) for words in faults], "mark": last})
    for words in faults:
        talker.warn(words)
    if faults:
        raise CheckFailed(say("The journal or the runs are not as they were written."))
    talker.tell(say("Every line of the journal follows the one before; every run has the files that it was made with."))
    talker.tell(say("Write down elsewhere, for the next audit: --mark {mark}", mark=last))
