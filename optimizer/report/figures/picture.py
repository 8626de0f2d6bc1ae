"""Figures as still pictures: plain SVG, for paper and for pages where no script runs."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from fractions import Fraction

from optimizer.report.document import Figure, number_text
from optimizer.report.figures.bands import flow
from optimizer.report.figures.fields import matrix, tiles
from optimizer.report.figures.graphs import curve, spans
from optimizer.report.figures.palette import COLOURS, GREY, INK, OUTLINE, RULE
from optimizer.report.figures.shapes import (
    HEAD,
    LABELS,
    ROW,
    WIDTH,
    circle,
    middle,
    names_of_rows,
    path,
    plate,
    rectangle,
    text,
)
from optimizer.report.figures.steps import still_dumbbells, still_waterfall
from optimizer.words import say

MARGIN = 90
FONT = "Noto Sans CJK JP,Noto Sans JP,Yu Gothic,Hiragino Sans,Segoe UI,Arial,sans-serif"
Still = Callable[[Figure, str], tuple[float, list[str]]]
"""The height of a picture, and its shapes."""


def picture(figure: Figure, language: str) -> str:
    """``figure`` as an SVG element, titled by its message."""
    height, shapes = STILLS[figure.kind](figure, language)
    title = html.escape(figure.message.into(language))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img" font-family="{FONT}">'
        f"<title>{title}</title>{''.join(shapes)}</svg>"
    )


def bars(figure: Figure, language: str) -> tuple[float, list[str]]:
    """Baseline outlined, plan filled, the amount and its change in per cent beside them."""
    longest = max((amount or Fraction(0) for row in figure.values for amount in row[:2]), default=Fraction(0))
    scale = (WIDTH - LABELS - 2 * MARGIN) / float(longest or 1)
    shapes = [*names_of_rows(figure.marks, language), *_key(figure, language)]
    for row, (mark, (kept, plan, rate)) in enumerate(zip(figure.marks, figure.values, strict=True)):
        top, widths = HEAD + ROW * row, [float(amount or 0) * scale for amount in (kept, plan)]
        amount = number_text(plan or Fraction(0), "money", figure.decimals, language)
        change = number_text(rate, "rate", 1, language) if rate is not None and kept else ""
        shapes += [
            rectangle(LABELS, top + 9, widths[1], ROW - 18, COLOURS.get(mark.colour, INK)),
            rectangle(LABELS, top + 4, widths[0], ROW - 8, "none", OUTLINE),
            text(LABELS + max(widths) + 8, middle(row), amount),
            text(WIDTH - 4, middle(row), change, "end"),
        ]
    return HEAD + ROW * len(figure.marks) + 8, shapes


def _key(figure: Figure, language: str) -> list[str]:
    """Above the bars: which is the plan, which the baseline, in what unit, and what the right edge says."""
    second = LABELS + 2 * MARGIN
    plan = say("{name} ({kind})", name=say("Plan"), kind=figure.unit).into(language)
    return [
        rectangle(LABELS, 10, 16, 12, "none", OUTLINE),
        text(LABELS + 24, 16, say("Baseline kept").into(language), colour=GREY),
        rectangle(second, 10, 16, 12, INK),
        text(second + 24, 16, plan, colour=GREY),
        text(WIDTH - 4, 16, say("Change, %").into(language), "end", GREY),
    ]


def dots(figure: Figure, language: str) -> tuple[float, list[str]]:
    """A column for each freedom, a dot for each region on a line from nothing to the whole need."""
    step = (WIDTH - LABELS) / len(figure.across)
    shapes = names_of_rows(figure.marks, language)
    for number, freedom in enumerate(figure.across):
        left, room, colour = LABELS + step * number, step - MARGIN, COLOURS.get(freedom.colour, INK)
        shapes.append(text(left, HEAD - 22, freedom.name.into(language), colour=colour, bold=True))
        for row, values in enumerate(figure.values):
            y, value = middle(row), values[number]
            shapes.append(path(f"M{left:.1f} {y - 5}v10m0 -5h{room:.1f}m0 -5v10", RULE))
            if value is not None:
                x, share = left + room * float(value), number_text(value, "share", 0, language)
                shapes += [plate(x + 11, y, [share]), circle(x, y, 6, colour), text(x + 11, y, share)]
    return HEAD + ROW * len(figure.marks) + 8, shapes


STILLS: Mapping[str, Still] = {
    "bars": bars,
    "dots": dots,
    "tiles": tiles,
    "matrix": matrix,
    "flow": flow,
    "spans": spans,
    "curve": curve,
    "waterfall": still_waterfall,
    "dumbbells": still_dumbbells,
}
