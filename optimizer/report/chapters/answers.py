"""What the reports of all questions share: the head of an answer's document, and numbers from solves."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from fractions import Fraction

from optimizer.portfolio import Portfolio
from optimizer.questions.compare_tables import sets_in_words
from optimizer.report import terms
from optimizer.report.document import Callout, Document, Quantity, Section, quantity
from optimizer.results import both, scenario_name
from optimizer.run import OpenBook, versions
from optimizer.words import Words, say

PLACES = 6
NOT_MEASUREMENTS = say("Amounts are real where the data have them; scores are not measurements.")
AS_SOLVED = say(
    "Scores are those of the best plans before rounding to publish units; each is the optimum of a re-solve, not an "
    "estimate."
)


class Told(ABC):
    """An answer about a portfolio as a document; the class of each question says its message and its sections."""

    def __init__(self, portfolio: Portfolio) -> None:
        self.portfolio = portfolio
        self.unit = terms.usual(portfolio.settings.unit)
        self.decimals = terms.money_decimals(portfolio)

    @abstractmethod
    def message(self) -> Words:
        """The answer in one sentence."""

    @abstractmethod
    def sections(self) -> tuple[Section, ...]:
        """Its chapters."""

    def document(self, book: OpenBook, about: Words) -> Document:
        """The whole report; ``about`` says what was asked."""
        return Document(
            title=both(self.portfolio.settings.title),
            message=self.message(),
            subtitle=about,
            fingerprint=fingerprint(book),
            sections=self.sections(),
        )


def fingerprint(book: OpenBook) -> Words:
    """What identifies the book and the program, for the foot of every page."""
    return say("Haibun {version}; workbook SHA-256 {hash}", version=versions()["program"], hash=book.sha256[:16])


def subtitle(portfolio: Portfolio, scenario: str, sets: Sequence[str]) -> Words:
    """Scenario and what was set, in a line."""
    if sets:
        return say(
            "Scenario: {scenario}; changed by: {changes}",
            scenario=scenario_name(scenario),
            changes=sets_in_words(portfolio, sets),
        )
    return say("Scenario: {scenario}", scenario=scenario_name(scenario))


def how_to_read(*sentences: Words) -> Callout:
    """The box that no reader may overlook."""
    return Callout(say("How to read the numbers"), (NOT_MEASUREMENTS, AS_SOLVED, *sentences))


def counted(count: int) -> Quantity:
    """A count in a sentence."""
    return quantity(count, "count", 0)


def number(value: float) -> Fraction:
    """A solved number as the decimal that is shown."""
    return Fraction(f"{value:.{PLACES}f}")


def maybe(value: float | None) -> Fraction | None:
    """The same; blank where there is none."""
    return None if value is None else number(value)
