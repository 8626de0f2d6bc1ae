"""The result of one run: the published plan with its proof, its sums, and why each line got what it got.

Every sum is a sum of published amounts, so that all tables foot. Money is in the workbook's unit, exact.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from math import floor

from optimizer.exact import Cell, ExactBook, Key
from optimizer.places import phrase_of
from optimizer.plan import Plan
from optimizer.portfolio import Portfolio, Programme
from optimizer.proof import Attained, Proof
from optimizer.words import Name, Words, name_of, say

ZERO = Fraction(0)

VERDICTS: Mapping[str, Words] = {
    "pinned": say("pinned"),
    "all": say("maximum"),
    "minimum": say("minimum"),
    "nothing": say("nothing"),
    "part": say("part"),
}


@dataclass(frozen=True)
class Line:
    """One programme in one fiscal year: what it gets, and why not more."""

    programme: Programme
    year: int
    amount: Fraction
    verdict: str
    reason: Words


@dataclass(frozen=True)
class AccountYear:
    """One account in one fiscal year; ``stopped_by`` says what kept unspent money from use (None: nothing left)."""

    account: str
    year: int
    appropriation: Fraction
    transfer_in: Fraction
    transfer_out: Fraction
    carried_in: Fraction
    carried_out: Fraction
    spent: Fraction
    stopped_by: Words | None = None

    @property
    def lapsed(self) -> Fraction:
        """What is neither spent, given nor carried."""
        received = self.appropriation + self.transfer_in + self.carried_in
        return received - self.transfer_out - self.carried_out - self.spent


@dataclass(frozen=True)
class Result:
    """A published plan and everything that can be said of it without another solve."""

    portfolio: Portfolio
    book: ExactBook
    plan: Plan
    proof: Proof
    facts: Mapping[str, object] = field(default_factory=dict)
    """What ``run.json`` holds."""
    multipliers: Mapping[Key, int] = field(default_factory=dict)

    @property
    def attained(self) -> Attained:
        """Attained scores by pair and year."""
        return self.proof.attained

    def fiscal_year(self, offset: int) -> int:
        """The Japanese fiscal year of an offset."""
        return self.portfolio.settings.first_year + offset

    @cached_property
    def lines(self) -> list[Line]:
        """A line for each active programme and year, in the workbook's order."""
        blockers = self.blockers
        return [
            Line(
                programme,
                year,
                amount := self.plan.spending[programme.id, year],
                verdict_of(programme, year, amount),
                self._reason(programme, year, amount, blockers.get((programme.id, year), [])),
            )
            for programme in self.portfolio.programmes.values()
            for year in programme.years
        ]

    @cached_property
    def blockers(self) -> dict[Cell, list[Key]]:
        """For each cell the rows that leave no room for one more publish unit of it."""
        unit = self.portfolio.settings.publish_unit
        units = {cell: int(amount // unit) for cell, amount in self.plan.spending.items()}
        found: dict[Cell, list[Key]] = defaultdict(list)
        for row in self.book.rows:
            if row.key[0] in _NOT_BLOCKING:
                continue
            room = row.bound - sum((c * self._flow(key) for key, c in row.others), ZERO)
            left = room * row.scale / unit - row.activity(units)
            upward = row.sense != ">="
            least = floor(left if upward else -left)
            for cell, coefficient in row.spend:
                if least < (coefficient if upward else -coefficient):
                    found[cell].append(row.key)
        return found

    def _flow(self, key: Key) -> Fraction:
        if key[0] == "f":
            return self.plan.transfers[int(key[1]), int(key[2])]
        if key[0] == "v":
            return self.plan.carries[str(key[1]), int(key[2])]
        return ZERO

    def _reason(self, programme: Programme, year: int, amount: Fraction, blockers: Sequence[Key]) -> Words:
        """What stops one more publish unit, as a fact of the published plan."""
        rules = [key for key in blockers if key[0] != "budget"]
        if year in programme.pins:
            reason = say("The scenario pins this amount.")
        elif programme.ceiling(year) - amount < self.portfolio.settings.publish_unit:
            reason = say("It gets its whole maximum.")
        elif rules:
            listed = _and_list([phrase_of(self.portfolio, key) for key in rules[:2]])
            reason = say("No more fits under {rules}.", rules=listed)
        elif self._need_is_met(programme, year):
            reason = say("The need that it serves is already met.")
        elif blockers:
            account = name_of(self.portfolio.accounts[programme.account])
            reason = say(
                "{account} is used up; a further unit here would score no more than where it is spent.",
                account=account,
            )
        else:
            reason = say("Further money would not raise the score.")
        return reason

    def _need_is_met(self, programme: Programme, year: int) -> bool:
        horizon = self.portfolio.settings.years
        reached = [(r, o, year + lag) for r, o, lag in self._served.get(programme.id, ()) if year + lag < horizon]
        known = [key for key in reached if key in self.book.pairs]
        return bool(known) and all(key in self._met for key in known)

    @cached_property
    def _served(self) -> dict[str, list[tuple[str, str, int]]]:
        """The pairs, with lags, that each programme does good in."""
        served: dict[str, list[tuple[str, str, int]]] = defaultdict(list)
        for effect in self.portfolio.effects:
            if effect.score > 0:
                served[effect.programme].append((effect.region, effect.objective, effect.lag))
        return served

    @cached_property
    def _met(self) -> set[tuple[str, str, int]]:
        """The pairs and years whose whole need is met."""
        whole = {key: sum((width for width, _ in pair.segments), ZERO) for key, pair in self.book.pairs.items()}
        return {key for key, need in whole.items() if self.attained.g[key] == need}

    @cached_property
    def accounts(self) -> list[AccountYear]:
        """Money by account and year, with what stopped the unspent part."""
        portfolio, plan = self.portfolio, self.plan
        spent: dict[Cell, Fraction] = defaultdict(Fraction)
        for (name, year), amount in plan.spending.items():
            spent[portfolio.programmes[name].account, year] += amount
        given: dict[Cell, Fraction] = defaultdict(Fraction)
        received: dict[Cell, Fraction] = defaultdict(Fraction)
        for (number, year), amount in plan.transfers.items():
            given[portfolio.transfers[number].from_account, year] += amount
            received[portfolio.transfers[number].to_account, year] += amount
        rows = []
        for account in portfolio.accounts.values():
            for year, appropriation in enumerate(account.appropriation):
                row = AccountYear(
                    account.id,
                    year,
                    appropriation,
                    transfer_in=received[account.id, year],
                    transfer_out=given[account.id, year],
                    carried_in=plan.carries.get((account.id, year - 1), ZERO),
                    carried_out=plan.carries.get((account.id, year), ZERO),
                    spent=spent[account.id, year],
                    stopped_by=None,
                )
                rows.append(self._with_stop(row))
        return rows

    def _with_stop(self, row: AccountYear) -> AccountYear:
        if row.lapsed < self.portfolio.settings.publish_unit:
            return row
        own = [p for p in self.portfolio.programmes.values() if p.account == row.account and row.year in p.years]
        rules: dict[Key, None] = {}
        at_maximum = bool(own)
        for programme in own:
            if programme.ceiling(row.year) - self.plan.spending[programme.id, row.year] >= (
                self.portfolio.settings.publish_unit
            ):
                at_maximum = False
                for key in self.blockers.get((programme.id, row.year), []):
                    rules[key] = None
        if not own:
            reason = say("no programme spends from this account")
        elif at_maximum:
            reason = say("every programme of the account has its maximum")
        elif rules:
            reason = _and_list([phrase_of(self.portfolio, key) for key in list(rules)[:3]])
        else:
            reason = say("further spending would not raise the score")
        return AccountYear(**{**row.__dict__, "stopped_by": reason})

    def total(self, wanted: Callable[[Programme, int], bool] = lambda _programme, _year: True) -> Fraction:
        """The sum of published amounts of the cells that ``wanted`` picks."""
        programmes = self.portfolio.programmes
        return sum((a for (p, t), a in self.plan.spending.items() if wanted(programmes[p], t)), ZERO)

    def totals_by(self, dimension: Callable[[Programme], str]) -> dict[str, list[Fraction]]:
        """Published money by a property of programmes, one amount a year, in the workbook's order."""
        sums: dict[str, list[Fraction]] = {}
        for (name, year), amount in self.plan.spending.items():
            label = dimension(self.portfolio.programmes[name])
            sums.setdefault(label, [ZERO] * self.portfolio.settings.years)[year] += amount
        return sums

    def attainment(self, pairs: Iterable[tuple[str, str]]) -> Fraction:
        """Weighted share of need met over pairs and years (undiscounted), as an attainment limit counts it."""
        years = range(self.portfolio.settings.years)
        met = need = ZERO
        for region, objective in pairs:
            priority = self.portfolio.priorities[region, objective]
            met += sum((priority.weight * self.attained.g[region, objective, t] for t in years), ZERO)
            need += priority.weight * priority.need * len(years)
        return met / need if need else ZERO


_NOT_BLOCKING = (
    "attainment",
    "synergy_at_most_first_partner",
    "synergy_at_most_second_partner",
    "synergies_divide_second_partner",
    "minimum",
    "indivisible_at_least",
    "indivisible_at_most",
    "commitment_to_choice",
    "pin",
    "limit_on_attainment",
)


def verdict_of(programme: Programme, year: int, amount: Fraction) -> str:
    """``pinned``, ``all``, ``nothing``, ``minimum`` or ``part``."""
    if year in programme.pins:
        return "pinned"
    if amount and amount >= programme.maximum:
        return "all"
    if not amount:
        return "nothing"
    return "minimum" if amount <= programme.floor else "part"


def _and_list(items: Sequence[Words]) -> Words:
    if len(items) == 1:
        return items[0]
    listed = items[0]
    for item in items[1:]:
        listed = say("{first} and {second}", first=listed, second=item)
    return listed


def family_name(family: str) -> Words:
    """A family of instruments in words."""
    return FAMILY_NAMES.get(family, Name(family))


FAMILY_NAMES: Mapping[str, Words] = {
    "oda": say("ODA"),
    "non_oda": say("Non-ODA economic cooperation"),
    "capacity_building": say("Capacity building"),
    "sdf_mission": say("SDF missions"),
}
FREEDOM_NAMES: Mapping[str, Words] = {"want": say("Freedom from want"), "fear": say("Freedom from fear")}
