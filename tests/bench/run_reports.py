"""Seconds that the reports of the real case take, from a published plan to the bytes of every file.

    uv run python tests/bench/run_reports.py

All of them together are to take less than ten seconds; what is loaded for the first time is counted too. The first PDF
is printed by a second process while this one writes the rest, so the longer of the two is what an idle machine of two
cores takes, and is held against the target in processor seconds. The brief is written with what the levers are worth,
whose solves are not counted.
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
    printer = next(name for name, writer in writers.items() if isinstance(writer, report.Printer))
    lines, beside, here = [["file", "processor", "wall", "size"]], 0.0, 0.0
    for name, write in writers.items():
        started, worked = time.perf_counter(), time.process_time()
        data = write(result)
        taken, work = time.perf_counter() - started, time.process_time() - worked
        beside, here = (beside + work, here) if name == printer else (beside, here + work)
        lines.append([name, f"{work:.2f} s", f"{taken:.2f} s", f"{len(data) / 1e6:.2f} MB"])
    whole, started = max(beside, here), time.perf_counter()
    report.written(writers, result)
    lines.append(["all at once", "", f"{time.perf_counter() - started:.2f} s", ""])
    lines.append(["the longer", f"{whole:.2f} s", "", "held" if whole < MOST else f"NOT under {MOST:.0f} s"])
    for line in lines:
        print("  ".join(cell.ljust(14) for cell in line))


if __name__ == "__main__":
    main()
