"""A run's files as they are handed out: evidence as it was written, reports with the state of now on every page."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from webui.evidence import standing_of
from webui.language import current
from webui.rows import Run
from webui.site import ask_desk, the_site

PDF = "report.pdf"
REPORTS = ("report.xlsx", "report.html", PDF)
HAS_PAPER = find_spec("weasyprint") is not None
OFFERED = tuple(name for name in REPORTS if HAS_PAPER or name != PDF)
"""A PDF is offered only where the program for it is installed."""


def of_run(run: Run, name: str) -> bytes:
    """A file of a run; a report in the reader's language, with everybody who has signed the run until now."""
    return reports_of(run, [name])[name] if name in REPORTS else (_folder(run) / name).read_bytes()


def reports_of(run: Run, names: Sequence[str]) -> dict[str, bytes]:
    """Reports of a run in the reader's language, with everybody who has signed it until now."""
    made: dict[str, bytes] = ask_desk("reported", _folder(run), names, current(), standing_of(the_site().store, run))
    return made


def of_draft(folder: Path, name: str) -> bytes:
    """A file of a run that nobody has saved."""
    if name == PDF:
        made: dict[str, bytes] = ask_desk("reported", folder, [name], current(), None)
        return made[name]
    return (folder / name).read_bytes()


def _folder(run: Run) -> Path:
    return the_site().store.run_folder(run.id)
