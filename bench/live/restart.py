"""How long a server takes from its start until it answers, and answers right."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bench.live.events import marked
from bench.live.server import WRITE_KEY, Server
from bench.live.wire import Connections
from bench.live.world import Past, person
from segue.bootstrap.workspace import Workspace
from segue.domain.instant import parse_instant

ASKED: Final = 40
"""People whose answers are compared."""
MARKED: Final = 20
"""People who did something right before the end: acknowledged, so it has to count."""
MARK_SEGMENT: Final = "segment_01"
MARK_EVENT: Final = "event_00"
"""Who does the event is in the segment for the next 10 minutes."""

_PATIENCE: Final = 60.0
"""Seconds after which a wrong answer is a defect."""

Standing = dict[str, tuple[int, int | None]]


@dataclass(frozen=True)
class Restart:
    """A start: after what; seconds until it was ready, and until all look-ups of `compared` people
    were right, one after the other; how long the end before took. `kept`: with the kept index."""

    after: str
    kept: bool
    ready: float
    right: float
    compared: int
    ending: float | None


CASES: Final = ((False, False), (False, True), (True, False), (True, True))
"""After an end in order with what was kept and without, and after a kill with what an earlier end
kept and without: whether it is killed, and whether what was kept is deleted."""


def restarts(
    workspace: Workspace, past: Past, cases: Sequence[tuple[bool, bool]] = CASES
) -> list[Restart]:
    """Start again and again."""
    server = Server.begin(workspace)
    found = []
    for kill, forget in cases:
        server, one = _again(server, past, kill=kill, forget=forget)
        found.append(one)
    server.end()
    return found


def _again(server: Server, past: Past, *, kill: bool, forget: bool) -> tuple[Server, Restart]:
    before, asked = _before(server, past), time.time_ns() // 1_000_000
    ending = None
    if kill:
        server.kill()
    else:
        ending = server.end()
    if forget:
        shutil.rmtree(server.workspace.index, ignore_errors=True)
    began = time.perf_counter()
    server = Server.begin(server.workspace)
    ready = time.perf_counter() - began
    for who in before:
        _await_right(server, who, before[who], asked)
    right = time.perf_counter() - began
    after = "kill -9" if kill else "an end in order"
    after += ", the kept index deleted" if forget else ", with the kept index"
    return server, Restart(after, not forget, ready, right, len(before), ending)


def _before(server: Server, past: Past) -> dict[str, Standing]:
    """Where people stand, some of whom did something just now."""
    chance = random.Random(time.time_ns())
    people = [person(chance.randrange(past.people)) for _ in range(ASKED + MARKED)]
    with Connections(server.host, server.port, 1) as connection:
        for who in people[:MARKED]:
            connection.once(marked(who, MARK_EVENT, WRITE_KEY))
        assert not connection.answers.errors
    before = {who: _standing(server, who) for who in people}
    assert all(MARK_SEGMENT in before[who] for who in people[:MARKED])
    return before


def _standing(server: Server, who: str) -> Standing:
    """The segments that a person is in, since when and until when (ms)."""
    status, document = server.ask(f"/api/people/{who}/segments")
    assert status == 200, document
    return {
        one["segment_id"]: (
            parse_instant(one["since"]),
            None if one["until"] is None else parse_instant(one["until"]),
        )
        for one in document["segments"]
    }


def _await_right(server: Server, who: str, before: Standing, asked: int) -> None:
    """Ask until the answer is right. Raises `AssertionError` where it stays wrong."""
    deadline = time.monotonic() + _PATIENCE
    while not _agree(before, after := _standing(server, who), asked):
        assert time.monotonic() < deadline, (who, before, after)
        time.sleep(0.01)


def _agree(before: Standing, after: Standing, asked: int) -> bool:
    """Whether two answers differ only by what time alone has changed since `asked` (ms), and by all
    of that."""
    now = time.time_ns() // 1_000_000
    over = {name for name, (_, until) in before.items() if until is not None and until <= now}
    begun = {name for name, (since, _) in after.items() if since > asked}
    same = (before.keys() | after.keys()) - over - begun
    still = all(before.get(name) == after.get(name) for name in same)
    return still and not any(before[name] == after.get(name) for name in over)
