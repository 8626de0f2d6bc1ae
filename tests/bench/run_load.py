"""Fifty planners on one office server for some minutes: uploads, what-ifs, background questions. Loopback only.

    python tests/bench/run_load.py [SECONDS [BOOK]]

BOOK is one of inputs/: minimal (by itself) or japan.

Each planner thinks for some seconds between two requests, as people do. Prints errors, medians and 95th percentiles by
what was asked, and the memory of the server and its workers at the beginning and at the end.
"""

from __future__ import annotations

import random
import sys
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path
from statistics import median, quantiles

import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))
from crash import FORM, UPLOAD, Office, a_book, encoded

PLANNERS, THINKS = 50, (2.0, 8.0)


class Figures:
    """Seconds by what was asked, and what went wrong."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.errors: list[str] = []

    def ask(self, office: Office, what: str, *request: object) -> bytes:
        """One request, timed."""
        begun = time.perf_counter()
        status, answer = office.ask(*request)
        self.seconds[what].append(time.perf_counter() - begun)
        if status not in (200, 201, 202, 429):
            self.errors.append(f"{what}: {status} {answer[:200]!r}")
        return answer


def planner(office: Office, data: bytes, number: int, until: float, figures: Figures) -> None:
    """Upload once, then move the budget about; now and then a question."""
    chance = random.Random(number)
    time.sleep(chance.uniform(0, THINKS[1]))
    made = b""
    while b'"id":"' not in made:  # where too many wait, the server says so, and people try again
        if time.monotonic() > until:
            return
        made = figures.ask(office, "upload", "POST", "/api/v1/books", UPLOAD % data, "multipart/form-data; boundary=x")
    book = f"/api/v1/books/{made.split(b'"id":"')[1][:16].decode()}"
    while time.monotonic() < until:
        time.sleep(chance.uniform(*THINKS))
        if chance.random() < 0.04:
            figures.ask(office, "question", "POST", f"{book}/questions", encoded({"kind": "prices"}), FORM)
        else:
            change = f"set=budget_factor={chance.uniform(0.8, 1.2):.3f}&detail=live"
            figures.ask(office, "what-if", "GET", f"{book}/answer?{change}")


def megabytes(pid: int) -> float:
    """What a process and its children hold."""
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return sum(member.memory_info().rss for member in family) / 1e6


def main() -> None:
    """Run the load and print the figures."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 300.0
    name = sys.argv[2] if len(sys.argv) > 2 else "minimal"
    books, figures = [a_book(number, name) for number in range(PLANNERS)], Figures()
    with tempfile.TemporaryDirectory() as place:
        Path(place, "office").mkdir()
        office = Office(Path(place, "office"), None)
        until = time.monotonic() + seconds
        people = [
            threading.Thread(target=planner, args=(office, data, n, until, figures)) for n, data in enumerate(books)
        ]
        for person in people:
            person.start()
        time.sleep(seconds / 5)
        early = megabytes(office.process.pid)
        time.sleep(seconds * 3 / 5)
        late = megabytes(office.process.pid)
        for person in people:
            person.join()
        office.kill()
    print(f"{PLANNERS} planners, {seconds:.0f} s: {len(figures.errors)} errors; memory {early:.0f} → {late:.0f} MB")
    for what, found in figures.seconds.items():
        print(f"{what}: {len(found)} times, median {median(found):.2f} s, 95 % {quantiles(found, n=20)[-1]:.2f} s")
    for error in figures.errors[:5]:
        print(error)


if __name__ == "__main__":
    main()
