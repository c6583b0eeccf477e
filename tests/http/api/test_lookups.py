"""The look-up in front of the framework says what the route behind it says, to the byte."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from segue.http import api
from segue.http.app import create_app
from tests.http.api.conftest import Shop, context_of


def _behind(shop: Shop, path: str) -> httpx.Response:
    """What the framework alone says, without what stands in front of it."""
    app = create_app(context_of(shop.serving), routers=api.routers())

    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url=shop.address) as client:
            key = f"Bearer {shop.serving.secret}"
            return await client.get(path, headers={"authorization": key})

    return asyncio.run(asked())


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/people/ada/segments", 200),
        ("/api/people/anon-1/segments", 200),
        ("/api/people/cat/segments", 200),
        ("/api/people/nobody/segments", 404),
        ("/api/people/a%2Fb/segments", 404),
        ("/api/people//segments", 404),
        ("/api/people/ada/segments/", 404),
    ],
)
def test_both_say_the_same(shop: Shop, path: str, status: int) -> None:
    """For people in and out of segments, under any of their ids, and for nobody."""
    before, after = shop.client.get(path), _behind(shop, path)

    assert before.status_code == after.status_code == status
    assert before.headers["content-type"] == after.headers["content-type"]
    assert _timeless(before) == _timeless(after)


@pytest.mark.parametrize(
    ("key", "status"), [(None, 401), ("Bearer unknown", 401), ("Bearer write", 403)]
)
def test_only_secret_keys_may_look_up(shop: Shop, key: str | None, status: int) -> None:
    """No key, an unknown one, and one that may only send."""
    every = shop.serving.store.keys()
    write = next(one.text for one in every if one.text)
    headers = {} if key is None else {"authorization": key.replace("write", write)}

    answer = httpx.get(f"{shop.address}/api/people/ada/segments", headers=headers, timeout=60)

    assert answer.status_code == status
    assert set(answer.json()) == {"code", "message", "detail", "hint"}


def test_it_is_counted_under_its_route(shop: Shop) -> None:
    """Without the id."""
    shop.json("/api/people/ada/segments")

    counted = httpx.get(f"{shop.address}/metrics", timeout=60).text

    assert 'route="/api/people/{person_id}/segments",status="200"' in counted


def _timeless(answer: httpx.Response) -> object:
    """The document, whenever it was asked for."""
    document = answer.json()
    return {name: value for name, value in document.items() if name != "as_of"}
