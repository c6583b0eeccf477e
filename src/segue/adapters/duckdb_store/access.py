"""Keys in the store: write keys as they are, of secret keys only a hash."""

from __future__ import annotations

import hashlib
import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import duckdb

from segue.domain.access import Key, KeyKind, NewSecret, write_key_text
from segue.domain.errors import NotFoundError, UsageError

_ALPHABET: Final = string.ascii_letters + string.digits
_KEYS: Final = """
    SELECT kind, id, name, created_at, revoked_at, text, signing_key, digest
    FROM api_keys ORDER BY created_at, id
"""


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys of a store in memory: all of them, and those that are good by text and by hash."""

    keys: tuple[Key, ...]
    _by_text: Mapping[str, Key]
    _by_digest: Mapping[str, Key]

    def find(self, text: str) -> Key | None:
        """The good key with this text; None where there is none."""
        return self.secret(text) or self._by_text.get(text)

    def secret(self, text: str) -> Key | None:
        """The good secret key with this text. Its hash is what is looked up: how long that takes
        says nothing about texts."""
        return self._by_digest.get(_digest(text))


def read_keys(db: duckdb.DuckDBPyConnection) -> KeyRing:
    """All keys."""
    rows = [(Key(KeyKind(row[0]), *row[1:7]), row[7]) for row in db.execute(_KEYS).fetchall()]
    good = [(key, digest) for key, digest in rows if key.revoked_at is None]
    return KeyRing(
        tuple(key for key, _ in rows),
        {key.text: key for key, _ in good if key.text is not None},
        {digest: key for key, digest in good if digest is not None},
    )


def add_write_key(
    db: duckdb.DuckDBPyConnection, ring: KeyRing, name: str, *, now: int, text: str | None
) -> Key:
    """See `KeyStore.add_write_key`; `ring` are the keys so far."""
    wanted = _random("wk_", 24) if text is None else write_key_text(text)
    if ring.secret(wanted) is not None:
        raise UsageError(
            "this is a secret key", hint="It must not stand in web pages: choose another text."
        )
    known = next((key for key in ring.keys if key.text == wanted), None)
    if known is None:
        signing = _random("sign_", 40)
        key = Key(KeyKind.WRITE, _random("key_", 12), name, now, None, wanted, signing)
        _insert(db, key, None)
        return key
    if known.revoked_at is not None:
        raise UsageError(f"the write key {wanted!r} is revoked", hint="Choose another text.")
    return known


def add_secret_key(db: duckdb.DuckDBPyConnection, name: str, *, now: int) -> NewSecret:
    """See `KeyStore.add_secret_key`."""
    text = _random("sk_", 40)
    key = Key(KeyKind.SECRET, _random("key_", 12), name, now)
    _insert(db, key, _digest(text))
    return NewSecret(key, text)


def revoke(db: duckdb.DuckDBPyConnection, ring: KeyRing, key_id: str, *, now: int) -> Key:
    """See `KeyStore.revoke`."""
    key = next((key for key in ring.keys if key.id == key_id), None)
    if key is None:
        raise NotFoundError(f"there is no key {key_id!r}", hint="Look at the list of keys.")
    if key.revoked_at is not None:
        return key
    db.execute("UPDATE api_keys SET revoked_at = ? WHERE id = ?", [now, key_id])
    return replace(key, revoked_at=now)


def link_secret(db: duckdb.DuckDBPyConnection) -> bytes | None:
    """The secret of links in messages; None before there is one."""
    query = "SELECT value FROM segue_meta WHERE key = 'link_secret'"
    rows = db.execute(query).fetchall()
    return bytes.fromhex(rows[0][0]) if rows else None


def new_link_secret(db: duckdb.DuckDBPyConnection) -> bytes:
    """Make that secret."""
    made = secrets.token_bytes(32)
    db.execute("INSERT INTO segue_meta VALUES ('link_secret', ?)", [made.hex()])
    return made


def _insert(db: duckdb.DuckDBPyConnection, key: Key, digest: str | None) -> None:
    db.execute(
        "INSERT INTO api_keys (kind, id, name, text, digest, signing_key, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        [key.kind.value, key.id, key.name, key.text, digest, key.signing_secret, key.created_at],
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _random(prefix: str, length: int) -> str:
    return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(length))
