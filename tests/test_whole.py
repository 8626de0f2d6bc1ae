"""Whole publish units: where rounding one line at a time loses points, lines are looked at together."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from optimizer import run
from optimizer.errors import NoPlan
from tests import books, reference
from tests.support import opened

FIRST = books.FIRST_YEAR


@st.composite
def coarse_books(draw: st.DrawFn) -> books.Book:
    """Two or three programmes in one or two years, tied by ramps and a share, so coarse that plans can be listed."""
    years = draw(st.integers(1, 2))
    count = draw(st.integers(2, 3 if years == 1 else 2))
    book = books.minimal()
    book["Settings"] = books.settings(years, publish_unit=1)
    book["Accounts"] = [{"account": "GRANT", **{FIRST + t: draw(st.integers(2, 9)) for t in range(years)}}]
    book["Programmes"], book["Effects"] = [], []
    for n in range(count):
        line = books.line(
            programme=f"p{n}",
            family=draw(st.sampled_from(["oda", "sdf_mission"])),
            account="GRANT",
            region="SEA",
            maximum=draw(st.integers(1, 4)),
            baseline=draw(books.sometimes(books.decimals(0, 3))),
            ramp=draw(books.sometimes(books.decimals(0.1, 1))),
        )
        book["Programmes"].append(line)
        book["Effects"].append(books.line(programme=f"p{n}", objective="health", score=draw(books.decimals(0.5, 4))))
    share = draw(books.decimals(0.1, 0.7))
    limit = books.line(limit="share", measure="spend", basis="share", sense="max", value=share, family="oda")
    book["Limits"] = draw(st.sampled_from([[], [limit]]))
    return book


def whole_plans(raw: dict[str, list[dict[Any, Any]]]) -> Iterator[dict[tuple[str, int], Fraction]]:
    """Every way to spend whole units up to each maximum, by programme and calendar year."""
    years = range(FIRST, FIRST + int(raw["Settings"][3]["value"]))
    cells = [(str(p["programme"]), year) for p in raw["Programmes"] for year in years]
    most = [int(p["maximum"]) for p in raw["Programmes"] for _ in years]
    for units in product(*(range(m + 1) for m in most)):
        yield dict(zip(cells, map(Fraction, units), strict=True))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(coarse_books())
def test_no_whole_plan_that_keeps_every_row_scores_more(raw: books.Book) -> None:
    """By listing all of them: where any whole plan breaks nothing, the published one breaks nothing and is the best."""
    feasible = [plan for plan in whole_plans(raw) if not reference.check(raw, plan)]
    assume(feasible)
    best = max(reference.evaluate(raw, plan).score for plan in feasible)
    try:
        result = run.solve_book(opened(raw))
    except NoPlan as error:
        raise AssertionError("a whole plan exists") from error
    assert not result.facts["allowances"]
    assert float(result.proof.score) > best - 2e-3
