"""Published runs, read without Spark: from a folder that this machine has mounted."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from segue.adapters.spark.manifest import Manifest, chained
from segue.domain.errors import InputError
from segue.domain.runs import PublishedRun, RunPart

_DONE: Final = "_SUCCESS"
_TABLES: Final = ("spans", "people", "gone")


def latest_manifest(folder: Path) -> Manifest | None:
    """The manifest of the last run in the folder; None where there is none.

    Raises `InputError` where the folder is not there, or another form of it.
    """
    if not folder.is_dir():
        raise InputError(f"there is no folder {folder}", hint="Mount it, or name another one.")
    texts = [
        path.read_text("utf-8")
        for done in sorted(folder.glob(f"published/*/{_DONE}"))
        for path in sorted(done.parent.glob("part*"))
    ]
    try:
        manifests = [Manifest.read(line) for text in texts for line in text.splitlines()]
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(
            f"a manifest in {folder} cannot be read: {error}",
            hint="Let a new folder begin, or use the version of Segue that wrote this one.",
        ) from error
    chain = chained(manifests)
    return chain[-1] if chain else None


def run_of(folder: Path, manifest: Manifest) -> PublishedRun:
    """A published run with the files of its parts. Raises `InputError` where one is missing."""
    parts = tuple(
        RunPart(*(_files(folder / table / f"run={name}") for table in _TABLES))
        for name in manifest.parts
    )
    people = manifest.counts.get("people")
    return PublishedRun(manifest.run, manifest.at, manifest.definitions, parts, people)


def _files(place: Path) -> tuple[str, ...]:
    if not (place / _DONE).is_file():
        raise InputError(
            f"{place} is missing, which a published run builds on",
            hint="Copy or mount the whole folder; parts of runs build on each other.",
        )
    return tuple(str(path) for path in sorted(place.glob("*.parquet")))
