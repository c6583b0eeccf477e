"""A person's life as a picture: what they did, step by step along an axis of time, and below it one
row for every ladder and segment with the spans during which they were in."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final
from urllib.parse import quote

from segue.domain.browsing import Beat
from segue.domain.instant import DAY, FOREVER, local_date, start_of_day
from segue.language.activity import NEVER_ACTIVITY
from segue.language.resolve import JOURNEY, humanised
from segue.services import words
from segue.services.live.life import Life, Spell

STEPS: Final = 180
"""Into so many steps a stretch of time is divided: a dot is one of them."""
_KINDS: Final = 7
"""So many kinds of events have a row of their own."""
_ROWS: Final = 24
"""So many segments are drawn; the table has all."""
_TOP: Final = 26
_ROW: Final = 32
"""A row is so high: its name, and what is drawn below it."""
_TRACK: Final = 21
"""So far below its top is the middle of what is drawn."""
_AHEAD: Final = 9
"""The time to come takes this part of what is behind."""
_LETTER: Final = 2.3
"""A letter takes at most this much of the width (per cent), on a telephone too."""
_GAPS: Final = (1, 2, 4, 7, 14, 28, 61, 122, 182, 365, 730, 1826)
_TICKS: Final = 6
_NEAR: Final = 9
"""A tick that is nearer to now than that (per cent) is left out, as "now" stands there."""


@dataclass(frozen=True, slots=True)
class Dot:
    """The events of one kind within one step: where (per cent of the width), how large, and in
    words."""

    x: float
    r: float
    says: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A span: where it begins and how long it is (per cent of the width), whether it still lasts,
    how much longer it is expected to (0: not at all), what stands in it, in words, and where it
    leads."""

    x: float
    width: float
    is_open: bool
    ahead: float
    label: str
    says: str
    href: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the picture, `y` from the top; `theirs`: what the person did themselves."""

    name: str
    y: float
    dots: tuple[Dot, ...] = ()
    bars: tuple[Bar, ...] = ()
    theirs: bool = True
    is_ladder: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """The whole of it: rows of events, rows of segments, ticks of the axis (where, and text), where
    now is, its height, and how many segments are not drawn."""

    events: tuple[Row, ...]
    segments: tuple[Row, ...]
    ticks: tuple[tuple[float, str], ...]
    now: float
    height: float
    more: int


@dataclass(frozen=True, slots=True)
class _Axis:
    """Where an instant (ms) is; the edges where it lies beyond them."""

    since: int
    until: int
    zone: str

    @property
    def end(self) -> int:
        return self.until + (self.until - self.since) // _AHEAD

    def x(self, instant: int) -> float:
        share = (instant - self.since) / (self.end - self.since)
        return round(100 * min(max(share, 0.0), 1.0), 2)


def drawn(one: Life, zone: str) -> Picture:
    """The picture of a life."""
    axis = _Axis(one.since, one.until, zone)
    events = tuple(_event_rows(one, axis))
    rows = list(_spell_rows(one, axis))
    below = _TOP + _ROW * len(events) + 8
    segments = tuple(replace(row, y=below + _ROW * place) for place, row in enumerate(rows[:_ROWS]))
    height = below + _ROW * len(segments) + 4
    ticks = tuple(_ticks(axis))
    return Picture(events, segments, ticks, axis.x(one.until), height, len(rows) - len(segments))


# ----------------------------------------------------------------------------------------- events


def _event_rows(one: Life, axis: _Axis) -> Iterator[Row]:
    counts: Counter[str] = Counter()
    for beat in one.beats:
        counts[beat.event] += beat.count
    names = [name for name, _ in counts.most_common(_KINDS)]
    most = max((beat.count for beat in one.beats), default=1)
    for place, name in enumerate(names):
        beats = [beat for beat in one.beats if beat.event == name]
        dots = tuple(_dot(beat, one, axis, most) for beat in beats)
        yield Row(name, _TOP + _ROW * place, dots, theirs=name not in NEVER_ACTIVITY)
    others = [beat for beat in one.beats if beat.event not in names]
    if others:
        dots = tuple(_dot(beat, one, axis, most) for beat in _together(others))
        yield Row("other events", _TOP + _ROW * len(names), dots)


def _together(beats: Sequence[Beat]) -> Iterator[Beat]:
    """Events of several kinds as of one, by step."""
    steps: dict[int, list[Beat]] = {}
    for beat in beats:
        steps.setdefault(beat.step, []).append(beat)
    for step, found in sorted(steps.items()):
        name = found[0].event if len({one.event for one in found}) == 1 else "other events"
        first, last = min(one.first_at for one in found), max(one.last_at for one in found)
        yield Beat(name, step, sum(one.count for one in found), first, last)


def _dot(beat: Beat, one: Life, axis: _Axis, most: int) -> Dot:
    x = axis.x(beat.first_at if beat.count == 1 else one.since + int((beat.step + 0.5) * one.step))
    grown = math.log1p(beat.count - 1) / math.log1p(most - 1) if most > 1 else 0.0
    moment = partial(words.moment, zone=axis.zone)
    if beat.count == 1:
        return Dot(x, 3, f"{beat.event}, {moment(beat.first_at)}")
    times = words.counted(beat.count, "time")
    says = f"{beat.event}, {times}, {moment(beat.first_at)} to {moment(beat.last_at)}"
    return Dot(x, round(3 + 4.5 * grown, 1), says)


# --------------------------------------------------------------------------------------- segments


def _spell_rows(one: Life, axis: _Axis) -> Iterator[Row]:
    """Stages first, then ladders, then the segments: those they are in, then the latest."""
    rows: dict[str, list[Spell]] = {}
    for spell in one.spells:
        if (spell.left_at or axis.until) >= axis.since:
            rows.setdefault(spell.segment_id.partition(".")[0], []).append(spell)
    yield from (
        _spell_row(name, found, one.person_id, axis)
        for name, found in sorted(rows.items(), key=lambda item: _importance(*item))
    )


def _importance(name: str, spells: Sequence[Spell]) -> tuple[bool, bool, bool, int]:
    is_ladder = "." in spells[0].segment_id
    last = max(one.left_at or FOREVER for one in spells)
    return name != JOURNEY, not is_ladder, last < FOREVER, -max(one.since for one in spells)


def _spell_row(name: str, spells: Sequence[Spell], person_id: str, axis: _Axis) -> Row:
    is_ladder = "." in spells[0].segment_id
    full = ("Stage" if name == JOURNEY else humanised(name)) if is_ladder else spells[0].title
    bars = tuple(_bar(found, person_id, axis, is_ladder=is_ladder) for found in _merged(spells))
    return Row(full, 0, bars=bars, is_ladder=is_ladder)


def _merged(spells: Sequence[Spell]) -> list[list[Spell]]:
    """In order of time; one after another, as the picture has no room for more than it has steps
    they are put together where there are more."""
    ordered = sorted(spells, key=lambda one: one.since)
    size = -(-len(ordered) // STEPS)
    return [ordered[first : first + size] for first in range(0, len(ordered), size)]


def _bar(spells: Sequence[Spell], person_id: str, axis: _Axis, *, is_ladder: bool) -> Bar:
    first, last = spells[0], spells[-1]
    is_open = last.left_at is None
    start, end = axis.x(first.since), axis.x(last.left_at or axis.until)
    ahead = axis.x(last.expected or axis.end) - end if is_open else 0.0
    width = round(max(end - start, 0.3), 2)
    label = first.title if is_ladder and width > _LETTER * len(first.title) else ""
    href = f"/studio/people/{quote(person_id, safe='')}/why/{quote(first.segment_id)}"
    says = f"{first.title}: {_says(spells, axis.zone)}"
    return Bar(start, width, is_open, round(ahead, 2), label, says, href)


def _says(spells: Sequence[Spell], zone: str) -> str:
    """`since 3 May, leaves in 2 days if nothing more happens`."""
    first, last = spells[0], spells[-1]
    beginning = words.moment(first.since, zone)
    times = f"{len(spells)} times " if len(spells) > 1 else ""
    if last.left_at is not None:
        return f"{times}{beginning} to {words.moment(last.left_at, zone)}"
    if last.expected is None:
        return f"{times}since {beginning}"
    return (
        f"{times}since {beginning}, leaves {words.moment(last.expected, zone)} "
        "if nothing more happens"
    )


# ------------------------------------------------------------------------------------------- axis


def _ticks(axis: _Axis) -> Iterator[tuple[float, str]]:
    days = (axis.end - axis.since) // DAY + 1
    gap = next((one for one in _GAPS if days / one <= _TICKS), _GAPS[-1])
    day = local_date(axis.since, axis.zone) + dt.timedelta(days=1)
    while (at := start_of_day(day, axis.zone)) < axis.end:
        text = f"{day.day} {day:%b}" if days < 366 else f"{day:%b %Y}"
        if (x := axis.x(at)) < 94 and abs(x - axis.x(axis.until)) > _NEAR:
            yield x, text
        day += dt.timedelta(days=gap)
