"""The best plan in whole publish units near the solver's answer, where rounding one line at a time loses points.

Rows that tie lines to each other (ramps, shares, resources that are built) can keep every single unit from moving
though several could move together. Then a small integer program looks at all lines at once, each within a few units
of the solver's amount, with every row of the book held.
"""

from __future__ import annotations

import highspy
import numpy as np

from optimizer.model import Model
from optimizer.model.columns import Floats
from optimizer.plan import Plan
from optimizer.solver import Arrays, Options, arrays_of, hand_over, silent_highs, with_least_flows

REACH = 3
"""How many units a line may move away from the solver's amount."""
MOST_CELLS = 2_000
"""Above this many lines and years the search would cost more than the few publish units that it could win."""
LIMITS = {"time_limit": 5.0, "mip_max_nodes": 2_000, "mip_rel_gap": 0.0, "mip_abs_gap": 1e-3}
"""Nodes, not seconds, end the search, so that a plan does not depend on the machine; the gap is in points."""


def best_whole_plan_near(model: Model, values: Floats, published: Plan, options: Options) -> Plan | None:
    """The best plan of whole units within ``REACH`` units of ``values`` that keeps every row, where one is found.

    ``model`` is that of the book rounded for publishing, ``values`` the solver's columns (money, points). The
    search starts from the ``published`` plan. Yes-or-no choices stay as they are. None where the book is too
    large, or nothing is found in the time of ``LIMITS``.
    """
    columns = model.columns
    if columns.grid.unit is None or columns.first_g - columns.first_x > MOST_CELLS:
        return None
    unit = float(columns.grid.unit)
    highs = silent_highs(options)
    for name, value in LIMITS.items():
        highs.setOptionValue(name, value)
    hand_over(highs, _in_units(model, values, unit))
    _start_from(highs, columns.first_x, [float(amount) / unit for amount in published.spending.values()])
    highs.run()
    if highs.getInfo().primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return None
    return _plan_of(model, np.array(highs.getSolution().col_value), options)


def _in_units(model: Model, values: Floats, unit: float) -> Arrays:
    """The model with spending counted in whole units near ``values``."""
    columns, arrays = model.columns, arrays_of(model)
    spending = slice(columns.first_x, columns.first_g)
    size = np.ones(columns.count)
    size[spending] = unit
    lower, upper = columns.lower.copy(), columns.upper.copy()
    near = values[spending] / unit
    lower[spending] = np.maximum(np.rint(lower[spending] / unit), np.floor(near) - REACH)
    upper[spending] = np.minimum(np.rint(upper[spending] / unit), np.ceil(near) + REACH)
    lower[columns.first_z :] = upper[columns.first_z :] = np.rint(values[columns.first_z :])
    is_whole = np.zeros(columns.count, dtype=bool)
    is_whole[spending] = True
    matrix = (model.starts, model.indices, model.coefficients * size[model.indices])
    return arrays._replace(columns=(lower, upper), matrix=matrix, is_whole=is_whole)


def _start_from(highs: object, first: int, units: list[float]) -> None:
    places = np.arange(first, first + len(units), dtype=np.int32)
    highs.setSolution(len(units), places, np.array(units))  # type: ignore[attr-defined]


def _plan_of(model: Model, found: Floats, options: Options) -> Plan:
    """Whole units as a plan; the flows that pay for them are whole at every vertex of their network."""
    columns = model.columns
    unit = columns.grid.unit
    assert unit is not None  # noqa: S101  (the caller asked; this is for the type checker)
    spending = slice(columns.first_x, columns.first_g)
    values = found.copy()
    values[spending] = np.rint(found[spending]) * float(unit)
    values = with_least_flows(model, values, options)

    def whole(first: int, last: int) -> list[int]:
        return [round(amount / float(unit)) for amount in values[first:last].tolist()]

    ids = [programme.id for programme in columns.programmes]
    cells = zip(columns.cell_programme.tolist(), columns.cell_year.tolist(), strict=True)
    amounts = whole(columns.first_x, columns.first_g)
    transfers = whole(columns.first_f, columns.first_v)
    carries = whole(columns.first_v, columns.first_z)
    return Plan(
        {(ids[p], t): units * unit for (p, t), units in zip(cells, amounts, strict=True)},
        {key: units * unit for key, units in zip(columns.transfers, transfers, strict=True)},
        {key: units * unit for key, units in zip(columns.carries, carries, strict=True)},
    )
