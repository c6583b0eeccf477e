"""The models of `campaigns`, `surveys` and `messaging` in the project file."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field

from segue.domain.campaigns import AlreadyIn, Channel, Look, QuestionKind
from segue.domain.instant import DAY, HOUR
from segue.language.acting_fields import (
    Days,
    InstantText,
    JsonText,
    Minute,
    RateText,
    Share,
    TriggerText,
    WhenText,
    wrong,
)
from segue.language.fields import DurationText, Id
from segue.language.section import Section

END = "end"
"""In a branch: the survey is over."""


class HoursDefinition(Section):
    """A stretch of every day on the wall clock; over midnight where `to` is before `from`."""

    from_: Minute = Field(alias="from")
    to: Minute
    days: Days = Field(default=(0, 1, 2, 3, 4, 5, 6), description="The days it begins on.")


class CapDefinition(Section):
    """At most so many deliveries to one person in any stretch of time so long."""

    at_most: int = Field(ge=1)
    within: DurationText
    channel: Channel | None = Field(default=None, description="Only those of this channel.")
    tag: str | None = Field(default=None, description="Only those with this tag.")


def _address(text: str) -> str:
    local, at, domain = text.rpartition("@")
    if not at or not local or "." not in domain or any(one.isspace() for one in text):
        raise wrong("an e-mail address is expected here, such as `hello@acme.com`")
    if any(one in text for one in "<>,;"):
        raise wrong("one address without its name; the name is `name`")
    return text


def _one_line(text: str) -> str:
    if any(not one.isprintable() for one in text):
        raise wrong("this is one line of plain text")
    return text


def _web_address(text: str) -> str:
    """A web address without a slash at its end; nothing is none."""
    if not text:
        return text
    host = text.partition("://")[2]
    if not text.startswith(("https://", "http://")) or not host or any(map(str.isspace, text)):
        raise wrong("a web address is expected here, such as `https://hello.acme.com`")
    return text.rstrip("/")


AddressText: TypeAlias = Annotated[str, AfterValidator(_one_line), AfterValidator(_address)]
"""An e-mail address."""


OptionalAddress: TypeAlias = Annotated[
    str, AfterValidator(_one_line), AfterValidator(lambda text: text and _address(text))
]
"""An e-mail address, or nothing."""


class SenderDefinition(Section):
    """Who e-mails are from."""

    name: Annotated[str, AfterValidator(_one_line)] = ""
    address: AddressText
    reply_to: OptionalAddress = Field(default="", description="Where answers go.")


def _language(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", text):
        raise wrong("a language is written as `de` or `pt-BR`")
    return text


PageWord: TypeAlias = Literal[
    "back", "next", "send", "skip", "required", "thanks", "closing", "over", "sorry"
]
"""What stands on the page of a survey beside its own texts."""


class PagesDefinition(Section):
    """How the page of a survey speaks."""

    lang: Annotated[str, AfterValidator(_language)] = Field(
        default="en", description="The language of its texts."
    )
    words: dict[PageWord, Annotated[str, AfterValidator(_one_line)]] = Field(
        default={}, description="Other words for its buttons and notes."
    )
    scales: dict[
        Literal[QuestionKind.NPS, QuestionKind.CSAT, QuestionKind.CES, QuestionKind.RATING],
        tuple[str, str],
    ] = Field(default={}, description="By kind of question, what the ends of its scale mean.")


class MessagingDefinition(Section):
    """The rules of all campaigns."""

    holdout: Share = Field(
        default=Fraction(5, 100),
        description="The share of people who are never messaged, to measure lift.",
    )
    salt: str = Field(default="segue", description="Changing it draws another holdout.")
    quiet_hours: HoursDefinition | None = Field(
        default=None, description="No delivery in these hours of the person's zone, but in-app."
    )
    held_at_most: DurationText = Field(default=DAY, description="What waits for longer is refused.")
    caps: list[CapDefinition] = Field(default=[], description="Every one of them must pass.")
    rates: dict[Channel, RateText] = Field(
        default={}, description="The pace of a channel, for everybody."
    )
    consent: dict[Id, dict[Channel, str]] = Field(
        default={}, description="By purpose and channel: the trait that must be true."
    )
    zone_trait: str = Field(default="timezone", description="The trait with a person's time zone.")
    email_trait: str = Field(
        default="email", description="The trait with a person's e-mail address."
    )
    sender: SenderDefinition | None = Field(default=None, description="Who e-mails are from.")
    public_url: Annotated[str, AfterValidator(_web_address)] = Field(
        default="", description="Where people outside reach this server."
    )
    pages: PagesDefinition = Field(
        default=PagesDefinition(), description="How the page of a survey speaks."
    )


class StepDefinition(Section):
    """A step of a checklist."""

    text: str
    url: str = ""
    done: str = Field(default="", description="The event that ticks the step off.")


class Parts(Section):
    """The texts of a message; each is a template."""

    subject: str | None = Field(default=None, description="E-mail: one line.")
    text: str | None = Field(default=None, description="E-mail: plain text.")
    html: str | None = Field(default=None, description="E-mail: HTML.")
    heading: str | None = Field(default=None, description="In-app and Apprise: one line.")
    body: str | None = Field(default=None, description="In-app, Apprise and console: plain text.")
    button: str | None = Field(default=None, description="In-app: what stands on the button.")
    url: str | None = Field(default=None, description="In-app: where the button leads.")
    payload: JsonText | None = Field(default=None, description="Webhook, and in-app slots: JSON.")
    steps: list[StepDefinition] | None = Field(
        default=None, description="In-app checklist: its steps.", min_length=1
    )


class VariantDefinition(Parts):
    """One of several contents of a campaign."""

    weight: int = Field(default=1, ge=1, le=1_000_000)


class ShowDefinition(Section):
    """How, where and when a page shows an in-app message."""

    look: Look = Look.CARD
    on: list[TriggerText] = Field(default=[], description="Any of these; none: at once.")
    delay: DurationText | None = Field(default=None, description="So long after that.")
    selector: str = Field(default="", description="Tooltip: the CSS selector of its element.")
    slot: str = Field(default="", description="Slot: the name that the page gave it.")


class MessageDefinition(Parts):
    """What campaigns and surveys have in common."""

    title: str = Field(default="", description="Name for people; by default made from the id.")
    segment: str = Field(description="The segment, or a level: `journey.trial`.")
    when: WhenText
    delay: DurationText | None = Field(default=None, description="So long after the moment.")
    again: DurationText | None = Field(
        default=None, description="The same person again, this long after the last one; else never."
    )
    already_in: AlreadyIn | None = Field(
        default=None, description="What happens to people who are in when the campaign starts."
    )
    variants: dict[Id, VariantDefinition] = Field(
        default={}, description="Several contents, compared."
    )
    goal: str = Field(default="", description="The goal of the project that counts as success.")
    goal_within: DurationText | None = Field(
        default=None, description="By default that of the goal."
    )
    priority: int = Field(default=0, description="Of several at the same time the highest wins.")
    holdout: Share = Field(default=Fraction(0), description="Beside the holdout of the project.")
    caps: list[CapDefinition] = Field(default=[], description="Beside those of the project.")
    tags: list[str] = Field(default=[], description="What caps count together.")
    purpose: Id = Field(default="marketing", description="What consent is asked for.")
    max_age: DurationText = Field(
        default=HOUR, description="How long after its instant a moment is still acted upon."
    )
    starts: InstantText | None = None
    ends: InstantText | None = None
    window: HoursDefinition | None = Field(default=None, description="Sent in these hours only.")
    approve_first: int = Field(default=0, ge=0, description="So many wait for somebody's approval.")
    enabled: bool = True
    show: ShowDefinition | None = Field(
        default=None, description="In-app: how and when it is shown."
    )


class CampaignDefinition(MessageDefinition):
    """A campaign: what is said to the people of a segment, when and how."""

    channel: Channel
    to: str = Field(default="", description="Webhook and Apprise: the address.")
    transactional: bool = Field(
        default=False, description="Exempt from consent, holdouts, caps and quiet hours."
    )


class QuestionDefinition(Section):
    """A question of a survey."""

    id: Id
    kind: QuestionKind
    ask: str = Field(description="The question itself, in words.", min_length=1)
    choices: list[str] = Field(default=[], description="Of `single` and `multiple`.")
    scale: int | None = Field(
        default=None, ge=2, le=10, description="Of `rating`: the highest; by default 5."
    )
    required: bool = False
    then: dict[str, Id] = Field(
        default={},
        description="By answer, by numbers such as `0 to 6`, or `else`: the question that follows, "
        "or `end`.",
    )


class SurveyDefinition(MessageDefinition):
    """A survey: questions to the people of a segment."""

    channel: Literal[Channel.IN_APP, Channel.EMAIL] = Channel.IN_APP
    questions: list[QuestionDefinition] = Field(min_length=1)
    thanks: str = Field(default="", description="The words at the end.")
    sampled: Share = Field(
        default=Fraction(1), description="The share of people who are asked at all."
    )


Spoken: TypeAlias = CampaignDefinition | SurveyDefinition
"""What is said to people: a campaign, or a survey."""
