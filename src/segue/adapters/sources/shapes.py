"""The shapes of exports: how rows of each become the cells of Segue's own columns.

Three shapes are recognised, by the names of the columns or the keys of the first object:

- **PostHog's** export and capture shape (`event`, `distinct_id`, `timestamp`): `uuid` is the event
  id, `properties` are the properties (with `$set`, `$set_once` and `$unset` beside or in them), and
  every other key is about PostHog's own storage and left out.
- **Segment's** messages (`type`, and `userId` or `anonymousId`): `track` keeps its event name,
  `identify` becomes `$identify`, `page` `$pageview` and `screen` `$screen` (their `name` and
  `category` are properties), `group` `$groupidentify`, `alias` `$create_alias`. The first message
  with both a `userId` and an `anonymousId` links them, as PostHog's `$identify` does.
- any other: the layout says which key has which role, and every other key is a property.

Cells are text; times and numbers are read later, as those of any other file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeAlias

import pyarrow as pa

from segue.adapters.sources.batch import Layout, Raw, Rejected
from segue.adapters.sources.columns import NEEDED, ROLES, roles_of

Record: TypeAlias = Mapping[str, Any]
Cells: TypeAlias = tuple[str | None, ...]
"""One cell per role, in the order of `ROLES`."""
Converter: TypeAlias = Callable[[Record], Iterator[Cells]]

_POSTHOG: Final = frozenset({"event", "distinct_id", "timestamp"})
_POSTHOG_ROLES: Final = {
    "person_id": "distinct_id",
    "event": "event",
    "occurred_at": "timestamp",
    "event_id": "uuid",
    "properties": "properties",
}
_TRAITS: Final = ("$set", "$set_once", "$unset")


def is_posthog(names: Sequence[str]) -> bool:
    """Whether these are the columns of a PostHog export."""
    return set(names) >= _POSTHOG


def is_segment(names: Sequence[str]) -> bool:
    """Whether these are the columns of Segment's messages."""
    found = set(names)
    return "type" in found and bool(found & {"userId", "anonymousId"})


def shaped(raw: Raw, layout: Layout, source: str, messages: SegmentMessages) -> Raw:
    """The rows with the role of each column settled. Raises `InputError` where a needed column is
    missing."""
    names = raw.table.column_names
    if raw.roles:
        return raw
    if not layout.columns and is_segment(names):
        found = [(place, list(messages(row))) for place, row in enumerate(raw.table.to_pylist())]
        cells = [cell for _, rows in found for cell in rows]
        places = [place for place, rows in found for _ in rows]
        texts = [raw.text(place) for place in places]
        return cells_of(cells, [raw.rows[place] for place in places], texts, raw.rejected)
    if not layout.columns and is_posthog(names):
        roles = {role: name for role, name in _POSTHOG_ROLES.items() if name in names}
        return replace(raw, table=raw.table.select(list(roles.values())), roles=roles)
    return replace(raw, roles=roles_of(names, layout.columns, source=source))


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
    if not layout.columns and is_segment(names):
        return SegmentMessages()
    if not layout.columns and is_posthog(names):
        return _posthog_event
    # The first object need not have what is optional.
    optional = [layout.columns.get(role, role) for role in ROLES if role not in NEEDED]
    return _Plain(roles_of([*names, *optional], layout.columns, source=source))


class _Plain:
    """Records with one key per role; every other key is a property."""

    def __init__(self, roles: Mapping[str, str]) -> None:
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
        cells = (None if key is None else _cell(record.get(key)) for key in self._keys)
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
    for key in _TRAITS:
        if record.get(key) is not None:
            properties.setdefault(key, record[key])
    when, event_id = record.get("timestamp"), record.get("uuid")
    yield _cells(record.get("distinct_id"), record.get("event"), when, event_id, properties)


class SegmentMessages:
    """Segment's messages; remembers which pairs of ids it has linked already."""

    def __init__(self) -> None:
        self._linked: set[tuple[str, str]] = set()

    def __call__(self, record: Record) -> Iterator[Cells]:
        user, anonymous = _cell(record.get("userId")), _cell(record.get("anonymousId"))
        kind = record.get("type")
        when = next(
            (record[key] for key in ("timestamp", "originalTimestamp", "sentAt", "receivedAt")
             if record.get(key) is not None),
            None,
        )  # fmt: skip
        event, properties = _segment_event(kind, record)
        linking = bool(user and anonymous) and (user or "", anonymous or "") not in self._linked
        message = _cell(record.get("messageId"))
        if linking:
            self._linked.add((user or "", anonymous or ""))
            if kind == "identify":
                properties["$anon_distinct_id"] = anonymous
            else:
                link = {"$anon_distinct_id": anonymous}
                link_id = None if message is None else f"{message}#link"
                yield _cells(user, "$identify", when, link_id, link)
        yield _cells(user or anonymous, event, when, message, properties)


def _segment_event(kind: object, record: Record) -> tuple[object, dict[str, Any]]:
    """The event name and the properties of a message."""
    properties = dict(_object(record.get("properties")))
    if kind == "identify":
        return "$identify", dict(_object(record.get("traits")))
    if kind in {"page", "screen"}:
        named = {key: record[key] for key in ("name", "category") if record.get(key) is not None}
        return ("$pageview" if kind == "page" else "$screen"), {**named, **properties}
    if kind == "group":
        group = {"$group_key": record.get("groupId"), "$group_set": _object(record.get("traits"))}
        return "$groupidentify", group
    if kind == "alias":
        return "$create_alias", {"alias": record.get("previousId")}
    return (record.get("event") if kind == "track" else None), properties


def _object(value: object) -> Mapping[str, Any]:
    """An object, also one that came as JSON text; anything else is empty."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    return value if isinstance(value, Mapping) else {}


def _cells(
    person: object, event: object, when: object, event_id: object, properties: Record
) -> Cells:
    return (_cell(person), _cell(event), _cell(when), _cell(event_id), None, _dumped(properties))


def _cell(value: object) -> str | None:
    """A scalar as text: what a cell of a CSV file would hold."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return _dumped(value) if not isinstance(value, int) or isinstance(value, bool) else str(value)


def _dumped(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), default=str)
