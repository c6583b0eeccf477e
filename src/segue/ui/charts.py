"""Charts as geometry: where the lines, bars and words of a chart stand, ready for SVG.

Across, places are per cent of the width, whatever it is; down, they are pixels. So a chart fills
whatever is there for it, from a phone to a wall, and its words keep their size. Every chart has the
table that says the same. `templates/charts.html` draws them.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from segue.domain.instant import DAY, HOUR, SECOND, start_of_day
from segue.services import words

WIDE: Final = 1000.0
"""The width of the box in which paths are given; it is stretched to the width of the chart."""
COLOURS: Final = 6
"""How many series can be told apart by colour; more of them begin anew."""
_TOP: Final = 22.0
_TALL: Final = 168.0
_BELOW: Final = 22.0
_ROW: Final = 40.0
_AXIS: Final = 5.0
"""The per cents at the left of columns that are left to the words of their axis."""
_TICKS_DOWN: Final = 4
_TICKS_ACROSS: Final = 6
_LONGEST_NAME: Final = 38
_DAY_STEPS: Final = (1, 2, 7, 14, 28)
_HOUR_STEPS: Final = (1, 3, 6, 12, 24, 48, 168)

Values: TypeAlias = Sequence[float | None]
"""Values at consecutive places; None: not known there."""


@dataclass(frozen=True, slots=True)
class Unit:
    """How values are said: `told` in full, `tick` shortly, beside an axis."""

    told: Callable[[float], str]
    tick: Callable[[float], str]


def _plain(value: float, unit: str = "") -> str:
    text = f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:,.3g}"
    return f"{text} {unit}".rstrip().replace("-", "−")


def _short(value: float) -> str:
    for size, letter in ((1e9, "B"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            return f"{value / (1e3 if letter == 'k' else size):g}{letter}".replace("-", "−")
    return f"{value:g}".replace("-", "−")


def _signed(value: float) -> str:
    return f"{'−' if value < 0 else '+'}{words.per_cent(abs(value))}"


COUNT: Final = Unit(_plain, _short)
"""Counts, or any plain numbers."""
SHARE: Final = Unit(words.per_cent, lambda value: f"{100 * value:g} %")
"""Shares of one, as per cents."""
DIFFERENCE: Final = Unit(_signed, lambda value: f"{100 * value:+g} %".replace("-", "−"))
"""Differences of shares, or relative changes, with their sign."""


def unit(name: str) -> Unit:
    """Numbers with a unit after them: `unit("days")`."""
    return Unit(partial(_plain, unit=name), _short)


@dataclass(frozen=True, slots=True)
class Series:
    """Values of one name. `lows` and `highs`, where given, are the ends of the interval of each."""

    name: str
    values: Values
    lows: Values = ()
    highs: Values = ()


@dataclass(frozen=True, slots=True)
class Bar:
    """A named value among others, with the ends of its interval where it has one. None: it cannot
    be told yet; `note` then says why, else whatever is to be said beside it."""

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Path:
    """A path in the box of the chart, `WIDE` across."""

    d: str
    mark: str


@dataclass(frozen=True, slots=True)
class Rect:
    """A filled rectangle, and what it says to whoever points at it."""

    x: float
    y: float
    width: float
    height: float
    mark: str
    says: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A straight line."""

    x1: float
    y1: float
    x2: float
    y2: float
    mark: str


@dataclass(frozen=True, slots=True)
class Dot:
    """A dot."""

    x: float
    y: float
    mark: str


@dataclass(frozen=True, slots=True)
class Text:
    """Words at a place; `anchor` says which end of them is there (start, middle, end)."""

    x: float
    y: float
    text: str
    mark: str = "label"
    anchor: str = "start"


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart `height` pixels high. Paths are in a box `tall` pixels high that begins at `top`.
    `legend` has mark and name of each series, where there are several; `head` and `rows` are the
    table behind, `told` says the chart in a sentence. `steps`: so many places stand at equal
    distances, one for each row of the table, whose first row is the last place (0: not so)."""

    height: float
    told: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    paths: tuple[Path, ...] = ()
    rects: tuple[Rect, ...] = ()
    rules: tuple[Rule, ...] = ()
    dots: tuple[Dot, ...] = ()
    texts: tuple[Text, ...] = ()
    legend: tuple[tuple[str, str], ...] = ()
    top: float = _TOP
    tall: float = _TALL
    steps: int = 0


# --------------------------------------------------------------------------- in time


def over_days(
    days: Sequence[dt.date],
    series: Sequence[Series],
    *,
    unit: Unit = COUNT,
    from_zero: bool = True,
) -> Chart:
    """Lines over consecutive days, with bands where series have intervals. Raises `ValueError`
    where there are no days."""
    places = [_share(i, len(days) - 1) * 100 for i in range(len(days))]
    chart = _lines(places, [day.isoformat() for day in days], series, unit, from_zero=from_zero)
    return _with_times(chart, _day_ticks(days, places), steps=len(days))


def over_time(
    instants: Sequence[int],
    series: Sequence[Series],
    *,
    zone: str,
    unit: Unit = COUNT,
    from_zero: bool = True,
) -> Chart:
    """Lines over instants (ms, ascending), on an axis in the hours and days of the zone. Raises
    `ValueError` where there are no instants."""
    first, span = instants[0], instants[-1] - instants[0]
    places = [_share(one - first, span) * 100 for one in instants]
    told = [words.moment(one, zone) for one in instants]
    chart = _lines(places, told, series, unit, from_zero=from_zero)
    return _with_times(chart, _clock_ticks(first, first + span, zone), steps=0)


def columns(days: Sequence[dt.date], series: Sequence[Series], *, unit: Unit = COUNT) -> Chart:
    """A column for each day, series upon each other; what is negative hangs below the axis. Raises
    `ValueError` where there are no days."""
    ups = [sum(max(one.values[i] or 0, 0) for one in series) for i in range(len(days))]
    downs = [sum(min(one.values[i] or 0, 0) for one in series) for i in range(len(days))]
    scale = _Scale.over(min(0.0, *downs), max(0.0, *ups))
    width = (100 - _AXIS) / len(days)
    rects = [
        rect
        for i in range(len(days))
        for rect in _stacked(series, days[i], i, width, (scale, unit))
    ]
    places = [_AXIS + (i + 0.5) * width for i in range(len(days))]
    chart = _frame(scale, unit, [day.isoformat() for day in days], series)
    chart = replace(chart, rects=tuple(rects))
    return _with_times(chart, _day_ticks(days, places), steps=len(days))


def _lines(
    places: Sequence[float],
    names: Sequence[str],
    series: Sequence[Series],
    unit: Unit,
    *,
    from_zero: bool,
) -> Chart:
    known = [
        value
        for one in series
        for value in (*one.values, *one.lows, *one.highs)
        if value is not None
    ]
    low, high = min(known, default=0.0), max(known, default=1.0)
    scale = _Scale.over(min(0.0, low) if from_zero else low, high)
    paths: list[Path] = []
    dots: list[Dot] = []
    for i, one in enumerate(series):
        mark = _mark(i)
        if one.lows:
            paths.append(Path(_band(places, one.lows, one.highs, scale), f"band {mark}"))
        elif len(series) == 1 and scale.low == 0:
            zeros = [None if value is None else 0.0 for value in one.values]
            paths.append(Path(_band(places, zeros, one.values, scale), f"area {mark}"))
        paths.append(Path(_through(places, one.values, scale), f"line {mark}"))
        dots += _alone(places, one.values, scale, mark)
    chart = _frame(scale, unit, names, series)
    return replace(chart, paths=tuple(paths), dots=tuple(dots))


def _frame(scale: _Scale, unit: Unit, names: Sequence[str], series: Sequence[Series]) -> Chart:
    """A chart with its scale and its table, in which nothing is drawn yet."""
    rules = tuple(Rule(0, scale.y(one), 100, scale.y(one), "grid") for one in scale.ticks)
    texts = tuple(Text(0, scale.y(one) - 4, unit.tick(one)) for one in scale.ticks)
    head = ["When"]
    for one in series:
        head += [one.name, "from", "to"] if one.lows else [one.name]
    rows = [
        (names[i], *(text for one in series for text in _cells(one, i, unit)))
        for i in range(len(names))
    ]
    legend = tuple((_mark(i), one.name) for i, one in enumerate(series)) if series[1:] else ()
    told = f"{names[0]} to {names[-1]}. " + " ".join(_told(one, unit) for one in series)
    height = _TOP + _TALL + _BELOW
    return Chart(
        height, told, tuple(head), tuple(rows[::-1]), rules=rules, texts=texts, legend=legend
    )


def _with_times(chart: Chart, ticks: Sequence[tuple[float, str]], *, steps: int) -> Chart:
    bottom = chart.top + chart.tall
    rules = [Rule(at, bottom, at, bottom + 4, "grid") for at, _ in ticks]
    texts = [Text(at, chart.height - 4, text, "label", _anchor(at)) for at, text in ticks]
    return replace(chart, rules=(*chart.rules, *rules), texts=(*chart.texts, *texts), steps=steps)


def _anchor(at: float) -> str:
    return "start" if at < 5 else "end" if at > 95 else "middle"


def _cells(series: Series, i: int, unit: Unit) -> list[str]:
    ends = (series.lows[i], series.highs[i]) if series.lows else ()
    return ["–" if one is None else unit.told(one) for one in (series.values[i], *ends)]


def _told(series: Series, unit: Unit) -> str:
    known = [value for value in series.values if value is not None]
    if not known:
        return f"{series.name}: not known."
    return (
        f"{series.name}: {unit.told(min(known))} to {unit.told(max(known))}, "
        f"last {unit.told(known[-1])}."
    )


def _through(places: Sequence[float], values: Values, scale: _Scale) -> str:
    """The path through values, broken where one is not known."""
    text, is_down = [], False
    for place, value in zip(places, values, strict=True):
        if value is not None:
            text.append(f"{'L' if is_down else 'M'}{_in_box(place, value, scale)}")
        is_down = value is not None
    return "".join(text)


def _band(places: Sequence[float], lows: Values, highs: Values, scale: _Scale) -> str:
    """The area between two lines, in as many pieces as there are gaps."""
    pieces: list[list[int]] = [[]]
    for i in range(len(places)):
        if lows[i] is None or highs[i] is None:
            pieces.append([])
        else:
            pieces[-1].append(i)
    text = []
    for piece in filter(None, pieces):
        there = [_in_box(places[i], highs[i] or 0.0, scale) for i in piece]
        back = [_in_box(places[i], lows[i] or 0.0, scale) for i in reversed(piece)]
        text.append(f"M{'L'.join(there + back)}Z")
    return "".join(text)


def _in_box(place: float, value: float, scale: _Scale) -> str:
    return f"{place * WIDE / 100:.5g},{scale.y(value) - _TOP:.5g}"


def _alone(places: Sequence[float], values: Values, scale: _Scale, mark: str) -> list[Dot]:
    """Dots for values that have no neighbour: no line would show them."""
    around = [None, *values, None]
    return [
        Dot(round(places[i], 2), scale.y(value), mark)
        for i, value in enumerate(values)
        if value is not None and around[i] is None and around[i + 2] is None
    ]


def _stacked(
    series: Sequence[Series], day: dt.date, i: int, width: float, said: tuple[_Scale, Unit]
) -> list[Rect]:
    scale, unit = said
    gap = min(0.12 * width, 0.4)
    rects, ups, downs = [], 0.0, 0.0
    for place, one in enumerate(series):
        value = one.values[i]
        if not value:
            continue
        base = ups if value > 0 else downs
        top, bottom = sorted((scale.y(base), scale.y(base + value)))
        says = f"{day.isoformat()}: {one.name} {unit.told(value)}"
        x = round(_AXIS + i * width + gap, 3)
        rects.append(
            Rect(x, top, round(width - 2 * gap, 3), round(bottom - top, 2), _mark(place), says)
        )
        ups, downs = ups + max(value, 0), downs + min(value, 0)
    return rects


# ------------------------------------------------------------------------ one below another


def bars(rows: Sequence[Bar], *, unit: Unit = COUNT, names: str = "", value: str = "") -> Chart:
    """A bar for each row, as long as its value, with a whisker for its interval. `names` and
    `value` head the table's columns."""
    ends = [one for row in rows for one in (row.value, row.high) if one is not None]
    across = _across(min(0.0, *ends, 0.0), max(0.0, *ends, 0.0))
    rects, rules = [], []
    for i, row in enumerate(rows):
        y = i * _ROW + 22
        if row.value is not None:
            left, right = sorted((across(0), across(row.value)))
            rects.append(Rect(0, y, 100, 10, "track"))
            rects.append(Rect(left, y, round(right - left, 2), 10, "s1"))
        rules += _whisker(row, across, y + 5)
    return replace(_listed(rows, unit, names, value), rects=tuple(rects), rules=tuple(rules))


def estimates(
    rows: Sequence[Bar],
    *,
    unit: Unit = DIFFERENCE,
    nothing: float | None = 0.0,
    names: str = "",
    value: str = "",
) -> Chart:
    """A dot for each row with a whisker for its interval, on one scale that holds `nothing`: the
    value that would mean no effect, drawn as a line (None: there is none)."""
    ends = [one for row in rows for one in (row.value, row.low, row.high) if one is not None]
    ends += [] if nothing is None else [nothing]
    across = _across(min(ends, default=0.0), max(ends, default=1.0), margin=2.0)
    rules, dots = [], []
    if nothing is not None:
        rules.append(Rule(across(nothing), 16, across(nothing), len(rows) * _ROW, "zero"))
    for i, row in enumerate(rows):
        y = i * _ROW + 27
        mark = _direction(row, nothing)
        rules += [replace(rule, mark=f"{rule.mark} {mark}") for rule in _whisker(row, across, y)]
        dots += [Dot(across(row.value), y, mark)] if row.value is not None else []
    chart = _listed(rows, unit, names, value)
    return replace(chart, rules=tuple(rules), dots=tuple(dots))


def _direction(row: Bar, nothing: float | None) -> str:
    """`better` or `worse` where the whole interval lies on one side of nothing, else `open`."""
    if nothing is None or row.low is None or row.high is None:
        return "s1"
    return "better" if row.low > nothing else "worse" if row.high < nothing else "open"


def _whisker(row: Bar, across: Callable[[float], float], y: float) -> list[Rule]:
    if row.low is None or row.high is None:
        return []
    low, high = across(row.low), across(row.high)
    ends = [Rule(x, y - 5, x, y + 5, "whisker") for x in (low, high)]
    return [Rule(low, y, high, y, "whisker"), *ends]


def _listed(rows: Sequence[Bar], unit: Unit, names: str, value: str) -> Chart:
    """Names and values of rows, above where they are drawn, and the table of them."""
    texts = []
    for i, row in enumerate(rows):
        said = row.note if row.value is None else unit.told(row.value)
        name = row.name if len(row.name) <= _LONGEST_NAME else f"{row.name[:_LONGEST_NAME]}…"
        texts += [Text(0, i * _ROW + 15, name, "name")]
        texts += [Text(100, i * _ROW + 15, said, "value", "end")]
    has_ends = any(row.low is not None for row in rows)
    has_notes = any(row.note for row in rows)
    head = (names, value, *(("from", "to") if has_ends else ()), *(("",) if has_notes else ()))
    table = []
    for row in rows:
        numbers = (row.value, row.low, row.high) if has_ends else (row.value,)
        cells = ["–" if one is None else unit.told(one) for one in numbers]
        table.append((row.name, *cells, *((row.note,) if has_notes else ())))
    told = "; ".join(f"{one[0]}: {one[1]}" for one in table[:12])
    return Chart(len(rows) * _ROW + 4, told, head, tuple(table), texts=tuple(texts), tall=1.0)


def _across(low: float, high: float, margin: float = 0.0) -> Callable[[float], float]:
    span = (high - low) or 1.0

    def place(value: float) -> float:
        return round(margin + (value - low) / span * (100 - 2 * margin), 2)

    return place


# ---------------------------------------------------------------------------------- scales


@dataclass(frozen=True, slots=True)
class _Scale:
    """From `low` at the bottom to `high` at the top, with its ticks."""

    low: float
    high: float
    ticks: tuple[float, ...]

    @classmethod
    def over(cls, low: float, high: float) -> _Scale:
        """A scale that holds these values, with round ends."""
        span = (high - low) or abs(high) or 1.0
        step = _round_step(span / _TICKS_DOWN)
        first, last = math.floor(low / step), math.ceil(high / step)
        last = max(last, first + 1)
        ticks = tuple(round(i * step, 12) for i in range(first, last + 1))
        return cls(ticks[0], ticks[-1], ticks)

    def y(self, value: float) -> float:
        """Where a value stands, in pixels from above."""
        return round(_TOP + _TALL * (self.high - value) / (self.high - self.low), 2)


def _round_step(at_least: float) -> float:
    power = 10.0 ** math.floor(math.log10(at_least))
    return float(next(size * power for size in (1, 2, 2.5, 5, 10) if size * power >= at_least))


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.5


def _mark(place: int) -> str:
    return f"s{place % COLOURS + 1}"


def _day_ticks(days: Sequence[dt.date], places: Sequence[float]) -> list[tuple[float, str]]:
    """Days to name below the axis, at most `_TICKS_ACROSS` + 1: the last one and those before it,
    or the first days of months."""
    if len(days) > _DAY_STEPS[-1] * _TICKS_ACROSS:
        return _month_ticks(days, places)
    step = next(one for one in _DAY_STEPS if len(days) <= one * _TICKS_ACROSS)
    chosen = range((len(days) - 1) % step, len(days), step)
    return [(round(places[i], 2), f"{days[i].day} {days[i]:%b}") for i in chosen]


def _month_ticks(days: Sequence[dt.date], places: Sequence[float]) -> list[tuple[float, str]]:
    firsts = [i for i, day in enumerate(days) if day.day == 1]
    step = math.ceil(len(firsts) / _TICKS_ACROSS)
    chosen = firsts[::step]
    years = {days[i].year for i in chosen}
    form = "%b %Y" if len(years) > 1 else "%b"
    return [(round(places[i], 2), f"{days[i]:{form}}") for i in chosen]


def _clock_ticks(first: int, last: int, zone: str) -> list[tuple[float, str]]:
    """Full hours of the zone between two instants; midnights are named by their day."""
    span = last - first
    wanted = span / _TICKS_ACROSS
    step = next((one * HOUR for one in _HOUR_STEPS if one * HOUR >= wanted), 28 * DAY)
    at = start_of_day(_local(first, zone).date(), zone)
    found = []
    while at <= last:
        if at >= first:
            local = _local(at, zone)
            is_midnight = (local.hour, local.minute) == (0, 0)
            text = f"{local.day} {local:%b}" if is_midnight else f"{local:%H:%M}"
            found.append((round(_share(at - first, span) * 100, 2), text))
        at += step
    return found


def _local(instant: int, zone: str) -> dt.datetime:
    return dt.datetime.fromtimestamp(instant / SECOND, dt.UTC).astimezone(ZoneInfo(zone))


# ----------------------------------------------------------------------------- sparklines


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
