"""One task in a process of its own, with a limit for each of its stages."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bench.peers.asking import Task

PATIENCE: Final = 10
"""So many times the limit may loading and checking take, which are not what is compared."""


@dataclass
class Result:
    """What became of a task. Seconds of loading, of the first answer and of the later ones; `slow`
    is the stage that took longer than its limit, `failed` what a worker said that ended early."""

    task: Task
    limit: float
    load: float | None = None
    cold: float | None = None
    warm: list[float] = field(default_factory=list)
    mib: float | None = None
    digest: str | None = None
    answers: list[list[int]] = field(default_factory=list)
    slow: str | None = None
    failed: str | None = None

    def take(self, said: dict[str, Any]) -> None:
        """One stage has ended."""
        stage = said["stage"]
        if stage == "warm":
            self.warm.append(said["seconds"])
        elif stage == "memory":
            self.mib, self.answers = said["mib"], said["answers"]
        elif stage == "answer":
            self.digest = said["digest"]
        else:
            setattr(self, stage, said["seconds"])


_NEXT: Final = {"load": "cold", "cold": "warm", "warm": "warm", "memory": "answer"}


def run(task: Task, log: Path, limit: float, memory: str) -> Result:
    """Start a worker, listen to it, and end it where it takes too long."""
    asked = json.dumps({"task": task.as_dict(), "log": str(log), "memory": memory})
    command = [sys.executable, "-m", "bench.peers.worker", asked]
    result = Result(task, limit)
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYSPARK_PYTHON": sys.executable},
    ) as worker:
        try:
            _listen(worker, result)
        finally:
            _end(worker)
    return result


def _listen(worker: subprocess.Popen[str], result: Result) -> None:
    lines: queue.Queue[str | None] = queue.Queue()
    errors: list[str] = []
    _reading(lambda: [lines.put(line) for line in _lines(worker.stdout)] and None, lines)
    _reading(lambda: errors.extend(_lines(worker.stderr)))
    stage = "load"
    while True:
        compared = stage in {"cold", "warm"}
        try:
            line = lines.get(timeout=result.limit * (1 if compared else PATIENCE))
        except queue.Empty:
            result.slow = stage
            return
        if line is None:
            break
        if line.startswith("@"):
            said = json.loads(line[1:])
            result.take(said)
            stage = _NEXT.get(said["stage"], "end")
    if result.digest is None:
        worker.wait()
        result.failed = " ".join("".join(errors).strip().splitlines()[-1:]) or "no answer"


def _reading(work: Any, lines: queue.Queue[str | None] | None = None) -> None:
    def read() -> None:
        work()
        if lines is not None:
            lines.put(None)

    threading.Thread(target=read, daemon=True).start()


def _lines(stream: Any) -> Iterator[str]:
    yield from stream


def _end(worker: subprocess.Popen[str]) -> None:
    """The worker and whatever it started, such as Java."""
    try:
        os.killpg(worker.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
