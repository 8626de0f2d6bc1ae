"""Figures of answers: spans (a value with its range) and a curve, for the page and for the workbook."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from optimizer.report.document import Figure, number_text
from optimizer.report.figures.cells import Cells
from optimizer.report.figures.palette import HEAT, INK, OUTLINE, RULE
from optimizer.report.figures.pen import AXIS, LEGEND, Drawing, Pen
from optimizer.words import say

RANGE = "#C9D8E8"
DOT, DIGIT = 24, 8
"""In pixels: what a dot and the space beside it take, and a digit of its label, which stands right of the axes."""
NOTHING = 1e-6
"""A difference that is not drawn: the ticks of so short an axis would be no numbers that people read."""
STEEPEST = 4
"""Times today's slope up to which slopes are drawn: beyond, the line leaves the picture."""


def spans(pen: Pen) -> Drawing:
    """A bar over each range, a dot at the value, open marks for what else is known of each."""
    figure, names = pen.figure, pen.names()
    value, least, most, *others = (_floats(figure, position) for position in range(len(figure.values[0])))
    range_name, value_name, *other_names = (pen.say(mark.name) for mark in figure.across)
    kind = figure.tables[0].columns[1].kind
    texts = [
        "" if row[0] is None else number_text(row[0], kind, figure.decimals, pen.language) for row in figure.values
    ]
    widths = [None if a is None or b is None else b - a for a, b in zip(least, most, strict=True)]
    open_mark: dict[str, Any] = {"color": "#FFFFFF", "size": 10, "line": {"color": OUTLINE, "width": 1.5}}
    data: list[dict[str, Any]] = [
        {
            "type": "bar", "orientation": "h", "name": range_name, "y": names,
            "x": widths, "base": least, "width": 0.5, "marker": {"color": RANGE}, "hoverinfo": "skip",
        },
        *(
            {
                "type": "scatter", "mode": "markers", "name": name, "y": names, "x": other,
                "marker": open_mark | {"symbol": symbol},
            }
            for name, other, symbol in zip(other_names, others, ("diamond", "square"), strict=False)
        ),
        {
            "type": "scatter", "mode": "markers", "name": value_name, "y": names, "x": value,
            "marker": {"color": INK, "size": 13},
        },
        {
            "type": "scatter", "mode": "text", "y": names, "x": [max(_known(row)) for row in _rows(figure)],
            "text": [f"    {text}" for text in texts], "textposition": "middle right", "showlegend": False,
            "hoverinfo": "skip", "cliponaxis": False,
        },
    ]  # fmt: skip
    low, high = reach([value for row in _rows(figure) for value in _known(row)])
    layout = pen.layout(len(names), legend=LEGEND)
    layout["margin"] |= {"r": DOT + DIGIT * max(map(len, texts))}
    layout["yaxis"] = {**AXIS, "autorange": "reversed", "tickfont": {"size": 12}}
    layout["xaxis"] = {
        **AXIS, "title": pen.title(figure.unit), "zeroline": True,
        "range": [low - 0.02 * (high - low), high + 0.02 * (high - low)],
    }  # fmt: skip
    return {"data": data, "layout": layout}


def curve(pen: Pen) -> Drawing:
    """The score above, its slope as steps below, today marked."""
    figure = pen.figure
    budget, score, slope, factor = (_floats(figure, position) for position in range(4))
    names = [pen.say(mark.name) for mark in figure.marks]
    today = [number for number, value in enumerate(factor) if value == 1]
    data = [
        {
            "type": "scatter", "mode": "lines+markers", "name": names[0], "x": budget, "y": score,
            "line": {"color": INK, "width": 2}, "marker": {"size": 4},
        },
        {
            "type": "scatter", "mode": "markers+text", "name": pen.say(say("Today")),
            "x": [budget[i] for i in today], "y": [score[i] for i in today], "textposition": "bottom right",
            "text": [pen.say(say("Today")) for _ in today], "showlegend": False,
            "marker": {"size": 12, "color": "#FFFFFF", "line": {"color": OUTLINE, "width": 2}},
        },
        {
            "type": "scatter", "mode": "lines", "name": names[1], "x": budget, "y": slope, "yaxis": "y2",
            "line": {"color": OUTLINE, "width": 1.5, "shape": "hv"},
        },
    ]  # fmt: skip
    layout = pen.layout(0, height=560, legend=LEGEND)
    layout["xaxis"] = {**AXIS, "title": pen.title(figure.unit), "tickformat": ",~r", "anchor": "y2"}
    layout["yaxis"] = {**AXIS, "domain": [0.42, 1], "title": pen.title(figure.marks[0].name)}
    steepest = max((value for value in slope if value is not None), default=1.0)
    top = min([steepest, *(STEEPEST * (slope[i] or steepest) for i in today)]) or 1.0
    layout["yaxis2"] = {**AXIS, "domain": [0, 0.32], "title": pen.title(say("Price")), "range": [0, 1.05 * top]}
    return {"data": data, "layout": layout}


def _rows(figure: Figure) -> list[list[float | None]]:
    return [[None if value is None else float(value) for value in row] for row in figure.values]


def _floats(figure: Figure, position: int) -> list[float | None]:
    return [row[position] for row in _rows(figure)]


def _known(row: list[float | None]) -> list[float]:
    return [value for value in row if value is not None] or [0.0]


# In a workbook


def excel_spans(book: Any, figure: Figure, cells: Cells) -> Any:
    """Bars of the values; whiskers over their ranges where the table's last two columns hold their lengths."""
    chart = book.add_chart({"type": "bar"})
    columns = figure.tables[0].columns
    last = len(columns) - 1
    label = cells.number_format(columns[1].kind, 2)
    whiskers = {
        "type": "custom", "plus_values": cells.area(last - 1), "minus_values": cells.area(last),
        "line": {"color": OUTLINE, "width": 1.25},
    }  # fmt: skip
    chart.add_series(
        {
            **cells.series(1),
            "gap": 60, "fill": {"color": HEAT},
            "data_labels": {"value": True, "num_format": label, "font": cells.font, "position": "inside_base"},
            **({"y_error_bars": whiskers} if columns[last].less else {}),
        }
    )  # fmt: skip
    chart.set_y_axis({"reverse": True, "num_font": cells.font})
    low, high = round_ends(reach([value for row in _rows(figure) for value in _known(row)]))
    grid = {"visible": True, "line": {"color": RULE}}
    shown = cells.number_format("points", 1)
    chart.set_x_axis({"num_format": shown, "num_font": cells.font, "min": low, "max": high, "major_gridlines": grid})
    chart.set_legend({"none": True})
    return chart


def excel_curve(book: Any, figure: Figure, cells: Cells) -> Any:
    """The score against the budget."""
    chart = book.add_chart({"type": "scatter", "subtype": "straight"})
    line = {"color": INK, "width": 2}
    chart.add_series({**cells.series(3, 2), "line": line})
    grid = {"visible": True, "line": {"color": RULE}}
    axes = ((0, chart.set_x_axis, "#,##0"), (1, chart.set_y_axis, "0"))
    for position, set_axis, shown in axes:
        values = _floats(figure, position)
        low, high = round_ends([value for value in values if value is not None])
        set_axis({"num_format": shown, "num_font": cells.font, "min": low, "max": high, "major_gridlines": grid})
    chart.set_legend({"none": True})
    return chart


def reach(values: Sequence[float]) -> tuple[float, float]:
    """An axis from 0, or the least, to the greatest of some values; of length 1 where all of them are 0."""
    low, high = min([0.0, *values]), max([0.0, *values])
    return (low, high) if high - low > NOTHING else (low, low + 1.0)


def round_ends(values: Sequence[float]) -> tuple[float, float]:
    """Ends of an axis at round numbers, just outside the values."""
    step = 10 ** math.floor(math.log10(max(max(values) - min(values), 1e-6))) / 2
    return math.floor(min(values) / step) * step, math.ceil(max(values) / step) * step
