"""A run solved once more from the bytes that it kept, and held against what it published."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from optimizer import scenario
from optimizer.run.folder import read_run
from optimizer.run.solving import open_book, solve_book, versions
from optimizer.run.tables import decimal_text
from optimizer.words import Words, say

MOST_SHOWN = 20


def reproduce(folder: Path) -> list[Words]:
    """Where a second solve differs from the run; nothing where every published amount is the same.

    Raises ``CheckFailed`` where the run is not as it was written.
    """
    from optimizer.solver import Options  # noqa: PLC0415  (verifying a run never needs the solver)

    first, _ = read_run(folder)
    facts: Any = first.facts
    options = Options(facts["options"]["time_limit"], facts["options"]["threads"])
    second = solve_book(open_book(folder / "book.xlsx"), facts["scenario"], facts["set"], options)
    found = [
        say(
            "{programme}, FY{year}: {first} in the run, {second} now.",
            programme=programme,
            year=first.fiscal_year(year),
            first=decimal_text(amount),
            second=decimal_text(second.plan.spending[programme, year]),
        )
        for (programme, year), amount in first.plan.spending.items()
        if second.plan.spending[programme, year] != amount
    ]
    more = len(found) - MOST_SHOWN
    found = found[:MOST_SHOWN] + ([say("… and {count} more.", count=more)] if more > 0 else [])
    if first.proof.score != second.proof.score:
        scores = (f"{float(proof.score):.9f}" for proof in (first.proof, second.proof))
        found.append(say("Score: {first} in the run, {second} now.", first=next(scores), second=next(scores)))
    if found and facts["versions"] != (now := versions()):
        changed = [f"{name} {facts['versions'].get(name)} → {now[name]}" for name in now]
        found.append(say("Versions: {versions}.", versions=", ".join(changed)))
    return found


def lp_file(book: Path, name: str, sets: Sequence[str]) -> bytes:
    """The model of a scenario as an LP file, for anybody's solver; rows and columns carry positions, not names."""
    from optimizer import model  # noqa: PLC0415

    portfolio = scenario.apply(open_book(book).portfolio, name, sets).portfolio
    built = model.build(portfolio, model.Grid(portfolio.settings.publish_unit))
    with TemporaryDirectory() as folder:
        path = Path(folder, "model.lp")
        built.problem.writeLP(str(path))
        return path.read_bytes()
