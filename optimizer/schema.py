"""Every sheet and column of the workbook as data: titles, types, rules, defaults and help, in both languages.

The data itself is ``schema.json`` beside this file, a column a line; here it gets its types. Whatever speaks
of the workbook (the reader, the checks, the template, the guide, the web forms) is made from ``SHEETS``. In
the file, ``use`` copies a column of ``common``, and the words after a choice are other spellings of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from optimizer.words import Name

SMALLEST = Fraction(1, 10**12)
LARGEST = Fraction(10**15)
DIGITS = 15
FORBIDDEN_IN_IDS = ("/", "@", ",")
YES = ("yes", "true", "1", "on", "はい", "オン")
NO = ("no", "false", "0", "off", "いいえ", "オフ")
ALL_YEARS = ("all", "通期", "全期間")
BASE = "base"
"""The scenario without a row: the workbook as written."""
SCOPE = ("programme", "family", "instrument", "region", "country", "account", "agency", "tag", "fragile")
OF_SCOPE = tuple(f"of_{name}" for name in SCOPE)
PAIR_SCOPE = ("objective", "freedom")


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One column (or one setting): what may stand in it and what a blank is worth.

    ``kind``: id, ref, refs, word, words, text, number, whole, year, year_or_all, yes_no, choice or any.
    ``blank`` says in words what a blank means; wherever it is taken the run lists it as an assumption.
    ``above`` is a least value that is itself excluded. ``refers`` names the sheets whose key it must be in.
    """

    name: str
    ja: str
    kind: str
    help: str
    help_ja: str
    required: bool = False
    default: str | None = None
    blank: str = ""
    blank_ja: str = ""
    unit: str = ""
    unit_ja: str = ""
    least: Fraction | None = None
    above: Fraction | None = None
    most: Fraction | None = None
    refers: tuple[str, ...] = ()
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def title(self, language: str) -> str:
        """The heading in ``language``."""
        return self.ja if language == "ja" else self.name

    @property
    def about(self) -> Name:
        """What it is, in both languages."""
        return Name(self.help, japanese=self.help_ja)

    @property
    def heading(self) -> Name:
        """Its heading, in both languages."""
        return Name(self.name, japanese=self.ja)

    def word(self, choice: str) -> Name:
        """One of its choices, in both languages."""
        return Name(choice, japanese=self.choices[choice][0])

    @property
    def all_words(self) -> Name:
        """All of its choices, in both languages."""
        return Name(", ".join(self.choices), japanese="、".join(others[0] for others in self.choices.values()))

    @property
    def when_blank(self) -> Name:
        """What a blank means, in both languages."""
        return Name(self.blank, japanese=self.blank_ja)


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a scenario may change. ``targets``: sheets, or ``family`` and ``instrument``."""

    name: str
    targets: tuple[str, ...]
    help: str
    help_ja: str
    value: str = "number"
    all: bool = False
    year: bool = False
    factor: bool = False
    least: Fraction | None = None
    above: Fraction | None = None

    @property
    def about(self) -> Name:
        """What it is, in both languages."""
        return Name(self.help, japanese=self.help_ja)


@dataclass(frozen=True)
class Sheet:
    """One sheet: its columns, the column of each year (if any) and what makes a row unique."""

    name: str
    ja: str
    help: str
    help_ja: str
    columns: Mapping[str, Column]
    needed: bool = False
    key: tuple[str, ...] = ()
    years: Column | None = None

    def title(self, language: str) -> str:
        """The tab's name in ``language``."""
        return self.ja if language == "ja" else self.name

    @property
    def about(self) -> Name:
        """What it is, in both languages."""
        return Name(self.help, japanese=self.help_ja)


def _column(row: Mapping[str, Any], common: Mapping[str, Any], choices: Mapping[str, Any]) -> Column:
    if "use" in row:
        row = common[row["use"]]
    data = dict(row)
    for bound in ("least", "above", "most"):
        if bound in data:
            data[bound] = Fraction(data[bound])
    data["refers"] = tuple(data.get("refers", ()))
    if "choices" in data:
        data["choices"] = {name: tuple(words) for name, words in choices[data["choices"]].items()}
    return Column(**data)


def _item(row: Mapping[str, Any]) -> Item:
    data = dict(row)
    for bound in ("least", "above"):
        if bound in data:
            data[bound] = Fraction(data[bound])
    data["targets"] = tuple(data["targets"])
    return Item(**data)


_DATA = json.loads((Path(__file__).parent / "schema.json").read_text(encoding="utf-8"))


def _columns(rows: list[dict[str, Any]]) -> dict[str, Column]:
    columns = (_column(row, _DATA["common"], _DATA["choices"]) for row in rows)
    return {column.name: column for column in columns}


def _year_column(row: Mapping[str, Any]) -> Column:
    return Column(
        "year",
        "年度",
        "number",
        row["help"],
        row["help_ja"],
        required=True,
        least=Fraction(row["least"]),
        unit=row["unit"],
        unit_ja=row["unit_ja"],
    )


SHEETS: Mapping[str, Sheet] = {
    row["name"]: Sheet(
        name=row["name"],
        ja=row["ja"],
        help=row["help"],
        help_ja=row["help_ja"],
        columns=_columns(row["columns"]),
        needed=row.get("needed", False),
        key=tuple(row.get("key", ())),
        years=_year_column(row["years"]) if "years" in row else None,
    )
    for row in _DATA["sheets"]
}
SETTINGS: Mapping[str, Column] = next(_columns(row["settings"]) for row in _DATA["sheets"] if row["name"] == "Settings")
ITEMS: Mapping[str, Item] = {
    item["name"]: _item(item) for row in _DATA["sheets"] if row["name"] == "Scenarios" for item in row["items"]
}
EXTRA_SHEETS = ("haibun_problems", "How to fill this in", "記入方法")
STEPS: tuple[tuple[str, str], ...] = tuple(map(tuple, _DATA["front_page"]["steps"]))
EXAMPLES: tuple[tuple[str, str, str], ...] = tuple(map(tuple, _DATA["front_page"]["examples"]))
