"""Logs one upon the other: the people of both as one population, to be evaluated in one go."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from segue.domain.instant import FOREVER
from segue.timeline.log import Answer, Bools, Int64s, Log, Occurrences, TraitWrites
from segue.timeline.points import rows

S = TypeVar("S", bound=np.generic)


def stacked(upper: Log, lower: Log) -> Log:
    """The people of `upper`, then those of `lower`. Both answer the same requests, with codes that
    agree."""
    answers = {one: _stacked(upper.answers[one], lower.answers[one]) for one in upper.answers}
    seen = np.concatenate([upper.first_seen, lower.first_seen])
    return Log(seen, answers, max(upper.until, lower.until))


def cut(log: Log, people: int, at: int) -> Log:
    """The log in which the first `people` people are as they were at an instant (ms): nothing later
    of theirs is in it."""
    seen = log.first_seen.copy()
    seen[:people][seen[:people] > at] = FOREVER
    answers = {one: _cut(answer, people, at) for one, answer in log.answers.items()}
    return Log(seen, answers, log.until)


def _stacked(upper: Answer, lower: Answer) -> Answer:
    if isinstance(upper, TraitWrites):
        assert isinstance(lower, TraitWrites)
        kind = np.concatenate([upper.kind, lower.kind])
        return TraitWrites(_joined(upper.writes, lower.writes), kind)
    assert isinstance(lower, Occurrences)
    return _joined(upper, lower)


def _joined(upper: Occurrences, lower: Occurrences) -> Occurrences:
    known = None
    if upper.known is not None or lower.known is not None:
        known = np.concatenate([_known(upper), _known(lower)])
    return Occurrences(
        np.concatenate([upper.offsets, lower.offsets[1:] + upper.offsets[-1]]),
        np.concatenate([upper.at, lower.at]),
        _both(upper.order, lower.order),
        _both(upper.value, lower.value),
        known,
        _both(upper.source, lower.source),
    )


def _both(upper: NDArray[S] | None, lower: NDArray[S] | None) -> NDArray[S] | None:
    return None if upper is None or lower is None else np.concatenate([upper, lower])


def _known(occurrences: Occurrences) -> Bools:
    return np.ones(len(occurrences), np.bool_) if occurrences.known is None else occurrences.known


def _cut(answer: Answer, people: int, at: int) -> Answer:
    occurrences = answer.writes if isinstance(answer, TraitWrites) else answer
    theirs = occurrences.at[: occurrences.offsets[people]]
    if not len(theirs) or int(theirs.max()) <= at:
        return answer
    kept = np.ones(len(occurrences), np.bool_)
    kept[: len(theirs)] = theirs <= at
    offsets: Int64s = np.concatenate([[0], np.cumsum(kept)])[occurrences.offsets]
    part = _only(occurrences, kept, offsets)
    return TraitWrites(part, answer.kind[kept]) if isinstance(answer, TraitWrites) else part


def _only(whole: Occurrences, kept: Bools, offsets: Int64s) -> Occurrences:
    return Occurrences(
        offsets,
        whole.at[kept],
        rows(whole.order, kept),
        rows(whole.value, kept),
        rows(whole.known, kept),
        rows(whole.source, kept),
    )
