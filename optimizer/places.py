"""From a row of the model back to the sheet and cell that made it."""

from __future__ import annotations

from collections.abc import Mapping

from optimizer.errors import Place
from optimizer.fiscal import listed, year_name
from optimizer.portfolio import Account, Limit, Portfolio, Programme, Resource, ScenarioItem
from optimizer.words import Name, Words, name_of, say

Key = tuple[str | int, ...]

SHEET_OF = {
    "attainment": "Priorities",
    "synergy_at_most_first_partner": "Synergies",
    "synergy_at_most_second_partner": "Synergies",
    "synergies_divide_second_partner": "Programmes",
    "budget": "Accounts",
    "minimum": "Programmes",
    "indivisible_at_least": "Programmes",
    "indivisible_at_most": "Programmes",
    "ramp_up": "Programmes",
    "ramp_down": "Programmes",
    "commitment": "Programmes",
    "commitment_to_choice": "Programmes",
    "resource": "Resources",
    "pin": "Scenarios",
    "limit_on_spending": "Limits",
    "limit_on_value": "Limits",
    "limit_on_risk": "Limits",
    "limit_on_harm": "Limits",
    "limit_on_attainment": "Limits",
}
COLUMN_OF = {
    "attainment": "need",
    "minimum": "minimum",
    "indivisible_at_least": "minimum",
    "indivisible_at_most": "maximum",
    "ramp_up": "ramp",
    "ramp_down": "ramp",
    "commitment": "commitment",
    "commitment_to_choice": "commitment",
    "pin": "value",
    "limit_on_spending": "value",
    "limit_on_value": "value",
    "limit_on_risk": "value",
    "limit_on_harm": "value",
    "limit_on_attainment": "value",
}
PHRASES: Mapping[str, Words] = {
    "attainment": say("what attains the score"),
    "synergy_at_most_first_partner": say("the first partner of a synergy"),
    "synergy_at_most_second_partner": say("the second partner of a synergy"),
    "synergies_divide_second_partner": say("the second partner that several synergies divide"),
    "budget": say("the appropriation"),
    "minimum": say("the minimum"),
    "indivisible_at_least": say("the minimum of an indivisible programme"),
    "indivisible_at_most": say("the maximum of an indivisible programme"),
    "ramp_up": say("the largest growth in a year"),
    "ramp_down": say("the largest fall in a year"),
    "commitment": say("the commitment not to shrink"),
    "commitment_to_choice": say("the commitment to stay chosen"),
    "resource": say("the resource"),
    "pin": say("the pin"),
    "limit_on_spending": say("the limit on spending"),
    "limit_on_value": say("the limit on value"),
    "limit_on_risk": say("the limit on risk"),
    "limit_on_harm": say("the limit on harm"),
    "limit_on_attainment": say("the floor of attainment"),
}


def place_of(portfolio: Portfolio, key: Key) -> Place:
    """The sheet, cell, id and name behind a model row."""
    constraint, first = str(key[0]), str(key[1])
    sheet = SHEET_OF[constraint]
    table = portfolio.tables[sheet]
    row, ident, name = _record(portfolio, constraint, key)
    year = key[-1]
    column: str | int = COLUMN_OF.get(constraint, "")
    if sheet in ("Accounts", "Resources") and isinstance(year, int):
        column = portfolio.settings.first_year + year
    if sheet == "Scenarios":
        pins = [i for i in portfolio.scenario_items if i.item == "pin" and i.target == first and i.year in (None, year)]
        row = min(pins, key=lambda item: item.year is None).row if pins else 0
    cell = table.cell(column, row) if column and row else ""
    if not cell and row:
        cell = f"A{row}"
    return Place(table.title, cell, ident, name)


def phrase_of(portfolio: Portfolio, key: Key) -> Words:
    """A row in words: what it is, of which record, and when."""
    said = {"what": PHRASES[str(key[0])], "name": place_of(portfolio, key).name}
    has_a_name = SHEET_OF[str(key[0])] in ("Limits", "Resources")
    rule = say("{what} “{name}”", **said) if has_a_name else say("{what} of {name}", **said)
    if isinstance(key[-1], int):
        return say(IN_A_YEAR, rule=rule, year=year_name(portfolio.settings.first_year + key[-1]))
    return rule


IN_A_YEAR = "{rule} in {year}"
PHRASES_OF_ITS_OWN: Mapping[str, Words] = {
    "ramp_up": say("its largest growth in a year"),
    "ramp_down": say("its largest fall from this year to the next"),
    "commitment": say("its commitment not to shrink in the following year"),
}
"""Rows that stop a programme from getting more and speak of nothing else, for a place that names the programme."""


def without_year(words: Words) -> Words:
    """A sentence that names rows, without the years of these, for a place that names its years itself."""
    if words.pattern == IN_A_YEAR:
        rule = words.values["rule"]
        assert isinstance(rule, Words)  # noqa: S101  (for the type checker)
        return rule
    if not words.values:
        return words
    values = {key: without_year(v) if isinstance(v, Words) else v for key, v in words.values.items()}
    return say(words.pattern, **values)


def rule_in_words(portfolio: Portfolio, key: Key) -> Words:
    """A row in words, with the sheet and cell that it comes from."""
    return _with_cell(portfolio, key, phrase_of(portfolio, key))


def own_rule_in_words(portfolio: Portfolio, key: Key) -> Words:
    """The same said of the programme that it stops: a row of its own does not name it again."""
    return _with_cell(portfolio, key, own_phrase_of(portfolio, key))


def own_phrase_of(portfolio: Portfolio, key: Key) -> Words:
    """A row that stops a programme, for a place that names the programme."""
    return PHRASES_OF_ITS_OWN.get(str(key[0])) or phrase_of(portfolio, key)


def _with_cell(portfolio: Portfolio, key: Key, rule: Words) -> Words:
    """With where the number stands, and what a scenario or the command line makes of it."""
    place = place_of(portfolio, key)
    said = {"rule": rule, "sheet": place.sheet, "cell": place.cell}
    scenarios = portfolio.tables["Scenarios"]
    changes = [
        Name(f"{scenarios.title} {scenarios.cell('value', item.row)}") if item.row else say("the command line")
        for item in portfolio.scenario_items
        if item.item != "pin" and sets_the_number_of(item, key)
    ]
    if not changes:
        return say("{rule} ({sheet} {cell})", **said)
    return say("{rule} ({sheet} {cell}, as changed by {changes})", **said, changes=listed(changes))


def sets_the_number_of(item: ScenarioItem, key: Key) -> bool:
    """Whether a scenario item gives the number that a model row answers to."""
    constraint, first, last = str(key[0]), str(key[1]), key[-1]
    in_year = item.target in ("", first) and item.year in (None, last)
    return (
        (item.item == "budget_factor" and constraint == "budget" and in_year)
        or (item.item == "resource_factor" and constraint == "resource" and in_year)
        or (item.item == "limit_value" and constraint.startswith("limit_on") and item.target == first)
        or (item.item == "pin" and constraint == "pin" and in_year)
    )


def _record(portfolio: Portfolio, constraint: str, key: Key) -> tuple[int, str, Words]:
    first = str(key[1])
    if constraint == "attainment":
        objective_id = str(key[2])
        region, objective = portfolio.regions[first], portfolio.objectives[objective_id]
        name = Name(f"{region.name}, {objective.name}", japanese=f"{region.name_ja}・{objective.name_ja}")
        return portfolio.priorities[first, objective_id].row, f"{first}/{objective_id}", name
    if SHEET_OF[constraint] == "Synergies":
        synergy = portfolio.synergies[first]
        return synergy.row, first, Name(first)
    sheets: dict[str, Mapping[str, Programme | Account | Resource | Limit]] = {
        "Programmes": portfolio.programmes,
        "Scenarios": portfolio.programmes,
        "Accounts": portfolio.accounts,
        "Resources": portfolio.resources,
        "Limits": portfolio.limits,
    }
    records = sheets[SHEET_OF[constraint]]
    return records[first].row, first, name_of(records[first])
