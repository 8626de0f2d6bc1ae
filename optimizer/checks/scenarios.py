"""The Scenarios sheet: known items and targets, one value for one thing, amounts that can be published."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import reduce

from optimizer import schema
from optimizer.checks.cells import Fault, identifier, is_blank, value_of
from optimizer.checks.review import NOUNS, Review, decimal, no_whole_unit
from optimizer.schema import Column, Item
from optimizer.words import say
from optimizer.workbook.tables import Record

ITEM = schema.SHEETS["Scenarios"].columns["item"]
ANYTHING = Column("value", "値", "text", "", "")


def check_scenarios(review: Review) -> None:
    """Parse the value of each row by its item, and judge the rows of each scenario together."""
    table = review.tables["Scenarios"]
    records = [_with_value(review, record) for record in table.records]
    review.tables["Scenarios"] = replace(table, records=tuple(records))
    seen: dict[tuple[str, str, str, int | None], Record] = {}
    for record in records:
        values = record.values
        if values["scenario"] == schema.BASE:
            problem = say("base is the scenario without a row.")
            review.error("Scenarios", "scenario", record, problem, say("Choose another name for the scenario."))
        if not values["scenario"] or not values["item"] or values["target"] is None:
            continue
        key = (values["scenario"], values["item"], values["target"], values["year"])
        if key in seen:
            problem = say(
                "Scenario {scenario} already has a value for this in row {row}.",
                scenario=key[0],
                row=seen[key].row,
            )
            review.error("Scenarios", "value", record, problem, say("Keep one of the two rows."))
        seen.setdefault(key, record)
        _check_target(review, record, schema.ITEMS[values["item"]])
        _check_year(review, record, schema.ITEMS[values["item"]])
        _check_amount(review, record)
    _check_weights(review)


def _with_value(review: Review, record: Record) -> Record:
    values = dict(record.values)
    raw, name = values["value"], values["item"]
    values["value"] = None
    if not is_blank(raw):
        item = schema.ITEMS.get(name)
        try:
            values["value"] = value_of(raw, column_of(item) if item else ANYTHING)
        except Fault as fault:
            review.error("Scenarios", "value", record, fault.problem, fault.fix)
    if values["target"] and name in schema.ITEMS:
        values["target"] = canonical_target(str(values["target"]), name, lambda: targets_of(review, schema.ITEMS[name]))
    return Record(record.row, values)


def column_of(item: Item) -> Column:
    """What may stand in the value cell of a scenario item."""
    return Column("value", "値", item.value, item.help, item.help_ja, required=True, least=item.least, above=item.above)


def canonical_target(target: str, item: str, known: Callable[[], Collection[str]]) -> str:
    """A target as the tables spell it: pairs without spaces, families by their canonical name.

    What the book itself calls so, an account ``ODA`` say, stands before another spelling of a family.
    """
    if item == "cost_factor":
        for name, others in schema.SHEETS["Programmes"].columns["family"].choices.items():
            if target in others and target not in known():
                return name
    if item in ("weight_factor", "need_factor") and "/" in target:
        return "/".join(identifier(part) for part in target.split("/"))
    return target


def targets_of(review: Review, item: Item) -> list[str]:
    """Every target that ``item`` may name in this book."""
    names: list[str] = []
    for kind in item.targets:
        if kind == "Priorities":
            pairs = ((r.values["region"], r.values["objective"]) for r in review.records("Priorities"))
            names += [f"{region}/{objective}" for region, objective in pairs]
        elif kind == "family":
            names += schema.SHEETS["Programmes"].columns["family"].choices
        elif kind == "instrument":
            names += sorted({r.values["instrument"] for r in review.records("Programmes")} - {"", None})
        else:
            names += review.ids(kind)
    return names


def _check_target(review: Review, record: Record, item: Item) -> None:
    target = record.values["target"]
    if target == "":
        if not item.all:
            problem = say("The item {item} needs a target.", item=ITEM.word(item.name))
            column = "target" if "target" in review.tables["Scenarios"].columns else "item"
            review.error("Scenarios", column, record, problem, say("Name the target: {help}", help=item.about))
        return
    known = targets_of(review, item)
    if target not in known:
        problem = review.findings.unknown(say("target of {item}", item=ITEM.word(item.name)), target, known)
        kinds = reduce(lambda one, two: say("{one} or {two}", one=one, two=two), map(NOUNS.__getitem__, item.targets))
        review.error("Scenarios", "target", record, problem, say("Name one of these: {kinds}.", kinds=kinds))


def _check_year(review: Review, record: Record, item: Item) -> None:
    year, horizon = record.values["year"], review.horizon
    if year is None:
        return
    if not item.year:
        problem = say("The item {item} takes no year.", item=ITEM.word(item.name))
        review.error("Scenarios", "year", record, problem, say("Empty the cell; the change holds in every year."))
    elif horizon and year not in horizon:
        problem = say(
            "{year} is not a year of the horizon {first} to {last}.",
            year=year,
            first=horizon[0],
            last=horizon[-1],
        )
        review.error("Scenarios", "year", record, problem, say("Write a year of the horizon, or leave the cell empty."))


def _check_amount(review: Review, record: Record) -> None:
    value, unit = record.values["value"], review.settings.get("publish_unit")
    programme = review.ids("Programmes").get(record.values["target"])
    if value is None or not unit or programme is None:
        return
    if record.values["item"] == "pin":
        if value % unit:
            problem = say(
                "The pin {value} is not a multiple of the publish unit {unit}.",
                value=decimal(value),
                unit=decimal(unit),
            )
            review.error(
                "Scenarios",
                "value",
                record,
                problem,
                say("Round it to the publish unit, or choose a smaller publish unit."),
            )
        year = record.values["year"]
        if review.horizon and (year in review.horizon or year is None):
            _warn_of_idle_pin(review, record, programme, year)
    elif record.values["item"] == "programme_maximum":
        low = programme.values["minimum"]
        floor = min(low, value) if low is not None else value if programme.values["indivisible"] else Fraction(0)
        if -(-floor // unit) > value // unit:
            problem = no_whole_unit(floor, value, unit)
            review.error(
                "Scenarios",
                "value",
                record,
                problem,
                say("Round it to the publish unit, or choose a smaller publish unit."),
            )


def _warn_of_idle_pin(review: Review, record: Record, programme: Record, year: int | None) -> None:
    years: Sequence[int] = review.years_of(programme)
    if not years or (year is not None and year not in years):
        problem = say("The programme does not run then: the pin has no effect.")
        review.warn("Scenarios", "year", record, problem, say("Correct the year, or delete the row."))


def _check_weights(review: Review) -> None:
    """A scenario leaves at least one weight above zero."""
    zeros: dict[str, list[Record]] = {}
    for record in review.records("Scenarios"):
        if record.values["item"] == "weight_factor" and record.values["value"] == 0 and record.values["scenario"]:
            zeros.setdefault(record.values["scenario"], []).append(record)
    for rows in zeros.values():
        targets = {record.values["target"] for record in rows}
        left = [
            r
            for r in review.records("Priorities")
            if r.values["weight"]
            and not targets
            & {"", r.values["region"], r.values["objective"], f"{r.values['region']}/{r.values['objective']}"}
        ]
        if not left and review.records("Priorities"):
            problem = say("All weights are 0 in this scenario, so no plan is better than another.")
            review.error("Scenarios", "value", rows[0], problem, say("Leave at least one weight above 0."))
