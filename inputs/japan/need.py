"""Need: the gap of each country and region, and the factors that make aid work there.

``o`` is an objective, ``c`` a country, ``r`` a region; c(x) clips to 0-1.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from babel import Locale
from figures import clip, countries_of, known, mean, objectives, read, region_of, regions_with_need

WORLD_NEED = 1000

# Assumptions for numbers that the data lack; each has its row in assumptions.csv.
POPULATION_RECALLED = {"PSE": 4.9e6, "SDN": 45.7e6, "XKX": 1.8e6}
GDP_PER_HEAD_IF_UNKNOWN = 3000
TERROR_IF_UNKNOWN, CORRUPTION_RISK_IF_UNKNOWN = 4, 0.75
EFFECTIVENESS_IF_UNKNOWN = -1.0
EFFECTIVENESS_GAP_IF_UNKNOWN = 0.5


def population(country: str) -> float:
    """People in a country; recalled for the three that the file lacks."""
    return (known(country, "population") or [POPULATION_RECALLED[country]])[0]


def per_100_000_people(country: str, *names: str) -> float:
    """The sum of yearly counts for 100,000 people; a count that is not reported is nothing."""
    return sum(known(country, *names)) / population(country) * 1e5


def deaths_per_100_000(country: str) -> float:
    """Deaths in armed conflict a year, 2018-22, of all three kinds."""
    kinds = ("state_based", "non_state", "one_sided")
    return per_100_000_people(country, *(f"ucdp_{kind}_deaths_avg_2018_2022" for kind in kinds))


def is_landlocked(country: str) -> bool:
    """Whether a country has no coast."""
    return any(row["iso3"] == country and row["landlocked"] == "1.0" for row in read("data", "countries.csv"))


def mean_governance(country: str) -> list[float]:
    """Mean of the WGI for effectiveness, corruption control and rule of law; empty where none is known."""
    value = mean(known(country, "wgi_government_effectiveness", "wgi_control_of_corruption", "wgi_rule_of_law"))
    return [] if value is None else [value]


def raw_poverty(c: str) -> float | None:
    """c(poverty_pct_below_4_20 / 80)."""
    return mean([clip(x / 80) for x in known(c, "poverty_pct_below_4_20")])


def raw_health(c: str) -> float | None:
    """Mean of c(under5_mortality / 80) and c((78 - life_expectancy) / 20), of those known."""
    return mean(
        [clip(x / 80) for x in known(c, "under5_mortality_per_1000")]
        + [clip((78 - x) / 20) for x in known(c, "life_expectancy")]
    )


def raw_education(c: str) -> float | None:
    """c((0.85 - hdi) / 0.40)."""
    return mean([clip((0.85 - x) / 0.40) for x in known(c, "hdi")])


def raw_infrastructure(c: str) -> float | None:
    """c(ln(30000 / GDP per head, PPP) / ln 20)."""
    return mean([clip(math.log(30000 / x) / math.log(20)) for x in known(c, "gdp_pc_ppp_2021usd")])


def raw_peace(c: str) -> float | None:
    """Mean of c((0.5 - political stability) / 3), if known, and c(log10(1 + 10 x deaths) / 3)."""
    stability = [clip((0.5 - x) / 3) for x in known(c, "wgi_political_stability")]
    return mean([*stability, clip(math.log10(1 + 10 * deaths_per_100_000(c)) / 3)])


def raw_maritime(c: str) -> float | None:
    """0.5 c((1 - government effectiveness) / 3) + 0.5 c(ln(1 + pirate attacks) / ln 41); nothing inland."""
    if is_landlocked(c):
        return None
    state = [clip((1 - x) / 3) for x in known(c, "wgi_government_effectiveness")]
    attacks = sum(known(c, "pirate_attacks_avg_2016_2020"))
    return 0.5 * (state or [EFFECTIVENESS_GAP_IF_UNKNOWN])[0] + 0.5 * clip(math.log(1 + attacks) / math.log(41))


def raw_disaster(c: str) -> float | None:
    """c(log10(1 + people affected per 100,000 by earthquake, flood and storm) / 4)."""
    kinds = (f"{kind}_affected_avg_2015_2024" for kind in ("earthquake", "flood", "storm"))
    return clip(math.log10(1 + per_100_000_people(c, *kinds)) / 4)


def raw_governance(c: str) -> float | None:
    """c((1 - mean of WGI effectiveness, corruption control, rule of law) / 3)."""
    return mean([clip((1 - x) / 3) for x in mean_governance(c)])


RAW: dict[str, Callable[[str], float | None]] = {
    "poverty": raw_poverty,
    "health": raw_health,
    "education": raw_education,
    "infrastructure": raw_infrastructure,
    "peace": raw_peace,
    "maritime": raw_maritime,
    "disaster": raw_disaster,
    "governance": raw_governance,
}


@cache
def raw(c: str, o: str) -> float | None:
    """The raw need of a country, 0 to 1; None where it is unknown, or inland for maritime."""
    return RAW[o](c)


def mean_by_population(countries: Iterable[str], value: Callable[[str], float | None]) -> float:
    """The mean of what is known of some countries, weighted by people."""
    pairs = [(population(c), v) for c in countries if (v := value(c)) is not None]
    return sum(people * v for people, v in pairs) / sum(people for people, _ in pairs)


@cache
def gap_of_region(r: str, o: str) -> float:
    """0.1 + 0.9 x the raw need of the region's people (for maritime: of those with a coast)."""
    return 0.1 + 0.9 * mean_by_population(countries_of(r), lambda c: raw(c, o))


@cache
def gap_of_country(c: str, o: str) -> float:
    """0.1 + 0.9 raw; a missing raw is its region's mean; no maritime gap without a coast."""
    if o == "maritime" and is_landlocked(c):
        return 0.0
    value = raw(c, o)
    return gap_of_region(region_of()[c], o) if value is None else 0.1 + 0.9 * value


def gdp(c: str) -> float:
    """A country's GDP at purchasing power, USD."""
    return population(c) * (known(c, "gdp_pc_ppp_2021usd") or [GDP_PER_HEAD_IF_UNKNOWN])[0]


def size(r: str, o: str) -> float:
    """The root of people, for infrastructure of GDP: so that India is not everything."""
    return math.sqrt(sum((gdp if o == "infrastructure" else population)(c) for c in countries_of(r)))


def has_a_priority(r: str, o: str) -> bool:
    """Maritime need is not reckoned in the two regions that are mostly inland."""
    return r in regions_with_need() and not (o == "maritime" and r in ("CAC", "EUR"))


@cache
def need(r: str, o: str) -> float:
    """1,000 points of the world's need, shared by gap x size."""
    regions = [x for x in regions_with_need() if has_a_priority(x, o)]
    total = sum(gap_of_region(x, o) * size(x, o) for x in regions)
    return WORLD_NEED * gap_of_region(r, o) * size(r, o) / total


def weight(r: str, o: str) -> float:
    """The region's weight x the factor of the pair (judgement)."""
    of_region = next(float(row["weight"]) for row in read("case", "regions.csv") if row["region"] == r)
    factors = read("case", "region_objective_weight_factors.csv")
    return math.prod(
        (of_region, *(float(row["factor"]) for row in factors if (row["region"], row["objective"]) == (r, o)))
    )


@dataclass(frozen=True)
class Place:
    """A country or a region: where money is spent, and how the score sees it."""

    id: str
    name: str
    name_ja: str
    region: str
    is_country: bool
    gap: Mapping[str, float]
    risk: float
    absorption: float
    unit_cost: float
    terror: float | None = None
    fragile: bool = False


def is_fragile(c: str) -> bool:
    """CPIA <= 3.0, or political stability <= -1.5, or 2 conflict deaths per 100,000, or nothing known."""
    cpia = known(c, "cpia_mean_of_4_clusters")
    stability = known(c, "wgi_political_stability")
    return (
        any(x <= 3.0 for x in cpia)
        or any(x <= -1.5 for x in stability)
        or deaths_per_100_000(c) >= 2
        or not (cpia or stability)
    )


@cache
def risk(c: str) -> float:
    """0.5 (PTS - 1)/4 + 0.5 c((1.5 - mean of WGI corruption control and rule of law)/4), at 0.01."""
    terror = (known(c, "political_terror_scale_state_dept") or [TERROR_IF_UNKNOWN])[0]
    control = mean(known(c, "wgi_control_of_corruption", "wgi_rule_of_law"))
    misuse = CORRUPTION_RISK_IF_UNKNOWN if control is None else clip((1.5 - control) / 4)
    return round(0.5 * (terror - 1) / 4 + 0.5 * misuse, 2)


@cache
def absorption(c: str) -> float:
    """1 + (WGI government effectiveness + 0.5)/3, within 0.5-1.5."""
    state = (known(c, "wgi_government_effectiveness") or [EFFECTIVENESS_IF_UNKNOWN])[0]
    return min(1.5, max(0.5, 1 + (state + 0.5) / 3))


def unit_cost(c: str) -> float:
    """1.5 in countries under 1.5 million people: the fixed cost of small projects."""
    return 1.5 if population(c) < 1.5e6 else 1.0


@cache
def country(c: str) -> Place:
    """A country with all its factors; its Japanese name is CLDR's, without what stands in brackets."""
    row = next(row for row in read("data", "countries.csv") if row["iso3"] == c)
    name_ja = str(Locale("ja").territories[row["iso2"]])
    return Place(
        c,
        row["name"],
        re.sub(r"\s*[(（].*[)）]", "", name_ja),
        region_of()[c],
        True,
        {o: gap_of_country(c, o) for o in objectives()},
        risk(c),
        absorption(c),
        unit_cost(c),
        next(iter(known(c, "political_terror_scale_state_dept")), TERROR_IF_UNKNOWN),
        is_fragile(c),
    )


@cache
def region(r: str) -> Place:
    """A region as one place: gaps, risk and absorption are the mean of its people."""
    row = next(row for row in read("case", "regions.csv") if row["region"] == r)
    if not row["weight"]:
        return Place(r, row["name"], row["name_ja"], r, False, dict.fromkeys(objectives(), 0.0), 0.0, 1.0, 1.0)
    return Place(
        r,
        row["name"],
        row["name_ja"],
        r,
        False,
        {o: gap_of_region(r, o) for o in objectives()},
        mean_by_population(countries_of(r), risk),
        mean_by_population(countries_of(r), absorption),
        1.5 if r == "PAC" else 1.0,
    )
