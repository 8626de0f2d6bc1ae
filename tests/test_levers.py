"""What levers are worth, held against the independent solver and against averages over every order, one by one."""

from __future__ import annotations

import io
import itertools
import json
import math
import multiprocessing
import statistics
import zipfile

import pytest
import reference
from books import FIRST_YEAR, Book, books, line, minimal
from click.testing import CliRunner
from hypothesis import assume, given, settings
from support import opened

from optimizer import report, workbook
from optimizer.cli import main
from optimizer.errors import InputProblems, WrongUsage
from optimizer.questions.levers import levers
from optimizer.questions.levers_tables import levers_as_dict, levers_in_words
from optimizer.report.chapters.levers import levers_document

POINTS = 1e-4


def independent_scores(raw: Book, ids: list[str]) -> dict[frozenset[str], float | None]:
    """The score of every combination by the independent solver; None where there is no plan."""
    scores = {}
    for size in range(len(ids) + 1):
        for on in itertools.combinations(ids, size):
            result = reference.solve(raw, "base", [f"lever:{i}={'on' if i in on else 'off'}" for i in ids])
            scores[frozenset(on)] = result.score if result.status == "optimal" else None
    return scores


def average_over_orders(ids, scores) -> tuple[dict[str, float], int]:
    """The plain definition: walk every order of adoption, and leave out those with a step without a plan."""
    steps: dict[str, list[float]] = {ident: [] for ident in ids}
    for order in itertools.permutations(ids):
        path = [scores[frozenset(order[:length])] for length in range(len(order) + 1)]
        if None not in path:
            for ident, before, after in zip(order, path[:-1], path[1:], strict=True):
                steps[ident].append(after - before)
    count = len(steps[ids[0]]) if ids else 0
    return {ident: statistics.fmean(found) for ident, found in steps.items() if found}, count


def averages_side_by_side(ids, scores) -> dict[frozenset[str], float]:
    """The plain definition: every order in which two levers follow each other and could as well change places."""
    found: dict[frozenset[str], list[float]] = {}
    for order in itertools.permutations(ids):
        path = [scores[frozenset(order[:length])] for length in range(len(order) + 1)]
        for at in range(len(order) - 1):
            swapped = scores[frozenset({*order[:at], order[at + 1]})]
            if None not in (*path, swapped):
                points = path[at + 2] - path[at + 1] - swapped + path[at]
                found.setdefault(frozenset(order[at : at + 2]), []).append(points)
    return {pair: statistics.fmean(points) for pair, points in found.items()}


def difference(after: float | None, before: float | None) -> float | None:
    return None if after is None or before is None else after - before


@settings(deadline=None, max_examples=40)
@given(books(scenarios=False))
def test_worths_are_the_average_over_all_orders_of_independent_scores(raw):
    """Scores, worths, alone, last and the list of combinations without a plan, on random books."""
    ids = [str(row["lever"]) for row in raw["Levers"]]
    assume(ids)
    try:
        found = levers(opened(raw))
    except InputProblems:
        assume(False)
    scores = independent_scores(raw, ids)
    assert {on for on, score in scores.items() if score is None} == set(found.infeasible)
    for on, score in scores.items():
        assert found.scores[on] == pytest.approx(score, abs=POINTS)
    worths, orders = average_over_orders(ids, scores)
    everything = frozenset(ids)
    assert found.orders == orders
    for worth in found.worths:
        ident = worth.lever.id
        alone = difference(scores[frozenset({ident})], scores[frozenset()])
        last = difference(scores[everything], scores[everything - {ident}])
        assert worth.worth == pytest.approx(worths.get(ident), abs=POINTS)
        assert worth.alone == pytest.approx(alone, abs=POINTS)
        assert worth.last == pytest.approx(last, abs=POINTS)
    pairs = {frozenset({pair.first.id, pair.second.id}): pair.points for pair in found.pairs}
    assert pairs == pytest.approx(averages_side_by_side(ids, scores), abs=POINTS)


def rivals(count: int, money: float) -> Book:
    """``count`` equal programmes, each with its own lever, rivals for one account: 3 points a unit, at most 1 each."""
    book = minimal()
    book["Levers"] = [line(lever=f"l{n}") for n in range(1, count + 1)]
    book["Accounts"] = [{"account": "GRANT", FIRST_YEAR: money}]
    book["Priorities"] = [line(region="SEA", objective="health", weight=1, need=100)]
    book["Programmes"] += [
        line(programme=f"p{n}", family="oda", account="GRANT", region="SEA", maximum=1, requires=f"l{n}")
        for n in range(1, count + 1)
    ]
    book["Effects"] = [line(programme=f"p{n}", objective="health", score=3) for n in range(1, count + 1)]
    book["Effects"] += [line(programme="wells", objective="health", score=1)]
    return book


def test_interactions_add_up_as_shapley_grabisch_roubens_say():
    """Three equal rivals for two units of money: each pair costs the third what it would have added.

    v = 2 (wells), then 4, 6, 6 with one, two, three levers. Pairs by hand: ½(6−4−4+2) + ½(6−6−6+4) = −1.
    """
    found = levers(opened(rivals(3, 2)))
    assert [found.scores[frozenset(f"l{n}" for n in range(1, k + 1))] for k in range(4)] == pytest.approx([2, 4, 6, 6])
    assert [pair.points for pair in found.pairs] == pytest.approx([-1, -1, -1])
    assert [worth.worth for worth in found.worths] == pytest.approx([4 / 3] * 3)
    assert [(worth.least, worth.most) for worth in found.worths] == [pytest.approx((0, 2))] * 3
    assert found.worths[0].moves_alone[0].change in (pytest.approx(1), pytest.approx(-1))
    assert found.worths[0].moved == pytest.approx(0, abs=1e-6)


def test_thirteen_levers_are_estimated_within_their_standard_error():
    """More levers than can be solved in full: seeded, the worths add up exactly, and equal levers are nearly equal."""
    book = opened(rivals(13, 4))
    found = levers(book, orders=40, seed=3)
    worths = [worth.worth for worth in found.worths]
    assert math.fsum(worths) == pytest.approx(found.all_on - found.none_on, abs=1e-9)
    assert found.seed == 3 and found.orders == 40
    for worth in found.worths:
        assert abs(worth.worth - math.fsum(worths) / 13) <= 4 * worth.error
        assert worth.alone == pytest.approx(2) and worth.last == pytest.approx(0, abs=1e-7)
    again, other = levers(book, orders=40, seed=3), levers(book, orders=40, seed=4)
    assert [w.worth for w in again.worths] == worths
    assert [w.worth for w in other.worths] != worths
    assert levers_as_dict(found)["estimated"]
    assert any("seed 3" in str(words) for words in levers_in_words(found))


def test_drawn_orders_with_a_step_without_a_plan_are_passed_over():
    """l2 has no plan before l1: the reverse of every order that has one has none, and others are drawn in its place.

    Each of the first four levers adds 2, the others nothing. In an order with a plan l1 stands at the first of two
    random places, l2 at the other.
    """
    raw = rivals(13, 4)
    raw["Limits"] = [line(limit="floor", measure="spend", sense="min", value=20, family="oda", requires="l2")]
    raw["Limits"][0]["unless"] = "l1"
    found = levers(opened(raw), orders=40, seed=1)
    both_later, both_sooner = 36 / 78, 6 / 78
    expected = dict.fromkeys((f"l{n}" for n in range(3, 14)), 2 * 4 / 13)
    expected |= {"l1": 2 * (1 - both_later), "l2": 2 * both_sooner}
    for worth in found.worths:
        assert abs(worth.worth - expected[worth.lever.id]) <= 4 * worth.error
        assert 0 < worth.error < 0.4
    assert math.fsum(worth.worth for worth in found.worths) == pytest.approx(8)
    assert found.orders == 40 and 60 < found.drawn < 110
    assert any("40 orders of adoption" in str(words) for words in levers_in_words(found))
    raw["Limits"][0].pop("unless")
    none = levers(opened(raw), orders=4)
    assert none.orders == none.drawn == 0 and levers_as_dict(none)["worth"] == dict.fromkeys(expected)
    assert not any("estimate" in str(words) for words in levers_in_words(none))


def test_what_a_lever_opens_and_what_that_money_brings():
    """A lever that opens little can bring most for it: 3 points for 1 of money, against 10 for 4."""
    raw = rivals(2, 10)
    raw["Programmes"][-1]["maximum"] = 4
    raw["Effects"][1]["score"] = 2.5
    found = levers(opened(raw))
    assert [worth.lever.id for worth in found.worths] == ["l2", "l1"]
    assert [worth.alone for worth in found.worths] == pytest.approx([10, 3])
    assert [worth.opened_alone for worth in found.worths] == pytest.approx([4, 1])
    assert [worth.rate for worth in found.worths] == pytest.approx([2.5, 3])
    assert found.best_buy.lever.id == "l1" and found.per == 1
    assert any("l1 adds most: 3.00 points" in str(words) for words in levers_in_words(found))
    assert levers_in_words(found)[0].into("ja").startswith("基本計画：")
    told = levers_as_dict(found)
    assert told["opened"]["l2"] == pytest.approx({"alone": 4, "last": 4})
    assert told["points_per_unit_opened"] == pytest.approx({"l1": 3, "l2": 2.5})


def test_a_second_process_changes_nothing(monkeypatch):
    """Half of the combinations solved elsewhere: the same scores, and combinations without a plan too."""
    raw = rivals(3, 2)
    raw["Limits"] = [line(limit="floor", measure="spend", sense="min", value=20, family="oda", requires="l3")]
    raw["Limits"][0]["unless"] = "l1"
    book = opened(raw)
    alone = levers(book)
    monkeypatch.setattr("optimizer.questions.shapley.MANY", 0)
    together = levers(book, processes=2)
    assert together.scores == alone.scores
    assert {frozenset({"l3"}), frozenset({"l2", "l3"})} == set(together.infeasible)


def test_a_second_process_that_is_killed_leaves_its_half_to_the_first(monkeypatch):
    """All scores come, each as if there had been no second one."""
    killed = []

    def kill(done: int, _total: int) -> None:
        for child in [] if killed else multiprocessing.active_children():
            child.kill()
            killed.append(done)

    book = opened(rivals(3, 2))
    monkeypatch.setattr("optimizer.questions.shapley.MANY", 0)
    assert levers(book, processes=2, progress=kill).scores == pytest.approx(levers(book).scores)
    assert killed and not multiprocessing.active_children()


def test_a_lever_that_is_set_stays_set_and_only_narrows():
    """Levers named by --set are not valued; with --only the others stay as the scenario has them."""
    book = opened(rivals(3, 2))
    found = levers(book, sets=["lever:l1=on"])
    assert {worth.lever.id for worth in found.worths} == {"l2", "l3"}
    assert found.none_on == pytest.approx(4)
    found = levers(book, only=["l2"])
    assert [worth.lever.id for worth in found.worths] == ["l2"]
    assert (found.none_on, found.all_on) == (pytest.approx(2), pytest.approx(4))


@pytest.mark.parametrize(
    ("only", "sets", "hint"), [(["l_2"], [], "l2"), ([], ["lever:L9=on"], "l1, l2, l3"), (["x"], [], "l1, l2, l3")]
)
def test_a_lever_that_does_not_exist_is_refused(only, sets, hint):
    """With the nearest name where there is one."""
    with pytest.raises(WrongUsage) as error:
        levers(opened(rivals(3, 2)), only=only, sets=sets)
    assert hint in str(error.value)


def test_a_book_without_levers_is_worth_its_score():
    """One combination, nothing to share out."""
    found = levers(opened(minimal()))
    assert levers_as_dict(found)["worth"] == {}
    assert found.none_on == found.all_on == pytest.approx(65)
    assert [str(words) for words in levers_in_words(found)] == ["The book has no lever to value."]


def test_where_a_plan_is_missing_nothing_is_said_to_open_or_move():
    """Without l1 there is no plan, with it there is: what it opens is known, what it adds and moves is not."""
    raw = rivals(2, 2)
    raw["Limits"] = [line(limit="floor", measure="spend", sense="min", value=20, family="oda", unless="l1")]
    found = levers(opened(raw))
    first, second = sorted(found.worths, key=lambda worth: worth.lever.id)
    assert first.opened_alone == pytest.approx(1) and first.rate is None and first.moved is None
    assert second.opened_alone is None and second.moved == pytest.approx(1)
    said = "\n".join(str(words) for words in levers_in_words(found))
    assert "opens 1.00 hundred million yen by itself; where it joins all others a plan is missing" in said
    assert "by itself it has no plan; moves 1.00 hundred million yen" in said
    assert found.best_buy is None and "For the money" not in said


def test_combinations_without_a_plan_are_listed_and_left_out(tmp_path):
    """A floor that only a lever's programme can meet: where the lever is off nothing is feasible."""
    raw = rivals(2, 2)
    raw["Limits"] = [line(limit="floor", measure="spend", sense="min", value=1, programme="p1", requires="l2")]
    raw["Limits"] += [line(limit="cap", measure="spend", sense="max", value=0.5, family="oda", unless="l1")]
    raw["Limits"] += [line(limit="least", measure="spend", sense="min", value=0.6, family="oda", requires="l2")]
    path = tmp_path / "book.xlsx"
    workbook.write(path, raw)
    done = CliRunner().invoke(main, ["levers", str(path), "--out", str(tmp_path / "out"), "--lang", "en"])
    assert done.exit_code == 0, done.output
    answer = json.loads((tmp_path / "out" / "levers.json").read_text(encoding="utf-8"))
    assert answer["infeasible"] == [["l2"]] and answer["orders"] == 1 and answer["combinations"] == 4
    assert answer["alone"]["l2"] is None
    assert sum(answer["worth"].values()) == pytest.approx(answer["all"] - answer["base"])
    assert "1 combination(s) have no plan" in done.output


def test_no_order_of_adoption_has_a_plan(tmp_path):
    """Where the book has no plan without levers there is no worth, and the answer says so."""
    raw = rivals(2, 2)
    raw["Limits"] = [line(limit="floor", measure="spend", sense="min", value=20, family="oda", unless="l1")]
    found = levers(opened(raw))
    assert found.orders == 0 and [worth.worth for worth in found.worths] == [None, None]
    assert levers_as_dict(found)["worth"] == {"l1": None, "l2": None}
    assert any("No order of adoption" in str(words) for words in levers_in_words(found))


def test_the_report_ranks_the_levers_and_their_worths_foot():
    """The total of the table is what all levers add; the chart is in the page and in the workbook; both languages."""
    book = opened(rivals(3, 2))
    found = levers(book)
    document = levers_document(book, found)
    table = next(table for table in document.tables() if table.name == "worths_table")
    assert float(table.total[1]) == pytest.approx(found.all_on - found.none_on, abs=1e-5)
    assert [row[1] for row in table.rows] == sorted((row[1] for row in table.rows), reverse=True)
    assert len(next(t for t in document.tables() if t.name == "lever_combinations").rows) == 8
    for language in ("en", "ja"):
        files = report.pages(document, language)
        page = files["report.html"].decode()
        assert 'id="worths"' in page and page.index("<details open>") < page.index("table-worths_table")
        with zipfile.ZipFile(io.BytesIO(files["report.xlsx"])) as packed:
            assert any(name.startswith("xl/charts/chart") for name in packed.namelist())


@pytest.mark.parametrize("raw", [minimal(), rivals(13, 4)], ids=["no lever", "estimated"])
def test_a_report_without_ranges_or_with_estimates_is_written_too(raw):
    """A book without levers, and one with more than can be solved in full."""
    book = opened(raw)
    document = levers_document(book, levers(book, orders=4))
    assert report.pages(document, "ja")["report.html"]
    if "Levers" in raw:
        assert "Standard error" in {str(c.heading) for table in document.tables() for c in table.columns}
