"""The same events under one distinct id per person, as if everybody had been known from the start."""

from __future__ import annotations

from tests.oracle.people import fold, link_of, unique


def renamed(events):
    """The same events, each under its person's id from the start, linking nothing anew."""
    person_of = fold(unique(events))
    return [one_person(event, person_of) for event in events]


def one_person(event, person_of):
    """The event under its person's id; a link of it becomes one to itself."""
    person = person_of[event["distinct_id"]]
    properties = dict(event["properties"])
    if link_of(event) is not None:
        key = "$anon_distinct_id" if event["event"] == "$identify" else "alias"
        properties[key] = person
    return {**event, "distinct_id": person, "properties": properties}
