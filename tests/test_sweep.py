"""Many variants of one book: an outcome for each, the same to the last digit whoever solves them and in what order."""

from __future__ import annotations

import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import psutil
import pytest
from books import minimal, with_everything
from click.testing import CliRunner
from distributed import Client, LocalCluster
from hypothesis import given, settings
from hypothesis import strategies as st
from support import opened
from test_session import RANDOM, chains, cold

from optimizer import scenario, workbook
from optimizer.cli import main
from optimizer.errors import WrongUsage
from optimizer.portfolio import Portfolio
from optimizer.solver import Options
from optimizer.sweep import Alone, Cluster, Given, Outcome, Processes, Variant, sweep
from optimizer.sweep.crews import PROGRAM, refuse_without
from optimizer.sweep.solving import Solver, packed

sys.path.insert(0, str(Path(__file__).parent / "bench"))

from generate import sized


def mixed(book: Portfolio, count: int, seed: int = 0) -> list[Variant]:
    """Variants of every kind, some without a plan and some that make no sense."""
    draw = random.Random(seed)
    regions = list(dict.fromkeys(region for region, _ in book.priorities))

    def one() -> Variant:
        sets = [
            f"budget_factor={draw.uniform(0.9, 1.1):.3f}",
            f"weight_factor:{draw.choice(regions)}={draw.uniform(0.5, 2):.2f}",
            f"effect_factor:{draw.choice(list(book.programmes))}={draw.uniform(0.5, 2):.2f}",
            f"lever:{draw.choice(list(book.levers))}={draw.choice(['on', 'off'])}",
            f"cost_factor:{draw.choice(list(book.programmes))}={draw.uniform(0.5, 2):.2f}",
        ]
        chosen = tuple(draw.sample(sets, draw.randint(0, 3)))
        if draw.random() < 0.05:
            chosen = ("budget_factor=0.1",)
        if draw.random() < 0.05:
            chosen = ("budget_facter=1",)
        drawn = draw.sample(list(book.effects), draw.choice([0, 0, 5, len(book.effects)]))
        effects = {effect.row: float(effect.score) * draw.uniform(0.7, 1.3) for effect in drawn}
        return Variant(draw.choice(scenario.scenarios_of(book)), chosen, effects)

    return [one() for _ in range(count)]


@pytest.fixture(scope="module")
def book() -> Portfolio:
    """The smallest of the large books."""
    return opened(sized("S")).portfolio


@pytest.fixture(scope="module")
def variants(book: Portfolio) -> list[Variant]:
    """Enough for several chunks to each worker."""
    return mixed(book, 80)


@pytest.fixture(scope="module")
def expected(book: Portfolio, variants: list[Variant]) -> list[Outcome]:
    """Each variant by a solver of its own, which has never seen another."""
    return [Solver(book, Options()).outcome(variant, with_amounts=True) for variant in variants]


def same_to_the_last_digit(found: list[Outcome], expected: list[Outcome]) -> None:
    """Floats print all their digits, and the sign of a zero."""
    assert [repr(outcome) for outcome in found] == [repr(outcome) for outcome in expected]


def test_each_variant_is_an_outcome_whatever_becomes_of_it(expected):
    """Some have plans, some have none, some make no sense: all are rows."""
    assert {outcome.status for outcome in expected} == {"optimal", "infeasible", "failed"}
    assert all((outcome.score is None) == (outcome.status != "optimal") for outcome in expected)
    failed = next(outcome for outcome in expected if outcome.status == "failed")
    assert "did you mean budget_factor?" in str(failed.reason)


def test_scores_are_those_of_cold_solves(book, variants, expected):
    """Starting from the same place changes no answer."""
    for variant, outcome in zip(variants, expected, strict=True):
        if not variant.effects and outcome.score is not None:
            assert outcome.score == pytest.approx(cold(book, variant.scenario, variant.sets), abs=1e-7)


def test_the_order_does_not_matter_to_the_last_digit(book, variants, expected):
    """What was solved before leaves no trace, in the scores or in the amounts."""
    for seed in range(2):
        order = random.Random(seed).sample(range(len(variants)), len(variants))
        found = sweep(book, [variants[i] for i in order], with_amounts=True)
        same_to_the_last_digit(found, [expected[i] for i in order])


@settings(RANDOM, max_examples=15)
@given(chains(indivisible=True), st.randoms(use_true_random=False))
def test_any_book_and_any_order_to_the_last_digit(chain, draw):
    """The same on random books, with programmes that are all or nothing among them."""
    raw, turns = chain
    portfolio = opened(raw).portfolio
    asked = [Variant(name, tuple(sets)) for name, sets in turns]
    asked += [Variant(name, (), {effect.row: draw.uniform(-1, 1)}) for name, _ in turns for effect in portfolio.effects]
    once = sweep(portfolio, asked, with_amounts=True)
    order = draw.sample(range(len(asked)), len(asked))
    again = sweep(portfolio, [asked[i] for i in order], with_amounts=True)
    same_to_the_last_digit(again, [once[i] for i in order])


@pytest.mark.parametrize("crew", [Processes(1), Processes(2)], ids=lambda crew: f"{crew.count} processes")
def test_a_pool_of_processes_finds_the_same_to_the_last_digit(book, variants, expected, crew):
    """However many processes there are, and however the variants are cut into chunks."""
    same_to_the_last_digit(sweep(book, variants, crew, with_amounts=True), expected)


def test_any_executor_will_do(book, variants, expected):
    """Threads, each with a session of its own; the executor stays open."""
    with ThreadPoolExecutor(2) as executor:
        same_to_the_last_digit(sweep(book, variants, Given(executor), with_amounts=True), expected)
        assert executor.submit(int, "7").result() == 7


def test_effects_stand_in_place_of_the_workbooks_own():
    """A score by row of its sheet is that cell of the book edited; factors still multiply it, and it may be exact."""
    raw = with_everything()
    portfolio = opened(raw).portfolio
    effect = portfolio.effects[0]
    edited = with_everything()
    edited["Effects"][effect.row - 2]["score"] = 0.125
    sets = (f"effect_factor:{effect.programme}=2",)
    [there] = sweep(opened(edited).portfolio, [Variant(sets=sets)])
    for score in (0.125, Fraction(1, 8)):
        [here] = sweep(portfolio, [Variant(sets=sets, effects={effect.row: score})])
        assert here.score == pytest.approx(there.score, abs=1e-9)
    [plain] = sweep(portfolio, [Variant(sets=sets)])
    assert abs(plain.score - here.score) > 1e-6


def test_an_effect_that_does_not_exist_fails_its_own_variant():
    """The others go on."""
    found = sweep(opened(minimal()).portfolio, [Variant(effects={99: 1.0}), Variant()])
    assert [outcome.status for outcome in found] == ["failed", "optimal"]
    assert str(found[0].reason) == "Effects has no row 99."
    assert found[1].score == pytest.approx(65)


def test_progress_is_told_to_the_end(book, variants):
    """Done and total, rising, whatever the crew."""
    for crew in (Alone(), Processes(2)):
        told: list[tuple[int, int]] = []
        sweep(book, variants[:20], crew, progress=lambda *step, told=told: told.append(step))
        assert told == sorted(told)
        assert told[-1] == (20, 20)
    assert sweep(book, []) == []


# What goes wrong on the way


class Deadly:
    """An effect that ends the process of whoever unpacks it."""

    def __reduce__(self) -> tuple[object, ...]:
        return os._exit, (1,)


def kill_once(pids) -> Callable[[int, int], None]:
    """Told of progress, it kills one worker as soon as some variants are done."""
    killed: list[int] = []

    def told(done: int, total: int) -> None:
        if total / 8 < done < total and not killed:
            killed.append(pids()[0])
            os.kill(killed[0], signal.SIGKILL)

    return told


def pids_of_pool() -> list[int]:
    """The processes of the pool that this process has started."""
    children = psutil.Process().children()
    return [child.pid for child in children if any("spawn_main" in word for word in child.cmdline())]


POSIX = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


@POSIX
def test_a_pool_that_loses_a_process_finds_the_same(book, variants, expected):
    """The pool is built again, and what it had in hand is solved again."""
    found = sweep(book, variants, Processes(2), with_amounts=True, progress=kill_once(pids_of_pool))
    same_to_the_last_digit(found, expected)


def test_a_variant_that_kills_its_worker_is_one_row(book, variants, expected):
    """It is looked at alone in the end, so that it takes no other with it."""
    row = book.effects[0].row
    asked = [*variants[:7], Variant(effects={row: Deadly()}), *variants[7:20]]
    found = sweep(book, asked, Processes(2), with_amounts=True)
    dead = found.pop(7)
    assert dead.status == "failed"
    assert str(dead.reason).startswith("No worker came back with an outcome: A process in the process pool was term")
    same_to_the_last_digit(found, expected[:20])


def test_a_crew_that_only_dies_is_given_up(book):
    """Not tried for ever: each variant is told as failed."""
    found = sweep(book, [Variant(effects={book.effects[0].row: Deadly()})] * 40, Processes(1))
    assert [outcome.status for outcome in found] == ["failed"] * 40


@pytest.mark.parametrize("crew", [Alone(), Processes(2)], ids=["alone", "2 processes"])
def test_ctrl_c_keeps_what_is_done(book, variants, expected, crew):
    """The rest is marked as stopped."""

    def interrupt(done: int, _total: int) -> None:
        if done >= 10:
            raise KeyboardInterrupt

    found = sweep(book, variants, crew, with_amounts=True, progress=interrupt)
    kept = [i for i, outcome in enumerate(found) if outcome.status != "stopped"]
    assert 10 <= len(kept) < len(variants)
    same_to_the_last_digit([found[i] for i in kept], [expected[i] for i in kept])


INTERRUPTED = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts what runs behind it deaf to Ctrl-C
sys.path[:0] = ["tests", "tests/bench"]
from test_sweep import mixed
from generate import sized
from support import opened
from optimizer.sweep import Processes, sweep

def told(done, total):
    print(done, flush=True)

if __name__ == "__main__":
    book = opened(sized("S")).portfolio
    found = sweep(book, mixed(book, 2000), Processes(2), progress=told)
    print("kept", sum(outcome.status != "stopped" for outcome in found), flush=True)
"""


@POSIX
def test_ctrl_c_on_a_terminal_stops_every_process_soon(tmp_path):
    """The signal reaches the processes of the pool too: they give back what they have instead of dying of it."""
    script = tmp_path / "interrupted.py"
    script.write_text(INTERRUPTED)
    root = Path(__file__).parent.parent
    with subprocess.Popen(
        [sys.executable, script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root)},
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        first = int(process.stdout.readline())
        os.killpg(process.pid, signal.SIGINT)
        output, errors = process.communicate(timeout=60)
    last = output.splitlines()[-1].split()
    assert last[0] == "kept"
    assert first <= int(last[1]) < 1000
    assert errors == ""
    assert process.returncode == 0


# Dask


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """The address of a real cluster of two worker processes on this computer."""
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0") as running:
        yield running.scheduler_address


def pids_of_cluster(address: str) -> list[int]:
    """The worker processes as they are now."""
    with Client(address, set_as_default=False) as client:
        return list(client.run(os.getpid).values())


def test_a_cluster_finds_the_same_to_the_last_digit(book, variants, expected, cluster):
    """Twice, since the second time the workers have the book open."""
    assert len(set(pids_of_cluster(cluster))) == 2
    for _ in range(2):
        same_to_the_last_digit(sweep(book, variants, Cluster(cluster), with_amounts=True), expected)


@POSIX
def test_a_cluster_that_loses_a_worker_finds_the_same(book, variants, expected, cluster):
    """Killed in the middle; every outcome still comes, the same to the last digit."""
    before = pids_of_cluster(cluster)
    told = kill_once(lambda: before)
    same_to_the_last_digit(sweep(book, variants, Cluster(cluster), with_amounts=True, progress=told), expected)
    assert before[0] not in pids_of_cluster(cluster)


def test_ctrl_c_leaves_the_cluster_for_the_next(book, variants, expected, cluster):
    """What is done is kept, and the cluster is free."""

    def interrupt(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    found = sweep(book, variants, Cluster(cluster), with_amounts=True, progress=interrupt)
    assert {"stopped"} < {outcome.status for outcome in found}
    same_to_the_last_digit(sweep(book, variants[:5], Cluster(cluster), with_amounts=True), expected[:5])


def test_a_cluster_answers_while_another_gives_up_its_work(cluster):
    """Every third greeting is overtaken by the news of it; a planner must not hear that nobody is there."""
    enough = threading.Event()

    def keep_giving_up() -> None:
        with Client(cluster, set_as_default=False) as client:
            while not enough.is_set():
                given = client.map(time.sleep, [0.001] * 16, pure=False)
                time.sleep(0.005)
                client.cancel(given)

    other = threading.Thread(target=keep_giving_up)
    other.start()
    try:
        for _ in range(25):
            Cluster(cluster)
    finally:
        enough.set()
        other.join()


def test_workers_of_another_version_are_refused(book, cluster):
    """Other versions find other digits."""
    sent = packed(book, Options())
    other = replace(sent, key="another", versions=sent.versions | {"HiGHS": "0.0"})
    with Cluster(cluster).hire(other) as submit:
        came_back = submit([Variant()], False)
        with pytest.raises(WrongUsage, match=r"A worker has HiGHS 1.* where this computer has 0\.0"):
            came_back.result()


def test_workers_without_the_program_are_told_before_they_die_of_it(cluster):
    """By the name of a package that is nowhere."""
    with Client(cluster, set_as_default=False) as client:
        with pytest.raises(WrongUsage, match=r"^tcp://.* lacks no-such-package; install it there too"):
            refuse_without(client, "no-such-package")
        refuse_without(client, PROGRAM)


@pytest.mark.parametrize("kind", ["nobody", "silent", "another", "nonsense"])
def test_a_scheduler_that_does_not_answer_is_told(kind):
    """Nobody there, somebody who says nothing, somebody who speaks something else, and no address at all."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{listening.getsockname()[1]}"
        if kind in ("silent", "another"):
            listening.listen()
        if kind == "another":
            threading.Thread(target=greet, args=(listening,), daemon=True).start()
        with pytest.raises(WrongUsage, match="No Dask scheduler answers at"):
            Cluster("nonsense" if kind == "nonsense" else address)


def test_a_command_that_found_no_scheduler_ends_with_its_sentence(tmp_path):
    """Nothing of the connection that came to nothing is heard of at the end, and nobody waits for it."""
    path = tmp_path / "book.xlsx"
    workbook.write(path, minimal())
    command = [sys.executable, "-c", "from optimizer.cli import entry; entry()", "robust", str(path), "--lang", "en"]
    asked = [*command, "--out", str(tmp_path / "out"), "--scheduler", "nonsense"]
    root = Path(__file__).parent.parent
    done = subprocess.run(asked, capture_output=True, text=True, cwd=root, check=False)
    assert done.returncode == 2 and done.stdout == ""
    assert re.fullmatch(r"No Dask scheduler answers at nonsense \(.*\)\.\n", done.stderr)


def greet(listening: socket.socket) -> None:
    """Answer as a web server would."""
    with listening.accept()[0] as caller:
        caller.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 8)


def test_robust_says_the_same_with_a_cluster(tmp_path, cluster):
    """The verb's own option: the same file to the last digit, in both languages a sentence where nobody answers."""
    path = tmp_path / "book.xlsx"
    raw = with_everything()
    for row in raw["Effects"]:
        low, high = sorted(float(row["score"]) * factor for factor in (0.7, 1.3))
        row |= {"low": low, "high": high}
    workbook.write(path, raw)
    asked = ["robust", str(path), "--samples", "30", "--quiet", "--out"]
    for name, more in (("here", []), ("there", ["--scheduler", cluster])):
        main([*asked, str(tmp_path / name), *more], standalone_mode=False)
    files = [(tmp_path / name / "robust.json").read_bytes() for name in ("here", "there")]
    assert files[0] == files[1]
    for language, words in (("en", "No Dask scheduler answers at"), ("ja", "Daskスケジューラーから応答がありません")):
        nobody = ["--scheduler", "127.0.0.1:nobody", "--lang", language]
        done = CliRunner().invoke(main, [*asked, str(tmp_path / "nowhere"), *nobody])
        assert done.exit_code == 2
        assert words in done.output
    assert not (tmp_path / "nowhere").exists()


def test_without_the_extra_the_command_says_what_to_install(tmp_path):
    """In a process where the package cannot be found."""
    program = (
        "import sys; sys.modules['distributed'] = None; sys.path.insert(0, 'tests')\n"
        "from optimizer.errors import WrongUsage; from optimizer.sweep import *\n"
        "try: Cluster('127.0.0.1:8786')\n"
        "except WrongUsage as error: print(error)"
    )
    root = Path(__file__).parent.parent
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=root, check=True)
    assert done.stdout.strip() == "A cluster needs more packages: install haibun[cluster]."
