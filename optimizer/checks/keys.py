"""Keys and references: every id unique, plain and known."""

from __future__ import annotations

from collections.abc import Mapping

from optimizer import schema
from optimizer.checks.lookalikes import skeleton
from optimizer.checks.review import NOUNS, Review
from optimizer.schema import Column, Sheet
from optimizer.words import Words, say
from optimizer.workbook.tables import Record, Table


def check_keys(review: Review) -> None:
    """No key twice, no two ids that a reader would take for one, none that means two things."""
    for sheet in schema.SHEETS.values():
        if sheet.key and sheet.name != "Settings":
            _check_unique(review, sheet)
            _check_look_alikes(review, sheet)
    _check_double_meaning(review, "Objectives", "Regions")
    _check_double_meaning(review, "Programmes", "Objectives")


def _check_unique(review: Review, sheet: Sheet) -> None:
    seen: dict[tuple[object, ...], Record] = {}
    for record in review.records(sheet.name):
        key = tuple(record.values[name] for name in sheet.key)
        if None in key:
            continue
        if key in seen:
            names = " / ".join(str(part) for part in key)
            problem = say("{key} is already in row {row}.", key=names, row=seen[key].row)
            fix = say("Give each row its own id, or delete one of the two rows.")
            review.error(sheet.name, sheet.key[-1], record, problem, fix)
        else:
            seen[key] = record


def _check_look_alikes(review: Review, sheet: Sheet) -> None:
    """Ids that cannot be told apart are an error; those that differ by case or spaces alone, a warning."""
    alike: dict[str, str] = {}
    cased: dict[str, str] = {}
    column = sheet.key[0]
    for name, record in review.ids(sheet.name).items():
        other = alike.setdefault(skeleton(name), name)
        near = cased.setdefault(skeleton(name).casefold(), name)
        if other != name:
            problem = say("{id} looks like {other} but is another id.", id=name, other=other)
            review.error(sheet.name, column, record, problem, say("Write both alike, or choose another id."))
        elif near != name:
            problem = say("{id} differs from {other} only by case or spaces; they count as two.", id=name, other=near)
            fix = say("Write both alike if they are one, or choose clearer ids.")
            review.warn(sheet.name, column, record, problem, fix)


def _check_double_meaning(review: Review, sheet: str, other: str) -> None:
    key = schema.SHEETS[sheet].key[0]
    for name in [name for name in review.ids(sheet) if name in review.ids(other)]:
        record = review.ids(other)[name]
        problem = say(
            "{id} is also the id of another thing: {sheet}, row {row}.",
            id=name,
            sheet=review.tables[other].title,
            row=record.row,
        )
        review.error(sheet, key, review.ids(sheet)[name], problem, say("Choose another id for one of the two."))


def check_references(review: Review) -> None:
    """Every id that a row names exists."""
    for sheet in schema.SHEETS.values():
        for column in sheet.columns.values():
            if column.refers and column.name in review.tables[sheet.name].columns:
                _check_column(review, review.tables[sheet.name], column)


def _check_column(review: Review, table: Table, column: Column) -> None:
    target = column.refers[0]
    known: Mapping[str, Record] = review.ids(target)
    unknown: list[tuple[Record, str]] = []
    for record in table.records:
        value = record.values[column.name]
        if not value or (value.__class__ is str and value in known):
            continue
        names = (value,) if isinstance(value, str) else value
        unknown += ((record, name) for name in names if name not in known)
    for record, name in review.findings.first(unknown):
        problem = review.findings.unknown(NOUNS[target], name, known)
        review.error(table.sheet, column.name, record, problem, _cure(review, target))


def _cure(review: Review, target: str) -> Words:
    return say("Correct the id, or add it to the sheet {sheet}.", sheet=review.tables[target].title)


def check_words(review: Review) -> None:
    """Instruments, agencies and tags that a limit names should exist somewhere."""
    programmes = review.records("Programmes")
    known = {
        "instrument": {r.values["instrument"] for r in programmes} - {"", None},
        "tag": {tag for r in programmes for tag in r.values["tags"] or ()},
        "agency": {r.values["agency"] for r in review.records("Accounts")} - {"", None},
    }
    nouns = {"instrument": NOUNS["instrument"], "tag": say("tag"), "agency": say("agency")}
    _check_words_of_programmes(review, nouns)
    for record in review.records("Limits"):
        for prefix in ("", "of_"):
            for column, names in known.items():
                word = record.values[prefix + column]
                if word and word not in names:
                    problem = review.findings.unknown(nouns[column], word, sorted(names))
                    fix = say("Correct the word, or give it to a programme or account.")
                    review.warn("Limits", prefix + column, record, problem, fix)


def _check_words_of_programmes(review: Review, nouns: Mapping[str, Words]) -> None:
    """A word of a programme or account that nearly is one that limits name would slip out of them in silence."""
    places = (
        ("Programmes", "instrument", "instrument"),
        ("Programmes", "tags", "tag"),
        ("Accounts", "agency", "agency"),
    )
    for sheet, column, kind in places:
        named = {r.values[prefix + kind] for r in review.records("Limits") for prefix in ("", "of_")} - {"", None}
        for record in review.records(sheet):
            words = record.values[column] or ()
            for word in (words,) if isinstance(words, str) else words:
                near = review.findings.near(word, sorted(named), cutoff=0.85) if word not in named else None
                if near:
                    problem = say(
                        "{found}: no limit names this {kind}; did you mean {near}?",
                        found=word,
                        kind=nouns[kind],
                        near=near,
                    )
                    fix = say("Correct the word if the limits on {near} are meant to count it.", near=near)
                    review.warn(sheet, column, record, problem, fix)
