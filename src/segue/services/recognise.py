"""Which column of an unknown table says who, what and when.

A column is taken for a role when its name is one that such columns have and its values fit. Nothing
is taken on values alone: a wrong guess costs more than a question.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from segue.domain.instant import parse_instant

REQUIRED: Final = ("person_id", "event", "occurred_at")
"""The roles that every event log fills."""

NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "person_id": (
        "personid", "distinctid", "userid", "user", "person", "customerid", "customer", "clientid",
        "visitorid", "memberid", "accountid", "contactid", "subscriberid", "studentid", "learnerid",
        "playerid", "patientid", "profileid", "anonymousid", "useruuid", "uid", "cookieid",
        "deviceid", "email", "useremail",
    ),
    "event": (
        "event", "eventname", "eventtype", "action", "activity", "actionname", "eventaction",
        "verb", "activityname", "actiontype", "interaction", "page", "type", "name", "key",
    ),
    "occurred_at": (
        "occurredat", "timestamp", "ts", "eventtime", "eventtimestamp", "time", "datetime",
        "eventdatetime", "eventdate", "createdat", "createdtime", "sentat", "originaltimestamp",
        "invoicedate", "orderdate", "orderedat", "purchasedat", "transactiondate", "visitdate",
        "date", "at", "when",
    ),
    "event_id": ("eventid", "messageid", "insertid", "eventuuid", "uuid"),
    "sequence": ("sequence", "seq", "sequencenumber", "offset"),
    "properties": ("properties", "props", "eventproperties", "payload", "attributes", "eventdata"),
}  # fmt: skip
"""Names that columns of each role have, most telling first; case and punctuation do not count."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """The guess: the column of each role found, and the required roles that no column fills."""

    columns: Mapping[str, str]
    missing: tuple[str, ...]

    @property
    def renamed(self) -> dict[str, str]:
        """Only the roles whose column has another name: what `--columns` needs to say."""
        return {role: column for role, column in self.columns.items() if role != column}


def recognise_columns(sample: pa.Table) -> Recognised:
    """Guess the role of each column from the names and from the values of a sample of rows."""
    columns: dict[str, str] = {}
    for role, names in NAMES.items():
        free = [name for name in sample.column_names if name not in columns.values()]
        fitting = [name for name in free if _plain(name) in names]
        for name in sorted(fitting, key=lambda one: names.index(_plain(one))):
            if _FITS[role](sample.column(name)):
                columns[role] = name
                break
    missing = tuple(role for role in REQUIRED if role not in columns)
    return Recognised(columns, missing)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _is_identity(values: pa.ChunkedArray) -> bool:
    return _is_text(values.type) or pa.types.is_integer(values.type)


def _is_name(values: pa.ChunkedArray) -> bool:
    """Text of few different values: names repeat, free text does not."""
    if not _is_text(values.type) or not len(values):
        return False
    different = pc.count_distinct(values).as_py()
    return bool(different <= max(50, len(values) // 5))


def _is_instant(values: pa.ChunkedArray) -> bool:
    kind = values.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return True
    known = values.drop_null().slice(0, 200).to_pylist()
    if not known:
        return False
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return all(10**8 <= value < 10**17 for value in known)
    if not _is_text(kind):
        return False
    return sum(map(_reads_as_instant, known)) >= 0.8 * len(known)


def _reads_as_instant(text: str) -> bool:
    try:
        parse_instant(text)
    except ValueError:
        return re.match(r"\s*\d{1,4}[-/.]\d{1,2}[-/.]\d{2,4}\b", text) is not None
    return True


def _is_document(values: pa.ChunkedArray) -> bool:
    kind = values.type
    if pa.types.is_struct(kind) or pa.types.is_map(kind):
        return True
    known = values.drop_null().slice(0, 50).to_pylist() if _is_text(kind) else []
    return bool(known) and all(text.lstrip().startswith("{") for text in known)


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


_FITS: Final[Mapping[str, Callable[[pa.ChunkedArray], bool]]] = {
    "person_id": _is_identity,
    "event": _is_name,
    "occurred_at": _is_instant,
    "event_id": _is_identity,
    "sequence": lambda values: bool(pa.types.is_integer(values.type)),
    "properties": _is_document,
}
