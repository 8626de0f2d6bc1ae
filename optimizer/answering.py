"""One way to ask any long question and to get its answer: sentences, a table, bars, and the files of its command."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from optimizer import report, scenario
from optimizer.fiscal import year_name
from optimizer.portfolio import Portfolio
from optimizer.questions import alternatives as asking_alternatives
from optimizer.questions import compare as asking_compare
from optimizer.questions import compare_tables, frontier_tables, levers_tables, tables
from optimizer.questions import freedoms as asking_freedoms
from optimizer.questions import frontier as asking_frontier
from optimizer.questions import levers as asking_levers
from optimizer.questions import prices as asking_prices
from optimizer.questions import ranges as asking_ranges
from optimizer.questions import repair as asking_repair
from optimizer.questions.compare import Setting
from optimizer.questions.robust import asking as asking_robust
from optimizer.questions.robust import tables as robust_tables
from optimizer.report.chapters.compare import beside, compare_document
from optimizer.report.chapters.frontier import freedoms_document, frontier_document
from optimizer.report.chapters.levers import levers_document
from optimizer.report.chapters.prices import prices_document
from optimizer.report.chapters.ranges import ranges_document
from optimizer.report.chapters.robust import robust_document
from optimizer.report.converted import Converter, converter_into
from optimizer.report.document import Document
from optimizer.report.in_unit import units_of
from optimizer.report.shown import shown
from optimizer.results import Result
from optimizer.run import OpenBook, json_bytes
from optimizer.scenario import BASE
from optimizer.units import percent, signed
from optimizer.words import LANGUAGES, Name, Words, name_of, say

Progress = Callable[[int, int], None]
MOST_BARS = 20
PROCESSES = 2


@dataclass(frozen=True)
class Bar:
    """One thing and its size, for a picture beside the table."""

    name: Words
    value: float
    text: Words


@dataclass(frozen=True)
class Asked:
    """What is asked: a book under a scenario and what is set on top, in which language its reports are wanted.

    ``beside``: settings to compare, the first being what the others are held against.
    """

    book: OpenBook
    scenario: str
    sets: Sequence[str]
    language: str
    beside: Sequence[Setting] = ()


@dataclass(frozen=True)
class Answer:
    """Sentences, what the bars measure, the bars (largest first), and the files that the command writes.

    The first file that is a CSV is the table; ``document`` is what its reports show.
    """

    sentences: Sequence[Words]
    measure: Words
    bars: Sequence[Bar]
    files: Mapping[str, bytes]
    document: Document | None = None

    def content(self, portfolio: Portfolio) -> dict[str, Any]:
        """The answer as plain values: by language in the workbook's unit, by ``units`` and language in all others.

        ``table``: the rows of its table, as they stand in the file.
        """
        own = portfolio.settings.unit
        others = [converter_into(unit, portfolio) for unit in units_of(portfolio) if unit != own]
        in_others = {money.into.unit: {each: self.as_dict(each, money) for each in LANGUAGES} for money in others}
        return {each: self.as_dict(each) for each in LANGUAGES} | {"units": in_others, "table": self.table()}

    def as_dict(self, language: str, money: Converter | None = None) -> dict[str, Any]:
        """The answer as plain values in one language and unit (without ``money`` in the workbook's)."""
        said = [money.words(words) for words in self.sentences] if money else self.sentences
        return {
            "sentences": [words.into(language) for words in said],
            "measure": self.measure.into(language),
            "bars": [
                {"name": b.name.into(language), "value": b.value, "text": b.text.into(language)} for b in self.bars
            ],
            "blocks": shown(self.document, language, money) if self.document else [],
        }

    def table(self) -> list[dict[str, str]]:
        """The rows of the table."""
        data = next((content for name, content in self.files.items() if name.endswith(".csv")), b"")
        return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


def levers(asked: Asked, progress: Progress) -> Answer:
    """What each policy lever is worth, over all their combinations."""
    found = asking_levers.levers(asked.book, asked.scenario, asked.sets, progress=progress, processes=PROCESSES)
    content = levers_tables.levers_as_dict(found)
    bars = [
        Bar(name_of(worth.lever), worth.worth, signed(worth.worth, 4))
        for worth in found.worths
        if worth.worth is not None
    ]
    document = levers_document(asked.book, found)
    files = {"levers.json": json_bytes(content)}
    return Answer(levers_tables.levers_in_words(found), say("Points of score"), bars, files, document)


def compare(asked: Asked, progress: Progress) -> Answer:
    """Which rows make the difference between settings, or from the workbook as written to what is asked."""
    written = Setting(BASE, BASE)
    name = f"{asked.scenario}*" if asked.sets else asked.scenario
    settings = asked.beside or (written, Setting(name, asked.scenario, tuple(asked.sets)))
    found = asking_compare.compare_settings(asked.book, settings, written, progress=progress, processes=PROCESSES)
    bars = [
        Bar(compare_tables.part_in_words(asked.book.portfolio, part), float(points), signed(points, 4))
        for versus in found.others
        for part, points in sorted(versus.shares(4), key=lambda share: -share[1])
    ]
    content = compare_tables.compare_as_dict(found, asked.language)
    document = compare_document(asked.book, found)
    files = {"compare.json": json_bytes(content)}
    return Answer(compare_tables.compare_in_words(found), say("Points of score"), bars, files, document)


def robust(asked: Asked, progress: Progress) -> Answer:
    """How the plan stands up to uncertain effects, a plan that hedges, and what is most worth knowing."""
    crew = asking_robust.crew_for(asked.book, asking_robust.SAMPLES, PROCESSES)
    found = asking_robust.robust(asked.book, asked.scenario, asked.sets, crew=crew, progress=progress)
    known = [] if found.study is None else [*found.study.kinds, *found.study.effects]
    bars = [
        Bar(robust_tables.subject_in_words(found.standing.portfolio, one), one.worth, Name(f"{one.worth:.4f}"))
        for one in sorted(known, key=lambda one: -one.worth)[:MOST_BARS]
    ]
    document = robust_document(asked.book, found)
    content = {
        "robust.csv": robust_tables.robust_csv(found),
        "draws.csv": robust_tables.draws_csv(found),
        "robust.json": json_bytes(robust_tables.robust_as_dict(found)),
    }
    files = {**content, **report.pages(document, asked.language)}
    return Answer(robust_tables.robust_in_words(found), say("Points worth knowing"), bars, files, document)


def frontier(asked: Asked, progress: Progress) -> Answer:
    """How the best score grows with money."""
    found = asking_frontier.frontier(asked.book, asked.scenario, asked.sets, progress=progress)
    points = found.points[:: max(1, len(found.points) // MOST_BARS)]
    bars = [Bar(percent(100 * point.factor), point.score, Name(f"{point.score:.2f}")) for point in points]
    document = frontier_document(asked.book, found)
    files = {"frontier.csv": frontier_tables.frontier_csv(found)}
    return Answer(frontier_tables.frontier_in_words(found), say("Best score by total budget"), bars, files, document)


def freedoms(asked: Asked, progress: Progress) -> Answer:
    """What one freedom costs the other."""
    found = asking_freedoms.freedoms(asked.book, asked.scenario, asked.sets, progress=progress)
    points = found.points[:: max(1, len(found.points) // MOST_BARS)]
    bars = [Bar(percent(point.fear), point.want, percent(point.want)) for point in points]
    document = freedoms_document(asked.book, found)
    files = {"frontier.csv": frontier_tables.freedoms_csv(found)}
    measure = say("Freedom from want by freedom from fear")
    return Answer(frontier_tables.freedoms_in_words(found), measure, bars, files, document)


def prices(asked: Asked, progress: Progress) -> Answer:
    """What each limit, resource and appropriation costs."""
    found = asking_prices.prices(asked.book, asked.scenario, asked.sets, progress=progress)
    dear = [price for price in found if price.price is not None and price.price > 1e-6][:MOST_BARS]
    bars = [
        Bar(
            say("{name}, {year}", name=price.name, year=year_name(price.year)) if price.year else price.name,
            price.price or 0.0,
            Name(f"{price.price:.4f}"),
        )
        for price in dear
    ]
    document = prices_document(asked.book, found, asked.scenario, asked.sets)
    files = {"prices.csv": tables.prices_csv(found)}
    said = tables.prices_in_words(found, asked.book.portfolio.settings.unit)
    return Answer(said, say("Points of score"), bars, files, document)


def ranges(asked: Asked, progress: Progress) -> Answer:
    """How little and how much each line can get in any plan nearly as good."""
    others: list[asking_alternatives.Alternative] = []
    found = asking_ranges.ranges(
        asked.book,
        asked.scenario,
        asked.sets,
        workers=PROCESSES,
        progress=progress,
        meanwhile=lambda: others.extend(asking_alternatives.alternatives(asked.book, asked.scenario, asked.sets)),
    )
    first_year = asked.book.portfolio.settings.first_year
    widest = sorted(found.lines, key=lambda line: line.low - line.high)[:MOST_BARS]
    programmes = asked.book.portfolio.programmes
    bars = [
        Bar(
            say("{name}, {year}", name=name_of(programmes[line.programme]), year=year_name(first_year + line.year)),
            line.high - line.low,
            Name(f"{line.low:,.2f}–{line.high:,.2f}", japanese=f"{line.low:,.2f}～{line.high:,.2f}"),
        )
        for line in widest
    ]
    document = ranges_document(asked.book, found, others, asked.scenario, asked.sets)
    files = {"ranges.csv": tables.ranges_csv(found, first_year)}
    return Answer(tables.ranges_in_words(found, others), say("Room to move, the widest first"), bars, files, document)


def repair(asked: Asked, _progress: Progress) -> Answer:
    """Why no plan is feasible, and what mends it."""
    menu = asking_repair.repair(asked.book, asked.scenario, asked.sets)
    bars = [
        Bar(
            say("Repair {number}, score {score}", number=number, score=f"{repair.score:.2f}"),
            float(repair.cost),
            Name(f"{float(repair.cost):.4g}"),
        )
        for number, repair in enumerate(menu.repairs, 1)
    ]
    files = {"repair.json": json_bytes(tables.menu_as_dict(menu, asked.language))}
    if menu.repairs:
        files["repair.csv"] = tables.menu_csv(menu)
    return Answer(tables.menu_in_words(menu), say("Size of the change (weighted)"), bars, files)


def side_by_side(book: OpenBook, plans: Sequence[tuple[Setting, Result]], language: str, unit: str) -> dict[str, Any]:
    """What a page shows at once of published plans of a book: see ``report.compare.beside``."""
    written = scenario.apply(book.portfolio).portfolio
    return beside(asking_compare.side_by_side(plans, written, book.portfolio), language, unit)


QUESTIONS: Mapping[str, Callable[[Asked, Progress], Answer]] = {
    question.__name__: question for question in (levers, compare, robust, frontier, freedoms, prices, ranges, repair)
}


def answer(kind: str, asked: Asked, progress: Progress) -> Answer:
    """The answer to a question of ``QUESTIONS`` with its reports; ``progress`` is told how many of how many steps."""
    found = QUESTIONS[kind](asked, progress)
    if found.document is None:
        return found
    return replace(found, files={**found.files, **report.pages(found.document, asked.language)})
