"""Looking at pages and videos, at the web site and in the product."""

from __future__ import annotations

from typing import Final

from segue.demo.life import Life, Value
from segue.domain.instant import DAY

HOME: Final = "https://acme.example/"
"""Where someone comes from who was on the site already."""

ABSENCE: Final = 35 * DAY
"""Mean time until someone who had left the site for good is back after all."""


def view_page(life: Life, path: str, referrer: str = HOME) -> None:
    """See a page of the site or of the product, and stay on it for a while."""
    properties: dict[str, Value] = {"path": path, "referrer": referrer, "device": life.device}
    life.do("$pageview", properties | life.campaign)
    life.pause(40)


def watch_video(life: Life, title: str) -> None:
    """Watch some of a video."""
    percent = 5 * (1 + life.dice.below(20))
    life.pause(percent * 3)
    life.do("video_watched", {"title": title, "seconds": percent * 6, "percent": percent})
