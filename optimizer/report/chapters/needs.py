"""How far the needs are met: attainment by region, objective and freedom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from optimizer import fiscal
from optimizer.report.document import ZERO, Column, Figure, Mark, Table, exact_sum, quantity, table_of
from optimizer.results import FREEDOM_NAMES, Result
from optimizer.words import Words, name_of, say

ALL_REGIONS = say("All regions")
NOTE = say(
    "Share of the need that is met over the whole period. Freedoms and “All regions” are weighted by the priorities, "
    "as a limit on attainment counts them; 100% means that the need as the workbook states it is fully met. "
    "An empty cell has no priority."
)
Pair = tuple[str, str]
SOURCE = say("Source: computed exactly from the published amounts, the effects and the priorities of the workbook.")


class Needs:
    """What one result attains, by region, objective and freedom."""

    def __init__(self, result: Result) -> None:
        self.result, self.portfolio = result, result.portfolio
        self.pairs = list(self.portfolio.priorities)
        self.points = {
            (r, o): exact_sum(result.attained.g[r, o, t] for t in range(self.portfolio.settings.years))
            for r, o in self.pairs
        }
        self.regions = [r for r in self.portfolio.regions if any(region == r for region, _ in self.pairs)]
        scored = {objective for _, objective in self.pairs}
        self.objectives = [
            objective
            for freedom in FREEDOM_NAMES
            for objective in self.portfolio.objectives.values()
            if objective.freedom == freedom and objective.id in scored
        ]
        self.freedoms = [f for f in FREEDOM_NAMES if any(o.freedom == f for o in self.objectives)]

    def met(
        self, region: str | None = None, objective: str | None = None, freedom: str | None = None
    ) -> Fraction | None:
        """The share of need met by the pairs that are asked for, weighted as a limit counts it; None without a pair."""
        pairs = [
            (r, o)
            for r, o in self.pairs
            if region in (None, r)
            and objective in (None, o)
            and freedom in (None, self.portfolio.objectives[o].freedom)
        ]
        return self._share(pairs, self.points, self.portfolio.settings.years) if pairs else None

    def _share(self, pairs: Sequence[Pair], points: Mapping[Pair, Fraction], years: int) -> Fraction:
        """Points over need; pairs that all weigh nothing count alike."""
        stated = [self.portfolio.priorities[pair] for pair in pairs]
        weights = [p.weight for p in stated] if any(p.weight for p in stated) else [Fraction(1)] * len(stated)
        met = exact_sum(weight * points[pair] for weight, pair in zip(weights, pairs, strict=True))
        need = exact_sum(weight * p.need for weight, p in zip(weights, stated, strict=True))
        return met / (need * years)

    def table(self) -> Table:
        """Region × objective, with a column for each freedom and all."""
        columns = [Column(say("Region"))]
        columns += [Column(_under_freedom(o.freedom, name_of(o)), "share", 1) for o in self.objectives]
        columns += [Column(FREEDOM_NAMES[f], "share", 1) for f in self.freedoms]
        columns.append(Column(say("All objectives"), "share", 1))
        rows = [
            (
                name_of(self.portfolio.regions[region]) if region else ALL_REGIONS,
                *(self.met(region, o.id) for o in self.objectives),
                *(self.met(region, freedom=f) for f in self.freedoms),
                self.met(region),
            )
            for region in [*self.regions, None]
        ]
        title = say("Attainment by region and objective")
        return table_of("attainment", title, columns, rows, note=NOTE, heat=True)

    def by_year(self) -> Table:
        """Each freedom and each objective, year by year (all regions)."""
        years = range(self.portfolio.settings.years)
        columns = [Column(say("Freedom or objective"))]
        columns += [Column(fiscal.year_name(self.result.fiscal_year(t)), "share", 1) for t in years]
        rows: list[tuple[Words | Fraction, ...]] = []
        for freedom in self.freedoms:
            inside = [o for o in self.objectives if o.freedom == freedom]
            rows.append((FREEDOM_NAMES[freedom], *(self._met_in(t, [o.id for o in inside]) for t in years)))
            rows += [(say("– {name}", name=name_of(o)), *(self._met_in(t, [o.id]) for t in years)) for o in inside]
        title = say("Attainment by year, all regions")
        return table_of("attainment_by_year", title, columns, rows, heat=True)

    def _met_in(self, year: int, objectives: Sequence[str]) -> Fraction:
        pairs = [(r, o) for r, o in self.pairs if o in objectives]
        return self._share(pairs, {(r, o): self.result.attained.g[r, o, year] for r, o in pairs}, 1)

    def tiles(self) -> Figure:
        """Region × objective, want on the left and fear on the right."""
        known = {
            (r, o.id): value for r in self.regions for o in self.objectives if (value := self.met(r, o.id)) is not None
        }
        best, worst = max(known, key=lambda at: known[at]), min(known, key=lambda at: known[at])
        message = say(
            "{worst} is met least ({low}), {best} best ({high})",
            worst=self._pair_name(worst),
            low=quantity(known[worst], "share", 0),
            best=self._pair_name(best),
            high=quantity(known[best], "share", 0),
        )
        return Figure(
            "figure_attainment",
            "tiles",
            message,
            say("Attainment by region and objective"),
            (self.table(),),
            marks=tuple(Mark(name_of(self.portfolio.regions[r])) for r in self.regions),
            values=tuple(tuple(known.get((r, o.id)) for o in self.objectives) for r in self.regions),
            across=tuple(Mark(name_of(o), o.freedom) for o in self.objectives),
            source=SOURCE,
        )

    def dots(self) -> Figure:
        """Each region: how far its want and its fear are met."""
        rows = [(region, [self.met(region, freedom=f) for f in self.freedoms]) for region in self.regions]
        whole = [(f, self.met(freedom=f) or ZERO) for f in self.freedoms]
        low = min(self.regions, key=lambda region: self.met(region) or ZERO)
        message = say(
            "{freedoms}; least of all in {region} ({low})",
            freedoms=fiscal.listed(
                [
                    say("{freedom} is met to {share}", freedom=FREEDOM_NAMES[f], share=quantity(v, "share", 0))
                    for f, v in whole
                ]
            ),
            region=name_of(self.portfolio.regions[low]),
            low=quantity(self.met(low) or 0, "share", 0),
        )
        return Figure(
            "figure_freedoms",
            "dots",
            message,
            say("Attainment by region and freedom"),
            (self.by_year(),),
            marks=(*(Mark(name_of(self.portfolio.regions[r])) for r, _ in rows), Mark(ALL_REGIONS)),
            values=(*(tuple(values) for _, values in rows), tuple(v for _, v in whole)),
            across=tuple(Mark(FREEDOM_NAMES[f], f) for f in self.freedoms),
            source=SOURCE,
        )

    def _pair_name(self, pair: tuple[str, str]) -> Words:
        region, objective = self.portfolio.regions[pair[0]], self.portfolio.objectives[pair[1]]
        return say("{objective} in {region}", objective=name_of(objective), region=name_of(region))


def _under_freedom(freedom: str, name: Words) -> Words:
    return say("{freedom}: {name}", freedom=SHORT_FREEDOMS[freedom], name=name)


SHORT_FREEDOMS = {"want": say("Want"), "fear": say("Fear")}
