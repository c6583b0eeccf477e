"""The demo: a simulated business in a workspace, evaluated at its last event."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from segue.bootstrap.engine import Engine
from segue.bootstrap.opening import must_not_be_served
from segue.bootstrap.workspace import Workspace
from segue.demo import definitions, simulate
from segue.domain.ports import Appended
from segue.services.explain import Explained
from segue.services.view import Leaving, View

LEAVING: Final = 6
"""How many of those who leave next are named."""

SHOWN_FIRST: Final = ("cart_abandoners", "high_intent", "engaged_not_converted")
"""Segments whose leaving matters most: from these comes the person who is explained."""


@dataclass(frozen=True)
class Demo:
    """The demo's workspace, what the simulation added to it, and what there is to show."""

    engine: Engine
    added: Appended
    view: View
    leaving: tuple[Leaving, ...]
    explained: Explained | None


def run_demo(folder: Path) -> Demo:
    """Make the demo's workspace, or bring it up to date, and evaluate it.

    The caller closes the engine. Definitions that somebody changed are kept. Raises
    `StoreLockedError` where a server works on the workspace.
    """
    place = Workspace(folder)
    must_not_be_served(place)
    if not place.exists:
        place.write_definitions(definitions())
    engine = Engine.open(folder)
    added = engine.record(simulate())
    view = engine.view()
    known = {segment.id for segment in view.definitions.segments}
    chosen = [segment_id for segment_id in SHOWN_FIRST if segment_id in known]
    leaving = view.leaving_next(LEAVING, segment_ids=chosen)
    first = leaving[0] if leaving else None
    explained = None if first is None else engine.explain(first.person_id, first.segment_id)
    return Demo(engine, added, view, tuple(leaving), explained)
