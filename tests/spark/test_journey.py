"""A journey counted on a cluster is that of one machine."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from segue.adapters.sources import Layout
from segue.bootstrap.cluster_insight import event_counts_in, journey_in
from segue.bootstrap.definitions import ProjectFile
from segue.bootstrap.engine import Engine
from segue.demo import definitions, simulate
from segue.domain.instant import DAY
from segue.services.insight.journey import Asked, planned
from segue.services.insight.journey_document import journey_document
from tests.spark.answers import PARTITIONS, log_of


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Files of the demo: its events and its project."""
    folder = tmp_path_factory.mktemp("demo")
    events, project = folder / "events.parquet", folder / "segue.yaml"
    pq.write_table(pa.table(simulate()), events)
    project.write_text(definitions())
    return events, project


def same(a: Any, b: Any) -> bool:
    """Whether two results are equal to the last bit, arrays included."""
    if dataclasses.is_dataclass(a):
        fields = [one.name for one in dataclasses.fields(a)]
        return type(a) is type(b) and all(same(getattr(a, k), getattr(b, k)) for k in fields)
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b)


@pytest.mark.parametrize("days", [14, 90])
def test_the_journey_of_the_demo(spark: SparkSession, demo: tuple[Path, Path], days: int) -> None:
    """Every figure of the stages, weeks, stops and of a segment and a rank against the others."""
    events, path = demo
    project = ProjectFile(path)
    chosen = [one.id for one in project.definitions.segments if one.kind != "journey"][:3]
    with Engine.in_memory(path) as engine:
        engine.import_files([str(events)])
        insight = engine.insight(None)
        here = insight.journey(days=days, segments=chosen, by_week=True)

    log = log_of(spark, [events], Layout(timezone=project.definitions.timezone))
    asked = Asked(here.at - days * DAY, here.at, segment_ids=tuple(chosen), by_week=True)
    known = event_counts_in(log, here.at)
    plan = planned(project.project, project.definitions, here.at, asked, known)
    there = journey_in(log, plan, partitions=PARTITIONS)

    assert journey_document(there) == journey_document(here)
    assert there.words == here.words
    assert same(there, here)
    assert here.everybody is not None
    assert any(one.next.happened for one in here.everybody.stages)
