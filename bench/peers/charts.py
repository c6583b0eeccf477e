"""How times grow, as pictures: a line for each peer, both axes logarithmic."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from bench.peers.asking import CHANGE, HISTORY, REFRESH
from bench.peers.plan import NAMES
from bench.peers.record import Cell, Record

COLOURS: Final = {
    "segue": "#5e35b1",
    "chdb": "#b26a00",
    "duckdb": "#00796b",
    "pandas": "#c2185b",
    "polars": "#1565c0",
    "spark": "#5d6572",
}
_WIDTH, _HEIGHT = 760, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 78, 500, 52, 366
_APART: Final = 17
"""Between two names at the right edge."""

Place = tuple[float, float]


@dataclass(frozen=True)
class Line:
    """What one peer took: (size, value) pairs that agree with Segue's answers."""

    peer: str
    points: tuple[Place, ...]


@dataclass(frozen=True)
class Chart:
    """A picture: its title, what its axes show, and its lines."""

    title: str
    across: str
    lines: tuple[Line, ...]
    tick: Callable[[float], str]


def charts(record: Record) -> dict[str, str]:
    """Every picture by the name of its file; none where there is nothing to draw."""
    sizes = record.sizes
    segments = [(many, (REFRESH, sizes.most, many)) for many in sizes.segments]
    events = {
        ask: [(size, (ask, size, sizes.base)) for size in sizes.events]
        for ask in (REFRESH, HISTORY, CHANGE)
    }
    made = {
        "segments": Chart(
            f"A refresh over {sizes.most:,} events", "segments", _lines(record, segments), _time
        ),
        "events": Chart(
            f"A refresh of {sizes.base} segments", "events", _lines(record, events[REFRESH]), _time
        ),
        "history": Chart(
            f"Every span of {sizes.base} segments", "events", _lines(record, events[HISTORY]), _time
        ),
        "change": Chart(
            "1,000 people do something: who is in now?",
            "events",
            _lines(record, events[CHANGE]),
            _time,
        ),
        "memory": Chart(
            f"Peak of memory, {sizes.base} segments",
            "events",
            _lines(record, events[REFRESH], _mib),
            _size,
        ),
    }
    return {f"growth-{name}.svg": draw(chart) for name, chart in made.items() if chart.lines}


def _warm(cell: Cell) -> float | None:
    return cell.warm


def _mib(cell: Cell) -> float | None:
    return cell.found["mib"] if cell.agrees else None


def _lines(
    record: Record,
    columns: Sequence[tuple[int, tuple[str, int, int]]],
    value: Callable[[Cell], float | None] = _warm,
) -> tuple[Line, ...]:
    found = []
    for peer in NAMES:
        cells = [(size, record.of(peer, *column)) for size, column in columns]
        points = [(float(size), value(cell)) for size, cell in cells if cell]
        line = Line(peer, tuple((size, seen) for size, seen in points if seen))
        if line.points:
            found.append(line)
    return tuple(found)


def draw(chart: Chart) -> str:
    """The picture, on a light ground of its own, so that it is read in the dark as well."""
    x, y = _scales(chart)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'width="{_WIDTH}" font-family="system-ui, sans-serif" font-size="12" fill="#1f2430">'
    )
    parts = [
        head,
        f"<title>{chart.title}, by {chart.across}</title>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" rx="8" fill="#fff"/>',
        f'<text x="20" y="30" font-size="16" font-weight="600">{chart.title}</text>',
        *_grid(chart, x, y),
        *(_path(line, x, y) for line in chart.lines),
        *_names(chart, x, y),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


Scale = Callable[[float], float]


def _scales(chart: Chart) -> tuple[Scale, Scale]:
    low, high = _range([size for line in chart.lines for size, _ in line.points])
    values = _values(chart)
    bottom = 10 ** math.floor(math.log10(min(values)))
    top = 10 ** math.ceil(math.log10(max(values) * 1.0001))
    return _scale(low, high, _LEFT + 14, _RIGHT - 14), _scale(bottom, top, _BOTTOM, _TOP)


def _range(sizes: Sequence[float]) -> Place:
    return min(sizes), max(sizes)


def _scale(low: float, high: float, first: float, last: float) -> Scale:
    width = math.log(high / low) or 1.0
    return lambda value: round(first + (last - first) * math.log(value / low) / width, 1)


def _grid(chart: Chart, x: Scale, y: Scale) -> list[str]:
    found = [_across(chart.tick(v), y(v)) for v in _decades(_values(chart))]
    found += [_mark(size, x) for size in sorted({s for one in chart.lines for s, _ in one.points})]
    middle = (_LEFT + _RIGHT) / 2
    found.append(
        f'<text x="{middle}" y="{_BOTTOM + 42}" text-anchor="middle" fill="#5b6270">'
        f"{chart.across}; both axes are logarithmic</text>"
    )
    return found


def _across(text: str, height: float) -> str:
    return (
        f'<line x1="{_LEFT}" y1="{height}" x2="{_RIGHT}" y2="{height}" stroke="#dfe3ea"/>'
        f'<text x="{_LEFT - 8}" y="{height + 4}" text-anchor="end" fill="#5b6270">{text}</text>'
    )


def _mark(size: float, x: Scale) -> str:
    return (
        f'<line x1="{x(size)}" y1="{_BOTTOM}" x2="{x(size)}" y2="{_BOTTOM + 5}" '
        f'stroke="#5b6270"/><text x="{x(size)}" y="{_BOTTOM + 20}" text-anchor="middle" '
        f'fill="#5b6270">{_count(size)}</text>'
    )


def _values(chart: Chart) -> list[float]:
    return [value for line in chart.lines for _, value in line.points]


def _decades(values: Sequence[float]) -> list[float]:
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values) * 1.0001))
    return [10.0**power for power in range(low, high + 1)]


def _path(line: Line, x: Scale, y: Scale) -> str:
    colour, own = _colour(line.peer), line.peer == "segue"
    points = " ".join(f"{x(size)},{y(value)}" for size, value in line.points)
    dashes = ' stroke-dasharray="5 4"' if line.peer.endswith(" fused") else ""
    dots = "".join(f'<circle cx="{x(s)}" cy="{y(v)}" r="3"/>' for s, v in line.points)
    return (
        f'<g fill="{colour}"><polyline points="{points}" fill="none" stroke="{colour}" '
        f'stroke-width="{3 if own else 1.6}"{dashes}/>{dots}</g>'
    )


def _names(chart: Chart, x: Scale, y: Scale) -> list[str]:
    """Names at the right, moved apart, each with a thin line to where its own line ends."""
    ends = sorted((y(line.points[-1][1]), x(line.points[-1][0]), line.peer) for line in chart.lines)
    places = _apart([height for height, _, _ in ends])
    found = []
    for (height, end, peer), place in zip(ends, places, strict=True):
        weight = ' font-weight="700"' if peer == "segue" else ""
        found.append(
            f'<path d="M{end + 5} {height} L{_RIGHT + 22} {place}" stroke="{_colour(peer)}" '
            f'stroke-width="0.7" fill="none"/><text x="{_RIGHT + 26}" y="{place + 4}" '
            f'fill="{_colour(peer)}"{weight}>{NAMES[peer]}</text>'
        )
    return found


def _apart(heights: Sequence[float]) -> list[float]:
    """The same order, no two nearer than a line of text, all inside."""
    places: list[float] = []
    for height in heights:
        places.append(max(height, places[-1] + _APART if places else height))
    over = max(0.0, places[-1] - _BOTTOM)
    places[-1] -= over
    for i in range(len(places) - 2, -1, -1):
        places[i] = min(places[i], places[i + 1] - _APART)
    return [round(place, 1) for place in places]


def _colour(peer: str) -> str:
    return COLOURS[peer.split(maxsplit=1)[0]]


def _count(size: float) -> str:
    return f"{size / 1e6:g} M" if size >= 1e6 else f"{size:,.0f}"


def _time(value: float) -> str:
    return f"{value:g} s" if value >= 1 else f"{value * 1000:g} ms"


def _size(value: float) -> str:
    return f"{value:,.0f} MiB"
