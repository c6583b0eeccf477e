"""What a backtest says, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from segue.domain.instant import format_duration
from segue.insight.backtest import Contrast, Estimate
from segue.insight.matching import BEFORE, CONTROLS, SCALES
from segue.services.acting.simulate import Fate
from segue.services.insight.backtesting import PLAIN, Backtest
from segue.services.insight.wording import NOBODY, NOT_CAUSE, length_words, range_words, share_words
from segue.services.words import counted, people

ALIKE: Final = 0.1
"""A standardised difference up to which two groups are taken as alike (Austin 2009)."""

_SCALE_WORDS: Final = {
    "age": "time since first seen",
    "recency": "time since last active",
    "activity": f"events in the {format_duration(BEFORE)} before",
    "goals": "goals reached before",
}

DEFINITION: Final = (
    "Entrants are people, each at their first entry in the period. Only who has a whole window "
    "for the goal behind them is looked at; the instant of the entry does not count. Each is set "
    f"against at most {CONTROLS} people who were not in at that time and were then alike in time "
    "since first seen, time since last active, activity in the four weeks before and goals reached "
    "before, whatever these did later. Ranges are at 95 % and allow for people who stand beside "
    "several."
)
"""How entrants are compared."""


def backtest_words(found: Backtest) -> tuple[str, ...]:
    """The findings, a sentence or two each."""
    return (
        _size(found),
        _dwell(found),
        _outcome(found),
        _messages(found),
        _lateness(found),
    )


def _size(found: Backtest) -> str:
    came = f"{counted(found.entries, 'entry', 'entries')} by {people(found.entrants)}"
    days = counted(len(found.days), "day")
    return f"{found.size:,} of {people(found.people)} are in now; {came} in {days}."


def _dwell(found: Backtest) -> str:
    if not found.entries:
        return "Nobody entered."
    median, longest = found.dwell.median, length_words(found.dwell.followed)
    if median is None:
        return f"Fewer than half of the stays have ended; the longest lasts {longest} so far."
    return f"Half of the stays last {length_words(median)} or less."


def _messages(found: Backtest) -> str:
    told = found.messages
    sent = counted(told.count(Fate.MESSAGED), "message")
    what = (
        "A message in the product on entering"
        if told.campaign.id == PLAIN
        else f"The campaign “{told.campaign.title}”"
    )
    stopped = told.count(Fate.REFUSED) + told.count(Fate.HELD_OUT)
    rest = f"; rules stop or hold out {stopped:,}" if stopped else ""
    return f"{what} would have sent {sent} to {people(told.people)}{rest}."


def _lateness(found: Backtest) -> str:
    daily = found.daily
    if not daily.never.of:
        return "Nobody entered before the last midnight, so a daily job has no delay to tell."
    never = f"{share_words(daily.never)} of the entries never"
    if daily.median is None or daily.slow is None:
        return f"A job that looks every midnight would have known {never}."
    return (
        f"A job that looks every midnight would have known of half of the entries "
        f"{length_words(daily.median)} late or later, of one in ten over "
        f"{length_words(daily.slow)} late, and of {never}."
    )


# ------------------------------------------------------------------------------------- the outcome


def _outcome(found: Backtest) -> str:
    contrast, goal = found.contrast, found.goal
    if contrast is None or goal is None:
        return "There is no goal to judge it by: add one under `goals:` in segue.yaml."
    window = format_duration(found.window)
    if not contrast.entrants.of:
        return f"Nobody who entered has a whole {window} behind them yet, so nothing can be told."
    reached = f"reached {goal.id} within {window}"
    if not contrast.alike.rows:
        return (
            f"Of {people(contrast.entrants.of)} who entered, {share_words(contrast.entrants)} "
            f"{reached}. Nobody like them was outside at the time, so there is nobody to compare "
            "them with."
        )
    return (
        f"Of {people(contrast.compared.people)} who entered, {estimate_words(contrast.compared)} "
        f"{reached}; of people like them who were not in, {estimate_words(contrast.alike)}: "
        f"{difference_words(contrast)}. {NOT_CAUSE}"
    )


def estimate_words(one: Estimate) -> str:
    """`31 % (28 to 34)`."""
    if one.value is None or one.interval is None:
        return NOBODY
    return range_words(one.value, one.interval)


def difference_words(found: Contrast) -> str:
    """`19 points more (15 to 23)`, or how many more people it takes to tell."""
    difference, interval = found.difference, found.interval
    if difference is None or interval is None or not found.is_told:
        if found.needs is None:
            return "cannot tell yet"
        return f"cannot tell yet: needs {people(found.needs)} more"
    ends = sorted(abs(end) for end in (interval.low, interval.high))
    digits = 0 if ends[1] - ends[0] >= 0.015 and abs(difference) >= 0.02 else 1
    value, low, high = (f"{100 * one:.{digits}f}" for one in (abs(difference), *ends))
    more = "more" if difference > 0 else "fewer"
    return f"{value} points {more} ({low} to {high})"


def left_out_words(found: Contrast) -> Iterator[str]:
    """Who is not compared, and in what those who are were not alike."""
    alone = found.matched.entrants - len(found.matched.found)
    if found.too_young:
        yield f"{people(found.too_young)} entered too lately for a whole window."
    if found.sampled:
        yield f"{people(found.matched.entrants)} of {people(found.entrants.of)} were drawn."
    if alone:
        yield f"{people(alone)} had nobody like them outside and are compared with nobody."
    unlike = [
        f"{_SCALE_WORDS[name]} ({after:+.2f} standard deviations)"
        for name, after in zip(SCALES, found.matched.after.tolist(), strict=True)
        if abs(after) > ALIKE
    ]
    if unlike:
        yield f"Not quite alike in {' and '.join(unlike)}."


def scale_words(name: str) -> str:
    """What people are alike in, in words."""
    return _SCALE_WORDS[name]
