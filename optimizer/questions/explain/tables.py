"""Explanations as plain values, for ``--json``."""

from __future__ import annotations

from collections.abc import Sequence

from optimizer.places import place_of
from optimizer.questions.explain.explainer import Explanation
from optimizer.results import Line, Result
from optimizer.words import Words


def explanations_as_dict(
    result: Result, found: Sequence[Explanation], unspent: Sequence[Words], notes: Sequence[Words], language: str
) -> dict[str, object]:
    """``{"programmes": [...], "unspent": [...], "notes": [...]}``; amounts in the workbook's unit, points of score."""
    return {
        "programmes": [
            {
                "programme": item.id,
                "name": item.name.into(language),
                "lines": [_line(result, line, language) for line in item.lines],
                "entry": item.entry and {"effects": item.entry.effects, "cost": item.entry.cost},
                "sentences": [words.into(language) for words in item.sentences],
            }
            for item in found
        ],
        "unspent": [words.into(language) for words in unspent],
        "notes": [words.into(language) for words in notes],
    }


def _line(result: Result, line: Line, language: str) -> dict[str, object]:
    cause, cell = line.cause, (line.programme.id, line.year)
    better = cause.better
    return {
        "year": result.fiscal_year(line.year),
        "amount": float(line.amount),
        "verdict": line.verdict,
        "reason": line.reason.into(language),
        "rules": [
            {"sheet": place.sheet, "cell": place.cell, "id": place.id}
            for place in (place_of(result.portfolio, key) for key in cause.rules)
        ],
        "next_step": float(result.causes.step_of(cell, more=True)),
        "next_points": cause.next_points,
        "last_step": float(result.causes.step_of(cell, more=False)),
        "last_points": cause.last_points,
        "better": better
        and {
            "programme": better.cell[0],
            "year": result.fiscal_year(better.cell[1]),
            "step": float(better.step),
            "points": better.points,
            "points_here": better.here,
        },
    }
