"""Why an in-app message is not shown: an answer for operators, campaign by campaign."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from segue.domain.campaigns import Acting, AlreadyIn, Campaign, Channel, Delivery, Moment, State
from segue.services.in_app.eligible import Judged, Known, chosen


@dataclass(frozen=True, slots=True)
class Trace:
    """What a page would do with one campaign for one person: show it (`shown`), or not, and `why`
    in words. `control`: held out. The instants are of its delivery, where there is one (ms)."""

    campaign: Campaign
    shown: bool
    why: str
    control: bool = False
    delivery_id: str | None = None
    due_at: int | None = None
    shown_at: int | None = None


def traced(
    acting: Acting, known: Known, found: Sequence[Judged], deliveries: Iterable[Delivery]
) -> list[Trace]:
    """The traces of all in-app campaigns, in their order. `found` are the deliveries that could be
    shown, `deliveries` all of the person's, of which of every campaign the latest counts."""
    told = {one.delivery.id for one in chosen(found)}
    latest = {one.campaign_id: one for one in sorted(deliveries, key=lambda one: one.known_at)}
    by_campaign = {one.delivery.campaign_id: one for one in reversed(found)}
    in_app = [one for one in acting.campaigns if one.channel is Channel.IN_APP]
    return [
        _offered(one, by_campaign[one.id], told)
        if one.id in by_campaign
        else _without_offer(one, known, latest.get(one.id))
        for one in in_app
    ]


def _offered(campaign: Campaign, found: Judged, told: set[str]) -> Trace:
    delivery = found.delivery
    shown = delivery.id in told
    return Trace(
        campaign,
        shown and not found.control,
        _why(found, shown),
        found.control,
        delivery.id,
        delivery.due_at,
        delivery.shown_at,
    )


def _why(found: Judged, shown: bool) -> str:
    if found.stop is not None:
        return f"not shown because of {found.stop.because}: {found.stop.detail}"
    if not shown:
        return "not shown because another campaign with a higher priority fills the same slot"
    if found.control:
        return "not shown because the person is held out; the page notes when it would have been"
    return "shown again until it is answered" if found.shown else "shown when the page is ready"


def _without_offer(campaign: Campaign, known: Known, latest: Delivery | None) -> Trace:
    if latest is None:
        return Trace(campaign, False, f"not shown because {_never(campaign, known)}")
    why = _ended(latest)
    control = latest.state is State.HELD_OUT
    return Trace(campaign, False, why, control, latest.id, latest.due_at, latest.shown_at)


def _ended(latest: Delivery) -> str:
    """What became of a delivery that is not on offer."""
    if latest.state is State.DUE:
        waits = f": {latest.detail}" if latest.detail else ""
        return f"not shown yet because it waits{waits}"
    if latest.because is None:
        return f"not shown again because it is {latest.state.value.replace('_', ' ')} already"
    detail = f": {latest.detail}" if latest.detail else ""
    return f"not shown because of {latest.because}{detail}"


def _never(campaign: Campaign, known: Known) -> str:
    """Why nothing was ever due."""
    inside, name = campaign.segment_id in known.segments, campaign.segment_id
    if campaign.when.moment is Moment.SCHEDULE:
        return "its next instant is not reached"
    if campaign.when.moment is Moment.LEAVING:
        return f"the person has not left {name} since it began"
    if not inside:
        return f"the person is not in {name}"
    if campaign.already_in is AlreadyIn.SKIP:
        return f"the person was in {name} before it began, or entered it too late to be acted upon"
    return f"the person is in {name}, and it has not been launched"
