"""A workspace of its own, served by a process of its own: `segue serve`."""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx

_T = TypeVar("_T")

PATIENCE = 120.0
"""Seconds that anything may take on a machine that has much else to do."""

PROJECT = """\
project: sdks
segments:
  saw_pricing: {when: 'did $pageview where path = "/pricing"'}
  signed_up: {when: 'did "Signed Up" where amount = 12.5 exactly 1 times'}
  converted: {when: 'did ($pageview then "Signed Up" within 1 minutes)'}
  pro: {when: trait plan = "pro"}
  visiting: {when: did $session_started exactly 1 times within 7 days}
  landed: {when: 'did $session_started where path ends with "/pricing.html" exactly 1 times'}
  left_pricing: {when: 'did $page_left where path ends with "/pricing.html"'}
  clicked_twice: {when: did Clicked where amount = 12.5 exactly 2 times}
"""


@dataclass(frozen=True)
class Stored:
    """One event as the server tells of it."""

    event: str
    distinct_id: str
    occurred_at: datetime
    properties: dict[str, Any]


def eventually(read: Callable[[], _T], expected: _T, *, seconds: float = PATIENCE) -> _T:
    """What is read as soon as it is as expected, or what it is when the time is up."""
    end = time.monotonic() + seconds
    while (found := read()) != expected and time.monotonic() < end:
        time.sleep(0.05)
    return found


def _document(process: subprocess.Popen[bytes]) -> dict[str, str]:
    """The document with which a server says that it is there."""
    assert process.stdout is not None
    text = b"".join(iter(process.stdout.readline, b"}\n"))
    welcome: dict[str, str] = json.loads(text + b"}")
    return welcome


def _alike(stored: Stored, model: Stored) -> Stored:
    """The same, of its properties only those that the model has."""
    properties = {
        key: stored.properties[key] for key in model.properties if key in stored.properties
    }
    return replace(stored, properties=properties)


@dataclass(frozen=True)
class Served:
    """A server that runs: its address and its keys."""

    url: str
    write_key: str
    secret_key: str

    @classmethod
    @contextmanager
    def starting(cls, folder: Path, *options: str, project: str = PROJECT) -> Iterator["Served"]:
        """A new workspace in a folder, served until the block ends, without a complaint."""
        (folder / "segue.yaml").write_text(project, encoding="utf-8")
        log = folder / "log.txt"
        command = [sys.executable, "-m", "segue", "serve", "--workspace", str(folder)]
        with (
            log.open("w", encoding="utf-8") as written,
            subprocess.Popen(
                [*command, "--port", "0", "--json", *options],
                stdout=subprocess.PIPE,
                stderr=written,
            ) as process,
        ):
            try:
                welcome = _document(process)
                yield cls(welcome["address"], welcome["write_key"], welcome["secret_key"])
            finally:
                process.terminate()
        assert (process.returncode, "Traceback" in log.read_text()) == (0, False), log.read_text()

    def events(self, distinct_id: str, *, like: Sequence[Stored] = ()) -> list[Stored]:
        """What the person did, in order; of properties only those that `like` has, one by one."""
        stored = [
            Stored(
                row["event"],
                row["distinct_id"],
                datetime.fromisoformat(row["occurred_at"]),
                row["properties"],
            )
            for row in self._rows(distinct_id)
        ]
        if len(like) != len(stored):
            return stored
        return [_alike(one, model) for one, model in zip(stored, like, strict=True)]

    def counts(self, distinct_id: str) -> dict[str, int]:
        """How often the person did what; without the events that one message gives beside its own,
        for the traits and the link of ids that it carries."""
        rows = self._rows(distinct_id)
        return dict(Counter(row["event"] for row in rows if "#" not in row["event_id"]))

    def segments(self, distinct_id: str) -> set[str]:
        """The segments that the person is in."""
        found = self._get(f"people/{distinct_id}/segments")
        return {one["segment_id"] for one in found["segments"]} if found else set()

    def distinct_ids(self, distinct_id: str) -> set[str]:
        """All ids of the person."""
        found = self._get(f"people/{distinct_id}")
        return set(found["distinct_ids"]) if found else set()

    def rejected(self) -> dict[str, tuple[str, str]]:
        """By message id, why the latest events were not taken, as a code, and who sent them."""
        found = self._get("events/rejected", limit=1000)["rejected"]
        return {one["message_id"]: (one["reason"].split(":")[0], one["sdk"]) for one in found}

    def _rows(self, distinct_id: str) -> list[Any]:
        """The events of a person as the API has them, but in order."""
        found = self._get(f"people/{distinct_id}/events", limit=1000)
        return found["events"][::-1] if found else []

    def _get(self, path: str, **query: Any) -> Any:
        """The answer of the API; None where there is nobody."""
        headers = {"Authorization": f"Bearer {self.secret_key}"}
        answer = httpx.get(
            f"{self.url}/api/{path}", params=query, headers=headers, timeout=PATIENCE
        )
        if answer.status_code == 404:
            return None
        return answer.raise_for_status().json()
