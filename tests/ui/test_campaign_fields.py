"""A form of a campaign and the file say the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from segue.domain.errors import Problem
from segue.language.yaml_source import read_yaml
from segue.services.live.editing import Section, put_spoken
from segue.ui.campaign_fields import (
    by_field,
    entry_of,
    field_names,
    fields_of,
    how_many,
    in_words_of_the_form,
    label_of,
    moved,
    without,
)

ROOT = Path(__file__).parents[2]
EVERYTHING = """\
campaigns:
  all:
    # of it
    segment: a
    when: {schedule: weekdays 09:00}
    channel: in_app
    transactional: true
    enabled: false
    tags: [a, b]
    caps: [{at_most: 1, within: 7 days, tag: a}]
    window: {from: "09:00", to: "17:00", days: [monday, friday]}
    show: {look: slot, slot: prices, on: [exit_intent, {event: run, where: rows > 3}, {scroll: 50%}]}
    payload: {price: 3, tiers: [1, 2.5, true], name: "{{ person.name }}"}
    variants:
      one: {payload: {price: 4}}
      two: {payload: {price: 5}, weight: 2}
surveys:
  all:
    segment: a
    when: leaving
    sampled: 10%
    questions:
      - {id: a, kind: single, ask: A?, choices: ["x: y", z], required: true, then: {"x: y": b, else: end}}
      - {id: b, kind: rating, ask: B?, scale: 7, then: {1 to 3: end}}
"""


def _files() -> list[str]:
    """Every project file of the documentation and the demo."""
    pages = sorted((ROOT / "docs").glob("*.md"))
    blocks = [
        block
        for page in pages
        for block in re.findall(r"```yaml\n(.*?)```", page.read_text(), re.DOTALL)
    ]
    demo = (ROOT / "src/segue/demo/segue.yaml").read_text()
    return [EVERYTHING, demo, *(one for one in blocks if re.search("^(campaigns|surveys):", one))]


@pytest.mark.parametrize("number", range(len(_files())))
def test_what_is_opened_and_saved_untouched_stays_as_it_is_written(number: int) -> None:
    """Every campaign and survey there is in the documentation and the demo."""
    text = _files()[number]
    sections: tuple[Section, ...] = ("campaigns", "surveys")
    for section in sections:
        for id_, entry in (read_yaml(text).data.get(section) or {}).items():
            assert put_spoken(text, section, id_, entry_of(fields_of(entry))) == text


def test_what_a_form_says_is_written_in_the_words_of_the_file() -> None:
    form = {
        "title": " Hello ",
        "id": "hello",
        "when": "schedule",
        "schedule": "monday 09:00",
        "text": "One\r\ntwo\r\n",
        "tags": "a, b,",
        "priority": "3",
        "holdout": "10%",
        "enabled": "false",
        "goal": "",
        "show.on.0.kind": "page",
        "show.on.0.value": "/app*",
        "questions.0.id": "q",
        "questions.0.choices": "Red\r\nBlue\r\n",
        "questions.0.then": "Red: end\r\nelse: b",
        "questions.0.required": "true",
    }

    assert entry_of(form) == {
        "title": "Hello",
        "when": {"schedule": "monday 09:00"},
        "priority": 3,
        "holdout": "10%",
        "show": {"on": [{"page": "/app*"}]},
        "text": "One\ntwo\n",
        "questions": [
            {
                "id": "q",
                "choices": ["Red", "Blue"],
                "then": {"Red": "end", "else": "b"},
                "required": True,
            }
        ],
        "tags": ["a", "b"],
        "enabled": False,
    }


@pytest.mark.parametrize(
    ("where", "message", "field"),
    [
        ("campaigns.c.segment", "", "segment"),
        ("campaigns.c.show.on[1]", "", "show.on.1.kind"),
        ("campaigns.c.variants.loud.body", "", "variants.1.body"),
        ("campaigns.c", "a card needs `body`", "body"),
        ("campaigns.c.variants.loud", "a card needs `body`", "variants.1.body"),
        ("campaigns.c.window.to", "", "window.to"),
        ("campaigns.c.caps[0].tag", "", "caps.0.tag"),
        ("campaigns.c", "something of the whole", ""),
        ("campaigns.c.when.schedule", "", "when"),
    ],
)
def test_a_problem_belongs_to_the_field_it_is_about(where: str, message: str, field: str) -> None:
    fields = {
        **{f"show.on.{n}.kind": "page" for n in range(2)},
        **{f"variants.{n}.id": id_ for n, id_ in enumerate(("calm", "loud"))},
        "caps.0.tag": "a",
    }
    entry: dict[str, Any] = entry_of(fields)
    problem = Problem(message, where=where)

    found = by_field([problem], "campaigns.c", entry, field_names(fields))

    assert list(found) == [field]


def test_questions_are_moved_and_removed_with_all_that_they_say() -> None:
    fields = {"title": "t"} | {f"questions.{n}.id": id_ for n, id_ in enumerate("abc")}
    fields["questions.1.ask"] = "B?"

    assert how_many(fields, "questions") == 3
    up = moved(fields, "questions", 1, 0)
    assert (up["questions.0.id"], up["questions.0.ask"], up["questions.1.id"]) == ("b", "B?", "a")
    rest = without(fields, "questions", 0)
    assert rest == {
        "title": "t",
        "questions.0.id": "b",
        "questions.0.ask": "B?",
        "questions.1.id": "c",
    }


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("a card needs `body`", "a card needs “Text”"),
        ("there is no segment `old`", "there is no segment `old`"),
    ],
)
def test_a_message_speaks_of_what_the_form_shows(message: str, said: str) -> None:
    assert in_words_of_the_form(message) == said


@pytest.mark.parametrize(
    ("field", "label"),
    [
        ("body", "Text"),
        ("show.selector", "Beside the element"),
        ("questions.1.choices", "Question 2: Choices"),
        ("show.on.0.value", "Trigger 1: Value"),
        ("window.from", "From"),
    ],
)
def test_a_field_is_called_as_its_label(field: str, label: str) -> None:
    assert label_of(field) == label
