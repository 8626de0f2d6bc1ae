"""What one computation may take: seconds, seconds of the processor, and memory.

There are two fences. The server looks at the whole family of processes, on every system, and knows the reason to tell.
The system's own limits (``RLIMIT_CPU``, ``RLIMIT_AS``), where it has them, hold each process at every moment, and go on
holding it where the server itself has been killed.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import parent_process

import psutil

from optimizer import Words, say

try:
    import resource
except ImportError:  # Windows: the server's look is the only fence
    resource = None  # type: ignore[assignment]

SECONDS_BETWEEN_LOOKS = 5
"""The system's limit of processor time stands so much after the server's, whose word is the better one."""
ADDRESSES_TO_MEMORY = 2
"""Addresses that a process may take for each byte that it may hold: libraries reserve more than they use."""


@dataclass(frozen=True)
class Limits:
    """What a computation may take: seconds on the clock, seconds of the processor, megabytes of memory.

    ``gives_way`` (0 to 19) is how far it stands behind others where there are more computations than processors.
    """

    seconds: float
    processor_seconds: float
    megabytes: float
    gives_way: int = 0

    @property
    def too_long(self) -> Words:
        """What is said where the clock ran out."""
        return say("This took longer than {seconds} seconds and was stopped.", seconds=f"{self.seconds:g}")

    @property
    def too_much_computing(self) -> Words:
        """What is said where the processor's time ran out."""
        return say(
            "This needed more than {seconds} seconds of the processor and was stopped.",
            seconds=f"{self.processor_seconds:g}",
        )

    @property
    def too_much_memory(self) -> Words:
        """What is said where memory ran out."""
        return say("This needed more than {megabytes} MB and was stopped.", megabytes=f"{self.megabytes:g}")

    def stand_in_line(self) -> None:
        """Have the system give this process the processor after those that stand before it, from now on."""
        if hasattr(os, "nice"):
            os.nice(self.gives_way)

    def fence(self) -> None:
        """Have the system hold this process to the limits from now on: for one computation, or until called again."""
        if resource is None:
            return
        usage = resource.getrusage(resource.RUSAGE_SELF)
        used = usage.ru_utime + usage.ru_stime
        _lower(resource.RLIMIT_CORE, 0)
        _lower(resource.RLIMIT_AS, int(self.megabytes * 1_000_000 * ADDRESSES_TO_MEMORY))
        _lower(resource.RLIMIT_CPU, int(used + self.processor_seconds + SECONDS_BETWEEN_LOOKS))

    def why_it_ended(self, exit_code: int | None) -> Words | None:
        """The limit that the system ended a process for; None where it was something else."""
        if resource is None or exit_code is None:
            return None
        ended_for = {-signal.SIGXCPU: self.too_much_computing}
        out_of_memory = say("The system ended this, as it does where memory runs out.")
        return (ended_for | dict.fromkeys((-signal.SIGKILL, -signal.SIGABRT), out_of_memory)).get(exit_code)


class Watch:
    """The server's look at one computation: a process, and whatever it starts, from now on."""

    def __init__(self, limits: Limits, pid: int) -> None:
        self._limits, self._pid = limits, pid
        self._seen: set[psutil.Process] = set()
        self._begun, (_, self._used) = time.monotonic(), self._taken()

    def exceeded(self) -> Words | None:
        """The limit that is exceeded, if any."""
        held, used = self._taken()
        if time.monotonic() > self._begun + self._limits.seconds:
            return self._limits.too_long
        if held > self._limits.megabytes * 1_000_000:
            return self._limits.too_much_memory
        if used > self._used + self._limits.processor_seconds:
            return self._limits.too_much_computing
        return None

    def end(self) -> None:
        """End the process and all that it was seen to start, even where it has ended before them."""
        for member in {*family_of(self._pid), *self._seen}:
            with suppress(psutil.Error):
                member.kill()

    def _taken(self) -> tuple[int, float]:
        """Bytes held and seconds of the processor used by the whole family, ended children included."""
        held, used = 0, 0.0
        for member in family_of(self._pid):
            self._seen.add(member)
            with suppress(psutil.Error):
                held += int(member.memory_info().rss)
                times = member.cpu_times()
                used += times.user + times.system + times.children_user + times.children_system
        return held, used


def family_of(pid: int) -> list[psutil.Process]:
    """A process and those that it started; nothing where it has ended."""
    try:
        first = psutil.Process(pid)
        return [first, *first.children(recursive=True)]
    except psutil.Error:
        return []


def end_with_the_server() -> None:
    """End this process, and those that it started, as soon as the server that started it is gone, however it went."""
    threading.Thread(target=_wait_for_the_end, daemon=True).start()


def _wait_for_the_end() -> None:
    server = parent_process()
    if server is None:
        return
    server.join()
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            child.kill()
    os._exit(1)


def _lower(kind: int, wanted: int) -> None:
    """Lower (or raise) the soft limit to what is wanted, as far as the hard one allows."""
    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    with suppress(OSError, ValueError):  # a system that names a limit and does not hold it (macOS: addresses)
        resource.setrlimit(kind, (wanted, hard))
