"""Two hundred kills at random moments on each database, while books, scenarios and questions come in.

    python tests/bench/run_crash.py [KILLS [SECONDS [DATABASE]]]

Three planners work at a time; each server lives for SECONDS at most (2.5). DATABASE: SQLite or PostgreSQL alone.

Ends with an error where anything that was acknowledged is missing or half there. POSIX only.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from crash import loop
from databases import fresh, postgres_in

PLANNERS = 3


def main() -> None:
    """Run both loops and print their figures."""
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    longest = float(sys.argv[2]) if len(sys.argv) > 2 else 2.5
    chosen = sys.argv[3:] or ["SQLite", "PostgreSQL"]
    with tempfile.TemporaryDirectory() as folder, postgres_in(Path(folder)) as server:
        for name, url in (("SQLite", None), ("PostgreSQL", fresh(server))):
            if name not in chosen:
                continue
            with tempfile.TemporaryDirectory() as place:
                begun = time.monotonic()
                figures = loop(Path(place, "office"), url, kills, seed=kills, longest=longest, planners=PLANNERS)
                print(f"{name}: {figures}; {time.monotonic() - begun:.0f} s", flush=True)


if __name__ == "__main__":
    main()
