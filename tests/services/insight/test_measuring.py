"""Measures of a project: on a small log by hand, on random logs, on real files, cut and whole."""

from __future__ import annotations

import dataclasses
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import segue
from segue.domain.errors import NotFoundError
from segue.domain.instant import DAY, HOUR, format_instant, parse_instant
from segue.domain.results import Tally
from segue.insight.entries import order_of
from segue.insight.retention import Cell, Return
from segue.insight.shares import Share
from segue.insight.tallies import added
from segue.language.acting import acting
from segue.language.project import project_from, resolve
from segue.services.insight.measures_document import measures_document, segment_measures_document
from segue.services.insight.measures_words import definitions, headline, segment_words
from segue.services.insight.measuring import Measures, planned
from segue.services.insight.past import Past, known_goal, read_past
from segue.services.insight.promising import promised, untried

AT = parse_instant("2026-06-01T00:00:00Z")
PROJECT = {
    "exclude": 'did any where email ends with "@shop.com"',
    "actions": {"look": "look", "share": "share"},
    "goals": {
        "bought": {"event": "buy", "within": "7 days", "value": 20},
        "looked": {"event": "look"},
    },
    "segments": {
        "lookers": {"kind": "intent", "when": "did look within 3 days"},
        "sharers": {"kind": "usage", "when": "did share within 10 days"},
        "all_time": {"kind": "usage", "when": "did any"},
    },
}
MAP = {"person_id": "user_id", "occurred_at": "ts", "properties": "props"}
REAL = {
    "online_retail": ("online_retail.parquet", "2011-12-10"),
    "simple_shop": ("simple_shop.parquet", "2020-04-30"),
    "moodle": ("moodle_la_course.parquet", "2019-10-28"),
    "sparkify": ("sparkify_2018_11.parquet", "2018-12-01"),
}


def _events(rows: list[tuple[str, str, int]]) -> pa.Table:
    return pa.table(
        {
            "person_id": [who for who, _, _ in rows],
            "event": [event for _, event, _ in rows],
            "occurred_at": [format_instant(at) for _, _, at in rows],
            "email": ["x@shop.com" if who == "staff" else "" for who, _, _ in rows],
        }
    )


def _measured(project: dict, rows: list[tuple[str, str, int]], at: int = AT, **options) -> Measures:
    with segue.Engine.in_memory(project) as engine:
        engine.record(_events(rows))
        return engine.insight(format_instant(at)).measures(**options)


def _random(seed: int, people: int = 40) -> list[tuple[str, str, int]]:
    """Ninety days of people of whom some come later, some rarely; and somebody who does not count."""
    dice = np.random.default_rng(seed)
    rows = []
    for number in range(people):
        who = "staff" if number == 0 else f"p{number:02}"
        begins = AT - int(dice.integers(5, 90)) * DAY
        instants = dice.integers(begins, AT + 5 * DAY, dice.integers(1, 30)).tolist()
        kinds = dice.choice(["look", "look", "share", "buy"], len(instants)).tolist()
        rows += [(who, event, at) for event, at in zip(kinds, instants, strict=True)]
    return rows


# ----------------------------------------------------------------------------------------- by hand


def test_a_small_log_by_hand() -> None:
    """Ana looks and buys in time, ben buys too late, cid's week is not over, staff counts nowhere."""
    rows = [
        ("ana", "look", AT - 20 * DAY),
        ("ana", "buy", AT - 15 * DAY),
        ("ben", "look", AT - 20 * DAY),
        ("ben", "buy", AT - 13 * DAY + 1),
        ("cid", "look", AT - 5 * DAY),
        ("cid", "buy", AT - 4 * DAY),
        ("staff", "look", AT - 20 * DAY),
        ("staff", "buy", AT - 19 * DAY),
    ]
    found = _measured(PROJECT, rows)
    lookers = found.of("lookers")

    assert found.everybody.people == 3
    assert lookers.conversion["bought"].now == Share.measured(1, 2)
    assert lookers.size == Share.measured(0, 3)
    assert lookers.time_to_goal is not None
    assert lookers.time_to_goal.survival.median == 5 * DAY
    assert sum(day.entered for day in lookers.days) == 3
    assert found.of("all_time").size.count == 3
    assert lookers.adoption.features[0].share.now.of == 0, "nobody was in four weeks ago"


def test_an_outcome_at_the_instant_of_entry_is_not_after_it() -> None:
    """And one exactly at the end of the window is within it."""
    at_once = [("ana", "look", AT - 20 * DAY), ("ana", "buy", AT - 20 * DAY)]
    at_last = [("ben", "look", AT - 20 * DAY), ("ben", "buy", AT - 13 * DAY)]

    found = _measured(PROJECT, [*at_once, *at_last])

    assert found.of("lookers").conversion["bought"].now == Share.measured(1, 2)


def test_a_kind_is_whoever_entered_any_of_its_segments() -> None:
    """Once each, from their first entry into any."""
    rows = [
        ("ana", "share", AT - 20 * DAY),
        ("ana", "share", AT - 9 * DAY),
        ("ana", "buy", AT - 18 * DAY),
        ("ben", "look", AT - 30 * DAY),
        ("ben", "look", AT - 21 * DAY),
    ]
    kinds = {one.kind: one for one in _measured(PROJECT, rows).kinds}

    assert kinds["usage"].segment_ids == ("sharers", "all_time")
    assert kinds["usage"].conversion["bought"].now == Share.measured(1, 2)
    assert kinds["intent"].conversion["bought"].now == Share.measured(0, 1)


def test_the_promise_is_in_money_where_a_goal_has_a_value() -> None:
    rows = [(f"p{i}", "look", AT - 10 * DAY) for i in range(10)]
    rows += [(f"p{i}", "buy", AT - 9 * DAY) for i in range(5)]
    found = _measured(PROJECT, rows)
    lookers = found.of("lookers")

    assert lookers.promise is not None
    assert lookers.promise.expected == pytest.approx(10 * 0.05 * 20)
    assert found.ranking[0].segment.id in {"lookers", "all_time"}
    assert any("supposed" in sentence for sentence in segment_words(found, lookers))


def test_a_project_without_goals_says_how_to_add_one() -> None:
    found = _measured({"segments": PROJECT["segments"]}, [("ana", "look", AT - DAY)])

    assert found.goal is None
    assert found.ranking == []
    assert found.of("lookers").time_to_goal is None
    assert "goals:" in " ".join(headline(found))


def test_an_unknown_goal_is_named_with_those_there_are() -> None:
    with pytest.raises(NotFoundError, match="sold") as caught:
        _measured(PROJECT, [("ana", "look", AT)], goal="sold")
    assert "bought" in caught.value.hint


def test_an_empty_log_has_no_figures_and_no_errors() -> None:
    with segue.Engine.in_memory(PROJECT) as engine:
        found = engine.insight("2026-06-01").measures()

    assert found.everybody.people == 0
    assert found.of("lookers").conversion["bought"].now.of == 0
    assert json.dumps(measures_document(found))


# ------------------------------------------------------------------------------ against a naive one


@pytest.fixture(scope="module", params=[1, 2, 3])
def world(request):
    """Random rows, their measures, and the memberships of `history`."""
    rows = _random(request.param)
    with segue.Engine.in_memory(PROJECT) as engine:
        engine.record(_events(rows))
        found = engine.insight(format_instant(AT)).measures()
        table = engine.history(at=format_instant(AT)).to_pylist()
    return [row for row in rows if row[0] != "staff" and row[2] <= AT], found, table


def _ms(moment) -> int:
    return round(moment.timestamp() * 1_000)


def _entries(table: list[dict], segment: str, after: int, until: int) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in table:
        at = _ms(row["entered_at"])
        if row["segment_id"] == segment and after < at <= until:
            found[row["person_id"]] = min(at, found.get(row["person_id"], at))
    return found


@pytest.mark.parametrize("segment", list(PROJECT["segments"]))
def test_conversion_of_entrants(world, segment) -> None:
    rows, found, table = world
    window, until = 7 * DAY, AT - 7 * DAY
    standing = found.of(segment).conversion["bought"]

    def converted(entries: dict[str, int]) -> Share:
        goals = [(who, at) for who, event, at in rows if event == "buy"]
        hits = sum(
            any(who == one and since < at <= since + window for one, at in goals)
            for who, since in entries.items()
        )
        return Share.measured(hits, len(entries))

    assert standing.now == converted(_entries(table, segment, until - 28 * DAY, until))
    if standing.before is not None:
        earlier = _entries(table, segment, until - 56 * DAY, until - 28 * DAY)
        assert standing.before.b == converted(earlier)


@pytest.mark.parametrize("segment", list(PROJECT["segments"]))
def test_engagement_churn_and_change_of_the_last_week(world, segment) -> None:
    rows, found, table = world
    one = found.of(segment)

    def members(at: int) -> set[str]:
        return {
            row["person_id"]
            for row in table
            if row["segment_id"] == segment
            and _ms(row["entered_at"]) <= at
            and (row["left_at"] is None or at < _ms(row["left_at"]))
        }

    def active(after: int, until: int) -> set[str]:
        return {who for who, _, at in rows if after <= at < until}

    week, before = AT - 7 * DAY, AT - 14 * DAY
    now, then = members(week - 1), members(before - 1)
    were = then & active(before, week)
    assert one.engagement.now == Share.measured(len(now & active(week, AT)), len(now))
    assert one.churn.now == Share.measured(len(were - active(week, AT)), len(were))
    assert one.changing.now == Share.measured(len(now - members(AT - 1)), len(now))
    dormant = (now & active(0, week)) - active(week - 28 * DAY, week)
    assert one.reactivation.now == Share.measured(len(dormant & active(week, AT)), len(dormant))


@pytest.mark.parametrize("cell", [Cell(Return.ON, 1, 1), Cell(Return.WITHIN, 8, 14)])
def test_retention_of_entrants(world, cell) -> None:
    rows, found, table = world
    until = AT - cell.last * DAY - 1
    entries = _entries(table, "sharers", until - 28 * DAY, until)
    days = {(who, at // DAY) for who, _, at in rows}

    back = sum(
        any((who, at // DAY + day) in days for day in range(cell.first, cell.last + 1))
        for who, at in entries.items()
    )

    assert found.of("sharers").retention[cell].now == Share.measured(back, len(entries))


def test_adoption_of_active_members(world) -> None:
    rows, found, table = world
    began = AT - 28 * DAY
    members = {
        row["person_id"]
        for row in table
        if row["segment_id"] == "all_time" and _ms(row["entered_at"]) < began
    }
    active = members & {who for who, _, at in rows if at >= began and at < AT}
    shares = [who for who, event, at in rows if event == "share" and began <= at < AT]

    feature = found.of("all_time").adoption.features[1]

    using = active & set(shares)
    assert feature.share.now == Share.measured(len(using), len(active))
    depth = sum(who in using for who in shares) / len(using) if using else None
    assert feature.depth.value == (None if depth is None else pytest.approx(depth))


# ----------------------------------------------------------------------------------- from the past


@pytest.mark.parametrize("seed", [4, 5])
def test_nothing_after_the_instant_changes_a_figure(seed) -> None:
    """Asked of the whole log for T, and of the log cut at T: the same document."""
    rows = _random(seed)
    at = AT - 6 * DAY - 5 * HOUR
    cut = [row for row in rows if row[2] <= at]

    whole, before = _measured(PROJECT, rows, at), _measured(PROJECT, cut, at)

    assert measures_document(whole) == measures_document(before)


def test_only_whole_days_of_the_projects_zone_count() -> None:
    """At noon in Berlin the last whole day has ended twelve hours before, at ten in the evening
    in UTC."""
    found = _measured({**PROJECT, "timezone": "Europe/Berlin"}, _random(1), AT + 10 * HOUR)

    assert format_instant(found.day_end) == "2026-05-31T22:00:00Z"


# ------------------------------------------------------------------------------------- real files


@pytest.fixture(scope="module", params=list(REAL))
def real(request, real_data: Path, repository: Path):
    file, at = REAL[request.param]
    with segue.Engine.in_memory(repository / "examples" / f"{request.param}.yaml") as engine:
        engine.import_files([str(real_data / file)], columns=MAP)
        yield engine.insight(at).measures()


def test_the_growth_identity_is_exact_on_real_files(real: Measures) -> None:
    """Of active people, and of the members of every segment; each week begins where the one before
    ended."""
    for growth in [real.everybody.growth, *(one.growth for one in real.segments)]:
        assert len(growth) == 12
        for one in growth:
            assert one.now == one.before + one.new + one.returned - one.gone
        for one, following in pairwise(growth):
            assert one.now == following.before


def test_words_of_real_files_say_no_more_than_is_known(real: Measures) -> None:
    """Every sentence is finished; whoever cannot be told apart is not said to differ."""
    for one in real.segments:
        sentences = segment_words(real, one)
        assert all(sentence.endswith(".") for sentence in sentences)
        assert not any("None" in sentence or "nan" in sentence for sentence in sentences)


def test_the_document_of_real_files_is_plain_and_defined(real: Measures) -> None:
    document = json.loads(json.dumps(measures_document(real), allow_nan=False))
    one = document["segments"][0]

    assert segment_measures_document(real, one["segment_id"])["size"] == one["size"]
    assert set(definitions(real)) <= set(one)


def test_where_carts_are_left_acting_promises_most(real_data: Path, repository: Path) -> None:
    """Simple shop: those who left at the payment come back to pay; buyers hardly buy again."""
    with segue.Engine.in_memory(repository / "examples" / "simple_shop.yaml") as engine:
        engine.import_files([str(real_data / "simple_shop.parquet")], columns=MAP)
        found = engine.insight("2020-04-30").measures()

    assert found.ranking[0].segment.id == "gave_up_at_payment"
    assert found.of("gave_up_at_payment").conversion["paid"].differs
    assert found.of("paid").conversion["paid"].now.value < 0.02


# --------------------------------------------------------------------- campaigns and surveys

ACTING = {
    **PROJECT,
    "campaigns": {
        "hello": {
            "segment": "lookers",
            "when": "entering",
            "already_in": "skip",
            "channel": "console",
            "goal": "bought",
            "body": "Hello",
        }
    },
    "surveys": {
        "how": {
            "segment": "lookers",
            "when": "inside",
            "already_in": "skip",
            "questions": [
                {"id": "again", "kind": "nps", "ask": "Would you tell a friend?"},
                {"id": "good", "kind": "csat", "ask": "Was it good?"},
            ],
        }
    },
}


def _said(who: str, question: str, answer: object, at: int) -> dict[str, object]:
    return {
        "person_id": who,
        "event": "$survey_answered",
        "occurred_at": format_instant(at),
        "campaign_id": "how",
        "question_id": question,
        "answer": answer,
    }


def test_satisfaction_is_of_who_was_in_when_they_answered() -> None:
    """The last answer of each; what is off the scale is left out; nobody answered the other. Who
    does not count was not asked either."""
    look = [(who, "look", AT - 5 * DAY) for who in ("ana", "ben", "cid")]
    rows = [
        {"person_id": who, "event": event, "occurred_at": format_instant(at)}
        for who, event, at in [*look, ("dan", "come", AT - 5 * DAY)]
    ]
    staff = {"event": "look", "occurred_at": format_instant(AT - 5 * DAY), "email": "x@shop.com"}
    rows += [{"person_id": who, **staff} for who in ("eve", "fay")]
    rows += [
        {
            "person_id": who,
            "event": "$survey_shown",
            "occurred_at": format_instant(AT - 4 * DAY),
            "campaign_id": "how",
        }
        for who in ("ana", "ben", "cid", "eve", "fay")
    ]
    rows += [
        _said("ana", "again", 2, AT - 4 * DAY),
        _said("ana", "again", 10, AT - 4 * DAY + HOUR),
        _said("ben", "again", 3, AT - 4 * DAY + HOUR),
        _said("cid", "again", 77, AT - 4 * DAY + HOUR),
        _said("dan", "again", 9, AT - 4 * DAY + HOUR),
    ]
    with segue.Engine.in_memory(ACTING) as engine:
        engine.record(
            pa.Table.from_pylist(
                [
                    {**dict.fromkeys(("campaign_id", "question_id", "answer", "email")), **row}
                    for row in rows
                ]
            )
        )
        found = engine.insight(format_instant(AT)).measures()

    (said,) = found.of("lookers").satisfaction
    assert (said.scored.question.id, said.inside.answers, said.inside.value) == ("again", 2, 0.0)
    assert said.inside.response == Share.measured(2, 3)
    assert (said.outside.answers, said.outside.value) == (1, 100.0)
    assert said.outside.response == Share.measured(1, 1)
    assert measures_document(found)["segments"][0]["satisfaction"][0]["scale"] == "nps"


def test_a_measured_lift_takes_the_place_of_a_supposed_one() -> None:
    """Of a campaign with a holdout that reaches 30 % where 20 % do it anyway."""

    class Kept:
        """What became of a campaign: a tenth more of the treated reached the goal."""

        def tallies(self, campaign_id: str, *, complete_before: int) -> list[Tally]:
            treated = Tally("a", False, 5_000, 5_000, 5_000, 5_000, 0, 0, 5_000, 1_500)
            return [treated, Tally("", True, 5_000, 0, 0, 0, 0, 0, 5_000, 1_000)]

        def refusals(self, campaign_id: str) -> dict:
            return {}

    project = project_from(ACTING)
    goal = known_goal(resolve(project), "bought")
    promise = promised(Kept(), project, acting(project), goal, AT)

    tried = promise("lookers", 1_000, Share.measured(200, 1_000))
    untried = promise("sharers", 1_000, Share.measured(200, 1_000))

    assert tried.is_measured
    assert tried.expected == pytest.approx(1_000 * 0.1 * 20)
    assert tried.range.low < tried.expected < tried.range.high
    assert not untried.is_measured


# -------------------------------------------------------------------------------- part by part


@pytest.mark.parametrize("parts", [2, 7])
def test_what_is_counted_of_parts_of_the_people_adds_up(parts: int) -> None:
    """In any order, with people cut anywhere: the measures of all of them, to the last bit."""
    given = project_from(json.dumps(PROJECT | {"segments": PROJECT["segments"] | RANKED}))
    definitions = resolve(given)
    with segue.Engine.in_memory(PROJECT | {"segments": PROJECT["segments"] | RANKED}) as engine:
        engine.record(_events(_random(5)))
        store = engine.insight(format_instant(AT)).store
        plan = planned(given, definitions, acting(given), AT, weeks=2)
        past = read_past(store, definitions, AT, plan.segment_ids, plan.wanted)
    order, promise = order_of(past.first_seen), untried(given, plan.goal)
    dealt = np.random.default_rng(parts).integers(0, parts, past.people)
    chosen = [np.flatnonzero(dealt == part) for part in range(parts)]

    tally = added(plan.tallied(_only(past, some), order[some]) for some in reversed(chosen))

    whole = plan.told(plan.tallied(past, order), promise)
    assert repr(plan.told(tally, promise)) == repr(whole)
    assert measures_document(plan.told(tally, promise)) == measures_document(whole)
    assert any(one.time_to_goal.survival.happened for one in whole.segments if one.time_to_goal)


RANKED = {"top": {"kind": "usage", "when": "top 50% by count(look)"}}


def _only(past: Past, people: np.ndarray) -> Past:
    """The past of some of the people."""
    return dataclasses.replace(
        past,
        person_ids=past.person_ids.take(pa.array(people)),
        first_seen=past.first_seen[people],
        counted=_rows(past.counted, people),
        spans={one: _rows(spans, people) for one, spans in past.spans.items()},
        occurred={one: _rows(rows, people) for one, rows in past.occurred.items()},
    )


def _rows(given: Any, people: np.ndarray) -> Any:
    """The rows of some of the people, of spans or occurrences."""
    sizes = np.diff(given.offsets)[people]
    rows = np.concatenate([np.arange(*given.offsets[one : one + 2]) for one in people])
    columns = {
        field.name: None if (found := getattr(given, field.name)) is None else found[rows]
        for field in dataclasses.fields(given)
        if field.name != "offsets"
    }
    return dataclasses.replace(given, offsets=np.append(0, np.cumsum(sizes)), **columns)
