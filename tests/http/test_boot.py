"""What SDKs ask before they send anything."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator

import pytest

from tests.http.running import WRITE_KEY, Running, running

ORIGIN = {"Origin": "https://shop.example"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("shop")) as server:
        yield server


def test_analytics_next_learns_where_to_send(server: Running) -> None:
    response = server.client.get(f"/v1/projects/{WRITE_KEY}/settings", headers=ORIGIN)

    segment = response.json()["integrations"]["Segment.io"]
    assert segment["apiKey"] == WRITE_KEY
    assert f"{segment['protocol']}://{segment['apiHost']}" == f"{server.address}/v1"
    assert response.headers["access-control-allow-origin"] == ORIGIN["Origin"]


@pytest.mark.parametrize("path", ["/sourceConfig/", "/sourceConfig"])
def test_rudder_learns_of_its_source(server: Running, path: str) -> None:
    by_query = server.client.get(path, params={"writeKey": WRITE_KEY, "p": "npm"})
    by_name = server.client.get(path, auth=(WRITE_KEY, ""))

    for response in (by_query, by_name):
        source = response.json()["source"]
        assert (source["writeKey"], source["enabled"], source["destinations"]) == (
            WRITE_KEY,
            True,
            [],
        )


def test_posthog_learns_how_to_behave(server: Running) -> None:
    """It names no surveys: were it false, a script would be fetched that is not there."""
    config = server.client.get(f"/array/{WRITE_KEY}/config").json()

    assert config["hasFeatureFlags"] is False
    assert config["sessionRecording"] is False
    assert "gzip-js" in config["supportedCompression"]
    assert "surveys" not in config


def test_the_script_of_posthog_runs(server: Running) -> None:
    """In a real engine, where it leaves what the JSON says."""
    response = server.client.get(f"/array/{WRITE_KEY}/config.js")
    assert response.headers["content-type"].startswith("text/javascript")
    script = f"var window = {{}}; {response.text}; console.log(JSON.stringify(window))"

    done = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True)

    said = json.loads(done.stdout)["_POSTHOG_REMOTE_CONFIG"][WRITE_KEY]
    assert said["config"] == server.client.get(f"/array/{WRITE_KEY}/config").json()


@pytest.mark.parametrize(
    "path",
    [
        "/v1/projects/wrong/settings",
        "/sourceConfig/?writeKey=wrong",
        "/sourceConfig/",
        "/array/wrong/config",
        "/array/wrong/config.js",
    ],
)
def test_an_unknown_key_is_told_early(server: Running, path: str) -> None:
    response = server.client.get(path, headers=ORIGIN)

    assert response.status_code == 401
    assert {"code", "message"} <= response.json().keys()
    assert response.headers["access-control-allow-origin"] == ORIGIN["Origin"]


ANSWERS = [
    ("POST", "/flags/?v=2", "flags", {}),
    ("POST", "/flags", "errorsWhileComputingFlags", False),
    ("POST", "/decide/?v=3", "featureFlags", {}),
    ("POST", "/decide", "sessionRecording", False),
    ("GET", "/flags/definitions", "flags", []),
    ("GET", "/api/surveys/?token=x", "surveys", []),
    ("GET", "/api/early_access_features/?token=x", "earlyAccessFeatures", []),
    ("GET", "/api/web_experiments/", "experiments", []),
    ("GET", "/api/product_tours/", "product_tours", []),
]


@pytest.mark.parametrize(("method", "path", "field", "value"), ANSWERS)
def test_what_segue_does_not_have_is_none(
    server: Running, method: str, path: str, field: str, value: object
) -> None:
    """Whatever the body is: it is not looked at."""
    content = b"\x1f\x8b gzip or not" if method == "POST" else None
    response = server.client.request(method, path, content=content, headers=ORIGIN)

    assert response.status_code == 200
    assert response.json()[field] == value
    assert response.headers["access-control-allow-origin"] == ORIGIN["Origin"]
