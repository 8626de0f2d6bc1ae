"""From a workbook and a scenario to a run folder, and back.

A run folder is evidence: ``book.xlsx`` as it was read, the plan as CSV, ``run.json`` with the hash of every other
file, and ``certificate.json`` with the hash of ``run.json`` and the multipliers that prove the bound. It appears
whole or not at all. ``verify`` re-checks it without PuLP, HiGHS or pandas.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import platform
import shutil
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from importlib import metadata
from pathlib import Path
from typing import Any

from optimizer import checks, exact, proof, scenario, workbook
from optimizer.errors import CheckFailed, InputProblems, NoPlan, Place, Problem, WrongUsage
from optimizer.places import place_of
from optimizer.plan import Plan, publish
from optimizer.portfolio import Portfolio, portfolio_of
from optimizer.results import Result
from optimizer.words import Words, say

PROGRAM = "haibun"
Writer = Callable[[Result], bytes]


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


def open_book(path: Path, watch: Stopwatch | None = None) -> OpenBook:
    """Read and check a workbook. Raises ``InputProblems`` with every problem where there is one."""
    watch = watch or Stopwatch()
    with watch.stage("read"):
        raw = workbook.read(path)
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
    with watch.stage("solve"):
        try:
            solution = solver.solve(built, options)
        except NoPlan as error:
            raise explained(error, portfolio, built, options) from None
    return publish_solution(book, active, built, solution, options, watch)


def publish_solution(
    book: OpenBook, active: scenario.Scenario, built: Any, solution: Any, options: Any, watch: Stopwatch
) -> Result:
    """Round a solver's answer, prove it, and gather what ``run.json`` says. Raises ``CheckFailed``."""
    from optimizer import solver  # noqa: PLC0415

    portfolio = active.portfolio
    with watch.stage("publish"):
        book_in_rationals = exact.state_exactly(portfolio)
        draft = solver.draft_of(built, solution)
        plan = publish(book_in_rationals, draft)
    with watch.stage("verify"):
        multipliers = proof.scaled(draft.multipliers)
        proven, unexcused = proof.prove(book_in_rationals, plan, multipliers)
    if unexcused:
        raise CheckFailed(_breach_words(unexcused[0]))
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
        "warnings": [problem.as_dict() for problem in (*book.warnings, *active.warnings)],
        "allowances": [
            {"row": "/".join(map(str, b.key)), "excess": float(b.excess), "allowance": float(b.allowance)}
            for b in proven.allowances
        ],
    }
    if any(programme.indivisible for programme in portfolio.programmes.values()):
        facts["solver_bound"] = solution.bound
    return Result(portfolio, book_in_rationals, plan, proven, facts, multipliers)


def _assumption(taken: checks.Assumption) -> dict[str, object]:
    return {
        "sheet": taken.sheet,
        "column": taken.column,
        "count": taken.count,
        "meaning": taken.meaning.into("en"),
        "meaning_ja": taken.meaning.into("ja"),
    }


def explained(error: NoPlan, portfolio: Portfolio, built: Any, options: Any) -> NoPlan:
    """A ``NoPlan`` that names rows which cannot hold together, certified where exact arithmetic bears it out."""
    from optimizer import conflict, solver  # noqa: PLC0415

    prices = solver.infeasibility_multipliers(built, options)
    multipliers = proof.scaled(solver.multipliers_by_key(built, prices))
    certified = proof.bound_from(exact.state_exactly(portfolio), multipliers, with_score=False) < 0
    strongest = sorted(multipliers, key=lambda key: -abs(multipliers[key]))
    places: dict[tuple[str, str], Place] = {}
    for key in strongest:
        if abs(multipliers[key]) > proof.MULTIPLIER_SCALE * 1e-7:
            place = place_of(portfolio, key)
            places.setdefault((place.sheet, place.cell), place)
    if not places:
        places = {(p.sheet, p.cell): p for p in conflict.smallest_conflict(built, options)}
    return NoPlan(error.message, tuple(places.values()), certified)


def _breach_words(breach: proof.Breach) -> Words:
    return say(
        "The published plan breaks the row {row} by {excess}; no plan is shown.",
        row="/".join(map(str, breach.key)),
        excess=f"{float(breach.excess):g}",
    )


def versions() -> dict[str, str]:
    """Versions of the program and of what it stands on."""
    found = {"program": metadata.version(PROGRAM), "Python": platform.python_version()}
    return found | {
        name: metadata.version(package)
        for name, package in (
            ("PuLP", "pulp"),
            ("HiGHS", "highspy"),
            ("pandas", "pandas"),
            ("openpyxl", "openpyxl"),
        )
    }


# Writing a run folder


def write_run(
    result: Result, data: bytes, folder: Path, reports: Mapping[str, Writer], watch: Stopwatch | None = None
) -> None:
    """Write the run folder whole or not at all: into a temporary folder beside it, then renamed."""
    watch = watch or Stopwatch()
    folder = folder.resolve()
    with watch.stage("write"):
        files = {
            "book.xlsx": data,
            "allocation.csv": csv_bytes(allocation_rows(result)),
            "flows.csv": csv_bytes(flow_rows(result)),
            "transfers.csv": csv_bytes(transfer_rows(result)),
        }
        files |= {name: writer(result) for name, writer in reports.items()}
    facts = dict(result.facts) | {
        "seconds": dict(watch.seconds) or result.facts["seconds"],
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    }
    files["run.json"] = json_bytes(facts)
    files["certificate.json"] = _with_own_hash(_certificate(result, hashlib.sha256(files["run.json"]).hexdigest()))
    write_folder(folder, files)


def write_folder(folder: Path, files: Mapping[str, bytes], owned: str = "run.json") -> None:
    """Write files into a temporary folder, flush them to disk, and move it into place in one step.

    A folder that holds ``owned`` is an older answer and is replaced; any other that is not empty is refused
    (``WrongUsage``).
    """
    if folder.exists() and not _is_ours(folder, files.keys(), owned):
        raise WrongUsage(say("{folder} exists and holds something else; choose another folder.", folder=folder))
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = folder.with_name(f".{folder.name}.{os.getpid()}.new")
    old = folder.with_name(f".{folder.name}.{os.getpid()}.old")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    try:
        for name, content in files.items():
            with (fresh / name).open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        if folder.exists():
            folder.rename(old)
        fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        if old.exists() and not folder.exists():
            old.rename(folder)
        shutil.rmtree(old, ignore_errors=True)


def _is_ours(folder: Path, names: Collection[str], owned: str) -> bool:
    """Whether a folder is empty, or an older answer that holds no file of somebody else's."""
    if not folder.is_dir():
        return False
    found = {entry.name for entry in folder.iterdir()}
    if owned == "run.json" and owned in found:
        try:
            listed = json.loads((folder / owned).read_bytes())["files"]
        except (OSError, ValueError, KeyError, TypeError):
            return False
        return found <= {*listed, *names}
    return not found or (owned in found and found <= {*names, *ALTERNATIVES})


ALTERNATIVES = ("nearest_to_today", "most_even", "less_concentrated")
"""Folders that ``haibun ranges`` writes beside its table."""


def decimal_text(number: Fraction) -> str:
    """A rational with a finite decimal, written in full."""
    sign, number = ("-" if number < 0 else ""), abs(number)
    digits, scale = number.denominator, 0
    while digits % 10 == 0:
        digits //= 10
    while (number * 10**scale).denominator != 1:
        scale += 1
        if scale > 30:
            raise ValueError(f"{number} has no finite decimal")
    whole = str(int(number * 10**scale)).rjust(scale + 1, "0")
    return sign + (f"{whole[:-scale]}.{whole[-scale:]}" if scale else whole)


def allocation_rows(result: Result) -> list[dict[str, object]]:
    """The rows of allocation.csv."""
    return [
        {
            "programme": line.programme.id,
            "year": result.fiscal_year(line.year),
            "amount": decimal_text(line.amount),
            "family": line.programme.family,
            "instrument": line.programme.instrument,
            "region": line.programme.region,
            "country": line.programme.country,
            "account": line.programme.account,
            "agency": line.programme.agency,
            "baseline": "" if line.programme.baseline is None else decimal_text(line.programme.baseline),
            "verdict": line.verdict,
            "reason": line.reason.into("en"),
            "reason_ja": line.reason.into("ja"),
        }
        for line in result.lines
    ] or [dict.fromkeys(ALLOCATION_COLUMNS, "")]


ALLOCATION_COLUMNS = (
    "programme", "year", "amount", "family", "instrument", "region", "country",
    "account", "agency", "baseline", "verdict", "reason", "reason_ja",
)  # fmt: skip


def flow_rows(result: Result) -> list[dict[str, object]]:
    """The rows of flows.csv."""
    return [
        {
            "account": row.account,
            "year": result.fiscal_year(row.year),
            "appropriation": decimal_text(row.appropriation),
            "transfer_in": decimal_text(row.transfer_in),
            "transfer_out": decimal_text(row.transfer_out),
            "carried_in": decimal_text(row.carried_in),
            "carried_out": decimal_text(row.carried_out),
            "spent": decimal_text(row.spent),
            "lapsed": decimal_text(row.lapsed),
            "stopped_by": row.stopped_by.into("en") if row.stopped_by else "",
            "stopped_by_ja": row.stopped_by.into("ja") if row.stopped_by else "",
        }
        for row in result.accounts
    ]


def transfer_rows(result: Result) -> list[dict[str, object]]:
    """The rows of transfers.csv; permissions that moved nothing are left out."""
    rows: list[dict[str, object]] = [
        {
            "from_account": result.portfolio.transfers[number].from_account,
            "to_account": result.portfolio.transfers[number].to_account,
            "year": result.fiscal_year(year),
            "amount": decimal_text(amount),
        }
        for (number, year), amount in result.plan.transfers.items()
        if amount
    ]
    return rows or [dict.fromkeys(("from_account", "to_account", "year", "amount"), "")]


def csv_bytes(rows: list[dict[str, object]]) -> bytes:
    """Rows as CSV, UTF-8 with a byte-order mark so that Excel opens Japanese right.

    A single row of blanks stands for a table with a header alone.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0].keys(), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({name: _plain(value) for name, value in row.items()} for row in rows if any(row.values()))
    return text.getvalue().encode("utf-8-sig")


def _plain(value: object) -> object:
    """Text that a spreadsheet would take for a formula gets a leading apostrophe."""
    if (isinstance(value, str) and value[:1] in ("=", "+", "@", "\t", "\r")) or (
        isinstance(value, str) and value[:1] == "-" and not value[1:2].isdigit()
    ):
        return "'" + value
    return value


def json_bytes(content: object) -> bytes:
    """JSON as the program writes it: UTF-8, one entry a line."""
    return (json.dumps(content, ensure_ascii=False, indent=1, default=str) + "\n").encode()


def _certificate(result: Result, run_sha256: str) -> dict[str, object]:
    return {
        "run_sha256": run_sha256,
        "score": str(result.proof.score),
        "bound": str(result.proof.bound),
        "multiplier_scale": proof.MULTIPLIER_SCALE,
        "multipliers": [[*key, value] for key, value in result.multipliers.items()],
        "transfers": [[n, year, decimal_text(a)] for (n, year), a in result.plan.transfers.items() if a],
        "carries": [[account, year, decimal_text(a)] for (account, year), a in result.plan.carries.items() if a],
    }


# Reading a run folder back


def read_run(folder: Path) -> tuple[Result, OpenBook]:
    """Read a run folder and re-check all of it exactly. Raises ``CheckFailed`` on any changed digit."""
    try:
        return _read_run(folder)
    except (KeyError, TypeError, ValueError, AttributeError, WrongUsage, InputProblems) as error:
        raise CheckFailed(say("{folder} is not a whole run folder ({error}).", folder=folder, error=error)) from None


def _read_run(folder: Path) -> tuple[Result, OpenBook]:
    files, facts, certificate = _evidence(folder)
    book = open_book(folder / "book.xlsx")
    if book.sha256 != facts["book_sha256"]:
        raise CheckFailed(say("book.xlsx is not the workbook that this run was made from."))
    portfolio = scenario.apply(book.portfolio, facts["scenario"], facts["set"]).portfolio
    stated = exact.state_exactly(portfolio)
    plan = _plan_from(files, certificate, stated)
    multipliers = {tuple(entry[:-1]): int(entry[-1]) for entry in certificate["multipliers"]}
    proven, unexcused = proof.prove(stated, plan, multipliers)
    if unexcused:
        raise CheckFailed(_breach_words(unexcused[0]))
    result = Result(portfolio, stated, plan, proven, facts, multipliers)
    _agree(result, files, facts, certificate)
    return result, book


def _evidence(folder: Path) -> tuple[dict[str, bytes], dict[str, Any], dict[str, Any]]:
    """Read every file of the folder and hold it against the hashes."""
    try:
        run_bytes = (folder / "run.json").read_bytes()
        certificate = _own_hash_checked((folder / "certificate.json").read_bytes())
        facts = json.loads(run_bytes)
        files = {name: (folder / name).read_bytes() for name in facts["files"]}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckFailed(say("{folder} is not a whole run folder ({error}).", folder=folder, error=error)) from None
    if hashlib.sha256(run_bytes).hexdigest() != certificate.get("run_sha256"):
        raise CheckFailed(say("run.json was changed after the run, or certificate.json was."))
    for name, digest in facts["files"].items():
        if hashlib.sha256(files[name]).hexdigest() != digest:
            raise CheckFailed(say("{file} was changed after the run.", file=name))
    return files, facts, certificate


def _own_hash_checked(data: bytes) -> dict[str, Any]:
    """The certificate, whose last entry is the hash of the rest; any changed byte shows."""
    certificate = json.loads(data)
    content = {key: value for key, value in certificate.items() if key != "sha256"}
    if data != _with_own_hash(content):
        raise CheckFailed(say("certificate.json was changed after the run."))
    return content


def _with_own_hash(content: Mapping[str, object]) -> bytes:
    return json_bytes(dict(content) | {"sha256": hashlib.sha256(json_bytes(content)).hexdigest()})


def _plan_from(files: Mapping[str, bytes], certificate: Mapping[str, Any], book: exact.ExactBook) -> Plan:
    settings = book.portfolio.settings
    try:
        rows = csv.DictReader(io.StringIO(files["allocation.csv"].decode("utf-8-sig")))
        written = {str(_plain(name)): name for name in book.portfolio.programmes}
        spending = {
            (written[row["programme"]], int(row["year"]) - settings.first_year): Fraction(row["amount"]) for row in rows
        }
        transfers = {(int(n), int(t)): Fraction(a) for n, t, a in certificate["transfers"]}
        carries = {(str(account), int(t)): Fraction(a) for account, t, a in certificate["carries"]}
    except (ValueError, KeyError, TypeError, ZeroDivisionError) as error:
        raise CheckFailed(say("The plan cannot be read from its files ({error}).", error=error)) from None
    expected = {(p.id, year) for p in book.portfolio.programmes.values() for year in p.years}
    flows = [(int(key[1]), int(key[2])) for key in book.others if key[0] == "f"]
    carried = [(str(key[1]), int(key[2])) for key in book.others if key[0] == "v"]
    if spending.keys() != expected or not transfers.keys() <= set(flows) or not carries.keys() <= set(carried):
        raise CheckFailed(say("The plan's lines are not those of the workbook and scenario."))
    return Plan(
        spending,
        {key: transfers.get(key, Fraction(0)) for key in flows},
        {key: carries.get(key, Fraction(0)) for key in carried},
    )


def _agree(
    result: Result, files: Mapping[str, bytes], facts: Mapping[str, Any], certificate: Mapping[str, Any]
) -> None:
    """Hold every number of the folder against the one computed from the plan."""
    stated = {
        "score": (str(result.proof.score), certificate.get("score")),
        "bound": (str(result.proof.bound), certificate.get("bound")),
        "run.json score": (float(result.proof.score), facts["score"]),
        "run.json bound": (float(result.proof.bound), facts["bound"]),
        "run.json gap": (float(result.proof.gap), facts["gap"]),
        "allowances": (len(result.proof.allowances), len(facts["allowances"])),
        "flows.csv": (csv_bytes(flow_rows(result)), files["flows.csv"]),
        "allocation.csv": (csv_bytes(allocation_rows(result)), files["allocation.csv"]),
        "transfers.csv": (csv_bytes(transfer_rows(result)), files["transfers.csv"]),
    }
    for name, (found, written) in stated.items():
        if found != written:
            raise CheckFailed(say("{what} does not agree with the published amounts.", what=name))


def verify(folder: Path) -> list[Words]:
    """Re-check a run folder from its files alone; returns what was proved, in words."""
    result, _ = read_run(folder)
    proven, years = result.proof, result.portfolio.settings.years
    return [
        say("The files are those of the run: {count} hashes agree.", count=len(result.facts["files"])),  # type: ignore[arg-type]
        say(
            "{cells} amounts over {years} fiscal years keep all {rows} rows of the workbook exactly, "
            "with {allowed} use(s) of the rounding allowance.",
            cells=len(result.plan.spending),
            years=years,
            rows=len(result.book.rows),
            allowed=len(proven.allowances),
        ),
        say("The score of the published amounts is {score} points.", score=f"{float(proven.score):.6f}"),
        say(
            "No plan that keeps the rows can score more than {bound} points; the plan is within {gap} points of that.",
            bound=f"{float(proven.bound):.6f}",
            gap=f"{float(proven.gap):.6f}",
        ),
    ]
