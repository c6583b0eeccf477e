"""A real server, a relay in front of it, a web site, a browser: each test with its own ids."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.sdks.relay import Relay
from tests.sdks.served import PATIENCE, Served
from tests.sdks.servers import Ids
from tests.sdks.site import Site
from tests.sdks.tab import Tab


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A workspace of its own, served by a process of its own."""
    with Served.starting(tmp_path_factory.mktemp("served")) as served:
        yield served


@pytest.fixture
def relay(served: Served) -> Iterator[Relay]:
    """What the SDKs of this test are pointed at."""
    with Relay(served.url).running() as relay:
        yield relay


@pytest.fixture
def ids(request: pytest.FixtureRequest) -> Ids:
    """Ids that only this test uses."""
    return Ids.of(re.sub(r"\W+", "-", request.node.name).strip("-"))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A web site of another origin than the server's."""
    folder = tmp_path / "site"
    folder.mkdir()
    with Site(folder).running() as site:
        yield site


@pytest.fixture
def tab(chromium: Browser) -> Iterator[Tab]:
    """A tab with a profile of its own, whose browser does not say that it is driven."""
    plain = f"Mozilla/5.0 (X11; Linux x86_64) Chrome/{chromium.version} Safari/537.36"
    context = chromium.new_context(user_agent=plain)
    context.set_default_timeout(PATIENCE * 1000)
    yield Tab(context)
    context.close()
