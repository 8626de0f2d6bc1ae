"""Changing an XML part in place: what is not changed stays as it is, byte for byte, whatever else the part holds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from xml.parsers import expat

_START = re.compile(rb"<[^\s/>]+(?:\s+[^\s=]+\s*=\s*(?:\"[^\"]*\"|'[^']*'))*\s*/?>")
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

_TABLE = re.compile(rb"<(?:[\w.-]+:)?sheetData(?:\s[^>]*)?(?<!/)>")

type Edit = tuple[int, int, bytes]
"""Where a replaced stretch begins and ends, and what stands there instead."""


@dataclass(frozen=True, slots=True)
class Node:
    """An element: where it begins, its content begins, its content ends, it ends. Empty: the last three are one."""

    name: str
    attributes: dict[str, str]
    depth: int
    begin: int
    inside: int
    outside: int
    end: int


@lru_cache(1_000)
def local(name: str) -> str:
    """A name without its prefix."""
    return name.rsplit(":", 1)[-1]


def nodes(xml: bytes, keep: Callable[[str, dict[str, str]], bool]) -> list[Node]:
    """The elements that ``keep`` chooses by local name and attributes, asked in the order of the text."""
    found: list[Node] = []
    waiting: list[tuple[int, int, dict[str, str]] | None] = []
    parser = expat.ParserCreate()

    def start(name: str, attributes: dict[str, str]) -> None:
        if keep(local(name), attributes):
            found.append(Node(name, attributes, len(waiting), -1, -1, -1, -1))
            waiting.append((len(found) - 1, parser.CurrentByteIndex, attributes))
        else:
            waiting.append(None)

    def end(name: str) -> None:
        kept = waiting.pop()
        if kept is None:
            return
        place, begin, attributes = kept
        tag = _START.match(xml, begin)
        assert tag  # noqa: S101  (expat has read it)
        inside = outside = finish = tag.end()
        if not tag[0].endswith(b"/>"):
            outside = parser.CurrentByteIndex
            finish = xml.index(b">", outside) + 1
        found[place] = Node(name, attributes, len(waiting), begin, inside, outside, finish)

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.Parse(xml, True)
    return found


def named(xml: bytes, *names: str) -> list[Node]:
    """The elements of these local names."""
    return nodes(xml, lambda name, _attributes: name in names)


def named_beside_cells(xml: bytes, *names: str) -> list[Node]:
    """The same of a worksheet's elements outside its table of cells, which is by far the longest."""
    begin, end = _TABLE.search(xml), xml.rfind(b"sheetData>")
    if not begin or end < begin.end():
        return named(xml, *names)
    cut = begin.end(), xml.rindex(b"</", 0, end)
    found = named(xml[: cut[0]] + xml[cut[1] :], *names)

    def place(at: int) -> int:
        return at if at <= cut[0] else at + cut[1] - cut[0]

    return [
        Node(node.name, node.attributes, node.depth, *map(place, (node.begin, node.inside, node.outside, node.end)))
        for node in found
    ]


def spliced(xml: bytes, edits: Iterable[Edit]) -> bytes:
    """The text with every edit made; edits at one place stay in their order."""
    pieces, at = [], 0
    for begin, end, text in sorted(edits, key=lambda edit: edit[:2]):
        pieces += [xml[at:begin], text]
        at = end
    return b"".join([*pieces, xml[at:]])


def prefix_of(node: Node) -> str:
    """The prefix that a part's own elements have, with its colon."""
    return node.name[: -len(local(node.name))]


def start_tag(xml: bytes, node: Node) -> bytes:
    """An element's start tag, without the stroke of an empty one."""
    tag = xml[node.begin : node.inside]
    return tag[:-2].rstrip() + b">" if tag.endswith(b"/>") else tag


def with_content(xml: bytes, node: Node, content: bytes) -> Edit:
    """The element with other content."""
    return node.begin, node.end, start_tag(xml, node) + content + b"</" + node.name.encode() + b">"


def appended(xml: bytes, node: Node, content: bytes) -> Edit:
    """The element with more content at its end."""
    empty = node.inside == node.end
    return with_content(xml, node, content) if empty else (node.outside, node.outside, content)


def with_attribute(tag: bytes, name: str, value: object) -> bytes:
    """A start tag with an attribute set."""
    stated = f' {name}="{attribute(str(value))}"'.encode()
    there = _attribute(name).search(tag)
    end = -2 if tag.endswith(b"/>") else -1
    return tag[: there.start()] + stated + tag[there.end() :] if there else tag[:end].rstrip() + stated + tag[end:]


def without_attribute(tag: bytes, name: str) -> bytes:
    """A start tag without an attribute."""
    return _attribute(name).sub(b"", tag, count=1)


def _attribute(name: str) -> re.Pattern[bytes]:
    return re.compile(rb"\s" + re.escape(name.encode()) + rb"\s*=\s*(?:\"[^\"]*\"|'[^']*')")


def legal(plain: str) -> str:
    """Plain text without what XML cannot hold."""
    return _ILLEGAL.sub("", plain)


def text(plain: str) -> str:
    """Plain text as it stands between tags."""
    return escape(legal(plain), quote=False)


def attribute(plain: str) -> str:
    """Plain text as it stands in an attribute."""
    return text(plain).replace('"', "&quot;").replace("\n", " ")
