"""Figures as Plotly sees them: plain dictionaries, one for each language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from optimizer.report.document import Figure, Mark, number_text
from optimizer.report.figures import curves, fields, steps
from optimizer.report.figures.palette import COLOURS, GREY, INK, OUTLINE, RULE
from optimizer.report.figures.pen import AXIS, LEGEND, LONGEST_LABEL, Drawing, Pen, broken, floats
from optimizer.results import FREEDOM_NAMES
from optimizer.words import say

SCALES = {
    "want": [[0, "#FFFFFF"], [1, COLOURS["want"]]],
    "fear": [[0, "#FFFFFF"], [1, COLOURS["fear"]]],
}


def drawing(figure: Figure, language: str) -> Drawing:
    """``figure`` as Plotly's data and layout."""
    draw: Mapping[str, Callable[[Pen], Drawing]] = {
        "bars": bars,
        "dots": dots,
        "tiles": tiles,
        "matrix": fields.plotted_matrix,
        "flow": flow,
        "spans": curves.spans,
        "curve": curves.curve,
        "waterfall": steps.waterfall,
        "dumbbells": steps.dumbbells,
    }
    return draw[figure.kind](Pen(figure, language))


def bars(pen: Pen) -> Drawing:
    """Baseline outlined, plan filled; beside them the change in per cent."""
    rows = pen.figure.values
    baseline = [row[0] or Fraction(0) for row in rows]
    plan = [row[1] or Fraction(0) for row in rows]
    rates = [row[2] if row[0] else None for row in rows]
    colours = [COLOURS.get(mark.colour, INK) for mark in pen.figure.marks]
    names = pen.names()
    bars = [(float(b), float(p)) for b, p in zip(baseline, plan, strict=True)]
    longest = max([0.001, *map(max, bars)])
    shown = [
        f"{pen.money(p)}<br>{pen.say(say('({name} {amount})', name=say('baseline'), amount=pen.money(b)))}"
        for p, b in zip(plan, baseline, strict=True)
    ]
    data = [
        {
            "type": "bar", "orientation": "h", "name": pen.say(say("Baseline kept")), "y": names,
            "x": floats(baseline), "width": 0.78, "hoverinfo": "skip",
            "marker": {"color": "rgba(0,0,0,0)", "line": {"color": OUTLINE, "width": 1.5}},
        },
        {
            "type": "bar", "orientation": "h", "name": pen.say(say("Plan")), "y": names, "x": floats(plan),
            "width": 0.46, "marker": {"color": colours}, "hovertext": shown, "hoverinfo": "y+text",
        },
        {
            "type": "scatter", "mode": "text", "y": names, "x": [max(pair) for pair in bars], "showlegend": False,
            "text": [f" {pen.money(p)}" for p in plan], "textposition": "middle right", "hoverinfo": "skip",
            "cliponaxis": False,
        },
        {
            "type": "bar", "orientation": "h", "name": pen.say(say("Change, %")), "y": names,
            "x": [None if rate is None else float(100 * rate) for rate in rates], "xaxis": "x2", "width": 0.46,
            "marker": {"color": colours}, "showlegend": False, "hoverinfo": "skip", "textposition": "outside",
            "text": ["" if r is None else number_text(r, "rate", 1, pen.language) for r in rates],
            "cliponaxis": False,
        },
    ]  # fmt: skip
    known = [float(100 * rate) for rate in rates if rate is not None] or [0.0]
    layout = pen.layout(len(names), barmode="overlay", legend=LEGEND)
    layout["yaxis"] = {**AXIS, "autorange": "reversed", "tickfont": {"size": 12}}
    layout["xaxis"] = {
        **AXIS, "domain": [0, 0.68], "title": pen.title(pen.figure.unit), "tickformat": ",d",
        "range": [0, 1.18 * longest],
    }  # fmt: skip
    layout["xaxis2"] = {
        **AXIS, "domain": [0.74, 1], "title": pen.title(say("Change, %")),
        "range": [min(0, *known) * 1.5 - 8, max(0, *known) * 1.5 + 8],
    }  # fmt: skip
    return {"data": data, "layout": layout}


def dots(pen: Pen) -> Drawing:
    """Want and fear side by side, a dot for each region."""
    names, across = pen.names(), pen.figure.across
    data: list[Drawing] = []
    layout = pen.layout(len(names), showlegend=False, annotations=[])
    layout["yaxis"] = {**AXIS, "autorange": "reversed", "tickfont": {"size": 12}, "type": "category"}
    for number, freedom in enumerate(across):
        axis = "x" if number == 0 else f"x{number + 1}"
        values = [row[number] for row in pen.figure.values]
        colour = COLOURS.get(freedom.colour, INK)
        symbols = ["diamond" if name is names[-1] else "circle" for name in names]
        data.append(
            {
                "type": "scatter", "mode": "markers+text", "y": names, "xaxis": axis, "x": floats(values),
                "marker": {"color": colour, "size": 13, "symbol": symbols}, "text": [pen.share(v) for v in values],
                "textposition": "middle right", "cliponaxis": False, "hoverinfo": "y+text",
            }
        )  # fmt: skip
        start, end = number / len(across) + 0.02 * number, (number + 1) / len(across) - 0.03
        layout["xaxis" + axis[1:]] = {
            **AXIS, "domain": [start, end], "range": [-0.02, 1.12], "tickformat": ".0%", "dtick": 0.25,
        }  # fmt: skip
        layout["annotations"].append(pen.heading(freedom, (start + end) / 2))
    return {"data": data, "layout": layout}


def tiles(pen: Pen) -> Drawing:
    """A tile for each region and objective, want on the left, fear on the right."""
    across, names = pen.figure.across, pen.names()
    freedoms = list(dict.fromkeys(mark.colour for mark in across))
    data: list[Drawing] = []
    layout = pen.layout(len(names), annotations=[])
    layout["yaxis"] = {**AXIS, "autorange": "reversed", "tickfont": {"size": 12}, "showgrid": False, "ticks": ""}
    done = 0
    for number, freedom in enumerate(freedoms):
        columns = [i for i, mark in enumerate(across) if mark.colour == freedom]
        axis = "x" if number == 0 else f"x{number + 1}"
        values = [[row[i] for i in columns] for row in pen.figure.values]
        data.append(
            {
                "type": "heatmap", "xaxis": axis, "y": names, "zmin": 0, "zmax": 1, "showscale": False, "xgap": 3,
                "x": [broken(across[i].name.into(pen.language), 14) for i in columns], "ygap": 3,
                "z": [floats(row) for row in values], "text": [[pen.share(v) for v in row] for row in values],
                "texttemplate": "%{text}", "hoverongaps": False, "hoverinfo": "x+y+text",
                "colorscale": SCALES.get(freedom, [[0, "#FFFFFF"], [1, INK]]),
            }
        )  # fmt: skip
        start, end = done / len(across) + 0.02 * number, (done + len(columns)) / len(across)
        layout["xaxis" + axis[1:]] = {
            **AXIS, "domain": [start, end], "side": "bottom", "tickangle": 0, "ticks": "",
            "showgrid": False, "tickfont": {"size": 11},
        }  # fmt: skip
        layout["annotations"].append(
            pen.heading(Mark(FREEDOM_NAMES.get(freedom, across[columns[0]].name), freedom), (start + end) / 2)
        )
        done += len(columns)
    return {"data": data, "layout": layout}


def flow(pen: Pen) -> Drawing:
    """Money from left to right; only what flows is drawn."""
    figure = pen.figure
    room = [LONGEST_LABEL if level > 2 else 2 * LONGEST_LABEL for level in figure.levels]
    labels = [broken(m.name.into(pen.language), longest) for m, longest in zip(figure.marks, room, strict=True)]
    nodes = {
        "label": labels, "pad": 26, "thickness": 16, "line": {"width": 0},
        "color": [COLOURS.get(mark.colour, GREY) for mark in figure.marks], "align": "left",
        "hovertemplate": "%{label}<extra></extra>",
    }  # fmt: skip
    links = {
        "source": [a for a, _, _, _ in figure.links], "target": [b for _, b, _, _ in figure.links],
        "value": [float(amount) for _, _, amount, _ in figure.links],
        "color": [_pale(COLOURS.get(colour, RULE)) for _, _, _, colour in figure.links],
        "customdata": [pen.money(amount) for _, _, amount, _ in figure.links],
        "hovertemplate": "%{source.label} → %{target.label}<br>%{customdata}<extra></extra>",
    }  # fmt: skip
    tallest = max(figure.levels.count(level) for level in set(figure.levels)) if figure.levels else 1
    layout = pen.layout(0, height=max(460, 66 * tallest))
    data = {"type": "sankey", "node": nodes, "link": links, "textfont": {"size": 12}, "arrangement": "fixed"}
    return {"data": [data], "layout": layout | {"margin": {"l": 8, "r": 8, "t": 8, "b": 8}}}


def _pale(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.35)"
