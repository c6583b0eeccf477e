"""How soon every page of the studio is there, the first time and afterwards.

Each page is asked for in a server that just started, which nobody asked for anything yet; then a
few times more, while what the first view began goes on. The time is from the request to the last
byte of the answer, on the same machine. A million people, 20 million events, 50 segments; besides a
journey, campaigns and surveys with deliveries and answers.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa

from bench.live.record import Found
from bench.live.server import Server, served
from bench.live.world import Built, Past, built, person
from bench.report import Target
from bench.studio.viewers import cookie_of
from segue.adapters.duckdb_store import DuckDBStore
from segue.bootstrap.workspace import Workspace
from segue.domain.campaigns import Channel, Delivery, Occasion, State
from segue.domain.instant import DAY, FOREVER, HOUR
from segue.services.acting.taking import delivery_id

WANTED: Final = 300.0
"""Milliseconds within which every first view is to be there."""
CAMPAIGNS: Final = 10
MESSAGED: Final = 20_000
"""Deliveries of each campaign."""
ANSWERED: Final = 3_000
SEGMENT: Final = "segment_01"
PAGES: Final = (
    "/today",
    "/journey",
    "/journey/people?stage=paying",
    "/segments",
    "/segments?by=kind",
    f"/segments/{SEGMENT}",
    f"/segments/{SEGMENT}?on=DAY&days=90",
    "/segments/journey.paying",
    "/discover",
    "/discover/groups",
    "/discover/identity",
    "/discover/ready",
    "/builder",
    f"/builder?segment={SEGMENT}",
    f"/builder?segment={SEGMENT}&look=backtest",
    "/campaigns",
    "/campaigns/campaign_00",
    "/campaigns/new",
    "/campaigns/campaign_00/edit",
    "/voices",
    "/voices/why",
    "/voices/new",
    "/people",
    "/people?q=p00001",
    f"/people?segment={SEGMENT}",
    "/people/p0000010",
    f"/people/p0000010/why/{SEGMENT}",
    "/live",
    "/data",
    "/data/events/event_00",
    "/data/traits",
    "/data/send",
    "/data/import",
    "/health",
    "/settings",
    "/settings/keys",
    "/settings/members",
    "/settings/log",
    "/account",
    "/find?q=p00001",
    "/find?q=segment",
)
"""The addresses below the studio; DAY stands for the day thirty days before the end."""


@dataclass(frozen=True)
class Seen:
    """A page, and what its views took (ms): the first one, and those after it."""

    path: str
    first: float
    later: tuple[float, ...]
    status: int


def section(past: Past, data: Path, only: str = "", later: int = 5) -> Found:
    """Look at the pages whose addresses have `only` in them, over a history kept in `data`."""
    chosen = [one for one in PAGES if only in one]
    seen = run(built(past, data, _tell), data, chosen, later)
    return Found("pages", "How soon pages are there", table(seen), targets(seen))


def run(made: Built, data: Path, pages: Sequence[str], later: int) -> list[Seen]:
    """Look at every page, each in a server of its own."""
    day = time.strftime("%Y-%m-%d", time.gmtime((made.end - 30 * DAY) / 1_000))
    with tempfile.TemporaryDirectory(dir=data) as folder:
        workspace = made.copy(Path(folder) / "studio")
        _tell("adding a journey, campaigns, surveys and what came of them")
        _enlarge(workspace, made.end)
        Server.begin(workspace).end()  # publishes the stages, and keeps the index
        return [_seen(workspace, one.replace("DAY", day), later) for one in pages]


def _seen(workspace: Workspace, path: str, later: int) -> Seen:
    with served(workspace) as server:
        cookie = cookie_of(server)
        first, status = _view(server, path, cookie)
        again = tuple(_view(server, path, cookie)[0] for _ in range(later))
    _tell(f"{path}: {first:.0f} ms, then {statistics.median(again or (0,)):.0f} ms ({status})")
    return Seen(path, first, again, status)


def _view(server: Server, path: str, cookie: str) -> tuple[float, int]:
    """Milliseconds until a page was there, and its status."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=120)
    with contextlib.closing(connection):
        connection.connect()
        began = time.perf_counter()
        connection.request("GET", f"/studio{path}", headers={"cookie": cookie})
        answer = connection.getresponse()
        answer.read()
        return (time.perf_counter() - began) * 1_000, answer.status


# --------------------------------------------------------------------------------- what is there


def _enlarge(workspace: Workspace, end: int) -> None:
    """Add to a history of events and segments what the pages of other things speak of."""
    project = json.loads(workspace.definitions.read_text())
    project["journey"] = [
        {"stage": "aware", "when": "everyone"},
        {"stage": "active", "when": "did event_03 at least 3 times"},
        {"stage": "paying", "when": "did event_05 at least 5 times"},
    ]
    project["goals"] = {"bought": {"event": "event_05", "within": "7 days"}}
    names = list(project["segments"])
    about = {"when": "entering", "already_in": "skip"}
    project["campaigns"] = {
        f"campaign_{n:02}": {
            **about,
            "segment": names[n + 1],
            "channel": "console",
            "goal": "bought",
            "body": "Hello.",
        }
        for n in range(CAMPAIGNS)
    }
    question = {"id": "nps", "kind": "nps", "ask": "Would you recommend us?"}
    project["surveys"] = {"why": {**about, "segment": names[1], "questions": [question]}}
    workspace.definitions.write_text(json.dumps(project, indent=1))
    store = DuckDBStore.open(workspace.store)
    try:
        store.append(_answers(end), received_at=end)
        for n in range(CAMPAIGNS):
            store.save_deliveries(made=list(_deliveries(store, f"campaign_{n:02}", n, end)))
        store.save_deliveries(made=list(_deliveries(store, "why", CAMPAIGNS, end)))
    finally:
        store.close()


def _deliveries(store: DuckDBStore, campaign: str, turn: int, end: int) -> Iterator[Delivery]:
    """What became of a campaign's messages: every tenth was held out."""
    for n in range(MESSAGED):
        person_id, at = person(turn * MESSAGED + n), end - 10 * DAY - n * 1_000
        code = store.person_code(person_id)
        if code is None:
            continue
        is_out = n % 10 == 0
        yield Delivery(
            id=delivery_id(campaign, code, Occasion.LAUNCH, at),
            campaign_id=campaign,
            fingerprint="",
            person=code,
            person_id=person_id,
            channel=Channel.IN_APP if campaign == "why" else Channel.CONSOLE,
            variant="",
            occasion=Occasion.LAUNCH,
            occasion_key=at,
            due_at=at,
            known_at=at,
            not_before=FOREVER,
            state=State.HELD_OUT if is_out else State.SHOWN,
            attempts=0 if is_out else 1,
            handed_at=None if is_out else at,
            delivered_at=None if is_out else at,
            shown_at=None if is_out else at + HOUR,
        )


def _answers(end: int) -> pa.Table:
    asked = {"campaign_id": "why", "question_id": "nps", "question_type": "nps"}
    return pa.table(
        {
            "distinct_id": [person(CAMPAIGNS * MESSAGED + n) for n in range(ANSWERED)],
            "event": ["$survey_answered"] * ANSWERED,
            "occurred_at": pa.array([end - n * 1_000 for n in range(ANSWERED)], pa.int64()),
            "event_id": [f"answer {n}" for n in range(ANSWERED)],
            "sequence": pa.nulls(ANSWERED, pa.int64()),
            "properties": [
                json.dumps({**asked, "delivery_id": f"d{n}", "answer": n % 11})
                for n in range(ANSWERED)
            ],
        }
    )


# --------------------------------------------------------------------------------------- report


def table(seen: Sequence[Seen]) -> str:
    """Every page, the slowest first view first."""
    lines = ["| page | first view | later, median | later, longest |", "|---|--:|--:|--:|"]
    for one in sorted(seen, key=lambda one: -one.first):
        later = one.later or (0.0,)
        lines.append(
            f"| `{one.path}` | {one.first:.0f} ms | {statistics.median(later):.0f} ms "
            f"| {max(later):.0f} ms |"
        )
    return "\n".join(lines)


def targets(seen: Sequence[Seen]) -> list[Target]:
    """What was promised: every page is there, and soon."""
    first = [one.first for one in seen]
    worst = max(first)
    late = [one.path for one in seen if one.first >= WANTED or one.status != http.client.OK]
    said = f"{worst:.0f} ms, median {statistics.median(first):.0f} ms"
    return [
        Target(
            f"first view of each of {len(seen)} pages, in a fresh process",
            f"< {WANTED:.0f} ms, each",
            f"{said}; late: {', '.join(late)}" if late else said,
            not late,
        )
    ]


def _tell(words: str) -> None:
    print(f"  {words}", file=sys.stderr, flush=True)
