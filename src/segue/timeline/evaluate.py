"""Evaluate a project's segments over a log: everybody's history, or where everybody stands now.

The people of a log are cut into blocks that are evaluated side by side; only the thresholds of
quantiles look at the whole population first.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Final, TypeVar

import numpy as np

from segue.language.tree import Condition, Crossing, Definitions, ForAtLeast, Pattern, Quantile
from segue.language.walk import nodes, segments_in
from segue.timeline.block import Block, Itself, blocks_of, order_of, places_of, stand_ins_for
from segue.timeline.conditions import Evaluation
from segue.timeline.intervals import BLOCK, Intervals
from segue.timeline.log import (
    Answer,
    Int64s,
    Log,
    Occurrences,
    Request,
    TraitRequest,
    TraitWrites,
)
from segue.timeline.outlook import (
    Counts,
    Outlook,
    count_of,
    empty_outlooks,
    write_counts,
    write_outlook,
)
from segue.timeline.quantiles import (
    Ranking,
    Thresholds,
    grid_of,
    ranking,
    thresholds,
    together,
)
from segue.timeline.spans import ManySpans, Spans, many_spans_of, spans_of

S = TypeVar("S")
T = TypeVar("T")

_THREADS: Final = min(8, os.cpu_count() or 1)
_SMALL: Final = 1 << 13
"""Fewer people than this are one block: threads would cost more than they save."""
_HISTORY_BLOCK: Final = 1 << 14
"""People in a block whose whole history is computed: what that takes grows with their events."""


def requests_of(
    definitions: Definitions, segment_ids: Sequence[str] | None = None
) -> frozenset[Request | TraitRequest]:
    """Everything that evaluating these segments (None: all) reads from a log. What holds the
    answer to something else that the definitions ask is read in its place.

    Found by evaluating them over nobody and noting what is asked for, so that the two never differ.
    """
    return _asked(definitions, _chosen(definitions, segment_ids), stand_ins(definitions))


def asked_by(
    definitions: Definitions, segment_ids: Sequence[str] | None = None
) -> frozenset[Request | TraitRequest]:
    """Everything that these segments (None: all) ask, each request for itself."""
    return _asked(definitions, _chosen(definitions, segment_ids), {})


def stand_ins(definitions: Definitions) -> Mapping[Request, Request]:
    """What is read in the place of other requests of any of the segments."""
    return _stand_ins(Itself(definitions))


@lru_cache(maxsize=16)
def _stand_ins(itself: Itself) -> Mapping[Request, Request]:
    asked = asked_by(itself.definitions)
    return stand_ins_for(one for one in asked if isinstance(one, Request))


def _asked(
    definitions: Definitions, ids: Sequence[str], instead: Mapping[Request, Request]
) -> frozenset[Request | TraitRequest]:
    def ask(e: Evaluation) -> None:
        for segment_id in ids:
            e.segment(segment_id)

    return asked_while(definitions, ids, ask, instead)


def asked_while(
    definitions: Definitions,
    segment_ids: Sequence[str],
    ask: Callable[[Evaluation], None],
    instead: Mapping[Request, Request] | None = None,
) -> frozenset[Request | TraitRequest]:
    """Everything that `ask` reads from a log when it is given an evaluation over nobody, whose
    thresholds are those of these segments; `instead` says what is read in the place of what."""
    answers = _Asked()
    log = Log(np.empty(0, np.int64), answers)
    (e,) = _evaluations(
        definitions, log, 0, segment_ids, _HISTORY_BLOCK, instead={} if instead is None else instead
    )
    ask(e)
    return frozenset(answers.asked)


def over_blocks(
    definitions: Definitions,
    log: Log,
    at: int,
    segment_ids: Sequence[str],
    find: Callable[[Evaluation], T],
) -> list[T]:
    """What `find` gives for each block of people in turn, of the log cut at `at`, with the
    thresholds of these segments; each request is read for itself."""
    evaluations = _evaluations(definitions, log, at, segment_ids, _HISTORY_BLOCK, instead={})

    def look(e: Evaluation) -> T:
        found = find(e)
        e.block.forget()
        return found

    return _side_by_side(evaluations, look)


def history(
    definitions: Definitions,
    log: Log,
    at: int,
    segment_ids: Sequence[str] | None = None,
    limits: Mapping[Quantile, Thresholds] | None = None,
) -> dict[str, Spans]:
    """Everybody's spans in each segment: of the log cut at `at`, continued as if nothing more
    happened (spans that begin after `at` are part of that future).

    `limits` are the thresholds up to `at` where the log is about some people of a population; else
    those of the log's own people are found.
    """
    ids = _chosen(definitions, segment_ids)
    people, found = _histories(definitions, log, at, ids, limits)
    return {
        segment_id: spans_of(list(zip(people, found[i], strict=True)))
        for i, segment_id in enumerate(ids)
    }


def histories(
    definitions: Definitions,
    log: Log,
    at: int,
    segment_ids: Sequence[str],
    limits: Mapping[Quantile, Thresholds] | None = None,
) -> ManySpans:
    """The `history` of these segments in one table, in their order."""
    people, found = _histories(definitions, log, at, segment_ids, limits)
    return many_spans_of(people, found)


def _histories(
    definitions: Definitions,
    log: Log,
    at: int,
    ids: Sequence[str],
    limits: Mapping[Quantile, Thresholds] | None,
) -> tuple[list[int], list[list[Intervals]]]:
    """How many people each block has, and the intervals of each segment in each block."""
    evaluations = _evaluations(definitions, log, at, ids, _HISTORY_BLOCK, limits=limits)

    def look_back(e: Evaluation) -> list[Intervals]:
        spans = [e.segment(segment_id) for segment_id in ids]
        e.block.forget()
        return spans

    found = _side_by_side(evaluations, look_back)
    return [e.block.people for e in evaluations], [list(one) for one in zip(*found, strict=True)]


def now(
    definitions: Definitions, log: Log, at: int, segment_ids: Sequence[str] | None = None
) -> dict[str, Outlook]:
    """Where everybody stands at `at` in each segment, and until when if nothing more happens."""
    ids = _chosen(definitions, segment_ids)
    found = empty_outlooks(ids, log.people)
    counts, others = _counts_and_others(definitions, found)
    size = _block_size(log.people)
    if counts:
        blocks = list(blocks_of(log, definitions, at, size, stand_ins(definitions)))
        _side_by_side(blocks, partial(_write_counts, counts))
    if others:
        since = _looks_back_to(definitions, others, at)
        evaluations = _evaluations(definitions, log, at, others, size, since=since)
        _side_by_side(evaluations, partial(_write_others, others, found))
    return found


def _counts_and_others(
    definitions: Definitions, found: Mapping[str, Outlook]
) -> tuple[dict[Pattern, Counts], list[str]]:
    """The segments that are counts, by the pattern they count, and the others."""
    conditions = {segment.id: segment.condition for segment in definitions.segments}
    counts: dict[Pattern, Counts] = {}
    others = []
    for segment_id, outlook in found.items():
        count = count_of(definitions, conditions[segment_id])
        if count is None:
            others.append(segment_id)
        else:
            pattern, number, duration = count
            counts.setdefault(pattern, []).append((number, duration, outlook))
    return counts, others


def _write_counts(counts: Mapping[Pattern, Counts], block: Block) -> None:
    for pattern, group in counts.items():
        write_counts(block, pattern, group)


def _write_others(ids: Sequence[str], found: Mapping[str, Outlook], e: Evaluation) -> None:
    for segment_id in ids:
        write_outlook(e, segment_id, found[segment_id])


def thresholds_of(
    definitions: Definitions, log: Log, at: int, segment_ids: Sequence[str] | None = None
) -> Mapping[Quantile, Thresholds]:
    """The thresholds, up to `at`, of the quantiles that these segments rest on: of the population
    of the log. Explaining one person needs them."""
    ids = _chosen(definitions, segment_ids)
    return _evaluations(definitions, log, at, ids, _HISTORY_BLOCK)[0].thresholds


def rankings_of(
    definitions: Definitions, log: Log, at: int, limits: Mapping[Quantile, Thresholds], grid: Int64s
) -> list[Ranking]:
    """How the people of the log are ranked at the instants of the grid: by each quantile that the
    segments rest on, block by block. Where this is equal before and after a change of the log, so
    are the thresholds."""
    ids = _chosen(definitions, None)
    evaluations = _evaluations(definitions, log, at, ids, _HISTORY_BLOCK, limits=limits)
    return [
        _ranked(e, quantile, everybody, grid)
        for quantile, everybody in quantiles_of(definitions, ids)
        for e in evaluations
    ]


def requests_of_ranking(
    definitions: Definitions, quantile: Quantile, everybody: bool
) -> frozenset[Request | TraitRequest]:
    """Everything that `ranking_of` reads from a log."""
    empty = np.empty(0, np.int64)
    return asked_while(definitions, (), lambda e: _ask_ranking(e, quantile, everybody, empty))


def _ask_ranking(e: Evaluation, quantile: Quantile, everybody: bool, grid: Int64s) -> None:
    _ranked(e, quantile, everybody, grid)


def ranking_of(
    definitions: Definitions,
    log: Log,
    at: int,
    *,
    quantile: Quantile,
    everybody: bool,
    limits: Mapping[Quantile, Thresholds],
    grid: Int64s,
) -> Ranking:
    """How the people of the log, part of a population, are ranked by a quantile at the instants of
    the grid, by place: what `quantiles_of` says of it, and the thresholds that it rests on."""
    evaluations = _evaluations(definitions, log, at, (), _HISTORY_BLOCK, limits=limits, instead={})
    return together([_ranked(e, quantile, everybody, grid) for e in evaluations])


def _looks_back_to(definitions: Definitions, ids: Sequence[str], at: int) -> int:
    """From when on these segments look at thresholds to know where people stand at `at`: all of the
    past where a condition asks since when, or when, another one held."""
    conditions = [*_excluding(definitions), *_conditions(definitions, ids)]
    past = any(isinstance(n, ForAtLeast | Crossing) for c in conditions for n in nodes(c))
    return 0 if past else at


def _chosen(definitions: Definitions, segment_ids: Sequence[str] | None) -> list[str]:
    if segment_ids is None:
        return [segment.id for segment in definitions.segments]
    return list(segment_ids)


def _evaluations(
    definitions: Definitions,
    log: Log,
    at: int,
    ids: Sequence[str],
    size: int,
    *,
    since: int = 0,
    limits: Mapping[Quantile, Thresholds] | None = None,
    instead: Mapping[Request, Request] | None = None,
) -> list[Evaluation]:
    """One evaluation per block of at most `size` people, thresholds known from `since` on (or those
    that are given); `instead` are other stand-ins than those of the definitions."""
    found = dict(limits or {})
    quantiles = [] if limits is not None else list(quantiles_of(definitions, ids))
    instead = stand_ins(definitions) if instead is None else instead
    blocks = blocks_of(log, definitions, at, size, instead)
    evaluations = [Evaluation(block, found) for block in blocks]
    if quantiles:
        grid = grid_of(log.first_seen, at, definitions.timezone)
        in_force = max(int(np.searchsorted(grid, since, "right")) - 1, 0)
        _limit(quantiles, evaluations, found, grid[in_force:])
    return evaluations


def _limit(
    quantiles: Sequence[tuple[Quantile, bool]],
    evaluations: Sequence[Evaluation],
    limits: dict[Quantile, Thresholds],
    grid: Int64s,
) -> None:
    """Find the thresholds of each quantile, those that it rests on first."""
    for quantile, everybody in quantiles:

        def population(
            e: Evaluation, quantile: Quantile = quantile, everybody: bool = everybody
        ) -> Ranking:
            return _ranked(e, quantile, everybody, grid)

        blocks = _side_by_side(evaluations, population)
        limits[quantile] = thresholds(quantile.side, quantile.percent, blocks, grid)


def _ranked(
    e: Evaluation,
    quantile: Quantile,
    everybody: bool,
    grid: Int64s,
) -> Ranking:
    exclude = None if everybody else e.block.definitions.exclude
    out = None if exclude is None else e.holds(exclude)
    return ranking(e.block.people, e.amount(quantile.amount, quantile.when), out, grid)


def quantiles_of(definitions: Definitions, ids: Sequence[str]) -> Iterator[tuple[Quantile, bool]]:
    """The quantiles that these segments rest on, inner ones first, and whether each ranks everybody
    (those inside `exclude`) or only people who are not excluded."""
    seen: set[Quantile] = set()
    for conditions, everybody in (
        (_excluding(definitions), True),
        (_conditions(definitions, ids), False),
    ):
        for condition in conditions:
            for node in nodes(condition):
                if isinstance(node, Quantile) and node not in seen:
                    seen.add(node)
                    yield node, everybody


def _excluding(definitions: Definitions) -> list[Condition]:
    exclude = definitions.exclude
    return [] if exclude is None else [*_conditions(definitions, segments_in(exclude)), exclude]


def _conditions(definitions: Definitions, ids: Iterable[str]) -> list[Condition]:
    """The conditions of these segments and of all that they rest on, inner ones first."""
    places = places_of(definitions)
    return [
        definitions.segments[places[segment_id]].condition
        for segment_id in order_of(definitions, ids)
    ]


def _block_size(people: int) -> int:
    return min(BLOCK, max(_SMALL, -(-people // _THREADS)))


def _side_by_side(items: Sequence[S], do: Callable[[S], T]) -> list[T]:
    """Apply to every item, several at once: NumPy lets go of the interpreter while it computes."""
    if len(items) == 1:
        return [do(items[0])]
    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(do, items))


@dataclass
class _Asked(Mapping[Request | TraitRequest, Answer]):
    """Answers about nobody; notes every request."""

    asked: set[Request | TraitRequest] = field(default_factory=set)

    def __getitem__(self, request: Request | TraitRequest) -> Answer:
        self.asked.add(request)
        empty = np.empty(0, np.int64)
        nobody = Occurrences(np.zeros(1, np.int64), empty, empty.astype(np.int32), empty)
        if isinstance(request, TraitRequest):
            return TraitWrites(nobody, empty.astype(np.int8))
        return nobody

    def __iter__(self) -> Iterator[Request | TraitRequest]:
        return iter(self.asked)

    def __len__(self) -> int:
        return len(self.asked)
