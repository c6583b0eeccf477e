"""Disks that fill while a server writes to them, and disks that cannot be written to at all."""

from __future__ import annotations

import ctypes
import random
import resource
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.live.faults.kills import PROJECT, Toll, look_at_the_remains
from tests.live.faults.senders import Book
from tests.live.process import Server

_DROP = 24
"""`PR_CAPBSET_DROP` of prctl(2)."""
_DAC_OVERRIDE = 1
"""What lets an administrator write to what nobody may write to."""


@dataclass
class Filling:
    """What a full disk came to."""

    taken_before: int = 0
    refused: int = 0
    statuses: dict[int, int] = field(default_factory=dict)
    read_while_full: bool = False
    failures: list[str] = field(default_factory=list)


def obey_modes() -> None:
    """Make this process one that has to obey the modes of files, even where it is root's."""
    ctypes.CDLL(None).prctl(_DROP, _DAC_OVERRIDE, 0, 0, 0)


def fill_limited(folder: Path, seed: int) -> Filling:
    """A disk that is full for this process: its files may grow no more, then they may again."""

    def limit(server: Server, most: int) -> None:
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))

    return _fill(
        folder,
        seed,
        full=lambda server: limit(server, _largest(server.folder) + 300_000),
        freed=lambda server: limit(server, resource.RLIM_INFINITY),
    )


def fill_small_disk(folder: Path, seed: int) -> Filling:
    """A disk of some megabytes that fills, then grows."""
    with mounted(folder / "disk", "size=16m") as disk:
        return _fill(
            disk,
            seed,
            full=lambda _: None,
            freed=lambda _: _remount(disk, "size=200m"),
            copy_to=folder,
        )


@contextmanager
def mounted(place: Path, options: str) -> Iterator[Path]:
    """A disk in memory, until the block ends. Raises `OSError` where that is not allowed."""
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        raise PermissionError("disks cannot be mounted here")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def _remount(place: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(place)], check=True)


def _largest(folder: Path) -> int:
    return max(one.stat().st_size for one in folder.glob("segue.duckdb*"))


def _fill(
    folder: Path,
    seed: int,
    *,
    full: Callable[[Server], None],
    freed: Callable[[Server], None],
    copy_to: Path | None = None,
) -> Filling:
    """Send until the server says that its disk is full, free it, and send the rest again."""
    chance, found, book = random.Random(seed), Filling(), Book()
    server = Server(folder / "workspace", PROJECT)
    with server.running():
        _must(server, book, found, batch(chance, 0, 50))
        full(server)
        refused = _until_refused(server, book, found, chance)
        _must_not_be_ready(server, book, found, chance, refused)
        found.read_while_full = bool(server.ask("people/p1/segments")["segments"] is not None)
        freed(server)
        for events in refused:
            _must(server, book, found, events)
        _must(server, book, found, batch(chance, 1 << 30, 50))
        if (status := server.ready()[0]) != 200:
            found.failures.append(f"freed, and ready says {status}")
    if copy_to is not None:
        shutil.copytree(folder / "workspace", copy_to / "workspace")
        folder = copy_to
    toll = Toll()
    look_at_the_remains(folder, toll, book)
    found.failures += toll.failures
    if (unknown := set(found.statuses) - {200, 429, 503, 507}) != set():
        found.failures.append(f"answered {unknown}")
    return found


def _until_refused(
    server: Server, book: Book, found: Filling, chance: random.Random
) -> list[list[dict[str, Any]]]:
    """Send until three batches in a row are refused; those that were."""
    refused: list[list[dict[str, Any]]] = []
    for number in range(1, 2_000):
        events = batch(chance, number * 100, 100)
        if _send(server, book, found, events) == 200:
            found.taken_before += 1
            refused.clear()
        else:
            found.refused += 1
            refused.append(events)
            if len(refused) == 3:
                return refused
    found.failures.append("the disk was never full")
    return refused


def _must_not_be_ready(
    server: Server, book: Book, found: Filling, chance: random.Random, refused: list[Any]
) -> None:
    """Ask whether it is ready once it has refused a batch: a turn of somebody who was due, which
    takes less room, may have come in between."""
    for number in range(2_000, 2_020):
        status, document = server.ready()
        if status == 503 and "space" in document["trouble"]:
            return
        events = batch(chance, number * 100, 100)
        if _send(server, book, found, events) == 200:
            found.taken_before += 1
        else:
            found.refused += 1
            refused.append(events)
    found.failures.append(f"full, and ready says {status} {document}")


def _must(server: Server, book: Book, found: Filling, events: list[dict[str, Any]]) -> None:
    """Send, again and again where it is refused, as SDKs do."""
    end = time.monotonic() + 60
    while (status := _send(server, book, found, events)) != 200:
        if time.monotonic() > end:
            found.failures.append(f"still refused: {status}")
            return
        time.sleep(0.2)


def _send(server: Server, book: Book, found: Filling, events: list[dict[str, Any]]) -> int:
    answer = server.post("/v1/batch", {"batch": events})
    found.statuses[answer.status_code] = found.statuses.get(answer.status_code, 0) + 1
    if answer.status_code == 200:
        book.acknowledged |= {event["messageId"] for event in events}
    elif "retry-after" not in answer.headers:
        found.failures.append(f"{answer.status_code} without Retry-After: {answer.text}")
    return answer.status_code


def batch(chance: random.Random, first: int, count: int) -> list[dict[str, Any]]:
    """Events that do not pack well."""
    return [
        {
            "type": "track",
            "event": chance.choice(("look", "add", "buy")),
            "userId": f"p{(first + number) % 200}",
            "messageId": f"m{first + number}",
            "properties": {"amount": chance.randrange(100), "noise": chance.randbytes(600).hex()},
        }
        for number in range(count)
    ]


def refuse_to_start(folder: Path, what: str) -> tuple[int, str]:
    """What a server says about a workspace whose `folder` or `file` may not be written to."""
    server = Server(folder / "workspace", PROJECT, before=obey_modes)
    with server.running():
        server.post("/v1/track", {"userId": "ana", "event": "look"}).raise_for_status()
    changed = [server.folder, *server.folder.glob("segue.duckdb*")]
    changed = changed[:1] if what == "folder" else changed[1:]
    modes = {one: one.stat().st_mode for one in changed}
    try:
        for one, mode in modes.items():
            one.chmod(mode & ~0o222)
        server.launch()
        assert server.process is not None
        assert server.process.stdout is not None
        said = server.process.stdout.read().decode()
        return server.process.wait(60), said + server.log.read_text()
    finally:
        for one, mode in modes.items():
            one.chmod(mode)
        server.kill()
