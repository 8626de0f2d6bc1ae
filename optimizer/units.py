"""Units of money in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping

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
_KNOWN = {words.pattern: words for words in UNITS}


def unit_name(unit: str) -> Words:
    """A unit by its usual name; any other as the workbook writes it."""
    return _KNOWN.get(unit) or Name(unit)


def amount(number: Words | str, unit: str) -> Words:
    """Money in a sentence."""
    said = Name(number) if isinstance(number, str) else number
    if unit in AMOUNTS:
        return AMOUNTS[unit](said)
    return say("{amount} ({unit})", amount=said, unit=unit_name(unit))
