"""A shop that speaks to its people: campaigns that helped, that harmed, that wait for approval and
that failed, an e-mail, and a survey with answers."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from segue.bootstrap import environment
from segue.domain.campaigns import Because, State
from segue.domain.instant import DAY, HOUR
from segue.services.live.intake import Batch
from tests.cli.test_results import rows
from tests.http.running import Running, running
from tests.ui.conftest import Studio

PROJECT = """\
# The shop's own words.
project: shop
timezone: Europe/Berlin
segments:
  # Whoever bought at all.
  buyers: {title: Buyers, kind: purchase, when: did buy}
  lookers: {title: Lookers, kind: intent, when: did look}
  callers: {title: Callers, when: did call}
  sleepers: {title: Sleepers, when: did sleep}
goals:
  bought: {event: buy, within: 7 days}
messaging: {holdout: 0%, sender: {address: hello@shop.example}}

campaigns:
  # It has gone out since the summer.
  offer:
    title: An offer
    segment: lookers
    when: entering
    already_in: skip
    channel: console
    holdout: 10%
    goal: bought
    body: Look, {{ person.id }}.  # short
  letter:
    title: A letter
    segment: buyers
    when: entering
    delay: 2 hours
    already_in: skip
    channel: email
    holdout: 10%
    goal: bought
    subject: Thank you, {{ person.name | default("dear customer") }}
    text: |
      Thank you,

      there is more.
    html: <p style="color:#a00">Thank you, <b>{{ person.name | default("you") }}</b>.</p>
  nagging:
    title: Nagging <b>all</b> day
    segment: lookers
    when: inside
    already_in: skip
    channel: in_app
    goal: bought
    approve_first: 20
    show: {look: banner, on: [{page: "/shoes*"}]}
    variants:
      loud: {body: Buy now!, button: Buy, url: /buy}
      calm: {body: Take your time., weight: 2}

surveys:
  why:
    title: Why not bought
    segment: lookers
    when: entering
    already_in: skip
    questions:
      - {id: nps, kind: nps, ask: Would you recommend us?, then: {0 to 6: why, else: end}}
      - {id: why, kind: text, ask: What was in the way?}
      - {id: where, kind: single, ask: Where did you look?, choices: [Here, Elsewhere <i>too</i>]}
    thanks: Thank you.
  nobody:
    title: Nobody saw it yet
    segment: sleepers
    when: entering
    already_in: skip
    questions:
      - {id: ok, kind: csat, ask: Was it good?}
"""
SAID = ("it is too expensive", "the price is too high", "delivery takes too long", "<b>no</b> size")


@contextmanager
def speaking(folder: Path) -> Iterator[Studio]:
    """The studio of that shop, served, with its admin signed in."""
    with running(folder, definitions=PROJECT) as server:
        _lived(server)
        _spoke(server)
        with httpx.Client(base_url=server.address, timeout=60, follow_redirects=True) as client:
            client.post(server.studio_link)
            yield Studio(server, client)


def _lived(server: Running) -> None:
    now = environment.now()
    people = [f"p{n}" for n in range(60)]
    events = [
        *((one, "look", now - (n % 25 + 1) * DAY, {}) for n, one in enumerate(people)),
        *((one, "buy", now - n * HOUR, {"price": n}) for n, one in enumerate(people[::3])),
        *(answer for n in range(40) for answer in _answers(n, now)),
        ("p0", "$identify", now - HOUR, {"email": "ada@shop.example", "name": "Ada <Lovelace>"}),
    ]
    batch = Batch(
        [who for who, *_ in events],
        [what for _, what, *_ in events],
        [at for _, _, at, _ in events],
        [f"e{n}" for n in range(len(events))],
        [None] * len(events),
        [json.dumps(properties) for *_, properties in events],
        now,
    )
    server.serving.live.submit(batch).result(30)


def _answers(n: int, now: int) -> Iterator[tuple[str, str, int, dict[str, object]]]:
    segments = ["lookers", "buyers"] if n % 3 == 0 else ["lookers"]
    about = {"campaign_id": "why", "delivery_id": f"why-{n}", "segments": segments}
    said = [
        ("nps", "nps", n % 11),
        ("why", "text", SAID[n % len(SAID)]),
        ("where", "single", "Here" if n % 2 else "Elsewhere <i>too</i>"),
    ]
    for question, kind, answer in said[: 1 + n % 3 if n > 20 else 3]:
        facts = about | {"question_id": question, "question_type": kind, "answer": answer}
        yield f"p{n}", "$survey_answered", now - HOUR, facts


def _spoke(server: Running) -> None:
    more = ("lookers", "buyers")
    server.serving.store.save_deliveries(
        made=[
            *rows("offer", range(900), State.DELIVERED, 0.4),
            *rows("offer", range(900, 1_000), State.HELD_OUT, 0.15),
            *rows("offer", range(1_000, 1_007), State.REFUSED, 0, because=Because.CAPPED),
            *rows("letter", range(50), State.DELIVERED, 0.3),
            *rows("letter", range(50, 57), State.HELD_OUT, 0.3),
            *rows("letter", range(57, 60), State.FAILED, 0, because=Because.CHANNEL),
            *rows("nagging", range(5), State.DUE, 0, because=Because.APPROVAL, approved=False),
            *rows("why", range(0, 80, 2), State.SHOWN, 0, shown_at=1, segments=more),
            *rows("why", range(1, 80, 2), State.SHOWN, 0, shown_at=1, segments=more[:1]),
        ]
    )
