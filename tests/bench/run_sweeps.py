"""Speed of sweeps, as ratios measured in one run, printed as a table.

    uv run python tests/bench/run_sweeps.py              (some minutes)

"PuLP and CBC" is tests/bench/naive.py in a loop, as most people would write it; CBC is the system's own (Debian:
coinor-cbc), and where there is none HiGHS stands in for it, which the table says. Targets are those of the project's
brief. Nothing else should run meanwhile: what is measured with two processes wants two free processors.
"""

from __future__ import annotations

import os
import random
import shutil
import sys
from collections.abc import Iterator, Sequence

if __name__ != "__mp_main__":  # the processes of a pool begin with this file and need none of it
    import naive
    import pulp
    from distributed import LocalCluster
    from generate import sized
    from run_bench import Measured, print_table, seconds
    from support import opened

    from optimizer import scenario
    from optimizer.portfolio import Portfolio
    from optimizer.sweep import Alone, Cluster, Crew, Outcome, Processes, Variant, sweep
    from optimizer.sweep.solving import with_effects

THEIRS, MANY = 60, 2000
TIMES = 2
"""Each crew is measured so often, and the best counts."""
CBC = shutil.which("cbc")
AGREES = 1e-4


def mixed(book: Portfolio, count: int, seed: int = 0) -> list[Variant]:
    """Money, weights, one programme's effects, a lever, and all effects drawn anew, in turn."""
    draw = random.Random(seed)
    regions = list(dict.fromkeys(region for region, _ in book.priorities))
    kinds = [
        lambda: Variant(sets=(f"budget_factor={draw.uniform(0.9, 1.1):.3f}",)),
        lambda: Variant(sets=(f"weight_factor:{draw.choice(regions)}={draw.uniform(0.7, 1.4):.2f}",)),
        lambda: Variant(sets=(f"effect_factor:{draw.choice(list(book.programmes))}={draw.uniform(0.7, 1.4):.2f}",)),
        lambda: Variant(sets=(f"lever:{draw.choice(list(book.levers))}=on",)),
        lambda: Variant(effects={e.row: round(float(e.score) * draw.uniform(0.7, 1.3), 4) for e in book.effects}),
    ]
    return [kinds[number % len(kinds)]() for number in range(count)]


def loop_of_pulp(book: Portfolio, variants: Sequence[Variant]) -> list[float]:
    """Each variant's model built and solved anew."""
    solver = pulp.COIN_CMD(path=CBC, msg=False) if CBC else pulp.HiGHS(msg=False)
    scores = []
    for variant in variants:
        active = scenario.apply(with_effects(book, variant.effects), variant.scenario, variant.sets).portfolio
        problem = naive.build(active)
        problem.solve(solver)
        scores.append(pulp.value(problem.objective))
    return scores


def rate_of(book: Portfolio, variants: Sequence[Variant], crew: Crew) -> tuple[float, list[Outcome]]:
    """Variants a second, the starting of the crew included, and what came out."""
    found: dict[str, list[Outcome]] = {}
    best = seconds(lambda: found.update(it=sweep(book, variants, crew)), TIMES)
    return len(variants) / best, found["it"]


def sweeps_are_many_times_as_fast_as_pulp_and_cbc(size: str) -> Iterator[Measured]:
    """Variants a second; every score is the loop's."""
    book = opened(sized(size)).portfolio
    variants = mixed(book, MANY)
    scores: list[float] = []
    rate = THEIRS / seconds(lambda: scores.extend(loop_of_pulp(book, variants[:THEIRS])))
    note = "PuLP and CBC" if CBC else "no CBC here: PuLP and HiGHS"
    for what, crew, target in (("one process", Alone(), 10), ("two processes", Processes(2), 25)):
        ours, outcomes = rate_of(book, variants, crew)
        far = max(abs((outcome.score or 0.0) - score) for outcome, score in zip(outcomes, scores, strict=False))
        if far > AGREES:
            sys.exit(f"PuLP and CBC find another score, {far} away")
        yield Measured(f"sweep, {what}", size, ours, rate, target, "1/s", note, at_least=True)


def a_mixed_sweep_of_a_large_book_is_twenty_times_as_fast_as_pulp(size: str, count: int) -> Iterator[Measured]:
    """Variants a second on one process, against PuLP's model built and solved anew by HiGHS with its defaults."""
    book = opened(sized(size)).portfolio
    active = scenario.apply(book).portfolio
    theirs = 1 / seconds(lambda: naive.build(active, False).solve(pulp.HiGHS(msg=False)))
    ours, _ = rate_of(book, mixed(book, count), Alone())
    yield Measured("mixed sweep, one process", size, ours, theirs, 20, "1/s", "PuLP and HiGHS", at_least=True)


def a_cluster_is_nearly_as_fast_as_a_pool(size: str, count: int) -> Iterator[Measured]:
    """Two processes each; the pool's starting and the cluster's answering are in, the cluster's starting is not."""
    book = opened(sized(size)).portfolio
    variants = mixed(book, count)
    pool, expected = rate_of(book, variants, Processes(2))
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as running:
        ours, outcomes = rate_of(book, variants, Cluster(running.scheduler_address))
    if [repr(outcome) for outcome in outcomes] != [repr(outcome) for outcome in expected]:
        sys.exit("the cluster finds other digits than the pool")
    yield Measured(
        f"Dask / pool, {count:,} variants", size, ours, pool, 0.8, "1/s", "the same to the last digit", at_least=True
    )


def a_second_process_brings(sizes: Sequence[tuple[str, int]]) -> Iterator[Measured]:
    """Variants a second with two processes against one: what a second worker brings."""
    for size, count in sizes:
        book = opened(sized(size)).portfolio
        variants = mixed(book, count)
        one, _ = rate_of(book, variants, Processes(1))
        two, _ = rate_of(book, variants, Processes(2))
        note = f"{1000 / one:.1f} ms a variant on one"
        yield Measured(f"two processes / one, {count:,} variants", size, two, one, None, "1/s", note)


def main() -> None:
    """Measure and print the table."""
    if (os.cpu_count() or 1) < 2:
        print("Fewer than two processors: lines with two processes say little.", file=sys.stderr)
    lines: list[Measured] = []
    for found in (
        sweeps_are_many_times_as_fast_as_pulp_and_cbc("S"),
        a_mixed_sweep_of_a_large_book_is_twenty_times_as_fast_as_pulp("M", 40),
        a_cluster_is_nearly_as_fast_as_a_pool("S", MANY),
        a_second_process_brings([("S", MANY), ("M", 40)]),
    ):
        for line in found:
            lines.append(line)
            print(" | ".join(line.cells()), file=sys.stderr, flush=True)
    print_table(lines)


if __name__ == "__main__":
    main()
