"""The weekly newsletter: delivered to people, opened and clicked by some of them."""

from __future__ import annotations

from typing import Final

from segue.demo.life import Life
from segue.domain.instant import DAY, HOUR, MINUTE, WEEK

_TUESDAY: Final = 5 * DAY + 8 * HOUR
"""The first Tuesday, 08:00 UTC, since the epoch."""

CLICKS: Final = 0.3
"""Chance that someone who opens an e-mail clicks in it."""


def subscribe(life: Life) -> None:
    """Send the person every newsletter from now on."""
    if not life.mailed:
        life.mailed = True
        life.plan(_next_issue(life.clock) + life.dice.below(30) * MINUTE, _deliver)


def _next_issue(after: int) -> int:
    return ((after - _TUESDAY) // WEEK + 1) * WEEK + _TUESDAY


def _deliver(life: Life) -> None:
    life.do("Email Delivered", {"campaign": _campaign(life.clock)})
    if life.dice.one_in(life.opens):
        life.plan(life.clock + MINUTE + int(life.dice.wait(5 * HOUR)), _open)
    if life.mailed:
        life.plan(_next_issue(life.clock) + life.dice.below(30) * MINUTE, _deliver)


def _open(life: Life) -> None:
    campaign = _campaign(life.clock)
    life.do("Email Opened", {"campaign": campaign})
    if life.dice.one_in(CLICKS):
        life.pause(20)
        life.do("Email Clicked", {"campaign": campaign, "url": "https://acme.example/blog"})
        life.campaign = {"utm_source": "newsletter", "utm_medium": "email"}
        life.visit(life)
    elif life.dice.one_in(0.01):
        life.mailed = False
        life.do("Email Unsubscribed", {"campaign": campaign})


def _campaign(instant: int) -> str:
    return f"newsletter-{(instant - _TUESDAY) // WEEK}"
