"""The pages on an office server: every test that they name exists, and both languages name the same."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PAGES = {language: TESTS.parent / "webui" / name for language, name in (("en", "OFFICE.md"), ("ja", "OFFICE.ja.md"))}
NAMED = re.compile(r"`(test_\w+\.py)::(test_\w+)`")


def named_on(language: str) -> list[tuple[str, str]]:
    """File and function of every test that a page names, in order."""
    return NAMED.findall(PAGES[language].read_text(encoding="utf-8"))


@cache
def functions_of(file: str) -> set[str]:
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("language", PAGES)
def test_every_test_that_the_page_names_is_there(language):
    """A table of requirements is worth the tests behind it."""
    named = named_on(language)
    assert len(named) > 40
    assert [(file, name) for file, name in named if name not in functions_of(file)] == []


def test_both_languages_name_the_same_tests():
    """Row by row."""
    assert named_on("en") == named_on("ja")
