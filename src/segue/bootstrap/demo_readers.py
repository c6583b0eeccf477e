"""People of the served demo who read what is said to them: their mailbox, and the pages they open.

What reaches them they are told of in the simulation, where they may react. Whoever is held out is
told nothing.
"""

from __future__ import annotations

import json
import random
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import httpx

from segue.demo import StreamedEvent
from segue.demo.reactions import ANSWERS
from segue.domain.acting import Message, Outcome
from segue.domain.campaigns import Channel
from segue.domain.errors import InputError

Read = Callable[[str, str], None]
"""Is told that a message of a campaign reached somebody: any distinct id of theirs, its id."""

_ANSWERING: Final = 0.5
"""The share of people who answer what they are asked."""
_PAGES: Final = frozenset({"$pageview", "dashboard_viewed"})


class Readings:
    """What was read and not yet told to the simulation. Threads may share it."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[str, str]] = deque()

    def note(self, person_id: str, campaign_id: str) -> None:
        """Somebody read a message of a campaign."""
        self._waiting.append((person_id, campaign_id))

    def take(self) -> Iterator[tuple[str, str]]:
        """What was noted since, once."""
        while self._waiting:
            yield self._waiting.popleft()


class Mailbox:
    """Everybody's mailbox, in place of a mail server: every e-mail arrives and is read."""

    channel: Channel = Channel.EMAIL

    def __init__(self, read: Read) -> None:
        self._read = read

    async def carry(self, message: Message) -> Outcome:
        """See `Carrier.carry`."""
        self._read(message.person_id, message.campaign_id)
        return Outcome()

    async def close(self) -> None:
        """See `Carrier.close`."""


class Pages:
    """The pages that people open: each asks what to show, as the SDK does, and says what it
    showed."""

    def __init__(self, client: httpx.Client, write_key: str, read: Read) -> None:
        self._client, self._key, self._read = client, write_key, read

    def opened(self, events: Sequence[StreamedEvent]) -> None:
        """Let the page of everybody who viewed one ask and show. Raises `InputError` where the
        server does not answer."""
        viewers = dict.fromkeys(one.person_id for one in events if one.event in _PAGES)
        facts = [fact for person_id in viewers for fact in self._shown_to(person_id)]
        if facts:
            self._post("/v1/batch", {"batch": facts})

    def _shown_to(self, person_id: str) -> Iterator[dict[str, Any]]:
        answer = self._post("/v1/decide", {"userId": person_id})
        for item in answer.get("items", ()):
            if not item.get("shown"):
                yield from self._facts(person_id, item)

    def _facts(self, person_id: str, item: dict[str, Any]) -> Iterator[dict[str, Any]]:
        about = {
            "delivery_id": item["id"],
            "campaign_id": item["campaign_id"],
            "variant": item["variant"],
            "segments": item["segments"],
        }
        if item.get("control"):
            yield _track(person_id, "$message_shown", "shown", {**about, "control": True})
            return
        self._read(person_id, item["campaign_id"])
        if item["kind"] != "survey":
            yield _track(person_id, "$message_shown", "shown", about)
            return
        yield _track(person_id, "$survey_shown", "shown", about)
        yield from _answered(person_id, item, about)

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        try:
            response = self._client.post(path, json={"writeKey": self._key, **body})
        except httpx.TransportError as error:
            raise InputError(f"no answer: {type(error).__name__}") from error
        if not response.is_success:
            raise InputError(f"the server answered {response.status_code}")
        said: dict[str, Any] = json.loads(response.content or b"{}")
        return said


def _answered(
    person_id: str, item: dict[str, Any], about: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """Some answer, each question in a way of their own."""
    dice = random.Random(item["id"])
    if dice.random() >= _ANSWERING:
        return
    questions = item["questions"]
    for number, question in enumerate(questions):
        said = {
            **about,
            "submission_id": item["id"],
            "question_id": question["id"],
            "question_type": question["kind"],
            "answer": dice.choice(ANSWERS) if question["kind"] == "text" else dice.randint(3, 7),
            "complete": number == len(questions) - 1,
        }
        yield _track(person_id, "$survey_answered", f"answer:{question['id']}:1", said)


def _track(person_id: str, event: str, mark: str, about: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "track",
        "messageId": f"{about['delivery_id']}:{mark}",
        "userId": person_id,
        "event": event,
        "properties": about,
    }
