"""The report of ``haibun robust``: what not knowing the effects costs, plans made for it, and what to study first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cached_property

from optimizer import fiscal
from optimizer.plan import Plan
from optimizer.questions.robust.asking import Robust
from optimizer.questions.robust.draws import INSTRUMENT, UNIFORM
from optimizer.questions.robust.hedge import tail_mean
from optimizer.questions.robust.knowing import Knowledge
from optimizer.questions.robust.standing import Spread, spread_of
from optimizer.questions.robust.tables import PLANS, hedging_in_words, left_out, rules_in_words, subject_in_words
from optimizer.report.chapters.answers import NOT_MEASUREMENTS, Told, counted, maybe, number, subtitle
from optimizer.report.document import (
    Block,
    Callout,
    Cell,
    Column,
    Document,
    Figure,
    Mark,
    Points,
    Section,
    Table,
    exact_sum,
    quantity,
    table_of,
)
from optimizer.run import OpenBook
from optimizer.words import Words, name_of, say

MOST_BARS, MOST_ON_PAPER = 15, 20
NO_DRAW = say("No draw of the effects has a plan, so nothing can be said of this one.")
NINE_IN_TEN = say("Nine of ten draws")


def robust_document(book: OpenBook, answer: Robust) -> Document:
    """The whole report of an answer."""
    draws = answer.standing.draws
    return _ToldRobust(answer).document(book, subtitle(book.portfolio, draws.scenario, draws.sets))


class _ToldRobust(Told):
    def __init__(self, answer: Robust) -> None:
        super().__init__(answer.standing.portfolio)
        self.answer, self.found = answer, answer.standing

    def sections(self) -> tuple[Section, ...]:
        if not self.found.solved:
            return (Section("robust", say("What not knowing costs"), (NO_DRAW, *self.left_out())),)
        return (
            Section("robust", say("What not knowing costs"), self.front()),
            Section(
                "robust_hedge", say("Plans for unknown effects"), self.hedging(), paper=self.hedging(MOST_ON_PAPER)
            ),
            Section("robust_knowing", say("What is most worth knowing"), self.knowing()),
            Section("robust_programmes", say("Programmes over the draws"), self.programmes()),
            Section("robust_all_programmes", say("All programmes over the draws"), self.all_programmes(), ()),
            Section("robust_lines", say("Lines over the draws"), (self.lines(),), ()),
            Section("robust_certain", say("Effects without a range"), self.certain()),
        )

    def message(self) -> Words:
        """The answer in one sentence."""
        if not self.found.solved:
            return NO_DRAW
        regrets = {name: _points(float(regret.mean())) for name, regret in self.answer.regrets().items()}
        if len(regrets) == 1:
            return say(
                "Not knowing the effects costs today's plan {points} points on average.", points=regrets["today"]
            )
        return say(
            "Not knowing the effects costs today's plan {today} points on average, the plan that is best on average "
            "{steady} and the hedged plan {hedged}.",
            **regrets,
        )

    # What not knowing costs

    def front(self) -> tuple[Block, ...]:
        return (self.figure(), Callout(say("How to read the numbers"), (NOT_MEASUREMENTS, *self.reading())))

    def reading(self) -> Iterator[Words]:
        """How the draws were made, and what is compared with what."""
        draws = self.found.draws
        yield say(
            "In each of {samples} draws (seed {seed}) every effect was drawn from its range, {shape}; "
            "the book was solved again as if these effects had been known.",
            samples=draws.samples,
            seed=draws.seed,
            shape=say("any value alike") if draws.shape == UNIFORM else say("values near its score more often"),
        )
        if draws.together == INSTRUMENT:
            yield say("Effects of one instrument on one objective were drawn together: they err alike.")
        else:
            yield say("Each effect was drawn by itself: errors that many effects share are not in these numbers.")
        yield say(
            "What rounding to publish units costs is part of what a plan loses. Ranges, like scores, are judgement."
        )
        yield from rules_in_words(self.found)
        yield from self.left_out()
        if draws.certain:
            yield say(
                "{count} effect(s) have no range and are taken as certain; they are listed.", count=len(draws.certain)
            )

    def left_out(self) -> list[Words]:
        return left_out(self.found)

    def figure(self) -> Figure:
        """The loss of each plan: mean, and nine of ten draws."""
        regrets = self.answer.regrets()
        spreads = {name: spread_of(regret) for name, regret in regrets.items()}
        return Figure(
            name="regrets",
            kind="spans",
            message=self.message(),
            subject=say("Points lost against plans made with the effects known, by plan"),
            tables=(self.losses(spreads),),
            marks=tuple(Mark(PLANS[name]) for name in spreads),
            across=(Mark(NINE_IN_TEN), Mark(say("Mean"))),
            values=tuple(tuple(map(number, (s.mean, s.low, s.high))) for s in spreads.values()),
            decimals=3,
            unit=say("points"),
            source=say("{count} draws, each solved.", count=self.found.solved),
        )

    def losses(self, spreads: dict[str, Spread]) -> Table:
        """A row a plan; the ways from mean to the ends of nine of ten draws in the last columns."""
        columns = [
            Column(say("Plan")),
            Column(say("Points lost, mean"), "points", 4),
            Column(say("Standard error"), "points", 4),
            Column(say("In one draw of twenty, less than"), "points", 4),
            Column(say("Median"), "points", 4),
            Column(say("In one draw of twenty, more than"), "points", 4),
            Column(say("Largest"), "points", 4),
            Column(say("High less mean"), "points", 4, less=(5, 1), page=False),
            Column(say("Mean less low"), "points", 4, less=(1, 3), page=False),
        ]
        rows: list[Sequence[Cell]] = [
            (PLANS[name], *map(number, (s.mean, s.error, s.low, s.median, s.high, s.most)))
            for name, s in spreads.items()
        ]
        note = say(
            "Against the plan that is best in each draw. A rule on points that today's plan breaks in a draw is "
            "widened there for both; another plan may then do better than the best one."
        )
        return table_of("losses", say("What not knowing the effects costs (points)"), columns, rows, note=note)

    # Hedging

    def hedging(self, most: int | None = None) -> tuple[Block, ...]:
        hedge = self.answer.hedge
        if hedge is None:
            return (say("There is no hedged plan: {reason}", reason=self.answer.no_hedge),)
        said = (
            say(
                "The hedged plan weighs the mean of the worst {worst} of the draws by {weight}, the mean of all by the "
                "rest; it keeps every row of the book.",
                worst=quantity(1 - number(hedge.mix.alpha), "share", 1),
                weight=quantity(number(hedge.mix.weight), "share", 0),
            ),
            hedging_in_words(hedge),
            say(
                "It was made for the first {count} draws and is judged by all {samples}.",
                count=hedge.draws,
                samples=self.found.draws.samples,
            ),
        )
        return (Points(say("In short"), said), self.plans(hedge.mix.alpha), self.changes(most))

    def plans(self, alpha: float) -> Table:
        """What each plan scores over the draws."""
        columns = [
            Column(say("Plan")),
            Column(say("Score, mean (points)"), "points", 4),
            Column(say("Mean of the worst {share}", share=quantity(1 - number(alpha), "share", 1)), "points", 4),
            Column(say("In one draw of twenty, less than"), "points", 4),
            Column(say("Median"), "points", 4),
            Column(say("Least"), "points", 4),
            Column(say("Most"), "points", 4),
        ]
        scores = self.answer.plans()
        rows: list[Sequence[Cell]] = [
            (
                PLANS[name],
                *map(number, (s.mean, tail_mean(scores[name], alpha), s.low, s.median, s.least, s.most)),
            )
            for name, s in ((name, spread_of(found)) for name, found in scores.items())
        ]
        known = self.found.best[self.found.is_solved]
        s = spread_of(known)
        known_tail = tail_mean(known, alpha)
        rows.append(
            (
                say("Plans made with the effects known"),
                *map(number, (s.mean, known_tail, s.low, s.median, s.least, s.most)),
            )
        )
        return table_of("plans_over_draws", say("What each plan scores over the draws"), columns, rows)

    def changes(self, most: int | None) -> Table:
        """Money of each programme in the three plans, those that the hedge changes most first.

        Beyond ``most`` the others are one row.
        """
        hedge = self.answer.hedge
        assert hedge is not None  # noqa: S101  (the caller asked)
        columns = [
            Column(say("Programme")),
            Column(PLANS["today"], "money", self.decimals, summed=True),
            Column(PLANS["steady"], "money", self.decimals, summed=True),
            Column(PLANS["hedged"], "money", self.decimals, summed=True),
            Column(say("Hedged less today's"), "change", self.decimals, summed=True, less=(3, 1)),
        ]
        totals = {
            name: _by_programme(plan) for name, plan in (("steady", hedge.steady.plan), ("hedged", hedge.hedged.plan))
        }
        today = self.found.today_totals
        moved = sorted(today, key=lambda name: -abs(totals["hedged"][name] - today[name]))
        plans = (today, totals["steady"], totals["hedged"])
        rows: list[Sequence[Cell]] = [
            (name_of(self.portfolio.programmes[name]), *(plan[name] for plan in plans)) for name in moved[:most]
        ]
        if rest := moved[len(rows) :]:
            others = say("{count} programmes that change no more (each is in report.xlsx)", count=len(rest))
            rows.append((others, *(exact_sum(plan[name] for name in rest) for plan in plans)))
        title = say("Money by programme in each plan")
        note = say("Published amounts over the horizon, those first that the hedge changes most.")
        return table_of("hedge_changes", title, columns, rows, unit=self.unit, note=note, filtered=True, ranked=True)

    # What is worth knowing

    def knowing(self) -> tuple[Block, ...]:
        study, everything = self.answer.study, self.answer.everything
        if study is None:
            return ()
        named = (
            (study.kinds, "known_instruments", say("Effects of an instrument on an objective")),
            (study.programmes, "known_programmes", say("All effects of a programme")),
            (study.effects, "known_effects", say("Single effects")),
        )
        tables = [self.known(found, name, title) for found, name, title in named if found]
        if not tables:
            return (say("No effect has a range, so there is nothing to study."),)
        said = [
            say(
                "Worth of knowing: points that a plan made for the true effects adds to the plan that is best for what "
                "effects are on average; an estimate from {points} values of the effects concerned, the others at "
                "their means, with its standard error.",
                points=study.points,
            )
        ]
        if everything is not None:
            said.append(
                say(
                    "Knowing every effect would add at most {points} points (± {error}) to the plan that is best on "
                    "average.",
                    points=_points(everything.mean),
                    error=_points(everything.error),
                )
            )
        foremost = next(found for found, _, _ in named if found)
        return (
            self.figure_of_knowledge(foremost, tables[0]),
            *tables[1:],
            Callout(say("How to read the worths"), tuple(said)),
        )

    def figure_of_knowledge(self, found: Sequence[Knowledge], table: Table) -> Figure:
        """What knowing would be worth, with its standard error."""
        first = found[0]
        return Figure(
            name="knowledge",
            kind="spans",
            message=say(
                "{subject}: most worth knowing, {points} points.",
                subject=subject_in_words(self.portfolio, first),
                points=_points(first.worth),
            ),
            subject=say("Points that knowing the effects would add, with the standard error of the estimate"),
            tables=(table,),
            marks=tuple(Mark(subject_in_words(self.portfolio, known)) for known in found),
            across=(Mark(say("Standard error")), Mark(say("Worth of knowing"))),
            values=tuple(
                (number(k.worth), number(max(k.worth - k.error, 0.0)), number(k.worth + k.error)) for k in found
            ),
            decimals=3,
            unit=say("points"),
            source=say(
                "{count} solves of one model.", count=counted(self.answer.study.solves if self.answer.study else 0)
            ),
        )

    def known(self, found: Sequence[Knowledge], name: str, title: Words) -> Table:
        """A row a subject of study."""
        columns = [
            Column(title),
            Column(say("Worth of knowing (points)"), "points", 4),
            Column(say("Standard error"), "points", 4),
            Column(say("Money that it would move ({unit})", unit=self.unit), "money", self.decimals),
            Column(say("Effects"), "count", 0),
        ]
        rows: list[Sequence[Cell]] = [
            (
                subject_in_words(self.portfolio, k),
                number(k.worth),
                number(k.error),
                maybe(k.moved),
                len(k.subject.effects),
            )
            for k in found
        ]
        return table_of(name, title, columns, rows)

    # Programmes and lines

    def programmes(self) -> tuple[Block, ...]:
        """Money over the draws of the programmes where it differs most."""
        spreads, widest = self.spreads, list(self.spreads)[:MOST_BARS]
        table = self.spreads_table("widest_programmes", widest)
        shown = [name for name in widest if spreads[name].high - spreads[name].low >= 0.01]
        if not shown:
            return (say("Every programme gets the same money whatever the effects are."), table)
        figure = Figure(
            name="programmes_over_draws",
            kind="spans",
            message=say(
                "{name} depends most on what the effects are.", name=name_of(self.portfolio.programmes[shown[0]])
            ),
            subject=say("Money of the programmes that depend most on the effects"),
            tables=(table,),
            marks=tuple(Mark(name_of(self.portfolio.programmes[name])) for name in shown),
            across=(Mark(NINE_IN_TEN), Mark(PLANS["today"]), Mark(say("Median"))),
            values=tuple(
                (self.found.today_totals[name], number(s.low), number(s.high), number(s.median))
                for name, s in ((name, spreads[name]) for name in shown)
            ),
            decimals=self.decimals,
            unit=self.unit,
            source=say("{count} draws, each solved.", count=self.found.solved),
        )
        return (figure,)

    def all_programmes(self) -> tuple[Block, ...]:
        """Where they are many, money of each programme over the draws, for the workbook alone."""
        return (self.spreads_table("programme_spreads", list(self.spreads)),) if len(self.spreads) > MOST_BARS else ()

    @cached_property
    def spreads(self) -> dict[str, Spread]:
        """How much the money of each programme differs over the draws, the widest first."""
        spreads = {name: spread_of(money) for name, money in self.found.totals.items()}
        return dict(sorted(spreads.items(), key=lambda each: each[1].low - each[1].high))

    def spreads_table(self, name: str, programmes: Sequence[str]) -> Table:
        """A row for each of some programmes."""
        columns = [
            Column(say("Programme")),
            Column(PLANS["today"], "money", self.decimals),
            Column(say("Mean"), "money", self.decimals),
            Column(say("In one draw of twenty, less than"), "money", self.decimals),
            Column(say("Median"), "money", self.decimals),
            Column(say("In one draw of twenty, more than"), "money", self.decimals),
        ]
        rows: list[Sequence[Cell]] = [
            (
                name_of(self.portfolio.programmes[name]),
                self.found.today_totals[name],
                *map(number, (s.mean, s.low, s.median, s.high)),
            )
            for name, s in ((name, self.spreads[name]) for name in programmes)
        ]
        title = say("Money by programme over the draws, the widest first")
        note = say("Over the horizon; amounts of draws are before rounding.")
        is_long = len(rows) > MOST_BARS
        return table_of(name, title, columns, rows, unit=self.unit, note=note, filtered=is_long, ranked=is_long)

    def lines(self) -> Table:
        """Every line, the widest first."""
        columns = [
            Column(say("Programme")),
            Column(say("Fiscal year")),
            Column(PLANS["today"], "money", self.decimals),
            Column(say("In the plan"), "share", 1),
            Column(say("Above its minimum"), "share", 1),
            Column(say("Mean"), "money", self.decimals),
            Column(say("In one draw of twenty, less than"), "money", self.decimals),
            Column(say("Median"), "money", self.decimals),
            Column(say("In one draw of twenty, more than"), "money", self.decimals),
        ]
        rows: list[Sequence[Cell]] = [
            (
                name_of(self.portfolio.programmes[line.programme]),
                fiscal.year_name(self.found.today.fiscal_year(line.year)),
                line.today,
                number(line.share),
                number(line.above_minimum),
                *map(number, (line.spread.mean, line.spread.low, line.spread.median, line.spread.high)),
            )
            for line in sorted(self.found.lines, key=lambda line: line.spread.low - line.spread.high)
        ]
        note = say("In the plan: share of the draws in which the line gets at least one publish unit.")
        title = say("Amount of each line over the draws, the widest first")
        return table_of("line_spreads", title, columns, rows, unit=self.unit, note=note, filtered=True, ranked=True)

    def certain(self) -> tuple[Block, ...]:
        """Effects that were not drawn."""
        certain = self.found.draws.certain
        if not certain:
            return ()
        columns = [
            Column(say("Programme")),
            Column(say("Objective")),
            Column(say("Region")),
            Column(say("Score"), "number", 4),
            Column(say("Cell")),
        ]
        table = self.portfolio.tables["Effects"]
        rows = [
            (
                name_of(self.portfolio.programmes[e.programme]),
                name_of(self.portfolio.objectives[e.objective]),
                name_of(self.portfolio.regions[e.region]),
                e.score,
                f"{table.title} {table.cell('score', e.row)}",
            )
            for e in certain
        ]
        title = say("Effects without a range, taken as certain")
        return (table_of("certain_effects", title, columns, rows, filtered=True),)


def _points(value: float) -> Words:
    return quantity(number(value), "points", 3)


def _by_programme(plan: Plan) -> dict[str, Fraction]:
    totals: dict[str, Fraction] = {}
    for (name, _), amount in plan.spending.items():
        totals[name] = totals.get(name, Fraction(0)) + amount
    return totals
