"""XML parts as spreadsheet programs write them: whatever dialect a file uses, one reader and one meaning.

The fast reader trusts its input: cells in order, each with its address, no comments, no character references in
attributes. A part that is written in another way is rewritten into that form first, or refused.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import groupby
from string import ascii_uppercase, digits
from xml.etree.ElementTree import Element, SubElement, canonicalize, tostring
from xml.parsers import expat

from defusedxml.ElementTree import fromstring

from optimizer.words import say
from optimizer.workbook.refusal import Refused
from optimizer.workbook.tables import letters_of

LARGEST_ODD_PART = 20_000_000
"""Bytes of a part that is not in the plain form; rewriting takes several times as much memory."""
NAMESPACES = (
    "",
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",
)
MANY_CELLS = 100_000
MOST_PREFIXES = 100
LAST_ROW, LAST_COLUMN = 1_048_576, 16_384
_HEAD = rb'<c r="([A-Z]{1,3}[1-9][0-9]{0,6})"(?: s="[0-9]+")?'
_TAIL = rb'(?: [a-z]+="[0-9]+")*'
_CELL = re.compile(_HEAD + rb'(?: t="[a-zA-Z]+")?' + _TAIL + rb" ?/?>")
_USUAL_CELL = re.compile(
    _HEAD + rb'(?:/>| t="s"><v>[0-9]{1,9}</v></c>|(?: t="n")?><v>-?[0-9.]{1,24}(?:[eE][-+]?[0-9]{1,2})?</v></c>'
    rb'| t="inlineStr"><is><t(?: xml:space="preserve")?>[^<]*</t></is></c>)'
)
"""A whole cell of a text, a number or nothing, whose value leaves no question."""
_BLANK = re.compile(rb'<c r="[A-Z]+[0-9]+"(?: s="[0-9]+")?/>')
_ADDRESS = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_ODD_TEXT = (b"<!", b"&#")
_PREFIX = re.compile(rb"xmlns:([^=\s]+)")
_FORMULA = rb"(?:<f[^>]*/>|<f[^>]*>[^<]*</f>)?"
_SHARED = _HEAD + rb' t="s"' + _TAIL + b">"
_NO_TEXT = re.compile(_SHARED + rb"(?!%s<v>[0-9]{1,9}</v>)" % _FORMULA)
SHARED_TEXT = re.compile(_SHARED + _FORMULA + rb"<v>([0-9]+)</v>")
_INSIDE_VALUE = re.compile(rb"<[vt](?: [^>]*[^/])?>[^<]*<[^/]")
_SECOND_TEXT = re.compile(rb"(?:</t>|<t(?: [^>]*)?/>)\s*<[tr][ />]|</r>\s*<t[ />]")
_VERY_SMALL = re.compile(rb"<v>([-+]?[0-9]*+(?:\.?[0-9]*+[eE]-0*[1-9][0-9]{2,}|\.0{300}[0-9]*))</v>")
_SECOND_VALUE = re.compile(rb"(?:</(?:v|is)>|<(?:v|is)(?: [^>]*)?/>)(?!\s*</c>)")
_ERROR = re.compile(rb"(%s%s<v>)[^<]*</v>" % (_HEAD.replace(b"(", b"(?:", 1) + rb' t="e"' + _TAIL + b">", _FORMULA))
_DIMENSION = re.compile(rb"<dimension [^>]*/>")
_DECLARED = re.compile(rb'<\?xml version="1\.0"(?: encoding="(?:utf|UTF)-8")?(?: standalone="(?:yes|no)")?\s*\?>')

type Addresses = list[bytes]
"""A1, B1 … in the order of the file."""


def refuse_broken(xml: bytes, name: str) -> None:
    """Raise ``Refused`` where a part is no XML, or brings a document type definition of its own."""

    def definition(*_arguments: object) -> None:
        raise Refused(say("The file contains a document type definition, which no spreadsheet program writes."))

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = definition
    try:
        parser.Parse(xml, True)
    except (expat.ExpatError, ValueError, LookupError):
        raise Refused(say("The file is damaged: its part {name} is no whole XML.", name=name)) from None


def plain_part(xml: bytes, name: str) -> bytes:
    """A part other than a worksheet or the list of texts in the plain form."""
    if _is_plain(xml):
        return xml
    _refuse_large(xml, name)
    return canonicalize(xml).encode()


def plain_texts(xml: bytes, name: str) -> bytes:
    """The list of texts in the plain form, without its word on how many there are, for which the reader makes room."""
    first = _first_inside(xml)
    if first < 0 or not _is_plain_table(xml, first, len(xml)):
        _refuse_large(xml, name)
        root = fromstring(xml, forbid_dtd=True)
        _keep_own_names(root)
        xml = tostring(root)
        first = _first_inside(xml)
    if _INSIDE_VALUE.search(xml) or _SECOND_TEXT.search(xml):
        raise as_no_program_writes(name)
    return b"<sst>" + xml[first:] if first > 0 else b"<sst/>"


def _first_inside(xml: bytes) -> int:
    """Where the first element inside the list of texts begins, or the list ends; -1 where it is empty."""
    begin = xml.find(b"<sst")
    return xml.find(b"<", begin + 1) if begin >= 0 else -1


def plain_sheet(xml: bytes, name: str, title: str) -> tuple[bytes, Addresses, bool]:
    """A worksheet in the plain form, with the address of each of its cells in order, and whether all are usual ones."""
    if xml.count(b"<sheetData") > 1:
        raise Refused(say("Sheet {title} holds more than one table of cells.", title=title))
    begin, end = xml.find(b"<sheetData"), xml.rfind(b"</sheetData>")
    is_plain = begin < end and _is_plain_table(xml, begin, end)
    cells = xml.count(b"<c", begin, end)
    if is_plain and cells > MANY_CELLS:  # formats alone, far below the table, hold nothing
        xml = _BLANK.sub(b"", xml)
        end = xml.rfind(b"</sheetData>")
        cells = xml.count(b"<c", begin, end)
    addresses = _USUAL_CELL.findall(xml, begin, end) if is_plain else []
    is_usual = len(addresses) == cells > 0 and _has_nothing_beside_cells(xml, begin, end, cells)
    if is_plain and not is_usual:
        addresses = _CELL.findall(xml, begin, end)
    if not addresses or len(addresses) != cells or not _in_order(addresses):
        _refuse_large(xml, name)
        xml = _rewritten(xml, title)
        addresses = _CELL.findall(xml)
        if len(addresses) != xml.count(b"<c ", xml.find(b"<sheetData"), xml.rfind(b"</sheetData>")):
            raise as_no_program_writes(name)
    _refuse_twice(addresses, title)
    if not is_usual:
        _refuse_unclear_values(xml, title)
    return _DIMENSION.sub(b"", xml, count=1), addresses, is_usual


def _has_nothing_beside_cells(xml: bytes, begin: int, end: int, cells: int) -> bool:
    """Whether a table of usual cells has no other elements than its rows and these cells with their values."""
    rows = xml.count(b"<row", begin, end) + xml.count(b"</row>", begin, end)
    values, texts = xml.count(b"</v></c>", begin, end), xml.count(b"</t></is></c>", begin, end)
    return xml.count(b"<", begin, end) == 1 + rows + cells + 3 * values + 5 * texts


def with_known_errors(xml: bytes) -> bytes:
    """A worksheet whose Excel errors are all of one kind, known to the reader; newer Excels have new ones."""
    return _ERROR.sub(rb"\1#N/A</v>", xml)


def _refuse_unclear_values(xml: bytes, title: str) -> None:
    if found := _NO_TEXT.search(xml):
        raise Refused(
            say("Cell {cell} of sheet {title} refers to a text that is not there.", cell=found[1].decode(), title=title)
        )
    if found := next((very for very in _VERY_SMALL.finditer(xml) if not float(very[1])), None):
        cell = _cell_before(xml, found)
        raise Refused(
            say("Cell {cell} of sheet {title} holds a number too small to be told from 0.", cell=cell, title=title)
        )
    if found := _INSIDE_VALUE.search(xml) or _SECOND_VALUE.search(xml) or _SECOND_TEXT.search(xml):
        cell = _cell_before(xml, found)
        raise Refused(say("Cell {cell} of sheet {title} holds two values.", cell=cell, title=title))


def _cell_before(xml: bytes, found: re.Match[bytes]) -> str:
    *_, cell = _CELL.finditer(xml, 0, found.start())
    return cell[1].decode()


def _is_plain(xml: bytes) -> bool:
    declared = xml.startswith(b"<") and (not xml.startswith(b"<?") or _DECLARED.match(xml) is not None)
    return declared and xml.count(b"<?") <= 1 and not any(sign in xml for sign in _ODD_TEXT)


def _is_plain_table(xml: bytes, begin: int, end: int) -> bool:
    """Whether the part is plain, and no name between ``begin`` and ``end`` has a prefix."""
    prefixes = [b"<" + prefix + b":" for prefix in _PREFIX.findall(xml, 0, begin)]
    if not _is_plain(xml) or len(prefixes) > MOST_PREFIXES:
        return False
    return all(xml.find(sign, begin, end) < 0 for sign in (b"xmlns", *prefixes))


def _refuse_large(xml: bytes, name: str) -> None:
    if len(xml) > LARGEST_ODD_PART:
        raise as_no_program_writes(name)


def as_no_program_writes(name: str) -> Refused:
    """The refusal of a part that two readers may see differently."""
    return Refused(say("The part {name} is written as no spreadsheet program writes it.", name=name))


def _in_order(addresses: Addresses) -> bool:
    rows = [int(row) for row, _ in groupby(rows_of(addresses))]
    return rows == sorted(set(rows))


def _refuse_twice(addresses: Addresses, title: str) -> None:
    if len(set(addresses)) == len(addresses):
        return
    cell, _ = Counter(addresses).most_common(1)[0]
    raise Refused(say("Cell {cell} of sheet {title} stands in the file twice.", cell=cell.decode(), title=title))


def rows_of(addresses: Addresses) -> list[bytes]:
    """The digits of each address."""
    return b" ".join(addresses).translate(None, ascii_uppercase.encode()).split()


def columns_of(addresses: Addresses) -> set[str]:
    """The letters that occur in the addresses."""
    return set(b" ".join(addresses).translate(None, digits.encode()).decode().split())


def _rewritten(xml: bytes, title: str) -> bytes:
    """Rows and cells in order, each with its address; names without prefixes; nothing of other vocabularies."""
    root = fromstring(xml, forbid_dtd=True)
    _keep_own_names(root)
    data = root.find("sheetData")
    if data is not None:
        rows, cells = _laid_out(data, title)
        data.clear()
        for number in sorted(rows.keys() | cells.keys()):
            row = SubElement(data, "row", {**rows.get(number, {}), "r": str(number)})
            for column, cell in sorted(cells.get(number, {}).items()):
                own = {name: value for name, value in cell.attrib.items() if name in ("s", "t")}
                cell.attrib = {"r": f"{letters_of(column - 1)}{number}", **own}
                row.append(cell)
    return tostring(root)


def _laid_out(data: Element, title: str) -> tuple[dict[int, dict[str, str]], dict[int, dict[int, Element]]]:
    """The attributes of each row, and each cell by row and column."""
    rows: dict[int, dict[str, str]] = {}
    cells: dict[int, dict[int, Element]] = {}
    row_number = 0
    for row in data.findall("row"):
        row_number = _row_number(row.get("r", str(row_number + 1)), title)
        rows[row_number] = {**row.attrib, **rows.get(row_number, {})}
        column = 0
        for cell in row.findall("c"):
            place, column = _place(cell.get("r", ""), row_number, column + 1, title)
            if column in cells.setdefault(place, {}):
                _refuse_twice([f"{letters_of(column - 1)}{place}".encode()] * 2, title)
            cells[place][column] = cell
    return rows, cells


def _row_number(text: str, title: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:8]) <= LAST_ROW):
        raise Refused(say("Sheet {title} has a cell at an address that does not exist.", title=title))
    return int(text)


def _place(address: str, row: int, column: int, title: str) -> tuple[int, int]:
    """Row and column of a cell: those of its address, else the next in its row."""
    match = _ADDRESS.fullmatch(address)
    if address and not match:
        raise Refused(say("Sheet {title} has a cell at an address that does not exist.", title=title))
    if match:
        row, column = _row_number(match[2], title), column_of(match[1])
    if column > LAST_COLUMN:
        raise Refused(say("Sheet {title} has a cell at an address that does not exist.", title=title))
    return row, column


def column_of(letters: str) -> int:
    """A is 1."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _keep_own_names(root: Element) -> None:
    """Drop elements of other vocabularies, and the vocabulary's name from the others."""
    for element in [root, *root.iter()]:
        for child in list(element):
            if _vocabulary(child) not in NAMESPACES:
                element.remove(child)
    for element in root.iter():
        element.tag = element.tag.rsplit("}", 1)[-1]
        element.attrib = {name: value for name, value in element.attrib.items() if not name.startswith("{")}


def _vocabulary(element: Element) -> str:
    return element.tag[1:].split("}", 1)[0] if element.tag.startswith("{") else ""
