"""The benchmark of the studio, in small: it runs, every page is there, and the record says so.

Nothing is timed here: the machine that tests has other things to do.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.studio.__main__ import main

SMALL = ["--events", "6000", "--people", "600", "--tries", "1", "--pairs", "1", "--seconds", "1"]


def test_every_part_runs_and_is_recorded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever the figures are, every part says what it found, in the record too."""
    record = tmp_path / "record.md"
    more = ["--viewers", "2", "--rate", "200", "--page", "/people/p", "--record", str(record)]

    main([*SMALL, *more, "--data", str(tmp_path)])

    printed, kept = capsys.readouterr().out, record.read_text()
    for text in (printed, kept):
        assert "| `/people/p0000010` |" in text
        assert "| `everyone` |" in text
        assert "| 200 events/s | 2 |" in text
        assert "first view of each of 2 pages" in text
    assert "--events 6000 --people 600" in kept
