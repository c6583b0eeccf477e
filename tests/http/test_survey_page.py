"""The page of a survey over HTTP: one response to one message, whoever follows its link and how."""

import dataclasses
import html
import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from segue.domain.campaigns import Channel, Delivery, Occasion, State
from segue.services.acting.links import LinkKind, Ticket, seal
from tests.http.running import running
from tests.sdks.served import eventually

DEFINITIONS = """\
project: shop
segments:
  buyers: {when: did buy}
  lookers: {when: did look}
messaging:
  holdout: 0%
  sender: {name: Shop & Söhne, address: hello@shop.example}
  public_url: https://say.shop.example
surveys:
  why:
    segment: buyers
    when: entering
    already_in: skip
    starts: 2190-01-01
    channel: email
    subject: Tell us
    text: "{{ survey_url }} {{ person.nobody_has_this }}"
    questions:
      - {id: score, kind: nps, ask: "How likely, {{ person.name | default('you') }}?", then: {0 to 6: why, else: liked}}
      - {id: why, kind: text, ask: What was wrong?, then: {else: end}}
      - {id: liked, kind: multiple, ask: What was good?, choices: [Price, "<b>Speed</b>", "People, all"]}
      - {id: who, kind: single, ask: Who are you?, choices: [Design, Build], required: true}
    thanks: That helps us.
  past:
    segment: buyers
    when: entering
    already_in: skip
    ends: 2020-01-01
    channel: email
    subject: Tell us
    text: "{{ survey_url }}"
    questions: [{id: score, kind: csat, ask: How was it?}]
  broken:
    segment: buyers
    when: entering
    already_in: skip
    starts: 2190-01-01
    channel: email
    subject: Tell us
    text: "{{ survey_url }}"
    questions: [{id: score, kind: csat, ask: "How was {{ person.nobody_has_this }}?"}]
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with running(tmp_path_factory.mktemp("surveys") / "shop", definitions=DEFINITIONS) as server:
        yield server


_numbers = iter(range(10_000))


class Mailed:
    """A survey that was mailed to somebody of their own."""

    def __init__(self, served, campaign="why", *, traits=None):
        number = next(_numbers)
        self.served, self.id, self.who = served, f"s{number}", f"reader{number}"
        self.did("buy")
        if traits:
            served.send("/v1/identify", json={"userId": self.who, "traits": traits})
        delivery = Delivery(
            id=self.id,
            campaign_id=campaign,
            fingerprint="f",
            person=served.serving.store.person_code(self.who),
            person_id=self.who,
            channel=Channel.EMAIL,
            variant="a",
            occasion=Occasion.TRANSITION,
            occasion_key=number,
            due_at=1,
            known_at=1,
            not_before=1,
            state=State.DELIVERED,
            delivered_at=2,
        )
        served.serving.store.save_deliveries(made=[delivery])
        self.ticket = Ticket(self.id, campaign, self.who)
        self.path = f"/s/{self.token()}"

    def did(self, event):
        self.served.send("/v1/track", json={"userId": self.who, "event": event})
        store = self.served.serving.store
        assert eventually(lambda: store.person_code(self.who) is not None, True)

    def token(self, kind=LinkKind.SURVEY, **changes):
        secret = self.served.serving.store.link_secret()
        return seal(secret, kind, dataclasses.replace(self.ticket, **changes))

    def get(self, query="", **more):
        return self.served.client.get(self.path + query, **more)

    def answer(self, question, *values, go="", follow=True, **more):
        form = {"answer": list(values)} | ({"go": go} if go else {}) | more
        return self.served.client.post(
            f"{self.path}?at={question}", data=form, follow_redirects=follow
        )

    def sees(self):
        return self.served.client.get(f"{self.path}/seen.gif")

    @property
    def facts(self):
        """What is stored of the response, in the order in which it came."""
        rows = self.served.ask(f"/api/people/{self.who}/events", params={"limit": 1000}).json()
        every = [(one["event"], one["properties"]) for one in rows["events"][::-1]]
        return [(event, facts) for event, facts in every if event.startswith("$survey")]

    @property
    def said(self):
        return [
            (facts["question_id"], facts.get("answer"), facts["complete"])
            for event, facts in self.facts
            if event == "$survey_answered"
        ]

    @property
    def row(self):
        return self.served.serving.store.delivery(self.id)


@pytest.fixture
def mailed(served):
    return Mailed(served)


def heading(page):
    return html.unescape(re.search(r"<h1[^>]*>(.*?)</h1>", page.text, re.DOTALL)[1])


# ------------------------------------------------------------------------------------- the way


def test_answers_are_the_events_that_pages_tell(mailed):
    """Name by name, property by property; the row knows that it was shown and answered."""
    assert heading(mailed.get()) == "How likely, you?"
    mailed.sees()
    assert heading(mailed.answer("score", "3")) == "What was wrong?"
    page = mailed.answer("why", "It was slow.\r\nVery.")

    assert heading(page) == "That helps us."
    common = {
        "delivery_id": mailed.id,
        "campaign_id": "why",
        "variant": "a",
        "segments": ["buyers"],
    }
    answered = common | {"submission_id": mailed.id}
    assert mailed.facts == [
        ("$survey_shown", common),
        (
            "$survey_answered",
            answered
            | {
                "question_id": "score",
                "question_type": "nps",
                "answer": 3,
                "scale": 10,
                "complete": False,
            },
        ),
        (
            "$survey_answered",
            answered
            | {
                "question_id": "why",
                "question_type": "text",
                "answer": "It was slow.\nVery.",
                "complete": True,
            },
        ),
    ]
    assert eventually(lambda: mailed.row.clicked_at is not None, True)
    assert mailed.row.segments == ("buyers",)


def test_an_answer_decides_what_is_asked_next(mailed):
    assert heading(mailed.answer("score", "9")) == "What was good?"
    assert (
        heading(mailed.answer("liked", "Price", "People, all", "Never heard of")) == "Who are you?"
    )
    assert heading(mailed.answer("who", "Build")) == "That helps us."
    assert mailed.said == [
        ("score", 9, False),
        ("liked", ["Price", "People, all"], False),
        ("who", "Build", True),
    ]


def test_somebody_goes_on_where_they_were(mailed):
    """On any machine: nothing is kept in the browser, no cookie is set."""
    answer = mailed.answer("score", "9", follow=False)

    assert answer.status_code == 303
    assert "set-cookie" not in answer.headers
    assert heading(mailed.get()) == "What was good?"


def test_back_keeps_what_was_answered(mailed):
    """Also what stands in the form that is left; whoever changes an answer may come another way."""
    mailed.answer("score", "9")
    page = mailed.answer("liked", "Price", go="back")
    assert heading(page) == "How likely, you?"
    assert re.findall(r'value="(\d+)" checked', page.text) == ["9"]
    assert 'value="back"' not in page.text

    page = mailed.answer("score", "9")
    assert re.findall(r'value="(\w+)" checked', page.text) == ["Price"]
    mailed.answer("liked", go="back")
    assert heading(mailed.answer("score", "2")) == "What was wrong?"
    assert mailed.said == [
        ("score", 9, False),
        ("liked", ["Price"], False),
        ("liked", None, False),
        ("score", 2, False),
    ]


def test_what_is_skipped_is_no_answer_and_is_passed(mailed):
    assert heading(mailed.answer("score", go="skip")) == "What was good?"
    assert heading(mailed.answer("liked", go="skip")) == "Who are you?"
    assert mailed.said == []
    assert heading(mailed.get()) == "How likely, you?"


@pytest.mark.parametrize("values", [(), ("",), ("Sell",), ("design",)])
def test_what_must_be_answered_says_so(mailed, values):
    """Also where a form carries what is no choice; to go back is allowed."""
    mailed.answer("score", "9")
    mailed.answer("liked", go="skip")
    assert heading(mailed.get("?at=who")) == "Who are you?"
    page = mailed.answer("who", *values)

    assert page.status_code == 422
    assert "Please answer this question." in page.text
    assert mailed.answer("who", go="skip").status_code == 422
    assert heading(mailed.answer("who", go="back")) == "What was good?"
    assert [one for one in mailed.said if one[0] == "who"] == []


def test_an_answer_that_there_cannot_be_is_none(mailed):
    """Nothing of a form is believed: numbers off the scale, questions that are not on the way."""
    for value in ("11", "-1", "3.5", "9\x00", "٣", "x" * 10_000, "<script>"):
        mailed.answer("score", value)
    mailed.answer("why", "not on the way", follow=False)
    mailed.answer("../../etc", "1")
    mailed.answer("", "1")

    assert mailed.said == []


# -------------------------------------------------------------------------- once, and never by looking


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("query", ["", "?answer=9", "?at=score&answer=0", "?answer=9&go=skip"])
def test_who_only_looks_answers_nothing(served, mailed, method, query):
    """Scanners open every link of a mail before its reader does: it is not even shown."""
    for headers in ({}, {"purpose": "prefetch"}):
        answer = served.client.request(method, mailed.path + query, headers=headers)
        assert answer.status_code == 200
    served.client.get(f"{mailed.path}/seen.gif", headers={"sec-purpose": "prefetch;prerender"})
    mailed.did("look")

    assert mailed.facts == []


def test_an_answer_in_a_link_is_ticked_and_waits_to_be_confirmed(mailed):
    page = mailed.get("?answer=9")
    assert re.findall(r'value="(\d+)" checked', page.text) == ["9"]
    assert mailed.said == []

    mailed.answer("score", "9")
    page = mailed.get("?answer=4")
    assert heading(page) == "How likely, you?"
    assert re.findall(r'value="(\d+)" checked', page.text) == ["4"]
    page = mailed.get("?answer=evil")
    assert re.findall(r'value="(\w+)" checked', page.text) == ["9"]


def test_sending_twice_is_answering_once(mailed):
    """A double click, a mail that was forwarded, a form that is sent again."""
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: mailed.answer("score", "2", follow=False), range(16)))
    for text in ("First", "Second"):
        page = mailed.answer("why", text)
    mailed.answer("score", "10")

    assert heading(page) == "That helps us."
    assert heading(mailed.get()) == "That helps us."
    assert mailed.said == [("score", 2, False), ("why", "First", True)]
    assert [event for event, _ in mailed.facts].count("$survey_shown") == 1


def test_segments_are_those_of_when_it_was_shown(mailed):
    """Whoever enters another one while they answer is not in it in their response."""
    mailed.sees()
    mailed.sees()
    mailed.did("look")
    standing = f"/api/people/{mailed.who}/segments"
    assert eventually(lambda: len(mailed.served.ask(standing).json()["segments"]), 2)
    mailed.answer("score", "2")

    assert [facts["segments"] for _, facts in mailed.facts] == [["buyers"], ["buyers"]]


def test_nobody_fills_the_store_with_changes(mailed):
    """Twenty changes of an answer are kept, and then no more."""
    for number in range(40):
        mailed.answer("score", str(number % 2), follow=False)

    assert len(mailed.said) == 20


# ------------------------------------------------------------------------------------ kind words


@pytest.mark.parametrize("campaign", ["past", "broken", "gone"])
def test_what_cannot_be_answered_says_so_kindly(served, campaign):
    """A survey that is over, that cannot be shown, that is not there any more."""
    mailed = Mailed(served, campaign)
    page = mailed.get()

    assert (page.status_code, heading(page)) == (410, "This survey is over")
    mailed.answer("score", "1")
    assert mailed.get().status_code == 410


def test_the_words_are_the_project_s(tmp_path):
    words = """
  pages:
    lang: de
    words: {send: Absenden, closing: Danke.}
    scales: {csat: [schlecht, gut]}
"""
    text = DEFINITIONS.replace("surveys:", words.lstrip("\n") + "surveys:").replace(
        "    ends: 2020-01-01\n", "    starts: 2190-01-01\n"
    )
    with running(tmp_path / "shop", definitions=text) as served:
        mailed = Mailed(served, "past")
        page = mailed.get().text
        assert '<html lang="de">' in page
        assert ">Absenden<" in page
        assert ">schlecht<" in page
        assert "Danke." in mailed.answer("score", "5").text


# ----------------------------------------------------------------------------------------- attacks


def test_a_wrong_token_is_404_and_always_the_same(served, mailed):
    """A forged one, one of another workspace, one of another kind, one that was cut."""
    good = mailed.token()
    flipped = ("B" if good[30] == "A" else "A").join((good[:30], good[31:]))
    wrong = [
        *("A", "A" * 5_000, mailed.id, mailed.who, "%00", "%E2%98%83", "{}"),
        *(good[:-1], good + "A", flipped),
        *(mailed.token(kind) for kind in LinkKind if kind is not LinkKind.SURVEY),
        seal(b"another workspace's secret", LinkKind.SURVEY, mailed.ticket),
        mailed.token(delivery_id="gone"),
    ]
    answers = [
        served.client.request(method, f"/s/{token}?at=score", data=data)
        for token in wrong
        for method, data in (("GET", None), ("POST", {"answer": "1"}))
    ]

    assert {one.status_code for one in answers} == {404}
    assert len({one.text for one in answers}) == 1
    assert mailed.said == []


def test_nobody_answers_for_another(served, mailed):
    """The form says nothing of who answers: what is added to it changes nothing."""
    other = Mailed(served)
    form = {"delivery_id": other.id, "person_id": other.who, "submission_id": other.id}
    mailed.answer("score", "1", **form)

    assert other.facts == []
    assert [facts["delivery_id"] for _, facts in mailed.facts] == [mailed.id] * 2


EVIL = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}</textarea>'


def test_what_people_write_is_text(served):
    """In a name, and in an answer that is shown again."""
    mailed = Mailed(served, traits={"name": EVIL})
    mailed.answer("score", "1")
    mailed.answer("why", EVIL, go="back")
    for page in (mailed.get("?at=score"), mailed.get("?at=why"), mailed.get("?answer=" + EVIL)):
        assert "<script" not in page.text
        assert "<img src=x" not in page.text
        assert page.text.count("<textarea") == page.text.count("</textarea>")
        assert "49" not in page.text.partition("<body>")[2]
    assert html.unescape(mailed.get("?at=why").text).count(EVIL) == 1
    assert mailed.said[-1] == ("why", EVIL, False)


def test_choices_are_text(mailed):
    page = mailed.answer("score", "9")

    assert "<b>" not in page.text
    assert "&lt;b&gt;Speed&lt;/b&gt;" in page.text
    mailed.answer("liked", "<b>Speed</b>")
    assert mailed.said[-1] == ("liked", ["<b>Speed</b>"], False)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("ünïcode ☃ 🎉", "ünïcode ☃ 🎉"),
        ("a\x00b\x1b[31m", "ab[31m"),
        ("x" * 9_000, "x" * 4_000),
        ("  \n ", None),
    ],
)
def test_an_open_answer_is_kept_as_it_can_be(mailed, sent, kept):
    mailed.answer("score", "1")
    mailed.answer("why", sent)

    assert mailed.said[-1] == ("why", kept, True)


def test_a_form_of_any_size_and_shape_does_no_harm(served, mailed):
    for body in (b"answer=" + b"9" * 500_000, b"\xff\xfe&&&=%zz", b"a&" * 10_000, b""):
        answer = served.client.post(mailed.path + "?at=score", content=body, follow_redirects=False)
        assert answer.status_code in (200, 303)
    assert mailed.said == []


def test_the_page_needs_no_script_and_allows_none(mailed):
    page = mailed.get()
    policy = page.headers["content-security-policy"]

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "script" not in page.text + policy
    assert "style=" not in page.text
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert not re.search(r"https?://", page.text)


def test_what_is_logged_of_a_link_is_no_token(mailed, caplog):
    caplog.set_level("DEBUG")
    mailed.get()

    lines = [json.dumps(record.__dict__, default=str) for record in caplog.records]
    own = [line for line in lines if '"segue' in line]
    assert any("/s/{token}" in line for line in own)
    assert not [line for line in own if mailed.path in line]


def test_of_somebody_who_was_erased_nothing_comes_back(served):
    mailed = Mailed(served)
    secret = {"Authorization": f"Bearer {served.secret_key}"}
    assert served.client.delete(f"/api/people/{mailed.who}", headers=secret).status_code == 200

    assert mailed.get().status_code == 404
    assert mailed.answer("score", "1").status_code == 404
    assert served.ask(f"/api/people/{mailed.who}").status_code == 404
