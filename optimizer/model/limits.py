"""The rows of Limits: one function a measure."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial

import numpy as np
from numpy.typing import NDArray

from optimizer.model.columns import Columns, Floats, Ints
from optimizer.model.rows import Block
from optimizer.portfolio import Limit, Portfolio, Scope

Flags = NDArray[np.bool_]


def limit_on_spending(portfolio: Portfolio, var: Columns) -> Block:
    """Spending in scope stays on its side of an amount, of a share of spending, or of appropriations.

    Σ x[p,t] <= (>=) value    or  value·Σ x[p,t] in the of-scope    or  value·Σ B(a,t) in the of-scope
    """
    block = Block("limit_on_spending")
    for limit in portfolio.limits.values():
        if limit.measure == "spend":
            _limit_money(block, portfolio, var, limit, np.ones(len(var.programmes)))
    return block


def limit_on_value(portfolio: Portfolio, var: Columns) -> Block:
    """Value (money × leverage) in scope stays on its side of an amount or of a share of value.

    Σ leverage(p)·x[p,t] <= (>=) value    or  value·Σ leverage(p)·x[p,t] in the of-scope
    """
    block = Block("limit_on_value")
    leverage = np.array([float(p.leverage) for p in var.programmes])
    for limit in portfolio.limits.values():
        if limit.measure == "value":
            _limit_money(block, portfolio, var, limit, leverage)
    return block


def limit_on_risk(portfolio: Portfolio, var: Columns) -> Block:
    """The spending-weighted average risk in scope stays on its side of a value.

    Σ (risk(p) - value)·x[p,t] <= (>=) 0
    """
    block = Block("limit_on_risk")
    for limit in portfolio.limits.values():
        if limit.measure == "risk":
            inside = programmes_in(limit.scope, var)
            excess = np.array([float(p.risk - limit.value) for p in var.programmes])
            rows = _row_of_year(block, limit, _has_cells(var, inside), partial(_always, Fraction(0)))
            _spend(block, var, inside, excess, rows)
    return block


def limit_on_harm(portfolio: Portfolio, var: Columns) -> Block:
    """Harm done by programmes in scope, in the year of spending, stays below a value; good does not offset it.

    Σ |e|·x[p,t] <= value    over negative effects
    """
    block = Block("limit_on_harm")
    for limit in portfolio.limits.values():
        if limit.measure == "harm":
            inside = programmes_in(limit.scope, var)
            harm = np.zeros(len(var.programmes))
            for effect in portfolio.effects:
                if effect.score.numerator < 0 and objective_in(limit.scope, portfolio, effect.objective):
                    harm[var.position[effect.programme]] -= float(effect.score)
            rows = _row_of_year(block, limit, _has_cells(var, inside), partial(_always, limit.value))
            _spend(block, var, inside & (harm > 0), harm, rows)
    return block


def limit_on_attainment(portfolio: Portfolio, var: Columns) -> Block:
    """The share of the weighted need that is met in scope is at least a value.

    Σ w(r,o)·g[r,o,t] >= value·Σ w(r,o)·n(r,o)
    """
    block = Block("limit_on_attainment")
    for limit in portfolio.limits.values():
        if limit.measure == "attainment":
            pairs = [
                i for i, pair in enumerate(var.pairs) if pair_in(limit.scope, portfolio, pair.region, pair.objective)
            ]
            if pairs:
                need = sum((var.pairs[i].weight * var.pairs[i].need for i in pairs), Fraction(0))
                weight = np.array([float(var.pairs[i].weight) for i in pairs])
                for years in years_of(limit, var.years):
                    row = block.at_least(float(limit.value * need * len(years)), limit.id, years_key(limit, years))
                    columns, pair = var.attained(np.array(pairs), np.array(years))
                    block.add(np.full(len(columns), row), columns, weight[pair])
    return block


def years_of(limit: Limit, horizon: int) -> list[list[int]]:
    """The groups of years that a limit speaks of, one row each."""
    if limit.year == "all":
        return [list(range(horizon))]
    if isinstance(limit.year, int):
        return [[limit.year]]
    return [[year] for year in range(horizon)]


def years_key(limit: Limit, years: list[int]) -> str | int:
    """The last part of a limit row's key."""
    return "all" if limit.year == "all" else years[0]


def programmes_in(scope: Scope, var: Columns) -> Flags:
    """Which programmes lie in a scope."""
    return np.array(scope.holding(var.programmes), dtype=np.bool_)


def pair_in(scope: Scope, portfolio: Portfolio, region: str, objective: str) -> bool:
    """Whether a pair lies in the scope of an attainment limit."""
    return scope.region in ("", region) and objective_in(scope, portfolio, objective)


def objective_in(scope: Scope, portfolio: Portfolio, objective: str) -> bool:
    """Whether an objective lies in a scope."""
    return scope.objective in ("", objective) and scope.freedom in (
        "",
        portfolio.objectives[objective].freedom,
    )


def _limit_money(block: Block, portfolio: Portfolio, var: Columns, limit: Limit, price: Floats) -> None:
    def bound(years: list[int]) -> Fraction:
        return limit_in_money(portfolio, var, limit, years)

    inside = programmes_in(limit.scope, var)
    if limit.basis != "share":
        _spend(block, var, inside, price, _row_of_year(block, limit, _has_cells(var, inside), bound))
        return
    whole, speaks = programmes_in(limit.of_scope, var), _has_cells(var, inside)
    rows = _row_of_year(block, limit, speaks & _has_cells(var, whole) if limit.sense == "max" else speaks, bound)
    _spend(block, var, inside, price, rows)
    _spend(block, var, whole, -float(limit.value) * price, rows)


def _has_cells(var: Columns, inside: Flags) -> Flags:
    """In which years a programme runs."""
    found: Flags = (var.cell_at[inside] >= 0).any(axis=0)
    return found


def _row_of_year(block: Block, limit: Limit, speaks: Flags, bound: Callable[[list[int]], Fraction]) -> Ints:
    """Begin a row for each group of years of which one has something to speak of; -1 for years without a row."""
    begin = block.at_most if limit.sense == "max" else block.at_least
    rows = np.full(len(speaks), -1, dtype=np.int64)
    for years in years_of(limit, len(speaks)):
        if speaks[years].any():
            rows[years] = begin(float(bound(years)), limit.id, years_key(limit, years))
    return rows


def _always(bound: Fraction, _years: list[int]) -> Fraction:
    return bound


def _spend(block: Block, var: Columns, inside: Flags, price: Floats, row_of_year: Ints) -> None:
    """Add price × x for each programme inside and each year, in the year's row."""
    cells = var.cell_at[inside].ravel()
    rows = np.tile(row_of_year, len(cells) // len(row_of_year))
    counts = (cells >= 0) & (rows >= 0)
    cells = cells[counts]
    block.spend(var, rows[counts], cells, price[var.cell_programme[cells]])


def limit_in_money(portfolio: Portfolio, var: Columns, limit: Limit, years: list[int]) -> Fraction:
    """The right side of a spend or value row; ``max`` amounts of spending stand on the grid."""
    if limit.basis == "share":
        return Fraction(0)
    if limit.basis == "budget":
        accounts = [
            a
            for a in portfolio.accounts.values()
            if limit.of_scope.account in ("", a.id) and limit.of_scope.agency in ("", a.agency)
        ]
        return limit.value * sum((a.appropriation[year] for a in accounts for year in years), Fraction(0))
    if limit.sense == "max" and limit.measure == "spend":
        return var.grid.down(limit.value)
    return limit.value
