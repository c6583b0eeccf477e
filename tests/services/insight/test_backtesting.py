"""Backtests: the same as history, and nothing of the future."""

import datetime as dt
from collections import Counter

import pyarrow as pa
import pyarrow.compute as pc
import pytest

import segue
from segue.demo import simulate
from segue.domain.errors import DefinitionError, NotFoundError, UsageError
from segue.domain.instant import DAY, FOREVER, local_date, parse_instant, start_of_day
from segue.services.acting.simulate import Fate
from segue.services.insight.backtest_document import backtest_document
from segue.services.insight.backtest_words import backtest_words
from segue.services.insight.backtesting import Backtest

ZONE = "Europe/Berlin"
PROJECT = {
    "timezone": ZONE,
    "exclude": 'trait email ends with "@acme.com"',
    "actions": {"pricing": '$pageview where path starts with "/pricing"'},
    "goals": {
        "paid": {"event": "purchase", "within": "7 days"},
        "subscribed": {"event": "subscribed"},
    },
    "segments": {
        "pricing_visitors": {"when": "did pricing within 7 days"},
        "buyers": {"when": "did purchase"},
        "weekly": {"when": "active on at least 3 days within 7 days"},
    },
    "ladders": {
        "engagement": {
            "levels": [
                {"level": "low", "when": "everyone"},
                {"level": "high", "when": "active on at least 3 days within 14 days"},
            ]
        }
    },
}
CONDITIONS = [
    "did pricing at least 2 times within 7 days",
    "inactive for 14 days",
    "last add_to_cart more than 1 hour ago and not did purchase since last add_to_cart",
    "active on at least 3 days within 7 days for at least 1 day",
    "top 10% by count(any) within 28 days",
    "in pricing_visitors and not in buyers",
]


@pytest.fixture(scope="module")
def events() -> pa.Table:
    return simulate(people=300)


@pytest.fixture(scope="module")
def engine(events: pa.Table):
    with segue.Engine.in_memory(PROJECT) as made:
        made.record(events)
        yield made


def _of(engine: segue.Engine, at: str | None = None, **question: object) -> Backtest:
    return engine.insight(at).backtest(**question)  # type: ignore[arg-type]


def _saved(events: pa.Table, when: str, at: int) -> list[tuple[int, int]]:
    """The stays of a condition, from the history of the same condition saved as a segment."""
    project = {**PROJECT, "segments": {**PROJECT["segments"], "saved": {"when": when}}}  # type: ignore[dict-item]
    with segue.Engine.in_memory(project) as other:
        other.record(events)
        found = other.history(dt.datetime.fromtimestamp(at / 1000, dt.UTC).isoformat(), ["saved"])
    columns = [found[name].cast(pa.int64()).to_pylist() for name in ("entered_at", "left_at")]
    return [(start, FOREVER if end is None else end) for start, end in zip(*columns, strict=True)]


@pytest.mark.parametrize("when", CONDITIONS)
def test_entries_exits_and_sizes_are_those_of_history(
    events: pa.Table, engine: segue.Engine, when: str
) -> None:
    """Day by day, and in all."""
    found = _of(engine, when=when, days=40)
    stays = _saved(events, when, found.at)

    for day in found.days:
        first = start_of_day(day.day, ZONE)
        after = min(start_of_day(day.day + dt.timedelta(days=1), ZONE) - 1, found.at)
        assert day.entered == sum(first <= start <= after for start, _ in stays)
        assert day.left == sum(first <= end <= after for _, end in stays)
        assert day.size == sum(start <= after < end for start, end in stays)
    within = [(start, end) for start, end in stays if found.start < start <= found.at]
    assert found.size == sum(start <= found.at < end for start, end in stays)
    assert found.entries == len(within)
    assert found.dwell.people == len(within)
    assert found.dwell.happened == sum(end <= found.at for _, end in within)
    assert len(found.days) == 40


def test_a_saved_segment_is_the_same_as_its_condition(engine: segue.Engine) -> None:
    """But for its name, and that it is not compared with itself."""
    saved = backtest_document(_of(engine, segment_id="pricing_visitors"))
    tried = backtest_document(_of(engine, when="did pricing within 7 days"))

    for document in (saved, tried):
        for name in ("segment_id", "title", "overlaps"):
            document.pop(name)
    assert saved == tried


def test_a_condition_overlaps_with_the_segment_that_says_the_same(engine: segue.Engine) -> None:
    """Now, and over the period; the most alike stand first."""
    found = _of(engine, when="did pricing within 7 days", title="Again")

    assert found.title == "Again"
    assert found.shared[0].segment_id == "pricing_visitors"
    assert found.shared[0].now.jaccard == found.shared[0].period.jaccard == 1.0
    assert found.shared[0].now.this == found.size


@pytest.mark.parametrize("when", CONDITIONS[:4])
def test_nothing_looks_beyond_the_instant(events: pa.Table, when: str) -> None:
    """Asked for an earlier instant, or asked of the events up to then alone: the same answer."""
    at = "2026-06-01T12:00:00+02:00"
    cut = pa.scalar(dt.datetime.fromisoformat(at).astimezone(dt.UTC), pa.timestamp("us", "UTC"))
    # Who is who holds at all times, so the cut log keeps the links.
    known = pc.or_(
        pc.less_equal(events["occurred_at"], cut), pc.equal(events["event"], "$identify")
    )
    documents = []
    for some in (events, events.filter(known)):
        with segue.Engine.in_memory(PROJECT) as engine:
            engine.record(some)
            documents.append(backtest_document(_of(engine, at, when=when, days=30, goal="paid")))

    assert documents[0] == documents[1]
    assert documents[0]["entries"] > 0


def test_thresholds_are_those_of_the_condition_each_evaluated_like_a_segment(
    events: pa.Table, engine: segue.Engine
) -> None:
    """Every variation counts what its own text would, saved as a segment."""
    found = _of(engine, when="did pricing at least 2 times within 7 days", days=30)
    told = {(one.variation.old, one.variation.new): one for one in found.varied if one.variation}

    assert set(told) == {
        ("2 times", "1 time"),
        ("2 times", "3 times"),
        ("7 days", "5 days"),
        ("7 days", "10 days"),
    }
    assert found.varied[0].variation is None
    assert (found.varied[0].size, found.varied[0].entries) == (found.size, found.entries)
    stays = _saved(events, "did pricing at least 2 times within 10 days", found.at)
    longer = told["7 days", "10 days"]
    assert longer.size == sum(start <= found.at < end for start, end in stays)
    assert longer.entries == sum(found.start < start <= found.at for start, _ in stays)
    assert told["2 times", "1 time"].size >= found.size >= told["2 times", "3 times"].size


def test_outcomes_are_those_of_first_entries_with_a_whole_window(
    events: pa.Table, engine: segue.Engine
) -> None:
    """Counted by hand from the history and the purchases."""
    found = _of(engine, when="did pricing within 7 days", days=60, goal="paid")
    assert found.contrast is not None
    with segue.Engine.in_memory(PROJECT) as other:
        other.record(events)
        rows = other.history(segment_ids=["pricing_visitors"]).to_pylist()
        person_of = {one: other.person_of(one) for one in set(events["person_id"].to_pylist())}
    first: dict[str, int] = {}
    for row in rows:
        start = round(row["entered_at"].timestamp() * 1000)
        if found.start < start <= found.at:
            first[row["person_id"]] = min(start, first.get(row["person_id"], start))
    paid = [
        (person_of[row["person_id"]], round(row["occurred_at"].timestamp() * 1000))
        for row in events.filter(pc.equal(events["event"], "purchase")).to_pylist()
    ]
    whole = {person: start for person, start in first.items() if start <= found.at - 7 * DAY}
    reached = sum(
        any(who == person and start < at <= start + 7 * DAY for who, at in paid)
        for person, start in whole.items()
    )

    assert found.entrants == len(first)
    assert (found.contrast.entrants.count, found.contrast.entrants.of) == (reached, len(whole))
    assert found.contrast.too_young == len(first) - len(whole)
    assert reached > 0


def test_messages_are_those_of_the_dry_run(events: pa.Table) -> None:
    """The campaign of the segment, a named one, or a plain one; the same engine as `simulate`."""
    project = {
        **PROJECT,
        "messaging": {"holdout": "10%", "caps": [{"at_most": 1, "within": "30 days"}]},
        "campaigns": {
            "offer": {
                "segment": "buyers",
                "when": "entering",
                "already_in": "skip",
                "again": "7 days",
                "channel": "in_app",
                "body": "An offer",
                "goal": "paid",
            }
        },
    }
    with segue.Engine.in_memory(project) as engine:
        engine.record(events)
        dry = engine.simulate("offer", days=400)
        own = _of(engine, segment_id="buyers", days=400)
        other = _of(engine, when="did pricing within 7 days", campaign="offer", days=400)
        plain = _of(engine, when="did pricing within 7 days", days=400)

    assert own.messages.campaign.id == "offer"
    assert own.messages.count(Fate.MESSAGED) == dry.count(Fate.MESSAGED)
    assert other.messages.campaign.id == "offer"
    assert other.messages.count(Fate.MESSAGED) > plain.messages.count(Fate.MESSAGED) > 0
    assert sum(plain.messages.reasons.values()) > 0  # the holdout


def test_a_daily_job_looks_at_midnight(events: pa.Table, engine: segue.Engine) -> None:
    """By hand: the first midnight of the zone that is not before the entry."""
    when = "did any within 3 hours"
    found = _of(engine, when=when, days=20)
    stays = [one for one in _saved(events, when, found.at) if found.start < one[0]]
    midnights = [start_of_day(day.day, ZONE) for day in found.days]
    known = [
        (next(at for at in midnights if at >= start), start, end)
        for start, end in stays
        if start <= midnights[-1]
    ]
    never = Counter(end <= at for at, _, end in known)

    assert found.daily.never.of == len(known)
    assert found.daily.never.count == never[True] > 0
    late = sorted(at - start for at, start, end in known if at < end)
    assert found.daily.median == late[-(-len(late) // 2) - 1]
    assert found.daily.slow == late[-(-9 * len(late) // 10) - 1]


def test_the_period_begins_with_the_first_event(events: pa.Table, engine: segue.Engine) -> None:
    """Days before anything happened are none."""
    found = _of(engine, segment_id="buyers", days=3000)

    first = round(pc.min(events["occurred_at"]).as_py().timestamp() * 1000)
    assert found.days[0].day == local_date(first, ZONE)
    assert sum(one.entered for one in found.days) == found.entries


def test_words_say_the_findings(engine: segue.Engine) -> None:
    """One for each question; none of them a bare p-value."""
    found = _of(engine, segment_id="pricing_visitors")
    words = backtest_words(found)

    assert words[0].startswith(f"{found.size:,} of {found.people:,} people are in now;")
    assert "reached paid within 7 days" in words[2]
    assert words[2].endswith("test it with a campaign.")
    assert "would have sent" in words[3]
    assert "looks every midnight" in words[4]
    assert not any("p =" in one for one in words)


def test_without_a_goal_it_says_how_to_add_one(events: pa.Table) -> None:
    """Everything else is told all the same."""
    with segue.Engine.in_memory({"segments": {"buyers": {"when": "did purchase"}}}) as engine:
        engine.record(events)
        found = _of(engine, segment_id="buyers")

    assert found.contrast is None
    assert "add one under `goals:`" in backtest_words(found)[2]
    assert backtest_document(found)["outcome"] is None


def test_nobody_ever_entered(engine: segue.Engine) -> None:
    """Nothing breaks, nothing is made up."""
    found = _of(engine, when='did "no such event"')
    document = backtest_document(found)

    assert (found.size, found.entries) == (0, 0)
    assert document["outcome"]["alike"]["share"] is None
    assert document["outcome"]["difference_range"] is None
    assert "Nobody entered." in document["words"]


WRONG = [
    ({}, UsageError, "one segment"),
    ({"segment_id": "buyers", "when": "everyone"}, UsageError, "one segment"),
    ({"segment_id": "byers"}, NotFoundError, "byers"),
    ({"when": "did purchase at"}, DefinitionError, "too early"),
    ({"when": "in nowhere"}, DefinitionError, "nowhere"),
    ({"segment_id": "buyers", "goal": "sold"}, NotFoundError, "sold"),
    ({"segment_id": "buyers", "campaign": "offer"}, NotFoundError, "offer"),
    ({"segment_id": "buyers", "days": 0}, UsageError, "0 days"),
]


@pytest.mark.parametrize(("question", "error", "says"), WRONG, ids=lambda one: str(one)[:40])
def test_questions_that_are_none(
    engine: segue.Engine, question: dict[str, object], error: type[Exception], says: str
) -> None:
    """Each with its error."""
    with pytest.raises(error, match=says):
        _of(engine, **question)


def test_an_instant_is_read_in_the_zone_of_the_project(engine: segue.Engine) -> None:
    """A bare date is its first instant there."""
    assert _of(engine, "2026-06-01", segment_id="buyers").at == parse_instant("2026-06-01", ZONE)
