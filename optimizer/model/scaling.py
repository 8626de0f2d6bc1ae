"""Scores of needs stated in unusual units (people, not points) reach the solver in units of their usual size.

A solver's tolerances are absolute: beside a gain of 10⁻⁹ points it cannot tell the best plan from none. Where the
numbers that deliver to a pair of region and objective are far from 1, its attained score counts in a power of two of
its own unit: columns g, rows of attainment. Nothing else changes, and floats stay exact.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from optimizer.model.arrays import Model
from optimizer.model.columns import Floats, Ints

USUAL = 10
"""Sizes between 2⁻¹⁰ and 2¹⁰ are left as they are."""
ATTAINMENT = "attainment"


def in_usual_sizes(model: Model) -> Model:
    """The same model with the attained scores of some pairs in other units; the model itself where none is unusual."""
    rows = _rows_of_attainment(model)
    exponents = _exponents(model, rows)
    if not exponents.any():
        return model
    columns = model.columns
    row_unit = np.ones(len(model.keys))
    row_unit[rows] = np.exp2(exponents)
    column_unit = np.ones(columns.count)
    column_unit[columns.first_g : columns.first_m] = np.repeat(np.exp2(exponents), columns.g_count)
    row_of_entry = np.repeat(np.arange(len(model.keys)), np.diff(model.starts))
    return replace(
        model,
        columns=replace(
            columns,
            lower=columns.lower / column_unit,
            upper=columns.upper / column_unit,
            cost=columns.cost * column_unit,
        ),
        row_lower=model.row_lower / row_unit,
        row_upper=model.row_upper / row_unit,
        coefficients=model.coefficients * column_unit[model.indices] / row_unit[row_of_entry],
        row_unit=row_unit,
    )


def _rows_of_attainment(model: Model) -> Ints:
    """The rows of attainment, one a pair and year."""
    first = 0
    for block in model.blocks:
        if block.name == ATTAINMENT:
            return np.arange(first, first + len(block.keys))
        first += len(block.keys)
    return np.arange(0)


def _exponents(model: Model, rows: Ints) -> Ints:
    """For each row of attainment the power of two that is the unit of its pair; 0 leaves it as it is.

    The usual size of a pair is the geometric mean of all numbers that deliver to it.
    """
    columns, years = model.columns, model.columns.years
    if not len(rows):
        return np.zeros(0, dtype=np.int64)
    entries = np.arange(model.starts[rows[0]], model.starts[rows[-1] + 1])
    pair = np.repeat(np.arange(len(rows)) // years, np.diff(model.starts[rows[0] : rows[-1] + 2]))
    delivers = (model.indices[entries] < columns.first_g) | (model.indices[entries] >= columns.first_m)
    delivers &= model.coefficients[entries] != 0
    size: Floats = np.log2(np.abs(model.coefficients[entries[delivers]]))
    pairs = len(rows) // years
    count = np.bincount(pair[delivers], minlength=pairs)
    usual = np.bincount(pair[delivers], weights=size, minlength=pairs) / np.maximum(count, 1)
    return np.repeat(np.where(np.abs(usual) > USUAL, np.rint(usual), 0.0), years).astype(np.int64)
