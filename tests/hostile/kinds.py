"""Every kind of hostile workbook: how it is made of the Japan book, and what must become of it.

A file is *refused* with a sentence that names the reason, has a *fault* at the cell, or is read to the *same* tables
(and so to the same plan), with a *warning* where something is odd. Add a kind whenever somebody thinks of one.
"""

from __future__ import annotations

import gzip
import io
import re
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass

from hostile.books import MAIN, RELATIONS, STRINGS, TYPES, Book, packed

SHEET_NAMESPACE = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
OFFICE = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"
Make = Callable[[Book], Book | bytes]


@dataclass(frozen=True)
class Refused:
    """The whole file is refused; the sentence holds ``words``."""

    words: str


@dataclass(frozen=True)
class Fault:
    """An error at the cell; its sentence holds ``words``."""

    sheet: str
    cell: str
    words: str = ""


@dataclass(frozen=True)
class Same:
    """The same tables as the Japan book's; with ``words``, a new warning on ``sheet`` holds them."""

    sheet: str = ""
    words: str = ""


@dataclass(frozen=True)
class Kind:
    """One kind: its name, how its file is made, and what must become of it."""

    name: str
    make: Make
    expect: Refused | Fault | Same
    filename: str = "book.xlsx"

    def __str__(self) -> str:
        return self.name

    @property
    def data(self) -> bytes:
        """The file."""
        made = self.make(Book())
        return made if isinstance(made, bytes) else made.data


# ------------------------------------------------------------------------------------------------- packages

NO_WORKBOOK, DAMAGED = Refused("not an Excel workbook"), Refused("damaged")
MACROS, PASSWORD = Refused("macros"), Refused("password")
DTD = b'<!DOCTYPE worksheet [<!ENTITY a "1"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def with_relation(book: Book, part: str, kind: bytes, target: bytes, mode: bytes = b' TargetMode="External"') -> Book:
    relation = b'<Relationship Id="rIdX" Type="%s/%s" Target="%s"%s/>' % (OFFICE, kind, target, mode)
    return book.replace(part, b"</Relationships>", relation + b"</Relationships>")


def with_dtd(book: Book, part: str) -> Book:
    return book.change(part, lambda xml: xml.replace(b"?>", b"?>" + DTD, 1))


def twice_in_the_directory(book: Book) -> bytes:
    parts = [*book.parts.items()]
    return packed([*parts, (book.sheet("Effects").upper().replace(".XML", ".xml"), b"<worksheet/>")])


def wrong_size(book: Book) -> bytes:
    """The central directory says that the largest part has ten bytes."""
    data = bytearray(book.data)
    place = data.rindex(b"PK\x01\x02", 0, data.rindex(book.sheet("Effects").encode()))
    struct.pack_into("<I", data, place + 24, 10)
    return bytes(data)


def wrong_checksum(book: Book) -> bytes:
    data = bytearray(book.data)
    place = data.rindex(b"PK\x01\x02", 0, data.rindex(book.sheet("Effects").encode()))
    struct.pack_into("<I", data, place + 16, 1)
    return bytes(data)


def other_local_name(book: Book) -> bytes:
    name = book.sheet("Effects").encode()
    return book.data.replace(name, name.replace(b"sheet10", b"sheet99"), 1)


def encrypted_flag(book: Book) -> bytes:
    data = bytearray(book.data)
    struct.pack_into("<H", data, data.index(b"PK\x01\x02") + 8, 1)
    return bytes(data)


def many_parts(book: Book) -> bytes:
    return packed([*book.parts.items(), *((f"xl/media/{n}.txt", b"") for n in range(2500))])


def bomb(megabytes: int) -> Make:
    return lambda book: book.add("xl/media/picture.png", bytes(megabytes * 1_000_000))


def sheet_bomb(book: Book) -> Book:
    row = b"".join(b'<c r="%s%d"><v>1</v></c>' % (bytes([letter]), 1) for letter in range(65, 91))
    cells = row.replace(b'1"', b'%d"')
    rows = b"".join(b'<row r="%d">%s</row>' % (n, cells % ((n,) * 26)) for n in range(2000, 202_000))
    return book.replace(book.sheet("Effects"), b"</sheetData>", rows + b"</sheetData>")


def nested(content: bytes, name: str = "xl/media/picture.png") -> Make:
    return lambda book: book.add(name, content)


def deflate64(book: Book) -> bytes:
    data = bytearray(book.data)
    struct.pack_into("<H", data, data.index(b"PK\x01\x02") + 10, 9)
    return bytes(data)


def moved_workbook(book: Book) -> Book:
    book.add("xl/other.xml", book.parts[MAIN])
    return book.replace("_rels/.rels", b'Target="xl/workbook.xml"', b'Target="xl/other.xml"')


def in_utf_16(book: Book, part: str) -> Book:
    return book.change(part, lambda xml: xml.decode().replace("UTF-8", "UTF-16").encode("utf-16"))


def with_an_entry_twice(book: Book) -> bytes:
    """Two entries of the directory lead to one part, under two names of one length."""
    data = bytearray(book.data)
    end = data.rindex(b"PK\x05\x06")
    count, size, start = struct.unpack_from("<HII", data, end + 10)
    name, extra, comment = struct.unpack_from("<HHH", data, start + 28)
    entry = data[start : start + 46 + name + extra + comment]
    entry[46 : 46 + name] = b"z" * name
    struct.pack_into("<HHI", data, end + 8, count + 1, count + 1, size + len(entry))
    return bytes(data[:end] + entry + data[end:])


def overlapping_bomb(book: Book) -> bytes:
    """A thousand names for the same ten megabytes."""
    many = [(f"xl/media/{number:04}.png", b"") for number in range(1000)]
    data = bytearray(packed([*book.parts.items(), ("xl/media/kernel.png", bytes(10_000_000)), *many]))
    end = data.rindex(b"PK\x05\x06")
    kernel = data.rindex(b"PK\x01\x02", 0, data.rindex(b"xl/media/kernel.png"))
    for number in range(1000):
        place = data.rindex(b"PK\x01\x02", 0, data.rindex(b"xl/media/%04d.png" % number, 0, end))
        data[place + 16 : place + 28] = data[kernel + 16 : kernel + 28]
        data[place + 42 : place + 46] = data[kernel + 42 : kernel + 46]
    return bytes(data)


def another_first(book: Book) -> bytes:
    """A whole workbook before the one that the directory at the end tells of."""
    return Book().number("Effects", "C2", "9").data + book.data


def with_extra_field(book: Book) -> bytes:
    """The sizes of a part are in an extra field, as of a file of exabytes."""
    data = bytearray(book.data)
    name = book.sheet("Effects").encode()
    place = data.rindex(b"PK\x01\x02", 0, data.rindex(name))
    struct.pack_into("<II", data, place + 20, 0xFFFFFFFF, 0xFFFFFFFF)
    struct.pack_into("<H", data, place + 30, 20)
    data[place + 46 + len(name) : place + 46 + len(name)] = struct.pack("<HHQQ", 1, 16, 1 << 60, 1 << 60)
    end = data.rindex(b"PK\x05\x06")
    struct.pack_into("<I", data, end + 12, struct.unpack_from("<I", data, end + 12)[0] + 20)
    return bytes(data)


def of_kind(kind: bytes) -> Make:
    """A part of a harmless name that a relation calls by its kind."""
    return lambda book: with_relation(book.add("xl/part.bin", b"x"), RELATIONS, kind, b"part.bin", b"")


PACKAGES = [
    Kind("nothing at all", lambda book: b"", Refused("empty")),
    Kind("a text", lambda book: b"programme,maximum\r\nwells,5\r\n", NO_WORKBOOK),
    Kind("a PDF", lambda book: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", NO_WORKBOOK),
    Kind("a web page", lambda book: b"<html><table><tr><td>=1</td></tr></table></html>", NO_WORKBOOK),
    Kind("a gzip archive", lambda book: gzip.compress(book.data), NO_WORKBOOK),
    Kind("zeroes", lambda book: bytes(100_000), NO_WORKBOOK),
    Kind("an old .xls", lambda book: OLE + bytes(4000), Refused("old Excel format")),
    Kind("a locked workbook", lambda book: OLE + bytes(600) + "EncryptedPackage".encode("utf-16-le"), PASSWORD),
    Kind("a locked part", encrypted_flag, PASSWORD),
    Kind("half a file", lambda book: book.data[: len(book.data) // 2], DAMAGED),
    Kind("a file without its end", lambda book: book.data[:-40], DAMAGED),
    Kind("something before the file", lambda book: b"MZ" + book.data, NO_WORKBOOK),
    Kind("an empty archive", lambda book: packed([]), NO_WORKBOOK),
    Kind("another archive", lambda book: packed([("letter.txt", b"hello")]), NO_WORKBOOK),
    Kind("a Word document", lambda book: packed([(TYPES, b"<a/>"), ("word/document.xml", b"<a/>")]), NO_WORKBOOK),
    Kind("a binary workbook", lambda book: book.add("xl/workbook.bin", b"x"), Refused(".xlsb")),
    Kind("a macro", lambda book: book.add("xl/vbaProject.bin", OLE), MACROS),
    Kind("a macro under another folder", lambda book: book.add("custom/VBAPROJECT.BIN", b"x"), MACROS),
    Kind("an Excel 4 macro sheet", lambda book: book.add("xl/macrosheets/sheet1.xml", b"<a/>"), MACROS),
    Kind(
        "the content type of macros",
        lambda book: book.replace(
            TYPES,
            b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
            b"application/vnd.ms-excel.sheet.macroEnabled.main+xml",
        ),
        MACROS,
    ),
    Kind("a name that may hold macros", lambda book: book, MACROS, "book.xlsm"),
    Kind("a macro that a relation alone gives away", of_kind(b"vbaProject"), MACROS),
    Kind(
        "the content type of macros, in capitals",
        lambda book: book.replace(TYPES, b"spreadsheetml.sheet.main+xml", b"sheet.MACROENABLED.main+xml"),
        MACROS,
    ),
    Kind("a link that a relation alone gives away", of_kind(b"externalLink"), Refused("links")),
    Kind("a connection that a relation alone gives away", of_kind(b"connections"), Refused("connections")),
    Kind("an object that a relation alone gives away", of_kind(b"oleObject"), Refused("other files inside")),
    Kind("a control that a relation alone gives away", of_kind(b"control"), Refused("ActiveX")),
    Kind(
        "a picture elsewhere that is said to be inside",
        lambda book: with_relation(book, RELATIONS, b"image", b"http://192.0.2.1/pixel.png", b""),
        Refused("outside"),
    ),
    Kind(
        "a share that is said to be inside",
        lambda book: with_relation(book, RELATIONS, b"image", rb"\\192.0.2.1\share\pixel.png", b""),
        Refused("outside"),
    ),
    Kind("a connection in other letters", lambda book: book.add("xl/Connections.XML", b"<a/>"), Refused("connections")),
    Kind("a thumbnail that is an archive", nested(packed([("a", b"b")]), "docProps/a.jpeg"), Refused("other files")),
    Kind("two entries to one part", with_an_entry_twice, DAMAGED),
    Kind("a thousand names for ten megabytes", overlapping_bomb, DAMAGED),
    Kind("a part of exabytes, it says", with_extra_field, DAMAGED),
    Kind("another workbook before the workbook", another_first, Refused("before the workbook")),
    Kind("folders as parts", lambda book: packed([("xl/", b""), *book.parts.items()]), Same()),
    Kind("packed by bzip2", lambda book: packed(book.parts.items(), zipfile.ZIP_BZIP2), Same()),
    Kind("packed by LZMA", lambda book: packed(book.parts.items(), zipfile.ZIP_LZMA), Same()),
    Kind("ActiveX", lambda book: book.add("xl/activeX/activeX1.xml", b"<a/>"), Refused("ActiveX")),
    Kind(
        "a link to another workbook", lambda b: b.add("xl/externalLinks/externalLink1.xml", b"<a/>"), Refused("links")
    ),
    Kind(
        "a relation to another workbook",
        lambda book: with_relation(book, RELATIONS, b"externalLinkPath", b"file:///etc/passwd"),
        Refused("outside"),
    ),
    Kind(
        "a picture on another computer",
        lambda book: with_relation(book, RELATIONS, b"image", b"http://192.0.2.1/pixel.png"),
        Refused("outside"),
    ),
    Kind(
        "a template on a share",
        lambda book: with_relation(book, "_rels/.rels", b"attachedTemplate", rb"\\192.0.2.1\share\a.xltx"),
        Refused("outside"),
    ),
    Kind("a connection", lambda book: book.add("xl/connections.xml", b"<connections/>"), Refused("connections")),
    Kind("a query", lambda book: book.add("xl/queryTables/queryTable1.xml", b"<a/>"), Refused("connections")),
    Kind("an embedded workbook", lambda b: b.add("xl/embeddings/book.xlsx", b"PK"), Refused("other files inside")),
    Kind("an archive as a picture", nested(packed([("a", b"b")])), Refused("other files inside")),
    Kind("an archive as XML", nested(packed([("a", b"b")]), "xl/a.xml"), Refused("other files inside")),
    Kind("a gzip as a picture", nested(gzip.compress(b"a" * 1000)), Refused("other files inside")),
    Kind("a 7-zip as a picture", nested(b"7z\xbc\xaf\x27\x1c" + bytes(50)), Refused("other files inside")),
    Kind("a compound file as a picture", nested(OLE + bytes(600)), Refused("other files inside")),
    Kind("a program as a picture", nested(b"MZ" + bytes(600)), Same()),
    Kind("a part that unpacks to 150 MB", bomb(150), Refused("unpacks to more than")),
    Kind("five million cells", sheet_bomb, Refused("more than")),
    Kind("more parts than anybody needs", many_parts, Refused("parts")),
    Kind("a part twice, by case", twice_in_the_directory, Refused("same part twice")),
    Kind("a name that climbs out", lambda b: b.add("../../../../tmp/haibun_was_here", b"x"), Refused("leads out")),
    Kind("a name that climbs out of Windows", lambda b: b.add("xl\\..\\..\\evil.xml", b"<a/>"), Refused("leads out")),
    Kind("a name from the root", lambda b: b.add("/etc/cron.d/haibun", b"x"), Refused("leads out")),
    Kind("a false size in the directory", wrong_size, DAMAGED),
    Kind("a false checksum", wrong_checksum, DAMAGED),
    Kind("a local name that differs from the directory", other_local_name, DAMAGED),
    Kind("a way of packing that nobody reads", deflate64, DAMAGED),
    Kind("something after the file", lambda book: book.data + b"trailing", Same()),
    Kind("a workbook elsewhere", moved_workbook, NO_WORKBOOK),
    Kind("no relations", lambda book: _without(book, RELATIONS), DAMAGED),
    Kind("no content types", lambda book: _without(book, TYPES), Same()),
    Kind(
        "no sheets in the list",
        lambda b: b.change(MAIN, lambda x: x.replace(b"<sheet ", b"<shirt ")),
        Fault("Settings", ""),
    ),
    Kind("a sheet whose part is missing", lambda book: _without(book, book.sheet("Effects")), DAMAGED),
    Kind("a part that is no XML", lambda book: book.change(book.sheet("Effects"), lambda _: b"\x00\x01"), DAMAGED),
    Kind("a part cut short", lambda book: book.change(book.sheet("Effects"), lambda xml: xml[:5000]), DAMAGED),
    Kind("XML that opens and never closes", lambda b: b.change(b.sheet("Curves"), lambda _: b"<a>" * 200_000), DAMAGED),
    Kind("XML nested deep", lambda b: b.add("xl/deep.xml", b"<a>" * 200_000 + b"</a>" * 200_000), Same()),
    Kind("a DTD in a sheet", lambda book: with_dtd(book, book.sheet("Effects")), Refused("document type")),
    Kind("a DTD in the texts", lambda book: with_dtd(book, STRINGS), Refused("document type")),
    Kind("a DTD in the styles", lambda book: with_dtd(book, "xl/styles.xml"), Refused("document type")),
    Kind(
        "a DTD in a part that is not read", lambda book: with_dtd(book, "docProps/core.xml"), Refused("document type")
    ),
    Kind(
        "a DTD in UTF-16", lambda b: in_utf_16(with_dtd(b, b.sheet("Curves")), b.sheet("Curves")), Refused("document")
    ),
    Kind(
        "an entity from a file",
        lambda book: book.change(
            STRINGS, lambda xml: xml.replace(b"?>", b'?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>', 1)
        ),
        Refused("document type"),
    ),
    Kind("an entity without a definition", lambda b: b.replace(STRINGS, b"<t>", b"<t>&evil;"), DAMAGED),
]


def _without(book: Book, part: str) -> Book:
    del book.parts[part]
    return book


# ----------------------------------------------------------------------------------------- ways to write XML

EFFECT = "C2"


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


def listed(entry: str) -> Make:
    """The first score as one more entry of the list of texts."""

    def make(book: Book) -> Book:
        number = book.parts[STRINGS].count(b"<si>")
        book.replace(STRINGS, b"</sst>", entry.encode() + b"</sst>")
        return plain(book, f'<c r="C2" t="s"><v>{number}</v></c>')

    return make


def in_strict(book: Book) -> Book:
    strict = b'xmlns="http://purl.oclc.org/ooxml/spreadsheetml/main"'
    return book.replace(book.sheet("Effects"), SHEET_NAMESPACE, strict)


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

DIALECTS = [
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


# ---------------------------------------------------------------------------------------------------- cells

SCORE, MAXIMUM = ("Effects", "C2"), ("Programmes", "D2")
NOT_A_NUMBER = "must be a number"


def typed(kind: str, value: str, place: tuple[str, str] = SCORE) -> Make:
    return lambda book: book.cell(*place, f' t="{kind}"><v>{value}</v></c>')


def text(value: str, place: tuple[str, str] = SCORE) -> Make:
    return lambda book: book.text(*place, value)


def digits(value: str, place: tuple[str, str] = SCORE) -> Make:
    return lambda book: book.number(*place, value)


def dated(style: int, place: tuple[str, str] = MAXIMUM) -> Make:
    """A number shown by one of Excel's own date formats."""

    def make(book: Book) -> Book:
        count = book.parts["xl/styles.xml"].split(b'<cellXfs count="', 1)[1].split(b'"', 1)[0]
        book.replace("xl/styles.xml", b"</cellXfs>", b'<xf numFmtId="%d" applyNumberFormat="1"/></cellXfs>' % style)
        return book.cell(*place, f' s="{count.decode()}"><v>75.91</v></c>')

    return make


def shown_as(code: str, place: tuple[str, str] = MAXIMUM) -> Make:
    """The first maximum with a number format of its own."""

    def make(book: Book) -> Book:
        form = f'<numFmts count="1"><numFmt numFmtId="199" formatCode="{code}"/></numFmts>'.encode()
        if b"<numFmts" in book.parts["xl/styles.xml"]:
            form = form.split(b">", 1)[1].split(b"</numFmts>")[0]
            book.replace("xl/styles.xml", b"</numFmts>", form + b"</numFmts>")
        else:
            book.replace("xl/styles.xml", b"<fonts", form + b"<fonts")
        return dated(199, place)(book)

    return make


CELLS = [
    *(
        Kind(f"the text {value!r} as a number", text(value), Fault(*SCORE, words))
        for value, words in [
            ("n/a", NOT_A_NUMBER),
            ("１２a", NOT_A_NUMBER),
            ("NaN", NOT_A_NUMBER),
            ("inf", NOT_A_NUMBER),
            ("-Infinity", NOT_A_NUMBER),
            ("1_000", NOT_A_NUMBER),
            ("0x10", NOT_A_NUMBER),
            ("1,5", NOT_A_NUMBER),
            ("1.000,5", NOT_A_NUMBER),
            ("٣٫٥", NOT_A_NUMBER),
            ("十五", NOT_A_NUMBER),
            ("½", NOT_A_NUMBER),
            ("10²", NOT_A_NUMBER),
            ("①", NOT_A_NUMBER),
            ("=0.1597", NOT_A_NUMBER),
            ("0.1597円", NOT_A_NUMBER),
            ("15%", "percentage"),
            ("1e308", "outside"),
            ("1e999", "outside"),
            ("1e-999", "outside"),
            ("0.1597\u200b", NOT_A_NUMBER),
            ("0.15 97", NOT_A_NUMBER),
            ("true", NOT_A_NUMBER),
            ("9" * 5000, "outside"),
        ]
    ),
    *(
        Kind(f"the same number as the text {value!r}", text(value), Same())
        for value in ("0.1597", "０．１５９７", " 0.1597 ", "+0.1597", ".1597", "1597e-4")
    ),
    *(
        Kind(f"the digits {value!r} as a number", digits(value), Fault(*SCORE))
        for value in ("NaN", "nan", "inf", "-INF", "1e308", "1e400", "1e999", "1_000", "0x1F", "12abc", "0.15.97")
    ),
    Kind("the same number with an exponent", digits("1.597E-1"), Same()),
    Kind("the same number with noise beyond fifteen digits", digits("0.15970000000000001"), Same()),
    Kind("a truth value as a number", typed("b", "1"), Fault(*SCORE, NOT_A_NUMBER)),
    Kind("a truth value that is neither", typed("b", "7"), DAMAGED),
    Kind("a date as a number", typed("d", "2027-04-01T00:00:00"), Fault(*SCORE)),
    Kind("a number shown as a date", dated(14), Fault(*MAXIMUM, NOT_A_NUMBER)),
    Kind("a number shown as a time", dated(20), Fault(*MAXIMUM, NOT_A_NUMBER)),
    Kind("a number shown as hours", dated(46), Fault(*MAXIMUM, NOT_A_NUMBER)),
    *(
        Kind(f"the Excel error {value}", typed("e", value), Fault(*SCORE, "Excel error"))
        for value in ("#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#SPILL!", "#EVIL")
    ),
    Kind("a type of cell that does not exist", typed("zz", "0.1597"), DAMAGED),
    Kind("a text that is not in the list", typed("s", "99999999"), DAMAGED),
    Kind("a text at a place below zero", typed("s", "-1"), Refused("not there")),
    Kind("a formula without a value", lambda b: b.cell(*SCORE, "><f>1+1</f></c>"), Fault(*SCORE, "no stored result")),
    Kind("a formula with an empty value", lambda b: b.cell(*SCORE, "><f>1+1</f><v></v></c>"), Fault(*SCORE, "stored")),
    Kind("a formula with its value", lambda b: b.cell(*SCORE, "><f>0.1+0.0597</f><v>0.1597</v></c>"), Same()),
    Kind("a formula that is an error", lambda b: b.cell(*SCORE, ' t="e"><f>1/0</f><v>#DIV/0!</v></c>'), Fault(*SCORE)),
    Kind("a formula that gives a text", lambda b: b.cell(*SCORE, ' t="str"><f>A1</f><v>n/a</v></c>'), Fault(*SCORE)),
    Kind("a formula of other books", lambda b: b.cell(*SCORE, "><f>[1]Sheet1!A1</f><v>0.1597</v></c>"), Same()),
    Kind("a formula that calls a program", lambda b: b.cell(*SCORE, "><f>cmd|'/C calc'!A0</f></c>"), Fault(*SCORE)),
    *(
        Kind(f"the digits {value!r} as a number", digits(value), Refused("too small"))
        for value in ("1e-400", "-1E-0999", f"0.{'0' * 400}1")
    ),
    *(
        Kind(f"a number shown as {code}", shown_as(code), Same())
        for code in ("#,##0,", "0%", ";;;", "&quot;999&quot;", "0.00\\d\\a\\y", "[Red]0.00&quot;days&quot;")
    ),
    *(
        Kind(f"a number shown as {code}", shown_as(code), Fault(*MAXIMUM, NOT_A_NUMBER))
        for code in ("yyyy/mm/dd", "[$-411]ggge&quot;年&quot;m&quot;月&quot;", "[h]:mm:ss")
    ),
    Kind("an array formula", lambda b: b.cell(*SCORE, '><f t="array" ref="C2">A1</f><v>0.1597</v></c>'), Same()),
    Kind(
        "a formula that is shared",
        lambda b: b.cell(*SCORE, '><f t="shared" ref="C2:C3" si="0">A1</f><v>0.1597</v></c>'),
        Same(),
    ),
    Kind("a share of a formula", lambda b: b.cell(*SCORE, '><f t="shared" si="0"/></c>'), Fault(*SCORE, "no stored")),
    Kind("a formula of a megabyte", lambda b: b.cell(*SCORE, f"><f>{'1+' * 500_000}1</f><v>0.1597</v></c>"), Same()),
    Kind("two values in a cell", lambda b: b.cell(*SCORE, "><v>0.1597</v><v>9</v></c>"), Refused("two values")),
    Kind("a required cell left blank", lambda b: b.cell(*SCORE, "/>"), Fault(*SCORE, "is empty")),
    Kind("a required cell of spaces", text(" 　 "), Fault(*SCORE, "is empty")),
    Kind("a negative maximum", digits("-1", MAXIMUM), Fault(*MAXIMUM, "at least 0")),
    Kind("a huge year", digits("1e15", ("Settings", "B4")), Fault("Settings", "B4")),
    Kind("too many years", digits("100000", ("Settings", "B5")), Fault("Settings", "B5")),
    Kind("half a year", digits("4.5", ("Settings", "B5")), Fault("Settings", "B5")),
    Kind("a truth value as the number of years", typed("b", "1", ("Settings", "B5")), Fault("Settings", "B5")),
]

# ------------------------------------------------------------------------------------------------------ keys

FIRST = ("Programmes", "A2")
INVISIBLE = "invisible"


def key(value: str) -> Make:
    return lambda book: book.row(
        "Programmes",
        {"A": value, "B": "oda", "C": "MOFA_GRANT", "D": 1.0, "F": "IDN"},
    )


LAST = "A255"
KEYS = [
    Kind("a key twice", key("grant_IDN"), Fault("Programmes", LAST, "already in row 2")),
    Kind("a key twice, full-width", key("ｇｒａｎｔ＿ＩＤＮ"), Fault("Programmes", LAST, "already in row 2")),
    Kind("a key twice, with spaces around", key(" grant_IDN　"), Fault("Programmes", LAST, "already in row 2")),
    Kind("a key that looks alike, in Cyrillic", key("grаnt_IDN"), Fault("Programmes", LAST, "looks like")),
    Kind("a key that looks alike, in Greek", key("grant_ΙDΝ"), Fault("Programmes", LAST, "looks like")),
    Kind("a key that looks alike, with a space", key("grant_ IDN"), Fault("Programmes", LAST, "looks like")),
    Kind("a key with a zero-width space", key("grant_\u200bIDN"), Fault("Programmes", LAST, INVISIBLE)),
    Kind("a key with a soft hyphen", key("grant_\u00adIDN"), Fault("Programmes", LAST, INVISIBLE)),
    Kind("a key that is written backwards", key("\u202eNDI_tnarg"), Fault("Programmes", LAST, INVISIBLE)),
    Kind("a key with a line break", key("grant\nIDN"), Fault("Programmes", LAST)),
    Kind("a key with another hyphen", lambda b: key("a-b")(key("a‐b")(b)), Fault("Programmes", "A256", "looks like")),
    Kind("a key that is an objective too", key("poverty"), Fault("Programmes", LAST, "another thing")),
    Kind("a key with an escape of the terminal", key("_x001B_[31mred"), Fault("Programmes", LAST, "control")),
    Kind("a key as a date", dated(14, FIRST), Fault(*FIRST)),
    *(
        Kind(f"a row of totals called {value}", key(value), Fault("Programmes", LAST, "totals"))
        for value in (
            "Total",
            "GRAND TOTAL",
            "合計",
            "ＯＤＡ合計",
            "総計",
            "小計：無償",
            "計",
            "Total ODA",
            "Sum:",
            "Subtotal (grants)",
        )
    ),
    Kind(
        "an unknown reference, alike to the eye", lambda b: b.text("Effects", "A2", "grаnt_IDN"), Fault("Effects", "A2")
    ),
    Kind("an unknown account", lambda b: b.text("Programmes", "C2", "MOFA"), Fault("Programmes", "C2")),
    Kind(
        "a pair twice", lambda b: b.text("Priorities", "B3", "poverty"), Fault("Priorities", "B3", "already in row 2")
    ),
    Kind(
        "two sheets of one name",
        lambda b: b.replace(MAIN, b'name="How to fill this in"', b'name="effects"'),
        Refused("Two sheets"),
    ),
    Kind(
        "two sheets of one table",
        lambda b: b.replace(MAIN, b'name="How to fill this in"', 'name="効果"'.encode()),
        Fault("Effects", ""),
    ),
    Kind("two columns of one name", lambda b: b.text("Effects", "D1", "score"), Fault("Effects", "D1", "are the same")),
    Kind("a heading nearly right", lambda b: b.text("Effects", "C1", "scores"), Fault("Effects", "C1", "did you mean")),
    Kind(
        "a sheet that hides",
        lambda b: b.replace(MAIN, b'<sheet name="Effects"', b'<sheet state="hidden" name="Effects"'),
        Same("Effects", "hidden"),
    ),
    Kind(
        "a sheet that hides well",
        lambda b: b.replace(MAIN, b'<sheet name="Effects"', b'<sheet state="veryHidden" name="Effects"'),
        Same("Effects", "hidden"),
    ),
    Kind(
        "a row that hides",
        lambda b: b.replace(b.sheet("Effects"), b'<row r="9"', b'<row r="9" hidden="1"'),
        Same("Effects", "hidden"),
    ),
    Kind(
        "a row of no height",
        lambda b: b.replace(b.sheet("Effects"), b'<row r="9"', b'<row r="9" ht="0"'),
        Same("Effects", "hidden"),
    ),
    Kind(
        "a column that hides",
        lambda b: b.replace(b.sheet("Effects"), b"<col ", b'<col hidden="1" '),
        Same("Effects", "hidden"),
    ),
    Kind(
        "a sheet of the office's own",
        lambda b: b.replace(MAIN, b'name="How to fill this in"', b'name="My notes"'),
        Same("My notes", "ignored"),
    ),
]


# -------------------------------------------------------------------------------------------------- too much


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
    Kind("ids of thirty thousand letters", long_ids, Fault("Effects", "A2", "no such programme")),
    Kind("a package written as a stream", streamed, Same()),
    Kind("no list of texts", lambda book: _without(book, STRINGS), DAMAGED),
    Kind("no styles", lambda book: _without(book, "xl/styles.xml"), Same()),
    Kind(
        "merged cells",
        lambda b: b.replace(
            b.sheet("Effects"), b"</sheetData>", b'</sheetData><mergeCells><mergeCell ref="A2:A4"/></mergeCells>'
        ),
        Same("Effects", "merged"),
    ),
]

# ---------------------------------------------------------------------------------------------------- names

PAYLOADS = {
    "a tag": "<script>alert(1)</script>",
    "a tag in an attribute": '"><img src=x onerror=alert(1)>',
    "a formula": '=HYPERLINK("http://192.0.2.1/","x")',
    "a formula with a minus": "-2+3+cmd|' /C calc'!A0",
    "a formula with an at sign": "@SUM(1+1)",
    "a formula, full-width": "＝１＋１",
    "a template": "{{ 7*7 }} {% raw %} ${7*7}",
    "a pattern": "{name} {0} {} %s %(x)s",
    "a path": "../../../../etc/passwd",
    "a line of a log": "x_x000a_2026-11-24 ERROR evil",
    "a statement": "'); DROP TABLE books;--",
    "a text that turns round": "\u202etxt.exe",
    "a long text": "長" * 30_000,
}


def as_names(payload: str) -> Make:
    """The payload as the name of a programme, an account, a region, a limit and a lever; the title and a source."""

    def make(book: Book) -> Book:
        for sheet, cells in {
            "Programmes": ("H2", "I2"), "Accounts": ("C2", "D2"), "Regions": ("B2", "C2"), "Limits": ("E2", "F2"),
            "Levers": ("B2", "C2", "F2"), "Settings": ("B2",), "Effects": ("J2",),
        }.items():  # fmt: skip
            for cell in cells:
                book.text(sheet, cell, payload)
        return book

    return make


NAMES = [Kind(f"{what} in every name", as_names(payload), Same("names")) for what, payload in PAYLOADS.items()]
KINDS = [*PACKAGES, *DIALECTS, *CELLS, *KEYS, *AMOUNTS, *NAMES]
