"""How little and how much each line can get in any plan that is nearly as good as the best."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from multiprocessing import get_context

import numpy as np

from optimizer import scenario, solver
from optimizer.live import Live
from optimizer.model import Columns
from optimizer.model.columns import Floats
from optimizer.portfolio import Portfolio
from optimizer.questions.asking import Asked, Progress, ask_portfolio, silent
from optimizer.run import OpenBook
from optimizer.solver import Options, is_mip

WITHIN = 0.1
"""Points below the best score that still count as nearly as good, unless the user says otherwise."""
TOUCHES = 1e-6
LINES_WORTH_A_PROCESS = 100
MEANWHILE = 0.25
"""The part of all lines that takes about as long as the alternatives, which this process works out besides."""
HAIR = 1e-8
"""Points that no planner feels, and that a solver still tells from nothing."""
DIRECTIONS, SEED = 2, 1


@dataclass(frozen=True)
class Range:
    """One line: its amount in the plan, and the ends of its range (money, before rounding)."""

    programme: str
    year: int
    amount: float
    low: float
    high: float

    @property
    def kind(self) -> str:
        """``core`` (always gets money), ``excluded`` (never) or ``negotiable``."""
        if self.low > TOUCHES:
            return "core"
        return "excluded" if self.high <= TOUCHES else "negotiable"


@dataclass(frozen=True)
class Ranges:
    """The ranges of all lines within ``within`` points of ``score``.

    ``is_unique``: no other plan with that score differs by as much as a publish unit.
    """

    score: float
    within: float
    lines: tuple[Range, ...]
    has_indivisible: bool
    is_unique: bool


def ranges(
    book: OpenBook,
    name: str = scenario.BASE,
    sets: Sequence[str] = (),
    within: float = WITHIN,
    workers: int = 2,
    options: Options | None = None,
    progress: Progress = silent,
    meanwhile: Callable[[], None] | None = None,
) -> Ranges:
    """The least and the most of every line over plans within ``within`` points of the best.

    Each end is a solve of its own (exact, also with indivisible programmes); ends that an earlier answer already
    reached are not solved again. With several ``workers`` this process solves its part of the lines, and tells of its
    own; what it is to do ``meanwhile`` (the alternatives) makes its part smaller. Raises ``NoPlan``.
    """
    portfolio = scenario.apply(book.portfolio, name, sets).portfolio
    first = ask_portfolio(portfolio, options)
    cells = range(len(first.model.columns.cell_year))
    amounts = _planned(first)
    is_unique = is_the_only_best(first.live, float(portfolio.settings.publish_unit))
    work = meanwhile or (lambda: None)
    if workers > 1 and len(cells) > LINES_WORTH_A_PROCESS:
        *parts, own = _parts(cells, workers, MEANWHILE if meanwhile else 0.0)
        with ProcessPoolExecutor(workers - 1, mp_context=get_context("spawn")) as pool:
            others = [pool.submit(_Part(portfolio, within, options), part) for part in parts]
            last = ends_of(first.live, own, within, progress)
            work()
            found = [pair for other in others for pair in other.result()] + last
    else:
        found = ends_of(first.live, cells, within, progress)
        work()
    columns = first.model.columns
    lines = tuple(
        Range(columns.programmes[p].id, year, min(max(float(amount), low), high), low, high)
        for p, year, amount, (low, high) in zip(
            columns.cell_programme.tolist(), columns.cell_year.tolist(), amounts, found, strict=True
        )
    )
    return Ranges(first.live.score, within, lines, is_mip(first.model), is_unique)


def _parts(cells: range, workers: int, meanwhile: float) -> list[range]:
    """As many stretches of lines as workers, alike but for the last, which is shorter by other work of that size."""
    size = -(-round(len(cells) * (1 + meanwhile)) // workers)
    return [cells[number * size : (number + 1) * size] for number in range(workers)]


def _planned(asked: Asked) -> Floats:
    """The amounts of the plan that ``haibun solve`` would round: of all best plans the nearest to today's budget."""
    columns = asked.model.columns
    return solver.solve(asked.model, asked.options).values[columns.first_x : columns.first_g]


def is_the_only_best(live: Live, unit: float) -> bool:
    """Whether all plans of the best score have the same spending, to within ``unit`` of money.

    Two different plans differ along a direction drawn at random, except by a chance of nothing. How far plans reach
    along it is concave in the points given up: from what a hair and two hairs allow follows what none allows at most.
    """
    columns, drawn = live.model.columns, np.random.default_rng(SEED)
    for _ in range(DIRECTIONS):
        sizes = drawn.uniform(0.5, 1.0, len(columns.cell_year)) * drawn.choice([-1.0, 1.0], len(columns.cell_year))
        if 2 * _reach(live, sizes, HAIR) - _reach(live, sizes, 2 * HAIR) > unit:
            return False
    return True


def _reach(live: Live, sizes: Floats, within: float) -> float:
    """How far apart plans within so many points of the best lie in a direction of spending."""
    first = live.model.columns.first_x
    live.keep_score_within(within)
    ends = []
    for sign in (1.0, -1.0):
        live.maximise({first + cell: sign * size for cell, size in enumerate(sizes.tolist())})
        live.solve()
        ends.append(float(sizes @ live.spending()))
    return ends[0] - ends[1]


@dataclass(frozen=True)
class _Part:
    """The work of one process: its own live model, a stretch of lines."""

    portfolio: Portfolio
    within: float
    options: Options | None

    def __call__(self, cells: range) -> list[tuple[float, float]]:
        return ends_of(ask_portfolio(self.portfolio, self.options).live, cells, self.within)


def ends_of(live: Live, cells: range, within: float, progress: Progress = silent) -> list[tuple[float, float]]:
    """Solve for both ends of a stretch of lines in one live model."""
    columns = live.model.columns
    least, most = _widest(columns)
    low = live.spending().copy()
    high = low.copy()
    live.keep_score_within(within)

    def reach(asked: list[int], sign: float) -> None:
        live.maximise({columns.first_x + cell: sign for cell in asked})
        live.solve()
        spending = live.spending()
        np.minimum(low, spending, out=low)
        np.maximum(high, spending, out=high)

    done = 0
    for own, sign in _neighbours_together(columns, cells):
        ends, widest = (high, most) if sign > 0 else (low, least)
        open_ends = [cell for cell in own if abs(ends[cell] - widest[cell]) > TOUCHES]
        if len(open_ends) > 1:
            reach(open_ends, sign)
        for cell in own:
            progress(done, 2 * len(cells))
            done += 1
            if abs(ends[cell] - widest[cell]) > TOUCHES:
                reach([cell], sign)
                ends[cell] = live.spending()[cell]
    progress(2 * len(cells), 2 * len(cells))
    return [(max(float(low[cell]), 0.0), max(float(high[cell]), 0.0)) for cell in cells]


def _neighbours_together(columns: Columns, cells: range) -> Iterator[tuple[list[int], float]]:
    """The lines of each programme, upper ends first: half the pivots of going to and fro.

    Asked for all its years at once, most lines reach the ends that no plan can pass; the others are asked one by one.
    """
    for _, group in groupby(cells, key=lambda cell: int(columns.cell_programme[cell])):
        own = list(group)
        for sign in (1.0, -1.0):
            yield own, sign


def _widest(columns: Columns) -> tuple[list[float], list[float]]:
    """The ends that no plan can pass: minimum (or nothing) and maximum, or the pin."""
    least, most = [], []
    for position, year in zip(columns.cell_programme.tolist(), columns.cell_year.tolist(), strict=True):
        programme = columns.programmes[position]
        pin = programme.pins.get(year)
        floor = 0.0 if programme.indivisible else float(programme.floor)
        least.append(float(pin) if pin is not None else floor)
        most.append(float(programme.ceiling(year)))
    return least, most
