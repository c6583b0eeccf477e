"""The options that verbs share: column mappings, and `--events` with several files."""

from pathlib import Path

import pytest

from segue.cli.options import columns_of, spread_events
from segue.domain.errors import UsageError


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, {}),
        ([], {}),
        (["person_id=user"], {"person_id": "user"}),
        (["person_id=user,occurred_at=ts"], {"person_id": "user", "occurred_at": "ts"}),
        (["person_id = User Id", " event=a=b ,"], {"person_id": "User Id", "event": "a=b"}),
    ],
)
def test_columns(given: list[str] | None, expected: dict[str, str]) -> None:
    """Pairs with commas, or the option repeated, or both."""
    assert columns_of(given) == expected


@pytest.mark.parametrize("given", ["user", "=user", "person_id=", "who=user", "event=a,event=b"])
def test_columns_that_are_none(given: str) -> None:
    """No pair, no such role, a role twice: an error with a hint, not a guess."""
    with pytest.raises(UsageError, match="--columns"):
        columns_of([given])


def test_events_take_every_file_that_follows(tmp_path: Path) -> None:
    """As a shell expands `*.csv`; options and words that are no file end it."""
    a, b = (str(tmp_path / name) for name in ("a.csv", "b.csv"))
    for name in (a, b):
        Path(name).write_text("")

    assert spread_events(["evaluate", "--events", a, b, "--json"]) == [
        "evaluate", "--events", a, "--events", b, "--json",
    ]  # fmt: skip
    assert spread_events(["explain", "--events", a, "dormant", b]) == [
        "explain", "--events", a, "dormant", b,
    ]  # fmt: skip
    assert spread_events(["x", f"--events={a}", b]) == ["x", f"--events={a}", "--events", b]
    assert spread_events(["x", "--events", a, "--definitions", b]) == [
        "x", "--events", a, "--definitions", b,
    ]  # fmt: skip
    assert spread_events(["x", "--", "--events", a, b]) == ["x", "--", "--events", a, b]
