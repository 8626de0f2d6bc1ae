"""What a worker process can do: each task is one function of plain values, in and out.

Workbooks stay open between tasks, the last few of them, so that a slider does not read its workbook again.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import optimizer
from optimizer import HaibunError, Problem

MOST_OPEN_BOOKS = 4


@dataclass(frozen=True)
class Look:
    """A workbook at first sight: its problems, and what is in it where it has no errors."""

    problems: tuple[Problem, ...]
    summary: dict[str, Any]

    @property
    def errors(self) -> int:
        """Problems that must be mended."""
        return sum(problem.severity == "error" for problem in self.problems)


def ready() -> bool:
    """Load what later tasks need."""
    return bool(optimizer.solve_book)


def look(path: Path, name: str) -> Look:
    """Check a workbook that is called ``name``."""
    problems = optimizer.problems_of(Path(name), path.read_bytes())
    if any(problem.severity == "error" for problem in problems):
        return Look(problems, {})
    portfolio = opened(path).portfolio
    settings = portfolio.settings
    return Look(
        problems,
        {
            "title": settings.title,
            "unit": settings.unit,
            "first_year": settings.first_year,
            "years": settings.years,
            "programmes": len(portfolio.programmes),
            "scenarios": optimizer.scenarios_of(portfolio),
        },
    )


def annotated(path: Path, name: str) -> bytes:
    """The user's file with each faulty cell marked."""
    data = path.read_bytes()
    problems = optimizer.problems_of(Path(name), data)
    return written(lambda out: optimizer.annotate(data, problems, out))


def template(language: str) -> bytes:
    """An empty workbook."""
    return written(lambda out: optimizer.write_template(out, language))


def written(write: Callable[[Path], None]) -> bytes:
    """The bytes of what ``write`` writes into a file."""
    with TemporaryDirectory() as folder:
        out = Path(folder, "book.xlsx")
        write(out)
        return out.read_bytes()


@lru_cache(maxsize=MOST_OPEN_BOOKS)
def opened(path: Path) -> optimizer.OpenBook:
    """A workbook without errors, kept open."""
    return optimizer.open_book(path)


TASKS: Mapping[str, Callable[..., Any]] = {task.__name__: task for task in (ready, look, annotated, template)}


def serve(connection: Connection) -> None:
    """Answer tasks until the other end is closed."""
    while True:
        try:
            task, arguments = connection.recv()
        except (EOFError, KeyboardInterrupt):
            return
        try:
            answer = ("ok", TASKS[task](*arguments))
        except HaibunError as error:
            answer = ("error", error)
        except Exception:
            answer = ("crash", traceback.format_exc())
        connection.send(answer)
