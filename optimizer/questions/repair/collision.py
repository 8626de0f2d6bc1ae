"""Who collides, in the terms of the workbook, of its scenario or of the command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from optimizer import model, scenario
from optimizer.conflict import Search
from optimizer.errors import InputProblems, Place, WrongUsage
from optimizer.model import Key, Model
from optimizer.places import phrase_of, place_of, sets_the_number_of, without_year
from optimizer.portfolio import Portfolio, ScenarioItem
from optimizer.questions.repair.menu import FROM_COMMAND_LINE, Colliding
from optimizer.run import OpenBook
from optimizer.solver import Options
from optimizer.words import Words, say


def colliding(
    book: OpenBook,
    portfolio: Portfolio,
    conflicts: Sequence[Sequence[Sequence[Key]]],
    name: str,
    sets: tuple[str, ...],
    options: Options,
) -> tuple[list[tuple[Colliding, ...]], bool]:
    """The places of conflicts; what a scenario (or --set) alone brings about is named by the scenario's row.

    And whether the book has a plan as soon as any one of the scenario rows so named is not there.
    """
    is_alone_too = True
    named = [
        {_spot(place): place for keys in conflict for place in [_with_kind(portfolio, keys[0])]}
        for conflict in conflicts
    ]
    for item in portfolio.scenario_items:
        if item.item == "pin" and item.row:
            continue
        reverted = _without(book.portfolio, portfolio, item, name, sets)
        if reverted is None:
            continue
        place, is_named = _place_of_item(portfolio, item), False
        built = model.build(reverted, model.Grid(portfolio.settings.publish_unit))
        for conflict, places in zip(conflicts, named, strict=True):
            if not _holds_together(built, {key for keys in conflict for key in keys}, options):
                continue
            is_named = True
            for keys in conflict:
                if any(sets_the_number_of(item, key) for key in keys):
                    places.pop(_spot(place_of(portfolio, keys[0])), None)
            places[_spot(place)] = place
        if is_named and len(conflicts) == 1:
            is_alone_too = is_alone_too and _holds_together(built, None, options)
    return [tuple(places.values()) for places in named], is_alone_too


def _spot(place: Place) -> tuple[str, str]:
    """Where a place is; what stands in no cell is told apart by what it is."""
    return place.sheet, place.cell or place.id


def _with_kind(portfolio: Portfolio, key: Key) -> Colliding:
    place = place_of(portfolio, key)
    records: dict[str, Any] = {"budget": portfolio.accounts}
    record = records.get(str(key[0]), portfolio.limits).get(str(key[1]))
    return Colliding(
        place.sheet, place.cell, place.id, place.name, getattr(record, "kind", ""), _in_words(portfolio, key, place)
    )


def _in_words(portfolio: Portfolio, key: Key, place: Place) -> Words:
    """What a cell says: of one year where each year has its own; a ramp holds growth and fall alike."""
    if key[0] in ("ramp_up", "ramp_down"):
        return say("the largest change in a year of {name}", name=place.name)
    said = phrase_of(portfolio, key)
    return said if key[0] in ("budget", "resource", "pin") else without_year(said)


def _place_of_item(portfolio: Portfolio, item: ScenarioItem) -> Colliding:
    table = portfolio.tables["Scenarios"]
    sheet, cell, said = FROM_COMMAND_LINE, "", say("given on the command line")
    if item.row:
        sheet, cell, said = table.title, table.cell("value", item.row), say("scenario {name}", name=item.scenario)
    return Colliding(sheet, cell, scenario.label_of(item), said, rule=said)


def _without(
    written: Portfolio, active: Portfolio, item: ScenarioItem, name: str, sets: tuple[str, ...]
) -> Portfolio | None:
    """The active portfolio as it would be without one scenario row or --set item; None where that cannot be said."""
    if item.row:
        kept = [other for other in written.scenario_items if other.row != item.row]
        still = name if any(other.scenario == name for other in kept) else scenario.BASE
        arguments = written.with_changes(scenario_items=kept), still, sets
    else:
        number = [other for other in active.scenario_items if not other.row].index(item)
        arguments = written, name, (*sets[:number], *sets[number + 1 :])
    try:
        return scenario.apply(*arguments).portfolio
    except (InputProblems, WrongUsage):
        return None


def _holds_together(built: Model, rows: set[Key] | None, options: Options) -> bool:
    """Whether a plan keeps some rows (None: all) of a book."""
    return Search(built, {n for n, key in enumerate(built.keys) if rows is None or key in rows}, options).is_feasible()
