"""Where deliveries are made, decided and accounted for: all writing about them, in turn.

Everything of a batch is gathered, decided and rendered before anything is kept; what is kept is
durable before anything goes out. One thread calls it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from segue.domain.acting import Controls, Outcome, Rendered
from segue.domain.campaigns import (
    REACHED,
    Acting,
    Because,
    Campaign,
    Channel,
    Delivery,
    State,
    Suppressed,
    Suppression,
)
from segue.domain.instant import FOREVER, MINUTE
from segue.domain.live import Transition
from segue.domain.webhooks import Stretch
from segue.language.tree import Definitions
from segue.services.acting import taking
from segue.services.acting.composing import Composer
from segue.services.acting.converting import converted, longest_goal
from segue.services.acting.dispatching import (
    Going,
    answered,
    given_up,
    judged,
    put_back,
    refused,
    withdrawn,
)
from segue.services.acting.gathering import (
    Ground,
    Known,
    Sources,
    abouts,
    gathered,
    recognised,
)
from segue.services.acting.goals import Goals
from segue.services.acting.noting import NOTED, delivery_ids, noted
from segue.services.acting.pace import Pace
from segue.services.acting.rules import decide
from segue.services.acting.store import Crowd
from segue.services.acting.taking import Call, Earlier
from segue.services.acting.verdicts import Go

MOST: Final = 1_000
"""Deliveries that are decided, and transitions that are taken, at once."""
MOST_FACTS: Final = 2_000
MOST_PUBLISHED: Final = 10_000
"""Transitions that are looked through in memory; of more the store gives those that are wanted."""
KEEPING: Final = MINUTE
"""How often (ms) cursors that only passed over things are kept."""
PUSHED: Final = tuple(one for one in Channel if one is not Channel.IN_APP)
"""The channels that something is handed to."""


@dataclass
class Did:
    """What a turn did: the codes of people whose in-app messages changed, the rows that were
    written, and whether there is more to do at once."""

    touched: set[int] = field(default_factory=set)
    rows: list[Delivery] = field(default_factory=list)
    more: bool = False

    def wrote(self, rows: Iterable[Delivery]) -> None:
        """Note rows that are kept now."""
        for row in rows:
            self.rows.append(row)
            if row.channel is Channel.IN_APP:
                self.touched.add(row.person)


class Desk:
    """See the module."""

    def __init__(
        self, sources: Sources, composer: Composer, *, chance: Callable[[], float]
    ) -> None:
        self.sources, self.composer, self._chance = sources, composer, chance
        self.store = sources.store
        self.acting, self.controls = Acting(), Controls()
        self._goals, self._pace = Goals({}, ()), Pace({})
        self._cursor = self._facts = -1
        self._kept_at = 0
        self._is_idle = True
        self._next: dict[Channel, int] = dict.fromkeys(Channel, 0)
        self._sending: dict[str, Delivery] = {}
        self._stranded: list[Delivery] = []
        self._uncertain: set[str] = set()
        self._outgoing: list[Going] = []

    # -------------------------------------------------------------------------------- beginning

    def begin(self, now: int) -> None:
        """Take up the work where the last process left it: what may have been on the wire when it
        died goes out again, under the same id."""
        self.controls = self.store.controls()
        self._facts = self.store.facts_cursor()
        self._cursor = self.store.acting_cursor()
        if self._cursor < 0:  # what was published before anybody could act is the past
            self._cursor = self.store.position().next_transition - 1
            self._facts = self.store.next_ref() - 1
            self.store.save_deliveries(cursor=self._cursor, facts_cursor=self._facts)
        self._goals.next_ref = self._looked_for_goals()
        self._stranded = list(self.every([State.SENDING]))
        self._kept_at = now

    def _looked_for_goals(self) -> int:
        """The reference of the first event that was not looked through for goals."""
        cursor = self.store.goals_cursor()
        return cursor + 1 if cursor >= 0 else self.store.next_ref()

    def adopt(self, acting: Acting, definitions: Definitions) -> None:
        """Put campaigns and their rules in force."""
        if self.acting.campaigns:
            self._pass_over()
        rates = acting.messaging.rates
        if rates != self.acting.messaging.rates or not self.acting.campaigns:
            self._pace = self._paced(Pace(rates), acting)
        goals = Goals.of(acting, definitions)
        if not goals.is_like(self._goals):
            goals.begin(self.store, self._goals.next_ref)
            self._goals = goals
        self.acting = acting
        self._next = dict.fromkeys(Channel, 0)
        self._is_idle = not acting.campaigns and not self.store.counts()

    def _paced(self, pace: Pace, acting: Acting) -> Pace:
        """The pace with what went out lately, of which the store knows."""
        for channel, rate in acting.messaging.rates.items():
            rows = self.store.deliveries(
                states=[State.SENDING, *REACHED],
                channel=channel,
                limit=rate.most,
                latest_first=True,
            )
            instants = (one.handed_at for one in rows)
            for at in sorted(at for at in instants if at is not None):
                pace.take(channel, at)
        return pace

    def refresh(self) -> None:
        """Read again what operators have switched."""
        self.controls = self.store.controls()

    def every(self, states: Sequence[State], campaign_id: str | None = None) -> Iterable[Delivery]:
        """All deliveries in these states, of one campaign or of all, page by page."""
        after = None
        while page := self.store.deliveries(
            campaign_id=campaign_id, states=states, after=after, limit=1_000
        ):
            yield from page
            after = page[-1].id

    # ------------------------------------------------------------------------------------ a turn

    def turn(self, now: int, room: Mapping[Channel, int]) -> Did:
        """Note what became of messages, make deliveries of what was published, and decide what is
        due; `room` is how many more messages each channel takes."""
        did = Did()
        if self._is_idle:
            return did
        self._keep(now)
        self._note(did)
        self._convert(now, did)
        self._resume(now, room, did)
        self._act(now, room, did)
        return did

    def take_outgoing(self) -> list[Going]:
        """The messages that are to be handed over: their rows are durable, also where the turn that
        decided them failed later on."""
        outgoing, self._outgoing = self._outgoing, []
        return outgoing

    def next_due(self, room: Mapping[Channel, int]) -> int | None:
        """When something waits to be decided again (ms); of channels with room only."""
        if self._is_idle:
            return None
        instants = [
            at for channel, at in self._next.items() if channel not in room or room[channel] > 0
        ]
        first = min(instants, default=FOREVER)
        return None if first >= FOREVER else first

    def _keep(self, now: int) -> None:
        """Keep cursors that have moved over what nobody wanted, now and then."""
        if now - self._kept_at >= KEEPING:
            self.keep(now)

    def keep(self, now: int) -> None:
        """Keep how far everything was looked at."""
        self._kept_at = now
        self._pass_over()
        self.store.save_deliveries(
            cursor=self._cursor,
            facts_cursor=self._facts,
            goals_cursor=self._goals.next_ref - 1,
        )

    def _pass_over(self) -> None:
        """What is published while no campaign listens is the past for all that come later."""
        if not taking.heard(self.acting, self.controls):
            self._cursor = max(self._cursor, self.store.position().next_transition - 1)

    # ------------------------------------------------------------------------------ what happened

    def _note(self, did: Did) -> None:
        """Note what events say became of deliveries."""
        names, upto = self.store.arrived(self._facts + 1)
        if names is not None and not names & NOTED:
            self._facts = max(self._facts, upto - 1)
            return
        stretch = self.store.facts(self._facts, MOST_FACTS)
        did.more |= len(stretch.facts) == MOST_FACTS
        ids = delivery_ids(stretch.facts)
        if ids:
            rows = {one.id: one for one in self.store.deliveries_by_id(ids)}
            rows |= {one: self._sending[one] for one in ids & self._sending.keys()}
            crowd = Crowd(
                self.store,
                {one.person for one in rows.values()} | {one.person for one in stretch.facts},
            )

            def same(one: int, other: int) -> bool:
                owner = crowd.owner.get(one)
                return owner is not None and owner == crowd.owner.get(other)

            self._changed(noted(stretch.facts, rows, same), did, facts_cursor=stretch.upto)
        self._facts = stretch.upto

    def _convert(self, now: int, did: Did) -> None:
        """Note which deliveries led to their goals."""
        reached = self._goals.go_on(self.store)
        if not reached:
            return
        crowd = Crowd(self.store, {one.who for one in reached})
        since = min(one.at for one in reached) - longest_goal(self.acting) - 1
        rows = self.store.unconverted(crowd.all_codes, since)
        rows = [self._sending.get(one.id, one) for one in rows]
        found = converted(reached, rows, crowd, self.acting, now)
        self._changed(found, did, goals_cursor=self._goals.next_ref - 1)

    def _changed(
        self,
        rows: Sequence[Delivery],
        did: Did,
        *,
        facts_cursor: int | None = None,
        goals_cursor: int | None = None,
    ) -> None:
        if not rows:
            return
        self.store.save_deliveries(
            changed=rows, facts_cursor=facts_cursor, goals_cursor=goals_cursor
        )
        for row in rows:
            if row.id in self._sending:
                self._sending[row.id] = row
        did.wrote(rows)

    # ------------------------------------------------------------------------------------- acting

    def _act(self, now: int, room: Mapping[Channel, int], did: Did) -> None:
        """Take what was published, decide it and what is due, keep all of it in one commit, and
        only then let it go."""
        heard = taking.heard(self.acting, self.controls)
        upto = self._cursor
        made: list[Delivery] = []
        changed: list[Delivery] = []
        if heard:
            stretch = self._published(heard)
            upto = stretch.upto
            did.more |= len(stretch.transitions) == MOST
            if stretch.transitions:
                made, changed = self._taken(stretch.transitions, now)
        self._decided(made, changed, now, room, did, cursor=upto)
        self._cursor = upto

    def _published(self, heard: Sequence[str]) -> Stretch:
        """What was published of these segments since, of which most is in memory still."""
        page = self.sources.recent(self._cursor, MOST_PUBLISHED)
        if page is None or len(page) == MOST_PUBLISHED:
            return self.store.undelivered(
                after=self._cursor, limit=MOST, live_only=True, segments=heard
            )
        return taking.wanted(page, heard, MOST) if page else Stretch((), self._cursor)

    def call(self, calls: Sequence[Call], now: int, launched: Mapping[str, int]) -> list[Delivery]:
        """Make the deliveries of a launch or a schedule; they are decided in the next turns."""
        made = self._made(calls, now)
        if made or launched:
            passed = self.store.save_deliveries(made=made, launched=launched)
            made = [one for one in made if one.id not in passed]
        self.watch(made)
        return made

    def watch(self, rows: Iterable[Delivery]) -> None:
        """Look at rows that wait, when it is time."""
        for row in rows:
            if row.state is State.DUE and row.approved is not False:
                self._next[row.channel] = min(row.not_before, self._next[row.channel])

    def _taken(
        self, transitions: Sequence[Transition], now: int
    ) -> tuple[list[Delivery], list[Delivery]]:
        """The deliveries that transitions make, and those that they withdraw."""
        people = self.store.people_with([one.person_id for one in transitions])
        calls = taking.called(self.acting, transitions, people, self.controls)
        left = taking.left(self.acting, transitions, people)
        gone: list[Delivery] = []
        if left:
            crowd = Crowd(self.store, {person for _, person in left})
            gone = [
                withdrawn(one, now)
                for one in self.store.offers(crowd.all_codes)
                if one.state is State.OFFERED
                and (one.campaign_id, crowd.owner_of(one.person)) in left
            ]
        return self._made(calls, now), gone

    def _made(self, calls: Sequence[Call], now: int) -> list[Delivery]:
        if not calls:
            return []
        crowd = Crowd(self.store, {one.person for one in calls})
        past = self.store.past({one.campaign.id for one in calls}, crowd.all_codes)
        return taking.made(calls, crowd, Earlier.of(past, crowd), self.acting.messaging, now)

    def _decided(
        self,
        made: Sequence[Delivery],
        changed: Sequence[Delivery],
        now: int,
        room: Mapping[Channel, int],
        did: Did,
        *,
        cursor: int,
    ) -> None:
        candidates = self._candidates(made, now, room, did)
        rows, going = self._verdicts(candidates, now)
        news = [rows.pop(one.id, one) for one in made]
        touched = [*changed, *rows.values()]
        if not news and not touched:
            return
        passed = self.store.save_deliveries(made=news, changed=touched, cursor=cursor)
        kept = [one for one in news if one.id not in passed]
        self.watch((*kept, *touched))
        did.wrote((*kept, *touched))
        self._go(one for one in going if one.delivery.id not in passed)

    def _go(self, going: Iterable[Going]) -> None:
        for one in going:
            self._sending[one.delivery.id] = one.delivery
            self._outgoing.append(one)

    def _candidates(
        self, made: Sequence[Delivery], now: int, room: Mapping[Channel, int], did: Did
    ) -> list[Delivery]:
        """What is to be decided now: what waited, and what is new where nothing waits before it;
        of each channel no more than it takes."""
        left = {channel: room.get(channel, MOST) for channel in Channel}
        late = [one for one in Channel if self._next[one] <= now and left[one] > 0]
        found: list[Delivery] = []
        if late:
            waiting = self.store.due_deliveries(now, MOST, late)
            found = [one for one in waiting if _taken_from(left, one)]
            if len(found) == len(waiting) < MOST:
                self._look_ahead(late, now)
            else:
                did.more |= len(waiting) == MOST
        for one in made:
            if one.state is not State.DUE or one.not_before > now:
                continue
            if self._next[one.channel] > now and _taken_from(left, one):
                found.append(one)
        return found

    def _look_ahead(self, channels: Sequence[Channel], now: int) -> None:
        """Everything of these channels that is due was taken: when is the next one?"""
        for channel in channels:
            self._next[channel] = FOREVER
        following = self.store.next_delivery_at(channels)
        if following is not None:
            # Those that are decided now still stand there as they were.
            for channel in channels:
                self._next[channel] = max(following, now + 1)

    def _verdicts(
        self, candidates: Sequence[Delivery], now: int
    ) -> tuple[dict[str, Delivery], list[Going]]:
        """What becomes of each candidate, by id, and the messages of those that go."""
        if not candidates:
            return {}, []
        ground = self._ground(now)
        known, facts = gathered(self.sources, candidates, ground)
        verdicts = decide(candidates, facts, self.acting, now)
        rows = {
            one.id: judged(one, verdict, now)
            for one, verdict in zip(candidates, verdicts, strict=True)
        }
        goes = [
            rows[one.id]
            for one, verdict in zip(candidates, verdicts, strict=True)
            if isinstance(verdict, Go)
        ]
        for one in goes:
            self._pace.take(one.channel, now)
        going, wrong = self._composed(goes, known, ground)
        for one, problem in wrong:
            rows[one.id] = refused(one, Because.TEMPLATE, problem, now)
        return rows, going

    def _ground(self, now: int) -> Ground:
        return Ground(self.acting, self.controls, self._goals, self._pace, now)

    def _composed(
        self, deliveries: Sequence[Delivery], known: Known, ground: Ground
    ) -> tuple[list[Going], list[tuple[Delivery, str]]]:
        """The messages of deliveries, and what is wrong with those that cannot be written. What is
        offered in the product is written when a page asks, but it has to be possible."""
        about = abouts(self.sources, self.composer, deliveries, known, ground)
        acting, now = ground.acting, ground.now
        going, wrong = [], []
        for one in deliveries:
            campaign = acting.campaign(one.campaign_id)
            if campaign is None or one.id not in about:
                wrong.append((one, "its campaign, or its person, is there no longer"))
                continue
            message = self.composer.message(campaign, one, about[one.id], acting, now)
            if isinstance(message, str):
                wrong.append((one, message))
            elif one.channel is not Channel.IN_APP:
                going.append(Going(one, message))
        return going, wrong

    def _resume(self, now: int, room: Mapping[Channel, int], did: Did) -> None:
        """Hand over again what may have been on the wire when the last process died."""
        left = dict(room)
        again = [one for one in self._stranded if not self._is_off(one) and _taken_from(left, one)]
        if not again:
            return
        taken = {one.id for one in again}
        self._stranded = [one for one in self._stranded if one.id not in taken]
        ground = self._ground(now)
        known = recognised(self.sources, Crowd(self.store, [one.person for one in again]), now)
        going, wrong = self._composed(again, known, ground)
        failed = [given_up(one, Because.TEMPLATE, problem, now) for one, problem in wrong]
        self._changed(failed, did)
        self._uncertain |= {one.delivery.id for one in going}
        self._go(going)

    def _is_off(self, delivery: Delivery) -> bool:
        """Whether nothing of its campaign goes out now."""
        return self.controls.stopped or delivery.campaign_id in self.controls.paused

    # ---------------------------------------------------------------------------------- answers

    def settle(self, outcomes: Sequence[tuple[Going, Outcome]], now: int) -> list[Delivery]:
        """Note what channels made of messages; the rows as they are then."""
        rows = []
        bad = []
        for going, outcome in outcomes:
            row = self._sending.get(going.delivery.id, going.delivery)
            rows.append(answered(row, outcome, self.acting.messaging, now, self._chance()))
            if outcome.suppress:
                bad.append(_bounced(going, now))
        if bad:
            self.store.suppress(bad)
        self.store.save_deliveries(changed=rows)
        for row in rows:
            self._sending.pop(row.id, None)
            self._uncertain.discard(row.id)
        self.watch(rows)
        return rows

    def call_back(self, going: Sequence[Going], why: str, now: int) -> list[Delivery]:
        """Refuse what its channel has not begun with, as somebody stopped it; the rows."""
        rows = [refused(one, Because.STOPPED, why, now) for one in self._withheld(going)]
        self.store.save_deliveries(changed=rows)
        return rows

    def put_back(self, going: Sequence[Going], now: int) -> None:
        """Leave what its channel has not begun with to be decided again."""
        rows = [put_back(one, now) for one in self._withheld(going)]
        self.store.save_deliveries(changed=rows)
        self.watch(rows)

    def _withheld(self, going: Sequence[Going]) -> list[Delivery]:
        """The rows of what did not go out. Of what may have gone out before the last start that is
        not known: it stays as it is, to go out later under its id."""
        rows = [self._sending.pop(one.delivery.id, one.delivery) for one in going]
        self._stranded += [one for one in rows if one.id in self._uncertain]
        return [one for one in rows if one.id not in self._uncertain]

    # ------------------------------------------------------------------------------------- others

    def rendered(self, campaign: Campaign, delivery: Delivery, now: int) -> Rendered:
        """The words of one delivery; any thread may ask."""
        ground = self._ground(now)
        crowd = Crowd(self.store, [delivery.person])
        known = recognised(self.sources, crowd, now)
        about = abouts(self.sources, self.composer, [delivery], known, ground)
        if delivery.id not in about:
            return Rendered({}, "its person is there no longer")
        return self.composer.parts(campaign, delivery, about[delivery.id], self.acting, now)


def _taken_from(left: dict[Channel, int], delivery: Delivery) -> bool:
    """Whether there is room for a delivery; it is taken."""
    has_room = left.get(delivery.channel, 0) > 0
    if has_room:
        left[delivery.channel] -= 1
    return has_room


def _bounced(going: Going, now: int) -> Suppressed:
    message = going.message
    return Suppressed(message.address.lower(), message.channel, "", Suppression.BOUNCED, now)
