"""Handing variants out by the chunk, and an outcome for each of them, whatever happens on the way."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from contextlib import suppress

from optimizer.errors import HaibunError, WrongUsage
from optimizer.portfolio import Portfolio
from optimizer.solver import Options
from optimizer.sweep.crews import Alone, Crew
from optimizer.sweep.solving import Outcome, Shipment, Variant, packed
from optimizer.words import say

PATIENCE = 1.0
"""Seconds of waiting at a time: on Windows, Ctrl-C does not end a wait without a limit."""
MOST_IN_VAIN = 5
"""Times that a crew may die one after the other without an outcome."""
Chunk = tuple[int, ...]
"""Positions of variants."""
Progress = Callable[[int, int], None]


def sweep(
    book: Portfolio,
    variants: Sequence[Variant],
    crew: Crew | None = None,
    *,
    with_amounts: bool = False,
    options: Options | None = None,
    progress: Progress | None = None,
) -> list[Outcome]:
    """The outcome of each variant, in the order of the variants; without a ``crew`` this process solves them.

    The numbers are the same to the last digit whatever the crew. A variant that fails is a row like any other; where
    a worker dies, what it had in hand is tried again, at last one by one. Ctrl-C keeps what is done and marks the rest
    ``stopped``. ``progress`` is told (done, total). Raises ``WrongUsage`` where the crew cannot work on the book.
    """
    batch = _Batch(variants, packed(book, options or Options()), crew or Alone(), with_amounts, progress or _silent)
    with suppress(KeyboardInterrupt):
        batch.solve_all()
    return [outcome or Outcome("stopped") for outcome in batch.outcomes]


def _silent(_done: int, _total: int) -> None:
    """Tell nobody."""


class _Batch:
    """The variants, and the outcomes that are known so far."""

    def __init__(
        self, variants: Sequence[Variant], shipment: Shipment, crew: Crew, with_amounts: bool, progress: Progress
    ) -> None:
        self.variants, self.shipment, self.crew = variants, shipment, crew
        self.with_amounts, self.progress = with_amounts, progress
        self.outcomes: list[Outcome | None] = [None] * len(variants)
        self.done = 0
        self.last_error = ""

    def solve_all(self) -> None:
        """Solve every variant. What is lost once is tried again; what is lost twice, one by one."""
        waiting, suspects = deque(self._chunks()), deque[Chunk]()
        lost_before: set[Chunk] = set()
        in_vain = 0
        while waiting or suspects:
            done_before, is_alone = self.done, not waiting
            lost = self._work(waiting, self.crew.at_once) if waiting else self._work(suspects, 1)
            in_vain = in_vain + 1 if self.done == done_before else 0
            if in_vain == MOST_IN_VAIN:
                self._give_up(i for chunk in (*lost, *waiting, *suspects) for i in chunk)
                return
            for chunk in lost:
                if is_alone:
                    self._give_up(chunk)
                elif chunk in lost_before:
                    suspects.extend((position,) for position in chunk)
                else:
                    lost_before.add(chunk)
                    waiting.append(chunk)

    def _chunks(self) -> Iterable[Chunk]:
        positions, size = range(len(self.variants)), self.crew.chunk_of(len(self.variants))
        return (tuple(positions[start : start + size]) for start in positions[::size])

    def _work(self, waiting: deque[Chunk], at_once: int) -> list[Chunk]:
        """Solve chunks until none waits or the crew dies; returns those that were in hand and have no outcome."""
        lost: list[Chunk] = []
        in_hand: dict[Future[list[Outcome]], Chunk] = {}
        with self.crew.hire(self.shipment) as submit:
            try:
                while waiting or in_hand:
                    while waiting and len(in_hand) < at_once:
                        in_hand[submit([self.variants[i] for i in waiting[0]], self.with_amounts)] = waiting[0]
                        waiting.popleft()
                    for future in wait(in_hand, PATIENCE, FIRST_COMPLETED).done:
                        lost += self._without_outcome(future, in_hand[future])
                        del in_hand[future]
            except BrokenExecutor as error:
                self.last_error = str(error)
                lost += in_hand.values()
            except KeyboardInterrupt:
                self._keep_what_is_done(in_hand)
                raise
        return lost

    def _without_outcome(self, future: Future[list[Outcome]], chunk: Chunk) -> list[Chunk]:
        """Note the outcomes of a chunk that has come back; what it has none for."""
        try:
            outcomes = future.result()
        except (HaibunError, BrokenExecutor):
            raise
        except (ImportError, RuntimeError) as error:
            first, *_ = str(error).splitlines()
            raise WrongUsage(say("The workers cannot take the work: {error}", error=first)) from None
        except Exception as error:
            outcomes, self.last_error = [], str(error)
        self._note(chunk, outcomes)
        return [chunk[len(outcomes) :]] if len(outcomes) < len(chunk) else []

    def _note(self, chunk: Chunk, outcomes: Sequence[Outcome]) -> None:
        for position, outcome in zip(chunk, outcomes, strict=False):
            self.outcomes[position] = outcome
            self.done += 1
        self.progress(self.done, len(self.outcomes))

    def _keep_what_is_done(self, in_hand: dict[Future[list[Outcome]], Chunk]) -> None:
        """Call back what nobody has begun, and wait for the rest."""
        for future in in_hand:
            future.cancel()
        for future, chunk in in_hand.items():
            if not future.cancelled():
                with suppress(Exception):
                    self._without_outcome(future, chunk)

    def _give_up(self, positions: Iterable[int]) -> None:
        reason = say("No worker came back with an outcome: {error}", error=self.last_error)
        chunk = tuple(positions)
        self._note(chunk, [Outcome("failed", reason=reason)] * len(chunk))
