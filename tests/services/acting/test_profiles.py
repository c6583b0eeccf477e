"""Profiles of many people: the traits that the conditions of segments see, and no others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.adapters.duckdb_store import DuckDBStore
from segue.domain.acting import Profiles
from segue.language.project import project_from, resolve
from segue.services.acting.profiles import StoredProfiles
from segue.services.view import look
from tests.adapters.stores import event, store_of

KEYS = ("plan", "vip")
VALUES = (1, "pro", True)
TESTS = {("plan", 1): "= 1", ("plan", "pro"): '= "pro"', ("vip", True): "is true"}
SEGMENTS = {
    **{f"is_{key}_{value}": (key, value) for key, value in TESTS},
    **{f"has_{key}": (key, None) for key in KEYS},
}
DEFINITIONS = resolve(
    project_from(
        {
            "segments": {
                name: {"when": f"trait {key} {TESTS[key, value] if value else 'is set'}"}
                for name, (key, value) in SEGMENTS.items()
            }
        }
    )
)
WRITES = st.one_of(
    st.tuples(
        st.sampled_from(["$set", "$set_once", "$identify"]),
        st.dictionaries(st.sampled_from(KEYS), st.sampled_from([*VALUES, None]), min_size=1),
    ),
    st.tuples(st.just("$unset"), st.sampled_from([{"plan": 1}, {"$unset": ["vip"]}])),
    st.tuples(st.just("$identify"), st.sampled_from([{"$anon_distinct_id": "c"}])),
    st.just(("click", {"plan": "pro"})),
)
LOGS = st.lists(
    st.tuples(st.sampled_from("abc"), WRITES, st.integers(1, 9), st.none() | st.integers(0, 2)),
    min_size=1,
    max_size=12,
)


@given(LOGS, st.integers(1, 10))
@settings(max_examples=40, deadline=None)
def test_a_profile_has_the_traits_that_conditions_see(log, at) -> None:
    """For every person, key and value: they are in the segment that asks exactly where the profile
    says so; whoever is who, and in whatever order the events came."""
    events = [
        event(who, name, when, properties, id=str(place), sequence=sequence)
        for place, (who, (name, properties), when, sequence) in enumerate(log)
    ]
    store = store_of(*events)
    members = {
        (row["segment_id"], row["person_id"])
        for row in look(store, DEFINITIONS, at).members().to_pylist()
    }
    known = {who for who, _, when, _ in log if when <= at}
    people = {store.person_of(who) for who, *_ in log}
    codes = [store.person_code(one) for one in people]
    found = StoredProfiles(store).profiles(codes, at)
    store.close()

    assert {one.person_id for one in found.values()} == people
    for profile in found.values():
        for name, (key, value) in SEGMENTS.items():
            there = profile.traits.get(key)
            held = key in profile.traits if value is None else _same(there, value)
            seen = bool(known & set(profile.distinct_ids))
            assert ((name, profile.person_id) in members) == (held and seen), name


def _same(one: object, other: object) -> bool:
    """Equal, and of one type: `True` is not 1."""
    return (type(one), one) == (type(other), other)


@pytest.fixture
def store() -> Iterator[DuckDBStore]:
    opened = store_of(
        event("ada", "$set", 1, {"name": "Ada", "address": {"city": "Bern"}}),
        event("anon", "click", 2),
        event("ada", "$identify", 3, {"$anon_distinct_id": "anon"}),
        event("bob", "click", 4),
    )
    yield opened
    opened.close()


def test_a_profile_has_the_ids_of_a_person_and_values_of_every_shape(store: DuckDBStore) -> None:
    reader: Profiles = StoredProfiles(store)
    ada = store.person_code("anon")
    bob = store.person_code("bob")
    found = reader.profiles([ada, bob, 999], at=10)

    assert found[ada].person_id == "ada"
    assert found[ada].distinct_ids == ("ada", "anon")
    assert found[ada].traits == {"name": "Ada", "address": {"city": "Bern"}}
    assert found[bob].traits == {}
    assert set(found) == {ada, bob}


def test_nobody_has_no_profile(store: DuckDBStore) -> None:
    assert StoredProfiles(store).profiles([], at=10) == {}


def test_what_is_yet_to_come_is_not_known(store: DuckDBStore) -> None:
    code = store.person_code("ada")

    assert StoredProfiles(store).profiles([code], at=0)[code].traits == {}
