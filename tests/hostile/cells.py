"""What stands in one cell: texts, dates, errors and formulas where a number should be."""

from __future__ import annotations

from hostile.books import Book
from hostile.outcomes import DAMAGED, Fault, Kind, Make, Refused, Same

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
            ("５％", "percentage"),
            ("(5)", NOT_A_NUMBER),
            ("¥5", NOT_A_NUMBER),
            ("1,0000", NOT_A_NUMBER),
            ("–5", NOT_A_NUMBER),
            ("'5", NOT_A_NUMBER),
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
    Kind("a value beside a cell", lambda b: b.cell(*SCORE, "><v>0.1597</v></c><v>9</v>"), Refused("two values")),
    Kind("a required cell left blank", lambda b: b.cell(*SCORE, "/>"), Fault(*SCORE, "is empty")),
    Kind("a required cell of spaces", text(" 　 "), Fault(*SCORE, "is empty")),
    Kind("a negative maximum", digits("-1", MAXIMUM), Fault(*MAXIMUM, "at least 0")),
    Kind("a huge year", digits("1e15", ("Settings", "B4")), Fault("Settings", "B4")),
    Kind("too many years", digits("100000", ("Settings", "B5")), Fault("Settings", "B5")),
    Kind("half a year", digits("4.5", ("Settings", "B5")), Fault("Settings", "B5")),
    Kind("a truth value as the number of years", typed("b", "1", ("Settings", "B5")), Fault("Settings", "B5")),
]
