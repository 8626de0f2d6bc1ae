"""The whole model as arrays, and as the PuLP problem that they fill."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pulp
from pulp._rustcore import AffineExpr, Category, Sense

from optimizer.collecting import uncollected
from optimizer.model.columns import Columns, Floats, Ints, Key
from optimizer.model.rows import Block


@dataclass(frozen=True)
class Model:
    """The whole model: maximise cost·x subject to lower ≤ A·x ≤ upper, in compressed rows.

    ``keys`` names each row as (constraint, ids …, year offset). ``is_relaxed``: indivisible programmes may be divided.
    ``row_unit``: the unit in which each row counts, where some count in another than the workbook's.
    """

    columns: Columns
    blocks: Sequence[Block]
    keys: list[Key]
    row_lower: Floats
    row_upper: Floats
    starts: Ints
    indices: Ints
    coefficients: Floats
    is_relaxed: bool = False
    row_unit: Floats | None = None

    @cached_property
    def row_of(self) -> dict[Key, int]:
        """The number of each row, by its key."""
        return {key: number for number, key in enumerate(self.keys)}

    @cached_property
    def problem(self) -> pulp.LpProblem:
        """The model as a PuLP problem.

        Rows reach PuLP's core in bulk, by column ids and coefficients: its operators on single terms take many
        times as long on large books.
        """
        problem = pulp.LpProblem("haibun", pulp.LpMaximize)
        core = problem.toRustModel()
        _add_variables(core, self.columns)
        scoring = np.flatnonzero(self.columns.cost)
        score = AffineExpr()
        score.add_term_ids_coeffs(core, scoring.astype(np.uint64), self.columns.cost[scoring])
        core.set_objective(score)
        with uncollected():
            _add_rows(core, self)
        return problem

    def row_names(self) -> list[str]:
        """A name for each row: its constraint and the row's number in it, no user text."""
        return [f"{block.name}_{number}" for block in self.blocks for number in range(len(block.keys))]


def _add_variables(core: Any, columns: Columns) -> None:
    names, lower, upper = columns.names(), columns.lower.tolist(), columns.upper.tolist()
    variables = core.add_variables_batch(names[: columns.first_z], 0.0, 0.0, Category.Continuous)
    for variable, low, high in zip(variables, lower, upper, strict=False):
        variable.set_ub(high)
        if low:
            variable.set_lb(low)
    core.add_variables_batch(names[columns.first_z :], 0.0, 1.0, Category.Binary)


def _add_rows(core: Any, model: Model) -> None:
    """Hand every row to PuLP's core as buffers of column ids and coefficients."""
    ids, coefficients = memoryview(model.indices.astype(np.uint64)), memoryview(model.coefficients)
    has_upper = np.isfinite(model.row_upper)
    constants = (-np.where(has_upper, model.row_upper, model.row_lower)).tolist()
    is_equal = (model.row_lower == model.row_upper).tolist()
    starts = model.starts.tolist()
    for number, (name, below, equal) in enumerate(zip(model.row_names(), has_upper.tolist(), is_equal, strict=True)):
        entries = slice(starts[number], starts[number + 1])
        expression = AffineExpr()
        expression.add_term_ids_coeffs(core, ids[entries], coefficients[entries])
        expression.set_constant(constants[number])
        expression.set_sense(Sense.Equal if equal else Sense.LessEqual if below else Sense.GreaterEqual)
        expression.set_name(name)
        core.add_constraint(expression)
