"""The rows of Limits: one function a measure."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from optimizer.model.columns import Columns, Floats, Ints
from optimizer.model.rows import Block
from optimizer.portfolio import Limit, Portfolio, Scope


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
            for years, row in _rows(block, var, limit, inside, Fraction(0)):
                cells = _cells(var, inside, years)
                block.spend(var, np.full(len(cells), row), cells, excess[var.cell_programme[cells]])
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
            for years, row in _rows(block, var, limit, inside, limit.value):
                cells = _cells(var, inside & (harm > 0), years)
                block.spend(var, np.full(len(cells), row), cells, harm[var.cell_programme[cells]])
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


def programmes_in(scope: Scope, var: Columns) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
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


def _cells(var: Columns, inside: np.ndarray[tuple[int], np.dtype[np.bool_]], years: list[int]) -> Ints:
    at = var.cell_at[inside][:, years].ravel()
    return at[at >= 0]


def _rows(
    block: Block,
    var: Columns,
    limit: Limit,
    inside: np.ndarray[tuple[int], np.dtype[np.bool_]],
    bound: Fraction,
) -> Iterator[tuple[list[int], int]]:
    """Begin a row for each group of years in which the scope has a programme."""
    for years in years_of(limit, var.years):
        if len(_cells(var, inside, years)):
            begin = block.at_most if limit.sense == "max" else block.at_least
            yield years, begin(float(bound), limit.id, years_key(limit, years))


def _limit_money(block: Block, portfolio: Portfolio, var: Columns, limit: Limit, price: Floats) -> None:
    inside = programmes_in(limit.scope, var)
    whole = programmes_in(limit.of_scope, var)
    for years in years_of(limit, var.years):
        cells = _cells(var, inside, years)
        if not len(cells):
            continue
        of_cells = _cells(var, whole, years) if limit.basis == "share" else np.empty(0, dtype=np.int64)
        if limit.basis == "share" and limit.sense == "max" and not len(of_cells):
            continue
        bound = limit_in_money(portfolio, var, limit, years)
        begin = block.at_most if limit.sense == "max" else block.at_least
        row = begin(float(bound), limit.id, years_key(limit, years))
        block.spend(var, np.full(len(cells), row), cells, price[var.cell_programme[cells]])
        if limit.basis == "share":
            shares = -float(limit.value) * price[var.cell_programme[of_cells]]
            block.spend(var, np.full(len(of_cells), row), of_cells, shares)


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
