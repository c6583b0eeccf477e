"""The page of health: what is wrong first, in words and with what to do; then how turns go, what
waits, what it takes, and webhooks."""

from __future__ import annotations

import datetime as dt
import platform
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import duckdb
from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from segue import __version__
from segue.bootstrap.pulse import Recent, Room, room_of
from segue.bootstrap.slow_turns import SLOW
from segue.domain.campaigns import Channel
from segue.domain.instant import DAY, MINUTE, SECOND, local_date
from segue.domain.rejected import RejectedCount
from segue.domain.users import Role
from segue.domain.webhooks import Endpoint
from segue.services import words
from segue.services.live.answers import Health
from segue.ui.charts import Chart, Series, columns
from segue.ui.pages import Page
from segue.ui.signing import Sending, SignedIn, needs

BEHIND: Final = MINUTE
"""Time between the last turn and now from which on memberships are behind (ms), where something
waits or is due."""
TIGHT: Final = 2 << 30
"""Free bytes below which a disk is nearly full."""
SOME: Final = 20
"""From so many turns on it is said that they are slow: one may be for any reason."""
DAYS: Final = 7
LETTERS: Final = 100
_PARTS: Final = {
    "append": "storing events",
    "extract": "reading what they say",
    "evaluate": "working out who is in",
    "publish": "publishing",
    "commit": "writing to the disk",
    "accept": "taking over in memory",
    "tell": "telling who waits",
}

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Wrong:
    """Something that is wrong: what, what to do, and whether nothing works because of it."""

    what: str
    todo: str
    grave: bool = False


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook: how far it is behind, how many of its messages were given up, and the last
    error."""

    endpoint: Endpoint
    behind: int
    dead: int
    error: str

    @property
    def state(self) -> str:
        """In a word."""
        return "stopped" if self.endpoint.disabled else "failing" if self.dead else "on"


@router.get("/health")
def health(request: Request, session: SignedIn) -> Response:
    """How the server is."""
    page = Page.of(request)
    serving = page.serving
    found, recent = serving.live.health(), serving.pulse.recent(page.now)
    room = room_of(serving.workspace.store, serving.workspace.index)
    hooks = _hooks(page)
    rejected = serving.store.rejected_counts(page.now - DAYS * DAY)
    values = {
        "wrong": list(_wrong(page, found, recent, room, hooks)),
        "health": found,
        "recent": recent,
        "lag": None if found.ticked_at is None else max(page.now - found.ticked_at, 0),
        "parts": [(_PARTS.get(name, name), share) for name, share in recent.parts.items()],
        "slow": serving.pulse.slow(),
        "slow_from": SLOW,
        "slow_parts": _PARTS,
        "warned": serving.pulse.warned(),
        "began": serving.pulse.began_at,
        "room": room,
        "hooks": hooks,
        "letters": LETTERS,
        "rejected": _per_day(page, rejected),
        "reasons": _reasons(rejected),
        "channels": _channels(page),
        "versions": _versions(),
        "may_change": session.user.role.may(Role.ADMIN),
    }
    return page.shown("health", values, title="Health")


@router.post("/health/webhooks/{hook_id}/replay")
def replay(request: Request, session: Sending, hook_id: str) -> Response:
    """Send a webhook again what it did not take."""
    needs(session, Role.ADMIN)
    Page.of(request).serving.webhooks.replay(hook_id)
    return RedirectResponse("/studio/health#webhooks", 303)


@router.post("/health/webhooks/{hook_id}/enable")
def enable(request: Request, session: Sending, hook_id: str) -> Response:
    """Let a webhook go on."""
    needs(session, Role.ADMIN)
    Page.of(request).serving.webhooks.change(hook_id, enabled=True)
    return RedirectResponse("/studio/health#webhooks", 303)


@router.post("/health/webhooks/{hook_id}/disable")
def disable(request: Request, session: Sending, hook_id: str) -> Response:
    """Stop a webhook."""
    needs(session, Role.ADMIN)
    Page.of(request).serving.webhooks.change(hook_id, enabled=False)
    return RedirectResponse("/studio/health#webhooks", 303)


def _wrong(
    page: Page, found: Health, recent: Recent, room: Room, hooks: Sequence[Hook]
) -> Iterator[Wrong]:
    """What is wrong, the gravest first."""
    yield from _not_turning(page, found)
    if room.free < TIGHT:
        free = words.size(room.free)
        what = f"The disk is nearly full: {free} are left."
        yield Wrong(what, "Make room: when none is left, no event is taken.", grave=True)
    if page.serving.project.trouble:
        first = page.serving.project.trouble.splitlines()[0]
        todo = "What it said before is in force. Mend the file: it is looked at again by itself."
        yield Wrong(f"segue.yaml cannot be used: {first}", todo)
    if recent.turns >= SOME and recent.median > SLOW:
        took = f"{words.number(round(recent.median * SECOND))} ms"
        share, name = max(((share, name) for name, share in recent.parts.items()), default=(0, ""))
        what = f"Turns are slow: half of them take more than {took}."
        most = f"{words.per_cent(share)} of it goes into {_PARTS.get(name, name)}."
        yield Wrong(what, f"{most} Fewer segments, or a machine that does less beside it, help.")
    for one in hooks:
        yield from _hook_wrong(one)
    if page.serving.actor.controls.stopped:
        what = "Everything is stopped: no campaign says anything."
        yield Wrong(what, "On the page of campaigns an admin lets them go on.")


def _not_turning(page: Page, found: Health) -> Iterator[Wrong]:
    if not page.serving.is_turning:
        todo = "Start the server again; its log says why it ended."
        yield Wrong("Nothing is worked out any more: the loop has ended.", todo, grave=True)
    elif found.trouble:
        what = f"Events are not taken: {found.trouble}."
        yield Wrong(what, "They wait where they are sent from, and come when this is mended.", True)
    elif found.ticked_at is not None and found.waiting and page.now - found.ticked_at > BEHIND:
        behind = words.duration(page.now - found.ticked_at)
        what = f"Memberships are {behind} behind: {words.counted(found.waiting, 'event')} wait."
        yield Wrong(what, "A long import does that for a while; else look at the slow turns below.")


def _hook_wrong(one: Hook) -> Iterator[Wrong]:
    place = one.endpoint.description or one.endpoint.url
    if one.endpoint.disabled and one.behind:
        todo = "Let it go on below: it is told then what it was not told meanwhile."
        yield Wrong(f"The webhook {place} is stopped: {one.endpoint.disabled}.", todo)
    elif one.dead:
        number = f"{LETTERS} messages or more" if one.dead >= LETTERS else _messages(one.dead)
        what = f"The webhook {place} did not take {number}: {one.error}."
        yield Wrong(what, "Mend the receiver, then send them again below.")


def _messages(number: int) -> str:
    return words.counted(number, "message")


# --------------------------------------------------------------------------------------- its parts


def _hooks(page: Page) -> list[Hook]:
    webhooks = page.serving.webhooks
    last = page.serving.live.health().next_transition - 1
    found = []
    for one in webhooks.endpoints():
        letters = webhooks.dead_letters(one.id, limit=LETTERS)
        error = letters[-1].error if letters else ""
        found.append(Hook(one, max(last - one.cursor, 0), len(letters), error))
    return found


def _per_day(page: Page, rejected: Sequence[RejectedCount]) -> Chart | None:
    if not rejected:
        return None
    today = local_date(page.now, page.zone)
    days = [today - dt.timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    counts: Counter[dt.date] = Counter()
    for one in rejected:
        counts[local_date(one.hour, page.zone)] += one.count
    return columns(days, [Series("Not taken", [counts[day] for day in days])])


def _reasons(rejected: Sequence[RejectedCount]) -> list[tuple[str, int]]:
    counts: Counter[str] = Counter()
    for one in rejected:
        counts[one.reason] += one.count
    return counts.most_common(8)


def _channels(page: Page) -> list[tuple[str, int]]:
    """Each channel that a campaign speaks over, and how many do."""
    counts = Counter(one.channel for one in page.serving.actor.acting.campaigns)
    return [(one.value.replace("_", "-"), counts[one]) for one in Channel if counts[one]]


def _versions() -> list[tuple[str, str]]:
    system = f"{platform.system()} {platform.release()}"
    return [
        ("Segue", __version__),
        ("Python", platform.python_version()),
        ("DuckDB", str(duckdb.__version__)),
        ("System", system),
    ]
