"""The folder of runs while a server works: looked at now and then, and runs taken over."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from segue.adapters.spark.manifest import Manifest
from segue.adapters.spark.mounted import latest_manifest, run_of
from segue.adapters.spark.runs import Asked
from segue.domain.errors import InputError, SegueError
from segue.domain.instant import format_instant
from segue.language.project import project_from
from segue.language.resolve import resolve
from segue.language.tree import Definitions
from segue.services.live.adopted import AdoptedLive
from segue.services.live.meanings import fingerprints
from segue.services.summarise import with_counted

EVERY: Final = 5.0
"""Seconds between two looks."""
_LOG: Final = logging.getLogger("segue.runs")


class RunsWatch:
    """Takes over the runs that are published in a folder, each once; see `look`. A run that cannot
    be taken over changes nothing, is told of once, and is tried again."""

    def __init__(
        self,
        folder: Path,
        live: AdoptedLive,
        clock: Callable[[], int],
        *,
        every: float | None = None,
    ) -> None:
        self._folder, self._live, self._clock, self._every = folder, live, clock, every or EVERY
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="segue-runs", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End; stopping twice does nothing."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def look(self) -> bool:
        """Take over the latest run, where there is a new one; whether it was. Why not is in the
        health of the live service and in the log."""
        try:
            adopted, trouble = self._looked(), ""
        except (SegueError, OSError) as error:
            adopted, trouble = False, f"the latest run is not taken over: {error}"
        except Exception as error:  # noqa: BLE001 - the next look may go well
            _LOG.exception("the latest run is not taken over")
            adopted, trouble = False, f"the latest run is not taken over: {error!r}"
        if trouble and trouble != self._live.runs_trouble:
            _LOG.warning("%s", trouble)
        self._live.runs_trouble = trouble
        return adopted

    def _looked(self) -> bool:
        manifest = latest_manifest(self._folder)
        if manifest is None:
            raise InputError(
                f"no run is published in {self._folder} yet",
                hint="segue evaluate --engine spark --runs FOLDER publishes one.",
            )
        if self._live.is_current(manifest.run):
            return False
        self._check(manifest)
        adopting = self._live.adopt(run_of(self._folder, manifest))
        while not self._stopping.is_set():
            try:
                count = adopting.result(self._every)
            except TimeoutError:
                continue
            _LOG.info("run %s is taken over: %s transitions", manifest.run, count)
            return True
        return False

    def _check(self, manifest: Manifest) -> None:
        """Raise `InputError` where a run is not to be taken over."""
        adopted = self._live.adopted
        if manifest.at > self._clock():
            raise InputError(
                f"run {manifest.run} is of {format_instant(manifest.at)}, which is to come",
                hint="Set the clocks; it is tried again.",
            )
        if adopted is not None and manifest.at < adopted.at:
            raise InputError(
                f"run {manifest.run} is of an earlier instant than run {adopted.run},"
                " which is taken over",
                hint="Bring the runs further, past that instant.",
            )
        project = project_from(manifest.definitions, source=f"run {manifest.run}")
        definitions = resolve(project)
        if manifest.meaning != _meaning(definitions, manifest.definitions):
            raise InputError(
                f"run {manifest.run} is not of all segments of its project",
                hint="Let a run of this version of Segue evaluate all of them.",
            )
        if fingerprints(definitions) != fingerprints(self._live.definitions):
            raise InputError(
                f"run {manifest.run} is of other segments than segue.yaml has",
                hint="Let a run evaluate these definitions; what is the same stays as it was.",
            )

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.look()
            self._stopping.wait(self._every)


def _meaning(definitions: Definitions, text: str) -> str:
    """What a run of all segments says that it is of."""
    every = with_counted(definitions)
    return Asked(every, text, tuple(one.id for one in every.segments)).meaning
