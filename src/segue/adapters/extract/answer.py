"""From requests to a log: plans the scans, orders the rows, cuts the answers out of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from segue.adapters.extract.names import NameCodes
from segue.adapters.extract.order import Ranks, in_event_order, offsets_of, rank_ties
from segue.adapters.extract.plain import read_plain
from segue.adapters.extract.relation import Few, People, Relation, Sources
from segue.adapters.extract.scan import Codes, Rows, Scan, codes, integers
from segue.adapters.extract.sql import Binder
from segue.adapters.extract.traits import read_traits
from segue.domain.instant import FOREVER, LATEST
from segue.language.tree import PatternUnion
from segue.timeline.log import (
    Answer,
    Bools,
    Code,
    Int64s,
    Log,
    Nothing,
    Occurrences,
    Request,
    TraitRequest,
)
from segue.timeline.parts import Codebook


@dataclass(frozen=True, slots=True)
class Cut:
    """How a log is read: cut at the instant `at` (None: whole), zone-less instants read in `zone`,
    with references to the events in the answers that `sources` names, texts coded by `codebook`
    (None: by one of its own)."""

    at: int | None = None
    zone: str = "UTC"
    sources: Sources = Sources.NONE
    codebook: Codebook | None = None

    def refers(self, request: Request) -> bool:
        """Whether the answer to the request carries references."""
        ordered = self.sources is Sources.ORDERED and request.ordered
        return ordered or self.sources is Sources.ALL


def extract(
    relation: Relation,
    people: People,
    requests: Collection[Request | TraitRequest],
    *,
    at: int | None = None,
    timezone: str = "UTC",
    not_activity: Collection[str] = (),
    sources: Sources = Sources.NONE,
    codebook: Codebook | None = None,
) -> Log:
    """Answer the requests about the people.

    Codes agree between extractions that share a codebook. Event order is instant, then `sequence`
    (an event without one comes first), then the bytes of the event id. Raises `DefinitionError`
    for a regular expression that RE2 refuses.
    """
    names = NameCodes(relation.names, not_activity)
    cut = Cut(at, timezone, sources, codebook)
    answers: dict[Request | TraitRequest, Answer] = {}
    events = [request for request in requests if isinstance(request, Request)]
    plain = {
        request: found for request in events if (found := _plain(request, names, cut)) is not None
    }
    if plain:
        parts = read_plain(relation, people, set(plain.values()), at)
        answers |= {request: parts[wanted] for request, wanted in plain.items()}
    rest = [request for request in events if request not in plain]
    answers |= _scanned(relation, people, rest, names, cut)
    traits = [request for request in requests if isinstance(request, TraitRequest)]
    referring = sources is not Sources.NONE
    answers |= read_traits(relation, people, traits, names, at=at, zone=timezone, sources=referring)
    return Log(first_seen(relation, people, at), answers, LATEST if at is None else at)


def first_seen(relation: Relation, people: People, at: int | None = None) -> Int64s:
    """The instant of each person's earliest event, int64[P]; FOREVER where there is none."""
    binder = Binder()
    until = "" if at is None else f" WHERE occurred_at <= {binder.bind(at)}::BIGINT"
    table = relation.table(
        f"SELECT who, min(occurred_at) AS first FROM {relation.source}{until} GROUP BY who",
        binder.values,
    )
    person = people.index[table["who"].to_numpy()]
    seen = np.full(len(people), FOREVER, np.int64)
    known = person >= 0
    np.minimum.at(seen, person[known], table["first"].to_numpy()[known])
    return seen


def is_plain(request: Request) -> bool:
    """Whether a request asks for nothing but the instants of events by their names."""
    pattern = request.pattern
    alternatives = pattern.alternatives if isinstance(pattern, PatternUnion) else (pattern,)
    unfiltered = all(alternative.where is None for alternative in alternatives)
    return unfiltered and not request.ordered and request.reading == Nothing()


def _plain(request: Request, names: NameCodes, cut: Cut) -> Codes | None:
    """The names of a request that asks for nothing but instants; None for any other."""
    if cut.sources is Sources.ALL or not is_plain(request):
        return None
    return frozenset().union(*(found for found, _ in names.alternatives(request.pattern)))


@dataclass(frozen=True, slots=True)
class Piece:
    """Where the answer to one request stands in the rows of a scan."""

    request: Request
    selected: str | None
    value: str | None


def _scanned(
    relation: Relation,
    people: People,
    requests: Sequence[Request],
    names: NameCodes,
    cut: Cut,
) -> dict[Request | TraitRequest, Answer]:
    scans: dict[Codes, Scan] = {}
    pieces: dict[Codes, list[Piece]] = {}
    for request in requests:
        wanted = frozenset().union(*(found for found, _ in names.alternatives(request.pattern)))
        scan = scans.setdefault(wanted, Scan(names, wanted, cut.zone))
        piece = Piece(request, scan.select(request.pattern), scan.read(request.reading))
        pieces.setdefault(wanted, []).append(piece)
    rows = {wanted: scan.run(relation, people, cut.at) for wanted, scan in scans.items()}
    if not rows:
        return {}
    ranks = rank_ties(relation, [part.events for part in rows.values()])
    texts = texts_of(rows, pieces, cut.codebook)
    return {
        request: answer
        for wanted in rows
        for request, answer in answers_of(
            rows[wanted], pieces[wanted], ranks=ranks, texts=texts[wanted], people=people, cut=cut
        )
    }


Values: TypeAlias = tuple[Int64s, Bools | None]


def texts_of(
    rows: Mapping[Codes, Rows], pieces: Mapping[Codes, Sequence[Piece]], codebook: Codebook | None
) -> dict[Codes, dict[str, Values]]:
    """Every column of codes, encoded together so that codes compare across answers."""
    places = list(
        dict.fromkeys(
            (wanted, piece.value)
            for wanted, group in pieces.items()
            for piece in group
            if isinstance(piece.request.reading, Code) and piece.value is not None
        )
    )
    texts: dict[Codes, dict[str, Values]] = {wanted: {} for wanted in rows}
    columns = [rows[wanted].columns[name] for wanted, name in places]
    for (wanted, name), found in zip(places, codes(columns, codebook), strict=True):
        texts[wanted][name] = found
    return texts


def answers_of(
    rows: Rows,
    pieces: Sequence[Piece],
    *,
    ranks: Ranks,
    texts: Mapping[str, Values],
    people: People | Few,
    cut: Cut,
) -> Iterator[tuple[Request, Occurrences]]:
    """The answers that come out of one scan."""
    events, keys = in_event_order(rows.events, ranks)
    rows = Rows(events, rows.columns)
    for piece in pieces:
        found, order = events, keys
        if piece.selected is not None:
            places = np.flatnonzero(rows.truth(piece.selected))
            found, order = events.taken(places), keys[places]
        value, known = _value(rows, piece, texts)
        answer = Occurrences(
            offsets_of(found.person, len(people)),
            found.at,
            order=order if piece.request.ordered else None,
            value=None if value is None else value[found.row],
            known=None if known is None else known[found.row],
            source=found.ref if cut.refers(piece.request) else None,
        )
        yield piece.request, answer


def _value(
    rows: Rows, piece: Piece, texts: Mapping[str, Values]
) -> tuple[Int64s | None, Bools | None]:
    if piece.value is None:
        return None, None
    return texts[piece.value] if piece.value in texts else integers(rows.columns[piece.value])
