"""Fifty planners on one office server for some minutes: uploads, what-ifs, background questions. Loopback only.

    python tests/bench/run_load.py [SECONDS [BOOK [DIFFERENT]]]

BOOK is one of inputs/: minimal (by itself) or japan. The planners upload so many different ones (50: each their own;
1: all the same).

Each planner thinks for some seconds between two requests, as people do. Prints errors, medians and 95th percentiles by
what was asked, the memory of the server and its workers as time goes on, and what they used of the processors.
"""

from __future__ import annotations

import random
import sys
import tempfile
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))
from crash import FORM, UPLOAD, Office, a_book, encoded

from webui import people
from webui.store import Store

PLANNERS, THINKS = 50, (2.0, 8.0)


class Figures:
    """Seconds by what was asked, and what went wrong."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.errors: list[str] = []

    def __str__(self) -> str:
        return "\n".join(
            f"{what}: {len(found)} times, median {median(found):.2f} s, 95 % {quantiles(found, n=20)[-1]:.2f} s"
            for what, found in self.seconds.items()
        )


@dataclass
class Planner:
    """Somebody at work: uploads once, then moves the budget about; now and then a question."""

    office: Office
    token: str
    data: bytes
    chance: random.Random
    figures: Figures

    def work(self, until: float) -> None:
        """Work on until a moment of the monotonic clock."""
        time.sleep(self.chance.uniform(0, THINKS[1]))
        made = b""
        while b'"id":"' not in made:  # where too many wait, the server says so, and people try again
            if time.monotonic() > until:
                return
            made = self.ask("upload", "POST", "/api/v1/books", UPLOAD % self.data, "multipart/form-data; boundary=x")
        book = f"/api/v1/books/{made.split(b'"id":"')[1][:16].decode()}"
        while time.monotonic() < until:
            time.sleep(self.chance.uniform(*THINKS))
            if self.chance.random() < 0.04:
                self.ask("question", "POST", f"{book}/questions", encoded({"kind": "prices"}), FORM)
            else:
                change = f"set=budget_factor={self.chance.uniform(0.8, 1.2):.3f}&detail=live"
                self.ask("what-if", "GET", f"{book}/answer?{change}")

    def ask(self, what: str, method: str, target: str, body: bytes = b"", kind: str = "") -> bytes:
        """One request, timed."""
        begun = time.perf_counter()
        status, answer = self.office.ask(method, target, body, kind, self.token)
        self.figures.seconds[what].append(time.perf_counter() - begun)
        if status not in (200, 201, 202, 429):
            self.figures.errors.append(f"{what}: {status} {answer[:200]!r}")
        return answer


def tokens_in(folder: Path) -> list[str]:
    """An office with its administrator, and a token of each planner."""
    store = Store(folder)
    people.add(store, "admin", "", [people.ADMINISTRATOR], "main", "bench")
    names = [f"planner-{number}" for number in range(PLANNERS)]
    for name in names:
        people.add(store, name, "", ["planner"], "main", "bench")
    tokens = [people.new_token(store, name, "load", "bench") for name in names]
    store.close()
    return tokens


def megabytes(pid: int) -> float:
    """What a process and its children hold."""
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return sum(member.memory_info().rss for member in family) / 1e6


def processor_seconds(pid: int) -> float:
    """What a process and its children, ended ones too, have used of the processors."""
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    ended = psutil.Process(pid).cpu_times()
    return sum(sum(member.cpu_times()[:2]) for member in family) + ended.children_user + ended.children_system


def main() -> None:
    """Run the load and print the figures."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 300.0
    name = sys.argv[2] if len(sys.argv) > 2 else "minimal"
    different = int(sys.argv[3]) if len(sys.argv) > 3 else PLANNERS
    books, figures = [a_book(number, name) for number in range(different)], Figures()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "office")
        tokens = tokens_in(folder)
        office = Office(folder, None, "--office")
        until = time.monotonic() + seconds
        planners = [
            Planner(office, token, books[number % different], random.Random(number), figures)
            for number, token in enumerate(tokens)
        ]
        threads = [threading.Thread(target=planner.work, args=(until,)) for planner in planners]
        for thread in threads:
            thread.start()
        held = []
        for share in (1 / 5, 2 / 5, 3 / 5, 4 / 5):
            time.sleep(max(0.0, until - seconds * (1 - share) - time.monotonic()))
            held.append(f"{megabytes(office.process.pid):.0f}")
        for thread in threads:
            thread.join()
        used = processor_seconds(office.process.pid)
        office.kill()
    print(f"{PLANNERS} planners, {different} books, {seconds:.0f} s: {len(figures.errors)} errors")
    print(f"memory after each fifth: {' → '.join(held)} MB; processors: {used:.0f} s")
    print(figures)
    print(*figures.errors[:5], sep="\n")


if __name__ == "__main__":
    main()
