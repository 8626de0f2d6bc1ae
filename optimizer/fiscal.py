"""Japanese fiscal years in words."""

from __future__ import annotations

from collections.abc import Sequence

from optimizer.words import Name, Words, say

FIRST_YEAR_OF_REIWA = 2019


def year_name(year: int) -> Words:
    """FY2027, in Japanese 令和9年度."""
    if year < FIRST_YEAR_OF_REIWA:
        return Name(f"FY{year}", japanese=f"{year}年度")
    return say("FY{year}", year=year, reiwa=year - FIRST_YEAR_OF_REIWA + 1 if year > FIRST_YEAR_OF_REIWA else "元")


def years_named(first_year: int, offsets: Sequence[int]) -> Words:
    """Consecutive years as FY2027–FY2029; with gaps, each run by itself."""
    runs: list[list[int]] = []
    for offset in sorted(offsets):
        if runs and offset == runs[-1][-1] + 1:
            runs[-1].append(offset)
        else:
            runs.append([offset])
    return listed([_run_named(first_year + run[0], first_year + run[-1]) for run in runs])


def _run_named(first: int, last: int) -> Words:
    """FY2027–FY2029, in Japanese 令和9～11年度."""
    if first == last:
        return year_name(first)
    begins, ends = year_name(first), year_name(last)
    japanese = ends.into("ja")
    if first >= FIRST_YEAR_OF_REIWA:
        japanese = japanese.removeprefix("令和")
    return Name(f"{begins}–{ends}", japanese=f"{begins.into('ja').removesuffix('年度')}～{japanese}")


def listed(items: Sequence[Words]) -> Words:
    """Several things, separated by commas; by semicolons in English where one of them has a comma of its own."""
    has_commas = any(", " in str(item) for item in items)
    words = items[0]
    for item in items[1:]:
        said = {"first": words, "second": item}
        words = say("{first}; {second}", **said) if has_commas else say("{first}, {second}", **said)
    return words
