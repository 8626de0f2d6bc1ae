"""Reading and writing: every file gives tables or one clear problem, and write → read changes nothing."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import books
import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import raw_book

from optimizer import checks, schema, workbook
from optimizer.errors import InputProblems
from optimizer.workbook import NoValue, RawBook, package

WHOLE = books.with_everything()
MINIMAL = books.minimal()


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a small legal workbook."""
    path = tmp_path_factory.mktemp("good") / "book.xlsx"
    workbook.write(path, MINIMAL)
    return path.read_bytes()


def repacked(data: bytes, change: Callable[[str, bytes], bytes | None], **added: bytes) -> bytes:
    """The package with each part changed (None drops it) and parts added."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as source,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            content = change(name, source.read(name))
            if content is not None:
                target.writestr(name, content)
        for name, content in added.items():
            target.writestr(name.replace("__", "/"), content)
    return out.getvalue()


def sheet_of(data: bytes, **cells: str) -> bytes:
    """A one-sheet workbook whose sheetData is the given XML."""
    book = openpyxl.Workbook()
    out = io.BytesIO()
    book.save(out)
    pattern = re.compile(rb"<sheetData ?/>|<sheetData>.*</sheetData>", re.DOTALL)
    return repacked(out.getvalue(), lambda name, old: pattern.sub(data, old) if name.endswith("sheet1.xml") else old)


def read(data: bytes, name: str = "book.xlsx") -> RawBook:
    return workbook.read_bytes(data, Path(name))


def refusal(data: bytes, name: str = "book.xlsx") -> str:
    """The one sentence that a file is refused with."""
    with pytest.raises(InputProblems) as caught:
        read(data, name)
    (problem,) = caught.value.problems
    assert (problem.sheet, problem.cell, problem.value) == ("", "", name)
    assert str(problem.fix)
    return str(problem.problem)


# ---------------------------------------------------------------------------------------------- refusals


def test_files_of_other_kinds_are_refused_by_name(good: bytes) -> None:
    """An empty file, a text, an old or binary or locked workbook: each is told as what it is."""
    ole = package.OLE + bytes(600)
    assert refusal(b"") == "The file is empty."
    assert "not an Excel workbook" in refusal(b"programme,account\n")
    assert "old Excel format" in refusal(ole, "old.xls")
    assert "password" in refusal(ole + "EncryptedPackage".encode("utf-16-le"))
    assert "not an Excel workbook" in refusal(repacked(good, lambda name, old: None, a__b=b"x"))
    binary = repacked(good, lambda name, old: old, **{"xl__workbook.bin": b"x"})
    assert "(.xlsb)" in refusal(binary)
    assert "(.xlsm)" in refusal(good, "plan.xlsm")


def test_macros_are_refused_whatever_the_name(good: bytes) -> None:
    """A macro inside a file called .xlsx is found by its part or its content type."""
    assert "macros" in refusal(repacked(good, lambda name, old: old, **{"xl__vbaProject.bin": b"x"}))

    def typed(name: str, old: bytes) -> bytes:
        return old.replace(b"spreadsheetml.sheet.main", b"sheet.macroEnabled.main") if "Content" in name else old

    typed_file = repacked(
        good,
        lambda name, old: old.replace(
            b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
            b"application/vnd.ms-excel.sheet.macroEnabled.main+xml",
        ),
    )
    assert "macros" in refusal(typed_file)


def test_a_document_type_definition_is_refused(good: bytes) -> None:
    """Entity tricks never reach a parser, in UTF-16 either."""
    bomb = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><worksheet/>'
    assert "document type definition" in refusal(
        repacked(good, lambda name, old: bomb if name.endswith("sheet1.xml") else old)
    )
    wide = bomb.decode().encode("utf-16")
    assert "document type definition" in refusal(
        repacked(good, lambda name, old: wide if name.endswith("sheet2.xml") else old)
    )


def test_a_zip_bomb_is_stopped_by_its_real_size(good: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unpacked bytes are counted, whatever the package says of itself."""
    monkeypatch.setattr(package, "LARGEST_FILE", 300_000)
    assert "unpacks to more than" in refusal(repacked(good, lambda name, old: old, xl__media=b"0" * 400_000))


@pytest.mark.parametrize(
    "far",
    [
        b'<c r="XFD1048576"><v>1</v></c>',
        b"<c r='AAA1048576'><v>1</v></c>",
        b'<c s="0"  r="ZZ999999"><v>1</v></c>',
    ],
)
def test_a_stray_cell_far_away_costs_no_memory(far: bytes) -> None:
    """One cell at the far corner is refused before anything lays out a grid of billions."""
    row = re.search(rb"\d+", far.split(b"r=")[1])
    assert row
    words = refusal(sheet_of(b'<sheetData><row r="%s">%s</row></sheetData>' % (row[0], far)))
    assert "reaches" in words and "rows" in words


def test_a_missing_file_is_one_problem(tmp_path: Path) -> None:
    """A wrong name and a folder are told, not raised."""
    for path in (tmp_path / "no.xlsx", tmp_path):
        with pytest.raises(InputProblems, match="1 problem"):
            workbook.read(path)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_damaged_file_is_read_or_refused_but_never_crashes(good: bytes, data: st.DataObject) -> None:
    """Cut anywhere or with any bytes changed, a file gives tables or one problem; judging never raises."""
    broken = bytearray(good[: data.draw(st.integers(0, len(good)))] if data.draw(st.booleans()) else good)
    for _ in range(data.draw(st.integers(0, 5))):
        if broken:
            broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    try:
        raw = read(bytes(broken))
    except InputProblems as refused:
        assert len(refused.problems) == 1
    else:
        checks.check(raw)


PARTS = ["xl/workbook.xml", "xl/worksheets/sheet2.xml", "xl/_rels/workbook.xml.rels", "xl/sharedStrings.xml"]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(PARTS), st.integers(0, 10**6), st.integers(0, 60), st.binary(max_size=8))
def test_damaged_xml_is_read_or_refused(good: bytes, part: str, start: int, cut: int, put: bytes) -> None:
    """The same with a stretch of a part's XML replaced inside a sound package."""

    def change(name: str, old: bytes) -> bytes:
        place = start % (len(old) + 1)
        return old[:place] + put + old[place + cut :] if name == part else old

    try:
        raw = read(repacked(good, change))
    except InputProblems as refused:
        assert len(refused.problems) == 1
    else:
        checks.check(raw)


# ---------------------------------------------------------------------------------------------- readings


def test_the_bytes_are_kept_as_they_were(tmp_path: Path) -> None:
    """The run folder can hold the very file that was read."""
    path = tmp_path / "予算計画.xlsx"
    workbook.write(path, MINIMAL)
    raw = workbook.read(path)
    assert raw.data == path.read_bytes()
    assert raw.sha256 == hashlib.sha256(raw.data).hexdigest()
    assert raw.path == path


def test_formulas_count_with_their_stored_result_and_no_other() -> None:
    """A stored result counts; an empty text is a blank; a formula never calculated is no value."""
    raw = read(
        sheet_of(
            b'<sheetData><row r="1"><c r="A1"><f>1+1</f><v>2</v></c><c r="B1"><f>1+1</f><v></v></c>'
            b'<c r="C1"><f>1+1</f></c><c r="D1" t="str"><f>""</f><v></v></c>'
            b'<c r="E1" t="str"><f>"a"</f><v>a</v></c>'
            b'<c r="F1" t="e"><f>1/0</f><v>#DIV/0!</v></c><c r="G1" t="e"><v>#REF!</v></c></row>'
            b'<row r="3"><c r="C3"><f t="shared" si="0"/></c></row></sheetData>'
        )
    )
    rows = raw.sheets[0].rows
    assert rows[0][:5] == [2.0, NoValue("=1+1", True), NoValue("=1+1", True), "", "a"]
    assert rows[0][5:] == [NoValue("#DIV/0!"), NoValue("#REF!")]
    assert rows[2][2] == NoValue("=", True)


def test_formulas_are_found_however_the_xml_is_written() -> None:
    """Prefixed names, single quotes, and cells without an address are read like any others."""
    odd = sheet_of(b"<sheetData><row><c t='e'><v>#N/A</v></c><c><f>A1</f></c></row></sheetData>")
    assert read(odd).sheets[0].rows[0] == [NoValue("#N/A"), NoValue("=A1", True)]

    def prefixed(name: str, old: bytes) -> bytes:
        if not name.endswith("sheet1.xml"):
            return old
        old = re.sub(rb"<(/?)([a-zA-Z])", rb"<\1x:\2", old)
        return old.replace(b"xmlns=", b"xmlns:x=")

    assert read(repacked(odd, prefixed)).sheets[0].rows[0] == [NoValue("#N/A"), NoValue("=A1", True)]


def test_a_formula_that_was_never_calculated_is_a_problem_not_a_blank(tmp_path: Path) -> None:
    """openpyxl writes formulas without results; the check says to open and save the file in Excel."""
    path = tmp_path / "book.xlsx"
    workbook.write(path, MINIMAL)
    book = openpyxl.load_workbook(path)
    book["Effects"]["C2"] = "=1+2"
    book.save(path)
    (problem,) = checks.check(workbook.read(path)).errors
    assert (problem.sheet, problem.cell, problem.value) == ("Effects", "C2", "=1+2")
    assert "save it" in str(problem.fix)


def test_hidden_sheets_and_rows_are_read_with_a_warning(tmp_path: Path) -> None:
    """What is hidden counts like the rest, and the reader is told."""
    path = tmp_path / "book.xlsx"
    workbook.write(path, MINIMAL)
    book = openpyxl.load_workbook(path)
    book["Effects"].sheet_state = "veryHidden"
    book["Programmes"].row_dimensions[3].hidden = True
    book.save(path)
    checked = checks.check(workbook.read(path))
    assert len(checked.tables["Programmes"].records) == 2
    assert len(checked.tables["Effects"].records) == 2
    assert {(p.sheet, "hidden" in str(p.problem)) for p in checked.warnings} == {
        ("Effects", True),
        ("Programmes", True),
    }


def test_furigana_is_not_part_of_a_text() -> None:
    """Phonetic hints that Japanese Excel stores beside a text are not read as text."""
    raw = read(
        sheet_of(
            b'<sheetData><row r="1"><c r="A1" t="inlineStr"><is><r><t>\xe6\x9d\xb1</t></r>'
            b"<r><t>\xe4\xba\xac</t></r>"
            b'<rPh sb="0" eb="1"><t>\xe3\x83\x88\xe3\x82\xa6</t></rPh></is></c></row></sheetData>'
        )
    )
    assert raw.sheets[0].rows[0][0] == "東京"


def test_charts_and_other_sheets_are_passed_over(tmp_path: Path) -> None:
    """A chart sheet is no table."""
    path = tmp_path / "book.xlsx"
    workbook.write(path, MINIMAL)
    book = openpyxl.load_workbook(path)
    book.create_chartsheet("Chart")
    book.save(path)
    assert "Chart" not in {sheet.title for sheet in workbook.read(path).sheets}


# --------------------------------------------------------------------------------------------- round trip


def records(raw: RawBook) -> dict[str, Any]:
    checked = checks.check(raw)
    return {name: (table.records, [str(p.problem) for p in checked.errors]) for name, table in checked.tables.items()}


def test_the_same_tables_are_the_same_bytes_on_any_day(tmp_path: Path) -> None:
    """The file tells no time of its making, so that a rebuilt book has the hash of the one before."""
    workbook.write(tmp_path / "book.xlsx", WHOLE)
    with zipfile.ZipFile(tmp_path / "book.xlsx") as package:
        told = re.findall(rb">([0-9]{4}-[0-9]{2}-[0-9]{2})T", package.read("docProps/core.xml"))
        assert set(told) == {b"1980-01-01"}
        assert {info.date_time[0] for info in package.infolist()} == {1980}


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_book_with_everything_reads_back_to_the_same_tables(tmp_path: Path, language: str) -> None:
    """Every sheet and column survives write → read, in both languages, without a problem."""
    path = tmp_path / "book.xlsx"
    workbook.write(path, WHOLE, language)
    assert records(workbook.read(path)) == records(raw_book(dict(WHOLE)))
    titles = {sheet.title for sheet in workbook.read(path).sheets}
    assert schema.SHEETS["Programmes"].title(language) in titles


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(books.books(), st.sampled_from(["en", "ja"]))
def test_random_books_read_back_to_the_same_tables(tmp_path: Path, raw: books.Book, language: str) -> None:
    """write → read gives the same records, rows and all, for any book."""
    path = tmp_path / "book.xlsx"
    workbook.write(path, raw, language)
    assert records(workbook.read(path)) == records(raw_book(raw))


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40).map(str.strip).filter(bool)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    TEXTS | st.sampled_from(["=1+1", "'=1", "+1", "@SUM(1)", "{=1}", "_x0041_", "http://a.b", "001", "1e5", "#REF!"])
)
def test_any_text_reads_back_as_itself(tmp_path: Path, text: str) -> None:
    """No text becomes a formula, a link, a number or an error on its way through the file."""
    raw = {**MINIMAL, "Regions": [{"region": "SEA", "name": text}]}
    path = tmp_path / "book.xlsx"
    workbook.write(path, raw)
    checked = checks.check(workbook.read(path))
    assert checked.tables["Regions"].records[0].values["name"] == text
    assert openpyxl.load_workbook(path)["Regions"]["B2"].data_type == "s"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.decimals(-(10**8), 10**8, places=6), st.decimals(0, 1, places=14))
def test_any_number_reads_back_as_itself(tmp_path: Path, large: Any, small: Any) -> None:
    """Decimals of up to fifteen digits come back exactly."""
    raw = {
        **MINIMAL,
        "Effects": [{"programme": "wells", "objective": "health", "score": large, "low": small}],
    }
    path = tmp_path / "book.xlsx"
    workbook.write(path, {**raw, "Effects": [{**raw["Effects"][0], "score": float(large), "low": float(small)}]})
    values = checks.check(workbook.read(path)).tables["Effects"].records[0].values
    if abs(large) > schema.SMALLEST:
        assert values["score"] == schema.Fraction(large)
    if small > schema.SMALLEST:
        assert values["low"] == schema.Fraction(small)


def test_what_is_not_in_the_schema_is_not_written(tmp_path: Path) -> None:
    """A misspelt sheet or column in a generator is an error of the programmer, not a lost column."""
    with pytest.raises(ValueError, match="no such sheet: Effect"):
        workbook.write(tmp_path / "a.xlsx", {"Effect": []})
    with pytest.raises(ValueError, match="no such column in Effects: scores"):
        workbook.write(tmp_path / "b.xlsx", {"Effects": [{"scores": 1}]})
