"""Scenarios side by side as compare.json and in sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from optimizer.errors import WrongUsage
from optimizer.fiscal import listed, year_name, years_named
from optimizer.portfolio import Portfolio, Programme, ScenarioItem
from optimizer.questions.compare import PLACES, ZERO, Change, Compared, Move, Part, Side, Versus, rounded
from optimizer.results import FREEDOM_NAMES, Result, family_name, scenario_name
from optimizer.scenario import as_typed, item_set
from optimizer.units import amount, signed, unit_name
from optimizer.words import Name, Words, name_of, say

MOST_MOVES = 10
SHOWN_PLACES = 4
ROUNDING = "rounding"
"""The entry of an attribution that is no row: what is left of the difference once amounts and points are rounded."""
DIMENSIONS: Mapping[str, Callable[[Programme], str]] = {
    "family": lambda p: p.family,
    "region": lambda p: p.region,
    "account": lambda p: p.account,
}
ROWS_IN_WORDS: Mapping[str, Callable[[Words, object], Words]] = {
    "lever": lambda target, value: say("{target}: {value}", target=target, value=value),
    "budget_factor": lambda target, value: say("Appropriations × {value} ({target})", target=target, value=value),
    "weight_factor": lambda target, value: say("Weights × {value} ({target})", target=target, value=value),
    "need_factor": lambda target, value: say("Needs × {value} ({target})", target=target, value=value),
    "effect_factor": lambda target, value: say("Effects × {value} ({target})", target=target, value=value),
    "cost_factor": lambda target, value: say("Costs × {value} ({target})", target=target, value=value),
    "resource_factor": lambda target, value: say("Resources × {value} ({target})", target=target, value=value),
    "limit_value": lambda target, value: say("Limit “{target}” set to {value}", target=target, value=value),
    "programme_maximum": lambda target, value: say("Maximum of {target} set to {value}", target=target, value=value),
    "pin": lambda target, value: say("{target} pinned at {value}", target=target, value=value),
}
IN_MONEY = ("programme_maximum", "pin")
"""Items whose value is an amount a year."""


# compare.json


def compare_as_dict(found: Compared, language: str) -> dict[str, object]:
    """compare.json. Money is summed over the horizon (``year``: over programmes), as published."""
    against: dict[str, dict[str, object]] = {v.side.name: _versus_as_dict(found, v, language) for v in found.others}
    return {
        "baseline": found.first.name,
        "scenarios": {side.name: _side_as_dict(side) | against.get(side.name, {}) for side in found.sides},
        "measure": found.measure,
        "set": list(found.sets),
        "unit": found.portfolio.settings.unit,
    }


def _side_as_dict(side: Side) -> dict[str, object]:
    result = side.result
    return {
        "score": _decimal(side.score),
        "score_at_base": _decimal(side.score_at_base),
        "bound": float(result.proof.bound),
        "gap": float(result.proof.gap),
        "attainment": {freedom: float(share) for freedom, share in attainments(result).items()},
        "totals": _floats(totals_of(result)),
    }


def _versus_as_dict(found: Compared, versus: Versus, language: str) -> dict[str, object]:
    first_year = found.portfolio.settings.first_year
    shares = versus.shares()
    attribution = {part_id(part, first_year): float(points) for part, points in shares}
    return {
        "difference": float(versus.difference()),
        "difference_at_base": float(
            rounded(versus.side.score_at_base, PLACES) - rounded(versus.first.score_at_base, PLACES)
        ),
        "differences": _floats(differences_of(versus)),
        "attribution": attribution | {ROUNDING: float(versus.rounding())},
        "rows": [_part_as_dict(found.portfolio, part, points, language) for part, points in shares],
        "orders": versus.orders,
        "combinations": versus.combinations,
        "infeasible": versus.infeasible,
        "moved": [_move_as_dict(found.portfolio, versus, move, language) for move in versus.moves],
    }


def _part_as_dict(portfolio: Portfolio, part: Part, points: Fraction, language: str) -> dict[str, object]:
    return {
        "id": part_id(part, portfolio.settings.first_year),
        "points": float(points),
        "rows": [
            {
                "sheet": portfolio.tables["Scenarios"].title,
                "cell": cell_of(portfolio, change),
                "scenario": change.row.scenario,
                "item": change.row.item,
                "target": change.row.target,
                "year": None if change.row.year is None else portfolio.settings.first_year + change.row.year,
                "before": None if change.before is None else _value(change.before.value),
                "after": None if change.after is None else _value(change.after.value),
                "name": change_in_words(portfolio, change).into(language),
            }
            for change in part.changes
        ],
    }


def _move_as_dict(portfolio: Portfolio, versus: Versus, move: Move, language: str) -> dict[str, object]:
    return {
        "programme": move.programme,
        "before": float(move.before),
        "after": float(move.after),
        "change": float(move.change),
        "year": None if move.line is None else portfolio.settings.first_year + move.line.year,
        "reason": reason_of(versus, move).into(language),
    }


def _value(value: Fraction | bool) -> float | str:
    return ("on" if value else "off") if isinstance(value, bool) else float(value)


def _decimal(value: Fraction) -> float:
    return float(rounded(value, PLACES))


def _floats(sums: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _floats(value) if isinstance(value, Mapping) else float(value) for key, value in sums.items()}


# What the report needs too


def totals_of(result: Result) -> dict[str, Any]:
    """Published money: all of it, and by family, region, account and fiscal year."""
    by_year = result.totals_by(lambda _: "").get("", [ZERO] * result.portfolio.settings.years)
    sums: dict[str, Any] = {"all": result.total()}
    for name, dimension in DIMENSIONS.items():
        sums[name] = result.sums_by(dimension)
    return sums | {"year": {str(result.fiscal_year(year)): amount for year, amount in enumerate(by_year)}}


def differences_of(versus: Versus) -> dict[str, Any]:
    """The same, less the first scenario's."""
    before, after = totals_of(versus.first.result), totals_of(versus.side.result)
    found: dict[str, Any] = {"all": after["all"] - before["all"]}
    for name in (*DIMENSIONS, "year"):
        labels = dict.fromkeys([*before[name], *after[name]])
        found[name] = {label: after[name].get(label, ZERO) - before[name].get(label, ZERO) for label in labels}
    return found


def attainments(result: Result) -> dict[str, Fraction]:
    """The weighted share of need met by freedom, by the scenario's own weights and needs."""
    objectives = result.portfolio.objectives
    found = {}
    for freedom in FREEDOM_NAMES:
        pairs = [pair for pair in result.portfolio.priorities if objectives[pair[1]].freedom == freedom]
        if pairs:
            found[freedom] = result.attainment(pairs)
    return found


def part_id(part: Part, first_year: int) -> str:
    """A part as its rows would be typed after --set; what the first scenario alone has comes after ``without``."""
    return "; ".join(_change_id(change, first_year) for change in part.changes)


def _change_id(change: Change, first_year: int) -> str:
    if change.after is None:
        return f"without {as_typed(change.row, first_year)}"
    was = "" if change.before is None else f" (was {as_typed(change.before, first_year).rpartition('=')[2]})"
    return as_typed(change.after, first_year) + was


def cell_of(portfolio: Portfolio, change: Change) -> str:
    """The cell of a change's value; blank for what is set on top of the workbook."""
    return portfolio.tables["Scenarios"].cell("value", change.row.row) if change.row.row else ""


def part_in_words(portfolio: Portfolio, part: Part) -> Words:
    """Its changes, each with its cell."""
    return listed([_with_cell(portfolio, change) for change in part.changes])


def _with_cell(portfolio: Portfolio, change: Change) -> Words:
    said, cell = change_in_words(portfolio, change), cell_of(portfolio, change)
    sheet = portfolio.tables["Scenarios"].title
    return say("{rule} ({sheet} {cell})", rule=said, sheet=sheet, cell=cell) if cell else said


def change_in_words(portfolio: Portfolio, change: Change) -> Words:
    """What a row says, that it is left out, or what it said before."""
    said = row_in_words(portfolio, change.row)
    if change.after is None:
        return say("without “{row}”", row=said)
    if change.before is None:
        return said
    return say("{row} (before: {value})", row=said, value=_shown(change.before.value))


def sets_in_words(portfolio: Portfolio, sets: Sequence[str]) -> Words:
    """What ``--set`` says, item by item."""
    return listed([set_in_words(portfolio, text) for text in sets])


def set_in_words(portfolio: Portfolio, text: str) -> Words:
    """What an item of ``--set`` says; as it was typed where it speaks of what the scenario has switched off."""
    try:
        return row_in_words(portfolio, item_set(text, portfolio))
    except WrongUsage:
        return Name(text)


def row_in_words(portfolio: Portfolio, row: ScenarioItem) -> Words:
    """What a scenario row or an item of ``--set`` changes."""
    value = _shown(row.value)
    if row.item in IN_MONEY:
        value = amount(value, portfolio.settings.unit)
    said = ROWS_IN_WORDS[row.item](_target_in_words(portfolio, row), value)
    if row.year is None:
        return said
    return say("{row}, {year}", row=said, year=year_name(portfolio.settings.first_year + row.year))


def _shown(value: Fraction | bool) -> Words:
    if isinstance(value, bool):
        return say("on") if value else say("off")
    return Name(f"{float(value):.15g}")


def _target_in_words(portfolio: Portfolio, row: ScenarioItem) -> Words:
    if not row.target:
        return say("all")
    for records in (
        portfolio.regions, portfolio.objectives, portfolio.accounts, portfolio.programmes,
        portfolio.resources, portfolio.limits, portfolio.levers,
    ):  # fmt: skip
        if row.target in records:
            return name_of(records[row.target])
    region, slash, objective = row.target.partition("/")
    if slash:
        return listed([name_of(portfolio.regions[region]), name_of(portfolio.objectives[objective])])
    return family_name(row.target)


def reason_of(versus: Versus, move: Move) -> Words:
    """Why a programme gets what it gets in the new plan."""
    if move.line is None:
        return say("{scenario} does not have this programme.", scenario=scenario_name(versus.side.name))
    return move.line.reason


# In sentences


def compare_in_words(found: Compared) -> list[Words]:
    """The scores, what makes each difference, and the lines that moved most."""
    said = [_score_in_words(found.first)]
    for versus in found.others:
        said += _versus_in_words(found, versus)
    if not found.others:
        said.append(
            say("{scenario} is compared with itself: nothing differs.", scenario=scenario_name(found.first.name))
        )
    return said


def _score_in_words(side: Side) -> Words:
    return say("{scenario}: {score} points.", scenario=scenario_name(side.name), score=_points(side.score))


def _versus_in_words(found: Compared, versus: Versus) -> list[Words]:
    portfolio, first = found.portfolio, versus.first
    said = [
        say(
            "{scenario}: {score} points, {difference} against {first}.",
            scenario=scenario_name(versus.side.name),
            score=_points(versus.side.score),
            difference=_signed(versus.difference(SHOWN_PLACES)),
            first=scenario_name(first.name),
        )
    ]
    if versus.has_own_measure:
        said.append(
            say(
                "  The two count by different weights or needs; by those of {base} the plans score {before} and "
                "{after}.",
                base=scenario_name(found.measure),
                before=_points(first.score_at_base),
                after=_points(versus.side.score_at_base),
            )
        )
    for part, points in sorted(versus.shares(SHOWN_PLACES), key=lambda share: -abs(share[1])):
        said.append(say("  {points}  {change}", points=_signed(points), change=part_in_words(portfolio, part)))
    said.append(say("  {points}  rounding", points=_signed(versus.rounding(SHOWN_PLACES))))
    said += _orders_in_words(versus)
    return said + _moves_in_words(found, versus)


def _orders_in_words(versus: Versus) -> list[Words]:
    if not versus.infeasible:
        return []
    if versus.orders:
        return [
            say(
                "  {count} of {all} combinations of these changes have no plan; the points are averages over the "
                "{orders} orders whose every step has one.",
                count=versus.infeasible,
                all=versus.combinations,
                orders=versus.orders,
            )
        ]
    return [say("  No order of making these changes has a plan at every step, so they share their points.")]


def _moves_in_words(found: Compared, versus: Versus) -> list[Words]:
    portfolio = found.portfolio
    if not versus.moves:
        return [say("  No published amount differs.")]
    said = [
        say(
            "  Lines that moved most ({unit}, {years} together):",
            unit=unit_name(portfolio.settings.unit),
            years=years_named(portfolio.settings.first_year, range(portfolio.settings.years)),
        )
    ]
    for move in versus.moves[:MOST_MOVES]:
        said.append(
            say(
                "    {name}: {before} → {after} ({change}). {reason}",
                name=name_of(portfolio.programmes[move.programme]),
                before=_money(move.before),
                after=_money(move.after),
                change=signed(move.change, 2),
                reason=_dated_reason(portfolio, versus, move),
            )
        )
    more = len(versus.moves) - MOST_MOVES
    return [*said, say("    … and {count} more (in compare.json)", count=more)] if more > 0 else said


def _dated_reason(portfolio: Portfolio, versus: Versus, move: Move) -> Words:
    if move.line is None:
        return reason_of(versus, move)
    year = year_name(portfolio.settings.first_year + move.line.year)
    return say("{year}: {reason}", year=year, reason=reason_of(versus, move))


def _points(score: Fraction) -> str:
    return f"{float(rounded(score, SHOWN_PLACES)):.{SHOWN_PLACES}f}"


def _signed(points: Fraction) -> Words:
    return signed(points, SHOWN_PLACES)


def _money(amount: Fraction) -> str:
    return f"{float(amount):,.2f}"
