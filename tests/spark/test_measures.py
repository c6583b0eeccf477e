"""Measures counted on a cluster are those of one machine; and what is told of people drawn there."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from segue.adapters.sources import Layout
from segue.adapters.spark.events import Source
from segue.adapters.spark.order import PLACE, with_place
from segue.bootstrap.cluster import Cluster
from segue.bootstrap.definitions import ProjectFile
from segue.bootstrap.engine import Engine
from segue.demo import definitions, simulate
from segue.services.insight.backtest_document import backtest_document
from segue.services.insight.measures_document import measures_document
from segue.services.insight.report import report_document
from segue.timeline.evaluate import quantiles_of
from tests.spark.answers import PARTITIONS, log_of
from tests.spark.test_journey import same


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Files of the demo: its events and its project."""
    folder = tmp_path_factory.mktemp("demo")
    events, project = folder / "events.parquet", folder / "segue.yaml"
    pq.write_table(pa.table(simulate()), events)
    project.write_text(definitions())
    return events, project


@pytest.fixture(scope="module")
def there(spark: SparkSession, demo: tuple[Path, Path]) -> Cluster:
    """The demo on the cluster."""
    events, path = demo
    project = ProjectFile(path)
    source = Source((str(events),), Layout(timezone=project.definitions.timezone))
    return Cluster(spark, source, project, PARTITIONS)


@pytest.fixture(scope="module")
def here(demo: tuple[Path, Path]):
    """The demo on one machine."""
    events, path = demo
    with Engine.in_memory(path) as engine:
        engine.import_files([str(events)])
        yield engine


def test_the_measures_of_the_demo(here: Engine, there: Cluster) -> None:
    """Every figure of every segment, kind and of everybody, to the last bit."""
    expected = here.insight(None).measures(weeks=2)

    found = there.measures(weeks=2)

    assert measures_document(found) == measures_document(expected)
    assert same(found, expected)
    assert any(one.rest is not None for one in expected.segments[0].retention.values())


def test_a_report_of_everybody_is_that_of_one_machine(here: Engine, there: Cluster) -> None:
    """Where nobody has to be left out: journey, measures, findings and lint."""
    expected = report_document(here.insight(None).report())

    found = report_document(there.report())

    people = expected["segments"]["everybody"]["people"]
    assert found.pop("sample")["people"] >= people
    assert found == expected


def test_people_are_drawn_with_all_they_did(here: Engine, there: Cluster) -> None:
    """The same every time, nobody cut in two; what is told of them is told of so many."""
    definitions = here.definitions
    ids = [one.id for one in definitions.segments]
    certain = [one for one in ids if not list(quantiles_of(definitions, [one]))]
    at = there.instant(None)
    with there.sampled(300) as (some, sample), there.sampled(300) as (again, _):
        taken = some.history(at, certain)
        assert 200 < sample.taken < 400 < sample.of
        assert taken == again.history(at, certain)
    drawn = pc.unique(taken["person_id"])
    every = here.history(at, certain)
    mine = every.filter(pc.is_in(every["person_id"], drawn))
    assert 200 < len(drawn) <= sample.taken
    assert taken.sort_by(ORDER) == mine.sort_by(ORDER)

    report = there.report(people=300)
    assert report.sample == sample
    assert f"{sample.taken}" in report.headline[-1]


ORDER = [("segment_id", "ascending"), ("person_id", "ascending"), ("entered_at", "ascending")]


def test_a_backtest_of_people_drawn(there: Cluster, here: Engine) -> None:
    """Of everybody where they are few enough: what one machine says."""
    chosen = here.definitions.segments[0].id
    expected = backtest_document(here.insight(None).backtest(chosen))
    with there.sampled() as (engine, sample):
        assert sample.is_everybody
        assert backtest_document(engine.insight(None).backtest(chosen)) == expected


IDS = ["", "A", "a", "ab", "b", "é", "z", "\U0001f600", "\uffff", *(f"p{n:03}" for n in range(90))]


@pytest.mark.parametrize("partitions", [1, 3])
def test_the_place_of_everybody(spark: SparkSession, tmp_path: Path, partitions: int) -> None:
    """In the order of bytes, of those who are seen by the instant."""
    late = {"ab", "p007"}
    path = tmp_path / "events.parquet"
    known = [one for one in IDS if one]
    at = [9_000 if one in late else 1_000 for one in known]
    pq.write_table(
        pa.table(
            {
                "person_id": known,
                "event": ["x"] * len(known),
                "occurred_at": pa.array(at, pa.timestamp("ms", "UTC")),
            }
        ),
        path,
    )
    log = log_of(spark, [path], Layout())

    rows = with_place(log, 5_000, partitions=partitions).select("person_id", PLACE).collect()

    seen = sorted((one for one in known if one not in late), key=str.encode)
    assert {row[0]: row[1] for row in rows} == {
        **{one: seen.index(one) + 1 for one in seen},
        **dict.fromkeys(late),
    }
