"""Links fold into people by PostHog's rules, whatever the order of arrival (DESIGN §3)."""

import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.domain.identity import IGNORED_IDS, Link, LinkKind, fold_links, is_ignored
from tests.adapters.stores import event, store_of, table
from tests.oracle.people import fold

IDENTIFY, ALIAS, MERGE = LinkKind.IDENTIFY, LinkKind.CREATE_ALIAS, LinkKind.MERGE_DANGEROUSLY


def people(*links):
    """The people that links make: person id -> distinct ids."""
    found = {}
    for distinct_id, person in fold_links(links).person_of.items():
        found.setdefault(person, set()).add(distinct_id)
    return found


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        ([Link(IDENTIFY, "ann", "anon")], {"ann": {"ann", "anon"}}),
        ([Link(IDENTIFY, "ann")], {}),
        ([Link(IDENTIFY, "ann", "ann")], {}),
        ([Link(ALIAS, "b", "a")], {"a": {"a", "b"}}),
        ([Link(ALIAS, "b", "a"), Link(IDENTIFY, "b", "c")], {"b": {"a", "b", "c"}}),
        (
            [Link(IDENTIFY, "ann", "anon"), Link(IDENTIFY, "bea", "anon")],
            {"ann": {"ann", "anon"}},
        ),
        (
            [Link(IDENTIFY, "ann", "x"), Link(IDENTIFY, "bea", "y"), Link(IDENTIFY, "ann", "bea")],
            {"ann": {"ann", "x"}, "bea": {"bea", "y"}},
        ),
        (
            [Link(IDENTIFY, "ann", "x"), Link(IDENTIFY, "bea", "y"), Link(MERGE, "bea", "ann")],
            {"ann": {"ann", "x", "bea", "y"}},
        ),
        ([Link(IDENTIFY, "b"), Link(ALIAS, "a", "b")], {}),
        ([Link(IDENTIFY, "b"), Link(MERGE, "a", "b")], {"b": {"a", "b"}}),
        ([Link(ALIAS, "a", "b"), Link(ALIAS, "b", "c")], {"a": {"a", "b", "c"}}),
    ],
)
def test_links(links, expected):
    """An identified person is merged away dangerously only; the earliest identified id names."""
    assert people(*links) == expected


@pytest.mark.parametrize(
    "wrong", ["null", "NaN", "undefined", "Anonymous", "", "  ", "'none'", '"0"', "[object Object]"]
)
def test_ids_that_are_nobodys(wrong):
    """What SDKs send by mistake never links, on either side."""
    assert is_ignored(wrong)
    assert people(Link(IDENTIFY, "ann", wrong), Link(IDENTIFY, "bea", wrong)) == {}
    assert people(Link(IDENTIFY, wrong, "ann"), Link(MERGE, wrong, "bea")) == {}


def test_ids_that_are_somebodys():
    """Only the listed ids are nobody's."""
    assert not any(is_ignored(one) for one in ("00", "nobody", "ann", "nullable", "guest-1"))
    assert all(is_ignored(one.upper()) for one in IGNORED_IDS)


def test_refusals_are_told():
    """Each refused link, in event order, with its reason."""
    links = [Link(IDENTIFY, "ann", "x"), Link(IDENTIFY, "bea", "ann"), Link(ALIAS, "bea", "null")]
    refusals = fold_links(links).refusals
    assert [refusal.link for refusal in refusals] == links[1:]
    assert refusals[0].reason == "'ann' is already identified"
    assert refusals[1].reason == "'null' is nobody's id"


IDS = ("a", "b", "c", "d", "e", "null")
KEYS = {"$identify": "$anon_distinct_id", "$create_alias": "alias", "$merge_dangerously": "alias"}


@st.composite
def linking_events(draw):
    kind = draw(st.sampled_from(list(KEYS)))
    other = draw(st.sampled_from([*IDS, None]))
    person, at = draw(st.sampled_from(IDS)), draw(st.integers(0, 4))
    return event(
        person,
        kind,
        at,
        {} if other is None else {KEYS[kind]: other},
        id=str(draw(st.integers(0, 99))),
    )


@settings(max_examples=25)
@given(st.lists(linking_events(), max_size=9, unique_by=lambda one: one["event_id"]), st.randoms())
def test_a_store_folds_links_in_event_order_whatever_arrives_first(events, random):
    """A late link refolds: the people are those of the plain fold over the whole log."""
    shuffled = random.sample(events, len(events))
    cut = len(shuffled) // 2
    store = store_of(*shuffled[:cut])
    store.extent()
    store.append(table(*shuffled[cut:]), received_at=0)
    ordered = sorted(events, key=lambda one: (one["occurred_at"], one["event_id"].encode()))
    plain = [{**one, "properties": json.loads(one["properties"])} for one in ordered]
    expected = fold(plain)
    found = {one: store.person_of(one) for one in expected}
    assert found == expected
    for person in set(expected.values()):
        assert set(store.distinct_ids(person)) == {
            one for one, of in expected.items() if of == person
        }
    store.close()


def test_nobody_has_an_id_that_never_occurred():
    """None for the person, and no distinct ids."""
    store = store_of(event("ann", "x", 1))
    assert store.person_of("bea") is None
    assert store.distinct_ids("bea") == ()
    assert store.person_of("ann") == "ann"
    store.close()


def test_a_merged_person_reads_as_one():
    """Two distinct ids, one person from the start, also in a log cut before the link."""
    events = (
        event("anon", "view", 10),
        event("ann", "view", 30),
        event("ann", "$identify", 40, {"$anon_distinct_id": "anon"}),
    )
    for order in itertools.permutations(events):
        store = store_of(*order)
        read = store.read([], at=20)
        assert list(read.person_ids) == ["ann"]
        assert read.log.first_seen.tolist() == [10]
        store.close()
