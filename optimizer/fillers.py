"""Filler: money whose only use is to make room under a share or risk limit. Found by solving again without it."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.errors import NoPlan
from optimizer.exact import in_scope
from optimizer.gains import FELT
from optimizer.live import Bounds, Live
from optimizer.model import Model
from optimizer.portfolio import Limit, Programme
from optimizer.results import Result
from optimizer.solver import Options, is_mip

NOTICED = 1e-6
"""Points below which a difference of two best scores says nothing."""


def fillers(result: Result, built: Model, options: Options) -> dict[str, str]:
    """The programmes whose money above their minimum is filler, each with the limit that it makes room under.

    ``built`` is the model that the plan was solved with. Confirmed by re-solves: without the money the best score
    falls, and without the limit too it does not. Left out where a model has integers, whose re-solves take long.
    """
    suspects = list(_suspects(result))
    if not suspects or is_mip(built):
        return {}
    live, found = Live(built, options), {}
    for programme, limits in suspects:
        held = _held_at_minimum(live, programme)
        if _loses(live, held, []):
            for limit in limits:
                if not _loses(live, held, _rows_of(built, limit)):
                    found[programme.id] = limit.id
                    break
    return found


def _suspects(result: Result) -> Iterator[tuple[Programme, list[Limit]]]:
    """Programmes whose money above the minimum adds no points, with the tight limits that it eases."""
    causes = result.causes
    limits = [limit for limit in result.portfolio.limits.values() if limit.basis == "share" or limit.measure == "risk"]
    if not limits:
        return
    for programme in result.portfolio.programmes.values():
        cells = [(programme.id, t) for t in programme.years if causes.room_to_floor((programme.id, t))]
        if cells and all(_adds_nothing(causes.last_points(cell)) for cell in cells):
            eased = [limit for limit in limits if _eases(programme, limit)]
            if eased:
                yield programme, eased


def _adds_nothing(points: float | None) -> bool:
    return points is not None and points <= FELT


def _eases(programme: Programme, limit: Limit) -> bool:
    """Whether more money of a programme makes room under a limit."""
    inside = in_scope(programme, limit.scope)
    if limit.measure == "risk":
        return inside and (programme.risk < limit.value) == (limit.sense == "max") and programme.risk != limit.value
    counted = (1 if inside else 0) - (limit.value if in_scope(programme, limit.of_scope) else 0)
    return counted < 0 if limit.sense == "max" else counted > 0


def _held_at_minimum(live: Live, programme: Programme) -> dict[int, Bounds]:
    columns = live.model.columns
    cells = columns.cell_at[columns.position[programme.id], list(programme.years)]
    most = float(columns.grid.up(programme.floor))
    free = [cell for cell, year in zip(cells.tolist(), programme.years, strict=True) if year not in programme.pins]
    return {columns.first_x + cell: (0.0, most) for cell in free}


def _rows_of(built: Model, limit: Limit) -> list[int]:
    return [n for n, key in enumerate(built.keys) if key[1] == limit.id and str(key[0]).startswith("limit_on_")]


def _loses(live: Live, held: dict[int, Bounds], without: list[int]) -> bool:
    """Whether holding columns down lowers the best score of the model without some rows."""
    with live.without_rows(without):
        best = live.solve() if without else live.score
        with live.changed(columns=held):
            try:
                return best - live.solve() > NOTICED
            except NoPlan:
                return True
