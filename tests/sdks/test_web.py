"""The SDKs of web pages in a real browser, against a real `segue serve` of another origin."""

from dataclasses import dataclass

import pytest

from tests.sdks.relay import Relay, Trouble
from tests.sdks.served import Served, eventually
from tests.sdks.servers import Ids
from tests.sdks.site import Site
from tests.sdks.tab import Tab
from tests.sdks.web import WEB_SDKS, WebSdk


@dataclass(frozen=True)
class Visit:
    """Somebody on the site, in one tab."""

    sdk: WebSdk
    served: Served
    relay: Relay
    site: Site
    tab: Tab
    person: str

    def open(self) -> None:
        """Come to the pricing page."""
        self.tab.open(self.site.page("pricing", self._filled(self.sdk.module)))

    def leave(self) -> None:
        """Follow a link to a page without any SDK."""
        self.tab.open(self.site.page("away"))

    def track(self) -> None:
        """Do what is tracked."""
        self.tab.run(self._filled(self.sdk.track))

    def identify(self) -> None:
        """Sign in."""
        self.tab.run(self._filled(self.sdk.identify))

    def join_group(self) -> None:
        """Join an organisation."""
        self.tab.run(self._filled(self.sdk.group))

    def counts(self) -> dict[str, int]:
        """How often each event of the visit is stored."""
        return self.served.counts(self.person)

    def _filled(self, statement: str) -> str:
        url, key = self.relay.url, self.served.write_key
        return self.sdk.filled(statement, url=url, key=key, person=self.person)


@pytest.fixture(params=WEB_SDKS, ids=lambda sdk: sdk.name)
def visit(
    request: pytest.FixtureRequest, served: Served, relay: Relay, site: Site, tab: Tab, ids: Ids
) -> Visit:
    """A visit with each SDK."""
    return Visit(request.param, served, relay, site, tab, ids.person)


VISITED = {"$pageview": 1, "Clicked": 2, "$identify": 1}
AMOUNTS_TO = {"visiting", "landed", "left_pricing", "clicked_twice", "pro"}


def test_a_visit_is_stored_once(visit: Visit) -> None:
    """Each deed once, under one person, in the right segments; and the page stays quiet."""
    visit.open()
    visit.track()
    visit.identify()
    visit.join_group()
    visit.track()

    expected = VISITED | {"$groupidentify": 1}
    assert eventually(visit.counts, expected) == expected
    assert visit.served.segments(visit.person) == AMOUNTS_TO
    assert not visit.tab.wrongs


def test_the_browser_is_let_in_from_another_origin(visit: Visit) -> None:
    """Every question whether it may send was answered with yes, and what was sent with 200."""
    visit.open()
    visit.track()
    visit.identify()
    eventually(visit.counts, {"$pageview": 1, "Clicked": 1, "$identify": 1})

    asked = visit.relay.sent("OPTIONS")

    assert bool(asked) == visit.sdk.preflights
    assert all(one.status in {200, 204} for one in asked)
    assert {one.status for one in visit.relay.sent()} == {200}


def test_what_is_done_while_leaving_is_stored_once(visit: Visit) -> None:
    """The page goes away with something unsent: it is sent on the way out, or on the way back."""
    visit.open()
    visit.identify()
    eventually(visit.counts, {"$pageview": 1, "$identify": 1})

    visit.track()
    visit.leave()
    visit.open()

    expected = {"$pageview": 2, "Clicked": 1, "$identify": 1}
    assert eventually(visit.counts, expected) == expected


@pytest.mark.parametrize(
    ("visit", "trouble"),
    [
        pytest.param(sdk, trouble, id=f"{sdk.name}-{trouble.name.lower()}")
        for sdk in WEB_SDKS
        for trouble in Trouble
        if trouble not in sdk.gives_up
    ],
    indirect=["visit"],
)
def test_what_is_sent_again_is_stored_once(visit: Visit, trouble: Trouble) -> None:
    """An answer that never came, or said to come again, is followed by another request."""
    visit.open()
    visit.identify()
    eventually(visit.counts, {"$pageview": 1, "$identify": 1})
    visit.relay.make(trouble)

    visit.track()
    visit.track()

    assert eventually(visit.counts, VISITED) == VISITED
