"""The frontiers of money, and of want against fear, as frontier.csv, as JSON and in sentences."""

from __future__ import annotations

from dataclasses import asdict

from optimizer.questions.freedoms import Balance, Freedoms
from optimizer.questions.frontier import Frontier, LeastMoney, Passage, Point
from optimizer.results import points_text
from optimizer.run import csv_bytes
from optimizer.units import amount
from optimizer.words import Words, name_of, say

MOST_PASSAGES = 12
PASSAGES = {
    (True, False): say("enters"),
    (False, False): say("leaves"),
    (True, True): say("rises above its minimum"),
    (False, True): say("falls to its minimum"),
}
"""What a programme does: whether it enters, and whether it has a minimum."""


COLUMNS = ("budget_factor", "budget", "score", "marginal", "error")
FREEDOM_COLUMNS = ("want", "fear", "score", "exchange", "error", "today")


def frontier_csv(found: Frontier) -> bytes:
    """frontier.csv: a row for each end of a piece, by rising factor."""
    return csv_bytes(COLUMNS, map(_row, found.points))


def _row(point: Point) -> dict[str, object]:
    return {
        "budget_factor": f"{point.factor:.9g}",
        "budget": f"{point.budget:.12g}",
        "score": f"{point.score:.10g}",
        "marginal": f"{point.marginal:.10g}",
        "error": "" if point.error is None else f"{point.error:.4g}",
    }


def frontier_as_dict(found: Frontier) -> dict[str, object]:
    """The answer of ``haibun frontier`` for programs."""
    return {
        "scenario": found.scenario,
        "set": list(found.sets),
        "account": found.account,
        "unit": found.portfolio.settings.unit,
        "points": [
            {"budget_factor": p.factor, "budget": p.budget, "score": p.score, "marginal": p.marginal, "error": p.error}
            for p in found.points
        ],
        "passages": [
            {
                "programme": p.programme,
                "enters": p.enters,
                "from_minimum": p.from_minimum,
                "from": p.low,
                "to": p.high,
            }
            for p in found.passages
        ],
        "solves": found.solves,
        "indivisible": found.has_indivisible,
    }


def frontier_in_words(found: Frontier) -> list[Words]:
    """What money buys, in sentences."""
    first, last, unit = found.points[0], found.points[-1], found.portfolio.settings.unit
    today = [point for point in found.points if point.factor == 1]
    said = [_at(point, unit) for point in dict.fromkeys([first, *today, last])]
    known = [point.error for point in found.points if point.error is not None]
    if len(known) == len(found.points) > 1:
        said.append(
            say(
                "{pieces} pieces, each straight to within {error} points ({solves} solves).",
                pieces=len(found.points) - 1,
                error=f"{max(known):.2g}",
                solves=found.solves,
            )
        )
    elif len(known) < len(found.points):
        said.append(
            say("Floors on shares of appropriations grow with the money: no bound is known between the points.")
        )
    if found.has_indivisible:
        said.append(say("Indivisible programmes are whole at every point; between points the score can jump."))
    said += [_passage(found, passage) for passage in found.passages[:MOST_PASSAGES]]
    if len(found.passages) > MOST_PASSAGES:
        said.append(say("  … and {count} more (in the report).", count=len(found.passages) - MOST_PASSAGES))
    return said


def _at(point: Point, unit: str) -> Words:
    return say(
        "Budget × {factor} ({budget}): {score} points; {one} more adds {marginal}.",
        factor=f"{point.factor:.4g}",
        budget=amount(f"{point.budget:,.2f}", unit),
        one=amount("1", unit),
        score=f"{point.score:.4f}",
        marginal=points_text(point.marginal),
    )


def _passage(found: Frontier, passage: Passage) -> Words:
    return say(
        "  {name} {happens} between × {low} and × {high}",
        name=name_of(found.portfolio.programmes[passage.programme]),
        happens=PASSAGES[passage.enters, passage.from_minimum],
        low=f"{passage.low:.4g}",
        high=f"{passage.high:.4g}",
    )


def least_money_as_dict(found: LeastMoney) -> dict[str, object]:
    """The least money for a score, for programs."""
    return {"score": found.score, "budget_factor": found.factor, "budget": found.budget, "unit": found.unit}


def least_money_in_words(found: LeastMoney) -> Words:
    """The least money for a score."""
    return say(
        "{score} points need at least {budget}: budget × {factor}.",
        score=f"{found.score:g}",
        budget=amount(f"{found.budget:,.2f}", found.unit),
        factor=f"{found.factor:.6f}",
    )


def freedoms_csv(found: Freedoms) -> bytes:
    """frontier.csv of want against fear: a row for each end of a piece, by rising want."""
    rows = (
        {
            "want": f"{point.want:.10g}",
            "fear": f"{point.fear:.10g}",
            "score": f"{point.score:.10g}",
            "exchange": "" if point.exchange is None else f"{point.exchange:.10g}",
            "error": f"{point.error:.4g}",
            "today": "yes" if number == found.today else "no",
        }
        for number, point in enumerate(found.points)
    )
    return csv_bytes(FREEDOM_COLUMNS, rows)


def freedoms_as_dict(found: Freedoms) -> dict[str, object]:
    """The same for programs."""
    return {
        "scenario": found.scenario,
        "set": list(found.sets),
        "points": [asdict(point) for point in found.points],
        "today": found.today,
        "solves": found.solves,
        "indivisible": found.has_indivisible,
    }


def freedoms_in_words(found: Freedoms) -> list[Words]:
    """What one freedom costs the other, in sentences."""
    said = [
        say("All weight on fear: want {want}, fear {fear}.", **_shown(found.points[0])),
        say("Today's weights: want {want}, fear {fear} ({score} points).", **_shown(found.points[found.today])),
        say("All weight on want: want {want}, fear {fear}.", **_shown(found.points[-1])),
    ]
    exchange = found.points[found.today].exchange
    if exchange is not None:
        said.append(
            say("From today's weights one more point of want costs {points} of fear.", points=f"{exchange:.3f}")
        )
    if found.has_indivisible:
        said.append(
            say("Indivisible programmes are whole in every plan shown; between them not every point is a plan.")
        )
    return said


def _shown(point: Balance) -> dict[str, str]:
    return {"want": f"{point.want:.2f}", "fear": f"{point.fear:.2f}", "score": f"{point.score:.4f}"}
