"""A server that takes only so much: what is too much comes again, and nothing is lost or doubled."""

from collections.abc import Callable, Iterator

import httpx
import pytest
from posthog import Posthog
from rudderstack.analytics.client import Client as Rudder
from segment.analytics.client import Client as Segment

from tests.sdks import javascript
from tests.sdks.relay import Relay
from tests.sdks.served import PATIENCE, Served, eventually
from tests.sdks.servers import Ids
from tests.sdks.site import Site
from tests.sdks.tab import Tab
from tests.sdks.web import WEB_SDKS, WebSdk

EVENTS = 20
CLICKED = {"Clicked": EVENTS}

Flood = Callable[[str, str, str], None]
"""Sends that many events of a person to an address with a key, a few at a time."""


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that takes ten events a second with one key."""
    with Served.starting(tmp_path_factory.mktemp("slow"), "--rate", "10") as served:
        yield served


def _fill(slow: Served, person: str) -> None:
    """Send so much that for about ten seconds the server takes nothing more."""
    batch = {"batch": [{"type": "track", "event": "Clicked", "userId": person}] * 100}
    url, key, status = f"{slow.url}/v1/batch", (slow.write_key, ""), 200
    while status == 200:
        status = httpx.post(url, json=batch, auth=key, timeout=PATIENCE).status_code


def _flooded(client: Segment | Rudder, person: str) -> None:
    for number in range(EVENTS):
        client.track(person, "Clicked", {"number": number})
    client.flush()
    client.join()


def segment_python(url: str, key: str, person: str) -> None:
    """segment-analytics-python."""
    _flooded(Segment(key, host=url, upload_size=10, max_retries=20), person)


def rudder_python(url: str, key: str, person: str) -> None:
    """rudder-sdk-python."""
    _flooded(Rudder(key, host=url, upload_size=10, max_retries=20), person)


def posthog_python(url: str, key: str, person: str) -> None:
    """posthog-python."""
    client = Posthog(key, host=url, flush_at=10, max_retries=20)
    for number in range(EVENTS):
        client.capture("Clicked", distinct_id=person, properties={"number": number})
    client.shutdown()


_NODE = """
import { Analytics } from '@segment/analytics-node'

const [url, key, person, events] = process.argv.slice(2)
const analytics = new Analytics({ writeKey: key, host: url, flushAt: 10, maxRetries: 20 })
for (let number = 0; number < Number(events); number++)
  analytics.track({ userId: person, event: 'Clicked', properties: { number } })
await analytics.closeAndFlush()
"""


def segment_node(url: str, key: str, person: str) -> None:
    """@segment/analytics-node."""
    done = javascript.run(_NODE, url, key, person, str(EVENTS))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "flood",
    [segment_python, rudder_python, posthog_python, segment_node],
    ids=lambda one: one.__name__,
)
def test_a_server_is_told_to_wait(flood: Flood, slow: Served, ids: Ids) -> None:
    """It waits, sends again, and everything is there once."""
    _fill(slow, ids.former)
    with Relay(slow.url).running() as relay:
        flood(relay.url, slow.write_key, ids.person)

    assert {one.status for one in relay.sent()} > {200}
    assert slow.counts(ids.person) == CLICKED


@pytest.mark.parametrize(
    "sdk", [one for one in WEB_SDKS if "beacon" not in one.name], ids=lambda one: one.name
)
def test_a_browser_is_told_to_wait(
    sdk: WebSdk, slow: Served, site: Site, tab: Tab, ids: Ids
) -> None:
    """The same, with what a page sends."""
    with Relay(slow.url).running() as relay:

        def filled(statement: str) -> str:
            return sdk.filled(statement, url=relay.url, key=slow.write_key, person=ids.person)

        tab.open(site.page("pricing", filled(sdk.module)))
        tab.run(filled(sdk.identify))
        started = {"$pageview": 1, "$identify": 1}
        eventually(lambda: slow.counts(ids.person), started)
        _fill(slow, ids.former)
        tab.run(f"for (let n = 0; n < {EVENTS}; n++) {{ {filled(sdk.track)} }}")

        expected = CLICKED | started
        assert eventually(lambda: slow.counts(ids.person), expected) == expected
        assert {one.status for one in relay.sent()} > {200}
