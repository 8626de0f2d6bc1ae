"""Where the money goes: tables and figures of published amounts against the baseline."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import groupby
from math import lcm

from optimizer import fiscal, units
from optimizer.places import without_year
from optimizer.portfolio import Programme
from optimizer.report import terms
from optimizer.report.document import ZERO, Cell, Column, Figure, Mark, Quantity, Table, exact_sum, quantity, table_of
from optimizer.results import FAMILY_NAMES, AccountYear, Line, Result, family_name
from optimizer.words import Words, name_of, say

STEPS = ("account", "agency", "family", "region", "objective")
NO_OBJECTIVE = ""
TOTAL, KEPT, CHANGE, RATE = -4, -3, -2, -1
"""The last columns of a table of money by something."""
SOURCE = say("Source: published amounts of this run (allocation.csv) and baselines of the workbook.")


class Money:
    """The money of one result, summed by whatever a table asks for."""

    def __init__(self, result: Result) -> None:
        self.result, self.portfolio = result, result.portfolio
        self.settings = self.portfolio.settings
        self.decimals = terms.money_decimals(self.portfolio)
        self.unit = terms.usual(self.settings.unit)
        self.years = [fiscal.year_name(result.fiscal_year(t)) for t in range(self.settings.years)]
        self.horizon = fiscal.years_named(self.settings.first_year, range(self.settings.years))
        self.spent = result.total()
        self.appropriated = exact_sum(row.appropriation for row in result.accounts)
        self.lapsed = exact_sum(row.lapsed for row in result.accounts)
        self.kept = exact_sum(kept_baseline(p) for p in self.portfolio.programmes.values())

    def column(self, heading: Words, **more: object) -> Column:
        """A summed column of money."""
        return Column(heading, **{"kind": "money", "decimals": self.decimals, "summed": True} | more)  # type: ignore[arg-type]

    def amount(self, value: Fraction, kind: str = "money") -> Words:
        """Money in a sentence, with its unit."""
        return units.amount(self.quantity(value, kind), self.settings.unit)

    def quantity(self, value: Fraction, kind: str = "money") -> Quantity:
        """Money without its unit."""
        return quantity(value, kind, self.decimals)

    def unit_and_years(self) -> Words:
        """The unit of sums over the whole period."""
        return say("{unit}, {years} together", unit=self.unit, years=self.horizon)

    def families(self) -> list[str]:
        """The families in the order of the reports."""
        return self.labels(lambda p: p.family, FAMILY_NAMES)

    def columns(self, first: Sequence[Column]) -> list[Column]:
        """``first``, then baseline, years, total, baseline kept, change."""
        at, count = len(first), self.settings.years
        total, kept, change = at + count + 1, at + count + 2, at + count + 3
        return [
            *first,
            self.column(say("Baseline (a year)")),
            *(self.column(year) for year in self.years),
            self.column(say("Plan, total"), across=(at + 1, at + count)),
            self.column(say("Baseline kept, total")),
            self.column(say("Change"), kind="change", less=(total, kept)),
            Column(say("Change, %"), "rate", 1, ratio=(change, kept)),
        ]

    def labels(self, key: Callable[[Programme], str], names: Names) -> list[str]:
        """The values of a property that programmes have, in the order of ``names``, then as they come."""
        found = dict.fromkeys(key(programme) for programme in self.portfolio.programmes.values())
        return [*(label for label in names if label in found), *(label for label in found if label not in names)]

    def by(self, name: str, title: Words, heading: Words, key: Callable[[Programme], str], names: Names) -> Table:
        """Money by a property of programmes."""
        sums = self.result.totals_by(key)
        baseline: dict[str, Fraction] = defaultdict(Fraction)
        kept: dict[str, Fraction] = defaultdict(Fraction)
        for programme in self.portfolio.programmes.values():
            baseline[key(programme)] += programme.baseline or ZERO
            kept[key(programme)] += kept_baseline(programme)
        nothing = [ZERO] * self.settings.years
        rows: list[tuple[Cell, ...]] = [
            (names.get(label) or terms.usual(label), baseline[label], *sums.get(label, nothing), kept[label])
            for label in self.labels(key, names)
        ]
        return table_of(name, title, self.columns([Column(heading)]), rows, unit=self.unit, note=KEPT_NOTE)

    def by_family(self) -> Table:
        """Money by family of instruments."""
        return self.by("money_by_family", say("Money by family"), say("Family"), lambda p: p.family, FAMILY_NAMES)

    def by_region(self) -> Table:
        """Money by region."""
        return self.by("money_by_region", say("Money by region"), say("Region"), lambda p: p.region, self.region_names)

    def by_agency(self) -> Table:
        """Money by agency."""
        return self.by("money_by_agency", say("Money by agency"), say("Agency"), lambda p: p.agency, {})

    def by_account(self) -> Table:
        """Money by account, as spent from it."""
        return self.by(
            "money_by_account", say("Money by account"), say("Account"), lambda p: p.account, self.account_names
        )

    def by_year(self) -> Table:
        """Each year: what there is, what each family spends, what is left."""
        families, order = self.result.totals_by(lambda p: p.family), self.families()
        columns = [
            Column(say("Fiscal year")),
            self.column(say("Appropriations")),
            self.column(say("Carried in")),
            *(self.column(family_name(family)) for family in order),
            self.column(say("Spent"), across=(3, 2 + len(order))),
            self.column(say("Carried out")),
            self.column(say("Unspent (lapsed)")),
        ]
        rows: list[tuple[Cell, ...]] = []
        for t, year in enumerate(self.years):
            accounts = [row for row in self.result.accounts if row.year == t]
            sums = [exact_sum(get(row) for row in accounts) for get in _YEAR_SUMS]
            rows.append((year, *sums[:2], *(families[f][t] if f in families else ZERO for f in order), *sums[2:]))
        return table_of("money_by_year", say("Money by year"), columns, rows, unit=self.unit)

    @property
    def region_names(self) -> Names:
        """Names of the regions by id."""
        return {region.id: name_of(region) for region in self.portfolio.regions.values()}

    @property
    def account_names(self) -> Names:
        """Names of the accounts by id."""
        return {account.id: name_of(account) for account in self.portfolio.accounts.values()}

    # Lines

    def by_programme(self) -> list[list[Line]]:
        """The lines of each programme."""
        return [list(lines) for _, lines in groupby(self.result.lines, lambda line: line.programme.id)]

    # Budgets and transfers

    def budgets(self) -> Table:
        """Each account and year from appropriation to what lapses, and why."""
        columns = [
            Column(say("Account")),
            Column(say("Fiscal year")),
            self.column(say("Appropriation")),
            self.column(say("Transfers in")),
            self.column(say("Carried in")),
            self.column(say("Transfers out")),
            self.column(say("Carried out")),
            self.column(say("Spent")),
            self.column(say("Unspent (lapsed)")),
        ]
        unspent = any(row.stopped_by for row in self.result.accounts)
        if unspent:
            columns.append(Column(say("What stopped the unspent money"), "long"))
        rows = [
            (
                self.account_names[row.account],
                self.years[row.year],
                row.appropriation,
                row.transfer_in,
                row.carried_in,
                row.transfer_out,
                row.carried_out,
                row.spent,
                row.lapsed,
                *([without_year(row.stopped_by) if row.stopped_by else ""] if unspent else []),
            )
            for row in self.result.accounts
        ]
        note = say("Unspent = appropriation + transfers in + carried in − transfers out − carried out − spent.")
        return table_of("budgets", say("Budgets by account and year"), columns, rows, unit=self.unit, note=note)

    def transfers(self) -> Table | None:
        """Money moved between accounts; nothing where none was."""
        moved: dict[tuple[str, str], list[Fraction]] = defaultdict(lambda: [ZERO] * self.settings.years)
        for (number, year), amount in self.result.plan.transfers.items():
            if amount:
                transfer = self.portfolio.transfers[number]
                moved[transfer.from_account, transfer.to_account][year] += amount
        if not moved:
            return None
        names = self.account_names
        order = {account: number for number, account in enumerate(names)}
        columns = [Column(say("From")), Column(say("To")), *(self.column(year) for year in self.years)]
        columns.append(self.column(say("Total"), across=(2, 1 + len(self.years))))
        rows: list[tuple[Cell, ...]] = [
            (names[a], names[b], *moved[a, b]) for a, b in sorted(moved, key=lambda ab: (order[ab[0]], order[ab[1]]))
        ]
        return table_of("transfers", say("Transfers between accounts"), columns, rows, unit=self.unit)

    # Figures

    def family_figure(self) -> Figure:
        """Families against their baseline."""
        table = self.by_family()
        labels, total = self.families(), table.numbers(TOTAL)
        names, rates = table.words(0), table.numbers(RATE)
        if not names:
            return self._bars("figure_families", NO_PROGRAMME, say("Families: baseline and plan"), table, labels)
        largest = total.index(max(total))
        share = quantity(total[largest] / self.spent if self.spent else 0, "share", 1)
        fastest = rates.index(max(rates))
        message = say("{family} takes {share} of the money", family=names[largest], share=share)
        if rates[fastest] > 0:
            message = say(
                "{family} takes {share} of the money; largest growth against the baseline: {other} ({rate})",
                family=names[largest],
                share=share,
                other=names[fastest],
                rate=quantity(rates[fastest], "rate", 1),
            )
        return self._bars("figure_families", message, say("Families: baseline and plan"), table, labels)

    def region_figure(self) -> Figure:
        """Regions against their baseline."""
        table = self.by_region()
        names, change = table.words(0), table.numbers(CHANGE)
        if not names:
            return self._bars("figure_regions", NO_PROGRAMME, say("Regions: baseline and plan"), table, [])
        least, most = change.index(min(change)), change.index(max(change))
        message = say("Money by region, plan against baseline")
        if change[least] < 0 < change[most]:
            message = say(
                "{region} gains most against the baseline ({gain}); {other} gives up most ({loss})",
                region=names[most],
                gain=self.quantity(change[most], "change"),
                other=names[least],
                loss=self.quantity(change[least], "change"),
            )
        elif change[most] > 0:
            message = say(
                "No region falls below its baseline; {region} gains most ({gain})",
                region=names[most],
                gain=self.quantity(change[most], "change"),
            )
        return self._bars("figure_regions", message, say("Regions: baseline and plan"), table, ["region"] * len(names))

    def matrix_figure(self) -> Figure:
        """Each family in each region."""
        regions, families = self.labels(lambda p: p.region, self.region_names), self.families()
        sums = self.result.sums_by(_region_and_family)
        cells = [[sums.get(f"{region} {family}", ZERO) for family in families] for region in regions]
        columns = [Column(say("Region")), *(self.column(family_name(family)) for family in families)]
        columns.append(self.column(say("Total"), across=(1, len(families))))
        rows: list[Sequence[Cell]] = [(self.region_names[r], *row) for r, row in zip(regions, cells, strict=True)]
        title = say("Money by region and family")
        return Figure(
            "figure_matrix",
            "matrix",
            self._matrix_message(regions, families, cells),
            title,
            (table_of("money_matrix", title, columns, rows, unit=self.unit_and_years(), heat=True),),
            marks=tuple(Mark(self.region_names[region]) for region in regions),
            values=tuple(map(tuple, cells)),
            across=tuple(Mark(family_name(family), family) for family in families),
            decimals=self.decimals,
            unit=self.unit_and_years(),
            source=SOURCE,
        )

    def _matrix_message(
        self, regions: Sequence[str], families: Sequence[str], cells: Sequence[Sequence[Fraction]]
    ) -> Words:
        """Where each family spends most."""
        largest = [max(range(len(regions)), key=lambda row: cells[row][column]) for column in range(len(families))]
        spent = [exact_sum(row[column] for row in cells) for column in range(len(families))]
        parts = [
            say(
                "{family}: {region} ({share})",
                family=family_name(family),
                region=self.region_names[regions[largest[column]]],
                share=quantity(cells[largest[column]][column] / spent[column], "share", 0),
            )
            for column, family in enumerate(families)
            if spent[column]
        ]
        if not parts:
            return say("No money is spent")
        return say("Where each family spends most: {parts}", parts=fiscal.listed(parts))

    def _bars(self, name: str, message: Words, subject: Words, table: Table, colours: Sequence[str]) -> Figure:
        return Figure(
            name,
            "bars",
            message,
            subject,
            (table,),
            marks=tuple(map(Mark, table.words(0), colours)),
            values=tuple(zip(table.numbers(KEPT), table.numbers(TOTAL), table.numbers(RATE), strict=True)),
            decimals=self.decimals,
            unit=self.unit_and_years(),
            source=SOURCE,
        )

    def flow_figure(self) -> Figure:
        """Budget → agency → family → region → objective."""
        paths = self._paths()
        marks: list[Mark] = []
        index: dict[tuple[int, str], int] = {}
        levels: list[int] = []
        for level in range(len(STEPS)):
            for label, mark in self._step_marks(level).items():
                if any(path[level] == label for path in paths):
                    index[level, label] = len(marks)
                    marks.append(mark)
                    levels.append(level)
        links, tables = [], []
        for level in range(len(STEPS) - 1):
            sums: dict[tuple[int, int, str], Fraction] = defaultdict(Fraction)
            for path, amount in paths.items():
                colour = {0: "", 1: path[2], 2: path[2]}.get(level, marks[index[4, path[4]]].colour)
                sums[index[level, path[level]], index[level + 1, path[level + 1]], colour] += amount
            flows = [(*key, amount) for key, amount in sorted(sums.items()) if amount]
            links += [(a, b, amount, colour) for a, b, colour, amount in flows]
            tables.append(self._flow_table(level, marks, {(a, b): amount for a, b, _, amount in flows}))
        return Figure(
            "figure_flow",
            "flow",
            self._flow_message(paths, index, marks),
            say("Flow of money: budget, agency, family, region, objective"),
            tuple(tables),
            tuple(marks),
            links=tuple(links),
            levels=tuple(levels),
            decimals=self.decimals,
            unit=self.unit_and_years(),
            source=SOURCE,
            note=SPLIT_NOTE,
        )

    def _flow_message(self, paths: Paths, index: Mapping[tuple[int, str], int], marks: Sequence[Mark]) -> Words:
        if not self.spent:
            return say("No money is spent")
        largest = []
        for level in (1, 3):
            sums: dict[str, Fraction] = defaultdict(Fraction)
            for path, amount in paths.items():
                sums[path[level]] += amount
            label = max(sums, key=lambda key: sums[key])
            largest.append((marks[index[level, label]].name, quantity(sums[label] / self.spent, "share", 1)))
        return say(
            "{agency} spends {share} of the money; {region} receives the largest part ({part})",
            agency=largest[0][0],
            share=largest[0][1],
            region=largest[1][0],
            part=largest[1][1],
        )

    def _flow_table(self, level: int, marks: Sequence[Mark], amounts: Mapping[tuple[int, int], Fraction]) -> Table:
        """From × to (numbers of marks), the longer side downwards."""
        headings = (say("Account"), say("Agency"), say("Family"), say("Region"), say("Objective"))
        title = say("{first} → {second}", first=headings[level], second=headings[level + 1])
        down, right = sorted({a for a, _ in amounts}), sorted({b for _, b in amounts})
        heading = headings[level]
        if len(right) > len(down):
            down, right, heading = right, down, headings[level + 1]
            amounts = {(b, a): amount for (a, b), amount in amounts.items()}
        columns = [Column(heading), *(self.column(marks[number].name) for number in right)]
        columns.append(self.column(say("Total"), across=(1, len(right))))
        rows: list[tuple[Cell, ...]] = [(marks[a].name, *(amounts.get((a, b), ZERO) for b in right)) for a in down]
        note = SPLIT_NOTE if level == len(STEPS) - 2 else None
        name = f"flow_{STEPS[level]}_to_{STEPS[level + 1]}"
        return table_of(name, title, columns, rows, unit=self.unit, note=note)

    def _step_marks(self, level: int) -> dict[str, Mark]:
        portfolio = self.portfolio
        if level == 0:
            return {key: Mark(name) for key, name in self.account_names.items()}
        if level == 1:
            return {p.agency: Mark(terms.usual(p.agency)) for p in portfolio.programmes.values()}
        if level == 2:
            families = dict.fromkeys([*FAMILY_NAMES, *(p.family for p in portfolio.programmes.values())])
            return {family: Mark(family_name(family), family) for family in families}
        if level == 3:
            return {key: Mark(name) for key, name in self.region_names.items()}
        named = {key: Mark(name_of(o), o.freedom) for key, o in portfolio.objectives.items()}
        return named | {NO_OBJECTIVE: Mark(say("(no scored objective)"))}

    def _paths(self) -> Paths:
        """Spending over the horizon by account, agency, family, region and objective, in whole publish units."""
        points: dict[str, dict[str, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
        for effect in self.portfolio.effects:
            if effect.score > 0 and (effect.region, effect.objective) in self.portfolio.priorities:
                points[effect.programme][effect.objective] += effect.score
        spent: dict[str, Fraction] = defaultdict(Fraction)
        for (name, _), amount in self.result.plan.spending.items():
            spent[name] += amount
        paths: dict[tuple[str, str, str, str, str], Fraction] = defaultdict(Fraction)
        for name, amount in spent.items():
            p = self.portfolio.programmes[name]
            for objective, part in split(
                amount, points[name] or {NO_OBJECTIVE: Fraction(1)}, self.settings.publish_unit
            ):
                paths[p.account, p.agency, p.family, p.region, objective] += part
        return {path: amount for path, amount in paths.items() if amount}


Names = Mapping[str, Words]
Paths = Mapping[tuple[str, str, str, str, str], Fraction]

NO_PROGRAMME = say("No programme is in force")
KEPT_NOTE = say(
    "“Baseline kept” is what the baseline would come to over the years in which each programme runs; "
    "a programme without a baseline counts as 0."
)
SPLIT_NOTE = say(
    "From region to objective, each programme's money is split in proportion to the points that one unit of it "
    "scores for each objective; from account to region the amounts are those of the plan."
)
_YEAR_SUMS: Sequence[Callable[[AccountYear], Fraction]] = (
    lambda row: row.appropriation,
    lambda row: row.carried_in,
    lambda row: row.carried_out,
    lambda row: row.lapsed,
)


def _region_and_family(programme: Programme) -> str:
    return f"{programme.region} {programme.family}"


def kept_baseline(programme: Programme) -> Fraction:
    """What a programme's baseline comes to over its years."""
    return (programme.baseline or ZERO) * len(programme.years)


def split(amount: Fraction, weights: Mapping[str, Fraction], unit: Fraction) -> list[tuple[str, Fraction]]:
    """Divide ``amount`` by ``weights`` into whole units; what rounding leaves goes to the largest remainders."""
    units, common = int(amount / unit), lcm(*(weight.denominator for weight in weights.values()))
    parts = {key: int(weight * common) for key, weight in weights.items()}
    whole = sum(parts.values())
    shares = {key: units * part // whole for key, part in parts.items()}
    left = units - sum(shares.values())
    for key in sorted(parts, key=lambda key: -(units * parts[key] % whole))[:left]:
        shares[key] += 1
    return [(key, count * unit) for key, count in shares.items()]
