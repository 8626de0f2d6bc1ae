"""What a workbook's chart asks of the sheet that it stands on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Cells:
    """The table below a chart, and how its language writes numbers.

    ``area`` names the cells of a column, ``heading`` its heading, ``font`` the letters, and ``number_format`` how
    numbers of a kind with so many decimals are written.
    """

    area: Callable[[int], str]
    heading: Callable[[int], str]
    font: Mapping[str, Any]
    number_format: Callable[[str, int], str]

    def series(self, position: int, names: int = 0) -> dict[str, Any]:
        """The numbers of a column, each with what a column of names calls it."""
        return {"name": self.heading(position), "categories": self.area(names), "values": self.area(position)}
