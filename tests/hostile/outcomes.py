"""A kind of hostile workbook: how it is made of the Japan book, and what must become of it.

A file is *refused* with a sentence that names the reason, has a *fault* at the cell, or is read to the *same* tables
(and so to the same plan), with a *warning* where something is odd.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hostile.books import Book

Make = Callable[[Book], Book | bytes]


@dataclass(frozen=True)
class Refused:
    """The whole file is refused; the sentence holds ``words``."""

    words: str


@dataclass(frozen=True)
class Fault:
    """An error at the cell; its sentence holds ``words``."""

    sheet: str
    cell: str
    words: str = ""


@dataclass(frozen=True)
class Same:
    """The same tables as the Japan book's; with ``words``, a new warning on ``sheet`` holds them."""

    sheet: str = ""
    words: str = ""


@dataclass(frozen=True)
class Kind:
    """One kind: its name, how its file is made, and what must become of it."""

    name: str
    make: Make
    expect: Refused | Fault | Same
    filename: str = "book.xlsx"

    def __str__(self) -> str:
        return self.name

    @property
    def data(self) -> bytes:
        """The file."""
        made = self.make(Book())
        return made if isinstance(made, bytes) else made.data


DAMAGED = Refused("damaged")
