"""The SDKs of servers, as they come from their registries, against a real `segue serve`."""

from datetime import UTC, datetime, timedelta

import pytest
from segment.analytics.client import Client as Segment
from segment.analytics.version import VERSION

from tests.sdks import servers
from tests.sdks.relay import Relay, Trouble
from tests.sdks.served import Served, Stored, eventually
from tests.sdks.servers import Ids, Post, Story

START = datetime.now(UTC).replace(microsecond=123_000) - timedelta(days=2)
"""When the story begins: past instants are kept to the millisecond."""

STORIES: list[Story] = [
    servers.segment_python,
    servers.segment_node,
    servers.rudder_python,
    servers.posthog_v0,
    servers.posthog_v1,
]
WAYS = [
    pytest.param(story, zipped, id=f"{story.__name__}{', gzip' if zipped else ''}")
    for story in STORIES
    for zipped in ((False, True) if story is not servers.segment_node else (False,))
]
MEMBERSHIPS = {"saw_pricing", "signed_up", "converted", "pro", "visiting"}


def _documented(ids: Ids) -> list[Stored]:
    """The story as docs/send-events.md says that it is stored, whoever told it."""
    tags = ["a", "é"]
    steps = [
        (ids.visitor, "$pageview", {"path": "/pricing", "name": "Pricing", "plans": 3}),
        (ids.person, "$identify", {"plan": "pro", "$anon_distinct_id": ids.visitor}),
        (ids.person, "Signed Up", {"amount": 12.5, "tags": tags}),
        (ids.person, "$screen", {"name": "Inbox", "unread": 2}),
        (ids.person, "$groupidentify", {"$group_key": ids.group, "$group_set": {"name": "Acme"}}),
        (ids.person, "$create_alias", {"alias": ids.former}),
    ]
    return [
        Stored(event, distinct_id, START + timedelta(seconds=step), properties)
        for step, (distinct_id, event, properties) in enumerate(steps)
    ]


@pytest.mark.parametrize(("story", "zipped"), WAYS)
def test_every_call_is_stored_once_as_documented(
    story: Story, zipped: bool, served: Served, relay: Relay, ids: Ids
) -> None:
    """Names, ids, instants and properties; and one request, since its answer was a plain 200."""
    wrongs = story(Post(relay.url, served.write_key, zipped), ids, START)

    assert not wrongs
    assert served.events(ids.person, like=_documented(ids)) == _documented(ids)
    assert [(one.status, one.zipped) for one in relay.sent()] == [(200, zipped)]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_memberships_follow_at_once(story: Story, served: Served, relay: Relay, ids: Ids) -> None:
    """What the visitor did before they were known counts for the person that they became."""
    story(Post(relay.url, served.write_key, zipped=False), ids, START)

    assert served.segments(ids.person) == MEMBERSHIPS
    assert served.distinct_ids(ids.visitor) == {ids.visitor, ids.person, ids.former}


@pytest.mark.parametrize("trouble", Trouble, ids=lambda trouble: trouble.name.lower())
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_what_is_sent_again_is_stored_once(
    story: Story, trouble: Trouble, served: Served, relay: Relay, ids: Ids
) -> None:
    """An answer that never came, or said to come again, is followed by one more request."""
    relay.make(trouble)

    wrongs = story(Post(relay.url, served.write_key, zipped=False), ids, START)

    assert not wrongs
    assert served.events(ids.person, like=_documented(ids)) == _documented(ids)
    assert [one.status == 200 for one in relay.sent()] == [False, True]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_an_unknown_key_is_said_once(story: Story, served: Served, relay: Relay, ids: Ids) -> None:
    """Every SDK takes 401 for final, tells its caller, and stops."""
    wrongs = story(Post(relay.url, "no-such-key", zipped=False), ids, START)

    assert wrongs
    assert [one.status for one in relay.sent()] == [401]
    assert served.events(ids.person) == []


@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "gzip"])
def test_many_events_are_each_stored_once(
    zipped: bool, served: Served, relay: Relay, ids: Ids
) -> None:
    """A library cuts them into requests as it likes."""
    client = Segment(served.write_key, host=relay.url, gzip=zipped)
    for number in range(250):
        client.track(ids.person, "Clicked", {"number": number})
    client.flush()
    client.join()

    numbers = [event.properties["number"] for event in served.events(ids.person)]
    assert sorted(numbers) == list(range(250))
    assert {one.status for one in relay.sent()} == {200}


def test_one_bad_event_costs_no_good_one(served: Served, relay: Relay, ids: Ids) -> None:
    """The good ones of a batch are stored; of the bad one it is told what is wrong with it."""
    client = Segment(served.write_key, host=relay.url)
    client.track(ids.person, "Clicked")
    client.track(ids.person, "$session_started", message_id=f"{ids.person}-bad")
    client.track(ids.person, "Clicked")
    client.flush()
    client.join()

    told = ("derived_event", f"analytics-python/{VERSION}")
    assert eventually(lambda: served.rejected().get(f"{ids.person}-bad"), told) == told
    assert served.counts(ids.person) == {"Clicked": 2}
    assert [one.status for one in relay.sent()] == [200]
