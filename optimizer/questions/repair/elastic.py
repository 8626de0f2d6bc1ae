"""The model with a column for each cell that may change: what the cheapest changes are, asked in one live solver."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from types import MappingProxyType
from typing import Any

import highspy
import numpy as np

from optimizer.conflict import WORKBOOK_MEANS_IT, LooseRows
from optimizer.model import Model
from optimizer.model.columns import Floats
from optimizer.questions.repair.edits import needed_share, share_entries
from optimizer.questions.repair.menu import NEGLIGIBLE, WEIGHTS, Change, Edit
from optimizer.solver import INFEASIBLE, Options, arrays_of, hand_over, is_mip, silent_highs

SHARE_ROUNDS = 4
LARGE = 10_000
"""Model rows above which fewer ways are looked for: each takes about as long as a solve from nothing."""
AIM = "limit_on_attainment"
Cell = tuple[str, str]
Cells = frozenset[Cell]
Sizes = list[tuple[Edit, Fraction]]
NO_CAPS: Mapping[Cell, float] = MappingProxyType({})


class Elastic:
    """The model with a column for each cell that may change, priced by kind, in one live solver.

    Money alone decides, which is quicker, until aims (limits on attainment) are asked to count.
    """

    def __init__(self, built: Model, edits: list[Edit], unit: Fraction, options: Options) -> None:
        self.built, self.edits, self.unit = built, edits, unit
        self.first = built.columns.count
        self.highs: Any = silent_highs(options)
        if is_mip(built):
            self.highs.setOptionValue("presolve", "off")
        hand_over(self.highs, arrays_of(built))
        self.rows = LooseRows(self.highs, built, range(len(built.keys)))
        self.leaves_out_aims = any(key[0] == AIM for key in built.keys)
        self.rows.leave_out(row for row, key in enumerate(built.keys) if key[0] in (*WORKBOOK_MEANS_IT, AIM))
        self.highs.changeColsCost(self.first, np.arange(self.first, dtype=np.int32), np.zeros(self.first))
        self._let_pins_rise()
        for edit in edits:
            rows = np.array([row for row, _ in edit.entries], dtype=np.int32)
            values = np.array([value for _, value in edit.entries], dtype=np.float64)
            self.highs.addCol(-self.price(edit), 0.0, edit.most, len(rows), rows, values)
        self._free_flows()
        self.is_of_programme = np.array([edit.change.canonical == "Programmes" for edit in edits], dtype=bool)
        self.shares = [(number, edit) for number, edit in enumerate(edits) if edit.share_of]
        self.today = self._today()
        self.amounts: Any = None
        self.steps = 0
        """Simplex steps so far: a measure of the time that does not depend on the machine."""

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

    def count_aims(self) -> None:
        """Let aims count from now on, and with them all that attains a score."""
        if self.leaves_out_aims:
            self.rows.leave_out(())
            self.leaves_out_aims = False

    def price(self, edit: Edit) -> float:
        """What a change of one costs."""
        return WEIGHTS[edit.change.kind] / max(abs(float(edit.change.before)), float(self.unit))

    def edits_in(self, change: Change) -> list[Edit]:
        """The edits of a changed cell (two where it may go up or down), the way that it was changed."""
        up = 1 if change.after > change.before else -1
        return [edit for edit in self.edits if edit.cell == (change.sheet, change.cell) and edit.sign == up]

    def least(self, edit: Edit) -> float | None:
        """The least change of one cell, whatever the others do; None where the solver finds none."""
        columns = np.arange(self.first, self.first + len(self.edits), dtype=np.int32)
        only_this = np.array([-float(other is edit) for other in self.edits])
        self.highs.changeColsCost(len(columns), columns, only_this)
        self._set_shares(self.today)
        is_found = self._has_answer_within(*self._bounds(frozenset(), {}))
        size = self.highs.getSolution().col_value[self.first + self._number(edit)] if is_found else None
        self.highs.changeColsCost(len(columns), columns, np.array([-self.price(other) for other in self.edits]))
        return size

    def _bounds(
        self, forbidden: Cells, caps: Mapping[Cell, float], held: Sequence[tuple[Edit, float]] = ()
    ) -> tuple[Floats, Floats]:
        """How far each edit must and may go."""
        least, most = np.zeros(len(self.edits)), np.zeros(len(self.edits))
        held_cells = {edit.cell for edit, _ in held}
        for number, edit in enumerate(self.edits):
            if edit.cell not in forbidden and edit.cell not in held_cells:
                furthest = highspy.kHighsInf if edit.share_of else edit.most  # in terms of amounts still guessed
                most[number] = min(furthest, caps.get(edit.cell, furthest))
        for edit, size in held:
            least[self._number(edit)] = most[self._number(edit)] = size
        return least, most

    def _number(self, edit: Edit) -> int:
        return next(number for number, other in enumerate(self.edits) if other is edit)

    def _is_solved(self, least: Floats, most: Floats) -> bool:
        """Find the cheapest changes within bounds; whether there are any.

        Most often no programme's own cells have a part in them. Without these the solver is done in a half of the time
        or less, and its reduced costs tell whether one of them would make the changes cheaper.
        """
        without = np.where(self.is_of_programme, least, most)
        if not is_mip(self.built) and (without < most).any() and self._has_answer_within(least, without):
            reduced = np.array(self.highs.getSolution().col_dual)[self.first : self.first + len(self.edits)]
            if not (reduced[without < most] > NEGLIGIBLE).any():
                return True
        return self._has_answer_within(least, most)

    def _has_answer_within(self, least: Floats, most: Floats) -> bool:
        columns = np.arange(self.first, self.first + len(self.edits), dtype=np.int32)
        self.highs.changeColsBounds(len(columns), columns, least, most)
        self.highs.clearSolver()  # from the last basis simplex was seen to wander for minutes
        self.highs.run()
        self.steps += self.highs.getInfo().simplex_iteration_count
        return self.highs.getModelStatus() not in INFEASIBLE

    def cheapest(
        self, forbidden: Cells, caps: Mapping[Cell, float] = NO_CAPS, held: Sequence[tuple[Edit, float]] = ()
    ) -> Sizes:
        """The cheapest changes that touch no forbidden cell and change none by more than its cap; empty: there is none.

        Edits that are ``held`` change by just so much. What a share is a share of moves with the plan: a few rounds,
        each with the amounts of the last one. Every round's answer mends the book; the later ones are cheaper.
        """
        bounds = self._bounds(forbidden, caps, held)
        amounts = self.today
        sizes: Any = None
        for _ in range(1 if len(self.built.keys) > LARGE else SHARE_ROUNDS):
            self._set_shares(amounts)
            if not self._is_solved(*bounds):
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
        if amounts is self.amounts:
            return
        self.amounts = amounts
        for number, edit in self.shares:
            assert edit.share_of is not None  # noqa: S101  (for the type checker)
            for row, value in share_entries(self.built, edit.share_of, amounts):
                self.highs.changeCoeff(row, self.first + number, value)

    def _free_flows(self) -> None:
        """Ceilings of transfers and carry-over as rows: they grow with their share, and with the appropriation."""
        columns, accounts = self.built.columns, self.built.columns.portfolio.accounts
        for number, (position, year) in enumerate(columns.transfers):
            transfer = columns.portfolio.transfers[position]
            given = float(accounts[transfer.from_account].appropriation[year])
            grows = {n: given for n, edit in enumerate(self.edits) if edit.transfer == position}
            grows |= self._growth(transfer.from_account, year, float(transfer.max_share))
            self._free_flow(columns.first_f + number, grows)
        for number, (account, year) in enumerate(columns.carries):
            grows = self._growth(account, year, float(accounts[account].carry_over))
            self._free_flow(columns.first_v + number, grows)

    def _growth(self, account: str, year: int, share: float) -> dict[int, float]:
        """By number of the edit: how far a ceiling that is a share of an appropriation moves with it."""
        moves = self._money_moves.get((account, year), ())
        return {number: share * move for number, move in moves if share * move}

    @cached_property
    def _money_moves(self) -> dict[tuple[str, int], list[tuple[int, float]]]:
        """By account and year, the numbers of the edits that move the appropriation, and how far."""
        moves = defaultdict(list)
        for number, edit in enumerate(self.edits):
            for place, move in edit.money.items():
                moves[place].append((number, move))
        return moves

    def _free_flow(self, flow: int, grows: Mapping[int, float]) -> None:
        if not grows:
            return
        self.highs.changeColBounds(flow, 0.0, highspy.kHighsInf)
        entries = np.array([flow, *(self.first + number for number in grows)], dtype=np.int32)
        values = np.array([1.0, *(-move for move in grows.values())])
        most = float(self.built.columns.upper[flow])
        self.highs.addRow(-highspy.kHighsInf, most, len(entries), entries, values)
