"""How users sign in: passwords, and how often one may be tried."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from typing import Final

from segue.domain.errors import UsageError
from segue.domain.instant import MINUTE
from segue.domain.users import User, UserStore

SHORTEST_PASSWORD: Final = 10
LONGEST_PASSWORD: Final = 1_000
TRIES: Final = 10
"""Wrong passwords for one name, within `TRIED_WITHIN`, after which no other is looked at."""
TRIED_WITHIN: Final = 10 * MINUTE

_COST: Final = {"n": 1 << 15, "r": 8, "p": 1, "maxmem": 64 << 20, "dklen": 32}
_SALT_BYTES: Final = 16
_SCHEME: Final = "scrypt-32768-8-1"


def check_password(password: str) -> None:
    """Raise `UsageError` where it is too short to be a password, or too long."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise UsageError(
            f"a password has at least {SHORTEST_PASSWORD} characters",
            hint="A few words that nobody else would put together are best.",
        )


def hashed(password: str, salt: bytes) -> str:
    """A password as it is kept: scrypt (RFC 7914), beside its salt. Raises as `check_password`
    does."""
    check_password(password)
    return f"{_SCHEME}${_text(salt)}${_text(_stretched(password, salt))}"


def is_password(password: str, kept: str) -> bool:
    """Whether it is the password that was kept so. What takes long is done in any case."""
    scheme, _, rest = kept.partition("$")
    salt, _, key = rest.partition("$")
    found = _text(_stretched(password[:LONGEST_PASSWORD], base64.b64decode(salt)))
    return scheme == _SCHEME and hmac.compare_digest(found, key)


class SignIn:
    """Signing in with a name and a password. `salt` gives so many random bytes."""

    def __init__(self, store: UserStore, salt: Callable[[int], bytes]) -> None:
        self._store, self._salt = store, salt
        self._wrong: dict[str, list[int]] = {}
        self._nobody = f"{_SCHEME}${_text(bytes(_SALT_BYTES))}$"

    def user(self, name: str, password: str, now: int) -> User | None:
        """The user with that name and password; None where there is none.

        Whether nobody has the name or the password is wrong cannot be told from the answer, nor
        from how long it takes. Raises `UsageError` after too many wrong ones.
        """
        tried = self._tried(name, now)
        if len(tried) >= TRIES:
            raise UsageError(
                "too many wrong passwords for this name", hint="Try again in ten minutes."
            )
        found = self._store.password_of(name)
        user, kept = (None, self._nobody) if found is None else found
        if is_password(password, kept) and user is not None:
            self._wrong.pop(name, None)
            return user
        self._wrong[name] = [*tried, now]
        return None

    def set_password(self, user_id: str, password: str) -> None:
        """Keep a new password; all sessions of the user end. Raises as `hashed` does."""
        self._store.set_password(user_id, hashed(password, self._salt(_SALT_BYTES)))

    def _tried(self, name: str, now: int) -> list[int]:
        for other in [one for one, at in self._wrong.items() if at[-1] <= now - TRIED_WITHIN]:
            del self._wrong[other]
        return [at for at in self._wrong.get(name, []) if at > now - TRIED_WITHIN]


def _stretched(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode("utf-8", "surrogatepass"), salt=salt, **_COST)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
