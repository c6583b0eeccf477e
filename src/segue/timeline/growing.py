"""A log that grows: what everybody did, and what came since, gathered for some people at once."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Self, TypeAlias

from segue.timeline.log import Int64s, Log, Request, TraitRequest
from segue.timeline.parts import Groups, Part

Ranks: TypeAlias = Callable[[Int64s], Int64s]
"""The places of events, by reference, in the order that breaks ties: see `Turn.ranks`."""


@dataclass(frozen=True)
class GrowingLog:
    """Immutable: `plus` gives another one that shares what it holds."""

    base: Part

    @property
    def requests(self) -> frozenset[Request | TraitRequest]:
        """What it answers."""
        raise NotImplementedError

    def plus(self, part: Part) -> Self:
        """The log with further events (of new or known distinct ids); the answers to all of
        `requests` are in the part."""
        raise NotImplementedError

    def replacing(self, part: Part) -> Self:
        """The log with everything that these distinct ids did replaced by the part; an id without
        any event in the part did nothing any more."""
        raise NotImplementedError

    def learning(self, part: Part) -> Self:
        """The log with the answers to further requests, about everybody and all events so far."""
        raise NotImplementedError

    def forgetting(self, requests: Collection[Request | TraitRequest]) -> Self:
        """The log without the answers to these requests."""
        raise NotImplementedError

    def gather(self, people: Groups, ranks: Ranks) -> Log:
        """The log of these people: person i is `people.person[i]`.

        Equal to what an extraction of the same events for these people gives, up to the values of
        order keys (their order is the same). `ranks` is asked about events that share an instant
        with another one of the same person that was read at another time or under another id.
        """
        raise NotImplementedError

    @property
    def events_since_base(self) -> int:
        """How many rows came since the base was read: when to read it anew."""
        raise NotImplementedError
