"""Which rows of the workbook cannot hold together: a set from which none can be left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import Any

import highspy
import numpy as np

from optimizer.model import Key, Model
from optimizer.model.columns import Floats, Ints
from optimizer.places import place_of
from optimizer.solver import (
    INFEASIBLE,
    Arrays,
    Options,
    arrays_of,
    hand_over,
    infeasibility_multipliers,
    is_mip,
    silent_highs,
)

WORKBOOK_MEANS_IT = ("attainment", "spending", "synergy_at_most_first_partner", "synergy_at_most_second_partner",
                     "synergies_divide_second_partner")  # fmt: skip
SUPPORT = 1e-9
KEPT = 1e-8
"""Shares of a bound by which a plan may miss it and still keep it."""
MOST_CONFLICTS = 5
Group = tuple[str, str]


def _nothing(_key: Key) -> bool:
    return False


def smallest_conflict(model: Model, options: Options) -> list[list[Key]]:
    """The model rows of each cell of the workbook in a set that cannot hold together and of which none can be left out.

    Empty where a plan exists. Maxima and ceilings of transfers and carry-over are taken as given.
    """
    return _conflict_in(Proofs(model, options), set(), _nothing)


def independent_conflicts(proofs: Proofs, spare: Callable[[Key], bool] = _nothing) -> list[list[list[Key]]]:
    """Conflicts that share no rule, found one after the other until the rest of the book has a plan.

    One row of each has to give way, whatever else does. At most ``MOST_CONFLICTS``.
    """
    found: list[list[list[Key]]] = []
    without: set[int] = set()
    while len(found) < MOST_CONFLICTS:
        conflict = _conflict_in(proofs, without, spare)
        if not conflict:
            break
        found.append(conflict)
        without |= _all_rows(proofs.rules, {_rule_of(proofs.model, keys[0]) for keys in conflict})
    return found


def _conflict_in(proofs: Proofs, without: set[int], spare: Callable[[Key], bool]) -> list[list[Key]]:
    """The model rows of each cell of one conflict that needs none of the rows ``without``; empty where there is none.

    Rows that ``spare`` picks are left out first, wherever that can be.
    """
    supporting = proofs.supporting_rows(without)
    if supporting is None:
        return []
    model, options = proofs.model, proofs.options
    groups = {rule: rows for rule, rows in proofs.rules.items() if rows[0] not in without}
    rest = [rule for rule, rows in groups.items() if not spare(model.keys[rows[0]])]
    if len(rest) < len(groups) and not Search(model, _all_rows(groups, rest), options).is_feasible():
        candidates = rest
    else:
        candidates = [rule for rule, rows in groups.items() if not supporting.isdisjoint(rows)]
    search = Search(model, _all_rows(groups, candidates), options)
    if search.is_feasible():
        candidates = list(groups)
        search = Search(model, _all_rows(groups, candidates), options)
    rules = _shrunk(search, groups, candidates)
    if all(_cell_of(model, model.keys[row]) == rule for rule in rules for row in groups[rule]):
        return [[model.keys[row] for row in groups[rule]] for rule in rules]
    return conflict_among(model, _all_rows(groups, rules), options)


def conflict_among(model: Model, rows: Collection[int], options: Options) -> list[list[Key]]:
    """The model rows of each cell of one conflict that lies in ``rows``; empty where these can hold together."""
    cells = _rows_by(model, _cell_of, rows) if rows else {}
    search = Search(model, _all_rows(cells, cells), options)
    if not cells or search.is_feasible():
        return []
    return [[model.keys[row] for row in cells[cell]] for cell in _shrunk(search, cells, list(cells))]


@dataclass(frozen=True)
class Remedy:
    """Whether a plan exists as soon as any one of the conflicting cells does not count, and any one of their rules.

    A rule is an appropriation or a resource in all its years, or one cell. Where rules do and cells do not, the same
    collision recurs in other years; where not even rules do, other rows collide beside these.
    """

    by_cells: bool
    by_rules: bool


def remedy_of(proofs: Proofs, conflict: Sequence[Sequence[Key]]) -> Remedy:
    """What leaving out one part of a conflict does."""
    cells = [{proofs.model.row_of[key] for key in keys} for keys in conflict]
    rules = [set(proofs.rules[_rule_of(proofs.model, keys[0])]) for keys in conflict]
    by_rules = all(proofs.supporting_rows(rows) is None for rows in rules)
    by_cells = by_rules and (cells == rules or all(proofs.supporting_rows(rows) is None for rows in cells))
    return Remedy(by_cells, by_rules)


def same_plans(one: Model, other: Model) -> bool:
    """Whether two models of one book decide alike what is possible: the same rows and columns, whatever the goal."""
    ours, theirs = (_part_of(built, _with_definitions(built, range(len(built.keys)))) for built in (one, other))
    numbers = zip(chain(*ours[1:-1]), chain(*theirs[1:-1]), strict=True)
    return all(np.array_equal(our, their) for our, their in numbers)


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


class Proofs:
    """The whole model in one live solver, for proofs that a part of its rows has no plan."""

    def __init__(self, model: Model, options: Options) -> None:
        self.model, self.options = model, options
        self.known: list[set[int]] = []
        self.proved: dict[frozenset[int], set[int]] = {}
        self.highs: Any = silent_highs(options)
        self.highs.setOptionValue("presolve", "off")
        hand_over(self.highs, arrays_of(replace(model, is_relaxed=True)))
        self.rows = LooseRows(self.highs, model, range(len(model.keys)))

    @cached_property
    def rules(self) -> dict[Group, list[int]]:
        """The model rows of each rule."""
        return _rows_by(self.model, _rule_of)

    def know(self, values: Floats) -> None:
        """Remember a plan of a mended book: it shows that this one has a plan without the rows that it breaks."""
        columns = self.model.columns
        if len(values) == columns.count and not len(_missed(values, columns.lower, columns.upper)):
            rows = np.repeat(np.arange(len(self.model.keys)), np.diff(self.model.starts))
            reached = np.bincount(rows, self.model.coefficients * values[self.model.indices], len(self.model.keys))
            self.known.append(set(_missed(reached, self.model.row_lower, self.model.row_upper).tolist()))

    def supporting_rows(self, without: set[int]) -> set[int] | None:
        """Rows that a proof leans on that no plan keeps all but those ``without``.

        All of them where only the integers clash; None: a plan exists.
        """
        if any(broken <= without for broken in self.known):
            return None
        asked = frozenset(without)
        if asked not in self.proved:
            supporting = self._solved_for_support(without)
            if supporting is None:
                return None
            self.proved[asked] = supporting
        return self.proved[asked]

    def _solved_for_support(self, without: set[int]) -> set[int] | None:
        kept = set(range(len(self.model.keys))) - without
        self.rows.leave_out(without)
        self.highs.run()
        if self.highs.getModelStatus() not in INFEASIBLE:
            clash = is_mip(self.model) and not Search(self.model, kept, self.options).is_feasible()
            return kept if clash else None
        _, has_ray, ray = self.highs.getDualRay()
        weights: Floats = np.abs(
            np.array(ray) if has_ray else infeasibility_multipliers(self.model, self.options, kept)
        )
        return set(np.flatnonzero(weights > SUPPORT * max(1.0, float(weights.max()))).tolist())


def _missed(reached: Floats, lower: Floats, upper: Floats) -> Ints:
    """The numbers of what lies beyond its bounds."""
    below = reached < lower - KEPT * np.maximum(1.0, np.abs(lower))
    above = reached > upper + KEPT * np.maximum(1.0, np.abs(upper))
    return np.flatnonzero(below | above)


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
        rows = _with_definitions(model, rows)
        self.highs: Any = silent_highs(options)
        hand_over(self.highs, _part_of(model, rows))
        if is_mip(model):
            self.highs.setOptionValue("presolve", "off")
        self.rows = LooseRows(self.highs, model, rows.tolist())

    def is_feasible(self, without: Collection[int] = ()) -> bool:
        """Whether a plan exists when the rows ``without`` do not count either."""
        self.rows.leave_out(without)
        self.highs.run()
        return self.highs.getModelStatus() not in INFEASIBLE


class LooseRows:
    """Rows of the model that a solver object holds, which can be left out and come back."""

    def __init__(self, highs: Any, model: Model, rows: Sequence[int]) -> None:
        self.highs, self.model = highs, model
        self.position = {row: at for at, row in enumerate(rows)}
        self.out: set[int] = set()

    def leave_out(self, rows: Iterable[int]) -> None:
        """Let just these rows not count."""
        out = set(rows) & self.position.keys()
        for row in out - self.out:
            self.highs.changeRowBounds(self.position[row], -highspy.kHighsInf, highspy.kHighsInf)
        for row in self.out - out:
            self.highs.changeRowBounds(self.position[row], self.model.row_lower[row], self.model.row_upper[row])
        self.out = out


def _with_definitions(model: Model, rows: Collection[int]) -> Ints:
    """Rows in order, with what attains the score where one of them speaks of it (else money alone decides)."""
    wanted = {row for row in rows if model.keys[row][0] not in WORKBOOK_MEANS_IT}
    if any(model.keys[row][0] == "limit_on_attainment" for row in wanted):
        wanted |= {row for row, key in enumerate(model.keys) if key[0] in WORKBOOK_MEANS_IT}
    return np.array(sorted(wanted), dtype=np.int64)


def _part_of(model: Model, rows: Ints) -> Arrays:
    """The model with some of its rows, and the columns in them.

    Least spending is its goal: without any, simplex was seen to wander for minutes.
    """
    columns = model.columns
    counts = np.diff(model.starts)[rows]
    starts = np.concatenate([[0], np.cumsum(counts)])
    entries = np.repeat(model.starts[rows] - starts[:-1], counts) + np.arange(starts[-1])
    used, index = np.unique(model.indices[entries], return_inverse=True)
    return Arrays(
        np.where((used >= columns.first_x) & (used < columns.first_g), -1.0, 0.0),
        (columns.lower[used], columns.upper[used]),
        (model.row_lower[rows], model.row_upper[rows]),
        (starts, index, model.coefficients[entries]),
        (used >= columns.first_z) & is_mip(model),
    )
