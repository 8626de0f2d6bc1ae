"""The model, the plan and the proof against an independent solver of the same contract, on random books."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction

import pytest
import reference
from books import books, knapsack, minimal, scenarios_of, with_everything
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from support import opened

from optimizer import exact, model, run, scenario, solver
from optimizer.errors import InputProblems, NoPlan

RANDOM = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))


def active_of(raw, name="base"):
    """The portfolio of a scenario; examples whose scenario itself is a problem of the input are set aside."""
    try:
        return scenario.apply(opened(raw).portfolio, name).portfolio
    except InputProblems:
        assume(False)


def check_same_score(raw, name):
    portfolio = active_of(raw, name)
    expected = reference.solve(raw, name)
    try:
        solution = solver.solve(model.build(portfolio))
    except NoPlan:
        assert expected.status == "infeasible"
        return
    assert expected.status == "optimal"
    assert solution.score == pytest.approx(expected.score, abs=1e-5)


@RANDOM
@given(books())
def test_best_score_is_the_independent_solvers(raw):
    """Every scenario of a random book has the same best score, or no plan, in both programs."""
    for name in scenarios_of(raw):
        check_same_score(raw, name)


@RANDOM
@given(books(indivisible=True))
def test_best_score_with_indivisible_programmes(raw):
    """The same holds with programmes that are all or nothing."""
    check_same_score(raw, "base")


@pytest.mark.parametrize("make", [minimal, with_everything])
def test_hand_written_books_agree(make):
    """Books written by hand agree in each scenario."""
    raw = make()
    for name in scenarios_of(raw):
        check_same_score(raw, name)


@RANDOM
@given(books())
def test_model_rows_are_the_exact_rows(raw):
    """The two statements of the contract, in arrays and in rationals, have the same rows, row by row."""
    portfolio = active_of(raw)
    built, stated = model.build(portfolio), exact.state_exactly(portfolio)
    exact_rows = {row.key: row for row in stated.rows}
    assert exact_rows.keys() == {key for key in built.keys if key[0] != "spending"}
    for number, key in enumerate(built.keys):
        if key[0] == "spending":
            continue
        row = exact_rows[key]
        side = built.row_lower[number] if row.sense == ">=" else built.row_upper[number]
        assert side == pytest.approx(float(row.bound), abs=1e-9)
        assert activity_of_model(built, number) == pytest.approx(activity_of_row(row, stated), rel=1e-9, abs=1e-9)


def probe(number):
    """A fixed, uneven amount for a column, so that rows with swapped columns do not agree."""
    return 1 + (number * 7919 % 101) / 101


def activity_of_model(built, number):
    """Σ coefficient × probe over a model row, with the same probe on all pieces of a cell."""
    columns = built.columns
    total = 0.0
    for entry in range(built.starts[number], built.starts[number + 1]):
        column, coefficient = int(built.indices[entry]), float(built.coefficients[entry])
        if column < columns.first_x:
            cell = int((columns.cell_start <= column).sum()) - 1
            total += coefficient * probe(cell)
        elif column < columns.first_g:
            cell = column - columns.first_x
            total += coefficient * probe(cell) * int(columns.cell_count[cell])
        else:
            total += coefficient * probe(column) if column >= columns.first_m else coefficient
    return total


def activity_of_row(row, stated):
    """The same from the exact row: each piece of a cell counts once, curved terms at their rates."""
    portfolio = stated.portfolio
    var = model.build(portfolio).columns
    cells = {
        (var.programmes[p].id, int(t)): i
        for i, (p, t) in enumerate(zip(var.cell_programme, var.cell_year, strict=True))
    }
    total = 0.0
    for cell, coefficient in row.spend:
        total += coefficient / row.scale * probe(cells[cell]) * int(var.cell_count[cells[cell]])
    for cell, coefficient in row.curved:
        at = cells[cell]
        rates = var.y_rate[var.cell_start[at] : var.cell_start[at] + var.cell_count[at]]
        total += coefficient / row.scale * probe(at) * float(rates.sum())
    numbers = {("m", s.id, t): var.first_m + i for i, (s, t) in enumerate(var.synergies)}
    numbers |= {("f", i, t): var.first_f + n for n, (i, t) in enumerate(var.transfers)}
    numbers |= {("v", a, t): var.first_v + n for n, (a, t) in enumerate(var.carries)}
    numbers |= {
        ("z", var.programmes[var.cell_programme[c]].id, int(var.cell_year[c])): var.first_z + n
        for n, c in enumerate(var.indivisible_cells)
    }
    for key, coefficient in row.others:
        if key[0] == "g":
            pieces = var.g_count[var.pair_index[key[1], key[2]] * var.years + key[3]]
            total += float(coefficient) * int(pieces)
        else:
            total += float(coefficient) * probe(numbers[key])
    return total


@RANDOM
@given(books(), st.sampled_from([0.01, 0.1, 0.25, 1]))
def test_published_plan_keeps_every_promise(raw, unit):
    """Whole units; nothing that may not break is broken; the rest stays within its allowance; the bound holds.

    Judged by the independent solver, which knows nothing of the program's own check.
    """
    raw = with_setting(raw, "publish_unit", unit) | {"Scenarios": []}
    active_of(raw)
    try:
        result = run.solve_book(opened(raw))
    except NoPlan:
        return
    exact_unit = result.portfolio.settings.publish_unit
    assert all(amount % exact_unit == 0 for amount in result.plan.spending.values())
    found = reference.check(raw, **published_flows(result))
    for violation in found:
        assert violation.row[0] not in (
            "budget",
            "minimum",
            "spending",
            "transfer",
            "carried",
            "does not exist",
        )
        assert violation.excess <= violation.reach * unit + 1e-6
    assert bool(found) <= bool(result.proof.allowances)
    if not result.proof.allowances:
        assert result.proof.gap >= 0
        assert float(result.proof.bound) <= reference.solve(raw).score + 0.005 + 1e-6


def with_setting(raw, key, value):
    """The book with one setting replaced."""
    others = [row for row in raw["Settings"] if row["key"] != key]
    return raw | {"Settings": [*others, {"key": key, "value": value}]}


def published_flows(result):
    """A result's published money as the independent solver takes it."""
    first, transfers = result.portfolio.settings.first_year, defaultdict(float)
    for (number, t), amount in result.plan.transfers.items():
        rule = result.portfolio.transfers[number]
        transfers[rule.from_account, rule.to_account, first + t] += float(amount)
    return {
        "spending": {(p, first + t): float(a) for (p, t), a in result.plan.spending.items()},
        "transfers": dict(transfers),
        "carried": {(account, first + t): float(a) for (account, t), a in result.plan.carries.items()},
    }


@RANDOM
@given(books())
def test_ties_are_broken_towards_today(raw):
    """Of the best plans the one that changes least from today, and of these the one with the least flows."""
    raw = with_setting(raw, "tie_break", "yes")
    portfolio = active_of(raw)
    built = model.build(portfolio)
    try:
        draft = solver.draft_of(built, solver.solve(built))
    except NoPlan:
        return
    change = sum(
        abs(amount - float(portfolio.programmes[p].baseline or 0)) for (p, _), amount in draft.spending.items()
    )
    tie = reference.tie_break(raw)
    assert change == pytest.approx(tie.change, abs=1e-3)
    assert sum([*draft.transfers.values(), *draft.carries.values()]) == pytest.approx(tie.flows, abs=1e-3)


@pytest.mark.parametrize("number", range(1, 8))
def test_published_optima_of_the_knapsack_benchmark(number):
    """OR-Library's mknap1: seven 0/1 problems come out at their published optima, exactly."""
    optimum = [Fraction(3800), Fraction("8706.1"), Fraction(4015), 6120, 12400, 10618, 16537][number - 1]
    raw = knapsack(number)
    result = run.solve_book(opened(raw))
    (priority,) = result.portfolio.priorities.values()
    assert result.proof.score * priority.need / 100 == optimum
