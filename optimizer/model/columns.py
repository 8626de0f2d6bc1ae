"""The variables of the model, laid out as arrays.

Columns stand in this order: spending on curve segments (y), spending (x), attained score (g), matched money (m),
transfers (f), carry-over (v), yes-or-no (z). A *cell* is one programme in one of its years; its segments are
adjacent columns. Money is in the workbook's unit, g in points, z is 0 or 1. Spending has a column of its own, since
rows on x have a fraction of the entries that rows on its segments have (measured: simplex 25 times as fast on M).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

import numpy as np
from numpy.typing import NDArray

from optimizer.curves import along_the_curve
from optimizer.model.memory import Workshop
from optimizer.portfolio import Number, Portfolio, Priority, Programme, Synergy

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Key = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """The whole units that a plan is published in; without a unit every amount is possible."""

    unit: Fraction | None = None

    def down(self, amount: Number) -> Number:
        """The largest publishable amount that is not above ``amount``."""
        return amount if self.unit is None else amount // self.unit * self.unit

    def up(self, amount: Number) -> Number:
        """The least publishable amount that is not below ``amount``."""
        return amount if self.unit is None else -(-amount // self.unit) * self.unit


CONTINUOUS = Grid()


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of a programme's spending: its width (money), its rate, and whether it lies below baseline."""

    width: float
    rate: float
    below_baseline: bool


def pieces_of(programme: Programme, ceiling: Number, split_at_baseline: bool) -> list[Piece]:
    """The curve of a programme cut at ``ceiling``; the last segment reaches on to it.

    With ``split_at_baseline`` the piece that holds the baseline is cut in two, which changes no score and
    makes the distance from the baseline a linear cost.
    """
    baseline = programme.baseline or Fraction(0)
    marks = [min(segment.up_to * programme.scale, ceiling) for segment in programme.curve[:-1]] + [ceiling]
    parts = lcm(baseline.denominator, *(mark.denominator for mark in marks))  # of a unit: whole numbers are quick
    before = int(baseline * parts)
    pieces: list[Piece] = []
    start = 0
    for mark, segment in zip(marks, programme.curve, strict=True):
        end, rate = int(mark * parts), float(segment.rate)
        for stop in (before, end) if split_at_baseline and start < before < end else (end,):
            if stop > start or not pieces:
                pieces.append(Piece((stop - start) / parts, rate, stop <= before))
            start = max(start, stop)
    return pieces


def baseline_along_curve(programme: Programme) -> Fraction:
    """The baseline counted at the rates of the curve, whose last segment has no end."""
    return along_the_curve(programme.curve, programme.scale, programme.baseline or Fraction(0))


@dataclass(frozen=True)
class Columns:
    """Every column: bounds, cost in the score, and where each kind begins.

    ``position``: where a programme stands, by its id; ``cell_of``: the cell of a programme and year;
    ``make``: where parts of the model are made.
    """

    portfolio: Portfolio
    grid: Grid
    make: Workshop
    programmes: list[Programme]
    position: dict[str, int]
    pairs: list[Priority]
    synergies: list[tuple[Synergy, int]]
    transfers: list[tuple[int, int]]
    carries: list[tuple[str, int]]
    indivisible_cells: list[int]
    cell_programme: Ints
    cell_year: Ints
    cell_at: Ints
    cell_of: dict[tuple[str, int], int]
    cell_start: Ints
    cell_count: Ints
    y_rate: Floats
    y_tie_cost: Floats
    pair_index: dict[tuple[str, str], int]
    g_start: Ints
    g_count: Ints
    first_x: int
    first_g: int
    first_m: int
    first_f: int
    first_v: int
    first_z: int
    lower: Floats
    upper: Floats
    cost: Floats

    @property
    def count(self) -> int:
        """How many columns there are."""
        return len(self.cost)

    @property
    def years(self) -> int:
        """Length of the horizon."""
        return int(self.cell_at.shape[1])

    def spent(self, cells: Ints) -> Ints:
        """The columns of x for each cell."""
        return self.first_x + cells

    def pieces(self, cells: Ints, coefficients: Floats, rows: Ints) -> tuple[Ints, Ints, Floats]:
        """Spread one coefficient a cell over the columns of its pieces: (rows, columns, coefficients)."""
        counts = self.cell_count[cells]
        offsets = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        columns = np.repeat(self.cell_start[cells], counts) + offsets
        return np.repeat(rows, counts), columns, np.repeat(coefficients, counts)

    def attained(self, pairs: Ints, years: Ints) -> tuple[Ints, Ints]:
        """The columns whose sums are g of each pair and year, and at which place of ``pairs`` each of them stands."""
        at = (pairs[:, None] * self.years + years).ravel()
        counts = self.g_count[at]
        columns = np.repeat(self.g_start[at] - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
        return columns, np.repeat(np.repeat(np.arange(len(pairs)), len(years)), counts)

    def names(self) -> list[str]:
        """A name for each column, made of table positions: no user text reaches the solver."""
        years = self.years
        names = [
            f"y_{p}_{t}_{piece}"
            for p, t, count in zip(
                self.cell_programme.tolist(), self.cell_year.tolist(), self.cell_count.tolist(), strict=True
            )
            for piece in range(count)
        ]
        cells = zip(self.cell_programme.tolist(), self.cell_year.tolist(), strict=True)
        names += [f"x_{p}_{t}" for p, t in cells]
        names += [f"g_{at // years}_{at % years}_{s}" for at, n in enumerate(self.g_count.tolist()) for s in range(n)]
        position = {key: i for i, key in enumerate(self.portfolio.synergies)}
        names += [f"m_{position[synergy.id]}_{year}" for synergy, year in self.synergies]
        names += [f"f_{transfer}_{year}" for transfer, year in self.transfers]
        account = {key: i for i, key in enumerate(self.portfolio.accounts)}
        names += [f"v_{account[key]}_{year}" for key, year in self.carries]
        names += [f"z_{self.cell_programme[cell]}_{self.cell_year[cell]}" for cell in self.indivisible_cells]
        return names


def discount(portfolio: Portfolio, year: int) -> Fraction:
    """δ(t): the weight of a year, from the discount rate."""
    return 1 / (1 + portfolio.settings.discount_rate) ** year


def value_of_full_need(priority: Priority) -> Fraction:
    """U(r,o): the value (points) of the whole need, along its curve."""
    value, start = Fraction(0), Fraction(0)
    for segment in priority.curve:
        value += segment.rate * (segment.up_to - start)
        start = segment.up_to
    return value * priority.need


def full_score(portfolio: Portfolio) -> Fraction:
    """Σ δ·w·U: the weighted value at which the score is 100."""
    a_year = sum((p.weight * value_of_full_need(p) for p in portfolio.priorities.values()), Fraction(0))
    return a_year * sum(discount(portfolio, year) for year in range(portfolio.settings.years))


def lay_out(portfolio: Portfolio, grid: Grid = CONTINUOUS, make: Workshop | None = None) -> Columns:
    """Lay out every variable for an active portfolio, with ceilings rounded down to the grid."""
    make = make or Workshop()
    programmes = list(portfolio.programmes.values())
    pairs = list(portfolio.priorities.values())
    pieces = make.each(_usual_pieces, programmes, also=(grid, portfolio.settings.tie_break))
    cells: _Cells = make(_Cells, portfolio, also=(grid, pieces))
    g: _Attained = make(_attained_columns, portfolio)
    g_lower: Floats = make(_deepest_harm, portfolio, also=(list(portfolio.priorities), g.count))
    m: _Keyed[tuple[Synergy, int]] = make(_matched_columns, portfolio, also=(grid,))
    f: _Keyed[tuple[int, int]] = make(_transfer_columns, portfolio, also=(grid,))
    v: _Keyed[tuple[str, int]] = make(_carry_columns, portfolio, also=(grid,))
    z = cells.indivisible
    first_x = len(cells.width)
    first_g = first_x + len(cells.year)
    first_m = first_g + len(g.upper)
    first_f = first_m + len(m.upper)
    first_v = first_f + len(f.upper)
    first_z = first_v + len(v.upper)
    before, after = np.zeros(first_g), np.zeros(first_z - first_m + len(z))
    return Columns(
        portfolio=portfolio,
        grid=grid,
        make=make,
        programmes=programmes,
        position={programme.id: i for i, programme in enumerate(programmes)},
        pairs=pairs,
        synergies=m.keys,
        transfers=f.keys,
        carries=v.keys,
        indivisible_cells=z,
        cell_programme=cells.programme,
        cell_year=cells.year,
        cell_at=cells.at,
        cell_of=cells.of,
        cell_start=np.cumsum(cells.count) - cells.count,
        cell_count=cells.count,
        y_rate=cells.rate,
        y_tie_cost=cells.tie,
        pair_index={(pair.region, pair.objective): i for i, pair in enumerate(pairs)},
        g_start=first_g + np.cumsum(g.count) - g.count,
        g_count=g.count,
        first_x=first_x,
        first_g=first_g,
        first_m=first_m,
        first_f=first_f,
        first_v=first_v,
        first_z=first_z,
        lower=np.concatenate([before, g_lower, after]),
        upper=np.concatenate([cells.width, cells.ceiling, g.upper, m.upper, f.upper, v.upper, np.ones(len(z))]),
        cost=np.concatenate([before, g.cost, after]),
    )


def _usual_pieces(programme: Programme, grid: Grid, split: bool) -> list[Piece]:
    """The pieces of a programme in a year without a pin."""
    return pieces_of(programme, grid.down(programme.maximum), split)


class _Cells:
    """Spending columns: a cell for each programme and year, a column for each of its pieces."""

    def __init__(self, portfolio: Portfolio, grid: Grid, usual_pieces: Sequence[list[Piece]]) -> None:
        cells: list[tuple[int, int]] = []
        of_cells: list[list[Piece]] = []
        self.indivisible: list[int] = []
        split = portfolio.settings.tie_break
        programmes = list(portfolio.programmes.values())
        for position, (programme, usual) in enumerate(zip(programmes, usual_pieces, strict=True)):
            for year in programme.years:
                pin = programme.pins.get(year)
                if programme.indivisible and pin is None:
                    self.indivisible.append(len(cells))
                cells.append((position, year))
                of_cells.append(usual if pin is None else pieces_of(programme, pin, split))
        pieces = [piece for pieces in of_cells for piece in pieces]
        self.programme = np.array([p for p, _ in cells], dtype=np.int64)
        self.year = np.array([t for _, t in cells], dtype=np.int64)
        self.at = np.full((len(programmes), portfolio.settings.years), -1, dtype=np.int64)
        self.at[self.programme, self.year] = np.arange(len(cells))
        self.of = {(programmes[p].id, t): cell for cell, (p, t) in enumerate(cells)}
        self.count = np.array([len(pieces) for pieces in of_cells], dtype=np.int64)
        self.ceiling = np.array([sum(piece.width for piece in pieces) for pieces in of_cells], dtype=np.float64)
        self.width = np.array([piece.width for piece in pieces], dtype=np.float64)
        self.rate = np.array([piece.rate for piece in pieces], dtype=np.float64)
        self.tie = np.array([-1.0 if piece.below_baseline else 1.0 for piece in pieces], dtype=np.float64)


@dataclass(frozen=True)
class _Attained:
    """Attained-score columns: one or more (with a curve) for each pair and year."""

    count: Ints
    upper: Floats
    cost: Floats


def _attained_columns(portfolio: Portfolio) -> _Attained:
    years = portfolio.settings.years
    whole = full_score(portfolio)
    scale = [(100 * discount(portfolio, year) / whole).as_integer_ratio() for year in range(years)]
    count, upper, cost = [], [], []
    for pair in portfolio.priorities.values():
        start, widths, worths = Fraction(0), [], []
        for segment in pair.curve:
            widths.append(float((segment.up_to - start) * pair.need))
            worths.append((pair.weight * segment.rate).as_integer_ratio())
            start = segment.up_to
        for above, below in scale:
            count.append(len(widths))
            upper += widths
            cost += [above * over / (below * under) for over, under in worths]
    return _Attained(np.array(count, dtype=np.int64), np.array(upper), np.array(cost))


def _deepest_harm(portfolio: Portfolio, pairs: Sequence[tuple[str, str]], count: Ints) -> Floats:
    """The lower bounds of attained-score columns: only the first of a pair and year reaches below zero."""
    harm = most_harm(portfolio)
    years = range(portfolio.settings.years)
    lower = np.zeros(int(count.sum()))
    lower[np.cumsum(count) - count] = [-float(harm.get((*pair, year), 0)) for pair in pairs for year in years]
    return lower


def most_harm(portfolio: Portfolio) -> dict[tuple[str, str, int], Fraction]:
    """h(r,o,t): the most harm (points) that can reach a pair in a year."""
    harm: dict[tuple[str, str, int], Fraction] = defaultdict(Fraction)
    for effect in portfolio.effects:
        if effect.score.numerator >= 0:
            continue
        programme = portfolio.programmes[effect.programme]
        for year in range(portfolio.settings.years):
            spent = year - effect.lag
            if spent in programme.years:
                harm[effect.region, effect.objective, year] -= effect.score * programme.ceiling(spent)
            elif spent < 0 and 0 in programme.years:
                harm[effect.region, effect.objective, year] -= effect.score * (programme.baseline or 0)
    return harm


class _Keyed[K]:
    """Columns from zero to an upper bound, each with its key."""

    def __init__(self, bounds: Iterable[tuple[K, Number]]) -> None:
        found = list(bounds)
        self.keys: list[K] = [key for key, _ in found]
        self.upper = np.array([float(upper) for _, upper in found], dtype=np.float64)


def _matched_columns(portfolio: Portfolio, grid: Grid) -> _Keyed[tuple[Synergy, int]]:
    """A synergy counts in years in which both partners run, where its pair has a priority."""

    def bounds() -> Iterator[tuple[tuple[Synergy, int], Number]]:
        for synergy in portfolio.synergies.values():
            a, b = portfolio.programmes[synergy.programme_a], portfolio.programmes[synergy.programme_b]
            if (a.region, synergy.objective) in portfolio.priorities:
                for year in a.years:
                    if year in b.years:
                        yield (synergy, year), grid.down(a.ceiling(year))

    return _Keyed(bounds())


def _transfer_columns(portfolio: Portfolio, grid: Grid) -> _Keyed[tuple[int, int]]:
    return _Keyed(
        ((position, year), grid.down(transfer.max_share * amount))
        for position, transfer in enumerate(portfolio.transfers)
        for year, amount in enumerate(portfolio.accounts[transfer.from_account].appropriation)
    )


def _carry_columns(portfolio: Portfolio, grid: Grid) -> _Keyed[tuple[str, int]]:
    return _Keyed(
        ((account.id, year), grid.down(account.carry_over * account.appropriation[year]))
        for account in portfolio.accounts.values()
        if account.carry_over
        for year in range(portfolio.settings.years - 1)
    )
