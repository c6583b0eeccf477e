"""What is wrong or doubtful in campaigns and surveys: every case once, each at its place."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.domain.campaigns import Acting
from segue.domain.errors import DefinitionError, Problem, Severity
from segue.language.acting import acting
from segue.language.acting_check import check_acting
from segue.language.check import check
from segue.language.project import project_from
from tests.language.test_acting import ACTING

BASE = """\
goals: {bought: {event: purchase}, read: {event: GONE}, left: {event: LEFT}}
segments:
  active: {when: did login}
  dormant: {when: inactive for 30 days}
messaging:
  sender: {address: hello@acme.example}
  public_url: https://say.acme.example
  consent: {marketing: {email: newsletter}}
"""
BASE = BASE.replace("GONE", "$session_ended where duration > 60")
BASE = BASE.replace("LEFT", '"any of (quit, $page_left)"')
MAIL = "segment: active, when: entering, already_in: skip, channel: email, subject: Hi, text: Hello"
IN_APP = "segment: active, when: entering, already_in: skip, channel: in_app, body: Hello"
HOOK = "segment: active, when: leaving, channel: webhook, to: https://x.example"


def campaign(keys: str, *, more: str = "") -> str:
    return f"{BASE}{more}campaigns:\n  one: {{{keys}}}\n"


def survey(questions: str, keys: str = "") -> str:
    about = "segment: active, when: leaving"
    return f"{BASE}surveys:\n  ask: {{{about}{keys}, questions: [{questions}]}}\n"


def without(keys: str, key: str) -> str:
    return ", ".join(one for one in keys.split(", ") if not one.startswith(f"{key}:"))


def problems(text: str) -> list[Problem]:
    """Whatever reading and checking find."""
    try:
        project = project_from(text)
    except DefinitionError as error:
        return list(error.problems)
    return check_acting(project)


SHAPES = [
    (without(MAIL, "segment"), "segment", "`segment` is missing"),
    (without(MAIL, "when"), "when", "`when` is missing"),
    (without(MAIL, "channel"), "channel", "`channel` is missing"),
    (MAIL.replace("entering", "entring"), "when", "this is `entering`, `leaving`, `inside` or"),
    (MAIL.replace("entering", "{schedule: soon}"), "when", "a schedule names days and a time"),
    (MAIL.replace("entering", "{schedule: mondy 09:00}"), "when", "did you mean `monday`?"),
    (MAIL.replace("entering", "{schedule: monday 25:00}"), "when", "a time of day is written"),
    (MAIL.replace("email", "emial"), "channel", "`emial` is not known here"),
    (MAIL + ", subjet: x", "subjet", "there is no key `subjet` here"),
    (MAIL + ", holdout: 0.1", "holdout", "a share is written in per cent, such as `5%`"),
    (MAIL + ", holdout: 101%", "holdout", "no share is above 100%"),
    (MAIL + ", priority: high", "priority", "a whole number is expected here"),
    (MAIL + ", approve_first: -1", "approve_first", "a number of at least 0 is expected here"),
    (MAIL + ", enabled: perhaps", "enabled", "true or false is expected here"),
    (MAIL + ", starts: soon", "starts", "a date or an instant is expected here"),
    (MAIL + ", delay: soon", "delay", "`soon` does not fit here"),
    (MAIL + ", window: {from: 9, to: 17:00}", "window.from", "a time of day is written"),
    (MAIL + ", window: {from: 09:00}", "window.to", "`to` is missing"),
    (MAIL + ", window: {from: 09:00, to: 17:00, days: today}", "window.days", "`today` is no day"),
    (MAIL + ", caps: [{at_most: 0, within: 1 day}]", "caps[0].at_most", "at least 1"),
    (MAIL + ", caps: [{within: 1 day}]", "caps[0].at_most", "`at_most` is missing"),
    (MAIL + ", variants: {a: {weight: 0}}", "variants.a.weight", "at least 1"),
    (HOOK + ", payload: 3", "payload", "a payload is an object or a list"),
    (HOOK + ', payload: "{broken"', "payload", "this is no JSON"),
    (IN_APP + ", show: {look: popup}", "show.look", "`popup` is not known here"),
    (IN_APP + ", show: {on: [{click: x}]}", "show.on[0]", "a page waits for one of"),
    (IN_APP + ", show: {on: [{page: pricing}]}", "show.on[0]", "a page is a path"),
    (IN_APP + ", show: {on: [{page: /a, where: x = 1}]}", "show.on[0]", "a page waits for one of"),
    (IN_APP + ", show: {on: [{event: a, where: x =}]}", "show.on[0]", "this is no filter"),
    (
        IN_APP + ", show: {on: [{event: a, where: 'x matches \"b\"'}]}",
        "show.on[0]",
        "a page has other regular expressions",
    ),
    (IN_APP + ", show: {on: [{dwell: 10}]}", "show.on[0]", "such as `10 seconds`"),
    (IN_APP + ", show: {on: [{scroll: 150%}]}", "show.on[0]", "no share is above 100%"),
]


@pytest.mark.parametrize(("keys", "where", "message"), SHAPES, ids=lambda v: str(v)[-40:])
def test_what_has_not_its_shape(keys: str, where: str, message: str) -> None:
    """Said by the reading, with the place."""
    (problem,) = problems(campaign(keys))

    assert message in problem.message
    assert problem.where == f"campaigns.one.{where}"
    assert problem.line == 10


WRONG = [
    # who and when
    (MAIL.replace("active", "actve"), "segment", "there is no segment `actve`"),
    (MAIL + ", goal: bougth", "goal", "there is no goal `bougth`"),
    (MAIL + ", goal_within: 1 day", "goal_within", "`goal_within` needs a `goal`"),
    (without(MAIL, "already_in"), "already_in", "people are in this segment when the campaign"),
    (HOOK + ", already_in: message", "already_in", "people who are in have not left"),
    (
        MAIL.replace("entering", "{schedule: monday 09:00}"),
        "already_in",
        "leave `already_in` out",
    ),
    (
        HOOK.replace("leaving", "{schedule: monday 09:00}") + ", delay: 1 hour",
        "delay",
        "there is no `delay` after it",
    ),
    (MAIL.replace("entering", "inside"), "when", "`inside` shows something for as long as"),
    (MAIL + ", starts: 2026-02-01, ends: 2026-01-01", "ends", "ends before it starts"),
    (MAIL + ", window: {from: 09:00, to: 09:00}", "window.to", "the same time"),
    (MAIL + ", holdout: 100%", "holdout", "nobody is ever messaged"),
    # parts
    (without(MAIL, "subject"), "", "an e-mail needs `subject`"),
    (MAIL.replace("text: Hello", 'text: "  "'), "", "an e-mail needs `text`"),
    (MAIL + ", body: x", "body", "an e-mail has no `body`: it has `subject`, `text`, `html`"),
    (HOOK + ", subject: x", "subject", "a webhook has no `subject`"),
    (without(IN_APP, "body"), "", "a card needs `body`"),
    (without(IN_APP, "body") + ", show: {look: slot, slot: x}", "", "a slot needs `payload`"),
    (IN_APP + ", steps: [{text: x}]", "steps", "a card has no `steps`"),
    (IN_APP + ", url: /x", "url", "a `url` needs a `button`"),
    ("segment: active, when: leaving, channel: console", "", "a line of the console needs `body`"),
    (MAIL + ", variants: {a: {subject: x}, b: {body: x}}", "variants.b.body", "has no `body`"),
    # links
    (IN_APP + ', button: Go, url: "javascript:alert(1)"', "url", "a link begins with https://"),
    (IN_APP + ", button: Go, url: //evil.example", "url", "a link begins with https://"),
    (IN_APP + ", button: Go, url: x.html", "url", "begins with `/`"),
    (IN_APP + ', button: Go, url: "data:{{ person.x }}"', "url", "a link begins with https://"),
    (MAIL + ", html: '<a href=\"/x\">x</a>'", "html", "needs its whole address"),
    (MAIL + ", html: '<a href=javascript:x>x</a>'", "html", "a link begins with https://"),
    # where it goes
    (without(HOOK, "to"), "", "needs `to`, the address"),
    (HOOK.replace("https", "ftp"), "to", "begins with https://"),
    (HOOK.replace("https://x.example", '"${HOME}"'), "to", "${SEGUE_TO_NAME}"),
    (MAIL + ", to: x@y.example", "to", "goes to the person: there is no `to`"),
    # shown
    (MAIL + ", show: {look: card}", "show", "is not shown on a page"),
    (IN_APP + ", show: {look: tooltip}", "show", "a tooltip needs a `selector`"),
    (IN_APP + ', show: {selector: "#a"}', "show.selector", "only a tooltip has a `selector`"),
    (IN_APP + ", show: {slot: a}", "show.slot", "only a slot has a `slot`"),
    # pages of this server
    (
        MAIL.replace("Hello", '"{{ unsubscribe_url }}"') + ", transactional: true",
        "text",
        "nobody unsubscribes from what is transactional",
    ),
    (MAIL.replace("Hello", '"{{ survey_url }}"'), "text", "only a survey has a `survey_url`"),
    (
        MAIL.replace("Hello", '"{{ survey_answers | length }}"'),
        "text",
        "only a survey has a `survey_answers`",
    ),
]


@pytest.mark.parametrize(("keys", "where", "message"), WRONG, ids=lambda v: str(v)[-40:])
def test_what_can_never_be_acted_upon(keys: str, where: str, message: str) -> None:
    found = problems(campaign(keys))
    (problem,) = [one for one in found if one.severity is Severity.ERROR]

    assert message in problem.message
    assert problem.where == f"campaigns.one.{where}".rstrip(".")
    with pytest.raises(DefinitionError):
        acting(project_from(campaign(keys)))


QUESTIONS = [
    ("{id: a, kind: single, ask: x}", "choices", "needs two choices or more"),
    ("{id: a, kind: text, ask: x, choices: [x, y]}", "choices", "has no choices"),
    ("{id: a, kind: single, ask: x, choices: [x, x]}", "choices", "stands here twice"),
    ("{id: a, kind: nps, ask: x, scale: 5}", "scale", "has its own scale"),
    ("{id: end, kind: text, ask: x}", "id", "`end` ends the survey"),
    ("{id: a, kind: nps, ask: x, then: {0 to 11: end}}", "then", "go from 0 to 10"),
    ("{id: a, kind: nps, ask: x, then: {6 to 0: end}}", "then", "nobody can answer"),
    ("{id: a, kind: nps, ask: x, then: {all: end}}", "then", "nobody can answer `all`"),
    ("{id: a, kind: rating, scale: 3, ask: x, then: {4: end}}", "then", "go from 1 to 3"),
    ("{id: a, kind: text, ask: x, then: {yes: end}}", "then", "only `else` is known"),
    ("{id: a, kind: csat, ask: x, then: {1: b}}", "then", "there is no question `b`"),
    (
        "{id: a, kind: single, ask: x, choices: [Price, Speed], then: {Pirce: end}}",
        "then",
        "it is none of the choices",
    ),
    ("{id: a, kind: text, ask: x, then: {else: a}}", "then", "in a circle: a → a"),
]


@pytest.mark.parametrize(("question", "where", "message"), QUESTIONS, ids=lambda v: str(v)[-40:])
def test_questions_that_cannot_be_asked(question: str, where: str, message: str) -> None:
    (problem,) = problems(survey(question))

    assert message in problem.message
    assert problem.where.startswith(f"surveys.ask.questions[0].{where}")


CIRCLES = [
    ("{0 to 6: b, else: end}", "{}", False, ""),
    ("{0 to 6: b}", "{else: a}", True, "a → b → a"),
    ("{}", "{0 to 3: a}", True, "a → b → a"),
    ("{}", "{0 to 10: end}", False, ""),
]


@pytest.mark.parametrize(("first", "second", "round_", "way"), CIRCLES)
def test_no_way_through_a_survey_goes_in_a_circle(first, second, round_, way) -> None:
    questions = (
        f"{{id: a, kind: nps, ask: x, then: {first}}}, {{id: b, kind: nps, ask: y, then: {second}}}"
    )
    found = problems(survey(questions))

    assert bool(found) is round_
    assert all(way in one.message for one in found)


def test_a_long_survey_without_circles_is_walked_quickly() -> None:
    """Every question leads to every later one: the ways are more than anybody could count."""
    branches = [
        ", ".join(f"{answer}: q{place + answer}" for answer in range(1, 6) if place + answer < 60)
        for place in range(60)
    ]
    questions = ", ".join(
        f"{{id: q{place}, kind: csat, ask: x, then: {{{then}}}}}"
        for place, then in enumerate(branches)
    )

    assert problems(survey(questions)) == []


SURVEYS = [
    ("channel: webhook", "channel", "`webhook` is not known here"),
    ("show: {look: tooltip, selector: a}", "show.look", "a survey is a card, a modal or a banner"),
    ("button: Go", "button", "a survey in the product has no `button`"),
    ("channel: email, subject: Hi, text: Please", "", "write `{{ survey_url }}`"),
]


@pytest.mark.parametrize(("keys", "where", "message"), SURVEYS, ids=lambda v: str(v)[-40:])
def test_surveys_that_cannot_be(keys: str, where: str, message: str) -> None:
    found = problems(survey("{id: a, kind: text, ask: x}", f", {keys}"))
    found = [one for one in found if one.severity is Severity.ERROR]

    assert [one.where for one in found] == [f"surveys.ask.{where}".rstrip(".")]
    assert message in found[0].message


DOUBTS = [
    (MAIL, "caps: [{at_most: 1, within: 1 day, tag: offers}]", "there is no campaign with the tag"),
    (MAIL, "caps: [{at_most: 1, within: 1 day, channel: webhook}]", "this cap stops nobody"),
    (
        MAIL,
        "caps: [{at_most: 3, within: 7 days}, {at_most: 5, within: 1 day}]",
        "another one allows at most 3 within 7 days",
    ),
    (MAIL + ", caps: [{at_most: 1, within: 1 day, channel: in_app}]", "", "never stops it"),
    (MAIL + ", caps: [{at_most: 1, within: 1 day, tag: x}]", "", "has no tag `x`"),
    (MAIL + ", purpose: marketting", "", "no consent is asked for the purpose `marketting`"),
    (MAIL + ", variants: {a: {subject: x}}", "", "compared with nothing"),
    (HOOK.replace("webhook", "apprise") + ", body: x", "", "may hold a secret"),
    (
        HOOK + ", window: {from: 09:00, to: 17:00, days: weekdays}",
        "",
        "what comes due in 24 % of the time is refused",
    ),
    (
        HOOK + ", window: {from: 09:00, to: 12:00, days: tuesday}",
        "held_at_most: 2 days",
        "`messaging: {held_at_most: 7 days}` is long enough",
    ),
    (
        HOOK.replace("leaving", "{schedule: sunday 09:00}")
        + ", window: {from: 08:00, to: 17:00, days: weekdays}",
        "held_at_most: 12 hours",
        "what comes due in 100 % of the time is refused",
    ),
    (
        HOOK + ", purpose: help",
        "quiet_hours: {from: 18:00, to: 09:00}\n  held_at_most: 12 hours",
        "what comes due in 12 % of the time is refused",
    ),
    (HOOK + ", goal: read", "", "the goal `read` is on `$session_ended`"),
    (HOOK + ", goal: left", "", "the goal `left` is on `$page_left`"),
]


FINE = [
    (HOOK + ", window: {from: 09:00, to: 17:00}", ""),
    (HOOK + ", window: {from: 09:00, to: 17:00, days: weekdays}", "held_at_most: 3 days"),
    (
        HOOK.replace("leaving", "{schedule: weekdays 12:00}")
        + ", window: {from: 09:00, to: 17:00, days: weekdays}",
        "",
    ),
    (HOOK + ", purpose: help", "quiet_hours: {from: 18:00, to: 09:00}"),
    (HOOK + ", goal: bought", ""),
]


@pytest.mark.parametrize(("keys", "rules"), FINE, ids=lambda v: str(v)[-40:])
def test_hours_and_goals_that_work(keys: str, rules: str) -> None:
    assert problems(campaign(keys, more=f"  {rules}\n" if rules else "")) == []


def test_hours_that_never_come_are_an_error() -> None:
    """But in the product, where nobody is woken."""
    rules = "  quiet_hours: {from: 18:00, to: 09:00}\n"
    night = ", window: {from: 20:00, to: 23:00}"
    (found,) = problems(campaign(HOOK + night, more=rules))

    assert (found.severity, found.where) == (Severity.ERROR, "campaigns.one.window")
    assert "nothing is ever sent" in found.message
    assert problems(campaign(IN_APP + night, more=rules)) == []


@pytest.mark.parametrize(("keys", "rules", "message"), DOUBTS, ids=lambda v: str(v)[-40:])
def test_what_is_doubtful(keys: str, rules: str, message: str) -> None:
    text = campaign(keys, more=f"  {rules}\n" if rules else "")
    (problem,) = problems(text)

    assert problem.severity is Severity.WARNING
    assert message in problem.message
    acting(project_from(text))


def test_e_mail_needs_a_sender_and_wants_consent_and_a_way_out() -> None:
    rules = BASE[BASE.index("messaging") :]
    found = problems(campaign(MAIL).replace(rules, ""))

    assert [(one.severity, one.message.split(":")[0]) for one in found] == [
        (Severity.ERROR, "e-mail needs a sender"),
        (Severity.WARNING, "without `messaging"),
        (Severity.WARNING, "nobody is asked for consent to marketing by e-mail"),
    ]


def test_help_with_the_product_needs_no_consent() -> None:
    assert problems(campaign(MAIL + ", purpose: help")) == []


def test_who_is_messaged_for_the_matter_itself_needs_no_consent() -> None:
    found = problems(campaign(MAIL + ", purpose: receipts, transactional: true"))

    assert found == []


def test_a_survey_and_a_campaign_have_different_names() -> None:
    text = (
        campaign(MAIL).replace("one:", "ask:") + survey("{id: a, kind: text, ask: x}")[len(BASE) :]
    )

    assert [one.message for one in problems(text)] == [
        "`ask` is a campaign already; a survey needs another name"
    ]


def test_all_problems_come_at_once_in_the_order_of_the_file() -> None:
    text = (
        campaign(MAIL.replace("active", "x") + ", goal: y")
        + survey("{id: a, kind: nps, ask: x, scale: 3}")[len(BASE) :]
    )
    found = [one for one in check(project_from(text)) if one.severity is Severity.ERROR]

    assert [(one.line, one.where) for one in found] == [
        (10, "campaigns.one.segment"),
        (10, "campaigns.one.goal"),
        (12, "surveys.ask.questions[0].scale"),
    ]


RULES = [
    ("{holdout: half}", "holdout", "a share is written in per cent"),
    ("{rates: {email: fast}}", "rates.email", "a rate is written as `600 per minute`"),
    ("{rates: {email: 0 per minute}}", "rates.email", "a rate is written as"),
    ("{rates: {mail: 1 per minute}}", "rates.mail", "`mail` is not known here"),
    ("{quiet_hours: {from: 22:00, to: 22:00}}", "quiet_hours.to", "the same time"),
    ("{sender: {address: hello}}", "sender.address", "an e-mail address is expected here"),
    ('{sender: {address: "a@b.example, c@d.example"}}', "sender.address", "an e-mail address"),
    ('{sender: {name: "A\\nBcc: x", address: a@b.example}}', "sender.name", "one line"),
    ("{sender: {address: a@b.example, reply_to: me}}", "sender.reply_to", "an e-mail address"),
    ("{public_url: acme.example}", "public_url", "a web address is expected here"),
    ("{consent: {marketing: {mail: x}}}", "consent.marketing.mail", "`mail` is not known here"),
    ("{held_at_most: 1 month}", "held_at_most", "there are no months"),
    ("{cap: []}", "cap", "there is no key `cap` here"),
]


@pytest.mark.parametrize(("rules", "where", "message"), RULES, ids=lambda v: str(v)[-40:])
def test_rules_that_say_nothing(rules: str, where: str, message: str) -> None:
    (problem,) = problems(f"messaging: {rules}")

    assert message in problem.message
    assert problem.where == f"messaging.{where}"


def test_a_question_that_nobody_reaches_is_doubtful() -> None:
    questions = "{id: a, kind: nps, ask: x, then: {else: end}}, {id: b, kind: text, ask: y}"
    (problem,) = problems(survey(questions))

    assert problem.severity is Severity.WARNING
    assert problem.message == "no answer ever leads to `b`"
    assert problem.where == "surveys.ask.questions[1]"


# ------------------------------------------------------------------------------------------ any text

LINES = ACTING.splitlines()
WORDS = [
    "3",
    "",
    "null",
    "true",
    "[]",
    "{}",
    "x",
    "-1",
    "9" * 30,
    "{a: 1}",
    "[1]",
    "é",
    "'",
    "0 to 9",
]


@given(
    st.lists(st.tuples(st.integers(0, len(LINES) - 1), st.sampled_from(WORDS)), max_size=3),
    st.sets(st.integers(0, len(LINES) - 1), max_size=3),
)
@settings(deadline=None, max_examples=150)
def test_whatever_is_written_is_read_or_explained(changed, dropped) -> None:
    """Any value in any place, any line missing: problems, and never another error."""
    lines = dict(enumerate(LINES))
    for place, word in changed:
        lines[place] = f"{LINES[place].split(':')[0]}: {word}"
    text = "\n".join(line for place, line in lines.items() if place not in dropped)

    found = problems(text)

    if not any(one.severity is Severity.ERROR for one in found):
        assert isinstance(acting(project_from(text)), Acting)
    assert all(one.message and one.where for one in found if "YAML" not in one.message)
