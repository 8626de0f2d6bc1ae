"""What a planner can move on the what-if page: a plain list of controls with names in one language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from optimizer import Name, OpenBook, name_of, say, years_named

FREEDOMS = {"want": say("Freedom from want"), "fear": say("Freedom from fear")}


def controls_of(book: OpenBook, levers_on: Mapping[str, bool], language: str) -> dict[str, Any]:
    """The controls of a book. ``items`` are scenario items, all set to the same factor by one control."""
    portfolio = book.portfolio
    scored = {objective for _, objective in portfolio.priorities}
    objectives = [objective for objective in portfolio.objectives.values() if objective.id in scored]
    weighted = {region for region, _ in portfolio.priorities}

    def named(record: object) -> str:
        return name_of(record).into(language)

    def factor(label: str, items: Iterable[str], amount: float | None = None) -> dict[str, Any]:
        return {"label": label, "items": list(items), "amount": amount}

    accounts = portfolio.accounts.values()
    settings = portfolio.settings
    return {
        "period": years_named(settings.first_year, range(settings.years)).into(language),
        "total": factor(
            say("Total budget").into(language),
            ["budget_factor"],
            float(sum(sum(account.appropriation) for account in accounts)),
        ),
        "accounts": [
            factor(named(account), [f"budget_factor:{account.id}"], float(sum(account.appropriation)))
            for account in accounts
        ],
        "freedoms": [
            factor(words.into(language), [f"weight_factor:{o.id}" for o in objectives if o.freedom == freedom])
            for freedom, words in FREEDOMS.items()
            if any(o.freedom == freedom for o in objectives)
        ],
        "regions": [
            factor(named(region), [f"weight_factor:{region.id}"])
            for region in portfolio.regions.values()
            if region.id in weighted
        ],
        "effects": [factor(named(objective), [f"effect_factor:{objective.id}"]) for objective in objectives],
        "resources": [
            factor(
                say("{name} ({kind})", name=named(resource), kind=half(resource.unit, language)).into(language)
                if resource.unit
                else named(resource),
                [f"resource_factor:{resource.id}"],
                float(resource.available[0]),
            )
            for resource in portfolio.resources.values()
        ],
        "levers": [
            {
                "id": lever.id,
                "name": named(lever),
                "note": half(lever.note, language),
                "proposal": lever.proposal,
                "on": levers_on[lever.id],
            }
            for lever in portfolio.levers.values()
        ],
        "programmes": [
            {
                "id": p.id,
                "name": named(p),
                "minimum": float(p.floor),
                "maximum": float(p.maximum),
                "baseline": None if p.baseline is None else float(p.baseline),
            }
            for p in portfolio.programmes.values()
        ],
    }


def half(text: str, language: str) -> str:
    """The reader's half of a text of the form ``English / 日本語``; the whole text where it has no halves."""
    english, slash, japanese = text.partition(" / ")
    return Name(english, japanese=japanese).into(language) if slash else text
