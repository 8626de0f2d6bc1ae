"""Entry prices: how much larger a programme's effects, or how much smaller its cost, must be for it to get money."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from optimizer import scenario
from optimizer.errors import NoPlan
from optimizer.live import Live
from optimizer.model.columns import Floats
from optimizer.portfolio import Portfolio, Programme
from optimizer.questions.explain.scaled import ScaledEffects
from optimizer.session import Session
from optimizer.solver import Options

BOTH_SIDES = 1e-4
"""Shares of an entry price by which it is tried just above and just below."""
FELT = 1e-8
"""Points by which a plan with the programme must beat every plan without it."""
LARGEST_FACTOR = 100_000.0
MOST_STEPS = 40


@dataclass(frozen=True)
class EntryPrice:
    """The least factor on all its effects at which a programme enters the best plan, and the largest on its cost.

    Each was tried just above and just below. ``effects`` is more than 1; ``cost`` is less than 1, and None where it
    was not asked for or could not be confirmed.
    """

    effects: float
    cost: float | None = None


class Entry:
    """Looks for the entry price of one programme that gets nothing, with the live model of its book and scenario.

    A plan is kept fixed while the factor falls to where it scores no more than the best plan without the programme;
    the best plan at that factor is the next (Dinkelbach's method for the least ratio, exact also with integers).
    Where needs that are met hold it up, what is left is halved too, and so it is where what it adds grows too slowly
    to be felt at once.
    """

    def __init__(self, live: Live, portfolio: Portfolio, programme: Programme, options: Options | None) -> None:
        self.live = live
        self.portfolio = portfolio
        self.programme = programme
        self.options = options
        self.scaled = ScaledEffects(live, portfolio, programme)
        columns = live.model.columns
        cells = np.flatnonzero(columns.cell_programme == columns.position[programme.id])
        self.own_columns = columns.spent(cells).tolist()

    def price(self, with_cost: bool) -> EntryPrice | None:
        """The entry price of a programme that no best plan gives money; None where none is borne out."""
        try:
            effects = self._effects()
        except NoPlan:
            return None
        if effects is None:
            return None
        if self._cost_is_all_effects():
            return EntryPrice(effects, 1 / effects)
        return EntryPrice(effects, self._cost(effects) if with_cost else None)

    def gets_money_before_rounding(self) -> bool:
        """Whether every best plan gives it money as long as amounts need not be whole units."""
        try:
            return self._gain(1.0)[0] > FELT
        except NoPlan:
            return True

    def stays_out(self) -> bool:
        """Whether it gets nothing even with effects ``LARGEST_FACTOR`` times as large: its harm grows with them."""
        try:
            return self._gain(LARGEST_FACTOR)[0] <= FELT
        except NoPlan:
            return True

    def is_kept_out(self) -> bool:
        """Whether no plan gives the programme a publish unit in any year, whatever its effects."""
        least = float(
            max(self.portfolio.settings.publish_unit, self.programme.floor if self.programme.indivisible else 0)
        )
        return all(self._has_no_plan_from(column, least) for column in self.own_columns)

    def _has_no_plan_from(self, column: int, least: float) -> bool:
        most = self.live.model.columns.upper[column]
        if most < least:
            return True
        with self.live.changed(columns={column: (least, most)}):
            try:
                self.live.solve()
            except NoPlan:
                return True
        return False

    def _effects(self) -> float | None:
        outside, factor = 1.0, 2.0
        while (found := self._gain(factor))[0] <= FELT:
            outside, factor = factor, factor * 4
            if factor > LARGEST_FACTOR:
                return None
        inside = factor
        for _ in range(MOST_STEPS):
            gain, plan, other = found
            closer = self._where_they_score_alike(plan, other, factor)
            if gain <= FELT or factor - closer <= factor * 1e-9:
                break
            is_slow = factor - closer < (factor - outside) / 2
            inside, factor, found = factor, closer, self._gain(closer)
            if is_slow and found[0] > FELT:
                middle = (outside + factor) / 2
                there = self._gain(middle)
                outside, factor, found = (outside, middle, there) if there[0] > FELT else (middle, factor, found)
        if not self._enters_at(factor * (1 + BOTH_SIDES)):
            factor = _between(factor, inside, self._enters_at, precision=BOTH_SIDES / 2)
        above, below = factor * (1 + BOTH_SIDES), factor * (1 - BOTH_SIDES)
        return factor if self._enters_at(above) and (below <= 1 or not self._enters_at(below)) else None

    def _enters_at(self, factor: float) -> bool:
        return self._gain(factor)[0] > FELT

    def _gain(self, factor: float) -> tuple[float, Floats, Floats]:
        """By how many points the best plan beats every plan without the programme; both plans."""
        with self.scaled.applied(factor):
            best = self.live.solve()
            plan = self.live.solved_values()
            with self._kept_out():
                return best - self.live.solve(), plan, self.live.solved_values()

    @contextmanager
    def _kept_out(self) -> Iterator[None]:
        with self.live.changed(columns=dict.fromkeys(self.own_columns, (0.0, 0.0))):
            yield

    def _where_they_score_alike(self, plan: Floats, other: Floats, factor: float) -> float:
        """The factor below ``factor`` at which two fixed plans score alike (bisection on their scores)."""
        first, second = _FixedPlan(self.live, plan, self.scaled), _FixedPlan(self.live, other, self.scaled)
        return _between(1.0, factor, lambda middle: first.score(middle) > second.score(middle))

    def _cost_is_all_effects(self) -> bool:
        """Whether a lower cost is the same as larger effects: no resource, synergy, leverage or harm is touched."""
        portfolio, name = self.portfolio, self.programme.id
        uses = any(use.programme == name for use in portfolio.resource_uses)
        matches = any(synergy.programme_a == name for synergy in portfolio.synergies.values())
        return not uses and not matches and not any(limit.measure == "value" for limit in portfolio.limits.values())

    def _cost(self, effects: float) -> float | None:
        """The largest factor on the cost below 1 at which it enters, by solving the scenario with that factor."""
        if self.scaled.before:
            return None
        session = Session(self.portfolio, self.options)

        def enters(cost: float) -> bool:
            session.turn_to_portfolio(scenario.with_cost(self.portfolio, self.programme.id, cost))
            try:
                return session.score() - self.live.score > FELT
            except NoPlan:
                return False

        least = 1 / (4 * effects)
        if not enters(least):
            return None
        outside = _between(least, 1.0, lambda cost: not enters(cost), precision=1e-7)
        return outside if enters(outside * (1 - BOTH_SIDES)) and not enters(outside * (1 + BOTH_SIDES)) else None


def _between(low: float, high: float, is_beyond: Callable[[float], bool], precision: float = 1e-12) -> float:
    """The number at which ``is_beyond`` turns true, from below to above."""
    while high - low > precision * high:
        middle = (low + high) / 2
        low, high = (low, middle) if is_beyond(middle) else (middle, high)
    return high


class _FixedPlan:
    """The score of a fixed plan as a function of the factor on one programme's effects."""

    def __init__(self, live: Live, values: Floats, scaled: ScaledEffects) -> None:
        model, columns = live.model, live.model.columns
        rows = [number for number, key in enumerate(model.keys) if key[0] == "attainment"]
        first, last = rows[0], rows[-1] + 1
        start, end = model.starts[first], model.starts[last]
        row_of = np.repeat(np.arange(first, last), np.diff(model.starts[first : last + 1])) - first
        index, value = model.indices[start:end], model.coefficients[start:end]
        delivers = (index < columns.first_g) | (index >= columns.first_m)
        given = np.bincount(row_of[delivers], -(value * values[index])[delivers], last - first)
        self.own = np.zeros(last - first)
        mine, inside = scaled.entries, (scaled.entries.rows >= first) & (scaled.entries.rows < last)
        np.add.at(self.own, mine.rows[inside] - first, -(mine.values * values[mine.columns])[inside])
        for row, points in scaled.before.items():
            self.own[row - first] += points
        self.others = given + model.row_upper[first:last] - self.own
        self.columns = columns

    def score(self, factor: float) -> float:
        """Points of the plan when the programme's effects are ``factor`` times as large."""
        columns = self.columns
        left = self.others + factor * self.own
        total = 0.0
        for segment in range(int(columns.g_count.max())):
            has = columns.g_count > segment
            at = columns.g_start[has] + segment
            part = np.minimum(left[has], columns.upper[at])
            if segment:
                part = np.maximum(part, 0.0)
            total += float((columns.cost[at] * part).sum())
            left[has] -= part
        return total
