"""A survey that an e-mail leads to: where somebody is in it, and what they answer.

There is one response to one message, whoever follows its link and however often: everything is an
event of the person whose delivery it is, under ids made of the delivery's. What was answered is
read back from these events, so that somebody goes on where they were, on any machine. What only
looks answers nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final, Protocol

from segue.domain.browsing import Browser
from segue.domain.campaigns import Acting, Campaign, Content, Delivery, Question, Survey
from segue.domain.errors import NotFoundError
from segue.domain.ports import StoredEvent
from segue.services.acting.links import Ticket
from segue.services.acting.survey_way import Answer, answer_of, way
from segue.services.live.answers import PersonStanding
from segue.services.live.intake import Batch, Receipt

SHOWN: Final = "$survey_shown"
ANSWERED: Final = "$survey_answered"
MOST_CHANGES: Final = 20
"""How often an answer may be changed: whoever has a link cannot fill the store."""
_WORDS: Final = ("ask.", "thanks")
"""The parts of a survey by e-mail that its page shows."""

Submit = Callable[[Batch], Future[Receipt]]
"""Hands events to the live intake; raises `BusyError` where too much waits there."""


class SurveyStore(Protocol):
    """What surveys on pages ask of a store."""

    def delivery(self, delivery_id: str) -> Delivery | None:
        """The delivery with this id."""

    def distinct_ids(self, person_id: str) -> tuple[str, ...]:
        """All distinct ids of a person."""

    def person_of(self, distinct_id: str) -> str | None:
        """The id of the person who has this distinct id."""

    def browsing(self) -> AbstractContextManager[Browser[Any]]:
        """One moment of the store, for as long as the block takes."""


class Stage(StrEnum):
    """What the page of a survey says."""

    ASKS = "asks"
    DONE = "done"
    OVER = "over"
    """The survey is not there any more, switched off, or past its end."""


@dataclass(frozen=True, slots=True)
class Said:
    """What is known of one response: the answers at last, how often each question was answered, the
    segments somebody was in when it was shown (None: it was not yet), whether it is complete."""

    answers: Mapping[str, Answer] = field(default_factory=dict)
    times: Mapping[str, int] = field(default_factory=dict)
    segments: tuple[str, ...] | None = None
    complete: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the page shows of a survey, and to which delivery; `question` is None but where it asks,
    `before` is the id of the question that was asked before it ("": it is the first)."""

    delivery: Delivery
    campaign: Campaign | None
    stage: Stage
    said: Said = field(default_factory=Said)
    question: Question | None = None
    before: str = ""

    @property
    def answer(self) -> Answer | None:
        """What was answered to the question at last."""
        return self.said.answers.get(self.question.id) if self.question else None

    @property
    def is_last(self) -> bool:
        """Whether nothing follows, unless the answer leads on."""
        if self.question is None or self.campaign is None or self.campaign.survey is None:
            return True
        left = {one: kept for one, kept in self.said.answers.items() if one != self.question.id}
        return way(self.campaign.survey.questions, left)[-1] == self.question.id


@dataclass(frozen=True, slots=True)
class Step:
    """What follows an answer: the id of the question to show ("": the end); whether one must be
    given first; and what is being stored."""

    to: str
    lacking: bool = False
    stored: Future[Receipt] | None = None


@dataclass(frozen=True)
class MailedSurveys:
    """The surveys of messages. `standing` gives the segments of whoever has a distinct id (it
    raises `NotFoundError` where nobody has). Threads may share it."""

    store: SurveyStore
    submit: Submit
    standing: Callable[[str], PersonStanding]

    def sheet(self, ticket: Ticket, acting: Acting, now: int, at: str = "") -> Sheet | None:
        """The page of a link, at the question `at` where the way leads there, else where somebody
        is. None where the delivery is not there any more, as its person was erased."""
        delivery = self.store.delivery(ticket.delivery_id)
        if delivery is None:
            return None
        campaign = acting.campaign(delivery.campaign_id)
        if campaign is None or campaign.survey is None or _is_over(campaign, now):
            return Sheet(delivery, None, Stage.OVER)
        said = self._said(delivery)
        if said.complete:
            return Sheet(delivery, campaign, Stage.DONE, said)
        return _asking(Sheet(delivery, campaign, Stage.ASKS, said), campaign.survey, at)

    def seen(self, sheet: Sheet, now: int) -> Future[Receipt] | None:
        """Note that somebody saw the page; None where it is known, or nothing is asked. The
        segments they are in now are kept with all that they answer."""
        if sheet.stage is not Stage.ASKS or sheet.said.segments is not None:
            return None
        return self.submit(_batch(sheet.delivery, now, [self._shown(sheet)]))

    def answered(
        self, sheet: Sheet, texts: list[str], now: int, *, back: bool = False, skip: bool = False
    ) -> Step:
        """Take what stands in the form of a sheet; to go back keeps it too. Raises `BusyError`."""
        if sheet.stage is not Stage.ASKS or sheet.question is None or sheet.campaign is None:
            return Step("")
        question, survey = sheet.question, sheet.campaign.survey
        assert survey is not None
        answer = None if skip else answer_of(question, texts)
        if answer is None and question.required and not back:
            return Step(question.id, lacking=True)
        left = {one: kept for one, kept in sheet.said.answers.items() if one != question.id}
        answers = left if answer is None else left | {question.id: answer}
        ahead = way(survey.questions, answers)
        following = "".join(ahead[ahead.index(question.id) + 1 :][:1])
        complete = not following and not back
        stored = self._store(sheet, question, answer, now, complete=complete)
        return Step(sheet.before if back else following, stored=stored)

    # ------------------------------------------------------------------------------------- events

    def _store(
        self, sheet: Sheet, question: Question, answer: Answer | None, now: int, *, complete: bool
    ) -> Future[Receipt] | None:
        times = sheet.said.times.get(question.id, 0)
        known = answer == sheet.said.answers.get(question.id)
        if not complete and (known or times >= MOST_CHANGES):
            return None
        shown = self._shown(sheet)
        facts = shown[2] | _facts_of(question, answer, sheet.delivery.id, complete=complete)
        told = (f"{sheet.delivery.id}:answer:{question.id}:{times}", ANSWERED, facts)
        return self.submit(
            _batch(
                sheet.delivery, now, [told] if sheet.said.segments is not None else [shown, told]
            )
        )

    def _shown(self, sheet: Sheet) -> tuple[str, str, dict[str, Any]]:
        delivery = sheet.delivery
        segments = sheet.said.segments
        facts = {
            "delivery_id": delivery.id,
            "campaign_id": delivery.campaign_id,
            "variant": delivery.variant,
            "segments": list(self._segments(delivery) if segments is None else segments),
        }
        return f"{delivery.id}:shown", SHOWN, facts

    def _segments(self, delivery: Delivery) -> list[str]:
        try:
            standing = self.standing(delivery.person_id)
        except NotFoundError:
            return []
        return sorted(one.segment_id for one in standing.memberships)

    def _said(self, delivery: Delivery) -> Said:
        person = self.store.person_of(delivery.person_id) or delivery.person_id
        with self.store.browsing() as browser:
            events = browser.named(self.store.distinct_ids(person), [SHOWN, ANSWERED])
        return said_in(delivery.id, events)


def said_in(delivery_id: str, events: Iterable[StoredEvent]) -> Said:
    """What the events of a person, in event order, say of one response."""
    answers: dict[str, Answer] = {}
    times: Counter[str] = Counter()
    segments: tuple[str, ...] | None = None
    complete = False
    for event in events:
        facts = json.loads(event.properties)
        if facts.get("delivery_id") != delivery_id:
            continue
        if segments is None:
            segments = tuple(one for one in facts.get("segments") or () if isinstance(one, str))
        question = facts.get("question_id")
        if event.event == ANSWERED and isinstance(question, str):
            times[question] += 1
            complete |= facts.get("complete") is True
            answers.pop(question, None)
            given = _read(facts.get("answer"))
            answers |= {} if given is None else {question: given}
    return Said(answers, times, segments, complete)


def shown_parts(campaign: Campaign) -> Campaign:
    """The survey with those texts only that its page shows: what else the mail says may need what
    is no longer known."""
    variants = tuple(
        replace(one, content=Content(_words_of(one.content))) for one in campaign.variants
    )
    return replace(campaign, variants=variants)


def _words_of(content: Content) -> dict[str, str]:
    return {name: text for name, text in content.parts.items() if name.startswith(_WORDS)}


def _is_over(campaign: Campaign, now: int) -> bool:
    return not campaign.enabled or (campaign.ends_at is not None and campaign.ends_at <= now)


def _asking(sheet: Sheet, survey: Survey, at: str) -> Sheet:
    ahead = way(survey.questions, sheet.said.answers)
    open_ = [one for one in ahead if one not in sheet.said.answers]
    chosen = at if at in ahead else (open_ or ahead[-1:])[0]
    question = next(one for one in survey.questions if one.id == chosen)
    before = "".join(ahead[: ahead.index(chosen)][-1:])
    return replace(sheet, question=question, before=before)


def _read(value: Any) -> Answer | None:
    """An answer as an event has it."""
    if isinstance(value, list):
        return tuple(one for one in value if isinstance(one, str)) or None
    if isinstance(value, float):
        return int(value)
    return value if isinstance(value, int | str) and not isinstance(value, bool) else None


def _facts_of(
    question: Question, answer: Answer | None, delivery_id: str, *, complete: bool
) -> dict[str, Any]:
    """What an answer is told with: as the script of pages tells it."""
    facts: dict[str, Any] = {"question_id": question.id, "question_type": question.kind.value}
    if answer is not None:
        facts["answer"] = list(answer) if isinstance(answer, tuple) else answer
    if question.range is not None:
        facts["scale"] = question.range[1]
    return facts | {"submission_id": delivery_id, "complete": complete}


def _batch(delivery: Delivery, now: int, events: list[tuple[str, str, dict[str, Any]]]) -> Batch:
    """Events (id, name, facts) of the person of a delivery, in the order in which they stand."""
    return Batch(
        distinct_id=[delivery.person_id] * len(events),
        event=[name for _, name, _ in events],
        occurred_at=[now] * len(events),
        event_id=[event_id for event_id, _, _ in events],
        sequence=[None] * len(events),
        properties=[json.dumps(facts, ensure_ascii=False) for _, _, facts in events],
        received_at=now,
    )
