"""What pages are told: by whom they are asked, how sure that is, and how it gets there."""

from __future__ import annotations

import gzip
import json
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from segue.adapters.duckdb_store import DuckDBStore
from segue.adapters.wire import sign
from segue.bootstrap import environment
from segue.bootstrap.settings import Limits, Settings
from segue.domain.campaigns import State
from segue.domain.instant import HOUR
from segue.http import pushing
from tests.http.running import WRITE_KEY, running
from tests.sdks.in_app.campaigns import CAMPAIGNS
from tests.sdks.in_app.offering import SEGMENTS, Offering, offering

ANONYMOUS = "0b8e4d52-9b7d-4a7b-8c1d-2e3fb5d0a7e4"


@pytest.fixture(scope="module")
def offers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Offering]:
    """A server at which nobody has to prove who they are."""
    with offering(tmp_path_factory.mktemp("decide") / "workspace", CAMPAIGNS) as served:
        yield served


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Offering]:
    """A server at which everybody has to."""
    folder = tmp_path_factory.mktemp("strict") / "workspace"
    with offering(folder, CAMPAIGNS, segments=f"{SEGMENTS}identity: {{proof: enforce}}\n") as made:
        yield made


def _token(served: Offering, user: str, expires_at: int | None = None) -> str:
    key = served.running.context.keys.find(WRITE_KEY)
    assert key is not None
    assert key.signing_secret is not None
    at = environment.now() + HOUR if expires_at is None else expires_at
    return sign(key.signing_secret.encode(), user, at)


def _known(served: Offering, user: str, anonymous: str = "") -> None:
    """Somebody with an offer, known under an id, and perhaps in a browser."""
    message: dict[str, Any] = {"userId": user, "event": "$pageview"}
    proof = {"context": {"segue": {"proof": _token(served, user)}}}
    linked = {"anonymousId": anonymous} if anonymous else {}
    served.running.send("/v1/track", json=message | linked | proof).raise_for_status()
    served.offer("card", user)


# ------------------------------------------------------------------------------------ the question


def test_an_answer_has_a_mark_and_is_not_sent_twice(offers: Offering) -> None:
    """And nobody in between keeps it."""
    offers.did("etag", "$pageview")
    offers.offer("card", "etag")

    first = offers.ask(userId="etag")
    same = offers.ask(userId="etag", etag=first.json()["etag"])

    assert (first.status_code, first.headers["cache-control"]) == (200, "no-store")
    assert (same.status_code, same.content) == (304, b"")
    assert first.json()["ttl"] == 300
    assert [one["campaign_id"] for one in first.json()["items"]] == ["card"]


def test_what_was_told_is_told_again_without_reading(
    offers: Offering, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until something changes: then it is read anew."""
    offers.did("again", "$pageview")
    offers.offer("card", "again")
    (first,) = offers.items(userId="again")

    with monkeypatch.context() as patched:
        patched.setattr(DuckDBStore, "theirs", None)
        assert offers.items(userId="again") == [first]

    offers.offer("banner", "again")
    assert len(offers.items(userId="again")) == 2


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"no json", 400, "input"),
        (b'{"writeKey": "wk_test", "seen": "d1"}', 400, "input"),
        (b'{"anonymousId": "x"}', 401, "missing_key"),
        (b'{"writeKey": "unknown"}', 401, "invalid_write_key"),
        (b'{"writeKey": "wk_test", "x": "' + b"x" * 17_000 + b'"}', 413, "too_large"),
        (b'{"writeKey": "wk_test"}', 200, ""),
        (b'{"writeKey": "wk_test", "anonymousId": "' + b"x" * 300 + b'"}', 200, ""),
    ],
)
def test_questions_that_are_none(offers: Offering, body: bytes, status: int, code: str) -> None:
    """Are refused in the shape of all errors, where a page can read it."""
    answer = offers.running.client.post(
        "/v1/decide", content=body, headers={"origin": "https://acme.test"}
    )

    assert (answer.status_code, answer.json().get("code", "")) == (status, code)
    assert answer.headers["access-control-allow-origin"] == "https://acme.test"


def test_a_question_is_posted(offers: Offering) -> None:
    """And a stream is got."""
    assert offers.running.client.get("/v1/decide").status_code == 405
    assert offers.running.client.post("/v1/decide/stream").status_code == 405


def test_pages_may_ask_only_so_often(tmp_path: Path) -> None:
    """Each key for itself."""
    limits = Limits(decisions_per_second=1, decision_burst=3)
    settings = Settings(port=0, write_key=WRITE_KEY, limits=limits)
    with running(tmp_path / "w", settings, definitions=SEGMENTS) as served:
        asked = [Offering(served).ask(anonymousId="x") for _ in range(5)]

    assert [one.status_code for one in asked[:3]] == [200] * 3
    assert (asked[-1].status_code, asked[-1].json()["code"]) == (429, "rate_limited")
    assert int(asked[-1].headers["retry-after"]) >= 1


# ------------------------------------------------------------------------------------------ who


def test_nobody_learns_who_is_known(strict: Offering) -> None:
    """With a write key alone: people with an offer, people without, and nobody look the same,
    whatever is claimed."""
    browser = str(uuid.uuid4())
    _known(strict, "ada@acme.test", browser)
    _known(strict, "ben@acme.test")
    strict.running.send(
        "/v1/track", json={"anonymousId": "visitor-7", "event": "$pageview"}
    ).raise_for_status()
    token = _token(strict, "ben@acme.test")
    asked = [
        {},
        {"anonymousId": str(uuid.uuid4())},
        {"userId": "nobody@acme.test"},
        {"userId": "ada@acme.test"},
        {"userId": "ada@acme.test", "userToken": token},
        {"userId": "ada@acme.test", "userToken": _token(strict, "ada@acme.test", HOUR)},
        {"userId": "ada@acme.test", "userToken": "x" * 2000},
        {"anonymousId": "ada@acme.test"},
        {"anonymousId": "ben@acme.test"},
        {"anonymousId": "visitor-7"},
        {"userId": "ada@acme.test", "anonymousId": "ben@acme.test"},
    ]

    answers = [strict.ask(stream=False, **one) for one in asked]

    seen = {(one.status_code, one.text, frozenset(_telling(one))) for one in answers}
    assert len(seen) == 1
    assert json.loads(answers[0].text)["items"] == []
    assert strict.items(userId="ada@acme.test", userToken=_token(strict, "ada@acme.test"))
    assert strict.items(anonymousId=browser)


def _telling(answer: httpx.Response) -> list[tuple[str, str]]:
    return [one for one in answer.headers.items() if one[0] not in {"date", "x-request-id"}]


def test_a_known_person_whose_id_is_a_uuid_is_no_anonymous_one(strict: Offering) -> None:
    """An id of an account is not taken in the place of one that a browser made."""
    account, browser = str(uuid.uuid4()), str(uuid.uuid4())
    _known(strict, account, browser)

    assert strict.items(anonymousId=account) == []
    assert strict.items(anonymousId=browser) != []


@pytest.mark.parametrize(
    ("question", "identity"),
    [
        ({"anonymousId": ANONYMOUS}, "anonymous"),
        ({"userId": "sure"}, "unverified"),
        ({"userId": "sure", "userToken": "wrong"}, "unverified"),
        ({"userId": "sure", "userToken": "TOKEN"}, "verified"),
    ],
)
def test_how_sure_it_is_is_said(offers: Offering, question: dict[str, str], identity: str) -> None:
    """Of whoever asks, known or not."""
    token = _token(offers, "sure")
    given = {key: value.replace("TOKEN", token) for key, value in question.items()}

    assert offers.ask(**given).json()["identity"] == identity


def test_who_is_held_out_is_told_no_words(offers: Offering) -> None:
    """Only when they would have been."""
    offers.did("held", "$pageview")
    offers.offer("on_event", "held", state=State.HELD_OUT)

    (told,) = offers.items(userId="held")

    assert told["control"] is True
    assert not {"heading", "body", "button", "url"} & set(told)


# -------------------------------------------------------------------------------------- the stream


def _stream(offers: Offering, ticket: str) -> Any:
    path = f"{offers.address}/v1/decide/stream?ticket={ticket}"
    return httpx.stream("GET", path, timeout=60)


def _next(lines: Iterator[str]) -> list[str]:
    """The campaigns of the next decision."""
    line = next(one for one in lines if one.startswith("data: "))
    return [one["campaign_id"] for one in json.loads(line[6:])["items"]]


@pytest.mark.parametrize("known", [True, False])
def test_a_fresh_decision_within_a_second(offers: Offering, known: bool) -> None:
    """Also for somebody whom nobody knew when they began to listen."""
    who = f"listens-{known}"
    if known:
        offers.did(who, "$pageview")
    ticket = offers.ask(anonymousId=who, stream=True).headers["segue-ticket"]

    with _stream(offers, ticket) as stream:
        lines = stream.iter_lines()
        assert stream.headers["content-type"].startswith("text/event-stream")
        assert next(lines).startswith("retry")
        if not known:
            offers.did(who, "$pageview")
        began = time.monotonic()
        made = offers.offer("card", who)
        assert _next(lines) == ["card"]
        assert time.monotonic() - began < 1
        offers.change(made, state=State.REFUSED)
        assert _next(lines) == []


def test_a_ticket_says_nothing_and_is_good_once(
    offers: Offering, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not for long."""
    ticket = offers.ask(userId="somebody", stream=True).headers["segue-ticket"]
    assert "somebody" not in ticket
    assert ticket.isascii()

    with _stream(offers, ticket) as stream:
        assert stream.status_code == 200
        for wrong in (ticket, "", "x" * 24):
            refused = offers.running.client.get(f"/v1/decide/stream?ticket={wrong}")
            assert (refused.status_code, refused.json()["code"]) == (403, "no_ticket")
    monkeypatch.setattr(pushing, "TICKET_LIVES", 0)
    late = offers.ask(userId="somebody", stream=True).headers["segue-ticket"]
    assert offers.running.client.get(f"/v1/decide/stream?ticket={late}").status_code == 403


def test_only_so_many_listen(tmp_path: Path) -> None:
    """Whoever comes later asks now and then."""
    settings = Settings(port=0, write_key=WRITE_KEY, limits=Limits(pushing=1))
    with running(tmp_path / "w", settings, definitions=SEGMENTS) as served:
        offers = Offering(served)
        first, second = (
            offers.ask(anonymousId="x", stream=True).headers["segue-ticket"] for _ in range(2)
        )
        with _stream(offers, first) as stream:
            lines = stream.iter_lines()  # it ends when nobody holds it
            assert next(lines)
            refused = served.client.get(f"/v1/decide/stream?ticket={second}")

    assert (refused.status_code, refused.json()["code"]) == (429, "busy")


# ------------------------------------------------------------------------------------------ operators


def test_operators_see_what_a_person_is_shown(offers: Offering) -> None:
    """Of every campaign and survey; with the secret key only."""
    offers.did("traced", "$pageview")
    offers.offer("first", "traced")

    found = offers.running.ask("/api/people/traced/offers").json()
    by_id = {one["campaign_id"]: one for one in found["offers"]}

    assert found["person_id"] == "traced"
    assert set(by_id) == set(offers.campaigns)
    assert (by_id["first"]["shown"], by_id["first"]["why"]) == (
        True,
        "shown when the page is ready",
    )
    assert by_id["nps"]["kind"] == "survey"
    assert by_id["nps"]["why"].startswith("not shown because ")
    assert offers.running.send("/api/people/traced/offers").status_code in {401, 403, 405}
    assert offers.running.ask("/api/people/nobody/offers").status_code == 404


# ---------------------------------------------------------------------------------------- the script


@pytest.mark.parametrize("path", ["/sdk.js", "/sdk/messages.js"])
def test_the_script_is_kept_by_browsers(offers: Offering, path: str) -> None:
    """For long where it is asked for by its version; pages elsewhere may use it."""
    client = offers.running.client
    plain = client.get(path, headers={"accept-encoding": "identity"})
    packed = client.get(path, headers={"origin": "https://acme.test"})
    mark = plain.headers["etag"]

    assert plain.headers["content-type"] == "text/javascript; charset=utf-8"
    assert plain.headers["access-control-allow-origin"] == "*"
    assert packed.headers.get_list("access-control-allow-origin") == ["https://acme.test"]
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content
    assert len(gzip.compress(plain.content)) < len(plain.content)
    assert "max-age=300" in plain.headers["cache-control"]
    versioned = client.get(path, params={"v": mark.strip('"')})
    assert "immutable" in versioned.headers["cache-control"]
    assert client.get(path, headers={"if-none-match": mark}).status_code == 304
