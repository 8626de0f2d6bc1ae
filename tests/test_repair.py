"""Repairs of books without a plan, judged by the independent solver on the edited raw tables."""

from __future__ import annotations

import re
from copy import deepcopy
from fractions import Fraction
from pathlib import Path

import pytest
import reference
from books import FIRST_YEAR, Book, books, line, scenarios_of
from books import settings as book_settings
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support import opened

from optimizer.errors import InputProblems
from optimizer.questions import repair, tables
from optimizer.questions.repair.menu import WEIGHTS
from optimizer.run import open_book

FEW = settings(max_examples=30)
INPUTS = Path(__file__).parent.parent / "inputs"
MAY_CHANGE = {
    "Limits": {"value"},
    "Accounts": "years",
    "Resources": "years",
    "Programmes": {"minimum", "ramp"},
    "Transfers": {"max_share"},
    "Scenarios": {"value"},
}


@st.composite
def strained(draw, *, indivisible=False):
    """A random book that asks for too much: dear minimums, floors, little money, tight ceilings or pins."""
    book = deepcopy(draw(books(indivisible=indivisible)))
    years = next(row["value"] for row in book["Settings"] if row["key"] == "years")
    kinds = st.sampled_from(["cabinet", "preference", "law", None])
    for way in draw(st.lists(st.sampled_from(WAYS), min_size=1, max_size=3)):
        way(draw, book, range(FIRST_YEAR, FIRST_YEAR + years), kinds)
    return book


def less_money(draw, book, years, kinds):
    account = draw(st.sampled_from(book["Accounts"]))
    account["kind"] = draw(st.sampled_from(["cabinet", "preference"]))
    for year in years:
        account[year] = round(account[year] * draw(st.sampled_from([0.1, 0.3])), 1)


def dear_minimums(draw, book, years, kinds):
    for row in book["Programmes"]:
        if "start" not in row and draw(st.booleans()):
            row["minimum"] = row["maximum"]


def a_floor(draw, book, years, kinds):
    programme = draw(st.sampled_from(book["Programmes"]))
    scope = draw(st.sampled_from(["account", "family", "programme"]))
    book["Limits"].append(
        line(limit="floor", measure="spend", sense="min", value=draw(st.sampled_from([20.0, 60.0, 200.0])))
        | line(kind=draw(kinds), **{scope: programme[scope]})
    )


def a_share(draw, book, years, kinds):
    programme = draw(st.sampled_from(book["Programmes"]))
    book["Limits"].append(
        line(limit="share", measure="spend", sense="min", basis="share", value=draw(st.sampled_from([0.5, 0.9])))
        | line(kind=draw(kinds), programme=programme["programme"])
    )


def an_aim(draw, book, years, kinds):
    book["Limits"].append(
        line(limit="aim", measure="attainment", sense="min", value=draw(st.sampled_from([0.5, 0.9])), kind=draw(kinds))
    )


def a_pin(draw, book, years, kinds):
    programme = draw(st.sampled_from(book["Programmes"]))
    book["Scenarios"] = [line(scenario="s9", item="pin", target=programme["programme"], value=90)]


WAYS = [less_money, dear_minimums, a_floor, a_share, an_aim, a_pin]


def asked(raw, name):
    """The menu for a scenario that the independent solver too calls infeasible; anything else is set aside."""
    try:
        book = opened(raw)
    except AssertionError:
        assume(False)
    assume(reference.solve(raw, name).status == "infeasible")
    try:
        menu = repair.repair(book, name)
    except InputProblems:
        assume(False)
    assert not menu.is_feasible
    return menu


def mended(raw, changes):
    """The raw tables with the cells of a repair edited, found by sheet and cell alone."""
    edited = deepcopy(raw)
    for change in changes:
        letters, row = re.fullmatch(r"([A-Z]+)(\d+)", change.cell).groups()
        rows = edited[change.sheet]
        columns = list(dict.fromkeys(column for each in rows for column in each))
        position = sum((ord(letter) - 64) * 26**power for power, letter in enumerate(reversed(letters))) - 1
        cell, record = columns[position], rows[int(row) - 2]
        allowed = MAY_CHANGE[change.sheet]
        assert isinstance(cell, int) if allowed == "years" else cell in allowed, change
        assert record.get("kind", "law" if change.sheet == "Accounts" else None) != "law", change
        assert Fraction(str(record[cell])) == change.before, change
        record[cell] = float(change.after)
    return edited


def check_menu(raw, name):
    menu = asked(raw, name)
    unit = publish_unit(raw)
    for found in menu.repairs:
        edited = mended(raw, found.changes)
        result = reference.solve(edited, name)
        assert result.status == "optimal", found
        assert found.score <= result.score + 1e-6
        assert unit > Fraction("0.01") or found.score == pytest.approx(result.score, abs=0.05)
        cost = sum(abs(c.after - c.before) / max(abs(c.before), unit) * WEIGHTS[c.kind] for c in found.changes)
        assert found.cost == cost
        for change in found.changes:
            assert change.kind == kind_of(raw, change)
    costs = [found.cost for found in menu.repairs]
    assert costs == sorted(costs)
    assert len(menu.repairs) <= 5
    ways = [frozenset((c.sheet, c.cell, c.after) for c in found.changes) for found in menu.repairs]
    assert len(set(ways)) == len(ways)
    assert menu.repairs or menu.is_law_alone
    if menu.is_only:
        check_only(raw, name, *menu.repairs)
    return menu


def check_only(raw, name, found):
    """With everything else that may change as loose as can be, no plan comes of it while one of its cells stays."""
    for kept in found.changes:
        loose = loosened(raw, (kept.sheet, kept.row - 2, kept.column))
        assert reference.solve(loose, name).status == "infeasible", (found, kept)


def loosened(raw, kept):
    """The raw tables with all cells that may change as far as they can go, but for one."""
    book = deepcopy(raw)
    limits = [row for row in book["Limits"] if row.get("kind") != "law"]
    assume(not any(row.get("basis") == "budget" and row["sense"] == "min" for row in book["Limits"]))
    for row in limits:
        furthest = 1 if row["measure"] == "risk" or row.get("basis") == "share" else 10**6
        row["value"] = furthest if row["sense"] == "max" else 0
    for row in book["Accounts"]:
        if row.get("kind", "law") != "law":
            row.update(dict.fromkeys((column for column in row if isinstance(column, int)), 10**5))
    for row in book["Resources"]:
        row.update(dict.fromkeys((column for column in row if isinstance(column, int)), 10**6))
    for row in book["Programmes"]:
        if "minimum" in row:
            row["minimum"] = float(publish_unit(raw)) if "indivisible" in row else 0
        if "ramp" in row:
            row["ramp"] = 100
    for row in book["Transfers"]:
        row["max_share"] = 1
    for row in book["Scenarios"]:
        assume(row["item"] not in ("pin", "limit_value", "budget_factor"))
        row["value"] = 100 if row["item"] == "resource_factor" else row["value"]
    sheet, number, column = kept
    book[sheet][number][column] = raw[sheet][number][column]
    return book


def publish_unit(raw):
    """The whole units of a book."""
    written = next((row["value"] for row in raw["Settings"] if row["key"] == "publish_unit"), 0.01)
    return Fraction(str(written))


def kind_of(raw, change):
    """The weight's name for a changed cell, by the contract."""
    if change.sheet in ("Limits", "Accounts"):
        row = raw[change.sheet][change.row - 2]
        return row.get("kind", "preference" if change.sheet == "Limits" else "law")
    return {"Resources": "resource", "Programmes": "programme"}.get(change.sheet, change.kind)


@FEW
@given(strained(), st.data())
def test_every_repair_mends_its_book(raw, data):
    """Edits of allowed cells only, no law, at the stated cost, cheapest first: and then a plan exists."""
    check_menu(raw, data.draw(st.sampled_from(scenarios_of(raw))))


@FEW
@given(strained(indivisible=True))
def test_every_repair_mends_a_book_with_indivisible_programmes(raw):
    """The same with programmes that are whole or not at all."""
    check_menu(raw, "base")


# The smallest conflict


def dropped(raw, name, place, in_all_years):
    """The independent model without what a place of the conflict says."""
    table = place.sheet
    column = heading(raw, place)
    if table == "Scenarios" and raw[table][row_of(place)]["item"] != "pin":
        others = [row for row in raw[table] if row is not raw[table][row_of(place)]]
        left = name if any(row["scenario"] == name for row in others) else "base"
        return reference.lp(raw | {"Scenarios": others}, left)
    model = reference.lp(raw, name)
    model.rows = [row for row in model.rows if not speaks(raw, row.name, place, column, in_all_years)]
    return model


def row_of(place):
    return int(re.sub(r"[A-Z]", "", place.cell)) - 2


def heading(raw, place):
    columns = list(dict.fromkeys(column for each in raw[place.sheet] for column in each))
    return columns[ord(re.sub(r"\d", "", place.cell)) - 65]


def speaks(raw, row, place, column, in_all_years):
    """Whether a row of the independent model is what a cell says, or an appropriation or resource in all its years."""
    if place.sheet == "Limits":
        return row[:2] == ("limit", place.id)
    if place.sheet in ("Accounts", "Resources"):
        own = {"Accounts": "budget", "Resources": "resource"}[place.sheet], place.id, column
        return row[:2] == own[:2] if in_all_years else row == own
    if place.sheet == "Scenarios":
        pin = raw["Scenarios"][row_of(place)]
        return row[:2] == ("pin", pin["target"]) and pin.get("year") in (None, row[2])
    words = {"minimum": ["minimum"], "maximum": ["maximum"], "ramp": ["ramp up", "ramp down"]}
    if column == "commitment":
        return row[0] == "commitment" and row[2] == place.id
    return row[0] in words[column] and row[1] == place.id


def has_plan(model):
    try:
        reference.maximise(model, model.score)
    except reference.NoPlan:
        return False
    return True


@FEW
@given(strained(indivisible=False), st.data())
def test_a_conflict_is_irreducible(raw, data):
    """Without any one row of the conflict the independent solver finds a plan, unless the menu says others collide."""
    name = data.draw(st.sampled_from(scenarios_of(raw)))
    menu = asked(raw, name)
    assert menu.conflict
    without, without_cells = (
        [has_plan(dropped(raw, name, place, in_all_years)) for place in menu.conflict] for in_all_years in (True, False)
    )
    assert all(without) == menu.is_alone, (menu.conflict, without)
    if menu.is_alone:
        assert all(without_cells) != menu.is_recurring, (menu.conflict, without_cells)


@FEW
@given(strained(indivisible=False))
def test_each_of_several_conflicts_is_irreducible(raw):
    """Alone with what rows mean by definition, each has no plan, and has one without any row; they share none."""
    menu = asked(raw, "base")
    assert 1 <= len(menu.conflicts) <= 5
    cells = [(place.sheet, place.cell) for conflict in menu.conflicts for place in conflict]
    assert len(set(cells)) == len(cells)
    for conflict in menu.conflicts:
        assert not has_plan(only(raw, conflict))
        for left_out in conflict:
            assert has_plan(only(raw, [place for place in conflict if place is not left_out]))


def only(raw, places):
    """The independent model with what some places say, and what holds by definition."""
    model = reference.lp(raw, "base")
    model.rows = [
        row
        for row in model.rows
        if row.name[0] not in RULES or any(speaks(raw, row.name, place, heading(raw, place), False) for place in places)
    ]
    return model


RULES = ("budget", "pin", "minimum", "maximum", "ramp up", "ramp down", "commitment", "resource", "limit")


def two_lines(years=1):
    """Two lines of 10 a year that draw on one appropriation of 10."""
    book = Book()
    book["Settings"] = book_settings(years)
    book["Regions"] = [line(region="r", name="R")]
    book["Countries"] = [line(country="KEN", region="r")]
    book["Objectives"] = [line(objective="o", freedom="want")]
    book["Priorities"] = [line(region="r", objective="o", weight=1, need=100)]
    book["Accounts"] = [line(account="a", kind="cabinet") | {FIRST_YEAR + year: 10 for year in range(years)}]
    book["Programmes"] = [
        line(programme=name, family="oda", account="a", maximum=10, region="r") for name in ("wells", "roads")
    ]
    book["Effects"] = [line(programme=name, objective="o", score=1) for name in ("wells", "roads")]
    return book


def test_a_collision_that_recurs_is_told_once():
    """Two minimums that no year's appropriation pays for: the appropriation of one year, and that others collide."""
    book = two_lines(years=3)
    book["Programmes"][0]["minimum"], book["Programmes"][1]["minimum"] = 6, 7
    menu = repair.repair(opened(book))
    assert sorted((place.sheet, place.id) for place in menu.conflict) == [
        ("Accounts", "a"),
        ("Programmes", "roads"),
        ("Programmes", "wells"),
    ]
    assert menu.is_alone
    assert menu.is_recurring
    said = [words.into("en") for words in tables.menu_in_words(menu)]
    assert said[0] == (
        "These rows cannot hold together, here and in other years; without any one of them a plan exists:"
    )
    assert "  Programmes F2, wells: the minimum of wells" in said


def test_collisions_that_have_nothing_in_common_are_all_named():
    """A minimum above one appropriation, and a floor above the other line's maximum: two collisions, each told."""
    book = two_lines()
    book["Accounts"].append(line(account="b", kind="cabinet") | {FIRST_YEAR: 5})
    book["Programmes"][0] |= line(account="b", minimum=6)
    book["Limits"] = [line(limit="aim", measure="spend", sense="min", value=12, programme="roads")]
    menu = repair.repair(opened(book))
    assert sorted(sorted(place.id for place in conflict) for conflict in menu.conflicts) == [["aim"], ["b", "wells"]]
    assert not menu.is_alone
    said = [words.into("en") for words in tables.menu_in_words(menu)]
    assert said[0] == "These 2 collisions are separate: in each of them at least one row has to give way."
    assert len(tables.menu_as_dict(menu, "en")["conflicts"]) == 2


def test_where_one_cell_is_in_every_way_out_a_second_way_changes_it_by_less():
    """A floor above all maxima must fall; with money beside it, to the maximum: else to today's appropriation."""
    book = two_lines()
    book["Programmes"][0]["maximum"] = 18
    book["Limits"] = [line(limit="aim", measure="spend", sense="min", value=20, programme="wells", kind="preference")]
    first, second = repair.repair(opened(book)).repairs
    assert [(c.id, c.before, c.after) for c in first.changes] == [("aim", 20, 10)]
    assert sorted((c.id, c.before, c.after) for c in second.changes) == [("a", 10, 14), ("aim", 20, 14)]


def test_what_mends_the_money_alone_is_not_offered_where_an_aim_asks_for_more():
    """A floor of 12 and an aim that takes 15, of an appropriation of 10: 12 are enough for the floor alone."""
    book = two_lines()
    book["Limits"] = [
        line(limit="floor", measure="spend", sense="min", value=12, kind="preference"),
        line(limit="aim", measure="attainment", sense="min", value=0.15, kind="preference"),
    ]
    menu = repair.repair(opened(book))
    ways = [{change.id: float(change.after) for change in found.changes} for found in menu.repairs]
    assert ways == [{"floor": 10, "aim": 0.1}, {"a": 15}]
    for found in menu.repairs:
        assert reference.solve(mended(book, found.changes), "base").status == "optimal"


def test_a_single_way_out_is_said_to_be_the_only_one():
    """A floor above the maximum that no other cell has any part in."""
    book = two_lines()
    book["Limits"] = [line(limit="aim", measure="spend", sense="min", value=20, programme="wells")]
    menu = repair.repair(opened(book))
    assert [(c.id, c.after) for found in menu.repairs for c in found.changes] == [("aim", 10)]
    assert menu.is_only
    assert tables.menu_as_dict(menu, "en")["only"]
    assert "no change of other cells makes a plan possible" in tables.menu_in_words(menu)[-1].into("en")


def test_an_appropriation_may_fall_where_a_law_asks_for_its_share():
    """A law that gives wells nine tenths of an appropriation above their maximum: less money is the way out."""
    book = two_lines()
    book["Accounts"][0][FIRST_YEAR] = 20
    book["Limits"] = [line(limit="aim", measure="spend", sense="min", basis="budget", value=0.9, programme="wells")]
    book["Limits"][0] |= line(kind="law")
    menu = repair.repair(opened(book))
    assert [[(c.id, c.after) for c in found.changes] for found in menu.repairs] == [[("a", pytest.approx(11.11))]]


def test_a_years_collision_is_found_beside_a_wider_one():
    """A minimum above one year's money collides with that year alone, whatever else is short in the others."""
    book = two_lines(years=2)
    book["Programmes"][0]["minimum"], book["Programmes"][1]["minimum"] = 6, 7
    book["Accounts"][0][FIRST_YEAR + 1] = 5
    book["Programmes"][1]["end"] = FIRST_YEAR
    menu = repair.repair(opened(book))
    assert {(place.sheet, place.cell) for place in menu.conflict} == {("Accounts", "D2"), ("Programmes", "F2")}


def test_a_ramp_that_collides_is_called_a_change():
    """The cell of a ramp bounds growth and fall alike."""
    book = two_lines(years=1)
    book["Programmes"][0] |= line(baseline=2, ramp=0.1)
    book["Limits"] = [line(limit="aim", measure="spend", sense="min", value=9, programme="wells", kind="law")]
    said = [words.into("en") for words in tables.menu_in_words(repair.repair(opened(book)))]
    assert "  Programmes G2, wells: the largest change in a year of wells" in said
    assert "  Limits D2, aim: the limit on spending “aim” (law)" in said


def test_a_scenarios_number_is_mended_in_few_digits():
    """What is found by halving is shown as a person would write it, and verified as such."""
    book = two_lines()
    book["Limits"] = [line(limit="aim", measure="spend", sense="min", value=8, programme="wells", kind="law")]
    book["Scenarios"] = [line(scenario="s", item="programme_maximum", target="wells", value=4)]
    (found,) = repair.repair(opened(book), "s").repairs
    assert [(c.sheet, c.before, c.after) for c in found.changes] == [("Scenarios", 4, 8)]


def test_large_amounts_change_by_what_is_needed():
    """An appropriation in thousands of yen has all its digits, and is not rounded by more than it has to change."""
    book = two_lines()
    book["Accounts"][0][FIRST_YEAR] = 12_345_678
    book["Programmes"][0] |= line(maximum=20_000_000, minimum=12_345_679.5)
    said = [words.into("en") for words in tables.menu_in_words(repair.repair(opened(book)))]
    assert "  Programmes F2, wells: 12,345,679.5 → 12,345,678" in said
    assert "  Accounts C2, a: 12,345,678 → 12,345,679.5" in said


def test_a_minimum_that_whole_units_raise_may_fall_to_nothing():
    """A maximum of nothing by law: the minimum of 6.86, which is published as 6.9, has to go altogether."""
    book = two_lines()
    book["Settings"] = book_settings(1, publish_unit=0.1)
    book["Programmes"][0]["minimum"] = 6.86
    book["Limits"] = [line(limit="none", measure="spend", sense="max", value=0, programme="wells", kind="law")]
    (found,) = repair.repair(opened(book)).repairs
    assert [(c.id, float(c.before), float(c.after)) for c in found.changes] == [("wells", 6.86, 0)]


def test_a_ramp_does_not_ease_the_fall_to_a_maximum_far_below_the_baseline():
    """The first year spends its maximum of 3 all the same; only the fall from there to nothing needs a ramp."""
    book = two_lines(years=2)
    book["Programmes"][0] |= line(baseline=37, maximum=3, scale=10, ramp=0)
    book["Accounts"][0] |= line(kind="law") | {FIRST_YEAR + 1: 0}
    menu = repair.repair(opened(book))
    assert [[(c.id, float(c.after)) for c in found.changes] for found in menu.repairs] == [[("wells", 0.3)]]


def test_a_ramp_reaches_from_the_baseline_below_the_maximum_where_nothing_less_will_do():
    """The first year has money for 1 of its maximum of 3: a fall of 36 from a baseline of 37, 3.6 of the scale."""
    book = two_lines()
    book["Programmes"][0] |= line(baseline=37, maximum=3, scale=10, ramp=0)
    book["Accounts"][0] |= line(kind="law") | {FIRST_YEAR: 1}
    menu = repair.repair(opened(book))
    assert [[(c.id, float(c.after)) for c in found.changes] for found in menu.repairs] == [[("wells", 3.6)]]
    assert not menu.is_only


def test_pins_of_several_years_from_the_command_line_are_named_as_such():
    """They stand in no cell, so that no place of the workbook stands for one of their years beside them."""
    asked = {"clinics": 9.5, "grants": 7.5}
    pins = [f"pin:{programme}@{year}={asked[programme]}" for programme in asked for year in (2027, 2028)]
    menu = repair.repair(open_book(INPUTS / "minimal.xlsx"), "base", pins)
    places = sorted((place.sheet, place.id) for place in menu.conflict)
    assert places == [("--set", "pin:clinics"), ("--set", "pin:grants"), ("Accounts", "AID")]
