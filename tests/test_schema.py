"""The schema is whole, says the same in both languages, and holds every column of the contract."""

from itertools import chain

import pytest

from optimizer import schema
from optimizer.checks.cells import default_of, year_of
from optimizer.checks.findings import plainly
from optimizer.schema import ITEMS, SETTINGS, SHEETS
from optimizer.workbook import guide

CONTRACT = {
    "Settings": "*key value",
    "Regions": "*region name name_ja",
    "Countries": "*country *region name name_ja fragile",
    "Objectives": "*objective *freedom name name_ja",
    "Priorities": "*region *objective *weight *need curve",
    "Accounts": "*account agency name name_ja kind carry_over",
    "Transfers": "*from_account *to_account *max_share requires unless",
    "Programmes": "*programme *family *account *maximum region country instrument name name_ja baseline"
    " minimum scale ramp start end commitment indivisible curve risk leverage fragile tags requires unless source",
    "Effects": "*programme *objective *score region lag low high requires unless source as_of",
    "Curves": "*curve *segment *up_to *rate",
    "Resources": "*resource name name_ja unit",
    "ResourceUse": "*programme *resource uses builds delay life requires unless",
    "Synergies": "*synergy *programme_a *programme_b *ratio *objective *score shared requires unless source",
    "Limits": "*limit *measure *sense *value name name_ja programme family instrument region country account"
    " agency tag fragile objective freedom basis of_programme of_family of_instrument of_region of_country"
    " of_account of_agency of_tag of_fragile year kind requires unless source",
    "Levers": "*lever name name_ja proposal default note",
    "Scenarios": "*scenario *item target *value year",
}
COLUMNS = [(sheet, column) for sheet in SHEETS.values() for column in sheet.columns.values()]


@pytest.mark.parametrize("sheet", SHEETS)
def test_every_column_of_the_contract_is_there_and_no_other(sheet: str) -> None:
    """Names and which of them are required agree with the contract, sheet by sheet."""
    found = {("*" if c.required else "") + c.name for c in SHEETS[sheet].columns.values()}
    assert found == set(CONTRACT[sheet].split())


def test_required_sheets_are_those_of_the_contract() -> None:
    """Seven sheets must exist; two have a column a year."""
    needed = {sheet.name for sheet in SHEETS.values() if sheet.needed}
    assert needed == {"Settings", "Regions", "Objectives", "Priorities", "Accounts", "Programmes", "Effects"}
    assert {sheet.name for sheet in SHEETS.values() if sheet.years} == {"Accounts", "Resources"}


def test_titles_in_both_languages_never_collide() -> None:
    """A heading or tab in either language means one thing only, however it is spaced or cased."""
    tabs = [plainly(title) for sheet in SHEETS.values() for title in {sheet.name, sheet.ja}]
    assert len(tabs) == len(set(tabs))
    for sheet in SHEETS.values():
        headings = [plainly(title) for c in sheet.columns.values() for title in {c.name, c.ja}]
        assert len(headings) == len(set(headings)), sheet.name
        assert not any(year_of(heading) for heading in headings)


def test_everything_is_explained_in_both_languages() -> None:
    """No column, setting, sheet or item lacks help; no blank is explained in one language only."""
    columns = [*(column for _, column in COLUMNS), *SETTINGS.values()]
    for thing in chain(columns, SHEETS.values(), ITEMS.values()):
        assert thing.help
        assert any(ord(character) > 0x3000 for character in thing.help_ja), thing.name
    for column in columns:
        assert bool(column.blank) == bool(column.blank_ja), column.name
        assert bool(column.unit) == bool(column.unit_ja), column.name


@pytest.mark.parametrize(("sheet", "column"), COLUMNS, ids=lambda thing: thing.name)
def test_references_and_defaults_are_sound(sheet: schema.Sheet, column: schema.Column) -> None:
    """A reference names a sheet with a key, a default is a legal value, a key column exists."""
    for target in column.refers:
        assert SHEETS[target].key
    default_of(column)  # raises where the default is no value of the column
    assert not (column.required and (column.default is not None or column.blank))
    assert set(sheet.key) <= set(sheet.columns)


def test_scenario_items_are_those_of_the_contract() -> None:
    """Ten items; only three take a year, and only factors may speak of everything."""
    assert set(ITEMS) == set(SHEETS["Scenarios"].columns["item"].choices)
    assert {item.name for item in ITEMS.values() if item.year} == {"budget_factor", "resource_factor", "pin"}
    assert {i.name for i in ITEMS.values() if i.all} == {i.name for i in ITEMS.values() if i.factor}


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_guide_names_every_column(language: str) -> None:
    """The guide made from the schema holds every sheet, column, setting and item, and no broken table."""
    page = guide(language)
    for _, column in COLUMNS:
        assert f"| `{column.name}` | {column.ja} |" in page
    for name in chain(SETTINGS, ITEMS):
        assert f"| `{name}` |" in page
    for line in page.splitlines():
        if line.startswith("|"):
            assert line.count("|") - line.count("\\|") in (6, 8)
