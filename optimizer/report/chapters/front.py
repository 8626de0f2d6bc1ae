"""The first page: what the plan is worth, what is proved, and what its numbers are and are not."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from optimizer import fiscal
from optimizer.questions.compare_tables import sets_in_words
from optimizer.report.chapters import grounds
from optimizer.report.chapters.money import Money, kept_baseline
from optimizer.report.chapters.needs import Needs
from optimizer.report.chapters.rules import Rules
from optimizer.report.document import (
    COVER,
    ZERO,
    Beside,
    Callout,
    Column,
    Document,
    Points,
    Quantity,
    Section,
    Table,
    exact_sum,
    quantity,
    table_of,
)
from optimizer.report.standing import Standing
from optimizer.results import FREEDOM_NAMES, Result, both, family_name, scenario_name
from optimizer.words import Words, name_of, say

PLACES = 6
"""Decimals of proved numbers: scores are written rounded down, bounds and gaps rounded up."""
MOST_NAMED = 6
_OF_NEED: Mapping[str, Callable[[Words], Words]] = {
    "want": lambda share: say("{share} of the need for freedom from want", share=share),
    "fear": lambda share: say("{share} of the need for freedom from fear", share=share),
}
CAUTION = Callout(
    say("How to read the numbers"),
    (
        say("Amounts are real where the data have them; scores are not measurements."),
        say(
            "Effectiveness, weights, ambition and synergies are illustrative judgement, with ranges, and a ministry is "
            "meant to replace them. The plan shows what follows from them."
        ),
        say("The table “Data, rule, assumption or judgement” says which is which; every source is listed at the end."),
    ),
)


class Front:
    """The sentences and the table of key figures of one result."""

    def __init__(self, result: Result, money: Money, needs: Needs, rules: Rules, standing: Standing) -> None:
        self.signatures = standing
        self.result, self.money, self.needs, self.rules = result, money, needs, rules
        self.proof = result.proof
        self.facts: Mapping[str, Any] = result.facts

    @property
    def is_finished(self) -> bool:
        """Whether the solver reached the best score (and not a limit of time)."""
        return bool(self.facts.get("status", "optimal") == "optimal")

    def document(self, sections: Sequence[Section]) -> Document:
        """A document about the result, with the head that all share."""
        return Document(
            title=self.title(),
            message=self.message(),
            subtitle=self.subtitle(),
            fingerprint=self.fingerprint(),
            standing=self.signatures,
            sections=tuple(sections),
        )

    def cover(self) -> Section:
        """The first page of the workbook and of the paper: what a reader must know, and who answers for it."""
        signed = sign_off(self.signatures)
        return Section(COVER, say("Cover"), (self.standing(), CAUTION, signed), page=(), paper=(CAUTION, signed))

    def section(self) -> Section:
        """The summary; on paper and on the page the figure of families stands in the next chapter."""
        figures = Beside(self.key_figures(), grounds.kinds_table(self.result))
        short = Points(say("In short"), self.in_short())
        said = (short, Points(say("What is proved"), self.proved()))
        return Section(
            "summary",
            say("Summary"),
            (short, self.money.family_figure(), figures),
            page=(figures, CAUTION, *said),
            paper=(figures, *said),
        )

    def standing(self) -> Table:
        """Score, status and money in a few lines."""
        rows: list[tuple[Words, Words]] = [
            (say("State of this document"), self.signatures.state),
            (say("Status"), self.status()),
            (say("Score of the published amounts (points of 100)"), rounded_down(self.proof.score, 2)),
            (say("Gap: upper bound less score (points)"), rounded_up(self.proof.gap, 3)),
            (say("Plan, total ({unit})", unit=self.money.unit), self.money.quantity(self.money.spent)),
        ]
        return table_of("standing", say("The plan"), [Column(say("Item")), Column(say("Value"), "number")], rows)

    def status(self) -> Words:
        """Whether the score is the best or the best that was found."""
        return say("optimal") if self.is_finished else say("time limit reached; the best plan found")

    def title(self) -> Words:
        """What the plan is called."""
        return both(self.result.portfolio.settings.title)

    def message(self) -> Words:
        """The plan in one sentence."""
        met = [_OF_NEED[f](quantity(self.needs.met(freedom=f) or 0, "share", 0)) for f in self.needs.freedoms]
        shares = met[0] if len(met) == 1 else say("{first} and {second}", first=met[0], second=met[1])
        return say(
            "Spending {spent} over {years} meets {shares}: {score} of 100 points, proved to be within {gap} points of "
            "the best possible.",
            spent=self.money.amount(self.money.spent),
            years=self.money.horizon,
            shares=shares,
            score=rounded_down(self.proof.score, 2),
            gap=rounded_up(max(self.proof.gap, ZERO), 3),
        )

    def subtitle(self) -> Words:
        """Scenario and levers in a line."""
        scenario = scenario_name(str(self.facts.get("scenario", "base")))
        if sets := self.facts.get("set", ()):
            changes = sets_in_words(self.result.portfolio, sets)
            return say("Scenario: {scenario}; changed by: {changes}", scenario=scenario, changes=changes)
        return say("Scenario: {scenario}", scenario=scenario)

    def fingerprint(self) -> Words:
        """What identifies the run, for the foot of every page; the run itself once its folder is written."""
        version, book = self.facts.get("versions", {}).get("program", ""), str(self.facts.get("book_sha256", ""))[:16]
        if "run_sha256" in self.facts:
            run = self.facts["run_sha256"][:16]
            return say(
                "Haibun {version}; run SHA-256 {run}; workbook SHA-256 {hash}", version=version, run=run, hash=book
            )
        return say("Haibun {version}; workbook SHA-256 {hash}", version=version, hash=book)

    def key_figures(self) -> Table:
        """Score, bound, gap, status, money and attainment."""
        money, portfolio = self.money, self.result.portfolio
        rows: list[tuple[Words, Words]] = [
            (say("Status"), self.status()),
            (say("Score of the published amounts (points of 100)"), rounded_down(self.proof.score, PLACES)),
            (say("Upper bound: no plan can score more (points)"), rounded_up(self.proof.bound, PLACES)),
            (say("Gap: upper bound less score (points)"), rounded_up(self.proof.gap, PLACES)),
            (say("Plan, total ({unit})", unit=money.unit), money.quantity(money.spent)),
            (say("Baseline kept, total ({unit})", unit=money.unit), money.quantity(money.kept)),
            (say("Appropriations, total ({unit})", unit=money.unit), money.quantity(money.appropriated)),
            (say("Unspent, total ({unit})", unit=money.unit), money.quantity(money.lapsed)),
        ]
        for freedom in self.needs.freedoms:
            share = quantity(self.needs.met(freedom=freedom) or 0, "share", 1)
            rows.append((say("{freedom}: weighted need met", freedom=FREEDOM_NAMES[freedom]), share))
        rows.append((say("Programmes in force"), quantity(len(portfolio.programmes), "count", 0)))
        rows.append((say("Published amounts (programme and year)"), quantity(len(self.result.lines), "count", 0)))
        columns = [Column(say("Item")), Column(say("Value"), "number")]
        return table_of("key_figures", say("Key figures"), columns, rows)

    def in_short(self) -> tuple[Words, ...]:
        """Three or four sentences on money and rules."""
        money, portfolio = self.money, self.result.portfolio
        said = []
        families = self.result.totals_by(lambda p: p.family)
        if money.spent:
            parts = [
                say(
                    "{name} {amount} ({share})",
                    name=family_name(family),
                    amount=money.quantity(exact_sum(amounts)),
                    share=quantity(exact_sum(amounts) / money.spent, "share", 1),
                )
                for family in money.families()
                if (amounts := families.get(family)) and any(amounts)
            ]
            said.append(say("By family ({unit}): {parts}.", unit=money.unit_and_years(), parts=fiscal.listed(parts)))
        changes = self.changes()
        said.append(
            say(
                "Programmes that gain against keeping the baseline: {up} (together {gain}); that give up money: {down} "
                "(together {loss}); that keep theirs: {same}.",
                up=sum(change > 0 for change in changes),
                gain=money.quantity(exact_sum(c for c in changes if c > 0)),
                down=sum(change < 0 for change in changes),
                loss=money.quantity(-exact_sum(c for c in changes if c < 0)),
                same=sum(not change for change in changes),
            )
        )
        said.append(
            say("Of the appropriations {lapsed} stay unspent; the budgets say why.", lapsed=money.amount(money.lapsed))
            if money.lapsed
            else say("All appropriations are spent.")
        )
        said.append(self.binding())
        levers = [name_of(portfolio.levers[lever]) for lever, on in portfolio.levers_on.items() if on]
        if portfolio.levers:
            said.append(
                say("Levers on: {levers}.", levers=fiscal.listed(levers)) if levers else say("All levers are off.")
            )
        return tuple(said)

    def changes(self) -> list[Fraction]:
        """What each programme gains or gives up against keeping its baseline."""
        return [
            exact_sum(line.amount for line in lines) - kept_baseline(lines[0].programme)
            for lines in self.money.by_programme()
        ]

    def binding(self) -> Words:
        """The limits that bind, by name."""
        binding = [name_of(limit) for limit, _ in self.rules.binding]
        if not binding:
            return say("No limit binds: money and maxima alone shape the plan.")
        named = fiscal.listed(binding[:MOST_NAMED])
        if len(binding) > MOST_NAMED:
            named = say("{named} and {count} more", named=named, count=len(binding) - MOST_NAMED)
        return say("Limits that bind: {named}.", named=named)

    def proved(self) -> tuple[Words, ...]:
        """What the proof says, in words."""
        proof, cells = self.proof, len(self.result.plan.spending)
        count = quantity(len(self.result.book.rows), "count", 0)
        said = [
            say(
                "The {cells} published amounts keep every one of the {rows} rows of the workbook, "
                "checked in exact arithmetic.",
                cells=quantity(cells, "count", 0),
                rows=count,
            )
            if not proof.allowances
            else say(
                "The {cells} published amounts keep the {rows} rows of the workbook, checked in exact arithmetic; "
                "{allowed} of them by using the rounding allowance, which is listed under assumptions and warnings.",
                cells=quantity(cells, "count", 0),
                rows=count,
                allowed=len(proof.allowances),
            ),
            say("The score of the published amounts is {score} points.", score=rounded_down(proof.score, PLACES)),
        ]
        if proof.gap > 0:
            said.append(
                say(
                    "No plan that keeps these rows can score more than {bound} points; "
                    "the plan is within {gap} points of that.",
                    bound=rounded_up(proof.bound, PLACES),
                    gap=rounded_up(proof.gap, PLACES),
                )
            )
        else:
            said.append(
                say(
                    "No plan that keeps these rows exactly can score more than {bound} points.",
                    bound=rounded_up(proof.bound, PLACES),
                )
            )
        if not self.is_finished:
            said.append(say("The search was stopped by the limit of time; a better plan may exist, up to the bound."))
        if "solver_bound" in self.facts:
            said.append(
                say(
                    "With indivisible programmes that bound lets them be divided; the solver's own, on plans in whole "
                    "publish units, is {bound} points and is not certified.",
                    bound=rounded_up(Fraction(self.facts["solver_bound"]), PLACES),
                )
            )
        said.append(say("Anyone can repeat the check from the run folder alone: haibun verify."))
        return tuple(said)


def sign_off(standing: Standing) -> Table:
    """Who drafts, checks and approves the plan; what nobody has signed yet is to be filled in by hand."""
    columns = [Column(say("Sign-off")), Column(say("Name and seal"), "long"), Column(say("Date"))]
    rows = [(role, by.person if by else "", by.day if by else "") for role, by in standing.signed]
    return table_of("sign_off", say("Sign-off of this plan"), columns, rows, roomy=True)


def rounded_down(value: Fraction, decimals: int) -> Quantity:
    """Points that are not claimed to be more than they are."""
    return quantity(Fraction(math.floor(value * 10**decimals), 10**decimals), "points", decimals)


def rounded_up(value: Fraction, decimals: int) -> Quantity:
    """Points that are not claimed to be less than they are."""
    return quantity(Fraction(math.ceil(value * 10**decimals), 10**decimals), "points", decimals)
