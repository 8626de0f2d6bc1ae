"""How a plan stands up to effects that turn out otherwise.

In each draw the book is solved again as if its effects had been known, and today's published plan is scored under the
same effects: the difference is what not knowing costs (regret). A rule on points (harm, attainment) that today's plan
turns out to break in a draw is widened there to what the plan reaches, so that both are held to the same rules and no
regret is negative; how often that happens is counted rule by rule.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from optimizer.errors import CheckFailed
from optimizer.exact import Cell
from optimizer.model.columns import Floats
from optimizer.portfolio import Portfolio
from optimizer.questions.robust.draws import Draws
from optimizer.questions.robust.rules import rules_on_points, widened
from optimizer.questions.robust.scoring import Scorer
from optimizer.results import Result
from optimizer.run import OpenBook, solve_book
from optimizer.solver import Options
from optimizer.sweep import Crew, Outcome, Variant, sweep
from optimizer.words import say

AGREES = 1e-6
"""Points between the score of the proof and that of the arrays."""
FELT = 1e-6
"""Money by which a float may miss a whole publish unit."""
QUANTILES = (0.05, 0.5, 0.95)
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Spread:
    """Mean, standard error of the mean, quantiles at 5, 50 and 95 %, least and most of some numbers."""

    mean: float
    error: float
    low: float
    median: float
    high: float
    least: float
    most: float


def spread_of(numbers: Floats) -> Spread:
    """The spread of at least one number; the error of a single one counts as 0."""
    low, median, high = np.quantile(numbers, QUANTILES).tolist()
    error = float(numbers.std(ddof=1)) / len(numbers) ** 0.5 if len(numbers) > 1 else 0.0
    return Spread(float(numbers.mean()), error, low, median, high, float(numbers.min()), float(numbers.max()))


@dataclass(frozen=True)
class LineSpread:
    """One programme and year: today's amount, and its amounts over the draws (money, before rounding).

    ``share``: draws in which it gets at least a publish unit; ``above_minimum``: at least one more than its minimum.
    """

    programme: str
    year: int
    today: Fraction
    share: float
    above_minimum: float
    spread: Spread


@dataclass(frozen=True)
class Standing:
    """The whole answer. Arrays have an entry for each draw; ``best`` is nan where it has no plan or was not solved.

    ``best``: the score of a plan made with the effects known; ``kept``: that of today's plan. ``broken``: by limit, the
    draws in which today's plan breaks it.
    """

    draws: Draws
    today: Result
    outcomes: Sequence[Outcome]
    best: Floats
    kept: Floats
    broken: Mapping[str, int]

    @property
    def portfolio(self) -> Portfolio:
        """The active portfolio."""
        return self.today.portfolio

    @cached_property
    def is_solved(self) -> Floats:
        """Which draws have a plan."""
        return np.isfinite(self.best)

    @property
    def solved(self) -> int:
        """How many draws have a plan."""
        return int(self.is_solved.sum())

    @property
    def regret(self) -> Floats:
        """Points that a plan made with the effects known scores beyond today's, in each draw with a plan."""
        regret: Floats = (self.best - self.kept)[self.is_solved]
        return regret

    def count(self, status: str) -> int:
        """How many draws ended so."""
        return sum(outcome.status == status for outcome in self.outcomes)

    @cached_property
    def lines(self) -> Sequence[LineSpread]:
        """Each line of the plan, in the workbook's order; none where no draw has a plan."""
        plans = [outcome.amounts for outcome in self.outcomes if outcome.amounts is not None]
        if not plans:
            return []
        unit = float(self.portfolio.settings.publish_unit)
        return [self._line(cell, np.array([plan[cell] for plan in plans]), unit) for cell in self.today.plan.spending]

    def _line(self, cell: Cell, amounts: Floats, unit: float) -> LineSpread:
        programme = self.portfolio.programmes[cell[0]]
        least = 0.0 if programme.indivisible else float(programme.floor)
        return LineSpread(
            programme=programme.id,
            year=cell[1],
            today=self.today.plan.spending[cell],
            share=float((amounts >= unit - FELT).mean()),
            above_minimum=float((amounts >= least + unit - FELT).mean()),
            spread=spread_of(amounts),
        )

    @cached_property
    def totals(self) -> Mapping[str, Floats]:
        """Money of each programme over the horizon, by draw with a plan."""
        plans = [outcome.amounts for outcome in self.outcomes if outcome.amounts is not None]
        cells: dict[str, list[Cell]] = {}
        for cell in self.today.plan.spending:
            cells.setdefault(cell[0], []).append(cell)
        return {key: np.array([sum(plan[cell] for cell in own) for plan in plans]) for key, own in cells.items()}

    @cached_property
    def today_totals(self) -> Mapping[str, Fraction]:
        """Published money of each programme over the horizon."""
        return self.today.sums_by(lambda p: p.id)


def standing(
    book: OpenBook,
    draws: Draws,
    crew: Crew | None = None,
    options: Options | None = None,
    progress: Progress | None = None,
) -> Standing:
    """Solve each draw; without a ``crew`` this process does.

    Raises what ``solve_book`` raises for the book as written.
    """
    name, sets = draws.scenario, draws.sets
    today = solve_book(book, name, sets, options)
    scorer, values = Scorer(today.book), draws.values * draws.factor
    kept = scores_of(scorer, today, values)
    rules = rules_on_points(scorer, today.plan.spending, values)
    variants = [
        Variant(name, widened(rules, draw, sets), draws.scores_by_row(row)) for draw, row in enumerate(draws.values)
    ]
    outcomes = sweep(book.portfolio, variants, crew, with_amounts=True, options=options, progress=progress)
    return Standing(
        draws=draws,
        today=today,
        outcomes=outcomes,
        best=np.array([np.nan if outcome.score is None else outcome.score for outcome in outcomes]),
        kept=kept,
        broken={rule.limit.id: int(rule.is_broken.sum()) for rule in rules if rule.is_broken.any()},
    )


def scores_of(scorer: Scorer, today: Result, values: Floats) -> Floats:
    """What the published plan scores under each row of effects.

    Raises ``CheckFailed`` where the arrays and the proof do not agree on its score under the book's own effects.
    """
    own = np.array([[float(effect.score) for effect in today.portfolio.effects]])
    if abs(scorer.scores(today.plan.spending, own)[0] - float(today.proof.score)) > AGREES:
        raise CheckFailed(say("The score of the published amounts is not that of their proof; no number is shown."))
    return scorer.scores(today.plan.spending, values)
