"""A run folder is evidence: what is in it, that it appears whole or not at all, and that no digit can be changed."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import highspy
import pytest
from books import FIRST_YEAR, Book, books, knapsack, line, minimal, with_everything
from books import settings as book_settings
from hypothesis import given, settings
from hypothesis import strategies as st
from support import opened

from optimizer import model, run, scenario, solver, workbook
from optimizer.errors import CheckFailed, InputProblems, NoPlan, Stopped, WrongUsage
from optimizer.places import place_of

WHOLE = with_everything()
REPORTS = {"report.xlsx": lambda result: b"PK report 12", "report.html": lambda result: b"<p>Score 12.5</p>"}
NAMES = {
    "book.xlsx",
    "run.json",
    "allocation.csv",
    "flows.csv",
    "transfers.csv",
    "certificate.json",
    "report.xlsx",
    "report.html",
}
ROOT = Path(__file__).parent.parent


def giving() -> dict[str, Any]:
    """The book that uses everything, with money that moves: loans have more than they can use, grants less."""
    raw = dict(WHOLE)
    raw["Accounts"] = [dict(account) for account in WHOLE["Accounts"]]
    for year in range(FIRST_YEAR, FIRST_YEAR + 3):
        raw["Accounts"][0][year], raw["Accounts"][1][year] = 30, 40
    return raw


def write(raw: Mapping[str, Any], folder: Path, name: str = "base", sets: tuple[str, ...] = ()) -> Path:
    """Write the workbook, solve it from the file, and write the run folder beside it."""
    workbook.write(folder / "book.xlsx", raw)
    watch = run.Stopwatch()
    book = run.open_book(folder / "book.xlsx", watch)
    result = run.solve_book(book, name, sets, watch=watch)
    run.write_run(result, book.data, folder / "run", REPORTS, watch)
    return folder / "run"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder that no test changes."""
    return write(giving(), tmp_path_factory.mktemp("run"), sets=("budget_factor:OPS@2028=1.05",))


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    """A copy of the run folder to change."""
    return Path(shutil.copytree(folder, tmp_path / "run"))


def table(folder: Path, name: str) -> list[dict[str, str]]:
    """The rows of one of the folder's CSV files."""
    return list(csv.DictReader(io.StringIO((folder / name).read_bytes().decode("utf-8-sig"))))


def facts(folder: Path) -> dict[str, Any]:
    """What run.json says."""
    return dict(json.loads((folder / "run.json").read_text(encoding="utf-8")))


# ---------------------------------------------------------------------------------------------- contents


def test_a_run_folder_holds_exactly_the_files_of_the_contract(folder: Path) -> None:
    """No file more or less; the workbook is the one that was read, byte for byte."""
    assert {path.name for path in folder.iterdir()} == NAMES
    assert (folder / "book.xlsx").read_bytes() == (folder.parent / "book.xlsx").read_bytes()


def test_run_json_says_all_that_it_must(folder: Path) -> None:
    """Every key of the contract, with plain values; `solver_bound` only with indivisible programmes."""
    said = facts(folder)
    numbers = {"score", "bound", "gap", "publish_unit", "rows", "columns", "nonzeros", "solver_bound"}
    texts = {"status", "scenario", "unit", "book_sha256"}
    others = {"set", "seconds", "versions", "options", "assumptions", "warnings", "allowances"}
    assert numbers | texts | others <= said.keys()
    assert all(isinstance(said[key], int | float) for key in numbers)
    assert all(isinstance(said[key], str) for key in texts)
    assert said["status"] == "optimal"
    assert said["scenario"] == "base"
    assert said["set"] == ["budget_factor:OPS@2028=1.05"]
    assert said["gap"] == pytest.approx(said["bound"] - said["score"])
    assert said["book_sha256"] == hashlib.sha256((folder / "book.xlsx").read_bytes()).hexdigest()
    assert {"read", "check", "build", "solve", "publish", "verify"} <= said["seconds"].keys()
    assert {"program", "Python", "PuLP", "HiGHS", "pandas", "openpyxl"} <= said["versions"].keys()
    assert all(re.fullmatch(r"\d+(\.\w+)+", version) for version in said["versions"].values())
    assert {"problem", "fix", "sheet", "cell", "value", "severity", "problem_ja", "fix_ja"} == set(said["warnings"][0])
    assert all(taken["count"] >= 1 and taken["meaning"] and taken["meaning_ja"] for taken in said["assumptions"])


def test_the_solvers_bound_is_given_with_indivisible_programmes_alone(tmp_path: Path) -> None:
    """Without them the certified bound is that of the plan, and nothing else is said."""
    assert "solver_bound" not in facts(write(minimal(), tmp_path))
    said = run.solve_book(opened(knapsack(1))).facts
    assert said["solver_bound"] == pytest.approx(said["score"], abs=1e-6)


def test_allocation_has_a_line_for_each_active_programme_and_year(folder: Path) -> None:
    """The columns of the contract first, in its order; a line for each year that a programme runs."""
    rows = table(folder, "allocation.csv")
    columns = "programme,year,amount,family,instrument,region,country,account,agency,baseline,verdict,reason"
    assert ",".join(rows[0]).startswith(columns)
    portfolio = scenario.apply(opened(WHOLE).portfolio).portfolio
    expected = [(p.id, str(FIRST_YEAR + year)) for p in portfolio.programmes.values() for year in p.years]
    assert [(row["programme"], row["year"]) for row in rows] == expected
    assert all(row["verdict"] and row["reason"] and row["reason_ja"] for row in rows)
    assert all(Decimal(row["amount"]) % Decimal("0.01") == 0 for row in rows)


@pytest.mark.parametrize("name", ["allocation.csv", "flows.csv", "transfers.csv"])
def test_csv_files_open_right_in_excel(folder: Path, name: str) -> None:
    """UTF-8 with a byte-order mark and lines that end as Windows ends them."""
    data = (folder / name).read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.count(b"\n") == data.count(b"\r\n") >= 2


MONEY = ("appropriation", "transfer_in", "transfer_out", "carried_in", "carried_out", "spent", "lapsed")


def test_flows_foot(folder: Path) -> None:
    """By account and year: appropriation + in + carried in = out + carried out + spent + lapsed; nothing is owed."""
    flows = {(row["account"], int(row["year"])): row for row in table(folder, "flows.csv")}
    spent: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
    for row in table(folder, "allocation.csv"):
        spent[row["account"], int(row["year"])] += Decimal(row["amount"])
    given: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
    received: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
    for row in table(folder, "transfers.csv"):
        given[row["from_account"], int(row["year"])] += Decimal(row["amount"])
        received[row["to_account"], int(row["year"])] += Decimal(row["amount"])
    assert given, "the book of this test is meant to move money"
    assert len(flows) == 3 * 3
    for (account, year), row in flows.items():
        amount = {
            name: Decimal(cell) for name, cell in row.items() if name not in ("account", "year") and cell[:1].isdigit()
        }
        assert amount["spent"] == spent[account, year]
        assert amount["transfer_in"] == received[account, year]
        assert amount["transfer_out"] == given[account, year]
        before = flows.get((account, year - 1))
        assert amount["carried_in"] == (Decimal(before["carried_out"]) if before else 0)
        came = amount["appropriation"] + amount["transfer_in"] + amount["carried_in"]
        assert came == amount["transfer_out"] + amount["carried_out"] + amount["spent"] + amount["lapsed"]
        assert amount["lapsed"] >= 0
    assert all(Decimal(row["carried_out"]) == 0 for (_, year), row in flows.items() if year == FIRST_YEAR + 2)


def test_money_that_stays_is_explained(folder: Path) -> None:
    """Where a publish unit or more lapses, the row says in both languages what stopped it; elsewhere nothing."""
    for row in table(folder, "flows.csv"):
        is_left = Decimal(row["lapsed"]) >= Decimal("0.01")
        assert bool(row["stopped_by"]) == bool(row["stopped_by_ja"]) == is_left


def test_a_book_without_transfers_has_a_header_alone(tmp_path: Path) -> None:
    """No row, but the columns of the contract, so that a reader of the file need not guess."""
    data = (write(minimal(), tmp_path) / "transfers.csv").read_bytes()
    assert data.decode("utf-8-sig") == "from_account,to_account,year,amount\r\n"


def test_text_that_a_spreadsheet_would_run_is_defused(tmp_path: Path) -> None:
    """An id that begins like a formula is written with an apostrophe; verify still agrees."""
    raw = minimal()
    raw["Programmes"][0] |= {"programme": "=HYPERLINK(1)", "instrument": "@cmd"}
    raw["Effects"][0] |= {"programme": "=HYPERLINK(1)"}
    written = write(raw, tmp_path)
    row = table(written, "allocation.csv")[0]
    assert (row["programme"], row["instrument"]) == ("'=HYPERLINK(1)", "'@cmd")
    assert run.verify(written)


def test_a_number_is_no_formula_however_small_or_negative() -> None:
    """What begins with a minus is defused only where it is not a number in full."""
    texts = ["-7.1e-15", "-2", "-0.5", "-1.5e+20", "-2-3", "-A1", "+1"]
    rows = run.csv_bytes(["x"], [{"x": text} for text in texts]).decode("utf-8-sig").splitlines()[1:]
    assert rows == [*texts[:4], *(f"'{text}" for text in texts[4:])]


# ------------------------------------------------------------------------------------ whole or not at all


def solved() -> run.Result:
    """A result without a file."""
    return run.solve_book(opened(minimal()))


def failing(result: run.Result) -> bytes:
    """A report that cannot be written."""
    raise OSError("no room")


def test_a_report_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """No folder, no temporary folder."""
    with pytest.raises(OSError, match="no room"):
        run.write_run(solved(), b"book", tmp_path / "run", {"report.html": failing})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("stage", ["write", "flush", "rename"])
def test_a_disk_that_fails_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str, old: bool
) -> None:
    """Whatever step fails, the older run stays whole, or there is nothing; no temporary folder remains."""
    target = tmp_path / "run"
    if old:
        run.write_run(solved(), b"an older book", target, REPORTS)
    before = {path.name: path.read_bytes() for path in target.iterdir()} if old else {}

    def fail_later(real: Callable[..., Any], after: int) -> Callable[..., Any]:
        calls = iter(range(1000))

        def step(*arguments: Any, **named: Any) -> Any:
            if next(calls) == after:
                raise OSError("the disk is full")
            return real(*arguments, **named)

        return step

    if stage == "write":
        real_open = Path.open
        count = iter(range(1000))

        def open_or_fail(path: Path, mode: str = "r", *arguments: Any, **named: Any) -> Any:
            if "w" in mode and next(count) == 3:
                raise OSError("the disk is full")
            return real_open(path, mode, *arguments, **named)

        monkeypatch.setattr(Path, "open", open_or_fail)
    elif stage == "flush":
        monkeypatch.setattr(os, "fsync", fail_later(os.fsync, 2))
    else:
        monkeypatch.setattr(Path, "rename", fail_later(Path.rename, 1 if old else 0))
    with pytest.raises(OSError, match="the disk is full"):
        run.write_run(solved(), b"a newer book", target, REPORTS)
    monkeypatch.undo()
    assert [path.name for path in tmp_path.iterdir()] == (["run"] if old else [])
    assert {path.name: path.read_bytes() for path in target.iterdir()} == before if old else not target.exists()


def test_an_older_run_is_replaced(tmp_path: Path) -> None:
    """The folder then holds the new run alone."""
    run.write_run(solved(), b"older", tmp_path / "run", REPORTS | {"extra.txt": lambda result: b"1"})
    run.write_run(solved(), b"newer", tmp_path / "run", REPORTS)
    assert {path.name for path in (tmp_path / "run").iterdir()} == NAMES
    assert (tmp_path / "run" / "book.xlsx").read_bytes() == b"newer"


def test_an_empty_or_missing_folder_is_used(tmp_path: Path) -> None:
    """Parents are made."""
    (tmp_path / "empty").mkdir()
    for target in (tmp_path / "empty", tmp_path / "a" / "b"):
        run.write_run(solved(), b"book", target, REPORTS)
        assert {path.name for path in target.iterdir()} == NAMES


def test_a_folder_that_is_no_run_is_refused_and_left_alone(tmp_path: Path) -> None:
    """Somebody's folder or file is never overwritten (exit code 2)."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear", encoding="utf-8")
    (tmp_path / "file").write_text("text", encoding="utf-8")
    for target in (tmp_path / "mine", tmp_path / "file"):
        with pytest.raises(WrongUsage) as caught:
            run.write_run(solved(), b"book", target, REPORTS)
        assert caught.value.exit_code == 2
    assert (tmp_path / "mine" / "letter.txt").read_text(encoding="utf-8") == "dear"
    assert (tmp_path / "file").read_text(encoding="utf-8") == "text"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "mine"]


def test_a_strangers_file_in_a_run_folder_is_not_lost(tmp_path: Path) -> None:
    """A file that somebody put into an older run is not deleted with it."""
    run.write_run(solved(), b"older", tmp_path / "run", REPORTS)
    (tmp_path / "run" / "minutes.docx").write_bytes(b"the minister's notes")
    with suppress(WrongUsage):
        run.write_run(solved(), b"newer", tmp_path / "run", REPORTS)
    assert (tmp_path / "run" / "minutes.docx").read_bytes() == b"the minister's notes"


# ------------------------------------------------------------------------------------------------ verify


def test_verify_says_in_words_what_it_proved(folder: Path) -> None:
    """Files, rows, score and bound, in both languages, with the run's own numbers."""
    proved = run.verify(folder)
    said = facts(folder)
    text = " ".join(words.into("en") for words in proved)
    assert f"{said['score']:.6f}" in text
    assert f"{said['bound']:.6f}" in text
    assert all(words.into("ja") != words.into("en") for words in proved)


def digits_of(data: bytes, at_most: int) -> list[int]:
    """Positions of digits, spread evenly over a file."""
    positions = [match.start() for match in re.finditer(rb"[0-9]", data)]
    return positions[:: max(1, len(positions) // at_most)]


@pytest.mark.parametrize("name", sorted(NAMES))
def test_any_changed_digit_is_found(copy: Path, name: str) -> None:
    """Whichever digit of whichever file is changed, verify fails (exit code 5), and passes again when it is undone."""
    path = copy / name
    data = path.read_bytes()
    positions = digits_of(data, 40)
    assert positions
    for position in positions:
        digit = bytes([ord("0") + (data[position] - ord("0") + 1) % 10])
        path.write_bytes(data[:position] + digit + data[position + 1 :])
        with pytest.raises(CheckFailed) as caught:
            run.verify(copy)
        assert caught.value.exit_code == 5
    path.write_bytes(data)
    assert run.verify(copy)


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_missing_or_cut_file_is_found(copy: Path, name: str) -> None:
    """A file that is gone, empty or cut short is no whole run folder."""
    path = copy / name
    data = path.read_bytes()
    for content in (b"", data[: len(data) // 2], data + b" "):
        path.write_bytes(content)
        with pytest.raises(CheckFailed):
            run.verify(copy)
    path.unlink()
    with pytest.raises(CheckFailed) as caught:
        run.verify(copy)
    assert f"{name} is missing" in caught.value.message.into("en")


@pytest.mark.parametrize("content", [b"[]", b"{}", b"null", b"7", b'"text"', b"\xff\xfe", b'{"files": 3}'])
@pytest.mark.parametrize("name", ["run.json", "certificate.json"])
def test_nonsense_in_a_run_folder_is_told(copy: Path, name: str, content: bytes) -> None:
    """JSON of another shape, or no JSON, fails the check in a sentence."""
    (copy / name).write_bytes(content)
    with pytest.raises(CheckFailed):
        run.verify(copy)


def test_a_folder_that_is_no_run_fails_the_check(tmp_path: Path) -> None:
    """An empty folder, a missing one, and a file."""
    (tmp_path / "file").write_bytes(b"1")
    for path in (tmp_path, tmp_path / "nowhere", tmp_path / "file"):
        with pytest.raises(CheckFailed):
            run.verify(path)


def rehashed(
    folder: Path, change: Callable[[dict[str, Any], dict[str, Any]], None] = lambda said, certificate: None
) -> None:
    """Make every hash of a forged folder agree again, after ``change`` of run.json and certificate.json."""
    said = facts(folder)
    certificate = json.loads((folder / "certificate.json").read_bytes())
    change(said, certificate)
    said["files"] = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in said["files"]}
    (folder / "run.json").write_bytes(run.json_bytes(said))
    certificate["run_sha256"] = hashlib.sha256((folder / "run.json").read_bytes()).hexdigest()
    certificate.pop("sha256", None)
    own = hashlib.sha256(run.json_bytes(certificate)).hexdigest()
    (folder / "certificate.json").write_bytes(run.json_bytes(certificate | {"sha256": own}))


def test_hashes_that_are_made_to_agree_pass(copy: Path) -> None:
    """The forger of the next tests does nothing else: a folder that is only hashed again still passes."""
    rehashed(copy)
    assert run.verify(copy)


def other_digit(folder: Path, name: str, column: str, pick: Callable[[dict[str, str]], bool]) -> None:
    """Change one amount of a CSV file by one publish unit."""
    rows = table(folder, name)
    row = next(row for row in rows if pick(row))
    row[column] = str(Decimal(row[column]) - Decimal("0.01"))
    (folder / name).write_bytes(run.csv_bytes(list(row), rows))


FORGED = [
    ("allocation.csv", "amount", lambda row: Decimal(row["amount"]) > 1),
    ("allocation.csv", "baseline", lambda row: row["baseline"] not in ("", "0")),
    ("flows.csv", "spent", lambda row: Decimal(row["spent"]) > 1),
    ("flows.csv", "appropriation", lambda row: True),
    ("flows.csv", "lapsed", lambda row: Decimal(row["lapsed"]) > 1),
    ("transfers.csv", "amount", lambda row: Decimal(row["amount"]) > 1),
]


@pytest.mark.parametrize(("name", "column", "pick"), FORGED, ids=[f"{name} {column}" for name, column, _ in FORGED])
def test_a_forged_amount_is_found_by_arithmetic(copy: Path, name: str, column: str, pick: Any) -> None:
    """Even where all hashes were made to agree, a changed amount does not agree with the rest."""
    other_digit(copy, name, column, pick)
    rehashed(copy)
    with pytest.raises(CheckFailed):
        run.verify(copy)


@pytest.mark.parametrize("key", ["score", "bound", "gap"])
def test_a_forged_claim_is_found_by_arithmetic(copy: Path, key: str) -> None:
    """A better score, bound or gap in run.json is not believed; nor is one in the certificate."""

    def better(said: dict[str, Any], certificate: dict[str, Any]) -> None:
        said[key] += 1e-9 if key != "bound" else -1e-9

    rehashed(copy, better)
    with pytest.raises(CheckFailed):
        run.verify(copy)


def test_forged_evidence_is_found_by_arithmetic(folder: Path, tmp_path: Path) -> None:
    """Other multipliers, flows, or an allowance that was used and is not listed do not prove what is claimed."""

    def multiplier(said: dict[str, Any], certificate: dict[str, Any]) -> None:
        heaviest = max(certificate["multipliers"], key=lambda entry: abs(entry[-1]))
        heaviest[-1] //= 2

    def transfer(said: dict[str, Any], certificate: dict[str, Any]) -> None:
        certificate["transfers"][0][-1] = "999"

    def another_scenario(said: dict[str, Any], certificate: dict[str, Any]) -> None:
        said["set"] = []

    def excuse(said: dict[str, Any], certificate: dict[str, Any]) -> None:
        said["allowances"].append({"row": "budget/GRANT/0", "excess": 1.0, "allowance": 1.0})

    for number, change in enumerate((multiplier, transfer, another_scenario, excuse)):
        forged = Path(shutil.copytree(folder, tmp_path / str(number)))
        rehashed(forged, change)
        with pytest.raises(CheckFailed):
            run.verify(forged)


def test_verify_needs_neither_solver_nor_pandas(folder: Path) -> None:
    """The command re-checks a run where PuLP, HiGHS, pandas, numpy and the report's packages cannot be imported."""
    program = (
        "import sys\n"
        "for name in ('pulp', 'highspy', 'pandas', 'numpy', 'plotly', 'xlsxwriter', 'openpyxl'):\n"
        "    sys.modules[name] = None\n"
        "from optimizer.cli import main\n"
        f"main(['verify', {str(folder)!r}, '--lang', 'en'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, encoding="utf-8", cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "hashes agree" in done.stdout


def test_read_run_gives_back_the_result(folder: Path) -> None:
    """The result that is read has the plan, the proof and the lines of the one that was written."""
    result, book = run.read_run(folder)
    again = run.solve_book(book, sets=("budget_factor:OPS@2028=1.05",))
    assert result.plan == again.plan
    assert result.proof.score == again.proof.score
    assert [line.reason.into("ja") for line in result.lines] == [line.reason.into("ja") for line in again.lines]


# --------------------------------------------------------------------------------------------- decimals


@given(st.integers(-(10**18), 10**18), st.integers(0, 18))
def test_a_decimal_is_written_in_full(digits: int, places: int) -> None:
    """Without exponent, trailing zero or rounding: reading it gives the number back."""
    number = Fraction(digits, 10**places)
    text = run.decimal_text(number)
    assert Fraction(text) == number
    assert re.fullmatch(r"-?\d+(\.\d*[1-9])?", text)
    assert not re.match(r"-?0\d", text)


@pytest.mark.parametrize(
    ("number", "text"),
    [("0", "0"), ("-0.5", "-0.5"), ("1200", "1200"), ("0.01", "0.01"), ("1/8", "0.125"), ("-1/40", "-0.025")],
)
def test_a_decimal_as_a_planner_would_write_it(number: str, text: str) -> None:
    """Some of them by hand."""
    assert run.decimal_text(Fraction(number)) == text


def test_a_number_without_a_finite_decimal_is_refused() -> None:
    """A third cannot be written in full, and is not rounded without a word."""
    with pytest.raises(ValueError, match="no finite decimal"):
        run.decimal_text(Fraction(1, 3))


# ------------------------------------------------------------------------------------ books without a plan


def refused(raw: dict[str, Any], *sets: str) -> NoPlan:
    """The error of a book without a plan."""
    with pytest.raises(NoPlan) as caught:
        run.solve_book(opened(raw), sets=sets)
    return caught.value


def test_an_infeasible_book_names_rows_that_cannot_hold_together() -> None:
    """A floor above the appropriation: both cells are named, with ids, and it is proved exactly (exit code 3)."""
    raw = minimal() | {"Limits": [line(limit="floor", measure="spend", sense="min", value=10.5, name="Ten and a half")]}
    error = refused(raw)
    assert error.exit_code == 3
    assert error.certified
    assert {(place.sheet, place.cell, place.id) for place in error.conflict} == {
        ("Accounts", "B2", "GRANT"),
        ("Limits", "D2", "floor"),
    }
    assert "Ten and a half" in {place.name.into("en") for place in error.conflict}


def test_programmes_that_cannot_be_divided_are_named_too() -> None:
    """Only whole programmes fail to fit: 6 or 8 of 10, with a floor of 9. Rows are named, though not certified."""
    raw = minimal() | {"Limits": [line(limit="floor", measure="spend", sense="min", value=9)]}
    raw["Programmes"] = [row | {"indivisible": "yes"} for row in raw["Programmes"]]
    error = refused(raw)
    assert not error.certified
    assert {"floor", "GRANT"} <= {place.id for place in error.conflict}


def test_a_book_whose_plan_is_not_in_whole_units_is_not_said_to_have_none() -> None:
    """Spending stays at today's 0.8, which is no multiple of 1."""
    raw = minimal()
    raw["Settings"] = [
        *(row for row in raw["Settings"] if row["key"] != "publish_unit"),
        line(key="publish_unit", value=1),
    ]
    raw["Programmes"][0] |= line(baseline=0.8, minimum=0.55, ramp=0)
    error = refused(raw)
    assert not error.certified
    assert error.message.into("en").endswith("in smaller units there is one.")
    raw["Settings"][-1]["value"] = 0.1
    assert run.solve_book(opened(raw))


def is_feasible_without(built: model.Model, kept: set[tuple[str, str]]) -> bool:
    """Whether a plan exists when, of the workbook's rows, only those of the cells ``kept`` count."""
    portfolio = built.columns.portfolio
    free = [
        number
        for number, key in enumerate(built.keys)
        if key[0] not in ("spending", "attainment") and not key[0].startswith("synerg")
        if (place_of(portfolio, key).sheet, place_of(portfolio, key).cell) not in kept
    ]
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    solver.hand_over(highs, solver.arrays_of(built))
    for row in free:
        highs.changeRowBounds(row, -highspy.kHighsInf, highspy.kHighsInf)
    highs.run()
    return highs.getModelStatus() == highspy.HighsModelStatus.kOptimal


@settings(max_examples=max(1, settings.default.max_examples * 30 // 100))
@given(books(scenarios=False), st.sampled_from(["0.05", "0.2"]))
def test_the_named_rows_alone_leave_no_plan(raw: Book, factor: str) -> None:
    """Whatever makes a book infeasible: with the named rows alone it still is; without any one of them it is not."""
    for row in raw["Programmes"]:
        row["minimum"] = row["maximum"]
    sets = [f"budget_factor={factor}"]
    try:
        run.solve_book(opened(raw), sets=sets)
    except NoPlan as error:
        built = model.build(scenario.apply(opened(raw).portfolio, "base", sets).portfolio, model.Grid(Fraction(1, 100)))
        named = {(place.sheet, place.cell) for place in error.conflict}
        assert named
        assert error.certified
        assert not is_feasible_without(built, named)
        assert all(is_feasible_without(built, named - {cell}) for cell in named)


def test_a_pin_that_does_not_fit_is_named() -> None:
    """A scenario's pin above the appropriation is an infeasibility, with the pin's own cell."""
    raw = minimal() | {"Scenarios": [line(scenario="grand", item="pin", target="wells", value=11)]}
    with pytest.raises(NoPlan) as caught:
        run.solve_book(opened(raw), "grand")
    assert {(place.sheet, place.cell) for place in caught.value.conflict} == {("Scenarios", "D2"), ("Accounts", "B2")}


# ------------------------------------------------------------------------------- limits of time and number


@pytest.mark.parametrize("make", [with_everything, lambda: knapsack(7)], ids=["linear", "indivisible"])
def test_a_time_limit_that_leaves_no_plan_is_told(make: Callable[[], dict[str, Any]]) -> None:
    """No plan, no folder, exit code 4."""
    with pytest.raises(Stopped) as caught:
        run.solve_book(opened(make()), options=solver.Options(time_limit=1e-9))
    assert caught.value.exit_code == 4


def test_a_time_limit_that_is_long_enough_changes_nothing() -> None:
    """The plan is the one without a limit, and the limit stands in run.json."""
    free, limited = solved(), run.solve_book(opened(minimal()), options=solver.Options(time_limit=60, threads=2))
    assert limited.plan == free.plan
    assert limited.facts["options"] | {"method": ""} == {"method": "", "threads": 2, "time_limit": 60}


DROPPED = [
    ("Effects", 0, "score", 1e-10, "C2"),
    ("Effects", 0, "score", 9e14, None),
    ("Limits", 0, "value", 0.4000000001, "D2"),
    ("ResourceUse", 0, "uses", 1e-10, "C2"),
    ("Synergies", 0, "ratio", 1e-10, "D2"),
    ("Synergies", 0, "score", 1e-10, "F2"),
]


@pytest.mark.parametrize(("sheet", "row", "column", "number", "cell"), DROPPED, ids=str)
def test_numbers_that_the_solver_would_drop_are_named(
    sheet: str, row: int, column: str, number: float, cell: str | None
) -> None:
    """A coefficient that HiGHS would drop without a word is a problem at its own cell (exit code 1); others pass."""
    raw = minimal()
    raw["Programmes"][0]["risk"] = 0.4
    raw["Limits"] = [line(limit="risk", measure="risk", sense="max", value=0.5)]
    raw["Resources"] = [{"resource": "people", FIRST_YEAR: 100}]
    raw["ResourceUse"] = [line(programme="wells", resource="people", uses=1)]
    raw["Synergies"] = [
        line(synergy="both", programme_a="wells", programme_b="roads", ratio=1, objective="health", score=1)
    ]
    assert run.solve_book(opened(raw)).facts["status"] == "optimal"
    raw[sheet][row][column] = number
    if cell is None:
        assert run.solve_book(opened(raw)).facts["status"] == "optimal"
        return
    with pytest.raises(InputProblems) as caught:
        run.solve_book(opened(raw))
    assert caught.value.exit_code == 1
    told = {(problem.sheet, problem.cell): problem.value for problem in caught.value.problems}
    assert told[sheet, cell] in (f"{number:g}", "1e-10")


def test_every_number_that_the_solver_would_drop_is_named_at_once() -> None:
    """Two tiny scores on one pair are two problems, each with the number that stands in its cell."""
    raw = minimal()
    raw["Effects"][0]["score"], raw["Effects"][1]["score"] = 2e-10, -3e-10
    with pytest.raises(InputProblems) as caught:
        run.solve_book(opened(raw))
    assert {(p.cell, p.value) for p in caught.value.problems} == {("C2", "2e-10"), ("C3", "-3e-10")}


def test_every_stage_is_timed() -> None:
    """Stages of one name add up."""
    watch = run.Stopwatch()
    for _ in range(2):
        with watch.stage("read"):
            pass
    assert list(watch.seconds) == ["read"]
    assert watch.seconds["read"] >= 0


def test_an_unsolved_setting_of_publish_unit_is_kept() -> None:
    """Amounts are whole multiples of whatever unit the workbook names."""
    raw = minimal() | {"Settings": book_settings(1, publish_unit=0.25)}
    result = run.solve_book(opened(raw), sets=["budget_factor=0.777"])
    assert result.facts["publish_unit"] == 0.25
    assert all(amount % Fraction(1, 4) == 0 for amount in result.plan.spending.values())
    assert sum(result.plan.spending.values()) == Fraction("7.75")


@pytest.mark.parametrize(("unit", "warned"), [(0.25, True), (0.01, False)])
def test_what_rounding_costs_is_told_where_the_publish_unit_is_large(unit: float, warned: bool) -> None:
    """Wells and roads with 9.9 of money: whole quarters leave 0.15 of it, 0.3 points of the need of 40."""
    raw = minimal() | {"Settings": book_settings(1, publish_unit=unit)}
    said = run.solve_book(opened(raw), sets=["budget_factor=0.99"]).facts
    told = [w for w in said["warnings"] if w["sheet"] == "Settings"]  # type: ignore[attr-defined]
    assert [(w["cell"], w["value"], "0.7500 points" in w["problem"]) for w in told] == [("B6", "0.25", True)] * warned


def test_the_bound_is_that_of_the_book_as_written_however_large_the_publish_unit() -> None:
    """In units of 4 no money is short (4 on wells, 4 on roads, 12 there); as written 12.9 falls short of 6 + 7."""
    raw = minimal() | {"Settings": book_settings(1, publish_unit=4)}
    result = run.solve_book(opened(raw), sets=["budget_factor=1.29", "programme_maximum:roads=7"])
    assert float(result.proof.score) == 100 * (4 * 3 + 4 * 2) / 40
    assert float(result.proof.bound) == pytest.approx(100 * (6 * 3 + 6.9 * 2) / 40, abs=1e-9)
