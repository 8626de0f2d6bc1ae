"""The real case: the rules of inputs/japan rebuild the numbers that another program found once."""

from __future__ import annotations

import csv
import importlib
import re
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from optimizer import checks, workbook

CASE = Path(__file__).parent.parent / "inputs" / "japan"
MODULES = ("figures", "need", "programmes", "effects", "build")
KINDS = ("data", "rule", "assumption", "judgement")
Rows = list[dict[str, str]]


def rows_of(path: str) -> Rows:
    """The rows of one CSV file of the case."""
    with (CASE / path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def case() -> Any:
    """The scripts of the case, imported as they are when build.py runs."""
    sys.path.insert(0, str(CASE))
    try:
        yield {name: importlib.import_module(name) for name in MODULES}
    finally:
        sys.path.remove(str(CASE))
        for name in MODULES:
            sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def book(case: dict[str, ModuleType]) -> dict[str, list[dict[Any, Any]]]:
    """The whole book as raw tables."""
    tables: dict[str, list[dict[Any, Any]]] = case["build"].tables()
    return tables


def differences(
    found: Callable[[dict[str, str], str], float], rows: Rows, columns: dict[str, float]
) -> list[tuple[str, str, float]]:
    """Where a number is further from the reference than the column's rounding allows."""
    return [
        (",".join(list(row.values())[:2]), column, found(row, column))
        for row in rows
        for column, allowed in columns.items()
        if abs(found(row, column) - float(row[column] or 0)) > allowed + 1e-9
    ]


def test_the_gaps_and_factors_of_128_countries_follow_from_the_indicators(case: Any) -> None:
    """Gap, risk, absorption, unit cost and flows recomputed from raw data agree with the case's table."""
    rows = rows_of("reference/country_factors.csv")
    programmes = case["programmes"]
    flows = {
        "grants_tc_usd_m": programmes.grants_usd,
        "concessional_loans_usd_m": programmes.concessional_loans_usd,
        "other_official_loans_usd_m": programmes.other_official_loans_usd,
    }

    def found(row: dict[str, str], column: str) -> float:
        place = case["need"].country(row["country"])
        if column in flows:
            return float(flows[column](row["country"]))
        return float(place.gap[column.removeprefix("gap_")] if column.startswith("gap_") else getattr(place, column))

    allowed = {f"gap_{o}": 0.0005 for o in case["figures"].objectives()}
    allowed |= {"risk": 0, "absorption": 0.0005, "unit_cost": 0} | dict.fromkeys(flows, 0.005)
    assert len(rows) == 128
    assert differences(found, rows, allowed) == []
    assert [
        row["country"] for row in rows if (row["fragile"] == "yes") != case["need"].is_fragile(row["country"])
    ] == []
    assert [row["country"] for row in rows if row["region"] != case["figures"].region_of()[row["country"]]] == []


def test_the_need_of_each_pair_is_its_share_of_a_thousand_points(case: Any, book: Any) -> None:
    """Gap, weight and need of 78 pairs agree with the case's table; the world's need is 1,000 each."""
    rows = rows_of("reference/priorities.csv")
    pairs = {(row["region"], row["objective"]): row for row in book["Priorities"]}
    assert set(pairs) == {(row["region"], row["objective"]) for row in rows}

    def found(row: dict[str, str], column: str) -> float:
        pair = row["region"], row["objective"]
        return float(case["need"].gap_of_region(*pair) if column == "gap" else pairs[pair][column])

    assert differences(found, rows, {"gap": 0.00005, "weight": 0.0, "need": 0.05}) == []
    world = Counter[str]()
    for (_, objective), row in pairs.items():
        world[objective] += row["need"]
    assert all(abs(total - 1000) < 0.5 for total in world.values())


def test_every_programme_agrees_with_the_reference_list(book: Any) -> None:
    """253 programmes: words exactly, amounts to 0.01 (technical cooperation was rounded twice there)."""
    rows = rows_of("reference/reference_programmes.csv")
    programmes = {row["programme"]: row for row in book["Programmes"]}
    assert len(programmes) == 253
    assert set(programmes) == {row["programme"] for row in rows}
    words = ("family", "instrument", "account", "country", "region", "tags", "requires", "curve")
    assert [
        (row["programme"], column)
        for row in rows
        for column in words
        if (programmes[row["programme"]][column] or "") != row[column]
    ] == []

    def found(row: dict[str, str], column: str) -> float:
        return float(programmes[row["programme"]][column] or 0)

    exact = dict.fromkeys(("ramp", "risk", "leverage"), 0.0)
    amounts = ("baseline", "minimum", "maximum")
    others = [row for row in rows if not row["programme"].startswith("tc_")]
    assert differences(found, others, exact | dict.fromkeys(amounts, 0.0)) == []
    assert differences(found, rows, exact | dict.fromkeys(amounts, 0.01)) == []


def test_the_baseline_fits_the_accounts(book: Any) -> None:
    """Today's spending by account is what the case says, and each appropriation follows from it."""
    spent = Counter[str]()
    for row in book["Programmes"]:
        spent[row["account"]] += row["baseline"]
    for row in rows_of("case/accounts.csv"):
        assert spent[row["account"]] == pytest.approx(float(row["baseline_total"]), abs=0.05)
    appropriations = {row["account"]: row[2027] for row in book["Accounts"]}
    assert sum(appropriations.values()) == pytest.approx(5568.5)
    grants = spent["MOFA_GRANT"] / (spent["MOFA_GRANT"] + spent["JICA_TC"])
    lines = {(row["line"], row["year"]): float(row["value"]) for row in rows_of("data/japan_budget_lines.csv")}
    bilateral = 10 * (
        lines["oda_general_account_mofa", "2026"]
        - lines["oda_assessed_contributions_intl_orgs", "2025"]
        - lines["oda_voluntary_contributions_intl_orgs", "2025"]
    )
    capital = (
        lines["oda_general_account_loan_capitalisation", "2005"] / lines["oda_general_account_government_total", "2005"]
    )
    assert round(bilateral * grants) == appropriations["MOFA_GRANT"]
    assert round(bilateral * (1 - grants)) == appropriations["JICA_TC"]
    assert round(10 * round(capital, 3) * lines["oda_general_account_government_total", "2024"]) == pytest.approx(
        appropriations["JICA_LOAN"], abs=1
    )
    assert round(1.05 * spent["MOF_JBIC"]) == appropriations["MOF_JBIC"]
    assert 10 * lines["osa_budget", "2026"] == appropriations["MOFA_OSA"]


def test_points_follow_from_what_the_baseline_delivers(case: Any) -> None:
    """1,000 points over ambition x delivery give the case's points of each objective."""
    found = case["effects"].points()
    for row in rows_of("case/objectives.csv"):
        assert found[row["objective"]] == pytest.approx(float(row["points_per_effective_oku"]), abs=0.000015)


def test_effects_are_1538_and_never_two_active_at_once(book: Any) -> None:
    """At most one row of a programme, objective and region is active under any levers, but for harm."""
    rows = book["Effects"]
    assert len(rows) == 1538
    together: dict[tuple[Any, ...], list[tuple[str, str]]] = {}
    for row in rows:
        key = row["programme"], row["objective"], row["region"]
        together.setdefault(key, []).append((row["requires"] or "", row["unless"] or ""))
    for key, switches in together.items():
        assert len(switches) == len(set(switches)), key
        if len(switches) > 1:
            (required, _), (_, excluded) = max(switches), min(switches)
            assert required == excluded != "", key
    assert all(row["low"] <= row["score"] <= row["high"] for row in rows)
    assert {row["objective"] for row in rows if row["score"] < 0} == {"governance"}


def test_an_effect_by_hand(book: Any) -> None:
    """Grant aid for Kenya's poverty: points x effectiveness x gap x absorption / unit cost."""
    row = next(row for row in book["Effects"] if (row["programme"], row["objective"]) == ("grant_KEN", "poverty"))
    assert row["score"] == pytest.approx(0.3847 * 1.0 * 0.854 * 1.058 / 1, rel=0.001)
    assert (row["low"], row["high"]) == (
        pytest.approx(0.7 * row["score"], rel=0.001),
        pytest.approx(1.3 * row["score"], rel=0.001),
    )


def test_synergies_agree_with_the_reference(book: Any) -> None:
    """29 synergies: strength x the score of the partner, to a tenth of a percent."""
    rows = rows_of("reference/synergies.csv")
    synergies = {row["synergy"]: row for row in book["Synergies"]}
    assert len(synergies) == len(rows) == 29
    for row in rows:
        found = synergies[row["synergy"]]
        assert found["score"] == pytest.approx(float(row["score"]), rel=0.001)
        assert found["ratio"] == float(row["ratio"])
        words = ("programme_a", "programme_b", "objective", "shared", "requires")
        assert [found[word] for word in words] == [row[word] for word in words]


def test_every_id_that_a_row_names_exists(book: Any) -> None:
    """Programmes, levers, accounts, limits and regions named anywhere are in their sheets."""
    key = {
        "Regions": "region",
        "Countries": "country",
        "Objectives": "objective",
        "Accounts": "account",
        "Programmes": "programme",
        "Resources": "resource",
        "Limits": "limit",
        "Levers": "lever",
    }
    ids = {sheet: {row[column] for row in book[sheet]} for sheet, column in key.items()}
    for sheet, rows in book.items():
        for row in rows:
            for column in ("requires", "unless"):
                assert set(filter(None, (row.get(column) or "").split(","))) <= ids["Levers"], (sheet, row)
            for other, column in key.items():
                assert row.get(column) is None or row[column] in ids[other], (sheet, row)
    anything = set().union(*ids.values()) | {row["family"] for row in book["Programmes"]} | {None}
    assert {row["target"] for row in book["Scenarios"]} <= anything


def test_everything_has_a_name_in_both_languages(book: Any) -> None:
    """Whatever has an id has an English and a Japanese name, and the Japanese one is Japanese."""
    latin_in_japan_too = {"ASEAN"}
    for sheet in (
        "Regions",
        "Countries",
        "Objectives",
        "Accounts",
        "Programmes",
        "Resources",
        "Limits",
        "Levers",
    ):
        for row in book[sheet]:
            assert row["name"], (sheet, row)
            assert re.search(r"[ぁ-ヿ一-鿿]", row["name_ja"]) or row["name_ja"] in latin_in_japan_too, (
                sheet,
                row,
            )
            assert "()" not in row["name_ja"], (sheet, row)
        for column in ("name", "name_ja"):
            assert max(Counter(row[column] for row in book[sheet]).values()) == 1, (sheet, column)


def test_every_source_says_what_the_row_rests_on(book: Any) -> None:
    """Each source begins with data, rule, assumption or judgement and names only files that exist."""
    for sheet in ("Programmes", "Effects", "Synergies", "Limits"):
        for row in book[sheet]:
            assert row["source"].split(":")[0] in KINDS, (sheet, row)
            for file in re.findall(r"[a-z0-9_]+\.csv", row["source"]):
                assert any((CASE / folder / file).exists() for folder in ("data", "case", "")), file


def test_every_source_is_in_japanese_too(book: Any) -> None:
    """Files, columns, ids and licences keep their names; no clause of the source is left in English."""
    for sheet in ("Programmes", "Effects", "Synergies", "Limits"):
        for row in book[sheet]:
            english, _, japanese = row["source"].partition(" / ")
            assert " / " not in japanese
            words = re.sub(r"CC BY|[\w-]*_\w+|\w+\.csv", "", japanese, flags=re.ASCII)
            assert not re.search(r"[a-z]{2,} [a-z]|\b(?!hdi\b)[a-z]{4,}", words, re.ASCII), japanese
            assert japanese.count("（") == japanese.count("）"), english


def test_every_number_of_the_book_is_accounted_for(book: Any) -> None:
    """Each numeric column has a row in assumptions.csv that says what it rests on."""
    register = rows_of("assumptions.csv")
    assert {row["kind"] for row in register} == set(KINDS)
    covered = {place for row in register for place in row["where"].split()}
    numeric = {
        f"{sheet}.{'year' if isinstance(column, int) else column}"
        for sheet, rows in book.items()
        for row in rows
        for column, value in row.items()
        if isinstance(value, int | float) and sheet != "Settings"
    } | {f"Settings.{row['key']}" for row in book["Settings"] if isinstance(row["value"], int | float)}
    assert covered == numeric


def test_every_file_of_figures_has_its_publisher_and_is_described() -> None:
    """data/ and sources.csv name the same files, and SOURCES.md tells of each."""
    files = {path.name for path in (CASE / "data").iterdir()}
    assert files == {row["file"] for row in rows_of("sources.csv")}
    described = (CASE / "SOURCES.md").read_text(encoding="utf-8")
    assert [file for file in files if file not in described] == []


def test_the_book_in_inputs_is_the_one_that_the_script_builds(book: Any, tmp_path: Path) -> None:
    """inputs/japan.xlsx is what build.py writes, every cell of every sheet, and has no problem."""
    workbook.write(tmp_path / "built.xlsx", book)
    shipped = workbook.read(CASE.parent / "japan.xlsx")
    assert workbook.read(tmp_path / "built.xlsx").sheets == shipped.sheets
    assert checks.check(shipped).errors == ()
