"""A growing log on disk, so that the next start need not read every event: a cache, no truth.

The folder holds a header, `snapshot.json`, and one file of arrays that it names; the header is
replaced in one step once the arrays are on disk. Whatever is not exactly as it was written, or was
written by another version, is as if it were not there.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import zlib
from collections import deque
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from segue.timeline.growing import GrowingLog
from segue.timeline.log import Answer, Log, Occurrences, Request, TraitRequest, TraitWrites
from segue.timeline.parts import Codebook, Part
from segue.timeline.readings import Layer
from segue.timeline.runs import Rows, Run

Facts: TypeAlias = Mapping[str, int | str]
Asked: TypeAlias = Request | TraitRequest
Array: TypeAlias = NDArray[Any]

FORMAT: Final = 2
"""The version of the format; a snapshot of another one is not read."""
_HEADER: Final = "snapshot.json"
_ALIGNED: Final = 64
_SAMPLE: Final = 1 << 12
_PIECE: Final = 64 << 20
_READERS: Final = 4
_TEXTS: Final = "texts"
_BESIDE: Final = "beside."


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was saved: the log, the codes of its texts, and the facts and arrays saved with it."""

    log: GrowingLog
    codebook: Codebook
    facts: dict[str, int | str]
    arrays: dict[str, Array]


def save(
    folder: Path,
    log: GrowingLog,
    codebook: Codebook,
    facts: Facts,
    arrays: Mapping[str, Array] = MappingProxyType({}),
) -> None:
    """Put a snapshot into the folder, in place of the one that is there; with arrays of others.

    Raises `OSError` where the disk is full or cannot be written to; the old one stays then.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"arrays-{secrets.token_hex(8)}.bin"
    draft = folder / f".{_HEADER}.draft"
    try:
        with target.open("wb") as file:
            writer = _Writer(file)
            described = _described(log, writer)
            texts = json.dumps(codebook.texts, ensure_ascii=False).encode("utf-8", "surrogatepass")
            writer.write(_TEXTS, np.frombuffer(texts, np.uint8))
            for name, array in arrays.items():
                writer.write(f"{_BESIDE}{name}", array)
            _flush(file)
        body = {
            "arrays": target.name,
            "places": writer.places,
            "log": described,
            "facts": {**facts},
        }
        _write_header(draft, json.dumps({"format": FORMAT, **body}))
        draft.replace(folder / _HEADER)
    except BaseException:
        _discard(target)
        _discard(draft)
        raise
    for other in folder.glob("arrays-*.bin"):
        if other != target:
            _discard(other)


def load(folder: Path, requests: Collection[Asked]) -> Snapshot | None:
    """The snapshot in the folder, with the answers to these requests; None where there is none that
    is whole, of this format, and answers all of them."""
    try:
        header = _read_header(folder / _HEADER)
        if header["format"] != FORMAT:
            return None
        reader = _Reader.open(folder / header["arrays"], header["places"])
        log = _log(header["log"], reader, {_digest(one): one for one in requests})
        texts = json.loads(reader.read(_TEXTS).tobytes().decode("utf-8", "surrogatepass"))
        beside = [name for name in reader.places if name.startswith(_BESIDE)]
        arrays = {name.removeprefix(_BESIDE): reader.read(name) for name in beside}
        return Snapshot(log, Codebook(texts), header["facts"], arrays)
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return None


# ------------------------------------------------------------------------------------------- header


def _write_header(path: Path, body: str) -> None:
    with path.open("w", encoding="ascii") as file:
        file.write(f"{hashlib.sha256(body.encode()).hexdigest()}\n{body}\n")
        _flush(file)


def _read_header(path: Path) -> dict[str, Any]:
    """The header. Raises `ValueError` where it is not as it was written."""
    digest, _, body = path.read_text("ascii").partition("\n")
    body = body.removesuffix("\n")
    if hashlib.sha256(body.encode()).hexdigest() != digest:
        raise ValueError("the header is damaged")
    found: dict[str, Any] = json.loads(body)
    return found


def _flush(file: IO[Any]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _discard(path: Path) -> None:
    # A file that is still in use on some systems stays until the next snapshot.
    with contextlib.suppress(OSError):
        path.unlink()


def _digest(request: Asked) -> str:
    """What names a request in files: equal requests read the same in every process."""
    return hashlib.sha256(repr(request).encode()).hexdigest()


# ------------------------------------------------------------------------------------------- arrays


class _Writer:
    """Writes arrays one after the other, and notes where: dtype, length, first byte, checksum."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.places: dict[str, tuple[str, int, int, int]] = {}

    def write(self, name: str, array: Array | None) -> None:
        """Write an array; nothing where there is none."""
        if array is None:
            return
        array = np.ascontiguousarray(array)
        self._file.write(b"\0" * (-self._file.tell() % _ALIGNED))
        self.places[name] = (array.dtype.str, len(array), self._file.tell(), _checksum(array))
        self._file.write(array.view(np.uint8).data)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Arrays in a file, as one."""

    bytes: Array
    places: Mapping[str, tuple[str, int, int, int]]

    @classmethod
    def open(cls, path: Path, places: Mapping[str, tuple[str, int, int, int]]) -> _Reader:
        """The arrays of a file. Raises `OSError` or `ValueError` where it is not the one."""
        # All of it, in one go: mapped arrays would be read from the disk page by page, by the first
        # turns, which take a hundred times as long then.
        return cls(_read_whole(path), places)

    def read(self, name: str) -> Array:
        """An array. Raises `ValueError` where it is damaged, `KeyError` where it is not there."""
        dtype, length, first, checksum = self.places[name]
        size = length * np.dtype(dtype).itemsize
        if first + size > len(self.bytes):
            raise ValueError("the file of arrays is too short")
        array = self.bytes[first : first + size].view(dtype)
        if _checksum(array) != checksum:
            raise ValueError("an array is damaged")
        return array

    def read_if_there(self, name: str) -> Array | None:
        """An array; None where there was none."""
        return self.read(name) if name in self.places else None


def _read_whole(path: Path) -> Array:
    """All bytes of a file, read side by side: most of the time goes into memory that is new. Raises
    `ValueError` where it ends before its end."""
    whole = np.empty(path.stat().st_size, np.uint8)

    def read(first: int) -> None:
        left = whole[first : first + _PIECE].data
        with path.open("rb", buffering=0) as file:
            file.seek(first)
            while left:
                count = file.readinto(left)
                if not count:
                    raise ValueError("the file of arrays is too short")
                left = left[count:]

    with ThreadPoolExecutor(_READERS) as readers:
        deque(readers.map(read, range(0, len(whole), _PIECE)), maxlen=0)
    return whole


def _checksum(array: Array) -> int:
    """A checksum of both ends of an array: what is cut off or was never written shows there."""
    raw = array.view(np.uint8)
    return zlib.crc32(raw[-_SAMPLE:].tobytes(), zlib.crc32(raw[:_SAMPLE].tobytes()))


# ---------------------------------------------------------------------------------------------- log


def _described(log: GrowingLog, writer: _Writer) -> dict[str, Any]:
    """Write the arrays of a log; how they belong together."""
    for i, layer in enumerate(log.layers):
        _write_layer(f"layer{i}", layer, writer)
    for i, run in enumerate(log.runs):
        _write_run(f"run{i}", run, writer)
    writer.write("mixed", log.mixed)
    return {
        "origin": log.origin,
        "numbers": {_digest(one): number for one, number in log.numbers.items()},
        "layers": [
            {"origin": layer.origin, "answers": [_digest(one) for one in layer.part.log.answers]}
            for layer in log.layers
        ],
        "runs": len(log.runs),
    }


def _write_layer(name: str, layer: Layer, writer: _Writer) -> None:
    writer.write(f"{name}.gone", layer.gone)
    writer.write(f"{name}.whos", layer.part.whos)
    writer.write(f"{name}.first_seen", layer.part.log.first_seen)
    for request, answer in layer.part.log.answers.items():
        prefix = f"{name}.{_digest(request)}"
        occurrences = answer.writes if isinstance(answer, TraitWrites) else answer
        for one in fields(Occurrences):
            writer.write(f"{prefix}.{one.name}", getattr(occurrences, one.name))
        if isinstance(answer, TraitWrites):
            writer.write(f"{prefix}.kind", answer.kind)


def _write_run(name: str, run: Run, writer: _Writer) -> None:
    for one in ("whos", "first_seen", "offsets"):
        writer.write(f"{name}.{one}", getattr(run, one))
    for column, array in zip(fields(Rows), run.rows.columns, strict=True):
        writer.write(f"{name}.rows.{column.name}", array)


def _log(described: Mapping[str, Any], reader: _Reader, wanted: Mapping[str, Asked]) -> GrowingLog:
    """The log with the wanted answers. Raises `KeyError` where one was not saved."""
    numbers = {one: described["numbers"][digest] for digest, one in wanted.items()}
    layers = [
        Layer(_part(f"layer{i}", layer["answers"], reader, wanted), gone, layer["origin"])
        for i, layer in enumerate(described["layers"])
        for gone in [reader.read(f"layer{i}.gone")]
    ]
    forgotten = sorted(set(described["numbers"].values()) - set(numbers.values()))
    runs = [_run(f"run{i}", reader) for i in range(described["runs"])]
    return GrowingLog(
        base=layers[0].part,
        gone=layers[0].gone,
        learned=tuple(layers[1:]),
        runs=tuple(run.forgetting(forgotten) if forgotten else run for run in runs),
        mixed=reader.read("mixed"),
        numbers=numbers,
        origin=described["origin"],
    )


def _part(name: str, digests: list[str], reader: _Reader, wanted: Mapping[str, Asked]) -> Part:
    answers = {
        wanted[digest]: _answer(f"{name}.{digest}", wanted[digest], reader)
        for digest in digests
        if digest in wanted
    }
    return Part(reader.read(f"{name}.whos"), Log(reader.read(f"{name}.first_seen"), answers))


def _answer(name: str, request: Asked, reader: _Reader) -> Answer:
    offsets, at = reader.read(f"{name}.offsets"), reader.read(f"{name}.at")
    if offsets[-1] != len(at):
        raise ValueError("an answer is damaged")
    rest = [reader.read_if_there(f"{name}.{one.name}") for one in fields(Occurrences)[2:]]
    occurrences = Occurrences(offsets, at, *rest)
    if isinstance(request, TraitRequest):
        return TraitWrites(occurrences, reader.read(f"{name}.kind"))
    return occurrences


def _run(name: str, reader: _Reader) -> Run:
    rows = Rows(*(reader.read(f"{name}.rows.{column.name}") for column in fields(Rows)))
    return Run(
        reader.read(f"{name}.whos"),
        reader.read(f"{name}.first_seen"),
        reader.read(f"{name}.offsets"),
        rows,
    )
