"""Whatever is typed is either read or refused with a problem that has a place."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.domain.errors import DefinitionError, Problem
from segue.language.build import did
from segue.language.lexicon import KEYWORDS
from segue.language.parse import parse_condition
from segue.language.project import project_from, resolve
from segue.language.text import to_text
from segue.language.tree import Condition
from tests.language import strategies

PIECES = [*sorted(KEYWORDS), *"()=<>.,#%*'\"", "!=", "<=", "a", '"b"', "3", "7 days", "10%", "2026-05-01", "\n", "é", "$x"]  # fmt: skip
SOUP = st.lists(st.sampled_from(PIECES), max_size=25).map(" ".join)


def _check_places(text: str, problems: tuple[Problem, ...]) -> None:
    assert problems
    lines = text.split("\n")
    for problem in problems:
        assert problem.message
        assert 1 <= problem.line <= len(lines)
        assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1
        assert str(problem)


def _read(text: str) -> None:
    try:
        condition = parse_condition(text)
    except DefinitionError as error:
        _check_places(text, error.problems)
    else:
        assert parse_condition(to_text(condition)) == condition


@settings(max_examples=400, deadline=None)
@given(SOUP | st.text(max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    _read(text)


@settings(max_examples=200, deadline=None)
@given(st.data(), strategies.conditions(max_leaves=3))
def test_a_condition_with_a_slip_is_read_or_refused(
    data: st.DataObject, condition: Condition
) -> None:
    text = to_text(condition)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(start + 8, len(text))))
    slip = data.draw(st.sampled_from(["", *PIECES]))

    _read(text[:start] + slip + text[end:])


LINES = ["project: a", "segments:", "  x:", "    when: did a", "    when: |", "      did a", "  y: {when: in x}", "    title: [", "actions: {a: b}", "- 1", "ladders:", "journey:", "  - stage: s", "exclude: did b where", "? x", "!!int 3", "&a", "*a", "'", "\t"]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(LINES), max_size=12).map("\n".join) | st.text(max_size=40))
def test_any_file_is_read_or_refused(text: str) -> None:
    with suppress(DefinitionError):
        resolve(project_from(text))


@pytest.mark.parametrize(
    "name", ["'; DROP TABLE events; --", 'a" OR 1=1', "ROBERT\x00", "\u202e", "*?"]
)
def test_names_that_are_code_are_names(name: str) -> None:
    expression = did(name)

    assert parse_condition(str(expression)) == expression.node
