"""Freedom from want against freedom from fear: the best that one can reach for each level of the other.

The weight slides from all on want to all on fear while every row stays as it is. Each solve gives a plan on the
frontier and proves that nothing lies beyond its supporting line. Between two plans the frontier lies above the line
through them; where a solve along that line finds more, it gives the next plan.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from optimizer import model, scenario
from optimizer.errors import CheckFailed, NoPlan, WrongUsage
from optimizer.live import best_objective, filled
from optimizer.model import Model
from optimizer.model.columns import Floats, value_of_full_need
from optimizer.portfolio import Portfolio
from optimizer.run import OpenBook, explained
from optimizer.session import AGREES, FITS, bound_from, breach_of
from optimizer.solver import Options, is_mip
from optimizer.words import say

ERROR = 1e-4
NEARLY_ALL = 1 - 1e-6
"""The weight at the ends: of plans that serve one freedom best, the one that serves the other best."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Balance:
    """One plan on the frontier.

    ``want``, ``fear``: points of 100 of each freedom's weighted need; ``score``: the book's own score of the plan.
    ``exchange``: points of fear for which one more point of want is bought there (None at the end). ``error``: the
    most by which fear can lie above the line to either neighbour.
    """

    want: float
    fear: float
    score: float
    exchange: float | None
    error: float


@dataclass(frozen=True)
class Freedoms:
    """The whole answer: plans by rising want, with the place of today's weights among them."""

    portfolio: Portfolio
    scenario: str
    sets: Sequence[str]
    points: Sequence[Balance]
    today: int
    solves: int
    has_indivisible: bool


def freedoms(
    book: OpenBook,
    name: str = scenario.BASE,
    sets: Sequence[str] = (),
    *,
    error: float = ERROR,
    options: Options | None = None,
    progress: Progress | None = None,
) -> Freedoms:
    """Trace the frontier to within ``error`` of 100 points. Raises ``NoPlan``, or ``WrongUsage`` without both."""
    portfolio = scenario.apply(book.portfolio, name, sets).portfolio
    slide = _Slide(portfolio, options or Options())
    slide.refine(100 * error, progress or (lambda _done, _total: None))
    return Freedoms(
        portfolio, name, sets, slide.points(), slide.plans.index(slide.today), slide.solves, is_mip(slide.built)
    )


@dataclass(frozen=True)
class _Plan:
    want: float
    fear: float
    score: float


class _Slide:
    """One model in the solver whose cost slides between the freedoms."""

    def __init__(self, portfolio: Portfolio, options: Options) -> None:
        self.built: Model = model.build(portfolio)
        self.cost, self.want, self.fear, self.share_of_want = _costs(self.built)
        self.highs: Any = filled(self.built, options)
        self.solves = 0
        try:
            self.today = self._solve(1 - self.share_of_want)
        except NoPlan as error:
            raise explained(error, portfolio, self.built, options) from None
        ends = self._solve(NEARLY_ALL), self._solve(1 - NEARLY_ALL)
        self.plans = sorted({ends[0], self.today, ends[1]}, key=lambda plan: plan.want)
        self.errors: dict[_Plan, float] = {}

    def _solve(self, weight_of_fear: float) -> _Plan:
        """The best plan where fear has this share of the weight, checked by the model's arrays."""
        cost = (1 - weight_of_fear) * self.want + weight_of_fear * self.fear
        self.highs.changeColsCost(len(cost), np.arange(len(cost), dtype=np.int32), cost)
        best = best_objective(self.highs)
        self.solves += 1
        found = self.highs.getSolution()
        values = np.array(found.col_value)
        asked = replace(self.built, columns=replace(self.built.columns, cost=cost))
        proved = is_mip(self.built) or bound_from(asked, np.array(found.row_dual)) - best <= AGREES
        if not proved or breach_of(self.built, values) > FITS or abs(cost @ values - best) > AGREES:
            raise CheckFailed(say("The solver's answer does not bear out its own score; no number is shown."))
        return _Plan(float(self.want @ values), float(self.fear @ values), float(self.cost @ values))

    def refine(self, error: float, progress: Progress) -> None:
        """Between neighbours, look as far out as the line between them allows, until nothing more is found."""
        waiting = list(zip(self.plans, self.plans[1:], strict=False))
        while waiting:
            left, right = waiting.pop()
            wide, deep = right.want - left.want, left.fear - right.fear
            if wide <= AGREES or deep <= AGREES:
                self.errors[left] = max(deep, 0.0)
                continue
            progress(self.solves, self.solves + len(waiting) + 1)
            weight = wide / (wide + deep)
            plan = self._solve(weight)
            gain = ((1 - weight) * (plan.want - left.want) + weight * (plan.fear - left.fear)) / weight
            if gain <= error or not left.want < plan.want < right.want:
                self.errors[left] = max(gain, 0.0)
                continue
            self.plans.append(plan)
            waiting += [(left, plan), (plan, right)]
        self.plans.sort(key=lambda plan: plan.want)

    def points(self) -> list[Balance]:
        """The plans by rising want; each carries the larger error of the two pieces that it ends."""
        points = []
        for number, plan in enumerate(self.plans):
            beside = [self.errors[p] for p in self.plans[max(number - 1, 0) : number + 1] if p in self.errors]
            exchange = None
            if number + 1 < len(self.plans):
                after = self.plans[number + 1]
                exchange = (plan.fear - after.fear) / max(after.want - plan.want, AGREES)
            points.append(Balance(plan.want, plan.fear, plan.score, exchange, max(beside, default=0.0)))
        return points


def _costs(built: Model) -> tuple[Floats, Floats, Floats, float]:
    """The book's cost, the costs of want and of fear alone (each 100 where all its need is met), and want's share."""
    columns = built.columns
    book = columns.portfolio
    serves_want = [book.objectives[pair.objective].freedom == "want" for pair in columns.pairs]
    worth = [pair.weight * value_of_full_need(pair) for pair in columns.pairs]
    of_want = sum((value for value, is_want in zip(worth, serves_want, strict=True) if is_want), Fraction(0))
    share = float(of_want / sum(worth, Fraction(0)))
    if not 0 < share < 1:
        raise WrongUsage(say("Only one of the two freedoms has a weight: there is nothing to balance."))
    of_g = np.repeat(np.repeat(serves_want, columns.years), columns.g_count)
    is_want = np.zeros(columns.count, dtype=bool)
    is_want[columns.first_g : columns.first_m] = of_g
    want, fear = np.where(is_want, columns.cost, 0.0) / share, np.where(is_want, 0.0, columns.cost) / (1 - share)
    return columns.cost, want, fear, share
