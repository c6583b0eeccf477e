"""A studio over a real workspace: a shop with people who did things, and somebody signed in."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from segue.bootstrap import environment
from segue.domain.campaigns import Because, State
from segue.domain.instant import DAY, HOUR
from segue.services.live.intake import Batch
from tests.cli.test_results import rows
from tests.http.running import Running, running

PASSWORD = "correct horse battery"
DEFINITIONS = """\
project: shop
timezone: Europe/Berlin
actions:
  looked: look
journey:
  - {stage: aware, when: everyone}
  - {stage: paying, when: did buy}
ladders:
  habit:
    title: Habit
    levels:
      - {level: low, title: Now and then, when: everyone}
      - {level: high, title: Regular, when: active on at least 3 days within 7 days}
segments:
  buyers: {title: Buyers, kind: purchase, stage: paying, when: did buy}
  fresh:
    title: Looked lately
    kind: intent
    stage: aware
    when: did looked where page = "/shoes" within 7 days
  idle: {title: Nobody at all, kind: lifecycle, when: did sleep}
goals:
  bought: {event: buy, within: 7 days}
messaging: {holdout: 0%}
campaigns:
  offer:
    title: An offer
    segment: buyers
    when: entering
    already_in: skip
    channel: console
    holdout: 10%
    goal: bought
    body: "Look, {{ person.id }}: <b>new</b> shoes."
surveys:
  why:
    title: Why not?
    segment: fresh
    when: entering
    already_in: skip
    questions:
      - {id: nps, kind: nps, ask: Would you recommend us?}
"""


@dataclass(frozen=True)
class Studio:
    """A studio at work, and a client of somebody who is signed in."""

    server: Running
    client: httpx.Client

    @property
    def address(self) -> str:
        return self.server.address

    @property
    def cookie(self) -> str:
        return self.client.cookies["segue_session"]

    def page(self, path: str, **query: str) -> str:
        """The page, which has to be there."""
        response = self.client.get(f"/studio{path}", params=query)
        assert response.status_code == 200, response.text
        return response.text


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A shop with sixty people: all looked, every third bought, one has an odd name."""
    with running(tmp_path_factory.mktemp("studio") / "shop", definitions=DEFINITIONS) as server:
        _live(server)
        _messaged(server)
        yield server


@pytest.fixture(scope="module")
def studio(server: Running) -> Iterator[Studio]:
    """Somebody came by the link, chose a password, and stays signed in."""
    with httpx.Client(base_url=server.address, timeout=60, follow_redirects=True) as client:
        client.post(server.studio_link)
        admin = next(one for one in server.serving.store.users() if one.name == "admin")
        session = server.serving.store.session(
            client.cookies["segue_session"], now=environment.now()
        )
        assert session is not None
        assert session.user == admin
        client.post("/studio/account", data={"mark": session.id, "password": PASSWORD})
        yield Studio(server, client)


def _live(server: Running) -> None:
    now = environment.now()
    people = [f"p{i:02}" for i in range(59)] + ["<b>Bobby</b> & Söhne/é"]
    rows = [
        *((one, "look", now - (i % 9) * DAY, {"page": "/shoes"}) for i, one in enumerate(people)),
        *((one, "buy", now - HOUR - i * HOUR, {"price": i}) for i, one in enumerate(people[::3])),
        *(
            (f"p{i:02}", "$survey_answered", now - HOUR, _ANSWER | {"delivery_id": f"why-{i}"})
            for i in range(3)
        ),
        ("p00", "$identify", now - HOUR, {"email": "ada@shop.example", "plan": {"name": "pro"}}),
        (people[-1], "look", now - HOUR, {"page": "<script>alert(1)</script>"}),
    ]
    batch = Batch(
        [who for who, *_ in rows],
        [what for _, what, *_ in rows],
        [at for _, _, at, _ in rows],
        [f"e{i}" for i in range(len(rows))],
        [None] * len(rows),
        [json.dumps(properties) for *_, properties in rows],
        now,
    )
    server.serving.live.submit(batch).result(30)


def _messaged(server: Running) -> None:
    """Nine days ago an offer went out that helped, and nine people saw the survey."""
    server.serving.store.save_deliveries(
        made=[
            *rows("offer", range(900), State.DELIVERED, 0.4),
            *rows("offer", range(900, 1_000), State.HELD_OUT, 0.15),
            *rows("offer", range(1_000, 1_007), State.REFUSED, 0, because=Because.CAPPED),
            *rows("why", range(9), State.SHOWN, 0, shown_at=1),
        ]
    )


_ANSWER = {"campaign_id": "why", "question_id": "nps", "question_type": "nps", "answer": 9}


def odd_person() -> str:
    """Whose id has to be written carefully everywhere."""
    return "<b>Bobby</b> & Söhne/é"
