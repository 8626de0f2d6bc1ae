"""The cheapest ways out: a model that may change cells at a price, asked again without what it leaned on."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from optimizer.conflict import same_plans
from optimizer.model import Model
from optimizer.questions.repair.edits import edits_of
from optimizer.questions.repair.elastic import AIM, LARGE, NO_CAPS, Cell, Cells, Elastic, Sizes
from optimizer.questions.repair.menu import NEGLIGIBLE, Change, Edit, Repair
from optimizer.questions.repair.verifier import Verifier
from optimizer.solver import Options

MOST_REPAIRS = 5
MOST_SEARCHES = 60
SEARCHES_IF_LARGE = 3
STEPS_IF_LARGE = 10_000
"""Simplex steps of searches after which two ways out of a large book are enough."""
HALVINGS = 12
WIDENINGS = (Fraction(0), Fraction(1, 10**6), Fraction(1, 10**4), Fraction(1, 100))
"""A change that rounding to publish units makes too small is widened by these parts of itself."""


WORTH_SHARING = Fraction(1, 100)
"""The part of a change that other cells must be able to take over for a way out that shares it to be shown."""


@dataclass(frozen=True)
class Found:
    """Verified ways out; ``is_only``: one alone, and it is proved that no other cells can do what its cells do."""

    repairs: tuple[Repair, ...]
    is_only: bool = False


class Finder:
    """Elastic solves: the cheapest changes, then the cheapest without what earlier answers leaned on."""

    def __init__(self, built: Model, edits: list[Edit], verifier: Verifier, options: Options, unit: Fraction) -> None:
        self.built, self.verifier, self.options = built, verifier, options
        self.unit = unit
        self.edits = [edit for edit in edits if edit.most > NEGLIGIBLE]
        without_entries = [e for e in self.edits if not e.entries and not e.share_of and e.transfer is None]
        self.single = [
            edit
            for edit in without_entries
            if edit.change.canonical == "Scenarios" and math.isfinite(edit.most) and self._bears_on_plans(edit)
        ]
        self.elastic = Elastic(built, [e for e in self.edits if e not in self.single], self.unit, options)
        self.unavoidable: Cells = frozenset()
        """Cells without whose change no change of the others makes a plan possible."""
        if any(built.keys[row][0] == AIM for row in verifier.proofs.supporting_rows(set()) or ()):
            self.elastic.count_aims()

    def repairs(self) -> Found:
        """Ways out of which none changes all the cells of another, each verified by solving the mended book.

        Where that leaves a single one, also what changes its cells by less, and others beside them.
        """
        found: list[Repair] = []
        for repair_ in self._candidates():
            if not any(other.cells <= repair_.cells for other in found):
                found = [other for other in found if not repair_.cells <= other.cells] + [repair_]
            if len(found) >= (2 if self._has_searched_long() else MOST_REPAIRS):
                break
        if len(found) != 1:
            return Found(tuple(found))
        mixed = next(self._mixed(found[0]), None)
        if mixed is not None:
            return Found((found[0], mixed))
        return Found((found[0],), is_only=found[0].cells <= self.unavoidable and not self.single)

    def _has_searched_long(self) -> bool:
        return len(self.built.keys) > LARGE and self.elastic.steps > STEPS_IF_LARGE

    def _mixed(self, only: Repair) -> Iterator[Repair]:
        """Ways out that change a cell of the only one by half of what others can take over, dearest cell first."""
        self.elastic.count_aims()
        dearest_first = sorted(only.changes, key=lambda change: -change.cost(self.unit))
        for change in dearest_first:
            for edit in self.elastic.edits_in(change):
                least, most = self.elastic.least(edit), float(abs(change.after - change.before))
                if least is None or least >= (1 - WORTH_SHARING) * most:
                    continue
                _, verified = self._found(frozenset(), {edit.cell: (least + most) / 2})
                if verified is not None and _changes_less(verified, only, change):
                    yield verified
        for single in self.single:
            yield from self._eased(single, only)

    def _eased(self, single: Edit, only: Repair) -> Iterator[Repair]:
        """The cheapest way out once a scenario's number that alone mends nothing is as it would be without it."""
        eased = replace(single.change, after=_furthest(single))
        after = self.verifier.after([eased])
        if after is None:
            return
        written, active, built = after
        others = [e for e in edits_of(written, active, built) if e.most > NEGLIGIBLE and (e.entries or e.share_of)]
        elastic = Elastic(built, others, self.unit, self.options)
        elastic.count_aims()
        sizes = elastic.cheapest(frozenset())
        verified = self._verified(sizes, (eased,)) if sizes else None
        if verified is not None and any(_changes_less(verified, only, change) for change in only.changes):
            yield verified

    def _bears_on_plans(self, edit: Edit) -> bool:
        """Whether a scenario's number decides what is possible, and not only what it is worth."""
        after = self.verifier.after([replace(edit.change, after=_furthest(edit))])
        return after is not None and not same_plans(self.built, after[-1])

    def _candidates(self) -> Iterator[Repair]:
        waiting: list[Cells] = [frozenset()]
        tried = set(waiting)
        is_large = len(self.built.keys) > LARGE
        for _ in range(SEARCHES_IF_LARGE if is_large else MOST_SEARCHES):
            if not waiting:
                break
            forbidden = waiting.pop(0)
            sizes, verified = self._found(forbidden)
            if not sizes:
                if len(forbidden) == 1:
                    self.unavoidable |= forbidden
                continue
            changed = [edit for edit, _ in sizes]
            dearest_first = sorted(sizes, key=lambda pair: -float(pair[1]) * self.elastic.price(pair[0]))
            for cells in (frozenset(e.cell for e in changed), *(frozenset({e.cell}) for e, _ in dearest_first)):
                if forbidden | cells not in tried:
                    tried.add(forbidden | cells)
                    waiting.append(forbidden | cells)
            if verified is not None:
                yield verified
        for edit in self.single:
            verified = self._by_halving(edit)
            if verified is not None:
                yield verified

    def _found(self, forbidden: Cells, caps: Mapping[Cell, float] = NO_CAPS) -> tuple[Sizes, Repair | None]:
        """The cheapest changes without forbidden cells and within caps, and what they are once verified.

        Where a pin has to change, it does so by whole units, and the others make up for that.
        """
        if self.elastic.leaves_out_aims:
            sizes = self.elastic.cheapest(forbidden, caps)
            verified = self._verified(sizes, widenings=WIDENINGS[:1]) if sizes else None
            if verified is not None or (forbidden and not sizes):
                return sizes, verified
            self.elastic.count_aims()
        sizes = self.elastic.cheapest(forbidden, caps)
        verified = self._verified(sizes) if sizes else None
        pins = [(edit, size) for edit, size in sizes if edit.is_pin]
        if sizes and verified is None and pins:
            others = self.elastic.cheapest(forbidden, caps, [(e, _whole(e, size, self.unit)) for e, size in pins])
            verified = self._verified(others) if others else None
        return sizes, verified

    def _verified(
        self, sizes: Sizes, besides: tuple[Change, ...] = (), widenings: Sequence[Fraction] = WIDENINGS
    ) -> Repair | None:
        """Solve the mended book; a change that is too small once amounts are whole units is widened a little."""
        for widening in widenings:
            rounded = besides + tuple(
                change
                for edit, size in sizes
                for change in [_outward(edit, edit.value_after(size * (1 if edit.is_pin else 1 + widening)), self.unit)]
                if change.after != change.before
            )
            score = self.verifier.score(rounded)
            if score is not None:
                return Repair(rounded, sum((change.cost(self.unit) for change in rounded), Fraction(0)), score)
        return None

    def _by_halving(self, edit: Edit) -> Repair | None:
        """A scenario's number that the rows do not speak of: between today's value and no change, the nearest."""
        enough, least = abs(_furthest(edit) - edit.value_after(Fraction(0))), Fraction(0)
        if self.verifier.score([_outward(edit, edit.value_after(enough), self.unit)]) is None:
            return None
        for _ in range(HALVINGS // 3 if len(self.built.keys) > LARGE else HALVINGS):
            middle = (least + enough) / 2
            mends = self.verifier.score([_outward(edit, edit.value_after(middle), self.unit)]) is not None
            least, enough = (least, middle) if mends else (middle, enough)
        return self._verified([(edit, _fewest_digits(edit, least, enough))]) or self._verified([(edit, enough)])


def _changes_less(mixed: Repair, only: Repair, change: Change) -> bool:
    """Whether a way out changes a cell by less than the only other one does."""
    size, sizes = abs(change.after - change.before), {(c.sheet, c.cell): abs(c.after - c.before) for c in mixed.changes}
    return size - sizes.get((change.sheet, change.cell), Fraction(0)) > WORTH_SHARING * size


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


def _whole(edit: Edit, size: Fraction, unit: Fraction) -> float:
    """The change of a pin in whole units, on its way out of what collides."""
    return float(abs(_outward(edit, edit.value_after(size), unit).after - edit.value_after(Fraction(0))))


def _furthest(edit: Edit) -> Fraction:
    """The value beyond which a cell may not change."""
    return edit.value_after(Fraction(edit.most).limit_denominator(10**9))


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
        value = min(value, _furthest(edit)) if edit.sign > 0 else max(value, _furthest(edit))
    return replace(change, after=value if edit.is_signed else max(value, Fraction(0)))
