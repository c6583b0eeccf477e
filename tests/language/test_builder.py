"""Every form can be built in Python, as the same tree and the same text."""

import datetime as dt
from decimal import Decimal

import pytest

from segue.domain.errors import DefinitionError, UsageError
from segue.language import build as b
from segue.language.build import did, duration, event, prop, stored, trait
from segue.language.parse import parse_condition
from segue.language.project import project_from

BUILT: list[tuple[b.ConditionExpression, str]] = [
    (b.everyone(), "everyone"),
    (did("purchase").at_least(3).within(days=30) & ~did("refund"), "did purchase at least 3 times within 30 days and did not refund"),
    (did("a") | (did("b") & did("c")), "did a or did b and did c"),
    (~(did("a") & did("b")), "not (did a and did b)"),
    (b.in_segment("x").for_at_least(days=3), "in x for at least 3 days"),
    (b.in_segment("engagement.high"), "in engagement.high"),
    # events
    (did("Order Completed"), 'did "Order Completed"'),
    (did(stored("a")), 'did "a"'),
    (did(stored("invoice.*")), 'did "invoice.*"'),
    (did(b.any_event()).within(hours=1), "did any within 1 hour"),
    (did(event("a", "B c")), 'did any of (a, "B c")'),
    (did(event("a").then("b", days=2).then("c").all_within(weeks=1)), "did (a then b within 2 days then c, all within 7 days)"),
    (did(event("a").then_not("b", minutes=5)), "did (a then not b within 5 minutes)"),
    # filters
    (did(event("a").where(prop("b") == 1)), "did a where b = 1"),
    (did(event("a").where(prop("b.c") != "x")), 'did a where b.c != "x"'),
    (did(event("a").where(prop(("b.c", "d")) < 1.5)), 'did a where "b.c".d < 1.5'),
    (did(event("a").where((prop("b") <= 1) & ((prop("c") > 2) | ~(prop("d") >= 3)))), "did a where (b <= 1 and (c > 2 or not d >= 3))"),
    (did(event("a").where(prop("b") > 1).where(prop("c") > 2)), "did a where (b > 1 and c > 2)"),
    (did(event("a").where(prop("b").is_in("x", 2))), 'did a where b in ("x", 2)'),
    (did(event("a").where(~prop("b").contains("x"))), 'did a where b not contains "x"'),
    (did(event("a").where(prop("b").starts_with("x"))), 'did a where b starts with "x"'),
    (did(event("a").where(prop("b").ends_with("x"))), 'did a where b ends with "x"'),
    (did(event("a").where(prop("b").matches(r"^\d"))), r'did a where b matches "^\\d"'),
    (did(event("a").where(~(prop("b").is_set() | prop("c").is_true()))), "did a where (not (b is set or c is true))"),
    (did(event("a").where(prop("b").is_false())), "did a where b is false"),
    (did(event("a").where(prop("b").within_last(days=3))), "did a where b within last 3 days"),
    (did(event("a").where(prop("b").within_next(days=3))), "did a where b within next 3 days"),
    (did(event("a").where(prop("b").before("2026-05-01"))), "did a where b before 2026-05-01"),
    (did(event("a").where(prop("b").after(dt.date(2026, 5, 1)))), "did a where b after 2026-05-01"),
    # counting
    (did("a").at_most(2), "did a at most 2 times"),
    (did("a").exactly(2), "did a exactly 2 times"),
    (did("a").more_than(2), "did a at least 3 times"),
    (did("a").fewer_than(2), "did a at most 1 time"),
    (did("a").at_least(2).days.within(days=7), "did a on at least 2 days within 7 days"),
    (b.did_not("a").at_least(2).since_last("b"), "did a at most 1 time since last b"),
    (b.did_not("a").exactly(2), "did not a exactly 2 times"),
    (b.active().at_least(3).within(days=14), "active on at least 3 days within 14 days"),
    (b.did_some_of("a", "b").at_least(2).within(days=7), "did at least 2 of (a, b) within 7 days"),
    (b.did_not_some_of("a", "b").exactly(1), "did not exactly 1 of (a, b)"),
    (b.entered("x").at_least(2).within(days=30), "entered x at least 2 times within 30 days"),
    (b.left("x").since("2026-05-01"), "left x since 2026-05-01"),
    # windows
    (did("a").between(duration(days=14), duration(days=7)), "did a between 14 days and 7 days ago"),
    (did("a").since(dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)), "did a since 2026-05-01T12:00:00+00:00"),
    (did("a").before("2026-05-01"), "did a before 2026-05-01"),
    (did("a").since_first(event("b").where(prop("c") == 1)), "did a since first b where c = 1"),
    (did("a").within(days=7).after_last("b"), "did a within 7 days after last b"),
    (did("a").within(days=7).after_first("b"), "did a within 7 days after first b"),
    (did("a").before_last("b"), "did a before last b"),
    (did("a").before_first("b"), "did a before first b"),
    (did("a").in_at_least(3, of_last_days=7), "did a in at least 3 of the last 7 days"),
    (~did("a").in_at_least(3, of_last_weeks=4), "not did a in at least 3 of the last 4 weeks"),
    # ages
    (b.first("a").within(days=7), "first a within 7 days"),
    (b.last("a").more_than_ago(hours=1), "last a more than 1 hour ago"),
    (b.first("a").has(prop("b") == 1), "first a has b = 1"),
    (b.inactive_for(days=30), "inactive for 30 days"),
    (b.time_since_last("a") > duration(days=3), "time since last a > 3 days"),
    (b.time_since_first("a") <= duration(days=3), "time since first a <= 3 days"),
    (b.time_since_first("a") == duration(days=3), "time since first a = 3 days"),
    (b.time_since_first("a") != duration(days=3), "time since first a != 3 days"),
    (b.time_since_last("a") < duration(days=3), "did a within 3 days"),
    (b.time_since_last("a") >= duration(days=3), "last a more than 3 days ago"),
    # amounts
    (b.count_of("a") >= 3, "did a at least 3 times"),
    (b.sum_of("a", "b").within(days=90) >= 500, "sum(a.b) >= 500 within 90 days"),
    (b.avg_of(event("a").where(prop("c") == 1), "b") < Decimal("0.5"), "avg(a.b where c = 1) < 0.5"),
    (b.min_of("a", "b") > 0.1, "min(a.b) > 0.1"),
    (b.max_of("a", "b.c") <= 1, "max(a.b.c) <= 1"),
    (b.distinct_of(b.any_event(), "b") == 3, "distinct(any.b) = 3"),
    (b.distinct_of("a", "b") != 3, "distinct(a.b) != 3"),
    (b.count_of("a").within(days=7) < b.count_of("b").percent(50), "count(a) within 7 days < 50% of count(b)"),
    (b.top(10, by=b.sum_of("a", "b").within(days=90)), "top 10% by sum(a.b) within 90 days"),
    (b.bottom(5.5, by=b.time_since_last("a")), "bottom 5.5% by time since last a"),
    # traits
    (trait("plan") == "pro", 'trait plan = "pro"'),
    (~trait("address.city").is_set(), "trait address.city is not set"),
    (trait("ends_at").within_next(days=3), "trait ends_at within next 3 days"),
]  # fmt: skip


@pytest.mark.parametrize(("built", "text"), BUILT, ids=lambda value: str(value)[:60])
def test_what_is_built_is_what_is_written(built: b.ConditionExpression, text: str) -> None:
    assert built.node == parse_condition(text)
    assert str(built) == text


def test_expressions_stand_in_definitions() -> None:
    definitions = {
        "actions": {"buy": event("purchase").where(prop("amount") > 0)},
        "segments": {"buyers": {"when": did("buy").at_least(2)}},
    }

    same = {
        "actions": {"buy": "purchase where amount > 0"},
        "segments": {"buyers": {"when": "did buy at least 2 times"}},
    }
    assert project_from(definitions) == project_from(same)


def test_building_does_not_change_what_it_builds_on() -> None:
    base = did("a")
    base.at_least(3).within(days=7)

    assert str(base) == "did a"


WRONG = [
    (lambda: did("a").within(days=0), DefinitionError),
    (lambda: did("a").between(duration(days=1), duration(days=7)), DefinitionError),
    (lambda: did(""), DefinitionError),
    (event, UsageError),
    (lambda: prop("a") == True, UsageError),  # noqa: E712
    (lambda: prop("a") > float("inf"), UsageError),
    (lambda: prop("a") == None, UsageError),  # noqa: E711
    (lambda: did("a").since_last("b").after_last("c"), UsageError),
    (lambda: did("a").in_at_least(3), UsageError),
    (lambda: b.did_some_of("a").days, UsageError),
    (lambda: b.last(event("a").then("b")).has(prop("c") == 1), UsageError),
    (lambda: b.time_since_last("a").within(days=3) > duration(days=1), UsageError),
    (lambda: event("a").then_not("b"), DefinitionError),
    (lambda: b.top(0, by=b.count_of("a")), DefinitionError),
    (lambda: b.did_not("a").in_at_least(3, of_last_days=7).node, DefinitionError),
]


@pytest.mark.parametrize(("make", "error"), WRONG)
def test_what_means_nothing_is_refused(make: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        make()  # type: ignore[operator]


def test_what_is_nested_too_deep_is_refused_in_definitions() -> None:
    condition = did("a")
    for level in range(150):
        condition = (condition & did("b")) if level % 2 else (condition | did("c"))

    with pytest.raises(DefinitionError, match="nested more than 100 levels deep"):
        project_from({"segments": {"deep": {"when": condition}}})
