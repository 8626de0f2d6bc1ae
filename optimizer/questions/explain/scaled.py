"""The model of a book with one programme's effects multiplied, as changes of the live model."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from optimizer.live import Live
from optimizer.model.columns import Floats, Ints, most_harm
from optimizer.model.rows import delivered_before_the_horizon
from optimizer.portfolio import Portfolio, Programme

SPEAK_OF_EFFECTS = ("attainment", "limit_on_harm")


@dataclass(frozen=True)
class Entries:
    """Matrix entries: row, column and value of each."""

    rows: Ints
    columns: Ints
    values: Floats


class ScaledEffects:
    """One programme's part in the rows that speak of effects; ``applied`` multiplies it, as ``effect_factor`` does."""

    def __init__(self, live: Live, portfolio: Portfolio, programme: Programme) -> None:
        self.live = live
        model = live.model
        own = portfolio.with_changes(effects=[e for e in portfolio.effects if e.programme == programme.id])
        years = range(model.columns.years)
        pairs = [(region, objective, t) for region, objective in portfolio.priorities for t in years]
        before, harm = delivered_before_the_horizon(own, model.columns.make), most_harm(own)
        self.before = {model.row_of["attainment", *pair]: float(before[pair]) for pair in pairs if before.get(pair)}
        self.harm = {int(model.columns.g_start[n]): float(harm[pair]) for n, pair in enumerate(pairs) if harm.get(pair)}
        self.entries = _entries_of(live, programme)

    @contextmanager
    def applied(self, factor: float) -> Iterator[None]:
        """The live model with the programme's effects ``factor`` times as large, until the block ends."""
        model, more, own = self.live.model, factor - 1.0, self.entries
        places = zip(own.rows.tolist(), own.columns.tolist(), strict=True)
        entries = dict(zip(places, (own.values * factor).tolist(), strict=True))
        lower, upper = model.columns.lower, model.columns.upper
        rows = {
            row: (model.row_lower[row], model.row_upper[row] + more * points) for row, points in self.before.items()
        }
        columns = {column: (lower[column] - more * points, upper[column]) for column, points in self.harm.items()}
        with self.live.changed(rows=rows, columns=columns, entries=entries):
            yield


def _entries_of(live: Live, programme: Programme) -> Entries:
    """The entries of the programme's spending in rows that speak of effects."""
    model, columns = live.model, live.model.columns
    position = columns.position[programme.id]
    cells = np.flatnonzero(columns.cell_programme == position)
    mine = np.zeros(columns.count, dtype=bool)
    mine[columns.spent(cells)] = True
    for cell in cells:
        mine[columns.cell_start[cell] : columns.cell_start[cell] + columns.cell_count[cell]] = True
    wanted = np.array([key[0] in SPEAK_OF_EFFECTS for key in model.keys])
    row_of = np.repeat(np.arange(len(model.keys)), np.diff(model.starts))
    at = np.flatnonzero(mine[model.indices] & wanted[row_of])
    return Entries(row_of[at], model.indices[at], model.coefficients[at])
