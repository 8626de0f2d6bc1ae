"""Rules that speak of points: whether given amounts keep them depends on what the effects turn out to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.model.columns import Floats
from optimizer.model.limits import objective_in, pair_in, years_of
from optimizer.portfolio import Limit
from optimizer.questions.robust.scoring import Amounts, Scorer

FELT = 1e-9
"""Share of a rule's value by which it must be missed to count as broken, and by which a loosened rule is wider."""


@dataclass(frozen=True)
class Rule:
    """One limit on harm or attainment, and what given amounts reach of it in each draw, in its worst year."""

    limit: Limit
    reached: Floats

    @property
    def is_broken(self) -> Floats:
        """1 in each draw in which the amounts break it."""
        value, room = float(self.limit.value), FELT * max(1.0, abs(float(self.limit.value)))
        over = self.reached - value if self.limit.measure == "harm" else value - self.reached
        broken: Floats = (over > room).astype(np.float64)
        return broken

    def loosened(self, draw: int) -> str:
        """The rule as ``--set`` would widen it so that the amounts keep it."""
        reached = float(self.reached[draw])
        room = FELT * max(1.0, abs(reached))
        value = reached + room if self.limit.measure == "harm" else reached - room
        return f"limit_value:{self.limit.id}={value:.15f}"


def rules_on_points(scorer: Scorer, amounts: Amounts, values: Floats) -> list[Rule]:
    """Every limit on harm or attainment under each row of effect values."""
    found = []
    for limit in scorer.portfolio.limits.values():
        reached = None
        if limit.measure == "harm":
            reached = _harm(scorer, limit, amounts, values)
        elif limit.measure == "attainment":
            reached = _attained(scorer, limit, amounts, values)
        if reached is not None:
            found.append(Rule(limit, reached))
    return found


def widened(rules: Sequence[Rule], draw: int, sets: Sequence[str]) -> tuple[str, ...]:
    """``--set`` items in which each rule that is broken in a draw is widened, whatever they say of it."""
    wider = {rule.limit.id: rule.loosened(draw) for rule in rules if rule.is_broken[draw]}
    begin = tuple(f"limit_value:{key}=" for key in wider)
    return (*(text for text in sets if not text.replace(" ", "").startswith(begin)), *wider.values())


def _harm(scorer: Scorer, limit: Limit, amounts: Amounts, values: Floats) -> Floats | None:
    """The most harm of a group of years: Σ |e|·x over negative effects in scope, in the year of spending."""
    portfolio = scorer.portfolio
    groups = years_of(limit, portfolio.settings.years)
    money = np.zeros((len(portfolio.effects), len(groups)))
    for number, effect in enumerate(portfolio.effects):
        programme = portfolio.programmes[effect.programme]
        if limit.scope.holds(programme) and objective_in(limit.scope, portfolio, effect.objective):
            spent = [[float(amounts.get((programme.id, year), 0)) for year in years] for years in groups]
            money[number] = [sum(found) for found in spent]
    if not money.any():
        return None
    worst: Floats = (np.maximum(-values, 0.0) @ money).max(axis=1)
    return worst


def _attained(scorer: Scorer, limit: Limit, amounts: Amounts, values: Floats) -> Floats | None:
    """The least share of the weighted need in scope that is met in a group of years."""
    portfolio = scorer.portfolio
    pairs = [at for at in portfolio.priorities if pair_in(limit.scope, portfolio, *at)]
    if not pairs:
        return None
    met = scorer.attained(amounts, values)
    weights = [float(portfolio.priorities[at].weight) for at in pairs]
    need = sum(weight * float(portfolio.priorities[at].need) for at, weight in zip(pairs, weights, strict=True))
    if not need:
        return None
    shares = []
    for years in years_of(limit, portfolio.settings.years):
        columns = [[scorer.rows[(*at, year)] for at in pairs] for year in years]
        shares.append(sum((met[:, found] @ np.array(weights) for found in columns), np.zeros(len(met))) / len(years))
    least: Floats = np.min(shares, axis=0) / need
    return least
