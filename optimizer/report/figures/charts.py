"""The native charts of figures in a workbook: who draws them, side by side in what part of the width, and how high.

A chart refers to the table above it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from optimizer.report.document import Figure
from optimizer.report.figures.cells import Cells
from optimizer.report.figures.curves import excel_curve, excel_spans
from optimizer.report.figures.palette import COLOURS, INK, OUTLINE, RULE
from optimizer.report.figures.steps import excel_waterfall

MOST_FOR_MARKS = 460
"""In pixels, at the usual distance of marks."""
GRID = {"visible": True, "line": {"color": RULE}}


def excel_bars(book: Any, figure: Figure, cells: Cells) -> Any:
    """Baseline outlined, plan filled, with its amount on white, for the outline may pass behind it."""
    plan, baseline = _columns(figure)[:2]
    chart = book.add_chart({"type": "bar"})
    chart.add_series(
        {
            **cells.series(baseline),
            "gap": 45, "overlap": 55, "fill": {"none": True}, "border": {"color": OUTLINE, "width": 1.25},
        }
    )  # fmt: skip
    chart.add_series(
        {
            **cells.series(plan), "fill": {"color": INK},
            "border": {"none": True}, "points": _coloured(figure),
            "data_labels": {"value": True, "num_format": "#,##0", "font": cells.font, "fill": {"color": "#FFFFFF"}},
        }
    )  # fmt: skip
    chart.set_x_axis({"num_format": "#,##0", "num_font": cells.font, "major_gridlines": GRID})
    chart.set_y_axis({"reverse": True, "num_font": cells.font})
    chart.set_legend({"position": "bottom", "font": cells.font})
    return chart


def excel_changes(book: Any, figure: Figure, cells: Cells) -> Any:
    """The change of each bar, in per cent."""
    rate = _columns(figure)[2]
    chart = book.add_chart({"type": "bar"})
    chart.add_series(
        {
            **cells.series(rate),
            "fill": {"color": INK}, "gap": 90, "border": {"none": True}, "points": _coloured(figure),
            "data_labels": {"value": True, "font": cells.font},
        }
    )  # fmt: skip
    chart.set_x_axis(
        {"num_format": cells.number_format("share", 0), "num_font": cells.font, "major_gridlines": {"visible": False}}
    )
    chart.set_y_axis({"reverse": True, "num_font": cells.font, "label_position": "none"})
    chart.set_legend({"position": "bottom", "font": cells.font})
    return chart


def _columns(figure: Figure) -> tuple[int, int, int]:
    """Where the table of bars holds plan, baseline and change in per cent."""
    count = len(figure.tables[0].columns)
    return count - 4, count - 3, count - 1


def _coloured(figure: Figure) -> list[dict[str, Any]]:
    return [{"fill": {"color": COLOURS.get(mark.colour, INK)}} for mark in figure.marks]


def _by_marks(figure: Figure) -> int:
    """Room for each mark; many are drawn closer, so that the chart is no higher than a printed page."""
    count = len(figure.marks)
    return 140 + min(34 * count, max(14 * count, MOST_FOR_MARKS))


EXCEL: Mapping[str, tuple[tuple[Callable[..., Any], float], ...]] = {
    "bars": ((excel_bars, 0.7), (excel_changes, 0.3)),
    "spans": ((excel_spans, 1.0),),
    "curve": ((excel_curve, 1.0),),
    "waterfall": ((excel_waterfall, 1.0),),
}
HEIGHTS: Mapping[str, Callable[[Figure], int]] = {
    "bars": _by_marks,
    "spans": _by_marks,
    "curve": lambda _figure: 420,
    "waterfall": _by_marks,
}
