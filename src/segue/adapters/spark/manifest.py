"""What a run published: one line of JSON that names every part of its result.

A run is there when its manifest is there, which is one file that Spark puts in place last. What a
run wrote before it ended without one is named by nothing, and never read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Final

from segue.domain.errors import BusyError, InputError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

VERSION: Final = 1
"""The form of the folder: what another version of Segue wrote in another form is not gone on
with."""
_AGAIN: Final = 60


@dataclass(frozen=True, slots=True)
class Manifest:
    """A published run.

    `run` is its id, `previous` that of the one it builds on (""), `number` how many came before.
    `at` is the instant (ms) it is about and `last_at` that of the last event. `parts` names, in
    order, the runs whose spans and people count: of somebody who is in several, those of the last.
    `log` names the runs whose events count. `meaning` stands for the definitions, whose text is
    `definitions`, and `reading` for the zone and columns by which files were read. `persons` is the
    run that wrote who is who. `counts` say how large things are.
    """

    run: str
    previous: str
    number: int
    at: int
    last_at: int
    definitions: str
    meaning: str
    reading: str
    parts: tuple[str, ...]
    log: tuple[str, ...]
    counts: Mapping[str, int] = field(default_factory=dict)
    version: int = VERSION

    def text(self) -> str:
        """As one line."""
        return json.dumps(asdict(self), separators=(",", ":"), ensure_ascii=True)

    @classmethod
    def read(cls, line: str) -> Manifest:
        """The manifest that a line is. Raises `InputError` where it is of another form."""
        found = json.loads(line)
        if found.get("version") != VERSION:
            raise InputError(
                f"the runs are of version {found.get('version')} of their form, not {VERSION}",
                hint="Let a new folder begin, or use the version of Segue that wrote these.",
            )
        return cls(
            **{**found, "parts": tuple(found["parts"]), "log": tuple(found["log"])},
        )


def published(spark: SparkSession, folder: str) -> list[Manifest]:
    """The runs of a folder, each building on the one before; none where there is none."""
    return chained([Manifest.read(line) for line in _lines(spark, folder)])


def chained(manifests: Sequence[Manifest]) -> list[Manifest]:
    """Manifests in the order in which the runs build on each other."""
    by_previous: dict[str, Manifest] = {}
    for one in sorted(manifests, key=lambda one: one.run):
        by_previous.setdefault(one.previous, one)  # of two at once, one was lost
    chain: list[Manifest] = []
    while (following := by_previous.get(chain[-1].run if chain else "")) is not None:
        chain.append(following)
    return chain


def publish(spark: SparkSession, folder: str, manifest: Manifest) -> None:
    """Make a run visible, all at once. Raises `BusyError` where another one was quicker."""
    line = spark.createDataFrame([(manifest.text(),)], "value STRING")
    line.coalesce(1).write.mode("error").text(f"{folder}/published/{manifest.run}")
    if manifest not in published(spark, folder):
        raise BusyError(
            f"another run was published in {folder} while this one worked",
            retry_after=_AGAIN,
            hint="Let one process write a folder, and begin again: only what is new is read.",
        )


def _lines(spark: SparkSession, folder: str) -> list[str]:
    from pyspark.errors import AnalysisException

    try:
        rows = spark.read.text(f"{folder}/published/*").collect()
    except AnalysisException as error:
        if "PATH_NOT_FOUND" in (error.getCondition() or ""):
            return []
        raise
    return [row["value"] for row in rows]
