"""A project file keeps its own indentation when a segment is put into it."""

from __future__ import annotations

import pytest

from segue.services.live import editing

FILES = {
    "two": "segments:\n  old:\n    when: everyone\n",
    "four": "segments:\n    old:\n        when: everyone\n",
    "a list before it": (
        "journey:\n  - stage: a\n    when: everyone\nsegments:\n  old:\n    when: everyone\n"
    ),
    "a comment before it": "# first\n    # deep\nsegments:\n  old:\n    when: everyone\n",
}


@pytest.mark.parametrize("name", FILES)
def test_what_was_there_stays_as_it_was(name: str) -> None:
    """Only lines are added: every line of the file is still there, in order."""
    before = FILES[name]

    after = editing.put_segment(before, "new", {"when": "did purchase"})

    assert after.startswith(before)
    assert "did purchase" in after
