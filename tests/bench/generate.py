"""Large books for benchmarks, the same at every call: `sized("S" | "M" | "L")` gives raw tables.

They look like a ministry's book: programmes of one country or region with today's spending, a maximum of one
and a half times that and a minimum of 30 to 50 percent, ramps, falling curves of mostly six or seven
segments, some six effects a programme, lags, harm, synergies, resources that can be built, twenty limits and
ten levers.

Every book is feasible, because today's spending repeated every year is a plan: each limit, appropriation
and resource is set from it with some room. The needs are about twice what today's spending delivers.

| size | programmes | countries | years | LP columns |
| --- | --- | --- | --- | --- |
| S | 40 | 12 | 5 | 1.5 thousand |
| M | 600 | 60 | 10 | 40 thousand |
| L | 5,000 | 180 | 10 | 320 thousand |

Columns are programme-year-segments, attained-score segments, matched synergy money, transfers, carry-over.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import Any

import numpy as np

FIRST_YEAR = 2027
Table = list[dict[Any, Any]]
Raw = dict[str, Table]


@dataclass(frozen=True)
class Size:
    programmes: int
    countries: int
    regions: int
    objectives: int
    accounts: int
    years: int
    synergies: int


SIZES = {
    "S": Size(programmes=40, countries=12, regions=4, objectives=5, accounts=4, years=5, synergies=6),
    "M": Size(programmes=600, countries=60, regions=12, objectives=8, accounts=12, years=10, synergies=120),
    "L": Size(programmes=5000, countries=180, regions=15, objectives=8, accounts=20, years=10, synergies=1500),
}
FAMILIES = ["oda", "non_oda", "capacity_building", "sdf_mission"]
INSTRUMENTS = {
    "oda": ["grant_aid", "technical_cooperation", "oda_loan", "rule_of_law"],
    "non_oda": ["osa", "official_loan"],
    "capacity_building": ["capacity_building", "equipment_transfer"],
    "sdf_mission": ["pko_staff", "hadr_team", "counter_piracy"],
}
OBJECTIVES = [
    ("poverty", "want"),
    ("peace", "fear"),
    ("health", "want"),
    ("maritime", "fear"),
    ("education", "want"),
    ("disaster", "fear"),
    ("infrastructure", "want"),
    ("governance", "fear"),
]
CURVES = {
    "five": [(0.3, 1.0), (0.5, 0.8), (0.7, 0.65), (0.85, 0.5), (1.0, 0.35)],
    "six": [(0.25, 1.0), (0.4, 0.85), (0.55, 0.7), (0.7, 0.6), (0.85, 0.45), (1.0, 0.3)],
    "seven": [(0.2, 1.0), (0.35, 0.9), (0.5, 0.75), (0.6, 0.65), (0.75, 0.55), (0.9, 0.4), (1.0, 0.25)],
}
NEED_CURVE = [(0.4, 1.0), (0.7, 0.8), (1.0, 0.55)]
LEVERS = 10


@dataclass
class Draft:
    """A book in the making: its tables, and today's state that limits are set from."""

    size: Size
    rng: np.random.Generator
    raw: Raw = field(default_factory=dict)
    baseline: np.ndarray = field(default_factory=lambda: np.zeros(0))
    maximum: np.ndarray = field(default_factory=lambda: np.zeros(0))

    @property
    def years(self) -> list[int]:
        return list(range(FIRST_YEAR, FIRST_YEAR + self.size.years))

    @property
    def regions(self) -> list[str]:
        return [f"R{n:02d}" for n in range(1, self.size.regions + 1)]

    @property
    def objectives(self) -> list[tuple[str, str]]:
        return OBJECTIVES[: self.size.objectives]


def rounded(values: Any, places: int) -> list[float]:
    """Plain Python numbers of few decimals."""
    return [float(value) for value in np.round(values, places)]


def without_blanks(row: dict[Any, Any]) -> dict[Any, Any]:
    return {column: value for column, value in row.items() if value is not None}


def sized(size: str) -> Raw:
    """The raw tables of one size."""
    draft = Draft(SIZES[size], np.random.default_rng(SIZES[size].programmes))
    frame(draft, size)
    programmes(draft)
    accounts(draft)
    effects(draft)
    priorities(draft)
    resources(draft)
    synergies(draft)
    limits(draft)
    scenarios(draft)
    return draft.raw


def frame(draft: Draft, size: str) -> None:
    """Settings, regions, countries, objectives, curves and levers."""
    settings = {
        "title": f"Benchmark {size}",
        "unit": "JPY 100 million",
        "first_year": FIRST_YEAR,
        "years": draft.size.years,
        "discount_rate": 0.02,
    }
    raw = draft.raw
    raw["Settings"] = [{"key": key, "value": value} for key, value in settings.items()]
    raw["Regions"] = [{"region": region, "name": f"Region {region[1:]}"} for region in draft.regions]
    raw["Regions"].append({"region": "HQ", "name": "Headquarters"})
    fragile = draft.rng.random(draft.size.countries) < 0.3
    raw["Countries"] = [
        {
            "country": f"C{n:03d}",
            "region": draft.regions[n % draft.size.regions],
            "name": f"Country {n:03d}",
            "fragile": "yes" if fragile[n] else "no",
        }
        for n in range(draft.size.countries)
    ]
    raw["Objectives"] = [{"objective": o, "freedom": freedom} for o, freedom in draft.objectives]
    raw["Curves"] = [
        {"curve": curve, "segment": segment, "up_to": up_to, "rate": rate}
        for curve, segments in {**CURVES, "need": NEED_CURVE}.items()
        for segment, (up_to, rate) in enumerate(segments, start=1)
    ]
    raw["Levers"] = [
        {"lever": f"lever_{n}", "name": f"Proposal {n}", "proposal": min(n, 9), "default": "no"}
        for n in range(1, LEVERS + 1)
    ]


def programmes(draft: Draft) -> None:
    """Programmes: most of aid, one in eight of a whole region, one in twelve new (a lever opens it)."""
    rng, count = draft.rng, draft.size.programmes
    families = rng.choice(len(FAMILIES), count, p=[0.7, 0.12, 0.1, 0.08])
    countries = rng.integers(0, draft.size.countries, count)
    regional = rng.random(count) < 0.125
    new = rng.random(count) < 0.08
    baseline = np.where(new, 0, np.round(rng.lognormal(2.5, 0.8, count), 1))
    maximum = np.where(new, np.round(rng.uniform(5, 30, count), 1), np.round(1.5 * baseline + 0.5, 1))
    minimum = np.floor(baseline * rng.uniform(0.3, 0.5, count) * 10) / 10
    ramps = rng.choice([0.15, 0.2, 0.3], count)
    free = rng.random(count) < 0.1
    curves = rng.choice(list(CURVES), count, p=[0.1, 0.3, 0.6])
    risks = rounded(rng.uniform(0.05, 0.85, count), 2)
    dated = rng.random(count)
    draft.baseline, draft.maximum = baseline, maximum
    own_accounts = accounts_of_families(draft.size.accounts)
    rows = []
    for i in range(count):
        family = FAMILIES[families[i]]
        instrument = INSTRUMENTS[family][i % len(INSTRUMENTS[family])]
        country = draft.raw["Countries"][countries[i]]
        late = bool(new[i] and dated[i] < 0.3)
        rows.append(
            without_blanks(
                {
                    "programme": f"p{i + 1:04d}",
                    "family": family,
                    "account": own_accounts[family][i % len(own_accounts[family])],
                    "region": country["region"] if regional[i] else None,
                    "country": None if regional[i] else country["country"],
                    "instrument": instrument,
                    "name": f"{instrument}, {country['region'] if regional[i] else country['name']}",
                    "baseline": float(baseline[i]),
                    "minimum": float(minimum[i]),
                    "maximum": float(maximum[i]),
                    "ramp": None if free[i] else float(ramps[i]),
                    "start": FIRST_YEAR + 1 if late else None,
                    "commitment": "yes" if dated[i] > 0.97 else None,
                    "curve": str(curves[i]),
                    "risk": risks[i],
                    "leverage": {"oda_loan": 10, "official_loan": 20}.get(instrument),
                    "tags": "security" if family in ("non_oda", "capacity_building") else None,
                    "requires": f"lever_{1 + i % LEVERS}" if new[i] else None,
                }
            )
        )
    draft.raw["Programmes"] = rows


def accounts_of_families(count: int) -> dict[str, list[str]]:
    """Half of the accounts hold aid, the rest is shared out."""
    names = [f"ACC_{n:02d}" for n in range(1, count + 1)]
    aid = names[: max(1, count // 2)]
    rest = names[len(aid) :]
    return {
        "oda": aid,
        "non_oda": rest[::2] or aid,
        "capacity_building": rest[1::2] or aid,
        "sdf_mission": rest[1::2] or aid,
    }


def today_by(draft: Draft, column: str) -> dict[str, float]:
    """Today's spending by account, family, instrument, ..."""
    found: dict[str, float] = {}
    for row, amount in zip(draft.raw["Programmes"], draft.baseline, strict=True):
        if column in row and "requires" not in row:
            found[row[column]] = found.get(row[column], 0.0) + float(amount)
    return found


def accounts(draft: Draft) -> None:
    """Appropriations a little above today's spending; some carry over, neighbours transfer."""
    today = today_by(draft, "account")
    rows: Table = []
    for n in range(1, draft.size.accounts + 1):
        account = f"ACC_{n:02d}"
        growth = 1 + 0.02 + np.cumsum(draft.rng.uniform(-0.002, 0.02, draft.size.years))
        row = {"account": account, "agency": f"AG_{1 + n % 5}", "kind": "law" if n % 3 else "cabinet"}
        row["carry_over"] = [0, 0.1, 0.2][n % 3]
        spent = today.get(account, 10.0)
        row.update(zip(draft.years, rounded(spent * growth + 0.5, 1), strict=True))
        rows.append(row)
    draft.raw["Accounts"] = rows
    transfers: Table = []
    for n in range(draft.size.accounts):
        giver = rows[n]["account"]
        for step, share in ((1, 0.05), (2, 0.02)):
            taker = rows[(n + step) % draft.size.accounts]["account"]
            if giver != taker:
                transfers.append({"from_account": giver, "to_account": taker, "max_share": share})
                if step == 2:
                    transfers[-1]["requires"] = "lever_2"
    draft.raw["Transfers"] = transfers


def effects(draft: Draft) -> None:
    """Some six effects a programme, on different objectives; one in twenty harms, one in six has a lag."""
    rng = draft.rng
    region_of_country = {row["country"]: row["region"] for row in draft.raw["Countries"]}
    rows: Table = []
    for programme in draft.raw["Programmes"]:
        home = programme.get("region") or region_of_country[programme["country"]]
        most = min(6, draft.size.objectives)
        objectives = rng.permutation(draft.size.objectives)[:most]
        draws = rng.random((most, 4))
        for n, (position, draw) in enumerate(zip(objectives, draws, strict=True)):
            score = round(0.1 + 1.9 * float(draw[0]) / (1 + n), 3)
            row = {"programme": programme["programme"], "objective": OBJECTIVES[position][0], "score": score}
            if draw[1] < 0.05:
                row["score"] = round(-0.2 * score, 3)
            if draw[2] < 1 / 6:
                row["lag"] = 1 + int(draw[2] < 1 / 18)
            if draw[3] < 0.04:
                row["region"] = draft.regions[(draft.regions.index(home) + 1) % draft.size.regions]
            row["low"], row["high"] = sorted((round(row["score"] * 0.6, 3), round(row["score"] * 1.4, 3)))
            if draw[3] > 0.96:
                row["requires"] = f"lever_{1 + len(rows) % LEVERS}"
            rows.append(row)
    draft.raw["Effects"] = rows


def delivered_today(draft: Draft) -> dict[tuple[str, str], float]:
    """Points a year that today's spending delivers in each pair, harm included."""
    region_of_country = {row["country"]: row["region"] for row in draft.raw["Countries"]}
    effective = {}
    home = {}
    spending = {}
    for row, amount in zip(draft.raw["Programmes"], draft.baseline, strict=True):
        below = 0.0
        total = 0.0
        for up_to, rate in CURVES[row["curve"]]:
            end = min(up_to * row["maximum"], float(amount))
            total += rate * max(0.0, end - below)
            below = max(below, end)
        off = "requires" in row
        effective[row["programme"]] = 0.0 if off else total
        spending[row["programme"]] = 0.0 if off else float(amount)
        home[row["programme"]] = row.get("region") or region_of_country[row["country"]]
    found = {(region, objective): 0.0 for region in draft.regions for objective, _ in draft.objectives}
    for row in draft.raw["Effects"]:
        if "requires" not in row:
            money = effective if row["score"] > 0 else spending
            pair = (row.get("region") or home[row["programme"]], row["objective"])
            found[pair] += row["score"] * money[row["programme"]]
    return found


def priorities(draft: Draft) -> None:
    """A need of about twice what today delivers, a weight, a falling value of further points."""
    rows: Table = []
    for (region, objective), points in delivered_today(draft).items():
        weight, room = draft.rng.uniform(0.5, 1.6), draft.rng.uniform(1.6, 2.6)
        need = round(max(points, 5.0) * room, 1)
        rows.append({"region": region, "objective": objective, "weight": round(weight, 2), "need": need})
        rows[-1]["curve"] = "need"
    draft.raw["Priorities"] = rows


def resources(draft: Draft) -> None:
    """Personnel and experts of a part of the programmes, above today's use; one in ten trains some."""
    draft.raw["Resources"] = []
    draft.raw["ResourceUse"] = []
    used_by = {"personnel": ("sdf_mission",), "experts": ("oda",), "trainers": ("capacity_building",)}
    for resource, families in used_by.items():
        today = 0.0
        for position, row in enumerate(draft.raw["Programmes"]):
            if row["family"] not in families or position % 3:
                continue
            uses = round(float(draft.rng.uniform(0.2, 2)), 2)
            use = {"programme": row["programme"], "resource": resource, "uses": uses}
            if position % 10 == 0:
                use.update({"builds": round(uses / 4, 2), "delay": 1 + position % 2, "life": 3})
            draft.raw["ResourceUse"].append(use)
            if "requires" not in row:
                today += uses * float(draft.baseline[position])
        there = {year: round(today * 1.05 + 20, 0) for year in draft.years}
        draft.raw["Resources"].append({"resource": resource, "unit": "persons", **there})


def synergies(draft: Draft) -> None:
    """Programmes that do more together, each couple once."""
    rng = draft.rng
    couples = {}
    while len(couples) < draft.size.synergies:
        a, b = (int(i) for i in rng.integers(0, draft.size.programmes, 2))
        objective = OBJECTIVES[int(rng.integers(0, draft.size.objectives))][0]
        running = all("requires" not in draft.raw["Programmes"][i] for i in (a, b))
        if a != b and running:
            couples[a, b] = objective
    draft.raw["Synergies"] = [
        without_blanks(
            {
                "synergy": f"s{n:04d}",
                "programme_a": f"p{a + 1:04d}",
                "programme_b": f"p{b + 1:04d}",
                "ratio": round(float(rng.uniform(0.2, 2)), 1),
                "objective": objective,
                "score": round(float(rng.uniform(0.05, 0.6)), 2),
                "shared": "yes" if n % 4 == 0 else None,
            }
        )
        for n, ((a, b), objective) in enumerate(couples.items(), start=1)
    ]


def limits(draft: Draft) -> None:
    """Twenty limits of every measure and basis, each with a little room above or below today."""
    rows: Table = []

    def limit(measure: str, sense: str, value: float, places: int = 3, **cells: Any) -> None:
        row = {"limit": f"limit_{len(rows) + 1:02d}", "measure": measure, "sense": sense}
        rows.append({**row, "value": round(value, places), **cells})

    total = float(sum(today_by(draft, "family").values()))
    instruments = today_by(draft, "instrument")
    for instrument, amount in instruments.items():  # eleven
        limit("spend", "max", amount / total * 1.15 + 0.002, basis="share", instrument=instrument)
    families = today_by(draft, "family")
    aid = families["oda"]
    limit("spend", "min", aid * 0.9, 1, family="oda", kind="cabinet")
    limit("spend", "min", aid * 0.85 * draft.size.years, 1, family="oda", year="all", kind="law")
    appropriated = sum(float(row[FIRST_YEAR]) for row in draft.raw["Accounts"])
    limit("spend", "max", (total - aid) / appropriated * 1.3, basis="budget", tag="security", kind="law")

    running = [(row, float(b)) for row, b in zip(draft.raw["Programmes"], draft.baseline, strict=True) if b > 0]
    fragile_countries = {row["country"] for row in draft.raw["Countries"] if row["fragile"] == "yes"}
    fragile = sum(b for row, b in running if row.get("country") in fragile_countries)
    limit("spend", "min", fragile / total * 0.9, basis="share", fragile="yes")
    risk = sum(row["risk"] * b for row, b in running) / total
    limit("risk", "max", risk + 0.01)
    value = sum(row.get("leverage", 1) * b for row, b in running)
    loans = [row.get("leverage", 1) * b for row, b in running if row["instrument"] == "oda_loan"]
    limit("value", "max", sum(loans) / value * 1.2 + 0.01, basis="share", instrument="oda_loan")
    amounts = {row["programme"]: b for row, b in running}
    harm = sum(-row["score"] * amounts.get(row["programme"], 0) for row in draft.raw["Effects"] if row["score"] < 0)
    limit("harm", "max", harm * 1.02 + 1, 1)
    limit("attainment", "min", 0.2, freedom="fear", year=draft.years[-1])
    limit("spend", "max", instruments["grant_aid"] * 1.1, 1, instrument="grant_aid", requires="lever_3")
    draft.raw["Limits"] = rows


def scenarios(draft: Draft) -> None:
    """All levers; less money; a shock in one region."""
    rows: Table = [
        {"scenario": "all_levers", "item": "lever", "target": f"lever_{n}", "value": "on"} for n in range(1, LEVERS + 1)
    ]
    rows.append({"scenario": "austerity", "item": "budget_factor", "value": 0.97})
    rows.append({"scenario": "shock", "item": "need_factor", "target": draft.regions[0], "value": 1.5})
    rows.append({"scenario": "shock", "item": "weight_factor", "target": draft.regions[0], "value": 1.2})
    draft.raw["Scenarios"] = rows


def columns(raw: Raw) -> dict[str, int]:
    """LP columns of `base` by kind, counted from the tables alone."""
    years = int(next(row["value"] for row in raw["Settings"] if row["key"] == "years"))
    segments = {curve: len(ends) for curve, ends in {**CURVES, "need": NEED_CURVE}.items()}
    on = [row for row in raw["Programmes"] if "requires" not in row]
    return {
        "segments": sum(segments[row["curve"]] * (years - int("start" in row)) for row in on),
        "attained": sum(segments[row["curve"]] * years for row in raw["Priorities"]),
        "matched": len(raw["Synergies"]) * years,
        "transfers": sum("requires" not in row for row in raw["Transfers"]) * years,
        "carried": sum(row["carry_over"] > 0 for row in raw["Accounts"]) * (years - 1),
    }


if __name__ == "__main__":
    for name in sys.argv[1:] or SIZES:
        counted = columns(sized(name))
        print(name, sum(counted.values()), counted)
