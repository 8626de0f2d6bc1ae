"""The cheapest ways out: a model that may change cells at a price, asked again without what it leaned on."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import highspy
import numpy as np

from optimizer.model import Model
from optimizer.portfolio import Portfolio
from optimizer.questions.repair.edits import needed_share, share_entries
from optimizer.questions.repair.menu import NEGLIGIBLE, WEIGHTS, Change, Edit, Repair
from optimizer.questions.repair.verifier import Verifier
from optimizer.solver import INFEASIBLE, Options, highs_lp, is_mip, silent_highs

MOST_REPAIRS = 5
MOST_SEARCHES = 60
LARGE = 10_000
"""Model rows above which fewer ways are looked for, so that the answer comes within five cold solves."""
SEARCHES_IF_LARGE = 3
SHARE_ROUNDS = 4
HALVINGS = 12
WIDENINGS = (Fraction(0), Fraction(1, 10**6), Fraction(1, 10**4), Fraction(1, 100))
"""A change that rounding to publish units makes too small is widened by these parts of itself."""


class Finder:
    """Elastic solves: the cheapest changes, then the cheapest without what earlier answers leaned on."""

    def __init__(
        self, portfolio: Portfolio, built: Model, edits: list[Edit], verifier: Verifier, options: Options
    ) -> None:
        self.portfolio, self.built, self.verifier = portfolio, built, verifier
        self.unit = portfolio.settings.publish_unit
        self.edits = [edit for edit in edits if edit.most > NEGLIGIBLE]
        self.single = [edit for edit in self.edits if not edit.entries and not edit.share_of and edit.transfer is None]
        self.single = [
            edit for edit in self.single if edit.change.canonical == "Scenarios" and math.isfinite(edit.most)
        ]
        self.elastic = Elastic(built, [e for e in self.edits if e not in self.single], self.unit, options)

    def repairs(self) -> Iterator[Repair]:
        """Ways out of which none changes all the cells of another, each verified by solving the mended book."""
        found: list[Repair] = []
        for repair_ in self._candidates():
            if not any(other.cells <= repair_.cells for other in found):
                found = [other for other in found if not repair_.cells <= other.cells] + [repair_]
            if len(found) >= MOST_REPAIRS:
                break
        yield from found

    def _candidates(self) -> Iterator[Repair]:
        waiting: list[frozenset[tuple[str, str]]] = [frozenset()]
        tried = set(waiting)
        is_large = len(self.built.keys) > LARGE
        for _ in range(SEARCHES_IF_LARGE if is_large else MOST_SEARCHES):
            if not waiting:
                break
            forbidden = waiting.pop(0)
            sizes = self.elastic.cheapest(forbidden)
            if not sizes:
                continue
            changed = [edit for edit, _ in sizes]
            dearest_first = sorted(sizes, key=lambda pair: -float(pair[1]) * self.elastic.price(pair[0]))
            for cells in (frozenset(e.cell for e in changed), *(frozenset({e.cell}) for e, _ in dearest_first)):
                if forbidden | cells not in tried:
                    tried.add(forbidden | cells)
                    waiting.append(forbidden | cells)
            verified = self._verified(sizes)
            if verified is not None:
                yield verified
        for edit in self.single:
            verified = self._by_halving(edit)
            if verified is not None:
                yield verified

    def _verified(self, sizes: list[tuple[Edit, Fraction]]) -> Repair | None:
        """Solve the mended book; a change that is too small once amounts are whole units is widened a little."""
        for widening in WIDENINGS:
            rounded = tuple(
                change
                for edit, size in sizes
                for change in [_outward(edit, edit.value_after(size * (1 + widening)), self.unit)]
                if change.after != change.before
            )
            score = self.verifier.score(rounded)
            if score is not None:
                return Repair(rounded, sum((change.cost(self.unit) for change in rounded), Fraction(0)), score)
        return None

    def _by_halving(self, edit: Edit) -> Repair | None:
        """A scenario's number that the rows do not speak of: between today's value and no change, the nearest."""
        enough, least = Fraction(edit.most).limit_denominator(10**9), Fraction(0)
        if self.verifier.score([_outward(edit, edit.value_after(enough), self.unit)]) is None:
            return None
        for _ in range(HALVINGS // 3 if len(self.built.keys) > LARGE else HALVINGS):
            middle = (least + enough) / 2
            mends = self.verifier.score([_outward(edit, edit.value_after(middle), self.unit)]) is not None
            least, enough = (least, middle) if mends else (middle, enough)
        return self._verified([(edit, _fewest_digits(edit, least, enough))]) or self._verified([(edit, enough)])


class Elastic:
    """The model with a column for each cell that may change, priced by kind, in one live solver."""

    def __init__(self, built: Model, edits: list[Edit], unit: Fraction, options: Options) -> None:
        self.built, self.edits, self.unit = built, edits, unit
        self.first = built.columns.count
        lp = highs_lp(built)
        lp.col_cost_ = np.zeros(self.first)
        self.highs: Any = silent_highs(options)
        self.highs.setOptionValue("simplex_scale_strategy", 0)
        if is_mip(built):
            self.highs.setOptionValue("presolve", "off")
        self.highs.passModel(lp)
        self._let_pins_rise()
        for edit in edits:
            rows = np.array([row for row, _ in edit.entries], dtype=np.int32)
            values = np.array([value for _, value in edit.entries], dtype=np.float64)
            self.highs.addCol(-self.price(edit), 0.0, edit.most, len(rows), rows, values)
        for number, edit in enumerate(edits):
            if edit.transfer is not None:
                self._free_transfer(edit, self.first + number)
        self.shares = [(number, edit) for number, edit in enumerate(edits) if edit.share_of]
        self.today = self._today()

    def _let_pins_rise(self) -> None:
        """Columns as wide as any pin may become: how much is spent on a pinned line, its row alone says."""
        columns = self.built.columns
        for cell, (position, year) in enumerate(
            zip(columns.cell_programme.tolist(), columns.cell_year.tolist(), strict=True)
        ):
            if year in columns.programmes[position].pins:
                last = int(columns.cell_start[cell] + columns.cell_count[cell]) - 1
                for column in (last, columns.first_x + cell):
                    self.highs.changeColBounds(column, 0.0, highspy.kHighsInf)
                for column in columns.g_start.tolist():
                    self.highs.changeColBounds(column, -highspy.kHighsInf, float(columns.upper[column]))

    def price(self, edit: Edit) -> float:
        """What a change of one costs."""
        return WEIGHTS[edit.change.kind] / max(abs(float(edit.change.before)), float(self.unit))

    def cheapest(self, forbidden: frozenset[tuple[str, str]]) -> list[tuple[Edit, Fraction]]:
        """The cheapest changes that do not touch forbidden cells; empty where there is none.

        What a share is a share of moves with the plan: a few rounds, each with the amounts of the last one. Every
        round's answer mends the book; the later ones are cheaper.
        """
        for number, edit in enumerate(self.edits):
            most = highspy.kHighsInf if edit.share_of else edit.most  # in terms of amounts that are still a guess
            self.highs.changeColBounds(self.first + number, 0.0, 0.0 if edit.cell in forbidden else most)
        amounts = self.today
        sizes: Any = None
        for _ in range(1 if len(self.built.keys) > LARGE else SHARE_ROUNDS):
            self._set_shares(amounts)
            self.highs.clearSolver()  # from the last basis simplex was seen to wander for minutes
            self.highs.run()
            if self.highs.getModelStatus() in INFEASIBLE:
                return []
            values = np.array(self.highs.getSolution().col_value)
            amounts = values[self.built.columns.first_x : self.built.columns.first_g]
            before, sizes = sizes, values[self.first :]
            used = [n for n, _ in self.shares if sizes[n] > NEGLIGIBLE]
            if not used or (before is not None and np.allclose(before, sizes, rtol=1e-6)):
                break
        return [pair for number, edit in enumerate(self.edits) for pair in self._sized(edit, sizes[number], amounts)]

    def _sized(self, edit: Edit, size: float, amounts: Any) -> Iterator[tuple[Edit, Fraction]]:
        if size > NEGLIGIBLE * max(1.0, abs(float(edit.change.before))):
            if edit.share_of:
                size = abs(needed_share(self.built, edit.share_of, amounts) - float(edit.share_of.value))
            yield edit, Fraction(size)

    def _today(self) -> Any:
        columns = self.built.columns
        return np.array([float(p.baseline or p.maximum / 2) for p in columns.programmes])[columns.cell_programme]

    def _set_shares(self, amounts: Any) -> None:
        for number, edit in self.shares:
            assert edit.share_of is not None  # noqa: S101  (for the type checker)
            for row, value in share_entries(self.built, edit.share_of, amounts):
                self.highs.changeCoeff(row, self.first + number, value)

    def _free_transfer(self, edit: Edit, column: int) -> None:
        """A transfer's ceiling as a row, so that its share can grow."""
        columns = self.built.columns
        portfolio = columns.portfolio
        for number, (transfer, year) in enumerate(columns.transfers):
            if transfer == edit.transfer:
                flow = columns.first_f + number
                account = portfolio.accounts[portfolio.transfers[transfer].from_account]
                self.highs.changeColBounds(flow, 0.0, highspy.kHighsInf)
                pair = np.array([flow, column], dtype=np.int32)
                values = np.array([1.0, -float(account.appropriation[year])])
                self.highs.addRow(-highspy.kHighsInf, float(columns.upper[flow]), 2, pair, values)


def _fewest_digits(edit: Edit, too_little: Fraction, enough: Fraction) -> Fraction:
    """The size between one that mends nothing and one that is enough that gives the cell the fewest digits."""
    start, end = edit.value_after(too_little), edit.value_after(enough)
    quantum = Fraction(10) ** math.ceil(math.log10(max(abs(start), abs(end), Fraction(1))))
    while True:
        steps = start / quantum
        value = (math.floor(steps) + 1 if edit.sign > 0 else math.ceil(steps) - 1) * quantum
        if (value <= end) if edit.sign > 0 else (value >= end):
            return abs(value - edit.value_after(Fraction(0)))
        quantum /= 10


def _outward(edit: Edit, after: Fraction, unit: Fraction) -> Change:
    """The new value, its change to five digits on the far side of what is needed; published money in whole units."""
    change = edit.change
    size = max(abs(after - change.before), Fraction(1, 10**6))
    quantum = Fraction(10) ** (math.floor(math.log10(size)) - 4)
    if edit.in_units:
        quantum = max(quantum, unit) // unit * unit
    steps = after / quantum
    whole = math.ceil(steps - Fraction(1, 10**6)) if edit.sign > 0 else math.floor(steps + Fraction(1, 10**6))
    value = whole * quantum
    if math.isfinite(edit.most):
        furthest = edit.value_after(Fraction(edit.most).limit_denominator(10**9))
        value = min(value, furthest) if edit.sign > 0 else max(value, furthest)
    return replace(change, after=max(value, Fraction(0)))
