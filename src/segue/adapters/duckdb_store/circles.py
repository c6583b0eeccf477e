"""All links of a store at once: the circles of distinct ids that they connect, and their people.

Nearly every circle is a star: `$identify` links of one person with anonymous ids that did nothing
else. Stars are resolved together; the other circles link by link.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from segue.adapters.duckdb_store.links import KINDS, NOBODY, Attempt, Attempts
from segue.domain.identity import Link, LinkKind, Place, resolve
from segue.timeline.log import Bools, Int32s


@dataclass(frozen=True, slots=True)
class Circle:
    """Distinct ids by code, and the links between them that were attempted."""

    members: Sequence[int]
    attempts: Mapping[Attempt, Place] = field(default_factory=dict)

    def owners(self, texts: Sequence[str]) -> Int32s:
        """Of each member the code of the person's id; `texts` are the distinct ids by code."""
        codes = {texts[member]: member for member in self.members}
        people = resolve({_link(one, texts): place for one, place in self.attempts.items()})
        return np.array([codes[people.get(text, text)] for text in codes], np.int32)


def _link(attempt: Attempt, texts: Sequence[str]) -> Link:
    kind, who, other = attempt
    return Link(KINDS[kind], texts[who], "" if other == NOBODY else texts[other])


@dataclass(frozen=True, slots=True)
class Circles:
    """The circles of a store as they were read.

    `label` int32[W] is the smallest code in the circle of each code of a distinct id. `attempts`
    are sorted by the label of their circle (`starts` int32[N]), and so are `members`, the codes
    that are in circles (`labels`).
    """

    label: Int32s
    attempts: Attempts
    starts: Int32s
    members: Int32s
    labels: Int32s

    def circle(self, label: int) -> Circle:
        """The circle with this label; of one id where nothing was to link it."""
        # In the arrays' own type: they would be copied into another one at each search.
        bounds = np.array((label, label + 1), np.int32)
        first, last = np.searchsorted(self.labels, bounds).tolist()
        if first == last:
            return Circle((label,))
        links = self.attempts.pairs(*np.searchsorted(self.starts, bounds).tolist())
        return Circle(self.members[first:last].tolist(), dict(links))

    def owners(self, texts: Sequence[str]) -> Int32s:
        """Of each code of a distinct id the code of the person's id."""
        owner = np.arange(len(self.label), dtype=np.int32)
        owner[self.members] = _star_owners(self)
        mixed = np.zeros(len(self.label), np.bool_)
        mixed[self.starts[~_in_stars(self)]] = True
        for label in np.flatnonzero(mixed).tolist():
            circle = self.circle(label)
            owner[list(circle.members)] = circle.owners(texts)
        return owner


def circles_of(attempts: Attempts, size: int) -> Circles:
    """The circles that links make of as many codes of distinct ids; links in event order."""
    linking = attempts.other != NOBODY
    label = _connected(size, attempts.who[linking], attempts.other[linking])
    order = np.argsort(label[attempts.who], kind="stable")
    linked = np.zeros(size, np.bool_)
    linked[attempts.who] = linked[attempts.other[linking]] = True
    members = np.flatnonzero(linked).astype(np.int32)
    members = members[np.argsort(label[members], kind="stable")]
    ordered = attempts.taken(order)
    return Circles(label, ordered, label[ordered.who], members, label[members])


def _connected(size: int, some: Int32s, others: Int32s) -> Int32s:
    """The smallest code that each code is connected with, by pairs of codes."""
    label = np.arange(size, dtype=np.int32)
    while True:
        here, there = label[some], label[others]
        if np.array_equal(here, there):
            return label
        low = np.minimum(here, there)
        np.minimum.at(label, here, low)
        np.minimum.at(label, there, low)
        while not np.array_equal(jumped := label[label], label):
            label = jumped


def _in_stars(circles: Circles) -> Bools:
    """Whether each link is part of a star, whose outcome needs no folding."""
    attempts, size = circles.attempts, len(circles.label)
    speaks, named = np.zeros(size, np.bool_), np.zeros(size, np.int64)
    linking = (attempts.other != NOBODY) & (attempts.other != attempts.who)
    speaks[attempts.who] = True
    named += np.bincount(attempts.other[linking], minlength=size)
    leaf = ~linking | ((named[attempts.other] == 1) & ~speaks[attempts.other])
    plain = (attempts.kind == KINDS.index(LinkKind.IDENTIFY)) & leaf & (named[attempts.who] == 0)
    mixed = np.zeros(size, np.bool_)
    mixed[circles.starts[~plain]] = True
    return ~mixed[circles.starts]


def _star_owners(circles: Circles) -> Int32s:
    """Of each member the one who identifies in its star; in other circles itself."""
    star = _in_stars(circles)
    centre = np.full(len(circles.label), NOBODY, np.int32)
    centre[circles.starts[star]] = circles.attempts.who[star]
    found = centre[circles.labels]
    return np.where(found == NOBODY, circles.members, found).astype(np.int32)
