"""People in blocks: nobody is cut in two, nobody is lost, and nothing that matters is left out."""

import json
import random
import sys
from itertools import groupby

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark import cloudpickle
from pyspark.sql import SparkSession

from segue.adapters.spark.blocks import PeopleBlock, Reads, over_people, whole_people
from segue.adapters.spark.tables import LOG
from segue.domain.instant import DAY, FOREVER
from segue.language.parse import parse_condition
from segue.language.tree import Definitions, Segment
from segue.timeline.evaluate import histories, requests_of
from tests.fuzz.stores import by_batch, store_of
from tests.fuzz.worlds import random_world
from tests.oracle.cases import CASES
from tests.spark.many_worlds import block_of, log_rows

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers have no tests
PERSONS = st.lists(st.integers(1, 30), max_size=40)


def batches_of(counts, size):
    """So many events of each person, sorted, in batches of a size."""
    ids = [f"p{i:04}" for i, count in enumerate(counts) for _ in range(count)]
    table = pa.table({"person_id": pa.array(ids, pa.string()), "n": np.arange(len(ids))})
    return table.to_batches(max_chunksize=size)


@given(PERSONS, st.integers(1, 12), st.integers(1, 60), st.integers(1, 9))
def test_blocks_are_of_whole_people(counts, size, rows, persons):
    """Wherever batches end: every event is in one block, in order, and every person, too."""
    blocks = list(whole_people(batches_of(counts, size), rows=rows, persons=persons))
    people = [block["person_id"].unique().to_pylist() for block in blocks]

    assert [n for block in blocks for n in block["n"].to_pylist()] == list(range(sum(counts)))
    assert [one for some in people for one in some] == [f"p{i:04}" for i in range(len(counts))]
    assert all(len(some) <= persons for some in people)
    assert all(len(b) <= rows or len(some) == 1 for b, some in zip(blocks, people, strict=True))


def test_no_batches_are_no_blocks():
    """A partition that nobody was hashed to; and batches without rows."""
    assert list(whole_people([])) == []
    assert list(whole_people([batches_of([1], 1)[0].slice(0, 0)])) == []


def test_one_person_with_very_many_events_is_one_block():
    """However many batches they fill; those before and after are in others."""
    blocks = list(whole_people(batches_of([5, 5000, 5], 100), rows=50))

    assert [len(block) for block in blocks] == [5, 5000, 5]


def test_blocks_are_let_go_of():
    """However many there were, a partition holds two of them and no more."""
    size, held = 20_000, []
    before = pa.total_allocated_bytes()

    def batches():
        for i in range(40):
            ids = pa.array([f"p{i:04}"] * size)
            yield pa.record_batch({"person_id": ids, "n": pa.array(np.arange(size))})

    for block in whole_people(batches(), rows=size):
        assert len(block) == size
        del block
        held.append(pa.total_allocated_bytes() - before)

    assert max(held[20:]) <= 2 * max(held[:4])


@pytest.mark.parametrize(
    ("condition", "order", "properties"),
    [
        ("did a", set(), set()),
        ("did a where v = 1 and did b", set(), {"a"}),
        ("did any of (a, c) since last b", {"a", "b", "c"}, set()),
        ('trait plan = "pro"', {"$identify", "$set", "$set_once", "$unset"}, {"$identify", "$set", "$set_once", "$unset"}),
        ('did "a*" where v = 1', set(), None),
        ("active on at least 3 days", set(), set()),
        ("sum(a.v) > 2", set(), {"a"}),
    ],
)  # fmt: skip
def test_only_what_is_needed_is_read(condition, order, properties):
    """Order and properties of events that are asked about; None where that may be any event."""
    asked = Definitions((Segment("s", "S", parse_condition(condition)),))

    assert Reads.of(requests_of(asked)) == Reads(order, properties)


def read_everything(definitions, events):
    """The people and history of a store that holds the events."""
    store = store_of(by_batch(events), definitions.timezone)
    try:
        read = store.read(requests_of(definitions), not_activity=definitions.not_activity)
        return read.person_ids, read.log, log_rows(store)
    finally:
        store.close()


def same_from_a_block(definitions, events, at):
    """Whether a block of the events, pruned as Spark prunes them, gives the same spans."""
    ids, log, rows = read_everything(definitions, events)
    segments = [one.id for one in definitions.segments]
    block = block_of(rows, Reads.of(requests_of(definitions)))
    read = block.read(
        requests_of(definitions),
        at=None,
        timezone=definitions.timezone,
        not_activity=definitions.not_activity,
    )
    assert block.person_ids.to_pylist() == list(ids)
    assert read.first_seen.tolist() == log.first_seen.tolist()
    wanted, found = (histories(definitions, one, at, segments) for one in (log, read))
    for name in ("count", "person", "start", "end"):
        assert getattr(found, name).tolist() == getattr(wanted, name).tolist()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_every_rule_holds_in_a_block(case):
    """Of what is read, nothing is missing that the rule needs."""
    same_from_a_block(case.definitions(), case.log(), case.zero + 100 * DAY)


@pytest.mark.parametrize("seed", range(24))
def test_random_worlds_hold_in_a_block(seed):
    """Ties, sequences, traits, sessions, links: as a store reads them."""
    world = random_world(seed)
    same_from_a_block(world.definitions, world.events, world.ats[-1])


def test_the_next_event_of_each_person():
    """After an instant, or at all; FOREVER where there is none."""
    rows = [("a", 5), ("a", 9), ("b", 3), ("c", 7)]
    block = PeopleBlock(
        pa.table(
            {"person_id": [who for who, _ in rows], "event": ["e"] * 4, "occurred_at": [at for _, at in rows]}
        )
    )  # fmt: skip

    assert block.first_after().tolist() == [5, 3, 7]
    assert block.first_after(5).tolist() == [9, FOREVER, 7]


def test_a_skewed_world_and_empty_partitions(spark: SparkSession):
    """One person has half of all events; of many partitions most are empty; batches are small."""
    rng = random.Random(7)
    counts = {"whale": 4000, **{f"p{i}": rng.randint(1, 80) for i in range(100)}, "ö": 3, "": 1}
    rows = [
        (who, who, "a", n, f"{who}{n}", None, json.dumps({"n": n}))
        for who, count in counts.items()
        for n in range(count)
    ]
    rng.shuffle(rows)
    log = spark.createDataFrame(rows, LOG)
    before = spark.conf.get("spark.sql.execution.arrow.maxRecordsPerBatch")
    spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", "37")
    try:
        reads = Reads(None, None)
        schema = "person_id STRING, events BIGINT"
        found = over_people(log, counted, schema, reads=reads, partitions=150).collect()
        nobody = over_people(log.limit(0), counted, schema, reads=reads, partitions=2).collect()
    finally:
        spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", before)

    assert sorted((one.person_id, one.events) for one in found) == sorted(counts.items())
    assert nobody == []


def counted(block):
    """How many events each person of a block has; their properties arrived."""
    ids = block.events["person_id"].to_pylist()
    assert ids == sorted(ids, key=str.encode)
    assert block.events["properties"].null_count == 0
    found = [(who, len(list(some))) for who, some in groupby(ids)]
    yield pa.table(
        {"person_id": [who for who, _ in found], "events": [count for _, count in found]}
    )
