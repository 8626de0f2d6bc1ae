"""Figures as still pictures: plain SVG, for paper and for pages where no script runs."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from fractions import Fraction

from optimizer.report.bands import flow
from optimizer.report.document import Figure, number_text
from optimizer.report.graphs import curve, spans
from optimizer.report.palette import COLOURS, GREY, INK, OUTLINE, RULE
from optimizer.report.shapes import LINE, TEXT, WIDTH, circle, fitted, path, plate, rectangle, text
from optimizer.report.steps import still_dumbbells, still_waterfall
from optimizer.results import FREEDOM_NAMES
from optimizer.words import say

LABELS, MARGIN = 270, 90
ROW, HEAD = 36, 40
BETWEEN = 14
"""Pixels between want and fear."""
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


def names_of_rows(figure: Figure, language: str, head: float = HEAD) -> list[str]:
    """The marks' names, a row each, to the left of the picture."""
    return [
        text(LABELS - 12, middle(row, head), fitted(LABELS - 14, mark.name.into(language)), "end")
        for row, mark in enumerate(figure.marks)
    ]


def middle(row: int, head: float = HEAD) -> float:
    """The middle of a row."""
    return head + ROW * row + ROW / 2


def bars(figure: Figure, language: str) -> tuple[float, list[str]]:
    """Baseline outlined, plan filled, the amount and its change in per cent beside them."""
    longest = max((amount or Fraction(0) for row in figure.values for amount in row[:2]), default=Fraction(0))
    scale = (WIDTH - LABELS - 2 * MARGIN) / float(longest or 1)
    shapes = [*names_of_rows(figure, language), *_key(figure, language)]
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
    plan = f"{say('Plan').into(language)} ({figure.unit.into(language)})"
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
    shapes = names_of_rows(figure, language)
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


def tiles(figure: Figure, language: str) -> tuple[float, list[str]]:
    """A tile for each row and column, the darker the more of the need is met; want to the left of fear."""
    groups = list(dict.fromkeys(mark.colour for mark in figure.across))
    width = (WIDTH - LABELS - BETWEEN * (len(groups) - 1)) / len(figure.across)
    headings = [fitted(width - 6, mark.name.into(language), 12) for mark in figure.across]
    head = 30 + LINE * max(map(len, headings))
    shapes = names_of_rows(figure, language, head)
    for column, (mark, heading) in enumerate(zip(figure.across, headings, strict=True)):
        x = LABELS + width * column + BETWEEN * groups.index(mark.colour)
        colour = COLOURS.get(mark.colour, INK)
        if mark.colour not in (other.colour for other in figure.across[:column]):
            freedom = FREEDOM_NAMES.get(mark.colour)
            shapes.append(text(x, 12, freedom.into(language) if freedom else "", colour=colour, bold=True))
        shapes.append(text(x + width / 2, (head + 24) / 2, heading, "middle", size=12))
        for row, values in enumerate(figure.values):
            shapes += _tile(x, head + ROW * row, width, values[column], colour, language)
    return head + ROW * len(figure.marks) + 8, shapes


def _tile(x: float, y: float, width: float, value: Fraction | None, colour: str, language: str) -> list[str]:
    if value is None:
        return []
    fill = mixed(colour, min(max(float(value), 0.0), 1.0))
    share = number_text(value, "share", 0, language)
    return [
        rectangle(x + 1.5, y + 1.5, width - 3, ROW - 3, fill, RULE),
        text(x + width / 2, y + ROW / 2, share, "middle", _readable_on(fill)),
    ]


def mixed(colour: str, strength: float) -> str:
    """A colour, the paler the less its ``strength`` (0 to 1)."""
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


STILLS: Mapping[str, Still] = {
    "bars": bars,
    "dots": dots,
    "tiles": tiles,
    "flow": flow,
    "spans": spans,
    "curve": curve,
    "waterfall": still_waterfall,
    "dumbbells": still_dumbbells,
}
