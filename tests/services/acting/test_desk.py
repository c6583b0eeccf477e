"""From events to deliveries: what makes one, what decides it, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from segue.domain.acting import Outcome
from segue.domain.campaigns import Because, Channel, Delivery, Occasion, State
from segue.domain.instant import DAY, HOUR, MINUTE, SECOND
from segue.services.acting.desk import MOST, PUSHED
from segue.services.acting.dispatching import approved, replayed
from segue.services.acting.taking import delivery_id
from tests.services.acting.office import PROJECT, T0, Office, office

pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture
def here() -> Iterator[Office]:
    with office() as made:
        yield made


def only(here: Office) -> Delivery:
    (row,) = here.rows()
    return row


def with_(old: str, new: str, project: str = PROJECT) -> str:
    """The project with something else in it."""
    assert old in project
    return project.replace(old, new)


# ------------------------------------------------------------------------------- what makes one


def test_who_enters_is_messaged(here: Office) -> None:
    """One row, durable before anything goes out; it ends as delivered."""
    here.did(("ana", "look"), properties={"path": "/a"})
    (going,) = here.turn()
    row = only(here)
    assert going.message.parts == {"body": "Hello you"}
    assert going.message.id == row.id == delivery_id("nudge", row.person, row.occasion, 0)
    assert (row.state, row.handed_at, row.attempts) == (State.SENDING, T0, 0)
    assert (row.due_at, row.known_at, row.occasion) == (T0, T0, Occasion.TRANSITION)
    (row,) = here.settle([going])
    assert row == only(here)
    assert (row.state, row.delivered_at, row.attempts) == (State.DELIVERED, T0, 1)
    assert here.turn() == []


def test_a_year_of_history_messages_nobody(here: Office) -> None:
    """No row, not even of somebody held out, whatever the history says."""
    here.adopt(with_("holdout: 0%", "holdout: 50%"))
    for day in range(365, 0, -5):
        people = [(f"p{n}", "look") for n in range(day % 7, 40)]
        here.did(*people, ago=day * DAY, imported=True)
        assert here.turn(after=SECOND) == []
    here.did(("p1", "look"), ago=HOUR // 2, imported=True)
    assert here.turn(after=DAY) == []
    assert here.rows() == []


def test_a_new_definition_messages_nobody(here: Office) -> None:
    """Who is in because a segment means something else did not enter."""
    here.did(("ana", "stroll"))
    here.adopt(
        with_("did look within 1 days", 'did "look" within 1 days or did "stroll" within 1 days')
    )
    assert here.turn(after=SECOND) == []
    assert here.rows() == []
    here.did(("ben", "stroll"))
    assert [one.message.person_id for one in here.turn()] == ["ben"]


def test_a_late_event_messages_nobody(here: Office) -> None:
    """What is known an hour after it was true is not acted upon."""
    here.did(("ana", "look"), ago=2 * HOUR)
    assert here.turn() == []
    assert here.rows() == []


def test_what_is_taken_up_too_late_is_refused() -> None:
    """Published in time, but nobody was there to act: one row, which says so."""
    with office(with_("already_in: skip", "already_in: skip\n    max_age: 10 minutes")) as here:
        here.did(("ana", "look"))
        here.now += 11 * MINUTE
        assert here.turn() == []
        row = only(here)
        assert (row.state, row.because) == (State.REFUSED, Because.TOO_LATE)
        assert "taken up 11 minutes after its moment" in row.detail


def test_the_same_person_is_messaged_once(here: Office) -> None:
    """However often they enter, where the campaign does not say that it speaks again."""
    for _ in range(3):
        here.did(("ana", "look"))
        here.settle(here.turn())
        here.turn(after=2 * DAY)
    assert len(here.rows()) == 1


def test_the_same_person_is_messaged_again() -> None:
    """After as long as the campaign says."""
    with office(with_("when: entering", "when: entering\n    again: 3 days")) as here:
        for _ in range(4):
            here.did(("ana", "look"))
            here.settle(here.turn())
            here.turn(after=2 * DAY)
        assert [one.due_at - T0 for one in here.rows()] == [0, 4 * DAY]


def test_two_who_turn_out_to_be_one_are_messaged_once(here: Office) -> None:
    here.did(("anon", "look"))
    here.turn()
    here.did(("ana", "$identify"), properties={"$anon_distinct_id": "anon"})
    here.turn(after=2 * DAY)
    here.did(("ana", "look"))
    assert here.turn() == []
    assert len(here.rows()) == 1


def test_leaving_is_a_moment() -> None:
    project = with_("when: entering", "when: leaving")
    with office(project) as here:
        here.did(("ana", "look"))
        assert here.turn(after=DAY - 1) == []
        assert [one.message.person_id for one in here.turn(after=1)] == ["ana"]


def test_a_delay_waits_and_looks_again() -> None:
    """Who has left meanwhile gets nothing, who is still in does."""
    project = with_("when: entering", "when: entering\n    delay: 20 hours")
    with office(project) as here:
        here.did(("ana", "look"), ago=30 * MINUTE)
        here.did(("ben", "look"))
        assert here.turn() == []
        assert here.desk.next_due(here.room) == T0 + 20 * HOUR - 30 * MINUTE
        here.did(("ana", "look"), ago=HOUR)
        going = here.turn(after=20 * HOUR)
        assert [one.message.person_id for one in going] == ["ana", "ben"]
        assert all(one.delivery.handed_at == T0 + 20 * HOUR for one in going)


# -------------------------------------------------------------------------------- who is in already


@pytest.mark.parametrize(("already", "messaged"), [("skip", []), ("message", ["ana", "ben"])])
def test_who_is_in_when_a_campaign_begins(already: str, messaged: list[str]) -> None:
    """Is the campaign's explicit choice."""
    project = with_("already_in: skip", f"already_in: {already}")
    with office(project.split("campaigns:")[0]) as here:
        here.did(("ana", "look"), ("ben", "look"))
        here.did(("cat", "look"), ago=3 * DAY, imported=True)
        here.adopt(project)
        going = here.turn()
        assert sorted(one.message.person_id for one in going) == messaged
        assert {one.occasion for one in here.rows()} == ({Occasion.LAUNCH} if messaged else set())
        here.begin(project)
        assert len(here.turn()) == len(messaged)  # on the wire when it died
        assert len(here.rows()) == len(messaged)


def test_a_campaign_that_begins_later() -> None:
    starts = "2023-11-14T13:00:00Z"
    project = with_("already_in: skip", f"already_in: message\n    starts: {starts}")
    with office(project) as here:
        here.did(("ana", "look"))
        assert here.turn(after=HOUR - 1) == []
        assert here.rows() == []
        assert here.calendar.next_due(here.now) == T0 + HOUR
        assert [one.message.person_id for one in here.turn(after=1)] == ["ana"]


def test_a_schedule_speaks_by_the_clocks_of_people() -> None:
    """At the same time on every wall, which is not the same instant."""
    project = with_("when: entering", "when: {schedule: tuesday 15:00}")
    project = with_("    already_in: skip\n", "", project)
    with office(project) as here:
        here.did(("berlin", "$set"), properties={"timezone": "Europe/Berlin"})
        here.did(("utc", "look"), ("berlin", "look"))
        assert here.turn() == []
        assert [one.message.person_id for one in here.turn(after=2 * HOUR)] == ["berlin"]
        assert here.turn(after=30 * MINUTE) == []
        here.begin(project)  # who died is taken up again: nobody gets it twice
        here.settle(here.turn())
        assert [one.message.person_id for one in here.turn(after=30 * MINUTE)] == ["utc"]
        assert len(here.rows()) == 2


# -------------------------------------------------------------------------------------- decisions


def test_each_stop_has_its_reason_in_words() -> None:
    """Somebody capped hears how much they had."""
    project = with_("holdout: 0%", "holdout: 0%\n  caps: [{at_most: 1, within: 7 days}]")
    project += """
  second:
    segment: buyers
    when: entering
    already_in: skip
    channel: console
    body: Thanks
"""
    project = with_(
        "  lookers:", "  buyers: {when: did purchase within 1 days}\n  lookers:", project
    )
    with office(project) as here:
        here.did(("ana", "look"))
        here.settle(here.turn())
        here.did(("ana", "purchase"))
        assert here.turn() == []
        row = here.rows(campaign_id="second")[0]
        assert (row.state, row.because) == (State.REFUSED, Because.CAPPED)
        assert "had 1 message in the last 7 days" in row.detail


def test_who_is_held_out_has_a_row_too() -> None:
    with office(with_("holdout: 0%", "holdout: 100%")) as here:
        here.did(("ana", "look"))
        assert here.turn() == []
        assert here.states() == [("ana", "held_out", "holdout")]


def test_a_template_without_its_value_is_refused() -> None:
    with office(with_("person.name | default('you')", "person.name")) as here:
        here.did(("ana", "look"))
        assert here.turn() == []
        assert only(here).because is Because.TEMPLATE
        assert "name" in only(here).detail


def test_what_waits_for_approval_goes_when_somebody_approves() -> None:
    """Once as many are approved as were asked for, the rest goes without."""
    with office(with_("already_in: skip", "already_in: skip\n    approve_first: 1")) as here:
        here.did(("ana", "look"), ("ben", "look"))
        assert here.turn() == []
        assert {one.approved for one in here.rows()} == {False}
        assert here.desk.next_due(here.room) is None
        rows = approved(here.rows(), here.now)
        here.store.save_deliveries(changed=rows)
        here.desk.watch(rows)
        assert len(here.turn()) == 2
        here.did(("cat", "look"))
        assert len(here.turn()) == 1


def test_the_switch_stops_everything(here: Office) -> None:
    """What comes due meanwhile is refused: nothing bursts out afterwards."""
    here.store.set_stopped(True)
    here.desk.refresh()
    here.did(("ana", "look"))
    assert here.turn() == []
    assert only(here).because is Because.STOPPED
    here.store.set_stopped(False)
    here.desk.refresh()
    assert here.turn(after=MINUTE) == []


def test_a_channel_without_room_holds_up_no_other() -> None:
    """What waits for it waits in the store, in order; others go."""
    project = (
        PROJECT
        + """
  hook:
    segment: lookers
    when: entering
    already_in: skip
    channel: webhook
    to: http://127.0.0.1:9/
    payload: {a: 1}
"""
    )
    with office(project) as here:
        here.room[Channel.WEBHOOK] = 1
        here.did(*((f"p{n}", "look") for n in range(5)))
        going = here.desk.turn(here.now, here.room)
        going = here.desk.take_outgoing()
        assert [one.delivery.channel for one in going].count(Channel.CONSOLE) == 5
        assert [one.delivery.channel for one in going].count(Channel.WEBHOOK) == 1
        here.room[Channel.WEBHOOK] = 0
        assert here.desk.next_due(here.room) is None
        assert here.turn(after=MINUTE) == []
        here.room[Channel.WEBHOOK] = 2
        assert len(here.desk.turn(here.now, here.room).rows) == 2
        here.room[Channel.WEBHOOK] = 9
        assert len(here.turn()) == 4
        assert {one.state for one in here.rows()} == {State.SENDING}


# ------------------------------------------------------------------------------------ the channel


def test_what_a_channel_did_not_take_is_tried_again(here: Office) -> None:
    """More and more rarely, under the same id."""
    here.did(("ana", "look"))
    going = here.turn()
    (row,) = here.settle(going, Outcome("busy"))
    assert (row.state, row.attempts, row.because) == (State.DUE, 1, Because.CHANNEL)
    assert row.not_before > T0
    assert here.turn() == []
    again = here.turn(after=row.not_before - T0)
    assert [one.message.id for one in again] == [one.message.id for one in going]
    assert again[0].delivery.handed_at == T0
    (row,) = here.settle(again)
    assert (row.state, row.attempts) == (State.DELIVERED, 2)


def test_what_a_channel_never_takes_is_a_dead_letter(here: Office) -> None:
    """It can be tried again from the beginning, also days later."""
    here.did(("ana", "look"))
    (row,) = here.settle(here.turn(), Outcome("no such thing", permanent=True))
    assert (row.state, row.because, row.detail) == (State.FAILED, Because.CHANNEL, "no such thing")
    assert here.turn(after=3 * HOUR) == []
    rows = [replayed(row, here.now)]
    here.store.save_deliveries(changed=rows)
    here.desk.watch(rows)
    (going,) = here.turn()
    assert going.message.id == row.id
    assert here.settle([going])[0].state is State.DELIVERED


def test_a_bad_address_is_not_written_to_again(here: Office) -> None:
    here.did(("ana", "look"))
    here.settle(here.turn(), Outcome("550", permanent=True, suppress=True))
    assert [one.address for one in here.store.suppressions()] == ["ana"]


def test_what_was_on_the_wire_when_the_process_died_goes_out_again(here: Office) -> None:
    """Under its id, and nothing is made twice."""
    here.did(*((f"p{n}", "look") for n in range(20)))
    first = {one.message.id for one in here.turn()}
    here.begin(PROJECT)
    again = {one.message.id for one in here.turn()}
    assert first == again
    assert len(here.rows()) == 20
    here.begin(PROJECT)
    here.settle(here.turn())
    here.begin(PROJECT)
    assert here.turn() == []


def test_after_a_crash_nothing_goes_out_while_everything_is_stopped(here: Office) -> None:
    here.did(("ana", "look"))
    assert len(here.turn()) == 1
    here.store.set_stopped(True)
    here.begin(PROJECT)
    assert here.turn() == []
    here.store.set_stopped(False)
    here.desk.refresh()
    assert len(here.turn()) == 1


def test_what_is_put_back_is_decided_again(here: Office) -> None:
    """At an orderly end; but not what may have been on the wire before."""
    here.did(("ana", "look"))
    going = here.turn()
    here.desk.put_back(going, here.now)
    assert only(here).state is State.DUE
    here.begin(PROJECT)
    here.desk.put_back(here.turn(), here.now)
    assert only(here).state is State.DUE
    here.turn()
    here.begin(PROJECT)
    here.desk.put_back(here.turn(), here.now)
    assert only(here).state is State.SENDING


# ------------------------------------------------------------------------------------------ in-app

INSIDE = with_("channel: console", "channel: in_app", with_("when: entering", "when: inside"))


def test_what_is_offered_inside_is_withdrawn_on_leaving() -> None:
    with office(INSIDE) as here:
        here.did(("ana", "look"))
        assert here.turn() == []
        row = only(here)
        assert (row.state, row.handed_at) == (State.OFFERED, T0)
        here.turn(after=DAY)
        row = only(here)
        assert (row.state, row.because) == (State.REFUSED, Because.LEFT_SEGMENT)
        here.turn(after=SECOND)
        here.did(("ana", "look"))
        here.turn()
        assert [one.state for one in here.rows()] == [State.REFUSED, State.OFFERED]


def said(here: Office, event: str, row: Delivery, who: str = "ana", **more: object) -> None:
    here.did((who, event), properties={"delivery_id": row.id} | more)
    here.turn(after=SECOND)


def test_a_page_tells_what_became_of_an_offer() -> None:
    with office(INSIDE) as here:
        here.did(("ana", "look"))
        here.turn()
        row = only(here)
        said(here, "$message_shown", row, segments=["lookers"])
        assert (only(here).state, only(here).segments) == (State.SHOWN, ("lookers",))
        assert only(here).shown_at == T0
        said(here, "$message_dismissed", row)
        assert (only(here).state, only(here).dismissed_at) == (State.SHOWN, T0 + SECOND)
        said(here, "$message_clicked", row)
        assert (only(here).state, only(here).clicked_at) == (State.CLICKED, T0 + 2 * SECOND)
        here.turn(after=DAY)
        assert only(here).state is State.CLICKED


def test_nobody_speaks_for_another(here: Office) -> None:
    """A write key is public: who tells of another one's delivery is not believed."""
    here.did(("ana", "look"), ("eve", "come"))
    here.settle(here.turn())
    said(here, "$message_clicked", only(here), who="eve")
    assert only(here).state is State.DELIVERED
    said(here, "$message_clicked", only(here), who="ana")
    assert only(here).state is State.CLICKED


def test_who_is_held_out_is_seen_and_stays_so() -> None:
    with office(with_("holdout: 0%", "holdout: 100%", INSIDE)) as here:
        here.did(("ana", "look"))
        here.turn()
        said(here, "$message_shown", only(here), control=True)
        assert (only(here).state, only(here).shown_at) == (State.HELD_OUT, T0)


def test_an_answered_survey_is_a_click(here: Office) -> None:
    here.did(("ana", "look"))
    here.settle(here.turn())
    said(here, "$survey_answered", only(here), complete=False)
    assert only(here).state is State.SHOWN
    said(here, "$survey_answered", only(here), complete=True)
    assert only(here).state is State.CLICKED


# ------------------------------------------------------------------------------------------- goals

GOAL = with_("channel: console", "channel: console\n    goal: bought")


@pytest.mark.parametrize(
    ("after", "converts"), [(0, True), (MINUTE, True), (7 * DAY, True), (7 * DAY + 1, False)]
)
def test_a_goal_within_its_window_converts(after: int, converts: bool) -> None:
    with office(GOAL) as here:
        here.did(("ana", "look"))
        here.settle(here.turn())
        here.now += after
        here.did(("ana", "purchase"))
        here.turn()
        row = only(here)
        assert (row.converted_at == T0 + after) == converts
        assert (row.state is State.CONVERTED) == converts


@pytest.mark.parametrize(
    "rule", ["holdout: 100%", "holdout: 0%\n  consent: {marketing: {console: agreed}}"]
)
def test_goals_of_those_who_were_not_messaged_are_known_too(rule: str) -> None:
    """Or nobody could be compared with them; their state stays as it is."""
    with office(with_("holdout: 0%", rule, GOAL)) as here:
        here.did(("ana", "look"))
        here.turn()
        before = only(here).state
        here.did(("ana", "purchase"))
        here.turn(after=SECOND)
        assert only(here).converted_at == T0
        assert only(here).state is before


def test_a_goal_by_another_id_of_the_same_person_converts() -> None:
    with office(GOAL) as here:
        here.did(("anon", "look"))
        here.settle(here.turn())
        here.did(("ana", "$identify"), properties={"$anon_distinct_id": "anon"})
        here.did(("ana", "purchase"))
        here.turn(after=SECOND)
        assert only(here).state is State.CONVERTED


def test_a_goal_that_was_reached_is_not_asked_for() -> None:
    """Found out without reading the history of anybody, also after a restart."""
    delayed = with_("when: entering", "when: entering\n    delay: 1 hours", GOAL)
    with office(delayed) as here:
        here.did(("ana", "look"), ("ben", "look"))
        here.turn()
        here.now += MINUTE
        here.did(("ana", "purchase"))
        here.turn()
        here.begin(delayed)
        assert [one.message.person_id for one in here.turn(after=HOUR)] == ["ben"]
        assert ("ana", "refused", "goal_reached") in here.states()


def test_a_goal_that_was_reached_withdraws_the_offer() -> None:
    with office(with_("channel: in_app", "channel: in_app\n    goal: bought", INSIDE)) as here:
        here.did(("ana", "look"))
        here.turn()
        here.did(("ana", "purchase"))
        here.turn(after=SECOND)
        assert here.states() == [("ana", "refused", "goal_reached")]
        assert only(here).converted_at == T0


# -------------------------------------------------------------------------------------- erasing


def test_somebody_who_is_erased_on_the_way(here: Office) -> None:
    """What comes back about them finds nothing, and makes nothing."""
    here.did(("ana", "look"))
    going = here.turn()
    future = here.live.erase("ana")
    here.live.turn(here.now)
    assert future.result(0).remaining == 0
    here.settle(going)
    assert here.turn() == []
    assert here.rows() == []


# ----------------------------------------------------------------------------- what is in memory


def test_what_the_feed_has_forgotten_is_read_from_the_store(here: Office) -> None:
    """After somebody was erased, or where very much was published at once."""
    here.did(("ana", "look"))
    here.feed.forget()
    here.did(("ben", "look"))
    assert [one.message.person_id for one in here.turn()] == ["ana", "ben"]
    here.did(("cyd", "look"))
    assert [one.message.person_id for one in here.turn()] == ["cyd"]


def test_more_than_one_turn_takes_is_taken_in_several(here: Office) -> None:
    """From memory, in order, each once; among them transitions of other segments."""
    people = [f"p{n}" for n in range(MOST + 10)]
    here.room = dict.fromkeys(PUSHED, 10_000)
    here.did(*((one, "look") for one in people))
    assert [one.message.person_id for one in here.turn()] == people


@pytest.mark.parametrize(
    ("goal", "bought"),
    [
        ("{event: purchase, within: 7 days}", "purchase"),
        ("{event: '\"pur*\"', within: 7 days}", "purchase"),
        ("{event: 'any of (gift, purchase)', within: 7 days}", "purchase"),
        ("{event: any, within: 7 days}", "purchase"),
    ],
)
def test_a_goal_is_seen_before_the_next_message(goal: str, bought: str) -> None:
    """Whatever its pattern is like: what came right before the turn counts in it."""
    project = with_("{event: purchase, within: 7 days}", goal)
    project = with_("    channel: console", "    channel: console\n    goal: bought", project)
    project = with_("when: entering", "when: entering\n    delay: 1 hours", project)
    with office(project) as here:
        here.did(("ana", "look"), ("ben", "look"))
        assert here.turn() == []
        here.did(("ben", "$set"), properties={"name": "Ben"})
        here.did(("ana", bought), properties={"price": 2}, ago=-HOUR)
        assert [one.message.parts["body"] for one in here.turn(after=HOUR)] == ["Hello Ben"]
