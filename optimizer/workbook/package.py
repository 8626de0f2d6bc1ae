"""The file as a package: refuse what is no plain .xlsx workbook before any of it is parsed.

What is read afterwards is not the file but a package made anew of the parts that were looked at here, so that no
second reader can see in the bytes what the first did not.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any
from xml.etree.ElementTree import Element
from xml.parsers import expat

from defusedxml.ElementTree import fromstring

from optimizer.words import Words, say
from optimizer.workbook.plain import (
    SHARED_TEXT,
    Addresses,
    as_no_program_writes,
    column_of,
    columns_of,
    plain_part,
    plain_sheet,
    plain_texts,
    refuse_broken,
    rows_of,
    with_known_errors,
)
from optimizer.workbook.refusal import Refused
from optimizer.workbook.tables import NoValue

LARGEST_PACKAGE = 50_000_000
LARGEST_FILE = 100_000_000
LARGEST_GRID = 750_000
LARGEST_TEXT = 60_000_000
MOST_PARTS = 2_000
"""Bytes as they came, bytes unpacked, cells laid out, bytes of text in all cells, and members of the package."""
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b\x08", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ", OLE)
MAIN_PART = "xl/workbook.xml"
TYPES = "[Content_Types].xml"
RELATIONS = "xl/_rels/workbook.xml.rels"
STRINGS, STYLES = "xl/sharedStrings.xml", "xl/styles.xml"
READ_PARTS = (TYPES, "_rels/.rels", MAIN_PART, RELATIONS, STRINGS, STYLES)
PLACES = {"sharedStrings": STRINGS, "styles": STYLES}
"""Where the reader looks for a part, whatever the relation says that another reader follows."""
SHEETS = "xl/worksheets/"
FOREIGN_PARTS: Mapping[str, Words] = {
    "vbaproject": say("The file contains macros; workbooks with macros are not read."),
    "xl/macrosheets/": say("The file contains macros; workbooks with macros are not read."),
    "xl/activex/": say("The file contains controls that run programs (ActiveX)."),
    "xl/externallinks/": say("The file contains links to other workbooks."),
    "xl/connections.xml": say("The file contains connections to data outside of it."),
    "xl/querytables/": say("The file contains connections to data outside of it."),
    "xl/embeddings/": say("The file contains other files inside it."),
}
"""By the beginning of a part's name, in small letters; a bare word may stand anywhere in it."""
FOREIGN_KINDS: Mapping[str, Words] = {
    **dict.fromkeys(("vbaproject", "xlmacrosheet", "xlintlmacrosheet"), FOREIGN_PARTS["vbaproject"]),
    **dict.fromkeys(("control", "activexcontrolbinary"), FOREIGN_PARTS["xl/activex/"]),
    "externallink": FOREIGN_PARTS["xl/externallinks/"],
    **dict.fromkeys(("connections", "querytable"), FOREIGN_PARTS["xl/connections.xml"]),
    **dict.fromkeys(("oleobject", "package"), FOREIGN_PARTS["xl/embeddings/"]),
}
"""By what a relation says that a part is, in small letters, whatever the part is called."""
TAKE_VALUES = say("Copy the tables into a new workbook as values, and save that.")
_ATTRIBUTES = rb"(?:[^>\"']|\"[^\"]*\"|'[^']*')*?"
_HIDES = rb"\s(?:hidden|zeroHeight)\s*=\s*[\"']\s*(?:1|true)\s*[\"']"
_HAS_NO_SIZE = rb"\s(?:ht|width)\s*=\s*[\"']\s*(?:0*(?:\.[0-9]*)?|[0-9.]+[eE]-[0-9]+)\s*[\"']"
_HIDDEN = rb"<(?:\w+:)?(?:%%s)(?=\s)%s(?:%s|%s)" % (_ATTRIBUTES, _HIDES, _HAS_NO_SIZE)
_HIDDEN_ROW, _HIDDEN_COLUMN = re.compile(_HIDDEN % b"row|sheetFormatPr"), re.compile(_HIDDEN % b"col")
_SIGNS_OF_HIDING, _SIGN_OF_NO_HEIGHT = (b"hidden", b"zeroHeight"), re.compile(rb"ht\s*=\s*[\"'](?:[\s0.]|[0-9.]+[eE])")
_SIGNS_OF_ODD_CELLS = (b"<f>", b"<f ", b"<f/", b't="e"')
_END_OF_TEXT = re.compile(rb"</si>|<si */>")
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell(?=\s)%s\sref\s*=\s*[\"']([A-Z0-9:]+)" % _ATTRIBUTES)


@dataclass(frozen=True)
class Part:
    """One worksheet of the package: what calamine does not tell about it."""

    title: str
    hidden: bool
    hidden_rows: bool
    hidden_columns: bool
    merged: str
    odd: Mapping[tuple[int, int], NoValue]


@dataclass(frozen=True)
class Package:
    """The worksheets of a file in their order, and a package of nothing but the parts they are read from."""

    sheets: tuple[Part, ...]
    data: bytes


def unpacked(path: Path, data: bytes) -> Package:
    """The package at first sight; raises ``Refused`` or whatever a broken file raises."""
    _refuse_other_formats(path, data)
    with zipfile.ZipFile(BytesIO(data)) as package:
        _refuse_by_parts(package)
        parts = _read_all(package)
    if b"macroenabled" in parts.get(TYPES, b"").lower():
        raise Refused(FOREIGN_PARTS["vbaproject"])
    for name in parts:
        if name.endswith(".rels"):
            _refuse_ways_out(name, parts[name])
    sheets = tuple(_worksheets(parts))
    return Package(sheets, _made_anew(parts))


def _refuse_other_formats(path: Path, data: bytes) -> None:
    if not data:
        raise Refused(say("The file is empty."), say("Choose the workbook again; `haibun template` writes a new one."))
    if len(data) > LARGEST_PACKAGE:
        raise _too_large(say("The file is larger than {megabytes} MB.", megabytes=LARGEST_PACKAGE // 1_000_000))
    if data.startswith(OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise Refused(say("The file is protected with a password."))
        raise Refused(say("The file is in the old Excel format (.xls)."))
    if not data.startswith(b"PK"):
        raise Refused(say("The file is not an Excel workbook (.xlsx)."))
    if path.suffix.lower() in {".xlsm", ".xltm", ".xlam"}:
        raise Refused(
            say(
                "The file is of a kind that may contain macros ({kind}); such files are not read.",
                kind=path.suffix,
            )
        )
    if data.count(b"PK\x01\x02") > 2 * MOST_PARTS:
        raise Refused(say("The file has more than {count} parts.", count=MOST_PARTS))


def _too_large(problem: Words) -> Refused:
    return Refused(problem, say("Remove pictures and unused sheets, or copy the tables into a new workbook."))


def _refuse_by_parts(package: zipfile.ZipFile) -> None:
    lower = [info.filename.lower() for info in package.infolist()]
    if any(info.flag_bits & 1 for info in package.infolist()) or "encryptedpackage" in lower:
        raise Refused(say("The file is protected with a password."))
    for begin, words in FOREIGN_PARTS.items():
        if any(name.startswith(begin) or ("/" not in begin and begin in name) for name in lower):
            raise Refused(words, TAKE_VALUES)
    if "xl/workbook.bin" in lower:
        raise Refused(say("The file is in the binary Excel format (.xlsb)."))
    if len(lower) > MOST_PARTS:
        raise Refused(say("The file has more than {count} parts.", count=MOST_PARTS))
    if len(set(lower)) != len(lower):
        raise Refused(say("The file contains the same part twice."))
    if any(name.startswith("/") or {*"\\:"} & {*name} or ".." in name.split("/") for name in lower):
        raise Refused(say("The file contains a part whose name leads out of it."))
    if MAIN_PART not in lower:
        raise Refused(say("The file is not an Excel workbook (.xlsx)."))
    if min(info.header_offset for info in package.infolist()) > 0:
        raise Refused(say("Something else stands in the file before the workbook."))


def _read_all(package: zipfile.ZipFile) -> dict[str, bytes]:
    """The XML parts, after counting the real uncompressed bytes of every part and looking at what each begins with."""
    left = LARGEST_FILE
    parts = {}
    for info in package.infolist():
        with package.open(info) as file:
            content = file.read(left + 1)
        left -= len(content)
        if left < 0:
            raise _too_large(say("The file unpacks to more than {megabytes} MB.", megabytes=LARGEST_FILE // 1_000_000))
        if content.startswith(ARCHIVES):
            raise Refused(FOREIGN_PARTS["xl/embeddings/"], TAKE_VALUES)
        if info.filename.endswith((".xml", ".rels")):
            refuse_broken(content, info.filename)
            parts[info.filename] = content
    return parts


def _refuse_ways_out(name: str, xml: bytes) -> None:
    """No part but a link that somebody may click leads out of the file; the workbook is the part that is read."""
    for node in fromstring(xml, forbid_dtd=True):
        kind = node.get("Type", "").rsplit("/", 1)[-1]
        if kind.lower() in FOREIGN_KINDS:
            raise Refused(FOREIGN_KINDS[kind.lower()], TAKE_VALUES)
        leads_out = "://" in node.get("Target", "") or node.get("Target", "").startswith(("\\\\", "//"))
        if (leads_out or node.get("TargetMode", "").lower() == "external") and kind != "hyperlink":
            raise Refused(say("The file refers to something outside of it ({kind}).", kind=kind), TAKE_VALUES)
        if name == RELATIONS and kind in PLACES and _part_of(node) != PLACES[kind]:
            raise as_no_program_writes(name)
        if name == "_rels/.rels" and kind == "officeDocument" and node.get("Target", "").lstrip("/") != MAIN_PART:
            raise Refused(say("The file is not an Excel workbook (.xlsx)."))


def _made_anew(parts: Mapping[str, bytes]) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as package:
        for name in [*READ_PARTS, *(name for name in parts if name.startswith(SHEETS) and name.endswith(".xml"))]:
            if name in parts:
                package.writestr(name, parts[name])
    return out.getvalue()


def _worksheets(parts: dict[str, bytes]) -> Iterator[Part]:
    """Every worksheet; each part that is read is put into the plain form on the way."""
    for name in READ_PARTS:
        if name in parts:
            parts[name] = (plain_texts if name == STRINGS else plain_part)(parts[name], name)
    left, texts = LARGEST_GRID, _Texts(parts.get(STRINGS, b""))
    for title, state, name in _sheets_of(parts):
        parts[name], addresses, is_usual = plain_sheet(parts[name], name, title)
        xml = parts[name]
        end = xml.rfind(b"</sheetData>")
        left -= _grid(title, addresses)
        texts.count(xml)
        if left < 0:
            raise _too_large(say("The sheets have more than {cells} cells together.", cells=f"{LARGEST_GRID:,}"))
        yield Part(
            title,
            hidden=state != "visible",
            hidden_rows=_may_hide_rows(xml, end) and _HIDDEN_ROW.search(xml, 0, end) is not None,
            hidden_columns=b"<col" in xml and _HIDDEN_COLUMN.search(xml[: xml.find(b"<sheetData")]) is not None,
            merged=found[1].decode() if (found := _MERGED.search(xml, end)) else "",
            odd={} if is_usual or not any(sign in xml for sign in _SIGNS_OF_ODD_CELLS) else _odd_cells(xml),
        )
        if not is_usual and b't="e"' in xml:
            parts[name] = with_known_errors(xml)


def _may_hide_rows(xml: bytes, end: int) -> bool:
    """A quick look: searching every row for what hides it takes a while on a large sheet."""
    is_told = any(xml.find(sign, 0, end) >= 0 for sign in _SIGNS_OF_HIDING)
    return is_told or _SIGN_OF_NO_HEIGHT.search(xml, 0, end) is not None


def _sheets_of(parts: Mapping[str, bytes]) -> Iterator[tuple[str, str, str]]:
    """Title, state and part of each worksheet in its order; charts and other sheets are passed over."""
    entries = fromstring(parts[RELATIONS], forbid_dtd=True)
    relations = {node.get("Id"): node for node in entries}
    if len(relations) < len(entries):
        raise as_no_program_writes(RELATIONS)
    seen: set[str] = set()
    for node in fromstring(parts[MAIN_PART], forbid_dtd=True).iter():
        if _local(node.tag) != "sheet":
            continue
        ids = [value for name, value in node.attrib.items() if _local(name) == "id"]
        if len(ids) != 1:
            raise as_no_program_writes(MAIN_PART)
        relation = relations[ids[0]]
        if not relation.get("Type", "").endswith("/worksheet"):
            continue
        title = node.get("name", "")
        if title.casefold() in seen:
            raise Refused(say("Two sheets are called {title}.", title=title))
        seen.add(title.casefold())
        part = _part_of(relation)
        if not part.startswith(SHEETS):
            raise Refused(say("The file is not an Excel workbook (.xlsx)."))
        yield title, node.get("state", "visible"), part


def _part_of(relation: Element) -> str:
    target = relation.get("Target", "")
    return target.lstrip("/") if target.startswith("/") else str(PurePosixPath("xl") / target)


def _local(tag: str) -> str:
    return tag.rsplit("}", 1)[-1]


def _grid(title: str, addresses: Addresses) -> int:
    """Cells of the grid that a reader lays out; a stray cell far away would make it huge."""
    columns = max(map(column_of, columns_of(addresses)), default=0)
    rows = int(rows_of(addresses[-1:])[0]) if addresses else 0
    if columns * rows > LARGEST_GRID:
        raise Refused(
            say(
                "Sheet {title} reaches {rows} rows and {columns} columns.",
                title=title,
                rows=rows,
                columns=columns,
            ),
            say("Delete the stray cells far below or to the right of the table."),
        )
    return columns * rows


class _Texts:
    """Counts the text of all cells: one long text that a million cells share is a million long texts once read."""

    def __init__(self, xml: bytes) -> None:
        self._lengths = [len(text) for text in _END_OF_TEXT.split(xml)[:-1]]
        self._longest = max(self._lengths, default=0)
        self._left = LARGEST_TEXT

    def count(self, xml: bytes) -> None:
        """Add a worksheet; raises ``Refused`` where there is too much."""
        at_most = xml.count(b't="s"') * self._longest
        if at_most > self._left:
            shared = (int(number) for _, number in SHARED_TEXT.findall(xml))
            at_most = sum(self._lengths[number] for number in shared if number < len(self._lengths))
        self._left -= at_most
        if self._left < 0:
            raise _too_large(
                say("The cells hold more than {megabytes} MB of text.", megabytes=LARGEST_TEXT // 1_000_000)
            )


def _odd_cells(xml: bytes) -> dict[tuple[int, int], NoValue]:
    """Cells with an Excel error, and formulas that no spreadsheet program has calculated yet."""
    odd: dict[tuple[int, int], NoValue] = {}
    cell: dict[str, Any] = {"row": -1, "column": -1}

    def start(tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rsplit(":", 1)[-1]
        if tag == "row":
            cell["row"] = int(attributes["r"]) - 1 if "r" in attributes else cell["row"] + 1
            cell["column"] = -1
        elif tag == "c":
            letters = attributes.get("r", "").rstrip("0123456789")
            cell["column"] = column_of(letters) - 1 if letters else cell["column"] + 1
            cell.update(kind=attributes.get("t", "n"), formula=None, text="", inside="", cached=False)
        elif tag in ("f", "v"):
            cell["inside"] = tag
            if tag == "f":
                cell["formula"] = ""
            cell["cached"] = cell["cached"] or tag == "v"

    def text(data: str) -> None:
        if cell.get("inside") == "v":
            cell["text"] += data
        elif cell.get("inside") == "f":
            cell["formula"] += data

    def end(tag: str) -> None:
        tag = tag.rsplit(":", 1)[-1]
        if tag in ("f", "v"):
            cell["inside"] = ""
        elif tag == "c":
            place = (cell["row"], cell["column"])
            if cell["kind"] == "e":
                odd[place] = NoValue(cell["text"] or "#N/A")
            elif cell["formula"] is not None and not cell["text"] and not (cell["cached"] and cell["kind"] == "str"):
                odd[place] = NoValue(f"={cell['formula']}", formula=True)

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.CharacterDataHandler = text
    parser.EndElementHandler = end
    parser.Parse(xml, True)
    return odd
