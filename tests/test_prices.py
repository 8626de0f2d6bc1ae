"""Prices of requirements, held against the independent solver: a rule removed, one more unit of money."""

from __future__ import annotations

from fractions import Fraction

import pytest
import reference
from books import books, minimal, scenarios_of
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support import opened

from optimizer.errors import InputProblems, NoPlan
from optimizer.questions import prices, tables
from optimizer.report import pages
from optimizer.report.chapters.prices import prices_document

FEW = settings(max_examples=30)
POINTS = 0.005


def asked(raw, name="base"):
    """The price list of a scenario; set aside where the scenario is a problem of the input or has no plan."""
    try:
        return prices.prices(opened(raw), name)
    except (InputProblems, NoPlan):
        assume(False)


def rows_of(raw, name, price):
    """The independent model of a scenario and the rows that a price speaks of."""
    model = reference.lp(raw, name)
    what = {"limit": "limit", "resource": "resource", "appropriation": "budget"}[price.what]
    rows = [r for r in model.rows if r.name[:2] == (what, price.id) and price.year in (None, r.name[2])]
    assert rows, price
    return model, rows


def independent_score(raw, name, price):
    """The score without a limit or resource, or with one more unit of an appropriation (None: no plan)."""
    model, rows = rows_of(raw, name, price)
    if price.what == "appropriation":
        rows[0].right += 1
        for row, value in budget_limits(reference.resolve(raw, name), model, price):
            row.right += value
    else:
        model.rows = [row for row in model.rows if row not in rows]
    try:
        return reference.maximise(model, model.score)[0]
    except reference.NoPlan:
        return None


def check_prices(raw, name):
    best = reference.solve(raw, name).score
    found = asked(raw, name)
    for price in found:
        score = independent_score(raw, name, price)
        if score is None:
            assert price.score_without is None and price.price is None, price
        else:
            assert price.score_without == pytest.approx(score, abs=POINTS), price
            assert price.price == pytest.approx(score - best, abs=POINTS), price
    worth = [price.price for price in found if price.price is not None]
    assert worth == sorted(worth, reverse=True)


@FEW
@given(books(), st.data())
def test_prices_are_the_independent_solvers(raw, data):
    """Every limit, resource and appropriation of any scenario, within 0.005 points, dearest first."""
    check_prices(raw, data.draw(st.sampled_from(scenarios_of(raw))))


@FEW
@given(books(indivisible=True))
def test_prices_with_indivisible_programmes(raw):
    """The same with programmes that are whole or not at all: each price is the tree's, not the relaxation's."""
    check_prices(raw, "base")


@FEW
@given(books(), st.floats(0.02, 0.98))
def test_a_price_per_unit_holds_over_its_interval(raw, part):
    """Anywhere between its ends a requirement's price is what the score gains a unit, says the independent solver."""
    best = reference.solve(raw).score
    for price in asked(raw):
        if price.per_unit is not None:
            step = price.holds_from + part * (price.holds_to - price.holds_from)
            model = moved_by(raw, price, step)
            score, _ = reference.maximise(model, model.score)
            assert score == pytest.approx(best + price.per_unit * step, abs=1e-4), price


def test_what_is_exact_in_a_price_is_said_where_programmes_are_all_or_nothing():
    """No price per unit, and why; without indivisible programmes nothing of the kind."""
    book = minimal()
    book["Programmes"][0]["indivisible"] = "yes"
    whole, divided = prices.prices(opened(book)), prices.prices(opened(minimal()))
    assert [price.per_unit for price in whole] == [None]
    assert "each price is exact" in tables.prices_in_words(whole, "JPY")[-1].into("en")
    assert not any("exact" in words.into("en") for words in tables.prices_in_words(divided, "JPY"))


def test_prices_are_told_in_the_workbooks_unit_and_to_digits_that_count():
    """Roads score 2 of a need of four million: a unit more of the appropriation is worth little, and not 0.0000."""
    book = minimal()
    book["Priorities"][0]["need"] = 4_000_000
    said = tables.prices_in_words(prices.prices(opened(book)), "JPY 100 million")
    assert said[0].into("en") == "GRANT, FY2027: 1 hundred million yen more adds 0.0000500 points."
    assert said[0].into("ja") == "GRANT（令和9年度）：1億円の増額により得点が0.0000500点上がる。"


def moved_by(raw, price, step):
    """The independent model with a limit's value (room, for shares), a resource or an appropriation moved."""
    model, rows = rows_of(raw, "base", price)
    limit = next((row for row in raw["Limits"] if price.what == "limit" and row["limit"] == price.id), {})
    by_value = limit.get("basis") == "budget" or limit.get("measure") == "attainment"
    if by_value:
        changed = [{**row, "value": Fraction(str(row["value"])) + 1} if row is limit else row for row in raw["Limits"]]
        further = {row.name: row.right for row in reference.lp(raw | {"Limits": changed}).rows}
    for row in rows:
        row.right += Fraction(step) * (further[row.name] - row.right if by_value else 1)
    if price.what == "appropriation":
        for row, value in budget_limits(reference.resolve(raw), model, price):
            row.right += Fraction(step) * value
    return model


def budget_limits(book, model, price):
    """The rows of limits on a share of an appropriation, with that share."""
    for limit in book.limits:
        its_own = {"account": price.id, "agency": book.agency[price.id]}
        if limit.basis == "budget" and all(its_own.get(c) == wanted for c, wanted in limit.of.items()):
            for row in model.rows:
                if row.name[:2] == ("limit", limit.id) and row.name[2] in (str(price.year), "all"):
                    yield row, limit.value


@FEW
@given(books())
def test_the_price_list_reports_in_both_languages(raw):
    """Every requirement stands in one of the two lists, dearest first; the pages are made."""
    found = asked(raw)
    document = prices_document(opened(raw), found, "base")
    tables = {table.name: table for table in document.tables()}
    rules = tables["price_of_rules"].rows if "price_of_rules" in tables else ()
    assert len(rules) + len(tables["price_of_money"].rows) == len(found)
    listed = [row[5] for row in rules if row[5] is not None]
    assert listed == sorted(listed, reverse=True)
    assert all(pages(document, language)["report.html"] for language in ("en", "ja"))
