"""Conditions taken apart into sentences with fields, and put into words again."""

from typing import Any

import pytest
from hypothesis import given, settings

from segue.domain.errors import DefinitionError
from segue.language.blocks import CHOICES, FIELDS, LISTS, SENTENCES, Start, completed, written
from segue.language.parse import parse_condition
from segue.language.rearranging import DEEDS, about, flat, nested, rearranged, takes_at
from segue.language.taking_apart import blocks_of
from segue.language.text import to_text
from segue.language.tree import Condition
from tests.language import strategies

START = Start("buy", "price", "plan", "buyers")


@settings(max_examples=2000, deadline=None)
@given(strategies.conditions())
def test_every_condition_is_made_of_blocks(condition: Condition) -> None:
    """Which say the same in the same words, are complete (a form shows all there is), and come back
    from the fields of a form as they were."""
    blocks = blocks_of(condition)

    assert completed(nested(flat(blocks))) == blocks
    assert written(blocks) == to_text(condition)
    assert parse_condition(written(blocks)) == condition


@settings(max_examples=300, deadline=None)
@given(strategies.conditions())
def test_what_is_clicked_away_leaves_the_rest(condition: Condition) -> None:
    """Another condition beside it, and taken away again; twice the opposite."""
    text, more = to_text(condition), blocks_of(condition)

    joined, place = rearranged(more, "and", "", START)
    assert parse_condition(written(joined)) == parse_condition(f"({text}) and did buy")
    assert written(rearranged(joined, "remove", place, START)[0]) == text
    twice, _ = rearranged(rearranged(more, "negate", "", START)[0], "negate", "", START)
    assert written(twice) == text


def _somewhere(takes: str, is_: str) -> Any:
    """A new condition that holds such a block."""
    match takes:
        case "condition":
            return {"is": is_}
        case "happening" | "times" | "when":
            name = {"happening": "what"}.get(takes, takes)
            return {"is": "did", name: {"is": is_}}
        case "pattern":
            return {"is": "has", "what": {"is": is_}}
        case "step":
            return {"is": "did", "what": {"is": "sequence", "steps": [{"is": is_}]}}
        case "where":
            return {"is": "did", "what": {"is": "event", "where": {"is": is_}}}
        case "filter":
            return {"is": "has", "filter": {"is": is_}}
        case "test":
            return {"is": "trait", "test": {"is": is_}}
        case "amount":
            return {"is": "amount", "amount": {"is": is_}, "value": "1.5"}
        case "named":
            return {"is": "amount", "amount": {"is": "measured", "of": {"is": is_}}}
        case "ranked":
            return {"is": "quantile", "amount": {"is": is_}}
        case _:
            return {"is": "versus", takes: {"is": is_}}


@pytest.mark.parametrize(
    ("takes", "is_"), [(takes, is_) for takes, every in SENTENCES.items() for is_ in every]
)
def test_what_is_chosen_from_a_menu_can_stand_there_at_once(takes: str, is_: str) -> None:
    """A new block is filled with what the data suggests; it is read as the same block again."""
    new = completed(_somewhere(takes, is_), "condition", START)
    if is_ == "between":
        new["when"]["newer"]["count"] = "1"

    again = blocks_of(parse_condition(written(new)))

    assert written(again) == to_text(parse_condition(written(new)))


def test_every_hole_takes_something() -> None:
    holes = [hole for every in SENTENCES.values() for one in every.values() for hole in one.holes]

    assert {one.takes for one in holes} <= {*SENTENCES, *LISTS, *CHOICES, *FIELDS}
    assert set(LISTS.values()) <= {*SENTENCES, *FIELDS}


@pytest.mark.parametrize(
    ("takes", "field", "text"),
    [
        ("event", "buy", "did buy"),
        ("event", " Order Done ", 'did "Order Done"'),
        ("event", '"buy"', 'did "buy"'),
        ("event", "invoice.*", 'did "invoice.*"'),
        ("event", "first", 'did "first"'),
        ("event", 'say "hi"', r'did "say \"hi\""'),
    ],
)
def test_names_get_the_quotes_that_they_need(takes: str, field: str, text: str) -> None:
    block = {"is": "did", "what": {"is": "event", "names": [field]}}

    assert written(completed(block)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("EUR", '"EUR"'),
        ("10", "10"),
        ('"10"', '"10"'),
        ("-1.5e3", "-1.5e3"),
        ("", '""'),
        ("1,5", '"1,5"'),
        ('") or everyone', r'"\") or everyone"'),
    ],
)
def test_a_value_is_a_number_or_a_text(value: str, text: str) -> None:
    """And never more of the language than that."""
    block = {"is": "trait", "path": "plan", "test": {"is": "=", "value": value}}

    assert written(completed(block)) == f"trait plan = {text}"


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ({"is": "did", "what": {"names": [" "]}}, "an event is missing"),
        ({"is": "in", "segment": ""}, "a segment is missing"),
        ({"is": "inactive", "duration": {"count": "x"}}, "x is not a number"),
        (
            {"is": "crossed", "segment": "x", "when": {"is": "since", "moment": "soon"}},
            "soon is not a date",
        ),
        ({"is": "all", "terms": []}, "a group is empty"),
    ],
)
def test_what_is_missing_is_said(block: Any, message: str) -> None:
    with pytest.raises(DefinitionError, match=message):
        written(completed(block, "condition", Start()))


@pytest.mark.parametrize(
    ("text", "deed", "place", "after"),
    [
        ("did a", "and", "", "did a and did buy"),
        ("did a", "or", "", "did a or did buy"),
        ("did a and did b", "and", "terms.0", "did a and did buy and did b"),
        ("did a and did b", "or", "terms.0", "(did a or did buy) and did b"),
        ("did a and did b", "remove", "terms.1", "did a"),
        ("did a and did b", "up", "terms.1", "did b and did a"),
        ("did a and did b", "down", "terms.1", "did a and did b"),
        ("did a and did b", "negate", "", "not (did a and did b)"),
        ("did a and did b", "hold", "terms.0", "did a for at least 7 days and did b"),
        ("not in x", "unwrap", "", "in x"),
        ("did a", "negate", "", "did not a"),
        ("did a", "remove", "", "did buy"),
        ("did any of (a, b)", "remove", "what.names.0", "did b"),
        ("did a", "add", "what.names", "did any of (a, buy)"),
        ("did (a then b)", "add", "what.steps", "did (a then b then buy)"),
        (
            "did a where x = 1",
            "and",
            "what.where.filter",
            'did a where (x = 1 and price = "")',
        ),
        ("did a", "add", "nowhere.at.all", "did a"),
        ("did a", "up", "", "did a"),
    ],
)
def test_clicks_rearrange(text: str, deed: str, place: str, after: str) -> None:
    assert deed in DEEDS
    block, seen = rearranged(blocks_of(parse_condition(text)), deed, place, START)

    assert written(block) == after
    assert place == "nowhere.at.all" or takes_at(block, seen) or seen == ""


def test_a_place_knows_what_it_is_about() -> None:
    """So that a field offers the properties of its events, and the values of its property."""
    of_filter = blocks_of(parse_condition("did any of (a, b) where (x = 1 and y.z = 2)"))
    assert about(of_filter, "what.where.filter.terms.1.test.value") == (["a", "b"], "y.z")
    of_latest = blocks_of(parse_condition("last a has x = 1"))
    assert about(of_latest, "filter.test.value") == (["a"], "x")
    of_amount = blocks_of(parse_condition("sum(a.x where y = 2) > 3.5"))
    assert about(of_amount, "amount.where.filter.path") == (["a"], "y")


def test_nothing_is_nested_beyond_measure() -> None:
    fields = {f"{'term.' * depth}is": "not" for depth in range(300)}

    with pytest.raises(DefinitionError, match="nested"):
        completed(nested(fields))
    with pytest.raises(DefinitionError, match="nested"):
        nested({"term." * 500: "not"})


def test_what_is_nested_as_deep_as_the_language_allows_is_made_of_blocks() -> None:
    condition = parse_condition("not (in b and " * 49 + "in a" + ")" * 49)

    assert parse_condition(written(completed(nested(flat(blocks_of(condition)))))) == condition
