"""Random projects over two changes of the clocks: no rule is ever broken.

`python -m tests.acting.run` does the same with a million deliveries. That the checker would find a
broken rule is shown by breaking each one.
"""

from dataclasses import replace

import pytest

from segue.domain.campaigns import Because, State
from segue.services.acting import competing, screening
from segue.services.acting.hours import next_allowed
from segue.services.acting.pace import Pace
from segue.services.acting.rules import decide
from segue.services.acting.verdicts import Go
from tests.acting.checker import check
from tests.acting.drive import Drive
from tests.acting.run import Tally, one_world
from tests.acting.world import random_world

WORLDS = (7, 10, 17, 20, 23)
SENDS = 4_000


def test_no_rule_is_broken_and_every_rule_comes_up():
    """Twenty thousand deliveries; a run that never met a rule would prove nothing about it."""
    whole = Tally()
    for seed in WORLDS:
        whole.add(one_world(seed, SENDS))

    assert whole.broken == []
    assert whole.deliveries == sum(whole.endings.values()) == len(WORLDS) * SENDS
    holding = {Because.QUIET_HOURS, Because.OUTSIDE_WINDOW, Because.RATE, Because.APPROVAL}
    elsewhere = {Because.TEMPLATE, Because.HARM}
    ending = {one.value for one in set(Because) - holding - elsewhere}
    assert {because for _, because in whole.endings} >= ending
    assert set(whole.held) == {one.value for one in holding | {Because.ANOTHER_FIRST}}


def broken(seeds=WORLDS):
    """What the checker says of some worlds, in words."""
    found = []
    for seed in seeds:
        world = random_world(seed, SENDS // 2)
        drive = Drive(world)
        rows = drive.run()
        found += check(world, rows, drive.approved).broken
        if found:
            break
    return found


@pytest.mark.parametrize("rule", screening.RULES, ids=lambda rule: rule.__name__.strip("_"))
def test_it_would_be_noticed_if_a_rule_were_not_asked(rule, monkeypatch):
    others = tuple(one for one in screening.RULES if one is not rule)
    monkeypatch.setattr(screening, "RULES", others)

    assert broken()


@pytest.mark.parametrize("number", range(len(screening.RULES) - 1))
def test_it_would_be_noticed_if_rules_were_asked_in_another_order(number, monkeypatch):
    rules = list(screening.RULES)
    rules[number], rules[number + 1] = rules[number + 1], rules[number]
    monkeypatch.setattr(screening, "RULES", tuple(rules))

    assert broken(range(1, 20))


@pytest.mark.parametrize(
    ("what", "instead"),
    [
        ("_capped", lambda case, contacts: None),
        ("_beaten", lambda case, person: None),
        ("_in_its_place", lambda case, winners: []),
        ("stands", lambda campaign: False),
    ],
)
def test_it_would_be_noticed_if_deliveries_did_not_compete(what, instead, monkeypatch):
    monkeypatch.setattr(competing, what, instead)

    assert broken(range(1, 20))


def test_it_would_be_noticed_if_a_channel_went_too_fast(monkeypatch):
    monkeypatch.setattr(Pace, "free_at", lambda pace, channel, now: now)

    assert broken()


def test_it_would_be_noticed_if_something_were_held_for_longer_than_it_had_to(monkeypatch):
    def late(start, until, zone, *, quiet, window):
        found = next_allowed(start, until, zone, quiet=quiet, window=window)
        return found if found in (None, start) else found + 1

    monkeypatch.setattr(screening, "next_allowed", late)

    assert broken()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda rows: rows.pop(),
        lambda rows: rows.append(rows[0]),
        lambda rows: _change(rows, State.REFUSED, detail=""),
        lambda rows: _change(rows, State.REFUSED, because=Because.CONSENT),
        lambda rows: _change(rows, State.HELD_OUT, state=State.REFUSED),
        lambda rows: _change(rows, State.DELIVERED, handed_at=1),
        lambda rows: _change(rows, State.DELIVERED, attempts=9),
    ],
)
def test_it_would_be_noticed_if_a_row_were_wrong(spoil):
    world = random_world(1, SENDS // 2)
    drive = Drive(world)
    rows = drive.run()
    spoil(rows)

    assert check(world, rows, drive.approved).broken


def _change(rows, of, /, **fields):
    """Change the first row in a state that does not say that already."""
    row = next(
        one
        for one in rows
        if one.delivery.state is of and one.delivery.because is not fields.get("because", 0)
    )
    row.delivery = replace(row.delivery, **fields)


@pytest.mark.parametrize("seed", WORLDS)
def test_the_order_in_which_deliveries_are_given_does_not_matter(seed):
    """Bursts of a world, decided forwards and backwards."""
    world = random_world(seed, SENDS)
    drive = Drive(world)
    competed = 0
    for start in range(0, SENDS, 40):
        burst = world.deliveries[start : start + 40]
        now = max(one.not_before for one in burst[:8])
        known = drive._facts(burst, now)
        forwards = decide(burst, known, world.acting, now)
        backwards = decide(burst[::-1], known, world.acting, now)

        assert forwards == backwards[::-1]
        competed += any(isinstance(one, Go) for one in forwards)
    assert competed
