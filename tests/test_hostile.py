"""Hostile workbooks: each is refused with a clear sentence, faulted at its cell, or read to the same tables."""

from __future__ import annotations

import json
import time
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner
from hostile.books import JAPAN
from hostile.kinds import KINDS, Fault, Kind, Refused, Same

from optimizer import checks, workbook
from optimizer.cli import main

SECONDS = 10


@cache
def japan() -> checks.Checked:
    return checks.check(workbook.read(JAPAN))


def tables(checked: checks.Checked, without_names: bool) -> dict[str, object]:
    """Every record of every sheet; ``without_names`` leaves out what no plan depends on."""
    texts = ("name", "name_ja", "source", "note", "value") if without_names else ()
    return {
        name: [({k: v for k, v in record.values.items() if k not in texts}, record.years) for record in table.records]
        for name, table in checked.tables.items()
    }


def test_there_are_kinds_enough_and_no_name_twice():
    """At least a hundred."""
    assert len({kind.name for kind in KINDS}) == len(KINDS) > 100


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_hostile_book_is_refused_faulted_or_read_the_same(kind: Kind, tmp_path: Path) -> None:
    """In the time allowed, without an exception, with the sentence that its kind calls for."""
    path = tmp_path / kind.filename
    path.write_bytes(kind.data)
    begun = time.perf_counter()
    done = CliRunner().invoke(main, ["check", str(path), "--json", "--lang", "en"])
    assert time.perf_counter() - begun < SECONDS
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    problems = json.loads(done.stdout)["problems"]
    errors = [problem for problem in problems if problem["severity"] == "error"]
    assert done.exit_code == bool(errors)
    assert "Traceback" not in done.output
    match kind.expect:
        case Refused(words):
            (problem,) = errors
            assert (problem["sheet"], problem["cell"]) == ("", "")
            assert words in problem["problem"] and problem["fix"]
        case Fault(sheet, cell, words):
            there = [p for p in errors if (p["sheet"], p["cell"]) == (sheet, cell)]
            assert there, errors
            assert any(words in problem["problem"] for problem in there), there
        case Same(sheet, words):
            assert not errors
            assert not words or any(p["sheet"] == sheet and words in p["problem"] for p in problems)
            found = checks.check(workbook.read(path))
            assert tables(found, sheet == "names") == tables(japan(), sheet == "names")
