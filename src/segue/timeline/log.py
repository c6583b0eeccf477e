"""What timeline asks of a log of events, and the arrays it gets.

A `Request` names events and one thing to read from each; the answer is `Occurrences`, flat arrays
in compressed-sparse-row form over P people: person i owns the half-open slice
`offsets[i]:offsets[i + 1]`. Within a person they stand in event order. A `Log` is a set of answers
about the same people. Nothing here knows where the events are kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from segue.domain.instant import LATEST
from segue.language.tree import EventPattern, Filter, Node, Path, Pattern

Int64s: TypeAlias = NDArray[np.int64]
Int32s: TypeAlias = NDArray[np.int32]
Int8s: TypeAlias = NDArray[np.int8]
Bools: TypeAlias = NDArray[np.bool_]

AFTER_EVENTS: Final = np.iinfo(np.int32).max
"""The order key of an instant that is not an event: after all events of the same instant."""

ACTIVITY: Final = EventPattern()
"""The pattern `any`: every stored event that is something the person did."""


# ------------------------------------------------------------------------------ what can be read


@dataclass(frozen=True, slots=True)
class Nothing(Node):
    """Only when it happened."""


@dataclass(frozen=True, slots=True)
class Number(Node):
    """A number in millionths (fixed point, half away from zero on the shortest decimal text);
    unknown where the property is missing, not a number, or does not fit 64 bits."""

    path: Path


@dataclass(frozen=True, slots=True)
class Code(Node):
    """A code, equal exactly where type and value are equal; unknown where missing or null."""

    path: Path


@dataclass(frozen=True, slots=True)
class InstantOf(Node):
    """A property that is an instant, in milliseconds; unknown where it cannot be read so."""

    path: Path


@dataclass(frozen=True, slots=True)
class Satisfies(Node):
    """1 where the event satisfies the filter, else 0; `within last|next` is from its time."""

    filter: Filter


@dataclass(frozen=True, slots=True)
class IsAmong(Node):
    """1 where the event also matches the pattern, else 0."""

    pattern: Pattern


Reading: TypeAlias = Nothing | Number | Code | InstantOf | Satisfies | IsAmong


@dataclass(frozen=True, slots=True)
class Request(Node):
    """The stored events that match `pattern` (event names only, never a derived event), with one
    reading each.

    Where `ordered`, the answer carries order keys that break ties of instants across all ordered
    answers of the same log.
    """

    pattern: Pattern
    reading: Reading = Nothing()
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class TraitRequest(Node):
    """Every write of the trait whose top-level key is `key`, with one reading of the written value.

    The reading's paths start with `key` (`trait address.city` reads `("address", "city")` from the
    writes of `address`). In `Satisfies` no test is relative to an instant. Codes compare within one
    answer.
    """

    key: str
    reading: Satisfies | InstantOf | Number | Code


# ------------------------------------------------------------------------------------ the answers


@dataclass(frozen=True, slots=True)
class Occurrences:
    """Occurrences of P people, N in all.

    offsets: int64[P + 1], at: int64[N] instants in ms, ascending within a person.
    order: int32[N] breaks ties of `at` within a person (None: nobody compares them).
    value: int64[N] what was read (None: nothing was); known: bool[N] where there is a value
    (None: everywhere). source: int64[N] opaque references of the events, only for explaining.
    """

    offsets: Int64s
    at: Int64s
    order: Int32s | None = None
    value: Int64s | None = None
    known: Bools | None = None
    source: Int64s | None = None

    @property
    def people(self) -> int:
        """P, the number of people."""
        return len(self.offsets) - 1

    def __len__(self) -> int:
        return len(self.at)


SET: Final = 0
REMOVE: Final = 1
SET_ONCE: Final = 2


@dataclass(frozen=True, slots=True)
class TraitWrites:
    """Writes of one trait in event order: `kind` int8[N] is SET, REMOVE or SET_ONCE.

    Writing null is REMOVE (a `$set_once` of null is no write). Where several writes of one event
    touch the key, they stand in the order set, set once, remove.
    """

    writes: Occurrences
    kind: Int8s


Answer: TypeAlias = Occurrences | TraitWrites


@dataclass(frozen=True, slots=True)
class Log:
    """What is known of P people: `first_seen` int64[P] (earliest stored event of any name) and the
    answers to requests. A person who does not exist yet has `first_seen` FOREVER. No event in it
    is later than `until`. Codes of one path agree between the answers."""

    first_seen: Int64s
    answers: Mapping[Request | TraitRequest, Answer]
    until: int = LATEST

    @property
    def people(self) -> int:
        """P, the number of people."""
        return len(self.first_seen)

    def occurrences(self, request: Request) -> Occurrences:
        """The answer to a request for events. Raises `KeyError` where it was not asked for."""
        answer = self.answers[request]
        assert isinstance(answer, Occurrences)
        return answer

    def writes(self, request: TraitRequest) -> TraitWrites:
        """The answer to a request for trait writes. Raises `KeyError` where it is missing."""
        answer = self.answers[request]
        assert isinstance(answer, TraitWrites)
        return answer
