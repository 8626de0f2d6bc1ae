"""Who solves the variants: this process alone, a pool of processes, or any executor of ``concurrent.futures``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from multiprocessing import get_context
from typing import Protocol

from optimizer.sweep.solving import Outcome, Shipment, Variant, begin_work, clear_desk, solve_held, solve_shipped

Submit = Callable[[Sequence[Variant], bool], Future[list[Outcome]]]
MANY = 256
"""Chunks to hand out where it is not known how many workers there are."""
ROUNDS = 8


class Crew(Protocol):
    """Workers to be had.

    ``at_once``: chunks to hand out before the first is back.
    """

    at_once: int

    def chunk_of(self, total: int) -> int:
        """Variants to a chunk: few enough that nobody is idle at the end, and enough to be worth the sending."""
        ...

    def hire(self, shipment: Shipment) -> AbstractContextManager[Submit]:
        """Workers with a book before them, afresh at each call, and the way to hand them a chunk."""
        ...


class Alone:
    """This process does it itself, one variant after the other."""

    at_once = 1

    def chunk_of(self, total: int) -> int:
        """One: Ctrl-C loses nothing."""
        return 1

    @contextmanager
    def hire(self, shipment: Shipment) -> Iterator[Submit]:
        """Solve when asked."""

        def submit(variants: Sequence[Variant], with_amounts: bool) -> Future[list[Outcome]]:
            future: Future[list[Outcome]] = Future()
            future.set_result(solve_shipped(shipment, variants, with_amounts))
            return future

        try:
            yield submit
        finally:
            clear_desk()


class Processes:
    """A pool of processes on this computer; each is sent the book when it begins."""

    def __init__(self, count: int | None = None) -> None:
        self.count = count or os.cpu_count() or 1
        self.at_once = 2 * self.count

    def chunk_of(self, total: int) -> int:
        """Some rounds for each process."""
        return _between(1, total // (ROUNDS * self.count), 50)

    @contextmanager
    def hire(self, shipment: Shipment) -> Iterator[Submit]:
        """Start the processes."""
        context = get_context("spawn")
        with ProcessPoolExecutor(self.count, context, begin_work, (shipment,)) as executor:
            yield lambda variants, with_amounts: executor.submit(solve_held, variants, with_amounts)


class Given:
    """Any executor, which stays its owner's. The book goes with every chunk and is opened once in each worker."""

    at_once = MANY

    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    def chunk_of(self, total: int) -> int:
        """Small, since nobody knows how many workers there are."""
        return _between(1, total // MANY, 10)

    @contextmanager
    def hire(self, shipment: Shipment) -> Iterator[Submit]:
        """Hand out to the executor."""
        yield lambda *asked: self.executor.submit(solve_shipped, shipment, *asked)


def _between(least: int, wanted: int, most: int) -> int:
    return max(least, min(wanted, most))
