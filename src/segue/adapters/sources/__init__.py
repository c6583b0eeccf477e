"""Files and frames of events: read, recognised, checked row by row, in batches for a store."""

from __future__ import annotations

from segue.adapters.sources.batch import EVENTS, Batch, Layout, Rejected
from segue.adapters.sources.columns import NEEDED, ROLES, Guess, guess_columns
from segue.adapters.sources.read import read_arrow, read_files, sample_file
from segue.adapters.sources.traits import split_traits

__all__ = [
    "EVENTS",
    "NEEDED",
    "ROLES",
    "Batch",
    "Guess",
    "Layout",
    "Rejected",
    "guess_columns",
    "read_arrow",
    "read_files",
    "sample_file",
    "split_traits",
]
