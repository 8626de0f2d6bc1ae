"""Books for tests: raw tables (sheet -> rows of canonical column -> plain value), valid by construction.

    books()             a Hypothesis strategy: small random books that use every part of the contract
    scenarios_of(book)  the scenarios that a book can be solved in, `base` first
    minimal()           a book that can be solved by hand, with the answer in its docstring
    with_everything()   every sheet and every column at least once, feasible in each of its scenarios
    knapsack(n)         instance n of OR-Library's mknap1 as a book of indivisible programmes

Rows leave out what is blank. The books print one row a line, so that a failing example can be read.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

FIRST_YEAR = 2027
KNAPSACKS = Path(__file__).parent / "data" / "mknap1.txt"

Cell = str | int | float
Line = dict[str | int, Cell]


class Book(dict[str, list[Line]]):
    """Raw tables that print one row a line."""

    def __repr__(self) -> str:
        lines = []
        for sheet, rows in self.items():
            lines.append(sheet)
            for row in rows:
                cells = (f"{column}={value!r}" for column, value in row.items())
                lines.append("    " + ", ".join(cells))
        return "Book(\n" + "\n".join(lines) + "\n)"


def line(**cells: Cell | None) -> Line:
    """A row without its blank cells; a column that is a Python word is written with a final _."""
    return {column.rstrip("_"): value for column, value in cells.items() if value is not None}


def settings(years: int, **more: Cell | None) -> list[Line]:
    always = {"title": "Test book", "unit": "JPY 100 million", "first_year": FIRST_YEAR, "years": years}
    return [{"key": key, "value": value} for key, value in {**always, **more}.items() if value is not None]


def scenarios_of(book: dict[str, list[Line]]) -> list[str]:
    """`base` and the scenarios that have a row, in the order of the sheet."""
    named = [str(row["scenario"]) for row in book.get("Scenarios", [])]
    return list(dict.fromkeys(["base", *named]))


# ------------------------------------------------------------------------------------------ random books


integers = cache(st.integers)
"""Strategies are made once and kept: making them anew for each draw takes as long as drawing."""
just = cache(st.just)
NONE = st.none()
EITHER = st.booleans()


@cache
def one_of(*values: Any) -> st.SearchStrategy[Any]:
    """One of a few values; those named first are the simpler ones."""
    return st.sampled_from(values)


@cache
def decimals(low: float, high: float, places: int = 1) -> st.SearchStrategy[float]:
    """Numbers of few decimals, which the workbook holds exactly."""
    unit = 10**places
    return integers(round(low * unit), round(high * unit)).map(lambda whole: whole / unit)


@cache
def sometimes(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Blank as often as not."""
    return NONE | strategy


@cache
def seldom(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Blank three times in four."""
    return integers(0, 3).flatmap(lambda drawn: strategy if drawn == 3 else NONE)


@st.composite
def curves(draw: st.DrawFn, name: str) -> list[Line]:
    """A curve of one to three falling segments whose last ends at 1."""
    count = draw(integers(1, 3))
    ends = sorted(draw(st.lists(integers(1, 9), min_size=count - 1, max_size=count - 1, unique=True)))
    rates = sorted(draw(st.lists(integers(1, 10), min_size=count, max_size=count, unique=True)))[::-1]
    return [
        line(curve=name, segment=segment, up_to=end / 10, rate=rate / 10)
        for segment, (end, rate) in enumerate(zip([*ends, 10], rates, strict=True), start=1)
    ]


@st.composite
def conditions(draw: st.DrawFn, levers: list[str]) -> dict[str, str]:
    """requires and unless of a row: mostly none."""
    if not levers or draw(integers(0, 3)) < 3:
        return {}
    lever = draw(one_of(*levers))
    how = draw(one_of("requires", "unless", "requires all", "requires but"))
    others = [other for other in levers if other != lever]
    if how == "requires all":
        return {"requires": ", ".join([lever, *others[:1]])}
    if how == "requires but" and others:
        return {"requires": lever, "unless": draw(one_of(*others))}
    return {"unless" if how == "unless" else "requires": lever}


@st.composite
def programmes(draw: st.DrawFn, book: Book, name: str, years: list[int], *, indivisible: bool = False) -> Line:
    """One programme. Minimums stay under half of baseline and maximum, so that most books have a plan."""
    country = draw(sometimes(st.sampled_from(book["Countries"])))
    region = draw(st.sampled_from(book["Regions"]))["region"]
    if country is not None:
        region = draw(one_of(None, country["region"]))
    maximum = draw(decimals(4, 40))
    baseline = draw(sometimes(decimals(0, maximum)))
    whole = indivisible and draw(EITHER)
    minimum: float | None = None
    if whole:
        minimum = draw(sometimes(decimals(0.5, maximum)))
    elif baseline:
        minimum = draw(sometimes(decimals(0, baseline / 2)))
    start = draw(seldom(one_of(years[0] - 1, *years)))
    end = draw(seldom(one_of(*(y for y in [*years, years[-1] + 1] if y >= (start or years[0])))))
    if start is not None and start > years[0] and not whole:
        minimum = None
    return line(
        programme=name,
        family=draw(one_of("oda", "non_oda", "capacity_building", "sdf_mission")),
        account=draw(st.sampled_from(book["Accounts"]))["account"],
        region=region,
        country=None if country is None else country["country"],
        instrument=draw(sometimes(one_of("grant_aid", "hub"))),
        maximum=maximum,
        minimum=minimum,
        baseline=baseline,
        scale=draw(seldom(decimals(4, 60))),
        ramp=draw(seldom(decimals(0.2, 1))),
        start=start,
        end=end,
        commitment=draw(seldom(just("yes"))),
        indivisible="yes" if whole else None,
        curve=draw(sometimes(one_of("falling", "steep"))),
        risk=draw(sometimes(decimals(0, 0.9))),
        leverage=draw(seldom(decimals(0.5, 10))),
        fragile=draw(seldom(one_of("yes", "no"))),
        tags=draw(seldom(one_of("security", "dual_use", "security, dual_use"))),
        **draw(conditions([str(row["lever"]) for row in book["Levers"]])),
    )


@st.composite
def effects(draw: st.DrawFn, book: Book, programme: str, levers: list[str]) -> list[Line]:
    """One to three effects, most of them on a pair that counts; one in five is harm."""
    rows = []
    unscored = [{"objective": book["Objectives"][-1]["objective"]}]
    pairs = [*book["Priorities"], *book["Priorities"], *unscored]
    for pair in draw(st.lists(st.sampled_from(pairs), min_size=1, max_size=3)):
        score = draw(decimals(0.1, 5))
        if draw(integers(0, 4)) == 4:
            score = -score
        spread = draw(seldom(one_of(0.25, 0.5)))
        rows.append(
            line(
                programme=programme,
                objective=pair["objective"],
                region=draw(one_of(None, pair.get("region"), pair.get("region"))),
                score=score,
                lag=draw(seldom(integers(0, 2))),
                low=None if spread is None else round(score - abs(score) * spread, 3),
                high=None if spread is None else round(score + abs(score) * spread, 3),
                **draw(conditions(levers)),
            )
        )
    return rows


@st.composite
def limits(draw: st.DrawFn, book: Book, name: str, years: list[int], levers: list[str]) -> Line:
    """A limit of any measure, basis, sense and year kind; most leave room."""
    money = ["spend amount", "spend share", "spend budget", "value amount", "value share"]
    kind = draw(one_of(*money, "risk amount", "harm amount", "attainment amount"))
    measure, basis = kind.split()
    sense = draw(one_of("max", "max", "min"))
    if measure == "harm":
        sense = "max"
    if measure == "attainment":
        sense = "min"
    high_and_low = {
        "amount": (decimals(5, 120), decimals(0, 3)),
        "share": (decimals(0.2, 1, 2), decimals(0, 0.1, 2)),
        "budget": (decimals(0.2, 1, 2), decimals(0, 0.1, 2)),
        "risk": (decimals(0.4, 1, 2), decimals(0, 0.1, 2)),
        "harm": (decimals(5, 60), decimals(5, 60)),
        "attainment": (decimals(0, 0.15, 2), decimals(0, 0.15, 2)),
    }
    at_most, at_least = high_and_low.get(measure, high_and_low[basis])
    row = line(
        limit=name,
        measure=measure,
        sense=sense,
        value=draw(at_most if sense == "max" else at_least),
        basis=draw(sometimes(just(basis))) if basis == "amount" else basis,
        year=draw(sometimes(one_of(*years, "all"))),
        kind=draw(seldom(one_of("law", "cabinet", "preference"))),
        **draw(conditions(levers)),
    )
    if measure == "attainment":
        pair = draw(st.sampled_from(book["Priorities"]))
        freedom = {row["objective"]: row["freedom"] for row in book["Objectives"]}
        whole: Line = {"freedom": freedom[pair["objective"]]}
        whole.update({column: pair[column] for column in ("region", "objective")})
        wanted = draw(st.lists(one_of("region", "objective", "freedom"), max_size=2, unique=True))
        return {**row, **{column: whole[column] for column in wanted}}
    least = 1 if basis in ("share", "budget") and sense == "max" else 0
    row.update(draw(scopes(book, "", least, 2)))
    if measure == "harm":
        row.update(draw(st.sampled_from([{}, {"objective": "o1"}, {"freedom": "want"}])))
    if basis == "share":
        row.update(draw(scopes(book, "of_", 0, 1)))
    if basis == "budget":
        account = draw(st.sampled_from(book["Accounts"]))
        choices: list[Line] = [{}, {"of_account": account["account"]}]
        if "agency" in account:
            choices.append({"of_agency": account["agency"]})
        row.update(draw(st.sampled_from(choices)))
    return row


@st.composite
def scopes(draw: st.DrawFn, book: Book, prefix: str, least: int, most: int) -> Line:
    """Some scope columns, each with a value that a programme, country or account of the book has."""
    programme = draw(st.sampled_from(book["Programmes"]))
    options: Line = {column: programme[column] for column in ("programme", "family", "account")}
    options["region"] = draw(st.sampled_from(book["Regions"]))["region"]
    options["country"] = draw(st.sampled_from(book["Countries"]))["country"]
    options["instrument"] = "grant_aid"
    options["tag"] = "security"
    options["fragile"] = "yes"
    if "agency" in book["Accounts"][0]:
        options["agency"] = book["Accounts"][0]["agency"]
    wanted = draw(st.lists(st.sampled_from(sorted(map(str, options))), min_size=least, max_size=most, unique=True))
    return {prefix + column: options[column] for column in wanted}


@st.composite
def scenario_rows(draw: st.DrawFn, book: Book, name: str, years: list[int]) -> list[Line]:
    """One to four rows with different items and targets."""
    pair = draw(st.sampled_from(book["Priorities"]))
    programme = draw(st.sampled_from(book["Programmes"]))
    areas = [None, pair["region"], pair["objective"], f"{pair['region']}/{pair['objective']}"]
    names = [programme[column] for column in ("programme", "family", "account", "instrument") if column in programme]
    factor = decimals(0.5, 1.5, 2)
    money = decimals(0.5, programme["maximum"] * 1.2)
    some_year = sometimes(one_of(*years))
    possible: dict[str, tuple[list[Any], Any, Any]] = {
        "budget_factor": ([None, programme["account"]], decimals(0.8, 1.5, 2), some_year),
        "weight_factor": (areas, factor, NONE),
        "need_factor": (areas, factor, NONE),
        "effect_factor": ([None, programme["programme"], pair["objective"]], factor, NONE),
        "cost_factor": ([None, *names], decimals(0.5, 2, 2), NONE),
        "programme_maximum": ([programme["programme"]], money, NONE),
        "pin": ([programme["programme"]], decimals(0, programme["maximum"]), some_year),
    }
    if book["Levers"]:
        possible["lever"] = (
            [row["lever"] for row in book["Levers"]],
            one_of("on", "off"),
            NONE,
        )
    if book["Resources"]:
        possible["resource_factor"] = ([None, "k1"], factor, some_year)
    if book["Limits"]:
        limit = draw(st.sampled_from(book["Limits"]))
        lift = decimals(0, 1, 2) if float(limit["value"]) <= 1 else decimals(1, 120)
        possible["limit_value"] = ([limit["limit"]], lift, NONE)
    rows = {}
    for item in draw(st.lists(st.sampled_from(sorted(possible)), min_size=1, max_size=4)):
        targets, values, when = possible[item]
        row = line(
            scenario=name,
            item=item,
            target=draw(st.sampled_from(targets)),
            value=draw(values),
            year=draw(when),
        )
        rows[item, row.get("target"), row.get("year")] = row
    return list(rows.values())


@st.composite
def books(
    draw: st.DrawFn,
    *,
    indivisible: bool = False,
    priority_curves: bool = True,
    scenarios: bool = True,
    most_programmes: int = 8,
    most_years: int = 4,
) -> Book:
    """A small valid book; four in five or so have a plan in `base`.

    indivisible: some programmes are; priority_curves: some priorities have a curve.
    """
    count = draw(integers(1, most_years))
    years = list(range(FIRST_YEAR, FIRST_YEAR + count))
    levers = [f"l{n}" for n in range(1, 1 + draw(integers(0, 3)))]
    book = Book()
    book["Settings"] = settings(
        count,
        discount_rate=draw(sometimes(decimals(0, 0.1, 2))),
        publish_unit=draw(sometimes(just(0.1))),
        tie_break=draw(seldom(one_of("yes", "no"))),
    )
    book["Regions"] = [line(region=f"R{n}") for n in range(1, 1 + draw(integers(1, 3)))]
    book["Countries"] = [
        line(
            country=f"C{n}",
            region=draw(st.sampled_from(book["Regions"]))["region"],
            fragile=draw(sometimes(one_of("yes", "no"))),
        )
        for n in range(1, 1 + draw(integers(1, 3)))
    ]
    book["Objectives"] = [
        line(objective=f"o{n}", freedom=draw(one_of("want", "fear"))) for n in range(1, 1 + draw(integers(1, 4)))
    ]
    book["Curves"] = [*draw(curves("falling")), *draw(curves("steep"))]
    pairs = [(r["region"], o["objective"]) for r in book["Regions"] for o in book["Objectives"]]
    scored = draw(st.lists(st.sampled_from(pairs), min_size=1, max_size=6, unique=True))
    book["Priorities"] = [
        line(
            region=region,
            objective=objective,
            weight=draw(decimals(0.1, 3)) if n == 0 else draw(decimals(0, 3)),
            need=draw(decimals(20, 400)),
            curve=draw(seldom(one_of("falling", "steep"))) if priority_curves else None,
        )
        for n, (region, objective) in enumerate(scored)
    ]
    book["Accounts"] = [
        line(
            account=f"A{n}",
            agency=draw(sometimes(one_of("G1", "G2"))),
            carry_over=draw(sometimes(decimals(0, 0.5))),
            kind=draw(seldom(one_of("law", "cabinet", "preference"))),
        )
        for n in range(1, 1 + draw(integers(1, 3)))
    ]
    book["Levers"] = [
        line(lever=lever, proposal=n, default=draw(sometimes(one_of("yes", "no"))))
        for n, lever in enumerate(levers, start=1)
    ]
    book["Programmes"] = [
        draw(programmes(book, f"p{n}", years, indivisible=indivisible))
        for n in range(1, 1 + draw(integers(2, most_programmes)))
    ]
    for account in book["Accounts"]:
        held = [row for row in book["Programmes"] if row["account"] == account["account"]]
        base = sum(float(row.get("baseline", float(row["maximum"]) / 2)) for row in held)
        for year in years:
            account[year] = round(base * draw(one_of(0.6, 0.8, 1, 1, 1.3)) + draw(decimals(0, 3)), 1)
    book["Effects"] = [row for p in book["Programmes"] for row in draw(effects(book, str(p["programme"]), levers))]
    ids = [p["programme"] for p in book["Programmes"]]

    moves = [(a["account"], b["account"]) for a in book["Accounts"] for b in book["Accounts"] if a is not b]
    moved = draw(st.lists(st.sampled_from(moves), max_size=3, unique=True)) if moves else []
    book["Transfers"] = [
        line(from_account=a, to_account=b, max_share=draw(decimals(0, 0.6)), **draw(conditions(levers)))
        for a, b in moved
    ]
    book["Resources"] = []
    book["ResourceUse"] = []
    if draw(EITHER):
        there = draw(decimals(10, 200))
        book["Resources"] = [{"resource": "k1", "unit": "persons"}]
        book["Resources"][0].update({year: round(there * draw(one_of(0.8, 1, 1.2)), 1) for year in years})
        book["ResourceUse"] = [
            line(
                programme=programme,
                resource="k1",
                uses=draw(decimals(0, 4)),
                builds=draw(seldom(decimals(0.1, 4))),
                delay=draw(sometimes(integers(0, 2))),
                life=draw(sometimes(integers(1, 3))),
                **draw(conditions(levers)),
            )
            for programme in draw(st.lists(st.sampled_from(ids), min_size=1, max_size=3, unique=True))
        ]
    couples = [(a, b, o["objective"]) for a in ids for b in ids if a != b for o in book["Objectives"]]
    book["Synergies"] = [
        line(
            synergy=f"y{n}",
            programme_a=a,
            programme_b=b,
            objective=objective,
            ratio=draw(decimals(0.1, 2)),
            score=draw(decimals(0.1, 3)),
            shared=draw(seldom(just("yes"))),
            **draw(conditions(levers)),
        )
        for n, (a, b, objective) in enumerate(
            draw(st.lists(st.sampled_from(couples), max_size=4, unique=True)), start=1
        )
    ]
    book["Limits"] = [draw(limits(book, f"m{n}", years, levers)) for n in range(1, 1 + draw(integers(0, 4)))]
    book["Scenarios"] = []
    if scenarios:
        for name in ["s1", "s2"][: draw(integers(0, 2))]:
            book["Scenarios"] += draw(scenario_rows(book, name, years))
    return book


# ------------------------------------------------------------------------------------- books written by hand


def minimal() -> Book:
    """One region, one objective, one year, two programmes, 10 of money.

    `wells` gives 3 points a unit up to 6, `roads` 2 points up to 8; the need is 40 points. Best: 6 on wells
    and the other 4 on roads, 6·3 + 4·2 = 26 points of 40, a score of 65.
    """
    return Book(
        {
            "Settings": settings(1),
            "Regions": [line(region="SEA", name="Southeast Asia")],
            "Countries": [line(country="VNM", region="SEA", name="Viet Nam")],
            "Objectives": [line(objective="health", freedom="want")],
            "Priorities": [line(region="SEA", objective="health", weight=1, need=40)],
            "Accounts": [{"account": "GRANT", FIRST_YEAR: 10}],
            "Programmes": [
                line(programme="wells", family="oda", account="GRANT", region="SEA", maximum=6),
                line(programme="roads", family="oda", account="GRANT", region="SEA", maximum=8),
            ],
            "Effects": [
                line(programme="wells", objective="health", score=3),
                line(programme="roads", objective="health", score=2),
            ],
        }
    )


def with_everything() -> Book:
    """Every sheet and every column at least once; feasible in `base` and in each of its scenarios."""
    y1, y2, y3 = FIRST_YEAR, FIRST_YEAR + 1, FIRST_YEAR + 2
    book = Book()
    book["Settings"] = settings(3, discount_rate=0.02, publish_unit=0.01, tie_break="yes", exchange_rate=131.44)
    book["Regions"] = [
        line(region="SEA", name="Southeast Asia", name_ja="東南アジア"),
        line(region="EHA", name="East and Horn of Africa", name_ja="東アフリカ・アフリカの角"),
        line(region="HQ", name="Headquarters", name_ja="本部"),
    ]
    book["Countries"] = [
        line(country="VNM", region="SEA", name="Viet Nam", name_ja="ベトナム", fragile="no"),
        line(country="DJI", region="EHA", name="Djibouti", name_ja="ジブチ"),
        line(country="SOM", region="EHA", name="Somalia", name_ja="ソマリア", fragile="yes"),
    ]
    book["Objectives"] = [
        line(objective="health", freedom="want", name="Health", name_ja="保健"),
        line(objective="peace", freedom="fear", name="Peace", name_ja="平和"),
        line(objective="maritime", freedom="fear", name="Maritime security", name_ja="海洋安全保障"),
    ]
    book["Curves"] = [
        line(curve="standard", segment=1, up_to=0.5, rate=1),
        line(curve="standard", segment=2, up_to=0.8, rate=0.7),
        line(curve="standard", segment=3, up_to=1, rate=0.4),
        line(curve="sated", segment=1, up_to=0.6, rate=1),
        line(curve="sated", segment=2, up_to=1, rate=0.5),
    ]
    book["Priorities"] = [
        line(region="SEA", objective="health", weight=1.5, need=120),
        line(region="SEA", objective="maritime", weight=1.2, need=60, curve="sated"),
        line(region="EHA", objective="health", weight=1, need=150, curve="sated"),
        line(region="EHA", objective="peace", weight=1.1, need=90),
        line(region="EHA", objective="maritime", weight=0.8, need=50),
    ]
    book["Accounts"] = [
        {"account": "GRANT", "agency": "MOFA", "name": "Grants", "name_ja": "無償", "kind": "law"}
        | {"carry_over": 0.1, y1: 60, y2: 62, y3: 64},
        {"account": "LOAN", "agency": "JICA", "name": "Loans", "name_ja": "有償", "kind": "cabinet"}
        | {y1: 20, y2: 20, y3: 20},
        {"account": "OPS", "agency": "MOD", "name": "Missions", "name_ja": "任務", "kind": "law"}
        | {"carry_over": 0.2, y1: 22, y2: 22, y3: 24},
    ]
    book["Transfers"] = [
        line(from_account="OPS", to_account="GRANT", max_share=0.1),
        line(from_account="GRANT", to_account="OPS", max_share=0.2, requires="p2"),
        line(from_account="LOAN", to_account="GRANT", max_share=0.05, unless="p2"),
    ]
    grant = {"family": "oda", "account": "GRANT", "instrument": "grant_aid", "curve": "standard"}
    book["Programmes"] = [
        {
            **line(programme="grant_VNM", name="Grant aid, Viet Nam", name_ja="無償資金協力（ベトナム）"),
            **line(country="VNM", region="SEA", baseline=20, minimum=10, maximum=30, ramp=0.2, risk=0.2),
            **line(source="budget book", **grant),
        },
        line(programme="grant_SOM", country="SOM", baseline=15, minimum=5, maximum=25, scale=24, ramp=0.3)
        | line(risk=0.6, **grant),
        line(programme="dual_use", country="DJI", baseline=0, maximum=6, tags="security, dual_use", risk=0.5)
        | line(requires="p1", **grant),
        line(programme="loan_VNM", family="oda", account="LOAN", country="VNM", instrument="oda_loan")
        | line(baseline=18, minimum=6, maximum=25, leverage=10, risk=0.3, curve="standard"),
        line(programme="counter_piracy", family="sdf_mission", account="OPS", country="DJI", fragile="yes")
        | line(instrument="counter_piracy", baseline=12, minimum=8, maximum=16, ramp=0.25, risk=0.35),
        line(programme="training", family="capacity_building", account="OPS", country="VNM", tags="security")
        | line(instrument="capacity_building", baseline=4, maximum=8, risk=0.4, commitment="yes", start=y2),
        line(programme="hub", family="sdf_mission", account="OPS", region="HQ", instrument="hub", end=y3)
        | line(baseline=0, minimum=1, maximum=3, indivisible="yes", commitment="yes", unless="p2"),
    ]
    book["Effects"] = [
        line(programme="grant_VNM", objective="health", score=2.2, low=1.1, high=3.3, as_of=2024)
        | line(source="judgement"),
        line(programme="grant_SOM", objective="health", score=3, lag=1),
        line(programme="grant_SOM", objective="peace", score=1.5, unless="p1"),
        line(programme="grant_SOM", objective="peace", score=2, requires="p1"),
        line(programme="dual_use", objective="maritime", score=4),
        line(programme="dual_use", objective="peace", score=-0.5),
        line(programme="loan_VNM", objective="health", score=1.4),
        line(programme="counter_piracy", objective="maritime", score=1.8),
        line(programme="counter_piracy", objective="maritime", score=0.5, region="SEA"),
        line(programme="training", objective="maritime", score=3.5),
        line(programme="training", objective="peace", score=-0.4, region="SEA"),
    ]
    book["Resources"] = [
        {"resource": "personnel", "name": "Personnel", "name_ja": "要員", "unit": "persons"}
        | {y1: 330, y2: 330, y3: 340},
        {"resource": "places", "name": "Hub places", "unit": "places", y1: 4, y2: 4, y3: 4},
    ]
    book["ResourceUse"] = [
        line(programme="counter_piracy", resource="personnel", uses=20),
        line(programme="training", resource="personnel", uses=5, requires="p1"),
        line(programme="training", resource="places", uses=2, unless="p1"),
        line(programme="hub", resource="places", uses=0, builds=3, delay=1, life=2),
    ]
    book["Synergies"] = [
        line(synergy="train_and_aid", programme_a="training", programme_b="grant_VNM", ratio=0.5)
        | line(objective="maritime", score=0.8, requires="p2", source="judgement"),
        line(synergy="patrol_and_hub", programme_a="counter_piracy", programme_b="hub", ratio=0.1)
        | line(objective="maritime", score=0.3, shared="yes", unless="p2"),
    ]
    book["Limits"] = [
        line(limit="no_dual_use", measure="spend", sense="max", value=0, tag="dual_use", kind="law")
        | line(name="No military use", name_ja="軍事利用の禁止", unless="p1", source="charter"),
        line(limit="security_ceiling", measure="spend", sense="max", value=0.15, basis="share", kind="cabinet")
        | line(tag="security", of_family="oda"),
        line(limit="fragile_floor", measure="spend", sense="min", value=0.1, basis="budget", fragile="yes")
        | line(of_agency="MOFA", requires="p2"),
        line(limit="loan_value", measure="value", sense="max", value=600, instrument="oda_loan", year="all"),
        line(limit="loan_share", measure="value", sense="max", value=0.95, basis="share", account="LOAN")
        | line(of_family="oda", year=y2),
        line(limit="risk_cap", measure="risk", sense="max", value=0.5),
        line(limit="harm_cap", measure="harm", sense="max", value=6, objective="peace", year="all"),
        line(limit="fear_floor", measure="attainment", sense="min", value=0.1, freedom="fear", region="EHA"),
        line(limit="one_country", measure="spend", sense="max", value=0.8, basis="budget", country="VNM")
        | line(of_account="GRANT", programme="grant_VNM", agency="MOFA", region="SEA", family="oda"),
    ]
    book["Levers"] = [
        line(lever="p1", name="Open dual use", name_ja="両用の解禁", proposal=1, default="no", note="a note"),
        line(lever="p2", name="Move money", name_ja="省庁間移用", proposal=2),
    ]
    book["Scenarios"] = [
        line(scenario="all", item="lever", target="p1", value="on"),
        line(scenario="all", item="lever", target="p2", value="on"),
        line(scenario="austerity", item="budget_factor", value=0.9),
        line(scenario="austerity", item="budget_factor", target="OPS", value=0.95, year=y2),
        line(scenario="shock", item="need_factor", target="EHA", value=2),
        line(scenario="shock", item="weight_factor", target="EHA/peace", value=1.5),
        line(scenario="shock", item="effect_factor", target="health", value=0.9),
        line(scenario="shock", item="resource_factor", target="personnel", value=0.9, year=y3),
        line(scenario="dear", item="cost_factor", target="oda", value=1.2),
        line(scenario="dear", item="limit_value", target="risk_cap", value=0.45),
        line(scenario="dear", item="programme_maximum", target="grant_SOM", value=18),
        line(scenario="pinned", item="pin", target="counter_piracy", value=14),
        line(scenario="pinned", item="pin", target="counter_piracy", value=10, year=y3),
    ]
    return book


# --------------------------------------------------------------------------------------------- knapsacks


def knapsack_data(n: int) -> tuple[float, list[float], list[list[float]], list[float]]:
    """Instance n (1–7) of mknap1: published optimum, profits, uses by constraint, capacities."""
    lines = KNAPSACKS.read_text(encoding="utf-8").splitlines()
    words = iter([float(word) for row in lines if not row.startswith("#") for word in row.split()])
    next(words)
    for _ in range(n):
        items, constraints, optimum = int(next(words)), int(next(words)), next(words)
        profits = [next(words) for _ in range(items)]
        uses = [[next(words) for _ in range(items)] for _ in range(constraints)]
        capacities = [next(words) for _ in range(constraints)]
    return optimum, profits, uses, capacities


def knapsack(n: int) -> Book:
    """Each item is a programme that spends 1 or nothing, each constraint a resource; money does not bind.

    The need is the sum of all profits, so score / 100 · need is the profit of the knapsack.
    """
    _, profits, uses, capacities = knapsack_data(n)
    book = minimal()
    book["Priorities"] = [line(region="SEA", objective="health", weight=1, need=round(sum(profits), 4))]
    book["Accounts"] = [{"account": "GRANT", FIRST_YEAR: len(profits)}]
    book["Programmes"] = [
        line(programme=f"item{j}", family="oda", account="GRANT", region="SEA", minimum=1, maximum=1)
        | line(indivisible="yes")
        for j in range(1, len(profits) + 1)
    ]
    book["Effects"] = [
        line(programme=f"item{j}", objective="health", score=profit) for j, profit in enumerate(profits, start=1)
    ]
    book["Resources"] = [
        {"resource": f"row{i}", FIRST_YEAR: capacity} for i, capacity in enumerate(capacities, start=1)
    ]
    book["ResourceUse"] = [
        line(programme=f"item{j}", resource=f"row{i}", uses=use)
        for i, row in enumerate(uses, start=1)
        for j, use in enumerate(row, start=1)
        if use
    ]
    return book
