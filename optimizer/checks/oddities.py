"""What is legal but odd in the book as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

from optimizer.checks.review import Review, can_meet, decimal, is_on
from optimizer.words import Words, say
from optimizer.workbook.tables import Record

WIDEST_SPAN = 10**9
YEARS = "a column a year"
SWITCHED = ("Transfers", "Programmes", "Effects", "ResourceUse", "Synergies", "Limits")


def check_levers(review: Review) -> None:
    """Levers that nobody names, and rows that no setting of the levers makes exist."""
    named: set[str] = set()
    for sheet in SWITCHED:
        for record in review.records(sheet):
            requires, unless = record.values["requires"] or (), record.values["unless"] or ()
            named.update(requires, unless)
            if both := set(requires) & set(unless):
                problem = say("The row both requires and rules out {lever}: it never exists.", lever=min(both))
                review.warn(sheet, "unless", record, problem, say("Take the lever out of one of the two cells."))
    for name, record in review.ids("Levers").items():
        if name not in named:
            problem = say("No row names the lever {lever}: it is worth nothing.", lever=name)
            review.warn(
                "Levers",
                "lever",
                record,
                problem,
                say("Name it in requires or unless of the rows it switches."),
            )


def check_transfers(review: Review) -> None:
    """A transfer joins two accounts; chains and cycles are legal, since money is fungible, but told."""
    gives: dict[str, set[str]] = {}
    pairs: dict[tuple[str, str], list[Record]] = {}
    for record in review.records("Transfers"):
        giver, taker = record.values["from_account"], record.values["to_account"]
        if not giver or not taker:
            continue
        if giver == taker:
            problem = say("The account would give to itself.")
            review.error("Transfers", "to_account", record, problem, say("Name another account, or delete the row."))
            continue
        gives.setdefault(giver, set()).add(taker)
        earlier = pairs.setdefault((giver, taker), [])
        if any(can_meet(other, record) for other in earlier):
            problem = say("Row {row} allows the same transfer; the two add up.", row=earlier[0].row)
            review.warn("Transfers", "to_account", record, problem, say("Keep one row, unless both are meant."))
        earlier.append(record)
    for (giver, taker), rows in pairs.items():
        if taker not in gives:
            continue
        fix = say("Nothing needs to be done if money may pass on; the accounts' own ceilings hold.")
        if giver in _reached(gives, taker):
            problem = say(
                "Money may go round: {giver} gives to {taker}, which can give back.", giver=giver, taker=taker
            )
        else:
            problem = say(
                "Money may pass on: {giver} gives to {taker}, which gives to others.",
                giver=giver,
                taker=taker,
            )
        review.warn("Transfers", "to_account", rows[0], problem, fix)


def _reached(gives: Mapping[str, Iterable[str]], start: str) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        for account in gives.get(waiting.pop(), ()):
            if account not in seen:
                seen.add(account)
                waiting.append(account)
    return seen


def check_minima(review: Review) -> None:
    """The minima of an account's programmes fit its appropriation, with the levers at their defaults."""
    sums: dict[tuple[str, int], Fraction] = {}
    for record in review.ids("Programmes").values():
        values = record.values
        if (
            values["minimum"]
            and values["account"]
            and not values["indivisible"]
            and is_on(record, review.default_levers)
        ):
            for year in review.years_of(record):
                key = (values["account"], year)
                sums[key] = sums.get(key, Fraction(0)) + values["minimum"]
    for name, record in review.ids("Accounts").items():
        for year, amount in record.years.items():
            if sums.get((name, year), 0) > amount:
                problem = say(
                    "The minima of {account} in {year} add up to {sum}, above the appropriation {amount}.",
                    account=name,
                    year=year,
                    sum=decimal(sums[name, year]),
                    amount=decimal(amount),
                )
                fix = say("Lower minima or raise the appropriation, unless transfers or carry-over fill the gap.")
                review.warn("Accounts", year, record, problem, fix)


def check_idle_programmes(review: Review) -> None:
    """A programme that neither scores nor builds nor is matched can only cost money."""
    useful: set[object] = set()
    for record in review.records("Effects"):
        useful.add(record.values["programme"])
    for record in review.records("ResourceUse"):
        if record.values["builds"]:
            useful.add(record.values["programme"])
    for record in review.records("Synergies"):
        useful.update((record.values["programme_a"], record.values["programme_b"]))
    for name, record in review.ids("Programmes").items():
        if name not in useful:
            problem = say("The programme has no effect, builds nothing and matches nothing: it can only cost money.")
            review.warn(
                "Programmes",
                "programme",
                record,
                problem,
                say("Add its effects, unless it is a duty that must be paid."),
            )


def check_spans(review: Review) -> None:
    """Numbers that meet in one row of the model span at most nine powers of ten."""
    for what, columns in _GROUPS:
        cells: list[tuple[float, str, str | int, Record]] = [
            (abs(float(value)), sheet, name, record)
            for sheet, column in columns
            for record in review.records(sheet)
            for name, value in (record.years if column == YEARS else {column: record.values[column]}).items()
            if value
        ]
        if not cells:
            continue
        small, large = min(cells, key=lambda c: c[0]), max(cells, key=lambda c: c[0])
        if large[0] > WIDEST_SPAN * small[0]:
            problem = say(
                "{what} span more than nine powers of ten: from {small} here to {large} in {sheet} {cell}.",
                what=what,
                small=f"{small[0]:.15g}",
                large=f"{large[0]:.15g}",
                sheet=review.tables[large[1]].title,
                cell=review.tables[large[1]].cell(large[2], large[3].row),
            )
            fix = say("Check the digits of both; numbers so far apart are reckoned with less care.")
            review.warn(small[1], small[2], small[3], problem, fix)


_GROUPS: tuple[tuple[Words, tuple[tuple[str, str], ...]], ...] = (
    (say("The scores of the effects"), (("Effects", "score"),)),
    (say("The scores of the synergies"), (("Synergies", "score"),)),
    (say("The ratios of the synergies"), (("Synergies", "ratio"),)),
    (say("What a unit of money uses and builds"), (("ResourceUse", "uses"), ("ResourceUse", "builds"))),
    (say("The weights"), (("Priorities", "weight"),)),
    (say("The needs"), (("Priorities", "need"),)),
    (
        say("The amounts of money"),
        (("Programmes", "maximum"), ("Programmes", "minimum"), ("Accounts", YEARS)),
    ),
)
