"""The hour: traffic of real SDKs, kills at random, and in the end everything compared.

    python -m tests.live.soak.run --minutes 60 --seed 1 --record docs/proofs/soak.json

Exits 1 where anything that was acknowledged is lost or stored twice, or where what was published
is not the history of the events as exported and read by a process of its own.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import httpx

from tests.live.process import WRITE_KEY, Server
from tests.live.published import (
    Published,
    differences,
    history_of_export,
    published,
    stored_ids,
)
from tests.live.record import heading
from tests.live.soak import traffic
from tests.live.soak.ledger import Careless

PROJECT = """\
project: soak
timezone: {zone}
segments:
  looking: {{when: 'did look within 20 seconds'}}
  keen: {{when: 'did look at least 3 times within 1 minute'}}
  spender: {{when: 'sum(buy.amount) >= 300 within 5 minutes'}}
  buyers: {{when: 'did buy'}}
  cart_abandoners: {{when: 'did (add_to_cart then not buy within 30 seconds) within 2 minutes'}}
  quick: {{when: 'did (look then add_to_cart within 10 seconds then buy within 1 minute, all within 2 minutes)'}}
  visiting: {{when: 'did $session_started within 10 minutes and did not $session_ended since last $session_started'}}
  visited: {{when: 'did $session_ended'}}
  read_on: {{when: 'did $page_left where time_on_page >= 2 at least 2 times within 5 minutes'}}
  dormant: {{when: 'last any more than 45 seconds ago'}}
  quiet_for_long: {{when: 'inactive for 12 minutes'}}
  pro: {{when: 'trait plan = "pro"'}}
  stayed_pro: {{when: '(trait plan in ("pro", "team")) for at least 2 minutes'}}
  came_back: {{when: 'entered looking at least 2 times within 10 minutes'}}
  reds: {{when: 'last buy has color = "red" and time since last buy < 3 minutes'}}
  cooling: {{when: 'count(any) within 1 minute < 50% of count(any) between 3 minutes and 1 minute ago'}}
  top_spenders: {{when: 'top 20% by sum(buy.amount) within 1 hour'}}
  everybody_new: {{when: 'first any within 90 seconds'}}
"""


_STARTS = 8
"""It takes at least as long as so many starts of the server, which starts after every kill."""


@dataclass
class Tally:
    """What happened and what came of it."""

    kills: int = 0
    seconds: float = 0
    visits: int = 0
    complaints: list[str] = field(default_factory=list)
    followed: list[int] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


class Follower:
    """Follows the feed of transitions with a cursor, through every death of the server."""

    def __init__(self, server: Server) -> None:
        self._server, self._ends = server, threading.Event()
        self.ids: list[int] = []
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def end(self) -> list[int]:
        """The ids of all transitions that it was told of."""
        self._ends.set()
        self._thread.join()
        self.look()
        return self.ids

    def look(self) -> None:
        """Read on until nothing more comes."""
        while True:
            after = self.ids[-1] if self.ids else -1
            page = self._server.ask("transitions", after=after, limit=1000)["transitions"]
            self.ids += [one["id"] for one in page]
            if not page:
                return

    def _run(self) -> None:
        while not self._ends.wait(2):
            try:
                self.look()
            except httpx.HTTPError:
                continue


def soak(
    folder: Path, *, seconds: float, kills: int, seed: int, rate: float, in_browser: bool
) -> tuple[Tally, dict[str, Any]]:
    """Let it happen in a folder; what came of it, and the numbers."""
    chance, tally = random.Random(seed), Tally()
    zone = zone_with_midnight_at(time.time() + seconds / 2)
    server = Server(folder, PROJECT.format(zone=zone))
    server.start()
    relay = Careless(server.url, seed)
    with (
        relay.running(),
        ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes,
    ):
        follower = Follower(server)
        for one in [processes.submit(traffic.awake) for _ in range(2)]:
            one.result()
        began = time.time()
        until = began + max(seconds, _STARTS * server.starts[0])
        told = (relay.url, WRITE_KEY, seed, began, until)
        back_end = processes.submit(traffic.back_end, *told, rate)
        front_end = processes.submit(traffic.visitors, *told) if in_browser else _nothing()
        _kill(server, tally, chance, until, kills)
        tally.complaints, tally.visits = back_end.result(), front_end.result()
        tally.followed = follower.end()
    rejected = server.ask("events/rejected", limit=1000)["rejected"]
    tally.failures += [f"rejected: {one}" for one in rejected]
    if (code := server.stop()) != 0:
        tally.failures.append(f"it ended with {code}")
    tally.seconds = time.time() - began
    tally.failures += [f"logged: {line}" for line in server.troubles()]
    return tally, _compared(folder, tally, relay, server)


def zone_with_midnight_at(instant: float) -> str:
    """The zone whose midnight is next to an instant (s): quantiles are taken anew then."""
    hour = round(instant / 3600) % 24
    ahead = -hour if hour <= 12 else 24 - hour
    return "Etc/GMT" if ahead == 0 else f"Etc/GMT{-ahead:+d}"  # whose signs are the wrong way


def _nothing() -> Future[int]:
    future: Future[int] = Future()
    future.set_result(0)
    return future


def _kill(server: Server, tally: Tally, chance: random.Random, until: float, kills: int) -> None:
    """Kill the server so many times, spread over the time, and start it again."""
    began = time.time()
    moments = sorted(chance.uniform(0.02, 0.95) for _ in range(kills))
    for moment in moments:
        time.sleep(max(0.0, began + moment * (until - began) - time.time()))
        server.kill()
        tally.kills += 1
        print(f"{dt.datetime.now(dt.UTC):%H:%M:%S} killed, {tally.kills} of {kills}", flush=True)
        time.sleep(chance.choice((0, 0, 0.5, 3)))
        server.start()
    time.sleep(max(0.0, until - time.time()))


def _compared(folder: Path, tally: Tally, relay: Careless, server: Server) -> dict[str, Any]:
    """Compare; the numbers of the record."""
    found = published(folder)
    expected = history_of_export(folder, found.ticked_at)
    tally.failures += found.wrongs
    tally.failures += differences(found.standing, expected)
    stored = stored_ids(folder)
    own = {one for one in stored if "#" not in one}
    acknowledged, sent = relay.ledger.acknowledged, relay.ledger.sent
    tally.failures += [f"lost: {one}" for one in sorted(acknowledged - own)[:20]]
    tally.failures += [f"stored twice: {one}" for one, times in stored.items() if times > 1]
    tally.failures += [f"nobody sent: {one}" for one in sorted(own - set(sent))[:20]]
    published_ids = [one.id for one in found.transitions]
    if tally.followed != published_ids[: len(tally.followed)]:
        tally.failures.append("the feed told of other transitions than the store has")
    return _numbers(found, tally, relay, server) | {
        "events_stored": stored.total(),
        "events_acknowledged": len(acknowledged),
        "acknowledged_and_lost": len(acknowledged - own),
        "stored_twice": sum(times > 1 for times in stored.values()),
        "sent_more_than_once": sum(times > 1 for times in sent.values()),
        "history_boundaries": expected.total(),
        "boundaries_published_and_not_taken_back": found.standing.total(),
    }


def _numbers(found: Published, tally: Tally, relay: Careless, server: Server) -> dict[str, Any]:
    moves = found.transitions
    late = sorted(one.known_at - one.at for one in moves if one.cause == "time" and one.live)
    return {
        "transitions": len(moves),
        "transitions_followed_in_the_feed": len(tally.followed),
        "transitions_by_cause": dict(Counter(one.cause.value for one in moves)),
        "retracted": sum(one.retracted for one in moves),
        "people": len({one.person_id for one in moves}),
        "segments": dict(Counter(one.segment_id for one in moves)),
        "median_lateness_of_time_driven_ms": late[len(late) // 2] if late else None,
        "requests_as_the_sdks_saw_them": dict(sorted(relay.ledger.statuses.items())),
        "of_them_made_by_the_relay": "500, 503 and some of None (no answer);"
        " the server was dead in the others",
        "requests_delivered_twice": relay.repeated,
        "restart_seconds_longest": round(max(server.starts), 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--rate", type=float, default=20, help="events per second of the back end")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-browser", action="store_true")
    parser.add_argument("--folder", type=Path, help="keep the workspace here")
    parser.add_argument("--record", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        tally, numbers = soak(
            given.folder or Path(temporary),
            seconds=60 * given.minutes,
            kills=given.kills,
            seed=given.seed,
            rate=given.rate,
            in_browser=not given.no_browser,
        )
    text = json.dumps(_record(tally, numbers), indent=2)
    print(text)
    if given.record:
        given.record.write_text(text + "\n", encoding="utf-8")
    sys.exit(bool(tally.failures))


def _record(tally: Tally, numbers: dict[str, Any]) -> dict[str, Any]:
    return {
        **heading("tests.live.soak.run"),
        "seconds": round(tally.seconds),
        "kills": tally.kills,
        "visits_in_chromium": tally.visits,
        "complaints_of_sdks": len(tally.complaints),
        **numbers,
        "failures": len(tally.failures),
        "shown": tally.failures[:50],
    }


if __name__ == "__main__":
    main()
