"""The verb that asks how a plan stands up to effects that turn out otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from optimizer.cli.options import book_options, common_options, main
from optimizer.cli.talking import Talker, deliver
from optimizer.words import say


@main.command()
@book_options
@click.option("--samples", type=int, default=200, show_default=True, help="How often the effects are drawn.")
@click.option("--seed", type=int, default=0, show_default=True, help="Which draws are made.")
@click.option(
    "--distribution",
    type=click.Choice(("triangular", "uniform")),
    default="triangular",
    show_default=True,
    help="How an effect lies between its low and its high: around its score, or anywhere alike.",
)
@click.option(
    "--together",
    type=click.Choice(("each", "instrument")),
    default="each",
    show_default=True,
    help="Each effect errs by itself, or all of an instrument on an objective err together.",
)
@click.option(
    "--alpha", type=float, default=0.9, show_default=True, help="0.9: the tail is the worst tenth of the draws."
)
@click.option(
    "--hedge",
    type=float,
    default=0.5,
    show_default=True,
    help="Weight of the tail, from 0 to 1.",
)
@click.option("--study/--no-study", default=True, show_default=True, help="Also find what is most worth knowing.")
@click.option("--scheduler", metavar="ADDRESS", help="Solve on the workers of this Dask scheduler.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The folder to write.")
@common_options
def robust(
    talker: Talker,
    book: Path,
    scenario: str,
    sets: Sequence[str],
    samples: int,
    seed: int,
    distribution: str,
    together: str,
    alpha: float,
    hedge: float,
    study: bool,
    scheduler: str | None,
    out: Path,
) -> None:
    """How the plan stands up to effects that lie elsewhere in their ranges, a plan that hedges, and what to study.

    Example: haibun robust inputs/japan.xlsx --samples 200 --seed 1 --out outputs/robust
    """
    from optimizer import run  # noqa: PLC0415
    from optimizer.questions.robust import asking, tables  # noqa: PLC0415
    from optimizer.questions.robust.hedge import Mix  # noqa: PLC0415
    from optimizer.report.chapters.robust import robust_document  # noqa: PLC0415
    from optimizer.sweep import Cluster  # noqa: PLC0415

    cluster = Cluster(scheduler) if scheduler else None
    opened = run.open_book(book)
    with talker.counting(say("Solving the draws of the effects …")) as progress:
        found = asking.robust(
            opened,
            scenario,
            sets,
            samples=samples,
            seed=seed,
            shape=distribution,
            together=together,
            mix=Mix(alpha, hedge),
            with_study=study,
            crew=cluster or asking.crew_for(opened, samples),
            progress=progress,
        )
    content = tables.robust_as_dict(found)
    files = {
        "robust.json": run.json_bytes(content),
        "robust.csv": tables.robust_csv(found),
        "draws.csv": tables.draws_csv(found),
        "drawn_effects.csv": tables.drawn_effects_csv(found),
    }
    deliver(talker, out, files, robust_document(opened, found), content, tables.robust_in_words(found))
