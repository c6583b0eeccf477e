"""When people last reached the goals of campaigns, kept up to date event by event."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from segue.domain.campaigns import Acting
from segue.language.activity import DERIVED_EVENTS, is_activity, selects
from segue.language.tree import Definitions, EventPattern, Pattern
from segue.services.acting.store import Crowd, Store
from segue.timeline.log import Request
from segue.timeline.parts import Codebook, Part


@dataclass(frozen=True, slots=True)
class Reached:
    """That somebody reached a goal: the code of the distinct id that did, and when (ms)."""

    goal: str
    who: int
    at: int


class Goals:
    """The latest occurrence of each goal by distinct id. Goals of which no campaign speaks are not
    looked for."""

    def __init__(self, wanted: Mapping[str, Pattern], not_activity: Collection[str]) -> None:
        self.wanted = {goal: Request(pattern) for goal, pattern in wanted.items()}
        self.not_activity = tuple(not_activity)
        self._codebook = Codebook()
        self._latest: dict[str, dict[int, int]] = {goal: {} for goal in wanted}
        self.next_ref = 0

    @classmethod
    def of(cls, acting: Acting, definitions: Definitions) -> Goals:
        """Those of a project's campaigns."""
        named = {campaign.goal for campaign in acting.campaigns if campaign.goal}
        goals = {name: pattern for name, pattern, _ in definitions.goals if name in named}
        return cls(goals, definitions.not_activity)

    def is_like(self, other: Goals) -> bool:
        """Whether another one looks for the same."""
        return (self.wanted, self.not_activity) == (other.wanted, other.not_activity)

    def begin(self, store: Store, before: int) -> None:
        """Read all events with references below `before`."""
        if self.wanted:
            part = store.everything(
                set(self.wanted.values()),
                self._codebook,
                before=before,
                not_activity=self.not_activity,
            )
            self._note(part)
        self.next_ref = before

    def go_on(self, store: Store) -> list[Reached]:
        """Read the events that came since; what they reached."""
        names, upto = store.arrived(self.next_ref)
        if not self.wanted or (names is not None and not self._may_be_among(names)):
            self.next_ref = max(self.next_ref, upto)
            return []
        requests = set(self.wanted.values())
        part, upto = store.lately(
            requests, self._codebook, since=self.next_ref, not_activity=self.not_activity
        )
        self.next_ref = upto
        self._note(part)
        return list(self._each(part))

    def _may_be_among(self, names: Collection[str]) -> bool:
        """Whether an event with one of these names may reach a goal."""
        patterns = [one.pattern for one in self.wanted.values()]
        return any(_names(one, name, self.not_activity) for name in names for one in patterns)

    def _note(self, part: Part) -> None:
        whos = part.whos
        for goal, request in self.wanted.items():
            found = part.log.occurrences(request)
            ends = found.offsets[1:]
            some = np.flatnonzero(np.diff(found.offsets))
            latest = self._latest[goal]
            last = zip(whos[some].tolist(), found.at[ends[some] - 1].tolist(), strict=True)
            for who, at in last:
                latest[who] = max(at, latest.get(who, at))

    def _each(self, part: Part) -> Iterable[Reached]:
        for goal, request in self.wanted.items():
            found = part.log.occurrences(request)
            whos = np.repeat(part.whos, np.diff(found.offsets))
            each = zip(whos.tolist(), found.at.tolist(), strict=True)
            yield from (Reached(goal, who, at) for who, at in each)

    def latest(self, goals: Iterable[str], crowd: Crowd) -> dict[tuple[int, str], int]:
        """When the people of a crowd last reached goals (ms), by code of the person and goal."""
        found = {}
        for goal in goals:
            known = self._latest.get(goal, {})
            for person, codes in crowd.codes.items():
                instants = [known[code] for code in codes if code in known]
                if instants:
                    found[person, goal] = max(instants)
        return found


def _names(pattern: Pattern, event: str, not_activity: Collection[str]) -> bool:
    """Whether a pattern may match such an event, its filter aside. What is computed from other
    events may come of any activity."""
    alternatives = (pattern,) if isinstance(pattern, EventPattern) else pattern.alternatives
    wanted = [name.text for one in alternatives for name in one.names]
    if any(one.is_any for one in alternatives) or not DERIVED_EVENTS.isdisjoint(wanted):
        return is_activity(event, not_activity)
    return any(selects(one, event) for one in wanted)
