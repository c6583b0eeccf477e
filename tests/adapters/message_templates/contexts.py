"""A person, an event and a campaign for templates to speak of."""

from dataclasses import replace
from typing import Any

from segue.adapters.message_templates import MessageTemplates
from segue.domain.acting import MessageContext, Profile, Rendered, TriggeringEvent

AT = 1_779_300_000_000  # 2026-05-20T18:00:00Z
TRAITS = {
    "name": "Ann",
    "plan": {"name": "Pro", "price": 1234.5, "seats": 3},
    "tags": ["a", "b"],
    "vip": True,
    "since": "2026-05-03T23:30:00Z",
    "birthday": "1990-02-01",
    "seen": 1_779_300_000,
    "weird key": "w",
    "empty": "",
    "zero": 0,
}
CONTEXT = MessageContext(
    person=Profile("u1", ("u1", "anon"), TRAITS),
    campaign_id="welcome",
    campaign_title="Welcome",
    segment_id="fresh",
    segment_title="Fresh people",
    at=AT,
    zone="Europe/Berlin",
    since=AT,
    evidence="has signed up",
    event=TriggeringEvent("signed_up", AT, {"plan": "Pro", "total": 3}),
    link=lambda url: f"https://say.example/c/{len(url)}",
)
TEMPLATES = MessageTemplates()


def with_traits(**traits: Any) -> MessageContext:
    """The context for somebody with other traits too."""
    return replace(CONTEXT, person=Profile("u1", ("u1",), {**TRAITS, **traits}))


def rendered(text: str, part: str = "text", context: MessageContext = CONTEXT) -> Rendered:
    """One part, rendered."""
    return TEMPLATES.render({part: text}, context)


def said(text: str, part: str = "text", context: MessageContext = CONTEXT) -> str:
    """The final text of one part, which can be made."""
    found = rendered(text, part, context)
    assert not found.problem, found.problem
    return found.parts[part]


def refused(text: str, part: str = "text", context: MessageContext = CONTEXT) -> str:
    """Why one part cannot be made."""
    found = rendered(text, part, context)
    assert found.problem
    assert found.parts == {}
    return found.problem


def wrong(text: str, part: str = "text") -> list[str]:
    """What checking finds."""
    return [one.message for one in TEMPLATES.problems(part, text)]
