"""Answers as files, as JSON and in words: one place for the names that commands and reports share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from optimizer.fiscal import year_name
from optimizer.questions.alternatives import Alternative
from optimizer.questions.prices import KINDS, LEGAL_KINDS, Price
from optimizer.questions.ranges import Ranges
from optimizer.questions.repair.menu import Change, Colliding, Menu
from optimizer.results import points_text
from optimizer.run import csv_bytes
from optimizer.units import amount
from optimizer.words import Words, say

MOST_CHANGES_SHOWN = 12
MOST_PRICES_SHOWN = 12


RANGE_COLUMNS = ("programme", "year", "amount", "low", "high", "class")


def ranges_csv(found: Ranges, first_year: int) -> bytes:
    """ranges.csv: a row a line, before rounding."""
    return csv_bytes(RANGE_COLUMNS, _range_rows(found, first_year))


def _range_rows(found: Ranges, first_year: int) -> list[dict[str, object]]:
    return [
        {
            "programme": line.programme,
            "year": first_year + line.year,
            "amount": _amount(line.amount),
            "low": _amount(line.low),
            "high": _amount(line.high),
            "class": line.kind,
        }
        for line in found.lines
    ]


def _amount(value: float) -> str:
    return f"{round(value, 9) + 0.0:.9g}"


def ranges_as_dict(found: Ranges, others: Sequence[Alternative], first_year: int, language: str) -> dict[str, object]:
    """The answer of ``haibun ranges`` for programs."""
    return {
        "score": found.score,
        "within": found.within,
        "unique": found.is_unique,
        "lines": [
            row | {name: float(str(row[name])) for name in ("amount", "low", "high")}
            for row in _range_rows(found, first_year)
        ],
        "alternatives": [
            {
                "id": other.id,
                "name": other.name.into(language),
                "score": float(other.result.proof.score) if other.result else None,
            }
            for other in others
        ],
    }


def ranges_in_words(found: Ranges, others: Sequence[Alternative]) -> list[Words]:
    """What the ranges say, in sentences."""
    kinds = Counter(line.kind for line in found.lines)
    said = [
        say(
            "Lines within {within} points of the best ({score}): core {core}, negotiable {negotiable}, excluded "
            "{excluded}.",
            within=f"{found.within:g}",
            score=f"{found.score:.4f}",
            core=kinds["core"],
            negotiable=kinds["negotiable"],
            excluded=kinds["excluded"],
        )
    ]
    if found.is_unique:
        said.append(say("The best plan is the only one: no other reaches its score."))
    else:
        said.append(say("The best plan is not the only one: other plans reach the same score."))
    if found.has_indivisible:
        said.append(say("Indivisible programmes are kept whole in every one of these plans: the ends are exact."))
    said += [
        say("{name}: {score} points.", name=other.name, score=f"{float(other.result.proof.score):.4f}")
        if other.result
        else say("{name}: no such plan keeps within the tolerance once it is rounded.", name=other.name)
        for other in others
    ]
    return said


PRICE_COLUMNS = (
    "row", "what", "id", "year", "kind", "binding", "score_without", "price", "per_unit", "holds_from", "holds_to",
    "cell",
)  # fmt: skip

PRICE_NUMBERS = ("year", "score_without", "price", "per_unit", "holds_from", "holds_to")


def prices_csv(found: Sequence[Price]) -> bytes:
    """prices.csv: a row a requirement, dearest first."""
    return csv_bytes(PRICE_COLUMNS, map(_price_row, found))


def _price_row(price: Price) -> dict[str, object]:
    return {
        "row": price.row,
        "what": price.what,
        "id": price.id,
        "year": "" if price.year is None else price.year,
        "kind": price.kind,
        "binding": "yes" if price.binding else "no",
        "score_without": _number(price.score_without),
        "price": _number(price.price),
        "per_unit": _number(price.per_unit),
        "holds_from": _number(price.holds_from),
        "holds_to": _number(price.holds_to),
        "cell": price.cell,
    }


def _number(value: float | None) -> str:
    return "" if value is None else _amount(value)


def prices_as_dicts(found: Sequence[Price], language: str) -> list[dict[str, object]]:
    """The answer of ``haibun prices`` for programs."""
    return [
        _price_row(price) | {name: getattr(price, name) for name in PRICE_NUMBERS} | {"name": price.name.into(language)}
        for price in found
    ]


def prices_in_words(found: Sequence[Price], unit: str) -> list[Words]:
    """The dearest requirements, in sentences; ``unit`` is the workbook's unit of money."""
    dear = [price for price in found if price.price is not None and price.price > 1e-6]
    said = [_price_words(price, unit) for price in dear[:MOST_PRICES_SHOWN]]
    if len(dear) > MOST_PRICES_SHOWN:
        said.append(say("… and {count} more that cost something.", count=len(dear) - MOST_PRICES_SHOWN))
    said.append(say("Requirements that cost nothing: {count}.", count=len(found) - len(dear)))
    if any(price.has_indivisible for price in found):
        said.append(
            say(
                "Indivisible programmes are kept whole in every solve: each price is exact. Prices per unit, which "
                "only the relaxation has, are not given."
            )
        )
    return said


def _price_words(price: Price, unit: str) -> Words:
    points = points_text(price.price or 0.0)
    if price.what == "appropriation":
        said = {"name": price.name, "year": year_name(price.year or 0), "step": amount("1", unit)}
        return say("{name}, {year}: {step} more adds {points} points.", points=points, **said)
    return say("The {what} “{name}” costs {points} points.", what=KINDS[price.what], name=price.name, points=points)


def menu_as_dict(menu: Menu, language: str) -> dict[str, object]:
    """repair.json."""
    return {
        "feasible": menu.is_feasible,
        "conflict": _places(menu.conflict, language),
        "conflicts": [_places(conflict, language) for conflict in menu.conflicts],
        "only": menu.is_only,
        "repairs": [
            {
                "changes": [_change_row(change) for change in repair.changes],
                "cost": float(repair.cost),
                "score": repair.score,
            }
            for repair in menu.repairs
        ],
    }


def _places(conflict: Sequence[Colliding], language: str) -> list[dict[str, str]]:
    return [
        {"sheet": place.sheet, "cell": place.cell, "id": place.id, "name": place.name.into(language)}
        for place in conflict
    ]


REPAIR_COLUMNS = ("repair", "sheet", "cell", "id", "from", "to", "kind", "cost", "score")


def menu_csv(menu: Menu) -> bytes:
    """A row a change, repair by repair."""
    rows = (
        {"repair": number, **_change_row(change), "cost": float(repair.cost), "score": repair.score}
        for number, repair in enumerate(menu.repairs, 1)
        for change in repair.changes
    )
    return csv_bytes(REPAIR_COLUMNS, rows)


def _change_row(change: Change) -> dict[str, object]:
    return {
        "sheet": change.sheet,
        "cell": change.cell,
        "id": change.id,
        "from": float(change.before),
        "to": float(change.after),
        "kind": change.kind,
    }


def _collisions_in_words(menu: Menu) -> list[Words]:
    """The rows that cannot hold together, and what leaving out one of them does."""
    said = [collision_in_words(menu)]
    for number, conflict in enumerate(menu.conflicts, 1):
        if len(menu.conflicts) > 1:
            said.append(collision_of_several(number))
        said += map(_colliding_words, conflict)
    return said


def collision_of_several(number: int) -> Words:
    """What stands above the rows of one collision where there are several."""
    return say(
        "Collision {number}: these rows cannot hold together; without any one of them the others can:", number=number
    )


def collision_in_words(menu: Menu) -> Words:
    """What stands above all rows that collide."""
    if len(menu.conflicts) > 1:
        return say(
            "These {count} collisions are separate: in each of them at least one row has to give way.",
            count=len(menu.conflicts),
        )
    if not menu.is_alone:
        return say("These rows cannot hold together; without any one of them the others can, but further rows collide:")
    if menu.is_recurring:
        return say("These rows cannot hold together, here and in other years; without any one of them a plan exists:")
    return say("These rows cannot hold together; without any one of them a plan exists:")


def _colliding_words(place: Colliding) -> Words:
    said = {"place": f"{place.sheet} {place.cell}".strip(), "id": place.id, "rule": place.rule}
    if place.kind in LEGAL_KINDS:
        return say("  {place}, {id}: {rule} ({kind})", kind=LEGAL_KINDS[place.kind], **said)
    return say("  {place}, {id}: {rule}", **said)


def menu_in_words(menu: Menu) -> list[Words]:
    """Why nothing fits and how to mend it, in sentences."""
    if menu.is_feasible:
        return [say("The book has a plan: there is nothing to repair.")]
    said = _collisions_in_words(menu)
    for number, repair in enumerate(menu.repairs, 1):
        said.append(
            say(
                "Repair {number} (cost {cost}, score {score}):",
                number=number,
                cost=f"{float(repair.cost):.4g}",
                score=f"{repair.score:.2f}",
            )
        )
        said += [
            say(
                "  {sheet} {cell}, {id}: {before} → {after}",
                sheet=change.sheet,
                cell=change.cell,
                id=change.id,
                before=change.before_in_words,
                after=change.after_in_words,
            )
            for change in repair.changes[:MOST_CHANGES_SHOWN]
        ]
        if len(repair.changes) > MOST_CHANGES_SHOWN:
            left = len(repair.changes) - MOST_CHANGES_SHOWN
            said.append(say("  … and {count} more changes (all are in repair.json and with --json).", count=left))
    return [*said, *ways_in_words(menu)]


def ways_in_words(menu: Menu) -> list[Words]:
    """What is to be known of the ways out where there are fewer than two."""
    if menu.is_law_alone:
        return [say("No change that may be offered mends it: what collides is law, or lies in what may not change.")]
    if not menu.repairs:
        return [say("No change that was tried mends it.")]
    if menu.is_only:
        return [
            say(
                "There is no other way out to offer: as long as one of these cells stays as it is, no change of other "
                "cells makes a plan possible."
            )
        ]
    return [say("No second way out was found.")] if len(menu.repairs) == 1 else []
