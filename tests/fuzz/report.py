"""A failing world as a person can read it: shrunk, its conditions as text, its events in order."""

from __future__ import annotations

import json

from segue.domain.errors import SegueError
from segue.domain.instant import format_instant
from segue.language.text import to_text
from tests.fuzz.compare import compare, plain_log
from tests.fuzz.shrink import shrink


def assert_agrees(case, read=plain_log, seed=None):
    """Engine and oracle agree on the world; else fail with the smallest world that shows it."""
    if not compare(case, read):
        return
    small = shrink(case, lambda one: disagrees(one, read))
    raise AssertionError(f"seed {seed}\n{described(small, read)}")


def disagrees(case, read):
    """Whether they disagree on a world that can be evaluated at all."""
    try:
        return bool(compare(case, read))
    except (SegueError, AssertionError, KeyError):
        return False


def described(case, read=plain_log):
    """The world and its mismatches as text."""
    definitions = case.definitions
    lines = [f"zone {definitions.timezone}"]
    if definitions.exclude is not None:
        lines.append(f"exclude: {to_text(definitions.exclude)}")
    lines += [
        f"{name}: {', '.join(getattr(definitions, name))}"
        for name in ("not_activity", "page_events", "campaign_keys")
        if getattr(definitions, name)
    ]
    lines += [f"{one.id}: {to_text(one.condition)}" for one in definitions.segments]
    for event in sorted(case.events, key=lambda one: one["occurred_at"]):
        lines.append(
            f"  {format_instant(event['occurred_at'])} {event['distinct_id']} {event['event']}"
            f" id {event['event_id']} sequence {event['sequence']}"
            f" received {event['received_at']} {json.dumps(event['properties'])}"
        )
    lines += [
        f"{one.question} of {one.person_id} in {one.segment_id} at {one.at}:"
        f" engine {one.engine}, oracle {one.oracle}"
        for one in compare(case, read)
    ]
    return "\n".join(lines)
