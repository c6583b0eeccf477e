"""Which in-app messages a page may show to somebody now, and of the others why not.

That somebody is offered a message was decided when its moment came. Here it is decided once more,
in memory, when a page asks: they may have left the segment, reached the goal or seen enough since.
Pure: facts in, judgements out; instants in ms.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from segue.domain.acting import Contact, Controls
from segue.domain.campaigns import (
    Acting,
    Because,
    Campaign,
    Channel,
    Delivery,
    Look,
    Messaging,
    Moment,
    Occasion,
    State,
)
from segue.domain.instant import MINUTE
from segue.services.acting.caps import full

AGAIN_WITHIN: Final = 30 * MINUTE
"""So long after it was first shown a message that was neither clicked nor dismissed is shown again
on the next page: somebody who follows a link has not answered."""
LASTING: Final = (Look.CHECKLIST, Look.SLOT)
"""These stay until they are dismissed, or no longer hold."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of somebody who looks at a page.

    `segments`: what they are in now. `offers`: deliveries that are offered, or held out and not
    noted yet; `reached`: in-app deliveries that were shown. `contacts`: what reached them by any
    channel. `seen`: ids of deliveries that the page has drawn already, as it says.
    """

    segments: frozenset[str] = frozenset()
    offers: Sequence[Delivery] = ()
    reached: Sequence[Delivery] = ()
    contacts: Sequence[Contact] = ()
    controls: Controls = field(default_factory=Controls)
    seen: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Stop:
    """Why something is not shown: the rule, and in words what it means here."""

    because: Because
    detail: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A delivery that could be shown, and what stops it, if anything does. `campaign` is None where
    it is no longer there."""

    delivery: Delivery
    campaign: Campaign | None
    stop: Stop | None = None

    @property
    def shown(self) -> bool:
        """Whether it was on a page before."""
        return self.delivery.shown_at is not None

    @property
    def control(self) -> bool:
        """Whether it is held out: noted where it would have been shown, never drawn."""
        return self.delivery.state is State.HELD_OUT


def is_offered(delivery: Delivery) -> bool:
    """Whether a page that asks is told of an in-app delivery: it is offered, or held out and the
    moment not noted yet."""
    is_held_out = delivery.state is State.HELD_OUT and delivery.shown_at is None
    return delivery.state is State.OFFERED or is_held_out


def judged(known: Known, acting: Acting, now: int) -> list[Judged]:
    """Every delivery that could be shown, the most important first, each with what stops it."""
    offers, drawn = _noted(known, now)
    others = [one for one in known.contacts if one.channel is not Channel.IN_APP]
    had = [*others, *_displays([*known.reached, *drawn])]
    every = {one.id: one for one in (*offers, *drawn, *known.reached)}
    found = [_judged(one, known, acting, had, now) for one in every.values()]
    return sorted(found, key=_place)


def chosen(found: Iterable[Judged]) -> list[Judged]:
    """Those that a page is told of: what nothing stops, and of every slot only the first."""
    taken: set[str] = set()
    return [one for one in found if one.stop is None and _is_first(one, taken)]


def _noted(known: Known, now: int) -> tuple[list[Delivery], list[Delivery]]:
    """The offers, and those of them that the page has drawn though it is not noted yet."""
    offers = [one for one in known.offers if one.id not in known.seen]
    seen = [one for one in known.offers if one.id in known.seen and one.state is State.OFFERED]
    return offers, [replace(one, state=State.SHOWN, shown_at=now) for one in seen]


def _judged(
    one: Delivery, known: Known, acting: Acting, had: Sequence[Contact], now: int
) -> Judged:
    campaign = acting.campaign(one.campaign_id)
    if campaign is None or campaign.in_app is None:
        return Judged(one, None, Stop(Because.ENDED, "the campaign is no longer there"))
    stop = (
        _switched_off(campaign, known.controls, now)
        or _moved_on(one, campaign, known.segments)
        or _over(one, campaign, now)
        or _capped(one, campaign, acting.messaging, had, now)
    )
    return Judged(one, campaign, stop)


def _switched_off(campaign: Campaign, controls: Controls, now: int) -> Stop | None:
    if controls.stopped:
        return Stop(Because.STOPPED, "all campaigns are stopped")
    if campaign.id in controls.paused:
        return Stop(Because.STOPPED, f"the campaign is paused: {controls.paused[campaign.id]}")
    if not campaign.enabled:
        return Stop(Because.STOPPED, "the campaign is not enabled")
    if campaign.ends_at is not None and campaign.ends_at <= now:
        return Stop(Because.ENDED, "the campaign is over")
    return None


def _moved_on(one: Delivery, campaign: Campaign, segments: frozenset[str]) -> Stop | None:
    """Membership, checked again: whoever left a segment is not asked to do what they did."""
    inside = campaign.segment_id in segments
    leaving = campaign.when.moment is Moment.LEAVING and one.occasion is Occasion.TRANSITION
    if leaving and inside:
        return Stop(Because.LEFT_SEGMENT, f"came back into {campaign.segment_id}")
    if not leaving and not inside:
        return Stop(Because.LEFT_SEGMENT, f"is no longer in {campaign.segment_id}")
    return None


def _over(one: Delivery, campaign: Campaign, now: int) -> Stop | None:
    if one.converted_at is not None:
        return Stop(Because.GOAL_REACHED, f"has reached {campaign.goal}")
    if one.dismissed_at is not None:
        return Stop(Because.ENDED, "was dismissed")
    if one.shown_at is None or (campaign.in_app and campaign.in_app.look in LASTING):
        return None
    if one.clicked_at is not None:
        return Stop(Because.ENDED, "was answered" if campaign.survey else "was clicked")
    if now - one.shown_at >= AGAIN_WITHIN:
        return Stop(Because.ENDED, "was shown")
    return None


def _capped(
    one: Delivery, campaign: Campaign, messaging: Messaging, had: Sequence[Contact], now: int
) -> Stop | None:
    if one.shown_at is not None or one.transactional or one.state is State.HELD_OUT:
        return None
    words = full(campaign, messaging, had, now)
    return Stop(Because.CAPPED, words) if words else None


def _displays(reached: Iterable[Delivery]) -> list[Contact]:
    """What was shown, as caps count it."""
    return [
        Contact(one.person, one.campaign_id, one.channel, one.tags, one.shown_at, one.transactional)
        for one in reached
        if one.shown_at is not None
    ]


def _place(one: Judged) -> tuple[int, int, str]:
    priority = one.campaign.priority if one.campaign else 0
    return -priority, one.delivery.due_at, one.delivery.id


def _is_first(one: Judged, taken: set[str]) -> bool:
    """Whether nothing before it fills the same slot; slots are noted in `taken`."""
    look = one.campaign.in_app if one.campaign else None
    if look is None or look.look is not Look.SLOT:
        return True
    first = look.slot not in taken
    taken.add(look.slot)
    return first
