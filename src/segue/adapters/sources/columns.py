"""Which column is which: the roles, what a caller says, and what the names suggest."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from segue.domain.errors import InputError, UsageError

ROLES: Final = ("person_id", "event", "occurred_at", "event_id", "sequence", "properties")
"""Segue's own column names. The first three are needed; every other column becomes a property."""
NEEDED: Final = ROLES[:3]

_USUAL: Final[dict[str, tuple[str, ...]]] = {
    "person_id": (
        *("person_id", "distinct_id", "user_id", "customer_id", "visitor_id", "client_id"),
        *("member_id", "contact_id", "student_id", "learner_id", "account_id", "anonymous_id"),
        *("user", "customer", "visitor", "client", "person", "member", "student", "learner"),
        *("uid", "user_email", "email", "username", "device_id", "id"),
    ),
    "event": (
        *("event", "event_name", "event_type", "action", "action_name", "activity"),
        *("activity_type", "name", "verb", "type", "what", "page", "concept_name"),
    ),
    "occurred_at": (
        *("occurred_at", "timestamp", "ts", "event_time", "event_timestamp", "event_date", "time"),
        *("datetime", "date_time", "created_at", "logged_at", "time_stamp", "invoice_date"),
        *("order_date", "date", "when", "occurred", "created", "time_timestamp"),
    ),
    "event_id": ("event_id", "uuid", "message_id", "insert_id", "event_uuid"),
    "sequence": ("sequence", "seq", "event_sequence", "sequence_number"),
    "properties": (
        *("properties", "props", "event_properties", "event_params", "params", "attributes"),
        *("payload", "data", "metadata", "meta"),
    ),
}


@dataclass(frozen=True, slots=True)
class Guess:
    """Which column is probably which: `columns` maps roles to columns, `reasons` says why of each,
    `missing` are the needed roles that no column looks like."""

    columns: Mapping[str, str]
    reasons: Mapping[str, str]
    missing: tuple[str, ...]


def guess_columns(names: Sequence[str], samples: Mapping[str, Sequence[object]] = {}) -> Guess:
    """Guess the roles of columns by their names, and of what is left by the values of a sample."""
    columns: dict[str, str] = {}
    reasons: dict[str, str] = {}
    for role, usual in _USUAL.items():
        spelled = {_plain(name): name for name in reversed(names) if name not in columns.values()}
        found = next((word for word in map(_plain, usual) if word in spelled), None)
        if found is not None:
            columns[role] = spelled[found]
            reasons[role] = f"it is called {spelled[found]}"
    for role, looks in (("occurred_at", _is_time), ("properties", _is_object)):
        for name in names:
            if role not in columns and name not in columns.values():
                values = [value for value in samples.get(name, ()) if value is not None]
                if values and all(looks(value) for value in values):
                    columns[role] = name
                    reasons[role] = f"its values look like {values[0]}"
    return Guess(columns, reasons, tuple(role for role in NEEDED if role not in columns))


def roles_of(
    names: Sequence[str],
    given: Mapping[str, str],
    *,
    source: str = "",
    event_name: str | None = None,
) -> dict[str, str]:
    """The column of each role: what is given, else the column of the role's own name; none of the
    event where every row is of one `event_name`.

    Raises `UsageError` for a role that does not exist, or an event that is said twice, and
    `InputError` where a given or a needed column is missing.
    """
    if event_name is not None and "event" in given:
        raise UsageError(
            f"the event is {event_name!r} and in the column {given['event']!r}", hint="say one"
        )
    for role in given:
        if role not in ROLES:
            raise UsageError(f"there is no column role {role!r}", hint=f"Use {', '.join(ROLES)}.")
    absent = [f"{role}={column}" for role, column in given.items() if column not in names]
    if absent:
        raise InputError(
            f"{source or 'the events'}: no such column: {', '.join(absent)}",
            hint=f"The columns are {', '.join(names)}.",
        )
    found = {role: role for role in ROLES if role in names and role not in given}
    if "person_id" not in found and "distinct_id" in names:
        found["person_id"] = "distinct_id"
    roles = {role: column for role, column in found.items() if column not in given.values()}
    roles.update(given)
    if event_name is not None:
        roles.pop("event", None)
    missing = [role for role in needed(event_name) if role not in roles]
    if missing:
        raise InputError(
            f"{source or 'the events'}: no column {' and no '.join(missing)}"
            f" among {', '.join(names) or 'none'}",
            hint=_suggestion(names),
        )
    return roles


def needed(event_name: str | None) -> tuple[str, ...]:
    """The roles that a column has to have; not the event where every row is of one name."""
    return tuple(role for role in NEEDED if event_name is None or role != "event")


def _suggestion(names: Sequence[str]) -> str:
    guess = guess_columns(names)
    pairs = ",".join(f"{role}={column}" for role, column in guess.columns.items() if role != column)
    return f"Perhaps --columns {pairs}" if pairs else "Say which is which: --columns ROLE=COLUMN,…"


def _plain(name: str) -> str:
    """`eventName`, `Event Name` and `$event_name` are one name."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"[^a-z0-9]+", "", snake.lower())


def _is_time(value: object) -> bool:
    text = str(value)
    return re.match(r"\d{4}-\d\d-\d\d([T ]|$)", text) is not None


def _is_object(value: object) -> bool:
    text = str(value).strip()
    return text.startswith("{") and text.endswith("}")
