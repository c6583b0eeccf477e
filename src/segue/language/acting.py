"""Project to `Acting`: campaigns, surveys and their rules, ready to be acted upon."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from segue.domain.campaigns import (
    Acting,
    AlreadyIn,
    Branch,
    Campaign,
    Cap,
    Channel,
    Content,
    Hours,
    InApp,
    Messaging,
    Pages,
    Question,
    QuestionKind,
    Sender,
    Survey,
    Variant,
    When,
)
from segue.domain.errors import DefinitionError
from segue.domain.instant import DAY, parse_instant
from segue.language.acting_check import acting_problems, spoken_in
from segue.language.campaign_models import (
    END,
    CampaignDefinition,
    CapDefinition,
    HoursDefinition,
    MessagingDefinition,
    PagesDefinition,
    QuestionDefinition,
    ShowDefinition,
    Spoken,
    SurveyDefinition,
    VariantDefinition,
)
from segue.language.message_parts import content_of
from segue.language.models import Project
from segue.language.questions import FIVE, answers_of
from segue.language.resolve import humanised

SURVEY_TAG: Final = "survey"
"""The tag that every survey has."""
COOL_DOWN: Final = Cap(1, 14 * DAY, tag=SURVEY_TAG)
"""How long somebody is left alone after a survey, where the project's caps do not say."""
ONLY: Final = "a"
"""The id of the variant of a campaign that has only one."""
ASK: Final = "ask."
"""What stands before the id of a question in the name of the part that is its text."""
_GOAL_WITHIN: Final = 14 * DAY


def acting(project: Project) -> Acting:
    """What acting needs of a project: every campaign and survey, and the rules of all.

    Raises `DefinitionError` with everything that is wrong in them, each at its place.
    """
    problems = acting_problems(project)
    if problems:
        raise DefinitionError(problems)
    return Acting(
        campaigns=tuple(_campaign(project, loc[1], one) for loc, one in spoken_in(project)),
        messaging=_messaging(project),
    )


# --------------------------------------------------------------------------------------- the rules


def _messaging(project: Project) -> Messaging:
    rules = project.messaging
    caps = tuple(map(_cap, rules.caps))
    if project.surveys and not any(cap.tag == SURVEY_TAG for cap in caps):
        caps = (*caps, COOL_DOWN)
    return Messaging(
        timezone=project.timezone,
        holdout=rules.holdout,
        salt=rules.salt,
        quiet=_hours(rules.quiet_hours),
        held_at_most=rules.held_at_most,
        caps=caps,
        rates=dict(rules.rates),
        consent={
            (purpose, channel): trait
            for purpose, channels in rules.consent.items()
            for channel, trait in channels.items()
        },
        zone_trait=rules.zone_trait,
        email_trait=rules.email_trait,
        sender=_sender(rules),
        public_url=rules.public_url,
        pages=_pages(rules.pages),
    )


def _pages(given: PagesDefinition) -> Pages:
    return Pages(
        given.lang,
        {str(word): text for word, text in given.words.items()},
        {QuestionKind(kind): ends for kind, ends in given.scales.items()},
    )


def _sender(rules: MessagingDefinition) -> Sender:
    given = rules.sender
    return Sender() if given is None else Sender(given.name, given.address, given.reply_to)


def _cap(given: CapDefinition) -> Cap:
    return Cap(given.at_most, given.within, given.channel, given.tag)


def _hours(given: HoursDefinition | None) -> Hours | None:
    return None if given is None else Hours(given.from_, given.to, given.days)


# ---------------------------------------------------------------------------------------- campaigns


def _campaign(project: Project, id_: str, given: Spoken) -> Campaign:
    made = Campaign(
        id=id_,
        title=given.title or humanised(id_),
        segment_id=given.segment,
        when=When(given.when.moment, given.delay or 0, given.when.schedule, given.again),
        channel=given.channel,
        variants=_variants(given),
        already_in=given.already_in or AlreadyIn.SKIP,
        goal=given.goal,
        goal_within=_goal_within(project, given),
        priority=given.priority,
        holdout=given.holdout,
        caps=tuple(map(_cap, given.caps)),
        tags=tuple(dict.fromkeys(given.tags)),
        purpose=given.purpose,
        max_age=given.max_age,
        starts_at=_instant(given.starts, project.timezone),
        ends_at=_instant(given.ends, project.timezone),
        window=_hours(given.window),
        approve_first=given.approve_first,
        enabled=given.enabled,
        in_app=_in_app(given),
    )
    return fingerprinted(_particular(made, given))


def _particular(made: Campaign, given: Spoken) -> Campaign:
    """With what only campaigns, or only surveys, say."""
    if isinstance(given, CampaignDefinition):
        return replace(made, transactional=given.transactional, to=given.to)
    tags = tuple(dict.fromkeys((*made.tags, SURVEY_TAG)))
    return replace(made, survey=_survey(given), sampled=given.sampled, tags=tags)


def fingerprinted(campaign: Campaign) -> Campaign:
    """The campaign with the fingerprint of everything else that it says."""
    text = repr(replace(campaign, fingerprint=""))
    return replace(campaign, fingerprint=hashlib.sha256(text.encode()).hexdigest()[:32])


def _goal_within(project: Project, given: Spoken) -> int:
    if given.goal_within is not None:
        return given.goal_within
    goal = project.goals.get(given.goal)
    return (goal.within if goal else None) or _GOAL_WITHIN


def _instant(text: str | None, zone: str) -> int | None:
    return None if text is None else parse_instant(text, zone)


def _in_app(given: Spoken) -> InApp | None:
    if given.channel is not Channel.IN_APP:
        return None
    show = given.show or ShowDefinition()
    return InApp(show.look, tuple(show.on), show.delay or 0, show.selector, show.slot)


# ----------------------------------------------------------------------------------------- contents


def _variants(given: Spoken) -> tuple[Variant, ...]:
    several: Mapping[str, VariantDefinition] = given.variants
    if not several:
        return (Variant(ONLY, _content(given)),)
    return tuple(
        Variant(id_, _content(given, variant), variant.weight) for id_, variant in several.items()
    )


def _content(given: Spoken, *variants: VariantDefinition) -> Content:
    """The parts of a message; of a survey also its texts: `ask.ID` of each question, `thanks`."""
    parts = dict(content_of(given, *variants).parts)
    if isinstance(given, SurveyDefinition):
        parts |= {f"{ASK}{question.id}": question.ask for question in given.questions}
        parts |= {"thanks": given.thanks} if given.thanks else {}
    return Content(parts)


def _survey(given: SurveyDefinition) -> Survey:
    return Survey(tuple(map(_question, given.questions)), given.thanks)


def _question(given: QuestionDefinition) -> Question:
    return Question(
        id=given.id,
        kind=given.kind,
        text=given.ask,
        choices=tuple(given.choices),
        scale=given.scale or FIVE,
        required=given.required,
        branches=tuple(
            Branch(answers_of(given, written), "" if to == END else to)
            for written, to in given.then.items()
        ),
    )
