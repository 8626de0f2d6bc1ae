"""What holds for every book, whatever is in it: laws of the plan before rounding, and of a broken cell."""

from __future__ import annotations

import copy
import datetime
from dataclasses import replace
from fractions import Fraction
from functools import cache
from random import Random
from typing import Any

import pytest
from books import Book, books, line, scenarios_of, with_everything
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from support import as_cell, opened, raw_book

from optimizer import checks, model, proof, run, scenario, schema, solver
from optimizer.errors import InputProblems, NoPlan, Problem
from optimizer.portfolio import Portfolio, portfolio_of
from optimizer.workbook import NoValue, RawBook, RawSheet

CLOSE = 1e-5
NOTHING = float("-inf")


def examples(count: int) -> settings:
    """So many examples, in proportion to the profile."""
    return settings(max_examples=max(1, count * settings.default.max_examples // 100))


def active(raw: dict[str, Any], *sets: str, name: str = "base") -> Portfolio:
    """The portfolio under --set items; examples in which these leave a range empty are set aside."""
    try:
        return scenario.apply(opened(raw).portfolio, name, sets).portfolio
    except InputProblems:
        assume(False)
        raise


def best(portfolio: Portfolio) -> float:
    """The best score before rounding; minus infinity where there is no plan."""
    settled = portfolio.with_changes(settings=replace(portfolio.settings, tie_break=False))
    try:
        return solver.solve(model.build(settled)).score
    except NoPlan:
        return NOTHING


def best_of(raw: dict[str, Any], *sets: str, name: str = "base") -> float:
    """The best score of a book under --set items."""
    return best(active(raw, *sets, name=name))


# ----------------------------------------------------------------------------------------- more is no less


@examples(60)
@given(books(scenarios=False), st.data())
def test_more_money_never_lowers_the_score(raw: Book, data: st.DataObject) -> None:
    """Any appropriation may rise: in one year or all, of one account or all.

    Floors that are a share of the appropriation rise with it, so they are left out.
    """
    raw["Limits"] = [row for row in raw["Limits"] if (row.get("basis"), row["sense"]) != ("budget", "min")]
    account = data.draw(st.sampled_from(["", *(f":{row['account']}" for row in raw["Accounts"])]))
    years = [column for column in raw["Accounts"][0] if isinstance(column, int)]
    year = data.draw(st.sampled_from(["", *(f"@{year}" for year in years)]))
    factor = data.draw(st.sampled_from(["1.01", "1.3", "4"]))
    assert best_of(raw, f"budget_factor{account}{year}={factor}") >= best_of(raw) - CLOSE


@examples(60)
@given(books(scenarios=False).filter(lambda raw: raw["Limits"]), st.data())
def test_a_lifted_limit_never_lowers_the_score(raw: Book, data: st.DataObject) -> None:
    """A limit may be eased or taken away: a plan that kept it is still a plan."""
    number = data.draw(st.integers(0, len(raw["Limits"]) - 1))
    before = best_of(raw)
    eased, gone = copy.deepcopy(raw), copy.deepcopy(raw)
    row = eased["Limits"][number]
    row["value"] = round(float(row["value"]) * (1.5 if row["sense"] == "max" else 0.5) + (row["sense"] == "max"), 4)
    del gone["Limits"][number]
    assert best_of(gone) + CLOSE >= best_of(eased) >= before - CLOSE


@examples(60)
@given(books(scenarios=False, priority_curves=False), st.data())
def test_raising_a_need_never_lowers_what_is_attained(raw: Book, data: st.DataObject) -> None:
    """Σ δ·w·g of the best plan does not fall when a need rises; floors of attainment, which rise too, are left out."""
    raw["Limits"] = [row for row in raw["Limits"] if row["measure"] != "attainment"]
    pair = data.draw(st.sampled_from(raw["Priorities"]))
    both = f"{pair['region']}/{pair['objective']}"
    target = data.draw(st.sampled_from(["", pair["region"], pair["objective"], both]))
    raised = active(raw, f"need_factor:{target}={data.draw(st.sampled_from(['1.1', '2', '30']))}")
    asked = active(raw)
    assert attained(raised) >= attained(asked) - 1e-4


def attained(portfolio: Portfolio) -> float:
    """Σ δ·w·g of the best plan: the score in points of full marks."""
    return best(portfolio) / 100 * float(model.columns.full_score(portfolio))


# ------------------------------------------------------------------------------------ what changes nothing


def in_another_order(raw: Book, random: Random) -> RawBook:
    """The same book with its sheets, columns and rows in another order."""
    sheets = []
    for title, rows in raw.items():
        if rows:
            columns = list(dict.fromkeys(column for row in rows for column in row))
            random.shuffle(columns)
            cells = [[as_cell(row.get(column)) for column in columns] for row in random.sample(rows, len(rows))]
            sheets.append(RawSheet(title, [[as_cell(column) for column in columns], *cells]))
    random.shuffle(sheets)
    return RawBook(raw_book(raw).path, b"", "", tuple(sheets))


@examples(40)
@given(books(), st.randoms(use_true_random=False))
def test_the_order_of_rows_columns_and_sheets_changes_no_score(raw: Book, random: Random) -> None:
    """A book shuffled through and through has the same best score in each of its scenarios."""
    checked = checks.check(in_another_order(raw, random))
    assert not checked.errors
    shuffled = portfolio_of(checked)
    for name in scenarios_of(raw):
        try:
            portfolio = scenario.apply(shuffled, name).portfolio
        except InputProblems:
            with pytest.raises(InputProblems):
                scenario.apply(opened(raw).portfolio, name)
            continue
        assert best(portfolio) == pytest.approx(best_of(raw, name=name), abs=CLOSE)


MONEY = {"Programmes": ("maximum", "minimum", "baseline", "scale")}
FOR_A_UNIT_OF_MONEY = {"Effects": ("score", "low", "high"), "ResourceUse": ("uses", "builds"), "Synergies": ("score",)}


def in_another_unit(raw: Book, factor: int) -> Book:
    """The same book with money counted in a unit that is ``factor`` times smaller."""
    book = copy.deepcopy(raw)
    book["Settings"] = [row for row in book["Settings"] if row["key"] != "publish_unit"]
    book["Settings"].append({"key": "publish_unit", "value": float(Fraction(1, 100) * factor)})

    def change(rows: list[Any], columns: Any, by: Fraction) -> None:
        for row in rows:
            for column in [c for c in columns if c in row]:
                row[column] = float(Fraction(str(row[column])) * by)

    for sheet, columns in MONEY.items():
        change(book[sheet], columns, Fraction(factor))
    for sheet, columns in FOR_A_UNIT_OF_MONEY.items():
        change(book[sheet], columns, Fraction(1, factor))
    change(book["Accounts"], [c for c in book["Accounts"][0] if isinstance(c, int)], Fraction(factor))
    amounts = [r for r in book["Limits"] if r["measure"] in ("spend", "value") and r.get("basis", "amount") == "amount"]
    change(amounts, ["value"], Fraction(factor))
    return book


@examples(40)
@given(books(scenarios=False), st.sampled_from([10, 100, 1000]))
def test_the_unit_of_money_changes_no_score(raw: Book, factor: int) -> None:
    """The same money in another unit scores the same."""
    raw["Settings"] = [*raw["Settings"], line(key="publish_unit", value=0.01)]
    raw["Settings"] = list({row["key"]: row for row in raw["Settings"]}.values())
    assert best_of(in_another_unit(raw, factor)) == pytest.approx(best_of(raw), abs=CLOSE)


POINTS = {"Priorities": ("need",), "Effects": ("score", "low", "high"), "Synergies": ("score",)}


@examples(40)
@given(books(scenarios=False), st.sampled_from([10**4, 10**6, 10**8]))
def test_the_unit_of_attained_scores_changes_nothing(raw: Book, factor: int) -> None:
    """Needs and effects counted in people instead of millions of people: the same score, proved as closely."""
    people = copy.deepcopy(raw)
    for sheet, columns in POINTS.items():
        for row in people.get(sheet, []):
            row.update({column: row[column] * factor for column in columns if column in row})
    for row in people.get("Limits", []):
        if row["measure"] == "harm":
            row["value"] *= factor
    assert best_of(people) == pytest.approx(best_of(raw), abs=CLOSE)
    try:
        usual = run.solve_book(opened(raw)).proof
    except NoPlan:
        assume(False)
    counted_in_people = run.solve_book(opened(people)).proof
    assert float(counted_in_people.bound) == pytest.approx(float(usual.bound), abs=CLOSE)


@examples(40)
@given(books(scenarios=False), st.sampled_from(["yes", "no"]))
def test_a_lever_that_no_row_names_is_worth_nothing(raw: Book, default: str) -> None:
    """On or off, such a lever leaves the published plan as it is."""
    raw["Levers"] = [*raw["Levers"], line(lever="idle", default=default)]
    book = opened(raw)
    plans = []
    for setting in ("on", "off"):
        try:
            result = run.solve_book(book, sets=[f"lever:idle={setting}"])
        except NoPlan:
            plans.append(None)
            continue
        plans.append((result.plan, result.proof.score, result.proof.bound))
    assert plans[0] == plans[1]


@examples(40)
@given(books(scenarios=False))
def test_doubling_all_weights_changes_no_plan(raw: Book) -> None:
    """A plan has the very same score under doubled weights, and the best plan is as good (the same, without floors
    of attainment: those rows are written with the weights)."""
    doubled = copy.deepcopy(raw)
    for row in doubled["Priorities"]:
        row["weight"] = float(Fraction(str(row["weight"])) * 2)
    try:
        before = run.solve_book(opened(raw))
    except NoPlan:
        assert best_of(doubled) == NOTHING
        return
    after = run.solve_book(opened(doubled))
    assert proof.attained_by(after.book, before.plan).score == before.proof.score
    assert best(after.portfolio) == pytest.approx(best(before.portfolio), abs=CLOSE)
    if not any(row["measure"] == "attainment" for row in raw["Limits"]):
        assert after.plan == before.plan


# --------------------------------------------------------------------------------------- one broken cell


WHOLE = with_everything()
BAD = {
    "number": ["n/a", "1_000", "1,5", "5%", "--1", "inf", True, datetime.date(2027, 4, 1), 1e16],
    "whole": ["n/a", 1.5, True, "two"],
    "year": ["soon", 2027.5, 27, "令和", datetime.date(2027, 4, 1)],
    "year_or_all": ["soon", 2027.5, "al"],
    "yes_no": ["maybe", 2, "ye s"],
    "choice": ["zzz", 7, "oda x"],
    "id": ["a/b", "a@b", "a,b", True, datetime.date(2027, 4, 1)],
    "ref": ["no such thing", 12345, "a/b"],
    "refs": ["no such thing", "p1, no such thing"],
    "word": [datetime.date(2027, 4, 1), True],
    "words": [datetime.date(2027, 4, 1), True],
    "text": [],
}
ANYWHERE = [NoValue("#REF!"), NoValue("=A1", formula=True)]


def kind_of(sheet: str, row: dict[Any, Any], column: Any) -> str:
    """What may stand in a cell."""
    if sheet == "Settings":
        return schema.SETTINGS[row["key"]].kind if column == "value" else "key"
    if sheet == "Scenarios" and column == "value":
        return schema.ITEMS[row["item"]].value
    if isinstance(column, int):
        return "number"
    return schema.SHEETS[sheet].columns[column].kind


def is_required(sheet: str, row: dict[Any, Any], column: Any) -> bool:
    """Whether a blank is a problem."""
    if sheet == "Settings":
        return column == "value" and schema.SETTINGS[row["key"]].required
    return isinstance(column, int) or schema.SHEETS[sheet].columns[column].required


def breakable() -> list[tuple[str, int, Any, Any]]:
    """Every (sheet, row, column, broken content): no such content has a meaning in that cell."""
    found = []
    for sheet, rows in WHOLE.items():
        for number, row in enumerate(rows):
            for column in row:
                contents = [*ANYWHERE, *BAD.get(kind_of(sheet, row, column), [])]
                if is_required(sheet, row, column):
                    contents += [None, "　 "]
                found += [(sheet, number, column, content) for content in contents]
    return found


def judged(sheet: str, row: int, column: Any, content: Any) -> tuple[checks.Checked, list[Problem]]:
    """The book with one cell replaced, and the errors at that cell."""
    raw = copy.deepcopy(dict(WHOLE))
    raw[sheet][row][column] = content
    checked = checks.check(raw_book(raw))
    columns = list(dict.fromkeys(name for cells in WHOLE[sheet] for name in cells))
    cell = checked.tables[sheet].cell(column, row + 2) or f"{chr(65 + columns.index(column))}{row + 2}"
    return checked, [p for p in checked.errors if (p.sheet, p.cell) == (sheet, cell)]


@examples(400)
@given(st.sampled_from(breakable()))
@example(("Scenarios", 0, "item", None))
def test_a_broken_cell_is_told_at_that_cell(broken: tuple[str, int, Any, Any]) -> None:
    """Whatever has no meaning in a cell gives a problem with that cell's address, its content, and a cure."""
    _, found = judged(*broken)
    assert found
    assert all(problem.fix.into("en") and problem.fix.into("ja") for problem in found)


SHOWN_ONLY = {
    "Settings": ("title", "unit", "exchange_rate"),
    "Regions": ("name", "name_ja"),
    "Countries": ("name", "name_ja"),
    "Objectives": ("name", "name_ja"),
    "Accounts": ("name", "name_ja", "kind"),
    "Programmes": ("name", "name_ja", "source"),
    "Effects": ("low", "high", "source", "as_of"),
    "Resources": ("name", "name_ja", "unit"),
    "Synergies": ("source",),
    "Limits": ("name", "name_ja", "kind", "source"),
    "Levers": ("name", "name_ja", "note", "proposal"),
}


def cells_that_are_only_shown() -> list[tuple[str, int, Any]]:
    """Cells that no plan depends on."""
    return [
        (sheet, number, column)
        for sheet, columns in SHOWN_ONLY.items()
        for number, row in enumerate(WHOLE[sheet])
        for column in row
        if column in columns or (sheet == "Settings" and column == "value" and row["key"] in columns)
    ]


@examples(30)
@given(st.sampled_from(cells_that_are_only_shown()), st.sampled_from(["?", "=1+1", "n/a", 12, "x" * 300, "{name}"]))
def test_a_cell_that_is_only_shown_is_told_or_changes_no_plan(place: tuple[str, int, Any], content: Any) -> None:
    """Names, sources and notes may hold anything; what is neither a number nor a choice there is told."""
    checked, found = judged(*place, content)
    if found:
        return
    assert not checked.errors
    result = run.solve_book(run.OpenBook(b"", "", portfolio_of(checked), checked.warnings, checked.assumptions))
    assert dict(result.plan.spending) == dict(plan_of_the_whole_book().spending)
    assert result.lines[0].reason.into("ja")


@cache
def plan_of_the_whole_book() -> Any:
    """The published plan of the book before a cell of it was broken."""
    return run.solve_book(opened(WHOLE)).plan


MISSPELT = [
    ("Programmes", 5, "tags", "securty"),
    ("Programmes", 1, "instrument", "grant_ad"),
    ("Accounts", 1, "agency", "MOFAA"),
]


@pytest.mark.parametrize(("sheet", "row", "column", "content"), MISSPELT)
def test_a_misspelt_word_is_told(sheet: str, row: int, column: str, content: str) -> None:
    """A tag, instrument or agency that is almost the one a limit or scenario names is told: it would slip out of it."""
    raw = copy.deepcopy(dict(WHOLE))
    raw["Limits"].append(line(limit="aid", measure="spend", sense="max", value=90, instrument="grant_aid"))
    raw["Limits"].append(line(limit="more", measure="spend", sense="max", value=90, agency="MOFA"))
    raw[sheet][row][column] = content
    checked = checks.check(raw_book(raw))
    cell = checked.tables[sheet].cell(column, row + 2)
    assert [p for p in checked.problems if (p.sheet, p.cell) == (sheet, cell) and "did you mean" in str(p.problem)]


HEADINGS = [
    (sheet, column) for sheet, rows in WHOLE.items() for column in dict.fromkeys(c for row in rows for c in row)
]


@examples(60)
@given(st.sampled_from(HEADINGS), st.sampled_from(["", "zzz", "{heading}x", "{heading} 2", "#"]))
@example(("Scenarios", "item"), "zzz")
def test_a_broken_heading_is_told(place: tuple[str, Any], pattern: str) -> None:
    """A heading that is gone or misspelt gives a problem in that sheet: a column is never lost without a word."""
    sheet, column = place
    book = raw_book(WHOLE)
    headings = next(s for s in book.sheets if s.title == sheet).rows[0]
    position = headings.index(as_cell(column))
    name = str(column)
    mended = [*headings[:position], pattern.format(heading=name), *headings[position + 1 :]]
    sheets = [RawSheet(s.title, [mended, *s.rows[1:]]) if s.title == sheet else s for s in book.sheets]
    before = set(map(_where, checks.check(book).problems))
    found = [p for p in checks.check(RawBook(book.path, b"", "", tuple(sheets))).problems if _where(p) not in before]
    assert any(problem.sheet == sheet for problem in found)


def _where(problem: Problem) -> tuple[str, str, str]:
    return problem.sheet, problem.cell, str(problem.problem)
