"""Assemble columns and constraint blocks into one model."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np

from optimizer.collecting import uncollected
from optimizer.model import limits, rows
from optimizer.model.arrays import Model
from optimizer.model.columns import CONTINUOUS, Grid, lay_out
from optimizer.model.memory import Memory, Workshop
from optimizer.model.rows import Block, Constraint
from optimizer.model.scaling import in_usual_sizes
from optimizer.portfolio import Portfolio

CONSTRAINTS: tuple[Constraint, ...] = (
    rows.spending,
    rows.attainment,
    rows.synergy_at_most_first_partner,
    rows.synergy_at_most_second_partner,
    rows.synergies_divide_second_partner,
    rows.budget,
    rows.minimum,
    rows.indivisible_at_least,
    rows.indivisible_at_most,
    rows.ramp_up,
    rows.ramp_down,
    rows.commitment,
    rows.commitment_to_choice,
    rows.resource,
    rows.pin,
    limits.limit_on_spending,
    limits.limit_on_value,
    limits.limit_on_risk,
    limits.limit_on_harm,
    limits.limit_on_attainment,
)


def build(
    portfolio: Portfolio,
    grid: Grid = CONTINUOUS,
    constraints: Sequence[Constraint] = CONSTRAINTS,
    memory: Memory | None = None,
) -> Model:
    """Build the model of an active portfolio; with a ``grid``, that of the book rounded for publishing.

    With a ``memory``, parts that would be as in the last model of the same book are taken from it.
    """
    make = memory or Workshop()
    with uncollected():
        columns = lay_out(portfolio, grid, make)
        blocks: list[Block] = [make(constraint, portfolio, columns) for constraint in constraints]
    counts, indices, coefficients = zip(*(block.compressed for block in blocks), strict=True)
    lower, upper = zip(*(block.bounds for block in blocks), strict=True)
    made = Model(
        columns=columns,
        blocks=blocks,
        keys=list(chain.from_iterable(block.keys for block in blocks)),
        row_lower=np.concatenate(lower),
        row_upper=np.concatenate(upper),
        starts=np.concatenate([[0], np.cumsum(np.concatenate(counts))]).astype(np.int64),
        indices=np.concatenate(indices),
        coefficients=np.concatenate(coefficients),
    )
    return in_usual_sizes(made)
