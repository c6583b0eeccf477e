"""A condition tried before it is saved: of everybody, or first of some people and said to be so."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from segue.adapters.duckdb_store import DuckDBStore
from segue.domain.instant import DAY
from segue.language.check import Catalog
from segue.language.project import project_from
from segue.language.resolve import resolve
from segue.services.live.catalogue import Catalogue
from segue.services.live.live import Live
from segue.services.live.previewing import preview
from tests.services.live.test_live import PROJECT, T0, batch

PEOPLE, BUYERS = 2_000, 600


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """Two thousand people looked; three in ten have two ids, and bought."""
    folder: Path = tmp_path_factory.mktemp("previewing")
    store = DuckDBStore.open(folder / "segue.duckdb")
    made = Live.begin(store, resolve(project_from(PROJECT)), T0)
    made.submit(batch(*((f"p{i}", "look", T0 - DAY) for i in range(PEOPLE))))
    made.submit(batch(*((f"p{i}", "order", T0 - i) for i in range(BUYERS)), prefix="o"))
    for i in range(BUYERS):
        linked = batch((f"anon{i}", "$create_alias", T0), properties=f'{{"alias": "p{i}"}}')
        made.submit(linked)
    made.turn(T0)
    yield made
    store.close()


def _tried(live: Live, when: str, enough: int | None = None):  # type: ignore[no-untyped-def]
    return preview(live, project_from(PROJECT), {"when": when}, Catalog(), T0, enough=enough)


@pytest.mark.parametrize(
    "when", ["did order", "top 30% by count(look)", "did order and did look within 3 days"]
)
def test_a_sample_comes_near_and_says_how_near(live: Live, when: str) -> None:
    """Each person is in it with all their ids; the same people every time."""
    exact, soon = _tried(live, when), _tried(live, when, enough=500)

    assert exact.every == 1
    assert exact.range is None
    assert soon.every == 4
    assert soon == _tried(live, when, enough=500)
    assert soon.range is not None
    assert soon.range.low <= exact.size <= soon.range.high
    assert soon.people == pytest.approx(exact.people, rel=0.01)
    assert soon.days[-1].size == soon.size
    assert (soon.when, soon.sentence) == (exact.when, exact.sentence)


def test_what_is_found_soon_is_of_everybody(live: Live) -> None:
    """Where all that is asked for is in memory, or there are few people."""
    assert _tried(live, "did purchase within 1 hours", enough=500).every == 1
    assert _tried(live, "did order", enough=2_000).every == 1


def test_a_part_of_the_people_does_as_it_does_among_all(live: Live) -> None:
    """Read from the store, the spans of some are those that they have among everybody."""
    definitions = resolve(
        project_from({"segments": {"x": {"when": "did order at least 1 time within 2 days"}}})
    )
    codes, every = live.spans(definitions, ["x"], T0)
    some_codes, some = live.spans_of_some(definitions, ["x"], T0, every=4)

    places = np.searchsorted(codes, some_codes)
    assert np.array_equal(codes[places], some_codes)
    assert len(some_codes) == pytest.approx(PEOPLE / 4, rel=0.2)
    of_all, of_some = every["x"], some["x"]
    for place, other in enumerate(places.tolist()):
        one = slice(*of_some.offsets[place : place + 2])
        same = slice(*of_all.offsets[other : other + 2])
        assert np.array_equal(of_some.start[one], of_all.start[same])
        assert np.array_equal(of_some.end[one], of_all.end[same])


class SlowStore:
    """Counts names when it is let."""

    def __init__(self) -> None:
        self.let = threading.Event()

    def summaries(self) -> list[object]:
        self.let.wait(30)
        return []

    def trait_names(self) -> list[str]:
        return ["plan"]


def test_names_are_counted_beside(live: Live) -> None:
    """Whoever asks is answered with what is known; who says so waits for the count."""
    store = SlowStore()
    catalogue = Catalogue(store)  # type: ignore[arg-type]

    early = catalogue.names(T0, patience=0)
    assert (early.traits, early.counting) == ((), True)
    store.let.set()
    assert catalogue.names(T0, patience=None).traits == ("plan",)
    assert catalogue.names(T0 + 1, patience=0).counting is False
