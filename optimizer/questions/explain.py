"""Why each line got what it got, in sentences that a re-solve has confirmed.

Facts of the published plan (what is at its maximum, which row has no room left) come from exact arithmetic. Every
number that a sentence states comes from solving again with the change it speaks of; a sentence that the second
solve does not bear out is left out. Amounts in these solves are not rounded to publish units.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from optimizer.errors import NoPlan, WrongUsage
from optimizer.live import Live
from optimizer.places import phrase_of
from optimizer.portfolio import Programme
from optimizer.questions.asking import ask_portfolio
from optimizer.results import VERDICTS, Line, Result
from optimizer.solver import Options, is_mip
from optimizer.words import Name, Words, name_of, say

NOTICED = 1e-6
"""Points below which a difference of two scores says nothing."""
BOTH_SIDES = 1e-4
LARGEST_FACTOR = 1e6
CELLS_FOR_ENTRY_PRICES = 3_000
"""Lines up to which a whole run is given its entry prices; above, they are given for the programme asked about."""


@dataclass(frozen=True)
class Explanation:
    """One programme: its lines as published, sentences on them, and its entry price where it gets nothing.

    ``entry_factor`` is the factor on its effects at which it enters the plan; None where it gets money, or where no
    factor brings it in.
    """

    id: str
    name: Words
    lines: tuple[Line, ...]
    sentences: tuple[Words, ...]
    entry_factor: float | None = None


class Explainer:
    """Explains the lines of one run, with a live model of its book and scenario."""

    def __init__(self, result: Result, options: Options | None = None) -> None:
        self.result = result
        self.options = options
        self._live: Live | None = None

    @property
    def live(self) -> Live:
        """The model before rounding, built when first needed."""
        if self._live is None:
            self._live = ask_portfolio(self.result.portfolio, self.options).live
        return self._live

    def whole_run(self) -> list[Explanation]:
        """Every active programme; entry prices where the book is small enough to give them all."""
        with_entry = len(self.result.lines) <= CELLS_FOR_ENTRY_PRICES
        return [self._explained(p, with_entry, False) for p in self.result.portfolio.programmes.values()]

    def programme(self, ident: str) -> Explanation:
        """One programme with every number that can be confirmed. Raises ``WrongUsage`` for an unknown id."""
        programmes = self.result.portfolio.programmes
        if ident in programmes:
            return self._explained(programmes[ident], True, True)
        known = [record.values["programme"] for record in self.result.portfolio.tables["Programmes"].records]
        if ident in known:
            return self._switched_off(ident)
        near = difflib.get_close_matches(ident, known, n=1)
        if near:
            raise WrongUsage(say("{id}: no such programme; did you mean {near}?", id=ident, near=near[0]))
        raise WrongUsage(say("{id}: no such programme.", id=ident))

    def _switched_off(self, ident: str) -> Explanation:
        record = next(r for r in self.result.portfolio.tables["Programmes"].records if r.values["programme"] == ident)
        on = self.result.portfolio.levers_on
        needed = [name for name in record.values["requires"] if not on[name]]
        barred = [name for name in record.values["unless"] if on[name]]
        return Explanation(
            ident,
            Name(record.values["name"] or ident, japanese=record.values["name_ja"] or record.values["name"] or ident),
            (),
            (
                say("{id} is switched off in this scenario.", id=ident),
                *(say("It needs the lever {lever}, which is off.", lever=self._lever(name)) for name in needed),
                *(say("It gives way to the lever {lever}, which is on.", lever=self._lever(name)) for name in barred),
            ),
        )

    def _lever(self, ident: str) -> Words:
        return name_of(self.result.portfolio.levers[ident])

    def _explained(self, programme: Programme, with_entry: bool, in_full: bool) -> Explanation:
        lines = tuple(line for line in self._lines_of(programme))
        sentences = [self._verdict(line) for line in lines]
        entry = None
        if lines and with_entry and not any(line.amount for line in lines):
            entry = self._entry_price(programme)
            sentences.append(self._entry_words(programme, entry))
        if in_full:
            filler = self._filler(programme, lines)
            sentences += [filler] if filler else []
            for line in lines:
                sentences += self._margins(line)
        return Explanation(programme.id, name_of(programme), lines, tuple(sentences), entry)

    def _lines_of(self, programme: Programme) -> list[Line]:
        if not hasattr(self, "_by_programme"):
            self._by_programme: dict[str, list[Line]] = {}
            for line in self.result.lines:
                self._by_programme.setdefault(line.programme.id, []).append(line)
        return self._by_programme.get(programme.id, [])

    def _verdict(self, line: Line) -> Words:
        return say(
            "FY{year}: {amount} {unit} ({verdict}). {reason}",
            year=self.result.fiscal_year(line.year),
            amount=f"{float(line.amount):,.2f}",
            unit=self.result.portfolio.settings.unit,
            verdict=VERDICTS[line.verdict],
            reason=line.reason,
        )

    # Margins: one step more, one step less

    def _margins(self, line: Line) -> list[Words]:
        """What a step more and a step less of one line does to the best score."""
        live, columns = self.live, self.live.model.columns
        if line.verdict == "pinned" or line.programme.indivisible:
            return []
        cell = int(columns.cell_at[columns.position[line.programme.id], line.year])
        now = float(live.values[columns.first_x + cell])
        low, high = self._range(line)
        step = float(max(self.result.portfolio.settings.publish_unit, line.programme.maximum / 100))
        said = []
        if now + step <= high:
            said += self._step_more(line, cell, now, step)
        if now - step >= low:
            score = self._score_between(cell, 0.0, now - step)
            if score is not None and live.score - score > NOTICED:
                said.append(
                    say(
                        "FY{year}: {step} less would lower the best score by {points} points.",
                        year=self.result.fiscal_year(line.year),
                        step=f"{step:,.2f}",
                        points=f"{live.score - score:.6f}",
                    )
                )
        return said

    @staticmethod
    def _range(line: Line) -> tuple[float, float]:
        return float(line.programme.floor), float(line.programme.maximum)

    def _step_more(self, line: Line, cell: int, now: float, step: float) -> list[Words]:
        before = self._best_spending
        year = self.result.fiscal_year(line.year)
        score = self._score_between(cell, now + step, float(line.programme.maximum))
        if score is None:
            return [say("FY{year}: no plan gives it {step} more.", year=year, step=f"{step:,.2f}")]
        lost = before - self.live.spending()
        giver = self._largest_giver(lost, line)
        change = score - self.live.score
        if abs(change) <= NOTICED:
            return [say("FY{year}: {step} more would leave the best score as it is.", year=year, step=f"{step:,.2f}")]
        said = say(
            "FY{year}: {step} more would lower the best score by {points} points.",
            year=year,
            step=f"{step:,.2f}",
            points=f"{-change:.6f}",
        )
        if giver is None:
            return [said]
        return [said, say("The money would come above all from {name}, where it scores more.", name=giver)]

    @property
    def _best_spending(self) -> Any:
        columns = self.live.model.columns
        return self.live.values[columns.first_x : columns.first_g]

    def _largest_giver(self, lost: Any, line: Line) -> Words | None:
        """The programme that gives up most in the same year when a line is forced up."""
        columns = self.live.model.columns
        same_year = np.where(columns.cell_year == line.year, lost, 0.0)
        at = int(np.argmax(same_year))
        if same_year[at] <= NOTICED:
            return None
        return name_of(columns.programmes[columns.cell_programme[at]])

    def _score_between(self, cell: int, low: float, high: float) -> float | None:
        """The best score with a line held between two amounts; None where no plan is possible."""
        column = self.live.model.columns.first_x + cell
        with self.live.changed(columns={column: (low, high)}):
            try:
                return self.live.solve()
            except NoPlan:
                return None

    # Filler: money whose only use is room under a limit

    def _filler(self, programme: Programme, lines: Sequence[Line]) -> Words | None:
        """A warning where a programme's own points are not why it gets money, but the room it makes under limits."""
        portfolio = self.result.portfolio
        builds = any(use.builds for use in portfolio.resource_uses if use.programme == programme.id)
        partners = {name for s in portfolio.synergies.values() for name in (s.programme_a, s.programme_b)}
        above = [line for line in lines if line.amount > programme.floor and line.verdict != "pinned"]
        if builds or programme.id in partners or not above or programme.indivisible:
            return None
        if abs(self._score_with_factor(programme, 0.0) - self.live.score) > NOTICED:
            return None
        columns = self.live.model.columns
        cells = [int(columns.cell_at[columns.position[programme.id], line.year]) for line in above]
        held = {columns.first_x + cell: (0.0, float(programme.floor)) for cell in cells}
        with self.live.changed(columns=held):
            try:
                needed = self.live.score - self.live.solve() > NOTICED
            except NoPlan:
                needed = True
        if not needed:
            return None
        limits = [phrase_of(portfolio, key) for key in self._tight_limits(programme)]
        room = limits[0] if limits else say("a limit")
        return say("Warning: filler. Its own points do not count; its money only makes room under {limit}.", limit=room)

    def _tight_limits(self, programme: Programme) -> list[tuple[str | int, ...]]:
        model = self.live.model
        prices = self.live.prices()
        return [
            key
            for number, key in enumerate(model.keys)
            if str(key[0]) in ("limit_on_spending", "limit_on_value", "limit_on_risk") and abs(prices[number]) > 1e-9
        ]

    # Entry price

    def _entries_of(self, programme: Programme) -> list[tuple[int, int, float]]:
        """(row, column, coefficient) of the programme's own effects in the attainment rows."""
        model, columns = self.live.model, self.live.model.columns
        cells = np.flatnonzero(columns.cell_programme == columns.position[programme.id])
        own = set(columns.spent(cells).tolist())
        for cell in cells:
            own |= set(range(columns.cell_start[cell], columns.cell_start[cell] + columns.cell_count[cell]))
        wanted = np.fromiter(own, dtype=np.int64)
        rows = [number for number, key in enumerate(model.keys) if key[0] == "attainment"]
        start, end = model.starts[rows[0]], model.starts[rows[-1] + 1]
        inside = np.flatnonzero(np.isin(model.indices[start:end], wanted)) + start
        at = np.searchsorted(model.starts, inside, side="right") - 1
        return [
            (int(row), int(model.indices[e]), float(model.coefficients[e]))
            for row, e in zip(at.tolist(), inside.tolist(), strict=True)
        ]

    def _score_with_factor(self, programme: Programme, factor: float) -> float:
        entries = {(row, column): value * factor for row, column, value in self._entries_of(programme)}
        with self.live.changed(entries=entries):
            return self.live.solve()

    def _entry_price(self, programme: Programme) -> float | None:
        """The least factor on a programme's effects at which the best plan gives it money.

        The best score as a function of the factor is flat up to that point and rises after it. From a factor that
        is too large, each step goes to where the plan just found would score no more than today's best.
        """
        entries = self._entries_of(programme)
        if is_mip(self.live.model) or not any(value < 0 for _, _, value in entries):
            return None
        best, factor = self.live.score, 2.0
        while self._score_with_factor(programme, factor) - best <= NOTICED:
            factor *= 4
            if factor > LARGEST_FACTOR:
                return None
        for _ in range(40):
            with self.live.changed(entries={(r, c): value * factor for r, c, value in entries}):
                gain = self.live.solve() - best
                values = self.live.solved_values()
            if gain <= NOTICED / 10:
                break
            closer = self._where_plan_equals_best(values, entries, factor)
            if factor - closer <= factor * 1e-9:
                break
            factor = closer
        just_above = self._score_with_factor(programme, factor * (1 + BOTH_SIDES)) > best
        at_the_edge = factor * (1 - BOTH_SIDES) <= 1
        just_below = at_the_edge or self._score_with_factor(programme, factor * (1 - BOTH_SIDES)) <= best + NOTICED / 10
        return max(factor, 1.0) if just_above and just_below else None

    def _where_plan_equals_best(self, values: Any, entries: list[tuple[int, int, float]], factor: float) -> float:
        """The factor below ``factor`` at which a fixed plan scores exactly today's best (bisection on its score)."""
        low, high = 1.0, factor
        plan = _FixedPlan(self.live, values, entries)
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if plan.score(middle) <= self.live.score else (low, middle)
        return high

    def _entry_words(self, programme: Programme, entry: float | None) -> Words:
        if entry is None:
            if not any(e.programme == programme.id and e.score > 0 for e in self.result.portfolio.effects):
                return say("It has no effect of its own that scores.")
            if is_mip(self.live.model):
                return say("With indivisible programmes in the book no entry price is given.")
            return say("No larger effect that could be confirmed brings it in: rules keep it out.")
        if self._only_effects_speak_of(programme):
            return say(
                "Entry price: it gets money once its effects are {factor} times as large, "
                "or its cost {share} of today's.",
                factor=f"{entry:.4f}",
                share=f"{1 / entry:.4f}",
            )
        return say("Entry price: it gets money once its effects are {factor} times as large.", factor=f"{entry:.4f}")

    def _only_effects_speak_of(self, programme: Programme) -> bool:
        """Whether a lower cost is the same as larger effects: no resource, synergy or value limit is touched."""
        portfolio = self.result.portfolio
        uses = any(use.programme == programme.id for use in portfolio.resource_uses)
        partners = any(programme.id == s.programme_a for s in portfolio.synergies.values())
        values = any(limit.measure in ("value", "harm") for limit in portfolio.limits.values())
        return not (uses or partners or values)


class _FixedPlan:
    """The score of a fixed plan as a function of the factor on one programme's effects."""

    def __init__(self, live: Live, values: Any, entries: list[tuple[int, int, float]]) -> None:
        model, columns = live.model, live.model.columns
        rows = [number for number, key in enumerate(model.keys) if key[0] == "attainment"]
        first, last = rows[0], rows[-1] + 1
        start, end = model.starts[first], model.starts[last]
        row_of = np.repeat(np.arange(first, last), np.diff(model.starts[first : last + 1])) - first
        index, value = model.indices[start:end], model.coefficients[start:end]
        delivers = (index < columns.first_g) | (index >= columns.first_m)
        given = np.bincount(row_of[delivers], -(value * values[index])[delivers], last - first)
        self.own = np.zeros(last - first)
        for row, column, coefficient in entries:
            self.own[row - first] -= coefficient * values[column]
        self.others = given - self.own + model.row_upper[first:last]
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


def explain_unspent(result: Result) -> list[Words]:
    """One sentence for each account and year with money left, naming what stopped it."""
    unit = result.portfolio.settings.unit
    return [
        say(
            "{account}, FY{year}: {amount} {unit} is left. What stops it: {reason}.",
            account=name_of(result.portfolio.accounts[row.account]),
            year=result.fiscal_year(row.year),
            amount=f"{float(row.lapsed):,.2f}",
            unit=unit,
            reason=row.stopped_by,
        )
        for row in result.accounts
        if row.stopped_by is not None
    ]
