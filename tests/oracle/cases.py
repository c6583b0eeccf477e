"""Cases of every rule of DESIGN §3 and §4: a condition, a person's events, and when it holds.

Day 0 is Monday 2025-06-02T00:00Z and the zone is UTC unless said otherwise. Events are written
`name@time{json}` with an optional `#sequence` after the time and `other:` before the name for
another person; times and spans as `1d+2h-1ms`; an open span ends in nothing: `1d..`. Person u is
asked, at day 100.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from segue.domain.instant import DAY, FOREVER, HOUR, MINUTE, SECOND, parse_instant
from segue.language.parse import parse_condition
from segue.language.tree import Definitions, Segment

DAY_ZERO = parse_instant("2025-06-02T00:00:00Z")
_UNITS = {"ms": 1, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}
_EVENT = re.compile(r"(?:(\w+):)?([^@]+)@([^#{]+)(?:#(-?\d+))?(\{.*\})?")


@dataclass(frozen=True)
class Case:
    """A rule in words, a condition, events and the spans in which it holds for person u."""

    rule: str
    condition: str
    events: str
    spans: str
    segments: dict = field(default_factory=dict)
    options: dict = field(default_factory=dict)
    zero: int = DAY_ZERO

    def definitions(self):
        """The condition as segment `asked`, beside the segments it refers to."""
        options = dict(self.options)
        if "exclude" in options:
            options["exclude"] = parse_condition(options["exclude"])
        segments = [Segment(i, i, parse_condition(text)) for i, text in self.segments.items()]
        asked = Segment("asked", "Asked", parse_condition(self.condition))
        return Definitions((*segments, asked), **options)

    def log(self):
        """The events as plain dicts."""
        return [self._event(i, text) for i, text in enumerate(self.events.split())]

    def _event(self, i, text):
        who, name, at, sequence, properties = _EVENT.fullmatch(text).groups()
        return {
            "distinct_id": who or "u",
            "event": name.replace("_", " ") if name.startswith("Page") else name,
            "occurred_at": self.zero + duration(at),
            "event_id": f"e{i:02}",
            "sequence": None if sequence is None else int(sequence),
            "received_at": self.zero,
            "properties": json.loads(properties or "{}"),
        }

    def expected(self):
        """The spans as (start, end) instants."""
        return [self._span(text) for text in self.spans.split()]

    def _span(self, text):
        start, end = text.split("..")
        return self.zero + duration(start), self.zero + duration(end) if end else FOREVER


def duration(text):
    """`1d+2h-1ms` in milliseconds."""
    parts = re.findall(r"([+-]?)(\d+)(ms|[smhd])", text)
    assert "".join("".join(part) for part in parts) == text, text
    return sum((-1 if sign == "-" else 1) * int(n) * _UNITS[unit] for sign, n, unit in parts)


BERLIN = {"timezone": "Europe/Berlin"}
SPRING = parse_instant("2025-03-29T23:00:00Z")  # midnight in Berlin; clocks go on at 2 o'clock
TWICE = parse_instant("2010-11-05T02:40:00Z")  # two days before clocks go back over midnight
PAGES = {"page_events": ("page", "Page*"), "campaign_keys": ("utm_source",)}

# One row per rule.
# fmt: off
EXISTENCE = (
    Case("a person exists from their first event on", "everyone", "a@1d b@2d", "1d.."),
    Case("profile events make a person exist, too", "everyone", "$set@1d a@2d", "1d.."),
    Case("`not` is the complement within everyone", "not did b", "a@1d b@3d", "1d..3d"),
    Case("not everyone is nobody", "not everyone", "a@1d", ""),
    Case("`and` is both", "did a and did b", "a@1d b@3d", "3d.."),
    Case("`or` is one or both", "did a or did b", "a@2d b@1d", "1d.."),
    Case("and binds tighter than or", "did c or did a and did b", "a@1d b@3d", "3d.."),
    Case("touching spans merge", "did a within 1 day", "a@1d a@2d", "1d..3d"),
    Case("for at least: begins D later", "did a within 2 days for at least 1 day", "a@1d", "2d..3d"),
    Case("for at least: a span of exactly D is empty", "did a within 1 day for at least 1 day", "a@1d", ""),
    Case("for at least: first seen begins a span", "did not b for at least 1 day", "a@1d b@5d", "2d..5d"),
    Case("for at least binds tighter than and", "did a and did b for at least 1 day", "a@1d b@1d", "2d.."),
)

COUNTS = (
    Case("did: at the instant of the event already", "did a", "x@0d a@1d", "1d.."),
    Case("within D: exactly D old is out", "did a within 7 days", "a@1d", "1d..8d"),
    Case("at least n: the n-th latest decides", "did a at least 2 times within 7 days", "a@1d a@3d a@4d", "3d..10d"),
    Case("all events of an instant count", "did a exactly 2 times", "a@1d a@1d a@2d", "1d..2d"),
    Case("more than n", "did a more than 1 times", "a@1d a@2d", "2d.."),
    Case("at most includes those who never did", "did a at most 1 times within 2 days", "x@0d a@1d a@2d", "0d..2d 3d.."),
    Case("fewer than", "did a fewer than 2 times", "x@0d a@1d a@2d", "0d..2d"),
    Case("exactly 0 includes those who never did", "did a exactly 0 times within 1 day", "x@0d a@2d", "0d..2d 3d.."),
    Case("did not: no occurrence in the window", "did not a within 1 day", "x@0d a@2d", "0d..2d 3d.."),
    Case("did not exactly n: another number", "did not a exactly 1 times", "x@0d a@1d a@2d", "0d..1d 2d.."),
    Case("on days: calendar days with one", "did a on at least 2 days within 3 days", "a@1d+23h a@2d+1h", "2d+1h..4d+23h"),
    Case("on days: two on one day are one", "did a on at least 2 days", "a@1d a@1d+5h a@2d-1ms", ""),
    Case("active days count any", "active on at least 2 days within 7 days", "a@1d b@2d $set@3d", "2d..8d"),
    Case("between: D1 ago is out, D2 ago is in", "did a between 3 days and 1 day ago", "a@1d", "2d..4d"),
    Case("since a date: from its first instant", "did a since 2025-06-03", "a@1d-1ms a@1d a@2d", "1d.."),
    Case("since a date: just before does not count", "did a since 2025-06-03", "a@1d-1ms", ""),
    Case("before a date: its first instant is out", "did a before 2025-06-03", "x@0d a@1d", ""),
    Case("before a date: the instant before is in", "did a before 2025-06-03", "x@0d a@1d-1ms", "1d-1ms.."),
    Case("did not since a date: holds before it, too", "did not a since 2025-06-03", "x@0d a@2d", "0d..2d"),
    Case("some of: that many patterns", "did at least 2 of (a, b, c)", "a@1d a@2d b@3d", "3d.."),
    Case("some of: exactly, in a window", "did exactly 1 of (a, b) within 2 days", "a@1d b@2d", "1d..2d 3d..4d"),
    Case("did not some of", "did not at least 1 of (a, b) within 1 day", "x@0d a@2d", "0d..2d 3d.."),
    Case("periods: K of the last N", "did a in at least 2 of the last 3 days", "a@0d+1h a@1d+2h", "1d+2h..3d+1h"),
    Case("periods before first seen do not count", "did a at most 0 times in at least 2 of the last 3 days", "x@0d", "1d.."),
    Case("a period that ends when first seen counts", "did a at most 0 times in at least 2 of the last 2 days", "x@0d", "1d.."),
    Case("weeks are 7 days", "did a in at least 2 of the last 2 weeks", "a@0d a@7d", "7d..14d"),
)

ANCHORS = (
    Case("since last E: after it", "did a since last b", "a@1d b@2d a@3d b@4d", "3d..4d"),
    Case("since last E: no window before E", "did not a since last b", "a@1d b@2d a@3d", "2d..3d"),
    Case("since last E: event order breaks ties", "did a since last b", "b@1d#1 a@1d#2", "1d.."),
    Case("since last E: an earlier one of its instant is before", "did a since last b", "a@1d#1 b@1d#2", ""),
    Case("null sequence sorts before any number", "did a since last b", "b@1d a@1d#-5", "1d.."),
    Case("without sequence the event id decides", "did a since last b", "b@1d a@1d", "1d.."),
    Case("an event is not after itself", "did a since last a", "a@1d a@2d", ""),
    Case("since first E", "did a at least 2 times since first a", "a@1d a@2d a@3d", "3d.."),
    Case("within D after: at most D later, inclusive", "did a within 1 day after first b", "b@1d a@2d", "2d.."),
    Case("within D after: later is out", "did a within 1 day after first b", "b@1d a@2d+1ms", ""),
    Case("within D after last: the anchor moves", "did a within 1 day after last b", "b@1d a@2d b@3d a@5d", "2d..3d"),
    Case("before last E: it moves on", "did a before last b", "b@1d a@2d b@3d", "3d.."),
    Case("before first E: never more", "did a before first b", "b@1d a@2d b@3d", ""),
    Case("did not before first E: exists with E", "did not a before first b", "x@0d b@1d a@2d", "1d.."),
    Case("not of an anchored count holds before E, too", "not did a since last b", "x@0d b@1d a@2d", "0d..2d"),
)

AGES = (
    Case("last more than D ago: at D exactly", "last a more than 2 days ago", "a@1d a@2d", "4d.."),
    Case("last more than D ago: never did is out", "last a more than 2 days ago", "x@1d", ""),
    Case("inactive is about any", "inactive for 1 day", "a@1d $set@1d+12h", "2d.."),
    Case("first within D", "first a within 1 day", "a@1d a@3d", "1d..2d"),
    Case("first more than D ago", "first a more than 1 day ago", "a@1d a@3d", "2d.."),
    Case("time since last, at most", "time since last a <= 1 day", "a@1d", "1d..2d+1ms"),
    Case("time since last, more", "time since last a > 1 day", "a@1d", "2d+1ms.."),
    Case("time since first, exactly", "time since first a = 1 day", "a@1d a@2d", "2d..2d+1ms"),
    Case("time since first, not exactly", "time since first a != 1 day", "x@0d a@1d", "1d..2d 2d+1ms.."),
    Case("last has: the latest decides", "last a has plan = \"pro\"", 'a@1d{"plan":"pro"} a@2d{"plan":"free"}', "1d..2d"),
    Case("first has: the first decides", "first a has plan = \"pro\"", 'a@1d{"plan":"pro"} a@2d{"plan":"free"}', "1d.."),
    Case("has: within next is about t", "last a has due within next 1 day", 'a@1d{"due":"2025-06-05"}', "2d..3d"),
    Case("has: within last is about t", "last a has due within last 1 day", 'a@1d{"due":"2025-06-05"}', "3d..4d"),
    Case("where: within next is about the event", "did a where due within next 1 day", 'a@1d{"due":"2025-06-05"} a@2d{"due":"2025-06-05"}', "2d.."),
)

SEQUENCES = (
    Case("a then b", "did (a then b)", "b@0d a@1d b@2d", "2d.."),
    Case("then is in event order", "did (a then b)", "b@1d#1 a@1d#2", ""),
    Case("then at the same instant, later in order", "did (a then b)", "a@1d#1 b@1d#2", "1d.."),
    Case("within D is inclusive", "did (a then b within 1 day)", "a@1d b@2d", "2d.."),
    Case("within D: 1 ms more is out", "did (a then b within 1 day)", "a@1d b@2d+1ms", ""),
    Case("the latest predecessor will do", "did (a then b within 1 day)", "a@0d a@1d b@2d", "2d.."),
    Case("every end of a chain counts", "did (a then b) exactly 2 times", "a@1d b@2d b@3d b@4d", "3d..4d"),
    Case("one end is one occurrence", "did (a then b) at least 2 times", "a@1d a@2d b@3d", ""),
    Case("all within: inclusive", "did (a then b then c, all within 2 days)", "a@1d b@2d c@3d", "3d.."),
    Case("all within: longer is out", "did (a then b then c, all within 2 days)", "a@1d b@2d c@3d+1ms", ""),
    Case("all within: a later start helps", "did (a then b, all within 1 day)", "a@0d a@2d b@3d", "3d.."),
    Case("then not: at p + D", "did (a then not b within 1 day)", "a@1d", "2d.."),
    Case("then not: b at p + D is too late for a", "did (a then not b within 1 day)", "a@1d b@2d", ""),
    Case("then not: b just after p + D", "did (a then not b within 1 day)", "a@1d b@2d+1ms", "2d.."),
    Case("then not: an earlier b is before", "did (a then not b within 1 day)", "b@1d#1 a@1d#2", "2d.."),
    Case("then not: equal instants count once", "did (a then not b within 1 day) at least 2 times", "a@1d a@1d", ""),
    Case("after then not: later than p + D", "did (a then not b within 1 day then c)", "a@1d c@2d", ""),
    Case("after then not: a real step", "did (a then not b within 1 day then c within 1 day)", "a@1d c@3d", "3d.."),
    Case("a sequence in a window", "did (a then b) within 1 day", "a@1d b@5d", "5d..6d"),
    Case("last of a sequence", "last (a then b) more than 1 day ago", "a@1d b@2d", "3d.."),
    Case("p + D comes after events of its instant", "did (a then not b within 1 day) since last c", "a@1d c@2d", "2d.."),
)

FIVE = 'a@1d{"v":5}'
AMOUNTS = (
    Case("sum", "sum(a.v) >= 7 within 7 days", 'a@1d{"v":5} a@2d{"v":2.5}', "2d..8d"),
    Case("sum of nothing is 0", "sum(a.v) <= 0", "x@0d " + FIVE, "0d..1d"),
    Case("avg of nothing has no value", "avg(a.v) >= 0", "x@0d " + FIVE, "1d.."),
    Case("avg of nothing is not even small", "avg(a.v) < 100 within 1 day", "x@0d " + FIVE, "1d..2d"),
    Case("avg is exact", "avg(a.v) = 0.1", 'a@1d{"v":0.1} a@2d{"v":0.2} a@3d{"v":0}', "1d..2d 3d.."),
    Case("avg of thirds is not rounded", "avg(a.v) = 0.333333", 'a@1d{"v":1} a@1d{"v":0} a@1d{"v":0}', ""),
    Case("min", "min(a.v) < 3", 'a@1d{"v":5} a@2d{"v":2}', "2d.."),
    Case("max", "max(a.v) > 3 within 1 day", 'a@1d{"v":5} a@2d{"v":2}', "1d..2d"),
    Case("count with half a time", "count(a) > 1.5", "a@1d a@2d", "2d.."),
    Case("distinct counts type and value", "distinct(a.v) >= 3", 'a@1d{"v":1} a@2d{"v":"1"} a@3d{"v":1} a@4d{"v":true}', "4d.."),
    Case("distinct ignores null and missing", "distinct(a.v) >= 2", 'a@1d{"v":1} a@2d{"v":null} a@3d', ""),
    Case("distinct of nothing is 0", "distinct(a.v) = 0", "x@0d " + FIVE, "0d..1d"),
    Case("numbers in text count", "sum(a.v) = 12.5", 'a@1d{"v":"1.25e1"}', "1d.."),
    Case("booleans are no numbers", "min(a.v) >= 0", 'a@1d{"v":true}', ""),
    Case("text that is not JSON syntax is no number", "min(a.v) >= 0", 'a@1d{"v":"+5"} a@2d{"v":"05"} a@3d{"v":"NaN"}', ""),
    Case("half a millionth is rounded away from 0", "sum(a.v) = 0.000001", 'a@1d{"v":0.0000005}', "1d.."),
    Case("less than half a millionth is 0", "sum(a.v) = 0", 'a@1d{"v":0.0000004}', "1d.."),
    Case("negative halves go away from 0", "sum(a.v) = -0.000001", 'a@1d{"v":-0.0000005}', "1d.."),
    Case("what does not fit has no value", "max(a.v) >= 0", 'a@1d{"v":1e30}', ""),
    Case("sums never wrap", "sum(a.v) > 9223372036854", 'a@1d{"v":9223372036854} a@2d{"v":9223372036854}', "2d.."),
    Case("where inside the amount", "sum(a.v where ok is true) >= 5", 'a@1d{"v":5} a@2d{"v":5,"ok":true}', "2d.."),
    Case("count of a sequence", "count((a then b)) >= 1.5", "a@1d b@2d b@3d", "3d.."),
    Case("versus: a percentage", "count(a) within 1 day < 50% of count(a) between 2 days and 1 day ago", "a@0d a@0d a@0d a@1d", "1d..3d"),
    Case("versus: without a percentage", "sum(a.v) > sum(b.v)", 'x@0d a@1d{"v":5} b@2d{"v":5}', "1d..2d"),
    Case("versus: thirds are exact", "count(a) = 33.3% of count(b)", "b@0d a@1d", ""),
    Case("versus: a missing value compares with nothing", "avg(a.v) != avg(b.v)", "x@0d " + FIVE, ""),
    Case("versus: a missing window compares with nothing", "count(a) since last b >= count(a)", "a@1d b@2d", ""),
    Case("amount since an anchor", "sum(a.v) >= 5 since last b", 'a@1d{"v":5} b@2d a@3d{"v":5} b@4d', "3d..4d"),
)

TRAITS = (
    Case("identify and set", 'trait plan = "pro"', '$identify@1d{"plan":"pro"} $set@3d{"plan":"free"}', "1d..3d"),
    Case("null removes", "trait plan is set", '$set@1d{"plan":"pro"} $set@2d{"plan":null}', "1d..2d"),
    Case("unset removes", "trait plan is set", '$set@1d{"plan":"pro"} $unset@2d{"plan":1}', "1d..2d"),
    Case("set once keeps the earliest", 'trait plan = "pro"', '$set_once@1d{"plan":"pro"} $set_once@2d{"plan":"free"}', "1d.."),
    Case("set once yields to set", 'trait plan = "pro"', '$set_once@1d{"plan":"pro"} $set@2d{"plan":"free"}', "1d..2d"),
    Case("set once after unset sets again", 'trait plan = "pro"', '$set@1d{"plan":"free"} $unset@2d{"plan":1} $set_once@3d{"plan":"pro"}', "3d.."),
    Case("set once of null is no write", 'trait plan = "pro"', '$set_once@1d{"plan":null} $set_once@2d{"plan":"pro"}', "2d.."),
    Case("a nested value is replaced whole", "trait a.b is set", '$set@1d{"a":{"b":1}} $set@2d{"a":{"c":1}}', "1d..2d"),
    Case("before any write it is missing", "trait plan is not set", 'x@0d $set@1d{"plan":1}', "0d..1d"),
    Case("a missing value is not equal", 'trait plan != "pro"', 'x@0d $set@1d{"plan":"pro"}', "0d..1d"),
    Case("traits in time: within last", "trait due within last 1 day", '$set@1d{"due":"2025-06-05"}', "3d..4d"),
    Case("traits in time: within next", "trait due within next 1 day", '$set@1d{"due":"2025-06-05"}', "2d..3d"),
    Case("traits in time: before a date", "trait due before 2025-06-05", '$set@1d{"due":"2025-06-04T23:59:59.999Z"}', "1d.."),
    Case("ties of writes: event order", 'trait plan = "b"', '$set@1d#2{"plan":"b"} $set@1d#1{"plan":"a"}', "1d.."),
)


def _value(rule, test, value, holds):
    return Case(f"value: {rule}", f"did a where v {test}", f"a@1d{json.dumps({'v': value})}".replace(" ", ""), "1d.." if holds else "")


VALUES = (
    _value("numbers match numbers", "= 10", 10, True),
    _value("numbers match numeric text", "= 10", "10.0", True),
    _value("numbers compare by size", "> 9", "10", True),
    _value("big integers are exact", "= 9007199254740993", 9007199254740992, False),
    _value("booleans are no numbers", "= 1", True, False),
    _value("text matches the text of an integer", '= "10"', 10, True),
    _value("text matches the text of a boolean", '= "true"', True, True),
    _value("text does not match the text of a fraction", '= "10.5"', 10.5, False),
    _value("text compares by bytes", '< "é"', "z", True),
    _value("text compares by bytes, not by case", '< "a"', "B", True),
    _value("text of digits is not ordered by size", '< "9"', 10, True),
    _value("in", 'in ("pro", 3)', "3", True),
    _value("not in", 'not in ("pro", 3)', "free", True),
    _value("not in: missing satisfies", 'not in ("pro", 3)', None, True),
    _value("contains", 'contains "ri"', "/pricing", True),
    _value("contains is case-sensitive", 'contains "RI"', "/pricing", False),
    _value("starts with", 'starts with "/p"', "/pricing", True),
    _value("not starts with: missing satisfies", 'not starts with "/p"', None, True),
    _value("ends with", 'ends with "g"', "/pricing", True),
    _value("ends with, on an integer", 'ends with "0"', 10, True),
    _value("matches anywhere", 'matches "ri.i"', "/pricing", True),
    _value("matches is case-sensitive", 'matches "PRI"', "/pricing", False),
    _value("contains: no wildcards", 'contains "_"', "abc", False),
    _value("starts with: no wildcards", 'starts with "%"', "abc", False),
    _value("ends with: a per cent sign", 'ends with "%"', "100%", True),
    _value("is set", "is set", False, True),
    _value("null is missing", "is set", None, False),
    _value("is not set", "is not set", None, True),
    _value("is true: the word", "is true", "true", True),
    _value("is true: not a number", "is true", 1, False),
    _value("is false", "is false", False, True),
    _value("before: an instant without zone", "before 2025-06-03T12:00:00", "2025-06-03T11:59:59", True),
    _value("before: exactly is out", "before 2025-06-03", "2025-06-03", False),
    _value("after a date: from the next day", "after 2025-06-03", "2025-06-04", True),
    _value("after a date: not on the day", "after 2025-06-03", "2025-06-03T23:59:59.999Z", False),
    _value("after an instant: exactly is out", "after 2025-06-03T10:00:00Z", "2025-06-03T10:00:00Z", False),
    _value("integers from 10^11 are milliseconds", "before 1973-03-04", 100000000000, True),
    _value("smaller integers are seconds", "after 5138-11-15", 99999999999, True),
    _value("text of digits is no instant", "after 1970-01-01", "1748822400", False),
    _value("fractions are no instants", "after 1970-01-01", 1748822400.5, False),
    _value("offsets are read", "before 2025-06-03T00:00:00Z", "2025-06-03T01:30:00+02:00", True),
    _value("within last: the start is out", "within last 1 day", "2025-06-02", False),
    _value("within last: the event's instant is in", "within last 1 day", "2025-06-03", True),
    _value("within next: the event's instant is out", "within next 1 day", "2025-06-03", False),
    _value("within next: the end is in", "within next 1 day", "2025-06-04", True),
    Case("nested by dots", "did a where cart.total = 5", 'a@1d{"cart":{"total":5}}', "1d.."),
    Case("a quoted part is one key", 'did a where "odd.key".total = 5', 'a@1d{"odd.key":{"total":5}}', "1d.."),
    Case("dots do not reach into odd keys", "did a where odd.key = 5", 'a@1d{"odd.key":5}', ""),
    Case("filters combine", 'did a where (v > 1 and (w = "x" or not z is true))', 'a@1d{"v":2,"z":true} a@2d{"v":2}', "2d.."),
)

PATTERNS = (
    Case("any leaves profile and delivery events out", "did any", "$identify@0d $message_shown@1d $survey_shown@2d a@3d", "3d.."),
    Case("what people do to messages is activity", "did any", "$set@0d $message_clicked@1d", "1d.."),
    Case("any leaves out what the project says", "did any", "$set@0d renewed@1d a@3d", "3d..", options={"not_activity": ("renewed",)}),
    Case("derived events are never any", "did any at least 2 times", "a@0d", ""),
    Case("named profile events match", 'did "$identify"', "$identify@1d", "1d.."),
    Case("any of", "did any of (a, b) at least 2 times", "a@1d b@2d", "2d.."),
    Case("a prefix", 'did "Page*"', "Page_Viewed@1d", "1d.."),
    Case("a prefix is case-sensitive", 'did "page*"', "Page_Viewed@1d", ""),
    Case("a prefix has no wildcards", 'did "p_g*"', "page@1d", ""),
    Case("a prefix may hold what SQL takes for a wildcard", 'did "100%*"', "100%off@1d", "1d.."),
    Case("a name that is SQL is a name", "did \"x'; DROP TABLE events; --\"", "a@1d", ""),
    Case("a prefix matches derived events", 'did "$session*" at least 2 times', "a@1d", "1d+30m.."),
)

SESSIONS = (
    Case("a session starts with the first event", 'did "$session_started"', "$set@0d a@1d", "1d.."),
    Case("a gap of 30 minutes starts another", 'did "$session_started" at least 2 times', "a@1d a@1d+30m", "1d+30m.."),
    Case("a shorter gap does not", 'did "$session_started" at least 2 times', "a@1d a@1d+30m-1ms", ""),
    Case("a session ends 30 minutes after its last event", 'did "$session_ended"', "a@1d a@1d+10m", "1d+40m.."),
    Case("duration is in seconds", 'did "$session_ended" where duration = 600', "a@1d a@1d+10m", "1d+40m.."),
    Case("duration has milliseconds", 'did "$session_ended" where duration = 0.5', "a@1d a@1d+500ms", "1d+30m+500ms.."),
    Case("events of a session", 'did "$session_ended" where events = 3', "a@1d $set@1d page@1d b@1d", "1d+30m.."),
    Case("pages of a session", 'did "$session_ended" where pages = 2', "a@1d page@1d Page_Viewed@1d", "1d+30m..", options=PAGES),
    Case("path of the first event", 'did "$session_started" where path = "/x"', 'a@1d{"path":"/x"} a@1d{"path":"/y"}', "1d.."),
    Case("campaign keys of the first event", 'did "$session_started" where utm_source = "x"', 'a@1d{"utm_source":"x"}', "1d..", options=PAGES),
    Case("no other property", 'did "$session_started" where plan is set', 'a@1d{"plan":"x"}', ""),
    Case("session start comes before its event", 'did a since last "$session_started"', "a@1d", "1d.."),
    Case("session end comes after events of its instant", 'did $message_shown since last "$session_ended"', "a@1d $message_shown@1d+30m", ""),
    Case("a page is left at the next event", 'did "$page_left" where time_on_page = 60', "page@1d a@1d+1m", "1d+1m..", options=PAGES),
    Case("the last page of a session is not left", 'did "$page_left"', "page@1d a@1d+30m", "", options=PAGES),
    Case("a page is left with its properties", 'did "$page_left" where path = "/x"', 'page@1d{"path":"/x"} page@1d+1m{"path":"/y"}', "1d+1m..", options=PAGES),
    Case("a page is left immediately before the event", 'did a since last "$page_left"', "page@1d a@1d+1m", "1d+1m..", options=PAGES),
    Case("time on page adds up", 'sum("$page_left".time_on_page) >= 90', "page@1d page@1d+1m a@1d+90s", "1d+90s..", options=PAGES),
)

SEGMENTS = (
    Case("in a segment", "in s and did b", "a@1d b@2d", "2d..4d", {"s": "did a within 3 days"}),
    Case("entered: starts count", "entered s at least 2 times", "a@1d a@5d", "5d..", {"s": "did a within 1 day"}),
    Case("entered: first seen included", "entered s", "x@0d", "0d..", {"s": "did not a"}),
    Case("left: ends count", "left s", "a@1d", "2d..", {"s": "did a within 1 day"}),
    Case("left: an open span has no end", "left s", "a@1d", "", {"s": "did a"}),
    Case("left: in a window", "left s within 1 day", "a@1d", "2d..3d", {"s": "did a within 1 day"}),
    Case("entering comes after the event of its instant", "entered s since last a", "a@1d", "1d..", {"s": "did a"}),
    Case("entered: days", "entered s on at least 2 days", "a@1d a@1d+2h a@2d", "2d..", {"s": "did a within 1 hour"}),
    Case("excluded people are in nothing", "everyone", '$set@0d{"staff":true} $set@2d{"staff":false}', "2d..", options={"exclude": "trait staff is true"}),
    Case("exclusion counts inside in", "not in s", '$set@0d a@1d $set@2d{"staff":true} $set@3d{"staff":1}', "0d..1d", {"s": "did a"}, {"exclude": "trait staff is true"}),
    Case("exclusion counts as leaving", "left s", '$set@0d a@1d $set@2d{"staff":true} $set@3d{"staff":1}', "3d..", {"s": "did a"}, {"exclude": "trait staff is true"}),
)

QUANTILES = (
    Case("nobody is in before the first grid instant", "top 50% by count(a)", "a@1h", "1d.."),
    Case("the k-th from the top, k rounded up", "top 50% by count(a)", "a@1h a@1h v:a@1h w:a@1h w:a@1h w:a@1h", "1d.."),
    Case("below the threshold is out", "top 33.3% by count(a)", "a@1h a@1h v:a@1h w:a@1h w:a@1h w:a@1h", ""),
    Case("ties are in", "top 10% by count(a)", "a@1h v:a@1h w:a@1h", "1d.."),
    Case("bottom", "bottom 50% by sum(a.v)", 'a@1h{"v":5} v:a@1h{"v":7}', "1d.."),
    Case("the person's own amount is of now", "top 50% by count(a)", "a@1h v:a@1h v:a@1h a@1d+1h", "1d+1h.."),
    Case("thresholds move only on the grid", "top 50% by count(a)", "a@1h v:a@2d+1h v:a@2d+1h", "1d..3d"),
    Case("people without the amount are not ranked", "bottom 100% by count(a)", "x@1h v:a@1h", ""),
    Case("the oldest", "top 50% by time since last a", "a@1h v:a@2h", "1d.."),
    Case("the youngest", "bottom 50% by time since first a", "a@2h v:a@1h", "1d.."),
    Case("in a window", "top 100% by count(a) within 2 days", "a@1h", "1d..2d+1h"),
    Case("excluded people are not ranked", "top 50% by count(a)", 'a@1h v:$set@1h{"staff":true} v:a@1h v:a@1h', "1d..", options={"exclude": "trait staff is true"}),
)

ZONES = (
    Case("days are those of the project's zone", "did a on at least 2 days", "a@30m a@2h", "", options=BERLIN, zero=SPRING),
    Case("the short day is one day", "did a on at least 2 days", "a@0h a@23h-1ms", "", options=BERLIN, zero=SPRING),
    Case("the day after the short day begins 23 hours later", "did a on at least 2 days", "a@0h a@23h", "23h..", options=BERLIN, zero=SPRING),
    Case("1 day is 24 hours all the same", "did a within 1 day", "a@0h", "0h..24h", options=BERLIN, zero=SPRING),
    Case("a bare date begins at local midnight", "did a since 2025-03-31", "x@0h a@23h", "23h..", options=BERLIN, zero=SPRING),
    Case("local times in values", "did a where v before 2025-03-30T03:30:00", 'a@1h{"v":"2025-03-30T03:29:59"}', "1h..", options=BERLIN, zero=SPRING),
    Case("the grid knows a midnight that comes twice", "top 100% by count(a)", "x@0d a@1d", "1d+23h+50m..", options={"timezone": "America/St_Johns"}, zero=TWICE),
    Case("the grid follows the clocks", "top 100% by count(a) within 10 days", "a@0h+1ms", "23h..240h+1ms", options=BERLIN, zero=SPRING),
)

CASES = (
    *EXISTENCE, *COUNTS, *ANCHORS, *AGES, *SEQUENCES, *AMOUNTS, *TRAITS, *VALUES, *PATTERNS, *SESSIONS,
    *SEGMENTS, *QUANTILES, *ZONES,
)
# fmt: on
