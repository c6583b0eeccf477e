"""Lint against portfolios whose mistakes are known, because they were planted."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

import segue
from segue.domain.campaigns import Channel, Delivery, Occasion, State
from segue.domain.instant import DAY, HOUR, MINUTE
from segue.insight.portfolio.findings import LintFinding, Mistake
from segue.insight.portfolio.lint import RULES
from tests.insight.portfolio_world import AT, campaign, email, events, page, sane

M = Mistake

PLANTED: list[tuple[Mistake, str, dict[str, Any], dict[str, Any] | None]] = [
    (M.NEVER_HOLDS, "clash", {"when": "in uses_0 and did not f0"}, campaign("clash")),
    (
        M.REDUNDANT_PART,
        "wordy",
        {"when": "did f3 at least 2 times within 4 days and did f3 within 30 days"},
        page("wordy"),
    ),
    (
        M.IDLE_PART,
        "idle",
        {"when": "did f1 at least 2 times within 9 days and did not closed within 200 days"},
        page("idle"),
    ),
    (M.TRAITS_ONLY, "germans", {"when": 'trait country = "DE"'}, campaign("germans", goal="back")),
    (
        M.TRAITS_ONLY,
        "abroad",
        {"when": 'not trait country in ("DE")'},
        campaign("abroad", goal="back"),
    ),
    (M.NOBODY, "fanatics", {"when": "did f2 at least 50 times within 2 days"}, None),
    (M.EVERYBODY, "all", {"when": "did any within 200 days"}, campaign("all", channel="in_app")),
    (
        M.NEAR_DUPLICATE,
        "again_4",
        {
            "when": "did f4 at least 2 times within 14 days and active on at least 2 days within 21 days"
        },
        None,
    ),
    (
        M.NEAR_DUPLICATE,
        "again_9",
        {"when": "did any of (f9, rare) at least 2 times within 14 days"},
        None,
    ),
    (
        M.CONTAINED,
        "keen_6",
        {"when": "did f6 at least 4 times within 11 days"},
        campaign("keen_6", goal="thanked"),
    ),
    (M.STALE, "pioneers", {"when": "did f7 at least 2 times before 2026-02-20"}, None),
    (M.SILENT_EVENT, "promoted", {"when": "did promo within 90 days"}, campaign("promoted")),
    (M.SILENT_EVENT, "misspelt", {"when": "did f10_used within 7 days"}, None),
    (M.NEVER_ENDS, "regulars", {"when": "did f11 at least 9 times"}, page("regulars", goal="back")),
    (
        M.NEVER_ENDS,
        "chain",
        {"when": "did (f12 then f13 within 3 days)"},
        page("chain", goal="back"),
    ),
    (M.THRASHING, "blinkers", {"when": "did blink within 2 minutes"}, email("blinkers")),
    (
        M.TOO_LATE,
        "waiting",
        {"when": "did f14 within 2 days"},
        campaign("waiting", delay="3 days"),
    ),
    (
        M.TOO_LATE,
        "weekly",
        {"when": "did f15 within 2 days"},
        {
            key: one
            for key, one in campaign("weekly", when={"schedule": "monday 09:00"}).items()
            if key != "already_in"
        },
    ),
    (M.TOO_SMALL, "few", {"when": "did rare within 20 days"}, page("few")),
    (
        M.CANNOT_MEASURE,
        "hopeless",
        {"when": "did f16 at least 2 times within 6 days"},
        page("hopeless", goal="rarely"),
    ),
    (M.NOT_ACTED_ON, "forgotten", {"when": "did f17 at least 3 times within 15 days"}, None),
    (
        M.NO_GOAL,
        "aimless",
        {"when": "did f18 at least 3 times within 16 days"},
        {k: v for k, v in campaign("aimless").items() if k != "goal"},
    ),
    (
        M.NEVER_ASKED,
        "unasked",
        {"when": "last any more than 45 days ago and did any within 60 days"},
        {k: v for k, v in page("unasked", transactional=True).items() if k != "goal"},
    ),
    (
        M.NOT_READ,
        "unread",
        {"when": "did f19 at least 3 times within 15 days"},
        email("unread"),
    ),
]
"""One mistake each; the 25th is a stage that no segment belongs to."""


def _project() -> dict[str, Any]:
    project = sane()
    project["goals"]["rarely"] = {"event": "rare", "within": "7 days"}
    project["goals"]["back"] = {"event": "any", "within": "30 days"}
    project["journey"].append({"stage": "fading", "when": "inactive for 30 days"})
    for _, id_, segment, speaks in PLANTED:
        project["segments"][id_] = segment
        if speaks is not None:
            project["campaigns"][f"to_{id_}"] = speaks
    spoken = [id_ for mistake, id_, _, _ in PLANTED if mistake is not M.NOT_ACTED_ON]
    for id_ in spoken:
        if f"to_{id_}" not in project["campaigns"]:
            project["campaigns"][f"to_{id_}"] = campaign(id_)
    project["segments"]["fillers_1"] = {"when": "did f32 at least 2 times within 12 days"}
    project["segments"]["fillers_2"] = {"when": "did f33 at least 2 times within 13 days"}
    project["campaigns"]["to_fillers_1"] = campaign("fillers_1")
    project["campaigns"]["to_fillers_2"] = campaign("fillers_2")
    return project


@pytest.fixture(scope="module")
def log() -> pa.Table:
    return events()


@pytest.fixture(scope="module")
def planted(log: pa.Table) -> tuple[LintFinding, ...]:
    """What lint says of the portfolio with its mistakes; nobody clicked one of its campaigns."""
    with segue.Engine.in_memory(_project()) as engine:
        engine.record(log)
        insight = engine.insight("2026-06-01")
        insight.store.save_deliveries(  # type: ignore[attr-defined]
            made=[_delivered(i) for i in range(300)]
        )
        return insight.lint().findings


def _delivered(number: int) -> Delivery:
    at = AT - DAY
    return Delivery(
        f"d{number}", "to_unread", "", number, f"p{number}", Channel.EMAIL, "a",
        Occasion.TRANSITION, number, at, at, at, State.DELIVERED, handed_at=at, delivered_at=at,
    )  # fmt: skip


def test_the_portfolio_has_sixty_segments_and_twenty_five_mistakes() -> None:
    """As many as the claim speaks of."""
    assert len(_project()["segments"]) == 60
    assert len(PLANTED) + 1 == 25


@pytest.mark.parametrize(("mistake", "segment"), [one[:2] for one in PLANTED])
def test_every_planted_mistake_is_found(
    planted: tuple[LintFinding, ...], mistake: Mistake, segment: str
) -> None:
    """By its name, and with the segment it is about."""
    assert [one for one in planted if one.mistake is mistake and segment in one.segments]


def test_the_stage_without_a_segment_is_found(planted: tuple[LintFinding, ...]) -> None:
    """The other two have one each."""
    stages = [one.segments for one in planted if one.mistake is M.STAGE_WITHOUT_SEGMENT]

    assert stages == [("journey.fading",)]


def test_hardly_anything_else_is_said(planted: tuple[LintFinding, ...]) -> None:
    """At most two findings that were not planted."""
    meant = {(mistake, id_) for mistake, id_, _, _ in PLANTED}
    meant.add((M.STAGE_WITHOUT_SEGMENT, "journey.fading"))

    others = [one for one in planted if not any((one.mistake, s) in meant for s in one.segments)]

    assert len(others) <= 2, others


def _lint(project: dict[str, Any], log: pa.Table) -> list[LintFinding]:
    with segue.Engine.in_memory(project) as engine:
        engine.record(log)
        return list(engine.insight("2026-06-01").lint().findings)


def _mistakes(project: dict[str, Any], log: pa.Table) -> set[Mistake]:
    return {one.mistake for one in _lint(project, log)}


def test_a_sound_portfolio_is_left_alone(log: pa.Table) -> None:
    """Thirty-four segments, all of them watched, acted on, measured and asked: not a word."""
    assert _lint(sane(), log) == []


def _without(project: dict[str, Any], *ids: str) -> dict[str, Any]:
    """The project without some segments and what speaks to them."""
    left = copy.deepcopy(project)
    for section in ("campaigns", "surveys"):
        left[section] = {k: v for k, v in left[section].items() if v["segment"] not in ids}
    left["segments"] = {k: v for k, v in left["segments"].items() if k not in ids}
    return left


def test_nobody_watches_silence(log: pa.Table) -> None:
    """Many are quiet, and no condition begins to hold when somebody is."""
    quiet = _without(sane(), "silent")
    quiet["journey"] = quiet["journey"][:1]
    later = log.filter(
        pa.compute.less(log["occurred_at"], pa.scalar(AT - 60 * DAY, pa.timestamp("ms", "UTC")))
    )

    assert M.INACTIVITY_UNWATCHED in _mistakes(quiet, later)
    assert M.INACTIVITY_UNWATCHED not in _mistakes(sane(), later)


def test_people_whom_no_segment_holds(log: pa.Table) -> None:
    """One segment of thirty-four is left: most people are in none."""
    one = _without(sane(), *(f"uses_{i}" for i in range(1, 32)), "silent", "active")

    assert M.IN_NO_SEGMENT in _mistakes(one, log)


def test_newcomers_who_are_all_treated_the_same(log: pa.Table) -> None:
    """A week after they came everybody is in the same one segment."""
    same = _without(sane(), *(f"uses_{i}" for i in range(32)), "silent", "active")
    same["segments"]["users"] = {"when": "did signed_up"}

    found = [one for one in _lint(same, log) if one.mistake is M.ALL_ALIKE_AFTER_SIGNUP]

    assert [one.segments for one in found] == [("users",)]


def test_more_segments_than_the_traffic_feeds(log: pa.Table) -> None:
    """Thirty segments of a hundred people."""
    some = log.filter(pa.compute.match_substring_regex(log["person_id"], "^p[0-9]{1,2}$"))

    assert M.TOO_MANY_SEGMENTS in _mistakes(sane(), some)


def test_people_in_more_segments_than_anybody_can_tell_apart(log: pa.Table) -> None:
    """Three more segments about each feature."""
    many = sane()
    for i in range(32):
        for days in (20, 40, 60):
            id_ = f"within_{days}_{i}"
            many["segments"][id_] = {"when": f"did f{i} within {days} days"}

    assert M.IN_TOO_MANY in _mistakes(many, log)


def test_messages_that_left_late(log: pa.Table) -> None:
    """Half of them more than an hour after they were due; those of a schedule do not count."""
    with segue.Engine.in_memory(sane()) as engine:
        engine.record(log)
        insight = engine.insight("2026-06-01")
        rows = [replace(_delivered(i), campaign_id="to_uses_3") for i in range(50)]
        late = [replace(row, handed_at=row.due_at + 3 * HOUR) for row in rows[:30]]
        soon = [replace(row, handed_at=row.due_at + MINUTE) for row in rows[30:]]
        insight.store.save_deliveries(made=[*late, *soon])  # type: ignore[attr-defined]
        found = [one for one in insight.lint().findings if one.mistake is M.TOO_LATE]

    assert [one.campaigns for one in found] == [("to_uses_3",)]
    assert "3 hours" in found[0].evidence


def test_a_project_without_campaigns_is_told_once(log: pa.Table) -> None:
    """Not once for each of its segments."""
    silent = {**sane(), "campaigns": {}, "surveys": {}}

    found = [one for one in _lint(silent, log) if one.mistake is M.NOT_ACTED_ON]

    assert [one.segments for one in found] == [()]


def test_an_edit_is_a_condition_that_means_the_same(log: pa.Table) -> None:
    """Taking out what adds nothing changes nobody's membership."""
    project = _project()
    found = {one.segments[0]: one.edit for one in _lint(project, log) if one.edit}
    mended = copy.deepcopy(project)
    for id_ in ("wordy", "idle"):
        mended["segments"][id_] = {"when": found[id_]}

    with segue.Engine.in_memory(project) as old, segue.Engine.in_memory(mended) as new:
        for engine in (old, new):
            engine.record(log)
        ids = ["wordy", "idle"]

        assert old.history("2026-06-01", ids).equals(new.history("2026-06-01", ids))
        assert found["wordy"] == "did f3 at least 2 times within 4 days"


def test_every_mistake_has_a_rule_and_a_test(planted: tuple[LintFinding, ...]) -> None:
    """What lint can say was said here, or in the tests above."""
    above = {
        M.INACTIVITY_UNWATCHED, M.IN_NO_SEGMENT, M.IN_TOO_MANY, M.ALL_ALIKE_AFTER_SIGNUP,
        M.TOO_MANY_SEGMENTS,
    }  # fmt: skip

    assert {one.mistake for one in planted} | above == set(Mistake)
    assert len(RULES) == len(Mistake)


def test_an_empty_project_and_an_empty_log_have_no_mistakes() -> None:
    """Nothing can be said of nobody."""
    nothing = pa.table(
        {
            "person_id": ["a"],
            "event": ["f0"],
            "occurred_at": pa.array([AT], pa.timestamp("ms", "UTC")),
        }
    )

    assert _lint({"segments": {}}, nothing) == []
