"""One model kept live in HiGHS: changes are applied in place and solved again from the last basis.

Every change is undone when its ``with`` block ends, so that each question starts from the book as written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import highspy
import numpy as np

from optimizer.errors import HaibunError, NoPlan
from optimizer.model import Model
from optimizer.model.columns import Floats
from optimizer.solver import (
    INFEASIBLE,
    PRIMAL_SIMPLEX,
    SCORE_ROW_SCALE,
    Options,
    arrays_of,
    hand_over,
    is_mip,
    refuse_numbers_that_highs_would_drop,
    silent_highs,
)
from optimizer.words import say

UNSCALED = {"simplex_scale_strategy": 0}
"""From the basis of a plan nearby: without scaling every step costs less, and far fewer are taken where many are."""
AFRESH = {"simplex_scale_strategy": 2, "simplex_iteration_limit": highspy.kHighsIInf}
"""As the solver begins by itself: without a basis, unscaled, a large book was seen to take eight times as long."""
FOR_MANY_SMALL_STEPS = {
    **UNSCALED,
    "simplex_strategy": PRIMAL_SIMPLEX,
    "primal_simplex_bound_perturbation_multiplier": 0.0,
    "dual_simplex_cost_perturbation_multiplier": 0.0,
}
"""From one nearly optimal vertex to another only the cost changes: no scaling and no perturbation save a third."""
Bounds = tuple[float, float]


def filled(model: Model, options: Options) -> Any:
    """A silent solver object that holds the model."""
    highs = silent_highs(options)
    highs.setOptionValue("mip_rel_gap", 0.0)
    highs.setOptionValue("mip_abs_gap", 1e-9)
    refill(highs, model)
    return highs


def set_options(highs: Any, options: Mapping[str, float]) -> None:
    """Set several options of a solver object."""
    for name, value in options.items():
        highs.setOptionValue(name, value)


def refill(highs: Any, model: Model) -> None:
    """Replace the model that a solver object holds."""
    highs.setOptionValue("presolve", "off" if is_mip(model) else "choose")
    hand_over(highs, arrays_of(model))


def best_objective(highs: Any) -> float:
    """Solve from the last basis; returns the objective. Raises ``NoPlan``.

    Where the solver loses its way from that basis, it begins once more without one.
    """
    highs.run()
    status = highs.getModelStatus()
    if status not in (highspy.HighsModelStatus.kOptimal, *INFEASIBLE):
        highs.clearSolver()
        set_options(highs, AFRESH)
        highs.run()
        status = highs.getModelStatus()
    if status in INFEASIBLE:
        raise NoPlan(say("No plan satisfies every row of the workbook."))
    if status != highspy.HighsModelStatus.kOptimal:
        word = highs.modelStatusToString(status)
        raise HaibunError(say("The solver stopped without an answer ({status}).", status=word))
    return float(highs.getInfo().objective_function_value)


class Live:
    """A model in HiGHS, solved once for the best score (points) at the start.

    Raises ``NoPlan`` where a solve finds none, also inside a change; the object stays usable.
    """

    def __init__(self, model: Model, options: Options | None = None) -> None:
        refuse_numbers_that_highs_would_drop(model)
        self.model = model
        self.highs: Any = filled(model, options or Options())
        self.cost = model.columns.cost.copy()
        self.score = self.solve()
        self.values = self._values()

    def solve(self) -> float:
        """Solve as things stand; returns the objective. Raises ``NoPlan``."""
        return best_objective(self.highs)

    def _values(self) -> Floats:
        return np.array(self.highs.getSolution().col_value)

    def solved_values(self) -> Floats:
        """Values of all columns at the last solve."""
        return self._values()

    def spending(self) -> Floats:
        """Money of each cell at the last solve."""
        columns = self.model.columns
        return self._values()[columns.first_x : columns.first_g]

    def prices(self) -> Floats:
        """Row multipliers (points a unit) at the last solve."""
        return np.array(self.highs.getSolution().row_dual)

    @contextmanager
    def changed(
        self,
        rows: Mapping[int, Bounds] | None = None,
        columns: Mapping[int, Bounds] | None = None,
        entries: Mapping[tuple[int, int], float] | None = None,
    ) -> Iterator[None]:
        """Other bounds of rows or columns, other matrix entries (row, column), until the block ends."""
        rows, columns, entries = rows or {}, columns or {}, entries or {}
        old_entries = {place: self._entry(*place) for place in entries}
        self._set_rows(rows)
        self._set_columns(columns)
        self._set_entries(entries)
        try:
            yield
        finally:
            model = self.model
            self._set_rows({row: (model.row_lower[row], model.row_upper[row]) for row in rows})
            self._set_columns({c: (model.columns.lower[c], model.columns.upper[c]) for c in columns})
            self._set_entries(old_entries)

    def without_rows(self, rows: Iterable[int]) -> Any:
        """The model as if these rows were not there, until the block ends."""
        return self.changed(rows=dict.fromkeys(rows, (-highspy.kHighsInf, highspy.kHighsInf)))

    def _entry(self, row: int, column: int) -> float:
        model = self.model
        start, end = model.starts[row], model.starts[row + 1]
        at = np.searchsorted(model.indices[start:end], column)
        found = start + at < end and model.indices[start + at] == column
        return float(model.coefficients[start + at]) if found else 0.0

    def _set_rows(self, rows: Mapping[int, Bounds]) -> None:
        for row, (low, high) in rows.items():
            self.highs.changeRowBounds(row, low, high)

    def _set_columns(self, columns: Mapping[int, Bounds]) -> None:
        for column, (low, high) in columns.items():
            self.highs.changeColBounds(column, low, high)

    def _set_entries(self, entries: Mapping[tuple[int, int], float]) -> None:
        for (row, column), value in entries.items():
            self.highs.changeCoeff(row, column, value)

    def keep_score_within(self, points: float) -> None:
        """From now on only plans within ``points`` of the best score count; the objective becomes free to choose.

        Asked again, it moves the floor under the score.
        """
        floor = (self.score - points) * SCORE_ROW_SCALE
        score_row = len(self.model.keys)
        if self.highs.getNumRow() > score_row:
            self.highs.changeRowBounds(score_row, floor, highspy.kHighsInf)
            return
        used = np.flatnonzero(self.cost)
        scaled = self.cost[used] * SCORE_ROW_SCALE
        self.highs.addRow(floor, highspy.kHighsInf, len(used), used.astype(np.int32), scaled)
        self.maximise({})
        if not is_mip(self.model):
            set_options(self.highs, FOR_MANY_SMALL_STEPS)

    def maximise(self, cost: Mapping[int, float]) -> None:
        """Replace the whole objective by a few columns' costs."""
        new = np.zeros(len(self.cost))
        for column, value in cost.items():
            new[column] = value
        changed = np.flatnonzero(new != self.cost).astype(np.int32)
        if len(changed):
            self.highs.changeColsCost(len(changed), changed, new[changed])
        self.cost = new
