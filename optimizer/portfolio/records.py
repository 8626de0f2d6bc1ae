"""The portfolio: the checked workbook as keyed, sorted records that the model reads.

Numbers are exact: every quantity is the workbook's decimal as a ``Fraction`` (money in the workbook's unit
a fiscal year, scores in points a unit of money, shares as parts of one). Years are offsets from the first
fiscal year of the horizon, 0 to ``years - 1``. ``row`` is the Excel row that a record came from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from optimizer.workbook import Table

Number = Fraction


@dataclass(frozen=True, slots=True)
class Switch:
    """The levers that a row needs on (``requires``) and needs off (``unless``)."""

    requires: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()

    def is_on(self, levers: Mapping[str, bool]) -> bool:
        """Whether the row exists while ``levers`` are set so."""
        if not self.requires and not self.unless:
            return True
        return all(levers[name] for name in self.requires) and not any(levers[name] for name in self.unless)


@dataclass(frozen=True, slots=True)
class Settings:
    """Title, unit and horizon of the plan."""

    title: str
    unit: str
    first_year: int
    years: int
    discount_rate: Number
    publish_unit: Number
    tie_break: bool
    exchange_rate: Number | None


@dataclass(frozen=True, slots=True)
class Region:
    """A region, with or without priorities."""

    id: str
    name: str
    name_ja: str
    row: int


@dataclass(frozen=True, slots=True)
class Country:
    """A partner country inside a region."""

    id: str
    region: str
    name: str
    name_ja: str
    fragile: bool
    row: int


@dataclass(frozen=True, slots=True)
class Objective:
    """A strategic objective that serves freedom from want or from fear."""

    id: str
    freedom: str
    name: str
    name_ja: str
    row: int


@dataclass(frozen=True, slots=True)
class Segment:
    """One straight piece of a curve: it ends at ``up_to`` (share) and pays ``rate`` of the full score."""

    up_to: Number
    rate: Number


STRAIGHT = (Segment(Fraction(1), Fraction(1)),)


@dataclass(frozen=True, slots=True)
class Priority:
    """The weight and the yearly need (points) of one objective in one region."""

    region: str
    objective: str
    weight: Number
    need: Number
    curve: tuple[Segment, ...]
    curved: bool
    row: int


@dataclass(frozen=True, slots=True)
class Account:
    """A budget account; ``appropriation`` holds one amount a year."""

    id: str
    agency: str
    name: str
    name_ja: str
    kind: str
    carry_over: Number
    appropriation: tuple[Number, ...]
    row: int


@dataclass(frozen=True, slots=True)
class Transfer:
    """A permission to move up to ``max_share`` of the giving account's appropriation a year."""

    from_account: str
    to_account: str
    max_share: Number
    switch: Switch
    row: int


@dataclass(frozen=True, slots=True)
class Programme:
    """A programme that money can be spent on in the years ``first`` to ``last``.

    ``minimum`` is None only where it follows the maximum (an indivisible programme without one); ``floor``
    says what is in force. ``pins`` holds a scenario's exact amounts by year, ``cost`` its cost factor.
    """

    id: str
    family: str
    account: str
    agency: str
    region: str
    country: str
    instrument: str
    name: str
    name_ja: str
    maximum: Number
    minimum: Number | None
    scale: Number
    baseline: Number | None
    ramp: Number | None
    first: int
    last: int
    commitment: bool
    indivisible: bool
    curve: tuple[Segment, ...]
    risk: Number
    leverage: Number
    fragile: bool
    tags: tuple[str, ...]
    switch: Switch
    source: str
    row: int
    cost: Number = Fraction(1)
    pins: Mapping[int, Number] = field(default_factory=dict)

    @property
    def years(self) -> range:
        """The programme's years inside the horizon, as offsets."""
        return range(self.first, self.last + 1)

    @property
    def floor(self) -> Number:
        """The minimum in force; an indivisible programme without one spends its maximum or nothing."""
        return self.maximum if self.minimum is None else self.minimum

    def ceiling(self, year: int) -> Number:
        """The most it may spend in ``year``: the pin where there is one, else the maximum."""
        return self.pins.get(year, self.maximum)


@dataclass(frozen=True, slots=True)
class Effect:
    """Points that one unit of money of a programme yields for an objective, ``lag`` years later."""

    programme: str
    objective: str
    region: str
    score: Number
    lag: int
    low: Number | None
    high: Number | None
    switch: Switch
    source: str
    row: int


@dataclass(frozen=True, slots=True)
class Resource:
    """Something scarce beside money: people, places."""

    id: str
    name: str
    name_ja: str
    unit: str
    available: tuple[Number, ...]
    row: int


@dataclass(frozen=True, slots=True)
class ResourceUse:
    """What one unit of money of a programme uses of, and builds for, a resource."""

    programme: str
    resource: str
    uses: Number
    builds: Number
    delay: int
    life: int | None
    switch: Switch
    row: int


@dataclass(frozen=True, slots=True)
class Synergy:
    """Points for money of ``programme_a`` that is matched by ``ratio`` of ``programme_b``."""

    id: str
    programme_a: str
    programme_b: str
    ratio: Number
    objective: str
    score: Number
    shared: bool
    switch: Switch
    source: str
    row: int


@dataclass(frozen=True, slots=True)
class Scope:
    """Which programmes (or pairs) a limit speaks of; blank fields do not narrow."""

    programme: str = ""
    family: str = ""
    instrument: str = ""
    region: str = ""
    country: str = ""
    account: str = ""
    agency: str = ""
    tag: str = ""
    fragile: bool = False
    objective: str = ""
    freedom: str = ""

    def holds(self, programme: Programme) -> bool:
        """Whether ``programme`` lies in the scope (objective and freedom do not speak of programmes)."""
        return self.holding([programme])[0]

    def holding(self, programmes: Sequence[Programme]) -> list[bool]:
        """The same for each of many programmes."""
        inside = [True] * len(programmes)
        for name in ("programme", "family", "instrument", "region", "country", "account", "agency"):
            wanted = getattr(self, name)
            if wanted:
                own = "id" if name == "programme" else name
                inside = [held and getattr(p, own) == wanted for held, p in zip(inside, programmes, strict=True)]
        if self.tag:
            inside = [held and self.tag in p.tags for held, p in zip(inside, programmes, strict=True)]
        if self.fragile:
            inside = [held and p.fragile for held, p in zip(inside, programmes, strict=True)]
        return inside


@dataclass(frozen=True, slots=True)
class Limit:
    """A rule on spending, value, risk, harm or attainment. ``year`` is an offset, ``"all"`` or None (each)."""

    id: str
    name: str
    name_ja: str
    measure: str
    sense: str
    value: Number
    scope: Scope
    basis: str
    of_scope: Scope
    year: int | str | None
    kind: str
    switch: Switch
    source: str
    row: int


@dataclass(frozen=True, slots=True)
class Lever:
    """A policy lever; ``proposal`` is the number of the proposal that it stands for."""

    id: str
    name: str
    name_ja: str
    proposal: int | None
    default: bool
    note: str
    row: int


@dataclass(frozen=True, slots=True)
class ScenarioItem:
    """One row of a scenario. ``value`` is a number, or True/False for a lever. ``year`` is an offset."""

    scenario: str
    item: str
    target: str
    value: Number | bool
    year: int | None
    row: int


@dataclass(frozen=True)
class Portfolio:
    """Everything that a plan answers to. Records keep the workbook's order; ``row`` leads back to a cell."""

    settings: Settings
    regions: Mapping[str, Region]
    countries: Mapping[str, Country]
    objectives: Mapping[str, Objective]
    priorities: Mapping[tuple[str, str], Priority]
    accounts: Mapping[str, Account]
    transfers: Sequence[Transfer]
    programmes: Mapping[str, Programme]
    effects: Sequence[Effect]
    resources: Mapping[str, Resource]
    resource_uses: Sequence[ResourceUse]
    synergies: Mapping[str, Synergy]
    limits: Mapping[str, Limit]
    levers: Mapping[str, Lever]
    scenario_items: Sequence[ScenarioItem]
    tables: Mapping[str, Table]
    levers_on: Mapping[str, bool] = field(default_factory=dict)

    def with_changes(self, **changes: object) -> Portfolio:
        """A copy with the named fields replaced."""
        return replace(self, **changes)  # type: ignore[arg-type]
