"""Programmes: what Japan gives now, and what it could give.

Amounts are in oku-yen (JPY 100 million) a fiscal year; ``c`` is a country, ``r`` a region.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache

from figures import cited, countries_of, number, objectives, read, region_of, regions_with_need
from need import Place, country, is_fragile, region

OKU_PER_USD_MILLION = 1.3144
FLOWS = "japan_official_flows_by_instrument_2010_2022.csv"
NET_ODA = "japan_net_oda_by_recipient.csv"
FLOW_YEARS = range(2018, 2023)
NET_ODA_YEARS = (2018, 2019, 2021, 2022, 2023)
ABSENT_FROM_FLOWS = ("PSE", "SSD", "PLW", "FSM", "KIR", "MHL", "CUB")


@cache
def mean_flow(c: str, flow: str) -> float:
    """Mean of a flow in 2018-2022, USD million; a year without a row is nothing."""
    return (
        sum(
            float(row["usd_m"])
            for row in read("data", FLOWS)
            if row["iso3"] == c and row["flow"] == flow and int(row["year"]) in FLOW_YEARS
        )
        / 5
    )


@cache
def mean_net_oda(c: str, floor: float = -math.inf) -> float:
    """Mean net ODA in the five latest years that the files hold (2020 is missing), USD million."""
    return (
        sum(
            max(floor, float(row["net_oda_usd_m"]))
            for row in read("data", NET_ODA)
            if row["iso3"] == c and int(row["year"]) in NET_ODA_YEARS
        )
        / 5
    )


@cache
def grants_usd(c: str) -> float:
    """Grants and technical cooperation of a year, USD million."""
    if c == "UKR":
        return mean_net_oda("UKR", floor=0) * share_of_grants_in_official_flows()
    return mean_net_oda(c) if c in ABSENT_FROM_FLOWS else mean_flow(c, "oda_grants_disbursed")


@cache
def share_of_grants_in_official_flows() -> float:
    """Grants as a share of grants and official loans to all countries but Ukraine: about 20 percent."""
    others = [c for c in region_of() if c != "UKR"]
    grants = sum(grants_usd(c) for c in others)
    loans = sum(concessional_loans_usd(c) + other_official_loans_usd(c) for c in others)
    return grants / (grants + loans)


def concessional_loans_usd(c: str) -> float:
    """Face value of concessional loans of a year, USD million."""
    return mean_flow(c, "concessional_loans_disbursed")


def other_official_loans_usd(c: str) -> float:
    """Face value of other official loans of a year, USD million."""
    return mean_flow(c, "nonconcessional_official_loans_disbursed")


def grants(c: str) -> float:
    """Grants and technical cooperation, oku-yen."""
    return grants_usd(c) * OKU_PER_USD_MILLION


def share_of_technical_cooperation(c: str) -> float:
    """35 percent of grants in fragile countries, 55 percent elsewhere (assumption)."""
    return 0.35 if is_fragile(c) else 0.55


def grant_aid(c: str) -> float:
    """Grants without technical cooperation, oku-yen."""
    return grants(c) * (1 - share_of_technical_cooperation(c))


def technical_cooperation(c: str) -> float:
    """Technical cooperation before governance aid is taken out, oku-yen."""
    return grants(c) * share_of_technical_cooperation(c)


def budget_of_loans(c: str) -> float:
    """Ten percent of the face value of concessional loans, oku-yen."""
    return 0.1 * concessional_loans_usd(c) * OKU_PER_USD_MILLION


def aid(c: str) -> float:
    """Grants, technical cooperation and the budget cost of loans, oku-yen."""
    return grants(c) + budget_of_loans(c)


def governance_aid(r: str) -> float:
    """Two percent of a region's aid, as in the sector shares of 2015-2023."""
    return 0.02 * sum(aid(c) for c in countries_of(r))


@cache
def technical_cooperation_kept() -> float:
    """The share of all technical cooperation that is left when governance aid is taken from it."""
    return 1 - sum(map(governance_aid, regions_with_need())) / sum(map(technical_cooperation, region_of()))


def partners() -> list[str]:
    """The 77 countries that have a programme."""
    return [c for row in read("case", "regions.csv") for c in row["countries_with_programmes"].split()]


def has_grant_programme(c: str) -> bool:
    """Mean grants of USD 15 million or more; Somalia always, as the counter-piracy mission's neighbour."""
    return grants_usd(c) >= 15 or c == "SOM"


def has_technical_cooperation_programme(c: str) -> bool:
    """Mean grants of USD 35 million or more."""
    return grants_usd(c) >= 35


def has_loan_programme(c: str) -> bool:
    """Mean concessional loans of USD 25 million or more."""
    return concessional_loans_usd(c) >= 25


@cache
def appropriation(account: str) -> float:
    """An account's yearly appropriation."""
    return next(
        float(row["appropriation_each_year"]) for row in read("case", "accounts.csv") if row["account"] == account
    )


@dataclass(frozen=True)
class Line:
    """One programme before it becomes a row.

    ``share`` is the part of it that serves each objective (None: its instrument's full effectiveness),
    ``stronger`` what proposal 7 multiplies its effects with.
    """

    id: str
    family: str
    instrument: str
    account: str
    place: Place
    name: tuple[str, str]
    baseline: float
    minimum: float
    maximum: float
    ramp: float | None
    source: str
    risk: float
    tags: tuple[str, ...] = ()
    requires: str = ""
    leverage: float = 1
    curve: str = "standard"
    share: Mapping[str, float] | None = None
    stronger: float = 1


def of_kind(kind: str, place: Place, amount: float, source: str, maximum: float | None = None) -> Line:
    """A programme of a kind of case/kinds.csv in a country or region.

    Where ``maximum`` is not given, minimum and maximum are the kind's shares of the amount.
    """
    row = next(row for row in read("case", "kinds.csv") if row["kind"] == kind)
    if maximum is None:
        minimum, maximum = amount * float(row["minimum"]), amount * float(row["maximum"])
        source += f"; judgement: minimum {row['minimum']}, maximum {row['maximum']} of it, ramp"
    else:
        minimum = 0.0
    return Line(
        f"{kind}_{place.id}",
        row["family"],
        row["instrument"],
        row["account"],
        place,
        (f"{row['name']}, {place.name}", f"{row['name_ja']}（{place.name_ja}）"),
        amount,
        minimum,
        maximum,
        number(row["ramp"]),
        source,
        risk=place.risk,
        tags=tuple(filter(None, row["tags"].split(","))),
        requires=row["requires"],
    )


def for_other_countries(line: Line) -> Line:
    """The programme for the rest of a region."""
    return replace(
        line,
        id=f"{line.id}_other",
        name=(f"{line.name[0]} (other countries)", f"{line.name[1][:-1]}・その他の国）"),
    )


def without_growth_in_myanmar(line: Line) -> Line:
    """In Myanmar the maximum is the baseline, and what the state itself receives may end."""
    if line.place.id != "MMR":
        return line
    ends = line.instrument in ("oda_loan", "capacity_building")
    grows = line.instrument == "capacity_building"
    return replace(
        line,
        minimum=0.0 if ends else line.minimum,
        maximum=line.maximum if grows else line.baseline,
        source=f"{line.source}; assumption: Myanmar, no new projects since 2021 (recalled, confirm)",
    )


def source_of_grants(c: str) -> str:
    """Where a country's grants come from."""
    if c == "UKR":
        return f"{cited(NET_ODA)} UKR mean 2018-19, 2021-23 x share of grants in official flows (assumption)"
    if c in ABSENT_FROM_FLOWS:
        return f"{cited(NET_ODA)} {c} mean 2018-19, 2021-23"
    return f"{cited(FLOWS)} {c} oda_grants_disbursed mean 2018-22"


def source_of_pool(countries: Iterable[str]) -> str:
    """Where the grants of the rest of a region come from."""
    return f"{cited(FLOWS)}, {cited(NET_ODA)} mean grants of {' '.join(c for c in countries if grants_usd(c))}"


def grant_programmes() -> Iterator[Line]:
    """Grant aid: one for each large partner, the rest of each region pooled."""
    for r in regions_with_need():
        for c in filter(has_grant_programme, countries_of(r)):
            share = f"{1 - share_of_technical_cooperation(c):.2f} (assumption: not technical cooperation)"
            source = f"rule: {source_of_grants(c)} x 1.3144 x {share}"
            line = of_kind("grant", country(c), grant_aid(c), source)
            yield replace(line, tags=("fragile",)) if is_fragile(c) else line
        rest = [c for c in countries_of(r) if not has_grant_programme(c)]
        if amount := sum(map(grant_aid, rest)):
            source = f"rule: {source_of_pool(rest)} x 1.3144 x 0.65 or 0.45 (assumption: by fragility)"
            yield for_other_countries(of_kind("grant", region(r), amount, source))


def technical_cooperation_programmes() -> Iterator[Line]:
    """Technical cooperation less governance aid: one for each of the largest partners, the rest pooled."""
    kept = technical_cooperation_kept()
    less = f"x {kept:.4f} (rule: less governance aid)"
    for r in regions_with_need():
        for c in filter(has_technical_cooperation_programme, countries_of(r)):
            share = f"{share_of_technical_cooperation(c):.2f} (assumption: technical cooperation)"
            source = f"rule: {source_of_grants(c)} x 1.3144 x {share} {less}"
            yield of_kind("tc", country(c), technical_cooperation(c) * kept, source)
        rest = [c for c in countries_of(r) if not has_technical_cooperation_programme(c)]
        source = f"rule: {source_of_pool(rest)} x 1.3144 x 0.35 or 0.55 (assumption: by fragility) {less}"
        amount = sum(map(technical_cooperation, rest)) * kept
        yield for_other_countries(of_kind("tc", region(r), amount, source))


def governance_programmes() -> Iterator[Line]:
    """Rule-of-law and governance aid of each region, taken from all technical cooperation in proportion."""
    for r in regions_with_need():
        share = f"2 % ({cited('japan_oda_sector_shares.csv')} government_and_society 2015-2023)"
        source = f"rule: {share} of grants and loan cost of {r} ({cited(FLOWS)}, {cited(NET_ODA)})"
        yield of_kind("governance", region(r), governance_aid(r), source)


def loan_programmes() -> Iterator[Line]:
    """Yen loans at ten percent of their face value, other official loans at five."""
    for c in partners():
        if has_loan_programme(c):
            source = f"rule: {cited(FLOWS)} {c} concessional_loans_disbursed mean 2018-22 x 1.3144 x "
            source += "10 % (assumption: budget cost)"
            yield replace(of_kind("loan", country(c), budget_of_loans(c), source), leverage=10)
        if other_official_loans_usd(c) >= 30:
            source = f"rule: {cited(FLOWS)} {c} nonconcessional_official_loans_disbursed mean 2018-22 x 1.3144 x "
            source += "5 % (assumption: budget cost)"
            amount = 0.05 * other_official_loans_usd(c) * OKU_PER_USD_MILLION
            yield replace(of_kind("oof", country(c), amount, source), leverage=20)


def osa_recipients() -> dict[str, int]:
    """The countries of Official Security Assistance and the number of years each is listed."""
    years = [row["iso3"] for row in read("data", "osa_recipients.csv")]
    return {c: years.count(c) for c in years}


def osa_programmes() -> Iterator[Line]:
    """Security assistance: the appropriation shared by 1 + years listed, rounded down."""
    total = sum(1 + count for count in osa_recipients().values())
    for c, count in osa_recipients().items():
        amount = math.floor(100 * appropriation("MOFA_OSA") * (1 + count) / total) / 100
        source = "assumption: 181 (data japan_budget_lines.csv osa_budget 2026) shared by 1 + years listed "
        yield of_kind("osa", country(c), amount, f"{source}(data osa_recipients.csv {c}: {count})")


def equipment_finance_programmes() -> Iterator[Line]:
    """Grants and loans for costlier equipment, to the larger of the OSA partners (proposal 8)."""
    for c in osa_recipients():
        if c not in ("TON", "TLS", "BGD", "MNG", "PNG"):
            source = "judgement: proposal 8, new; partner (data osa_recipients.csv), maximum 20, ramp"
            yield of_kind("equipfin", country(c), 0, source, maximum=20)


def dual_use_programmes() -> Iterator[Line]:
    """Ports and runways on sea lanes: up to 15 percent of the country's aid, or 10 if that is more."""
    for c in ("PHL", "IDN", "VNM", "LKA", "MDV", "PNG", "FJI", "KEN", "DJI"):
        source = f"judgement: proposal 6, new; sea lanes; maximum 15 % of aid or 10, ramp ({cited(FLOWS)} {c})"
        line = of_kind("dualuse", country(c), 0, source, maximum=max(10, 0.15 * aid(c)))
        yield replace(line, account="JICA_LOAN" if has_loan_programme(c) else "MOFA_GRANT")


def peace_programmes() -> Iterator[Line]:
    """Peace-building grants in fragile countries, up to 40 percent of today's grants (proposal 1)."""
    for c in partners():
        if is_fragile(c) and grants_usd(c) >= 20 and c != "MMR":
            source = f"judgement: proposal 1, new; maximum 40 % of grants ({source_of_grants(c)}); ramp"
            yield of_kind("peace", country(c), 0, source, maximum=0.4 * grants(c))


def civilian_teams() -> Iterator[Line]:
    """Teams of civilian experts in the seven regions with most need of peace."""
    for r in ("SEA", "SAS", "MEN", "EHA", "WCA", "SAF", "EUR"):
        source = "assumption: seven teams of 1.5 need 52 of the 55 experts; judgement: maximum 6, ramp"
        yield of_kind("civteam", region(r), 1.5, source, maximum=6)


FIELD_WORDS = (
    ("maritime", ("maritime", "ship", "diving")),
    ("peace", ("PKO", "band", "unexploded", "vehicle")),
    ("disaster", ("HA/DR", "rescue", "engineering", "medicine", "meteorology", "flight")),
)


def fields_of(partner: str) -> list[str]:
    """The fields in which the Ministry of Defense trains a partner."""
    rows = read("data", "mod_capacity_building_partners.csv")
    return next(row["fields"] for row in rows if row["partner"] == partner).split(";")


def objective_of_field(text: str) -> str:
    """The objective that a field serves, by its first matching word; cyber security serves none here."""
    return next((o for o, words in FIELD_WORDS if any(word in text for word in words)), "")


def shares_of_fields(partner: str) -> dict[str, float]:
    """The share of a partner's fields that serves each objective, of those that serve one."""
    served = [o for text in fields_of(partner) if (o := objective_of_field(text))]
    return {o: served.count(o) / len(served) for o in objectives()}


def capacity_building_programmes() -> Iterator[Line]:
    """The Ministry of Defense's capacity building, by the number of a partner's fields."""
    names = [row["partner"] for row in read("data", "mod_capacity_building_partners.csv")]
    total = sum(len(fields_of(partner)) for partner in names)
    for partner in names:
        fields = len(fields_of(partner))
        source = "assumption: 6 (unverified_figures.csv mod_capacity_building_budget) shared by fields (data "
        source += f"mod_capacity_building_partners.csv {partner}: {fields} of {total})"
        place = country(partner) if partner != "ASEAN" else replace(region("SEA"), name="ASEAN", name_ja="ASEAN")
        line = of_kind("cb", place, 6 * fields / total, source)
        yield replace(line, id=f"cb_{partner}", share=shares_of_fields(partner), stronger=1.25)


def equipment_transfer_programmes() -> Iterator[Line]:
    """Equipment with capacity building (proposal 7)."""
    for c in ("PHL", "VNM", "IDN", "LKA", "PNG", "FJI", "DJI", "MNG"):
        source = "judgement: proposal 7, new; partner, maximum 1.5, ramp"
        yield replace(of_kind("cbequip", country(c), 0, source, maximum=1.5), stronger=1.25)


SHARES_OF_SINGLE_PROGRAMMES = {
    "cb_african_hub": {"peace": 0.5, "maritime": 0.3, "disaster": 0.2},
    "hadr_africa": {"health": 1.3, "peace": 1.3, "disaster": 1.3},
}


def single_programmes() -> Iterator[Line]:
    """Training, missions and the Djibouti hub: each is a row of its own in case/single_programmes.csv."""
    headquarters_and_regions = ("HQ", *regions_with_need())
    for row in read("case", "single_programmes.csv"):
        place = (region if row["place"] in headquarters_and_regions else country)(row["place"])
        yield Line(
            row["programme"],
            row["family"],
            row["instrument"],
            row["account"],
            place,
            (row["name"], row["name_ja"]),
            float(row["baseline"]),
            float(row["minimum"]),
            float(row["maximum"]),
            number(row["ramp"]),
            row["source"],
            risk=place.risk if row["risk"] == "" else float(row["risk"]),
            tags=tuple(filter(None, row["tags"].split(","))),
            requires=row["requires"],
            share=SHARES_OF_SINGLE_PROGRAMMES.get(row["programme"]),
        )


def adviser_programmes() -> Iterator[Line]:
    """A policy adviser with each mission that has a commander: not the base, the hub or civil affairs."""
    for mission in single_programmes():
        if mission.instrument in ("counter_piracy", "pko_staff", "hadr_team"):
            source = "judgement: proposal 4, new; two advisers at most (assumption: 0.3 each), risk 0.1"
            line = of_kind("adviser", mission.place, 0, source, maximum=0.6)
            yield replace(
                line,
                id=f"adviser_{mission.id}",
                name=(f"Policy adviser: {mission.name[0]}", f"政策顧問：{mission.name[1]}"),
                risk=0.1,
                requires=",".join(filter(None, (line.requires, mission.requires))),
                curve="",
            )


def in_whole_million_yen(line: Line) -> Line:
    """Amounts at 0.01 oku-yen."""
    amounts = {"baseline": line.baseline, "minimum": line.minimum, "maximum": line.maximum}
    return replace(line, **{name: round(amount, 2) for name, amount in amounts.items()})


@cache
def programmes() -> dict[str, Line]:
    """All 253 programmes."""
    lines = (
        *grant_programmes(),
        *technical_cooperation_programmes(),
        *governance_programmes(),
        *loan_programmes(),
        *osa_programmes(),
        *equipment_finance_programmes(),
        *dual_use_programmes(),
        *peace_programmes(),
        *civilian_teams(),
        *capacity_building_programmes(),
        *equipment_transfer_programmes(),
        *single_programmes(),
        *adviser_programmes(),
    )
    return {line.id: in_whole_million_yen(without_growth_in_myanmar(line)) for line in lines}
