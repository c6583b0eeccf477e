"""The types of fields about acting: text in the file, the nouns of `domain.campaigns` in the model.

Each type reads what a person writes (`5%`, `600 per minute`, `monday 09:00`), and prints it back.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any, Final, TypeAlias

from pydantic import AfterValidator, PlainSerializer, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from segue.domain.campaigns import Moment, Rate, Schedule, Trigger, TriggerKind
from segue.domain.errors import DefinitionError
from segue.domain.instant import SECOND, format_duration, parse_instant
from segue.language.page_filters import read_page_filter
from segue.language.parse import parse_duration
from segue.language.text import to_text

WEEKDAYS: Final = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)
"""The days of the week as the file names them, Monday first."""
_SETS: Final = {
    "every day": (0, 1, 2, 3, 4, 5, 6),
    "weekdays": (0, 1, 2, 3, 4),
    "weekends": (5, 6),
}


def wrong(message: str) -> PydanticCustomError:
    """A problem of a field, in words."""
    return PydanticCustomError("acting", "{message}", {"message": message})


def _text(value: Any, example: str) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise wrong(f"text is expected here, such as `{example}`")
    return " ".join(str(value).split())


def _schema(description: str, *examples: Any, kind: str | list[str] = "string") -> WithJsonSchema:
    return WithJsonSchema({"type": kind, "description": description, "examples": list(examples)})


# ------------------------------------------------------------------------------------------- shares


def _read_share(value: Any) -> Fraction:
    if isinstance(value, Fraction):
        return value
    found = re.fullmatch(r"(\d{1,3}(?:\.\d{1,6})?) ?%", _text(value, "5%"))
    if found is None:
        raise wrong("a share is written in per cent, such as `5%`")
    share = Fraction(found[1]) / 100
    if share > 1:
        raise wrong("no share is above 100%")
    return share


def share_text(share: Fraction) -> str:
    """A share in per cent: `2.5%`."""
    return f"{float(share * 100):g}%"


Share: TypeAlias = Annotated[
    Fraction,
    PlainValidator(_read_share),
    PlainSerializer(share_text, return_type=str),
    _schema("A share of people, in per cent.", "5%"),
]
"""A share of people between 0 and 1."""

# --------------------------------------------------------------------------------------------- time


def _read_minute(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", _text(value, "21:00"))
    if found is None:
        raise wrong("a time of day is written from `00:00` to `23:59`")
    return int(found[1]) * 60 + int(found[2])


def minute_text(minute: int) -> str:
    """A minute of the day as it stands on a clock: `09:00`."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


Minute: TypeAlias = Annotated[
    int,
    PlainValidator(_read_minute),
    PlainSerializer(minute_text, return_type=str),
    _schema("A time of day on the wall clock.", "21:00"),
]
"""A minute of the day."""


def _read_days(value: Any) -> tuple[int, ...]:
    if isinstance(value, list | tuple) and all(isinstance(one, int) for one in value):
        return tuple(value)
    listed = ", ".join(map(str, value)) if isinstance(value, list | tuple) else value
    return _days_of(_text(listed, "weekdays"))


def _days_of(text: str) -> tuple[int, ...]:
    text = text.lower()
    if text in _SETS:
        return _SETS[text]
    names = [name for name in re.split(r"\s*,\s*|\s+and\s+|\s+", text) if name]
    for name in names:
        if name not in WEEKDAYS:
            close = difflib.get_close_matches(name, [*WEEKDAYS, *_SETS], n=1)
            meant = f"; did you mean `{close[0]}`?" if close else ""
            raise wrong(f"`{name}` is no day of the week{meant}")
    if not names:
        raise wrong("a day is missing, such as `monday`, `weekdays` or `every day`")
    return tuple(sorted({WEEKDAYS.index(name) for name in names}))


def days_text(days: Iterable[int]) -> str:
    """Days of the week in words: `weekdays`, or `monday, friday`."""
    chosen = tuple(days)
    whole = next((name for name, members in _SETS.items() if members == chosen), "")
    return whole or ", ".join(WEEKDAYS[day] for day in chosen)


Days: TypeAlias = Annotated[
    tuple[int, ...],
    PlainValidator(_read_days),
    PlainSerializer(days_text, return_type=str),
    _schema(
        "Days of the week: `every day`, `weekdays`, `weekends`, or their names.",
        "weekdays",
        "monday, friday",
        kind=["string", "array"],
    ),
]
"""Days of the week, Monday is 0."""


def _instant(text: str) -> str:
    try:
        parse_instant(text)
    except ValueError:
        raise wrong("a date or an instant is expected here, such as `2026-11-01`") from None
    return text


InstantText: TypeAlias = Annotated[
    str,
    AfterValidator(_instant),
    _schema("A date, or an instant (RFC 3339).", "2026-11-01", "2026-11-01T09:00"),
]
"""A date or an instant, as written: what it lacks is of the project's zone."""

# ---------------------------------------------------------------------------------------- when


@dataclass(frozen=True, slots=True)
class Occasional:
    """The moment of a campaign, and its schedule where it has one."""

    moment: Moment
    schedule: Schedule | None = None


_PLAIN_MOMENTS: Final = tuple(str(one) for one in Moment if one is not Moment.SCHEDULE)


def _read_when(value: Any) -> Occasional:
    if isinstance(value, Occasional):
        return value
    if isinstance(value, Mapping) and list(value) == ["schedule"]:
        return Occasional(Moment.SCHEDULE, _schedule(_text(value["schedule"], "monday 09:00")))
    if isinstance(value, str) and value in _PLAIN_MOMENTS:
        return Occasional(Moment(value))
    listed = ", ".join(f"`{one}`" for one in _PLAIN_MOMENTS)
    raise wrong(f"this is {listed} or `{{schedule: monday 09:00}}`")


def _schedule(text: str) -> Schedule:
    found = re.fullmatch(r"(.+?) (?:at )?(\d{1,2}:\d\d)", text)
    if found is None:
        raise wrong("a schedule names days and a time: `monday 09:00`, `weekdays 09:00`")
    return Schedule(_days_of(found[1]), _read_minute(found[2]))


def _when_text(when: Occasional) -> str | dict[str, str]:
    if when.schedule is None:
        return str(when.moment)
    days, minute = days_text(when.schedule.weekdays), minute_text(when.schedule.minute)
    return {"schedule": f"{days} {minute}"}


WhenText: TypeAlias = Annotated[
    Occasional,
    PlainValidator(_read_when),
    PlainSerializer(_when_text),
    WithJsonSchema(
        {
            "description": "What makes a message due.",
            "oneOf": [
                {"enum": list(_PLAIN_MOMENTS)},
                {
                    "type": "object",
                    "properties": {"schedule": {"type": "string", "examples": ["monday 09:00"]}},
                    "required": ["schedule"],
                    "additionalProperties": False,
                },
            ],
        }
    ),
]
"""`entering`, `leaving`, `inside`, or a schedule."""

# -------------------------------------------------------------------------------------------- rates

_A_RATE: Final = re.compile(r"(\d{1,9}) per (\d{1,6} )?(second|minute|hour|day)s?")


def _read_rate(value: Any) -> Rate:
    if isinstance(value, Rate):
        return value
    found = _A_RATE.fullmatch(_text(value, "600 per minute"))
    if found is None or not int(found[1]) or not int(found[2] or 1):
        raise wrong("a rate is written as `600 per minute` or `10 per second`")
    return Rate(int(found[1]), parse_duration(f"{(found[2] or '1').strip()} {found[3]}s"))


def rate_text(rate: Rate) -> str:
    """A rate in words: `600 per minute`."""
    return f"{rate.most} per {format_duration(rate.within).removeprefix('1 ')}"


RateText: TypeAlias = Annotated[
    Rate,
    PlainValidator(_read_rate),
    PlainSerializer(rate_text, return_type=str),
    _schema("How many in which time.", "600 per minute"),
]
"""At most so many deliveries in so long."""

# ----------------------------------------------------------------------------------------- triggers


def _read_trigger(value: Any) -> Trigger:
    if isinstance(value, Trigger):
        return value
    if value == TriggerKind.EXIT_INTENT:
        return Trigger(TriggerKind.EXIT_INTENT)
    if isinstance(value, Mapping) and set(value) == {"event", "where"}:
        return Trigger(TriggerKind.EVENT, _event(value["event"]), _where(value["where"]))
    if isinstance(value, Mapping) and len(value) == 1:
        kind, given = next(iter(value.items()))
        if kind in _TRIGGERS:
            return Trigger(TriggerKind(kind), _TRIGGERS[TriggerKind(kind)](given))
    raise wrong(
        'a page waits for one of {page: "/pricing*"}, {event: name}, {event: name, where: '
        "amount > 100}, {dwell: 10 seconds}, "
        "{scroll: 50%} or exit_intent"
    )


def _path(value: Any) -> str:
    path = _text(value, "/app/*")
    if not path.startswith(("/", "*")):
        raise wrong("a page is a path that begins with `/`; `*` stands for anything")
    return path


def _event(value: Any) -> str:
    name = _text(value, "report_run")
    if not name:
        raise wrong("the name of an event is missing")
    return name


def _where(value: Any) -> str:
    if not isinstance(value, str):
        raise wrong("a filter is text, such as `amount > 100`")
    try:
        return to_text(read_page_filter(value))
    except DefinitionError as error:
        raise wrong(f"this is no filter: {error.problems[0].message}") from None
    except ValueError as error:
        raise wrong(str(error)) from None


def _seconds(value: Any) -> str:
    try:
        return f"{parse_duration(_text(value, '10 seconds')) / SECOND:g}"
    except DefinitionError:
        raise wrong("a duration is expected here, such as `10 seconds`") from None


def _per_cent(value: Any) -> str:
    return f"{float(_read_share(value) * 100):g}"


_TRIGGERS: Final[dict[TriggerKind, Callable[[Any], str]]] = {
    TriggerKind.PAGE: _path,
    TriggerKind.EVENT: _event,
    TriggerKind.DWELL: _seconds,
    TriggerKind.SCROLL: _per_cent,
}


def _trigger_text(trigger: Trigger) -> str | dict[str, str]:
    if trigger.kind is TriggerKind.EXIT_INTENT:
        return str(trigger.kind)
    units = {TriggerKind.DWELL: " seconds", TriggerKind.SCROLL: "%"}
    where = {"where": trigger.where} if trigger.where else {}
    return {str(trigger.kind): trigger.value + units.get(trigger.kind, "")} | where


_WHERE: Final = {
    "where": {
        "type": "string",
        "description": "A filter on the event's properties, of tests that a page can make.",
        "examples": ["amount > 100"],
    }
}
TriggerText: TypeAlias = Annotated[
    Trigger,
    PlainValidator(_read_trigger),
    PlainSerializer(_trigger_text),
    WithJsonSchema(
        {
            "description": "What a page waits for before it shows the message.",
            "oneOf": [
                {"const": "exit_intent"},
                *(
                    {
                        "type": "object",
                        "properties": {
                            str(kind): {"type": "string"},
                            **(_WHERE if kind is TriggerKind.EVENT else {}),
                        },
                        "required": [str(kind)],
                        "additionalProperties": False,
                    }
                    for kind in _TRIGGERS
                ),
            ],
        }
    ),
]
"""One thing that a page waits for."""

# --------------------------------------------------------------------------------------------- JSON


def _read_json(value: Any) -> str:
    if isinstance(value, Mapping | list):
        try:
            return json.dumps(value, ensure_ascii=False, allow_nan=False)
        except (TypeError, ValueError):
            raise wrong("this cannot be written as JSON") from None
    try:
        found = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        raise wrong("this is no JSON; write keys and values below `payload`") from None
    if not isinstance(found, dict | list):
        raise wrong("a payload is an object or a list")
    return json.dumps(found, ensure_ascii=False)


JsonText: TypeAlias = Annotated[
    str,
    PlainValidator(_read_json),
    PlainSerializer(lambda text: text, return_type=str),
    WithJsonSchema(
        {
            "type": ["object", "array", "string"],
            "description": "A JSON document; its texts are templates.",
        }
    ),
]
"""A JSON document, as text."""
