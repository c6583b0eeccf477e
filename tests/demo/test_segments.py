"""The demo's definitions: every template, filled for the demo's events, and nobody left out."""

from collections import Counter

import pytest
from ruamel.yaml import YAML

import segue
from segue.demo import DAYS, PEOPLE, START, definitions, simulate
from segue.domain.instant import DAY, format_instant
from segue.language.project import project_from
from segue.language.templates import standard_actions, starter

TEXT = definitions()

SHARES = {
    "engaged_not_converted": (0.03, 0.12),
    "demo_no_trial": (0.02, 0.10),
    "high_intent": (0.02, 0.10),
    "pricing_visitors": (0.08, 0.25),
    "demo_requesters": (0.01, 0.08),
    "cart_abandoners": (0.005, 0.05),
    "browses_long_before_buying": (0.02, 0.10),
    "decides_quickly": (0.01, 0.06),
    "new_users": (0.01, 0.08),
    "onboarding_not_completed": (0.01, 0.06),
    "trial_not_activated": (0.005, 0.04),
    "completed_trial": (0.01, 0.08),
    "dormant": (0.01, 0.10),
    "advocates": (0.01, 0.08),
    "first_time_buyers": (0.03, 0.15),
    "repeat_buyers": (0.01, 0.10),
    "high_value_buyers": (0.005, 0.02),
    "blog_readers": (0.04, 0.15),
    "video_watchers": (0.05, 0.20),
    "email_engagers": (0.06, 0.25),
    "email_ignorers": (0.05, 0.20),
    "engagement.not_active": (0.50, 0.80),
    "engagement.moderate": (0.15, 0.40),
    "engagement.high": (0.02, 0.10),
    "learners.inactive": (0.20, 0.60),
    "learners.moderate": (0.08, 0.25),
    "learners.active": (0.004, 0.05),
    "usage.dormant": (0.01, 0.08),
    "usage.casual": (0.05, 0.20),
    "usage.power": (0.01, 0.08),
    "journey.awareness": (0.08, 0.25),
    "journey.consideration": (0.45, 0.75),
    "journey.intent": (0.08, 0.25),
    "journey.conversion": (0.005, 0.05),
    "journey.retention": (0.02, 0.10),
}
"""Between which shares of all people each segment of the default world may lie."""


def _shipped() -> dict:
    return YAML(typ="safe", pure=True).load(TEXT)


@pytest.fixture(scope="module")
def sizes() -> Counter[str]:
    """How many people are in each segment at the end of the default world."""
    at = format_instant(START + DAYS * DAY)
    memberships = segue.evaluate(simulate(), _shipped(), at=at)
    return Counter(memberships["segment_id"].to_pylist())


@pytest.mark.parametrize("segment", SHARES)
def test_every_segment_has_a_sensible_size(sizes: Counter[str], segment: str) -> None:
    """Not empty, not everybody: there is something to look at behind each of them."""
    least, most = SHARES[segment]

    assert least <= sizes[segment] / PEOPLE <= most


def test_nothing_is_left_unchecked(sizes: Counter[str]) -> None:
    """The table above names all segments of the demo."""
    assert sizes.keys() == SHARES.keys()


def test_everybody_is_on_one_stage_of_the_journey(sizes: Counter[str]) -> None:
    """The stages and the engagement levels add up to the same people."""
    journey = sum(size for segment, size in sizes.items() if segment.startswith("journey."))
    engagement = sum(size for segment, size in sizes.items() if segment.startswith("engagement."))

    assert journey == engagement
    assert 0.95 * PEOPLE < journey < PEOPLE


def test_the_goals_of_the_templates_are_there() -> None:
    """Beside them the demo has those of its campaigns."""
    goals, shipped = starter(standard_actions())["goals"], _shipped()
    acted = {one["goal"] for one in shipped["campaigns"].values()}

    assert goals.items() <= shipped["goals"].items()
    assert shipped["goals"].keys() == goals.keys() | acted


@pytest.mark.parametrize("section", ["journey", "ladders", "segments"])
def test_the_definitions_are_the_templates(section: str) -> None:
    """The demo shows what the templates write, with their defaults."""
    assert _shipped()[section] == starter(standard_actions())[section]


def test_the_actions_are_the_standard_ones() -> None:
    """What is bound is standard; what is not bound is an event of that very name."""
    project = project_from(TEXT)
    events = set(simulate(people=400)["event"].to_pylist())

    assert project.actions.keys() <= standard_actions().keys()
    assert standard_actions().keys() - project.actions.keys() <= events
