"""Small charts as shapes: where their lines and dots lie. The templates draw them as SVG.

Lengths are in units of each chart's own box, from its upper left corner.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

WIDTH: Final = 120.0
"""The width of what stands in a cell of a table."""
HEIGHT: Final = 24.0
"""The height of a line in a cell."""
MARGIN: Final = 4.0
"""What is left free on both sides, so that no dot is cut."""


@dataclass(frozen=True, slots=True)
class Whisker:
    """A share with its interval on a scale from 0: the ends, the dot, and a mark to compare it with
    (None: there is none)."""

    low: float
    high: float
    dot: float
    mark: float | None


def whisker(one: Any, top: float, rest: Any = None) -> Whisker | None:
    """A share (a document with `share` and `range`) on a scale up to `top`, beside another; None
    where it cannot be told."""
    if one is None or one["share"] is None or one["range"] is None:
        return None
    mark = None if rest is None or rest["share"] is None else _across(rest["share"], top)
    low, high = one["range"]
    return Whisker(_across(low, top), _across(high, top), _across(one["share"], top), mark)


def scale(shares: Sequence[Any]) -> float:
    """The end of a scale that holds shares with their intervals: a round share, 1 at most."""
    highest = max((one["range"][1] for one in shares if one and one["range"]), default=1.0)
    step = 0.05 if highest <= 0.25 else 0.1
    return min(1.0, max(step, math.ceil(round(highest / step, 6)) * step))


def _across(share: float, top: float) -> float:
    return MARGIN + (WIDTH - 2 * MARGIN) * min(1.0, max(0.0, share / top))


@dataclass(frozen=True, slots=True)
class Line:
    """A line through values, the points as SVG writes them; the last one has a dot at `x`, `y`."""

    points: str
    x: float
    y: float


def line(values: Sequence[float]) -> Line | None:
    """A line through values from 0 up to the largest; None through fewer than two."""
    if len(values) < 2:
        return None
    top = max(*values, 1)
    step = (WIDTH - 2 * MARGIN) / (len(values) - 1)
    places = [
        (MARGIN + step * place, HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * value / top)
        for place, value in enumerate(values)
    ]
    return Line(" ".join(f"{x:.1f},{y:.1f}" for x, y in places), *places[-1])


# ------------------------------------------------------------------------------------------ flow

FLOW_WIDTH: Final = 640.0
FLOW_HEIGHT: Final = 300.0
_NODE: Final = 10.0
_GAP: Final = 10.0
_LEFT: Final = 150.0
"""Where the nodes of the start lie; their names stand before them."""
_RIGHT: Final = FLOW_WIDTH - 150.0


@dataclass(frozen=True, slots=True)
class Node:
    """Where people were (or are): a bar at `x`, `y`, and its place in the row of names."""

    name: str
    people: int
    place: int
    x: float
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Stream:
    """People who went from one node to another: its shape as SVG writes paths."""

    path: str
    place: int
    words: str


@dataclass(frozen=True, slots=True)
class Flow:
    """Two columns of nodes and the streams between them."""

    before: tuple[Node, ...]
    after: tuple[Node, ...]
    streams: tuple[Stream, ...]


def flow(links: Sequence[tuple[int, int, int]], names: Sequence[str], ends: Sequence[str]) -> Flow:
    """Draw how many people (third) went from a place (first) to a place (second); `names` are those
    of the places at the start, `ends` those at the end."""
    unit = _unit(links)
    before = _column(links, 0, names, _LEFT, unit)
    after = _column(links, 1, ends, _RIGHT, unit)
    return Flow(before, after, tuple(_streams(links, before, after, unit)))


def _unit(links: Sequence[tuple[int, int, int]]) -> float:
    """The height of one person, so that the fuller column just fits."""
    people = sum(one[2] for one in links) or 1
    nodes = max((len({one[side] for one in links}) for side in (0, 1)), default=1)
    return (FLOW_HEIGHT - _GAP * (nodes - 1)) / people


def _column(
    links: Sequence[tuple[int, int, int]], side: int, names: Sequence[str], x: float, unit: float
) -> tuple[Node, ...]:
    nodes, y = [], 0.0
    for place, name in enumerate(names):
        people = sum(one[2] for one in links if one[side] == place)
        if people:
            nodes.append(Node(name, people, place, x, y, people * unit))
            y += people * unit + _GAP
    return tuple(nodes)


def _streams(
    links: Sequence[tuple[int, int, int]],
    before: Sequence[Node],
    after: Sequence[Node],
    unit: float,
) -> list[Stream]:
    """The streams, those of a node below each other in the order of where they lead."""
    tops = [{one.place: one.y for one in column} for column in (before, after)]
    names = [{one.place: one.name for one in column} for column in (before, after)]
    streams = []
    for source, target, people in sorted(links):
        height = people * unit
        path = _ribbon(tops[0][source], tops[1][target], height)
        words = f"{people:,} from {names[0][source]} to {names[1][target]}"
        streams.append(Stream(path, source, words))
        tops[0][source] += height
        tops[1][target] += height
    return streams


def _ribbon(top: float, end: float, height: float) -> str:
    left, right = _LEFT + _NODE, _RIGHT
    middle = (left + right) / 2
    return (
        f"M{left:.1f},{top:.1f} C{middle:.1f},{top:.1f} {middle:.1f},{end:.1f} "
        f"{right:.1f},{end:.1f} V{end + height:.1f} C{middle:.1f},{end + height:.1f} "
        f"{middle:.1f},{top + height:.1f} {left:.1f},{top + height:.1f} Z"
    )
