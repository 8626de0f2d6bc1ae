"""Plans for effects that are not known: the best on average, and one that hedges.

A hedge gives part of the mean score over the draws for a better mean of its worst tail (CVaR), in one linear program
(Rockafellar and Uryasev, Optimization of Conditional Value-at-Risk, Journal of Risk 2, 2000):

    maximise (1 − weight)·mean(s) + weight·(η − Σ short / ((1 − alpha)·draws)),    short[d] >= η − s[d],    short >= 0

over the plans that keep every row of the book (rules on points at the book's own effects). The score s[d] of a draw is
linear in spending and matched money but for the points that reach beyond a segment of a need:

    s[d] = Σ worth of the first segment·delivered[d] − Σ (worth of a segment − worth of the next)·over[d]
    over[d] >= delivered[d] − end of the segment,    over >= 0

Few of the last rows matter. They join where a solution breaks them, until it breaks none: the rows that are missing
then change nothing. Synergies that divide a partner divide it alike in every draw of the program.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray

from optimizer import model, proof, solver
from optimizer.errors import CheckFailed, WrongUsage
from optimizer.live import best_objective, filled
from optimizer.model import Grid, Model
from optimizer.model.columns import Floats, Ints
from optimizer.plan import Ground, Plan, publish
from optimizer.questions.robust.scoring import Amounts, Scorer
from optimizer.run import breach_in_words
from optimizer.solver import Options, Solution
from optimizer.words import say

AGREES = 1e-6
"""Points between the optimum of the program and the scores of its plan."""
FELT = 1e-7
"""Points by which a row that has not joined must be broken to join."""
NEGLIGIBLE = 1e-9
"""Coefficients that the solver would drop."""
FEWEST_DRAWS = 100
MOST_LINES = 200_000
"""Lines times draws that a hedge is made for, of more than ``FEWEST_DRAWS`` (Japan: 7 to 20 s); all draws judge it."""
WIDE = 2**32
INFINITE = highspy.kHighsInf
Chosen = NDArray[np.bool_]


@dataclass(frozen=True)
class Mix:
    """``weight`` of the mean of the worst ``1 − alpha`` of the draws, the rest of the mean of all."""

    alpha: float
    weight: float

    def of(self, scores: Floats) -> float:
        """The mix for a plan's scores."""
        return float((1 - self.weight) * scores.mean() + self.weight * tail_mean(scores, self.alpha))

    def check(self) -> None:
        """Raise ``WrongUsage`` where no tail or no mix is meant."""
        if not 0 < self.alpha < 1:
            raise WrongUsage(say("--alpha must lie between 0 and 1, such as 0.9 for the worst tenth of the draws."))
        if not 0 <= self.weight <= 1:
            raise WrongUsage(say("--hedge must be from 0 (the mean alone) to 1 (the worst draws alone)."))


def tail_mean(scores: Floats, alpha: float) -> float:
    """CVaR: the mean of the worst ``1 − alpha`` of equally likely scores; the draw at its edge counts in part."""
    size = (1 - alpha) * len(scores)
    weights = np.clip(size - np.arange(len(scores)), 0.0, 1.0)
    return float(weights @ np.sort(scores) / weights.sum())


@dataclass(frozen=True)
class Hedged:
    """A published plan, and the mix of scores (points) that its program reached before rounding, over its own draws."""

    plan: Plan
    optimum: float


class Hedging:
    """The program for some draws of the effects, solved for one mix after another.

    Its columns: those of the book, money along its curve (one a cell), the score and the shortfall of each draw, the
    edge η of the tail, and what reaches beyond segments.
    """

    def __init__(self, scorer: Scorer, values: Floats, options: Options | None = None) -> None:
        self.scorer, self.values, self.options = scorer, values, options or Options()
        self.book: Model = model.build(scorer.portfolio, Grid(scorer.portfolio.settings.publish_unit))
        columns, draws = self.book.columns, len(values)
        self.highs: Any = filled(self.book, self.options)
        self.highs.changeColsCost(columns.count, np.arange(columns.count, dtype=np.int32), np.zeros(columns.count))
        self.counted = columns.count + np.arange(len(columns.cell_year))
        self.scores = columns.count + len(self.counted) + np.arange(draws)
        self.shorts = self.scores + draws
        self.edge = np.array([self.shorts[-1] + 1])
        self._add_columns(np.full(len(self.counted) + draws, -INFINITE))
        self._add_columns(np.concatenate([np.zeros(draws), [-INFINITE]]))
        self.count = int(self.edge[0]) + 1
        self.ends = scorer.start + scorer.width
        self.joined: Chosen = np.zeros((draws, len(scorer.segment_row)), dtype=bool)
        self.cell_of = np.array([columns.cell_of[cell] for cell in scorer.cells], dtype=np.int64)
        self.reached_by = np.array(
            [scorer.row_of(synergy, year) for synergy, year in columns.synergies], dtype=np.int64
        )
        self._state_counted_money()
        self._state_scores()
        self._state_shortfalls()

    # Stating the program

    def _add_columns(self, lower: Floats) -> None:
        count, none = len(lower), np.empty(0, np.int32)
        starts = np.zeros(count, np.int32)
        self.highs.addCols(count, np.zeros(count), lower, np.full(count, INFINITE), 0, starts, none, np.empty(0))

    def _add_rows(self, lower: Floats, upper: Floats, entries: list[tuple[Ints, Ints, Floats]]) -> None:
        """Add rows of (row, column, coefficient); those at the same place are added up."""
        rows, columns, coefficients = (np.concatenate(parts) for parts in zip(*entries, strict=True))
        places, at = np.unique(rows * WIDE + columns, return_inverse=True)
        summed = np.bincount(at, weights=coefficients, minlength=len(places))
        places, summed = places[np.abs(summed) > NEGLIGIBLE], summed[np.abs(summed) > NEGLIGIBLE]
        starts = np.searchsorted(places // WIDE, np.arange(len(lower))).astype(np.int32)
        self.highs.addRows(len(lower), lower, upper, len(places), starts, (places % WIDE).astype(np.int32), summed)

    def _state_counted_money(self) -> None:
        """counted = Σ rate·segment"""
        cells, columns = np.arange(len(self.counted)), self.book.columns
        rows, pieces, _ = columns.pieces(cells, np.ones(len(cells)), cells)
        nothing = np.zeros(len(cells))
        money = [(cells, self.counted, nothing + 1), (rows, pieces, -columns.y_rate[pieces])]
        self._add_rows(nothing, nothing, money)

    def _delivered(self, draw: int, weight: Floats) -> tuple[Ints, Ints, Floats, Floats]:
        """What reaches the scorer's rows in a draw, times their weight: (row, column, points), and constants by row."""
        scorer = self.scorer
        used = weight[scorer.row] != 0
        row, cell, points = scorer.row[used], scorer.cell[used], self.values[draw, scorer.effect[used]]
        points = points * weight[row]
        is_good, is_past = self.values[draw, scorer.effect[used]] > 0, cell >= len(scorer.cells)
        past = cell[is_past] - len(scorer.cells)
        spent = np.where(is_good[is_past], scorer.before[0][past], scorer.before[1][past])
        constants = np.bincount(row[is_past], weights=points[is_past] * spent, minlength=len(weight))
        now = self.cell_of[cell[~is_past]]
        columns = np.where(is_good[~is_past], self.counted[now], self.book.columns.first_x + now)
        matched = np.array([float(synergy.score) for synergy, _ in self.book.columns.synergies])
        return (
            np.concatenate([row[~is_past], self.reached_by]),
            np.concatenate([columns, self.book.columns.first_m + np.arange(len(matched))]),
            np.concatenate([points[~is_past], matched * weight[self.reached_by]]),
            constants,
        )

    def _state_scores(self) -> None:
        """s[d] − Σ worth·delivered[d] <= 0, to which what reaches beyond segments is added as it joins"""
        worth = np.zeros(len(self.scorer.rows))
        worth[self.scorer.segment_row[self.scorer.is_first]] = self.scorer.worth[self.scorer.is_first]
        self.first_score_row = self.highs.getNumRow()
        for draw, column in enumerate(self.scores.tolist()):
            _, columns, points, constants = self._delivered(draw, worth)
            nothing = np.zeros(len(columns), dtype=np.int64)
            own = np.zeros(1, dtype=np.int64), np.array([column]), np.ones(1)
            self._add_rows(np.array([-INFINITE]), np.array([constants.sum()]), [own, (nothing, columns, -points)])

    def _state_shortfalls(self) -> None:
        """η − s[d] − short[d] <= 0"""
        draws = np.arange(len(self.scores))
        ones = np.ones(len(draws))
        parts = [
            (draws, np.repeat(self.edge, len(draws)), ones),
            (draws, self.scores, -ones),
            (draws, self.shorts, -ones),
        ]
        self._add_rows(np.full(len(draws), -INFINITE), np.zeros(len(draws)), parts)

    def _join(self, broken: Chosen) -> None:
        """over − delivered[d] >= −end, and less of it in the score of the draw"""
        scorer = self.scorer
        drop = scorer.worth - np.where(np.append(scorer.is_first[1:], True), 0.0, np.append(scorer.worth[1:], 0.0))
        for draw in np.flatnonzero(broken.any(axis=1)).tolist():
            segments = np.flatnonzero(broken[draw])
            wanted = np.zeros(len(scorer.rows))
            wanted[scorer.segment_row[segments]] = 1.0
            row, column, points, constants = self._delivered(draw, wanted)
            over = self.count + np.arange(len(segments))
            self._add_columns(np.zeros(len(segments)))
            self.count += len(segments)
            reached = [
                (np.full(int((row == at).sum()), number), column[row == at], -points[row == at])
                for number, at in enumerate(scorer.segment_row[segments].tolist())
            ]
            own = np.arange(len(segments)), over, np.ones(len(segments))
            constant = constants[scorer.segment_row[segments]]
            self._add_rows(constant - self.ends[segments], np.full(len(segments), INFINITE), [own, *reached])
            for at, points_lost in zip(over.tolist(), drop[segments].tolist(), strict=True):
                self.highs.changeCoeff(self.first_score_row + draw, at, points_lost)
        self.joined |= broken

    # Solving it

    def best(self, mix: Mix, told: Callable[[], None] = lambda: None) -> Hedged:
        """The plan for a mix, published; ``told`` is called before each solve.

        Raises ``NoPlan``, or ``CheckFailed`` where the plan does not score what the program says, or breaks a row.
        """
        draws = len(self.scores)
        self._weigh(self.scores, np.full(draws, (1 - mix.weight) / draws))
        self._weigh(self.edge, np.array([mix.weight]))
        self._weigh(self.shorts, np.full(draws, -mix.weight / ((1 - mix.alpha) * draws)))
        while True:
            told()
            optimum = best_objective(self.highs)
            amounts = self._amounts()
            broken = self._broken(amounts)
            if not broken.any():
                break
            self._join(broken)
        if mix.of(self.scorer.scores(amounts, self.values)) < optimum - AGREES:
            raise CheckFailed(say("The hedged plan does not score what its program says; no number is shown."))
        return Hedged(self._published(), optimum)

    def _weigh(self, columns: Ints, costs: Floats) -> None:
        self.highs.changeColsCost(len(columns), columns.astype(np.int32), costs)

    def _amounts(self) -> Amounts:
        """Money by cell at the last solve."""
        values = self.highs.getSolution().col_value
        spent = [values[self.book.columns.first_x + at] for at in self.cell_of.tolist()]
        return {cell: Fraction(max(amount, 0.0)) for cell, amount in zip(self.scorer.cells, spent, strict=True)}

    def _broken(self, amounts: Amounts) -> Chosen:
        """Draws and segments whose rows are missing and would matter."""
        delivered = self.scorer.delivered(amounts, self.values)
        broken: Chosen = (delivered[:, self.scorer.segment_row] > self.ends + FELT) & ~self.joined
        return broken

    def _published(self) -> Plan:
        """The plan in whole publish units, held against every row of the book."""
        values = np.array(self.highs.getSolution().col_value)[: self.book.columns.count]
        values = solver.with_least_flows(self.book, values, self.options)
        draft = solver.draft_of(self.book, Solution("optimal", 0.0, 0.0, values, np.zeros(len(self.book.keys))))
        plan = publish(Ground(self.scorer.book), draft, is_to_be_kept=True)
        for breach in proof.breaches_of(self.scorer.book, plan, proof.attained_by(self.scorer.book, plan)):
            if not breach.is_excused:
                raise CheckFailed(breach_in_words(breach))
        return plan


@dataclass(frozen=True)
class Hedge:
    """Two plans for effects that are not known, both published, and their scores in every draw.

    ``steady`` is best on average, ``hedged`` best by the ``mix``; both were made for the first ``draws`` of the draws.
    """

    mix: Mix
    draws: int
    steady: Hedged
    hedged: Hedged
    steady_scores: Floats
    hedged_scores: Floats

    @property
    def costs(self) -> float:
        """Points of the mean that the hedge gives up against the plan that is best on average."""
        return float(self.steady_scores.mean() - self.hedged_scores.mean())

    @property
    def saves(self) -> float:
        """Points that it gains for them in the mean of the worst draws."""
        return tail_mean(self.hedged_scores, self.mix.alpha) - tail_mean(self.steady_scores, self.mix.alpha)


def hedge(
    scorer: Scorer,
    values: Floats,
    mix: Mix,
    options: Options | None = None,
    told: Callable[[], None] = lambda: None,
) -> Hedge:
    """The plan that is best on average, and the one that hedges, over rows of effect values.

    Raises ``WrongUsage`` where ``alpha`` is not between 0 and 1 or ``weight`` not from 0 to 1, and what
    ``Hedging.best`` raises.
    """
    mix.check()
    program = Hedging(scorer, values[: max(FEWEST_DRAWS, MOST_LINES // max(1, len(scorer.cells)))], options)
    steady = program.best(Mix(mix.alpha, 0.0), told)
    hedged = program.best(mix, told)
    return Hedge(
        mix=mix,
        draws=len(program.values),
        steady=steady,
        hedged=hedged,
        steady_scores=scorer.scores(steady.plan.spending, values),
        hedged_scores=scorer.scores(hedged.plan.spending, values),
    )
