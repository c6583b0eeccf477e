"""What is shown once: a secret that was just made, on the page that follows its form, to whoever
made it, and never again."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from segue.domain.users import Session

_KEPT: Final = 100


@dataclass(frozen=True, slots=True)
class Made:
    """A secret, what it is, and for what or whom."""

    what: str
    name: str
    secret: str = field(repr=False)


@dataclass
class Once:
    """Secrets that wait to be shown, by a token for the address."""

    _waiting: OrderedDict[str, tuple[str, Made]] = field(default_factory=OrderedDict)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, session: Session, made: Made) -> str:
        """The token under which this session is shown a secret."""
        token = secrets.token_urlsafe(12)
        with self._guard:
            self._waiting[token] = (session.id, made)
            while len(self._waiting) > _KEPT:
                self._waiting.popitem(last=False)
        return token

    def show(self, session: Session, token: str) -> Made | None:
        """The secret, the first time that this session asks; None else."""
        with self._guard:
            whose, made = self._waiting.get(token, ("", None))
            if whose != session.id:
                return None
            del self._waiting[token]
            return made
