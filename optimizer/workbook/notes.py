"""Notes on cells of a user's own file: added beside those that are there, or to them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from html import unescape

from optimizer.workbook.cells import place_of
from optimizer.workbook.own_file import MAIN, OFFICE, OPEN_XML, OwnFile
from optimizer.workbook.splicing import (
    Edit,
    Node,
    appended,
    local,
    named_beside_cells,
    nodes,
    prefix_of,
    spliced,
    text,
    with_content,
)

AUTHOR = "Haibun"
MARK = f"【{AUTHOR}】"
LONGEST_NOTE = 8_000
FIRST_SHAPE = 1025
AFTER_DRAWINGS = (
    *("legacyDrawingHF", "drawingHF", "picture", "oleObjects", "controls"),
    *("webPublishItems", "tableParts", "extLst", "AlternateContent"),
)
"""What follows the drawing of notes in a worksheet."""
NO_NOTES = f'<comments xmlns="{MAIN}"><authors/><commentList/></comments>'.encode()
NO_SHAPES = (
    b'<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    b'xmlns:x="urn:schemas-microsoft-com:office:excel"><o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="1"/>'
    b'</o:shapelayout><v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" '
    b'path="m,l,21600r21600,l21600,xe"><v:stroke joinstyle="miter"/><v:path gradientshapeok="t" '
    b'o:connecttype="rect"/></v:shapetype></xml>'
)
_BOX = re.compile(rb"<v:shape\s.*?</v:shape>", re.DOTALL)
_ROW = re.compile(rb"<x:Row>\s*([0-9]+)\s*</x:Row>")
_COLUMN = re.compile(rb"<x:Column>\s*([0-9]+)\s*</x:Column>")
_ANCHOR = re.compile(rb"(<x:Anchor>\s*)([0-9]+(?:\s*,\s*[0-9]+){7})")
_SIZE = re.compile(rb"\b(width|height):[0-9.]+(?:px|pt)")
_SHAPE = re.compile(rb"_x0000_s([0-9]+)")


def add_notes(file: OwnFile, sheet: str, notes: Mapping[str, str]) -> None:
    """Add to the worksheet part ``sheet`` a note on each cell (A1); what an earlier call added there is replaced."""
    part = file.related(sheet, "comments")
    if part is None:
        part = file.unused("xl/comments_haibun", "xml")
        file.add(part, NO_NOTES, f"{OPEN_XML}.comments+xml")
        file.relate(sheet, "comments", part)
    file.parts[part], new = _with_notes(file.parts[part], notes)
    drawing = _drawing_of(file, sheet)
    vml = _with_room(file.parts[drawing], {place_of(cell) for cell in notes})
    file.parts[drawing] = _with_shapes(vml, {cell: notes[cell] for cell in new})


def _with_notes(xml: bytes, notes: Mapping[str, str]) -> tuple[bytes, list[str]]:
    """The part with the notes, and the cells that had none."""
    is_wanted = False

    def keep(name: str, attributes: dict[str, str]) -> bool:
        nonlocal is_wanted
        if name == "comment":
            is_wanted = attributes["ref"] in notes
        return name in ("authors", "author", "commentList") or (is_wanted and name in ("comment", "text", "t"))

    found: dict[str, list[Node]] = {"author": []}
    old: dict[str, list[Node]] = {}
    at = ""
    for node in nodes(xml, keep):
        kind = local(node.name)
        if kind == "comment":
            at = node.attributes["ref"]
        elif kind in ("text", "t"):
            old.setdefault(at, []).append(node)
        else:
            found.setdefault(kind, []).append(node)
    group, edits = found["commentList"][0], list[Edit]()
    p = prefix_of(group)
    for cell, (content, *texts) in old.items():
        edits.append(_added_to(xml, content, texts, notes[cell]))
    new = [cell for cell in notes if cell not in old]
    if new:
        number = len(found["author"])
        edits.append(appended(xml, found["authors"][0], f"<{p}author>{AUTHOR}</{p}author>".encode()))
        runs = {cell: _run(_fitting(notes[cell]), p) for cell in new}
        added = (
            f'<{p}comment ref="{cell}" authorId="{number}"><{p}text>{run}</{p}text></{p}comment>'
            for cell, run in runs.items()
        )
        edits.append(appended(xml, group, "".join(added).encode()))
    return spliced(xml, edits), new


def _added_to(xml: bytes, node: Node, texts: list[Node], told: str) -> Edit:
    """A note's text with more at its end; what this program added before is taken out first."""
    p, content = prefix_of(node), xml[node.inside : node.outside]
    old = "".join(unescape(xml[one.inside : one.outside].decode()) for one in texts)
    if MARK in old:
        old = old.split(MARK)[0].rstrip()
        content = _run(old, p).encode() if old else b""
    elif texts and texts[0].depth == node.depth + 1:  # a plain text, which may not stand beside runs
        content = f"<{p}r>".encode() + content + f"</{p}r>".encode()
    whole = _fitting(f"{old}\n\n{told}" if old else told)
    return with_content(xml, node, content + _run(whole[len(old) :], p).encode())


def _run(plain: str, p: str) -> str:
    return f'<{p}r><{p}t xml:space="preserve">{text(plain)}</{p}t></{p}r>'


def _fitting(plain: str) -> str:
    return plain if len(plain) <= LONGEST_NOTE else plain[: LONGEST_NOTE - 1] + "…"


def _drawing_of(file: OwnFile, sheet: str) -> str:
    """The part with the boxes of a sheet's notes, a new one where there is none."""
    xml, part = file.parts[sheet], file.related(sheet, "vmlDrawing")
    beside = named_beside_cells(xml, "worksheet", "legacyDrawing", *AFTER_DRAWINGS)
    if part is not None and any(local(node.name) == "legacyDrawing" for node in beside):
        return part
    part = file.unused("xl/drawings/notes_haibun", "vml")
    file.parts[part] = NO_SHAPES
    file.add_kind("vml", "application/vnd.openxmlformats-officedocument.vmlDrawing")
    identity = file.relate(sheet, "vmlDrawing", part)
    root, *later = [node for node in beside if node.depth <= 1]
    place = later[0].begin if later else root.outside
    drawing = f'<{prefix_of(root)}legacyDrawing xmlns:haibun="{OFFICE}" haibun:id="{identity}"/>'
    file.parts[sheet] = spliced(xml, [(place, place, drawing.encode())])
    return part


def _with_room(vml: bytes, places: Collection[tuple[int, int]]) -> bytes:
    """The drawing with the boxes at ``places`` large enough for what is added to their notes."""

    def larger(found: re.Match[bytes]) -> bytes:
        row, column = _ROW.search(found[0]), _COLUMN.search(found[0])
        if not row or not column or (int(row[1]) + 1, int(column[1]) + 1) not in places:
            return found[0]
        box = _SIZE.sub(rb"\1:420px", found[0]) if b"Anchor>" not in found[0] else found[0]
        return _ANCHOR.sub(_with_anchor_of_a_large_box, box)

    return _BOX.sub(larger, vml)


def _with_anchor_of_a_large_box(found: re.Match[bytes]) -> bytes:
    """Columns and rows of two corners, each with pixels beyond it: five columns wide and ten rows high at least."""
    left, left_beyond, top, top_beyond, right, right_beyond, bottom, bottom_beyond = map(int, found[2].split(b","))
    right, bottom = max(right, left + 5), max(bottom, top + 10)
    corners = (left, left_beyond, top, top_beyond, right, right_beyond, bottom, bottom_beyond)
    return found[1] + ", ".join(map(str, corners)).encode()


def _with_shapes(vml: bytes, notes: Mapping[str, str]) -> bytes:
    """The drawing with a box for each note, as wide and high as its text needs."""
    first = max((int(number) for number in _SHAPE.findall(vml)), default=FIRST_SHAPE - 1) + 1
    shapes = "".join(_shape(first + place, cell, told) for place, (cell, told) in enumerate(notes.items()))
    end = vml.rindex(b"</xml>")
    return vml[:end] + shapes.encode() + vml[end:]


def _shape(number: int, cell: str, told: str) -> str:
    row, column = place_of(cell)
    height = min(480, 90 + 18 * sum(1 + len(line) // 45 for line in told.splitlines()))
    style = (
        f"position:absolute;margin-left:60pt;margin-top:2pt;width:420px;height:{height}px;z-index:1;visibility:hidden"
    )
    return (
        f'<v:shape xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
        f'xmlns:x="urn:schemas-microsoft-com:office:excel" id="_x0000_s{number}" type="#_x0000_t202" '
        f'style="{style}" fillcolor="#ffffe1" o:insetmode="auto"><v:fill color2="#ffffe1"/>'
        '<v:shadow color="black" obscured="t"/><v:path o:connecttype="none"/>'
        '<v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div></v:textbox>'
        '<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/><x:AutoFill>False</x:AutoFill>'
        f"<x:Row>{row - 1}</x:Row><x:Column>{column - 1}</x:Column></x:ClientData></v:shape>"
    )
