"""Lint over HTTP, of a served workspace."""

from __future__ import annotations

from segue.domain.instant import MINUTE
from tests.http.api.conftest import served


def test_mistakes_with_their_evidence(tmp_path):
    """What `segue check --portfolio --json` has."""
    with served(tmp_path / "shop") as shop:
        shop.did(*((f"p{i}", "purchase", i * MINUTE, {}) for i in range(40)))

        found = shop.json("/api/portfolio")

    mistakes = {one["mistake"]: one for one in found["findings"]}
    assert found["people"] == 40
    assert mistakes["everybody"]["segments"] == ["buyers"]
    assert "40 of 40 people" in mistakes["everybody"]["evidence"]
    assert mistakes["not-acted-on"]["segments"] == []
