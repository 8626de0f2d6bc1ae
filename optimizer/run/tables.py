"""The tables of a run folder as CSV, and its JSON."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from optimizer.results import Line, Result

BEGINS_OF_FORMULAS = frozenset("=+-@\t\r\n＝＋－＠")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?(e[-+]?[0-9]+)?", re.ASCII)


def decimal_text(number: Fraction) -> str:
    """A rational with a finite decimal, written in full."""
    above, below = number.as_integer_ratio()
    places = 0
    while 10**places % below:
        places += 1
        if places > 30:
            raise ValueError(f"{number} has no finite decimal")
    digits = str(abs(above) * (10**places // below)).zfill(places + 1)
    sign = "-" if above < 0 else ""
    return sign + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)


def number_in_full(number: Fraction | int) -> str:
    """A number written in full; one without a finite decimal as the nearest double, which reads back the same."""
    try:
        return decimal_text(Fraction(number))
    except ValueError:
        return repr(float(number))


Told = tuple[str, str]
"""A line's reason in full, with what a step of it is worth: in English and in Japanese."""


def reasons_of(result: Result) -> list[Told]:
    """The reason of each line."""
    told = [(line.reason, *result.in_points(line)) for line in result.lines]
    return [
        (" ".join(words.into("en") for words in reason), "".join(words.into("ja") for words in reason))
        for reason in told
    ]


def allocation_csv(result: Result, reasons: Sequence[Told]) -> bytes:
    """allocation.csv: a row for each active programme and each of its years, with its reason."""
    rows = (_allocation_row(result, *both) for both in zip(result.lines, reasons, strict=True))
    return csv_bytes(ALLOCATION_COLUMNS, rows)


def _allocation_row(result: Result, line: Line, reason: Told) -> dict[str, object]:
    return {
        "programme": line.programme.id,
        "year": result.fiscal_year(line.year),
        "amount": decimal_text(line.amount),
        "family": line.programme.family,
        "instrument": line.programme.instrument,
        "region": line.programme.region,
        "country": line.programme.country,
        "account": line.programme.account,
        "agency": line.programme.agency,
        "baseline": "" if line.programme.baseline is None else decimal_text(line.programme.baseline),
        "verdict": line.verdict,
        "reason": reason[0],
        "reason_ja": reason[1],
        "next_points": _points(line.cause.next_points),
        "last_points": _points(line.cause.last_points),
    }


ALLOCATION_COLUMNS = (
    "programme", "year", "amount", "family", "instrument", "region", "country",
    "account", "agency", "baseline", "verdict", "reason", "reason_ja", "next_points", "last_points",
)  # fmt: skip


def _points(points: float | None) -> str:
    return "" if points is None else f"{points:.9f}"


FLOW_COLUMNS = (
    "account", "year", "appropriation", "transfer_in", "transfer_out", "carried_in", "carried_out", "spent", "lapsed",
    "stopped_by", "stopped_by_ja",
)  # fmt: skip


def flows_csv(result: Result) -> bytes:
    """flows.csv: a row an account and year."""
    rows = (
        {
            "account": row.account,
            "year": result.fiscal_year(row.year),
            "appropriation": decimal_text(row.appropriation),
            "transfer_in": decimal_text(row.transfer_in),
            "transfer_out": decimal_text(row.transfer_out),
            "carried_in": decimal_text(row.carried_in),
            "carried_out": decimal_text(row.carried_out),
            "spent": decimal_text(row.spent),
            "lapsed": decimal_text(row.lapsed),
            "stopped_by": row.stopped_by.into("en") if row.stopped_by else "",
            "stopped_by_ja": row.stopped_by.into("ja") if row.stopped_by else "",
        }
        for row in result.accounts
    )
    return csv_bytes(FLOW_COLUMNS, rows)


TRANSFER_COLUMNS = ("from_account", "to_account", "year", "amount")


def transfers_csv(result: Result) -> bytes:
    """transfers.csv: a row a permission and year; those that moved nothing are left out."""
    rows = (
        {
            "from_account": result.portfolio.transfers[number].from_account,
            "to_account": result.portfolio.transfers[number].to_account,
            "year": result.fiscal_year(year),
            "amount": decimal_text(amount),
        }
        for (number, year), amount in result.plan.transfers.items()
        if amount
    )
    return csv_bytes(TRANSFER_COLUMNS, rows)


def csv_bytes(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> bytes:
    """Rows as CSV under their columns, UTF-8 with a byte-order mark so that Excel opens Japanese right."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([plain(row[column]) for column in columns] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def plain(value: object) -> object:
    """Text that a spreadsheet would take for a formula gets a leading apostrophe; a number stays a number."""
    if isinstance(value, str) and value[:1] in BEGINS_OF_FORMULAS and not _NUMBER.fullmatch(value):
        return "'" + value
    return value


def json_bytes(content: object) -> bytes:
    """JSON as the program writes it: UTF-8, one entry a line."""
    return (json.dumps(content, ensure_ascii=False, indent=1, default=str) + "\n").encode()
