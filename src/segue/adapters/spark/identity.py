"""Who is who: the persons behind distinct ids, worked out on the cluster.

The ids that links connect are found by joins; the links of each such group are folded in event
order by `segue.domain.identity`, in the task that holds the group. A fold of several groups gives
what a fold of each would: they share no id.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from segue.adapters.connecting import connected
from segue.adapters.extract import LINK_EVENTS, OTHER_ID
from segue.adapters.spark.arrow import in_workers
from segue.adapters.spark.tables import PERSONS
from segue.domain.errors import InputError
from segue.domain.identity import Link, LinkKind, Place, is_ignored, place_of, resolve

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

LINKS: Final = (
    "kind STRING, distinct_id STRING, other STRING, occurred_at BIGINT, sequence BIGINT,"
    " event_id STRING"
)
"""Links that events attempted; `other` null: none, or one that is nobody's."""
_LINKS: Final = pa.schema(
    [
        ("kind", pa.string()),
        ("distinct_id", pa.string()),
        ("other", pa.string()),
        ("occurred_at", pa.int64()),
        ("sequence", pa.int64()),
        ("event_id", pa.string()),
    ]
)
_PERSONS: Final = pa.schema([("distinct_id", pa.string()), ("person_id", pa.string())])
_READ: Final = f"""
    SELECT kind, distinct_id, {OTHER_ID} AS other, occurred_at, sequence, event_id
    FROM (
        SELECT event AS kind, distinct_id, occurred_at, sequence, event_id,
            properties::JSON::VARIANT AS properties
        FROM segue_links
    )
"""
_FEW: Final = 200_000
"""So many different links are folded in one task, as one group."""
_ROUNDS: Final = 60
"""More rounds than the largest group of ids can need: each halves what is left to do."""


def links_of(events: DataFrame) -> DataFrame:
    """The links that events, columns `tables.EVENTS`, attempted: columns `LINKS`."""
    names = ", ".join(f"'{name}'" for name in LINK_EVENTS)
    return in_workers(events.where(f"event IN ({names})"), read_links, LINKS)


def persons_of(links: DataFrame) -> DataFrame:
    """The ids that belong to a person of another id, columns `tables.PERSONS`, given all links,
    columns `LINKS`."""
    earliest = links.groupBy("kind", "distinct_id", "other").agg(_earliest())
    different = earliest.select("kind", "distinct_id", "other", "place.*")
    few = different.limit(_FEW + 1).count() <= _FEW
    together = different.coalesce(1) if few else _with_groups(different).repartition("group")
    return in_workers(together, folded, PERSONS)


def with_persons(events: DataFrame, persons: DataFrame) -> DataFrame:
    """The events with the person whom each is of: columns `tables.LOG`."""
    joined = events.join(persons, "distinct_id", "left")
    return joined.selectExpr(
        "coalesce(person_id, distinct_id) AS person_id", *(f"`{name}`" for name in events.columns)
    )


def read_links(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Link events of one partition as links; an alias of nothing, and a link of nobody, is none."""
    db = connected()
    db.execute("SET threads = 1")
    try:
        for batch in batches:
            db.register("segue_links", pa.Table.from_batches([batch]))
            rows = db.sql(_READ).to_arrow_table().to_pylist()
            db.unregister("segue_links")
            meant = [_without_nobody(row) for row in rows if _is_meant(row)]
            yield from pa.Table.from_pylist(meant, schema=_LINKS).to_batches()
    finally:
        db.close()


def _is_meant(row: Mapping[str, Any]) -> bool:
    is_link = row["other"] is not None or row["kind"] == LinkKind.IDENTIFY
    return is_link and not is_ignored(row["distinct_id"])


def _without_nobody(row: dict[str, Any]) -> dict[str, Any]:
    other = row["other"]
    return {**row, "other": None if other is None or is_ignored(other) else other}


def _earliest() -> Any:
    """The place of the earliest of equal links."""
    from pyspark.sql import functions as f

    numbered = f.col("sequence").isNotNull()
    place = f.struct("occurred_at", numbered.alias("numbered"), "sequence", "event_id")
    return f.min(place).alias("place")


def _with_groups(links: DataFrame) -> DataFrame:
    """The links with the `group` of ids that each is about: the smallest id of it."""
    edges = links.where("other IS NOT NULL AND other <> distinct_id").selectExpr(
        "greatest(distinct_id, other) AS id", "least(distinct_id, other) AS root"
    )
    groups = connected_ids(edges).selectExpr("id AS distinct_id", "root")
    joined = links.join(groups, "distinct_id", "left")
    return joined.selectExpr("coalesce(root, distinct_id) AS group", *links.columns)


def connected_ids(edges: DataFrame) -> DataFrame:
    """The smallest id that each id is connected with, columns `id` and `root`, one row per id that
    is not the smallest itself, given pairs of ids with `id > root`.

    By large and small stars in turns (Kiveris et al., Connected Components in MapReduce and Beyond,
    2014). Raises `InputError` where it does not end.
    """
    before = None
    stars = edges.distinct().localCheckpoint()
    for _ in range(_ROUNDS):
        stars = _small_stars(_large_stars(stars)).localCheckpoint()
        now = stars.selectExpr("count(*)", "sum(xxhash64(id, root)::DECIMAL(38, 0))").first()
        if now == before:
            return stars
        before = now
    raise InputError(
        "the links between ids form no end of groups",
        hint="look for one id that links with very many others",
    )


def _large_stars(edges: DataFrame) -> DataFrame:
    """Every larger neighbour of an id, connected with the id's smallest neighbour (or itself)."""
    both = edges.unionByName(edges.selectExpr("root AS id", "id AS root"))
    smallest = both.groupBy("id").agg({"root": "min"}).selectExpr("id", "`min(root)` AS least")
    joined = both.where("root > id").join(smallest, "id")
    return joined.selectExpr("root AS id", "least(least, id) AS root").distinct()


def _small_stars(edges: DataFrame) -> DataFrame:
    """Every smaller neighbour of an id, and the id, connected with the smallest of them."""
    smallest = edges.groupBy("id").agg({"root": "min"}).selectExpr("id", "`min(root)` AS least")
    joined = edges.join(smallest, "id").where("root <> least")
    return (
        joined.selectExpr("root AS id", "least AS root")
        .unionByName(smallest.selectExpr("id", "least AS root"))
        .distinct()
    )


def folded(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The persons of linked ids, given the links of whole groups in one partition."""
    links: dict[Link, Place] = {}
    for batch in batches:
        for row in batch.to_pylist():
            link = Link(LinkKind(row["kind"]), row["distinct_id"], row["other"])
            links[link] = place_of(row["occurred_at"], row["sequence"], row["event_id"])
    persons = [(one, person) for one, person in resolve(links).items() if one != person]
    columns = [pa.array(column, pa.string()) for column in zip(*persons, strict=True)]
    if columns:
        yield pa.RecordBatch.from_arrays(columns, schema=_PERSONS)
