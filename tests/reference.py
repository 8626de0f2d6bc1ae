"""The oracle: a second reading of the model, sharing no line with the program.

It reads the raw tables (sheet -> rows of canonical column -> plain value), writes every constraint of the
model out in dictionaries and loops, and lets HiGHS solve it through PuLP's plain interface. It is slow and
plain on purpose. It trusts its input: a book must have passed `haibun check`.

    solve(raw, scenario, sets)            the best score and one plan that reaches it
    tie_break(raw, scenario, sets)        the least change from the baseline among the best plans
    evaluate(raw, spending, ...)          the score of given amounts
    check(raw, spending, ...)             the rows that given amounts break
    lp(raw, scenario, sets)               the whole model as columns and rows of exact fractions

Where the contract is silent or has two readings, this is what was taken (what a planner would expect):

 1. `--set` replaces a scenario row with the same item, target and year. A pin without a year, set on the
    command line, therefore leaves a scenario's pin of a single year standing (a pin with a year overrides).
 2. A programme without a country, or an account without an agency, is matched by no cell of that column.
 3. `attainment` limits speak of pairs of region and objective, not of programmes: such a limit exists when
    its scope holds a priority, even if no programme reaches it (a value above 0 then has no plan).
 4. A `min` share whose of-scope has no programme asks for at least nothing, so it holds by itself. A share of
    scope `all` exists when some programme runs in some year.
 5. A programme is in a limit's scope in a year when it is on and the year is one of its years, even if its
    maximum (or pin) there is 0.
 6. What was spent before the horizon builds no resource (what it built is in what is available); it does
    score through lags, at the scenario's effect and cost factors, and counts against no `harm` limit.
 7. Several rows of the same programme and resource, or the same two accounts, add up.
 8. The fall to a maximum below the ramp's floor matters against the baseline only: inside the horizon the
    maximum is the same in every year, and the steps next to a pin are free.
 9. A commitment compares years inside the horizon only; it does not bind the first year to the baseline.
10. A pinned year has no z: for the years next to it the commitment of z is dropped with that of x.
11. A programme whose years all lie outside the horizon does not spend; its baseline scores nothing, and
    neither does that of one which starts after the first year.
12. In the tie-break the sum runs over the years in which a programme runs.
13. A programme_maximum of a scenario also cuts an indivisible programme's written minimum.
14. A blank minimum of an indivisible programme stays the maximum in force, never a pin.
15. A cost_factor divides effects on pairs of any region, and harm as well as good.
16. The minimum of a starting programme is not eased by its ramp: a start that cannot ramp up to its minimum
    in its first year has no plan.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any

import pulp

Raw = Mapping[str, Sequence[Mapping[Any, Any]]]
Key = tuple[Any, ...]
Amounts = Mapping[tuple[str, int], Any]
Flows = Mapping[tuple[str, str, int], Any]

WITHIN_POINTS = Fraction(1, 10**6)
WITHIN_MONEY = Fraction(1, 10**6)
LEAST_COEFFICIENT = 1e-9  # HiGHS drops matrix entries up to this without a word
SCORE_ROW_SCALE = 1000  # a slack of 1e-6 points must be felt above the solver's tolerance
FACTORS = ("budget_factor", "weight_factor", "need_factor", "effect_factor", "cost_factor", "resource_factor")
TARGETS = {
    "lever": [("Levers", "lever")],
    "limit_value": [("Limits", "limit")],
    "programme_maximum": [("Programmes", "programme")],
    "pin": [("Programmes", "programme")],
}
TIGHT = {
    "primal_feasibility_tolerance": 1e-9,
    "dual_feasibility_tolerance": 1e-9,
    "mip_feasibility_tolerance": 1e-9,
}
LOOSE = {"presolve": "off"}
FIFTEEN_DIGITS = Context(prec=15)


# ---------------------------------------------------------------------------------------------- cells


def text(value: Any) -> str:
    """A cell as an id or a word: NFKC and trimmed, blank is "" (workbook.md, ids)."""
    return "" if value is None else unicodedata.normalize("NFKC", str(value)).strip()


def blank(value: Any) -> bool:
    return text(value) == ""


def number(value: Any, default: Any = None) -> Any:
    """A number is its decimal at 15 significant digits (workbook.md); blank gives the default."""
    if blank(value):
        return None if default is None else Fraction(default)
    if isinstance(value, Fraction):
        return value
    if isinstance(value, float):
        value = repr(value)
    return Fraction(FIFTEEN_DIGITS.create_decimal(Decimal(text(value).replace(",", ""))))


def yes(value: Any, default: bool = False) -> bool:
    """yes/no takes yes, no, true, false, 1, 0, on, off, はい, いいえ (workbook.md)."""
    if blank(value):
        return default
    return text(value).lower() in {"yes", "true", "1", "1.0", "on", "はい"}


def names(value: Any) -> list[str]:
    """A comma separated list of ids."""
    return [part.strip() for part in re.split("[,、]", text(value)) if part.strip()]


def year_of(value: Any) -> int | None:
    """A fiscal year: 2027, FY2027, 2027年度 and 令和9年度 are the same (workbook.md)."""
    word = text(value)
    if word == "":
        return None
    digits = re.search(r"\d+", word)
    if digits is None:
        return 2019 if word.startswith("令和元") else None
    return int(digits.group()) + (2018 if word.startswith("令和") else 0)


# -------------------------------------------------------------------------------------- the resolved book


@dataclass
class Programme:
    """One programme as it stands in the scenario."""

    id: str
    family: str
    instrument: str
    account: str
    agency: str
    region: str
    country: str
    fragile: bool
    tags: list[str]
    baseline: Fraction | None
    minimum: Fraction
    maximum: Fraction
    scale: Fraction
    ramp: Fraction | None
    years: list[int]
    commitment: bool
    indivisible: bool
    curve: list[tuple[Fraction, Fraction]]
    risk: Fraction
    leverage: Fraction
    pins: dict[int, Fraction]

    def most(self, year: int) -> Fraction:
        """M(p); a pin takes its place in its year (model.md, 8)."""
        return self.pins.get(year, self.maximum)

    def segments(self, year: int) -> list[tuple[int, Fraction, Fraction]]:
        """(segment, width, rate): cut at M(p), the last reaching on to it (model.md, Variables y)."""
        end_of_all = self.most(year)
        found = []
        below = Fraction(0)
        for position, (up_to, rate) in enumerate(self.curve, start=1):
            end = end_of_all if position == len(self.curve) else min(up_to * self.scale, end_of_all)
            if end > below:
                found.append((position, end - below, rate))
                below = end
        return found

    def baseline_on_curve(self) -> Fraction:
        """Σ ρ(s)·y of the baseline over the whole curve, by scale, the last without end (model.md, 1)."""
        spending = self.baseline or Fraction(0)
        total = Fraction(0)
        below = Fraction(0)
        for position, (up_to, rate) in enumerate(self.curve, start=1):
            end = spending if position == len(self.curve) else min(up_to * self.scale, spending)
            if end > below:
                total += rate * (end - below)
                below = end
        return total


@dataclass
class Effect:
    programme: str
    objective: str
    region: str
    score: Fraction
    lag: int


@dataclass
class Synergy:
    id: str
    a: str
    b: str
    ratio: Fraction
    objective: str
    score: Fraction
    shared: bool


@dataclass
class Use:
    programme: str
    resource: str
    uses: Fraction
    builds: Fraction
    delay: int
    life: int | None


@dataclass
class Limit:
    id: str
    measure: str
    sense: str
    value: Fraction
    basis: str
    year: str
    scope: dict[str, str]
    of: dict[str, str]


@dataclass
class Book:
    """Everything that exists in one scenario, its numbers final."""

    years: list[int]
    discount: dict[int, Fraction]
    freedom: dict[str, str]
    weight: dict[tuple[str, str], Fraction]
    need: dict[tuple[str, str], Fraction]
    priority_curve: dict[tuple[str, str], list[tuple[Fraction, Fraction]]]
    appropriation: dict[tuple[str, int], Fraction]
    carry_over: dict[str, Fraction]
    agency: dict[str, str]
    transfers: list[tuple[str, str, Fraction]]
    programmes: dict[str, Programme]
    effects: list[Effect]
    synergies: list[Synergy]
    available: dict[tuple[str, int], Fraction]
    uses: list[Use]
    limits: list[Limit]


@dataclass
class Items:
    """The rows of one scenario with those of --set (workbook.md, Scenario items)."""

    rows: list[tuple[str, str, int | None, str]]

    def factor(self, item: str, targets: Iterable[str], year: int | None = None) -> Fraction:
        """The product of the rows of a factor that name one of the targets, or none.

        A row applies once, however many of the targets are its own. A row with a year speaks of it alone.
        """
        wanted = set(targets)
        product = Fraction(1)
        for row_item, target, row_year, value in self.rows:
            if row_item == item and (target == "" or target in wanted) and row_year in (None, year):
                product *= number(value)
        return product

    def value(self, item: str, target: str) -> str | None:
        """The value of an item that replaces (lever, limit_value, programme_maximum)."""
        for row_item, row_target, _, value in self.rows:
            if row_item == item and row_target == target:
                return value
        return None

    def pins(self, programme: str, years: Sequence[int]) -> dict[int, Fraction]:
        """The pinned years of a programme: one with a year overrides one without (model.md, 8)."""
        pinned = ("pin", programme)
        rows = [(year, number(value)) for item, of, year, value in self.rows if (item, of) == pinned]
        found = {}
        for year, amount in rows:
            if year is None:
                found.update(dict.fromkeys(years, amount))
        for year, amount in rows:
            if year in years:
                found[year] = amount
        return found


def items_of(raw: Raw, scenario: str, sets: Iterable[str]) -> Items:
    """The scenario's rows; factors of --set join them, its other items replace theirs (workbook.md).

    A set is written ITEM:TARGET@YEAR=VALUE; target and year may be left out.
    """
    rows = []
    for row in raw.get("Scenarios", ()):
        if text(row.get("scenario")) == text(scenario):
            year = year_of(row.get("year"))
            rows.append((text(row.get("item")), text(row.get("target")), year, text(row.get("value"))))
    if not rows and text(scenario) != "base":
        raise ValueError(f"no scenario {scenario!r}")
    for written in sets:
        left, _, value = written.rpartition("=")
        left, _, year_word = left.partition("@")
        item, _, target = left.partition(":")
        new = (text(item), text(target), year_of(year_word), text(value))
        targets = TARGETS.get(new[0], ())
        if targets and not any(text(row[column]) == new[1] for sheet, column in targets for row in raw.get(sheet, ())):
            raise ValueError(f"unknown target in {written!r}")
        if new[0] not in FACTORS:
            rows = [old for old in rows if old[:3] != new[:3]]
        rows.append(new)
    return Items(rows)


def curves_of(raw: Raw) -> dict[str, list[tuple[Fraction, Fraction]]]:
    """Curve -> (up_to, rate) by segment; no curve is one straight segment (workbook.md, Curves)."""
    rows: dict[str, list[tuple[Fraction, Fraction, Fraction]]] = {}
    for row in raw.get("Curves", ()):
        segment = (number(row["segment"]), number(row["up_to"]), number(row["rate"]))
        rows.setdefault(text(row["curve"]), []).append(segment)
    curves = {curve: [(up_to, rate) for _, up_to, rate in sorted(found)] for curve, found in rows.items()}
    curves[""] = [(Fraction(1), Fraction(1))]
    return curves


def scope_of(row: Mapping[Any, Any], prefix: str) -> dict[str, str]:
    """The scope columns of a limit that narrow: a blank one does not, nor does fragile = no."""
    columns = ("programme", "family", "instrument", "region", "country", "account", "agency", "tag")
    scope = {column: text(row.get(prefix + column)) for column in (*columns, "objective", "freedom")}
    if yes(row.get(prefix + "fragile")):
        scope["fragile"] = "yes"
    return {column: wanted for column, wanted in scope.items() if wanted}


@dataclass
class Reader:
    """Raw tables -> the parts of a book, as they stand in one scenario: levers, defaults, factors."""

    raw: Raw
    items: Items
    years: list[int]
    curves: dict[str, list[tuple[Fraction, Fraction]]]
    cost: dict[str, Fraction] = field(default_factory=dict)

    def rows(self, sheet: str) -> list[Mapping[Any, Any]]:
        """The rows that exist: all of `requires` are on and none of `unless` is (workbook.md)."""
        on = set()
        for row in self.raw.get("Levers", ()):
            lever = text(row["lever"])
            if yes(self.items.value("lever", lever), yes(row.get("default"))):
                on.add(lever)
        return [
            row
            for row in self.raw.get(sheet, ())
            if all(lever in on for lever in names(row.get("requires")))
            and not any(lever in on for lever in names(row.get("unless")))
        ]

    def freedom(self) -> dict[str, str]:
        return {text(row["objective"]): text(row["freedom"]) for row in self.rows("Objectives")}

    def agency(self) -> dict[str, str]:
        return {text(row["account"]): text(row.get("agency")) for row in self.rows("Accounts")}

    def carry_over(self) -> dict[str, Fraction]:
        return {text(row["account"]): number(row.get("carry_over"), 0) for row in self.rows("Accounts")}

    def appropriation(self) -> dict[tuple[str, int], Fraction]:
        """B(a,t), times budget_factor."""
        found = {}
        for row in self.rows("Accounts"):
            account = text(row["account"])
            for year in self.years:
                found[account, year] = number(row[year]) * self.items.factor("budget_factor", [account], year)
        return found

    def transfers(self) -> list[tuple[str, str, Fraction]]:
        return [
            (text(row["from_account"]), text(row["to_account"]), number(row["max_share"]))
            for row in self.rows("Transfers")
        ]

    def available(self) -> dict[tuple[str, int], Fraction]:
        """available(k,t), times resource_factor."""
        found = {}
        for row in self.rows("Resources"):
            resource = text(row["resource"])
            for year in self.years:
                found[resource, year] = number(row[year]) * self.items.factor("resource_factor", [resource], year)
        return found

    def by_pair(self, column: str) -> dict[tuple[str, str], Fraction]:
        """w(r,o) or n(r,o), times the factors of its region, objective and pair."""
        found = {}
        for row in self.rows("Priorities"):
            pair = (text(row["region"]), text(row["objective"]))
            factor = self.items.factor(f"{column}_factor", (*pair, "/".join(pair)))
            found[pair] = number(row[column]) * factor
        return found

    def priority_curves(self) -> dict[tuple[str, str], list[tuple[Fraction, Fraction]]]:
        return {
            (text(row["region"]), text(row["objective"])): self.curves[text(row.get("curve"))]
            for row in self.rows("Priorities")
        }

    def programmes(self) -> dict[str, Programme]:
        """Programmes that are on, every default taken (workbook.md, Programmes)."""
        country_row = {text(row["country"]): row for row in self.rows("Countries")}
        agency = self.agency()
        found = {}
        for row in self.rows("Programmes"):
            id_, account = text(row["programme"]), text(row["account"])
            family, instrument = text(row["family"]), text(row.get("instrument"))
            country = text(row.get("country"))
            home = country_row.get(country, {})
            start, end = year_of(row.get("start")), year_of(row.get("end"))
            years = [t for t in self.years if (start or t) <= t <= (end or t)]
            self.cost[id_] = self.items.factor("cost_factor", [id_, family, instrument, account])
            maximum = number(self.items.value("programme_maximum", id_), number(row["maximum"]))
            indivisible = yes(row.get("indivisible"))
            minimum = number(row.get("minimum"), maximum if indivisible else 0)
            found[id_] = Programme(
                id=id_,
                family=family,
                instrument=instrument,
                account=account,
                agency=agency[account],
                region=text(row.get("region")) or text(home.get("region")),
                country=country,
                fragile=yes(row.get("fragile"), yes(home.get("fragile"))),
                tags=names(row.get("tags")),
                baseline=number(row.get("baseline")),
                minimum=min(minimum, maximum),
                maximum=maximum,
                scale=number(row.get("scale"), number(row["maximum"])),
                ramp=number(row.get("ramp")),
                years=years,
                commitment=yes(row.get("commitment")),
                indivisible=indivisible,
                curve=self.curves[text(row.get("curve"))],
                risk=number(row.get("risk"), 0),
                leverage=number(row.get("leverage"), 1) / self.cost[id_],
                pins=self.items.pins(id_, years),
            )
        return found

    def effects(self, programmes: Mapping[str, Programme]) -> list[Effect]:
        """Scores times effect_factor, through the cost_factor (workbook.md, Effects and Scenario items)."""
        found = []
        for row in self.rows("Effects"):
            programme, objective = text(row["programme"]), text(row["objective"])
            if programme in programmes:
                factor = self.items.factor("effect_factor", [programme, objective]) / self.cost[programme]
                region = text(row.get("region")) or programmes[programme].region
                score, lag = number(row["score"]) * factor, int(number(row.get("lag"), 0))
                found.append(Effect(programme, objective, region, score, lag))
        return found

    def synergies(self, programmes: Mapping[str, Programme]) -> list[Synergy]:
        """Scores through the cost_factor of programme_a, never effect_factor."""
        found = []
        for row in self.rows("Synergies"):
            a, b = text(row["programme_a"]), text(row["programme_b"])
            if a in programmes and b in programmes:
                found.append(
                    Synergy(
                        id=text(row["synergy"]),
                        a=a,
                        b=b,
                        ratio=number(row["ratio"]),
                        objective=text(row["objective"]),
                        score=number(row["score"]) / self.cost[a],
                        shared=yes(row.get("shared")),
                    )
                )
        return found

    def uses(self, programmes: Mapping[str, Programme]) -> list[Use]:
        """Uses and builds for one unit of money, through the cost_factor."""
        found = []
        for row in self.rows("ResourceUse"):
            programme = text(row["programme"])
            if programme in programmes:
                found.append(
                    Use(
                        programme=programme,
                        resource=text(row["resource"]),
                        uses=number(row.get("uses"), 0) / self.cost[programme],
                        builds=number(row.get("builds"), 0) / self.cost[programme],
                        delay=int(number(row.get("delay"), 1)),
                        life=None if blank(row.get("life")) else int(number(row["life"])),
                    )
                )
        return found

    def limits(self) -> list[Limit]:
        found = []
        for row in self.rows("Limits"):
            limit = text(row["limit"])
            year = text(row.get("year")).lower()
            found.append(
                Limit(
                    id=limit,
                    measure=text(row["measure"]),
                    sense=text(row["sense"]),
                    value=number(self.items.value("limit_value", limit), number(row["value"])),
                    basis=text(row.get("basis")) or "amount",
                    year=year if year in ("", "all") else str(year_of(year)),
                    scope=scope_of(row, ""),
                    of=scope_of(row, "of_"),
                )
            )
        return found


def resolve(raw: Raw, scenario: str = "base", sets: Iterable[str] = ()) -> Book:
    """Raw tables -> the book of one scenario (workbook.md; model.md, Sets and data)."""
    settings = {text(row["key"]): row.get("value") for row in raw["Settings"]}
    first = year_of(settings["first_year"])
    assert first is not None
    years = [first + step for step in range(int(number(settings["years"])))]
    rate = number(settings.get("discount_rate"), 0)
    reader = Reader(raw, items_of(raw, scenario, sets), years, curves_of(raw))
    programmes = reader.programmes()
    return Book(
        years=years,
        discount={year: 1 / (1 + rate) ** (year - first) for year in years},
        freedom=reader.freedom(),
        weight=reader.by_pair("weight"),
        need=reader.by_pair("need"),
        priority_curve=reader.priority_curves(),
        appropriation=reader.appropriation(),
        carry_over=reader.carry_over(),
        agency=reader.agency(),
        transfers=reader.transfers(),
        programmes=programmes,
        effects=reader.effects(programmes),
        synergies=reader.synergies(programmes),
        available=reader.available(),
        uses=reader.uses(programmes),
        limits=reader.limits(),
    )


# ------------------------------------------------------------------------------------ columns and rows


@dataclass
class Column:
    low: Fraction | None
    high: Fraction | None
    integer: bool = False


@dataclass
class Row:
    name: Key
    terms: dict[Key, Fraction]
    sense: str  # "<=", ">=" or "=="
    right: Fraction


@dataclass
class Lp:
    """The model in full. Columns: ("spending", p, t), ("segment", p, t, s), ("attained", r, o, t),
    ("attained segment", r, o, t, s), ("matched", position of the synergy, t),
    ("transfer", position of the transfer, t), ("carried", a, t), ("runs", p, t)."""

    columns: dict[Key, Column] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    score: dict[Key, Fraction] = field(default_factory=dict)

    def row(self, name: Key, terms: Iterable[tuple[Key, Fraction]], sense: str, right: Any) -> None:
        summed: dict[Key, Fraction] = {}
        for key, coefficient in terms:
            summed[key] = summed.get(key, Fraction(0)) + coefficient
        self.rows.append(Row(name, {k: c for k, c in summed.items() if c != 0}, sense, Fraction(right)))


def spending_and_segments(book: Book, model: Lp) -> None:
    """x(p,t) = Σₛ y(p,t,s) (model.md, Variables)."""
    for p, programme in book.programmes.items():
        for t in programme.years:
            model.columns["spending", p, t] = Column(Fraction(0), programme.most(t))
            terms = [(("spending", p, t), Fraction(-1))]
            for s, width, _ in programme.segments(t):
                model.columns["segment", p, t, s] = Column(Fraction(0), width)
                terms.append((("segment", p, t, s), Fraction(1)))
            model.row(("segments", p, t), terms, "==", 0)


def attained(book: Book, model: Lp) -> None:
    """g(r,o,t) ∈ [−h, n], in segments along the need, and the score (model.md, Variables and Objective)."""
    whole = Fraction(0)
    for pair in book.need:
        value_of_need = sum((rate * width for width, rate in need_segments(book, pair)), Fraction(0))
        for t in book.years:
            whole += book.discount[t] * book.weight[pair] * value_of_need
    for pair in book.need:
        for t in book.years:
            g = ("attained", *pair, t)
            harm = most_harm(book, pair, t)
            model.columns[g] = Column(-harm, book.need[pair])
            terms = [(g, Fraction(-1))]
            for s, (width, rate) in enumerate(need_segments(book, pair), start=1):
                key = ("attained segment", *pair, t, s)
                model.columns[key] = Column(-harm if s == 1 else Fraction(0), width)
                model.score[key] = 100 * book.discount[t] * book.weight[pair] * rate / whole
                terms.append((key, Fraction(1)))
            model.row(("need segments", *pair, t), terms, "==", 0)


def need_segments(book: Book, pair: tuple[str, str]) -> list[tuple[Fraction, Fraction]]:
    """(width, rate) along the need; the last ends at the whole need (model.md, Variables g)."""
    found = []
    below = Fraction(0)
    for up_to, rate in book.priority_curve[pair]:
        found.append(((up_to - below) * book.need[pair], rate))
        below = up_to
    return found


def most_harm(book: Book, pair: tuple[str, str], t: int) -> Fraction:
    """h: the most harm that can reach the pair in the year (model.md, Variables g and 8)."""
    total = Fraction(0)
    for effect in book.effects:
        if (effect.region, effect.objective) == pair and effect.score < 0:
            programme = book.programmes[effect.programme]
            spent_in = t - effect.lag
            if spent_in in programme.years:
                total -= effect.score * programme.most(spent_in)
            elif spent_in < book.years[0] and book.years[0] in programme.years:
                total -= effect.score * (programme.baseline or 0)
    return total


def attainment(book: Book, model: Lp) -> None:
    """1. g(r,o,t) ≤ Σ e·Σₛ ρ(s)·y(p,t−lag,s) + Σ score(l)·m(l,t); harm at rate 1; the baseline before."""
    reaching: dict[tuple[str, str], list[Effect]] = {pair: [] for pair in book.need}
    for effect in book.effects:
        if (effect.region, effect.objective) in reaching:
            reaching[effect.region, effect.objective].append(effect)
    for pair in book.need:
        for t in book.years:
            terms = [(("attained", *pair, t), Fraction(1))]
            from_before = Fraction(0)
            for effect in reaching[pair]:
                from_before += points_from_before(book, effect, t)
                for key, points in points_from_segments(book, effect, t):
                    terms.append((key, -points))
            for position, synergy in enumerate(book.synergies):
                a, b = book.programmes[synergy.a], book.programmes[synergy.b]
                if (a.region, synergy.objective) == pair and t in a.years and t in b.years:
                    terms.append((("matched", position, t), -synergy.score))
            model.row(("attainment", *pair, t), terms, "<=", from_before)


def points_from_segments(book: Book, effect: Effect, t: int) -> list[tuple[Key, Fraction]]:
    """What one effect gives in year t for each unit on each segment: e·ρ(s), or e where it harms (1)."""
    programme = book.programmes[effect.programme]
    spent_in = t - effect.lag
    if spent_in not in programme.years:
        return []
    found = []
    for s, _, rate in programme.segments(spent_in):
        points = effect.score if effect.score < 0 else effect.score * rate
        found.append((("segment", programme.id, spent_in, s), points))
    return found


def points_from_before(book: Book, effect: Effect, t: int) -> Fraction:
    """What one effect gives in year t through its lag from the baseline before the horizon (1)."""
    programme = book.programmes[effect.programme]
    first = book.years[0]
    if t - effect.lag >= first or first not in programme.years:
        return Fraction(0)
    if effect.score < 0:
        return effect.score * (programme.baseline or 0)
    return effect.score * programme.baseline_on_curve()


def synergies(book: Book, model: Lp) -> None:
    """2. m(l,t) ≤ x(a,t); ratio·m(l,t) ≤ x(b,t); not shared: Σ ratio·m ≤ x(b,t) by b and objective."""
    partners: dict[tuple[str, str, int], list[tuple[Key, Fraction]]] = {}
    for position, synergy in enumerate(book.synergies):
        a, b = book.programmes[synergy.a], book.programmes[synergy.b]
        for t in book.years:
            if t in a.years and t in b.years:
                m = ("matched", position, t)
                model.columns[m] = Column(Fraction(0), a.most(t))
                model.row(
                    ("synergy a", synergy.id, t),
                    [(m, Fraction(1)), (("spending", synergy.a, t), Fraction(-1))],
                    "<=",
                    0,
                )
                model.row(
                    ("synergy b", synergy.id, t),
                    [(m, synergy.ratio), (("spending", synergy.b, t), Fraction(-1))],
                    "<=",
                    0,
                )
                if not synergy.shared:
                    partners.setdefault((synergy.b, synergy.objective, t), []).append((m, synergy.ratio))
    for (b_id, objective, t), terms in partners.items():
        model.row(
            ("synergy partners", b_id, objective, t),
            [*terms, (("spending", b_id, t), Fraction(-1))],
            "<=",
            0,
        )


def budget(book: Book, model: Lp) -> None:
    """3. Σ x + transfers out + v(a,t) ≤ B(a,t) + transfers in + v(a,t−1); none carried out of the last."""
    last = book.years[-1]
    for position, (giver, _, max_share) in enumerate(book.transfers):
        for t in book.years:
            most = max_share * book.appropriation[giver, t]
            model.columns["transfer", position, t] = Column(Fraction(0), most)
    for account in book.carry_over:
        for t in book.years:
            if t != last:
                most = book.carry_over[account] * book.appropriation[account, t]
                model.columns["carried", account, t] = Column(Fraction(0), most)
    for account, t in book.appropriation:
        terms = [
            (("spending", p, t), Fraction(1))
            for p, programme in book.programmes.items()
            if programme.account == account and t in programme.years
        ]
        for position, (giver, taker, _) in enumerate(book.transfers):
            if giver == account:
                terms.append((("transfer", position, t), Fraction(1)))
            if taker == account:
                terms.append((("transfer", position, t), Fraction(-1)))
        if t != last:
            terms.append((("carried", account, t), Fraction(1)))
        if t != book.years[0]:
            terms.append((("carried", account, t - 1), Fraction(-1)))
        model.row(("budget", account, t), terms, "<=", book.appropriation[account, t])


def minimum(book: Book, model: Lp) -> None:
    """4. x ≥ minimum in T(p); indivisible: minimum·z ≤ x ≤ M·z instead; 8. a pin in place of either."""
    for p, programme in book.programmes.items():
        for t in programme.years:
            x = ("spending", p, t)
            if t in programme.pins:
                model.row(("pin", p, t), [(x, Fraction(1))], "==", programme.pins[t])
            elif programme.indivisible:
                z = ("runs", p, t)
                model.columns[z] = Column(Fraction(0), Fraction(1), integer=True)
                model.row(("minimum", p, t), [(x, Fraction(1)), (z, -programme.minimum)], ">=", 0)
                model.row(("maximum", p, t), [(x, Fraction(1)), (z, -programme.maximum)], "<=", 0)
            else:
                model.row(("minimum", p, t), [(x, Fraction(1))], ">=", programme.minimum)


def ramp(book: Book, model: Lp) -> None:
    """5. |x(p,t) − x(p,t−1)| ≤ ramp·K in consecutive years; before the first year the baseline or 0.

    Steps next to a pin are free (8).
    """
    for p, programme in book.programmes.items():
        if programme.ramp is None:
            continue
        step = programme.ramp * programme.scale
        for t in programme.years:
            x = ("spending", p, t)
            if t in programme.pins or t - 1 in programme.pins:
                continue
            if t - 1 in programme.years:
                change = [(x, Fraction(1)), (("spending", p, t - 1), Fraction(-1))]
                model.row(("ramp up", p, t), change, "<=", step)
                model.row(("ramp down", p, t), change, ">=", -step)
            elif t > book.years[0]:
                model.row(("ramp up", p, t), [(x, Fraction(1))], "<=", step)
            elif programme.baseline is not None:
                floor = min(programme.baseline - step, programme.maximum)
                model.row(("ramp up", p, t), [(x, Fraction(1))], "<=", programme.baseline + step)
                model.row(("ramp down", p, t), [(x, Fraction(1))], ">=", floor)


def commitment(book: Book, model: Lp) -> None:
    """5. x(p,t) ≥ x(p,t−1), and z(p,t) ≥ z(p,t−1), inside T(p); steps next to a pin are free (8)."""
    for p, programme in book.programmes.items():
        if not programme.commitment:
            continue
        for t in programme.years:
            if t - 1 not in programme.years or t in programme.pins or t - 1 in programme.pins:
                continue
            for what in ("spending", "runs") if programme.indivisible else ("spending",):
                terms = [((what, p, t), Fraction(1)), ((what, p, t - 1), Fraction(-1))]
                model.row(("commitment", what, p, t), terms, ">=", 0)


def resources(book: Book, model: Lp) -> None:
    """6. Σ uses·x(p,t) ≤ available(k,t) + Σ builds·x(p,t′), t − delay − life < t′ ≤ t − delay."""
    for (resource, t), there in book.available.items():
        terms = []
        for use in book.uses:
            if use.resource != resource:
                continue
            its_years = book.programmes[use.programme].years
            if t in its_years:
                terms.append((("spending", use.programme, t), use.uses))
            for built_in in its_years:
                usable_from = built_in + use.delay
                if usable_from <= t and (use.life is None or t < usable_from + use.life):
                    terms.append((("spending", use.programme, built_in), -use.builds))
        model.row(("resource", resource, t), terms, "<=", there)


def in_scope(book: Book, programme: Programme, scope: Mapping[str, str]) -> bool:
    """A blank column does not narrow (workbook.md, Scope columns)."""
    its_own = {
        "programme": programme.id,
        "family": programme.family,
        "instrument": programme.instrument,
        "region": programme.region,
        "country": programme.country,
        "account": programme.account,
        "agency": programme.agency,
        "fragile": "yes" if programme.fragile else "no",
    }
    for column, wanted in scope.items():
        if column == "tag":
            if wanted not in programme.tags:
                return False
        elif column in its_own and its_own[column] != wanted:
            return False
    return True


def limits(book: Book, model: Lp) -> None:
    """7. Limits, each year by itself, in one year, or over the horizon; 8. pins are limited too."""
    of_measure = {
        "attainment": attainment_limit,
        "harm": harm_limit,
        "risk": risk_limit,
        "spend": money_limit,
        "value": money_limit,
    }
    for limit in book.limits:
        spans = [(str(t), [t]) for t in book.years if limit.year in ("", str(t))]
        if limit.year == "all":
            spans = [("all", book.years)]
        for label, span in spans:
            row = of_measure[limit.measure](book, limit, span)
            if row is not None:
                terms, right = row
                sense = "<=" if limit.sense == "max" else ">="
                model.row(("limit", limit.id, label), terms, sense, right)


LimitRow = tuple[list[tuple[Key, Fraction]], Fraction] | None


def running(book: Book, scope: Mapping[str, str], span: Sequence[int]) -> list[tuple[Programme, int]]:
    """The programmes in scope with their years in the span."""
    inside = [programme for programme in book.programmes.values() if in_scope(book, programme, scope)]
    return [(programme, t) for programme in inside for t in span if t in programme.years]


def attainment_limit(book: Book, limit: Limit, span: Sequence[int]) -> LimitRow:
    """7. Σ w·g in scope ≥ value · Σ w·n in scope, undiscounted."""
    terms: list[tuple[Key, Fraction]] = []
    right = Fraction(0)
    for region, objective in book.need:
        its_own = {"region": region, "objective": objective, "freedom": book.freedom[objective]}
        if all(its_own.get(column) == wanted for column, wanted in limit.scope.items()):
            for t in span:
                weight = book.weight[region, objective]
                terms.append((("attained", region, objective, t), weight))
                right += limit.value * weight * book.need[region, objective]
    return (terms, right) if terms else None


def harm_limit(book: Book, limit: Limit, span: Sequence[int]) -> LimitRow:
    """7. Σ |e|·x over negative effects in scope ≤ value, in the year of spending, with a priority or not."""
    inside = running(book, limit.scope, span)
    terms: list[tuple[Key, Fraction]] = []
    for effect in book.effects:
        its_own = {"objective": effect.objective, "freedom": book.freedom[effect.objective]}
        if effect.score < 0 and all(limit.scope.get(column, own) == own for column, own in its_own.items()):
            for programme, t in inside:
                if programme.id == effect.programme:
                    terms.append((("spending", programme.id, t), -effect.score))
    return (terms, limit.value) if inside else None


def risk_limit(book: Book, limit: Limit, span: Sequence[int]) -> LimitRow:
    """7. Σ (risk(p) − value)·x ≤ or ≥ 0."""
    inside = running(book, limit.scope, span)
    terms: list[tuple[Key, Fraction]] = [
        (("spending", programme.id, t), programme.risk - limit.value) for programme, t in inside
    ]
    return (terms, Fraction(0)) if inside else None


def money_limit(book: Book, limit: Limit, span: Sequence[int]) -> LimitRow:
    """7. `spend`, `value`: Σ (leverage·)x against an amount, a share of the of-scope, or of its budget."""

    def money(programme: Programme) -> Fraction:
        return programme.leverage if limit.measure == "value" else Fraction(1)

    inside = running(book, limit.scope, span)
    if not inside:
        return None
    terms: list[tuple[Key, Fraction]] = [(("spending", programme.id, t), money(programme)) for programme, t in inside]
    if limit.basis == "amount":
        return terms, limit.value
    if limit.basis == "budget":
        total = Fraction(0)
        for (account, t), appropriation in book.appropriation.items():
            its_own = {"account": account, "agency": book.agency[account]}
            if t in span and all(its_own.get(column) == wanted for column, wanted in limit.of.items()):
                total += appropriation
        return terms, limit.value * total
    of_inside = running(book, limit.of, span)
    if not of_inside and limit.sense == "max":
        return None
    for programme, t in of_inside:
        terms.append((("spending", programme.id, t), -limit.value * money(programme)))
    return terms, Fraction(0)


def lp_of(book: Book) -> Lp:
    """The whole model, constraint after constraint in the order of model.md."""
    model = Lp()
    spending_and_segments(book, model)
    attained(book, model)
    attainment(book, model)
    synergies(book, model)
    budget(book, model)
    minimum(book, model)
    ramp(book, model)
    commitment(book, model)
    resources(book, model)
    limits(book, model)
    return model


def lp(raw: Raw, scenario: str = "base", sets: Iterable[str] = ()) -> Lp:
    return lp_of(resolve(raw, scenario, sets))


# ---------------------------------------------------------------------------------------------- solving


@dataclass
class Result:
    """What the oracle found. Without a plan the score is None and everything else is empty."""

    status: str
    score: float | None = None
    spending: dict[tuple[str, int], float] = field(default_factory=dict)
    transfers: dict[tuple[str, str, int], float] = field(default_factory=dict)
    carried: dict[tuple[str, int], float] = field(default_factory=dict)
    attained: dict[tuple[str, str, int], float] = field(default_factory=dict)
    matched: dict[tuple[str, int], float] = field(default_factory=dict)


@dataclass
class Tie:
    """The tie-break: the least Σ|x − baseline| and, for it, the least Σ of transfers and carry-over."""

    status: str
    score: float | None = None
    change: float | None = None
    flows: float | None = None
    result: Result | None = None


class NoPlan(Exception):
    """The model has no feasible point."""


def pour(model: Lp, objective: Mapping[Key, Fraction]) -> tuple[pulp.LpProblem, dict[Key, Any]]:
    """Columns and rows into PuLP.

    A row without a variable is judged here, since PuLP takes `0 >= 3` without a word; a coefficient that
    HiGHS would drop is an error.
    """
    problem = pulp.LpProblem("oracle", pulp.LpMaximize)
    variables = {}
    for position, (key, column) in enumerate(model.columns.items()):
        variables[key] = problem.add_variable(
            f"c{position}",
            lowBound=None if column.low is None else float(column.low),
            upBound=None if column.high is None else float(column.high),
            cat="Integer" if column.integer else "Continuous",
        )
    problem += pulp.lpSum(float(worth) * variables[key] for key, worth in objective.items())
    for position, row in enumerate(model.rows):
        if not row.terms:
            if excess_of(row, Fraction(0)) > 0:
                raise NoPlan(row.name)
            continue
        for key, coefficient in row.terms.items():
            if abs(float(coefficient)) <= LEAST_COEFFICIENT:
                raise ValueError(f"HiGHS would drop {coefficient} on {key} in {row.name}")
        total = pulp.lpSum(float(coefficient) * variables[key] for key, coefficient in row.terms.items())
        if row.sense == "<=":
            problem += (total <= float(row.right), f"r{position}")
        elif row.sense == ">=":
            problem += (total >= float(row.right), f"r{position}")
        else:
            problem += (total == float(row.right), f"r{position}")
    return problem, variables


def maximise(model: Lp, objective: Mapping[Key, Fraction]) -> tuple[float, dict[Key, float]]:
    """Let HiGHS solve it and read every column; NoPlan if infeasible.

    HiGHS is not believed when it says that nothing is feasible until it says so with its presolve off and its
    own tolerances too: with integers and a narrow score row its presolve has been seen to lose a feasible
    plan, so that integers are solved without it from the start.
    """
    problem, variables = pour(model, objective)
    with_integers = any(column.integer for column in model.columns.values())
    for options in ({**TIGHT, "presolve": "off" if with_integers else "on"}, {**TIGHT, **LOOSE}, LOOSE):
        stats = problem.solve(pulp.HiGHS(msg=False, gapRel=0, gapAbs=0, threads=1, **options))
        if stats.status == pulp.LpSolveStatus.Optimal:
            break
    if stats.status == pulp.LpSolveStatus.Infeasible:
        raise NoPlan("HiGHS: infeasible")
    if stats.status != pulp.LpSolveStatus.Optimal:
        raise RuntimeError(f"HiGHS ended with {stats.status!r}")
    values = {key: variable.value() or 0.0 for key, variable in variables.items()}
    return sum(float(worth) * values[key] for key, worth in objective.items()), values


def result_of(book: Book, score: float, values: Mapping[Key, float]) -> Result:
    """The solver's columns under the names that people use."""
    result = Result("optimal", score)
    for key, value in values.items():
        if key[0] == "spending":
            result.spending[key[1], key[2]] = value
        elif key[0] == "carried":
            result.carried[key[1], key[2]] = value
        elif key[0] == "attained":
            result.attained[key[1], key[2], key[3]] = value
        elif key[0] == "matched":
            result.matched[book.synergies[key[1]].id, key[2]] = value
        elif key[0] == "transfer":
            giver, taker, _ = book.transfers[key[1]]
            total = result.transfers.get((giver, taker, key[2]), 0.0) + value
            result.transfers[giver, taker, key[2]] = total
    return result


def solve(raw: Raw, scenario: str = "base", sets: Iterable[str] = ()) -> Result:
    """The best score and one plan that reaches it (model.md, Objective and Constraints)."""
    book = resolve(raw, scenario, sets)
    model = lp_of(book)
    try:
        score, values = maximise(model, model.score)
    except NoPlan:
        return Result("infeasible")
    return result_of(book, score, values)


def tie_break(raw: Raw, scenario: str = "base", sets: Iterable[str] = ()) -> Tie:
    """Among the plans within 10⁻⁶ points of the best, the least Σ|x − baseline|; for it (within 10⁻⁶ money
    units) the least Σ of transfers and carry-over (model.md, Ties)."""
    book = resolve(raw, scenario, sets)
    model = lp_of(book)
    try:
        best, _ = maximise(model, model.score)
    except NoPlan:
        return Tie("infeasible")

    near_best = [(key, worth * SCORE_ROW_SCALE) for key, worth in model.score.items()]
    floor = (Fraction(best) - WITHIN_POINTS) * SCORE_ROW_SCALE
    model.row(("score",), [(key, worth) for key, worth in near_best if abs(worth) > 1e-9], ">=", floor)
    change = {}
    for p, programme in book.programmes.items():
        baseline = programme.baseline or Fraction(0)
        for t in programme.years:
            x, off = ("spending", p, t), ("off baseline", p, t)
            model.columns[off] = Column(Fraction(0), max(baseline, programme.most(t)))
            model.row(("above", p, t), [(off, Fraction(1)), (x, Fraction(-1))], ">=", -baseline)
            model.row(("below", p, t), [(off, Fraction(1)), (x, Fraction(1))], ">=", baseline)
            change[off] = Fraction(-1)
    least, _ = maximise(model, change)

    model.row(("change",), [(key, Fraction(1)) for key in change], "<=", Fraction(-least) + WITHIN_MONEY)
    flows = {key: Fraction(-1) for key in model.columns if key[0] in ("transfer", "carried")}
    least_flows, values = maximise(model, flows)
    score = sum(float(worth) * values[key] for key, worth in model.score.items())
    return Tie("optimal", best, abs(least), abs(least_flows), result_of(book, score, values))


# --------------------------------------------------------------------------------------------- checking


@dataclass
class Violation:
    """A row that given amounts break: by how much, and how far rounding by one unit could move it."""

    row: Key
    excess: float
    reach: float

    def __str__(self) -> str:
        return f"{' '.join(str(part) for part in self.row)}: off by {self.excess:.9g}"


def given(book: Book, model: Lp, spending: Amounts) -> Lp:
    """The part of the model that scores given spending: constraints 1 and 2, nothing else bounding."""
    part = Lp(score=dict(model.score))
    for key, column in model.columns.items():
        if key[0] == "spending":
            fixed = Fraction(spending.get((key[1], key[2]), 0))
            part.columns[key] = Column(fixed, fixed)
        elif key[0] == "segment":
            last = key[3] == book.programmes[key[1]].segments(key[2])[-1][0]
            part.columns[key] = Column(Fraction(0), None if last else column.high)
        elif key[0] == "attained" or (key[0] == "attained segment" and key[4] == 1):
            part.columns[key] = Column(None, column.high)
        elif key[0] == "matched":
            part.columns[key] = Column(Fraction(0), None)
        elif key[0] == "attained segment":
            part.columns[key] = column
    kinds = ("segments", "need segments", "attainment", "synergy a", "synergy b", "synergy partners")
    for row in model.rows:
        nothing_to_fill = row.name[0] == "segments" and len(row.terms) == 1  # a maximum or pin of 0
        if row.name[0] in kinds and not nothing_to_fill:
            part.rows.append(row)
    return part


def evaluate(raw: Raw, spending: Amounts, scenario: str = "base", sets: Iterable[str] = ()) -> Result:
    """The score of given amounts: g and m as large as constraints 1 and 2 allow (model.md, The proof).

    Amounts may be fractions or floats; those of programmes or years that do not exist are left out.
    """
    book = resolve(raw, scenario, sets)
    part = given(book, lp_of(book), spending)
    score, values = maximise(part, part.score)
    return result_of(book, score, values)


def check(
    raw: Raw,
    spending: Amounts,
    transfers: Flows | None = None,
    carried: Amounts | None = None,
    *,
    scenario: str = "base",
    sets: Iterable[str] = (),
    tolerance: float = 1e-6,
) -> list[Violation]:
    """Every row of constraints 3 to 8 that the amounts break by more than the tolerance.

    `attainment` limits are judged with the m and g that serve them best (model.md, 7 and The published plan).
    `reach` of a violation is Σ of the largest absolute coefficients on each spending: times the publish_unit
    it is the allowance that rounding has. Amounts of programmes, transfers or years that do not exist, and
    negative ones, are violations too.
    """
    book = resolve(raw, scenario, sets)
    model = lp_of(book)
    point: dict[Key, Any] = {("spending", *key): amount for key, amount in spending.items()}
    point.update({("carried", *key): amount for key, amount in (carried or {}).items()})
    point.update(transfers_by_row(book, transfers or {}))

    found = []
    for key, amount in point.items():
        if key not in model.columns and abs(amount) > tolerance:
            found.append(Violation(("does not exist", *key), float(abs(amount)), 0.0))
    for key, column in model.columns.items():
        if key[0] in ("spending", "transfer", "carried"):
            amount = point.setdefault(key, 0)
            assert column.low is not None and column.high is not None
            excess = max(float(column.low - amount), float(amount - column.high))
            if excess > tolerance:
                found.append(Violation(("range", *key), excess, 1.0))
        elif key[0] == "runs":
            point[key] = 1 if point.get(("spending", *key[1:]), 0) > tolerance else 0
    for row in model.rows:
        if row.name[0] == "segments" or any(key not in point for key in row.terms):
            continue
        left = sum((coefficient * point[key] for key, coefficient in row.terms.items()), Fraction(0))
        excess = excess_of(row, left)
        if excess > tolerance:
            reach = sum(abs(c) for key, c in row.terms.items() if key[0] == "spending")
            found.append(Violation(row.name, excess, float(reach)))
    return found + broken_attainment(book, model, spending, tolerance)


def transfers_by_row(book: Book, transfers: Flows) -> dict[Key, Any]:
    """Money between two accounts put on their rows of Transfers, the first one filled first."""
    found: dict[Key, Any] = {}
    for (giver, taker, t), amount in transfers.items():
        rows = [i for i, (one, other, _) in enumerate(book.transfers) if (one, other) == (giver, taker)]
        left = amount
        for position in rows[:-1]:
            ceiling = book.transfers[position][2] * book.appropriation.get((giver, t), Fraction(0))
            found["transfer", position, t] = min(left, ceiling)
            left -= found["transfer", position, t]
        found["transfer", rows[-1] if rows else f"{giver} to {taker}", t] = left
    return found


def excess_of(row: Row, left: Any) -> float:
    """By how much a row is broken (at most 0: it holds)."""
    over = float(left - row.right)
    return {"<=": over, ">=": -over, "==": abs(over)}[row.sense]


def broken_attainment(book: Book, model: Lp, spending: Amounts, tolerance: float) -> list[Violation]:
    """7. `attainment` limits that no m and g reach with the given spending; least total shortfall."""
    part = given(book, model, spending)
    short = {}
    for row in model.rows:
        if row.name[0] == "limit" and any(key[0] == "attained" for key in row.terms):
            missing = ("missing", *row.name[1:])
            part.columns[missing] = Column(Fraction(0), None)
            terms = [*row.terms.items(), (missing, Fraction(1))]
            part.row(row.name, terms, row.sense, row.right)
            short[missing] = row
    if not short:
        return []
    _, values = maximise(part, dict.fromkeys(short, Fraction(-1)))
    found = []
    for missing, row in short.items():
        if values[missing] > tolerance:
            found.append(Violation(row.name, values[missing], float(attainment_reach(book, row))))
    return found


def attainment_reach(book: Book, row: Row) -> Fraction:
    """Σ over programmes and years of the largest absolute coefficient on spending, through 1 and 2."""
    on_spending: dict[tuple[str, int], dict[int, Fraction]] = {}
    of_synergy: dict[tuple[str, int], Fraction] = {}
    for (_, region, objective, t), weight in row.terms.items():
        for effect in book.effects:
            if (effect.region, effect.objective) == (region, objective):
                for (_, p, spent_in, s), points in points_from_segments(book, effect, t):
                    by_segment = on_spending.setdefault((p, spent_in), {})
                    by_segment[s] = by_segment.get(s, Fraction(0)) + weight * points
        for synergy in book.synergies:
            a, b = book.programmes[synergy.a], book.programmes[synergy.b]
            if (a.region, synergy.objective) == (region, objective) and t in a.years and t in b.years:
                points = weight * synergy.score
                of_synergy[a.id, t] = of_synergy.get((a.id, t), Fraction(0)) + points
                of_synergy[b.id, t] = of_synergy.get((b.id, t), Fraction(0)) + points / synergy.ratio
    total = sum(of_synergy.values(), Fraction(0))
    for by_segment in on_spending.values():
        total += max((abs(points) for points in by_segment.values()), default=Fraction(0))
    return total
