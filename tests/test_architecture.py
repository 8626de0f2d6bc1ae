"""Imports run one way, and each outside package stays in its own rooms; imports inside functions count too."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import optimizer

ROOT = Path(__file__).parent.parent
LEVELS = (
    ("words", "collecting"),
    ("errors", "schema", "fiscal", "units"),
    ("workbook",),
    ("checks",),
    ("portfolio",),
    ("scenario", "curves", "places"),
    ("exact",),
    ("matching",),
    ("gains",),
    ("plan", "model"),
    ("proof", "solver", "causes"),
    ("results", "live", "conflict", "whole"),
    ("fillers",),
    ("run", "session"),
    ("sweep",),
    ("questions",),
    ("report",),
    ("answering",),
    ("cli",),
)
LEVEL_OF = {room: level for level, rooms in enumerate(LEVELS) for room in rooms}
SOLVING = (
    "optimizer/solver.py",
    "optimizer/live.py",
    "optimizer/session.py",
    "optimizer/conflict.py",
    "optimizer/whole.py",
    "optimizer/fillers.py",
    "optimizer/questions",
)
HOMES = {
    "pulp": ("optimizer/model", "optimizer/solver.py"),
    "highspy": SOLVING,
    "numpy": ("optimizer/model", *SOLVING),
    "pandas": ("optimizer/questions", "optimizer/report", "webui"),
    "plotly": ("optimizer/report",),
    "jinja2": ("optimizer/report", "webui"),
    "xlsxwriter": ("optimizer/report", "optimizer/workbook"),
    "openpyxl": ("optimizer/workbook",),
    "python_calamine": ("optimizer/workbook",),
    "click": ("optimizer/cli",),
    "rich": ("optimizer/cli",),
    "distributed": ("optimizer/sweep/crews.py",),
    "markdown_it": ("webui/views/help.py",),
    "flask": ("webui",),
    "apiflask": ("webui",),
    "flask_wtf": ("webui",),
    "sqlalchemy": ("webui",),
    "psutil": ("webui",),
    "alembic": ("webui/store.py", "webui/migrations"),
    "waitress": ("webui",),
    "weasyprint": ("optimizer/report",),
}
STANDARD_LIBRARY_ALONE = (
    "curves.py",
    "exact.py",
    "plan.py",
    "proof.py",
    "results.py",
    "run",
    "scenario.py",
    "portfolio",
)


def sources(*places: str) -> Iterator[tuple[str, list[str]]]:
    """Every module of the program with what it imports, by dotted name."""
    for place in places or ("optimizer", "webui"):
        path = ROOT / place
        for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
            yield file.relative_to(ROOT).as_posix(), imported_by(file)


@cache
def imported_by(file: Path) -> list[str]:
    """What a module imports, by dotted name."""
    imported: list[str] = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported += [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            imported += [f"{node.module}.{name.name}" for name in node.names]
    return imported


def room_of(name: str) -> str:
    """The room of a dotted name, or of a path, inside optimizer/."""
    return name.replace("/", ".").split(".")[1]


def test_rooms_import_only_what_stands_above_them() -> None:
    """A room imports rooms of earlier levels and itself; rooms on one level do not import each other."""
    for path, imported in sources("optimizer"):
        for name in imported:
            if name.startswith("optimizer.") and path != "optimizer/__init__.py" and room_of(name) != room_of(path):
                assert LEVEL_OF[room_of(name)] < LEVEL_OF[room_of(path)], f"{path} imports {name}"


def test_every_room_has_a_level() -> None:
    """A new room says where it stands."""
    rooms = {room_of(path) for path, _ in sources("optimizer")} - {"__init__"}
    assert rooms == set(LEVEL_OF)


@pytest.mark.parametrize("package", HOMES)
def test_each_package_stays_in_its_rooms(package: str) -> None:
    """PuLP is known to the model and the solver alone, Plotly to the reports, and so on."""
    for path, imported in sources():
        if any(name.split(".")[0] == package for name in imported):
            assert path.startswith(HOMES[package]), f"{path} imports {package}"


@pytest.mark.parametrize("place", STANDARD_LIBRARY_ALONE)
def test_what_proves_a_plan_needs_the_standard_library_alone(place: str) -> None:
    """The proof and all it stands on after reading import nothing from outside at their head."""
    for path, imported in sources(f"optimizer/{place}"):
        outside = {name.split(".")[0] for name in imported} - set(sys.stdlib_module_names) - {"optimizer"}
        assert not outside, f"{path} imports {outside}"


def test_webui_uses_only_what_the_package_names() -> None:
    """The office speaks with the program through `optimizer` itself, never with its rooms."""
    for path, imported in sources("webui"):
        deep = [name for name in imported if name.startswith("optimizer.") and name.count(".") > 1]
        assert not deep, f"{path} imports {deep}"


def test_every_name_that_the_package_offers_is_where_it_says() -> None:
    """What a type checker sees in `optimizer` is what `optimizer` hands out."""
    seen = {
        alias.asname: node.module.removeprefix("optimizer.")
        for node in ast.walk(ast.parse((ROOT / "optimizer/__init__.py").read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("optimizer.")
        for alias in node.names
    }
    assert seen == optimizer.ROOM_OF
    assert all(getattr(optimizer, name) is not None for name in seen)


@pytest.mark.parametrize("verb", ["--version", "--help", "check"])
def test_a_verb_loads_only_what_it_needs(verb: str) -> None:
    """Asking for help, or checking a book, must not wait for the solver, pandas or the reports."""
    heavy = ("pulp", "highspy", "numpy", "pandas", "plotly", "xlsxwriter", "openpyxl", "jinja2", "rich", "flask")
    arguments = [verb, "inputs/minimal.xlsx", "--quiet"] if verb == "check" else [verb]
    program = (
        "import sys\nfrom optimizer.cli import main\n"
        f"main({arguments!r}, standalone_mode=False)\n"
        f"sys.exit(','.join(name for name in {heavy!r} if name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, encoding="utf-8", cwd=ROOT, check=False
    )
    assert done.stderr.strip() == "", done.stderr


def test_what_computes_never_loads_the_site() -> None:
    """A worker process starts without what serves pages and keeps rows: it is begun often, and counted in memory."""
    program = "import sys, webui.tasks; sys.exit(bool({'flask', 'sqlalchemy', 'waitress'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0
