"""The user's own file with every problem marked in place: a coloured cell, a comment, and an index sheet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from optimizer.errors import Problem
from optimizer.words import Words, say
from optimizer.workbook.cells import opened_for_change

INDEX = "haibun_problems"
LONGEST_COMMENT = 8_000
LONGEST_CELL = 32_000
COLOURS = {"error": "FFF4B6B0", "warning": "FFFFE699"}
AUTHOR = "Haibun"
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
HEADINGS = (
    say("Severity"),
    say("Sheet"),
    say("Cell"),
    say("Value found"),
    say("Problem"),
    say("How to mend it"),
)
SEVERITIES = {"error": say("error"), "warning": say("warning")}
WIDTHS = (12, 18, 8, 22, 62, 62)


def annotate(source: Path | bytes, problems: Sequence[Problem], out: Path) -> None:
    """Write to ``out`` the workbook ``source`` with each faulty cell marked and commented, and an index.

    Nothing else of the user's file changes; a comment that is already there is kept and added to.
    """
    data = source if isinstance(source, bytes) else Path(source).read_bytes()
    book = opened_for_change(data, rich_text=True)
    if INDEX in book.sheetnames:
        del book[INDEX]
    for page in book.worksheets:
        _keep_notes_readable(page)
    by_cell: dict[tuple[str, str], list[Problem]] = {}
    for problem in problems:
        if problem.sheet in book.sheetnames and problem.cell:
            by_cell.setdefault((problem.sheet, problem.cell), []).append(problem)
    for (sheet, cell), found in by_cell.items():
        _mark(book[sheet][cell], found)
    _write_index(book, problems)
    book.save(out)


def _mark(cell: Any, problems: Sequence[Problem]) -> None:
    from openpyxl.comments import Comment  # noqa: PLC0415
    from openpyxl.styles import PatternFill  # noqa: PLC0415

    worst = "error" if any(problem.severity == "error" for problem in problems) else "warning"
    old = _without_ours(cell.comment.text) if cell.comment else ""
    told = [_in_both(problem) for problem in problems]
    text = "\n\n".join([*filter(None, [old]), *told])
    comment = Comment(_fitting(text, LONGEST_COMMENT), (cell.comment and cell.comment.author) or AUTHOR)
    comment.width, comment.height = 420, min(480, 90 + 70 * len(told))
    if cell.__class__.__name__ == "MergedCell":
        return
    cell.fill = PatternFill("solid", fgColor=COLOURS[worst])
    cell.comment = comment


def _keep_notes_readable(page: Any) -> None:
    """openpyxl forgets how large a note was drawn: give each the room that its text needs."""
    for row in page.iter_rows():
        for cell in row:
            if cell.comment:
                lines = sum(1 + len(line) // 40 for line in cell.comment.text.splitlines())
                cell.comment.width, cell.comment.height = 320, min(480, 40 + 18 * lines)


def _in_both(problem: Problem) -> str:
    japanese = f"{problem.problem.into('ja')} {problem.fix.into('ja')}"
    english = f"{problem.problem.into('en')} {problem.fix.into('en')}"
    return _ILLEGAL.sub("", f"【{AUTHOR}】{japanese}\n{english}")


def _without_ours(text: str) -> str:
    """An old comment without what an earlier annotation added."""
    return text.split(f"【{AUTHOR}】", 1)[0].rstrip()


def _fitting(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _write_index(book: Any, problems: Sequence[Problem]) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill  # noqa: PLC0415

    page = book.create_sheet(INDEX, 0)
    for position, (words, width) in enumerate(zip(HEADINGS, WIDTHS, strict=True), 1):
        heading = page.cell(1, position, f"{words.into('ja')}\n{words.into('en')}")
        heading.font = Font(bold=True, color="FFFFFFFF")
        heading.fill = PatternFill("solid", fgColor="FF00417A")
        heading.alignment = Alignment(wrap_text=True, vertical="top")
        page.column_dimensions[heading.column_letter].width = width
    for row, problem in enumerate(problems, 2):
        texts = (
            _both(SEVERITIES.get(problem.severity, say("error"))),
            problem.sheet,
            problem.cell,
            problem.value,
            _both(problem.problem),
            _both(problem.fix),
        )
        for position, text in enumerate(texts, 1):
            entry = page.cell(row, position)
            entry.value = _fitting(_ILLEGAL.sub("", text), LONGEST_CELL)
            entry.data_type = "s"  # never a formula, whatever the user's cell held
            entry.alignment = Alignment(wrap_text=True, vertical="top")
        page.cell(row, 1).fill = PatternFill("solid", fgColor=COLOURS.get(problem.severity, COLOURS["error"]))
        if problem.sheet in book.sheetnames:
            _link(page.cell(row, 3 if problem.cell else 2), problem)
    page.freeze_panes = "A2"
    page.auto_filter.ref = f"A1:F{len(problems) + 1}"
    page.page_setup.orientation = "landscape"
    page.page_setup.paperSize = 9
    page.page_setup.fitToHeight = 0
    page.sheet_properties.pageSetUpPr.fitToPage = True
    page.print_title_rows = "1:1"
    book.active = 0
    for other in book.worksheets[1:]:
        other.sheet_view.tabSelected = False


def _link(entry: Any, problem: Problem) -> None:
    from openpyxl.styles import Font  # noqa: PLC0415
    from openpyxl.worksheet.hyperlink import Hyperlink  # noqa: PLC0415

    quoted = problem.sheet.replace("'", "''")
    entry.hyperlink = Hyperlink(ref=entry.coordinate, location=f"'{quoted}'!{problem.cell or 'A1'}")
    entry.font = Font(color="FF00417A", underline="single")


def _both(words: Words) -> str:
    japanese, english = words.into("ja"), words.into("en")
    return english if japanese == english else f"{japanese}\n{english}"
