"""What `segue check --portfolio` prints: the mistakes of a project as a whole, by their names."""

from __future__ import annotations

from itertools import groupby
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding

from segue.insight.portfolio.findings import LintFinding, Mistake
from segue.services import words
from segue.services.insight.linting import Linted

HEADINGS: Final = {
    Mistake.NEVER_HOLDS: "Conditions that can never hold",
    Mistake.REDUNDANT_PART: "Parts that add nothing",
    Mistake.IDLE_PART: "Parts that never kept anybody out",
    Mistake.TRAITS_ONLY: "Who people are, not what they do",
    Mistake.NOBODY: "Nobody is in it",
    Mistake.EVERYBODY: "Everybody is in it",
    Mistake.NEAR_DUPLICATE: "Nearly the same people",
    Mistake.CONTAINED: "One lies in another, and both speak",
    Mistake.STALE: "Nothing has moved for a month",
    Mistake.SILENT_EVENT: "Events that no longer arrive",
    Mistake.NEVER_ENDS: "Behaviour taken as permanent",
    Mistake.THRASHING: "Gone before a message can be read",
    Mistake.TOO_LATE: "Messages that come too late",
    Mistake.TOO_SMALL: "Too few to act on",
    Mistake.CANNOT_MEASURE: "Campaigns that nobody will be able to judge",
    Mistake.NOT_ACTED_ON: "Segments that nobody acts on",
    Mistake.NO_GOAL: "Campaigns without a goal",
    Mistake.NOT_READ: "Messages that nobody reads",
    Mistake.NEVER_ASKED: "Numbers without voices",
    Mistake.IN_NO_SEGMENT: "People in no segment",
    Mistake.IN_TOO_MANY: "People in too many segments",
    Mistake.ALL_ALIKE_AFTER_SIGNUP: "Everybody treated the same after sign-up",
    Mistake.INACTIVITY_UNWATCHED: "Nobody watches for silence",
    Mistake.STAGE_WITHOUT_SEGMENT: "Stages without a segment",
    Mistake.TOO_MANY_SEGMENTS: "More segments than the traffic feeds",
}
"""Each mistake as a reader is told of it."""


def print_lint(out: Console, found: Linted) -> None:
    """Print the findings, those of one mistake together."""
    for mistake, same in groupby(found.findings, key=lambda one: one.mistake):
        _print_mistake(out, mistake, list(same))
    looked = f"{words.counted(len(found.segments), 'segment')}, {words.people(found.people)}"
    if found.findings:
        number = words.counted(len(found.findings), "finding")
        out.print(f"\n [soon]{number}[/] in {looked}")
    else:
        out.print(f" [good]✓[/] nothing to say of {looked}")


def _print_mistake(out: Console, mistake: Mistake, same: list[LintFinding]) -> None:
    out.print(f"\n [title]{HEADINGS[mistake]}[/] [faint]{mistake.value}[/]")
    for one in same:
        out.print(Padding(escape(one.evidence), (0, 0, 0, 3)))
        if one.edit:
            out.print(Padding(f"[good]{escape(f'when: {one.edit}')}[/]", (0, 0, 0, 5)))
    for advice in dict.fromkeys(one.advice for one in same):
        out.print(Padding(f"[faint]→ {escape(advice)}[/]", (0, 0, 0, 3)))
