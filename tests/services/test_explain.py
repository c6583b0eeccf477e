"""Explanations agree with memberships, for every segment that ships."""

import pytest
from ruamel.yaml import YAML

import segue
from segue.demo import definitions, simulate
from segue.services.explain import walk

PEOPLE = 80


@pytest.fixture(scope="module")
def engine():
    with segue.Engine.in_memory(YAML(typ="safe").load(definitions())) as made:
        made.record(simulate(people=PEOPLE, days=60))
        yield made


@pytest.fixture(scope="module")
def members(engine: segue.Engine) -> dict[tuple[str, str], dict]:
    return {(row["segment_id"], row["person_id"]): row for row in engine.evaluate().to_pylist()}


SEGMENTS = list(YAML(typ="safe").load(definitions())["segments"])


@pytest.mark.parametrize("segment_id", SEGMENTS)
def test_an_explanation_says_what_the_membership_is(
    engine: segue.Engine, members: dict[tuple[str, str], dict], segment_id: str
) -> None:
    """In or out, since when, until when; every reference leads to an event of that person."""
    inside = next((person for one, person in members if one == segment_id), None)
    outside = next(person for one, person in members if (segment_id, person) not in members)

    for person in filter(None, (inside, outside)):
        found = engine.explain(person, segment_id)
        row = members.get((segment_id, person))

        assert found.explanation.holds == (row is not None)
        if row is not None:
            leaves = row["leaves_at"] and round(row["leaves_at"].timestamp() * 1000)
            assert found.explanation.since == round(row["entered_at"].timestamp() * 1000)
            assert found.explanation.flips_at == leaves
        for part in walk(found.explanation.condition):
            assert {engine.person_of(found.events[one].distinct_id) for one in part.evidence} <= {
                person
            }


@pytest.mark.parametrize("segment_id", SEGMENTS)
def test_nobody_is_in_anything_before_they_are_seen(
    engine: segue.Engine, members: dict[tuple[str, str], dict], segment_id: str
) -> None:
    """Every form says so, and none fails."""
    _, somebody = next(iter(members))
    found = engine.explain(somebody, segment_id, "2020-01-01").explanation

    assert (found.exists, found.holds, found.since) == (False, False, None)
