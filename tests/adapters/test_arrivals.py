"""What a store knows in memory of what came lately and of whom anything is known: never less than
the file says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.adapters.duckdb_store import DuckDBStore
from segue.adapters.duckdb_store.arrivals import MOST_TURNS, Arrivals, Marked
from segue.adapters.duckdb_store.suspects import Suspects, hash_of
from segue.domain.campaigns import Channel, State, Suppressed, Suppression
from segue.domain.errors import InputError
from tests.adapters.deliveries import delivery
from tests.adapters.stores import event, table


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckDBStore]:
    opened = DuckDBStore.open(tmp_path / "segue.duckdb")
    yield opened
    opened.close()


# ------------------------------------------------------------------------------------ what came


@given(
    st.integers(0, 5),
    st.lists(st.sets(st.integers(0, 3), min_size=1), max_size=8),
    st.integers(0, 20),
)
def test_the_names_since_an_event(first: int, turns: list[set[int]], asked: int) -> None:
    """Those of all turns that reach beyond it; nothing is said of what came before it began."""
    arrivals = Arrivals(first)
    refs = []
    for names in turns:
        refs += [(first + len(refs), name) for name in sorted(names)]
        arrivals.keep(first + len(refs), names)
    names, upto = arrivals.after(asked)
    assert upto == first + len(refs)
    if asked < first:
        assert names is None
    else:
        assert names is not None
        assert {name for ref, name in refs if ref >= asked} <= names
        assert names <= {name for _, name in refs}


def test_only_the_latest_turns_are_remembered() -> None:
    arrivals = Arrivals(0)
    for turn in range(MOST_TURNS + 2):
        arrivals.keep(turn + 1, {turn})
    assert arrivals.after(1)[0] is None
    assert arrivals.after(2)[0] == set(range(2, MOST_TURNS + 2))
    assert arrivals.after(MOST_TURNS + 2) == (frozenset(), MOST_TURNS + 2)


def test_a_store_tells_the_names_of_what_came(store: DuckDBStore) -> None:
    assert store.arrived(0) == (frozenset(), 0)
    store.append(table(event("ana", "look", 1), event("ana", "buy", 2)), received_at=3)
    store.append(table(event("ben", "look", 4)), received_at=4)
    assert store.arrived(0) == ({"look", "buy"}, 3)
    assert store.arrived(2) == ({"look"}, 3)
    assert store.arrived(3) == (frozenset(), 3)


def test_what_was_there_before_it_was_opened_has_to_be_read(tmp_path: Path) -> None:
    for names in (frozenset[str](), None):
        store = DuckDBStore.open(tmp_path / "segue.duckdb")
        assert store.arrived(0)[0] == names
        store.append(table(event("ana", "look", 1)), received_at=3)
        store.close()


def test_a_turn_that_fails_brings_nothing(store: DuckDBStore) -> None:
    rows = table(event("ana", "look", 1), event("", "look", 2))
    with pytest.raises(InputError):
        store.append(rows, received_at=1)
    assert store.arrived(0) == (frozenset(), 0)


# ---------------------------------------------------------------------------------- of whom


@given(
    st.lists(st.integers(0, 300)),
    st.lists(st.lists(st.integers(0, 300)), max_size=4),
    st.lists(st.integers(0, 400), unique=True),
)
def test_marked_are_those_of_the_file_and_those_that_came(
    stored: list[int], later: list[list[int]], asked: list[int]
) -> None:
    marked = Marked(lambda: np.array(stored, np.int32))
    for codes in later:
        marked.add(np.array(codes, np.int32))
    known = {*stored, *(code for codes in later for code in codes)}
    assert marked.among(asked) == [code for code in asked if code in known]


@given(
    st.lists(st.text()), st.lists(st.lists(st.text(), min_size=1), max_size=4), st.lists(st.text())
)
def test_no_text_that_is_there_is_passed_over(
    stored: list[str], later: list[list[str]], asked: list[str]
) -> None:
    suspects = Suspects(lambda: np.array([hash_of(one) for one in stored], np.uint64))
    for texts in later:
        suspects.add(texts)
    known = {*stored, *(text for texts in later for text in texts)}
    assert suspects.among(asked) == [text for text in asked if text in known]


@given(text=st.text(st.characters(exclude_characters="\x00", codec="utf-8")))
@settings(max_examples=50, deadline=None)
def test_the_hash_is_that_of_the_database(text: str) -> None:
    store = DuckDBStore.open(None)
    store.save_deliveries(made=[delivery(id=text)])
    assert store._ids_made().tolist() == [hash_of(text)]
    store.close()


@pytest.mark.parametrize("again", [False, True])
def test_what_is_kept_is_found(tmp_path: Path, again: bool) -> None:
    """Deliveries, addresses and traits, by whoever kept them and whoever opened the file since."""
    store = DuckDBStore.open(tmp_path / "segue.duckdb")
    entry = Suppressed("Ana@shop.example", Channel.EMAIL, "", Suppression.BY_HAND, 5)

    def none_yet() -> None:
        assert store.suppressed(["ana@shop.example"], Channel.EMAIL) == []
        assert store.contacts([0], 0) == store.past(["nudge"], [0]) == []
        assert store.deliveries(people=[0]) == store.unconverted([0], 0) == []
        assert store.written(np.array([0], np.int32)) == []

    none_yet()
    store.append(table(event("ana", "$set", 1, {"name": "Ana"})), received_at=1)
    store.suppress([entry])
    store.save_deliveries(made=[delivery(person=0, state=State.SENDING, handed_at=7)])
    if again:
        store.close()
        store = DuckDBStore.open(tmp_path / "segue.duckdb")
    (found,) = store.suppressed(["ANA@shop.example"], Channel.EMAIL)
    assert (found.address, found.since) == ("ana@shop.example", 5)
    assert [one.at for one in store.contacts([0, 1], 0)] == [7]
    assert len(store.past(["nudge"], [0])) == len(store.unconverted([0], 0)) == 1
    assert [one.id for one in store.deliveries(people=[0, 9])] == ["d0"]
    assert [event.event for _, event in store.written(np.array([0, 1], np.int32))] == ["$set"]
    store.close()


def test_nothing_is_known_of_somebody_who_was_erased(store: DuckDBStore) -> None:
    store.append(table(event("ana", "$set", 1, {"name": "Ana"})), received_at=1)
    store.append(table(event("ben", "look", 1)), received_at=1)
    store.save_deliveries(made=[delivery(person=0)])
    store.erase("ana")
    assert store.deliveries(people=[0]) == []
    assert store.arrived(0)[0] is None
    assert store.save_deliveries(made=[delivery(id="d9", person=0)]) == set()
