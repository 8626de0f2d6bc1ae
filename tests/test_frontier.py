"""The best score against money, held against independent solves at its points, between them and beside them."""

from __future__ import annotations

import csv
import io
import zipfile
from itertools import pairwise

import pytest
import reference
from books import FIRST_YEAR, Book, books, line, minimal
from click.testing import CliRunner
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support import opened

from optimizer import report, workbook
from optimizer.cli import main
from optimizer.errors import InputProblems, NoPlan, OutOfReach, WrongUsage
from optimizer.questions.frontier import frontier, least_money
from optimizer.questions.frontier_tables import frontier_csv, frontier_in_words
from optimizer.report.chapters.frontier import frontier_document

FEW = settings(deadline=None, max_examples=25)
POINTS = 1e-4


def traced(raw: Book, **options):
    """The frontier of a random book; set aside where it has none."""
    try:
        return frontier(opened(raw), **options)
    except (InputProblems, NoPlan, WrongUsage):
        assume(False)


def independent(raw: Book, factor: float) -> float | None:
    result = reference.solve(raw, "base", [f"budget_factor={factor:.12f}"])
    return result.score if result.status == "optimal" else None


def budget_of(raw: Book) -> float:
    return sum(float(value) for row in raw["Accounts"] for key, value in row.items() if isinstance(key, int))


@FEW
@given(books(scenarios=False), st.floats(0.05, 0.95))
def test_points_and_what_lies_between_them_are_the_independent_solvers(raw, share):
    """Each score; each budget; and on every piece the line between its ends to within its error."""
    found = traced(raw)
    for point in found.points:
        assert point.score == pytest.approx(independent(raw, point.factor), abs=POINTS)
        assert point.budget == pytest.approx(point.factor * budget_of(raw))
    for left, right in pairwise(found.points):
        middle = left.factor + share * (right.factor - left.factor)
        on_the_line = left.score + share * (right.score - left.score)
        assert independent(raw, middle) == pytest.approx(on_the_line, abs=left.error + POINTS)
        assert left.error <= 1e-4 * max(left.score, 1)


@FEW
@given(books(scenarios=False))
def test_the_marginal_is_what_one_more_unit_adds(raw):
    """An independent solve with one more unit of undiscounted money, spread as the budget is."""
    found = traced(raw, low=0.9, high=1.1)
    for point in (found.points[0], found.points[len(found.points) // 2]):
        richer = independent(raw, point.factor + 1 / budget_of(raw))
        if richer is not None:
            assert point.marginal == pytest.approx(richer - point.score, abs=2e-4)


@settings(FEW, max_examples=40)
@given(books(scenarios=False))
def test_it_begins_at_the_least_feasible_factor(raw):
    """Just below the first point there is no plan, unless it is where the question began."""
    found = traced(raw, low=0.0, high=1.0, error=1e-2)
    first = found.points[0].factor
    if first > 0:
        assert independent(raw, first * (1 - 1e-4)) is None


@FEW
@given(books(scenarios=False, indivisible=True, most_programmes=5), st.floats(0.05, 0.95))
def test_indivisible_programmes_are_whole_and_the_error_says_how_far_it_jumps(raw, share):
    """Scores are those of whole programmes; between points they stay within the stated error of the line."""
    found = traced(raw, low=0.8, high=1.2, error=1e-2)
    for point in found.points:
        assert point.score == pytest.approx(independent(raw, point.factor), abs=POINTS)
    for left, right in pairwise(found.points):
        if left.error is not None and right.error is not None:
            middle = independent(raw, left.factor + share * (right.factor - left.factor))
            on_the_line = left.score + share * (right.score - left.score)
            assert middle == pytest.approx(on_the_line, abs=left.error + POINTS)


@FEW
@given(books(scenarios=False), st.floats(0.3, 1.2))
def test_the_least_money_for_a_score_is_enough_and_no_less_is(raw, share):
    """An independent solve at that factor reaches the score; a little below it does not."""
    best = independent(raw, 1.0)
    assume(best is not None and best > 1)
    target = share * best
    try:
        least = least_money(opened(raw), target)
    except OutOfReach:
        assert independent(raw, 1000.0) is None or independent(raw, 1000.0) < target + POINTS
        return
    assert independent(raw, least.factor + 1e-7) >= target - POINTS
    if least.factor > 1e-6:
        less = independent(raw, least.factor * (1 - 1e-3))
        assert less is None or less < target
    assert least.budget == pytest.approx(least.factor * budget_of(raw))


def test_the_minimal_book_by_hand():
    """10 of money: wells take 6 at 3 points, roads up to 8 at 2 points, of a need of 40.

    Half the money is 5 on wells, 37.5 points; at 6 roads begin; at 14 all is full, 34 points of 40.
    """
    found = frontier(opened(minimal()), low=0.5, high=1.5)
    table = [(p.factor, p.budget, p.score, p.marginal, p.error) for p in found.points]
    kinks = {factor: (budget, score, marginal) for factor, budget, score, marginal, _ in table}
    assert kinks[0.5] == pytest.approx((5, 37.5, 7.5))
    assert kinks[0.6] == pytest.approx((6, 45, 5))
    assert kinks[1.4] == pytest.approx((14, 85, 0))
    assert max(error for *_, error in table) <= 1e-7
    assert [(p.programme, p.enters, p.from_minimum) for p in found.passages] == [("roads", True, False)]
    assert (found.passages[0].low, found.passages[0].high) == pytest.approx((0.6, 0.7))
    assert "  roads enters between × 0.6 and × 0.7" in map(str, frontier_in_words(found))


def test_a_programme_with_a_minimum_rises_above_it():
    """Roads get 1 whatever happens; with wells full at 6 of the other money they get more, if nothing pins them."""
    raw = minimal()
    raw["Programmes"][1]["minimum"] = 1
    found = frontier(opened(raw), low=0.5, high=1.5)
    assert [(p.programme, p.enters, p.from_minimum) for p in found.passages] == [("roads", True, True)]
    assert (found.passages[0].low, found.passages[0].high) == pytest.approx((0.7, 0.8))
    assert "  roads rises above its minimum between × 0.7 and × 0.8" in map(str, frontier_in_words(found))
    assert frontier(opened(raw), sets=["pin:roads=2"]).passages == []


def test_one_account_at_a_time():
    """With another account untouched, the budget of the answer is that account's."""
    raw = minimal()
    raw["Accounts"].append({"account": "LOAN", FIRST_YEAR: 2})
    raw["Programmes"][1]["account"] = "LOAN"
    found = frontier(opened(raw), account="LOAN")
    assert [found.points[0].budget, found.points[-1].budget] == pytest.approx([1, 3])
    assert found.points[0].score == pytest.approx(100 * (18 + 2) / 40)
    assert found.points[0].marginal == pytest.approx(5)


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--account", "GRAN", "--out", "x"], 2, "GRANT"),
        (["--from", "2", "--to", "1", "--out", "x"], 2, "--from"),
        ([], 2, "--out"),
        (["--for", "90"], 3, "90"),
    ],
)
def test_what_cannot_be_asked_is_said(tmp_path, options, code, said):
    """Unknown accounts with the nearest name, ends the wrong way round, scores that no money buys."""
    path = tmp_path / "book.xlsx"
    workbook.write(path, minimal())
    done = CliRunner().invoke(main, ["frontier", str(path), "--lang", "en", *options])
    assert done.exit_code == code, done.output
    assert said in done.output
    assert "haibun repair" not in done.output


def test_a_book_without_a_plan_names_its_rows(tmp_path):
    """A floor that no budget between the ends can pay for."""
    raw = minimal()
    raw["Limits"] = [line(limit="floor", measure="spend", sense="min", value=30, family="oda")]
    with pytest.raises(NoPlan) as error:
        frontier(opened(raw))
    assert "floor" in {place.id for place in error.value.conflict}


def test_frontier_csv_has_its_columns_and_the_words_agree():
    """The contract's columns in order; the sentences name both ends and today."""
    found = frontier(opened(minimal()))
    rows = list(csv.DictReader(io.StringIO(frontier_csv(found).decode("utf-8-sig"))))
    assert list(rows[0])[:5] == ["budget_factor", "budget", "score", "marginal", "error"]
    assert [float(row["budget_factor"]) for row in rows] == sorted(float(row["budget_factor"]) for row in rows)
    said = [str(words) for words in frontier_in_words(found)]
    assert any("65.0000 points" in words for words in said)


def test_a_frontier_of_one_point_has_no_piece_to_speak_of():
    """Its error is nothing, without a sign; no sentence counts pieces."""
    found = frontier(opened(minimal()), low=2, high=2)
    assert len(found.points) == 1 and len(frontier_in_words(found)) == 1
    for traced in (found, frontier(opened(minimal()))):
        assert b",-0\r" not in frontier_csv(traced)
    assert not any("-0 points" in str(words) for words in frontier_in_words(traced))


def test_an_empty_budget_cannot_be_scaled():
    """There is nothing to multiply."""
    raw = minimal()
    raw["Accounts"] = [{"account": "GRANT", FIRST_YEAR: 0}]
    with pytest.raises(WrongUsage):
        frontier(opened(raw))


def test_the_report_shows_the_points_and_says_how_sure_they_are():
    """The page's table at round factors has today's score; both languages; the workbook has the curve."""
    book = opened(minimal())
    document = frontier_document(book, frontier(book))
    table = next(table for table in document.tables() if table.name == "frontier_round")
    today = next(row for row in table.rows if str(row[0]) == "Today's budget")
    assert (float(today[2]), float(today[3]), float(today[4])) == (10, 65, 0)
    assert "a tenth more adds 5.00" in document.message.into("en")
    for language in ("en", "ja"):
        files = report.pages(document, language)
        assert b"frontier_curve" in files["report.html"]
        assert b'<th scope="row" class="n">1.0000</th>' in files["report.html"]  # below its heading
        with zipfile.ZipFile(io.BytesIO(files["report.xlsx"])) as packed:
            assert any(name.startswith("xl/charts/chart") for name in packed.namelist())
