"""Ids that are taken twice, look alike, or hide; sheets, headings and rows that do."""

from __future__ import annotations

from hostile.books import MAIN
from hostile.cells import dated
from hostile.outcomes import Fault, Kind, Make, Refused, Same

FIRST = ("Programmes", "A2")
INVISIBLE = "invisible"


def key(value: str) -> Make:
    return lambda book: book.row(
        "Programmes",
        {"A": value, "B": "oda", "C": "MOFA_GRANT", "D": 1.0, "F": "IDN"},
    )


def hiding(name: str, old: bytes, new: bytes) -> Kind:
    """Effects are written so that some do not show: they count all the same, and it is said."""
    return Kind(name, lambda book: book.replace(book.sheet("Effects"), old, new), Same("Effects", "hidden"))


LAST = "A255"
KEYS = [
    Kind("a key twice", key("grant_IDN"), Fault("Programmes", LAST, "already in row 2")),
    Kind("a key twice, full-width", key("ｇｒａｎｔ＿ＩＤＮ"), Fault("Programmes", LAST, "already in row 2")),
    Kind("a key twice, with spaces around", key(" grant_IDN　"), Fault("Programmes", LAST, "already in row 2")),
    Kind("a key that looks alike, in Cyrillic", key("grаnt_IDN"), Fault("Programmes", LAST, "looks like")),
    Kind("a key that looks alike, in Greek", key("grant_ΙDΝ"), Fault("Programmes", LAST, "looks like")),
    Kind("a key that looks alike, with a space", key("grant_ IDN"), Fault("Programmes", LAST, "looks like")),
    Kind("a key that looks alike, with a small L", key("grant_lDN"), Fault("Programmes", LAST, "looks like")),
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
            "合　計",
            "小 計（無償）",
            "計（億円）",
            "累計",
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
        "two sheets of one table, by width",
        lambda b: b.replace(MAIN, b'name="How to fill this in"', 'name="Ｅｆｆｅｃｔｓ"'.encode()),
        Fault("Effects", "", "are the same table"),
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
    hiding("a row that hides", b'<row r="9"', b'<row r="9" hidden="1"'),
    hiding("a row of no height", b'<row r="9"', b'<row r="9" ht="0"'),
    hiding("rows that hide unless they say otherwise", b"<sheetFormatPr ", b'<sheetFormatPr zeroHeight="1" '),
    hiding("a row of nearly no height", b'<row r="9"', b'<row r="9" ht="0.1" customHeight="1"'),
    hiding("a row of no height, with an exponent", b'<row r="9"', b'<row r="9" ht="1e-9" customHeight="1"'),
    hiding("a row that hides behind a sign", b'<row r="9"', b'<row r="9" note=">" hidden = \' true\''),
    hiding("a row of no height in other signs", b'<row r="9"', b"<row r='9' note='>' ht = '.0'"),
    Kind(
        "a row that only seems to hide",
        lambda b: b.replace(b.sheet("Effects"), b'<row r="9"', b'<row r="9" note=" hidden=\'1\' "'),
        Same(),
    ),
    hiding("a column that hides", b"<col ", b'<col hidden="1" '),
    Kind(
        "a sheet of the office's own",
        lambda b: b.replace(MAIN, b'name="How to fill this in"', b'name="My notes"'),
        Same("My notes", "ignored"),
    ),
]
