"""How plans stand up to uncertain effects: draws, scores under them, re-solves, hedging, what knowledge is worth."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import reference
from books import FIRST_YEAR, Book, books, line, minimal, scenarios_of, with_everything
from click.testing import CliRunner
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support import opened

from optimizer import exact, proof, report, run, scenario, workbook
from optimizer.cli import main
from optimizer.errors import CheckFailed, InputProblems, NoPlan, WrongUsage
from optimizer.questions.robust.asking import robust
from optimizer.questions.robust.draws import EACH, INSTRUMENT, TRIANGULAR, UNIFORM, draws_of
from optimizer.questions.robust.hedge import Mix, hedge, tail_mean
from optimizer.questions.robust.knowing import study
from optimizer.questions.robust.scoring import Scorer
from optimizer.questions.robust.standing import standing
from optimizer.questions.robust.tables import robust_in_words
from optimizer.report.chapters.robust import MOST_BARS, _ToldRobust, robust_document
from optimizer.sweep import Processes

FEW = settings(deadline=None, max_examples=40)
FILES_OF_DRAWS = ("draws.csv", "drawn_effects.csv")


def uncertain() -> Book:
    """The minimal book with ranges: wells 3 points (1 to 5), roads 2 points, certain."""
    book = minimal()
    book["Effects"] = [
        line(programme="wells", objective="health", score=3, low=1, high=5),
        line(programme="roads", objective="health", score=2),
    ]
    return book


def solved(raw: Book, name: str = "base"):
    """The published plan; set aside where there is none."""
    try:
        return run.solve_book(opened(raw), name)
    except (InputProblems, NoPlan, WrongUsage, CheckFailed):
        assume(False)


# Draws


def test_draws_stay_inside_the_range_and_follow_its_shape():
    """Triangular by default with its peak at the score; the mean and a quantile are those of the distribution."""
    book = opened(uncertain()).portfolio
    for shape, mean, quarter in ((TRIANGULAR, 3.0, 1 + 2 * 0.5**0.5), (UNIFORM, 3.0, 2.0)):
        draws = draws_of(book, "base", [], samples=4000, seed=1, shape=shape)
        values = draws.values[:, 0]
        assert values.min() >= 1 and values.max() <= 5
        assert values.mean() == pytest.approx(mean, abs=0.1) and draws.means[0] == mean
        assert draws.at(np.array([[0.25, 0.5]]))[0, 0] == pytest.approx(quarter)
    assert (draws.values[:, 1] == 2).all()
    assert [effect.programme for effect in draws.certain] == ["roads"]


def test_a_seed_repeats_its_draws_whatever_stands_beside_an_effect():
    """The order of rows, other effects and the number of samples change nothing that is drawn for an effect."""
    raw = uncertain()
    few = draws_of(opened(raw).portfolio, "base", [], samples=5, seed=7)
    raw["Effects"] = [
        line(programme="roads", objective="health", score=2, low=1, high=3),
        line(programme="wells", objective="health", score=3, low=1, high=5),
    ]
    many = draws_of(opened(raw).portfolio, "base", [], samples=9, seed=7)
    assert many.values[:5, 1].tolist() == few.values[:, 0].tolist()
    other = draws_of(opened(raw).portfolio, "base", [], samples=9, seed=8)
    assert (other.values != many.values).all()


def test_effects_of_one_instrument_can_err_together():
    """Then one random number decides where in its own range each of them lies."""
    raw = uncertain()
    raw["Effects"][1] |= {"low": 1, "high": 3}
    for programme in raw["Programmes"]:
        programme["instrument"] = "grant_aid"
    book = opened(raw).portfolio
    apart, tied = (draws_of(book, "base", [], 6, together=how).values for how in (EACH, INSTRUMENT))
    assert tied[:, 0] == pytest.approx(1 + 2 * (tied[:, 1] - 1))
    assert apart[:, 0] != pytest.approx(1 + 2 * (apart[:, 1] - 1))


def test_a_scenario_scales_what_is_drawn_and_a_book_without_samples_is_refused():
    """effect_factor and cost_factor multiply draws as they multiply scores."""
    book = opened(uncertain()).portfolio
    draws = draws_of(book, "base", ["effect_factor:health=0.5", "cost_factor:wells=2"], samples=3)
    assert draws.factor.tolist() == [0.25, 0.5]
    assert (draws.values >= 1)[:, 0].all()
    for samples in (0, -3):
        with pytest.raises(WrongUsage, match="--samples"):
            draws_of(book, "base", [], samples=samples)


def test_a_score_outside_its_range_is_drawn_from_the_nearer_end():
    """check warns of it; a range given the wrong way round is turned."""
    raw = uncertain()
    raw["Effects"][0] |= {"score": 6, "low": 5, "high": 1}
    draws = draws_of(opened(raw).portfolio, "base", [], samples=50)
    assert draws.score[0] == 5
    assert draws.values[:, 0].min() >= 1 and draws.values[:, 0].max() <= 5


# Scores under draws


@FEW
@given(books(indivisible=True), st.data())
def test_amounts_score_under_drawn_effects_what_the_proof_finds(raw, data):
    """Every part of the contract: curves, harm, lags, shared and divided synergies, needs with curves."""
    name = data.draw(st.sampled_from(scenarios_of(raw)))
    result = solved(raw, name)
    draws = draws_of(opened(raw).portfolio, name, [], samples=3, seed=5)
    values = draws.values * draws.factor
    found = Scorer(result.book).scores(result.plan.spending, values)
    for row, score in zip(values, found, strict=True):
        effects = [replace(e, score=Fraction(v)) for e, v in zip(draws.portfolio.effects, row.tolist(), strict=True)]
        stated = exact.state_exactly(draws.portfolio.with_changes(effects=effects))
        assert score == pytest.approx(float(proof.attained_by(stated, result.plan).score), abs=1e-9)


def test_partners_are_divided_anew_under_every_draw():
    """Two synergies share a partner: whichever need is met by itself leaves the partner to the other."""
    raw = minimal()
    raw["Regions"].append(line(region="EHA", name="Horn"))
    raw["Priorities"] = [line(region=r, objective="health", weight=1, need=10) for r in ("SEA", "EHA")]
    raw["Accounts"] = [{"account": "GRANT", FIRST_YEAR: 10}]
    raw["Programmes"] = [
        line(programme=name, family="oda", account="GRANT", region=region, minimum=amount, maximum=amount)
        for name, region, amount in (("wells", "SEA", 4), ("roads", "EHA", 4), ("staff", "SEA", 2))
    ]
    raw["Effects"] = [
        line(programme=name, objective="health", score=1, low=0, high=3, region=region)
        for name, region in (("wells", "SEA"), ("roads", "EHA"))
    ]
    raw["Synergies"] = [
        line(synergy=f"s{a}", programme_a=a, programme_b="staff", ratio=1, objective="health", score=1)
        for a in ("wells", "roads")
    ]
    result = solved(raw)
    values = np.array([[2.5, 0.5], [0.5, 2.5], [0.5, 0.5]])
    assert Scorer(result.book).scores(result.plan.spending, values) == pytest.approx([70, 70, 30])


def test_scenarios_score_alike_in_rationals_and_under_their_own_effects():
    """At the book's own scores the scorer finds the published score."""
    raw = uncertain()
    result = run.solve_book(opened(raw), "base", ["effect_factor=0.5"])
    active = scenario.apply(opened(raw).portfolio, "base", ["effect_factor=0.5"]).portfolio
    own = np.array([[float(effect.score) for effect in active.effects]])
    assert Scorer(result.book).scores(result.plan.spending, own)[0] == pytest.approx(float(result.proof.score))


# How today's plan stands


def stands(book, name: str = "base", sets: tuple[str, ...] = (), *, crew=None, **options):
    """Today's plan of an opened book against draws."""
    return standing(book, draws_of(book.portfolio, name, sets, **options), crew)


def by_hand(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Best and kept score of ``uncertain()`` for what a unit of wells turns out to score.

    Today: 6 on wells, 4 on roads. Wells below 2 points are better left at 2, with 8 on roads.
    """
    return np.maximum(6 * values + 8, 2 * values + 16) / 0.4, (6 * values + 8) / 0.4


def test_best_regret_and_lines_are_those_found_by_hand():
    """The plan changes where wells score less than roads, and the regret is what the change would bring."""
    found = stands(opened(uncertain()), samples=60, seed=2)
    values = found.draws.values[:, 0]
    best, kept = by_hand(values)
    assert found.best == pytest.approx(best) and found.kept == pytest.approx(kept)
    assert 0 < (values < 2).sum() < 60
    assert found.regret == pytest.approx(best - kept, abs=1e-9)
    wells, roads = found.lines
    assert (wells.today, roads.today) == (6, 4)
    assert wells.spread.mean == pytest.approx(np.where(values < 2, 2, 6).mean())
    assert (wells.spread.least, wells.spread.most, roads.spread.most) == pytest.approx((2, 6, 8))
    assert wells.share == roads.share == 1
    assert found.totals["wells"].tolist() == pytest.approx(np.where(values < 2, 2, 6).tolist())


def test_a_line_that_some_draws_leave_out_is_in_the_plan_so_often():
    """With money for one of two rivals only, each draw has the better one."""
    raw = uncertain()
    raw["Accounts"] = [{"account": "GRANT", FIRST_YEAR: 6}]
    found = stands(opened(raw), samples=40, seed=2)
    share = (found.draws.values[:, 0] > 2).mean()
    assert 0 < share < 1
    assert [line.share for line in found.lines] == pytest.approx([share, 1 - share])


def test_without_uncertainty_nothing_is_regretted():
    """low = high = score everywhere: each draw is the book as written."""
    raw = with_everything()
    for effect in raw["Effects"]:
        effect |= {"low": effect["score"], "high": effect["score"]}
    found = stands(opened(raw), "all", samples=3)
    assert found.solved == 3 and not found.draws.certain
    assert found.kept == pytest.approx(float(found.today.proof.score))
    assert found.regret == pytest.approx(found.best[0] - found.kept[0]) and 0 <= found.regret[0] < 0.02
    assert all(line.spread.least == line.spread.most for line in found.lines)


def test_effects_without_a_range_are_listed_and_certain():
    """One end alone is no range."""
    raw = uncertain()
    raw["Effects"][1]["high"] = 4
    found = stands(opened(raw), samples=2)
    assert [effect.programme for effect in found.draws.certain] == ["roads"]
    assert (found.draws.values[:, 1] == 2).all()


def test_a_rule_that_todays_plan_turns_out_to_break_is_widened_and_counted():
    """Harm of wells is 1 a unit or more; 6 of it are allowed, as today's plan has by the book's own score."""
    raw = uncertain()
    raw["Objectives"].append(line(objective="peace", freedom="fear"))
    raw["Effects"].append(line(programme="wells", objective="peace", score=-1, low=-2, high=-1))
    raw["Limits"] = [line(limit="harm", measure="harm", sense="max", value=6)]
    raw["Limits"] += [line(limit="floor", measure="attainment", sense="min", value=0.65, objective="health")]
    found = stands(opened(raw), samples=30, seed=4)
    values = found.draws.values
    assert found.broken == {"harm": int((values[:, 2] < -1).sum()), "floor": int((values[:, 0] < 3).sum())}
    assert found.solved == 30 and (found.regret >= -1e-6).all()
    told = stands(opened(raw), "base", ("limit_value:harm=12",), samples=30, seed=4)
    assert list(told.broken) == ["floor"]


@FEW
@given(books(indivisible=True), st.data())
def test_no_regret_is_negative_and_a_draw_is_an_edited_book(raw, data):
    """On any book: a plan made with the effects known scores no less, and what a cold solve of it does."""
    name = data.draw(st.sampled_from(scenarios_of(raw)))
    try:
        found = stands(opened(raw), name, samples=4, seed=data.draw(st.integers(0, 99)))
    except (InputProblems, NoPlan, WrongUsage, CheckFailed):
        assume(False)
    least = -1e-6 - 0.01 * len(found.today.proof.allowances)
    assert (found.regret >= least).all() and not found.count("failed")
    for draw, outcome in enumerate(found.outcomes):
        for effect, value in zip(found.draws.portfolio.effects, found.draws.values[draw].tolist(), strict=True):
            raw["Effects"][effect.row - 2]["score"] = value
        independent = reference.solve(raw, name)
        if not found.broken:
            assert outcome.score == pytest.approx(independent.score, abs=1e-4)


def test_the_numbers_are_the_same_whoever_solves():
    """Seeded, to the last digit: in this process, in two, and again; another seed has others."""
    book = opened(with_everything())
    alone, pool = (stands(book, "all", samples=8, seed=3, crew=crew) for crew in (None, Processes(2)))
    assert repr(alone.outcomes) == repr(pool.outcomes)
    assert alone.regret.tolist() == pool.regret.tolist()
    assert stands(book, "all", samples=8, seed=4).best.tolist() != alone.best.tolist()


# Hedging


def test_the_tail_is_the_mean_of_the_worst_draws():
    """By the definition of CVaR, counted out; the draw at the edge counts in part."""
    scores = np.array([5.0, 1.0, 4.0, 2.0, 3.0])
    assert tail_mean(scores, 0.6) == pytest.approx((1 + 2) / 2)
    assert tail_mean(scores, 0.7) == pytest.approx((1 + 0.5 * 2) / 1.5)
    assert tail_mean(scores, 0.99) == pytest.approx(1)
    assert tail_mean(scores, 1e-9) == pytest.approx(3)


def rockafellar_and_uryasev(scores: np.ndarray, alpha: float) -> float:
    """CVaR by its other definition: the best η − mean shortfall / (1 − alpha), at one of the scores."""
    return max(edge - np.maximum(edge - scores, 0).mean() / (1 - alpha) for edge in scores)


@pytest.mark.parametrize(("alpha", "weight"), [(0.9, 0.0), (0.9, 0.5), (0.8, 1.0), (0.55, 0.7)])
def test_a_hedge_is_the_best_mix_that_any_plan_has(alpha, weight):
    """Against every split of the money in steps of 0.02, scored by hand, with a need that some draws fill."""
    raw = uncertain()
    raw["Effects"] = [
        line(programme="wells", objective="health", score=3, low=0, high=9),
        line(programme="roads", objective="health", score=2.5, low=2, high=4),
    ]
    result = run.solve_book(opened(raw))
    values = draws_of(opened(raw).portfolio, "base", [], 40, seed=1).values
    mix = Mix(alpha, weight)
    found = hedge(Scorer(result.book), values, mix).hedged
    best = -np.inf
    for wells in np.arange(2, 6.001, 0.02):
        scores = np.minimum(values @ np.array([wells, 10 - wells]), 40) / 0.4
        best = max(best, (1 - weight) * scores.mean() + weight * rockafellar_and_uryasev(scores, alpha))
    amounts = np.array([float(found.plan.spending[name, 0]) for name in ("wells", "roads")])
    reached = mix.of(np.minimum(values @ amounts, 40) / 0.4)
    assert found.optimum == pytest.approx(best, abs=0.02) and found.optimum >= best - 1e-6
    assert reached == pytest.approx(found.optimum, abs=0.05)


def test_a_hedge_spreads_what_may_fail():
    """Two equal programmes whose effects err apart: half of each, where the mean alone would not care."""
    raw = minimal()
    for programme in raw["Programmes"]:
        programme["maximum"] = 10
    raw["Effects"] = [line(programme=name, objective="health", score=2, low=0, high=4) for name in ("wells", "roads")]
    result = run.solve_book(opened(raw))
    draws = draws_of(opened(raw).portfolio, "base", [], 100, seed=1)
    found = hedge(Scorer(result.book), draws.values, Mix(0.9, 1.0))
    assert float(found.hedged.plan.spending["wells", 0]) == pytest.approx(5, abs=1.5)
    assert tail_mean(found.hedged_scores, 0.9) > tail_mean(found.steady_scores, 0.9) + 5
    assert found.hedged_scores.mean() <= found.steady_scores.mean() + 1e-9


@FEW
@given(books(indivisible=True), st.data())
def test_no_plan_hedges_better_and_the_hedge_keeps_every_row(raw, data):
    """Random books: today's plan mixes no better, the published hedge almost as well as its program, and is whole."""
    name = data.draw(st.sampled_from(scenarios_of(raw)))
    result = solved(raw, name)
    scorer, mix = Scorer(result.book), Mix(0.75, data.draw(st.sampled_from([0.0, 0.5, 1.0])))
    draws = draws_of(opened(raw).portfolio, name, [], 8, seed=2)
    values = draws.values * draws.factor
    found = hedge(scorer, values, mix)
    for plan in (found.hedged.plan, found.steady.plan):
        broken = proof.breaches_of(result.book, plan, proof.attained_by(result.book, plan))
        assert all(breach.is_excused for breach in broken)
    if not result.proof.allowances and not scorer.is_divided:
        today = mix.of(scorer.scores(result.plan.spending, values))
        assert found.hedged.optimum >= today - 1e-6
    assert mix.of(found.hedged_scores) == pytest.approx(found.hedged.optimum, abs=0.5)


@pytest.mark.parametrize(("alpha", "weight"), [(0.0, 0.5), (1.0, 0.5), (-2, 0.5), (0.9, 1.5), (0.9, -0.1)])
def test_a_mix_that_means_nothing_is_refused(alpha, weight):
    """alpha lies between 0 and 1, the weight from 0 to 1."""
    result = run.solve_book(opened(uncertain()))
    with pytest.raises(WrongUsage, match=r"--alpha|--hedge"):
        hedge(Scorer(result.book), np.array([[3.0, 2.0]]), Mix(alpha, weight))


# What knowledge is worth


def study_of(raw: Book, name: str = "base", **options):
    book = opened(raw)
    draws = draws_of(book.portfolio, name, [], 10, **options)
    return study(book.portfolio, draws, Scorer(run.solve_book(book, name).book)), draws


def test_knowing_an_effect_is_worth_what_the_better_plan_brings():
    """By hand: where wells score less than roads, 4 of money are better moved; eight values, each with its share."""
    found, draws = study_of(uncertain(), shape=UNIFORM)
    values = 1 + 4 * (np.arange(8) + 0.5) / 8
    gains = np.maximum(0, 20 - 10 * values)
    (programme,), (kind,), (effect,) = found.programmes, found.kinds, found.effects
    for known in (programme, kind, effect):
        assert known.worth == pytest.approx(gains.mean())
        assert known.error == pytest.approx(gains.std(ddof=1) / 8**0.5)
        assert known.moved == pytest.approx(4 * (values < 2).mean())
    assert (programme.subject.name, effect.subject.name) == (("wells",), ("wells", "health", "SEA"))
    assert [draws.keys[i][0] for i in kind.subject.effects] == ["wells"]


def test_an_effect_that_changes_no_plan_is_worth_nothing():
    """wells beats roads wherever it lies; it is as uncertain as before."""
    raw = uncertain()
    raw["Effects"][0]["low"] = 2.5
    found, _ = study_of(raw)
    assert found.programmes[0].worth == pytest.approx(0, abs=2e-6)
    assert found.programmes[0].moved == pytest.approx(0, abs=1e-4)


def test_effects_that_err_together_are_known_together():
    """Then only an instrument on an objective can be studied; a book without ranges has nothing to study."""
    raw = uncertain()
    raw["Effects"][1] |= {"low": 1, "high": 3}
    for programme in raw["Programmes"]:
        programme["instrument"] = "grant_aid"
    found, _ = study_of(raw, together=INSTRUMENT)
    assert not found.programmes and not found.effects
    assert [known.subject.name for known in found.kinds] == [("grant_aid", "health")]
    assert study_of(minimal())[0].kinds == []


@FEW
@given(books(), st.data())
def test_knowledge_is_never_worth_less_than_nothing(raw, data):
    """On any book; and a programme's effects together no less than the best of them, but for the error."""
    name = data.draw(st.sampled_from(scenarios_of(raw)))
    solved(raw, name)
    found, _ = study_of(raw, name)
    assume(found)
    for known in (*found.programmes, *found.kinds, *found.effects):
        assert known.worth >= -1e-6
    worth = {known.subject.name[0]: known for known in found.programmes}
    for known in found.effects:
        whole = worth[known.subject.name[0]]
        assert known.worth <= whole.worth + 3 * (whole.error + known.error) + 1e-6


# The command


def asked(folder, raw: Book, *arguments: str):
    """The command's answer for a book, with what it wrote."""
    path = folder / "book.xlsx"
    workbook.write(path, raw)
    done = CliRunner().invoke(main, ["robust", str(path), "--out", str(folder / "out"), "--lang", "en", *arguments])
    return done, folder / "out"


def test_the_command_writes_what_its_seed_says(tmp_path):
    """robust.json and robust.csv, byte for byte the same for the same seed; every line is a row."""
    done, out = asked(tmp_path, uncertain(), "--samples", "20", "--seed", "5")
    assert done.exit_code == 0, done.output
    before = {name: (out / name).read_bytes() for name in ("robust.json", "robust.csv")}
    content = json.loads(before["robust.json"])
    assert (content["samples"], content["seed"], content["solved"]) == (20, 5, 20)
    assert content["certain"][0]["programme"] == "roads"
    best, kept = by_hand(draws_of(opened(uncertain()).portfolio, "base", [], 20, 5).values[:, 0])
    assert content["regret"]["mean"] == pytest.approx((best - kept).mean())
    rows = list(csv.DictReader(io.StringIO(before["robust.csv"].decode("utf-8-sig"))))
    assert [(row["programme"], row["amount"]) for row in rows] == [("wells", "6.0"), ("roads", "4.0")]
    assert "1 effect(s) have no range" in done.output
    assert asked(tmp_path, uncertain(), "--samples", "20", "--seed", "5")[0].exit_code == 0
    assert {name: (out / name).read_bytes() for name in before} == before


def test_every_draw_can_be_looked_up_and_counted_again(tmp_path):
    """draws.csv has what robust.json sums up, drawn_effects.csv the scores that were solved; all draws hedge."""
    done, out = asked(tmp_path, uncertain(), "--samples", "150", "--seed", "5", "--alpha", "0.8")
    assert done.exit_code == 0, done.output
    content, draws, effects = (
        json.loads((out / "robust.json").read_bytes()),
        *(list(csv.DictReader(io.StringIO((out / name).read_bytes().decode("utf-8-sig")))) for name in FILES_OF_DRAWS),
    )
    values = np.array([[float(row[f"draw_{n}"]) for n in range(1, 151)] for row in effects])
    assert [(row["row"], row["programme"], row["low"], row["high"]) for row in effects] == [
        ("2", "wells", "1.0", "5.0"),
        ("3", "roads", "2.0", "2.0"),
    ]
    assert values[0].min() >= 1 and values[0].max() <= 5 and (values[1] == 2).all()
    known, today, hedged, regret = (
        np.array([float(row[name]) for row in draws]) for name in ("known", "today", "hedged", "regret")
    )
    best, kept = by_hand(values[0])
    assert known == pytest.approx(best) and today == pytest.approx(kept) and regret == pytest.approx(best - kept)
    assert content["regret"]["mean"] == pytest.approx(regret.mean(), abs=1e-12)
    assert content["hedge"]["draws"] == 150
    assert content["hedge"]["plans"]["hedged"]["mean"] == pytest.approx(hedged.mean(), abs=1e-12)
    assert content["hedge"]["plans"]["hedged"]["cvar"] == pytest.approx(np.sort(hedged)[:30].mean(), abs=1e-12)


@pytest.mark.parametrize(
    "wrong",
    [
        ["--samples", "0"],
        ["--samples", "-4"],
        ["--distribution", "normal"],
        ["--alpha", "1"],
        ["--hedge", "1.5"],
        ["--hedge", "nan"],
        ["--scheduler", "tcp://127.0.0.1:9"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_told_before_anything_is_written(tmp_path, wrong):
    """Exit code 2, and no folder."""
    done, out = asked(tmp_path, uncertain(), *wrong)
    assert done.exit_code == 2 and not out.exists()
    assert "Traceback" not in done.output and done.output.count("\n") >= 1


# The report


@pytest.mark.parametrize("raw", [uncertain(), minimal(), with_everything()], ids=["ranges", "no range", "everything"])
def test_the_report_shows_what_was_found_in_both_languages(raw):
    """Losses by plan, plans, what is worth knowing, every line; totals foot; the charts are in page and workbook."""
    book = opened(raw)
    found = robust(book, samples=12, seed=1)
    document = robust_document(book, found)
    tables = {table.name: table for table in document.tables()}
    losses = tables["losses"]
    assert [float(row[1]) for row in losses.rows] == pytest.approx(
        [r.mean() for r in found.regrets().values()], abs=1e-6
    )
    assert tables["hedge_changes"].total[1] == found.standing.today.total()
    cut, whole = (_ToldRobust(found).changes(most) for most in (1, None))
    assert (cut.total, len(cut.rows)) == (whole.total, min(2, len(whole.rows)))
    assert len(tables["widest_programmes"].rows) == min(MOST_BARS, len(found.standing.totals))
    assert ("programme_spreads" in tables) == (len(found.standing.totals) > MOST_BARS)
    assert len(tables["line_spreads"].rows) == len(found.standing.lines)
    assert ("certain_effects" in tables) == bool(found.standing.draws.certain)
    assert ("known_effects" in tables) == bool(found.study.effects)
    for language in ("en", "ja"):
        files = report.pages(document, language)
        assert b"regrets" in files["report.html"]
        with zipfile.ZipFile(io.BytesIO(files["report.xlsx"])) as packed:
            assert any(name.startswith("xl/charts/chart") for name in packed.namelist())


def test_ctrl_c_keeps_the_draws_that_are_done():
    """What was solved is told, what was not is counted, and nothing further is asked."""

    def interrupted(done: int, _total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    found = robust(opened(uncertain()), samples=9, progress=interrupted)
    assert found.standing.solved == 2 and found.standing.count("stopped") == 7
    assert found.study is None and len(found.standing.regret) == 2
    assert any("7 draw(s)" in str(words) for words in robust_in_words(found))
    assert robust_document(opened(uncertain()), found).message
