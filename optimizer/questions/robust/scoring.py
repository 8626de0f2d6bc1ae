"""What given amounts score under many draws of the effects at once.

The formula is that of the proof (segments fill in order, what is attained ends at the need), in floats over arrays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import cached_property
from itertools import accumulate

import numpy as np

from optimizer import matching
from optimizer.curves import along_the_curve
from optimizer.exact import Cell, ExactBook
from optimizer.model.columns import Floats, Ints
from optimizer.portfolio import Programme, Synergy

MOST_AT_ONCE = 4_000_000
"""Products of effects, years and draws that are held at a time (32 MB)."""
Amounts = Mapping[Cell, Fraction]


class Scorer:
    """Scores amounts under the effects of an active portfolio, whose values are given row by row.

    ``rows``: where each (region, objective, year) stands among what is delivered. Entry i says that ``effect[i]`` pays
    the money of ``cell[i]`` into ``row[i]``; cells after those of ``cells`` are what was spent before the horizon.
    Segment j of a need belongs to ``segment_row[j]``, holds ``width[j]`` points and pays ``worth[j]`` for each.
    """

    def __init__(self, book: ExactBook) -> None:
        self.book, self.portfolio = book, book.portfolio
        self.rows = {at: number for number, at in enumerate(book.pairs)}
        self.cells = {cell: number for number, cell in enumerate(book.pieces)}
        self.effect, self.cell, self.row = self._entries()
        self._first = np.flatnonzero(np.diff(self.row, prepend=-1))
        self._lay_out_segments()
        self._matched = [(str(key[1]), int(key[2])) for key in book.others if key[0] == "m"]
        couples = [
            (s.programme_b, s.objective, year)
            for s, year in ((self.portfolio.synergies[name], year) for name, year in self._matched)
            if not s.shared
        ]
        self.is_divided = len(couples) > len(set(couples))

    def _entries(self) -> tuple[Ints, Ints, Ints]:
        """Which effect pays which cell's money into which row; what was spent before the horizon is a cell too."""
        self._before: dict[str, int] = {}
        found = sorted(self._paid(), key=lambda entry: entry[2])
        effect, cell, row = np.array(found, dtype=np.int64).reshape(-1, 3).T
        return effect, cell, row

    def _paid(self) -> Iterator[tuple[int, int, int]]:
        for number, effect in enumerate(self.portfolio.effects):
            programme = self.portfolio.programmes[effect.programme]
            for year in range(self.portfolio.settings.years):
                row = self.rows.get((effect.region, effect.objective, year))
                spent = year - effect.lag
                if row is None:
                    continue
                if (effect.programme, spent) in self.cells:
                    yield number, self.cells[effect.programme, spent], row
                elif spent < 0 and 0 in programme.years and programme.baseline:
                    at = self._before.setdefault(effect.programme, len(self.cells) + len(self._before))
                    yield number, at, row

    def _lay_out_segments(self) -> None:
        pairs = list(self.book.pairs.values())
        self.segment_row = np.repeat(np.arange(len(pairs)), [len(pair.segments) for pair in pairs])
        widths = [[float(width) for width, _ in pair.segments] for pair in pairs]
        self.width = np.array([width for found in widths for width in found])
        self.start = np.array([start for found in widths for start in [0.0, *accumulate(found)][:-1]])
        self.is_first = np.array([not number for found in widths for number in range(len(found))])
        self.worth = np.array([float(pair.worth * rate) for pair in pairs for _, rate in pair.segments])

    def scores(self, amounts: Amounts, values: Floats) -> Floats:
        """The score (points) of the amounts under each row of effect values."""
        scores: Floats = self.segments(self.delivered(amounts, values)) @ self.worth
        return scores

    def segments(self, delivered: Floats) -> Floats:
        """What is attained on each segment of each need: the first may lie below zero, the last ends at the need."""
        reached = delivered[:, self.segment_row] - self.start
        filled: Floats = np.minimum(np.where(self.is_first, reached, np.maximum(reached, 0.0)), self.width)
        return filled

    def attained(self, amounts: Amounts, values: Floats) -> Floats:
        """Points that count at each (region, objective, year): what is delivered, up to the need."""
        filled = self.segments(self.delivered(amounts, values))
        return np.add.reduceat(filled, np.flatnonzero(np.diff(self.segment_row, prepend=-1)), axis=1)

    def delivered(self, amounts: Amounts, values: Floats) -> Floats:
        """Points that reach each (region, objective, year), capped by no need."""
        counted, straight = self._money(amounts)
        found = np.zeros((len(values), len(self.rows)))
        step = max(1, MOST_AT_ONCE // max(1, len(self.effect)))
        for start in range(0, len(values) if len(self.effect) else 0, step):
            scores = values[start : start + step, self.effect]
            points = np.where(scores > 0, scores * counted[self.cell], scores * straight[self.cell])
            found[start : start + step, self.row[self._first]] = np.add.reduceat(points, self._first, axis=1)
        return self._with_matched_money(amounts, found)

    def _money(self, amounts: Amounts) -> tuple[Floats, Floats]:
        """Money of each cell along its curve, as good counts it, and as it is, as harm does."""
        programmes = self.portfolio.programmes
        found = [_counted(programmes[name], amounts[name, year]) for name, year in self.cells]
        counted, straight = np.array(found).reshape(-1, 2).T
        return np.concatenate([counted, self.before[0]]), np.concatenate([straight, self.before[1]])

    @cached_property
    def before(self) -> tuple[Floats, Floats]:
        """The same of what was spent before the horizon, for the cells after ``cells``."""
        programmes = [self.portfolio.programmes[name] for name in self._before]
        counted, straight = np.array([_counted(p, p.baseline or Fraction(0)) for p in programmes]).reshape(-1, 2).T
        return counted, straight

    def row_of(self, synergy: Synergy, year: int) -> int:
        """The row that a synergy's points reach."""
        region = self.portfolio.programmes[synergy.programme_a].region
        return self.rows[region, synergy.objective, year]

    def _with_matched_money(self, amounts: Amounts, delivered: Floats) -> Floats:
        if not self._matched:
            return delivered
        if not self.is_divided:
            return delivered + self._points_of(self._shares(amounts, {}))
        return np.array([row + self._points_of(self._shares(amounts, self._by_pair(row))) for row in delivered])

    def _by_pair(self, delivered: Floats) -> Mapping[tuple[str, str, int], Fraction]:
        return {at: Fraction(points) for at, points in zip(self.rows, delivered.tolist(), strict=True)}

    def _shares(
        self, amounts: Amounts, delivered: Mapping[tuple[str, str, int], Fraction]
    ) -> Mapping[tuple[str, int], Fraction]:
        """Matched money; where it is divided, what is delivered already decides who comes first."""
        return matching.matched_by(self.book, amounts, delivered)

    def _points_of(self, matched: Mapping[tuple[str, int], Fraction]) -> Floats:
        points = np.zeros(len(self.rows))
        for (name, year), amount in matched.items():
            synergy = self.portfolio.synergies[name]
            points[self.row_of(synergy, year)] += float(synergy.score * amount)
        return points


def _counted(programme: Programme, amount: Fraction) -> tuple[float, float]:
    """An amount along the programme's curve, and as it is."""
    return float(along_the_curve(programme.curve, programme.scale, amount)), float(amount)
