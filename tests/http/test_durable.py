"""Those who wait for their events: who is let go when, and how often the server's loop is called."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future

import pytest

from segue.http.durable import Durable
from segue.http.errors import Refusal
from segue.services.live.intake import Receipt

Stored = Future[Receipt]


def _end(stored: list[Stored]) -> None:
    for one in stored:
        one.set_result(Receipt(1))


def _on_another_thread(work: Callable[[], None]) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


async def _called(times: list[object]) -> None:
    """Count from now on how often another thread calls the loop."""
    loop = asyncio.get_running_loop()
    call = loop.call_soon_threadsafe

    def counted(*given: object) -> asyncio.Handle:
        times.append(given)
        return call(*given)  # type: ignore[arg-type]

    loop.call_soon_threadsafe = counted  # type: ignore[method-assign,assignment]


def test_a_turn_calls_once_however_many_wait() -> None:
    async def check() -> None:
        durable, stored = Durable(30), [Stored() for _ in range(100)]
        waiting = [durable.wait(one) for one in stored]
        calls: list[object] = []
        await _called(calls)
        _on_another_thread(lambda: _end(stored))
        await asyncio.gather(*waiting)
        assert len(calls) == 1
        again = Stored()
        _on_another_thread(lambda: again.set_result(Receipt(1)))
        await durable.wait(again)

    asyncio.run(check())


def test_what_went_wrong_is_raised() -> None:
    async def check() -> None:
        durable, good, bad = Durable(30), Stored(), Stored()
        waiting = durable.wait(good), durable.wait(bad)
        bad.set_exception(OSError("the disk is full"))
        good.set_result(Receipt(1))
        await waiting[0]
        with pytest.raises(OSError, match="full"):
            await waiting[1]

    asyncio.run(check())


def test_each_waits_its_time_and_no_longer() -> None:
    async def check() -> None:
        durable, stored = Durable(2.0), [Stored() for _ in range(3)]
        first = durable.wait(stored[0])
        await asyncio.sleep(1.2)
        second, third = durable.wait(stored[1]), durable.wait(stored[2])
        with pytest.raises(Refusal) as refused:
            await first
        assert (refused.value.status, second.done()) == (503, False)
        stored[1].set_result(Receipt(1))
        await second
        with pytest.raises(Refusal):
            await third
        for one in (stored[0], stored[2]):  # too late: nobody waits, nothing breaks
            one.set_result(Receipt(1))
        await asyncio.sleep(0)

    asyncio.run(check())


def test_who_left_is_not_told() -> None:
    async def check() -> None:
        durable, stored = Durable(30), Stored()
        waiting = durable.wait(stored)
        waiting.cancel()
        stored.set_result(Receipt(1))
        await asyncio.sleep(0.01)
        assert waiting.cancelled()

    asyncio.run(check())


def test_what_ends_after_the_loop_is_told_to_nobody() -> None:
    stored = Stored()

    async def leave() -> None:
        Durable(30).wait(stored)

    asyncio.run(leave())
    stored.set_result(Receipt(1))
