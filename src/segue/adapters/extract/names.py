"""Which stored events a pattern names, as codes of event names."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from segue.language.activity import is_activity, selects
from segue.language.tree import EventPattern, Filter, Name, Pattern

IDENTIFY: Final = "$identify"
SET: Final = "$set"
SET_ONCE: Final = "$set_once"
UNSET: Final = "$unset"
GROUP_IDENTIFY: Final = "$groupidentify"
CREATE_ALIAS: Final = "$create_alias"
MERGE_DANGEROUSLY: Final = "$merge_dangerously"

TRAIT_EVENTS: Final = (IDENTIFY, SET, SET_ONCE, UNSET)
"""Events that write traits."""
LINK_EVENTS: Final = (IDENTIFY, CREATE_ALIAS, MERGE_DANGEROUSLY)
"""Events that link two distinct ids."""


class NameCodes:
    """The event names of a log by code, and what patterns select among them."""

    def __init__(self, names: Sequence[str], not_activity: Collection[str] = ()) -> None:
        self.names = tuple(names)
        self._codes = {name: code for code, name in enumerate(self.names)}
        self._alternatives: dict[Pattern, list[tuple[frozenset[int], Filter | None]]] = {}
        self._activity = frozenset(
            code for name, code in self._codes.items() if is_activity(name, not_activity)
        )

    def of(self, names: Collection[str]) -> frozenset[int]:
        """The codes of these names, as far as they occur."""
        return frozenset(self._codes[name] for name in names if name in self._codes)

    def matching(self, pattern: EventPattern) -> frozenset[int]:
        """The codes that the pattern names, its filter aside."""
        if pattern.is_any:
            return self._activity
        return frozenset(code for name in pattern.names for code in self._named(name))

    def alternatives(self, pattern: Pattern) -> list[tuple[frozenset[int], Filter | None]]:
        """The pattern as alternatives of name codes, each with its filter."""
        found = self._alternatives.get(pattern)
        if found is None:
            patterns = (pattern,) if isinstance(pattern, EventPattern) else pattern.alternatives
            found = [(self.matching(alternative), alternative.where) for alternative in patterns]
            self._alternatives[pattern] = found
        return found

    def _named(self, name: Name) -> list[int]:
        if name.is_prefix:
            return [code for text, code in self._codes.items() if selects(name.text, text)]
        return [self._codes[name.text]] if name.text in self._codes else []
