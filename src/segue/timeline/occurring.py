"""When happenings occurred, for everybody: what measures look at beside memberships."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from segue.language.tree import Crossing, Definitions, Happening
from segue.language.tree import Sequence as Chain
from segue.timeline.block import is_stored
from segue.timeline.conditions import Evaluation
from segue.timeline.evaluate import asked_while, over_blocks
from segue.timeline.intervals import instant_of
from segue.timeline.log import Log, Nothing, Occurrences, Reading, Request, TraitRequest
from segue.timeline.points import Points

NOTHING: Final = Nothing()
"""Only when it happened."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A happening whose occurrences are wanted, with a reading of each where it is a pattern."""

    happening: Happening
    reading: Reading = NOTHING


def requests_for(
    definitions: Definitions, wanted: Sequence[Wanted]
) -> frozenset[Request | TraitRequest]:
    """Everything that finding these occurrences reads from a log."""

    def ask(e: Evaluation) -> None:
        for one in wanted:
            _points(e, one)

    return asked_while(definitions, _segments(wanted), ask)


def occurrences(
    definitions: Definitions, log: Log, at: int, wanted: Sequence[Wanted]
) -> list[Occurrences]:
    """The occurrences of each of the happenings, of the log cut at `at`; for everybody, whether the
    project excludes them or not. Instants that lie after `at` are not there yet."""
    plain = {one: answer for one in wanted if (answer := _plain(log, one, at)) is not None}
    rest = [one for one in dict.fromkeys(wanted) if one not in plain]
    if rest:
        found = over_blocks(
            definitions, log, at, _segments(rest), lambda e: [_points(e, one) for one in rest]
        )
        parts = ([block[place] for block in found] for place in range(len(rest)))
        plain |= {one: _joined(part, at) for one, part in zip(rest, parts, strict=True)}
    return [plain[one] for one in wanted]


def _plain(log: Log, one: Wanted, at: int) -> Occurrences | None:
    """The answer of the log itself, where it is one as it stands: of stored events, nothing of
    which lies after `at`. Of hundreds of happenings that spares going through all blocks."""
    if isinstance(one.happening, Crossing | Chain) or not is_stored(one.happening):
        return None
    return log.occurrences(Request(one.happening, one.reading)) if log.until <= at else None


def _points(e: Evaluation, one: Wanted) -> Points:
    if isinstance(one.happening, Crossing | Chain):
        return e.happenings(one.happening)
    return e.block.points(one.happening, one.reading)


def _segments(wanted: Sequence[Wanted]) -> list[str]:
    return [one.happening.segment for one in wanted if isinstance(one.happening, Crossing)]


def _joined(blocks: Sequence[Points], at: int) -> Occurrences:
    """Consecutive blocks of people as one."""
    parts = [_known_by(block, at) for block in blocks]
    counts = np.concatenate([np.diff(part.offsets) for part in parts])
    known = [part.known for part in parts]
    values = [part.value for part in parts if part.value is not None]
    return Occurrences(
        np.concatenate(([0], np.cumsum(counts))),
        np.concatenate([instant_of(part.key) for part in parts]),
        value=np.concatenate(values) if len(values) == len(parts) else None,
        known=None
        if all(one is None for one in known)
        else np.concatenate(
            [np.ones(len(p), np.bool_) if p.known is None else p.known for p in parts]
        ),
    )


def _known_by(points: Points, at: int) -> Points:
    """Derived instants may lie ahead of the log's end."""
    return points.only(instant_of(points.key) <= at)
