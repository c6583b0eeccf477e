"""A session of Spark: on a cluster, in this process, or over Spark Connect."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

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
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MILLIS",
}
"""What every session of Segue sets: instants in UTC, names by their letters, large batches."""
_PORTS: Final = {"spark": 7077, "sc": 15002}
"""Where clusters answer that say nothing else, by the scheme of their address."""
_PATIENCE: Final = 5.0


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
    _must_answer(master)
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


def _must_answer(master: str) -> None:
    """Raise `InputError` where no host of a cluster answers; Spark would go on for a minute."""
    scheme, _, rest = master.partition("://")
    if scheme not in _PORTS:
        return
    hosts = rest.partition("/")[0].split(",")
    if not any(_answers(host, _PORTS[scheme]) for host in hosts):
        raise InputError(
            f"nothing answers at {master}",
            hint="Check that the cluster is running and that its address is right.",
        )


def _answers(address: str, usual_port: int) -> bool:
    """Whether something listens at `host`, `host:port` or `[v6]:port`."""
    try:
        place = urlsplit(f"//{address}")
        port = place.port or usual_port
        socket.create_connection((place.hostname or "", port), _PATIENCE).close()
    except (OSError, ValueError):
        return False
    return True
