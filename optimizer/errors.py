"""What can go wrong, as one tree.

::

    HaibunError                 exit  what the reader is told
    ├── InputProblems           1     every problem of the workbook, each with its cell and cure
    ├── WrongUsage              2     a command, scenario or item that does not exist
    ├── NoPlan                  3     no plan is feasible; the rows that cannot hold together
    ├── OutOfReach              3     a score that no budget reaches
    ├── Stopped                 4     a limit of time or memory was reached
    └── CheckFailed             5     a check of the program's own result failed
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from optimizer.words import Words, say


@dataclass(frozen=True)
class Problem:
    """One thing wrong in the workbook: where it is, what was found, and how to mend it.

    ``sheet`` is the sheet's title as the user wrote it, ``cell`` an A1 address (blank for a whole sheet).
    """

    sheet: str
    cell: str
    value: str
    problem: Words
    fix: Words
    severity: str = "error"

    def as_dict(self, language: str = "en") -> dict[str, str]:
        """The problem as ``check --json`` prints it."""
        return {
            "sheet": self.sheet,
            "cell": self.cell,
            "value": self.value,
            "problem": self.problem.into(language),
            "fix": self.fix.into(language),
            "severity": self.severity,
        }


class HaibunError(Exception):
    """Base of every error that a user is told about; ``exit_code`` is the command's."""

    exit_code = 1

    def __init__(self, message: Words) -> None:
        super().__init__(str(message))
        self.message = message

    def __reduce__(self) -> tuple[Any, ...]:
        """Errors travel between processes whole, whatever their own ``__init__`` takes."""
        return _again, (type(self), self.args, self.__dict__)


def _again(kind: type[HaibunError], args: tuple[Any, ...], state: dict[str, Any]) -> HaibunError:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(state)
    return error


class InputProblems(HaibunError):
    """The workbook has problems; all of them are in ``problems``."""

    exit_code = 1

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(say("The workbook has {count} problem(s).", count=len(problems)))
        self.problems = tuple(problems)


class WrongUsage(HaibunError):
    """The question cannot be asked: an unknown scenario, item, target or option."""

    exit_code = 2


@dataclass(frozen=True)
class Place:
    """A row of the workbook that a statement speaks of."""

    sheet: str
    cell: str
    id: str
    name: Words = field(default_factory=lambda: say(""))


class NoPlan(HaibunError):
    """No plan is feasible. ``conflict`` names rows of the workbook that cannot hold together."""

    exit_code = 3

    def __init__(self, message: Words, conflict: Sequence[Place] = (), certified: bool = False) -> None:
        super().__init__(message)
        self.conflict = tuple(conflict)
        self.certified = certified


class OutOfReach(HaibunError):
    """No budget reaches the score that is asked for, though plans there may be: nothing to repair."""

    exit_code = 3


class Stopped(HaibunError):
    """A limit of time or memory was reached before there was a plan to show."""

    exit_code = 4


class CheckFailed(HaibunError):
    """A number did not pass the independent check, or a run folder does not agree with itself."""

    exit_code = 5
