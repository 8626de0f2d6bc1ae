"""Which rows of the workbook cannot hold together: a set from which none can be left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np

from optimizer.errors import Place
from optimizer.model import Key, Model
from optimizer.model.columns import Floats, Ints
from optimizer.places import place_of
from optimizer.solver import INFEASIBLE, Options, highs_lp, infeasibility_multipliers, is_mip, silent_highs

WORKBOOK_MEANS_IT = ("attainment", "spending", "synergy_at_most_first_partner", "synergy_at_most_second_partner",
                     "synergies_divide_second_partner")  # fmt: skip
SUPPORT = 1e-9
Group = tuple[str, str]


def smallest_conflict(model: Model, options: Options | None = None) -> list[Place]:
    """Rows of the workbook that cannot hold together, of which none can be left out.

    Empty where a plan exists. Maxima and ceilings of transfers and carry-over are taken as given.
    """
    return [place_of(model.columns.portfolio, keys[0]) for keys in conflicting_rows(model, options)]


def conflicting_rows(
    model: Model, options: Options | None = None, spare: Callable[[Key], bool] = lambda _key: False
) -> list[list[Key]]:
    """The same as the model rows of each cell; rows that ``spare`` picks are left out first, wherever that can be."""
    options = options or Options()
    groups = _rows_by(model, _rule_of)
    supporting = _supporting_rows(model, options)
    if supporting is None:
        return []
    rest = [rule for rule, rows in groups.items() if not spare(model.keys[rows[0]])]
    if len(rest) < len(groups) and not Search(model, _all_rows(groups, rest), options).is_feasible():
        candidates = rest
    else:
        held = set(supporting.tolist())
        candidates = [rule for rule, rows in groups.items() if not held.isdisjoint(rows)]
        if Search(model, _all_rows(groups, candidates), options).is_feasible():
            candidates = list(groups)
    rules = _shrunk(Search(model, _all_rows(groups, candidates), options), groups, candidates)
    cells = _rows_by(model, _cell_of, _all_rows(groups, rules))
    needed = _shrunk(Search(model, _all_rows(cells, cells), options), cells, list(cells))
    return [[model.keys[row] for row in cells[cell]] for cell in needed]


@dataclass(frozen=True)
class Remedy:
    """Whether a plan exists as soon as any one of the conflicting cells does not count, and any one of their rules.

    A rule is an appropriation or a resource in all its years, or one cell. Where rules do and cells do not, the same
    collision recurs in other years; where not even rules do, other rows collide beside these.
    """

    by_cells: bool
    by_rules: bool


def remedy_of(model: Model, conflict: Sequence[Sequence[Key]], options: Options | None = None) -> Remedy:
    """What leaving out one part of a conflict does."""
    search = Search(model, range(len(model.keys)), options or Options())
    cells = [{model.row_of[key] for key in keys} for keys in conflict]
    all_years = _rows_by(model, _rule_of)
    rules = [set(all_years[_rule_of(model, keys[0])]) for keys in conflict]
    by_rules = search.is_feasible(set().union(*rules)) and all(search.is_feasible(rows) for rows in rules)
    return Remedy(by_rules and (cells == rules or all(search.is_feasible(rows) for rows in cells)), by_rules)


def _rows_by(
    model: Model, group_of: Callable[[Model, Key], Group], rows: Collection[int] = ()
) -> dict[Group, list[int]]:
    """Model rows (none given: all) by the cell or rule that makes them; without those that hold by definition."""
    groups: dict[Group, list[int]] = defaultdict(list)
    for number in sorted(rows) or range(len(model.keys)):
        if model.keys[number][0] not in WORKBOOK_MEANS_IT:
            groups[group_of(model, model.keys[number])].append(number)
    return groups


def _cell_of(model: Model, key: Key) -> Group:
    place = place_of(model.columns.portfolio, key)
    return place.sheet, place.cell or place.id


def _rule_of(model: Model, key: Key) -> Group:
    """An appropriation or a resource in all its years; anything else stands in one cell."""
    return (str(key[0]), str(key[1])) if key[0] in ("budget", "resource") else _cell_of(model, key)


def _all_rows(groups: dict[Group, list[int]], wanted: Iterable[Group]) -> set[int]:
    return {row for group in wanted for row in groups[group]}


def _supporting_rows(model: Model, options: Options) -> Ints | None:
    """Rows that a proof of infeasibility leans on (all rows where only the integers clash); None: a plan exists."""
    highs: Any = silent_highs(options)
    lp = highs_lp(model)
    lp.integrality_ = []
    highs.setOptionValue("presolve", "off")
    highs.passModel(lp)
    highs.run()
    if highs.getModelStatus() not in INFEASIBLE:
        if not is_mip(model) or Search(model, range(len(model.keys)), options).is_feasible():
            return None
        return np.arange(len(model.keys))
    _, has_ray, ray = highs.getDualRay()
    weights: Floats = np.abs(np.array(ray)) if has_ray else np.abs(infeasibility_multipliers(model, options))
    return np.flatnonzero(weights > SUPPORT * max(1.0, float(weights.max())))


def _shrunk(search: Search, groups: dict[Group, list[int]], candidates: Sequence[Group]) -> list[Group]:
    """Leave out whatever can be left out: by stretches that double while it goes well, and halve where it does not."""
    out: set[int] = set()
    needed: list[Group] = []
    waiting, size = list(candidates), 1
    while waiting:
        part = waiting[:size]
        without = out | _all_rows(groups, part)
        if not search.is_feasible(without):
            out, waiting, size = without, waiting[size:], size * 2
        elif len(part) == 1:
            needed, waiting = [*needed, part[0]], waiting[1:]
        else:
            size = len(part) // 2
    return needed


class Search:
    """Feasibility of a part of the model's rows, in one live solver; what rows mean by definition always counts."""

    def __init__(self, model: Model, rows: Collection[int], options: Options) -> None:
        self.model = model
        self.rows = _with_definitions(model, rows)
        self.position = {int(row): at for at, row in enumerate(self.rows)}
        self.out: set[int] = set()
        self.highs: Any = silent_highs(options)
        self.highs.passModel(_part_of(model, self.rows))
        if is_mip(model):
            self.highs.setOptionValue("presolve", "off")

    def is_feasible(self, without: Collection[int] = ()) -> bool:
        """Whether a plan exists when the rows ``without`` do not count either."""
        model, left_out = self.model, set(without) & self.position.keys()
        for row in left_out - self.out:
            self.highs.changeRowBounds(self.position[row], -highspy.kHighsInf, highspy.kHighsInf)
        for row in self.out - left_out:
            self.highs.changeRowBounds(self.position[row], model.row_lower[row], model.row_upper[row])
        self.out = left_out
        self.highs.run()
        return self.highs.getModelStatus() not in INFEASIBLE


def _with_definitions(model: Model, rows: Collection[int]) -> Ints:
    """Rows in order, with what attains the score where one of them speaks of it (else money alone decides)."""
    wanted = {row for row in rows if model.keys[row][0] not in WORKBOOK_MEANS_IT}
    if any(model.keys[row][0] == "limit_on_attainment" for row in wanted):
        wanted |= {row for row, key in enumerate(model.keys) if key[0] in WORKBOOK_MEANS_IT}
    return np.array(sorted(wanted), dtype=np.int64)


def _part_of(model: Model, rows: Ints) -> Any:
    """The model with some of its rows, and the columns in them.

    Least spending is its goal: without any, simplex was seen to wander for minutes.
    """
    columns = model.columns
    counts = np.diff(model.starts)[rows]
    starts = np.concatenate([[0], np.cumsum(counts)])
    entries = np.repeat(model.starts[rows] - starts[:-1], counts) + np.arange(starts[-1])
    used, index = np.unique(model.indices[entries], return_inverse=True)
    lp = highs_lp(model)
    lp.num_col_, lp.num_row_ = len(used), len(rows)
    lp.col_cost_ = np.where((used >= columns.first_x) & (used < columns.first_g), -1.0, 0.0)
    lp.col_lower_, lp.col_upper_ = columns.lower[used], columns.upper[used]
    lp.row_lower_, lp.row_upper_ = model.row_lower[rows], model.row_upper[rows]
    lp.a_matrix_.start_ = starts
    lp.a_matrix_.index_ = index
    lp.a_matrix_.value_ = model.coefficients[entries]
    if is_mip(model):
        whole, part = highspy.HighsVarType.kInteger, highspy.HighsVarType.kContinuous
        lp.integrality_ = [whole if column >= columns.first_z else part for column in used.tolist()]
    return lp
