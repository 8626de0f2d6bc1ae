"""Three plans that are nearly as good as the best and as different from it as that allows, each published in full."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from optimizer import scenario
from optimizer.live import Live
from optimizer.model import Grid
from optimizer.model.columns import Floats
from optimizer.portfolio import Portfolio
from optimizer.questions.asking import Asked, ask_portfolio
from optimizer.questions.ranges import HAIR, WITHIN
from optimizer.results import Result
from optimizer.run import OpenBook, Stopwatch, publish_solution, ready_for
from optimizer.scenario import Scenario
from optimizer.solver import Options, Solution
from optimizer.words import Words, name_of, say

ROOMS_FOR_ROUNDING = (0.1, 0.5, 1.0)
"""Parts of the tolerance that are kept for rounding to publish units: the next where the one before was too little."""


@dataclass(frozen=True)
class Alternative:
    """A named plan: what it does best, and its published, proven result.

    None where rounding to publish units takes every such plan further from the best than asked for.
    """

    id: str
    name: Words
    result: Result | None


def alternatives(
    book: OpenBook,
    name: str = scenario.BASE,
    sets: Sequence[str] = (),
    within: float = WITHIN,
    options: Options | None = None,
) -> list[Alternative]:
    """The nearest to today's budget, the most evenly spread, and the least for the region that gets most.

    The published score of each is within ``within`` points of the best (before rounding). Raises ``NoPlan``.
    """
    active = scenario.apply(book.portfolio, name, sets)
    least = ask_portfolio(active.portfolio, options).live.score - within
    grid = Grid(active.portfolio.settings.publish_unit)
    found = []
    for ident, words, cost in _goals(active.portfolio, options, grid):
        asked = ask_portfolio(active.portfolio, options, grid)
        result = next((r for r in _published(book, active, asked, cost, within) if r.proof.score >= least - HAIR), None)
        if result is not None:
            result = replace(result, facts=dict(result.facts) | {"alternative": ident})
        found.append(Alternative(ident, words, result))
    return found


def _published(
    book: OpenBook, active: Scenario, asked: Asked, cost: Mapping[int, float], within: float
) -> Iterator[Result]:
    """Published plans that maximise ``cost`` among good ones, with more and more room for rounding."""
    prices = asked.live.prices()
    ready = ready_for(active.portfolio, asked.model, prices)
    for room in ROOMS_FOR_ROUNDING:
        asked.live.keep_score_within(within * (1 - room))
        asked.live.maximise(cost)
        asked.live.solve()
        solution = Solution("optimal", asked.live.score, asked.live.score, asked.live.solved_values(), prices)
        yield publish_solution(
            book, active, asked.model, solution, asked.options, Stopwatch(), ready, is_to_be_kept=True
        )


def _goals(portfolio: Portfolio, options: Options | None, grid: Grid) -> list[tuple[str, Words, Mapping[int, float]]]:
    """What each alternative maximises, as costs of columns of the model."""
    live = ask_portfolio(portfolio, options, grid).live
    columns = live.model.columns
    today = {c: -float(v) for c, v in enumerate(columns.y_tie_cost)}
    region = _largest_region(portfolio, live, live.spending())
    inside = [i for i, p in enumerate(columns.programmes) if p.region == region]
    cells = np.flatnonzero(np.isin(columns.cell_programme, inside))
    less = {int(c): -1.0 for c in columns.spent(cells)}
    return [
        ("nearest_to_today", say("Nearest to today's budget"), today),
        ("most_even", say("Most evenly spread"), _evenness(live)),
        ("less_concentrated", say("Least for {region}", region=name_of(portfolio.regions[region])), less),
    ]


def _largest_region(portfolio: Portfolio, live: Live, spending: Floats) -> str:
    totals: dict[str, float] = defaultdict(float)
    columns = live.model.columns
    for position, amount in zip(columns.cell_programme.tolist(), spending.tolist(), strict=True):
        totals[columns.programmes[position].region] += amount
    scored = {region for region, _ in portfolio.priorities}
    return max(totals or portfolio.regions, key=lambda region: (region in scored, totals[region]))


def _evenness(live: Live) -> Mapping[int, float]:
    """Costs that rise along each programme's curve: money goes to every first piece before any last one."""
    columns = live.model.columns
    costs = {}
    for start, count in zip(columns.cell_start.tolist(), columns.cell_count.tolist(), strict=True):
        total = sum(float(columns.upper[start + piece]) for piece in range(count)) or 1.0
        filled = 0.0
        for piece in range(count):
            costs[start + piece] = -(filled / total)
            filled += float(columns.upper[start + piece])
    return costs
