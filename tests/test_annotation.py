"""The annotated copy, and the mended one, leave the user's file as it was but for the cells that they speak of."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

import books
import openpyxl
import pytest
import xlsxwriter
from defusedxml.ElementTree import fromstring
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill

from optimizer import checks, workbook
from optimizer.errors import HaibunError, Problem
from optimizer.words import say
from optimizer.workbook import letters_of
from optimizer.workbook.annotation import INDEX
from optimizer.workbook.cells import changed, styled
from optimizer.workbook.notes import LONGEST_NOTE
from optimizer.workbook.own_file import MAIN

MINIMAL = books.minimal()


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A user's own file with a note, colours, a drop-down, a formula and two faults."""
    path = tmp_path / "own.xlsx"
    workbook.write(path, MINIMAL)
    book = openpyxl.load_workbook(path)
    page = book["Programmes"]
    page["C2"] = "GRANTS"
    page["C2"].comment = Comment("ask the ministry", "Sato")
    page["D3"] = "n/a"
    page["H2"].fill = PatternFill("solid", fgColor="FF00FF00")
    page["Z9"] = "=1+1"
    book.create_sheet("O'Brien's notes")["A1"] = "mine"
    book.save(path)
    return path


def contents(path: Path) -> dict[tuple[str, str], Any]:
    book = openpyxl.load_workbook(path)
    return {
        (page.title, cell.coordinate): (
            cell.value,
            cell.fill.fgColor.rgb,
            cell.number_format,
            cell.protection.locked,
        )
        for page in book
        if page.title != INDEX
        for row in page.iter_rows()
        for cell in row
    }


def test_only_the_faulty_cells_change(own: Path, tmp_path: Path) -> None:
    """Every other cell, its look and the drop-downs stay; faulty ones keep their value and get a colour."""
    problems = checks.check(workbook.read(own)).problems
    before, out = own.read_bytes(), tmp_path / "out.xlsx"
    workbook.annotate(own, problems, out)
    assert own.read_bytes() == before
    old, new = contents(own), contents(out)
    marked = {(p.sheet, p.cell) for p in problems if p.cell}
    assert ("Programmes", "C2") in marked
    assert ("Programmes", "D3") in marked
    assert {place for place in old if old[place] != new[place]} == marked
    assert all(old[place][0] == new[place][0] for place in old)
    rules = [openpyxl.load_workbook(path)["Programmes"].data_validations.count for path in (own, out)]
    assert rules[0] == rules[1] > 0


def test_comments_are_added_to_those_that_are_there(own: Path, tmp_path: Path) -> None:
    """The user's own comment stays in front, then come cause and cure in Japanese and English, once."""
    problems = checks.check(workbook.read(own)).problems
    out, again = tmp_path / "out.xlsx", tmp_path / "again.xlsx"
    workbook.annotate(own, problems, out)
    comment = openpyxl.load_workbook(out)["Programmes"]["C2"].comment
    assert comment.text.startswith("ask the ministry")
    assert comment.author == "Sato"
    assert "did you mean GRANT?" in comment.text
    workbook.annotate(out, problems, again)
    assert openpyxl.load_workbook(again)["Programmes"]["C2"].comment.text == comment.text


def test_the_index_links_to_each_cell(own: Path, tmp_path: Path) -> None:
    """One row a problem, first in the book, with a link to the place where it has one."""
    problems = [
        *checks.check(workbook.read(own)).problems,
        Problem("O'Brien's notes", "A1", "=1+1", say("odd"), say("mend"), "warning"),
        Problem("Gone", "", "", say("The sheet is missing."), say("Add it.")),
    ]
    out = tmp_path / "out.xlsx"
    workbook.annotate(own, problems, out)
    page = openpyxl.load_workbook(out)[INDEX]
    assert openpyxl.load_workbook(out).sheetnames[0] == INDEX
    rows = list(page.iter_rows(min_row=2))
    assert len(rows) == len(problems)
    for row, problem in zip(rows, problems, strict=True):
        assert (row[1].value or "", row[2].value or "", row[3].value or "") == (
            problem.sheet, problem.cell, problem.value,
        )  # fmt: skip
        assert row[3].data_type != "f"
        assert str(problem.problem) in row[4].value
    heights = [page.row_dimensions[row[0].row].height for row in rows]
    assert all(30 <= height <= 405 for height in heights), "both languages are seen"
    assert rows[-2][2].hyperlink.location == "'O''Brien''s notes'!A1"
    assert rows[-1][1].hyperlink is None
    reread = checks.check(workbook.read(out)).problems
    assert not any(problem.sheet == INDEX for problem in reread)


def test_long_comments_stay_within_what_excel_holds(own: Path, tmp_path: Path) -> None:
    """Hundreds of problems in one cell are cut off, not a broken file; control characters are left out."""
    problems = [Problem("Programmes", "A2", "\x01x", say("p" * 100), say("f\x02"))] * 300
    out = tmp_path / "out.xlsx"
    workbook.annotate(own, problems, out)
    text = openpyxl.load_workbook(out)["Programmes"]["A2"].comment.text
    assert LONGEST_NOTE - 50 < len(text) <= LONGEST_NOTE
    assert openpyxl.load_workbook(out)[INDEX]["D2"].value == "x"


def parts_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as package:
        return {name: package.read(name) for name in package.namelist()}


@pytest.fixture
def rich(tmp_path: Path) -> Path:
    """A file as offices have them: a chart, a text box, a sparkline, data bars, a table, names, formulas, notes."""
    path = tmp_path / "rich.xlsx"
    with xlsxwriter.Workbook(path) as book:
        pages = {name: book.add_worksheet(name) for name in ("Cover", *MINIMAL)}
        for name, rows in MINIMAL.items():
            columns = list(dict.fromkeys(column for row in rows for column in row))
            for number, row in enumerate([dict(zip(columns, columns, strict=True)), *rows]):
                for position, column in enumerate(columns):
                    if column in row:
                        pages[name].write(number, position, row[column])
        pages["Cover"].insert_textbox("B2", "Not for circulation")
        accounts, programmes = pages["Accounts"], pages["Programmes"]
        accounts.write_formula("B2", "=20/2", None, 10)
        accounts.add_sparkline("D2", {"range": "Accounts!B2:B2"})
        chart = book.add_chart({"type": "column"})
        chart.add_series({"values": "=Accounts!$B$2:$B$2"})
        accounts.insert_chart("F2", chart)
        accounts.print_area("A1:C3")
        programmes.write("E2", "n/a")
        programmes.write_comment("E2", "ask the ministry", {"author": "Sato"})
        programmes.conditional_format("E2:E9", {"type": "data_bar", "data_bar_2010": True})
        programmes.write("C3", "GRANTS")
        pages["Effects"].add_table("A1:C3", {"columns": [{"header": h} for h in ("programme", "objective", "score")]})
        book.define_name("Accounts!local", "=Accounts!$B$2")
    return path


@pytest.mark.filterwarnings("ignore:.*extension is not supported")  # openpyxl, which reads the answer here
def test_what_only_excel_knows_stays_in_the_file(rich: Path, tmp_path: Path) -> None:
    """Every part but those of marked cells is the same to the byte; of these only marks and notes are new."""
    problems, out = checks.check(workbook.read(rich)).problems, tmp_path / "out.xlsx"
    marked = {(p.sheet, p.cell) for p in problems if p.severity == "error"}
    assert marked == {("Programmes", "E2"), ("Programmes", "C3")}
    workbook.annotate(rich, problems, out)
    old, new = parts_of(rich), parts_of(out)
    page = f"xl/worksheets/sheet{2 + list(MINIMAL).index('Programmes')}.xml"
    assert {name for name in old if old[name] != new[name]} == {
        page,
        "[Content_Types].xml",
        "xl/workbook.xml",
        "xl/_rels/workbook.xml.rels",
        "xl/styles.xml",
        "xl/comments1.xml",
        "xl/drawings/vmlDrawing1.vml",
        "xl/worksheets/sheet1.xml",
    }
    assert re.sub(rb' s="[0-9]+"', b"", new[page]) == old[page]
    assert new["xl/worksheets/sheet1.xml"] == old["xl/worksheets/sheet1.xml"].replace(b'Selected="1"', b'Selected="0"')
    book = openpyxl.load_workbook(out)
    assert book["Programmes"]["E2"].comment.text.startswith("ask the ministry\n\n【Haibun】")
    assert "did you mean GRANT?" in book["Programmes"]["C3"].comment.text
    assert book["Accounts"].print_area == "'Accounts'!$A$1:$C$3"
    assert "local" in book["Accounts"].defined_names
    again = checks.check(workbook.read(out)).problems
    assert [p.as_dict() for p in again] == [p.as_dict() for p in problems]


def test_boxes_of_notes_have_room_for_what_is_added(rich: Path, tmp_path: Path) -> None:
    """A note that is added to grows at its lower right corner; others stay as they are drawn."""
    out = tmp_path / "out.xlsx"
    workbook.annotate(rich, checks.check(workbook.read(rich)).problems, out)
    old, new = (
        [
            int(n)
            for n in re.search(rb"<x:Anchor>([^<]*)<", parts_of(path)["xl/drawings/vmlDrawing1.vml"])[1].split(b",")
        ]
        for path in (rich, out)
    )
    assert new[:4] == old[:4]
    assert new[4] == old[0] + 5
    assert new[6] == old[2] + 10


@given(
    there=st.sets(st.tuples(st.integers(1, 6), st.integers(1, 6)), max_size=12),
    wanted=st.sets(st.tuples(st.integers(1, 7), st.integers(1, 7)), min_size=1, max_size=8),
    prefix=st.sampled_from(["", "x:"]),
    backwards=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_cells_that_are_not_there_are_put_in_their_places(
    there: set[tuple[int, int]], wanted: set[tuple[int, int]], prefix: str, backwards: bool
) -> None:
    """In any dialect, rows and cells stay in their order; those that were there keep what they held."""
    rows = ""
    for row in sorted({row for row, _ in there}, reverse=backwards):
        cells = sorted((column for at, column in there if at == row), reverse=backwards)
        inside = "".join(f'<c r="{letters_of(c - 1)}{row}" t="str"><v>{row}-{c}</v></c>' for c in cells)
        rows += f'<row r="{row}">{inside}</row>'
    data = f"<sheetData>{rows}</sheetData>" if rows else "<sheetData/>"
    plain = f'<worksheet xmlns{":x" if prefix else ""}="{MAIN}">{data}</worksheet>'
    xml = re.sub(r"<(/?)(\w)", rf"<\1{prefix}\2", plain)
    cells = {f"{letters_of(column - 1)}{row}": styled(lambda _: 7) for row, column in wanted}
    root = fromstring(changed(xml.encode(), cells))
    found = [(c.get("r"), c.get("s"), c.findtext(f"{{{MAIN}}}v")) for c in root.iter(f"{{{MAIN}}}c")]
    expected = [
        (f"{letters_of(c - 1)}{r}", "7" if (r, c) in wanted else None, f"{r}-{c}" if (r, c) in there else None)
        for r, c in sorted(there | wanted)
    ]
    assert (sorted(found) if backwards else found) == (sorted(expected) if backwards else expected)


def test_cells_written_leave_formulas_their_results(rich: Path, tmp_path: Path) -> None:
    """A mended book reads back without Excel: other formulas keep what they came to, and Excel reckons them again."""
    out = tmp_path / "out.xlsx"
    workbook.write_cells(rich.read_bytes(), {("Programmes", "E2"): 6.5, ("Programmes", "H9"): 0.1}, out)
    sheets = {sheet.title: sheet for sheet in workbook.read(out).sheets}
    assert sheets["Accounts"].rows[1][1] == 10
    assert (sheets["Programmes"].rows[1][4], sheets["Programmes"].rows[8][7]) == (6.5, 0.1)
    assert b'fullCalcOnLoad="1"' in parts_of(out)["xl/workbook.xml"]


def test_a_formula_that_others_share_is_theirs_when_its_cell_is_written(tmp_path: Path) -> None:
    """Excel states a formula that is filled down once; the cells that rest on it get their own."""
    path, out = tmp_path / "shared.xlsx", tmp_path / "out.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("S").write_column("A1", [10, 20, 30])
    parts = parts_of(path)
    shared = (
        ('<c r="B1"><f t="shared" ref="B1:B3" si="0">A1*2</f><v>21</v></c>', "10"),
        ('<c r="B2"><f t="shared" si="0"/><v>41</v></c>', "20"),
        ('<c r="B3"><f t="shared" si="0"/><v>61</v></c>', "30"),
    )
    page = parts["xl/worksheets/sheet1.xml"].decode()
    for cell, number in shared:
        page = page.replace(f"<v>{number}</v></c></row>", f"<v>{number}</v></c>{cell}</row>")
    parts["xl/worksheets/sheet1.xml"] = page.encode()
    with zipfile.ZipFile(path, "w") as package:
        for name, content in parts.items():
            package.writestr(name, content)
    workbook.write_cells(path.read_bytes(), {("S", "B1"): 9.0}, out)
    page = openpyxl.load_workbook(out)["S"]
    assert [page[f"B{n}"].value for n in (1, 2, 3)] == [9, "=A2*2", "=A3*2"]
    assert workbook.read(out).sheets[0].rows == [[10, 9], [20, 41], [30, 61]]


@pytest.mark.parametrize("left_out", ["xl/styles.xml", "xl/workbook.xml", "xl/worksheets/sheet2.xml", "everything"])
def test_a_file_that_cannot_be_changed_is_told_and_nothing_is_written(own: Path, tmp_path: Path, left_out: str) -> None:
    """A package without what every spreadsheet program writes is no crash, and no half of a copy."""
    broken, out = tmp_path / "broken.xlsx", tmp_path / "out.xlsx"
    with zipfile.ZipFile(broken, "w") as package:
        for name, content in parts_of(own).items():
            if left_out not in (name, "everything"):
                package.writestr(name, content)
    data = b"PK" if left_out == "everything" else broken.read_bytes()
    with pytest.raises(HaibunError, match="cannot be changed"):
        workbook.annotate(data, [Problem("Settings", "A1", "", say("odd"), say("mend"))], out)
    assert not out.exists()
