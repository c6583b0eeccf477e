"""Equal meanings that can be written in several ways are one tree."""

import pytest

from segue.language.parse import parse_condition
from segue.language.text import to_text

EQUAL = [
    # combining
    ("did a and (did b and did c)", "did a and did b and did c"),
    ("(did a or did b) or did c", "did a or did b or did c"),
    ("((did a))", "did a"),
    ("not not in a", "in a"),
    ("not did a", "did not a"),
    ("not did a at least 3 times within 7 days", "did a at most 2 times within 7 days"),
    ("not did a exactly 2 times", "did not a exactly 2 times"),
    ("not did at least 2 of (a, b)", "did at most 1 of (a, b)"),
    ("not trait plan = \"pro\"", "trait plan != \"pro\""),
    ("not trait plan is set", "trait plan is not set"),
    ("not trait age != 3", "trait age = 3"),
    ("not entered a", "entered a at most 0 times"),
    # counting
    ("did a at least 1 times", "did a"),
    ("did a at least 1 time", "did a"),
    ("did a more than 2 times", "did a at least 3 times"),
    ("did a fewer than 3 times", "did a at most 2 times"),
    ("did a exactly 0 times", "did not a"),
    ("did a at most 0 times", "did not a"),
    ("did a fewer than 1 time", "did not a"),
    ("did not a exactly 0 times", "did a"),
    ("did not a at least 3 times since last b", "did a at most 2 times since last b"),
    ("did a on at least 1 day", "did a"),
    ("did a on exactly 0 days", "did not a"),
    ("count(a) >= 3", "did a at least 3 times"),
    ("count(a) > 2 within 7 days", "did a at least 3 times within 7 days"),
    ("count(a) = 0", "did not a"),
    ("count(a) != 2", "did not a exactly 2 times"),
    ("count((a then b)) < 3", "did (a then b) at most 2 times"),
    ("active on at least 3 days within 14 days", "did any on at least 3 days within 14 days"),
    # ages
    ("inactive for 7 days", "last any more than 7 days ago"),
    ("last a within 7 days", "did a within 7 days"),
    ("time since last a < 7 days", "did a within 7 days"),
    ("time since first a < 7 days", "first a within 7 days"),
    ("time since first a >= 7 days", "first a more than 7 days ago"),
    ("time since last a >= 7 days", "last a more than 7 days ago"),
    # durations, numbers, lists
    ("did a within 1 week", "did a within 7 days"),
    ("did a within 48 hours", "did a within 2 days"),
    ("sum(a.b) >= 1e3", "sum(a.b) >= 1000.0"),
    ("sum(a.b) >= -0", "sum(a.b) >= 0"),
    ("count(a) < 100% of count(b)", "count(a) < count(b)"),
    ("top 10.0% by sum(a.b)", "top 10% by sum(a.b)"),
    ('did a where b in ("x")', 'did a where b = "x"'),
    ('did a where b not in (1, 1)', "did a where b != 1"),
    ('did any of (a)', "did a"),
    ('did any of (a, b, a)', "did any of (a, b)"),
    # filters
    ("did a where (b = 1)", "did a where b = 1"),
    ("did a where (b = 1 and (c = 2 and d = 3))", "did a where (b = 1 and c = 2 and d = 3)"),
    ("did a where (not b = 1)", "did a where b != 1"),
    ("did a where (not (not (b = 1 or c = 2)))", "did a where (b = 1 or c = 2)"),
    ("did a where (not b not contains \"x\")", "did a where b contains \"x\""),
    # writing
    ("DID a AND Not DID b WITHIN 7 Days", "did a and did not b within 7 days"),
    ("did a # since May\n and did b", "did a and did b"),
    ('in engagement.high', 'in "engagement.high"'),
    ("did a since 2026-05-01t10:00:00z", "did a since 2026-05-01T10:00:00Z"),
    (r'did a where b matches "\d"', r'did a where b matches "\\d"'),
    (r'did a where b = "\u00e9"', 'did a where b = "é"'),
]  # fmt: skip


@pytest.mark.parametrize(("written", "same"), EQUAL)
def test_equal_meanings_are_one_tree(written: str, same: str) -> None:
    assert parse_condition(written) == parse_condition(same)


DIFFERENT = [
    ("not did a since last b", "did not a since last b"),
    ("not did a in at least 2 of the last 7 days", "did a at most 0 times in at least 2 of the last 7 days"),
    ("time since last a > 7 days", "last a more than 7 days ago"),
    ("time since last a <= 7 days", "did a within 7 days"),
    ("did a on exactly 1 day", "did a exactly 1 time"),
    ('did "a"', "did a"),
    ("did a where b = 10", 'did a where b = "10"'),
    ("not (did a and did b)", "not did a and did b"),
    ("did a or did b and did c", "(did a or did b) and did c"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_meanings_are_different_trees(one: str, other: str) -> None:
    assert parse_condition(one) != parse_condition(other)


PRECEDENCE = [
    ("not in a for at least 1 day", "(not in a) for at least 1 day"),
    ("in a and in b for at least 1 day", "in a and (in b for at least 1 day)"),
    ("in a or in b and in c", "in a or (in b and in c)"),
    ("not in a and in b", "(not in a) and in b"),
    ("in a for at least 1 day for at least 2 days", "(in a for at least 1 day) for at least 2 days"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "grouped"), PRECEDENCE)
def test_not_binds_tightest_then_for_then_and_then_or(written: str, grouped: str) -> None:
    assert parse_condition(written) == parse_condition(grouped)


CANONICAL = [
    "everyone",
    "did a at least 3 times within 7 days and did not b",
    "(did a or did b) and not (in c and in d)",
    "not (in a for at least 1 day)",
    "(in a or in b) for at least 90 seconds",
    "active on at least 3 days within 14 days",
    "inactive for 30 days",
    "first a within 7 days",
    "last a more than 1 hour ago",
    "did a fewer than 0 times",
    "did a where (b = 1 and (c = 2 or not d < 3))",
    "did a where ((not b < 1 or c = 2) and not (d = 3 or e = 4))",
    'did any of (a, "B c", "d*") where "odd.key".total is not set',
    "did (a then not b within 5 minutes then c, all within 1 day)",
    'in "a.b c"',
    "in engagement.high",
    "not trait age < 18",
    "count(a) within 7 days >= 50% of count(any)",
]


@pytest.mark.parametrize("text", CANONICAL)
def test_canonical_text_is_printed_as_it_was_written(text: str) -> None:
    assert to_text(parse_condition(text)) == text


def test_thousands_of_parentheses_are_no_problem() -> None:
    assert parse_condition("(" * 5000 + "everyone" + ")" * 5000) == parse_condition("everyone")


def test_ten_thousand_terms_are_no_problem() -> None:
    text = " and ".join(f"did x{number}" for number in range(10_000))

    assert to_text(parse_condition(text)) == text


def test_a_long_chain_of_not_is_no_problem() -> None:
    assert parse_condition("not " * 10_001 + "in a") == parse_condition("not in a")
