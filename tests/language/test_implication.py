"""What follows from the text of a condition alone: never a wrong yes, and the plain cases found."""

import random
from dataclasses import fields, is_dataclass, replace

import numpy as np
import pytest

from segue.language.canonical import all_of, any_of
from segue.language.implication import excludes, implies
from segue.language.parse import parse_condition
from segue.language.tree import Definitions, Segment
from segue.timeline.evaluate import history
from tests.fuzz.compare import plain_log
from tests.fuzz.worlds import random_world

FOLLOWS = [
    ("did a", "everyone"),
    ("did a at least 3 times within 7 days", "did a at least 2 times within 7 days"),
    ("did a at least 3 times within 7 days", "did a within 30 days"),
    ("did a at least 3 times within 7 days", "did a"),
    ("did a on at least 3 days within 7 days", "did a at least 3 times within 7 days"),
    ("did a exactly 3 times within 7 days", "did a at most 4 times within 7 days"),
    ("did a at most 2 times within 30 days", "did a at most 2 times within 7 days"),
    ("did not a within 30 days", "did not a within 7 days"),
    ("did not a", "did not a within 7 days"),
    ("did a between 20 days and 10 days ago", "did a within 30 days"),
    ("did a between 20 days and 10 days ago", "did a between 30 days and 5 days ago"),
    ("did a where x = 1", "did a"),
    ("did a where (x = 1 and y = 2)", "did a where y = 2"),
    ("did a where x = 1", "did a where x in (1, 2)"),
    ("did a", "did any of (a, b)"),
    ("last a more than 30 days ago", "last a more than 7 days ago"),
    ("last a more than 30 days ago", "did not a within 20 days"),
    ("last a more than 30 days ago", "did a"),
    ("first a within 7 days", "first a within 30 days"),
    ("first a within 7 days", "did a within 7 days"),
    ("sum(a.x) >= 500 within 30 days", "sum(a.x) >= 100 within 30 days"),
    ("did a and did b", "did b"),
    ("did a", "did a or did b"),
    ("did a and did b", "did b and did a"),
    ("did a or did a within 7 days", "did a"),
    ("did a within 7 days for at least 2 days", "did a within 7 days for at least 1 day"),
    ("did a within 7 days for at least 2 days", "did a within 7 days"),
    ('trait plan = "pro"', "trait plan is set"),
    ('trait plan = "pro"', 'trait plan in ("pro", "free")'),
    ('last a has x = "y"', "did a"),
    ("in s", "did a within 9 days"),
]
APART = [
    ("did a", "did not a"),
    ("did a at least 3 times within 7 days", "did a at most 2 times within 7 days"),
    ("did a at least 3 times within 7 days", "did a at most 2 times within 30 days"),
    ("did a within 7 days", "did not a within 30 days"),
    ("in s", "did not a"),
]
OPEN = [
    ("did a", "did a within 7 days"),
    ("did a within 7 days", "did b within 7 days"),
    ("did a or did b", "did a"),
    ("did a at least 3 times within 7 days", "did a on at least 3 days within 7 days"),
    ("did a since last b", "did b"),
    ("did not a", "did not a since last b"),
    ("did not a within 7 days", "did not a within 30 days"),
    ("did any", "did a"),
    ("did a where x != 1", "did a where x is set"),
]
KNOWN = {"s": parse_condition("did a at least 2 times within 7 days")}


@pytest.mark.parametrize(("one", "other"), FOLLOWS)
def test_the_second_follows_from_the_first(one: str, other: str) -> None:
    """By counts, windows, filters, ages, and by how conditions are put together."""
    assert implies(parse_condition(one), parse_condition(other), KNOWN)


@pytest.mark.parametrize(("one", "other"), APART)
def test_the_two_never_hold_together(one: str, other: str) -> None:
    """Whichever of them is asked about first."""
    left, right = parse_condition(one), parse_condition(other)

    assert excludes(left, right, KNOWN)
    assert excludes(right, left, KNOWN)


@pytest.mark.parametrize(("one", "other"), [*OPEN, *((b, a) for a, b in FOLLOWS[1:23])])
def test_what_does_not_follow_is_not_claimed(one: str, other: str) -> None:
    """Mostly the same pairs the other way round."""
    assert not implies(parse_condition(one), parse_condition(other))


@pytest.mark.parametrize("seed", range(12))
def test_what_is_claimed_is_true_in_random_logs(seed: int) -> None:
    """Conditions and slight changes of them, evaluated on random events: whoever is in the one is
    in the other, whenever the texts are said to imply it."""
    case = random_world(seed, segments=40, quantiles=False)
    dice = random.Random(seed)
    known = {segment.id: segment.condition for segment in case.definitions.segments}
    pairs = [
        (left, right)
        for condition in known.values()
        for other in _changes(condition, list(known.values()), dice)
        for left, right in ((condition, other), (other, condition))
        if left != right and implies(left, right, known)
    ]

    assert len(pairs) > 20
    for left, right in pairs:
        assert not _outside(case, left, right)


def _changes(condition, others, dice):
    """Neighbours of a condition: one number changed, something added, something left out."""
    other = dice.choice(others)
    yield from (all_of([condition, other]), any_of([condition, other]))
    if hasattr(condition, "terms"):
        yield from condition.terms
    for _ in range(4):
        changed = _changed(condition, dice)
        if changed is not None:
            yield changed


def _changed(node, dice):
    """The node with one of its numbers a little larger or smaller; None where it has none."""
    names = [f.name for f in fields(node) if _has_number(getattr(node, f.name))]
    if not names:
        return None
    name = dice.choice(names)
    value = getattr(node, name)
    if is_dataclass(value):
        return replace(node, **{name: _changed(value, dice)})
    step = dice.choice([-1, 1]) * (1 if value < 100 else dice.choice([1, value // 2]))
    return replace(node, **{name: max(0, value + step)})


def _has_number(value):
    if is_dataclass(value):
        return any(_has_number(getattr(value, f.name)) for f in fields(value))
    return isinstance(value, int) and not isinstance(value, bool)


def _outside(case, left, right):
    """How many spans of the first lie outside the second."""
    segments = (*case.definitions.segments, Segment("$a", "a", all_of([left])))
    both = all_of([left, right])
    segments = (*segments, Segment("$b", "b", both))
    definitions = Definitions(
        segments, case.definitions.timezone, case.definitions.exclude,
        case.definitions.not_activity, case.definitions.page_events,
        case.definitions.campaign_keys,
    )  # fmt: skip
    _, log = plain_log(replace(case, definitions=definitions))
    spans = history(definitions, log, max(case.ats), ["$a", "$b"])
    one, two = spans["$a"], spans["$b"]
    return not (np.array_equal(one.start, two.start) and np.array_equal(one.end, two.end))
