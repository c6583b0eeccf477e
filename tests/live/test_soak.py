"""The hour of `tests.live.soak.run`, in seconds and without a browser."""

from __future__ import annotations

import pytest

from tests.live.soak.run import soak, zone_with_midnight_at


def test_what_was_published_is_the_history_of_the_exported_events(tmp_path) -> None:
    """Segment's library sends, the server is killed; nothing is lost, nothing comes twice."""
    tally, numbers = soak(tmp_path, seconds=12, kills=3, seed=3, rate=40, in_browser=False)

    assert not tally.failures
    assert tally.kills == 3
    assert numbers["events_acknowledged"] > 100
    assert numbers["transitions"] > 100


@pytest.mark.parametrize(
    ("hour", "zone"), [(0, "Etc/GMT"), (1, "Etc/GMT+1"), (12, "Etc/GMT+12"), (13, "Etc/GMT-11")]
)
def test_midnight_comes_in_the_hour(hour: int, zone: str) -> None:
    assert zone_with_midnight_at(hour * 3600 + 600) == zone
