"""Options that several verbs share, and the group that the verbs belong to."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from optimizer.cli.bilingual import Verbs, language_of
from optimizer.cli.talking import Talker, report_error
from optimizer.errors import HaibunError, WrongUsage
from optimizer.schema import BASE
from optimizer.words import LANGUAGES, say


def language_option(**more: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """--lang, for a verb or for the group."""
    help_of = "Language of what is printed (default: the locale's)."
    return click.option("--lang", type=click.Choice(LANGUAGES), help=help_of, **more)


INTERRUPTED = 130
"""The exit code that shells expect of a command ended by Ctrl+C."""


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="haibun", prog_name="haibun", message="%(prog)s %(version)s")
@language_option(expose_value=False)
def main() -> None:
    """Haibun (配分): one budget, four families of instruments, the plan that serves both freedoms best."""


class Real(click.FloatRange):
    """A number within a range; neither infinite nor "nan", which Python reads as numbers."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number; fails on what is none."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a valid {self.name}.", param, ctx)
        return number


def common_options(command: Callable[..., None]) -> Callable[..., None]:
    """--lang, --quiet and --json for a verb, and its errors turned into sentences and exit codes."""

    @language_option()
    @click.option("--quiet", is_flag=True, help="Print results and errors only.")
    @click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
    @wraps(command)
    def with_talker(lang: str | None, quiet: bool, as_json: bool, **options: Any) -> None:
        talker = Talker(lang or language_of(click.get_current_context()), quiet, as_json)
        try:
            command(talker, **options)
        except HaibunError as error:
            report_error(talker, error)
            sys.exit(error.exit_code)
        except BrokenPipeError:
            sys.exit(0)
        except OSError as error:
            talker.warn(say("The file cannot be read or written: {error}.", error=error))
            sys.exit(2)
        except KeyboardInterrupt:
            talker.warn(say("Stopped by Ctrl+C."))
            sys.exit(INTERRUPTED)
        except MemoryError:
            talker.warn(say("There is not enough memory for this book."))
            sys.exit(4)

    return with_talker


def book_options(command: Callable[..., None]) -> Callable[..., None]:
    """The workbook, --scenario and --set."""
    command = click.option(
        "--set", "sets", multiple=True, metavar="ITEM[:TARGET][@YEAR]=VALUE", help="Change one thing."
    )(command)
    command = click.option("--scenario", default=BASE, show_default=True, help="A scenario of the workbook.")(command)
    return click.argument("book", type=click.Path(path_type=Path))(command)


def keep_the_workbook(book: Path, out: Path) -> None:
    """Raise ``WrongUsage`` where a copy would be written over the workbook that it is a copy of."""
    if out.resolve() == book.resolve():
        raise WrongUsage(say("{file} is the workbook itself; choose another name for the copy.", file=out))


def solver_options(command: Callable[..., None]) -> Callable[..., None]:
    """--time-limit and --threads."""
    command = click.option("--time-limit", type=Real(min=0.0, min_open=True), help="Seconds for the solver.")(command)
    return click.option("--threads", type=click.IntRange(min=1), default=1, show_default=True, help="Solver threads.")(
        command
    )
