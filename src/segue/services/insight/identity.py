"""Behaviour or identity? How well what people do, and who they say they are, foretell a goal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from segue.domain.instant import DAY, FOREVER, format_duration
from segue.insight.arrays import Bools, Floats, Int64s, rank
from segue.insight.features import Asked
from segue.insight.landmarks import Landmark, Starts, landmark
from segue.insight.predicting import Foretold, Known, Measured, TooFew, foretell, split_by_time
from segue.insight.shares import Share
from segue.language.models import Project
from segue.language.tree import Definitions
from segue.services.insight.behaving import (
    ANYTHING,
    Behaviour,
    Named,
    read_behaviour,
    vocabulary,
)
from segue.services.insight.past import Goal
from segue.services.insight.wording import share_words
from segue.services.view import Store
from segue.services.words import people
from segue.timeline.log import Code, Number, TraitRequest
from segue.timeline.trait_values import TraitHistory, trait_histories

TRAITS: Final = "traits"
BEHAVIOUR: Final = "behaviour"
BOTH: Final = "both"
WINDOW: Final = 7 * DAY
"""How long people are watched before it is told what they will do."""
SEED: Final = 20_261_122
_PAIRS: Final = ((BEHAVIOUR, TRAITS), (BOTH, BEHAVIOUR), (BOTH, TRAITS))
_MOST_VALUES: Final = 50
_NEARLY_ALL: Final = 0.9
_SAID_BY: Final = 0.02
_GUESS: Final = 0.5


@dataclass(frozen=True, slots=True)
class TraitUse:
    """A trait: whether the models look at it and, where not, why; `said_by` is how many of those
    who are compared had it at their landmark."""

    name: str
    said_by: Share
    left_out: str = ""


@dataclass(frozen=True)
class Compared:
    """How well traits, behaviour and both foretell a goal, as known at `at`: of people watched for
    `window` ms from their start, whether they reach it within `horizon` ms after that. `silent` are
    those of whom no trait was known at that instant."""

    at: int
    goal: Goal
    segment_id: str | None
    window: int
    horizon: int
    landmark: Landmark
    silent: Share
    traits: tuple[TraitUse, ...]
    features: tuple[str, ...]
    result: Foretold | TooFew

    @property
    def definition(self) -> str:
        """What was compared, and how."""
        start = "they first did anything"
        if self.segment_id is not None:
            start = f"they first entered {self.segment_id}"
        return (
            f"People watched for {format_duration(self.window)} from when {start}, who had not "
            f"reached {self.goal.id} by then: whether they do within "
            f"{format_duration(self.horizon)} after that. Traits are those known at the end of the "
            "watch, never later ones. Models learn from earlier people whose outcome "
            "was known when the first of the later people, who judge them, was watched to the end."
        )

    @property
    def words(self) -> tuple[str, ...]:
        """The answer, in sentences."""
        if isinstance(self.result, TooFew):
            return (_too_few_words(self.result),)
        return (*_verdicts(self.result), self._silence())

    def _silence(self) -> str:
        return (
            f"Of {share_words(self.silent)} of the people no trait was known by then. Whether one "
            "is known is something people did, too."
        )


def compare_identity(
    store: Store,
    project: Project,
    definitions: Definitions,
    at: int,
    goal: Goal,
    *,
    segment_id: str | None = None,
    window: int = WINDOW,
    seed: int = SEED,
) -> Compared:
    """Compare traits with behaviour for a goal. People start at the first thing they do, or at
    their first entry into the segment. Raises `NotFoundError` where there is no such segment."""
    words = vocabulary(store, project, definitions, at)
    wished = [*words.rhythm, Named(goal.id, project.goals[goal.id].event)]
    segments = [segment_id] if segment_id else []
    behaviour = read_behaviour(store, words, at, wished, segments)
    horizon = goal.window
    starts = _starts(behaviour, segment_id)
    found = landmark(
        starts,
        behaviour.past.occurred[goal.wanted],
        behaviour.past.counted,
        window=window,
        horizon=horizon,
        at=at,
    )
    asked = Asked(found.people, starts.at[found.people] + window, window + 1)
    told = _told(store, definitions, at, asked)
    traits, uses = _usable(told, len(found.people))
    done, names = _done(behaviour, asked)
    result = foretell(
        {TRAITS: traits, BEHAVIOUR: done, BOTH: done.beside(traits)},
        _PAIRS,
        found.reached,
        split_by_time(asked.at, horizon),
        chance=np.random.default_rng(seed),
    )
    spoken = np.zeros(len(found.people), np.bool_)
    for one in told:
        spoken |= one.code >= 0
    silent = Share.measured(int((~spoken).sum()), len(spoken))
    return Compared(at, goal, segment_id, window, horizon, found, silent, uses, names, result)


# ---------------------------------------------------------------------------------- what was known


@dataclass(frozen=True)
class _Told:
    """A trait as known at each landmark: its code, int64[Q], -1 where missing, and its number,
    float64[Q], NaN where it is none."""

    name: str
    code: Int64s
    number: Floats


def _told(store: Store, definitions: Definitions, at: int, asked: Asked) -> list[_Told]:
    names = store.trait_names()
    codes = [TraitRequest(one, Code((one,))) for one in names]
    numbers = [TraitRequest(one, Number((one,))) for one in names]
    requests = [*codes, *numbers]
    if not requests:
        return []
    log = store.read(requests, at=at, not_activity=definitions.not_activity).log
    found = trait_histories(definitions, log, at, requests)
    told = []
    for place, name in enumerate(names):
        code, coded = _as_of(found[place], asked)
        number, is_number = _as_of(found[len(names) + place], asked)
        told.append(
            _Told(name, np.where(coded, code, -1), np.where(is_number, number / 1e6, np.nan))
        )
    return told


def _as_of(history: TraitHistory, asked: Asked) -> tuple[Int64s, Bools]:
    """The value at each person's instant, and whether there was one."""
    place = rank(history, asked.person, asked.at, "right") - 1
    written = place >= history.offsets[asked.person]
    if not len(history.at):
        return np.zeros(len(place), np.int64), written
    place = np.where(written, place, 0)
    return history.value[place], written & history.known[place]


def _usable(told: Sequence[_Told], people: int) -> tuple[Known, tuple[TraitUse, ...]]:
    """The traits that models look at, and what was made of each."""
    numbers, codes, uses = list[Floats](), list[Int64s](), list[TraitUse]()
    for one in told:
        said = one.code >= 0
        if not said.any():
            continue
        is_number = np.count_nonzero(~np.isnan(one.number)) >= _NEARLY_ALL * said.sum()
        left_out = _why_not(one.code[said], len(said), is_number=bool(is_number))
        if not left_out:
            (numbers if is_number else codes).append(one.number if is_number else one.code)  # type: ignore[arg-type]
        uses.append(TraitUse(one.name, Share.measured(int(said.sum()), len(said)), left_out))
    return (
        Known(
            np.column_stack(numbers) if numbers else np.zeros((people, 0)),
            np.column_stack(codes) if codes else np.zeros((people, 0), np.int64),
        ),
        tuple(uses),
    )


def _why_not(codes: Int64s, people: int, *, is_number: bool) -> str:
    """Why a trait tells nothing; empty where it may."""
    if len(codes) < _SAID_BY * people:
        return "hardly anybody has it"
    different = len(np.unique(codes))
    if not is_number and different > min(_MOST_VALUES, _NEARLY_ALL * len(codes)):
        return f"{different:,} different values: an id or free text"
    return ""


def _done(behaviour: Behaviour, asked: Asked) -> tuple[Known, tuple[str, ...]]:
    features = [*behaviour.rhythm(asked), *behaviour.deeds(asked)]
    people = len(asked.person)
    columns = [one.scaled() for one in features]
    numbers = np.column_stack(columns) if people else np.zeros((0, len(columns)))
    return Known(numbers, np.zeros((people, 0), np.int64)), tuple(one.name for one in features)


def _starts(behaviour: Behaviour, segment_id: str | None) -> Starts:
    """When people start: with the first thing they do, which counts, or their first entry."""
    if segment_id is None:
        rows = behaviour.deed(ANYTHING).occurred
        offsets, instants, after = rows.offsets, rows.at, 0
    else:
        spans = behaviour.past.spans[segment_id]
        offsets, instants, after = spans.offsets, spans.start, 1
    begun = np.full(len(offsets) - 1, FOREVER)
    some = np.diff(offsets) > 0
    begun[some] = instants[offsets[:-1][some]]
    begun[begun > behaviour.past.at] = FOREVER
    return Starts(begun, begun + after)


# ------------------------------------------------------------------------------------------- words


def _too_few_words(found: TooFew) -> str:
    if not found.compared:
        return (
            "Cannot tell yet: nobody can be compared. Who reached the goal before the watch ended, "
            "and whose time for it is not over, is left out."
        )
    if found.needs is None:
        return (
            f"Cannot tell yet: {people(found.compared)} can be compared, and of those who would "
            "train or judge all came out the same way."
        )
    return (
        f"Cannot tell yet: needs about {found.needs:,} more people. Of the {found.compared:,} who "
        f"can be compared {found.people:,} would train or judge, and of those only "
        f"{found.rarer:,} came out the rarer way."
    )


def measured_words(one: Measured) -> str:
    """`0.71 (0.66 to 0.75)`: a number with its margins."""
    return f"{one.value:.2f} ({one.interval.low:.2f} to {one.interval.high:.2f})"


def _verdicts(found: Foretold) -> list[str]:
    said = []
    for name in (TRAITS, BEHAVIOUR, BOTH):
        model = found.models[name]
        guess = " (no better than guessing)" if model.auc.interval.low <= _GUESS else ""
        said.append(
            f"AUC of {name} alone: {measured_words(model.auc)}{guess}".replace(
                "both alone", "both together"
            )
        )
    gain = found.gains[BEHAVIOUR, TRAITS]
    more = found.gains[BOTH, BEHAVIOUR]
    return [
        f"{_who_wins(gain)}. {'; '.join(said)}.",
        f"{_what_traits_add(more)}.",
    ]


def _who_wins(gain: Measured) -> str:
    if gain.interval.low > 0:
        return f"What people do foretells it better than who they say they are, by {_points(gain)}"
    if gain.interval.high < 0:
        return f"Who people say they are foretells it better than what they do, by {_points(gain)}"
    return "Cannot tell which foretells it better, what people do or who they say they are"


def _what_traits_add(more: Measured) -> str:
    if more.interval.low > 0:
        return f"Knowing who they say they are adds {_points(more)} to knowing what they do"
    if more.interval.high < 0:
        return (
            "Knowing who they say they are as well makes it worse: too many traits, too few people"
        )
    return (
        "Whether knowing who they say they are adds anything to knowing what they do cannot be "
        f"told: {more.value:+.3f} ({more.interval.low:+.3f} to {more.interval.high:+.3f}) of AUC"
    )


def _points(one: Measured) -> str:
    low, high = sorted((abs(one.interval.low), abs(one.interval.high)))
    return f"{abs(one.value):.2f} of AUC ({low:.2f} to {high:.2f})"
