"""Ready-made groups: buyers by recency, frequency and money (RFM), and everybody's lifecycle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from segue.domain.errors import UsageError
from segue.insight.arrays import Bools, Int64s
from segue.insight.shares import Share
from segue.language.actions import Actions
from segue.language.models import Project
from segue.language.parse import parse_condition
from segue.language.templates import Guess, guess_parameters, lifecycle, rfm, rfm_grades
from segue.language.templates.lifecycle import PERIOD
from segue.language.tree import Definitions, EventPattern, Name, Segment
from segue.language.walk import with_patterns
from segue.services.insight.as_segment import Proposal
from segue.services.insight.behaving import names_of
from segue.services.insight.past import Past, read_past
from segue.services.view import Store
from segue.timeline.log import Number
from segue.timeline.occurring import Wanted

GRADES: Final = 5
TOPS: Final = (1, 5, 10, 20, 50)
"""The shares of buyers, in per cent, of which it is told how much of the revenue they bring."""
WINDOW: Final = "365 days"
_BUYING: Final = ("purchase", "sale", "order")
_MILLION: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Buying:
    """What buying is: an action or event, the property with its money, and the one with the number
    of the order where an event is only a line of it."""

    purchase: str
    revenue: str
    order: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """A ready-made group: what it would be as a segment, how many are in it at the instant and,
    of buyers, which part of the revenue of the window is theirs."""

    proposal: Proposal
    people: Share
    revenue: float | None = None


@dataclass(frozen=True, slots=True)
class Top:
    """The best `percent` of buyers by all their money: how many they are (ties are in) and which
    part of all the revenue they bring."""

    percent: int
    people: int
    revenue: float


@dataclass(frozen=True)
class Buyers:
    """RFM at an instant: the nine groups; `grid[r][f]` counts the buyers with recency grade r + 1
    and frequency grade f + 1 (5 is best); the concentration of revenue, all of it `revenue`."""

    buying: Buying
    window: str
    groups: tuple[Group, ...]
    grid: tuple[tuple[int, ...], ...]
    tops: tuple[Top, ...]
    buyers: int
    revenue: float


@dataclass(frozen=True)
class Ready:
    """The ready-made groups at the instant `at`; `buyers` is None where nothing is known to be
    bought."""

    at: int
    zone: str
    period: str
    people: int
    lifecycle: tuple[Group, ...]
    buyers: Buyers | None

    @property
    def groups(self) -> tuple[Group, ...]:
        """All of them."""
        return (*self.lifecycle, *(self.buyers.groups if self.buyers else ()))

    def proposals(self, chosen: str) -> tuple[Proposal, ...]:
        """What `rfm`, `lifecycle` or the id of one group would be as segments. Raises `UsageError`
        where there is no such group."""
        found = tuple(
            one.proposal
            for one in self.groups
            if chosen == one.proposal.id or one.proposal.id.startswith(f"{chosen}_")
        )
        if not found:
            ids = ", ".join(one.proposal.id for one in self.groups)
            raise UsageError(
                f"There is no group {chosen!r}", hint=f"rfm, lifecycle, or one of {ids}"
            )
        return found


def ready_made(
    store: Store,
    project: Project,
    definitions: Definitions,
    at: int,
    *,
    buying: Buying | None = None,
    period: str = PERIOD,
    window: str = WINDOW,
) -> Ready:
    """The ready-made groups of a project's people; what buying is, is guessed where not given."""
    buying = buying or _guessed(store, project)
    texts = {id_: str(one["when"]) for id_, one in lifecycle(period=period).items()}
    entries = dict(lifecycle(period=period))
    if buying is not None:
        bought = rfm(buying.purchase, buying.revenue, order=buying.order, window=window)
        entries |= bought
        texts |= {id_: str(one["when"]) for id_, one in bought.items()}
        texts |= _graded(buying, window)
    wider, ids = _with(project, definitions, texts)
    wanted = [] if buying is None else [_money(project, buying)]
    past = read_past(store, wider, at, ids.values(), wanted)
    past = replace(past, spans={id_: past.spans[own] for id_, own in ids.items()})
    counted = past.counted.holds(at)
    groups = tuple(_group(past, id_, entries[id_], int(counted.sum())) for id_ in entries)
    ways = tuple(one for one in groups if one.proposal.id.startswith("lifecycle_"))
    buyers = None if buying is None else _buyers(past, buying, window, groups[len(ways) :])
    zone = definitions.timezone
    return Ready(at, zone, period, int(counted.sum()), ways, buyers)


def _guessed(store: Store, project: Project) -> Buying | None:
    """What buying probably is: an action or event of such a name that carries money."""
    actions = Actions(project.actions)
    properties = {one.event: one.properties for one in store.summaries()}
    for name in _BUYING:
        if name in project.actions or name in properties:
            events = tuple(names_of(actions.expand(EventPattern((Name(name),)))))
            found = guess_parameters({"purchase": Guess(events, 1.0, "")}, properties)
            if found["revenue"]:
                return Buying(name, found["revenue"].strip('"'), found["order"].strip('"'))
    return None


def _graded(buying: Buying, window: str) -> dict[str, str]:
    """Conditions for the grid and for the best buyers, by ids of their own."""
    recency, frequency = rfm_grades(buying.purchase, order=buying.order, window=window)
    money = f'sum({buying.purchase}."{buying.revenue}")'
    return {
        **{f"$r{place}": one for place, one in enumerate(recency, 2)},
        **{f"$f{place}": one for place, one in enumerate(frequency, 2)},
        **{f"$top{percent}": f"top {percent}% by {money}" for percent in TOPS},
        "$buyers": f"did {buying.purchase}",
    }


def _with(
    project: Project, definitions: Definitions, texts: Mapping[str, str]
) -> tuple[Definitions, dict[str, str]]:
    """The definitions with these conditions as segments, and under which ids they are there."""
    actions = Actions(project.actions)
    taken = {one.id for one in definitions.segments}
    ids = {id_: _own(id_, taken) for id_ in texts}
    segments = tuple(
        Segment(ids[id_], id_, with_patterns(parse_condition(when), actions.expand))
        for id_, when in texts.items()
    )
    return replace(definitions, segments=(*definitions.segments, *segments)), ids


def _own(id_: str, taken: set[str]) -> str:
    """An id that no segment of the project has."""
    return f"$ready.{id_}" if id_ in taken else id_


def _money(project: Project, buying: Buying) -> Wanted:
    pattern = Actions(project.actions).expand(EventPattern((Name(buying.purchase),)))
    return Wanted(pattern, Number((buying.revenue,)))


def _group(past: Past, id_: str, entry: Mapping[str, object], people: int) -> Group:
    inside = int(past.spans[id_].holds(past.at).sum())
    given = {key: str(value) for key, value in entry.items()}
    proposal = Proposal(id_, given["title"], given["when"], given["kind"], given.get("stage", ""))
    return Group(proposal, Share.measured(inside, people))


def _buyers(past: Past, buying: Buying, window: str, groups: tuple[Group, ...]) -> Buyers:
    money = _sums(past)
    holds = {id_: spans.holds(past.at) for id_, spans in past.spans.items()}
    buyers = holds["$buyers"]
    every = float(money[buyers].sum())
    return Buyers(
        buying,
        window,
        tuple(replace(one, revenue=_part(money, holds[one.proposal.id], every)) for one in groups),
        _grid(holds, buyers),
        tuple(
            Top(
                percent,
                int(holds[f"$top{percent}"].sum()),
                _part(money, holds[f"$top{percent}"], every),
            )
            for percent in TOPS
        ),
        int(buyers.sum()),
        every / _MILLION,
    )


def _sums(past: Past) -> Int64s:
    """All the money of each person, int64[P] in millionths."""
    (rows,) = past.occurred.values()
    assert rows.value is not None, "the money was read"
    value = rows.value if rows.known is None else np.where(rows.known, rows.value, 0)
    sums = np.concatenate(([0], np.cumsum(value)))
    found: Int64s = sums[rows.offsets[1:]] - sums[rows.offsets[:-1]]
    return found


def _part(money: Int64s, inside: Bools, every: float) -> float:
    return float(money[inside].sum()) / every if every else 0.0


def _grid(holds: Mapping[str, Bools], buyers: Bools) -> tuple[tuple[int, ...], ...]:
    grade = {letter: buyers.astype(np.int64) for letter in "rf"}
    for letter in grade:
        for place in range(2, GRADES + 1):
            grade[letter] += holds[f"${letter}{place}"] & buyers
    grid = np.zeros((GRADES, GRADES), np.int64)
    np.add.at(grid, (grade["r"][buyers] - 1, grade["f"][buyers] - 1), 1)
    return tuple(tuple(row) for row in grid.tolist())
