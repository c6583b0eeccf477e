"""Reading a project file: what it holds, and every problem at once, each at its place."""

from pathlib import Path
from time import perf_counter

import pytest

from segue.domain.errors import DefinitionError, InputError, NotFoundError
from segue.language.parse import parse_condition, parse_pattern
from segue.language.project import load_project, project_from

WHOLE = """\
project: acme
timezone: Europe/Berlin
exclude: trait email ends with "@acme.com"   # colleagues
not_activity: [invoice_paid, "Email Delivered"]
actions:
  signed_up: user_created
goals:
  subscribed: {event: subscribed, within: 14 days}
journey:
  - stage: new
    when: everyone
ladders:
  engagement:
    levels:
      - {level: low, when: everyone}
segments:
  dormant:
    title: Dormant
    kind: lifecycle
    stage: new
    when: |
      inactive for 30 days   # a comment of the language
      and did signed_up
campaigns:
  prices:
    segment: dormant
    when: entering
    already_in: skip
    channel: webhook
    to: https://example.com/prices
    payload: {plan: 3, sale: true, code: 010, text: "7"}
surveys:
"""


def test_a_project_holds_trees_and_milliseconds() -> None:
    project = project_from(WHOLE)

    assert project.exclude == parse_condition('trait email ends with "@acme.com"')
    assert project.not_activity == ["invoice_paid", "Email Delivered"]
    assert project.actions == {"signed_up": parse_pattern("user_created")}
    assert project.goals["subscribed"].within == 14 * 86_400_000
    assert project.segments["dormant"].when == parse_condition(
        "inactive for 30 days and did signed_up"
    )
    assert project.campaigns["prices"].payload == (
        '{"plan": 3, "sale": true, "code": "010", "text": "7"}'
    )
    assert project.surveys == {}


def test_a_project_dumps_as_it_can_be_read() -> None:
    project = project_from(WHOLE)

    assert project_from(project.model_dump()) == project


def test_an_empty_file_is_a_project_with_defaults() -> None:
    project = project_from("")

    assert project.timezone == "UTC"
    assert "$pageview" in project.page_events
    assert "utm_source" in project.campaign_keys


def test_a_file_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="there is no file"):
        load_project(tmp_path / "segue.yaml")


def test_a_folder_is_no_project_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        load_project(tmp_path)


def test_a_file_that_is_no_text_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "segue.yaml"
    path.write_bytes(b"project: \xff")

    with pytest.raises(DefinitionError, match="not UTF-8"):
        load_project(path)


def test_a_byte_order_mark_is_no_problem(tmp_path: Path) -> None:
    path = tmp_path / "segue.yaml"
    path.write_bytes(b"\xef\xbb\xbfproject: acme")

    assert load_project(path).project == "acme"


MANY = """\
projct: acme
timezone: Europe/Berln
journey:
  - stage: new
segments:
  a b: {when: everyone}
  wrong_key: {when: everyone, titel: X}
  literal:
    when: |
      did x
        and did y at leest 3 times
  folded:
    when: >-
      did x
      and "did y"
  quoted:
    when: "did \\"x\\" and did y within 3 months"
  single: {when: 'did x where a = ''b'''}
  plain:
    when: did v
      within 7 dayz
  no_mapping: [1]
  number: {when: 3}
  empty: {when: }
actions:
  count: x
  two: [a, b]
goals:
  soon: {event: x, within: soon}
"""


def test_all_problems_of_a_file_come_at_once_each_at_its_place() -> None:
    with pytest.raises(DefinitionError) as raised:
        project_from(MANY, source="acme.yaml")

    found = [(p.line, p.column, p.where, p.message, p.suggestion) for p in raised.value.problems]
    assert found == [
        (1, 1, "projct", "there is no key `projct` here", "project"),
        (2, 11, "timezone", "no such time zone (write it as `Europe/Berlin`)", ""),
        (4, 5, "journey[0].when", "`when` is missing", ""),
        (6, 3, "segments.a b", "a name has letters, digits, _ $ - / and : only", ""),
        (7, 31, "segments.wrong_key.titel", "there is no key `titel` here", "title"),
        (11, 22, "segments.literal.when", "`leest` does not fit here", "least"),
        (15, 11, "segments.folded.when", '`"did y"` does not fit here', ""),
        (17, 39, "segments.quoted.when", "there are no months: they differ in length", "90 days"),
        (18, 35, "segments.single.when", "`'` is not part of the language", 'double quotes: "…"'),
        (21, 16, "segments.plain.when", "`dayz` does not fit here", "days"),
        (22, 3, "segments.no_mapping", "a mapping of keys to values is expected here", ""),
        (23, 18, "segments.number.when", "`3` does not fit here", ""),
        (24, 16, "segments.empty.when", "`when` is missing", ""),
        (26, 3, "actions.count", "this is a word of the language; choose another name", ""),
        (27, 3, "actions.two", "an event pattern is written as text", ""),
        (29, 28, "goals.soon.within", "`soon` does not fit here", ""),
    ]
    lines = MANY.splitlines()
    assert all(problem.source == "acme.yaml" for problem in raised.value.problems)
    assert all(problem.excerpt == lines[problem.line - 1] for problem in raised.value.problems)


BROKEN = [
    ("a: b: c", 1, 5, "mapping values are not allowed"),
    ("project: [a", 1, 12, "expected"),
    ("\t- x", 1, 1, "cannot start any token"),
    ("segments: {x: {when: everyone}}\nproject: a\nsegments: {}", 3, 1, "already defined in line 1"),
    ("segments:\n  x: {when: did a}\n  x: {when: did b}", 3, 3, "already defined in line 2"),
    ("[1]", 1, 1, "a mapping of keys to values"),
    ("just text", 1, 1, "a mapping of keys to values"),
    ("segments: &a {x: *a}", 1, 1, "nested too deep"),
    ("project: " + "[" * 2000, 1, 1, "nested too deep"),
    ("project: \x01", 1, 1, "special characters are not allowed"),
    ("a: 1\n---\nb: 2", 2, 1, "expected a single document"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "column", "message"), BROKEN, ids=lambda v: str(v)[:25])
def test_broken_yaml_is_a_problem_with_a_place(
    text: str, line: int, column: int, message: str
) -> None:
    with pytest.raises(DefinitionError) as raised:
        project_from(text)

    (problem,) = raised.value.problems
    assert message in problem.message
    assert (problem.line, problem.column) == (line, column)


def test_repeated_keys_do_not_hide_other_problems() -> None:
    with pytest.raises(DefinitionError) as raised:
        project_from("project: a\nproject: b\nsegments: {x: {when: did}}")

    assert [problem.line for problem in raised.value.problems] == [2, 3]


def test_quotes_that_yaml_takes_away_are_suggested_back() -> None:
    with pytest.raises(DefinitionError) as raised:
        project_from('actions: {signed_up: "Signed Up"}')

    (problem,) = raised.value.problems
    assert problem.message == "an event name with spaces or dots needs its own quotes"
    assert problem.suggestion == "'\"Signed Up\"'"


def test_aliases_that_grow_without_end_are_refused() -> None:
    lines = ["campaigns:", "  a: &a [x, x, x, x, x, x, x, x, x, x]"]
    lines += [
        f"  {b}: &{b} [{', '.join([f'*{a}'] * 10)}]"
        for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    ]

    with pytest.raises(DefinitionError, match="nested too deep"):
        project_from("\n".join(lines))


def test_a_mapping_has_the_same_problems_without_places() -> None:
    with pytest.raises(DefinitionError) as raised:
        project_from({"segments": {"x": {"when": "did x at leest 3 times"}, "y": {}}})

    first, second = raised.value.problems
    assert (first.where, second.where) == ("segments.y.when", "segments.x.when")
    assert second.column == 10


def test_two_thousand_segments_load_in_a_few_seconds() -> None:
    when = (
        'did page_view where path starts with "/p{}" at least 3 times within 14 days and did not a'
    )
    rows = [f"  s{n}:\n    title: Segment {n}\n    when: {when.format(n)}" for n in range(2000)]

    started = perf_counter()
    project = project_from("segments:\n" + "\n".join(rows))

    assert len(project.segments) == 2000
    assert perf_counter() - started < 10
