"""`segue serve` as a process: how it begins, what it says, how it ends."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from segue.adapters.duckdb_store import DuckDBStore
from segue.bootstrap.presence import FILE
from segue.bootstrap.workspace import Workspace
from tests.cli.conftest import DEFINITIONS, SERVE, Segue, served


@pytest.fixture(autouse=True)
def _loggers() -> Iterator[None]:
    """The loggers as they were: a verb that runs in this process sets them up for itself."""
    root, own = logging.getLogger(), logging.getLogger("segue")
    before = list(root.handlers), root.level, own.level
    yield
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    own.setLevel(before[2])


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "shop").create(DEFINITIONS)


def _stored(workspace: Workspace) -> list[str]:
    store = DuckDBStore.open(workspace.store)
    try:
        return [one.distinct_id for one in store.events(range(store.next_ref()))]
    finally:
        store.close()


@pytest.mark.parametrize("wish", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_in_order_when_it_is_told_to(workspace: Workspace, wish: signal.Signals) -> None:
    """In the middle of traffic: every event of which success was told is stored, the exit is 0."""
    with (
        served(workspace.folder, "--log-json") as (process, welcome),
        ThreadPoolExecutor(4) as senders,
    ):
        sent = [senders.submit(_send_until_the_end, welcome, number) for number in range(4)]
        while not (workspace.folder / FILE).exists():
            pass
        httpx.post(
            f"{welcome['address']}/v1/track",
            json={"userId": "first", "event": "look"},
            auth=(welcome["write_key"], ""),
            timeout=60,
        )
        process.send_signal(wish)
        told = [who for one in sent for who in one.result()]
        _, log = process.communicate(timeout=120)

    assert process.returncode == 0, log
    assert told
    assert set(told) | {"first"} <= set(_stored(workspace))
    assert not (workspace.folder / FILE).exists()
    assert [json.loads(line)["message"] for line in log.splitlines()][-1] == "ended"
    assert "Traceback" not in log


def _send_until_the_end(welcome: Any, number: int) -> list[str]:
    """Send events as fast as it goes until nobody answers; those of which success was told."""
    told = []
    auth = (welcome["write_key"], "")
    with httpx.Client(base_url=welcome["address"], auth=auth, timeout=60) as client:
        for count in range(100_000):
            who = f"{number}-{count}"
            try:
                response = client.post("/v1/track", json={"userId": who, "event": "look"})
            except httpx.TransportError:
                break
            assert response.status_code == 200
            told.append(who)
    return told


def test_it_tells_the_secret_key_once(workspace: Workspace) -> None:
    with served(workspace.folder) as (_, first):
        pass
    with served(workspace.folder) as (_, second):
        pass

    assert first["secret_key"].startswith("sk_")
    assert second["secret_key"] is None
    assert first["write_key"] == second["write_key"]


def test_it_welcomes_people_with_what_to_do_next(workspace: Workspace) -> None:
    """The line for curl works as it stands."""
    process = subprocess.Popen(
        [*SERVE, "--workspace", str(workspace.folder), "--write-key", "wk_mine"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        assert process.stdout is not None
        said = ""
        while "Ctrl-C" not in said:
            line = process.stdout.readline()
            assert line
            said += line
        (curl,) = [line.strip() for line in said.splitlines() if "curl" in line]
        answer = subprocess.run(["sh", "-c", curl], capture_output=True, text=True, check=True)
    finally:
        process.kill()
        process.communicate()

    assert "wk_mine" in said
    assert "secret key" in said
    assert "segue tail" in said
    assert json.loads(answer.stdout) == {"success": True}


def test_a_port_that_is_taken_is_told(segue: Segue, workspace: Workspace) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        outcome = segue("serve", "--workspace", workspace.folder, "--port", port, "--json")

    assert outcome.code == 2
    assert str(port) in outcome.error["message"]
    assert "--port" in outcome.error["hint"]


def test_a_folder_without_workspace_is_told(segue: Segue, tmp_path: Path) -> None:
    outcome = segue("serve", "--workspace", tmp_path, "--port", 0, "--json")

    assert (outcome.code, outcome.error["code"]) == (2, "not_found")


def test_broken_definitions_are_told_with_every_problem(segue: Segue, tmp_path: Path) -> None:
    Workspace(tmp_path).create("segments:\n  a:\n    when: did did\n  b:\n    when: did (\n")

    outcome = segue("serve", "--workspace", tmp_path, "--port", 0, "--json")

    assert (outcome.code, outcome.error["code"]) == (2, "definition")
    assert len(outcome.error["problems"]) == 2


def test_a_workspace_that_is_served_is_not_served_twice(segue: Segue, workspace: Workspace) -> None:
    with served(workspace.folder) as (_, welcome):
        outcome = segue("serve", "--workspace", workspace.folder, "--port", 0, "--json")

    assert (outcome.code, outcome.error["code"]) == (2, "store_locked")
    assert welcome["address"] in outcome.error["message"]


def test_a_write_key_that_cannot_be_one_is_told(segue: Segue, workspace: Workspace) -> None:
    outcome = segue(
        "serve", "--workspace", workspace.folder, "--port", 0, "--write-key", " ", "--json"
    )

    assert (outcome.code, outcome.error["code"]) == (2, "usage")
