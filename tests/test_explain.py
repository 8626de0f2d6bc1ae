"""Explanations: margins and entry prices held against the independent solver, and every sentence in both languages."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import reference
from books import FIRST_YEAR, books, line, minimal, scenarios_of
from click.testing import CliRunner
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support import opened

from optimizer import model, run, workbook
from optimizer.cli import main
from optimizer.errors import CheckFailed, InputProblems, NoPlan, WrongUsage
from optimizer.questions.asking import ask_portfolio
from optimizer.questions.explain import Explainer
from optimizer.questions.explain.entry import Entry
from optimizer.questions.explain.margins import lost_between
from optimizer.questions.explain.scaled import ScaledEffects
from optimizer.report.chapters.lines import Lines
from optimizer.report.chapters.money import Money
from optimizer.run import solve_book

FEW = settings(max_examples=25)
MORE = settings(max_examples=60)
POINTS = 1e-5
NEAR = Fraction(1, 200)
"""Half a per cent above and below an entry price."""
FELT = 1e-7


def published(raw, name="base"):
    """The published plan of a scenario; set aside where there is none."""
    try:
        return solve_book(opened(raw), name)
    except (InputProblems, NoPlan, CheckFailed):
        assume(False)


def independent_best(raw, name, sets=(), **bounds):
    """The independent best score with lines held between two amounts: ``{(programme, year): (low, high)}``."""
    lp = reference.lp(raw, name, sets)
    for cell, (low, high) in bounds.get("held", {}).items():
        column = ("spending", *cell)
        lp.row(("held", *cell, "low"), [(column, Fraction(1))], ">=", Fraction(low))
        lp.row(("held", *cell, "high"), [(column, Fraction(1))], "<=", Fraction(high))
    try:
        return reference.maximise(lp, lp.score)[0]
    except reference.NoPlan:
        return None


@FEW
@given(books(), st.data())
def test_margins_are_the_independent_solvers(raw, data):
    """A line held a step above or below its published amount: the best score falls by what is said."""
    name = data.draw(st.sampled_from(scenarios_of(raw)))
    result = published(raw, name)
    live = ask_portfolio(result.portfolio).live
    best = independent_best(raw, name)
    for each in result.lines[:4]:
        if each.year in each.programme.pins:
            continue
        year = result.fiscal_year(each.year)
        for low, high in ((each.amount + 1, each.programme.maximum), (Fraction(0), each.amount - 1)):
            if 0 <= low <= high:
                lost = lost_between(live, each, float(low), float(high))
                other = independent_best(raw, name, held={(each.programme.id, year): (low, high)})
                assert (lost is None) == (other is None), (each.programme.id, year, low, high)
                if lost is not None:
                    assert lost == pytest.approx(best - other, abs=POINTS)


def at_nothing(result):
    """The programmes without any money, indivisible ones aside."""
    spent = {name for (name, _), amount in result.plan.spending.items() if amount}
    running = {name for name, _ in result.plan.spending}
    return [name for name in running if name not in spent]


def gains_by(raw, name, programme, years, item):
    """By how many points the best plan beats every plan without the programme, in the independent model."""
    kept_out = {(programme, year): (0, 0) for year in years}
    best = independent_best(raw, name, [item])
    without = independent_best(raw, name, [item], held=kept_out)
    return None if best is None or without is None else best - without


@st.composite
def with_a_poor_twin(draw):
    """A random book and a line of it once more, that does a tenth as much good: it most often gets nothing."""
    book = deepcopy(draw(books()))
    row = draw(st.sampled_from(book["Programmes"]))
    for sheet in ("Programmes", "Effects", "ResourceUse"):
        own = [each for each in book.get(sheet, ()) if each["programme"] == row["programme"]]
        for each in own:
            twin = {key: value for key, value in each.items() if key not in NOT_OF_THE_TWIN} | {"programme": "poor"}
            if "score" in twin:
                twin["score"] = round(twin["score"] / 10, 3)
            book[sheet].append(twin)
    return book


NOT_OF_THE_TWIN = ("minimum", "baseline", "commitment", "low", "high")
"""What would give it money whatever it does, and the range of effects that are not its own."""


@MORE
@given(with_a_poor_twin(), st.data())
def test_entry_prices_hold_from_both_sides(raw, data):
    """Just above the price the programme beats every plan without it, just below it does not: effects and cost."""
    name = data.draw(st.sampled_from(scenarios_of(raw)))
    result = published(raw, name)
    nothing = at_nothing(result)
    assume(nothing)
    programme = data.draw(st.sampled_from(sorted(nothing)))
    entry = Explainer(result).programme(programme).entry
    assume(entry is not None)
    years = [result.fiscal_year(t) for t in result.portfolio.programmes[programme].years]
    factor = Fraction(entry.effects)
    assert gains_by(raw, name, programme, years, f"effect_factor:{programme}={float(factor * (1 + NEAR))}") > 0
    below = factor * (1 - NEAR)
    assert gains_by(raw, name, programme, years, f"effect_factor:{programme}={float(below)}") <= FELT
    if entry.cost is not None:
        cost = Fraction(entry.cost)
        assert gains_by(raw, name, programme, years, f"cost_factor:{programme}={float(cost * (1 - NEAR))}") > 0
        above = cost * (1 + NEAR)
        assert gains_by(raw, name, programme, years, f"cost_factor:{programme}={float(above)}") <= FELT


@MORE
@given(books(), st.data(), st.sampled_from([0.5, 2.0, 7.25]))
def test_scaled_effects_are_the_model_of_the_scenario(raw, data, factor):
    """The live model with one programme's effects multiplied is the model that the scenario item builds."""
    result = published(raw)
    assume(result.portfolio.programmes)
    live = ask_portfolio(result.portfolio).live
    programme = result.portfolio.programmes[data.draw(st.sampled_from(sorted(result.portfolio.programmes)))]
    scaled = [
        replace(e, score=e.score * Fraction(factor)) if e.programme == programme.id else e
        for e in result.portfolio.effects
    ]
    built = model.build(result.portfolio.with_changes(effects=scaled))
    with ScaledEffects(live, result.portfolio, programme).applied(factor):
        held = live.highs.getLp()
        matrix = held.a_matrix_
        shape = (len(built.keys), built.columns.count)
        found = np.zeros(shape)
        major = np.repeat(np.arange(len(matrix.start_) - 1), np.diff(matrix.start_))
        by_row = "Row" in str(matrix.format_)
        rows, columns = (major, matrix.index_) if by_row else (matrix.index_, major)
        found[rows, columns] = matrix.value_
        wanted = np.zeros(shape)
        wanted[np.repeat(np.arange(shape[0]), np.diff(built.starts)), built.indices] = built.coefficients
        assert found == pytest.approx(wanted, rel=1e-9, abs=1e-12)
        assert np.array(held.row_upper_) == pytest.approx(built.row_upper, rel=1e-9, abs=1e-9)
        assert np.array(held.col_lower_) == pytest.approx(built.columns.lower, rel=1e-9, abs=1e-9)


def three_uses():
    """Wells score 3 a unit up to 6 and roads 2 up to 8, of 10 in all; paths score 0.5 and get nothing."""
    book = minimal()
    book["Programmes"].append(line(programme="paths", family="oda", account="GRANT", region="SEA", maximum=5))
    book["Effects"].append(line(programme="paths", objective="health", score=0.5))
    return book


def test_the_entry_price_of_a_small_book_is_the_one_found_by_hand():
    """Paths enter where they score as roads do: 2 / 0.5, four times as much, or a quarter of the cost."""
    found = Explainer(published(three_uses())).programme("paths")
    assert found.entry.effects == pytest.approx(4.0, abs=1e-6)
    assert found.entry.cost == pytest.approx(0.25, abs=1e-6)
    said = " ".join(words.into("en") for words in found.sentences)
    assert "4.0000 times as large, or its cost falls to 0.2500 of today's" in said
    assert "1.00 hundred million yen more would add 1.2500 points" in said
    assert (
        "With 1.00 hundred million yen more here, taken from elsewhere, the best score falls by 3.7500 points." in said
    )


def test_amounts_of_several_years_are_listed_as_each_language_lists_them():
    """Roads get the 4 of 10 and then the 5 of 11 that wells leave."""
    book = minimal()
    next(row for row in book["Settings"] if row["key"] == "years")["value"] = 2
    book["Accounts"] = [{"account": "GRANT", FIRST_YEAR: 10, FIRST_YEAR + 1: 11}]
    said = Explainer(published(book)).programme("roads").sentences[0]
    assert "4.00, 5.00" in said.into("en")
    assert "4.00、5.00" in said.into("ja")


def test_an_entry_price_is_found_where_what_it_adds_is_hardly_felt():
    """Paths may get a cent, and the need is large: above four times its effects a plan with it is hardly better."""
    book = three_uses()
    book["Priorities"][0]["need"], book["Programmes"][-1]["maximum"] = 400_000, 0.01
    assert Explainer(published(book)).programme("paths").entry.effects == pytest.approx(4.0, rel=0.005)


def test_what_rules_keep_out_has_no_entry_price():
    book = three_uses()
    book["Limits"] = [line(limit="none", measure="spend", sense="max", value=0, programme="paths", kind="law")]
    found = Explainer(published(book)).programme("paths")
    assert found.entry is None
    assert any("Rules keep it out" in words.into("en") for words in found.sentences)


def indivisible():
    """Of 10: a bridge of 6 that scores 3 a unit, a dam of 5 that scores 2; both do not fit."""
    book = minimal()
    book["Programmes"] = [
        line(programme="bridge", family="oda", account="GRANT", region="SEA", maximum=6, indivisible="yes"),
        line(programme="dam", family="oda", account="GRANT", region="SEA", maximum=5, indivisible="yes"),
    ]
    book["Effects"] = [
        line(programme="bridge", objective="health", score=3),
        line(programme="dam", objective="health", score=2),
    ]
    return book


def test_indivisible_lines_are_in_or_out():
    """Without the bridge 18 points fall to the dam's 10 of 40; the dam enters once its 10 points are 18."""
    explainer = Explainer(published(indivisible()))
    bridge, dam = explainer.programme("bridge"), explainer.programme("dam")
    assert any("Without it the best score falls by 20.0000 points." in w.into("en") for w in bridge.more)
    assert any("With it the best score falls by 20.0000 points." in w.into("en") for w in dam.more)
    assert dam.entry.effects == pytest.approx(1.8, abs=1e-6)


@pytest.fixture
def folder(tmp_path):
    """A run of the small book with three uses."""
    workbook.write(tmp_path / "book.xlsx", three_uses())
    book = run.open_book(tmp_path / "book.xlsx")
    run.write_run(solve_book(book), book.data, tmp_path / "run", {})
    return tmp_path / "run"


def told(*arguments):
    return CliRunner().invoke(main, ["explain", *map(str, arguments)])


def test_the_command_explains_a_run_in_both_languages(folder):
    english, japanese = told(folder, "--lang", "en"), told(folder, "--lang", "ja")
    assert "“GRANT” is used up; its money does more in “wells”." in english.output
    assert "計上に要する条件" in japanese.output
    assert english.exit_code == japanese.exit_code == 0


def test_the_command_gives_numbers_to_programs(folder):
    answer = json.loads(told(folder, "paths", "--json", "--quiet").stdout)
    only = answer["programmes"][0]
    assert only["entry"]["effects"] == pytest.approx(4.0)
    assert only["lines"][0]["better"]["programme"] == "roads"
    assert only["lines"][0]["year"] == FIRST_YEAR


def test_an_unknown_programme_is_wrong_usage_with_a_suggestion(folder):
    answer = told(folder, "path", "--lang", "en")
    assert answer.exit_code == WrongUsage.exit_code
    assert "did you mean paths?" in answer.output


def test_an_edited_run_is_refused(folder):
    table = folder / "allocation.csv"
    table.write_bytes(table.read_bytes().replace(b"6.00", b"6.01").replace(b",6,", b",7,"))
    answer = told(folder, "--lang", "en")
    assert answer.exit_code == CheckFailed.exit_code
    assert "allocation.csv was changed after the run." in answer.output


def test_a_programme_that_is_off_names_its_lever(tmp_path):
    book = three_uses()
    book["Levers"] = [line(lever="trails", name="Trails", name_ja="遊歩道", proposal=6)]
    book["Programmes"][-1]["requires"] = "trails"
    found = Explainer(published(book)).programme("paths")
    assert [words.into("en") for words in found.sentences] == [
        "“paths” is switched off in this scenario.",
        "It needs the lever Trails, which is off.",
    ]
    assert "遊歩道" in found.sentences[1].into("ja")
    assert [item.id for item in Explainer(published(book)).whole_run()] == ["wells", "roads", "paths"]


@pytest.mark.parametrize(
    ("years", "english", "japanese"),
    [
        ({"start": FIRST_YEAR + 3}, "it begins in FY2030", "開始年度が令和12年度である"),
        ({"end": FIRST_YEAR - 1}, "it ends with FY2026", "終了年度が令和8年度である"),
    ],
)
def test_a_programme_without_a_year_of_the_plan_says_so(years, english, japanese):
    """With the cell of its first or last year, in what is explained and in the report."""
    book = three_uses()
    book["Programmes"][-1].update(years)
    result = published(book)
    explainer = Explainer(result)
    for found in (explainer.whole_run()[-1], explainer.programme("paths")):
        assert found.id == "paths"
        assert [words.into("en") for words in found.sentences] == [
            f"“paths” runs in none of the plan's years: {english} (Programmes F4)."
        ]
        assert (
            found.sentences[0].into("ja")
            == f"「paths」は、計画期間のいずれの年度にも実施されない。{japanese}（Programmes F4）。"
        )
    note = Lines(Money(result)).reasons().note
    assert english in note.into("en")
    assert japanese in note.into("ja")


def test_what_rounding_alone_leaves_out_has_no_entry_price():
    """Half a unit of money is left for paths before rounding, none in whole units: no larger effects are asked for."""
    book = three_uses()
    book["Settings"].append({"key": "publish_unit", "value": 1})
    book["Accounts"][0][FIRST_YEAR] = 10.5
    book["Programmes"][1]["maximum"] = 4
    found = Explainer(published(book)).programme("paths")
    assert found.entry is None
    said = [words.into("en") for words in found.sentences]
    assert "Before amounts are rounded to whole units it gets money; rounding leaves it none." in said


def test_what_no_plan_is_without_needs_no_entry_price():
    """A floor asks for less of paths than a publish unit: no plan is without them, and that is no crash."""
    book = three_uses()
    book["Limits"] = [line(limit="some", measure="spend", sense="min", value=0.4, programme="paths")]
    portfolio = opened(book).portfolio
    entry = Entry(ask_portfolio(portfolio).live, portfolio, portfolio.programmes["paths"], None)
    assert not entry.is_kept_out()
    assert entry.gets_money_before_rounding()


def test_no_effects_bring_a_line_in_where_the_need_is_met_without_it():
    """Wells alone meet the need: paths could replace them, and a plan without paths scores as much for all that."""
    book = three_uses()
    book["Priorities"][0]["need"] = 9
    found = Explainer(published(book)).programme("paths")
    assert found.entry is None
    said = " ".join(words.into("en") for words in found.sentences)
    assert "Even with effects a hundred thousand times as large, a plan without it scores as much." in said
    times = ("effect_factor:paths=100000",)
    without = independent_best(book, "base", times, held={("paths", FIRST_YEAR): (0, 0)})
    assert without == pytest.approx(independent_best(book, "base", times), abs=1e-7)


def test_effects_that_harm_as_much_never_enter():
    """Paths do as much harm as good, however large: no entry price, and it is said so."""
    book = three_uses()
    book["Objectives"].append(line(objective="peace", freedom="fear"))
    book["Priorities"].append(line(region="SEA", objective="peace", weight=1, need=40))
    book["Effects"].append(line(programme="paths", objective="peace", score=-0.5))
    found = Explainer(published(book)).programme("paths")
    assert found.entry is None
    said = [words.into("en") for words in found.sentences]
    assert "Even with effects a hundred thousand times as large, a plan without it scores as much." in said


def test_what_is_exact_is_said_where_programmes_are_all_or_nothing(tmp_path):
    """One sentence more with an indivisible programme, none without; and every number beside it was a plan of wholes.

    Wells are all or nothing: 10 buys them (6) and 4 of roads. Without them roads take 8, so they are worth 65 - 40.
    """
    book = minimal()
    book["Programmes"][0]["indivisible"] = "yes"
    workbook.write(tmp_path / "book.xlsx", book)
    opened_book = run.open_book(tmp_path / "book.xlsx")
    run.write_run(solve_book(opened_book), opened_book.data, tmp_path / "whole", {})
    said = told(tmp_path / "whole", "wells", "--lang", "en").output
    assert "Without it the best score falls by 25.0000 points." in said
    assert "every number here is exact" in said
    assert "relaxation" in said
    assert "緩和問題" in told(tmp_path / "whole", "--lang", "ja").output
    book["Programmes"][0]["indivisible"] = "no"
    workbook.write(tmp_path / "divided.xlsx", book)
    divided = run.open_book(tmp_path / "divided.xlsx")
    run.write_run(solve_book(divided), divided.data, tmp_path / "divided", {})
    assert "relaxation" not in told(tmp_path / "divided", "--lang", "en").output
