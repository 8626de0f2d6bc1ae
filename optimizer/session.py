"""One book kept live in the solver while scenario follows scenario.

A turn states the model of the scenario anew (parts that did not change come from memory) and compares it with what the
solver holds. Where the same entries stand in the matrix, what differs is changed in place; else the whole is handed
over, which costs little beside solving (Japan: 1 ms), with the basis of the last plan carried over under the names of
rows and columns. No turn depends on what stood there before, so that no difference can be forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import highspy
import numpy as np

from optimizer import model, scenario, solver
from optimizer.errors import CheckFailed
from optimizer.live import AFRESH, FOR_MANY_SMALL_STEPS, UNSCALED, best_objective, filled, refill, set_options
from optimizer.model import Columns, Grid, Key, Memory, Model
from optimizer.model.columns import CONTINUOUS, Floats, Ints
from optimizer.plan import Draft
from optimizer.portfolio import Portfolio
from optimizer.solver import Options, Solution
from optimizer.words import say

AT_LOWER: Any = highspy.HighsBasisStatus.kLower
BASIC: Any = highspy.HighsBasisStatus.kBasic
MOST_YEARS = 1000
MOST_PIECES = 1000
MOST_ROWS = 2_000_000
"""More rows than an Excel sheet has."""
FITS = 1e-6
"""Shares of a bound by which a solver's plan may miss it."""
AGREES = 1e-6
"""Points between a score and what proves it."""
MOST_SINGLE_ENTRIES = 200
"""Matrix entries that are changed one by one; handing over the whole matrix is quicker than more of them."""


@dataclass(frozen=True)
class Start:
    """A solved model without integers and its basis, from which other scenarios of the book may begin."""

    model: Model
    basis: Any

    def basis_for(self, new: Model) -> Any:
        """The basis for another model of the book.

        Columns that the first did not have stand at their lower bound, rows that it did not have are slack. Such a
        basis may have a row too few or too many; the solver mends it.
        """
        after = addresses_of(new.columns)
        if np.array_equal(self._addresses, after) and self.model.keys == new.keys:
            return self.basis
        order = self._order
        at = order[np.minimum(np.searchsorted(self._addresses, after, sorter=order), len(order) - 1)]
        columns = self._columns[at]
        columns[self._addresses[at] != after] = AT_LOWER
        carried = highspy.HighsBasis()
        carried.col_status = columns.tolist()
        carried.row_status = [self._rows.get(key, BASIC) for key in new.keys]
        carried.valid, carried.alien = True, True
        return carried

    @cached_property
    def _addresses(self) -> Ints:
        return addresses_of(self.model.columns)

    @cached_property
    def _order(self) -> Ints:
        return np.argsort(self._addresses)

    @cached_property
    def _columns(self) -> Any:
        return np.array(self.basis.col_status, dtype=object)

    @cached_property
    def _rows(self) -> dict[Key, Any]:
        return dict(zip(self.model.keys, self.basis.row_status, strict=True))


class Session:
    """A book's portfolio whose scenarios are solved one after the other, each from the basis of the last.

    Amounts are not rounded unless a ``grid`` asks for it; ``relaxed`` lets indivisible programmes be divided. The
    score of a scenario is that of a cold solve to 1e-7 points, whatever came before. Nothing is solved before an
    answer is asked for. ``patience``: simplex steps after which a solve from the last basis begins anew without one.
    """

    def __init__(
        self,
        book: Portfolio,
        options: Options | None = None,
        grid: Grid = CONTINUOUS,
        relaxed: bool = False,
        patience: int = highspy.kHighsIInf,
    ) -> None:
        self.book = book
        self.warm = {**UNSCALED, "simplex_iteration_limit": patience}
        self.is_relaxed = relaxed
        self.options = options or Options()
        self.grid = grid
        self.portfolio = book
        self.model: Model | None = None
        self.highs: Any = None
        self._memory = Memory()
        self._start: Start | None = None
        self._best: float | None = None
        self._has_basis = False

    def turn_to(self, sets: Sequence[str] = (), name: str = scenario.BASE) -> None:
        """Move to a scenario of the book and ``--set`` items, whatever stood before.

        Raises what ``scenario.apply`` raises: ``WrongUsage``, ``InputProblems``.
        """
        self.turn_to_portfolio(scenario.apply(self.book, name, sets).portfolio)

    def turn_to_portfolio(self, portfolio: Portfolio) -> Model:
        """Move to an active portfolio: this book, or a variation of it with the same rows of the workbook.

        Returns its model. Raises ``InputProblems`` where the solver would drop one of its numbers.
        """
        new = self._built(portfolio)
        if not self._changed_in_place(new):
            self._hand_over(new)
        self.portfolio, self.model, self._best = portfolio, new, None
        return new

    def turn_from(self, start: Start | None, portfolio: Portfolio) -> None:
        """Move to an active portfolio so that its answer follows from it and ``start`` alone, to the last digit.

        The same vertex is reached by other pivots from another basis, and its score then differs in the last digits:
        here the solver object is new, so that nothing in it remembers what stood there before.
        """
        new = self._built(portfolio)
        self.highs = filled(new, self.options)
        if start is not None and not solver.is_mip(new):
            self.highs.setBasis(start.basis_for(new))
        self.portfolio, self.model, self._best, self._start = portfolio, new, None, start

    def start(self) -> Start | None:
        """Where the scenario's answer stands, for others to begin from; None with integers. Raises ``NoPlan``."""
        solved = self.solved()
        return None if solver.is_mip(solved) else Start(solved, self.highs.getBasis())

    def _built(self, portfolio: Portfolio) -> Model:
        new = replace(model.build(portfolio, self.grid, memory=self._memory), is_relaxed=self.is_relaxed)
        solver.refuse_numbers_that_highs_would_drop(new)
        return new

    def _changed_in_place(self, new: Model) -> bool:
        """Change what differs in the solver, unless too much does."""
        old = self.model
        if old is None or solver.is_mip(new) or not _have_same_entries(old, new):
            return False
        entries = np.flatnonzero(old.coefficients != new.coefficients)
        if len(entries) > MOST_SINGLE_ENTRIES:
            return False
        was, now, highs = old.columns, new.columns, self.highs
        costs = np.flatnonzero(was.cost != now.cost)
        columns = np.flatnonzero((was.lower != now.lower) | (was.upper != now.upper))
        rows = np.flatnonzero((old.row_lower != new.row_lower) | (old.row_upper != new.row_upper))
        if self._has_basis:
            if _began_from_nothing(highs):
                _keep_only_the_basis(highs)
            set_options(highs, self.warm)
        if len(costs):
            highs.changeColsCost(len(costs), costs.astype(np.int32), now.cost[costs])
        if len(columns):
            highs.changeColsBounds(len(columns), columns.astype(np.int32), now.lower[columns], now.upper[columns])
        if len(rows):
            highs.changeRowsBounds(len(rows), rows.astype(np.int32), new.row_lower[rows], new.row_upper[rows])
        row_of = np.searchsorted(new.starts, entries, side="right") - 1
        for row, entry in zip(row_of.tolist(), entries.tolist(), strict=True):
            highs.changeCoeff(row, int(new.indices[entry]), float(new.coefficients[entry]))
        return True

    def _hand_over(self, new: Model) -> None:
        if self.model is not None and self._best is not None:
            self._start = self.start() or self._start
        if self.highs is None:
            self.highs = filled(new, self.options)
        else:
            refill(self.highs, new)
        self._has_basis = self._start is not None and not solver.is_mip(new)
        set_options(self.highs, self.warm if self._has_basis else AFRESH)
        if self._start is not None and self._has_basis:
            self.highs.setBasis(self._start.basis_for(new))

    def score(self) -> float:
        """The best score (points) of the scenario, checked against the rows and the multipliers it came with.

        Raises ``NoPlan``, or ``CheckFailed`` where the solver's answer does not bear out its score, twice.
        """
        if self.model is None:
            self.turn_to()
        if self._best is None:
            self._has_basis = True
            best = best_objective(self.highs)
            if not self._bears_out(best):
                self.highs.clearSolver()
                set_options(self.highs, AFRESH)
                best = best_objective(self.highs)
                if not self._bears_out(best):
                    raise CheckFailed(say("The solver's answer does not bear out its own score; no number is shown."))
            self._best = best
        return self._best

    def _bears_out(self, score: float) -> bool:
        """Whether the plan keeps every row and, without integers, the multipliers prove that no plan scores more."""
        built, found = self.model, self.highs.getSolution()
        assert built is not None  # noqa: S101  (there is an answer)
        values = np.array(found.col_value)
        if breach_of(built, values) > FITS or abs(built.columns.cost @ values - score) > AGREES:
            return False
        return solver.is_mip(built) or bound_from(built, np.array(found.row_dual)) - score <= AGREES

    def solved(self) -> Model:
        """The model of the scenario, solved for the best score. Raises ``NoPlan``."""
        self.score()
        assert self.model is not None  # noqa: S101  (score turns to a scenario where none was asked for)
        return self.model

    def plan(self) -> dict[tuple[str, int], float]:
        """Money by (programme, year offset); of equally good plans the nearest to today where settings ask for it."""
        columns, values = self.solved().columns, self._settled_values()
        spent = values[columns.first_x : columns.first_g].tolist()
        cells = zip(columns.cell_programme.tolist(), columns.cell_year.tolist(), strict=True)
        return {(columns.programmes[p].id, t): amount for (p, t), amount in zip(cells, spent, strict=True)}

    def draft(self) -> Draft:
        """The same plan with its transfers, carry-over and multipliers, ready to be rounded."""
        return solver.draft_of(self.solved(), replace(self.solution(), values=self._settled_values()))

    def prices(self) -> dict[Key, float]:
        """The multiplier (points a unit of its right side) of each row at the best score."""
        return dict(zip(self.solved().keys, self.highs.getSolution().row_dual, strict=True))

    def solution(self) -> Solution:
        """Values of every column and multipliers of every row at the best score, ties not broken."""
        score = self.score()
        found = self.highs.getSolution()
        return Solution("optimal", score, score, np.array(found.col_value), np.array(found.row_dual))

    def pivots(self) -> int:
        """Simplex steps that the last answer took: how far the scenario lay from the one before."""
        self.score()
        return int(self.highs.getInfo().simplex_iteration_count)

    def reduced_costs(self) -> Floats:
        """What each column's bounds are worth at the best score (points a unit)."""
        self.score()
        return np.array(self.highs.getSolution().col_dual)

    def _settled_values(self) -> Floats:
        """The plan with ties broken, found in an object of its own so that the session's basis stays."""
        best, built = self.solution(), self.solved()
        if not self.portfolio.settings.tie_break:
            return best.values
        settling = filled(built, self.options)
        if not solver.is_mip(built):
            settling.setBasis(self.highs.getBasis())
            set_options(settling, FOR_MANY_SMALL_STEPS)
        return solver.nearest_to_today(built, settling, best)


def _began_from_nothing(highs: Any) -> bool:
    """Whether the last solve was one without a basis: see ``AFRESH`` and ``UNSCALED``."""
    return bool(highs.getOptionValue("simplex_scale_strategy")[1] != UNSCALED["simplex_scale_strategy"])


def _keep_only_the_basis(highs: Any) -> None:
    """Let simplex weigh the edges anew: with what presolve leaves beside the basis, it takes many more steps."""
    basis = highs.getBasis()
    highs.clearSolver()
    highs.setBasis(basis)


def breach_of(built: Model, values: Floats) -> float:
    """The largest breach of a row or a bound by the values of the columns, as a share of the bound's size."""
    rows = np.repeat(np.arange(len(built.keys)), np.diff(built.starts))
    activity = np.bincount(rows, weights=built.coefficients * values[built.indices], minlength=len(built.keys))
    return max(
        _worst(built.row_lower, activity),
        _worst(-built.row_upper, -activity),
        _worst(built.columns.lower, values),
        _worst(-built.columns.upper, -values),
    )


def _worst(least: Floats, found: Floats) -> float:
    held = np.isfinite(least)
    short = (least[held] - found[held]) / np.maximum(1.0, np.abs(least[held]))
    return float(short.max(initial=0.0))


def bound_from(built: Model, multipliers: Floats) -> float:
    """No plan scores more (weak duality): row multipliers of the wrong sign count as 0.

    Σ multiplier·right side + Σ over columns of the most that the reduced cost can give in the column's range
    """
    columns = built.columns
    upper, lower = np.isfinite(built.row_upper), np.isfinite(built.row_lower)
    prices = np.where(upper, np.maximum(multipliers, 0.0), 0.0) + np.where(lower, np.minimum(multipliers, 0.0), 0.0)
    sides = np.where(prices > 0, built.row_upper, built.row_lower)
    rows = np.repeat(prices, np.diff(built.starts))
    reduced = columns.cost - np.bincount(built.indices, weights=rows * built.coefficients, minlength=columns.count)
    used = prices != 0
    return float(prices[used] @ sides[used] + np.maximum(reduced * columns.lower, reduced * columns.upper).sum())


def _have_same_entries(old: Model, new: Model) -> bool:
    """Whether the matrices have their entries at the same places."""
    return (
        old.columns.count == new.columns.count
        and np.array_equal(old.starts, new.starts)
        and np.array_equal(old.indices, new.indices)
    )


def addresses_of(columns: Columns) -> Ints:
    """A number for each column that it keeps in every scenario of a book: kind, row of the workbook, year, piece."""
    book = columns.portfolio
    programme = np.array([p.row for p in columns.programmes], dtype=np.int64)
    cells = programme[columns.cell_programme] * MOST_YEARS + columns.cell_year
    pairs = np.repeat([pair.row for pair in columns.pairs], columns.years) * MOST_YEARS
    pairs += np.tile(np.arange(columns.years), len(columns.pairs))
    parts = [
        _with_pieces(cells, columns.cell_count),
        cells * MOST_PIECES,
        _with_pieces(pairs, columns.g_count),
        _of_records([(synergy.row, year) for synergy, year in columns.synergies]),
        _of_records([(book.transfers[transfer].row, year) for transfer, year in columns.transfers]),
        _of_records([(book.accounts[account].row, year) for account, year in columns.carries]),
        cells[columns.indivisible_cells] * MOST_PIECES,
    ]
    kind = MOST_ROWS * MOST_YEARS * MOST_PIECES
    return np.concatenate([part + number * kind for number, part in enumerate(parts)])


def _with_pieces(owners: Ints, counts: Ints) -> Ints:
    """One number for each piece of each owner."""
    before = np.cumsum(counts) - counts
    return np.repeat(owners * MOST_PIECES - before, counts) + np.arange(counts.sum())


def _of_records(places: list[tuple[int, int]]) -> Ints:
    return np.array([row * MOST_YEARS + year for row, year in places], dtype=np.int64) * MOST_PIECES
