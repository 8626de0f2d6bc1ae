"""A file's styles with a few more: its own cells in another colour, and those of the list of problems."""

from __future__ import annotations

from optimizer.workbook.own_file import Unchangeable
from optimizer.workbook.splicing import Edit, appended, local, named, prefix_of, spliced, with_attribute


class Styles:
    """Adds fonts, fills and cell formats to a styles part; what is there keeps its number."""

    def __init__(self, xml: bytes) -> None:
        self.xml = xml
        found = {local(node.name): node for node in named(xml, "fonts", "fills", "cellXfs")}
        if len(found) < 3 or any(node.inside == node.end for node in found.values()):
            raise Unchangeable("styles")
        self.groups = found
        self.prefix = prefix_of(found["cellXfs"])
        inside, outside = found["cellXfs"].inside, found["cellXfs"].outside
        self.formats = [node for node in named(xml, "xf") if inside <= node.begin < outside]
        self.counts = {"cellXfs": len(self.formats), "fonts": self._count("font"), "fills": self._count("fill")}
        self.new: dict[str, list[str]] = {"fonts": [], "fills": [], "cellXfs": []}
        self._filled: dict[tuple[int, str], int] = {}
        self._fills: dict[str, int] = {}

    def filled(self, style: int, colour: str) -> int:
        """The style that is ``style`` with a background of ``colour`` (ARGB)."""
        if (style, colour) not in self._filled:
            node = self.formats[style] if style < len(self.formats) else self.formats[0]
            tag = with_attribute(self.xml[node.begin : node.inside], "fillId", self.fill(colour))
            tag = with_attribute(tag, "applyFill", 1)
            self._filled[style, colour] = self._add("cellXfs", (tag + self.xml[node.inside : node.end]).decode())
        return self._filled[style, colour]

    def fill(self, colour: str) -> int:
        """The number of a plain background."""
        if colour not in self._fills:
            p = self.prefix
            pattern = f'<{p}patternFill patternType="solid"><{p}fgColor rgb="{colour}"/></{p}patternFill>'
            self._fills[colour] = self._add("fills", f"<{p}fill>{pattern}</{p}fill>")
        return self._fills[colour]

    def wrapped(self, font: str = "", colour: str = "") -> int:
        """A style of wrapped text at the top of its cell; ``font``: the elements of its font."""
        p = self.prefix
        number = self._add("fonts", f"<{p}font>{font}</{p}font>") if font else 0
        ids = f'numFmtId="0" fontId="{number}" fillId="{self.fill(colour) if colour else 0}" borderId="0" xfId="0"'
        align = f'<{p}alignment vertical="top" wrapText="1"/>'
        return self._add("cellXfs", f'<{p}xf {ids} applyFont="1" applyFill="1" applyAlignment="1">{align}</{p}xf>')

    def stated(self) -> bytes:
        """The part with all that was added."""
        edits: list[Edit] = []
        for group, added in self.new.items():
            node = self.groups[group]
            tag = with_attribute(self.xml[node.begin : node.inside], "count", self.counts[group])
            edits.append((node.begin, node.inside, tag))
            edits.append(appended(self.xml, node, "".join(added).encode()))
        return spliced(self.xml, edits)

    def _count(self, name: str) -> int:
        group = self.groups[f"{name}s"]
        return sum(group.inside <= node.begin < group.outside for node in named(self.xml, name))

    def _add(self, group: str, element: str) -> int:
        self.new[group].append(element)
        self.counts[group] += 1
        return self.counts[group] - 1
