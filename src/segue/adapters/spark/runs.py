"""Runs: everybody's memberships kept in a folder, brought up to date by what is new.

A run reads the files that came since the last one, evaluates the people whom that concerns (their
events, or who they are) and those for whom time alone changes something, and writes these people's
results as a part of its own. Of several parts the last one that has a person counts.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import TYPE_CHECKING, Final

from segue.adapters.spark.evaluating import Evaluating, evaluated, people_in, spans_in
from segue.adapters.spark.events import Read, Source, events_in, read_events
from segue.adapters.spark.files import FILES, listed, new_since, patterns
from segue.adapters.spark.identity import LINKS, links_of, persons_of, with_persons
from segue.adapters.spark.manifest import Manifest, publish, published
from segue.adapters.spark.quantiles import limits_of
from segue.adapters.spark.tables import PEOPLE, PERSONS, READ, SPANS
from segue.domain.errors import InputError, UsageError
from segue.domain.instant import format_instant
from segue.language.tree import Definitions
from segue.timeline.evaluate import quantiles_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

GONE: Final = "person_id STRING"
"""People who became others."""
_MEMBERS: Final = ("segment_id", "person_id")
_ROWS_AT_ONCE: Final = 1_000_000
"""Events that a task is meant to have, about."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run evaluates: definitions and their text, the segments of them, and the instant
    (None: that of the last event)."""

    definitions: Definitions
    text: str
    segment_ids: tuple[str, ...]
    at: int | None = None

    @property
    def meaning(self) -> str:
        """What stands for everything that decides who is in what."""
        said = repr((self.definitions, self.segment_ids))
        return hashlib.sha256(said.encode()).hexdigest()

    @property
    def ranks(self) -> bool:
        """Whether anybody's membership depends on everybody else's amounts."""
        return any(True for _ in quantiles_of(self.definitions, self.segment_ids))


@dataclass(frozen=True, slots=True)
class Run:
    """A published run, and the session that reads it."""

    spark: SparkSession
    folder: str
    manifest: Manifest

    def spans(self) -> DataFrame:
        """Everybody's spans as of the run's instant: columns `tables.SPANS`."""
        return self._counting("spans", SPANS)

    def people(self) -> DataFrame:
        """Everybody: columns `tables.PEOPLE`."""
        return self._counting("people", PEOPLE)

    def log(self) -> DataFrame:
        """All events that were read, with the person of each: columns `tables.LOG`."""
        persons = _part(self, "persons", PERSONS, self.manifest.run)
        return with_persons(_logged(self), persons)

    def rejected(self) -> DataFrame:
        """The rows that are no events: columns `reason` and `row`."""
        return Read(_read_rows(self)).rejected

    def members(self) -> DataFrame:
        """Who is in each segment at the run's instant: the columns of `segue.evaluate`."""
        return members_in(self.spans(), self.manifest.at)

    def memberships(self) -> DataFrame:
        """Who ever was in each segment by then: the columns of `segue.history`."""
        return memberships_in(self.spans(), self.manifest.at)

    def _counting(self, table: str, columns: str) -> DataFrame:
        """Of the rows of all parts, those of the last part that has the person."""
        parts = list(enumerate(self.manifest.parts))
        rows = [
            _part(self, table, columns, run).selectExpr("*", f"{i} AS part") for i, run in parts
        ]
        if len(parts) == 1:
            return rows[0].drop("part")
        said = [
            _part(self, name, schema, run).selectExpr("person_id", f"{i} AS part")
            for i, run in parts
            for name, schema in (("people", PEOPLE), ("gone", GONE))
        ]
        last = _union(said).groupBy("person_id").agg({"part": "max"})
        last = last.withColumnRenamed("max(part)", "part")
        return _union(rows).join(last, ["person_id", "part"]).select(*_names(columns))


def latest(spark: SparkSession, folder: str) -> Run | None:
    """The last run of a folder; None where there is none."""
    found = published(spark, folder)
    return Run(spark, folder, found[-1]) if found else None


def run(spark: SparkSession, source: Source, asked: Asked, folder: str) -> Run:
    """Bring the folder up to date with the source, and publish that.

    Raises `InputError` where the source or the folder cannot be read or the source lost files,
    `UsageError` where the instant lies before that of the last run, `BusyError` where another run
    was quicker.
    """
    before = latest(spark, folder)
    if before is not None and before.manifest.reading != _reading(source):
        before = replace(before, manifest=_emptied(before.manifest))
    return _Running(spark, source, asked, folder, before).published()


def members_in(spans: DataFrame, at: int) -> DataFrame:
    """Of spans, those that hold at the instant, in the form of `segue.evaluate`."""
    inside = spans.where(f"entered_at <= {at} AND (left_at IS NULL OR left_at > {at})")
    return inside.selectExpr(
        *_MEMBERS,
        "timestamp_millis(entered_at) AS entered_at",
        "timestamp_millis(left_at) AS leaves_at",
    )


def memberships_in(spans: DataFrame, at: int) -> DataFrame:
    """Of spans, those that began by the instant, in the form of `segue.history`."""
    return spans.where(f"entered_at <= {at}").selectExpr(
        *_MEMBERS,
        "timestamp_millis(entered_at) AS entered_at",
        f"timestamp_millis(IF(left_at <= {at}, left_at, NULL)) AS left_at",
    )


@dataclass(frozen=True)
class _Running:
    """One run: each step writes a table of its own and reads it back, so that nothing is worked
    out twice."""

    spark: SparkSession
    source: Source
    asked: Asked
    folder: str
    before: Run | None

    def published(self) -> Run:
        found = self._made(f"{self._number:06}-{uuid.uuid4().hex[:8]}")
        publish(self.spark, self.folder, found.manifest)
        return found

    @property
    def _number(self) -> int:
        return 1 if self.before is None else self.before.manifest.number + 1

    def _made(self, name: str) -> Run:
        before = () if self.before is None else self.before.manifest.log
        draft = Run(self.spark, self.folder, self._draft(name, (*before, name)))
        fresh = self._read(draft, self._new_files(draft))
        events = _logged(draft)
        draft = self._with_instant(draft, events)
        persons = self._persons(draft, fresh)
        log = with_persons(events, persons)
        return self._evaluated(draft, log, self._concerned(draft, fresh, log, persons))

    def _draft(self, name: str, log: tuple[str, ...]) -> Manifest:
        return Manifest(
            run=name,
            previous="" if self.before is None else self.before.manifest.run,
            number=self._number,
            at=0,
            last_at=0,
            definitions=self.asked.text,
            meaning=self.asked.meaning,
            reading=_reading(self.source),
            parts=(name,),
            log=log,
        )

    def _new_files(self, draft: Run) -> list[str]:
        """The files that no run has read, as patterns; written down as read by this one."""
        known = None
        if self.before is not None and self.before.manifest.log:
            runs = self.before.manifest.log
            known = _union([_part(self.before, "files", FILES, one) for one in runs])
        new = new_since(listed(self.spark, self.source.paths), known)
        _write(new, f"{self.folder}/files/run={draft.manifest.run}")
        return patterns(_part(draft, "files", FILES, draft.manifest.run))

    def _read(self, draft: Run, paths: list[str]) -> DataFrame:
        """The events of the new files that are not in the log yet, now in it."""
        place = f"{self.folder}/log/run={draft.manifest.run}"
        if not paths:
            _write(self.spark.createDataFrame([], READ), place)
        else:
            source = replace(self.source, paths=paths)
            rows = read_events(self.spark, source, partitions=_shuffled(self.spark)).rows
            if len(draft.manifest.log) > 1:
                old = [_part(draft, "log", READ, run) for run in draft.manifest.log[:-1]]
                rows = rows.join(_union(old).select("event_id"), "event_id", "left_anti")
            _write(rows.select(*_names(READ)), place)
        return events_in(_part(draft, "log", READ, draft.manifest.run))

    def _with_instant(self, draft: Run, events: DataFrame) -> Run:
        row = events.selectExpr("max(occurred_at) AS last", "count(*) AS events").first()
        last, count = (None, 0) if row is None else row
        if last is None:
            raise InputError("there are no events yet", hint="Name files that have some.")
        at = last if self.asked.at is None else self.asked.at
        if self.before is not None and at < self.before.manifest.at:
            raise UsageError(
                f"{format_instant(at)} lies before the last run,"
                f" which is of {format_instant(self.before.manifest.at)}",
                hint="Runs go forward; evaluate the past without --runs.",
            )
        found = replace(draft.manifest, at=at, last_at=last, counts={"events": count})
        return replace(draft, manifest=found)

    def _persons(self, draft: Run, fresh: DataFrame) -> DataFrame:
        """Who is who, worked out anew where links came."""
        name = draft.manifest.run
        _write(links_of(fresh), f"{self.folder}/links/run={name}")
        links = _union([_part(draft, "links", LINKS, run) for run in draft.manifest.log])
        _write(persons_of(links), f"{self.folder}/persons/run={name}")
        return _part(draft, "persons", PERSONS, name)

    def _concerned(
        self, draft: Run, fresh: DataFrame, log: DataFrame, persons: DataFrame
    ) -> DataFrame | None:
        """The people to evaluate, `person_id`; None: everybody."""
        before = self.before
        if before is None or self.asked.ranks or before.manifest.meaning != self.asked.meaning:
            return None
        old = _part(before, "persons", PERSONS, before.manifest.run)
        changed = _changed(old, persons)
        since, at = before.manifest.at, draft.manifest.at
        due = before.people().where(f"next_change_at <= {at}")
        concerned = [with_persons(fresh, persons), changed, due]
        if before.manifest.last_at > since:
            concerned.append(log.where(f"occurred_at > {since} AND occurred_at <= {at}"))
        found = _union([one.select("person_id") for one in concerned]).distinct()
        _write(found, f"{self.folder}/concerned/run={draft.manifest.run}")
        return _part(draft, "concerned", GONE, draft.manifest.run)

    def _evaluated(self, draft: Run, log: DataFrame, chosen: DataFrame | None) -> Run:
        counts = dict(draft.manifest.counts)
        partitions = max(_shuffled(self.spark), counts["events"] // _ROWS_AT_ONCE)
        if chosen is not None:
            log = log.join(chosen, "person_id", "left_semi")
            share = chosen.count() / max(_count_of(self.before, "people"), 1)
            partitions = min(partitions, 1 + int(2 * share * partitions))
        asked, at = self.asked, draft.manifest.at
        limits = limits_of(log, asked.definitions, at, asked.segment_ids, partitions=partitions)
        evaluating = Evaluating(asked.definitions, asked.segment_ids, at, limits)
        name = draft.manifest.run
        found = evaluated(log, evaluating, partitions=partitions).persist()
        try:
            _write(spans_in(found), f"{self.folder}/spans/run={name}")
            _write(people_in(found), f"{self.folder}/people/run={name}")
        finally:
            found.unpersist()
        people = _part(draft, "people", PEOPLE, name)
        gone = self.spark.createDataFrame([], GONE)
        parts = draft.manifest.parts
        if chosen is not None and self.before is not None:
            gone = chosen.join(people, "person_id", "left_anti")
            parts = (*self.before.manifest.parts, name)
        _write(gone, f"{self.folder}/gone/run={name}")
        done = replace(draft, manifest=replace(draft.manifest, parts=parts))
        counts |= {"evaluated": people.count(), "people": done.people().count()}
        return replace(done, manifest=replace(done.manifest, counts=counts))


def _changed(old: DataFrame, new: DataFrame) -> DataFrame:
    """The people, former ones too, one of whose ids is of another person than it was."""
    was = old.withColumnRenamed("person_id", "was")
    both = was.join(new, "distinct_id", "full_outer").selectExpr(
        "coalesce(was, distinct_id) AS was", "coalesce(person_id, distinct_id) AS person_id"
    )
    differing = both.where("was <> person_id")
    return differing.selectExpr("was AS person_id").unionByName(differing.select("person_id"))


def _logged(run: Run) -> DataFrame:
    return events_in(_read_rows(run))


def _read_rows(run: Run) -> DataFrame:
    return _union([_part(run, "log", READ, one) for one in run.manifest.log])


def _emptied(manifest: Manifest) -> Manifest:
    """What is left of a run whose files would be read otherwise today: its place in the order."""
    return replace(manifest, log=(), parts=(), meaning="")


def _reading(source: Source) -> str:
    layout = source.layout
    said = (source.format, sorted(source.options.items()), layout.timezone, layout.time_format)
    columns = (sorted(layout.columns.items()), layout.event_name)
    return hashlib.sha256(repr((said, columns)).encode()).hexdigest()


def _part(run: Run, table: str, columns: str, name: str) -> DataFrame:
    """A table that a run wrote. Raises `InputError` where it is gone."""
    from pyspark.errors import AnalysisException

    try:
        frame = run.spark.read.schema(columns).parquet(f"{run.folder}/{table}/run={name}")
        _ = frame.schema
    except AnalysisException as error:
        raise InputError(
            f"{run.folder} has no {table} of run {name} any more",
            hint="Parts of runs build on each other: let a new folder begin.",
        ) from error
    return frame


def _write(frame: DataFrame, place: str) -> None:
    frame.write.mode("error").parquet(place)


def _union(frames: Sequence[DataFrame]) -> DataFrame:
    return reduce(lambda one, other: one.unionByName(other), frames)


def _names(columns: str) -> list[str]:
    return [column.split()[0] for column in columns.split(",")]


def _shuffled(spark: SparkSession) -> int:
    return int(spark.conf.get("spark.sql.shuffle.partitions") or 200)


def _count_of(run: Run | None, what: str) -> int:
    return 0 if run is None else run.manifest.counts.get(what, 0)
