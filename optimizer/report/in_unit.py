"""Money as a reader wants to see it: amounts of the workbook, times a factor, in another unit. For display only."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import log10

from optimizer import units
from optimizer.portfolio import Portfolio
from optimizer.report import terms
from optimizer.report.document import number_text
from optimizer.words import Words


@dataclass(frozen=True)
class InUnit:
    """A unit, and what an amount of the workbook is multiplied by."""

    unit: str
    factor: Fraction

    @property
    def name(self) -> Words:
        """The unit as people call it."""
        return terms.usual(self.unit)

    def decimals(self, of_workbook: int) -> int:
        """As many decimals as keep the last one worth about the same; none is negative."""
        return max(0, of_workbook - round(log10(self.factor)))

    def text(self, amount: Fraction, decimals: int, language: str) -> str:
        """An amount of the workbook, which there would have so many decimals."""
        return number_text(amount * self.factor, "money", self.decimals(decimals), language)

    def change(self, amount: Fraction, decimals: int, language: str) -> str:
        """The same with its sign."""
        text = self.text(amount, decimals, language)
        return f"+{text}" if amount > 0 and any(letter in "123456789" for letter in text) else text


def in_unit(portfolio: Portfolio, wanted: str) -> InUnit:
    """The wanted unit where amounts can be shown in it, else the workbook's own."""
    choices = _choices(portfolio)
    unit = wanted if wanted in choices else portfolio.settings.unit
    return InUnit(unit, choices[unit])


def units_of(portfolio: Portfolio) -> dict[str, float]:
    """The units in which amounts can be shown, the workbook's own first, each with its factor."""
    return {unit: float(factor) for unit, factor in _choices(portfolio).items()}


def _choices(portfolio: Portfolio) -> dict[str, Fraction]:
    settings = portfolio.settings
    rate = None if settings.exchange_rate is None else Fraction(settings.exchange_rate)
    return units.factors(settings.unit, rate)
