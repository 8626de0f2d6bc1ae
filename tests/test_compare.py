"""Scenarios side by side: attributions held against averages over every order of independent solves."""

from __future__ import annotations

import io
import itertools
import json
import math
import re
import statistics
import zipfile
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
import reference
from books import FIRST_YEAR, Book, books, line, minimal, scenarios_of, settings, with_everything
from click.testing import CliRunner
from hypothesis import assume, given
from hypothesis import settings as hypothesis_settings
from support import opened

from optimizer import report, run, scenario, workbook
from optimizer.cli import main
from optimizer.errors import InputProblems, NoPlan, WrongUsage
from optimizer.portfolio import ScenarioItem
from optimizer.questions.compare import (
    MOST_ALONE,
    Change,
    Compared,
    Setting,
    Versus,
    changes_between,
    compare,
    compare_settings,
    in_parts,
)
from optimizer.questions.compare_tables import compare_as_dict, compare_in_words, sets_in_words
from optimizer.report.chapters.compare import compare_document
from optimizer.report.document import Document, Figure, number_text
from optimizer.report.figures.drawing import drawing
from optimizer.report.figures.picture import picture

POINTS = 1e-4
WHOLE = with_everything()


def key_of(row) -> tuple:
    """What a row of the Scenarios sheet speaks of."""
    return row["item"], row.get("target"), row.get("year")


Solved = dict[frozenset, float | None]
"""Independent scores of one book by the rows of a scenario: pairs of scenarios have combinations in common."""


def independent_worths(raw: Book, first: str, other: str, solved: Solved) -> tuple[dict[tuple, float], int]:
    """The plain definition: each order of changing the first scenario's rows into the other's, solved one by one."""
    before = {key_of(row): row for row in raw["Scenarios"] if row["scenario"] == first}
    after = {key_of(row): row for row in raw["Scenarios"] if row["scenario"] == other}
    keys = [key for key in {**before, **after} if before.get(key, {}).get("value") != after.get(key, {}).get("value")]
    scores: dict[frozenset, float | None] = {}
    for size in range(len(keys) + 1):
        for on in map(frozenset, itertools.combinations(keys, size)):
            rows = [(after if key in on or key not in keys else before).get(key) for key in {**before, **after}]
            said = [row for row in rows if row]
            what = frozenset((*key_of(row), row["value"]) for row in said)
            if what not in solved:
                solved[what] = independent_score(raw, said)
            scores[on] = solved[what]
    steps: dict[tuple, list[float]] = {key: [] for key in keys}
    for order in itertools.permutations(keys):
        path = [scores[frozenset(order[:length])] for length in range(len(order) + 1)]
        if None not in path:
            for key, low, high in zip(order, path[:-1], path[1:], strict=True):
                steps[key].append(high - low)
    count = len(next(iter(steps.values()))) if steps else 1
    return {key: statistics.fmean(found) for key, found in steps.items() if found}, count


def independent_score(raw: Book, rows) -> float | None:
    """The best score of the book with one scenario of these rows, solved cold by the other program."""
    edited = raw | {"Scenarios": [row | {"scenario": "edited"} for row in rows]}
    result = reference.solve(edited, "edited" if rows else "base")
    return result.score if result.status == "optimal" else None


def check_the_sums(versus: Versus) -> None:
    """Points and rounding add up to the difference of the published scores, at any number of decimals."""
    for places in (2, 4, 9):
        points = [share for _, share in versus.shares(places)]
        assert sum(points, versus.rounding(places)) == versus.difference(places)
        assert all((point * 10**places).denominator == 1 for point in [*points, versus.rounding(places)])
    exact = versus.side.score - versus.first.score
    assert abs(versus.difference() - exact) <= Fraction(1, 10**9)


def points_by_row(versus: Versus) -> dict[tuple, float]:
    """The points of each change, where each is by itself."""
    found = {}
    for part in versus.parts:
        (change,) = part.changes
        year = None if change.row.year is None else FIRST_YEAR + change.row.year
        found[change.row.item, change.row.target or None, year] = part.points
    return found


@hypothesis_settings(deadline=None, max_examples=25)
@given(books())
def test_attributions_are_the_average_over_all_orders_of_independent_scores(raw):
    """Random books, every pair of their scenarios, base among them."""
    names = scenarios_of(raw)
    assume(len(names) > 1)
    try:
        book = opened(raw)
    except AssertionError:
        assume(False)
    solved: Solved = {}
    for first, other in itertools.permutations(names, 2):
        try:
            found = compare(book, [first, other])
        except (NoPlan, InputProblems):
            continue
        (versus,) = found.others
        check_the_sums(versus)
        worths, orders = independent_worths(raw, first, other, solved)
        assert versus.orders == orders
        if orders:
            assert points_by_row(versus) == pytest.approx(worths, abs=POINTS)
        else:
            assert len(versus.parts) == 1
        assert_moves_are_differences(found)


def assert_moves_are_differences(found: Compared) -> None:
    """Every programme whose money differs is listed once, the largest difference first."""
    for versus in found.others:
        before, after = found.first.by_programme, versus.side.by_programme
        expected = {
            k: after.get(k, 0) - before.get(k, 0) for k in before | after if after.get(k, 0) != before.get(k, 0)
        }
        assert {move.programme: move.change for move in versus.moves} == expected
        sizes = [abs(move.change) for move in versus.moves]
        assert sizes == sorted(sizes, reverse=True)


def test_two_rows_of_a_book_solved_by_hand():
    """Money × 2 and needs × 2 of `minimal` (65 points: 26 of 40).

    Money alone 34 of 40 = 85 (both programmes at their maximum), needs alone 26 of 80 = 32.5, together 34 of 80 = 42.5.
    Money first or last: (20 + 10) / 2 = 15; needs: (−32.5 − 42.5) / 2 = −37.5. By base's needs the plan scores 85.
    """
    book = minimal() | {
        "Scenarios": [
            line(scenario="both", item="budget_factor", value=2),
            line(scenario="both", item="need_factor", target="SEA", value=2),
        ]
    }
    found = compare(opened(book), ["base", "both"])
    (versus,) = found.others
    assert [float(points) for _, points in versus.shares()] == [15, -37.5]
    assert versus.difference() == Fraction("-22.5") and versus.rounding() == 0
    assert (found.first.score, found.first.score_at_base) == (65, 65)
    assert (versus.side.score, versus.side.score_at_base) == (Fraction("42.5"), 85)
    assert versus.has_own_measure
    assert [(move.programme, move.before, move.after) for move in versus.moves] == [("roads", 4, 8)]
    assert "whole maximum" in str(versus.moves[0].line.reason)


def test_the_score_at_base_weights_is_the_independent_evaluation_of_the_published_amounts():
    """The plan's amounts, under its own effects and levers, by the weights and needs of base."""
    book = opened(WHOLE)
    found = compare(book, ["all", "shock", "dear"], ["weight_factor:EHA=2"])
    for side in found.sides:
        own = [row for row in WHOLE["Scenarios"] if row["scenario"] == side.name]
        kept = [row for row in own if row["item"] not in ("weight_factor", "need_factor")]
        spending = {(p, FIRST_YEAR + t): amount for (p, t), amount in side.result.plan.spending.items()}
        score = reference.evaluate(WHOLE | {"Scenarios": kept}, spending, side.name, ["weight_factor:EHA=2"]).score
        assert float(side.score_at_base) == pytest.approx(score, abs=1e-7)
        assert (side.score_at_base == side.score) == (side.name != "shock")


def test_only_rows_that_differ_are_changes():
    """Equal rows stay, a row with two values is one change, rows of one scenario are changes in either direction."""
    rows = [
        line(scenario="one", item="budget_factor", value=0.9),
        line(scenario="one", item="limit_value", target="risk_cap", value=0.45),
        line(scenario="one", item="lever", target="p1", value="on"),
        line(scenario="two", item="limit_value", target="risk_cap", value=0.48),
        line(scenario="two", item="budget_factor", value=0.9),
        line(scenario="two", item="programme_maximum", target="grant_SOM", value=18),
    ]
    book = opened(WHOLE | {"Scenarios": rows})
    (versus,) = compare(book, ["one", "two"]).others
    keys = {
        (part.changes[0].row.item, part.changes[0].before is None, part.changes[0].after is None)
        for part in versus.parts
    }
    assert keys == {("limit_value", False, False), ("programme_maximum", True, False), ("lever", False, True)}
    check_the_sums(versus)
    assert versus.combinations == 8


def test_rows_that_set_replaces_are_no_changes():
    """--set holds for both scenarios: what it replaces makes no difference between them."""
    (versus,) = compare(opened(WHOLE), ["base", "all"], ["lever:p1=off"]).others
    assert [part.changes[0].row.target for part in versus.parts] == ["p2"]
    check_the_sums(versus)


def test_what_is_set_on_top_of_one_scenario_is_a_change_too():
    """Money × 0.5 by the scenario and × 3 by --set, from `minimal` as written: two changes of 65 points to 85.

    The row alone leaves 5 of money (37.5 points); the set alone gives all of both programmes (85), and so do both.
    """
    raw = minimal() | {"Scenarios": [line(scenario="half", item="budget_factor", value=0.5)]}
    base, other = Setting("base", "base"), Setting("half*", "half", ("budget_factor=3",))
    found = compare_settings(opened(raw), [base, other], base)
    (versus,) = found.others
    assert [float(points) for _, points in versus.shares()] == [-13.75, 33.75]
    attribution = compare_as_dict(found, "en")["scenarios"]["half*"]
    assert attribution["attribution"] == {"budget_factor=0.5": -13.75, "budget_factor=3": 33.75, "rounding": 0}
    assert [part["rows"][0]["cell"] for part in attribution["rows"]] == ["C2", ""]
    document = compare_document(opened(raw), found)
    assert "half* (half with Appropriations × 3 (all))" in str(document.subtitle)
    assert document.subtitle.into("ja").startswith("シナリオ：基本計画、half*（half")
    assert next(t for t in document.tables() if t.name == "attribution_1").rows[0][1].into("en") == "--set"


def test_combinations_without_a_plan_leave_out_their_orders():
    """A limit that only the larger budget can meet: the order that raises it first has no plan."""
    raw = minimal() | {
        "Limits": [line(limit="floor", measure="spend", sense="min", value=1, family="oda")],
        "Scenarios": [
            line(scenario="more", item="limit_value", target="floor", value=12),
            line(scenario="more", item="budget_factor", value=1.5),
        ],
    }
    (versus,) = compare(opened(raw), ["base", "more"]).others
    assert (versus.orders, versus.infeasible) == (1, 1)
    assert points_by_row(versus) == pytest.approx(
        {("budget_factor", None, None): 20, ("limit_value", "floor", None): 0}
    )
    check_the_sums(versus)


def test_changes_that_have_a_plan_only_together_are_one_part():
    """Two pins that share one budget: raised before the other falls there is no money, and neither may fall first."""
    raw = minimal() | {
        "Limits": [line(limit="all_of_it", measure="spend", sense="min", value=10, family="oda")],
        "Scenarios": [
            line(scenario="one", item="pin", target="wells", value=6),
            line(scenario="one", item="pin", target="roads", value=4),
            line(scenario="two", item="pin", target="wells", value=5),
            line(scenario="two", item="pin", target="roads", value=5),
        ],
    }
    (versus,) = compare(opened(raw), ["one", "two"]).others
    (part,) = versus.parts
    assert len(part.changes) == 2 and (versus.orders, versus.infeasible) == (0, 2)
    assert part.points == pytest.approx(-2.5) and versus.difference() == Fraction("-2.5")


def rows_of(*counts: tuple[str, int]) -> list[Change]:
    """So many rows of each kind."""
    kinds = [(item, number) for item, count in counts for number in range(count)]
    return [
        Change(None, ScenarioItem("s", item, f"{item}{number}", Fraction(1), None, row))
        for row, (item, number) in enumerate(kinds, start=2)
    ]


@pytest.mark.parametrize(
    ("counts", "sizes"),
    [
        ([("lever", 10)], [1] * 10),
        ([("lever", 9), ("weight_factor", 3)], [1] * 9 + [3]),
        ([("lever", 12), ("weight_factor", 3)], [3, 2, 2, 2, 1, 1, 1, 1, 1, 1]),
        ([("pin", 25)], [3] * 6 + [2, 2, 2, 1]),
    ],
)
def test_many_rows_are_grouped_by_kind_then_by_target(counts, sizes):
    """At most ten groups of neighbouring rows of one kind; every row is in one of them."""
    changes = rows_of(*counts)
    groups = in_parts(changes)
    assert len(groups) == MOST_ALONE
    assert sorted(map(len, groups)) == sorted(sizes)
    assert [change for group in groups for change in group] == changes
    assert all(len({change.row.item for change in group}) == 1 for group in groups)


def test_more_than_ten_rows_are_attributed_by_groups():
    """Twelve pins: ten groups, whose points still add up."""
    raw = minimal()
    raw["Settings"] = settings(6)
    raw["Accounts"] = [{"account": "GRANT"} | {FIRST_YEAR + t: 10 for t in range(6)}]
    raw["Scenarios"] = [
        line(scenario="pinned", item="pin", target=target, value=value, year=FIRST_YEAR + t)
        for target, value in (("wells", 5), ("roads", 3))
        for t in range(6)
    ] + [line(scenario="pinned", item="need_factor", value=2)]
    (versus,) = compare(opened(raw), ["base", "pinned"]).others
    assert [len(part.changes) for part in versus.parts] == [6, 6, 1]
    check_the_sums(versus)


@pytest.mark.parametrize(
    ("names", "hint"),
    [([], "at least two"), (["base"], "at least two"), (["base", "al"], "did you mean all")],
)
def test_what_cannot_be_compared_is_told(names, hint):
    """Fewer than two scenarios, and one that does not exist with what may have been meant."""
    with pytest.raises(WrongUsage) as error:
        compare(opened(WHOLE), names)
    assert hint in str(error.value)


def test_a_scenario_without_a_plan_is_named():
    """The exit is that of a book without a plan, and the sentence says which scenario it is."""
    raw = minimal() | {"Scenarios": [line(scenario="too_much", item="pin", target="roads", value=8)]}
    raw["Scenarios"] += [line(scenario="too_much", item="pin", target="wells", value=6)]
    with pytest.raises(NoPlan) as error:
        compare(opened(raw), ["base", "too_much"])
    assert "too_much" in str(error.value) and error.value.conflict and error.value.certified


def test_scenarios_with_the_same_rows_do_not_differ():
    """No change, no points, no move."""
    raw = minimal() | {"Scenarios": [line(scenario=name, item="budget_factor", value=0.5) for name in ("a", "b")]}
    book = opened(raw)
    (versus,) = compare(book, ["a", "b"]).others
    assert not versus.parts and not versus.moves and versus.difference() == versus.rounding() == 0
    items = {name: scenario.items_of(book.portfolio, name) for name in ("a", "b")}
    assert changes_between(items["a"], items["b"]) == []


# ---------------------------------------------------------------------------------------------- as it is told

JAPAN = Path(__file__).parent.parent / "inputs" / "japan.xlsx"
JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
EVERY_ITEM = with_everything() | {
    "Scenarios": [
        *WHOLE["Scenarios"],
        line(scenario="one", item="pin", target="counter_piracy", value=12, year=FIRST_YEAR),
        line(scenario="one", item="cost_factor", target="hub", value=1.1),
        line(scenario="one", item="effect_factor", value=0.9),
        line(scenario="two", item="pin", target="counter_piracy", value=13, year=FIRST_YEAR),
        line(scenario="two", item="resource_factor", target="personnel", value=1.05),
    ]
}


def haibun(book: Path, out: Path, *arguments: str, lang: str = "en"):
    """The command, with where it writes."""
    return CliRunner().invoke(main, ["compare", str(book), *arguments, "--out", str(out), "--lang", lang])


@pytest.fixture(scope="module")
def book_path(tmp_path_factory) -> Path:
    """A workbook with a row of every item."""
    path = tmp_path_factory.mktemp("compare") / "book.xlsx"
    workbook.write(path, EVERY_ITEM)
    return path


@pytest.fixture(scope="module")
def told(book_path) -> Compared:
    """Every scenario of that workbook against one of them."""
    return compare(run.open_book(book_path), ["one", "two", "base", *scenarios_of(WHOLE)[1:]])


def test_the_attribution_in_the_file_adds_up_to_the_last_digit(told):
    """As decimals exactly, as floats to 1e-12; so do totals and differences by every dimension."""
    answer = json.loads(json.dumps(compare_as_dict(told, "en")), parse_float=Decimal)
    assert list(answer["scenarios"]) == [side.name for side in told.sides]
    first = answer["scenarios"]["one"]
    for versus in told.others:
        found = answer["scenarios"][versus.side.name]
        assert sum(found["attribution"].values()) == found["difference"] == found["score"] - first["score"]
        floats = [float(points) for points in found["attribution"].values()]
        assert math.fsum(floats) == pytest.approx(float(found["difference"]), abs=1e-12)
        assert {part["id"]: part["points"] for part in found["rows"]} == {
            key: points for key, points in found["attribution"].items() if key != "rounding"
        }
        assert sum(float(move["change"]) for move in found["moved"]) == pytest.approx(
            float(found["differences"]["all"])
        )
        for sums in (found["totals"], found["differences"]):
            for dimension in ("family", "region", "account", "year"):
                assert sum(map(float, sums[dimension].values())) == pytest.approx(float(sums["all"]), abs=1e-9)
        assert float(found["score"]) == pytest.approx(float(versus.side.score), abs=1e-9)


def test_every_row_is_named_by_its_cell_and_as_it_would_be_typed(told):
    """The value cell of the row; a row left out, and one with another value, say so."""
    answer = compare_as_dict(told, "en")
    raw = EVERY_ITEM["Scenarios"]
    for name, found in answer["scenarios"].items():
        for part in found.get("rows", []):
            for row in part["rows"]:
                written = raw[int(re.sub(r"[A-Z]", "", row["cell"])) - 2]
                assert (written["item"], written.get("target", "")) == (row["item"], row["target"])
                value = row["before"] if row["after"] is None else row["after"]
                assert written["value"] == value and written.get("year") == row["year"]
                assert written["scenario"] == (name if row["after"] is not None else "one")
    two = answer["scenarios"]["two"]["attribution"]
    assert list(two) == [
        f"pin:counter_piracy@{FIRST_YEAR}=13 (was 12)",
        "resource_factor:personnel=1.05",
        "without cost_factor:hub=1.1",
        "without effect_factor=0.9",
        "rounding",
    ]


def test_sentences_say_the_points_of_each_row_in_both_languages(told):
    """The points that are printed add up to the printed difference; every sentence has its Japanese."""
    english, japanese = ([words.into(lang) for words in compare_in_words(told)] for lang in ("en", "ja"))
    assert all(JAPANESE.search(line) for line in japanese if not re.fullmatch(r".*：-?[0-9.]+点。", line))
    assert not any("{" in line for line in [*english, *japanese])
    assert any("億円" in line for line in japanese) and not any("JPY" in line for line in japanese)
    starts = [number for number, line in enumerate(english) if " against one" in line] + [len(english)]
    assert len(starts) == len(told.others) + 1
    for start, end in itertools.pairwise(starts):
        difference = Decimal(re.search(r"points, ([+-][0-9.]+) against", english[start]).group(1))
        points = [
            Decimal(m.group(1)) for m in (re.match(r"  ([+-][0-9.]+)  ", line) for line in english[start:end]) if m
        ]
        assert sum(points) == difference


def test_compare_writes_its_file_and_replaces_only_its_own(book_path, tmp_path):
    """compare.json, what is printed, and --json agree; a folder of somebody else's is left alone."""
    done = haibun(book_path, tmp_path / "out", "base", "all", "shock")
    assert done.exit_code == 0, done.output
    answer = json.loads((tmp_path / "out" / "compare.json").read_text(encoding="utf-8"))
    assert answer["baseline"] == "base" and list(answer["scenarios"]) == ["base", "all", "shock"]
    assert "different weights or needs" in done.output
    again = haibun(book_path, tmp_path / "out", "base", "all", "shock", "--json")
    assert json.loads(again.stdout) == answer
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").write_text("mine")
    assert haibun(book_path, tmp_path / "other", "base", "all").exit_code == 2
    japanese = haibun(book_path, tmp_path / "out", "base", "all", lang="ja")
    assert "端数処理" in japanese.output and japanese.exit_code == 0


def test_a_scenario_is_compared_with_itself(book_path, tmp_path):
    """Exit 0 and a sentence; one scenario alone is wrong usage."""
    done = haibun(book_path, tmp_path / "out", "all", "all")
    assert done.exit_code == 0 and "all is compared with itself: nothing differs." in done.output
    alone = haibun(book_path, tmp_path / "out", "all")
    assert alone.exit_code == 2 and "at least two" in alone.output


def test_plans_are_measured_by_the_scenario_that_is_asked_for(book_path):
    """--scenario shock: its own plan scores there what it scores, that of base what its amounts attain by its needs."""
    found = compare(run.open_book(book_path), ["base", "shock"], measure="shock")
    base, shock = found.sides
    assert shock.score_at_base == shock.score
    kept = [
        r for r in EVERY_ITEM["Scenarios"] if r["scenario"] == "shock" and r["item"] in ("weight_factor", "need_factor")
    ]
    spending = {(p, FIRST_YEAR + t): amount for (p, t), amount in base.result.plan.spending.items()}
    expected = reference.evaluate(EVERY_ITEM | {"Scenarios": kept}, spending, "shock").score
    assert float(base.score_at_base) == pytest.approx(expected, abs=1e-7)


def test_the_proposals_of_the_real_case_are_worth_what_the_independent_solver_says():
    """base → practice_2026 and base → all_proposals: Shapley values of the case's own page, within 0.02 points."""
    found = compare(run.open_book(JAPAN), ["base", "practice_2026", "all_proposals"])
    practice, everything = found.others
    shapley = {1: 1.554, 2: 0.701, 3: 0.135, 4: 0.178, 5: 0.159, 6: 1.660, 7: 0.520, 8: 0.590, 9: 0.327}
    worth = {part.changes[0].row.target[:2]: part.points for part in everything.parts}
    assert worth == {f"p{n}": pytest.approx(points, abs=0.02) for n, points in shapley.items()}
    assert float(everything.difference()) == pytest.approx(59.55 - 53.72, abs=0.02)
    assert float(practice.difference()) == pytest.approx(55.63 - 53.72, abs=0.02)
    for versus in found.others:
        check_the_sums(versus)
        assert abs(versus.rounding()) < Fraction(1, 100)


def test_less_money_in_the_real_case_is_one_row():
    """austerity: the whole difference is its budget factor; every line that moved has a reason."""
    found = compare(run.open_book(JAPAN), ["base", "austerity"])
    (versus,) = found.others
    ((part, points),) = versus.shares()
    assert part.changes[0].row.item == "budget_factor" and part.changes[0].row.value == Fraction("0.8")
    assert float(points) == pytest.approx(47.23 - 53.72, abs=0.02)
    assert all(move.line is None or str(move.line.reason) for move in versus.moves)
    assert sum(move.change for move in versus.moves) == versus.side.result.total() - found.first.result.total()


# ---------------------------------------------------------------------------------------------------- reports


def figures_of(document: Document, kind: str) -> list[Figure]:
    """The figures of a kind, in the order of the report."""
    blocks = [block for section in document.sections for block in section.blocks]
    return [block for block in blocks if isinstance(block, Figure) and block.kind == kind]


@pytest.fixture(scope="module")
def document(told, book_path) -> Document:
    """The report of that comparison."""
    return compare_document(run.open_book(book_path), told)


def test_each_waterfall_leads_from_one_score_to_the_other(told, document):
    """Each step begins where the last one ended; the table beneath foots to the difference of the scores shown."""
    scores = next(table for table in document.tables() if table.name == "scenarios")
    waterfalls = figures_of(document, "waterfall")
    assert len(waterfalls) == len(told.others)
    for figure, versus, row in zip(waterfalls, told.others, scores.rows[1:], strict=True):
        (_, start), *steps, (_, end) = figure.values
        assert (start, end) == (scores.rows[0][1], row[1])
        ends = [start, *(after for _, after in steps)]
        assert [before for before, _ in steps] == ends[:-1] and ends[-1] == end
        (table,) = figure.tables
        assert len(table.rows) == len(versus.parts) + 1
        assert table.total[2] == end - start == row[2] == versus.difference(4)
        assert [row[4] - row[5] for row in table.rows] == [row[2] for row in table.rows]
        gains = [row[2] for row in table.rows[:-1]]
        assert gains == sorted(gains, reverse=True)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_pictures_of_a_comparison_name_and_number_every_step(document, language):
    """On paper and in the page: every mark, and what each step adds."""
    for figure in figures_of(document, "waterfall"):
        drawn = json.dumps(drawing(figure, language), ensure_ascii=False)
        still = written_in(figure, language)
        for before, after in figure.values[1:-1]:
            shown = number_text(after - before, "change", 2, language)
            assert "".join(shown.split()) in still and shown in drawn
        for mark in figure.marks:
            assert "".join(mark.name.into(language).split()) in still
    (regions,) = figures_of(document, "dumbbells")
    assert len(drawing(regions, language)["data"]) == 1 + len(regions.across)
    still = written_in(regions, language)
    assert all("".join(mark.name.into(language).split()) in still for mark in regions.across)


def written_in(figure, language: str) -> str:
    """All that a still picture writes, without spaces and ends of lines."""
    words = "".join(re.findall(r">([^<]+)<", picture(figure, language)))
    return "".join(words.split()).replace("&amp;", "&")


def test_rows_of_one_name_stay_rows_of_their_own(document):
    """The page's axis goes by position: two levers of one name are two bars."""
    figure = figures_of(document, "waterfall")[0]
    axis = drawing(figure, "en")["layout"]["yaxis"]
    assert axis["tickvals"] == list(range(len(figure.marks))) and len(axis["ticktext"]) == len(figure.marks)


def test_money_by_everything_foots_in_the_report(told, document):
    """Totals of the tables are the published totals; changes are those from the first scenario."""
    for dimension in ("region", "family", "account", "year"):
        table = next(table for table in document.tables() if table.name == f"compared_by_{dimension}")
        totals = [side.result.total() for side in told.sides]
        assert table.total[1::2][:1] == (totals[0],)
        assert list(table.total[2::2]) == totals[1:]
        assert list(table.total[3::2]) == [total - totals[0] for total in totals[1:]]


@pytest.mark.parametrize("names", [["base", "<b>'one'"], ["base", "base"]], ids=["hostile", "with itself"])
def test_reports_are_written_whatever_scenarios_are_called(names):
    """Both files in both languages: a name that spreadsheets and pages would choke on; nothing to compare."""
    raw = minimal() | {"Scenarios": [line(scenario="<b>'one'", item="budget_factor", value=0.5)]}
    book = opened(raw)
    document = compare_document(book, compare(book, names))
    for language in ("en", "ja"):
        pages = report.pages(document, language)
        assert b"<b>'one'" not in pages["report.html"]
        with zipfile.ZipFile(io.BytesIO(pages["report.xlsx"])) as packed:
            charts = [name for name in packed.namelist() if name.startswith("xl/charts/chart")]
            assert len(charts) == len(figures_of(document, "waterfall"))
            drawn = [packed.read(name).decode() for name in charts]
        assert all(("△" in chart, "−" in chart) == (language == "ja", language == "en") for chart in drawn)


def test_every_sentence_of_the_report_has_its_japanese(document):
    """Headlines, notes, headings and names of figures."""
    said = [document.message, document.subtitle, *(section.title for section in document.sections)]
    for table in document.tables():
        said += [table.title, *([table.note] if table.note else []), *(column.heading for column in table.columns)]
    said += [words for f in figures_of(document, "waterfall") for words in (f.message, f.subject, f.source, f.unit)]
    (regions,) = figures_of(document, "dumbbells")
    own_names = {str(mark.name) for mark in regions.across}
    assert not [str(words) for words in said if not JAPANESE.search(words.into("ja")) and str(words) not in own_names]


def test_what_is_set_reads_in_words_on_every_report():
    """The line under the title says what --set changes by its name, in both languages, not as it was typed."""
    portfolio = opened(minimal()).portfolio
    said = sets_in_words(portfolio, ["budget_factor=0.9", "pin:roads=4", "budget_factor:GRANT@2027=1.1"])
    assert "budget_factor" not in str(said) + said.into("ja")
    assert said.into("ja").startswith("歳出予算額×0.9（全て）、")
    assert "FY2027" in str(said)
    assert sets_in_words(portfolio, ["pin:gone=4"]).into("ja") == "pin:gone=4"
