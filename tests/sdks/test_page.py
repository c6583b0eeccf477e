"""docs/send-events.md: every example on it does what it says, with a real server at its address."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from segue.language.parse import parse_condition
from segue.language.project import load_project
from tests.docs.pages import page
from tests.sdks import javascript
from tests.sdks.relay import Relay
from tests.sdks.served import PATIENCE, Served, eventually
from tests.sdks.servers import Ids
from tests.sdks.site import Site
from tests.sdks.tab import Tab

PAGE = page("send-events.md")
BLOCKS = {block.title: block for block in PAGE.blocks if block.title}
ADDRESS, SOMEBODY = "https://segue.example.com", "ada"


def _shown(title: str, **real: str) -> str:
    """What stands in the block with a title, with what is real in the place of what is shown."""
    found = BLOCKS[title].body
    for word, value in real.items():
        found = found.replace({"address": ADDRESS, "person": SOMEBODY}.get(word, word), value)
    return found


@pytest.fixture
def shown(served: Served, relay: Relay, ids: Ids) -> Callable[[str], str]:
    """What stands in the block with a title: the real address, keys and a person of this test."""
    return partial(
        _shown,
        address=relay.url,
        person=ids.person,
        WRITE_KEY=served.write_key,
        SECRET_KEY=served.secret_key,
    )


SIGNED_UP = {"Signed Up": 1}


@pytest.mark.parametrize("title", ["with_segment.py", "with_rudder.py", "with_posthog.py"])
def test_two_lines_of_python(
    title: str, shown: Callable[[str], str], served: Served, ids: Ids
) -> None:
    """Run as a script of its own, where the environment names somebody else's server."""
    elsewhere = {**os.environ, "TEST_DATA_PLANE_URL": "http://127.0.0.1:9"}
    script = [sys.executable, "-c", shown(title)]
    subprocess.run(script, check=True, timeout=PATIENCE, env=elsewhere)

    assert served.counts(ids.person) == SIGNED_UP


def test_two_lines_of_node(shown: Callable[[str], str], served: Served, ids: Ids) -> None:
    """Run as a module of its own."""
    done = javascript.run(shown("server.mjs"))

    assert (done.returncode, done.stderr) == (0, "")
    assert served.counts(ids.person) == SIGNED_UP


@pytest.mark.parametrize("title", ["segment-web.js", "posthog-web.js", "rudder-web.js"])
def test_two_lines_of_a_web_page(
    title: str,
    shown: Callable[[str], str],
    served: Served,
    relay: Relay,
    site: Site,
    tab: Tab,
) -> None:
    """Run in a page: its view arrives, and the page stays quiet."""
    tab.open(site.page("pricing", shown(title)))

    def views() -> int:
        return sum(served.counts(visitor).get("$pageview", 0) for visitor in _visitors(relay))

    assert eventually(views, 1) == 1
    assert not tab.wrongs


def _visitors(relay: Relay) -> set[str]:
    """The ids that a library made for whoever looks at the page."""
    ids = re.compile(r'"(?:anonymousId|distinct_id)": ?"([^"]+)"')
    return {found for one in relay.sent() for found in ids.findall(one.text)}


def _curl(command: str) -> httpx.Response:
    """What curl would hear: the options that the page uses, and no others."""
    program, address, *options = shlex.split(command)
    assert program == "curl"
    given = dict(zip(options[::2], options[1::2], strict=True))
    data, key, header = (given.pop(option, "") for option in ("-d", "-u", "-H"))
    assert not given
    name, _, value = header.partition(": ")
    headers = {name: value} if name else {}
    if not data:
        return httpx.get(address, headers=headers, timeout=PATIENCE)
    form = {"Content-Type": "application/x-www-form-urlencoded"}  # as curl says it
    who, _, password = key.partition(":")
    return httpx.post(
        address, content=data, headers=headers | form, auth=(who, password), timeout=PATIENCE
    )


def test_without_any_library(shown: Callable[[str], str], served: Served, ids: Ids) -> None:
    """What curl sends twice is stored once."""
    answers = [_curl(shown("curl")) for _ in range(2)]

    assert [(one.status_code, one.json()) for one in answers] == [(200, {"success": True})] * 2
    assert [str(event.occurred_at) for event in served.events(ids.person)] == [
        "2026-05-03 14:00:00+00:00"
    ]


def test_what_is_rejected_is_shown(shown: Callable[[str], str], served: Served, ids: Ids) -> None:
    """With the reason, and the beginning of what was sent."""
    unnamed = {"userId": ids.person, "messageId": ids.former}
    key = (served.write_key, "")
    httpx.post(f"{served.url}/v1/track", json=unnamed, auth=key, timeout=PATIENCE)

    def excerpts() -> list[str]:
        rejected = _curl(shown("rejected")).json()["rejected"]
        return [one["excerpt"] for one in rejected if one["message_id"] == ids.former]

    sent = [json.dumps(unnamed, separators=(",", ":"))]
    assert eventually(excerpts, sent) == sent


def test_the_rest_of_the_page_can_be_read_by_segue(tmp_path: Path) -> None:
    """Conditions parse, and parts of the project file fit into one."""
    written = [block.body for block in PAGE.blocks if block.kind == "yaml"]
    project = tmp_path / "segue.yaml"
    project.write_text("".join(written), encoding="utf-8")
    conditions = [block.body for block in PAGE.blocks if block.kind == "segue"]

    assert load_project(project).identity.proof == "warn"
    assert [str(parse_condition(condition)) for condition in conditions]


def test_who_somebody_is_can_be_proven(tmp_path: Path, site: Site, tab: Tab, ids: Ids) -> None:
    """Where proofs are enforced, one proves who it was made for, and nobody else."""
    project = next(block.body for block in PAGE.blocks if "proof: warn" in block.body)
    with Served.starting(tmp_path, project=project.replace("warn", "enforce")) as served:
        shown = partial(_shown, address=served.url, WRITE_KEY=served.write_key)
        keys = _curl(shown("keys", SECRET_KEY=served.secret_key)).json()["keys"]
        secret = next(key["signing_secret"] for key in keys if key["text"] == served.write_key)
        names: dict[str, Any] = {}
        exec(BLOCKS["proof.py"].body, names)
        proof = names["proof"](secret, ids.person)

        for person in (ids.person, ids.former):
            tab.open(site.page("pricing", shown("proven.js", person=person, PROOF=proof)))
            eventually(lambda: bool(served.counts(ids.person)), True)

        refused = [("identity_not_proven", "browser")]
        assert eventually(lambda: [*served.rejected().values()], refused) == refused
        assert served.counts(ids.person) == {"$identify": 1}
        assert served.counts(ids.former) == {}
