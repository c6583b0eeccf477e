"""One threshold of a condition at a time, somewhat smaller and somewhat larger."""

import pytest
from hypothesis import given

from segue.domain.errors import DefinitionError
from segue.language.parse import parse_condition
from segue.language.text import to_text
from segue.language.tree import Condition
from segue.language.variations import variations
from tests.language.strategies import conditions

CASES = {
    "did buy at least 3 times within 7 days": [
        "did buy at least 2 times within 7 days",
        "did buy at least 4 times within 7 days",
        "did buy at least 3 times within 5 days",
        "did buy at least 3 times within 10 days",
    ],
    "did buy": [],
    "did not buy within 1 day": [
        "did not buy within 12 hours",
        "did not buy within 2 days",
    ],
    "did buy within 1 second": ["did buy within 2 seconds"],
    "did buy on at least 2 days": ["did buy on at least 1 day", "did buy on at least 3 days"],
    "inactive for 30 days": ["inactive for 20 days", "inactive for 40 days"],
    "last buy more than 90 days ago": [
        "last buy more than 65 days ago",
        "last buy more than 125 days ago",
    ],
    "did at least 2 of (a, b) within 14 days": [
        "did at least 1 of (a, b) within 14 days",
        "did at least 2 of (a, b) within 10 days",
        "did at least 2 of (a, b) within 20 days",
    ],
    "did a in at least 2 of the last 3 weeks": [
        "did a in at least 1 of the last 3 weeks",
        "did a in at least 3 of the last 3 weeks",
        "did a in at least 2 of the last 2 weeks",
        "did a in at least 2 of the last 4 weeks",
    ],
    "sum(buy.amount) >= 500 within 90 days": [
        "sum(buy.amount) >= 350 within 90 days",
        "sum(buy.amount) >= 700 within 90 days",
        "sum(buy.amount) >= 500 within 65 days",
        "sum(buy.amount) >= 500 within 125 days",
    ],
    "avg(buy.amount) > 0.5": ["avg(buy.amount) > 0.35", "avg(buy.amount) > 0.7"],
    "avg(buy.amount) > 0": [],
    "count(any) within 7 days < 50% of count(any) between 14 days and 7 days ago": [
        "count(any) within 5 days < 50% of count(any) between 14 days and 7 days ago",
        "count(any) within 10 days < 50% of count(any) between 14 days and 7 days ago",
        "count(any) within 7 days < 50% of count(any) between 10 days and 7 days ago",
        "count(any) within 7 days < 50% of count(any) between 20 days and 7 days ago",
        "count(any) within 7 days < 50% of count(any) between 14 days and 5 days ago",
        "count(any) within 7 days < 50% of count(any) between 14 days and 10 days ago",
        "count(any) within 7 days < 35% of count(any) between 14 days and 7 days ago",
        "count(any) within 7 days < 70% of count(any) between 14 days and 7 days ago",
    ],
    "top 10% by sum(buy.amount)": ["top 7% by sum(buy.amount)", "top 14% by sum(buy.amount)"],
    "top 80% by sum(buy.amount)": ["top 55% by sum(buy.amount)"],
    "did buy where amount > 100": ["did buy where amount > 70", "did buy where amount > 140"],
    "did buy where amount = 100": [],
    "trait plan_ends within next 3 days": [
        "trait plan_ends within next 2 days",
        "trait plan_ends within next 4 days",
    ],
    "(did a for at least 2 hours or in lookers)": [
        "did a for at least 1 hour or in lookers",
        "did a for at least 3 hours or in lookers",
    ],
    "did (a then b within 10 minutes, all within 2 hours)": [
        "did (a then b within 7 minutes, all within 2 hours)",
        "did (a then b within 14 minutes, all within 2 hours)",
        "did (a then b within 10 minutes, all within 1 hour)",
        "did (a then b within 10 minutes, all within 3 hours)",
    ],
    "did buy since 2026-05-01": [],
}


@pytest.mark.parametrize("text", CASES)
def test_each_number_and_duration_is_changed_alone(text: str) -> None:
    """In the order of the text, smaller before larger; nothing else is a threshold."""
    found = {to_text(one.condition) for one in variations(parse_condition(text))}

    assert found == {to_text(parse_condition(other)) for other in CASES[text]}


def test_a_variation_says_what_changed_and_where() -> None:
    """The value before and after, and the smallest condition around it."""
    found = variations(parse_condition("did look and did buy at least 3 times within 7 days"))

    assert [(one.old, one.new) for one in found] == [
        ("3 times", "2 times"),
        ("3 times", "4 times"),
        ("7 days", "5 days"),
        ("7 days", "10 days"),
    ]
    assert found[0].before == "did buy at least 3 times within 7 days"
    assert found[0].after == "did buy at least 2 times within 7 days"


@given(conditions())
def test_every_variation_is_a_condition_of_the_language(condition: Condition) -> None:
    """It differs from the original, prints, and reads back as itself."""
    for one in variations(condition):
        assert one.condition != condition
        try:
            read = parse_condition(to_text(one.condition))
        except DefinitionError as error:  # pragma: no cover - the text explains the failure
            pytest.fail(f"{to_text(one.condition)}: {error}")
        assert read == one.condition
