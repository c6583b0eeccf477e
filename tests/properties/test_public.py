"""From a `segue.yaml` and a table of events to memberships, through the public functions: the
oracle reads the conditions as they were before they became text and actions."""

from __future__ import annotations

import dataclasses
import json

import pyarrow as pa
import pytest

import segue
from segue.domain.instant import FOREVER
from segue.language import tree as n
from segue.language.text import to_text
from tests.fuzz.worlds import random_world
from tests.oracle import World
from tests.oracle.people import unique

SEEDS = range(90_000, 90_012)


class Actions:
    """Unions of patterns bound to actions, so that a condition can be written as text."""

    def __init__(self):
        self.texts = {}

    def written(self, node):
        """The node with every union of patterns as `any of` actions."""
        if isinstance(node, n.PatternUnion):
            return n.EventPattern(tuple(n.Name(self.bound(one)) for one in node.alternatives))
        if isinstance(node, tuple):
            return tuple(map(self.written, node))
        if not dataclasses.is_dataclass(node):
            return node
        slots = [slot.name for slot in dataclasses.fields(node)]
        return type(node)(**{slot: self.written(getattr(node, slot)) for slot in slots})

    def bound(self, pattern):
        """The action that stands for the pattern."""
        text = to_text(pattern)
        return self.texts.setdefault(text, f"action_{len(self.texts)}")


def project_of(definitions):
    """The definitions as the mapping that a `segue.yaml` holds."""
    actions = Actions()
    segments = {
        one.id: {"when": to_text(actions.written(one.condition))} for one in definitions.segments
    }
    project = {
        "timezone": definitions.timezone,
        "not_activity": list(definitions.not_activity),
        "page_events": list(definitions.page_events),
        "campaign_keys": list(definitions.campaign_keys),
        "segments": segments,
    }
    if definitions.exclude is not None:
        project["exclude"] = to_text(actions.written(definitions.exclude))
    return project | {"actions": {name: text for text, name in actions.texts.items()}}


def table_of(events):
    """Plain events as the table of a user: person ids, instants in UTC, properties as JSON."""
    rows = [
        {
            "person_id": event["distinct_id"],
            "event": event["event"],
            "occurred_at": event["occurred_at"],
            "event_id": event["event_id"],
            "sequence": event["sequence"],
            "properties": json.dumps(event["properties"]),
        }
        for event in events
    ]
    schema = pa.schema(
        [
            ("person_id", pa.string()),
            ("event", pa.string()),
            ("occurred_at", pa.timestamp("ms", "UTC")),
            ("event_id", pa.string()),
            ("sequence", pa.int64()),
            ("properties", pa.string()),
        ]
    )
    return pa.Table.from_pylist(rows, schema=schema)


def as_rows(table):
    """A result as a set of tuples, instants in ms and null where there is none."""
    columns = [
        column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column
        for column in table.columns
    ]
    return set(zip(*(column.to_pylist() for column in columns), strict=True))


@pytest.mark.parametrize("seed", SEEDS)
def test_evaluate_and_history_are_the_oracles(seed):
    """Who is in and until when, and everybody's memberships, at three instants."""
    case = random_world(seed, segments=8)
    # One import has one instant of receipt: what several contents of one id mean is tested there.
    events = unique(case.events)
    project, table = project_of(case.definitions), table_of(events)
    for at in case.ats:
        members, memberships = expected(case.definitions, events, at)
        assert as_rows(segue.evaluate(table, project, at)) == members
        assert as_rows(segue.history(table, project, at)) == memberships


def expected(definitions, events, at):
    """The rows of `evaluate` and of `history` by the oracle."""
    world = World(definitions, events, at)
    members, memberships = set(), set()
    for person_id, person in world.people.items():
        for segment in definitions.segments:
            for start, end in world.segment_spans(person, segment.id):
                row = (segment.id, person_id, start)
                if start <= at:
                    memberships.add((*row, end if end <= at else None))
                if start <= at < end:
                    members.add((*row, None if end == FOREVER else end))
    return members, memberships
