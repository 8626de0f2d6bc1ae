"""What goes into and comes out of the API; the OpenAPI document is made from these."""

from __future__ import annotations

from apiflask import Schema
from apiflask.fields import Dict, File, Float, Integer, List, Nested, Raw, String

BASE = "base"


class Setting(Schema):
    """A scenario of the workbook, and items set on top in the words of ``haibun solve --set``."""

    origin = String(load_default=BASE, metadata={"description": "A scenario of the workbook."})
    sets = List(String(), data_key="set", load_default=list, metadata={"description": "budget_factor=0.9 (repeat)"})
    lang = String(load_default=None, metadata={"description": "en or ja: the language of what is answered."})
    unit = String(
        load_default=None,
        metadata={"description": "The unit of money in texts, such as JPY million (default: the workbook's)."},
    )


class AskedAnswer(Setting):
    """A setting, and how much of its answer is wanted."""

    detail = String(load_default="full", metadata={"description": "live (before rounding, at once) or full."})


class OneLine(Setting):
    """A setting and one programme."""

    id = String(required=True, metadata={"description": "The programme."})


class Upload(Schema):
    """A workbook."""

    file = File(required=True, metadata={"description": "An Excel workbook (.xlsx)."})  # type: ignore[no-untyped-call]


class Saving(Setting):
    """A setting to save under a name; ``seen`` is the version of the scenario that it replaces."""

    name = String(required=True)
    seen = String(load_default="")


class Asking(Setting):
    """A long question."""

    kind = String(
        required=True, metadata={"description": "levers, compare, frontier, freedoms, prices, ranges or repair."}
    )


class Book(Schema):
    """A workbook as the site keeps it."""

    id = String()
    filename = String()
    sha256 = String()
    errors = Integer()
    warnings = Integer()
    summary = Dict()
    updated = String()


class ListedBook(Book):
    """A workbook in a list."""


class Books(Schema):
    """Every workbook."""

    books = List(Nested(ListedBook))


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
    value = Float()
    text = String()
    unit = String()
    change = Float()
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
    """The plan of a setting. ``status``: live, published or infeasible."""

    status = String()
    sentence = String()
    figures = List(Nested(Figure))
    families = List(Nested(Bar))
    regions = List(Nested(Bar))
    moved = List(Dict())
    binding = List(Dict())
    flow = Dict()
    price = Dict()
    gap = String()


class Ways(Schema):
    """Which rules collide, and the ways out."""

    conflict = List(Dict())
    repairs = List(Dict())


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
