"""What stopped each published line and what a step of it is worth, held against the exact evaluation of the plan."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
import reference
from books import FIRST_YEAR, Book, books, line, minimal, scenarios_of
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support import opened

from optimizer import causes, proof, run, workbook
from optimizer.errors import CheckFailed, InputProblems, NoPlan
from optimizer.run.solving import solve_book

SOME = settings(max_examples=60)
EXACT = 1e-8


def published(raw, name="base"):
    """The published plan of a scenario; set aside where there is none."""
    try:
        return solve_book(opened(raw), name)
    except (InputProblems, NoPlan, CheckFailed):
        assume(False)


def scored(result, spending) -> float:
    """The exact score of a plan with other spending."""
    attained = proof.attained_by(result.book, replace(result.plan, spending=spending))
    return float(attained.score - result.attained.score)


def moved(result, *moves):
    """The plan's spending after moves of money: (cell, amount) each."""
    spending = dict(result.plan.spending)
    for cell, amount in moves:
        spending[cell] += amount
    return spending


@SOME
@given(books(), st.data())
def test_points_of_a_step_are_those_of_the_exact_plan(raw, data):
    """The next step, the last step, and the better use: each re-scored exactly with the step taken."""
    result = published(raw, data.draw(st.sampled_from(scenarios_of(raw))))
    for each in result.lines:
        cell, cause = (each.programme.id, each.year), each.cause
        if cause.next_points is not None:
            more = result.causes.step_of(cell, more=True)
            assert scored(result, moved(result, (cell, more))) == pytest.approx(cause.next_points, abs=EXACT)
        if cause.last_points is not None:
            less = result.causes.step_of(cell, more=False)
            assert scored(result, moved(result, (cell, -less))) == pytest.approx(-cause.last_points, abs=EXACT)
        if cause.better is not None:
            better = cause.better
            lost = scored(result, moved(result, (better.cell, -better.step)))
            gained = scored(result, moved(result, (cell, better.step)))
            assert (-lost, gained) == pytest.approx((better.points, better.here), abs=EXACT)
            assert better.points >= better.here - EXACT


def broken_by(result, spending):
    """The rows that other spending breaks, where the flows stay as they are."""
    plan = replace(result.plan, spending=spending)
    before = {b.key: b.excess for b in proof.breaches_of(result.book, result.plan, result.attained)}
    found = proof.breaches_of(result.book, plan, proof.attained_by(result.book, plan))
    return {breach.key for breach in found if breach.excess > before.get(breach.key, 0)}


@SOME
@given(books(), st.data())
def test_a_named_rule_has_no_room_for_a_unit_more(raw, data):
    """Each rule named breaks with a publish unit more; where none is named, none breaks but those on attainment."""
    result = published(raw, data.draw(st.sampled_from(scenarios_of(raw))))
    unit = result.portfolio.settings.publish_unit
    for each in result.lines:
        cell, cause = (each.programme.id, each.year), each.cause
        begins = each.programme.indivisible and not each.amount and each.year not in each.programme.pins
        broken = broken_by(result, moved(result, (cell, max(unit, each.programme.floor) if begins else unit)))
        if cause.kind in (causes.RULES, causes.USED_UP, causes.BETTER):
            assert set(cause.rules) <= broken, (cell, cause)
        if cause.kind == causes.USED_UP:
            assert {key[0] for key in cause.rules} == {"budget"}
        if cause.kind in (causes.FREE, causes.ROUNDING):
            assert not {key for key in broken if key[0] not in ("limit_on_attainment", "choice")}, (cell, broken)
        if cause.kind == causes.MAXIMUM:
            assert each.programme.ceiling(each.year) - each.amount < unit


@SOME
@given(books(), st.data())
def test_money_can_be_moved_from_a_better_use_and_not_to_what_is_held(raw, data):
    """The step that a better use would give breaks no row, with the account's flows made to fit; what rules hold back
    from a line breaks each of them, from whatever use of its account that is worth less."""
    result = published(raw, data.draw(st.sampled_from(scenarios_of(raw))))
    for each in result.lines:
        better = each.cause.better
        if better is not None:
            spending = moved(result, (better.cell, -better.step), ((each.programme.id, each.year), better.step))
            giver = result.portfolio.programmes[better.cell[0]]
            assert spending[better.cell] >= giver.floor
            assert not {key for key in broken_by(result, spending) if key[0] not in ("budget", "limit_on_attainment")}
        if each.cause.kind == causes.HELD:
            check_held(result, each)


def check_held(result, each):
    """A step moved here from any other line of the account and year that would lose less breaks the named rules."""
    cell, rules = (each.programme.id, each.year), set(each.cause.rules)
    step, rows = result.causes.step_of(cell, more=True), {row.key: dict(row.spend) for row in result.book.rows}
    gained = scored(result, moved(result, (cell, step)))
    for other in result.lines:
        giver = other.programme.id, other.year
        if giver[0] == cell[0] or giver[1] != cell[1] or other.programme.account != each.programme.account:
            continue
        can_give = result.causes.room_to_floor(giver) * result.portfolio.settings.publish_unit >= step
        if not can_give or giver[0] in result.causes.builders:
            continue
        if -scored(result, moved(result, (giver, -step))) < gained - 1e-6:
            broken = broken_by(result, moved(result, (giver, -step), (cell, step)))
            assert broken, (giver, cell)
            assert rules <= broken or not any(cell in rows[key] for key in broken), (giver, cell, broken)


def test_a_rule_whose_number_a_scenario_gives_says_where_it_stands():
    """A cap of 5 that the scenario takes to 0: the cell of the cap alone would mislead, it still says 5."""
    book = minimal()
    book["Limits"] = [line(limit="cap", measure="spend", sense="max", value=5, programme="wells")]
    book["Scenarios"] = [line(scenario="none", item="limit_value", target="cap", value=0)]
    wells = solve_book(opened(book), "none").lines[0]
    said = "No more fits under the limit on spending “cap” in FY2027 (Limits D2, as changed by Scenarios D2)."
    assert wells.reason.into("en") == said
    assert "（Limits D2、Scenarios D2により変更）" in wells.reason.into("ja")
    wells = solve_book(opened(book), sets=("limit_value:cap=1",)).lines[0]
    assert "(Limits D2, as changed by the command line)" in wells.reason.into("en")
    assert "as changed" not in solve_book(opened(book)).lines[0].reason.into("en")


def test_a_rule_is_named_that_money_from_elsewhere_would_break():
    """Wells may be 40 % of 10.02: a cent more of them fits, but not one that roads give up; roads do no more good."""
    book = minimal()
    book["Accounts"][0][FIRST_YEAR] = 10.02
    book["Limits"] = [line(limit="part", measure="spend", sense="max", basis="share", value=0.4, programme="wells")]
    wells = published(book).lines[0]
    assert (wells.amount, wells.cause.kind) == (4, causes.HELD)
    assert wells.reason.into("en") == (
        "“GRANT” is used up, and 1.00 hundred million yen that does less elsewhere cannot move here because of the "
        "limit on spending “part” in FY2027 (Limits E2)."
    )
    assert "寄与がより小さい事業から1.00億円を回すことも、" in wells.reason.into("ja")


def test_a_met_need_and_a_better_use_are_told_apart():
    """Wells first: roads get the rest; with the need cut to 18 points, roads would add nothing."""
    result = published(minimal())
    wells, roads = result.lines
    assert (wells.verdict, wells.cause.kind) == ("all", causes.MAXIMUM)
    assert (roads.verdict, roads.cause.kind, roads.cause.better.cell) == ("part", causes.BETTER, ("wells", 0))
    assert (roads.cause.next_points, roads.cause.better.points) == pytest.approx((5.0, 7.5))
    full = minimal()
    full["Priorities"][0]["need"] = 18
    assert published(full).lines[1].cause.kind == causes.MET


def book_with_filler() -> Book:
    """Roads may be at most half of all spending; idle scores nothing, yet a unit of it lets a unit of roads in."""
    book = minimal()
    book["Programmes"] = [
        line(programme="roads", family="oda", account="GRANT", region="SEA", maximum=8),
        line(programme="idle", family="sdf_mission", account="GRANT", region="SEA", maximum=8, baseline=1),
    ]
    book["Effects"] = [line(programme="roads", objective="health", score=2)]
    book["Limits"] = [
        line(limit="half", name="Half", measure="spend", sense="max", value=0.5, basis="share", programme="roads"),
    ]
    return book


def test_money_that_only_makes_room_is_filler():
    """Idle gets 5 so that roads may have 5: filler, with a warning in both languages that names the limit."""
    result = published(book_with_filler())
    assert {each.programme.id: (each.verdict, each.amount) for each in result.lines} == {
        "roads": ("part", Fraction(5)),
        "idle": ("filler", Fraction(5)),
    }
    warning = result.facts["warnings"][-1]
    assert result.facts["fillers"] == {"idle": "half"}
    assert "filler" in warning["problem"]
    assert "枠" in warning["problem_ja"]
    assert (warning["sheet"], warning["value"]) == ("Programmes", "idle")


def test_without_the_limit_nothing_is_filler():
    book = book_with_filler()
    del book["Limits"]
    result = published(book)
    assert {each.programme.id: each.verdict for each in result.lines} == {"roads": "all", "idle": "part"}
    assert not result.fillers


def test_a_filler_is_read_back_from_its_folder(tmp_path):
    """Verdict and warning survive the run folder, whose check repeats every number."""
    workbook.write(tmp_path / "book.xlsx", book_with_filler())
    book = run.open_book(tmp_path / "book.xlsx")
    run.write_run(run.solve_book(book), book.data, tmp_path / "run", {})
    result, _ = run.read_run(tmp_path / "run")
    assert [each.verdict for each in result.lines] == ["part", "filler"]


@SOME
@given(books(), st.data())
def test_unspent_money_always_names_what_stopped_it(raw, data):
    """No silent remainder, in either language."""
    result = published(raw, data.draw(st.sampled_from(scenarios_of(raw))))
    for row in result.accounts:
        if row.lapsed >= result.portfolio.settings.publish_unit:
            assert row.stopped_by is not None
            assert row.stopped_by.into("ja") != row.stopped_by.into("en")


def test_unspent_money_names_the_ways_out_that_are_full():
    """Of 20, wells and roads can use 14 and the other account takes 2, its ceiling: it could use more."""
    book = minimal()
    book["Accounts"] = [line(account="GRANT") | {FIRST_YEAR: 20}, line(account="OTHER", name="Other") | {FIRST_YEAR: 1}]
    book["Transfers"] = [line(from_account="GRANT", to_account="OTHER", max_share=0.1)]
    book["Programmes"].append(line(programme="paths", family="oda", account="OTHER", region="SEA", maximum=5))
    book["Effects"].append(line(programme="paths", objective="health", score=1))
    given, _ = published(book).accounts
    assert given.lapsed == 4
    assert given.stopped_by.into("en") == (
        "every programme of the account has its maximum; full as well: the transfer to “Other” (Transfers C2)"
    )
    assert "また、「Other」への移流用（Transfers C2）も上限に達している" in given.stopped_by.into("ja")
    book["Programmes"][-1]["maximum"] = 2
    assert "full" not in published(book).accounts[0].stopped_by.into("en")


def book_with_a_full_carry_over(share):
    """Of 20, then 4, wells and roads can use 14 a year: 6 are left over, and the next year is 10 short."""
    book = minimal()
    next(row for row in book["Settings"] if row["key"] == "years")["value"] = 2
    book["Accounts"] = [line(account="GRANT", carry_over=share) | {FIRST_YEAR: 20, FIRST_YEAR + 1: 4}]
    return book


def test_unspent_money_names_a_full_carry_over():
    """A tenth of 20 may go to the next year, though the independent best score would rise by all 6."""
    first, second = published(book_with_a_full_carry_over(0.1)).accounts
    assert (first.carried_out, first.lapsed, second.lapsed) == (2, 4, 0)
    assert first.stopped_by.into("en") == (
        "every programme of the account has its maximum; full as well: carry-over to the next year (Accounts B2)"
    )
    assert "翌年度への繰越し（Accounts B2）も上限に達している" in first.stopped_by.into("ja")
    best = [reference.solve(book_with_a_full_carry_over(share)).score for share in (0.1, 0.2, 0.3, 0.4)]
    assert best[0] < best[1] < best[2] == pytest.approx(best[3])
    left = published(book_with_a_full_carry_over(0.4)).accounts[0]
    assert left.lapsed == 0


@SOME
@given(books(), st.data())
def test_no_unit_that_would_raise_the_score_is_left(raw, data):
    """A unit more that scores breaks a row, goes beyond a maximum or belongs to a choice: rounding leaves no other."""
    result = published(raw, data.draw(st.sampled_from(scenarios_of(raw))))
    unit = result.portfolio.settings.publish_unit
    for each in result.lines:
        if each.cause.kind == causes.ROUNDING and not each.programme.indivisible:
            spending = moved(result, ((each.programme.id, each.year), unit))
            assert scored(result, spending) <= EXACT or broken_by(result, spending), each.programme.id


def test_what_is_all_or_nothing_begins_with_its_minimum():
    """Roads need 5 at once and 4 are left: used up; a step of them is 5, and no use of single units is better."""
    book = minimal()
    book["Programmes"][1] |= {"indivisible": "yes", "minimum": 5}
    book["Programmes"].append(line(programme="paths", family="oda", account="GRANT", region="SEA", maximum=3))
    book["Effects"].append(line(programme="paths", objective="health", score=1.9))
    book["Effects"][1]["score"] = 1
    result = published(book)
    wells, roads, paths = result.lines
    assert (wells.amount, roads.amount, paths.amount) == (6, 0, 3)
    assert (roads.cause.kind, roads.cause.better) == (causes.USED_UP, None)
    said = result.in_points(roads)[0].into("en")
    assert said == "5.00 hundred million yen more would add 12.5000 points."


def test_harm_and_nothing_are_told_in_words():
    """A step that takes points away costs them, and one that does nothing adds nothing: no signs, no zeros."""
    book = minimal()
    book["Programmes"][1]["minimum"] = 2
    book["Effects"][1]["score"] = -1
    book["Programmes"].append(line(programme="idle", family="oda", account="GRANT", region="SEA", maximum=8, minimum=1))
    result = published(book)
    said = [" ".join(words.into("en") for words in result.in_points(each)) for each in result.lines]
    assert said[1].startswith(
        "1.00 hundred million yen more would cost 2.5000 points. Its last 1.00 hundred million yen costs 2.5000 points."
    )
    assert said[2].startswith("1.00 hundred million yen more would add nothing.")
    assert "Its last 1.00 hundred million yen adds nothing." in said[2]


def test_a_better_use_names_its_year_where_it_is_another():
    """Roads of this year give way to wells of the next, to which the money is carried over."""
    result = published(minimal())
    said = result.in_points(result.lines[1])[1].into("en")
    assert said == "In “wells” the last 1.00 hundred million yen adds 7.5000 points; here it would add 5.0000."
    book = minimal()
    book["Settings"] = [row | {"value": 2} if row["key"] == "years" else row for row in book["Settings"]]
    book["Accounts"] = [line(account="GRANT", kind="law", carry_over=1) | {FIRST_YEAR: 10, FIRST_YEAR + 1: 0}]
    for row, year in zip(book["Programmes"], (FIRST_YEAR + 1, FIRST_YEAR), strict=True):
        row |= {"start": year, "end": year}
    result = published(book)
    better = result.in_points(result.lines[1])[1]
    assert "the last 1.00 hundred million yen of FY2028 adds" in better.into("en")
    assert "令和10年度の最後の" in better.into("ja")
