"""A served workspace whose memberships come from runs: campaigns, answers and pages as ever."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from segue.bootstrap import runs_watch
from segue.bootstrap.settings import Settings
from segue.domain.campaigns import State
from segue.domain.instant import DAY
from tests.adapters.receiver import Receiver, receiving
from tests.http.running import WRITE_KEY, Running, running
from tests.http.test_acting import look, project, wait_until
from tests.live.runs_folder import Runs
from tests.sdks.in_app.offering import Offering


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs_watch, "EVERY", 0.05)


def now() -> int:
    return int(time.time() * 1000)


def settings(runs: Runs) -> Settings:
    return Settings(port=0, write_key=WRITE_KEY, memberships=runs.folder)


def adopted(server: Running, run: str) -> None:
    def is_adopted() -> bool:
        found = server.serving.store.adopted_run()
        return found is not None and found.run == run

    wait_until(is_adopted)


def test_an_adopted_entry_fires_a_campaign_exactly_once(tmp_path: Path, receiver: Receiver) -> None:
    """The first run messages nobody, a later one whom it adds; a restart messages nobody again."""
    runs = Runs(tmp_path / "runs", text := project(receiver))
    at = now() - 5_000
    first = runs.publish(at, [("lookers", "ana", at - DAY, None)])
    with running(tmp_path / "shop", settings(runs), definitions=text) as server:
        adopted(server, first)
        second = runs.publish(at + 2_000, [("lookers", "ben", at + 1_000, at + 7 * DAY)])
        adopted(server, second)
        receiver.wait_for(1)
    with running(tmp_path / "shop", settings(runs), definitions=text) as server:
        third = runs.publish(now() - 1, [("lookers", "cid", at + 1_500, None)])
        adopted(server, third)
        receiver.wait_for(2)
        wait_until(lambda: ("cid", "$message_delivered") in server.events())
        rows = server.serving.store.deliveries(limit=100)
        assert sorted(one.person_id for one in rows) == ["ben", "cid"]
        assert "$message_delivered" in {name for _, name in server.events()}
        standing = server.ask("/api/people/ben/segments").json()
        assert [one["segment_id"] for one in standing["segments"]] == ["lookers"]
        sizes = {
            one["segment_id"]: one["size"] for one in server.ask("/api/segments").json()["segments"]
        }
        assert sizes["lookers"] == 3
        members = server.ask("/api/segments/lookers/members").json()["members"]
        assert [one["person_id"] for one in members] == ["ana", "ben", "cid"]


def test_what_the_server_receives_is_kept_and_moves_nobody(
    tmp_path: Path, receiver: Receiver
) -> None:
    runs = Runs(tmp_path / "runs", text := project(receiver))
    first = runs.publish(now() - 5_000, [("lookers", "ana", now() - DAY, None)])
    with running(tmp_path / "shop", settings(runs), definitions=text) as server:
        adopted(server, first)
        look(server, "zoe")
        assert ("zoe", "look") in server.events()
        assert server.ask("/api/people/zoe/segments").json()["segments"] == []


def test_a_run_that_waits_is_told_of_on_healthz(tmp_path: Path, receiver: Receiver) -> None:
    """Also before any run is there; the process is alive all the same."""
    runs = Runs(tmp_path / "runs", text := project(receiver))
    with running(tmp_path / "shop", settings(runs), definitions=text) as server:

        def told() -> str:
            return str(server.client.get("/healthz").json().get("memberships", ""))

        wait_until(lambda: "no run is published" in told())
        warned = [one.text for one in server.serving.pulse.warned()]
        assert any("no run is published" in text for text in warned)
        run = runs.publish(now() - 1_000, [("lookers", "ana", now() - DAY, None)])
        adopted(server, run)
        wait_until(lambda: told() == "")


def test_the_studio_tells_when_but_not_why(tmp_path: Path, receiver: Receiver) -> None:
    runs = Runs(tmp_path / "runs", text := project(receiver))
    run = runs.publish(now() - 5_000, [("lookers", "ana", now() - DAY, None)])
    with running(tmp_path / "shop", settings(runs), definitions=text) as server:
        adopted(server, run)
        client = server.client
        client.get(server.studio_link, follow_redirects=True)
        inside = client.post(server.studio_link, data={}, follow_redirects=True)
        assert inside.status_code < 500
        person = client.get("/studio/people/ana")
        why = client.get("/studio/people/ana/why/lookers")
        for page in (person, why, client.get("/studio/health"), client.get("/studio/segments")):
            assert page.status_code == 200, page.text[:500]
        assert "from a run elsewhere" in person.text
        assert "ana is in lookers" in why.text.lower() or "ana is in" in why.text
        assert "need the events" in why.text


SURVEY = """\
project: shop
segments:
  lookers: {when: did look}
messaging: {holdout: 0%}
surveys:
  stopped:
    segment: lookers
    when: entering
    already_in: skip
    questions: [{id: why, kind: text, ask: What keeps you from buying?}]
    show: {look: card}
"""


def test_a_survey_is_offered_to_who_an_adopted_run_adds(tmp_path: Path) -> None:
    """On their page, once; the answer joins them, and who was in before is not asked."""
    runs = Runs(tmp_path / "runs", SURVEY)
    at = now() - 5_000
    first = runs.publish(at, [("lookers", "ana", at - DAY, None)])
    with running(tmp_path / "shop", settings(runs), definitions=SURVEY) as server:
        page = Offering(server)
        adopted(server, first)
        second = runs.publish(at + 2_000, [("lookers", "ben", at + 1_000, None)])
        adopted(server, second)
        (item,) = wait_until(lambda: page.items(userId="ben"))
        assert item["campaign_id"] == "stopped"
        assert page.items(userId="ana") == []

        about = {
            "delivery_id": item["id"],
            "campaign_id": item["campaign_id"],
            "variant": item["variant"],
            "segments": item["segments"],
        }
        answer = {
            "submission_id": item["id"],
            "question_id": "why",
            "question_type": "text",
            "answer": "The price.",
            "complete": True,
        }
        for event, facts in (("$survey_shown", about), ("$survey_answered", about | answer)):
            message = {"userId": "ben", "event": event, "properties": facts}
            assert server.send("/v1/track", json=message).status_code == 200
        wait_until(lambda: page.items(userId="ben") == [])
        assert [event for event, _ in page.events("ben", "$survey")] == [
            "$survey_shown",
            "$survey_answered",
        ]
        (row,) = server.serving.store.deliveries(limit=10)
        assert row.state is State.CLICKED
