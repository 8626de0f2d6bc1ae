"""Which figures have a native chart in a workbook, who draws it, and how high it is (pixels)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from optimizer.report.curves import excel_curve, excel_spans
from optimizer.report.document import Figure
from optimizer.report.steps import excel_waterfall

EXCEL: Mapping[str, Callable[..., Any]] = {
    "spans": excel_spans,
    "curve": excel_curve,
    "waterfall": excel_waterfall,
}
HEIGHTS: Mapping[str, Callable[[Figure], int]] = {
    "spans": lambda figure: 140 + 34 * len(figure.marks),
    "curve": lambda _figure: 420,
    "waterfall": lambda figure: 140 + 34 * len(figure.marks),
}
