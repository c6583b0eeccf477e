"""The way to one channel: in order, so many at a time, and what becomes of what waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from segue.bootstrap.lanes import LONGEST, SIDE_BY_SIDE, Lane
from segue.domain.acting import Message, Outcome
from segue.domain.campaigns import Channel
from segue.services.acting.dispatching import Going
from tests.adapters.deliveries import delivery


class Scripted:
    """A carrier that waits until it may go on, and notes what it does."""

    channel = Channel.CONSOLE

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.begun: list[str] = []
        self.fails = self.closed = False

    async def carry(self, message: Message) -> Outcome:
        self.begun.append(message.id)
        await self.open.wait()
        if self.fails:
            raise RuntimeError(message.id)
        return Outcome()

    async def close(self) -> None:
        self.closed = True


def going(number: int, campaign: str = "nudge") -> Going:
    name = f"d{number}"
    message = Message(name, campaign, "ana", Channel.CONSOLE, "", {})
    return Going(delivery(id=name, campaign_id=campaign), message)


Work = Callable[[Lane, Scripted, list[tuple[str, Outcome]]], Awaitable[None]]


def at_work(work: Work) -> None:
    """Do it with a lane of its own."""

    async def run() -> None:
        carrier, landed = Scripted(), []
        lane = Lane(
            carrier,
            began=lambda _: None,
            landed=lambda one, outcome: landed.append((one.message.id, outcome)),
        )
        await work(lane, carrier, landed)
        carrier.open.set()
        await lane.close()
        assert carrier.closed

    asyncio.run(run())


async def soon() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def test_messages_go_in_order_and_so_many_at_a_time() -> None:
    async def work(lane: Lane, carrier: Scripted, landed: list[tuple[str, Outcome]]) -> None:
        lane.put([going(n) for n in range(SIDE_BY_SIDE + 5)])
        await soon()
        assert carrier.begun == [f"d{n}" for n in range(SIDE_BY_SIDE)]
        assert lane.room == LONGEST - SIDE_BY_SIDE - 5
        carrier.open.set()
        await soon()
        assert len(landed) == SIDE_BY_SIDE + 5
        assert lane.held == SIDE_BY_SIDE + 5  # until it is noted
        lane.settled(SIDE_BY_SIDE + 5)
        assert lane.held == 0

    at_work(work)


def test_what_waits_can_be_called_back() -> None:
    async def work(lane: Lane, carrier: Scripted, landed: list[tuple[str, Outcome]]) -> None:
        lane.put([going(n) for n in range(SIDE_BY_SIDE)])
        lane.put([going(100, "other"), going(101), going(102, "other")])
        back = lane.call_back(lambda one: one.delivery.campaign_id == "other")
        assert [one.message.id for one in back] == ["d100", "d102"]
        assert [one.message.id for one in lane.call_back()] == ["d101"]
        carrier.open.set()
        await soon()
        assert len(landed) == SIDE_BY_SIDE

    at_work(work)


def test_a_carrier_that_raises_is_an_outcome_too() -> None:
    async def work(lane: Lane, carrier: Scripted, landed: list[tuple[str, Outcome]]) -> None:
        carrier.fails = True
        carrier.open.set()
        lane.put([going(1)])
        await soon()
        assert landed == [("d1", Outcome("RuntimeError"))]

    at_work(work)


def test_another_lane_takes_over() -> None:
    """What waits goes there; what is under way keeps its place until it is noted."""

    async def work(lane: Lane, carrier: Scripted, landed: list[tuple[str, Outcome]]) -> None:
        lane.put([going(n) for n in range(SIDE_BY_SIDE + 2)])
        await soon()
        other = Scripted()
        after = Lane(other, began=lambda _: None, landed=lambda *_: None)
        after.succeed(lane)
        await soon()
        assert other.begun == [f"d{SIDE_BY_SIDE}", f"d{SIDE_BY_SIDE + 1}"]
        assert after.held == SIDE_BY_SIDE + 2
        assert not lane.is_idle
        carrier.open.set()
        other.open.set()
        await soon()
        assert lane.is_idle
        assert len(landed) == SIDE_BY_SIDE
        await after.close()

    at_work(work)


@pytest.mark.parametrize("number", [0, 3])
def test_a_lane_that_closes_leaves_what_waits(number: int) -> None:
    """And does not wait for a carrier that hangs."""

    async def run() -> None:
        carrier = Scripted()
        lane = Lane(carrier, began=lambda _: None, landed=lambda *_: None)
        lane.put([going(n) for n in range(number)])
        await soon()
        closing = asyncio.create_task(lane.close())
        carrier.open.set()
        await closing
        assert carrier.closed
        assert lane.is_idle

    asyncio.run(run())
