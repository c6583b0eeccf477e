"""Groups where there are some, none where there are none; and rules that explain them."""

from decimal import Decimal

import numpy as np
import pytest

from segue.insight.features import Asked, Deed, Feature, frequency
from segue.insight.patterns import Effort, group
from segue.insight.rules import Match, explain
from segue.language.text import to_text
from segue.language.tree import EventPattern, Name
from segue.timeline.log import Occurrences

QUICK = Effort(resamples=8, worlds=8, most=4)


def _blobs(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    centres = np.array([[0, 0, 0, 0], [4, 4, 0, 0], [0, 4, 4, -4]], float)
    label = np.repeat([0, 1, 2], [200, 150, 100])
    return centres[label] + random.normal(size=(450, 4)), label


def test_groups_that_are_there_are_found() -> None:
    """As many as there are, the largest first, and how far it is meanwhile."""
    heard: list[tuple[int, int]] = []
    points, label = _blobs(np.random.default_rng(1))

    found = group(
        points,
        np.random.default_rng(2),
        effort=QUICK,
        tell=lambda done, of: heard.append((done, of)),
    )

    assert found.number == 3
    assert np.mean(found.label == label) > 0.97
    assert found.found is not None
    assert found.found.jaccard[0] > 0.9
    assert heard == [(done, 3) for done in range(4)]


def _one_cloud(random: np.random.Generator) -> np.ndarray:
    return random.normal(size=(400, 5))


def _one_factor(random: np.random.Generator) -> np.ndarray:
    return random.normal(size=(400, 1)) + 0.5 * random.normal(size=(400, 5))


def _mixes(random: np.random.Generator) -> np.ndarray:
    parts = random.dirichlet([4, 8, 10, 8, 4], 400)
    counts = [random.multinomial(40, one) for one in parts]
    return np.sqrt(np.array(counts) / 40)


def _one_threshold(random: np.random.Generator) -> np.ndarray:
    points = random.normal(size=(400, 5))
    points[:, 0] = (points[:, 0] > 0) * 2.0
    return points


def _one_scale(random: np.random.Generator) -> np.ndarray:
    much = random.uniform(-1.7, 1.7, size=(400, 1))
    return much + 0.1 * random.normal(size=(400, 5))


@pytest.mark.parametrize("made", [_one_cloud, _one_factor, _mixes, _one_threshold, _one_scale])
def test_people_without_groups_have_none(made) -> None:  # type: ignore[no-untyped-def]
    """One cloud, activity alone, one kind of mix, one feature that only cuts, one scale on which
    people are spread evenly: in at most one of six worlds anything is found."""
    found = [
        group(made(np.random.default_rng(seed)), np.random.default_rng(seed), effort=QUICK).number
        for seed in range(6)
    ]

    assert np.count_nonzero(found) <= 1


def test_the_same_seed_gives_the_same_groups() -> None:
    """Whatever else is drawn."""
    points, _ = _blobs(np.random.default_rng(1))

    one, other = (group(points, np.random.default_rng(3), effort=QUICK) for _ in range(2))

    assert one.tried == other.tried
    assert (one.label == other.label).all()


def test_too_few_people_have_no_groups() -> None:
    """Nothing is tried."""
    points, _ = _blobs(np.random.default_rng(1))

    assert group(points[:99], np.random.default_rng(1)).tried == ()


def _feature(name: str, counts: np.ndarray) -> Feature:
    offsets = np.concatenate(([0], np.cumsum(counts)))
    rows = Occurrences(offsets, np.full(offsets[-1], 50))
    people = len(counts)
    asked = Asked(np.arange(people), np.full(people, 100), 99)
    return frequency(asked, Deed(name, EventPattern((Name(name),)), rows))


def test_a_group_gets_the_rule_that_makes_it() -> None:
    """Questions that add nothing are left out; its match is counted."""
    random = np.random.default_rng(4)
    looks, buys = random.integers(0, 30, 300), random.integers(0, 5, 300)
    features = [_feature("look", looks), _feature("buy", buys)]
    inside = (looks >= 10) & (buys < 2)

    rule = explain(features, inside)

    assert to_text(rule.condition) == (
        "did buy at most 1 time within 99 ms and did look at least 10 times within 99 ms"
    )
    assert rule.match == Match(int(inside.sum()), int(inside.sum()), int(inside.sum()))
    assert (rule.holds == inside).all()
    assert rule.match.precision == rule.match.recall == rule.match.jaccard == 1


def test_a_match_of_nobody_has_no_precision() -> None:
    """Nothing is divided by nothing."""
    nobody = Match.measured(np.zeros(3, np.bool_), np.zeros(3, np.bool_))

    assert (nobody.precision, nobody.recall, nobody.jaccard) == (None, None, 0.0)


def test_parts_are_compared_exactly() -> None:
    """A third of three is no 33.4 per cent, and 33.3 of them."""
    third = Feature(
        "x",
        "",
        "",
        _feature("x", np.ones(1, np.int64)).family,
        np.array([100]),
        _feature("x", np.ones(1, np.int64)).writing,
        np.array([3]),
    )

    assert third.at_least(Decimal("33.3")).tolist() == [True]
    assert third.at_least(Decimal("33.4")).tolist() == [False]


def test_people_who_are_alike_in_two_ways_are_two_groups() -> None:
    """More groups than ways are none, and no warning."""
    points = np.repeat([[0.0, 1.0], [1.0, 0.0]], 60, axis=0)

    assert group(points, np.random.default_rng(1), effort=QUICK).number == 2
