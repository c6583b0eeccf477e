"""What checking finds: errors that keep a segment from meaning anything, and warnings."""

import pytest

from segue.domain.errors import Problem, Severity
from segue.language.check import Catalog, check
from segue.language.project import project_from

CATALOG = Catalog(
    events=["x", "y", "a", "b", "c", "purchase", "invoice.paid"],
    properties={"purchase": ["amount", "currency"]},
    traits=["plan", "age"],
    texts={"purchase": ["currency"]},
)
ERROR, WARNING = Severity.ERROR, Severity.WARNING

DOUBTS: list[tuple[str, Severity, str, str]] = [
    # condition, severity, part of the message, suggestion
    ("did x at least 0 times", WARNING, "`at least 0 times` always holds", ""),
    ("did x fewer than 0 times", ERROR, "`fewer than 0 times` never holds", ""),
    ("did x on at least 10 days within 7 days", ERROR, "at most 9 calendar days, never 10", ""),
    ("did x on exactly 4 days in at least 2 of the last 7 days", ERROR, "at most 3 calendar days", ""),
    ("did x on at least 9 days between 14 days and 8 days ago", ERROR, "at most 8 calendar days", ""),
    ("active on at least 5 days within 1 day after first y", ERROR, "never 5", ""),
    ("did at least 3 of (a, b) within 7 days", ERROR, "only 2 are listed: never 3", ""),
    ("did at most 2 of (a, b)", WARNING, "always holds", ""),
    ("did fewer than 0 of (a, b)", ERROR, "never holds", ""),
    ("did at least 0 of (a, b)", WARNING, "always holds", ""),
    ("did at least 2 of (a, a)", WARNING, "listed twice", ""),
    ("distinct(purchase.amount) < 0", ERROR, "whole number from 0: this never holds", ""),
    ("distinct(purchase.amount) >= 0", WARNING, "always holds", ""),
    ("count(x) = 2.5", ERROR, "never holds", ""),
    ("count(x) != 2.5", WARNING, "always holds", ""),
    ("did (a then not b within 2 days then c, all within 1 day)", ERROR, "can never match", ""),
    ("did (a then not b within 2 days then not c within 2 days, all within 3 days)", ERROR, "can never match", ""),
    ("did (a then b within 2 days, all within 1 day)", WARNING, "has no effect", ""),
    ("did purchase where (amount > 5 and amount < 3)", ERROR, "exclude each other", ""),
    ("did purchase where (amount > 5 and amount = 5)", ERROR, "exclude each other", ""),
    ("did purchase where (amount > 5 and amount <= 5)", ERROR, "exclude each other", ""),
    ("did purchase where (amount is set and amount is not set)", ERROR, "exclude each other", ""),
    ("did purchase where (amount after 2026-05-01 and amount before 2026-04-01)", ERROR, "exclude each other", ""),
    ('trait plan = "a" and trait plan = "b"', ERROR, "exclude each other", ""),
    ('trait plan = "a" and trait plan in ("b", "c")', ERROR, "exclude each other", ""),
    ("trait plan is true and trait plan is false", ERROR, "exclude each other", ""),
    ("did x within 3 days and last x more than 7 days ago", ERROR, "exclude each other", ""),
    ("did any within 3 days and inactive for 3 days", ERROR, "exclude each other", ""),
    ("first x within 3 days and first x more than 7 days ago", ERROR, "exclude each other", ""),
    ("did x and did not x", ERROR, "`did not x` and its opposite", ""),
    ("did x within 3 days and did not x within 7 days", ERROR, "exclude each other", ""),
    ("did x at least 3 times within 3 days and did x exactly 2 times within 7 days", ERROR, "exclude each other", ""),
    ("in e.high and in e.low", ERROR, "exclude each other", ""),
    ("did x and did x", WARNING, "stands here twice", ""),
    ('did purchase where amount > "100"', WARNING, "letter by letter", "> 100"),
    ("did purchas", WARNING, "no action or event `purchas` so far", "purchase"),
    ('did "Purchase"', WARNING, "no event `Purchase` so far", "purchase"),
    ('did "billing*"', WARNING, "no event `billing*` so far", ""),
    ("did buyy", WARNING, "no action or event `buyy` so far", "buy"),
    ("did buy where curency is set", WARNING, "no property `curency` so far on buy", "currency"),
    ("sum(purchase.amout) > 3", WARNING, "no property `amout` so far on purchase", "amount"),
    ("last purchase has amout > 3", WARNING, "no property `amout` so far", "amount"),
    ("sum(purchase.currency) > 3", WARNING, "`sum` needs numbers, but `currency` has only texts", ""),
    ('trait plam = "x"', WARNING, "no trait `plam` so far", "plan"),
    ("in e.hihg", ERROR, "there is no segment `e.hihg`", "e.high"),
]  # fmt: skip

PROJECT = """\
actions: {{buy: purchase}}
ladders: {{e: {{levels: [{{level: low, when: everyone}}, {{level: high, when: did x}}]}}}}
segments:
  it:
    when: {}
"""


def _check(condition: str, catalog: Catalog = CATALOG) -> list[Problem]:
    return check(project_from(PROJECT.format(condition)), catalog)


@pytest.mark.parametrize(("condition", "severity", "message", "suggestion"), DOUBTS)
def test_a_doubtful_condition_is_found(
    condition: str, severity: Severity, message: str, suggestion: str
) -> None:
    (problem,) = _check(condition)

    assert message in problem.message
    assert (problem.severity, problem.suggestion) == (severity, suggestion)
    assert (problem.line, problem.where) == (5, "segments.it.when")


RIGHT = [
    "did x on at least 8 days within 7 days",
    "did x within 7 days and did not x within 3 days",
    "did x at least 3 times within 30 days and did x at most 4 times within 7 days",
    "did x and did not y",
    "did (a then not b within 1 day then c within 2 days, all within 3 days)",
    "did purchase where (amount > 3 and amount < 5)",
    "did purchase where (amount >= 5 and amount <= 5)",
    'did purchase where (amount = 10 and amount = "10")',
    "did purchase where (amount after 2026-05-01 and amount before 2026-05-03)",
    'trait plan != "a" and trait plan != "b"',
    "last x more than 3 days ago and did x within 7 days",
    "first x more than 3 days ago and first x more than 7 days ago",
    "in e.high and not in e.low",
    "did not x since last y and not did x since last y",
    'did "invoice*" and did "invoice.paid" and did $session_started and did $survey_answered',
    "distinct(purchase.currency) > 3",
    "avg(purchase.amount) = 2.5",
    "did buy where amount > 3",
    "avg($session_ended.duration) > 3",
    "trait plan.name is set",
]


@pytest.mark.parametrize("condition", RIGHT)
def test_a_sensible_condition_is_left_alone(condition: str) -> None:
    assert _check(condition) == []


def test_without_a_log_no_name_is_unknown() -> None:
    assert _check("did anything_else where a = 1 and trait b = 2", Catalog()) == []


def test_levels_that_nobody_reaches_are_found() -> None:
    text = """\
journey:
  - {stage: late, when: did x}
  - {stage: always, when: everyone}
"""
    (problem,) = check(project_from(text))

    assert problem.message == "nobody is ever on `late`: a later level holds for everyone"
    assert problem.line == 2


def test_an_unknown_stage_is_doubtful() -> None:
    text = """\
journey: [{stage: new, when: everyone}]
segments:
  it: {when: everyone, stage: nwe}
"""
    (problem,) = check(project_from(text))

    assert (problem.line, problem.column, problem.suggestion) == (3, 31, "new")
    assert problem.severity is Severity.WARNING


def test_actions_and_goals_are_checked_too() -> None:
    text = """\
actions: {buy: purchas}
goals: {won: {event: purchase where amout > 3}}
engaging: any of (buy, purchas)
"""
    found = [(p.where, p.suggestion) for p in check(project_from(text), CATALOG)]

    assert found == [
        ("actions.buy", "purchase"),
        ("goals.won.event", "amount"),
        ("engaging", "purchase"),
    ]


def test_problems_come_in_the_order_of_the_file() -> None:
    text = """\
segments:
  a: {when: did x fewer than 0 times and in nobody}
  b: {when: "did x\\n and in somebody"}
exclude: did purchas
"""
    places = [(p.line, p.column) for p in check(project_from(text), CATALOG)]

    assert places == [(2, 17), (2, 45), (3, 29), (4, 14)]


def test_ten_thousand_terms_are_checked_quickly() -> None:
    when = " and ".join(f"did x at least {n} times" for n in range(2, 10_000))

    assert check(project_from({"segments": {"big": {"when": when}}})) == []
