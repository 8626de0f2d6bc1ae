"""Ranges: the least and the most of every line, held against linear programs of the independent solver."""

from __future__ import annotations

from fractions import Fraction

import pytest
import reference
from books import books, scenarios_of
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support import opened

from optimizer.errors import InputProblems, NoPlan
from optimizer.questions import ranges

FEW = settings(max_examples=25)
MONEY = 0.05


def asked(raw, name, within):
    """The ranges of a scenario; set aside where the scenario is a problem of the input or has no plan."""
    try:
        return ranges.ranges(opened(raw), name, within=within, workers=1)
    except (InputProblems, NoPlan):
        assume(False)


def independent_ends(raw, name, within, cell):
    """The least and the most of one line, by two solves of the independent model under a floor on the score."""
    model = reference.lp(raw, name)
    best, _ = reference.maximise(model, model.score)
    model.row(("floor", "score"), model.score.items(), ">=", Fraction(best - within))
    column = ("spending", *cell)
    least, _ = reference.maximise(model, {column: Fraction(-1)})
    most, _ = reference.maximise(model, {column: Fraction(1)})
    return -least, most


def check_ends(raw, name, within, picks):
    found = asked(raw, name, within)
    first = next(row["value"] for row in raw["Settings"] if row["key"] == "first_year")
    for pick in picks:
        line = found.lines[pick % len(found.lines)]
        low, high = independent_ends(raw, name, within, (line.programme, first + line.year))
        assert line.low == pytest.approx(low, abs=MONEY), (line, name)
        assert line.high == pytest.approx(high, abs=MONEY), (line, name)
        assert line.low - 1e-6 <= line.amount <= line.high + 1e-6


PICKS = st.lists(st.integers(0, 40), min_size=3, max_size=3)


@FEW
@given(books(), st.data(), st.sampled_from([0.0, 0.01, 0.1, 2.0]), PICKS)
def test_ends_are_the_independent_solvers(raw, data, within, picks):
    """Both ends of any line of any scenario, within a twentieth of a unit of money."""
    check_ends(raw, data.draw(st.sampled_from(scenarios_of(raw))), within, picks)


@FEW
@given(books(indivisible=True), st.sampled_from([0.01, 0.5, 5.0]), PICKS)
def test_ends_with_indivisible_programmes(raw, within, picks):
    """The same with programmes that are whole or not at all: no end is the relaxation's."""
    check_ends(raw, "base", within, picks)
