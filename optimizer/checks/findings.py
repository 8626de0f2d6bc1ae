"""The list that every check writes to: problems, warnings and the defaults that were taken."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from heapq import nlargest
from itertools import pairwise

from optimizer.checks.cells import identifier
from optimizer.errors import Problem
from optimizer.words import Words, say

MOST_OF_A_CHECK = 10_000
"""Problems that one check may note: nobody mends more in one go, and each takes a thousand bytes."""
MOST_SUGGESTIONS, MOST_LOOKED_AT = 300, 1_000_000
"""Names for which a likely one is looked for, and names that are looked at in all."""
LONGEST_NAME = 100
"""Comparing takes the square of the length: nobody misspells a longer name."""
MOST_COMPARED = 20
"""Names that are compared letter by letter: those that share most pairs of letters with the one that was found."""
MOST_LETTERS_OF_A_SLIP = 2
LEAST_LIKENESS_OF_A_SLIP = 0.85
"""A name that differs by more letters than the first and is less alike than the second is another word."""


@dataclass(frozen=True)
class Assumption:
    """A default that was taken because cells are blank: where, how often, and what it means."""

    sheet: str
    column: str
    meaning: Words
    rows: tuple[int, ...]
    letters: str = ""

    @property
    def count(self) -> int:
        """How many rows take the default."""
        return len(self.rows)

    @property
    def cells(self) -> tuple[str, ...]:
        """The blank cells; nothing where the file has no such column."""
        return tuple(f"{self.letters}{row}" for row in self.rows) if self.letters else ()


@dataclass
class Findings:
    """Collects what the checks find, in the order of the workbook; of one check no more than anybody would mend."""

    problems: list[Problem] = field(default_factory=list)
    assumptions: list[Assumption] = field(default_factory=list)
    _noted: Counter[str] = field(default_factory=Counter)
    _left_out: Counter[str] = field(default_factory=Counter)
    _asked: dict[tuple[str, int], str | None] = field(default_factory=dict)
    _looked_at: int = 0

    def error(self, sheet: str, cell: str, value: str, problem: Words, fix: Words) -> None:
        """Note a problem that keeps the book from being planned with."""
        if self.first((cell,)):
            self._note(Problem(sheet, cell, value, problem, fix))

    def warn(self, sheet: str, cell: str, value: str, problem: Words, fix: Words) -> None:
        """Note something legal but odd."""
        if self.first((cell,), "warning"):
            self._note(Problem(sheet, cell, value, problem, fix, "warning"))

    def first[Found](self, found: Sequence[Found], severity: str = "error") -> Sequence[Found]:
        """As many of what one check found as are still noted; the others are counted, without a sentence for each."""
        room = MOST_OF_A_CHECK - self._noted[severity]
        self._left_out[severity] += max(0, len(found) - room)
        return found[:room]

    def after_a_check(self) -> None:
        """Say how many findings of the check that has ended were left out."""
        for severity, count in self._left_out.items():
            if count:
                rest = say("{count} more of this kind are left out.", count=f"{count:,}")
                cure = say("Mend those before, and check the workbook again.")
                self.problems.append(Problem("", "", "", rest, cure, severity))
        self._noted.clear()
        self._left_out.clear()

    def _note(self, problem: Problem) -> None:
        self._noted[problem.severity] += 1
        self.problems.append(problem)

    def near(self, found: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
        """The known name that ``found`` most likely stands for."""
        if len(found) > LONGEST_NAME or len(self._asked) > MOST_SUGGESTIONS or self._looked_at > MOST_LOOKED_AT:
            return None
        names = tuple(known)
        key = (found, hash(names))
        if key not in self._asked:
            self._looked_at += len(names)
            self._asked[key] = nearest(found, names, cutoff)
        return self._asked[key]

    def unknown(self, kind: Words, found: str, known: Iterable[str]) -> Words:
        """The sentence for a name that does not exist, with the likely one."""
        near = self.near(found, known)
        if near is None:
            return say("{found}: no such {kind}.", found=found, kind=kind)
        return say("{found}: no such {kind}; did you mean {near}?", found=found, kind=kind, near=near)


def nearest(found: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The closest of ``known``, compared without case and spaces; None where nothing is close."""
    plain, marks = _prepared(tuple(known))
    found = plainly(found[:LONGEST_NAME])
    own = _marks(found)
    likely = nlargest(MOST_COMPARED, plain, key=lambda name: len(own & marks[name]) / (len(own) + len(marks[name])))
    close = difflib.get_close_matches(found, likely, n=1, cutoff=cutoff)
    return plain[close[0]] if close else None


@lru_cache(maxsize=8)
def _prepared(known: tuple[str, ...]) -> tuple[dict[str, str], dict[str, set[str]]]:
    """Each name by its plain form, and the marks of that."""
    plain: dict[str, str] = {}
    for name in known:
        if len(name) <= LONGEST_NAME:
            plain.setdefault(plainly(name), name)
    return plain, {name: _marks(name) for name in plain}


def _marks(plain: str) -> set[str]:
    """The letters of a name and its pairs of neighbours; its ends are neighbours of nothing."""
    return {" ", *plain, *map("".join, pairwise(f" {plain} "))}


def is_slip(found: str, near: str) -> bool:
    """Whether ``found`` is ``near`` cut short or with a slip of the pen, and not another word that looks like it."""
    found, near = plainly(found), plainly(near)
    ratio = difflib.SequenceMatcher(None, near, found).ratio()
    apart = round((1 - ratio) * (len(found) + len(near)))
    return near.startswith(found) or apart <= MOST_LETTERS_OF_A_SLIP or ratio >= LEAST_LIKENESS_OF_A_SLIP


def plainly(title: str) -> str:
    """A title as titles are compared: width, case, spaces, hyphens and underscores do not count."""
    return "".join(c for c in identifier(title).casefold() if not c.isspace() and c not in "_-")
