"""A served workspace with in-app campaigns, whose offers a test makes as it wants them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx

from segue.bootstrap import environment
from segue.domain.campaigns import Because, Campaign, Delivery, Occasion, State
from segue.language.acting import acting
from tests.http.running import WRITE_KEY, Running, running
from tests.sdks.served import eventually

SEGMENTS = """\
project: pages
segments:
  visitors: {when: did $pageview}
  stuck: {when: did stuck}
  known: {when: trait plan = "pro"}
messaging: {holdout: 0%}
"""


@dataclass
class Offering:
    """A server at work, and deliveries as the acting loop would make them."""

    running: Running
    made: int = field(default=0)

    @property
    def address(self) -> str:
        """Where it is."""
        return self.running.address

    @property
    def campaigns(self) -> dict[str, Campaign]:
        """The campaigns in force, by id."""
        found = acting(self.running.context.project.project).campaigns
        return {one.id: one for one in found}

    def did(self, distinct_id: str, event: str, **properties: Any) -> None:
        """Somebody did something; it is evaluated on return."""
        body = {"userId": distinct_id, "event": event, "properties": properties}
        self.running.send("/v1/track", json=body).raise_for_status()
        store = self.running.serving.store
        assert eventually(lambda: store.person_code(distinct_id) is not None, True)

    def offer(
        self, campaign_id: str, distinct_id: str, *, state: State = State.OFFERED, **changes: Any
    ) -> Delivery:
        """A delivery of a campaign to somebody."""
        campaign = self.campaigns[campaign_id]
        store, now = self.running.serving.store, environment.now()
        code = store.person_code(distinct_id)
        assert code is not None
        self.made += 1
        because = Because.CAMPAIGN_HOLDOUT if state is State.HELD_OUT else None
        made = Delivery(
            id=f"d{self.made:04}{campaign_id}",
            campaign_id=campaign_id,
            fingerprint=campaign.fingerprint,
            person=code,
            person_id=store.person_of(distinct_id) or "",
            channel=campaign.channel,
            variant=campaign.variants[0].id,
            occasion=Occasion.TRANSITION,
            occasion_key=self.made,
            due_at=now,
            known_at=now,
            not_before=now,
            state=state,
            because=because,
            tags=campaign.tags,
        )
        made = replace(made, **changes)
        store.save_deliveries(made=[made])
        self.running.serving.in_app.changed([code])
        return made

    def change(self, delivery: Delivery, **changes: Any) -> Delivery:
        """The delivery as it is now."""
        changed = replace(delivery, **changes)
        self.running.serving.store.save_deliveries(changed=[changed])
        self.running.serving.in_app.changed([delivery.person])
        return changed

    def ask(self, **question: Any) -> httpx.Response:
        """Ask as a page does."""
        return self.running.client.post(
            "/v1/decide",
            json={"writeKey": WRITE_KEY, **question},
            headers={"content-type": "text/plain"},
        )

    def items(self, **question: Any) -> list[dict[str, Any]]:
        """What a page may show."""
        answer = self.ask(**question)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    def events(self, distinct_id: str, beginning: str = "") -> list[tuple[str, dict[str, Any]]]:
        """What somebody did, in the order in which it came; of names that begin so."""
        answer = self.running.ask(f"/api/people/{distinct_id}/events", params={"limit": 1000})
        rows = answer.json().get("events", [])[::-1]
        return [(r["event"], r["properties"]) for r in rows if r["event"].startswith(beginning)]


@contextlib.contextmanager
def offering(folder: Path, campaigns: str, *, segments: str = SEGMENTS) -> Iterator[Offering]:
    """Serve a workspace with these campaigns."""
    with running(folder, definitions=segments + campaigns) as served:
        yield Offering(served)
