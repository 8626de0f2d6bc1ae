"""Money in the unit that the reader wants to see: converted for display, typed in the workbook's unit."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest
from web import Reader, app, broken_book, reader

from optimizer.report.document import number_text
from optimizer.units import factors

__all__ = ["app", "reader"]
RATE = Fraction("131.44")


@pytest.fixture(scope="module")
def japan(app) -> str:
    return Reader(app).post("/books/example").request.path


def total_of(reader, japan: str, query: str = "") -> dict:
    figures = reader.get(f"/api/v1{japan}/answer?detail=full&{query}").json["figures"]
    return next(figure for figure in figures if figure["id"] == "total")


def test_yen_are_shown_in_other_yen_and_in_dollars_at_the_stated_rate():
    """A hundred million yen is 100 million-yen units, a tenth of a billion, and what the rate makes of it."""
    assert factors("JPY 100 million", RATE) == {
        "JPY 100 million": 1,
        "JPY million": 100,
        "JPY billion": Fraction(1, 10),
        "USD million": 100 / RATE,
    }
    assert "USD million" not in factors("JPY million", None)
    assert factors("rice (t)", RATE) == {"rice (t)": 1}


@pytest.mark.parametrize(
    ("unit", "factor", "decimals"),
    [("JPY million", Fraction(100), 0), ("JPY billion", Fraction(1, 10), 1), ("USD million", 100 / RATE, 0)],
)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_page_with_money_shows_it_in_the_chosen_unit(app, japan, unit, factor, decimals, language):
    """The choice is kept in the cookie; what is typed keeps the workbook's unit."""
    reader = Reader(app, language)
    written = total_of(reader, japan, "set=budget_factor=0.9")
    page = reader.post("/unit", unit=unit, back=japan)
    assert page.request.path == japan
    shown = total_of(reader, japan, "set=budget_factor=0.9")
    assert shown["value"] == written["value"]
    assert shown["text"] == number_text(Fraction(str(written["value"])) * factor, "money", decimals, language)
    assert shown["unit"] != written["unit"]
    for path in ("", "/programmes", "/compare?s=base&s=practice_2026"):
        assert shown["unit"] in reader.get(japan + path).text
    typed = re.search(r'<label for="pin-amount">([^<]*)</label>', reader.get(japan).text)[1]
    assert written["unit"] in typed
    lines = reader.get(f"/api/v1{japan}/programmes").json["programmes"]
    of_a_line = {"JPY million": 0, "JPY billion": 2, "USD million": 1}[unit]
    for line in lines:
        assert line["amount_text"] == number_text(Fraction(str(line["amount"])) * factor, "money", of_a_line, language)


def test_a_script_may_ask_for_a_unit(reader, japan):
    """``unit`` in the address; one that the workbook cannot be shown in changes nothing."""
    assert total_of(reader, japan, "unit=JPY million")["unit"] == "JPY million"
    assert total_of(reader, japan, "unit=EUR")["unit"] == "JPY 100 million"


def test_a_workbook_without_a_rate_offers_no_dollars(reader):
    """And one in a unit of its own offers nothing at all."""
    page = reader.get(reader.upload(broken_book({})).request.path).text
    assert "JPY million" in page and "USD" not in page
    other = reader.get(reader.upload(broken_book({("Settings", "B3"): "rice (t)"})).request.path).text
    assert "rice (t)" in other and 'class="units"' not in other
