"""Figures of comparisons: a waterfall from one score to another, and dumbbells, for page, paper and workbook."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from typing import Any

from optimizer.report.document import Figure, number_text
from optimizer.report.figures.cells import Cells
from optimizer.report.figures.curves import round_ends
from optimizer.report.figures.palette import GREY, INK, OUTLINE, RULE
from optimizer.report.figures.pen import AXIS, LEGEND, Drawing, Pen
from optimizer.report.figures.shapes import WIDTH, circle, fitted, grid, path, rectangle, square, text, tick_text, ticks
from optimizer.words import say

LOSS = "#C74700"
SERIES = ("#FFFFFF", INK, "#C74700", "#2A9D8F", "#8E6BBF")
"""Dots of the first scenario (open) and of the others."""
FIRST, OTHER = 0, 1
ROOM_FOR_NUMBERS = 0.08
"""Of a workbook's axis, beyond the highest point."""
RISES, FALLS = say("Adds points"), say("Takes points")
LABELS, ROW, HEAD, FOOT, BESIDE = 330, 34, 40, 44, 90


def steps_of(figure: Figure) -> list[tuple[float, float]]:
    """From where to where each mark goes; the two ends stand still."""
    pairs = ((row[0] if row[0] is not None else row[1], row[1]) for row in figure.values)
    return [(float(start or 0), float(end or 0)) for start, end in pairs]


def shown_steps(figure: Figure, language: str) -> list[str]:
    """The score at both ends, and what each step between them adds."""
    return [
        number_text(end or Fraction(0), "points", figure.decimals, language)
        if start is None
        else number_text((end or Fraction(0)) - start, "change", figure.decimals, language)
        for start, end in figure.values
    ]


def ends_of(figure: Figure) -> tuple[float, float]:
    """The lowest and the highest point that the steps reach."""
    reached = [value for pair in steps_of(figure) for value in pair] or [0.0]
    return min(reached), max(*reached, min(reached) + 1e-6)


# For the page


def waterfall(pen: Pen) -> Drawing:
    """The first score as an open mark, each step as a bar that begins where the last one ended, the other score."""
    figure = pen.figure
    steps, names = steps_of(figure), pen.names()
    places = list(range(len(steps)))
    low, high = ends_of(figure)
    room = high - low
    data: list[Drawing] = [_linked(steps)]
    for words, colour, is_meant in ((RISES, INK, 1), (FALLS, LOSS, -1)):
        rows = [i for i in places[1:-1] if (steps[i][1] - steps[i][0]) * is_meant > 0]
        data.append(
            {
                "type": "bar", "orientation": "h", "name": pen.say(words), "y": rows, "width": 0.56,
                "base": [steps[i][0] for i in rows], "x": [steps[i][1] - steps[i][0] for i in rows],
                "marker": {"color": colour}, "hoverinfo": "skip", "showlegend": bool(rows),
            }
        )  # fmt: skip
    data.append(
        {
            "type": "scatter", "mode": "markers", "y": [0, len(steps) - 1], "x": [steps[0][1], steps[-1][1]],
            "showlegend": False, "hoverinfo": "skip",
            "marker": {"size": 13, "color": ["#FFFFFF", INK], "line": {"color": OUTLINE, "width": 1.5}},
        }
    )  # fmt: skip
    data.append(
        {
            "type": "scatter", "mode": "text", "y": places, "x": [max(pair) for pair in steps], "showlegend": False,
            "text": [f"   {shown}" for shown in shown_steps(figure, pen.language)], "textposition": "middle right",
            "hoverinfo": "skip", "cliponaxis": False,
        }
    )  # fmt: skip
    layout = pen.layout(len(names), barmode="overlay", legend=LEGEND)
    layout["yaxis"] = _named_rows(pen, names)
    layout["xaxis"] = {
        **AXIS, "title": pen.title(figure.unit), "zeroline": False,
        "range": [low - 0.03 * room, high + 0.14 * room],
    }  # fmt: skip
    return {"data": data, "layout": layout}


def _linked(steps: list[tuple[float, float]]) -> Drawing:
    """Thin lines from the end of each step to the beginning of the next."""
    xs: list[float | None] = []
    ys: list[float | None] = []
    for row, (before, _) in enumerate(pairwise(steps)):
        xs += [before[1], before[1], None]
        ys += [row, row + 1, None]
    line = {"color": GREY, "width": 1}
    return {
        "type": "scatter", "mode": "lines", "x": xs, "y": ys, "line": line, "showlegend": False, "hoverinfo": "skip",
    }  # fmt: skip


def dumbbells(pen: Pen) -> Drawing:
    """A row for each mark: a dot for each scenario, the first one open, on a line from the least to the most."""
    figure, names = pen.figure, pen.names()
    rows = [[float(value or 0) for value in row] for row in figure.values]
    xs: list[float | None] = []
    ys: list[float | None] = []
    for place, row in enumerate(rows):
        xs += [min(row), max(row), None]
        ys += [place, place, None]
    data: list[Drawing] = [
        {
            "type": "scatter", "mode": "lines", "x": xs, "y": ys, "line": {"color": RULE, "width": 4},
            "showlegend": False, "hoverinfo": "skip",
        }
    ]  # fmt: skip
    for number, scenario in enumerate(figure.across):
        shown = [
            number_text(row[number] or Fraction(0), "change", figure.decimals, pen.language) for row in figure.values
        ]
        data.append(
            {
                "type": "scatter", "mode": "markers", "name": pen.say(scenario.name), "y": list(range(len(rows))),
                "x": [row[number] for row in rows], "hovertext": shown, "hoverinfo": "text+name",
                "marker": {
                    "size": 13 - 2 * bool(number), "color": SERIES[min(number, len(SERIES) - 1)],
                    "symbol": "circle" if number < 2 else "square",
                    "line": {"color": OUTLINE, "width": 1.5 if number == 0 else 0},
                },
            }
        )  # fmt: skip
    layout = pen.layout(len(names), legend=LEGEND)
    layout["yaxis"] = _named_rows(pen, names)
    layout["xaxis"] = {**AXIS, "title": pen.title(figure.unit), "tickformat": ",~r"}
    return {"data": data, "layout": layout}


def _named_rows(pen: Pen, names: list[str]) -> Drawing:
    """An axis of rows from the top, each with its name; equal names stay rows of their own."""
    return {
        **AXIS, "tickmode": "array", "tickvals": list(range(len(names))), "ticktext": names, "zeroline": False,
        "range": [len(names) - 0.5, -0.5], "tickfont": {"size": 12},
    }  # fmt: skip


# As still pictures


def still_waterfall(figure: Figure, language: str) -> tuple[float, list[str]]:
    """The same as shapes."""
    steps, shown = steps_of(figure), shown_steps(figure, language)
    low, high = ends_of(figure)
    at = _scale(low, high)
    bottom = HEAD + ROW * len(steps)
    shapes = [grid(at(tick), HEAD, bottom, tick_text(tick)) for tick in ticks(low, high)]
    shapes += [*_names(figure, language), text(LABELS, bottom + 32, figure.unit.into(language), colour=GREY, size=12)]
    for x, words, colour in ((LABELS, RISES, INK), (LABELS + 200, FALLS, LOSS)):
        shapes += [rectangle(x, 10, 16, 12, colour), text(x + 24, 16, words.into(language), colour=GREY)]
    for row, (start, end) in enumerate(steps):
        y, is_end = _middle(row), row in (0, len(steps) - 1)
        if row + 1 < len(steps):
            shapes.append(path(f"M{at(end):.1f} {y:.1f}V{y + ROW:.1f}", GREY))
        if is_end:
            shapes.append(circle(at(end), y, 6, INK if row else "#FFFFFF", OUTLINE))
        else:
            left, width = at(min(start, end)), abs(at(end) - at(start))
            shapes.append(rectangle(left, y - 9, width, 18, INK if end >= start else LOSS))
        shapes.append(text(at(max(start, end)) + 10, y, shown[row]))
    return bottom + FOOT, shapes


def still_dumbbells(figure: Figure, language: str) -> tuple[float, list[str]]:
    """The same as shapes; where two scenarios are compared, the change beside them."""
    rows = [[float(value or 0) for value in row] for row in figure.values]
    changes = [0.0, *(value for row in rows for value in row)]
    low, high = min(changes), max(*changes, min(changes) + 1e-6)
    at = _scale(low, high)
    bottom = HEAD + ROW * len(rows)
    shapes = [grid(at(tick), HEAD, bottom, tick_text(tick)) for tick in ticks(low, high)]
    shapes += [*_names(figure, language), text(LABELS, bottom + 32, figure.unit.into(language), colour=GREY, size=12)]
    step = (WIDTH - LABELS) / max(1, len(figure.across))
    for number, scenario in enumerate(figure.across):
        x = LABELS + step * number
        shapes += [
            _dot(x + 6, 16, number),
            text(x + 22, 16, fitted(step - 26, scenario.name.into(language)), colour=GREY),
        ]
    for place, row in enumerate(rows):
        y = _middle(place)
        shapes.append(path(f"M{at(min(row)):.1f} {y:.1f}H{at(max(row)):.1f}", RULE, 4))
        shapes += [_dot(at(value), y, number) for number, value in enumerate(row)]
        if len(row) == len((FIRST, OTHER)):
            change = number_text(figure.values[place][OTHER] or Fraction(0), "change", figure.decimals, language)
            shapes.append(text(at(max(row)) + 12, y, change))
    return bottom + FOOT, shapes


def _dot(x: float, y: float, number: int) -> str:
    colour = SERIES[min(number, len(SERIES) - 1)]
    if number < 2:
        return circle(x, y, 6 - number, colour, "none" if number else OUTLINE)
    return square(x, y, colour)


def _scale(low: float, high: float) -> Callable[[float], float]:
    across = (WIDTH - LABELS - BESIDE - 10) / (high - low)
    return lambda value: LABELS + 10 + (value - low) * across


def _names(figure: Figure, language: str) -> list[str]:
    return [
        text(LABELS - 12, _middle(row), fitted(LABELS - 14, mark.name.into(language)), "end")
        for row, mark in enumerate(figure.marks)
    ]


def _middle(row: int) -> float:
    return HEAD + ROW * row + ROW / 2


# In a workbook


def excel_waterfall(book: Any, figure: Figure, cells: Cells) -> Any:
    """Bars on an unseen foot: the table's last three columns are where a bar begins, its gain and its loss.

    Beyond each bar an unseen one as long carries its number, which a short bar has no room for.
    """
    chart = book.add_chart({"type": "bar", "subtype": "stacked"})
    begins = len(figure.tables[0].columns) - 3
    unseen = {"fill": {"none": True}, "border": {"none": True}}
    chart.add_series({**cells.series(begins), "gap": 50, **unseen})
    for position, colour in ((begins + 1, INK), (begins + 2, LOSS)):
        bar = {"fill": {"color": colour}, "border": {"none": True}}
        chart.add_series({**cells.series(position), **bar})
    gain, loss, _ = cells.number_format("change", 2).split(";")
    for position, sign in ((begins + 1, gain), (begins + 2, loss)):
        label = {"value": True, "num_format": f"{sign};;", "font": cells.font, "position": "inside_base"}
        chart.add_series({**cells.series(position), "data_labels": label, **unseen})
    chart.set_y_axis({"reverse": True, "num_font": cells.font, "label_position": "low"})
    low, high = ends_of(figure)
    low, high = round_ends([low, high + ROOM_FOR_NUMBERS * (high - low)])
    lines = {"visible": True, "line": {"color": RULE}}
    shown = cells.number_format("points", 1)
    chart.set_x_axis({"num_format": shown, "num_font": cells.font, "min": low, "max": high, "major_gridlines": lines})
    chart.set_legend({"none": True})
    return chart
