"""What of report.xlsx comes out of a printer: long tables folded into a row for each of their groups, no blank page."""

from __future__ import annotations

import io
import itertools
import re
import shutil
import subprocess
import zipfile
from fractions import Fraction
from pathlib import Path
from random import Random

import openpyxl
import pikepdf
import pytest
from openpyxl.utils import range_boundaries

from optimizer import answering, report, run
from optimizer.report.chapters.content import document_of
from optimizer.report.document import COVER, Callout, Column, Document, Section, Table, exact_sum, table_of, tables_of
from optimizer.report.figures.palette import HEAT, INK
from optimizer.report.files.excel import excel
from optimizer.report.files.printing import LINE_HEIGHT, MOST_PRINTED, WIDEST_PAGE, narrowed, stretches_of
from optimizer.results import Result
from optimizer.words import Name
from tests import books
from tests.support import opened


@pytest.fixture(scope="module")
def result() -> Result:
    """A solved book with every sheet."""
    return run.solve_book(opened(books.with_everything()), "all")


@pytest.mark.parametrize("name", ["reasons", "effect_sources"])
def test_rows_are_folded_under_a_row_that_stands_for_them(result: Result, name: str) -> None:
    """Every row of a long table is in the sheet, unseen; what is seen and printed is a row for each programme."""
    table = next(table for table in document_of(result).tables() if table.name == name)
    book = openpyxl.load_workbook(io.BytesIO(report.writers("en")["report.xlsx"](result)))
    (title, area), *_ = book.defined_names[name].destinations
    sheet = book[title]
    first, depth = sheet[area][1][0].row, max(group.level for group in table.groups)
    body = list(table.body())
    programmes = [cells for level, cells in body if level == depth]
    assert [cells[-1] for cells in programmes] == list(dict.fromkeys(row[-1] for row in table.rows))
    for number, (level, cells) in enumerate(body, first):
        row = sheet.row_dimensions[number]
        assert bool(row.hidden) == (level == 0)
        assert bool(row.collapsed) == (level == depth)
        assert bool(sheet.cell(number, table.key + 1).value) == (level == 0)
        if level == depth:
            assert sheet.cell(number, 1).value == cells[0].into("en")  # type: ignore[union-attr]
            assert sheet.cell(number, len(cells)).value == cells[-1]
    summed = [at for at, column in enumerate(table.columns) if column.summed]
    for at in summed:
        assert exact_sum(cells[at] for cells in programmes) == table.total[at]  # type: ignore[misc]
        formulas = [
            sheet.cell(row, at + 1).value
            for row in range(first, first + len(body))
            if not sheet.row_dimensions[row].hidden
        ]
        assert all(formula.startswith("=ROUND(SUMIF(") for formula in formulas)
    assert sheet.auto_filter.ref


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("count", [MOST_PRINTED, MOST_PRINTED + 1, 400])
def test_of_a_long_ranked_list_the_first_rows_are_printed(count: int, language: str) -> None:
    """All rows are in the sheet and under its filter; paper has the first of them, and says above them of how many."""
    columns = [Column(Name("Line")), Column(Name("Money"), "money")]
    rows = [(f"line {number}", Fraction(count - number)) for number in range(count)]
    table = table_of("t", Name("t"), columns, rows, note=Name("Before rounding."), filtered=True, ranked=True)
    sections = (Section("one", Name("One"), ()), Section("two", Name("Two"), (table,)))
    data = excel(Document(Name("T"), Name("M"), Name("S"), Name("F"), sections), language)
    sheet = openpyxl.load_workbook(io.BytesIO(data)).worksheets[-1]
    at = {str(row[0].value): row[0].row for row in sheet.iter_rows()}
    assert {f"line {number}" for number in range(count)} <= set(at)
    _, _, _, last_printed = range_boundaries(str(sheet.print_area).rsplit("!", 1)[1])
    assert at[f"line {min(count, MOST_PRINTED) - 1}"] <= last_printed
    assert at["Before rounding."] <= last_printed
    _, first_filtered, _, last_filtered = range_boundaries(sheet.auto_filter.ref)
    assert (first_filtered, last_filtered) == (at["line 0"] - 1, at[f"line {count - 1}"])
    said = [text for text in at if str(count) in text and str(MOST_PRINTED) in text]
    if count > MOST_PRINTED:
        assert last_printed == at[f"line {MOST_PRINTED - 1}"]
        assert at[said[0]] < first_filtered
    else:
        assert not said


def test_columns_are_as_wide_as_the_rows_that_are_printed() -> None:
    """Where rows are folded, their long texts do not take the room of the names in the rows that stand for them."""
    columns = (Column(Name("Name")), Column(Name("Year")), Column(Name("Reason"), "long"), Column(Name("Id")))
    rows = [
        (f"programme {n}", f"FY{2027 + year}", "a very long reason " * 9, str(n)) for n in range(4) for year in (0, 1)
    ]
    name = "a programme of a long name, "
    grouped = {"grouped_by": (3,), "key": 1, "folded": lambda first, _: {0: f"{name}{first}", 2: "used up"}}
    sections = tuple(
        Section(title, Name(title), (table_of(title, Name(title), columns, rows, **more),))  # type: ignore[arg-type]
        for title, more in (("plain", {}), ("folded", grouped))
    )
    book = openpyxl.load_workbook(
        io.BytesIO(excel(Document(Name("T"), Name("M"), Name("S"), Name("F"), sections), "en"))
    )
    assert book["folded"].column_dimensions["A"].width > len(name) > book["plain"].column_dimensions["A"].width
    heading = next(row for row in book["folded"].iter_rows() if row[0].value == "Name")[0].row
    assert book["folded"].cell(heading + 1, 3).alignment.horizontal == "left"


def test_only_a_cover_is_made_as_small_as_a_page() -> None:
    """The first sheet of an answer, which begins with its list, is printed on as many pages as it takes to be read."""
    table = table_of("t", Name("T"), (Column(Name("Name")),), [(f"row {n}",) for n in range(90)])
    for name, pages in ((COVER, (None, 1)), ("answer", (0,))):
        sections = (Section(name, Name("First"), (table,)),)
        document = Document(Name("a long title " * 9), Name("M"), Name("S"), Name("F"), sections)
        sheet = openpyxl.load_workbook(io.BytesIO(excel(document, "en"))).active
        assert sheet.page_setup.fitToHeight in pages
        assert sheet["A1"].alignment.wrap_text
        assert sheet.row_dimensions[1].height > 2 * LINE_HEIGHT


@pytest.mark.parametrize("kept", [0, 1])
def test_no_column_is_wider_than_a_page(kept: int) -> None:
    """Also where its text shares it with numbers of another table, so that it keeps its width."""
    widths = narrowed([60.0, *[12.0] * 6, 84.0], {0: 30, 7: 60} | ({7: 0} if kept else {}))
    begins = [0, *stretches_of(widths), len(widths)]
    for first, end in itertools.pairwise(begins):
        assert sum(widths[first:end]) + (widths[0] if first else 0) <= WIDEST_PAGE


def test_a_callout_is_not_cut_where_a_page_ends() -> None:
    """What a reader must know stands on one page, with its title."""
    table = table_of("t", Name("t"), [Column(Name("A")), Column(Name("B"))], [(str(n), "b") for n in range(20)])
    callout = Callout(Name("How to read"), tuple(Name(f"Sentence {number}.") for number in range(8)))
    sections = (Section("one", Name("One"), ()), Section("two", Name("Two"), (table, callout)))
    data = excel(Document(Name("T"), Name("M"), Name("S"), Name("F"), sections), "en")
    sheet = openpyxl.load_workbook(io.BytesIO(data)).worksheets[-1]
    title = next(row[0].row for row in sheet.iter_rows() if row[0].value == "How to read")
    assert [page.id for page in sheet.row_breaks.brk] == [title - 1]


def test_a_label_longer_than_its_bar_is_read_on_the_paper_beside_it() -> None:
    """Its letters are dark, and so is nothing behind them: bars of spans are pale."""
    about = answering.Asked(opened(books.with_everything()), "all", [], "en")
    levers = answering.QUESTIONS["levers"](about, lambda *_: None).document
    assert levers is not None
    with zipfile.ZipFile(io.BytesIO(excel(levers, "en"))) as parts:
        charts = [
            parts.read(name).decode() for name in parts.namelist() if re.fullmatch(r"xl/charts/chart\d+.xml", name)
        ]
    spans = [chart for chart in charts if "c:dLblPos" in chart and "inBase" in chart]
    assert spans
    for chart in spans:
        assert HEAT[1:] in chart
        assert INK[1:] not in chart.split("<c:dLbls>")[0]
        assert "solidFill" not in chart.split("<c:dLbls>")[1].split("</c:dLbls>")[0]


def test_a_list_that_is_cut_ends_its_sheet(result: Result) -> None:
    """Nothing stands below a ranked list that would not be printed with its last rows."""
    about = answering.Asked(opened(books.with_everything()), "all", [], "en")
    answers = [answering.QUESTIONS[kind](about, lambda *_: None).document for kind in ("levers", "ranges", "robust")]
    documents = [document_of(result), *(answer for answer in answers if answer is not None)]
    sections = [section for document in documents for section in document.sections]
    ranked = [[table.ranked for block in section.blocks for table in tables_of(block)] for section in sections]
    assert sum(map(any, ranked)) >= 3
    assert not any(any(tables[:-1]) for tables in ranked)


def test_what_stops_the_lines_counts_each_line_once(result: Result) -> None:
    """The causes of all lines, with their money, come to all lines and the whole plan."""
    table = next(table for table in document_of(result).tables() if table.name == "stops")
    assert [table.total[1], table.total[2]] == [len(result.lines), result.total()]
    assert len(set(map(str, table.words(0)))) == len(table.rows)
    assert [row[1] for row in table.rows] == sorted((row[1] for row in table.rows), reverse=True)  # type: ignore[type-var]


def test_no_page_is_blank(tmp_path: Path) -> None:
    """A long list of rows of many heights is printed on as many pages as LibreOffice counts, none without letters."""
    soffice = shutil.which("soffice")
    if soffice is None:
        pytest.skip("LibreOffice (soffice) is not installed")
    lists = [Section(f"list_{seed}", Name(f"List {seed}"), (many_rows(seed),)) for seed in (6, 7, 13)]
    sections = (Section("cover", Name("Cover"), (Name("Words"),)), *lists)
    document = Document(Name("Title of the report"), Name("M"), Name("S"), Name("Haibun"), sections)
    (tmp_path / "t.xlsx").write_bytes(excel(document, "en"))
    profile = (tmp_path / "profile").as_uri()
    printed = [soffice, f"-env:UserInstallation={profile}", "--headless", "--convert-to", "pdf", "--outdir"]
    subprocess.run([*printed, str(tmp_path), str(tmp_path / "t.xlsx")], capture_output=True, timeout=180, check=True)
    with pikepdf.open(tmp_path / "t.pdf") as pdf:
        letters = [b" Tf" in page.Contents.read_bytes() for page in pdf.pages]
    assert len(letters) > 100
    assert all(letters)


def many_rows(seed: int) -> Table:
    """A list of rows of many heights."""
    random = Random(seed)
    columns = [Column(Name("A")), Column(Name("B")), *[Column(Name("Amount"), "money")] * 4, Column(Name("S"), "long")]
    name, amounts = "Name of a programme " * 3, [Fraction(-4_567)] * 4
    rows = [(name, "b" * 30, *amounts, "because " * random.randrange(10, 90)) for _ in range(250)]
    return table_of(f"list_{seed}", Name("T"), columns, rows)
