"""The one door through which rows of a frame go to Python in the workers."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def in_workers(
    frame: DataFrame,
    find: Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]],
    schema: str,
) -> DataFrame:
    """What `find` gives for the rows of each partition: columns of the schema, in Spark's DDL."""
    with warnings.catch_warnings():
        # Of pandas, which nothing here uses.
        warnings.filterwarnings(
            "ignore", "PySpark does not yet fully support pandas", FutureWarning
        )
        return frame.mapInArrow(find, schema)
