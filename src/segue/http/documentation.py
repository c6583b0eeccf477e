"""What the OpenAPI document says of ingestion, whose routes stand in front of the framework."""

from __future__ import annotations

from typing import Any, Final

_TROUBLE: Final = {
    "application/json": {"schema": {"$ref": "#/components/schemas/Trouble"}},
}
_ERRORS: Final = {
    "400": "The body is no JSON, or holds no events.",
    "401": "No key, or one that is not known.",
    "408": "The body took too long.",
    "413": "The body is too large.",
    "429": "Too much at once; `Retry-After` says when again.",
    "503": "The store has trouble; `Retry-After` says when again.",
    "507": "No space is left.",
}

_SEGMENT_EXAMPLE: Final[dict[str, Any]] = {
    "userId": "ana",
    "event": "Purchase",
    "properties": {"revenue": 19.9},
    "messageId": "b5d0a7e4-0b8e-4d52-9b7d-3a7b6c1d2e3f",
}
_POSTHOG_EXAMPLE: Final[dict[str, Any]] = {
    "api_key": "WRITE_KEY",
    "event": "purchase",
    "distinct_id": "ana",
    "properties": {"revenue": 19.9},
}


def _responses(success: dict[str, Any]) -> dict[str, Any]:
    stored = {"application/json": {"schema": {"type": "object"}, "example": success}}
    errors = {
        status: {"description": text, "content": _TROUBLE} for status, text in _ERRORS.items()
    }
    return {"200": {"description": "The events are durable.", "content": stored}} | errors


def _operation(
    summary: str, name: str, example: dict[str, Any], success: dict[str, Any]
) -> dict[str, Any]:
    schema = {"type": "object", "additionalProperties": True}
    return {
        "tags": ["Ingestion"],
        "summary": summary,
        "operationId": name,
        "security": [{"writeKey": []}],
        "requestBody": {
            "required": True,
            "description": "JSON, also gzipped or as a form, whatever the headers say.",
            "content": {"application/json": {"schema": schema, "example": example}},
        },
        "responses": _responses(success),
    }


def _segment(kind: str) -> dict[str, Any]:
    example = dict(_SEGMENT_EXAMPLE)
    if kind in ("batch", "import"):
        example = {"batch": [{"type": "track"} | _SEGMENT_EXAMPLE]}
    return {
        "post": _operation(f"Segment: {kind}", f"segment_{kind}", example, {"success": True}),
    }


def _posthog(path: str) -> dict[str, Any]:
    name = "posthog" + path.replace("/", "_")
    return {"post": _operation(f"PostHog: {path}", name, _POSTHOG_EXAMPLE, {"status": "Ok"})}


_DECIDE: Final[dict[str, Any]] = {
    "post": {
        "tags": ["Pages"],
        "summary": "What a page may show to its visitor",
        "operationId": "decide",
        "security": [],
        "requestBody": {
            "required": True,
            "description": "JSON, whatever the headers say; the write key is in it.",
            "content": {
                "application/json": {
                    "schema": {"type": "object", "additionalProperties": True},
                    "example": {"writeKey": "WRITE_KEY", "anonymousId": "b5d0a7e4", "etag": ""},
                }
            },
        },
        "responses": {
            "200": {
                "description": "The items, the most important first.",
                "content": {
                    "application/json": {
                        "schema": {"type": "object"},
                        "example": {
                            "etag": "…",
                            "ttl": 300,
                            "identity": "anonymous",
                            "items": [],
                        },
                    }
                },
            },
            "304": {"description": "Nothing has changed since the answer with this `etag`."},
        }
        | {
            status: {"description": _ERRORS[status], "content": _TROUBLE}
            for status in ("400", "401", "408", "413", "429")
        },
    }
}

INGESTION_PATHS: Final[dict[str, Any]] = {
    "/v1/decide": _DECIDE,
    **{
        f"/v1/{kind}": _segment(kind)
        for kind in ("track", "identify", "page", "screen", "group", "alias", "batch", "import")
    },
    **{path: _posthog(path) for path in ("/batch", "/e", "/i/v0/e", "/capture")},
}
"""The paths of ingestion as they are documented; their short forms are not."""
