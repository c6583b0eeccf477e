"""Templates: all that growth teams name, each in forms that parse and need what they say."""

import dataclasses
from collections.abc import Iterator

import pytest

from segue.domain.errors import NotFoundError, UsageError
from segue.language.parse import parse_condition
from segue.language.templates import (
    Form,
    Shape,
    Template,
    applicable,
    catalogue,
    fill,
    standard_actions,
    starter,
    template,
)
from segue.language.templates.model import put
from segue.language.tree import Name

NAMED = [
    "engaged_not_converted",
    "trial_not_activated",
    "completed_trial",
    "demo_no_trial",
    "dormant",
    "advocates",
    "new_users",
    "high_intent",
    "onboarding_not_completed",
    "first_time_buyers",
    "repeat_buyers",
    "high_value_buyers",
    "blog_readers",
    "video_watchers",
    "email_engagers",
    "email_ignorers",
    "browses_long_before_buying",
    "decides_quickly",
    "cart_abandoners",
    "pricing_visitors",
    "demo_requesters",
]
"""The segments that practitioners name; the graded ones are ladders."""

LADDERS = {
    "engagement": ["not_active", "moderate", "high"],
    "learners": ["inactive", "moderate", "active"],
    "usage": ["dormant", "casual", "power"],
}
FORMS = [(one, form) for one in catalogue() for form in one.forms]
EVERYTHING = {"order": "order_id", "revenue": "amount"}


def _names(node: object) -> Iterator[str]:
    """Every event or action that a tree names."""
    if isinstance(node, Name):
        yield node.text
    elif isinstance(node, tuple):
        for part in node:
            yield from _names(part)
    elif dataclasses.is_dataclass(node):
        for field in dataclasses.fields(node):
            yield from _names(getattr(node, field.name))


def _conditions(one: Template, form: Form) -> list[str]:
    values = one.values(EVERYTHING)
    return [
        put(text, values)
        for text in ([form.when] if form.when else [level.when for level in form.levels])
    ]


def test_every_named_segment_is_there() -> None:
    """All of them, and nothing under another name."""
    assert {one.id for one in catalogue() if one.shape is Shape.SEGMENT} == set(NAMED)


@pytest.mark.parametrize("ladder", LADDERS)
def test_every_named_ladder_is_there(ladder: str) -> None:
    """High, moderate and low; active and inactive; power, casual and dormant."""
    levels = fill(template(ladder))["levels"]

    assert [level["level"] for level in levels] == LADDERS[ladder]


@pytest.mark.parametrize(
    ("one", "form"), FORMS, ids=[f"{one.id}-{'-'.join(form.needs)}" for one, form in FORMS]
)
def test_a_form_parses_and_needs_what_it_says(one: Template, form: Form) -> None:
    """No action is used that is not asked for, none asked for that is not used."""
    used = {name for text in _conditions(one, form) for name in _names(parse_condition(text))}
    used |= {form.event} - {""}

    assert used == set(form.needs)
    assert used <= standard_actions().keys()


@pytest.mark.parametrize("one", catalogue(), ids=lambda one: one.id)
def test_a_template_says_what_to_do_with_the_people(one: Template) -> None:
    """A title, a purpose that is a sentence, and parameters that say what they mean."""
    assert one.title
    assert one.purpose.endswith(".")
    assert all(parameter.means for parameter in one.parameters)
    assert all(parameter.text(parameter.default) is not None for parameter in one.parameters)
    used = {parameter.name for parameter in one.parameters}
    texts = [
        text for form in one.forms for text in (form.when, *(level.when for level in form.levels))
    ]
    holes = {name for name in used if any(f"{{{name}}}" in text for text in texts)}
    assert holes == used - ({"within"} if one.shape is Shape.GOAL else set())


def test_ids_are_unique() -> None:
    """A template is found by its id, within its shape."""
    ids = [(one.shape, one.id) for one in catalogue()]

    assert len(set(ids)) == len(ids)


def test_parameters_tune_a_template() -> None:
    """A given value takes the place of the default."""
    piece = fill(template("cart_abandoners"), {"pause": "30 minutes", "window": "3 days"})

    assert piece == {
        "title": "Cart abandoners",
        "kind": "intent",
        "stage": "intent",
        "when": "last add_to_cart more than 30 minutes ago and did add_to_cart within 3 days"
        " and did not purchase since last add_to_cart",
    }


def test_the_best_form_is_used_that_the_actions_allow() -> None:
    """With product pages it counts those, else all pages, else nothing can be said."""
    chosen = template("engaged_not_converted")

    assert (
        "did product_view"
        in fill(chosen, actions={"product_view", "page_view", "signed_up"})["when"]
    )
    assert "did page_view" in fill(chosen, actions={"page_view", "signed_up"})["when"]
    with pytest.raises(UsageError, match="needs the actions product_view, signed_up"):
        fill(chosen, actions={"signed_up"})


def test_a_form_may_ask_for_a_parameter() -> None:
    """Orders of several lines are counted as orders where the order's number is known."""
    chosen = template("repeat_buyers")

    assert fill(chosen)["when"] == "did purchase at least 2 times"
    assert fill(chosen, {"order": "InvoiceNo"})["when"] == "distinct(purchase.InvoiceNo) >= 2"


def test_high_value_needs_money() -> None:
    """Without a property that holds the money, a tenth of the buyers would be all of them."""
    assert "high_value_buyers" in {one.id for one in applicable({"purchase"})}
    assert "high_value_buyers" not in {one.id for one in applicable({"purchase"}, {"revenue": ""})}


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("amount", "amount"),
        ("$value", "$value"),
        ("cart.total", "cart.total"),
        ("Order Total", '"Order Total"'),
        ('"odd.key"', '"odd.key"'),
        ('"odd.key".total', '"odd.key".total'),
    ],
)
def test_a_property_is_written_as_the_language_reads_it(given: str, written: str) -> None:
    """Odd names are quoted; dots lead into nested properties."""
    piece = fill(template("high_value_buyers"), {"revenue": given})

    assert piece["when"] == f"top 10% by sum(purchase.{written})"
    assert parse_condition(piece["when"])


@pytest.mark.parametrize(
    ("template_id", "parameters", "message"),
    [
        ("dormant", {"silence": "a while"}, "a duration such as 14 days"),
        ("dormant", {"silence": "0 days"}, "a duration such as 14 days"),
        ("dormant", {"silence": "3 months"}, "a duration such as 14 days"),
        ("repeat_buyers", {"times": 0}, "a whole number from 1"),
        ("repeat_buyers", {"times": "2) or did x"}, "a whole number from 1"),
        ("high_value_buyers", {"percent": 0}, "a number up to 100"),
        ("high_value_buyers", {"percent": 101}, "a number up to 100"),
        ("high_value_buyers", {"revenue": 'a"b'}, "the name of a property"),
    ],
)
def test_a_value_of_another_kind_is_refused(
    template_id: str, parameters: dict, message: str
) -> None:
    """Nothing that is not a value of its kind gets into a condition."""
    with pytest.raises(UsageError, match=message):
        fill(template(template_id), parameters)


def test_an_unknown_template() -> None:
    """The error lists what there is."""
    with pytest.raises(NotFoundError, match="no template 'champions'") as caught:
        template("champions")

    assert "cart_abandoners" in caught.value.hint


def test_some_templates_need_no_action() -> None:
    """With nothing known of the events there are still three things to say."""
    assert [one.id for one in applicable(())] == ["new_users", "dormant", "engagement"]


def test_a_project_has_one_journey() -> None:
    """A shop gets the journey of a shop, a subscription business its own."""
    shop = starter({"product_view", "add_to_cart", "purchase", "signed_up"})
    saas = starter({"signed_up", "subscribed", "core_feature", "purchase"})

    assert [stage["stage"] for stage in shop["journey"]][2] == "intent"
    assert "did add_to_cart" in [stage["when"] for stage in shop["journey"]]
    assert "did subscribed" in [stage["when"] for stage in saas["journey"]]


def test_a_starter_is_the_body_of_a_project_file() -> None:
    """All sections, each with everything that can be filled."""
    sections = starter(standard_actions())

    assert list(sections) == ["goals", "journey", "ladders", "segments"]
    assert set(sections["segments"]) == set(NAMED)
    assert set(sections["ladders"]) == set(LADDERS)
    assert starter(()).keys() == {"ladders", "segments"}
