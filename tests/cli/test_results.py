"""`segue campaigns results` and `voices` on a terminal, and as JSON."""

import json
from pathlib import Path

import pyarrow as pa
import pytest

from segue.adapters.duckdb_store import DuckDBStore
from segue.bootstrap import environment
from segue.domain.campaigns import Because, Channel, Delivery, Occasion, State
from segue.domain.instant import DAY

YAML = """\
project: shop
goals:
  bought: {event: buy, within: 7 days}
messaging: {holdout: 0%}
segments:
  lookers: {title: Lookers, when: did look}
campaigns:
  offer:
    title: An offer
    segment: lookers
    when: entering
    already_in: skip
    channel: console
    holdout: 10%
    goal: bought
    body: Look.
surveys:
  why:
    segment: lookers
    when: entering
    already_in: skip
    questions:
      - {id: text, kind: text, ask: Why not?}
      - {id: nps, kind: nps, ask: Would you recommend us?}
      - {id: one, kind: single, ask: Which one?, choices: [Red, Blue]}
"""


def rows(campaign: str, people: range, state: State, share: float, **more) -> list[Delivery]:
    """Deliveries of nine days ago, of which a share converted."""
    at = environment.now() - 9 * DAY
    return [
        Delivery(
            id=f"{campaign}-{n}",
            campaign_id=campaign,
            fingerprint="",
            person=n,
            person_id=f"p{n}",
            channel=Channel.CONSOLE,
            variant="a",
            occasion=Occasion.TRANSITION,
            occasion_key=n,
            due_at=at,
            known_at=at,
            not_before=at,
            state=state,
            converted_at=at + DAY if place < share * len(people) else None,
            **({"handed_at": at, "delivered_at": at} if state is State.DELIVERED else {}),
            **more,
        )
        for place, n in enumerate(people)
    ]


@pytest.fixture
def shop(segue, tmp_path: Path) -> Path:
    (tmp_path / "segue.yaml").write_text(YAML)
    (tmp_path / "e.csv").write_text("person_id,event,occurred_at\nana,look,2026-05-01\n")
    assert segue("import", "e.csv").code == 0
    return tmp_path


def acted(folder: Path) -> None:
    """The offer helps, and some people answered."""
    shown = rows("why", range(50), State.SHOWN, 0, shown_at=1, segments=("lookers",))
    capped = rows("offer", range(2_000, 2_040), State.REFUSED, 0, because=Because.CAPPED)
    with_all = [
        *rows("offer", range(900), State.DELIVERED, 0.4),
        *rows("offer", range(900, 1_000), State.HELD_OUT, 0.15),
        *capped,
        *shown,
    ]
    answers = [
        *((n, "text", "text", "it is too expensive") for n in range(8)),
        *((n, "nps", "nps", 9) for n in range(10)),
        *((n, "one", "single", "Red") for n in range(4)),
    ]
    store = DuckDBStore.open(folder / "segue.duckdb")
    try:
        store.save_deliveries(made=with_all)
        store.append(
            pa.table(
                {
                    "distinct_id": [f"p{n}" for n, *_ in answers],
                    "event": ["$survey_answered"] * len(answers),
                    "occurred_at": pa.array([1_000 + n for n in range(len(answers))]),
                    "event_id": [f"{n}-{question}" for n, question, *_ in answers],
                    "sequence": pa.nulls(len(answers), pa.int64()),
                    "properties": [
                        json.dumps(
                            {
                                "campaign_id": "why",
                                "delivery_id": f"why-{n}",
                                "question_id": question,
                                "question_type": kind,
                                "answer": said,
                                "segments": ["lookers"],
                            }
                        )
                        for n, question, kind, said in answers
                    ],
                }
            ),
            received_at=environment.now(),
        )
    finally:
        store.close()


def test_a_campaign_that_helped(segue, shop):
    acted(shop)
    said = segue("campaigns", "results", "offer").out
    words = " ".join(said.split())

    assert "Better: 38.3 % of the treated reached bought, 15 % of those held out" in words
    assert "40 capped" in words
    assert "held out 100" in words


def test_the_same_for_programs(segue, shop):
    acted(shop)
    found = segue("campaigns", "results", "offer", "--json").json

    assert found["lift"]["finding"] == "better"
    assert found["lift"]["control"] == {
        "count": 15,
        "of": 100,
        "share": 0.15,
        "range": found["lift"]["control"]["range"],
    }
    low, high = found["lift"]["difference_range"]
    assert 0 < low < found["lift"]["difference"] < high
    assert found["refused"] == {"capped": 40}
    assert (found["people"], found["held_out"], found["delivered"]) == (940, 100, 900)


def test_a_campaign_of_which_nothing_was_sent_says_what_to_do(segue, shop):
    said = segue("campaigns", "results", "offer").out

    assert "Nobody was to be messaged yet: `segue serve` does it." in said


def test_what_people_answered(segue, shop):
    acted(shop)
    said = segue("campaigns", "voices", "why").out

    assert "shown 50 times" in said
    assert "NPS +100.0" in said
    assert "Price 100.0 %" in said
    assert "“it is too expensive”" in said
    assert "Red" in said


def test_what_the_people_of_a_segment_answered(segue, shop):
    acted(shop)
    found = segue("campaigns", "voices", "why", "--segment", "lookers", "--json").json
    text, nps, one = found["questions"]

    assert (found["shown"], found["shown_in_segment"]) == (50, 50)
    assert nps["response"]["share"] == 0.2
    assert nps["score_in_segment"]["value"] == 100
    assert one["choices_in_segment"][0]["choice"] == "Red"
    assert text["texts"]["themes"][0]["title"] == "Price"


def test_nobody_was_asked_yet(segue, shop):
    said = segue("campaigns", "voices", "why").out

    assert "Nobody has seen it yet" in said


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("results", "offre"), 2, "did you mean offer?"),
        (("voices", "offer"), 2, "'offer' asks nothing"),
        (("voices", "why", "--segment", "looker"), 2, "did you mean lookers?"),
    ],
)
def test_what_there_is_not(segue, shop, words, code, says):
    done = segue("campaigns", *words)

    assert done.code == code
    assert says in done.err
