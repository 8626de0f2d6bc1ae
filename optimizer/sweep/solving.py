"""What a worker does: it opens the book that was shipped to it once, and solves variants by the chunk."""

from __future__ import annotations

import hashlib
import pickle
import signal
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from optimizer import scenario
from optimizer.errors import HaibunError, InputProblems, NoPlan, WrongUsage
from optimizer.portfolio import Effect, Portfolio
from optimizer.run import versions
from optimizer.session import Session, Start
from optimizer.solver import Options
from optimizer.words import Words, say

MOST_BOOKS = 4
"""Books that a worker keeps open at a time; a shared cluster sees many."""
MOST_STARTS = 16


@dataclass(frozen=True)
class Variant:
    """A scenario of the book with ``--set`` items and other effects.

    ``effects``: scores (points for one unit of money) by the row of the Effects sheet; they stand in place of the
    workbook's own, so that factors of the scenario still multiply them.
    """

    scenario: str = scenario.BASE
    sets: tuple[str, ...] = ()
    effects: Mapping[int, Fraction | float] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What became of a variant.

    ``status``: ``optimal``, ``infeasible``, ``failed`` (``reason`` says why) or ``stopped`` (nobody came to it).
    ``score``: points. ``amounts``: money by (programme, year offset), where asked for.
    """

    status: str
    score: float | None = None
    amounts: Mapping[tuple[str, int], float] | None = None
    reason: Words | None = None


@dataclass(frozen=True)
class Shipment:
    """A book packed for workers; ``key`` tells one book from another, ``versions`` are the sender's."""

    key: str
    data: bytes
    versions: Mapping[str, str]

    def opened(self) -> Solver:
        """The book before a solver. Raises ``WrongUsage`` where other versions would find other digits."""
        here = versions()
        for name in ("program", "HiGHS"):
            if here[name] != self.versions[name]:
                raise WrongUsage(
                    say(
                        "A worker has {name} {theirs} where this computer has {ours}; install the same on both.",
                        name=name,
                        theirs=here[name],
                        ours=self.versions[name],
                    )
                )
        return Solver(*pickle.loads(self.data))  # noqa: S301  (our own bytes)


def packed(book: Portfolio, options: Options) -> Shipment:
    """A book and how to solve it, ready to be sent."""
    data = pickle.dumps((book, options))
    return Shipment(hashlib.sha256(data).hexdigest(), data, versions())


class Solver:
    """A book in a live session; every answer follows from its variant alone, to the last digit."""

    def __init__(self, book: Portfolio, options: Options) -> None:
        self.book = book
        self.session = Session(book, options)
        self._starts: dict[tuple[str, tuple[str, ...]], Start | None] = {}

    def outcome(self, variant: Variant, with_amounts: bool) -> Outcome:
        """Solve a variant; whatever goes wrong is its own affair."""
        try:
            self.session.turn_from(self._start_of(variant), self._portfolio_of(variant))
            score = self.session.score()
            return Outcome("optimal", score, self.session.plan() if with_amounts else None)
        except NoPlan as error:
            return Outcome("infeasible", reason=error.message)
        except InputProblems as error:
            return Outcome("failed", reason=error.problems[0].problem)
        except HaibunError as error:
            return Outcome("failed", reason=error.message)
        except Exception as error:
            return Outcome("failed", reason=say("{kind}: {error}", kind=type(error).__name__, error=error))

    def _start_of(self, variant: Variant) -> Start | None:
        """The book as written; for other effects, the variant without them."""
        if variant.effects:
            return self._start_at(variant.scenario, variant.sets)
        return self._start_at(scenario.BASE, ())

    def _start_at(self, name: str, sets: tuple[str, ...]) -> Start | None:
        """Where the answer of a scenario stands; where it has none, where the book as written stands."""
        if (name, sets) not in self._starts:
            if len(self._starts) >= MOST_STARTS:
                self._starts.clear()
            before = None if (name, sets) == (scenario.BASE, ()) else self._start_at(scenario.BASE, ())
            self._starts[name, sets] = self._solved(Variant(name, sets), before) or before
        return self._starts[name, sets]

    def _solved(self, variant: Variant, before: Start | None) -> Start | None:
        try:
            self.session.turn_from(before, self._portfolio_of(variant))
            return self.session.start()
        except HaibunError:
            return None

    def _portfolio_of(self, variant: Variant) -> Portfolio:
        book = with_effects(self.book, variant.effects) if variant.effects else self.book
        return scenario.apply(book, variant.scenario, variant.sets).portfolio


def with_effects(book: Portfolio, scores: Mapping[int, Fraction | float]) -> Portfolio:
    """The book with other scores on some rows of its Effects sheet."""
    unknown = scores.keys() - {effect.row for effect in book.effects}
    if unknown:
        raise WrongUsage(say("{sheet} has no row {row}.", sheet=book.tables["Effects"].title, row=min(unknown)))

    def scored(effect: Effect) -> Effect:
        return replace(effect, score=Fraction(scores[effect.row])) if effect.row in scores else effect

    return book.with_changes(effects=[scored(effect) for effect in book.effects])


# In a worker


class _Desk(threading.local):
    """The books that lie open before a worker; each thread has its own, since a solver serves one at a time."""

    def __init__(self) -> None:
        self.solvers: dict[str, Solver] = {}


_desk = _Desk()


def solve_shipped(shipment: Shipment, variants: Sequence[Variant], with_amounts: bool) -> list[Outcome]:
    """The outcomes of a chunk of variants. The book is opened once, however many chunks come."""
    if shipment.key not in _desk.solvers:
        if len(_desk.solvers) >= MOST_BOOKS:
            _desk.solvers.clear()
        _desk.solvers[shipment.key] = shipment.opened()
    solver = _desk.solvers[shipment.key]
    return [solver.outcome(variant, with_amounts) for variant in variants]


def clear_desk() -> None:
    """Close the books of this thread."""
    _desk.solvers.clear()


def received(shipment: Shipment) -> Shipment:
    """Take a book in from another computer."""
    return shipment


class _Held:
    """What a process of a pool was given when it began, and whether it has been told to stop."""

    shipment: Shipment
    is_stopping = False


def begin_work(shipment: Shipment) -> None:
    """What a process of a pool does first."""
    _Held.shipment = shipment
    signal.signal(signal.SIGINT, _stop_after_this)


def _stop_after_this(_signal: int, _frame: object) -> None:
    """Ctrl-C reaches every process of a terminal: finish the variant in hand and give back what is done."""
    _Held.is_stopping = True


def solve_held(variants: Sequence[Variant], with_amounts: bool) -> list[Outcome]:
    """The outcomes of a chunk, or of its beginning where Ctrl-C came between."""
    outcomes: list[Outcome] = []
    for variant in variants:
        if _Held.is_stopping:
            break
        outcomes += solve_shipped(_Held.shipment, [variant], with_amounts)
    _Held.is_stopping = False
    return outcomes
