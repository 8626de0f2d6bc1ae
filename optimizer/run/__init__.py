"""From a workbook and a scenario to a run folder, and back.

A run folder is evidence: ``book.xlsx`` as it was read, the plan as CSV, ``run.json`` with the hash of every other
file, and ``certificate.json`` with the hash of ``run.json`` and the multipliers that prove the bound. It appears
whole or not at all. ``verify`` re-checks it without PuLP, HiGHS or pandas.
"""

from optimizer.run.again import lp_file, reproduce
from optimizer.run.folder import hash_of, read_identified, read_run, verify, write_folder, write_run
from optimizer.run.solving import (
    OpenBook,
    Stopwatch,
    breach_in_words,
    explained,
    open_book,
    problems_of,
    publish_solution,
    ready_for,
    solve_book,
)
from optimizer.run.tables import csv_bytes, decimal_text, json_bytes, number_in_full, plain

__all__ = [
    "OpenBook",
    "Stopwatch",
    "breach_in_words",
    "csv_bytes",
    "decimal_text",
    "explained",
    "hash_of",
    "json_bytes",
    "lp_file",
    "number_in_full",
    "open_book",
    "plain",
    "problems_of",
    "publish_solution",
    "read_identified",
    "read_run",
    "ready_for",
    "reproduce",
    "solve_book",
    "verify",
    "write_folder",
    "write_run",
]
from optimizer.run.solving import versions as versions
