"""The command line: help with examples, exit codes, JSON, Japanese, and no traceback or half-written file, ever."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import openpyxl
import pytest
from books import line, minimal, with_everything
from click.testing import CliRunner, Result

from optimizer import solver, workbook
from optimizer.cli import main
from optimizer.cli.talking import now_and_then
from optimizer.words import Words

ROOT = Path(__file__).parent.parent
JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
VERBS: dict[str, click.Command] = dict(main.commands)
BOOK_VERBS = [name for name, verb in VERBS.items() if any(p.name == "scenario" for p in verb.params)]


def haibun(*arguments: str | Path, lang: str = "en") -> Result:
    """Run the command; a traceback fails the test."""
    result = CliRunner().invoke(main, [*map(str, arguments), "--lang", lang])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    return result


def asking(verb: str, book: Path, out: Path) -> list[str]:
    """A verb's words for a question about a book, with somewhere to write where it takes one."""
    takes_out = any(parameter.name == "out" for parameter in VERBS[verb].params)
    scenarios = ["base", "base"] if verb == "compare" else []
    return [verb, str(book), *scenarios, *(["--out", str(out)] if takes_out else [])]


def written(folder: Path, raw: dict[str, Any], name: str = "book.xlsx") -> Path:
    """A workbook in a folder of its own, so that anything else there was left behind by the command."""
    path = folder / name
    workbook.write(path, raw)
    return path


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that no test changes."""
    folder = tmp_path_factory.mktemp("cli")
    assert haibun("solve", written(folder, with_everything()), "--out", folder / "run").exit_code == 0
    return folder / "run"


def infeasible() -> dict[str, Any]:
    """A floor above all money."""
    raw = minimal()
    raw["Accounts"][0] |= {"name": "Grants", "name_ja": "無償"}
    return raw | {"Limits": [line(limit="floor", measure="spend", sense="min", value=10.5, name_ja="下限")]}


def faulty() -> dict[str, Any]:
    """Two problems."""
    raw = minimal()
    raw["Programmes"][0]["account"] = "GRNAT"
    raw["Effects"][1]["score"] = "n/a"
    return raw


# --------------------------------------------------------------------------------------------------- help


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_helps_with_an_example(verb: str) -> None:
    """--help says what the verb does, shows an example that begins with it, and names the common options."""
    result = CliRunner().invoke(main, [verb, "--help"])
    assert result.exit_code == 0
    text = " ".join(result.output.split())
    assert f"Example: haibun {verb}" in text
    if verb != "serve":
        assert all(option in text for option in ("--lang", "--quiet", "--json"))
    assert all(parameter.help for parameter in VERBS[verb].params if isinstance(parameter, click.Option))


@pytest.mark.parametrize("verb", VERBS)
def test_every_example_can_be_typed(verb: str) -> None:
    """The words of the example are taken by the verb: an option that was renamed cannot stay in it."""
    (example,) = re.findall(r"Example: (haibun [^\n]+)", VERBS[verb].help or "")
    VERBS[verb].make_context(verb, shlex.split(example)[2:])


def test_the_program_helps_with_its_verbs() -> None:
    """`haibun` alone and with -h lists the verbs; --version names the program."""
    for arguments in ([], ["-h"], ["--help"]):
        output = CliRunner().invoke(main, arguments).output
        assert all(verb in output for verb in ("template", "check", "solve", "verify")), output
    assert CliRunner().invoke(main, ["--version"]).output.startswith("haibun")


@pytest.mark.parametrize("verb", BOOK_VERBS)
def test_every_verb_that_reads_a_book_takes_scenario_and_set(verb: str) -> None:
    """So that any question can be asked without editing the book."""
    names = {option for parameter in VERBS[verb].params for option in parameter.opts}
    assert {"--scenario", "--set"} <= names
    assert {"solve", "ranges", "prices", "repair"} <= set(BOOK_VERBS)


# --------------------------------------------------------------------------------------------- exit code 0


def test_solve_writes_a_run_and_says_what_it_found(tmp_path: Path) -> None:
    """Score and gap on standard output; the folder can be verified."""
    result = haibun("solve", written(tmp_path, minimal()), "--out", tmp_path / "run")
    assert result.exit_code == 0
    assert "65.00 points" in result.stdout
    assert "report.html" in result.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["book.xlsx", "run"]
    verified = haibun("verify", tmp_path / "run")
    assert verified.exit_code == 0
    assert "65.000000" in verified.stdout


def test_solve_takes_a_scenario_and_sets(tmp_path: Path) -> None:
    """Both reach run.json and the plan."""
    book = written(tmp_path, with_everything())
    options = ["--scenario", "austerity", "--set", "lever:p1=on", "--set", "budget_factor@2028=0.95", "--threads", "1"]
    assert haibun("solve", book, "--out", tmp_path / "run", *options).exit_code == 0
    said = json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))
    assert said["scenario"] == "austerity"
    assert said["set"] == ["lever:p1=on", "budget_factor@2028=0.95"]


def test_check_passes_a_book_without_problems(tmp_path: Path) -> None:
    """Exit code 0 though there are warnings."""
    result = haibun("check", written(tmp_path, with_everything()))
    assert result.exit_code == 0
    assert "0 problem(s)" in result.stdout


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_a_template_is_written_in_either_language(tmp_path: Path, lang: str) -> None:
    """It opens as a workbook of this program, which lacks its data and nothing else."""
    result = haibun("template", tmp_path / "plan.xlsx", lang=lang)
    assert result.exit_code == 0
    checked = json.loads(haibun("check", tmp_path / "plan.xlsx", "--json").stdout)
    assert checked["problems"]
    assert {problem["value"] for problem in checked["problems"] if problem["severity"] == "error"} == {""}
    titles = [sheet.title for sheet in workbook.read(tmp_path / "plan.xlsx").sheets]
    assert ("事業" in titles) == (lang == "ja")


def test_a_workbook_is_never_written_over(tmp_path: Path) -> None:
    """Neither by its own marked or mended copy, nor by a template; an empty template may be written again."""
    book = written(tmp_path, minimal())
    before = book.read_bytes()
    for result in (
        haibun("check", book, "--annotate", tmp_path / "." / book.name),
        haibun("repair", book, "--apply", "1", book),
        haibun("template", book),
    ):
        assert result.exit_code == 2
        assert "choose another name" in result.stderr
    assert book.read_bytes() == before
    for lang in ("ja", "en", "ja"):
        assert haibun("template", tmp_path / "plan.xlsx", lang=lang).exit_code == 0
    page = openpyxl.load_workbook(tmp_path / "plan.xlsx")
    page["設定"]["B2"] = "my plan"
    page.save(tmp_path / "plan.xlsx")
    assert haibun("template", tmp_path / "plan.xlsx").exit_code == 2


def test_problems_are_told_although_the_copy_cannot_be_written(tmp_path: Path) -> None:
    """The list comes first, then why there is no marked copy."""
    book = written(tmp_path, minimal())
    result = haibun("check", book, "--annotate", tmp_path / "nowhere" / "marked.xlsx")
    assert result.exit_code == 2
    assert "0 problem(s)" in result.stdout


# ------------------------------------------------------------------------------ exit code 1: bad workbooks


def not_workbooks(folder: Path) -> dict[str, Path]:
    """Files that are no workbook, by what is wrong with them."""
    contents = {
        "empty.xlsx": b"",
        "text.xlsx": b"region,objective\nSEA,health\n",
        "picture.xlsx": b"\x89PNG\r\n\x1a\n" + bytes(200),
        "old.xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        "cut.xlsx": (ROOT / "inputs" / "minimal.xlsx").read_bytes()[:3000],
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    with zipfile.ZipFile(folder / "zip.xlsx", "w") as package:
        package.writestr("letter.txt", "no sheets")
    (folder / "folder.xlsx").mkdir()
    return {name: folder / name for name in [*contents, "zip.xlsx", "folder.xlsx", "missing.xlsx"]}


@pytest.mark.parametrize("verb", ["check", *BOOK_VERBS])
def test_what_is_no_workbook_is_told_in_a_sentence(tmp_path: Path, verb: str) -> None:
    """Whatever file is given, every verb names it, says what is wrong, exits 1, and writes nothing."""
    for name, path in not_workbooks(tmp_path).items():
        before = sorted(tmp_path.rglob("*"))
        result = haibun(*asking(verb, path, tmp_path / "out"))
        assert result.exit_code == 1, (name, result.output)
        assert name in result.stderr
        assert re.search(r"\w+ \w+ \w+.*\.", result.stderr)
        assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("verb", ["check", *BOOK_VERBS])
def test_every_problem_of_a_book_is_told_with_its_cell(tmp_path: Path, verb: str) -> None:
    """Sheet, cell, value, cause and cure of both problems; exit code 1; nothing written."""
    book = written(tmp_path, faulty())
    result = haibun(*asking(verb, book, tmp_path / "out"))
    assert result.exit_code == 1
    assert re.search(r"Programmes C2.*GRNAT.*did you mean GRANT", result.stderr)
    assert re.search(r"Effects C3.*n/a.*number", result.stderr)
    assert list(tmp_path.iterdir()) == [book]


@pytest.mark.parametrize(
    "sheet", ["Settings", "Regions", "Objectives", "Priorities", "Accounts", "Programmes", "Effects"]
)
def test_a_missing_sheet_is_told_by_name(tmp_path: Path, sheet: str) -> None:
    """Each sheet that must exist."""
    raw = {title: rows for title, rows in minimal().items() if title != sheet}
    result = haibun("solve", written(tmp_path, raw), "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert f"The sheet {sheet} (" in result.stderr
    assert "is missing" in result.stderr
    assert not (tmp_path / "out").exists()


def test_annotate_marks_the_users_own_file(tmp_path: Path) -> None:
    """A copy with marked cells; the exit code is still 1; the original is untouched."""
    book = written(tmp_path, faulty())
    data = book.read_bytes()
    result = haibun("check", book, "--annotate", tmp_path / "marked.xlsx")
    assert result.exit_code == 1
    assert (tmp_path / "marked.xlsx").stat().st_size > 1000
    assert book.read_bytes() == data


def test_annotate_of_what_is_no_workbook_writes_nothing(tmp_path: Path) -> None:
    """There is nothing to mark."""
    for name, path in not_workbooks(tmp_path).items():
        result = haibun("check", path, "--annotate", tmp_path / "marked.xlsx")
        assert result.exit_code == 1, name
        assert not (tmp_path / "marked.xlsx").exists()


def test_numbers_that_the_solver_would_drop_are_told(tmp_path: Path) -> None:
    """Exit code 1 and the sheet, not another plan."""
    raw = minimal()
    raw["Effects"][0]["score"] = 1e-10
    result = haibun("solve", written(tmp_path, raw), "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert "solver" in result.stderr
    assert not (tmp_path / "out").exists()


# ------------------------------------------------------------------------------- exit code 2: wrong usage


@pytest.mark.parametrize("verb", BOOK_VERBS)
def test_a_wrong_scenario_is_told_with_a_suggestion(tmp_path: Path, verb: str) -> None:
    """Exit code 2; nothing written."""
    book = written(tmp_path, with_everything())
    result = haibun(*asking(verb, book, tmp_path / "out"), "--scenario", "austerty")
    assert result.exit_code == 2
    assert "did you mean austerity?" in result.stderr
    assert list(tmp_path.iterdir()) == [book]


@pytest.mark.parametrize("verb", BOOK_VERBS)
def test_a_wrong_set_is_told_with_a_suggestion(tmp_path: Path, verb: str) -> None:
    """Exit code 2; nothing written."""
    book = written(tmp_path, with_everything())
    result = haibun(*asking(verb, book, tmp_path / "out"), "--set", "budget_factor:GRNAT=0.9")
    assert result.exit_code == 2
    assert "did you mean GRANT?" in result.stderr
    assert list(tmp_path.iterdir()) == [book]


WRONG = [
    ["slove"],
    ["solve"],
    ["solve", "inputs/minimal.xlsx"],
    ["solve", "inputs/minimal.xlsx", "--out"],
    ["solve", "inputs/minimal.xlsx", "--out", "x", "--time-limit", "0"],
    ["solve", "inputs/minimal.xlsx", "--out", "x", "--time-limit", "soon"],
    ["solve", "inputs/minimal.xlsx", "--out", "x", "--threads", "0"],
    ["solve", "inputs/minimal.xlsx", "--out", "x", "--lang", "fr"],
    ["frontier", "inputs/minimal.xlsx", "--out", "x", "--from", "nan"],
    ["frontier", "inputs/minimal.xlsx", "--out", "x", "--to", "inf"],
    ["frontier", "inputs/minimal.xlsx", "--for", "nan"],
    ["check"],
    ["check", "a.xlsx", "b.xlsx"],
    ["verify"],
    ["template"],
    ["template", "x.xlsx", "--colour", "blue"],
]


@pytest.mark.parametrize("arguments", WRONG, ids=" ".join)
def test_wrong_usage_exits_with_2(arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Verbs, options and values that do not exist."""
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_no_run_is_never_overwritten(tmp_path: Path) -> None:
    """Exit code 2, and the folder stays as it was."""
    book = written(tmp_path, minimal())
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "letter.txt").write_text("dear", encoding="utf-8")
    result = haibun("solve", book, "--out", mine)
    assert result.exit_code == 2
    assert [path.name for path in mine.iterdir()] == ["letter.txt"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["book.xlsx", "mine"]


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """A folder below a file, a template in a folder that does not exist."""
    book = written(tmp_path, minimal())
    for result in (
        haibun("solve", book, "--out", book / "run"),
        haibun("template", tmp_path / "nowhere" / "plan.xlsx"),
        haibun("template", tmp_path),
    ):
        assert result.exit_code == 2
        assert "." in result.stderr
    assert list(tmp_path.iterdir()) == [book]


# ------------------------------------------------------------------------------------- exit codes 3, 4, 5


def test_an_infeasible_book_exits_with_3(tmp_path: Path) -> None:
    """The rows that cannot hold together are named with cell and id; nothing is written."""
    book = written(tmp_path, infeasible())
    result = haibun("solve", book, "--out", tmp_path / "run")
    assert result.exit_code == 3
    assert "Limits D2: floor" in result.stderr
    assert "Accounts G2: GRANT (Grants)" in result.stderr
    assert "proved exactly" in result.stderr
    assert "haibun repair" in result.stderr
    assert list(tmp_path.iterdir()) == [book]


def test_a_time_limit_exits_with_4(tmp_path: Path) -> None:
    """Without a plan to show there is no folder."""
    book = written(tmp_path, with_everything())
    result = haibun("solve", book, "--out", tmp_path / "run", "--time-limit", "0.000000001")
    assert result.exit_code == 4
    assert "time" in result.stderr
    assert list(tmp_path.iterdir()) == [book]


def test_the_best_plan_found_in_time_is_written_and_exits_with_4(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where time ran out on a plan, its folder can be verified, and it is said that it may not be the best."""
    real = solver.solve
    monkeypatch.setattr(solver, "solve", lambda *asked: replace(real(*asked), status="time_limit"))
    result = haibun("solve", written(tmp_path, minimal()), "--out", tmp_path / "run")
    assert result.exit_code == 4
    assert "time limit" in result.stderr
    assert json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))["status"] == "time_limit"
    assert haibun("verify", tmp_path / "run").exit_code == 0


def test_too_little_memory_exits_with_4(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sentence, and nothing written."""

    def exhausted(*_: Any) -> None:
        raise MemoryError

    book = written(tmp_path, minimal())
    monkeypatch.setattr(solver, "solve", exhausted)
    result = haibun("solve", book, "--out", tmp_path / "run")
    assert result.exit_code == 4
    assert "memory" in result.stderr
    assert list(tmp_path.iterdir()) == [book]


@pytest.mark.parametrize(("lang", "said"), [("en", "Stopped by Ctrl+C."), ("ja", "Ctrl+Cにより中断しました。")])
def test_ctrl_c_is_told_and_exits_with_130(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lang: str, said: str
) -> None:
    """Nothing is left behind."""

    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("optimizer.questions.shapley.Asking.score", interrupted)
    result = haibun("levers", written(tmp_path, with_everything()), "--out", tmp_path / "out", lang=lang)
    assert result.exit_code == 130 and said in result.output
    assert not (tmp_path / "out").exists()


def test_a_plan_that_fails_its_own_check_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the solver's answer breaks a row, the exit code is 5 and no plan is printed or written."""
    real = solver.solve

    def wrong(*asked: Any) -> Any:
        solution = real(*asked)
        return replace(solution, values=solution.values + 1)

    book = written(tmp_path, minimal())
    monkeypatch.setattr(solver, "solve", wrong)
    result = haibun("solve", book, "--out", tmp_path / "run")
    assert result.exit_code == 5
    assert result.stdout == ""
    assert list(tmp_path.iterdir()) == [book]


@pytest.mark.parametrize("name", ["allocation.csv", "run.json", "book.xlsx", "certificate.json", "report.html"])
def test_a_changed_run_exits_with_5(run_folder: Path, tmp_path: Path, name: str) -> None:
    """One digit of one file."""
    copy = Path(shutil.copytree(run_folder, tmp_path / "run"))
    data = (copy / name).read_bytes()
    position = re.search(rb"[0-8]", data).start()  # type: ignore[union-attr]
    (copy / name).write_bytes(data[:position] + b"9" + data[position + 1 :])
    result = haibun("verify", copy)
    assert result.exit_code == 5
    assert result.stdout == ""
    assert result.stderr


def test_a_folder_that_is_no_run_exits_with_5(tmp_path: Path) -> None:
    """Empty or missing."""
    for path in (tmp_path, tmp_path / "nowhere"):
        assert haibun("verify", path).exit_code == 5


# --------------------------------------------------------------------------------------------------- json


def test_check_answers_in_json(tmp_path: Path) -> None:
    """Standard output is one JSON document of the contract's shape; the exit code is 1."""
    result = haibun("check", written(tmp_path, faulty()), "--json")
    answer = json.loads(result.stdout)
    assert result.exit_code == 1
    assert list(answer) == ["problems"]
    assert {tuple(problem) for problem in answer["problems"]} == {
        ("sheet", "cell", "value", "problem", "fix", "severity")
    }
    assert {(p["sheet"], p["cell"], p["value"]) for p in answer["problems"] if p["severity"] == "error"} == {
        ("Programmes", "C2", "GRNAT"),
        ("Effects", "C3", "n/a"),
    }


def test_check_of_what_is_no_workbook_answers_in_json(tmp_path: Path) -> None:
    """The same shape, with no sheet and cell."""
    (tmp_path / "a.xlsx").write_bytes(b"text")
    for verb in (["check"], ["solve", "--out", tmp_path / "run"]):
        result = haibun(verb[0], tmp_path / "a.xlsx", *verb[1:], "--json")
        (problem,) = json.loads(result.stdout)["problems"]
        assert result.exit_code == 1
        assert (problem["sheet"], problem["cell"], problem["value"]) == ("", "", "a.xlsx")


def test_solve_answers_in_json(tmp_path: Path) -> None:
    """What run.json says, and where the folder is."""
    result = haibun("solve", written(tmp_path, minimal()), "--out", tmp_path / "run", "--json")
    answer = json.loads(result.stdout)
    assert answer["status"] == "optimal"
    assert answer["score"] == 65
    assert Path(answer["folder"]) == tmp_path / "run"
    said = json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))
    assert {key: answer[key] for key in said.keys() - {"seconds", "files"}} == {
        key: said[key] for key in said.keys() - {"seconds", "files"}
    }


def test_an_infeasible_book_answers_in_json(tmp_path: Path) -> None:
    """Status, whether it is certified, and the rows."""
    result = haibun("solve", written(tmp_path, infeasible()), "--out", tmp_path / "run", "--json", lang="ja")
    answer = json.loads(result.stdout)
    assert result.exit_code == 3
    assert (answer["status"], answer["certified"]) == ("infeasible", True)
    rows = {(row["sheet"], row["cell"], row["id"], row["name"]) for row in answer["conflict"]}
    assert rows == {("Limits", "D2", "floor", "下限"), ("Accounts", "G2", "GRANT", "無償")}


def test_verify_answers_in_json(run_folder: Path) -> None:
    """True, with what was proved."""
    answer = json.loads(haibun("verify", run_folder, "--json").stdout)
    assert answer["verified"] is True
    assert len(answer["proved"]) >= 3


# ------------------------------------------------------------------------------------ languages and silence


def test_every_kind_of_message_is_in_japanese(tmp_path: Path, run_folder: Path) -> None:
    """Results, problems, wrong usage, infeasibility, time limits and failed checks; nothing is left in English."""
    good, bad, none = (
        written(tmp_path, raw, name)
        for raw, name in ((minimal(), "good.xlsx"), (faulty(), "bad.xlsx"), (infeasible(), "none.xlsx"))
    )
    (tmp_path / "text.xlsx").write_bytes(b"text")
    results = [
        haibun("solve", good, "--out", tmp_path / "run", lang="ja"),
        haibun("check", good, lang="ja"),
        haibun("check", bad, lang="ja"),
        haibun("check", tmp_path / "text.xlsx", lang="ja"),
        haibun("solve", good, "--out", tmp_path / "run", "--scenario", "al", lang="ja"),
        haibun("solve", none, "--out", tmp_path / "other", lang="ja"),
        haibun("solve", good, "--out", tmp_path / "other", "--time-limit", "1e-9", lang="ja"),
        haibun("verify", run_folder, lang="ja"),
        haibun("verify", tmp_path, lang="ja"),
        haibun("template", tmp_path / "template.xlsx", lang="ja"),
    ]
    for result in results:
        lines = [text for text in result.output.splitlines() if text.strip()]
        assert lines
        assert [text for text in lines if not JAPANESE.search(text)] == []


def test_the_language_is_the_locales_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Japanese locale gets Japanese, any other English."""
    book = written(tmp_path, minimal())
    for locale, expected in (("ja_JP.UTF-8", True), ("en_GB.UTF-8", False), ("C", False)):
        monkeypatch.setenv("LC_ALL", locale)
        result = CliRunner().invoke(main, ["check", str(book)])
        assert bool(JAPANESE.search(result.output)) == expected


def test_quiet_prints_results_and_errors_only(tmp_path: Path) -> None:
    """Nothing where all went well; problems all the same."""
    assert haibun("solve", written(tmp_path, minimal()), "--out", tmp_path / "run", "--quiet").output == ""
    assert "GRNAT" in haibun("check", written(tmp_path, faulty(), "bad.xlsx"), "--quiet").stderr


def test_numbers_are_numbers_in_json(tmp_path: Path) -> None:
    """Those of prices and of ranges too, which their CSV files write as text."""
    book = written(tmp_path, minimal())
    prices = json.loads(haibun("prices", book, "--out", tmp_path / "prices", "--json").stdout)
    assert all(isinstance(row[name], float) for row in prices for name in ("price", "per_unit", "holds_to"))
    ranges = json.loads(haibun("ranges", book, "--out", tmp_path / "ranges", "--json").stdout)
    assert all(row["low"] <= row["amount"] <= row["high"] for row in ranges["lines"])
    assert all(isinstance(row["low"], float) for row in ranges["lines"])


@pytest.mark.parametrize("verb", ["prices", "frontier"])
def test_the_answer_to_a_question_is_a_result_that_quiet_leaves(verb: str, tmp_path: Path) -> None:
    said = haibun(verb, written(tmp_path, minimal()), "--out", tmp_path / "asked", "--quiet", "--lang", "en")
    assert "point" in said.stdout and not said.stderr


@pytest.mark.parametrize("encoding", ["ascii", "cp932", "cp1252"])
def test_japanese_is_printed_whatever_the_consoles_code_page(tmp_path: Path, encoding: str) -> None:
    """The installed entry point writes UTF-8; no character stops it."""
    book = written(tmp_path, minimal())
    program = "from optimizer.cli import entry; entry()"
    done = subprocess.run(
        [sys.executable, "-c", program, "solve", str(book), "--out", str(tmp_path / "run"), "--lang", "ja"],
        capture_output=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert JAPANESE.search(done.stdout.decode("utf-8"))


def test_exit_codes_reach_the_shell(tmp_path: Path) -> None:
    """The same codes from a process of its own, with the sentence on standard error alone."""
    (tmp_path / "text.xlsx").write_bytes(b"text")
    cases = [
        (["check", str(ROOT / "inputs" / "minimal.xlsx")], 0),
        (["check", str(tmp_path / "text.xlsx")], 1),
        (["solve", str(written(tmp_path, infeasible())), "--out", str(tmp_path / "run")], 3),
        (["verify", str(tmp_path)], 5),
    ]
    for arguments, code in cases:
        done = subprocess.run(
            [sys.executable, "-c", "from optimizer.cli import entry; entry()", *arguments, "--lang", "en"],
            capture_output=True,
            text=True,
            encoding="utf-8",
            cwd=ROOT,
            check=False,
        )
        assert done.returncode == code
        assert "Traceback" not in done.stderr
        assert done.stderr if code else done.stdout


def test_long_work_tells_how_long_the_rest_takes_where_there_is_no_terminal() -> None:
    """A line now and then, not at every step; none once all is done."""
    told: list[Words] = []
    at_every_step, seldom = now_and_then(told.append, seconds=0), now_and_then(told.append, seconds=3600)
    for progress in (seldom, at_every_step):
        for done in range(4):
            progress(done, 3)
    assert [str(words) for words in told] == ["1 of 3 done; about 1 s left.", "2 of 3 done; about 1 s left."]
    assert told[0].into("ja") == "3件中1件が完了しました。残り約1秒です。"
