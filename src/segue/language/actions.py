"""Actions: names of a project for event patterns, expanded to the events that they stand for."""

from __future__ import annotations

from collections.abc import Mapping

from segue.language.patterns import every_filter
from segue.language.tree import EventPattern, Filter, Name, Pattern, PatternUnion


class Actions:
    """The actions of a project, each expanded to event names.

    An action may use other actions; inside its own definition its name means the event.
    """

    def __init__(self, actions: Mapping[str, EventPattern]) -> None:
        """Raises `CyclicError` where actions use each other in a circle."""
        self._expanded: dict[str, Pattern] = {}
        for action in in_order({name: _uses(name, actions) for name in actions}):
            self._expanded[action] = self._expand(actions[action], own=action)

    def expand(self, pattern: EventPattern) -> Pattern:
        """The pattern with every action replaced by its events, all names quoted."""
        return self._expand(pattern, own="")

    def event_names(self, name: str) -> tuple[str, ...]:
        """The events that a bare name stands for; itself where it is no action.

        Filters of the action do not count.
        """
        expanded = self._expanded.get(name)
        if expanded is None:
            return (name,)
        parts = expanded.alternatives if isinstance(expanded, PatternUnion) else (expanded,)
        return tuple(dict.fromkeys(event.text for part in parts for event in part.names))

    def _expand(self, pattern: EventPattern, own: str) -> Pattern:
        if pattern.is_any:
            return pattern
        parts = [part for name in pattern.names for part in self._alternatives(name, own)]
        merged = [_and_where(part, pattern.where) for part in _by_filter(parts)]
        return merged[0] if len(merged) == 1 else PatternUnion(tuple(merged))

    def _alternatives(self, name: Name, own: str) -> tuple[EventPattern, ...]:
        if name.quoted or name.text == own or name.text not in self._expanded:
            return (EventPattern((Name(name.text, quoted=True),)),)
        expanded = self._expanded[name.text]
        return expanded.alternatives if isinstance(expanded, PatternUnion) else (expanded,)


def _uses(action: str, actions: Mapping[str, EventPattern]) -> tuple[str, ...]:
    used = (name.text for name in actions[action].names if not name.quoted)
    return tuple(name for name in used if name in actions and name != action)


def _by_filter(parts: list[EventPattern]) -> list[EventPattern]:
    """The same union with one alternative per filter (`any` stays alone)."""
    grouped: dict[tuple[bool, Filter | None], dict[Name, None]] = {}
    for part in parts:
        grouped.setdefault((part.is_any, part.where), {}).update(dict.fromkeys(part.names))
    return [EventPattern(tuple(names), where) for (_, where), names in grouped.items()]


def _and_where(part: EventPattern, where: Filter | None) -> EventPattern:
    if where is None:
        return part
    both = where if part.where is None else every_filter([part.where, where])
    return EventPattern(part.names, both)


class CyclicError(ValueError):
    """Names that depend on each other in a circle: `circle`, which ends as it begins."""

    def __init__(self, circle: tuple[str, ...]) -> None:
        super().__init__(" → ".join(circle))
        self.circle = circle


def in_order(uses: Mapping[str, tuple[str, ...]]) -> list[str]:
    """The names such that each stands after those that it uses, else in their own order.

    Names that are used but not among the keys are left out. Raises `CyclicError`.
    """
    done: dict[str, None] = {}
    for start in uses:
        path: dict[str, int] = {start: 0}
        while path:
            name, at = path.popitem()
            pending = [used for used in uses[name][at:] if used in uses and used not in done]
            if name in done or not pending:
                done[name] = None
                continue
            path[name] = at
            if pending[0] in path:
                names = list(path)
                raise CyclicError((*names[names.index(pending[0]) :], pending[0]))
            path[pending[0]] = 0
    return list(done)
