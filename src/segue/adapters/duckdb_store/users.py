"""Users in the store: of secrets only hashes, in memory whoever is signed in."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import duckdb

from segue.domain.errors import NotFoundError, UsageError
from segue.domain.users import (
    DEEDS_KEPT,
    LINK_LASTS,
    SESSION_LASTS,
    Deed,
    Role,
    Session,
    User,
    user_name,
)

_USERS: Final = """
    SELECT id, name, role, created_at, password <> '', ended_at
    FROM users ORDER BY created_at, id
"""
_SESSIONS: Final = """
    SELECT digest, user_id, expires_at FROM user_tokens WHERE kind = 'session'
"""
_SECRET_BYTES: Final = 32
_MARK: Final = 16
"""Characters of a session's hash that stand in pages: too few to find the hash, let alone the
secret."""


@dataclass(frozen=True, slots=True)
class Roll:
    """The users of a store in memory, by id, and the sessions by hash of their secret."""

    users: Mapping[str, User]
    _sessions: Mapping[str, tuple[str, int]]

    def session(self, secret: str, now: int) -> Session | None:
        """See `UserStore.session`."""
        digest = _digest(secret)
        user_id, expires_at = self._sessions.get(digest, ("", 0))
        user = self.users.get(user_id)
        if user is None or user.ended_at is not None or expires_at <= now:
            return None
        return Session(_digest(digest)[:_MARK], user, expires_at)

    def known(self, user_id: str) -> User:
        """The user of that id. Raises `NotFoundError` where there is none."""
        if user_id not in self.users:
            raise NotFoundError(f"there is no user {user_id!r}", hint="Look at the list of users.")
        return self.users[user_id]


def read_roll(db: duckdb.DuckDBPyConnection) -> Roll:
    """All users, and who is signed in."""
    users = [
        User(id_, name, Role(role), created, bool(has), ended)
        for id_, name, role, created, has, ended in db.execute(_USERS).fetchall()
    ]
    sessions = {digest: (user, until) for digest, user, until in db.execute(_SESSIONS).fetchall()}
    return Roll({one.id: one for one in users}, sessions)


def add_user(db: duckdb.DuckDBPyConnection, roll: Roll, name: str, role: Role, now: int) -> User:
    """See `UserStore.add_user`."""
    wanted = user_name(name)
    if any(one.name.casefold() == wanted.casefold() for one in roll.users.values()):
        raise UsageError(f"there is a user {wanted!r} already", hint="Choose another name.")
    user = User("user_" + secrets.token_hex(6), wanted, role, now)
    db.execute(
        "INSERT INTO users (id, name, role, password, created_at) VALUES (?, ?, ?, '', ?)",
        [user.id, user.name, role.value, now],
    )
    return user


def set_role(db: duckdb.DuckDBPyConnection, roll: Roll, user_id: str, role: Role) -> User:
    """See `UserStore.set_role`."""
    user = roll.known(user_id)
    if role is not Role.ADMIN:
        _leave_an_admin(roll, user)
    db.execute("UPDATE users SET role = ? WHERE id = ?", [role.value, user_id])
    return replace(user, role=role)


def end_user(db: duckdb.DuckDBPyConnection, roll: Roll, user_id: str, now: int) -> None:
    """See `UserStore.end_user`."""
    _leave_an_admin(roll, roll.known(user_id))
    db.execute("UPDATE users SET ended_at = coalesce(ended_at, ?) WHERE id = ?", [now, user_id])
    _forget_secrets(db, user_id)


def readmit(db: duckdb.DuckDBPyConnection, roll: Roll, user_id: str) -> User:
    """See `UserStore.readmit`."""
    user = roll.known(user_id)
    db.execute("UPDATE users SET ended_at = NULL, password = '' WHERE id = ?", [user_id])
    _forget_secrets(db, user_id)
    return replace(user, ended_at=None, has_password=False)


def end_sessions(db: duckdb.DuckDBPyConnection, roll: Roll, user_id: str) -> None:
    """See `UserStore.end_sessions`."""
    _forget_secrets(db, roll.known(user_id).id)


def note_deed(db: duckdb.DuckDBPyConnection, deed: Deed) -> None:
    """See `UserStore.note_deed`."""
    ((after,),) = db.execute("SELECT coalesce(max(id), -1) + 1 FROM deeds").fetchall()
    values = [after, deed.at, deed.user, deed.what, deed.about]
    db.execute("INSERT INTO deeds VALUES (?, ?, ?, ?, ?)", values)
    db.execute("DELETE FROM deeds WHERE id <= ?", [after - DEEDS_KEPT])


def deeds(db: duckdb.DuckDBPyConnection, limit: int) -> list[Deed]:
    """See `UserStore.deeds`."""
    query = "SELECT done_at, user_name, what, about FROM deeds ORDER BY id DESC LIMIT ?"
    return [Deed(*row) for row in db.execute(query, [limit]).fetchall()]


def set_password(db: duckdb.DuckDBPyConnection, roll: Roll, user_id: str, hashed: str) -> None:
    """See `UserStore.set_password`."""
    roll.known(user_id)
    db.execute("UPDATE users SET password = ? WHERE id = ?", [hashed, user_id])
    _forget_secrets(db, user_id)


def password_of(db: duckdb.DuckDBPyConnection, roll: Roll, name: str) -> tuple[User, str] | None:
    """See `UserStore.password_of`."""
    wanted = name.strip().casefold()
    for user in roll.users.values():
        if user.name.casefold() == wanted and user.ended_at is None and user.has_password:
            rows = db.execute("SELECT password FROM users WHERE id = ?", [user.id]).fetchall()
            return user, rows[0][0]
    return None


def add_link(db: duckdb.DuckDBPyConnection, roll: Roll, user_id: str, now: int) -> str:
    """See `UserStore.add_link`."""
    return _new_secret(db, roll.known(user_id), "link", now, now + LINK_LASTS)


def use_link(db: duckdb.DuckDBPyConnection, roll: Roll, secret: str, now: int) -> User | None:
    """See `UserStore.use_link`."""
    rows = db.execute(
        "DELETE FROM user_tokens WHERE digest = ? AND kind = 'link' RETURNING user_id, expires_at",
        [_digest(secret)],
    ).fetchall()
    if not rows or rows[0][1] <= now:
        return None
    user = roll.users.get(rows[0][0])
    return user if user is not None and user.ended_at is None else None


def begin_session(db: duckdb.DuckDBPyConnection, roll: Roll, user_id: str, now: int) -> str:
    """See `UserStore.begin_session`."""
    db.execute("DELETE FROM user_tokens WHERE expires_at <= ?", [now])
    return _new_secret(db, roll.known(user_id), "session", now, now + SESSION_LASTS)


def end_session(db: duckdb.DuckDBPyConnection, secret: str) -> None:
    """See `UserStore.end_session`."""
    db.execute("DELETE FROM user_tokens WHERE digest = ? AND kind = 'session'", [_digest(secret)])


def _new_secret(
    db: duckdb.DuckDBPyConnection, user: User, kind: str, now: int, expires_at: int
) -> str:
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    db.execute(
        "INSERT INTO user_tokens VALUES (?, ?, ?, ?, ?)",
        [_digest(secret), user.id, kind, now, expires_at],
    )
    return secret


def _forget_secrets(db: duckdb.DuckDBPyConnection, user_id: str) -> None:
    db.execute("DELETE FROM user_tokens WHERE user_id = ?", [user_id])


def _leave_an_admin(roll: Roll, user: User) -> None:
    """Raise `UsageError` where nobody but this user is admin."""
    others = (one for one in roll.users.values() if one.id != user.id and one.ended_at is None)
    if user.role is Role.ADMIN and not any(one.role is Role.ADMIN for one in others):
        raise UsageError(
            f"{user.name} is the only admin", hint="Make somebody else an admin first."
        )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
