"""Haibun (配分): from a workbook of programmes, effects and rules to the plan that serves both freedoms best.

Rooms, in the order in which they may import one another: words, errors, schema, workbook, checks, portfolio,
scenario, curves, places, exact, matching, gains, plan, proof, results, model, solver, live, session, run, sweep,
questions, report, cli.

What other packages may use is named here; each name is loaded when it is first used, so that asking for one of them
never waits for the solver or the reports.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optimizer.answering import QUESTIONS as QUESTIONS
    from optimizer.answering import Answer as Answer
    from optimizer.answering import Asked as Asked
    from optimizer.answering import answer as answer
    from optimizer.answering import side_by_side as side_by_side
    from optimizer.errors import CheckFailed as CheckFailed
    from optimizer.errors import HaibunError as HaibunError
    from optimizer.errors import InputProblems as InputProblems
    from optimizer.errors import NoPlan as NoPlan
    from optimizer.errors import Place as Place
    from optimizer.errors import Problem as Problem
    from optimizer.errors import Stopped as Stopped
    from optimizer.errors import WrongUsage as WrongUsage
    from optimizer.fiscal import years_named as years_named
    from optimizer.portfolio import ScenarioItem as ScenarioItem
    from optimizer.questions.compare import Setting as Setting
    from optimizer.questions.compare_tables import set_in_words as set_in_words
    from optimizer.questions.compare_tables import sets_in_words as sets_in_words
    from optimizer.questions.explain import Explainer as Explainer
    from optimizer.questions.repair import Colliding as Colliding
    from optimizer.questions.repair import Menu as Menu
    from optimizer.questions.repair import apply_repair as apply_repair
    from optimizer.questions.repair import repair as repair
    from optimizer.questions.tables import collision_in_words as collision_in_words
    from optimizer.questions.tables import collision_of_several as collision_of_several
    from optimizer.questions.tables import ways_in_words as ways_in_words
    from optimizer.questions.whatif import WhatIf as WhatIf
    from optimizer.report import writers as writers
    from optimizer.report.in_unit import units_of as units_of
    from optimizer.report.listing import listing as listing
    from optimizer.report.listing import programme_in_full as programme_in_full
    from optimizer.report.screen import Screen as Screen
    from optimizer.report.screen import Sums as Sums
    from optimizer.report.screen import sums_of as sums_of
    from optimizer.report.standing import Signature as Signature
    from optimizer.report.standing import Standing as Standing
    from optimizer.report.terms import usual as usual
    from optimizer.results import Result as Result
    from optimizer.results import scenario_name as scenario_name
    from optimizer.run import OpenBook as OpenBook
    from optimizer.run import hash_of as hash_of
    from optimizer.run import json_bytes as json_bytes
    from optimizer.run import lp_file as lp_file
    from optimizer.run import open_book as open_book
    from optimizer.run import problems_of as problems_of
    from optimizer.run import read_identified as read_identified
    from optimizer.run import read_run as read_run
    from optimizer.run import solve_book as solve_book
    from optimizer.run import verify as verify
    from optimizer.run import write_folder as write_folder
    from optimizer.run import write_run as write_run
    from optimizer.scenario import BASE as BASE
    from optimizer.scenario import scenarios_of as scenarios_of
    from optimizer.scenario import sets_called as sets_called
    from optimizer.words import LANGUAGES as LANGUAGES
    from optimizer.words import Name as Name
    from optimizer.words import Words as Words
    from optimizer.words import name_of as name_of
    from optimizer.words import say as say
    from optimizer.workbook import annotate as annotate
    from optimizer.workbook import write_template as write_template
    from optimizer.workbook.guide import guide as guide

ROOM_OF = {
    **dict.fromkeys(("QUESTIONS", "Answer", "Asked", "answer", "side_by_side"), "answering"),
    **dict.fromkeys(
        ("CheckFailed", "HaibunError", "InputProblems", "NoPlan", "Place", "Problem", "Stopped", "WrongUsage"), "errors"
    ),
    "years_named": "fiscal",
    **dict.fromkeys(("Colliding", "Menu", "apply_repair", "repair"), "questions.repair"),
    "ScenarioItem": "portfolio",
    "Setting": "questions.compare",
    **dict.fromkeys(("set_in_words", "sets_in_words"), "questions.compare_tables"),
    "Explainer": "questions.explain",
    "WhatIf": "questions.whatif",
    **dict.fromkeys(("collision_in_words", "collision_of_several", "ways_in_words"), "questions.tables"),
    **dict.fromkeys(("listing", "programme_in_full"), "report.listing"),
    "writers": "report",
    "units_of": "report.in_unit",
    **dict.fromkeys(("Screen", "Sums", "sums_of"), "report.screen"),
    **dict.fromkeys(("Signature", "Standing"), "report.standing"),
    "usual": "report.terms",
    **dict.fromkeys(("Result", "scenario_name"), "results"),
    **dict.fromkeys(
        (
            *(
                "OpenBook",
                "hash_of",
                "json_bytes",
                "lp_file",
                "open_book",
                "problems_of",
                "read_identified",
                "read_run",
            ),
            *("solve_book", "verify", "write_folder", "write_run"),
        ),
        "run",
    ),
    **dict.fromkeys(("BASE", "scenarios_of", "sets_called"), "scenario"),
    **dict.fromkeys(("LANGUAGES", "Name", "Words", "name_of", "say"), "words"),
    **dict.fromkeys(("annotate", "write_template"), "workbook"),
    "guide": "workbook.guide",
}


def __getattr__(name: str) -> Any:
    if name not in ROOM_OF:
        raise AttributeError(f"module 'optimizer' has no attribute {name!r}")
    return getattr(import_module(f"optimizer.{ROOM_OF[name]}"), name)
