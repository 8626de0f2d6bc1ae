"""What a report is made of, before any writer: sentences, tables and figures, in both languages.

Every number in a table is an exact ``Fraction`` that was summed here or in ``results``; a writer only shows it.
Derived columns (``across``, ``less``, ``ratio``) and the total row are filled by ``table_of``, so that a
spreadsheet can hold the same thing as a live formula.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import groupby

from optimizer.report.standing import Standing
from optimizer.words import Name, Words, say

ZERO = Fraction(0)
MOST_DECIMALS = 4
SIGNED = ("change", "rate")
NUMERIC = ("money", "change", "points", "share", "rate", "number", "count")


@dataclass(frozen=True)
class Quantity(Words):
    """A number that is written as its kind and the reader's language ask.

    ``kind``: money, change (money with its sign), points, share (per cent), rate (per cent with its sign),
    number or count.
    """

    value: Fraction = ZERO
    kind: str = "number"
    decimals: int = 2

    def into(self, language: str) -> str:
        """The number with thousands separators; negative numbers as ``−1.0``, in Japanese as ``△ 1.0``."""
        return number_text(self.value, self.kind, self.decimals, language)


def quantity(value: Fraction | int, kind: str, decimals: int = 2) -> Quantity:
    """A number for a cell or a sentence."""
    return Quantity("", {}, Fraction(value), kind, decimals)


def number_text(value: Fraction, kind: str, decimals: int, language: str) -> str:
    """A number as people read it; halves are rounded up, as spreadsheets do."""
    unit = ""
    if kind in ("share", "rate"):
        value, unit = 100 * value, "%"
    elif kind == "number":
        decimals = min(decimals, decimals_of(value))
    scale = 10**decimals
    rounded = (2 * abs(value.numerator) * scale + value.denominator) // (2 * value.denominator)
    digits = f"{rounded // scale:,}" + (f".{rounded % scale:0{decimals}d}" if decimals else "") + unit
    if rounded and value < 0:
        return f"△ {digits}" if language == "ja" else f"−{digits}"
    return f"+{digits}" if rounded and kind in SIGNED and language != "ja" else digits


def decimals_of(value: Fraction, most: int = MOST_DECIMALS) -> int:
    """How many decimals write ``value`` in full, at most ``most``."""
    count = 0
    while count < most and (value * 10**count).denominator != 1:
        count += 1
    return count


def exact_sum(numbers: Iterable[Fraction | int]) -> Fraction:
    """An exact sum, by denominator (many times as fast as adding fractions one by one)."""
    sums: dict[int, int] = {}
    for number in numbers:
        sums[number.denominator] = sums.get(number.denominator, 0) + number.numerator
    return sum((Fraction(top, bottom) for bottom, top in sums.items()), ZERO)


Cell = Words | str | Fraction | int | None
Folded = Callable[[int, int], Mapping[int, Cell]]
"""What a group of the rows from one number to before another tells, by column."""


@dataclass(frozen=True)
class Column:
    """A heading and what stands below it.

    ``kind`` is text, long (text that wraps) or one of ``Quantity``'s. ``summed``: the total row holds its sum.
    Derived: ``across`` (first, last) adds up columns of the row, ``less`` (a, b) is a − b, ``ratio`` (a, b) a / b.
    ``page``: shown where room is scarce too, in the web page and in print.
    """

    heading: Words
    kind: str = "text"
    decimals: int = 2
    summed: bool = False
    across: tuple[int, int] | None = None
    less: tuple[int, int] | None = None
    ratio: tuple[int, int] | None = None
    page: bool = True

    @property
    def is_numeric(self) -> bool:
        """Whether its cells are right-aligned numbers."""
        return self.kind in NUMERIC

    def derived(self, row: Sequence[Cell]) -> Cell:
        """Its value in ``row``, from the columns to its left."""
        if self.across:
            first, last = self.across
            return exact_sum(_number(row[i]) for i in range(first, last + 1))
        if self.less:
            return _number(row[self.less[0]]) - _number(row[self.less[1]])
        if self.ratio:
            top, bottom = (_number(row[i]) for i in self.ratio)
            return top / bottom if bottom else None
        return None

    @property
    def is_derived(self) -> bool:
        """Whether it follows from other columns."""
        return bool(self.across or self.less or self.ratio)


@dataclass(frozen=True)
class Group:
    """Rows ``first`` to before ``last`` of a table: ``cells``, which stand above them, hold their name and sums.

    ``level`` is 1 for the largest groups, 2 for those inside them, and so on.
    """

    level: int
    first: int
    last: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """A table that foots: ``total`` holds the sums of the summed columns (empty: the table has no total).

    ``name`` is its range name in a spreadsheet. ``heat``: its shares are coloured by size. ``filtered``: its rows
    are many, and a reader will want to search them. ``groups``: rows that belong together by the columns
    ``grouped_by``, with their sums; they are told from the rows by an empty ``key`` column. ``folded``: where groups
    can be folded only they are seen, and printed, until a reader unfolds one. ``roomy``: its rows have room for a hand.
    ``ranked``: what matters most stands first, so that of very many rows the first are enough on paper.
    """

    name: str
    title: Words
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: tuple[Cell, ...] = ()
    unit: Words | None = None
    note: Words | None = None
    heat: bool = False
    filtered: bool = False
    groups: tuple[Group, ...] = ()
    grouped_by: tuple[int, ...] = ()
    key: int = 0
    folded: bool = False
    roomy: bool = False
    ranked: bool = False

    def body(self) -> Iterator[tuple[int, tuple[Cell, ...]]]:
        """The rows (level 0), each group's name and sums before its first row with the group's level."""
        above: dict[int, list[Group]] = {}
        for group in sorted(self.groups, key=lambda group: group.level):
            above.setdefault(group.first, []).append(group)
        for number, row in enumerate(self.rows):
            yield from ((group.level, group.cells) for group in above.get(number, ()))
            yield 0, row

    def numbers(self, column: int) -> list[Fraction]:
        """A column's numbers; 0 where a cell is blank."""
        return [_number(row[column]) for row in self.rows]

    def words(self, column: int) -> list[Words]:
        """A column's texts."""
        return [cell if isinstance(cell, Words) else Name(str(cell or "")) for cell in (r[column] for r in self.rows)]


def table_of(
    name: str,
    title: Words,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Cell]],
    *,
    unit: Words | None = None,
    note: Words | None = None,
    heat: bool = False,
    filtered: bool = False,
    grouped_by: Sequence[int] = (),
    key: int = 0,
    folded: Folded | None = None,
    roomy: bool = False,
    ranked: bool = False,
) -> Table:
    """A table whose derived columns, groups and total row are filled in. Rows leave derived columns out.

    ``grouped_by``: columns, the largest groups first; rows that belong together must stand together. ``folded``: the
    smallest groups stand for their rows, and what they tell beside their sums.
    """
    full = tuple(_filled(columns, row) for row in rows)
    columns = [_even(column, [row[position] for row in full]) for position, column in enumerate(columns)]
    total = _summed(columns, full, say("Total")) if any(column.summed for column in columns) else ()
    groups = tuple(_groups(columns, full, grouped_by, folded))
    return Table(
        name,
        title,
        tuple(columns),
        full,
        total,
        unit,
        note,
        heat,
        filtered,
        groups,
        tuple(grouped_by),
        key,
        folded is not None,
        roomy,
        ranked,
    )


def _even(column: Column, cells: Sequence[Cell]) -> Column:
    """A column of plain numbers writes all of them with as many decimals as one of them needs."""
    plain = [Fraction(cell) for cell in cells if isinstance(cell, Fraction | int)]
    if column.kind != "number" or not plain:
        return column
    return replace(column, kind="points", decimals=min(column.decimals, max(map(decimals_of, plain))))


def _summed(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], name: Cell) -> tuple[Cell, ...]:
    """A row with the sums of the summed columns, and the ratios of these sums."""
    sums: list[Cell] = [
        exact_sum(_number(row[i]) for row in rows) if column.summed else None for i, column in enumerate(columns)
    ]
    sums[0] = name
    for i, column in enumerate(columns):
        if column.ratio:
            sums[i] = column.derived(sums)
    return tuple(sums)


def _groups(
    columns: Sequence[Column], rows: Sequence[tuple[Cell, ...]], grouped_by: Sequence[int], folded: Folded | None
) -> Iterator[Group]:
    """The groups of all levels; one that holds all rows of the group around it would repeat it, and is left out.

    None that stands for its rows is.
    """
    around = [(0, len(rows))]
    for level, at in enumerate(grouped_by, 1):
        inside = []
        for first, last in around:
            number = first
            for value, same in groupby(rows[first:last], key=lambda row: row[at]):
                start, number = number, number + len(list(same))
                inside.append((start, number))
                stands_for_rows = folded is not None and level == len(grouped_by)
                if value and ((start, number) != (first, last) or stands_for_rows):
                    cells = list(_summed(columns, rows[start:number], value))
                    for position in grouped_by[:level]:
                        cells[position] = rows[start][position]
                    if folded is not None and stands_for_rows:
                        for position, cell in folded(start, number).items():
                            cells[position] = cell
                    yield Group(level, start, number, tuple(cells))
        around = inside


def _filled(columns: Sequence[Column], given: Sequence[Cell]) -> tuple[Cell, ...]:
    values, row = iter(given), list[Cell]()
    for column in columns:
        row.append(column.derived(row) if column.is_derived else next(values))
    return tuple(row)


def _number(cell: Cell) -> Fraction:
    if isinstance(cell, Fraction):
        return cell
    if isinstance(cell, Quantity):
        return cell.value
    return Fraction(cell) if isinstance(cell, int) else ZERO


@dataclass(frozen=True)
class Mark:
    """A point, bar, node or tile: its name and the key of its colour (a family, ``want``, ``fear`` or blank)."""

    name: Words
    colour: str = ""


@dataclass(frozen=True)
class Figure:
    """A picture, with its message as title, the tables that hold its numbers, and where they come from.

    ``kind``: bars (``values``: baseline and plan of each mark), dots and tiles (``values``: a row of shares for each
    mark, ``across``: what the columns are), flow (``links``: from mark, to mark, amount, colour), spans (``values``:
    value, least, most and up to two more of each mark; ``across`` names the range, the value and the others; the
    first table holds the value in its second column and may hold the ways to most and to least in its last two),
    curve (``values``: budget, score, slope, factor of each point), waterfall (``values``: from where to where each
    mark goes; the two ends come from nowhere), dumbbells (``values``: the change of each mark for each of ``across``).
    ``is_open``: its tables are part of the answer, and shown without being asked for.
    """

    name: str
    kind: str
    message: Words
    subject: Words
    tables: tuple[Table, ...]
    marks: tuple[Mark, ...]
    values: tuple[tuple[Fraction | None, ...], ...] = ()
    across: tuple[Mark, ...] = ()
    links: tuple[tuple[int, int, Fraction, str], ...] = ()
    levels: tuple[int, ...] = ()
    decimals: int = 2
    unit: Words = field(default_factory=lambda: Name(""))
    source: Words = field(default_factory=lambda: Name(""))
    note: Words | None = None
    is_open: bool = False


@dataclass(frozen=True)
class Callout:
    """Sentences that must not be overlooked."""

    title: Words
    sentences: tuple[Words, ...]


@dataclass(frozen=True)
class Points:
    """Sentences of equal rank under a heading."""

    title: Words
    sentences: tuple[Words, ...]


@dataclass(frozen=True)
class Beside:
    """Two small tables side by side; in the workbook, whose columns they would share, one below the other."""

    left: Table
    right: Table


Block = Words | Callout | Points | Table | Beside | Figure


def tables_of(block: Block) -> tuple[Table, ...]:
    """The tables of a block."""
    if isinstance(block, Beside):
        return (block.left, block.right)
    if isinstance(block, Figure):
        return block.tables
    return (block,) if isinstance(block, Table) else ()


@dataclass(frozen=True)
class Section:
    """One subject: a sheet of the workbook and a chapter of the page; one without blocks is left out.

    ``page`` replaces its blocks in the page, and ``paper`` replaces them in print.
    """

    name: str
    title: Words
    blocks: tuple[Block, ...]
    page: tuple[Block, ...] | None = None
    paper: tuple[Block, ...] | None = None

    @property
    def on_the_page(self) -> tuple[Block, ...]:
        """What the page shows of it."""
        return self.blocks if self.page is None else self.page

    @property
    def on_paper(self) -> tuple[Block, ...]:
        """What is printed of it."""
        return self.on_the_page if self.paper is None else self.paper


COVER = "cover"


@dataclass(frozen=True)
class Document:
    """A whole report. The first section is the first page; one named ``COVER`` shares it with the contents on paper."""

    title: Words
    message: Words
    subtitle: Words
    fingerprint: Words
    sections: tuple[Section, ...]
    standing: Standing = field(default_factory=Standing)

    def tables(self) -> list[Table]:
        """Every table in the order of the sections, those of figures included."""
        return [table for section in self.sections for block in section.blocks for table in tables_of(block)]
