"""Sentences that people read, written once in English and translated when shown.

A sentence is kept as its English pattern and its values, so that one result can be shown in either
language. The Japanese patterns are in ``locale/ja/messages.po``.
"""

from __future__ import annotations

import locale
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "ja")
CATALOGUE = Path(__file__).parent / "locale" / "ja" / "messages.po"


@dataclass(frozen=True)
class Words:
    """A sentence in every language: an English pattern with ``{named}`` values.

    A value that is itself ``Words`` is translated with the sentence.
    """

    pattern: str
    values: Mapping[str, object] = field(default_factory=dict)

    def into(self, language: str) -> str:
        """The sentence in ``language`` (``en`` or ``ja``); English where no translation exists."""
        pattern = _japanese().get(self.pattern, self.pattern) if language == "ja" else self.pattern
        shown = {
            name: value.into(language) if isinstance(value, Words) else value for name, value in self.values.items()
        }
        return pattern.format(**shown) if shown else pattern

    def __str__(self) -> str:
        return self.into("en")


@dataclass(frozen=True)
class Name(Words):
    """The user's own name of a thing in both languages; never translated, never a pattern."""

    japanese: str = ""

    def into(self, language: str) -> str:
        """The name in ``language``."""
        return self.japanese or self.pattern if language == "ja" else self.pattern


def name_of(record: object) -> Name:
    """The bilingual name of a record that has ``name`` and ``name_ja``."""
    return Name(record.name, japanese=record.name_ja)  # type: ignore[attr-defined]


def say(pattern: str, **values: object) -> Words:
    """Mark ``pattern`` for translation and bind its values."""
    return Words(pattern, values)


def language_of_locale() -> str:
    """``ja`` where the user's locale is Japanese, else ``en``."""
    settings = (os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    chosen = next((value for value in settings if value), None) or locale.getlocale()[0] or ""
    return "ja" if chosen.lower().startswith(("ja", "japanese")) else "en"


@cache
def _japanese() -> dict[str, str]:
    from babel.messages.pofile import read_po  # noqa: PLC0415  (only Japanese readers need the catalogue)

    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file, locale="ja")
    return {
        message.id: message.string
        for message in catalogue
        if message.id
        and isinstance(message.id, str)
        and isinstance(message.string, str)
        and message.string
        and not message.fuzzy
    }
