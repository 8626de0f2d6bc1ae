"""What people share, given out so that nobody is kept waiting by another who asks for much."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter, deque
from collections.abc import Collection, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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


@dataclass(frozen=True, eq=False)
class Ticket:
    """Somebody who waits for a thing, to work with it on a file or on none."""

    person: str
    number: int
    file: Hashable


class Turns:
    """Equal things that are lent one at a time to each person; who was served longest ago is next.

    Work on a file is done with one and the same thing, which then has it open. Any other will do where that is lent
    for the same file, so that a file which many work on is open in several, or for more than ``patience`` seconds.
    """

    def __init__(self, things: int, patience: float = 5.0) -> None:
        self._things = things
        self._free = set(range(things))
        self._patience = patience
        self._home: dict[Hashable, int] = {}
        self._lent: dict[int, tuple[Hashable, float]] = {}
        self._changed = threading.Condition()
        self._waiting: list[Ticket] = []
        self._served: dict[str, int] = {}
        self._using: set[str] = set()
        self._numbers = itertools.count(1)

    @contextmanager
    def turn(self, person: str, file: Hashable = None) -> Iterator[int]:
        """Wait for a turn; gives the number of the thing that is lent, the lowest that will do."""
        with self._changed:
            if file is not None:
                self._home.setdefault(file, len(self._home) % self._things)
            ticket = Ticket(person, next(self._numbers), file)
            self._waiting.append(ticket)
            try:
                while (thing := self._thing_for(ticket)) is None:
                    self._changed.wait(self._patience_left(file) or None)
            finally:
                self._waiting.remove(ticket)
            self._free.remove(thing)
            self._lent[thing] = file, time.monotonic()
            self._using.add(person)
            self._served[person] = next(self._numbers)
            self._changed.notify_all()
        try:
            yield thing
        finally:
            with self._changed:
                self._free.add(thing)
                self._using.discard(person)
                if not any(waiting.person == person for waiting in self._waiting):
                    del self._served[person]
                self._changed.notify_all()

    def _thing_for(self, ticket: Ticket) -> int | None:
        """What a ticket takes once those before it have taken; None where it goes on waiting."""
        free, using = set(self._free), set(self._using)
        for each in sorted(self._waiting, key=lambda each: (self._served.get(each.person, 0), each.number)):
            thing = None if each.person in using else self._thing_among(free, each.file)
            if each is ticket:
                return thing
            if thing is not None:
                free.remove(thing)
                using.add(each.person)
        return None

    def _thing_among(self, free: Collection[int], file: Hashable) -> int | None:
        home = self._home.get(file)
        if home in free:
            return home
        return None if self._patience_left(file) else min(free, default=None)

    def _patience_left(self, file: Hashable) -> float:
        """Seconds for which work on a file still waits for the thing that has it open; 0 where any will do."""
        if file is None:
            return 0.0
        if (home := self._home[file]) in self._free:
            return self._patience
        lent_for, since = self._lent[home]
        return 0.0 if lent_for == file else max(0.0, since + self._patience - time.monotonic())
