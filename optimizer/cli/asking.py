"""Verbs that ask about a plan or a book: explain, ranges, prices, compare, levers, frontier, repair."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path

import click

from optimizer.cli.options import Real, book_options, common_options, keep_the_workbook, main
from optimizer.cli.talking import Talker, deliver
from optimizer.errors import WrongUsage
from optimizer.run import OpenBook
from optimizer.words import say


@main.command()
@click.argument("run_folder", metavar="RUN", type=click.Path(path_type=Path))
@click.argument("programme", required=False)
@common_options
def explain(talker: Talker, run_folder: Path, programme: str | None) -> None:
    """Say why each line got what it got, or everything about one programme.

    Example: haibun explain outputs/japan grant_KEN
    """
    from optimizer import run  # noqa: PLC0415
    from optimizer.questions.explain import (  # noqa: PLC0415
        Explainer,
        exactness_in_words,
        explanations_as_dict,
        unspent_in_words,
    )

    result, _ = run.read_run(run_folder)
    with talker.working(say("Solving again to confirm each sentence …")):
        explainer = Explainer(result)
        found = [explainer.programme(programme)] if programme else explainer.whole_run()
    unspent = [] if programme else unspent_in_words(result)
    notes = exactness_in_words(result)
    talker.answer(explanations_as_dict(result, found, unspent, notes, talker.language))
    for item in found:
        talker.say_always(say("{id}: {name}", id=item.id, name=item.name))
        for words in item.sentences:
            talker.say_always(say("  {sentence}", sentence=words))
    for words in (*unspent, *notes):
        talker.say_always(words)


@main.command()
@book_options
@click.option("--within", type=Real(min=0.0), default=0.1, show_default=True, help="Points below the best.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The folder to write.")
@common_options
def ranges(talker: Talker, book: Path, scenario: str, sets: Sequence[str], within: float, out: Path) -> None:
    """How little and how much each line can get in any plan nearly as good as the best, and three alternatives.

    Example: haibun ranges inputs/japan.xlsx --within 0.05 --out outputs/ranges
    """
    from optimizer import report, run  # noqa: PLC0415
    from optimizer.questions import alternatives, tables  # noqa: PLC0415
    from optimizer.questions import ranges as asking  # noqa: PLC0415
    from optimizer.report.chapters.ranges import ranges_document  # noqa: PLC0415

    opened = run.open_book(book)
    with talker.counting(say("Solving twice for each line …")) as progress:
        others: list[alternatives.Alternative] = []
        found = asking.ranges(
            opened,
            scenario,
            sets,
            within,
            progress=progress,
            meanwhile=lambda: others.extend(alternatives.alternatives(opened, scenario, sets, within)),
        )
    first_year = opened.portfolio.settings.first_year

    def write_plans() -> None:
        for other in others:
            if other.result is not None:
                run.write_run(other.result, opened.data, out.resolve() / other.id, report.writers(talker.language))

    deliver(
        talker,
        out,
        {"ranges.csv": tables.ranges_csv(found, first_year)},
        ranges_document(opened, found, others, scenario, sets),
        tables.ranges_as_dict(found, others, first_year, talker.language),
        tables.ranges_in_words(found, others),
        write_plans,
    )


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
    from optimizer.report.chapters.prices import prices_document  # noqa: PLC0415

    opened = run.open_book(book)
    with talker.counting(say("Solving again without each rule …")) as progress:
        found = asking.prices(opened, scenario, sets, progress=progress)
    deliver(
        talker,
        out,
        {"prices.csv": tables.prices_csv(found)},
        prices_document(opened, found, scenario, sets),
        tables.prices_as_dicts(found, talker.language),
        tables.prices_in_words(found, opened.portfolio.settings.unit),
    )


@main.command()
@book_options
@click.argument("scenarios", metavar="S1 S2 …", nargs=-1)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The folder to write.")
@common_options
def compare(
    talker: Talker, book: Path, scenario: str, sets: Sequence[str], scenarios: Sequence[str], out: Path
) -> None:
    """Scenarios side by side, and which of their rows make the difference from the first one.

    Every plan is also scored by the weights and needs of --scenario.

    Example: haibun compare inputs/japan.xlsx base practice_2026 all_proposals --out outputs/compare
    """
    from optimizer import run  # noqa: PLC0415
    from optimizer.questions import compare as asking  # noqa: PLC0415
    from optimizer.questions import compare_tables as tables  # noqa: PLC0415
    from optimizer.report.chapters.compare import compare_document  # noqa: PLC0415

    opened = run.open_book(book)
    with talker.counting(say("Solving the scenarios and every combination of their rows …")) as progress:
        found = asking.compare(opened, scenarios, sets, scenario, progress=progress, processes=os.cpu_count() or 1)
    content = tables.compare_as_dict(found, talker.language)
    files = {"compare.json": run.json_bytes(content)}
    deliver(talker, out, files, compare_document(opened, found), content, tables.compare_in_words(found))


@main.command()
@book_options
@click.option("--only", multiple=True, metavar="LEVER", help="Value this lever (repeat); the others stay as they are.")
@click.option("--orders", type=click.IntRange(min=4), default=100, show_default=True, help="With more than 12 levers.")
@click.option("--seed", type=int, default=0, show_default=True, help="Which orders are drawn.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The folder to write.")
@common_options
def levers(
    talker: Talker,
    book: Path,
    scenario: str,
    sets: Sequence[str],
    only: Sequence[str],
    orders: int,
    seed: int,
    out: Path,
) -> None:
    """What each policy lever is worth, over all their combinations, and which of them help each other.

    Example: haibun levers inputs/japan.xlsx --out outputs/levers
    """
    from optimizer import run  # noqa: PLC0415
    from optimizer.questions import levers as asking  # noqa: PLC0415
    from optimizer.questions import levers_tables as tables  # noqa: PLC0415
    from optimizer.report.chapters.levers import levers_document  # noqa: PLC0415

    opened = run.open_book(book)
    with talker.counting(say("Solving the combinations of levers …")) as progress:
        found = asking.levers(
            opened, scenario, sets, only, orders, seed, progress=progress, processes=os.cpu_count() or 1
        )
    content = tables.levers_as_dict(found)
    files = {"levers.json": run.json_bytes(content)}
    deliver(talker, out, files, levers_document(opened, found), content, tables.levers_in_words(found))


@main.command()
@book_options
@click.option("--from", "low", type=Real(min=0.0), default=0.5, show_default=True, help="Least factor.")
@click.option("--to", "high", type=Real(min=0.0), default=1.5, show_default=True, help="Largest factor.")
@click.option("--account", help="Scale the appropriation of this account only.")
@click.option("--error", type=Real(min=0.0), default=1e-4, show_default=True, help="As a share of the score.")
@click.option("--for", "score", type=float, help="The least money for this score, instead.")
@click.option("--weights", is_flag=True, help="Freedom from want against freedom from fear, instead.")
@click.option("--out", type=click.Path(path_type=Path), help="The folder to write.")
@common_options
def frontier(
    talker: Talker,
    book: Path,
    scenario: str,
    sets: Sequence[str],
    low: float,
    high: float,
    account: str | None,
    error: float,
    score: float | None,
    weights: bool,
    out: Path | None,
) -> None:
    """How the best score grows with money, what the next unit buys, and what enters and leaves the plan.

    Example: haibun frontier inputs/japan.xlsx --from 0.8 --to 1.2 --out outputs/frontier
    """
    from optimizer import run  # noqa: PLC0415
    from optimizer.questions import frontier as asking  # noqa: PLC0415
    from optimizer.questions import frontier_tables as tables  # noqa: PLC0415
    from optimizer.report.chapters.frontier import frontier_document  # noqa: PLC0415

    if low > high:
        raise WrongUsage(say("--from must not be larger than --to."))
    if score is not None and not math.isfinite(score):
        raise WrongUsage(say("--for needs a number of points."))
    if score is not None:
        least = asking.least_money(run.open_book(book), score, scenario, sets, account=account)
        talker.answer(tables.least_money_as_dict(least))
        talker.say_always(tables.least_money_in_words(least))
        return
    if out is None:
        raise WrongUsage(say("Name the folder to write with --out."))
    opened = run.open_book(book)
    if weights:
        _want_against_fear(talker, opened, scenario, sets, error, out)
        return
    with talker.counting(say("Following the score along the money …")) as progress:
        found = asking.frontier(
            opened, scenario, sets, low=low, high=high, account=account, error=error, progress=progress
        )
    deliver(
        talker,
        out,
        {"frontier.csv": tables.frontier_csv(found)},
        frontier_document(opened, found),
        tables.frontier_as_dict(found),
        tables.frontier_in_words(found),
    )


def _want_against_fear(
    talker: Talker, opened: OpenBook, scenario: str, sets: Sequence[str], error: float, out: Path
) -> None:
    from optimizer.questions import freedoms as asking  # noqa: PLC0415
    from optimizer.questions import frontier_tables as tables  # noqa: PLC0415
    from optimizer.report.chapters.frontier import freedoms_document  # noqa: PLC0415

    with talker.counting(say("Sliding the weight from fear to want …")) as progress:
        found = asking.freedoms(opened, scenario, sets, error=error, progress=progress)
    deliver(
        talker,
        out,
        {"frontier.csv": tables.freedoms_csv(found)},
        freedoms_document(opened, found),
        tables.freedoms_as_dict(found),
        tables.freedoms_in_words(found),
    )


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

    if applied is not None:
        keep_the_workbook(book, applied[1])
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
        asking.apply_repair(opened.data, menu, applied[0], applied[1])
        talker.tell(say("Wrote {file}.", file=applied[1]))
