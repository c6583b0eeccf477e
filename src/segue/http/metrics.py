"""What is counted while the server runs, in the form that Prometheus reads."""

from __future__ import annotations

import time
from collections import Counter as Counted
from collections.abc import Sequence
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from segue.domain.campaigns import Channel, Delivery
from segue.services.live.live import Health, Turned

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST

disable_created_metrics()  # type: ignore[no-untyped-call] # lines that nobody looks at

_TURNS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_LAGS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 3600, 86400)


class Metrics:
    """Counters of one server, in a registry of its own. Threads may share it."""

    def __init__(self) -> None:
        own = self.registry = CollectorRegistry()
        self.requests = Counter(
            "segue_requests", "Requests answered.", ["route", "status"], registry=own
        )
        self.seconds = Histogram(
            "segue_request_seconds", "Time to answer.", ["route"], buckets=_TURNS, registry=own
        )
        self._answers: dict[tuple[str, int], tuple[Counter, Histogram]] = {}
        self.accepted = Counter("segue_events_accepted", "Events made durable.", registry=own)
        self.rejected = Counter(
            "segue_events_rejected", "Events not taken.", ["reason"], registry=own
        )
        self.waiting = Gauge("segue_events_waiting", "Events that wait for a turn.", registry=own)
        self._make_those_of_turns()
        self.listeners = Gauge("segue_stream_clients", "Clients of the stream.", registry=own)
        self.pages = Gauge("segue_page_streams", "Pages that listen for messages.", registry=own)
        self.deliveries = Counter(
            "segue_webhook_deliveries", "Webhook deliveries.", ["outcome"], registry=own
        )
        self.messages = Counter(
            "segue_deliveries",
            "Campaigns' deliveries, each time one comes into a state.",
            ["channel", "state"],
            registry=own,
        )
        self.message_seconds = Histogram(
            "segue_delivery_seconds",
            "From when a delivery was due to when it went on the wire.",
            ["channel"],
            buckets=_LAGS,
            registry=own,
        )
        self.messages_held = Gauge(
            "segue_deliveries_held",
            "Messages that wait for a channel in memory, or are under way.",
            ["channel"],
            registry=own,
        )
        self.people = Gauge("segue_people", "People known.", registry=own)
        self.ready = Gauge("segue_ready", "Whether the loop turns.", registry=own)

    def _make_those_of_turns(self) -> None:
        own = self.registry
        self.turns = Histogram(
            "segue_turn_seconds", "Time a turn took.", buckets=_TURNS, registry=own
        )
        self.turn_parts = Histogram(
            "segue_turn_part_seconds",
            "Time a part of a turn took.",
            ["part"],
            buckets=_TURNS,
            registry=own,
        )
        self.turn_processor = Counter(
            "segue_turn_processor_seconds", "Processor time of turns.", registry=own
        )
        self.evaluated = Counter("segue_people_evaluated", "People evaluated.", registry=own)
        self.transitions = Counter(
            "segue_transitions", "Transitions published.", ["kind", "cause"], registry=own
        )
        self.lag = Histogram(
            "segue_lag_seconds",
            "From when a transition was true to when it was published; live ones only.",
            buckets=_LAGS,
            registry=own,
        )

    def answered(self, route: str, status: int, began: float) -> None:
        """Count an answer; `began` is of `time.perf_counter`."""
        requests, seconds = self._of(route, status)
        requests.inc()
        seconds.observe(time.perf_counter() - began)

    def _of(self, route: str, status: int) -> tuple[Counter, Histogram]:
        """The counters of one route and status; looking them up by labels takes longer than to
        count."""
        found = self._answers.get((route, status))
        if found is None:
            found = self.requests.labels(route, str(status)), self.seconds.labels(route)
            self._answers[route, status] = found
        return found

    def turned(self, turned: Turned) -> None:
        """Count what a turn did."""
        self.turns.observe(sum(turned.seconds.values()))
        for part, seconds in turned.seconds.items():
            self.turn_parts.labels(part).observe(seconds)
        self.turn_processor.inc(turned.processor)
        self.evaluated.inc(turned.people)
        for (kind, cause), count in turned.counts.items():
            self.transitions.labels(kind, cause.value).inc(count)
        for lateness in turned.lateness:
            self.lag.observe(lateness / 1000)

    def rendered(self, health: Health) -> bytes:
        """All of it as text, with what is only known when asked."""
        self.waiting.set(health.waiting)
        self.people.set(health.people)
        self.ready.set(health.ready)
        return generate_latest(self.registry)


class Acted:
    """Counts deliveries of campaigns: a `Watcher` of the actor."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def wrote(self, rows: Sequence[Delivery]) -> None:
        """See `Watcher.wrote`."""
        for (channel, state), number in Counted((one.channel, one.state) for one in rows).items():
            self._metrics.messages.labels(channel.value, state.value).inc(number)

    def handed(self, channel: Channel, seconds: float) -> None:
        """See `Watcher.handed`."""
        self._metrics.message_seconds.labels(channel.value).observe(seconds)

    def held(self, channel: Channel, messages: int) -> None:
        """See `Watcher.held`."""
        self._metrics.messages_held.labels(channel.value).set(messages)
