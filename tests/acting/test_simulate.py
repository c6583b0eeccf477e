"""What a campaign would have done in the past, and how late a job would have been."""

import json
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.domain.campaigns import (
    AlreadyIn,
    Because,
    Cap,
    Channel,
    Hours,
    InApp,
    Moment,
    Rate,
    Schedule,
    When,
)
from segue.domain.instant import DAY, FOREVER, HOUR, MINUTE, parse_instant
from segue.domain.ports import StoredEvent
from segue.services.acting.simulate import Fate, Past, simulate
from tests.acting.making import campaign, messaging

START = parse_instant("2026-03-01T00:00:00Z")
END = START + 30 * DAY
CHAT = campaign(channel=Channel.APPRISE)
AGAIN = replace(CHAT, when=When(Moment.ENTERING, again=DAY))


def past(*stays, person_id="p1", reached=(), **traits):
    """Somebody with stays given in hours since the start, and these traits all along."""
    spans = [
        (START + round(a * HOUR), FOREVER if b is None else START + round(b * HOUR))
        for a, b in stays
    ]
    event = StoredEvent("e", person_id, "$set", 0, 0, None, json.dumps(traits))
    return Past(person_id, spans, [START + round(at * HOUR) for at in reached], [event])


def would(of, *people, rules=None):
    """The run of a campaign over a month."""
    return simulate(of, rules or messaging(), people, START, END)


def fates(found):
    """What became of each moment, with the hour at which it was."""
    return [(one.fate.value, round((one.at - START) / HOUR, 2)) for one in found.moments]


class TestMoments:
    @pytest.mark.parametrize(
        ("moment", "stays", "hours"),
        [
            (Moment.ENTERING, [(10, 20), (40, None)], [10, 40]),
            (Moment.INSIDE, [(10, 20), (40, None)], [10, 40]),
            (Moment.LEAVING, [(10, 20), (40, None)], [20]),
            # The period is `(start, end]`: who was in before has not entered in it.
            (Moment.ENTERING, [(-5, 20)], []),
            (Moment.ENTERING, [(0, 20)], []),
            (Moment.ENTERING, [(720, 900)], [720]),
            (Moment.ENTERING, [(721, 900)], []),
            (Moment.LEAVING, [(-5, 3)], [3]),
        ],
    )
    def test_each_moment_of_the_period_is_one(self, moment, stays, hours):
        of = replace(CHAT, when=When(moment, again=1))

        assert fates(would(of, past(*stays))) == [("messaged", hour) for hour in hours]

    def test_who_is_in_at_the_start_is_spoken_to_where_the_campaign_says_so(self):
        of = replace(CHAT, already_in=AlreadyIn.MESSAGE)

        assert fates(would(of, past((-5, 20)))) == [("messaged", 0)]
        assert fates(would(of, past((-5, -1)))) == []

    def test_a_schedule_speaks_to_who_is_in_by_the_clock_of_their_zone(self):
        when = When(Moment.SCHEDULE, schedule=Schedule((0,), 9 * 60), again=1)
        here = past((0, 24 * 10), person_id="here")
        there = past((0, 24 * 10), person_id="there", timezone="America/New_York")

        found = would(replace(CHAT, when=when), here, there)

        assert fates(found) == [
            ("messaged", 24 + 9),
            ("messaged", 24 + 14),
            ("messaged", 24 * 8 + 9),
            ("messaged", 24 * 8 + 13),
        ]
        assert [one.lateness for one in found.jobs] == [None, None]

    def test_a_delay_checks_membership_again(self):
        of = replace(CHAT, when=When(Moment.ENTERING, delay=2 * HOUR))

        assert fates(would(of, past((10, 13)))) == [("messaged", 12)]
        assert fates(would(of, past((10, 11)))) == [("refused", 12)]
        assert fates(would(of, past((719, None)))) == [("waiting", 720)]

    def test_a_campaign_speaks_once_or_again_after_a_while(self):
        often = past((10, 11), (12, 13), (35, 36), (60, 61))

        once, again = would(CHAT, often), would(AGAIN, often)

        assert (fates(once), once.repeats) == ([("messaged", 10)], 3)
        assert (fates(again), again.repeats) == (
            [("messaged", 10), ("messaged", 35), ("messaged", 60)],
            1,
        )

    def test_what_was_refused_does_not_count_as_the_one_time(self):
        of = replace(CHAT, when=When(Moment.ENTERING, delay=HOUR))

        assert fates(would(of, past((10, 10.5), (20, 30)))) == [("refused", 11), ("messaged", 21)]


class TestRules:
    def test_reasons_are_counted(self):
        of = campaign(goal="paid", delay=HOUR)
        people = [
            past((1, 9), person_id="fine", email="a@b.c"),
            past((1, 9), person_id="nowhere"),
            past((1, 1.5), person_id="gone", email="a@b.c"),
            past((1, 9), person_id="done", email="a@b.c", reached=[1.5]),
            past((1, 9), person_id="before", email="a@b.c", reached=[0.5]),
        ]

        found = would(of, *people)

        assert found.count(Fate.MESSAGED) == found.people == 2
        assert found.reasons == {
            Because.NO_ADDRESS: 1,
            Because.LEFT_SEGMENT: 1,
            Because.GOAL_REACHED: 1,
        }
        assert all(one.detail for one in found.moments if one.because)

    def test_holdouts_are_counted(self):
        people = [past((1, 9), person_id=str(n)) for n in range(100)]

        found = would(CHAT, *people, rules=messaging(holdout=Fraction(5, 100)))

        assert found.count(Fate.HELD_OUT) == 4  # 0, 8, 19 and 88
        assert found.reasons == {Because.HOLDOUT: 4}

    def test_quiet_hours_hold_over_the_change_of_clocks(self):
        """In the night of 29 March the morning comes an hour earlier."""
        rules = messaging(quiet=Hours(22 * 60, 8 * 60), timezone="Europe/Berlin")
        evening = 26 * 24 + 22
        found = would(
            CHAT,
            past((evening, evening + 48)),
            past((evening + 24, None), person_id="p2"),
            rules=rules,
        )

        assert fates(found) == [("messaged", evening + 9), ("messaged", evening + 24 + 8)]
        assert found.held == 2

    def test_traits_are_those_of_the_moment(self):
        written = [
            StoredEvent("1", "p", "$set", START, 0, None, '{"agreed": true}'),
            StoredEvent("2", "p", "$set", START + 5 * HOUR, 0, None, '{"agreed": false}'),
        ]
        person = Past(
            "p", [(START + HOUR, START + 2 * HOUR), (START + 30 * HOUR, FOREVER)], [], written
        )
        rules = messaging(consent={("marketing", Channel.APPRISE): "agreed"})

        assert fates(would(AGAIN, person, rules=rules)) == [("messaged", 1), ("refused", 30)]

    def test_its_own_messages_count_for_caps_and_rates(self):
        rules = messaging(caps=(Cap(1, 7 * DAY),), rates={Channel.APPRISE: Rate(1, HOUR)})

        found = would(AGAIN, past((10, 11), (50, 51)), past((10, 20), person_id="p2"), rules=rules)

        assert fates(found) == [("messaged", 10), ("messaged", 11), ("refused", 50)]
        assert found.reasons == {Because.CAPPED: 1}

    def test_what_depends_on_today_is_left_out(self):
        of = replace(CHAT, enabled=False, starts_at=END + DAY, approve_first=9)

        assert fates(would(of, past((10, 20)))) == [("messaged", 10)]

    def test_in_app_messages_too(self):
        of = campaign(channel=Channel.IN_APP, moment=Moment.INSIDE, in_app=InApp())

        assert fates(would(of, past((10, 20)))) == [("messaged", 10)]


class TestJobs:
    """An hourly job and a daily one, instead of acting at once."""

    def jobs(self, *people, of=CHAT, rules=None):
        hourly, daily = would(of, *people, rules=rules).jobs
        assert (hourly.every, daily.every) == (HOUR, DAY)
        return hourly, daily

    def test_how_late_they_look(self):
        hourly, daily = self.jobs(past((10.75, None)))

        assert (hourly.too_late, hourly.missed, hourly.lateness) == (0, 0, HOUR // 4)
        assert (daily.too_late, daily.missed, daily.lateness) == (1, 0, 13 * HOUR + HOUR // 4)

    def test_who_has_moved_on_is_never_seen(self):
        hourly, daily = self.jobs(past((10.75, 10.9)), past((10, 20), person_id="p2"))

        assert (hourly.missed, daily.missed) == (1, 2)
        assert (hourly.too_late, daily.too_late) == (0, 0)

    def test_who_came_back_is_not_seen_leaving(self):
        of = replace(CHAT, when=When(Moment.LEAVING, again=1))

        hourly, daily = self.jobs(past((1, 10.25), (10.5, 30.5), (50, None)), of=of)

        assert (hourly.missed, daily.missed) == (1, 1)
        assert daily.too_late == 1

    def test_a_day_is_one_of_the_project(self):
        _, daily = self.jobs(past((10, None)), rules=messaging(timezone="Asia/Tokyo"))

        assert daily.lateness == 5 * HOUR

    @pytest.mark.parametrize(
        ("day", "hours"), [("2026-03-29", 23), ("2026-03-28", 24), ("2026-10-25", 25)]
    )
    def test_a_day_is_as_long_as_the_clocks_make_it(self, day, hours):
        start = parse_instant(day, "Europe/Berlin")
        person = Past("p", [(start + MINUTE, FOREVER)])
        rules = messaging(timezone="Europe/Berlin")

        found = simulate(CHAT, rules, [person], start - DAY, start + 2 * DAY)

        assert found.jobs[1].lateness == hours * HOUR - MINUTE


hours_of_stay = st.lists(st.integers(1, 700), unique=True, max_size=8).map(sorted)


@given(st.lists(hours_of_stay, max_size=5), st.integers(0, 48), st.none() | st.integers(1, 300))
def test_it_says_what_going_through_it_by_hand_says(people, delay, again):
    """Without rules that connect moments, each person by themselves."""
    of = replace(
        CHAT,
        when=When(Moment.ENTERING, delay * HOUR, again=None if again is None else again * HOUR),
    )
    stays = [list(zip(one[::2], one[1::2], strict=False)) for one in people]

    found = would(of, *(past(*one, person_id=f"p{n}") for n, one in enumerate(stays)))

    expected, repeats = [], 0
    for n, spans in enumerate(stays):
        standing = []
        for entered, _ in spans:
            # What was decided by now and refused does not count any more.
            counts = [at for at, gone in standing if not (gone and at < entered)]
            if counts and (again is None or entered + delay < max(counts) + again):
                repeats += 1
                continue
            due = entered + delay
            inside = any(a <= due < b for a, b in spans)
            fate = "waiting" if due > 720 else "messaged" if inside else "refused"
            standing.append((due, fate == "refused"))
            expected.append((entered, f"p{n}", fate))
    assert [
        (round((one.moment - START) / HOUR), one.person_id, one.fate.value) for one in found.moments
    ] == sorted(expected)
    assert found.repeats == repeats
