"""Shares and ranges as plain values: what `--json`, the API and reports say alike."""

from __future__ import annotations

from typing import Any

from segue.insight.shares import Interval, Share


def interval_document(one: Interval | None) -> list[float] | None:
    """Both ends; None where it cannot be told."""
    return None if one is None else [one.low, one.high]


def share_document(one: Share) -> dict[str, Any]:
    """A share: how many of how many, and its interval."""
    return {
        "count": one.count,
        "of": one.of,
        "share": one.value,
        "range": interval_document(one.interval),
    }
