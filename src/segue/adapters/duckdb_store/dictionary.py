"""Texts by code: the event names and the distinct ids of a store."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb
import numpy as np
import pyarrow as pa

from segue.timeline.log import Int32s


class Dictionary:
    """Texts numbered from 0 in the order in which they first occurred, kept in a table.

    The code of a text that is gone stands for the empty text, which no event carries.
    """

    def __init__(self, db: duckdb.DuckDBPyConnection, table: str, column: str) -> None:
        self._table = table
        rows = db.execute(f"SELECT {column}, code FROM {table}").fetchall()
        self._codes: dict[str, int] = dict(rows)
        self.texts = [""] * (max(self._codes.values(), default=-1) + 1)
        for text, code in rows:
            self.texts[code] = text

    def __len__(self) -> int:
        return len(self.texts)

    def code(self, text: str) -> int | None:
        """The code of a text; None where it is new."""
        return self._codes.get(text)

    def missing(self, column: pa.ChunkedArray) -> list[str]:
        """The texts of a column that have no code yet, in order of occurrence."""
        return [text for text in column.unique().to_pylist() if text not in self._codes]

    def encode(self, column: pa.ChunkedArray) -> Int32s:
        """The code of each text of a column; every one of them is known."""
        encoded = column.combine_chunks().dictionary_encode()
        codes = [self._codes[text] for text in encoded.dictionary.to_pylist()]
        found: Int32s = np.array(codes, np.int32)[encoded.indices.to_numpy()]
        return found

    def add(self, db: duckdb.DuckDBPyConnection, texts: list[str]) -> None:
        """Number further texts and write them; `truncate` undoes it where the commit fails."""
        if not texts:
            return
        first = len(self)
        for code, text in enumerate(texts, first):
            self._codes[text] = code
        self.texts += texts
        rows = {"code": np.arange(first, len(self), dtype=np.int32), "text": pa.array(texts)}
        db.register("segue_texts", pa.table(rows))
        db.execute(f"INSERT INTO {self._table} SELECT code, text FROM segue_texts")
        db.unregister("segue_texts")

    def truncate(self, length: int) -> None:
        """Forget every text from that code on."""
        for text in self.texts[length:]:
            del self._codes[text]
        del self.texts[length:]

    def forget(self, codes: Iterable[int]) -> None:
        """Forget texts that are no longer in the table; their codes are not given again."""
        for code in codes:
            del self._codes[self.texts[code]]
            self.texts[code] = ""
