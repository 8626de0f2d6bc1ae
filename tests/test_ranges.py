"""Ranges: the least and the most of every line, held against linear programs of the independent solver."""

from __future__ import annotations

from errno import ENOSPC
from fractions import Fraction

import pytest
import reference
from books import FIRST_YEAR, books, line, minimal, scenarios_of
from books import settings as book_settings
from click.testing import CliRunner
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support import opened

from optimizer import run, workbook
from optimizer.cli import main
from optimizer.errors import InputProblems, NoPlan
from optimizer.questions import alternatives, ranges
from optimizer.questions.tables import ranges_csv
from optimizer.report import pages
from optimizer.report.chapters.ranges import ranges_document

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


def test_the_best_plan_of_the_minimal_book_is_the_only_one():
    """It was found by hand, each unit of money at the one place where it adds most."""
    assert ranges.ranges(opened(minimal()), workers=1).is_unique


@pytest.mark.parametrize("indivisible", ["no", "yes"])
def test_twin_programmes_leave_the_best_plan_open(indivisible):
    """Two programmes alike in everything share the money in any way; with a little more effect, one gets it all."""
    raw = minimal()
    raw["Programmes"] = [
        line(programme=name, family="oda", account="GRANT", region="SEA", maximum=10, indivisible=indivisible)
        for name in ("wells", "roads")
    ]
    raw["Effects"] = [line(programme=name, objective="health", score=3) for name in ("wells", "roads")]
    assert not ranges.ranges(opened(raw), workers=1).is_unique
    raw["Effects"][0]["score"] = 3.001
    assert ranges.ranges(opened(raw), workers=1).is_unique


def test_the_amount_of_a_line_is_that_of_the_plan():
    """Where many plans are best, the amounts between the ends are those nearest to today's budget, as solved."""
    raw = minimal()
    raw["Programmes"] = [
        line(programme=name, family="oda", account="GRANT", region="SEA", maximum=10, baseline=today)
        for name, today in (("wells", 3), ("roads", 7))
    ]
    raw["Effects"] = [line(programme=name, objective="health", score=3) for name in ("wells", "roads")]
    found = ranges.ranges(opened(raw), workers=1)
    assert [each.amount for each in found.lines] == pytest.approx([3, 7], abs=1e-3)
    assert [(each.low, each.high) for each in found.lines] == [pytest.approx((0, 10), abs=1e-3)] * 2


@FEW
@given(books(indivisible=True), st.sampled_from([0.0, 0.05, 1.0]))
def test_alternatives_are_as_good_as_they_are_said_to_be(raw, within):
    """Each published alternative scores within the tolerance of the best, or there is none; the report tells both."""
    book = opened(raw)
    found = asked(raw, "base", within)
    others = alternatives.alternatives(book, within=within)
    assert len(others) == 3
    for other in others:
        assert other.result is None or other.result.proof.score >= found.score - within - 1e-9
    document = ranges_document(book, found, others, "base")
    for table in document.tables():
        for position in (i for i, column in enumerate(table.columns) if column.summed):
            assert table.total[position] == sum(table.numbers(position))
    assert all(pages(document, language)["report.html"] for language in ("en", "ja"))


def test_the_alternative_nearest_to_today_is_nearer_than_the_best_plan():
    """Half of the money stood in roads: with points to give up, the plan leaves some there."""
    raw = minimal()
    raw["Programmes"][0]["baseline"], raw["Programmes"][1]["baseline"] = 2, 8
    nearest, even, less = alternatives.alternatives(opened(raw), within=5)
    assert 5.7 < nearest.result.plan.spending["roads", 0] <= 6
    assert 60 <= nearest.result.proof.score < 61
    assert less.result.total() < 10
    assert even.result is not None


def test_a_book_in_which_nothing_runs_has_no_ranges():
    """Its tables are headings alone, and its alternatives spend nothing."""
    raw = minimal()
    raw["Levers"] = [line(lever="opened")]
    raw["Programmes"] = [row | {"requires": "opened"} for row in raw["Programmes"]]
    found = asked(raw, "base", 0.0)
    assert ranges_csv(found, FIRST_YEAR).decode("utf-8-sig") == "programme,year,amount,low,high,class\r\n"
    others = alternatives.alternatives(opened(raw), within=0.0)
    assert [other.result.plan.spending for other in others if other.result] == [{}, {}, {}]


def test_processes_share_the_lines_and_one_does_something_else_meanwhile():
    """The same ends from one process as from two, and the other work is done once by this one."""
    raw = minimal()
    raw["Settings"] = book_settings(30)
    raw["Accounts"][0] |= {FIRST_YEAR + year: 10 + year / 10 for year in range(30)}
    raw["Programmes"] += [
        line(programme=f"more{n}", family="oda", account="GRANT", region="SEA", maximum=2 + n) for n in range(3)
    ]
    raw["Effects"] += [line(programme=f"more{n}", objective="health", score=1 + n) for n in range(3)]
    done = []
    alone = ranges.ranges(opened(raw), workers=1)
    shared = ranges.ranges(opened(raw), workers=2, meanwhile=lambda: done.append("once"))
    assert len(alone.lines) > ranges.LINES_WORTH_A_PROCESS
    assert done == ["once"]
    assert [(each.programme, each.year) for each in shared.lines] == [
        (each.programme, each.year) for each in alone.lines
    ]
    for one, other in zip(alone.lines, shared.lines, strict=True):
        assert (other.programme, other.year) == (one.programme, one.year)
        assert (other.low, other.high) == pytest.approx((one.low, one.high), abs=1e-5)


def test_a_disk_that_fills_before_the_last_alternative_is_told_instead_of_an_answer(tmp_path, monkeypatch):
    """Nothing is answered before every folder that the answer speaks of stands."""
    workbook.write(tmp_path / "book.xlsx", minimal())

    def full(*_arguments):
        raise OSError(ENOSPC, "No space left on device")

    monkeypatch.setattr(run, "write_run", full)
    arguments = ["ranges", str(tmp_path / "book.xlsx"), "--out", str(tmp_path / "ranges"), "--json", "--lang", "en"]
    told = CliRunner().invoke(main, arguments)
    assert told.exit_code != 0
    assert told.stdout == ""
    assert "No space left on device" in told.stderr
