"""The long run of faults: kills, full disks, hostile payloads, slow senders.

    python -m tests.live.faults.run --kills 100 --payloads 100000 --record docs/proofs/faults.json

Exits 1 where anything was lost, doubled or wrong, where a server said 5xx to what it should have
refused, or where it held on to memory, files or threads.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from tests.live.faults import disks
from tests.live.faults.hostile import Held, Pelted, crawl, pelt, probe, stored_ids
from tests.live.faults.kills import PROJECT, kill_often
from tests.live.process import Server
from tests.live.published import differences, history_of_export, published
from tests.live.record import heading

MEGABYTE = 1 << 20
SLACK = 96 * MEGABYTE
"""By how much a server's memory may grow without anybody's fault: allocators keep what they had."""
PER_EVENT = 4_000
"""By how many bytes it may grow for each event stored, of which it keeps some in memory."""
BODIES = 256 * MEGABYTE
"""What `Limits.held_bytes` allows all bodies together."""

Found = dict[str, Any]


def killed(kills: int, number: int) -> Found:
    """`kill -9` so often."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        toll, book = kill_often(Path(folder), kills=kills, seed=number)
        return {
            "kills": toll.kills,
            "of_them_while_starting": toll.while_starting,
            "ended_in_order": toll.ended,
            "write_ahead_logs_left_behind": toll.replayed,
            "comparisons": toll.looks,
            "events_acknowledged": len(book.acknowledged),
            "events_stored": toll.events,
            "transitions": len(toll.seen),
            "transitions_a_webhook_was_told_of": toll.told,
            "messages_to_it": toll.messages,
            "requests_answered": book.statuses,
            "requests_unanswered": book.unanswered,
            "seconds": round(time.monotonic() - began),
            "failures": toll.failures,
        }


def filled(number: int) -> dict[str, Found]:
    """Disks without room, and without permission."""
    found: dict[str, Found] = {}
    for fill in (disks.fill_limited, disks.fill_small_disk):
        with tempfile.TemporaryDirectory() as folder:
            try:
                found[fill.__name__] = asdict(fill(Path(folder), number))
            except PermissionError as error:
                found[fill.__name__] = {"left_out": str(error), "failures": []}
    for what in ("folder", "file"):
        with tempfile.TemporaryDirectory() as folder:
            code, said = disks.refuse_to_start(Path(folder), what)
            wrong = code != 2 or "Traceback" in said
            found[f"read_only_{what}"] = {"exit": code, "failures": [said] if wrong else []}
    return found


def pelted(payloads: int, examples: int, number: int) -> dict[str, Found]:
    """Payloads and requests that mean no good, then a look at what they left."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder) / "workspace", PROJECT)
        with server.running():
            first = _measured(server, lambda: pelt(server.port, max(payloads // 10, 32), number))
            rest = _measured(server, lambda: pelt(server.port, payloads, number + 1_000))
            _bounded(server, first, rest)
            asked = _measured(server, lambda: probe(server, examples, number))
        good = first.pop("good") | rest.pop("good")
        asked.pop("good")
        at = published(server.folder)
        expected = history_of_export(server.folder, at.ticked_at)
        ids = stored_ids(server.folder / "events.parquet")
        rest["good_events_answered_200"] = len(good)
        rest["events_stored"] = ids.total()
        rest["failures"] += [f"lost: {one}" for one in sorted(good - set(ids))[:10]]
        rest["failures"] += [f"twice: {one}" for one, times in ids.items() if times > 1][:10]
        rest["failures"] += at.wrongs + differences(at.standing, expected, 5)
        rest["failures"] += [f"logged: {line}" for line in server.troubles()[:10]]
        _grew_with_what_it_stores(rest, ids.total())
        return {"warming_up": first, "payloads": rest, "openapi": asked}


def _measured(server: Server, do: Callable[[], Pelted]) -> Found:
    began, before = time.monotonic(), Held.by(server.pid)
    found = do()
    after = Held.by(server.pid)
    return {
        "requests": found.requests,
        "statuses": dict(sorted(found.statuses.items())),
        "unanswered": found.unanswered,
        "seconds": round(time.monotonic() - began),
        "memory_mb": [before.memory // MEGABYTE, after.memory // MEGABYTE],
        "files": [before.files, after.files],
        "threads": [before.threads, after.threads],
        "good": found.good,
        "failures": found.bad_answers[:20],
    }


def _bounded(server: Server, first: Found, rest: Found) -> None:
    """Once warm, a server holds as many files and threads as before, but for its idle workers."""
    for what in ("files", "threads"):
        if rest[what][1] > first[what][1] + 8:
            rest["failures"].append(f"more {what}: {first[what]}, then {rest[what]}")
    if server.ready()[0] != 200:
        rest["failures"].append("not ready afterwards")


def _grew_with_what_it_stores(rest: Found, events: int) -> None:
    grown = (rest["memory_mb"][1] - rest["memory_mb"][0]) * MEGABYTE
    if grown > SLACK + PER_EVENT * events:
        rest["failures"].append(f"memory grew by {grown} bytes with {events} events")


def slow(senders: int) -> Found:
    """A thousand senders of large bodies that never end, twice."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder) / "workspace", PROJECT)
        with server.running():
            before = Held.by(server.pid)
            rounds = [crawl(server, senders, 5_000_000, 45) for _ in range(2)]
            status, _ = server.ready()
            after = Held.by(server.pid)
        waits = sorted(wait for one in rounds for wait in one.others)
        most = max(one.most_memory for one in rounds) - before.memory
        failures = [wrong for one in rounds for wrong in one.wrongs]
        failures += [f"memory grew by {most} bytes"] if most > BODIES + 2 * SLACK else []
        failures += ["not ready afterwards"] if status != 200 else []
        failures += [f"files {after.files}"] if after.files > before.files + 8 else []
        failures += [
            f"a slow sender heard {heard}"
            for one in rounds
            for heard in one.answers
            if heard not in {"408", "429", "503", "ConnectionResetError", "closed"}
        ]
        return {
            "senders": senders,
            "connected": [one.connected for one in rounds],
            "heard": [dict(one.answers) for one in rounds],
            "memory_mb_before": before.memory // MEGABYTE,
            "memory_mb_most": [one.most_memory // MEGABYTE for one in rounds],
            "memory_mb_afterwards": after.memory // MEGABYTE,
            "others_waited_ms_median": round(1000 * waits[len(waits) // 2]),
            "others_waited_ms_longest": round(1000 * waits[-1]),
            "failures": failures,
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--payloads", type=int, default=100_000)
    parser.add_argument("--examples", type=int, default=200, help="per operation of the API")
    parser.add_argument("--senders", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--record", type=Path)
    given = parser.parse_args()
    found = _everything(given)
    failures = sum(len(one["failures"]) for one in found.values())
    record = {**heading("tests.live.faults.run"), **found, "failures": failures}
    text = json.dumps(record, indent=2)
    print(text)
    if given.record:
        given.record.write_text(text + "\n", encoding="utf-8")
    sys.exit(bool(failures))


def _everything(given: argparse.Namespace) -> dict[str, Found]:
    """The kills, half of them of one server and half of another, and the rest beside them."""
    half = given.kills // 2
    with ProcessPoolExecutor(3, mp_context=get_context("spawn")) as processes:
        kills = processes.submit(killed, given.kills - half, given.seed)
        others = processes.submit(killed, half, given.seed + 1)
        disks_, hostile, crawling = (
            processes.submit(filled, given.seed),
            processes.submit(pelted, given.payloads, given.examples, given.seed),
            processes.submit(slow, given.senders),
        )
        found = {"kill_9": _told(kills.result), "kill_9_of_another": _told(others.result)}
        found |= _told(disks_.result) | _told(hostile.result)
        return found | {"slow_senders": _told(crawling.result)}


def _told(result: Callable[[], Found]) -> Found:
    """A result, also on standard error, where it can be read before all the others have come."""
    found = result()
    print(json.dumps(found), file=sys.stderr, flush=True)
    return found


if __name__ == "__main__":
    main()
