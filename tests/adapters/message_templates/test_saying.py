"""What templates can say: values, conditions, loops, dates, money, links; and what they need."""

import json
from dataclasses import replace

import pytest

from segue.domain.acting import Templates
from tests.adapters.message_templates.contexts import CONTEXT, TEMPLATES, refused, said, wrong

SAYINGS = [
    ("Hello {{ person.name }}", "Hello Ann"),
    ("{{ person.id }} {{ person.plan.name }}", "u1 Pro"),
    ("{{ person['weird key'] }}", "w"),
    ("{{ person.vip }} {{ person.zero }}[{{ person.empty }}]", "true 0[]"),
    ("{{ person.plan.price }} {{ person.plan.seats * 2 + 1 }}", "1234.5 7"),
    ("{{ event.name }}: {{ event.properties.plan }}", "signed_up: Pro"),
    ("{{ segment.title }} ({{ segment.id }}): {{ segment.evidence }}", "Fresh people (fresh): has signed up"),
    ("{{ campaign.title }} {{ campaign.id }}", "Welcome welcome"),
    ("{{ 'a' ~ person.name ~ 3 }}", "aAnn3"),
    ("{{ person.name[:2] }}{{ person.tags[1] }}", "Anb"),
    ("{# for us #}x", "x"),
    ("{% raw %}{{ x }}{% endraw %}", "{{ x }}"),
    # conditions
    ("{% if person.vip %}a{% elif person.zero %}b{% else %}c{% endif %}", "a"),
    ("{{ 'pro' if person.plan.name == 'Pro' else 'free' }}", "pro"),
    ("{% if 'a' in person.tags and not person.zero %}x{% endif %}", "x"),
    ("{% if person.name is defined and person.gone is not defined %}x{% endif %}", "x"),
    ("{% if 3 <= person.plan.seats < 4 %}x{% endif %}", "x"),
    # what is missing is asked about, and stood in for
    ("{% if person.gone %}a{% else %}b{% endif %}", "b"),
    ("{% if person.gone.deep == 3 %}a{% else %}b{% endif %}", "b"),
    ("{% if person.gone != 3 %}a{% endif %}", "a"),
    ("{% if person.gone > 3 or person.gone < 3 or 3 > person.gone %}a{% else %}b{% endif %}", "b"),
    ("{% if 'x' in person.gone %}a{% else %}b{% endif %}", "b"),
    ("{{ person.gone | default('you') }}{{ person.gone.deep | default(0) }}", "you0"),
    ("{{ person.nick or person.name }}", "Ann"),
    # loops
    ("{% for tag in person.tags %}{{ loop.index }}{{ tag }}{% if not loop.last %},{% endif %}{% endfor %}", "1a,2b"),
    ("{% for tag in [] %}x{% else %}none{% endfor %}", "none"),
    ("{{ person.tags | join }} {{ person.tags | join('/') }}", "a, b a/b"),
    ("{{ person.tags | first }}{{ person.tags | last }}{{ person.tags | length }}", "ab2"),
    # texts
    ("{{ 'aB c' | upper }}{{ 'aB' | lower }}{{ 'aB c' | title }}{{ 'aB' | capitalize }}", "AB CabAb CAb"),
    ("[{{ ' x ' | trim }}] {{ 'abcdef' | truncate(4) }} {{ 'a b&c' | urlencode }}", "[x] abc… a%20b%26c"),
    # numbers and money
    ("{{ person.plan.price | number }} {{ 1234.5 | number(2) }} {{ '12' | number }}", "1,234.5 1,234.50 12"),
    ("{{ 2.5 | round }} {{ 2.345 | round(2) }}", "3 2.35"),
    ("{{ person.plan.price | money }} {{ 9 | money('usd') }} {{ -9 | money('CHF') }}", "€1,234.50 $9.00 -CHF 9.00"),
    ("{{ 1234.5 | money('JPY') }}", "¥1,235"),
    # instants, in the zone of the person
    ("{{ person.since | date }} {{ person.since | time }} {{ person.since | weekday }}", "4 May 2026 01:30 Monday"),
    ("{{ person.birthday | date('%d.%m.%Y') }} {{ person.seen | date('%a %e %b %H:%M %% %y') | default }}", None),
    ("{{ person.seen | date('%a %e %b, %H:%M') }}", "Wed 20 May, 20:00"),
    ("{{ event.at }} {{ event.at | time }} {{ now | date }}", "2026-05-20 20:00 20:00 20 May 2026"),
    ("{{ segment.since | weekday }}", "Wednesday"),
    # links
    ("{{ link('https://acme.example/x') }}", "https://say.example/c/22"),
    # lines of their own leave no line
    ("a\n{% if person.vip %}\nb\n{% endif %}\nc", "a\nb\nc"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), SAYINGS, ids=lambda v: str(v)[:50])
def test_what_is_said(text: str, expected: str | None) -> None:
    assert wrong(text) == []
    if expected is None:
        assert "`%y` is no part of a date" in refused(text)
    else:
        assert said(text) == expected


REFUSALS = [
    ("Hello {{ person.gone }}", "text: `person.gone` is missing"),
    ("{{ person.plan.gone }}", "`person.plan.gone` is missing"),
    ("{{ person.gone.deeper.still }}", "`person.gone.deeper.still` is missing"),
    ("{{ event.properties.gone }}", "`event.properties.gone` is missing"),
    ("{{ person.gone | upper }}", "`person.gone` is missing"),
    ("{{ 'x' ~ person.gone }}", "`person.gone` is missing"),
    ("{{ person.gone + 1 }}", "`person.gone` is missing"),
    ("{{ person.gone | date }}", "`person.gone` is missing"),
    ("{{ person.gone | money }}", "`person.gone` is missing"),
    ("{% for x in person.gone %}{% endfor %}", "`person.gone` is missing"),
    ("{{ person.tags[7] }}", "`item 7` is missing"),
    ("{{ unsubscribe_url }}", "`unsubscribe_url` is missing"),
    ("{{ person.plan }}", "`person.plan` has parts: name the one that is meant"),
    ("{{ '' ~ person.plan }}", "`person.plan` has parts"),
    ("{{ person.tags }}", "a list is printed with `| join` or in a loop"),
    ("{{ '' ~ person.tags }}", "a list is printed with"),
    ("{{ link }}", "`link` needs an address"),
    ("{{ person.name | money }}", "`Ann` is no number"),
    ("{{ person.vip | number }}", "is no number"),
    ("{{ 3 | money('euros') }}", "`EUROS` is no currency"),
    ("{{ person.name | date }}", "`Ann` is no instant"),
    ("{{ -5 | date }}", "is no instant between 1970 and 2200"),
    ("{{ person.name | join }}", "a list is expected here"),
    ("{{ [] | first }}", "the list is empty"),
    ("{{ [1, 2] }}", "a list is printed with"),
    ("{{ (1, 2) }}", "a list is printed with"),
    ("{{ person.plan | length }}", "only a text or a list has a length"),
    ("{{ 1 / person.zero }}", "a number is divided by nothing"),
    ("{{ person.name + 1 }}", "`+` is for numbers"),
    ("{{ person.vip + 1 }}", "`+` is for numbers"),
    ("{{ person.name < 3 }}", "a value does not fit here"),
    ("{{ -person.name }}", "a value does not fit here"),
    ("{{ link('/x') }}", "a link in a message needs its whole address"),
]


@pytest.mark.parametrize(("text", "problem"), REFUSALS, ids=lambda v: str(v)[:40])
def test_what_cannot_be_said_of_somebody(text: str, problem: str) -> None:
    """The form is right; a value is missing or does not fit."""
    assert wrong(text) == []
    assert problem in refused(text)


MISTAKES = [
    ("{{ nme }}", "there is no `nme` here: there are person, event, segment"),
    ("{{ persn.name }}", "there is no `persn` here"),
    ("{{ segment.size }}", "`segment` has no `size`: it has id, title, since, evidence"),
    ("{{ campaign.goal }}", "`campaign` has no `goal`: it has id, title"),
    ("{{ event.plan }}", "`event` has no `plan`: it has name, at, properties"),
    ("{{ now.year }}", "`now` has no `year`"),
    ("{{ loop.index }}", "there is no `loop` here"),
    ("{{ tag }}{% for tag in person.tags %}{% endfor %}", "there is no `tag` here"),
    ("{% for tag in person.tags %}{{ loop.depth }}{% endfor %}", "`loop` has no `depth`"),
    ("{{ person.name | uper }}", "there is no filter `uper`"),
    ("{{ person.name is odd }}", "there is no test `odd`"),
    ("{{ person.name", "not readable as a template"),
    ("{% if person.name %}", "not readable as a template"),
    ("{{ person..name }}", "not readable as a template"),
    ("{% when %}", "not readable as a template"),
]


@pytest.mark.parametrize(("text", "problem"), MISTAKES, ids=lambda v: str(v)[:40])
def test_mistakes_are_found_before_anybody_is_messaged(text: str, problem: str) -> None:
    (found,) = wrong(text)

    assert problem in found
    assert found in refused(text)


def test_a_mistake_has_its_line_and_a_suggestion() -> None:
    (problem,) = TEMPLATES.problems("text", "a\nb\n{{ segment.titel }}\n")

    assert (problem.line, problem.suggestion) == (3, "title")


# -------------------------------------------------------------------------------------- parts


def test_all_parts_or_none() -> None:
    found = TEMPLATES.render({"subject": "x", "text": "{{ person.gone }}"}, CONTEXT)

    assert found.parts == {}
    assert found.problem == "text: `person.gone` is missing"


def test_json_keeps_the_types_of_values_and_the_texts_of_texts() -> None:
    payload = {
        "price": "{{ person.plan.price }}",
        "tags": "{{ person.tags }}",
        "plan": "{{ person.plan }}",
        "vip": "{{ person.vip }}",
        "text": "{{ person.plan.seats }} seats",
        "at": "{{ event.at }}",
        "deep": [1, None, True, {"name": "{{ person.name }}"}],
        "{{ person.name }}": "a key stays as it is",
    }

    assert json.loads(said(json.dumps(payload), "payload")) == {
        "price": 1234.5,
        "tags": ["a", "b"],
        "plan": {"name": "Pro", "price": 1234.5, "seats": 3},
        "vip": True,
        "text": "3 seats",
        "at": "2026-05-20 20:00",
        "deep": [1, None, True, {"name": "Ann"}],
        "{{ person.name }}": "a key stays as it is",
    }


def test_a_missing_value_in_json_is_missing() -> None:
    assert refused('{"a": ["{{ person.gone }}"]}', "payload") == (
        "payload: `person.gone` is missing"
    )
    assert wrong('{"a": "{{ persn }}"}', "payload")


def test_one_line_stays_one_line() -> None:
    assert said("Hello\n  {{ person.name }}\n", "subject") == "Hello Ann"


@pytest.mark.parametrize("part", ["subject", "heading", "button"])
def test_what_is_too_long_for_a_line_is_refused(part: str) -> None:
    assert "longer than 500 characters" in refused("x" * 501, part)


# -------------------------------------------------------------------------------------- needs

NEEDS = [
    ("{{ person.name }} {{ person.plan.price | money }}", ("name", "plan.price")),
    ("{{ person.name }}{{ person.name | upper }}", ("name",)),
    ("{{ person.id }} {{ campaign.title }} {{ segment.title }} {{ now }}", ()),
    ("{{ person.name | default('you') }}", ()),
    ("{{ person.name | upper | default('you') }}", ("name",)),
    ("{{ person.nick | default(person.name) }}", ("name",)),
    ("{{ person.nick or person.name }}", ("name",)),
    ("{% if person.name %}Hi {{ person.name }}{% endif %} {{ person.plan.name }}", ("plan.name",)),
    ("{% if person.plan.name == 'x' %}{% endif %}", ()),
    ("{{ person.name if person.name else 'you' }}", ()),
    ("{% for tag in person.tags %}{{ tag }}{% endfor %}", ("tags",)),
    ("{{ person.price * 2 }}", ("price",)),
    ("{{ link('https://x.example/' ~ person.code) }}", ("code",)),
    ("{{ person['weird key'] }}", ("weird key",)),
]


@pytest.mark.parametrize(("text", "traits"), NEEDS, ids=lambda v: str(v)[:40])
def test_what_must_be_there(text: str, traits: tuple[str, ...]) -> None:
    """The traits that nothing stands in for."""
    assert TEMPLATES.needs({"text": text}).traits == traits


@pytest.mark.parametrize(
    ("text", "event", "must", "evidence"),
    [
        ("x", False, False, False),
        ("{{ event.name }}", True, True, False),
        ("{{ event.name | default('x') }}", True, False, False),
        ("{% if event.name %}{{ event.name }}{% endif %}", True, False, False),
        ("{{ segment.evidence }}", False, False, True),
        ("{{ segment.title }}", False, False, False),
        ("{{ broken", False, False, False),
    ],
)
def test_what_has_to_be_found_out(text: str, event: bool, must: bool, evidence: bool) -> None:
    needs = TEMPLATES.needs({"text": "y", "html": text})

    assert (needs.event, needs.must_have_event, needs.evidence) == (event, must, evidence)


def test_the_needs_of_json_are_those_of_its_texts() -> None:
    assert TEMPLATES.needs({"payload": '{"a": [{"b": "{{ person.x }}"}]}'}).traits == ("x",)


def test_without_an_event_it_is_missing() -> None:
    context = replace(CONTEXT, event=None)

    assert refused("{{ event.name }}", context=context) == "text: `event.name` is missing"
    assert said("{{ event.properties.plan | default('?') }}", context=context) == "?"


def test_the_adapter_is_the_port() -> None:
    port: Templates = TEMPLATES

    assert port.render({}, CONTEXT).parts == {}
