"""An event store that a server on this machine holds: every call is one request to it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote

import httpx
import pyarrow as pa

from segue.adapters.remote_store.coding import decoded, encoded
from segue.domain.acting import ActingStore
from segue.domain.campaigns import Because, Suppressed
from segue.domain.errors import (
    BusyError,
    InputError,
    SegueError,
    StoreError,
    StoreLockedError,
    UsageError,
)
from segue.domain.identity import Refusal
from segue.domain.live import Published, Transition
from segue.domain.ports import (
    Appended,
    CommonValue,
    DefinitionVersion,
    Erased,
    EventStore,
    EventSummary,
    Extent,
    ReadLog,
    StoredEvent,
)
from segue.domain.results import ResultsStore, SurveyAnswer, Tally
from segue.timeline.log import Log, Request, TraitRequest

T = TypeVar("T")

PATH: Final = "/api/store"
"""Where a server takes calls."""
VERSION_HEADER: Final = "x-segue-version"
"""The header of a call that says which version of Segue it comes from."""
EVENTS_AT_ONCE: Final = 10_000
"""Events of one call: a turn of the live loop stays short."""

_CONNECTING: Final = 10.0
_AGAIN: Final = 5
_LATER: Final = "run the command again in a moment; nothing is stored twice"


class RemoteStore:
    """An `EventStore` that asks the server which holds the file.

    Every call raises what the store itself would raise, `StoreLockedError` where the server cannot
    be worked with, and `StoreError` where it goes away meanwhile.
    """

    def __init__(self, address: str, secret: str, *, version: str, timezone: str) -> None:
        self._address, self._version, self._timezone = address, version, timezone
        self._client = httpx.Client(
            base_url=address,
            headers={"authorization": f"Bearer {secret}", VERSION_HEADER: version},
            timeout=httpx.Timeout(None, connect=_CONNECTING),
            trust_env=False,
        )

    def append(self, events: pa.Table, *, received_at: int) -> Appended:
        """See `EventStore.append`; of events of the past, which nobody acts upon. One durable
        commit for every `EVENTS_AT_ONCE` of them."""
        parts = (
            events.slice(first, EVENTS_AT_ONCE) for first in range(0, len(events), EVENTS_AT_ONCE)
        )
        done = (self._ask(EventStore.append, part, received_at=received_at) for part in parts)
        return reduce(Appended.plus, done, Appended())

    def read(
        self,
        requests: Collection[Request | TraitRequest],
        *,
        at: int | None = None,
        people: Collection[str] | None = None,
        sources: bool = False,
        not_activity: Collection[str] = (),
    ) -> ReadLog[Log]:
        """See `EventStore.read`."""
        return self._ask(
            EventStore.read,
            list(requests),
            at=at,
            people=None if people is None else list(people),
            sources=sources,
            not_activity=list(not_activity),
            timezone=self._timezone,
        )

    def events(self, sources: Sequence[int]) -> list[StoredEvent]:
        """See `EventStore.events`."""
        return self._ask(EventStore.events, [int(source) for source in sources])

    def extent(self) -> Extent:
        """See `EventStore.extent`."""
        return self._ask(EventStore.extent)

    def summaries(self) -> list[EventSummary]:
        """See `EventStore.summaries`."""
        return self._ask(EventStore.summaries)

    def event_counts(self, *, at: int) -> dict[str, int]:
        """See `EventStore.event_counts`."""
        return self._ask(EventStore.event_counts, at=at)

    def transitions(
        self,
        *,
        after: int = -1,
        limit: int = 100,
        segment_id: str | None = None,
        person_id: str | None = None,
        only_live: bool = False,
    ) -> list[Transition]:
        """See `Published.transitions`."""
        return self._ask(
            Published.transitions,
            after=after,
            limit=limit,
            segment_id=segment_id,
            person_id=person_id,
            only_live=only_live,
        )

    def common_values(
        self, events: Collection[str], *, at: int, least: int, most: int
    ) -> list[CommonValue]:
        """See `EventStore.common_values`."""
        return self._ask(EventStore.common_values, list(events), at=at, least=least, most=most)

    def trait_names(self) -> list[str]:
        """See `EventStore.trait_names`."""
        return self._ask(EventStore.trait_names)

    def person_of(self, distinct_id: str) -> str | None:
        """See `EventStore.person_of`."""
        return self._ask(EventStore.person_of, distinct_id)

    def distinct_ids(self, person_id: str) -> tuple[str, ...]:
        """See `EventStore.distinct_ids`."""
        return self._ask(EventStore.distinct_ids, person_id)

    def refused_links(self) -> tuple[Refusal, ...]:
        """See `EventStore.refused_links`."""
        return self._ask(EventStore.refused_links)

    def save_definitions(self, text: str, *, known_at: int) -> DefinitionVersion:
        """See `EventStore.save_definitions`."""
        return self._ask(EventStore.save_definitions, text, known_at=known_at)

    def definition_versions(self) -> list[DefinitionVersion]:
        """See `EventStore.definition_versions`."""
        return self._ask(EventStore.definition_versions)

    def thresholds(self, quantile: str) -> dict[int, int | None]:
        """See `EventStore.thresholds`."""
        return self._ask(EventStore.thresholds, quantile)

    def keep_thresholds(self, quantile: str, values: Mapping[int, int | None]) -> None:
        """See `EventStore.keep_thresholds`. They are not kept: events that the server took in
        since the log was read may have changed them."""

    def erase(self, person_id: str) -> Erased:
        """See `EventStore.erase`."""
        return self._ask(EventStore.erase, person_id)

    def backup(self, target: Path) -> None:
        """See `EventStore.backup`. The server writes it."""
        self._ask(EventStore.backup, str(target.absolute()))

    def suppress(self, entries: Sequence[Suppressed]) -> int:
        """See `ActingStore.suppress`."""
        return self._ask(ActingStore.suppress, list(entries))

    def tallies(self, campaign_id: str, *, complete_before: int) -> list[Tally]:
        """See `ResultsStore.tallies`."""
        return self._ask(ResultsStore.tallies, campaign_id, complete_before=complete_before)

    def refusals(self, campaign_id: str) -> Mapping[Because, int]:
        """See `ResultsStore.refusals`."""
        return self._ask(ResultsStore.refusals, campaign_id)

    def lateness(self, campaign_id: str) -> int | None:
        """See `ResultsStore.lateness`."""
        return self._ask(ResultsStore.lateness, campaign_id)

    def survey_answers(self, survey_id: str) -> list[SurveyAnswer]:
        """See `ResultsStore.survey_answers`."""
        return self._ask(ResultsStore.survey_answers, survey_id)

    def survey_shown(self, survey_id: str) -> list[tuple[str, ...]]:
        """See `ResultsStore.survey_shown`."""
        return self._ask(ResultsStore.survey_shown, survey_id)

    def put_segment(self, segment_id: str, segment: Mapping[str, str]) -> None:
        """Have the server put a segment in force. Raises `UsageError` where it does not take it."""
        path = f"/api/segments/{quote(segment_id)}"
        try:
            response = self._client.put(path, json=dict(segment))
        except httpx.TransportError as error:
            raise StoreError(
                f"The server at {self._address} went away in the middle of the command", hint=_LATER
            ) from error
        if response.status_code != httpx.codes.OK:
            raise UsageError(
                f"The server at {self._address} does not take the segment {segment_id!r}:"
                f" {response.text[:500]}",
                hint="its project file may be read-only, or the segment is not of its events",
            )

    def close(self) -> None:
        """End the connection; the server goes on."""
        self._client.close()

    def _ask(self, call: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """What the call gives; raises what it raises."""
        data = self._answered(b"".join(encoded((call.__name__, arguments, named))))
        try:
            answer = decoded(data)
        except InputError as error:
            raise StoreLockedError(
                f"The answer of the server at {self._address} cannot be read", hint=_SAME
            ) from error
        if isinstance(answer, SegueError):
            raise answer
        given: T = answer
        return given

    def _answered(self, body: bytes) -> bytearray:
        """The answer to a call."""
        try:
            return self._posted(body)
        except httpx.ConnectError as error:
            raise StoreLockedError(
                f"The server that holds this workspace does not answer at {self._address}",
                hint="it may begin or end: try again in a moment, or start it again",
            ) from error
        except httpx.TransportError as error:
            raise StoreError(
                f"The server at {self._address} went away in the middle of the command", hint=_LATER
            ) from error

    def _posted(self, body: bytes) -> bytearray:
        with self._client.stream("POST", PATH, content=body) as response:
            data = _joined(response.iter_raw())
        if response.status_code == httpx.codes.OK:
            return data
        raise self._refused(response)

    def _refused(self, response: httpx.Response) -> SegueError:
        """Why the server did not take the call."""
        status, server = response.status_code, f"The server at {self._address}"
        if status == httpx.codes.CONFLICT:
            theirs = response.headers.get(VERSION_HEADER, "another version")
            return StoreLockedError(
                f"{server} is Segue {theirs}, this command is Segue {self._version}", hint=_SAME
            )
        if status in {httpx.codes.NOT_FOUND, httpx.codes.METHOD_NOT_ALLOWED}:
            return StoreLockedError(f"{server} is an older Segue, or something else", hint=_SAME)
        if status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
            return StoreLockedError(
                f"{server} does not take this command's secret: it serves another workspace",
                hint="stop whatever holds this one, and try again",
            )
        if status == httpx.codes.TOO_MANY_REQUESTS:
            return BusyError(f"{server} has too much to do", retry_after=_AGAIN, hint=_LATER)
        return StoreError(f"{server} failed at this ({status})", hint="its log says why")


_SAME: Final = "stop it, and start it with the version of this command"


def _joined(chunks: Iterable[bytes]) -> bytearray:
    data = bytearray()
    for chunk in chunks:
        data += chunk
    return data
