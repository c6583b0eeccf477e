"""The segments on the page: how many, who came and went, how they convert, where acting pays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from segue.adapters.report_page import charts

NAME: Final = "segments"
TITLE: Final = "The segments"
MOST_PROMISING: Final = 5


def view(found: Mapping[str, Any]) -> dict[str, Any]:
    """What the template shows of the document of measures."""
    goal = found["goal"]
    rows = [_row(one, goal) for one in found["segments"]]
    kinds = [(one, one["conversion"].get(goal)) for one in found["kinds"]]
    compared = [row["conversion"] for row in rows] + [one for _, one in kinds]
    titles = {one["segment_id"]: one["title"] for one in found["segments"]}
    return {
        "found": found,
        "words": found["words"],
        "rows": rows,
        "kinds": kinds,
        "top": charts.scale([one for one in compared if one]),
        "ranking": [
            (titles[one["segment_id"]], one["words"]) for one in found["ranking"][:MOST_PROMISING]
        ],
    }


def _row(one: Mapping[str, Any], goal: str | None) -> dict[str, Any]:
    """One segment: its sizes day by day, its comings and goings, how it converts."""
    days = one["days"]
    time = one["time_to_goal"]
    return {
        "segment": one,
        "sizes": [day["size"] for day in days],
        "entered": sum(day["entered"] for day in days),
        "left": sum(day["left"] for day in days),
        "change": one["size"]["count"] - one["size"]["before"],
        "conversion": one["conversion"].get(goal) if goal else None,
        "median_ms": None if time is None else time["median_ms"],
    }
