"""Profiles of many people at once: their traits at an instant, as every other answer has them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Protocol

import numpy as np

from segue.domain.acting import Profile
from segue.domain.ports import StoredEvent
from segue.services.live.reading import fold_traits
from segue.timeline.log import Int32s
from segue.timeline.parts import Groups


class ProfileStore(Protocol):
    """What profiles are read from."""

    def groups(self, people: Int32s) -> Groups:
        """Those of these people (int32 codes of person ids, ascending) who exist."""

    def person_ids(self, people: Int32s) -> list[str]:
        """The texts of distinct ids by their codes."""

    def written(self, whos: Int32s) -> list[tuple[int, StoredEvent]]:
        """The events that write traits of these distinct ids (int32 codes), in event order, each
        with the code of its distinct id."""


class StoredProfiles:
    """`domain.acting.Profiles` of a store: one statement, however many people."""

    def __init__(self, store: ProfileStore) -> None:
        self._store = store

    def profiles(self, people: Collection[int], at: int) -> dict[int, Profile]:
        """See the port. Whoever does not exist is left out."""
        groups = self._store.groups(np.array(sorted(set(people)), np.int32))
        ids = dict(zip(groups.person.tolist(), self._store.person_ids(groups.person), strict=True))
        texts = self._store.person_ids(groups.whos)
        bounds = groups.offsets.tolist()
        theirs = {
            person: tuple(sorted(texts[bounds[place] : bounds[place + 1]]))
            for place, person in enumerate(ids)
        }
        owners = np.repeat(groups.person, np.diff(groups.offsets)).tolist()
        owner = dict(zip(groups.whos.tolist(), owners, strict=True))
        events: dict[int, list[StoredEvent]] = {person: [] for person in ids}
        for who, event in self._store.written(groups.whos):
            events[owner[who]].append(event)
        return {
            person: profile_of(ids[person], theirs[person], events[person], at) for person in ids
        }


def profile_of(
    person_id: str, distinct_ids: tuple[str, ...], events: Iterable[StoredEvent], at: int
) -> Profile:
    """The profile at the instant that these events, in event order, amount to."""
    traits = fold_traits(events, at)
    values = {key: written.value for key, written in traits.items()}
    return Profile(person_id, distinct_ids, values)


def event_order(event: StoredEvent) -> tuple[int, bool, int, bytes]:
    """What the events of a person are sorted by."""
    sequence = event.sequence
    return event.occurred_at, sequence is not None, sequence or 0, event.event_id.encode()


def properties_of(event: StoredEvent) -> Mapping[str, Any]:
    """The properties of a stored event as values of JSON."""
    values: Mapping[str, Any] = json.loads(event.properties)
    return values
