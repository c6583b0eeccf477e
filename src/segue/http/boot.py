"""What SDKs ask before they send anything: answered so that unmodified ones start.

Segue keeps no settings for them: no destinations, no feature flags, no recordings.
"""

from __future__ import annotations

import json
import uuid
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request, Response

from segue.http.access import key_of, known
from segue.http.context import Context, Here

router = APIRouter(include_in_schema=False)

Token = Annotated[str, Path(max_length=200)]

_POSTHOG: Final[dict[str, Any]] = {
    "hasFeatureFlags": False,
    "supportedCompression": ["gzip", "gzip-js"],
    "sessionRecording": False,
    "heatmaps": False,
    "capturePerformance": False,
    "autocaptureExceptions": False,
    "autocapture_opt_out": False,
    "isAuthenticated": False,
    "toolbarParams": {},
    "siteApps": [],
    "config": {"enable_collect_everything": True},
}
"""How posthog-js is to behave. It names no `surveys`: were it false, a script would be fetched."""


@router.get("/v1/projects/{token}/settings")
async def segment_settings(request: Request, token: Token, here: Here) -> dict[str, Any]:
    """Where analytics-next sends its events: here."""
    known(here, token)
    return {
        "integrations": {
            "Segment.io": {
                "apiKey": token,
                "apiHost": f"{request.url.netloc}/v1",
                "protocol": request.url.scheme,
                "unbundledIntegrations": [],
                "addBundledMetadata": True,
            }
        },
        "plan": {"track": {"__default": {"enabled": True, "integrations": {}}}},
        "edgeFunction": {},
        "middlewareSettings": {},
        "enabledMiddleware": {},
        "remotePlugins": [],
    }


@router.get("/sourceConfig")
@router.get("/sourceConfig/")
async def rudder_source(request: Request, here: Here) -> dict[str, Any]:
    """The source of a write key, without destinations."""
    text = key_of(dict(request.scope["headers"]), request.scope["query_string"])
    name = known(here, text).name
    statistics = {"errors": {"enabled": False}, "metrics": {"enabled": False}}
    source: dict[str, Any] = {
        "id": name,
        "name": name,
        "writeKey": text,
        "enabled": True,
        "workspaceId": "segue",
        "destinations": [],
        "connections": [],
        "config": {"statsCollection": statistics},
        "dataplanes": {},
    }
    return {"source": source, "updatedAt": ""}


@router.get("/array/{token}/config")
async def posthog_config(token: Token, here: Here) -> dict[str, Any]:
    """How posthog-js is to behave."""
    return _config(here, token)


@router.get("/array/{token}/config.js")
async def posthog_config_script(token: Token, here: Here) -> Response:
    """The same as a script, which is what posthog-js asks for first."""
    config = json.dumps({"config": _config(here, token), "siteApps": []})
    quoted = json.dumps(token)
    script = (
        "(function(){var all=window._POSTHOG_REMOTE_CONFIG=window._POSTHOG_REMOTE_CONFIG||{};"
        f"all[{quoted}]={config}}})();"
    )
    return Response(script, media_type="text/javascript")


def _config(here: Context, token: str) -> dict[str, Any]:
    known(here, token)
    return _POSTHOG | {"token": token}


@router.post("/flags")
@router.post("/flags/")
async def posthog_flags(here: Here) -> dict[str, Any]:
    """No feature flags."""
    return {
        "errorsWhileComputingFlags": False,
        "flags": {},
        "requestId": str(uuid.uuid4()),
        "evaluatedAt": here.clock(),
    }


@router.post("/decide")
@router.post("/decide/")
async def posthog_decide(here: Here) -> dict[str, Any]:
    """What the older protocol wants to hear: no feature flags, and how to behave."""
    none: dict[str, Any] = {"featureFlags": {}, "featureFlagPayloads": {}}
    return _POSTHOG | none | await posthog_flags(here)


@router.get("/flags/definitions")
@router.get("/flags/definitions/")
async def posthog_flag_definitions() -> dict[str, Any]:
    """No feature flags to evaluate on the spot."""
    return {"flags": [], "group_type_mapping": {}, "cohorts": {}}


@router.get("/api/surveys")
@router.get("/api/surveys/")
async def posthog_surveys() -> dict[str, Any]:
    """No surveys of PostHog's."""
    return {"surveys": [], "survey_config": None}


@router.get("/api/early_access_features")
@router.get("/api/early_access_features/")
async def posthog_early_access() -> dict[str, Any]:
    """No features to try early."""
    return {"earlyAccessFeatures": []}


@router.get("/api/web_experiments")
@router.get("/api/web_experiments/")
async def posthog_experiments() -> dict[str, Any]:
    """No experiments."""
    return {"experiments": []}


@router.get("/api/product_tours")
@router.get("/api/product_tours/")
async def posthog_tours() -> dict[str, Any]:
    """No tours."""
    return {"product_tours": []}
