"""As much of one thing as a file can hold."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

from hostile.books import STRINGS, Book
from hostile.outcomes import DAMAGED, Fault, Kind, Make, Same

from optimizer.workbook import letters_of


def rows_of(sheet: str, count: int, row: Callable[[int], str]) -> Make:
    """``count`` rows below those of the book."""
    lines = (
        f'<row r="{n}">{row(n)}</row>' for n in range(2000, 2000 + count)
    )  # fmt: skip
    return lambda book: book.replace(book.sheet(sheet), b"</sheetData>", "".join(lines).encode() + b"</sheetData>")


def inline(address: str, text: str) -> str:
    return f'<c r="{address}" t="inlineStr"><is><t>{text}</t></is></c>'


def long_ids(book: Book) -> Book:
    """Ids of thirty thousand letters that differ in one."""
    book.text("Programmes", "A2", "a" * 30_000)
    for row in range(2, 9):
        book.text("Effects", f"A{row}", "a" * 29_990 + str(row))
    return book


def nearly_right(book: Book) -> Book:
    """Four hundred references that nearly are those of each of fifteen hundred programmes."""
    others = {"B": "oda", "C": "MOFA_GRANT"}
    rows_of(
        "Programmes",
        1_500,
        lambda n: (
            inline(f"A{n}", f"project_number_{n}_of_a_country")
            + "".join(inline(f"{letter}{n}", text) for letter, text in others.items())
        ),
    )(book)
    return rows_of("Effects", 400, lambda n: inline(f"A{n}", f"projekt_nummer_{n}_of_a_country"))(book)


def many_headings(book: Book) -> Book:
    """Eight thousand columns that the table does not know."""
    part = book.sheet("Priorities")
    headings = "".join(inline(f"{letters_of(n)}1", f"priority_{n}") for n in range(10, 8_000))
    return book.change(part, lambda xml: xml.replace(b"</row>", headings.encode() + b"</row>", 1))


def signs_in_texts(book: Book) -> Book:
    """Six hundred texts of nothing but what a cell of a shared text begins with."""
    book.replace(STRINGS, b"</sst>", b"<si><t>" + b"a" * 200_000 + b"</t></si></sst>")
    return rows_of("Effects", 600, lambda n: inline(f"J{n}", 't="s"' * 6500) + f'<c r="A{n}" t="s"><v>1</v></c>')(book)


def streamed(book: Book) -> bytes:
    """Written to where nobody can go back: sizes follow each part."""
    out = _Stream()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in book.parts.items():
            package.writestr(name, content)
    return bytes(out.written)


class _Stream(io.RawIOBase):
    def __init__(self) -> None:
        self.written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data) -> int:
        self.written += bytes(data)
        return len(data)


AMOUNTS = [
    Kind(
        "twenty thousand rows of unknown programmes",
        rows_of("Effects", 20_000, lambda n: inline(f"A{n}", f"grant_x{n}") + inline(f"C{n}", "n/a")),
        Fault("Effects", "A2000", "no such programme"),
    ),
    Kind(
        "twenty thousand programmes of one id",
        rows_of("Programmes", 20_000, lambda n: inline(f"A{n}", "dup")),
        Fault("Programmes", "A2001", "is already in row"),
    ),
    Kind(
        "six hundred thousand cells, each of them wrong",
        rows_of("Effects", 60_000, lambda n: "".join(f'<c r="{letter}{n}"><v>1</v></c>' for letter in "ABCDEFGHIJ")),
        Fault("Effects", "A2000", "no such programme"),
    ),
    Kind(
        "formats on a hundred thousand rows",
        rows_of("Effects", 100_000, lambda n: "".join(f'<c r="{chr(65 + i)}{n}" s="1"/>' for i in range(25))),
        Same(),
    ),
    Kind(
        "as much text as there may be",
        rows_of("Effects", 60_000, lambda n: "".join(inline(f"{letter}{n}", f"text {n}") for letter in "ABCDEFGHIJ")),
        Fault("Effects", "A2000", "no such programme"),
    ),
    Kind(
        "four hundred names that are nearly right",
        nearly_right,
        Fault("Effects", "A2000", "did you mean project_number_"),
    ),
    Kind("eight thousand headings", many_headings, Same("Priorities", "no such column")),
    Kind("signs of a text in texts", signs_in_texts, Fault("Effects", "B2000")),
    Kind(
        "a million texts that no cell shows",
        lambda b: b.replace(STRINGS, b"</sst>", b"<si><t>text</t></si>" * 1_000_000 + b"</sst>"),
        Same(),
    ),
    Kind("ids of thirty thousand letters", long_ids, Fault("Effects", "A2", "no such programme")),
    Kind("a package written as a stream", streamed, Same()),
    Kind("no list of texts", lambda book: book.without(STRINGS), DAMAGED),
    Kind("no styles", lambda book: book.without("xl/styles.xml"), Same()),
    Kind(
        "merged cells",
        lambda b: b.replace(
            b.sheet("Effects"), b"</sheetData>", b'</sheetData><mergeCells><mergeCell ref="A2:A4"/></mergeCells>'
        ),
        Same("Effects", "merged"),
    ),
]
