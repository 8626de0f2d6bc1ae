"""The Limits sheet: which columns go with which measure, and whether a scope holds anything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from optimizer import schema
from optimizer.checks.review import Review, decimal, listed
from optimizer.words import Name, Words, say
from optimizer.workbook.tables import Record

COLUMNS = schema.SHEETS["Limits"].columns
ONLY_SENSE = {"harm": "max", "attainment": "min"}
BASES = {"share": ("spend", "value"), "budget": ("spend",)}
PAIR_MEASURES = ("harm", "attainment")
NO_PROGRAMME = say("No programme lies in the scope of the limit")
NO_PROGRAMME_IN_THE_WHOLE = say("No programme lies in the of-scope of the limit")


@dataclass(frozen=True)
class Facts:
    """What a scope asks of a programme."""

    words: dict[str, str]
    tags: tuple[str, ...]
    fragile: bool
    years: range


def check_limits(review: Review) -> None:
    """Every limit speaks of something that can be measured, in years of the horizon."""
    facts = _facts(review)
    for record in review.ids("Limits").values():
        _check_measure(review, record)
        _check_of_scope(review, record)
        _check_value(review, record)
        _check_year(review, record)
        _warn_of_empty_scope(review, record, facts)


def _word(column: str, choice: str) -> Name:
    return COLUMNS[column].word(choice)


def _check_measure(review: Review, record: Record) -> None:
    measure, sense, basis = (record.values[name] for name in ("measure", "sense", "basis"))
    only = ONLY_SENSE.get(measure)
    if only and sense not in (only, None):
        problem = say(
            "A limit on {measure} can only be {sense}.", measure=_word("measure", measure), sense=_word("sense", only)
        )
        fix = say("Write {sense}, or choose another measure.", sense=_word("sense", only))
        review.error("Limits", "sense", record, problem, fix)
    if measure and basis in BASES and measure not in BASES[basis]:
        problem = say(
            "The basis {basis} does not go with the measure {measure}.",
            basis=_word("basis", basis),
            measure=_word("measure", measure),
        )
        fix = say("Write amount (share goes with spend and value, budget with spend).")
        review.error("Limits", "basis", record, problem, fix)
    if measure is None:
        return
    wrong: Sequence[str] = ()
    if measure == "attainment":
        wrong = [name for name in schema.SCOPE if name != "region"]
    elif measure not in PAIR_MEASURES:
        wrong = schema.PAIR_SCOPE
    for column in wrong:
        if record.values[column]:
            problem = say(
                "A limit on {measure} cannot be narrowed by {column}.",
                measure=_word("measure", measure),
                column=COLUMNS[column].heading,
            )
            review.error("Limits", column, record, problem, say("Empty the cell, or choose another measure."))


def _check_of_scope(review: Review, record: Record) -> None:
    basis = record.values["basis"]
    filled = [name for name in schema.OF_SCOPE if record.values[name]]
    allowed = {"share": schema.OF_SCOPE, "budget": ("of_account", "of_agency")}.get(basis, ())
    for column in filled:
        if column not in allowed and basis is not None:
            problem = say(
                "The column {column} does not go with the basis {basis}.",
                column=COLUMNS[column].heading,
                basis=_word("basis", basis),
            )
            fix = say("Empty the cell: of_ columns go with share; of_account and of_agency also with budget.")
            review.error("Limits", column, record, problem, fix)
    if basis == "budget":
        account, agency = record.values["of_account"], record.values["of_agency"]
        accounts = [
            r
            for name, r in review.ids("Accounts").items()
            if account in ("", None, name) and agency in ("", None, r.values["agency"])
        ]
        if not accounts:
            problem = say("No account lies in the of-scope, so there are no appropriations to take a share of.")
            column = "of_agency" if agency else "of_account"
            review.error(
                "Limits",
                column,
                record,
                problem,
                say("Name an account or agency that exists, and that agree."),
            )


def _check_value(review: Review, record: Record) -> None:
    measure, basis, value = (record.values[name] for name in ("measure", "basis", "value"))
    if value is None:
        return
    if value < 0 and measure != "attainment":
        problem = say("The value {value} is negative.", value=decimal(value))
        review.warn("Limits", "value", record, problem, say("Check the sign."))
    share = basis in BASES or measure in ("risk", "attainment")
    if share and value > 1:
        problem = say("The value {value} is a share above 1.", value=decimal(value))
        review.warn("Limits", "value", record, problem, say("Write a share as a decimal: 5 percent is 0.05."))


def _check_year(review: Review, record: Record) -> None:
    year, horizon = record.values["year"], review.horizon
    if isinstance(year, int) and horizon and year not in horizon:
        problem = say(
            "{year} is not a year of the horizon {first} to {last}.",
            year=year,
            first=horizon[0],
            last=horizon[-1],
        )
        review.error(
            "Limits",
            "year",
            record,
            problem,
            say("Write a year of the horizon, all, or leave the cell empty."),
        )


def _facts(review: Review) -> list[Facts]:
    accounts, countries = review.ids("Accounts"), review.ids("Countries")
    facts = []
    for name, record in review.ids("Programmes").items():
        values = record.values
        account, country = accounts.get(values["account"] or ""), countries.get(values["country"] or "")
        fragile = values["fragile"]
        if fragile is None:
            fragile = bool(country and country.values["fragile"])
        words = {column: values[column] or "" for column in ("family", "instrument", "country", "account")}
        words |= {"programme": name, "region": review.regions_of_programmes[name]}
        words["agency"] = (account.values["agency"] or "") if account else ""
        facts.append(Facts(words, values["tags"] or (), fragile, review.years_of(record)))
    return facts


def _scope(record: Record, prefix: str = "") -> Callable[[Facts], bool]:
    asked = {name: record.values[prefix + name] for name in schema.SCOPE if name not in ("tag", "fragile")}
    asked = {name: word for name, word in asked.items() if word}
    tag, fragile = record.values[f"{prefix}tag"], record.values[f"{prefix}fragile"]

    def holds(facts: Facts) -> bool:
        return (
            all(facts.words[name] == word for name, word in asked.items())
            and (not tag or tag in facts.tags)
            and (not fragile or facts.fragile)
        )

    return holds


def _warn_of_empty_scope(review: Review, record: Record, facts: Sequence[Facts]) -> None:
    if not review.horizon:
        return
    if record.values["measure"] == "attainment":
        _warn_of_no_priority(review, record)
        return
    fix = say("Correct the scope, or delete the limit.")
    if empty := _years_without(review, record, facts, ""):
        _warn(review, record, empty, NO_PROGRAMME, fix)
    elif record.values["measure"] == "harm":
        _warn_of_no_harm(review, record)
    capped_share = record.values["basis"] == "share" and record.values["sense"] == "max"
    if capped_share and (empty := _years_without(review, record, facts, "of_")):
        _warn(review, record, empty, NO_PROGRAMME_IN_THE_WHOLE, fix)


def _years_without(review: Review, record: Record, facts: Sequence[Facts], prefix: str) -> list[int]:
    holds = _scope(record, prefix)
    alive = {year for fact in facts if holds(fact) for year in fact.years}
    year = record.values["year"]
    asked = [year] if isinstance(year, int) else list(review.horizon)
    if year == "all" and alive:
        return []
    return [one for one in asked if one not in alive and one in review.horizon]


def _warn(review: Review, record: Record, years: Sequence[int], what: Words, fix: Words) -> None:
    everywhere = len(years) == len(review.horizon) or isinstance(record.values["year"], int)
    review.warn("Limits", "limit", record, not_there(what, () if everywhere else years), fix)


def not_there(what: Words, years: Sequence[int]) -> Words:
    """That a limit does not exist in some fiscal years, or in any where none is given, and why."""
    if not years:
        return say("{what}: it does not exist.", what=what)
    return say("{what} in {years}: it does not exist then.", what=what, years=listed(years))


def _warn_of_no_priority(review: Review, record: Record) -> None:
    region, objective, freedom = (record.values[name] for name in ("region", "objective", "freedom"))
    objectives = review.ids("Objectives")
    for priority in review.records("Priorities"):
        own = objectives.get(priority.values["objective"] or "")
        if (
            region in ("", None, priority.values["region"])
            and objective in ("", None, priority.values["objective"])
            and (not freedom or (own and own.values["freedom"] == freedom))
        ):
            return
    problem = say("No priority lies in the scope of the limit: it does not exist.")
    review.warn("Limits", "limit", record, problem, say("Correct the scope, or delete the limit."))


def _warn_of_no_harm(review: Review, record: Record) -> None:
    objective, freedom = record.values["objective"], record.values["freedom"]
    objectives = review.ids("Objectives")
    for effect in review.records("Effects"):
        own = objectives.get(effect.values["objective"] or "")
        score = effect.values["score"]
        if (
            score is not None
            and score < 0
            and objective in ("", None, effect.values["objective"])
            and (not freedom or (own and own.values["freedom"] == freedom))
        ):
            return
    problem = say("No effect does harm in the scope of the limit: it does nothing.")
    review.warn("Limits", "limit", record, problem, say("Correct the scope, or delete the limit."))
