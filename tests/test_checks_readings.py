"""What stands in a cell is read as exactly one number, year, id, word or default."""

from __future__ import annotations

import copy
from fractions import Fraction
from typing import Any

import pytest
from checking import WHOLE, changed, check
from hypothesis import given
from hypothesis import strategies as st

from optimizer import schema
from optimizer.checks.cells import exact, value_of, year_of

NUMBER = schema.SHEETS["Effects"].columns["score"]


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
