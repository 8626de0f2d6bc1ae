"""What if: the plan of a setting, at once while a hand is on the slider, and published once it rests.

A live answer is the solver's plan in units of a millionth of the money unit, before rounding to publish units. It is
shown only after it has been held against every row of the book in rationals, which share no formula with the solver's
model; its score is computed from its amounts. A settled answer is the published plan, as ``haibun solve`` makes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from optimizer import exact, proof, scenario
from optimizer.errors import CheckFailed, NoPlan
from optimizer.plan import Draft, Plan
from optimizer.portfolio import Account, Portfolio
from optimizer.results import Result
from optimizer.run import OpenBook, solve_book
from optimizer.session import Session
from optimizer.solver import Options
from optimizer.words import say

GRAINS = 10**6
GRAIN = Fraction(1, GRAINS)
"""Live amounts are whole multiples of this part of the money unit."""
TOLERANCE = Fraction(1, 10**4)
"""By how much a row of a live answer may be off, in its own unit, beyond what the grain explains."""


class WhatIf:
    """One book kept live: every answer is that of a fresh solve, whatever was asked before."""

    def __init__(self, book: OpenBook, options: Options | None = None) -> None:
        self.book = book
        self.options = options or Options()
        self.session = Session(book.portfolio, self.options)
        self._stated: exact.ExactBook | None = None

    def live(self, name: str = scenario.BASE, sets: Sequence[str] = ()) -> Result:
        """The plan of a setting, checked but not rounded. Raises ``NoPlan`` or ``CheckFailed``."""
        portfolio = scenario.apply(self.book.portfolio, name, sets).portfolio
        fine = portfolio.with_changes(settings=replace(portfolio.settings, publish_unit=GRAIN))
        self.session.turn_to_portfolio(portfolio)
        stated = self._stated = exact.state_exactly(fine, self._stated)
        plan = in_grains(fine, self.session.draft())
        attained = proof.attained_by(stated, plan)
        for breach in proof.breaches_of(stated, plan, attained):
            if breach.excess > breach.allowance + TOLERANCE:
                raise CheckFailed(
                    say("The solver's plan does not keep the row {row}.", row="/".join(map(str, breach.key)))
                )
        checked = proof.Proof(attained.score, attained.score, (), attained)
        return Result(fine, stated, plan, checked, {"scenario": name, "set": list(sets), "status": "live"})

    def settled(self, name: str = scenario.BASE, sets: Sequence[str] = ()) -> Result:
        """The published, proved plan of a setting. Raises ``NoPlan`` with the rows that collide."""
        return solve_book(self.book, name, sets, self.options)

    def levers_on(self, name: str = scenario.BASE) -> Mapping[str, bool]:
        """The levers as a scenario of the book sets them."""
        return scenario.apply(self.book.portfolio, name).portfolio.levers_on

    def price_of_money(self, name: str = scenario.BASE, sets: Sequence[str] = ()) -> float | None:
        """Points for one more unit of money in all, every appropriation growing alike; None where no plan is left.

        A re-solve, before rounding, as ``haibun frontier`` counts its marginal.
        """
        portfolio = scenario.apply(self.book.portfolio, name, sets).portfolio
        total = sum((sum(account.appropriation) for account in portfolio.accounts.values()), Fraction(0))
        if not total:
            return None
        try:
            self.session.turn_to_portfolio(portfolio)
            before = self.session.score()
            self.session.turn_to_portfolio(_with_more_money(portfolio, 1 + 1 / total))
            return self.session.score() - before
        except NoPlan:
            return None


def _with_more_money(portfolio: Portfolio, factor: Fraction) -> Portfolio:
    def grown(account: Account) -> Account:
        return replace(account, appropriation=tuple(amount * factor for amount in account.appropriation))

    return portfolio.with_changes(accounts={key: grown(account) for key, account in portfolio.accounts.items()})


def in_grains(portfolio: Portfolio, draft: Draft) -> Plan:
    """A solver's amounts rounded down to whole grains, inside each programme's range."""
    spending = {}
    for (name, year), amount in draft.spending.items():
        programme = portfolio.programmes[name]
        most = programme.ceiling(year)
        least = most if year in programme.pins else programme.floor
        grains = _down(amount)
        if programme.indivisible and year not in programme.pins and grains < least * GRAINS / 2:
            least = most = Fraction(0)
        spending[name, year] = _between(least, grains, most)
    return Plan(
        spending,
        {key: Fraction(_down(amount), GRAINS) for key, amount in draft.transfers.items()},
        {key: Fraction(_down(amount), GRAINS) for key, amount in draft.carries.items()},
    )


def _down(amount: float) -> int:
    """An amount in whole grains; one that float noise keeps a hair below a whole grain is that grain."""
    return max(int(amount * GRAINS + 1e-3), 0)


def _between(least: Fraction, grains: int, most: Fraction) -> Fraction:
    """The amount of so many grains, or the end of its range that it passes (whole numbers compare fast)."""
    if grains * most.denominator >= most.numerator * GRAINS:
        return most
    if grains * least.denominator <= least.numerator * GRAINS:
        return least
    return Fraction(grains, GRAINS)
