"""Sentences, tables and figures with their money in a reader's unit.

An amount is converted only where its unit stands beside it, and the two change together. What names no unit, and what
is no amount (a limit's value, the price of a unit), stays in the workbook's unit, as its words say.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from optimizer import units
from optimizer.portfolio import Portfolio
from optimizer.report import terms
from optimizer.report.document import (
    MOST_DECIMALS,
    Block,
    Cell,
    Column,
    Figure,
    Points,
    Quantity,
    Table,
    number_text,
)
from optimizer.report.in_unit import InUnit, in_unit
from optimizer.words import Name, Words

IN_MONEY = ("money", "change")
_AMOUNT = re.compile(r"([+−-]|△ ?)?([\d,]+)(?:\.(\d+))?")


@dataclass(frozen=True)
class Converter:
    """From the unit of a workbook into another."""

    workbook: str
    into: InUnit

    def words(self, words: Words) -> Words:
        """A sentence with every amount that it states together with its unit."""
        if self.into.unit == self.workbook:
            return words
        if isinstance(words, units.Money):
            return self._amount(words) or words
        if not words.values:
            return words
        if words.pattern == units.amount("", self.workbook).pattern:
            amount = self._amount(words.values["amount"])
            return words if amount is None else units.amount(amount, self.into.unit)
        return replace(words, values={key: self._value(value) for key, value in words.values.items()})

    def block(self, block: Block) -> Block:
        """A sentence, table or figure of a document."""
        if isinstance(block, Words):
            return self.words(block)
        if isinstance(block, Table):
            return self.table(block)
        if isinstance(block, Figure):
            return self.figure(block)
        if isinstance(block, Points):
            return replace(block, sentences=tuple(self.words(words) for words in block.sentences))
        return block

    def table(self, table: Table) -> Table:
        """A table: its columns of money, where they or the table name the unit."""
        whole = table.unit is not None and self._names_the_unit(table.unit)
        body = [*table.rows, *([table.total] if table.total else []), *(group.cells for group in table.groups)]
        of_money = [
            column.kind in IN_MONEY
            and (whole or self._names_the_unit(column.heading))
            and all(_is_number(row[place]) for row in body)
            for place, column in enumerate(table.columns)
        ]
        if whole and not all(of_money[p] for p, column in enumerate(table.columns) if column.kind in IN_MONEY):
            return table
        return replace(
            table,
            title=self.words(table.title),
            unit=table.unit and self._renamed(table.unit),
            note=table.note and self.words(table.note),
            columns=tuple(self._column(*each) for each in zip(table.columns, of_money, strict=True)),
            rows=tuple(self._row(row, of_money) for row in table.rows),
            total=self._row(table.total, of_money) if table.total else (),
            groups=tuple(replace(group, cells=self._row(group.cells, of_money)) for group in table.groups),
        )

    def figure(self, figure: Figure) -> Figure:
        """A figure with its tables; its values where its axis names the unit (of a curve the axis along the foot)."""
        tables = tuple(self.table(table) for table in figure.tables)
        marks = tuple(replace(mark, name=self.words(mark.name)) for mark in figure.marks)
        figure = replace(figure, tables=tables, marks=marks, subject=self.words(figure.subject))
        if not self._names_the_unit(figure.unit):
            return replace(figure, message=self.words(figure.message))
        measured = 1 if figure.kind == "curve" else None
        return replace(
            figure,
            message=self._all_money(figure.message),
            values=tuple((*map(self._scaled, row[:measured]), *row[len(row[:measured]) :]) for row in figure.values),
            links=tuple((start, end, amount * self.into.factor, how) for start, end, amount, how in figure.links),
            decimals=self.into.decimals(figure.decimals),
            unit=self._renamed(figure.unit),
        )

    def _column(self, column: Column, is_money: bool) -> Column:
        if not is_money:
            return replace(column, heading=self.words(column.heading))
        return replace(column, heading=self._renamed(column.heading), decimals=self.into.decimals(column.decimals))

    def _row(self, row: Sequence[Cell], of_money: Sequence[bool]) -> tuple[Cell, ...]:
        return tuple(
            self._cell(cell) if is_money else self.words(cell) if isinstance(cell, Words) else cell
            for cell, is_money in zip(row, of_money, strict=True)
        )

    def _cell(self, cell: Cell) -> Cell:
        if isinstance(cell, Quantity):
            return self._quantity(cell)
        return cell * self.into.factor if isinstance(cell, Fraction | int) else cell

    def _scaled(self, value: Fraction | None) -> Fraction | None:
        return None if value is None else value * self.into.factor

    def _value(self, value: object) -> object:
        return self.words(value) if isinstance(value, Words) else value

    def _amount(self, amount: object) -> Words | None:
        """The amount of a sentence: a quantity, or a number written out; None where it is neither."""
        if isinstance(amount, Quantity):
            return self._quantity(amount)
        if not isinstance(amount, Name):
            return None
        english = self._text(amount.pattern)
        return None if english is None else Name(english, japanese=self._text(amount.japanese) or "")

    def _text(self, text: str) -> str | None:
        found = _AMOUNT.fullmatch(text)
        if found is None:
            return None
        sign, whole, part = found[1] or "", found[2].replace(",", ""), found[3]
        value = Fraction(f"{whole}.{part or 0}") * self.into.factor
        if part is None:  # a round number, such as the one unit that a price is for: in full
            return sign + number_text(value, "number", MOST_DECIMALS, "en")
        return sign + number_text(value, "money", self.into.decimals(len(part)), "en")

    def _quantity(self, amount: Quantity) -> Quantity:
        return replace(amount, value=amount.value * self.into.factor, decimals=self.into.decimals(amount.decimals))

    def _all_money(self, words: Words) -> Words:
        """The message of a figure in money: its quantities of money need no unit beside them."""
        values = {
            key: self._quantity(value) if isinstance(value, Quantity) and value.kind in IN_MONEY else self._value(value)
            for key, value in words.values.items()
        }
        return replace(words, values=values) if values else words

    def _names_the_unit(self, words: Words) -> bool:
        own = terms.usual(self.workbook)
        return words == own or any(isinstance(v, Words) and self._names_the_unit(v) for v in words.values.values())

    def _renamed(self, words: Words) -> Words:
        if words == terms.usual(self.workbook):
            return self.into.name
        values = {key: self._renamed(v) if isinstance(v, Words) else v for key, v in words.values.items()}
        return replace(words, values=values) if values else words


def converter_into(unit: str, portfolio: Portfolio) -> Converter:
    """From a workbook's unit into a reader's; where amounts cannot be shown in that, all stay as they are."""
    return Converter(portfolio.settings.unit, in_unit(portfolio, unit))


def _is_number(cell: Cell) -> bool:
    return cell is None or cell == "" or isinstance(cell, Quantity | Fraction | int)
