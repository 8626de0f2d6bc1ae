"""The report of ``haibun prices``: the price list of requirements, and what one more unit of each budget buys."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from optimizer import fiscal
from optimizer.portfolio import Portfolio
from optimizer.questions.prices import KINDS, Price
from optimizer.report import terms
from optimizer.report.chapters.answers import Told, how_to_read, maybe, number, subtitle
from optimizer.report.document import Block, Cell, Column, Document, Figure, Mark, Section, Table, quantity, table_of
from optimizer.run import OpenBook
from optimizer.words import Words, say

MOST_BARS = 20
COSTS = 1e-6
"""Points above which a requirement costs something."""
NOTHING_COSTS = say("No limit and no resource costs any score.")
ZERO = Fraction(0)


def prices_document(book: OpenBook, found: Sequence[Price], scenario: str, sets: Sequence[str] = ()) -> Document:
    """The whole report of an answer, dearest first."""
    return _ToldPrices(book.portfolio, found).document(book, subtitle(book.portfolio, scenario, sets))


class _ToldPrices(Told):
    def __init__(self, portfolio: Portfolio, found: Sequence[Price]) -> None:
        super().__init__(portfolio)
        self.rules = [price for price in found if price.what != "appropriation"]
        self.money = [price for price in found if price.what == "appropriation"]
        self.dear = [price for price in self.rules if price.price is not None and price.price > COSTS]

    def sections(self) -> tuple[Section, ...]:
        return (
            Section("prices", say("What requirements cost"), self.front()),
            Section("appropriations", say("What one more unit buys"), (self.appropriations(),)),
        )

    def message(self) -> Words:
        """The answer in one sentence."""
        if not self.dear:
            return NOTHING_COSTS
        return say(
            "Of {count} limits and resources {dear} cost score; the dearest is {first}: {points} points.",
            count=len(self.rules),
            dear=len(self.dear),
            first=self.dear[0].name,
            points=quantity(number(self.dear[0].price or 0.0), "points", 4),
        )

    def front(self) -> tuple[Block, ...]:
        reading = how_to_read(
            say(
                "A price is what the best score gains where the one requirement is removed and all others stay; "
                "prices of several do not add up."
            ),
            say("A requirement that costs nothing today may cost something once another is lifted."),
        )
        if not self.dear:
            return (NOTHING_COSTS, reading, self.list_of_rules()) if self.rules else (NOTHING_COSTS, reading)
        return (self.figure(), reading, self.list_of_rules())

    def figure(self) -> Figure:
        """The dearest requirements, each with its kind."""
        shown = self.dear[:MOST_BARS]
        columns = [
            Column(say("Requirement")),
            Column(say("Price (points)"), "points", 4),
        ]
        rows: list[Sequence[Cell]] = [(self._named(price), number(price.price or 0.0)) for price in shown]
        return Figure(
            name="price_list",
            kind="spans",
            message=self.message(),
            subject=say("Points of score that each requirement costs"),
            tables=(table_of("dearest", say("The dearest requirements"), columns, rows),),
            marks=tuple(Mark(self._named(price)) for price in shown),
            across=(Mark(say("From nothing to the price")), Mark(say("Price"))),
            values=tuple((number(p.price or 0.0), ZERO, number(p.price or 0.0)) for p in shown),
            decimals=4,
            unit=say("points"),
            source=say("Each requirement removed by itself, and the book solved again."),
        )

    @staticmethod
    def _named(price: Price) -> Words:
        if price.kind:
            return say("{name} ({kind})", name=price.name, kind=terms.KINDS[price.kind])
        return say("{name} ({kind})", name=price.name, kind=KINDS[price.what])

    def list_of_rules(self) -> Table:
        """Every limit and resource, dearest first."""
        columns = [
            Column(say("Requirement"), "long"),
            Column(say("What it is")),
            Column(say("Kind")),
            Column(say("Cell")),
            Column(say("It binds")),
            Column(say("Price (points)"), "points", 4),
            Column(say("Score without it"), "points", 4),
            Column(say("Points per unit eased"), "points", 6),
            Column(say("holds from"), "number", 4),
            Column(say("holds to"), "number", 4),
        ]
        rows = [
            (
                price.name,
                KINDS[price.what],
                terms.KINDS[price.kind] if price.kind else None,
                price.cell,
                say("yes") if price.binding else say("no"),
                maybe(price.price),
                maybe(price.score_without),
                *self._margin(price),
            )
            for price in self.rules
        ]
        note = say(
            "Per unit: of the limit's value, for limits on shares and risk of money of room under it in each year, "
            "of a resource in each year; it holds while the bound changes by no more than stated."
        )
        return table_of("price_of_rules", say("Price list of requirements"), columns, rows, note=note, filtered=True)

    def appropriations(self) -> Table:
        """What one more unit of each appropriation adds."""
        columns = [
            Column(say("Account")),
            Column(say("Fiscal year")),
            Column(say("Cell")),
            Column(say("One more unit adds (points)"), "points", 6),
            Column(say("Points per unit"), "points", 6),
            Column(say("holds from"), "number", 4),
            Column(say("holds to"), "number", 4),
        ]
        rows = [
            (
                price.name,
                fiscal.year_name(price.year) if price.year else None,
                price.cell,
                maybe(price.price),
                *self._margin(price),
            )
            for price in self.money
        ]
        note = say(
            "Transfer and carry-over ceilings stay as they are. A blank: no plan would keep the floors on shares of "
            "the larger budget. One unit: {unit}.",
            unit=self.unit,
        )
        title = say("What one more unit of each appropriation buys")
        return table_of("price_of_money", title, columns, rows, note=note, filtered=True)

    @staticmethod
    def _margin(price: Price) -> tuple[Cell, Cell, Cell]:
        return maybe(price.per_unit), maybe(price.holds_from), maybe(price.holds_to)
