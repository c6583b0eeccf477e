"""Campaigns, surveys and voices over a real server: what the pages say, and what their forms do."""

import re
import stat
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from segue.bootstrap import environment
from segue.domain.campaigns import State
from segue.domain.users import Role
from tests.sdks.served import eventually
from tests.ui.conftest import Studio
from tests.ui.spoken_world import speaking


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A shop that speaks to its people."""
    with speaking(tmp_path_factory.mktemp("spoken") / "shop") as studio:
        yield studio


def _settled(shop: Studio, path: str) -> str:
    """The page once nothing of it is being worked out."""

    def page() -> str:
        response = shop.client.get(f"/studio{path}")
        assert response.status_code == 200, response.text
        return response.text

    assert eventually(lambda: "data-working" in page(), False) is False
    return page()


def _mark(shop: Studio) -> str:
    return shop.page("/account").partition('name="mark" value="')[2].partition('"')[0]


def _sent(shop: Studio, path: str, **form: str | list[str]) -> httpx.Response:
    data = {"mark": _mark(shop), **{name.replace("__", "."): v for name, v in form.items()}}
    return shop.client.post(f"/studio{path}", data=data)


def _file(shop: Studio) -> Path:
    return shop.server.serving.workspace.definitions


# ------------------------------------------------------------------------------- results


def test_all_campaigns_with_what_came_of_them(shop: Studio) -> None:
    """The effect in words and drawn; a title is text, whatever stands in it."""
    page = _settled(shop, "/campaigns")

    assert '<b class="up">Helps.</b>' in page
    assert 'data-name="lift-of-campaigns"' in page
    assert re.search(r"9\d\d people were to be messaged, 10\d were held out", page)
    assert "Nagging &lt;b&gt;all&lt;/b&gt; day" in page
    assert "Cannot tell yet" in page


def test_the_list_asks_nothing_of_the_store_for_each_campaign(
    shop: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came of them is counted beside the page, and kept."""
    _settled(shop, "/campaigns")
    asked: list[str] = []
    store = type(shop.server.serving.store)
    for name in ("tallies", "refusals", "deliveries", "survey_answers", "counts"):
        kept = getattr(store, name)
        monkeypatch.setattr(
            store,
            name,
            lambda self, *a, _kept=kept, _n=name, **k: asked.append(_n) or _kept(self, *a, **k),
        )

    for _ in range(3):
        shop.page("/campaigns")
        shop.page("/voices")

    assert asked.count("tallies") <= 3, "at most one new count"
    assert "deliveries" not in asked


def test_whether_a_campaign_helped(shop: Studio) -> None:
    """Both arms and their difference with intervals, the steps, the reasons, and who was spared."""
    page = _settled(shop, "/campaigns/offer")

    assert 'Speaks to <a href="/studio/segments/lookers">Lookers</a>, when somebody enters.' in page
    assert "Its goal is <b>bought</b> within 7 days." in page
    assert 'data-name="goal-by-arm"' in page
    assert 'data-name="lift"' in page
    assert re.search(r"Relative to those held out: \+[\d.]+ % \(\+\d+", page)
    assert 'because=capped#deliveries">7</a>' in page


def test_a_campaign_that_cannot_be_told_says_what_it_needs(shop: Studio) -> None:
    page = _settled(shop, "/campaigns/letter")

    assert re.search(r"Cannot tell yet: .* it needs about [\d,]+ more people in each arm", page)
    assert '<text class="value"' in page
    assert "cannot tell yet</text>" in page


def test_every_number_leads_to_the_deliveries_behind_it(shop: Studio) -> None:
    """By state and by reason, page by page, each with its story and a link to the person."""
    capped = shop.page("/campaigns/offer", which="refused", because="capped")
    held = shop.page("/campaigns/offer", which="held_out")
    older = re.search(r'href="(\?which=held_out[^"]*after=[^"]*)#', held)

    assert capped.count("Was refused: a cap was full") == 7
    assert 'href="/studio/people/p1000"' in capped
    assert held.count("Was held out") >= 30
    assert older is not None
    query = {k: v[0] for k, v in parse_qs(urlsplit(older[1].replace("&amp;", "&")).query).items()}
    assert "Was held out" in shop.page("/campaigns/offer", **query)
    assert "None of this kind" in shop.page("/campaigns/offer", which="clicked")


def test_messages_that_wait_are_approved(shop: Studio) -> None:
    page = shop.page("/campaigns/nagging", which="waiting")
    assert "<b>5</b> wait for approval" in page

    assert _sent(shop, "/campaigns/nagging/approve").status_code == 200

    store = shop.server.serving.store
    rows = store.deliveries(campaign_id="nagging")
    assert [one.approved for one in rows if one.id.startswith("nagging-")] == [True] * 5
    assert "for approval" not in shop.page("/campaigns/nagging")


def test_dead_letters_are_tried_again(shop: Studio) -> None:
    assert "<b>3</b> could not be delivered" in shop.page("/campaigns/letter")

    assert _sent(shop, "/campaigns/letter/replay").status_code == 200

    failed = shop.server.serving.store.deliveries(campaign_id="letter", states=[State.FAILED])
    assert failed == []


def test_a_dry_run_says_whom_it_would_have_reached(shop: Studio) -> None:
    """Of what is saved and of what is not."""
    page = _settled(shop, "/campaigns/offer?dry=30")

    assert re.search(r"It would have sent <b>\d+</b> messages to <b>\d+ people</b>", page)
    assert "Had a job looked instead" in page
    assert 'data-name="dry-run-messaged"' in page


def test_the_letter_is_shown_alone_and_can_do_nothing(shop: Studio) -> None:
    """In a frame of our own pages, by a policy of its own."""
    page = shop.client.get("/studio/campaigns/letter", params={"person": "p0"})
    letter = shop.client.get("/studio/campaigns/letter/letter", params={"person": "p0"})

    assert 'sandbox=""' in page.text
    assert "frame-src 'self'" in page.headers["content-security-policy"]
    assert "Ada &lt;Lovelace&gt;" in letter.text
    policy = letter.headers["content-security-policy"]
    assert policy.endswith("sandbox")
    assert "default-src 'none'" in policy
    assert "script" not in policy


# ------------------------------------------------------------------------------- writing

NEW = {
    "title": "New & improved",
    "segment": "buyers",
    "when": "entering",
    "already_in": "skip",
    "channel": "in_app",
    "goal": "bought",
    "holdout": "10%",
    "heading": "Hello",
    "body": "Two lines,\r\nfor {{ person.id }}",
    "button": "Go",
    "url": "/go",
    "go": "save",
}


def test_a_campaign_is_written_into_the_file_and_taken_back(shop: Studio) -> None:
    """Comments and order stay; undo gives the very same file."""
    before = _file(shop).read_text()
    saved = _sent(shop, "/campaigns/new", **NEW)

    text = _file(shop).read_text()
    assert saved.url.path == "/studio/campaigns/new_improved"
    assert "is saved in the project file." in saved.text
    assert before.partition("surveys:")[0].strip() in text
    assert "# It has gone out since the summer." in text
    assert "  new_improved:\n    title: New & improved\n    segment: buyers\n" in text
    assert "    body: |-\n      Two lines,\n      for {{ person.id }}\n" in text
    campaign = shop.server.serving.actor.campaign("new_improved")
    assert campaign.title == "New & improved"

    token = dict(saved.url.params)["undo"]
    undone = _sent(shop, f"/undo/{token}?back=/studio/campaigns")

    assert undone.url.path == "/studio/campaigns"
    assert _file(shop).read_text() == before
    again = _sent(shop, f"/undo/{token}?back=/studio/campaigns")
    assert "The file was changed since" in again.text


def test_a_change_touches_nothing_else(shop: Studio) -> None:
    before = _file(shop).read_text()
    form = shop.page("/campaigns/offer/edit")
    assert 'value="An offer"' in form

    fields = {
        "title": "An offer", "segment": "lookers", "when": "entering", "already_in": "skip",
        "channel": "console", "holdout": "20%", "goal": "bought",
        "body": "Look, {{ person.id }}.", "go": "save",
    }  # fmt: skip
    saved = _sent(shop, "/campaigns/offer/edit", **fields)

    assert _file(shop).read_text() == before.replace("holdout: 10%", "holdout: 20%", 1)
    _sent(shop, f"/undo/{dict(saved.url.params)['undo']}?back=/studio/campaigns")
    assert _file(shop).read_text() == before


class _Form(HTMLParser):
    """What a browser would send of a form: inputs, what is chosen, and long texts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self._name, self._is_long = "", False
        self.feed(page.partition("data-write=")[2].partition("</form>")[0])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        name, value = said.get("name") or self._name, said.get("value") or ""
        is_ticked = said.get("type") != "checkbox" or "checked" in said
        if tag in {"select", "textarea"}:
            self._name, self._is_long = name, tag == "textarea"
            self.fields[name] = ""
        elif (tag == "input" and is_ticked) or (tag == "option" and "selected" in said):
            self.fields[name] = value

    def handle_endtag(self, tag: str) -> None:
        if tag in {"select", "textarea"}:
            self._name, self._is_long = "", False

    def handle_data(self, data: str) -> None:
        if self._is_long:
            self.fields[self._name] += data.removeprefix("\n")


@pytest.mark.parametrize("channel", ["", "in_app", "email", "webhook", "apprise", "console"])
def test_what_a_cap_counts_survives_opening_and_saving(shop: Studio, channel: str) -> None:
    """Saving a form that nobody touched changes nothing in the file."""
    capped = {f"caps.0.{k}": v for k, v in {"at_most": "2", "within": "7 days"}.items()}
    capped |= {"caps.0.channel": channel, "caps.0.tag": "news"}
    first = _sent(shop, "/campaigns/new", **NEW | {"id": "capped"} | capped)
    assert first.url.path == "/studio/campaigns/capped"
    before = _file(shop).read_text()
    opened = _Form(shop.page("/campaigns/capped/edit")).fields

    saved = _sent(shop, "/campaigns/capped/edit", **opened | {"go": "save"})

    assert opened["caps.0.channel"] == channel
    assert saved.url.path == "/studio/campaigns/capped"
    assert _file(shop).read_text() == before
    caps = shop.server.serving.actor.campaign("capped").caps
    assert [one.channel and one.channel.value for one in caps] == [channel or None]
    _sent(shop, "/campaigns/capped/edit", **NEW | {"go": "remove"})


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("segment", "", "missing"),
        ("body", "", "a card needs “Text”"),
        ("body", "{{ persn.id }}", "persn"),
        ("holdout", "half", "a share is written in per cent"),
        ("already_in", "", "“Who is in already” is missing"),
        ("url", "javascript:alert(1)", ""),
        ("delay", "soon", ""),
        ("starts", "tomorrow", "a date or an instant is expected"),
    ],
)
def test_a_mistake_stands_at_its_field(shop: Studio, field: str, value: str, said: str) -> None:
    """And nothing is saved."""
    before = _file(shop).read_text()

    response = _sent(shop, "/campaigns/new", **(NEW | {field: value}))

    assert response.status_code == 400
    assert "It is not saved" in response.text
    place = response.text.partition(f'data-said="{field}">')[2].partition("</div>")[0]
    assert 'class="error"' in place
    assert said in place.replace("&#39;", "'")
    assert f'id="f-{field}" aria-describedby="e-{field}" aria-invalid="true"' in response.text
    assert _file(shop).read_text() == before


def test_doubts_are_told_too(shop: Studio) -> None:
    """As `segue check` tells them; they keep nobody from saving."""
    page = shop.page("/campaigns/letter/edit")

    assert "nobody is asked for consent to marketing by e-mail" in page
    assert "It can be saved" in page


def test_what_is_written_can_be_looked_at_before_it_is_saved(shop: Studio) -> None:
    """As a member would get it, by an address; and tried on the past."""
    seen = _sent(shop, "/campaigns/new", **(NEW | {"go": "try", "person": "p0"}))
    dry = _sent(shop, "/campaigns/new", **(NEW | {"go": "dry", "segment": "lookers"}))

    assert "As p0 would get it" in seen.text
    assert "for p0</p>" in seen.text
    assert dict(seen.url.params)["draft"]
    assert 'value="New &amp; improved"' in shop.client.get(str(seen.url)).text
    path = f"{dry.url.path.removeprefix('/studio')}?{dry.url.query.decode()}"
    assert "It would have sent" in _settled(shop, path)
    assert "new_improved" not in _file(shop).read_text()
    gone = shop.client.get("/studio/campaigns/new", params={"draft": "none"})
    assert "This draft is no longer kept" in gone.text


def test_questions_are_added_moved_and_removed(shop: Studio) -> None:
    """Without a script; what stands in the form stays."""
    first = _sent(shop, "/voices/why/edit", **_survey(), go="add:questions")
    assert "Question 3" in first.text
    up = _sent(shop, "/voices/why/edit", **_survey(), go="up:questions:1")
    assert up.text.index('value="Second?"') < up.text.index('value="First?"')
    fewer = _sent(shop, "/voices/why/edit", **_survey(), go="drop:questions:0")
    assert "First?" not in fewer.text
    assert "Question 2" not in fewer.text


def _survey() -> dict[str, str]:
    return {
        "title": "Asked", "segment": "lookers", "when": "leaving", "thanks": "Thanks.",
        "questions__0__id": "a", "questions__0__kind": "nps", "questions__0__ask": "First?",
        "questions__0__then": "0 to 6: b\r\nelse: end",
        "questions__1__id": "b", "questions__1__kind": "text", "questions__1__ask": "Second?",
    }  # fmt: skip


def test_a_survey_is_written_with_branches_and_removed(shop: Studio) -> None:
    before = _file(shop).read_text()
    saved = _sent(shop, "/voices/new", **_survey(), id="asked", go="save")
    assert saved.url.path == "/studio/voices/asked"
    assert "then: \n" not in _file(shop).read_text()
    survey = shop.server.serving.actor.campaign("asked").survey
    assert survey is not None
    assert [one.to for one in survey.questions[0].branches] == ["b", ""]

    removed = _sent(shop, "/voices/asked/edit", **_survey(), go="remove")

    assert removed.url.path == "/studio/voices"
    assert "asked is removed from the project file." in removed.text
    assert _file(shop).read_text() == before


def test_an_id_that_is_taken_is_refused(shop: Studio) -> None:
    response = _sent(shop, "/campaigns/new", **NEW, id="offer")

    assert response.status_code == 400
    assert "is taken" in response.text


def test_a_file_that_is_read_only_gives_the_change(shop: Studio) -> None:
    path = _file(shop)
    mode = stat.S_IMODE(path.stat().st_mode)
    path.chmod(0o444)
    try:
        response = _sent(shop, "/campaigns/new", **NEW)
    finally:
        path.chmod(mode)

    assert response.status_code == 400
    assert "+  new_improved:" in response.text


@pytest.mark.parametrize(
    "path",
    ["/campaigns/new", "/campaigns/offer/edit", "/voices/new", "/voices/why/edit"],
)
def test_viewers_write_nothing(shop: Studio, path: str) -> None:
    store = shop.server.serving.store
    user = store.add_user(f"viewer {path}", Role.VIEWER, now=0)
    secret = store.begin_session(user.id, now=environment.now())
    session = store.session(secret, now=environment.now())
    assert session is not None
    headers = {"cookie": f"segue_session={secret}"}

    seen = httpx.get(f"{shop.address}/studio{path}", headers=headers, timeout=60)
    sent = httpx.post(
        f"{shop.address}/studio{path}", data={"mark": session.id}, headers=headers, timeout=60
    )

    assert (seen.status_code, sent.status_code) == (403, 403)


# ------------------------------------------------------------------------------- voices


def test_surveys_with_how_many_answered(shop: Studio) -> None:
    """The response stands beside the score."""
    page = _settled(shop, "/voices")

    assert '>80</a></td><td class="num">40</td><td class="num">50 %</td>' in page
    assert re.search(r"<b>NPS −\d+</b> <span class=\"faint\">−\d+ to −\d+</span>", page)
    assert "<b>CSAT –</b>" in page


def test_what_people_said(shop: Studio) -> None:
    """Scores, choices, themes, quotes with whoever said it; all of it text."""
    page = _settled(shop, "/voices/why")

    assert "40</b> of" in page
    assert "Elsewhere &lt;i&gt;too&lt;/i&gt;" in page
    assert re.search(r'<q>[^<]*(price|expensive)[^<]*</q> <a href="/studio/people/p\d+">', page)
    assert "&lt;b&gt;no&lt;/b&gt; size" in page
    assert "<b>no</b>" not in page
    assert 'data-name="answers-nps"' in page


def test_a_segment_is_set_against_the_rest(shop: Studio) -> None:
    page = _settled(shop, "/voices/why?segment=buyers")

    assert "Of those who saw it 40 were in" in page
    assert "How much more Buyers speaks of it than the rest." in page
    assert "Here: Buyers" in page


def test_why_somebody_is_not_asked(shop: Studio) -> None:
    """The page says which rule stops it."""
    page = shop.page("/voices/nobody", person="p3")

    assert "No</b>: not shown because the person is not in sleepers." in page
    assert "Nobody has seen it yet" in _settled(shop, "/voices/nobody")


def test_a_survey_has_one_page(shop: Studio) -> None:
    """Under voices; and a campaign has one under campaigns."""
    assert shop.client.get("/studio/campaigns/why").url.path == "/studio/voices/why"
    assert shop.client.get("/studio/voices/offer").url.path == "/studio/campaigns/offer"


def test_what_is_saved_switched_off_is_switched_on_by_one_button(shop: Studio) -> None:
    """The line goes out of the file; undo brings it back."""
    before = _file(shop).read_text()
    saved = _sent(shop, "/campaigns/new", **NEW, enabled="false")
    off = _file(shop).read_text()
    assert "It is switched off" in saved.text
    assert not shop.server.serving.actor.campaign("new_improved").enabled

    on = _sent(shop, "/campaigns/new_improved/switch-on")

    assert "New &amp; improved is switched on." in on.text
    assert shop.server.serving.actor.campaign("new_improved").enabled
    assert _file(shop).read_text() == off.replace("    enabled: false\n", "")
    _sent(shop, "/campaigns/new_improved/edit", **NEW | {"go": "remove"})
    assert _file(shop).read_text() == before
