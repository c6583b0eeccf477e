"""Keys: which there are, new ones, and ending one."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from pydantic import ConfigDict, Field

from segue.domain.access import Key, KeyKind
from segue.http.api.models import Body, Instant, instant, maybe_instant
from segue.http.api.parameters import api_router
from segue.http.context import Here

router = api_router("Keys")

KeyPath = Annotated[str, Path(description="The key's id.", max_length=100)]


class KeyBody(Body):
    """One key. Of a secret key the text is told once, when it is made."""

    id: str = Field(examples=["key_7Qm2"])
    kind: KeyKind
    name: str = Field(examples=["website"])
    created_at: Instant
    revoked_at: Instant | None = Field(description="Since when it is not taken; null: it is.")
    text: str | None = Field(examples=["wk_9dK3"])
    signing_secret: str | None = Field(
        description="Signs the ids of people who are signed in; of write keys. Keep it on servers."
    )


class KeysBody(Body):
    """All keys, the oldest first."""

    keys: list[KeyBody]


class NewKey(Body):
    """What a key is made of."""

    model_config = ConfigDict(extra="forbid")

    kind: KeyKind
    name: str = Field(min_length=1, max_length=100, description="What it is for.")


@router.get("/keys")
def list_keys(here: Here) -> KeysBody:
    """Every key, the ended ones too."""
    every = here.store.keys()
    return KeysBody(keys=[_body(key) for key in every])


@router.post("/keys", status_code=201)
def make_key(here: Here, new: NewKey) -> KeyBody:
    """Make a key. The text of a secret key is never shown again."""
    now = here.clock()
    if new.kind is KeyKind.WRITE:
        return _body(here.store.add_write_key(new.name, now=now))
    made = here.store.add_secret_key(new.name, now=now)
    return _body(made.key).model_copy(update={"text": made.text})


@router.delete("/keys/{key_id}")
def end_key(here: Here, key_id: KeyPath) -> KeyBody:
    """End a key at once: nobody is let in with it any more."""
    return _body(here.store.revoke(key_id, now=here.clock()))


def _body(key: Key) -> KeyBody:
    return KeyBody(
        id=key.id,
        kind=key.kind,
        name=key.name,
        created_at=instant(key.created_at),
        revoked_at=maybe_instant(key.revoked_at),
        text=key.text,
        signing_secret=key.signing_secret,
    )
