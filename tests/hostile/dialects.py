"""Ways to write XML that a spreadsheet program would not: one meaning, or a refusal."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable

from hostile.books import MAIN, STRINGS, Book
from hostile.outcomes import DAMAGED, Fault, Kind, Make, Refused, Same
from hostile.packages import AS_NOBODY_WRITES, OFFICE, SHEET_NAMESPACE, in_utf_16

EFFECT = "C2"
STRICT = {
    b"http://schemas.openxmlformats.org/spreadsheetml/2006/main": b"http://purl.oclc.org/ooxml/spreadsheetml/main",
    OFFICE: b"http://purl.oclc.org/ooxml/officeDocument/relationships",
}


def in_prefixes(book: Book) -> Book:
    def prefixed(xml: bytes) -> bytes:
        for name in (b"worksheet", b"sheetData", b"row", b"c", b"v"):
            for end in (b" ", b">"):
                xml = xml.replace(b"<" + name + end, b"<x:" + name + end)
            xml = xml.replace(b"</" + name + b">", b"</x:" + name + b">")
        return xml.replace(SHEET_NAMESPACE, SHEET_NAMESPACE + b" " + SHEET_NAMESPACE.replace(b"xmlns", b"xmlns:x"))

    return book.change(book.sheet("Effects"), prefixed)


def backwards(book: Book) -> Book:
    def turned(xml: bytes) -> bytes:
        begin, end = xml.index(b"<sheetData>") + 11, xml.index(b"</sheetData>")
        rows = [row + b"</row>" for row in xml[begin:end].split(b"</row>")[:-1]]
        return xml[:begin] + b"".join(reversed(rows)) + xml[end:]

    return book.change(book.sheet("Effects"), turned)


def without_addresses(book: Book) -> Book:
    return book.change(
        book.sheet("Curves"),
        lambda xml: re.sub(rb'<c r="[A-Z]+\d+"', b"<c", re.sub(rb'<row r="\d+"', b"<row", xml)),
    )


def twice(address: str, other: str) -> Make:
    return lambda book: book.whole_cell(
        "Effects", address, f'<c r="{address}"><v>0.1597</v></c><c r="{address}"><v>{other}</v></c>'
    )


def far(address: str) -> Make:
    row = "".join(sign for sign in address if sign.isdigit())
    return lambda book: book.replace(
        book.sheet("Effects"),
        b"</sheetData>",
        f'<row r="{row}"><c r="{address}"><v>1</v></c></row></sheetData>'.encode(),
    )


def shared_text_bomb(book: Book) -> Book:
    """One text of 32,000 letters in 26 columns of 8,000 rows."""
    count = book.parts[STRINGS].count(b"<si>")
    book.replace(STRINGS, b"</sst>", b"<si><t>" + b"a" * 32_000 + b"</t></si></sst>")
    rows = b"".join(
        b'<row r="%d">' % n
        + b"".join(b'<c r="%s%d" t="s"><v>%d</v></c>' % (bytes([letter]), n, count) for letter in range(65, 91))
        + b"</row>"
        for n in range(2000, 10_000)
    )
    return book.replace(book.sheet("Effects"), b"</sheetData>", rows + b"</sheetData>")


def plain(book: Book, xml: str) -> Book:
    return book.whole_cell("Effects", EFFECT, xml)


def _dimension(ref: str) -> Callable[[bytes], bytes]:
    return lambda xml: re.sub(rb'<dimension ref="[^"]*"/>', b'<dimension ref="%s"/>' % ref.encode(), xml)


def _stored(book: Book) -> Book:
    book.compression = zipfile.ZIP_STORED
    return book


def listed(entry: str, place: tuple[str, str] = ("Effects", EFFECT)) -> Make:
    """The first score, or another cell, as one more entry of the list of texts."""

    def make(book: Book) -> Book:
        number = book.parts[STRINGS].count(b"<si>")
        book.replace(STRINGS, b"</sst>", entry.encode() + b"</sst>")
        return book.cell(*place, f' t="s"><v>{number}</v></c>')

    return make


def in_strict(book: Book) -> Book:
    strict = b'xmlns="http://purl.oclc.org/ooxml/spreadsheetml/main"'
    return book.replace(book.sheet("Effects"), SHEET_NAMESPACE, strict)


def all_strict(book: Book) -> Book:
    for name in book.parts:
        for usual, strict in STRICT.items():
            book.change(name, lambda xml, usual=usual, strict=strict: xml.replace(usual, strict))
    return book


def _big_endian(xml: bytes) -> bytes:
    return ("\ufeff" + xml.decode().replace("UTF-8", "UTF-16")).encode("utf-16-be")


def many_sheets(book: Book) -> Book:
    more = b"".join(b'<sheet name="z%d" sheetId="%d" r:id="rId2"/>' % (n, 500 + n) for n in range(20_000))
    return book.replace(MAIN, b"</sheets>", more + b"</sheets>")


TWO_VALUES = Refused("two values")
CHOICE = (
    '<m:AlternateContent xmlns:m="http://schemas.openxmlformats.org/markup-compatibility/2006">'
    '<m:Choice Requires="x14"><c r="C2"><v>9</v></c></m:Choice>'
    '<m:Fallback><c r="C2"><v>0.1597</v></c></m:Fallback></m:AlternateContent>'
)
ROW_INSIDE = b'<row r="2500"><row r="2"><c r="C2"><v>9</v></c></row></row><row r="3"'
FORMATS = b'<xf numFmtId="0"/>' * 1_000_000


def texts_in_prefixes(book: Book) -> Book:
    def prefixed(xml: bytes) -> bytes:
        xml = re.sub(rb"<(/?)(sst|si|t|r|rPr)(?=[ >/])", rb"<\1x:\2", xml)
        return xml.replace(SHEET_NAMESPACE, SHEET_NAMESPACE.replace(b"xmlns", b"xmlns:x"))

    return book.change(STRINGS, prefixed)


def texts_by_formulas(book: Book) -> Book:
    """The text bomb, each cell with a formula before its value."""
    return shared_text_bomb(book).change(book.sheet("Effects"), lambda xml: xml.replace(b't="s"><v>', b't="s"><f/><v>'))


def texts_after_empty_ones(book: Book) -> Book:
    """The text bomb, behind entries that are nothing."""
    last = book.parts[STRINGS].count(b"<si>")
    shared_text_bomb(book.replace(STRINGS, b"</sst>", b"<si/>" * 50 + b"</sst>"))
    return book.change(book.sheet("Effects"), lambda xml: xml.replace(b"<v>%d</v>" % last, b"<v>%d</v>" % (last + 50)))


def far_with(attributes: str) -> Make:
    cell = f'<row r="1048576"><c {attributes}><v>1</v></c></row></sheetData>'.encode()
    return lambda book: book.replace(book.sheet("Effects"), b"</sheetData>", cell)


def beside_the_cells(xml: bytes) -> Make:
    """Something below the table, and an error in it."""
    return lambda book: book.replace(book.sheet("Effects"), b"</sheetData>", b"</sheetData>" + xml).cell(
        "Effects", "D2", ' t="e"><v>#N/A</v></c>'
    )


READING = '<rPh sb="0" eb="2"><t>ムショウ</t></rPh>'
IN_RUNS = "<r><t>grant</t></r><r><rPr><b/></rPr><t>_IDN</t></r>"
READINGS = [
    Kind(f"an id {how}, {where} the list of texts", make(text), Same())
    for how, text in (
        ("with its reading", f'<t>grant_IDN</t>{READING}<phoneticPr fontId="1"/>'),
        ("with its reading before it", f"{READING}<t>grant_IDN</t>"),
        ("with two readings", f"<t>grant_IDN</t>{READING}{READING}"),
        ("in runs of text", IN_RUNS),
        ("in runs of text, with its reading", IN_RUNS + READING),
    )
    for where, make in (
        ("in", lambda text: listed(f"<si>{text}</si>", ("Programmes", "A2"))),
        ("beside", lambda text: lambda b: b.cell("Programmes", "A2", f' t="inlineStr"><is>{text}</is></c>')),
    )
]
"""Excel writes how a Japanese name is read beside it: that is no part of the name."""
PREFIXES = b"".join(b'xmlns:a%d="urn:a" ' % n for n in range(100_000))
DIALECTS = [
    *READINGS,
    Kind("a heading with its reading", listed(f"<si><t>programme</t>{READING}</si>", ("Programmes", "A1")), Same()),
    Kind("an escaped underscore in an id", lambda b: b.text("Programmes", "A2", "grant_x005F_IDN"), Same()),
    Kind("a text of spaces around a number", lambda b: plain(b, '<c r="C2"><v>\n 0.1597 </v></c>'), Same()),
    Kind("a number that a formula gives as a text", lambda b: plain(b, '<c r="C2" t="str"><v>0.1597</v></c>'), Same()),
    Kind(
        "an inline text without a text", lambda b: plain(b, '<c r="C2" t="inlineStr"><is/></c>'), Fault("Effects", "C2")
    ),
    Kind(
        "a value of an inline text", lambda b: plain(b, '<c r="C2" t="inlineStr"><v>1</v></c>'), Fault("Effects", "C2")
    ),
    Kind("every part of the strict vocabulary", all_strict, Same()),
    Kind("the list of sheets in UTF-16", lambda book: in_utf_16(book, MAIN), Same()),
    Kind(
        "two byte-order marks", lambda b: b.change(b.sheet("Effects"), lambda xml: b"\xef\xbb\xbf" * 2 + xml), DAMAGED
    ),
    Kind("an entity in a sheet's name", lambda b: b.replace(MAIN, b'name="Effects"', b'name="&evil;"'), DAMAGED),
    Kind(
        "merged headings",
        lambda b: b.replace(
            b.sheet("Effects"), b"</sheetData>", b'</sheetData><mergeCells><mergeCell ref="A1:B1"/></mergeCells>'
        ),
        Same("Effects", "merged"),
    ),
    Kind("texts with prefixes", texts_in_prefixes, Same()),
    Kind(
        "two texts in an entry, with prefixes",
        lambda book: texts_in_prefixes(listed("<si><t>0.1</t><t>597</t></si>")(book)),
        AS_NOBODY_WRITES,
    ),
    Kind(
        "an entry of another vocabulary before the texts",
        lambda b: b.replace(STRINGS, b"<si>", b'<y:si xmlns:y="urn:y"><y:t>9</y:t></y:si><si>'),
        Same(),
    ),
    Kind(
        "one text in 200,000 cells, with prefixes",
        lambda b: texts_in_prefixes(shared_text_bomb(b)),
        Refused("MB of text"),
    ),
    Kind("one text in 200,000 cells, by formulas", texts_by_formulas, Refused("MB of text")),
    Kind("one text in 200,000 cells, after empty texts", texts_after_empty_ones, Refused("MB of text")),
    *(
        Kind(f"a cell at the far corner with {attributes}", far_with(attributes), Refused(words))
        for attributes, words in (
            ('r="XFD1048576" cm="1" t="n"', "reaches"),
            ('cm="1" r="XFD1048576"', "reaches"),
            ('r="XFD1048576" s="-1"', "no spreadsheet program"),
            ('r="XFD1048576" t=""', "no spreadsheet program"),
        )
    ),
    Kind(
        "an empty value before the value", lambda b: plain(b, '<c r="C2"><v/><v>0.1597</v></c>'), Refused("two values")
    ),
    Kind(
        "an empty text before the text",
        lambda b: plain(b, '<c r="C2" t="inlineStr"><is><t/><t>0.1597</t></is></c>'),
        Refused("two values"),
    ),
    Kind(
        "a text behind runs of text",
        lambda b: plain(b, '<c r="C2" t="inlineStr"><is><r><t>0.159</t></r><t>7</t></is></c>'),
        Refused("two values"),
    ),
    Kind("a million digits", lambda b: plain(b, f'<c r="C2"><v>{"1" * 1_000_000}</v></c>'), Fault("Effects", "C2")),
    Kind(
        "errors of a cell that is none",
        beside_the_cells(b"<extLst><ext><c x='" + b't="e"' * 200_000 + b"'/></ext></extLst>"),
        Fault("Effects", "D2", "Excel error"),
    ),
    Kind(
        "a hundred thousand prefixes",
        lambda b: b.replace(b.sheet("Effects"), b"<worksheet ", b"<worksheet " + PREFIXES),
        Same(),
    ),
    Kind(
        "a sheet of another vocabulary",
        lambda b: b.replace(b.sheet("Effects"), b"<sheetData>", b'<sheetData xmlns="urn:q">'),
        Fault("Effects", ""),
    ),
    Kind(
        "a hundred thousand attributes",
        lambda b: b.replace(
            b.sheet("Effects"), b'<row r="9"', b'<row r="9" ' + b" ".join(b'a%d="1"' % n for n in range(100_000))
        ),
        Same(),
    ),
    Kind(
        "texts in Shift_JIS",
        lambda b: b.change(
            STRINGS, lambda xml: xml.decode().replace("UTF-8", "Shift_JIS").encode("cp932", "xmlcharrefreplace")
        ),
        DAMAGED,
    ),
    Kind(
        "texts in ASCII with references",
        lambda b: b.change(
            STRINGS, lambda xml: xml.decode().replace("UTF-8", "ASCII").encode("ascii", "xmlcharrefreplace")
        ),
        Same(),
    ),
    Kind("texts that are no UTF-8", lambda b: b.replace(STRINGS, b"<t>", b"<t>\xc0\xbc"), DAMAGED),
    Kind("names with prefixes", in_prefixes, Same()),
    Kind("rows backwards", backwards, Same()),
    Kind("cells without addresses", without_addresses, Same()),
    Kind("single quotes", lambda book: plain(book, "<c r='C2'><v>0.1597</v></c>"), Same()),
    Kind("spaces around the equals sign", lambda book: plain(book, '<c  r = "C2" ><v>0.1597</v></c>'), Same()),
    Kind("an attribute before the address", lambda book: plain(book, '<c s="4" r="C2"><v>0.1597</v></c>'), Same()),
    Kind("a reference in an address", lambda book: plain(book, '<c r="&#67;2"><v>0.1597</v></c>'), Same()),
    Kind("references in a number", lambda book: plain(book, '<c r="C2"><v>0.15&#57;7</v></c>'), Same()),
    Kind("CDATA", lambda book: plain(book, '<c r="C2"><v><![CDATA[0.1597]]></v></c>'), Same()),
    Kind("half CDATA", lambda book: plain(book, '<c r="C2"><v>0.1<![CDATA[597]]></v></c>'), Same()),
    Kind("a comment in a number", lambda book: plain(book, '<c r="C2"><v>0.1<!-- 9 -->597</v></c>'), Same()),
    Kind(
        "a cell inside a comment",
        lambda b: plain(b, '<!--<c r="C2"><v>9</v></c>--><c r="C2"><v>0.1597</v></c>'),
        Same(),
    ),
    Kind("an instruction in a row", lambda book: plain(book, '<?evil C2?><c r="C2"><v>0.1597</v></c>'), Same()),
    Kind(
        "a cell of another vocabulary",
        lambda b: plain(b, '<x:c xmlns:x="urn:x" r="C2"><v>9</v></x:c><c r="C2"><v>0.1597</v></c>'),
        Same(),
    ),
    Kind(
        "small letters in an address",
        lambda book: plain(book, '<c r="c2"><v>0.1597</v></c>'),
        Refused("does not exist"),
    ),
    Kind(
        "an address with dollar signs",
        lambda book: plain(book, '<c r="$C$2"><v>0.1597</v></c>'),
        Refused("does not exist"),
    ),
    Kind("an address in row 0", lambda book: plain(book, '<c r="C0"><v>0.1597</v></c>'), Refused("does not exist")),
    Kind("an address beyond the last column", lambda b: plain(b, '<c r="ZZZ2"><v>1</v></c>'), Refused("columns")),
    Kind("a cell twice, alike", twice("C2", "0.1597"), Refused("twice")),
    Kind("a cell twice, with another number", twice("C2", "9"), Refused("twice")),
    Kind(
        "two tables of cells in a sheet",
        lambda b: b.replace(b.sheet("Effects"), b"</sheetData>", b"</sheetData><sheetData/>"),
        Refused("more than one"),
    ),
    Kind("a sheet in UTF-16", lambda book: in_utf_16(book, book.sheet("Effects")), Same()),
    Kind("texts in UTF-16", lambda book: in_utf_16(book, STRINGS), Same()),
    Kind("a byte-order mark", lambda b: b.change(b.sheet("Effects"), lambda xml: b"\xef\xbb\xbf" + xml), Same()),
    Kind("an encoding that nobody reads", lambda b: b.replace(b.sheet("Curves"), b"UTF-8", b"EBCDIC-XX"), DAMAGED),
    Kind("a false dimension, small", lambda b: b.change(b.sheet("Effects"), _dimension("A1:A1")), Same()),
    Kind("a false dimension, huge", lambda b: b.change(b.sheet("Effects"), _dimension("A1:XFD1048576")), Same()),
    Kind("a dimension that is none", lambda b: b.change(b.sheet("Effects"), _dimension("evil")), Same()),
    Kind("a cell at the far corner", far("XFD1048576"), Refused("reaches")),
    Kind("a cell far to the right", far("XFD5000"), Refused("reaches")),
    Kind("one text in 200,000 cells", shared_text_bomb, Refused("MB of text")),
    Kind("stored, not packed", _stored, Same()),
    Kind("another element inside a number", lambda b: plain(b, '<c r="C2"><v>0.15<b>9</b>97</v></c>'), TWO_VALUES),
    Kind(
        "another element inside a text",
        lambda b: plain(b, '<c r="C2" t="inlineStr"><is><t>0.15<b>9</b>97</t></is></c>'),
        TWO_VALUES,
    ),
    Kind(
        "a text, and runs of text behind it",
        lambda b: plain(b, '<c r="C2" t="inlineStr"><is><t>0.1597</t><r><t>9</t></r></is></c>'),
        TWO_VALUES,
    ),
    Kind(
        "a number as runs of text",
        lambda b: plain(b, '<c r="C2" t="inlineStr"><is><r><t>0.1</t></r><r><t>597</t></r></is></c>'),
        Same(),
    ),
    Kind("a text with its reading", listed("<si><t>0.1597</t><rPh sb='0' eb='1'><t>9</t></rPh></si>"), Same()),
    Kind("two texts in an entry of the list", listed("<si><t>0.1597</t><t>9</t></si>"), Refused("no spreadsheet")),
    Kind(
        "entries that are empty before the others",
        lambda b: b.replace(STRINGS, b"<si>", b"<si/><si>"),
        Fault("Settings", ""),
    ),
    Kind("a number of another choice", lambda b: plain(b, CHOICE), Fault("Effects", "C2", "is empty")),
    Kind("a sheet of the strict vocabulary", in_strict, Same()),
    Kind("big-endian UTF-16", lambda b: b.change(b.sheet("Effects"), _big_endian), Same()),
    Kind(
        "UTF-16 that says UTF-8", lambda b: b.change(b.sheet("Effects"), lambda x: x.decode().encode("utf-16")), DAMAGED
    ),
    Kind("an attribute twice", lambda b: plain(b, '<c r="C2" r="C3"><v>0.1597</v></c>'), DAMAGED),
    Kind("a row inside a row", lambda b: b.replace(b.sheet("Effects"), b'<row r="3"', ROW_INSIDE), Refused("twice")),
    Kind(
        "a calendar of 1904",
        lambda b: b.replace(MAIN, b"<sheets>", b'<workbookPr date1904="1"/><sheets>'),
        Same(),
    ),
    Kind(
        "merged cells in other words",
        lambda b: b.replace(
            b.sheet("Effects"), b"</sheetData>", b"</sheetData><mergeCells><mergeCell  ref='C2:D3'/></mergeCells>"
        ),
        Same("Effects", "merged"),
    ),
    Kind("twenty thousand sheets of one part", many_sheets, Refused("MB of text")),
    Kind("a million formats", lambda b: b.replace("xl/styles.xml", b"</cellXfs>", FORMATS + b"</cellXfs>"), Same()),
]
