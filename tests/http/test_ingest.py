"""Events in, as SDKs send them: keys, bodies, dialects, and what is answered."""

import base64
import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.http.running import WRITE_KEY, Running, running

ORIGIN = "https://shop.example"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("shop")) as server:
        yield server


def _track(who: str, event: str = "look", **more: Any) -> dict[str, Any]:
    return {"userId": who, "event": event, **more}


def _basic(user: str) -> str:
    return "Basic " + base64.b64encode(user.encode()).decode()


# ----------------------------------------------------------------------------------------- routes

SEGMENT = {
    "track": {"userId": "u", "event": "look"},
    "identify": {"userId": "u", "traits": {"plan": "pro"}},
    "page": {"userId": "u", "name": "Home"},
    "screen": {"userId": "u", "name": "Home"},
    "group": {"userId": "u", "groupId": "g"},
    "alias": {"userId": "u", "previousId": "u-before"},
}


@pytest.mark.parametrize("kind", SEGMENT)
@pytest.mark.parametrize("form", ["{0}", "{0[0]}", "{0}/"])
def test_each_route_of_segment_stores_an_event(server: Running, kind: str, form: str) -> None:
    """In full, by its first letter as browsers send it, and with a slash at the end."""
    response = server.send("/v1/" + form.format(kind), json=SEGMENT[kind])

    assert (response.status_code, response.json()) == (200, {"success": True})


@pytest.mark.parametrize("path", ["/v1/batch", "/v1/b", "/v1/import", "/beacon/v1/batch"])
def test_a_batch_is_stored(server: Running, path: str) -> None:
    who = "batch" + path.replace("/", "-")
    batch = {"batch": [{"type": "track", **_track(who)}, {"type": "track", **_track(who, "buy")}]}

    response = server.send(path, json=batch)

    assert (response.status_code, response.json()) == (200, {"success": True})
    assert [event for one, event in server.events() if one == who] == ["look", "buy"]


POSTHOG = ["/batch", "/e", "/i/v0/e", "/capture", "/track", "/engage"]


@pytest.mark.parametrize("path", [*POSTHOG, *(path + "/" for path in POSTHOG)])
def test_each_route_of_posthog_stores_an_event(server: Running, path: str) -> None:
    who = "ph" + path.replace("/", "-")
    event = {"event": "look", "distinct_id": who, "properties": {"$set": {"plan": "pro"}}}

    response = server.send(path, json={"api_key": WRITE_KEY, "batch": [event]}, auth=None)

    assert (response.status_code, response.json()) == (200, {"status": "Ok"})
    assert (who, "look") in server.events()


def test_the_newer_protocol_of_posthog_hears_of_each_event(server: Running) -> None:
    good = "0190aaaa-0000-7000-8000-000000000001"
    bad = "0190aaaa-0000-7000-8000-000000000002"
    batch = [
        {"event": "look", "uuid": good, "distinct_id": "v1", "timestamp": "2026-11-22T00:00:00Z"},
        {"event": "", "uuid": bad, "distinct_id": "v1", "timestamp": "2026-11-22T00:00:00Z"},
    ]
    headers = {"Authorization": f"Bearer {WRITE_KEY}"}

    response = server.send(
        "/i/v1/analytics/events", json={"batch": batch}, headers=headers, auth=None
    )

    assert response.status_code == 200
    assert response.json()["results"][good] == {"result": "ok"}
    assert response.json()["results"][bad]["result"] == "drop"


def test_a_get_with_data_stores_an_event(server: Running) -> None:
    event = {"event": "look", "distinct_id": "by-get", "properties": {"token": WRITE_KEY}}
    data = base64.b64encode(json.dumps(event).encode()).decode()

    response = server.client.get("/e/", params={"data": data, "ip": "1"})

    assert (response.status_code, response.json()) == (200, {"status": "Ok"})
    assert ("by-get", "look") in server.events()


def test_a_beacon_may_ask_for_no_content(server: Running) -> None:
    event = {"event": "look", "distinct_id": "beacon", "token": WRITE_KEY}

    response = server.send("/e/?beacon=1", json=event, auth=None)

    assert (response.status_code, response.content) == (204, b"")
    assert ("beacon", "look") in server.events()


@pytest.mark.parametrize("path", ["/v1/m", "/s/"])
def test_what_sdks_tell_of_themselves_is_swallowed(server: Running, path: str) -> None:
    response = server.client.post(path, content=b'{"series":[]}')

    assert response.status_code == 200


# ------------------------------------------------------------------------------------------- keys

KEYS: dict[str, dict[str, Any]] = {
    "user name": {"headers": {"Authorization": _basic(WRITE_KEY + ":")}},
    "user name without colon": {"headers": {"Authorization": _basic(WRITE_KEY)}},
    "query": {"params": {"writeKey": WRITE_KEY}},
    "header": {"headers": {"X-Write-Key": WRITE_KEY}},
    "bearer": {"headers": {"Authorization": f"Bearer {WRITE_KEY}"}},
    "user name before query": {
        "headers": {"Authorization": _basic(WRITE_KEY + ":")},
        "params": {"writeKey": "wrong"},
    },
    "query before header": {
        "headers": {"X-Write-Key": "wrong"},
        "params": {"writeKey": WRITE_KEY},
    },
    "header before bearer": {
        "headers": {"X-Write-Key": WRITE_KEY, "Authorization": "Bearer wrong"},
    },
    "unreadable user name, query": {
        "headers": {"Authorization": "Basic ???"},
        "params": {"writeKey": WRITE_KEY},
    },
}


@pytest.mark.parametrize("way", KEYS)
def test_the_key_may_come_in_many_ways(server: Running, way: str) -> None:
    response = server.send("/v1/track", json=_track("key"), auth=None, **KEYS[way])

    assert response.status_code == 200


@pytest.mark.parametrize("name", ["writeKey", "api_key", "token"])
def test_the_key_may_stand_in_the_body(server: Running, name: str) -> None:
    path = "/v1/track" if name == "writeKey" else "/capture"
    body = _track("key", distinct_id="key", **{name: WRITE_KEY})

    assert server.send(path, json=body, auth=None).status_code == 200


def test_a_secret_key_may_write(server: Running) -> None:
    """From a server of one's own."""
    response = server.send("/v1/track", json=_track("key"), auth=(server.secret_key, ""))

    assert response.status_code == 200


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"auth": None}, "missing_key"),
        ({"auth": ("", "")}, "missing_key"),
        ({"auth": ("wrong", "")}, "invalid_write_key"),
        ({"auth": ("k" * 10_000, "")}, "invalid_write_key"),
        ({"auth": None, "params": {"writeKey": "wrong"}}, "invalid_write_key"),
        ({"auth": None, "headers": {"Authorization": "Bearer wrong"}}, "invalid_write_key"),
    ],
)
def test_without_a_known_key_nothing_is_taken(
    server: Running, given: dict[str, Any], code: str
) -> None:
    response = server.send("/v1/track", json=_track("nobody"), **given)

    assert response.status_code == 401
    _is_trouble(response, code)
    assert "nobody" not in {who for who, _ in server.events()}


def test_a_write_key_may_only_write(server: Running) -> None:
    response = server.client.get("/api/segments", auth=(WRITE_KEY, ""))

    assert response.status_code == 403
    _is_trouble(response, "forbidden")


def test_events_of_two_projects_in_one_request_are_refused(server: Running) -> None:
    batch = [
        {"event": "look", "distinct_id": "a", "properties": {"token": token}}
        for token in (WRITE_KEY, "other")
    ]

    response = server.send("/batch/", json=batch, auth=None)

    assert response.status_code == 401
    _is_trouble(response, "mixed_keys")


# ----------------------------------------------------------------------------------------- bodies


def _form(text: bytes) -> bytes:
    return b"data=" + quote(base64.b64encode(text)).encode() + b"&compression=base64"


BODIES: dict[str, tuple[Any, dict[str, str]]] = {
    "json": (bytes, {"Content-Type": "application/json"}),
    "text": (bytes, {"Content-Type": "text/plain"}),
    "no content type": (bytes, {}),
    "a wrong content type": (bytes, {"Content-Type": "application/x-www-form-urlencoded"}),
    "byte order mark": (lambda text: b"\xef\xbb\xbf" + text, {}),
    "gzip": (gzip.compress, {"Content-Encoding": "gzip"}),
    "gzip that says nothing": (gzip.compress, {"Content-Type": "text/plain"}),
    "gzip as a form": (gzip.compress, {"Content-Type": "application/x-www-form-urlencoded"}),
    "deflate": (zlib.compress, {"Content-Encoding": "deflate"}),
    "base64": (base64.b64encode, {"Content-Type": "text/plain"}),
    "form": (_form, {"Content-Type": "application/x-www-form-urlencoded"}),
}


@pytest.mark.parametrize("form", BODIES)
def test_a_body_is_read_whatever_it_is_wrapped_in(server: Running, form: str) -> None:
    wrap, headers = BODIES[form]
    who = "body " + form
    event = {"event": "look", "distinct_id": who, "api_key": WRITE_KEY}

    response = server.send(
        "/e/", content=wrap(json.dumps(event).encode()), headers=headers, auth=None
    )

    assert response.status_code == 200, response.text
    assert (who, "look") in server.events()


def test_a_body_may_come_in_pieces(server: Running) -> None:
    """Chunked, of no stated length, and large enough to be decoded beside the event loop."""
    batch = [{"type": "track", **_track("pieces", padding="x" * 300)} for _ in range(2000)]
    text = json.dumps({"batch": batch}).encode()
    pieces = (text[start : start + 50_000] for start in range(0, len(text), 50_000))

    response = server.send("/v1/batch", content=pieces)

    assert (response.status_code, response.json()) == (200, {"success": True})
    assert server.events().count(("pieces", "look")) == 2000


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/track", b""),
        ("/v1/track", b"{"),
        ("/v1/track", b"nothing"),
        ("/v1/track", b"[]"),
        ("/v1/track", b"\x1f\x8b\x08 broken"),
        ("/v1/batch", b"{}"),
        ("/v1/batch", b'{"batch": 1}'),
        ("/e/", b""),
        ("/e/", b"null"),
        ("/e/", b'"text"'),
    ],
)
def test_what_cannot_be_read_is_refused_as_a_whole(server: Running, path: str, body: bytes) -> None:
    response = server.send(path, content=body)

    assert response.status_code == 400
    _is_trouble(response, "input")


def test_the_good_events_of_a_batch_are_stored_and_the_bad_reported(server: Running) -> None:
    good, bad = {"type": "track", **_track("good")}, {"type": "track", "event": "look"}

    response = server.send("/v1/batch", json={"batch": [bad, good, bad | {"messageId": "m-7"}]})

    assert response.status_code == 200
    answer = response.json()
    assert (answer["success"], answer["rejected_count"]) == (True, 2)
    assert [one["message_id"] for one in answer["rejected"]] == [None, "m-7"]
    assert ("good", "look") in server.events()


def test_the_same_event_twice_is_one_event(server: Running) -> None:
    event = _track("twice", messageId="m-twice", timestamp="2026-11-22T00:00:00Z")

    assert server.send("/v1/track", json=event).status_code == 200
    assert server.send("/v1/track", json=event).status_code == 200

    assert server.events().count(("twice", "look")) == 1


def test_an_answer_comes_after_the_events_are_stored(server: Running) -> None:
    """Whoever is told of success finds the event in the store, and the person in the segment."""
    for number in range(20):
        assert server.send("/v1/track", json=_track(f"now-{number}")).status_code == 200
        assert (f"now-{number}", "look") in server.events()
        standing = server.context.live.standing(f"now-{number}")
        assert [one.segment_id for one in standing.memberships] == ["fresh"]


# ------------------------------------------------------------------------- methods, paths, origins


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/track", 405),
        ("PUT", "/v1/batch", 405),
        ("DELETE", "/batch/", 405),
        ("PATCH", "/e", 405),
        ("POST", "/v1/nothing", 404),
        ("GET", "/static/array.js", 404),
        ("GET", "/static/1.2.3/surveys.js", 404),
        ("POST", "/v1/track?writeKey=wrong", 401),
        ("POST", "/e", 400),
    ],
)
def test_every_answer_may_be_read_by_the_page_that_asked(
    server: Running, method: str, path: str, status: int
) -> None:
    """Also those that are no success: else all a page sees is that something failed."""
    response = server.client.request(method, path, headers={"Origin": ORIGIN})

    assert response.status_code == status
    assert response.headers["access-control-allow-origin"] == ORIGIN
    assert response.headers["access-control-allow-credentials"] == "true"
    assert "Origin" in response.headers["vary"]
    assert {"code", "message", "detail", "hint"} <= response.json().keys()


ASKED = "authorization,content-type,x-retry-count,anonymousid,sentat,rsa-retry-attempt"


@pytest.mark.parametrize("path", ["/v1/t", "/e/", "/batch", "/flags/", "/array/x/config", "/v1/x"])
def test_a_preflight_gets_what_it_asks_for(server: Running, path: str) -> None:
    headers = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": ASKED,
    }

    response = server.client.options(path, headers=headers)

    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == ORIGIN
    assert response.headers["access-control-allow-headers"] == ASKED
    assert "POST" in response.headers["access-control-allow-methods"]
    assert int(response.headers["access-control-max-age"]) > 0


def test_the_management_api_takes_no_calls_from_other_origins(server: Running) -> None:
    headers = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}

    preflight = server.client.options("/api/segments", headers=headers)
    answer = server.ask("/api/segments")

    assert "access-control-allow-origin" not in preflight.headers
    assert "access-control-allow-origin" not in answer.headers


def test_no_path_redirects(server: Running) -> None:
    """A redirect counts as success to some SDKs, and the events are lost."""
    for path in ("/v1/track/", "/batch", "/e", "/flags", "/api/surveys", "/healthz/", "/nothing/"):
        for method in ("GET", "POST"):
            response = server.client.request(method, path, follow_redirects=False)
            assert not 300 <= response.status_code < 400, (method, path)


def _is_trouble(response: httpx.Response, code: str) -> None:
    body = response.json()
    assert response.headers["content-type"].startswith("application/json")
    assert body["code"] == code
    assert all(isinstance(body[name], str) for name in ("code", "message", "detail", "hint"))


# ---------------------------------------------------------------------------------------- erasure


def test_whoever_comes_back_after_an_erasure_is_linked_anew(tmp_path: Path) -> None:
    """Nothing is remembered of them: neither that their ids are linked, nor what was told."""
    both = {"userId": "back", "anonymousId": "back-anon", "event": "buy"}
    with running(tmp_path) as server:
        store, feed = server.serving.store, server.serving.feed
        for turn in ("before", "after"):
            for n in range(2):
                sent = server.send("/v1/track", json={**both, "messageId": f"{turn}-{n}"})
                assert sent.status_code == 200
            assert store.distinct_ids("back") == ("back", "back-anon")
            assert {one.event: one.count for one in store.summaries()} == {
                "$identify": 1,
                "buy": 2,
            }
            assert server.serving.live.erase("back").result(30).remaining == 0
            assert feed.after(feed.next_transition - 2, 10) is None
