"""Scenarios: levers and overrides, portfolio → portfolio.

What overrides what, from the weakest: the workbook's own number; factors of the scenario and of ``--set``
(all multiply); other items of the scenario; other items of ``--set``. A pin with a year stands before a pin
without one. The scenario ``base`` without rows is the workbook as written.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

from optimizer import schema
from optimizer.checks.cells import Fault, value_of, year_of
from optimizer.checks.limits import NO_PROGRAMME, NO_PROGRAMME_IN_THE_WHOLE, not_there
from optimizer.checks.scenarios import canonical_target, column_of
from optimizer.errors import InputProblems, Problem, WrongUsage
from optimizer.portfolio import (
    Account,
    Effect,
    Limit,
    Number,
    Portfolio,
    Priority,
    Programme,
    Resource,
    ResourceUse,
    ScenarioItem,
    Scope,
    Synergy,
)
from optimizer.schema import Item
from optimizer.words import Words, say

BASE = schema.BASE
FACTORS = tuple(item.name for item in schema.ITEMS.values() if item.factor)
REPLACEMENTS = tuple(item.name for item in schema.ITEMS.values() if not item.factor)
FEW_ENOUGH_TO_LIST = 12


@dataclass(frozen=True)
class Scenario:
    """A portfolio under one scenario, with what a reader should know of it."""

    portfolio: Portfolio
    name: str
    sets: tuple[str, ...]
    items: Sequence[ScenarioItem]
    book: Portfolio

    @cached_property
    def warnings(self) -> tuple[Problem, ...]:
        """What is legal but odd."""
        found = _pins_without_effect(self.portfolio, self.items)
        return (*found, *_limits_without_programmes(self.book, self.portfolio))


def scenarios_of(portfolio: Portfolio) -> list[str]:
    """The scenarios that the workbook names, in its order, ``base`` first."""
    return list(dict.fromkeys([BASE, *(item.scenario for item in portfolio.scenario_items)]))


def apply(portfolio: Portfolio, name: str = BASE, sets: Sequence[str] = ()) -> Scenario:
    """The portfolio under scenario ``name`` and the ``--set`` items, with only the rows that are active.

    Raises ``WrongUsage`` for an unknown scenario, item or target, and ``InputProblems`` where the scenario
    leaves a programme no range to spend in, or makes two synergies of one pair and objective exist.
    """
    items = items_of(portfolio, name, sets)
    return Scenario(under(portfolio, items), name, tuple(sets), items, portfolio)


def items_of(portfolio: Portfolio, name: str = BASE, sets: Sequence[str] = ()) -> list[ScenarioItem]:
    """What a scenario and ``--set`` change together; rows that ``--set`` replaces are left out.

    Raises ``WrongUsage`` for an unknown scenario, item or target.
    """
    if name not in scenarios_of(portfolio):
        raise WrongUsage(unknown(say("scenario"), name, scenarios_of(portfolio)))
    return _merged(
        [item for item in portfolio.scenario_items if item.scenario == name],
        [item_set(text, portfolio) for text in sets],
    )


def under(portfolio: Portfolio, items: list[ScenarioItem]) -> Portfolio:
    """The portfolio under any items, at most one for each item, target and year, with only the rows that are active.

    Raises what ``apply`` raises.
    """
    levers = {lever.id: lever.default for lever in portfolio.levers.values()}
    levers |= {item.target: bool(item.value) for item in items if item.item == "lever"}
    active = _with_active_rows(portfolio.with_changes(levers_on=levers))
    changed = _with_replacements(_with_factors(active, items), items).with_changes(scenario_items=items)
    if not any(priority.weight for priority in changed.priorities.values()):
        raise WrongUsage(say("All weights are 0 in this scenario, so no plan is better than another."))
    problems = [*_twin_synergies(changed), *_ranges_left_empty(changed)]
    if problems:
        raise InputProblems(problems)
    return changed


def with_cost(portfolio: Portfolio, programme: str, factor: float) -> Portfolio:
    """An active portfolio in which one programme's ``cost_factor`` is multiplied by ``factor``."""
    return _with_scaled_costs(
        portfolio, [ScenarioItem("--set", "cost_factor", programme, Fraction(factor), None, row=0)]
    )


def targets_of(portfolio: Portfolio, item: str) -> list[str]:
    """Every target that a scenario item may name."""
    pairs = [f"{region}/{objective}" for region, objective in portfolio.priorities]
    programmes = portfolio.programmes.values()
    return list(
        {
            "lever": list(portfolio.levers),
            "budget_factor": list(portfolio.accounts),
            "weight_factor": [*portfolio.regions, *portfolio.objectives, *pairs],
            "need_factor": [*portfolio.regions, *portfolio.objectives, *pairs],
            "effect_factor": [*portfolio.programmes, *portfolio.objectives],
            "cost_factor": [
                *portfolio.programmes,
                *schema.SHEETS["Programmes"].columns["family"].choices,
                *dict.fromkeys(p.instrument for p in programmes if p.instrument),
                *portfolio.accounts,
            ],
            "resource_factor": list(portfolio.resources),
            "limit_value": list(portfolio.limits),
            "programme_maximum": list(portfolio.programmes),
            "pin": list(portfolio.programmes),
        }[item]
    )


def as_typed(item: ScenarioItem, first_year: int) -> str:
    """A scenario's row as it would be typed after ``--set``."""
    value = ("on" if item.value else "off") if isinstance(item.value, bool) else f"{float(item.value):.15g}"
    target = f":{item.target}" if item.target else ""
    year = "" if item.year is None else f"@{first_year + item.year}"
    return f"{item.item}{target}{year}={value}"


def label_of(item: ScenarioItem) -> str:
    """An item and its target, whatever the year and the value."""
    return f"{item.item}:{item.target}".strip(":")


def sets_called(label: str, sets: Sequence[str], portfolio: Portfolio) -> list[str]:
    """Those of the ``--set`` items that have a label, as they were given."""
    return [text for text in sets if label_of(item_set(text, portfolio)) == label]


def unknown(kind: Words, found: str, known: Iterable[str]) -> Words:
    """That ``found`` does not exist, and what may have been meant."""
    names = {name.casefold(): name for name in known}
    near = [name for name in names if found and name.startswith(found.casefold())]
    near = near or difflib.get_close_matches(found.casefold(), names, n=1)
    if near:
        return say("{found}: no such {kind}; did you mean {near}?", found=found, kind=kind, near=names[near[0]])
    if 0 < len(names) <= FEW_ENOUGH_TO_LIST:
        return say(
            "{found}: no such {kind}; there are {known}.", found=found, kind=kind, known=", ".join(names.values())
        )
    return say("{found}: no such {kind}.", found=found, kind=kind)


def item_set(text: str, portfolio: Portfolio) -> ScenarioItem:
    """Read ``ITEM[:TARGET][@YEAR]=VALUE`` of ``--set``. Raises ``WrongUsage``."""
    text = unicodedata.normalize("NFKC", text)
    left, equals, right = text.rpartition("=")
    left, at, year_text = left.strip().partition("@")
    name, _, target = (part.strip() for part in left.partition(":"))
    if not equals or not name:
        raise WrongUsage(say("{text}: write ITEM:TARGET=VALUE, such as budget_factor=0.9.", text=text))
    name = _item_called(name)
    item, target = schema.ITEMS[name], canonical_target(target, name, lambda: targets_of(portfolio, name))
    if target and target not in targets_of(portfolio, name):
        raise WrongUsage(unknown(say("target of {item}", item=name), target, targets_of(portfolio, name)))
    if not target and not item.factor:
        raise WrongUsage(say("{text}: {item} needs a target.", text=text, item=name))
    try:
        value = value_of(right.strip(), column_of(item))
    except Fault as fault:
        raise WrongUsage(say("{text}: {problem} {fix}", text=text, problem=fault.problem, fix=fault.fix)) from None
    year = _year_offset(year_text.strip(), item, portfolio, text) if at else None
    return ScenarioItem("--set", name, target, value, year, row=0)


def _item_called(name: str) -> str:
    """A scenario item by any of its names in the workbook."""
    try:
        return str(value_of(name, schema.SHEETS["Scenarios"].columns["item"]))
    except Fault:
        raise WrongUsage(unknown(say("scenario item"), name, schema.ITEMS)) from None


def _year_offset(year_text: str, item: Item, portfolio: Portfolio, text: str) -> int:
    settings = portfolio.settings
    if not item.year:
        raise WrongUsage(say("{text}: {item} takes no year.", text=text, item=item.name))
    year = year_of(year_text)
    if year is not None and 0 <= year - settings.first_year < settings.years:
        return year - settings.first_year
    last = settings.first_year + settings.years - 1
    raise WrongUsage(
        say("{text}: the year must be one of {first} to {last}.", text=text, first=settings.first_year, last=last)
    )


def _merged(rows: list[ScenarioItem], sets: list[ScenarioItem]) -> list[ScenarioItem]:
    """Scenario rows and ``--set`` items together: factors multiply, other items of ``--set`` replace."""
    seen: dict[tuple[str, str, int | None], ScenarioItem] = {}
    for item in sets:
        key = (item.item, item.target, item.year)
        if key in seen:
            raise WrongUsage(say("{item} is set twice.", item=label_of(item)))
        seen[key] = item
    replaced = {key for key in seen if key[0] in REPLACEMENTS}
    kept = [row for row in rows if (row.item, row.target, row.year) not in replaced]
    return [*kept, *sets]


def _with_active_rows(portfolio: Portfolio) -> Portfolio:
    """Drop every row whose levers are off, and the rows that speak of a programme that is off."""
    levers = portfolio.levers_on

    def is_on(record: Effect | ResourceUse | Synergy | Limit | Programme) -> bool:
        return record.switch.is_on(levers)

    programmes = {key: p for key, p in portfolio.programmes.items() if is_on(p)}
    return portfolio.with_changes(
        programmes=programmes,
        transfers=[t for t in portfolio.transfers if t.switch.is_on(levers)],
        effects=[e for e in portfolio.effects if is_on(e) and e.programme in programmes],
        resource_uses=[u for u in portfolio.resource_uses if is_on(u) and u.programme in programmes],
        synergies={
            key: s
            for key, s in portfolio.synergies.items()
            if is_on(s) and s.programme_a in programmes and s.programme_b in programmes
        },
        limits={key: limit for key, limit in portfolio.limits.items() if is_on(limit)},
    )


def _factor(items: Iterable[ScenarioItem], item: str, names: Callable[[ScenarioItem], bool]) -> Number:
    product = Fraction(1)
    for row in items:
        if row.item == item and names(row):
            product *= Fraction(row.value)
    return product


def _with_factors(portfolio: Portfolio, items: list[ScenarioItem]) -> Portfolio:
    """Every factor applied. A record that no factor touches stays the same object, so that what follows from it may."""
    given = {row.item for row in items if row.item in FACTORS}
    if "budget_factor" in given:
        portfolio = _with_scaled_accounts(portfolio, items)
    if "resource_factor" in given:
        portfolio = _with_scaled_resources(portfolio, items)
    if given & {"weight_factor", "need_factor"}:
        portfolio = _with_scaled_priorities(portfolio, items)
    if "effect_factor" in given:
        portfolio = _with_scaled_effects(portfolio, items)
    return _with_scaled_costs(portfolio, items) if "cost_factor" in given else portfolio


def _named(*names: str) -> Callable[[ScenarioItem], bool]:
    return lambda row: row.target == "" or row.target in names


def _by_year(amounts: Sequence[Number], items: list[ScenarioItem], item: str, name: str) -> tuple[Number, ...]:
    return tuple(
        amount * _factor((r for r in items if r.year in (None, year)), item, _named(name))
        for year, amount in enumerate(amounts)
    )


def _with_scaled_accounts(portfolio: Portfolio, items: list[ScenarioItem]) -> Portfolio:
    def scaled(account: Account) -> Account:
        return replace(account, appropriation=_by_year(account.appropriation, items, "budget_factor", account.id))

    return portfolio.with_changes(accounts={key: scaled(account) for key, account in portfolio.accounts.items()})


def _with_scaled_resources(portfolio: Portfolio, items: list[ScenarioItem]) -> Portfolio:
    def scaled(resource: Resource) -> Resource:
        return replace(resource, available=_by_year(resource.available, items, "resource_factor", resource.id))

    return portfolio.with_changes(resources={key: scaled(resource) for key, resource in portfolio.resources.items()})


def _with_scaled_priorities(portfolio: Portfolio, items: list[ScenarioItem]) -> Portfolio:
    def scaled(priority: Priority) -> Priority:
        region, objective = priority.region, priority.objective
        names = _named(region, objective, f"{region}/{objective}")
        weight, need = _factor(items, "weight_factor", names), _factor(items, "need_factor", names)
        if weight == need == 1:
            return priority
        return replace(priority, weight=priority.weight * weight, need=priority.need * need)

    return portfolio.with_changes(priorities={key: scaled(priority) for key, priority in portfolio.priorities.items()})


def _with_scaled_effects(portfolio: Portfolio, items: list[ScenarioItem]) -> Portfolio:
    factors: dict[tuple[str, str], Number] = {}

    def scaled(effect: Effect) -> Effect:
        names = (effect.programme, effect.objective)
        if names not in factors:
            factors[names] = _factor(items, "effect_factor", _named(*names))
        return effect if factors[names] == 1 else replace(effect, score=effect.score * factors[names])

    return portfolio.with_changes(effects=[scaled(effect) for effect in portfolio.effects])


def _with_scaled_costs(portfolio: Portfolio, items: list[ScenarioItem]) -> Portfolio:
    """One unit of money buys 1/factor: of points, of resources, of what leverage reaches."""
    factors = {
        p.id: _factor(items, "cost_factor", _named(p.id, p.family, p.instrument or p.id, p.account))
        for p in portfolio.programmes.values()
    }
    cost = {key: factor for key, factor in factors.items() if factor != 1}

    def scaled_effect(effect: Effect) -> Effect:
        if effect.programme not in cost:
            return effect
        return replace(effect, score=effect.score / cost[effect.programme])

    def scaled_use(use: ResourceUse) -> ResourceUse:
        if use.programme not in cost:
            return use
        return replace(use, uses=use.uses / cost[use.programme], builds=use.builds / cost[use.programme])

    def scaled_synergy(synergy: Synergy) -> Synergy:
        if synergy.programme_a not in cost:
            return synergy
        return replace(synergy, score=synergy.score / cost[synergy.programme_a])

    def scaled_programme(p: Programme) -> Programme:
        return replace(p, leverage=p.leverage / cost[p.id], cost=cost[p.id]) if p.id in cost else p

    return portfolio.with_changes(
        effects=[scaled_effect(effect) for effect in portfolio.effects],
        resource_uses=[scaled_use(use) for use in portfolio.resource_uses],
        synergies={key: scaled_synergy(synergy) for key, synergy in portfolio.synergies.items()},
        programmes={key: scaled_programme(programme) for key, programme in portfolio.programmes.items()},
    )


def _with_replacements(portfolio: Portfolio, items: list[ScenarioItem]) -> Portfolio:
    values = {(row.item, row.target, row.year): Fraction(row.value) for row in items if row.item in REPLACEMENTS}

    changed = {target for item, target, _ in values if item in ("programme_maximum", "pin")}

    def replaced(programme: Programme) -> Programme:
        if programme.id not in changed:
            return programme
        maximum = values.get(("programme_maximum", programme.id, None), programme.maximum)
        minimum = None if programme.minimum is None else min(programme.minimum, maximum)
        every_year = values.get(("pin", programme.id, None))
        pins = {} if every_year is None else dict.fromkeys(programme.years, every_year)
        pins |= {
            year: values["pin", programme.id, year] for year in programme.years if ("pin", programme.id, year) in values
        }
        return replace(programme, maximum=maximum, minimum=minimum, pins=pins)

    def revalued(limit: Limit) -> Limit:
        value = values.get(("limit_value", limit.id, None))
        return limit if value is None else replace(limit, value=value)

    if not values:
        return portfolio
    return portfolio.with_changes(
        programmes={key: replaced(programme) for key, programme in portfolio.programmes.items()},
        limits={key: revalued(limit) for key, limit in portfolio.limits.items()},
    )


def _twin_synergies(portfolio: Portfolio) -> list[Problem]:
    """Synergies of one pair and objective that exist together: of these only one may."""
    table = portfolio.tables["Synergies"]
    first: dict[tuple[str, str, str], Synergy] = {}
    problems = []
    for synergy in portfolio.synergies.values():
        other = first.setdefault((synergy.programme_a, synergy.programme_b, synergy.objective), synergy)
        if other is not synergy:
            problem = say(
                "Row {row} pairs the same programmes for the same objective under these levers.", row=other.row
            )
            fix = say("Give the rows levers that are never on together, or keep one row.")
            problems.append(Problem(table.title, table.cell("synergy", synergy.row), synergy.id, problem, fix))
    return problems


def _ranges_left_empty(portfolio: Portfolio) -> list[Problem]:
    """Pins that are no whole multiple of the publish unit, and ranges that rounding leaves empty."""
    unit = portfolio.settings.publish_unit
    table = portfolio.tables["Programmes"]
    problems = []
    for programme in portfolio.programmes.values():
        for year, pin in programme.pins.items():
            if pin % unit:
                problems.append(
                    Problem(
                        table.title,
                        table.cell("programme", programme.row),
                        f"{float(pin):g}",
                        say(
                            "The pin of {id} in {year} is not a whole multiple of the publish unit {unit}.",
                            id=programme.id,
                            year=portfolio.settings.first_year + year,
                            unit=f"{float(unit):g}",
                        ),
                        say("Pin an amount that is a multiple of the publish unit, or make the unit smaller."),
                    )
                )
        if programme.maximum // unit < -(-programme.floor // unit):
            problems.append(
                Problem(
                    table.title,
                    table.cell("minimum", programme.row) or table.cell("maximum", programme.row),
                    f"{float(programme.floor):g}",
                    say(
                        "{id}: no whole multiple of the publish unit {unit} lies between "
                        "its minimum {low} and its maximum {high}.",
                        id=programme.id,
                        unit=f"{float(unit):g}",
                        low=f"{float(programme.floor):g}",
                        high=f"{float(programme.maximum):g}",
                    ),
                    say("Widen the range to hold a multiple of the publish unit, or make the unit smaller."),
                )
            )
    return problems


def _pins_without_effect(portfolio: Portfolio, items: Sequence[ScenarioItem]) -> list[Problem]:
    table = portfolio.tables["Scenarios"]
    warnings = []
    for row in items:
        if row.item != "pin":
            continue
        programme = portfolio.programmes.get(row.target)
        if programme is None or not programme.years or (row.year is not None and row.year not in programme.years):
            warnings.append(
                Problem(
                    table.title,
                    table.cell("target", row.row) if row.row else "",
                    row.target,
                    say("The pin on {id} has no effect: the programme does not run then.", id=row.target),
                    say("Remove the pin, or switch the programme on and let it run in that year."),
                    severity="warning",
                )
            )
    return warnings


def _limits_without_programmes(portfolio: Portfolio, active: Portfolio) -> list[Problem]:
    """Limits that levers leave without a programme, at least in some years; ``check`` tells of those without any."""
    table, first = active.tables["Limits"], active.settings.first_year
    warnings = []
    for limit in active.limits.values():
        scopes = [(limit.scope, NO_PROGRAMME)] if limit.measure != "attainment" else []
        if limit.basis == "share" and limit.sense == "max":
            scopes.append((limit.of_scope, NO_PROGRAMME_IN_THE_WHOLE))
        for scope, what in scopes:
            there, still = _years_in(scope, portfolio), _years_in(scope, active)
            asked = {limit.year} if isinstance(limit.year, int) else there if limit.year is None or not still else set()
            if left := sorted((there - still) & asked):
                everywhere = len(left) == active.settings.years or limit.year is not None
                problem = not_there(what, () if everywhere else [first + year for year in left])
                fix = say("Nothing needs to be done if the levers are meant to take its programmes away.")
                place = table.cell("limit", limit.row)
                warnings.append(Problem(table.title, place, limit.id, problem, fix, severity="warning"))
    return warnings


def _years_in(scope: Scope, portfolio: Portfolio) -> set[int]:
    programmes = list(portfolio.programmes.values())
    inside = scope.holding(programmes)
    return {year for held, programme in zip(inside, programmes, strict=True) if held for year in programme.years}
