"""Seeded draws of every effect inside its plausible range.

Each effect has a stream of random numbers of its own, named by what it is and not by where it stands: neither the order
of rows nor another effect's row changes what is drawn for it, and more draws go on where fewer ended.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

import numpy as np

from optimizer import scenario
from optimizer.errors import WrongUsage
from optimizer.model.columns import Floats
from optimizer.portfolio import Effect, Portfolio
from optimizer.words import say

TRIANGULAR, UNIFORM = "triangular", "uniform"
EACH, INSTRUMENT = "each", "instrument"
Key = tuple[str | int, ...]


@dataclass(frozen=True)
class Draws:
    """What the effects that are active in a scenario may turn out to be.

    ``low``, ``score`` and ``high`` hold an entry for each effect of ``portfolio`` (the active one), in its order, as
    the workbook gives them (points for one unit of money); ``factor`` is what the scenario multiplies them by. ``keys``
    says which effects err together: those of one key have one random number. ``certain`` have no range.
    """

    portfolio: Portfolio
    low: Floats
    score: Floats
    high: Floats
    factor: Floats
    keys: Sequence[Key]
    certain: Sequence[Effect]
    samples: int
    seed: int
    shape: str
    together: str
    scenario: str
    sets: Sequence[str]

    @cached_property
    def values(self) -> Floats:
        """A row for each draw, a column for each effect."""
        return self.at(self.quantiles(self.samples, "draw"))

    def quantiles(self, count: int, purpose: str) -> Floats:
        """``count`` numbers from 0 to 1 for each effect; another ``purpose`` has other numbers."""
        streams: dict[Key, list[float]] = {}
        for key in self.keys:
            if key not in streams:
                stream = random.Random(f"{self.seed}/{purpose}/{'/'.join(map(str, key))}")  # noqa: S311  (a sample)
                streams[key] = [stream.random() for _ in range(count)]
        return np.array([streams[key] for key in self.keys], dtype=np.float64).reshape(len(self.keys), count).T

    def at(self, quantiles: Floats) -> Floats:
        """The values below which so much of each effect's distribution lies."""
        if self.shape == UNIFORM:
            return np.clip(self.low + quantiles * (self.high - self.low), self.low, self.high)
        width, below, above = self.high - self.low, self.score - self.low, self.high - self.score
        rising = self.low + np.sqrt(quantiles * width * below)
        falling = self.high - np.sqrt((1 - quantiles) * width * above)
        return np.clip(np.where(quantiles * width < below, rising, falling), self.low, self.high)

    @property
    def means(self) -> Floats:
        """What each effect is on average."""
        if self.shape == UNIFORM:
            return (self.low + self.high) / 2
        return np.where(self.low == self.high, self.low, (self.low + self.score + self.high) / 3)

    def scores_by_row(self, values: Floats) -> dict[int, Fraction]:
        """The values of effects that are not certain, by their row of the Effects sheet."""
        known = {effect.row for effect in self.certain}
        pairs = zip(self.portfolio.effects, values.tolist(), strict=True)
        return {effect.row: Fraction(value) for effect, value in pairs if effect.row not in known}


def draws_of(
    book: Portfolio,
    name: str,
    sets: Sequence[str],
    samples: int,
    seed: int = 0,
    shape: str = TRIANGULAR,
    together: str = EACH,
) -> Draws:
    """Prepare draws for a scenario. A score outside its range is drawn as if it stood at the nearer end.

    Raises ``WrongUsage`` for less than one sample, and what ``scenario.apply`` raises.
    """
    if samples < 1:
        raise WrongUsage(say("--samples must be at least 1."))
    active = scenario.apply(book, name, sets).portfolio
    written = {effect.row: effect for effect in book.effects}
    effects = [written[effect.row] for effect in active.effects]
    ends = [(e.low, e.high) if e.low is not None and e.high is not None else (e.score, e.score) for e in effects]
    low, high = (np.array([float(end) for end in found]) for found in (map(min, ends), map(max, ends)))
    return Draws(
        portfolio=active,
        low=low,
        score=np.clip([float(effect.score) for effect in effects], low, high),
        high=high,
        factor=_factors(book, name, sets),
        keys=_keys(active, together),
        certain=[effect for effect in effects if effect.low is None or effect.high is None],
        samples=samples,
        seed=seed,
        shape=shape,
        together=together,
        scenario=name,
        sets=sets,
    )


def _factors(book: Portfolio, name: str, sets: Sequence[str]) -> Floats:
    """What the scenario makes of a score of 1, for each effect that is active in it."""
    units = [replace(effect, score=Fraction(1)) for effect in book.effects]
    active = scenario.apply(book.with_changes(effects=units), name, sets).portfolio
    return np.array([float(effect.score) for effect in active.effects])


def _keys(portfolio: Portfolio, together: str) -> list[Key]:
    if together == INSTRUMENT:
        return [(portfolio.programmes[e.programme].instrument or e.programme, e.objective) for e in portfolio.effects]
    seen: Counter[Key] = Counter()
    keys = []
    for e in portfolio.effects:
        key: Key = (e.programme, e.objective, e.region, e.lag, ",".join(e.switch.requires), ",".join(e.switch.unless))
        seen[key] += 1
        keys.append((*key, seen[key]))
    return keys
