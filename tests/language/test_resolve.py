"""From a project to what is evaluated: actions expanded, levels exclusive, segments in order."""

import pytest

from segue.domain.errors import DefinitionError
from segue.language.parse import parse_condition
from segue.language.project import project_from, resolve
from segue.language.resolve import actions_of, engaging_of, structure_problems
from segue.language.text import to_text


def _resolved(actions: str, condition: str) -> str:
    text = f"actions:\n{actions}\nsegments:\n  it:\n    when: {condition}"
    return to_text(resolve(project_from(text)).segment("it").condition)


ACTIONS = """\
  signed_up: user_created
  page_view: any of ($pageview, "Page Viewed")
  pricing: page_view where path = "/pricing"
  big: purchase where amount > 100
  purchase: any of (purchase, bought)
  key: any of (signed_up, big, report_run)
  clicks: any where kind = "click"
"""

EXPANDED = [
    ("did other", 'did "other"'),
    ("did signed_up", 'did "user_created"'),
    ('did "signed_up"', 'did "signed_up"'),
    ("did any", "did any"),
    ("did page_view", 'did any of ("$pageview", "Page Viewed")'),
    ("did any of (page_view, signed_up)", 'did any of ("$pageview", "Page Viewed", "user_created")'),
    ("did pricing", 'did any of ("$pageview", "Page Viewed") where path = "/pricing"'),
    ("did pricing where ref is set", 'did any of ("$pageview", "Page Viewed") where (path = "/pricing" and ref is set)'),
    ("did purchase", 'did any of ("purchase", "bought")'),
    ("did big", 'did any of ("purchase", "bought") where amount > 100'),
    ("did key", 'did any of (any of ("user_created", "report_run"), any of ("purchase", "bought") where amount > 100)'),
    ("did clicks", 'did any where kind = "click"'),
    ("did a since last signed_up", 'did "a" since last "user_created"'),
    ("did (signed_up then page_view)", 'did ("user_created" then any of ("$pageview", "Page Viewed"))'),
    ("last signed_up has a = 1", 'last "user_created" has a = 1'),
    ("sum(big.amount) > 3", 'sum(any of ("purchase", "bought").amount where amount > 100) > 3'),
    ("did at least 1 of (signed_up, a)", 'did at least 1 of ("user_created", "a")'),
    ("top 10% by time since last signed_up", 'top 10% by time since last "user_created"'),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "expanded"), EXPANDED)
def test_actions_are_expanded_to_events(condition: str, expanded: str) -> None:
    assert _resolved(ACTIONS, condition) == expanded


def test_a_level_holds_where_no_later_one_does() -> None:
    text = """
ladders:
  engagement:
    title: How engaged
    levels:
      - {level: low, when: everyone}
      - {level: mid, when: in a}
      - {level: high, when: in b, title: Fans}
segments:
  a: {when: did x}
  b: {when: did y}
"""
    definitions = resolve(project_from(text))

    said = {s.id: (s.title, to_text(s.condition)) for s in definitions.segments}
    assert said["engagement.low"] == ("How engaged: low", "everyone and not (in a or in b)")
    assert said["engagement.mid"] == ("How engaged: mid", "in a and not in b")
    assert said["engagement.high"] == ("Fans", "in b")


def test_the_journey_is_a_ladder() -> None:
    text = """
journey:
  - {stage: new, when: everyone}
  - {stage: paying, when: did paid, title: Pays us}
"""
    new, paying = resolve(project_from(text)).segments

    assert (new.id, new.kind, new.stage) == ("journey.new", "lifecycle", "new")
    assert new.condition == parse_condition('everyone and did not "paid"')
    assert (paying.title, paying.condition) == ("Pays us", parse_condition('did "paid"'))


def test_a_segment_stands_after_those_it_refers_to() -> None:
    text = """
ladders: {l: {levels: [{level: one, when: in c}]}}
segments:
  a: {when: in b and entered c}
  b: {when: in c}
  c: {when: did x}
"""
    order = [segment.id for segment in resolve(project_from(text)).segments]

    assert order == ["c", "l.one", "b", "a"]


def test_what_a_project_says_besides_segments_is_kept() -> None:
    text = """
timezone: Europe/Berlin
exclude: did signed_up
not_activity: [nightly, signed_up]
page_events: [page_view, seen]
campaign_keys: [src]
actions: {signed_up: user_created, page_view: $pageview}
goals: {won: {event: signed_up where plan is set, within: 2 weeks}, ever: {event: x}}
"""
    definitions = resolve(project_from(text))

    assert definitions.timezone == "Europe/Berlin"
    assert definitions.exclude == parse_condition('did "user_created"')
    assert definitions.not_activity == ("nightly", "user_created")
    assert definitions.page_events == ("$pageview", "seen")
    assert definitions.campaign_keys == ("src",)
    assert [(name, to_text(e), within) for name, e, within in definitions.goals] == [
        ("won", '"user_created" where plan is set', 14 * 86_400_000),
        ("ever", '"x"', None),
    ]


def test_actions_stand_for_their_events() -> None:
    project = project_from("""
actions:
  core: any of (made, run)
  made: project_created
  big: core where size > 3
""")

    assert {name: to_text(pattern) for name, pattern in actions_of(project).items()} == {
        "core": 'any of ("project_created", "run")',
        "made": '"project_created"',
        "big": 'any of ("project_created", "run") where size > 3',
    }


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("", "any"),
        ("engaging: core", '"made"'),
        ("engaging: any of (core, x)", 'any of ("made", "x")'),
    ],
)
def test_any_activity_engages_unless_the_project_says(written: str, meant: str) -> None:
    project = project_from(f"actions: {{core: made}}\n{written}")

    assert to_text(engaging_of(project)) == meant


def test_titles_are_made_from_ids() -> None:
    definitions = resolve(project_from("segments: {cart_abandoners: {when: everyone}}"))

    assert definitions.segment("cart_abandoners").title == "Cart abandoners"


WRONG = """\
exclude: in stranger
actions: {a: b, b: "any of (c, a)"}
ladders:
  journey: {levels: [{level: x, when: everyone}]}
  twice: {levels: [{level: x, when: everyone}, {level: x, when: did y}]}
segments:
  one: {when: did x and in two}
  two:
    when: |
      did x
      or entered three
  three: {when: in one}
  lost: {when: in onne}
"""


def test_unknown_segments_repeated_ids_and_circles_come_at_once() -> None:
    with pytest.raises(DefinitionError) as raised:
        resolve(project_from(WRONG))

    found = {(p.line, p.column, p.message, p.suggestion) for p in raised.value.problems}
    assert found == {
        (1, 13, "there is no segment `stranger`", ""),
        (2, 14, "actions use each other in a circle: a → b → a", ""),
        (4, 3, "`journey` is the name of the journey; a ladder needs another one", ""),
        (5, 65, "`twice.x` is already defined", ""),
        (7, 15, "segments depend on each other in a circle: one → two → three → one", ""),
        (13, 19, "there is no segment `onne`", "one"),
    }


def test_a_thousand_actions_in_a_row_are_expanded() -> None:
    chain = {f"a{n}": f"a{n + 1} where p{n} = 1" for n in range(1000)}
    project = project_from({"actions": chain, "segments": {"it": {"when": "did a0"}}})

    condition = resolve(project).segment("it").condition

    assert to_text(condition).startswith('did "a1000" where (')


def test_a_segment_inside_a_thousand_others_is_put_in_order() -> None:
    chain = {f"s{n}": {"when": f"in s{n + 1}"} for n in range(1000)}
    project = project_from({"segments": {**chain, "s1000": {"when": "everyone"}}})

    assert resolve(project).segments[0].id == "s1000"


def test_exclude_cannot_use_a_segment() -> None:
    """Every segment leaves the excluded out, so `exclude: in …` would depend on itself."""
    project = project_from("exclude: did a or in staff\nsegments: {staff: {when: did b}}")

    (problem,) = structure_problems(project)

    assert "`exclude` cannot use the segment `staff`" in problem.message
    assert (problem.line, problem.column) == (1, 22)
