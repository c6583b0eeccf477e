"""The journey of a project: its figures on a real shop, its words, its weeks."""

from __future__ import annotations

from pathlib import Path

import pytest

import segue
from segue.domain.errors import UsageError
from segue.domain.instant import DAY, format_instant, parse_instant
from segue.services.insight.journey import Asked, asked_for, weeks_of

COLUMNS = {"person_id": "user_id", "occurred_at": "ts", "properties": "props"}


@pytest.fixture(scope="module")
def shop(real_data: Path, repository: Path):
    """The Simple Shop with its example, opened once."""
    with segue.Engine.in_memory(repository / "examples" / "simple_shop.yaml") as engine:
        engine.import_files(
            [real_data / "simple_shop.parquet"], columns=COLUMNS, keep_rejects=False
        )
        yield engine


def test_the_published_figures_of_a_real_shop(shop: segue.Engine) -> None:
    """1,924 reached the cart: 653 of them paid, 1,271 abandoned."""
    found = shop.insight("2020-04-30").journey(days=365)

    *_, intent, conversion = found.everybody.stages
    assert (intent.people, conversion.people) == (1_271, 653)
    assert sum(one.people for one in found.everybody.stages) == 3_751
    assert found.everybody.begun.people == 3_751
    assert found.everybody.flow.sum() == 3_751


def test_people_are_as_many_as_segments_say(shop: segue.Engine) -> None:
    """The stages of a journey are segments: at every instant as many are on them."""
    found = shop.insight("2020-04-30").journey(days=60)

    for instant, row in list(
        zip(found.everybody.occupancy.instants, found.everybody.occupancy.people, strict=True)
    )[::20]:
        summary = shop.view(int(instant), [f"journey.{one.id}" for one in found.stages]).summary()
        assert [one.size for one in summary.segments] == row[:-1].tolist()


def test_what_was_known_then_is_what_is_told_of_then(shop: segue.Engine) -> None:
    """A period that ends earlier, asked as of that end, uses nothing that came later."""
    then = shop.insight("2020-03-01").journey(days=30)
    later = shop.insight("2020-04-30").journey(start="2020-01-31", until="2020-03-01")

    assert then.everybody.moves.tolist() == later.everybody.moves.tolist()
    assert then.everybody.flow.tolist() == later.everybody.flow.tolist()
    for before, after in zip(then.everybody.stages, later.everybody.stages, strict=True):
        assert before.entrants == after.entrants
        for one, other in zip(before.onward, after.onward, strict=True):
            assert one.of <= other.of


def test_sentences_tell_where_people_stop(shop: segue.Engine) -> None:
    found = shop.insight("2020-04-30").journey(days=120, window=7 * DAY)

    assert found.headline[0].startswith(
        "More people stop at Intent than anywhere else: of the 1,271 who are there"
    )
    assert "did “cart” last more often" in found.headline[1]
    assert "within 7 days" in found.words[0]


def test_weeks_begin_on_mondays_of_the_zone() -> None:
    """Also when clocks change; the first and the last are as long as the period leaves them."""
    start, end = (parse_instant(one, "Europe/Berlin") for one in ("2026-03-19", "2026-04-01"))

    limits = weeks_of(Asked(start, end), "Europe/Berlin")

    assert [format_instant(one) for one in limits] == [
        "2026-03-18T23:00:00.001Z",
        "2026-03-22T23:00:00Z",
        "2026-03-29T22:00:00Z",
        "2026-03-31T22:00:00.001Z",
    ]


def test_a_period_has_a_length() -> None:
    assert asked_for(None, 10 * DAY, 3) == (7 * DAY, 10 * DAY)
    assert asked_for(None, 2 * DAY, 3) == (0, 2 * DAY)
    with pytest.raises(UsageError, match="no period"):
        asked_for(None, DAY, 0)
    with pytest.raises(UsageError, match="before it begins"):
        Asked(5, 5)
