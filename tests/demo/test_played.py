"""The demo played through in small: its people, the live loop, the rules and the pages together.

`python -m bench.played` plays it in full; the record is in docs/proofs.
"""

from __future__ import annotations

from collections import Counter

import pytest

from bench.played import SURVEY, Play, truth
from segue.adapters.duckdb_store import DuckDBStore
from segue.demo import REACTIONS, START
from segue.domain.campaigns import REACHED, Because, Channel, State
from segue.domain.instant import DAY, HOUR
from segue.services.acting.assignment import is_held_out, is_held_out_of

DAYS = 18


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """Two hundred people, looked at every hour."""
    folder = tmp_path_factory.mktemp("played")
    store = DuckDBStore.open(folder / "segue.duckdb", timezone="Europe/Berlin")
    play = Play(store, 500, 40)
    play.until(START + DAYS * DAY, HOUR)
    yield play
    store.close()


@pytest.fixture(scope="module")
def rows(played):
    return played.deliveries()


def test_everybody_gets_what_is_meant_for_them(rows):
    reached = Counter(one.campaign_id for one in rows if one.state in REACHED)

    assert reached["demo_invitation"] > 5
    assert reached["core_feature_guide"] > 0
    assert reached["onboarding_support"] > 0
    assert reached[SURVEY] > 0
    assert set(reached) <= {*REACTIONS, SURVEY}


def test_nobody_gets_a_message_twice_for_one_reason(rows):
    made = Counter((one.campaign_id, one.person, one.occasion_key) for one in rows)

    assert set(made.values()) == {1}


def test_who_is_held_out_is_never_reached(played, rows):
    rules = played.acting.messaging
    for one in rows:
        campaign = played.acting.campaign(one.campaign_id)
        out = is_held_out(one.person_id, rules) or is_held_out_of(campaign, one.person_id, rules)
        assert (one.state is State.HELD_OUT) <= out
        assert not (out and one.state in REACHED)


def test_every_row_that_ended_says_why(rows):
    assert all(one.because and one.detail for one in rows if one.state is State.REFUSED)
    whys = {one.because for one in rows if one.state is State.REFUSED}
    assert whys <= {*Because} - {Because.TEMPLATE, Because.CHANNEL, Because.TOO_LATE}


def test_no_e_mail_goes_out_at_night(played, rows):
    """Nobody in the demo has a zone of their own: the project's, Berlin, which is at UTC+1 here."""
    sent = [one for one in rows if one.channel is Channel.EMAIL and one.handed_at is not None]

    assert sent
    assert all(8 * HOUR <= (one.handed_at + HOUR) % DAY <= 21 * HOUR for one in sent)


def test_what_is_measured_covers_what_is_true(played):
    for found in played.results():
        if found.lift.absolute is not None:
            assert truth(found) in found.lift.absolute
        assert found.split is None or not found.split.is_suspect


def test_what_people_answered_is_there(played):
    found = played.voices()
    why, easy = found.questions

    assert 0 < why.response.count <= found.shown
    assert why.said.answers == easy.said.everybody.answers
    assert found.shown_in_segment == found.shown
