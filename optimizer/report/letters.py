"""How wide a text is, and where it breaks into lines."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

PIECES = re.compile(r"[^\s・（]*(?:[\s・]+|(?=（)|$)|（[^\s・（]*[\s・]*")
"""Text up to a space or a middle dot (which end a line), or from an opening bracket (which begins one)."""


@lru_cache(maxsize=50_000)
def wide(text: str) -> int:
    """Width in Latin letters: Japanese ones take two."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


@lru_cache(maxsize=5_000)
def broken(text: str, longest: int) -> tuple[str, ...]:
    """``text`` in as few lines of ``longest`` as it takes, of much the same length; a long word keeps its line."""
    pieces = [piece for piece in PIECES.findall(text) if piece]
    fewest = _filled(pieces, longest)
    narrower = (_filled(pieces, room) for room in range(wide(text) // max(1, len(fewest)), longest))
    return next((lines for lines in narrower if len(lines) == len(fewest)), fewest)


def _filled(pieces: list[str], longest: int) -> tuple[str, ...]:
    lines: list[str] = []
    for piece in pieces:
        if lines and wide((lines[-1] + piece).rstrip()) <= longest:
            lines[-1] += piece
        else:
            lines.append(piece)
    return tuple(line.strip() for line in lines)
