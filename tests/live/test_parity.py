"""What the live service publishes is the history of the same log, whatever happens on the way."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.live.driver import Drive

WORLDS, PER_TEST = 12, 3


def _drive(seed: int, folder: Path) -> None:
    drive = Drive(seed, folder / f"{seed}.duckdb", quantiles=seed % 3 == 0)
    try:
        drive.run()
    except BaseException as error:
        error.add_note(f"seed {seed}")
        raise
    finally:
        drive.end()
    assert drive.checks >= 2


@pytest.mark.parametrize("chunk", range(WORLDS))
def test_published_minus_retracted_is_the_history(chunk: int, tmp_path: Path) -> None:
    """Bursts, delays of days, duplicates, conflicts, merges, edits, restarts, imports."""
    for seed in range(chunk * PER_TEST, (chunk + 1) * PER_TEST):
        _drive(seed, tmp_path)


def test_worlds_never_seen_before(tmp_path: Path) -> None:
    """A few fresh seeds each time; the note on the error names the one that failed."""
    fresh = random.SystemRandom().randrange(10**9, 10**12)
    for seed in range(fresh, fresh + 3):
        _drive(seed, tmp_path)
