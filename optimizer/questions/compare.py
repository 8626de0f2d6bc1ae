"""Scenarios side by side, and which of their rows make the difference.

Two scenarios of a book differ in rows of its Scenarios sheet, or in what is set on top of them: rows that only one of
them has, and rows to which they give different values. Each such row is a change that leads from the first scenario to
the other. Every combination of the changes is solved, and each change gets its average step over all orders in which
they could be made (Shapley), so that the points add up to the whole difference.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from optimizer import exact, proof, scenario
from optimizer.errors import InputProblems, NoPlan, WrongUsage
from optimizer.portfolio import Portfolio, ScenarioItem
from optimizer.questions.asking import Progress, silent
from optimizer.questions.shapley import Asking, Averages, Combination, over_all_orders
from optimizer.results import Line, Result
from optimizer.run import OpenBook, solve_book
from optimizer.solver import Options
from optimizer.words import say

MOST_ALONE = 10
"""Changes up to which each has its own share; all combinations of so many parts are solved (1,024)."""
PLACES = 9
"""Decimals of published points."""
ZERO = Fraction(0)
Key = tuple[str, str, int | None, bool]
"""What a row speaks of: item, target, year, and whether it is a factor on top of the workbook."""


@dataclass(frozen=True)
class Setting:
    """A scenario of the workbook with ``--set`` items on top, and what to call it."""

    name: str
    scenario: str
    sets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Change:
    """One row that leads from the first scenario to the other: what each says; None where it has no such row."""

    before: ScenarioItem | None
    after: ScenarioItem | None

    @property
    def row(self) -> ScenarioItem:
        """The row that the other scenario adds or revalues, or else the one of the first that it leaves out."""
        row = self.after or self.before
        assert row is not None  # noqa: S101  (a change has a row on one of its sides)
        return row


@dataclass(frozen=True)
class Part:
    """Changes made together, and the points that they add to the score before rounding, averaged over all orders."""

    changes: Sequence[Change]
    points: float


@dataclass(frozen=True)
class Side:
    """One scenario: its published plan, and the score of that plan at base weights and needs (points, exact).

    The score at base weights and needs counts what the published amounts attain in this scenario's own world (its
    levers, effects and costs) by the priorities of the setting ``measure``, so that plans made under different weights
    or needs can be held against each other.
    """

    setting: Setting
    result: Result
    score_at_base: Fraction

    @property
    def name(self) -> str:
        """What the scenario is called."""
        return self.setting.name

    @property
    def score(self) -> Fraction:
        """The score of the published amounts."""
        return self.result.proof.score

    @cached_property
    def by_programme(self) -> Mapping[str, Fraction]:
        """Published money over the horizon."""
        return self.result.sums_by(lambda p: p.id)


@dataclass(frozen=True)
class Move:
    """A programme's published money over the horizon in both plans, and its line in the new plan that moved most.

    ``line`` is None where the programme is not in force in the new plan.
    """

    programme: str
    before: Fraction
    after: Fraction
    line: Line | None

    @property
    def change(self) -> Fraction:
        """What it gains."""
        return self.after - self.before


@dataclass(frozen=True)
class Versus:
    """One scenario against the first, and what its rows add.

    ``orders`` counts the orders of making the changes that have a plan at every step; where there is none, all changes
    are one part. ``combinations`` were solved, of which ``infeasible`` have no plan. ``moves``: largest first.
    """

    side: Side
    first: Side
    parts: Sequence[Part]
    orders: int
    combinations: int
    infeasible: int
    moves: Sequence[Move]

    def difference(self, places: int = PLACES) -> Fraction:
        """Points between the published scores, each rounded to ``places`` decimals."""
        return rounded(self.side.score, places) - rounded(self.first.score, places)

    def shares(self, places: int = PLACES) -> list[tuple[Part, Fraction]]:
        """Each part with its points, rounded to ``places`` decimals."""
        return [(part, rounded(Fraction(part.points), places)) for part in self.parts]

    def rounding(self, places: int = PLACES) -> Fraction:
        """What is left of the difference: rounding of the amounts to publish units, and of these points."""
        return self.difference(places) - sum((points for _, points in self.shares(places)), ZERO)

    @property
    def has_own_measure(self) -> bool:
        """Whether the two scores are measured by different weights or needs."""
        return _priorities_differ(self.side.result.portfolio, self.first.result.portfolio)


@dataclass(frozen=True)
class Compared:
    """The whole answer: the first scenario, and every other one against it; ``measure`` as in ``Side``."""

    portfolio: Portfolio
    measure: str
    first: Side
    others: Sequence[Versus]

    @property
    def sets(self) -> Sequence[str]:
        """The ``--set`` items that all scenarios have; none where they have different ones."""
        found = {side.setting.sets for side in self.sides}
        return found.pop() if len(found) == 1 else ()

    @property
    def sides(self) -> list[Side]:
        """Every scenario, in the order asked for."""
        return [self.first, *(versus.side for versus in self.others)]


def compare(
    book: OpenBook,
    names: Sequence[str],
    sets: Sequence[str] = (),
    measure: str = scenario.BASE,
    options: Options | None = None,
    progress: Progress | None = None,
    processes: int = 1,
) -> Compared:
    """Scenarios of the workbook, all under the same ``--set`` items; see ``compare_settings``.

    Raises ``WrongUsage`` for fewer than two of them.
    """
    if len(names) < 2:
        raise WrongUsage(say("Name at least two scenarios to compare, such as base and another one."))
    settings = [Setting(name, name, tuple(sets)) for name in names]
    return compare_settings(book, settings, Setting(measure, measure, tuple(sets)), options, progress, processes)


def compare_settings(
    book: OpenBook,
    settings: Sequence[Setting],
    measure: Setting,
    options: Options | None = None,
    progress: Progress | None = None,
    processes: int = 1,
) -> Compared:
    """Publish each setting, and attribute the change from the first to each other to the rows that differ.

    A setting named twice counts once. With two ``processes`` a second one solves half of the combinations where there
    are many. Raises ``WrongUsage`` for an unknown scenario, item or target, and ``NoPlan`` that names a scenario
    without a plan.
    """
    portfolio = book.portfolio
    items = {one.name: scenario.items_of(portfolio, one.scenario, one.sets) for one in settings}
    base = scenario.apply(portfolio, measure.scenario, measure.sets).portfolio
    first, *others = [_side(book, one, base, options) for one in dict.fromkeys(settings)]
    changes = [changes_between(items[first.name], items[side.name]) for side in others]
    told = _in_turn([2 ** len(in_parts(each)) for each in changes], progress or silent)
    found = []
    for side, own, tell in zip(others, changes, told, strict=True):
        replaced = [change.before for change in own]
        common = [item for item in items[first.name] if item not in replaced]
        parts, averages, asking = _attributed(portfolio, common, own, options, tell, processes)
        infeasible = sum(score is None for score in asking.scores.values())
        moves = _moves(first, side)
        found.append(Versus(side, first, parts, averages.orders, len(asking.scores), infeasible, moves))
    return Compared(portfolio, measure.name, first, found)


def _in_turn(sizes: Sequence[int], progress: Progress) -> list[Progress]:
    """For each of several pieces of work, whom it tells: ``progress`` hears of all of them as one."""

    def telling(before: int, size: int) -> Progress:
        return lambda done, total: progress(before + size * done // max(total, 1), sum(sizes))

    return [telling(sum(sizes[:number]), size) for number, size in enumerate(sizes)]


def side_by_side(plans: Sequence[tuple[Setting, Result]], base: Portfolio, book: Portfolio) -> Compared:
    """Published plans of a book beside the first of them, nothing attributed; measured by ``base``, which is named so.

    A name given twice counts once.
    """
    first, *others = [Side(setting, result, _score_at(base, result)) for setting, result in dict(plans).items()]
    versus = [Versus(side, first, (), 0, 0, 0, _moves(first, side)) for side in others]
    return Compared(book, scenario.BASE, first, versus)


def combinations_of(found: Compared) -> int:
    """How many combinations of rows attributing the differences solves."""
    first, *others = [side.result.portfolio.scenario_items for side in found.sides]
    return sum(2 ** len(in_parts(changes_between(first, items))) for items in others)


def rows_of_its_own(found: Compared) -> list[list[Change]]:
    """What each scenario says that not all of them say, as changes of the workbook as written."""
    rows = [_rows_by_key(side.result.portfolio.scenario_items) for side in found.sides]
    return [
        [Change(None, row) for key, row in own.items() if any(_says(other, key) != row.value for other in rows)]
        for own in rows
    ]


def _says(rows: Mapping[Key, ScenarioItem], key: Key) -> Fraction | bool | None:
    return rows[key].value if key in rows else None


def rounded(value: Fraction, places: int) -> Fraction:
    """The nearest decimal with so many places."""
    return Fraction(round(value * 10**places), 10**places)


# The published plans


def _side(book: OpenBook, setting: Setting, base: Portfolio, options: Options | None) -> Side:
    try:
        result = solve_book(book, setting.scenario, setting.sets, options)
    except NoPlan as error:
        message = say("Scenario {scenario}: {message}", scenario=setting.name, message=error.message)
        raise NoPlan(message, error.conflict, error.certified) from None
    return Side(setting, result, _score_at(base, result))


def _score_at(base: Portfolio, result: Result) -> Fraction:
    """The score of published amounts by the weights and needs of another portfolio."""
    if not _priorities_differ(base, result.portfolio):
        return result.proof.score
    measured = result.portfolio.with_changes(priorities=base.priorities)
    return proof.attained_by(exact.state_exactly(measured), result.plan).score


def _priorities_differ(one: Portfolio, other: Portfolio) -> bool:
    return one.priorities != other.priorities


def _moves(first: Side, side: Side) -> list[Move]:
    """Programmes whose published money differs, the largest difference first."""
    before, after = first.by_programme, side.by_programme
    lines = defaultdict(list)
    for line in side.result.lines:
        lines[line.programme.id].append(line)
    moves = [
        Move(key, before.get(key, ZERO), after.get(key, ZERO), _line_that_moved_most(lines[key], first))
        for key in dict.fromkeys([*after, *before])
        if before.get(key, ZERO) != after.get(key, ZERO)
    ]
    return sorted(moves, key=lambda move: (-abs(move.change), move.programme))


def _line_that_moved_most(lines: Sequence[Line], first: Side) -> Line | None:
    spent = first.result.plan.spending

    def moved(line: Line) -> Fraction:
        return abs(line.amount - spent.get((line.programme.id, line.year), ZERO))

    return max(lines, key=moved, default=None)


# The attribution


def changes_between(first: Sequence[ScenarioItem], other: Sequence[ScenarioItem]) -> list[Change]:
    """The rows in which two scenarios differ, in the order of the other one, then those that it leaves out."""
    before, after = _rows_by_key(first), _rows_by_key(other)
    return [
        Change(before.get(key), after.get(key))
        for key in dict.fromkeys([*after, *before])
        if key not in before or key not in after or before[key].value != after[key].value
    ]


def _rows_by_key(items: Sequence[ScenarioItem]) -> dict[Key, ScenarioItem]:
    """Rows by what they speak of. A factor of ``--set`` is a row beside the scenario's own: the two multiply."""
    return {(item.item, item.target, item.year, item.item in scenario.FACTORS and not item.row): item for item in items}


def in_parts(changes: Sequence[Change]) -> list[list[Change]]:
    """Each change by itself; where they are more than ``MOST_ALONE``, at most so many groups.

    Rows of one item and target stay together. Groups begin as kinds of items; the largest kinds are taken apart whole
    while there is room, then the largest groups are halved in the workbook's order.
    """
    if len(changes) <= MOST_ALONE:
        return [[change] for change in changes]
    kinds: dict[str, dict[str, list[Change]]] = defaultdict(lambda: defaultdict(list))
    for change in changes:
        kinds[change.row.item][change.row.target].append(change)
    groups = [list(targets.values()) for targets in kinds.values()]
    for kind in sorted(groups, key=len, reverse=True):
        if len(groups) - 1 + len(kind) <= MOST_ALONE:
            _replace(groups, kind, [[target] for target in kind])
    while len(groups) < MOST_ALONE and len(largest := max(groups, key=len)) > 1:
        half = (len(largest) + 1) // 2
        _replace(groups, largest, [largest[:half], largest[half:]])
    return [[change for target in group for change in target] for group in groups]


def _replace[Group](groups: list[Group], group: Group, parts: list[Group]) -> None:
    at = groups.index(group)
    groups[at : at + 1] = parts


def _attributed(
    book: Portfolio,
    common: list[ScenarioItem],
    changes: Sequence[Change],
    options: Options | None,
    progress: Progress,
    processes: int,
) -> tuple[list[Part], Averages, Asking]:
    """The parts of a difference, what each adds, and every combination of them solved."""
    groups = in_parts(changes)
    ids = [str(number) for number in range(len(groups))]
    asking = Asking(book, options, ids, _Changed(book, tuple(common), tuple(map(tuple, groups))))
    asking.score_all(progress, processes)
    averages = over_all_orders(ids, asking.scores)
    if averages.orders:
        return [Part(group, averages.worth[i]) for i, group in zip(ids, groups, strict=True)], averages, asking
    none, everything = asking.scores[frozenset()], asking.scores[frozenset(ids)]
    assert none is not None and everything is not None  # noqa: S101  (both were published)
    return [Part(list(changes), everything - none)], averages, asking


@dataclass(frozen=True)
class _Changed:
    """The book under what both scenarios say, and each group of changes made or not."""

    book: Portfolio
    common: tuple[ScenarioItem, ...]
    groups: tuple[tuple[Change, ...], ...]

    def __call__(self, on: Combination) -> Portfolio:
        """Raises ``NoPlan`` too where rows of both scenarios together say nothing that can be planned."""
        items = [*self.common, *self._rows(on)]
        try:
            return scenario.under(self.book, items)
        except (InputProblems, WrongUsage) as error:
            raise NoPlan(error.message) from None

    def _rows(self, on: Combination) -> Iterator[ScenarioItem]:
        for number, group in enumerate(self.groups):
            for change in group:
                row = change.after if str(number) in on else change.before
                if row is not None:
                    yield row
