"""Help and usage errors in the reader's language; click itself speaks English only."""

from __future__ import annotations

import inspect
import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import IO, Any

import click
from click.exceptions import NoArgsIsHelpError

from optimizer.words import LANGUAGES, Words, language_of_locale, say

LANGUAGE = "haibun.language"
EXAMPLE = "Example: "
NEVER_FIRST = "、。）］」』："
"""Signs that do not begin a line of Japanese."""
SAID_BY_CLICK = (
    "{said} Did you mean '{near}'?",
    "{said} (Did you mean one of: {near}?)",
    "Invalid value for '{name}': {said}",
    "No such command '{name}'.",
    "No such option '{name}'.",
    "Missing command.",
    "Missing argument '{name}'.",
    "Missing argument '{name}'. Choose from: {choices}",
    "Missing option '{name}'.",
    "Got unexpected extra argument ({args})",
    "Got unexpected extra arguments ({args})",
    "Option '{name}' requires an argument.",
    "Option '{name}' requires {count} arguments.",
    "Option '{name}' does not take a value.",
    "{value} is not in the range {range}.",
    "'{value}' is not a valid integer.",
    "'{value}' is not a valid integer range.",
    "'{value}' is not a valid float.",
    "'{value}' is not a valid float range.",
    "'{value}' is not one of {choices}.",
    "File '{path}' is a directory.",
    "Directory '{path}' is a file.",
)
"""What click says of a wrong command line. ``said`` is itself one of these."""


class Misused(click.UsageError):
    """A wrong command line, told in the language of the command."""

    def __init__(self, error: click.UsageError, ctx: click.Context) -> None:
        self.where = error.ctx or ctx
        super().__init__(error.format_message(), self.where)

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the usage, where there is help, and what is wrong."""
        ctx = self.where
        language = language_of(ctx)
        click.echo(ctx.get_usage(), file=file, err=True)
        help_of = say("For help: {command} --help", command=ctx.command_path)
        click.echo(f"{help_of.into(language)}\n", file=file, err=True)
        click.echo(say("Error: {message}", message=in_words(self.message)).into(language), file=file, err=True)


class Verb(click.Command):
    """A command whose help and usage errors exist in both languages."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does it, with its errors in the language that ``args`` ask for."""
        ctx.meta.setdefault(LANGUAGE, language_asked_for(args))
        try:
            return super().parse_args(ctx, args)
        except NoArgsIsHelpError:
            raise
        except click.UsageError as error:
            raise Misused(error, ctx) from None

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The line of usage."""
        language = language_of(ctx)
        pieces = " ".join(say(piece).into(language) for piece in self.collect_usage_pieces(ctx))
        formatter.write_usage(ctx.command_path, pieces, prefix=say("Usage: ").into(language))

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """What the verb does, and its example."""
        for paragraph in paragraphs_of(self):
            formatter.write_paragraph()
            _write(formatter, paragraph.into(language_of(ctx)), indent=2)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options, each with what it means, its range and its default."""
        options = [each for each in self.get_params(ctx) if isinstance(each, click.Option)]
        rows = [(_spelling(option, ctx), _meaning(option, ctx)) for option in options]
        _write_section(formatter, say("Options:").into(language_of(ctx)), rows)


class Verbs(Verb, click.Group):
    """The group of the verbs."""

    command_class = Verb

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does it, with its error in the language of the command."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            raise Misused(error, ctx) from None

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options, and the verbs with their first sentence."""
        super().format_options(ctx, formatter)
        language = language_of(ctx)
        rows = [(name, next(paragraphs_of(verb)).into(language)) for name, verb in sorted(self.commands.items())]
        _write_section(formatter, say("Commands:").into(language), rows)


def language_asked_for(args: Sequence[str]) -> str:
    """The language of --lang, wherever it stands (help is shown before options are read); else the locale's."""
    given = re.search(rf"--lang[\n=]({'|'.join(LANGUAGES)})(\n|$)", "\n".join(args))
    return given[1] if given else language_of_locale()


def language_of(ctx: click.Context) -> str:
    """The language in which this command speaks."""
    return str(ctx.meta.get(LANGUAGE) or language_of_locale())


def in_words(message: str) -> Words | str:
    """A usage error of click as a sentence of the catalogue; as it is where click words it in a new way."""
    line = " ".join(message.split())
    for pattern in SAID_BY_CLICK:
        found = re.fullmatch(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+)", re.escape(pattern)), line)
        if found:
            return say(pattern, **{name: in_words(value) for name, value in found.groupdict().items()})
    return message


def paragraphs_of(verb: click.Command) -> Iterator[Words]:
    """The paragraphs of a verb's help."""
    for paragraph in inspect.cleandoc(verb.help or "").split("\n\n"):
        line = " ".join(paragraph.split())
        yield say("Example: {command}", command=line[len(EXAMPLE) :]) if line.startswith(EXAMPLE) else say(line)


def _spelling(option: click.Option, ctx: click.Context) -> str:
    record = option.get_help_record(ctx)
    metavar = option.make_metavar(ctx)
    return record[0].replace(f" {metavar}", f" {say(metavar).into(language_of(ctx))}") if record else ""


def _meaning(option: click.Option, ctx: click.Context) -> str:
    language, extra = language_of(ctx), option.get_help_extra(ctx)
    notes = [
        say("default: {default}", default=extra["default"]).into(language) if "default" in extra else "",
        extra.get("range", ""),
        say("required").into(language) if "required" in extra else "",
    ]
    shown = "; ".join(note for note in notes if note)
    return say(option.help or "").into(language) + (f"  [{shown}]" if shown else "")


def _write_section(formatter: click.HelpFormatter, heading: str, rows: Sequence[tuple[str, str]]) -> None:
    formatter.write_paragraph()
    formatter.write(f"{heading}\n")
    for spelling, meaning in rows:
        formatter.write(f"  {spelling}\n")
        _write(formatter, meaning, indent=6)


def _write(formatter: click.HelpFormatter, text: str, indent: int) -> None:
    """``text`` in lines as wide as the screen; a Japanese letter takes two columns."""
    for line in _lines(text, formatter.width - indent):
        formatter.write(f"{'':{indent}}{line}\n")


def _lines(text: str, width: int) -> Iterator[str]:
    line = ""
    for piece in re.findall(r"[\x21-\x7e]+ ?|[^\x21-\x7e]", text):
        if line and _columns((line + piece).rstrip()) > width and piece not in NEVER_FIRST:
            yield line.rstrip()
            line = ""
        line += piece
    yield line.rstrip()


def _columns(text: str) -> int:
    return sum(1 + (unicodedata.east_asian_width(sign) in "WF") for sign in text)
