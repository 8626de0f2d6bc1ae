"""A user's own file, opened to change a few of its parts; every other part is handed on as it was."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from io import BytesIO
from pathlib import Path

from optimizer.errors import HaibunError
from optimizer.words import say
from optimizer.workbook.package import LARGEST_FILE
from optimizer.workbook.splicing import Node, appended, attribute, named, prefix_of, spliced

WORKBOOK = "xl/workbook.xml"
TYPES = "[Content_Types].xml"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = b"http://purl.oclc.org/ooxml/"
OPEN_XML = "application/vnd.openxmlformats-officedocument.spreadsheetml"


class Unchangeable(HaibunError):
    """The file can be read but is written in a way that cannot be changed safely."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            say("The file cannot be changed ({reason}). Save it once in Excel, and try again.", reason=reason)
        )


@contextmanager
def changing() -> Iterator[None]:
    """Whatever a broken package raises while it is changed, there are a dozen kinds, as ``Unchangeable``."""
    try:
        yield
    except (MemoryError, HaibunError):
        raise
    except Exception as error:
        raise Unchangeable(type(error).__name__) from error


class OwnFile:
    """The parts of a workbook by name; those that are set replace the old ones or come last."""

    def __init__(self, data: bytes) -> None:
        self.parts = dict(_members(data))
        if WORKBOOK not in self.parts or TYPES not in self.parts:
            raise Unchangeable(WORKBOOK)
        if STRICT in self.parts[WORKBOOK]:
            raise Unchangeable("Strict Open XML")
        if any(self.parts[name][:2] in (b"\xff\xfe", b"\xfe\xff") for name in self.parts):
            raise Unchangeable("UTF-16")

    def save(self, out: Path) -> None:
        """Write the package to ``out``."""
        content = BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as package:
            for name, part in self.parts.items():
                package.writestr(zipfile.ZipInfo(name), part, zipfile.ZIP_DEFLATED)
        out.write_bytes(content.getvalue())

    @cached_property
    def sheets(self) -> Mapping[str, str]:
        """The part of each worksheet by its title."""
        targets = {node.attributes["Id"]: node.attributes for node in self.relations(WORKBOOK)}
        found = {}
        for node in named(self.parts[WORKBOOK], "sheet"):
            identity = next(value for name, value in node.attributes.items() if name.endswith(":id"))
            relation = targets[identity]
            if relation["Type"].endswith("/worksheet"):
                found[node.attributes["name"]] = target_of(WORKBOOK, relation["Target"])
        return found

    def relations(self, part: str) -> list[Node]:
        """The relations of a part; none where it has none."""
        name = relations_of(part)
        return named(self.parts[name], "Relationship") if name in self.parts else []

    def related(self, part: str, kind: str) -> str | None:
        """The part that ``part`` has as its ``kind`` (the end of the relation's type)."""
        for node in self.relations(part):
            if node.attributes["Type"].rsplit("/", 1)[-1] == kind and node.attributes.get("TargetMode") != "External":
                return target_of(part, node.attributes["Target"])
        return None

    def relate(self, part: str, kind: str, target: str) -> str:
        """Make ``target`` the ``kind`` of ``part``; returns the relation's id."""
        name = relations_of(part)
        empty = f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Relationships xmlns="{PACKAGE}"/>'
        xml = self.parts.setdefault(name, empty.encode())
        taken = {node.attributes["Id"] for node in self.relations(part)}
        identity = next(f"haibun{n}" for n in range(1, len(taken) + 2) if f"haibun{n}" not in taken)
        root = named(xml, "Relationships")[0]
        relation = f'<{prefix_of(root)}Relationship Id="{identity}" Type="{OFFICE}/{kind}" Target="/{target}"/>'
        self.parts[name] = spliced(xml, [appended(xml, root, relation.encode())])
        return identity

    def add(self, name: str, content: bytes, kind: str) -> None:
        """A new part with its content type."""
        self.parts[name] = content
        self._type(f'Override PartName="/{name}" ContentType="{kind}"')

    def add_kind(self, extension: str, kind: str) -> None:
        """The content type of every part with this extension, unless the file has one."""
        if not any(node.attributes["Extension"].lower() == extension for node in named(self.parts[TYPES], "Default")):
            self._type(f'Default Extension="{extension}" ContentType="{kind}"')

    def remove(self, part: str, owner: str) -> None:
        """Take out a part that ``owner`` alone refers to."""
        del self.parts[part]
        name = relations_of(owner)
        gone = [n for n in self.relations(owner) if target_of(owner, n.attributes["Target"]) == part]
        self.parts[name] = spliced(self.parts[name], [(n.begin, n.end, b"") for n in gone])
        types = [n for n in named(self.parts[TYPES], "Override") if n.attributes["PartName"] == f"/{part}"]
        self.parts[TYPES] = spliced(self.parts[TYPES], [(n.begin, n.end, b"") for n in types])

    def unused(self, stem: str, extension: str) -> str:
        """A name that no part has."""
        return next(name for n in range(1, len(self.parts) + 2) if (name := f"{stem}{n}.{extension}") not in self.parts)

    def _type(self, element: str) -> None:
        xml = self.parts[TYPES]
        root = named(xml, "Types")[0]
        self.parts[TYPES] = spliced(xml, [appended(xml, root, f"<{prefix_of(root)}{element}/>".encode())])


def _members(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Every member of a package, as long as they are no more than a workbook that is read may hold."""
    left = LARGEST_FILE
    with zipfile.ZipFile(BytesIO(data)) as package:
        for info in package.infolist():
            with package.open(info) as member:
                content = member.read(left + 1)
            left -= len(content)
            if left < 0:
                raise Unchangeable(info.filename)
            yield info.filename, content


def relations_of(part: str) -> str:
    """The part that holds the relations of ``part``."""
    folder, name = posixpath.split(part)
    return f"{folder}/_rels/{name}.rels"


def target_of(part: str, target: str) -> str:
    """The part that a relation of ``part`` leads to."""
    return target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"{posixpath.dirname(part)}/{target}")


def quoted(title: str) -> str:
    """A sheet's title as a formula names it, ready for an attribute."""
    return attribute("'" + title.replace("'", "''") + "'")
