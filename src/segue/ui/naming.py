"""The names that the builder offers: of the project, and of what its people did."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fastapi import Request

from segue.bootstrap.insight import Insight
from segue.domain.errors import BusyError
from segue.domain.ports import CommonValue
from segue.language.blocks import NUMBER, Start
from segue.language.completing import Known
from segue.language.lexicon import quote
from segue.language.models import Project
from segue.language.tree import EventPattern, Name
from segue.services.live.catalogue import Catalogue, Names
from segue.ui.board import Board
from segue.ui.pages import Page

MOST_VALUES: Final = 400
"""Values of an event's properties that are kept for being offered."""
_PATIENCE: Final = 0.3


def names_of(request: Request, page: Page) -> Names:
    """The names in the log, as far as they are known."""
    catalogue: Catalogue = request.app.state.catalogue
    return catalogue.names(page.now)


def known_names(request: Request, page: Page) -> Known:
    """Everything that a condition can name, and the values that were seen."""
    project, names = page.serving.project.project, names_of(request, page)
    board: Board = request.app.state.quick
    return Known(
        actions=sorted(project.actions),
        segments=[one.id for one in page.serving.live.definitions.segments],
        events={one.event: one.count for one in names.events},
        properties={one.event: one.properties for one in names.events},
        traits=names.traits,
        of_action={name: _events_of(project, name) for name in project.actions},
        values=lambda events, property_: _values(page, board, events, property_),
    )


def start_of(known: Known) -> Start:
    """What a new block names: what is done most."""
    event = next(iter(known.actions), None) or next(
        (one for one in known.events if not one.startswith("$")), ""
    )
    properties = next((known.properties.get(one, ()) for one in known.meant([event])), ())
    return Start(
        event,
        next(iter(properties), ""),
        next(iter(known.traits), ""),
        next(iter(known.segments), ""),
    )


def _events_of(project: Project, action: str, depth: int = 0) -> tuple[str, ...]:
    """The events that an action stands for, through other actions."""
    pattern: EventPattern = project.actions[action]
    found: list[str] = []
    for name in pattern.names:
        if depth < len(project.actions) and _is_action(project, name):
            found += _events_of(project, name.text, depth + 1)
        else:
            found.append(name.text)
    return tuple(dict.fromkeys(found))


def _is_action(project: Project, name: Name) -> bool:
    return not name.quoted and name.text in project.actions


def _values(page: Page, board: Board, events: Sequence[str], property_: str) -> list[str]:
    """The values that a property of these events has most, as the language writes them; what is
    not counted yet is, meanwhile."""
    key = tuple(sorted(events))
    if not key or not property_:
        return []
    insight = page.insight()
    try:
        looked = board.look(
            ("values", key), lambda _: _counted(insight, key), now=page.now, patience=_PATIENCE
        )
    except BusyError:
        return []
    texts = [one.value for one in looked.result or () if one.property == property_]
    return [one if NUMBER.fullmatch(one) else quote(one) for one in dict.fromkeys(texts)]


def _counted(insight: Insight, events: tuple[str, ...]) -> list[CommonValue]:
    return insight.store.common_values(events, at=insight.at, least=1, most=MOST_VALUES)
