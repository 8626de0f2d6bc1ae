"""Many variants of one book: an outcome for each, the same to the last digit whoever solves them and in what order."""

from __future__ import annotations

import random
import sys
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import pytest
from books import minimal, with_everything
from hypothesis import given, settings
from hypothesis import strategies as st
from support import opened
from test_session import RANDOM, chains, cold

from optimizer import scenario
from optimizer.portfolio import Portfolio
from optimizer.solver import Options
from optimizer.sweep import Alone, Given, Outcome, Processes, Variant, sweep
from optimizer.sweep.solving import Solver

sys.path.insert(0, str(Path(__file__).parent / "bench"))

from generate import sized


def mixed(book: Portfolio, count: int, seed: int = 0) -> list[Variant]:
    """Variants of every kind, some without a plan and some that make no sense."""
    draw = random.Random(seed)
    regions = list(dict.fromkeys(region for region, _ in book.priorities))

    def one() -> Variant:
        sets = [
            f"budget_factor={draw.uniform(0.9, 1.1):.3f}",
            f"weight_factor:{draw.choice(regions)}={draw.uniform(0.5, 2):.2f}",
            f"effect_factor:{draw.choice(list(book.programmes))}={draw.uniform(0.5, 2):.2f}",
            f"lever:{draw.choice(list(book.levers))}={draw.choice(['on', 'off'])}",
            f"cost_factor:{draw.choice(list(book.programmes))}={draw.uniform(0.5, 2):.2f}",
        ]
        chosen = tuple(draw.sample(sets, draw.randint(0, 3)))
        if draw.random() < 0.05:
            chosen = ("budget_factor=0.1",)
        if draw.random() < 0.05:
            chosen = ("budget_facter=1",)
        drawn = draw.sample(list(book.effects), draw.choice([0, 0, 5, len(book.effects)]))
        effects = {effect.row: float(effect.score) * draw.uniform(0.7, 1.3) for effect in drawn}
        return Variant(draw.choice(scenario.scenarios_of(book)), chosen, effects)

    return [one() for _ in range(count)]


@pytest.fixture(scope="module")
def book() -> Portfolio:
    """The smallest of the large books."""
    return opened(sized("S")).portfolio


@pytest.fixture(scope="module")
def variants(book: Portfolio) -> list[Variant]:
    """Enough for several chunks to each worker."""
    return mixed(book, 80)


@pytest.fixture(scope="module")
def expected(book: Portfolio, variants: list[Variant]) -> list[Outcome]:
    """Each variant by a solver of its own, which has never seen another."""
    return [Solver(book, Options()).outcome(variant, with_amounts=True) for variant in variants]


def same_to_the_last_digit(found: list[Outcome], expected: list[Outcome]) -> None:
    """Floats print all their digits, and the sign of a zero."""
    assert [repr(outcome) for outcome in found] == [repr(outcome) for outcome in expected]


def test_each_variant_is_an_outcome_whatever_becomes_of_it(expected):
    """Some have plans, some have none, some make no sense: all are rows."""
    assert {outcome.status for outcome in expected} == {"optimal", "infeasible", "failed"}
    assert all((outcome.score is None) == (outcome.status != "optimal") for outcome in expected)
    failed = next(outcome for outcome in expected if outcome.status == "failed")
    assert "did you mean budget_factor?" in str(failed.reason)


def test_scores_are_those_of_cold_solves(book, variants, expected):
    """Starting from the same place changes no answer."""
    for variant, outcome in zip(variants, expected, strict=True):
        if not variant.effects and outcome.score is not None:
            assert outcome.score == pytest.approx(cold(book, variant.scenario, variant.sets), abs=1e-7)


def test_the_order_does_not_matter_to_the_last_digit(book, variants, expected):
    """What was solved before leaves no trace, in the scores or in the amounts."""
    for seed in range(3):
        order = random.Random(seed).sample(range(len(variants)), len(variants))
        found = sweep(book, [variants[i] for i in order], with_amounts=True)
        same_to_the_last_digit(found, [expected[i] for i in order])


@settings(RANDOM, max_examples=15)
@given(chains(indivisible=True), st.randoms(use_true_random=False))
def test_any_book_and_any_order_to_the_last_digit(chain, draw):
    """The same on random books, with programmes that are all or nothing among them."""
    raw, turns = chain
    portfolio = opened(raw).portfolio
    asked = [Variant(name, tuple(sets)) for name, sets in turns]
    asked += [Variant(name, (), {effect.row: draw.uniform(-1, 1)}) for name, _ in turns for effect in portfolio.effects]
    once = sweep(portfolio, asked, with_amounts=True)
    order = draw.sample(range(len(asked)), len(asked))
    again = sweep(portfolio, [asked[i] for i in order], with_amounts=True)
    same_to_the_last_digit(again, [once[i] for i in order])


@pytest.mark.parametrize("crew", [Processes(1), Processes(2)], ids=lambda crew: f"{crew.count} processes")
def test_a_pool_of_processes_finds_the_same_to_the_last_digit(book, variants, expected, crew):
    """However many processes there are, and however the variants are cut into chunks."""
    same_to_the_last_digit(sweep(book, variants, crew, with_amounts=True), expected)


def test_any_executor_will_do(book, variants, expected):
    """Threads, each with a session of its own; the executor stays open."""
    with ThreadPoolExecutor(2) as executor:
        same_to_the_last_digit(sweep(book, variants, Given(executor), with_amounts=True), expected)
        assert executor.submit(int, "7").result() == 7


def test_effects_stand_in_place_of_the_workbooks_own():
    """A score by row of its sheet is that cell of the book edited; factors still multiply it, and it may be exact."""
    raw = with_everything()
    portfolio = opened(raw).portfolio
    effect = portfolio.effects[0]
    edited = with_everything()
    edited["Effects"][effect.row - 2]["score"] = 0.125
    sets = (f"effect_factor:{effect.programme}=2",)
    [there] = sweep(opened(edited).portfolio, [Variant(sets=sets)])
    for score in (0.125, Fraction(1, 8)):
        [here] = sweep(portfolio, [Variant(sets=sets, effects={effect.row: score})])
        assert here.score == pytest.approx(there.score, abs=1e-9)
    [plain] = sweep(portfolio, [Variant(sets=sets)])
    assert abs(plain.score - here.score) > 1e-6


def test_an_effect_that_does_not_exist_fails_its_own_variant():
    """The others go on."""
    found = sweep(opened(minimal()).portfolio, [Variant(effects={99: 1.0}), Variant()])
    assert [outcome.status for outcome in found] == ["failed", "optimal"]
    assert str(found[0].reason) == "Effects has no row 99."
    assert found[1].score == pytest.approx(65)


def test_progress_is_told_to_the_end(book, variants):
    """Done and total, rising, whatever the crew."""
    for crew in (Alone(), Processes(2)):
        told: list[tuple[int, int]] = []
        sweep(book, variants[:20], crew, progress=lambda *step, told=told: told.append(step))
        assert told == sorted(told)
        assert told[-1] == (20, 20)
    assert sweep(book, []) == []
