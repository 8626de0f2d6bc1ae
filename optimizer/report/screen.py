"""What the cockpit shows of a plan beside a base plan: plain values and their texts in one language.

Every number is a sum of the plan's own amounts or what they attain; money is summed over the horizon. Values are in
the workbook's unit, texts in the reader's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from optimizer import fiscal, units
from optimizer.report import terms
from optimizer.report.chapters.money import Money
from optimizer.report.chapters.needs import Needs
from optimizer.report.chapters.rules import Rules
from optimizer.report.converted import converter_into
from optimizer.report.document import ZERO, number_text
from optimizer.report.figures.palette import COLOURS, GREY, RULE
from optimizer.results import FAMILY_NAMES, FREEDOM_NAMES, Line, Result, family_name
from optimizer.words import Name, Words, name_of, say

MOST_MOVED = 10
MOST_BINDING = 8
PRICE_DECIMALS = 5
FELT = Fraction(1, 100)
"""Money below which a line has not moved."""


@dataclass(frozen=True)
class Sums:
    """What one plan comes to: score, share of need met by freedom, and money by family, region and programme."""

    score: Fraction
    met: Mapping[str, Fraction]
    total: Fraction
    families: Mapping[str, Fraction]
    regions: Mapping[str, Fraction]
    programmes: Mapping[str, Fraction]


def sums_of(result: Result) -> Sums:
    """The sums of a plan."""
    needs = Needs(result)

    return Sums(
        result.proof.score,
        {freedom: needs.met(freedom=freedom) or ZERO for freedom in needs.freedoms},
        result.total(),
        result.sums_by(lambda p: p.family),
        result.sums_by(lambda p: p.region),
        result.sums_by(lambda p: p.id),
    )


class Screen:
    """One plan beside the base, in one language and one unit of money (blank: the workbook's)."""

    def __init__(self, result: Result, base: Sums, language: str, unit: str = "") -> None:
        self.result, self.base, self.language = result, base, language
        self.portfolio = result.portfolio
        self.sums = sums_of(result)
        self.told = converter_into(unit, self.portfolio)
        self.money = self.told.into

    def at_once(self) -> dict[str, Any]:
        """The figures, bars and moved lines; reasons are left to ``in_full``."""
        return {
            "status": "live",
            "figures": self.figures(),
            "families": self.bars(self.sums.families, self.base.families, list(FAMILY_NAMES), family_name),
            "regions": self.bars(self.sums.regions, self.base.regions, list(self.portfolio.regions), self._region_name),
            "moved": self.moved({}),
            "sentence": self.sentence().into(self.language),
        }

    def in_full(self, price: float | None, base_price: float | None) -> dict[str, Any]:
        """The same for a published plan, with reasons, what binds, the flow of money, the proof and the price.

        Prices are points for one more unit of the workbook's money, of this plan and of the base.
        """
        lines: dict[str, list[Line]] = defaultdict(list)
        for line in self.result.lines:
            lines[line.programme.id].append(line)
        money = Money(self.result)
        return self.at_once() | {
            "status": "published",
            "price": self.price(price, base_price),
            "moved": self.moved(lines),
            "binding": self.binding(money),
            "flow": self.flow(money),
            "gap": self.proved().into(self.language),
        }

    def figures(self) -> list[dict[str, Any]]:
        """Score, want, fear and total, each with its change from the base."""
        found = [self._figure("score", say("Score"), self.sums.score, self.base.score, "points", say("of 100"))]
        for freedom, met in self.sums.met.items():
            base = self.base.met.get(freedom, ZERO)
            found.append(self._figure(freedom, FREEDOM_NAMES[freedom], met, base, "share", say("of the need")))
        found.append(
            self._figure("total", say("Plan, total"), self.sums.total, self.base.total, "money", self.money.name)
        )
        return found

    def _figure(
        self, ident: str, label: Words, value: Fraction, base: Fraction, kind: str, unit: Words
    ) -> dict[str, Any]:
        decimals = {"points": 2, "share": 1, "money": 0}[kind]
        change = value - base
        points = change * 100 if kind == "share" else change
        said = Name(self._amount_signed(points) if kind == "money" else self._signed(points, decimals))
        text = self._amount(value) if kind == "money" else number_text(value, kind, decimals, self.language)
        return {
            "id": ident,
            "label": label.into(self.language),
            "value": float(value),
            "text": text,
            "unit": unit.into(self.language),
            "change": round(float(points), decimals),
            "change_text": (say("{change} points", change=said) if kind == "share" else said).into(self.language),
        }

    def _amount(self, amount: Fraction, decimals: int = 0) -> str:
        return self.money.text(amount, decimals, self.language)

    def _amount_signed(self, change: Fraction, decimals: int = 0) -> str:
        return self.money.change(change, decimals, self.language)

    def _signed(self, change: Fraction, decimals: int) -> str:
        text = number_text(change, "money", decimals, self.language)
        return f"+{text}" if change > 0 and any(letter in "123456789" for letter in text) else text

    def bars(
        self,
        now: Mapping[str, Fraction],
        base: Mapping[str, Fraction],
        order: list[str],
        name: Callable[[str], Words],
    ) -> list[dict[str, Any]]:
        """Money by something, now and in the base."""
        shown = [key for key in [*order, *(key for key in now if key not in order)] if key in now or key in base]
        return [
            {
                "id": key,
                "name": name(key).into(self.language),
                "value": float(now.get(key, ZERO)),
                "base": float(base.get(key, ZERO)),
                "text": self._amount(now.get(key, ZERO)),
                "base_text": self._amount(base.get(key, ZERO)),
                "change_text": self._amount_signed(now.get(key, ZERO) - base.get(key, ZERO)),
            }
            for key in shown
        ]

    def _region_name(self, region: str) -> Words:
        return name_of(self.portfolio.regions[region])

    def moved(self, lines: Mapping[str, list[Line]]) -> list[dict[str, Any]]:
        """The programmes whose money differs most from the base, with the reason of their largest year."""
        changes = {
            key: self.sums.programmes.get(key, ZERO) - self.base.programmes.get(key, ZERO)
            for key in {**self.base.programmes, **self.sums.programmes}
        }
        largest = sorted((key for key in changes if abs(changes[key]) >= FELT), key=lambda key: -abs(changes[key]))
        return [self._moved_line(key, changes[key], lines.get(key, [])) for key in largest[:MOST_MOVED]]

    def _moved_line(self, key: str, change: Fraction, lines: list[Line]) -> dict[str, Any]:
        last = lines[-1].reason if lines else None
        if key not in self.portfolio.programmes:
            last = say("It is switched off in this scenario.")
        return {
            "programme": key,
            "name": self._programme_name(key),
            "before": self._amount(self.base.programmes.get(key, ZERO), 1),
            "after": self._amount(self.sums.programmes.get(key, ZERO), 1),
            "change": float(change),
            "change_text": self._amount_signed(change, 1),
            "reason": self.told.words(last).into(self.language) if last else "",
        }

    def _programme_name(self, key: str) -> str:
        if key in self.portfolio.programmes:
            return name_of(self.portfolio.programmes[key]).into(self.language)
        record = next(r for r in self.portfolio.tables["Programmes"].records if r.values["programme"] == key)
        english = str(record.values["name"] or key)
        return str(record.values["name_ja"] or english) if self.language == "ja" else english

    def binding(self, money: Money) -> list[dict[str, str]]:
        """The limits that bind, with their kind and years."""
        first = self.portfolio.settings.first_year
        return [
            {
                "id": limit.id,
                "name": name_of(limit).into(self.language),
                "kind": terms.KINDS[limit.kind].into(self.language),
                "years": fiscal.years_named(first, years).into(self.language),
            }
            for limit, years in Rules(self.result, money.decimals).binding[:MOST_BINDING]
        ]

    def flow(self, money: Money) -> dict[str, Any]:
        """The flow of money from account to objective: nodes by level, links between neighbours."""
        figure = money.flow_figure()
        return {
            "nodes": [
                {"name": mark.name.into(self.language), "colour": COLOURS.get(mark.colour, GREY), "level": level}
                for mark, level in zip(figure.marks, figure.levels, strict=True)
            ],
            "links": [
                {
                    "from": start,
                    "to": end,
                    "value": float(amount),
                    "text": self._amount(amount, 1),
                    "colour": COLOURS.get(colour, RULE),
                }
                for start, end, amount, colour in figure.links
            ],
        }

    def price(self, points: float | None, base: float | None) -> dict[str, Any]:
        """What one more unit of money would score; None, and a dash, where no plan is left to tell."""
        change = None if points is None or base is None else Fraction(points) - Fraction(base)
        return {
            "id": "price",
            "label": say("Next {unit}", unit=terms.usual(self.portfolio.settings.unit)).into(self.language),
            "value": points,
            "text": "–" if points is None else f"{max(points, 0.0):.{PRICE_DECIMALS}f}",
            "unit": say("points").into(self.language),
            "change": None if change is None else round(float(change), PRICE_DECIMALS),
            "change_text": "–" if change is None else self._signed(change, PRICE_DECIMALS),
        }

    def proved(self) -> Words:
        """What the proof says, in a sentence."""
        gap = max(float(self.result.proof.gap), 0.0)
        return say(
            "Published and proved: every row holds, and no plan scores more than {gap} points above it.",
            gap=f"{gap:.4f}",
        )

    def sentence(self) -> Words:
        """What changed against the base, for a status line."""
        change = self.sums.score - self.base.score
        families = {
            key: self.sums.families.get(key, ZERO) - self.base.families.get(key, ZERO)
            for key in {**self.base.families, **self.sums.families}
        }
        most = max(families, key=lambda key: abs(families[key]), default="")
        is_seen = bool(most) and any(sign in "123456789" for sign in self._amount(families[most]))
        if not most or (not is_seen and abs(change) < Fraction(1, 200)):
            return say("Nothing changes against the base plan.")
        return say(
            "Score {score} ({change} points against the base); {family} moves most, by {amount}.",
            score=number_text(self.sums.score, "points", 2, self.language),
            change=self._signed(change, decimals=2),
            family=family_name(most),
            amount=units.amount(Name(self._amount_signed(families[most])), self.money.unit),
        )
