"""The cheapest ways out of a book without a plan: edits of cells, each menu verified by solving the mended book."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from optimizer import scenario
from optimizer.conflict import Proofs, Remedy, independent_conflicts, remedy_of
from optimizer.errors import WrongUsage
from optimizer.model import Grid
from optimizer.questions.repair.collision import colliding
from optimizer.questions.repair.edits import edits_of
from optimizer.questions.repair.menu import Colliding as Colliding
from optimizer.questions.repair.menu import Edit
from optimizer.questions.repair.menu import Menu as Menu
from optimizer.questions.repair.search import Finder, Found
from optimizer.questions.repair.verifier import Verifier
from optimizer.run import OpenBook
from optimizer.session import Session
from optimizer.solver import Options
from optimizer.words import say
from optimizer.workbook import write_cells

PATIENCE = 1200
"""Steps from one mended book to the next: on a large book each costs as much as five of those of a new beginning."""


def repair(book: OpenBook, name: str = scenario.BASE, sets: Sequence[str] = (), options: Options | None = None) -> Menu:
    """Find a smallest conflict and up to five verified repairs of an infeasible book or scenario."""
    options = options or Options()
    portfolio = scenario.apply(book.portfolio, name, sets).portfolio
    unit = portfolio.settings.publish_unit
    session = Session(book.portfolio, options, Grid(unit), patience=PATIENCE)
    built = session.turn_to_portfolio(portfolio)
    proofs = Proofs(built, options)
    if proofs.supporting_rows(set()) is None:
        return Menu(is_feasible=True)
    edits = [edit for edit in edits_of(book.portfolio, portfolio, built) if edit.change.cell]
    verifier = Verifier(session, name, tuple(sets), proofs)
    found = _ways_out(edits, lambda offered: Finder(built, offered, verifier, options, unit))
    conflicts = independent_conflicts(proofs)
    is_law_alone = False
    if not found.repairs:
        offered = {row for edit in edits for row in edit.rows}
        firm = independent_conflicts(proofs, lambda key: built.row_of[key] in offered)
        firm = [rows for rows in firm if not any(built.row_of[key] in offered for keys in rows for key in keys)]
        is_law_alone = bool(firm)
        conflicts = firm or conflicts
    named, is_named_alone = colliding(book, portfolio, conflicts, name, tuple(sets), options)
    remedy = remedy_of(proofs, conflicts[0]) if len(conflicts) == 1 else Remedy(False, False)
    is_alone = is_named_alone and remedy.by_rules
    return Menu(
        False,
        tuple(named),
        tuple(sorted(found.repairs, key=lambda way: way.cost)),
        is_alone=is_alone,
        is_recurring=is_alone and not remedy.by_cells,
        is_law_alone=is_law_alone,
        is_only=found.is_only,
    )


def _ways_out(edits: Sequence[Edit], finder_of: Callable[[list[Edit]], Finder]) -> Found:
    """The ways out of the usual edits; only where there is none, with those of last resort in their places."""
    last = {edit.cell for edit in edits if edit.is_last_resort}
    found = finder_of([edit for edit in edits if not edit.is_last_resort]).repairs()
    if last and not found.repairs:
        found = finder_of([edit for edit in edits if edit.is_last_resort or edit.cell not in last]).repairs()
    return replace(found, is_only=False) if last else found


def apply_repair(data: bytes, menu: Menu, number: int, out: Path) -> None:
    """Write the workbook with the cells of repair ``number`` (counted from 1) changed, and nothing else.

    Raises ``WrongUsage`` where there is no such repair.
    """
    if not 1 <= number <= len(menu.repairs):
        raise WrongUsage(say("There is no repair {number}; there are {count}.", number=number, count=len(menu.repairs)))
    write_cells(data, {(c.sheet, c.cell): float(c.after) for c in menu.repairs[number - 1].changes}, out)
