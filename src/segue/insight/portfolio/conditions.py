"""What is wrong with a condition by its text, or by what its parts never did."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, permutations

import numpy as np

from segue.insight.portfolio.facts import ENOUGH, Portfolio
from segue.insight.portfolio.findings import LintFinding, Mistake
from segue.insight.portfolio.words import title
from segue.language.canonical import all_of, any_of
from segue.language.implication import excludes, implies
from segue.language.text import to_text
from segue.language.tree import (
    And,
    Condition,
    Everyone,
    ForAtLeast,
    InSegment,
    Not,
    Or,
    Segment,
    Trait,
)
from segue.language.walk import nodes


def never_holds(project: Portfolio) -> Iterator[LintFinding]:
    """Parts of a conjunction that exclude each other."""
    for segment in project.segments:
        for node in _of(And, segment.condition):
            clash = next(
                (pair for pair in combinations(node.terms, 2) if excludes(*pair, project.known)),
                None,
            )
            if clash is not None:
                one, other = map(to_text, clash)
                yield LintFinding(
                    Mistake.NEVER_HOLDS,
                    f"{title(segment)}: `{one}` and `{other}` can never hold together.",
                    "Take one of them out, or say `or`.",
                    (segment.id,),
                )
                break


def redundant_part(project: Portfolio) -> Iterator[LintFinding]:
    """Parts that another part makes superfluous."""
    for segment in project.segments:
        for node in (*_of(And, segment.condition), *_of(Or, segment.condition)):
            found = _superfluous(node, project)
            if found is not None:
                weak, strong = found
                yield LintFinding(
                    Mistake.REDUNDANT_PART,
                    f"{title(segment)}: `{to_text(weak)}` adds nothing, `{to_text(strong)}` says "
                    "it already.",
                    "Take it out.",
                    (segment.id,),
                    edit=_shorter(project, segment, node, weak),
                )
                break


def idle_part(project: Portfolio) -> Iterator[LintFinding]:
    """Parts of a conjunction without which everybody would have been in just as long."""
    for segment in project.segments:
        if not isinstance(segment.condition, And) or project.ever(segment.id) < ENOUGH:
            continue
        for place, term in enumerate(segment.condition.terms):
            if _is_idle(project, segment, place, term):
                written = project.written.get(segment.id, segment.condition)
                part = _terms(written)[place] if _matches(written, segment) else term
                yield LintFinding(
                    Mistake.IDLE_PART,
                    f"{title(segment)}: `{to_text(part)}` has never kept anybody out: the "
                    f"{project.ever(segment.id):,} people who were ever in, and nobody else, would "
                    "have been in just as long without it.",
                    "Take it out, or correct what it was meant to keep out.",
                    (segment.id,),
                    edit=_shorter(project, segment, segment.condition, term),
                )
                break


def traits_only(project: Portfolio) -> Iterator[LintFinding]:
    """Segments of who people are, not of what they do."""
    for segment in project.segments:
        if _asks_traits_only(segment.condition, project):
            yield LintFinding(
                Mistake.TRAITS_ONLY,
                f"{title(segment)} looks only at traits: who people are, not what they do.",
                "Add what they did lately, such as `and active on at least 2 days within 14 days`.",
                (segment.id,),
                edit=f"({_text(project, segment)}) and active on at least 2 days within 14 days",
            )


# ------------------------------------------------------------------------------------------- trees


def _of(kind: type[And] | type[Or], condition: Condition) -> list[And | Or]:
    return [node for node in nodes(condition) if isinstance(node, kind)]


def _superfluous(node: And | Or, project: Portfolio) -> tuple[Condition, Condition] | None:
    """A term that adds nothing, and the term beside which it does not; None where each counts."""
    for one, other in permutations(node.terms, 2):
        if implies(one, other, project.known):
            return (other, one) if isinstance(node, And) else (one, other)
    return None


def _shorter(project: Portfolio, segment: Segment, node: Condition, gone: Condition) -> str:
    """The segment's condition, as the file has it, without a term of its outermost junction; empty
    where the term stands further in."""
    written = project.written.get(segment.id)
    if node is not segment.condition or written is None or not _matches(written, segment):
        return ""
    place = _terms(segment.condition).index(gone)
    left = [term for i, term in enumerate(_terms(written)) if i != place]
    return to_text(all_of(left) if isinstance(written, And) else any_of(left))


def _terms(condition: Condition) -> tuple[Condition, ...]:
    return condition.terms if isinstance(condition, And | Or) else ()


def _matches(written: Condition, segment: Segment) -> bool:
    """Whether the terms as written are those that are evaluated, one by one."""
    resolved = segment.condition
    return type(written) is type(resolved) and len(_terms(written)) == len(_terms(resolved))


def _is_idle(project: Portfolio, segment: Segment, place: int, term: Condition) -> bool:
    wider = project.without.get((segment.id, place))
    if wider is None or isinstance(term, Everyone):
        return False
    narrow = project.spans[segment.id]
    rest = [one for one in _terms(segment.condition) if one is not term]
    if any(implies(one, term, project.known) for one in rest):
        return False  # that is told by the text
    return np.array_equal(narrow.start, wider.start) and np.array_equal(narrow.end, wider.end)


def _asks_traits_only(condition: Condition, project: Portfolio) -> bool:
    leaves = [
        node
        for node in nodes(condition)
        if isinstance(node, Condition) and not isinstance(node, And | Or | Not | ForAtLeast)
    ]
    asked = [one for one in leaves if not isinstance(one, Everyone)]
    return bool(asked) and all(
        isinstance(one, Trait)
        or (
            isinstance(one, InSegment)
            and one.segment in project.known
            and _asks_traits_only(project.known[one.segment], project)
        )
        for one in asked
    )


def _text(project: Portfolio, segment: Segment) -> str:
    return to_text(project.written.get(segment.id, segment.condition))
