"""What the command says: sentences in the user's language, answers for programs, and errors."""

from __future__ import annotations

import json
import math
import sys
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from optimizer.errors import HaibunError, InputProblems, NoPlan, Problem
from optimizer.words import Words, say

if TYPE_CHECKING:
    from optimizer.report.document import Document

EVERY = 10.0
"""Seconds between lines on progress where there is no terminal."""
UNPRINTABLE = ("Cc", "Cf", "Zl", "Zp")


class Talker:
    """Prints sentences in the user's language; results to standard output, the rest to standard error."""

    def __init__(self, language: str, quiet: bool, as_json: bool) -> None:
        self.language, self.quiet, self.as_json = language, quiet, as_json

    def tell(self, words: Words) -> None:
        """A line for people; silent with --quiet or --json."""
        if not self.quiet and not self.as_json:
            click.echo(printable(words.into(self.language)))

    def say_always(self, words: Words) -> None:
        """A line of the answer itself: silent with --json only."""
        if not self.as_json:
            click.echo(printable(words.into(self.language)))

    def warn(self, words: Words) -> None:
        """A line on standard error, whatever else is silent."""
        click.echo(printable(words.into(self.language)), err=True)

    def warn_of(self, problems: Sequence[Problem]) -> None:
        """A line for each, written at once: there may be tens of thousands."""
        lines = (printable(problem_line(problem).into(self.language)) for problem in problems)
        click.echo("".join(f"{line}\n" for line in lines), err=True, nl=False)

    def answer(self, content: object) -> None:
        """The answer for programs, with --json only."""
        if self.as_json:
            click.echo(json.dumps(content, ensure_ascii=False, indent=1, default=str))

    @contextmanager
    def working(self, words: Words) -> Iterator[None]:
        """Show that something takes a while: a spinner on a terminal, a plain line elsewhere."""
        if self.quiet or self.as_json:
            yield
        elif sys.stderr.isatty():
            from rich.console import Console  # noqa: PLC0415  (only a terminal needs it)

            with Console(stderr=True).status(words.into(self.language)):
                yield
        else:
            click.echo(words.into(self.language), err=True)
            yield

    @contextmanager
    def counting(self, words: Words) -> Iterator[Callable[[int, int], None]]:
        """The same for work whose steps can be counted, told (done, total) at each step.

        A bar with the time left on a terminal; elsewhere a line now and then.
        """
        if self.quiet or self.as_json:
            yield lambda _done, _total: None
            return
        if not sys.stderr.isatty():
            self.warn(words)
            yield now_and_then(self.warn)
            return
        from rich.console import Console  # noqa: PLC0415
        from rich.progress import Progress  # noqa: PLC0415

        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(words.into(self.language), total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)


def deliver(
    talker: Talker,
    out: Path,
    files: Mapping[str, bytes],
    document: Document,
    content: object,
    said: Iterable[Words],
    write_plans: Callable[[], None] = lambda: None,
) -> None:
    """Write an answer into a folder, its own file first among ``files``, with its reports and plans; then say it."""
    from optimizer import report, run  # noqa: PLC0415  (slow to load)

    pages = report.pages(document, talker.language)
    run.write_folder(out.resolve(), {**files, **pages}, owned=next(iter(files)))
    write_plans()
    talker.answer(content)
    for words in said:
        talker.say_always(words)


def now_and_then(tell: Callable[[Words], None], seconds: float = EVERY) -> Callable[[int, int], None]:
    """Progress in lines, ``seconds`` apart: how much is done, and how long the rest takes at the pace so far."""
    began = last = time.monotonic()

    def told(done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if 0 < done < total and now - last >= seconds:
            last = now
            left = math.ceil((now - began) / done * (total - done))
            tell(say("{done} of {total} done; about {left} s left.", done=done, total=total, left=left))

    return told


def printable(text: str) -> str:
    """A line without anything that moves a terminal's cursor or begins another line, as a cell's text may."""
    if text.isprintable():
        return text
    return "".join(sign if unicodedata.category(sign) not in UNPRINTABLE else " " for sign in text)


def report_error(talker: Talker, error: HaibunError) -> None:
    """Say what went wrong: each problem with its cell and cure, or the rows that cannot hold together."""
    if isinstance(error, InputProblems):
        if talker.as_json:
            talker.answer({"problems": [problem.as_dict(talker.language) for problem in error.problems]})
            return
        talker.warn_of(error.problems)
    if isinstance(error, NoPlan):
        if talker.as_json:
            conflict = [
                {"sheet": p.sheet, "cell": p.cell, "id": p.id, "name": p.name.into(talker.language)}
                for p in error.conflict
            ]
            talker.answer({"status": "infeasible", "certified": error.certified, "conflict": conflict})
            return
        talker.warn(error.message)
        if error.conflict:
            talker.warn(say("These rows cannot hold together; without any one of them the others can:"))
        for place in error.conflict:
            talker.warn(
                say(
                    "  {sheet} {cell}: {id} ({name})",
                    sheet=place.sheet,
                    cell=place.cell,
                    id=place.id,
                    name=place.name,
                )
            )
        talker.warn(
            say("That no plan exists is proved exactly.")
            if error.certified
            else say("That no plan exists is the solver's word, not certified.")
        )
        talker.warn(say("`haibun repair` with the same book, scenario and --set looks for the smallest ways out."))
        return
    talker.warn(error.message)


def problem_line(problem: Problem) -> Words:
    """One problem as one line: where, what, and how to mend it."""
    where = " ".join(part for part in (problem.sheet, problem.cell) if part)
    kind = say("problem") if problem.severity == "error" else say("warning")
    said = {"kind": kind, "value": problem.value, "problem": problem.problem, "fix": problem.fix}
    if not where:
        return say("{kind} [{value}]: {problem} {fix}", **said)
    return say("{kind} {where} [{value}]: {problem} {fix}", where=where, **said)
