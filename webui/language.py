"""The language and the unit of money of a page: the reader's choice, else the browser's and the workbook's."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import Flask, request, session

from optimizer import ITEM_NAMES, LANGUAGES, Name, Words, say, usual
from webui.controls import half
from webui.rows import Book

BEFORE_REIWA = 2018
"""The year before the first of Reiwa."""


def attach(app: Flask) -> None:
    """Give every template ``t`` (a sentence), ``into`` (words of the program) and ``language``."""
    app.context_processor(_in_templates)


def current() -> str:
    """The language of this request."""
    asked = request.args.get("lang") or session.get("language")
    if asked in LANGUAGES:
        return str(asked)
    return request.accept_languages.best_match(["ja", "en"]) or "ja"


def t(pattern: str, **values: object) -> str:
    """A sentence in the language of this request."""
    return say(pattern, **values).into(current())


def into(words: Words) -> str:
    """Words of the program in the language of this request."""
    return words.into(current())


def of_two(english_then_japanese: str) -> str:
    """The reader's half of a text of the form ``English / 日本語``; the whole text where it has no halves."""
    return half(english_then_japanese, current())


def unit_of(book: Book) -> str:
    """The money unit of a workbook as the reader calls it; what is typed in is typed in this unit."""
    return into(usual(book.summary["unit"]))


def shown_unit(book: Book) -> str:
    """The unit in which this request wants to see a workbook's money; its own where it cannot be shown in another."""
    asked = request.args.get("unit") or session.get("unit")
    return str(asked) if asked in units_of(book) else str(book.summary["unit"])


def units_of(book: Book) -> dict[str, float]:
    """The units in which a workbook's money can be shown, each with what amounts are multiplied by."""
    return book.summary.get("units") or {book.summary["unit"]: 1.0}


def money_of(book: Book) -> str:
    """The unit in which money is shown, as the reader calls it."""
    return into(usual(shown_unit(book)))


def setting_in_words() -> str:
    """The setting that the address of this page carries."""
    origin, sets = request.args.get("origin") or "base", request.args.getlist("set")
    if sets:
        return t("Scenario {name}, changed by: {changes}.", name=origin, changes=typed(sets))
    return t("Scenario {name}.", name=origin)


def typed(sets: Sequence[str]) -> str:
    """What is set, as it can be typed: with the items' names in the language of this request."""
    return (", " if current() == "en" else "、").join(re.sub(r"^\w+", _item_name, text) for text in sets)


def item_names() -> Mapping[str, str]:
    """The items' names in the language of this request, where they differ from those that programs use."""
    return ITEM_NAMES if current() == "ja" else {}


def _item_name(found: re.Match[str]) -> str:
    return item_names().get(found[0], found[0])


def when(moment: str) -> str:
    """A moment of the store (UTC) as this office's clock shows it, in the era of the reader's language."""
    local = datetime.fromisoformat(moment).astimezone()
    return f"{into(day_of(moment))}{' ' if current() == 'ja' else ', '}{local:%H:%M}"


def day_of(moment: str) -> Words:
    """The day of a moment of the store."""
    local = datetime.fromisoformat(moment).astimezone()
    era = f"令和{local.year - BEFORE_REIWA}年{local.month}月{local.day}日"
    return Name(f"{local.day} {local:%b %Y}", japanese=era)


def _in_templates() -> dict[str, Any]:
    return {
        "t": t,
        "into": into,
        "of_two": of_two,
        "unit_of": unit_of,
        "units_of": units_of,
        "shown_unit": shown_unit,
        "money_of": money_of,
        "usual": usual,
        "setting_in_words": setting_in_words,
        "typed": typed,
        "item_names": item_names,
        "when": when,
        "language": current(),
    }
