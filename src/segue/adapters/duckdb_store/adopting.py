"""Taking over the memberships of a run: what they differ in from what is published is published.

Everything happens inside the database, on Parquet files, so that memory does not grow with the
number of memberships; and inside a transaction of whoever calls.
"""

from __future__ import annotations

from typing import Final

import duckdb
import numpy as np
import pyarrow as pa

from segue.adapters.duckdb_store.dictionary import Dictionary
from segue.adapters.duckdb_store.people import Directory
from segue.adapters.duckdb_store.tables import registered
from segue.adapters.duckdb_store.transitions import Progress
from segue.domain.errors import InputError
from segue.domain.instant import FOREVER
from segue.domain.live import CAUSES, Cause
from segue.domain.runs import AdoptedRun, Adopting, RunPart

_AT_ONCE: Final = 100_000
"""So many new ids are numbered in one go."""
_CODE: Final = {cause: code for code, cause in enumerate(CAUSES)}

_COUNTING: Final = """
    CREATE OR REPLACE TEMP TABLE segue_run_people AS
    SELECT person_id, any_value(first_seen) AS first_seen, max(part) AS part
    FROM ({said}) GROUP BY person_id
    HAVING arg_max(is_there, part)
"""
"""Everybody whom a run has, and which part counts."""
_ERASED: Final = """
    DELETE FROM segue_run_people
    WHERE sha256(person_id) IN (SELECT digest FROM erased_ids)
"""
_NEW: Final = """
    SELECT person_id FROM segue_run_people
    WHERE person_id NOT IN (SELECT distinct_id FROM distinct_ids)
    ORDER BY first_seen, person_id
"""
_SPANS: Final = """
    CREATE OR REPLACE TEMP TABLE segue_run_spans AS
    SELECT codes.code AS segment, distinct_ids.code AS person, entered_at, left_at
    FROM ({spans}) AS spans
    JOIN segue_run_people USING (person_id, part)
    JOIN distinct_ids ON distinct_ids.distinct_id = person_id
    JOIN segue_codes AS codes ON codes.segment_id = spans.segment_id
"""
_SAID: Final = """
    CREATE OR REPLACE TEMP TABLE segue_said AS
    SELECT segment, person, entered_at AS true_at, true AS entered FROM segue_run_spans
    WHERE entered_at <= $known_at
    UNION ALL
    SELECT segment, person, left_at, false FROM segue_run_spans WHERE left_at <= $known_at
"""
_VANISHED: Final = """
    CREATE OR REPLACE TEMP TABLE segue_vanished AS
    SELECT segment, person, true_at, entered FROM boundaries
    ANTI JOIN segue_said USING (segment, person, true_at, entered)
"""
_LAST: Final = """
    CREATE OR REPLACE TEMP TABLE segue_last AS
    SELECT segment, person, max(true_at) AS last_at FROM boundaries
    SEMI JOIN (SELECT DISTINCT segment, person FROM segue_new) USING (segment, person)
    GROUP BY ALL
"""
_FRESH: Final = """
    CREATE OR REPLACE TEMP TABLE segue_new AS
    SELECT segment, person, true_at, entered FROM segue_said
    ANTI JOIN boundaries USING (segment, person, true_at, entered)
"""
_MOVED: Final = """
    CREATE OR REPLACE TEMP TABLE segue_moved AS
    SELECT DISTINCT segment, true_at, entered FROM segue_vanished
    WHERE person NOT IN (
        SELECT code FROM distinct_ids SEMI JOIN segue_run_people
        ON segue_run_people.person_id = distinct_ids.distinct_id
    )
"""
"""Facts about people who are not there any more: they became others, who have them now."""
_CHANGES: Final = """
    CREATE OR REPLACE TEMP TABLE segue_changes AS
    SELECT
        segment, person, entered, true AS retracted, false AS corrected, false AS live,
        $taken_back::TINYINT AS cause, true_at
    FROM segue_vanished
    UNION ALL
    SELECT
        segment, person, entered, false, is_corrected,
        NOT is_corrected AND NOT $established AND is_last,
        CASE
            WHEN $established THEN
                CASE WHEN segment IN (SELECT unnest($fresh::INTEGER[]))
                    THEN $definition ELSE $import END
            WHEN is_rewritten THEN $correction
            WHEN true_at > $run_at THEN $time
            ELSE $event
        END::TINYINT,
        true_at
    FROM (
        SELECT
            *,
            NOT $established AND (is_rewritten OR $known_at - true_at > $late_after)
                AS is_corrected
        FROM (
            SELECT
                new.*,
                (new.segment, new.person) IN (SELECT (segment, person) FROM segue_vanished)
                    OR coalesce(new.true_at <= last_at, false)
                    OR (new.segment, new.true_at, new.entered) IN
                        (SELECT (segment, true_at, entered) FROM segue_moved) AS is_rewritten,
                row_number() OVER (
                    PARTITION BY new.segment, new.person
                    ORDER BY new.true_at DESC, new.entered DESC
                ) = 1 AS is_last
            FROM segue_new AS new LEFT JOIN segue_last USING (segment, person)
        )
    )
"""
_PUBLISH: Final = """
    INSERT INTO transitions BY NAME
    SELECT
        $first + row_number() OVER (
            ORDER BY retracted DESC, true_at, entered, segment, person
        ) - 1 AS id,
        *, $known_at::BIGINT AS known_at, NULL::BIGINT AS ref
    FROM segue_changes
"""
_KEEP: Final = """
    INSERT INTO adopted_spans SELECT segment, person, entered_at, left_at FROM segue_run_spans
    WHERE left_at IS NULL OR left_at > $known_at ORDER BY person, segment, entered_at
"""
_TEMPORARY: Final = (
    "run_people",
    "run_spans",
    "said",
    "vanished",
    "new",
    "last",
    "moved",
    "changes",
)


def adopt(
    db: duckdb.DuckDBPyConnection,
    ids: Dictionary,
    directory: Directory,
    progress: Progress,
    how: Adopting,
) -> int:
    """Take over a run; how many transitions that published. Raises `InputError` where files of it
    are missing."""
    try:
        _read(db, ids, directory, how)
    except duckdb.IOException as error:
        raise InputError(
            f"files of run {how.run.run} cannot be read: {error}", hint="They are tried again."
        ) from error
    count = _published(db, progress, how)
    db.execute("DELETE FROM adopted_spans")
    db.execute(_KEEP, {"known_at": how.known_at})
    db.execute("DELETE FROM adopted_runs")
    codes = sorted(how.codes.values())
    db.execute(
        "INSERT INTO adopted_runs VALUES (?, ?, ?, ?)",
        [how.run.run, how.run.at, how.known_at, codes],
    )
    for name in _TEMPORARY:
        db.execute(f"DROP TABLE segue_{name}")
    return count


def adopted_run(db: duckdb.DuckDBPyConnection) -> AdoptedRun | None:
    """The run that was taken over last; None where none was."""
    rows = db.execute("SELECT run, run_at, known_at, segments FROM adopted_runs").fetchall()
    found = [AdoptedRun(run, at, known_at, frozenset(codes)) for run, at, known_at, codes in rows]
    return found[0] if found else None


def adopted_spans(db: duckdb.DuckDBPyConnection) -> pa.Table:
    """The spans of versions in force that had not ended when the last run was taken over, sorted by
    person: `segment` and `person` int32, `start` and `end` int64 (ms; FOREVER: without end)."""
    return db.sql(
        f'SELECT segment, person, entered_at AS "start", coalesce(left_at, {FOREVER}) AS "end"'
        " FROM adopted_spans"
        " WHERE segment IN (SELECT code FROM segment_versions WHERE until IS NULL)"
        " ORDER BY person, segment, entered_at"
    ).to_arrow_table()


def _read(
    db: duckdb.DuckDBPyConnection, ids: Dictionary, directory: Directory, how: Adopting
) -> None:
    """The run's people, numbered, and their spans as tables."""
    parts = how.run.parts
    said = [_said_by(part, number) for number, part in enumerate(parts)]
    db.execute(_COUNTING.format(said=" UNION ALL ".join(said)))
    ((people,),) = db.execute("SELECT count(*) FROM segue_run_people").fetchall()
    if how.run.people is not None and people != how.run.people:
        raise InputError(
            f"run {how.run.run} is of {how.run.people} people, but its files have {people}",
            hint="Copy or mount the whole folder; it is tried again.",
        )
    db.execute(_ERASED)
    new = db.sql(_NEW).to_arrow_table()
    for batch in new.to_batches(max_chunksize=_AT_ONCE):
        ids.add(db, batch.column(0).to_pylist())
    directory.apply(directory.change([]))
    codes = pa.table(
        {
            "segment_id": pa.array(list(how.codes), pa.string()),
            "code": np.array(list(how.codes.values()), np.int32),
        }
    )
    spans = [_spans_of(part, number) for number, part in enumerate(parts)]
    with registered(db, "segue_codes", codes):
        db.execute(_SPANS.format(spans=" UNION ALL ".join(spans)))


def _published(db: duckdb.DuckDBPyConnection, progress: Progress, how: Adopting) -> int:
    """Publish what differs; how many transitions that were."""
    db.execute(_SAID, {"known_at": how.known_at})
    for statement in (_VANISHED, _FRESH, _LAST, _MOVED):
        db.execute(statement)
    values = {
        "established": how.established,
        "fresh": sorted(how.fresh),
        "known_at": how.known_at,
        "late_after": how.late_after,
        "run_at": how.run.at,
        "taken_back": _CODE[Cause.IMPORT if how.established else Cause.CORRECTION],
    }
    db.execute(_CHANGES, values | {cause.value: code for cause, code in _CODE.items()})
    first = progress.next_transition
    db.execute(_PUBLISH, {"first": first, "known_at": how.known_at})
    ((count,),) = db.execute("SELECT count(*) FROM segue_changes").fetchall()
    progress.went_on(count)
    return int(count)


def _said_by(part: RunPart, number: int) -> str:
    """Whom a part of a run speaks of."""
    people = _of_files(part.people, "person_id, first_seen", "'' AS person_id, 0 AS first_seen")
    gone = _of_files(part.gone, "person_id, NULL AS first_seen", "'' AS person_id, 0 AS first_seen")
    return (
        f"SELECT *, {number} AS part, true AS is_there FROM ({people}) UNION ALL"
        f" SELECT *, {number} AS part, false AS is_there FROM ({gone})"
    )


def _spans_of(part: RunPart, number: int) -> str:
    columns = "segment_id, person_id, entered_at, left_at"
    empty = "'' AS segment_id, '' AS person_id, 0 AS entered_at, 0 AS left_at"
    return f"SELECT *, {number} AS part FROM ({_of_files(part.spans, columns, empty)})"


def _of_files(files: tuple[str, ...], columns: str, empty: str) -> str:
    """Columns of Parquet files; of none, no rows."""
    if not files:
        return f"SELECT {empty} WHERE false"
    names = ", ".join("'" + one.replace("'", "''") + "'" for one in files)
    return f"SELECT {columns} FROM read_parquet([{names}], hive_partitioning = false)"
