"""Effects: the points that one oku-yen of a programme yields, good or harmful."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from figures import objectives, read
from need import WORLD_NEED, gap_of_region
from programmes import Line, programmes

WANT = ("poverty", "health", "education", "infrastructure")
CUT_BY_ABSORPTION = (*WANT, "governance")
STANDARD = ((0.5, 1), (0.8, 0.7), (1, 0.4))
SECURITY_AID = ("osa", "equipment_finance", "equipment_transfer", "capacity_building")


@cache
def effectiveness() -> dict[tuple[str, str], dict[str, str]]:
    """The 72 entries of the effectiveness matrix (judgement, with ranges)."""
    return {(row["instrument"], row["objective"]): row for row in read("case", "effectiveness_matrix.csv")}


def absorbed(line: Line, o: str) -> float:
    """Absorption cuts want objectives and governance, of aid and official loans only."""
    return line.place.absorption if line.family in ("oda", "non_oda") and o in CUT_BY_ABSORPTION else 1.0


def cost_of_a_unit(line: Line) -> float:
    """Small countries cost more, for aid and official loans only."""
    return line.place.unit_cost if line.family in ("oda", "non_oda") else 1.0


def delivers(line: Line, o: str) -> float:
    """effectiveness x field x gap x absorption / unit cost: one oku-yen's work, before points."""
    entry = effectiveness().get((line.instrument, o))
    if entry is None:
        return 0.0
    field = 1.0 if line.share is None else line.share.get(o, 0.0)
    return float(entry["effectiveness"]) * field * line.place.gap[o] * absorbed(line, o) / cost_of_a_unit(line)


def what_counts_on_the_curve(amount: float, line: Line) -> float:
    """Spending as the standard curve counts it: full to half of the maximum, then 0.7, then 0.4."""
    if not line.curve:
        return amount
    total, start = 0.0, 0.0
    for up_to, rate in STANDARD:
        end = up_to * line.maximum
        total += rate * max(0.0, min(amount, end) - start)
        start = end
    return total


@cache
def points() -> dict[str, float]:
    """points(o) = 1000 / (k(o) x what the baseline delivers before caps): this fixes the score's level."""
    return {
        row["objective"]: round(WORLD_NEED / (float(row["ambition_k"]) * baseline_delivers(row["objective"])), 5)
        for row in read("case", "objectives.csv")
    }


def baseline_delivers(o: str) -> float:
    """What today's spending delivers to an objective at home, whether its region has the priority or not."""
    return sum(what_counts_on_the_curve(line.baseline, line) * delivers(line, o) for line in programmes().values())


def reaches(line: Line, o: str) -> Iterator[tuple[str, float]]:
    """The regions where a programme's work arises, and how much: mostly its own alone."""
    own = delivers(line, o)
    if not own:
        return
    yield line.place.region, own
    if line.id == "counter_piracy" and o == "maritime":
        for r in ("MEN", "SAS"):
            yield r, 0.25 * own
    if line.id == "hadr_africa" and o == "disaster":
        for r in ("WCA", "SAF"):
            yield r, 0.25 * own * gap_of_region(r, o) / gap_of_region("EHA", o)


@dataclass(frozen=True)
class Effect:
    """One row of the Effects sheet, unrounded; ``entry`` is the objective whose range it keeps."""

    line: Line
    objective: str
    region: str
    score: float
    entry: str
    requires: str = ""
    unless: str = ""
    note: str = ""


def effects() -> Iterator[Effect]:
    """Every effect: good ones by programme, then harm."""
    for line in programmes().values():
        for o in objectives():
            for r, work in reaches(line, o):
                yield from by_lever(Effect(line, o, r, work * points()[o], o))
        yield from harm(line)


def by_lever(effect: Effect) -> Iterator[Effect]:
    """The effect, or the pair of old and new where a lever changes it."""
    changed = next(
        (
            (lever, score, note)
            for rule in (with_a_peace_goal, at_a_wider_base, with_review_and_equipment)
            for lever, score, note in rule(effect)
        ),
        None,
    )
    if changed is None:
        yield effect
        return
    lever, score, note = changed
    yield replace(effect, unless=lever)
    yield replace(effect, score=score, requires=lever, note=note)


def with_a_peace_goal(effect: Effect) -> Iterator[tuple[str, float, str]]:
    """Proposal 1: aid to fragile countries gains 0.1 x gap x points on peace (not in Myanmar)."""
    line = effect.line
    aided = line.instrument in ("grant_aid", "technical_cooperation") and line.place.is_country
    if aided and effect.objective == "peace" and line.place.fragile and line.place.id != "MMR":
        more = 0.1 * line.place.gap["peace"] * points()["peace"]
        yield "p1_comprehensive", effect.score + more, "; judgement: +0.1 x gap with proposal 1"


def at_a_wider_base(effect: Effect) -> Iterator[tuple[str, float, str]]:
    """Proposal 5: the base serves disaster response at 4 (was 1) and peace at 2 (was 0.5)."""
    new = {"disaster": 4, "peace": 2}.get(effect.objective)
    if effect.line.id == "djibouti_base" and new:
        score = new * effect.line.place.gap[effect.objective] * points()[effect.objective]
        yield "p5_djibouti", score, f"; judgement: effectiveness {new} with proposal 5"


def with_review_and_equipment(effect: Effect) -> Iterator[tuple[str, float, str]]:
    """Proposal 7: a legal base, equipment and review raise capacity building by a quarter."""
    if effect.line.stronger != 1:
        yield "p7_capacity", effect.score * effect.line.stronger, "; judgement: x 1.25 with proposal 7"


def harm(line: Line) -> Iterator[Effect]:
    """Where PTS >= 3 security aid harms governance; a third as much with the review of proposal 7."""
    terror = line.place.terror
    if line.instrument not in SECURITY_AID or terror is None or terror < 3:
        return
    own = {o: delivers(line, o) * points()[o] for o in objectives() if delivers(line, o)}
    best = max(own, key=lambda o: own[o])
    size_of_harm = 0.3 * (terror - 2) / 3 * own[best] * points()["governance"] / max(points()[o] for o in own)
    base = Effect(line, "governance", line.place.region, -size_of_harm, best, unless="p7_capacity")
    yield base
    yield replace(base, score=-size_of_harm / 3, unless="", requires="p7_capacity")
