"""Which rows of the workbook cannot hold together: a set from which none can be left out."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import highspy
import numpy as np

from optimizer.errors import Place
from optimizer.model import Model
from optimizer.places import place_of
from optimizer.solver import INFEASIBLE, Options, highs_lp, infeasibility_multipliers, is_mip, silent_highs

WORKBOOK_MEANS_IT = ("attainment", "spending", "synergy_at_most_first_partner", "synergy_at_most_second_partner",
                     "synergies_divide_second_partner")  # fmt: skip
SUPPORT = 1e-9


def smallest_conflict(model: Model, options: Options | None = None) -> list[Place]:
    """Rows of the workbook of which none can be dropped without a plan becoming possible.

    Empty where a plan exists. Maxima and ceilings of transfers and carry-over are taken as given.
    """
    options = options or Options()
    groups = _rows_by_cell(model)
    search = _Search(model, options)
    if search.is_feasible(set()):
        return []
    kept = _supporting_groups(model, groups, options) if not is_mip(model) else list(groups)
    outside = {row for cell, rows in groups.items() if cell not in set(kept) for row in rows}
    if search.is_feasible(outside):
        kept, outside = list(groups), set()
    needed = []
    for cell in kept:
        if search.is_feasible(outside | set(groups[cell])):
            needed.append(cell)
        else:
            outside |= set(groups[cell])
    return [place_of(model.columns.portfolio, model.keys[groups[cell][0]]) for cell in needed]


def _rows_by_cell(model: Model) -> dict[tuple[str, str], list[int]]:
    """The model rows that each cell of the workbook makes."""
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, key in enumerate(model.keys):
        if key[0] not in WORKBOOK_MEANS_IT:
            place = place_of(model.columns.portfolio, key)
            groups[place.sheet, place.cell or place.id].append(number)
    return groups


def _supporting_groups(
    model: Model, groups: dict[tuple[str, str], list[int]], options: Options
) -> list[tuple[str, str]]:
    """The cells that the proof of infeasibility leans on, the lightest first so that they are dropped first."""
    prices = np.abs(infeasibility_multipliers(model, options))
    weight = {cell: float(prices[rows].max()) for cell, rows in groups.items()}
    return sorted((cell for cell in groups if weight[cell] > SUPPORT), key=lambda cell: weight[cell])


class _Search:
    """Feasibility of the model with some rows left out, in one live solver."""

    def __init__(self, model: Model, options: Options) -> None:
        self.model = model
        self.out: set[int] = set()
        self.highs: Any = silent_highs(options)
        lp = highs_lp(model)
        lp.col_cost_ = np.zeros(model.columns.count)
        self.highs.passModel(lp)
        if is_mip(model):
            self.highs.setOptionValue("presolve", "off")

    def is_feasible(self, without: set[int]) -> bool:
        """Whether a plan exists when the rows ``without`` do not count."""
        for row in without - self.out:
            self.highs.changeRowBounds(row, -highspy.kHighsInf, highspy.kHighsInf)
        for row in self.out - without:
            self.highs.changeRowBounds(row, self.model.row_lower[row], self.model.row_upper[row])
        self.out = set(without)
        self.highs.run()
        return self.highs.getModelStatus() not in INFEASIBLE
