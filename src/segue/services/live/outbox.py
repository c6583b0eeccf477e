"""When a webhook is sent: what waits for one endpoint, in which order, and what an answer means.

One outbox is one endpoint's: nothing in it depends on any other. Messages about one person go out
one after another, in the order of the transitions; those about different people side by side.
While an endpoint fails it is asked with one message at a time, more and more rarely.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from segue.domain.instant import DAY, HOUR, MINUTE, SECOND
from segue.domain.live import Transition
from segue.domain.webhooks import REPEATED, Answer, Stretch

WINDOW: Final = 256
"""How many transitions beyond the cursor one endpoint may hold in memory."""
SIDE_BY_SIDE: Final = 8
"""How many requests one endpoint gets at the same time."""
PATIENCE: Final = 3
"""After how many failures in a row an endpoint counts as failing."""
GONE: Final = 410


class Verdict(Enum):
    """What becomes of a delivery."""

    DELIVERED = auto()
    REPEAT = auto()
    BURY = auto()
    DISABLE = auto()
    """The endpoint wants nothing, or may not be reached; what it was not told waits."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """How often a message is tried, and how long between (ms): before attempt k + 1 a random part
    of `first * 2 ** (k - 1)`, at most `longest`. The default takes 21 hours on average and at most
    41. A failing endpoint is asked again within `probe`."""

    attempts: int = 18
    first: int = 10 * SECOND
    longest: int = 6 * HOUR
    probe: int = 5 * MINUTE

    def wait(self, failures: int, chance: float) -> int:
        """The wait after so many failures (from 1), for a random number in [0, 1)."""
        return int(self._bound(failures) * chance)

    def probe_wait(self, failures: int, chance: float) -> int:
        """The wait before a failing endpoint is asked again, half of it certain."""
        return int(min(self.probe, self._bound(failures)) * (1 + chance) / 2)

    def _bound(self, failures: int) -> int:
        return int(min(self.longest, self.first << min(failures - 1, 40)))


@dataclass(slots=True)
class Delivery:
    """A transition on its way: failed attempts so far, and when the next is due (ms)."""

    transition: Transition
    attempts: int = 0
    due: int = 0
    replayed: bool = False


def verdict_of(answer: Answer) -> Verdict:
    """What an answer means for a delivery that has attempts left."""
    if answer.forbidden or answer.status == GONE:
        return Verdict.DISABLE
    if answer.status is None or answer.status >= 500 or answer.status in REPEATED:
        return Verdict.REPEAT
    return Verdict.DELIVERED if 200 <= answer.status < 300 else Verdict.BURY


@dataclass
class Outbox:
    """What waits for one endpoint. `chance` gives random numbers in [0, 1)."""

    upto: int
    schedule: Schedule
    chance: Callable[[], float]
    _lanes: dict[str, deque[Delivery]] = field(default_factory=dict, init=False)
    _heads: list[tuple[int, int, str]] = field(default_factory=list, init=False)
    _open: dict[int, Delivery] = field(default_factory=dict, init=False)
    _flying: int = field(default=0, init=False)
    _failures: int = field(default=0, init=False)
    _resumes_at: int = field(default=0, init=False)

    # --------------------------------------------------------------------------------- what waits

    @property
    def room(self) -> int:
        """How many more transitions it takes."""
        return max(0, WINDOW - len(self._open))

    @property
    def flying(self) -> int:
        """How many requests are under way."""
        return self._flying

    @property
    def cursor(self) -> int:
        """Every transition up to this id was delivered, passed over or buried."""
        first = next((i for i, one in self._open.items() if not one.replayed), None)
        return self.upto if first is None else first - 1

    def take(self, stretch: Stretch) -> None:
        """Take in the next transitions of the endpoint."""
        for transition in stretch.transitions:
            self._queue(Delivery(transition))
        self.upto = max(self.upto, stretch.upto)

    def replay(self, transitions: Iterable[Transition]) -> None:
        """Take in dead letters again, those that wait already left out."""
        for transition in transitions:
            if transition.id not in self._open:
                self._queue(Delivery(transition, replayed=True))

    def _queue(self, delivery: Delivery) -> None:
        person = delivery.transition.person_id
        self._open[delivery.transition.id] = delivery
        lane = self._lanes.setdefault(person, deque())
        lane.append(delivery)
        if len(lane) == 1:
            self._wait(delivery)

    def _wait(self, delivery: Delivery) -> None:
        transition = delivery.transition
        heapq.heappush(self._heads, (delivery.due, transition.id, transition.person_id))

    # ------------------------------------------------------------------------------ what goes out

    def ready(self, now: int) -> list[Delivery]:
        """What is to be sent now; each is under way until it is settled."""
        found: list[Delivery] = []
        limit = 1 if self._failing else SIDE_BY_SIDE
        while self._heads and self._flying < limit and (self.next_due() or 0) <= now:
            _, _, person = heapq.heappop(self._heads)
            self._flying += 1
            found.append(self._lanes[person][0])
        return found

    def next_due(self) -> int | None:
        """When something is to be sent if no request comes back before (ms); None: nothing is."""
        if not self._heads or self._flying >= (1 if self._failing else SIDE_BY_SIDE):
            return None
        return max(self._heads[0][0], self._resumes_at)

    @property
    def _failing(self) -> bool:
        return self._failures >= PATIENCE

    # ---------------------------------------------------------------------------- what comes back

    def settle(self, delivery: Delivery, answer: Answer, now: int) -> Verdict:
        """Note an answer: what is to become of the delivery, and when the endpoint is asked again.

        What was delivered or is to be buried stays open, and holds the cursor, until `finish`.
        """
        self._flying -= 1
        verdict = verdict_of(answer)
        delivery.attempts += 1
        if verdict is Verdict.REPEAT:
            self._failed(answer, now)
            if delivery.attempts >= self.schedule.attempts:
                return Verdict.BURY
            wait = self.schedule.wait(delivery.attempts, self.chance())
            self.postpone(delivery, now + max(wait, _asked(answer)))
        elif verdict is not Verdict.DISABLE:
            self._failures, self._resumes_at = 0, 0
        return verdict

    def postpone(self, delivery: Delivery, due: int) -> None:
        """Let a delivery that is not under way wait until an instant."""
        delivery.due = due
        self._wait(delivery)

    def finish(self, delivery: Delivery) -> None:
        """Forget a delivery that came to its end durably; the person's next one may go out."""
        transition = delivery.transition
        del self._open[transition.id]
        lane = self._lanes[transition.person_id]
        lane.popleft()
        if lane:
            self._wait(lane[0])
        else:
            del self._lanes[transition.person_id]

    def _failed(self, answer: Answer, now: int) -> None:
        self._failures += 1
        resumes = _asked(answer)
        if self._failing:
            beyond = self._failures - PATIENCE + 1
            resumes = max(resumes, self.schedule.probe_wait(beyond, self.chance()))
        self._resumes_at = max(self._resumes_at, now + resumes)


def _asked(answer: Answer) -> int:
    """The wait that the receiver asked for (ms), at most a day."""
    return min(answer.retry_after or 0, DAY)
