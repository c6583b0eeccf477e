"""Every other command while `segue serve` holds the workspace: as if nothing held it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

import segue as package
from segue.adapters.duckdb_store import DuckDBStore
from segue.adapters.remote_store import PATH, VERSION_HEADER
from segue.bootstrap.presence import Presence, announce, server_of
from segue.bootstrap.workspace import Workspace
from segue.cli.app import app
from tests.cli.conftest import DEFINITIONS, EVENTS, SERVE, Outcome, Segue, served

ELSEWHERE = """\
timezone: Asia/Tokyo
segments:
  today: {title: Seen on a day, kind: engagement, when: active on at least 3 days}
  top: {title: The busiest, kind: engagement, when: top 10% by count(any)}
"""
BAD_ROWS = "person_id,event,occurred_at,event_id\nana,look,2026-05-01,e1\nben,look,soon,e2\n"

COMMANDS = {
    "evaluate": ("evaluate",),
    "evaluate as JSON": ("evaluate", "--json"),
    "evaluate at an instant": ("evaluate", "--at", "2026-06-01"),
    "members": ("evaluate", "-s", "cart_abandoners"),
    "members as JSON": ("evaluate", "-s", "cart_abandoners", "-s", "dormant", "--json"),
    "members into a file": ("evaluate", "--out", "members.csv"),
    "a segment there is not": ("evaluate", "-s", "nothing"),
    "other definitions": ("evaluate", "-d", "elsewhere.yaml", "--json"),
    "definitions there are not": ("evaluate", "-d", "nowhere.yaml"),
    "history": ("history",),
    "history as JSON": ("history", "--json"),
    "history into a file": ("history", "--out", "memberships.parquet"),
    "a person": ("history", "-p", "anon-132dc775"),
    "nobody": ("history", "-p", "nobody", "--json"),
    "explain": ("explain", "cart_abandoners", "user-002321"),
    "explain as JSON": ("explain", "dormant", "anon-132dc775", "--json"),
    "explain a quantile": ("explain", "top", "user-002321", "-d", "elsewhere.yaml"),
    "explain nobody": ("explain", "dormant", "nobody"),
    "backtest": ("backtest", "cart_abandoners", "--goal", "purchased"),
    "backtest a condition": ("backtest", "--when", "did any within 1 hour", "--json"),
    "diff": ("diff", "-", "elsewhere.yaml"),
    "diff as Markdown": ("diff", "elsewhere.yaml", "-", "--markdown"),
    "check": ("check",),
    "check as JSON": ("check", "--json"),
    "check what is wrong": ("check", "-d", "broken.yaml"),
    "check what is doubtful": ("check", "-d", "elsewhere.yaml", "--json"),
    "export members": ("export", "members", "members.jsonl", "--json"),
    "export memberships": ("export", "memberships", "memberships.csv"),
    "export events": ("export", "events", "events.parquet"),
    "export what there is not": ("export", "people", "people.csv", "--json"),
    "export into no folder": ("export", "events", "none/events.csv"),
    "erase nobody": ("erase", "nobody", "--yes", "--json"),
    "erase without an answer": ("erase", "user-002321"),
    "import what is there already": ("import", "again.csv", "--json"),
    "import no file": ("import", "none.csv"),
    "import no events": ("import", "broken.yaml"),
    "back up where a file is": ("backup", "again.csv"),
}
_COMMAND = SERVE[:3]
SECONDS = re.compile(r'"seconds": [\d.]+')


@dataclass
class Pair:
    """What each command did when nothing held the workspace, and a server that holds it now."""

    folder: Path
    alone: dict[str, tuple[Outcome, dict[str, bytes]]]


@pytest.fixture(scope="module")
def pair(demo_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("through") / "demo"
    shutil.copytree(demo_once, folder)
    with contextlib.chdir(_prepared(tmp_path_factory.mktemp("before"))):
        assert _done(folder, ("import", "again.csv"))[0].code == 0
    with served(folder) as (process, _):  # what serving writes is written once
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=120)
    alone = {}
    for name, command in COMMANDS.items():
        with contextlib.chdir(_prepared(tmp_path_factory.mktemp("alone"))):
            alone[name] = _done(folder, command)
    with served(folder):
        yield Pair(folder, alone)


def _prepared(place: Path) -> Path:
    """A folder with files to use."""
    (place / "elsewhere.yaml").write_text(ELSEWHERE)
    (place / "broken.yaml").write_text("segments:\n  a: {when: did did}\n")
    one = "user-002321,signed_up,2026-04-01T00:00:00Z,of-mine\n"
    (place / "again.csv").write_text(f"person_id,event,occurred_at,event_id\n{one}{one}")
    return place


def _done(workspace: Path, command: tuple[str, ...]) -> tuple[Outcome, dict[str, bytes]]:
    """What a command did in the current folder, and the files there afterwards."""
    result = CliRunner().invoke(app, [*command, "-w", str(workspace)])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    files = {one.name: one.read_bytes() for one in Path().iterdir()}
    out = SECONDS.sub("", result.stdout)
    return Outcome(result.exit_code, out, result.stderr), files


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_does_what_it_does_alone(pair: Pair, tmp_path: Path, name: str) -> None:
    """To the byte: what it prints, the files it writes, its exit code."""
    _prepared(tmp_path)

    outcome, files = _done(pair.folder, COMMANDS[name])

    assert (outcome, files) == pair.alone[name]
    assert server_of(Workspace(pair.folder)) is not None


@pytest.fixture
def shops(tmp_path: Path) -> tuple[Path, Path]:
    """Two workspaces with the same definitions: one to be served, one that is not."""
    return tuple(Workspace(tmp_path / name).create(DEFINITIONS).folder for name in ("one", "two"))  # type: ignore[return-value]


def _get(server: Any, path: str, **query: Any) -> Any:
    headers = {"authorization": f"Bearer {server['secret_key']}"}
    response = httpx.get(server["address"] + path, params=query, headers=headers, timeout=60)
    assert response.is_success, response.text
    return response.json()


def test_what_is_imported_is_in_memberships_and_fires_nothing(
    segue: Segue, shops: tuple[Path, Path]
) -> None:
    """At once, and the report is that of an import alone."""
    one, two = shops
    Path("events.csv").write_text(EVENTS)
    with served(one) as (_, server):
        through = segue("import", "events.csv", "-w", one, "--json").json
        standing = _get(server, "/api/people/ben/segments")
        told = _get(server, "/api/transitions", after=-1, limit=1000)["transitions"]
        live = _get(server, "/api/transitions", after=-1, limit=1000, live=True)["transitions"]
        history = segue("history", "--json", "-w", one)
    alone = segue("import", "events.csv", "-w", two, "--json").json

    assert "buyers" in {stay["segment_id"] for stay in standing["segments"]}
    assert {transition["cause"] for transition in told} == {"import"}
    assert live == []
    assert _without_seconds(through) == _without_seconds(alone)
    assert history.out == segue("history", "--json", "-w", two).out


def _without_seconds(report: Any) -> Any:
    return SECONDS.sub("", json.dumps(report))


def test_an_import_of_several_parts_reports_the_same(
    segue: Segue, shops: tuple[Path, Path]
) -> None:
    """Duplicates, conflicting contents, bad rows and refused links, whichever part they are in."""
    one, two = shops
    lines = [_event(number) for number in range(21_000)]
    lines += lines[:5]
    lines += [{**_event(number), "event": "other"} for number in range(3)]
    lines += [{"person_id": "ana", "event": "look", "occurred_at": "soon"}]
    lines += [_identify("ana", "x"), _identify("ben", "ana")]
    Path("events.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    with served(one):
        through = segue("import", "events.jsonl", "-w", one, "--json")
        rejects = Path("events.jsonl.rejects.jsonl").read_bytes()
        events = segue("export", "events", "one.jsonl", "-w", one)
    alone = segue("import", "events.jsonl", "-w", two, "--json")
    segue("export", "events", "two.jsonl", "-w", two)

    assert (through.code, events.code) == (1, 0)
    assert _without_seconds(through.json) == _without_seconds(alone.json)
    assert through.json["files"][0]["conflicts"] == 3
    assert rejects == Path("events.jsonl.rejects.jsonl").read_bytes()
    assert sorted(Path("one.jsonl").read_text()) == sorted(Path("two.jsonl").read_text())
    assert segue("history", "-w", one).out == segue("history", "-w", two).out


def _event(number: int) -> dict[str, Any]:
    when = f"2026-05-{1 + number % 28:02}T10:00:00Z"
    who, event = f"p{number % 700}", ("look", "buy")[number % 5 == 0]
    return {"person_id": who, "event": event, "occurred_at": when, "event_id": f"e{number}"}


def _identify(who: str, before: str) -> dict[str, Any]:
    properties = {"$anon_distinct_id": before}
    return {
        **_event(0),
        "person_id": who,
        "event": "$identify",
        "event_id": who,
        "properties": properties,
    }


def test_an_erased_person_is_nowhere(segue: Segue, shops: tuple[Path, Path]) -> None:
    """In no file of the workspace, while it is served and afterwards; nor in what an earlier
    server kept."""
    one, _ = shops
    Path("events.csv").write_text(EVENTS.replace("ana", "ana-who-is-erased"))
    segue("import", "events.csv", "-w", one)
    with served(one) as (process, first):
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=120)
    with served(one) as (process, server):
        second = {**server, "secret_key": first["secret_key"]}
        done = segue("erase", "ana-who-is-erased", "--yes", "--json", "-w", one)
        found = [path for path in one.rglob("*") if _holds(path, b"ana-who-is-erased")]
        people = segue("evaluate", "--json", "-w", one).json["people"]
        told = _get(second, "/api/transitions", after=-1, limit=1000)["transitions"]
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=120)

    assert done.json["events"] == 2
    assert done.json["remaining"] == 0
    assert people == 2
    assert "ana-who-is-erased" not in {transition["person_id"] for transition in told}
    assert not found
    assert not [path for path in one.rglob("*") if _holds(path, b"ana-who-is-erased")]


def _holds(path: Path, text: bytes) -> bool:
    return path.is_file() and text in path.read_bytes()


def test_erasing_alone_forgets_what_a_server_kept(segue: Segue, shops: tuple[Path, Path]) -> None:
    one, _ = shops
    Path("events.csv").write_text(EVENTS)
    segue("import", "events.csv", "-w", one)
    with served(one) as (process, _):
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=120)
    kept = Workspace(one).index.exists()

    segue("erase", "ana", "--yes", "-w", one)

    assert kept
    assert not Workspace(one).index.exists()


def test_a_backup_of_what_is_served_restores(segue: Segue, shops: tuple[Path, Path]) -> None:
    """Into another workspace; the path is that of the command, not of the server."""
    one, two = shops
    Path("events.csv").write_text(EVENTS)
    with served(one):
        segue("import", "events.csv", "-w", one)
        backed = segue("backup", "b.duckdb", "-w", one, "--json")
        again = segue("backup", "b.duckdb", "-w", one, "--force")
        history = segue("history", "-w", one).out
    restored = segue("restore", "b.duckdb", "-w", two, "--json")

    assert backed.json["bytes"] == Path("b.duckdb").stat().st_size
    assert again.code == 0
    assert restored.json["events"] == backed.json["events"] == 5
    assert segue("history", "-w", two).out == history


@pytest.mark.parametrize(
    "command", [("restore", "b.duckdb", "--force", "-w"), ("demo", "--no-serve", "--dir")]
)
def test_what_would_pull_the_file_away_is_refused(
    segue: Segue, shops: tuple[Path, Path], command: tuple[str, ...]
) -> None:
    one, two = shops
    Path("events.csv").write_text(EVENTS)
    segue("import", "events.csv", "-w", two)
    segue("backup", "b.duckdb", "-w", two)
    with served(one) as (process, server):
        outcome = segue(*command, one, "--json")
        people = segue("import", "events.csv", "-w", one, "--json").json["people"]

    assert (outcome.code, outcome.error["code"]) == (2, "store_locked")
    assert server["address"] in outcome.error["message"]
    assert str(process.pid) in outcome.error["hint"]
    assert people == 3


# ------------------------------------------------------------------------------ what goes wrong


def test_another_version_is_told(
    segue: Segue, shops: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(shops[0]):
        monkeypatch.setattr(package, "__version__", "99.1")
        outcome = segue("check", "-w", shops[0], "--json")

    assert (outcome.code, outcome.error["code"]) == (2, "store_locked")
    assert "99.1" in outcome.error["message"]
    assert "version" in outcome.error["hint"]


@pytest.mark.parametrize("pid", [2**22 + 1, os.getpid()], ids=["dead", "another process"])
def test_a_file_that_a_dead_server_left_is_no_hindrance(
    segue: Segue, shops: tuple[Path, Path], pid: int
) -> None:
    """Also where its number is that of another process meanwhile."""
    announce(Workspace(shops[0]), Presence("http://127.0.0.1:9", pid, "s"))

    assert segue("check", "-w", shops[0]).code == 0


@contextlib.contextmanager
def _held(folder: Path, answer: Callable[[socket.socket], None]) -> Iterator[None]:
    """A workspace that this process holds, and something in a thread that is no server of it."""
    store = DuckDBStore.open(Workspace(folder).store)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        announce(Workspace(folder), Presence(address, os.getpid(), "s"))
        thread = threading.Thread(target=_answer_one, args=(listener, answer))
        thread.start()
        yield
        thread.join(60)
    store.close()


def _answer_one(listener: socket.socket, answer: Callable[[socket.socket], None]) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(65536)
        answer(connection)


def _says(status: str, *more: str) -> Callable[[socket.socket], None]:
    head = "\r\n".join((f"HTTP/1.1 {status}", *more, "", ""))
    return lambda connection: connection.sendall(head.encode())


EMPTY = "content-length: 0"


@pytest.mark.parametrize(
    ("answer", "code", "message"),
    [
        (_says("404 Not Found", EMPTY), "store_locked", "older Segue"),
        (_says("401 Unauthorized", EMPTY), "store_locked", "another workspace"),
        (_says("409 Conflict", EMPTY, f"{VERSION_HEADER}: 0.0.7"), "store_locked", "0.0.7"),
        (_says("429 Too Many Requests", EMPTY), "busy", "too much"),
        (_says("500 Internal Server Error", EMPTY), "store", "failed"),
        (_says("200 OK", EMPTY), "store_locked", "cannot be read"),
        (_says("200 OK", "content-length: 99999"), "store", "went away"),
        (lambda connection: None, "store", "went away"),
    ],
    ids=["older", "stranger", "newer", "busy", "broken", "babbler", "cut short", "gone"],
)
def test_what_a_server_does_not_do_is_told(
    segue: Segue, shops: tuple[Path, Path], answer: Any, code: str, message: str
) -> None:
    """Exit code 2, the reason, what to do."""
    with _held(shops[0], answer):
        outcome = segue("check", "-w", shops[0], "--json")

    assert (outcome.code, outcome.error["code"]) == (2, code)
    assert message in outcome.error["message"]
    assert outcome.error["hint"]


def test_a_server_that_does_not_answer_is_told(segue: Segue, shops: tuple[Path, Path]) -> None:
    """It begins, or it ends."""
    store = DuckDBStore.open(Workspace(shops[0]).store)
    announce(Workspace(shops[0]), Presence("http://127.0.0.1:9", os.getpid(), "s"))
    outcome = segue("check", "-w", shops[0], "--json")
    store.close()

    assert (outcome.code, outcome.error["code"]) == (2, "store_locked")
    assert "does not answer" in outcome.error["message"]


def test_an_import_that_is_interrupted_keeps_what_it_stored(
    segue: Segue, shops: tuple[Path, Path]
) -> None:
    """Ctrl-C ends the command; the server goes on, and the next run stores the rest."""
    lines = (json.dumps(_event(number)) + "\n" for number in range(100_000))
    Path("events.jsonl").write_text("".join(lines))
    with served(shops[0]) as (_, server):
        command = [*_COMMAND, "import", "events.jsonl", "-w", str(shops[0])]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        while not _get(server, "/api/transitions", after=-1, limit=1)["transitions"]:
            pass
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=120)
        before = segue("import", "events.jsonl", "-w", shops[0], "--json")

    assert process.returncode == 130
    assert 0 < before.json["files"][0]["duplicates"] < 100_000
    assert before.json["events"] == 100_000


# ------------------------------------------------------------------------------------- the door


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, str]]:
    """A server, and its secret for this machine."""
    place = Workspace(tmp_path_factory.mktemp("door")).create(DEFINITIONS)
    with served(place.folder) as (_, server):
        found = server_of(place)
        assert found is not None
        yield server, found.secret


@pytest.mark.parametrize(
    ("key", "source", "status"),
    [
        ("none", "127.0.0.1", 401),
        ("wrong", "127.0.0.1", 401),
        ("write_key", "127.0.0.1", 403),
        ("secret_key", "127.0.0.1", 403),
        ("own", "127.0.0.2", 403),
        ("own", "127.0.0.1", 400),
    ],
)
def test_the_door_opens_to_this_machine_only(
    door: tuple[Any, str], key: str, source: str, status: int
) -> None:
    """With the secret of the file, which nobody else can read; then it wants to be called."""
    server, own = door
    text = {"own": own, "wrong": "x", **server}.get(key)
    headers = {VERSION_HEADER: package.__version__}
    if text:
        headers["authorization"] = f"Bearer {text}"
    transport = httpx.HTTPTransport(local_address=source)
    with httpx.Client(transport=transport, timeout=60) as client:
        response = client.post(server["address"] + PATH, headers=headers, content=b"no call")

    assert response.status_code == status


def test_the_door_is_in_no_document(door: tuple[Any, str]) -> None:
    """It is for this version's own commands."""
    document = httpx.get(f"{door[0]['address']}/openapi.json", timeout=60).json()
    assert PATH not in document["paths"]
