"""Traits that came inside an event's properties, as PostHog's SDKs send them, as events of their
own.

`$set`, `$set_once` and `$unset` in the properties of any event become the events `$set`,
`$set_once` and `$unset` at the same instant, with the event's id and `#set`, `#set_once` or
`#unset` after it.
An `$identify` that carries a `$set` writes those traits itself; its other properties, which are
about the page and not the person, are left out, and so they are in `$set` and `$set_once`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from segue.adapters.extract import ANONYMOUS_ID, IDENTIFY, SET, SET_ONCE, UNSET
from segue.adapters.sources.batch import EVENTS

_NESTED: Final = r'"\$(set|set_once|unset)"\s*:'
_PARTS: Final = (SET, SET_ONCE, UNSET)


def split_traits(events: pa.Table) -> pa.Table:
    """The events, with nested traits as events of their own, the order otherwise kept."""
    nested = pc.match_substring_regex(events["properties"], _NESTED)
    if not pc.any(nested).as_py():
        return events
    rows = [part for row in events.filter(nested).to_pylist() for part in _split(row)]
    split = pa.Table.from_pylist(rows, schema=EVENTS)
    return pa.concat_tables([events.filter(pc.invert(nested)), split])


def _split(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    properties = json.loads(row["properties"])
    nested = {part: properties.pop(part) for part in _PARTS if _is_nested(properties, part)}
    event = row["event"]
    if event in _PARTS and event in nested:
        own = nested.pop(event)
        properties = {UNSET: own} if isinstance(own, list) else own
    elif event == IDENTIFY and SET in nested:
        linked = {key: properties[key] for key in (ANONYMOUS_ID,) if key in properties}
        properties = {**nested.pop(SET), **linked}
    yield _with(row, event, row["event_id"], properties)
    for part, written in nested.items():
        wrapped = {UNSET: written} if isinstance(written, list) else written
        yield _with(row, part, f"{row['event_id']}#{part[1:]}", wrapped)


def _is_nested(properties: Mapping[str, Any], part: str) -> bool:
    value = properties.get(part)
    return isinstance(value, dict) or (part == UNSET and isinstance(value, list))


def _with(
    row: Mapping[str, Any], event: str, event_id: str, properties: Mapping[str, Any]
) -> dict[str, Any]:
    text = json.dumps(properties, separators=(",", ":"))
    return {**row, "event": event, "event_id": event_id, "properties": text}
