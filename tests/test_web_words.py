"""Every sentence of the cockpit reads in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from optimizer.words import say

WEBUI = Path(__file__).parent.parent / "webui"
SENTENCE = re.compile(r"""\b(?:t|say)\(\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""")
SAME_IN_BOTH = {"English", "{first}–{last}"}


def sentences() -> list[tuple[str, str]]:
    """Every pattern given to ``t`` or ``say``, with its file."""
    files = [*WEBUI.rglob("*.py"), *WEBUI.rglob("*.html")]
    return [
        (file.name, match[1][1:-1].replace('\\"', '"'))
        for file in files
        for match in SENTENCE.finditer(file.read_text(encoding="utf-8"))
    ]


def test_there_are_sentences():
    """The search finds templates and modules alike."""
    assert {Path(name).suffix for name, _ in sentences()} == {".py", ".html"}


@pytest.mark.parametrize("pattern", sorted({pattern for _, pattern in sentences()} - SAME_IN_BOTH))
def test_every_sentence_has_its_japanese_with_the_same_values(pattern):
    """A sentence without Japanese, or one whose Japanese loses a value, would show English or fail on the page."""
    values = dict.fromkeys(re.findall(r"\{(\w+)", pattern), "1")
    japanese = say(pattern, **values).into("ja")
    assert japanese != say(pattern, **values).into("en")
    assert japanese.count("1") >= len(values)
