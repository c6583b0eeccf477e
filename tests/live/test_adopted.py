"""Memberships from runs: what a run has is published once, acted upon once, and true as time goes."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from segue.adapters.duckdb_store import DuckDBStore
from segue.adapters.spark.mounted import latest_manifest, run_of
from segue.bootstrap.runs_watch import RunsWatch
from segue.domain.instant import DAY, HOUR
from segue.domain.live import Cause
from segue.language.project import project_from
from segue.language.resolve import resolve
from segue.services.live.adopted import AdoptedLive
from segue.services.live.intake import Batch
from tests.live.runs_folder import Runs

TEXT = """\
project: shop
segments:
  buyers:
    title: Buyers
    kind: purchase
    when: did buy
  fresh:
    title: Looked lately
    kind: intent
    when: did look within 7 days
"""
OTHER = TEXT.replace("within 7 days", "within 8 days")
T = 1_700_000_000_000


@contextlib.contextmanager
def turning(live: AdoptedLive, now: int) -> Iterator[None]:
    """Turn in a thread for the length of a block."""
    ended = threading.Event()

    def turn() -> None:
        while not ended.wait(0.01):
            live.turn(now)

    thread = threading.Thread(target=turn)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


class World:
    """A store, a folder of runs, and a clock."""

    def __init__(self, folder: Path) -> None:
        self.runs = Runs(folder / "runs", TEXT)
        self.path = folder / "segue.duckdb"
        self.now = T
        self.begin()

    def begin(self, text: str = TEXT) -> None:
        self.store = DuckDBStore.open(self.path)
        self.live = AdoptedLive.resume(self.store, resolve(project_from(text)), self.now)
        self.watch = RunsWatch(self.runs.folder, self.live, lambda: self.now)

    def again(self, text: str = TEXT) -> None:
        self.store.close()
        self.begin(text)

    def adopt(self) -> int:
        manifest = latest_manifest(self.runs.folder)
        assert manifest is not None
        future = self.live.adopt(run_of(self.runs.folder, manifest))
        self.live.turn(self.now)
        return future.result()

    def turn(self, now: int) -> None:
        self.now = now
        self.live.turn(now)
        while (due := self.live.next_due()) is not None and due <= now:
            self.live.turn(now)

    def told(self, after: int = -1) -> list[tuple]:
        found = self.store.transitions(after=after, limit=1000)
        return [(t.segment_id, t.person_id, t.kind, t.at - T, t.cause, t.live) for t in found]

    def inside(self, segment: str) -> set[str]:
        memory = {one.person_id for one in self.live.in_segments([segment]).members}
        stored = {
            one.person_id for one in self.store.members(segment, at=self.live.ticked_at).members
        }
        assert memory == stored
        assert len(memory) == {s.segment_id: s.size for s in self.live.segments()}[segment]
        return memory


@pytest.fixture
def world(tmp_path: Path):
    one = World(tmp_path)
    yield one
    one.store.close()


def test_the_first_run_is_established_and_messages_nobody(world: World) -> None:
    world.runs.publish(
        T - HOUR,
        [("buyers", "ada", T - DAY, None), ("fresh", "ben", T - 2 * DAY, T - DAY)],
        people=["cid"],
    )
    assert world.adopt() == 3
    assert world.inside("buyers") == {"ada"}
    assert world.inside("fresh") == set()
    assert world.live.standing("cid").memberships == ()
    assert {(one[4], one[5]) for one in world.told()} == {(Cause.IMPORT, False)}


def test_a_later_run_is_told_live_once_with_its_own_instants(world: World) -> None:
    world.runs.publish(T - HOUR, [("buyers", "ada", T - DAY, None)])
    world.adopt()
    world.now = T + HOUR
    world.runs.publish(T + HOUR, [("buyers", "ben", T + HOUR - 1000, None)])
    assert world.adopt() == 1
    assert world.told(0) == [("buyers", "ben", "entered", HOUR - 1000, Cause.EVENT, True)]
    (one,) = world.store.transitions(after=0)
    assert one.known_at == T + HOUR
    assert world.inside("buyers") == {"ada", "ben"}
    assert world.adopt() == 0, "the same run again is nothing new"


def test_what_comes_very_late_is_not_acted_upon_unless_campaigns_allow_it(world: World) -> None:
    world.runs.publish(T - DAY, [])
    world.adopt()
    world.runs.publish(T - HOUR, [("buyers", "ada", T - 3 * HOUR, None)])
    world.adopt()
    assert [one[5] for one in world.told()] == [False]
    world.live.allow_lateness(DAY)
    world.runs.publish(T, [("buyers", "ben", T - 3 * HOUR, None)])
    world.adopt()
    assert [one[5] for one in world.told(0)] == [True]


def test_what_was_to_come_comes_true_as_time_passes_and_after_a_restart(world: World) -> None:
    world.runs.publish(
        T - HOUR,
        [
            ("fresh", "ada", T - DAY, T + 10),
            ("fresh", "ben", T - DAY, T + 20),
            ("fresh", "cid", T + 15, None),
        ],
    )
    world.adopt()
    assert world.live.next_due() == T + 10
    world.turn(T + 12)
    assert world.told(1) == [("fresh", "ada", "left", 10, Cause.TIME, True)]
    world.again()
    assert world.inside("fresh") == {"ben"}
    world.turn(T + 30)
    assert world.told(2) == [
        ("fresh", "cid", "entered", 15, Cause.TIME, True),
        ("fresh", "ben", "left", 20, Cause.TIME, True),
    ]
    assert world.inside("fresh") == {"cid"}
    world.runs.publish(T + 25, [], people=[])
    assert world.adopt() == 0, "the next run says the same"


def test_the_next_run_corrects_what_did_not_come_true(world: World) -> None:
    world.runs.publish(T - HOUR, [("fresh", "ada", T - DAY, T + 10)])
    world.adopt()
    world.turn(T + 12)
    world.runs.publish(T + 11, [("fresh", "ada", T - DAY, T + DAY)])
    assert world.adopt() == 1
    assert world.told(1) == [("fresh", "ada", "retracted", 10, Cause.CORRECTION, False)]
    assert world.inside("fresh") == {"ada"}


def test_people_who_became_others_leave_with_a_correction(world: World) -> None:
    world.runs.publish(
        T - HOUR, [("buyers", "anon", T - 2 * HOUR, None), ("buyers", "zoe", T - DAY, None)]
    )
    world.adopt()
    world.runs.publish(T, [("buyers", "ada", T - 2 * HOUR, None)], gone=["anon"])
    world.live.allow_lateness(DAY)
    world.adopt()
    assert world.told(1) == [
        ("buyers", "anon", "retracted", -2 * HOUR, Cause.CORRECTION, False),
        ("buyers", "ada", "entered", -2 * HOUR, Cause.CORRECTION, False),
    ]
    assert world.inside("buyers") == {"ada", "zoe"}


def test_erased_people_stay_erased(world: World) -> None:
    world.runs.publish(
        T - HOUR, [("buyers", "ada", T - DAY, None), ("buyers", "ben", T - DAY, None)]
    )
    world.adopt()
    erased = world.live.erase("ada")
    world.turn(T + 1)
    assert erased.result().remaining == 0
    world.runs.publish(T, [("buyers", "ada", T - DAY, None)])
    assert world.adopt() == 0
    assert world.inside("buyers") == {"ben"}
    assert world.store.person_code("ada") is None
    world.again()
    world.adopt()
    assert world.inside("buyers") == {"ben"}


def test_changed_segments_wait_for_a_run_that_has_them(world: World) -> None:
    world.runs.publish(
        T - HOUR, [("buyers", "ada", T - DAY, None), ("fresh", "ada", T - DAY, None)]
    )
    world.adopt()
    done = world.live.redefine(resolve(project_from(OTHER)))
    world.turn(T + 1)
    done.result()
    assert world.inside("buyers") == {"ada"}
    assert world.inside("fresh") == set()
    assert not world.watch.look()
    assert "other segments than segue.yaml" in world.live.health().runs_trouble
    world.runs.definitions = OTHER
    world.runs.publish(
        T,
        [
            ("fresh", "ada", T - DAY, None),
            ("buyers", "ada", T - DAY, None),
            ("buyers", "ben", T - 1, None),
        ],
        whole=True,
    )
    world.adopt()
    assert [(one[1], one[4], one[5]) for one in world.told(1)] == [
        ("ada", Cause.DEFINITION, False),
        ("ben", Cause.IMPORT, False),
    ]
    assert world.inside("fresh") == {"ada"}


def _future(world: World) -> None:
    world.runs.publish(T + HOUR, [])


def _another_form(world: World) -> None:
    world.runs.publish(T - HOUR, [], version=99)


def _missing_part(world: World) -> None:
    run = world.runs.publish(T - HOUR, [("buyers", "ada", T - DAY, None)])
    (world.runs.folder / "spans" / f"run={run}" / "_SUCCESS").unlink()


def _some_segments(world: World) -> None:
    world.runs.segments = 1
    world.runs.publish(T - HOUR, [("buyers", "ada", T - DAY, None)])


def _garbage(world: World) -> None:
    run = world.runs.publish(T - HOUR, [])
    (world.runs.folder / "published" / run / "part-00000.txt").write_text("{")


def _nothing(world: World) -> None:
    pass


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (_future, "which is to come"),
        (_another_form, "of version 99"),
        (_missing_part, "is missing"),
        (_some_segments, "not of all segments"),
        (_garbage, "cannot be read"),
        (_nothing, "no run is published"),
    ],
)
def test_a_run_that_cannot_be_adopted_is_told_of_and_changes_nothing(
    world: World, make: Callable[[World], None], word: str, caplog: pytest.LogCaptureFixture
) -> None:
    make(world)
    assert not world.watch.look()
    assert not world.watch.look()
    assert word in world.live.health().runs_trouble
    assert len([one for one in caplog.records if word in one.getMessage()]) == 1
    assert world.store.adopted_run() is None


def test_events_that_arrive_are_kept_and_move_nobody(world: World) -> None:
    world.runs.publish(T - HOUR, [("buyers", "ada", T - DAY, None)])
    world.adopt()
    batch = Batch(["ada", "new"], ["buy", "buy"], [T, T], ["1", "2"], [None, None], ["{}", "{}"], T)
    world.live.submit(batch)
    world.turn(T + 5)
    assert batch.stored.result().events == 2
    assert world.inside("buyers") == {"ada"}
    assert world.live.standing("new").memberships == ()
    assert world.live.health().people == 2


def test_erasing_leaves_no_hash_where_no_run_was_taken_over(world: World) -> None:
    batch = Batch(["ada"], ["buy"], [T], ["1"], [None], ["{}"], T)
    world.live.submit(batch)
    world.turn(T + 1)
    world.live.erase("ada")
    world.turn(T + 2)
    with world.store._reading() as now:
        assert now.db.execute("SELECT count(*) FROM erased_ids").fetchall() == [(0,)]
