"""What the plan stands on: assumptions, warnings, allowances, sources and the record of the run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from optimizer import fiscal, schema
from optimizer.places import phrase_of
from optimizer.report.document import Cell, Column, Table, quantity, table_of
from optimizer.report.plain_style import plainly
from optimizer.results import Result, both, scenario_name
from optimizer.words import Name, Words, name_of, say

KINDS: Mapping[str, Words] = {
    "data": say("Data"),
    "rule": say("Rule"),
    "assumption": say("Assumption"),
    "judgement": say("Judgement"),
    "": say("Not stated"),
}
_SPELLINGS = {
    "データ": "data",
    "算式": "rule",
    "規則": "rule",
    "仮定": "assumption",
    "判断": "judgement",
    "judgment": "judgement",
}


def kind_of(source: str) -> str:
    """data, rule, assumption or judgement after the first word of a source; blank where it says none of them."""
    first = source.replace("：", ":").partition(":")[0].strip().lower()
    first = _SPELLINGS.get(first, first)
    return first if first in KINDS else ""


def kinds_table(result: Result) -> Table:
    """How many rows of each sheet are data, rule, assumption or judgement."""
    portfolio = result.portfolio
    groups: Sequence[tuple[Words, Iterable[Any]]] = (
        (say("Programmes (amounts)"), portfolio.programmes.values()),
        (say("Effects (points)"), portfolio.effects),
        (say("Synergies (points)"), portfolio.synergies.values()),
        (say("Limits"), portfolio.limits.values()),
    )
    columns = [
        Column(say("What the figures are")),
        *(Column(words, "count", 0, summed=True) for words in KINDS.values()),
    ]
    columns.append(Column(say("Rows in force"), "count", 0, summed=True, across=(1, len(KINDS))))
    rows: list[tuple[Cell, ...]] = []
    for name, records in groups:
        counted = Counter(kind_of(record.source) for record in records)
        if counted:
            rows.append((name, *(counted[kind] for kind in KINDS)))
    note = say(
        "Counted from the first word of each row's source. A rule is a stated computation on data; its source names "
        "any assumption or judgement that it contains."
    )
    return table_of("kinds_of_figures", say("Data, rule, assumption or judgement"), columns, rows, note=note)


def assumptions(result: Result) -> Table | None:
    """Defaults that were taken where cells are blank."""
    taken: Sequence[Mapping[str, Any]] = result.facts.get("assumptions", ())  # type: ignore[assignment]
    columns = [
        Column(say("Sheet")),
        Column(say("Column")),
        Column(say("Blank rows"), "count", 0),
        Column(say("What the blank was taken to mean"), "long"),
    ]
    rows = [
        (
            _sheet_title(entry["sheet"]),
            _column_title(entry["sheet"], entry["column"]),
            entry["count"],
            Name(entry["meaning"], japanese=entry.get("meaning_ja", "")),
        )
        for entry in taken
    ]
    return table_of("assumptions", say("Defaults taken"), columns, rows) if rows else None


def warnings(result: Result) -> Table | None:
    """What is legal but odd in the workbook or the scenario."""
    found: Sequence[Mapping[str, Any]] = result.facts.get("warnings", ())  # type: ignore[assignment]
    columns = [
        Column(say("Sheet")),
        Column(say("Cell")),
        Column(say("Value found")),
        Column(say("Warning"), "long"),
        Column(say("What to do"), "long"),
    ]
    rows = [
        (
            entry["sheet"],
            entry["cell"],
            entry["value"],
            Name(entry["problem"], japanese=plainly(entry.get("problem_ja", ""))),
            Name(entry["fix"], japanese=plainly(entry.get("fix_ja", ""))),
        )
        for entry in found
    ]
    return table_of("warnings", say("Warnings"), columns, rows) if rows else None


def scenario_rows(result: Result) -> Table | None:
    """What the scenario and --set change in the book."""
    portfolio = result.portfolio
    names: dict[str, Words] = {}
    for records in (
        portfolio.regions, portfolio.objectives, portfolio.accounts, portfolio.programmes,
        portfolio.resources, portfolio.limits, portfolio.levers,
    ):  # fmt: skip
        names |= {key: name_of(record) for key, record in records.items()}
    spelled = schema.SHEETS["Scenarios"].columns["item"].choices
    rows = [
        (
            Name(item.item, japanese=spelled[item.item][0]),
            names.get(item.target) or item.target or say("all"),
            (say("on") if item.value else say("off"))
            if isinstance(item.value, bool)
            else quantity(item.value, "number", 4),
            say("every year") if item.year is None else fiscal.year_name(result.fiscal_year(item.year)),
        )
        for item in portfolio.scenario_items
        if item.scenario == result.facts.get("scenario")
    ]
    columns = [Column(say("Item")), Column(say("Target")), Column(say("Value"), "number"), Column(say("Fiscal year"))]
    return table_of("scenario", say("What the scenario changes"), columns, rows) if rows else None


def allowances(result: Result) -> Table | None:
    """Rows that the rounding to publish units leaves unmet, by how much, and how much is allowed."""
    columns = [
        Column(say("Row of the model")),
        Column(say("Off by"), "number", 4),
        Column(say("Allowed"), "number", 4),
    ]
    rows = [(phrase_of(result.portfolio, b.key), b.excess, b.allowance) for b in result.proof.allowances]
    note = say(
        "Amounts are published in whole units. A row that cannot be met exactly in whole units may be off by no more "
        "than the rounding explains; the amounts are in the row's own unit."
    )
    return table_of("allowances", say("Rounding allowances used"), columns, rows, note=note) if rows else None


def programme_sources(result: Result) -> Table:
    """The source of each programme's amounts."""
    columns = [Column(say("Programme")), Column(say("Id")), Column(say("Kind")), Column(say("Source"), "long")]
    rows = [(name_of(p), p.id, KINDS[kind_of(p.source)], both(p.source)) for p in result.portfolio.programmes.values()]
    return table_of("programme_sources", say("Sources of programmes"), columns, rows, filtered=True)


def effect_sources(result: Result) -> Table:
    """The score, range and source of each effect."""
    portfolio = result.portfolio
    columns = [
        Column(say("Programme")),
        Column(say("Objective")),
        Column(say("Region")),
        Column(say("Points for one unit"), "points", 4),
        Column(say("Low"), "points", 4),
        Column(say("High"), "points", 4),
        Column(say("Years of delay"), "count", 0),
        Column(say("Source"), "long"),
        Column(say("Kind"), page=False),
        Column(say("Id"), page=False),
    ]
    order = {programme: number for number, programme in enumerate(portfolio.programmes)}
    effects = sorted(portfolio.effects, key=lambda effect: order[effect.programme])
    rows = [
        (
            name_of(portfolio.programmes[e.programme]),
            name_of(portfolio.objectives[e.objective]),
            name_of(portfolio.regions[e.region]),
            e.score,
            e.low,
            e.high,
            e.lag,
            both(e.source),
            KINDS[kind_of(e.source)],
            e.programme,
        )
        for e in effects
    ]

    def in_short(first: int, last: int) -> dict[int, Cell]:
        """The programme; its source where all its effects share one, else how many are judgement, data …"""
        shared = {effect.source for effect in effects[first:last]}
        counted = Counter(kind_of(effect.source) for effect in effects[first:last])
        kinds = [say("{kind}: {count}", kind=KINDS[kind], count=count) for kind, count in counted.items()]
        return {
            0: name_of(portfolio.programmes[effects[first].programme]),
            1: say("{count} effect(s)", count=last - first),
            len(columns) - 3: both(*shared) if len(shared) == 1 else fiscal.listed(kinds),
        }

    return table_of(
        "effect_sources",
        say("Sources of effects"),
        columns,
        rows,
        filtered=True,
        grouped_by=(len(columns) - 1,),
        key=2,
        folded=in_short,
    )


def rule_sources(result: Result) -> Table | None:
    """The source of each limit and synergy."""
    columns = [Column(say("Limit or synergy")), Column(say("Id")), Column(say("Kind")), Column(say("Source"), "long")]
    portfolio = result.portfolio
    rows: list[tuple[Words | str, ...]] = [
        (name_of(limit), limit.id, KINDS[kind_of(limit.source)], both(limit.source))
        for limit in portfolio.limits.values()
    ]
    for synergy in portfolio.synergies.values():
        partners = say(
            "{first} × {second}",
            first=name_of(portfolio.programmes[synergy.programme_a]),
            second=name_of(portfolio.programmes[synergy.programme_b]),
        )
        rows.append((partners, synergy.id, KINDS[kind_of(synergy.source)], both(synergy.source)))
    return (
        table_of("rule_sources", say("Sources of limits and synergies"), columns, rows, filtered=True) if rows else None
    )


def record_of_run(result: Result) -> Table:
    """The facts that identify the run and let it be repeated."""
    facts: Mapping[str, Any] = result.facts
    rows: list[tuple[Words, Words | str]] = [
        *([(say("Run (SHA-256 of certificate.json)"), str(facts["run_sha256"]))] if "run_sha256" in facts else []),
        (say("Workbook (SHA-256)"), str(facts.get("book_sha256", ""))),
        (say("Scenario"), scenario_name(str(facts.get("scenario", "")))),
        (say("Changes by --set"), ", ".join(facts.get("set", ())) or say("none")),
        (say("Publish unit"), quantity(result.portfolio.settings.publish_unit, "number", 4)),
    ]
    if "rows" in facts:
        size = say(
            "{rows} rows, {columns} columns, {nonzeros} nonzeros",
            rows=quantity(facts["rows"], "count", 0),
            columns=quantity(facts["columns"], "count", 0),
            nonzeros=quantity(facts["nonzeros"], "count", 0),
        )
        rows.append((say("Size of the model"), size))
    for name, version in facts.get("versions", {}).items():
        rows.append((say("Version: {name}", name=PROGRAMS.get(name, name)), str(version)))
    for name, value in facts.get("options", {}).items():
        rows.append((say("Solver option: {name}", name=OPTIONS.get(name, name)), "–" if value is None else str(value)))
    for stage, seconds in facts.get("seconds", {}).items():
        rows.append((say("Seconds: {stage}", stage=STAGES.get(stage, stage)), f"{seconds:.2f}"))
    columns = [Column(say("Item")), Column(say("Value"), "long")]
    return table_of("record_of_run", say("Record of the run"), columns, rows)


PROGRAMS: Mapping[str, Words] = {"program": say("Haibun")}
OPTIONS: Mapping[str, Words] = {
    "method": say("method"),
    "threads": say("threads"),
    "time_limit": say("time limit (seconds)"),
}
STAGES: Mapping[str, Words] = {
    "read": say("read"),
    "check": say("check"),
    "build": say("build"),
    "solve": say("solve"),
    "publish": say("publish"),
    "verify": say("verify"),
    "explain": say("explain"),
    "write": say("write"),
}


def _sheet_title(sheet: str) -> Words | str:
    known = schema.SHEETS.get(sheet)
    return Name(known.name, japanese=known.ja) if known else sheet


def _column_title(sheet: str, column: str) -> Words | str:
    known = schema.SHEETS.get(sheet)
    found = known.columns.get(column) if known else None
    found = found or (schema.SETTINGS.get(column) if sheet == "Settings" else None)
    return Name(found.name, japanese=found.ja) if found else column
