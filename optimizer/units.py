"""Units of money in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from optimizer.words import Name, Words, say

UNITS = (
    say("JPY 100 million"),
    say("JPY"),
    say("JPY thousand"),
    say("JPY million"),
    say("JPY billion"),
    say("USD"),
    say("USD thousand"),
    say("USD million"),
)
AMOUNTS: Mapping[str, Callable[[Words], Words]] = {
    "JPY 100 million": lambda amount: say("{amount} hundred million yen", amount=amount),
    "JPY": lambda amount: say("{amount} yen", amount=amount),
    "JPY thousand": lambda amount: say("{amount} thousand yen", amount=amount),
    "JPY million": lambda amount: say("{amount} million yen", amount=amount),
    "JPY billion": lambda amount: say("{amount} billion yen", amount=amount),
    "USD million": lambda amount: say("{amount} million dollars", amount=amount),
}
YEN: Mapping[str, int] = {
    "JPY 100 million": 10**8,
    "JPY": 1,
    "JPY thousand": 10**3,
    "JPY million": 10**6,
    "JPY billion": 10**9,
}
CHOICES = ("JPY 100 million", "JPY million", "JPY billion")
DOLLARS = "USD million"
_KNOWN = {words.pattern: words for words in UNITS}


def unit_name(unit: str) -> Words:
    """A unit by its usual name; any other as the workbook writes it."""
    return _KNOWN.get(unit) or Name(unit)


def signed(number: Fraction | float, places: int) -> Name:
    """A change with its sign; in Japanese a fall is written with △."""
    text = f"{float(number):+,.{places}f}"
    return Name(text, japanese=text.replace("-", "△ "))


@dataclass(frozen=True)
class Money(Name):
    """An amount whose unit stands elsewhere in its sentence."""


def moved(change: Fraction | float, places: int) -> Money:
    """A change of money, like ``signed``."""
    text = signed(change, places)
    return Money(text.pattern, japanese=text.japanese)


def percent(number: float, form: str = ".1f") -> Name:
    """Per cent, with the space before the sign that each language has."""
    text = format(number, form)
    return Name(f"{text} %", japanese=f"{text}%")


def factors(unit: str, yen_for_a_dollar: Fraction | None) -> dict[str, Fraction]:
    """The units in which a reader may see amounts of ``unit``, each with what an amount is multiplied by; itself first.

    Yen in other multiples of yen, and in dollars where the workbook states a rate; any other unit only as it is.
    """
    found = {unit: Fraction(1)}
    if unit in YEN:
        found |= {other: Fraction(YEN[unit], YEN[other]) for other in CHOICES if other != unit}
        if yen_for_a_dollar:
            found[DOLLARS] = YEN[unit] / (yen_for_a_dollar * 10**6)
    return found


def amount(number: Words | str, unit: str) -> Words:
    """Money in a sentence."""
    said = Name(number) if isinstance(number, str) else number
    if unit in AMOUNTS:
        return AMOUNTS[unit](said)
    return say("{amount} ({unit})", amount=said, unit=unit_name(unit))
