"""How plans stand up to uncertain effects: draws, scores under them, re-solves, hedging, what knowledge is worth."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from books import FIRST_YEAR, Book, books, line, minimal, scenarios_of
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support import opened

from optimizer import exact, proof, run, scenario
from optimizer.errors import CheckFailed, InputProblems, NoPlan, WrongUsage
from optimizer.questions.robust.draws import EACH, INSTRUMENT, TRIANGULAR, UNIFORM, draws_of
from optimizer.questions.robust.scoring import Scorer

FEW = settings(deadline=None, max_examples=40)


def uncertain() -> Book:
    """The minimal book with ranges: wells 3 points (1 to 5), roads 2 points, certain."""
    book = minimal()
    book["Effects"] = [
        line(programme="wells", objective="health", score=3, low=1, high=5),
        line(programme="roads", objective="health", score=2),
    ]
    return book


def solved(raw: Book, name: str = "base"):
    """The published plan; set aside where there is none."""
    try:
        return run.solve_book(opened(raw), name)
    except (InputProblems, NoPlan, WrongUsage, CheckFailed):
        assume(False)


# Draws


def test_draws_stay_inside_the_range_and_follow_its_shape():
    """Triangular by default with its peak at the score; the mean and a quantile are those of the distribution."""
    book = opened(uncertain()).portfolio
    for shape, mean, quarter in ((TRIANGULAR, 3.0, 1 + 2 * 0.5**0.5), (UNIFORM, 3.0, 2.0)):
        draws = draws_of(book, "base", [], samples=4000, seed=1, shape=shape)
        values = draws.values[:, 0]
        assert values.min() >= 1 and values.max() <= 5
        assert values.mean() == pytest.approx(mean, abs=0.1) and draws.means[0] == mean
        assert draws.at(np.array([[0.25, 0.5]]))[0, 0] == pytest.approx(quarter)
    assert (draws.values[:, 1] == 2).all()
    assert [effect.programme for effect in draws.certain] == ["roads"]


def test_a_seed_repeats_its_draws_whatever_stands_beside_an_effect():
    """The order of rows, other effects and the number of samples change nothing that is drawn for an effect."""
    raw = uncertain()
    few = draws_of(opened(raw).portfolio, "base", [], samples=5, seed=7)
    raw["Effects"] = [
        line(programme="roads", objective="health", score=2, low=1, high=3),
        line(programme="wells", objective="health", score=3, low=1, high=5),
    ]
    many = draws_of(opened(raw).portfolio, "base", [], samples=9, seed=7)
    assert many.values[:5, 1].tolist() == few.values[:, 0].tolist()
    other = draws_of(opened(raw).portfolio, "base", [], samples=9, seed=8)
    assert (other.values != many.values).all()


def test_effects_of_one_instrument_can_err_together():
    """Then one random number decides where in its own range each of them lies."""
    raw = uncertain()
    raw["Effects"][1] |= {"low": 1, "high": 3}
    for programme in raw["Programmes"]:
        programme["instrument"] = "grant_aid"
    book = opened(raw).portfolio
    apart, tied = (draws_of(book, "base", [], 6, together=how).values for how in (EACH, INSTRUMENT))
    assert tied[:, 0] == pytest.approx(1 + 2 * (tied[:, 1] - 1))
    assert apart[:, 0] != pytest.approx(1 + 2 * (apart[:, 1] - 1))


def test_a_scenario_scales_what_is_drawn_and_a_book_without_samples_is_refused():
    """effect_factor and cost_factor multiply draws as they multiply scores."""
    book = opened(uncertain()).portfolio
    draws = draws_of(book, "base", ["effect_factor:health=0.5", "cost_factor:wells=2"], samples=3)
    assert draws.factor.tolist() == [0.25, 0.5]
    assert (draws.values >= 1)[:, 0].all()
    for samples in (0, -3):
        with pytest.raises(WrongUsage, match="--samples"):
            draws_of(book, "base", [], samples=samples)


def test_a_score_outside_its_range_is_drawn_from_the_nearer_end():
    """check warns of it; a range given the wrong way round is turned."""
    raw = uncertain()
    raw["Effects"][0] |= {"score": 6, "low": 5, "high": 1}
    draws = draws_of(opened(raw).portfolio, "base", [], samples=50)
    assert draws.score[0] == 5
    assert draws.values[:, 0].min() >= 1 and draws.values[:, 0].max() <= 5


# Scores under draws


@FEW
@given(books(indivisible=True), st.data())
def test_amounts_score_under_drawn_effects_what_the_proof_finds(raw, data):
    """Every part of the contract: curves, harm, lags, shared and divided synergies, needs with curves."""
    name = data.draw(st.sampled_from(scenarios_of(raw)))
    result = solved(raw, name)
    draws = draws_of(opened(raw).portfolio, name, [], samples=3, seed=5)
    values = draws.values * draws.factor
    found = Scorer(result.book).scores(result.plan.spending, values)
    for row, score in zip(values, found, strict=True):
        effects = [replace(e, score=Fraction(v)) for e, v in zip(draws.portfolio.effects, row.tolist(), strict=True)]
        stated = exact.state_exactly(draws.portfolio.with_changes(effects=effects))
        assert score == pytest.approx(float(proof.attained_by(stated, result.plan).score), abs=1e-9)


def test_partners_are_divided_anew_under_every_draw():
    """Two synergies share a partner: whichever need is met by itself leaves the partner to the other."""
    raw = minimal()
    raw["Regions"].append(line(region="EHA", name="Horn"))
    raw["Priorities"] = [line(region=r, objective="health", weight=1, need=10) for r in ("SEA", "EHA")]
    raw["Accounts"] = [{"account": "GRANT", FIRST_YEAR: 10}]
    raw["Programmes"] = [
        line(programme=name, family="oda", account="GRANT", region=region, minimum=amount, maximum=amount)
        for name, region, amount in (("wells", "SEA", 4), ("roads", "EHA", 4), ("staff", "SEA", 2))
    ]
    raw["Effects"] = [
        line(programme=name, objective="health", score=1, low=0, high=3, region=region)
        for name, region in (("wells", "SEA"), ("roads", "EHA"))
    ]
    raw["Synergies"] = [
        line(synergy=f"s{a}", programme_a=a, programme_b="staff", ratio=1, objective="health", score=1)
        for a in ("wells", "roads")
    ]
    result = solved(raw)
    values = np.array([[2.5, 0.5], [0.5, 2.5], [0.5, 0.5]])
    assert Scorer(result.book).scores(result.plan.spending, values) == pytest.approx([70, 70, 30])


def test_scenarios_score_alike_in_rationals_and_under_their_own_effects():
    """At the book's own scores the scorer finds the published score."""
    raw = uncertain()
    result = run.solve_book(opened(raw), "base", ["effect_factor=0.5"])
    active = scenario.apply(opened(raw).portfolio, "base", ["effect_factor=0.5"]).portfolio
    own = np.array([[float(effect.score) for effect in active.effects]])
    assert Scorer(result.book).scores(result.plan.spending, own)[0] == pytest.approx(float(result.proof.score))
