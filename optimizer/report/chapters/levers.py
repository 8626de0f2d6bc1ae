"""The report of ``haibun levers``: each lever's worth with its range, the company it keeps, the money it moves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from optimizer import fiscal, units
from optimizer.questions.levers import Levers, Move, Worth
from optimizer.questions.levers_tables import NO_LEVER, for_its_money, how_estimated, over_which_orders
from optimizer.report.chapters.answers import Told, how_to_read, maybe, number, subtitle
from optimizer.report.document import (
    Block,
    Cell,
    Column,
    Document,
    Figure,
    Mark,
    Points,
    Section,
    Table,
    quantity,
    table_of,
)
from optimizer.run import OpenBook
from optimizer.words import Name, Words, name_of, say

MOST_MOVES = 12
MOST_ON_A_PAGE = 24
NO_PLAN = say("(no plan)")
ALONE, LAST = say("alone"), say("after all others")
IN_COMPANY = say("Alone"), say("After all others")


def levers_document(book: OpenBook, found: Levers) -> Document:
    """The whole report of an answer."""
    return _ToldLevers(found).document(book, subtitle(book.portfolio, found.scenario, found.sets))


class _ToldLevers(Told):
    def __init__(self, found: Levers) -> None:
        super().__init__(found.portfolio)
        self.found = found
        self.per = units.amount(f"{found.per:,}", self.portfolio.settings.unit)

    def sections(self) -> tuple[Section, ...]:
        combinations = self.combinations()
        shown = combinations if len(combinations.rows) <= MOST_ON_A_PAGE else self.combinations(MOST_ON_A_PAGE)
        return (
            Section("worth", say("What the levers are worth"), self.front()),
            Section("company", say("Levers in company"), self.company()),
            Section("moves", say("Money that the levers move"), (self.moves(),)),
            Section("combinations", say("All combinations"), (combinations,), (shown,)),
        )

    def message(self) -> Words:
        """The answer in one sentence."""
        found = self.found
        if not found.worths:
            return NO_LEVER
        if found.none_on is None or found.all_on is None or found.worths[0].worth is None:
            return say("The levers cannot all be valued: combinations on the way have no plan.")
        return say(
            "All {count} levers together raise the score from {none} to {all}; {first} is worth most, {points} points.",
            count=len(found.worths),
            none=quantity(number(found.none_on), "points"),
            all=quantity(number(found.all_on), "points"),
            first=name_of(found.worths[0].lever),
            points=quantity(number(found.worths[0].worth), "change"),
        )

    def front(self) -> tuple[Block, ...]:
        if not self.found.worths:
            return (NO_LEVER,)
        return (self.figure(), how_to_read(*self.reading()))

    def reading(self) -> Iterator[Words]:
        """What a worth is, and what it is not."""
        yield say(
            "The worth of a lever is what it adds, averaged over all orders in which the levers could be adopted "
            "(Shapley value), so that the worths add up to what all of them add. All combinations spend the same "
            "appropriations."
        )
        yield say(
            "A lever that opens little money can be worth much for its money: see the column of points for money "
            "opened."
        )
        yield from for_its_money(self.found)
        yield from how_estimated(self.found)
        if self.found.infeasible:
            yield say("{count} combination(s) have no plan.", count=len(self.found.infeasible))
            yield over_which_orders(self.found)

    def figure(self) -> Figure:
        """Worths, ranked, each with its range over all combinations of the others."""
        worths = self.found.worths
        return Figure(
            name="worths",
            kind="spans",
            message=self.message(),
            subject=say("Points that each lever adds: average, range, alone, and after all others"),
            tables=(self.table(),),
            marks=tuple(Mark(name_of(worth.lever)) for worth in worths),
            across=tuple(Mark(name) for name in (say("Range over all combinations"), say("Worth"), *IN_COMPANY)),
            values=tuple(
                (maybe(w.worth), maybe(w.least), maybe(w.most), maybe(w.alone), maybe(w.last)) for w in worths
            ),
            decimals=2,
            unit=say("points"),
            source=say("{count} combinations of levers, each solved before rounding.", count=len(self.found.scores)),
            is_open=True,
        )

    def table(self) -> Table:
        """A row a lever; the worths add up."""
        estimated = [Column(say("Standard error"), "points", 4)] if self.found.seed is not None else []
        shift = len(estimated)
        columns = [
            Column(say("Lever")),
            Column(say("Worth"), "change", 4, summed=True),
            *estimated,
            Column(say("Alone"), "change", 4),
            Column(say("After all others"), "change", 4),
            Column(say("Least"), "change", 4),
            Column(say("Most"), "change", 4),
            Column(say("Money opened ({unit})", unit=self.unit), "money", self.decimals),
            Column(say("Points for {amount} opened", amount=self.per), "points", 4),
            Column(say("Money moved ({unit})", unit=self.unit), "money", self.decimals),
            Column(say("Most less worth"), "points", 4, less=(5 + shift, 1), page=False),
            Column(say("Worth less least"), "points", 4, less=(1, 4 + shift), page=False),
        ]
        rows = [self._row(worth, bool(estimated)) for worth in self.found.worths]
        note = say(
            "Money opened: what the programmes that exist only with the lever get when it comes alone, and the points "
            "that it then adds for that money. Money moved: what finds another programme when the lever joins all "
            "others. Both are summed over the horizon."
        )
        return table_of("worths_table", say("What each lever is worth (points)"), columns, rows, note=note)

    def _row(self, worth: Worth, has_error: bool) -> tuple[Cell, ...]:
        return (
            name_of(worth.lever),
            maybe(worth.worth),
            *([maybe(worth.error)] if has_error else []),
            maybe(worth.alone),
            maybe(worth.last),
            maybe(worth.least),
            maybe(worth.most),
            maybe(worth.opened_alone),
            None if worth.rate is None else number(worth.rate * self.found.per),
            maybe(worth.moved),
        )

    def company(self) -> tuple[Block, ...]:
        """Pairs, strongest first."""
        pairs = self.found.pairs
        if not pairs:
            return (say("Pairs are valued where all combinations were solved and some of each pair have a plan."),)
        columns = [
            Column(say("Lever")),
            Column(say("Lever in company")),
            Column(say("Together (points)"), "change", 4),
            Column(say("What they do")),
        ]
        rows: list[Sequence[Cell]] = [
            (name_of(p.first), name_of(p.second), number(p.points), _in_company(number(p.points))) for p in pairs
        ]
        help_, hinder = [p for p in pairs if p.points > 0], [p for p in pairs if p.points < 0]
        said = []
        if help_ and number(help_[0].points):
            said.append(
                say(
                    "{first} and {second} gain most by company: {points} points.",
                    first=name_of(help_[0].first),
                    second=name_of(help_[0].second),
                    points=quantity(number(help_[0].points), "change", 4),
                )
            )
        if hinder and number(hinder[0].points):
            said.append(
                say(
                    "{first} and {second} most do each other's work: {points} points.",
                    first=name_of(hinder[0].first),
                    second=name_of(hinder[0].second),
                    points=quantity(number(hinder[0].points), "change", 4),
                )
            )
        note = say(
            "Points of two levers together beyond what each adds by itself, averaged over what was adopted before them "
            "(Shapley's interaction index)."
        )
        table = table_of("pairs", say("Pairs of levers"), columns, rows, note=note)
        return (Points(say("In short"), tuple(said)), table) if said else (table,)

    def moves(self) -> Table:
        """The lines that each lever moves most."""
        columns = [
            Column(say("Lever")),
            Column(say("When it joins")),
            Column(say("Programme")),
            Column(say("Change, total ({unit})", unit=self.unit), "change", self.decimals),
        ]
        rows = [
            (name_of(worth.lever), when, self._programme(move), number(move.change))
            for worth in self.found.worths
            for when, moves in ((ALONE, worth.moves_alone), (LAST, worth.moves_last))
            for move in moves[:MOST_MOVES]
        ]
        note = say(
            "The {count} lines that move most, by lever; summed over the horizon, before rounding. Of equally good "
            "plans those nearest to today are compared.",
            count=MOST_MOVES,
        )
        return table_of("lever_moves", say("Lines that move most"), columns, rows, note=note, filtered=True)

    def _programme(self, move: Move) -> Words:
        return name_of(self.portfolio.programmes[move.programme])

    def combinations(self, most: int | None = None) -> Table:
        """Every combination that was solved, best first (the page: the best of them)."""
        columns = [Column(say("Score (points)"), "points", 4), Column(say("Levers on"), "long"), Column(say("State"))]
        scored = sorted(self.found.scores.items(), key=lambda pair: (-(pair[1] or 0.0), len(pair[0]), sorted(pair[0])))
        rows: list[Sequence[Cell]] = [
            (maybe(score), self._named(on), NO_PLAN if score is None else say("optimal")) for on, score in scored[:most]
        ]
        title = say("Combinations of levers, best first")
        if most is not None:
            title = say("The best {count} combinations of levers (all of them are in report.xlsx)", count=most)
        return table_of("lever_combinations", title, columns, rows, filtered=True, ranked=True)

    def _named(self, on: frozenset[str]) -> Words:
        names = [name_of(lever) for lever in self.portfolio.levers.values() if lever.id in on]
        return fiscal.listed(names) if names else Name("–")


def _in_company(points: Fraction) -> Words:
    if not points:
        return say("add up")
    return say("help each other") if points > 0 else say("do part of each other's work")
