"""The reports of a run: one content, a writer for each file."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from optimizer.results import Result

Writer = Callable[[Result], bytes]


def writers(language: str) -> Mapping[str, Writer]:
    """The reports by file name. What they are drawn and written with is loaded when one is asked for."""
    return {
        "report.xlsx": lambda result: _excel(result, language),
        "report.html": lambda result: _html(result, language),
    }


def _excel(result: Result, language: str) -> bytes:
    from optimizer.report.excel import excel  # noqa: PLC0415  (checking a book must not pay for reports)

    return excel(result, language)


def _html(result: Result, language: str) -> bytes:
    from optimizer.report.html import html  # noqa: PLC0415

    return html(result, language)
