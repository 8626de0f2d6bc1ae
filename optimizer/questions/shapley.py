"""What each of several changes of a book is worth in the company of the others: exact Shapley values.

A combination is the set of changes that are made; the walk over all of them makes or takes back one change at a time,
in one session. A worth is the average of what a change adds over all orders in which the changes could be made, so
that the worths add up to all − none.
"""

from __future__ import annotations

import itertools
import math
import pickle
import random
import signal
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection

from optimizer.errors import NoPlan
from optimizer.portfolio import Portfolio
from optimizer.questions.asking import Progress, silent
from optimizer.session import Session
from optimizer.solver import Options
from optimizer.sweep.crews import deaf_to_ctrl_c

MANY = 200_000
"""Lines times combinations above which a second process is worth starting (it takes a second)."""
SHARE_OF_SECOND = 7 / 8
"""Of the combinations with the change that moves the plan most, whose solves take longer, to the second process."""
MOST_DRAWN = 20
"""Orders that may be drawn for each one wanted, where many have a step without a plan."""
Combination = frozenset[str]
Scores = Mapping[Combination, float | None]
"""Points of each combination that was solved; None where it has no plan."""
Stated = Callable[[Combination], Portfolio]
"""The active portfolio of a combination. Raises ``NoPlan`` for one that cannot be stated."""


class Asking:
    """One session that is asked for combinations of the changes ``ids``; each is solved once."""

    def __init__(self, book: Portfolio, options: Options | None, ids: Sequence[str], stated: Stated) -> None:
        self.session = Session(book, options)
        self.ids, self.stated = ids, stated
        self.scores: dict[Combination, float | None] = {}
        self.plans: dict[Combination, Mapping[str, float]] = {}

    def score_each(self, combinations: Iterable[Combination], progress: Progress) -> None:
        """Solve every combination that is not known yet."""
        wanted = [on for on in dict.fromkeys(combinations) if on not in self.scores]
        for number, on in enumerate(wanted):
            progress(number, len(wanted))
            self.score(on)
        progress(len(wanted), len(wanted))

    def score(self, on: Combination) -> None:
        """Solve one combination."""
        try:
            self.session.turn_to_portfolio(self.stated(on))
            self.scores[on] = self.session.score()
        except NoPlan:
            self.scores[on] = None

    def steps_of(self, order: Sequence[str]) -> Mapping[str, float] | None:
        """What each change adds when they are made in this order; None where a step has no plan."""
        steps, on = {}, frozenset[str]()
        for ident in order:
            before, after = self.known(on), self.known(on | {ident})
            if before is None or after is None:
                return None
            steps[ident], on = after - before, on | {ident}
        return steps

    def known(self, on: Combination) -> float | None:
        """The score of a combination, solved where nobody has asked for it yet."""
        if on not in self.scores:
            self.score(on)
        return self.scores[on]

    def score_all(self, progress: Progress, processes: int) -> None:
        """Solve every combination; those changes that move the plan most flip most rarely.

        With two ``processes`` a second one solves half of the combinations where there are many; should it die, this
        one does.
        """
        book, count = self.session.book, len(self.ids)
        lines = len(book.programmes) * book.settings.years
        if processes < 2 or not count or lines * 2**count < MANY:
            self.score_each(_walk(self._by_steps()), progress)
            return
        with _second_process() as (give, taken):
            ids = self._by_steps()
            ours = list(_walk(ids[:-1]))
            theirs = [on | {ids[-1]} for on in ours]
            most = math.ceil(len(theirs) * SHARE_OF_SECOND)
            give(Asking(book, self.session.options, self.ids, self.stated), theirs[:most])
            self.score_each([*ours, *theirs[most:]], progress)
            self.scores |= taken()
        self.score_each(theirs, progress)

    def _by_steps(self) -> list[str]:
        """The changes, those that move the plan least first."""
        steps = self._steps_from_none()
        return sorted(self.ids, key=lambda ident: steps[ident])

    def _steps_from_none(self) -> dict[str, int]:
        """How many steps of the solver lie between no change and each change alone."""
        steps = {}
        for ident in self.ids:
            for on in (frozenset[str](), frozenset({ident})):
                self.score(on)
            steps[ident] = 0 if self.scores[frozenset({ident})] is None else self.session.pivots()
        return steps

    def plan(self, on: Combination) -> Mapping[str, float]:
        """Money by programme over the horizon in the best plan of a combination; nothing where it has none."""
        if self.scores[on] is None:
            return {}
        if on not in self.plans:
            self.session.turn_to_portfolio(self.stated(on))
            total: dict[str, float] = defaultdict(float)
            for (programme, _), amount in self.session.plan().items():
                total[programme] += amount
            self.plans[on] = total
        return self.plans[on]


def _walk(ids: Sequence[str]) -> Iterator[Combination]:
    """Every combination, neighbours differing in one change; the first changes flip most often."""
    on: Combination = frozenset()
    yield on
    for step in range(1, 2 ** len(ids)):
        on ^= {ids[(step & -step).bit_length() - 1]}
        yield on


@contextmanager
def _second_process() -> Iterator[tuple[Callable[[Asking, Sequence[Combination]], None], Callable[[], Scores]]]:
    """A second process with a session of its own: it is given combinations, and has their scores taken from it.

    Taking waits until all are scored; there are none where the process has died. It ends with the block, whatever ends
    that; Ctrl-C is for this process to hear.
    """
    context = get_context("spawn")
    here, there = context.Pipe()
    second = context.Process(target=_score_and_send, args=(there,), daemon=True)
    with deaf_to_ctrl_c():
        second.start()
    there.close()

    def give(asking: Asking, combinations: Sequence[Combination]) -> None:
        work = pickle.dumps((asking, combinations))
        threading.Thread(target=_send, args=(here, work), daemon=True).start()

    def taken() -> Scores:
        try:
            received: Scores = here.recv()
        except (EOFError, OSError):
            return {}
        return received

    try:
        yield give, taken
    finally:
        second.terminate()
        second.join()


def _send(there: Connection, work: bytes) -> None:
    """Wait until the second process has begun and taken its work."""
    with suppress(OSError):
        there.send_bytes(work)


def _score_and_send(there: Connection) -> None:
    """What the second process does. It fails without a word: the first one then comes upon the same error itself."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(Exception):
        asking, combinations = pickle.loads(there.recv_bytes())  # noqa: S301  (our own bytes)
        asking.score_each(combinations, silent)
        there.send(asking.scores)


@dataclass(frozen=True)
class Averages:
    """Worths over some ``orders``, and their standard errors where these are among ``drawn`` ones."""

    worth: Mapping[str, float]
    error: Mapping[str, float]
    orders: int
    drawn: int | None = None


def over_all_orders(ids: Sequence[str], scores: Scores) -> Averages:
    """The average step of each change over the orders whose every step has a plan.

    An order is a path from no change to all of them. A step from S to S + c lies on (paths to S) × (paths on from
    S + c) of them, so that no order is walked.
    """
    paths = _paths(ids, scores)
    if not paths.count:
        return Averages({}, {}, 0)
    worth = dict.fromkeys(ids, 0.0)
    for on, before in paths.by_size:
        for ident in set(ids) - on:
            after, ways = scores[on | {ident}], paths.through(on, on | {ident})
            if after is not None and ways:
                worth[ident] += ways / paths.count * (after - before)
    return Averages(worth, {}, paths.count)


def over_drawn_orders(asking: Asking, wanted: int, seed: int, progress: Progress) -> Averages:
    """An estimate of the same from ``wanted`` orders.

    Each is drawn with its reverse: what one overstates the other understates. Orders with
    a step without a plan are passed over, and others drawn in their place; where the first or the last combination has
    none, no order has. A pair of orders counts as one observation for the standard error.
    """
    if None in (asking.known(frozenset()), asking.known(frozenset(asking.ids))):
        return Averages({}, {}, 0, 0)
    draw = random.Random(seed)  # noqa: S311  (a sample, not a secret)
    pairs: list[list[Mapping[str, float]]] = []
    found = drawn = 0
    while found < wanted and drawn < wanted * MOST_DRAWN:
        order = draw.sample(list(asking.ids), len(asking.ids))
        steps = [asking.steps_of(one) for one in (order, order[::-1])]
        pairs.append([one for one in steps if one is not None])
        found, drawn = found + len(pairs[-1]), drawn + 2
        progress(min(found, wanted), wanted)
    if not found:
        return Averages({}, {}, 0, drawn)
    worth = {ident: math.fsum(one[ident] for pair in pairs for one in pair) / found for ident in asking.ids}
    error, count = {}, sum(map(bool, pairs))
    for ident in asking.ids if count > 1 else ():
        off = [math.fsum(one[ident] - worth[ident] for one in pair) for pair in pairs]
        error[ident] = math.sqrt(math.fsum(one**2 for one in off) * count / (count - 1)) / found
    return Averages(worth, error, found, drawn)


def together(ids: Sequence[str], scores: Scores) -> dict[tuple[str, str], float]:
    """Points that each pair of changes adds beyond what each adds by itself (Shapley's interaction index).

    The average of v(S+i+j) − v(S+i) − v(S+j) + v(S) over the orders in which one follows the other, wherever they come
    and either may be first. A pair for which there is no such order is left out.
    """
    paths, found = _paths(ids, scores), {}
    for first, second in itertools.combinations(ids, 2):
        points, ways = 0.0, 0
        for on, before in paths.by_size:
            if first in on or second in on:
                continue
            one, other, both = (scores[on | also] for also in ({first}, {second}, {first, second}))
            through = paths.through(on, on | {first, second})
            if through and one is not None and other is not None and both is not None:
                points, ways = points + through * (both - one - other + before), ways + through
        if ways:
            found[first, second] = points / ways
    return found


@dataclass(frozen=True)
class _Paths:
    """Combinations with a plan, the smallest first, and how many paths lead to each, and on to all changes."""

    by_size: Sequence[tuple[Combination, float]]
    ways_to: Mapping[Combination, int]
    ways_on: Mapping[Combination, int]
    count: int

    def through(self, on: Combination, after: Combination) -> int:
        """How many orders pass by both."""
        return self.ways_to[on] * self.ways_on.get(after, 0)


def _paths(ids: Sequence[str], scores: Scores) -> _Paths:
    everything = frozenset(ids)
    by_size = sorted(((on, score) for on, score in scores.items() if score is not None), key=lambda pair: len(pair[0]))
    known = [on for on, _ in by_size]
    ways_to = _ways(frozenset(), known, lambda on: [on - {ident} for ident in on])
    ways_on = _ways(everything, known[::-1], lambda on: [on | {ident} for ident in everything - on])
    return _Paths(by_size, ways_to, ways_on, ways_to.get(everything, 0))


def _ways(
    start: Combination, ordered: Sequence[Combination], before: Callable[[Combination], list[Combination]]
) -> dict[Combination, int]:
    """How many paths lead from ``start`` to each combination that has a plan."""
    ways: dict[Combination, int] = {}
    for on in ordered:
        ways[on] = 1 if on == start else sum(ways.get(one, 0) for one in before(on))
    return ways
