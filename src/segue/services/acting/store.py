"""The store as acting uses it: the ports, with the timeline's arrays filled in."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

import numpy as np

from segue.domain.acting import ActingStore
from segue.domain.live import MembersPage
from segue.domain.webhooks import WebhookStore
from segue.services.live.store import Store as LiveStore
from segue.timeline.log import Request
from segue.timeline.parts import Codebook, Part


class Store(ActingStore, WebhookStore, LiveStore, Protocol):
    """What acting asks of a store."""

    def lately(
        self,
        requests: Collection[Request],
        codebook: Codebook,
        *,
        since: int,
        not_activity: Collection[str] = (),
    ) -> tuple[Part, int]:
        """What the few events with references from `since` on answer (`not_activity` as in
        `EventStore.read`), and the reference after the last of them."""

    def arrived(self, since: int) -> tuple[frozenset[str] | None, int]:
        """The names of the events with references from `since` on, and the reference after the
        last of all; None where events would have to be read for it."""

    def people_with(self, distinct_ids: Sequence[str]) -> dict[str, int]:
        """The codes of the ids of the people who have these distinct ids, by distinct id; those
        that nobody has are left out."""

    def members(
        self, segment_id: str, *, at: int, after: str | None = None, limit: int = 100
    ) -> MembersPage:
        """See `TransitionReader.members`."""


class Crowd:
    """Who the people of some deliveries are now, since two may have become one: `owner` is the code
    of the person by the code that a delivery has (nobody is left out), `codes` all codes of
    somebody's distinct ids by the code of the person, `names` the person's id by it."""

    def __init__(self, store: Store, people: Collection[int]) -> None:
        asked = sorted(set(people))
        texts = store.person_ids(np.array(asked, np.int32))
        owner = store.people_with(texts)
        each = zip(asked, texts, strict=True)
        self.owner = {one: owner[text] for one, text in each if text in owner}
        owners = np.array(sorted(set(self.owner.values())), np.int32)
        groups = store.groups(owners)
        bounds = groups.offsets.tolist()
        whos = groups.whos.tolist()
        people_ = groups.person.tolist()
        self.codes = {
            person: whos[bounds[place] : bounds[place + 1]] for place, person in enumerate(people_)
        }
        self.owner = {one: owner for one, owner in self.owner.items() if owner in self.codes}
        self.names = dict(zip(people_, store.person_ids(groups.person), strict=True))
        self._of = {who: person for person, codes in self.codes.items() for who in codes}

    @property
    def all_codes(self) -> list[int]:
        """The codes of everybody's distinct ids."""
        return list(self._of)

    def owner_of(self, code: int) -> int | None:
        """The person who has the distinct id with this code, if they are among these."""
        return self._of.get(code)
