"""From what went wrong to an answer: one table from errors to statuses, one shape of body.

Every answer that is no success is a JSON object with the strings `code` (stable, for programs),
`message` (what happened), `detail` (the message again, where some clients look for it) and `hint`
(what to do next); of definitions and of malformed requests also `problems`.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from segue.domain.errors import (
    BusyError,
    DefinitionError,
    InputError,
    MixedKeysError,
    NotFoundError,
    NotWritableError,
    SegueError,
    StoreError,
    StoreFullError,
    TooLargeError,
    UsageError,
)

STATUS: Final[Mapping[type[SegueError], HTTPStatus]] = {
    UsageError: HTTPStatus.BAD_REQUEST,
    DefinitionError: HTTPStatus.BAD_REQUEST,
    InputError: HTTPStatus.BAD_REQUEST,
    TooLargeError: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    MixedKeysError: HTTPStatus.UNAUTHORIZED,
    NotFoundError: HTTPStatus.NOT_FOUND,
    NotWritableError: HTTPStatus.CONFLICT,
    BusyError: HTTPStatus.TOO_MANY_REQUESTS,
    StoreFullError: HTTPStatus.INSUFFICIENT_STORAGE,
    StoreError: HTTPStatus.SERVICE_UNAVAILABLE,
    SegueError: HTTPStatus.BAD_REQUEST,
}
"""The status of each error; one that is not here has that of the nearest of its bases."""

AGAIN_SOON: Final = 5
"""Seconds after which to try again where the store has trouble."""

JSON: Final = "application/json"


class Refusal(Exception):  # noqa: N818 - it is an answer, not a defect
    """An answer that is no success, decided at the edge: a missing key, a body too large.

    `retry_after` in seconds; `close` ends the connection with it.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        hint: str = "",
        retry_after: int = 0,
        close: bool = False,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.hint, self.retry_after, self.close = hint, retry_after, close


class Trouble(BaseModel):
    """The body of every answer that is no success."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "code": "not_found",
                "message": "nobody is 'ana'",
                "detail": "nobody is 'ana'",
                "hint": "Give any distinct id of the person.",
            }
        }
    )

    code: str = Field(description="Which error it is; stable, for programs.")
    message: str = Field(description="What happened, and where.")
    detail: str = Field(description="The message again, where some clients look for it.")
    hint: str = Field(default="", description="What to do next.")
    problems: list[dict[str, Any]] | None = Field(
        default=None, description="Each problem of a definition or of a malformed request."
    )
    diff: str | None = Field(
        default=None, description="The change that was wanted, where a file may not be written."
    )


RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    400: {"model": Trouble, "description": "The request, a definition or an input is wrong."},
    401: {"model": Trouble, "description": "No key, or one that is not known."},
    403: {"model": Trouble, "description": "The key may not do this."},
    404: {"model": Trouble, "description": "No such thing."},
    422: {"model": Trouble, "description": "A parameter or a field is malformed."},
    429: {"model": Trouble, "description": "Too much at once; `Retry-After` says when again."},
    503: {"model": Trouble, "description": "The store has trouble; `Retry-After` says when again."},
}
"""What any route may answer beside its success, for the OpenAPI document."""


def install(app: FastAPI) -> None:
    """Let the application answer every error in the one shape."""
    app.add_exception_handler(SegueError, _of_segue)
    app.add_exception_handler(Refusal, _of_refusal)
    app.add_exception_handler(HTTPException, _of_framework)
    app.add_exception_handler(RequestValidationError, _of_validation)


def answer(error: SegueError | Refusal) -> Response:
    """The answer that an error is."""
    return refusal_answer(error) if isinstance(error, Refusal) else segue_answer(error)


def segue_answer(error: SegueError) -> Response:
    """The answer to one of Segue's own errors, with every problem of a definition."""
    extra: dict[str, Any] = {}
    if isinstance(error, DefinitionError):
        extra["problems"] = [dataclasses.asdict(problem) for problem in error.problems]
    if isinstance(error, NotWritableError):
        extra["diff"] = error.diff
    body = _body(error.code, error.message, error.hint) | extra
    return _response(status_of(error), body, _patience(error))


def refusal_answer(refusal: Refusal) -> Response:
    """The answer that was decided at the edge."""
    body = _body(refusal.code, refusal.message, refusal.hint)
    response = _response(refusal.status, body, refusal.retry_after)
    if refusal.close:
        response.headers["connection"] = "close"
    return response


def status_of(error: SegueError) -> int:
    """The status of an error, by the table."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def unexpected() -> Response:
    """The answer to a defect of Segue itself: it names none of the innards."""
    message = "Segue failed to answer this; the server's log says why"
    return _response(500, _body("internal", message, "Try again; if it stays so, report it."), 0)


def _patience(error: SegueError) -> int:
    if isinstance(error, BusyError):
        return max(1, math.ceil(error.retry_after))
    return AGAIN_SOON if isinstance(error, StoreError) else 0


def _body(code: str, message: str, hint: str) -> dict[str, Any]:
    return {"code": code, "message": message, "detail": message, "hint": hint}


def _response(status: int, body: dict[str, Any], retry_after: int) -> Response:
    headers = {"retry-after": str(retry_after)} if retry_after else {}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = 'Bearer realm="segue"'
    return Response(msgspec.json.encode(body), status, headers, JSON)


def _of_segue(_request: Request, error: Exception) -> Response:
    assert isinstance(error, SegueError)
    return segue_answer(error)


def _of_refusal(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return refusal_answer(error)


def _of_framework(request: Request, error: Exception) -> Response:
    """404, 405 and what else the framework decides: the method, the path, and its own headers."""
    assert isinstance(error, HTTPException)
    phrase = HTTPStatus(error.status_code).phrase
    code = _CODES.get(error.status_code, "refused")
    asked = f"{request.method} {request.url.path}"
    detail = phrase if error.detail == phrase else str(error.detail)
    response = _response(error.status_code, _body(code, f"{asked}: {detail}", _hint(error)), 0)
    response.headers.update(error.headers or {})
    return response


_CODES: Final = {
    400: "input",
    401: "unauthorised",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "late",
    413: "too_large",
}
"""What the framework's own refusals are called."""


def _hint(error: HTTPException) -> str:
    if error.status_code == HTTPStatus.NOT_FOUND:
        return "/openapi.json lists what there is."
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED and error.headers:
        return f"It takes {error.headers.get('Allow', '')}."
    return ""


def _of_validation(_request: Request, error: Exception) -> Response:
    """A parameter or a body that does not fit: each misfit with its place."""
    assert isinstance(error, RequestValidationError)
    problems = [
        {"where": ".".join(str(part) for part in one["loc"]), "message": str(one["msg"])}
        for one in error.errors()
    ]
    first = problems[0] if problems else {"where": "request", "message": "malformed"}
    message = f"{first['where']}: {first['message']}"
    body = _body("malformed", message, "/openapi.json says what is taken.")
    return _response(HTTPStatus.UNPROCESSABLE_ENTITY, body | {"problems": problems}, 0)
