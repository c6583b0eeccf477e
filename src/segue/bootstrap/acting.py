"""Acting at work: a thread of its own that makes deliveries, decides them and hands them over.

It sleeps until something is published, an event says what became of a message, or a delivery is
due. Everything about deliveries is written by one worker, one thing at a time; each channel has a
lane of its own, so that a slow one never holds up another.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import random
import threading
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final, Protocol, TypeVar

from segue.bootstrap.lanes import Lane
from segue.domain.acting import Carrier, Controls, Message, Outcome, Rendered
from segue.domain.campaigns import (
    Acting,
    AlreadyIn,
    Campaign,
    Channel,
    Delivery,
    Messaging,
    State,
)
from segue.domain.errors import BusyError, NotFoundError, SegueError, UsageError
from segue.domain.instant import MINUTE, SECOND
from segue.language.tree import Definitions
from segue.services.acting.composing import Composer
from segue.services.acting.desk import PUSHED, Desk, Did
from segue.services.acting.dispatching import Going, approved, replayed
from segue.services.acting.gathering import Sources
from segue.services.acting.launching import Calendar, may_speak_to_all
from segue.services.acting.noting import DELIVERED
from segue.services.live.intake import Batch
from segue.services.live.live import Live

_LOG: Final = logging.getLogger("segue.acting")

ResultT = TypeVar("ResultT")
Listener = Callable[[Collection[int] | None], None]
"""Told of the codes of people whose in-app messages changed; None: of anybody's."""

GATHERING: Final = 0.1
"""Seconds in which answers of channels are gathered, to be noted in one commit: meanwhile the desk
decides what is due."""
TROUBLE: Final = 5.0
"""Seconds to wait where the store has trouble."""
LONGEST_SLEEP: Final = 60.0
LOOKING_FOR_HARM: Final = 10 * MINUTE
"""How often (ms) campaigns are looked at for harm."""


class Watcher(Protocol):
    """Is told what happens to deliveries, to count it."""

    def wrote(self, rows: Sequence[Delivery]) -> None:
        """These rows are kept now, as they are."""

    def handed(self, channel: Channel, seconds: float) -> None:
        """A message goes on the wire, so long after it was due."""

    def held(self, channel: Channel, messages: int) -> None:
        """So many messages wait for a channel in memory, or are under way."""


class Unwatched:
    """A `Watcher` that counts nothing."""

    def wrote(self, rows: Sequence[Delivery]) -> None:
        """See `Watcher.wrote`."""

    def handed(self, channel: Channel, seconds: float) -> None:
        """See `Watcher.handed`."""

    def held(self, channel: Channel, messages: int) -> None:
        """See `Watcher.held`."""


@dataclass(frozen=True)
class Means:
    """What acting works with. `composer` and `carriers` are made anew for the campaigns of a
    project; `harmed` says which campaigns do harm, by id, in words; `now` gives ms, `chance` random
    numbers in [0, 1)."""

    sources: Sources
    live: Live
    composer: Callable[[Acting], Composer]
    carriers: Callable[[Acting], Mapping[Channel, Carrier]]
    now: Callable[[], int]
    harmed: Callable[[Acting, int], Sequence[tuple[str, str]]] = lambda _acting, _now: ()
    chance: Callable[[], float] = random.random
    watcher: Watcher = field(default_factory=Unwatched)


class Unavailable:
    """A `Carrier` of a channel for which nothing is set up."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel

    async def carry(self, message: Message) -> Outcome:  # noqa: ARG002 - nothing can go
        """See `Carrier.carry`."""
        return Outcome(f"nothing is set up for the channel {self.channel}", permanent=True)

    async def close(self) -> None:
        """See `Carrier.close`."""


class Actor:
    """See the module. Its methods may be called by any thread, but those of the event loop."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._desk = Desk(means.sources, means.composer(Acting()), chance=means.chance)
        self._calendar = Calendar(self._desk)
        self._calendar_at = self._harm_at = 0
        self._loop = asyncio.new_event_loop()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="segue-acting-desk")
        self._aside = ThreadPoolExecutor(1, thread_name_prefix="segue-acting-aside")
        self._thread = threading.Thread(target=self._loop.run_forever, name="segue-acting")
        self._lanes: dict[Channel, Lane] = {}
        self._connected_for: Messaging | None = None
        self._retired: list[Lane] = []
        self._landed: list[tuple[Going, Outcome]] = []
        self._moved, self._answered = asyncio.Event(), asyncio.Event()
        self._stopping = self._closed = False
        self._tasks: list[asyncio.Task[None]] = []
        self._listeners: dict[int, Listener] = {}
        self._number = 0
        self._lock = threading.Lock()

    # ----------------------------------------------------------------------------- begin and end

    def start(self, acting: Acting, definitions: Definitions) -> None:
        """Take up the work, with the campaigns of a project."""
        self._thread.start()
        self._worker.submit(self._desk.begin, self._means.now()).result()
        self.adopt(acting, definitions)
        self._do(self._begin())

    def adopt(self, acting: Acting, definitions: Definitions) -> None:
        """Put campaigns and their rules in force: what is published after that calls them."""
        composer = self._means.composer(acting)

        def adopted() -> list[Delivery]:
            self._desk.composer = composer
            self._desk.adopt(acting, definitions)
            self._calendar_at = 0
            return self._calendar.turn(self._means.now())

        self._means.watcher.wrote(self._asked(adopted))
        if self._connected_for != acting.messaging:
            self._connected_for = acting.messaging
            self._do(self._connect(self._means.carriers(acting)))
        self._tell(None)
        self.wake()

    def wake(self) -> None:
        """Say that something was published or stored; returns at once."""
        if not self._closed:
            with contextlib.suppress(RuntimeError):  # it closes at this very moment
                self._loop.call_soon_threadsafe(self._moved.set)

    def close(self) -> None:
        """Stop: what is under way gets a moment, the rest waits in the store. Twice does
        nothing."""
        if self._closed:
            return
        if self._thread.ident is not None:
            self._do(self._end())
        self._closed = True
        if self._thread.ident is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._worker.shutdown()
        self._aside.shutdown()
        self._loop.close()

    def watch(self, watcher: Watcher) -> None:
        """Tell this one, and no other, what happens to deliveries. Ask before the start."""
        self._means = replace(self._means, watcher=watcher)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call the listener after each commit that changed in-app messages; what is returned ends
        that. It must be quick."""
        with self._lock:
            self._number += 1
            number = self._number
            self._listeners[number] = listener

        def stop() -> None:
            with self._lock:
                self._listeners.pop(number, None)

        return stop

    def _tell(self, people: Collection[int] | None) -> None:
        if people is None or people:
            with self._lock:
                listeners = list(self._listeners.values())
            for listener in listeners:
                listener(people)

    # ---------------------------------------------------------------------------------- operators

    @property
    def acting(self) -> Acting:
        """The campaigns and rules in force."""
        return self._desk.acting

    @property
    def controls(self) -> Controls:
        """What operators have switched."""
        return self._desk.controls

    def campaign(self, campaign_id: str) -> Campaign:
        """The campaign. Raises `NotFoundError` where there is none with this id."""
        found = self.acting.campaign(campaign_id)
        if found is None:
            raise NotFoundError(f"there is no campaign {campaign_id!r}", hint="GET /api/campaigns")
        return found

    def rendered(self, campaign: Campaign, delivery: Delivery) -> Rendered:
        """The words of one delivery, for whoever asks now."""
        return self._desk.rendered(campaign, delivery, self._means.now())

    def parts(self, campaign: Campaign, delivery: Delivery) -> Mapping[str, str]:
        """The words of one delivery. Raises `UsageError` where a template cannot be rendered."""
        found = self.rendered(campaign, delivery)
        if found.problem:
            raise UsageError(found.problem, hint=f"look at the templates of {campaign.id}")
        return found.parts

    def stop_everything(self) -> None:
        """Let nothing go out any more, until `go_on`; what comes due meanwhile is refused."""
        self._write(partial(self._desk.store.set_stopped, True))
        self._do(self._called_back(lambda _: True, "all campaigns are stopped"))

    def go_on(self) -> None:
        """End what `stop_everything` began."""
        self._write(partial(self._desk.store.set_stopped, False))

    def pause(self, campaign_id: str, why: str) -> None:
        """Let nothing of a campaign go out, for a reason in words. Raises `NotFoundError`."""
        self.campaign(campaign_id)
        self._write(partial(self._desk.store.set_paused, campaign_id, why))
        self._do(
            self._called_back(
                lambda one: one.delivery.campaign_id == campaign_id, "the campaign is paused"
            )
        )

    def resume(self, campaign_id: str) -> None:
        """Let a campaign go on. Raises `NotFoundError`."""
        self.campaign(campaign_id)
        self._write(partial(self._desk.store.set_paused, campaign_id, None))

    def launch(self, campaign_id: str) -> int:
        """Message also who is in the segment now, each as if they had entered now; how many
        deliveries that made. Raises `NotFoundError`, or `UsageError` where the campaign is not on,
        or speaks to nobody who is in."""
        campaign = self.campaign(campaign_id)
        if not campaign.enabled:
            raise UsageError(
                f"the campaign {campaign_id!r} is switched off", hint="enabled: true in segue.yaml"
            )
        if not may_speak_to_all(campaign):
            raise UsageError(
                f"the campaign {campaign_id!r} does not speak to who is in",
                hint="only those that speak on entering or inside do",
            )
        now = self._means.now()
        message = AlreadyIn.MESSAGE
        made = self._asked(partial(self._calendar.launch, campaign, now, already=message))
        self._wrote(made)
        return len(made)

    def approve(self, campaign_id: str, ids: Collection[str] | None = None) -> int:
        """Approve deliveries of a campaign that wait for it (None: all); how many. Once as many are
        approved as the campaign asks for, the rest goes without. Raises `NotFoundError`."""
        campaign = self.campaign(campaign_id)
        rows = self._asked(partial(self._approved, campaign, ids))
        self._wrote(rows)
        return len(rows)

    def _approved(self, campaign: Campaign, ids: Collection[str] | None) -> list[Delivery]:
        desk = self._desk
        waiting = [one for one in desk.every([State.DUE], campaign.id) if one.approved is False]
        chosen = [one for one in waiting if ids is None or one.id in ids]
        given = desk.store.approved_counts([campaign.id]).get(campaign.id, 0)
        if given + len(chosen) >= campaign.approve_first:
            chosen = waiting
        rows = approved(chosen, self._means.now())
        desk.store.save_deliveries(changed=rows)
        desk.watch(rows)
        return rows

    def replay(self, ids: Collection[str] | None = None, campaign_id: str | None = None) -> int:
        """Try dead letters again, from the first attempt on (None: all, or all of a campaign); how
        many."""
        rows = self._asked(partial(self._replayed, ids, campaign_id))
        self._wrote(rows)
        return len(rows)

    def _replayed(self, ids: Collection[str] | None, campaign_id: str | None) -> list[Delivery]:
        desk, now = self._desk, self._means.now()
        found = (
            desk.every([State.FAILED], campaign_id)
            if ids is None
            else desk.store.deliveries_by_id(ids)
        )
        rows = [replayed(one, now) for one in found if one.state is State.FAILED]
        desk.store.save_deliveries(changed=rows)
        desk.watch(rows)
        return rows

    def _write(self, switch: Callable[[], None]) -> None:
        """Do something about switches, and look at them again."""

        def done() -> None:
            switch()
            self._desk.refresh()

        self._asked(done)
        self._tell(None)
        self.wake()

    def _asked(self, question: Callable[[], ResultT]) -> ResultT:
        """Do it on the thread of the desk, and wait."""
        return self._worker.submit(question).result()

    def _wrote(self, rows: Sequence[Delivery]) -> None:
        did = Did()
        did.wrote(rows)
        self._means.watcher.wrote(rows)
        self._tell(did.touched)
        self.wake()

    # --------------------------------------------------------------------------- on the own thread

    def _do(self, work: Coroutine[Any, Any, ResultT]) -> ResultT:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _ask(self, question: Callable[[], ResultT]) -> ResultT:
        """Ask the desk, on its thread."""
        return await asyncio.get_running_loop().run_in_executor(self._worker, question)

    async def _begin(self) -> None:
        self._tasks = [
            asyncio.create_task(self._turning()),
            asyncio.create_task(self._settling()),
            asyncio.create_task(self._watching()),
        ]

    async def _connect(self, carriers: Mapping[Channel, Carrier]) -> None:
        """Put carriers in the place of those before."""
        old, self._lanes = self._lanes, {}
        for channel in PUSHED:
            carrier: Carrier = carriers.get(channel) or Unavailable(channel)
            self._lanes[channel] = Lane(carrier, began=self._began, landed=self._has_landed)
        for known, lane in old.items():
            self._lanes[known].succeed(lane)
            self._retired.append(lane)
        for lane in [one for one in self._retired if one.is_idle]:
            self._retired.remove(lane)
            await lane.close()

    async def _turning(self) -> None:
        while not self._stopping:
            self._moved.clear()
            try:
                sleep = await self._turn()
            except SegueError as error:
                _LOG.warning("deliveries: the store has trouble: %s", error.message)
                sleep = TROUBLE
            except Exception:  # noqa: BLE001 - the next turn may go well
                _LOG.exception("deliveries stumbled")
                sleep = TROUBLE
            if not self._stopping:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._moved.wait(), sleep)

    async def _turn(self) -> float:
        """Do what is to be done now; for how many seconds there is nothing to do after that."""
        room = {channel: lane.room for channel, lane in self._lanes.items()}
        try:
            did, following = await self._ask(partial(self._turned, room))
        finally:  # what was decided goes, also where something failed after that
            self._hand_over(self._desk.take_outgoing())
        self._means.watcher.wrote(did.rows)
        self._tell(did.touched)
        if did.more:
            return 0.0
        if following is None:
            return LONGEST_SLEEP
        return max(0.0, min(LONGEST_SLEEP, (following - self._means.now()) / SECOND))

    def _hand_over(self, outgoing: Sequence[Going]) -> None:
        by_lane: dict[Channel, list[Going]] = {}
        for going in outgoing:
            by_lane.setdefault(going.delivery.channel, []).append(going)
        for channel, messages in by_lane.items():
            self._lanes[channel].put(messages)
            self._means.watcher.held(channel, self._lanes[channel].held)

    def _turned(self, room: Mapping[Channel, int]) -> tuple[Did, int | None]:
        """A turn of the desk and of the calendar, and when the next one is due (ms)."""
        now = self._means.now()
        rows: list[Delivery] = []
        if self._calendar_at <= now:
            rows = self._calendar.turn(now)
            following = self._calendar.next_due(now)
            self._calendar_at = now + MINUTE if following is None else following
        did = self._desk.turn(now, room)
        did.wrote(rows)
        return did, min(
            at for at in (self._desk.next_due(room), self._calendar_at) if at is not None
        )

    # ------------------------------------------------------------------------------------- answers

    def _began(self, going: Going) -> None:
        late = max(0, self._means.now() - going.delivery.due_at)
        self._means.watcher.handed(going.delivery.channel, late / SECOND)

    def _has_landed(self, going: Going, outcome: Outcome) -> None:
        self._landed.append((going, outcome))
        self._answered.set()

    async def _settling(self) -> None:
        """Note what became of messages, some at a time."""
        while not self._stopping:
            await self._answered.wait()
            await asyncio.sleep(GATHERING)
            self._answered.clear()
            await self._settle()

    async def _settle(self) -> None:
        landed, self._landed = self._landed, []
        if not landed:
            return
        try:
            await self._say([going for going, outcome in landed if outcome.taken])
            rows = await self._ask(partial(self._desk.settle, landed, self._means.now()))
        except Exception as error:  # noqa: BLE001 - what is not noted is tried again
            _LOG.warning("what became of %d messages is not noted yet: %s", len(landed), error)
            self._landed = [*landed, *self._landed]
            await asyncio.sleep(TROUBLE)
            self._answered.set()
            return
        for going, _ in landed:
            self._lanes[going.delivery.channel].settled(1)
        for channel in {going.delivery.channel for going, _ in landed}:
            self._means.watcher.held(channel, self._lanes[channel].held)
        self._means.watcher.wrote(rows)
        self._moved.set()

    async def _say(self, delivered: Sequence[Going]) -> None:
        """Store that messages were delivered, as events: before the rows say so, so that none is
        without; the event's id is of the delivery, so that there is only one."""
        erasures = self._means.live.erasures
        if erasures:  # nobody who was erased comes back through what is said
            delivered = await self._ask(partial(self._still_there, delivered))
        if not delivered:
            return
        await self._stored(_facts(delivered, self._means.now()))
        if self._means.live.erasures != erasures:  # meanwhile, before it was stored perhaps
            await self._erase_again(delivered)

    async def _stored(self, batch: Batch) -> None:
        while True:
            try:
                future = self._means.live.submit(batch)
            except BusyError as error:
                await asyncio.sleep(error.retry_after)
                continue
            await asyncio.wrap_future(future)
            return

    async def _erase_again(self, said: Sequence[Going]) -> None:
        """Erase of whom something was said after they were erased."""
        there = await self._ask(partial(self._still_there, said))
        known = {going.delivery.id for going in there}
        for one in {going.delivery.person_id for going in said if going.delivery.id not in known}:
            with contextlib.suppress(NotFoundError):
                await asyncio.wrap_future(self._means.live.erase(one))

    def _still_there(self, delivered: Sequence[Going]) -> list[Going]:
        ids = [going.delivery.id for going in delivered]
        known = {one.id for one in self._desk.store.deliveries_by_id(ids)}
        return [going for going in delivered if going.delivery.id in known]

    async def _called_back(self, wanted: Callable[[Going], bool], why: str) -> None:
        """Refuse what waits for channels and was not handed to them."""
        for lane in self._lanes.values():
            back = lane.call_back(wanted)
            if back:
                now = self._means.now()
                rows = await self._ask(partial(self._desk.call_back, back, why, now))
                self._means.watcher.wrote(rows)

    # ------------------------------------------------------------------------------------- harm

    async def _watching(self) -> None:
        """Pause campaigns that do harm."""
        while not self._stopping:
            await asyncio.sleep(LOOKING_FOR_HARM / SECOND)
            try:
                await self._look_for_harm()
            except Exception:  # noqa: BLE001 - the next look may go well
                _LOG.exception("campaigns could not be looked at for harm")

    async def _look_for_harm(self) -> None:
        loop, now = asyncio.get_running_loop(), self._means.now()
        question = partial(self._means.harmed, self.acting, now)
        for campaign_id, words in await loop.run_in_executor(self._aside, question):
            if campaign_id not in self.controls.paused:
                _LOG.warning("campaign %s is paused, as it does harm: %s", campaign_id, words)
                pause = partial(self.pause, campaign_id, f"harm: {words}")
                await loop.run_in_executor(self._aside, pause)

    # -------------------------------------------------------------------------------------- the end

    async def _end(self) -> None:
        self._stopping = True
        self._moved.set()
        self._answered.set()
        for task in self._tasks[-1:]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._hand_over(self._desk.take_outgoing())
        waiting = [one for lane in self._lanes.values() for one in lane.call_back()]
        await asyncio.gather(*(lane.close() for lane in [*self._lanes.values(), *self._retired]))
        with contextlib.suppress(SegueError):
            await self._settle()
            await self._ask(partial(self._leave, waiting))

    def _leave(self, waiting: Sequence[Going]) -> None:
        """Keep what was not handed over for the next start, and how far everything was seen."""
        now = self._means.now()
        self._desk.put_back(waiting, now)
        self._desk.keep(now)


def _facts(delivered: Sequence[Going], now: int) -> Batch:
    """That messages were delivered, as events."""
    rows = [going.delivery for going in delivered]
    return Batch(
        distinct_id=[one.person_id for one in rows],
        event=[DELIVERED] * len(rows),
        occurred_at=[now] * len(rows),
        event_id=[f"{one.id}:delivered" for one in rows],
        sequence=[None] * len(rows),
        properties=[
            json.dumps(
                {
                    "delivery_id": one.id,
                    "campaign_id": one.campaign_id,
                    "channel": one.channel.value,
                    "variant": one.variant,
                }
            )
            for one in rows
        ],
        received_at=now,
    )
