"""Who is who in a store, by codes of distinct ids, kept up to date link by link.

A link changes who is who only within its *circle*: the distinct ids that attempted links connect
with it. A new link refolds its circle and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

import numpy as np

from segue.adapters.duckdb_store.circles import Circle, circles_of
from segue.adapters.duckdb_store.dictionary import Dictionary
from segue.adapters.duckdb_store.links import NOBODY, Attempt, Attempts
from segue.adapters.extract import People
from segue.domain.identity import Place
from segue.timeline.log import Int32s, Int64s
from segue.timeline.parts import Groups

T = TypeVar("T")

GONE: Final = -1
"""In place of the owner of a code that stands for no distinct id any more."""


@dataclass(frozen=True, slots=True)
class Change:
    """What links change: circles by label, and of their members `whos` int32[C] the labels and the
    codes of their people's ids."""

    circles: dict[int, Circle]
    whos: Int32s
    labels: Int32s
    owners: Int32s


class Directory:
    """Who is who: what changed since `keep` was last called, `undo` takes back."""

    def __init__(self, ids: Dictionary, attempts: Attempts) -> None:
        self._ids = ids
        self._read = circles_of(attempts, len(ids))
        owner = self._read.owners(ids.texts)
        owner[[code for code, text in enumerate(ids.texts) if not text]] = GONE
        self._label, self._owner = _Column(self._read.label.copy()), _Column(owner)
        self._size = len(ids)
        self._grouped = _grouped(self._read.members, owner[self._read.members])
        self._circles: dict[int, Circle] = {}
        self._members: dict[int, Int32s] = {}
        self._journal: list[Callable[[], object]] = []
        self._everybody: tuple[int, People] | None = None
        self._version = 0

    # ------------------------------------------------------------------------------------- asking

    def owners(self, whos: Int32s) -> Int32s:
        """The codes of the people's ids of distinct ids; whoever is new is alone."""
        found = whos.copy()
        known = whos < self._size
        found[known] = self._owner.values[whos[known]]
        return found

    def groups(self, people: Int32s) -> Groups:
        """Those of these people, by the codes of their ids, ascending, who exist."""
        people = people[people < self._size]
        people = people[self._owner.values[people] == people]
        changed = [
            (index, found)
            for index, person in enumerate(people.tolist())
            if (found := self._members.get(person)) is not None
        ]
        sizes, starts = _places(self._grouped, people)
        for index, found in changed:
            sizes[index], starts[index] = len(found), GONE
        offsets = np.concatenate(([0], np.cumsum(sizes)))
        whos = np.repeat(people, sizes)
        shift = np.repeat(np.where(starts == GONE, GONE, starts - offsets[:-1]), sizes)
        read = np.repeat(starts != GONE, sizes)
        whos[read] = self._grouped.whos[(shift + np.arange(len(whos)))[read]]
        for index, found in changed:
            whos[offsets[index] : offsets[index + 1]] = found
        return Groups(people, offsets, whos)

    def all_groups(self) -> Groups:
        """Everybody."""
        whos = np.arange(self._size, dtype=np.int32)
        owner = self._owner.values[: self._size]
        return _grouped(whos[owner != GONE], owner[owner != GONE])

    def count(self) -> int:
        """How many people there are."""
        owner = self._owner.values[: self._size]
        return int(np.count_nonzero(owner == np.arange(len(owner))))

    def everybody(self) -> People:
        """All people, sorted by the UTF-8 bytes of their ids."""
        kept, version = self._everybody, self._version
        if kept is None or kept[0] != version:
            owner = self._owner.values[: self._size].copy()
            codes = np.flatnonzero(owner == np.arange(len(owner))).tolist()
            # Others may change people meanwhile; what is kept is of the version it was begun with.
            kept = self._everybody = (version, self._numbered(codes, owner))
        return kept[1]

    def some(self, wanted: Collection[str]) -> People:
        """Those of the named people who exist, sorted like everybody."""
        codes = sorted(code for one in set(wanted) if (code := self._ids.code(one)) is not None)
        groups = self.groups(np.array(codes, np.int32))
        owner = np.full(self._size, GONE, np.int32)
        owner[groups.whos] = np.repeat(groups.person, np.diff(groups.offsets))
        return self._numbered(groups.person.tolist(), owner)

    def _numbered(self, people: list[int], owner: Int32s) -> People:
        texts = self._ids.texts
        people.sort(key=lambda code: texts[code].encode())
        place = np.full(len(owner) + 1, GONE, np.int32)
        place[people] = np.arange(len(people), dtype=np.int32)
        return People([texts[code] for code in people], place[owner])

    def members(self, person_id: str) -> Sequence[str]:
        """The distinct ids of a person, sorted; none where nobody has this person id."""
        code = self._ids.code(person_id)
        if code is None:
            return []
        return sorted(self._ids.texts[who] for who in self.groups(np.array([code], np.int32)).whos)

    def person_code(self, distinct_id: str) -> int | None:
        """The code of the id of the person who has it; None where there is none."""
        code = self._ids.code(distinct_id)
        if code is None:
            return None
        # One by one: with an array of places NumPy would let go of the interpreter, and whoever
        # asks would wait until the thread that turns does so too.
        owner = int(self._owner.values[code]) if code < self._size else code
        return None if owner == GONE else owner

    def people_with(self, distinct_ids: Collection[str]) -> dict[str, int]:
        """The codes of the ids of the people who have these distinct ids, by distinct id; those
        that nobody has are left out."""
        coded = [(one, code) for one in distinct_ids if (code := self._ids.code(one)) is not None]
        owners = self.owners(np.array([code for _, code in coded], np.int32)).tolist()
        found = zip(coded, owners, strict=True)
        return {one: owner for (one, _), owner in found if owner != GONE}

    # ----------------------------------------------------------------------------------- changing

    def change(
        self, links: Iterable[tuple[Attempt, Place]], divided: Collection[int] = ()
    ) -> Change:
        """What these links would change, the circles of the `divided` distinct ids divided first,
        so that nothing links their members but what is in `links`."""
        draft = _Draft(self._circle, self._label_of)
        draft.divide(divided)
        for attempt, place in links:
            draft.add(attempt, place)
        circles = draft.circles()
        if not circles:
            empty = np.zeros(0, np.int32)
            return Change({}, empty, empty, empty)
        sizes = [len(circle.members) for circle in circles.values()]
        texts = self._ids.texts
        return Change(
            circles,
            np.concatenate([np.array(circle.members, np.int32) for circle in circles.values()]),
            np.repeat(np.array(list(circles), np.int32), sizes),
            np.concatenate([circle.owners(texts) for circle in circles.values()]),
        )

    def circle_of(self, whos: Iterable[int]) -> list[int]:
        """All distinct ids in the circles of these."""
        labels = {self._label_of(who) for who in whos}
        return [member for label in labels for member in self._circle(label).members]

    def is_unlinked(self, who: int) -> bool:
        """Whether no link connects the distinct id with another one."""
        return len(self._circle(self._label_of(who)).members) == 1

    def _label_of(self, who: int) -> int:
        return int(self._label.values[who]) if who < self._size else who

    def _circle(self, label: int) -> Circle:
        """The circle with this label, kept for the next time."""
        found = self._circles.get(label)
        if found is None:
            found = self._circles[label] = self._read.circle(label)
        return found

    def touched(self, change: Change, whos: Int32s) -> Int32s:
        """The people, by the codes of their ids, whom a change and events of these distinct ids
        touch: who they were and who they will be, ascending."""
        found = np.unique(self.owners(whos))
        if change.circles:
            found = np.union1d(found, self._moved(change, whos))
        people: Int32s = found[found != GONE]
        return people

    def _moved(self, change: Change, whos: Int32s) -> Int32s:
        """The people whom a change makes others of, and who these distinct ids will be."""
        before = self.owners(change.whos)
        moved = before != change.owners
        after = dict(zip(change.whos[moved].tolist(), change.owners[moved].tolist(), strict=True))
        will = np.array([after.get(who, GONE) for who in whos.tolist()], np.int32)
        return np.concatenate((before[moved], change.owners[moved], will))

    def apply(self, change: Change) -> bool:
        """Make a change, and take in all distinct ids that are new; whether there was anything to
        do."""
        size = len(self._ids)
        if not change.circles and size == self._size:
            return False
        self._grow(size)
        whos, people = change.whos, set(self.owners(change.whos).tolist())
        self._set(self._label, whos, change.labels)
        self._set(self._owner, whos, change.owners)
        for label, circle in change.circles.items():
            self._put(self._circles, label, circle)
        order = np.argsort(whos)
        groups = _grouped(whos[order], change.owners[order])
        for person in people - set(groups.person.tolist()):
            self._put(self._members, person, np.zeros(0, np.int32))
        for index, person in enumerate(groups.person.tolist()):
            members = groups.whos[groups.offsets[index] : groups.offsets[index + 1]]
            self._put(self._members, person, members)
        return True

    def forget(self, codes: Int32s) -> None:
        """Take out distinct ids that have neither an event nor a link left."""
        self._set(self._owner, codes, np.full(len(codes), GONE, np.int32))

    def _grow(self, size: int) -> None:
        self._journal.append(partial(self._shrink, self._size))
        for column in (self._owner, self._label):
            column.grow(self._size, size)
        self._size = size
        self._version += 1

    def _shrink(self, size: int) -> None:
        self._size = size

    def _set(self, column: _Column, codes: Int32s, values: Int32s) -> None:
        self._journal.append(partial(column.set, codes, column.values[codes]))
        column.set(codes, values)
        self._version += 1

    def _put(self, places: dict[int, T], key: int, value: T) -> None:
        before = places.get(key)
        undo = partial(places.pop, key) if before is None else partial(places.update, {key: before})
        self._journal.append(undo)
        places[key] = value

    def keep(self) -> None:
        """Make what was changed last."""
        self._journal.clear()

    def undo(self) -> None:
        """Take back what was changed since `keep`."""
        while self._journal:
            self._journal.pop()()
        self._version += 1


class _Column:
    """A number per code; whoever is new has their own code."""

    def __init__(self, values: Int32s) -> None:
        self.values = values

    def set(self, codes: Int32s, values: Int32s) -> None:
        """Replace the numbers of some codes."""
        self.values[codes] = values

    def grow(self, size: int, wanted: int) -> None:
        """Make room for more codes; those from `size` on get their own."""
        if wanted > len(self.values):
            further = np.empty(wanted + wanted // 2, np.int32)
            further[:size] = self.values[:size]
            self.values = further
        self.values[size:wanted] = np.arange(size, wanted, dtype=np.int32)


class _Draft:
    """Circles as they become: a copy of each that a link touches, joined where links join them."""

    def __init__(self, circle: Callable[[int], Circle], label: Callable[[int], int]) -> None:
        self._circle, self._label = circle, label
        self._own: dict[int, int] = {}
        self._joined: dict[int, int] = {}
        self._members: dict[int, list[int]] = {}
        self._attempts: dict[int, dict[Attempt, Place]] = {}

    def circles(self) -> dict[int, Circle]:
        """The circles that were touched, by label."""
        attempts = self._attempts
        return {label: Circle(who, attempts[label]) for label, who in self._members.items()}

    def divide(self, whos: Iterable[int]) -> None:
        """Make every member of these distinct ids' circles a circle of its own, without links."""
        for label in {self._label(who) for who in whos}:
            for member in self._circle(label).members:
                self._own[member] = member
                self._members[member], self._attempts[member] = [member], {}

    def add(self, attempt: Attempt, place: Place) -> None:
        """Add a link; one that is known from an earlier event changes nothing."""
        _, who, other = attempt
        label = self._find(who)
        known = self._attempts[label] if label in self._members else self._circle(label).attempts
        if attempt in known and known[attempt] <= place:
            return
        self._open(label)
        if other != NOBODY:
            label = self._join(label, self._find(other))
        self._attempts[label][attempt] = place

    def _find(self, who: int) -> int:
        label = self._own.get(who)
        label = self._label(who) if label is None else label
        while label in self._joined:
            label = self._joined[label]
        return label

    def _open(self, label: int) -> None:
        if label not in self._members:
            circle = self._circle(label)
            self._members[label] = list(circle.members)
            self._attempts[label] = dict(circle.attempts)

    def _join(self, one: int, other: int) -> int:
        self._open(other)
        if one == other:
            return one
        small, large = sorted((one, other), key=lambda label: len(self._members[label]))
        self._members[large] += self._members.pop(small)
        self._attempts[large] |= self._attempts.pop(small)
        self._joined[small] = large
        return large


def _grouped(whos: Int32s, owners: Int32s) -> Groups:
    """Distinct ids, ascending, as people by the codes of the people's ids."""
    order = np.argsort(owners, kind="stable")
    ordered = owners[order]
    first = np.flatnonzero(np.diff(ordered, prepend=GONE))
    return Groups(ordered[first], np.append(first, len(whos)), whos[order])


def _places(groups: Groups, people: Int32s) -> tuple[Int64s, Int64s]:
    """How many distinct ids each person has and where in the groups they begin; whoever is not
    there has one and begins nowhere (`GONE`)."""
    if not len(groups):
        return np.ones(len(people), np.int64), np.full(len(people), GONE, np.int64)
    place = np.minimum(np.searchsorted(groups.person, people), len(groups) - 1)
    there = groups.person[place] == people
    starts = groups.offsets[place]
    return np.where(there, groups.offsets[place + 1] - starts, 1), np.where(there, starts, GONE)
