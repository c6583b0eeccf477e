"""From verdicts to rows: what becomes of deliveries that were decided, sent, and answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from segue.domain.acting import Message, Outcome
from segue.domain.campaigns import Because, Channel, Delivery, Messaging, State
from segue.domain.instant import FOREVER
from segue.services.acting.noting import advanced
from segue.services.acting.retrying import next_attempt
from segue.services.acting.verdicts import Go, HoldOut, Refuse, Verdict, Wait


@dataclass(frozen=True, slots=True)
class Going:
    """A delivery that is on its way, as its row is kept, and its message."""

    delivery: Delivery
    message: Message


def judged(delivery: Delivery, verdict: Verdict, now: int) -> Delivery:
    """The row after a verdict. What may go is `OFFERED` in the product, elsewhere `SENDING`."""
    match verdict:
        case Go():
            return _going(delivery, now)
        case Wait(until, because, detail):
            waits = replace(delivery, not_before=until, because=because, detail=detail)
            return replace(waits, approved=False) if because is Because.APPROVAL else waits
        case Refuse(because, detail):
            return refused(delivery, because, detail, now)
        case HoldOut(because, detail):
            return replace(delivery, state=State.HELD_OUT, because=because, detail=detail)


def _going(delivery: Delivery, now: int) -> Delivery:
    first = now if delivery.handed_at is None else delivery.handed_at
    offered = delivery.channel is Channel.IN_APP
    return replace(
        delivery,
        state=State.OFFERED if offered else State.SENDING,
        # What is handed over is asked for again only when the process that held it died.
        not_before=delivery.not_before if offered else FOREVER,
        because=None,
        detail="",
        handed_at=first,
    )


def refused(delivery: Delivery, because: Because, detail: str, now: int) -> Delivery:
    """The row of what never goes out."""
    return replace(delivery, state=State.REFUSED, because=because, detail=detail, ended_at=now)


def withdrawn(delivery: Delivery, now: int) -> Delivery:
    """The row of what was offered to somebody who left the segment before it was shown."""
    return refused(delivery, Because.LEFT_SEGMENT, "left the segment before it was shown", now)


def answered(
    delivery: Delivery, outcome: Outcome, messaging: Messaging, now: int, chance: float
) -> Delivery:
    """The row after a channel took a message or did not; `chance` is a random number in [0, 1)."""
    attempts = delivery.attempts + 1
    if outcome.taken:
        return advanced(
            replace(delivery, attempts=attempts, state=State.DELIVERED, delivered_at=now)
        )
    tried = replace(delivery, attempts=attempts)
    failed = replace(tried, because=Because.CHANNEL, detail=outcome.error)
    again = next_attempt(tried, outcome, messaging, now, chance=chance)
    if again is None:
        return replace(failed, state=State.FAILED, ended_at=now)
    return replace(failed, state=State.DUE, not_before=again)


def put_back(delivery: Delivery, now: int) -> Delivery:
    """The row of what was decided to go, but was not handed to its channel: it is decided again."""
    handed_at = delivery.handed_at if delivery.attempts else None
    return replace(delivery, state=State.DUE, handed_at=handed_at, not_before=now)


def given_up(delivery: Delivery, because: Because, detail: str, now: int) -> Delivery:
    """The row of what may have gone out once, but cannot be sent again."""
    return replace(delivery, state=State.FAILED, because=because, detail=detail, ended_at=now)


def replayed(delivery: Delivery, now: int) -> Delivery:
    """The row of a dead letter that is to be tried again from the beginning: it is due now."""
    return replace(
        delivery,
        state=State.DUE,
        attempts=0,
        due_at=now,
        not_before=now,
        handed_at=None,
        because=None,
        detail="",
        ended_at=None,
    )


def approved(waiting: Sequence[Delivery], now: int) -> list[Delivery]:
    """The rows of what somebody approved: they are decided again."""
    return [replace(one, approved=True, not_before=now, because=None, detail="") for one in waiting]
