"""The plan on two pages: what it is, where the money goes, why, what each lever is worth, risks, proof."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from optimizer import fiscal
from optimizer.plan import Plan
from optimizer.proof import attained_by
from optimizer.report.chapters import grounds
from optimizer.report.chapters.content import front_of
from optimizer.report.chapters.front import CAUTION, Front, rounded_down
from optimizer.report.chapters.money import CHANGE
from optimizer.report.document import (
    COVER,
    ZERO,
    Callout,
    Document,
    Figure,
    Points,
    Section,
    Table,
    exact_sum,
    quantity,
)
from optimizer.report.standing import Standing
from optimizer.results import Line, Result, points_text
from optimizer.words import Words, name_of, say

MOST_ROWS = 10
"""Of a table that a brief has room for."""
LEAST_WANTED = 1e-6
"""Points below which a step more is not worth a sentence."""


def brief_of(result: Result, answers: Sequence[Document] = (), standing: Standing | None = None) -> Document:
    """The brief of a result; the first figure of each answer (what the levers are worth) has a section."""
    return _Brief(front_of(result, standing or Standing())).document(answers)


class _Brief:
    def __init__(self, front: Front) -> None:
        self.front, self.result, self.money, self.needs = front, front.result, front.money, front.needs

    def document(self, answers: Sequence[Document]) -> Document:
        caution = Callout(CAUTION.title, CAUTION.sentences[:2])
        money = (without_tables(self.money.region_figure()), without_tables(self.money.family_figure()))
        asked = [
            Section(section.name, section.title, (figure,))
            for section, figure in filter(None, (first_figure(answer) for answer in answers))
        ]
        return self.front.document(
            [
                Section(COVER, say("Cover"), (caution,)),
                Section("money", say("Where the money goes"), money),
                Section("reasons", say("Why this plan"), (Points(say("Three reasons"), tuple(self.reasons())),)),
                *asked,
                Section("risks", say("Risks"), (Points(say("What to bear in mind"), tuple(self.risks())),)),
                Section("proof", say("What is proved"), self.front.proved()),
            ]
        )

    # Three reasons

    def reasons(self) -> Iterator[Words]:
        """Against keeping today's amounts; where money goes; what is wanted most and what stops it."""
        yield self.against_today()
        yield self.money_moved()
        yield self.most_wanted()

    def against_today(self) -> Words:
        """The score of the plan beside that of the baseline, both by the same measure."""
        baseline = {
            cell: self.result.portfolio.programmes[cell[0]].baseline or ZERO for cell in self.result.plan.spending
        }
        kept = attained_by(self.result.book, Plan(baseline, {}, {})).score
        return say(
            "The plan scores {score} points. Keeping every programme at its baseline would score {kept} by the same "
            "measure, rules aside; the difference in money is {more}.",
            score=rounded_down(self.result.proof.score, 2),
            kept=rounded_down(kept, 2),
            more=self.money.amount(self.money.spent - self.money.kept, "change"),
        )

    def money_moved(self) -> Words:
        """Which regions gain and give up most, and how far their needs are met."""
        table, regions = self.money.by_region(), list(self.money.labels(lambda p: p.region, self.money.region_names))
        change = table.numbers(CHANGE) or [ZERO]
        least, most = change.index(min(change)), change.index(max(change))
        if not change[least] < 0 < change[most]:
            return say(
                "Programmes that gain against the baseline: {up}; that give up money: {down}.",
                up=sum(gain > 0 for gain in self.front.changes()),
                down=sum(gain < 0 for gain in self.front.changes()),
            )
        return say(
            "{region} gains most against the baseline, {gain}, and its needs are then met to {met}; {other} gives up "
            "most, {loss}, and its needs are still met to {still}.",
            region=table.words(0)[most],
            gain=self.money.amount(change[most]),
            met=quantity(self.needs.met(regions[most]) or 0, "share", 0),
            other=table.words(0)[least],
            loss=self.money.amount(-change[least]),
            still=quantity(self.needs.met(regions[least]) or 0, "share", 0),
        )

    def most_wanted(self) -> Words:
        """The line where a step more would add most, and why it gets no more."""
        wanted = max(self.result.lines, key=_worth_of_more, default=None)
        if wanted is None or _worth_of_more(wanted) < LEAST_WANTED:
            return say("Nowhere would more money add to the score.")
        step = self.result.causes.step_of((wanted.programme.id, wanted.year), more=True)
        return say(
            "More would be worth most at {name} ({year}): {step} more would add {points} points. {reason}",
            name=name_of(wanted.programme),
            year=fiscal.year_name(self.result.fiscal_year(wanted.year)),
            step=self.money.amount(step),
            points=points_text(_worth_of_more(wanted)),
            reason=wanted.reason,
        )

    # Risks

    def risks(self) -> Iterator[Words]:
        """What the plan rests on, what binds it, what stands out, and what the check warned of."""
        kinds = grounds.kinds_table(self.result)
        names = list(grounds.KINDS)
        assumed, judged = (kinds.total[1 + names.index(kind)] for kind in ("assumption", "judgement"))
        yield say(
            "Of {count} rows of figures {judged} are judgement and {assumed} assumption; other judgements make another "
            "plan.",
            count=quantity(kinds.total[-1], "count", 0),  # type: ignore[arg-type]
            judged=quantity(judged, "count", 0),  # type: ignore[arg-type]
            assumed=quantity(assumed, "count", 0),  # type: ignore[arg-type]
        )
        yield self.front.binding()
        if self.money.spent:
            yield self.largest()
        if self.money.lapsed:
            yield say("{lapsed} stay unspent.", lapsed=self.money.amount(self.money.lapsed))
        warnings = grounds.warnings(self.result)
        if warnings:
            yield say(
                "The check of the workbook gave {count} warning(s); the report lists them.", count=len(warnings.rows)
            )
        if not self.front.is_finished:
            yield say("The search was stopped by the limit of time; a better plan may exist, up to the bound.")

    def largest(self) -> Words:
        """The programme with most money."""
        lines = max(self.money.by_programme(), key=lambda lines: exact_sum(line.amount for line in lines))
        share = exact_sum(line.amount for line in lines) / self.money.spent
        return say(
            "{name} alone takes {share} of the money.",
            name=name_of(lines[0].programme),
            share=quantity(share, "share", 1),
        )


def _worth_of_more(line: Line) -> float:
    """What a step more would add; nothing where the line has its maximum or was pinned."""
    return line.cause.next_points or 0.0


def without_tables(figure: Figure) -> Figure:
    """A figure of bars whose numbers stand beside them."""
    return replace(figure, tables=())


def first_figure(answer: Document) -> tuple[Section, Figure] | None:
    """The first picture of an answer, with the section that it stands in; its numbers too where two pages hold them."""
    found = ((section, block) for section in answer.sections for block in section.blocks if isinstance(block, Figure))
    section, figure = next(found, (None, None))
    if section is None or figure is None:
        return None
    return section, replace(figure, tables=tuple(map(_short, figure.tables)))


def _short(table: Table) -> Table:
    """A table that two pages have room for; of a longer one nothing but its columns, which is not printed."""
    return table if len(table.rows) <= MOST_ROWS else replace(table, rows=(), total=())
