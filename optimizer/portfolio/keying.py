"""From checked tables to the portfolio: keys, defaults that depend on other rows, years as offsets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from optimizer.checks import Checked
from optimizer.portfolio.records import (
    STRAIGHT,
    Account,
    Country,
    Effect,
    Lever,
    Limit,
    Objective,
    Portfolio,
    Priority,
    Programme,
    Region,
    Resource,
    ResourceUse,
    ScenarioItem,
    Scope,
    Segment,
    Settings,
    Switch,
    Synergy,
    Transfer,
)
from optimizer.workbook import Record, Table

Curves = Mapping[str, tuple[Segment, ...]]


def portfolio_of(checked: Checked) -> Portfolio:
    """Key and complete the tables of a workbook without problems.

    Defaults that need other rows are resolved here: a programme's region and fragility from its country,
    its scale from its maximum, its years from the horizon, an effect's region from its programme.
    """
    tables = checked.tables
    settings = Settings(**checked.settings)
    curves = _curves(tables["Curves"])
    countries = {country.id: country for country in map(_country, tables["Countries"].records)}
    accounts = {account.id: account for account in (_account(r, settings) for r in tables["Accounts"].records)}
    programmes = {
        programme.id: programme
        for programme in (_programme(r, settings, countries, accounts, curves) for r in tables["Programmes"].records)
    }
    return Portfolio(
        settings=settings,
        regions={r.values["region"]: _region(r) for r in tables["Regions"].records},
        countries=countries,
        objectives={r.values["objective"]: _objective(r) for r in tables["Objectives"].records},
        priorities={
            (r.values["region"], r.values["objective"]): _priority(r, curves) for r in tables["Priorities"].records
        },
        accounts=accounts,
        transfers=[_transfer(r) for r in tables["Transfers"].records],
        programmes=programmes,
        effects=[_effect(r, programmes) for r in tables["Effects"].records],
        resources={r.values["resource"]: _resource(r, settings) for r in tables["Resources"].records},
        resource_uses=[_resource_use(r) for r in tables["ResourceUse"].records],
        synergies={r.values["synergy"]: _synergy(r) for r in tables["Synergies"].records},
        limits={r.values["limit"]: _limit(r, settings) for r in tables["Limits"].records},
        levers={r.values["lever"]: _lever(r) for r in tables["Levers"].records},
        scenario_items=[_scenario_item(r, settings) for r in tables["Scenarios"].records],
        tables=tables,
    )


def _switch(values: Mapping[str, Any]) -> Switch:
    return Switch(values["requires"], values["unless"])


def _names(values: Mapping[str, Any], key: str) -> tuple[str, str]:
    """Both names; where one is blank the other stands for it, and the id where both are."""
    english, japanese = values["name"], values["name_ja"]
    return english or japanese or values[key], japanese or english or values[key]


def _curves(table: Table) -> Curves:
    rows = sorted(table.records, key=lambda r: (r.values["curve"], r.values["segment"]))
    curves: dict[str, list[Segment]] = defaultdict(list)
    for record in rows:
        curves[record.values["curve"]].append(Segment(record.values["up_to"], record.values["rate"]))
    return {name: tuple(segments) for name, segments in curves.items()}


def _region(record: Record) -> Region:
    return Region(record.values["region"], *_names(record.values, "region"), row=record.row)


def _country(record: Record) -> Country:
    values = record.values
    return Country(
        values["country"],
        values["region"],
        *_names(values, "country"),
        fragile=values["fragile"],
        row=record.row,
    )


def _objective(record: Record) -> Objective:
    values = record.values
    return Objective(values["objective"], values["freedom"], *_names(values, "objective"), row=record.row)


def _priority(record: Record, curves: Curves) -> Priority:
    values = record.values
    return Priority(
        values["region"],
        values["objective"],
        values["weight"],
        values["need"],
        curve=curves[values["curve"]] if values["curve"] else STRAIGHT,
        curved=bool(values["curve"]),
        row=record.row,
    )


def _amounts(record: Record, settings: Settings) -> tuple[Fraction, ...]:
    return tuple(record.years[settings.first_year + offset] for offset in range(settings.years))


def _account(record: Record, settings: Settings) -> Account:
    values = record.values
    return Account(
        values["account"],
        values["agency"] or "",
        *_names(values, "account"),
        kind=values["kind"],
        carry_over=values["carry_over"],
        appropriation=_amounts(record, settings),
        row=record.row,
    )


def _transfer(record: Record) -> Transfer:
    values = record.values
    return Transfer(values["from_account"], values["to_account"], values["max_share"], _switch(values), row=record.row)


def _programme(
    record: Record,
    settings: Settings,
    countries: Mapping[str, Country],
    accounts: Mapping[str, Account],
    curves: Curves,
) -> Programme:
    values = record.values
    country = countries.get(values["country"] or "")
    starts = 0 if values["start"] is None else max(0, values["start"] - settings.first_year)
    last = settings.years - 1
    ends = last if values["end"] is None else min(last, values["end"] - settings.first_year)
    fragile = values["fragile"]
    minimum = values["minimum"]
    return Programme(
        values["programme"],
        family=values["family"],
        account=values["account"],
        agency=accounts[values["account"]].agency,
        region=country.region if country else values["region"],
        country=country.id if country else "",
        instrument=values["instrument"] or "",
        name=_names(values, "programme")[0],
        name_ja=_names(values, "programme")[1],
        maximum=values["maximum"],
        minimum=Fraction(0) if minimum is None and not values["indivisible"] else minimum,
        scale=values["maximum"] if values["scale"] is None else values["scale"],
        baseline=values["baseline"],
        ramp=values["ramp"],
        first=starts,
        last=ends,
        commitment=values["commitment"],
        indivisible=values["indivisible"],
        curve=curves[values["curve"]] if values["curve"] else STRAIGHT,
        risk=values["risk"],
        leverage=values["leverage"],
        fragile=(country.fragile if country else False) if fragile is None else fragile,
        tags=values["tags"],
        switch=_switch(values),
        source=values["source"] or "",
        row=record.row,
    )


def _effect(record: Record, programmes: Mapping[str, Programme]) -> Effect:
    values = record.values
    return Effect(
        values["programme"],
        values["objective"],
        region=values["region"] or programmes[values["programme"]].region,
        score=values["score"],
        lag=int(values["lag"]),
        low=values["low"],
        high=values["high"],
        switch=_switch(values),
        source=values["source"] or "",
        row=record.row,
    )


def _resource(record: Record, settings: Settings) -> Resource:
    values = record.values
    return Resource(
        values["resource"],
        *_names(values, "resource"),
        unit=values["unit"] or "",
        available=_amounts(record, settings),
        row=record.row,
    )


def _resource_use(record: Record) -> ResourceUse:
    values = record.values
    return ResourceUse(
        values["programme"],
        values["resource"],
        uses=values["uses"],
        builds=values["builds"],
        delay=int(values["delay"]),
        life=None if values["life"] is None else int(values["life"]),
        switch=_switch(values),
        row=record.row,
    )


def _synergy(record: Record) -> Synergy:
    values = record.values
    return Synergy(
        values["synergy"],
        values["programme_a"],
        values["programme_b"],
        ratio=values["ratio"],
        objective=values["objective"],
        score=values["score"],
        shared=values["shared"],
        switch=_switch(values),
        source=values["source"] or "",
        row=record.row,
    )


def _scope(values: Mapping[str, Any], prefix: str = "") -> Scope:
    columns = ("programme", "family", "instrument", "region", "country", "account", "agency", "tag")
    pair = {} if prefix else {name: values[name] or "" for name in ("objective", "freedom")}
    return Scope(
        **{name: values[prefix + name] or "" for name in columns},
        fragile=values[prefix + "fragile"] is True,
        **pair,
    )


def _limit(record: Record, settings: Settings) -> Limit:
    values = record.values
    year = values["year"]
    return Limit(
        values["limit"],
        *_names(values, "limit"),
        measure=values["measure"],
        sense=values["sense"],
        value=values["value"],
        scope=_scope(values),
        basis=values["basis"],
        of_scope=_scope(values, "of_"),
        year=year - settings.first_year if isinstance(year, int) else year,
        kind=values["kind"],
        switch=_switch(values),
        source=values["source"] or "",
        row=record.row,
    )


def _lever(record: Record) -> Lever:
    values = record.values
    proposal = values["proposal"]
    return Lever(
        values["lever"],
        *_names(values, "lever"),
        proposal=None if proposal is None else int(proposal),
        default=values["default"],
        note=values["note"] or "",
        row=record.row,
    )


def _scenario_item(record: Record, settings: Settings) -> ScenarioItem:
    values = record.values
    year = values["year"]
    return ScenarioItem(
        values["scenario"],
        values["item"],
        target=values["target"] or "",
        value=values["value"],
        year=None if year is None else year - settings.first_year,
        row=record.row,
    )
