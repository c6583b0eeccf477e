"""From a list of plain events to people: one event per id, event order, identity, derived events
(DESIGN §3, and "Derived events" and "Traits" of §4.2).

A plain event is a dict: distinct_id, event, occurred_at (ms), event_id, sequence (or None),
received_at (ms), properties (a dict).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from tests.oracle.values import as_text

MINUTES_30 = 30 * 60 * 1000

NOT_ACTIVITY = {
    "$identify", "$set", "$set_once", "$unset", "$groupidentify", "$create_alias",
    "$merge_dangerously", "$message_delivered", "$message_shown", "$survey_shown",
}  # fmt: skip

NOBODYS_IDS = {
    "anonymous", "guest", "distinctid", "distinct_id", "id", "not_authenticated", "email",
    "undefined", "true", "false", "[object object]", "nan", "none", "null", "0", "",
}  # fmt: skip


@dataclass(frozen=True)
class Occurrence:
    """Something that happened: its place in event order, a name and properties."""

    key: tuple
    name: str = ""
    properties: dict = field(default_factory=dict, compare=False)

    @property
    def at(self):
        return self.key[0]


def instant_key(at):
    """The place of an instant that is not an event: after all events of the same instant."""
    return (at, 1)


def event_key(event, before=0):
    """The place of an event; `before` puts a derived event immediately before it."""
    sequence = event["sequence"]
    order = (0, 0) if sequence is None else (1, sequence)
    return (event["occurred_at"], 0, order, event["event_id"].encode(), -before)


@dataclass
class Person:
    """One person: their distinct ids, stored events and derived events, each in event order."""

    id: str
    distinct_ids: frozenset
    stored: list
    derived: list
    memo: dict = field(default_factory=dict)

    @property
    def first_seen(self):
        return self.stored[0].at


# ------------------------------------------------------------------------------- one id, one event


def unique(events):
    """One event per event id: of several contents, the one that was received first."""
    by_id = {}
    for event in events:
        kept = by_id.setdefault(event["event_id"], event)
        if event["received_at"] < kept["received_at"]:
            by_id[event["event_id"]] = event
        elif event["received_at"] == kept["received_at"]:
            assert event == kept, "which one counts depends on a hash that DESIGN does not fix"
    return sorted(by_id.values(), key=event_key)


# --------------------------------------------------------------------------------------- identity


def link_of(event):
    """The distinct id that the event says is the same person as its own; None where it says none."""
    name = {
        "$identify": "$anon_distinct_id",
        "$create_alias": "alias",
        "$merge_dangerously": "alias",
    }
    other = as_text(event["properties"].get(name.get(event["event"], "")))
    return None if other is None else other.decode()


def is_nobody(distinct_id):
    """Ids that SDKs send by mistake; nothing is linked through them."""
    return distinct_id.strip("\"' ").lower() in NOBODYS_IDS


def fold(events):
    """Fold the links in event order: distinct id -> the person's id."""
    ids_of = {}  # distinct id -> the list of all ids of its person, shared by them
    known = {}  # ids that an $identify named -> its place in event order
    identified = set()  # ids that any link named as the person to keep

    for rank, event in enumerate(events):
        target, other = event["distinct_id"], link_of(event)
        mine = ids_of.setdefault(target, [target])
        if (other is None and event["event"] != "$identify") or is_nobody(target):
            continue
        if event["event"] == "$identify":
            known.setdefault(target, rank)
        if other is not None and not is_nobody(other):
            link(event, ids_of.setdefault(other, [other]), mine, ids_of, identified)
        identified.add(target)
    return {distinct_id: name_of(ids, known) for distinct_id, ids in ids_of.items()}


def link(event, source, target, ids_of, identified):
    """Merge the source's person into the target's. One who is identified is only merged away
    dangerously."""
    if source is target:
        return
    if event["event"] != "$merge_dangerously" and any(one in identified for one in source):
        return
    target.extend(source)
    for one in source:
        ids_of[one] = target


def name_of(ids, known):
    """The earliest identified distinct id, else the smallest of the ids."""
    named = [one for one in ids if one in known]
    return min(named, key=lambda one: known[one]) if named else min(ids, key=str.encode)


def people(definitions, events, at=None):
    """Everybody in the log cut at `at` (all links kept), by person id."""
    log = unique(events)
    names = fold(log)
    ids, stored = {}, {}
    for distinct_id, name in names.items():
        ids.setdefault(name, set()).add(distinct_id)
    for event in log:
        if at is None or event["occurred_at"] <= at:
            one = Occurrence(event_key(event), event["event"], event["properties"])
            stored.setdefault(names[event["distinct_id"]], []).append((one, event))
    return {
        name: Person(
            name,
            frozenset(ids[name]),
            [one for one, _ in pairs],
            derived_events(definitions, [event for _, event in pairs]),
        )
        for name, pairs in stored.items()
    }


# --------------------------------------------------------------------------------- derived events


def is_activity(definitions, name):
    """Whether an event of that name is `any`."""
    return name not in NOT_ACTIVITY and name not in definitions.not_activity


def is_page(definitions, name):
    """Whether an event of that name is a page event."""
    return any(
        name.startswith(page[:-1]) if page.endswith("*") else name == page
        for page in definitions.page_events
    )


def sessions_of(definitions, events):
    """The person's activity, cut where 30 minutes or more passed."""
    sessions = []
    for event in events:
        if not is_activity(definitions, event["event"]):
            continue
        if not sessions or event["occurred_at"] - sessions[-1][-1]["occurred_at"] >= MINUTES_30:
            sessions.append([])
        sessions[-1].append(event)
    return sessions


def derived_events(definitions, events):
    """`$session_started`, `$session_ended` and `$page_left` of one person's events."""
    derived = []
    for session in sessions_of(definitions, events):
        derived.append(session_started(definitions, session))
        derived.append(session_ended(definitions, session))
        for page, following in pairwise(session):
            if is_page(definitions, page["event"]):
                derived.append(page_left(page, following))
    return sorted(derived, key=lambda one: one.key)


def session_started(definitions, session):
    """Immediately before the session's first event, with some of that event's properties."""
    keys = {"path", "referrer", *definitions.campaign_keys}
    first = session[0]
    kept = {key: value for key, value in first["properties"].items() if key in keys}
    return Occurrence(event_key(first, before=1), "$session_started", kept)


def session_ended(definitions, session):
    """30 minutes after the session's last event: an instant that is not an event."""
    first, last = session[0]["occurred_at"], session[-1]["occurred_at"]
    pages = sum(is_page(definitions, event["event"]) for event in session)
    properties = {"duration": seconds(last - first), "events": len(session), "pages": pages}
    return Occurrence(instant_key(last + MINUTES_30), "$session_ended", properties)


def page_left(page, following):
    """Immediately before the next event of the session."""
    spent = seconds(following["occurred_at"] - page["occurred_at"])
    return Occurrence(
        event_key(following, before=2), "$page_left", page["properties"] | {"time_on_page": spent}
    )


def seconds(milliseconds):
    """Whole seconds as an integer, else with decimals."""
    return milliseconds // 1000 if milliseconds % 1000 == 0 else milliseconds / 1000


# ----------------------------------------------------------------------------------------- traits


def trait_values(person, t):
    """The person's traits at t, from the writes up to t in event order."""
    traits = {}
    for one in person.stored:
        if one.at <= t:
            write(traits, one)
    return traits


def write(traits, one):
    """Apply what one event does to the traits."""
    for kind, key, value in trait_writes(one):
        if kind == "set" or (kind == "set_once" and traits.get(key) is None):
            traits[key] = value
        elif kind == "unset":
            traits.pop(key, None)


def trait_writes(one):
    """What an event writes, as (kind, key, value) with kind set, set_once or unset."""
    kind = {"$identify": "set", "$set": "set", "$set_once": "set_once", "$unset": "unset"}
    if one.name not in kind:
        return []
    return [(kind[one.name], key, value) for key, value in one.properties.items()]
