"""Every sentence exists in both languages: of commands, help, checks, reports and pages; one word for one thing."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from babel.messages.pofile import read_po
from click.testing import CliRunner

from optimizer.cli import main
from optimizer.cli.bilingual import SAID_BY_CLICK, paragraphs_of
from optimizer.fiscal import years_named
from optimizer.units import percent, signed
from optimizer.words import CATALOGUE

ROOT = Path(__file__).parent.parent
MODULES = [*(ROOT / "optimizer").rglob("*.py"), *(ROOT / "webui").rglob("*.py")]
TEMPLATES = [*(ROOT / "webui/templates").glob("*.html"), *(ROOT / "optimizer/report/files/templates").glob("*.j2")]
SCRIPTS = [*(ROOT / "webui/static").glob("*.js"), *(ROOT / "optimizer/report/files/templates").glob("*.js")]
IN_TEMPLATE = re.compile(r"""\b(?:t|say)\(\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')""")
VALUE = re.compile(r"{(\w+)[^}]*}")
LATIN = re.compile(r"[A-Za-z]{2,}")
FORMED_BY_CLICK = {
    *("[OPTIONS]", "COMMAND [ARGS]...", "Show the version and exit.", "Show this message and exit."),
    *("FLOAT", "FLOAT RANGE", "INTEGER", "INTEGER RANGE", "TEXT", "PATH", "DIRECTORY"),
}
JAPANESE_TOO = {
    *("ODA", "OSA", "JICA", "JBIC", "Excel", "JSON", "CSV", "HTML", "ID", "CPU", "DTD", "API", "PDF"),
    *("Haibun", "haibun", "HTTP", "SQLite", "PostgreSQL", "URL", "SHA", "xlsx", "MB"),
    *("JavaScript", "triangular", "uniform"),
}
"""Latin words that are Japanese to an official; any other is in the English sentence too, or it is left over."""

with CATALOGUE.open("rb") as file:
    MESSAGES = [message for message in read_po(file, locale="ja") if message.id]
JAPANESE = {str(message.id): str(message.string) for message in MESSAGES}
VERBS = [main, *main.commands.values()]


def said_in_modules() -> Iterator[str]:
    """Every pattern that a module gives to ``say``, ``t`` or ``Words``."""
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("say", "t", "Words") and node.args:
                yield from (each.value for each in branches(node.args[0]) if isinstance(each, ast.Constant))


def branches(pattern: ast.expr) -> list[ast.expr]:
    """Both patterns of a choice between two; else the one."""
    return [pattern.body, pattern.orelse] if isinstance(pattern, ast.IfExp) else [pattern]


def said_in_templates() -> Iterator[str]:
    """Every pattern that a page or a report gives to ``t`` or ``say``."""
    for path in TEMPLATES:
        for found in IN_TEMPLATE.finditer(path.read_text(encoding="utf-8")):
            yield (found[1] or found[2]).replace('\\"', '"')


def said_by_help() -> Iterator[str]:
    """What the commands' help is made of."""
    program = click.Context(main, **main.context_settings)
    for verb in VERBS:
        context = click.Context(verb, parent=program)
        yield from (paragraph.pattern for paragraph in paragraphs_of(verb))
        for option in verb.get_params(context):
            if isinstance(option, click.Option):
                yield option.help or ""
                if not option.is_flag and not isinstance(option.type, click.Choice):
                    yield option.make_metavar(context)
    yield from SAID_BY_CLICK


def said_by_api() -> Iterator[str]:
    """What the page of the API says of each request: the docstring of its function."""
    for node in ast.parse((ROOT / "webui/views/api.py").read_text(encoding="utf-8")).body:
        decorators = " ".join(map(ast.unparse, getattr(node, "decorator_list", ())))
        if re.search(r"\bpage\.(get|post|delete)\b", decorators) and "hide=True" not in decorators:
            yield ast.get_docstring(node) or ""  # type: ignore[arg-type]


SENTENCES = sorted({*said_in_modules(), *said_in_templates(), *said_by_help(), *said_by_api()} - {""})


@pytest.mark.parametrize("source", [said_in_modules, said_in_templates, said_by_help, said_by_api])
def test_sentences_are_found_in_every_source(source):
    """A search that finds nothing would prove nothing."""
    assert len(set(source())) > 5


def test_every_sentence_has_its_japanese():
    """A sentence without Japanese would show English."""
    assert [sentence for sentence in SENTENCES if not JAPANESE.get(sentence, "").strip()] == []


def test_the_japanese_has_the_values_of_the_english():
    """One that has others would fail, or lose one. A year is given both ways."""
    different = {
        text for text, japanese in JAPANESE.items() if set(VALUE.findall(japanese)) != set(VALUE.findall(text))
    }
    assert different == {"FY{year}"}


def test_no_english_is_left_over_in_the_japanese():
    """A Latin word of the Japanese is one that officials use, or a name that the English sentence has too."""
    left_over = {
        word: japanese
        for english, japanese in JAPANESE.items()
        for word in LATIN.findall(VALUE.sub("", japanese))
        if word not in JAPANESE_TOO and word.lower() not in english.lower()
    }
    assert left_over == {}


def test_no_sentence_is_there_in_vain_twice_or_in_doubt():
    """What nobody says any more is deleted; nothing waits for a translator."""
    constants = {
        node.value
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    everything = constants | set(SENTENCES) | FORMED_BY_CLICK
    assert [text for text in JAPANESE if text not in everything] == []
    assert [message.id for message in MESSAGES if message.fuzzy] == []
    assert CATALOGUE.read_text(encoding="utf-8").count("\nmsgid ") == len(JAPANESE)


def test_no_script_holds_a_sentence():
    """The pages' scripts show words that the page hands them, which are in the reader's language."""
    for path in SCRIPTS:
        assert re.findall(r"""["'`][A-Z][a-z]+ [a-z]+[^"'`]*["'`]""", path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: str(verb.name))
def test_help_is_in_japanese_with_lang_ja(verb):
    """Whatever stands before or behind --lang, help has no English but names, and fits eighty columns."""
    arguments = [] if verb is main else [str(verb.name)]
    shown = CliRunner().invoke(main, [*arguments, "--help", "--lang", "ja"], terminal_width=80).output
    prose = re.sub(r"例：haibun .*?(?=\n\n)", "", shown, flags=re.DOTALL)
    assert not re.search(r"[a-z]{2,} [a-z]{2,} [a-z]{2,}", prose), prose
    assert shown.startswith("使い方：")


@pytest.mark.parametrize(
    "arguments",
    [
        "sovle",
        "solve",
        "solve a.xlsx",
        "solve a.xlsx b.xlsx --out x",
        "solve --ou x",
        "solve --zzz",
        "solve a.xlsx --out",
        "solve a.xlsx --out x --threads 0",
        "solve a.xlsx --out x --threads k",
        "solve a.xlsx --out x --time-limit k",
        "template a.xlsx --quiet=1",
        "robust a.xlsx --out x --samples k",
        "robust a.xlsx --out x --alpha k",
        "robust a.xlsx --out x --distribution g",
        "repair a.xlsx --apply 1",
        "user",
    ],
)
def test_a_wrong_command_line_is_told_in_japanese(arguments):
    """Exit code 2, and not one English word but those that were typed and the names of options."""
    result = CliRunner().invoke(main, ["--lang", "ja", *arguments.split()])
    assert result.exit_code == 2
    (told,) = (line for line in result.output.splitlines() if line.startswith("エラー："))
    assert re.search(r"[ぁ-ん]", told)
    assert not re.search(r"\b(is|not|of|such|Missing|Invalid|Did|requires|unexpected)\b", told)


def test_changes_shares_and_years_are_written_as_each_language_does():
    """A fall has △ in Japanese; a percent sign stands close; years of one era name it once."""
    assert [signed(-1234.5, 2).into(language) for language in ("en", "ja")] == ["-1,234.50", "△ 1,234.50"]
    assert signed(0.5, 1).into("ja") == "+0.5"
    assert [percent(12.34).into(language) for language in ("en", "ja")] == ["12.3 %", "12.3%"]
    assert years_named(2027, [0, 1, 2, 4]).into("ja") == "令和9～11年度、令和13年度"
    assert str(years_named(2027, [0, 1, 2, 4])) == "FY2027–FY2029, FY2031"
    assert years_named(2018, range(3)).into("ja") == "2018～令和2年度"
