"""A workspace of somebody who wishes no good: markup wherever people and their products write."""

import json
from collections.abc import Iterator

import httpx
import pytest

from segue.bootstrap import environment
from segue.domain.campaigns import Because, State
from segue.domain.instant import DAY, HOUR
from segue.domain.rejected import RejectedEvent
from segue.domain.users import Role, Session
from segue.services.live.intake import Batch
from tests.cli.test_results import rows
from tests.http.running import Running, running
from tests.ui.conftest import Studio

EVIL = "\"'></script><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}"
"""As an id, an event, a property, a trait, a name and an answer: it would do something wherever it
was not written as text."""
DEFINITIONS = """\
project: "<script>alert(3)</script>"
timezone: Europe/Berlin
journey:
  - {stage: aware, when: everyone}
  - {stage: paying, when: did buy}
segments:
  buyers: {title: "<script>alert(4)</script> & buyers", kind: "<b>kind", stage: paying, when: did buy}
  fresh: {title: Looked, kind: intent, stage: aware, when: did look within 7 days}
goals:
  bought: {event: buy, within: 7 days}
messaging: {holdout: 0%}
campaigns:
  offer:
    title: "<script>alert(5)</script>"
    segment: buyers
    when: entering
    already_in: skip
    channel: console
    goal: bought
    body: "<script>alert(6)</script> {{ person.id }}"
surveys:
  why:
    title: "<script>alert(7)</script>"
    segment: fresh
    when: entering
    already_in: skip
    questions:
      - {id: nps, kind: nps, ask: "<script>alert(8)</script>"}
      - {id: text, kind: text, ask: "Why?"}
"""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """Somebody is signed in to it as admin."""
    folder = tmp_path_factory.mktemp("hostile") / "shop"
    with running(folder, definitions=DEFINITIONS) as server:
        _live(server)
        _noted(server)
        with httpx.Client(base_url=server.address, timeout=60) as client:
            client.cookies.set("segue_session", secret_of(server, Role.ADMIN, EVIL[:90]))
            yield Studio(server, client)


def secret_of(server: Running, role: Role, name: str = "") -> str:
    """The secret of a new session of somebody with the role."""
    store, now = server.serving.store, environment.now()
    wanted = name or f"{role.value} {len(store.users())}"
    found = next((one for one in store.users() if one.name == wanted), None)
    user = found or store.add_user(wanted, role, now=now)
    return store.begin_session(user.id, now=now)


def session_of(server: Running, secret: str) -> Session:
    """The session with that secret."""
    session = server.serving.store.session(secret, now=environment.now())
    assert session is not None
    return session


def _live(server: Running) -> None:
    now = environment.now()
    people = [EVIL, *(f"p{i}{EVIL}" for i in range(12))]
    answer = {"campaign_id": "why", "question_id": "text", "question_type": "text", "answer": EVIL}
    done = [
        *((one, "look", now - i * HOUR, {EVIL: EVIL}) for i, one in enumerate(people)),
        *((one, "buy", now - DAY - i * HOUR, {"price": EVIL}) for i, one in enumerate(people)),
        *((one, EVIL, now - 2 * HOUR, {"a": {EVIL: [EVIL]}}) for one in people),
        *((one, "$identify", now - HOUR, {"email": EVIL, EVIL: EVIL}) for one in people[:3]),
        (EVIL, "$create_alias", now - HOUR, {"alias": f"alias{EVIL}"}),
        *((one, "$survey_answered", now, answer | {"delivery_id": f"why-{i}"})
          for i, one in enumerate(people)),
    ]  # fmt: skip
    batch = Batch(
        [who for who, *_ in done],
        [what for _, what, *_ in done],
        [at for _, _, at, _ in done],
        [f"e{i}{EVIL}" for i in range(len(done))],
        [None] * len(done),
        [json.dumps(properties) for *_, properties in done],
        now,
    )
    server.serving.live.submit(batch).result(60)


def _noted(server: Running) -> None:
    """Deliveries, events that were not taken, a webhook that does not answer, somebody invited."""
    store, now = server.serving.store, environment.now()
    store.save_deliveries(
        made=[
            *rows("offer", range(40), State.DELIVERED, 0.4),
            *rows("offer", range(40, 47), State.REFUSED, 0, because=Because.CAPPED),
            *rows("why", range(9), State.SHOWN, 0, shown_at=1),
        ]
    )
    store.note_rejected([RejectedEvent(now, EVIL, EVIL, EVIL, EVIL, EVIL)])
    store.add_write_key(EVIL[:90], now=now)
    server.serving.webhooks.create("http://127.0.0.1:9/", description=EVIL)
    store.save_definitions(f"project: '{EVIL[3:]}'", known_at=now)
