"""A live session: the same answers as a cold solve, whatever the order of the changes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from books import Book, books, minimal, scenario_rows, scenarios_of, with_everything
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import opened

from optimizer import model, run, scenario, solver
from optimizer.errors import HaibunError, InputProblems, NoPlan, WrongUsage
from optimizer.model import Memory
from optimizer.session import Session, bound_from, breach_of

RANDOM = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
POINTS = 1e-7
JAPAN = Path(__file__).parent.parent / "inputs" / "japan.xlsx"


def as_set(row) -> str:
    """A scenario row as a user would type it after --set."""
    target = f":{row['target']}" if row.get("target") else ""
    year = f"@{row['year']}" if row.get("year") else ""
    return f"{row['item']}{target}{year}={row['value']}"


@st.composite
def chains(draw: st.DrawFn, *, indivisible: bool = False) -> tuple[Book, list[tuple[str, list[str]]]]:
    """A book and some scenarios to visit, one after the other."""
    book = draw(books(indivisible=indivisible))
    years = [int(year) for year in book["Accounts"][0] if isinstance(year, int)]
    turns = []
    for _ in range(draw(st.integers(2, 6))):
        name = draw(st.sampled_from(scenarios_of(book)))
        sets = draw(st.sampled_from([[], [as_set(row) for row in draw(scenario_rows(book, name, years))]]))
        turns.append((name, sets))
    return book, turns


def cold(portfolio, name, sets):
    """The score of a solve from nothing, or the kind of error."""
    try:
        active = scenario.apply(portfolio, name, sets).portfolio
        return solver.solve(model.build(active)).score
    except (InputProblems, NoPlan, WrongUsage) as error:
        return type(error)


def warm(session, name, sets):
    """The same in a session."""
    try:
        session.turn_to(sets, name)
        return session.score()
    except (InputProblems, NoPlan, WrongUsage) as error:
        return type(error)


def check_chain(book, turns):
    portfolio = opened(book).portfolio
    session = Session(portfolio)
    for name, sets in turns:
        expected, found = cold(portfolio, name, sets), warm(session, name, sets)
        if isinstance(expected, float):
            assert found == pytest.approx(expected, abs=POINTS), (name, sets)
        else:
            assert found == expected, (name, sets)


@RANDOM
@given(chains())
def test_any_chain_of_scenarios_scores_as_cold_solves_do(chain):
    """Levers, money, weights, needs, effects, costs, maxima, pins and limits change; each answer is a cold solve's."""
    check_chain(*chain)


@settings(RANDOM, max_examples=40)
@given(chains(indivisible=True))
def test_a_model_from_memory_is_the_model_built_anew(chain):
    """Whatever came before, every array, key and bound is what a build without a memory gives."""
    book, turns = chain
    portfolio, memory = opened(book).portfolio, Memory()
    for name, sets in turns:
        try:
            active = scenario.apply(portfolio, name, sets).portfolio
        except (InputProblems, WrongUsage):
            continue
        kept, fresh = model.build(active, memory=memory), model.build(active)
        assert kept.keys == fresh.keys
        for part in ("row_lower", "row_upper", "starts", "indices", "coefficients"):
            assert np.array_equal(getattr(kept, part), getattr(fresh, part)), part
        for part in ("lower", "upper", "cost", "y_rate", "y_tie_cost", "cell_at", "g_start", "transfers", "carries"):
            assert np.array_equal(getattr(kept.columns, part), getattr(fresh.columns, part)), part


@settings(RANDOM, max_examples=30)
@given(chains(indivisible=True))
def test_any_chain_with_indivisible_programmes(chain):
    """The same with programmes that are all or nothing."""
    check_chain(*chain)


@settings(RANDOM, max_examples=30)
@given(chains())
def test_the_sessions_plan_is_as_near_to_today_as_a_cold_plan(chain):
    """Where ties are broken, the session's plan moves as little money as a cold solve's."""
    book, turns = chain
    portfolio = opened(book).portfolio
    session = Session(portfolio)
    for name, sets in turns:
        try:
            session.turn_to(sets, name)
            plan = session.plan()
        except HaibunError:
            continue
        active = session.portfolio
        built = model.build(active)
        settled = solver.draft_of(built, solver.solve(built)).spending
        assert plan.keys() == settled.keys()
        if active.settings.tie_break:
            assert change(active, plan) == pytest.approx(change(active, settled), abs=1e-3)


def change(portfolio, plan):
    """Σ |amount − baseline|."""
    return sum(abs(amount - float(portfolio.programmes[p].baseline or 0)) for (p, _), amount in plan.items())


def test_prices_are_those_of_the_rows():
    """One more unit of money in the minimal book buys 2 points of roads: 5 of a score of 100."""
    from books import minimal

    session = Session(opened(minimal()).portfolio)
    assert session.score() == pytest.approx(65)
    assert session.prices()["budget", "GRANT", 0] == pytest.approx(5)


def test_an_unknown_scenario_is_refused_and_the_session_goes_on():
    """What a user mistypes changes nothing."""
    session = Session(opened(with_everything()).portfolio)
    before = session.score()
    with pytest.raises(WrongUsage):
        session.turn_to(["budget_factor:GRAMT=1"])
    assert session.score() == before


def test_a_score_that_its_own_answer_does_not_bear_out_is_not_shown():
    """The check is by the model's arrays: a wrong score, a plan off its rows and weak multipliers are all noticed."""
    session = Session(opened(minimal()).portfolio)
    session.score()
    found = session.solution()
    built = session.solved()
    assert breach_of(built, found.values) <= 1e-9
    assert breach_of(built, found.values * 1.1) > 0.05
    assert bound_from(built, found.multipliers) == pytest.approx(65)
    assert bound_from(built, found.multipliers * 0) > 66
    assert bound_from(built, -found.multipliers) > 66


def test_the_first_turn_after_a_solve_from_nothing_is_as_short_as_from_the_basis_alone():
    """What presolve leaves in the solver beside the basis would make it seven times as long."""
    japan = run.open_book(JAPAN).portfolio
    session, other = Session(japan), Session(japan)
    session.score()
    start = session.start()
    session.turn_to(["budget_factor=1.01"])
    other.turn_from(start, session.portfolio)
    assert session.score() == pytest.approx(other.score(), abs=POINTS)
    assert session.pivots() <= 2 * other.pivots()
