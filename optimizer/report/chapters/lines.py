"""Every line of a plan: its money by year, grouped by region and family, and why it got what it got."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction
from functools import reduce

from optimizer import fiscal
from optimizer.places import without_year
from optimizer.portfolio import Programme
from optimizer.report import terms
from optimizer.report.chapters.money import Money, kept_baseline
from optimizer.report.document import ZERO, Cell, Column, Table, exact_sum, table_of
from optimizer.results import VERDICTS, Line, family_name, instrument_name
from optimizer.words import Words, name_of, say

MOST_ON_A_PAGE, MOST_TOLD_ON_PAPER, MOST_NAMED = 700, 300, 5
VERDICT = 3
"""Its column in the table of reasons; the reason stands in the next."""
PLACES = 9
"""Of points, as in allocation.csv."""
FIRST = (Column(say("Programme")), Column(say("Region")))
TOLD = (Column(say("Verdict"), "long"), Column(say("Reason"), "long"))
ASIDE = tuple(
    Column(heading, page=False)
    for heading in (say("Family"), say("Id"), say("Instrument"), say("Country"), say("Account"), say("Agency"))
)
VERDICT_NOTE = say(
    "Verdict: maximum, minimum, nothing or part of the range between; pinned where the scenario fixes the amount. "
    "An empty year is outside the programme's years."
)


class Lines:
    """The lines of one result, by programme: regions in the workbook's order, in each the families."""

    def __init__(self, money: Money) -> None:
        self.money, self.result, self.portfolio = money, money.result, money.portfolio
        self.first_year, self.years = self.portfolio.settings.first_year, self.portfolio.settings.years
        regions = {region: number for number, region in enumerate(money.region_names)}
        families = {family: number for number, family in enumerate(money.families())}
        self.by_programme = sorted(
            money.by_programme(),
            key=lambda lines: (regions[lines[0].programme.region], families[lines[0].programme.family]),
        )

    def table(self, most: int | None = None, told: bool = True) -> Table:
        """A row for each programme, with ``told`` its verdict and reason too.

        Beyond ``most`` the smallest ones are one row, so that the table still foots.
        """
        shown, rest = self._largest(most)
        rows = [self._line(lines, told) for lines in shown]
        if rest:
            rows.append(self._rest(rest, told))
        columns = [*self.money.columns(FIRST), *(TOLD if told else ()), *ASIDE]
        family = len(columns) - len(ASIDE)
        return table_of(
            "lines",
            say("Every line: programmes and years"),
            columns,
            rows,
            unit=self.money.unit,
            note=VERDICT_NOTE if told else TOLD_ELSEWHERE,
            filtered=True,
            grouped_by=(1, family),
            key=family + 1,
        )

    def _largest(self, most: int | None) -> tuple[list[list[Line]], list[Programme]]:
        """The lines of the ``most`` programmes that get most, in their order, and the other programmes."""
        if most is None or len(self.by_programme) <= most:
            return self.by_programme, []
        order = sorted(self.by_programme, key=lambda lines: -exact_sum(line.amount for line in lines))
        largest = {lines[0].programme.id for lines in order[:most]}
        return (
            [lines for lines in self.by_programme if lines[0].programme.id in largest],
            [lines[0].programme for lines in self.by_programme if lines[0].programme.id not in largest],
        )

    def _line(self, lines: Sequence[Line], told: bool) -> tuple[Cell, ...]:
        programme = lines[0].programme
        amounts: list[Fraction | None] = [None] * self.years
        for line in lines:
            amounts[line.year] = line.amount
        why = (
            _in_runs([(line.year, VERDICTS[line.verdict]) for line in lines], self.first_year),
            _in_runs([(line.year, without_year(line.reason)) for line in lines], self.first_year),
        )
        return (
            name_of(programme),
            self.money.region_names[programme.region],
            programme.baseline,
            *amounts,
            kept_baseline(programme),
            *(why if told else ()),
            *self._aside(programme),
        )

    def _aside(self, programme: Programme) -> tuple[Cell, ...]:
        country = self.portfolio.countries.get(programme.country)
        return (
            family_name(programme.family),
            programme.id,
            instrument_name(programme.instrument),
            name_of(country) if country else "",
            self.money.account_names[programme.account],
            terms.usual(programme.agency),
        )

    def _rest(self, programmes: Sequence[Programme], told: bool) -> tuple[Cell, ...]:
        """The programmes that a page has no room for, in one row."""
        ids = {programme.id for programme in programmes}
        return (
            _smaller(programmes),
            "",
            exact_sum(p.baseline or ZERO for p in programmes),
            *(self.result.total(lambda p, t, y=t: p.id in ids and t == y) for t in range(self.years)),  # type: ignore[misc]
            exact_sum(kept_baseline(p) for p in programmes),
            *[""] * (len(TOLD) * told + len(ASIDE)),
        )

    def reasons(self) -> Table:
        """A row for each line: its verdict, its reason, and what a step more and its last step are worth.

        The lines of a programme are folded under one row that says in short why it got what it got.
        """
        shown = [line for lines in self.by_programme for line in lines]
        columns = [
            FIRST[0],
            Column(say("Fiscal year")),
            self.money.column(say("Plan")),
            *TOLD,
            Column(say("One step more adds (points)"), "points", 6),
            Column(say("Its last step adds (points)"), "points", 6),
            Column(say("Region"), page=False),
            *ASIDE[:2],
        ]
        rows = [
            (
                name_of(line.programme),
                self.money.years[line.year],
                line.amount,
                VERDICTS[line.verdict],
                without_year(line.reason),
                _points(line.cause.next_points),
                _points(line.cause.last_points),
                self.money.region_names[line.programme.region],
                *self._aside(line.programme)[:2],
            )
            for line in shown
        ]

        def in_short(first: int, last: int) -> dict[int, Cell]:
            lines = shown[first:last]
            by_year = [(line.year, self.result.in_short(line)) for line in lines]
            return {
                0: name_of(lines[0].programme),
                VERDICT: _verdicts(lines),
                VERDICT + 1: _in_runs(by_year, self.first_year),
            }

        step = say(
            "A step is the usual one of {step}, or what is left of the line's range. Points are those of the published "
            "plan with that one amount changed; empty where no step is possible.",
            step=self.money.amount(self.result.causes.step * self.portfolio.settings.publish_unit),
        )
        return table_of(
            "reasons",
            WHY,
            columns,
            rows,
            unit=self.money.unit,
            note=_flowing([step, *self._without_years()]),
            filtered=True,
            grouped_by=(len(columns) - 3, len(columns) - 1),
            key=1,
            folded=in_short,
        )

    def _without_years(self) -> list[Words]:
        """Why some programmes have no line; beyond a few, their number (each is among the warnings)."""
        named = list(self.result.without_years.values())
        if len(named) <= MOST_NAMED:
            return named
        rest = say("Other programmes that run in none of the plan's years: {count}.", count=len(named) - MOST_NAMED)
        return [*named[:MOST_NAMED], rest]

    def in_short(self, most: int) -> Table:
        """What each programme gets of its range and what stops more; those of a region that share this are one row.

        Beyond ``most`` the smallest programmes are one row.
        """
        shown, rest = self._largest(most)
        alike: dict[tuple[str, str], tuple[Words, list[Words]]] = {}
        for lines in shown:
            programme, told = lines[0].programme, self._told_in_short(lines)
            alike.setdefault((programme.region, str(told)), (told, []))[1].append(name_of(programme))
        rows: list[tuple[Cell, ...]] = [
            (fiscal.listed(names), told, self.money.region_names[region])
            for (region, _), (told, names) in alike.items()
        ]
        if rest:
            rows.append((_smaller(rest), say("Not printed here."), ""))
        columns = [FIRST[0], Column(say("Verdict and what stops more"), "long"), FIRST[1]]
        note = _flowing([TOLD_IN_FULL, *self._without_years()])
        return table_of("reasons_in_short", WHY, columns, rows, note=note, grouped_by=(2,), key=1)

    def _told_in_short(self, lines: Sequence[Line]) -> Words:
        """Its verdicts and what stops more, once for the years in which the same does."""
        runs: dict[str, list[Line]] = defaultdict(list)
        for line in lines:
            runs[str(self.result.in_short(line))].append(line)
        return _flowing([self._told_of_years(same, len(runs) == 1) for same in runs.values()])

    def _told_of_years(self, lines: Sequence[Line], are_all: bool) -> Words:
        """The verdicts and what stops more; a maximum or a pin stops it by itself."""
        verdict, stop = _verdicts(lines), self.result.in_short(lines[0])
        years = fiscal.years_named(self.first_year, [line.year for line in lines])
        if {line.verdict for line in lines} <= {"all", "pinned"}:
            return verdict if are_all else say("{years}: {statement}", years=years, statement=verdict)
        if are_all:
            return say("{verdict}: {stop}", verdict=verdict, stop=stop)
        return say("{years} ({verdict}): {stop}", years=years, verdict=verdict, stop=stop)

    def stops(self) -> Table:
        """What stops the lines, and how many of them each, the most first."""
        found: dict[str, tuple[Words, list[Line]]] = {}
        for line in self.result.lines:
            stop = self.result.in_short(line)
            found.setdefault(str(stop), (stop, []))[1].append(line)
        columns = [
            Column(say("Why lines get no more"), "long"),
            Column(say("Lines"), "count", 0, summed=True),
            self.money.column(say("Plan, total")),
        ]
        rows = [
            (stop, len(lines), exact_sum(line.amount for line in lines))
            for stop, lines in sorted(found.values(), key=lambda each: -len(each[1]))
        ]
        return table_of("stops", say("What stops the lines"), columns, rows, unit=self.money.unit)


WHY = say("Why and why not")
TOLD_ELSEWHERE = say("What of its range each line gets, and why no more: “{chapter}”.", chapter=WHY)
TOLD_IN_FULL = say(
    "Verdict: maximum, minimum, nothing or part of the range between. The reason of each line in full, with its cells "
    "and points, is in report.xlsx on the sheet “{sheet}”, and in report.html.",
    sheet=WHY,
)


def _smaller(programmes: Sequence[Programme]) -> Words:
    return say("{count} smaller programmes (each is in report.xlsx)", count=len(programmes))


def _verdicts(lines: Sequence[Line]) -> Words:
    """The different verdicts of some lines."""
    found = {line.verdict for line in lines}
    return fiscal.listed([words for verdict, words in VERDICTS.items() if verdict in found])


def _flowing(sentences: Sequence[Words]) -> Words:
    """Sentences, one after the other."""
    return reduce(lambda first, second: say("{first} {second}", first=first, second=second), sentences)


def _points(points: float | None) -> Fraction | None:
    return None if points is None else Fraction(f"{points:.{PLACES}f}")


def _in_runs(by_year: Sequence[tuple[int, Words]], first_year: int) -> Words:
    """One statement, or one a run of years where it changes."""
    years: dict[str, list[int]] = defaultdict(list)
    words: dict[str, Words] = {}
    for year, statement in by_year:
        years[str(statement)].append(year)
        words[str(statement)] = statement
    if len(words) == 1:
        return by_year[0][1]
    parts = [
        say("{years}: {statement}", years=fiscal.years_named(first_year, years[key]), statement=words[key])
        for key in words
    ]
    return reduce(lambda first, second: say("{first}\n{second}", first=first, second=second), parts)
