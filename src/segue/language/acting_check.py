"""Checking campaigns, surveys and their rules: what can never be, and what is doubtful."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from segue.domain.campaigns import AlreadyIn, Channel, Look, Moment
from segue.domain.errors import Problem, Severity
from segue.domain.instant import format_duration, parse_instant
from segue.language.actions import Actions, CyclicError
from segue.language.activity import DERIVED_EVENTS
from segue.language.campaign_models import (
    CampaignDefinition,
    CapDefinition,
    HoursDefinition,
    Parts,
    ShowDefinition,
    Spoken,
    SurveyDefinition,
)
from segue.language.message_parts import content_of, part_problems, shape_of
from segue.language.models import Project
from segue.language.questions import mistakes
from segue.language.resolve import entries
from segue.language.send_hours import WEEK, Waits
from segue.language.tree import PatternUnion
from segue.language.yaml_source import Loc

VARIABLE_PREFIX: Final = "SEGUE_TO_"
"""How the environment variables begin that may stand for an address: no other can be read so."""
_VARIABLE: Final = re.compile(rf"\$\{{{VARIABLE_PREFIX}\w+\}}", re.ASCII)
_SURVEY_TAG: Final = "survey"
_MARKETING: Final = "marketing"
"""The purpose that the law of most places wants consent for."""
_NEVER_BOUND: Final = (Channel.IN_APP, Channel.CONSOLE)


def acting_problems(project: Project) -> list[Problem]:
    """Everything in campaigns, surveys and rules that keeps them from being acted upon."""
    return [one for one in check_acting(project) if one.severity is Severity.ERROR]


def check_acting(project: Project) -> list[Problem]:
    """All problems of campaigns, surveys and rules: errors and warnings."""
    found = [*_rules(project)]
    found += _twice(project)
    for loc, spoken in spoken_in(project):
        for check in _CHECKS:
            found += [
                project.placed(problem, (*loc, *at)) for at, problem in check(project, spoken)
            ]
    return found


_Found = Iterator[tuple[Loc, Problem]]


def spoken_in(project: Project) -> Iterator[tuple[tuple[str, str], Spoken]]:
    """Every campaign and survey, and where it stands in the file."""
    for id_, campaign in project.campaigns.items():
        yield ("campaigns", id_), campaign
    for id_, survey in project.surveys.items():
        yield ("surveys", id_), survey


def _doubtful(message: str, suggestion: str = "") -> Problem:
    return Problem(message, suggestion=suggestion, severity=Severity.WARNING)


def _unknown(what: str, name: str, known: list[str]) -> Problem:
    close = difflib.get_close_matches(name, known, n=1)
    expected = () if close else tuple(known[:8])
    return Problem(f"there is no {what} `{name}`", suggestion="".join(close), expected=expected)


def _twice(project: Project) -> Iterator[Problem]:
    for id_ in project.surveys:
        if id_ in project.campaigns:
            problem = Problem(f"`{id_}` is a campaign already; a survey needs another name")
            yield project.placed(problem, ("surveys", id_))


# ------------------------------------------------------------------------------------ the rules


def _rules(project: Project) -> Iterator[Problem]:
    rules = project.messaging
    tags = {tag for _, one in spoken_in(project) for tag in one.tags} | {_SURVEY_TAG}
    channels = {one.channel for _, one in spoken_in(project)}
    for place, cap in enumerate(rules.caps):
        loc: Loc = ("messaging", "caps", place)
        if cap.tag is not None and cap.tag not in tags:
            problem = _unknown("campaign with the tag", cap.tag, sorted(tags))
            yield project.placed(replace(problem, severity=Severity.WARNING), (*loc, "tag"))
        if cap.channel is not None and channels and cap.channel not in channels:
            message = f"no campaign uses the channel {cap.channel}: this cap stops nobody"
            yield project.placed(_doubtful(message), (*loc, "channel"))
        yield from _looser(project, rules.caps, place, loc)
    if rules.quiet_hours is not None:
        yield from (
            project.placed(problem, ("messaging", "quiet_hours", *at))
            for at, problem in _hours(rules.quiet_hours)
        )
        waits = Waits.between(rules.quiet_hours, None)
        if waits.longest is not None and (share := waits.refused(rules.held_at_most)):
            words = _refused_words(share, waits.longest, rules.held_at_most)
            yield project.placed(_doubtful(words), ("messaging", "quiet_hours"))
    yield from _e_mail(project)


def _looser(project: Project, caps: list[CapDefinition], place: int, loc: Loc) -> Iterator[Problem]:
    """A cap that another one makes needless."""
    cap = caps[place]
    for other in caps:
        same = other.channel in (None, cap.channel) and other.tag in (None, cap.tag)
        tighter = other.at_most <= cap.at_most and other.within >= cap.within
        if other is not cap and other != cap and same and tighter:
            held = f"at most {other.at_most} within {format_duration(other.within)}"
            message = f"this cap never matters: another one allows {held}"
            yield project.placed(_doubtful(message), loc)


def _e_mail(project: Project) -> Iterator[Problem]:
    rules = project.messaging
    e_mails = [loc for loc, one in spoken_in(project) if one.channel is Channel.EMAIL]
    if not e_mails:
        return
    if rules.sender is None:
        message = "e-mail needs a sender: `messaging: {sender: {name: …, address: …}}`"
        yield project.placed(Problem(message), e_mails[0])
    if not rules.public_url:
        message = (
            "without `messaging: {public_url: https://…}` an e-mail has no link to unsubscribe, "
            "and clicks are not seen"
        )
        yield project.placed(_doubtful(message), e_mails[0])


def _hours(hours: HoursDefinition) -> _Found:
    if hours.from_ == hours.to:
        yield ("to",), Problem("`from` and `to` are the same time")
    if not hours.days:
        yield ("days",), Problem("no day is named")


# --------------------------------------------------------------------------------------- the moment


def _segment(project: Project, one: Spoken) -> _Found:
    known = [entry.segment.id for entry in entries(project)]
    if one.segment not in known:
        yield ("segment",), _unknown("segment", one.segment, known)
    if one.goal and one.goal not in project.goals:
        yield ("goal",), _unknown("goal", one.goal, list(project.goals))
    if one.goal_within is not None and not one.goal:
        yield ("goal_within",), Problem("`goal_within` needs a `goal`")
    if one.goal in project.goals:
        yield from _seen_goal(project, one.goal)


def _seen_goal(project: Project, goal: str) -> _Found:
    """Whether campaigns see that a goal is reached: they hear of events as they are stored."""
    try:
        pattern = Actions(project.actions).expand(project.goals[goal].event)
    except CyclicError:  # said where the actions stand
        return
    alternatives = pattern.alternatives if isinstance(pattern, PatternUnion) else (pattern,)
    names = [name for one in alternatives for name in one.names]
    computed = [event for event in sorted(DERIVED_EVENTS) if any(n.matches(event) for n in names)]
    if computed:
        message = (
            f"the goal `{goal}` is on `{computed[0]}`, which is computed and never stored: "
            "a campaign does not see it reached; take an event that is stored"
        )
        yield ("goal",), _doubtful(message)


_WHY_SAID: Final = (
    "`already_in` is missing: people are in this segment when the campaign starts; "
    "`skip` leaves them alone, `message` messages them too"
)


def _moment(_: Project, one: Spoken) -> _Found:
    moment = one.when.moment
    chosen = moment in (Moment.ENTERING, Moment.INSIDE)
    if chosen and one.already_in is None:
        yield ("already_in",), Problem(_WHY_SAID)
    if moment is Moment.LEAVING and one.already_in is AlreadyIn.MESSAGE:
        message = "people who are in have not left: `when: leaving` cannot message them"
        yield ("already_in",), Problem(message)
    if moment is Moment.SCHEDULE and one.already_in is AlreadyIn.SKIP:
        message = "a schedule messages everybody who is in at its instants: leave `already_in` out"
        yield ("already_in",), Problem(message)
    if moment is Moment.INSIDE and one.channel is not Channel.IN_APP:
        message = (
            "`inside` shows something for as long as somebody is in: in_app only; "
            "elsewhere write `entering`, or a schedule"
        )
        yield ("when",), Problem(message)
    if moment is Moment.SCHEDULE and one.delay is not None:
        yield ("delay",), Problem("a schedule says when; there is no `delay` after it")


def _times(project: Project, one: Spoken) -> _Found:
    if one.starts is not None and one.ends is not None:
        begin, end = (parse_instant(text, project.timezone) for text in (one.starts, one.ends))
        if begin >= end:
            yield ("ends",), Problem("the campaign ends before it starts")
    if one.window is not None:
        yield from ((("window", *at), problem) for at, problem in _hours(one.window))
        yield from _held(project, one)
    if one.holdout == 1:
        yield ("holdout",), Problem("everybody is held out: nobody is ever messaged")


def _held(project: Project, one: Spoken) -> _Found:
    """Whether what has to wait for its hours is held for long enough."""
    rules = project.messaging
    if one.window is None or any(_hours(one.window)):
        return
    wakes = one.channel is not Channel.IN_APP and not _is_transactional(one)
    waits = Waits.between(rules.quiet_hours if wakes else None, one.window)
    schedule = one.when.schedule
    instants = (
        range(WEEK)
        if schedule is None
        else [day * (WEEK // 7) + schedule.minute for day in schedule.weekdays]
    )
    share = waits.refused(rules.held_at_most, instants)
    if not share:
        return
    if waits.longest is None:
        yield ("window",), Problem("nothing is ever sent: quiet hours cover these hours")
        return
    yield ("window",), _doubtful(_refused_words(share, waits.longest, rules.held_at_most))


def _refused_words(share: float, longest: int, held_at_most: int) -> str:
    held, enough = format_duration(held_at_most), longest // _DAY_OF_MINUTES + 1
    return (
        f"what comes due in {100 * share:.0f} % of the time is refused: the hours in which it may "
        f"be sent are further away than the {held} for which it is held; "
        f"`messaging: {{held_at_most: {enough} days}}` is long enough"
    )


_DAY_OF_MINUTES: Final = WEEK // 7


def _rules_of_one(project: Project, one: Spoken) -> _Found:
    for place, cap in enumerate(one.caps):
        if cap.channel not in (None, one.channel):
            message = f"this campaign is {one.channel}: a cap over {cap.channel} never stops it"
            yield ("caps", place, "channel"), _doubtful(message)
        own = {*one.tags, *([_SURVEY_TAG] if isinstance(one, SurveyDefinition) else [])}
        if cap.tag is not None and cap.tag not in own:
            message = f"this campaign has no tag `{cap.tag}`: this cap never stops it"
            yield ("caps", place, "tag"), _doubtful(message)
    yield from _consent(project, one)


def _consent(project: Project, one: Spoken) -> _Found:
    purposes = project.messaging.consent
    if _is_transactional(one) or one.channel in _NEVER_BOUND:
        return
    if one.purpose not in purposes:
        close = difflib.get_close_matches(one.purpose, purposes, n=1)
        if close:
            message = f"no consent is asked for the purpose `{one.purpose}`"
            yield ("purpose",), _doubtful(message, close[0])
    mail = one.channel is Channel.EMAIL and one.purpose == _MARKETING
    if mail and one.channel not in purposes.get(one.purpose, {}):
        message = (
            "nobody is asked for consent to marketing by e-mail: "
            "`messaging: {consent: {marketing: {email: TRAIT}}}`"
        )
        yield ("channel",), _doubtful(message)


# ----------------------------------------------------------------------------------------- contents


def _contents(_: Project, one: Spoken) -> _Found:
    look = one.show.look if one.show is not None else Look.CARD
    shape = shape_of(one.channel, look, survey=isinstance(one, SurveyDefinition))
    wholes: dict[Loc, tuple[Parts, ...]] = {
        ("variants", id_): (one, variant) for id_, variant in one.variants.items()
    }
    for loc, parts in (wholes or {(): (one,)}).items():
        for part, message in part_problems(shape, _texts(*parts)):
            own = bool(part) and getattr(parts[-1], part) is not None
            place: Loc = (*loc, part) if own else ((part,) if part else loc)
            yield place, Problem(message)
    if len(one.variants) == 1:
        yield ("variants",), _doubtful("one variant is compared with nothing")


def _links_outside(project: Project, one: Spoken) -> _Found:
    """Pages of this server that a message leads to: people have to reach it."""
    texts = {part: text for part, text in _texts(one).items() if part in _WRITTEN}
    for id_, variant in one.variants.items():
        texts |= {f"variants.{id_}.{part}": text for part, text in _texts(variant).items()}
    survey = isinstance(one, SurveyDefinition) and one.channel is Channel.EMAIL
    if survey and not any(page in text for page in _ASKING for text in texts.values()):
        yield (), Problem("a survey by e-mail leads to its page: write `{{ survey_url }}`")
    for name, text in texts.items():
        loc: Loc = tuple(name.split("."))
        for page in _PAGES:
            if page not in text:
                continue
            if page in _ASKING and not isinstance(one, SurveyDefinition):
                yield loc, Problem(f"only a survey has a `{page}`")
            elif page == "unsubscribe_url" and _is_transactional(one):
                yield loc, Problem("nobody unsubscribes from what is transactional")
            elif not project.messaging.public_url:
                message = f"`{page}` needs `messaging: {{public_url: https://…}}`"
                yield loc, Problem(message)


def _is_transactional(one: Spoken) -> bool:
    return isinstance(one, CampaignDefinition) and one.transactional


_ASKING: Final = ("survey_url", "survey_answers")
_PAGES: Final = ("unsubscribe_url", *_ASKING)
_WRITTEN: Final = ("subject", "text", "html")


def _texts(*given: Parts) -> dict[str, str]:
    return dict(content_of(*given).parts)


_SHOWN: Final = "shown in the product only: `channel: in_app`"


def _showing(_: Project, one: Spoken) -> _Found:
    show = one.show
    if one.channel is not Channel.IN_APP:
        if show is not None:
            yield (
                ("show",),
                Problem(f"a message by {one.channel} is not shown on a page; this is {_SHOWN}"),
            )
        return
    show = show or ShowDefinition()
    if isinstance(one, SurveyDefinition) and show.look not in _SURVEY_LOOKS:
        message = f"a survey is a card, a modal or a banner, not a {show.look}"
        yield ("show", "look"), Problem(message)
    for look, needed, given in (
        (Look.TOOLTIP, "selector", show.selector),
        (Look.SLOT, "slot", show.slot),
    ):
        if show.look is look and not given:
            yield ("show",), Problem(f"a {look} needs a `{needed}`")
        if show.look is not look and given:
            yield ("show", needed), Problem(f"only a {look} has a `{needed}`")


_SURVEY_LOOKS: Final = (Look.CARD, Look.MODAL, Look.BANNER)


def _addressed(_: Project, one: Spoken) -> _Found:
    if not isinstance(one, CampaignDefinition):
        return
    addressed = one.channel in (Channel.WEBHOOK, Channel.APPRISE)
    if addressed and not one.to:
        yield (), Problem(f"a message by {one.channel} needs `to`, the address")
    if not addressed and one.to:
        yield ("to",), Problem(f"a message by {one.channel} goes to the person: there is no `to`")
    named = one.to.startswith("${")
    if named and not _VARIABLE.fullmatch(one.to):
        message = f"a variable of the environment is written `${{{VARIABLE_PREFIX}NAME}}`, alone"
        yield ("to",), Problem(message)
    web = one.to.startswith(("https://", "http://"))
    if one.channel is Channel.WEBHOOK and one.to and not (named or web):
        yield ("to",), Problem("a webhook goes to an address that begins with https://")
    if one.channel is Channel.APPRISE and one.to and not named:
        if "://" not in one.to:
            yield ("to",), Problem("an Apprise address is wanted, such as `slack://…`")
        variable = f"{VARIABLE_PREFIX}NAME"
        message = f"this address may hold a secret: write `${{{variable}}}` and set {variable}"
        yield ("to",), _doubtful(message)


def _questions(_: Project, one: Spoken) -> _Found:
    if isinstance(one, SurveyDefinition):
        for found in mistakes(one.questions):
            severity = Severity.WARNING if found.doubt else Severity.ERROR
            yield found.loc, Problem(found.message, suggestion=found.suggestion, severity=severity)


_CHECKS: Final[tuple[Callable[[Project, Spoken], _Found], ...]] = (
    _segment,
    _moment,
    _times,
    _rules_of_one,
    _contents,
    _links_outside,
    _showing,
    _addressed,
    _questions,
)
