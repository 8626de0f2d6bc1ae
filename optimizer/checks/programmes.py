"""Rules inside a programme, an account, a priority, a curve and an effect."""

from __future__ import annotations

from fractions import Fraction
from itertools import groupby

from optimizer.checks.review import Review, can_meet, decimal, is_on, listed, no_whole_unit
from optimizer.words import say
from optimizer.workbook.tables import Record


def check_programmes(review: Review) -> None:
    """Place, range and years of every programme."""
    for record in review.ids("Programmes").values():
        _check_place(review, record)
        _check_range(review, record)
        _check_years(review, record)


def _check_place(review: Review, record: Record) -> None:
    region, country = record.values["region"], record.values["country"]
    if region == "" and country == "":
        column = "region" if "region" in review.tables["Programmes"].columns else "country"
        problem = say("The programme has neither a region nor a country.")
        fix = say("Fill in a region, or a country, which gives the region.")
        review.error("Programmes", column, record, problem, fix)
    place = review.ids("Countries").get(country or "")
    if region and place and place.values["region"] and region != place.values["region"]:
        problem = say(
            "{country} lies in the region {its}, not in {region}.",
            country=country,
            its=place.values["region"],
            region=region,
        )
        review.error(
            "Programmes",
            "region",
            record,
            problem,
            say("Correct the region or the country, or leave the region empty."),
        )


def _check_range(review: Review, record: Record) -> None:
    values = record.values
    low, high, baseline = values["minimum"], values["maximum"], values["baseline"]
    unit = review.settings.get("publish_unit")
    if high is None:
        return
    if baseline is not None and baseline > high:
        problem = say(
            "The baseline {baseline} is above the maximum {high}.",
            baseline=decimal(baseline),
            high=decimal(high),
        )
        review.warn("Programmes", "baseline", record, problem, say("Check both amounts; spending will have to fall."))
    if values["indivisible"] and low == 0:
        problem = say("The minimum of an indivisible programme may not be 0.")
        review.error(
            "Programmes",
            "minimum",
            record,
            problem,
            say("Write the least amount that makes sense, or leave the cell empty for the maximum."),
        )
        return
    floor = low if low is not None else high if values["indivisible"] else Fraction(0)
    if floor > high:
        problem = say("The minimum {low} is above the maximum {high}.", low=decimal(floor), high=decimal(high))
        review.error("Programmes", "minimum", record, problem, say("Lower the minimum or raise the maximum."))
    elif unit and -(-floor // unit) > high // unit:
        problem = no_whole_unit(floor, high, unit)
        fix = say("Round the two amounts to the publish unit, or choose a smaller publish unit.")
        review.error("Programmes", "maximum" if low is None else "minimum", record, problem, fix)


def _check_years(review: Review, record: Record) -> None:
    start, end = record.values["start"], record.values["end"]
    if start is not None and end is not None and start > end:
        problem = say("The programme ends ({end}) before it starts ({start}).", start=start, end=end)
        review.error("Programmes", "end", record, problem, say("Correct one of the two years."))
    elif review.horizon and not review.years_of(record):
        problem = say(
            "The programme lies wholly outside the horizon {first} to {last}; it gets no money.",
            first=review.horizon[0],
            last=review.horizon[-1],
        )
        column = "start" if start is not None and start > review.horizon[-1] else "end"
        review.warn("Programmes", column, record, problem, say("Correct the years, or delete the programme."))


def check_priorities(review: Review) -> None:
    """At least one weight is above zero."""
    weights = [(r, r.values["weight"]) for r in review.records("Priorities")]
    if weights and all(weight == 0 for _, weight in weights):
        problem = say("All weights are 0, so no plan is better than another.")
        review.error("Priorities", "weight", weights[0][0], problem, say("Give at least one pair a weight above 0."))


def check_curves(review: Review) -> None:
    """Segments count 1, 2, …; ends rise to exactly 1; rates fall."""
    rows = [r for r in review.records("Curves") if r.values["curve"] is not None and r.values["segment"] is not None]
    rows.sort(key=lambda r: (r.values["curve"], r.values["segment"]))
    for name, group in groupby(rows, key=lambda r: r.values["curve"]):
        _check_curve(review, str(name), list(group))


def _check_curve(review: Review, name: str, rows: list[Record]) -> None:
    segments = [r.values["segment"] for r in rows]
    if len(set(segments)) < len(segments):
        return  # told as a key that stands twice
    for expected, record in enumerate(rows, 1):
        if record.values["segment"] != expected:
            problem = say("Curve {curve} has no segment {number}.", curve=name, number=expected)
            review.error("Curves", "segment", record, problem, say("Number the segments 1, 2, 3 without gaps."))
            break
    end, rate = Fraction(0), Fraction(1)
    for record in rows:
        up_to, new_rate = record.values["up_to"], record.values["rate"]
        if up_to is not None and up_to <= end:
            problem = say(
                "The segment ends at {end}, not beyond the one before it ({before}).",
                end=decimal(up_to),
                before=decimal(end),
            )
            review.error("Curves", "up_to", record, problem, say("Let up_to rise from segment to segment."))
        if new_rate is not None and new_rate > rate:
            problem = say(
                "The rate {rate} is above the one before it ({before}).",
                rate=decimal(new_rate),
                before=decimal(rate),
            )
            review.error(
                "Curves",
                "rate",
                record,
                problem,
                say("Let the rates fall from segment to segment; returns may not grow."),
            )
        end = up_to if up_to is not None else end
        rate = new_rate if new_rate is not None else rate
    last = rows[-1]
    if last.values["up_to"] is not None and last.values["up_to"] != 1:
        problem = say(
            "The last segment of curve {curve} ends at {end}, not at 1.",
            curve=name,
            end=decimal(last.values["up_to"]),
        )
        review.error("Curves", "up_to", last, problem, say("Let the last segment end at 1."))


def check_effects(review: Review) -> None:
    """Scores lie in their range, do something and reach a pair that has a priority."""
    pairs = {(r.values["region"], r.values["objective"]) for r in review.records("Priorities")}
    regions, without = review.regions_of_programmes, dict[tuple[str, str], list[Record]]()
    years = len(review.horizon)
    for record in review.records("Effects"):
        values = record.values
        score, low, high = values["score"], values["low"], values["high"]
        if score is None:
            continue
        if (low is not None and float(low) > float(score)) or (high is not None and float(high) < float(score)):
            problem = say("The score {score} lies outside its own range.", score=decimal(score))
            review.warn("Effects", "score", record, problem, say("Let low, score and high rise in this order."))
        if score == 0:
            review.warn(
                "Effects",
                "score",
                record,
                say("The effect does nothing: its score is 0."),
                say("Delete the row, or correct the score."),
            )
        if years and values["lag"] is not None and values["lag"] >= years:
            problem = say(
                "The points come {lag} years later, beyond the horizon: they do not count.", lag=values["lag"]
            )
            review.warn("Effects", "lag", record, problem, say("Lengthen the horizon, or correct the lag."))
        region = values["region"] or regions.get(values["programme"], "")
        if region and values["objective"] and (region, values["objective"]) not in pairs:
            without.setdefault((region, values["objective"]), []).append(record)
    known_regions, known_objectives = review.ids("Regions"), review.ids("Objectives")
    for (region, objective), rows in without.items():
        if region in known_regions and objective in known_objectives:
            problem = say(
                "{count} effect(s) reach {pair}, which has no priority: they score nothing.",
                count=len(rows),
                pair=f"{region}/{objective}",
            )
            review.warn(
                "Effects",
                "objective",
                rows[0],
                problem,
                say("Add the pair to the priorities, or delete the effects."),
            )


def check_resource_uses(review: Review) -> None:
    """A row uses or builds something, and builds it for later."""
    for record in review.records("ResourceUse"):
        uses, builds = record.values["uses"], record.values["builds"]
        if uses == 0 and builds == 0:
            column = "uses" if "uses" in review.tables["ResourceUse"].columns else "programme"
            review.warn(
                "ResourceUse",
                column,
                record,
                say("The row neither uses nor builds anything."),
                say("Fill in uses or builds, or delete the row."),
            )
        elif builds and record.values["delay"] == 0:
            problem = say("What is built can be used in the year it is paid for (delay 0).")
            review.warn("ResourceUse", "delay", record, problem, say("Write 1 if it takes until the next year."))
        elif builds and record.values["life"] == 0:
            problem = say("What is built can be used for 0 years: it does nothing.")
            review.warn(
                "ResourceUse",
                "life",
                record,
                problem,
                say("Write the years it can be used, or leave the cell empty for ever."),
            )


def check_synergies(review: Review) -> None:
    """One active row for each pair of programmes and objective, under the levers of every scenario."""
    rows: dict[tuple[str, str, str], list[Record]] = {}
    pairs = {(r.values["region"], r.values["objective"]) for r in review.records("Priorities")}
    for record in review.records("Synergies"):
        values = record.values
        pair = (review.regions_of_programmes.get(values["programme_a"]), values["objective"])
        if pair not in pairs and pair[0] in review.ids("Regions") and pair[1] in review.ids("Objectives"):
            problem = say("{pair} has no priority: the synergy scores nothing.", pair="/".join(map(str, pair)))
            fix = say("Add the pair to the priorities, or delete the row.")
            review.warn("Synergies", "objective", record, problem, fix)
        rows.setdefault((values["programme_a"], values["programme_b"], values["objective"]), []).append(record)
        if values["programme_a"] and values["programme_a"] == values["programme_b"]:
            problem = say("A programme has no synergy with itself.")
            review.error("Synergies", "programme_b", record, problem, say("Name another programme, or delete the row."))
    for key, group in rows.items():
        if None not in key:
            for place, record in enumerate(group[1:], 1):
                _check_together(review, group[:place], record)


def _check_together(review: Review, earlier: list[Record], record: Record) -> None:
    fix = say("Give the rows levers that are never on together, or keep one row.")
    for other in earlier:
        together = [name for name, on in review.lever_settings.items() if is_on(other, on) and is_on(record, on)]
        if together:
            problem = say(
                "Row {row} pairs the same programmes for the same objective (scenario {scenarios}).",
                row=other.row,
                scenarios=listed(together),
            )
            review.error("Synergies", "synergy", record, problem, fix)
            return
        if can_meet(other, record):
            problem = say(
                "Row {row} pairs the same programmes for the same objective under some levers.", row=other.row
            )
            review.warn("Synergies", "synergy", record, problem, fix)
            return
