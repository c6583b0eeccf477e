"""The management of webhooks over HTTP: the real routes, a real store, a real receiver."""

import asyncio
import threading
from types import SimpleNamespace

import httpx
import pytest

from segue.adapters.duckdb_store import DuckDBStore
from segue.bootstrap.courier import Means
from segue.bootstrap.settings import Settings
from segue.bootstrap.webhooks import Webhooks
from segue.domain.access import Key, KeyKind
from segue.domain.signing import verify
from segue.domain.webhooks import Reach
from segue.http.app import create_app, fronted
from segue.http.context import Context
from segue.http.metrics import Metrics
from segue.http.webhooks import Delivered, router
from segue.language.project import project_from
from tests.adapters.receiver import Reply, receiving
from tests.services.live.publishing import Published

NOW = 1_700_000_000_000
KEYS = {
    "all": Key(KeyKind.SECRET, "key_1", "all", created_at=0),
    "some": Key(KeyKind.WRITE, "key_2", "some", created_at=0),
}


class Client:
    """Calls an application without a socket."""

    def __init__(self, app):
        self._transport = httpx.ASGITransport(app)

    def request(self, method, path, *, key="all", json=None):
        async def call():
            base, headers = "http://segue", {"authorization": f"Bearer {key}"}
            async with httpx.AsyncClient(transport=self._transport, base_url=base) as client:
                return await client.request(method, path, json=json, headers=headers)

        return asyncio.run(call())

    def get(self, path):
        return self.request("GET", path)

    def post(self, path, json=None):
        return self.request("POST", path, json=json)

    def patch(self, path, json):
        return self.request("PATCH", path, json=json)

    def delete(self, path):
        return self.request("DELETE", path)


class Counting(Delivered):
    """Also lets a test wait for what was counted."""

    def __init__(self, metrics):
        super().__init__(metrics)
        self.seen = threading.Semaphore(0)

    def delivered(self, endpoint_id, seconds):
        super().delivered(endpoint_id, seconds)
        self.seen.release()

    def buried(self, endpoint_id):
        super().buried(endpoint_id)
        self.seen.release()


@pytest.fixture
def server():
    """A server of webhooks: `client`, `published` and `seen`."""
    store, metrics = DuckDBStore.open(None), Metrics()
    published, watcher = Published(store, ["ana", "bob"]), Counting(metrics)
    webhooks = Webhooks(Means(store, lambda: NOW, str.title, reach=Reach.LOOPBACK, watcher=watcher))
    published.tell(webhooks.wake)
    webhooks.start()
    context = Context(
        live=None,
        store=store,
        feed=None,
        keys=SimpleNamespace(find=KEYS.get),
        clock=lambda: NOW,
        settings=Settings(),
        workspace=None,
        project=SimpleNamespace(project=project_from({})),
        webhooks=webhooks,
        actor=None,
        in_app=None,
        metrics=metrics,
    )
    app = fronted(create_app(context, routers=[router]), context)
    yield SimpleNamespace(client=Client(app), published=published, watcher=watcher, metrics=metrics)
    webhooks.close()
    store.close()


def _made(server, url, **more):
    answer = server.client.post("/api/webhooks", json={"url": url, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_secret_is_shown_once(server):
    made = _made(server, "https://example.com/hook", segments=["keen"], description="CRM")

    assert made["secret"].startswith("whsec_")
    shown = {name: value for name, value in made.items() if name != "secret"}
    assert shown == {
        "id": made["id"],
        "url": "https://example.com/hook",
        "live_only": True,
        "segments": ["keen"],
        "kinds": [],
        "description": "CRM",
        "created_at": "2023-11-14T22:13:20Z",
        "enabled": True,
        "disabled": "",
        "cursor": -1,
    }
    assert server.client.get("/api/webhooks").json() == [shown]
    assert server.client.get(f"/api/webhooks/{made['id']}").json() == shown


def test_a_webhook_delivers_what_is_published(server):
    with receiving() as receiver:
        made = _made(server, receiver.url)
        server.published.publish("ana")
        (request,) = receiver.wait_for(1)
        assert server.watcher.seen.acquire(timeout=60)

    assert verify(made["secret"], request.headers, request.body, NOW)["person"]["id"] == "ana"
    assert server.metrics.deliveries.labels("delivered")._value.get() == 1


def test_a_webhook_is_changed_stopped_and_resumed(server):
    made = _made(server, "https://example.com/hook", segments=["keen"], kinds=["left"])
    path = f"/api/webhooks/{made['id']}"

    changed = server.client.patch(path, json={"segments": [], "live_only": False}).json()
    assert (changed["segments"], changed["kinds"], changed["live_only"]) == ([], ["left"], False)
    stopped = server.client.patch(path, json={"enabled": False}).json()
    assert (stopped["enabled"], stopped["disabled"]) == (False, "disabled by hand")
    assert server.client.patch(path, json={"enabled": True}).json()["enabled"]
    assert server.client.delete(path).status_code == 204
    assert server.client.get(path).status_code == 404


def test_a_sample_shows_what_the_endpoint_answers(server):
    with receiving(Reply(204), Reply(500, body=b"broken")) as receiver:
        path = f"/api/webhooks/{_made(server, receiver.url)['id']}/test"
        answers = [server.client.post(path).json() for _ in range(2)]

    assert answers == [
        {"delivered": True, "status": 204, "error": ""},
        {"delivered": False, "status": 500, "error": "HTTP 500: broken"},
    ]


def test_dead_letters_are_listed_replayed_and_dropped(server):
    with receiving(Reply(400), Reply(400)) as receiver:
        path = f"/api/webhooks/{_made(server, receiver.url)['id']}"
        server.published.publish("ana", "bob")
        for _ in range(2):
            assert server.watcher.seen.acquire(timeout=60)

        page = server.client.get(f"{path}/dead-letters?limit=1").json()
        assert [one["person_id"] for one in page["dead_letters"]] == ["ana"]
        assert page["dead_letters"][0]["error"] == "HTTP 400"
        assert server.client.delete(f"{path}/dead-letters/0").status_code == 204
        rest = server.client.get(f"{path}/dead-letters?after=-1").json()
        assert [one["transition_id"] for one in rest["dead_letters"]] == [1]
        assert rest["next"] is None
        assert server.client.post(f"{path}/replay", json={}).status_code == 202
        assert server.watcher.seen.acquire(timeout=60)
        assert server.client.get(f"{path}/dead-letters").json()["dead_letters"] == []


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "", {"url": "ftp://example.com"}, 400),
        ("POST", "", {"url": "https://ana:pw@example.com"}, 400),
        ("POST", "", {"url": "http://10.0.0.1/"}, 400),
        ("POST", "", {"url": "https://example.com", "secret": "mine"}, 422),
        ("POST", "", {"url": "https://example.com", "kinds": ["seen"]}, 422),
        ("POST", "", {"url": "https://example.com", "after": 1 << 70}, 422),
        ("POST", "", {}, 422),
        ("GET", "/we_0", None, 404),
        ("PATCH", "/we_0", {}, 404),
        ("DELETE", "/we_0", None, 404),
        ("POST", "/we_0/test", None, 404),
        ("GET", "/we_0/dead-letters", None, 404),
        ("POST", "/we_0/replay", {}, 404),
        ("DELETE", "/we_0/dead-letters/1", None, 404),
        ("DELETE", f"/we_0/dead-letters/{1 << 70}", None, 422),
    ],
)
def test_what_cannot_be_done_is_said(server, method, path, body, status):
    answer = server.client.request(method, f"/api/webhooks{path}", json=body)

    assert answer.status_code == status, answer.text
    assert answer.json()["code"]
    assert "pw" not in answer.text


@pytest.mark.parametrize(("key", "status"), [("some", 403), ("other", 401)])
def test_webhooks_are_managed_with_the_secret_key_only(server, key, status):
    answer = server.client.request("GET", "/api/webhooks", key=key)

    assert answer.status_code == status
