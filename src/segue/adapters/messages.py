"""What the messages of other SDKs mean as events: one meaning, for files of them and live requests.

Pure, and blind to values: those of properties may be Python objects or raw JSON text, since only
the keys are looked at. Where a value must be opened, the caller says how. Like `extract`, this is
shared by adapters that otherwise do not know each other.

- **Segment's** messages: `track` keeps its event name, `identify` becomes `$identify`, `page`
  `$pageview` and `screen` `$screen` (their `name` and `category` are properties), `group`
  `$groupidentify`, `alias` `$create_alias`. `path`, `url`, `referrer` and `title` of
  `context.page`, and the campaign of `context.campaign` as `utm_…`, are properties where the
  message has none of that name. Traits of an `identify` are in `traits`, in `context.traits`
  (RudderStack), or both.
- **PostHog's** events: `$set`, `$set_once` and `$unset` beside the properties are as if in them;
  `$pathname`, `$current_url` and `$referrer` are also `path`, `url` and `referrer`.
- `$set`, `$set_once` and `$unset` in the properties of any event become events of their own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from segue.adapters.extract import (
    ANONYMOUS_ID,
    IDENTIFY,
    LINK_EVENTS,
    SET,
    SET_ONCE,
    TRAIT_EVENTS,
    UNSET,
)

Properties: TypeAlias = Mapping[str, Any]
Part: TypeAlias = tuple[str, str, dict[str, Any]]
"""An event's name, its id and its properties."""

NESTED: Final = (SET, SET_ONCE, UNSET)
"""Keys of properties that write traits."""
PAGE_KEYS: Final = ("path", "url", "referrer", "title")
"""What is taken over from `context.page`."""
CAMPAIGN: Final = {
    "source": "utm_source",
    "medium": "utm_medium",
    "name": "utm_campaign",
    "term": "utm_term",
    "content": "utm_content",
}
"""What is taken over from `context.campaign`, and under which name."""
POSTHOG_PAGE: Final = {"$pathname": "path", "$current_url": "url", "$referrer": "referrer"}
"""PostHog's names for what is taken over from a page, and everybody else's."""
NOTHING: Final = (None, "", "$direct")
"""Values of a page or campaign that say nothing; `$direct` is how some SDKs say no referrer."""
ABOUT_PEOPLE: Final = frozenset({*TRAIT_EVENTS, *LINK_EVENTS, "$groupidentify"})
"""Events that are not about a page."""
ABOUT_TRAITS: Final = frozenset({"identify", "group", "alias"})
"""Types of Segment's messages that are not about a page."""


def segment_event(
    kind: object, fields: Properties, properties: Properties, traits: Properties
) -> tuple[object, dict[str, Any]]:
    """The event name (None for an unknown type) and the properties of one of Segment's messages.

    `fields` are the message's own keys, `properties` and `traits` its objects, opened.
    """
    if kind == "identify":
        return IDENTIFY, dict(traits)
    if kind in {"page", "screen"}:
        named = {key: fields[key] for key in ("name", "category") if fields.get(key) is not None}
        return ("$pageview" if kind == "page" else "$screen"), {**named, **properties}
    if kind == "group":
        return "$groupidentify", {"$group_key": fields.get("groupId"), "$group_set": traits}
    if kind == "alias":
        return "$create_alias", {"alias": fields.get("previousId")}
    return (fields.get("event") if kind == "track" else None), dict(properties)


def from_context(page: Properties, campaign: Properties) -> dict[str, Any]:
    """Properties that a message about a page takes over from its context; its own go before them.

    Both without the values that say nothing (`NOTHING`).
    """
    found = {key: page[key] for key in PAGE_KEYS if key in page}
    found.update((name, campaign[key]) for key, name in CAMPAIGN.items() if key in campaign)
    return found


def posthog_page(
    event: object, properties: Properties, is_nothing: Callable[[Any], bool]
) -> dict[str, Any]:
    """The page of one of PostHog's events under the names of everybody else, where the properties
    have none of that name; `is_nothing`: whether a value is one of `NOTHING`."""
    if event in ABOUT_PEOPLE:
        return {}
    return {
        name: properties[key]
        for key, name in POSTHOG_PAGE.items()
        if key in properties and name not in properties and not is_nothing(properties[key])
    }


def links(user: str | None, anonymous: str | None) -> bool:
    """Whether a message with these ids says that they are one person's."""
    return bool(user) and bool(anonymous) and user != anonymous


def link_id(message_id: str) -> str:
    """The id of the `$identify` that is made of a message which links two ids."""
    return f"{message_id}#link"


def id_text(value: object) -> str | None:
    """A distinct id as text; None where there is none: null, empty or blank."""
    text = value if isinstance(value, str) else scalar_text(value)
    return text if text and not text.isspace() else None


def scalar_text(value: object) -> str | None:
    """A scalar as text: what a cell of a CSV file would hold."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return json.dumps(value, separators=(",", ":"), default=str)


def split_traits(
    event: str,
    event_id: str,
    properties: Properties,
    opened: Callable[[Any], Properties | list[Any] | None],
) -> Iterator[Part]:
    """An event, then the traits in its properties as the events `$set`, `$set_once` and `$unset`.

    Their ids are the event's with `#set`, `#set_once` or `#unset` after it. A `$set` event writes
    what its own `$set` says. An `$identify` that carries a `$set` writes those traits itself; its
    other properties, which are about the page and not the person, are left out. `opened` gives the
    object or list of a value; None for any other.
    """
    candidates = {part: _nested(properties, part, opened) for part in NESTED}
    nested = {part: written for part, written in candidates.items() if written is not None}
    own = {key: value for key, value in properties.items() if key not in nested}
    if event in nested:
        own = nested.pop(event)
    elif event == IDENTIFY and SET in nested:
        linked = {key: own[key] for key in (ANONYMOUS_ID,) if key in own}
        own = {**nested.pop(SET), **linked}
    yield event, event_id, own
    for part, written in nested.items():
        yield part, f"{event_id}#{part[1:]}", written


def _nested(
    properties: Properties, part: str, opened: Callable[[Any], Properties | list[Any] | None]
) -> dict[str, Any] | None:
    """What such a key writes; a list of keys to unset as an object with it."""
    value = opened(properties[part]) if part in properties else None
    if isinstance(value, Mapping):
        return dict(value)
    return {UNSET: properties[part]} if part == UNSET and isinstance(value, list) else None
