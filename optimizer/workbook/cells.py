"""Changing a few cells of a user's own file and leaving everything else as it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from html import unescape
from pathlib import Path

from optimizer.workbook.own_file import WORKBOOK, OwnFile, changing
from optimizer.workbook.plain import column_of
from optimizer.workbook.splicing import (
    Edit,
    Node,
    appended,
    local,
    named,
    nodes,
    prefix_of,
    spliced,
    start_tag,
    text,
    with_attribute,
    without_attribute,
)
from optimizer.workbook.tables import letters_of

_ADDRESS = re.compile(r"([A-Z]+)([0-9]+)")
type Change = Callable[[bytes, Node | None], bytes]
"""A cell as it should be: from the sheet's text and the cell, or from a start tag alone where it is not there."""


def write_cells(data: bytes, values: Mapping[tuple[str, str], float], out: Path) -> None:
    """Write a copy of the workbook ``data`` to ``out`` with the cells (sheet title, A1) set to ``values``.

    What formulas elsewhere make of them Excel calculates when it opens the file.
    """
    by_sheet: dict[str, dict[str, Change]] = {}
    for (sheet, cell), value in values.items():
        by_sheet.setdefault(sheet, {})[cell] = _holding(value)
    with changing():
        file = OwnFile(data)
        for sheet, changes in by_sheet.items():
            part = file.sheets[sheet]
            file.parts[part] = changed(_with_own_formulas(file.parts[part], changes.keys()), changes)
        _calculate_on_opening(file)
    file.save(out)


def _holding(value: float) -> Change:
    def change(xml: bytes, node: Node | None) -> bytes:
        tag = xml if node is None else start_tag(xml, node)
        name = tag[1:].split(None, 1)[0].rstrip(b">")
        prefix = name[:-1]
        inside = b"<" + prefix + b"v>" + repr(float(value)).encode() + b"</" + prefix + b"v>"
        for kind in ("t", "cm", "vm"):  # what it was: a text, a formula of many cells, a rich value
            tag = without_attribute(tag, kind)
        return tag + inside + b"</" + name + b">"

    return change


def styled(style: Callable[[int], int]) -> Change:
    """The cell with the style that ``style`` makes of its own."""

    def change(xml: bytes, node: Node | None) -> bytes:
        if node is None:
            found = re.search(rb'\ss="([0-9]+)"', xml)
            return with_attribute(xml, "s", style(int(found[1]) if found else 0))[:-1] + b"/>"
        tag = with_attribute(xml[node.begin : node.inside], "s", style(int(node.attributes.get("s", "0"))))
        return tag + xml[node.inside : node.end]

    return change


def changed(xml: bytes, changes: Mapping[str, Change]) -> bytes:
    """A worksheet with some cells (A1) changed; cells and rows that are not there are put in their places."""
    wanted: dict[int, dict[int, Change]] = {}
    for cell, change in changes.items():
        row, column = place_of(cell)
        wanted.setdefault(row, {})[column] = change
    sheet = _Rows(xml, wanted)
    edits, last = list[Edit](), b""
    for number, cells in sorted(wanted.items()):
        if number in sheet.rows:
            edits += _changes_in_row(xml, sheet, number, cells)
        elif number in sheet.before:
            place = sheet.before[number].begin
            edits.append((place, place, _new_row(sheet, number, cells)))
        else:
            last += _new_row(sheet, number, cells)
    return spliced(xml, [*edits, appended(xml, sheet.data, last)] if last else edits)


def place_of(cell: str) -> tuple[int, int]:
    """Row and column of an A1 address, from 1."""
    match = _ADDRESS.fullmatch(cell)
    assert match  # noqa: S101  (addresses are the program's own)
    return int(match[2]), column_of(match[1])


class _Rows:
    """Where the rows that matter stand in a worksheet, with their cells, and ``before`` which row others belong."""

    def __init__(self, xml: bytes, wanted: Mapping[int, object]) -> None:
        self.rows: dict[int, Node] = {}
        self.cells: dict[int, list[Node]] = {}
        self.before: dict[int, Node] = {}
        self.widths: list[Node] = []
        expected = sorted(wanted, reverse=True)
        number, kept = 0, list[tuple[int, list[int]]]()

        def keep(name: str, attributes: dict[str, str]) -> bool:
            nonlocal number
            if name == "row":
                number = int(attributes.get("r", number + 1))
                passed = []
                while expected and expected[-1] <= number:
                    passed.append(expected.pop())
                if passed and passed[-1] == number:
                    passed.pop()
                if passed or number in wanted:
                    kept.append((number, passed))
                    return True
                return False
            return name in ("sheetData", "col") or (name == "c" and number in wanted)

        row, rows = -1, iter(kept)
        for node in nodes(xml, keep):
            kind = local(node.name)
            if kind == "row":
                row, passed = next(rows)
                self.rows[row], self.cells[row] = node, []
                self.before |= dict.fromkeys(passed, node)
            elif kind == "c":
                self.cells[row].append(node)
            elif kind == "sheetData":
                self.data = node
            else:
                self.widths.append(node)

    def style(self, row: Node | None, column: int) -> str:
        """The style of a cell that is not there: its row's, else its column's."""
        if row is not None and row.attributes.get("customFormat") in ("1", "true"):
            return row.attributes.get("s", "0")
        for node in self.widths:
            if int(node.attributes["min"]) <= column <= int(node.attributes["max"]):
                return node.attributes.get("style", "0")
        return "0"


def _changes_in_row(xml: bytes, sheet: _Rows, number: int, cells: Mapping[int, Change]) -> list[Edit]:
    row, edits, column = sheet.rows[number], list[Edit](), 0
    there: dict[int, Node] = {}
    for node in sheet.cells[number]:
        address = node.attributes.get("r")
        column = place_of(address)[1] if address else column + 1
        there[column] = node
    last = b""
    for column, change in sorted(cells.items()):
        if column in there:
            node = there[column]
            edits.append((node.begin, node.end, change(xml, node)))
            continue
        new = _new_cell(sheet, row, number, column, change)
        place = min((node.begin for other, node in there.items() if other > column), default=None)
        if place is None:
            last += new
        else:
            edits.append((place, place, new))
    return [*edits, appended(xml, row, last)] if last else edits


def _new_row(sheet: _Rows, number: int, cells: Mapping[int, Change]) -> bytes:
    name = f"{prefix_of(sheet.data)}row"
    new = b"".join(_new_cell(sheet, None, number, column, change) for column, change in sorted(cells.items()))
    return f'<{name} r="{number}">'.encode() + new + f"</{name}>".encode()


def _new_cell(sheet: _Rows, row: Node | None, number: int, column: int, change: Change) -> bytes:
    address, style = f"{letters_of(column - 1)}{number}", sheet.style(row, column)
    return change(f'<{prefix_of(sheet.data)}c r="{address}" s="{style}">'.encode(), None)


def _with_own_formulas(xml: bytes, cells: Collection[str]) -> bytes:
    """A worksheet in which no formula is stated at one of ``cells`` for others too: these get their own."""
    if b"shared" not in xml:
        return xml
    from openpyxl.formula.translate import Translator  # noqa: PLC0415  (few files need it)

    at, origins, edits = "", dict[str, tuple[str, str]](), list[Edit]()
    for node in named(xml, "c", "f"):
        if local(node.name) == "c":
            at = node.attributes.get("r", "")
        elif node.attributes.get("t") == "shared":
            formula = unescape(xml[node.inside : node.outside].decode())
            if formula and at in cells:
                origins[node.attributes["si"]] = at, formula
            elif not formula and node.attributes["si"] in origins:
                origin, shared = origins[node.attributes["si"]]
                own = Translator(f"={shared}", origin).translate_formula(at)[1:]
                edits.append((node.begin, node.end, f"<{node.name}>{text(own)}</{node.name}>".encode()))
    return spliced(xml, edits)


def _calculate_on_opening(file: OwnFile) -> None:
    """Results that are stored for formulas may no longer be true, nor the order that they are reckoned in."""
    if chain := file.related(WORKBOOK, "calcChain"):
        file.remove(chain, WORKBOOK)
    xml = file.parts[WORKBOOK]
    found = named(xml, "calcPr")
    if found:
        tag = with_attribute(xml[found[0].begin : found[0].inside], "fullCalcOnLoad", 1)
        edit = (found[0].begin, found[0].inside, tag)
    else:
        last = named(xml, "sheets", "functionGroups", "externalReferences", "definedNames")[-1]
        edit = (last.end, last.end, f'<{prefix_of(last)}calcPr fullCalcOnLoad="1"/>'.encode())
    file.parts[WORKBOOK] = spliced(xml, [edit])
