"""Measures in words: how each figure is defined, and what was found of a segment."""

from __future__ import annotations

from collections.abc import Iterator

from segue.domain.instant import DAY, format_duration
from segue.insight.lift import WORTH_KNOWING
from segue.insight.promise import Promise
from segue.insight.retention import Cell, Return
from segue.insight.scores import Scale, Score
from segue.insight.shares import Mean, Share
from segue.insight.standing import Standing
from segue.services.insight.measuring import (
    KindMeasures,
    Measures,
    SegmentMeasures,
    TimeToGoal,
)
from segue.services.insight.panel import GROWTH_WEEKS
from segue.services.insight.past import Goal
from segue.services.insight.wording import NOT_CAUSE, length_words, needs_words, share_words
from segue.services.words import counted, people

SUPPOSED = "That lift is supposed, not measured: test it with a campaign."


def definitions(found: Measures) -> dict[str, str]:
    """How each figure is defined, by its name in the document."""
    weeks, days = counted(found.weeks, "week"), 7 * found.weeks
    late = f"the latest {weeks} of entries whose time is over"
    return {
        "size": "members at the instant, of everybody who counts",
        "days": "entries, exits and size at the end of each calendar day",
        "growth": f"members at the end of each of {GROWTH_WEEKS} whole weeks: those of the week "
        "before, plus who is in for the first time, plus who came back, less who left",
        "conversion": f"of the people who entered, those who reached the goal within its window "
        f"after their first entry in {late}; everybody else is looked at from an instant of "
        "theirs in the same weeks at which they were not in; who reached the goal before is among "
        "both",
        "time_to_goal": "from the first entry to the goal, Kaplan-Meier: who has not reached it "
        "yet counts as longer than they were followed; in whole minutes",
        "engagement": "of the members when the last whole week began, those who engaged in it",
        "retention": f"of the people who entered ({late}), those who engaged on the calendar days "
        "after the day of entry, pooled over complete cells",
        "churn": "of the members when the week before the last began who engaged in it, those who "
        "did not engage in the last whole week",
        "reactivation": f"of the members when the last whole week began who had engaged once, but "
        f"not in the {days} days before, those who engaged in it",
        "changing": "of the members when the last whole week began, those who were not members "
        "at its end",
        "stickiness": f"of the members {weeks} ago who engaged since, the mean share of the {days} "
        "days on which they did (daily over monthly actives)",
        "adoption": f"of the members {weeks} ago who engaged since, those who did the action; "
        "`depth` is how often those did; `median` is the time from entry to the first use of "
        "those who had not used it before, Kaplan-Meier",
        "satisfaction": "the last answer of each person who was in the segment when they answered, "
        "against the other people who answered",
        "promise": f"reach (people who entered in {weeks}) times lift (of a campaign with a "
        f"holdout, else supposed: {100 * WORTH_KNOWING:.0f} % more than convert anyway) times the "
        "value of the goal (1 where it has none)",
    }


def headline(found: Measures) -> list[str]:
    """What was found of everybody, and where acting promises most."""
    return list(_headline(found))


def _headline(found: Measures) -> Iterator[str]:
    everybody = found.everybody
    yield f"{_counting(everybody.people)}; {_engaged(everybody.engagement)}."
    last = everybody.growth[-1]
    ratio = last.quick_ratio
    were = "person was" if last.now == 1 else "people were"
    yield (
        f"{last.now:,} {were} active in it: {last.new:,} for the first time, "
        f"{last.returned:,} came back, {last.gone:,} of the {last.before:,} before did not"
        + (f"; quick ratio {ratio:.1f}." if ratio is not None else ".")
    )
    if found.goal is None:
        yield "There is no goal to measure conversion by: add one under `goals:` of segue.yaml."
    elif best := found.ranking[:1]:
        yield f"Acting on “{best[0].segment.title}” promises most. {promise_words(found, best[0])}"


def _counting(number: int) -> str:
    return f"{people(number)} {'counts' if number == 1 else 'count'}"


def _engaged(one: Share) -> str:
    if not one.of:
        return "none of them was there when the last whole week began"
    return (
        f"of the {one.of:,} who did when the last whole week began {share_words(one)} engaged in it"
    )


def segment_words(found: Measures, one: SegmentMeasures) -> list[str]:
    """What was found of a segment, sentence by sentence."""
    return list(_segment(found, one))


def _segment(found: Measures, one: SegmentMeasures) -> Iterator[str]:
    yield _size(found, one)
    if found.goal is not None:
        yield conversion_words(found.goal, one.conversion[found.goal.id])
        if one.time_to_goal is not None:
            yield _time(one.time_to_goal)
    yield f"{_plain(one.engagement, 'of the members engaged in the last whole week')}"
    yield f"{_plain(one.changing, 'of the members left again within that week', 'left')}"
    if found.goal is not None and one.conversion[found.goal.id].differs:
        yield NOT_CAUSE
    if one.promise is not None:
        yield promise_words(found, one)


def _size(found: Measures, one: SegmentMeasures) -> str:
    change = one.size.count - one.size_before
    since = f"{counted(found.weeks, 'week')} ago"
    moved = (
        f"as many as {since}"
        if not change
        else (f"{abs(change):,} {'more' if change > 0 else 'fewer'} than {since}")
    )
    whole = one.days[:-1]
    entered, left = (
        sum(getattr(day, name) for day in whole) / max(len(whole), 1)
        for name in ("entered", "left")
    )
    return f"{people(one.size.count)} now, {moved}; {entered:.1f} enter and {left:.1f} leave a day."


def standings(found: Measures, one: SegmentMeasures) -> Iterator[tuple[str, Standing]]:
    """Every share that is measured of a segment's people, each with what they do."""
    for goal in found.goals:
        yield f"reach {goal.id} {window_words(goal)}", one.conversion[goal.id]
    yield "engaged in the last week", one.engagement
    yield "were active, went quiet", one.churn
    yield "were quiet, came back", one.reactivation
    yield "left within a week", one.changing
    for cell, standing in one.retention.items():
        yield f"active {cell_words(cell)}", standing


def conversion_words(goal: Goal, one: Standing) -> str:
    """How those who entered convert, against everybody else and the period before."""
    within = format_duration(goal.window)
    if one.now.value is None:
        return f"Nobody has entered yet whose {within} for “{goal.id}” are over."
    text = f"{share_words(one.now)} of those who entered reached “{goal.id}” within {within}"
    return f"{text}{against_words(one)}{since_words(one)}."


def kind_words(goal: Goal, one: KindMeasures) -> str:
    """How those convert who entered any segment of a kind."""
    return f"{one.kind}: {conversion_words(goal, one.conversion[goal.id])}"


def against_words(one: Standing) -> str:
    """A share against that of everybody else: `, against 12 % (11 to 13) of everybody else`."""
    if one.rest is None:
        return "; there is nobody else to compare with"
    text = f", against {share_words(one.rest.b)} of everybody else"
    if one.differs:
        return text + _times(one)
    if one.rest.is_told:
        return f"{text} (not sure among so many segments compared)"
    return f"{text} ({needs_words(one.rest)})"


def _times(one: Standing) -> str:
    assert one.rest is not None
    ratio, ends = one.rest.ratio, one.rest.ratio_interval
    if ratio is None or ends is None:
        return ""
    return f": {times(ratio)} times as many ({times(ends.low)} to {times(ends.high)})"


def since_words(one: Standing) -> str:
    """What became of a share since the period before, where that can be told."""
    if one.before is None or not one.changed:
        return ""
    way = "up" if (one.before.value or 0) > 0 else "down"
    return f"; {way} from {share_words(one.before.b)} in the period before"


def _plain(one: Standing, what: str, instead: str = "") -> str:
    if one.now.value is None:
        return f"There were no members to say who {instead or 'engaged'}."
    rest = "" if one.rest is None else against_words(one)
    return f"{share_words(one.now)} {what}{rest}{since_words(one)}."


def _time(one: TimeToGoal) -> str:
    mine, rest = one.survival.median, one.rest.median
    half = "Half of them reach it" if one.survival.people else "Nobody is followed to it"
    if not one.survival.people:
        return f"{half} yet."
    text = (
        f"{half} within {length_words(mine)}"
        if mine is not None
        else (
            "Fewer than half of them reach it in the "
            f"{length_words(one.survival.followed)} that they were followed"
        )
    )
    if rest is not None:
        text += f", half of everybody else within {length_words(rest)}"
    ratio = one.against.hazard_ratio
    if ratio is not None and one.q_value < 0.05:
        text += f"; at every moment they are {times(ratio)} times as likely to"
    return f"{text}."


def promise_words(found: Measures, one: SegmentMeasures) -> str:
    """What acting on a segment promises, and how that is known."""
    promise = one.promise
    if promise is None or found.goal is None:
        return "Cannot tell yet what acting on them promises."
    unit = "of worth" if found.goal_value is not None else f"who reach “{found.goal.id}”"
    text = (
        f"About {_rounded(promise.expected)} more {unit} in {counted(found.weeks, 'week')}"
        f" ({_rounded(promise.range.low)} to {_rounded(promise.range.high)}):"
        f" {people(promise.reach)} enter, {_lift(promise)}."
    )
    return text if promise.is_measured else f"{text} {SUPPOSED}"


def mean_words(one: Mean, factor: float = 1, unit: str = "") -> str:
    """A mean and its margins: `5.2 (4.9 to 5.5)`; a dash where there is none."""
    if one.value is None:
        return "–"
    if one.interval is None:
        return f"{factor * one.value:.1f}{unit}"
    low, high = factor * one.interval.low, factor * one.interval.high
    return f"{factor * one.value:.1f}{unit} ({low:.1f} to {high:.1f})"


def score_words(one: Score) -> str:
    """What answers on a scale come to: `NPS 23.0 (11.4 to 34.6)`."""
    factor, unit = (100, " %") if one.scale is Scale.CSAT else (1, "")
    mean = Mean(one.value, one.answers, one.interval)
    return f"{one.scale.value.upper()} {mean_words(mean, factor, unit)}"


def times(value: float) -> str:
    """How many times, to two figures: `0.67`, `2.5`, `39`."""
    if value < 1:
        return f"{value:.2f}"
    return f"{value:.1f}" if value < 9.95 else f"{value:,.0f}"


def _lift(promise: Promise) -> str:
    points = f"{100 * promise.lift:.2g} points more of them reach the goal"
    return f"{points} when messaged" if promise.is_measured else f"supposed that {points}"


def _rounded(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 10 else f"{value:.1f}"


def cell_words(cell: Cell) -> str:
    """`on day 7`, `on day 7 or later`, `on days 8 to 14`."""
    match cell.kind:
        case Return.ON:
            return f"on day {cell.first}"
        case Return.FROM:
            return f"on day {cell.first} or later"
        case Return.WITHIN:
            return f"on days {cell.first} to {cell.last}"


def cell_name(cell: Cell) -> str:
    """`day_7`, `from_7`, `days_8_14`: a cell as a key."""
    match cell.kind:
        case Return.ON:
            return f"day_{cell.first}"
        case Return.FROM:
            return f"from_{cell.first}"
        case Return.WITHIN:
            return f"days_{cell.first}_{cell.last}"


def window_words(goal: Goal) -> str:
    """`within 14 days`; of a goal without a window that of two weeks."""
    return (
        f"within {length_words(goal.window)}"
        if goal.window >= DAY
        else (f"within {format_duration(goal.window)}")
    )
