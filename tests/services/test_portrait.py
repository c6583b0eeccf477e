"""What a sample of objects says about its keys."""

import json
from typing import Any

import pytest

from segue.services.portrait import MOST_KEYS, Portrait, portrait


def _of(*objects: dict[str, Any]) -> Portrait:
    return portrait(json.dumps(one) for one in objects)


def test_how_often_a_key_is_there() -> None:
    """Null is not there; the most often filled come first."""
    found = _of({"a": 1, "b": None}, {"a": 2, "b": "x"}, {})

    assert found.looked_at == 3
    assert [(one.name, one.filled) for one in found.traces] == [("a", 2), ("b", 1)]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (1, "number"),
        (1.5, "number"),
        (True, "yes or no"),
        ("x", "text"),
        ("2026", "text"),
        ("2026-05-03", "time"),
        ("2026-05-03T10:00:00Z", "time"),
        ("2026-99-99", "text"),
        ([1], "list"),
        ({}, "object"),
    ],
)
def test_a_value_is_of_a_type(value: object, kind: str) -> None:
    """In plain words."""
    assert _of({"a": value}).traces[0].kinds == (kind,)


def test_a_key_may_have_values_of_several_types() -> None:
    """The more frequent type first."""
    assert _of({"a": "x"}, {"a": 1}, {"a": 2}).traces[0].kinds == ("number", "text")


def test_frequent_values_and_the_spread_of_numbers() -> None:
    """As many different ones as there are."""
    (one,) = _of(*({"a": n} for n in (3, 3, 1, 9, 5))).traces

    assert one.values[0] == ("3", 2)
    assert one.different == 4
    assert one.numbers == (1.0, 3.0, 9.0)


def test_what_lies_within_is_named_as_the_language_names_it() -> None:
    """By dots, and in quotes where a key has other characters than names have."""
    found = _of({"cart": {"total": 3, "odd.key": 1}, "two words": 2})

    assert {one.name for one in found.traces} == {"cart.total", 'cart."odd.key"', '"two words"'}


def test_it_stays_small() -> None:
    """However many keys there are, and however long a value is."""
    found = _of({f"k{n}": "x" * 1000 for n in range(MOST_KEYS + 50)})

    assert len(found.traces) == MOST_KEYS
    assert all(len(one.values[0][0]) <= 80 for one in found.traces)


def test_nothing_says_nothing() -> None:
    """Of no object there is no key."""
    assert _of() == Portrait(0, ())
