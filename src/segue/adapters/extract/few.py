"""Requests about few events: what most of them ask is seen in the rows themselves.

A batch that has just been stored is so small that each statement costs more than what it reads. So
who, what and when of all rows are read once; requests about other events are answered from that,
and so are those that ask for nothing but instants. One more statement reads what the others ask.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from segue.adapters.extract.answer import Cut, Piece, answers_of, texts_of
from segue.adapters.extract.names import TRAIT_EVENTS, NameCodes
from segue.adapters.extract.order import (
    NO_TIES,
    Events,
    Ranks,
    in_event_order,
    offsets_of,
    rank_ties,
    sorted_events,
)
from segue.adapters.extract.relation import Few, Relation, Sources
from segue.adapters.extract.scan import Codes, Scan
from segue.adapters.extract.traits import trait_columns, trait_writes
from segue.domain.instant import FOREVER
from segue.language.tree import PatternUnion
from segue.timeline.log import (
    Answer,
    Int32s,
    Int64s,
    Log,
    Nothing,
    Occurrences,
    Request,
    TraitRequest,
    TraitWrites,
)
from segue.timeline.parts import Codebook, Part


def extract_few(
    relation: Relation,
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
    few = _Rows.read(relation, NameCodes(relation.names, not_activity))
    cut = Cut(None, timezone, Sources.ORDERED, codebook)
    events = {one: few.codes(one) for one in requests if isinstance(one, Request)}
    there = {one: codes for one, codes in events.items() if codes}
    plain = [one for one in there if _asks_for_names_alone(one)]
    traits = [one for one in requests if isinstance(one, TraitRequest)]
    written = traits if few.present & few.names.of(TRAIT_EVENTS) else []
    ordered = written or any(one.ordered for one in there)
    ranks = rank_ties(relation, [few.events]) if ordered else NO_TIES
    answers: dict[Request | TraitRequest, Answer] = {one: few.nothing(one) for one in requests}
    answers |= few.named({one: there.pop(one) for one in plain}, ranks)
    if there or written:
        answers |= _looked_into(relation, few, there, written, ranks=ranks, cut=cut)
    return Part(few.people.whos, Log(few.first_seen, answers))


def _asks_for_names_alone(request: Request) -> bool:
    pattern = request.pattern
    alternatives = pattern.alternatives if isinstance(pattern, PatternUnion) else (pattern,)
    return request.reading == Nothing() and all(one.where is None for one in alternatives)


def _looked_into(
    relation: Relation,
    few: _Rows,
    requests: Mapping[Request, Codes],
    traits: Sequence[TraitRequest],
    *,
    ranks: Ranks,
    cut: Cut,
) -> dict[Request | TraitRequest, Answer]:
    """The answers that need properties, out of one statement."""
    writing = few.names.of(TRAIT_EVENTS if traits else ())
    wanted = frozenset[int]().union(*requests.values(), writing)
    scan = Scan(few.names, wanted, cut.zone)
    pieces = [
        Piece(request, scan.select(request.pattern), scan.read(request.reading))
        for request in requests
    ]
    columns = trait_columns(scan, traits)
    scan.wanted.add("true")  # to leave rows out would take longer than to read them
    rows = scan.run(relation, few.people, None)
    texts = texts_of({wanted: rows}, {wanted: pieces}, cut.codebook)[wanted]
    found = answers_of(rows, pieces, ranks=ranks, texts=texts, people=few.people, cut=cut)
    writes = trait_writes(rows, columns, len(few.people), ranks=ranks, sources=True)
    return {**dict(found), **writes}


@dataclass(frozen=True, slots=True)
class _Rows:
    """Who, what and when of every row: the distinct ids, the rows by person and instant, and the
    code of the name of each, int32[N]; the codes that occur."""

    names: NameCodes
    people: Few
    events: Events
    name: Int32s
    present: Codes

    @classmethod
    def read(cls, relation: Relation, names: NameCodes) -> _Rows:
        """The rows of a relation."""
        table = relation.table(f"SELECT who, name, occurred_at, ref FROM {relation.source}", {})
        who, name, at, ref = (table[column].to_numpy() for column in table.column_names)
        people = Few(np.unique(who))
        events = sorted_events(people.of(who), at, ref)
        return cls(names, people, events, name[events.row], frozenset(np.unique(name).tolist()))

    @property
    def first_seen(self) -> Int64s:
        """The instant of the first row of each distinct id."""
        first = self.events.at[offsets_of(self.events.person, len(self.people))[:-1]]
        return first if len(first) else np.full(len(self.people), FOREVER, np.int64)

    def codes(self, request: Request) -> Codes:
        """The names of a request that occur."""
        alternatives = self.names.alternatives(request.pattern)
        return frozenset[int]().union(*(codes for codes, _ in alternatives)) & self.present

    def named(
        self, requests: Mapping[Request, Codes], ranks: Ranks
    ) -> dict[Request | TraitRequest, Answer]:
        """The rows of the names of each request."""
        events, keys = in_event_order(Events(np.arange(len(self.name)), *self._rest), ranks)
        name = self.name[events.row]
        answers: dict[Request | TraitRequest, Answer] = {}
        for request, codes in requests.items():
            places = np.flatnonzero(np.isin(name, list(codes)))
            found = events.taken(places)
            answers[request] = Occurrences(
                offsets_of(found.person, len(self.people)),
                found.at,
                order=keys[places] if request.ordered else None,
                source=found.ref if request.ordered else None,
            )
        return answers

    @property
    def _rest(self) -> tuple[Int32s, Int64s, Int64s]:
        return self.events.person, self.events.at, self.events.ref

    def nothing(self, request: Request | TraitRequest) -> Answer:
        """The answer to a request about names that do not occur."""
        none = np.empty(0, np.int64)
        ordered = isinstance(request, Request) and request.ordered
        trait = isinstance(request, TraitRequest)
        occurrences = Occurrences(
            np.zeros(len(self.people) + 1, np.int64),
            none,
            order=none.astype(np.int32) if ordered else None,
            value=None if request.reading == Nothing() else none,
            source=none if trait or ordered else None,
        )
        return TraitWrites(occurrences, none.astype(np.int8)) if trait else occurrences
