"""How a plan stands up to uncertain effects: robust.json, robust.csv and sentences."""

from __future__ import annotations

from optimizer.model.columns import Floats
from optimizer.portfolio import Effect
from optimizer.questions.robust.standing import Spread, Standing, spread_of
from optimizer.run import csv_bytes
from optimizer.words import Words, name_of, say

MOST_LINES = 5
MOST_LISTED = 10


def robust_as_dict(found: Standing) -> dict[str, object]:
    """robust.json. Points of solves are before rounding, those of plans of published amounts."""
    draws = found.draws
    return {
        "samples": draws.samples,
        "seed": draws.seed,
        "distribution": draws.shape,
        "together": found.together,
        "solved": found.solved,
        "infeasible": found.count("infeasible"),
        "failed": found.count("failed"),
        "stopped": found.count("stopped"),
        "score": float(found.today.proof.score),
        "kept": spread_as_dict(spread_of(found.kept)),
        "known": _spread(found.best[found.is_solved]),
        "regret": _spread(found.regret),
        "rules_broken": dict(found.broken),
        "certain": [_named(effect) for effect in draws.certain],
        "scenario": found.scenario,
        "set": list(found.sets),
        "unit": found.portfolio.settings.unit,
        "reasons": sorted({str(o.reason) for o in found.outcomes if o.status == "failed"}),
    }


def _named(effect: Effect) -> dict[str, object]:
    return {"programme": effect.programme, "objective": effect.objective, "region": effect.region, "row": effect.row}


def _spread(numbers: Floats) -> dict[str, float] | None:
    return spread_as_dict(spread_of(numbers)) if len(numbers) else None


def spread_as_dict(spread: Spread) -> dict[str, float]:
    """A spread by the names of its columns."""
    return {
        "mean": spread.mean,
        "standard_error": spread.error,
        "q05": spread.low,
        "q50": spread.median,
        "q95": spread.high,
        "least": spread.least,
        "most": spread.most,
    }


def robust_csv(found: Standing) -> bytes:
    """robust.csv: a row a line, amounts of draws before rounding."""
    return csv_bytes(
        [
            {
                "programme": line.programme,
                "year": found.today.fiscal_year(line.year),
                "amount": float(line.today),
                "share": round(line.share, 6),
                "above_minimum": round(line.above_minimum, 6),
                **{
                    name: f"{round(value, 9) + 0.0:.9g}"
                    for name, value in spread_as_dict(line.spread).items()
                    if name != "standard_error"
                },
            }
            for line in found.lines
        ]
        or [dict.fromkeys(("programme", "year", "amount", "share"), "")]
    )


def robust_in_words(found: Standing) -> list[Words]:
    """How the plan stands up, in sentences."""
    if not found.solved:
        return [say("No draw of the effects has a plan, so nothing can be said of this one."), *_left_out(found)]
    return [_whole(found), _price_of_doubt(found), *_lines(found), *_rules(found), *_left_out(found), *_certain(found)]


def _whole(found: Standing) -> Words:
    kept, known = spread_of(found.kept), spread_of(found.best[found.is_solved])
    return say(
        "Over {samples} draws of the effects today's plan scores {mean} points on average ({low} to {high} in nine of "
        "ten draws); plans made with the effects known score {known}.",
        samples=found.solved,
        mean=f"{kept.mean:.4f}",
        low=f"{kept.low:.4f}",
        high=f"{kept.high:.4f}",
        known=f"{known.mean:.4f}",
    )


def _price_of_doubt(found: Standing) -> Words:
    regret = spread_of(found.regret)
    return say(
        "Not knowing the effects costs {mean} points on average (± {error}), more than {high} in one draw of twenty, "
        "and {most} at most.",
        mean=f"{regret.mean:.4f}",
        error=f"{regret.error:.4f}",
        high=f"{regret.high:.4f}",
        most=f"{regret.most:.4f}",
    )


def _lines(found: Standing) -> list[Words]:
    """How many lines stand in every draw, and the programmes whose money depends most on the effects."""
    always = sum(line.share == 1 for line in found.lines)
    never = sum(line.share == 0 for line in found.lines)
    total = len(found.lines)
    said = [
        say(
            "Of {total} lines {always} are in the plan in every draw, {never} in none, {some} in some.",
            total=total,
            always=always,
            never=never,
            some=total - always - never,
        )
    ]
    widest = [name for name in widest_programmes(found) if width_of(found, name) >= 0.01][:MOST_LINES]
    for name in widest:
        spread = spread_of(found.totals[name])
        said.append(
            say(
                "  {name}: {today} today, between {low} and {high} in nine of ten draws ({unit})",
                name=name_of(found.portfolio.programmes[name]),
                today=f"{found.today_totals[name]:,.2f}",
                low=f"{spread.low:,.2f}",
                high=f"{spread.high:,.2f}",
                unit=found.portfolio.settings.unit,
            )
        )
    return said


def widest_programmes(found: Standing) -> list[str]:
    """Programmes by how far apart their money lies in nine of ten draws, the widest first."""
    return sorted(found.totals, key=lambda name: -width_of(found, name))


def width_of(found: Standing, programme: str) -> float:
    """How far apart a programme's money lies in nine of ten draws."""
    spread = spread_of(found.totals[programme])
    return spread.high - spread.low


def _rules(found: Standing) -> list[Words]:
    return [
        say(
            "In {count} of {samples} draws today's plan turns out to break {limit}; there the limit was widened to "
            "what the plan reaches.",
            count=count,
            samples=found.draws.samples,
            limit=name_of(found.portfolio.limits[key]),
        )
        for key, count in found.broken.items()
    ]


def _left_out(found: Standing) -> list[Words]:
    kinds = {
        "infeasible": say("{count} draw(s) have no plan and are left out.", count=found.count("infeasible")),
        "failed": say("{count} draw(s) could not be solved and are left out.", count=found.count("failed")),
        "stopped": say("{count} draw(s) were not reached before the work was stopped.", count=found.count("stopped")),
    }
    return [words for status, words in kinds.items() if found.count(status)]


def _certain(found: Standing) -> list[Words]:
    certain = found.draws.certain
    if not certain:
        return []
    said = [say("{count} effect(s) have no range and are taken as certain:", count=len(certain))]
    said += [effect_in_words(found, effect) for effect in certain[:MOST_LISTED]]
    if len(certain) > MOST_LISTED:
        said.append(say("  … and {count} more (in robust.json)", count=len(certain) - MOST_LISTED))
    return said


def effect_in_words(found: Standing, effect: Effect) -> Words:
    """An effect by its programme, objective and region."""
    portfolio = found.portfolio
    return say(
        "  {programme}: {objective}, {region}",
        programme=name_of(portfolio.programmes[effect.programme]),
        objective=name_of(portfolio.objectives[effect.objective]),
        region=name_of(portfolio.regions[effect.region]),
    )
