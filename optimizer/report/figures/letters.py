"""How wide a text is, and where it breaks into lines."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

PIECES = re.compile(r"[^\s・（]*(?:[\s・]+|(?=（)|$)|（[^\s・（]*[\s・]*")
"""Text up to a space or a middle dot (which end a line), or from an opening bracket (which begins one)."""

WORDS = re.compile(r"[!-~]+|\s+|.")
"""What a cell's line is filled with: Latin words whole, Japanese letter by letter."""

JAPANESE_IN_DIGITS = 1.8
"""Spreadsheets measure cells in digits; a Japanese letter takes less than two of them."""

LEFT_OUT = "…"


@lru_cache(maxsize=50_000)
def wide(text: str) -> int:
    """Width in Latin letters: Japanese ones take two."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def longest_word(text: str) -> int:
    """How wide its longest word is that does not break."""
    return max(map(wide, WORDS.findall(text)), default=1)


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


@lru_cache(maxsize=5_000)
def lines_in(text: str, longest: int) -> int:
    """How many lines a spreadsheet's cell, wide enough for ``longest`` digits, wraps ``text`` into."""
    count = 0
    for line in text.split("\n"):
        count, used = count + 1, 0.0
        for word in WORDS.findall(line) if wide(line) > longest else ():
            size = len(word) if wide(word) == len(word) else JAPANESE_IN_DIGITS
            if used + size > longest and not word.isspace():
                count, used = count + bool(used), 0.0
            cut = int((size - 1) // longest)
            count, used = count + cut, used + size - cut * longest
    return count


def fitting(text: str, longest: int, most: int | None = None) -> tuple[str, ...]:
    """``text`` in lines of at most ``longest``, through long words too; what ``most`` lines cannot hold is left out."""
    lines = [part for line in broken(text, longest) for part in _cut(line, longest)]
    if most is None or len(lines) <= most:
        return tuple(lines)
    return (*lines[: most - 1], _shortened(lines[most - 1], longest))


def _cut(line: str, longest: int) -> list[str]:
    parts = [""]
    for letter in line:
        if parts[-1] and wide(parts[-1] + letter) > longest:
            parts.append("")
        parts[-1] += letter
    return parts


def _shortened(line: str, longest: int) -> str:
    while line and wide(line) + wide(LEFT_OUT) > longest:
        line = line[:-1]
    return line + LEFT_OUT
