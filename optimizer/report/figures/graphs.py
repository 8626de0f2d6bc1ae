"""Ranges and curves as still pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from optimizer.report.document import ZERO, Figure, number_text
from optimizer.report.figures.curves import RANGE, STEEPEST, reach
from optimizer.report.figures.palette import GREY, INK, OUTLINE, RULE
from optimizer.report.figures.shapes import (
    TEXT,
    WIDTH,
    circle,
    diamond,
    fitted,
    grid,
    length,
    path,
    rectangle,
    square,
    text,
    tick_text,
    ticks,
)
from optimizer.words import say

LABELS, ROW, HEAD, FOOT, SPAN = 300, 34, 40, 44, 110
Floats = list[float | None]


def spans(figure: Figure, language: str) -> tuple[float, list[str]]:
    """A bar over each range, a dot at the value, open marks for what else is known of each."""
    kind = figure.tables[0].columns[1].kind
    rows = [[None if value is None else float(value) for value in row] for row in figure.values]
    low, high = reach([value for row in rows for value in row if value is not None])
    across = (WIDTH - LABELS - SPAN) / (high - low)
    bottom = HEAD + ROW * len(rows)

    def at(value: float) -> float:
        return LABELS + (value - low) * across

    shapes = [grid(at(tick), HEAD, bottom, tick_text(tick)) for tick in ticks(low, high)]
    shapes += [path(f"M{at(0):.1f} {HEAD}V{bottom}", GREY), *_key(figure, language)]
    shapes.append(text(LABELS, bottom + 32, figure.unit.into(language), colour=GREY, size=12))
    for number, (mark, (value, least, most, *others)) in enumerate(zip(figure.marks, rows, strict=True)):
        y = HEAD + ROW * number + ROW / 2
        shapes.append(text(LABELS - 12, y, fitted(LABELS - 14, mark.name.into(language)), "end"))
        if least is not None and most is not None:
            shapes.append(rectangle(at(least), y - 8, (most - least) * across, 16, RANGE))
        shapes += [draw(at(other), y) for draw, other in zip(OPEN, others, strict=False) if other is not None]
        if value is not None:
            shapes.append(circle(at(value), y, 6, INK))
            furthest = max(known for known in rows[number] if known is not None)
            shown = number_text(figure.values[number][0] or ZERO, kind, figure.decimals, language)
            shapes.append(text(at(furthest) + 12, y, shown))
    return bottom + FOOT, shapes


def _key(figure: Figure, language: str) -> list[str]:
    """Above the rows: what each mark is."""
    ranges, value, *others = (mark.name.into(language) for mark in figure.across)
    y, x = 16.0, float(LABELS)
    shapes = []
    drawn = (_spot, _stretch, *OPEN)
    for draw, name in zip(drawn, (value, ranges, *others), strict=False):
        shapes += [draw(x + 6, y), text(x + 22, y, name, colour=GREY)]
        x += 22 + length(name) + 24
    return shapes


def _spot(x: float, y: float) -> str:
    return circle(x, y, 6, INK)


def _stretch(x: float, y: float) -> str:
    return rectangle(x - 6, y - 6, 16, 12, RANGE)


OPEN = (diamond, square)
"""The marks of what else is known of each."""


LEFT, RIGHT, UPPER, LOWER, BETWEEN = 70, 24, 290, 130, 66
"""Margins, and the heights of the two panels and of the room between them."""


def curve(figure: Figure, language: str) -> tuple[float, list[str]]:
    """The score above, its slope as steps below, today marked."""
    across, height, slope, factor = (
        [None if value is None else float(value) for value in column] for column in zip(*figure.values, strict=True)
    )
    ends = [value for value in across if value is not None]
    low, high = min(ends), max(*ends, min(ends) + 1e-9)
    today = [number for number, value in enumerate(factor) if value == 1]
    under = HEAD + UPPER + BETWEEN

    def at(value: float) -> float:
        return LEFT + (value - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    steepest = max((value for value in slope if value is not None), default=1.0)
    ceiling = min([steepest, *(STEEPEST * (slope[i] or steepest) for i in today)]) or 1.0
    known = [value for value in height if value is not None]
    upper = _Panel(HEAD, UPPER, min(known), max(*known, min(known) + 1e-9))
    lower = _Panel(under, LOWER, 0.0, ceiling)
    xs = [at(value or 0.0) for value in across]
    shapes = [
        *(grid(at(tick), HEAD, HEAD + UPPER, tick_text(tick)) for tick in ticks(low, high)),
        *(grid(at(tick), under, under + LOWER, tick_text(tick)) for tick in ticks(low, high)),
        *upper.scale(figure.marks[0].name.into(language)),
        *lower.scale(figure.marks[1].name.into(language)),
        upper.line(xs, height, stepped=False),
        lower.line(xs, slope, stepped=True),
        text(LEFT, under + LOWER + 34, figure.unit.into(language), colour=GREY, size=12),
    ]
    aside, anchor = (10, "start") if known[-1] >= known[0] else (-10, "end")
    for number in today:
        x, y = xs[number], upper.y(height[number] or 0.0)
        shapes += [circle(x, y, 6, "#FFFFFF", OUTLINE), text(x + aside, y + 16, TODAY.into(language), anchor)]
    return under + LOWER + FOOT, shapes


TODAY = say("Today")


@dataclass(frozen=True)
class _Panel:
    """A field from ``low`` at its bottom to ``high`` at its top."""

    top: float
    height: float
    low: float
    high: float

    def y(self, value: float) -> float:
        """Where a value stands; one above the field stands at its top."""
        return self.top + self.height * (1 - (min(value, self.high) - self.low) / (self.high - self.low))

    def scale(self, title: str) -> list[str]:
        """Its title, and lines across it at round numbers."""
        shapes = [text(LEFT, self.top - 16, title, colour=TEXT, bold=True)]
        for tick in ticks(self.low, self.high, 5):
            shapes.append(path(f"M{LEFT} {self.y(tick):.1f}H{WIDTH - RIGHT}", RULE, 0.75))
            shapes.append(text(LEFT - 8, self.y(tick), tick_text(tick), "end", GREY, 11))
        return shapes

    def line(self, xs: Sequence[float], values: Floats, stepped: bool) -> str:
        """A line through points, or steps that hold each value up to the next; broken where there is none."""
        moves, pen = "", "M"
        for x, value in zip(xs, values, strict=True):
            if value is None:
                pen = "M"
                continue
            y = self.y(value)
            moves += f"H{x:.1f}V{y:.1f}" if stepped and pen == "L" else f"{pen}{x:.1f} {y:.1f}"
            pen = "L"
        return path(moves, OUTLINE if stepped else INK, 1.5 if stepped else 2)
