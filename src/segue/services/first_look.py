"""A first look at somebody's events: the segments they already have, who leaves next, a mistake."""

from __future__ import annotations

from dataclasses import dataclass, replace

from segue.language.project import project_from
from segue.language.resolve import resolve
from segue.services.draft import Draft
from segue.services.mistakes import QUIET, Mistake, most_striking
from segue.services.summarise import Summary
from segue.services.view import Leaving, Store, View, look

LEAVING = 5
"""How many of those who leave next are named."""


@dataclass(frozen=True, slots=True)
class FirstLook:
    """What a log says before anybody defined anything: the drafted project, its segments at the
    last event, who leaves next, and the most striking mistake that the log shows."""

    draft: Draft
    view: View
    summary: Summary
    leaving: tuple[Leaving, ...]
    mistake: Mistake | None


def first_look(store: Store, drafted: Draft, at: int) -> FirstLook:
    """Evaluate a drafted project at the instant, and look for a mistake."""
    definitions = resolve(project_from(drafted.mapping()))
    watched = replace(definitions, segments=(*definitions.segments, QUIET))
    seen = look(store, watched, at)
    voices = sum(one.count for one in store.summaries() if one.event == "$survey_answered")
    mistake = most_striking(seen, voices)
    shown = seen.without(QUIET.id)
    return FirstLook(drafted, shown, shown.summary(), tuple(shown.leaving_next(LEAVING)), mistake)
