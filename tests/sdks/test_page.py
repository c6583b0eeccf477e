"""docs/send-events.md: every example on it does what it says, with a real server at its address."""

import re
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.docs.pages import page
from tests.sdks import javascript
from tests.sdks.relay import Relay
from tests.sdks.served import Served, eventually
from tests.sdks.servers import Ids
from tests.sdks.site import Site
from tests.sdks.tab import Tab

PAGE = page("send-events.md")
BLOCKS = {block.title: block for block in PAGE.blocks if block.title}
ADDRESS, SOMEBODY = "https://segue.example.com", "ada"


@pytest.fixture
def shown(served: Served, relay: Relay, ids: Ids) -> Callable[[str], str]:
    """What stands in the block with a title: the real address, keys and a person of this test."""

    def text(title: str) -> str:
        found = BLOCKS[title].body
        for word, value in {
            ADDRESS: relay.url,
            "WRITE_KEY": served.write_key,
            "SECRET_KEY": served.secret_key,
            SOMEBODY: ids.person,
        }.items():
            found = found.replace(word, value)
        return found

    return text


SIGNED_UP = {"Signed Up": 1}


@pytest.mark.parametrize("title", ["with_segment.py", "with_rudder.py", "with_posthog.py"])
def test_two_lines_of_python(
    title: str, shown: Callable[[str], str], served: Served, ids: Ids
) -> None:
    """Run as a script of its own."""
    subprocess.run([sys.executable, "-c", shown(title)], check=True, timeout=60)

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
