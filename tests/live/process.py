"""`segue serve` in a process of its own, at a port that stays: begun, killed, begun again."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

WRITE_KEY = "wk_of_the_test"


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


class Server:
    """A workspace in a folder and the process that serves it. `starts` are the seconds that each
    start took until it answered."""

    def __init__(
        self,
        folder: Path,
        project: str,
        *,
        before: Callable[[], None] | None = None,
        options: Sequence[str] = (),
    ):
        """`before` is done in the process before it becomes the server; `options` are its own."""
        self._options = options
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "segue.yaml").write_text(project, encoding="utf-8")
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.secret_key = ""
        self.starts: list[float] = []
        self.log = folder / "log.txt"
        self.process: subprocess.Popen[bytes] | None = None
        self._before = before

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    @contextmanager
    def running(self) -> Iterator[Server]:
        """Serve until the block ends, then end in order."""
        self.start()
        try:
            yield self
        finally:
            self.stop()

    def start(self) -> None:
        """Begin to serve, and wait until it does; it goes on until it is killed or stopped."""
        began = time.monotonic()
        self.launch()
        text = self._said()
        if not (text.startswith(b"{") and text.endswith(b"}\n")):
            self.kill()
            raise AssertionError(f"it does not start: {text!r}\n{self.log.read_text()}")
        welcome: dict[str, Any] = json.loads(text)
        self.secret_key = welcome["secret_key"] or self.secret_key
        self.starts.append(time.monotonic() - began)

    def launch(self) -> None:
        """Begin to serve, without waiting."""
        command = [sys.executable, "-m", "segue", "serve", "--workspace", str(self.folder)]
        options = ["--port", str(self.port), "--write-key", WRITE_KEY, "--json"]
        with self.log.open("a", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [*command, *options, *self._options],
                stdout=subprocess.PIPE,
                stderr=log,
                preexec_fn=self._before,  # noqa: PLW1509 - whoever gives one has no threads
            )

    def _said(self) -> bytes:
        """The document with which it says that it is there, or what it said before it ended."""
        assert self.process is not None
        assert self.process.stdout is not None
        text = b""
        while line := self.process.stdout.readline():
            text += line
            if line == b"}\n":
                break
        return text

    def kill(self) -> None:
        """As if the power went."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """End in order; the exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, by: signal.Signals) -> int:
        process, self.process = self.process, None
        if process is None:
            return 0
        process.send_signal(by)
        code = process.wait(60)
        assert process.stdout is not None
        process.stdout.close()
        return code

    def troubles(self) -> list[str]:
        """The lines of its log that tell of something wrong."""
        lines = self.log.read_text(encoding="utf-8").splitlines()
        return [line for line in lines if any(word in line for word in _WRONG)]

    def post(self, path: str, document: Any) -> httpx.Response:
        """What is answered to a document from an SDK."""
        return httpx.post(f"{self.url}{path}", json=document, auth=(WRITE_KEY, ""), timeout=60)

    def ready(self) -> tuple[int, dict[str, Any]]:
        """Whether it says that it can serve."""
        answer = httpx.get(f"{self.url}/readyz", timeout=60)
        return answer.status_code, answer.json()

    def ask(self, path: str, **query: Any) -> Any:
        """What the API answers to whoever has the secret key."""
        headers = {"Authorization": f"Bearer {self.secret_key}"}
        answer = httpx.get(f"{self.url}/api/{path}", params=query, headers=headers, timeout=60)
        return answer.raise_for_status().json()


_WRONG = ("Traceback", "ERROR", "CRITICAL", "error", "failed")
