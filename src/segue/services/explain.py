"""Why a person is in a segment, or not, with the events that say so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from segue.domain.errors import NotFoundError
from segue.domain.ports import StoredEvent
from segue.language.tree import Definitions, Quantile
from segue.services.view import Store, known_segment
from segue.timeline.evaluate import quantiles_of, requests_of, thresholds_of
from segue.timeline.explain import explain, requests_to_explain
from segue.timeline.explanation import Explanation, SegmentExplanation
from segue.timeline.quantiles import Thresholds


@dataclass(frozen=True, slots=True)
class Explained:
    """The explanation of one membership: of whom, and the events behind the evidence by their
    references."""

    person_id: str
    explanation: SegmentExplanation
    events: Mapping[int, StoredEvent]


def explain_membership(
    store: Store, definitions: Definitions, segment_id: str, distinct_id: str, at: int
) -> Explained:
    """Explain why the person who has the distinct id is in the segment at the instant, or not.

    Raises `NotFoundError` where the segment or the person does not exist.
    """
    known_segment(definitions, segment_id)
    person_id = known_person(store, distinct_id)
    thresholds = _thresholds(store, definitions, segment_id, at)
    read = store.read(
        requests_to_explain(definitions, segment_id),
        at=at,
        people=[person_id],
        sources=True,
        not_activity=definitions.not_activity,
    )
    explanation = explain(definitions, read.log, segment_id, at, thresholds)
    sources = sorted(_evidence(explanation))
    return Explained(person_id, explanation, dict(zip(sources, store.events(sources), strict=True)))


def known_person(store: Store, distinct_id: str) -> str:
    """The id of the person who has this distinct id. Raises `NotFoundError` where nobody has."""
    person_id = store.person_of(distinct_id)
    if person_id is None:
        raise NotFoundError(
            f"There is no person {distinct_id!r}",
            hint="any distinct id of theirs will do, exactly as it stands in the events",
        )
    return person_id


def _thresholds(
    store: Store, definitions: Definitions, segment_id: str, at: int
) -> Mapping[Quantile, Thresholds]:
    """The thresholds that the segment rests on; reads everybody, and only where there are any."""
    if not any(quantiles_of(definitions, [segment_id])):
        return {}
    read = store.read(
        requests_of(definitions, [segment_id]), at=at, not_activity=definitions.not_activity
    )
    return thresholds_of(definitions, read.log, at, [segment_id])


def _evidence(explanation: SegmentExplanation) -> frozenset[int]:
    roots = (explanation.condition, explanation.excluded)
    return frozenset().union(
        *(node.evidence for root in roots if root is not None for node in walk(root))
    )


def walk(explanation: Explanation) -> Iterator[Explanation]:
    """The explanation and all its parts, outermost first."""
    yield explanation
    for child in explanation.children:
        yield from walk(child)
