"""The report of ``haibun compare``: scenarios side by side, which row makes how much of a difference, what moved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from optimizer import fiscal
from optimizer.questions.compare import Compared, Move, Part, Side, Versus, combinations_of, rounded, rows_of_its_own
from optimizer.questions.compare_tables import (
    attainments,
    cell_of,
    change_in_words,
    reason_of,
    sets_in_words,
    totals_of,
)
from optimizer.report import terms
from optimizer.report.chapters.answers import NOT_MEASUREMENTS, Told
from optimizer.report.document import (
    ZERO,
    Block,
    Callout,
    Cell,
    Column,
    Document,
    Figure,
    Mark,
    Section,
    Table,
    quantity,
    table_of,
)
from optimizer.report.in_unit import in_unit
from optimizer.report.shown import shown_figure
from optimizer.results import FAMILY_NAMES, FREEDOM_NAMES, scenario_name
from optimizer.run import OpenBook
from optimizer.words import Name, Words, name_of, say

PLACES = 4
"""Decimals of points; they add up as they are shown."""
MOST_MOVES = 20
ROUNDING = say("Rounding of amounts and points")


def compare_document(book: OpenBook, found: Compared) -> Document:
    """The whole report of an answer."""
    told = _ToldComparison(found)
    return told.document(book, told.subtitle())


def beside(found: Compared, language: str, unit: str = "") -> dict[str, Any]:
    """What a page shows of scenarios side by side: the headline, regions as a picture, what each changes.

    ``combinations`` of rows are to be solved to say which makes the differences.

    Money is shown in ``unit`` (blank: the workbook's).
    """
    told = _ToldComparison(found, unit)
    return {
        "headline": told.message().into(language),
        "regions": shown_figure(told.dumbbells(told.by_region()), language),
        "combinations": combinations_of(found),
        "inputs": [
            [change_in_words(found.portfolio, change).into(language) for change in changes]
            for changes in rows_of_its_own(found)
        ],
    }


class _ToldComparison(Told):
    def __init__(self, found: Compared, unit: str = "") -> None:
        super().__init__(found.portfolio)
        self.found = found
        self.shown_in = in_unit(self.portfolio, unit)
        self.unit = self.shown_in.name
        self.decimals = self.shown_in.decimals(self.decimals)
        self.first = scenario_name(found.first.name)
        self.totals = [totals_of(side.result) for side in found.sides]

    def sections(self) -> tuple[Section, ...]:
        front = Section("side_by_side", say("Side by side"), (self.scores(), Callout(*self.reading())))
        numbered = list(enumerate(self.found.others, start=1))
        versus = [self.versus(number, one) for number, one in numbered]
        lines = [self.all_moves(number, one) for number, one in numbered if one.moves]
        return (front, *versus, Section("money", say("Money side by side"), self.money()), *lines)

    def subtitle(self) -> Words:
        """The scenarios, and what was set in all of them or on top of one."""
        names = fiscal.listed([self._called(side) for side in self.found.sides])
        if self.found.sets:
            changes = sets_in_words(self.portfolio, self.found.sets)
            return say("Scenarios: {scenarios}; all changed by: {changes}", scenarios=names, changes=changes)
        return say("Scenarios: {scenarios}", scenarios=names)

    def _called(self, side: Side) -> Words:
        """A scenario's name; where it has items of its own on top, with these."""
        name, setting = scenario_name(side.name), side.setting
        if not setting.sets or self.found.sets:
            return name
        origin, changes = scenario_name(setting.scenario), sets_in_words(self.portfolio, setting.sets)
        return say("{scenario} ({origin} with {changes})", scenario=name, origin=origin, changes=changes)

    def message(self) -> Words:
        """The answer in one sentence."""
        found = self.found
        if not found.others:
            return say("{scenario} is compared with itself: nothing differs.", scenario=self.first)
        scores = [self._against(versus) for versus in found.others]
        return say(
            "{first} scores {score} points; against it {scores}.",
            first=self.first,
            score=quantity(rounded(found.first.score, 2), "points"),
            scores=fiscal.listed(scores),
        )

    def _against(self, versus: Versus) -> Words:
        """A score beside the first; where it counts by another measure, both by the common one."""
        name = scenario_name(versus.side.name)
        if versus.has_own_measure:
            score, first = (rounded(side.score_at_base, 2) for side in (versus.side, versus.first))
            return say(
                "{scenario} {score} ({difference}, both by the weights and needs of {measure})",
                scenario=name,
                score=quantity(score, "points"),
                difference=quantity(score - first, "change"),
                measure=scenario_name(self.found.measure),
            )
        return say(
            "{scenario} {score} ({difference})",
            scenario=name,
            score=quantity(rounded(versus.side.score, 2), "points"),
            difference=quantity(versus.difference(2), "change"),
        )

    def reading(self) -> tuple[Words, tuple[Words, ...]]:
        """What the numbers are, and what they are not."""
        said = [
            NOT_MEASUREMENTS,
            say("Scores and money are those of published, proved plans; each scenario was planned by itself."),
            say(
                "The points of a row are what it adds on the way from the first scenario to the other, averaged over "
                "all orders in which the rows could be changed (Shapley value). They are differences of re-solves "
                "before rounding; what rounding makes of them has a row of its own, so that all adds up."
            ),
        ]
        if any(versus.has_own_measure for versus in self.found.others):
            said.append(
                say(
                    "Scores under different weights or needs do not compare: hold these plans against each other by "
                    "the weights and needs of {measure}.",
                    measure=scenario_name(self.found.measure),
                )
            )
        return say("How to read the numbers"), tuple(said)

    def scores(self) -> Table:
        """A row for each scenario."""
        freedoms = [f for f in FREEDOM_NAMES if any(f in attainments(side.result) for side in self.found.sides)]
        measure = scenario_name(self.found.measure)
        columns = [
            Column(say("Scenario")),
            Column(say("Score (points)"), "points", PLACES),
            Column(say("Against {first}", first=self.first), "change", PLACES),
            Column(say("By weights and needs of {measure}", measure=measure), "points", PLACES),
            Column(say("Against {first}, so measured", first=self.first), "change", PLACES),
            *(Column(say("{freedom}: weighted need met", freedom=FREEDOM_NAMES[f]), "share", 1) for f in freedoms),
            Column(say("Plan, total ({unit})", unit=self.unit), "money", self.decimals),
            Column(say("Gap to the proved bound (points)"), "points", PLACES),
        ]
        rows = [self._scored(side, freedoms) for side in self.found.sides]
        note = say("Need met: by the scenario's own weights and needs, all years together.")
        return table_of("scenarios", say("Scenarios side by side"), columns, rows, note=note)

    def _scored(self, side: Side, freedoms: Sequence[str]) -> tuple[Cell, ...]:
        first, met = self.found.first, attainments(side.result)
        score, measured = rounded(side.score, PLACES), rounded(side.score_at_base, PLACES)
        is_first = side is first
        return (
            scenario_name(side.name),
            score,
            None if is_first else score - rounded(first.score, PLACES),
            measured,
            None if is_first else measured - rounded(first.score_at_base, PLACES),
            *(met.get(freedom) for freedom in freedoms),
            side.result.total(),
            side.result.proof.gap,
        )

    # One scenario against the first

    def versus(self, number: int, versus: Versus) -> Section:
        """What makes the difference, and the lines that moved most."""
        title = say(
            "{number}. {scenario} against {first}", number=number, scenario=self._name(versus), first=self.first
        )
        moves = self.moves(f"moves_{number}", versus, MOST_MOVES)
        blocks: tuple[Block, ...] = (self.waterfall(number, versus), *self.orders(versus))
        return Section(f"versus_{number}", title, blocks, (*blocks, moves))

    def all_moves(self, number: int, versus: Versus) -> Section:
        """Every line that moved, for the workbook alone: a sheet of its own, whose columns are as wide as they need."""
        title = say("{number}. All lines, {scenario}", number=number, scenario=self._name(versus))
        return Section(f"lines_{number}", title, (self.moves(f"all_moves_{number}", versus, len(versus.moves)),), ())

    @staticmethod
    def _name(versus: Versus) -> Words:
        return scenario_name(versus.side.name)

    def orders(self, versus: Versus) -> Iterator[Words]:
        """What a reader must know of combinations without a plan."""
        if versus.infeasible and versus.orders:
            yield say(
                "{count} of {all} combinations of these rows have no plan; the points are averages over the {orders} "
                "orders whose every step has one.",
                count=versus.infeasible,
                all=quantity(versus.combinations, "count", 0),
                orders=quantity(versus.orders, "count", 0),
            )
        elif versus.infeasible:
            yield say("No order of changing these rows has a plan at every step, so they share their points.")

    def waterfall(self, number: int, versus: Versus) -> Figure:
        """From one score to the other, row by row, the largest gain first."""
        start, end = (rounded(score, PLACES) for score in (versus.first.score, versus.side.score))
        shares, rounding = _by_gain(versus), versus.rounding(PLACES)
        at, steps = start, list[tuple[Fraction | None, Fraction | None]]()
        for points in [*(points for _, points in shares), rounding]:
            steps.append((at, at + points))
            at += points
        marks = [self.first, *(self._short(part) for part, _ in shares), ROUNDING, self._name(versus)]
        return Figure(
            name=f"waterfall_{number}",
            kind="waterfall",
            message=self.headline(versus),
            subject=say("Score of the published plans (points), and what each row of the Scenarios sheet adds"),
            tables=(self.attribution(number, versus),),
            marks=tuple(map(Mark, marks)),
            values=((None, start), *steps, (None, end)),
            decimals=2,
            unit=say("points"),
            source=say("{count} combinations of rows, each solved.", count=quantity(versus.combinations, "count", 0)),
        )

    def headline(self, versus: Versus) -> Words:
        """Which row makes most of the difference."""
        shares = _by_gain(versus)
        difference = quantity(versus.difference(2), "change")
        if not shares:
            return say("No row differs between {first} and {scenario}.", first=self.first, scenario=self._name(versus))
        part, points = max(shares, key=lambda share: abs(share[1]))
        return say(
            "{scenario} differs from {first} by {difference} points; “{row}” makes {points} of it.",
            scenario=self._name(versus),
            first=self.first,
            difference=difference,
            row=self._short(part),
            points=quantity(points, "change"),
        )

    def _short(self, part: Part) -> Words:
        """A part by its first change."""
        first = change_in_words(self.portfolio, part.changes[0])
        if len(part.changes) == 1:
            return first
        return say("{first} and {count} more row(s)", first=first, count=len(part.changes) - 1)

    def attribution(self, number: int, versus: Versus) -> Table:
        """A row for each change; with rounding they add up to the difference."""
        sheet = self.portfolio.tables["Scenarios"].title
        columns = [
            Column(say("Row of the scenario"), "long"),
            Column(say("Cell"), "long"),
            Column(say("Points"), "change", PLACES, summed=True),
            Column(say("Stands on"), "points", PLACES, page=False),
            Column(say("Gain"), "points", PLACES, page=False),
            Column(say("Loss"), "points", PLACES, page=False),
        ]
        rows, at = list[tuple[Cell, ...]](), rounded(versus.first.score, PLACES)
        for part, points in [*_by_gain(versus), (None, versus.rounding(PLACES))]:
            said, cells = ROUNDING, Name("")
            if part is not None:
                said = fiscal.listed([change_in_words(self.portfolio, change) for change in part.changes])
                found = [cell for change in part.changes if (cell := cell_of(self.portfolio, change))]
                cells = Name(f"{sheet} {', '.join(found)}" if found else "--set")
            rows.append((said, cells, points, min(at, at + points), max(points, ZERO), max(-points, ZERO)))
            at += points
        return table_of(f"attribution_{number}", say("What makes the difference (points)"), columns, rows)

    def moves(self, name: str, versus: Versus, most: int) -> Table:
        """So many programmes whose money differs, the largest difference first."""
        columns = [
            Column(say("Programme")),
            Column(self.first, "money", self.decimals),
            Column(self._name(versus), "money", self.decimals),
            Column(say("Change"), "change", self.decimals, less=(2, 1)),
            Column(say("Fiscal year")),
            Column(say("Reason"), "long"),
        ]
        rows = [self._moved(versus, move) for move in versus.moves[:most]]
        note = say(
            "Published money over the horizon. The reason is that of the year that moved most, as the new plan gives "
            "it."
        )
        title = say("Lines that moved most")
        if most < len(versus.moves):
            title = say("The {count} lines that moved most (all of them are in report.xlsx)", count=most)
        return table_of(name, title, columns, rows, unit=self.unit, note=note, filtered=most > MOST_MOVES, ranked=True)

    def _moved(self, versus: Versus, move: Move) -> tuple[Cell, ...]:
        first_year = self.portfolio.settings.first_year
        year = Name("–") if move.line is None else fiscal.year_name(first_year + move.line.year)
        name = name_of(self.portfolio.programmes[move.programme])
        return (name, move.before, move.after, year, reason_of(versus, move))

    # Money

    def money(self) -> tuple[Block, ...]:
        """Money by region as a picture, and by everything as tables."""
        portfolio = self.portfolio
        accounts = {key: name_of(account) for key, account in portfolio.accounts.items()}
        years = {
            str(year): fiscal.year_name(year)
            for year in range(portfolio.settings.first_year, portfolio.settings.first_year + portfolio.settings.years)
        }
        return (
            self.dumbbells(self.by_region()),
            self.by("family", say("Money by family"), say("Family"), FAMILY_NAMES),
            self.by("account", say("Money by account"), say("Account"), accounts),
            self.by("year", say("Money by year"), say("Fiscal year"), years),
        )

    def by_region(self) -> Table:
        """Money by region."""
        regions = {key: name_of(region) for key, region in self.portfolio.regions.items()}
        return self.by("region", say("Money by region"), say("Region"), regions)

    def by(self, dimension: str, title: Words, heading: Words, names: Mapping[str, Words]) -> Table:
        """Each scenario's money by a dimension, and what each differs from the first."""
        columns = [Column(heading), Column(self.first, "money", self.decimals, summed=True)]
        for versus in self.found.others:
            columns.append(Column(self._name(versus), "money", self.decimals, summed=True))
            columns.append(Column(say("Change"), "change", self.decimals, summed=True, less=(len(columns) - 1, 1)))
        labels = dict.fromkeys([*names, *(label for total in self.totals for label in total[dimension])])
        rows: list[tuple[Cell, ...]] = [
            (
                names.get(label) or terms.usual(label),
                *(self._in_unit(total[dimension].get(label)) for total in self.totals),
            )
            for label in labels
            if any(total[dimension].get(label) for total in self.totals)
        ]
        return table_of(f"compared_by_{dimension}", title, columns, rows, unit=self.unit)

    def _in_unit(self, amount: Fraction | None) -> Fraction:
        return (amount or ZERO) * self.shown_in.factor

    def dumbbells(self, table: Table) -> Figure:
        """What each region gains or loses against the first scenario, a dot for each of the others."""
        positions = [3 + 2 * number for number in range(len(self.found.others))]
        return Figure(
            name="regions",
            kind="dumbbells",
            message=self.region_message(table),
            subject=say("Published money by region against {first}, all years together", first=self.first),
            tables=(table,),
            marks=tuple(map(Mark, table.words(0))),
            values=tuple(
                (ZERO, *(table.numbers(position)[row] for position in positions)) for row in range(len(table.rows))
            ),
            across=tuple(Mark(scenario_name(side.name)) for side in self.found.sides),
            decimals=self.decimals,
            unit=self.unit,
            source=say("Published amounts of each scenario."),
        )

    def region_message(self, table: Table) -> Words:
        """The region that gains and the one that loses most, in the last scenario against the first."""
        changes = table.numbers(len(table.columns) - 1) if self.found.others else []
        if not any(changes):
            return say("Money by region does not differ.")
        up, down = changes.index(max(changes)), changes.index(min(changes))
        if changes[up] <= 0 or changes[down] >= 0:
            return self._one_way(table, changes, up if changes[up] > 0 else down)
        return say(
            "In {scenario}, {up} gains most ({gain}) and {down} loses most ({loss}) against {first}.",
            scenario=scenario_name(self.found.sides[-1].name),
            first=self.first,
            up=table.words(0)[up],
            gain=quantity(changes[up], "change", self.decimals),
            down=table.words(0)[down],
            loss=quantity(changes[down], "change", self.decimals),
        )

    def _one_way(self, table: Table, changes: Sequence[Fraction], most: int) -> Words:
        """No region loses, or none gains."""
        names = {
            "scenario": scenario_name(self.found.sides[-1].name),
            "first": self.first,
            "region": table.words(0)[most],
            "change": quantity(changes[most], "change", self.decimals),
        }
        if changes[most] > 0:
            return say("In {scenario}, no region loses against {first}; {region} gains most ({change}).", **names)
        return say("In {scenario}, no region gains against {first}; {region} loses most ({change}).", **names)


def _by_gain(versus: Versus) -> list[tuple[Part, Fraction]]:
    """Parts with their points, the largest gain first."""
    return sorted(versus.shares(PLACES), key=lambda share: -share[1])
