"""What people share, given out so that nobody is kept waiting by another who asks for much."""

from __future__ import annotations

import itertools
import threading
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class FairLine:
    """Items that wait, each of somebody; they are taken from person after person, not in the order they came."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[Any]] = {}
        self._lock = threading.Lock()

    def put(self, person: str, item: Any) -> None:
        """Add an item of a person's."""
        with self._lock:
            self._waiting.setdefault(person, deque()).append(item)

    def take(self) -> Any:
        """The next item; its person goes to the end of the line."""
        with self._lock:
            person = next(iter(self._waiting))
            items = self._waiting.pop(person)
            item = items.popleft()
            if items:
                self._waiting[person] = items
            return item


class Busy:
    """Counts what goes on for each person, so that one cannot have all of it."""

    def __init__(self, most_of_one: int, most: float = float("inf")) -> None:
        self._most_of_one, self._most = most_of_one, most
        self._open: Counter[str] = Counter()
        self._lock = threading.Lock()

    def begin(self, person: str) -> bool:
        """Count one more; False where there are too many."""
        with self._lock:
            if self._open[person] >= self._most_of_one or self._open.total() >= self._most:
                return False
            self._open[person] += 1
            return True

    def end(self, person: str) -> None:
        """Count one less."""
        with self._lock:
            self._open[person] -= 1
            if not self._open[person]:
                del self._open[person]


class Turns:
    """Equal things that are lent one at a time to each person; who was served longest ago is next."""

    def __init__(self, things: int) -> None:
        self._free = list(range(things))
        self._changed = threading.Condition()
        self._waiting: list[tuple[str, int]] = []
        self._served: dict[str, int] = {}
        self._using: set[str] = set()
        self._numbers = itertools.count(1)

    @contextmanager
    def turn(self, person: str) -> Iterator[int]:
        """Wait for a turn; gives the number of the thing that is lent, the lowest that is free."""
        with self._changed:
            ticket = (person, next(self._numbers))
            self._waiting.append(ticket)
            try:
                self._changed.wait_for(lambda: self._free and self._next() == ticket)
            finally:
                self._waiting.remove(ticket)
            thing = min(self._free)
            self._free.remove(thing)
            self._using.add(person)
            self._served[person] = next(self._numbers)
            self._changed.notify_all()
        try:
            yield thing
        finally:
            with self._changed:
                self._free.append(thing)
                self._using.discard(person)
                if not any(waiting == person for waiting, _ in self._waiting):
                    del self._served[person]
                self._changed.notify_all()

    def _next(self) -> tuple[str, int] | None:
        ready = [ticket for ticket in self._waiting if ticket[0] not in self._using]
        return min(ready, key=lambda ticket: (self._served.get(ticket[0], 0), ticket[1]), default=None)
