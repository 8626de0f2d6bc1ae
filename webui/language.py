"""The language and the unit of money of a page: the reader's choice, else the browser's and the workbook's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Flask, request, session

from optimizer import BASE, LANGUAGES, Name, Words, say, scenario_name, usual
from webui.controls import half
from webui.rows import Book
from webui.site import ask_live, the_site

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


def setting_of_page(book: Book) -> str:
    """The setting that the address of this page carries, in a sentence."""
    return setting_told(book, request.args.get("origin") or BASE, request.args.getlist("set"))


def setting_told(book: Book, origin: str, sets: Sequence[str]) -> str:
    """A setting in a sentence."""
    if sets:
        return t("Scenario {name}, changed by: {changes}.", name=called(origin), changes=changes_told(book, sets))
    return t("Scenario {name}.", name=called(origin))


def called(scenario: str) -> str:
    """A scenario of a workbook as the reader calls it."""
    return into(scenario_name(scenario))


def changes_told(book: Book, sets: Sequence[str]) -> str:
    """What is set on top of a scenario: names instead of ids, as the reports tell it."""
    return (", " if current() == "en" else "、").join(each_told(book, sets).values())


def each_told(book: Book, sets: Sequence[str]) -> dict[str, str]:
    """Every item that is set, with what it says."""
    if not sets:
        return {}
    return dict(zip(sets, ask_live("in_words", the_site().store.path_of(book.sha256), sets, current()), strict=True))


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
        "setting_of_page": setting_of_page,
        "setting_told": setting_told,
        "changes_told": changes_told,
        "each_told": each_told,
        "called": called,
        "when": when,
        "language": current(),
    }
