"""The reports are read back: tables foot with the published amounts, in both languages, and no name does harm."""

from __future__ import annotations

import ast
import base64
import csv
import gzip
import io
import json
import re
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path

import books
import openpyxl
import pytest
from babel.messages.pofile import read_po
from defusedxml import ElementTree
from hypothesis import given
from hypothesis import strategies as st
from plotly.offline import get_plotlyjs
from support import opened
from xlsxwriter.worksheet import Worksheet

from optimizer import report, run
from optimizer.fiscal import listed, year_name, years_named
from optimizer.report.chapters.content import document_of
from optimizer.report.chapters.lines import Lines
from optimizer.report.chapters.money import Money, split
from optimizer.report.document import (
    Column,
    Document,
    Figure,
    Mark,
    Quantity,
    Section,
    Table,
    exact_sum,
    number_text,
    table_of,
    tables_of,
)
from optimizer.report.figures.drawing import drawing
from optimizer.report.figures.letters import broken, fitting, lines_in
from optimizer.report.figures.picture import STILLS, picture
from optimizer.report.figures.shapes import size_for
from optimizer.report.files.bundle import bundle
from optimizer.report.files.excel import NEXT_LINE, excel
from optimizer.report.files.html import columns_of, told_of
from optimizer.report.files.printing import LINE_HEIGHT, WIDEST_PAGE, Printing, stretches_of
from optimizer.report.plain_style import plainly
from optimizer.report.terms import both
from optimizer.results import VERDICTS, Result
from optimizer.words import CATALOGUE, Name, Words

FORMULA = '=HYPERLINK("http://example.org","x")'
SCRIPT = "<script>alert('x')</script> & </title>"
JAPANESE = re.compile("[぀-ヿ一-鿿]")


def hostile() -> books.Book:
    """A book with everything whose names try to be formulas and markup."""
    book = books.with_everything()
    book["Settings"][0]["value"] = f"{SCRIPT} / {SCRIPT}計画"
    book["Programmes"][0] |= {"name": FORMULA, "name_ja": "+SUM(1)計", "source": "@data: =1+1"}
    book["Programmes"][1] |= {"name": SCRIPT, "name_ja": SCRIPT}
    book["Regions"][0] |= {"name": SCRIPT, "name_ja": "-2+3"}
    book["Accounts"][0] |= {"name": "</script><img src=http://example.org/x>"}
    book["Accounts"][2] |= {"agency": "=1+1"}
    book["Limits"][0] |= {"source": "law: '; DROP"}
    return book


@pytest.fixture(scope="module", params=["base", "all", "pinned"])
def result(request: pytest.FixtureRequest) -> Result:
    """A solved book with every sheet, in three scenarios."""
    return run.solve_book(opened(books.with_everything()), request.param)


@pytest.fixture(scope="module")
def attacked() -> Result:
    """A solved book with hostile names."""
    return run.solve_book(opened(hostile()))


def tables(document: Document) -> dict[str, Table]:
    return {table.name: table for table in document.tables()}


# The content


def test_every_table_of_money_comes_to_the_published_amounts(result: Result) -> None:
    """Each view of the money has the same total: the sum of the published amounts."""
    spent = sum(result.plan.spending.values(), Fraction(0))
    found = tables(document_of(result))
    assert found["money_matrix"].total[-1] == spent
    for name in ("money_by_family", "money_by_region", "money_by_agency", "money_by_account", "lines"):
        headings = [str(column.heading) for column in found[name].columns]
        assert found[name].total[headings.index("Plan, total")] == spent, name
    flows = [table for name, table in found.items() if name.startswith("flow_")]
    assert len(flows) == 4
    assert all(table.total[-1] == spent for table in flows)
    assert found["budgets"].total[7] == spent
    by_year = found["money_by_year"]
    assert by_year.total[[str(c.heading) for c in by_year.columns].index("Spent")] == spent


def test_every_total_is_the_sum_of_its_column_and_every_derived_cell_follows(result: Result) -> None:
    """Totals, row sums, differences and ratios hold exactly."""
    for table in document_of(result).tables():
        for number, column in enumerate(table.columns):
            if column.summed and table.total:
                assert table.total[number] == sum(table.numbers(number), Fraction(0)), (table.name, number)
            for row in (*table.rows, *([table.total] if table.total else [])):
                if column.across:
                    first, last = column.across
                    assert row[number] == sum((Fraction(row[i] or 0) for i in range(first, last + 1)), Fraction(0))  # type: ignore[arg-type]
                if column.less:
                    assert row[number] == row[column.less[0]] - row[column.less[1]]  # type: ignore[operator]


def test_groups_sum_their_rows(result: Result) -> None:
    """Each group's sums are those of its rows; the largest groups hold every row once, in the workbook's order."""
    table = tables(document_of(result))["lines"]
    for group in table.groups:
        rows = table.rows[group.first : group.last]
        at = 1 if group.level == 1 else len(table.columns) - 6
        assert {str(row[at]) for row in rows} == {str(group.cells[0])}
        for number, column in enumerate(table.columns):
            if column.summed:
                assert group.cells[number] == sum((Fraction(row[number] or 0) for row in rows), Fraction(0))  # type: ignore[arg-type]
        assert group.cells[table.key] is None
    regions = [range(group.first, group.last) for group in table.groups if group.level == 1]
    assert [row for part in regions for row in part] == list(range(len(table.rows)))
    assert all(row[table.key] for row in table.rows)


def test_a_group_that_would_repeat_another_is_left_out() -> None:
    """One region needs no sum of its own, nor one family in a region."""
    columns = [Column(Name("Id")), Column(Name("Region")), Column(Name("Family")), Column(Name("Money"), summed=True)]
    rows = [("a", "R", "f", 1), ("b", "R", "g", 2), ("c", "R", "g", 3)]
    table = table_of("t", Name("t"), columns, rows, grouped_by=(1, 2))
    assert [(g.level, g.first, g.last, g.cells[3]) for g in table.groups] == [(2, 0, 1, 1), (2, 1, 3, 5)]
    rows = [("a", "R", "f", 1), ("b", "S", "g", 2), ("c", "", "", 4)]
    table = table_of("t", Name("t"), columns, rows, grouped_by=(1, 2))
    assert [level for level, _ in table.body()] == [1, 0, 1, 0, 0]
    assert table.total[3] == 7


def test_budgets_balance(result: Result) -> None:
    """What an account receives is spent, given, carried or lapses."""
    for row in tables(document_of(result))["budgets"].rows:
        appropriation, into, carried_in, given, carried_out, spent, lapsed = row[2:9]
        assert appropriation + into + carried_in == given + carried_out + spent + lapsed  # type: ignore[operator]


def test_limits_reach_what_the_plan_spends() -> None:
    """The minimal book with a share limit: reached and room are those of the answer worked out by hand."""
    book = books.minimal()
    book["Limits"] = [
        {
            "limit": "few_wells",
            "measure": "spend",
            "sense": "max",
            "value": 0.5,
            "basis": "share",
            "programme": "wells",
        },
        {"limit": "some_roads", "measure": "spend", "sense": "min", "value": 1, "programme": "roads"},
    ]
    result = run.solve_book(opened(book))
    assert result.plan.spending == {("wells", 0): 5, ("roads", 0): 5}
    few, some = tables(document_of(result))["limits"].rows
    assert [cell.into("en") for cell in few[3:]] == ["50.00%", "50.00%", "0.00%", "binds"]  # type: ignore[union-attr]
    assert [cell.into("en") for cell in some[3:]] == ["1.00", "5.00", "4.00", "has room"]  # type: ignore[union-attr]


def test_the_first_page_says_what_the_numbers_are(result: Result) -> None:
    """Score, bound and the caution are on the first page, and the proved numbers are rounded the honest way."""
    first = document_of(result).sections[0]
    said = " ".join(str(s) for block in first.blocks for s in getattr(block, "sentences", ()))
    assert "scores are not measurements" in said
    assert "a ministry is meant to replace them" in said
    key = {str(row[0]): row[1] for row in tables(document_of(result))["key_figures"].rows}
    score = key["Score of the published amounts (points of 100)"]
    bound = key["Upper bound: no plan can score more (points)"]
    assert isinstance(score, Quantity)
    assert isinstance(bound, Quantity)
    assert score.value <= result.proof.score < score.value + Fraction(1, 10**6)
    assert bound.value - Fraction(1, 10**6) < result.proof.bound <= bound.value


def test_figures_are_counted_by_the_first_word_of_their_source() -> None:
    """data, rule, assumption and judgement are told apart in either language; other words are not stated."""
    book = books.minimal()
    book["Programmes"][0]["source"] = "data: budget"
    book["Programmes"][1]["source"] = "判断：例示"
    counted = tables(document_of(run.solve_book(opened(book))))["kinds_of_figures"]
    assert counted.rows[0][1:] == (1, 0, 0, 1, 0, 2)
    assert counted.rows[1][1:] == (0, 0, 0, 0, 2, 2)


def test_a_long_list_is_cut_for_the_page_and_still_foots(result: Result) -> None:
    """The smallest programmes become one row; the totals do not change."""
    lines = Lines(Money(result))
    whole, cut = lines.table(), lines.table(2)
    assert len(cut.rows) == 3
    assert cut.total == whole.total


def test_paper_has_a_reason_beside_each_line(result: Result) -> None:
    """Each programme stands once, in its region, beside the verdict of each of its years and what stops more of it."""
    lines = Lines(Money(result))
    table = lines.in_short(len(lines.by_programme))
    assert table in next(section for section in document_of(result).sections if section.name == "why").on_paper
    named = [part for row in table.rows for part in re.split("[;,] ", str(row[0]))]
    assert sorted(named) == sorted(part for each in lines.by_programme for part in each[0].programme.name.split(", "))
    for line in result.lines:
        region = str(lines.money.region_names[line.programme.region])
        told = [str(row[1]) for row in table.rows if line.programme.name in str(row[0]) and str(row[2]) == region]
        stop = "" if line.verdict in ("all", "pinned") else str(result.in_short(line))
        assert any(str(VERDICTS[line.verdict]) in each and stop in each for each in told)


def test_paper_says_how_many_reasons_it_leaves_out(result: Result) -> None:
    """Beyond a number the programmes that get least are counted in one last row."""
    lines = Lines(Money(result))
    largest = max(lines.by_programme, key=lambda each: sum(line.amount for line in each))[0].programme
    table = lines.in_short(1)
    assert all(str(group.cells[0]) for group in table.groups), "they are of no region"
    assert [str(row[0]) for row in table.rows] == [
        largest.name,
        f"{len(lines.by_programme) - 1} smaller programmes (each is in report.xlsx)",
    ]


@given(
    st.integers(0, 10**6),
    st.dictionaries(st.sampled_from("abcdef"), st.fractions(min_value="1/1000", max_value=50), min_size=1),
)
def test_a_split_is_whole_and_loses_nothing(units: int, weights: dict[str, Fraction]) -> None:
    """Parts are whole publish units, add up, and are within one unit of the exact share."""
    unit = Fraction(1, 100)
    parts = dict(split(units * unit, weights, unit))
    assert sum(parts.values(), Fraction(0)) == units * unit
    for key, part in parts.items():
        assert part % unit == 0
        assert abs(part - units * unit * weights[key] / sum(weights.values())) < unit


@given(st.lists(st.fractions()))
def test_exact_sum_is_the_sum(numbers: list[Fraction]) -> None:
    """Adding by denominator changes nothing."""
    assert exact_sum(numbers) == sum(numbers, Fraction(0))


def test_numbers_read_as_officials_write_them() -> None:
    """Thousands separators; △ for minus in Japanese; no minus before a zero."""
    assert number_text(Fraction("-1234.5"), "money", 2, "ja") == "△ 1,234.50"
    assert number_text(Fraction("-1234.5"), "money", 2, "en") == "−1,234.50"
    assert number_text(Fraction("0.0666"), "rate", 1, "en") == "+6.7%"
    assert number_text(Fraction("0.0666"), "rate", 1, "ja") == "6.7%"
    assert number_text(Fraction("-0.001"), "money", 2, "ja") == "0.00"
    assert number_text(Fraction(620), "number", 2, "en") == "620"


def test_years_read_as_officials_write_them() -> None:
    """Reiwa years in Japanese, runs of years with a dash."""
    assert year_name(2027).into("ja") == "令和9年度"
    assert year_name(2019).into("ja") == "令和元年度"
    assert year_name(2018).into("ja") == "2018年度"
    assert years_named(2027, [0, 1, 3]).into("en") == "FY2027–FY2028, FY2030"


def test_names_that_have_commas_of_their_own_are_told_apart():
    grants = [Name("Grant aid, Palau", japanese="無償資金協力（パラオ）"), Name("Roads", japanese="道路")]
    assert listed(grants).into("en") == "Grant aid, Palau; Roads"
    assert listed(grants).into("ja") == "無償資金協力（パラオ）、道路"


def test_a_bilingual_text_gives_each_reader_a_half() -> None:
    """English / 日本語 is split; anything else stays whole."""
    assert (both("persons / 人").into("en"), both("persons / 人").into("ja")) == ("persons", "人")
    assert both("A / B").into("ja") == "A / B"


# The workbook


@pytest.fixture(scope="module")
def workbooks(result: Result) -> dict[str, bytes]:
    """report.xlsx in both languages."""
    return {language: report.writers(language)["report.xlsx"](result) for language in ("en", "ja")}


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_workbook_holds_every_table_with_its_numbers(
    result: Result, workbooks: dict[str, bytes], language: str
) -> None:
    """Each named range has the content's heading, rows and total, to the last digit; cached totals are the sums."""
    values = openpyxl.load_workbook(io.BytesIO(workbooks[language]), data_only=True)
    formulas = openpyxl.load_workbook(io.BytesIO(workbooks[language]))
    for name, table in tables(document_of(result)).items():
        (sheet, area), *_ = values.defined_names[name].destinations
        cells = values[sheet][area]
        assert [cell.value for cell in cells[0]] == [column.heading.into(language) for column in table.columns]
        expected = [*(row for _, row in table.body()), *([table.total] if table.total else [])]
        levels = [level for level, _ in table.body()]
        assert len(cells) == 1 + len(expected), name
        for cell_row, row in zip(cells[1:], expected, strict=True):
            for cell, wanted, column in zip(cell_row, row, table.columns, strict=True):
                number = wanted.value if isinstance(wanted, Quantity) else wanted
                if isinstance(number, Fraction | int):
                    exact = column.kind in ("money", "change", "count")
                    wanted_value = float(number) if exact else pytest.approx(float(number), rel=1e-15)
                    assert cell.value == wanted_value, (name, cell.coordinate)
                elif isinstance(wanted, Words | str) and str(wanted):
                    text = wanted.into(language) if isinstance(wanted, Words) else wanted
                    assert str(cell.value).replace("\r", "") == text, (name, cell.coordinate)
                elif column.is_numeric:
                    assert cell.value in (None, ""), (name, cell.coordinate)
        for column_number, column in enumerate(table.columns):
            if column.summed:
                total = cells[-1][column_number]
                rows = [row for row, level in zip(cells[1:-1], levels, strict=True) if not level]
                column_sum = sum(Fraction(str(row[column_number].value or 0)) for row in rows)
                assert round(column_sum, 6) == round(Fraction(str(total.value)), 6), (name, total.coordinate)
                assert formulas[sheet][total.coordinate].value.startswith(("=ROUND(SUM", "=SUM"))


def test_the_workbook_prints(workbooks: dict[str, bytes]) -> None:
    """A4 landscape, one page wide, frozen headings, a filter on the lines, native charts with their titles."""
    book = openpyxl.load_workbook(io.BytesIO(workbooks["ja"]))
    for sheet in book:
        assert (sheet.page_setup.orientation, str(sheet.page_setup.paperSize)) == ("landscape", "9")
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.page_setup.fitToWidth in (None, 1)
        assert sheet.freeze_panes
        assert len(sheet.title) <= 31
    (sheet, _), *_ = book.defined_names["lines"].destinations
    lines = book[sheet]
    assert lines.auto_filter.ref
    assert lines.print_title_rows
    cover, *others = book
    assert cover.page_setup.fitToHeight in (None, 1)
    assert all(sheet.page_setup.fitToHeight == 0 and sheet.oddHeader.right.text == "&A" for sheet in others)
    links = [row[0].hyperlink.location for row in cover.iter_rows() if row[0].hyperlink]
    assert links == [f"'{sheet.title}'!A1" for sheet in others]
    assert sum(len(sheet._charts) for sheet in book) == 4


@pytest.mark.parametrize("language", ["en", "ja"])
def test_wide_tables_are_legible_on_paper(language: str) -> None:
    """Long names and sentences are wrapped, in rows as high as they need, so that a page wide holds 8 points."""
    long, sentence = Name("Name of a programme " * 4, japanese="事業の名称" * 12), Name("Because " * 12)
    columns = [Column(Name("A")), Column(Name("B")), *[Column(Name("Appropriations"), "money")] * 3]
    columns.append(Column(Name("S"), "long"))
    numbers = [Fraction(-4_567)] * 3
    rows = [(long, "b" * 50, *numbers, sentence), ("short", "b", *numbers, "short")]
    table = table_of("t", Name("t"), columns, rows)
    document = Document(Name("T"), Name("M"), Name("S"), Name("F"), (Section("one", Name("One"), (table,)),))
    sheet = openpyxl.load_workbook(io.BytesIO(excel(document, language))).active
    widths = [found.width for found in sheet.column_dimensions.values() for _ in range(found.min, found.max + 1)]
    assert sum(widths) <= WIDEST_PAGE + len(widths)
    assert min(widths[2:5]) > max(len(number_text(numbers[0], "money", 2, language)), len("Appropriations"))
    first = next(row[0].row for row in sheet if row[0].value == long.into(language))
    assert sheet.row_dimensions[first].height >= 3 * NEXT_LINE
    assert sheet.row_dimensions[first + 1].height < LINE_HEIGHT + 1


def test_pages_begin_where_nothing_is_cut() -> None:
    """Where a page holds thirty rows: a chart that no longer fits begins one, and so does what follows a long list."""
    printing = Printing(Worksheet(), [10.0])
    rows = int(printing.page_height // LINE_HEIGHT)
    printing.keep(2, 12)
    printing.keep(13, rows)
    printing.keep(rows + 1, rows + 9)
    printing.keep(rows + 10, 3 * rows)
    printing.keep(3 * rows + 1, 3 * rows + 2)
    assert printing.breaks() == [rows + 1, 3 * rows + 1]
    tall = Printing(Worksheet(), [10.0])
    tall.keep(2, rows + 1)
    assert tall.breaks() == []
    assert Printing(Worksheet(), [WIDEST_PAGE / 10] * 10).page_height > printing.page_height


@given(st.lists(st.floats(8, 50), min_size=1, max_size=60))
def test_many_columns_are_printed_on_several_pages_across(widths: list[float]) -> None:
    """Each page has room for its columns beside the first one, which is repeated, and none is left out."""
    begins = stretches_of(widths)
    assert begins == sorted(set(begins))
    assert (sum(widths) <= WIDEST_PAGE) == (not begins)
    for first, end in zip([1, *begins], [*begins, len(widths)], strict=True):
        assert end > first or len(widths) == 1
        assert sum(widths[first:end]) <= WIDEST_PAGE - widths[0] + 1e-9


def test_no_name_becomes_a_formula(attacked: Result) -> None:
    """Text of the user's stays text; only the report's own sums are formulas."""
    for language in ("en", "ja"):
        book = openpyxl.load_workbook(io.BytesIO(report.writers(language)["report.xlsx"](attacked)))
        texts = set()
        for sheet in book:
            assert sheet._hyperlinks == []
            for row in sheet.iter_rows():
                for cell in row:
                    if cell.data_type == "f":
                        formula = r"=(ROUND|SUM|SUBTOTAL|IF)\([A-Z0-9:$(),\"=<>/+\-]*\)"
                        assert re.fullmatch(formula, cell.value), cell.value
                    elif cell.data_type == "s":
                        texts.add(cell.value)
                        if cell.value.startswith(("=", "+", "-", "@")):
                            assert cell.quotePrefix, cell.value
        assert (FORMULA if language == "en" else "+SUM(1)計") in texts


def test_the_workbook_opens_in_libreoffice(result: Result, workbooks: dict[str, bytes], tmp_path: Path) -> None:
    """LibreOffice converts it without a complaint, and computes from the formulas alone what the plan says."""
    soffice = shutil.which("soffice")
    if soffice is None:
        pytest.skip("LibreOffice (soffice) is not installed")
    (tmp_path / "report.xlsx").write_bytes(without_cached_values(workbooks["en"]))
    profile = (tmp_path / "profile").as_uri()
    convert = [soffice, f"-env:UserInstallation={profile}", "--headless", "--convert-to"]
    done = subprocess.run(
        [*convert, "ods", "--outdir", str(tmp_path), str(tmp_path / "report.xlsx")],
        capture_output=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    subprocess.run(
        [*convert, "xlsx:Calc MS Excel 2007 XML", "--outdir", str(tmp_path / "back"), str(tmp_path / "report.ods")],
        capture_output=True,
        timeout=180,
        check=True,
    )
    back = openpyxl.load_workbook(tmp_path / "back" / "report.xlsx", data_only=True)
    given = openpyxl.load_workbook(io.BytesIO(workbooks["en"]), data_only=True)
    assert back.sheetnames == given.sheetnames
    formulas = openpyxl.load_workbook(io.BytesIO(workbooks["en"]))
    checked = 0
    for sheet in formulas:
        for row in sheet.iter_rows():
            for cell in (cell for cell in row if cell.data_type == "f"):
                found, wanted = (book[sheet.title][cell.coordinate].value for book in (back, given))
                assert (found or 0) == pytest.approx(wanted or 0, abs=1e-9), (sheet.title, cell.coordinate, cell.value)
                checked += 1
    assert checked > 100
    assert sum(len(sheet._charts) for sheet in back) == 4


def without_cached_values(workbook: bytes) -> bytes:
    """A workbook whose formulas have no values, so that whoever opens it must compute them."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as source, zipfile.ZipFile(target, "w") as package:
        for name in source.namelist():
            content = source.read(name)
            if name.startswith("xl/worksheets/sheet"):
                content = re.sub(rb"(<f>[^<]*</f>)<v>[^<]*</v>", rb"\1", content)
            package.writestr(name, content)
    return target.getvalue()


def test_groups_fold_and_their_sums_are_live(result: Result, workbooks: dict[str, bytes]) -> None:
    """A region's and a family's sums stand above their rows; a filter shows in them, and never in the total."""
    book = openpyxl.load_workbook(io.BytesIO(workbooks["en"]))
    (title, area), *_ = book.defined_names["lines"].destinations
    sheet, table = book[title], tables(document_of(result))["lines"]
    body = list(table.body())
    first = sheet[area][1][0].row
    depth = max(group.level for group in table.groups)
    for number, (level, _) in enumerate(body, first):
        assert sheet.row_dimensions[number].outlineLevel == (level - 1 if level else depth)
    total = sheet.cell(first + len(body), 4).value
    assert total.startswith("=ROUND(SUMIF(")
    assert not sheet.sheet_properties.outlinePr.summaryBelow
    assert sheet.cell(first + len(body) + 1, 4).value.startswith("=ROUND(SUBTOTAL(109,")


# The bundle


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_bundle_holds_every_table_in_full(result: Result, language: str) -> None:
    """Rows read back add up to the totals, to the last digit; headings and words are in both languages."""
    document = document_of(result)
    data = bundle(document, language)
    assert data == bundle(document, language)
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        told = json.loads(package.read("report.json"))
        found = {
            name: list(csv.reader(io.StringIO(package.read(f"{name}.csv").decode("utf-8-sig"))))
            for name in told["tables"]
        }
        assert len(package.namelist()) == 1 + len(found)
    assert found.keys() == tables(document).keys()
    assert told["message"]["ja"] == document.message.into("ja")
    for name, table in tables(document).items():
        headings, *rows = found[name]
        assert headings == [column.heading.into(language) for column in table.columns]
        assert len(rows) == told["tables"][name]["rows"] == len(table.rows)
        for number, column in enumerate(table.columns):
            if column.summed and table.total:
                total = sum((Fraction(row[number] or 0) for row in rows), Fraction(0))
                assert total == Fraction(told["tables"][name]["total"][number]), (name, number)
            if column.ratio:
                read = [float(row[number]) if row[number] else None for row in rows]
                assert read == [None if row[number] is None else float(row[number]) for row in table.rows]  # type: ignore[arg-type]


def test_no_name_becomes_a_formula_in_the_bundle(attacked: Result) -> None:
    """A cell that a spreadsheet would compute begins with an apostrophe."""
    with zipfile.ZipFile(io.BytesIO(bundle(document_of(attacked), "en"))) as package:
        for name in package.namelist():
            if name.endswith(".csv"):
                for row in csv.reader(io.StringIO(package.read(name).decode("utf-8-sig"))):
                    assert not [cell for cell in row if re.match(r"[=+@]|-\D", cell)], name


# The page


class Page(HTMLParser):
    """What a browser would see: elements, text by language, links, identifiers and table cells."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.stack: list[tuple[str, str]] = []
        self.text: dict[str, str] = {"en": "", "ja": "", "": ""}
        self.scripts: list[str] = []
        self.rows: dict[str, list[list[dict[str, str]]]] = {}
        self.table = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.elements.append((tag, found))
        if tag in ("meta", "link", "img", "input", "br"):
            return
        self.stack.append((tag, found.get("lang") or ""))
        if tag == "table":
            self.table = (found["id"] or "").removeprefix("table-")
            self.rows[self.table] = []
        elif tag == "tr":
            self.rows[self.table].append([])
        elif tag in ("td", "th"):
            self.rows[self.table][-1].append({"en": "", "ja": ""})

    def handle_endtag(self, tag: str) -> None:
        assert self.stack[-1][0] == tag, (self.stack[-3:], tag)
        self.stack.pop()

    def handle_data(self, data: str) -> None:
        tags = [tag for tag, _ in self.stack]
        if "script" in tags:
            self.scripts.append(data)
            return
        language = next((lang for tag, lang in reversed(self.stack) if lang and tag == "span"), "")
        self.text[language] += data
        if "td" in tags or "th" in tags:
            cell = self.rows[self.table][-1][-1]
            for name in [language] if language else ["en", "ja"]:
                cell[name] += data


@pytest.fixture(scope="module")
def page(result: Result) -> Page:
    """report.html, parsed."""
    data = report.writers("ja")["report.html"](result)
    assert len(data) < 3 * 1024 * 1024
    return Page(data.decode())


def test_the_page_asks_the_network_for_nothing(page: Page) -> None:
    """No address in any attribute leads outside, and the page forbids it to itself."""
    for tag, attributes in page.elements:
        for name in ("src", "href", "data", "action", "poster", "srcset"):
            assert (attributes.get(name) or "#").startswith("#"), (tag, attributes)
    assert not any(tag in ("link", "img", "iframe", "base") for tag, _ in page.elements)
    policy = next(a for tag, a in page.elements if tag == "meta" and "http-equiv" in a)
    assert (policy["content"] or "").startswith("default-src 'none'")


def test_the_page_is_bilingual(page: Page) -> None:
    """It opens in the language asked for, and what is English in one place is Japanese beside it."""
    assert page.elements[0] == ("html", {"lang": "ja"}) or ("html", {"lang": "ja"}) in page.elements
    assert {a.get("data-language") for tag, a in page.elements if tag == "button"} == {"en", "ja"}
    spans = [a["lang"] for tag, a in page.elements if tag == "span" and "lang" in a]
    assert spans.count("en") == spans.count("ja") > 100
    assert "scores are not measurements" in page.text["en"]
    assert JAPANESE.search(page.text["ja"])
    assert not JAPANESE.search(page.text["en"])


def test_every_sentence_of_the_report_has_its_japanese(result: Result) -> None:
    """Titles, headings, messages and sentences read in Japanese (proper names and versions apart)."""
    document = document_of(result)
    words = [document.message, document.subtitle]
    for section in document.sections:
        words.append(section.title)
        for block in (*section.blocks, *(section.page or ())):
            words += [block] if isinstance(block, Words) else [getattr(block, "message", section.title)]
            words += getattr(block, "sentences", ())
            for table in tables_of(block):
                words += [table.title, *(column.heading for column in table.columns), *filter(None, [table.note])]
    lacking = {str(w) for w in words if not JAPANESE.search(w.into("ja")) and w.into("ja") not in NAMES}
    assert not lacking


NAMES = {"MOFA", "JICA", "MOD", "ODA"}


def test_the_page_shows_the_numbers_of_the_content(result: Result, page: Page) -> None:
    """Rows and totals of every table on the page read as the content says, in both languages."""
    found = {table.name: table for s in document_of(result).sections for b in s.on_the_page for table in tables_of(b)}
    assert found.keys() == page.rows.keys()
    for name, table in found.items():
        shown, told = columns_of(table), told_of(table)
        expected = [(shown, row) for _, row in table.body()]
        if told:
            expected = [
                pair for level, row in table.body() for pair in ((shown, row), *([] if level else [(told, row)]))
            ]
        expected += [(shown, table.total)] if table.total else []
        assert len(page.rows[name]) == 1 + len(expected)
        for cells, (positions, row) in zip(page.rows[name][1:], expected, strict=True):
            if positions is told:
                assert len(cells) == 1
                for language in ("en", "ja"):
                    texts = [row[n].into(language) for n in told if isinstance(row[n], Words)]  # type: ignore[union-attr]
                    assert all(text in cells[0][language] for text in texts)
                continue
            for cell, number in zip(cells, positions, strict=True):
                column, value = table.columns[number], row[number]
                for language in ("en", "ja"):
                    if isinstance(value, Words):
                        assert cell[language] == value.into(language)
                    elif isinstance(value, Fraction | int):
                        text = number_text(Fraction(value), column.kind, column.decimals, language)
                        assert cell[language] == text


def test_figures_of_several_panels_scroll_where_the_screen_is_narrow(page: Page) -> None:
    """None of the figures of a plan can be as narrow as a telephone; each stands in what a keyboard can scroll."""
    plots = [number for number, (_, a) in enumerate(page.elements) if a.get("class") == "plot"]
    around = [page.elements[number - 1][1] for number in plots]
    assert all((a.get("class"), a.get("tabindex")) == ("scroll", "0") for a in around)


def test_figures_have_a_title_a_table_and_a_source(page: Page) -> None:
    """Each figure is labelled by its message, drawn in both languages, with its numbers in a table beneath."""
    drawn = next(json.loads(m[1]) for s in page.scripts if (m := re.search(r"const drawings = (\{.*\});\n", s)))
    plots = [a["id"] for _, a in page.elements if a.get("class") == "plot"]
    assert len(plots) == 6
    assert set(plots) == set(drawn["en"]) == set(drawn["ja"])
    tags = [tag for tag, _ in page.elements]
    assert tags.count("figure") == tags.count("figcaption") == tags.count("details") == 6
    identifiers = [a["id"] for _, a in page.elements if "id" in a]
    assert len(identifiers) == len(set(identifiers))
    for _, attributes in page.elements:
        if "aria-labelledby" in attributes:
            assert attributes["aria-labelledby"] in identifiers


@pytest.mark.parametrize("language", ["en", "ja"])
def test_still_pictures_name_and_number_every_mark(attacked: Result, language: str) -> None:
    """Paper, and a page whose scripts do not run, show pictures that are well formed whatever the names are."""
    blocks = [block for section in document_of(attacked).sections for block in section.on_the_page]
    figures = [block for block in blocks if isinstance(block, Figure)]
    assert {figure.kind for figure in figures} == {"flow", "bars", "matrix", "tiles", "dots"}
    for figure in figures:
        texts = texts_of(picture(figure, language))
        marks = (*figure.marks, *(mark for mark in figure.across if figure.kind == "tiles"))
        assert {spaceless(mark.name.into(language)) for mark in marks} <= texts
        for row in figure.values:
            money = row[1:2] if figure.kind == "bars" else row if figure.kind == "matrix" else ()
            shares = row if figure.kind in ("tiles", "dots") else ()
            shown = [*((v, "money", figure.decimals) for v in money), *((v, "share", 0) for v in shares)]
            assert {spaceless(number_text(v, *how, language)) for v, *how in shown if v is not None} <= texts


def texts_of(svg: str) -> set[str]:
    """Every text of a picture, its lines joined."""
    elements = ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    return {spaceless("".join(element.itertext())) for element in elements}


def spaceless(words: str) -> str:
    return "".join(words.split())


def test_bands_of_the_flow_are_as_wide_as_the_money(result: Result) -> None:
    """What leaves the budget is as high as all money, and each column of nodes holds as much."""
    figure = Money(result).flow_figure()
    height, shapes = STILLS["flow"](figure, "en")
    found = [re.match(r'<rect .*width="14.0" height="([0-9.]+)"', shape) for shape in shapes]
    nodes = [float(match[1]) for match in found if match]
    assert len(nodes) == len(figure.marks)
    for level in set(figure.levels):
        column = [node for node, at in zip(nodes, figure.levels, strict=True) if at == level]
        assert sum(column) == pytest.approx(400, abs=2)
        assert sum(column) < height


def test_pictures_of_answers_name_every_mark_and_end() -> None:
    """Spans and curves are drawn where values are missing, negative or all alike."""
    marks = (Mark(Name("Lever <one>", japanese="施策（一）")), Mark(Name("Other lever")))
    rows = ((Fraction(1), Fraction(-1), Fraction(2), Fraction("0.5"), None), (None,) * 5)
    worths = table_of("t", Name("t"), [Column(Name("Lever")), Column(Name("Worth"), "change")], [])
    key = (Mark(Name("Range")), Mark(Name("Worth")), Mark(Name("Alone")))
    figure = Figure("f", "spans", Name("m"), Name("s"), (worths,), marks, rows, key, unit=Name("points"))
    assert {"+1.00", "Lever<one>", "points", "−1", "Range", "Worth", "Alone"} <= texts_of(picture(figure, "en"))
    assert drawing(figure, "en")["layout"]["margin"]["r"] >= 8 * len("+1.00"), "what stands right of the largest dot"
    nothing = replace(figure, values=((Fraction(0),) * 5,) * 2)
    low, high = drawing(nothing, "en")["layout"]["xaxis"]["range"]
    assert (low, high) == (-0.02, 1.02), "an axis of zeros has ticks that people read"
    assert "1" in texts_of(picture(nothing, "en"))
    points = ((Fraction(10), Fraction(5), Fraction(2), Fraction(1)), (Fraction(20), Fraction(5), None, Fraction(2)))
    figure = Figure("f", "curve", Name("m"), Name("s"), (), marks, values=points, unit=Name("money"))
    assert {"Today", "10", "20", "money"} <= texts_of(picture(figure, "en"))


@pytest.mark.parametrize(
    ("names", "size"),
    [(["Health"], 12), (["Growth infrastructure", "Health"], 10.5), (["平和構築・紛争予防"], 12), (["w" * 40], 9)],
)
def test_headings_are_as_small_as_their_longest_word_asks(names: list[str], size: float) -> None:
    """A word of fourteen letters is not cut in two above its tiles; Japanese, which breaks anywhere, stays large."""
    assert size_for(78.3, names, 12, 9) == size


def test_rows_have_room_for_their_longest_label() -> None:
    """Three lines of one label do not touch those of the next."""
    worths = table_of("t", Name("t"), [Column(Name("Lever")), Column(Name("Worth"), "change")], [])
    heights = []
    for name in ("Short", "Rule of law and governance aid on Conflict prevention and peace-building"):
        marks, rows = (Mark(Name(name)),) * 10, ((Fraction(1), Fraction(0), Fraction(2)),) * 10
        figure = Figure("f", "spans", Name("m"), Name("s"), (worths,), marks, rows, marks[:2])
        heights.append(drawing(figure, "en")["layout"]["height"])
    assert heights[0] == 110 + 10 * 46 and heights[1] >= 110 + 10 * (3 * 16 + 8)


@pytest.mark.parametrize(
    ("text", "longest", "lines"),
    [
        ("Southern Africa and Indian Ocean islands", 26, ("Southern Africa and", "Indian Ocean islands")),
        ("南部アフリカ・インド洋島嶼国", 26, ("南部アフリカ・", "インド洋島嶼国")),
        ("政府安全保障能力強化支援（OSA）", 26, ("政府安全保障能力強化支援", "（OSA）")),
        ("short", 26, ("short",)),
        ("unbreakable", 5, ("unbreakable",)),
        ("", 5, ()),
    ],
)
def test_names_break_where_readers_would_break_them(text: str, longest: int, lines: tuple[str, ...]) -> None:
    """Lines end at spaces and middle dots, begin with brackets, and are of much the same length."""
    assert broken(text, longest) == lines


def test_long_texts_stand_below_the_numbers_of_a_wide_table() -> None:
    """Only where a table has many columns, and never the name of a row."""
    text, number = Column(Name("t"), "long"), Column(Name("n"), "money")
    wide_one = table_of("t", Name("t"), [text, *[number] * 9, text], [])
    assert (columns_of(wide_one), told_of(wide_one)) == ([*range(10)], [10])
    assert told_of(table_of("t", Name("t"), [text, *[number] * 7, text], [])) == []


def test_the_page_carries_plotly_packed(page: Page) -> None:
    """What draws the figures is inside, a third as long; until it is unpacked each figure is a still picture."""
    held = next(found for script in page.scripts if (found := re.match(r'const plotly = "(.*)";', script)))
    assert gzip.decompress(base64.b64decode(held[1])).decode() == get_plotlyjs()
    plots = [number for number, (_, a) in enumerate(page.elements) if a.get("class") == "plot"]
    assert all("svg" in [tag for tag, _ in page.elements[n : n + 4]] for n in plots)


@pytest.mark.parametrize(
    ("text", "longest", "most", "lines"),
    [
        ("unbreakable", 5, None, ("unbre", "akabl", "e")),
        ("海洋安全保障に対する資金協力の効果", 12, 2, ("海洋安全保障", "に対する資…")),
        ("short", 26, 2, ("short",)),
        ("Southern Africa and Indian Ocean islands", 26, 1, ("Southern Africa and…",)),
    ],
)
def test_names_never_leave_their_room(text: str, longest: int, most: int | None, lines: tuple[str, ...]) -> None:
    """A word longer than a line is cut, and what the lines of a row cannot hold is left out and said so."""
    assert fitting(text, longest, most) == lines


@pytest.mark.parametrize(
    ("text", "longest", "lines"),
    [
        ("short", 5, 1),
        ("two words", 5, 2),
        ("unbreakable", 5, 3),
        ("海洋安全保障", 10, 2),
        ("海洋安全", 10, 1),
        ("one\ntwo", 10, 2),
        ("", 10, 1),
    ],
)
def test_a_row_is_as_high_as_its_text(text: str, longest: int, lines: int) -> None:
    """Latin words wrap whole, Japanese ones letter by letter, and words longer than a line are cut."""
    assert lines_in(text, longest) == lines


def test_plain_numbers_of_a_column_have_as_many_decimals() -> None:
    """What stands below each other is written alike; a column of mixed quantities is left as it is."""
    columns = [Column(Name("Item")), Column(Name("Left"), "number", 4), Column(Name("Value"), "number")]
    rows = [("a", Fraction("0.13"), Quantity("", {}, Fraction(3), "count", 0)), ("b", Fraction(55), "text")]
    left, value = table_of("t", Name("t"), columns, rows).columns[1:]
    assert [number_text(Fraction(n), left.kind, left.decimals, "en") for n in ("0.13", "55")] == ["0.13", "55.00"]
    assert value == columns[2]


def test_the_summary_has_its_charts(workbooks: dict[str, bytes]) -> None:
    """Families against their baseline, and their change, can be edited on the summary itself."""
    for data in workbooks.values():
        book = openpyxl.load_workbook(io.BytesIO(data))
        assert len(book.worksheets[1]._charts) == 2


def test_tables_of_the_page_tell_their_headings(page: Page) -> None:
    """Every table has a caption, and every heading a scope."""
    tags = [tag for tag, _ in page.elements]
    assert tags.count("caption") == tags.count("table")
    assert all(a.get("scope") in ("col", "row") for tag, a in page.elements if tag == "th")


def test_names_cannot_break_out_of_the_page(attacked: Result) -> None:
    """Markup in names is shown as text: in the page, in its title and in the figures."""
    text = report.writers("en")["report.html"](attacked).decode()
    page = Page(text)
    assert "<script>alert" not in text
    assert "<img" not in text.split("<script>", 1)[0]
    assert sum(tag == "script" for tag, _ in page.elements) == 2
    assert not any(tag == "img" for tag, _ in page.elements)
    drawn = json.loads(re.search(r"const drawings = (\{.*\});\n", page.scripts[-1])[1])  # type: ignore[index]
    labels = json.dumps(drawn, ensure_ascii=False)
    assert "<script" not in labels
    assert "<img" not in labels
    assert "&lt;script&gt;" in labels


def test_checking_a_book_pays_for_no_report() -> None:
    """Importing the reports loads none of what they are drawn with."""
    heavy = "{'plotly', 'xlsxwriter', 'jinja2', 'pandas'}"
    code = f"import sys; from optimizer import report; report.writers('ja'); print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_the_smallest_book_has_reports() -> None:
    """One region, one objective, one year, no limits, no baseline: both reports are written."""
    result = run.solve_book(opened(books.minimal()))
    for language in ("en", "ja"):
        for writer in report.writers(language).values():
            assert len(writer(result)) > 10_000


def test_a_plan_that_spends_nothing_has_reports() -> None:
    """Without any appropriation there is still a report."""
    book = books.minimal()
    book["Accounts"][0][books.FIRST_YEAR] = 0
    result = run.solve_book(opened(book))
    for writer in report.writers("ja").values():
        assert writer(result)


def test_a_book_whose_programmes_are_all_switched_off_has_reports() -> None:
    """Where no programme is in force the figures say so, and nothing fails."""
    book = books.minimal()
    book["Levers"] = [books.line(lever="p1", name="Lever")]
    for row in (*book["Programmes"], *book["Effects"]):
        row["requires"] = "p1"
    result = run.solve_book(opened(book))
    for language in ("en", "ja"):
        for writer in (
            *report.writers(language, True, with_tables=True).values(),
            *report.briefs(language, True, []).values(),
        ):
            assert writer(result)
    assert Money(result).family_figure().message.into("en") == "No programme is in force"


def test_formulas_round_only_what_is_rounded() -> None:
    """A difference that needs more decimals than it shows is not rounded by its formula, one that does not is."""
    columns = [
        Column(Name("a"), "points", 4),
        Column(Name("b"), "points", 4),
        Column(Name("c"), "points", 4, less=(0, 1)),
    ]
    table = table_of("t", Name("t"), columns, [(Fraction("0.7"), Fraction("0.1")), (Fraction("0.693596"), Fraction(0))])
    document = Document(Name("T"), Name("M"), Name("S"), Name("F"), (Section("one", Name("One"), (table,)),))
    sheet = openpyxl.load_workbook(io.BytesIO(excel(document, "en"))).worksheets[0]
    formulas = [str(cell.value) for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    assert [formula.startswith("=ROUND(") for formula in formulas] == [True, False]


@pytest.mark.parametrize(
    ("spoken", "written"),
    [
        ("行がありますが、読み込みます。", "行があるが、読み込む。"),
        ("シートは非表示ですが、無視します。", "シートは非表示であるが、無視する。"),
        ("超えていません（1を除きます）。", "超えていない（1を除く）。"),
        ("行を残してください。再表示してください。付けてください。", "行を残すこと。再表示すること。付けること。"),
        ("「助けます」の誤りではありませんか。", "「助けます」の誤りではないか。"),
        ("行いません。なりません。できません。用います。扱います。", "行わない。ならない。できない。用いる。扱う。"),
    ],
)
def test_warnings_are_written_as_a_document_writes(spoken: str, written: str) -> None:
    """Sentences spoken to a user end as those of a report do; names stay."""
    assert plainly(spoken) == written


def test_no_sentence_of_a_check_stays_spoken_in_a_report() -> None:
    """Whatever a check may warn of: every Japanese sentence in its source, and those of its cures."""
    with CATALOGUE.open("rb") as file:
        catalogue = {str(message.id): str(message.string) for message in read_po(file, locale="ja") if message.id}
    root = Path(run.__file__).parents[1]
    sources = [*(root / "checks").glob("*.py"), root / "scenario.py", root / "run" / "solving.py"]
    texts = [
        catalogue[node.value]
        for source in sources
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in catalogue
    ]
    assert len(texts) > 200
    assert not [plainly(text) for text in texts if re.search("です|ます|ません|ください", plainly(text))]
