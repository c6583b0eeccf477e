"""Finished experiments: from a file, or from a frame at hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from segue.adapters.sources.tables import read_table
from segue.insight.experiment import Experiment
from segue.services.insight.experiments import Asked, columns_of, finished_experiment


def experiment(
    people: Any,
    *,
    arm: str,
    control: str,
    outcomes: Sequence[str],
    by: Sequence[str] = (),
    person: str | None = None,
) -> Experiment:
    """What a finished experiment did: each arm against the control, and whether to all alike.

    `people` has one row per person who was assigned: the path of a Parquet, CSV or JSON Lines file,
    or anything that speaks the Arrow C-stream interface. `arm` is the column of the arm, `control`
    the value in it of who got nothing. `outcomes` are columns of 0 and 1, or of amounts; `by` those
    of groups in which the effect may differ (`mens+womens` groups by both). `person`: the column of
    ids, to make sure that everybody stands there once.

    Raises `UsageError` where a column or the control is missing, `InputError` where values are.
    """
    asked = Asked(arm, control, tuple(outcomes), tuple(by), person)
    is_file = isinstance(people, str | Path)
    table = read_table(people, columns_of(asked)) if is_file else pa.table(people)
    return finished_experiment(table, asked)
