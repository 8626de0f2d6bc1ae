"""Coverage-guided fuzzing of the reader: mutated sheets of the minimal book, packed and read; any exception is a find.

    pip install atheris && python tests/bench/run_fuzz.py -max_total_time=3600

Each input replaces one XML part of the book (the first byte says which). What comes out must be tables, or one problem
with words; judging what was read must not raise. ``InputProblems`` is the only exception that may.
"""

from __future__ import annotations

import sys
import zipfile
from io import BytesIO
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["optimizer"]):
    from optimizer import checks, workbook
    from optimizer.errors import InputProblems

BOOK = Path(__file__).parents[2] / "inputs" / "minimal.xlsx"
with zipfile.ZipFile(BOOK) as package:
    PARTS = {name: package.read(name) for name in package.namelist() if name.endswith((".xml", ".rels"))}
NAMES = ["xl/worksheets/sheet2.xml", "xl/sharedStrings.xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels"]
NAMES += [name for name in PARTS if name.startswith("xl/worksheets/sheet") and name not in NAMES]


def read_one(data: bytes) -> None:
    """Read the book with one part replaced."""
    if not data:
        return
    parts = PARTS | {NAMES[data[0] % len(NAMES)]: data[1:]}
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as target:
        for name, content in parts.items():
            target.writestr(name, content)
    try:
        checks.check(workbook.read_bytes(out.getvalue(), Path("book.xlsx")))
    except InputProblems as refused:
        assert refused.problems[0].problem.into("ja")


def main() -> None:
    """Write the book's own parts as seeds, and fuzz."""
    seeds = Path(sys.argv.pop(1)) if len(sys.argv) > 1 and not sys.argv[1].startswith("-") else Path("fuzz-corpus")
    seeds.mkdir(exist_ok=True)
    for number, name in enumerate(NAMES):
        (seeds / f"seed{number}").write_bytes(bytes([number]) + PARTS[name])
    atheris.Setup([sys.argv[0], str(seeds), *sys.argv[1:]], read_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
