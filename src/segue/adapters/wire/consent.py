"""Whether the consent that an event carries allows to keep it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from segue.adapters.wire.decoded import Reason, RefusedError


def check_consent(required: Sequence[str], segment: Any, rudder: Any) -> None:
    """Raise `RefusedError` where consent fields are there and do not grant all that is required.

    `segment` is the value of `context.consent`, `rudder` that of `context.consentManagement`;
    None, or nothing of the kind, where there is none, which denies nothing.
    """
    for granted in (_by_segment(segment, required), _by_rudder(rudder, required)):
        if granted is not None and not granted.issuperset(required):
            raise RefusedError(Reason.NO_CONSENT, "consent was not given")


def _by_segment(consent: Any, required: Sequence[str]) -> set[str] | None:
    """The required categories that are granted; None where nothing is said."""
    said = consent.get("categoryPreferences") if isinstance(consent, dict) else None
    if not isinstance(said, dict):
        return None
    return {name for name in required if said.get(name) is True}


def _by_rudder(consent: Any, required: Sequence[str]) -> set[str] | None:
    if not isinstance(consent, dict):
        return None
    allowed, denied = _ids(consent.get("allowedConsentIds")), _ids(consent.get("deniedConsentIds"))
    if allowed is None and denied is None:
        return None
    return {name for name in required if name not in (denied or ()) and _is_in(name, allowed)}


def _is_in(name: str, allowed: set[str] | None) -> bool:
    return allowed is None or name in allowed


def _ids(value: Any) -> set[str] | None:
    """Ids in a list, or grouped in an object of lists."""
    if isinstance(value, dict):
        groups = [_ids(item) for item in value.values()]
        return set[str]().union(*(group for group in groups if group is not None))
    return {item for item in value if isinstance(item, str)} if isinstance(value, list) else None
