"""A repair is shown only once its mended book was solved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import highspy
import numpy as np

from optimizer import model, scenario
from optimizer.errors import InputProblems, NoPlan
from optimizer.live import Live
from optimizer.model import Model
from optimizer.portfolio import Portfolio
from optimizer.questions.repair.menu import Change, edited
from optimizer.run import OpenBook
from optimizer.solver import Options


class Verifier:
    """Solves mended books: the first from scratch, the others from its basis, in the same live solver."""

    def __init__(self, book: OpenBook, name: str, sets: tuple[str, ...], options: Options) -> None:
        self.portfolio, self.name, self.sets, self.options = book.portfolio, name, sets, options
        self.live: Live | None = None

    def after(self, changes: Sequence[Change]) -> tuple[Portfolio, Portfolio, Model] | None:
        """The book with its cells changed, its scenario and its model; None where that is a problem of the input."""
        written = edited(self.portfolio, changes)
        try:
            active = scenario.apply(written, self.name, self.sets).portfolio
        except InputProblems:
            return None
        return written, active, model.build(active, model.Grid(active.settings.publish_unit))

    def score(self, changes: Sequence[Change]) -> float | None:
        """The best score of the book with its cells changed (in whole units); None where it has no plan."""
        after = self.after(changes)
        if after is None:
            return None
        built = after[-1]
        try:
            if self.live is not None:
                score = self._from_last_basis(self.live, built)
                if score is not None:
                    return score
            self.live = Live(built, self.options)
        except (NoPlan, InputProblems):
            return None
        return self.live.score

    @staticmethod
    def _from_last_basis(live: Live, built: Model) -> float | None:
        """Solve ``built`` as a change of the live model; None where it has other rows or columns."""
        old = live.model
        if old.columns.count != built.columns.count or not built.row_of.keys() <= old.row_of.keys():
            return None
        moved = np.flatnonzero(
            (old.columns.lower != built.columns.lower) | (old.columns.upper != built.columns.upper)
        ).tolist()
        columns = {c: (float(built.columns.lower[c]), float(built.columns.upper[c])) for c in moved}
        rows: dict[int, tuple[float, float]] = {}
        entries: dict[tuple[int, int], float] = {}
        for number, key in enumerate(old.keys):
            at = built.row_of.get(key)
            if at is None:
                rows[number] = (-highspy.kHighsInf, highspy.kHighsInf)
                continue
            bounds = float(built.row_lower[at]), float(built.row_upper[at])
            if bounds != (old.row_lower[number], old.row_upper[number]):
                rows[number] = bounds
            before, after = _row(old, number), _row(built, at)
            if not (np.array_equal(before[0], after[0]) and np.array_equal(before[1], after[1])):
                entries |= {(number, c): 0.0 for c in before[0].tolist()}
                entries |= {(number, c): v for c, v in zip(after[0].tolist(), after[1].tolist(), strict=True)}
        if not np.array_equal(old.columns.cost, built.columns.cost):
            return None
        with live.changed(rows, columns, entries):
            return live.solve()


def _row(built: Model, number: int) -> tuple[Any, Any]:
    part = slice(built.starts[number], built.starts[number + 1])
    return built.indices[part], built.coefficients[part]
