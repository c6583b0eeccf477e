"""The shapes of exports: how rows of each become the cells of Segue's own columns.

Three shapes are recognised, by the names of the columns or the keys of the first object:

- **PostHog's** export and capture shape (`event`, `distinct_id`, `timestamp`): `uuid` is the event
  id, `properties` are the properties (with `$set`, `$set_once` and `$unset` beside or in them), and
  every other key is about PostHog's own storage and left out.
- **Segment's** messages (`type`, and `userId` or `anonymousId`), as `segue.adapters.messages` says.
  The first message with both a `userId` and an `anonymousId` links them, as PostHog's `$identify`
  does; so does every `identify` with both.
- any other: the layout says which key has which role, and every other key is a property.

Cells are text; times and numbers are read later, as those of any other file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from segue.adapters import messages
from segue.adapters.extract import ANONYMOUS_ID, IDENTIFY
from segue.adapters.sources.batch import Layout, Raw, Rejected
from segue.adapters.sources.columns import NEEDED, ROLES, roles_of

Record: TypeAlias = Mapping[str, Any]
Cells: TypeAlias = tuple[str | None, ...]
"""One cell per role, in the order of `ROLES`."""
Converter: TypeAlias = Callable[[Record], Iterator[Cells]]

_POSTHOG: Final = frozenset({"event", "distinct_id", "timestamp"})
_EVENT: Final = ROLES.index("event")
_PAGES: Final = r'"\$(pathname|current_url|referrer)"\s*:'
_POSTHOG_ROLES: Final = {
    "person_id": "distinct_id",
    "event": "event",
    "occurred_at": "timestamp",
    "event_id": "uuid",
    "properties": "properties",
}


def is_posthog(names: Sequence[str]) -> bool:
    """Whether these are the columns of a PostHog export."""
    return set(names) >= _POSTHOG


def is_segment(names: Sequence[str]) -> bool:
    """Whether these are the columns of Segment's messages."""
    found = set(names)
    return "type" in found and bool(found & {"userId", "anonymousId"})


def shaped(raw: Raw, layout: Layout, source: str, segment: SegmentMessages) -> Raw:
    """The rows with the role of each column settled. Raises `InputError` where a needed column is
    missing."""
    names = raw.table.column_names
    if raw.roles:
        return raw
    if layout.is_as_found and is_segment(names):
        found = [(place, list(segment(row))) for place, row in enumerate(raw.table.to_pylist())]
        cells = [cell for _, rows in found for cell in rows]
        places = [place for place, rows in found for _ in rows]
        texts = [raw.text(place) for place in places]
        return cells_of(cells, [raw.rows[place] for place in places], texts, raw.rejected)
    if layout.is_as_found and is_posthog(names):
        roles = {role: name for role, name in _POSTHOG_ROLES.items() if name in names}
        return replace(raw, table=_with_pages(raw.table.select(list(roles.values()))), roles=roles)
    found_roles = roles_of(names, layout.columns, source=source, event_name=layout.event_name)
    return replace(raw, roles=found_roles)


def _with_pages(table: pa.Table) -> pa.Table:
    """PostHog's events, their pages under the names of everybody else too."""
    place = table.schema.get_field_index("properties")
    if place < 0 or not _is_text(table.schema.types[place]):
        return table
    texts = table["properties"]
    about = pc.match_substring_regex(texts, _PAGES)
    if not pc.any(about).as_py():
        return table
    events, given = table["event"].filter(about).to_pylist(), texts.filter(about).to_pylist()
    named = [_with_page(event, text) for event, text in zip(events, given, strict=True)]
    mask = pc.fill_null(about, False).combine_chunks()
    filled = pc.replace_with_mask(texts.combine_chunks(), mask, pa.array(named, texts.type))
    return table.set_column(place, "properties", filled)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _with_page(event: object, text: str) -> str:
    properties = _object(text)
    page = messages.posthog_page(event, properties, _is_nothing)
    return _dumped({**page, **properties}) if page else text


def _is_nothing(value: object) -> bool:
    return any(value == nothing for nothing in messages.NOTHING)


def cells_of(
    cells: Sequence[Cells],
    rows: Sequence[int],
    texts: Sequence[str],
    rejected: Sequence[Rejected],
) -> Raw:
    """Rows that are cells of Segue's own columns already."""
    columns = list(zip(*cells, strict=True)) or [()] * len(ROLES)
    table = pa.table([pa.array(column, pa.large_string()) for column in columns], names=list(ROLES))
    return Raw(table, rows, {role: role for role in ROLES}, texts, rejected)


def converter(names: Sequence[str], layout: Layout, source: str) -> Converter:
    """What turns records with these keys into cells. Where the layout maps columns, no shape is
    assumed. Raises `InputError` where a needed key is missing."""
    if layout.is_as_found and is_segment(names):
        return SegmentMessages()
    if layout.is_as_found and is_posthog(names):
        return _posthog_event
    # The first object need not have what is optional.
    optional = [layout.columns.get(role, role) for role in ROLES if role not in NEEDED]
    roles = roles_of(
        [*names, *optional], layout.columns, source=source, event_name=layout.event_name
    )
    return _Plain(roles, layout.event_name)


class _Plain:
    """Records with one key per role; every other key is a property."""

    def __init__(self, roles: Mapping[str, str], event_name: str | None) -> None:
        self._event_name = event_name
        self._keys = [roles.get(role) for role in ROLES[:-1]]
        self._properties = roles.get("properties")
        self._roles = frozenset(roles.values())

    def __call__(self, record: Record) -> Iterator[Cells]:
        own = {key: value for key, value in record.items() if key not in self._roles}
        given = record.get(self._properties) if self._properties else None
        if isinstance(given, Mapping):
            text: str | None = _dumped({**own, **given})
        elif given is None or given == "":
            text = _dumped(own)
        else:
            text = _merged(own, given)
        cells = [None if key is None else _cell(record.get(key)) for key in self._keys]
        if self._event_name is not None:
            cells[_EVENT] = self._event_name
        yield (*cells, text)


def _merged(own: Record, given: object) -> str:
    """Properties that came as text: merged where the text is an object, else left to be refused."""
    if isinstance(given, str):
        try:
            parsed = json.loads(given)
        except ValueError:
            return given
        if isinstance(parsed, dict):
            return _dumped({**own, **parsed})
    return _dumped(given)


def _posthog_event(record: Record) -> Iterator[Cells]:
    properties = dict(_object(record.get("properties")))
    for key in messages.NESTED:
        if record.get(key) is not None:
            properties.setdefault(key, record[key])
    page = messages.posthog_page(record.get("event"), properties, _is_nothing)
    properties = {**page, **properties}
    when, event_id = record.get("timestamp"), record.get("uuid")
    yield _cells(record.get("distinct_id"), record.get("event"), when, event_id, properties)


class SegmentMessages:
    """Segment's messages; remembers which pairs of ids it has linked already."""

    def __init__(self) -> None:
        self._linked: set[tuple[str | None, str | None]] = set()

    def __call__(self, record: Record) -> Iterator[Cells]:
        user = messages.id_text(record.get("userId"))
        anonymous = messages.id_text(record.get("anonymousId"))
        kind, when = record.get("type"), _instant(record)
        event, properties = _segment_event(kind, record)
        message = _cell(record.get("messageId"))
        if messages.links(user, anonymous):
            if kind == "identify":
                properties[ANONYMOUS_ID] = anonymous
            elif (user, anonymous) not in self._linked:
                link = {ANONYMOUS_ID: anonymous}
                link_id = None if message is None else messages.link_id(message)
                yield _cells(user, IDENTIFY, when, link_id, link)
            self._linked.add((user, anonymous))
        yield _cells(user or anonymous, event, when, message, properties)


def _instant(record: Record) -> object:
    names = ("timestamp", "originalTimestamp", "sentAt", "receivedAt")
    return next((record[name] for name in names if record.get(name) is not None), None)


def _segment_event(kind: object, record: Record) -> tuple[object, dict[str, Any]]:
    """The event name and the properties of a message, those of its context included."""
    context = _object(record.get("context"))
    traits = dict(_object(record.get("traits")))
    if kind == "identify":
        traits = {**_object(context.get("traits")), **traits}
    event, properties = messages.segment_event(
        kind, record, _object(record.get("properties")), traits
    )
    if kind in messages.ABOUT_TRAITS:
        return event, properties
    page, campaign = (_filled(_object(context.get(key))) for key in ("page", "campaign"))
    return event, {**messages.from_context(page, campaign), **properties}


def _filled(values: Record) -> Record:
    """The values that say something."""
    return {key: value for key, value in values.items() if not _is_nothing(value)}


def _object(value: object) -> Mapping[str, Any]:
    """An object, also one that came as JSON text; anything else is empty."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, Mapping) else {}


def _cells(
    person: object, event: object, when: object, event_id: object, properties: Record
) -> Cells:
    return (_cell(person), _cell(event), _cell(when), _cell(event_id), None, _dumped(properties))


_cell = messages.scalar_text


def _dumped(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), default=str)
