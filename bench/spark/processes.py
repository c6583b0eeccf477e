"""A piece of work in a process of its own, on some cores, with all that it starts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

_EVERY: Final = 0.2
"""Seconds between two looks at the memory, at least."""
_BUSY: Final = 0.02
"""The share of its time that looking may take: of much memory a look takes long, and keeps those
whom it looks at from asking for more."""


@dataclass(frozen=True)
class Measured:
    """What the work said, and the most memory of all its processes together, in bytes: each
    page is counted once, however many processes share it."""

    said: dict[str, Any]
    peak: int


def measured(module: str, job: dict[str, Any], cores: int) -> Measured:
    """Run `python -m module JOB` on the first so many cores; it prints JSON at the end.

    Raises `RuntimeError` with what it printed where it fails.
    """
    free = sorted(os.sched_getaffinity(0))[:cores]
    command = ["taskset", "-c", ",".join(map(str, free)), sys.executable, "-m", module]
    with tempfile.TemporaryFile("w+") as errors:
        work = subprocess.Popen(
            [*command, json.dumps(job)], stdout=subprocess.PIPE, stderr=errors, text=True
        )
        watch = _Watch(work.pid)
        watch.start()
        said, _ = work.communicate()
        watch.ended.set()
        watch.join()
        errors.seek(0)
        if work.returncode:
            raise RuntimeError(f"{module} failed:\n{errors.read()[-4000:]}")
    return Measured(json.loads(said.splitlines()[-1]), watch.peak)


@dataclass(eq=False)
class _Watch(threading.Thread):
    """Looks at the memory of a process and all its descendants until it is told to end."""

    root: int
    peak: int = 0
    ended: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    def run(self) -> None:
        pause = _EVERY
        while not self.ended.wait(pause):
            begin = time.perf_counter()
            self.peak = max(self.peak, sum(map(_resident, _tree(self.root))))
            pause = max(_EVERY, (time.perf_counter() - begin) / _BUSY)


def _tree(pid: int) -> list[int]:
    found = [pid]
    for one in found:
        try:
            lists = [path.read_text() for path in Path(f"/proc/{one}/task").glob("*/children")]
        except OSError:
            continue
        found.extend(int(child) for children in lists for child in children.split())
    return found


def _resident(pid: int) -> int:
    """Of shared pages, this process's part (0 where it is gone)."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
