"""Which segments of which people a turn has to look at.

What arrives changes a membership only where it answers something that the segment asks, or where
the person is another one than before; what time changes, timers say. All other memberships stand.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from segue.language.tree import Definitions, Pattern
from segue.timeline.evaluate import requests_of
from segue.timeline.gathering import Gathering
from segue.timeline.log import Bools, Int32s, Int64s, Request, TraitRequest
from segue.timeline.parts import Groups
from segue.timeline.readings import ranges

_NOBODY: Final = -1


@dataclass(frozen=True, slots=True)
class Focus:
    """What is looked at of P people: `pairs` bool[S, P], of each segment (`codes` int32[S], in the
    order of the project) whom; `whole` bool[P], who is looked at in every segment."""

    codes: Int32s
    pairs: Bools
    whole: Bools

    def of(self, people: slice) -> Focus:
        """The part that is about some of the people."""
        return Focus(self.codes, self.pairs[:, people], self.whole[people])

    @property
    def rank(self) -> Int64s:
        """The place of each segment by its code."""
        rank = np.zeros(int(self.codes.max(initial=-1)) + 1, np.int64)
        rank[self.codes] = np.arange(len(self.codes))
        return rank


class Demands:
    """What each of S segments asks of a log."""

    def __init__(self, definitions: Definitions, codes: Mapping[str, int]) -> None:
        self.codes = np.fromiter(codes.values(), np.int32, len(codes))
        self._asked = [requests_of(definitions, [segment_id]) for segment_id in codes]
        self._known: tuple[Mapping[Request | TraitRequest, int], _Links] | None = None

    def asking(self, numbers: Mapping[Request | TraitRequest, int], answered: Bools) -> Bools:
        """Which segments ask something that is answered, bool[S, P]; `answered` bool[R, P] is by
        request in the order of `numbers`, and person."""
        return self._links(numbers).to_segments.any(answered)

    def asked(self, numbers: Mapping[Request | TraitRequest, int], pairs: Bools) -> Bools:
        """Which requests, bool[R, P], segments ask of people of whom they are looked at: `pairs`
        bool[S, P]. With one reading of some events come all others of the same events: whoever
        evaluates lines them up."""
        return self._links(numbers).to_requests.any(pairs)

    def _links(self, numbers: Mapping[Request | TraitRequest, int]) -> _Links:
        """How segments and requests belong together; found anew where the log answers others."""
        known = self._known
        if known is None or known[0] is not numbers:
            places = {request: place for place, request in enumerate(numbers)}
            uses = [sorted(places[one] for one in asked) for asked in self._asked]
            used: dict[Pattern | str, set[int]] = defaultdict(set)
            for segment, asked in enumerate(self._asked):
                for one in asked:
                    used[_subject(one)].add(segment)
            users = [sorted(used[_subject(one)]) for one in numbers]
            known = self._known = numbers, _Links(_Relation.of(uses), _Relation.of(users))
        return known[1]


def _subject(request: Request | TraitRequest) -> Pattern | str:
    """The events, or the trait, that a request reads."""
    return request.key if isinstance(request, TraitRequest) else request.pattern


@dataclass(frozen=True, slots=True)
class _Relation:
    """Which rows of a matrix belong to each row of another: those of row i are
    `rows[offsets[i]:offsets[i + 1]]`, and one that is always empty stands before them."""

    rows: Int64s
    offsets: Int64s

    @classmethod
    def of(cls, lists: Sequence[Sequence[int]]) -> _Relation:
        rows = [row for one in lists for row in (_NOBODY, *one)]
        offsets = np.cumsum([0, *(len(one) + 1 for one in lists)])[:-1]
        return cls(np.array(rows, np.int64), offsets)

    def any(self, matrix: Bools) -> Bools:
        """For each row, where any row of the matrix that belongs to it is true."""
        people = matrix.shape[1]
        if not (len(self.offsets) and people):
            return np.zeros((len(self.offsets), people), np.bool_)
        bits = np.packbits(matrix, axis=1)
        bits = np.concatenate([bits, np.zeros_like(bits, shape=(1, bits.shape[1]))])
        found = np.bitwise_or.reduceat(bits[self.rows], self.offsets, axis=0)
        return np.unpackbits(found, axis=1, count=people).view(np.bool_)


@dataclass(frozen=True, slots=True)
class _Links:
    to_segments: _Relation
    to_requests: _Relation


@dataclass(frozen=True, slots=True)
class Around:
    """People `before` and `after` something arrived with the reading of the number `origin`, found
    in a log one upon the other; `numbers` are the requests of that log."""

    gathering: Gathering
    before: Groups
    after: Groups
    origin: int
    numbers: Mapping[Request | TraitRequest, int]


def focus_of(demands: Demands, around: Around, due: Int32s) -> Focus:
    """What to look at of people before and after, one upon the other; `due` int32 ascending are
    those whose time has come."""
    before, after = len(around.before), len(around.after)
    same, was = _same(around.before, around.after)
    seen = around.gathering.first_seen
    whole = ~same | among(around.after.person, due)
    whole[same] |= seen[before:][same] != seen[was[same]]
    request, person = around.gathering.read_with(around.origin)
    answered = np.zeros((len(around.numbers), after), np.bool_)
    answered[request, person - before] = True
    pairs = np.ones((len(demands.codes), before + after), np.bool_)
    pairs[:, before:] = demands.asking(around.numbers, answered) | whole
    pairs[:, was[same]] = pairs[:, before:][:, same]
    whole_before = np.ones(before, np.bool_)
    whole_before[was[same]] = whole[same]
    return Focus(demands.codes, pairs, np.concatenate([whole_before, whole]))


def _same(before: Groups, after: Groups) -> tuple[Bools, Int64s]:
    """Who of the people after is the same one as before, with the same distinct ids, bool[A], and
    where they stand among those, int64[A]."""
    place = np.searchsorted(before.person, after.person)
    same = np.zeros(len(after), np.bool_)
    known = np.flatnonzero(place < len(before))
    old, count = before.offsets[place[known]], np.diff(after.offsets)[known]
    alike = before.person[place[known]] == after.person[known]
    alike &= before.offsets[place[known] + 1] - old == count
    known, old, count = known[alike], old[alike], count[alike]
    equal = before.whos[ranges(old, count)] == after.whos[ranges(after.offsets[known], count)]
    first = np.cumsum(count) - count
    if len(known):
        same[known] = np.logical_and.reduceat(equal, first)
    return same, place


def among(person: Int32s, some: Int32s) -> Bools:
    """Which of these people are among some others, both ascending."""
    place = np.searchsorted(some, person)
    found = place < len(some)
    found[found] = some[place[found]] == person[found]
    return found
