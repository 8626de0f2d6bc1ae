"""The flow of money as a still picture: bands from column to column, as wide as the money that flows."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from optimizer.report.document import Figure
from optimizer.report.figures.palette import COLOURS, GREY, RULE
from optimizer.report.figures.shapes import LINE, WIDTH, fitted, path, plate, rectangle, text

TALL, NODE, GAP, SMALL = 400, 14, 8, 12
"""Height of all money, width of a node, least room between nodes, size of letters."""
LAST = 190
"""Room for the labels to the right of the last column."""
PALE = 0.35
MOST_LINES = 3
"""Of a node's label."""


@dataclass(frozen=True)
class Node:
    """Where a node stands, and its label's lines; ``slot`` is the height that node and label take."""

    x: float
    y: float
    height: float
    slot: float
    label: tuple[str, ...]


def flow(figure: Figure, language: str) -> tuple[float, list[str]]:
    """The height of the picture, and its shapes."""
    sizes = _sizes(figure)
    whole = sum(size for size, level in zip(sizes, figure.levels, strict=True) if level == 0)
    scale = TALL / (whole or 1)
    nodes, height = _placed(figure, [size * scale for size in sizes], language)
    shapes = _bands(figure, nodes, scale)
    for mark, node in zip(figure.marks, nodes, strict=True):
        shapes.append(rectangle(node.x, node.y, NODE, max(node.height, 1), COLOURS.get(mark.colour, GREY)))
    for node in nodes:
        x, y = node.x + NODE + 5, node.y + node.height / 2
        shapes += [plate(x, y, node.label, SMALL), text(x, y, node.label, size=SMALL)]
    return height, shapes


def _sizes(figure: Figure) -> list[float]:
    """The money that each node passes on; at the end, that it receives."""
    given, received = [0.0] * len(figure.marks), [0.0] * len(figure.marks)
    for start, end, amount, _ in figure.links:
        given[start] += float(amount)
        received[end] += float(amount)
    return [max(pair) for pair in zip(given, received, strict=True)]


def _placed(figure: Figure, heights: list[float], language: str) -> tuple[list[Node], float]:
    """The nodes, each column centred, and the height of the picture."""
    last = max(figure.levels, default=0)
    step = (WIDTH - LAST - NODE) / max(last, 1)
    labels = [
        fitted((LAST if level == last else step - NODE) - 10, mark.name.into(language), SMALL, MOST_LINES)
        for mark, level in zip(figure.marks, figure.levels, strict=True)
    ]
    slots = [max(height, LINE * len(label)) + GAP for height, label in zip(heights, labels, strict=True)]
    columns: dict[int, float] = defaultdict(float)
    for slot, level in zip(slots, figure.levels, strict=True):
        columns[level] += slot
    whole = max(columns.values(), default=0)
    top = {level: (whole - column) / 2 for level, column in columns.items()}
    nodes = []
    for height, slot, label, level in zip(heights, slots, labels, figure.levels, strict=True):
        nodes.append(Node(step * level, top[level] + (slot - height) / 2, height, slot, label))
        top[level] += slot
    return nodes, whole


def _bands(figure: Figure, nodes: list[Node], scale: float) -> list[str]:
    """A band for each link, in the order of the nodes at both ends."""
    leaving, entering = [node.y for node in nodes], [node.y for node in nodes]
    starts, ends = {}, {}
    for number in sorted(range(len(figure.links)), key=lambda n: figure.links[n][:2]):
        start, _, amount, _ = figure.links[number]
        starts[number] = leaving[start]
        leaving[start] += float(amount) * scale
    for number in sorted(range(len(figure.links)), key=lambda n: (figure.links[n][1], figure.links[n][0])):
        _, end, amount, _ = figure.links[number]
        ends[number] = entering[end]
        entering[end] += float(amount) * scale
    return [
        _band(nodes[a].x + NODE, starts[n], nodes[b].x, ends[n], float(amount) * scale, COLOURS.get(colour, RULE))
        for n, (a, b, amount, colour) in enumerate(figure.links)
    ]


def _band(left: float, start: float, right: float, end: float, thick: float, colour: str) -> str:
    half = (left + right) / 2
    over = f"M{left:.1f} {start:.1f}C{half:.1f} {start:.1f} {half:.1f} {end:.1f} {right:.1f} {end:.1f}"
    back = f"C{half:.1f} {end + thick:.1f} {half:.1f} {start + thick:.1f} {left:.1f} {start + thick:.1f}z"
    return path(f"{over}v{thick:.2f}{back}", fill=colour, opacity=PALE)
