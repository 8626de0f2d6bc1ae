"""Every hostile book through ``haibun check`` and ``haibun solve`` in a process of its own: what each takes.

    python tests/bench/run_hostile.py

POSIX only (it asks the system what each process took). Prints the slowest and the largest, and every breach: an exit
code that the command does not document, a traceback, more than 10 seconds of a processor or 500 MiB.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from multiprocessing import get_context
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from hostile.kinds import KINDS
from hostile.outcomes import Same

SECONDS, MIB = 10, 500
PROGRAM = "from optimizer.cli import entry; entry()"


def measured(arguments: list[str], log: Path) -> tuple[int, float, float]:
    """Exit code, seconds of a processor and MiB of one command; what it said goes to ``log``."""
    with log.open("wb") as said:
        process = subprocess.Popen([sys.executable, "-c", PROGRAM, *arguments], stdout=said, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def write_all(folder: str) -> None:
    """Write every book, in another process: a child's memory is counted from what its parent held."""
    for number, kind in enumerate(KINDS):
        Path(folder, str(number)).mkdir()
        Path(folder, str(number), kind.filename).write_bytes(kind.data)


def main() -> None:
    """Measure each kind and print the figures."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        writer = get_context("spawn").Process(target=write_all, args=(folder,))
        writer.start()
        writer.join()
        for number, kind in enumerate(KINDS):
            book, log = Path(folder, str(number), kind.filename), Path(folder, "log")
            for verb in ("check", "solve"):
                out = ["--out", str(Path(folder, "run"))] if verb == "solve" else []
                code, seconds, mib = measured([verb, str(book), *out], log)
                found.append((seconds, mib, verb, kind.name))
                expected = 0 if isinstance(kind.expect, Same) else 1
                if code != expected or seconds > SECONDS or mib > MIB or b"Traceback" in log.read_bytes():
                    print(f"BREACH {verb} {kind.name}: exit {code}, {seconds:.1f} s, {mib:.0f} MiB", flush=True)
    print(f"{len(KINDS)} kinds, {len(found)} commands")
    for key, what in ((0, "slowest"), (1, "largest")):
        worst = sorted(found, key=lambda row: -row[key])[:3]
        print(what, "; ".join(f"{verb} {name}: {seconds:.1f} s, {mib:.0f} MiB" for seconds, mib, verb, name in worst))


if __name__ == "__main__":
    main()
