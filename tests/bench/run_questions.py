"""Speed of questions that are many re-solves, as ratios measured in one run, printed as a table.

    uv run python tests/bench/run_questions.py              (some minutes)

Targets are those of the project's brief. "PuLP" is tests/bench/naive.py with PuLP's own HiGHS and its defaults.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle
from pathlib import Path

import naive
import pulp
from generate import Raw, sized
from run_bench import ROOT, Measured, print_table, seconds, whole_command
from support import opened

from optimizer import model, run, scenario
from optimizer.live import Live
from optimizer.questions.frontier import frontier
from optimizer.questions.repair import repair
from optimizer.session import Session

JAPAN = ROOT / "inputs" / "japan.xlsx"
WARM = 6


def all_lever_combinations_take_ten_cold_solves() -> Iterator[Measured]:
    """Whole commands with reports: 512 combinations against ten times one plan."""
    with tempfile.TemporaryDirectory() as folder:
        ours = whole_command("levers", JAPAN, "--out", Path(folder) / "levers")["wall"]
        theirs = min(whole_command("solve", JAPAN, "--out", Path(folder) / "run")["wall"] for _ in range(3))
    yield Measured("512 lever combinations / 10 solves", "Japan", ours, 10 * theirs, 1.0)


def a_warm_what_if_takes_a_tenth_of_a_cold_solve() -> Iterator[Measured]:
    """Inside one process, from the scenario to its score, against everything a cold solve does after reading."""
    book = run.open_book(JAPAN)
    cold = seconds(lambda: run.solve_book(book), 3)
    what_ifs = {
        "budget ±1 %": ["budget_factor=1.01", "budget_factor=0.99"],
        "weights of a region": ["weight_factor:SEA=1.1", "weight_factor:SEA=0.9"],
        "a limit": ["limit_value:oda_risk_cap=0.62", "limit_value:oda_risk_cap=0.63"],
        "effects of a programme": ["effect_factor:grant_KEN=1.1", "effect_factor:grant_KEN=0.9"],
        "a lever": ["lever:p9_balance=on", "lever:p9_balance=off"],
        "a pin": ["pin:grant_KEN=60", "pin:grant_KEN=62"],
    }
    session = Session(book.portfolio)
    for what, sets in what_ifs.items():
        warm = seconds_of_a_turn(session, sets)
        yield Measured("warm what-if / cold solve", "Japan", warm, cold, 0.1, note=what)


def seconds_of_a_turn(session: Session, sets: Sequence[str]) -> float:
    """The mean of some turns to and fro, after a first one."""
    turns = cycle(sets)

    def turn() -> None:
        session.turn_to([next(turns)])
        session.score()

    turn()
    return seconds(lambda: [turn() for _ in range(WARM)]) / WARM


def the_frontier_takes_ten_seconds() -> Iterator[Measured]:
    """Half to one and a half times today's money, to 1e-4 of the score."""
    book = run.open_book(JAPAN)
    for name in ("base", "all_proposals"):
        found = {}
        took = seconds(lambda name=name, found=found: found.update(it=frontier(book, name)))
        yield Measured("frontier / 10 s", "Japan", took, 10.0, 1.0, note=f"{name}: {found['it'].solves} solves")


def near_what_ifs_are_fifty_times_as_fast_as_pulp(size: str) -> Iterator[Measured]:
    """From the scenario to its score, against PuLP's model built and solved anew."""
    portfolio = opened(sized(size)).portfolio
    active = scenario.apply(portfolio).portfolio
    theirs = seconds(lambda: naive.build(active, False).solve(pulp.HiGHS(msg=False)))
    session = Session(portfolio)
    region = next(iter(portfolio.priorities))[0]
    for what, sets in {
        "budget ±1 %": ["budget_factor=1.01", "budget_factor=0.99"],
        "weights of a region": [f"weight_factor:{region}=1.1", f"weight_factor:{region}=0.9"],
    }.items():
        warm = seconds_of_a_turn(session, sets)
        yield Measured("warm what-if / PuLP cold", size, warm, theirs, 1 / 50 if size == "M" else None, note=what)


def repair_takes_five_cold_solves(size: str) -> Iterator[Measured]:
    """Processor time of the menu of ways out, against building and solving the book that was spoilt."""
    for what, spoil in {
        "a floor": lambda raw: spoil_with_floors(raw, 1),
        "two floors": lambda raw: spoil_with_floors(raw, 2),
        "an aim": spoil_with_an_aim,
        "dear minimums": spoil_with_minimums,
        "few experts": spoil_with_few_experts,
    }.items():
        raw = sized(size)
        whole = opened(raw)
        spoil(raw)
        spoilt = opened(raw)
        ours = processor_seconds(lambda spoilt=spoilt: repair(spoilt))
        theirs = processor_seconds(lambda whole=whole: cold_solve(whole))
        yield Measured("repair / 5 cold solves", size, ours, 5 * theirs, 1.0, note=what)


def spoil_with_floors(raw: Raw, count: int) -> None:
    """Ask the first accounts, which may now change, for more than they have."""
    for account in raw["Accounts"][:count]:
        account["kind"] = "cabinet"
        most = round(1.3 * max(amount for year, amount in account.items() if isinstance(year, int)), 1)
        floor = {"limit": f"floor_{account['account']}", "measure": "spend", "sense": "min", "value": most}
        raw["Limits"].append({**floor, "account": account["account"]})


def spoil_with_an_aim(raw: Raw) -> None:
    """Aim at more than any plan attains."""
    next(limit for limit in raw["Limits"] if limit["measure"] == "attainment")["value"] = 0.9


def spoil_with_minimums(raw: Raw) -> None:
    """Ask nearly the maximum of each line of two accounts, which may now change."""
    for account in raw["Accounts"][:2]:
        account["kind"] = "cabinet"
        for programme in raw["Programmes"]:
            if programme["account"] == account["account"]:
                programme["minimum"] = round(programme["maximum"] * 0.9, 1)


def spoil_with_few_experts(raw: Raw) -> None:
    """Three tenths of the experts."""
    experts = next(resource for resource in raw["Resources"] if resource["resource"] == "experts")
    experts.update({year: round(available * 0.3) for year, available in experts.items() if isinstance(year, int)})


def cold_solve(book: run.OpenBook) -> None:
    """The model of the book in whole units, built, handed over and solved for the best score."""
    active = scenario.apply(book.portfolio).portfolio
    Live(model.build(active, model.Grid(active.settings.publish_unit)))


def processor_seconds(work: Callable[[], object]) -> float:
    """Processor time of one call: other programs on the machine have less of a say in it."""
    started = time.process_time()
    work()
    return time.process_time() - started


def main() -> None:
    """Measure and print the table."""
    lines: list[Measured] = []
    for found in (
        a_warm_what_if_takes_a_tenth_of_a_cold_solve(),
        the_frontier_takes_ten_seconds(),
        near_what_ifs_are_fifty_times_as_fast_as_pulp("S"),
        near_what_ifs_are_fifty_times_as_fast_as_pulp("M"),
        repair_takes_five_cold_solves("M"),
        all_lever_combinations_take_ten_cold_solves(),
    ):
        for line in found:
            lines.append(line)
            print(" | ".join(line.cells()), file=sys.stderr, flush=True)
    print_table(lines)


if __name__ == "__main__":
    main()
