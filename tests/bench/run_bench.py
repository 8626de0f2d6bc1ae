"""Speed, as ratios measured in one run, printed as a table. Absolute times drift; ratios hold.

    uv run python tests/bench/run_bench.py                  sizes S and M (a minute)
    uv run python tests/bench/run_bench.py --sizes S,M,L    with the largest book (some minutes)

Targets are those of the project's brief. "PuLP" is tests/bench/naive.py, the model as most people would write it:
`lpSum` for each row, solved by PuLP's own HiGHS with its defaults.
"""

from __future__ import annotations

import argparse
import gc
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "bench")]

import highspy  # noqa: E402
import naive  # noqa: E402
import openpyxl  # noqa: E402
import pulp  # noqa: E402
from generate import sized  # noqa: E402
from support import opened  # noqa: E402

from optimizer import checks, model, report, run, scenario, solver, workbook  # noqa: E402
from optimizer.portfolio import Portfolio  # noqa: E402


@dataclass(frozen=True)
class Measured:
    """One line of the table: ours against theirs, and the ratio that is good enough (None: no target).

    Ours may be that much at most, or with ``at_least`` must be that much.
    """

    what: str
    size: str
    ours: float
    theirs: float
    target: float | None = None
    unit: str = "s"
    note: str = ""
    at_least: bool = False

    @property
    def ratio(self) -> float:
        """Ours for one of theirs."""
        return self.ours / self.theirs

    def cells(self) -> list[str]:
        """The line as text."""
        held = self.target is not None and (self.ratio >= self.target if self.at_least else self.ratio <= self.target)
        verdict = "" if self.target is None else "yes" if held else "NO"
        target = "" if self.target is None else f"{self.target:.3f}"
        amounts = [f"{amount:.2f} {self.unit}" for amount in (self.ours, self.theirs)]
        return [self.what, self.size, *amounts, f"{self.ratio:.3f}", target, verdict, self.note]


HEADINGS = ["what", "size", "ours", "theirs", "ratio", "target", "held", "note"]


def seconds(work: Callable[[], object], times: int = 1) -> float:
    """The best of some runs."""
    best = float("inf")
    for _ in range(times):
        gc.collect()
        started = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - started)
    return best


def portfolio_of_size(size: str) -> Portfolio:
    """The active portfolio of a generated book, without the search for the nearest of equally good plans."""
    portfolio = scenario.apply(opened(sized(size)).portfolio).portfolio
    return portfolio.with_changes(settings=replace(portfolio.settings, tie_break=False))


def handed_over_by_pulp(problem: pulp.LpProblem) -> None:
    """PuLP's own way of filling HiGHS."""
    handing = pulp.HiGHS(msg=False)
    handing.createAndConfigureSolver(problem)
    handing.buildSolverModel(problem)


def handed_over_by_us(built: model.Model) -> None:
    """Ours: PuLP's problem and HiGHS's, both filled in bulk."""
    handing = solver.BulkHiGHS(built)
    handing.createAndConfigureSolver(built.problem)
    handing.buildSolverModel(built.problem)


def building_and_handing_over_takes_a_sixth_of_pulp(size: str) -> Iterator[Measured]:
    """From the portfolio to a filled HiGHS, with PuLP's problem in between in both."""
    portfolio, times = portfolio_of_size(size), {"S": 5, "M": 3}.get(size, 1)
    ours = seconds(lambda: handed_over_by_us(model.build(portfolio)), times)
    for note, has_columns in (("spending written out as lpSum", False), ("row by row the same model", True)):
        theirs = seconds(lambda has=has_columns: handed_over_by_pulp(naive.build(portfolio, has)), times)
        target = 1 / 6 if size != "S" and not has_columns else None
        yield Measured("build + hand over", size, ours, theirs, target, note=note)


def the_first_solve_takes_a_quarter_of_pulp_with_defaults(size: str) -> Iterator[Measured]:
    """Solving from scratch, handing over included; both find the same score."""
    portfolio = portfolio_of_size(size)
    built = model.build(portfolio)
    built.problem  # noqa: B018  (filled outside the clock, as PuLP's is)
    found: dict[str, float] = {}
    ours = seconds(lambda: found.update(ours=solver.solve(built).score))
    for note, has_columns in (("spending written out as lpSum", False), ("row by row the same model", True)):
        problem = naive.build(portfolio, has_columns)
        theirs = seconds(lambda p=problem: p.solve(pulp.HiGHS(msg=False)))
        if abs(pulp.value(problem.objective) - found["ours"]) > 1e-4:
            sys.exit(f"PuLP scores {pulp.value(problem.objective)}, we {found['ours']}")
        target = 1 / 4 if size == "M" and not has_columns else None
        yield Measured("first solve", size, ours, theirs, target, note=note)


class HighsClock:
    """Adds up the wall time inside HiGHS's own run."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __enter__(self) -> HighsClock:
        self.real = highspy.Highs.run

        def timed(highs: Any) -> Any:
            started = time.perf_counter()
            try:
                return self.real(highs)
            finally:
                self.seconds += time.perf_counter() - started

        highspy.Highs.run = timed
        return self

    def __exit__(self, *_: object) -> None:
        highspy.Highs.run = self.real


def everything_around_highs_takes_three_quarters_of_its_time(size: str) -> Iterator[Measured]:
    """The whole command: read, check, build, hand over, publish, prove, write; then with reasons and with reports."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "book.xlsx"
        workbook.write(path, sized(size))
        watch = run.Stopwatch()
        with HighsClock() as clock:
            started = time.perf_counter()
            book = run.open_book(path, watch)
            result = run.solve_book(book, watch=watch)
            run.write_run(result, book.data, Path(folder) / "bare", {}, watch)
            bare = time.perf_counter() - started
            run.write_run(result, book.data, Path(folder) / "run", report.writers("en"), run.Stopwatch())
            whole = time.perf_counter() - started
    spent = ", ".join(f"{name} {took:.2f}" for name, took in watch.seconds.items())
    around = f"HiGHS {clock.seconds:.2f}; {spent}; reports {whole - bare:.2f}; gap {float(result.proof.gap):.5f}"
    target = 3 / 4 if size == "M" else None
    told = watch.seconds["explain"]
    yield Measured("around HiGHS", size, bare - told - clock.seconds, clock.seconds, target, note=around)
    yield Measured("around HiGHS, with reasons", size, bare - clock.seconds, clock.seconds)
    yield Measured("around HiGHS, with reports", size, whole - clock.seconds, clock.seconds)


WHOLE_COMMAND = """
import json, sys, time
started = time.perf_counter()
import highspy
took = [0.0]
real = highspy.Highs.run
def timed(highs):
    begun = time.perf_counter()
    try:
        return real(highs)
    finally:
        took[0] += time.perf_counter() - begun
highspy.Highs.run = timed
from optimizer.cli import main
main(sys.argv[1:], standalone_mode=False)
try:
    import resource
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
except ImportError:
    peak = 0
print(json.dumps({"highs": took[0], "peak": peak, "all": time.perf_counter() - started}))
"""


def whole_command(*arguments: str | Path) -> dict[str, float]:
    """Run the command in a process of its own: seconds in all and in HiGHS, and the peak of memory in bytes."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", WHOLE_COMMAND, *map(str, arguments), "--quiet"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=ROOT,
        check=False,
    )
    wall = time.perf_counter() - started
    if done.returncode:
        sys.exit(done.stderr)
    return dict(json.loads(done.stdout.splitlines()[-1])) | {"wall": wall}


def memory_stays_under_three_gibibytes(size: str) -> Iterator[Measured]:
    """The peak of the whole command, reports included."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "book.xlsx"
        workbook.write(path, sized(size))
        took = whole_command("solve", path, "--out", Path(folder) / "run")
    note = f"whole command {took['wall']:.0f} s, of which HiGHS {took['highs']:.0f} s"
    if took["peak"]:
        target = 1.0 if size == "L" else None
        yield Measured("peak memory / 3 GiB", size, took["peak"] / 2**30, 3.0, target, "GiB", note)


def reading_five_thousand_programmes_is_five_times_as_fast_as_openpyxl(size: str) -> Iterator[Measured]:
    """Every cell of every sheet; ours also with every check made."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "book.xlsx"
        workbook.write(path, sized("L"))

        def theirs(read_only: bool) -> int:
            book = openpyxl.load_workbook(path, data_only=True, read_only=read_only)
            cells = sum(len(row) for sheet in book for row in sheet.iter_rows(values_only=True))
            book.close()
            return cells

        plain, streamed = seconds(lambda: theirs(False)), seconds(lambda: theirs(True))
        read = seconds(lambda: workbook.read(path), 3)
        judged = seconds(lambda: checks.check(workbook.read(path)), 3)
    yield Measured("read 5,000 programmes", size, read, plain, 1 / 5, note="openpyxl")
    yield Measured("read 5,000 programmes", size, read, streamed, None, note="openpyxl, read-only mode")
    yield Measured("read and check them", size, judged, plain, 1 / 2, note="openpyxl only reads")


def the_japan_case_takes_under_three_seconds() -> Iterator[Measured]:
    """The README's command in a fresh process with a warm file cache, imports and reports included."""
    with tempfile.TemporaryDirectory() as folder:
        book = ROOT / "inputs" / "japan.xlsx"
        runs = [whole_command("solve", book, "--out", Path(folder) / "run") for _ in range(4)]
    best = min(runs[1:], key=lambda took: took["wall"])
    note = f"HiGHS {best['highs']:.2f} s ({best['highs'] / best['wall']:.0%})"
    yield Measured("Japan case / 3 s", "", best["wall"], 3.0, 1.0, note=note)


def main() -> None:
    """Measure what the sizes ask for and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="S,M", help="any of S, M, L, comma separated")
    sizes = parser.parse_args().sizes.upper().split(",")
    lines: list[Measured] = []

    def measure(found: Iterator[Measured]) -> None:
        for line in found:
            lines.append(line)
            print(" | ".join(line.cells()), file=sys.stderr, flush=True)

    for size in sizes:
        measure(building_and_handing_over_takes_a_sixth_of_pulp(size))
    for size in sizes:
        if size != "L":
            measure(the_first_solve_takes_a_quarter_of_pulp_with_defaults(size))
            measure(everything_around_highs_takes_three_quarters_of_its_time(size))
    if "L" in sizes:
        measure(memory_stays_under_three_gibibytes("L"))
    measure(reading_five_thousand_programmes_is_five_times_as_fast_as_openpyxl("L"))
    measure(the_japan_case_takes_under_three_seconds())

    print_table(lines)


def print_table(lines: list[Measured]) -> None:
    """The lines under their headings."""
    table = [HEADINGS, *(line.cells() for line in lines)]
    widths = [max(len(row[column]) for row in table) for column in range(len(HEADINGS))]
    table.insert(1, ["-" * width for width in widths])
    for row in table:
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |")


if __name__ == "__main__":
    main()
