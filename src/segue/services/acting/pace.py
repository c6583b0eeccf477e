"""How fast a channel may go: what went out lately, to anybody."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from segue.domain.campaigns import Channel, Rate


class Pace:
    """When something was handed to each channel that has a rate, as far back as the rate looks.

    The loop keeps one between batches; what decides for a batch works on a copy.
    """

    def __init__(self, rates: Mapping[Channel, Rate]) -> None:
        self._rates = dict(rates)
        self._recent = {channel: deque[int](maxlen=rate.most) for channel, rate in rates.items()}

    def take(self, channel: Channel, at: int) -> None:
        """Note that something was, or will be, handed over; instants ascend."""
        if channel in self._recent:
            self._recent[channel].append(at)

    def free_at(self, channel: Channel, now: int) -> int:
        """The first instant from now on at which something may be handed over."""
        recent = self._recent.get(channel)
        if recent is None or len(recent) < self._rates[channel].most:
            return now
        return max(now, recent[0] + self._rates[channel].within)

    def copy(self) -> Pace:
        """One that goes on from here by itself."""
        other = Pace(self._rates)
        for channel, recent in self._recent.items():
            other._recent[channel].extend(recent)
        return other
