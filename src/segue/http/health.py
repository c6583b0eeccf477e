"""Whether the process is alive, whether it can serve, and what it counts."""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from segue.domain.instant import format_instant
from segue.http.context import Here
from segue.http.metrics import CONTENT_TYPE

router = APIRouter(tags=["Operation"])


class Alive(BaseModel):
    """The process answers."""

    status: str = Field(default="ok", description="Always `ok`.")
    memberships: str | None = Field(
        default=None,
        description="Why the latest run is not taken over, where memberships come from runs.",
    )


class Ready(BaseModel):
    """How the loop is."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "ready": True,
                "trouble": "",
                "ticked_at": "2026-05-03T10:40:00Z",
                "waiting": 0,
                "people": 1200,
                "definitions": "",
            }
        }
    )

    ready: bool = Field(description="Whether events are taken and memberships are up to date.")
    trouble: str = Field(description="Why not; empty where all is well.")
    ticked_at: str | None = Field(description="The instant of the last turn.")
    waiting: int = Field(description="Events that wait to be stored.")
    people: int = Field(description="People known.")
    definitions: str = Field(
        description="What is wrong with segue.yaml as it is on disk; the one before stays in force."
    )


@router.get("/healthz", summary="Is the process alive?", response_model_exclude_none=True)
async def healthz(here: Here) -> Alive:
    """200 as long as the process answers at all."""
    return Alive(memberships=here.live.health().runs_trouble or None)


@router.get("/readyz", summary="Can it serve?", responses={503: {"model": Ready}})
async def readyz(here: Here, response: Response) -> Ready:
    """200 where the loop turns and the store takes events; else 503 and why."""
    health = here.live.health()
    turning = here.is_turning()
    ready = health.ready and turning
    response.status_code = 200 if ready else 503
    return Ready(
        ready=ready,
        trouble=health.trouble if turning else "the loop has ended",
        ticked_at=None if health.ticked_at is None else format_instant(health.ticked_at),
        waiting=health.waiting,
        people=health.people,
        definitions=here.project.trouble,
    )


@router.get("/metrics", summary="Counters for Prometheus", response_class=Response)
async def metrics(here: Here) -> Response:
    """The counters as text in the form that Prometheus reads."""
    text = here.metrics.rendered(here.live.health())
    return Response(text, media_type=CONTENT_TYPE)
