"""One function a constraint; each returns the rows of that constraint as a block of arrays.

``x[p, t]`` is spending (the sum of a cell's pieces), ``g[r, o, t]`` the attained score of a pair, ``m`` matched
money, ``f`` transfers, ``v`` carry-over, ``z`` yes or no. The function's name is the prefix of its LP rows, the
heading in the guide, and the first part of each row's key; the rest of the key are ids and the year's offset.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

import numpy as np

from optimizer.model.columns import Columns, Floats, Grid, Ints, Key, baseline_along_curve
from optimizer.model.memory import Workshop
from optimizer.portfolio import Portfolio, Programme

INFINITE = np.inf
MOST_COLUMNS = 2**40


@dataclass
class Block:
    """Rows of one constraint: keys, bounds and the matrix entries as (row, column, coefficient) lists."""

    name: str
    keys: list[Key] = field(default_factory=list)
    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    rows: list[Ints] = field(default_factory=list)
    columns: list[Ints] = field(default_factory=list)
    coefficients: list[Floats] = field(default_factory=list)

    def at_most(self, bound: float, *key: str | int) -> int:
        """Begin a row ≤ ``bound``; returns its number in the block."""
        return self._begin(-INFINITE, bound, key)

    def at_least(self, bound: float, *key: str | int) -> int:
        """Begin a row ≥ ``bound``."""
        return self._begin(bound, INFINITE, key)

    def exactly(self, value: float, *key: str | int) -> int:
        """Begin a row = ``value``."""
        return self._begin(value, value, key)

    def _begin(self, lower: float, upper: float, key: Key) -> int:
        self.keys.append((self.name, *key))
        self.lower.append(lower)
        self.upper.append(upper)
        return len(self.keys) - 1

    def add(self, rows: Ints, columns: Ints, coefficients: Floats) -> None:
        """Add matrix entries; entries at the same place add up."""
        self.rows.append(rows)
        self.columns.append(columns)
        self.coefficients.append(coefficients)

    def add_to(self, row: int, columns: Ints | list[int], coefficient: float) -> None:
        """Add one coefficient on each of ``columns`` in one row."""
        count = len(columns)
        self.add(np.full(count, row), np.asarray(columns, dtype=np.int64), np.full(count, coefficient))

    def spend(
        self, var: Columns, rows: Ints | list[int], cells: Ints | list[int], coefficients: Floats | float
    ) -> None:
        """Add coefficient × x for each (row, cell)."""
        cell_array, row_array = np.asarray(cells, dtype=np.int64), np.asarray(rows, dtype=np.int64)
        self.add(row_array, var.spent(cell_array), np.broadcast_to(coefficients, cell_array.shape))

    def bring(self, var: Columns, rows_of: Callable[[Programme, Grid], OwnRows]) -> None:
        """Add the rows that each programme brings by itself."""
        found = var.make.each(rows_of, var.programmes, also=(var.grid,))
        begun, position = [], []
        for number, own in enumerate(found):
            begun += [len(self.keys)] * len(own.entries)
            position += [number] * len(own.entries)
            self.keys += own.keys
            self.lower += own.lower
            self.upper += own.upper
        if begun:
            rows = np.concatenate([own.arrays[0] for own in found]) + np.array(begun)
            years = np.concatenate([own.arrays[1] for own in found])
            coefficients = np.concatenate([own.arrays[2] for own in found])
            self.spend(var, rows, var.cell_at[position, years], coefficients)

    @cached_property
    def bounds(self) -> tuple[Floats, Floats]:
        """Lower and upper bounds of the rows, once all of them are begun."""
        return np.array(self.lower, dtype=np.float64), np.array(self.upper, dtype=np.float64)

    @cached_property
    def compressed(self) -> tuple[Ints, Ints, Floats]:
        """How many entries each row has, their columns and coefficients, once all are added.

        Entries are sorted by row and column; those at the same place are added up, and sums of 0 left out.
        """
        if not self.rows:
            return np.zeros(len(self.keys), np.int64), np.empty(0, np.int64), np.empty(0)
        place = np.concatenate(self.rows) * MOST_COLUMNS + np.concatenate(self.columns)
        coefficient = np.concatenate(self.coefficients)
        order = np.argsort(place, kind="stable")
        place, coefficient = place[order], coefficient[order]
        first = np.flatnonzero(np.diff(place, prepend=-1))
        summed = np.add.reduceat(coefficient, first) if len(first) else coefficient
        kept = summed != 0
        place, summed = place[first][kept], summed[kept]
        return np.bincount(place // MOST_COLUMNS, minlength=len(self.keys)), place % MOST_COLUMNS, summed


@dataclass
class OwnRows:
    """Rows of a constraint that one programme brings, on its own spending alone."""

    constraint: str
    programme: Programme
    keys: list[Key] = field(default_factory=list)
    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    entries: list[tuple[int, int, float]] = field(default_factory=list)
    """Row, year of the spending, coefficient."""

    def add(self, year: int, lower: float, upper: float, coefficients: Mapping[int, float]) -> None:
        """Add the row of a year: lower ≤ Σ coefficient·x ≤ upper, coefficients by year."""
        self.entries += [(len(self.keys), at, coefficient) for at, coefficient in coefficients.items()]
        self.keys.append((self.constraint, self.programme.id, year))
        self.lower.append(lower)
        self.upper.append(upper)

    @cached_property
    def arrays(self) -> tuple[Ints, Ints, Floats]:
        """The entries: rows, years and coefficients, once all rows are added."""
        rows, years, coefficients = zip(*self.entries, strict=True) if self.entries else ((), (), ())
        return np.array(rows, np.int64), np.array(years, np.int64), np.array(coefficients, np.float64)


Constraint = Callable[[Portfolio, Columns], Block]


def spending(portfolio: Portfolio, var: Columns) -> Block:
    """Spending is the sum of what is spent on the segments of the programme's curve.

    x[p,t] = Σₛ y[p,t,s]
    """
    block = Block("spending")
    cells = np.arange(len(var.cell_year))
    block.keys = [("spending", *cell) for cell in var.cell_of]
    block.lower, block.upper = [0.0] * len(cells), [0.0] * len(cells)
    block.add(*var.pieces(cells, np.ones(len(cells)), cells))
    block.spend(var, cells, cells, -1.0)
    return block


def attainment(portfolio: Portfolio, var: Columns) -> Block:
    """A score is attained only by what spending and matched money deliver.

    g[r,o,t] <= Σ e·Σₛ ρ(s)·y[p,t-lag,s] (harm: e·x) + Σ score(l)·m[l,t] + what the baseline delivers with a lag
    """
    block, years = Block("attainment"), var.years
    before = delivered_before_the_horizon(portfolio, var.make)
    for region, objective in var.pair_index:
        for year in range(years):
            block.at_most(float(before.get((region, objective, year), 0)), region, objective, year)
    rows = np.arange(len(var.g_start))
    g_rows = np.repeat(rows, var.g_count)
    block.add(g_rows, np.arange(var.first_g, var.first_m), np.ones(len(g_rows)))
    position = {programme.id: i for i, programme in enumerate(var.programmes)}
    scored = [e for e in portfolio.effects if (e.region, e.objective) in var.pair_index]
    programme = np.array([position[e.programme] for e in scored], dtype=np.int64)
    pair_of = np.array([var.pair_index[e.region, e.objective] for e in scored], dtype=np.int64)
    lag = np.array([e.lag for e in scored], dtype=np.int64)
    score = np.array([float(e.score) for e in scored], dtype=np.float64)
    spent = np.arange(years)[:, None] - lag
    cells = np.where(spent >= 0, var.cell_at[programme, np.maximum(spent, 0)], -1)
    row_of = pair_of * years + np.arange(years)[:, None]
    scores = np.broadcast_to(score, cells.shape)
    good, harm = (cells >= 0) & (score > 0), (cells >= 0) & (score < 0)
    row, column, coefficient = var.pieces(cells[good], scores[good], row_of[good])
    block.add(row, column, -coefficient * var.y_rate[column])
    block.spend(var, row_of[harm], cells[harm], -scores[harm])
    row_of_synergy = [
        var.pair_index[portfolio.programmes[synergy.programme_a].region, synergy.objective] * years + year
        for synergy, year in var.synergies
    ]
    points = np.array([-float(synergy.score) for synergy, _ in var.synergies])
    block.add(np.array(row_of_synergy, dtype=np.int64), var.first_m + np.arange(len(points)), points)
    return block


def delivered_before_the_horizon(portfolio: Portfolio, make: Workshop) -> dict[tuple[str, str, int], Fraction]:
    """Points that the baseline, spent before the first year, delivers inside the horizon through lags."""
    lagging = [(effect, portfolio.programmes[effect.programme]) for effect in portfolio.effects if effect.lag]
    begun = [(effect, programme) for effect, programme in lagging if programme.baseline and 0 in programme.years]
    counted = make.each(baseline_along_curve, [programme for _, programme in begun])
    points: dict[tuple[str, str, int], Fraction] = defaultdict(Fraction)
    for (effect, programme), along_curve in zip(begun, counted, strict=True):
        delivered = effect.score * (along_curve if effect.score.numerator > 0 else programme.baseline or 0)
        for year in range(min(effect.lag, portfolio.settings.years)):
            points[effect.region, effect.objective, year] += delivered
    return points


def synergy_at_most_first_partner(portfolio: Portfolio, var: Columns) -> Block:
    """A synergy pays for money that its first partner spends.

    m[l,t] <= x[a,t]
    """
    block = Block("synergy_at_most_first_partner")
    rows = [block.at_most(0.0, synergy.id, year) for synergy, year in var.synergies]
    block.add(np.array(rows, dtype=np.int64), var.first_m + np.arange(len(rows)), np.ones(len(rows)))
    block.spend(var, rows, [var.cell_of[synergy.programme_a, year] for synergy, year in var.synergies], -1.0)
    return block


def synergy_at_most_second_partner(portfolio: Portfolio, var: Columns) -> Block:
    """A synergy pays for money that its second partner can match.

    ratio(l)·m[l,t] <= x[b,t]
    """
    block = Block("synergy_at_most_second_partner")
    rows = [block.at_most(0.0, synergy.id, year) for synergy, year in var.synergies]
    ratios = np.array([float(synergy.ratio) for synergy, _ in var.synergies])
    block.add(np.array(rows, dtype=np.int64), var.first_m + np.arange(len(rows)), ratios)
    block.spend(var, rows, [var.cell_of[synergy.programme_b, year] for synergy, year in var.synergies], -1.0)
    return block


def synergies_divide_second_partner(portfolio: Portfolio, var: Columns) -> Block:
    """Synergies on one objective divide their second partner among them, unless it serves all at once.

    Σ ratio(l)·m[l,t] <= x[b,t]    over the synergies l that are not shared, with the same b and objective
    """
    block = Block("synergies_divide_second_partner")
    together: dict[tuple[str, str, int], list[tuple[int, float]]] = defaultdict(list)
    for number, (synergy, year) in enumerate(var.synergies):
        if not synergy.shared:
            together[synergy.programme_b, synergy.objective, year].append((number, float(synergy.ratio)))
    for (partner, objective, year), members in together.items():
        if len(members) > 1:
            row = block.at_most(0.0, partner, objective, year)
            for number, ratio in members:
                block.add_to(row, [var.first_m + number], ratio)
            block.spend(var, [row], [var.cell_of[partner, year]], -1.0)
    return block


def budget(portfolio: Portfolio, var: Columns) -> Block:
    """An account spends, gives and carries no more than its appropriation and what it received.

    Σ x[p,t] + transfers out + v[a,t] <= B(a,t) + transfers in + v[a,t-1]
    """
    block, years = Block("budget"), var.years
    row_of = {}
    for account in portfolio.accounts.values():
        for year, amount in enumerate(account.appropriation):
            row_of[account.id, year] = block.at_most(float(var.grid.down(amount)), account.id, year)
    account_row = np.array([row_of[p.account, 0] for p in var.programmes], dtype=np.int64)
    if len(var.cell_year):
        block.spend(var, account_row[var.cell_programme] + var.cell_year, np.arange(len(var.cell_year)), 1.0)
    for number, (transfer, year) in enumerate(var.transfers):
        giver, receiver = portfolio.transfers[transfer].from_account, portfolio.transfers[transfer].to_account
        block.add_to(row_of[giver, year], [var.first_f + number], 1.0)
        block.add_to(row_of[receiver, year], [var.first_f + number], -1.0)
    for number, (account_id, year) in enumerate(var.carries):
        block.add_to(row_of[account_id, year], [var.first_v + number], 1.0)
        if year + 1 < years:
            block.add_to(row_of[account_id, year + 1], [var.first_v + number], -1.0)
    return block


def minimum(portfolio: Portfolio, var: Columns) -> Block:
    """A programme spends at least its minimum in each of its years.

    x[p,t] >= minimum(p)
    """
    block = Block("minimum")
    block.bring(var, _minimum_of)
    return block


def _minimum_of(programme: Programme, grid: Grid) -> OwnRows:
    own = OwnRows("minimum", programme)
    if programme.floor > 0 and not programme.indivisible:
        bound = float(grid.up(programme.floor))
        for year in programme.years:
            if year not in programme.pins:
                own.add(year, bound, INFINITE, {year: 1.0})
    return own


def indivisible_at_least(portfolio: Portfolio, var: Columns) -> Block:
    """An indivisible programme that is chosen spends at least its minimum.

    x[p,t] >= minimum(p)·z[p,t]
    """
    block = Block("indivisible_at_least")
    for number, cell in enumerate(var.indivisible_cells):
        programme = var.programmes[var.cell_programme[cell]]
        row = block.at_least(0.0, programme.id, int(var.cell_year[cell]))
        block.spend(var, [row], [cell], 1.0)
        block.add_to(row, [var.first_z + number], -float(var.grid.up(programme.floor)))
    return block


def indivisible_at_most(portfolio: Portfolio, var: Columns) -> Block:
    """An indivisible programme that is not chosen spends nothing.

    x[p,t] <= M(p)·z[p,t]
    """
    block = Block("indivisible_at_most")
    for number, cell in enumerate(var.indivisible_cells):
        programme = var.programmes[var.cell_programme[cell]]
        row = block.at_most(0.0, programme.id, int(var.cell_year[cell]))
        block.spend(var, [row], [cell], 1.0)
        block.add_to(row, [var.first_z + number], -float(var.grid.down(programme.maximum)))
    return block


def ramp_up(portfolio: Portfolio, var: Columns) -> Block:
    """From one year to the next a programme grows by no more than its ramp.

    x[p,t] - x[p,t-1] <= ramp(p)·K(p)    (first year: the baseline, or 0 where it starts later, for x[p,t-1])
    """
    block = Block("ramp_up")
    block.bring(var, _ramp_up_of)
    return block


def _ramp_up_of(programme: Programme, grid: Grid) -> OwnRows:
    own = OwnRows("ramp_up", programme)
    if programme.ramp is not None:
        step = programme.ramp * programme.scale
        for year, bound in _steps(programme, float(step), _first_step_up(programme, step)):
            own.add(year, -INFINITE, bound, {year: 1.0} | ({year - 1: -1.0} if year > programme.first else {}))
    return own


def _first_step_up(programme: Programme, step: Fraction) -> float | None:
    """The most that the first year allows; None where the year before it is free."""
    if programme.first > 0:
        return float(step)
    return None if programme.baseline is None else float(step + programme.baseline)


def _steps(programme: Programme, every_year: float, first_year: float | None) -> Iterator[tuple[int, float]]:
    """The years in which a ramp holds, with its bound: not next to a pin, and in the first year where it has one."""
    for year in programme.years:
        bound = every_year if year > programme.first else first_year
        if bound is not None and not (year in programme.pins or year - 1 in programme.pins):
            yield year, bound


def ramp_down(portfolio: Portfolio, var: Columns) -> Block:
    """From one year to the next a programme shrinks by no more than its ramp, but may always fall to its maximum.

    x[p,t-1] - x[p,t] <= ramp(p)·K(p)    (first year: x[p,t] >= min(baseline - ramp·K, M))
    """
    block = Block("ramp_down")
    block.bring(var, _ramp_down_of)
    return block


def _ramp_down_of(programme: Programme, grid: Grid) -> OwnRows:
    own = OwnRows("ramp_down", programme)
    if programme.ramp is not None:
        step = programme.ramp * programme.scale
        for year, bound in _steps(programme, float(step), _first_step_down(programme, step, grid)):
            own.add(year, -INFINITE, bound, ({year - 1: 1.0} if year > programme.first else {}) | {year: -1.0})
    return own


def _first_step_down(programme: Programme, step: Fraction, grid: Grid) -> float | None:
    """The least that the first year allows, negative; None where the year before it is free, or nothing was spent."""
    if programme.first > 0 or programme.baseline is None:
        return None
    return -float(min(programme.baseline - step, grid.down(programme.maximum)))


def commitment(portfolio: Portfolio, var: Columns) -> Block:
    """A programme with a commitment, once begun, does not shrink before its end.

    x[p,t-1] - x[p,t] <= 0
    """
    block = Block("commitment")
    block.bring(var, _commitment_of)
    return block


def _commitment_of(programme: Programme, grid: Grid) -> OwnRows:
    own = OwnRows("commitment", programme)
    for year in programme.years[1:] if programme.commitment else ():
        if year not in programme.pins and year - 1 not in programme.pins:
            own.add(year, -INFINITE, 0.0, {year - 1: 1.0, year: -1.0})
    return own


def commitment_to_choice(portfolio: Portfolio, var: Columns) -> Block:
    """An indivisible programme with a commitment, once chosen, stays chosen.

    z[p,t-1] - z[p,t] <= 0
    """
    block = Block("commitment_to_choice")
    z_of = {
        (int(var.cell_programme[cell]), int(var.cell_year[cell])): var.first_z + number
        for number, cell in enumerate(var.indivisible_cells)
    }
    for (position, year), column in z_of.items():
        if var.programmes[position].commitment and (position, year - 1) in z_of:
            row = block.at_most(0.0, var.programmes[position].id, year)
            block.add_to(row, [z_of[position, year - 1]], 1.0)
            block.add_to(row, [column], -1.0)
    return block


def resource(portfolio: Portfolio, var: Columns) -> Block:
    """What programmes use of a resource is there, or was built in time.

    Σ uses·x[p,t] <= available(k,t) + Σ builds·x[p,t']    over t - delay - life < t' <= t - delay
    """
    block, years = Block("resource"), var.years
    row_of = {}
    for item in portfolio.resources.values():
        for year, amount in enumerate(item.available):
            row_of[item.id, year] = block.at_most(float(amount), item.id, year)
    for use in portfolio.resource_uses:
        spent_years = list(portfolio.programmes[use.programme].years)
        cells = [var.cell_of[use.programme, year] for year in spent_years]
        if use.uses:
            block.spend(var, [row_of[use.resource, year] for year in spent_years], cells, float(use.uses))
        if use.builds:
            for year in range(years):
                built = [y for y in spent_years if is_usable(year, y, use.delay, use.life)]
                rows = [row_of[use.resource, year]] * len(built)
                block.spend(var, rows, [var.cell_of[use.programme, y] for y in built], -float(use.builds))
    return block


def is_usable(year: int, built: int, delay: int, life: int | None) -> bool:
    """Whether what was built in ``built`` can be used in ``year``."""
    return built <= year - delay and (life is None or built > year - delay - life)


def pin(portfolio: Portfolio, var: Columns) -> Block:
    """A pinned programme spends exactly what the scenario says.

    x[p,t] = pin(p,t)
    """
    block = Block("pin")
    for programme in var.programmes:
        for year, amount in programme.pins.items():
            row = block.exactly(float(amount), programme.id, year)
            block.spend(var, [row], [var.cell_of[programme.id, year]], 1.0)
    return block
