"""Every rule of the lint, in the order in which a reader should hear of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from segue.insight.portfolio import campaigns, conditions, memberships, people
from segue.insight.portfolio.facts import Portfolio
from segue.insight.portfolio.findings import LintFinding, Mistake

RULES: Final[tuple[Callable[[Portfolio], Iterator[LintFinding]], ...]] = (
    conditions.never_holds,
    memberships.nobody,
    memberships.silent_event,
    memberships.stale,
    memberships.everybody,
    people.all_alike_after_signup,
    people.inactivity_unwatched,
    campaigns.too_late,
    campaigns.thrashing,
    memberships.never_ends,
    conditions.traits_only,
    memberships.near_duplicate,
    memberships.contained,
    conditions.redundant_part,
    conditions.idle_part,
    memberships.too_many_segments,
    people.in_too_many,
    people.in_no_segment,
    people.stage_without_segment,
    memberships.too_small,
    campaigns.not_read,
    campaigns.cannot_measure,
    campaigns.no_goal,
    campaigns.not_acted_on,
    campaigns.never_asked,
)
"""What is broken comes first, then what is wasted, then what is missing."""

_EXPLAINED_BY: Final = {
    Mistake.NOBODY: (Mistake.NEVER_HOLDS, Mistake.SILENT_EVENT),
    Mistake.STALE: (Mistake.SILENT_EVENT,),
    Mistake.NEVER_ENDS: (Mistake.TRAITS_ONLY, Mistake.STALE),
    Mistake.CONTAINED: (Mistake.EVERYBODY,),
    Mistake.CANNOT_MEASURE: (Mistake.TOO_SMALL,),
    Mistake.TOO_SMALL: (Mistake.SILENT_EVENT,),
}
"""What is not said of a segment of which its cause is said already."""


def lint(project: Portfolio) -> tuple[LintFinding, ...]:
    """Everything that is wrong with a project's segments and campaigns, as the log shows it."""
    found = [one for rule in RULES for one in rule(project)]
    said = {(one.mistake, segment) for one in found for segment in one.segments}
    return tuple(one for one in found if not _is_explained(one, said))


def _is_explained(one: LintFinding, said: set[tuple[Mistake, str]]) -> bool:
    causes = _EXPLAINED_BY.get(one.mistake, ())
    return any((cause, segment) in said for cause in causes for segment in one.segments)
