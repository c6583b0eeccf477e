"""The figures of insight as plain values, the same in `--json`, in the API and in the report.

Shares are 0 to 1, instants RFC 3339, lengths of time milliseconds; null is what cannot be told.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from segue.domain.instant import DAY
from segue.insight.comparisons import Difference
from segue.insight.survival import LogRank, Survival
from segue.services.share_document import interval_document, share_document

HORIZONS: Final = tuple(days * DAY for days in (1, 3, 7, 14, 30, 60, 90))
"""The times at which a curve is told as numbers, in ms."""


def difference_document(one: Difference) -> dict[str, Any]:
    """Two shares against each other."""
    return {
        "a": share_document(one.a),
        "b": share_document(one.b),
        "difference": one.value,
        "difference_range": interval_document(one.interval),
        "ratio": one.ratio,
        "ratio_range": interval_document(one.ratio_interval),
        "p_value": one.p_value,
        "is_told": one.is_told,
        "needs": one.needs,
    }


def survival_document(one: Survival, horizons: Sequence[int] = HORIZONS) -> dict[str, Any]:
    """A curve of how long it takes: its median, and to how many it has happened by when."""
    return {
        "people": one.people,
        "happened": one.happened,
        "followed_ms": one.followed,
        "median_ms": one.median,
        "by": [_by(one, after) for after in horizons],
    }


def _by(one: Survival, after: int) -> dict[str, Any]:
    told = one.by(after)
    share, interval = (None, None) if told is None else told
    return {"after_ms": after, "share": share, "range": interval_document(interval)}


def log_rank_document(one: LogRank) -> dict[str, Any]:
    """Two curves against each other."""
    return {
        "p_value": one.p_value,
        "hazard_ratio": one.hazard_ratio,
        "hazard_ratio_range": interval_document(one.interval),
    }
