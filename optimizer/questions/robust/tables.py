"""How a plan stands up to uncertain effects: robust.json, robust.csv and sentences."""

from __future__ import annotations

from collections.abc import Mapping

from optimizer.model.columns import Floats
from optimizer.portfolio import Effect, Portfolio
from optimizer.questions.robust.asking import Robust
from optimizer.questions.robust.hedge import Hedge, tail_mean
from optimizer.questions.robust.knowing import KIND, PROGRAMME, Knowledge
from optimizer.questions.robust.standing import Spread, Standing, spread_of
from optimizer.results import instrument_name
from optimizer.run import csv_bytes
from optimizer.units import amount, percent
from optimizer.words import Words, name_of, say

NOTHING = 5e-5
"""Points that would read as 0.0000."""
PLANS: Mapping[str, Words] = {
    "today": say("Today's plan"),
    "steady": say("The plan that is best on average"),
    "hedged": say("The hedged plan"),
}
LINE_COLUMNS = (
    "programme", "year", "amount", "share", "above_minimum", "mean", "q05", "q50", "q95", "least", "most",
)  # fmt: skip
EFFECT_COLUMNS = ("row", "programme", "objective", "region", "low", "high")
MOST_LINES = 5
MOST_LISTED = 10


def robust_as_dict(answer: Robust) -> dict[str, object]:
    """robust.json. Scores of draws are before rounding, those of plans of published amounts."""
    found = answer.standing
    draws = found.draws
    return {
        "samples": draws.samples,
        "seed": draws.seed,
        "distribution": draws.shape,
        "together": draws.together,
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
        "hedge": _hedge(answer),
        "no_hedge": None if answer.no_hedge is None else str(answer.no_hedge),
        "knowing": _knowing(answer),
        "scenario": draws.scenario,
        "set": list(draws.sets),
        "unit": found.portfolio.settings.unit,
        "reasons": sorted({str(o.reason) for o in found.outcomes if o.status == "failed"}),
    }


def _hedge(answer: Robust) -> dict[str, object] | None:
    """The plans, what the hedge costs in the mean, and what it saves in the tail, beside the plan best on average."""
    hedge = answer.hedge
    if hedge is None:
        return None
    alpha = hedge.mix.alpha
    return {
        "alpha": alpha,
        "weight": hedge.mix.weight,
        "draws": hedge.draws,
        "plans": {
            name: spread_as_dict(spread_of(scores)) | {"cvar": tail_mean(scores, alpha)}
            for name, scores in answer.plans().items()
        },
        "costs": hedge.costs,
        "saves": hedge.saves,
    }


def _knowing(answer: Robust) -> dict[str, object] | None:
    study, everything = answer.study, answer.everything
    if study is None:
        return None
    return {
        "everything": None if everything is None else {"worth": everything.mean, "standard_error": everything.error},
        "points": study.points,
        "programmes": [_known(known, ("programme",)) for known in study.programmes],
        "instruments": [_known(known, ("instrument", "objective")) for known in study.kinds],
        "effects": [_known(known, ("programme", "objective", "region")) for known in study.effects],
    }


def _known(known: Knowledge, names: tuple[str, ...]) -> dict[str, object]:
    return {
        **dict(zip(names, known.subject.name, strict=True)),
        "worth": known.worth,
        "standard_error": known.error,
        "moved": known.moved,
        "effects": len(known.subject.effects),
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


def robust_csv(answer: Robust) -> bytes:
    """robust.csv: a row a line; amounts of draws are before rounding, those of plans published."""
    found = answer.standing
    plans = {} if answer.hedge is None else {"steady": answer.hedge.steady.plan, "hedged": answer.hedge.hedged.plan}
    rows = (
        {
            "programme": line.programme,
            "year": found.today.fiscal_year(line.year),
            "amount": float(line.today),
            "share": round(line.share, 6),
            "above_minimum": round(line.above_minimum, 6),
            **{name: f"{round(value, 9) + 0.0:.9g}" for name, value in spread_as_dict(line.spread).items()},
            **{name: float(plan.spending[line.programme, line.year]) for name, plan in plans.items()},
        }
        for line in found.lines
    )
    return csv_bytes([*LINE_COLUMNS, *plans], rows)


def draws_csv(answer: Robust) -> bytes:
    """draws.csv: a row a draw, with the score of a plan made for its effects, of each published plan, and the regret.

    The numbers of robust.json are the means, quantiles and tails of these.
    """
    found = answer.standing
    plans = answer.plans()
    rows = (
        {
            "draw": number + 1,
            "status": outcome.status,
            "known": "" if outcome.score is None else outcome.score,
            **{name: float(scores[number]) for name, scores in plans.items()},
            "regret": "" if outcome.score is None else float(found.best[number] - found.kept[number]),
        }
        for number, outcome in enumerate(found.outcomes)
    )
    return csv_bytes(["draw", "status", "known", *plans, "regret"], rows)


def drawn_effects_csv(answer: Robust) -> bytes:
    """drawn_effects.csv: a row an effect by its row of the Effects sheet, with its range and what each draw made of it.

    Written into the sheet's scores, the column of a draw makes the book that was solved there.
    """
    draws = answer.standing.draws
    names = [f"draw_{number}" for number in range(1, draws.samples + 1)]
    rows = (
        {
            "row": effect.row,
            "programme": effect.programme,
            "objective": effect.objective,
            "region": effect.region,
            "low": low,
            "high": high,
            **dict(zip(names, values, strict=True)),
        }
        for effect, low, high, values in zip(
            draws.portfolio.effects, draws.low.tolist(), draws.high.tolist(), draws.values.T.tolist(), strict=True
        )
    )
    return csv_bytes([*EFFECT_COLUMNS, *names], rows)


def robust_in_words(answer: Robust) -> list[Words]:
    """How the plan stands up, what hedges, and what is worth studying, in sentences."""
    found = answer.standing
    if not found.solved:
        return [say("No draw of the effects has a plan, so nothing can be said of this one."), *left_out(found)]
    stands = [_whole(found), _price_of_doubt(found), *_lines(found), *rules_in_words(found), *left_out(found)]
    return [*stands, *hedge_in_words(answer), *_knowledge_in_words(answer), *_certain(found)]


def hedge_in_words(answer: Robust) -> list[Words]:
    """What each plan scores on average and in the worst draws, and what the hedge costs and saves."""
    hedge = answer.hedge
    if hedge is None:
        return [say("There is no hedged plan: {reason}", reason=answer.no_hedge)]
    worst = percent(100 * (1 - hedge.mix.alpha), "g")
    said = [
        say(
            "  {plan}: {mean} points on average, {tail} over the worst {worst} of the draws",
            plan=PLANS[name],
            mean=f"{scores.mean():.4f}",
            tail=f"{tail_mean(scores, hedge.mix.alpha):.4f}",
            worst=worst,
        )
        for name, scores in answer.plans().items()
    ]
    return [say("Plans for effects that are not known:"), *said, hedging_in_words(hedge)]


def hedging_in_words(hedge: Hedge) -> Words:
    """What the hedge costs and saves against the plan that is best on average."""
    if hedge.saves <= NOTHING:
        return say("Against the plan that is best on average, the hedge saves nothing in the worst draws.")
    return say(
        "Against the plan that is best on average, the hedge costs {costs} points of the mean and saves {saves} in the "
        "worst draws.",
        costs=f"{max(hedge.costs, 0.0):.4f}",
        saves=f"{hedge.saves:.4f}",
    )


def _knowledge_in_words(answer: Robust) -> list[Words]:
    """What is worth studying first."""
    study, everything = answer.study, answer.everything
    if study is None or everything is None:
        return []
    said = [
        say(
            "Knowing every effect would add at most {points} points (± {error}) to the plan that is best on average.",
            points=f"{everything.mean:.4f}",
            error=f"{everything.error:.4f}",
        )
    ]
    foremost = [known for known in (*study.kinds[:3], *study.effects[:3]) if known.worth > NOTHING]
    if foremost:
        said.append(say("Most worth knowing:"))
    said += [
        say(
            "  {subject}: {worth} points (± {error}), moving {moved}",
            subject=subject_in_words(answer.standing.portfolio, known),
            worth=f"{known.worth:.4f}",
            error=f"{known.error:.4f}",
            moved="–" if known.moved is None else _money(answer.standing, known.moved),
        )
        for known in foremost
    ]
    return said


def subject_in_words(portfolio: Portfolio, known: Knowledge) -> Words:
    """What a study would be about."""
    name = [str(part) for part in known.subject.name]
    if known.subject.what == PROGRAMME:
        return name_of(portfolio.programmes[name[0]])
    objective = name_of(portfolio.objectives[name[1]])
    if known.subject.what == KIND:
        own = portfolio.programmes.get(name[0])
        instrument = name_of(own) if own is not None else instrument_name(name[0])
        return say("{instrument} on {objective}", instrument=instrument, objective=objective)
    return say(
        "{programme} on {objective}, {region}",
        programme=name_of(portfolio.programmes[name[0]]),
        objective=objective,
        region=name_of(portfolio.regions[name[2]]),
    )


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
                "  {name}: {today} today, between {low} and {high} in nine of ten draws",
                name=name_of(found.portfolio.programmes[name]),
                today=_money(found, float(found.today_totals[name])),
                low=_money(found, spread.low),
                high=_money(found, spread.high),
            )
        )
    return said


def _money(found: Standing, money: float) -> Words:
    return amount(f"{money:,.2f}", found.portfolio.settings.unit)


def widest_programmes(found: Standing) -> list[str]:
    """Programmes by how far apart their money lies in nine of ten draws, the widest first."""
    return sorted(found.totals, key=lambda name: -width_of(found, name))


def width_of(found: Standing, programme: str) -> float:
    """How far apart a programme's money lies in nine of ten draws."""
    spread = spread_of(found.totals[programme])
    return spread.high - spread.low


def rules_in_words(found: Standing) -> list[Words]:
    """How often today's plan turns out to break which rule."""
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


def left_out(found: Standing) -> list[Words]:
    """Draws that are in no number, and why."""
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
