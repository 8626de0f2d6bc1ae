"""The cheapest ways out of a book without a plan: edits of cells, each menu verified by solving the mended book."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from optimizer import model, scenario
from optimizer.conflict import conflicting_rows, remedy_of
from optimizer.errors import WrongUsage
from optimizer.questions.repair.collision import colliding
from optimizer.questions.repair.edits import edits_of
from optimizer.questions.repair.menu import Menu as Menu
from optimizer.questions.repair.search import MOST_REPAIRS, Finder
from optimizer.questions.repair.verifier import Verifier
from optimizer.run import OpenBook
from optimizer.solver import Options
from optimizer.words import say
from optimizer.workbook import write_cells


def repair(book: OpenBook, name: str = scenario.BASE, sets: Sequence[str] = (), options: Options | None = None) -> Menu:
    """Find a smallest conflict and up to five verified repairs of an infeasible book or scenario."""
    options = options or Options()
    portfolio = scenario.apply(book.portfolio, name, sets).portfolio
    built = model.build(portfolio, model.Grid(portfolio.settings.publish_unit))
    conflict = conflicting_rows(built, options)
    if not conflict:
        return Menu(is_feasible=True)
    edits = [edit for edit in edits_of(book.portfolio, portfolio, built) if edit.change.cell]
    verifier = Verifier(book, name, tuple(sets), options)
    repairs = sorted(Finder(portfolio, built, edits, verifier, options).repairs(), key=lambda found: found.cost)
    is_law_alone = False
    if not repairs:
        offered = {row for edit in edits for row in edit.rows}
        firm = conflicting_rows(built, options, lambda key: built.row_of[key] in offered)
        is_law_alone = not any(built.row_of[key] in offered for keys in firm for key in keys)
        conflict = firm if is_law_alone else conflict
    named, is_named_alone = colliding(book, portfolio, conflict, name, tuple(sets), options)
    remedy = remedy_of(built, conflict, options)
    return Menu(
        False,
        tuple(named),
        tuple(repairs[:MOST_REPAIRS]),
        is_alone=is_named_alone and remedy.by_rules,
        is_recurring=remedy.by_rules and not remedy.by_cells,
        is_law_alone=is_law_alone,
    )


def apply_repair(data: bytes, menu: Menu, number: int, out: Path) -> None:
    """Write the workbook with the cells of repair ``number`` (counted from 1) changed, and nothing else.

    Raises ``WrongUsage`` where there is no such repair.
    """
    if not 1 <= number <= len(menu.repairs):
        raise WrongUsage(say("There is no repair {number}; there are {count}.", number=number, count=len(menu.repairs)))
    write_cells(data, {(c.sheet, c.cell): float(c.after) for c in menu.repairs[number - 1].changes}, out)
