"""The journey on the page: how many go on, who is where, where people stop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from segue.adapters.report_page import charts

NAME: Final = "journey"
TITLE: Final = "The journey"
MOST_LAST: Final = 5
_DARKEST: Final = 5


def view(found: Mapping[str, Any]) -> dict[str, Any]:
    """What the template shows of a journey's document."""
    if found["journey"] is None:
        return {"found": found, "words": found["words"]}
    one = found["journey"]
    titles = {stage["stage"]: stage["title"] for stage in found["stages"]}
    onward = [stage["onward"][0] for stage in one["stages"] if stage["onward"]]
    people = [stage["people"] for stage in one["stages"]]
    return {
        "found": found,
        "words": found["words"],
        "stages": list(
            zip(one["stages"], one["occupancy"]["people"], _padded(one["stops"]), strict=False)
        ),
        "top": charts.scale(onward),
        "most": max([*people, 1]),
        "reached": list(zip(titles.values(), one["begun"]["reached"], strict=True)),
        "flow": _flow(one["flow"], list(titles)),
        "flow_chart": _flow_chart(one["flow"], titles),
        "moves": _moves(one["moves"], titles),
        "stop": _worst(one["stops"]),
        "titles": titles | {None: "No stage", "": "Not counted"},
    }


def _padded(stops: Sequence[Any]) -> list[Any]:
    """A stop for every stage: nobody can go on from the last."""
    return [*stops, None]


def _worst(stops: Sequence[Any]) -> Any:
    """The stage where most people stop, with what they did last; None where nobody does."""
    found = max(stops, key=lambda one: one["stopped"]["count"], default=None)
    if found is None or not found["stopped"]["count"]:
        return None
    return {**found, "last": found["last"][:MOST_LAST]}


def _flow(links: Sequence[Any], stages: Sequence[str]) -> list[Any]:
    order = {one: place for place, one in enumerate([*stages, None, ""])}
    return sorted(links, key=lambda one: (order[one["from"]], order[one["to"]]))


def _flow_chart(links: Sequence[Any], titles: Mapping[str, str]) -> charts.Flow:
    places = {one: place for place, one in enumerate([*titles, None, ""])}
    drawn = [(places[one["from"]], places[one["to"]], one["people"]) for one in links]
    names = [*titles.values(), "No stage"]
    return charts.flow(drawn, [*names, "Not there yet"], [*names, "No longer counted"])


def _moves(moves: Sequence[Any], titles: Mapping[str, str]) -> dict[str, Any]:
    """The steps as a table, shaded by how many; a column for no stage only where there are any."""
    counts = {(one["from"], one["to"]): one["count"] for one in moves}
    ids: list[str | None] = [*titles]
    if any(None in pair for pair in counts):
        ids.append(None)
    most = max([*counts.values(), 1])
    rows = [
        (
            titles.get(row or "", "No stage"),
            [_cell(counts.get((row, column), 0), most) for column in ids],
        )
        for row in ids
    ]
    return {"heads": [titles.get(one or "", "No stage") for one in ids], "rows": rows}


def _cell(count: int, most: int) -> tuple[int, int]:
    """A count and its shade, 0 to `_DARKEST`."""
    return count, -(-_DARKEST * count // most)
