"""What is done now and then while a server runs: the project file is looked at, rejected events are
written, the log in memory is tidied and renewed."""

from __future__ import annotations

import logging
import threading
from types import TracebackType
from typing import Final, Self

from segue.bootstrap.serving import Serving
from segue.domain.errors import SegueError
from segue.http.rejected import Rejections

EVERY: Final = 1.0
"""Seconds between two times."""

_LOG: Final = logging.getLogger("segue.serving")


class Housekeeping:
    """A thread of its own for the length of a block."""

    def __init__(self, serving: Serving, rejected: Rejections) -> None:
        self._serving, self._rejected = serving, rejected
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="segue-housekeeping", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ending.set()
        self._thread.join()
        self._write_rejected()

    def _run(self) -> None:
        while not self._ending.wait(EVERY):
            try:
                self._write_rejected()
                self._serving.look_at_project()
                self._serving.live.tidy()
                self._serving.live.renew()
            except Exception:  # noqa: BLE001 - the next time may go well
                _LOG.exception("housekeeping failed")

    def _write_rejected(self) -> None:
        """Bring rejected events to the store; where it has trouble they are forgotten, as the
        events that are stored matter more."""
        rejected = self._rejected.taken()
        if not rejected:
            return
        try:
            self._serving.store.note_rejected(rejected)
        except SegueError as error:
            _LOG.warning("%s rejected events are forgotten: %s", len(rejected), error.message)
