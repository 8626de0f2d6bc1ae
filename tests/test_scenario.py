"""Scenarios and --set: every item changes what the contract says and nothing else; mistakes are told (exit 2)."""

from __future__ import annotations

import copy
from fractions import Fraction
from typing import Any

import pytest
import reference
from books import FIRST_YEAR, Book, books, line, minimal, scenario_rows, scenarios_of, with_everything
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support import opened

from optimizer import model, scenario, solver
from optimizer.errors import HaibunError, InputProblems, NoPlan, WrongUsage
from optimizer.portfolio import Portfolio
from optimizer.questions.levers import levers

Y1, Y2, Y3 = FIRST_YEAR, FIRST_YEAR + 1, FIRST_YEAR + 2
WHOLE = with_everything()


def applied(raw: dict[str, Any], *sets: str, name: str = "base") -> Portfolio:
    """The portfolio of a scenario with --set items."""
    return scenario.apply(opened(raw).portfolio, name, sets).portfolio


def whole(*sets: str, name: str = "base") -> Portfolio:
    """The book that uses everything, under a scenario with --set items."""
    return applied(WHOLE, *sets, name=name)


def with_scenario(raw: dict[str, Any], *rows: dict[str, Any]) -> dict[str, Any]:
    """The book with one scenario more, called ``new``."""
    return raw | {"Scenarios": [*raw.get("Scenarios", []), *(line(scenario="new", **row) for row in rows)]}


def check_against_the_independent_solver(raw: dict[str, Any], name: str, *sets: str) -> float:
    """Both programs find the same best score, or no plan; returns the score (minus infinity without a plan)."""
    portfolio = applied(raw, *sets, name=name)
    expected = reference.solve(raw, name, sets)
    try:
        found = solver.solve(model.build(portfolio)).score
    except NoPlan:
        assert expected.status == "infeasible"
        return float("-inf")
    assert expected.status == "optimal"
    assert found == pytest.approx(expected.score, abs=1e-5)
    return found


# ----------------------------------------------------------------------------- against the other program


SETS = [
    ("base",),
    ("base", "lever:p1=on"),
    ("base", "lever:p1=on", "lever:p2=yes"),
    ("all", "lever:p1=off"),
    ("base", "budget_factor=1.1"),
    ("austerity", "budget_factor=1.05", "budget_factor:GRANT@2028=1.2"),
    ("base", "weight_factor:SEA=2", "weight_factor:maritime=0.5", "weight_factor:SEA/maritime=3"),
    ("base", "need_factor:health=1.4", "need_factor:EHA/maritime=0.5"),
    ("shock", "need_factor=0.5"),
    ("base", "effect_factor=0.8", "effect_factor:grant_SOM=1.5", "effect_factor:maritime=1.1"),
    ("all", "effect_factor:peace=3"),
    ("base", "cost_factor=1.1", "cost_factor:oda=1.2", "cost_factor:grant_VNM=0.9"),
    ("all", "cost_factor:OPS=1.3", "cost_factor:capacity_building=1.1"),
    ("dear", "cost_factor:GRANT=0.8"),
    ("base", "resource_factor:personnel@2028=0.8", "resource_factor=0.97"),
    ("base", "limit_value:risk_cap=0.4", "limit_value:loan_value=450"),
    ("base", "programme_maximum:grant_VNM=9", "programme_maximum:loan_VNM=40"),
    ("base", "pin:hub=3", "pin:training=2", "pin:counter_piracy@2028=9"),
    ("pinned", "pin:counter_piracy=13"),
    ("pinned", "pin:counter_piracy@2029=11.5", "pin:grant_SOM=24.99"),
    ("base", "pin:grant_VNM=70"),
]


@pytest.mark.parametrize("asked", SETS, ids=" ".join)
def test_every_item_scores_as_the_independent_solver_says(asked: tuple[str, ...]) -> None:
    """A scenario with any items of --set has the best score that a second reading of the contract finds."""
    check_against_the_independent_solver(WHOLE, *asked)


@settings(max_examples=max(1, settings.default.max_examples * 40 // 100))
@given(books(), st.data())
def test_random_sets_score_as_the_independent_solver_says(raw: Book, data: st.DataObject) -> None:
    """The same for any --set on any scenario of any book."""
    years = [column for column in raw["Accounts"][0] if isinstance(column, int)]
    rows = data.draw(scenario_rows(raw, "set", years))
    sets = [as_set(row) for row in rows]
    try:
        for name in scenarios_of(raw):
            check_against_the_independent_solver(raw, name, *sets)
    except InputProblems:  # the sets leave a programme no whole unit to spend
        assume(False)


def as_set(row: dict[str, Any]) -> str:
    """A row of a scenario as --set writes it."""
    year = f"@{row['year']}" if "year" in row else ""
    return f"{row['item']}:{row.get('target', '')}{year}={row['value']}"


@pytest.mark.parametrize("name", scenarios_of(WHOLE)[1:])
def test_a_scenario_is_its_rows_as_sets(name: str) -> None:
    """The rows of a scenario written as --set on base give the same portfolio."""
    sets = [as_set(row) for row in WHOLE["Scenarios"] if row["scenario"] == name]
    assert _comparable(whole(*sets)) == _comparable(whole(name=name))


def _comparable(portfolio: Portfolio) -> Portfolio:
    return portfolio.with_changes(scenario_items=[])


# -------------------------------------------------------------------------------------------- scenarios


def test_base_is_the_workbook_as_written() -> None:
    """Without a scenario no number changes; only rows whose levers are off go."""
    before, base = opened(WHOLE).portfolio, whole()
    assert base.accounts == before.accounts
    assert base.priorities == before.priorities
    assert set(before.programmes) - set(base.programmes) == {"dual_use"}
    assert all(base.programmes[name] == before.programmes[name] for name in base.programmes)


def test_scenarios_are_listed_with_base_first() -> None:
    """The names stand in the sheet's order, base first, each once."""
    assert scenario.scenarios_of(opened(WHOLE).portfolio) == ["base", "all", "austerity", "shock", "dear", "pinned"]


def test_the_workbook_itself_is_never_changed() -> None:
    """Applying a scenario leaves the portfolio that it was applied to as it was."""
    portfolio = opened(WHOLE).portfolio
    before = copy.deepcopy(portfolio)
    for name in scenarios_of(WHOLE):
        scenario.apply(portfolio, name, ["budget_factor=2", "cost_factor=3", "pin:hub=2"])
    assert portfolio == before


# ------------------------------------------------------------------------------------------------- levers


def rows_on(portfolio: Portfolio) -> dict[str, set[Any]]:
    """What is active, by sheet."""
    return {
        "Programmes": set(portfolio.programmes),
        "Transfers": {(t.from_account, t.to_account) for t in portfolio.transfers},
        "Effects": {e.row for e in portfolio.effects},
        "ResourceUse": {(u.programme, u.resource) for u in portfolio.resource_uses},
        "Synergies": set(portfolio.synergies),
        "Limits": set(portfolio.limits),
    }


def test_rows_exist_while_their_levers_allow() -> None:
    """A row is there while all of `requires` are on and none of `unless` is, on every sheet that has the columns."""
    off, on = rows_on(whole()), rows_on(whole("lever:p1=on", "lever:p2=on"))
    assert off["Programmes"] - on["Programmes"] == {"hub"}
    assert on["Programmes"] - off["Programmes"] == {"dual_use"}
    assert off["Transfers"] - on["Transfers"] == {("LOAN", "GRANT")}
    assert on["Transfers"] - off["Transfers"] == {("GRANT", "OPS")}
    assert off["Effects"] - on["Effects"] == {4}
    assert on["Effects"] - off["Effects"] == {5, 6, 7}
    assert off["ResourceUse"] - on["ResourceUse"] == {("training", "places"), ("hub", "places")}
    assert on["ResourceUse"] - off["ResourceUse"] == {("training", "personnel")}
    assert off["Synergies"] - on["Synergies"] == {"patrol_and_hub"}
    assert on["Synergies"] - off["Synergies"] == {"train_and_aid"}
    assert off["Limits"] - on["Limits"] == {"no_dual_use"}
    assert on["Limits"] - off["Limits"] == {"fragile_floor"}


def test_a_row_needs_all_of_requires_and_none_of_unless() -> None:
    """Two levers in a cell: both must be on for `requires`, and one is enough to shut `unless`."""
    raw = copy.deepcopy(dict(WHOLE))
    raw["Limits"] += [
        line(limit="both", measure="risk", sense="max", value=0.9, requires="p1, p2"),
        line(limit="neither", measure="risk", sense="max", value=0.9, unless="p1、p2"),
        line(limit="one", measure="risk", sense="max", value=0.9, requires="p1", unless="p2"),
    ]
    extra = {
        (p1, p2): {"both", "neither", "one"} & set(applied(raw, f"lever:p1={p1}", f"lever:p2={p2}").limits)
        for p1 in ("on", "off")
        for p2 in ("on", "off")
    }
    assert extra == {("on", "on"): {"both"}, ("on", "off"): {"one"}, ("off", "on"): set(), ("off", "off"): {"neither"}}


def test_levers_have_defaults() -> None:
    """A lever is off unless its default says yes; the scenario overrides the default, and --set the scenario."""
    levers = [line(lever="p1"), line(lever="p2", default="yes")]
    raw = with_scenario(WHOLE | {"Levers": levers}, row("lever", "p2", "no"))
    assert applied(raw).levers_on == {"p1": False, "p2": True}
    assert applied(raw, name="new").levers_on == {"p1": False, "p2": False}
    assert applied(raw, "lever:p2=はい", name="new").levers_on == {"p1": False, "p2": True}


def row(item: str, target: str | None, value: Any, year: int | None = None) -> dict[str, Any]:
    """A scenario row without its scenario."""
    return {"item": item, "target": target, "value": value, "year": year}


def test_what_speaks_of_a_programme_that_is_off_is_off_too() -> None:
    """Effects, uses and synergies of a programme go with it, though their own levers allow them."""
    raw = copy.deepcopy(dict(WHOLE))
    raw["Synergies"][0].pop("requires")
    raw["Programmes"][5]["requires"] = "p1"
    off = applied(raw)
    assert "training" not in off.programmes
    assert "train_and_aid" not in off.synergies
    assert not [e for e in off.effects if e.programme == "training"]
    assert not [u for u in off.resource_uses if u.programme == "training"]


# ------------------------------------------------------------------------------------------------ factors


def money(portfolio: Portfolio) -> dict[str, tuple[Fraction, ...]]:
    """Appropriations by account."""
    return {name: account.appropriation for name, account in portfolio.accounts.items()}


def test_budget_factors_multiply_by_account_and_year() -> None:
    """Blank is every account, no year every year; a row for one year leaves the others alone."""
    found = money(whole("budget_factor=0.5", "budget_factor:OPS=0.8", "budget_factor:OPS@2028=3"))
    before = money(whole())
    assert found["GRANT"] == tuple(amount / 2 for amount in before["GRANT"])
    one, two, three = before["OPS"]
    assert found["OPS"] == (one * Fraction("0.4"), two * Fraction("1.2"), three * Fraction("0.4"))


def test_factors_of_set_multiply_those_of_the_scenario() -> None:
    """austerity (0.9; OPS in 2028 also 0.95) with --set budget_factor=0.9 is 0.81 and 0.7695."""
    found, before = money(whole("budget_factor=0.9", name="austerity")), money(whole())
    assert found["GRANT"] == tuple(amount * Fraction("0.81") for amount in before["GRANT"])
    assert found["OPS"][1] == before["OPS"][1] * Fraction("0.7695")


def test_transfer_and_carry_over_ceilings_follow_the_appropriation() -> None:
    """Both are shares of the appropriation as the scenario has it."""
    columns = model.build(whole("budget_factor=0.5")).columns
    assert columns.upper[columns.first_f] == pytest.approx(0.1 * 11)
    assert columns.upper[columns.first_v] == pytest.approx(0.1 * 30)


@pytest.mark.parametrize(("item", "attribute"), [("weight_factor", "weight"), ("need_factor", "need")])
def test_weight_and_need_factors_speak_of_regions_objectives_and_pairs(item: str, attribute: str) -> None:
    """Rows for the region, the objective, the pair and everything multiply where they meet."""
    found = whole(f"{item}:SEA=2", f"{item}:maritime=3", f"{item}:SEA/maritime=5", f"{item}=7").priorities
    before = whole().priorities
    factors = {pair: getattr(found[pair], attribute) / getattr(before[pair], attribute) for pair in before}
    assert factors == {
        ("SEA", "health"): 14,
        ("SEA", "maritime"): 210,
        ("EHA", "health"): 7,
        ("EHA", "peace"): 7,
        ("EHA", "maritime"): 21,
    }


def scores(portfolio: Portfolio) -> dict[int, Fraction]:
    """The score of each effect by its row."""
    return {effect.row: effect.score for effect in portfolio.effects}


def test_effect_factors_change_good_and_harm_but_no_synergy() -> None:
    """A programme, an objective or all: factors multiply on each effect, lags and synergies stay."""
    levers = ("lever:p1=on", "lever:p2=on")
    sets = ("effect_factor:training=2", "effect_factor:peace=3", "effect_factor=0.5")
    before, after = whole(*levers), whole(*levers, *sets)
    factors = {number: scores(after)[number] / score for number, score in scores(before).items()}
    training, peace = {11, 12}, {5, 7, 12}
    for effect in before.effects:
        expected = Fraction(1, 2) * (2 if effect.row in training else 1) * (3 if effect.row in peace else 1)
        assert factors[effect.row] == expected
    assert after.synergies == before.synergies
    assert [effect.lag for effect in after.effects] == [effect.lag for effect in before.effects]


def test_a_cost_factor_divides_what_money_buys() -> None:
    """Effects, harm too; uses and builds; leverage; synergies by their first partner. Money itself stays."""
    before, after = whole(), whole("cost_factor:OPS=2", "cost_factor:LOAN=4")
    halved = {e.row for e in before.effects if before.programmes[e.programme].account == "OPS"}
    quartered = {e.row for e in before.effects if before.programmes[e.programme].account == "LOAN"}
    for number, score in scores(before).items():
        assert scores(after)[number] == score / (2 if number in halved else 4 if number in quartered else 1)
    for old, new in zip(before.resource_uses, after.resource_uses, strict=True):
        assert (new.uses, new.builds) == (old.uses / 2, old.builds / 2)
    assert after.programmes["loan_VNM"].leverage == Fraction(10, 4)
    assert after.synergies["patrol_and_hub"].score == before.synergies["patrol_and_hub"].score / 2
    for name in ("maximum", "minimum", "baseline", "scale", "ramp"):
        assert getattr(after.programmes["loan_VNM"], name) == getattr(before.programmes["loan_VNM"], name)


def test_a_synergy_follows_the_cost_of_its_first_partner_alone() -> None:
    """A cost factor on the second partner leaves the synergy's score."""
    levers = ("lever:p1=on", "lever:p2=on")
    before = whole(*levers).synergies["train_and_aid"].score
    assert whole(*levers, "cost_factor:grant_VNM=5").synergies["train_and_aid"].score == before
    assert whole(*levers, "cost_factor:training=5").synergies["train_and_aid"].score == before / 5


def test_a_cost_factor_applies_once_however_many_names_match() -> None:
    """counter_piracy is a programme and its own instrument: one row of that name counts once."""
    found = whole("cost_factor:counter_piracy=2").programmes["counter_piracy"]
    assert found.cost == 2
    assert found.leverage == Fraction(1, 2)


@pytest.mark.parametrize("way", ["--set", "sheet"])
def test_an_account_that_is_called_as_a_family_may_be_is_meant_before_it(way: str) -> None:
    """ODA is another spelling of the family oda, unless the book has an account ODA: then it is that account."""
    raw = minimal()
    raw["Accounts"].append({"account": "ODA", FIRST_YEAR: 5})
    raw["Programmes"][1]["account"] = "ODA"
    portfolio = (
        applied(raw, "cost_factor:ODA=2")
        if way == "--set"
        else applied(with_scenario(raw, row("cost_factor", "ODA", 2)), name="new")
    )
    assert [portfolio.programmes[name].cost for name in ("wells", "roads")] == [1, 2]
    assert {p.cost for p in applied(minimal(), "cost_factor:ODA=2").programmes.values()} == {2}


def test_a_family_without_programmes_may_be_named_on_the_sheet_and_by_set() -> None:
    """What a family costs is a fair question whatever the book holds of it: nothing changes."""
    raw = with_scenario(minimal(), row("cost_factor", "sdf_mission", 2))
    for portfolio in (applied(raw, name="new"), applied(minimal(), "cost_factor:sdf_mission=2")):
        assert {programme.cost for programme in portfolio.programmes.values()} == {1}


def test_an_id_with_an_equals_sign_can_be_set() -> None:
    """The value begins after the last equals sign: an id may hold one."""
    raw = minimal()
    raw["Accounts"][0]["account"] = raw["Programmes"][0]["account"] = raw["Programmes"][1]["account"] = "A=B:C"
    assert applied(raw, "budget_factor:A=B:C@2027=0.5").accounts["A=B:C"].appropriation == (5,)


def test_cost_factors_of_different_names_multiply() -> None:
    """A row for the family, one for the account, one for the programme, one for everything."""
    sets = ("cost_factor:oda=2", "cost_factor:GRANT=3", "cost_factor:grant_VNM=5", "cost_factor=7")
    found = whole(*sets).programmes
    assert {name: programme.cost for name, programme in found.items()} == {
        "grant_VNM": 210,
        "grant_SOM": 42,
        "loan_VNM": 14,
        "counter_piracy": 7,
        "training": 7,
        "hub": 7,
    }


def test_resource_factors_change_what_is_available() -> None:
    """By resource and year; what programmes use stays."""
    found = whole("resource_factor:places@2028=0", "resource_factor=2").resources
    assert found["places"].available == (8, 0, 8)
    assert found["personnel"].available == (660, 660, 680)
    assert whole("resource_factor=2").resource_uses == whole().resource_uses


# ------------------------------------------------------------------------------------------- replacements


def test_a_limit_value_replaces_the_workbooks() -> None:
    """--set replaces the scenario's value, which replaces the workbook's."""
    assert whole().limits["risk_cap"].value == Fraction("0.5")
    assert whole(name="dear").limits["risk_cap"].value == Fraction("0.45")
    assert whole("limit_value:risk_cap=0.3", name="dear").limits["risk_cap"].value == Fraction("0.3")


def test_a_programme_maximum_keeps_the_scale_and_lowers_the_minimum() -> None:
    """Curve and ramp shares go on referring to the maximum as written; a higher minimum falls with it."""
    found = whole("programme_maximum:grant_VNM=7").programmes["grant_VNM"]
    assert (found.maximum, found.minimum, found.scale) == (7, 7, 30)
    raised = whole("programme_maximum:grant_VNM=70").programmes["grant_VNM"]
    assert (raised.maximum, raised.minimum, raised.scale) == (70, 10, 30)


def test_an_indivisible_programme_without_a_minimum_follows_its_new_maximum() -> None:
    """Its minimum is the maximum in force, a scenario's included; a written one stays unless it is higher."""
    raw = copy.deepcopy(dict(WHOLE))
    del raw["Programmes"][6]["minimum"]
    assert applied(raw, "programme_maximum:hub=2").programmes["hub"].floor == 2
    assert whole("programme_maximum:hub=2").programmes["hub"].floor == 1
    assert whole("programme_maximum:hub=0.5").programmes["hub"].floor == Fraction(1, 2)


def test_a_pin_holds_in_each_of_the_programmes_years() -> None:
    """Without a year it holds in every year of the programme, none outside."""
    assert whole("pin:training=2").programmes["training"].pins == {1: 2, 2: 2}
    assert whole("pin:counter_piracy=9").programmes["counter_piracy"].pins == {0: 9, 1: 9, 2: 9}


def test_a_pin_with_a_year_stands_before_one_without() -> None:
    """In whatever order they are written."""
    assert whole(name="pinned").programmes["counter_piracy"].pins == {0: 14, 1: 14, 2: 10}
    found = whole("pin:counter_piracy@2027=12", "pin:counter_piracy=9").programmes["counter_piracy"]
    assert found.pins == {0: 12, 1: 9, 2: 9}


def test_a_pin_by_set_replaces_the_one_for_the_same_years() -> None:
    """--set pin without a year replaces the scenario's without a year; the scenario's pin of 2029 stands."""
    assert whole("pin:counter_piracy=9", name="pinned").programmes["counter_piracy"].pins == {0: 9, 1: 9, 2: 10}
    found = whole("pin:counter_piracy@2029=9", name="pinned").programmes["counter_piracy"]
    assert found.pins == {0: 14, 1: 14, 2: 9}


def spent(raw: dict[str, Any], *sets: str) -> dict[tuple[str, int], float]:
    """The best plan's spending."""
    built = model.build(applied(raw, *sets))
    return dict(solver.draft_of(built, solver.solve(built)).spending)


def test_a_pin_stands_in_place_of_range_ramp_and_commitment() -> None:
    """Below the minimum, above the maximum, and beside years that a ramp or commitment would forbid."""
    raw = copy.deepcopy(dict(WHOLE))
    raw["Programmes"][4] |= {"commitment": "yes"}
    assert spent(raw, "pin:counter_piracy@2028=3")["counter_piracy", 1] == pytest.approx(3)
    assert spent(raw, "pin:counter_piracy@2028=16.5")["counter_piracy", 1] == pytest.approx(16.5)
    both = spent(raw, "pin:counter_piracy@2028=0")
    assert both["counter_piracy", 0] >= 8 - 1e-9
    assert both["counter_piracy", 2] >= 8 - 1e-9


def test_limits_still_hold_for_a_pin() -> None:
    """A pin that a limit forbids leaves no plan."""
    cap = line(limit="cap", measure="spend", sense="max", value=10, programme="counter_piracy")
    raw = WHOLE | {"Limits": [*WHOLE["Limits"], cap]}
    assert spent(raw, "pin:counter_piracy=9.5")["counter_piracy", 1] == pytest.approx(9.5)
    assert spent(WHOLE, "pin:counter_piracy=10.5")["counter_piracy", 1] == pytest.approx(10.5)
    with pytest.raises(NoPlan):
        spent(raw, "pin:counter_piracy=10.5")


def test_a_pin_above_the_appropriation_is_no_problem_of_the_input() -> None:
    """The book is legal and has no plan."""
    assert applied(WHOLE, "pin:grant_VNM=500").programmes["grant_VNM"].pins[0] == 500
    with pytest.raises(NoPlan):
        spent(WHOLE, "pin:grant_VNM=500")


@pytest.mark.parametrize(
    ("sets", "told"),
    [
        (("pin:dual_use=3",), True),
        (("pin:training@2027=3",), True),
        (("lever:p2=on", "pin:hub=1"), True),
        (("pin:training@2028=3",), False),
        (("pin:training=3",), False),
    ],
)
def test_a_pin_without_effect_gives_a_warning(sets: tuple[str, ...], told: bool) -> None:
    """On a programme that is off, or in a year that it does not run in, a pin does nothing and that is said."""
    found = scenario.apply(opened(WHOLE).portfolio, "base", sets)
    told_of_pins = [problem.severity for problem in found.warnings if problem.sheet == "Scenarios"]
    assert told_of_pins == (["warning"] if told else [])
    base = solver.solve(model.build(whole(*[s for s in sets if s.startswith("lever")]))).score
    if told:
        assert solver.solve(model.build(found.portfolio)).score == pytest.approx(base)


@pytest.mark.parametrize(
    ("limit", "told"),
    [
        ({}, "scope of the limit in 2028, 2029: it does not exist then"),
        ({"year": 2028}, "No programme lies in the scope of the limit: it does not exist"),
        ({"year": 2027}, ""),
        ({"year": "all"}, ""),
        ({"requires": "off"}, ""),
        ({"family": None, "basis": "share", "value": 0.9, "of_family": "oda"}, "of-scope of the limit in 2028, 2029"),
        ({"family": None, "basis": "share", "value": 0.9, "of_family": "oda", "sense": "min"}, ""),
        ({"family": "non_oda"}, ""),
    ],
)
def test_a_limit_whose_programmes_are_switched_off_is_told(limit: dict[str, Any], told: str) -> None:
    """Levers may leave a limit without programmes, in some years or in all: then it does not exist, which is said."""
    raw = copy.deepcopy(dict(minimal()))
    raw["Settings"][-1]["value"] = 3
    raw["Accounts"][0] |= {Y2: 10, Y3: 10}
    raw["Levers"] = [line(lever="off"), line(lever="on", default="yes")]
    raw["Programmes"][0] |= {"requires": "off"}
    raw["Programmes"][1] |= {"end": Y1}
    raw["Programmes"].append(line(programme="other", family="non_oda", account="GRANT", region="SEA", maximum=1))
    rule = line(limit="m", measure="spend", sense="max", value=5, family="oda") | limit
    raw["Limits"] = [{name: value for name, value in rule.items() if value is not None}]
    warnings = scenario.apply(opened(raw).portfolio).warnings
    assert [(w.sheet, w.cell, w.severity) for w in warnings] == [("Limits", "A2", "warning")] * bool(told)
    assert all(told in str(w.problem) for w in warnings)
    assert scenario.apply(opened(raw).portfolio, sets=("lever:off=on",)).warnings == ()


def test_a_warning_of_a_pin_in_the_workbook_names_its_cell() -> None:
    """The cell is that of the target in Scenarios."""
    raw = with_scenario(WHOLE, row("pin", "dual_use", 3))
    warning = scenario.apply(opened(raw).portfolio, "new").warnings[0]
    assert (warning.sheet, warning.cell, warning.value) == ("Scenarios", f"C{len(raw['Scenarios']) + 1}", "dual_use")


# ----------------------------------------------------------------------------------------------- problems


@pytest.mark.parametrize(("text", "row_number"), [("pin:training=2.005", 7), ("programme_maximum:hub=0.005", 8)])
def test_a_range_without_a_publishable_amount_is_a_problem_of_the_input(text: str, row_number: int) -> None:
    """A pin that is not whole, or a range that rounding empties, is refused with the programme's row (exit code 1)."""
    with pytest.raises(InputProblems) as caught:
        whole(text)
    assert {(problem.sheet, problem.cell[1:]) for problem in caught.value.problems} == {("Programmes", str(row_number))}
    assert caught.value.exit_code == 1


def test_levers_that_make_two_synergies_of_a_pair_exist_are_a_problem_of_the_input() -> None:
    """Each alone is legal, with a warning; both together are refused at the later row, and are no plan for `levers`."""
    raw = copy.deepcopy(dict(minimal()))
    raw["Levers"] = [line(lever="a"), line(lever="b")]
    twin = line(programme_a="wells", programme_b="roads", ratio=1, objective="health", score=1)
    raw["Synergies"] = [twin | {"synergy": name, "requires": lever} for name, lever in (("y", "a"), ("z", "b"))]
    assert len(applied(raw, "lever:a=on").synergies) == 1
    with pytest.raises(InputProblems) as caught:
        applied(raw, "lever:a=on", "lever:b=on")
    (problem,) = caught.value.problems
    assert (problem.sheet, problem.value) == ("Synergies", "z")
    assert problem.cell.endswith("3")
    assert "Row 2 pairs the same programmes" in str(problem.problem)
    assert frozenset({"a", "b"}) in levers(opened(raw)).infeasible


def test_a_maximum_between_two_publish_units_rounds_down() -> None:
    """A maximum of 1.001 leaves 1 to spend: that is no problem."""
    assert whole("programme_maximum:hub=1.001").programmes["hub"].floor == 1


REFUSED = [
    ("budget_factor", "write ITEM:TARGET=VALUE"),
    ("=3", "write ITEM:TARGET=VALUE"),
    ("", "write ITEM:TARGET=VALUE"),
    (":GRANT=3", "write ITEM:TARGET=VALUE"),
    ("bugdet_factor=1", "no such scenario item; did you mean budget_factor?"),
    ("budget_factor:GRNAT=1", "GRNAT: no such target of budget_factor; did you mean GRANT?"),
    ("budget_factor:SEA=1", "SEA: no such target of budget_factor"),
    ("weight_factor:SEA/peace=1", "no such target of weight_factor; did you mean"),
    ("weight_factor:GRANT=1", "no such target"),
    ("effect_factor:SEA=1", "no such target"),
    ("cost_factor:SEA=1", "no such target"),
    ("cost_factor:odaa=1", "did you mean oda?"),
    ("resource_factor:GRANT=1", "no such target"),
    ("limit_value:risk_cop=0.1", "did you mean risk_cap?"),
    ("programme_maximum:oda=1", "no such target"),
    ("lever:p3=on", "p3: no such target of lever"),
    ("lever=on", "lever needs a target"),
    ("pin=3", "pin needs a target"),
    ("limit_value=3", "limit_value needs a target"),
    ("programme_maximum=3", "programme_maximum needs a target"),
    ("lever:p1=perhaps", "lever:p1=perhaps"),
    ("budget_factor=much", "budget_factor=much"),
    ("budget_factor=", "budget_factor="),
    ("budget_factor=nan", "nan"),
    ("budget_factor=inf", "inf"),
    ("budget_factor=1e400", "1e400"),
    ("budget_factor=0,9", "0,9"),
    ("budget_factor=1_0", "1_0"),
    ("budget_factor=٣", "٣"),
    ("budget_factor=5%", "5%"),
    ("budget_factor=-1", "budget_factor=-1"),
    ("budget_factor:GRANT=0.5=3", "GRANT=0.5: no such target of budget_factor; did you mean GRANT?"),
    ("cost_factor=0", "cost_factor=0"),
    ("cost_factor:oda=-1", "cost_factor:oda=-1"),
    ("need_factor=0", "need"),
    ("weight_factor=0", "weight"),
    ("pin:hub=-1", "pin:hub=-1"),
    ("pin:hub@2030=1", "2027 to 2029"),
    ("pin:hub@2026=1", "2027 to 2029"),
    ("pin:hub@soon=1", "2027 to 2029"),
    ("pin:hub@=1", "2027 to 2029"),
    ("weight_factor:SEA@2027=1", "takes no year"),
    ("lever:p1@2027=on", "takes no year"),
    ("limit_value:risk_cap@2028=0.4", "takes no year"),
]


@pytest.mark.parametrize(("text", "told"), REFUSED, ids=[text or "nothing" for text, _ in REFUSED])
def test_a_set_that_means_nothing_is_wrong_usage(text: str, told: str) -> None:
    """Every mistake in --set is told in a sentence, with the nearest name where there is one; exit code 2."""
    with pytest.raises(WrongUsage) as caught:
        whole(text)
    assert told in str(caught.value)
    assert caught.value.exit_code == 2


def test_one_item_is_set_once() -> None:
    """Two values for one item, target and year are refused; other targets and years are other items."""
    with pytest.raises(WrongUsage, match="twice"):
        whole("budget_factor:GRANT=0.9", "budget_factor:GRANT=0.8")
    with pytest.raises(WrongUsage, match="twice"):
        whole("lever:p1=on", "lever:p1=on")
    assert whole("budget_factor=0.9", "budget_factor:GRANT=0.9", "budget_factor:GRANT@2027=0.9")


def test_weights_that_are_only_together_zero_are_refused() -> None:
    """A scenario and a --set that leave no weight above zero between them are told, not divided by."""
    raw = with_scenario(WHOLE, row("weight_factor", "SEA", 0))
    assert applied(raw, name="new")
    with pytest.raises(HaibunError) as caught:
        applied(raw, "weight_factor:EHA=0", name="new")
    assert caught.value.exit_code in (1, 2)


def test_an_unknown_scenario_is_wrong_usage() -> None:
    """The nearest scenario is suggested."""
    with pytest.raises(WrongUsage, match="austerty: no such scenario; did you mean austerity"):
        whole(name="austerty")
    with pytest.raises(WrongUsage, match="no such scenario"):
        applied(minimal(), name="all")


@pytest.mark.parametrize("year", ["2028", "FY2028", "2028年度", "２０２８", "令和10年度", " 2028 "])
def test_a_year_is_read_as_in_the_workbook(year: str) -> None:
    """2028, FY2028, 2028年度 and 令和10年度 are one year."""
    assert whole(f"pin:counter_piracy@{year}=9").programmes["counter_piracy"].pins == {1: 9}


@pytest.mark.parametrize(
    ("text", "factor"),
    [
        ("budget_factor=0.9", "0.9"),
        ("budget_factor:=0.9", "0.9"),
        ("予算倍率:GRANT=0.9", "0.9"),
        ("Budget_Factor:GRANT=０．９", "0.9"),
        (" budget_factor : GRANT = .9 ", "0.9"),
        ("ｂｕｄｇｅｔ＿ｆａｃｔｏｒ：ＧＲＡＮＴ＝０．９", "0.9"),
        ("budget_factor=1e-1", "0.1"),
        ("budget_factor=1,000", "1000"),
        ("budget_factor=0.1234567890123456", "0.123456789012346"),
    ],
)
def test_a_number_is_read_as_in_the_workbook(text: str, factor: str) -> None:
    """Spaces, full-width signs, thousands separators and powers of ten; its decimal at 15 significant digits."""
    assert money(whole(text))["GRANT"][0] == 60 * Fraction(factor)
