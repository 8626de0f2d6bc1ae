"""Matched money goes where it scores most, exactly, whoever else reaches the same needs."""

from __future__ import annotations

from fractions import Fraction

import pytest
import reference
from books import FIRST_YEAR, Book, line
from books import settings as settings_of
from hypothesis import given, settings
from hypothesis import strategies as st
from support import opened

from optimizer import exact, proof, run
from optimizer.gains import Gains, Served
from optimizer.plan import Plan

REGIONS = ("R1", "R2", "R3")


def book_of(needs: dict[str, tuple[float, float]], money: dict[str, tuple[str, float]], synergies: list[tuple]) -> Book:
    """A book that fixes all money: (weight, need) by region; (region, amount) by programme;
    (programme_a, programme_b, ratio, score) of each synergy."""
    return Book(
        {
            "Settings": settings_of(1),
            "Regions": [line(region=region) for region in REGIONS],
            "Objectives": [line(objective="peace", freedom="fear")],
            "Priorities": [
                line(region=region, objective="peace", weight=weight, need=need, curve="falling")
                for region, (weight, need) in needs.items()
            ],
            "Accounts": [{"account": "ALL", FIRST_YEAR: 1000}],
            "Programmes": [
                line(programme=p, family="oda", account="ALL", region=region, maximum=20, minimum=amount)
                for p, (region, amount) in money.items()
            ],
            "Effects": [line(programme=next(iter(money)), objective="peace", score=0.25)],
            "Curves": [
                line(curve="falling", segment=1, up_to=0.5, rate=1),
                line(curve="falling", segment=2, up_to=1, rate=0.5),
            ],
            "Synergies": [
                line(synergy=f"s{n}", programme_a=a, programme_b=b, ratio=ratio, objective="peace", score=score)
                for n, (a, b, ratio, score) in enumerate(synergies)
            ],
        }
    )


def at_minimum(raw: Book) -> tuple[exact.ExactBook, Plan]:
    """The book in rationals, and the plan that spends every minimum."""
    book = exact.state_exactly(opened(raw).portfolio)
    return book, Plan({(p.id, 0): p.floor for p in book.portfolio.programmes.values()}, {}, {})


@st.composite
def hubs(draw: st.DrawFn) -> Book:
    """Up to three hubs whose money is divided among synergies in up to three regions."""
    amount = st.integers(1, 20).map(lambda whole: whole / 2)
    regions = st.sampled_from(REGIONS)
    needs = {region: (draw(st.integers(1, 5)), draw(amount)) for region in REGIONS}
    money = {f"hub{n}": (draw(regions), draw(amount)) for n in range(draw(st.integers(1, 3)))}
    firsts = {f"first{n}": (draw(regions), draw(amount)) for n in range(draw(st.integers(2, 6)))}
    couples = draw(st.lists(st.sampled_from([(a, b) for a in firsts for b in money]), min_size=2, unique=True))
    ratios = st.sampled_from([0.5, 1, 1.5])
    return book_of(needs, money | firsts, [(a, b, draw(ratios), draw(ratios)) for a, b in couples])


@settings(max_examples=150, deadline=None)
@given(hubs())
def test_no_other_division_scores_more(raw: Book) -> None:
    """The independent solver, which chooses the matched money freely, finds the same score."""
    book, plan = at_minimum(raw)
    spending = {(p, FIRST_YEAR): float(amount) for (p, _), amount in plan.spending.items()}
    attained = proof.attained_by(book, plan)
    assert float(attained.score) == pytest.approx(reference.evaluate(raw, spending).score, abs=1e-6)
    for partner in {synergy["programme_b"] for synergy in raw["Synergies"]}:
        used = sum(
            s.ratio * attained.matched[s.id, 0] for s in book.portfolio.synergies.values() if s.programme_b == partner
        )
        assert used <= plan.spending[partner, 0]


@settings(max_examples=100, deadline=None)
@given(hubs(), st.data())
def test_gains_see_money_go_where_it_then_scores_most(raw: Book, data: st.DataObject) -> None:
    """What units more or less add is what the exact plan gains, and stays so after they were moved."""
    book, plan = at_minimum(raw)
    gains = Gains(Served(book), {cell: int(amount * 100) for cell, amount in plan.spending.items()})
    spending, before = dict(plan.spending), proof.attained_by(book, plan).score
    for _ in range(3):
        cell, step = data.draw(st.sampled_from(sorted(spending))), data.draw(st.integers(-50, 50))
        gained = gains.of(cell, step)
        gains.moved([cell], step, gains.change([cell], step))
        spending[cell] += Fraction(step, 100)
        after = proof.attained_by(book, Plan(spending, {}, {})).score
        assert gained == pytest.approx(float(after - before), abs=1e-8)
        before = after


def test_a_partner_leaves_a_need_to_a_synergy_that_only_serves_it() -> None:
    """R1 is met by first3 with its own hub, so that the divided hub is worth more in R2: every need is met."""
    raw = book_of(
        {"R1": (2, 10), "R2": (1, 10)},
        {"hub": ("R3", 10), "own": ("R3", 10), "first1": ("R1", 10), "first2": ("R2", 10), "first3": ("R1", 10)},
        [("first1", "hub", 1, 1), ("first2", "hub", 1, 1), ("first3", "own", 1, 1)],
    )
    result = run.solve_book(opened(raw))
    assert (result.proof.score, result.proof.gap) == (100, pytest.approx(0, abs=1e-9))


def test_a_partner_leaves_a_need_to_another_that_can_do_no_better() -> None:
    """Both hubs reach R1; the second serves it, since the first is worth more in R2 than the second in R3."""
    raw = book_of(
        {"R1": (10, 10), "R2": (5, 10), "R3": (1, 10)},
        {"hub": ("R3", 10), "other": ("R3", 10)}
        | {"first1": ("R1", 10), "first2": ("R2", 10), "first3": ("R1", 10), "first4": ("R3", 10)},
        [("first1", "hub", 1, 1), ("first2", "hub", 1, 1), ("first3", "other", 1, 1), ("first4", "other", 1, 1)],
    )
    book, plan = at_minimum(raw)
    assert proof.attained_by(book, plan).matched == {("s0", 0): 0, ("s1", 0): 10, ("s2", 0): 10, ("s3", 0): 0}
