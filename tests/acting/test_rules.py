"""What becomes of one delivery: every rule, what passes it, and in which order they are asked."""

import re
from dataclasses import replace
from fractions import Fraction

import pytest

from segue.domain.acting import Controls, Profile
from segue.domain.campaigns import (
    Acting,
    Because,
    Cap,
    Channel,
    Hours,
    InApp,
    Look,
    Moment,
    Occasion,
    Rate,
    Suppressed,
    Suppression,
)
from segue.domain.instant import DAY, FOREVER, HOUR, MINUTE, parse_instant
from segue.services.acting import screening
from segue.services.acting.pace import Pace
from segue.services.acting.repeating import may_repeat
from segue.services.acting.rules import decide
from segue.services.acting.verdicts import Go, HoldOut, Refuse, Wait
from tests.acting.making import (
    ADA,
    NOW,
    campaign,
    contact,
    decided,
    delivery,
    facts,
    messaging,
    profile,
)

NIGHT = Hours(22 * 60, 8 * 60)
MIDNIGHT = parse_instant("2026-11-03T00:00:00Z")
EVERYBODY = Fraction(1)
CHAT = campaign(channel=Channel.APPRISE)
RECEIPT = campaign(transactional=True)
CARD = campaign(channel=Channel.IN_APP, in_app=InApp())


def with_traits(**traits):
    """Facts about somebody with these traits, and an address."""
    return facts(profiles={ADA: profile(**traits)})


def listed(reason, *, purpose="", address="P1@example.com", channel=Channel.EMAIL):
    """Facts with one entry in the suppression list."""
    return facts(suppressed=[Suppressed(address, channel, purpose, reason, NOW - DAY)])


def refused(verdict, because):
    """Whether it is a refusal for this reason, with words."""
    assert isinstance(verdict, Refuse)
    assert verdict.because is because
    assert verdict.detail
    return True


def test_what_no_rule_stands_against_goes():
    assert decided(campaign()) == Go()
    assert decided(CHAT) == Go()
    assert decided(CARD) == Go()


class TestSwitches:
    @pytest.mark.parametrize(
        ("controls", "because", "words"),
        [
            (Controls(stopped=True), Because.STOPPED, "all campaigns are stopped"),
            (
                Controls(paused={"welcome": "a wrong link"}),
                Because.STOPPED,
                "the campaign is paused: a wrong link",
            ),
            (Controls(paused={"welcome": ""}), Because.STOPPED, "the campaign is paused"),
            (
                Controls(paused={"welcome": "harm: 3 % unsubscribed"}),
                Because.HARM,
                "the campaign is paused: 3 % unsubscribed",
            ),
        ],
    )
    def test_what_is_stopped_is_refused_transactional_or_not(self, controls, because, words):
        for one in (campaign(), RECEIPT):
            assert decided(one, known=facts(controls=controls)) == Refuse(because, words)

    def test_another_campaign_that_is_paused_is_another_campaign(self):
        assert decided(campaign(), known=facts(controls=Controls(paused={"other": "x"}))) == Go()

    def test_one_that_is_switched_off_in_the_definitions(self):
        assert refused(decided(campaign(enabled=False)), Because.STOPPED)

    def test_one_that_is_no_longer_there(self):
        one = delivery(campaign())
        assert refused(decide([one], facts(), Acting((), messaging()), NOW)[0], Because.ENDED)

    @pytest.mark.parametrize(
        ("start", "end", "goes"),
        [
            (NOW, None, True),
            (NOW + 1, None, False),
            (None, NOW + 1, True),
            (None, NOW, False),
        ],
    )
    def test_a_campaign_is_in_force_from_its_start_up_to_its_end(self, start, end, goes):
        verdict = decided(campaign(starts_at=start, ends_at=end))

        assert verdict == Go() if goes else refused(verdict, Because.ENDED)

    def test_somebody_who_was_erased(self):
        assert refused(decided(campaign(), known=facts(profiles={})), Because.ERASED)


class TestTooLate:
    @pytest.mark.parametrize(("late", "goes"), [(0, True), (HOUR, True), (HOUR + 1, False)])
    def test_a_moment_is_acted_upon_within_the_campaigns_maximum_age(self, late, goes):
        verdict = decided(campaign(), due_at=NOW - late, known_at=NOW)

        assert verdict == Go() if goes else refused(verdict, Because.TOO_LATE)

    def test_it_says_how_late(self):
        verdict = decided(campaign(), due_at=NOW - 3 * HOUR - 5000, known_at=NOW)

        assert verdict.detail == (
            "known 3 hours 5 seconds after its moment; the campaign acts within 1 hour"
        )

    def test_the_age_is_counted_from_the_moment_not_from_the_end_of_the_delay(self):
        one = campaign(delay=2 * DAY)

        known_in_time = decided(one, due_at=NOW, known_at=NOW - 2 * DAY + HOUR)
        known_late = decided(one, due_at=NOW, known_at=NOW - 2 * DAY + HOUR + 1)

        assert known_in_time == Go()
        assert refused(known_late, Because.TOO_LATE)

    def test_a_delay_that_was_changed_since_makes_nothing_late(self):
        before = delivery(campaign(), due_at=NOW)
        now = campaign(delay=2 * DAY, fingerprint="another")

        assert decide([before], facts(), Acting((now,), messaging()), NOW) == [Go()]

    @pytest.mark.parametrize(("held", "goes"), [(DAY, True), (DAY + 1, False)])
    def test_nothing_is_held_for_longer_than_allowed(self, held, goes):
        verdict = decided(campaign(), due_at=NOW - held, because=Because.QUIET_HOURS)

        assert verdict == Go() if goes else refused(verdict, Because.TOO_LATE)

    def test_what_held_it_is_named(self):
        verdict = decided(campaign(), due_at=NOW - DAY - HOUR, because=Because.RATE)

        assert verdict.detail == (
            "held for 1 day 1 hour for the rate of its channel; at most 1 day are allowed"
        )

    def test_it_is_held_from_when_it_was_both_due_and_known(self):
        one = campaign(max_age=3 * DAY)

        assert decided(one, due_at=NOW - 2 * DAY, known_at=NOW - HOUR) == Go()

    def test_a_retry_is_not_late_for_when_it_was_known_but_for_how_long_it_is_held(self):
        late = {"due_at": NOW - 3 * HOUR, "known_at": NOW, "attempts": 1}
        assert decided(campaign(), **late) == Go()
        assert refused(decided(campaign(), due_at=NOW - DAY - 1, attempts=1), Because.TOO_LATE)


class TestHoldout:
    def test_who_is_held_out_of_everything(self):
        verdict = decided(campaign(), rules=messaging(holdout=EVERYBODY))

        assert verdict == HoldOut(Because.HOLDOUT, "in the project's holdout, a share of 1")

    def test_who_is_held_out_of_the_campaign(self):
        verdict = decided(campaign(holdout=EVERYBODY))

        assert verdict == HoldOut(
            Because.CAMPAIGN_HOLDOUT, "in the campaign's holdout, a share of 1"
        )

    def test_what_is_transactional_has_no_holdout(self):
        one = campaign(transactional=True, holdout=EVERYBODY)

        assert decided(one, rules=messaging(holdout=EVERYBODY)) == Go()

    def test_it_goes_by_the_id_that_the_person_has_now(self):
        rules = messaging(holdout=Fraction(5, 100))
        known = facts(profiles={ADA: replace(profile(), person_id="8")})  # 8 is in the holdout

        assert isinstance(decided(campaign(), rules=rules, known=known, person_id="1"), HoldOut)

    def test_a_retry_was_not_held_out_and_is_not_now(self):
        assert decided(campaign(holdout=EVERYBODY), attempts=1) == Go()

    def test_who_is_not_among_those_asked(self):
        assert refused(decided(campaign(sampled=Fraction(0))), Because.NOT_SAMPLED)


class TestStillRight:
    @pytest.mark.parametrize("moment", [Moment.ENTERING, Moment.INSIDE, Moment.SCHEDULE])
    def test_who_left_meanwhile_gets_nothing(self, moment):
        verdict = decided(campaign(moment=moment), known=facts(inside=set()))

        assert verdict == Refuse(Because.LEFT_SEGMENT, "is not in newcomers any more")

    def test_who_came_back_is_not_told_that_they_left(self):
        one = campaign(moment=Moment.LEAVING)

        assert decided(one, known=facts(inside=set())) == Go()
        assert decided(one) == Refuse(Because.LEFT_SEGMENT, "is in newcomers again")

    @pytest.mark.parametrize(("reached", "goes"), [(-HOUR, True), (0, True), (1, False)])
    def test_a_goal_reached_since_the_moment_ends_it(self, reached, goes):
        """What happened at the moment or before it does not count: it is why they are there."""
        one = campaign(goal="subscribed", delay=HOUR)
        known = facts(reached={(ADA, "subscribed"): NOW - HOUR + reached})

        verdict = decided(one, known=known)

        assert verdict == Go() if goes else refused(verdict, Because.GOAL_REACHED)

    def test_another_goal_is_another_goal(self):
        known = facts(reached={(ADA, "subscribed"): NOW, (ADA, ""): NOW})
        assert decided(campaign(goal="paid"), known=known) == Go()
        assert decided(campaign(), known=known) == Go()

    @pytest.mark.parametrize("known", [{"inside": set()}, {"reached": {(ADA, "paid"): NOW + 1}}])
    def test_a_retry_and_a_transactional_one_are_looked_at_too(self, known):
        for one, attempts in ((campaign(goal="paid"), 1), (replace(RECEIPT, goal="paid"), 0)):
            assert isinstance(decided(one, known=facts(**known), attempts=attempts), Refuse)


class TestConsent:
    RULES = messaging(consent={("marketing", Channel.EMAIL): "consents.email"})

    @pytest.mark.parametrize(
        ("traits", "goes"),
        [
            ({"consents": {"email": True}}, True),
            ({"consents": {"email": "true"}}, True),
            ({"consents.email": True}, True),
            ({"consents": {"email": False}}, False),
            ({"consents": {"email": "yes"}}, False),
            ({"consents": {"email": 1}}, False),
            ({"consents": {}}, False),
            ({"consents": "email"}, False),
            ({}, False),
        ],
    )
    def test_the_trait_must_be_true(self, traits, goes):
        verdict = decided(campaign(), rules=self.RULES, known=with_traits(**traits))

        assert verdict == Go() if goes else refused(verdict, Because.CONSENT)

    def test_what_is_not_named_needs_none(self):
        assert decided(campaign(purpose="service"), rules=self.RULES) == Go()
        assert decided(CHAT, rules=self.RULES) == Go()

    def test_what_is_transactional_needs_none(self):
        assert decided(RECEIPT, rules=self.RULES) == Go()

    def test_a_retry_needs_it_still(self):
        assert refused(decided(campaign(), rules=self.RULES, attempts=3), Because.CONSENT)


class TestAddress:
    @pytest.mark.parametrize("email", ["", "  ", "nobody", None, 5, ["a@b.c"]])
    def test_no_address_no_mail(self, email):
        assert refused(decided(campaign(), known=with_traits(email=email)), Because.NO_ADDRESS)
        assert decided(CHAT, known=with_traits(email=email)) == Go()

    def test_the_trait_can_be_another_one(self):
        known = facts(profiles={ADA: Profile("p1", ("p1",), {"contact": {"mail": "a@b.c"}})})

        assert decided(campaign(), rules=messaging(email_trait="contact.mail"), known=known) == Go()

    @pytest.mark.parametrize(
        ("reason", "because"),
        [
            (Suppression.UNSUBSCRIBED, Because.UNSUBSCRIBED),
            (Suppression.BOUNCED, Because.SUPPRESSED),
            (Suppression.COMPLAINED, Because.SUPPRESSED),
            (Suppression.BY_HAND, Because.SUPPRESSED),
        ],
    )
    def test_what_is_on_the_list_stops_it(self, reason, because):
        """Whatever the case of the letters; for all purposes, or the campaign's."""
        assert refused(decided(campaign(), known=listed(reason)), because)
        assert refused(decided(campaign(), known=listed(reason, purpose="marketing")), because)
        assert refused(decided(campaign(), known=listed(reason), attempts=1), because)
        assert decided(campaign(), known=listed(reason, purpose="news")) == Go()
        assert decided(campaign(), known=listed(reason, address="p2@example.com")) == Go()
        assert decided(campaign(), known=listed(reason, channel=Channel.APPRISE)) == Go()

    def test_on_other_channels_a_person_is_on_the_list_by_their_id(self):
        known = listed(Suppression.UNSUBSCRIBED, address="p1", channel=Channel.APPRISE)

        assert refused(decided(CHAT, known=known), Because.UNSUBSCRIBED)

    def test_to_unsubscribe_from_a_purpose_does_not_stop_what_is_transactional(self):
        unsubscribed = Suppression.UNSUBSCRIBED

        assert decided(RECEIPT, known=listed(unsubscribed, purpose="marketing")) == Go()
        assert refused(decided(RECEIPT, known=listed(unsubscribed)), Because.UNSUBSCRIBED)
        assert refused(decided(RECEIPT, known=listed(Suppression.BOUNCED)), Because.SUPPRESSED)


class TestApproval:
    ONE = campaign(approve_first=3)

    @pytest.mark.parametrize(
        ("approved", "given", "goes"),
        [
            (None, 0, False),
            (None, 2, False),
            (None, 3, True),
            (False, 0, False),
            (False, 3, False),
            (True, 1, True),
        ],
    )
    def test_the_first_ones_wait_for_somebody(self, approved, given, goes):
        verdict = decided(self.ONE, known=facts(approved={"welcome": given}), approved=approved)

        if goes:
            assert verdict == Go()
        else:
            assert isinstance(verdict, Wait)
            assert (verdict.until, verdict.because) == (FOREVER, Because.APPROVAL)

    def test_who_is_held_out_needs_no_approval(self):
        assert isinstance(decided(replace(self.ONE, holdout=EVERYBODY)), HoldOut)


class TestHours:
    QUIET = messaging(quiet=NIGHT, timezone="Europe/Berlin")

    def test_quiet_hours_hold_in_the_zone_of_the_person(self):
        there = with_traits(timezone="America/New_York")

        assert (
            decided(campaign(), rules=self.QUIET, known=there, now=MIDNIGHT, due_at=MIDNIGHT)
            == Go()
        )
        assert decided(campaign(), rules=self.QUIET, now=MIDNIGHT, due_at=MIDNIGHT) == Wait(
            parse_instant("2026-11-03T07:00:00Z"),
            Because.QUIET_HOURS,
            "quiet hours are 22:00 to 08:00; waits until Tue 3 Nov 2026, 08:00 (Europe/Berlin)",
        )

    @pytest.mark.parametrize("zone", [None, "Nowhere/At_All", 7])
    def test_a_zone_that_is_none_is_the_projects(self, zone):
        verdict = decided(
            campaign(),
            rules=self.QUIET,
            known=with_traits(timezone=zone),
            now=MIDNIGHT,
            due_at=MIDNIGHT,
        )

        assert verdict.until == parse_instant("2026-11-03T07:00:00Z")

    def test_in_app_and_what_is_transactional_are_never_quiet(self):
        for one in (CARD, RECEIPT):
            assert decided(one, rules=self.QUIET, now=MIDNIGHT, due_at=MIDNIGHT) == Go()

    def test_a_campaigns_own_hours_hold_for_everything(self):
        window = Hours(9 * 60, 10 * 60)
        for one in (campaign(window=window), replace(CARD, window=window)):
            assert decided(one) == Wait(
                parse_instant("2026-11-04T09:00:00Z"),
                Because.OUTSIDE_WINDOW,
                "the campaign's hours are 09:00 to 10:00; waits until Wed 4 Nov 2026, 09:00 (UTC)",
            )
        assert isinstance(decided(replace(RECEIPT, window=window)), Wait)

    def test_it_waits_for_when_both_allow_it(self):
        one = campaign(window=Hours(6 * 60, 9 * 60))

        verdict = decided(one, rules=self.QUIET, now=MIDNIGHT, due_at=MIDNIGHT)

        assert verdict.because is Because.QUIET_HOURS
        assert verdict.until == parse_instant("2026-11-03T07:00:00Z")

    def test_what_would_be_held_too_long_is_refused_at_once(self):
        short = replace(self.QUIET, held_at_most=6 * HOUR)
        verdict = decided(campaign(), rules=short, now=MIDNIGHT, due_at=MIDNIGHT)

        assert verdict == Refuse(
            Because.TOO_LATE,
            "quiet hours are 22:00 to 08:00 in Europe/Berlin, and it may not be held for over "
            "6 hours",
        )

    def test_a_retry_waits_too(self):
        verdict = decided(campaign(), rules=self.QUIET, now=MIDNIGHT, due_at=MIDNIGHT, attempts=1)

        assert isinstance(verdict, Wait)


class TestCaps:
    THREE = (Cap(3, 7 * DAY),)

    def capped(self, contacts, *, caps=THREE, one=None, **fields):
        known = facts(contacts={ADA: contacts})
        return decided(one or campaign(), rules=messaging(caps=caps), known=known, **fields)

    def test_a_cap_that_is_full_refuses(self):
        verdict = self.capped([contact(NOW - n * DAY) for n in range(3)])

        assert verdict == Refuse(Because.CAPPED, "had 3 messages in the last 7 days; the cap is 3")

    @pytest.mark.parametrize(
        ("ago", "goes"), [(0, False), (7 * DAY - 1, False), (7 * DAY, True), (7 * DAY + 1, True)]
    )
    def test_a_window_rolls(self, ago, goes):
        """`(now - within, now]`: what is exactly as old as the window is out."""
        had = [contact(NOW), contact(NOW - DAY), contact(NOW - ago)]

        assert (self.capped(had) == Go()) == goes

    @pytest.mark.parametrize(
        ("cap", "words"),
        [
            (Cap(1, DAY, Channel.EMAIL), "had 1 e-mail in the last day; the cap is 1"),
            (
                Cap(1, DAY, None, "offers"),
                "had 1 message tagged offers in the last day; the cap is 1",
            ),
            (Cap(1, DAY, Channel.IN_APP), None),
            (Cap(1, DAY, None, "news"), None),
            (Cap(1, DAY, Channel.EMAIL, "news"), None),
        ],
    )
    def test_a_cap_counts_and_stops_its_channel_and_tag_only(self, cap, words):
        one = campaign(tags=("offers",))
        had = [contact(NOW - HOUR, tags=("offers", "x"))]

        verdict = self.capped(had, caps=(cap,), one=one)

        assert verdict == (Go() if words is None else Refuse(Because.CAPPED, words))

    def test_all_caps_must_pass(self):
        had = [contact(NOW - HOUR), contact(NOW - 8 * DAY), contact(NOW - 9 * DAY)]
        caps = (Cap(2, DAY), Cap(3, 30 * DAY), Cap(9, DAY))

        assert refused(self.capped(had, caps=caps), Because.CAPPED)

    def test_a_campaigns_own_cap_counts_whatever_it_names(self):
        one = campaign(caps=(Cap(1, DAY, Channel.APPRISE),))

        assert self.capped([contact(NOW)], one=one, caps=()) == Go()
        assert refused(
            self.capped([contact(NOW, channel=Channel.APPRISE)], one=one, caps=()),
            Because.CAPPED,
        )

    def test_what_is_transactional_neither_counts_nor_is_counted(self):
        receipts = [contact(NOW, transactional=True)] * 5
        many = [contact(NOW)] * 5

        assert self.capped(receipts) == Go()
        assert self.capped(many, one=RECEIPT) == Go()

    def test_a_retry_has_its_place_already(self):
        assert self.capped([contact(NOW)] * 3, attempts=1) == Go()

    def test_what_stands_in_the_product_is_not_capped_when_it_is_offered(self):
        slot = replace(CARD, in_app=InApp(Look.SLOT))
        inside = replace(CARD, when=replace(CARD.when, moment=Moment.INSIDE))

        assert self.capped([contact(NOW)] * 3, one=slot) == Go()
        assert self.capped([contact(NOW)] * 3, one=inside) == Go()
        assert refused(self.capped([contact(NOW)] * 3, one=CARD), Because.CAPPED)


class TestCompetition:
    def both(self, *campaigns, rules=None, known=None, now=NOW, people=None):
        """The verdicts on one delivery of each campaign, all to one person."""
        deliveries = [
            delivery(one, delivery_id=f"d{n}", person=(people or [ADA] * 9)[n])
            for n, one in enumerate(campaigns)
        ]
        return decide(deliveries, known or facts(), Acting(campaigns, rules or messaging()), now)

    def test_without_a_cap_messages_do_not_compete(self):
        assert self.both(campaign("low"), campaign("high", priority=9)) == [Go(), Go()]
        assert self.both(campaign("low"), replace(CHAT, id="high")) == [Go(), Go()]

    def test_the_higher_priority_has_the_last_room_under_a_cap(self):
        verdicts = self.both(
            campaign("low"),
            campaign("high", priority=9),
            rules=messaging(caps=(Cap(1, DAY),)),
        )

        assert verdicts == [
            Refuse(Because.ANOTHER_FIRST, "High went first: the cap is 1 message in 1 day"),
            Go(),
        ]

    def test_then_what_was_due_first_then_the_id(self):
        one, other = campaign("one"), campaign("other")
        rules = messaging(caps=(Cap(1, DAY),))
        late, early = (
            delivery(one, delivery_id="a"),
            delivery(other, delivery_id="b", due_at=NOW - 1),
        )
        tie = replace(late, id="c", campaign_id="other")

        assert self.winners([late, early], one, other, rules=rules) == ["b"]
        assert self.winners([tie, late], one, other, rules=rules) == ["a"]

    def winners(self, deliveries, *campaigns, rules):
        verdicts = decide(deliveries, facts(), Acting(campaigns, rules), NOW)
        return [d.id for d, verdict in zip(deliveries, verdicts, strict=True) if verdict == Go()]

    def test_a_cap_that_was_full_before_is_a_cap_for_all(self):
        verdicts = self.both(
            campaign("low"),
            campaign("high", priority=9),
            rules=messaging(caps=(Cap(1, DAY),)),
            known=facts(contacts={ADA: [contact(NOW - HOUR)]}),
        )

        assert all(refused(one, Because.CAPPED) for one in verdicts)

    def test_what_does_not_go_takes_no_room(self):
        """Nor does a higher priority that is held out, waits for the morning, or has left."""
        rules = messaging(caps=(Cap(1, DAY),))
        low = campaign("low")
        for high in (
            campaign("high", priority=9, holdout=EVERYBODY),
            campaign("high", priority=9, segment_id="elsewhere"),
            campaign("high", priority=9, window=Hours(0, 60)),
        ):
            assert self.both(low, high, rules=rules)[0] == Go()

    def test_what_is_transactional_takes_no_room(self):
        rules = messaging(caps=(Cap(1, DAY),))

        assert self.both(campaign("low"), replace(RECEIPT, id="high", priority=9), rules=rules) == [
            Go(),
            Go(),
        ]

    def test_different_people_do_not_compete(self):
        verdicts = self.both(
            campaign("low"),
            campaign("high"),
            rules=messaging(caps=(Cap(1, DAY),)),
            known=facts((1, 2)),
            people=[1, 2],
        )

        assert verdicts == [Go(), Go()]

    def test_two_codes_of_one_person_are_one_person(self):
        known = facts((1, 2), profiles={1: profile(1), 2: profile(1)})

        verdicts = self.both(
            campaign("low"),
            campaign("high", priority=1),
            rules=messaging(caps=(Cap(1, DAY),)),
            known=known,
            people=[1, 2],
        )

        assert [type(one) for one in verdicts] == [Refuse, Go]

    def test_one_in_app_message_at_a_time(self):
        low, high = replace(CARD, id="low"), replace(CARD, id="high", title="Hi", priority=2)

        assert self.both(low, high) == [
            Refuse(Because.ANOTHER_FIRST, "Hi went first: one in-app message at a time"),
            Go(),
        ]

    def test_what_stands_in_the_product_does_not_compete(self):
        slot = replace(CARD, id="slot", in_app=InApp(Look.SLOT, slot="prices"))
        inside = replace(CARD, id="inside", when=replace(CARD.when, moment=Moment.INSIDE))

        assert self.both(CARD, slot, inside, campaign("mail")) == [Go()] * 4

    def test_a_winner_that_waits_for_its_channel_keeps_its_room(self):
        pace = Pace({Channel.APPRISE: Rate(1, MINUTE)})
        pace.take(Channel.APPRISE, NOW - 1000)
        high = replace(CHAT, id="high", title="High", priority=9)

        low_verdict, high_verdict = self.both(
            campaign("low"),
            high,
            rules=messaging(caps=(Cap(1, DAY),)),
            known=facts(pace=pace),
        )

        assert (high_verdict.until, high_verdict.because) == (NOW + 59_000, Because.RATE)
        assert low_verdict == Wait(
            NOW + 59_000,
            Because.ANOTHER_FIRST,
            "after High, which waits for its channel: the cap is 1 message in 1 day",
        )

    def test_a_loser_that_may_not_wait_so_long_is_refused(self):
        pace = Pace({Channel.APPRISE: Rate(1, 2 * HOUR)})
        pace.take(Channel.APPRISE, NOW)
        high = campaign("high", channel=Channel.APPRISE, title="High", priority=9)
        rules = messaging(caps=(Cap(1, DAY),), held_at_most=3 * HOUR)
        late = delivery(campaign("low"), delivery_id="low", due_at=NOW - 2 * HOUR)
        both = [late, delivery(high, delivery_id="high")]

        verdicts = decide(both, facts(pace=pace), Acting((campaign("low"), high), rules), NOW)

        assert isinstance(verdicts[1], Wait)
        assert verdicts[0] == Refuse(
            Because.ANOTHER_FIRST,
            "after High, which waits for its channel: the cap is 1 message in 1 day; it may not be "
            "held for over 3 hours",
        )


class TestRates:
    ONE = campaign()

    def test_a_channel_goes_as_fast_as_its_rate_and_the_rest_waits_its_turn(self):
        rates = {Channel.EMAIL: Rate(2, MINUTE)}
        deliveries = [delivery(self.ONE, person=n, delivery_id=f"d{n}") for n in range(5)]

        verdicts = decide(
            deliveries, facts(range(5), rates=rates), Acting((self.ONE,), messaging()), NOW
        )

        assert verdicts[:2] == [Go(), Go()]
        assert [one.until - NOW for one in verdicts[2:]] == [MINUTE, MINUTE, 2 * MINUTE]
        assert {one.because for one in verdicts[2:]} == {Because.RATE}

    def test_what_would_wait_too_long_is_refused(self):
        rates = {Channel.EMAIL: Rate(1, DAY)}
        deliveries = [delivery(self.ONE, person=n, delivery_id=f"d{n}") for n in range(3)]

        verdicts = decide(
            deliveries, facts(range(3), rates=rates), Acting((self.ONE,), messaging()), NOW
        )

        assert [type(one) for one in verdicts] == [Go, Wait, Refuse]
        assert refused(verdicts[2], Because.TOO_LATE)

    def test_deciding_takes_nothing_the_loop_does(self):
        pace = Pace({Channel.EMAIL: Rate(1, MINUTE)})
        known = facts(pace=pace)

        assert decided(self.ONE, known=known) == decided(self.ONE, known=known) == Go()

        pace.take(Channel.EMAIL, NOW)
        assert decided(self.ONE, known=known).until == NOW + MINUTE
        assert decided(self.ONE, known=known, now=NOW + MINUTE) == Go()

    def test_everything_that_is_sent_counts_transactional_and_retried_too(self):
        pace = Pace({Channel.EMAIL: Rate(1, MINUTE)})
        pace.take(Channel.EMAIL, NOW)

        for one, attempts in ((RECEIPT, 0), (self.ONE, 1)):
            assert isinstance(decided(one, known=facts(pace=pace), attempts=attempts), Wait)


class TestOrder:
    """Of several rules that stand against it, the first one speaks."""

    ALL = campaign(
        sampled=Fraction(0), holdout=EVERYBODY, goal="paid", approve_first=1, window=Hours(0, 1)
    )
    RULES = messaging(
        holdout=EVERYBODY,
        consent={("marketing", Channel.EMAIL): "never"},
        caps=(Cap(1, DAY),),
    )

    ASKED = (
        Because.STOPPED,
        Because.TOO_LATE,
        Because.NOT_SAMPLED,
        Because.HOLDOUT,
        Because.CAMPAIGN_HOLDOUT,
        Because.LEFT_SEGMENT,
        Because.GOAL_REACHED,
        Because.CONSENT,
        Because.NO_ADDRESS,
        Because.SUPPRESSED,
        Because.APPROVAL,
        Because.OUTSIDE_WINDOW,
        Because.CAPPED,
        Because.RATE,
    )

    def test_they_are_asked_in_the_documented_order(self):
        one, rules = self.ALL, self.RULES
        known = facts(
            controls=Controls(stopped=True),
            inside=set(),
            reached={(ADA, "paid"): NOW + 1},
            suppressed=listed(Suppression.BOUNCED).suppressed,
            contacts={ADA: [contact(NOW)]},
            profiles={ADA: Profile("p1", ("p1",), {})},
            rates={Channel.EMAIL: Rate(1, DAY)},
        )
        known.pace.take(Channel.EMAIL, NOW)
        seen = []
        mend = [
            lambda: (one, rules, replace(known, controls=Controls())),
            lambda: (replace(one, max_age=DAY), rules, known),
            lambda: (replace(one, sampled=EVERYBODY), rules, known),
            lambda: (one, replace(rules, holdout=Fraction(0)), known),
            lambda: (replace(one, holdout=Fraction(0)), rules, known),
            lambda: (one, rules, replace(known, inside={(ADA, "newcomers")})),
            lambda: (one, rules, replace(known, reached={})),
            lambda: (one, replace(rules, consent={}), known),
            lambda: (one, rules, replace(known, profiles={ADA: profile()})),
            lambda: (one, rules, replace(known, suppressed=())),
            lambda: (replace(one, approve_first=0), rules, known),
            lambda: (replace(one, window=None), rules, known),
            lambda: (one, rules, replace(known, contacts={})),
            lambda: (one, rules, replace(known, pace=Pace({}))),
        ]
        for change in mend:
            verdict = decided(one, rules=rules, known=known, due_at=NOW - 2 * HOUR, known_at=NOW)
            seen.append(verdict.because)
            one, rules, known = change()

        assert seen == list(self.ASKED)
        assert decided(one, rules=rules, known=known) == Go()

    def test_the_documentation_has_every_reason_in_that_order(self, repository):
        """Those of its table, and the two that come up when a message is written and carried."""
        text = (repository / "docs" / "campaigns.md").read_text()
        rows = [line.split("|")[4] for line in text.splitlines() if re.match(r"\| \d+ \|", line)]
        codes = [code for row in rows for code in re.findall(r"`(\w+)`", row)]

        assert len(codes) == len(set(codes))
        assert {*codes, "template", "channel"} == {one.value for one in Because}
        assert [code for code in codes if code in self.ASKED] == list(self.ASKED)

    def test_every_rule_of_one_delivery_is_in_the_list(self):
        """A rule that nobody asks is none."""
        names = {name for name, value in vars(screening).items() if name.startswith("_")}

        assert {rule.__name__ for rule in screening.RULES} <= names
        assert len(screening.RULES) == 9


@pytest.mark.parametrize(
    ("again", "last", "may"),
    [
        (None, None, True),
        (None, NOW - 900 * DAY, False),
        (DAY, NOW - DAY, True),
        (DAY, NOW - DAY + 1, False),
    ],
)
def test_a_campaign_speaks_again_after_a_while_or_never(again, last, may):
    one = campaign()
    one = replace(one, when=replace(one.when, again=again))

    assert may_repeat(one, last, NOW) == may


def test_occasions_are_alike():
    """A launch and a schedule are decided like a transition."""
    for occasion in Occasion:
        assert decided(campaign(), occasion=occasion) == Go()
