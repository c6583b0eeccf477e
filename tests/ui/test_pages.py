"""What the pages say, asked for as a browser asks."""

from urllib.parse import quote

import httpx
import pytest

from segue.bootstrap import environment
from segue.domain.users import Role
from tests.ui.conftest import Studio, odd_person
from tests.ui.waiting import eventually

ODD = quote(odd_person(), safe="")


@pytest.mark.parametrize(
    "path",
    [
        *("/segments", "/segments/buyers", "/people", "/people/p00", "/people/p00/why/buyers"),
        *("/campaigns", "/campaigns/offer", "/data", "/none"),
    ],
)
def test_nothing_comes_from_elsewhere(studio: Studio, path: str) -> None:
    """Every page, also one that is not there, has the policy; none has anything inline."""
    response = studio.client.get(f"/studio{path}")

    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cache-control"] == "no-store"
    told = response.text.replace(studio.address, "")
    assert not [
        bad for bad in ("style=", "onclick", "<style", "http://", "https://") if bad in told
    ]


def test_segments_by_stage_and_by_kind(studio: Studio) -> None:
    """With their sizes, shares, and what they mean in the words of the project."""
    by_stage, by_kind = studio.page("/segments"), studio.page("/segments", by="kind")

    assert "<h2>Paying</h2>" in by_stage
    assert "<h2>Purchase</h2>" in by_kind
    assert "Looked where page is /shoes in the last 7 days." in by_stage
    assert "33.3 %" in by_stage


def test_a_filter_leaves_what_it_names(studio: Studio) -> None:
    found = studio.page("/segments", q="LATELY")

    assert "Looked lately" in found
    assert "Buyers" not in found
    assert "No segment is called “zebra”" in studio.page("/segments", q="zebra")


def test_a_segment_with_its_members(studio: Studio) -> None:
    """Its condition, its members with since and until, those after the fiftieth on a next page."""
    page = studio.page("/segments/fresh")

    assert "did looked where page = &#34;/shoes&#34; within 7 days" in page
    assert page.count(">why</a>") == 48
    assert page.count('<span class="faint">in ') == 48
    buyers = studio.page("/segments/buyers")
    assert "<b>20</b> people" in buyers
    assert buyers.count(">why</a>") == 20


def test_a_segment_at_the_end_of_a_past_day(studio: Studio) -> None:
    """Nobody had bought in spring 2020."""

    def look() -> str | None:
        page = studio.page("/segments/buyers", on="2020-04-01")
        return None if "data-working" in page else page

    page = eventually(look)
    assert "Nobody was in it then." in page
    assert "<b>0</b> people at the end of 2020-04-01" in page


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/segments/buyers?on=2999-01-01", 400, "has not come yet"),
        ("/segments/buyers?on=tomorrow", 400, "is no day"),
        ("/segments/buyers?days=1", 400, "is not understood"),
        ("/segments/buyerz", 404, "did you mean buyers"),
        ("/segments?by=size", 400, "is not understood"),
        ("/people/nobody", 404, "There is no person"),
        ("/people/p00/why/buyerz", 404, "did you mean buyers"),
        ("/people/p00?before=xyz", 400, "is no cursor"),
        ("/nothing", 404, "There is no such page"),
        ("/static/nothing.css", 404, "there is no nothing.css"),
        ("/static/..%2fapp.py", 404, "There is no such page"),
    ],
)
def test_what_cannot_be_shown_says_why(studio: Studio, path: str, status: int, said: str) -> None:
    response = studio.client.get(f"/studio{path}")

    assert response.status_code == status
    assert said in response.text.replace("&#39;", "'")


def test_people_are_found_by_id_and_by_address(studio: Studio) -> None:
    assert 'href="/studio/people/p07"' in studio.page("/people", q="p0")
    assert 'href="/studio/people/p00"' in studio.page("/people", q="ada@shop.example")
    assert "Nobody has an id that begins with" in studio.page("/people", q="zz")


def test_a_person_at_a_glance(studio: Studio) -> None:
    """Stage, segments and until when, traits, what they did."""
    page = studio.page("/people/p00")

    assert '<p class="big">Paying</p>' in page
    assert "leaves in" in page
    assert "ada@shop.example" in page
    assert "{&#34;name&#34;: &#34;pro&#34;}" in page
    assert "<b>buy</b>" in page


def test_markup_in_ids_and_properties_is_text(studio: Studio) -> None:
    """Whatever people or their products write."""
    page = studio.page(f"/people/{ODD}")

    assert "&lt;b&gt;Bobby&lt;/b&gt; &amp; Söhne/é" in page
    assert "<b>Bobby" not in page
    assert "<script>alert" not in page
    assert "Bobby" in studio.page(f"/people/{ODD}/why/buyers")


def test_why_somebody_is_in_or_not(studio: Studio) -> None:
    """With the events behind it, and what would be needed."""
    inside, outside = studio.page("/people/p00/why/buyers"), studio.page("/people/p01/why/buyers")

    assert "p00 is in Buyers" in inside
    assert "<b>buy</b>" in inside
    assert "p01 is not in Buyers" in outside
    assert "missing: &#34;buy&#34;, 1 time more" in outside


def test_files_are_kept_under_the_address_that_pages_name(studio: Studio) -> None:
    """For ever; under any other only until asked again."""
    style = studio.page("/segments").partition('stylesheet" href="')[2].partition('"')[0]

    named, bare = studio.client.get(style), studio.client.get(style.partition("?")[0])

    assert "immutable" in named.headers["cache-control"]
    assert bare.headers["cache-control"] == "no-cache"
    assert len(named.content) < 40_000


# ---------------------------------------------------------------------------------------- campaigns


def test_a_message_as_somebody_would_get_it(studio: Studio) -> None:
    """As text, whatever is in it; and why they would get none."""
    page = studio.page("/campaigns/offer", person="p03")

    assert "Look, p03: &lt;b&gt;new&lt;/b&gt; shoes." in page
    assert studio.client.get("/studio/campaigns/offer?person=nobody").status_code == 404


def _sent(studio: Studio, path: str, **form: str) -> int:
    mark = studio.page("/account").partition('name="mark" value="')[2].partition('"')[0]
    return studio.client.post(f"/studio{path}", data={"mark": mark, **form}).status_code


def test_pausing_says_why_to_everybody(studio: Studio) -> None:
    """And resuming ends it."""
    assert _sent(studio, "/campaigns/offer/pause", why="the price is <wrong>") == 200
    assert "Paused: the price is &lt;wrong&gt;" in studio.page("/campaigns/offer")
    assert _sent(studio, "/campaigns/offer/resume") == 200
    assert "Paused" not in studio.page("/campaigns/offer")


def test_one_switch_stops_everything(studio: Studio) -> None:
    assert _sent(studio, "/campaigns/stop") == 200
    assert "Everything is stopped: nothing goes out." in studio.page("/campaigns")
    assert studio.server.serving.actor.controls.stopped
    assert _sent(studio, "/campaigns/start") == 200
    assert "nothing goes out" not in studio.page("/campaigns")


@pytest.mark.parametrize(
    ("role", "path", "status"),
    [
        (Role.VIEWER, "/campaigns/offer/pause", 403),
        (Role.VIEWER, "/campaigns/stop", 403),
        (Role.EDITOR, "/campaigns/stop", 403),
        (Role.EDITOR, "/campaigns/offer/resume", 303),
    ],
)
def test_a_role_may_what_it_may(studio: Studio, role: Role, path: str, status: int) -> None:
    """And the pages offer nothing else."""
    store = studio.server.serving.store
    user = store.add_user(f"{role.value} {path}", role, now=0)
    secret = store.begin_session(user.id, now=environment.now())
    session = store.session(secret, now=environment.now())
    assert session is not None
    headers = {"cookie": f"segue_session={secret}"}

    response = httpx.post(
        f"{studio.address}/studio{path}", data={"mark": session.id}, headers=headers, timeout=60
    )
    shown = httpx.get(f"{studio.address}/studio/campaigns", headers=headers, timeout=60).text

    assert response.status_code == status
    assert "Stop everything" not in shown
