"""Fields of tiles, the darker the more: shares of need met, and money of each family in each region."""

from __future__ import annotations

import html
from fractions import Fraction
from typing import Any

from optimizer.report.document import Figure, number_text
from optimizer.report.figures.palette import COLOURS, INK, RULE
from optimizer.report.figures.pen import AXIS, Drawing, Pen
from optimizer.report.figures.shapes import (
    LABELS,
    LINE,
    ROW,
    TEXT,
    WIDTH,
    fitted,
    names_of_rows,
    rectangle,
    size_for,
    text,
)
from optimizer.results import FREEDOM_NAMES

BETWEEN = 14
"""Pixels between want and fear."""
MOST_LINES, LARGEST, SMALLEST = 5, 12, 9
"""Of the heading of a column; the sizes of its letters."""


def tiles(figure: Figure, language: str) -> tuple[float, list[str]]:
    """A tile for each row and column, the darker the more of the need is met; want to the left of fear."""
    groups = list(dict.fromkeys(mark.colour for mark in figure.across))
    width = (WIDTH - LABELS - BETWEEN * (len(groups) - 1)) / len(figure.across)
    names = [mark.name.into(language) for mark in figure.across]
    size = size_for(width - 6, names, LARGEST, SMALLEST)
    headings = [fitted(width - 6, name, size, MOST_LINES) for name in names]
    head = 30 + LINE * max(map(len, headings))
    shapes = names_of_rows(figure.marks, language, head)
    for column, (mark, heading) in enumerate(zip(figure.across, headings, strict=True)):
        x = LABELS + width * column + BETWEEN * groups.index(mark.colour)
        colour = COLOURS.get(mark.colour, INK)
        if mark.colour not in (other.colour for other in figure.across[:column]):
            freedom = FREEDOM_NAMES.get(mark.colour)
            shapes.append(text(x, 12, freedom.into(language) if freedom else "", colour=colour, bold=True))
        shapes.append(text(x + width / 2, (head + 24) / 2, heading, "middle", size=size))
        for row, values in enumerate(figure.values):
            value = values[column]
            if value is not None:
                shown = number_text(value, "share", 0, language)
                shapes += _tile(x, head + ROW * row, width, shown, mixed(colour, float(value)))
    return head + ROW * len(figure.marks) + 8, shapes


def matrix(figure: Figure, language: str) -> tuple[float, list[str]]:
    """Money by row and column; each column has its own colour, full where it holds most."""
    width = (WIDTH - LABELS) / max(1, len(figure.across))
    headings = [fitted(width - 6, mark.name.into(language), most=MOST_LINES) for mark in figure.across]
    head = 14 + LINE * max(map(len, headings), default=0)
    shapes = names_of_rows(figure.marks, language, head)
    for column, (mark, heading) in enumerate(zip(figure.across, headings, strict=True)):
        x, colour = LABELS + width * column, COLOURS.get(mark.colour, INK)
        shapes.append(text(x + width / 2, head / 2, heading, "middle", bold=True))
        for row, strength in enumerate(strengths(figure, column)):
            shown = number_text(figure.values[row][column] or Fraction(0), "money", figure.decimals, language)
            shapes += _tile(x, head + ROW * row, width, shown, mixed(colour, strength))
    return head + ROW * len(figure.marks) + 8, shapes


def strengths(figure: Figure, column: int) -> list[float]:
    """Each value of a column as a part of its largest."""
    values = [float(row[column] or 0) for row in figure.values]
    return [value / (max(values) or 1.0) for value in values]


def plotted_matrix(pen: Pen) -> Drawing:
    """The same for the page: a field of its own for each column."""
    figure, names, count = pen.figure, pen.names(), max(1, len(pen.figure.across))
    layout = pen.layout(len(names))
    layout["yaxis"] = {**AXIS, "autorange": "reversed", "tickfont": {"size": 12}, "showgrid": False, "ticks": ""}
    data: list[dict[str, Any]] = []
    for column, mark in enumerate(figure.across):
        name = "<br>".join(html.escape(line, quote=False) for line in fitted(150, mark.name.into(pen.language)))
        axis = "" if column == 0 else str(column + 1)
        data.append(
            {
                "type": "heatmap", "xaxis": f"x{axis}", "x": [name], "y": names, "zmin": 0, "zmax": 1,
                "z": [[part] for part in strengths(figure, column)], "showscale": False, "ygap": 3,
                "text": [[pen.money(row[column] or Fraction(0))] for row in figure.values], "hoverinfo": "x+y+text",
                "texttemplate": "%{text}", "colorscale": [[0, "#FFFFFF"], [1, COLOURS.get(mark.colour, INK)]],
            }
        )  # fmt: skip
        layout[f"xaxis{axis}"] = {
            **AXIS, "domain": [column / count, (column + 0.98) / count], "side": "top", "tickangle": 0,
            "ticks": "", "showgrid": False,
        }  # fmt: skip
    return {"data": data, "layout": layout}


def _tile(x: float, y: float, width: float, shown: str, fill: str) -> list[str]:
    return [
        rectangle(x + 1.5, y + 1.5, width - 3, ROW - 3, fill, RULE),
        text(x + width / 2, y + ROW / 2, shown, "middle", _readable_on(fill)),
    ]


def mixed(colour: str, strength: float) -> str:
    """A colour, the paler the less its ``strength`` (0 to 1)."""
    strength = min(max(strength, 0.0), 1.0)
    parts = (round(255 + (int(colour[i : i + 2], 16) - 255) * strength) for i in (1, 3, 5))
    return "#" + "".join(f"{part:02X}" for part in parts)


def _readable_on(colour: str) -> str:
    """Dark or white text, whichever has more contrast."""
    dark, ground = _luminance(TEXT) + 0.05, _luminance(colour) + 0.05
    return TEXT if ground * ground > 1.05 * dark else "#FFFFFF"


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
