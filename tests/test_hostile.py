"""Hostile workbooks: each is refused with a clear sentence, faulted at its cell, or read to the same tables."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
import zipfile
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner
from hostile.books import JAPAN, Book
from hostile.kinds import KINDS
from hostile.names import PAYLOADS, as_names
from hostile.outcomes import Fault, Kind, Refused, Same
from hypothesis import example, given, settings
from hypothesis import strategies as st

from optimizer import checks, schema, workbook
from optimizer.cli import main


@cache
def japan() -> checks.Checked:
    return checks.check(workbook.read(JAPAN))


def tables(checked: checks.Checked, without_names: bool) -> dict[str, object]:
    """Every record of every sheet; ``without_names`` leaves out what no plan depends on."""
    texts = ("name", "name_ja", "source", "note", "value") if without_names else ()
    return {
        name: [({k: v for k, v in record.values.items() if k not in texts}, record.years) for record in table.records]
        for name, table in checked.tables.items()
    }


def test_there_are_kinds_enough_and_no_name_twice():
    """At least a hundred."""
    assert len({kind.name for kind in KINDS}) == len(KINDS) > 100


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_hostile_book_is_refused_faulted_or_read_the_same(kind: Kind, tmp_path: Path) -> None:
    """Without an exception, with the sentence that its kind calls for; what each takes is measured in bench/."""
    path = tmp_path / kind.filename
    path.write_bytes(kind.data)
    done = CliRunner().invoke(main, ["check", str(path), "--json", "--lang", "en"])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    problems = json.loads(done.stdout)["problems"]
    errors = [problem for problem in problems if problem["severity"] == "error"]
    assert done.exit_code == bool(errors)
    assert "Traceback" not in done.output
    match kind.expect:
        case Refused(words):
            (problem,) = errors
            assert (problem["sheet"], problem["cell"]) == ("", "")
            assert words in problem["problem"] and problem["fix"]
        case Fault(sheet, cell, words):
            there = [p for p in errors if (p["sheet"], p["cell"]) == (sheet, cell)]
            assert there, errors
            assert any(words in problem["problem"] for problem in there), there
        case Same(sheet, words):
            assert not errors
            assert not words or any(p["sheet"] == sheet and words in p["problem"] for p in problems)
            assert any("hidden" in p["problem"] for p in problems) == (words == "hidden")
            found = checks.check(workbook.read(path))
            assert tables(found, sheet == "names") == tables(japan(), sheet == "names")


# -------------------------------------------------------------------------------------------- what is written


@cache
def amounts_of_japan(folder: Path) -> list[dict[str, str]]:
    return solved(JAPAN, folder)


def solved(book: Path, folder: Path) -> list[dict[str, str]]:
    """The amounts of a book's plan, written to a run folder."""
    done = CliRunner().invoke(main, ["solve", str(book), "--out", str(folder), "--lang", "en"])
    assert done.exit_code == 0, done.output
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", done.output), "a line moves the terminal's cursor"
    rows = csv.DictReader(io.StringIO((folder / "allocation.csv").read_text("utf-8-sig")))
    return [{name: row[name] for name in ("programme", "year", "amount")} for row in rows]


@pytest.mark.parametrize("payload", ["a tag", "a formula with a minus", "a formula, full-width", "a pattern"])
def test_no_name_becomes_a_formula_or_a_tag_in_what_is_written(payload, tmp_path, tmp_path_factory):
    """The plan is the same; tables hold text, the page shows it, and no file appears elsewhere."""
    book = tmp_path / "book.xlsx"
    book.write_bytes(as_names(PAYLOADS[payload])(Book()).data)
    base = tmp_path_factory.getbasetemp() / "japan"
    assert solved(book, tmp_path / "run") == amounts_of_japan(base)
    for table in (tmp_path / "run").glob("*.csv"):
        for row in csv.reader(io.StringIO(table.read_text("utf-8-sig"))):
            for text in row:
                assert not text.startswith(("=", "+", "@", "＝", "＋", "＠", "\t")), text
                assert not text.startswith("-") or re.fullmatch(r"-[0-9.]+", text), text
    assert PAYLOADS[payload] not in "".join(formulas(tmp_path / "run" / "report.xlsx"))
    page = (tmp_path / "run" / "report.html").read_text("utf-8")
    assert "<script>alert" not in page and "<img src=x" not in page
    assert {path.name for path in tmp_path.iterdir()} == {"book.xlsx", "run"}


def formulas(report: Path) -> list[str]:
    with zipfile.ZipFile(report) as package:
        sheets = (package.read(name).decode() for name in package.namelist() if name.startswith("xl/worksheets/"))
        return [formula for sheet in sheets for formula in re.findall(r"<f[^>]*>([^<]*)</f>", sheet)]


# ---------------------------------------------------------------------------------------------- single cells

NUMBERS = {
    (sheet.name, column.name)
    for sheet in schema.SHEETS.values()
    for column in sheet.columns.values()
    if column.kind in ("number", "whole")
}
CONTENTS = (
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12).map(lambda text: ("text", text))
    | st.floats().map(lambda number: ("number", repr(number)))
    | st.sampled_from([("number", "1e308"), ("number", "-0"), ("text", "１２．５"), ("text", "＝1"), ("text", "1e5")])
    | st.sampled_from(["TRUE", "#N/A"]).map(lambda text: ("error" if text[0] == "#" else "truth", text))
)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(NUMBERS)), st.integers(2, 8), CONTENTS)
@example(("Accounts", "carry_over"), 2, ("number", "3.430424328189764e-213"))
def test_a_changed_number_is_that_number_or_a_problem_at_its_cell(place, row, content):
    """Whatever stands in one cell of numbers: the decimal it shows, a blank, or an error; no other cell changes."""
    (sheet, column), (kind, value) = place, content
    table = japan().tables[sheet]
    if column not in table.columns or row - 2 >= len(table.records):
        return
    cell = table.cell(column, row)
    book = Book()
    if kind == "text":
        book.text(sheet, cell, value)
    elif kind == "number":
        book.number(sheet, cell, value)
    else:
        book.cell(sheet, cell, ' t="e"><v>#N/A</v></c>' if kind == "error" else ' t="b"><v>1</v></c>')
    found = checks.check(workbook.read_bytes(book.data, Path("book.xlsx")))
    if any((problem.sheet, problem.cell) == (sheet, cell) for problem in found.errors):
        return
    after = found.tables[sheet].records[row - 2].values[column]
    assert kind in ("text", "number")
    assert not value.strip() or after == Fraction(f"{float(unicodedata.normalize('NFKC', value)):.15g}")
    others = tables(found, False)
    others[sheet][row - 2][0][column] = table.records[row - 2].values[column]
    assert others == tables(japan(), False)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if not isinstance(kind.expect, Refused)][::6], ids=str)
def test_the_marked_copy_of_a_hostile_book_is_written_or_refused_in_words(kind: Kind, tmp_path: Path) -> None:
    """Marking goes through another reader, which meets the same tricks; no traceback there either."""
    path = tmp_path / kind.filename
    path.write_bytes(kind.data)
    done = CliRunner().invoke(main, ["check", str(path), "--annotate", str(tmp_path / "marked.xlsx"), "--lang", "en"])
    assert isinstance(done.exception, SystemExit | None), done.exception
    if (tmp_path / "marked.xlsx").exists():
        assert not list(tmp_path.glob("*.tmp"))
    else:
        assert "cannot be changed" in done.output
