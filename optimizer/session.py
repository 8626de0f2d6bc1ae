"""One book kept live in the solver while scenario follows scenario.

A turn states the model of the scenario anew, hands it over, and solves from the basis of the last plan, column by
column and row by row under their names. Handing over costs little beside building and solving (Japan: 1 ms of 60),
so that a turn never depends on what stood there before: no difference can be forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import highspy
import numpy as np

from optimizer import model, scenario, solver
from optimizer.live import best_objective, filled
from optimizer.model import Columns, Grid, Key, Model
from optimizer.model.columns import CONTINUOUS, Floats, Ints
from optimizer.portfolio import Portfolio
from optimizer.solver import Options, Solution

AT_LOWER: Any = highspy.HighsBasisStatus.kLower
BASIC: Any = highspy.HighsBasisStatus.kBasic
MOST_YEARS = 1000
MOST_PIECES = 1000
MOST_ROWS = 2_000_000
"""More rows than an Excel sheet has."""


class Session:
    """A book's portfolio whose scenarios are solved one after the other, each from the basis of the last.

    Amounts are not rounded unless a ``grid`` asks for it; ``relaxed`` lets indivisible programmes be divided. The
    score of a scenario is that of a cold solve to 1e-7 points, whatever came before. Nothing is solved before an
    answer is asked for.
    """

    def __init__(
        self, book: Portfolio, options: Options | None = None, grid: Grid = CONTINUOUS, relaxed: bool = False
    ) -> None:
        self.book = book
        self.is_relaxed = relaxed
        self.options = options or Options()
        self.grid = grid
        self.portfolio = book
        self._basis: _Basis | None = None
        self._best: float | None = None
        self._has_turned = False

    def turn_to(self, sets: Sequence[str] = (), name: str = scenario.BASE) -> None:
        """Move to a scenario of the book and ``--set`` items, whatever stood before.

        Raises what ``scenario.apply`` raises: ``WrongUsage``, ``InputProblems``.
        """
        self.turn_to_portfolio(scenario.apply(self.book, name, sets).portfolio)

    def turn_to_portfolio(self, portfolio: Portfolio) -> None:
        """Move to an active portfolio: this book, or a variation of it with the same rows of the workbook."""
        self._keep_basis()
        self.portfolio = portfolio
        self.model: Model = replace(model.build(portfolio, self.grid), is_relaxed=self.is_relaxed)
        solver.refuse_numbers_that_highs_would_drop(self.model)
        self.highs: Any = filled(self.model, self.options)
        if self._basis is not None and not solver.is_mip(self.model):
            self.highs.setBasis(self._basis.carried_to(self.model))
        self._best = None
        self._has_turned = True

    def score(self) -> float:
        """The best score (points) of the scenario. Raises ``NoPlan``."""
        if not self._has_turned:
            self.turn_to()
        if self._best is None:
            self._best = best_objective(self.highs)
        return self._best

    def plan(self) -> dict[tuple[str, int], float]:
        """Money by (programme, year offset); of equally good plans the nearest to today where settings ask for it."""
        values = self._settled_values()
        columns = self.model.columns
        spent = values[columns.first_x : columns.first_g].tolist()
        cells = zip(columns.cell_programme.tolist(), columns.cell_year.tolist(), strict=True)
        return {(columns.programmes[p].id, t): amount for (p, t), amount in zip(cells, spent, strict=True)}

    def prices(self) -> dict[Key, float]:
        """The multiplier (points a unit of its right side) of each row at the best score."""
        self.score()
        return dict(zip(self.model.keys, self.highs.getSolution().row_dual, strict=True))

    def solution(self) -> Solution:
        """Values of every column and multipliers of every row at the best score, ties not broken."""
        score = self.score()
        found = self.highs.getSolution()
        return Solution("optimal", score, score, np.array(found.col_value), np.array(found.row_dual))

    def reduced_costs(self) -> Floats:
        """What each column's bounds are worth at the best score (points a unit)."""
        self.score()
        return np.array(self.highs.getSolution().col_dual)

    def _settled_values(self) -> Floats:
        """The plan with ties broken, found in an object of its own so that the session's basis stays."""
        best = self.solution()
        if not self.portfolio.settings.tie_break:
            return best.values
        settling = filled(self.model, self.options)
        if not solver.is_mip(self.model):
            settling.setBasis(self.highs.getBasis())
        return solver.nearest_to_today(self.model, settling, best, self.options)

    def _keep_basis(self) -> None:
        if self._best is not None and not solver.is_mip(self.model):
            self._basis = _Basis(self.model, self.highs.getBasis())


class _Basis:
    """The basis of a solved model under names that other scenarios of the book share."""

    def __init__(self, solved: Model, basis: Any) -> None:
        addresses = addresses_of(solved.columns)
        self.order = np.argsort(addresses)
        self.addresses = addresses[self.order]
        self.columns = np.array(basis.col_status, dtype=object)[self.order]
        self.rows = dict(zip(solved.keys, basis.row_status, strict=True))

    def carried_to(self, new: Model) -> Any:
        """The same for another model: columns that it did not have stand at zero, rows that it did not have are slack.

        Such a basis may have a row too few or too many; the solver mends it.
        """
        wanted = addresses_of(new.columns)
        at = np.minimum(np.searchsorted(self.addresses, wanted), len(self.addresses) - 1)
        status = np.where(self.addresses[at] == wanted, self.columns[at], AT_LOWER)
        basis = highspy.HighsBasis()
        basis.col_status = status.tolist()
        basis.row_status = [self.rows.get(key, BASIC) for key in new.keys]
        basis.valid, basis.alien = True, True
        return basis


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
