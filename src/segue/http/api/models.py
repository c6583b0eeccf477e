"""The bodies of the reading API, as they stand in the OpenAPI document. Instants are RFC 3339."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from segue.domain.instant import format_instant

Instant: TypeAlias = Annotated[
    str,
    Field(json_schema_extra={"format": "date-time"}, examples=["2026-05-03T14:00:00Z"]),
]
"""An instant as RFC 3339 text in UTC."""


def instant(milliseconds: int) -> str:
    """An instant (ms) as text."""
    return format_instant(milliseconds)


def maybe_instant(milliseconds: int | None) -> str | None:
    """An instant (ms) as text; None stays None."""
    return None if milliseconds is None else format_instant(milliseconds)


class Body(BaseModel):
    """A body of the API."""

    model_config = ConfigDict(frozen=True)


# --------------------------------------------------------------------------------------- people


class StayBody(Body):
    """A segment that a person is in."""

    segment_id: str = Field(examples=["cart_abandoners"])
    title: str = Field(examples=["Cart abandoners"])
    kind: str = Field(examples=["intent"])
    since: Instant
    until: Instant | None = Field(
        description="When they leave if nothing more happens; null: never."
    )
    why: str = Field(
        "",
        description="What holds for them, to be read after their name.",
        examples=["last added to cart more than 1 hour ago, and has not purchased since"],
    )


class MembershipBody(Body):
    """A segment that a person is in, as the hot lookup says it."""

    segment_id: str = Field(examples=["cart_abandoners"])
    since: Instant
    until: Instant | None


class StandingBody(Body):
    """The segments that a person is in, as of the last turn of the live loop."""

    person_id: str = Field(examples=["ada@example.com"])
    as_of: Instant
    segments: list[MembershipBody]


class TraitBody(Body):
    """The value of a trait and when it was set."""

    value: Any = Field(examples=["ada@example.com"])
    set_at: Instant


class EventCountBody(Body):
    """How often the person did an event."""

    event: str = Field(examples=["add_to_cart"])
    count: int = Field(examples=[3])
    first_at: Instant
    last_at: Instant


class EventBody(Body):
    """One stored event."""

    event_id: str = Field(examples=["0198f6a2-7c1e-7000-8000-3f1f6a5f2b11"])
    distinct_id: str = Field(examples=["anon-7f3a"])
    event: str = Field(examples=["add_to_cart"])
    occurred_at: Instant
    received_at: Instant
    sequence: int | None
    properties: dict[str, Any] = Field(examples=[{"sku": "A-1", "price": 19.9}])


class ProfileBody(Body):
    """Everything about one person at a glance."""

    person_id: str = Field(examples=["ada@example.com"])
    distinct_ids: list[str] = Field(examples=[["ada@example.com", "anon-7f3a"]])
    first_seen: Instant
    last_seen: Instant
    traits: dict[str, TraitBody]
    stage: str = Field(
        description="The stage of the journey; empty: none.", examples=["consideration"]
    )
    segments: list[StayBody]
    counts: list[EventCountBody]
    events: list[EventBody] = Field(description="The latest events, latest first.")
    as_of: Instant


class EventsBody(Body):
    """A page of somebody's events, latest first."""

    person_id: str = Field(examples=["ada@example.com"])
    events: list[EventBody]
    cursor: str | None = Field(description="Ask for the next page with it; null: there is none.")


class FoundBody(Body):
    """A person who was found, and by what."""

    person_id: str = Field(examples=["ada@example.com"])
    matched: str = Field(examples=["ada@example.com"])


class PeopleBody(Body):
    """People who were found."""

    people: list[FoundBody]


class ErasedBody(Body):
    """Proof of an erasure."""

    person_id: str = Field(examples=["ada@example.com"])
    distinct_ids: list[str]
    events: int = Field(description="Events that were removed.", examples=[214])
    remaining: int = Field(description="How often they are still found: 0.", examples=[0])


class StoredMembershipBody(Body):
    """One stay of a person in a segment."""

    segment_id: str
    entered_at: Instant
    left_at: Instant | None


class TransitionBody(Body):
    """A published fact: somebody entered or left a segment; or such a fact is taken back."""

    id: int = Field(description="Grows by one: the cursor of the feed.", examples=[1042])
    kind: str = Field(description="entered, left or retracted.", examples=["entered"])
    boundary: str = Field(
        description="Which end it is about: entered or left.", examples=["entered"]
    )
    segment_id: str = Field(examples=["cart_abandoners"])
    version: int = Field(examples=[2])
    person_id: str = Field(examples=["ada@example.com"])
    at: Instant = Field(description="When it was true.")
    known_at: Instant = Field(description="When it was published.")
    cause: str = Field(
        description="event, time, correction, import or definition.", examples=["time"]
    )
    corrected: bool
    live: bool = Field(description="Whether it may be acted upon.")
    event_id: str | None = Field(description="The event that caused it.")


class PersonDocument(Body):
    """Everything that is stored about one person."""

    person_id: str = Field(examples=["ada@example.com"])
    distinct_ids: list[str]
    exported_at: Instant
    traits: dict[str, TraitBody]
    memberships: list[StoredMembershipBody]
    transitions: list[TransitionBody]
    events: list[EventBody] = Field(description="In the order in which they happened.")


# ------------------------------------------------------------------------------------- segments


class SegmentBody(Body):
    """One segment as of the last turn."""

    segment_id: str = Field(examples=["cart_abandoners"])
    title: str = Field(examples=["Cart abandoners"])
    kind: str = Field(examples=["intent"])
    stage: str = Field("", examples=["intent"])
    version: int = Field(examples=[2])
    size: int = Field(examples=[318])
    when: str = Field(
        description="Its condition, actions expanded, in the segment language.",
        examples=['last "add_to_cart" more than 1 hour ago'],
    )
    sentence: str = Field(
        description="Its condition in plain English, to be read after “a person who”.",
        examples=["last added to cart more than 1 hour ago"],
    )


class SegmentsBody(Body):
    """All segments, in the order of the definitions."""

    segments: list[SegmentBody]


class MemberBody(Body):
    """One member of a segment."""

    person_id: str = Field(examples=["ada@example.com"])
    since: Instant
    until: Instant | None = Field(description="When they left; null: they are still in.")


class MembersBody(Body):
    """A page of the members of a segment at an instant, by person id."""

    segment_id: str
    at: Instant
    members: list[MemberBody]
    cursor: str | None = Field(description="Ask for the next page with it; null: there is none.")


class DayBody(Body):
    """One calendar day of the project's zone."""

    day: str = Field(examples=["2026-05-03"])
    entered: int = Field(examples=[41])
    left: int = Field(examples=[38])
    size: int = Field(description="How many were in at its end.", examples=[318])


class HistoryBody(Body):
    """What came and went in a segment, day by day."""

    segment_id: str
    timezone: str = Field(examples=["Europe/Berlin"])
    days: list[DayBody]


class EvidenceBody(Body):
    """An event behind a condition."""

    event_id: str
    event: str
    occurred_at: Instant
    distinct_id: str
    properties: dict[str, Any]


class ConditionBody(Body):
    """Why one condition holds, or not."""

    condition: str
    holds: bool
    because: str
    since: Instant | None
    flips_at: Instant | None
    value: float | None
    threshold: float | None
    unit: str
    note: str
    missing: dict[str, Any] | None
    evidence: list[EvidenceBody]
    parts: list[ConditionBody]


class ExplanationBody(Body):
    """Why a person is in a segment at an instant, or not: as `segue explain --json` prints it."""

    segment_id: str
    person_id: str
    at: Instant
    exists: bool
    holds: bool
    since: Instant | None
    flips_at: Instant | None
    condition: ConditionBody
    excluded: ConditionBody | None


class SegmentWritten(BaseModel):
    """A segment as `segue.yaml` has it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "title": "Cart abandoners",
                "kind": "intent",
                "when": "last add_to_cart more than 1 hour ago and did add_to_cart within 7 days",
            }
        },
    )

    title: str = Field("", max_length=500)
    kind: str = Field("", max_length=100)
    stage: str = Field("", max_length=100)
    when: str = Field(max_length=100_000, description="A condition of the segment language.")


class ProblemBody(Body):
    """One thing wrong, or doubtful, in a definition."""

    message: str
    severity: str = Field(examples=["warning"])
    line: int
    column: int
    excerpt: str
    caret: str = Field(description="Spaces and a caret: it points at the place below the excerpt.")
    where: str
    expected: list[str]
    suggestion: str


class PreviewBody(Body):
    """What a segment would mean if it were saved now."""

    when: str = Field(description="The condition in its canonical form.")
    sentence: str
    size: int = Field(examples=[318])
    people: int = Field(description="All people who count.", examples=[2932])
    share: float = Field(examples=[0.108])
    sample: list[str] = Field(description="Members, those who entered last first.")
    days: list[DayBody] = Field(description="The last 28 days, oldest first.")
    warnings: list[ProblemBody]
    at: Instant


# ---------------------------------------------------------------------------------- definitions


class DefinitionsText(BaseModel):
    """The whole text of a `segue.yaml`."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(max_length=5_000_000, examples=["segments:\n  buyers: {when: did buy}\n"])


class DefinitionsBody(Body):
    """The definitions in force, as text."""

    text: str
    version: int = Field(examples=[4])
    known_at: Instant | None
    segments: int = Field(examples=[12])


class VersionBody(Body):
    """A version of the definitions."""

    version: int = Field(examples=[4])
    known_at: Instant
    text: str


class VersionsBody(Body):
    """All versions of the definitions, oldest first."""

    versions: list[VersionBody]


class ReadOnlyTrouble(Body):
    """The project file may not be written: here is the change, to be made where it is kept."""

    code: str = Field(examples=["not_writable"])
    message: str
    detail: str
    hint: str
    diff: str = Field(description="A unified diff.")


# ---------------------------------------------------------------------------------- transitions


class TransitionsBody(Body):
    """A page of the feed, ascending, and the cursor to go on with."""

    transitions: list[TransitionBody]
    cursor: int = Field(description="Ask for what comes after it.", examples=[1042])


# --------------------------------------------------------------------------------------- events


class RejectedBody(Body):
    """An event that was not taken."""

    received_at: Instant
    reason: str = Field(description="A code, for programs.", examples=["no_person"])
    message_id: str
    sdk: str = Field(examples=["analytics-python/2.3.2"])
    key_name: str
    excerpt: str = Field(description="How its text begins.")


class RejectedEventsBody(Body):
    """The latest events that were not taken, latest first."""

    rejected: list[RejectedBody]


class NameBody(Body):
    """One event name."""

    event: str = Field(examples=["add_to_cart"])
    count: int
    people: int
    first_at: Instant
    last_at: Instant
    properties: list[str] = Field(description="Most frequent first.")


class CatalogBody(Body):
    """What the log knows of names, counted within the last seconds."""

    as_of: Instant
    events: list[NameBody]
    traits: list[str]


class ImportedBody(Body):
    """What became of an import."""

    rows: int
    events: int = Field(description="Events that are stored now; some may have been before.")
    rejected: int
    reasons: dict[str, int] = Field(description="Why rows were rejected, the most frequent first.")
