"""Ids that a reader would take for one another: letters of other alphabets, strokes, spaces, invisible characters."""

from __future__ import annotations

import re
from functools import lru_cache

from optimizer.checks.cells import identifier

ALIKE = (
    "AАΑ", "BВΒ", "CСϹ", "EЕΕ", "HНΗ", "IІΙӀl", "JЈ", "KКΚ", "MМΜ", "NΝ", "OОΟ", "PРΡ", "SЅ", "TТΤ", "XХΧ", "YҮΥ",
    "ZΖ", "aаɑα", "cсϲ", "eе", "hһ", "iіι", "jј", "kк", "oоοσ", "pрρ", "sѕ", "uυ", "vν", "xх", "yуγ", "nո",
    "-‐‑‒–—―−ー一─", "_＿‗", "カ力", "エ工", "ロ口囗", "ニ二", "ハ八", "タ夕", "ト卜", "ミ三", "へヘ", "べベ", "ぺペ",
    "'’‘′`", "/∕⁄", ".․。",
)  # fmt: skip
"""Each text lists signs that look like its first one (after Unicode's table of confusables, as far as ids use them)."""
_PLAIN = {ord(sign): signs[0] for signs in ALIKE for sign in signs[1:]}
TOTALS = ("total", "totals", "subtotal", "subtotals", "sum")
TOTALS_JA = ("合計", "総計", "小計", "総合計", "累計", "総額")
_ASIDE = re.compile(r"\([^)]*\)|[\s:]")
SHEETS_OF_AMOUNTS = ("Priorities", "Accounts", "Transfers", "Programmes", "Effects", "Resources", "ResourceUse")
"""The tables that somebody might add up; a limit may well be called total."""


def skeleton(name: str) -> str:
    """What is left of an id to the eye: two ids with the same skeleton cannot be told apart."""
    return "".join(identifier(name).translate(_PLAIN).split())


@lru_cache(maxsize=10_000)
def is_total(name: str) -> bool:
    """Whether an id is what people call a row of totals."""
    plain = identifier(name).casefold()
    words = plain.replace(":", " ").replace("(", " ").replace(")", " ").split()
    ends = (words[0], words[-1]) if words else ()
    bare = _ASIDE.sub("", plain)
    japanese = bare == "計" or bare.startswith(TOTALS_JA) or bare.endswith(TOTALS_JA)
    return japanese or any(word in TOTALS for word in ends)
