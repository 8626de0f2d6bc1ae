"""Each constraint as a golden LP file: a small book, all columns, and the rows of that constraint alone.

The files in ``golden/`` were compared with the equations in the constraints' docstrings by eye. After a wanted
change, write them anew and read the difference:

    uv run python tests/test_model_golden.py --regenerate
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from books import FIRST_YEAR, Book, line, minimal, scenarios_of, settings, with_everything
from support import opened

from optimizer import model, places, scenario
from optimizer.portfolio import Portfolio

GOLDEN = Path(__file__).parent / "golden"
Y1, Y2, Y3 = FIRST_YEAR, FIRST_YEAR + 1, FIRST_YEAR + 2


def small(years: int = 1, *programmes: dict[Any, Any], **sheets: list[dict[Any, Any]]) -> Book:
    """The book that is solved by hand, over some years, with other programmes and sheets."""
    book = minimal()
    book["Settings"] = settings(years, tie_break="no")
    book["Accounts"] = [{"account": "GRANT", "agency": "MOFA"} | dict.fromkeys(range(Y1, Y1 + years), 10)]
    if programmes:
        book["Programmes"] = [aid(**programme) for programme in programmes]
        book["Effects"] = [effect(programmes[0]["programme"], 1)]
    book.update(sheets)
    return book


def aid(**cells: Any) -> dict[Any, Any]:
    """A programme of the account GRANT with a maximum of 10, unless said otherwise."""
    usual = {"family": "oda", "account": "GRANT", "region": "SEA", "maximum": 10}
    return line(**(usual | cells))


def effect(programme: str, score: float, **cells: Any) -> dict[Any, Any]:
    """An effect on health."""
    return line(programme=programme, objective="health", score=score, **cells)


def synergy(name: str, a: str, b: str, **cells: Any) -> dict[Any, Any]:
    """A synergy on health with a ratio of 0.5 and a score of 2."""
    usual = {"synergy": name, "programme_a": a, "programme_b": b, "ratio": 0.5, "objective": "health", "score": 2}
    return line(**(usual | cells))


def limit(name: str, measure: str, sense: str, value: float, **cells: Any) -> dict[Any, Any]:
    """A limit."""
    return line(limit=name, measure=measure, sense=sense, value=value, **cells)


HALVES = [line(curve="halves", segment=1, up_to=0.5, rate=1), line(curve="halves", segment=2, up_to=1, rate=0.4)]


def spending() -> Book:
    """`wells` has two segments and a baseline inside the first; `roads` starts in the second year."""
    book = small(2, {"programme": "wells", "curve": "halves", "baseline": 3}, {"programme": "roads", "start": Y2})
    return book | {"Settings": settings(2), "Curves": HALVES}


def attainment() -> Book:
    """Fading good, harm that does not fade, a lag with a baseline, a synergy, and a need along a curve."""
    book = small(2, {"programme": "wells", "curve": "halves", "baseline": 7}, {"programme": "roads", "baseline": 4})
    return book | {
        "Curves": HALVES,
        "Priorities": [line(region="SEA", objective="health", weight=1, need=40, curve="halves")],
        "Effects": [effect("wells", 3, lag=1), effect("roads", 2), effect("roads", -0.5, lag=1)],
        "Synergies": [synergy("together", "wells", "roads")],
    }


def partners() -> Book:
    """`roads` starts in the second year, so that the synergy exists from then on."""
    book = small(2, {"programme": "wells"}, {"programme": "roads", "start": Y2})
    return book | {"Synergies": [synergy("together", "wells", "roads")]}


def divided() -> Book:
    """Two synergies divide `hub`; a shared one and one on another objective do not."""
    book = small(1, {"programme": "wells"}, {"programme": "roads"}, {"programme": "clinics"}, {"programme": "hub"})
    book["Objectives"] = [*book["Objectives"], line(objective="peace", freedom="fear")]
    book["Priorities"] = [*book["Priorities"], line(region="SEA", objective="peace", weight=1, need=10)]
    return book | {
        "Synergies": [
            synergy("one", "wells", "hub"),
            synergy("two", "roads", "hub", ratio=0.25),
            synergy("three", "clinics", "hub", shared="yes"),
            synergy("four", "clinics", "hub", objective="peace"),
        ]
    }


def accounts() -> Book:
    """Two accounts: one carries over, and either may give to the other."""
    book = small(2, {"programme": "wells"}, {"programme": "patrol", "account": "OPS", "start": Y2})
    book["Accounts"] = [
        {"account": "GRANT", "carry_over": 0.1, Y1: 10, Y2: 12},
        {"account": "OPS", Y1: 6, Y2: 8},
    ]
    return book | {
        "Transfers": [
            line(from_account="GRANT", to_account="OPS", max_share=0.5),
            line(from_account="OPS", to_account="GRANT", max_share=0.25),
        ]
    }


def minima() -> Book:
    """A minimum in each year but the pinned one; none where it is 0 or the programme is indivisible."""
    book = small(
        2,
        {"programme": "wells", "minimum": 2},
        {"programme": "roads"},
        {"programme": "clinics", "minimum": 3, "indivisible": "yes"},
        {"programme": "hub", "minimum": 4},
    )
    return book | {"Scenarios": [line(scenario="golden", item="pin", target="hub", value=1, year=Y2)]}


def indivisible() -> Book:
    """One programme with a minimum of its own, one that is its maximum or nothing, pinned in the second year."""
    book = small(
        2,
        {"programme": "wells", "minimum": 2, "indivisible": "yes", "end": Y1},
        {"programme": "roads", "indivisible": "yes", "maximum": 8},
    )
    return book | {"Scenarios": [line(scenario="golden", item="pin", target="roads", value=1, year=Y2)]}


def ramps() -> Book:
    """A baseline; none; a late start; a maximum far below the baseline; and a pin in the second of three years."""
    book = small(
        3,
        {"programme": "wells", "ramp": 0.2, "baseline": 5},
        {"programme": "roads", "ramp": 0.3, "scale": 20},
        {"programme": "clinics", "ramp": 0.4, "baseline": 5, "start": Y2},
        {"programme": "hub", "ramp": 0.1, "baseline": 20},
        {"programme": "patrol", "ramp": 0.5, "baseline": 2},
        {"programme": "free", "baseline": 2},
    )
    return book | {"Scenarios": [line(scenario="golden", item="pin", target="patrol", value=9, year=Y2)]}


def commitments() -> Book:
    """From the second of its years on; not beside a pin; the choice is bound as the spending is."""
    book = small(
        3,
        {"programme": "wells", "commitment": "yes", "baseline": 5},
        {"programme": "roads", "commitment": "yes", "start": Y2, "indivisible": "yes"},
        {"programme": "hub", "commitment": "yes"},
    )
    return book | {"Scenarios": [line(scenario="golden", item="pin", target="hub", value=9, year=Y3)]}


def resources() -> Book:
    """What `hub` builds can be used two years later, for one year; what `school` builds at once and for ever."""
    book = small(3, {"programme": "wells"}, {"programme": "hub"}, {"programme": "school", "start": Y2})
    return book | {
        "Resources": [{"resource": "people", Y1: 20, Y2: 21, Y3: 22}],
        "ResourceUse": [
            line(programme="wells", resource="people", uses=4),
            line(programme="hub", resource="people", uses=1, builds=3, delay=2, life=1),
            line(programme="school", resource="people", builds=5, delay=0),
        ],
    }


def pins() -> Book:
    """Every year of one programme, another amount in the second; years outside its life are not pinned."""
    book = small(3, {"programme": "wells", "end": Y2}, {"programme": "roads"})
    return book | {
        "Scenarios": [
            line(scenario="golden", item="pin", target="wells", value=3),
            line(scenario="golden", item="pin", target="wells", value=12, year=Y2),
        ]
    }


def limited(*limits: dict[Any, Any]) -> Book:
    """Three programmes in two accounts over two years; the third runs in the second year alone."""
    book = small(
        2,
        {"programme": "wells", "risk": 0.2, "leverage": 2, "tags": "water"},
        {"programme": "roads", "risk": 0.6, "country": "VNM"},
        {"programme": "patrol", "account": "OPS", "family": "sdf_mission", "risk": 0.5, "start": Y2},
    )
    book["Accounts"] = [*book["Accounts"], {"account": "OPS", "agency": "MOD", Y1: 6, Y2: 8}]
    book["Objectives"] = [*book["Objectives"], line(objective="peace", freedom="fear")]
    book["Priorities"] = [*book["Priorities"], line(region="SEA", objective="peace", weight=2, need=10)]
    book["Effects"] = [
        effect("wells", 3),
        effect("roads", -0.5),
        line(programme="roads", objective="peace", score=-0.25, lag=1),
        line(programme="patrol", objective="peace", score=1),
    ]
    return book | {"Limits": list(limits)}


def spending_limits() -> Book:
    """Amount, share and budget; every year, one year, the whole horizon; a scope that is empty in the first year."""
    return limited(
        limit("amount", "spend", "max", 8, tag="water"),
        limit("floor", "spend", "min", 9, family="oda", year="all"),
        limit("share", "spend", "max", 0.25, basis="share", programme="roads", of_family="oda", year=Y2),
        limit("budget", "spend", "min", 0.1, basis="budget", account="OPS", of_agency="MOD"),
    )


def value_limits() -> Book:
    """Money times leverage, as an amount and as a share of all value."""
    return limited(
        limit("amount", "value", "max", 30, year="all"),
        limit("share", "value", "min", 0.5, basis="share", programme="wells"),
    )


def risk_limits() -> Book:
    """The average stays below 0.5 in each year, and above 0.3 over the horizon for aid."""
    return limited(limit("cap", "risk", "max", 0.5), limit("floor", "risk", "min", 0.3, family="oda", year="all"))


def harm_limits() -> Book:
    """All harm, and harm to peace alone; it counts in the year of spending, whatever its lag."""
    return limited(limit("all", "harm", "max", 4), limit("peace", "harm", "max", 1, objective="peace", year=Y1))


def attainment_limits() -> Book:
    """All pairs in each year, and freedom from fear over the horizon."""
    return limited(
        limit("all", "attainment", "min", 0.25),
        limit("fear", "attainment", "min", 0.5, freedom="fear", year="all"),
    )


BOOKS = {
    "spending": spending,
    "attainment": attainment,
    "synergy_at_most_first_partner": partners,
    "synergy_at_most_second_partner": partners,
    "synergies_divide_second_partner": divided,
    "budget": accounts,
    "minimum": minima,
    "indivisible_at_least": indivisible,
    "indivisible_at_most": indivisible,
    "ramp_up": ramps,
    "ramp_down": ramps,
    "commitment": commitments,
    "commitment_to_choice": commitments,
    "resource": resources,
    "pin": pins,
    "limit_on_spending": spending_limits,
    "limit_on_value": value_limits,
    "limit_on_risk": risk_limits,
    "limit_on_harm": harm_limits,
    "limit_on_attainment": attainment_limits,
}
CONSTRAINTS = {constraint.__name__: constraint for constraint in model.CONSTRAINTS}


def active(raw: dict[str, Any], name: str | None = None) -> Portfolio:
    """The portfolio of a scenario; the only one of a golden book where it has one."""
    return scenario.apply(opened(raw).portfolio, name or scenarios_of(raw)[-1]).portfolio


def lp_text(name: str) -> str:
    """The LP file of one constraint on its book, headed by the constraint's own words."""
    built = model.build(active(BOOKS[name]()), constraints=[CONSTRAINTS[name]])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "golden.lp"
        built.problem.writeLP(str(path))
        return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", BOOKS)
def test_rows_are_those_of_the_golden_file(name: str) -> None:
    """A constraint gives exactly the rows that were compared with its equation by eye."""
    assert lp_text(name) == (GOLDEN / f"{name}.lp").read_text(encoding="utf-8")


def test_every_constraint_has_a_golden_file() -> None:
    """No constraint is without a book and a file, and no file without a constraint."""
    assert list(BOOKS) == list(CONSTRAINTS)
    assert {path.stem for path in GOLDEN.glob("*.lp")} == set(CONSTRAINTS)


@pytest.mark.parametrize("name", BOOKS)
def test_every_golden_book_exercises_its_constraint(name: str) -> None:
    """A golden file holds at least one row of its constraint, none of another, and each row is named after it."""
    text = (GOLDEN / f"{name}.lp").read_text(encoding="utf-8")
    labels = re.findall(r"^(\w+):", text.split("Subject To\n")[1].split("\nBounds")[0], flags=re.MULTILINE)
    assert labels
    assert set(labels) == {f"{name}_{number}" for number in range(len(labels))}


@pytest.mark.parametrize("constraint", model.CONSTRAINTS, ids=lambda constraint: constraint.__name__)
def test_every_constraint_states_its_equation(constraint: Any) -> None:
    """The docstring is a sentence, a blank line, and the equation; the rows carry the function's name."""
    sentence, _, equation = (constraint.__doc__ or "").partition("\n\n")
    assert sentence.strip().endswith(".")
    assert re.search(r"<=|>=|=", equation)
    assert constraint(active(with_everything()), model.build(active(with_everything())).columns).name == (
        constraint.__name__
    )


def test_names_hold_no_user_text() -> None:
    """Rows and columns are named by constraint or kind and table positions, each name once."""
    raw = with_everything()
    for name in scenarios_of(raw):
        built = model.build(active(raw, name))
        columns, rows = built.columns.names(), built.row_names()
        assert len(columns) == len(set(columns)) == built.columns.count
        assert len(rows) == len(set(rows)) == len(built.keys)
        assert all(re.fullmatch(r"[yxgmfvz](_\d+){2,3}", column) for column in columns)
        assert {row.rpartition("_")[0] for row in rows} <= set(CONSTRAINTS)
        assert [variable.name for variable in built.problem.variables()] == columns


PLACES = [(name, book()) for name, book in BOOKS.items()] + [("everything", with_everything())]


@pytest.mark.parametrize("raw", [book for _, book in PLACES], ids=[name for name, _ in PLACES])
def test_every_row_leads_back_to_a_sheet_and_cell(raw: dict[str, Any]) -> None:
    """Each row of each scenario names a sheet of the book, a cell in the row that made it, and that row's id."""
    for name in scenarios_of(raw):
        portfolio = active(raw, name)
        for key in model.build(portfolio).keys:
            if key[0] == "spending":
                continue  # the definition of x: it holds whatever the workbook says
            place = places.place_of(portfolio, key)
            column, row = re.fullmatch(r"([A-Z]+)(\d+)", place.cell).groups()
            record = raw[place.sheet][int(row) - 2]
            assert place.id in "/".join(str(cell) for cell in record.values())
            assert places.phrase_of(portfolio, key).into("en")
            letters = portfolio.tables[place.sheet].columns.values()
            assert column in letters


def test_a_row_of_an_account_leads_to_its_year() -> None:
    """The cell of a budget or resource row is the one of its year; that of a limit is its value."""
    raw = with_everything()
    portfolio = active(raw, "base")
    accounts_table, resources_table = portfolio.tables["Accounts"], portfolio.tables["Resources"]
    assert places.place_of(portfolio, ("budget", "LOAN", 2)).cell == accounts_table.cell(Y3, 3)
    assert places.place_of(portfolio, ("resource", "places", 1)).cell == resources_table.cell(Y2, 3)
    limits_table = portfolio.tables["Limits"]
    assert places.place_of(portfolio, ("limit_on_risk", "risk_cap", 0)).cell == limits_table.cell("value", 7)


def test_a_row_of_a_pin_leads_to_the_pin_of_its_scenario_and_year() -> None:
    """The pin in force is named: the one with the year before the one without, in the scenario that is solved."""
    raw = with_everything()
    raw["Scenarios"] = [line(scenario="other", item="pin", target="counter_piracy", value=9), *raw["Scenarios"]]
    portfolio = active(raw, "pinned")
    rows = [(row["scenario"], row.get("year")) for row in raw["Scenarios"]]
    table = portfolio.tables["Scenarios"]
    for year, expected in ((0, ("pinned", None)), (2, ("pinned", Y3))):
        cell = table.cell("value", rows.index(expected) + 2)
        assert places.place_of(portfolio, ("pin", "counter_piracy", year)).cell == cell


def regenerate() -> None:
    """Write every golden file anew."""
    for path in GOLDEN.glob("*.lp"):
        path.unlink()
    for name in BOOKS:
        (GOLDEN / f"{name}.lp").write_text(lp_text(name), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    if sys.argv[1:] != ["--regenerate"]:
        sys.exit(__doc__)
    regenerate()
