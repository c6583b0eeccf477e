"""What a change of definitions would do to people and to messages."""

import pyarrow as pa
import pytest

import segue
from segue.demo import simulate
from segue.domain.errors import DefinitionError, UsageError
from segue.services.insight.diff_document import diff_document
from segue.services.insight.diff_words import diff_markdown, diff_words
from segue.services.insight.differing import Diff, Kind

OLD = {
    "timezone": "Europe/Berlin",
    "actions": {"pricing": '$pageview where path starts with "/pricing"'},
    "goals": {"paid": {"event": "purchase", "within": "7 days"}},
    "segments": {
        "visitors": {"title": "Price | visitors", "when": "did pricing within 7 days"},
        "buyers": {"when": "did purchase"},
        "curious": {"when": "in visitors and not in buyers"},
        "lapsed": {"when": "inactive for 14 days"},
    },
    "messaging": {"holdout": "0%"},
    "campaigns": {
        "offer": {
            "segment": "curious",
            "when": "entering",
            "already_in": "skip",
            "channel": "in_app",
            "body": "An offer",
            "goal": "paid",
        },
        "thanks": {
            "segment": "buyers",
            "when": "entering",
            "already_in": "skip",
            "channel": "in_app",
            "body": "Thank you",
            "goal": "paid",
        },
    },
}


def _with(**changes: object) -> dict[str, object]:
    """The project with some segments changed (None: removed)."""
    segments = {**OLD["segments"], **changes}  # type: ignore[dict-item]
    return {**OLD, "segments": {name: one for name, one in segments.items() if one}}


@pytest.fixture(scope="module")
def events() -> pa.Table:
    return simulate(people=300)


@pytest.fixture(scope="module")
def engine(events: pa.Table):
    with segue.Engine.in_memory(OLD) as made:
        made.record(events)
        yield made


def _diff(engine: segue.Engine, new: dict[str, object], days: int = 30) -> Diff:
    return engine.insight().diff(OLD, new, days=days)


def _members(events: pa.Table, project: dict[str, object], segment_id: str) -> set[str]:
    with segue.Engine.in_memory(project) as engine:
        engine.record(events)
        return set(engine.evaluate(segment_ids=[segment_id])["person_id"].to_pylist())


def test_nothing_changes(engine: segue.Engine) -> None:
    """The same definitions, however they are written."""
    found = _diff(engine, OLD)

    assert not found.is_change
    assert found.segments == found.campaigns == found.rules == ()
    assert diff_words(found) == "Nothing changes: 4 segments compared."
    assert diff_document(found)["changed"] is False
    assert "Nothing changes" in diff_markdown(found)


def test_a_changed_condition_moves_people_and_what_rests_on_it(
    events: pa.Table, engine: segue.Engine
) -> None:
    """In and out are counted as `evaluate` would; a segment on top is affected; so is the
    campaign on that, and the other one is not."""
    new = _with(visitors={"title": "Price | visitors", "when": "did pricing within 14 days"})
    found = _diff(engine, new)
    before = _members(events, OLD, "visitors")
    after = _members(events, new, "visitors")
    kinds = {one.id: one.kind for one in found.segments}
    (changed,) = (one for one in found.segments if one.id == "visitors")

    assert kinds == {"visitors": Kind.CHANGED, "curious": Kind.AFFECTED}
    assert (changed.now.into, changed.now.out) == (len(after - before), len(before - after))
    assert changed.now.both == len(before & after)
    assert (changed.now.before, changed.now.after) == (len(before), len(after))
    assert changed.period.out == 0
    assert (changed.old_when, changed.new_when) == (
        "did pricing within 7 days",
        "did pricing within 14 days",
    )
    assert [(one.id, one.kind) for one in found.campaigns] == [("offer", Kind.AFFECTED)]


def test_messages_are_those_of_the_dry_runs(events: pa.Table, engine: segue.Engine) -> None:
    """Before and after, of the period."""
    new = _with(visitors={"when": "did pricing at least 3 times within 7 days"})
    (told,) = _diff(engine, new).campaigns
    sent = []
    for project in (OLD, new):
        with segue.Engine.in_memory(project) as other:
            other.record(events)
            sent.append(sum(one.fate == "messaged" for one in other.simulate("offer").moments))

    assert [told.old_messages, told.new_messages] == sent
    assert told.more == sent[1] - sent[0] < 0


def test_a_new_name_for_the_same_condition_is_a_new_name(engine: segue.Engine) -> None:
    """Nobody moves."""
    (one,) = _diff(engine, _with(lapsed=None, silent={"when": "inactive for 14 days"})).segments

    assert (one.kind, one.old_id, one.new_id) == (Kind.RENAMED, "lapsed", "silent")
    assert one.now.into == one.now.out == one.period.into == one.period.out == 0


def test_segments_come_and_go(engine: segue.Engine) -> None:
    """Everybody in a new one comes in, everybody in one that goes, goes."""
    found = _diff(engine, _with(lapsed=None, weekly={"when": "active on at least 2 days"}))
    kinds = {one.id: one for one in found.segments}

    assert kinds["weekly"].kind is Kind.ADDED
    assert kinds["weekly"].now.before == kinds["weekly"].now.out == 0
    assert kinds["weekly"].old_when is None
    assert kinds["lapsed"].kind is Kind.REMOVED
    assert kinds["lapsed"].now.after == 0
    assert kinds["lapsed"].now.out > 0


def test_a_changed_action_moves_people_whose_segments_say_the_same(engine: segue.Engine) -> None:
    """And is told itself."""
    new = {**OLD, "actions": {"pricing": '$pageview where path = "/features"'}}
    found = _diff(engine, new)

    assert {one.id: one.kind for one in found.segments} == {
        "visitors": Kind.AFFECTED,
        "curious": Kind.AFFECTED,
    }
    (rule,) = found.rules
    assert (rule.name, rule.old) == (
        "actions.pricing",
        '$pageview where path starts with "/pricing"',
    )


def test_who_is_excluded_leaves_everywhere(engine: segue.Engine) -> None:
    """The number of people is told before and after."""
    found = _diff(engine, {**OLD, "exclude": "did purchase"})

    assert found.new_people < found.old_people
    assert {one.id for one in found.segments} >= {"buyers", "visitors"}
    (buyers,) = (one for one in found.segments if one.id == "buyers")
    assert buyers.now.after == 0


def test_campaigns_come_go_and_change(engine: segue.Engine) -> None:
    """One that is switched off sends nothing; other caps concern all."""
    offer = {**OLD["campaigns"]["offer"], "enabled": False}  # type: ignore[index]
    found = _diff(engine, {**OLD, "campaigns": {"offer": offer, "again": {**offer}}})
    told = {one.id: one for one in found.campaigns}

    assert {name: one.kind for name, one in told.items()} == {
        "offer": Kind.CHANGED,
        "again": Kind.ADDED,
        "thanks": Kind.REMOVED,
    }
    assert told["offer"].new_messages == told["again"].new_messages == 0
    assert (told["again"].old_messages, told["thanks"].new_messages) == (None, None)
    assert found.more_messages < 0


def test_markdown_holds_its_tables_together(engine: segue.Engine) -> None:
    """Bars in titles are escaped; conditions stand as a diff."""
    new = _with(visitors={"title": "Price | visitors", "when": "did pricing within 14 days"})
    text = diff_markdown(_diff(engine, new))
    rows = [line for line in text.splitlines() if line.startswith("|")]

    assert "| Price \\| visitors `visitors` | changed |" in text
    assert "```diff\n- did pricing within 7 days\n+ did pricing within 14 days\n```" in text
    assert len({line.replace("\\|", "").count("|") for line in rows}) == 2  # two tables
    assert "offer" in text


WRONG = [
    ({"segments": {"visitors": {"when": "did pricing at"}}}, 30, DefinitionError, "visitors|early"),
    (OLD, 0, UsageError, "0 days"),
]


@pytest.mark.parametrize(("new", "days", "error", "says"), WRONG, ids=["condition", "days"])
def test_what_cannot_be_compared(
    engine: segue.Engine,
    new: dict[str, object],
    days: int,
    error: type[Exception],
    says: str,
) -> None:
    """Each with its error."""
    with pytest.raises(error, match=says):
        _diff(engine, new, days)
