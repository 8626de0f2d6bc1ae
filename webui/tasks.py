"""What a worker process can do: each task is one function of plain values, in and out.

Workbooks stay open between tasks, the last few of them.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import optimizer
from optimizer import HaibunError, InputProblems, Name, Problem, Screen, Standing, Stopped, say
from webui.controls import controls_of
from webui.kept import Shelf
from webui.limits import Limits, end_with_the_server

Named = tuple[str, str, list[str]]
"""What a setting is called, the scenario it starts from, and the items set on top."""
Question = tuple[str, list[str], str, list[Named]]
"""A setting's scenario and items, the language of its reports, and the settings that are compared."""
SECONDS_BETWEEN_WORDS = 0.2
MOST_SHOWN = 2_000
"""Problems on one page."""
kept = Shelf().take


@dataclass(frozen=True)
class Look:
    """A workbook at first sight: its problems, as far as a page can show them, and how many there are."""

    problems: tuple[Problem, ...]
    errors: int
    warnings: int
    summary: dict[str, Any]


def look_of(problems: Sequence[Problem], summary: dict[str, Any]) -> Look:
    """The look that goes to a page: errors first where there are too many problems to show."""
    errors = sum(problem.severity == "error" for problem in problems)
    shown = tuple(problems)
    if len(shown) > MOST_SHOWN:
        first = sorted(problems, key=lambda problem: problem.severity != "error")[:MOST_SHOWN]
        rest = say("There are {count} more problems than are shown here.", count=len(problems) - MOST_SHOWN)
        shown = (*first, Problem("", "", "", rest, say("Mend these first, and upload the workbook again.")))
    return Look(shown, errors, len(problems) - errors, summary)


def ready() -> bool:
    """Load what later tasks need."""
    return bool(optimizer.solve_book)


@lru_cache(maxsize=1)
def problems_in(path: Path, name: str) -> Sequence[Problem]:
    """Every problem of a workbook that is called ``name``; the last one's are kept, as its pages ask for them again."""
    try:
        return kept(path, name).book.warnings
    except InputProblems as error:
        return error.problems


def look(path: Path, name: str) -> Look:
    """Check a workbook that is called ``name``."""
    problems = problems_in(path, name)
    if any(problem.severity == "error" for problem in problems):
        return look_of(problems, {})
    portfolio = kept(path).book.portfolio
    settings = portfolio.settings
    return look_of(
        problems,
        {
            "title": settings.title,
            "unit": settings.unit,
            "units": optimizer.units_of(portfolio),
            "rate": None if settings.exchange_rate is None else f"{float(settings.exchange_rate):g}",
            "first_year": settings.first_year,
            "years": settings.years,
            "programmes": len(portfolio.programmes),
            "lines": sum(len(programme.years) for programme in portfolio.programmes.values()),
            "scenarios": optimizer.scenarios_of(portfolio),
        },
    )


def annotated(path: Path, name: str) -> bytes:
    """The user's file with each faulty cell marked."""
    problems = problems_in(path, name)
    return written(lambda out: optimizer.annotate(path.read_bytes(), problems, out))


def template(language: str) -> bytes:
    """An empty workbook."""
    return written(lambda out: optimizer.write_template(out, language))


def written(write: Callable[[Path], None]) -> bytes:
    """The bytes of what ``write`` writes into a file."""
    with TemporaryDirectory() as folder:
        out = Path(folder, "book.xlsx")
        write(out)
        return out.read_bytes()


def controls(path: Path, origin: str, language: str) -> dict[str, Any]:
    """What can be moved on a workbook."""
    return controls_of(kept(path).book, kept(path).live.levers_on(origin), language)


def in_words(path: Path, sets: Sequence[str], language: str) -> list[str]:
    """What is set on top of a scenario, item by item."""
    portfolio = kept(path).book.portfolio
    return [optimizer.set_in_words(portfolio, text).into(language) for text in sets]


def at_once(path: Path, origin: str, sets: Sequence[str], language: str, unit: str) -> dict[str, Any]:
    """The checked, unrounded answer while a control moves."""
    screen = Screen(kept(path).live.live(origin, sets), kept(path).base, language, unit)
    return screen.at_once() | {"setting": in_words(path, sets, language)}


def in_full(path: Path, origin: str, sets: Sequence[str], language: str, unit: str) -> dict[str, Any]:
    """The published, proved answer once the controls rest."""
    book = kept(path)
    screen = Screen(book.settled(origin, tuple(sets)), book.base, language, unit)
    full = screen.in_full(book.live.price_of_money(origin, sets), book.price_of_base)
    return full | {"setting": in_words(path, sets, language)}


def programmes(path: Path, origin: str, sets: Sequence[str], language: str, unit: str) -> list[dict[str, Any]]:
    """Every line of the published plan."""
    return optimizer.listing(kept(path).settled(origin, tuple(sets)), language, unit)


def beside(path: Path, plans: Sequence[Named], language: str, unit: str) -> dict[str, Any]:
    """Published plans side by side, each with its changes from the first, and what sets them apart."""
    settings = settings_of(plans)
    results = [kept(path).settled(setting.scenario, setting.sets) for setting in settings]
    first = optimizer.sums_of(results[0])
    shown = [Screen(result, first, language, unit).at_once() for result in results]
    together = optimizer.side_by_side(kept(path).book, list(zip(settings, results, strict=True)), language, unit)
    return {"plans": shown, **together}


def settings_of(plans: Sequence[Named]) -> list[optimizer.Setting]:
    """Settings as the program takes them."""
    return [optimizer.Setting(name, origin, tuple(sets)) for name, origin, sets in plans]


@lru_cache(maxsize=1)
def explainer(path: Path, origin: str, sets: tuple[str, ...]) -> optimizer.Explainer:
    """What confirms sentences on a plan by solving again."""
    return optimizer.Explainer(kept(path).settled(origin, sets))


def programme(path: Path, origin: str, sets: Sequence[str], ident: str, language: str, unit: str) -> dict[str, Any]:
    """One line of the published plan with everything that can be said of it."""
    found = explainer(path, origin, tuple(sets)).programme(ident)
    return optimizer.programme_in_full(kept(path).settled(origin, tuple(sets)), ident, language, unit, found.more) | {
        "name": found.name.into(language),
        "entry_factor": found.entry and found.entry.effects,
    }


def publish(path: Path, origin: str, sets: Sequence[str], folder: Path, language: str) -> float:
    """Write the run folder of a setting; returns the score of its plan."""
    book = kept(path).book
    result = kept(path).settled(origin, tuple(sets))
    optimizer.write_run(result, book.data, folder, optimizer.writers(language))
    return float(result.proof.score)


def reported(folder: Path, names: Sequence[str], language: str, standing: Standing | None) -> dict[str, bytes]:
    """Reports of a run, checked again, in a language, with its state on every page."""
    result = optimizer.read_identified(folder)
    writers = optimizer.writers(language, with_pdf=True, standing=standing)
    return {name: writers[name](result) for name in names}


def lp(path: Path, origin: str, sets: Sequence[str]) -> bytes:
    """The model of a setting as an LP file."""
    return optimizer.lp_file(path, origin, sets)


def repairs(path: Path, origin: str, sets: Sequence[str], language: str) -> dict[str, Any]:
    """Which rules collide in a setting without a plan, and the ways out."""
    menu = optimizer.repair(kept(path).book, origin, sets)
    portfolio = kept(path).book.portfolio

    def shown(place: optimizer.Colliding) -> dict[str, Any]:
        typed = [] if place.cell else optimizer.sets_called(place.id, sets, portfolio)
        where = say("Set on this page:") if typed else Name(f"{place.sheet} {place.cell}")
        said = optimizer.sets_in_words(portfolio, typed) if typed else place.rule
        return {"place": where.into(language), "name": said.into(language), "sets": typed}

    is_one = len(menu.conflicts) < 2
    conflicts = [
        {
            "title": "" if is_one else optimizer.collision_of_several(number).into(language),
            "places": [shown(place) for place in conflict],
        }
        for number, conflict in enumerate(menu.conflicts, 1)
    ]
    ways = [
        {
            "score": found.score,
            "changes": [
                {
                    "place": f"{change.sheet} {change.cell}",
                    "name": change.name.into(language),
                    "column": change.heading.into(language),
                    "before": change.before_in_words,
                    "after": change.after_in_words,
                }
                for change in found.changes
            ],
        }
        for found in menu.repairs
    ]
    return {
        "title": optimizer.collision_in_words(menu).into(language),
        "conflicts": conflicts,
        "repairs": ways,
        "outcome": " ".join(words.into(language) for words in optimizer.ways_in_words(menu)),
    }


def repaired(path: Path, origin: str, sets: Sequence[str], number: int) -> bytes:
    """The workbook mended by one of the ways out."""
    data = path.read_bytes()
    menu = optimizer.repair(kept(path).book, origin, sets)
    return written(lambda out: optimizer.apply_repair(data, menu, number, out))


class Telling:
    """Tells how many of how many steps are done, not more often than anybody reads it."""

    def __init__(self, connection: Connection) -> None:
        self.connection, self.next = connection, 0.0

    def __call__(self, done: int, total: int) -> None:
        if done == total or time.monotonic() >= self.next:
            self.next = time.monotonic() + SECONDS_BETWEEN_WORDS
            self.connection.send(("progress", (done, total)))


def ask(connection: Connection, limits: Limits, path: Path, folder: Path, kind: str, asked: Question) -> None:
    """Answer one long question in a process of its own: progress and the end go through the connection.

    The answer's files appear in ``folder`` whole or not at all.
    """
    end_with_the_server()
    limits.stand_in_line()
    limits.fence()
    origin, sets, language, beside = asked
    try:
        of_book = optimizer.Asked(kept(path).book, origin, sets, language, tuple(settings_of(beside)))
        found = optimizer.answer(kind, of_book, Telling(connection))
        content = found.content(of_book.book.portfolio)
        optimizer.write_folder(folder, {**found.files, "answer.json": optimizer.json_bytes(content)}, "answer.json")
        connection.send(("done", sorted(found.files)))
    except MemoryError:
        connection.send(("error", Stopped(limits.too_much_memory)))
    except HaibunError as error:
        connection.send(("error", error))
    except Exception:
        connection.send(("crash", traceback.format_exc()))


TASKS: Mapping[str, Callable[..., Any]] = {
    task.__name__: task
    for task in (
        ready,
        look,
        annotated,
        template,
        controls,
        in_words,
        at_once,
        in_full,
        programmes,
        programme,
        beside,
        publish,
        reported,
        lp,
        repairs,
        repaired,
    )
}


def serve(connection: Connection, limits: Limits) -> None:
    """Answer tasks, each within the limits, until the other end is closed or memory has run out."""
    end_with_the_server()
    limits.stand_in_line()
    while True:
        try:
            task, arguments = connection.recv()
        except (EOFError, KeyboardInterrupt):
            return
        limits.fence()
        try:
            answer = ("ok", TASKS[task](*arguments))
        except MemoryError:
            connection.send(("stopped", Stopped(limits.too_much_memory)))
            return
        except HaibunError as error:
            answer = ("error", error)
        except Exception:
            answer = ("crash", traceback.format_exc())
        connection.send(answer)
