"""Reading the figures of this folder, and the few operations on numbers that the rules share."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
INDICATORS = "country_indicators.csv"


@cache
def read(folder: str, name: str) -> tuple[dict[str, str], ...]:
    """The rows of one CSV file of this folder, as text."""
    with (HERE / folder / name).open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def number(text: str) -> float | None:
    """The number in a cell; None where it is blank."""
    return float(text) if text else None


@cache
def indicators() -> dict[str, dict[str, float | None]]:
    """Every indicator of every country."""
    return {
        row["iso3"]: {name: number(text) for name, text in row.items() if name != "iso3"}
        for row in read("data", INDICATORS)
    }


def known(country: str, *names: str) -> list[float]:
    """Those of a country's indicators that are known."""
    values = (indicators()[country].get(name) for name in names)
    return [value for value in values if value is not None]


def mean(values: Sequence[float]) -> float | None:
    """The mean, None of nothing."""
    return sum(values) / len(values) if values else None


def clip(value: float) -> float:
    """A number held between 0 and 1."""
    return min(1.0, max(0.0, value))


def significant(value: float, digits: int = 4) -> float:
    """A number at so many significant digits."""
    return float(f"{value:.{digits}g}")


@cache
def region_of() -> dict[str, str]:
    """The region of each of the 128 countries whose need counts."""
    return {
        country: row["region"]
        for row in read("case", "regions.csv")
        for column in ("countries_with_programmes", "other_countries_counted_in_need")
        for country in row[column].split()
    }


def countries_of(region: str) -> list[str]:
    """The countries of a region, in the order of regions.csv."""
    return [country for country, its_region in region_of().items() if its_region == region]


def regions_with_need() -> list[str]:
    """The ten regions; headquarters has no need."""
    return [row["region"] for row in read("case", "regions.csv") if row["weight"]]


def objectives() -> list[str]:
    """The eight objectives, four of want and four of fear."""
    return [row["objective"] for row in read("case", "objectives.csv")]


@cache
def cited(file: str) -> str:
    """``data FILE (licence)``; without the licence where none is known."""
    licence = next(row["licence"] for row in read("", "sources.csv") if row["file"] == file)
    return f"data {file} ({licence})" if licence else f"data {file}"


@cache
def cited_indicators(country: str, *names: str) -> str:
    """``data country_indicators.csv KEN hdi (licence)``."""
    dictionary = {row["column"]: row["licence"] for row in read("data", "indicator_dictionary.csv")}
    licences = ", ".join(sorted({dictionary[name] for name in names} - {""}))
    text = f"data {INDICATORS} {country} {', '.join(names)}"
    return f"{text} ({licences})" if licences else text
