"""The real Japan case, FY2027-FY2031: from the figures in this folder to ``inputs/japan.xlsx``.

    uv run python inputs/japan/build.py [PATH]

``data/`` holds published figures, ``case/`` the small inputs (assumptions and judgements, editable),
``reference/`` an independent computation of the same case that the tests compare with. Every function of
``need.py``, ``programmes.py`` and ``effects.py`` is one rule; here each function is one sheet.

Each ``source`` text begins with *data*, *rule*, *assumption* or *judgement*: what the row mainly rests on;
the rest of the text says the same of its other numbers. Its Japanese follows behind a slash. Money is in
JPY 100 million a fiscal year.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from effects import STANDARD, Effect, delivers, effectiveness, effects, points
from figures import (
    HERE,
    cited_indicators,
    known,
    number,
    objectives,
    read,
    region_of,
    regions_with_need,
    significant,
)
from japanese import in_both
from need import country, has_a_priority, is_fragile, need, raw, weight
from programmes import Line, partners, programmes

FIRST_YEAR, YEARS = 2027, 5
HORIZON = range(FIRST_YEAR, FIRST_YEAR + YEARS)

Row = dict[str | int, object]
RawTables = dict[str, list[Row]]

WHERE_THE_GAP_IS_FROM = {
    "poverty": ("poverty_pct_below_4_20",),
    "health": ("under5_mortality_per_1000", "life_expectancy"),
    "education": ("hdi",),
    "infrastructure": ("gdp_pc_ppp_2021usd",),
    "peace": ("wgi_political_stability", "ucdp_state_based_deaths_avg_2018_2022"),
    "maritime": ("wgi_government_effectiveness", "pirate_attacks_avg_2016_2020"),
    "disaster": ("flood_affected_avg_2015_2024", "storm_affected_avg_2015_2024"),
    "governance": ("wgi_government_effectiveness", "wgi_control_of_corruption", "wgi_rule_of_law"),
}
YEAR_OF_THE_GAP = {"poverty": "poverty_pct_below_4_20_year", "education": "hdi_year"}
LATEST_YEAR = {"poverty": 2024, "education": 2023, "peace": 2022, "disaster": 2024}


def tables() -> RawTables:
    """The whole book: sheet -> rows of canonical column -> value."""
    return {
        "Settings": settings_rows(),
        "Regions": region_rows(),
        "Countries": country_rows(),
        "Objectives": objective_rows(),
        "Priorities": priority_rows(),
        "Accounts": account_rows(),
        "Transfers": transfer_rows(),
        "Programmes": [programme_row(line) for line in programmes().values()],
        "Effects": [effect_row(effect) for effect in effects()],
        "Curves": curve_rows(),
        "Resources": resource_rows(),
        "ResourceUse": resource_use_rows(),
        "Synergies": synergy_rows(),
        "Limits": limit_rows(),
        "Levers": lever_rows(),
        "Scenarios": scenario_rows(),
    }


def settings_rows() -> list[Row]:
    """Title, unit and horizon."""
    exchange_rate = next(
        float(row["value"])
        for row in read("data", "japan_budget_lines.csv")
        if row["line"] == "jpy_per_usd_implied_by_white_paper"
    )
    values: dict[str, object] = {
        "title": "Japan FY2027-FY2031: development and security cooperation / 日本の開発協力・安全保障協力",
        "unit": "JPY 100 million",
        "first_year": FIRST_YEAR,
        "years": YEARS,
        "discount_rate": 0.02,
        "publish_unit": 0.01,
        "tie_break": "yes",
        "exchange_rate": exchange_rate,
    }
    return [{"key": key, "value": value} for key, value in values.items()]


def region_rows() -> list[Row]:
    """Ten regions and headquarters."""
    return [{key: row[key] for key in ("region", "name", "name_ja")} for row in read("case", "regions.csv")]


def country_rows() -> list[Row]:
    """The 77 countries that have a programme."""
    return [
        {
            "country": c,
            "region": region_of()[c],
            "name": country(c).name,
            "name_ja": country(c).name_ja,
            "fragile": "yes" if is_fragile(c) else "no",
        }
        for c in partners()
    ]


def objective_rows() -> list[Row]:
    """Four objectives of want, four of fear."""
    columns = ("objective", "freedom", "name", "name_ja")
    return [{key: row[key] for key in columns} for row in read("case", "objectives.csv")]


def priority_rows() -> list[Row]:
    """Weight and need of each pair."""
    return [
        {"region": r, "objective": o, "weight": round(weight(r, o), 4), "need": round(need(r, o), 1)}
        for r in regions_with_need()
        for o in objectives()
        if has_a_priority(r, o)
    ]


def account_rows() -> list[Row]:
    """Eight accounts, flat in nominal terms."""
    return [
        {
            "account": row["account"],
            "agency": row["agency"],
            "name": row["name"],
            "name_ja": row["name_ja"],
            "kind": "law",
            "carry_over": float(row["carry_over"]),
            **dict.fromkeys(HORIZON, float(row["appropriation_each_year"])),
        }
        for row in read("case", "accounts.csv")
    ]


def transfer_rows() -> list[Row]:
    """Who may give to whom, and under which levers."""
    return [
        {
            "from_account": row["from_account"],
            "to_account": row["to_account"],
            "max_share": float(row["max_share"]),
            "requires": row["requires"] or None,
            "unless": row["unless"] or None,
        }
        for row in read("case", "transfers.csv")
    ]


def programme_row(line: Line) -> Row:
    """A programme."""
    return {
        "programme": line.id,
        "family": line.family,
        "account": line.account,
        "region": None if line.place.is_country else line.place.id,
        "country": line.place.id if line.place.is_country else None,
        "instrument": line.instrument,
        "name": line.name[0],
        "name_ja": line.name[1],
        "baseline": line.baseline,
        "minimum": line.minimum,
        "maximum": line.maximum,
        "ramp": line.ramp,
        "curve": line.curve or None,
        "risk": round(line.risk, 2),
        "leverage": line.leverage,
        "tags": ",".join(line.tags) or None,
        "requires": line.requires or None,
        "source": in_both(line.source),
    }


def effect_row(effect: Effect) -> Row:
    """An effect at four significant digits; its range keeps the proportions of the matrix."""
    entry = effectiveness()[effect.line.instrument, effect.entry]
    middle = float(entry["effectiveness"])
    score = significant(effect.score)
    ends = sorted(significant(effect.score * float(entry[end]) / middle) for end in ("low", "high"))
    elsewhere = effect.region != effect.line.place.region
    return {
        "programme": effect.line.id,
        "objective": effect.objective,
        "score": score,
        "region": effect.region if elsewhere else None,
        "low": ends[0],
        "high": ends[1],
        "requires": effect.requires or None,
        "unless": effect.unless or None,
        "source": in_both(source_of_harm(effect) if effect.score < 0 else source_of_effect(effect, entry)),
        "as_of": as_of(effect),
    }


def source_of_effect(effect: Effect, entry: Mapping[str, str]) -> str:
    """Judgement first, then what rules and data it is multiplied with."""
    place = effect.line.place
    missing = place.is_country and raw(place.id, effect.objective) is None
    gap = cited_indicators(place.region if missing else place.id, *WHERE_THE_GAP_IS_FROM[effect.objective])
    evidence = f" ({entry['basis']}: {entry['citation']})" if entry["citation"] else ""
    text = f"judgement: effectiveness {entry['effectiveness']}{evidence}{effect.note}"
    if effect.region != place.region:
        text += f"; judgement: a quarter of it reaches {effect.region}"
    if effect.line.share is not None:
        text += f"; rule: x {effect.line.share[effect.objective]:.3g} (fields of the programme)"
    return f"{text}; rule: x gap {place.gap[effect.objective]:.3f} ({gap})"


def source_of_harm(effect: Effect) -> str:
    """The size of the harm is judgement; where it arises is data."""
    third = ", a third of it with proposal 7" if effect.requires else ""
    terror = cited_indicators(effect.line.place.id, "political_terror_scale_state_dept")
    return f"judgement: harm 0.3 x (PTS - 2)/3 x best score{third}; {terror} {effect.line.place.terror:g}"


def as_of(effect: Effect) -> str:
    """The year of the indicator behind the gap."""
    if effect.score < 0:
        return "2020"
    column = YEAR_OF_THE_GAP.get(effect.objective, "")
    years = known(effect.line.place.id, column) if effect.line.place.is_country else []
    return f"{years[0] if years else LATEST_YEAR.get(effect.objective, 2021):.0f}"


def curve_rows() -> list[Row]:
    """The standard curve of falling returns."""
    return [
        {"curve": "standard", "segment": segment, "up_to": up_to, "rate": rate}
        for segment, (up_to, rate) in enumerate(STANDARD, start=1)
    ]


def resource_rows() -> list[Row]:
    """People and places."""
    return [
        {key: row[key] for key in ("resource", "name", "name_ja", "unit")}
        | {year: float(row[str(year)]) for year in HORIZON}
        for row in read("case", "resources.csv")
    ]


def resource_use_rows() -> list[Row]:
    """What each programme uses and builds, by its id or its instrument."""
    return [
        {
            "programme": line.id,
            "resource": row["resource"],
            "uses": number(row["uses"]),
            "builds": number(row["builds"]),
            "delay": number(row["delay"]),
        }
        for row in read("case", "resource_use.csv")
        for line in programmes().values()
        if line.id == row["programme"] or line.instrument == row["instrument"]
    ]


def synergy_rows() -> list[Row]:
    """score = strength x max(own score on the objective, half its best score)."""
    rows: list[Row] = []
    for row in read("case", "synergies.csv"):
        line = programmes()[row["programme_a"]]
        own = {o: delivers(line, o) * points()[o] for o in objectives()}
        score = float(row["strength"]) * max(own[row["objective"]], 0.5 * max(own.values()))
        rows.append(
            {
                "synergy": row["synergy"],
                "programme_a": row["programme_a"],
                "programme_b": row["programme_b"],
                "ratio": float(row["ratio"]),
                "objective": row["objective"],
                "score": significant(score),
                "shared": "no",
                "requires": row["requires"],
                "source": in_both(f"judgement: strength {row['strength']} x score of {row['programme_a']}; ratio"),
            }
        )
    return rows


def limit_rows() -> list[Row]:
    """Law, cabinet decisions and preferences."""
    dropped = ("source_kind", "source_basis")
    return [
        {key: text or None for key, text in row.items() if key not in dropped}
        | {"value": float(row["value"]), "source": in_both(f"{row['source_kind']}: {row['source_basis']}")}
        for row in read("case", "limits.csv")
    ]


def lever_rows() -> list[Row]:
    """The nine proposals, all off by default."""
    return [
        {
            "lever": row["lever"],
            "name": row["name"],
            "name_ja": row["name_ja"],
            "proposal": int(row["proposal"]),
            "default": "no",
            "note": f"{row['reading']} / {row['reading_ja']}",
        }
        for row in read("case", "levers.csv")
    ]


def scenario_rows() -> list[Row]:
    """The scenarios; base has no row."""
    return [
        {
            "scenario": row["scenario"],
            "item": row["item"],
            "target": row["target"] or None,
            "value": "on" if row["value"] == "on" else float(row["value"]),
        }
        for row in read("case", "scenarios.csv")
    ]


def main() -> None:
    """Write inputs/japan.xlsx, or the path that is given."""
    from optimizer.workbook import write  # noqa: PLC0415  (tables() alone needs no program)

    path = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent / "japan.xlsx"
    write(path, tables())
    print(f"{path}: {len(programmes())} programmes")


if __name__ == "__main__":
    main()
