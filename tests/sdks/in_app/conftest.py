"""One server for all tests of this folder, a strict site, and visitors with ids of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.http.running import WRITE_KEY
from tests.sdks.in_app.campaigns import CAMPAIGNS
from tests.sdks.in_app.offering import Offering, offering
from tests.sdks.in_app.pages import StrictSite
from tests.sdks.in_app.visitor import Visitor


@pytest.fixture(scope="session")
def offers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Offering]:
    """A server with every look and every kind of question."""
    with offering(tmp_path_factory.mktemp("pages") / "workspace", CAMPAIGNS) as served:
        yield served


@pytest.fixture
def strict(offers: Offering) -> Iterator[StrictSite]:
    """A site that allows nothing but what the SDK needs."""
    with StrictSite(offers.address, WRITE_KEY).running() as site:
        yield site


@pytest.fixture
def who(request: pytest.FixtureRequest) -> str:
    """An id that only this test uses."""
    return re.sub(r"\W+", "-", request.node.name).strip("-").lower()


@pytest.fixture
def visitor(chromium: Browser, strict: StrictSite, offers: Offering, who: str) -> Iterator[Visitor]:
    """Somebody who is known to the server already, and looks at the site with a browser."""
    offers.did(who, "$pageview")
    with Visitor.arriving(chromium, strict, offers, who) as visitor:
        yield visitor
