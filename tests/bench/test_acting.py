"""The benchmark of acting, in small: it runs, and everybody is told.

Nothing is timed here: the machine that tests has other things to do.
"""

from __future__ import annotations

from pathlib import Path

from bench.acting import nudges
from bench.acting.__main__ import main

ENTERING = [
    "--rate",
    "100",
    "--seconds",
    "1",
    "--people",
    "200",
    "--events",
    "2",
    "--segments",
    "2",
]
PAGES = ["--questions", "50", "--streams", "8"]


def test_every_section_runs_and_is_recorded(tmp_path: Path) -> None:
    record = tmp_path / "record.md"
    main(["--only", "entering", "pages", *ENTERING, *PAGES, "--record", str(record)])
    text = record.read_text()

    assert "# Acting," in text
    assert "100 people entered" in text
    assert " 0 twice." in text
    assert "| of people nobody knows | 50 × 200 |" in text
    assert "| of people with a message who have it already | 50 × 304 |" in text
    assert "0 heard nothing" in text
    assert str(record) not in text


def test_a_message_comes_to_the_screen_of_a_browser() -> None:
    found = nudges.section(nudges.run(2))

    assert found.text.startswith("2 visits")
