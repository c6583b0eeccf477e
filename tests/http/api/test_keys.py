"""Keys over HTTP: making them, what each lets in, and ending them."""

from __future__ import annotations

import httpx
import pytest

from tests.http.api.conftest import Shop


def _made(shop: Shop, kind: str, name: str = "website") -> dict[str, str]:
    made = shop.client.post("/api/keys", json={"kind": kind, "name": name})
    assert made.status_code == 201, made.text
    found: dict[str, str] = made.json()
    return found


def _sends(shop: Shop, text: str) -> int:
    """The answer to an event that is sent with a key."""
    event = {"userId": "ada", "event": "look"}
    address = f"{shop.address}/v1/track"
    return httpx.post(address, json=event, auth=(text, ""), timeout=60).status_code


def _reads(shop: Shop, text: str) -> int:
    headers = {"authorization": f"Bearer {text}"}
    return httpx.get(f"{shop.address}/api/segments", headers=headers, timeout=60).status_code


@pytest.mark.parametrize(("kind", "reads"), [("write", 403), ("secret", 200)])
def test_a_new_key_is_taken_at_once(empty: Shop, kind: str, reads: int) -> None:
    """A write key sends; a secret key reads too."""
    text = _made(empty, kind)["text"]

    assert (_sends(empty, text), _reads(empty, text)) == (200, reads)


@pytest.mark.parametrize("kind", ["write", "secret"])
def test_an_ended_key_is_not_taken_any_more(empty: Shop, kind: str) -> None:
    """At once, and whoever ends it twice hears the same."""
    made = _made(empty, kind)

    ended = [empty.client.delete(f"/api/keys/{made['id']}").json() for _ in range(2)]

    assert ended[0] == ended[1]
    assert ended[0]["revoked_at"]
    assert (_sends(empty, made["text"]), _reads(empty, made["text"])) == (401, 401)


def test_the_list_tells_signing_secrets_and_no_secret_key(empty: Shop) -> None:
    """A write key is public and its signing secret can be looked up; a secret key is told once."""
    write, secret = _made(empty, "write"), _made(empty, "secret", "reports")

    listed = {key["id"]: key for key in empty.json("/api/keys")["keys"]}

    assert listed[write["id"]] == write
    assert write["signing_secret"]
    assert listed[secret["id"]] == {**secret, "text": None}
    assert secret["text"] not in empty.get("/api/keys").text


@pytest.mark.parametrize(
    "wrong", [{}, {"kind": "master", "name": "a"}, {"kind": "write", "name": ""}]
)
def test_a_key_needs_a_kind_and_a_name(empty: Shop, wrong: dict[str, str]) -> None:
    """Anything else is said, and makes none."""
    before = empty.json("/api/keys")

    assert empty.client.post("/api/keys", json=wrong).status_code == 422
    assert empty.json("/api/keys") == before


def test_a_key_that_is_not_there_cannot_be_ended(empty: Shop) -> None:
    """404, with what to look at."""
    answer = empty.client.delete("/api/keys/key_none")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
