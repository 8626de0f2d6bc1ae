"""Spending counted along falling curves, exactly, with the standard library alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from optimizer.portfolio import Programme, Segment

ZERO = Fraction(0)


def along_the_curve(curve: tuple[Segment, ...], scale: Fraction, amount: Fraction) -> Fraction:
    """Spending counted at the rates of its curve; the last segment has no end."""
    counted, start = ZERO, ZERO
    for segment in curve[:-1]:
        end = segment.up_to * scale
        if amount <= end:
            return counted + segment.rate * (amount - start)
        counted += segment.rate * (end - start)
        start = end
    return counted + curve[-1].rate * (amount - start)


@dataclass(frozen=True, slots=True)
class WholeCurve:
    """A programme's curve in whole numbers: its inner ends times ``money``, its rates times ``steepness``."""

    money: int
    ends: tuple[int, ...]
    steepness: int
    rates: tuple[int, ...]

    def to_scales(self, money: int, steepness: int) -> tuple[list[int], list[int]]:
        """Ends and rates over common multiples of the scales."""
        return (
            [end * (money // self.money) for end in self.ends],
            [rate * (steepness // self.steepness) for rate in self.rates],
        )


def in_whole_numbers(programme: Programme) -> WholeCurve:
    """The curve of a programme, ready for fast and exact sums."""
    ends = [segment.up_to * programme.scale for segment in programme.curve[:-1]]
    money = lcm(*(end.denominator for end in ends))
    steepness = lcm(*(segment.rate.denominator for segment in programme.curve))
    rates = tuple(int(segment.rate * steepness) for segment in programme.curve)
    return WholeCurve(money, tuple(int(end * money) for end in ends), steepness, rates)


def counted_along(ends: Sequence[int], rates: Sequence[int], amount: int) -> int:
    """The same in whole numbers."""
    counted = start = 0
    for end, rate in zip(ends, rates, strict=False):
        if amount <= end:
            return counted + rate * (amount - start)
        counted += rate * (end - start)
        start = end
    return counted + rates[-1] * (amount - start)
