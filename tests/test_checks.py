"""Every kind of problem is found at its cell, with its cure; what is legal passes."""

from __future__ import annotations

import copy
import datetime
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import books
import pytest
from books import FIRST_YEAR
from hypothesis import given, settings
from hypothesis import strategies as st
from support import raw_book

from optimizer import checks, schema
from optimizer.checks import findings
from optimizer.checks.cells import exact, value_of, year_of
from optimizer.errors import InputProblems, Problem
from optimizer.workbook import NoValue, RawBook, RawSheet

WHOLE = books.with_everything()
NUMBER = schema.SHEETS["Effects"].columns["score"]


def check(raw: dict[str, Any]) -> checks.Checked:
    return checks.check(raw_book(raw))


def changed(sheet: str, row: int, **cells: Any) -> dict[str, Any]:
    """The whole book with some cells of one row (0 is the first) set; None blanks a cell."""
    raw = copy.deepcopy(dict(WHOLE))
    raw[sheet][row] |= {int(name[1:]) if name[1:].isdigit() else name: cell for name, cell in cells.items()}
    return raw


def added(sheet: str, **cells: Any) -> dict[str, Any]:
    """The whole book with one more row."""
    raw = copy.deepcopy(dict(WHOLE))
    raw[sheet].append(cells)
    return raw


def at(checked: checks.Checked, sheet: str, column: str, row: int) -> list[Problem]:
    """The problems at a data row's cell (0 is the first row)."""
    cell = checked.tables[sheet].cell(column, row + 2)
    assert cell, f"no column {column}"
    return [problem for problem in checked.problems if (problem.sheet, problem.cell) == (sheet, cell)]


def test_a_book_that_uses_everything_has_no_error() -> None:
    """A legal book passes; every sheet becomes a table; `required` returns it."""
    checked = check(dict(WHOLE))
    assert [str(problem.problem) for problem in checked.errors] == []
    assert set(checked.tables) == set(schema.SHEETS)
    assert checked.required() is checked


@settings(max_examples=40, deadline=None)
@given(books.books())
def test_random_legal_books_have_no_error(raw: books.Book) -> None:
    """No legal book is refused."""
    assert [(p.sheet, p.cell, str(p.problem)) for p in check(raw).errors] == []


# ------------------------------------------------------------------------------------------ single cells


ONE_CELL: list[tuple[str, int, str, Any, str]] = [
    ("Programmes", 0, "maximum", "n/a", "must be a number"),
    ("Programmes", 0, "maximum", "1_000", "must be a number"),
    ("Programmes", 0, "maximum", "inf", "must be a number"),
    ("Programmes", 0, "maximum", "nan", "must be a number"),
    ("Programmes", 0, "maximum", "1,5", "must be a number"),
    ("Programmes", 0, "maximum", "٣٠", "must be a number"),
    ("Programmes", 0, "maximum", "10²", "must be a number"),
    ("Programmes", 0, "maximum", True, "must be a number"),
    ("Programmes", 0, "maximum", datetime.date(2027, 4, 1), "must be a number"),
    ("Programmes", 0, "maximum", float("inf"), "must be a number"),
    ("Programmes", 0, "maximum", None, "maximum is required"),
    ("Programmes", 0, "maximum", "　 ", "maximum is required"),
    ("Programmes", 0, "maximum", -1, "at least 0"),
    ("Programmes", 0, "maximum", 1e16, "outside what can be reckoned"),
    ("Programmes", 0, "baseline", 1e-13, "outside what can be reckoned"),
    ("Programmes", 0, "ramp", "20%", "percentage written as text"),
    ("Programmes", 0, "ramp", "２０％", "percentage written as text"),
    ("Programmes", 0, "risk", 1.01, "from 0 to 1"),
    ("Programmes", 0, "leverage", 0, "greater than 0"),
    ("Programmes", 0, "family", "aid", "not one of oda"),
    ("Programmes", 0, "account", "GRANTS", "did you mean GRANT?"),
    ("Programmes", 0, "country", "VMN", "did you mean VNM?"),
    ("Programmes", 0, "region", "EHA", "VNM lies in the region SEA, not in EHA"),
    ("Programmes", 0, "curve", "standart", "no such curve; did you mean standard?"),
    ("Programmes", 0, "requires", "p1, p9", "p9: no such lever"),
    ("Programmes", 0, "programme", "a/b", "may not contain /"),
    ("Programmes", 0, "programme", "a@b", "may not contain @"),
    ("Programmes", 0, "programme", "a，b", "may not contain ,"),
    ("Programmes", 1, "programme", "grant_VNM", "is already in row 2"),
    ("Programmes", 0, "programme", "health", "also the id of another thing"),
    ("Programmes", 0, "programme", datetime.date(2027, 1, 2), "turned this into a date"),
    ("Programmes", 0, "programme", "合計", "row of totals"),
    ("Programmes", 0, "programme", "Total", "row of totals"),
    ("Programmes", 0, "start", "2027年", "must be a Japanese fiscal year"),
    ("Programmes", 0, "start", 2027.5, "must be a Japanese fiscal year"),
    ("Programmes", 0, "commitment", "maybe", "must be yes or no"),
    ("Programmes", 0, "minimum", 31, "minimum 31 is above the maximum 30"),
    ("Programmes", 6, "minimum", 0, "indivisible programme may not be 0"),
    ("Programmes", 6, "minimum", 3.5, "is above the maximum"),
    ("Programmes", 5, "end", 2027, "ends (2027) before it starts (2028)"),
    ("Objectives", 0, "objective", "SEA", "also the id of another thing"),
    ("Objectives", 0, "freedom", "hope", "not one of want, fear"),
    ("Regions", 1, "region", "ＳＥＡ ", "is already in row 2"),
    ("Countries", 0, "region", "SEAS", "did you mean SEA?"),
    ("Priorities", 0, "weight", -0.1, "at least 0"),
    ("Priorities", 0, "need", 0, "greater than 0"),
    ("Priorities", 1, "objective", "health", "SEA / health is already in row 2"),
    ("Accounts", 0, "carry_over", 1.5, "from 0 to 1"),
    ("Accounts", 0, "account", "合計", "row of totals"),
    ("Transfers", 0, "max_share", 1.1, "from 0 to 1"),
    ("Transfers", 0, "to_account", "OPS", "give to itself"),
    ("Effects", 0, "score", "good", "must be a number"),
    ("Effects", 1, "lag", 0.5, "must be a whole number"),
    ("Effects", 1, "lag", -1, "from 0 to"),
    ("Effects", 0, "programme", "grant_VMN", "did you mean grant_VNM?"),
    ("Curves", 2, "segment", 4, "has no segment 3"),
    ("Curves", 1, "up_to", 0.4, "not beyond the one before"),
    ("Curves", 2, "up_to", 0.9, "ends at 0.9, not at 1"),
    ("Curves", 1, "rate", 1.1, "from 0 to 1"),
    ("Curves", 2, "rate", 0.8, "above the one before"),
    ("ResourceUse", 0, "uses", -2, "at least 0"),
    ("ResourceUse", 0, "resource", "personel", "did you mean personnel?"),
    ("Synergies", 0, "ratio", 0, "greater than 0"),
    ("Synergies", 0, "score", -1, "greater than 0"),
    ("Synergies", 0, "programme_b", "training", "no synergy with itself"),
    ("Limits", 0, "measure", "money", "not one of spend"),
    ("Limits", 0, "objective", "peace", "cannot be narrowed by objective"),
    ("Limits", 5, "basis", "share", "basis share does not go with the measure risk"),
    ("Limits", 3, "basis", "budget", "basis budget does not go with the measure value"),
    ("Limits", 0, "of_family", "oda", "of_family does not go with the basis amount"),
    ("Limits", 2, "of_family", "oda", "of_family does not go with the basis budget"),
    ("Limits", 2, "of_agency", "JAXA", "No account lies in the of-scope"),
    ("Limits", 6, "sense", "min", "limit on harm can only be max"),
    ("Limits", 7, "sense", "max", "limit on attainment can only be min"),
    ("Limits", 7, "country", "DJI", "cannot be narrowed by country"),
    ("Limits", 0, "year", 2031, "not a year of the horizon 2027 to 2029"),
    ("Limits", 0, "year", "always", "a Japanese fiscal year, or all"),
    ("Levers", 0, "proposal", 10, "from 1 to 9"),
    ("Levers", 0, "lever", "p 1,2", "may not contain ,"),
    ("Scenarios", 0, "scenario", "base", "base is the scenario without a row"),
    ("Scenarios", 0, "item", "levers", "not one of lever"),
    ("Scenarios", 0, "target", "p8", "p8: no such target of lever"),
    ("Scenarios", 0, "target", None, "item lever needs a target"),
    ("Scenarios", 0, "value", 2, "must be yes or no"),
    ("Scenarios", 0, "value", None, "value is required"),
    ("Scenarios", 0, "year", 2027, "item lever takes no year"),
    ("Scenarios", 3, "year", 2035, "not a year of the horizon"),
    ("Scenarios", 2, "value", -1, "at least 0"),
    ("Scenarios", 4, "value", 0, "greater than 0"),
    ("Scenarios", 5, "target", "HQ/peace", "no such target of weight_factor"),
    ("Scenarios", 8, "target", "ODAs", "no such target of cost_factor"),
    ("Scenarios", 11, "value", 14.005, "pin 14.005 is not a multiple of the publish unit 0.01"),
    ("Scenarios", 10, "value", 4.995, "No multiple of the publish unit 0.01 lies between"),
    ("Settings", 2, "value", "soon", "must be a Japanese fiscal year"),
    ("Settings", 3, "value", 31, "from 1 to 30"),
    ("Settings", 3, "value", None, "setting years (年数) is missing"),
    ("Settings", 4, "key", "discount", "did you mean discount_rate?"),
    ("Settings", 5, "value", 0, "greater than 0"),
    ("Settings", 6, "value", "perhaps", "must be yes or no"),
    ("Settings", 7, "key", "unit", "given twice"),
]


@pytest.mark.parametrize(("sheet", "row", "column", "cell", "words"), ONE_CELL)
def test_a_wrong_cell_is_told_where_it_is(sheet: str, row: int, column: str, cell: Any, words: str) -> None:
    """The problem names the sheet, the cell, the value as written, the cause and a cure."""
    checked = check(changed(sheet, row, **{column: cell}))
    found = [p for p in at(checked, sheet, column, row) if p.severity == "error"]
    assert any(words in str(problem.problem) for problem in found), [
        (p.sheet, p.cell, str(p.problem)) for p in checked.errors
    ]
    assert all(str(problem.fix) for problem in found)
    if isinstance(cell, str) and cell.strip():
        assert cell in {problem.value for problem in found}
    with pytest.raises(InputProblems):
        checked.required()


ODD: list[tuple[str, int, str, Any, str]] = [
    ("Programmes", 0, "baseline", 31, "baseline 31 is above the maximum 30"),
    ("Programmes", 6, "end", 2020, "wholly outside the horizon"),
    ("Regions", 2, "region", "sea", "differs from SEA only by case"),
    ("Effects", 0, "score", 9, "outside its own range"),
    ("Effects", 7, "score", 0, "does nothing"),
    ("Effects", 1, "lag", 3, "beyond the horizon"),
    ("Effects", 0, "objective", "peace", "SEA/peace, which has no priority"),
    ("Effects", 0, "score", 1e-10, "span more than nine powers of ten"),
    ("Synergies", 0, "objective", "peace", "SEA/peace has no priority"),
    ("ResourceUse", 0, "uses", 0, "neither uses nor builds"),
    ("ResourceUse", 3, "delay", 0, "in the year it is paid for"),
    ("ResourceUse", 3, "life", 0, "does nothing"),
    ("Limits", 0, "tag", "dual-use", "did you mean dual_use?"),
    ("Limits", 1, "value", 15, "share above 1"),
    ("Limits", 0, "value", -1, "negative"),
]


@pytest.mark.parametrize(("sheet", "row", "column", "cell", "words"), ODD)
def test_what_is_odd_gives_a_warning_and_no_error(sheet: str, row: int, column: str, cell: Any, words: str) -> None:
    """Legal but odd cells are told at the cell and keep the book usable."""
    checked = check(changed(sheet, row, **{column: cell}))
    found = at(checked, sheet, column, row)
    assert any(words in str(p.problem) and p.severity == "warning" for p in found), [
        (p.sheet, p.cell, str(p.problem)) for p in checked.warnings
    ]


def told(checked: checks.Checked, severity: str = "warning") -> str:
    return "\n".join(f"{p.sheet}!{p.cell} {p.problem}" for p in checked.problems if p.severity == severity)


def test_oddities_of_the_book_as_a_whole() -> None:
    """Idle levers, empty scopes, chains of transfers, minima beyond the budget, idle programmes."""
    assert "No row names the lever p3" in told(check(added("Levers", lever="p3")))
    assert "No row names the lever p1" not in told(check(dict(WHOLE)))
    assert "which gives to others" in told(check(dict(WHOLE)))
    assert "can give back" in told(check(dict(WHOLE)))
    assert "never exists" in told(check(changed("Effects", 0, requires="p1", unless="p1")))
    minima = told(check(changed("Accounts", 0, y2028=14)))
    assert "Accounts!H2 The minima of GRANT in 2028 add up to 15, above the appropriation 14" in minima
    idle = told(check(added("Programmes", programme="idle", family="oda", account="GRANT", maximum=1, region="SEA")))
    assert "can only cost money" in idle


def test_a_limit_without_programmes_is_told_with_its_years() -> None:
    """A scope that is empty, always or in some years, means that the limit does not exist then."""
    never = told(
        check(added("Limits", limit="x", measure="spend", sense="max", value=1, country="DJI", family="non_oda"))
    )
    assert "No programme lies in the scope of the limit: it does not exist." in never
    late = told(check(added("Limits", limit="x", measure="spend", sense="max", value=1, programme="training")))
    assert "No programme lies in the scope of the limit in 2027: it does not exist then." in late
    of = told(
        check(added("Limits", limit="x", measure="spend", sense="max", value=1, basis="share", of_family="non_oda"))
    )
    assert "No programme lies in the of-scope of the limit" in of
    pair = told(check(added("Limits", limit="x", measure="attainment", sense="min", value=1, region="HQ")))
    assert "No priority lies in the scope" in pair
    harm = told(check(added("Limits", limit="x", measure="harm", sense="max", value=1, objective="health")))
    assert "No effect does harm" in harm


# ------------------------------------------------------------------------------------- rows and columns


def test_two_synergies_of_a_pair_may_not_be_active_together() -> None:
    """Rows for one pair and objective are refused where a scenario makes both exist, else told."""
    again = {
        "programme_a": "training",
        "programme_b": "grant_VNM",
        "ratio": 1,
        "objective": "maritime",
        "score": 1,
    }
    both = check(added("Synergies", synergy="again", requires="p2", **again))
    assert "same programmes for the same objective (scenario all)" in told(both, "error")
    some = check({**added("Synergies", synergy="again", requires="p1", **again), "Scenarios": []})
    assert some.errors == ()
    assert "under some levers" in told(some)
    never = check(added("Synergies", synergy="again", unless="p2", **again))
    assert "same programmes" not in told(never) + told(never, "error")


def test_one_item_has_one_value_in_a_scenario() -> None:
    """A second value for the same item, target and year is refused; factors on other targets multiply."""
    twice = check(added("Scenarios", scenario="dear", item="limit_value", target="risk_cap", value=0.4))
    assert "Scenario dear already has a value for this in row 11" in told(twice, "error")
    assert check(added("Scenarios", scenario="shock", item="weight_factor", target="EHA", value=2)).errors == ()


def test_weights_that_are_all_zero_are_refused() -> None:
    """Neither the book nor a scenario may leave every weight at zero."""
    raw = copy.deepcopy(dict(WHOLE))
    for row in raw["Priorities"]:
        row["weight"] = 0
    assert "All weights are 0, so" in told(check(raw), "error")
    none = check(added("Scenarios", scenario="dear", item="weight_factor", value=0))
    assert "All weights are 0 in this scenario" in told(none, "error")


def test_a_programme_needs_a_place() -> None:
    """A programme without region and country is refused."""
    assert at(check(changed("Programmes", 6, region=None)), "Programmes", "region", 6)


def test_a_range_between_two_publish_units_is_refused() -> None:
    """Maxima round down and minima up; a range that this leaves empty is a problem of the input."""
    checked = check(changed("Programmes", 0, minimum=10.001, maximum=10.009))
    assert "No multiple of the publish unit 0.01" in told(checked, "error")
    assert check(changed("Programmes", 0, minimum=10.001, maximum=10.01)).errors == ()


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


# ---------------------------------------------------------------------------------------------- readings


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        (0.1, "1/10"), (0.1 + 0.2, "3/10"), (2.0, "2"), (-0.5, "-1/2"), (1e-12, "1/1000000000000"),
        ("１２．５", "25/2"), ("1,234.5", "2469/2"), ("１，２３４", "1234"), ("△1.5", "-3/2"), ("▲２", "-2"),
        ("-3", "-3"), ("−3", "-3"), ("+4", "4"), (".5", "1/2"), (" 7 ", "7"), ("1e3", "1000"),
        ("0.1234567890123456", "123456789012346/1000000000000000"),
    ],
)  # fmt: skip
def test_numbers_are_their_decimal_at_fifteen_digits(cell: Any, number: str) -> None:
    """A number is exactly the decimal shown, in full width too, with the signs of Japanese tables."""
    assert value_of(cell, NUMBER) == Fraction(number)


@given(st.decimals(-(10**9), 10**9, places=6))
def test_exact_keeps_every_decimal_of_fifteen_digits(number: Any) -> None:
    """Fifteen digits survive the way through Excel's binary numbers."""
    assert exact(float(number)) == Fraction(number)


@pytest.mark.parametrize(
    "cell", [2027.0, "2027", "FY2027", "fy 2027", "2027年度", "令和9年度", "２０２７年度", "令和９年度"]
)
def test_years_are_read_in_every_spelling(cell: Any) -> None:
    """The spellings of the contract mean one year; the first Reiwa year is 2019."""
    assert year_of(cell) == 2027
    assert year_of("令和元年度") == 2019


@pytest.mark.parametrize("cell", ["27", "2027年", "平成30年度", 2027.5, True, "", None, "FY27"])
def test_what_is_no_year_is_not_guessed(cell: Any) -> None:
    """Anything else is no fiscal year."""
    assert year_of(cell) is None


def test_ids_stay_texts() -> None:
    """001 stays 001, a number becomes its digits, NA is an id, width and outer spaces do not count."""
    raw = copy.deepcopy(dict(WHOLE))
    raw["Regions"] += [{"region": "001"}, {"region": 7}, {"region": "NA"}, {"region": " ＡＢ "}]
    raw["Countries"][0]["region"] = "ＮＡ"
    raw["Programmes"][0]["region"] = "NA"
    raw["Programmes"][5]["region"] = " NA"
    checked = check(raw)
    assert checked.errors == ()
    assert [r.values["region"] for r in checked.tables["Regions"].records][3:] == ["001", "7", "NA", "AB"]
    assert checked.tables["Countries"].records[0].values["region"] == "NA"


@pytest.mark.parametrize(
    ("word", "value"),
    [("yes", True), ("No", False), ("TRUE", True), (0.0, False), (1.0, True), ("ＯＮ", True), ("off", False),
     ("はい", True), ("いいえ", False), (True, True), (False, False), ("オン", True), ("ｵﾌ", False)],
)  # fmt: skip
def test_yes_and_no_in_every_spelling(word: Any, value: bool) -> None:
    """All spellings of the contract are read, whatever their case and width."""
    checked = check(changed("Programmes", 0, commitment=word))
    assert checked.tables["Programmes"].records[0].values["commitment"] is value


def test_japanese_words_are_read_as_the_canonical_ones() -> None:
    """Choices, settings, lists and `all` may be written in Japanese."""
    raw = changed("Objectives", 0, freedom="欠乏")
    raw["Programmes"][0] |= {"family": "政府開発援助", "requires": "p1、p2", "tags": "甲，乙"}
    raw["Limits"][3] |= {"measure": "事業量", "sense": "上限", "year": "通期"}
    raw["Scenarios"][8] |= {"item": "費用倍率", "target": "政府開発援助"}
    raw["Settings"][0]["key"] = "題名"
    tables = check(raw).tables
    assert check(raw).errors == ()
    assert tables["Objectives"].records[0].values["freedom"] == "want"
    values = tables["Programmes"].records[0].values
    assert (values["family"], values["requires"], values["tags"]) == ("oda", ("p1", "p2"), ("甲", "乙"))
    limit = tables["Limits"].records[3].values
    assert (limit["measure"], limit["sense"], limit["year"]) == ("value", "max", "all")
    scenario = tables["Scenarios"].records[8].values
    assert (scenario["item"], scenario["target"]) == ("cost_factor", "oda")


def test_names_keep_their_own_characters() -> None:
    """A name is text for people: full-width brackets stay."""
    assert check(dict(WHOLE)).tables["Programmes"].records[0].values["name_ja"] == "無償資金協力（ベトナム）"


def test_every_default_that_was_taken_is_listed() -> None:
    """A blank cell or an absent column with a meaning becomes one assumption with its rows."""
    checked = check(dict(WHOLE))
    found = {(a.sheet, a.column): a for a in checked.assumptions}
    assert found["Accounts", "carry_over"].rows == (3,)
    assert found["Accounts", "carry_over"].cells == ("F3",)
    assert found["Programmes", "ramp"].count == 4
    plain = check({**WHOLE, "Limits": [{"limit": "x", "measure": "risk", "sense": "max", "value": 0.5}]})
    kind = next(a for a in plain.assumptions if (a.sheet, a.column) == ("Limits", "kind"))
    assert (kind.rows, kind.cells) == ((2,), ())
    assert kind.meaning.into("en") == "preference"
    assert ("Programmes", "source") not in found


def test_settings_have_their_defaults() -> None:
    """Optional settings take the defaults of the contract, exactly."""
    raw = {**WHOLE, "Settings": WHOLE["Settings"][:4]}
    assert check(raw).settings == {
        "title": "Test book", "unit": "JPY 100 million", "first_year": 2027, "years": 3,
        "discount_rate": Fraction(0), "publish_unit": Fraction(1, 100), "tie_break": True,
        "exchange_rate": None,
    }  # fmt: skip


# ------------------------------------------------------------------------------------------------- laws


CELLS = [(sheet, row, column) for sheet, rows in WHOLE.items() for row, cells in enumerate(rows) for column in cells]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(CELLS), st.sampled_from(["#REF!", "#N/A", "=1+1"]))
def test_an_excel_error_is_told_wherever_it_stands(place: tuple[str, int, Any], text: str) -> None:
    """An Excel error or an uncalculated formula in any cell of any column is an error at that cell."""
    sheet, row, column = place
    raw = copy.deepcopy(dict(WHOLE))
    raw[sheet][row][column] = NoValue(text, formula=text.startswith("="))
    checked = check(raw)
    found = [problem for problem in at(checked, sheet, column, row) if problem.severity == "error"]
    assert [problem.value for problem in found] == [text]


KINDS = {"number", "whole", "year", "yes_no", "choice", "year_or_all"}
JUNK = st.one_of(st.sampled_from(["?", "n/a", "－", "1 2", "--1", "１２abc", "NaN"]), st.text("xyz*#", min_size=1))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([c for c in CELLS if c[0] != "Settings"]), JUNK)
def test_junk_is_never_taken_for_a_value(place: tuple[str, int, Any], junk: str) -> None:
    """Junk in a column of numbers, years, choices or yes/no is an error at that cell."""
    sheet, row, column = place
    year = schema.SHEETS[sheet].years
    kind = year.kind if isinstance(column, int) and year else schema.SHEETS[sheet].columns[column].kind
    if kind not in KINDS:
        return
    raw = copy.deepcopy(dict(WHOLE))
    raw[sheet][row][column] = junk
    assert any(problem.severity == "error" for problem in at(check(raw), sheet, column, row))


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
