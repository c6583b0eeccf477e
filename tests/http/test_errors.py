"""Every error, as an answer."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator

import pytest

from segue.domain import errors
from segue.domain.errors import DefinitionError, NotWritableError, Problem, SegueError
from segue.http.errors import Trouble, segue_answer, status_of
from tests.http.running import Running, running

MADE = {
    errors.BusyError: lambda: errors.BusyError("full", retry_after=3),
    errors.TooLargeError: lambda: errors.TooLargeError("large", limit=1),
    errors.NotWritableError: lambda: NotWritableError("read-only", diff="+ a"),
    errors.DefinitionError: lambda: DefinitionError([Problem("wrong", line=3)]),
}
KINDS = [
    kind
    for kind in vars(errors).values()
    if inspect.isclass(kind) and issubclass(kind, SegueError) and kind is not SegueError
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("shop")) as server:
        yield server


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_of_segue_has_a_status_and_one_shape(kind: type[SegueError]) -> None:
    error = MADE.get(kind, lambda: kind("what happened", hint="what to do"))()

    response = segue_answer(error)

    body = json.loads(bytes(response.body))
    Trouble.model_validate(body)
    assert response.status_code == status_of(error)
    assert (body["code"], body["message"], body["detail"]) == (
        kind.code,
        error.message,
        error.message,
    )
    is_of_the_store = issubclass(kind, errors.StoreError | errors.BusyError)
    assert (response.status_code in (429, 503, 507)) == is_of_the_store
    assert ("retry-after" in response.headers) == is_of_the_store


def test_a_definition_that_is_wrong_names_each_problem() -> None:
    problems = [Problem("wrong", line=3, column=4), Problem("worse", line=5)]

    body = json.loads(bytes(segue_answer(DefinitionError(problems)).body))

    assert [(one["message"], one["line"]) for one in body["problems"]] == [
        ("wrong", 3),
        ("worse", 5),
    ]


def test_a_file_that_may_not_be_written_gives_the_change() -> None:
    body = json.loads(bytes(segue_answer(NotWritableError("read-only", diff="+ a")).body))

    assert body["diff"] == "+ a"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "not_found"),
        ("GET", "/api/nothing", 404, "not_found"),
        ("DELETE", "/healthz", 405, "method_not_allowed"),
        ("POST", "/metrics", 405, "method_not_allowed"),
        ("GET", "/array/" + "x" * 500 + "/config", 422, "malformed"),
        ("GET", "/api/segments", 401, "missing_key"),
        ("GET", "/%00", 404, "not_found"),
        ("GET", "/api/people/%ff%fe", 401, "missing_key"),
    ],
)
def test_what_the_framework_refuses_has_the_same_shape(
    server: Running, method: str, path: str, status: int, code: str
) -> None:
    response = server.client.request(method, path)

    assert response.status_code == status
    assert Trouble.model_validate(response.json()).code == code
    assert response.headers["x-request-id"]


def test_a_defect_shows_none_of_its_innards(
    server: Running, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the log it does, with the id that the sender was told."""

    def broken() -> None:
        raise ZeroDivisionError("the secret of the house")

    monkeypatch.setattr(server.context.live, "health", broken)

    response = server.client.get("/readyz")

    assert response.status_code == 500
    assert Trouble.model_validate(response.json()).code == "internal"
    assert "secret of the house" not in response.text
    (record,) = [one for one in caplog.records if one.exc_info]
    assert record.__dict__["request_id"] == response.headers["x-request-id"]


def test_the_openapi_document_describes_ingestion_and_errors(server: Running) -> None:
    document = server.client.get("/openapi.json").json()

    assert {"/v1/track", "/v1/batch", "/batch", "/e", "/healthz"} <= document["paths"].keys()
    assert "Trouble" in document["components"]["schemas"]
    assert {"secretKey", "writeKey"} <= document["components"]["securitySchemes"].keys()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation.get("summary"), (method, path)
            assert "200" in operation["responses"] or "2" in {
                status[0] for status in operation["responses"]
            }, (method, path)
