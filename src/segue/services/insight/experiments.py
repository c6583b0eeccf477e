"""A finished experiment out of a table: one row per person, their arm, what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from segue.domain.errors import InputError, UsageError
from segue.insight.arrays import Floats
from segue.insight.experiment import Effect, Experiment, Grouping, Part, Variation, experiment
from segue.insight.shares import Mean, Share
from segue.services.insight.wording import range_words
from segue.services.share_document import interval_document, share_document
from segue.services.words import people

MOST_GROUPS: Final = 12
"""More groups than this are not compared: nothing could be told of any."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which columns of a table tell what: `arm` and the name of the `control` in it, `outcomes`,
    and `by` what people are grouped, each one or several columns (`mens+womens`). `person` is
    looked at only for whether everybody stands there once."""

    arm: str
    control: str
    outcomes: tuple[str, ...]
    by: tuple[str, ...] = ()
    person: str | None = None


def columns_of(asked: Asked) -> list[str]:
    """The columns that are read."""
    grouped = [column for one in asked.by for column in one.split("+")]
    person = [] if asked.person is None else [asked.person]
    return list(dict.fromkeys([asked.arm, *asked.outcomes, *grouped, *person]))


def finished_experiment(table: pa.Table, asked: Asked) -> Experiment:
    """What the experiment came to.

    Raises `UsageError` where a column or the control is not there or groups are too many, and
    `InputError` where a cell is empty, an outcome is no number, or a person stands there twice.
    """
    if not asked.outcomes:
        raise UsageError("An experiment needs an outcome", hint="name a column: --outcome visit")
    for name in columns_of(asked):
        _checked(table, name)
    _once(table, asked.person)
    names, code = _coded(table.column(asked.arm))
    if asked.control not in names or len(names) < 2:
        raise UsageError(
            f"{asked.arm!r} has no arm {asked.control!r} beside others",
            hint=f"its values are {', '.join(names[:8])}",
        )
    first = names.index(asked.control)
    order = [first, *(place for place in range(len(names)) if place != first)]
    arm = np.argsort(order)[code]
    outcomes = {name: _numbers(table, name) for name in asked.outcomes}
    groupings = [_grouping(table, one) for one in asked.by]
    return experiment([names[place] for place in order], arm, outcomes, groupings)


def _checked(table: pa.Table, name: str) -> None:
    if name not in table.column_names:
        there = ", ".join(table.column_names[:12])
        raise UsageError(f"There is no column {name!r}", hint=f"there are {there}")
    if table.column(name).null_count:
        empty = people(table.column(name).null_count)
        raise InputError(
            f"The column {name!r} is empty for {empty}",
            hint="everybody who was assigned counts: fill it in (0 where nothing happened)",
        )


def _once(table: pa.Table, person: str | None) -> None:
    if person is None:
        return
    twice = table.num_rows - pc.count_distinct(table.column(person)).as_py()
    if twice:
        raise InputError(
            f"{twice:,} rows are of people who stand there already",
            hint="one row per person, with all that became of them",
        )


def _coded(column: pa.ChunkedArray) -> tuple[list[str], Any]:
    """The distinct values as text, ascending, and the place of each row's."""
    values = np.array(pc.cast(column, pa.string()).to_pylist(), object)
    names, code = np.unique(values.astype(str), return_inverse=True)
    return names.tolist(), code.astype(np.int64)


def _numbers(table: pa.Table, name: str) -> Floats:
    try:
        cast = pc.cast(table.column(name), pa.float64())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise InputError(
            f"The outcome {name!r} is no number", hint="0 and 1, or an amount"
        ) from None
    numbers: Floats = cast.to_numpy()
    return numbers


def _grouping(table: pa.Table, by: str) -> Grouping:
    columns = by.split("+")
    texts = [pc.cast(table.column(name), pa.string()).to_pylist() for name in columns]
    rows = [
        ", ".join(f"{name} {value}" for name, value in zip(columns, row, strict=True))
        for row in zip(*texts, strict=True)
    ]
    names, code = _coded(pa.chunked_array([pa.array(rows, pa.string())]))
    if len(names) > MOST_GROUPS:
        raise UsageError(
            f"{by!r} makes {len(names):,} groups, of which nothing could be told",
            hint=f"at most {MOST_GROUPS}: cut amounts into a few ranges first",
        )
    return Grouping(by, tuple(names), code)


# ------------------------------------------------------------------------------------------- words


def experiment_words(found: Experiment) -> list[str]:
    """What was found, sentence by sentence."""
    parts = ", ".join(f"{number:,} {name}" for name, number in found.people.items())
    said = [f"{people(sum(found.people.values()))} took part: {parts}."]
    if found.split.is_suspect:
        said.append(
            "They were not assigned in equal parts, which chance alone hardly makes: something "
            "else did, and no effect below means anything before you know what."
        )
    said += [effect_words(one) for one in found.effects]
    told = sorted((one for one in found.variations if one.is_told), key=lambda one: one.q_value)
    if found.variations:
        said.append(_tried(found, len(told)))
    return [*said, *(variation_words(one) for one in told)]


def effect_words(one: Effect) -> str:
    """What an arm did to an outcome."""
    text = (
        f"{one.arm}, {one.outcome}: {value_words(one.treated)} against {value_words(one.control)}"
    )
    if one.interval is None:
        return f"{text}; there is nothing to tell them apart by."
    text = f"{text}, {change_words(one)}"
    if one.is_told:
        return f"{text}."
    needs = "" if one.needs is None else f": needs {one.needs:,} more people in each arm"
    return f"{text}; cannot tell whether it did anything{needs}."


def variation_words(one: Variation) -> str:
    """How the groups of a variation differ."""
    low, high = one.smallest, one.largest
    return (
        f"{one.arm} does not do the same to everybody in {one.outcome}: "
        f"{change_words(high.effect)} where {high.group}, "
        f"{change_words(low.effect)} where {low.group}."
    )


def value_words(one: Share | Mean) -> str:
    """A share or a mean with its margins."""
    if one.value is None or one.interval is None:
        return "nobody"
    if isinstance(one, Share):
        return range_words(one.value, one.interval)
    return f"{one.value:.2f} ({one.interval.low:.2f} to {one.interval.high:.2f})"


def change_words(one: Effect) -> str:
    """`+7.66 points (6.99 to 8.32)`; of means without a unit."""
    factor, unit = (100, " points") if isinstance(one.treated, Share) else (1, "")
    if one.interval is None:
        return "cannot tell"
    low, high = factor * one.interval.low, factor * one.interval.high
    return f"{factor * one.value:+.2f}{unit} ({low:.2f} to {high:.2f})"


def _tried(found: Experiment, told: int) -> str:
    tried = len(found.variations)
    text = f"{tried} ways were looked at in which groups might differ"
    if not told:
        return f"{text}: none is more than chance makes among so many."
    return f"{text}; {told} {'is' if told == 1 else 'are'} more than chance makes among so many."


# ---------------------------------------------------------------------------------------- document


def experiment_document(found: Experiment) -> dict[str, Any]:
    """An experiment as plain values."""
    return {
        "words": experiment_words(found),
        "control": found.control,
        "people": dict(found.people),
        "split": {"p_value": found.split.p_value, "is_suspect": found.split.is_suspect},
        "effects": [_effect(one) for one in found.effects],
        "variations": [_variation(one) for one in found.variations],
    }


def _effect(one: Effect) -> dict[str, Any]:
    known = one.interval is not None
    return {
        "arm": one.arm,
        "outcome": one.outcome,
        "treated": _value(one.treated),
        "control": _value(one.control),
        "difference": one.value if known else None,
        "difference_range": interval_document(one.interval),
        "p_value": one.p_value,
        "q_value": one.q_value,
        "is_told": one.is_told,
        "needs": one.needs,
    }


def _value(one: Share | Mean) -> dict[str, Any]:
    if isinstance(one, Share):
        return share_document(one)
    return {"mean": one.value, "of": one.of, "range": interval_document(one.interval)}


def _variation(one: Variation) -> dict[str, Any]:
    return {
        "by": one.by,
        "arm": one.arm,
        "outcome": one.outcome,
        "p_value": one.p_value,
        "q_value": one.q_value,
        "is_told": one.is_told,
        "apart": one.apart,
        "apart_range": interval_document(one.interval),
        "groups": [_part(part) for part in one.parts],
    }


def _part(one: Part) -> dict[str, Any]:
    found = _effect(one.effect)
    kept = ("treated", "control", "difference", "difference_range")
    return {"group": one.group, **{key: found[key] for key in kept}}
