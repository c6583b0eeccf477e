"""The SDKs of servers, unmodified, each telling the same story about one person."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from posthog import Posthog
from rudderstack.analytics.client import Client as Rudder
from segment.analytics.client import Client as Segment

from tests.sdks import javascript


@dataclass(frozen=True)
class Ids:
    """Ids of one person that no other test uses: the visitor's, the account's, an older account's
    and a group's."""

    visitor: str
    person: str
    former: str
    group: str

    @classmethod
    def of(cls, name: str) -> "Ids":
        """Ids that are told apart by a name."""
        return cls(f"{name}-visitor", f"{name}-person", f"{name}-former", f"{name}-group")


@dataclass(frozen=True)
class Post:
    """Where an SDK sends to, as whom, and whether packed."""

    url: str
    key: str
    zipped: bool


Story = Callable[[Post, Ids, datetime], list[str]]
"""Tells the story from an instant on, one step a second; returns what the SDK complained of."""


def _steps(start: datetime) -> list[datetime]:
    return [start + timedelta(seconds=step) for step in range(7)]


def segment_python(post: Post, ids: Ids, start: datetime) -> list[str]:
    """segment-analytics-python."""
    wrongs: list[str] = []
    client = Segment(
        post.key,
        host=post.url,
        gzip=post.zipped,
        max_retries=3,
        on_error=lambda error, _: wrongs.append(repr(error)),
    )
    return _told_in_python(client, ids, start, wrongs)


def rudder_python(post: Post, ids: Ids, start: datetime) -> list[str]:
    """rudder-sdk-python: without `host` it would take one from the environment or a `.env` file."""
    wrongs: list[str] = []
    client = Rudder(
        post.key,
        host=post.url,
        gzip=post.zipped,
        max_retries=3,
        on_error=lambda error, _: wrongs.append(repr(error)),
    )
    return _told_in_python(client, ids, start, wrongs)


def _told_in_python(
    client: Segment | Rudder, ids: Ids, start: datetime, wrongs: list[str]
) -> list[str]:
    """Rudder's client came from Segment's, and is called in the same way."""
    at = _steps(start)
    pricing = {"path": "/pricing", "plans": 3}
    client.page(anonymous_id=ids.visitor, name="Pricing", properties=pricing, timestamp=at[0])
    client.identify(ids.person, {"plan": "pro"}, anonymous_id=ids.visitor, timestamp=at[1])
    client.track(ids.person, "Signed Up", {"amount": 12.5, "tags": ["a", "é"]}, timestamp=at[2])
    client.screen(ids.person, name="Inbox", properties={"unread": 2}, timestamp=at[3])
    client.group(ids.person, ids.group, {"name": "Acme"}, timestamp=at[4])
    client.alias(ids.former, ids.person, timestamp=at[5])
    client.flush()
    client.join()
    return wrongs


def posthog_v0(post: Post, ids: Ids, start: datetime) -> list[str]:
    """posthog-python as it comes."""
    return _told_to_posthog("v0", post, ids, start)


def posthog_v1(post: Post, ids: Ids, start: datetime) -> list[str]:
    """posthog-python with its newer protocol."""
    return _told_to_posthog("v1", post, ids, start)


def _told_to_posthog(mode: str, post: Post, ids: Ids, start: datetime) -> list[str]:
    wrongs: list[str] = []
    client = Posthog(
        post.key,
        host=post.url,
        gzip=post.zipped,
        max_retries=3,
        capture_mode=mode,
        on_error=lambda error, _: wrongs.append(repr(error)),
    )
    at = _steps(start)
    known = {"$anon_distinct_id": ids.visitor, "$set": {"plan": "pro"}}
    signed_up = {"amount": 12.5, "tags": ["a", "é"]}
    pricing = {"path": "/pricing", "name": "Pricing", "plans": 3}
    client.capture("$pageview", distinct_id=ids.visitor, properties=pricing, timestamp=at[0])
    client.capture("$identify", distinct_id=ids.person, properties=known, timestamp=at[1])
    client.capture("Signed Up", distinct_id=ids.person, properties=signed_up, timestamp=at[2])
    inbox = {"name": "Inbox", "unread": 2}
    client.capture("$screen", distinct_id=ids.person, properties=inbox, timestamp=at[3])
    acme = {"name": "Acme"}
    client.group_identify("company", ids.group, acme, distinct_id=ids.person, timestamp=at[4])
    client.alias(ids.person, ids.former, timestamp=at[5])
    client.shutdown()
    return wrongs


_NODE = """
import { Analytics } from '@segment/analytics-node'

const { url, key, ids, at } = JSON.parse(process.argv[2])
const analytics = new Analytics({ writeKey: key, host: url, maxRetries: 3 })
analytics.on('error', error => console.log(JSON.stringify(error)))
const known = { userId: ids.person }
analytics.page({ anonymousId: ids.visitor, name: 'Pricing',
  properties: { path: '/pricing', plans: 3 }, timestamp: at[0] })
analytics.identify({ ...known, anonymousId: ids.visitor, traits: { plan: 'pro' }, timestamp: at[1] })
analytics.track({ ...known, event: 'Signed Up',
  properties: { amount: 12.5, tags: ['a', 'é'] }, timestamp: at[2] })
analytics.screen({ ...known, name: 'Inbox', properties: { unread: 2 }, timestamp: at[3] })
analytics.group({ ...known, groupId: ids.group, traits: { name: 'Acme' }, timestamp: at[4] })
analytics.alias({ ...known, previousId: ids.former, timestamp: at[5] })
await analytics.closeAndFlush()
"""


def segment_node(post: Post, ids: Ids, start: datetime) -> list[str]:
    """@segment/analytics-node, which never packs."""
    told = {
        "url": post.url,
        "key": post.key,
        "ids": vars(ids),
        "at": [step.astimezone(UTC).isoformat().replace("+00:00", "Z") for step in _steps(start)],
    }
    done = javascript.run(_NODE, json.dumps(told))
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()
