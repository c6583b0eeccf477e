"""The true effects of the demo's world are in its events, and the confounded ones are not.

Odds ratios are pooled over the latent kinds of people by Mantel and Haenszel's estimator: what an
analysis finds that adjusts for the confounder. The naive ratio is what it finds that does not.
"""

from dataclasses import dataclass

import duckdb
import pytest

from segue.demo import kinds, simulate, true_effects
from segue.demo.effects import raised
from segue.language.parse import parse_condition

WORLD = {"people": 9_000, "days": 150, "seed": 11}


@dataclass(frozen=True)
class Ratios:
    """Odds ratios of one cause and one outcome, and among how many they were counted."""

    naive: float
    adjusted: float
    people: int


@pytest.fixture(scope="module")
def log() -> duckdb.DuckDBPyConnection:
    """The people who signed up, one row each: kind, causes and outcomes."""
    events = simulate(**WORLD)
    connection = duckdb.connect()
    connection.register("events", events)
    connection.execute(
        "create table kind as select unnest(?) as person, unnest(?) as kind",
        [list(kinds(**WORLD)), list(kinds(**WORLD).values())],
    )
    connection.execute(
        """
        create table trial as
        with started as (
            select person_id as person, min(occurred_at) as began from events
            where event = 'trial_started' group by 1),
        anonymous as (
            select person_id as person, properties ->> '$."$anon_distinct_id"' as device
            from events where event = '$identify' and properties like '%$anon%'),
        mine as (
            select person_id as person, event, occurred_at as moment, properties from events
            union all
            select anonymous.person, event, occurred_at, properties
            from events join anonymous on events.person_id = anonymous.device)
        select kind, began,
            bool_or(event = 'trial_ended') as ended,
            bool_or(event = 'subscribed') as subscribed,
            bool_or(event = 'onboarding_completed') as onboarded,
            coalesce(bool_or(event = 'teammate_invited' and moment <= began + interval 3 days),
                false) as invited,
            coalesce(bool_or(event in ('project_created', 'report_run')
                and moment <= began + interval 7 days), false) as activated
        from started join mine using (person) join kind using (person) group by all
        """
    )
    return connection


def _ratios(log: duckdb.DuckDBPyConnection, cause: str, outcome: str, strata: str) -> Ratios:
    """The naive and the adjusted odds ratio among those whose trial is over."""
    cells = log.execute(
        f"""
        select count(*) filter ({cause} and {outcome}), count(*) filter ({cause} and not {outcome}),
            count(*) filter (not {cause} and {outcome}),
            count(*) filter (not {cause} and not {outcome})
        from trial where ended and began < timestamp '2026-07-01' group by kind, {strata}
        """
    ).fetchall()
    a, b, c, d = (sum(column) for column in zip(*cells, strict=True))
    above = sum(w * z / (w + x + y + z) for w, x, y, z in cells)
    below = sum(x * y / (w + x + y + z) for w, x, y, z in cells)
    return Ratios((a * d) / (b * c), above / below, a + b + c + d)


@pytest.mark.parametrize(
    ("cause", "strata", "truth"),
    [
        ("invited", "activated", 2.5),
        ("activated", "invited", 3.0),
        ("onboarded", "invited, activated", 1.0),
    ],
)
def test_subscriptions_depend_on_what_is_documented(
    log: duckdb.DuckDBPyConnection, cause: str, strata: str, truth: float
) -> None:
    """Adjusted for the kind of person, the odds ratio is the documented one."""
    ratios = _ratios(log, cause, "subscribed", strata)

    assert ratios.people > 1_500
    assert truth / 1.4 < ratios.adjusted < truth * 1.4


def test_onboarding_looks_like_a_cause_and_is_none(log: duckdb.DuckDBPyConnection) -> None:
    """Who does not adjust for the kind of person is misled: that is what the demo is for."""
    ratios = _ratios(log, "onboarded", "subscribed", "began is null")

    assert ratios.naive > 1.5
    assert ratios.adjusted < 1.3


def test_the_demo_video_starts_trials() -> None:
    """At a visit after watching half of the demo, the odds of a trial are multiplied."""
    events = simulate(people=6_000, days=120, seed=5)  # noqa: F841 - DuckDB reads it by name
    kind = kinds(people=6_000, days=120, seed=5)
    rows = duckdb.sql(
        """
        select split_part(event_id, '-', 1) as person, (watched <= moment) as after, count(*) filter (not starts),
            count(*) filter (starts)
        from (
            select *, min(case when event = 'demo_video_watched' and
                (properties ->> 'percent')::int >= 50 then moment end) over (partition by split_part(event_id, '-', 1))
                as watched
            from (
                select *, occurred_at as moment, event = 'user_created' as starts,
                    coalesce(epoch_ms(lead(occurred_at) over (partition by split_part(event_id, '-', 1)
                        order by event_id)) - epoch_ms(occurred_at) > 1800000, true) as last,
                    min(case when event = 'user_created' then occurred_at end)
                        over (partition by split_part(event_id, '-', 1)) as joined
                from events where event not like 'Email%')
            where joined is null or occurred_at <= joined)
        where starts or last group by all
        """
    ).fetchall()
    cells: dict[str, list[int]] = {}
    for person, after, stays, starts in rows:
        cell = cells.setdefault(kind[f"user-{person}"], [0, 0, 0, 0])
        cell[0 if after else 2] += starts
        cell[1 if after else 3] += stays
    above = sum(a * d / (a + b + c + d) for a, b, c, d in cells.values())
    below = sum(b * c / (a + b + c + d) for a, b, c, d in cells.values())

    assert 2.5 / 1.5 < above / below < 2.5 * 1.5


@pytest.mark.parametrize("effect", true_effects(), ids=lambda effect: effect.id)
def test_every_effect_is_stated_in_the_language(effect) -> None:
    """Cause and outcome are conditions, so that a tool can be asked to find them."""
    assert parse_condition(effect.cause)
    assert parse_condition(effect.outcome)
    assert effect.confounded is (effect.odds_ratio == 1.0)


def test_effects_multiply_odds() -> None:
    """Odds of one to one, times 2.5, are five to two."""
    assert raised(0.5, true_effects()[0]) == pytest.approx(2.5 / 3.5)
    assert raised(0.2) == pytest.approx(0.2)
