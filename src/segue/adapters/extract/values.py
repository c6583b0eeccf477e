"""How a property value is read: as text, as a number, as an instant, as a code. All in SQL.

Every function takes the SQL of a `VARIANT` and gives the SQL of what was read, NULL where the value
cannot be read so. The types of a VARIANT that was made from JSON are `UINT64`, `INT64`, `DOUBLE`,
`VARCHAR`, `BOOL_TRUE`, `BOOL_FALSE`, `VARIANT_NULL`, `OBJECT(…)` and `ARRAY(…)`.

What other expressions about the same value need too is marked by `once`: it depends on the row
alone, has no effect and never fails, whatever the row.
"""

from __future__ import annotations

from typing import Final

from segue.adapters.extract.sql import Binder, let, once
from segue.adapters.extract.zones import zone_steps
from segue.domain.instant import DAY, FOREVER, HOUR, MINUTE, SECOND
from segue.language.tree import Path

_INTEGER: Final = "'-?(0|[1-9][0-9]*)'"
_NUMBER: Final = r"'-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?'"
_INSTANT: Final = (
    r"'[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"([Tt ]([01][0-9]|2[0-3]):[0-5][0-9](:([0-5][0-9]|60)(\.[0-9]{1,9})?)?"
    r"([Zz]|[+-][0-9]{2}:?[0-9]{2})?)?'"
)
_WHOLE_TEXT: Final = "('VARCHAR', 'UINT64', 'INT64', 'BOOL_TRUE', 'BOOL_FALSE')"


def property_at(path: Path, binder: Binder, root: str = "properties") -> str:
    """The VARIANT at the path: every key is bound, and literal whatever it contains."""
    value = root
    for key in path:
        value = once(f"variant_extract({value}, {binder.bind(key)})")
    return value


def _kind(value: str) -> str:
    return once(f"variant_typeof({value})")


def _text(value: str) -> str:
    return once(f"{value}::VARCHAR")


def text_of(value: str) -> str:
    """Strings as they are, integers and booleans as their JSON text."""
    return f"CASE WHEN variant_typeof({value}) IN {_WHOLE_TEXT} THEN {value}::VARCHAR END"


def holds_text(value: str, test: str) -> str:
    """Whether a test of the value's text holds; `test` contains `{text}` where the text stands.

    The test runs first, on the value cast plainly, because DuckDB can push that into the scan; what
    kind of value it was is asked only of what passes.
    """
    plain = test.format(text=_text(value))
    is_text = once(f"({_kind(value)} IN {_WHOLE_TEXT})")
    return f"CASE WHEN {plain} THEN {is_text} ELSE false END"


def is_set(value: str) -> str:
    """Whether there is a value other than JSON null."""
    return f"{_kind(value)} <> 'VARIANT_NULL'"


def is_boolean(value: str, expected: bool) -> str:
    """Whether it is that boolean, or its word."""
    kind, word = ("BOOL_TRUE", "true") if expected else ("BOOL_FALSE", "false")
    return (
        f"CASE WHEN {_text(value)} = '{word}'"
        f" THEN {_kind(value)} IN ('{kind}', 'VARCHAR') ELSE false END"
    )


def compares(value: str, millionths: str, number: str) -> str:
    """Whether a number compares so with a literal: `millionths` tests a whole number in millionths,
    `number` a DOUBLE (`> 4500000::HUGEINT` and `> 4.5::DOUBLE`).

    The number itself is compared, not what six decimals leave of it: integers in millionths, any
    other number as the DOUBLE that it is.
    """
    return f"coalesce({_whole(value)} {millionths}, {_other_number(value)} {number})"


def _whole(value: str) -> str:
    """An integer in millionths, as HUGEINT; NULL for what is none."""
    text = _text(value)
    return once(
        f"CASE {_kind(value)}"
        f" WHEN 'UINT64' THEN {_read(value, 'UBIGINT')}::HUGEINT * 1000000"
        f" WHEN 'INT64' THEN {_read(value, 'BIGINT')}::HUGEINT * 1000000"
        f" WHEN 'VARCHAR' THEN CASE WHEN {_is_whole(text)}"
        f" THEN {_read(text, 'HUGEINT')} * 1000000 END END"
    )


def _is_whole(text: str) -> str:
    return once(f"(strlen({text}) <= 30 AND regexp_full_match({text}, {_INTEGER}))")


def _is_number(text: str) -> str:
    return once(f"regexp_full_match({text}, {_NUMBER})")


def _other_number(value: str) -> str:
    """A number that is no integer, as DOUBLE; NULL for what is none, or not finite."""
    text = _text(value)
    return once(
        f"CASE {_kind(value)}"
        f" WHEN 'DOUBLE' THEN {_finite(_read(value, 'DOUBLE'))}"
        f" WHEN 'VARCHAR' THEN CASE WHEN NOT {_is_whole(text)} AND {_is_number(text)}"
        f" THEN {_finite(_read(text, 'DOUBLE'))} END END"
    )


def _finite(number: str) -> str:
    return f"CASE WHEN isfinite({number}) THEN {number} END"


def _cast(value: str, kind: str) -> str:
    """A cast that never raises: DuckDB may run it before it looks at what guards it."""
    return f"try_cast({value} AS {kind})"


def _read(value: str, kind: str) -> str:
    """Such a cast of a value or its text."""
    return once(_cast(value, kind))


def number_of(value: str) -> str:
    """A number in millionths as BIGINT, half away from zero on its decimal text: JSON numbers, and
    strings in JSON number syntax. NULL also where it does not fit."""
    text = _text(value)
    return (
        f"CASE {_kind(value)}"
        f" WHEN 'DOUBLE' THEN {_rounded(_read(value, 'DOUBLE'))}"
        f" WHEN 'UINT64' THEN {_cast(_read(value, 'UBIGINT') + '::HUGEINT * 1000000', 'BIGINT')}"
        f" WHEN 'INT64' THEN {_cast(_read(value, 'BIGINT') + '::HUGEINT * 1000000', 'BIGINT')}"
        f" WHEN 'VARCHAR' THEN CASE WHEN {_is_number(text)}"
        f" THEN {_from_text(text)} END"
        f" END"
    )


def _rounded(number: str) -> str:
    """A DOUBLE in millionths: away from a tie (and where the product is precise enough to tell) the
    product rounds right; otherwise the shortest decimal text decides."""
    scaled = f"abs({number} * 1e6)"
    near_tie = f"abs({scaled} - floor({scaled}) - 0.5) <= 0.25"
    return (
        f"CASE WHEN abs({number}) >= 1e9 OR {near_tie} THEN {_from_text(f'({number})::VARCHAR')}"
        f" ELSE {_cast(f'round({number} * 1e6)', 'BIGINT')} END"
    )


def _from_text(text: str) -> str:
    """Decimal text in millionths; NULL where it does not fit. DECIMAL rounds half away from 0."""
    decimal = _cast(text, "DECIMAL(38, 6)")
    return _cast(f"replace({decimal}::VARCHAR, '.', '')", "BIGINT")


def instant_of(value: str, binder: Binder, zone: str) -> str:
    """An instant in ms as BIGINT: RFC 3339 text, or an integer of milliseconds or seconds."""
    number = _read(_text(value), "HUGEINT")
    scaled = f"CASE WHEN {number} >= 100000000000 THEN {number} ELSE {number} * 1000 END"
    text = f"trim({_text(value)}, ' ' || chr(9) || chr(10) || chr(13))"
    return once(
        f"CASE {_kind(value)}"
        f" WHEN 'UINT64' THEN {_clamped(scaled)}"
        f" WHEN 'INT64' THEN {_clamped(scaled)}"
        f" WHEN 'VARCHAR' THEN {text_instant(text, binder, zone)} END"
    )


def _clamped(instant: str) -> str:
    # Twice FOREVER: moved earlier by any duration it still never comes.
    return f"greatest(-{FOREVER}, least({2 * FOREVER}, {instant}))::BIGINT"


def text_instant(text: str, binder: Binder, zone: str) -> str:
    """RFC 3339 text as ms; without a zone it is in `zone`, without a time it is midnight."""
    day = "try_cast(t[1:10] AS DATE)"
    fraction = r"rpad(regexp_extract(t, '\.([0-9]+)', 1)[1:3], 3, '0')"
    clock = (
        f"epoch_ms({day}::TIMESTAMP)"
        f" + coalesce(try_cast(t[12:13] AS BIGINT), 0) * {HOUR}"
        f" + coalesce(try_cast(t[15:16] AS BIGINT), 0) * {MINUTE}"
        f" + coalesce(try_cast(t[18:19] AS BIGINT), 0) * {SECOND}"
        f" + {_cast(fraction, 'BIGINT')}"
    )
    mark = "regexp_extract(t, '([Zz]|[+-][0-9]{2}:?[0-9]{2})$', 1)"
    shift = f"({_cast('mark[2:3]', 'BIGINT')} * {HOUR} + {_cast('mark[-2:]', 'BIGINT')} * {MINUTE})"
    zoned = (
        f"CASE WHEN strlen(t) = 10 OR mark = '' THEN {utc_of_local(clock, binder, zone)}"
        f" WHEN mark IN ('Z', 'z') THEN {clock}"
        f" WHEN {shift} >= {DAY} THEN NULL"
        f" WHEN mark[1] = '-' THEN {clock} + {shift} ELSE {clock} - {shift} END"
    )
    valid = f"regexp_full_match(t, {_INSTANT}) AND t[1:4] <> '0000'"
    return let("t", text, f"CASE WHEN {valid} THEN {let('mark', mark, zoned)} END")


def utc_of_local(local: str, binder: Binder, zone: str) -> str:
    """A local time of the zone (ms) in UTC."""
    steps = zone_steps(zone)
    if not steps.thresholds:
        return f"{local} - {binder.bind(steps.offsets[0])}::BIGINT"
    thresholds = binder.bind(list(steps.thresholds))
    offsets = binder.bind(list(steps.offsets))
    passed = f"len(list_filter({thresholds}::BIGINT[], lambda step: step <= wall))"
    return let("wall", local, f"wall - ({offsets}::BIGINT[])[1 + {passed}]")


def code_of(value: str) -> str:
    """Text that is equal exactly where type and value are equal; NULL where missing or null."""
    number, text = _read(value, "DOUBLE"), _text(value)
    whole = f"abs({number}) < 1e18 AND {number} = floor({number})"
    return (
        f"CASE {_kind(value)}"
        f" WHEN 'VARIANT_NULL' THEN NULL"
        f" WHEN 'VARCHAR' THEN 's' || {text}"
        f" WHEN 'UINT64' THEN 'n' || {text}"
        f" WHEN 'INT64' THEN 'n' || {text}"
        f" WHEN 'DOUBLE' THEN 'n' || CASE WHEN {whole} THEN {_cast(number, 'BIGINT')}::VARCHAR"
        f" ELSE {text} END"
        f" ELSE 'j' || {value}::JSON::VARCHAR END"
    )
