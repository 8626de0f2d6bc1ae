"""Tables → every problem: one pass that finds all of them, each with its cell and cure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from optimizer import schema
from optimizer.checks.findings import Assumption, Findings
from optimizer.checks.keys import check_keys, check_references, check_words
from optimizer.checks.limits import check_limits
from optimizer.checks.oddities import (
    check_idle_programmes,
    check_levers,
    check_minima,
    check_spans,
    check_transfers,
)
from optimizer.checks.programmes import (
    check_curves,
    check_effects,
    check_priorities,
    check_programmes,
    check_resource_uses,
    check_synergies,
)
from optimizer.checks.review import Review
from optimizer.checks.scenarios import check_scenarios
from optimizer.checks.settings import horizon_of, settings_of
from optimizer.checks.sheets import Headings, find_sheets, parse
from optimizer.collecting import uncollected
from optimizer.errors import InputProblems, Problem
from optimizer.workbook.tables import RawBook, Table, Tables, Value

JUDGES: tuple[Callable[[Review], None], ...] = (
    check_scenarios,
    check_keys,
    check_references,
    check_words,
    check_priorities,
    check_programmes,
    check_effects,
    check_curves,
    check_resource_uses,
    check_synergies,
    check_limits,
    check_levers,
    check_transfers,
    check_minima,
    check_idle_programmes,
    check_spans,
)

__all__ = ["Assumption", "Checked", "check"]


@dataclass(frozen=True)
class Checked:
    """A judged workbook. Only one without errors may be planned with."""

    tables: Tables
    problems: tuple[Problem, ...]
    assumptions: tuple[Assumption, ...]
    settings: Mapping[str, Value]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that keep the book from being planned with."""
        return tuple(problem for problem in self.problems if problem.severity == "error")

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What is legal but odd."""
        return tuple(problem for problem in self.problems if problem.severity != "error")

    def required(self) -> Checked:
        """Itself where there is no error; raises ``InputProblems`` with every problem otherwise."""
        if self.errors:
            raise InputProblems(self.problems)
        return self


def check(raw: RawBook) -> Checked:
    """Parse every sheet by the schema and find every problem of the book in one pass."""
    with uncollected():
        return _check(raw)


def _check(raw: RawBook) -> Checked:
    findings = Findings()
    found = find_sheets(raw, findings)
    tables = {name: Table(name, name) for name in schema.SHEETS}
    settings: Mapping[str, Value] = {}
    headings = {name: Headings(found[name], sheet, findings) for name, sheet in schema.SHEETS.items() if name in found}
    if "Settings" in headings:
        tables["Settings"], settings = settings_of(parse(headings.pop("Settings")), findings)
    horizon = horizon_of(settings)
    for name, sheet in headings.items():
        tables[name] = parse(sheet, horizon, list(headings.values()))
        findings.after_a_check()
    review = Review(tables, found, settings, horizon, findings)
    for judge in JUDGES:
        judge(review)
        findings.after_a_check()
    return Checked(tables, tuple(findings.problems), tuple(findings.assumptions), settings)
