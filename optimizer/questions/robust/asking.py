"""The whole question: how a plan stands up to uncertain effects, a plan that hedges, and what is worth studying."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from optimizer import scenario
from optimizer.errors import CheckFailed, NoPlan
from optimizer.model.columns import Floats
from optimizer.questions.robust.draws import EACH, TRIANGULAR, draws_of
from optimizer.questions.robust.hedge import Hedge, Mix, hedge
from optimizer.questions.robust.knowing import Study, expected_solves, study
from optimizer.questions.robust.scoring import Scorer
from optimizer.questions.robust.standing import Spread, Standing, spread_of, standing
from optimizer.run import OpenBook
from optimizer.solver import Options
from optimizer.sweep import Alone, Crew, Processes
from optimizer.words import Words

SAMPLES = 200
MIX = Mix(alpha=0.9, weight=0.5)
MANY = 100_000
"""Lines times draws above which a pool of processes is worth starting."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Robust:
    """The whole answer. ``no_hedge`` says why there is no hedge; there is no ``study`` where none was asked for."""

    standing: Standing
    hedge: Hedge | None
    no_hedge: Words | None
    study: Study | None

    def plans(self) -> dict[str, Floats]:
        """The score in each draw of today's plan, of the plan that is best on average, and of the hedged one."""
        scores = {"today": self.standing.kept}
        if self.hedge is not None:
            scores |= {"steady": self.hedge.steady_scores, "hedged": self.hedge.hedged_scores}
        return scores

    def regrets(self) -> dict[str, Floats]:
        """Points that each plan loses to one made with the effects known, in each draw with a plan."""
        solved = self.standing.is_solved
        return {name: (self.standing.best - scores)[solved] for name, scores in self.plans().items()}

    @property
    def everything(self) -> Spread | None:
        """What knowing every effect would add to the plan that is best on average; None without such a plan."""
        regrets = self.regrets()
        return spread_of(regrets["steady"]) if "steady" in regrets and self.standing.solved else None


def crew_for(book: OpenBook, samples: int, processes: int | None = None) -> Crew:
    """This process alone, or a pool (of as many processes as the computer has processors) where the work is long."""
    portfolio = book.portfolio
    is_long = len(portfolio.programmes) * portfolio.settings.years * samples > MANY
    return Processes(processes) if is_long else Alone()


def robust(
    book: OpenBook,
    name: str = scenario.BASE,
    sets: Sequence[str] = (),
    *,
    samples: int = SAMPLES,
    seed: int = 0,
    shape: str = TRIANGULAR,
    together: str = EACH,
    mix: Mix = MIX,
    with_study: bool = True,
    crew: Crew | None = None,
    options: Options | None = None,
    progress: Progress = lambda _done, _total: None,
) -> Robust:
    """Ask the whole question; ``progress`` is told (done, total) re-solves. After Ctrl-C nothing is studied.

    Raises ``WrongUsage`` for options that mean nothing, and what ``solve_book`` raises for the book as written.
    """
    mix.check()
    draws = draws_of(book.portfolio, name, sets, samples, seed, shape, together)
    total = samples + (expected_solves(draws) if with_study else 0)
    stands = standing(book, draws, crew, options, lambda done, _: progress(done, total))
    scorer = Scorer(stands.today.book)
    hedged, why = None, None
    try:
        hedged = hedge(scorer, draws.values * draws.factor, mix, options)
    except (CheckFailed, NoPlan) as error:
        why = error.message
    studied = None
    if with_study and not stands.count("stopped"):
        studied = study(
            book.portfolio,
            draws,
            scorer,
            crew=crew,
            options=options,
            progress=lambda done, _: progress(samples + done, total),
        )
    progress(total, total)
    return Robust(stands, hedged, why, studied)
