"""The face of a store that keeps the users of its studio."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import duckdb

from segue.adapters.duckdb_store import users
from segue.adapters.duckdb_store.opened import Opened
from segue.domain.users import Deed, Role, Session, User


class KeptUsers(Opened):
    """Users and their sessions, looked up in memory."""

    _roll: users.Roll

    def users(self) -> list[User]:
        """See `UserStore.users`."""
        return list(self._roll.users.values())

    def add_user(self, name: str, role: Role, *, now: int) -> User:
        """See `UserStore.add_user`."""
        with self._changing_users() as db:
            return users.add_user(db, self._roll, name, role, now)

    def set_role(self, user_id: str, role: Role) -> User:
        """See `UserStore.set_role`."""
        with self._changing_users() as db:
            return users.set_role(db, self._roll, user_id, role)

    def set_password(self, user_id: str, hashed: str) -> None:
        """See `UserStore.set_password`."""
        with self._changing_users() as db:
            users.set_password(db, self._roll, user_id, hashed)

    def password_of(self, name: str) -> tuple[User, str] | None:
        """See `UserStore.password_of`."""
        with self._reading() as now:
            return users.password_of(now.db, self._roll, name)

    def end_user(self, user_id: str, *, now: int) -> None:
        """See `UserStore.end_user`."""
        with self._changing_users() as db:
            users.end_user(db, self._roll, user_id, now)

    def readmit(self, user_id: str) -> User:
        """See `UserStore.readmit`."""
        with self._changing_users() as db:
            return users.readmit(db, self._roll, user_id)

    def end_sessions(self, user_id: str) -> None:
        """See `UserStore.end_sessions`."""
        with self._changing_users() as db:
            users.end_sessions(db, self._roll, user_id)

    def note_deed(self, deed: Deed) -> None:
        """See `UserStore.note_deed`."""
        with self._writing_beside() as db:
            users.note_deed(db, deed)

    def deeds(self, limit: int = 100) -> list[Deed]:
        """See `UserStore.deeds`."""
        with self._reading() as now:
            return users.deeds(now.db, limit)

    def add_link(self, user_id: str, *, now: int) -> str:
        """See `UserStore.add_link`."""
        with self._changing_users() as db:
            return users.add_link(db, self._roll, user_id, now)

    def use_link(self, secret: str, *, now: int) -> User | None:
        """See `UserStore.use_link`."""
        with self._changing_users() as db:
            return users.use_link(db, self._roll, secret, now)

    def begin_session(self, user_id: str, *, now: int) -> str:
        """See `UserStore.begin_session`."""
        with self._changing_users() as db:
            return users.begin_session(db, self._roll, user_id, now)

    def session(self, secret: str, *, now: int) -> Session | None:
        """See `UserStore.session`."""
        return self._roll.session(secret, now)

    def end_session(self, secret: str) -> None:
        """See `UserStore.end_session`."""
        with self._changing_users() as db:
            users.end_session(db, secret)

    @contextlib.contextmanager
    def _changing_users(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._gate.shared(), self._beside:
            with self._writing_beside() as db:
                yield db
                roll = users.read_roll(db)
            self._roll = roll
