"""Seconds that the reports of the real case take, from a published plan to the bytes of every file.

    uv run python tests/bench/run_reports.py

All of them together are to take less than ten seconds; what is loaded for the first time is counted too. They are
written by one thread, so processor seconds are what an idle machine takes, and are what is held against the target. The
brief is written with what the levers are worth, whose solves are not counted.
"""

from __future__ import annotations

import time

from run_bench import ROOT

from optimizer import answering, report, run

JAPAN = ROOT / "inputs" / "japan.xlsx"
SCENARIO, LANGUAGE = "all_proposals", "ja"
MOST = 10.0


def main() -> None:
    book = run.open_book(JAPAN)
    result = run.solve_book(book, SCENARIO)
    about = answering.Asked(book, SCENARIO, [], LANGUAGE)
    levers = answering.QUESTIONS["levers"](about, lambda _done, _total: None).document
    assert levers is not None
    writers = {**report.writers(LANGUAGE, with_pdf=True, with_tables=True), **report.briefs(LANGUAGE, True, [levers])}
    lines, whole = [["file", "processor", "wall", "size"]], 0.0
    for name, write in writers.items():
        started, worked = time.perf_counter(), time.process_time()
        data = write(result)
        taken, work = time.perf_counter() - started, time.process_time() - worked
        whole += work
        lines.append([name, f"{work:.2f} s", f"{taken:.2f} s", f"{len(data) / 1e6:.2f} MB"])
    lines.append(["all reports", f"{whole:.2f} s", "", "held" if whole < MOST else f"NOT under {MOST:.0f} s"])
    for line in lines:
        print("  ".join(cell.ljust(14) for cell in line))


if __name__ == "__main__":
    main()
