"""Lines of charts as paths of SVG, in a box of given size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """A line through values at equal distances, and the area below it, in a box of
    `width` x `height`; `low` and `high` are the values at the lower and the upper edge."""

    path: str
    area: str
    low: int
    high: int


def line(values: Sequence[int], width: float, height: float, *, from_zero: bool = False) -> Line:
    """The line of values. Raises `ValueError` where there are none."""
    low, high = (min(0, *values) if from_zero else min(values)), max(values)
    span = (high - low) or 1
    step = width / max(len(values) - 1, 1)
    points = [
        (round(i * step, 2), round(height - (value - low) / span * height, 2))
        for i, value in enumerate(values)
    ]
    if len(points) == 1:
        points.append((width, points[0][1]))
    path = "M" + "L".join(f"{x:g},{y:g}" for x, y in points)
    area = f"{path}L{width:g},{height:g}L0,{height:g}Z"
    return Line(path, area, low, high)
