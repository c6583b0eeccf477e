"""What is wrong with segments by who is in them, was in them, and how long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Final

from segue.domain.instant import FOREVER, WEEK
from segue.domain.ports import EventSummary
from segue.insight.overlap import Overlaps
from segue.insight.portfolio.facts import ENOUGH, MONTH, Portfolio
from segue.insight.portfolio.findings import LintFinding, Mistake
from segue.insight.portfolio.words import length, quoted, title
from segue.language.activity import DERIVED_EVENTS
from segue.language.tree import EventPattern, Segment
from segue.language.walk import nodes

ALIKE: Final = 0.9
"""From this share of common people on, two segments are nearly the same."""
ALL: Final = 0.95
INSIDE: Final = 0.995
"""From this share on, one segment lies in another; a few people cross between two events."""
MANY: Final = 15
"""Fewer segments are not too many, whatever the traffic."""


def nobody(project: Portfolio) -> Iterator[LintFinding]:
    """Segments that nobody is in and nobody was for a month."""
    for segment in project.segments:
        if segment.id in project.deserted:
            ever = project.ever(segment.id)
            before = f"{ever:,} people were once" if ever else "nobody ever was"
            yield LintFinding(
                Mistake.NOBODY,
                f"Nobody is in {title(segment)}, nobody entered or left it in 30 days; {before}.",
                "Correct its condition, or remove it.",
                (segment.id,),
            )


def everybody(project: Portfolio) -> Iterator[LintFinding]:
    """Segments that hold nearly everybody: a message to them is a message to all."""
    for segment in project.segments:
        size = project.size(segment.id)
        if project.people >= ENOUGH and size >= ALL * project.people:
            yield LintFinding(
                Mistake.EVERYBODY,
                f"{title(segment)} holds {size:,} of {project.people:,} people "
                f"({100 * size / project.people:.0f} %): a message to it is a message "
                "to everybody.",
                "Narrow it until its members need something that others do not.",
                (segment.id,),
            )


def near_duplicate(project: Portfolio) -> Iterator[LintFinding]:
    """Segments that are nearly the same people, now and four weeks ago."""
    now, before = project.overlaps, Overlaps.measured(project.members_at(project.at - 4 * WEEK))
    for one, other in _pairs(project):
        alike, was = now.jaccard[one, other], before.jaccard[one, other]
        either = now.size[one] + now.size[other] - now.both[one, other]
        known = min(before.size[one], before.size[other]) >= ENOUGH
        if either >= ENOUGH and alike >= ALIKE and (was >= ALIKE or not known):
            left, right = project.segments[one], project.segments[other]
            yield LintFinding(
                Mistake.NEAR_DUPLICATE,
                f"{title(left)} and {title(right)} are nearly the same people: of {either:,} in "
                f"either, {now.both[one, other]:,} ({100 * alike:.0f} %) are in both.",
                "Keep the one that you would act on differently.",
                (left.id, right.id),
            )


def contained(project: Portfolio) -> Iterator[LintFinding]:
    """Segments inside another one, both with messages on the same channel: members get both."""
    overlaps = project.overlaps
    for outer, other in enumerate(project.segments):
        inside = [
            (inner, shared)
            for inner, one in enumerate(project.segments)
            if overlaps.size[inner] >= ENOUGH
            and overlaps.containment[inner, outer] >= INSIDE
            and overlaps.jaccard[inner, outer] < ALIKE
            and (shared := _both_speak(project, one, other))
        ]
        if inside:
            inner = [project.segments[place] for place, _ in inside]
            campaigns = sorted({one for _, shared in inside for one in shared})
            number = overlaps.size[outer]
            names = ", ".join(title(one) for one in inner)
            yield LintFinding(
                Mistake.CONTAINED,
                f"Everybody in {names} is also among the {number:,} in {title(other)}, and both "
                "speak to them on the same channel.",
                f"Add `and not in {inner[0].id}` to {other.id}, or give the narrower one's "
                "campaign the higher priority.",
                (other.id, *(one.id for one in inner)),
                tuple(campaigns),
            )


def _both_speak(project: Portfolio, one: Segment, other: Segment) -> set[str]:
    """The campaigns of two segments on channels that both use."""
    ours, theirs = project.speaking(one.id), project.speaking(other.id)
    channels = {c.channel for c in ours} & {c.channel for c in theirs}
    return {c.id for c in (*ours, *theirs) if c.channel in channels}


def stale(project: Portfolio) -> Iterator[LintFinding]:
    """Segments that have members, but that nobody has entered or left for a month."""
    if project.at - project.started < 2 * MONTH:
        return
    for segment in project.segments:
        size = project.size(segment.id)
        if size and not project.changes(segment.id, project.at - MONTH):
            yield LintFinding(
                Mistake.STALE,
                f"{size:,} people are in {title(segment)}, and nobody entered or left it in 30 "
                "days.",
                "Ask whether it still describes anything that people do.",
                (segment.id,),
            )


def silent_event(project: Portfolio) -> Iterator[LintFinding]:
    """Conditions on events that no longer arrive, or never did."""
    for segment in project.segments:
        patterns = (node for node in nodes(segment.condition) if isinstance(node, EventPattern))
        for pattern in patterns:
            last = _last_at(pattern, project.events)
            if last is None or project.at - last < MONTH:
                continue
            names = " or ".join(quoted(name.text) for name in pattern.names)
            since = "never arrived" if last < 0 else f"last arrived {length(project.at - last)} ago"
            yield LintFinding(
                Mistake.SILENT_EVENT,
                f"{title(segment)} asks about {names}, which {since}.",
                "Correct the event's name, or have the product send it again.",
                (segment.id,),
            )
            break


def never_ends(project: Portfolio) -> Iterator[LintFinding]:
    """Memberships that can never end: behaviour taken as permanent."""
    for segment in project.segments:
        spans = project.spans[segment.id]
        begun = spans.start <= project.at
        size = project.size(segment.id)
        if size >= ENOUGH and size < ALL * project.people and (spans.end[begun] >= FOREVER).all():
            yield LintFinding(
                Mistake.NEVER_ENDS,
                f"Nobody of the {size:,} people who ever entered {title(segment)} has left it, and "
                "if nothing more happens nobody will.",
                "Say for how long it counts, such as `within 30 days`.",
                (segment.id,),
            )


def too_small(project: Portfolio) -> Iterator[LintFinding]:
    """Segments that speak to hardly anybody."""
    for segment in project.segments:
        entries = project.entries(segment.id, project.at - MONTH)
        size = project.size(segment.id)
        if segment.id in project.deserted or not project.speaking(segment.id):
            continue
        if size < ENOUGH and entries < ENOUGH:
            yield LintFinding(
                Mistake.TOO_SMALL,
                f"{size:,} people are in {title(segment)}, and {entries:,} entered it in 30 days.",
                "Widen it, or write to these people by hand.",
                (segment.id,),
                tuple(one.id for one in project.speaking(segment.id)),
            )


def too_many_segments(project: Portfolio) -> Iterator[LintFinding]:
    """More segments than the traffic feeds."""
    entries = [project.entries(one.id, project.at - MONTH) for one in project.segments]
    thin = sum(number < ENOUGH for number in entries)
    if len(entries) >= MANY and thin > len(entries) / 2:
        yield LintFinding(
            Mistake.TOO_MANY_SEGMENTS,
            f"{thin:,} of {len(entries):,} segments had fewer than {ENOUGH} entries in 30 days.",
            "Keep those that you act on differently and that enough people enter.",
        )


def _pairs(project: Portfolio) -> Iterator[tuple[int, int]]:
    """The pairs of segments that somebody is in, by place."""
    some = [i for i, one in enumerate(project.segments) if one.id not in project.deserted]
    return combinations(some, 2)


def _last_at(pattern: EventPattern, events: Sequence[EventSummary]) -> int | None:
    """When an event of the pattern last arrived (ms), -1 where none did; None of what is never
    silent or never stored."""
    if pattern.is_any or any(name.text in DERIVED_EVENTS for name in pattern.names):
        return None
    found = (e.last_at for e in events if any(name.matches(e.event) for name in pattern.names))
    return max(found, default=-1)
