"""A log that grows: what everybody did, and what came since, gathered for some people at once.

What was read first is kept as it came (`base`), and so are answers to requests that were learned
later. What comes after is kept in a few runs, rows of all requests together by distinct id. To
gather people is to take their distinct ids' slices of all of these; see `timeline.gathering`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np

from segue.timeline.gathering import Gathering, Ranks
from segue.timeline.log import Int32s, Log, Request, TraitRequest
from segue.timeline.parts import Groups, Part
from segue.timeline.readings import Layer, SeenRun, occurrences_of, tied_with
from segue.timeline.runs import Run, loose, run_of, tidied, with_run

__all__ = ["GrowingLog", "Ranks"]


def _nobody() -> Int32s:
    return np.empty(0, np.int32)


@dataclass(frozen=True)
class GrowingLog:
    """Immutable: `plus` gives another one that shares what it holds.

    `base` is the first reading, `gone` int32 ascending the distinct ids for which it no longer
    speaks. `learned` are answers about everybody to further requests, `runs` what came later.
    `mixed` int32 ascending are distinct ids with events that share an instant and stand in
    different ones of these. `numbers` are the requests as the rows of runs name them; the next
    reading gets the number `origin`. `replaced` are the distinct ids that readings since the base
    replaced, by the numbers of those.
    """

    base: Part = field(repr=False)
    gone: Int32s = field(default_factory=_nobody, repr=False)
    learned: tuple[Layer, ...] = field(default=(), repr=False)
    runs: tuple[Run, ...] = field(default=(), repr=False)
    mixed: Int32s = field(default_factory=_nobody, repr=False)
    numbers: Mapping[Request | TraitRequest, int] = field(default_factory=dict, repr=False)
    origin: int = 1
    replaced: tuple[tuple[int, Int32s], ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if not self.numbers:
            numbers = {request: number for number, request in enumerate(self.base.log.answers)}
            object.__setattr__(self, "numbers", numbers)

    @property
    def requests(self) -> frozenset[Request | TraitRequest]:
        """What it answers."""
        return frozenset(self.numbers)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """What was read of everybody: the base, and what was learned."""
        return (Layer(self.base, self.gone, 0), *self.learned)

    def plus(self, part: Part) -> Self:
        """The log with further events (of new or known distinct ids); the answers to all of
        `requests` are in the part. Raises `KeyError` where they are not."""
        return self.joining(self.arriving(part))

    def arriving(self, part: Part) -> Run:
        """A part as this log takes it in. Raises `KeyError` as `plus` does."""
        return run_of(part, self.numbers, self.origin)

    def joining(self, run: Run) -> Self:
        """The log with what is arriving."""
        return replace(self, runs=with_run(self.runs, run), origin=self.origin + 1)

    @property
    def loose(self) -> tuple[Run, ...]:
        """What would better be one run; see `runs.loose`."""
        return loose(self.runs)

    def tidied(self, neighbours: tuple[Run, ...], one: Run) -> Self:
        """The same log with one run in place of these, where it still has them."""
        return replace(self, runs=tidied(self.runs, neighbours, one))

    def replacing(self, part: Part) -> Self:
        """The log with everything that these distinct ids did replaced by the part; an id without
        any event in the part did nothing any more."""
        whos = part.whos
        without = replace(
            self,
            gone=np.union1d(self.gone, whos),
            learned=tuple(layer.without(whos) for layer in self.learned),
            runs=tuple(run.without(whos) for run in self.runs),
            replaced=(*self.replaced, (self.origin, whos)),
        )
        return without.plus(part)

    def renewed(self, base: Part, earlier: GrowingLog) -> Self:
        """The log with one reading in place of all that `earlier`, from which it grew, was put
        together of: the same, in less room.

        `base` answers all `requests` about the events of `earlier`, read at any time since: without
        some of those that were replaced meanwhile, perhaps. Nothing was learned since.
        """
        replaced = tuple(one for one in self.replaced if one[0] >= earlier.origin)
        gone = np.unique(np.concatenate([_nobody(), *(whos for _, whos in replaced)]))
        runs = (run.since(earlier.origin, base, gone) for run in self.runs)
        return replace(
            self,
            base=base,
            gone=gone,
            learned=(),
            runs=tuple(run for run in runs if len(run.whos)),
            mixed=_nobody(),
            replaced=replaced,
        )

    def learning(self, part: Part) -> Self:
        """The log with the answers to further requests, about everybody and all events so far."""
        new = {one: found for one, found in part.log.answers.items() if one not in self.numbers}
        layer = Layer(replace(part, log=replace(part.log, answers=new)), _nobody(), self.origin)
        first = max(self.numbers.values(), default=-1) + 1
        return replace(
            self,
            learned=(*self.learned, layer),
            mixed=np.union1d(self.mixed, tied_with(layer, self.layers)),
            numbers={**self.numbers, **{one: first + i for i, one in enumerate(new)}},
            origin=self.origin + 1,
        )

    def forgetting(self, requests: Collection[Request | TraitRequest]) -> Self:
        """The log without the answers to these requests."""
        forgotten = set(requests)
        numbers = [number for one, number in self.numbers.items() if one in forgotten]
        learned = [layer.forgetting(forgotten) for layer in self.learned]
        return replace(
            self,
            base=self.layers[0].forgetting(forgotten).part,
            learned=tuple(layer for layer in learned if layer.part.log.answers),
            runs=tuple(run.forgetting(numbers) for run in self.runs),
            numbers={one: n for one, n in self.numbers.items() if one not in forgotten},
        )

    def gather(self, people: Groups, ranks: Ranks) -> Log:
        """The log of these people: person i is `people.person[i]`.

        Equal to what an extraction of the same events for these people gives, up to the values of
        order keys (their order is the same). `ranks` is asked about events that share an instant
        with another one of the same person that was read at another time or under another id.
        """
        if self._is_of(people):
            log = self.base.log
            return Log(log.first_seen, {one: log.answers[one] for one in self.numbers})
        return self._gathering([SeenRun(run) for run in self.runs], people, ranks).log()

    def _is_of(self, people: Groups) -> bool:
        """Whether these are the people of the base as it stands, each with one distinct id."""
        alone = len(people) == len(people.whos) == len(self.base.whos)
        plain = not (self.runs or self.learned or len(self.gone))
        return alone and plain and np.array_equal(people.whos, self.base.whos)

    def gather_around(self, run: Run, before: Groups, after: Groups, ranks: Ranks) -> Gathering:
        """Two gatherings in one: the people `before` in this log, then, counted on, the people
        `after` in the log with what is arriving, `joining(run)`."""
        runs = [SeenRun(run) for run in self.runs]
        runs.append(SeenRun(run, since=len(before)))
        both = Groups(
            np.concatenate([before.person, after.person]),
            np.concatenate([before.offsets, after.offsets[1:] + before.offsets[-1]]),
            np.concatenate([before.whos, after.whos]),
        )
        return self._gathering(runs, both, ranks)

    def _gathering(self, runs: Sequence[SeenRun], people: Groups, ranks: Ranks) -> Gathering:
        return Gathering(self.layers, runs, self.numbers, people, mixed=self.mixed, ranks=ranks)

    def rows(self, requests: Collection[Request | TraitRequest]) -> int:
        """How many rows the answers to these requests have in what was read of everybody."""
        answers = [layer.part.log.answers for layer in self.layers]
        found = (known[one] for known in answers for one in requests if one in known)
        return sum(len(occurrences_of(one)) for one in found)

    @property
    def events_since_base(self) -> int:
        """How many rows came since the base was read: when to read it anew."""
        return sum(map(len, self.runs))

    @property
    def events_in_base(self) -> int:
        """How many rows the base has."""
        return sum(len(occurrences_of(answer)) for answer in self.base.log.answers.values())
