"""A project over events that Spark reads: the same answers as an `Engine`, worked out on a cluster.

The driver sees counts, thresholds and what it prints; memberships only where one file, or one
person, was asked for.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from segue.adapters.sources import Layout, kind_of
from segue.adapters.spark.evaluating import Evaluating, evaluated, spans_in
from segue.adapters.spark.events import Read, Source, read_events
from segue.adapters.spark.identity import links_of, persons_of, with_persons
from segue.adapters.spark.quantiles import limits_of
from segue.adapters.spark.runs import Asked as AskedOfRun
from segue.adapters.spark.runs import Run, run
from segue.adapters.spark.sampling import drawn
from segue.adapters.spark.session import opened
from segue.bootstrap import environment
from segue.bootstrap.cluster_counts import stays_in, tallies_in
from segue.bootstrap.cluster_insight import event_counts_in, journey_in, measures_in
from segue.bootstrap.definitions import Given, ProjectFile
from segue.bootstrap.engine import Engine
from segue.bootstrap.insight import DAYS_OF_WEEK, REPORT_DAYS, check_days, named
from segue.bootstrap.instants import At, instant_of, known_zone
from segue.bootstrap.results import write_table, writer_for
from segue.domain.errors import InputError, NotFoundError, UsageError
from segue.language.acting import acting
from segue.language.tree import Definitions
from segue.services.insight import measuring
from segue.services.insight.journey import (
    DAYS,
    SILENCE,
    WINDOW,
    Asked,
    JourneyFound,
    asked_for,
    planned,
)
from segue.services.insight.measuring import WEEKS, Measures, quietly
from segue.services.insight.panel import Tick
from segue.services.insight.promising import untried
from segue.services.insight.report import Report
from segue.services.insight.sample import SAMPLE, Sample
from segue.services.memberships import INSTANT, MEMBERS, MEMBERSHIPS
from segue.services.stays import Stays
from segue.services.summarise import COUNTED, Summary, summary_of, with_counted
from segue.services.view import known_segment

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_QUIET: Final = {"spark.ui.showConsoleProgress": "false", "spark.log.level": "ERROR"}
"""What keeps Spark from writing into the midst of an answer; a server of Connect has its own."""
_PARTITIONS: Final = "spark.sql.shuffle.partitions"
_ENDINGS: Final = {
    ".csv": "csv",
    ".jsonl": "json",
    ".ndjson": "json",
    ".json": "json",
    ".orc": "orc",
}
_FILES: Final = {"parquet", "orc", *_ENDINGS.values()}
"""Formats whose events are named by paths; others may be named as tables are."""


@contextmanager
def cluster(
    master: str,
    events: Sequence[str],
    definitions: Given,
    *,
    columns: Mapping[str, str] | None = None,
    time_zone: str | None = None,
    kind: str | None = None,
    partitions: int | None = None,
    runs: str | None = None,
) -> Iterator[Cluster]:
    """The project over events that the cluster at `master` reads; its session ends with it.

    `kind` (None: as the files end, else Parquet) is the format of the events, `partitions`
    (None: as Spark is set) the tasks of each step, and `runs` the folder in which results are kept
    and brought up to date (None: everything is worked out anew). Raises `UsageError` where
    PySpark is missing, `InputError` where the cluster cannot be reached or gives up.
    """
    project = ProjectFile(definitions)
    zone = known_zone(time_zone or project.project.timezone)
    kind = kind or _kind_of(events)
    paths = tuple(map(_absolute, events)) if kind in _FILES else tuple(events)
    source = Source(paths, Layout(columns or {}, zone), kind)
    if master.startswith("local"):
        environment.same_python_in_workers()
    settings = {} if master.startswith("sc://") else dict(_QUIET)
    if partitions is not None:
        settings[_PARTITIONS] = str(partitions)
    with _without_pandas(), opened(master, settings) as spark, _told():
        many = int(spark.conf.get(_PARTITIONS) or 200)
        yield Cluster(spark, source, project, many, None if runs is None else _absolute(runs))


@dataclass
class Cluster:
    """Events that Spark reads, and a project's segments."""

    spark: SparkSession
    source: Source
    project: ProjectFile
    partitions: int
    runs: str | None = None
    _run: Run | None = field(default=None, init=False)

    @property
    def name(self) -> str:
        """The project's name, else that of its file."""
        given = self.project.given
        name = "events" if isinstance(given, Mapping) else Path(given).stem
        return self.project.project.project or name

    @property
    def definitions(self) -> Definitions:
        """The segments, ready to evaluate. Raises `DefinitionError` with every problem."""
        return self.project.definitions

    @cached_property
    def read(self) -> Read:
        """What was read, events and rows that are none."""
        found = read_events(self.spark, self.source, partitions=self.partitions)
        return Read(found.rows.persist())

    @property
    def events(self) -> DataFrame:
        """The events, each once: columns `tables.EVENTS`."""
        return self.read.events

    def refused(self) -> dict[str, int]:
        """How many rows are no events, by reason, the most frequent first."""
        rejected = self.read.rejected if self._run is None else self._run.rejected()
        rows = rejected.groupBy("reason").count().collect()
        counted = Counter[str]()
        for row in rows:
            counted[kind_of(row["reason"])] += row["count"]
        return dict(counted.most_common())

    @cached_property
    def persons(self) -> DataFrame:
        """The person of each distinct id that is not one of its own: columns `tables.PERSONS`."""
        return persons_of(links_of(self.events)).persist()

    @cached_property
    def log(self) -> DataFrame:
        """The events with the person of each: columns `tables.LOG`."""
        if self._run is not None:
            return self._run.log()
        return with_persons(self.events, self.persons)

    def instant(self, at: At = None) -> int:
        """The instant in ms. Raises as `instants.instant_of`, `InputError` without events."""
        return instant_of(at, self.definitions.timezone, self._last)

    def view(self, at: At = None, segment_ids: Sequence[str] | None = None) -> ClusterView:
        """What can be said at the instant (None: of the last event) of the segments (None: all).

        Raises `NotFoundError` where a segment does not exist.
        """
        definitions = self.definitions
        for segment_id in segment_ids or ():
            known_segment(definitions, segment_id)
        every = [one.id for one in definitions.segments]
        chosen = every if segment_ids is None else list(dict.fromkeys(segment_ids))
        if self.runs is None:
            return ClusterView(self, definitions, tuple(chosen), self.instant(at))
        kept = self.run(at)
        return ClusterView(self, definitions, tuple(chosen), kept.manifest.at, kept)

    def run(self, at: At = None) -> Run:
        """Bring the folder of runs up to date with the events, as of the instant (None: of the last
        event). Raises as `adapters.spark.runs.run`, `UsageError` where there is no such folder."""
        if self.runs is None:
            raise UsageError("runs need a folder to be kept in", hint="name one: --runs DIR")
        definitions = with_counted(self.definitions)
        ids = tuple(one.id for one in definitions.segments)
        last = at is None or at == "last"
        asked = AskedOfRun(definitions, self.project.text, ids, None if last else self.instant(at))
        self._run = run(self.spark, self.source, asked, self.runs)
        return self._run

    def journey(
        self,
        at: At = None,
        *,
        start: At = None,
        until: At = None,
        days: int = DAYS,
        window: int = WINDOW,
        silence: int = SILENCE,
        segments: Sequence[str] = (),
        by_week: bool = False,
    ) -> JourneyFound:
        """What becomes of people on the journey: what `Insight.journey` says at the instant."""
        now = self.instant(at)
        end, begin = (None if one is None else self._within(one, now) for one in (until, start))
        period = asked_for(begin, now if end is None else end, days)
        asked = Asked(*period, window, silence, tuple(dict.fromkeys(segments)), by_week)
        known = event_counts_in(self.log, now)
        plan = planned(self.project.project, self.definitions, now, asked, known)
        return journey_in(self.log, plan, partitions=self.partitions)

    def measures(self, at: At = None, *, goal: str | None = None, weeks: int = WEEKS) -> Measures:
        """What each segment does: what `Insight.measures` says at the instant, but that what became
        of campaigns is not known here."""
        project, rules = self.project.project, acting(self.project.project)
        plan = measuring.planned(
            project, self.definitions, rules, self.instant(at), goal_id=goal, weeks=weeks
        )
        return measures_in(self.log, plan, untried(project, plan.goal), partitions=self.partitions)

    def report(
        self,
        at: At = None,
        *,
        days: int = REPORT_DAYS,
        goal: str | None = None,
        people: int = SAMPLE,
        tick: Tick = quietly,
    ) -> Report:
        """Everything at once, as `Insight.report` says it: journey and measures of everybody,
        findings and lint of at most so many people, drawn by chance."""
        check_days(days)
        now = self.instant(at)
        tick("Following everybody's way")
        found = self.journey(now, days=max(days, DAYS), by_week=True)
        tick("Measuring the segments")
        measures = self.measures(now, goal=goal, weeks=days // DAYS_OF_WEEK)
        tick("Drawing people")
        with self.sampled(people) as (engine, sample):
            insight = engine.insight(now)
            findings = insight.findings(goal, tick)
            tick("Looking for mistakes")
            lint = insight.lint()
        name, zone = named(self.project.project), self.definitions.timezone
        return Report(name, zone, now, days, found, measures, findings, lint, sample)

    @contextmanager
    def sampled(self, people: int = SAMPLE) -> Iterator[tuple[Engine, Sample]]:
        """An engine in memory with at most about so many people and all their events: everybody
        where they are no more, else drawn by a hash of their ids. Their events pass through this
        process, some at a time, and stay in its memory."""
        found = drawn(self.log, people)
        with Engine.in_memory(self.project.given) as engine:
            for table in found.tables():
                engine.record(table, columns={"person_id": "distinct_id"})
            yield engine, Sample(found.taken, found.of)

    def _within(self, at: At, last: int) -> int:
        return instant_of(at, self.definitions.timezone, lambda: last)

    def person_of(self, distinct_id: str) -> str:
        """The id of the person who has the distinct id. Raises `NotFoundError` where nobody has."""
        from pyspark.sql import functions as f

        found = self.log.where(f.col("distinct_id") == distinct_id).select("person_id").first()
        if found is None:
            raise NotFoundError(
                f"There is no person {distinct_id!r}",
                hint="any distinct id of theirs will do, exactly as it stands in the events",
            )
        return str(found[0])

    def _last(self) -> int:
        row = self.events.agg({"occurred_at": "max"}).first()
        if row is None or row[0] is None:
            raise InputError("There are no events", hint="check --events and --columns")
        return int(row[0])


@dataclass
class ClusterView:
    """The spans of the chosen segments, of the log cut at `at`: what `services.view.View` is where
    one machine holds them."""

    cluster: Cluster
    definitions: Definitions
    segment_ids: tuple[str, ...]
    at: int
    kept: Run | None = None
    """The run whose spans these are (None: they are worked out now)."""

    @cached_property
    def spans(self) -> DataFrame:
        """Everybody's spans, columns `tables.SPANS`; those of `COUNTED` are among them."""
        if self.kept is not None:
            named = ", ".join(f"'{one}'" for one in (*self.segment_ids, COUNTED))
            return self.kept.spans().where(f"segment_id IN ({named})").persist()
        log, partitions = self.cluster.log, self.cluster.partitions
        counted = with_counted(self.definitions)
        wanted = (*self.segment_ids, COUNTED)
        limits = limits_of(log, counted, self.at, wanted, partitions=partitions)
        found = evaluated(log, Evaluating(counted, wanted, self.at, limits), partitions=partitions)
        return spans_in(found).persist()

    def summary(self) -> Summary:
        """Sizes, shares, comings and goings, what ends next."""
        return summary_of(
            self.definitions, tallies_in(self.spans, self._segments(COUNTED), self.at), self.at
        )

    def stays(self) -> tuple[Stays, ...]:
        """The stays in each segment, in the project's order."""
        chosen = [one for one in self.definitions.segments if one.id in self.segment_ids]
        return stays_in(self._chosen(), chosen, self.at)

    def members(self) -> pa.Table:
        """Who is in now; see `memberships.MEMBERS`. The rows come to this process."""
        return self._in_order(self._members(), MEMBERS)

    def memberships(self, person_id: str | None = None) -> pa.Table:
        """Who ever was in (or only when that person was); see `memberships.MEMBERSHIPS`. The rows
        come to this process."""
        return self._in_order(self._memberships(person_id), MEMBERSHIPS)

    def soonest(self, most: int) -> pa.Table:
        """The first so many members by segment, those who leave soonest first."""
        from pyspark.sql import functions as f

        order = ("segment_id", f.col("leaves_at").asc_nulls_last(), "person_id")
        return _instants(self._members().orderBy(*order).limit(most).toArrow(), MEMBERS)

    def write_members(self, out: str) -> int:
        """Write the members, and say how many; see `write_memberships`."""
        return self._written(self._members(), MEMBERS, out)

    def write_memberships(self, out: str, person_id: str | None = None) -> int:
        """Write who ever was in (or only when that person was), and say how many memberships.

        A name with the ending of a format is one file, whose rows come to this process; any other,
        and every address, is a folder of Parquet that Spark writes. Raises `UsageError` for other
        endings, `InputError` where it cannot be written.
        """
        return self._written(self._memberships(person_id), MEMBERSHIPS, out)

    def _members(self) -> DataFrame:
        inside = f"entered_at <= {self.at} AND (left_at IS NULL OR left_at > {self.at})"
        return self._chosen().where(inside).withColumnRenamed("left_at", "leaves_at")

    def _memberships(self, person_id: str | None) -> DataFrame:
        from pyspark.sql import functions as f

        begun = self._chosen().where(f"entered_at <= {self.at}")
        if person_id is not None:
            begun = begun.where(f.col("person_id") == person_id)
        left = f"CASE WHEN left_at <= {self.at} THEN left_at END AS left_at"
        return begun.selectExpr("segment_id", "person_id", "entered_at", left)

    def _chosen(self) -> DataFrame:
        return self.spans.where(f"segment_id <> '{COUNTED}'")

    def _segments(self, *more: str) -> tuple[str, ...]:
        return (*self.segment_ids, *more)

    def _in_order(self, rows: DataFrame, schema: pa.Schema) -> pa.Table:
        """The rows in the order of the segments, then people, then time."""
        found = _instants(rows.toArrow(), schema)
        place = pc.index_in(found["segment_id"], pa.array(self.segment_ids, pa.string()))
        keys = [("place", "ascending"), ("person_id", "ascending"), ("entered_at", "ascending")]
        return found.append_column("place", place).sort_by(keys).drop_columns(["place"])

    def _written(self, rows: DataFrame, schema: pa.Schema, out: str) -> int:
        if not is_folder(out):
            table = self._in_order(rows, schema)
            write_table(table, Path(out))
            return int(table.num_rows)
        from pyspark.errors import PySparkException

        instants = [f"timestamp_millis(`{name}`) AS `{name}`" for name in schema.names[2:]]
        try:
            rows.selectExpr(*schema.names[:2], *instants).write.parquet(_absolute(out))
        except PySparkException as error:
            raise InputError(
                f"Cannot write {out}: {_first_line(error)}",
                hint="name a folder that is not there yet, on a disk that every worker sees",
            ) from error
        return rows.count()


def is_folder(out: str) -> bool:
    """Whether a result is written by Spark as a folder of Parquet: addresses, and names without an
    ending. Raises `UsageError` for an ending that names no format."""
    if "://" in out or not Path(out).suffix:
        return True
    writer_for(Path(out))
    return False


def _kind_of(events: Sequence[str]) -> str:
    """The format that the names of files say."""
    return next(
        (_ENDINGS[end] for one in events if (end := Path(one).suffix) in _ENDINGS), "parquet"
    )


def _absolute(path: str) -> str:
    """A path as every process of a cluster understands it; addresses are left as they are."""
    return path if "://" in path else str(Path(path).absolute())


def _instants(found: pa.Table, schema: pa.Schema) -> pa.Table:
    columns = [
        found[field.name].cast(field.type if field.type != INSTANT else pa.int64()).cast(field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


@contextmanager
def _without_pandas() -> Iterator[None]:
    """Nothing said about the version of pandas, which is not used."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "PySpark does not yet fully support", FutureWarning)
        yield


@contextmanager
def _told() -> Iterator[None]:
    """What Spark gives up on, as an error of Segue."""
    from pyspark.errors import PySparkException

    try:
        yield
    except PySparkException as error:
        raise InputError(
            f"Spark gave up: {_first_line(error)}", hint="the cluster's logs say more"
        ) from error


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), "no reason")
