"""From events about messages to deliveries: what a page, or a link in a mail, says of one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from segue.domain.acting import Fact
from segue.domain.campaigns import REACHED, Delivery, State

DELIVERED: Final = "$message_delivered"
"""What Segue itself says when a channel has taken a message; the delivery knows already."""
_FIXED: Final = (State.DUE, State.SENDING, State.HELD_OUT)
"""States that no fact moves. What was withdrawn or given up, but reached somebody, did so."""


def delivery_ids(facts: Sequence[Fact]) -> set[str]:
    """The deliveries that facts are about."""
    named = (fact.properties.get("delivery_id") for fact in facts if fact.event in _NOTES)
    return {name for name in named if isinstance(name, str)}


def noted(
    facts: Sequence[Fact], deliveries: Mapping[str, Delivery], same: Callable[[int, int], bool]
) -> list[Delivery]:
    """The deliveries that these facts change, as they are then. `same` says whether two codes of
    distinct ids are of one person: whoever tells of another one's delivery is not believed."""
    found: dict[str, Delivery] = {}
    for fact in facts:
        name = fact.properties.get("delivery_id")
        note = _NOTES.get(fact.event)
        if note is None or not isinstance(name, str):
            continue
        delivery = found.get(name) or deliveries.get(name)
        if delivery is not None and same(delivery.person, fact.person):
            found[name] = advanced(note(delivery, fact))
    return [one for name, one in found.items() if one != deliveries[name]]


def advanced(delivery: Delivery) -> Delivery:
    """The delivery in the state that its instants amount to: a goal that was reached by somebody
    whom the message did not reach is none of it."""
    reached = (delivery.delivered_at, delivery.shown_at, delivery.clicked_at)
    if delivery.state in _FIXED or not any(at is not None for at in reached):
        return delivery
    instants = (*reached, delivery.converted_at)
    passed = [state for state, at in zip(REACHED, instants, strict=True) if at is not None]
    return delivery if passed[-1] is delivery.state else replace(delivery, state=passed[-1])


def _shown(delivery: Delivery, fact: Fact) -> Delivery:
    if delivery.shown_at is not None:
        return delivery
    given = fact.properties.get("segments")
    listed = given if isinstance(given, list) else []
    segments = tuple(one for one in listed if isinstance(one, str))
    return replace(delivery, shown_at=fact.at, segments=segments)


def _clicked(delivery: Delivery, fact: Fact) -> Delivery:
    return replace(delivery, clicked_at=_first(delivery.clicked_at, fact.at))


def _dismissed(delivery: Delivery, fact: Fact) -> Delivery:
    return replace(delivery, dismissed_at=_first(delivery.dismissed_at, fact.at))


def _answered(delivery: Delivery, fact: Fact) -> Delivery:
    """A survey that is answered was shown; to complete it is what a click is elsewhere."""
    shown = _shown(delivery, fact)
    return _clicked(shown, fact) if fact.properties.get("complete") is True else shown


def _first(known: int | None, at: int) -> int:
    return at if known is None else min(known, at)


_NOTES: Final[Mapping[str, Callable[[Delivery, Fact], Delivery]]] = {
    "$message_shown": _shown,
    "$message_clicked": _clicked,
    "$message_dismissed": _dismissed,
    "$survey_shown": _shown,
    "$survey_answered": _answered,
    "$survey_dismissed": _dismissed,
}
NOTED: Final = frozenset(_NOTES)
"""The events that say something which a delivery does not know by itself."""
