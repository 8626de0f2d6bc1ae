"""Building the next model of a book from what the last one left standing.

A part of the model (a constraint's rows, a kind of columns) is made again only where something that it read of the
portfolio or of the columns has changed since. What it reads is watched while it is made, so that nothing needs to be
declared and nothing can be forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from types import FunctionType, MethodType
from typing import Any

import numpy as np

Part = Callable[..., Any]
MOST_KEPT = 3
"""Results of a part that are kept."""
FORGET_ABOVE = 8
"""Times as many records as a book has, above which single records are forgotten."""


class Watched:
    """Stands for a record and notes every field that is read, also by the record's own methods and properties."""

    def __init__(self, record: Any) -> None:
        self._record = record
        self._reads: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        own = getattr(type(self._record), name, None)
        if isinstance(own, FunctionType):
            return MethodType(own, self)
        if isinstance(own, property) and own.fget is not None:
            return own.fget(self)
        if isinstance(own, cached_property):
            value = own.func(self)
        else:
            value = self._reads[name] = getattr(self._record, name)
        object.__setattr__(self, name, value)
        return value

    def has_same_in(self, record: Any) -> bool:
        """Whether another record holds the same in every field that was read."""
        return all(_same(value, getattr(record, name)) for name, value in self._reads.items())


class Workshop:
    """Makes every part anew."""

    def __call__(self, part: Part, *records: Any, also: tuple[Any, ...] = ()) -> Any:
        """``part(*records, *also)``."""
        return part(*records, *also)

    def each(self, part: Part, records: Sequence[Any], also: tuple[Any, ...] = ()) -> list[Any]:
        """``part(record, *also)`` for each record."""
        return [part(record, *also) for record in records]


class Memory(Workshop):
    """Makes anew only what would differ from the last few times: many walks come back to where they began."""

    def __init__(self) -> None:
        self._made: dict[Part, list[tuple[list[Watched], tuple[Any, ...], Any]]] = {}
        self._each: dict[tuple[Any, ...], dict[int, tuple[Any, Any]]] = {}

    def __call__(self, part: Part, *records: Any, also: tuple[Any, ...] = ()) -> Any:
        """``part(*records, *also)``, or what it returned lately where it would return the same.

        ``records`` are watched field by field, ``also`` is compared as a whole.
        """
        kept = self._made.setdefault(part, [])
        for number, (watched, others, made) in enumerate(kept):
            is_same = all(w.has_same_in(record) for w, record in zip(watched, records, strict=True))
            if is_same and all(_same(a, b) for a, b in zip(others, also, strict=True)):
                kept.insert(0, kept.pop(number))
                return made
        watched = [Watched(record) for record in records]
        made = part(*watched, *also)
        kept.insert(0, (watched, also, made))
        del kept[MOST_KEPT:]
        return made

    def each(self, part: Part, records: Sequence[Any], also: tuple[Any, ...] = ()) -> list[Any]:
        """``part(record, *also)`` for each record, from memory for records that are the same objects as before."""
        known = self._each.setdefault((part, *also), {})
        if len(known) > FORGET_ABOVE * len(records):
            known.clear()
        for record in records:
            if id(record) not in known:
                known[id(record)] = record, part(record, *also)
        return [known[id(record)][1] for record in records]


def _same(one: Any, other: Any) -> bool:
    if one is other:
        return True
    if isinstance(one, np.ndarray):
        return bool(np.array_equal(one, other))
    return bool(one == other)
