"""A session of Spark: on a cluster, in this process, or over Spark Connect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from segue.domain.errors import InputError, UsageError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SETTINGS: Final = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.caseSensitive": "true",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "100000",
    "spark.sql.parquet.int96RebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.inferTimestampNTZ.enabled": "true",
    "spark.sql.legacy.parquet.nanosAsLong": "true",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MILLIS",
}
"""What every session of Segue sets: instants in UTC, names by their letters, large batches."""


@contextmanager
def opened(master: str, settings: Mapping[str, str] | None = None) -> Iterator[SparkSession]:
    """A session on the master (`spark://host:7077`, `local[4]`, or `sc://host` for Spark Connect),
    stopped at the end.

    `settings` are Spark's own, beside `SETTINGS`. Raises `UsageError` where PySpark is missing and
    `InputError` where there is no such cluster, or no Java.
    """
    session = _built(master, {**SETTINGS, **(settings or {})})
    try:
        yield session
    finally:
        session.stop()


def _built(master: str, settings: Mapping[str, str]) -> SparkSession:
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise UsageError(
            f"Spark needs a package that is missing: {error.name}",
            hint="pip install 'segue[spark]'",
        ) from error
    connect = master.startswith("sc://")
    builder = SparkSession.builder.appName("segue")
    builder = builder.remote(master) if connect else builder.master(master)
    for name, value in settings.items():
        builder = builder.config(name, value)
    try:
        return builder.getOrCreate()
    except (PySparkException, RuntimeError, OSError) as error:
        raise InputError(
            f"no session of Spark on {master}: {str(error).splitlines()[0]}",
            hint="Spark needs Java 17 (JAVA_HOME), and the cluster has to be running.",
        ) from error
    except Exception as error:
        if type(error).__module__.split(".")[0] not in {"py4j", "grpc"}:
            raise
        raise InputError(
            f"no session of Spark on {master}: {str(error).splitlines()[0]}",
            hint="Check that the cluster is running and that its address is right.",
        ) from error
