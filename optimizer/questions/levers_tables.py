"""The worth of levers as levers.json and in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from optimizer.fiscal import listed
from optimizer.questions.levers import Levers, Move, Worth
from optimizer.questions.shapley import Combination
from optimizer.results import scenario_name
from optimizer.units import amount, moved, signed
from optimizer.words import Words, name_of, say

MOST_MOVES = 10
NO_LEVER = say("The book has no lever to value.")
MOST_PAIRS = 3
MOST_NAMED = 3
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
        "opened": {worth.lever.id: {"alone": worth.opened_alone, "last": worth.opened_last} for worth in worths},
        "points_per_unit_opened": {worth.lever.id: worth.rate for worth in worths},
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
        answer |= {"standard_error": {w.lever.id: w.error for w in worths}, "seed": found.seed, "drawn": found.drawn}
    return answer


def _listed(found: Levers, levers: Combination) -> list[str]:
    return [ident for ident in found.portfolio.levers if ident in levers]


def _moves(moves: Sequence[Move]) -> list[dict[str, object]]:
    return [{"programme": move.programme, "change": move.change} for move in moves]


def levers_in_words(found: Levers) -> list[Words]:
    """What the levers are worth, in sentences."""
    if not found.worths:
        return [NO_LEVER]
    said = [_whole(found), *(words for worth in found.worths for words in _lines(found, worth))]
    return [*said, *for_its_money(found), *_company(found), *how_estimated(found), *_without_plan(found)]


def for_its_money(found: Levers) -> list[Words]:
    """Which lever adds most for the money that it opens, however little it adds in all."""
    best = found.best_buy
    if best is None or best.rate is None:
        return []
    return [
        say(
            "For the money that it opens {lever} adds most: {rate} points for each {per}.",
            lever=name_of(best.lever),
            rate=f"{best.rate * found.per:.2f}",
            per=_round(found),
        )
    ]


def how_estimated(found: Levers) -> list[Words]:
    """That worths are estimates, and from how many orders; nothing where they are exact."""
    if found.seed is None or not found.orders:
        return []
    return [
        say(
            "With more than 12 levers the worths are estimates from {orders} orders of adoption (seed {seed}), each "
            "with its standard error; {drawn} orders were drawn.",
            orders=found.orders,
            seed=found.seed,
            drawn=found.drawn,
        )
    ]


def _whole(found: Levers) -> Words:
    if found.none_on is None or found.all_on is None:
        return say(
            "{scenario}: the score with no lever on is {none}, with all {count} on {all}.",
            scenario=scenario_name(found.scenario),
            none=_points(found.none_on),
            all=_points(found.all_on),
            count=len(found.worths),
        )
    return say(
        "{scenario}: {none} points with no lever on, {all} with all {count} on: {gain}. "
        "{combinations} combinations were solved.",
        scenario=scenario_name(found.scenario),
        none=_points(found.none_on),
        all=_points(found.all_on),
        count=len(found.worths),
        gain=_signed(found.all_on - found.none_on),
        combinations=len(found.scores),
    )


def _lines(found: Levers, worth: Worth) -> list[Words]:
    return [
        say(
            "  {name} ({id}): worth {worth}{error}; alone {alone}, last {last}, between {least} and {most}",
            name=name_of(worth.lever),
            id=worth.lever.id,
            worth=_signed(worth.worth),
            error="" if worth.error is None else f" ± {worth.error:.4f}",
            alone=_signed(worth.alone),
            last=_signed(worth.last),
            least=_signed(worth.least),
            most=_signed(worth.most),
        ),
        say("    {opened}; {moved}", opened=_opened(found, worth), moved=_moved(found, worth)),
    ]


def _opened(found: Levers, worth: Worth) -> Words:
    if worth.opened_alone is None:
        return say("by itself it has no plan")
    if not worth.opened_alone:
        return say("opens no programme by itself")
    if worth.rate is None:
        return say("opens {opened} by itself", opened=_money(found, worth.opened_alone))
    return say(
        "opens {opened} by itself ({rate} points for each {per})",
        opened=_money(found, worth.opened_alone),
        rate=f"{worth.rate * found.per:.2f}",
        per=_round(found),
    )


def _moved(found: Levers, worth: Worth) -> Words:
    if worth.moved is None:
        return say("where it joins all others a plan is missing")
    if not worth.moves_last:
        return say("moves nothing when it joins all others")
    moves = [
        say(
            "{programme} {change}",
            programme=name_of(found.portfolio.programmes[move.programme]),
            change=moved(move.change, 2),
        )
        for move in worth.moves_last[:MOST_NAMED]
    ]
    return say("moves {moved} when it joins all others: {moves}", moved=_money(found, worth.moved), moves=listed(moves))


def _round(found: Levers) -> Words:
    return amount(f"{found.per:,}", found.portfolio.settings.unit)


def _money(found: Levers, money: float) -> Words:
    return amount(f"{money:,.2f}", found.portfolio.settings.unit)


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
    if not found.infeasible:
        return []
    said = [say("{count} combination(s) have no plan:", count=len(found.infeasible))]
    for levers in found.infeasible[:MOST_MOVES]:
        names = ", ".join(_listed(found, levers))
        said.append(say("  {levers}", levers=names) if names else say("  no lever on"))
    if len(found.infeasible) > MOST_MOVES:
        said.append(say("  … and {count} more (in levers.json)", count=len(found.infeasible) - MOST_MOVES))
    return [*said, over_which_orders(found)]


def over_which_orders(found: Levers) -> Words:
    """What the worths are averages over where combinations have no plan."""
    if found.orders:
        return say(
            "The worths are averages over the {orders} orders of adoption whose every step has a plan.",
            orders=found.orders,
        )
    if found.drawn:
        return say(
            "None of the {drawn} orders of adoption that were drawn has a plan at every step, so no lever has a worth.",
            drawn=found.drawn,
        )
    return say("No order of adoption has a plan at every step, so no lever has a worth.")


def _points(score: float | None) -> str | Words:
    return say("(no plan)") if score is None else f"{score:.4f}"


def _signed(points: float | None) -> str | Words:
    return say("(no plan)") if points is None else signed(points, 4)
