"""Figures as still pictures: plain SVG, which a page shows where no script runs. Every name is escaped."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from fractions import Fraction

from optimizer.report.document import Figure, number_text
from optimizer.report.palette import COLOURS, GREY, INK, OUTLINE, RULE
from optimizer.words import say

WIDTH, LABELS, MARGIN = 960, 270, 90
ROW, HEAD = 36, 40
HALO = 'stroke="#FFFFFF" stroke-width="5" paint-order="stroke"'
FONT = "'Noto Sans CJK JP','Noto Sans JP','Yu Gothic','Segoe UI',Arial,sans-serif"


def picture(figure: Figure, language: str) -> str:
    """``figure`` as an SVG element; nothing for a kind that has no still picture."""
    if figure.kind not in STILLS:
        return ""
    height = HEAD + ROW * len(figure.marks) + 8
    label = html.escape(figure.message.into(language))
    names = [_text(LABELS - 12, _middle(row), mark.name.into(language), "end") for row, mark in enumerate(figure.marks)]
    body = "".join([*names, *STILLS[figure.kind](figure, language)])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{label}" '
        f'font-family="{FONT}" font-size="13">{body}</svg>'
    )


def _bars(figure: Figure, language: str) -> list[str]:
    """Baseline outlined, plan filled, the amount and its change in per cent beside them."""
    longest = max((amount or Fraction(0) for row in figure.values for amount in row[:2]), default=Fraction(0))
    scale = (WIDTH - LABELS - 2 * MARGIN) / float(longest or 1)
    shapes = _key(figure, language)
    for row, (mark, (kept, plan, rate)) in enumerate(zip(figure.marks, figure.values, strict=True)):
        top, widths = HEAD + ROW * row, [float(amount or 0) * scale for amount in (kept, plan)]
        amount = number_text(plan or Fraction(0), "money", figure.decimals, language)
        change = number_text(rate, "rate", 1, language) if rate is not None and kept else ""
        shapes += [
            _rectangle(LABELS, top + 9, widths[1], ROW - 18, COLOURS.get(mark.colour, INK)),
            _rectangle(LABELS, top + 4, widths[0], ROW - 8, "none", OUTLINE),
            _text(LABELS + max(widths) + 8, _middle(row), amount),
            _text(WIDTH - 4, _middle(row), change, "end"),
        ]
    return shapes


def _key(figure: Figure, language: str) -> list[str]:
    """Above the bars: which is the plan, which the baseline, in what unit, and what the right edge says."""
    second = LABELS + 2 * MARGIN
    plan = f"{say('Plan').into(language)} ({figure.unit.into(language)})"
    return [
        _rectangle(LABELS, 10, 16, 12, "none", OUTLINE),
        _text(LABELS + 24, 16, say("Baseline kept").into(language)),
        _rectangle(second, 10, 16, 12, INK),
        _text(second + 24, 16, plan),
        _text(WIDTH - 4, 16, say("Change, %").into(language), "end"),
    ]


def _dots(figure: Figure, language: str) -> list[str]:
    """A column for each freedom, a dot for each region."""
    step = (WIDTH - LABELS) / len(figure.across)
    shapes = []
    for number, freedom in enumerate(figure.across):
        left, room, colour = LABELS + step * number, step - MARGIN, COLOURS.get(freedom.colour, INK)
        shapes.append(_text(left, HEAD - 16, freedom.name.into(language)))
        for row, values in enumerate(figure.values):
            y, value = _middle(row), values[number]
            shapes.append(f'<path d="M{left:.1f} {y}h{room:.1f}" stroke="{RULE}"/>')
            if value is not None:
                x = left + room * float(value)
                shapes.append(f'<circle cx="{x:.1f}" cy="{y}" r="6" fill="{colour}"/>')
                shapes.append(_text(x + 11, y, number_text(value, "share", 0, language)))
    return shapes


def _rectangle(x: float, y: float, width: float, height: float, fill: str, stroke: str = "none") -> str:
    return f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{height}" fill="{fill}" stroke="{stroke}"/>'


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    colour = GREY if anchor == "start" else OUTLINE
    return f'<text x="{x:.1f}" y="{y + 5}" text-anchor="{anchor}" fill="{colour}" {HALO}>{html.escape(text)}</text>'


def _middle(row: int) -> int:
    return HEAD + ROW * row + ROW // 2


STILLS: Mapping[str, Callable[[Figure, str], list[str]]] = {"bars": _bars, "dots": _dots}
