"""Every programme of a plan as one row, and one programme in full: plain values and texts in one language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import groupby
from typing import Any

from optimizer import fiscal
from optimizer.portfolio import Programme
from optimizer.report.chapters.money import kept_baseline
from optimizer.report.converted import Converter, converter_into
from optimizer.report.document import ZERO, number_text
from optimizer.report.in_unit import InUnit
from optimizer.results import VERDICTS, Line, Result, family_name
from optimizer.words import Words, name_of, say


def listing(result: Result, language: str, unit: str = "") -> list[dict[str, Any]]:
    """A row for each active programme: money over its years, baseline kept, range, verdict and reason.

    Texts of money are in ``unit`` (blank: the workbook's), numbers in the workbook's.
    """
    grouped = groupby(result.lines, lambda line: line.programme.id)
    money = converter_into(unit, result.portfolio)
    return [_row(result, list(lines), language, money) for _, lines in grouped]


def _row(result: Result, lines: list[Line], language: str, money: Converter) -> dict[str, Any]:
    programme, amount = lines[0].programme, sum((line.amount for line in lines), ZERO)
    largest = max(lines, key=lambda line: line.amount)
    baseline = kept_baseline(programme)
    low, high = programme.floor * len(lines), programme.maximum * len(lines)
    if programme.indivisible:
        low = ZERO
    return {
        "id": programme.id,
        "name": name_of(programme).into(language),
        "family": family_name(programme.family).into(language),
        "family_id": programme.family,
        "region": name_of(result.portfolio.regions[programme.region]).into(language),
        "account": name_of(result.portfolio.accounts[programme.account]).into(language),
        "verdict": VERDICTS[largest.verdict].into(language),
        "reason": money.words(largest.reason).into(language),
        **_amounts(money.into, language, amount=amount, baseline=baseline, low=low, high=high),
        "change": float(amount - baseline),
        "change_text": money.into.change(amount - baseline, 1, language),
    }


def _amounts(money: InUnit, language: str, **amounts: Fraction) -> dict[str, Any]:
    values = {key: float(value) for key, value in amounts.items()}
    return values | {f"{key}_text": money.text(value, 1, language) for key, value in amounts.items()}


def programme_in_full(
    result: Result, ident: str, language: str, unit: str = "", said: Sequence[Words] = ()
) -> dict[str, Any]:
    """One programme: its years, what is said of it, its effects from the largest, with what a unit first scores.

    Amounts are shown in ``unit``; effects are told for a unit of the workbook's money.
    """
    money = converter_into(unit, result.portfolio)
    programme = result.portfolio.programmes.get(ident)
    sentences = [money.words(words).into(language) for words in said]
    if programme is None:
        return {"id": ident, "years": [], "sentences": sentences, "effects": []}
    first = result.portfolio.settings.first_year
    return {
        "id": ident,
        "name": name_of(programme).into(language),
        "family": family_name(programme.family).into(language),
        "account": name_of(result.portfolio.accounts[programme.account]).into(language),
        "maximum": float(programme.maximum),
        "sentences": sentences,
        "years": [
            {
                "year": fiscal.year_name(first + line.year).into(language),
                "amount": money.into.text(line.amount, 2, language),
                "verdict": VERDICTS[line.verdict].into(language),
                "reason": money.words(line.reason).into(language),
            }
            for line in result.lines
            if line.programme.id == ident
        ],
        "effects": _effects(result, programme, language),
    }


def _effects(result: Result, programme: Programme, language: str) -> list[dict[str, str]]:
    """The programme's effects, the one that scores most for a first unit of money first."""
    worth: Mapping[tuple[str, str, int], Any] = result.book.pairs
    ranked = []
    for effect in result.portfolio.effects:
        if effect.programme == programme.id:
            pair = worth.get((effect.region, effect.objective, min(effect.lag, result.portfolio.settings.years - 1)))
            points = effect.score * pair.worth if pair else ZERO
            ranked.append((points, effect))
    ranked.sort(key=lambda entry: -entry[0])
    return [
        {
            "objective": name_of(result.portfolio.objectives[effect.objective]).into(language),
            "region": name_of(result.portfolio.regions[effect.region]).into(language),
            "score": number_text(effect.score, "number", 3, language),
            "points": f"{float(points):.5f}",
            "lag": _lag(effect.lag).into(language),
        }
        for points, effect in ranked
    ]


def _lag(years: int) -> Words:
    return say("{years} year(s) later", years=years) if years else say("the same year")
