"""From a workbook and a scenario to a published, proven plan."""

from __future__ import annotations

import platform
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from optimizer import checks, exact, proof, scenario, workbook
from optimizer.collecting import uncollected
from optimizer.errors import CheckFailed, InputProblems, NoPlan, Problem
from optimizer.places import Key, place_of
from optimizer.plan import Ground, publish
from optimizer.portfolio import Portfolio, portfolio_of
from optimizer.results import Result
from optimizer.words import Words, name_of, say

PROGRAM = "haibun"
LEANS = 1e-7
"""A multiplier above which a proof of infeasibility leans on its row."""
NOTHING_LOST = Fraction(1, 200)
"""Points: half of what rounding may cost without a word; below it no better plan is looked for."""


@dataclass
class Stopwatch:
    """Seconds by stage."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage; stages of the same name add up."""
        started = time.perf_counter()
        yield
        self.seconds[name] = round(self.seconds.get(name, 0.0) + time.perf_counter() - started, 4)


@dataclass(frozen=True)
class OpenBook:
    """A workbook without errors: its bytes, its portfolio, its warnings and the defaults that were taken."""

    data: bytes
    sha256: str
    portfolio: Portfolio
    warnings: tuple[Problem, ...]
    assumptions: tuple[checks.Assumption, ...]


def open_book(path: Path, watch: Stopwatch | None = None, data: bytes | None = None) -> OpenBook:
    """Read and check a workbook. Raises ``InputProblems`` with every problem where there is one.

    ``data`` is the workbook where it is in memory already; ``path`` is then only what it is called.
    """
    watch = watch or Stopwatch()
    with watch.stage("read"):
        raw = workbook.read(path) if data is None else workbook.read_bytes(data, path)
    with watch.stage("check"):
        checked = checks.check(raw)
        if any(problem.severity == "error" for problem in checked.problems):
            raise InputProblems(checked.problems)
        portfolio = portfolio_of(checked)
    return OpenBook(raw.data, raw.sha256, portfolio, tuple(checked.problems), tuple(checked.assumptions))


def problems_of(path: Path) -> tuple[Problem, ...]:
    """Every problem and warning of a workbook, those of a file that is no workbook included."""
    try:
        checked = checks.check(workbook.read(path))
    except InputProblems as error:
        return error.problems
    return tuple(checked.problems)


def solve_book(
    book: OpenBook,
    name: str = scenario.BASE,
    sets: Sequence[str] = (),
    options: Any = None,
    watch: Stopwatch | None = None,
) -> Result:
    """Solve one scenario of a workbook, publish the plan and prove it.

    Raises ``NoPlan`` with rows that cannot hold together, ``Stopped``, or ``CheckFailed`` where the published plan
    does not pass the exact check of every row.
    """
    from optimizer import model, solver  # noqa: PLC0415  (verify must run without the solver's packages)

    watch, options = watch or Stopwatch(), options or solver.Options()
    with watch.stage("check"):
        active = scenario.apply(book.portfolio, name, sets)
    portfolio = active.portfolio
    with watch.stage("build"):
        built = model.build(portfolio, model.Grid(portfolio.settings.publish_unit))
        solver.refuse_numbers_that_highs_would_drop(built)
        built.problem  # noqa: B018  (filling PuLP is part of building)
    with watch.stage("solve"), ThreadPoolExecutor(1) as beside:
        making = _Making(beside, portfolio, built)
        try:
            solution = solver.solve(built, options, making.go_on)
        except NoPlan as error:
            raise explained(error, portfolio, built, options) from None
    ready = making.made()
    result = publish_solution(book, active, built, solution, options, watch, ready)
    with watch.stage("explain"), uncollected():
        return _with_fillers(result, built, options)


@dataclass(frozen=True)
class Ready:
    """What publishing asks of a scenario, whatever the plan: its rationals to round on, and what no plan exceeds."""

    ground: Ground
    bound: proof.Bound


class _Making:
    """``Ready`` in the making, in a thread that works while HiGHS does."""

    def __init__(self, beside: Executor, portfolio: Portfolio, built: Any) -> None:
        self._beside, self._portfolio, self._built = beside, portfolio, built
        self._ground: Future[Ground]
        self._bound: Future[proof.Bound]

    def go_on(self, best: Any = None) -> None:
        """Make what can be made of what is known: the solution of the best score, or nothing yet."""
        if best is None:
            self._ground = self._beside.submit(_ground_of, self._portfolio)
        else:
            self._bound = self._beside.submit(self._bound_by, best.multipliers)

    def _bound_by(self, multipliers: Any) -> proof.Bound:
        return _bound_of(self._ground.result().book, self._built, multipliers)

    def made(self) -> Ready:
        """Both parts."""
        return Ready(self._ground.result(), self._bound.result())


def ready_for(portfolio: Portfolio, built: Any, multipliers: Any) -> Ready:
    """An active portfolio made ready, with the multipliers that its model has at the best score."""
    ground = _ground_of(portfolio)
    return Ready(ground, _bound_of(ground.book, built, multipliers))


def _ground_of(portfolio: Portfolio) -> Ground:
    return Ground(exact.state_exactly(portfolio))


def _bound_of(stated: exact.ExactBook, built: Any, multipliers: Any) -> proof.Bound:
    from optimizer import solver  # noqa: PLC0415

    return proof.bound_by(stated, solver.multipliers_by_key(built, multipliers))


def publish_solution(
    book: OpenBook,
    active: scenario.Scenario,
    built: Any,
    solution: Any,
    options: Any,
    watch: Stopwatch,
    ready: Ready,
    is_to_be_kept: bool = False,
) -> Result:
    """Round a solver's answer, prove it, and gather what ``run.json`` says. Raises ``CheckFailed``.

    ``is_to_be_kept``: the answer has another purpose than the score, so that rounding spends nothing that it leaves.
    """
    from optimizer import solver, whole  # noqa: PLC0415

    portfolio, stated, bound = active.portfolio, ready.ground.book, ready.bound
    with watch.stage("publish"), uncollected():
        plan = publish(ready.ground, solver.draft_of(built, solution), is_to_be_kept)
    with watch.stage("verify"), uncollected():
        proven, unexcused = proof.prove(stated, plan, bound.points)
    if unexcused or proven.allowances or proven.gap > NOTHING_LOST:
        with watch.stage("publish"):
            other = whole.best_whole_plan_near(built, solution.values, plan, options)
            if other is not None:
                other = publish(ready.ground, other.as_draft(), is_to_be_kept)
                proven_other, broken = proof.prove(stated, other, bound.points)
                if not broken and (unexcused or _merit(proven_other) > _merit(proven)):
                    plan, proven, unexcused = other, proven_other, broken
    if unexcused:
        raise CheckFailed(breach_in_words(unexcused[0]))
    if proven.gap > NOTHING_LOST and not is_to_be_kept:
        with watch.stage("verify"):
            bound = min(bound, _bound_as_written(stated, options), key=lambda each: each.points)
            proven = replace(proven, bound=bound.points)
    warnings = [*book.warnings, *active.warnings]
    has_choices = any(programme.indivisible for programme in portfolio.programmes.values())
    if proven.gap > 2 * NOTHING_LOST and not (has_choices or is_to_be_kept):
        warnings.append(_rounding_warning(portfolio, proven.gap))
    facts: dict[str, object] = {
        "status": solution.status,
        "score": float(proven.score),
        "bound": float(proven.bound),
        "gap": float(proven.gap),
        "scenario": active.name,
        "set": list(active.sets),
        "unit": portfolio.settings.unit,
        "publish_unit": float(portfolio.settings.publish_unit),
        "seconds": watch.seconds,
        "rows": len(built.keys),
        "columns": built.columns.count,
        "nonzeros": len(built.indices),
        "book_sha256": book.sha256,
        "versions": versions(),
        "options": {"method": options.method, "threads": options.threads, "time_limit": options.time_limit},
        "assumptions": [_assumption(a) for a in book.assumptions],
        "warnings": [_in_both(problem) for problem in warnings],
        "allowances": [
            {"row": "/".join(map(str, b.key)), "excess": float(b.excess), "allowance": float(b.allowance)}
            for b in proven.allowances
        ],
    }
    if has_choices:
        facts["solver_bound"] = solution.bound
    return Result(portfolio, stated, plan, proven, facts, bound.multipliers)


def _bound_as_written(stated: exact.ExactBook, options: Any) -> proof.Bound:
    """The bound by the multipliers of the book as written, often closer than by those of the book rounded for
    publishing."""
    from optimizer import model, solver  # noqa: PLC0415

    built = model.build(stated.portfolio)
    return _bound_of(stated, built, solver.multipliers_of_relaxation(built, options))


def _rounding_warning(portfolio: Portfolio, gap: Fraction) -> Problem:
    table, unit = portfolio.tables["Settings"], f"{float(portfolio.settings.publish_unit):g}"
    rows = [record.row for record in table.records if record.values["key"] == "publish_unit"]
    return Problem(
        table.title,
        table.cell("value", rows[0]) if rows else "",
        unit,
        say(
            "Publishing in whole units of {unit} costs up to {points} points, which is much for money of this size.",
            unit=unit,
            points=f"{float(gap):.4f}",
        ),
        say("Choose a smaller publish unit where that matters."),
        severity="warning",
    )


def _with_fillers(result: Result, built: Any, options: Any) -> Result:
    """The result with the programmes that get money only to make room under a limit, each a warning."""
    from optimizer.fillers import fillers  # noqa: PLC0415

    found = fillers(result, built, options)
    if not found:
        return result
    told: list[dict[str, str]] = [_in_both(_filler_warning(result.portfolio, *pair)) for pair in found.items()]
    facts = dict(result.facts) | {"fillers": found, "warnings": [*result.facts["warnings"], *told]}  # type: ignore[misc]
    return replace(result, facts=facts, fillers=found)


def _filler_warning(portfolio: Portfolio, programme: str, limit: str) -> Problem:
    table, filler = portfolio.tables["Programmes"], portfolio.programmes[programme]
    return Problem(
        table.title,
        table.cell("programme", filler.row),
        programme,
        say(
            "{name} is filler: above its minimum its money adds no points and only makes room under {limit}.",
            name=name_of(filler),
            limit=name_of(portfolio.limits[limit]),
        ),
        say("See whether the limit is meant to be kept in this way; a lower maximum of the programme rules it out."),
        severity="warning",
    )


def _in_both(problem: Problem) -> dict[str, str]:
    """A problem as ``run.json`` keeps it, in English with the Japanese beside it."""
    japanese = problem.as_dict("ja")
    return problem.as_dict() | {"problem_ja": japanese["problem"], "fix_ja": japanese["fix"]}


def _merit(proven: proof.Proof) -> tuple[int, Fraction]:
    """A plan that breaks nothing comes before one that uses allowances; then the score counts."""
    return -len(proven.allowances), proven.score


def _assumption(taken: checks.Assumption) -> dict[str, object]:
    return {
        "sheet": taken.sheet,
        "column": taken.column,
        "count": taken.count,
        "meaning": taken.meaning.into("en"),
        "meaning_ja": taken.meaning.into("ja"),
    }


def explained(error: NoPlan, portfolio: Portfolio, built: Any, options: Any) -> NoPlan:
    """A ``NoPlan`` that names cells which cannot hold together though any of them left out the others can.

    Certified where exact arithmetic bears it out, with these rows alone or with all. It says so where only whole units
    stand in the way of a plan.
    """
    from optimizer import conflict, model, solver  # noqa: PLC0415

    prices = solver.infeasibility_multipliers(built, options)
    leaning = [row for row, price in enumerate(prices.tolist()) if abs(price) > LEANS]
    cells = conflict.conflict_among(built, leaning, options) or conflict.smallest_conflict(built, options)
    named = [built.row_of[key] for keys in cells for key in keys]
    stated = exact.state_exactly(portfolio)
    certified = any(
        _is_proof_of_no_plan(stated, solver.multipliers_by_key(built, proof_prices))
        for proof_prices in (solver.infeasibility_multipliers(built, options, among=named), prices)
    )
    message = error.message
    if not certified and conflict.Proofs(model.build(portfolio), options).supporting_rows(set()) is None:
        message = say(
            "No plan in whole units of {unit} satisfies every row of the workbook; in smaller units there is one.",
            unit=f"{float(portfolio.settings.publish_unit):g}",
        )
    return NoPlan(message, [place_of(portfolio, keys[0]) for keys in cells], certified)


def _is_proof_of_no_plan(stated: exact.ExactBook, prices: Mapping[Key, float]) -> bool:
    return proof.bound_from(stated, proof.scaled(prices), with_score=False) < 0


def breach_in_words(breach: proof.Breach) -> Words:
    return say(
        "The published plan breaks the row {row} by {excess}; no plan is shown.",
        row="/".join(map(str, breach.key)),
        excess=f"{float(breach.excess):g}",
    )


@cache
def versions() -> dict[str, str]:
    """Versions of the program and of what it stands on."""
    found = {"program": _version_of(PROGRAM), "Python": platform.python_version()}
    return found | {
        name: _version_of(package)
        for name, package in (
            ("PuLP", "pulp"),
            ("HiGHS", "highspy"),
            ("pandas", "pandas"),
            ("openpyxl", "openpyxl"),
        )
    }


@cache
def _version_of(package: str) -> str:
    return metadata.version(package)
