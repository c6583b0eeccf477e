"""Texts by code: the event names and the distinct ids of a store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa

from segue.adapters.duckdb_store.tables import Inlet
from segue.adapters.statements import parsed
from segue.timeline.log import Int32s

_NEW: Final = pa.schema([("code", pa.int32()), ("text", pa.string())])


@dataclass(frozen=True, slots=True)
class LookedUp:
    """A column of texts: the different ones in order of occurrence, their codes (None: new), and
    which of them stands in each row."""

    texts: Sequence[str]
    codes: Sequence[int | None]
    places: Int32s

    @property
    def missing(self) -> list[str]:
        """The texts that have no code yet."""
        each = zip(self.codes, self.texts, strict=True)
        return [text for code, text in each if code is None]


class Dictionary:
    """Texts numbered from 0 in the order in which they first occurred, kept in a table.

    The code of a text that is gone stands for the empty text, which no event carries. What was
    changed since `keep` was last called, `undo` takes back.
    """

    def __init__(
        self, db: duckdb.DuckDBPyConnection, table: str, column: str, *, former: str | None = None
    ) -> None:
        """`former` is the table of the texts that are gone, whose codes are not given again."""
        self._inlet = Inlet(db, f"segue_new_{table}", _NEW)
        self._insert = parsed(f"INSERT INTO {table} SELECT code, text FROM segue_new_{table}")
        rows = db.sql(f"SELECT {column} AS text, code FROM {table} ORDER BY code").to_arrow_table()
        texts, codes = rows["text"].to_pylist(), rows["code"].to_numpy()
        self._codes: dict[str, int] = dict(zip(texts, codes.tolist(), strict=True))
        self._former: dict[int, str] = {}
        if former is not None:
            self._former |= db.execute(f"SELECT code, {column} FROM {former}").fetchall()
        self.texts = texts
        last = max(int(codes[-1]) if len(codes) else -1, *self._former, -1)
        if len(texts) <= last:
            self.texts = [""] * (last + 1)
            for text, code in self._codes.items():
                self.texts[code] = text
        self._kept = len(self.texts)
        self._forgotten: dict[int, str] = {}

    def __len__(self) -> int:
        return len(self.texts)

    def code(self, text: str) -> int | None:
        """The code of a text; None where it is new."""
        return self._codes.get(text)

    def was(self, code: int) -> str:
        """The text that has a code, or had it when it was forgotten; empty where it was erased."""
        return self.texts[code] or self._former.get(code, "")

    def looked_up(self, column: pa.ChunkedArray) -> LookedUp:
        """A column of texts with the codes that they have."""
        encoded = column.combine_chunks().dictionary_encode()
        texts = encoded.dictionary.to_pylist()
        codes = list(map(self._codes.get, texts))
        return LookedUp(texts, codes, encoded.indices.to_numpy())

    def encode(self, column: LookedUp) -> Int32s:
        """The code of each text of a column; those that had none have one by now."""
        each = zip(column.codes, column.texts, strict=True)
        codes = [self._codes[text] if code is None else code for code, text in each]
        found: Int32s = np.array(codes, np.int32)[column.places]
        return found

    def add(self, db: duckdb.DuckDBPyConnection, texts: list[str]) -> None:
        """Number further texts, which are new and different, and write them."""
        if not texts:
            return
        first = len(self)
        self._codes.update(zip(texts, range(first, first + len(texts)), strict=True))
        self.texts += texts
        rows = {"code": np.arange(first, len(self), dtype=np.int32), "text": pa.array(texts)}
        with self._inlet.holding(pa.table(rows)):
            db.execute(self._insert)

    def forget(self, codes: Iterable[int]) -> None:
        """Forget texts that are no longer in the table; their codes are not given again."""
        for code in codes:
            text = self.texts[code]
            del self._codes[text]
            self.texts[code] = ""
            self._forgotten[code] = self._former[code] = text

    def keep(self) -> None:
        """Make what was changed last."""
        self._kept = len(self.texts)
        self._forgotten.clear()

    def undo(self) -> None:
        """Take back what was changed since `keep`."""
        for text in self.texts[self._kept :]:
            self._codes.pop(text, None)
        del self.texts[self._kept :]
        for code, text in self._forgotten.items():
            del self._former[code]
            if code < self._kept:
                self.texts[code] = text
                self._codes[text] = code
        self._forgotten.clear()
