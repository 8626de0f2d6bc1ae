"""The worth of levers as levers.json and in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from optimizer.questions.levers import Levers, Move, Worth
from optimizer.questions.shapley import Combination
from optimizer.units import amount
from optimizer.words import Words, name_of, say

MOST_MOVES = 10
MOST_PAIRS = 3
WORTH_NAMING = 5e-5
"""Points below which a pair is not spoken of: they would read as 0.0000."""


def levers_as_dict(found: Levers) -> dict[str, object]:
    """levers.json. Points are before rounding; money is summed over the horizon."""
    worths = found.worths
    answer: dict[str, object] = {
        "base": found.none_on,
        "all": found.all_on,
        "worth": {worth.lever.id: worth.worth for worth in worths},
        "alone": {worth.lever.id: worth.alone for worth in worths},
        "last": {worth.lever.id: worth.last for worth in worths},
        "range": {worth.lever.id: [worth.least, worth.most] for worth in worths},
        "combinations": len(found.scores),
        "orders": found.orders,
        "infeasible": [_listed(found, levers) for levers in found.infeasible],
        "pairs": [{"levers": [pair.first.id, pair.second.id], "points": pair.points} for pair in found.pairs],
        "moved": {worth.lever.id: worth.moved for worth in worths},
        "moves": {
            worth.lever.id: {"alone": _moves(worth.moves_alone), "last": _moves(worth.moves_last)} for worth in worths
        },
        "scenario": found.scenario,
        "set": list(found.sets),
        "unit": found.portfolio.settings.unit,
        "estimated": found.seed is not None,
    }
    if found.seed is not None:
        answer |= {"standard_error": {w.lever.id: w.error for w in worths}, "seed": found.seed}
    return answer


def _listed(found: Levers, levers: Combination) -> list[str]:
    return [ident for ident in found.portfolio.levers if ident in levers]


def _moves(moves: Sequence[Move]) -> list[dict[str, object]]:
    return [{"programme": move.programme, "change": move.change} for move in moves]


def levers_in_words(found: Levers) -> list[Words]:
    """What the levers are worth, in sentences."""
    said = [_whole(found), *(_line(found, worth) for worth in found.worths)]
    said += _company(found)
    if found.seed is not None:
        said.append(
            say(
                "With more than 12 levers the worths are estimates from {orders} orders of adoption (seed {seed}), "
                "each with its standard error.",
                orders=found.orders,
                seed=found.seed,
            )
        )
    if found.infeasible:
        said += _without_plan(found)
    return said


def _whole(found: Levers) -> Words:
    if found.none_on is None or found.all_on is None:
        return say(
            "{scenario}: the score with no lever on is {none}, with all {count} on {all}.",
            scenario=found.scenario,
            none=_points(found.none_on),
            all=_points(found.all_on),
            count=len(found.worths),
        )
    return say(
        "{scenario}: {none} points with no lever on, {all} with all {count} on: {gain}. "
        "{combinations} combinations were solved.",
        scenario=found.scenario,
        none=_points(found.none_on),
        all=_points(found.all_on),
        count=len(found.worths),
        gain=_signed(found.all_on - found.none_on),
        combinations=len(found.scores),
    )


def _line(found: Levers, worth: Worth) -> Words:
    return say(
        "  {name} ({id}): worth {worth}{error}; alone {alone}, last {last}, between {least} and {most}; moves {moved}",
        name=name_of(worth.lever),
        id=worth.lever.id,
        worth=_signed(worth.worth),
        error="" if worth.error is None else f" ± {worth.error:.4f}",
        alone=_signed(worth.alone),
        last=_signed(worth.last),
        least=_signed(worth.least),
        most=_signed(worth.most),
        moved=amount(f"{worth.moved:,.2f}", found.portfolio.settings.unit),
    )


def _company(found: Levers) -> list[Words]:
    """The pairs that gain most by company, and those that most do each other's work."""
    said = []
    for pair in [pair for pair in found.pairs if pair.points > WORTH_NAMING][:MOST_PAIRS]:
        said.append(
            say(
                "{first} and {second} help each other: {points} points together beyond what each adds by itself.",
                first=name_of(pair.first),
                second=name_of(pair.second),
                points=_signed(pair.points),
            )
        )
    for pair in [pair for pair in found.pairs if pair.points < -WORTH_NAMING][:MOST_PAIRS]:
        said.append(
            say(
                "{first} and {second} do part of each other's work: {points} points together.",
                first=name_of(pair.first),
                second=name_of(pair.second),
                points=_signed(pair.points),
            )
        )
    return said


def _without_plan(found: Levers) -> list[Words]:
    said = [say("{count} combination(s) have no plan:", count=len(found.infeasible))]
    for levers in found.infeasible[:MOST_MOVES]:
        names = ", ".join(_listed(found, levers))
        said.append(say("  {levers}", levers=names) if names else say("  no lever on"))
    if len(found.infeasible) > MOST_MOVES:
        said.append(say("  … and {count} more (in levers.json)", count=len(found.infeasible) - MOST_MOVES))
    if found.orders:
        said.append(
            say(
                "The worths are averages over the {orders} orders of adoption whose every step has a plan.",
                orders=found.orders,
            )
        )
    else:
        said.append(say("No order of adoption has a plan at every step, so no lever has a worth."))
    return said


def _points(score: float | None) -> str | Words:
    return say("(no plan)") if score is None else f"{score:.4f}"


def _signed(points: float | None) -> str | Words:
    return say("(no plan)") if points is None else f"{points:+.4f}"
