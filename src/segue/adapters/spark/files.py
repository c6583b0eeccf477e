"""Which files a source has, and which of them are new: the position up to which it was read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from segue.domain.errors import InputError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

FILES: Final = "path STRING, length BIGINT, modified TIMESTAMP"
"""A file as it was when it was read."""
_NAMED: Final = 3


def listed(spark: SparkSession, paths: Sequence[str]) -> DataFrame:
    """The files at these paths as they are now: columns `FILES`. Nothing of them is read.

    Raises `InputError` where there is no such path.
    """
    from pyspark.errors import AnalysisException

    reader = spark.read.format("binaryFile").option("recursiveFileLookup", "true")
    try:
        frame = reader.load(list(paths))
        return frame.selectExpr("path", "length", "modificationTime AS modified")
    except AnalysisException as error:
        raise InputError(
            f"{', '.join(paths)} cannot be read: {str(error).splitlines()[0]}",
            hint="Check the path, and that the cluster may read it.",
        ) from error


def new_since(now: DataFrame, known: DataFrame | None) -> DataFrame:
    """The files, columns `FILES`, that are not among the known ones. Raises `InputError` where a
    known one changed or is gone: what it said is in the log."""
    if known is None:
        return now
    missing = known.join(now, ["path", "length", "modified"], "left_anti").limit(_NAMED)
    lost = [row["path"] for row in missing.collect()]
    if lost:
        raise InputError(
            f"files that were read before are gone or have changed: {', '.join(lost)}",
            hint="Files may only be added; after other changes let a new folder begin.",
        )
    return now.join(known, ["path", "length", "modified"], "left_anti")


def patterns(files: DataFrame) -> list[str]:
    """For each file a pattern that only its path matches."""
    return sorted(_pattern(row["path"]) for row in files.select("path").collect())


def _pattern(path: str) -> str:
    """A pattern that only this path matches."""
    return re.sub(r"([\[\]{}*?\\])", r"\\\1", path)
