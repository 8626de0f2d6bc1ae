"""One content for every writer: a result as titled sections of sentences, tables and figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from optimizer.report.chapters import grounds
from optimizer.report.chapters.front import Front
from optimizer.report.chapters.lines import MOST_ON_A_PAGE, MOST_TOLD_ON_PAPER, WHY, Lines
from optimizer.report.chapters.money import Money
from optimizer.report.chapters.needs import Needs
from optimizer.report.chapters.rules import Rules
from optimizer.report.document import Block, Document, Section
from optimizer.report.standing import Standing
from optimizer.results import Result
from optimizer.words import Words, say


def document_of(result: Result, standing: Standing | None = None) -> Document:
    """The whole report of ``result``; a draft where nobody's signatures are given."""
    front = front_of(result, standing or Standing())
    money, needs, rules = front.money, front.needs, front.rules
    lines = Lines(money)
    return front.document(
        [
            front.cover(),
            front.section(),
            *_allocation(money),
            *_lines(lines),
            Section("budgets", say("Budgets"), _given(money.budgets(), money.transfers() or NO_TRANSFERS)),
            Section("attainment", say("Attainment"), (needs.tiles(), needs.dots())),
            *_limits(rules, lines),
            Section(
                "assumptions",
                say("Assumptions"),
                _given(
                    grounds.scenario_rows(result),
                    grounds.assumptions(result) or NO_DEFAULTS,
                    grounds.warnings(result) or NO_WARNINGS,
                    grounds.allowances(result) or NO_ALLOWANCES,
                ),
            ),
            *_sources(result),
            Section("provenance", say("Provenance"), (*front.proved(), grounds.record_of_run(result))),
        ]
    )


def front_of(result: Result, standing: Standing) -> Front:
    """The first page of ``result``, and what it is drawn from."""
    money = Money(result)
    return Front(result, money, Needs(result), Rules(result, money.decimals), standing)


def with_answers(document: Document, answers: Sequence[Document]) -> Document:
    """A report with the chapters of answers to questions about its plan before its assumptions."""
    at = next(number for number, section in enumerate(document.sections) if section.name == "assumptions")
    asked = [section for answer in answers for section in answer.sections]
    return replace(document, sections=(*document.sections[:at], *asked, *document.sections[at:]))


NO_TRANSFERS = say("No money moves between accounts.")
NO_LIMITS = say("No limit is in force.")
NO_DEFAULTS = say("No default was taken: every cell is filled in.")
NO_WARNINGS = say("There is no warning.")
NO_ALLOWANCES = say("No rounding allowance was used: every row is kept exactly.")


def _allocation(money: Money) -> tuple[Section, ...]:
    """One chapter of the page; in the workbook a sheet for each part, so that each prints whole."""
    flow, families, regions = money.flow_figure(), money.family_figure(), money.region_figure()
    matrix = money.matrix_figure()
    tables = (money.by_agency(), money.by_account(), money.by_year())
    return (
        Section("allocation", say("Allocation"), (), (flow, families, regions, matrix, *tables)),
        Section("regions", say("Regions"), (regions,), ()),
        Section("matrix", say("Regions and families"), (matrix,), ()),
        Section("accounts", say("Agencies and years"), tables, ()),
        Section("flow", say("Flow of money"), (flow,), ()),
    )


def _lines(lines: Lines) -> tuple[Section, ...]:
    """On the page each line says why it got what it got; the workbook has a sheet for that, and paper a chapter."""
    return (
        Section(
            "lines",
            say("Lines"),
            (lines.table(told=False),),
            (lines.table(MOST_ON_A_PAGE),),
            (lines.table(MOST_ON_A_PAGE, told=False),),
        ),
        Section("why", WHY, (lines.reasons(),), (), (lines.in_short(MOST_TOLD_ON_PAPER),)),
    )


def _limits(rules: Rules, lines: Lines) -> tuple[Section, ...]:
    """One chapter of the page; in the workbook a sheet for each table, whose columns have little in common."""
    limits, resources, stops = rules.limits() or NO_LIMITS, rules.resources(), lines.stops()
    return (
        Section("limits", say("What binds"), (limits,), _given(limits, resources, stops)),
        Section("resources", say("Resources"), _given(resources), ()),
        Section("stops", say("What stops the lines"), (stops,), ()),
    )


def _sources(result: Result) -> tuple[Section, ...]:
    programmes, rules = grounds.programme_sources(result), grounds.rule_sources(result)
    effects = grounds.effect_sources(result)
    in_the_book = say(
        "The sources of all {count} effects, with their ranges, are in report.xlsx on the sheet “{sheet}”.",
        count=len(effects.rows),
        sheet=EFFECTS,
    )
    elsewhere = say(
        "The sources of all {count} programmes are in report.xlsx on the sheet “{sheet}”.",
        count=len(programmes.rows),
        sheet=SOURCES,
    )
    listed: Block = programmes if len(programmes.rows) <= MOST_ON_A_PAGE else elsewhere
    page, paper = (in_the_book, *_given(rules, listed)), (elsewhere, in_the_book, *_given(rules))
    return (
        Section("sources", SOURCES, _given(programmes), page, paper),
        Section("effect_sources", EFFECTS, (effects,), ()),
        Section("rule_sources", say("Sources of rules"), _given(rules or NO_LIMITS), ()),
    )


SOURCES, EFFECTS = say("Sources"), say("Sources of effects")


def _given(*blocks: Block | Words | None) -> tuple[Block, ...]:
    return tuple(block for block in blocks if block is not None)
