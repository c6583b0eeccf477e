"""The application: the routes, what stands in front of them, and what describes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp

from segue import __version__
from segue.http import boot, errors, health, sdk
from segue.http.context import Context
from segue.http.cors import Cors
from segue.http.decide import Deciding
from segue.http.documentation import INGESTION_PATHS
from segue.http.ingest import Ingestion
from segue.http.limits import Limited
from segue.http.logs import Mended, Observed
from segue.http.lookups import Lookups

_DESCRIPTION: Final = """\
Behavioural segments, exact at every moment.

Events come in through the routes of Segment and PostHog, so their SDKs work unmodified, with a
**write key**. Everything under `/api/` takes a **secret key** as `Authorization: Bearer KEY`. Every
error has the same body: `code`, `message`, `detail`, `hint`.
"""


def create_app(context: Context, *, routers: Sequence[APIRouter] = ()) -> FastAPI:
    """The application over a context: ingestion, health and metrics, and these routers.

    Paths never redirect; every error is JSON in the one shape of `errors.Trouble`.
    """
    app = FastAPI(
        title="Segue",
        version=__version__,
        description=_DESCRIPTION,
        redirect_slashes=False,
        docs_url=None,  # its scripts come from elsewhere; the document itself is at /openapi.json
        redoc_url=None,
    )
    app.state.context = context
    app.state.webhooks = context.webhooks
    errors.install(app)
    app.include_router(boot.router)
    app.include_router(sdk.router)
    for router in (health.router, *routers):
        app.include_router(router, responses=errors.RESPONSES)
    app.add_middleware(Mended)  # within the framework's own, which shows innards
    _describe(app)
    return app


def fronted(app: FastAPI, context: Context) -> ASGIApp:
    """The application and what stands in front of it. Requests of SDKs and of pages, and look-ups,
    thousands in a second, are answered there and never reach the framework."""
    asking = Deciding(Lookups(Limited(app, context), context), context)
    ingestion = Ingestion(asking, context)
    return Observed(Cors(ingestion, context.settings.allowed_origins), context)


def _describe(app: FastAPI) -> None:
    """Add the routes of ingestion, which the framework does not see, to the OpenAPI document."""
    generated = app.openapi

    def document() -> dict[str, Any]:
        whole = generated()
        whole["paths"] = whole["paths"] | INGESTION_PATHS
        components = whole.setdefault("components", {})
        components["securitySchemes"] = components.get("securitySchemes", {}) | SECURITY
        return whole

    app.openapi = document  # type: ignore[method-assign]


SECURITY: Final[dict[str, Any]] = {
    "writeKey": {
        "type": "http",
        "scheme": "basic",
        "description": "A write key as the user name, the password empty: it may send events.",
    },
}
"""How SDKs say who sends."""
