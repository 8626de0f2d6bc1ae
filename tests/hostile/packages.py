"""Packages that are no plain workbook: other files, archives, macros, links, bombs, parts that lie."""

from __future__ import annotations

import gzip
import io
import re
import struct
import zipfile
from collections.abc import Callable

from hostile.books import MAIN, RELATIONS, STRINGS, TYPES, Book, packed
from hostile.outcomes import DAMAGED, Fault, Kind, Make, Refused, Same

SHEET_NAMESPACE = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
OFFICE = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"
AS_NOBODY_WRITES = Refused("no spreadsheet program")
NO_WORKBOOK = Refused("not an Excel workbook")
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


def in_zip64(book: Book) -> bytes:
    """Every part with sizes of eight bytes, as of files beyond four gigabytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in book.parts.items():
            with package.open(name, "w", force_zip64=True) as part:
                part.write(content)
    return out.getvalue()


def with_comment(book: Book) -> bytes:
    """The comment at the end looks like the end of another package."""
    out = io.BytesIO(book.data)
    with zipfile.ZipFile(out, "a") as package:
        package.comment = b"PK\x05\x06" + bytes(30)
    return out.getvalue()


def with_a_part_twice(book: Book) -> bytes:
    """The effects once more, with another score; under another name of the same length until they are packed."""
    name = book.sheet("Effects")
    other = name.replace("sheet10", "sheetXX")
    again = book.parts[name].replace(b"0.1597", b"0.9")
    return packed([*book.parts.items(), (other, again)]).replace(other.encode(), name.encode())


def of_kind(kind: bytes) -> Make:
    """A part of a harmless name that a relation calls by its kind."""
    return lambda book: with_relation(book.add("xl/part.bin", b"x"), RELATIONS, kind, b"part.bin", b"")


def texts_elsewhere(book: Book) -> Book:
    """The relation leads to other texts than those at the usual place: two programmes change names."""
    other = book.parts[STRINGS].replace(b"grant_IDN", b"grant_").replace(b"grant_VNM", b"grant_IDN")
    book.add("xl/other.xml", other.replace(b"grant_<", b"grant_VNM<"))
    return book.change(RELATIONS, lambda xml: re.sub(rb'Target="[^"]*sharedStrings.xml"', b'Target="other.xml"', xml))


def sheet_relation(change: Callable[[bytes], bytes]) -> Make:
    """The relation of the effects, changed."""
    return lambda book: book.change(
        RELATIONS, lambda xml: re.sub(rb"<Relationship [^>]*sheet10\.xml[^>]*/>", lambda found: change(found[0]), xml)
    )


def with_two_ids(book: Book) -> Book:
    """One reader follows the first id of the effects, the other the last."""
    return book.change(
        MAIN, lambda xml: re.sub(rb'<sheet ([^>]*name="Effects")', rb'<sheet xmlns:x="urn:x" x:id="rId11" \1', xml)
    )


def with_count(part: str, name: bytes) -> Make:
    """A list that says it has four thousand million entries."""
    return lambda book: book.change(
        part,
        lambda xml: re.sub(
            rb"<%s [^>]*>" % name,
            b'<%s %s uniqueCount="4000000000" count="4000000000">' % (name, SHEET_NAMESPACE),
            xml,
            count=1,
        ),
    )


LIARS = [
    Kind("a list of texts elsewhere, and another in its place", texts_elsewhere, AS_NOBODY_WRITES),
    Kind(
        "formats elsewhere",
        lambda b: b.change(RELATIONS, lambda x: x.replace(b"styles.xml", b"s.xml")),
        AS_NOBODY_WRITES,
    ),
    Kind("a relation twice", sheet_relation(lambda own: own + own.replace(b"sheet10", b"sheet11")), AS_NOBODY_WRITES),
    Kind("a sheet with two ids", with_two_ids, AS_NOBODY_WRITES),
    Kind("a sheet with no id", lambda b: b.change(MAIN, lambda x: x.replace(b"r:id=", b"r:no=", 1)), AS_NOBODY_WRITES),
    Kind("four thousand million texts, it says", with_count(STRINGS, b"sst"), Same()),
    Kind("four thousand million formats, it says", with_count("xl/styles.xml", b"cellXfs"), Same()),
    Kind(
        "a sheet by way of its own folder",
        sheet_relation(lambda own: own.replace(b"sheet10", b"../worksheets/sheet10")),
        DAMAGED,
    ),
    Kind(
        "a sheet outside of the file",
        sheet_relation(lambda own: own.replace(b"worksheets/sheet10.xml", b"../../../etc/passwd")),
        NO_WORKBOOK,
    ),
    Kind(
        "a sheet of charts in the place of the effects",
        sheet_relation(lambda own: own.replace(b'/worksheet"', b'/chartsheet"')),
        Fault("Effects", ""),
    ),
    Kind(
        "a frame from elsewhere",
        lambda b: with_relation(b, RELATIONS, b"frame", b"http://192.0.2.1/"),
        Refused("outside"),
    ),
    Kind(
        "a link that somebody may click",
        lambda b: with_relation(b, RELATIONS, b"hyperlink", b"http://192.0.2.1/"),
        Same(),
    ),
    Kind("the workbook in other letters", lambda b: b.add("xl/Workbook.xml", b.parts.pop(MAIN)), DAMAGED),
    Kind("texts in other letters", lambda b: b.add("xl/SharedStrings.xml", b.parts.pop(STRINGS)), DAMAGED),
    Kind(
        "an open document",
        lambda b: packed([("mimetype", b"application/vnd.oasis"), ("content.xml", b"<a/>")]),
        NO_WORKBOOK,
    ),
    Kind("a workbook in an archive", lambda b: packed([("book.xlsx", b.data)]), NO_WORKBOOK),
    Kind("a workbook that is called .ods", lambda b: b, Same(), "book.ods"),
    Kind("a part of a name with a line break", lambda b: b.add("xl/\x1b[31m\r\nevil.xml", b"\x01"), DAMAGED),
    Kind(
        "relations nested deep",
        lambda b: b.replace(RELATIONS, b"</Relationships>", b"<a>" * 200_000 + b"</a>" * 200_000 + b"</Relationships>"),
        Same(),
    ),
]
PACKAGES = [
    *LIARS,
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
    Kind(
        "a computer without a scheme that is said to be inside",
        lambda book: with_relation(book, RELATIONS, b"image", b"//192.0.2.1/pixel.png", b""),
        Refused("outside"),
    ),
    Kind("a name on a drive", lambda b: b.add("C:/evil.xml", b"<a/>"), Refused("leads out")),
    Kind("sizes of a part of exabytes, none of them large", in_zip64, Same()),
    Kind("a comment of the package that is an end", with_comment, NO_WORKBOOK),
    Kind("a part that is twice in the directory", with_a_part_twice, Refused("same part twice")),
    Kind("a part of the office's own", lambda b: b.add("customXml/item1.xml", b"<a>=1+1</a>"), Same()),
    Kind("texts with commas that begin as an archive does", lambda book: b"PK,1\r\n", DAMAGED),
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
    Kind("no relations", lambda book: book.without(RELATIONS), DAMAGED),
    Kind("no content types", lambda book: book.without(TYPES), Same()),
    Kind(
        "no sheets in the list",
        lambda b: b.change(MAIN, lambda x: x.replace(b"<sheet ", b"<shirt ")),
        Fault("Settings", ""),
    ),
    Kind("a sheet whose part is missing", lambda book: book.without(book.sheet("Effects")), DAMAGED),
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
