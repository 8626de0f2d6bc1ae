"""Verbs that take a workbook to a plan, and a plan to paper: template, check, solve, verify, report, reproduce."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from optimizer.cli.options import book_options, common_options, keep_the_workbook, main, solver_options
from optimizer.cli.talking import Talker
from optimizer.errors import CheckFailed, WrongUsage
from optimizer.results import both
from optimizer.units import amount
from optimizer.words import say

if TYPE_CHECKING:
    from optimizer.report.document import Document

ANSWERS = ("prices", "levers", "ranges", "robust", "frontier", "freedoms")
"""Questions whose answers can be chapters of a report."""


@main.command()
@click.argument("out", type=click.Path(path_type=Path))
@common_options
def template(talker: Talker, out: Path) -> None:
    """Write an empty workbook to fill in.

    Example: haibun template plan.xlsx
    """
    from optimizer.workbook import is_filled_in, write_template  # noqa: PLC0415  (each verb loads what it needs)

    if is_filled_in(out):
        raise WrongUsage(say("{file} is already filled in; choose another name.", file=out))
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

    if annotate is not None:
        keep_the_workbook(book, annotate)
    problems = run.problems_of(book)
    talker.answer({"problems": [problem.as_dict(talker.language) for problem in problems]})
    errors = sum(problem.severity == "error" for problem in problems)
    if not talker.as_json:
        talker.warn_of(problems)
    talker.tell(say("{errors} problem(s), {warnings} warning(s).", errors=errors, warnings=len(problems) - errors))
    is_workbook = len(problems) != 1 or problems[0].sheet != ""
    if annotate is not None and is_workbook:
        from optimizer.workbook import annotate as write_annotated  # noqa: PLC0415

        write_annotated(book, problems, annotate)
        talker.tell(say("Wrote {file}.", file=annotate))
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
            title=both(result.portfolio.settings.title),
            scenario=scenario,
            score=f"{float(result.proof.score):.2f}",
            gap=f"{max(float(result.proof.gap), 0.0):.4f}",
        )
    )
    talker.tell(
        say(
            "{total}; fiscal years: {years}; programmes: {lines}; warnings: {warnings}.",
            total=amount(f"{float(result.total()):,.2f}", result.portfolio.settings.unit),
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
    """Re-check a run folder, or a decision file (zip), from its files alone, in exact arithmetic.

    Example: haibun verify outputs/japan
    """
    from optimizer import run  # noqa: PLC0415

    if run_folder.suffix == ".zip":
        from webui import decision  # noqa: PLC0415  (only a decision file needs the office)

        proved = decision.verify(run_folder)
    else:
        proved = run.verify(run_folder)
    talker.answer({"verified": True, "proved": [words.into(talker.language) for words in proved]})
    for words in proved:
        talker.tell(words)


@main.command()
@click.argument("run_folder", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--pdf", "with_pdf", is_flag=True, help="Write report.pdf too (needs the extra pdf).")
@click.option(
    "--brief", "with_brief", is_flag=True, help="Write the two-page brief too; it asks what levers are worth."
)
@click.option(
    "--with",
    "asked",
    multiple=True,
    type=click.Choice(ANSWERS),
    help="Add the answer to this question: prices, ranges as bars … (repeat).",
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The folder to write.")
@common_options
def report(talker: Talker, run_folder: Path, with_pdf: bool, with_brief: bool, asked: Sequence[str], out: Path) -> None:
    """Write the reports of a run again, after the check of verify: with the run's own hash, in any language, as PDF.

    Example: haibun report outputs/japan --pdf --brief --with prices --lang ja --out outputs/japan_ja
    """
    from optimizer import report, run  # noqa: PLC0415

    result = run.read_identified(run_folder)
    with talker.working(say("Writing the reports of {run} …", run=run_folder.name)):
        wanted = dict.fromkeys([*asked, *(["levers"] if with_brief and result.portfolio.levers else [])])
        answers = _answers(run_folder / "book.xlsx", result.facts, list(wanted), talker.language)
        chapters = [answers[kind] for kind in dict.fromkeys(asked)]
        writers = dict(report.writers(talker.language, with_pdf, answers=chapters, with_tables=True))
        if with_brief:
            writers |= report.briefs(talker.language, with_pdf, [answers["levers"]] if "levers" in answers else [])
        files = report.written(writers, result)
    run.write_folder(out.resolve(), files, owned="report.xlsx")
    talker.answer({"files": [str(out / name) for name in files]})
    for name in files:
        talker.tell(say("Wrote {file}.", file=out / name))


def _answers(book: Path, facts: Mapping[str, Any], asked: Sequence[str], language: str) -> dict[str, Document]:
    """What is asked of the book under the scenario of its run, as documents."""
    if not asked:
        return {}
    from optimizer.answering import QUESTIONS, Asked  # noqa: PLC0415  (slow to load)
    from optimizer.run import open_book  # noqa: PLC0415

    about = Asked(open_book(book), str(facts["scenario"]), facts["set"], language)
    found = {kind: QUESTIONS[kind](about, lambda _done, _total: None).document for kind in asked}
    return {kind: document for kind, document in found.items() if document is not None}


@main.command()
@click.argument("run_folder", metavar="RUN", type=click.Path(path_type=Path))
@common_options
def reproduce(talker: Talker, run_folder: Path) -> None:
    """Solve a run again from the bytes that it kept, and say whether the plan is the same.

    Example: haibun reproduce outputs/japan
    """
    from optimizer import run  # noqa: PLC0415

    with talker.working(say("Solving {run} again …", run=run_folder.name)):
        differences = run.reproduce(run_folder)
    talker.answer({"same": not differences, "differences": [words.into(talker.language) for words in differences]})
    if differences:
        for words in differences:
            talker.warn(words)
        raise CheckFailed(say("The plan is not the same."))
    talker.tell(say("The same: every published amount and the score."))
