"""The common mistakes of behavioural segmentation, looked for in a real log.

Each finder answers with a `Mistake` that the log shows, or with None. What is said is counted on
the log, never guessed; `striking` only orders the findings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from segue.domain.instant import DAY, WEEK
from segue.language.tree import Age, Comparison, EventPattern, Segment, Which
from segue.services.summarise import COUNTED, size_at
from segue.services.view import View
from segue.timeline.log import Bools, Int64s
from segue.timeline.spans import Spans

QUIET: Final = Segment(
    "$quiet",
    "Nothing for 30 days",
    Age(Which.LAST, EventPattern(), Comparison.GE, 30 * DAY),
)
"""A segment that the finders want in the view: people who did nothing for 30 days."""

ENOUGH: Final = 20
"""Fewer people or stays than this say nothing."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake that the log shows: its name in the articles' words, what is so, what to do.

    `striking` from 0 to 1 orders several.
    """

    name: str
    finding: str
    advice: str
    striking: float


def most_striking(view: View, voices: int) -> Mistake | None:
    """The mistake that stands out most. `voices` counts the answers to questions in the log."""
    found = [mistake for find in _FINDERS if (mistake := find(view)) is not None]
    return _best(found if voices else [*found, _NUMBERS_WITHOUT_VOICES])


def ignoring_timing(view: View) -> Mistake | None:
    """Stays that began and ended between two midnights: a nightly list never sees them."""
    found: list[Mistake] = []
    for segment, spans in _segments(view):
        ended = spans.end <= view.at
        total = int(ended.sum())
        unseen = int((ended & _between_midnights(spans)).sum())
        if total >= ENOUGH and unseen >= 0.3 * total:
            found.append(
                Mistake(
                    "Ignoring timing",
                    f"{unseen:,} of the {total:,} stays in “{segment.title}” that have ended began "
                    "and ended between two midnights (UTC): a nightly list never saw them.",
                    f"Act while they are in it: segue evaluate knows to the second when each "
                    f"member of {segment.id} leaves.",
                    unseen / total,
                )
            )
    return _best(found)


def assuming_permanence(view: View) -> Mistake | None:
    """People who were in a segment four weeks ago and are not any more."""
    found: list[Mistake] = []
    before = view.at - 4 * WEEK
    for segment, spans in _segments(view):
        if _is_short_by_nature(segment):
            continue
        were = spans.holds(before)
        total = int(were.sum())
        gone = int((were & ~spans.holds(view.at)).sum())
        if total >= ENOUGH and gone >= 0.3 * total:
            found.append(
                Mistake(
                    "Assuming behaviours are permanent",
                    f"Of the {total:,} people in “{segment.title}” four weeks ago, "
                    f"{gone:,} ({100 * gone / total:.0f} %) are not in it now.",
                    "Keep segments live instead of exporting a list once.",
                    0.9 * gone / total,
                )
            )
    return _best(found)


def ignoring_inactivity(view: View) -> Mistake | None:
    """People who once were active and did nothing for 30 days."""
    everyone = size_at(view.spans[COUNTED], view.at)
    quiet = view.spans.get(QUIET.id)
    if quiet is None or everyone < ENOUGH:
        return None
    share = size_at(quiet, view.at) / everyone
    if share < 0.25:
        return None
    return Mistake(
        "Ignoring inactivity signals",
        f"{size_at(quiet, view.at):,} of {everyone:,} people ({100 * share:.0f} %) did nothing "
        "in the last 30 days: messages written for active people are wasted on them.",
        "Give the dormant their own segment and message, and tell the moment each turns dormant.",
        min(share, 0.95),
    )


def over_segmenting(view: View) -> Mistake | None:
    """Two segments that are nearly the same people."""
    masks = [
        (segment, spans.holds(view.at))
        for segment, spans in _segments(view)
        if size_at(spans, view.at) >= ENOUGH
    ]
    found = [
        Mistake(
            "Over-segmenting",
            f"“{one.title}” and “{other.title}” are nearly the same people: "
            f"{100 * share:.0f} % of those in either are in both.",
            "Keep the one you would act on differently.",
            0.75 * share,
        )
        for (one, left), (other, right) in combinations(masks, 2)
        if (share := _overlap(left, right)) >= 0.8
    ]
    return _best(found)


def treating_all_the_same(view: View) -> Mistake | None:
    """A segment that holds nearly everybody: a message to it is a message to all."""
    everyone = size_at(view.spans[COUNTED], view.at)
    everywhere = ((one, view.spans[one.id]) for one in view.definitions.segments)
    found = [
        Mistake(
            "Treating everybody the same",
            f"“{segment.title}” holds {100 * size / everyone:.0f} % of all people: "
            "a message to it is a message to everybody.",
            f"Narrow {segment.id} until its members need something that the others do not.",
            0.6 * size / everyone,
        )
        for segment, spans in everywhere
        if not segment.id.startswith(("$", "journey."))
        and everyone >= ENOUGH
        and (size := size_at(spans, view.at)) >= 0.9 * everyone
    ]
    return _best(found)


_NUMBERS_WITHOUT_VOICES: Final = Mistake(
    "Relying on numbers alone",
    "The log says what people did; not one answer of theirs says why.",
    "Ask one question where the behaviour happens, and keep the answers as events.",
    0.1,
)

_FINDERS: Final[tuple[Callable[[View], Mistake | None], ...]] = (
    ignoring_timing,
    assuming_permanence,
    ignoring_inactivity,
    over_segmenting,
    treating_all_the_same,
)


def _segments(view: View) -> Iterator[tuple[Segment, Spans]]:
    for segment in view.definitions.segments:
        if not segment.id.startswith("$") and "." not in segment.id and segment.id in view.spans:
            yield segment, view.spans[segment.id]


def _between_midnights(spans: Spans) -> Bools:
    """Which spans hold at no midnight (UTC): the first one from the start on is too late."""
    midnight: Int64s = -(-spans.start // DAY) * DAY
    return midnight >= spans.end


def _is_short_by_nature(segment: Segment) -> bool:
    """Whether leaving is what the segment is for: everybody is new only once."""
    return isinstance(segment.condition, Age) and segment.condition.comparison in {
        Comparison.LT,
        Comparison.LE,
    }


def _overlap(left: Bools, right: Bools) -> float:
    either = int(np.count_nonzero(left | right))
    return int(np.count_nonzero(left & right)) / either if either else 0.0


def _best(found: list[Mistake]) -> Mistake | None:
    return max(found, key=lambda one: one.striking, default=None)
