"""Requests about few events: what most of them ask is seen in the rows themselves.

A batch that has just been stored is so small that each statement costs more than what it reads. So
which rows have the names that a request is about, in which order they stand and whose they are is
answered from the rows; one statement gives what the requests ask of their properties, each filter
and each reading once, whatever the names that it is asked about.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from segue.adapters.extract.answer import Cut, Piece, answers_of, texts_of
from segue.adapters.extract.names import TRAIT_EVENTS, NameCodes
from segue.adapters.extract.order import (
    NO_TIES,
    Events,
    offsets_of,
    rank_ties,
    sorted_events,
)
from segue.adapters.extract.relation import Few, SmallRelation, Sources
from segue.adapters.extract.scan import Codes, Rows, Scan
from segue.adapters.extract.traits import trait_columns, trait_writes
from segue.domain.instant import FOREVER
from segue.language.tree import Filter, Pattern
from segue.timeline.log import (
    Answer,
    Int32s,
    Int64s,
    IsAmong,
    Log,
    Nothing,
    Occurrences,
    Reading,
    Request,
    Satisfies,
    TraitRequest,
    TraitWrites,
)
from segue.timeline.parts import Codebook, Part

Bytes: TypeAlias = NDArray[np.uint8]


def extract_few(
    relation: SmallRelation,
    requests: Collection[Request | TraitRequest],
    codebook: Codebook,
    *,
    timezone: str,
    not_activity: Collection[str],
) -> Part:
    """Answer the requests about every distinct id of a small relation, each by itself.

    The same as `extract`, with sources of what is ordered. Raises `DefinitionError` for a regular
    expression that RE2 refuses.
    """
    few = _Rows.of(relation, _names(tuple(relation.names), tuple(not_activity)))
    cut = Cut(None, timezone, Sources.ORDERED, codebook)
    there = [one for one in requests if isinstance(one, Request) and few.has(one.pattern)]
    traits = [one for one in requests if isinstance(one, TraitRequest)]
    written = traits if few.present & few.names.of(TRAIT_EVENTS) else []
    answers = _answered(relation, few, there, written, cut) if there or written else {}
    nothing = _Nothing(len(few.people))
    answers |= {one: nothing.of(one) for one in requests if one not in answers}
    return Part(few.people.whos, Log(few.first_seen, answers))


@lru_cache(maxsize=4)
def _names(names: tuple[str, ...], not_activity: tuple[str, ...]) -> NameCodes:
    """The codes of names, which are mostly the same from one batch to the next."""
    return NameCodes(names, not_activity)


def _answered(
    relation: SmallRelation,
    few: _Rows,
    requests: Sequence[Request],
    traits: Sequence[TraitRequest],
    cut: Cut,
) -> dict[Request | TraitRequest, Answer]:
    """The answers to requests about names that occur."""
    question = _Question(few, Scan(few.names, few.present, cut.zone))
    pieces = [question.piece(request) for request in requests]
    columns = trait_columns(question.scan, traits)
    rows = Rows(few.events, question.answered(relation))
    ordered = traits or any(one.ordered for one in requests)
    ranks = rank_ties(relation, [few.events]) if ordered else NO_TIES
    texts = texts_of({few.present: rows}, {few.present: pieces}, cut.codebook)[few.present]
    found = answers_of(rows, pieces, ranks=ranks, texts=texts, people=few.people, cut=cut)
    writes = trait_writes(rows, columns, len(few.people), ranks=ranks, sources=True)
    return {**dict(found), **writes}


@dataclass(slots=True)
class _Question:
    """What is asked of the rows: of properties by the one statement of `scan`, each filter once;
    which rows match a pattern follows from that and from their names."""

    few: _Rows
    scan: Scan
    filters: dict[Filter, str] = field(default_factory=dict)
    patterns: dict[Pattern, str] = field(default_factory=dict)

    def piece(self, request: Request) -> Piece:
        """The columns of a request."""
        return Piece(request, self._among(request.pattern), self._read(request.reading))

    def _read(self, reading: Reading) -> str | None:
        match reading:
            case Satisfies(condition):
                return self._truth(condition)
            case IsAmong(pattern):
                return self._among(pattern)
        return self.scan.read(reading)

    def _among(self, pattern: Pattern) -> str:
        for codes, where in self.few.names.alternatives(pattern):
            if where is not None and codes & self.few.present:
                self._truth(where)
        return self.patterns.setdefault(pattern, f"among_{len(self.patterns)}")

    def _truth(self, condition: Filter) -> str:
        if condition not in self.filters:
            self.filters[condition] = self.scan.truth(condition)
        return self.filters[condition]

    def answered(self, relation: SmallRelation) -> dict[str, pa.ChunkedArray]:
        """The columns of all pieces, in the order of the rows."""
        columns = relation.columns(self.scan.expressions, self.scan.binder.values)
        truth = {one: columns[name].to_numpy() for one, name in self.filters.items()}
        for pattern, name in self.patterns.items():
            columns[name] = pa.chunked_array([self._matching(pattern, truth)])
        return columns

    def _matching(self, pattern: Pattern, truth: Mapping[Filter, Bytes]) -> Bytes:
        """Whether each row matches a pattern, as 0 or 1."""
        few = self.few
        found = np.zeros(len(few.name), np.uint8)
        for codes, where in few.names.alternatives(pattern):
            if codes & few.present:
                named = few.named(codes)
                found |= named if where is None else named & truth[where]
        return found


@dataclass(frozen=True, slots=True)
class _Rows:
    """Who, what and when of every row: the distinct ids, the rows by person and instant; the codes
    of names that occur, int32[C], and the place of each row's among them, int64[N] in the order of
    the relation's rows."""

    names: NameCodes
    people: Few
    events: Events
    codes: Int32s
    name: Int64s
    present: Codes

    @classmethod
    def of(cls, relation: SmallRelation, names: NameCodes) -> _Rows:
        """The rows of a relation."""
        who, name, at, ref = (
            relation.rows[column].to_numpy() for column in ("who", "name", "occurred_at", "ref")
        )
        people = Few(np.unique(who))
        events = sorted_events(people.of(who), at, ref)
        codes, place = np.unique(name, return_inverse=True)
        return cls(names, people, events, codes, place, frozenset(codes.tolist()))

    @property
    def first_seen(self) -> Int64s:
        """The instant of the first row of each distinct id."""
        first = self.events.at[offsets_of(self.events.person, len(self.people))[:-1]]
        return first if len(first) else np.full(len(self.people), FOREVER, np.int64)

    def named(self, codes: Codes) -> Bytes:
        """Whether the name of each row is one of these, as 0 or 1."""
        wanted = np.array([code in codes for code in self.codes.tolist()], np.uint8)
        return wanted[self.name]

    def has(self, pattern: Pattern) -> bool:
        """Whether a name of the pattern occurs."""
        return any(codes & self.present for codes, _ in self.names.alternatives(pattern))


class _Nothing:
    """The answers to requests about names that do not occur."""

    def __init__(self, people: int) -> None:
        self._offsets = np.zeros(people + 1, np.int64)
        self._none, self._keys = np.empty(0, np.int64), np.empty(0, np.int32)

    def of(self, request: Request | TraitRequest) -> Answer:
        """The answer to a request."""
        if isinstance(request, TraitRequest):
            none = self._none
            writes = Occurrences(self._offsets, none, value=none, source=none)
            return TraitWrites(writes, none.astype(np.int8))
        return Occurrences(
            self._offsets,
            self._none,
            order=self._keys if request.ordered else None,
            value=None if request.reading == Nothing() else self._none,
            source=self._none if request.ordered else None,
        )
