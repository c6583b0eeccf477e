"""What was found about high-impact actions, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from segue.domain.instant import format_duration
from segue.insight.comparisons import needed_per_arm
from segue.insight.discovery import TYPICAL, Contrast, Estimate, Finding, Verdict
from segue.language.resolve import humanised
from segue.services.insight.as_segment import Proposal, proposed
from segue.services.insight.discovering import Discovered
from segue.services.insight.wording import NOT_CAUSE, share_words
from segue.services.words import counted, people, per_cent

_HARDLY: Final = 0.05
"""Where the others reach the goal so much more rarely, what people did is a step on the way."""
_MOST_ALIKE: Final = 3
_WHY_NOT: Final = {
    Verdict.TOO_FEW: "too few people did it",
    Verdict.BY_CHANCE: "no more than chance makes somewhere among so many tries",
    Verdict.ACTIVITY: "they differ, but not from others who are as active in all",
    Verdict.TURNED: "against others who are as active it is the other way round",
    Verdict.NOT_AGAIN: "not seen again among people who started later",
    Verdict.TOO_FEW_LATER: "seen, but too few started later to see it again: cannot tell yet",
    Verdict.FOUND: "found",
}


def definition(found: Discovered) -> str:
    """What every number means."""
    began, within = _began(found), format_duration(found.followed)
    assumed = "" if found.has_window else ", because the goal has no window of its own"
    return (
        f"People are looked at from when they {began}. What they do is counted up to the end of"
        f" each window; only who had not reached “{found.goal.id}” by then is compared, and only"
        f" what happens in the {within} after it counts{assumed}. Who has not had that time yet is"
        " left out. Those who are alike in activity did about equally many things in all in the"
        " same window. Ranges are at 95 %."
    )


def did_words(found: Discovered, finding: Finding) -> str:
    """What people did: "invited a teammate at least 2 times in their first 3 days"."""
    of = "" if found.segment_id is None else f" of entering “{found.segment_title}”"
    return f"{briefly(found, finding)}{of}"


def briefly(found: Discovered, finding: Finding) -> str:
    """What people did, without from when on: "invited a teammate within 3 days"."""
    often = "" if finding.times == 1 else f" at least {finding.times} times"
    length = format_duration(finding.window)
    first = f"in their first {length.removeprefix('1 ')}"
    when = first if found.segment_id is None else f"within {length}"
    return f"{found.candidate(finding).title}{often} {when}"


def verdict_words(finding: Finding) -> str:
    """Why a test is a finding, or why not."""
    return _WHY_NOT[finding.verdict]


def needs_more(finding: Finding) -> int | None:
    """How many more people who do this would have to come until what was seen once would, were it
    true, be seen again in four of five cases; None where it is known already whether it is, or so
    many will hardly come."""
    earlier, later = finding.earlier, finding.later
    base, difference = earlier.others.value, earlier.adjusted.value
    if finding.verdict is not Verdict.TOO_FEW_LATER or base is None or difference is None:
        return None
    ratio = earlier.others.of / max(earlier.did.of, 1)
    difference = min(max(difference, -base), 1 - base)
    needed = needed_per_arm(base, difference, ratio=ratio)
    return None if needed is None else max(needed - later.did.of, 1)


def finding_words(found: Discovered, finding: Finding) -> str:
    """A finding as somebody would tell it."""
    earlier, later = finding.earlier, finding.later
    return (
        f"People who {did_words(found, finding)} reached “{found.goal.id}” in"
        f" {share_words(earlier.did)}, against {share_words(earlier.others)} of the others;"
        f" {_percent(earlier.coverage)} of people do this. Among people who are as active in all"
        f" the difference is {_points(earlier.adjusted)}. It was seen again among those who started"
        f" later: {share_words(later.did)} against {share_words(later.others)}, a difference of"
        f" {_points(later.adjusted)}; expect that rather than the first, which was picked for being"
        f" large.{_alike(found, finding)}{_step(found, finding)} {NOT_CAUSE}"
    )


def _alike(found: Discovered, finding: Finding) -> str:
    others = [found.candidate(one).title for one in found.alike(finding)]
    return f" The same people: {listed(others, _MOST_ALIKE)}." if others else ""


def _step(found: Discovered, finding: Finding) -> str:
    """Who can hardly reach the goal without it has only come further."""
    did, others = finding.earlier.did.value or 0.0, finding.earlier.others.value or 0.0
    if not finding.raises or others > _HARDLY * did:
        return ""
    return (
        f" Hardly anybody reaches “{found.goal.id}” without it: it is rather a step on the way;"
        " look from there on, at people who enter a segment of those who did it."
    )


def summary_words(found: Discovered) -> str:
    """All of it in a sentence or two; where nothing was found, what could have been."""
    one = found.outcome
    if not one.tries:
        return _nothing_to_try(found)
    tries = f"{counted(one.tries, 'try', 'tries')} of {counted(len(found.candidates), 'action')}"
    if one.findings:
        number = len(found.distinct)
        return (
            f"{counted(number, 'finding')} out of {tries}: beyond chance, beyond activity, and seen"
            f" again among people who started later."
        )
    smallest = (
        ""
        if one.smallest is None
        else (
            " The smallest difference that would have been found in four of five cases, for an"
            f" action of {_percent(TYPICAL)} of people, is about {_whole(one.smallest)} points."
        )
    )
    return f"Nothing among {tries} predicts “{found.goal.id}” beyond chance.{smallest}"


def _nothing_to_try(found: Discovered) -> str:
    populations = found.outcome.populations
    most = max(populations, key=lambda one: one.people)
    reached = most.reached.count
    waiting = most.left_out.too_recent
    later = (
        f" {people(waiting)} cannot be told yet: their {format_duration(found.followed)} are not"
        " over."
        if waiting
        else ""
    )
    if not most.people:
        return f"Nobody can be compared yet.{_reached_before(found)}{later}"
    return (
        f"Nothing could be tried: {people(most.people)} can be compared, and {reached:,} of them"
        f" reached “{found.goal.id}” after the end of the window.{later} Ask for shorter windows,"
        " or come back with more people."
    )


def _reached_before(found: Discovered) -> str:
    """Of the shortest window, after which fewest have."""
    first = found.outcome.populations[0]
    number = first.left_out.reached_before
    if not number:
        return ""
    return (
        f" {people(number)} had reached “{found.goal.id}” {format_duration(first.window)} after"
        " they began: choose a goal that comes later."
    )


def listed(names: Sequence[str], most: int) -> str:
    """Names with commas, and how many more there are."""
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def proposal(found: Discovered, number: int) -> Proposal:
    """The segment that a finding, by its number from 1 on, makes. Raises `NotFoundError`."""
    finding = found.numbered(number)
    title = humanised(briefly(found, finding))
    return proposed(title, found.condition(finding), found.taken, kind="intent")


def _began(found: Discovered) -> str:
    if found.segment_id is None:
        return "first did anything, which counts"
    return f"first entered “{found.segment_title}”, which does not count itself"


def _whole(share: float) -> str:
    return f"{100 * share:.0f}" if share >= 0.02 else f"{100 * share:.1f}"


def _percent(share: float) -> str:
    value = 100 * share
    return f"{value:.0f} %" if value >= 2 else per_cent(share)


def _points(one: Estimate) -> str:
    """`15 points (12 to 18)`."""
    if one.value is None or one.interval is None:
        return "not known"
    low, high = 100 * one.interval.low, 100 * one.interval.high
    digits = 0 if high - low >= 1.5 else 1
    return f"{100 * one.value:.{digits}f} points ({low:.{digits}f} to {high:.{digits}f})"


def short_points(one: Estimate) -> str:
    """`+15 (12 to 18)`: a difference in points; a dash where it is not known."""
    if one.value is None or one.interval is None:
        return "–"
    return f"{100 * one.value:+.0f} ({100 * one.interval.low:.0f} to {100 * one.interval.high:.0f})"


def times_as_often(one: Contrast) -> str:
    """`2.4 times (1.9 to 3.0)`: how many times as often, as they are."""
    if one.ratio.value is None or one.ratio.interval is None:
        return "not known"
    interval = one.ratio.interval
    return f"{one.ratio.value:.1f} times ({interval.low:.1f} to {interval.high:.1f})"
