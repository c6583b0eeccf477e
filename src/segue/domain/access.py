"""Keys: who may send events, and who may manage."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

from segue.domain.errors import UsageError

LONGEST_KEY: Final = 100
"""A write key has at most so many characters."""


class KeyKind(StrEnum):
    """What a key is good for."""

    WRITE = "write"
    """Sending events, nothing else; it is public, it stands in web pages."""
    SECRET = "secret"
    """Everything; it stays on servers."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key as a store knows it.

    `text` is that of a write key (None: a secret key, of which only a hash is kept).
    `signing_secret` signs identities sent with a write key. Instants in ms; `revoked_at` None: the
    key is good.
    """

    kind: KeyKind
    id: str
    name: str
    created_at: int
    revoked_at: int | None = None
    text: str | None = None
    signing_secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A secret key at the only moment at which its text is known."""

    key: Key
    text: str = field(repr=False)


class KeyStore(Protocol):
    """Keeps keys; every change is durable, and counts, on return."""

    def keys(self) -> list[Key]:
        """All of them, revoked ones too, oldest first."""

    def add_write_key(self, name: str, *, now: int, text: str | None = None) -> Key:
        """A write key with this text, or a new one (None). A text that is known already gives the
        key it belongs to. Raises `UsageError` where the text cannot be a key, is revoked or is a
        secret key."""

    def add_secret_key(self, name: str, *, now: int) -> NewSecret:
        """A new secret key; its text is not kept."""

    def revoke(self, key_id: str, *, now: int) -> Key:
        """End a key, at once. Raises `NotFoundError` where there is none; revoking twice changes
        nothing."""

    def find(self, text: str) -> Key | None:
        """The good key with this text, from memory; None where there is none."""

    def link_secret(self) -> bytes:
        """The secret of the links in messages: made at the first time, and kept ever since, so that
        links in old messages stay good. Whoever has it can make links."""


def write_key_text(text: str) -> str:
    """The text of a write key as people gave it, without space around it. Raises `UsageError` where
    nothing is left, it is too long, or it holds characters that no header can carry."""
    found = text.strip()
    if not found or len(found) > LONGEST_KEY or not found.isprintable():
        raise UsageError(
            f"{found[:LONGEST_KEY]!r} cannot be a write key",
            hint=f"A write key is 1 to {LONGEST_KEY} printable characters.",
        )
    return found
