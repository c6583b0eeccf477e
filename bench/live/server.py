"""A `segue serve` in a process of its own, as anybody starts it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

from segue.bootstrap.workspace import Workspace

WRITE_KEY: Final = "bench"
_PRESENCE: Final = "segue.serving.json"
_READY: Final = 180.0
"""Seconds to wait for a server to begin at most."""
_RATE: Final = 10_000_000
"""Events per second that the key may send: it is not the limit that is measured."""
_TICKS: Final = os.sysconf("SC_CLK_TCK")


class NotReadyError(Exception):
    """The server did not begin; the message is its log."""


@dataclass
class Server:
    """A server at work on a workspace. Make one with `served`, or with `Server.begin`."""

    workspace: Workspace
    process: subprocess.Popen[bytes]
    host: str
    port: int
    secret: str

    @classmethod
    def begin(cls, workspace: Workspace) -> Server:
        """Start a server and wait until it is ready. Raises `NotReadyError`."""
        (workspace.folder / _PRESENCE).unlink(missing_ok=True)
        process = _started(workspace)
        deadline = time.monotonic() + _READY
        while time.monotonic() < deadline:
            presence = _presence(workspace)
            if presence is not None and presence["pid"] == process.pid:
                place = urlsplit(presence["address"])
                assert place.hostname
                assert place.port
                server = cls(workspace, process, place.hostname, place.port, presence["secret"])
                if server.is_ready:
                    return server
            if process.poll() is not None:
                break
            time.sleep(0.005)
        process.kill()
        process.wait()
        raise NotReadyError(_log(workspace).read_text())

    def ask(self, path: str) -> tuple[int, Any]:
        """Ask the management API; the status, and the document."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        with contextlib.closing(connection):
            connection.request("GET", path, headers={"authorization": f"Bearer {self.secret}"})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())

    def segments_of(self, person_id: str) -> set[str]:
        """The segments that a person is in, as the server says; of nobody none."""
        status, document = self.ask(f"/api/people/{quote(person_id, safe='')}/segments")
        return {one["segment_id"] for one in document["segments"]} if status == 200 else set()

    def counters(self) -> dict[str, float]:
        """The server's metrics, by name and labels as they are written."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        with contextlib.closing(connection):
            connection.request("GET", "/metrics")
            lines = connection.getresponse().read().decode().splitlines()
        pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
        return {name: float(value) for name, value in pairs}

    def counted(self, name: str) -> float:
        """A counter of the server's metrics; 0 where it has none of the name yet."""
        return self.counters().get(name, 0.0)

    @property
    def is_ready(self) -> bool:
        """Whether it says that it is ready."""
        try:
            return self.ask("/readyz")[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    @property
    def cpu_seconds(self) -> float:
        """The processor time that its process has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    @property
    def resident(self) -> int:
        """The bytes of memory that its process holds."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))

    def kill(self) -> None:
        """End it without a chance to put anything in order."""
        self.process.kill()
        self.process.wait()

    def end(self) -> float:
        """End it in order; how many seconds that took."""
        began = time.perf_counter()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        return time.perf_counter() - began


@contextlib.contextmanager
def served(workspace: Workspace) -> Iterator[Server]:
    """A server for a block, killed at its end: what it would keep for the next start, gigabytes,
    would keep the disk from those who come after."""
    server = Server.begin(workspace)
    try:
        yield server
    finally:
        server.kill()


def _started(workspace: Workspace) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "segue", "serve", "--workspace", str(workspace.folder)]
    command += ["--port", "0", "--write-key", WRITE_KEY, "--rate", str(_RATE)]
    with _log(workspace).open("wb") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)


def _presence(workspace: Workspace) -> dict[str, Any] | None:
    try:
        presence: dict[str, Any] = json.loads((workspace.folder / _PRESENCE).read_text())
    except (OSError, ValueError):
        return None
    return presence


def _log(workspace: Workspace) -> Path:
    return workspace.folder / "server.log"
