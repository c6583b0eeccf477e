"""Printing and parsing are inverse: what is written reads back as the same tree."""

from hypothesis import given, settings

from segue.language.parse import parse_amount, parse_condition, parse_filter, parse_pattern
from segue.language.text import to_text
from segue.language.tree import Amount, Condition, EventPattern, Filter
from tests.language import strategies


@settings(max_examples=400, deadline=None)
@given(strategies.conditions())
def test_a_condition_reads_back_as_itself(condition: Condition) -> None:
    assert parse_condition(to_text(condition)) == condition


@settings(max_examples=300, deadline=None)
@given(strategies.atoms())
def test_every_single_condition_reads_back_as_itself(condition: Condition) -> None:
    assert parse_condition(to_text(condition)) == condition


@settings(max_examples=300, deadline=None)
@given(strategies.event_patterns())
def test_a_pattern_reads_back_as_itself(pattern: EventPattern) -> None:
    assert parse_pattern(to_text(pattern)) == pattern


@settings(max_examples=300, deadline=None)
@given(strategies.filters())
def test_a_filter_reads_back_as_itself(condition: Filter) -> None:
    assert parse_filter(to_text(condition)) == condition


@settings(max_examples=300, deadline=None)
@given(strategies.amounts())
def test_an_amount_reads_back_as_itself(amount: Amount) -> None:
    assert parse_amount(to_text(amount)) == amount


@settings(max_examples=200, deadline=None)
@given(strategies.conditions())
def test_the_printed_text_is_one_line(condition: Condition) -> None:
    assert len(to_text(condition).splitlines()) == 1
