"""The way to one channel: in order, so many at a time, and what becomes of what waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.bootstrap.lanes import LONGEST, MOST_FLIGHTS, SIDE_BY_SIDE, Lane
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


def to(host: str, number: int) -> Going:
    one = going(number)
    message = replace(one.message, id=f"{host}{number}", address=f"https://{host}.example/hook")
    return replace(one, message=message)


class ByHost(Scripted):
    """A carrier whose hosts open one by one."""

    def __init__(self, *opened: str) -> None:
        super().__init__()
        self.opened = opened

    async def carry(self, message: Message) -> Outcome:
        self.begun.append(message.id)
        if not message.address.startswith(tuple(f"https://{one}." for one in self.opened)):
            await self.open.wait()
        return Outcome()


def test_a_host_that_hangs_holds_up_no_other() -> None:
    """A hundred messages to one that does not answer; those to another one arrive, in order."""

    async def run() -> None:
        carrier, landed = ByHost("quick"), []
        lane = Lane(
            carrier, began=lambda _: None, landed=lambda one, _: landed.append(one.message.id)
        )
        lane.put([*(to("slow", n) for n in range(100)), *(to("quick", n) for n in range(100))])
        for _ in range(10):
            await soon()
        assert landed == [f"quick{n}" for n in range(100)]
        assert len([one for one in carrier.begun if one.startswith("slow")]) == SIDE_BY_SIDE
        assert lane.held == 200
        back = lane.call_back(lambda one: one.message.id.endswith("9"))
        assert [one.message.id for one in back] == [f"slow{n}9" for n in range(3, 10)]
        carrier.open.set()
        for _ in range(10):
            await soon()
        rest = [one for one in landed if one.startswith("slow")]
        assert rest == [f"slow{n}" for n in range(100) if n < SIDE_BY_SIDE or n % 10 != 9]
        await lane.close()

    asyncio.run(run())


def test_all_hosts_together_have_a_bound() -> None:
    """And when something ends, whoever waits goes, whatever its host."""

    async def run() -> None:
        carrier, landed = ByHost(), []
        lane = Lane(
            carrier, began=lambda _: None, landed=lambda one, _: landed.append(one.message.id)
        )
        hosts = MOST_FLIGHTS // SIDE_BY_SIDE + 2
        lane.put([to(f"h{host}", n) for host in range(hosts) for n in range(SIDE_BY_SIDE)])
        await soon()
        assert len(carrier.begun) == MOST_FLIGHTS
        carrier.open.set()
        for _ in range(10):
            await soon()
        assert len(landed) == hosts * SIDE_BY_SIDE
        assert lane.is_idle
        await lane.close()

    asyncio.run(run())


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=200))
def test_whatever_comes_lands_once(coming: list[tuple[str, bool]]) -> None:
    """To whatever hosts, also where some is called back meanwhile."""

    async def run() -> None:
        carrier, landed = ByHost("a"), []
        lane = Lane(
            carrier, began=lambda _: None, landed=lambda one, _: landed.append(one.message.id)
        )
        back: list[str] = []
        for number, (host, calls) in enumerate(coming):
            lane.put([to(host, number)])
            if calls:
                await soon()
                back += [one.message.id for one in lane.call_back()]
        carrier.open.set()
        while lane.held > len(landed):
            await soon()
        assert sorted(back + landed) == sorted(f"{host}{n}" for n, (host, _) in enumerate(coming))
        await lane.close()

    asyncio.run(run())
