"""Freedom from want against freedom from fear, held against the independent solver along every direction tried."""

from __future__ import annotations

import csv
import io
from fractions import Fraction
from itertools import pairwise

import pytest
import reference
from books import books, line, minimal, with_everything
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support import opened

from optimizer import report
from optimizer.errors import InputProblems, NoPlan, WrongUsage
from optimizer.questions.freedoms import freedoms
from optimizer.questions.frontier_tables import freedoms_csv, freedoms_in_words
from optimizer.report.chapters.frontier import freedoms_document

POINTS = 1e-3


def costs(raw):
    """The independent model and the objectives of want alone and of fear alone, 100 where all need is met."""
    model = reference.lp(raw)
    book = reference.resolve(raw)
    freedom = {row["objective"]: row["freedom"] for row in raw["Objectives"]}
    worth = {"want": Fraction(0), "fear": Fraction(0)}
    for pair in book.need:
        value = sum((rate * width for width, rate in reference.need_segments(book, pair)), Fraction(0))
        worth[freedom[pair[1]]] += value * book.weight[pair]
    whole = sum(worth.values(), Fraction(0))
    split = {
        name: {key: cost * whole / worth[name] for key, cost in model.score.items() if freedom[key[2]] == name}
        for name in worth
        if worth[name]
    }
    return model, split


@settings(deadline=None, max_examples=30)
@given(books(scenarios=False), st.floats(0.02, 0.98))
def test_nothing_lies_beyond_the_frontier_and_every_point_is_reached(raw, weight):
    """The independent best along any direction lies on the frontier, to within its error; so do both ends."""
    try:
        found = freedoms(opened(raw), error=1e-3)
    except (InputProblems, NoPlan, WrongUsage):
        assume(False)
    model, split = costs(raw)
    most_want, most_fear = (reference.maximise(model, split[name])[0] for name in ("want", "fear"))
    assert found.points[-1].want == pytest.approx(most_want, abs=POINTS)
    assert found.points[0].fear == pytest.approx(most_fear, abs=POINTS)
    mixed = {key: cost * Fraction(1 - weight) for key, cost in split["want"].items()}
    mixed |= {key: cost * Fraction(weight) for key, cost in split["fear"].items()}
    best = reference.maximise(model, mixed)[0]
    reached = max((1 - weight) * point.want + weight * point.fear for point in found.points)
    assert reached <= best + POINTS
    assert best <= reached + weight * max(point.error for point in found.points) + POINTS
    today = found.points[found.today]
    assert today.score == pytest.approx(reference.solve(raw).score, abs=POINTS)


def test_want_falls_as_fear_rises_and_the_price_rises_with_it():
    """On a book with everything: points in order, concave, today among them."""
    found = freedoms(opened(with_everything()), error=1e-6)
    for left, right in pairwise(found.points):
        assert left.want < right.want + 1e-9 and left.fear > right.fear - 1e-9
    exchanges = [point.exchange for point in found.points[:-1]]
    assert exchanges == pytest.approx(sorted(exchanges))
    assert found.points[-1].exchange is None
    said = [words.into(language) for words in freedoms_in_words(found) for language in ("en", "ja")]
    assert any("Today's weights" in text for text in said)
    rows = list(csv.DictReader(io.StringIO(freedoms_csv(found).decode("utf-8-sig"))))
    assert [row["today"] for row in rows].count("yes") == 1


def test_the_report_has_the_curve_in_both_languages():
    """One section, its table with today's weights named."""
    book = opened(with_everything())
    document = freedoms_document(book, freedoms(book))
    assert any(str(row[0]) == "today's" for table in document.tables() for row in table.rows)
    for language in ("en", "ja"):
        assert b"freedoms_curve" in report.pages(document, language)["report.html"]


def test_one_freedom_alone_cannot_be_balanced():
    """The minimal book serves want only."""
    with pytest.raises(WrongUsage):
        freedoms(opened(minimal()))


def test_a_book_without_a_plan_names_its_rows():
    """As every other question does."""
    raw = with_everything()
    raw["Limits"].append(line(limit="floor", measure="spend", sense="min", value=10_000, family="oda"))
    with pytest.raises(NoPlan) as error:
        freedoms(opened(raw))
    assert "floor" in {place.id for place in error.value.conflict}
