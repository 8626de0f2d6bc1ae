"""The file as a package: refuse what is no plain .xlsx workbook before any of it is parsed."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any
from xml.parsers import expat

from defusedxml.ElementTree import fromstring

from optimizer.words import Words, say
from optimizer.workbook.tables import NoValue

LARGEST_FILE = 200_000_000
LARGEST_GRID = 8_000_000
MOST_PARTS = 10_000
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
SAVE_AS_XLSX = say("Open the file in Excel and save it as an Excel workbook (.xlsx) without a password or macros.")

_PLAIN_FAR_CELL = re.compile(rb' r="(?:[A-Z][A-Z]|[A-Z]?[0-9]{6})')  # fast, for the XML that programs write
_FAR_CELL = re.compile(rb"\sr\s*=\s*[\"'](?:[A-Z][A-Z]|[A-Z]?[0-9]{6})")
_ADDRESS = re.compile(rb"\sr\s*=\s*[\"']([A-Z]*)([0-9]+)[\"']")
_ODD_CELL = re.compile(rb"<(?:\w+:)?f[\s/>]|\st\s*=\s*[\"']e[\"']")
_HIDDEN_ROW = re.compile(rb"<(?:\w+:)?row\s[^>]*hidden\s*=\s*[\"'](?:1|true)[\"']")


class Refused(Exception):
    """The file is no workbook that can be read: why, and the cure."""

    def __init__(self, problem: Words, fix: Words = SAVE_AS_XLSX) -> None:
        super().__init__(str(problem))
        self.problem = problem
        self.fix = fix


@dataclass(frozen=True)
class Part:
    """One worksheet of the package: what calamine does not tell about it."""

    title: str
    hidden: bool
    hidden_rows: bool
    odd: Mapping[tuple[int, int], NoValue]


def worksheets(path: Path, data: bytes) -> list[Part]:
    """Every worksheet of the package, in its order; raises ``Refused`` or whatever a broken file raises."""
    _refuse_other_formats(path, data)
    with zipfile.ZipFile(BytesIO(data)) as package:
        names = [info.filename for info in package.infolist()]
        _refuse_by_parts(package, names)
        parts = _read_all(package)
    if any(b"macroEnabled" in parts.get(name, b"") for name in ("[Content_Types].xml",)):
        raise Refused(say("The file contains macros; workbooks with macros are not read."))
    return list(_worksheets(parts))


def _refuse_other_formats(path: Path, data: bytes) -> None:
    if not data:
        raise Refused(say("The file is empty."), say("Choose the workbook again; `haibun template` writes a new one."))
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


def _refuse_by_parts(package: zipfile.ZipFile, names: list[str]) -> None:
    lower = [name.lower() for name in names]
    if any(info.flag_bits & 1 for info in package.infolist()):
        raise Refused(say("The file is protected with a password."))
    if any(name.endswith("vbaproject.bin") for name in lower):
        raise Refused(say("The file contains macros; workbooks with macros are not read."))
    if "xl/workbook.bin" in lower:
        raise Refused(say("The file is in the binary Excel format (.xlsb)."))
    if len(set(lower)) != len(lower) or len(lower) > MOST_PARTS or "xl/workbook.xml" not in lower:
        raise Refused(say("The file is not an Excel workbook (.xlsx)."))


def _read_all(package: zipfile.ZipFile) -> dict[str, bytes]:
    """The XML parts, after counting the real uncompressed bytes of every part."""
    left = LARGEST_FILE
    parts = {}
    for info in package.infolist():
        with package.open(info) as file:
            content = file.read(left + 1)
        left -= len(content)
        if left < 0:
            raise Refused(
                say("The file unpacks to more than {megabytes} MB.", megabytes=LARGEST_FILE // 1_000_000),
                say("Remove pictures and unused sheets, or copy the tables into a new workbook."),
            )
        if info.filename.endswith((".xml", ".rels")):
            _refuse_dtd(content)
            parts[info.filename] = content
    return parts


def _refuse_dtd(content: bytes) -> None:
    head = content
    if content[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in content[:4]:
        head = content.decode("utf-16", errors="replace").encode()
    if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
        raise Refused(say("The file contains a document type definition, which no spreadsheet program writes."))


def _worksheets(parts: Mapping[str, bytes]) -> Iterator[Part]:
    relations = {node.get("Id"): node for node in fromstring(parts["xl/_rels/workbook.xml.rels"], forbid_dtd=True)}
    for node in fromstring(parts["xl/workbook.xml"], forbid_dtd=True).iter():
        if _local(node.tag) != "sheet":
            continue
        relation = relations[next(value for name, value in node.attrib.items() if _local(name) == "id")]
        if not relation.get("Type", "").endswith("/worksheet"):
            continue
        target = relation.get("Target", "")
        name = target.lstrip("/") if target.startswith("/") else str(PurePosixPath("xl") / target)
        xml = parts[name]
        title = node.get("name", "")
        _refuse_huge_grid(title, xml)
        yield Part(
            title,
            hidden=node.get("state", "visible") != "visible",
            hidden_rows=b"hidden" in xml and _HIDDEN_ROW.search(xml) is not None,
            odd=_odd_cells(xml) if _may_hold_odd_cells(xml) else {},
        )


def _local(tag: str) -> str:
    return tag.rsplit("}", 1)[-1]


def _refuse_huge_grid(title: str, xml: bytes) -> None:
    """A stray cell far away would make the reader lay out a grid up to it."""
    if not (_PLAIN_FAR_CELL if _is_plain(xml) else _FAR_CELL).search(xml):
        return
    addresses = set(_ADDRESS.findall(xml))
    columns = max((_index(letters) + 1 for letters, _ in addresses if letters), default=1)
    rows = max(int(digits) for _, digits in addresses) if addresses else 1
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


def _is_plain(xml: bytes) -> bool:
    """Whether the part is written as spreadsheet programs do: no prefixes, double quotes, single spaces."""
    return b"<sheetData" in xml and not any(odd in xml for odd in (b"r='", b"r =", b"\tr=", b"\nr=", b"\rr="))


def _may_hold_odd_cells(xml: bytes) -> bool:
    if not _is_plain(xml) or b"t='" in xml or b"t =" in xml:
        return _ODD_CELL.search(xml) is not None
    return any(sign in xml for sign in (b"<f>", b"<f ", b"<f/", b't="e"'))


def _index(letters: bytes) -> int:
    index = 0
    for letter in letters:
        index = index * 26 + letter - 64
    return index - 1


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
            letters = attributes.get("r", "").rstrip("0123456789").encode()
            cell["column"] = _index(letters) if letters else cell["column"] + 1
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
