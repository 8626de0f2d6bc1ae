"""What every figure on a page needs: words escaped as labels, numbers as people read them, a layout.

Every name is escaped, for Plotly reads its labels as HTML.
"""

from __future__ import annotations

import html
from fractions import Fraction
from typing import Any

from optimizer.report.document import Figure, Mark, number_text
from optimizer.report.figures.letters import fitting
from optimizer.report.figures.palette import COLOURS, GREY, INK, PAPER, RULE
from optimizer.words import Words

Drawing = dict[str, Any]
FONT = {
    "family": "'Noto Sans JP','Yu Gothic','Hiragino Sans','Segoe UI',Arial,sans-serif",
    "size": 13,
    "color": "#222222",
}
ROW, LINE, GAP = 46, 16, 10
"""The least height of a row; the height of a line of its label, and what keeps it from the next label."""
LONGEST_LABEL = 26
AXIS = {"gridcolor": "#E3E7EB", "zerolinecolor": RULE, "fixedrange": True, "automargin": True}
LEGEND = {"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom"}


class Pen:
    """One figure in one language."""

    def __init__(self, figure: Figure, language: str) -> None:
        self.figure, self.language = figure, language

    def say(self, words: Words) -> str:
        """Words as a label."""
        return html.escape(words.into(self.language), quote=False)

    def names(self) -> list[str]:
        """The marks' names, broken where they are long."""
        return [broken(mark.name.into(self.language)) for mark in self.figure.marks]

    def money(self, value: Fraction) -> str:
        """An amount as people read it."""
        return number_text(value, "money", self.figure.decimals, self.language)

    def share(self, value: Fraction | None, decimals: int = 0) -> str:
        """A share as people read it; nothing where there is none."""
        return "" if value is None else number_text(value, "share", decimals, self.language)

    def title(self, words: Words) -> Drawing:
        """The title of an axis."""
        return {"text": self.say(words), "font": {"size": 12, "color": GREY}}

    def heading(self, mark: Mark, x: float) -> Drawing:
        """The heading of a panel, above its middle ``x``."""
        return {
            "text": f"<b>{self.say(mark.name)}</b>", "x": x, "y": 1, "xref": "paper", "yref": "paper",
            "yanchor": "bottom", "yshift": 6, "showarrow": False, "font": {"color": COLOURS.get(mark.colour, INK)},
        }  # fmt: skip

    def layout(self, rows: int, **more: Any) -> Drawing:
        """Plotly's layout for so many rows, each with room for the longest label."""
        lines = 1 + max((name.count("<br>") for name in self.names()), default=0)
        return {
            "font": FONT, "height": 110 + max(ROW, LINE * lines + GAP) * rows,
            "paper_bgcolor": "#FFFFFF", "plot_bgcolor": "#FFFFFF",
            "margin": {"l": 10, "r": 20, "t": 40, "b": 60}, "bargap": 0.2, "hoverlabel": {"bgcolor": PAPER}, **more,
        }  # fmt: skip


def floats(values: Any) -> list[float | None]:
    """Exact values as Plotly takes them; what is missing stays so."""
    return [None if value is None else float(value) for value in values]


def broken(name: str, longest: int = LONGEST_LABEL) -> str:
    """A name escaped, in lines where it is long."""
    return "<br>".join(html.escape(line, quote=False) for line in fitting(name, longest))
