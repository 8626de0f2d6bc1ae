"""The Japan book taken apart: cells and parts changed as no spreadsheet program would, and put together again."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

JAPAN = Path(__file__).parents[2] / "inputs" / "japan.xlsx"
NUMBER_OF_SHEET = {
    title: number
    for number, title in enumerate(
        (
            *("How to fill this in", "Settings", "Regions", "Countries", "Objectives", "Priorities", "Accounts"),
            *("Transfers", "Programmes", "Effects", "Curves", "Resources", "ResourceUse", "Synergies", "Limits"),
            *("Levers", "Scenarios"),
        ),
        1,
    )
}
MAIN, STRINGS, TYPES = "xl/workbook.xml", "xl/sharedStrings.xml", "[Content_Types].xml"
RELATIONS = "xl/_rels/workbook.xml.rels"


class Book:
    """The parts of the Japan book, to be changed; ``data`` is the file made of them."""

    def __init__(self) -> None:
        self.parts = dict(_parts())
        self.compression = zipfile.ZIP_DEFLATED

    def sheet(self, title: str) -> str:
        """The name of a worksheet's part."""
        return f"xl/worksheets/sheet{NUMBER_OF_SHEET[title]}.xml"

    def replace(self, part: str, old: bytes, new: bytes, count: int = 1) -> Book:
        """Change a part; the old text must be there."""
        assert old in self.parts[part], (part, old)
        self.parts[part] = self.parts[part].replace(old, new, count)
        return self

    def change(self, part: str, change: Callable[[bytes], bytes]) -> Book:
        """Change a part as a whole."""
        self.parts[part] = change(self.parts[part])
        return self

    def add(self, name: str, content: bytes) -> Book:
        """Add a part."""
        self.parts[name] = content
        return self

    def without(self, name: str) -> Book:
        """Leave out a part."""
        del self.parts[name]
        return self

    def cell(self, title: str, address: str, xml: str) -> Book:
        """Put ``xml`` in the place of a cell; ``xml`` begins after the address: ``' t="b"><v>1</v></c>'``."""
        return self.whole_cell(title, address, f'<c r="{address}"{xml}')

    def whole_cell(self, title: str, address: str, xml: str) -> Book:
        """Put ``xml`` in the place of a cell, or into its row where the row has no such cell."""
        part, new = self.sheet(title), xml.encode()
        old = self.parts[part]
        found = re.search(rb'<c r="%s"[^>]*?(?:/>|>.*?</c>)' % address.encode(), old)
        if found:
            self.parts[part] = old[: found.start()] + new + old[found.end() :]
            return self
        row = re.search(rb'<row r="%s"[^>]*>' % re.sub(r"\D", "", address).encode(), old)
        assert row, (title, address)
        end = old.index(b"</row>", row.end())
        self.parts[part] = old[:end] + new + old[end:]
        return self

    def text(self, title: str, address: str, text: str) -> Book:
        """Put a text into a cell."""
        plain = text.replace("&", "&amp;").replace("<", "&lt;")
        return self.cell(title, address, f' t="inlineStr"><is><t xml:space="preserve">{plain}</t></is></c>')

    def number(self, title: str, address: str, digits: str) -> Book:
        """Put a number, as its digits in the file, into a cell."""
        return self.cell(title, address, f"><v>{digits}</v></c>")

    def row(self, title: str, cells: dict[str, str | float], at: int | None = None) -> Book:
        """Add a row below the last, or at a number: {letters: text or number}."""
        part = self.sheet(title)
        number = at or 1 + max(int(n) for n in re.findall(rb'<row r="(\d+)"', self.parts[part]))
        made = "".join(
            f'<c r="{letters}{number}"><v>{value}</v></c>'
            if isinstance(value, float)
            else f'<c r="{letters}{number}" t="inlineStr"><is><t>{value}</t></is></c>'
            for letters, value in cells.items()
        )
        return self.replace(part, b"</sheetData>", f'<row r="{number}">{made}</row></sheetData>'.encode())

    @property
    def data(self) -> bytes:
        """The file."""
        return packed(self.parts.items(), self.compression)


def packed(parts, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A package of (name, content) pairs."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression, compresslevel=1) as package:
        for name, content in parts:
            package.writestr(name, content)
    return out.getvalue()


@cache
def _parts() -> tuple[tuple[str, bytes], ...]:
    with zipfile.ZipFile(JAPAN) as package:
        return tuple((name, package.read(name)) for name in package.namelist())
