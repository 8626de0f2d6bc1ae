"""Sheets, headings, years and settings are found by their names, wherever they stand; slips are told."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Callable
from typing import Any

import books
import pytest
from books import FIRST_YEAR
from checking import WHOLE, changed, check, told
from hypothesis import given, settings
from hypothesis import strategies as st
from support import raw_book

from optimizer import checks
from optimizer.checks import findings
from optimizer.workbook import RawBook, RawSheet


def test_missing_unknown_and_repeated_sheets() -> None:
    """Missing sheets are errors, unknown ones warnings; a sheet in both languages is refused."""
    raw = {name: rows for name, rows in WHOLE.items() if name != "Priorities"}
    assert "The sheet Priorities (優先度) is missing" in told(check(raw), "error")
    renamed = {("Priorites" if name == "Priorities" else name): rows for name, rows in WHOLE.items()}
    assert "did you mean Priorities?" in told(check(renamed))
    assert any("Rename the sheet Priorites" in str(p.fix) for p in check(renamed).errors)
    assert "notes is not part of the workbook" in told(check({**WHOLE, "notes": [{"x": 1}]}))
    assert "are the same table" in told(check({**WHOLE, "地域": [{"地域": "SEA"}]}), "error")
    assert "haibun_problems" not in told(check({**WHOLE, "haibun_problems": [{"x": 1}]}))


def test_missing_unknown_and_repeated_columns() -> None:
    """A missing required column, a near miss, a column in both languages and a note of the user's own."""
    raw = copy.deepcopy(dict(WHOLE))
    for row in raw["Programmes"]:
        row["maxmum"] = row.pop("maximum")
    checked = check(raw)
    assert "The column maximum (上限額) is missing." in told(checked, "error")
    assert "maxmum: no such column; did you mean maximum?" in told(checked, "error")
    both = check(changed("Programmes", 0, **{"上限額": 30}))
    assert "The columns maximum and 上限額 are the same." in told(both, "error")
    note = check(changed("Programmes", 0, remark="mine"))
    assert note.errors == ()
    assert "remark: no such column; it is ignored." in told(note)


@pytest.mark.parametrize(
    ("heading", "severity"),
    [
        *((slip, "error") for slip in ("baselin", "comitment", "minumum", "regoin", "tag")),
        *((note, "warning") for note in ("Comments", "country_name", "name_en", "sources")),
    ],
)
def test_a_heading_is_refused_where_it_is_a_slip_and_not_where_it_is_a_note(heading: str, severity: str) -> None:
    """A misspelt column would lose its numbers in silence; another word, or one for names alone, loses nothing."""
    raw = dict(books.minimal())
    raw["Programmes"] = [{**row, heading: "x"} for row in raw["Programmes"]]
    for row in raw["Programmes"]:
        row.pop("region" if heading == "regoin" else "", None)
    found = [p for p in check(raw).problems if "no such column; did you mean" in str(p.problem)]
    assert [(p.severity, p.value) for p in found] == [(severity, heading)]


@pytest.mark.parametrize(
    ("key", "severity"),
    [("discount_rat", "error"), ("tiebraek", "error"), ("base_rate", "warning"), ("由来", "warning")],
)
def test_a_setting_is_refused_where_it_is_a_slip_and_not_where_it_is_another(key: str, severity: str) -> None:
    """A misspelt setting would take its default in silence; one that the program does not know is ignored aloud."""
    raw = copy.deepcopy(dict(books.minimal()))
    raw["Settings"].append({"key": key, "value": 0.02})
    assert [(p.severity, p.value) for p in check(raw).problems] == [(severity, key)]


def test_what_is_called_total_is_an_entry_where_another_sheet_names_it() -> None:
    """An account, region or programme may be called so; a row that nobody names adds the others up."""
    raw = copy.deepcopy(dict(books.minimal()))
    raw["Regions"][0]["region"] = raw["Countries"][0]["region"] = raw["Priorities"][0]["region"] = "Total"
    raw["Accounts"][0]["account"] = "合計"
    for row, name in zip(raw["Programmes"], ("Total sanitation", "sum"), strict=True):
        row |= {"account": "合計", "region": "Total", "programme": name}
    for row, name in zip(raw["Effects"], ("Total sanitation", "sum"), strict=True):
        row["programme"] = name
    raw["Limits"] = [books.line(limit="Total cap", measure="spend", sense="max", value=9)]
    assert check(raw).problems == ()
    raw["Programmes"].append(books.line(programme="Total", maximum=14))
    raw["Effects"].append(books.line(programme="Total", score=5))
    raw["Accounts"].append({"account": "Total", FIRST_YEAR: 10})
    assert {(p.sheet, p.cell) for p in check(raw).errors} >= {
        ("Programmes", "B4"),
        ("Effects", "B4"),
        ("Accounts", "A3"),
    }


def test_a_note_beside_or_below_the_table_is_no_row() -> None:
    """What stands in no column of the schema is ignored, with the one warning that the column is; a past year too."""
    raw = copy.deepcopy(dict(books.minimal()))
    raw["Accounts"] += [{"remark": "as voted"}, {"remark": "see the annex"}]
    raw["Accounts"][0][FIRST_YEAR - 1] = "n/a"
    checked = check(raw)
    told_of = [(p.severity, p.sheet, p.cell) for p in checked.problems]
    assert sorted(told_of) == [("warning", "Accounts", "C1"), ("warning", "Accounts", "D1")]
    assert len(checked.tables["Accounts"].records) == 1


def test_columns_of_years() -> None:
    """Every year of the horizon has one column, however it is headed; others are ignored."""
    raw = copy.deepcopy(dict(WHOLE))
    for row in raw["Accounts"]:
        row["令和９年度"], row["FY2028"] = row.pop(2027), row.pop(2028)
    checked = check(raw)
    assert checked.errors == ()
    assert checked.tables["Accounts"].records[0].years[2027] == 60
    assert checked.tables["Accounts"].records[0].years[2028] == 62
    assert "are the same" in told(check(changed("Accounts", 0, **{"2027年度": 1})), "error")
    assert "Fiscal year 2030 lies outside the horizon" in told(check(changed("Accounts", 0, y2030=1)))
    blank = check(changed("Accounts", 0, y2028=None))
    assert [(p.sheet, str(p.problem)) for p in blank.errors] == [("Accounts", "The cell is empty; 2028 is required.")]
    for row in raw["Accounts"]:
        del row[2029]
    assert "The column of fiscal year 2029 is missing." in told(check(raw), "error")


def test_all_problems_are_found_in_one_pass() -> None:
    """Problems of several sheets and kinds come together."""
    raw = changed("Programmes", 0, maximum="x", account="y")
    raw["Effects"][3]["score"] = None
    raw["Limits"][0]["measure"] = "z"
    del raw["Regions"]
    sheets = {problem.sheet for problem in check(raw).errors}
    assert {"Programmes", "Effects", "Limits", "Regions"} <= sheets


def test_what_one_check_finds_beyond_what_anybody_mends_is_counted(monkeypatch) -> None:
    """So many wrong numbers, unknown ids and odd rows are listed, and how many more there are is said."""
    monkeypatch.setattr(findings, "MOST_OF_A_CHECK", 2)
    raw = copy.deepcopy(dict(WHOLE))
    raw["Effects"] += [{"programme": f"x{n}", "objective": "y", "score": "n/a"} for n in range(5)]
    raw["Levers"] += [{"lever": f"l{n}"} for n in range(4)]
    found = check(raw).problems
    rest = [(p.severity, str(p.problem)) for p in found if "left out" in str(p.problem)]
    assert rest[:2] == [("error", "3 more of this kind are left out."), ("error", "8 more of this kind are left out.")]
    assert ("warning", "2 more of this kind are left out.") in rest
    assert sum("must be a number" in str(p.problem) for p in found) == 2
    assert sum("no such" in str(p.problem) for p in found) == 2


def shuffled(raw: dict[str, Any], move: Callable[[list[Any]], list[Any]]) -> RawBook:
    book = raw_book(raw)
    sheets = []
    for sheet in book.sheets:
        columns = move([list(column) for column in zip(*sheet.rows, strict=True)])
        sheets.append(RawSheet(sheet.title, [list(row) for row in zip(*columns, strict=True)]))
    return RawBook(book.path, b"", "", tuple(move(sheets)))


@settings(max_examples=20, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_sheets_and_columns_means_nothing(random: Any) -> None:
    """Sheets and columns in any order give the same records."""

    def move(things: list[Any]) -> list[Any]:
        return random.sample(things, len(things))

    straight, mixed = check(dict(WHOLE)), checks.check(shuffled(dict(WHOLE), move))
    assert {name: table.records for name, table in mixed.tables.items()} == {
        name: table.records for name, table in straight.tables.items()
    }


def test_empty_rows_do_not_count() -> None:
    """Wholly empty rows, and rows of spaces, are skipped; row numbers stay those of Excel."""
    book = raw_book(dict(WHOLE))
    sheets = []
    for sheet in book.sheets:
        width = len(sheet.rows[0])
        sheets.append(RawSheet(sheet.title, [sheet.rows[0], [""] * width, ["　 "] * width, *sheet.rows[1:]]))
    checked = checks.check(RawBook(book.path, b"", "", tuple(sheets)))
    assert checked.errors == ()
    assert checked.tables["Regions"].records[0].row == 4


@pytest.mark.parametrize("found", ["grnat_17", "grant_IDM", "IDN_grant", "gran", "ＧＲＡＮＴ＿ＶＮＭ", "loan", "zzz"])
def test_the_likely_name_is_as_near_as_any(found):
    """Though few of many are compared letter by letter."""
    lands = [
        f"{kind}_{land}" for kind in ("grant", "loan", "技術") for land in ("IDN", "VNM", "PHL", "KHM", "ベトナム")
    ]
    names = [f"grant_{number}" for number in range(300)] + lands
    nearness = {
        name: difflib.SequenceMatcher(None, findings.plainly(found), findings.plainly(name)).ratio() for name in names
    }
    near = findings.nearest(found, names)
    assert (near is None) == (max(nearness.values()) < 0.6)
    assert near is None or nearness[near] == max(nearness.values())
