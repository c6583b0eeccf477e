"""Files that came by the studio: kept in the workspace while somebody says how they are to be read,
looked at, and imported in the background, one at a time.

They are kept for a day, and no longer than the server runs; the report of an import that ended is
kept for a month, with the rows that it refused. What is imported goes through the live loop, as
whatever `segue import` reads while a server works does; nobody acts upon it.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import reduce
from itertools import islice
from pathlib import Path
from typing import IO, Final

import pyarrow as pa
from pyarrow import parquet

from segue.adapters.sources import (
    Batch,
    Layout,
    Rejected,
    ending_of,
    hint_for,
    is_columnar,
    is_compressed,
    kind_of,
    read_files,
)
from segue.bootstrap.beginning import Sample, read_sample
from segue.bootstrap.loading import Count, Imported, Rejects
from segue.bootstrap.receiving import Submit, receive
from segue.bootstrap.reported import Report, Stage, keep_report, kept_reports
from segue.domain.errors import InputError, NotFoundError, SegueError, TooLargeError, UsageError
from segue.domain.instant import DAY
from segue.domain.ports import Appended

MOST_BYTES: Final = 2 << 30
"""How large a file may be."""
LEFT_FREE: Final = 1 << 30
"""How much room on the disk has to stay: the events need some too."""
KEPT: Final = DAY
"""How long a file is kept that nobody looks at (ms)."""
REPORTS_KEPT: Final = 30 * DAY
"""How long the report of an import is kept that nobody looks at (ms)."""
PREVIEWED: Final = 5_000
"""Rows that are looked at before an import."""
ROWS_AT_ONCE: Final = 20_000
"""Rows between two looks at whether the import is to stop."""
_ODD: Final = re.compile(r"[^\w.\-]+")
_LONGEST_NAME: Final = 100
_ENDING: Final = 30.0
"""Seconds that the rows in hand may take when the server ends."""
_LOG: Final = logging.getLogger("segue.studio")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came: its id and name, where it is, who sent it and when (ms), how many bytes it
    has and about how many rows (None: not known). `layout` is how it is read, `imported` what
    became of its rows so far, `trouble` why it ended early; `begun_by` and `ended` are who had it
    imported and when that ended (ms; None: it has not); `touched` is when it was last used."""

    id: str
    name: str
    path: Path
    by: str
    at: int
    touched: int
    size: int = 0
    rows: int | None = None
    stage: Stage = Stage.WAITING
    layout: Layout | None = None
    imported: Imported | None = None
    trouble: SegueError | None = None
    begun_by: str = ""
    ended: int | None = None

    @property
    def is_there(self) -> bool:
        """Whether the file itself is still kept."""
        return self.path.is_file()

    @property
    def kept(self) -> int:
        """How long it is kept while nobody looks at it (ms)."""
        return KEPT if self.ended is None else REPORTS_KEPT

    @property
    def share(self) -> float | None:
        """How much of it is read; None where that is not known."""
        if self.rows is None or self.imported is None:
            return None
        return min(1.0, self.imported.rows / max(1, self.rows))


@dataclass(frozen=True, slots=True)
class Preview:
    """The first rows of a file as they would be read: `is_whole` where there are no others;
    `reasons` are why rows were refused, how often, and what to do about it."""

    batch: Batch
    is_whole: bool
    reasons: tuple[tuple[str, int, str], ...]


class Uploads:
    """See the module. `submit` is `Live.submit`, `now` the clock. Threads may share it."""

    def __init__(self, folder: Path, submit: Submit, now: Callable[[], int]) -> None:
        self._folder, self._submit, self._now = folder, submit, now
        self._found: dict[str, Upload] = {}
        self._guard, self._stopping = threading.Lock(), threading.Event()
        self._thread: threading.Thread | None = None
        self._restore()

    # ------------------------------------------------------------------------------------ files

    def room(self) -> int:
        """How many bytes a file may have that comes now."""
        place = self._folder if self._folder.exists() else self._folder.parent
        return max(0, min(MOST_BYTES, shutil.disk_usage(place).free - LEFT_FREE))

    @contextmanager
    def arriving(self, name: str, by: str) -> Iterator[Arriving]:
        """Take in a file; it is kept if the block ends well.

        Raises `InputError` where files of this name are not read, and `TooLargeError`.
        """
        self._forget_old()
        plain = _ODD.sub("_", name.replace("\\", "/").rpartition("/")[2]).lstrip(".")
        plain = plain[-_LONGEST_NAME:] or "file"
        ending_of(Path(plain))
        now, id_ = self._now(), secrets.token_hex(8)
        path = self._folder / id_ / plain
        path.parent.mkdir(parents=True, mode=0o700)
        try:
            with path.open("wb") as out:
                arriving = Arriving(Upload(id_, plain, path, by, now, now), out, self.room())
                yield arriving
            found = arriving.finished()
        except BaseException:
            shutil.rmtree(path.parent, ignore_errors=True)
            raise
        with self._guard:
            self._found[id_] = found

    def all(self) -> list[Upload]:
        """The files that are kept, latest first."""
        self._forget_old()
        with self._guard:
            return sorted(self._found.values(), key=lambda one: -one.at)

    def get(self, id_: str) -> Upload:
        """A file by its id. Raises `NotFoundError` where it is kept no longer."""
        with self._guard:
            found = self._found.get(id_)
            if found is None:
                raise NotFoundError(
                    "This file is not kept any more",
                    hint="files are kept for a day, and until the server is started again",
                )
            found = self._found[id_] = replace(found, touched=self._now())
            return found

    def remove(self, id_: str) -> None:
        """Forget a file. Raises `UsageError` while it is imported."""
        found = self.get(id_)
        with self._guard:
            if self._found[id_].stage is Stage.RUNNING:
                raise UsageError(f"{found.name} is being imported", hint="stop that first")
            del self._found[id_]
        shutil.rmtree(found.path.parent, ignore_errors=True)

    def forget_rows(self) -> None:
        """Forget every refused row, as somebody was erased of whom it may be; counts and reasons
        stay."""
        with self._guard:
            ended = [one for one in self._found.values() if one.stage is not Stage.RUNNING]
        for one in ended:
            if one.imported is not None and one.imported.rejects is not None:
                one.imported.rejects.unlink(missing_ok=True)

    def _restore(self) -> None:
        """Take up the reports of the process before; nobody knows what the other files were."""
        kept = kept_reports(self._folder)
        if not kept:
            shutil.rmtree(self._folder, ignore_errors=True)
            return
        for place in self._folder.iterdir():
            if place.name not in kept:
                shutil.rmtree(place, ignore_errors=True)
        for id_, report in kept.items():
            path = self._folder / id_ / report.name
            with suppress(OSError):  # where nothing may be written
                path.unlink(missing_ok=True)
            self._found[id_] = _reported(id_, path, report)

    def _forget_old(self) -> None:
        now = self._now()
        with self._guard:
            old = [
                one
                for one in self._found.values()
                if one.touched < now - one.kept and one.stage is not Stage.RUNNING
            ]
            for one in old:
                del self._found[one.id]
        for one in old:
            shutil.rmtree(one.path.parent, ignore_errors=True)

    # ---------------------------------------------------------------------------- looking at one

    def sample(self, id_: str) -> Sample:
        """What a file seems to be. Raises `InputError` where it cannot be read."""
        found = self.get(id_)
        with _told_by_name(found):
            return read_sample(str(found.path), {})

    def preview(self, id_: str, layout: Layout) -> Preview:
        """The first rows of a file as they would be read. Raises `InputError` and `UsageError` as
        an import would."""
        found = self.get(id_)
        with _told_by_name(found):
            batches = list(islice(read_files([found.path], layout, rows_at_once=PREVIEWED), 2))
            batch, is_whole = batches[0], len(batches) < 2
        return Preview(batch, is_whole, counted(batch.rejected))

    def rejected(self, id_: str) -> Iterator[Rejected]:
        """The rows that an import refused, in order."""
        found = self.get(id_)
        path = found.imported.rejects if found.imported else None
        if path is None or not path.is_file():
            return
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                one = json.loads(line)
                yield Rejected(found.name, one["row"], one["reason"], one["raw"])

    # ------------------------------------------------------------------------- importing one

    def start(self, id_: str, layout: Layout, by: str) -> None:
        """Begin to import a file, in somebody's name. Raises `UsageError` where another one is
        being imported, and where this one has been."""
        found = self.get(id_)
        with self._guard:
            running = next((o for o in self._found.values() if o.stage is Stage.RUNNING), None)
            if running is not None:
                raise UsageError(
                    f"{running.name} is being imported, since {running.by} began it",
                    hint="one file is imported at a time: begin this one when that is done",
                )
            if not found.path.is_file():
                raise UsageError(f"{found.name} has been imported", hint="send it again")
            self._found[id_] = replace(
                found,
                stage=Stage.RUNNING,
                layout=layout,
                imported=None,
                trouble=None,
                begun_by=by,
                ended=None,
            )
            self._stopping.clear()
            self._thread = threading.Thread(
                target=self._work, args=(id_, layout), name=f"import {found.name}", daemon=True
            )
            self._thread.start()

    def stop(self, id_: str) -> None:
        """Stop importing a file after the rows that are in hand; what was taken stays."""
        if self.get(id_).stage is Stage.RUNNING:
            self._stopping.set()

    def close(self) -> None:
        """Stop what is being imported after the rows that are in hand, and wait for that."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(_ENDING)

    def _work(self, id_: str, layout: Layout) -> None:
        found = self.get(id_)
        stage, trouble = Stage.FAILED, None
        try:
            with _told_by_name(found):
                stage = self._read(found, layout)
        except SegueError as error:
            trouble = error
        except Exception:  # noqa: BLE001 - whoever waits has to hear of it, whatever it is
            _LOG.exception("an import of the studio failed")
            trouble = SegueError("The import failed", hint="the server's log says why")
        self._change(id_, stage=stage, trouble=trouble, ended=self._now())
        self._report(self._found[id_])
        if stage is Stage.DONE:
            found.path.unlink(missing_ok=True)

    def _read(self, found: Upload, layout: Layout) -> Stage:
        count, source = Count(found.name), str(found.path)
        began = received_at = self._now()
        with Rejects(keep=True) as rejects:
            for batch in read_files([found.path], layout, rows_at_once=ROWS_AT_ONCE):
                receipts = receive(batch.events, self._submit, received_at=received_at)
                parts = (one.appended for one in receipts if one.appended is not None)
                appended = reduce(Appended.plus, parts, Appended())
                rejects.write(source, batch.rejected)
                now = self._now()
                count.add(batch, appended, (now - began) / 1000)
                began = now
                self._change(found.id, imported=count.imported(rejects.path_of(source)))
                if self._stopping.is_set():
                    return Stage.STOPPED
        return Stage.DONE

    def _report(self, found: Upload) -> None:
        """Keep what came of an import beyond this process."""
        kept = Report(
            found.name,
            found.by,
            found.at,
            found.begun_by,
            found.ended or self._now(),
            found.stage,
            size=found.size,
            rows=found.rows,
            layout=found.layout,
            imported=found.imported,
            message=found.trouble.message if found.trouble else "",
            hint=found.trouble.hint if found.trouble else "",
        )
        try:
            keep_report(found.path.parent, kept)
        except OSError:  # it is shown all the same, as long as the server runs
            _LOG.exception("the report of an import could not be kept")

    def _change(self, id_: str, **values: object) -> None:
        with self._guard:
            self._found[id_] = replace(
                self._found[id_],
                touched=self._now(),
                **values,  # type: ignore[arg-type]
            )


class Arriving:
    """A file that comes in pieces."""

    def __init__(self, upload: Upload, out: IO[bytes], most: int) -> None:
        self.upload, self._out, self._most = upload, out, most
        self._size = self._lines = 0

    def write(self, data: bytes | memoryview) -> None:
        """Add bytes. Raises `TooLargeError` where they become too many."""
        self._size += len(data)
        if self._size > self._most:
            raise TooLargeError(
                f"{self.upload.name} has more than {self._most >> 20} MB",
                limit=self._most,
                hint="import it with the command: segue import FILE",
            )
        self._lines += bytes(data).count(b"\n")
        self._out.write(data)

    def finished(self) -> Upload:
        """The file, which is whole now. Raises `InputError` where it is empty."""
        if not self._size:
            raise InputError(f"{self.upload.name} is empty", hint="choose another file")
        return replace(self.upload, size=self._size, rows=self._rows())

    def _rows(self) -> int | None:
        path = self.upload.path
        if is_columnar(path):
            try:
                return int(parquet.read_metadata(path).num_rows)
            except (pa.ArrowException, OSError):  # the preview will say it
                return None
        return None if is_compressed(path) else self._lines


def _reported(id_: str, path: Path, report: Report) -> Upload:
    """A file as it is known from its report."""
    imported, rows = report.imported, Rejects.path_for(str(path))
    if imported is not None:  # the workspace may have been moved since
        imported = replace(imported, rejects=rows if rows.is_file() else None)
    return Upload(
        id_,
        report.name,
        path,
        report.by,
        report.at,
        touched=report.ended,
        size=report.size,
        rows=report.rows,
        stage=report.stage,
        layout=report.layout,
        imported=imported,
        trouble=report.trouble,
        begun_by=report.begun_by,
        ended=report.ended,
    )


def counted(rejected: Sequence[Rejected]) -> tuple[tuple[str, int, str], ...]:
    """Why rows were refused, how often, and what to do about it, most frequent first."""
    counts = Counter(kind_of(one.reason) for one in rejected)
    return tuple((reason, count, hint_for(reason)) for reason, count in counts.most_common())


@contextmanager
def _told_by_name(found: Upload) -> Iterator[None]:
    """Let errors name a file as its sender does."""
    try:
        yield
    except (InputError, UsageError, NotFoundError) as error:
        message = error.message.replace(str(found.path), found.name)
        raise type(error)(message, hint=error.hint) from error
    except (pa.ArrowException, OSError, EOFError) as error:
        raise InputError(
            f"{found.name} cannot be read: {str(error).replace(str(found.path), found.name)}",
            hint="check that it is whole, and what its name says it is",
        ) from error
