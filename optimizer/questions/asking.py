"""What every question begins with: a book, its scenario, and the model before rounding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from optimizer import model, scenario
from optimizer.errors import NoPlan
from optimizer.live import Live
from optimizer.model import Grid, Model
from optimizer.model.columns import CONTINUOUS
from optimizer.portfolio import Portfolio
from optimizer.run import OpenBook, explained
from optimizer.solver import Options

Progress = Callable[[int, int], None]
"""Told how many of how many steps are done."""


def silent(done: int, total: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Asked:
    """An active portfolio with its model (amounts not rounded) live in the solver."""

    portfolio: Portfolio
    model: Model
    live: Live
    options: Options


def ask(book: OpenBook, name: str = scenario.BASE, sets: Sequence[str] = (), options: Options | None = None) -> Asked:
    """Build and solve one scenario for questions. Raises ``NoPlan`` with the rows that collide."""
    return ask_portfolio(scenario.apply(book.portfolio, name, sets).portfolio, options)


def ask_portfolio(portfolio: Portfolio, options: Options | None = None, grid: Grid = CONTINUOUS) -> Asked:
    """The same for a portfolio under its scenario; with a ``grid``, the book rounded for publishing."""
    options = options or Options()
    built = model.build(portfolio, grid)
    try:
        live = Live(built, options)
    except NoPlan as error:
        raise explained(error, portfolio, built, options) from None
    return Asked(portfolio, built, live, options)
