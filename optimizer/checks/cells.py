"""One cell → its value: what may stand in each kind of column, and what to say of what may not."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Context, Decimal
from fractions import Fraction
from functools import cache
from typing import Any

from optimizer import schema
from optimizer.schema import Column
from optimizer.words import Words, say
from optimizer.workbook.tables import NoValue, Value

_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0x2212: 0x2D}
_NUMBER = re.compile(r"([-△▲+]?)\s*((?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?|\.\d+)((?:[eE][-+]?\d{1,3})?)", re.ASCII)
_YEAR = re.compile(r"(?:FY)?\s*(\d{4})\s*(?:年度)?", re.ASCII | re.IGNORECASE)
_REIWA = re.compile(r"令和\s*(\d{1,2}|元)\s*年度", re.ASCII)
_FIFTEEN_DIGITS = Context(prec=schema.DIGITS)
_SEPARATOR = re.compile(r"[,、]")


@dataclass(frozen=True)
class Fault(Exception):
    """A cell that cannot be taken: what is wrong with it and how to mend it."""

    problem: Words
    fix: Words


def is_blank(raw: Any) -> bool:
    """Whether a cell counts as empty: nothing, or nothing but spaces."""
    return raw is None or (raw.__class__ is str and not raw.strip())


def shown(raw: Any) -> str:
    """A cell's content as a reader would type it."""
    if raw.__class__ is str:
        return raw
    if isinstance(raw, NoValue):
        return raw.text
    if isinstance(raw, bool):
        return "TRUE" if raw else "FALSE"
    if isinstance(raw, float | int):
        return f"{raw:.15g}"
    if isinstance(raw, date | datetime | time):
        return raw.isoformat()
    return "" if raw is None else str(raw)


def identifier(text: str) -> str:
    """An id as it is compared: NFKC, trimmed."""
    return unicodedata.normalize("NFKC", text).strip()


def half_width(text: str) -> str:
    """Full-width signs and digits as half-width ones, trimmed; other characters stay what they are."""
    return (text if text.isascii() else text.translate(_FULL_WIDTH)).strip()


def exact(number: float) -> Fraction:
    """The decimal at 15 significant digits that Excel shows for ``number``."""
    if number.is_integer() and -1e15 < number < 1e15:
        return Fraction(int(number))
    return Fraction(Decimal(f"{number:.{schema.DIGITS}g}"))


def value_of(raw: Any, column: Column) -> Value:
    """The value of a cell that is not blank; raises ``Fault``. Kind ``any`` is parsed later."""
    if isinstance(raw, NoValue) and column.kind != "any":
        raise _no_value(raw)
    return _READERS[column.kind](raw, column)


def _no_value(raw: NoValue) -> Fault:
    if raw.formula:
        return Fault(
            say("The formula has no stored result."),
            say("Open the file in Excel, let it calculate, and save it; or type the value itself."),
        )
    return Fault(
        say("The cell shows the Excel error {error}.", error=raw.text),
        say("Mend the formula, or type the value itself."),
    )


def _plain_text(raw: Any, column: Column) -> str:
    if isinstance(raw, timedelta):
        raise _not(say("text"), column)
    return shown(raw).strip()


def _id_text(raw: Any, column: Column) -> str:
    if isinstance(raw, date | time | timedelta):
        raise Fault(
            say("Excel has turned this into a date or time."),
            say("Format the cell as text and type the id again."),
        )
    if isinstance(raw, bool):
        raise Fault(
            say("Excel has turned this into a truth value."),
            say("Format the cell as text and type the id again."),
        )
    text = identifier(shown(raw))
    if text.isascii() and text.isprintable():
        return text
    if any(unicodedata.category(character) == "Cc" for character in text):
        raise Fault(say("The id contains a line break or a control character."), say("Write the id on one line."))
    if any(unicodedata.category(character) == "Cf" for character in text):
        raise Fault(
            say("The id contains an invisible character."), say("Type the id again, here and where it is used.")
        )
    return text


def _id(raw: Any, column: Column) -> str:
    text = _id_text(raw, column)
    bad = [character for character in schema.FORBIDDEN_IN_IDS if character in text]
    if bad:
        raise Fault(
            say("An id may not contain {character}.", character=" ".join(bad)),
            say("Choose an id without /, @ or a comma, here and wherever it is used."),
        )
    return text


def _ids(raw: Any, column: Column) -> tuple[str, ...]:
    names = [part.strip() for part in _SEPARATOR.split(_id_text(raw, column))]
    return tuple(dict.fromkeys(name for name in names if name))


def _number(raw: Any, column: Column) -> Fraction:
    if raw.__class__ is float:
        low, high = _surely_inside(column)
        if low < raw < high and (raw > 1e-11 or raw < -1e-11):
            return exact(raw)
    value = _fraction(raw, column)
    if value and not schema.SMALLEST <= abs(value) <= schema.LARGEST:
        raise Fault(
            say("The number is outside what can be reckoned with (0, or 1e-12 to 1e15 in size)."),
            say("Check the digits and the unit of money."),
        )
    _within(value, column)
    return value


@cache
def _surely_inside(column: Column) -> tuple[float, float]:
    """Floats strictly between these keep every bound of ``column``, without exact comparison."""
    low = max(float(bound) for bound in (column.least, column.above, -schema.LARGEST) if bound is not None)
    high = min(float(bound) for bound in (column.most, schema.LARGEST) if bound is not None)
    return low, high


def _fraction(raw: Any, column: Column) -> Fraction:
    if isinstance(raw, bool) or not isinstance(raw, str | float | int):
        raise _no_number(column)
    if isinstance(raw, str):
        return _fraction_of_text(raw, column)
    if isinstance(raw, float) and not math.isfinite(raw):
        raise _no_number(column)
    return exact(float(raw))


def _fraction_of_text(raw: str, column: Column) -> Fraction:
    text = half_width(raw)
    if text.endswith("%"):
        raise Fault(
            say("A percentage written as text is not read."),
            say("Write a share as a decimal: 5 percent is 0.05."),
        )
    match = _NUMBER.fullmatch(text)
    if not match:
        raise _no_number(column)
    sign, digits, exponent = match.groups()
    number = Decimal(digits.replace(",", "") + exponent)
    value = Fraction(_FIFTEEN_DIGITS.create_decimal(number))
    return -value if sign and sign != "+" else value


def _within(value: Fraction, column: Column) -> None:
    low, above, high = column.least, column.above, column.most
    if (low is None or value >= low) and (above is None or value > above) and (high is None or value <= high):
        return
    if high is None:
        problem = (
            say("The number must be greater than {above}.", above=above)
            if above is not None
            else say("The number must be at least {least}.", least=low)
        )
    elif above is not None:
        problem = say("The number must be greater than {above} and at most {most}.", above=above, most=high)
    elif low is not None:
        problem = say("The number must be from {least} to {most}.", least=low, most=high)
    else:
        problem = say("The number must be at most {most}.", most=high)
    raise Fault(problem, _cure(column))


def _whole(raw: Any, column: Column) -> int:
    value = _fraction(raw, column)
    if value.denominator != 1:
        raise _not(say("a whole number"), column)
    _within(value, column)
    return int(value)


def year_of(raw: Any) -> int | None:
    """The Japanese fiscal year that a heading or cell means (2027, FY2027, 2027年度, 令和9年度), if any."""
    if isinstance(raw, bool) or not isinstance(raw, str | float | int):
        return None
    if isinstance(raw, str):
        text = half_width(raw)
        if match := _REIWA.fullmatch(text):
            return 2018 + (1 if match[1] == "元" else int(match[1]))
        match = _YEAR.fullmatch(text)
        raw = float(match[1]) if match else 0.0
    return int(raw) if 1900 <= raw <= 2200 and float(raw).is_integer() else None


def _year(raw: Any, column: Column) -> int:
    year = year_of(raw)
    if year is None:
        raise Fault(
            say("This must be a Japanese fiscal year."),
            say("Write the year as 2027, FY2027, 2027年度 or 令和9年度."),
        )
    return year


def _year_or_all(raw: Any, column: Column) -> int | str:
    if isinstance(raw, str) and identifier(raw).casefold() in schema.ALL_YEARS:
        return "all"
    year = year_of(raw)
    if year is None:
        raise Fault(
            say("This must be a Japanese fiscal year, or all."),
            say("Write a year such as 2027, all for the whole horizon, or leave it empty for every year."),
        )
    return year


def _yes_no(raw: Any, column: Column) -> bool:
    word = raw if isinstance(raw, bool) else identifier(shown(raw)).casefold()
    if word is True or word in schema.YES:
        return True
    if word is False or word in schema.NO:
        return False
    raise Fault(say("This must be yes or no."), say("Write yes or no (はい or いいえ)."))


def _choice(raw: Any, column: Column) -> str:
    word = identifier(shown(raw)).casefold()
    found = _spellings(tuple((name, others) for name, others in column.choices.items())).get(word)
    if found is None:
        raise Fault(
            say("{found}: not one of {choices}.", found=shown(raw), choices=column.all_words),
            say("Choose one of {choices}.", choices=column.all_words),
        )
    return found


@cache
def _spellings(choices: tuple[tuple[str, tuple[str, ...]], ...]) -> Mapping[str, str]:
    return {identifier(word).casefold(): name for name, others in choices for word in (name, *others)}


def _as_is(raw: Any, column: Column) -> Any:
    return raw


@cache
def _no_number(column: Column) -> Fault:
    return _not(say("a number"), column)


def _not(kind: Words, column: Column) -> Fault:
    return Fault(say("This must be {kind}.", kind=kind), _cure(column))


@cache
def _cure(column: Column) -> Words:
    if column.required:
        return say("Correct the number: {help}", help=column.about)
    return say("Correct the number, or leave the cell empty for the default: {help}", help=column.about)


_READERS: Mapping[str, Callable[[Any, Column], Value]] = {
    "id": _id,
    "ref": _id_text,
    "refs": _ids,
    "word": _id_text,
    "words": _ids,
    "text": _plain_text,
    "number": _number,
    "whole": _whole,
    "year": _year,
    "year_or_all": _year_or_all,
    "yes_no": _yes_no,
    "choice": _choice,
    "any": _as_is,
}


@cache
def default_of(column: Column) -> Value:
    """What a blank is worth: the column's default, or else None, an empty text or an empty list."""
    if column.default is not None:
        return value_of(column.default, column) if column.default else ""
    if column.kind in ("refs", "words"):
        return ()
    if column.kind in ("text", "word", "ref", "choice") and not column.blank:
        return ""
    return None
