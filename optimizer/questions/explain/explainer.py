"""Explains the lines of one run.

What stopped a line, and what a step of it is worth, are facts of the published plan (``optimizer.causes``). What a
change would do to the best score, and what a line at nothing needs to enter, comes from solving again with that
change; amounts in these solves are not rounded to publish units. A number that the second solve does not bear out
is left unsaid.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil, floor, log10

from optimizer import scenario
from optimizer.errors import WrongUsage
from optimizer.fiscal import listed, year_name, years_named
from optimizer.live import Live
from optimizer.places import without_year
from optimizer.portfolio import Programme
from optimizer.questions.asking import ask_portfolio
from optimizer.questions.explain.entry import Entry, EntryPrice
from optimizer.questions.explain.margins import margins
from optimizer.results import VERDICTS, Line, Result, money_text
from optimizer.solver import Options, is_mip
from optimizer.units import amount
from optimizer.words import Name, Words, name_of, say

PLACES = 4
"""Places of an entry price; digits that count, of a cost far below today's."""
NOTHING = 0.01
"""Part of the last place within which a price is taken to be round."""


@dataclass(frozen=True)
class Explanation:
    """One programme: its lines as published and what is said of them.

    ``by_year`` says what each year got and what stopped it, years alike together; ``more`` are the numbers that bear
    it out; ``entry`` is None where it gets money, or where no factor could be confirmed to bring it in.
    """

    id: str
    name: Words
    lines: tuple[Line, ...]
    by_year: tuple[Words, ...]
    more: tuple[Words, ...] = ()
    entry: EntryPrice | None = None

    @property
    def sentences(self) -> tuple[Words, ...]:
        """All that is said of the programme."""
        return *self.by_year, *self.more


class Explainer:
    """Explains the lines of one run, with a live model of its book and scenario."""

    def __init__(self, result: Result, options: Options | None = None) -> None:
        self.result = result
        self.portfolio = result.portfolio
        self.options = options

    @cached_property
    def live(self) -> Live:
        """The model before rounding, built when first needed."""
        return ask_portfolio(self.portfolio, self.options).live

    @cached_property
    def _lines(self) -> dict[str, list[Line]]:
        found: dict[str, list[Line]] = defaultdict(list)
        for line in self.result.lines:
            found[line.programme.id].append(line)
        return found

    def whole_run(self) -> list[Explanation]:
        """Every programme: what stopped it, what a step of it is worth, and entry prices; at the end what is off."""
        active = self.portfolio.programmes
        off = [ident for ident in self._known if ident not in active]
        return [
            *(self._explained(programme, in_full=False) for programme in active.values()),
            *(self._switched_off(ident) for ident in off),
        ]

    def programme(self, ident: str) -> Explanation:
        """One programme with every number that can be confirmed. Raises ``WrongUsage`` for an unknown id."""
        if ident in self.portfolio.programmes:
            return self._explained(self.portfolio.programmes[ident], in_full=True)
        if ident in self._known:
            return self._switched_off(ident)
        raise WrongUsage(scenario.unknown(say("programme"), ident, self._known))

    @cached_property
    def _known(self) -> list[str]:
        """Every programme of the workbook, switched off or not."""
        return [record.values["programme"] for record in self.portfolio.tables["Programmes"].records]

    def _explained(self, programme: Programme, in_full: bool) -> Explanation:
        if programme.id in self.result.without_years:
            return Explanation(programme.id, name_of(programme), (), (self.result.without_years[programme.id],))
        lines = self._lines[programme.id]
        groups = _alike(lines)
        more: list[Words] = []
        if programme.id in self.result.fillers:
            more.append(self._filler_words(self.result.fillers[programme.id]))
        shown = lines if in_full else [group[0] for group in groups]
        more += self._by_years((line.year, words) for line in shown for words in self.result.in_points(line))
        entry = None
        if not any(line.amount for line in lines):
            entry, words = self._entry(programme, in_full)
            more.append(words)
        if in_full:
            more += self._by_years(
                (line.year, words) for line in lines for words in margins(self.result, self.live, line)
            )
        by_year = tuple(self._years_in_words(group) for group in groups)
        return Explanation(programme.id, name_of(programme), tuple(lines), by_year, tuple(more), entry)

    def _by_years(self, said: Iterable[tuple[int, Words]]) -> list[Words]:
        """Statements with the years that they hold for; the same statement is made once."""
        found: dict[str, tuple[Words, list[int]]] = {}
        for year, words in said:
            found.setdefault(str(words), (words, []))[1].append(year)
        return [
            say("{years}: {statement}", years=self._years(years), statement=words) for words, years in found.values()
        ]

    def _years(self, offsets: Sequence[int]) -> Words:
        return years_named(self.portfolio.settings.first_year, offsets)

    def _years_in_words(self, lines: Sequence[Line]) -> Words:
        """What a run of years got and what stopped it."""
        amounts = [money_text(line.amount) for line in lines]
        said = {
            "years": self._years([line.year for line in lines]),
            "amount": amount(
                listed([Name(text) for text in (amounts[:1] if len(set(amounts)) == 1 else amounts)]),
                self.portfolio.settings.unit,
            ),
            "verdict": VERDICTS[lines[0].verdict],
            "reason": without_year(lines[0].reason),
        }
        if len(lines) > 1 and len(set(amounts)) == 1:
            return say("{years}: {amount} each year ({verdict}). {reason}", **said)
        return say("{years}: {amount} ({verdict}). {reason}", **said)

    def _filler_words(self, limit: str) -> Words:
        return say(
            "Warning: filler. Above its minimum its money adds no points; without the limit “{limit}” nothing would "
            "be lost by holding it at its minimum.",
            limit=name_of(self.portfolio.limits[limit]),
        )

    # A line at nothing

    def _entry(self, programme: Programme, in_full: bool) -> tuple[EntryPrice | None, Words]:
        if not any(e.programme == programme.id and e.score > 0 for e in self.portfolio.effects):
            return None, say("It has no effect of its own that scores.")
        if is_mip(self.live.model) and not in_full:
            return None, say("Its entry price is worked out where it is asked about alone.")
        return _price_of(Entry(self.live, self.portfolio, programme, self.options), with_cost=in_full)

    # A line that is switched off

    def _switched_off(self, ident: str) -> Explanation:
        record = next(r for r in self.portfolio.tables["Programmes"].records if r.values["programme"] == ident)
        on = self.portfolio.levers_on
        needed = [name for name in record.values["requires"] if not on[name]]
        barred = [name for name in record.values["unless"] if on[name]]
        label = record.values["name"] or ident
        name = Name(label, japanese=record.values["name_ja"] or label)
        said = (
            say("“{name}” is switched off in this scenario.", name=name),
            *(say("It needs the lever {lever}, which is off.", lever=self._lever(name)) for name in needed),
            *(say("It gives way to the lever {lever}, which is on.", lever=self._lever(name)) for name in barred),
        )
        return Explanation(ident, name, (), said)

    def _lever(self, ident: str) -> Words:
        return name_of(self.portfolio.levers[ident])


def _price_of(entry: Entry, with_cost: bool) -> tuple[EntryPrice | None, Words]:
    """The entry price with its sentence, or why there is none."""
    if entry.is_kept_out():
        return None, say("Rules keep it out: no plan gives it money, however large its effects.")
    if entry.gets_money_before_rounding():
        return None, say("Before amounts are rounded to whole units it gets money; rounding leaves it none.")
    found = entry.price(with_cost)
    if found is not None:
        return found, _entry_in_words(found)
    if entry.stays_out():
        return None, say("Even with effects a hundred thousand times as large, a plan without it scores as much.")
    return None, say("No larger effect could be confirmed to bring it in.")


def _entry_in_words(found: EntryPrice) -> Words:
    """The price rounded to the side on which the programme enters."""
    factor = f"{ceil(found.effects * 10**PLACES - NOTHING) / 10**PLACES:.{PLACES}f}"
    if found.cost is None:
        return say("Entry price: it gets money once its effects are {factor} times as large.", factor=factor)
    places = max(PLACES, PLACES - 1 - floor(log10(found.cost)))
    return say(
        "Entry price: it gets money once its effects are {factor} times as large, or its cost falls to {share} of "
        "today's.",
        factor=factor,
        share=f"{floor(found.cost * 10**places + NOTHING) / 10**places:.{places}f}",
    )


def _alike(lines: Sequence[Line]) -> list[list[Line]]:
    """Lines of one programme in runs of years with the same verdict and the same reason."""
    runs: list[list[Line]] = []
    for line in lines:
        if runs and _says_as(line, runs[-1][-1]):
            runs[-1].append(line)
        else:
            runs.append([line])
    return runs


def _says_as(line: Line, before: Line) -> bool:
    reasons = {str(without_year(each.reason)) for each in (line, before)}
    return line.verdict == before.verdict and len(reasons) == 1 and line.year == before.year + 1


def unspent_in_words(result: Result) -> list[Words]:
    """One sentence for each account and year with money left, naming what stopped it."""
    unit = result.portfolio.settings.unit
    return [
        say(
            "“{account}”, {year}: {amount} is left unspent. What stops it: {reason}.",
            account=name_of(result.portfolio.accounts[row.account]),
            year=year_name(result.fiscal_year(row.year)),
            amount=amount(money_text(row.lapsed), unit),
            reason=without_year(row.stopped_by),
        )
        for row in result.accounts
        if row.stopped_by is not None
    ]


def exactness_in_words(result: Result) -> list[Words]:
    """With indivisible programmes: what is exact in an explanation, and what is the relaxation's; else nothing."""
    if not any(programme.indivisible for programme in result.portfolio.programmes.values()):
        return []
    return [
        say(
            "Indivisible programmes are kept whole in every plan that was compared: every number here is exact. Only "
            "which rule is named first, where several leave no room, follows the prices of the relaxation, which "
            "divides them."
        )
    ]
