"""Workbooks that a worker keeps open, so that a slider does not read its workbook again."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import optimizer
from optimizer import Result, Sums, WhatIf

MOST_KILOBYTES = 1_000_000
"""Of all workbooks that a worker keeps: the worker may hold twice as much."""
OF_A_LINE, OF_A_PUBLISHED_LINE = 30, 15
"""Kilobytes that a programme's year takes: in an open workbook with its model, and in each of its published plans."""
MOST_PLANS = 4
"""Published plans that are kept of a workbook: as many as stand side by side on a page."""


class Kept:
    """One workbook, open, with what its pages ask for again and again; each is made when it is first asked for.

    Raises ``InputProblems``, which call it ``name`` where it has another than its file.
    """

    def __init__(self, path: Path, name: str = "") -> None:
        self.book = optimizer.open_book(Path(name or path), data=path.read_bytes())
        self.lines = sum(len(programme.years) for programme in self.book.portfolio.programmes.values())
        self._plans: dict[tuple[str, tuple[str, ...]], Result] = {}

    @cached_property
    def live(self) -> WhatIf:
        """The workbook in the solver."""
        return WhatIf(self.book)

    @cached_property
    def base(self) -> Sums:
        """The sums of the plan that every other is held against: the scenario ``base`` as the workbook has it."""
        of_base = (optimizer.BASE, ())
        return optimizer.sums_of(self._plans.get(of_base) or self.live.settled(*of_base))

    @cached_property
    def price_of_base(self) -> float | None:
        """The price of money in the scenario ``base``."""
        return self.live.price_of_money()

    @property
    def kilobytes(self) -> int:
        """What this takes, about."""
        return self.lines * (OF_A_LINE + OF_A_PUBLISHED_LINE * len(self._plans))

    def settled(self, origin: str, sets: tuple[str, ...]) -> Result:
        """The published plan of a setting."""
        plan = self._plans.pop((origin, sets), None) or self.live.settled(origin, sets)
        self._plans[origin, sets] = plan
        if len(self._plans) > MOST_PLANS:
            del self._plans[next(iter(self._plans))]
        return plan


class Shelf:
    """The workbooks that were asked for last, as many as take so many kilobytes together; the last one always."""

    def __init__(self, most_kilobytes: int = MOST_KILOBYTES) -> None:
        self._most_kilobytes = most_kilobytes
        self._kept: dict[Path, Kept] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def take(self, path: Path, name: str = "") -> Kept:
        """The workbook of a file, opened where it is not."""
        kept = self._kept.pop(path, None) or Kept(path, name)
        self._kept[path] = kept
        while len(self._kept) > 1 and sum(each.kilobytes for each in self._kept.values()) > self._most_kilobytes:
            del self._kept[next(iter(self._kept))]
        return kept
