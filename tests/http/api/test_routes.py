"""Every route: its answer in the OpenAPI document, who may ask, and what is said of wrong calls."""

from __future__ import annotations

import json

import httpx
import pyarrow as pa
import pyarrow.parquet
import pytest

from segue.domain.instant import DAY, format_instant
from tests.http.api.conftest import Shop, furnish


def _is_ours(path: str) -> bool:
    """Whether the path is of this API; webhooks have tests of their own."""
    return path.startswith("/api/") and not path.startswith("/api/webhooks")


def test_every_route_is_described_with_its_errors(shop: Shop) -> None:
    """A model of the answer, and the one shape of every error."""
    document = httpx.get(f"{shop.address}/openapi.json", timeout=60).json()
    lacking = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            answers = operation.get("responses", {})
            good = [one for code, one in answers.items() if code.startswith("2")]
            errors = json.dumps(
                {code: one for code, one in answers.items() if code.startswith("4")}
            )
            described = (
                any(
                    content.get("schema") not in (None, {})
                    for one in good
                    for content in one.get("content", {}).values()
                )
                or "204" in answers
            )
            if _is_ours(path) and not (described and "Trouble" in errors):
                lacking.append(f"{method} {path}")

    assert not lacking
    assert len([path for path in document["paths"] if _is_ours(path)]) >= 18


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/api/people/nobody", None, 404, "not_found"),
        ("GET", "/api/people/nobody/segments", None, 404, "not_found"),
        ("GET", "/api/people/nobody/events", None, 404, "not_found"),
        ("GET", "/api/people/nobody/export", None, 404, "not_found"),
        ("DELETE", "/api/people/nobody", None, 404, "not_found"),
        ("GET", "/api/people", None, 422, "malformed"),
        ("GET", "/api/people?query=", None, 422, "malformed"),
        ("GET", "/api/people/ada/events?cursor=x", None, 400, "usage"),
        ("GET", "/api/people/ada/events?limit=0", None, 422, "malformed"),
        ("GET", "/api/segments/nothing", None, 404, "not_found"),
        ("GET", "/api/segments/nothing/members", None, 404, "not_found"),
        ("GET", "/api/segments/nothing/history", None, 404, "not_found"),
        ("GET", "/api/segments/nothing/explain/ada", None, 404, "not_found"),
        ("GET", "/api/segments/buyers/explain/nobody", None, 404, "not_found"),
        ("GET", "/api/segments/buyers/members?at=yesterday", None, 400, "usage"),
        ("GET", "/api/segments/buyers/history?from=1970-01-01&to=2026-01-01", None, 400, "usage"),
        ("POST", "/api/preview", {"when": "did look withn 5 days"}, 400, "definition"),
        ("POST", "/api/preview", {"when": "in nothing"}, 400, "definition"),
        ("POST", "/api/preview", {}, 422, "malformed"),
        ("PUT", "/api/segments/new", {"when": "did"}, 400, "definition"),
        ("PUT", "/api/segments/journey.paying", {"when": "everyone"}, 400, "usage"),
        ("DELETE", "/api/segments/nothing", None, 404, "not_found"),
        ("PUT", "/api/definitions", {"text": "segments: ["}, 400, "definition"),
        ("PUT", "/api/definitions", {"text": "timezone: Asia/Tokyo"}, 400, "usage"),
        ("GET", "/api/export/nothing.csv", None, 422, "malformed"),
        ("GET", "/api/export/members.doc", None, 422, "malformed"),
        ("GET", "/api/export/members.csv?segment=nothing", None, 404, "not_found"),
        ("POST", "/api/import?format=xls", None, 422, "malformed"),
        ("POST", "/api/import", None, 400, "usage"),
        ("POST", "/api/import?format=csv&columns=who", None, 400, "usage"),
    ],
)
def test_wrong_calls_are_told_what_is_wrong(shop: Shop, method, path, body, status, code) -> None:
    response = shop.client.request(method, path, json=body)
    said = response.json()

    assert (response.status_code, said["code"]) == (status, code)
    assert said["message"]
    assert {"detail", "hint"} <= said.keys()


@pytest.mark.parametrize("path", ["/api/segments", "/api/people/ada/segments", "/api/transitions"])
def test_only_secret_keys_read(shop: Shop, path: str) -> None:
    keys = shop.serving.store.keys()
    write_key = next(key.text for key in keys if key.text)

    assert httpx.get(shop.address + path, timeout=60).status_code == 401
    headers = {"authorization": f"Bearer {write_key}"}
    assert httpx.get(shop.address + path, headers=headers, timeout=60).status_code == 403


def test_a_person_at_a_glance(shop: Shop) -> None:
    """By any of their ids: who, since when, which traits, where they stand and why."""
    found = shop.json("/api/people/anon-1", events=2)

    assert found["person_id"] == "ada"
    assert found["distinct_ids"] == ["ada", "anon-1"]
    assert {name: one["value"] for name, one in found["traits"].items()} == {
        "email": "ada@shop.test",
        "plan": "pro",
    }
    assert found["stage"] == "paying"
    assert {one["segment_id"]: one["why"] for one in found["segments"]}["buyers"] == "has purchased"
    assert [one["event"] for one in found["events"]] == ["purchase", "$set"]
    assert found["first_seen"] < found["last_seen"]


def test_the_hot_lookup_says_the_same(shop: Shop) -> None:
    glance = shop.json("/api/people/ada")
    standing = shop.json("/api/people/anon-1/segments")

    assert standing["person_id"] == "ada"
    assert standing["segments"] == [
        {key: one[key] for key in ("segment_id", "since", "until")} for one in glance["segments"]
    ]


def test_pages_of_events_hold_each_once(shop: Shop) -> None:
    found, cursor = [], None
    while True:
        query = {"limit": 2} if cursor is None else {"limit": 2, "cursor": cursor}
        page = shop.json("/api/people/ada/events", **query)
        found += [one["event"] for one in page["events"]]
        cursor = page["cursor"]
        if cursor is None:
            break

    assert found == ["purchase", "$set", "$identify", "look"]


@pytest.mark.parametrize(
    ("query", "people"),
    [("an", ["ada"]), ("ben@shop.test", ["ben"]), ("b", ["ben"]), ("ben@shop", []), ("zz", [])],
)
def test_people_are_found(shop: Shop, query: str, people: list[str]) -> None:
    found = shop.json("/api/people", query=query)["people"]

    assert [one["person_id"] for one in found] == people


def test_members_as_of_any_instant(shop: Shop) -> None:
    before = format_instant(shop.now - 58 * DAY)
    now = shop.json("/api/segments/lookers/members")
    then = shop.json("/api/segments/lookers/members", at=before)

    assert [one["person_id"] for one in now["members"]] == ["ben"]
    assert [one["person_id"] for one in then["members"]] == ["cat"]


def test_history_ends_with_the_size_of_now(shop: Shop) -> None:
    days = shop.json("/api/segments/lookers/history")["days"]
    tried = shop.client.post(
        "/api/preview", json={"when": "did look within 7 days and did not buy"}
    ).json()

    assert len(days) == 28
    assert days[-1]["size"] == 1 == tried["size"]
    assert days == tried["days"]
    assert tried["sample"] == ["ben"]


def test_a_doubtful_condition_is_previewed_with_its_doubts(shop: Shop) -> None:
    tried = shop.client.post("/api/preview", json={"when": "did loook"}).json()

    assert tried["size"] == 0
    assert tried["warnings"][0]["caret"] == "    ^"
    assert "loook" in tried["warnings"][0]["message"]


@pytest.mark.parametrize("form", ["arrow", "parquet", "csv", "ndjson"])
@pytest.mark.parametrize(
    ("what", "rows"), [("members", 5), ("memberships", 8), ("transitions", 11), ("events", 7)]
)
def test_exports_hold_every_row(shop: Shop, what: str, rows: int, form: str) -> None:
    response = shop.get(f"/api/export/{what}.{form}")
    content = response.content
    if form == "arrow":
        count = pa.ipc.open_stream(content).read_all().num_rows
    elif form == "parquet":
        count = pyarrow.parquet.read_table(pa.BufferReader(content)).num_rows
    else:
        count = content.count(b"\n") - (form == "csv")

    assert response.status_code == 200
    assert count == rows


def test_what_is_exported_is_imported_again(empty: Shop) -> None:
    """Imported events change memberships, and nothing may act upon that."""
    furnish(empty)
    content = empty.get("/api/export/events.ndjson").content.replace(b'"cat', b'"dora')
    response = empty.client.post("/api/import?format=ndjson", content=content)

    assert response.json() == {"rows": 7, "events": 7, "rejected": 0, "reasons": {}}
    assert empty.json("/api/people/dora/segments")["person_id"] == "dora"
    caused = empty.json("/api/transitions", limit=1000)["transitions"]
    assert not any(one["live"] for one in caused if one["person_id"] == "dora")


def test_an_erased_person_is_gone(empty: Shop) -> None:
    furnish(empty)
    proof = empty.client.delete("/api/people/anon-1").json()

    assert proof["person_id"] == "ada"
    assert proof["remaining"] == 0
    assert empty.get("/api/people/ada").status_code == 404
    assert empty.get("/api/people/ben").status_code == 200


def test_a_segment_is_changed_in_place(empty: Shop) -> None:
    """Comments and order stay, the new meaning is in force at once, the version is kept."""
    furnish(empty)
    path = empty.serving.workspace.definitions
    before = path.read_text()
    saved = empty.client.put("/api/segments/buyers", json={"when": "did look"})

    assert saved.status_code == 200
    assert path.read_text() == before.replace(
        "    kind: purchase\n    when: did buy\n", "    when: did look\n"
    ).replace('    title: "Buyers"   # shown in the studio\n', "")
    assert empty.json("/api/segments/buyers")["size"] == 3
    assert empty.json("/api/segments/buyers")["version"] == 2
    assert len(empty.json("/api/definitions/versions")["versions"]) >= 1
    assert empty.client.delete("/api/segments/buyers").status_code == 200
    assert empty.get("/api/segments/buyers").status_code == 404


def test_a_read_only_file_gets_a_proposal(empty: Shop) -> None:
    path = empty.serving.workspace.definitions
    path.chmod(0o444)
    before = path.read_text()
    response = empty.client.put("/api/segments/new", json={"when": "did look"})

    assert response.status_code == 409
    assert response.json()["code"] == "not_writable"
    assert "+  new:\n+    when: did look\n" in response.json()["diff"]
    assert path.read_text() == before


def test_names_are_counted(shop: Shop) -> None:
    found = shop.json("/api/catalog")

    assert found["events"][0]["event"] == "look"
    assert found["traits"] == ["age", "email", "plan"]
