"""What goes into and comes out of the API; the OpenAPI document is made from these."""

from __future__ import annotations

from apiflask import Schema
from apiflask.fields import Boolean, Dict, File, Float, Integer, List, Nested, Raw, String
from apiflask.validators import Length, OneOf

from optimizer import BASE
from webui.views.questions import KINDS


class Reading(Schema):
    """In which language and unit somebody wants to read."""

    lang = String(load_default=None, metadata={"description": "en or ja: the language of what is answered."})
    unit = String(
        load_default=None,
        metadata={"description": "The unit of money in texts, such as JPY million (default: the workbook's)."},
    )


class Setting(Reading):
    """A scenario of the workbook, and items set on top in the words of ``haibun solve --set``."""

    origin = String(load_default=BASE, metadata={"description": "A scenario of the workbook."})
    sets = List(String(), data_key="set", load_default=list, metadata={"description": "budget_factor=0.9 (repeat)"})


class AskedAnswer(Setting):
    """A setting, and how much of its answer is wanted."""

    detail = String(
        load_default="full",
        validate=OneOf(["live", "full"]),
        metadata={"description": "live (before rounding, at once) or full."},
    )


class OneLine(Setting):
    """A setting and one programme."""

    id = String(required=True, metadata={"description": "The programme."})


class Upload(Schema):
    """A workbook."""

    file = File(required=True, metadata={"description": "An Excel workbook (.xlsx)."})  # type: ignore[no-untyped-call]


class Replacing(Upload):
    """A mended workbook; ``seen`` is the hash of the one that it replaces."""

    seen = String(load_default="")


class Several(Setting):
    """Two to four scenarios, each by its key, the first being what the others are held against."""

    keys = List(String(), data_key="s", load_default=list, metadata={"description": "A key (repeat)."})


class Saving(Setting):
    """A setting to save under a name; ``seen`` is the version of the scenario that it replaces."""

    name = String(required=True, validate=Length(min=1))
    seen = String(load_default="")


class Asking(Setting):
    """A long question."""

    kind = String(required=True, validate=OneOf(list(KINDS)))


class Error(Schema):
    """What went wrong, what to do, and the number under which the administrator finds it in the log."""

    error = String()
    cure = String()
    number = String()


class Scenario(Schema):
    """A saved scenario."""

    id = String()
    name = String()
    origin = String()
    sets = List(String(), data_key="set")
    score = Float()
    version = Integer()
    run_id = String(data_key="run")
    updated = String()


class Book(Schema):
    """A workbook as the site keeps it, with the scenarios that were saved of it."""

    id = String()
    filename = String()
    sha256 = String()
    errors = Integer()
    warnings = Integer()
    summary = Dict()
    updated = String()
    scenarios = List(Nested(Scenario))


class ListedBook(Book):
    """A workbook in a list."""


class Books(Schema):
    """Every workbook."""

    books = List(Nested(ListedBook))


class Control(Schema):
    """One slider: the scenario items that it sets to one factor, and the money or quantity at 100 %."""

    label = String()
    items = List(String())
    amount = Float(allow_none=True)


class Lever(Schema):
    """One policy lever: ``on`` as the scenario has it."""

    id = String()
    name = String()
    note = String()
    proposal = Integer(allow_none=True)
    on = Boolean()


class Line(Schema):
    """A programme that can be pinned or capped: its range and this year's spending, a year."""

    id = String()
    name = String()
    minimum = Float()
    maximum = Float()
    baseline = Float(allow_none=True)


class Controls(Schema):
    """What can be moved."""

    period = String()
    total = Nested(Control)
    accounts = List(Nested(Control))
    freedoms = List(Nested(Control))
    regions = List(Nested(Control))
    effects = List(Nested(Control))
    resources = List(Nested(Control))
    levers = List(Nested(Lever))
    programmes = List(Nested(Line))


class Problem(Schema):
    """A problem of the input, as ``haibun check --json`` prints it."""

    sheet = String()
    cell = String()
    value = String()
    problem = String()
    fix = String()
    severity = String()


class Problems(Schema):
    """Every problem of a workbook."""

    problems = List(Nested(Problem))


class Figure(Schema):
    """A headline number with its change from the base plan; of money, ``text`` is in ``unit``, ``value`` as written."""

    id = String()
    label = String()
    value = Float(allow_none=True)
    text = String()
    unit = String()
    change = Float(allow_none=True)
    change_text = String()


class Bar(Schema):
    """Money of a family or region, now and in the base plan."""

    id = String()
    name = String()
    value = Float()
    base = Float()
    text = String()
    base_text = String()
    change_text = String()


class PlanAnswer(Schema):
    """The plan of a setting. ``status``: live, published or infeasible; ``setting`` says what each item sets."""

    status = String()
    sentence = String()
    figures = List(Nested(Figure))
    families = List(Nested(Bar))
    regions = List(Nested(Bar))
    moved = List(Dict())
    binding = List(Dict())
    flow = Dict()
    price = Nested(Figure)
    gap = String()
    setting = List(String())


class Ways(Schema):
    """Which rules collide, in one or several separate conflicts, and the ways out.

    A place that was set on top has the ``sets`` that would be taken back.
    """

    title = String()
    conflicts = List(Dict())
    repairs = List(Dict())
    outcome = String()


class Choice(Schema):
    """A scenario that can be compared: of the workbook, or saved."""

    key = String()
    name = String()
    origin = String()
    sets = List(String(), data_key="set")


class ComparedPlan(PlanAnswer):
    """A plan beside the first."""


class Comparison(Schema):
    """Scenarios beside the first: a sentence, what sets each apart, their plans; ``choices`` are all there are."""

    choices = List(Nested(Choice))
    chosen = List(Nested(Choice))
    headline = String()
    inputs = List(List(String()))
    plans = List(Nested(ComparedPlan))
    combinations = Integer()


class Programmes(Schema):
    """Every line of the published plan."""

    programmes = List(Dict())


class Programme(Schema):
    """One line in full."""

    id = String()
    name = String()
    family = String()
    account = String()
    maximum = Float()
    entry_factor = Float(allow_none=True)
    sentences = List(String())
    years = List(Dict())
    effects = List(Dict())


class Saved(Schema):
    """A saved scenario."""

    id = String()
    name = String()
    version = Integer()
    score = Float()


class State(Schema):
    """A long question: how far it is, and its answer where there is one."""

    id = String()
    kind = String()
    state = String()
    done = Integer()
    total = Integer()
    left = Float(allow_none=True)
    answer = Raw(allow_none=True)


class Asked(Schema):
    """A question that was asked; ``compared`` names the scenarios that it compares."""

    id = String()
    kind = String()
    origin = String()
    sets = List(String(), data_key="set")
    compared = List(String())
    state = String()
    done = Integer()
    total = Integer()
    created = String()
    ended = String()


class Kind(Schema):
    """A question that can be asked."""

    kind = String()
    title = String()
    what = String()


class Questions(Schema):
    """What can be asked of a workbook, and what was."""

    kinds = List(Nested(Kind))
    questions = List(Nested(Asked))


class Part(Schema):
    """A file of a report."""

    name = String()
    title = String()
    what = String()


class Report(Schema):
    """What can be taken home of a setting; ``run`` is the saved run that it belongs to, if any."""

    run = String(allow_none=True)
    state = String()
    parts = List(Nested(Part))


class SignOff(Schema):
    """Somebody has answered for a run."""

    kind = String()
    person = String()
    at = String()


class Run(Schema):
    """A published plan that was saved: ``state`` is draft, assured or approved."""

    id = String()
    name = String()
    origin = String()
    sets = List(String(), data_key="set")
    score = Float()
    state = String()
    sha256 = String()
    book_sha256 = String()
    made_by = String()
    made = String()
    sign_offs = List(Nested(SignOff))


class ListedRun(Run):
    """A run in a list."""


class Help(Schema):
    """A page of help, as Markdown."""

    name = String()
    text = String()


class Runs(Schema):
    """Every run of a workbook, the latest first."""

    runs = List(Nested(ListedRun))
