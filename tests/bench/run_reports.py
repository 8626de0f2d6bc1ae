"""Seconds that the reports of the real case take, from a published plan to the bytes of every file.

    uv run python tests/bench/run_reports.py

All of them together are to take less than ten seconds; what is loaded for the first time is counted too. The first PDF
is printed by a second process while this one writes the rest, so that all at once take less than one after the other on
two idle cores. The brief is written with what the levers are worth, whose solves are not counted.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
JAPAN = ROOT / "inputs" / "japan.xlsx"
SCENARIO, LANGUAGE = "all_proposals", "ja"
MOST = 10.0


def main() -> None:
    sys.path.insert(0, str(ROOT))
    from optimizer import answering, report, run  # the second process loads this file too, and must not pay for it

    book = run.open_book(JAPAN)
    result = run.solve_book(book, SCENARIO)
    about = answering.Asked(book, SCENARIO, [], LANGUAGE)
    levers = answering.QUESTIONS["levers"](about, lambda _done, _total: None).document
    assert levers is not None
    writers = {**report.writers(LANGUAGE, with_pdf=True, with_tables=True), **report.briefs(LANGUAGE, True, [levers])}
    lines = [["file", "processor", "wall", "size"]]
    for name, write in writers.items():
        started, worked = time.perf_counter(), time.process_time()
        data = write(result)
        taken, work = time.perf_counter() - started, time.process_time() - worked
        lines.append([name, f"{work:.2f} s", f"{taken:.2f} s", f"{len(data) / 1e6:.2f} MB"])
    started = time.perf_counter()
    report.written(writers, result)
    whole = time.perf_counter() - started
    lines.append(["all at once", "", f"{whole:.2f} s", "held" if whole < MOST else f"NOT under {MOST:.0f} s"])
    for line in lines:
        print("  ".join(cell.ljust(14) for cell in line))


if __name__ == "__main__":
    main()
