"""The run folder: written whole or not at all, read back and re-checked."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import shutil
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from optimizer import exact, proof, scenario
from optimizer.collecting import uncollected
from optimizer.errors import CheckFailed, InputProblems, WrongUsage
from optimizer.plan import Plan
from optimizer.results import Result
from optimizer.run.solving import OpenBook, Stopwatch, breach_in_words, open_book
from optimizer.run.tables import allocation_csv, decimal_text, flows_csv, json_bytes, plain, reasons_of, transfers_csv
from optimizer.words import Words, say

Writer = Callable[[Result], bytes]


def write_run(
    result: Result, data: bytes, folder: Path, reports: Mapping[str, Writer], watch: Stopwatch | None = None
) -> None:
    """Write the run folder whole or not at all: into a temporary folder beside it, then renamed."""
    watch = watch or Stopwatch()
    folder = folder.resolve()
    with watch.stage("explain"), uncollected():
        reasons = reasons_of(result)
    with watch.stage("write"), uncollected():
        files = {
            "book.xlsx": data,
            "allocation.csv": allocation_csv(result, reasons),
            "flows.csv": flows_csv(result),
            "transfers.csv": transfers_csv(result),
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
        with ThreadPoolExecutor() as together:  # the disk is what takes time
            for _ in together.map(_write_through, [fresh / name for name in files], files.values()):
                pass
        if folder.exists():
            folder.rename(old)
        fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        if old.exists() and not folder.exists():
            old.rename(folder)
        shutil.rmtree(old, ignore_errors=True)


def _write_through(path: Path, content: bytes) -> None:
    """Write a file and wait until it is on the disk."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


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


ALTERNATIVES = ("nearest_to_today", "most_even", "less_concentrated", "report.pdf", "brief.html", "brief.pdf")
"""What an answer may hold beside the files of its last writing: folders of ``haibun ranges``, a PDF, a brief."""


def hash_of(folder: Path) -> str:
    """The one hash that stands for every file of a run folder: its certificate holds those of all others."""
    return hashlib.sha256((folder / "certificate.json").read_bytes()).hexdigest()


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


def read_identified(folder: Path) -> Result:
    """The result of a run folder, re-checked as by ``read_run``; its facts hold the run's own hash."""
    result, _ = read_run(folder)
    return replace(result, facts=dict(result.facts) | {"run_sha256": hash_of(folder)})


def _read_run(folder: Path) -> tuple[Result, OpenBook]:
    files, facts, certificate = _evidence(folder)
    book = open_book(folder / "book.xlsx")
    if book.sha256 != facts["book_sha256"]:
        raise CheckFailed(say("book.xlsx is not the workbook that this run was made from."))
    portfolio = scenario.apply(book.portfolio, facts["scenario"], facts["set"]).portfolio
    stated = exact.state_exactly(portfolio)
    plan = _plan_from(files, certificate, stated)
    multipliers = {tuple(entry[:-1]): int(entry[-1]) for entry in certificate["multipliers"]}
    proven, unexcused = proof.prove(stated, plan, proof.bound_from(stated, multipliers))
    if unexcused:
        raise CheckFailed(breach_in_words(unexcused[0]))
    result = Result(portfolio, stated, plan, proven, facts, multipliers, facts.get("fillers", {}))
    _agree(result, files, facts, certificate)
    return result, book


def _evidence(folder: Path) -> tuple[dict[str, bytes], dict[str, Any], dict[str, Any]]:
    """Read every file of the folder and hold it against the hashes."""
    try:
        run_bytes = (folder / "run.json").read_bytes()
        certificate = _own_hash_checked((folder / "certificate.json").read_bytes())
        facts = json.loads(run_bytes)
        files = {name: (folder / name).read_bytes() for name in facts["files"]}
    except FileNotFoundError as error:
        missing = Path(error.filename).name
        raise CheckFailed(
            say("{folder} is no run folder, or not whole: {file} is missing.", folder=folder, file=missing)
        ) from None
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
        written = {str(plain(name)): name for name in book.portfolio.programmes}
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
    untold = [("", "")] * len(result.lines)
    stated = {
        "score": (str(result.proof.score), certificate.get("score")),
        "bound": (str(result.proof.bound), certificate.get("bound")),
        "run.json score": (float(result.proof.score), facts["score"]),
        "run.json bound": (float(result.proof.bound), facts["bound"]),
        "run.json gap": (float(result.proof.gap), facts["gap"]),
        "allowances": (len(result.proof.allowances), len(facts["allowances"])),
        "flows.csv": (_figures(flows_csv(result)), _figures(files["flows.csv"])),
        "allocation.csv": (_figures(allocation_csv(result, untold)), _figures(files["allocation.csv"])),
        "transfers.csv": (_figures(transfers_csv(result)), _figures(files["transfers.csv"])),
    }
    for name, (found, written) in stated.items():
        if found != written:
            raise CheckFailed(say("{what} does not agree with the published amounts.", what=name))


def _figures(table: bytes) -> list[dict[str, str]]:
    """A table without what another version or machine may word or round in another way; the hashes hold that."""
    rows = csv.DictReader(io.StringIO(table.decode("utf-8-sig")))
    return [{name: value for name, value in row.items() if name not in NOT_EXACT} for row in rows]


NOT_EXACT = ("reason", "reason_ja", "next_points", "last_points", "stopped_by", "stopped_by_ja")


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
