"""A journey as plain values, the same for `--json`, the API and the report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from segue.domain.instant import format_instant
from segue.insight.arrays import Int64s
from segue.insight.journey import Against, Beginnings, Journey, StageFigures
from segue.insight.survival import Survival
from segue.services.insight.documents import (
    difference_document,
    log_rank_document,
    survival_document,
)
from segue.services.insight.journey import (
    DEFINITIONS,
    JourneyFound,
    LastDone,
    SegmentJourney,
    Stage,
    Stop,
)
from segue.services.share_document import interval_document, share_document

MOST_LAST: Final = 20
"""Events that are listed as the last ones on a stage."""
CURVE: Final = 40
"""Points of a curve, at most."""
NO_STAGE: Final = None
"""What stands for "on no stage" in lists of stages."""


def journey_document(found: JourneyFound) -> dict[str, Any]:
    """Everything about a journey; `journey` is null where the project has none."""
    asked = found.asked
    return {
        "at": format_instant(found.at),
        "timezone": found.zone,
        "from": format_instant(asked.start),
        "until": format_instant(asked.end),
        "window_ms": asked.window,
        "silence_ms": asked.silence,
        "words": list(found.words),
        "definitions": DEFINITIONS,
        "stages": [{"stage": one.id, "title": one.title} for one in found.stages],
        "journey": None
        if found.everybody is None
        else _journey(found.everybody, found.stages, found.stops),
        "segments": [_segment(one, found.stages) for one in found.segments],
    }


def _segment(one: SegmentJourney, stages: Sequence[Stage]) -> dict[str, Any]:
    return {
        "segment_id": one.segment_id,
        "title": one.title,
        "journey": _journey(one.journey, stages, ()),
        "against_others": [
            {"stage": stage.id, **_against(against)}
            for stage, against in zip(stages, one.against, strict=False)
        ],
    }


def _against(one: Against) -> dict[str, Any]:
    return {"onward": difference_document(one.next), "pace": log_rank_document(one.pace)}


def _journey(one: Journey, stages: Sequence[Stage], stops: Sequence[Stop]) -> dict[str, Any]:
    return {
        "stages": [_stage(place, figures, stages) for place, figures in enumerate(one.stages)],
        "begun": _begun(one.begun, stages),
        "weeks": [_begun(week, stages) for week in one.weeks],
        "moves": _moves(one.moves, stages),
        "flow": _flow(one.flow, stages),
        "occupancy": {
            "instants": [format_instant(int(at)) for at in one.occupancy.instants],
            "people": one.occupancy.people.T.tolist(),
        },
        "stops": [_stop(stage, stop) for stage, stop in zip(stages, stops, strict=False)],
    }


def _stage(place: int, figures: StageFigures, stages: Sequence[Stage]) -> dict[str, Any]:
    return {
        "stage": stages[place].id,
        "title": stages[place].title,
        "people": figures.people,
        "entrants": figures.entrants,
        "onward": [
            {"stage": later.id, **share_document(share)}
            for later, share in zip(stages[place + 1 :], figures.onward, strict=True)
        ],
        "stay": _curve(figures.stay),
        "next": _curve(figures.next) if place + 1 < len(stages) else None,
    }


def _curve(one: Survival) -> dict[str, Any]:
    """A curve and points to draw it by: after so many ms, for so many it has happened."""
    after = np.unique(np.linspace(0, one.followed, CURVE).astype(np.int64)).tolist()
    told = [(at, by) for at in after if (by := one.by(at)) is not None]
    curve = [[at, share, *(interval_document(ends) or ())] for at, (share, ends) in told]
    return {**survival_document(one), "curve": curve}


def _begun(one: Beginnings, stages: Sequence[Stage]) -> dict[str, Any]:
    return {
        "from": format_instant(one.start),
        "before": format_instant(one.end),
        "people": one.people,
        "reached": [
            {"stage": stage.id, **share_document(share)}
            for stage, share in zip(stages, one.reached, strict=True)
        ],
    }


def _moves(counts: Int64s, stages: Sequence[Stage]) -> list[dict[str, Any]]:
    """The steps that were made; on no stage is null."""
    names = [*(one.id for one in stages), NO_STAGE]
    return [
        {"from": names[row], "to": names[column], "count": int(counts[row, column])}
        for row, column in np.argwhere(counts).tolist()
    ]


def _flow(counts: Int64s, stages: Sequence[Stage]) -> list[dict[str, Any]]:
    """Who was where: on no stage is null, not counted (not there yet, or any more) is ""."""
    names = [*(one.id for one in stages), NO_STAGE, ""]
    return [
        {"from": names[row], "to": names[column], "people": int(counts[row, column])}
        for row, column in np.argwhere(counts).tolist()
    ]


def _stop(stage: Stage, stop: Stop) -> dict[str, Any]:
    return {
        "stage": stage.id,
        "stopped": share_document(stop.stopped.share),
        "last": [_last(one) for one in stop.last[:MOST_LAST]],
    }


def _last(one: LastDone) -> dict[str, Any]:
    return {
        "event": one.event,
        "stopped": share_document(one.difference.a),
        "went_on": share_document(one.difference.b),
        "difference": one.difference.value,
        "difference_range": interval_document(one.difference.interval),
        "q_value": one.q_value,
        "is_told": one.is_told,
    }
