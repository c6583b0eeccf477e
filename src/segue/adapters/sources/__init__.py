"""Files and frames of events: read, recognised, checked row by row, in batches for a store."""

from __future__ import annotations

from segue.adapters.sources.batch import EVENTS, Batch, Layout, Rejected
from segue.adapters.sources.columns import NEEDED, ROLES, Guess, guess_columns, needed
from segue.adapters.sources.read import (
    ending_of,
    is_columnar,
    is_compressed,
    read_arrow,
    read_files,
    sample_file,
)
from segue.adapters.sources.refused import hint_for, kind_of
from segue.adapters.sources.traits import split_traits

__all__ = [
    "EVENTS",
    "NEEDED",
    "ROLES",
    "Batch",
    "Guess",
    "Layout",
    "Rejected",
    "ending_of",
    "guess_columns",
    "hint_for",
    "is_columnar",
    "is_compressed",
    "kind_of",
    "needed",
    "read_arrow",
    "read_files",
    "sample_file",
    "split_traits",
]
