"""Who entered and who left: the people behind every such number, by its link."""

import html
import re
from urllib.parse import quote

import pytest

from segue.bootstrap import environment
from segue.domain.instant import DAY, format_instant, local_date
from segue.services.words import number
from tests.ui.conftest import Studio, odd_person
from tests.ui.waiting import eventually


def shown(studio: Studio, address: str) -> str:
    """The page, once nothing is worked on."""

    def look() -> str | None:
        there = html.unescape(address).removeprefix("/studio")
        response = studio.client.get(f"/studio{there}")
        assert response.status_code == 200, response.text
        return None if "data-working" in response.text else response.text

    return eventually(look)


def people_of(page: str) -> list[str]:
    """The people of the list, in order."""
    return re.findall(r'<th scope="row"><a href="(/studio/people/[^"]+)"', page)


def total_of(page: str) -> int:
    found = re.search(r'<p class="big"><b>([\d,]+)</b> times?</p>', page)
    assert found is not None, page
    return int(found[1].replace(",", ""))


def links_of(page: str) -> list[tuple[str, str]]:
    """Every link to such a list, and its text."""
    found = re.findall(r'<a[^>]* href="(/studio/moved\?[^"]+)"[^>]*>(.*?)</a>', page)
    return [(address, re.sub("<span.*?</span>", "", text)) for address, text in found]


def all_of(studio: Studio, address: str) -> list[str]:
    """Everybody in a list, page by page."""
    found, page = [], shown(studio, address)
    while True:
        found += people_of(page)
        following = re.search(r'<a href="([^"]+)">The next ones</a>', page)
        if following is None:
            return found
        page = shown(studio, following[1])


def _counted(text: str) -> int:
    digits = re.search(r"[\d,]+", text)
    assert digits is not None
    return int(digits[0].replace(",", ""))


@pytest.mark.parametrize("path", ["/segments/fresh", "/segments/buyers", "/segments", "/today"])
def test_every_number_leads_to_as_many(studio: Studio, path: str) -> None:
    """The history of a segment day by day, the week of every segment, what moved today."""
    links = links_of(shown(studio, path))

    assert links
    for address, text in links[:12]:
        page = shown(studio, address)
        assert total_of(page) == _counted(text), (address, text)
        assert len(people_of(page)) == min(total_of(page), 50)


def test_pages_lead_through_everybody_once(studio: Studio) -> None:
    """The latest first, fifty on a page; the address says all, so that it can be shared."""
    address = "/moved?segment=fresh&how=entered&from=2020-01-01"
    everybody = all_of(studio, address)

    assert len(set(everybody)) == len(everybody) == total_of(shown(studio, address)) == 60
    assert f"/studio/people/{quote(odd_person())}" in everybody


def test_a_person_stands_there_with_when_and_whether_they_are_in_it(studio: Studio) -> None:
    page = shown(studio, "/moved?segment=fresh&how=left&from=2020-01-01")

    assert "Who left Looked lately" in page
    assert "not in it" in page
    assert "/why/fresh" in page
    assert ">Who entered</a>" in page


def test_the_stretch_may_be_of_instants(studio: Studio) -> None:
    """As the numbers of Today are: of the last 24 hours, and not of a calendar day."""
    now = environment.now()
    until, after = format_instant(now), format_instant(now - 20 * DAY)
    page = shown(studio, f"/moved?segment=buyers&how=entered&from={after}&to={until}")

    assert (
        total_of(page)
        == studio.server.serving.store.flows("buyers", [now - 20 * DAY, now])[0].entered
    )
    today = local_date(now, "Europe/Berlin")
    assert f"{today.day} {today:%b %Y}, " in page


def test_without_days_it_is_today(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    now = environment.now()
    monkeypatch.setattr(environment, "now", lambda: now)  # it does not end meanwhile
    today = local_date(now, "Europe/Berlin")
    page = shown(studio, "/moved?segment=buyers")

    assert f"On {today.day} {today:%b %Y}".lower() in page.lower()
    assert number(total_of(page)) in page


def test_nobody_is_said_with_what_to_do(studio: Studio) -> None:
    page = shown(studio, "/moved?segment=idle&how=left&from=2026-01-01&to=2026-01-02")

    assert "Nobody left it then." in page
    assert 'href="/studio/segments/idle"' in page


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        ("segment=nothing", 404, "nothing"),
        ("segment=buyers&how=stayed", 400, "not understood"),
        ("segment=buyers&from=yesterday", 400, "is no day"),
        ("segment=buyers&from=0001-01-01", 400, "is no day"),
        ("segment=buyers&to=9999-12-31", 400, "is no day"),
        ("segment=buyers&from=2026-02-02&to=2026-02-01", 400, "comes before"),
        ("segment=buyers&before=x", 400, "not understood"),
        ("segment=buyers&before=99999999999999999999999.1", 400, "not understood"),
        ("", 400, "not understood"),
    ],
)
def test_an_address_that_means_nothing_says_so(
    studio: Studio, query: str, status: int, says: str
) -> None:
    response = studio.client.get(f"/studio/moved?{query}")

    assert response.status_code == status
    assert says in html.unescape(response.text)
