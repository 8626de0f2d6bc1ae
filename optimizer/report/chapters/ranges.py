"""The report of ``haibun ranges``: the room of each line to move, and three other plans nearly as good."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

from optimizer import fiscal
from optimizer.portfolio import Portfolio, Programme
from optimizer.questions.alternatives import Alternative
from optimizer.questions.ranges import TOUCHES, Range, Ranges
from optimizer.report.chapters.answers import Told, counted, how_to_read, number, subtitle
from optimizer.report.document import Block, Cell, Column, Document, Figure, Mark, Section, Table, quantity, table_of
from optimizer.results import FAMILY_NAMES, family_name
from optimizer.run import OpenBook
from optimizer.words import Words, name_of, say

MOST_BARS = 15
MOST_ON_A_PAGE = 200
CLASSES = {"core": say("core"), "negotiable": say("negotiable"), "excluded": say("excluded")}
NO_ROOM = say("No line can move at all within this tolerance.")


def ranges_document(
    book: OpenBook, found: Ranges, others: Sequence[Alternative], scenario: str, sets: Sequence[str] = ()
) -> Document:
    """The whole report of an answer and its alternatives (none: the chapter says so)."""
    return _ToldRanges(book.portfolio, found, others).document(book, subtitle(book.portfolio, scenario, sets))


class _ToldRanges(Told):
    def __init__(self, portfolio: Portfolio, found: Ranges, others: Sequence[Alternative]) -> None:
        super().__init__(portfolio)
        self.found, self.others = found, others

    def sections(self) -> tuple[Section, ...]:
        whole = self.table(sorted(self.found.lines, key=_narrowness))
        shown = whole if len(whole.rows) <= MOST_ON_A_PAGE else self.table(self.widest(MOST_ON_A_PAGE))
        return (
            Section("ranges", say("Room to move"), self.front()),
            Section("alternatives", say("Other plans nearly as good"), self.alternatives()),
            Section("range_lines", say("All ranges"), (whole,), (shown,)),
        )

    def message(self) -> Words:
        """The answer in one sentence."""
        kinds = Counter(line.kind for line in self.found.lines)
        return say(
            "Within {within} points of the best score, {core} of {count} lines always get money, {excluded} never; "
            "{negotiable} are open to negotiation.",
            within=quantity(number(self.found.within), "number", 6),
            count=counted(len(self.found.lines)),
            **{kind: counted(kinds[kind]) for kind in CLASSES},
        )

    def front(self) -> tuple[Block, ...]:
        reading = how_to_read(
            say("Each end is a plan of its own: not all lines can be at their ends at once."),
            say("The best plan is the only one: no other reaches its score.")
            if self.found.is_unique
            else say("The best plan is not the only one: other plans reach the same score."),
        )
        return (self.figure(), reading) if self.widest(1) else (NO_ROOM, reading)

    def widest(self, most: int) -> list[Range]:
        """The lines with the most room, widest first."""
        able = [line for line in self.found.lines if line.high - line.low > TOUCHES]
        return sorted(able, key=_narrowness)[:most]

    def figure(self) -> Figure:
        """The lines with the most room: the amount of the best plan on its range."""
        shown = self.widest(MOST_BARS)
        return Figure(
            name="ranges_widest",
            kind="spans",
            message=self.message(),
            subject=say("Least, most and best amount of the lines with the most room"),
            tables=(self.table(shown, "widest_lines", say("Lines with the most room")),),
            marks=tuple(Mark(self._line_name(line)) for line in shown),
            across=(Mark(say("Range")), Mark(say("Best plan"))),
            values=tuple((number(line.amount), number(line.low), number(line.high)) for line in shown),
            decimals=self.decimals,
            unit=self.unit,
            source=say("Two solves for each line."),
        )

    def _line_name(self, line: Range) -> Words:
        year = fiscal.year_name(self.portfolio.settings.first_year + line.year)
        return say("{name}, {year}", name=name_of(self.portfolio.programmes[line.programme]), year=year)

    def table(self, lines: Sequence[Range], name: str = "line_ranges", title: Words | None = None) -> Table:
        """A row a line."""
        columns = [
            Column(say("Line")),
            Column(say("Best plan"), "money", self.decimals),
            Column(say("Least"), "money", self.decimals),
            Column(say("Most"), "money", self.decimals),
            Column(say("Class")),
            Column(say("Most less best"), "money", self.decimals, less=(3, 1), page=False),
            Column(say("Best less least"), "money", self.decimals, less=(1, 2), page=False),
        ]
        rows = [
            (self._line_name(line), number(line.amount), number(line.low), number(line.high), CLASSES[line.kind])
            for line in lines
        ]
        note = say("Before rounding. Core: always gets money. Excluded: never. Negotiable: may get nothing.")
        title = title or say("Least and most of each line, the widest range first")
        return table_of(name, title, columns, rows, unit=self.unit, note=note, filtered=True, ranked=True)

    # Alternatives

    def alternatives(self) -> tuple[Block, ...]:
        """Scores, and money by family and region, of the best plan and the alternatives."""
        made = [other for other in self.others if other.result is not None]
        if not made:
            return (say("No other published plan keeps within this tolerance."),)
        families = self._side_by_side(
            "alternatives_by_family", say("Money by family"), list(FAMILY_NAMES), family_name, lambda p: p.family
        )
        regions = self._side_by_side(
            "alternatives_by_region",
            say("Money by region"),
            list(self.portfolio.regions),
            lambda region: name_of(self.portfolio.regions[region]),
            lambda p: p.region,
        )
        return (self._scores(), families, regions)

    def _scores(self) -> Table:
        columns = [
            Column(say("Plan")),
            Column(say("Score (points)"), "points", 4),
            Column(say("Below the best (points)"), "points", 4),
            Column(say("Money that moves against the best plan ({unit})", unit=self.unit), "money", self.decimals),
        ]
        best = {(line.programme, line.year): number(line.amount) for line in self.found.lines}
        rows: list[Sequence[Cell]] = [(say("Best plan"), number(self.found.score), Fraction(0), Fraction(0))]
        for other in self.others:
            if other.result is None:
                rows.append((other.name, None, None, None))
                continue
            spending, score = other.result.plan.spending, number(float(other.result.proof.score))
            moved = sum((max(spending[cell] - amount, Fraction(0)) for cell, amount in best.items()), Fraction(0))
            rows.append((other.name, score, number(self.found.score) - score, moved))
        note = say(
            "The best plan is before rounding; the others are published and proved, each in a folder of its own. "
            "A blank: no such plan keeps within the tolerance once it is rounded."
        )
        return table_of("alternative_plans", say("Plans nearly as good"), columns, rows, note=note)

    def _side_by_side(
        self,
        name: str,
        title: Words,
        order: Sequence[str],
        named: Callable[[str], Words],
        of: Callable[[Programme], str],
    ) -> Table:
        programmes = self.portfolio.programmes
        best: dict[str, Fraction] = defaultdict(Fraction)
        for line in self.found.lines:
            best[of(programmes[line.programme])] += number(line.amount)
        plans: list[Mapping[str, Fraction]] = [best]
        headings = [say("Best plan")]
        for other in self.others:
            if other.result is not None:
                sums = other.result.totals_by(of)
                plans.append({key: sum(amounts, Fraction(0)) for key, amounts in sums.items()})
                headings.append(other.name)
        keys = [key for key in dict.fromkeys([*order, *best]) if any(plan.get(key) for plan in plans)]
        columns = [
            Column(title),
            *(Column(heading, "money", self.decimals, summed=True) for heading in headings),
        ]
        rows: list[Sequence[Cell]] = [(named(key), *(plan.get(key, Fraction(0)) for plan in plans)) for key in keys]
        return table_of(name, title, columns, rows, unit=self.unit)


def _narrowness(line: Range) -> float:
    """Sorts the lines with the most room first."""
    return line.low - line.high
