"""Texts that mean something to whoever shows them: tags, formulas, paths, lines of a log."""

from __future__ import annotations

from hostile.books import Book
from hostile.outcomes import Kind, Make, Same

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
