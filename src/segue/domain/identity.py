"""Who is who: folding the links between distinct ids into people.

Three events link distinct ids: `$identify` (its `$anon_distinct_id` was this person before they
were known), `$create_alias` and `$merge_dangerously` (their `alias` is this person too). Links fold
in event order, and the rules of refusal are those of PostHog:

- ids that SDKs send by mistake (`null`, `undefined`, `anonymous`, …) never link anything;
- `$identify` and `$create_alias` never merge away a person who is already identified;
  `$merge_dangerously` does.

The outcome is timeless: it holds at every instant, before the link too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias


class LinkKind(StrEnum):
    """The event that made a link."""

    IDENTIFY = "$identify"
    CREATE_ALIAS = "$create_alias"
    MERGE_DANGEROUSLY = "$merge_dangerously"


@dataclass(frozen=True, slots=True)
class Link:
    """One linking event: `other` is merged into the person of `distinct_id`.

    An `$identify` without an anonymous id has no `other`; it only says that `distinct_id` is known.
    """

    kind: LinkKind
    distinct_id: str
    other: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A link that was not made, and why."""

    link: Link
    reason: str


@dataclass(frozen=True, slots=True)
class Identities:
    """What the links amount to.

    `person_of` maps each distinct id of a merged person to the person's id; an id that it does not
    hold is a person of its own. `refusals` are the links that were not made, in event order.
    """

    person_of: dict[str, str]
    refusals: tuple[Refusal, ...] = ()

    def person(self, distinct_id: str) -> str:
        """The id of the person who has this distinct id."""
        return self.person_of.get(distinct_id, distinct_id)


IGNORED_IDS: Final = frozenset(
    {
        *("anonymous", "guest", "distinctid", "distinct_id", "id", "not_authenticated"),
        *("email", "undefined", "true", "false", "[object object]", "nan", "none", "null", "0"),
    }
)
"""Ids that SDKs send by mistake, in lower case; with quotes around them they are ignored too."""


_NOBODY: Final = IGNORED_IDS | {""}


def is_ignored(distinct_id: str) -> bool:
    """Whether the id is blank or one that SDKs send by mistake, and so never links."""
    return distinct_id.strip().strip("\"'").strip().lower() in _NOBODY


Place: TypeAlias = tuple[int, int, int, bytes]
"""Where an event stands in event order: `occurred_at` (ms), whether it has a `sequence` (0 or 1),
that (0 where there is none), and the UTF-8 bytes of the event id."""


def place_of(occurred_at: int, sequence: int | None, event_id: str) -> Place:
    """The place of an event in event order."""
    return occurred_at, sequence is not None, sequence or 0, event_id.encode()


def resolve(links: Mapping[Link, Place]) -> dict[str, str]:
    """`fold_links(…).person_of` of links with their places, in any order.

    The place of a link that came several times is its earliest: to repeat one changes nothing,
    because who is identified stays so, and whoever is one person stays one.
    """
    return fold_links(sorted(links, key=links.__getitem__)).person_of


def fold_links(links: Iterable[Link]) -> Identities:
    """Fold links that stand in event order."""
    folding = _Folding()
    refusals = []
    for link in links:
        reason = folding.apply(link)
        if reason:
            refusals.append(Refusal(link, reason))
    return Identities(folding.people(), tuple(refusals))


class _Folding:
    """Disjoint sets of distinct ids; each set lists its members under its root."""

    def __init__(self) -> None:
        self._root: dict[str, str] = {}
        self._members: dict[str, list[str]] = {}
        self._identified: set[str] = set()
        self._known_since: dict[str, int] = {}

    def apply(self, link: Link) -> str:
        """Make a link; the reason where it is refused, else nothing."""
        if is_ignored(link.distinct_id):
            return f"{link.distinct_id!r} is nobody's id"
        target = self._person(link.distinct_id)
        if link.kind is LinkKind.IDENTIFY:
            self._known_since.setdefault(link.distinct_id, len(self._known_since))
        reason = self._merge(link, target) if link.other is not None else ""
        self._identified.add(target)
        return reason

    def _merge(self, link: Link, target: str) -> str:
        other = link.other or ""
        if is_ignored(other):
            return f"{other!r} is nobody's id"
        source = self._person(other)
        if source == target:
            return ""
        if source in self._identified and link.kind is not LinkKind.MERGE_DANGEROUSLY:
            return f"{other!r} is already identified"
        moved = self._members.pop(source)
        self._members[target] += moved
        self._root.update(dict.fromkeys(moved, target))
        self._identified.discard(source)
        return ""

    def _person(self, distinct_id: str) -> str:
        root = self._root.setdefault(distinct_id, distinct_id)
        if root == distinct_id and distinct_id not in self._members:
            self._members[distinct_id] = [distinct_id]
        return root

    def people(self) -> dict[str, str]:
        """The person's id of every distinct id of a person with several."""
        return {
            distinct_id: person
            for members in self._members.values()
            if len(members) > 1
            for person in [self._name(members)]
            for distinct_id in members
        }

    def _name(self, members: list[str]) -> str:
        known = [member for member in members if member in self._known_since]
        if known:
            return min(known, key=self._known_since.__getitem__)
        return min(members, key=lambda member: member.encode())
