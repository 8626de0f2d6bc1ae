"""From model to solution: PuLP hands the model to HiGHS in bulk, and a gate lets only proven states through."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, NamedTuple

import highspy
import numpy as np
import pulp
from pulp.core.lp_stats import LpSolveStats

from optimizer.errors import HaibunError, InputProblems, NoPlan, Place, Problem, Stopped
from optimizer.model import Key, Model
from optimizer.model.columns import Bools, Floats, Ints
from optimizer.places import place_of
from optimizer.plan import Draft
from optimizer.portfolio import Portfolio
from optimizer.words import say

DROPPED_BELOW = 1e-9
LARGEST = 1e15
TIE_SLACK = 1e-6
FLOW_COST = 1e-5
"""What a unit of transfer or carry-over counts beside a unit of change: it decides where the change is the same."""
PRIMAL_SIMPLEX = 4
"""From a basis that stays feasible while the cost changes, primal simplex needs an eighth of the pivots (on M)."""
SCORE_ROW_SCALE = 1000.0
"""The score row of the tie-break is scaled so that the slack of 1e-6 points stays well above HiGHS's tolerance."""
INFEASIBLE = (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible)
"""With integers these are believed only without presolve, which was seen to call feasible books infeasible."""
DEFINITIONS = ("spending", "attainment")
"""Rows that say what a column means; they hold whatever the workbook says."""
TOLERANCES = {
    "primal_feasibility_tolerance": 1e-9,
    "dual_feasibility_tolerance": 1e-9,
    "mip_feasibility_tolerance": 1e-9,
}


@dataclass(frozen=True)
class Options:
    """What a user may choose of the solver: seconds, threads, and the method.

    ``method`` is ``simplex`` (dual simplex) or ``ipx`` (interior point, then crossover to a vertex). With a column
    for spending of its own, dual simplex won at every size that was measured (S, M, L: see tests/bench).
    """

    time_limit: float | None = None
    threads: int = 1
    method: str = "simplex"


@dataclass(frozen=True)
class Solution:
    """Values of every column, multipliers of every row (points a unit), and how the solve ended.

    ``status`` is ``optimal`` or ``time_limit``. ``score`` and ``bound`` are the solver's own, in points.
    """

    status: str
    score: float
    bound: float
    values: Floats
    multipliers: Floats


Meanwhile = Callable[[Solution | None], None]
"""Called each time when HiGHS is about to run, with the best score and its multipliers once these are known.

What it sets going in another thread then has Python to itself.
"""


def nothing(best: Solution | None) -> None:
    """Nothing else to do meanwhile."""


class BulkHiGHS(pulp.HiGHS):
    """PuLP's HiGHS, fed from the model's arrays instead of term by term."""

    def __init__(self, model: Model, meanwhile: Meanwhile = nothing, **options: Any) -> None:
        super().__init__(msg=False, **options)
        self.model, self.meanwhile = model, meanwhile

    def buildSolverModel(self, lp: pulp.LpProblem) -> None:
        """Pass the whole model to HiGHS in one call."""
        hand_over(lp.solverModel, arrays_of(self.model))

    def callSolver(self, lp: pulp.LpProblem) -> None:
        """Run HiGHS."""
        self.meanwhile(None)
        super().callSolver(lp)  # type: ignore[no-untyped-call]

    def findSolutionValues(self, lp: pulp.LpProblem) -> tuple[int, bool]:
        """Leave the values in HiGHS: they are read from there as arrays."""
        live: Any = lp.solverModel
        has_solution = live.getInfo().primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        return pulp.LpSolveStatus.Undefined, has_solution

    def buildStats(self, lp: pulp.LpProblem, status: int, has_solution: bool, **_: Any) -> LpSolveStats:
        """Without PuLP's counts, for which it makes an object of every column and row."""
        return LpSolveStats(self.name, pulp.LpSolveStatus(status), has_solution)


class Arrays(NamedTuple):
    """A model to maximise, as HiGHS takes it."""

    cost: Floats
    columns: tuple[Floats, Floats]
    """Lower and upper bounds."""
    rows: tuple[Floats, Floats]
    """Lower and upper bounds."""
    matrix: tuple[Ints, Ints, Floats]
    """Compressed rows: where each starts, the columns of their entries, and the coefficients."""
    is_whole: Bools
    """Whether a column takes whole numbers alone."""


def arrays_of(model: Model) -> Arrays:
    """The whole model."""
    columns = model.columns
    return Arrays(
        columns.cost,
        (columns.lower, columns.upper),
        (model.row_lower, model.row_upper),
        (model.starts, model.indices, model.coefficients),
        (np.arange(columns.count) >= columns.first_z) & is_mip(model),
    )


def hand_over(highs: Any, arrays: Arrays) -> None:
    """Pass a model to HiGHS in one call; what stood there before is forgotten."""
    starts, indices, coefficients = arrays.matrix
    highs.passModel(
        len(arrays.cost),
        len(arrays.rows[0]),
        len(indices),
        int(highspy.MatrixFormat.kRowwise),
        int(highspy.ObjSense.kMaximize),
        0.0,
        arrays.cost,
        *arrays.columns,
        *arrays.rows,
        starts[:-1].astype(np.int32),
        indices.astype(np.int32),
        coefficients,
        arrays.is_whole.astype(np.int32),
    )


def solve(model: Model, options: Options = Options(), meanwhile: Meanwhile = nothing) -> Solution:
    """Solve for the best score and, where the book asks for it, break ties.

    ``meanwhile`` is called before HiGHS runs and once the best score is known, ties not yet broken.
    Raises ``NoPlan``, ``Stopped``, or ``InputProblems`` for numbers that HiGHS would drop. With indivisible
    programmes the multipliers are those of the relaxation.
    """
    refuse_numbers_that_highs_would_drop(model)
    started = time.monotonic()
    highs = _run(model, options, meanwhile)
    solution = _gated(model, highs)
    if is_mip(model):
        solution = replace(solution, multipliers=multipliers_of_relaxation(model, options))
    if not (model.columns.portfolio.settings.tie_break and solution.status == "optimal"):
        meanwhile(solution)
        return solution
    left = None if options.time_limit is None else options.time_limit - (time.monotonic() - started)
    return replace(solution, values=nearest_to_today(model, highs, solution, left, meanwhile))


def use_threads(count: int) -> None:
    """Let HiGHS's scheduler, which one process shares, start anew where another number of threads is wanted."""
    if _threads_in_use.get("count", count) != count:
        highspy.Highs.resetGlobalScheduler(True)
    _threads_in_use["count"] = count


_threads_in_use: dict[str, int] = {}


def is_mip(model: Model) -> bool:
    """Whether the model has yes-or-no columns (indivisible programmes)."""
    return model.columns.first_z < model.columns.count and not model.is_relaxed


def _run(model: Model, options: Options, meanwhile: Meanwhile) -> Any:
    solver = BulkHiGHS(
        model,
        meanwhile,
        threads=options.threads,
        timeLimit=options.time_limit,
        gapRel=0.0,
        gapAbs=1e-9,
        solver="choose" if is_mip(model) else options.method,
        run_crossover="on",
        random_seed=0,
        **TOLERANCES,
    )
    use_threads(options.threads)
    model.problem.solve(solver)
    highs: Any = model.problem.solverModel
    if is_mip(model):
        highs.setOptionValue("presolve", "off")
        if highs.getModelStatus() in INFEASIBLE:
            highs.run()
    return highs


def multipliers_of_relaxation(model: Model, options: Options) -> Floats:
    """Row multipliers (points a unit) where indivisible programmes may be divided; any will do for a bound."""
    highs = silent_highs(options)
    if options.time_limit is not None:
        highs.setOptionValue("time_limit", options.time_limit)
    hand_over(highs, arrays_of(replace(model, is_relaxed=True)))
    highs.run()
    return np.array(highs.getSolution().row_dual)


def silent_highs(options: Options) -> Any:
    """A solver object with this program's tolerances that prints nothing."""
    highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    use_threads(options.threads)
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("threads", options.threads)
    for name, value in TOLERANCES.items():
        highs.setOptionValue(name, value)
    return highs


def nearest_to_today(
    model: Model, highs: Any, best: Solution, seconds: float | None = None, meanwhile: Meanwhile = nothing
) -> Floats:
    """Among plans within ``TIE_SLACK`` of the best, the least change from the baseline, and for it the least flows.

    Works in the live solver object from its last basis. Where it cannot finish, the best plan found so far stands.
    """
    columns = model.columns
    change = np.zeros(columns.count)
    change[: columns.first_x] = columns.y_tie_cost
    change[columns.first_f : columns.first_z] = FLOW_COST
    if not change.any():
        meanwhile(best)
        return best.values
    used = np.flatnonzero(columns.cost)
    floor = (best.score - TIE_SLACK) * SCORE_ROW_SCALE
    highs.setOptionValue("solver", "choose")
    highs.setOptionValue("simplex_strategy", PRIMAL_SIMPLEX)
    if seconds is not None:
        highs.setOptionValue("time_limit", highs.getRunTime() + max(seconds, 0.0))
    highs.addRow(floor, highspy.kHighsInf, len(used), used.astype(np.int32), columns.cost[used] * SCORE_ROW_SCALE)
    highs.changeColsCost(columns.count, np.arange(columns.count, dtype=np.int32), -change)
    meanwhile(best)
    highs.run()
    is_settled = highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return np.array(highs.getSolution().col_value) if is_settled else best.values


def with_least_flows(model: Model, values: Floats, options: Options) -> Floats:
    """The least transfers and carry-over that pay for the spending in ``values``.

    With the amounts settled only the budget rows speak of flows, so this is a small network problem of its own.
    """
    first, last = model.columns.first_f, model.columns.first_z
    if first == last:
        return values
    lp = highspy.HighsLp()
    lp.num_col_ = last - first
    lp.col_cost_ = np.ones(last - first)
    lp.col_lower_, lp.col_upper_ = model.columns.lower[first:last], model.columns.upper[first:last]
    starts, indices, coefficients, upper = [0], [], [], []
    for row in [number for number, key in enumerate(model.keys) if key[0] == "budget"]:
        entries = slice(model.starts[row], model.starts[row + 1])
        at, size = model.indices[entries], model.coefficients[entries]
        is_flow = (at >= first) & (at < last)
        spent, paid = (float(size[part] @ values[at[part]]) for part in (~is_flow, is_flow))
        upper.append(max(float(model.row_upper[row]), spent + paid) - spent)
        indices.append(at[is_flow] - first)
        coefficients.append(size[is_flow])
        starts.append(starts[-1] + len(indices[-1]))
    lp.num_row_ = len(upper)
    lp.row_lower_, lp.row_upper_ = np.full(len(upper), -highspy.kHighsInf), np.array(upper)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = np.array(starts)
    lp.a_matrix_.index_, lp.a_matrix_.value_ = np.concatenate(indices), np.concatenate(coefficients)
    highs = silent_highs(options)
    highs.passModel(lp)
    highs.run()
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return values
    settled = values.copy()
    settled[first:last] = highs.getSolution().col_value
    return settled


def infeasibility_multipliers(
    model: Model, options: Options = Options(), among: Collection[int] | None = None
) -> Floats:
    """Row multipliers that show why no plan fits: the prices of the least total breach of all rows (Farkas).

    All zero where the rows fit together once indivisible programmes may be divided. ``among``: the numbers of the rows
    that count, beside those that say what a column means.
    """
    highs = silent_highs(options)
    lower, upper = model.row_lower.copy(), model.row_upper.copy()
    rows = np.array([i for i, key in enumerate(model.keys) if key[0] not in DEFINITIONS], dtype=np.int32)
    if among is not None:
        left_out = np.setdiff1d(rows, list(among))
        lower[left_out], upper[left_out] = -highspy.kHighsInf, highspy.kHighsInf
    arrays = arrays_of(replace(model, is_relaxed=True))
    hand_over(highs, arrays._replace(cost=np.zeros(model.columns.count), rows=(lower, upper)))
    for sign, side in ((1.0, lower), (-1.0, upper)):
        held = rows[np.isfinite(side[rows])]
        ones = np.full(len(held), sign)
        most = np.full(len(held), highspy.kHighsInf)
        starts = np.arange(len(held), dtype=np.int32)
        highs.addCols(len(held), np.full(len(held), -1.0), np.zeros(len(held)), most, len(held), starts, held, ones)
    highs.run()
    return np.array(highs.getSolution().row_dual)


def _gated(model: Model, highs: Any) -> Solution:
    """Let a solution through only where HiGHS says it is optimal, or the best found when time ran out."""
    status, info = highs.getModelStatus(), highs.getInfo()
    states = highspy.HighsModelStatus
    is_feasible = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    if status in INFEASIBLE:
        raise NoPlan(say("No plan satisfies every row of the workbook."))
    if status != states.kOptimal and not (status == states.kTimeLimit and is_feasible):
        if status in (states.kTimeLimit, states.kMemoryLimit, states.kInterrupt):
            raise Stopped(say("The time limit was reached before a plan was found; allow more time."))
        raise HaibunError(
            say("The solver stopped without an answer ({status}).", status=highs.modelStatusToString(status))
        )
    solution = highs.getSolution()
    return Solution(
        status="optimal" if status == states.kOptimal else "time_limit",
        score=float(info.objective_function_value),
        bound=float(info.mip_dual_bound) if is_mip(model) else float(info.objective_function_value),
        values=np.array(solution.col_value),
        multipliers=np.array(solution.row_dual),
    )


def _culprits(portfolio: Portfolio, key: Key) -> list[tuple[Place, float]]:
    """The cells whose number alone makes a coefficient of a row too small or too large, and their numbers."""
    constraint, first = str(key[0]), str(key[1])
    cells: list[tuple[str, str, int, str, Fraction]] = []
    if constraint == "attainment":
        effects = [e for e in portfolio.effects if (e.region, e.objective) == (first, key[2])]
        cells += [("Effects", "score", e.row, e.programme, e.score) for e in effects]
        cells += [("Synergies", "score", s.row, s.id, s.score) for s in portfolio.synergies.values()]
    elif constraint.startswith("synerg"):
        cells += [("Synergies", "ratio", s.row, s.id, s.ratio) for s in portfolio.synergies.values()]
    elif constraint == "resource":
        uses = [u for u in portfolio.resource_uses if u.resource == first]
        cells += [("ResourceUse", "uses", u.row, u.programme, u.uses) for u in uses]
        cells += [("ResourceUse", "builds", u.row, u.programme, u.builds) for u in uses]
    tables = portfolio.tables
    return [
        (Place(tables[sheet].title, tables[sheet].cell(column, row), ident), float(number))
        for sheet, column, row, ident, number in cells
        if number and not DROPPED_BELOW < abs(number) < LARGEST
    ]


def refuse_numbers_that_highs_would_drop(model: Model) -> None:
    """Name the cells whose numbers are so small or so large that HiGHS would drop them without a word."""
    size = np.abs(model.coefficients)
    written = size if model.row_unit is None else size * np.repeat(model.row_unit, np.diff(model.starts))
    bad = np.flatnonzero((np.minimum(size, written) <= DROPPED_BELOW) | (np.maximum(size, written) >= LARGEST))
    rows = np.searchsorted(model.starts, bad, side="right") - 1
    problems: dict[tuple[str, str], Problem] = {}
    for row, entry in zip(rows.tolist(), bad.tolist(), strict=True):
        portfolio, key = model.columns.portfolio, model.keys[row]
        for place, number in _culprits(portfolio, key) or [(place_of(portfolio, key), float(written[entry]))]:
            problem = say("A coefficient in the row of {id} is too small or too large for the solver.", id=place.id)
            fix = say("Choose units so that numbers lie between a billionth and a quadrillion.")
            where = (place.sheet, place.cell)
            problems.setdefault(where, Problem(*where, f"{number:.15g}", problem, fix))
    if problems:
        raise InputProblems(list(problems.values()))


def multipliers_by_key(model: Model, multipliers: Floats) -> dict[Key, float]:
    """Multipliers of the workbook's rows; rows that only define spending have no say in a proof."""
    if model.row_unit is not None:
        multipliers = multipliers / model.row_unit
    pairs = zip(model.keys, multipliers.tolist(), strict=True)
    return {key: value for key, value in pairs if key[0] != "spending"}


def draft_of(model: Model, solution: Solution) -> Draft:
    """A solution by keys of the portfolio, ready to be rounded."""
    columns, values = model.columns, solution.values
    spending = values[columns.first_x : columns.first_g]
    ids = [programme.id for programme in columns.programmes]
    cells = zip(columns.cell_programme.tolist(), columns.cell_year.tolist(), strict=True)
    transfers = values[columns.first_f : columns.first_v].tolist()
    return Draft(
        spending={(ids[p], t): amount for (p, t), amount in zip(cells, spending.tolist(), strict=True)},
        transfers=dict(zip(columns.transfers, transfers, strict=True)),
        carries=dict(zip(columns.carries, values[columns.first_v : columns.first_z].tolist(), strict=True)),
    )
