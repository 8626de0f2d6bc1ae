"""Shapes of still pictures as SVG elements, in pixels from the upper left. Every text is escaped.

Only what browsers and WeasyPrint draw alike is used: no halos, no styles, no measured text.
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence

from optimizer.report.document import Mark
from optimizer.report.figures.letters import fitting, longest_word, wide
from optimizer.report.figures.palette import GREY, OUTLINE, RULE

WIDTH = 960
SIZE, LINE = 13, 16
"""Of letters, and from one line to the next."""
LETTER = 0.53
"""Width of a Latin letter, for a size of 1."""
TEXT = "#222222"
LABELS, ROW, HEAD = 270, 36, 40
"""Room for the names of rows, the height of a row, and of what stands above the first."""


def rectangle(x: float, y: float, width: float, height: float, fill: str, stroke: str = "none") -> str:
    """A rectangle."""
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{fill}" stroke="{stroke}"/>'


def length(content: str, size: float = SIZE) -> float:
    """How wide a text stands, about."""
    return wide(content) * LETTER * size


def plate(x: float, y: float, lines: Sequence[str], size: float = SIZE) -> str:
    """A pale ground for text that begins at ``x`` and is centred on ``y``, where it crosses something."""
    width, height = max((length(line, size) for line in lines), default=0) + 4, LINE * len(lines)
    shape = f'x="{x - 2:.1f}" y="{y - height / 2:.1f}" width="{width:.1f}" height="{height}"'
    return f'<rect {shape} fill="#FFFFFF" fill-opacity="0.85"/>'


def path(moves: str, stroke: str = "none", width: float = 1, fill: str = "none", opacity: float = 1) -> str:
    """A path."""
    look = f'fill="{fill}" stroke="{stroke}" stroke-width="{width}"'
    return f'<path d="{moves}" {look}{f" opacity={chr(34)}{opacity}{chr(34)}" if opacity < 1 else ""}/>'


def circle(x: float, y: float, radius: float, fill: str, stroke: str = "none") -> str:
    """A circle."""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{fill}" stroke="{stroke}" stroke-width="1.5"/>'


def square(x: float, y: float, fill: str = "#FFFFFF") -> str:
    """A square round a point, open unless it is filled."""
    return path(f"M{x - 4.5:.1f} {y - 4.5:.1f}h9v9h-9z", OUTLINE, 1.5, fill)


def diamond(x: float, y: float) -> str:
    """An open diamond round a point."""
    return path(f"M{x - 6.5:.1f} {y:.1f}l6.5 -6.5l6.5 6.5l-6.5 6.5z", OUTLINE, 1.5, "#FFFFFF")


def text(
    x: float,
    y: float,
    content: str | Sequence[str],
    anchor: str = "start",
    colour: str = TEXT,
    size: float = SIZE,
    bold: bool = False,
) -> str:
    """Text, or lines of it, centred on ``y``."""
    lines = [content] if isinstance(content, str) else content
    first = y - LINE * (len(lines) - 1) / 2 + size * 0.36
    weight = ' font-weight="700"' if bold else ""
    look = f'text-anchor="{anchor}" fill="{colour}" font-size="{size}"{weight}'
    written = [html.escape(line) for line in lines]
    if len(lines) == 1:
        return f'<text x="{x:.1f}" y="{first:.1f}" {look}>{written[0]}</text>'
    spans = (f'<tspan x="{x:.1f}" y="{first + LINE * n:.1f}">{line}</tspan>' for n, line in enumerate(written))
    return f"<text {look}>{''.join(spans)}</text>"


def fitted(room: float, content: str, size: float = SIZE, most: int = 2) -> tuple[str, ...]:
    """``content`` in lines that fit into ``room``; as many as a row holds unless ``most`` says otherwise."""
    return fitting(content, max(4, int(room / (LETTER * size))), most)


def size_for(room: float, contents: Sequence[str], largest: float, smallest: float) -> float:
    """The size at which no Latin word of some texts is cut in two, if there is one; Japanese breaks anywhere."""
    longest = max((longest_word(content) for content in contents), default=1)
    return max(smallest, min(largest, math.floor(10 * room / (LETTER * longest)) / 10))


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers inside a range, at most about ``most``."""
    step = 10 ** math.floor(math.log10(max(high - low, 1e-9)))
    step *= next(part for part in (0.1, 0.2, 0.5, 1, 2, 5, 10) if (high - low) / (step * part) <= most)
    return [step * n for n in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def tick_text(value: float) -> str:
    """A number at an axis, without needless zeros."""
    return f"{value:,.6f}".rstrip("0").rstrip(".").replace("-", "−")


def grid(x: float, top: float, bottom: float, content: str) -> str:
    """A line of the grid with its number below."""
    line = path(f"M{x:.1f} {top:.1f}V{bottom:.1f}", RULE, 0.75)
    return line + text(x, bottom + 12, content, "middle", GREY, 11)


def names_of_rows(marks: Sequence[Mark], language: str, head: float = HEAD) -> list[str]:
    """The names of marks, a row each, to the left of a picture."""
    return [
        text(LABELS - 12, middle(row, head), fitted(LABELS - 14, mark.name.into(language)), "end")
        for row, mark in enumerate(marks)
    ]


def middle(row: int, head: float = HEAD) -> float:
    """The middle of a row."""
    return head + ROW * row + ROW / 2
