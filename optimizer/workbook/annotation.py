"""The user's own file with every problem marked in place: a coloured cell, a note, and an index sheet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from pathlib import Path
from unicodedata import east_asian_width

from optimizer.errors import Problem
from optimizer.words import Words, say
from optimizer.workbook.cells import changed, place_of, styled
from optimizer.workbook.notes import MARK, add_notes
from optimizer.workbook.own_file import MAIN, OFFICE, OPEN_XML, WORKBOOK, OwnFile, changing, quoted
from optimizer.workbook.splicing import legal, named, named_beside_cells, spliced, text, with_attribute
from optimizer.workbook.styles import Styles
from optimizer.workbook.tables import letters_of

INDEX = "haibun_problems"
LONGEST_CELL = 2_000
COLOURS = {"error": "FFF4B6B0", "warning": "FFFFE699"}
INK = "FF00417A"
HEADINGS = (
    say("Severity"),
    say("Sheet"),
    say("Cell"),
    say("Value found"),
    say("Problem"),
    say("How to mend it"),
)
SEVERITIES = {"error": say("error"), "warning": say("warning")}
WIDTHS = (12, 18, 8, 22, 62, 62)
LINE, HIGHEST = 15, 405
"""Points: the height of a line, and what Excel lets a row have."""


def annotate(source: Path | bytes, problems: Sequence[Problem], out: Path) -> None:
    """Write to ``out`` the workbook ``source`` with each faulty cell marked and commented, and an index.

    Nothing else of the user's file changes; a note that is already there is kept and added to. Raises
    ``HaibunError`` where the file can be read but not changed.
    """
    data = source if isinstance(source, bytes) else Path(source).read_bytes()
    with changing():
        file = _annotated(data, problems)
    file.save(out)


def _annotated(data: bytes, problems: Sequence[Problem]) -> OwnFile:
    file = OwnFile(data)
    part = file.related(WORKBOOK, "styles") or ""
    styles = Styles(file.parts.get(part, b"<styleSheet/>"))
    by_cell: dict[str, dict[str, list[Problem]]] = {}
    for problem in problems:
        if problem.sheet in file.sheets and problem.cell:
            by_cell.setdefault(problem.sheet, {}).setdefault(problem.cell, []).append(problem)
    for sheet, cells in by_cell.items():
        _mark(file, styles, file.sheets[sheet], cells)
    page = _index(styles, problems, set(file.sheets))
    file.parts[part] = styles.stated()
    if INDEX in file.sheets:
        file.parts[file.sheets[INDEX]] = page
    else:
        _put_first(file, page)
    return file


def _mark(file: OwnFile, styles: Styles, sheet: str, cells: dict[str, list[Problem]]) -> None:
    """Colour the cells and say on each what is wrong; of merged cells only the first shows either."""
    hidden = [node.attributes["ref"] for node in named_beside_cells(file.parts[sheet], "mergeCell")]
    seen = {cell: told for cell, told in cells.items() if not any(_is_covered(cell, area) for area in hidden)}
    coloured = {name: styled(partial(styles.filled, colour=colour)) for name, colour in COLOURS.items()}
    worst = {cell: min(problem.severity for problem in told) for cell, told in seen.items()}
    file.parts[sheet] = changed(file.parts[sheet], {cell: coloured[severity] for cell, severity in worst.items()})
    add_notes(file, sheet, {cell: "\n\n".join(map(_in_both, told)) for cell, told in seen.items()})


def _is_covered(cell: str, area: str) -> bool:
    """Whether a cell lies under another one that it is merged with."""
    first, _, last = area.partition(":")
    (top, left), (bottom, right), (row, column) = place_of(first), place_of(last or first), place_of(cell)
    return cell != first and top <= row <= bottom and left <= column <= right


def _in_both(problem: Problem) -> str:
    japanese = f"{problem.problem.into('ja')} {problem.fix.into('ja')}"
    english = f"{problem.problem.into('en')} {problem.fix.into('en')}"
    return legal(f"{MARK}{japanese}\n{english}")


def _fitting(plain: str, most: int) -> str:
    return plain if len(plain) <= most else plain[: most - 1] + "…"


def _both(words: Words) -> str:
    japanese, english = words.into("ja"), words.into("en")
    return english if japanese == english else f"{japanese}\n{english}"


def _index(styles: Styles, problems: Sequence[Problem], sheets: set[str]) -> bytes:
    """A worksheet with a row for each problem, linked to its place where the file has it."""
    p = styles.prefix
    size, face = f'<{p}sz val="11"/>', f'<{p}name val="Calibri"/>'
    heading = styles.wrapped(f'<{p}b/>{size}<{p}color rgb="FFFFFFFF"/>{face}', INK)
    plain, link = styles.wrapped(), styles.wrapped(f'<{p}u/>{size}<{p}color rgb="{INK}"/>{face}')
    severities = {name: styles.wrapped(colour=colour) for name, colour in COLOURS.items()}
    titles = [f"{words.into('ja')}\n{words.into('en')}" for words in HEADINGS]
    rows, links = [_row(1, titles, [heading] * len(titles))], []
    for number, problem in enumerate(problems, 2):
        formats = [severities.get(problem.severity, severities["error"]), *[plain] * 5]
        if problem.sheet in sheets:
            column = 2 if problem.cell else 1
            formats[column] = link
            place = f"{quoted(problem.sheet)}!{problem.cell or 'A1'}"
            links.append(f'<hyperlink ref="{letters_of(column)}{number}" location="{place}"/>')
        severity = _both(SEVERITIES.get(problem.severity, say("error")))
        said = (severity, problem.sheet, problem.cell, problem.value, _both(problem.problem), _both(problem.fix))
        rows.append(_row(number, said, formats))
    widths = "".join(f'<col min="{n}" max="{n}" width="{w}" customWidth="1"/>' for n, w in enumerate(WIDTHS, 1))
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<worksheet xmlns="{MAIN}">'
        '<sheetPr><pageSetUpPr fitToPage="1"/></sheetPr><sheetViews><sheetView tabSelected="1" workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        f"<cols>{widths}</cols><sheetData>{''.join(rows)}</sheetData>"
        f"{f'<hyperlinks>{"".join(links)}</hyperlinks>' if links else ''}"
        '<pageSetup paperSize="9" orientation="landscape" fitToHeight="0"/></worksheet>'
    ).encode()


def _row(number: int, texts: Sequence[str], formats: Sequence[int]) -> str:
    """Texts as texts, never as formulas, whatever the user's cell held."""
    cells = (
        f'<c r="{letters_of(place)}{number}" s="{style}" t="inlineStr"><is><t xml:space="preserve">'
        f"{text(_fitting(plain, LONGEST_CELL))}</t></is></c>"
        for place, (plain, style) in enumerate(zip(texts, formats, strict=True))
    )
    lines = max(_lines(plain, width) for plain, width in zip(texts, WIDTHS, strict=True))
    return f'<row r="{number}" ht="{min(LINE * lines, HIGHEST)}" customHeight="1">{"".join(cells)}</row>'


@lru_cache(10_000)
def _lines(plain: str, width: int) -> int:
    """How many lines a text takes in a column as wide; a Japanese sign is two wide."""
    wide = (sum(2 if east_asian_width(sign) in "WF" else 1 for sign in line) for line in plain.splitlines())
    return sum(1 + size // width for size in wide) or 1


def _put_first(file: OwnFile, page: bytes) -> None:
    """The index as the first sheet, and the one that is seen on opening; names of single sheets move with these."""
    for other in file.sheets.values():
        file.parts[other] = _with(file.parts[other], "sheetView", lambda a: "tabSelected" in a, tabSelected=0)
    part = file.unused("xl/worksheets/haibun_problems", "xml")
    file.add(part, page, f"{OPEN_XML}.worksheet+xml")
    identity = file.relate(WORKBOOK, "worksheet", part)
    xml = _with(file.parts[WORKBOOK], "workbookView", lambda a: "activeTab" in a, activeTab=0)
    xml = _with(xml, "workbookView", lambda a: "firstSheet" in a, firstSheet=0)
    own = [node for node in named(xml, "definedName") if "localSheetId" in node.attributes]
    moved = [(n, int(n.attributes["localSheetId"]) + 1) for n in own]
    edits = [(n.begin, n.inside, with_attribute(xml[n.begin : n.inside], "localSheetId", place)) for n, place in moved]
    entries = named(xml, "sheet")
    number = 1 + max(int(node.attributes["sheetId"]) for node in entries)
    entry = f'<{entries[0].name} name="{INDEX}" sheetId="{number}" xmlns:haibun="{OFFICE}" haibun:id="{identity}"/>'
    file.parts[WORKBOOK] = spliced(xml, [(entries[0].begin, entries[0].begin, entry.encode()), *edits])


def _with(xml: bytes, name: str, where: Callable[[dict[str, str]], bool], **attributes: int) -> bytes:
    """A part in which some elements have other attributes."""
    edits = []
    for node in named_beside_cells(xml, name):
        if where(node.attributes):
            tag = xml[node.begin : node.inside]
            for key, value in attributes.items():
                tag = with_attribute(tag, key, value)
            edits.append((node.begin, node.inside, tag))
    return spliced(xml, edits)
