"""What a step more or less of one line does to the best score, found by solving again with the line held there."""

from __future__ import annotations

from optimizer.errors import NoPlan
from optimizer.live import Live
from optimizer.results import Line, Result, points_text
from optimizer.words import Words, say

NOTICED = 1e-6
"""Points below which a difference of two best scores says nothing."""


def margins(result: Result, live: Live, line: Line) -> list[Words]:
    """Sentences on one line of a run; none where the scenario pins it."""
    if line.verdict == "pinned":
        return []
    if line.programme.indivisible:
        return [_in_or_out(live, line)]
    return [words for words in (_more(result, live, line), _less(result, live, line)) if words is not None]


def _more(result: Result, live: Live, line: Line) -> Words | None:
    step = result.causes.step_of((line.programme.id, line.year), more=True)
    if not step:
        return None
    lost = lost_between(live, line, float(line.amount + step), float(line.programme.ceiling(line.year)))
    if lost is None:
        return say("No plan gives it {step} more.", step=result.money_in_words(step))
    if lost <= NOTICED:
        return say("Plans that give it {step} more can score as much.", step=result.money_in_words(step))
    return say(
        "With {step} more here, taken from elsewhere, the best score falls by {points} points.",
        step=result.money_in_words(step),
        points=points_text(lost),
    )


def _less(result: Result, live: Live, line: Line) -> Words | None:
    causes, cell = result.causes, (line.programme.id, line.year)
    step = min(causes.room_to_floor(cell), causes.step) * result.portfolio.settings.publish_unit
    if not step:
        return None
    lost = lost_between(live, line, 0.0, float(line.amount - step))
    if lost is None:
        return say("No plan gives it {step} less.", step=result.money_in_words(step))
    if lost <= NOTICED:
        return say("Plans that give it {step} less can score as much.", step=result.money_in_words(step))
    return say(
        "With {step} less here, put to use elsewhere, the best score falls by {points} points.",
        step=result.money_in_words(step),
        points=points_text(lost),
    )


def _in_or_out(live: Live, line: Line) -> Words:
    """What putting an indivisible line in, or leaving it out, does to the best score (exact, not the relaxation's)."""
    if line.amount:
        lost = lost_between(live, line, 0.0, 0.0)
        if lost is None:
            return say("No plan is possible without it.")
        return say("Without it the best score falls by {points} points.", points=points_text(lost))
    lost = lost_between(live, line, float(line.programme.floor), float(line.programme.maximum))
    if lost is None:
        return say("No plan has room for it.")
    return say("With it the best score falls by {points} points.", points=points_text(lost))


def lost_between(live: Live, line: Line, low: float, high: float) -> float | None:
    """By how much the best score falls with a line held between two amounts; None where no plan is possible."""
    columns = live.model.columns
    column = columns.first_x + columns.cell_of[line.programme.id, line.year]
    with live.changed(columns={column: (low, high)}):
        try:
            return max(live.score - live.solve(), 0.0)
        except NoPlan:
            return None
