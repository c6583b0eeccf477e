"""The segments on the page: how many, who came and went, how they convert, where acting pays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
        "groups": _grouped(rows),
        "kinds": kinds,
        "top": charts.scale([one for one in compared if one]),
        "ranking": [
            (titles[one["segment_id"]], one["words"]) for one in found["ranking"][:MOST_PROMISING]
        ],
    }


def _grouped(rows: Sequence[Any]) -> list[tuple[str, list[Any]]]:
    """The segments that somebody wrote one by one, then the levels of ladders, then the stages."""
    groups: dict[str, list[Any]] = {"Segments": [], "Levels of ladders": [], "Stages": []}
    for row in rows:
        id_ = row["segment"]["segment_id"]
        group = "Stages" if id_.startswith("journey.") else "Levels of ladders"
        groups[group if "." in id_ else "Segments"].append(row)
    return [(name, some) for name, some in groups.items() if some]


def _row(one: Mapping[str, Any], goal: str | None) -> dict[str, Any]:
    """One segment: its sizes day by day, its comings and goings, how it converts."""
    days = one["days"]
    return {
        "segment": one,
        "sizes": [day["size"] for day in days],
        "entered": sum(day["entered"] for day in days),
        "left": sum(day["left"] for day in days),
        "change": one["size"]["count"] - one["size"]["before"],
        "conversion": one["conversion"].get(goal) if goal else None,
    }
