"""Values are read by DuckDB exactly as a plain reading in Python reads them (DESIGN §4.2)."""

import datetime as dt
import json
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from segue.domain.errors import DefinitionError
from segue.domain.instant import DAY, HOUR
from segue.language.tree import Moment, Op, Test
from segue.timeline.log import Code, InstantOf, Number, Request, Satisfies
from tests.adapters.stores import answer, event, named
from tests.oracle.values import as_instant, as_millionths, passes

X = named("x")
NOW = 1_790_000_000_000


def read_all(request, values, zone="UTC"):
    """What a request reads from events that carry these values, None where nothing."""
    rows = [
        event("p", "x", NOW, json.dumps({"v": value}), id=f"{place:06}")
        for place, value in enumerate(values)
    ]
    found = answer(request, *rows, zone=zone)
    known = [True] * len(values) if found.known is None else found.known.tolist()
    return [
        value if is_known else None
        for value, is_known in zip(found.value.tolist(), known, strict=True)
    ]


WORDS = (
    "true",
    "false",
    "True",
    "",
    " ",
    "12",
    "-0",
    "1e3",
    "1.",
    ".5",
    "01",
    "+1",
    "NaN",
    "10",
    "é",
)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.integers(-100, 100),
    st.floats(allow_nan=False, allow_infinity=False),
    st.decimals(-(10**6), 10**6, places=7, allow_nan=False).map(float),
    st.decimals(-(10**4), 10**4, places=2, allow_nan=False).map(str),
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
    st.sampled_from(WORDS),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
    st.just([1, "a"]),
    st.just({"a": 1}),
)


@settings(max_examples=20)
@given(st.lists(scalars, min_size=1, max_size=60))
@example([0.1234565, 0.1234575, -0.0000005, 1e-7, 4.9999999e-7, 5e-7, 1234567.1234565])
@example([9223372036854.775, 9223372036855.0, 2**63, -(2**63), 9223372036854, 9223372036855])
@example(["9223372036854.775807", "9223372036854.775808", "0.12345649999999999999999999", "5e-7"])
@example(["1e400", "-1e400", "1E+2", "1e-400", "123456789012345678901234567890123456789"])
def test_numbers_are_fixed_point(values):
    """A number is read in millionths, half away from zero on its shortest decimal text."""
    assert read_all(Request(X, Number(("v",))), values) == [as_millionths(one) for one in values]


moments = st.one_of(
    st.datetimes(min_value=dt.datetime(1902, 1, 1), max_value=dt.datetime(2199, 12, 31)).flatmap(
        lambda moment: st.sampled_from(
            [
                moment.isoformat(),
                moment.isoformat(" "),
                moment.isoformat(timespec="minutes"),
                moment.isoformat(timespec="seconds") + "Z",
                moment.isoformat(timespec="milliseconds") + "+02:00",
                moment.isoformat(timespec="seconds") + "-0730",
                moment.date().isoformat(),
                f" {moment.isoformat()}z ",
                moment.isoformat() + "x",
                moment.isoformat() + "+24:00",
            ]
        )
    ),
    st.integers(-(10**9), 4 * 10**12),
    st.booleans(),
    st.none(),
    st.sampled_from(
        ["2026-02-30", "2026-13-01", "0000-01-01", "2026-05-01T24:00", "2026-05-01T23:59:60Z"]
    ),
    st.sampled_from(
        ["1700000000", "2026-5-1", "May 1", "", "2026-05-01T10", "２０２６-05-01", "10:00"]
    ),
    st.floats(0, 10**12).filter(lambda number: not number.is_integer()),
)


@pytest.mark.parametrize(
    "zone", ["UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe"]
)
@settings(max_examples=12)
@given(values=st.lists(moments, min_size=20, max_size=120))
def test_instants(zone, values):
    """RFC 3339 text, in the project's zone where it names none, and integers of s or ms."""
    expected = [as_instant(one, zone) for one in values]
    assert read_all(Request(X, InstantOf(("v",))), values, zone) == expected


@pytest.mark.parametrize(
    "local",
    [
        "2026-03-29T02:30",
        "2026-10-25T02:30",
        "2026-10-25T03:00",
        "2026-03-29T03:00",
        "1893-03-31T23:59",
    ],
)
def test_instants_around_a_change_of_clocks(local):
    """A local time that exists twice is the earlier; one that is skipped has the offset before."""
    read = read_all(Request(X, InstantOf(("v",))), [local], "Europe/Berlin")
    assert read == [as_instant(local, "Europe/Berlin")]


texts = st.sampled_from(["", "a", "ab", "10", "true", "é", "%", "_", "b\nc", "\\", "'; DROP TABLE"])
numbers = st.decimals(-(10**4), 10**4, places=3).map(Decimal) | st.just(Decimal("0.1"))
tests = st.one_of(
    st.builds(Test, st.just(("v",)), st.sampled_from([Op.EQ, Op.LT, Op.LE, Op.GT, Op.GE]), texts),
    st.builds(Test, st.just(("v",)), st.sampled_from([Op.EQ, Op.LT, Op.LE, Op.GT, Op.GE]), numbers),
    st.builds(
        Test,
        st.just(("v",)),
        st.sampled_from([Op.CONTAINS, Op.STARTS_WITH, Op.ENDS_WITH]),
        texts,
    ),
    st.builds(
        Test, st.just(("v",)), st.just(Op.MATCHES), st.sampled_from(["^a", "b$", "[0-9]+", "."])
    ),
    st.builds(
        Test, st.just(("v",)), st.just(Op.IN), st.lists(texts | numbers, max_size=3).map(tuple)
    ),
    st.builds(Test, st.just(("v",)), st.sampled_from([Op.IS_SET, Op.IS_TRUE, Op.IS_FALSE])),
    st.builds(
        Test,
        st.just(("v",)),
        st.sampled_from([Op.WITHIN_LAST, Op.WITHIN_NEXT]),
        st.sampled_from([1, HOUR, DAY]),
    ),
    st.builds(
        Test,
        st.just(("v",)),
        st.sampled_from([Op.BEFORE, Op.AFTER]),
        st.sampled_from([Moment("2026-09-22"), Moment("2026-09-21T15:13:20Z")]),
    ),
)
near = st.sampled_from([0, 1, -1, HOUR, DAY, HOUR - 1, DAY + 1]).map(lambda gap: NOW + gap)
small = st.one_of(
    scalars, texts, near, numbers.map(float), st.sampled_from([0.1, 10, 10.0, "10.0", "0.10"])
)


@settings(max_examples=40)
@given(test=tests, negated=st.booleans(), values=st.lists(small, min_size=1, max_size=30))
def test_tests(test, negated, values):
    """Every test holds exactly where the plain reading says so, and every negation elsewhere."""
    asked = Test(test.path, test.op, test.operand, negated)
    found = read_all(Request(X, Satisfies(asked)), values, "Europe/Berlin")
    expected = [passes(test.op, test.operand, one, NOW, "Europe/Berlin") for one in values]
    assert [bool(one) for one in found] == [one != negated for one in expected]


@pytest.mark.parametrize(
    ("properties", "path", "expected"),
    [
        ({"cart": {"total": 5}}, ("cart", "total"), 5_000_000),
        ({"cart.total": 5}, ("cart.total",), 5_000_000),
        ({"cart.total": 5}, ("cart", "total"), None),
        ({"cart": {"total": 5}}, ("cart.total",), None),
        ({"odd.key": {"total": 5}}, ("odd.key", "total"), 5_000_000),
        ({"cart": [{"total": 5}]}, ("cart", "total"), None),
        ({"cart": "total"}, ("cart", "total"), None),
        ({"Cart": 5}, ("cart",), None),
        ({"": 5}, ("",), 5_000_000),
        ({"'; DROP TABLE events; --": 5}, ("'; DROP TABLE events; --",), 5_000_000),
        ({"$.a": 5}, ("$.a",), 5_000_000),
        ({'"a"': 5}, ('"a"',), 5_000_000),
        ({"a\x00b": 5}, ("a\x00b",), 5_000_000),
        ({"ü": {"É": "5"}}, ("ü", "É"), 5_000_000),
        ({"total": None}, ("total",), None),
    ],
)
def test_paths(properties, path, expected):
    """Every key of a path is literal, whatever it looks like."""
    found = answer(Request(X, Number(path)), event("p", "x", 1, properties))
    known = found.known is None or bool(found.known[0])
    assert (int(found.value[0]) if known else None) == expected


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (1, 1.0, True),
        (1, "1", False),
        (True, "true", False),
        (True, 1, False),
        ("a", "a", True),
        ("a", "A", False),
        (0.1, 0.1, True),
        (-0.0, 0, True),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ([1, 2], [2, 1], False),
        ([1], "[1]", False),
        ("sx", "x", False),
        ("", "s", False),
    ],
)
def test_codes_are_equal_where_type_and_value_are(one, other, equal):
    """`distinct` counts type and value."""
    first, second = read_all(Request(X, Code(("v",))), [one, other])
    assert (first == second) is equal


def test_codes_of_missing_and_null_are_unknown():
    """`distinct` ignores nulls."""
    assert read_all(Request(X, Code(("v",))), [None, "a", None]) == [None, 0, None]


@pytest.mark.parametrize("pattern", ["(", "a(?=b)", r"(a)\1", "[", "a**"])
def test_a_regex_that_re2_refuses(pattern):
    """The error names the pattern and what is wrong with it."""
    request = Request(named("x", where=Test(("v",), Op.MATCHES, pattern)))
    with pytest.raises(DefinitionError, match="no RE2 regular expression"):
        answer(request, event("p", "x", 1))


def test_a_regex_that_would_backtrack_for_ever_is_quick():
    """RE2 reads each byte once."""
    request = Request(named("x", where=Test(("v",), Op.MATCHES, "(a+)+$")))
    assert len(answer(request, event("p", "x", 1, {"v": "a" * 50_000 + "b"}))) == 0
