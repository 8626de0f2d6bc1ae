"""inputs/minimal.xlsx against its solution by hand, which is worked out at the top of inputs/minimal.py."""

from __future__ import annotations

import runpy
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from optimizer import checks, model, run, solver, workbook
from optimizer.results import Result

INPUTS = Path(__file__).parent.parent / "inputs"
BOOK = INPUTS / "minimal.xlsx"
ALLOCATION = {
    "base": {"clinics": ("5", "5"), "grants": ("5.5", "4.5"), "training": ("3", "3.5")},
    "office": {"clinics": ("6.25", "5"), "grants": ("5.5", "4.75"), "training": ("3", "3.5")},
}
SCORE = {"base": Fraction(626, 9), "office": Fraction(865, 12)}
ATTAINED = {
    "base": {"health": ("30", "30"), "peace": ("20", "19.5")},
    "office": {"health": ("33.75", "30"), "peace": ("20", "20")},
}
FLOWS = {  # appropriation, transfer in, transfer out, carried in, carried out, spent, lapsed
    "base": {
        ("AID", 0): "12 0 0 0 1.5 10.5 0",
        ("AID", 1): "8 0 0 1.5 0 9.5 0",
        ("DEF", 0): "4 0 0 0 0 3 1",
        ("DEF", 1): "4 0 0 0 0 3.5 0.5",
    },
    "office": {
        ("AID", 0): "12 1 0 0 1.25 11.75 0",
        ("AID", 1): "8 0.5 0 1.25 0 9.75 0",
        ("DEF", 0): "4 0 1 0 0 3 0",
        ("DEF", 1): "4 0 0.5 0 0 3.5 0",
    },
}


@pytest.fixture(scope="module")
def results() -> dict[str, Result]:
    """Both scenarios, solved from the file."""
    book = run.open_book(BOOK)
    return {name: run.solve_book(book, name) for name in SCORE}


def fractions(numbers: tuple[str, ...]) -> tuple[Fraction, ...]:
    """Decimals as written."""
    return tuple(map(Fraction, numbers))


@pytest.mark.parametrize("name", SCORE)
def test_the_score_is_the_fraction_found_by_hand(results: dict[str, Result], name: str) -> None:
    """626/9 in base and 865/12 with the office, exactly; nothing is lost by rounding, since both plans are whole."""
    portfolio = results[name].portfolio
    assert solver.solve(model.build(portfolio)).score == pytest.approx(float(SCORE[name]), abs=1e-9)
    assert results[name].proof.score == SCORE[name]
    assert 0 <= results[name].proof.gap < Fraction(1, 10**9)
    assert results[name].proof.allowances == ()


@pytest.mark.parametrize("name", SCORE)
def test_the_published_plan_is_the_one_found_by_hand(results: dict[str, Result], name: str) -> None:
    """Each programme in each year, to the last digit."""
    published = results[name].plan.spending
    assert {p: tuple(published[p, t] for t in (0, 1)) for p in ALLOCATION[name]} == {
        p: fractions(amounts) for p, amounts in ALLOCATION[name].items()
    }


@pytest.mark.parametrize("name", SCORE)
def test_the_flows_are_those_found_by_hand(results: dict[str, Result], name: str) -> None:
    """What each account gets, gives, carries, spends and leaves."""
    found = {
        (row.account, row.year): (
            row.appropriation, row.transfer_in, row.transfer_out, row.carried_in, row.carried_out, row.spent, row.lapsed
        )
        for row in results[name].accounts
    }  # fmt: skip
    assert found == {key: fractions(tuple(numbers.split())) for key, numbers in FLOWS[name].items()}


@pytest.mark.parametrize("name", SCORE)
def test_what_is_attained_is_what_was_found_by_hand(results: dict[str, Result], name: str) -> None:
    """Points of health and peace by year."""
    g = results[name].attained.g
    assert {o: (g["SOUTH", o, 0], g["SOUTH", o, 1]) for o in ("health", "peace")} == {
        o: fractions(points) for o, points in ATTAINED[name].items()
    }


def test_the_lever_is_worth_what_was_found_by_hand(results: dict[str, Result]) -> None:
    """The office is worth 91/36 of a point."""
    assert results["office"].proof.score - results["base"].proof.score == Fraction(91, 36)


def test_reasons_say_what_stopped_each_line(results: dict[str, Result]) -> None:
    """Training stops at its ramp in 2027 and at the cabinet's limit in 2028; peace is full; aid is used up."""
    reasons = {(row.programme.id, row.year): row.reason.into("en") for row in results["base"].lines}
    assert "growth" in reasons["training", 0]
    assert "Training at most 3.5 a year" in reasons["training", 1]
    assert "need" in reasons["grants", 0]
    assert "used up" in reasons["clinics", 1]


def test_the_file_is_what_its_script_writes(tmp_path: Path) -> None:
    """inputs/minimal.py rebuilds every cell, so that the workings and the workbook cannot drift apart."""
    tables: dict[str, list[dict[Any, Any]]] = runpy.run_path(str(INPUTS / "minimal.py"))["tables"]()
    workbook.write(tmp_path / "minimal.xlsx", tables)
    kept = workbook.read(BOOK)
    assert workbook.read(tmp_path / "minimal.xlsx").sheets == kept.sheets
    assert checks.check(kept).errors == ()
