"""Figures as Plotly sees them: plain dictionaries, one for each language.

Every name is escaped, for Plotly reads its labels as HTML.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from optimizer.report import curves, fields, steps
from optimizer.report.document import Figure, Mark, number_text
from optimizer.report.letters import fitting
from optimizer.report.palette import COLOURS, GREY, INK, OUTLINE, PAPER, RULE
from optimizer.words import Words, say

Drawing = dict[str, Any]
FONT = {
    "family": "'Noto Sans JP','Yu Gothic','Hiragino Sans','Segoe UI',Arial,sans-serif",
    "size": 13,
    "color": "#222222",
}
ROW, LINE, GAP = 46, 16, 10
"""The least height of a row; the height of a line of its label, and what keeps it from the next label."""
LONGEST_LABEL = 26
SCALES = {
    "want": [[0, "#FFFFFF"], [1, COLOURS["want"]]],
    "fear": [[0, "#FFFFFF"], [1, COLOURS["fear"]]],
}
AXIS = {"gridcolor": "#E3E7EB", "zerolinecolor": RULE, "fixedrange": True, "automargin": True}


def drawing(figure: Figure, language: str) -> Drawing:
    """``figure`` as Plotly's data and layout."""
    draw: Mapping[str, Callable[[Pen], Drawing]] = {
        "bars": Pen.bars,
        "dots": Pen.dots,
        "tiles": Pen.tiles,
        "matrix": fields.plotted_matrix,
        "flow": Pen.flow,
        "spans": curves.spans,
        "curve": curves.curve,
        "waterfall": steps.waterfall,
        "dumbbells": steps.dumbbells,
    }
    return draw[figure.kind](Pen(figure, language))


class Pen:
    """One figure in one language."""

    def __init__(self, figure: Figure, language: str) -> None:
        self.figure, self.language = figure, language
        self.axis, self.legend = AXIS, LEGEND

    def say(self, words: Words) -> str:
        """Words as a label."""
        return html.escape(words.into(self.language), quote=False)

    def names(self) -> list[str]:
        """The marks' names, broken where they are long."""
        return [_broken(mark.name.into(self.language)) for mark in self.figure.marks]

    def money(self, value: Fraction) -> str:
        """An amount as people read it."""
        return number_text(value, "money", self.figure.decimals, self.language)

    def share(self, value: Fraction | None, decimals: int = 0) -> str:
        """A share as people read it; nothing where there is none."""
        return "" if value is None else number_text(value, "share", decimals, self.language)

    def bars(self) -> Drawing:
        """Baseline outlined, plan filled; beside them the change in per cent."""
        rows = self.figure.values
        baseline = [row[0] or Fraction(0) for row in rows]
        plan = [row[1] or Fraction(0) for row in rows]
        rates = [row[2] if row[0] else None for row in rows]
        colours = [COLOURS.get(mark.colour, INK) for mark in self.figure.marks]
        names = self.names()
        bars = [(float(b), float(p)) for b, p in zip(baseline, plan, strict=True)]
        longest = max([0.001, *map(max, bars)])
        shown = [
            f"{self.money(p)}<br>{self.say(say('({name} {amount})', name=say('baseline'), amount=self.money(b)))}"
            for p, b in zip(plan, baseline, strict=True)
        ]
        data = [
            {
                "type": "bar", "orientation": "h", "name": self.say(say("Baseline kept")), "y": names,
                "x": _floats(baseline), "width": 0.78, "hoverinfo": "skip",
                "marker": {"color": "rgba(0,0,0,0)", "line": {"color": OUTLINE, "width": 1.5}},
            },
            {
                "type": "bar", "orientation": "h", "name": self.say(say("Plan")), "y": names, "x": _floats(plan),
                "width": 0.46, "marker": {"color": colours}, "hovertext": shown, "hoverinfo": "y+text",
            },
            {
                "type": "scatter", "mode": "text", "y": names, "x": [max(pair) for pair in bars], "showlegend": False,
                "text": [f" {self.money(p)}" for p in plan], "textposition": "middle right", "hoverinfo": "skip",
                "cliponaxis": False,
            },
            {
                "type": "bar", "orientation": "h", "name": self.say(say("Change, %")), "y": names,
                "x": [None if rate is None else float(100 * rate) for rate in rates], "xaxis": "x2", "width": 0.46,
                "marker": {"color": colours}, "showlegend": False, "hoverinfo": "skip", "textposition": "outside",
                "text": ["" if r is None else number_text(r, "rate", 1, self.language) for r in rates],
                "cliponaxis": False,
            },
        ]  # fmt: skip
        known = [float(100 * rate) for rate in rates if rate is not None] or [0.0]
        layout = self.layout(len(names), barmode="overlay", legend=LEGEND)
        layout["yaxis"] = {**AXIS, "autorange": "reversed", "tickfont": {"size": 12}}
        layout["xaxis"] = {
            **AXIS, "domain": [0, 0.68], "title": self.title(self.figure.unit), "tickformat": ",d",
            "range": [0, 1.18 * longest],
        }  # fmt: skip
        layout["xaxis2"] = {
            **AXIS, "domain": [0.74, 1], "title": self.title(say("Change, %")),
            "range": [min(0, *known) * 1.5 - 8, max(0, *known) * 1.5 + 8],
        }  # fmt: skip
        return {"data": data, "layout": layout}

    def dots(self) -> Drawing:
        """Want and fear side by side, a dot for each region."""
        names, across = self.names(), self.figure.across
        data: list[Drawing] = []
        layout = self.layout(len(names), showlegend=False, annotations=[])
        layout["yaxis"] = {**AXIS, "autorange": "reversed", "tickfont": {"size": 12}, "type": "category"}
        for number, freedom in enumerate(across):
            axis = "x" if number == 0 else f"x{number + 1}"
            values = [row[number] for row in self.figure.values]
            colour = COLOURS.get(freedom.colour, INK)
            symbols = ["diamond" if name is names[-1] else "circle" for name in names]
            data.append(
                {
                    "type": "scatter", "mode": "markers+text", "y": names, "xaxis": axis, "x": _floats(values),
                    "marker": {"color": colour, "size": 13, "symbol": symbols}, "text": [self.share(v) for v in values],
                    "textposition": "middle right", "cliponaxis": False, "hoverinfo": "y+text",
                }
            )  # fmt: skip
            start, end = number / len(across) + 0.02 * number, (number + 1) / len(across) - 0.03
            layout["xaxis" + axis[1:]] = {
                **AXIS, "domain": [start, end], "range": [-0.02, 1.12], "tickformat": ".0%", "dtick": 0.25,
            }  # fmt: skip
            layout["annotations"].append(self._heading(freedom, (start + end) / 2))
        return {"data": data, "layout": layout}

    def tiles(self) -> Drawing:
        """A tile for each region and objective, want on the left, fear on the right."""
        across, names = self.figure.across, self.names()
        freedoms = list(dict.fromkeys(mark.colour for mark in across))
        data: list[Drawing] = []
        layout = self.layout(len(names), annotations=[])
        layout["yaxis"] = {**AXIS, "autorange": "reversed", "tickfont": {"size": 12}, "showgrid": False, "ticks": ""}
        done = 0
        for number, freedom in enumerate(freedoms):
            columns = [i for i, mark in enumerate(across) if mark.colour == freedom]
            axis = "x" if number == 0 else f"x{number + 1}"
            values = [[row[i] for i in columns] for row in self.figure.values]
            data.append(
                {
                    "type": "heatmap", "xaxis": axis, "y": names, "zmin": 0, "zmax": 1, "showscale": False, "xgap": 3,
                    "x": [_broken(across[i].name.into(self.language), 14) for i in columns], "ygap": 3,
                    "z": [_floats(row) for row in values], "text": [[self.share(v) for v in row] for row in values],
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
                self._heading(Mark(FREEDOMS.get(freedom, across[columns[0]].name), freedom), (start + end) / 2)
            )
            done += len(columns)
        return {"data": data, "layout": layout}

    def flow(self) -> Drawing:
        """Money from left to right; only what flows is drawn."""
        figure = self.figure
        room = [LONGEST_LABEL if level > 2 else 2 * LONGEST_LABEL for level in figure.levels]
        labels = [_broken(m.name.into(self.language), longest) for m, longest in zip(figure.marks, room, strict=True)]
        nodes = {
            "label": labels, "pad": 26, "thickness": 16, "line": {"width": 0},
            "color": [COLOURS.get(mark.colour, GREY) for mark in figure.marks], "align": "left",
            "hovertemplate": "%{label}<extra></extra>",
        }  # fmt: skip
        links = {
            "source": [a for a, _, _, _ in figure.links], "target": [b for _, b, _, _ in figure.links],
            "value": [float(amount) for _, _, amount, _ in figure.links],
            "color": [_pale(COLOURS.get(colour, RULE)) for _, _, _, colour in figure.links],
            "customdata": [self.money(amount) for _, _, amount, _ in figure.links],
            "hovertemplate": "%{source.label} → %{target.label}<br>%{customdata}<extra></extra>",
        }  # fmt: skip
        tallest = max(figure.levels.count(level) for level in set(figure.levels)) if figure.levels else 1
        layout = self.layout(0, height=max(460, 66 * tallest))
        data = {"type": "sankey", "node": nodes, "link": links, "textfont": {"size": 12}, "arrangement": "fixed"}
        return {"data": [data], "layout": layout | {"margin": {"l": 8, "r": 8, "t": 8, "b": 8}}}

    def title(self, words: Words) -> Drawing:
        """The title of an axis."""
        return {"text": self.say(words), "font": {"size": 12, "color": GREY}}

    def _heading(self, mark: Mark, x: float) -> Drawing:
        return {
            "text": f"<b>{self.say(mark.name)}</b>", "x": x, "y": 1, "xref": "paper", "yref": "paper",
            "yanchor": "bottom", "yshift": 6, "showarrow": False, "font": {"color": COLOURS.get(mark.colour, INK)},
        }  # fmt: skip

    def layout(self, rows: int, **more: Any) -> Drawing:
        """Plotly's layout for so many rows, each with room for the longest label."""
        lines = 1 + max((name.count("<br>") for name in self.names()), default=0)
        return {
            "font": FONT, "height": 110 + max(ROW, LINE * lines + GAP) * rows,
            "paper_bgcolor": "#FFFFFF", "plot_bgcolor": "#FFFFFF",
            "margin": {"l": 10, "r": 20, "t": 40, "b": 60}, "bargap": 0.2, "hoverlabel": {"bgcolor": PAPER}, **more,
        }  # fmt: skip


FREEDOMS = {"want": say("Freedom from want"), "fear": say("Freedom from fear")}
LEGEND = {"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom"}


def _floats(values: Any) -> list[float | None]:
    return [None if value is None else float(value) for value in values]


def _pale(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.35)"


def _broken(name: str, longest: int = LONGEST_LABEL) -> str:
    """A name escaped, in lines where it is long."""
    return "<br>".join(html.escape(line, quote=False) for line in fitting(name, longest))
