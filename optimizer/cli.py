"""The command ``haibun``: each verb parses its words, calls one function, and prints.

Exit codes: 0 done; 1 the input has problems; 2 wrong usage; 3 no feasible plan; 4 stopped by a limit; 5 a check of
the program's own result failed.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

import click

from optimizer.errors import HaibunError, InputProblems, NoPlan, Problem
from optimizer.words import LANGUAGES, Words, language_of_locale, say


class Talker:
    """Prints sentences in the user's language; results to standard output, the rest to standard error."""

    def __init__(self, language: str, quiet: bool, as_json: bool) -> None:
        self.language, self.quiet, self.as_json = language, quiet, as_json

    def tell(self, words: Words) -> None:
        """A line for people; silent with --quiet or --json."""
        if not self.quiet and not self.as_json:
            click.echo(words.into(self.language))

    def say_always(self, words: Words) -> None:
        """A line of the answer itself: silent with --json only."""
        if not self.as_json:
            click.echo(words.into(self.language))

    def warn(self, words: Words) -> None:
        """A line on standard error, whatever else is silent."""
        click.echo(words.into(self.language), err=True)

    def answer(self, content: object) -> None:
        """The answer for programs, with --json only."""
        if self.as_json:
            click.echo(json.dumps(content, ensure_ascii=False, indent=1, default=str))

    @contextmanager
    def working(self, words: Words) -> Iterator[None]:
        """Show that something takes a while: a spinner on a terminal, a plain line elsewhere."""
        if self.quiet or self.as_json:
            yield
        elif sys.stderr.isatty():
            from rich.console import Console  # noqa: PLC0415  (only a terminal needs it)

            with Console(stderr=True).status(words.into(self.language)):
                yield
        else:
            click.echo(words.into(self.language), err=True)
            yield


def common_options(command: Callable[..., None]) -> Callable[..., None]:
    """--lang, --quiet and --json for a verb, and its errors turned into sentences and exit codes."""

    @click.option("--lang", type=click.Choice(LANGUAGES), help="Language of what is printed (default: the locale's).")
    @click.option("--quiet", is_flag=True, help="Print results and errors only.")
    @click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
    @wraps(command)
    def with_talker(lang: str | None, quiet: bool, as_json: bool, **options: Any) -> None:
        talker = Talker(lang or language_of_locale(), quiet, as_json)
        try:
            command(talker, **options)
        except HaibunError as error:
            report_error(talker, error)
            sys.exit(error.exit_code)
        except BrokenPipeError:
            sys.exit(0)
        except OSError as error:
            talker.warn(say("The file cannot be read or written: {error}.", error=error))
            sys.exit(2)
        except MemoryError:
            talker.warn(say("There is not enough memory for this book."))
            sys.exit(4)

    return with_talker


def book_options(command: Callable[..., None]) -> Callable[..., None]:
    """The workbook, --scenario and --set."""
    command = click.option("--set", "sets", multiple=True, metavar="ITEM[:TARGET]=VALUE", help="Change one thing.")(
        command
    )
    command = click.option("--scenario", default="base", show_default=True, help="A scenario of the workbook.")(command)
    return click.argument("book", type=click.Path(path_type=Path))(command)


def solver_options(command: Callable[..., None]) -> Callable[..., None]:
    """--time-limit and --threads."""
    command = click.option(
        "--time-limit", type=click.FloatRange(min=0.0, min_open=True), help="Seconds for the solver."
    )(command)
    return click.option("--threads", type=click.IntRange(min=1), default=1, show_default=True, help="Solver threads.")(
        command
    )


def report_error(talker: Talker, error: HaibunError) -> None:
    """Say what went wrong: each problem with its cell and cure, or the rows that cannot hold together."""
    if isinstance(error, InputProblems):
        if talker.as_json:
            talker.answer({"problems": [problem.as_dict(talker.language) for problem in error.problems]})
            return
        for problem in error.problems:
            talker.warn(problem_line(problem))
    if isinstance(error, NoPlan):
        if talker.as_json:
            conflict = [
                {"sheet": p.sheet, "cell": p.cell, "id": p.id, "name": p.name.into(talker.language)}
                for p in error.conflict
            ]
            talker.answer({"status": "infeasible", "certified": error.certified, "conflict": conflict})
            return
        talker.warn(error.message)
        if error.conflict:
            talker.warn(say("These rows cannot hold together:"))
        for place in error.conflict:
            talker.warn(
                say(
                    "  {sheet} {cell}: {id} ({name})",
                    sheet=place.sheet,
                    cell=place.cell,
                    id=place.id,
                    name=place.name,
                )
            )
        talker.warn(
            say("That no plan exists is proved exactly.")
            if error.certified
            else say("That no plan exists is the solver's word, not certified.")
        )
        return
    talker.warn(error.message)


def problem_line(problem: Problem) -> Words:
    """One problem as one line: where, what, and how to mend it."""
    where = " ".join(part for part in (problem.sheet, problem.cell) if part)
    kind = say("problem") if problem.severity == "error" else say("warning")
    return say(
        "{kind} {where} [{value}]: {problem} {fix}",
        kind=kind,
        where=where,
        value=problem.value,
        problem=problem.problem,
        fix=problem.fix,
    )


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="haibun", prog_name="haibun")
def main() -> None:
    """Haibun (配分): one budget, four families of instruments, the plan that serves both freedoms best."""


@main.command()
@click.argument("out", type=click.Path(path_type=Path))
@common_options
def template(talker: Talker, out: Path) -> None:
    """Write an empty workbook to fill in.

    Example: haibun template plan.xlsx
    """
    from optimizer.workbook import write_template  # noqa: PLC0415  (each verb loads what it needs)

    write_template(out, talker.language)
    talker.tell(say("Wrote {file}.", file=out))


@main.command()
@click.argument("book", type=click.Path(path_type=Path))
@click.option("--annotate", type=click.Path(path_type=Path), help="Write your file here with each faulty cell marked.")
@common_options
def check(talker: Talker, book: Path, annotate: Path | None) -> None:
    """Find every problem of a workbook at once.

    Example: haibun check plan.xlsx --annotate plan_checked.xlsx
    """
    from optimizer import run  # noqa: PLC0415

    problems = run.problems_of(book)
    if annotate is not None and all(problem.sheet or problem.cell for problem in problems):
        from optimizer.workbook import annotate as write_annotated  # noqa: PLC0415

        write_annotated(book, problems, annotate)
    talker.answer({"problems": [problem.as_dict(talker.language) for problem in problems]})
    errors = sum(problem.severity == "error" for problem in problems)
    if not talker.as_json:
        for problem in problems:
            talker.warn(problem_line(problem))
    talker.tell(say("{errors} problem(s), {warnings} warning(s).", errors=errors, warnings=len(problems) - errors))
    if errors:
        sys.exit(1)


@main.command()
@book_options
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The run folder to write.")
@solver_options
@common_options
def solve(
    talker: Talker,
    book: Path,
    scenario: str,
    sets: Sequence[str],
    out: Path,
    time_limit: float | None,
    threads: int,
) -> None:
    """Plan, publish and prove one scenario, and write a run folder with its reports.

    Example: haibun solve inputs/japan.xlsx --scenario all_proposals --out outputs/japan
    """
    from optimizer import report, run  # noqa: PLC0415
    from optimizer.solver import Options  # noqa: PLC0415

    watch = run.Stopwatch()
    with talker.working(say("Reading, solving and proving {book} …", book=book.name)):
        opened = run.open_book(book, watch)
        result = run.solve_book(opened, scenario, sets, Options(time_limit, threads), watch)
        run.write_run(result, opened.data, out, report.writers(talker.language), watch)
    warnings = len(result.facts["warnings"])  # type: ignore[arg-type]
    talker.answer(dict(result.facts) | {"folder": str(out)})
    talker.tell(
        say(
            "{title}, {scenario}: {score} points (proved within {gap} of the best possible).",
            title=result.portfolio.settings.title,
            scenario=scenario,
            score=f"{float(result.proof.score):.2f}",
            gap=f"{max(float(result.proof.gap), 0.0):.4f}",
        )
    )
    talker.tell(
        say(
            "{total} ({unit}) over {years} fiscal years on {lines} programmes; {warnings} warning(s).",
            total=f"{float(result.total()):,.2f}",
            unit=result.portfolio.settings.unit,
            years=result.portfolio.settings.years,
            lines=len(result.portfolio.programmes),
            warnings=warnings,
        )
    )
    talker.tell(say("Read {report} or {book}.", report=out / "report.html", book=out / "report.xlsx"))
    if result.facts["status"] == "time_limit":
        talker.warn(say("The time limit was reached: this is the best plan found, not the best possible."))
        sys.exit(4)


@main.command()
@click.argument("run_folder", metavar="RUN", type=click.Path(path_type=Path))
@common_options
def verify(talker: Talker, run_folder: Path) -> None:
    """Re-check a run folder from its files alone, in exact arithmetic.

    Example: haibun verify outputs/japan
    """
    from optimizer import run  # noqa: PLC0415

    proved = run.verify(run_folder)
    talker.answer({"verified": True, "proved": [words.into(talker.language) for words in proved]})
    for words in proved:
        talker.tell(words)


@main.command()
@click.argument("run_folder", metavar="RUN", type=click.Path(path_type=Path))
@click.argument("programme", required=False)
@common_options
def explain(talker: Talker, run_folder: Path, programme: str | None) -> None:
    """Say why each line got what it got, or everything about one programme.

    Example: haibun explain outputs/japan grant_KEN
    """
    from optimizer import run  # noqa: PLC0415
    from optimizer.questions.explain import Explainer, explain_unspent  # noqa: PLC0415

    result, _ = run.read_run(run_folder)
    with talker.working(say("Solving again to confirm each sentence …")):
        explainer = Explainer(result)
        found = [explainer.programme(programme)] if programme else explainer.whole_run()
    unspent = [] if programme else explain_unspent(result)
    talker.answer(
        {
            "programmes": [
                {
                    "programme": item.id,
                    "name": item.name.into(talker.language),
                    "entry_factor": item.entry_factor,
                    "sentences": [words.into(talker.language) for words in item.sentences],
                }
                for item in found
            ],
            "unspent": [words.into(talker.language) for words in unspent],
        }
    )
    for item in found:
        talker.say_always(say("{id}: {name}", id=item.id, name=item.name))
        for words in item.sentences:
            talker.say_always(say("  {sentence}", sentence=words))
    for words in unspent:
        talker.say_always(words)


@main.command()
@book_options
@click.option("--within", type=click.FloatRange(min=0.0), default=0.1, show_default=True, help="Points below the best.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The folder to write.")
@common_options
def ranges(talker: Talker, book: Path, scenario: str, sets: Sequence[str], within: float, out: Path) -> None:
    """How little and how much each line can get in any plan nearly as good as the best, and three alternatives.

    Example: haibun ranges inputs/japan.xlsx --within 0.05 --out outputs/ranges
    """
    from optimizer import report, run  # noqa: PLC0415
    from optimizer.questions import alternatives, tables  # noqa: PLC0415
    from optimizer.questions import ranges as asking  # noqa: PLC0415

    opened = run.open_book(book)
    with talker.working(say("Solving twice for each line …")):
        found = asking.ranges(opened, scenario, sets, within)
        others = alternatives.alternatives(opened, scenario, sets, within)
    first_year = opened.portfolio.settings.first_year
    run.write_folder(out.resolve(), {"ranges.csv": tables.ranges_csv(found, first_year)}, owned="ranges.csv")
    for other in others:
        run.write_run(other.result, opened.data, out.resolve() / other.id, report.writers(talker.language))
    talker.answer(tables.ranges_as_dict(found, others, first_year, talker.language))
    for words in tables.ranges_in_words(found, others):
        talker.tell(words)


@main.command()
@book_options
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The folder to write.")
@common_options
def prices(talker: Talker, book: Path, scenario: str, sets: Sequence[str], out: Path) -> None:
    """What each limit, resource and appropriation costs: the score gained if it were lifted.

    Example: haibun prices inputs/japan.xlsx --scenario all_proposals --out outputs/prices
    """
    from optimizer import run  # noqa: PLC0415
    from optimizer.questions import prices as asking  # noqa: PLC0415
    from optimizer.questions import tables  # noqa: PLC0415

    opened = run.open_book(book)
    with talker.working(say("Solving again without each rule …")):
        found = asking.prices(opened, scenario, sets)
    run.write_folder(out.resolve(), {"prices.csv": tables.prices_csv(found)}, owned="prices.csv")
    talker.answer(tables.prices_as_dicts(found, talker.language))
    for words in tables.prices_in_words(found):
        talker.tell(words)


@main.command()
@book_options
@click.option("--out", type=click.Path(path_type=Path), help="The folder to write repair.json in.")
@click.option(
    "--apply", "applied", nargs=2, type=(int, click.Path(path_type=Path)), help="Write the book mended by repair N."
)
@common_options
def repair(
    talker: Talker,
    book: Path,
    scenario: str,
    sets: Sequence[str],
    out: Path | None,
    applied: tuple[int, Path] | None,
) -> None:
    """Why no plan is feasible, and the cheapest changes of the workbook that mend it.

    Example: haibun repair plan.xlsx --scenario austerity --out outputs/repair --apply 1 mended.xlsx
    """
    from optimizer import run  # noqa: PLC0415
    from optimizer.questions import repair as asking  # noqa: PLC0415
    from optimizer.questions import tables  # noqa: PLC0415

    opened = run.open_book(book)
    with talker.working(say("Looking for the rows that collide and the cheapest way out …")):
        menu = asking.repair(opened, scenario, sets)
    content = tables.menu_as_dict(menu, talker.language)
    if out is not None:
        run.write_folder(out.resolve(), {"repair.json": run.json_bytes(content)}, owned="repair.json")
    talker.answer(content)
    for words in tables.menu_in_words(menu):
        talker.say_always(words)
    if applied is not None:
        asking.apply(opened.data, menu, applied[0], applied[1])
        talker.tell(say("Wrote {file}.", file=applied[1]))


def entry() -> None:
    """Run the command with UTF-8 output, whatever the console's code page."""
    os.environ.setdefault("PYTHONUTF8", "1")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    main()
