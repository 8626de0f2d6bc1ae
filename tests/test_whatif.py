"""What if: live answers keep every row and score what a published plan scores, but for rounding."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from books import books
from hypothesis import given, settings
from support import opened

from optimizer import exact, proof, run, scenario
from optimizer.errors import CheckFailed, HaibunError, NoPlan
from optimizer.questions import whatif
from optimizer.questions.whatif import WhatIf
from optimizer.report.screen import Screen, sums_of

INPUTS = Path(__file__).parent.parent / "inputs"
ROUNDING = 0.02


@pytest.fixture(scope="module")
def minimal() -> WhatIf:
    return WhatIf(run.open_book(INPUTS / "minimal.xlsx"))


@pytest.fixture(scope="module")
def japan() -> WhatIf:
    return WhatIf(run.open_book(INPUTS / "japan.xlsx"))


@pytest.mark.parametrize(
    "sets",
    [
        [],
        ["budget_factor=0.9"],
        ["lever:p1_comprehensive=on", "lever:p2_nsc_office=on"],
        ["pin:grant_KEN=20", "weight_factor:peace=1.4"],
        ["effect_factor:health=0.8", "budget_factor:MOFA_GRANT=1.1"],
    ],
)
def test_a_live_answer_is_the_published_one_before_rounding(japan, sets):
    """In any order of asking: the same score and total to within what rounding to publish units costs."""
    live, settled = japan.live(sets=sets), japan.settled(sets=sets)
    assert float(live.proof.score) == pytest.approx(float(settled.proof.score), abs=ROUNDING)
    assert float(live.proof.score) <= float(settled.proof.bound) + 1e-6
    assert float(live.total()) == pytest.approx(float(settled.total()), rel=1e-3)


@settings(max_examples=40)
@given(books(indivisible=True))
def test_a_live_answer_keeps_every_row_of_any_book(book):
    """The rows in rationals hold to within the stated tolerance, and no answer scores above the proved bound."""
    opened_book = opened(book)
    try:
        live = WhatIf(opened_book).live()
    except HaibunError as error:
        with pytest.raises(type(error)):
            run.solve_book(opened_book)
        return
    stated = exact.state_exactly(live.portfolio)
    for breach in proof.breaches_of(stated, live.plan, live.attained):
        assert breach.excess <= breach.allowance + whatif.TOLERANCE


@settings(max_examples=60)
@given(books(indivisible=True))
def test_what_a_statement_takes_over_is_what_it_would_state(book):
    """From setting to setting, whatever was stated before: equal to a statement made anew."""
    portfolio, stated = opened(book).portfolio, None
    less, other = ["budget_factor=0.9"], ["budget_factor=1.1", "resource_factor=0.5"]
    for name in [*scenario.scenarios_of(portfolio), scenario.BASE]:
        for sets in ([], less, other if portfolio.resources else less):
            try:
                active = scenario.apply(portfolio, name, sets).portfolio
            except HaibunError:
                continue
            stated = exact.state_exactly(active, stated)
            assert stated == exact.state_exactly(active)


def test_a_change_that_would_be_written_as_nothing_is_not_told(japan):
    """Half a unit in a family and no score: the sentence does not say that something moves by 0."""
    plan = japan.live()
    sums = sums_of(plan)
    near = replace(sums, families={key: money + Fraction(2, 5) for key, money in sums.families.items()})
    assert "Nothing changes" in Screen(plan, near, "en").sentence().into("en")
    far = replace(sums, families={key: money + 2 for key, money in sums.families.items()})
    assert "by −2 hundred million yen" in Screen(plan, far, "en").sentence().into("en")


def test_moving_money_states_no_programme_anew(japan):
    """The rows of effects and programmes of one answer are those of the answer before; a lever states them anew."""
    first, second = (japan.live(sets=[f"budget_factor={factor}"]).book for factor in (0.9, 0.95))
    taken_over = {id(row) for row in first.rows} & {id(row) for row in second.rows}
    assert len(taken_over) > 0.9 * len(first.rows)
    assert not taken_over & {id(row) for row in japan.live(sets=["lever:p1_comprehensive=on"]).book.rows}


def test_an_answer_that_breaks_a_row_is_never_shown(japan, monkeypatch):
    """Amounts a little above what the solver gave are refused."""
    honest = japan.session.draft

    def dishonest():
        draft = honest()
        return replace(draft, spending={cell: amount + 0.5 for cell, amount in draft.spending.items()})

    monkeypatch.setattr(japan.session, "draft", dishonest)
    with pytest.raises(CheckFailed):
        japan.live()


def test_the_price_of_money_is_what_a_little_more_money_scores(japan):
    """As a re-solve with a thousandth more of every appropriation says."""
    price = japan.price_of_money()
    total = float(sum(sum(a.appropriation) for a in japan.book.portfolio.accounts.values()))
    japan.session.turn_to()
    before = japan.session.score()
    japan.session.turn_to(["budget_factor=1.001"])
    assert price == pytest.approx((japan.session.score() - before) / (total * 0.001), rel=0.02)


def test_a_setting_without_a_plan_says_so(japan):
    """Live and settled alike; a price there is none."""
    for ask in (japan.live, japan.settled):
        with pytest.raises(NoPlan):
            ask(sets=["budget_factor=0.4"])
    assert japan.price_of_money(sets=["budget_factor=0.4"]) is None


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_screen_adds_up_and_reads_in_one_language(japan, language):
    """Families and regions each come to the total; the flow too, level by level; no English in Japanese."""
    base = sums_of(japan.settled())
    screen = Screen(japan.settled(sets=["lever:p1_comprehensive=on"]), base, language).in_full(0.00125, 0.001)
    total = next(figure["value"] for figure in screen["figures"] if figure["id"] == "total")
    for bars in (screen["families"], screen["regions"]):
        assert sum(bar["value"] for bar in bars) == pytest.approx(total)
    levels = [node["level"] for node in screen["flow"]["nodes"]]
    for level in range(4):
        links = [link["value"] for link in screen["flow"]["links"] if levels[link["from"]] == level]
        assert sum(links) == pytest.approx(total)
    assert screen["sentence"].startswith("得点" if language == "ja" else "Score")
    assert all(line["reason"] for line in screen["moved"])
    assert screen["price"]["text"] == "0.00125"
    assert screen["price"]["change_text"] == "+0.00025"


def test_a_plan_beside_itself_has_not_moved(minimal):
    """No line, no change, and a sentence that says so."""
    result = minimal.settled()
    screen = Screen(result, sums_of(result), "en").in_full(None, 0.001)
    assert screen["moved"] == []
    assert {figure["change"] for figure in screen["figures"]} == {0.0}
    assert screen["sentence"] == "Nothing changes against the base plan."
    assert screen["price"]["text"] == screen["price"]["change_text"] == "–"
