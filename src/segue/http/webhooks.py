"""Webhooks: who is told of transitions, a sample to try, and what could not be delivered."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from segue.domain.instant import format_instant
from segue.domain.webhooks import Answer, DeadLetter, Endpoint
from segue.http.access import NEEDS_SECRET_KEY
from segue.http.context import Here
from segue.http.metrics import Metrics

router = APIRouter(prefix="/api/webhooks", tags=["Webhooks"], dependencies=[NEEDS_SECRET_KEY])


class Delivered:
    """Counts deliveries by what became of them: a `Watcher`."""

    def __init__(self, metrics: Metrics) -> None:
        self._counter = metrics.deliveries

    def delivered(self, endpoint_id: str, seconds: float) -> None:  # noqa: ARG002 - one counter
        """See `Watcher.delivered`."""
        self._counter.labels("delivered").inc()

    def failed(self, endpoint_id: str, answer: Answer) -> None:  # noqa: ARG002
        """See `Watcher.failed`."""
        self._counter.labels("failed").inc()

    def buried(self, endpoint_id: str) -> None:  # noqa: ARG002
        """See `Watcher.buried`."""
        self._counter.labels("buried").inc()


Kind = Literal["entered", "left", "retracted"]
TransitionId = Annotated[int, Field(ge=0, lt=1 << 62)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewWebhook(_Body):
    """What a webhook is made of."""

    url: str = Field(description="Where to send: http or https, without user and password.")
    live_only: bool = Field(
        default=True,
        description="Only transitions to act upon: never of imports, corrections, definitions.",
    )
    segments: list[str] = Field(default=[], max_length=1_000, description="Only these; none: all.")
    kinds: list[Kind] = Field(default=[], max_length=3, description="Only these; none: all.")
    description: str = Field(default="", max_length=500, description="What it is for.")
    after: int | None = Field(
        default=None,
        ge=-1,
        lt=1 << 62,
        description="Begin after the transition with this id; -1: with the first one ever.",
    )


class WebhookChanges(_Body):
    """What to change; what is left out stays as it is."""

    url: str | None = Field(default=None, description="Where to send.")
    live_only: bool | None = Field(default=None, description="Only transitions to act upon.")
    segments: list[str] | None = Field(default=None, max_length=1_000, description="Only these.")
    kinds: list[Kind] | None = Field(default=None, max_length=3, description="Only these.")
    description: str | None = Field(default=None, max_length=500, description="What it is for.")
    enabled: bool | None = Field(
        default=None,
        description="False stops it; true resumes it, with all that it was not told meanwhile.",
    )


class Webhook(BaseModel):
    """A webhook."""

    id: str = Field(description="Its id.")
    url: str = Field(description="Where it sends.")
    live_only: bool = Field(description="Only transitions to act upon.")
    segments: list[str] = Field(description="Only these; empty: all.")
    kinds: list[str] = Field(description="Only these; empty: all.")
    description: str = Field(description="What it is for.")
    created_at: str = Field(description="Since when it is there.")
    enabled: bool = Field(description="Whether anything is sent.")
    disabled: str = Field(description="Why nothing is sent; empty where something is.")
    cursor: int = Field(
        description="Every transition up to this id was delivered, left out, or is a dead letter."
    )


class WebhookWithSecret(Webhook):
    """A webhook that was made now, with its secret: it is never shown again."""

    secret: str = Field(description="What signs the messages, `whsec_…`; keep it.")


class Outcome(BaseModel):
    """What became of a sample."""

    delivered: bool = Field(description="Whether the endpoint answered with 2xx.")
    status: int | None = Field(description="The status it answered with; null: it did not.")
    error: str = Field(description="What was wrong; empty where nothing was.")


class DeadLetterShown(BaseModel):
    """A transition that the endpoint did not take."""

    transition_id: int = Field(description="Which transition.")
    segment_id: str = Field(description="Of which segment.")
    person_id: str = Field(description="Of which person.")
    kind: str = Field(description="`entered`, `left` or `retracted`.")
    at: str = Field(description="When it was true.")
    attempts: int = Field(description="How often it was tried.")
    buried_at: str = Field(description="When it was given up.")
    error: str = Field(description="What was wrong at last; the beginning of the answer.")


class DeadLetters(BaseModel):
    """Dead letters by ascending id of their transitions."""

    dead_letters: list[DeadLetterShown] = Field(description="At most as many as asked for.")
    next: int | None = Field(description="The `after` of the next page; null: this is the last.")


class Chosen(_Body):
    """Which dead letters."""

    transition_ids: list[TransitionId] | None = Field(
        default=None, max_length=1_000, description="Only these; left out: all."
    )


@router.get("", summary="All webhooks")
def every(here: Here) -> list[Webhook]:
    """All webhooks, oldest first, without their secrets."""
    return [_shown(endpoint) for endpoint in here.webhooks.endpoints()]


@router.post("", status_code=201, summary="Add a webhook")
def create(new: NewWebhook, here: Here) -> WebhookWithSecret:
    """Add a webhook. The answer holds its secret, which is never shown again."""
    endpoint = here.webhooks.create(**new.model_dump())
    return WebhookWithSecret(**_shown(endpoint).model_dump(), secret=endpoint.secret)


@router.get("/{webhook_id}", summary="One webhook")
def one(webhook_id: str, here: Here) -> Webhook:
    """The webhook, without its secret."""
    return _shown(here.webhooks.endpoint(webhook_id))


@router.patch("/{webhook_id}", summary="Change, stop or resume a webhook")
def change(webhook_id: str, changes: WebhookChanges, here: Here) -> Webhook:
    """Change what is given; the rest stays."""
    given = changes.model_dump(exclude_none=True)
    for name in ("segments", "kinds"):
        if name in given:
            given[name] = tuple(given[name])
    return _shown(here.webhooks.change(webhook_id, **given))


@router.delete("/{webhook_id}", status_code=204, summary="Remove a webhook")
def delete(webhook_id: str, here: Here) -> Response:
    """Forget the webhook and its dead letters."""
    here.webhooks.delete(webhook_id)
    return Response(status_code=204)


@router.post("/{webhook_id}/test", summary="Send a sample")
def test(webhook_id: str, here: Here) -> Outcome:
    """Send a signed message of the type `webhook.test` now, once, and say what came back."""
    answer = here.webhooks.try_out(webhook_id)
    return Outcome(delivered=not answer.error, status=answer.status, error=answer.error)


@router.get("/{webhook_id}/dead-letters", summary="What could not be delivered")
def dead_letters(
    webhook_id: str,
    here: Here,
    after: Annotated[int, Query(ge=-1, lt=1 << 62)] = -1,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
) -> DeadLetters:
    """Dead letters, a page at a time."""
    found = here.webhooks.dead_letters(webhook_id, after=after, limit=limit)
    following = found[-1].transition.id if len(found) == limit else None
    return DeadLetters(dead_letters=[_letter(letter) for letter in found], next=following)


@router.post("/{webhook_id}/replay", status_code=202, summary="Deliver dead letters again")
def replay(webhook_id: str, chosen: Chosen, here: Here) -> Response:
    """Send dead letters again, from the first attempt on; each stays one until it is delivered."""
    here.webhooks.replay(webhook_id, chosen.transition_ids)
    return Response(status_code=202)


@router.delete(
    "/{webhook_id}/dead-letters/{transition_id}", status_code=204, summary="Drop a dead letter"
)
def discard(webhook_id: str, transition_id: TransitionId, here: Here) -> Response:
    """Forget a dead letter; where there is none, nothing happens."""
    here.webhooks.discard(webhook_id, [transition_id])
    return Response(status_code=204)


def _shown(endpoint: Endpoint) -> Webhook:
    return Webhook(
        id=endpoint.id,
        url=endpoint.url,
        live_only=endpoint.live_only,
        segments=list(endpoint.segments),
        kinds=list(endpoint.kinds),
        description=endpoint.description,
        created_at=format_instant(endpoint.created_at),
        enabled=not endpoint.disabled,
        disabled=endpoint.disabled,
        cursor=endpoint.cursor,
    )


def _letter(letter: DeadLetter) -> DeadLetterShown:
    return DeadLetterShown(
        transition_id=letter.transition.id,
        segment_id=letter.transition.segment_id,
        person_id=letter.transition.person_id,
        kind=letter.transition.kind,
        at=format_instant(letter.transition.at),
        attempts=letter.attempts,
        buried_at=format_instant(letter.buried_at),
        error=letter.error,
    )
