"""The demo played through with its campaigns: what they seem to do against what they truly do.

    python -m bench.played [--people 6000] [--days 120] [--minutes 20] [--record FILE]

The simulated people live on a virtual clock; the live loop, the rules, the deliveries and what
pages are told are the real ones. Channels are stood for by people who read: an e-mail that was
delivered, and an in-app message that a page showed, reaches its person, who reacts as
`segue.demo.REACTIONS` says. Whoever is held out is told nothing.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from segue.adapters.duckdb_store import DuckDBStore
from segue.adapters.message_templates import MessageTemplates
from segue.bootstrap.in_app import InApp, Means
from segue.demo import REACTIONS, START, StreamedEvent, World, definitions
from segue.demo.reactions import ANSWERS
from segue.domain.acting import Outcome
from segue.domain.campaigns import Campaign, Delivery
from segue.domain.errors import InputError
from segue.domain.instant import DAY, MINUTE
from segue.insight.lift import Finding
from segue.language.acting import acting
from segue.language.project import project_from
from segue.language.resolve import resolve
from segue.services.acting.composing import Composer
from segue.services.acting.desk import PUSHED, Desk
from segue.services.acting.dispatching import Going
from segue.services.acting.gathering import Sources
from segue.services.acting.launching import Calendar
from segue.services.acting.links import Links
from segue.services.acting.profiles import StoredProfiles
from segue.services.acting.results import Results, results
from segue.services.acting.voices import SurveyVoices, codebook, voices
from segue.services.live.intake import Batch
from segue.services.live.live import Live

SURVEY = "why_not_onboarded"
"""One of three people answers it."""
COLUMNS = (
    "campaign",
    "channel",
    "to be messaged",
    "held out",
    "reached",
    "goal: treated",
    "goal: held out",
    "difference, at every look",
    "truth",
    "within",
    "said",
)
ROOM = dict.fromkeys(PUSHED, 10_000)


@dataclass(frozen=True)
class Fact:
    """Something that a page or a channel says of a delivery."""

    person_id: str
    event: str
    at: int
    id: str
    properties: dict[str, Any]


class Play:
    """The demo's world, and Segue working on it, at one clock."""

    def __init__(self, store: DuckDBStore, people: int, days: int) -> None:
        self.store, self.now = store, START - 1
        self.world = World(people, days)
        self._events = self.world.events()
        self._next = next(self._events)
        self._numbers = count()
        project = project_from(definitions())
        self.project, self.acting = project, acting(project)
        self.live = Live.begin(store, resolve(project), self.now)
        composer = Composer(MessageTemplates(), Links(b"played", ""), str.title)
        sources = Sources(store, StoredProfiles(store), self.live.stays, lambda *_: "")
        self.desk = Desk(sources, composer, chance=lambda: 0.5)
        self.calendar = Calendar(self.desk)
        self.pages = InApp(
            Means(
                store,
                lambda: self.acting,
                self.live.standing,
                self._parts,
                lambda: self.now,
                lambda: self.desk.controls,
            )
        )
        self.desk.begin(self.now)
        self.desk.adopt(self.acting, self.live.definitions)
        self.calendar.turn(self.now)

    def until(self, end: int, step: int) -> None:
        """Let time pass, looking at what happened every `step` ms."""
        while self.now < end:
            self.now = min(end, self.now + step)
            viewers = self._live_on()
            self._act()
            self._show(viewers)

    def _live_on(self) -> dict[str, int]:
        """Let people do what they do until now; who was on a page of the product or the site."""
        happened = list(self._happened())
        if happened:
            self.live.submit(_batch(happened, self.now))
        self.live.turn(self.now)
        return {
            one.person_id: one.occurred_at
            for one in happened
            if one.event in ("$pageview", "dashboard_viewed")
        }

    def _happened(self) -> Iterator[StreamedEvent]:
        while self._next.occurred_at <= self.now:
            yield self._next
            self._next = next(self._events)

    def _act(self) -> None:
        """Make, decide and send what is due."""
        more = True
        while more:
            self.calendar.turn(self.now)
            did = self.desk.turn(self.now, ROOM)
            if did.touched:
                self.pages.changed(did.touched)
            going = self.desk.take_outgoing()
            if going:
                self._sent(going)
            due = self.desk.next_due(ROOM)
            more = did.more or (due is not None and due <= self.now)

    def _sent(self, going: Sequence[Going]) -> None:
        """Every channel takes what it is given, and the message reaches its person."""
        self.desk.settle([(one, Outcome()) for one in going], self.now)
        for one in going:
            delivery = one.delivery
            self.world.tell(delivery.person_id, delivery.campaign_id, self.now)

    def _show(self, viewers: dict[str, int]) -> None:
        """Let every page that was open ask what to show, and say what it showed."""
        facts: list[Fact] = []
        for person_id in viewers:
            for item in json.loads(self.pages.decide([person_id]).items):
                facts += self._shown(person_id, item)
        if facts:
            self.live.submit(_batch_of(facts, self.now))
            self.now += 1
            self.live.turn(self.now)
            self._act()

    def _shown(self, person_id: str, item: dict[str, Any]) -> Iterator[Fact]:
        if item.get("shown"):
            return  # it stands there since an earlier page
        delivery_id, campaign_id = item["id"], item["campaign_id"]
        about = {
            "delivery_id": delivery_id,
            "campaign_id": campaign_id,
            "segments": item["segments"],
        }
        control = bool(item.get("control"))
        name = "$survey_shown" if campaign_id == SURVEY and not control else "$message_shown"
        told = {**about, "control": True} if control else about
        yield Fact(person_id, name, self.now, f"{delivery_id}:shown", told)
        if control:
            return
        self.world.tell(person_id, campaign_id, self.now)
        if campaign_id == SURVEY:
            yield from self._answered(person_id, delivery_id, about)

    def _answered(self, person_id: str, delivery_id: str, about: dict[str, Any]) -> Iterator[Fact]:
        dice = random.Random(delivery_id)
        if dice.random() < 1 / 3:
            said = {"why": ("text", dice.choice(ANSWERS)), "easy": ("ces", dice.randint(1, 7))}
            for question, (kind, answer) in said.items():
                more = {"question_id": question, "question_type": kind, "answer": answer}
                at = self.now + 1 if question == "easy" else self.now
                mark = f"{delivery_id}:answer:{question}:1"
                yield Fact(person_id, "$survey_answered", at, mark, {**about, **more})

    def _parts(self, campaign: Campaign, delivery: Delivery) -> dict[str, str]:
        rendered = self.desk.rendered(campaign, delivery, self.now)
        if rendered.problem:
            raise InputError(rendered.problem)
        return dict(rendered.parts)

    # -------------------------------------------------------------------------------- what it was

    def results(self) -> list[Results]:
        """What every campaign came to until now."""
        rules = self.acting.messaging
        return [
            results(self.store, one, rules, self.now)
            for one in self.acting.campaigns
            if one.survey is None
        ]

    def voices(self) -> SurveyVoices:
        """What people said."""
        survey = self.acting.campaign(SURVEY)
        assert survey is not None
        return voices(self.store, survey, codebook(self.project.themes), "onboarding_not_completed")

    def deliveries(self) -> list[Delivery]:
        """Every row."""
        return self.store.deliveries(limit=10_000_000)


def truth(found: Results) -> float:
    """The difference of shares that a campaign truly makes: whoever it reached and would not have
    reached the goal anyway reaches it with the chance of the reaction."""
    reached = found.reached.delivered or found.reached.shown
    people = found.reached.people or 1
    base = found.lift.control.value or 0.0
    return REACTIONS[found.campaign_id].chance * reached / people * (1 - base)


def _batch(events: Sequence[StreamedEvent], now: int) -> Batch:
    return Batch(
        [one.person_id for one in events],
        [one.event for one in events],
        [one.occurred_at for one in events],
        [one.event_id for one in events],
        [None] * len(events),
        [one.properties for one in events],
        now,
    )


def _batch_of(facts: Sequence[Fact], now: int) -> Batch:
    return Batch(
        [one.person_id for one in facts],
        [one.event for one in facts],
        [one.at for one in facts],
        [one.id for one in facts],
        [None] * len(facts),
        [json.dumps(one.properties) for one in facts],
        now,
    )


def report(play: Play, seconds: float) -> str:
    """The table of all campaigns, in Markdown."""
    lines = [f"| {' | '.join(COLUMNS)} |", f"| {' | '.join('---' for _ in COLUMNS)} |"]
    for found in play.results():
        lift, true = found.lift, truth(found)
        within = "–" if lift.absolute is None else "yes" if true in lift.absolute else "NO"
        ends = (
            "too few yet"
            if lift.absolute is None
            else f"{100 * (lift.difference or 0):+.1f} "
            f"({100 * lift.absolute.low:+.1f} to {100 * lift.absolute.high:+.1f}) points"
        )
        campaign = play.acting.campaign(found.campaign_id)
        assert campaign is not None
        said = lift.finding.value.replace("_", " ")
        if lift.finding is Finding.CANNOT_TELL and lift.needs:
            said += f", needs {lift.needs:,} more"
        reached = found.reached.delivered or found.reached.shown
        cells = (
            found.campaign_id,
            campaign.channel.value,
            f"{found.reached.people:,}",
            f"{found.held_out:,}",
            f"{reached:,}",
            _percent(lift.treated.value),
            _percent(lift.control.value),
            ends,
            f"{100 * true:+.1f}",
            within,
            said,
        )
        lines.append(f"| {' | '.join(cells)} |")
    voices_found = play.voices()
    why = voices_found.questions[0]
    answers = f"Survey: shown {voices_found.shown:,} times, {why.response.count:,} answers."
    lines += ["", f"{answers} {len(play.deliveries()):,} deliveries in all; {seconds:.0f} s."]
    return "\n".join(lines) + "\n"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"


def main() -> None:
    """Play, print, and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=6_000)
    parser.add_argument("--days", type=int, default=120)
    parser.add_argument("--minutes", type=int, default=20)
    parser.add_argument("--record", type=Path)
    given = parser.parse_args()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        store = DuckDBStore.open(Path(folder) / "segue.duckdb", timezone="Europe/Berlin")
        try:
            play = Play(store, given.people, given.days)
            for day in range(given.days):
                play.until(START + (day + 1) * DAY, given.minutes * MINUTE)
                if day % 10 == 9:
                    print(f"day {day + 1}, {time.perf_counter() - began:.0f} s", flush=True)
            text = report(play, time.perf_counter() - began)
        finally:
            store.close()
    print(text)
    if given.record:
        head = (
            f"# The demo played through\n\n{given.people:,} people, {given.days} days, looked at "
            f"every {given.minutes} minutes; `python -m bench.played`.\n\n"
        )
        given.record.write_text(head + text, "utf-8")


if __name__ == "__main__":
    main()
