"""JSON Lines: one JSON object per line."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from segue.adapters.sources.batch import Layout, Raw, Rejected
from segue.adapters.sources.shapes import Cells, cells_of, converter
from segue.domain.errors import InputError


def read_jsonl(path: Path, layout: Layout, lines_at_once: int) -> Iterator[Raw]:
    """The lines of the file as cells of Segue's columns, in pieces.

    Lines that are no JSON object are rejected; blank ones are nothing. Raises `InputError` where
    the file is empty or the first object lacks a needed key.
    """
    convert = None
    with opened(path) as stream:
        numbered = enumerate(stream, 1)
        while piece := list(islice(numbered, lines_at_once)):
            rejected, cells, rows, texts = [], [], [], []
            for number, line in piece:
                if not line.strip():
                    continue
                try:
                    record = _parse(line)
                    convert = convert or converter(tuple(record), layout, str(path))
                    found = [_encodable(row) for row in convert(record)]
                except ValueError as error:
                    text = line.decode(errors="replace").rstrip("\r\n")
                    rejected.append(Rejected(str(path), number, str(error), text))
                    continue
                cells += found
                rows += [number] * len(found)
                texts += [line] * len(found)
            written = [text.decode(errors="replace").rstrip("\r\n") for text in texts]
            yield cells_of(cells, rows, written, rejected)
    if convert is None:
        raise InputError(f"{path} holds no JSON object", hint="One JSON object per line is read.")


def opened(path: Path) -> io.BufferedReader:
    """The bytes of a file, decompressed where its name says so."""
    return io.BufferedReader(pa.input_stream(str(path), compression="detect"), 1 << 20)


def _parse(line: bytes) -> dict[str, Any]:
    """The object of a line. Raises `ValueError` that says what else it is."""
    try:
        record = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ValueError(f"no UTF-8 at byte {error.start + 1}") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"no JSON: {error.msg} at character {error.pos + 1}") from error
    except RecursionError as error:
        raise ValueError("no JSON that can be read: nested too deeply") from error
    if not isinstance(record, dict):
        raise ValueError("no JSON object")  # noqa: TRY004  (the line is wrong, not a type)
    return record


def _encodable(row: Cells) -> Cells:
    """The cells. Raises `ValueError` where one holds half of a surrogate pair."""
    for cell in row:
        if cell is not None and not cell.isascii():
            cell.encode()
    return row
