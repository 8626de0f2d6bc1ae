"""The reports of ``haibun frontier``: what the next unit of money buys, and what one freedom costs the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from optimizer import units
from optimizer.questions.freedoms import Freedoms
from optimizer.questions.frontier import Frontier, tenths_between
from optimizer.questions.frontier_tables import PASSAGES
from optimizer.report.chapters.answers import Told, counted, how_to_read, maybe, number, subtitle
from optimizer.report.document import Block, Cell, Column, Document, Figure, Mark, Section, Table, quantity, table_of
from optimizer.run import OpenBook
from optimizer.words import Words, name_of, say


def frontier_document(book: OpenBook, found: Frontier) -> Document:
    """The whole report of an answer."""
    return _ToldFrontier(found).document(book, subtitle(book.portfolio, found.scenario, found.sets))


class _ToldFrontier(Told):
    def __init__(self, found: Frontier) -> None:
        super().__init__(found.portfolio)
        self.found = found
        self.one = units.amount("1", self.portfolio.settings.unit)

    def sections(self) -> tuple[Section, ...]:
        return (
            Section("frontier", say("What money buys"), (self.figure(), how_to_read(*self.reading()))),
            Section("passages", say("What enters and leaves"), self.passages()),
            Section("pieces", say("All pieces"), (self.table(),)),
        )

    def message(self) -> Words:
        """The answer in one sentence."""
        scores = {point.factor: point.score for point in self.found.points}
        today, more, less = scores.get(1.0), scores.get(1.1), scores.get(0.9)
        if today is None or more is None or less is None:
            first, last = self.found.points[0], self.found.points[-1]
            return say(
                "From {low} to {high} times today's money the best score grows from {least} to {most} points.",
                low=quantity(number(first.factor), "number", 4),
                high=quantity(number(last.factor), "number", 4),
                least=quantity(number(first.score), "points"),
                most=quantity(number(last.score), "points"),
            )
        return say(
            "Today's money buys {score} points; a tenth more adds {gain}, a tenth less costs {loss}.",
            score=quantity(number(today), "points"),
            gain=quantity(number(more - today), "points"),
            loss=quantity(number(today - less), "points"),
        )

    def reading(self) -> list[Words]:
        """How sure the line is, and whose money it is."""
        known = [point.error for point in self.found.points if point.error is not None]
        said = []
        if len(known) == len(self.found.points):
            said.append(
                say(
                    "Between two points the best score lies within {error} points of the straight line: the tangents "
                    "at the points (row prices) bound it from above, the line from below.",
                    error=quantity(number(max(known)), "points", 4),
                )
            )
        if self.found.has_indivisible:
            said.append(say("Indivisible programmes are whole at every point; between points the score can jump."))
        if self.found.account is not None:
            account = self.portfolio.accounts[self.found.account]
            said.append(say("Only the appropriation of {account} is scaled.", account=name_of(account)))
        else:
            said.append(say("All appropriations are scaled alike, every year; carry-over and transfers with them."))
        return said

    def figure(self) -> Figure:
        """Score against money, and the price of money below it."""
        return Figure(
            name="frontier_curve",
            kind="curve",
            message=self.message(),
            subject=say("Best score (above) and points for {one} more (below) against the budget", one=self.one),
            tables=(self.at_round_factors(),),
            marks=(Mark(say("Best score")), Mark(say("Points for {one} more", one=self.one))),
            values=tuple(
                (number(p.budget), number(p.score), number(p.marginal), number(p.factor)) for p in self.found.points
            ),
            decimals=self.decimals,
            unit=say("Budget over the horizon ({unit})", unit=self.unit),
            source=say("{count} solves of one model.", count=counted(self.found.solves)),
        )

    def at_round_factors(self) -> Table:
        """The ends, and each tenth of today's budget between them."""
        points = self.found.points
        first, last = points[0].factor, points[-1].factor
        shown = [point for point in points if point.factor in {first, last, *tenths_between(first, last)}]
        columns = [
            Column(say("Budget")),
            Column(say("Budget factor"), "points", 4),
            Column(say("Budget ({unit})", unit=self.unit), "money", self.decimals),
            Column(say("Score (points)"), "points", 4),
            Column(say("Against today (points)"), "change", 4),
            Column(say("Points for {one} more", one=self.one), "points", 6),
            Column(say("Error (points)"), "points", 6),
        ]
        today = next((point.score for point in points if point.factor == 1), None)
        rows: list[Sequence[Cell]] = [
            (
                self._standing(p.factor, first),
                number(p.factor),
                number(p.budget),
                number(p.score),
                None if today is None else number(p.score) - number(today),
                number(p.marginal),
                maybe(p.error),
            )
            for p in shown
        ]
        return table_of("frontier_round", say("Best score at round factors"), columns, rows)

    def _standing(self, factor: float, first: float) -> Words:
        if factor == 1:
            return say("Today's budget")
        if factor == first and factor not in tenths_between(0.0, 1 + factor):
            return say("The least budget that has a plan")
        share = quantity(number(abs(factor - 1)), "share", 0)
        return (
            say("{share} more than today", share=share) if factor > 1 else say("{share} less than today", share=share)
        )

    def table(self) -> Table:
        """A row for each end of a piece."""
        columns = [
            Column(say("Budget factor"), "points", 4),
            Column(say("Budget ({unit})", unit=self.unit), "money", self.decimals),
            Column(say("Score (points)"), "points", 4),
            Column(say("Points for {one} more", one=self.one), "points", 6),
            Column(say("Error (points)"), "points", 6),
        ]
        rows = [
            (number(p.factor), number(p.budget), number(p.score), number(p.marginal), maybe(p.error))
            for p in self.found.points
        ]
        return table_of("frontier_table", say("Best score against money"), columns, rows, filtered=True)

    def passages(self) -> tuple[Block, ...]:
        """Programmes that enter or leave the plan as money grows."""
        if not self.found.passages:
            return (say("No programme enters or leaves the plan or its minimum on the way; only amounts change."),)
        columns = [
            Column(say("Programme")),
            Column(say("What happens")),
            Column(say("From factor"), "points", 4),
            Column(say("To factor"), "points", 4),
        ]
        rows: list[Sequence[Cell]] = [
            (
                name_of(self.portfolio.programmes[p.programme]),
                PASSAGES[p.enters, p.from_minimum],
                number(p.low),
                number(p.high),
            )
            for p in self.found.passages
        ]
        return (table_of("passages", say("Programmes that enter or leave as money grows"), columns, rows),)


def freedoms_document(book: OpenBook, found: Freedoms) -> Document:
    """The whole report of want against fear."""
    return _ToldFreedoms(found).document(book, subtitle(book.portfolio, found.scenario, found.sets))


class _ToldFreedoms(Told):
    def __init__(self, found: Freedoms) -> None:
        super().__init__(found.portfolio)
        self.found = found

    def sections(self) -> tuple[Section, ...]:
        reading = how_to_read(*self.reading())
        return (Section("freedoms", say("Want against fear"), (self.figure(), reading)),)

    def message(self) -> Words:
        """The answer in one sentence."""
        points = self.found.points
        today = points[self.found.today]
        return say(
            "Today's weights meet {want} of want and {fear} of fear; at most {most_want} and {most_fear} could be met.",
            want=_of_need(today.want),
            fear=_of_need(today.fear),
            most_want=_of_need(points[-1].want),
            most_fear=_of_need(points[0].fear),
        )

    def reading(self) -> Iterator[Words]:
        """What slides, and how sure the line is."""
        yield say("The weight slides from all on fear to all on want; rules, money and needs stay as they are.")
        yield say(
            "Between two points the frontier lies within {error} points above the line through them.",
            error=quantity(number(max(point.error for point in self.found.points)), "points", 4),
        )
        if self.found.has_indivisible:
            yield say("Indivisible programmes are whole in every plan shown; between them not every point is a plan.")

    def figure(self) -> Figure:
        """One freedom against the other, and what one costs the other below it."""
        found = self.found
        return Figure(
            name="freedoms_curve",
            kind="curve",
            message=self.message(),
            subject=say("Freedom from fear against freedom from want, in per cent of the weighted need"),
            tables=(self.balances(),),
            marks=(Mark(say("Freedom from fear, %")), Mark(say("Points of fear for one point of want"))),
            values=tuple(
                (number(p.want), number(p.fear), maybe(p.exchange), number(float(n == found.today)))
                for n, p in enumerate(found.points)
            ),
            unit=say("Freedom from want, %"),
            source=say("{count} solves of one model.", count=counted(found.solves)),
        )

    def balances(self) -> Table:
        """A row for each plan on the frontier."""
        points = self.found.points
        columns = [
            Column(say("Weights")),
            Column(say("Score (points)"), "points", 4),
            Column(say("Freedom from want, %"), "points", 4),
            Column(say("Freedom from fear, %"), "points", 4),
            Column(say("Points of fear for one point of want"), "points", 4),
            Column(say("Error (points)"), "points", 6),
        ]
        named = {0: say("all on fear"), len(points) - 1: say("all on want"), self.found.today: say("today's")}
        rows: list[Sequence[Cell]] = [
            (named.get(n), number(p.score), number(p.want), number(p.fear), maybe(p.exchange), number(p.error))
            for n, p in enumerate(points)
        ]
        return table_of("freedoms_table", say("Plans on the frontier of want and fear"), columns, rows)


def _of_need(points: float) -> Words:
    return quantity(number(points) / 100, "share", 1)
