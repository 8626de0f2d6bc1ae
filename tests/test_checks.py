"""Every kind of problem in a cell or between cells is found at its cell, with its cure; what is legal passes."""

from __future__ import annotations

import copy
import datetime
from typing import Any

import books
import pytest
from checking import WHOLE, added, at, changed, check, told
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer import schema
from optimizer.errors import InputProblems
from optimizer.workbook import NoValue


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


# ------------------------------------------------------------------------------------- between cells


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
