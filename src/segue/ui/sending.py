"""The lines that send events, with the address and the write key filled in.

They are those of docs/send-events.md and docs/in-app.md; a test holds one to the other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

ADDRESS: Final = "https://segue.example.com"
WRITE_KEY: Final = "WRITE_KEY"
"""What stands for the server's address and its write key in the lines below."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way to send events: its name, how its library is installed, and the lines. `title` is what
    the lines are called in the documentation."""

    name: str
    title: str
    install: str
    lines: str

    def filled(self, address: str, key: str) -> Way:
        """The same for a server and a key."""
        return replace(self, lines=self.lines.replace(ADDRESS, address).replace(WRITE_KEY, key))


PAGE: Final = (
    Way(
        "Segue's script",
        "page.html",
        "",
        """\
<script>window.segue = window.segue || function () { \
(segue.q = segue.q || []).push(arguments) }</script>
<script async src="https://segue.example.com/sdk.js" data-write-key="WRITE_KEY"></script>""",
    ),
    Way(
        "Segment's library",
        "segment-web.js",
        "npm install @segment/analytics-next",
        """\
import { AnalyticsBrowser } from '@segment/analytics-next'

const analytics = AnalyticsBrowser.load({ writeKey: 'WRITE_KEY', \
cdnURL: 'https://segue.example.com' })
analytics.page()""",
    ),
    Way(
        "PostHog's library",
        "posthog-web.js",
        "npm install posthog-js",
        """\
import posthog from 'posthog-js'

posthog.init('WRITE_KEY', { api_host: 'https://segue.example.com' })
posthog.capture('Signed Up', { plan: 'pro' })""",
    ),
    Way(
        "RudderStack's library",
        "rudder-web.js",
        "npm install @rudderstack/analytics-js",
        """\
import { RudderAnalytics } from '@rudderstack/analytics-js/bundled'

const analytics = new RudderAnalytics()
analytics.load('WRITE_KEY', 'https://segue.example.com', { configUrl: 'https://segue.example.com' })
analytics.page()""",
    ),
)
"""From a web page."""
SERVER: Final = (
    Way(
        "Anything that speaks HTTP",
        "curl",
        "",
        """\
curl https://segue.example.com/v1/track -u WRITE_KEY: -d '{
  "userId": "ada",
  "event": "Signed Up",
  "properties": {"plan": "pro"},
  "messageId": "signup-1815",
  "timestamp": "2026-05-03T14:00:00Z"
}'""",
    ),
    Way(
        "Python, Segment's library",
        "with_segment.py",
        "pip install segment-analytics-python",
        """\
import segment.analytics as analytics

analytics.write_key, analytics.host = "WRITE_KEY", "https://segue.example.com"
analytics.track("ada", "Signed Up", {"plan": "pro"})
analytics.flush()  # before a script ends; a server needs none of it""",
    ),
    Way(
        "Python, PostHog's library",
        "with_posthog.py",
        "pip install posthog",
        """\
from posthog import Posthog

posthog = Posthog("WRITE_KEY", host="https://segue.example.com")
posthog.capture("Signed Up", distinct_id="ada", properties={"plan": "pro"})
posthog.shutdown()""",
    ),
    Way(
        "Python, RudderStack's library",
        "with_rudder.py",
        "pip install rudder-sdk-python",
        """\
import rudderstack.analytics as analytics

analytics.write_key, analytics.dataPlaneUrl = "WRITE_KEY", "https://segue.example.com"
analytics.track("ada", "Signed Up", {"plan": "pro"})
analytics.flush()""",
    ),
    Way(
        "Node, Segment's library",
        "server.mjs",
        "npm install @segment/analytics-node",
        """\
import { Analytics } from '@segment/analytics-node'

const analytics = new Analytics({ writeKey: 'WRITE_KEY', host: 'https://segue.example.com' })
analytics.track({ userId: 'ada', event: 'Signed Up', properties: { plan: 'pro' } })
await analytics.closeAndFlush()""",
    ),
)
"""From a server, or by hand."""
