"""The result of one run: the published plan with its proof, its sums, and why each line got what it got.

Every sum is a sum of published amounts, so that all tables foot. Money is in the workbook's unit, exact.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from math import floor, lcm, log10

from optimizer import units
from optimizer.causes import (
    BETTER,
    FREE,
    HARM,
    HELD,
    LEFT_OUT,
    MAXIMUM,
    MET,
    NO_GAIN,
    PINNED,
    ROUNDING,
    RULES,
    USED_UP,
    BetterUse,
    Cause,
    Causes,
)
from optimizer.exact import Cell, ExactBook, Key
from optimizer.fiscal import listed, year_name
from optimizer.gains import FELT
from optimizer.places import own_phrase_of, own_rule_in_words, rule_in_words, without_year
from optimizer.plan import Plan
from optimizer.portfolio import Portfolio, Programme
from optimizer.proof import Attained, Proof
from optimizer.scenario import BASE
from optimizer.words import Name, Words, name_of, say

ZERO = Fraction(0)
THE_BOOK_ITSELF, CHANGED = say("base"), "*"

VERDICTS: Mapping[str, Words] = {
    "pinned": say("pinned"),
    "all": say("maximum"),
    "minimum": say("minimum"),
    "nothing": say("nothing"),
    "part": say("part"),
    "filler": say("filler"),
}
REASONS: Mapping[str, Words] = {
    PINNED: say("The scenario pins this amount."),
    MAXIMUM: say("It gets its whole maximum."),
    HARM: say("Further money here would do more harm than good."),
    MET: say("The need that it serves is already met."),
    NO_GAIN: say("Further money here would add no points."),
    FREE: say("No rule stops more of it."),
    LEFT_OUT: say("It is all or nothing, and this plan does without it."),
    ROUNDING: say("A step more would add points and break no rule; rounding left it."),
}
MOST_RULES_NAMED, MOST_RULES_OF_AN_ACCOUNT = 2, 3


@dataclass(frozen=True)
class Line:
    """One programme in one fiscal year: what it gets, and why not more.

    ``verdict`` is a key of ``VERDICTS``. ``filler``: money whose only use is to make room under a share or risk limit.
    """

    programme: Programme
    year: int
    amount: Fraction
    verdict: str
    cause: Cause
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
    fillers: Mapping[str, str] = field(default_factory=dict)
    """Programmes that get money only to make room under a limit, with the limit."""

    @property
    def attained(self) -> Attained:
        """Attained scores by pair and year."""
        return self.proof.attained

    def fiscal_year(self, offset: int) -> int:
        """The Japanese fiscal year of an offset."""
        return self.portfolio.settings.first_year + offset

    @cached_property
    def causes(self) -> Causes:
        """What stopped each line, read off the published amounts."""
        return Causes(self.book, self.plan, self.multipliers)

    @cached_property
    def lines(self) -> list[Line]:
        """A line for each active programme and year, in the workbook's order."""
        return [
            Line(
                programme,
                year,
                amount := self.plan.spending[programme.id, year],
                self._verdict(programme, year, amount),
                cause := self.causes.of(programme, year),
                self._reason(programme, year, cause),
            )
            for programme in self.portfolio.programmes.values()
            for year in programme.years
        ]

    @cached_property
    def without_years(self) -> dict[str, Words]:
        """Why programmes that are on have no line at all, by programme: their years lie outside the plan's."""
        return {p.id: self._why_it_never_runs(p) for p in self.portfolio.programmes.values() if not p.years}

    def _why_it_never_runs(self, programme: Programme) -> Words:
        """With the cell of its first year or, where it has ended before the plan begins, of its last."""
        starts_too_late = programme.first >= self.portfolio.settings.years
        table, column = self.portfolio.tables["Programmes"], "start" if starts_too_late else "end"
        record = next(record for record in table.records if record.row == programme.row)
        said = {
            "name": name_of(programme),
            "year": year_name(record.values[column]),
            "sheet": table.title,
            "cell": table.cell(column, programme.row),
        }
        if starts_too_late:
            return say("“{name}” runs in none of the plan's years: it begins in {year} ({sheet} {cell}).", **said)
        return say("“{name}” runs in none of the plan's years: it ends with {year} ({sheet} {cell}).", **said)

    def _verdict(self, programme: Programme, year: int, amount: Fraction) -> str:
        """A key of ``VERDICTS``."""
        cell = programme.id, year
        if year in programme.pins:
            return "pinned"
        if not amount:
            return "nothing"
        if not self.causes.room_to_ceiling(cell):
            return "all"
        if amount - programme.floor < self.portfolio.settings.publish_unit:
            return "minimum"
        return "filler" if programme.id in self.fillers else "part"

    def _reason(self, programme: Programme, year: int, cause: Cause) -> Words:
        """What stops one more publish unit, as a fact of the published plan."""
        if cause.kind == RULES:
            return say("No more fits under {rules}.", rules=self._rules_in_words(cause))
        if cause.kind == MAXIMUM and not programme.ceiling(year):
            return say("Its maximum is nothing.")
        account = name_of(self.portfolio.accounts[programme.account])
        if cause.kind == HELD:
            return say(
                "“{account}” is used up, and {step} that does less elsewhere cannot move here because of {rules}.",
                account=account,
                step=self.money_in_words(self.causes.step_of((programme.id, year), more=True)),
                rules=self._rules_in_words(cause),
            )
        if cause.kind in (BETTER, USED_UP):
            return self._used_up(account, cause)
        return REASONS[cause.kind]

    def in_short(self, line: Line) -> Words:
        """What stops a line first, without its year, its cell and what the money does instead."""
        cause, programme = line.cause, line.programme
        if cause.kind == RULES:
            rule = own_phrase_of(self.portfolio, cause.rules[0])
            return say("Stopped by {rules}.", rules=without_year(rule))
        if cause.kind in (HELD, BETTER, USED_UP):
            return self._used_up(name_of(self.portfolio.accounts[programme.account]), Cause(USED_UP))
        return self._reason(programme, line.year, cause)

    def _used_up(self, account: Words, cause: Cause) -> Words:
        """What the money of an account does instead."""
        if cause.better is None:
            return say("“{account}” is used up.", account=account)
        said = {"account": account, "name": name_of(self.portfolio.programmes[cause.better.cell[0]])}
        if cause.better.is_as_good_here:
            return say("“{account}” is used up; its money does as much in “{name}”.", **said)
        return say("“{account}” is used up; its money does more in “{name}”.", **said)

    def _rules_in_words(self, cause: Cause) -> Words:
        return _joined([own_rule_in_words(self.portfolio, key) for key in cause.rules[:MOST_RULES_NAMED]])

    def in_points(self, line: Line) -> list[Words]:
        """What a step more, the last step, and the better use of the money are worth; only what there is."""
        cause, causes = line.cause, self.causes
        cell = line.programme.id, line.year
        said = []
        if cause.next_points is not None:
            said.append(_next_in_points(self.money_in_words(causes.step_of(cell, more=True)), cause.next_points))
        if cause.last_points is not None:
            said.append(_last_in_points(self.money_in_words(causes.step_of(cell, more=False)), cause.last_points))
        if len(said) > 1:
            said = [say("{first} {second}", first=said[0], second=said[1])]
        if cause.better is not None:
            said.append(self._better_use_in_points(line.year, cause.better))
        return said

    def _better_use_in_points(self, year: int, better: BetterUse) -> Words:
        programme, its_year = better.cell
        said = {
            "name": name_of(self.portfolio.programmes[programme]),
            "step": self.money_in_words(better.step),
            "points": points_text(better.points),
            "here": points_text(better.here),
        }
        if its_year == year:
            return say("In “{name}” the last {step} adds {points} points; here it would add {here}.", **said)
        its_year_named = year_name(self.fiscal_year(its_year))
        return say(
            "In “{name}” the last {step} of {year} adds {points} points; here it would add {here}.",
            year=its_year_named,
            **said,
        )

    def money_in_words(self, number: Fraction) -> Words:
        """An amount with its unit."""
        return units.amount(money_text(number), self.portfolio.settings.unit)

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
                rows.append(row)
        short = {(row.account, row.year) for row in rows if row.lapsed < portfolio.settings.publish_unit}
        return [row if (row.account, row.year) in short else self._with_stop(row, short) for row in rows]

    def _with_stop(self, row: AccountYear, short: Collection[Cell]) -> AccountYear:
        """What kept the rest of an account from its own programmes, and from accounts that are ``short`` of money."""
        own = [p for p in self.portfolio.programmes.values() if p.account == row.account and row.year in p.years]
        below = [p for p in own if self.causes.room_to_ceiling((p.id, row.year))]
        blocked = [self.causes.blockers.get((p.id, row.year), []) for p in below]
        rules = dict.fromkeys(key for keys in blocked for key in keys)
        if not own:
            reason = say("no programme spends from this account")
        elif not below:
            reason = say("every programme of the account has its maximum")
        elif rules and all(blocked):
            reason = _joined([rule_in_words(self.portfolio, key) for key in list(rules)[:MOST_RULES_OF_AN_ACCOUNT]])
        else:
            reason = say("further spending would not raise the score")
        if full := list(self._full_ways_out(row, short)):
            reason = say("{reason}; full as well: {ways}", reason=reason, ways=_joined(full))
        return replace(row, stopped_by=reason)

    def _full_ways_out(self, row: AccountYear, short: Collection[Cell]) -> Iterator[Words]:
        """Transfers and carry-over at their ceilings, to where money is short."""
        tables, unit = self.portfolio.tables, self.portfolio.settings.publish_unit
        for number, transfer in enumerate(self.portfolio.transfers):
            if transfer.from_account != row.account or (transfer.to_account, row.year) not in short:
                continue
            ceiling = self.book.others.get(("f", number, row.year), ZERO)
            if ceiling and ceiling - self.plan.transfers.get((number, row.year), ZERO) < unit:
                to, table = name_of(self.portfolio.accounts[transfer.to_account]), tables["Transfers"]
                cell = table.cell("max_share", transfer.row)
                yield say("the transfer to “{account}” ({sheet} {cell})", account=to, sheet=table.title, cell=cell)
        ceiling = self.book.others.get(("v", row.account, row.year), ZERO)
        if ceiling and ceiling - row.carried_out < unit and (row.account, row.year + 1) in short:
            table, record = tables["Accounts"], self.portfolio.accounts[row.account]
            cell = table.cell("carry_over", record.row)
            yield say("carry-over to the next year ({sheet} {cell})", sheet=table.title, cell=cell)

    def total(self, wanted: Callable[[Programme, int], bool] = lambda _programme, _year: True) -> Fraction:
        """The sum of published amounts of the cells that ``wanted`` picks."""
        programmes, (spending, scale) = self.portfolio.programmes, self._in_whole_numbers
        return Fraction(sum(a for (p, t), a in spending.items() if wanted(programmes[p], t)), scale)

    def totals_by(self, dimension: Callable[[Programme], str]) -> dict[str, list[Fraction]]:
        """Published money by a property of programmes, one amount a year, in the workbook's order."""
        scale = self._in_whole_numbers[1]
        return {label: [Fraction(a, scale) for a in years] for label, years in self._whole_by(dimension).items()}

    def sums_by(self, dimension: Callable[[Programme], str]) -> dict[str, Fraction]:
        """The same over the whole period."""
        scale = self._in_whole_numbers[1]
        return {label: Fraction(sum(years), scale) for label, years in self._whole_by(dimension).items()}

    def _whole_by(self, dimension: Callable[[Programme], str]) -> dict[str, list[int]]:
        labels = {name: dimension(programme) for name, programme in self.portfolio.programmes.items()}
        sums: dict[str, list[int]] = {}
        for (name, year), amount in self._in_whole_numbers[0].items():
            sums.setdefault(labels[name], [0] * self.portfolio.settings.years)[year] += amount
        return sums

    @cached_property
    def _in_whole_numbers(self) -> tuple[dict[Cell, int], int]:
        """Published money times a common denominator, and that denominator: sums of whole numbers are fast."""
        scale = lcm(*{amount.denominator for amount in self.plan.spending.values()})
        return {
            cell: amount.numerator * (scale // amount.denominator) for cell, amount in self.plan.spending.items()
        }, scale

    def attainment(self, pairs: Iterable[tuple[str, str]]) -> Fraction:
        """Weighted share of need met over pairs and years (undiscounted), as an attainment limit counts it."""
        years = range(self.portfolio.settings.years)
        met = need = ZERO
        for region, objective in pairs:
            priority = self.portfolio.priorities[region, objective]
            met += sum((priority.weight * self.attained.g[region, objective, t] for t in years), ZERO)
            need += priority.weight * priority.need * len(years)
        return met / need if need else ZERO


def _next_in_points(step: Words, points: float) -> Words:
    if abs(points) <= FELT:
        return say("{step} more would add nothing.", step=step)
    if points < 0:
        return say("{step} more would cost {points} points.", step=step, points=points_text(-points))
    return say("{step} more would add {points} points.", step=step, points=points_text(points))


def _last_in_points(step: Words, points: float) -> Words:
    if abs(points) <= FELT:
        return say("Its last {step} adds nothing.", step=step)
    if points < 0:
        return say("Its last {step} costs {points} points.", step=step, points=points_text(-points))
    return say("Its last {step} adds {points} points.", step=step, points=points_text(points))


def _joined(items: Sequence[Words]) -> Words:
    """One thing, or several with a word before the last."""
    if len(items) == 1:
        return items[0]
    return say("{first} and {second}", first=listed(items[:-1]), second=items[-1])


def family_name(family: str) -> Words:
    """A family of instruments in words."""
    return FAMILY_NAMES.get(family, Name(family))


def instrument_name(instrument: str) -> Words:
    """An instrument in words; one of the user's own as it is written."""
    return INSTRUMENT_NAMES.get(instrument) or (Name(instrument) if instrument else NOT_STATED)


def both(text: str) -> Name:
    """A text of the workbook; where it reads ``English / 日本語``, each reader gets their own half."""
    english, slash, japanese = text.partition(" / ")
    if slash and _is_japanese(japanese) and not _is_japanese(english):
        return Name(english.strip(), japanese=japanese.strip())
    return Name(text)


def scenario_name(name: str) -> Words:
    """A scenario as a reader calls it; that without rows of its own has no name in the workbook.

    The star of one that was changed on top of its rows stays.
    """
    plain = name.removesuffix(CHANGED)
    called = THE_BOOK_ITSELF if plain == BASE else both(plain)
    return say("{scenario}*", scenario=called) if plain != name else called


def _is_japanese(text: str) -> bool:
    return any("぀" <= letter <= "ヿ" or "一" <= letter <= "鿿" for letter in text)


FAMILY_NAMES: Mapping[str, Words] = {
    "oda": say("ODA"),
    "non_oda": say("Non-ODA economic cooperation"),
    "capacity_building": say("Capacity building"),
    "sdf_mission": say("SDF missions"),
}
FREEDOM_NAMES: Mapping[str, Words] = {"want": say("Freedom from want"), "fear": say("Freedom from fear")}
INSTRUMENT_NAMES: Mapping[str, Words] = {
    "grant_aid": say("Grant aid"),
    "technical_cooperation": say("Technical cooperation"),
    "rule_of_law": say("Rule of law and governance aid"),
    "oda_loan": say("ODA loan"),
    "official_loan": say("Official loan"),
    "osa": say("Official Security Assistance"),
    "equipment_finance": say("Equipment finance"),
    "dual_use_infrastructure": say("Dual-use infrastructure"),
    "peace_grant": say("Peace-building grant"),
    "civilian_team": say("Civilian team"),
    "civilian_training": say("Civilian training"),
    "capacity_building": say("Capacity building"),
    "equipment_transfer": say("Equipment transfer"),
    "counter_piracy": say("Counter-piracy"),
    "base_operations": say("Base operations"),
    "pko_staff": say("Peacekeeping staff"),
    "hadr_team": say("HA/DR team"),
    "hub": say("Hub"),
    "civil_affairs": say("Civil affairs"),
    "policy_adviser": say("Policy adviser"),
}
NOT_STATED = say("(not stated)")


def money_text(amount: Fraction) -> str:
    """Money in a sentence."""
    return f"{float(amount):,.2f}"


def points_text(points: float) -> str:
    """Points in a sentence, to three digits that count and at least four places."""
    places = 4 if abs(points) < FELT else max(4, 2 - floor(log10(abs(points))))
    return f"{points:.{places}f}"
