"""Processes that compute for the site, so that no workbook can stall it: each within limits."""

from __future__ import annotations

import threading
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from optimizer import Stopped
from webui import tasks
from webui.limits import Limits, Watch
from webui.sharing import Turns

LOOK_EVERY = 0.1
"""Seconds between two looks at what a process takes while it works."""
SECONDS_TO_END = 5
"""How long a process that has closed its end may take to have ended."""


class Crashed(Exception):
    """A worker ended, or failed, in a way that nobody foresaw; the text is for the log."""


class Desk:
    """Several workers that people share: one person has one of them at a time, others take turns."""

    def __init__(self, limits: Limits, count: int) -> None:
        self.workers = [Worker(limits) for _ in range(count)]
        self._turns = Turns(count)

    def ask(self, person: str, task: str, *arguments: object) -> Any:
        """The answer of a task for somebody; raises what ``Worker.ask`` does."""
        file = next((argument for argument in arguments[:1] if isinstance(argument, Path)), None)
        with self._turns.turn(person, file) as number:
            return self.workers[number].ask(task, *arguments)

    def warm(self) -> None:
        """Start the first worker now, so that the first question does not wait for it."""
        self.workers[0].warm()

    def close(self) -> None:
        """End the processes."""
        for worker in self.workers:
            worker.close()


class Worker:
    """One process that answers one task at a time; it is ended, and begun anew, where a task exceeds a limit."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._lock = threading.Lock()
        self._process: Any = None
        self._connection: Connection | None = None

    def ask(self, task: str, *arguments: object) -> Any:
        """The answer of ``tasks.TASKS[task]``.

        Raises the task's ``HaibunError``; ``Stopped`` where a limit was reached; ``Crashed``.
        """
        with self._lock:
            connection = self._started()
            try:
                connection.send((task, arguments))
                self._wait(connection)
                kind, content = connection.recv()
            except (EOFError, OSError) as error:
                self._process.join(timeout=SECONDS_TO_END)
                why = self.limits.why_it_ended(self._process.exitcode)
                self._end()
                raise Stopped(why) if why else Crashed(f"{task}: the worker ended ({error!r})") from error
            if kind == "stopped":
                self._end()
        if kind in ("error", "stopped"):
            raise content
        if kind == "crash":
            raise Crashed(content)
        return content

    def warm(self) -> None:
        """Start the process now."""
        threading.Thread(target=self.ask, args=("ready",), daemon=True).start()

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()

    def _started(self) -> Connection:
        if self._connection is None or not self._process.is_alive():
            self._end()
            context = get_context("spawn")
            ours, theirs = context.Pipe()
            process = context.Process(target=tasks.serve, args=(theirs, self.limits), daemon=True)
            process.start()
            theirs.close()
            self._connection, self._process = ours, process
        return self._connection

    def _wait(self, connection: Connection) -> None:
        watch = Watch(self.limits, self._process.pid)
        while not connection.poll(LOOK_EVERY):
            if reason := watch.exceeded():
                self._end()
                raise Stopped(reason)

    def _end(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._process.kill()
            self._process.join()
            self._process.close()
            self._connection = self._process = None
