"""Who solves the variants: this process, a pool of processes, a Dask cluster, or an executor of one's own."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from importlib import metadata
from multiprocessing import get_context
from typing import Any, Protocol

from optimizer.errors import WrongUsage
from optimizer.sweep.solving import (
    Outcome,
    Shipment,
    Variant,
    begin_work,
    clear_desk,
    received,
    solve_held,
    solve_shipped,
)
from optimizer.words import say

Submit = Callable[[Sequence[Variant], bool], Future[list[Outcome]]]
MANY = 256
"""Chunks to hand out where it is not known how many workers there are."""
ROUNDS = 8
PROGRAM = "haibun"
PATIENCE = 4.0
"""Seconds in which a scheduler must answer."""
GREETINGS = 30
"""Times that a scheduler is asked again whose greeting another message overtook."""


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
            with deaf_to_ctrl_c():
                for _ in range(self.count):
                    executor.submit(int)
            yield lambda variants, with_amounts: executor.submit(solve_held, variants, with_amounts)


@contextmanager
def deaf_to_ctrl_c() -> Iterator[None]:
    """Processes that begin meanwhile do not hear it either until they listen themselves, instead of dying of it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


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


class Cluster:
    """The workers of a Dask scheduler. The book is a task of its own: whoever loses it has it sent again.

    Where a worker dies, Dask gives what it had in hand to another, and gives up what has killed several. Raises
    ``WrongUsage`` at once where no scheduler answers within ten seconds.
    """

    at_once = MANY

    def __init__(self, address: str) -> None:
        self.address = address
        _client_of(address).close()

    def chunk_of(self, total: int) -> int:
        """Small, since workers come and go."""
        return _between(1, total // MANY, 10)

    @contextmanager
    def hire(self, shipment: Shipment) -> Iterator[Submit]:
        """Connect."""
        client = _client_of(self.address)
        try:
            refuse_without(client, PROGRAM)
            book = client.submit(received, shipment, pure=False)
            executor = client.get_executor(pure=False)
            yield lambda *asked: executor.submit(solve_shipped, book, *asked)
        finally:
            client.close()


def refuse_without(client: Any, package: str) -> None:
    """Say who lacks a package before work is sent: a worker that cannot read its work dies without a word."""
    there = client.run(metadata.version, package, on_error="return")
    try:
        client.run_on_scheduler(metadata.version, package)
    except metadata.PackageNotFoundError as error:
        there[client.scheduler.address] = error
    for address, found in there.items():
        if isinstance(found, metadata.PackageNotFoundError):
            raise WrongUsage(say("{address} lacks {package}; install it there too.", address=address, package=package))


def _client_of(address: str) -> Any:
    """A connection to a scheduler.

    One whose workers still end another's cancelled work tells everybody of it, and a greeting that another message
    overtakes is one that the library asserts never happens: such a one is asked again.
    """
    try:
        for _ in range(GREETINGS):
            with suppress(AssertionError):
                return _connected(address)
            time.sleep(0.1)
        return _connected(address)
    except ImportError:
        raise WrongUsage(say("A cluster needs more packages: install haibun[cluster].")) from None
    except Exception as error:
        why = str(error) or type(error).__name__
        raise WrongUsage(say("No Dask scheduler answers at {address} ({error}).", address=address, error=why)) from None


def _connected(address: str) -> Any:
    """A client, made in a thread of its own: the library waits for ever for one who takes the call and says nothing.

    One that came to nothing counts as closed: the library would wait for an answer once more to take its leave.
    """
    from distributed import Client  # noqa: PLC0415  (an extra)

    client: Any = Client.__new__(Client)
    connection: Future[None] = Future()

    def connect() -> None:
        try:
            connection.set_result(client.__init__(address, timeout=PATIENCE, set_as_default=False))
        except Exception as error:
            connection.set_exception(error)

    threading.Thread(target=connect, daemon=True).start()
    try:
        connection.result(PATIENCE + 1)
    except Exception:
        client.status = "closed"
        raise
    return client


def _between(least: int, wanted: int, most: int) -> int:
    return max(least, min(wanted, most))
