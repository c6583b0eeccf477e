"""Kills while people are messaged: `tests.live.faults.messages` in short."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.live.faults.messages import kill_while_messaging

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="processes are killed as Linux does"
)


def test_a_server_that_is_killed_messages_nobody_twice_and_forgets_nobody(tmp_path: Path) -> None:
    toll = kill_while_messaging(tmp_path, kills=2, seed=3)
    assert toll.failures == []
    assert toll.kills >= 2
    assert toll.rows == 2 * toll.people > 0
