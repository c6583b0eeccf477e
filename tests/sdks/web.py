"""The SDKs of web pages, unmodified: how each is started, and what each calls the same deeds."""

from dataclasses import dataclass

from tests.sdks.relay import Trouble

NONE: frozenset[Trouble] = frozenset()
NOT_TAKEN = frozenset({Trouble.REFUSED, Trouble.BUSY, Trouble.OVERLOADED})
"""Troubles in which the server never saw the request."""


@dataclass(frozen=True)
class WebSdk:
    """One SDK in one set-up. `module` starts it and reports a page view; the rest are statements.

    In all of them `SERVER` stands for the server's address, `HOST` for the same without its scheme,
    `KEY` for the write key and `PERSON` for the id of an account. `preflights`: it sends headers
    of its own, so the browser asks the server first. `gives_up`: the troubles after which it throws
    away what it sent.
    """

    name: str
    module: str
    preflights: bool
    track: str
    identify: str
    group: str
    gives_up: frozenset[Trouble] = NONE

    def filled(self, statement: str, *, url: str, key: str, person: str) -> str:
        """A statement (or the module) with everything in its place."""
        host = url.removeprefix("http://")
        for word, value in {"SERVER": url, "HOST": host, "KEY": key, "PERSON": person}.items():
            statement = statement.replace(word, value)
        return statement


_SEGMENT = """
import {{ AnalyticsBrowser }} from '@segment/analytics-next'

window.analytics = AnalyticsBrowser.load({settings}, {options})
analytics.page('Pricing')
"""
_SETTINGS = """{
  writeKey: 'KEY',
  cdnSettings: { integrations: { 'Segment.io': { apiKey: 'KEY' } } },
}"""
_OPTIONS = "{ integrations: { 'Segment.io': { apiHost: 'HOST/v1', protocol: 'http'%s } } }"
_BATCHING = ", deliveryStrategy: { strategy: 'batching', config: { size: 2, timeout: 500 } }"

_POSTHOG = """
import posthog from 'posthog-js'

window.posthog = posthog
posthog.init('KEY', { api_host: 'SERVER' })
"""

_RUDDER = """
import {{ RudderAnalytics }} from '@rudderstack/analytics-js/bundled'

window.rudder = new RudderAnalytics()
rudder.load('KEY', 'SERVER', {{ configUrl: 'SERVER'{options} }})
rudder.page('Pricing')
"""
_BEACON = ", useBeacon: true, beaconQueueOptions: { maxItems: 2, flushQueueInterval: 500 }"


def _segment(name: str, settings: str, options: str) -> WebSdk:
    return WebSdk(
        f"analytics-next, {name}",
        _SEGMENT.format(settings=settings, options=options),
        preflights=True,
        track="void analytics.track('Clicked', { amount: 12.5 })",
        identify="void analytics.identify('PERSON', { plan: 'pro' })",
        group="void analytics.group('acme', { name: 'Acme' })",
    )


def _rudder(name: str, options: str, gives_up: frozenset[Trouble] = NONE) -> WebSdk:
    return WebSdk(
        f"analytics-js{name}",
        _RUDDER.format(options=options),
        preflights=True,
        track="rudder.track('Clicked', { amount: 12.5 })",
        identify="rudder.identify('PERSON', { plan: 'pro' })",
        group="rudder.group('acme', { name: 'Acme' })",
        gives_up=gives_up,
    )


WEB_SDKS = [
    _segment("settings from the server", "{ writeKey: 'KEY', cdnURL: 'SERVER' }", "{}"),
    _segment("settings given", _SETTINGS, _OPTIONS % ""),
    _segment("batching", _SETTINGS, _OPTIONS % _BATCHING),
    WebSdk(
        "posthog-js",
        _POSTHOG,
        preflights=False,
        track="posthog.capture('Clicked', { amount: 12.5 })",
        identify="posthog.identify('PERSON', { plan: 'pro' })",
        group="posthog.group('company', 'acme', { name: 'Acme' })",
        gives_up=frozenset({Trouble.BUSY}),  # so the server says 503 to it
    ),
    _rudder("", ""),
    _rudder(", beacon", _BEACON, gives_up=NOT_TAKEN),  # a beacon hears no answer
]
