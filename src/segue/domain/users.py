"""Users: who operates Segue in the studio, and what they may do there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from segue.domain.errors import UsageError
from segue.domain.instant import DAY

LINK_LASTS: Final = DAY
"""How long a one-time link is good (ms)."""
SESSION_LASTS: Final = 30 * DAY
"""How long somebody stays signed in (ms)."""
LONGEST_NAME: Final = 100
DEEDS_KEPT: Final = 10_000
"""So many deeds are kept; older ones make room."""


class Role(StrEnum):
    """What a user may do; each role may do what the one before it may."""

    VIEWER = "viewer"
    """Look at everything."""
    EDITOR = "editor"
    """Change segments, campaigns and surveys, import events."""
    ADMIN = "admin"
    """Manage keys and users, erase people, and stop everything."""

    def may(self, needed: Role) -> bool:
        """Whether it is at least the role that is needed."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who operates Segue. `has_password`: they can sign in without a link. Instants in ms;
    `ended_at` None: they may sign in."""

    id: str
    name: str
    role: Role
    created_at: int
    has_password: bool = False
    ended_at: int | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """That a user is signed in until `expires_at` (ms). `id` is no secret: it marks the forms that
    were made for this session."""

    id: str
    user: User
    expires_at: int


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that a user changed: when (ms), by the name of whom, in words what, and of which
    thing ("" where it is one of a kind, or about a person: of somebody who was erased nothing may
    be left here)."""

    at: int
    user: str
    what: str
    about: str = ""


class UserStore(Protocol):
    """Keeps users, one-time links and sessions; every change is durable, and counts, on return.

    Of links and sessions only hashes are kept, and of passwords what `services.users` makes.
    """

    def users(self) -> list[User]:
        """All of them, those who were ended too, oldest first."""

    def add_user(self, name: str, role: Role, *, now: int) -> User:
        """A new user. Raises `UsageError` where the name cannot be one, or somebody has it."""

    def set_role(self, user_id: str, role: Role) -> User:
        """Give a user another role, at once. Raises `NotFoundError` where there is none, and
        `UsageError` where nobody would be admin any more."""

    def set_password(self, user_id: str, hashed: str) -> None:
        """Keep a new password, and end all of the user's sessions.

        Raises `NotFoundError` where there is no such user."""

    def password_of(self, name: str) -> tuple[User, str] | None:
        """The user of that name who may sign in, and their password as kept; None where there is
        nobody, or they have no password."""

    def end_user(self, user_id: str, *, now: int) -> None:
        """Let a user in no more, at once. Raises as `set_role` does."""

    def readmit(self, user_id: str) -> User:
        """Let somebody in again who was ended: by a link, as their password is forgotten. Raises
        `NotFoundError` where there is no such user."""

    def end_sessions(self, user_id: str) -> None:
        """Sign a user out everywhere, and make links of theirs worth nothing. Raises
        `NotFoundError` where there is no such user."""

    def add_link(self, user_id: str, *, now: int) -> str:
        """The secret of a link that lets a user in once, for `LINK_LASTS`.

        Raises `NotFoundError` where there is no such user."""

    def use_link(self, secret: str, *, now: int) -> User | None:
        """The user whom a link lets in: only once, and none where it is not good any more."""

    def begin_session(self, user_id: str, *, now: int) -> str:
        """The secret of a new session of a user, for `SESSION_LASTS`."""

    def session(self, secret: str, *, now: int) -> Session | None:
        """The session with that secret, from memory; None where it is over."""

    def end_session(self, secret: str) -> None:
        """Sign out; nothing happens where there is no such session."""

    def note_deed(self, deed: Deed) -> None:
        """Keep what somebody did; the oldest beyond `DEEDS_KEPT` go."""

    def deeds(self, limit: int = 100) -> list[Deed]:
        """What was done, the latest first."""


def user_name(text: str) -> str:
    """A user's name as people gave it, without space around it. Raises `UsageError` where nothing
    is left, it is too long, or it holds characters that cannot be seen."""
    found = text.strip()
    if not found or len(found) > LONGEST_NAME or not found.isprintable():
        raise UsageError(
            f"{found[:LONGEST_NAME]!r} cannot be a user's name",
            hint=f"A name, or an e-mail address, of 1 to {LONGEST_NAME} characters.",
        )
    return found
