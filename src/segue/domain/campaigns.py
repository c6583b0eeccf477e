"""Campaigns: what is said to the people of a segment, when, and what became of it.

A campaign names a segment, a moment, a channel, a message and a goal. Each time somebody is to be
messaged there is one delivery, which goes from *due* to what became of it: delivered, shown,
clicked, converted, held out, or refused because of a rule. A survey is a campaign whose message
asks questions. Instants and durations are in ms.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Final

from segue.domain.instant import DAY, HOUR


class Channel(StrEnum):
    """How a message reaches a person."""

    IN_APP = "in_app"
    """Drawn in the product by the page's SDK, when the page asks what to show."""
    EMAIL = "email"
    WEBHOOK = "webhook"
    """A signed JSON document to an address of the operator's."""
    APPRISE = "apprise"
    """Whatever Apprise reaches: chats, SMS gateways, push services."""
    CONSOLE = "console"
    """A line of the server's log: for trying."""


class Moment(StrEnum):
    """What makes a delivery due."""

    ENTERING = "entering"
    LEAVING = "leaving"
    INSIDE = "inside"
    """As long as somebody is in: offered on entering, withdrawn on leaving. In-app only."""
    SCHEDULE = "schedule"
    """Everybody who is in at the instants of a schedule."""


class AlreadyIn(StrEnum):
    """What happens to people who are in the segment when a campaign starts."""

    SKIP = "skip"
    MESSAGE = "message"


@dataclass(frozen=True, slots=True)
class Schedule:
    """Instants on the wall clock: at minute `minute` of the day on these weekdays (0 is Monday),
    in the person's zone where that is known, else in the project's."""

    weekdays: tuple[int, ...]
    minute: int


@dataclass(frozen=True, slots=True)
class When:
    """When a campaign speaks.

    `delay`: so long after the moment, membership checked again. `schedule` is given exactly for
    `Moment.SCHEDULE`. `again`: the same person may get a further delivery this long after the last
    one (None: never again, or at each instant of a schedule).
    """

    moment: Moment
    delay: int = 0
    schedule: Schedule | None = None
    again: int | None = None


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `most` deliveries to a person in the rolling window `(t - within, t]`, counting those
    of the channel and the tag (None: of any). What is held out or refused does not count."""

    most: int
    within: int
    channel: Channel | None = None
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class Hours:
    """A stretch of every day on the wall clock, from minute `start` of the day up to minute `end`,
    over midnight where `end` is not after `start`; on these weekdays (by the day it begins on)."""

    start: int
    end: int
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `most` deliveries of a channel to anybody in each window of `within` ms."""

    most: int
    within: int


@dataclass(frozen=True, slots=True)
class Content:
    """The texts of a message: Jinja2 templates by part.

    Parts by channel: e-mail `subject`, `text`, `html`; in-app `heading`, `body`, `button`, `url`,
    `payload` (JSON, for an inline slot) and `steps` (JSON, of a checklist: a list of objects with
    `text`, and perhaps `url` and `done`, the event that ticks the step off); Apprise `heading`,
    `body`; webhook `payload`; console `body`. A survey also has `ask.ID`, the text of each
    question, and `thanks`.
    """

    parts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Variant:
    """One of several contents; chosen for a person by a stable hash, in proportion to weights."""

    id: str
    content: Content
    weight: int = 1


class Look(StrEnum):
    """How an in-app message is drawn."""

    BANNER = "banner"
    CARD = "card"
    MODAL = "modal"
    TOOLTIP = "tooltip"
    """Beside the element of a CSS selector."""
    CHECKLIST = "checklist"
    SLOT = "slot"
    """Nothing is drawn: the page is handed a JSON payload."""


class TriggerKind(StrEnum):
    """What a page waits for before it draws."""

    PAGE = "page"
    EVENT = "event"
    DWELL = "dwell"
    SCROLL = "scroll"
    EXIT_INTENT = "exit_intent"


@dataclass(frozen=True, slots=True)
class Trigger:
    """One thing a page waits for: `value` is a path with `*` for PAGE, an event's name for EVENT,
    seconds for DWELL and per cent for SCROLL, as text. `where`: of EVENT, the filter that its
    properties satisfy ("": any), in the language."""

    kind: TriggerKind
    value: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class InApp:
    """How and where an in-app message is shown: when any of the triggers fires (none: at once),
    and `delay` ms after that."""

    look: Look = Look.CARD
    triggers: tuple[Trigger, ...] = ()
    delay: int = 0
    selector: str = ""
    slot: str = ""


class QuestionKind(StrEnum):
    """How a question of a survey is answered."""

    SINGLE = "single"
    MULTIPLE = "multiple"
    RATING = "rating"
    NPS = "nps"
    """0 to 10."""
    CSAT = "csat"
    """1 to 5; 4 and 5 are satisfied."""
    CES = "ces"
    """1 to 7."""
    TEXT = "text"


SCALES: Final[Mapping[QuestionKind, tuple[int, int]]] = {
    QuestionKind.NPS: (0, 10),
    QuestionKind.CSAT: (1, 5),
    QuestionKind.CES: (1, 7),
}
"""The lowest and the highest answer of the kinds that have a scale of their own."""


@dataclass(frozen=True, slots=True)
class Branch:
    """After an answer that is one of `answers` (texts of choices, or numbers as text; empty: any)
    go to the question `to` ("" ends the survey)."""

    answers: tuple[str, ...]
    to: str


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a survey; `scale` is the highest rating of RATING."""

    id: str
    kind: QuestionKind
    text: str
    choices: tuple[str, ...] = ()
    scale: int = 5
    required: bool = False
    branches: tuple[Branch, ...] = ()

    @property
    def range(self) -> tuple[int, int] | None:
        """The lowest and the highest answer; None where it is not answered with a number."""
        return (1, self.scale) if self.kind is QuestionKind.RATING else SCALES.get(self.kind)


@dataclass(frozen=True, slots=True)
class Survey:
    """Questions in order, and the words at the end."""

    questions: tuple[Question, ...]
    thanks: str = ""


@dataclass(frozen=True, slots=True)
class Campaign:
    """Who is messaged, when, how, and what counts as success.

    `fingerprint` is equal exactly where everything else is. `goal` names a goal of the project
    ("" has none) and `goal_within` is its window after the delivery. `priority`: of several that
    compete the higher one wins. `holdout`: the share of people who are not messaged, beside the
    project's own. `max_age`: how long after its instant a transition may still be acted upon.
    `purpose`: what consent is asked for. `approve_first`: so many deliveries wait for somebody's
    approval. `sampled`: the share of people who are asked at all (surveys).
    """

    id: str
    title: str
    segment_id: str
    when: When
    channel: Channel
    variants: tuple[Variant, ...]
    already_in: AlreadyIn
    goal: str = ""
    goal_within: int = 14 * DAY
    priority: int = 0
    holdout: Fraction = Fraction(0)
    caps: tuple[Cap, ...] = ()
    tags: tuple[str, ...] = ()
    purpose: str = "marketing"
    transactional: bool = False
    max_age: int = HOUR
    starts_at: int | None = None
    ends_at: int | None = None
    window: Hours | None = None
    approve_first: int = 0
    enabled: bool = True
    to: str = ""
    """The address of WEBHOOK and APPRISE."""
    in_app: InApp | None = None
    survey: Survey | None = None
    sampled: Fraction = Fraction(1)
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who an e-mail is from, and where answers go ("": to the sender)."""

    name: str = ""
    address: str = ""
    reply_to: str = ""


@dataclass(frozen=True, slots=True)
class Pages:
    """How pages of this server that messages lead to speak: `lang` is their language (BCP 47),
    `words` stand in for their own, by name, and `scales` for the ends of scales, by kind of
    question: the lowest, the highest."""

    lang: str = "en"
    words: Mapping[str, str] = field(default_factory=dict)
    scales: Mapping[QuestionKind, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Messaging:
    """The rules of all campaigns of a project.

    `holdout`: the share of everybody who is never messaged but for transactional messages; `salt`
    makes it another one. `quiet`: no delivery in these hours of the person's zone (`zone_trait`,
    else the project's `timezone`), except in-app. `held_at_most`: what waits longer than this is
    refused. `rates` by channel. `consent`: by (purpose, channel) the trait that must be true; what
    is not named needs none. `email_trait` is where somebody's address is. `public_url`: where
    people outside reach this server, without a slash at the end: the base of tracked links and of
    pages, such as the one that unsubscribes ("": there are none); `pages` is how these speak.
    """

    timezone: str = "UTC"
    holdout: Fraction = Fraction(5, 100)
    salt: str = "segue"
    quiet: Hours | None = None
    held_at_most: int = DAY
    caps: tuple[Cap, ...] = ()
    rates: Mapping[Channel, Rate] = field(default_factory=dict)
    consent: Mapping[tuple[str, Channel], str] = field(default_factory=dict)
    zone_trait: str = "timezone"
    email_trait: str = "email"
    sender: Sender = Sender()
    public_url: str = ""
    pages: Pages = field(default_factory=Pages)


@dataclass(frozen=True, slots=True)
class Acting:
    """Everything that a project says about acting: the campaigns (surveys among them), by id, and
    their common rules."""

    campaigns: tuple[Campaign, ...] = ()
    messaging: Messaging = field(default_factory=Messaging)

    @property
    def longest_age(self) -> int:
        """How long after its moment something is still acted upon by any campaign (ms)."""
        return max((one.max_age for one in self.campaigns if one.enabled), default=0)

    def campaign(self, campaign_id: str) -> Campaign | None:
        """The campaign with this id, if there is one."""
        return next((one for one in self.campaigns if one.id == campaign_id), None)


# --------------------------------------------------------------------------------------- deliveries


class State(StrEnum):
    """How far a delivery is. The order is that of a good one; the last three are ends."""

    DUE = "due"
    """It waits: until `not_before`, for approval, or for its turn."""
    OFFERED = "offered"
    """In-app: a page that asks is told of it."""
    SENDING = "sending"
    """Handed to its channel; after a crash it is sent again under the same id."""
    DELIVERED = "delivered"
    SHOWN = "shown"
    CLICKED = "clicked"
    CONVERTED = "converted"
    HELD_OUT = "held_out"
    """Deliberately not messaged, to measure lift; `converted_at` is noted all the same."""
    REFUSED = "refused"
    FAILED = "failed"
    """The channel did not take it, however often it was tried: a dead letter."""


REACHED: Final = (State.DELIVERED, State.SHOWN, State.CLICKED, State.CONVERTED)
"""The states of what reached somebody, in order."""


class Because(StrEnum):
    """Why a delivery waits, was held out or was refused."""

    HOLDOUT = "holdout"
    """In the holdout of the project."""
    CAMPAIGN_HOLDOUT = "campaign_holdout"
    NOT_SAMPLED = "not_sampled"
    CONSENT = "consent"
    UNSUBSCRIBED = "unsubscribed"
    SUPPRESSED = "suppressed"
    """The address bounced, complained, or was put on the list by hand."""
    NO_ADDRESS = "no_address"
    LEFT_SEGMENT = "left_segment"
    GOAL_REACHED = "goal_reached"
    CAPPED = "capped"
    QUIET_HOURS = "quiet_hours"
    OUTSIDE_WINDOW = "outside_window"
    RATE = "rate"
    APPROVAL = "approval"
    STOPPED = "stopped"
    """Somebody stopped all campaigns, or this one."""
    ENDED = "ended"
    """The campaign was over, or is no longer there."""
    TOO_LATE = "too_late"
    """Known, or held, for longer than its maximum age."""
    ANOTHER_FIRST = "another_first"
    """Another campaign with a higher priority, at the same time."""
    TEMPLATE = "template"
    """A value that the message needs is missing."""
    CHANNEL = "channel"
    """The channel did not take it."""
    HARM = "harm"
    """The campaign was paused, as it did harm."""
    ERASED = "erased"


class Occasion(StrEnum):
    """What made a delivery due."""

    TRANSITION = "transition"
    LAUNCH = "launch"
    SCHEDULE = "schedule"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one person, once: the only row about it, from due to what became of it.

    `id` is a hash of campaign, person and occasion, so that nothing is made twice; it is the
    idempotency key on the wire. `person` is the code of the person's id in the store when it was
    made, `person_id` that id. `occasion_key`: the id of the transition, or the instant of the
    launch or schedule. `due_at`: the instant of the moment plus the delay; `known_at`: when it was
    known. `not_before`: nothing is tried before. `handed_at`: when it was first handed to its
    channel, or offered to a page. `detail` says in words what `because` means here.
    `approved`: None where nobody was asked, False while it waits for somebody's approval, then
    True. `segments`: the segments somebody was in when it was shown.
    """

    id: str
    campaign_id: str
    fingerprint: str
    person: int
    person_id: str
    channel: Channel
    variant: str
    occasion: Occasion
    occasion_key: int
    due_at: int
    known_at: int
    not_before: int
    state: State = State.DUE
    because: Because | None = None
    detail: str = ""
    tags: tuple[str, ...] = ()
    transactional: bool = False
    attempts: int = 0
    approved: bool | None = None
    handed_at: int | None = None
    delivered_at: int | None = None
    shown_at: int | None = None
    clicked_at: int | None = None
    dismissed_at: int | None = None
    converted_at: int | None = None
    ended_at: int | None = None
    segments: tuple[str, ...] = ()


class Suppression(StrEnum):
    """Why an address is not written to."""

    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    BY_HAND = "by_hand"


@dataclass(frozen=True, slots=True)
class Suppressed:
    """An address on the suppression list: for one purpose, or for all ("")."""

    address: str
    channel: Channel
    purpose: str
    reason: Suppression
    since: int
