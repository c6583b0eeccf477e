"""The arrays of a log made from plain events by the oracle's own matching and reading: feeds the
timeline without any store, so that a mismatch is the timeline's."""

from __future__ import annotations

import numpy as np

from segue.timeline.log import (
    REMOVE,
    SET,
    SET_ONCE,
    Code,
    InstantOf,
    IsAmong,
    Log,
    Nothing,
    Number,
    Occurrences,
    Satisfies,
    TraitRequest,
    TraitWrites,
)
from tests.oracle.people import trait_writes
from tests.oracle.truth import World
from tests.oracle.values import as_identity, as_instant, as_millionths, lookup, satisfies

_SPACING = 4  # leaves room for derived events immediately before an event


class PlainStore:
    """Answers requests about plain events, as a store does: `log(requests)` and `person_ids`.

    The source of an occurrence is its event's place in `sources`, which holds event ids.
    """

    def __init__(self, definitions, events, at=None):
        self.world = World(definitions, events, at)
        self.person_ids = sorted(self.world.people, key=str.encode)
        self.codes = {}
        self.sources = []
        self.source_of = {}

    def log(self, requests, only=None):
        """Everybody's log, or that of one person."""
        ids = self.person_ids if only is None else [only]
        people = [self.world.people[one] for one in ids]
        seen = np.array([person.first_seen for person in people], np.int64)
        return Log(seen, {request: self._answer(request, people) for request in requests})

    def _answer(self, request, people):
        if isinstance(request, TraitRequest):
            return self._writes(request, people)
        rows = []
        for i, person in enumerate(people):
            for rank, one in enumerate(person.stored):
                if self.world.matches(request.pattern, one):
                    value = self._read(request.reading, one.properties, one, one.at)
                    rows.append((i, one.at, rank * _SPACING, value, self._source(one)))
        return _occurrences(rows, len(people), request.reading)

    def _writes(self, request, people):
        rows, kinds = [], []
        for i, person in enumerate(people):
            for rank, one in enumerate(person.stored):
                for kind, key, value in trait_writes(one):
                    if key != request.key or (kind == "set_once" and value is None):
                        continue
                    removes = kind == "unset" or value is None
                    kinds.append(REMOVE if removes else SET if kind == "set" else SET_ONCE)
                    read = self._read(request.reading, {key: value}, one, 0)
                    rows.append((i, one.at, rank * _SPACING, read, self._source(one)))
        answer = _occurrences(rows, len(people), request.reading)
        return TraitWrites(answer, np.array(kinds, np.int8))

    def _source(self, one):
        event_id = one.key[3].decode()
        if event_id not in self.source_of:
            self.source_of[event_id] = len(self.sources)
            self.sources.append(event_id)
        return self.source_of[event_id]

    def _read(self, reading, properties, one, r):
        zone = self.world.zone
        match reading:
            case Nothing():
                return None
            case Number(path):
                return as_millionths(lookup(properties, path))
            case InstantOf(path):
                return as_instant(lookup(properties, path), zone)
            case Satisfies(rule):
                return int(satisfies(rule, properties, r, zone))
            case IsAmong(pattern):
                return int(self.world.matches(pattern, one))
            case Code(path):
                value = lookup(properties, path)
                if value is None:
                    return None
                return self.codes.setdefault((path, as_identity(value)), len(self.codes))


def _occurrences(rows, people, reading):
    counts = np.bincount(np.array([row[0] for row in rows], np.int64), minlength=people)
    offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    at = np.array([row[1] for row in rows], np.int64)
    order = np.array([row[2] for row in rows], np.int32)
    source = np.array([row[4] for row in rows], np.int64)
    if isinstance(reading, Nothing):
        return Occurrences(offsets, at, order, source=source)
    value = np.array([row[3] or 0 for row in rows], np.int64)
    known = np.array([row[3] is not None for row in rows], np.bool_)
    return Occurrences(offsets, at, order, value, known, source)
