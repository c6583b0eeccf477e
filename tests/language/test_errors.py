"""What a wrong condition says: where, what, what would be right, and the closest word."""

import pytest

from segue.domain.errors import DefinitionError, Problem
from segue.language.parse import parse_condition

CASES: list[tuple[str, int, int, str, str, str]] = [
    # text, line, column, part of the message, part of what is expected, suggestion
    ("", 1, 1, "a condition is missing", "", ""),
    ("  # only a comment", 1, 1, "a condition is missing", "", ""),
    ("did", 1, 4, "ends too early", "an event name", ""),
    ("did x within", 1, 13, "ends too early", "a number", ""),
    ("did x within 7", 1, 15, "ends too early", "a unit (seconds, minutes, hours, days, weeks)", ""),
    ("did x and", 1, 10, "ends too early", "a condition", ""),
    ("(did x", 1, 7, "ends too early", ")", ""),
    ("did x)", 1, 6, "`)` does not fit", "the end", ""),
    ("did x\n  andd did y", 2, 3, "`andd` does not fit", "and", "and"),
    ("did x at leest 3 times", 1, 10, "`leest` does not fit", "least, most", "least"),
    ("did x withn 7 days", 1, 7, "`withn`", "a window", "within"),
    ("did x within 7 dayz", 1, 16, "`dayz`", "a unit", "days"),
    ("did x within 3 months", 1, 14, "there are no months", "", "90 days"),
    ("did x within 1 year", 1, 14, "there are no years", "", "365 days"),
    ("did x within 0 days", 1, 14, "longer than 0", "", ""),
    ("did x within 400000 days", 1, 14, "at most 365000 days", "", ""),
    ("did x within 1.5 days", 1, 14, "1.5 is not a whole number", "", ""),
    ("did x at least 2.5 times", 1, 16, "2.5 is not a whole number", "", ""),
    ("did x at least -1 times", 1, 16, "-1 is not a whole number", "", ""),
    ("did x at least 2000000000 times", 1, 1, "at most 1000000000", "", ""),
    ("did x on at least 3 hours", 1, 21, "`hours` does not fit", "days", ""),
    ("did a or b", 1, 10, "`b` does not fit", "a condition", "did b"),
    ("did and", 1, 5, "`and` is a word of the language", "", '"and"'),
    ("did a.b", 1, 6, "`.` does not fit", "", '"a.b"'),
    ("did a within 7 days and did b.c.d", 1, 30, "`.` does not fit", "", '"b.c.d"'),
    ("did Order Completed", 1, 11, "`Completed`", "", '"Order Completed"'),
    ("did x > 3", 1, 7, "`>` does not fit", "", "count(x) >"),
    ("did x last 7 days", 1, 7, "`last` does not fit", "", "within"),
    ("did x in the last 7 days", 1, 10, "`the` does not fit", "at", "within 7 days"),
    ("did a then b", 1, 7, "`then` does not fit", "", "(a then …)"),
    ("did a and # not yet", 1, 10, "ends too early", "a condition", ""),
    ("did x where a <> 3", 1, 16, "`>` does not fit", "", ""),
    ("did x since 9999-12-31T23:59:60Z", 1, 13, "is not a date", "", ""),
    ("did x where 'a' = 1", 1, 13, "`'` is not part of the language", "a name", "double quotes"),
    ("did x && did y", 1, 7, "`&` is not part", "and", "and"),
    ('did x where a = "q', 1, 17, "double quote is never closed", "", ""),
    ("did x where plan = true", 1, 20, "`true`", "a number or a text", "is true"),
    ("did x where a == 3", 1, 16, "`=` does not fit", "a number or a text", "="),
    ("did x where a contains 3", 1, 15, "takes a text", "", 'contains "3"'),
    ("trait plan", 1, 11, "ends too early", "a test", ""),
    ("trait is_test", 1, 14, "ends too early", "a test", ""),
    ("did x where a matches \"(?=b)\"", 1, 15, "no lookahead", "", ""),
    (r'did x where a matches "(b)\1"', 1, 15, "no backreferences", "", ""),
    ('did x where a matches "(b"', 1, 15, "unbalanced", "", ""),
    ('did x where a matches "[b"', 1, 15, "unclosed [", "", ""),
    (r'did x where a = "\ud800"', 1, 17, "surrogate", "", ""),
    ("did x since 2026-02-30", 1, 13, "2026-02-30 is not a date", "2026-05-31", ""),
    ("did x since yesterday", 1, 13, "`yesterday`", "a date like 2026-05-31", ""),
    ("did x between 1 day and 7 days ago", 1, 7, "the longer duration comes first", "", "between 7 days and 1 day ago"),
    ("did x between 7 days and 7 days ago", 1, 7, "window is empty", "", "within 7 days"),
    ("did (a then not b)", 1, 13, "needs a limit", "`within` and a duration", ""),
    ("did (a)", 1, 7, "`)` does not fit", "then", ""),
    ("did not x in at least 2 of the last 7 days", 1, 1, "could mean two things", "", "at most 0 times"),
    ("did x in at least 8 of the last 7 days", 1, 19, "8 of the last 7 is not possible", "", ""),
    ("did x in at least 2 of the last 7 hours", 1, 19, "`hours` does not fit", "days, weeks", ""),
    ("sum(x) > 3", 1, 6, "`)` does not fit", "a property", ""),
    ("sum(a.b) > 0.1234567", 1, 10, "more than six decimals", "", ""),
    ("sum(a.b) > 10000000000000000000", 1, 10, "too large", "", ""),
    ("sum(a.b) within 7 days > 3", 1, 24, "comes last", "", ""),
    ("sum(a.b) > 3 in at least 2 of the last 7 days", 1, 10, "takes another window", "", "within 30 days"),
    ("top 0% by count(a)", 1, 1, "above 0 and up to 100", "", ""),
    ("top 101% by count(a)", 1, 1, "above 0 and up to 100", "", ""),
    ("top 10 by count(a)", 1, 5, "`10` does not fit", "a percentage", ""),
    ('did "*"', 1, 5, "matches every event", "", "any"),
    ('did ""', 1, 5, "cannot be empty", "", ""),
    ("did x where a > 1e999", 1, 17, "out of range", "", ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "line", "column", "message", "expected", "suggestion"),
    CASES,
    ids=lambda v: str(v)[:40],
)
def test_a_problem_says_where_and_what(
    text: str, line: int, column: int, message: str, expected: str, suggestion: str
) -> None:
    problem = _problem(text)

    assert (problem.line, problem.column) == (line, column)
    assert message in problem.message
    assert expected in ", ".join(problem.expected)
    assert suggestion in problem.suggestion
    assert bool(suggestion) == bool(problem.suggestion)


def _problem(text: str) -> Problem:
    with pytest.raises(DefinitionError) as raised:
        parse_condition(text)
    (problem,) = raised.value.problems
    return problem


def test_no_message_shows_a_name_of_the_grammar() -> None:
    """Terminals are for the parser; people read words."""
    for text, *_ in CASES:
        problem = _problem(text)
        assert not [word for word in problem.expected if word.startswith("_") or word.isupper()]


def test_a_problem_shows_the_line_with_a_caret() -> None:
    assert str(_problem("did x\n\tand did y at leest 3 times")) == (
        "<condition>:2:15: `leest` does not fit here\n"
        "     and did y at leest 3 times\n"
        "                  ^\n"
        "    expected least, most\n"
        "    did you mean least?"
    )


def test_a_long_line_is_shown_around_the_place() -> None:
    text = " and ".join(f"did x{number}" for number in range(1000)) + " adn did y"
    lines = str(_problem(text)).splitlines()

    assert len(lines[1]) < 200
    assert lines[1][lines[2].index("^") :].startswith("adn")


def test_the_source_and_the_path_are_in_the_problem() -> None:
    with pytest.raises(DefinitionError) as raised:
        parse_condition("did", source="segue.yaml", where="segments.new.when")

    assert str(raised.value).startswith("segue.yaml:1:4: segments.new.when: ")


def _nested(depth: int) -> str:
    text = "in a"
    for level in range(depth):
        text = f"({text} {'and' if level % 2 else 'or'} in b)"
    return text


NESTED_FILTER = "did x where " + "(not (a = 1 or " * 150 + "b = 1" + "))" * 150


@pytest.mark.parametrize("text", [_nested(5000), _nested(101), NESTED_FILTER], ids=len)
def test_what_is_nested_too_deep_is_a_clear_problem(text: str) -> None:
    assert "nested more than 100 levels deep" in _problem(text).message


def test_what_is_nested_less_deep_is_read() -> None:
    parse_condition(_nested(99))
