"""Processes that compute for the site, so that no workbook can stall it: each with a limit of time and memory."""

from __future__ import annotations

import threading
import time
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

import psutil

from optimizer import Stopped, say
from webui import tasks

LOOK_EVERY = 0.1
"""Seconds between two looks at a process's memory while it works."""


class Crashed(Exception):
    """A worker ended, or failed, in a way that nobody foresaw; the text is for the log."""


class Worker:
    """One process that answers one task at a time; it is ended, and begun anew, where a task exceeds a limit."""

    def __init__(self, seconds: float, megabytes: float) -> None:
        self.seconds, self.megabytes = seconds, megabytes
        self._lock = threading.Lock()
        self._process: Any = None
        self._connection: Connection | None = None

    def ask(self, task: str, *arguments: object) -> Any:
        """The answer of ``tasks.TASKS[task]``.

        Raises the task's ``HaibunError``; ``Stopped`` where it took too long or too much memory; ``Crashed``.
        """
        with self._lock:
            connection = self._started()
            try:
                connection.send((task, arguments))
                self._wait(connection)
                kind, content = connection.recv()
            except (EOFError, OSError) as error:
                self._end()
                raise Crashed(f"{task}: the worker ended ({error!r})") from error
        if kind == "error":
            raise content
        if kind == "crash":
            raise Crashed(content)
        return content

    def warm(self) -> None:
        """Start the process now, so that the first question does not wait for it."""
        threading.Thread(target=self.ask, args=("ready",), daemon=True).start()

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()

    def _started(self) -> Connection:
        if self._connection is None or not self._process.is_alive():
            self._end()
            context = get_context("spawn")
            self._connection, theirs = context.Pipe()
            self._process = context.Process(target=tasks.serve, args=(theirs,), daemon=True)
            self._process.start()
            theirs.close()
        return self._connection

    def _wait(self, connection: Connection) -> None:
        until = time.monotonic() + self.seconds
        while not connection.poll(LOOK_EVERY):
            if time.monotonic() > until:
                self._end()
                raise Stopped(
                    say("This took longer than {seconds} seconds and was stopped.", seconds=f"{self.seconds:g}")
                )
            if memory_of(self._process.pid) > self.megabytes * 1_000_000:
                self._end()
                raise Stopped(say("This needed more than {megabytes} MB and was stopped.", megabytes=self.megabytes))

    def _end(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._process.kill()
            self._process.join()
            self._process.close()
            self._connection = self._process = None


def memory_of(pid: int) -> int:
    """Bytes of memory that a process holds; 0 where it has ended."""
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0
