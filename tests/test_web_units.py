"""Money in the unit that the reader wants to see: converted for display, typed in the workbook's unit."""

from __future__ import annotations

import html
import re
from fractions import Fraction

import pytest
from test_web_questions import ended
from web import INPUTS, Reader, app, broken_book, reader

from optimizer.report.converted import Converter
from optimizer.report.document import number_text
from optimizer.report.in_unit import InUnit
from optimizer.units import amount, factors, moved
from optimizer.words import say

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


def test_sentences_on_lines_state_money_in_the_chosen_unit(reader, japan):
    """Reasons in the list, in the drawer and of what moved: no amount stays in the unit that nothing else shows."""

    def told(unit: str) -> list[str]:
        query = f"lang=en&set=budget_factor=0.9&unit={unit}"
        lines = reader.get(f"/api/v1{japan}/programmes?{query}").json["programmes"]
        drawer = reader.get(f"/api/v1{japan}/programme?{query}&id={lines[0]['id']}").json
        moved = reader.get(f"/api/v1{japan}/answer?{query}").json["moved"]
        reasons = [line["reason"] for line in [*lines, *drawer["years"], *moved]]
        return [said for said in reasons + drawer["sentences"] if "million yen" in said]

    written, shown = told("JPY 100 million"), told("JPY million")
    assert len(written) == len(shown) > 0
    assert all("hundred million yen" in said for said in written)
    assert not any("hundred million yen" in said for said in shown)


NUMBER = re.compile(r"^[+−]?[\d,]+(\.\d+)?$")


def cells_of(answer: dict) -> list[tuple[str, str, str]]:
    """Every cell of every table of an answer, with its heading and what names its unit."""
    return [
        (heading, table["unit"] or heading, text)
        for block in answer["blocks"]
        for table in block["tables"]
        for row in [*table["rows"], *([table["total"]] if table["total"] else [])]
        for heading, text in zip(table["columns"], row, strict=True)
    ]


@pytest.mark.parametrize("kind", ["frontier", "ranges", "compare", "levers"])
def test_an_answer_states_money_in_the_chosen_unit_and_its_files_in_the_workbooks(reader, kind):
    """A number is a hundred times as large exactly where million yen stands beside it in place of hundred million."""
    book = reader.upload((INPUTS / "minimal.xlsx").read_bytes()).request.path
    question = reader.post(f"{book}/questions", kind=kind, set="budget_factor=0.9").request.path
    assert ended(reader, question)["state"] == "done"
    unit, other = "JPY 100 million", "JPY million"
    written, shown = (reader.get(f"/api/v1{question}?unit={name}").json["answer"] for name in (unit, other))
    assert shown["files"] == written["files"] and shown["table"] == written["table"]
    converted = 0
    for (_, beside, was), (heading, now_beside, now) in zip(cells_of(written), cells_of(shown), strict=True):
        if beside.replace(unit, other) == now_beside != beside and NUMBER.match(was):
            assert number(now) == 100 * number(was), (heading, was, now)
            converted += 1
        else:
            assert was == now or " hundred million yen" in was, (heading, was, now)
    assert converted
    for was, now in zip(written["sentences"], shown["sentences"], strict=True):
        assert "hundred million yen" not in now
        assert ("hundred million yen" in was) == (was != now)
    page = reader.get(f"{question}?unit={other}").text
    assert all(html.escape(text, quote=False) in html.unescape(page) for text in shown["sentences"][:1])
    assert "Money in the files is in JPY 100 million." in page


def number(text: str) -> Fraction:
    """A number as it is written in English."""
    return Fraction(text.replace(",", "").replace("−", "-").replace("+", ""))


@pytest.mark.parametrize(
    ("written", "shown"),
    [("1,234.50", "939.21"), ("1", "0.7608"), ("100", "76.0803"), ("-3.10", "-2.36"), ("all of it", None)],
)
def test_an_amount_in_a_sentence_is_converted_with_its_unit(written, shown):
    """At 131.44 yen for a dollar; what is no number stays in its own unit."""
    converter = Converter("JPY 100 million", InUnit("USD million", 100 / RATE))
    sentence = say("opens {opened} by itself", opened=amount(written, "JPY 100 million"))
    expected = f"{shown} million dollars" if shown else f"{written} hundred million yen"
    assert converter.words(sentence).into("en") == f"opens {expected} by itself"
    assert converter.words(say("worth {worth}", worth=moved(-3, 2))).into("ja") == "worth △ 2.28"


def test_a_workbook_without_a_rate_offers_no_dollars(reader):
    """And one in a unit of its own offers nothing at all."""
    page = reader.get(reader.upload(broken_book({})).request.path).text
    assert "JPY million" in page and "USD" not in page
    other = reader.get(reader.upload(broken_book({("Settings", "B3"): "rice (t)"})).request.path).text
    assert "rice (t)" in other and 'class="units"' not in other
