"""Long analyses: one at a time, the next one waits, and is sent away where that takes too long."""

from __future__ import annotations

import threading

import anyio
import pytest

from segue.domain.errors import BusyError, NotFoundError
from segue.http.desk import Desk


def test_an_analysis_gives_what_it_found() -> None:
    async def ask() -> tuple[int, bool]:
        desk, here = Desk(), threading.get_ident()
        return await desk(lambda: 42), await desk(lambda: threading.get_ident() != here)

    assert anyio.run(ask) == (42, True)


def test_one_at_a_time() -> None:
    """Each finds nobody else at the desk."""
    at_work, seen = [0], []

    def work() -> None:
        at_work[0] += 1
        seen.append(at_work[0])
        at_work[0] -= 1

    async def ask() -> None:
        desk = Desk()
        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(desk, work)

    anyio.run(ask)

    assert seen == [1] * 20


def test_who_waits_too_long_is_told_when_to_come_again() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def long() -> None:
        begun.set()
        assert go_on.wait(60)

    async def ask() -> None:
        desk = Desk(patience=0.01)
        async with anyio.create_task_group() as group:
            group.start_soon(desk, long)
            await anyio.to_thread.run_sync(begun.wait)
            with pytest.raises(BusyError) as refused:
                await desk(lambda: 1)
            go_on.set()
        assert refused.value.retry_after >= 1
        assert await desk(lambda: 1) == 1

    anyio.run(ask)


def test_an_error_leaves_the_desk_free() -> None:
    def fail() -> None:
        raise NotFoundError("no such goal")

    async def ask() -> int:
        desk = Desk()
        with pytest.raises(NotFoundError):
            await desk(fail)
        return await desk(lambda: 7)

    assert anyio.run(ask) == 7


def test_who_leaves_takes_the_turn_with_them_only_when_it_is_done() -> None:
    """A thread cannot be stopped: the next analysis waits for its end."""
    begun, go_on, ended = threading.Event(), threading.Event(), []

    def long() -> None:
        begun.set()
        assert go_on.wait(60)
        ended.append(True)

    async def ask() -> list[bool]:
        desk = Desk()
        async with anyio.create_task_group() as group:
            group.start_soon(desk, long)
            await anyio.to_thread.run_sync(begun.wait)
            group.cancel_scope.cancel()
            go_on.set()
        return await desk(lambda: list(ended))

    assert anyio.run(ask) == [True]
