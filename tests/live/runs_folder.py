"""A folder of published runs, written without Spark."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from segue.adapters.spark.manifest import VERSION, Manifest
from segue.adapters.spark.runs import Asked
from segue.language.project import project_from
from segue.language.resolve import resolve
from segue.services.summarise import with_counted

Span = tuple[str, str, int, int | None]
"""Segment, person, entered and left (ms)."""

SPANS = pa.schema(
    [
        ("segment_id", pa.string()),
        ("person_id", pa.string()),
        ("entered_at", pa.int64()),
        ("left_at", pa.int64()),
    ]
)
PEOPLE = pa.schema(
    [("person_id", pa.string()), ("first_seen", pa.int64()), ("next_change_at", pa.int64())]
)
GONE = pa.schema([("person_id", pa.string())])


class Runs:
    """Publishes runs as H3's module does, one building on the other."""

    def __init__(self, folder: Path, definitions: str) -> None:
        self.folder, self.definitions = folder, definitions
        self.chain: list[Manifest] = []
        self.segments: int | None = None  # so many of them are evaluated; None: all
        folder.mkdir(parents=True, exist_ok=True)

    def publish(
        self,
        at: int,
        spans: Iterable[Span],
        *,
        people: Sequence[str] = (),
        gone: Sequence[str] = (),
        whole: bool = False,
        version: int = VERSION,
    ) -> str:
        """A run with these spans; it is of their people and of those named, all others stay as the
        runs before had them (`whole`: there are no others)."""
        rows = list(spans)
        spans_table = pa.table(list(map(list, zip(*rows, strict=True))) or [[]] * 4, schema=SPANS)
        named = sorted({*people, *(person for _, person, *_ in rows)})
        people_table = pa.table([named, [0] * len(named), [None] * len(named)], schema=PEOPLE)
        return self.publish_tables(
            at, spans_table, people_table, gone, whole=whole, version=version
        )

    def publish_tables(
        self,
        at: int,
        spans: pa.Table,
        people: pa.Table,
        gone: Sequence[str] = (),
        *,
        whole: bool = False,
        version: int = VERSION,
    ) -> str:
        before = self.chain[-1] if self.chain else None
        run = f"{len(self.chain) + 1:06}-test"
        self._write("spans", run, spans)
        self._write("people", run, people)
        self._write("gone", run, pa.table([list(gone)], schema=GONE))
        parts = (run,) if before is None or whole else (*before.parts, run)
        manifest = Manifest(
            run=run,
            previous=before.run if before else "",
            number=len(self.chain) + 1,
            at=at,
            last_at=at,
            definitions=self.definitions,
            meaning=self._meaning(),
            reading="",
            parts=parts,
            log=(),
            version=version,
        )
        self.chain.append(manifest)
        place = self.folder / "published" / run
        place.mkdir(parents=True)
        (place / "part-00000.txt").write_text(manifest.text() + "\n")
        (place / "_SUCCESS").touch()
        return run

    def _meaning(self) -> str:
        definitions = with_counted(resolve(project_from(self.definitions)))
        ids = tuple(one.id for one in definitions.segments)[: self.segments]
        return Asked(definitions, self.definitions, ids).meaning

    def _write(self, table: str, run: str, rows: pa.Table) -> None:
        place = self.folder / table / f"run={run}"
        place.mkdir(parents=True)
        pq.write_table(rows, place / "part-00000.parquet")
        (place / "_SUCCESS").touch()
