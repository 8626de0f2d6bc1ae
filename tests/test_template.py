"""The template guides whoever fills it in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import books
import openpyxl
import pytest
from openpyxl.worksheet.datavalidation import DataValidation

from optimizer import checks, schema, workbook

MINIMAL = books.minimal()


@pytest.fixture(scope="module", params=["ja", "en"])
def template(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The template in each language, opened as Excel would show it."""
    path = tmp_path_factory.mktemp("template") / "template.xlsx"
    workbook.write_template(path, request.param)
    book = openpyxl.load_workbook(path)
    book.language, book.file = request.param, path
    return book


def sheets(template: Any) -> list[tuple[schema.Sheet, Any]]:
    return [(sheet, template[sheet.title(template.language)]) for sheet in schema.SHEETS.values()]


def test_the_template_has_every_sheet_and_column(template: Any) -> None:
    """A first page and each sheet of the schema, headed in the language asked for, with columns of years."""
    assert len(template.sheetnames) == len(schema.SHEETS) + 1
    for sheet, page in sheets(template):
        headings = [cell.value for cell in page[1] if cell.value is not None]
        expected = [column.title(template.language) for column in sheet.columns.values()]
        assert headings == expected + ([2027, 2028, 2029, 2030, 2031] if sheet.years else [])


def test_every_heading_has_a_note_in_both_languages(template: Any) -> None:
    """The note holds the help, the unit and what a blank means, in English and Japanese."""
    for sheet, page in sheets(template):
        for cell, column in zip(page[1], sheet.columns.values(), strict=False):
            assert column.help in cell.comment.text
            assert column.help_ja in cell.comment.text
            assert column.unit in cell.comment.text
            assert column.blank_ja in cell.comment.text


def test_headings_are_protected_and_rows_are_not(template: Any) -> None:
    """Headings cannot be overwritten by accident, data can be typed, and no password is in the way."""
    for sheet, page in sheets(template):
        assert page.protection.sheet
        assert not page.protection.password
        for position, column in enumerate(sheet.columns.values(), 1):
            assert page.cell(1, position).protection.locked, column.name
            (width,) = [d for d in page.column_dimensions.values() if d.min <= position <= d.max]
            assert not width.protection.locked, column.name
        assert page.freeze_panes == "B2"


def test_pages_print_on_one_width(template: Any) -> None:
    """Every sheet prints in landscape on A4, fitted to the width, with its headings on each page."""
    for page in template.worksheets:
        assert page.sheet_properties.pageSetUpPr.fitToPage
        assert (page.page_setup.orientation, page.page_setup.paperSize) == ("landscape", 9)
        assert page.page_setup.fitToHeight == 0
    for _, page in sheets(template):
        assert page.print_title_rows == "$1:$1"


def rule_at(page: Any, cell: str) -> DataValidation:
    return next(rule for rule in page.data_validations.dataValidation if cell in rule.sqref)


def test_drop_downs_offer_what_the_checks_accept(template: Any) -> None:
    """Choices and yes/no are lists of words that are read; references are lists of the other sheet's ids."""
    from optimizer.checks.cells import value_of

    for sheet, page in sheets(template):
        for position, column in enumerate(sheet.columns.values(), 1):
            cell = f"{openpyxl.utils.get_column_letter(position)}2"
            if column.choices or column.kind == "yes_no":
                words = rule_at(page, cell).formula1.strip('"').split(",")
                values = {value_of(word, column) for word in words}
                assert values == (set(column.choices) or {True, False})
            elif column.kind == "ref":
                target = schema.SHEETS[column.refers[0]].title(template.language)
                assert rule_at(page, cell).formula1.startswith(f"'{target}'!$A$2:$A$")


def test_the_first_page_tells_how_to_fill_it_in(template: Any) -> None:
    """The first sheet holds the steps, every sheet and examples, in both languages."""
    words = "\n".join(str(cell.value) for row in template.worksheets[0].iter_rows() for cell in row if cell.value)
    for english, japanese in schema.STEPS:
        assert english in words
        assert japanese in words
    for sheet in schema.SHEETS.values():
        assert sheet.help in words
        assert sheet.help_ja in words


def test_a_filled_template_passes_the_check(template: Any, tmp_path: Path) -> None:
    """Typing a small case under the headings gives a book without error or unknown part."""
    book = openpyxl.load_workbook(template.file)
    for name, rows in MINIMAL.items():
        page = book[schema.SHEETS[name].title(template.language)]
        places = {column: n for n, column in enumerate(schema.SHEETS[name].columns, 1)}
        places |= {cell.value: cell.column for cell in page[1] if isinstance(cell.value, int)}
        if name == "Settings":
            for number, value in enumerate(["A plan", "JPY", 2027, 1], 2):
                page.cell(number, 2, value)
            continue
        for number, row in enumerate(rows, 2):
            for column, value in row.items():
                page.cell(number, places[column], value)
    path = tmp_path / "filled.xlsx"
    book.save(path)
    checked = checks.check(workbook.read(path))
    assert [str(problem.problem) for problem in checked.errors] == []
    assert {str(p.problem)[:18] for p in checked.warnings} == {"Fiscal year 2028 l", "Fiscal year 2029 l",
        "Fiscal year 2030 l", "Fiscal year 2031 l"}  # fmt: skip
    assert checked.tables["Effects"].records[0].values["score"] == 3


def test_an_empty_template_says_what_is_missing(template: Any) -> None:
    """Checking the empty template lists what must be filled in, and nothing that is its own fault."""
    problems = checks.check(workbook.read(template.file)).problems
    assert all("missing" in str(p.problem) or "no rows" in str(p.problem) for p in problems)
    assert {schema.SHEETS[name].title(template.language) for name in ("Settings", "Accounts", "Effects")} <= {
        p.sheet for p in problems
    }
