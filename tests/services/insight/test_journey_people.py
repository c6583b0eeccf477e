"""The people of a journey: as many as its figures say, and who they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import segue
from segue.domain.errors import NotFoundError
from segue.insight.survival import Survival
from segue.services.insight.journey_people import ELSEWHERE, MOST, Which
from segue.services.insight.wording import median_words

COLUMNS = {"person_id": "user_id", "occurred_at": "ts", "properties": "props"}
AT = "2020-04-30"


@pytest.fixture(scope="module")
def insight(real_data: Path, repository: Path):
    """What is known of the Simple Shop at the end of April 2020."""
    with segue.Engine.in_memory(repository / "examples" / "simple_shop.yaml") as engine:
        engine.import_files(
            [real_data / "simple_shop.parquet"], columns=COLUMNS, keep_rejects=False
        )
        yield engine.insight(AT)


@pytest.mark.parametrize("days", [30, 90])
def test_every_way_has_as_many_people_as_the_journey_counts(insight, days: int) -> None:
    found = insight.journey(days=days)
    ids = [*(one.id for one in found.stages), "-", ELSEWHERE]
    for before, after in np.argwhere(found.everybody.flow).tolist():
        which = Which(ids[before], ids[after])
        met = insight.journey_people(which, days=days)
        assert met.count == found.everybody.flow[before, after]
        assert len(met.people) == min(met.count, MOST)


def test_who_stopped_are_as_many_and_did_nothing_lately(insight) -> None:
    found = insight.journey(days=90)
    for stage, stop in zip(found.stages, found.stops, strict=False):
        met = insight.journey_people(Which(after=stage.id, stopped=True), days=90)
        assert met.count == stop.stopped.share.count
        last = [one.last_at for one in met.people]
        assert last == sorted(last, reverse=True)
        assert all(one <= found.asked.end - found.asked.silence for one in last)


def test_of_a_segment_only_its_people(insight) -> None:
    (segment, *_) = (one.id for one in insight.definitions.segments if "." not in one.id)
    stage = insight.journey(days=90).stages[0].id
    found = insight.journey(days=90, segments=[segment]).segments[0].journey
    met = insight.journey_people(Which(after=stage), days=90, segments=[segment])
    assert met.count == found.stages[0].people


def test_they_are_there_since_they_came(insight) -> None:
    """As the segment of the stage says itself."""
    stage = insight.journey(days=90).stages[1]
    met = insight.journey_people(Which(after=stage.id), days=90)
    assert met.people
    assert all(one.since is not None and one.since <= insight.at for one in met.people)


def test_a_stage_that_there_is_not(insight) -> None:
    with pytest.raises(NotFoundError, match="There is no stage 'nowhere'"):
        insight.journey_people(Which(before="nowhere"))


DAY = 86_400_000


@pytest.mark.parametrize(
    ("days", "happened", "words"),
    [
        ([], [], "nobody to tell it from"),
        ([5, 9], [False, False], "not reached within 9 days"),
        ([*range(1, 12)], [True] * 11, "6 days (2 days to 9 days)"),
        ([1, 2, 9], [True, True, False], "2 days (1 day to longer than was watched)"),
    ],
)
def test_a_median_in_words(days: list[int], happened: list[bool], words: str) -> None:
    curve = Survival.measured(np.array(days, np.int64) * DAY, np.array(happened, np.bool_))
    assert median_words(curve) == words
