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

from segue.adapters import messages
from segue.adapters.sources.batch import EVENTS

_NESTED: Final = r'"\$(set|set_once|unset)"\s*:'


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
    for event, event_id, own in messages.split_traits(
        row["event"], row["event_id"], properties, _opened
    ):
        yield _with(row, event, event_id, own)


def _opened(value: object) -> dict[str, Any] | list[Any] | None:
    return value if isinstance(value, dict | list) else None


def _with(
    row: Mapping[str, Any], event: str, event_id: str, properties: Mapping[str, Any]
) -> dict[str, Any]:
    text = json.dumps(properties, separators=(",", ":"))
    return {**row, "event": event, "event_id": event_id, "properties": text}
